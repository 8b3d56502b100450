/**
 * Makes a snapshot of the initial reply of a monitor while it arrives:
 *
 *   {"T":{"<uuid>":{"initial":{...}},...},...},"error":null}
 *
 * Rows are cut out of the bytes one by one. What a piece ends in the middle of is kept until the next one
 * comes, so that a reply of any size takes no more memory than its rows.
 */

import { Breath } from '../../lib/breath.js';
import { CLOSE_BRACE, COLON, COMMA, OPEN_BRACE, QUOTE } from '../../lib/json-bytes.js';
import { WireRowReader } from '../../model/row/wire-row-reader.js';
import { StoredRows } from '../../model/snapshot/stored-rows.js';
import { type ResultSink } from '../../ovsdb/connection.js';
import type { DatabaseSchema } from '../../ovsdb/database-schema.js';
import { expectByte, FrameError, IncompleteError, MemberReader, skipString, skipValue } from '../../ovsdb/frame.js';
import { isObject, parseJson, stringifyJson } from '../../ovsdb/json.js';
import { readError, resultOf } from '../../ovsdb/reply.js';

const PROGRESS_ROWS = 1_000;

/** Where in the reply the next byte stands. */
type Place = 'result' | 'table' | 'row' | 'members' | 'end';

export interface SinkOptions {
  /** Called when the first bytes are here: the server has made the whole reply before. */
  readonly onFirst?: () => void;
  readonly onProgress?: ((rows: number) => void) | undefined;
}

export class SnapshotSink implements ResultSink {
  private readonly tables: ReadonlyMap<string, StoredRows>;
  private place: Place = 'result';
  private carried: Buffer = Buffer.alloc(0);
  private reader: WireRowReader | undefined;
  private into: StoredRows | undefined;
  private rows = 0;
  private hasBegun = false;

  constructor(
    private readonly schema: DatabaseSchema,
    private readonly options: SinkOptions = {},
  ) {
    this.tables = new Map([...schema.tables.keys()].map((name) => [name, new StoredRows(name)]));
  }

  push(piece: Buffer): number | undefined {
    if (!this.hasBegun) this.options.onFirst?.();
    this.hasBegun = true;
    const before = this.carried.length;
    const text = before === 0 ? piece : Buffer.concat([this.carried, piece]);
    let at = 0;
    try {
      while (this.place !== 'end') at = this.step(text, at);
    } catch (error) {
      if (!(error instanceof IncompleteError)) throw error;
      this.carried = Buffer.from(text.subarray(at));
      return undefined;
    }
    return at - before;
  }

  /**
   * A reply that came whole: an error, an empty database, or members in another order.
   * @throws OvsdbError, FrameError
   */
  takeWhole(reply: Buffer): void {
    const result = resultOf(reply);
    if (!isObject(result)) throw new FrameError('the server answered a monitor with no object');
    this.push(Buffer.from(`${stringifyJson(result)},"error":null}`));
  }

  /** Every table, sealed. @throws FrameError when the reply is not whole */
  async finish(): Promise<ReadonlyMap<string, StoredRows>> {
    if (this.place !== 'end') throw new FrameError("the server's reply is not whole");
    const breath = new Breath();
    for (const table of this.tables.values()) {
      table.seal();
      if (breath.due()) await breath.rest();
    }
    this.options.onProgress?.(this.rows);
    return this.tables;
  }

  /** Reads one thing that is whole; answers the position after it. @throws IncompleteError, nothing having been read */
  private step(text: Buffer, at: number): number {
    switch (this.place) {
      case 'result':
        expectByte(text, at, OPEN_BRACE, 'an object');
        this.place = 'table';
        return at + 1;
      case 'table':
        return this.table(text, at);
      case 'row':
        return this.row(text, at);
      case 'members':
        return this.member(text, at);
      case 'end':
        return at;
    }
  }

  /** `"T":{`, `,"T":{`, or the end of the result. */
  private table(text: Buffer, at: number): number {
    if (text[at] === CLOSE_BRACE) {
      this.place = 'members';
      return at + 1;
    }
    const start = text[at] === COMMA ? at + 1 : at;
    const end = nameEnd(text, start);
    expectByte(text, end + 1, OPEN_BRACE, 'an object');
    const name = text.toString('utf8', start + 1, end - 1);
    const table = this.schema.tables.get(name);
    if (table === undefined)
      throw new FrameError(`the server answered with table "${name}", which its schema does not have`);
    this.into = this.tables.get(name);
    this.reader = new WireRowReader(table);
    this.place = 'row';
    return end + 2;
  }

  /** `"<uuid>":{"initial":{...}}`, with a comma before it or not, or the end of the table. */
  private row(text: Buffer, at: number): number {
    if (text[at] === CLOSE_BRACE) {
      this.place = 'table';
      return at + 1;
    }
    const start = text[at] === COMMA ? at + 1 : at;
    const end = nameEnd(text, start);
    const change = new MemberReader(text, end + 1);
    if (!change.enter()) throw new FrameError('the server answered with a row without its columns');
    const { text: canonical, end: rowEnd } = (this.reader as WireRowReader).read(text, change.valueStart);
    expectByte(text, rowEnd, CLOSE_BRACE, 'the end of a row');
    (this.into as StoredRows).add(text.toString('latin1', start + 1, end - 1), canonical);
    if (++this.rows % PROGRESS_ROWS === 0) this.options.onProgress?.(this.rows);
    return rowEnd + 1;
  }

  /** What follows the result. */
  private member(text: Buffer, at: number): number {
    if (text[at] === CLOSE_BRACE) {
      this.place = 'end';
      return at + 1;
    }
    expectByte(text, at, COMMA, 'a comma between members');
    const end = nameEnd(text, at + 1);
    const valueEnd = skipValue(text, end + 1);
    // a number or null goes on until something else follows
    if (valueEnd === text.length) throw new IncompleteError('a value is missing');
    const value = text.toString('utf8', end + 1, valueEnd);
    if (text.toString('utf8', at + 2, end - 1) === 'error' && value !== 'null') throw readError(parseJson(value));
    return valueEnd;
  }
}

/** The position of the colon after the name that begins at `at`. */
function nameEnd(text: Buffer, at: number): number {
  expectByte(text, at, QUOTE, "a member's name");
  const end = skipString(text, at);
  expectByte(text, end, COLON, "a colon after a member's name");
  return end;
}
