/**
 * The change log of a restore: what was, or in a dry run would be, changed row by row, as gzipped lines of
 * JSON in the store. It is written and read as a stream; a restore of 300,000 rows has as many lines. One that holds
 * what an encrypted backup held is encrypted too, with the same key.
 */
import { createHash, type Hash } from 'node:crypto';
import { pipeline } from 'node:stream';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { decrypt, encrypt } from '../../archive/layer/encryption.js';
import { type RowChange, type WholeRowChange, wholeRow } from '../../engine/plan/plan-changes.js';
import type { KeptChange } from '../../engine/undo/undo.js';
import { AppError, messageOf } from '../../lib/error.js';
import type { Row } from '../../model/row/row.js';
import { parseJson, stringifyJson } from '../../ovsdb/json.js';
import type { Store } from '../../store/store.js';
import { type ChangeCounts, type ChangePage, type ChangePageRequest, isWanted, pageChanges } from './change-page.js';

const BLOCK_BYTES = 64 << 10;

/** A log as it was written: how to find it, and to know whether it is whole. */
export interface KeptLog {
  readonly key: string;
  /** Bytes as stored. */
  readonly size: number;
  /** SHA-256 of the bytes as stored. */
  readonly digest: string;
}

/** What a log is sealed with. */
export interface Seal {
  readonly passphrase: string;
  /** Of deriving keys (archive/layer/encryption.ts); left out: the usual one. */
  readonly keyCost?: number | undefined;
}

/** Writes a log. @throws AppError STORE_FULL, STORE_UNAVAILABLE, RATE_LIMITED as deriveKeys */
export async function writeChangeLog(
  store: Store,
  key: string,
  changes: AsyncIterable<RowChange | WholeRowChange>,
  seal?: Seal,
): Promise<KeptLog> {
  async function* lines(): AsyncGenerator<Buffer> {
    let block = new LineBlock();
    for await (const change of changes) {
      block.add(change);
      if (!block.isFull) continue;
      yield block.bytes;
      block = new LineBlock();
    }
    yield block.bytes;
  }
  const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: 64 << 10 });
  // an error of the source destroys the gzip, whose reader, the store, then throws it
  pipeline(lines, gzip, () => undefined);
  const hash = createHash('sha256');
  async function* hashed(): AsyncGenerator<Buffer> {
    const packed = gzip as AsyncIterable<Buffer>;
    for await (const piece of seal === undefined ? packed : encrypt(packed, seal.passphrase, seal.keyCost)) {
      hash.update(piece);
      yield piece;
    }
  }
  const { size } = await store.put(key, hashed(), { replace: true });
  return { key, size, digest: digestText(hash) };
}

function digestText(hash: Hash): string {
  return `sha256:${hash.digest('hex')}`;
}

/** Lines of the log, as bytes: rows that come and go whole are copied, and not made text of. */
class LineBlock {
  private block = Buffer.allocUnsafeSlow(BLOCK_BYTES + (BLOCK_BYTES >> 2));
  private at = 0;

  get isFull(): boolean {
    return this.at >= BLOCK_BYTES;
  }

  get bytes(): Buffer {
    return this.block.subarray(0, this.at);
  }

  add(change: RowChange | WholeRowChange): void {
    if (!('row' in change)) {
      this.write(`${lineOf(change)}\n`);
      return;
    }
    this.write(`${headOf(change)},"row":`);
    this.makeRoom(change.row.length);
    this.at += change.row.copy(this.block, this.at);
    this.write('}\n');
  }

  private write(text: string): void {
    this.makeRoom(UTF8_BYTES_MAX * text.length);
    this.at += this.block.write(text, this.at);
  }

  private makeRoom(bytes: number): void {
    if (this.at + bytes <= this.block.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.at + bytes));
    this.block.copy(larger, 0, 0, this.at);
    this.block = larger;
  }
}

/** Of one unit of a string's length. */
const UTF8_BYTES_MAX = 3;

function headOf({ kind, table, uuid, label }: RowChange | WholeRowChange): string {
  return `{"kind":"${kind}","table":${JSON.stringify(table)},"uuid":"${uuid}","label":${JSON.stringify(label)}`;
}

function lineOf(change: RowChange): string {
  const head = headOf(change);
  if (change.isBrief === true) return `${head},"columns":[],"isBrief":true}`;
  const columns = change.columns.map((cell) =>
    Object.fromEntries(Object.entries(cell).filter(([, value]) => value !== undefined)),
  );
  const reason = change.reason === undefined ? '' : `,"reason":${JSON.stringify(change.reason)}`;
  const salt = change.salt === undefined ? '' : `,"salt":${JSON.stringify(change.salt)}`;
  return `${head},"columns":${stringifyJson(columns)}${reason}${salt}}`;
}

function changeOf(line: string): RowChange {
  const change = parseJson(line) as unknown as
    | RowChange
    | (Omit<RowChange, 'columns'> & { readonly row: Row; readonly kind: 'INSERT' | 'DELETE' });
  if (!('row' in change)) return change;
  const { row, ...rest } = change;
  return { ...rest, columns: wholeRow(row, change.kind) };
}

/** Where a log is, and what is known of it; of one that was written by an older version nothing but its key. */
export type LogReference = Pick<KeptLog, 'key'> & Partial<KeptLog>;

/**
 * Every change of the log, rows that were left as they are passed over: what is needed to undo it. Whether the log is
 * whole is known only at its end.
 * @throws AppError NOT_FOUND when the log is gone, INTEGRITY_FAILED when it is not as it was written
 */
export async function* readKeptChanges(store: Store, log: LogReference): AsyncGenerator<KeptChange> {
  for await (const line of logLines(store, log)) {
    if (mayMatch(line, { kind: 'SKIP' })) continue;
    yield changeOf(line) as KeptChange;
  }
}

/** @throws AppError as readKeptChanges */
async function* logLines(store: Store, { key, size, digest }: LogReference, seal?: Seal): AsyncGenerator<string> {
  const source = await store.get(key);
  const hash = createHash('sha256');
  let bytes = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const piece of source as AsyncIterable<Buffer>) {
      hash.update(piece);
      bytes += piece.length;
      yield piece;
    }
  }
  const gunzip = createGunzip();
  const bare = (bytesOfLog: AsyncIterable<Buffer>): AsyncIterable<Buffer> =>
    seal === undefined ? bytesOfLog : decrypt(bytesOfLog, seal.passphrase, seal.keyCost);
  pipeline(counted, bare, gunzip, () => undefined);
  try {
    let text = '';
    for await (const piece of gunzip.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = piece.split('\n');
      const last = lines.pop() ?? '';
      for (const line of lines) {
        yield text + line;
        text = '';
      }
      text += last;
    }
    if (text !== '') yield text;
    if ((size !== undefined && bytes !== size) || (digest !== undefined && digestText(hash) !== digest))
      throw new Error('its size or its SHA-256 is not what the record of the restore says');
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('INTEGRITY_FAILED', `The list of changes ${key} is damaged: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/**
 * One page of the log.
 * @param seal of one that is sealed
 * @throws AppError BAD_USER_INPUT for a page that cannot be, NOT_FOUND when the log is gone, INTEGRITY_FAILED,
 * DECRYPTION_FAILED for another key
 */
export async function readChangeLog(
  store: Store,
  log: LogReference,
  counts: ChangeCounts,
  request: ChangePageRequest,
  seal?: Seal,
): Promise<ChangePage> {
  async function* changes(): AsyncGenerator<() => RowChange> {
    for await (const line of logLines(store, log, seal)) if (mayMatch(line, request)) yield () => changeOf(line);
  }
  return pageChanges(changes(), counts, request);
}

const KIND_AT = '{"kind":"'.length;

/** The members of a line stand in a fixed order, so that lines of others need not be parsed. */
function mayMatch(line: string, request: Omit<ChangePageRequest, 'first'>): boolean {
  const { table } = request;
  if (!isWanted(line.slice(KIND_AT, line.indexOf('"', KIND_AT)), request)) return false;
  return table === undefined || line.startsWith(`"table":${JSON.stringify(table)},`, line.indexOf(',') + 1);
}
