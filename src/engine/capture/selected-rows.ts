/**
 * Rows that are selected by their UUIDs, many in one request: how many keep the server busy for a moment and no longer,
 * and what is in its replies.
 */
import type { Breath } from '../../lib/breath.js';
import { CLOSE_BRACKET, COMMA, OPEN_BRACKET, QUOTE } from '../../lib/json-bytes.js';
import type { WireRowReader } from '../../model/row/wire-row-reader.js';
import { expectByte, FrameError, MemberReader } from '../../ovsdb/frame.js';
import { checkTransactReply } from '../../ovsdb/reply.js';

/** How long the server should be busy with one request. */
const TARGET_MS = 25;
/** Rows in the first request for a table, of which it is not known yet how large its rows are. */
const ROWS_FIRST = 4;
const ROWS_MAX = 2_000;

interface Reading {
  readonly reader: WireRowReader;
  readonly breath: Breath;
}

const LISTED = Buffer.from('["uuid","');
const UUID_LENGTH = 36;

/** How many rows of each table one request may ask for, by how long those before it took. */
export class RowsAtOnce {
  private readonly counts = new Map<string, number>();

  of(table: string): number {
    return this.counts.get(table) ?? ROWS_FIRST;
  }

  /** @param tookMs from the request until the reply was here */
  note(table: string, rows: number, tookMs: number): void {
    const atOnce = this.of(table);
    // the last few of a table say nothing of how many would have been right
    if (rows < atOnce && tookMs < TARGET_MS) return;
    const fitting = Math.round((rows * TARGET_MS) / Math.max(1, tookMs));
    this.counts.set(table, Math.max(1, Math.min(ROWS_MAX, 2 * atOnce, fitting)));
  }
}

/**
 * Reads the reply to a select of the UUIDs of a table.
 * @throws OvsdbError; FrameError for what is no such reply
 */
export async function readListed(reply: Buffer, breath: Breath, take: (uuid: string) => void): Promise<void> {
  checkTransactReply(reply);
  for (let at = reply.indexOf(LISTED); at >= 0; at = reply.indexOf(LISTED, at + LISTED.length + UUID_LENGTH)) {
    const start = at + LISTED.length;
    const uuid = reply.toString('latin1', start, start + UUID_LENGTH);
    expectByte(reply, start + UUID_LENGTH, QUOTE, 'the end of a UUID');
    take(uuid);
    if (breath.due()) await breath.rest();
  }
}

/**
 * Reads the reply to one select of many rows: {"id":1,"result":[{"rows":[{...},{...}]}],"error":null}
 * @param take told of each row; its canonical text is valid until `take` returns
 * @throws OvsdbError; FrameError for what is no such reply
 */
export async function readRows(
  reply: Buffer,
  { reader, breath }: Reading,
  take: (text: Buffer) => void,
): Promise<void> {
  let at = rowsIn(reply, resultsAt(reply) + 1).valueStart;
  if (reply[at + 1] === CLOSE_BRACKET) return;
  do {
    const row = reader.read(reply, at + 1);
    take(row.text);
    at = row.end;
    if (breath.due()) await breath.rest();
  } while (reply[at] === COMMA);
  expectByte(reply, at, CLOSE_BRACKET, 'the end of the rows');
}

/**
 * Reads the reply to one select for each UUID: {"id":1,"result":[{"rows":[{...}]},{"rows":[]},...],"error":null}
 * @param take told of each row in turn; its canonical text is valid until `take` returns, and undefined where there is
 * no such row
 * @throws OvsdbError; FrameError for what is no such reply
 */
export async function readSelected<T>(
  reply: Buffer,
  selected: readonly T[],
  { reader, breath }: Reading,
  take: (of: T, text: Buffer | undefined) => void,
): Promise<void> {
  let at = resultsAt(reply);
  for (const [i, of] of selected.entries()) {
    expectByte(reply, at, i === 0 ? OPEN_BRACKET : COMMA, 'the result of a select');
    const result = rowsIn(reply, at + 1);
    let end = result.valueStart + 1;
    if (reply[end] === CLOSE_BRACKET) take(of, undefined);
    else {
      const row = reader.read(reply, end);
      end = row.end;
      take(of, row.text);
    }
    expectByte(reply, end, CLOSE_BRACKET, 'the end of the rows');
    result.resumeAt(end + 1);
    if (result.enter()) throw new FrameError('the server answered a select with more than rows');
    at = result.end;
    if (breath.due()) await breath.rest();
  }
}

/** Where the list of results begins. @throws OvsdbError */
function resultsAt(reply: Buffer): number {
  checkTransactReply(reply);
  const members = new MemberReader(reply, 0);
  while (members.enter() && members.key() !== 'result') members.skip();
  return members.valueStart;
}

/** The result of a select, which begins at `start`, at its rows. */
function rowsIn(reply: Buffer, start: number): MemberReader {
  const result = new MemberReader(reply, start);
  if (!result.enter() || result.key() !== 'rows') throw new FrameError('the server answered a select without rows');
  return result;
}
