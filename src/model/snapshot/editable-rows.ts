/**
 * Rows of one table on their way into another snapshot: a copy of any table's rows, edited row by row, and sealed. Only
 * the edited rows are held in memory; all others stay where they are.
 */
import { assert } from '../../lib/assert.js';
import { parseRow, type Row } from '../row/row.js';
import type { TableRows } from './snapshot.js';

export class EditableRows {
  /** UUID -> canonical text of the row, undefined for one that is deleted. */
  private readonly edits = new Map<string, string | undefined>();

  /** @param rows are not changed, and must be there as long as the sealed ones */
  constructor(private readonly rows: TableRows) {}

  /**
   * The same, but for rows that were edited before and are sealed: those edits are taken over, so that many edits one
   * after the other cost no more than one.
   */
  static onTopOf(rows: TableRows): EditableRows {
    if (!(rows instanceof EditedRows)) return new EditableRows(rows);
    const editable = new EditableRows(rows.rows);
    for (const [uuid, text] of rows.edits()) editable.edits.set(uuid, text);
    return editable;
  }

  /** Inserts the row, or puts it in the place of what it was. @param text canonical */
  put(uuid: string, text: string): void {
    this.edits.set(uuid, text);
  }

  /** Leaves the row out, if it is there. */
  delete(uuid: string): void {
    this.edits.set(uuid, undefined);
  }

  /** Takes back what was done to the row: it is again as it is among the rows, or is not. */
  leave(uuid: string): void {
    this.edits.delete(uuid);
  }

  isDeleted(uuid: string): boolean {
    return this.edits.has(uuid) && this.edits.get(uuid) === undefined;
  }

  /** Whether the row would be there if the rows were sealed now. */
  has(uuid: string): boolean {
    return this.edits.has(uuid) ? this.edits.get(uuid) !== undefined : this.rows.find(uuid) !== undefined;
  }

  isPut(uuid: string): boolean {
    return this.edits.get(uuid) !== undefined;
  }

  /** The row as it would be if the rows were sealed now. */
  row(uuid: string): Row | undefined {
    if (!this.edits.has(uuid)) return this.rowBefore(uuid);
    const text = this.edits.get(uuid);
    return text === undefined ? undefined : parseRow(text);
  }

  /** The row as it is without any edit. */
  rowBefore(uuid: string): Row | undefined {
    const index = this.rows.find(uuid);
    return index === undefined ? undefined : this.rows.row(index);
  }

  /** UUIDs of the rows that are deleted, and UUID and content of those that were put, as they were first edited. */
  *deletes(): Generator<string> {
    for (const [uuid, text] of this.edits) if (text === undefined) yield uuid;
  }

  *puts(): Generator<readonly [uuid: string, row: Row]> {
    for (const [uuid, text] of this.edits) if (text !== undefined) yield [uuid, parseRow(text)];
  }

  /** UUIDs of all rows that would be there if the rows were sealed now, in no order. */
  *uuids(): Generator<string> {
    for (let i = 0; i < this.rows.count; i++) {
      const uuid = this.rows.uuid(i);
      if (!this.isDeleted(uuid)) yield uuid;
    }
    for (const [uuid, text] of this.edits) if (text !== undefined && this.rows.find(uuid) === undefined) yield uuid;
  }

  /** The rows as they are edited now, further edits aside. The same ones where there is no edit. */
  seal(): TableRows {
    return this.edits.size === 0 ? this.rows : new EditedRows(this.rows, this.edits);
  }
}

const GONE = -1;

/** The rows of another table's, some of them other, some more, some gone. */
class EditedRows implements TableRows {
  readonly table: string;
  readonly count: number;
  /** UUIDs of the rows that were put, in order; the text of each begins where that of the one before it ends. */
  private readonly puts: readonly string[];
  private readonly texts: Buffer;
  private readonly ends: Float64Array;
  /** Number of a row -> its number among `rows`, or, below 0, among `puts` (-1 is the first of them). */
  private readonly origins: Int32Array;
  /** Number among `rows` -> number here, or GONE. */
  private readonly numbers: Int32Array;
  /** UUID of a row that `rows` has not -> its number. */
  private readonly inserted = new Map<string, number>();

  constructor(
    readonly rows: TableRows,
    edits: ReadonlyMap<string, string | undefined>,
  ) {
    this.table = rows.table;
    this.numbers = new Int32Array(rows.count);
    let count = rows.count;
    let bytes = 0;
    const puts: (readonly [uuid: string, text: string])[] = [];
    for (const [uuid, text] of edits) {
      const index = rows.find(uuid);
      if (index !== undefined) {
        this.numbers[index] = GONE;
        count--;
      }
      if (text === undefined) continue;
      puts.push([uuid, text]);
      bytes += Buffer.byteLength(text);
    }
    puts.sort((a, b) => (a[0] < b[0] ? -1 : 1));
    this.puts = puts.map(([uuid]) => uuid);
    this.texts = Buffer.allocUnsafeSlow(bytes);
    let end = 0;
    this.ends = Float64Array.from(puts, ([, text]) => (end += this.texts.write(text, end)));
    this.count = count + puts.length;
    this.origins = new Int32Array(this.count);
    this.number();
  }

  uuid(index: number): string {
    const origin = this.originOf(index);
    return origin < 0 ? (this.puts[-1 - origin] as string) : this.rows.uuid(origin);
  }

  find(uuid: string): number | undefined {
    const origin = this.rows.find(uuid);
    if (origin === undefined) return this.inserted.get(uuid);
    const number = this.numbers[origin];
    return number === GONE ? undefined : number;
  }

  text(index: number): Buffer {
    const origin = this.originOf(index);
    return origin < 0
      ? this.texts.subarray(this.ends[-2 - origin] ?? 0, this.ends[-1 - origin])
      : this.rows.text(origin);
  }

  row(index: number): Row {
    return parseRow(this.text(index).toString());
  }

  /** UUID -> canonical text of the row, undefined for one that is deleted. */
  *edits(): Generator<readonly [uuid: string, text: string | undefined]> {
    for (const [i, uuid] of this.puts.entries())
      yield [uuid, this.texts.toString('utf8', this.ends[i - 1] ?? 0, this.ends[i])];
    for (const [i, number] of this.numbers.entries()) if (number === GONE) yield [this.rows.uuid(i), undefined];
  }

  private originOf(index: number): number {
    const origin = this.origins[index];
    assert(origin !== undefined, `${this.table} has no row number ${index}`);
    return origin;
  }

  /** Numbers all rows in the order of their UUIDs. */
  private number(): void {
    let next = 0;
    let at = 0;
    const insert = (): void => {
      this.inserted.set(this.puts[at] as string, next);
      this.origins[next++] = -1 - at++;
    };
    for (let i = 0; i < this.rows.count; i++) {
      const uuid = this.rows.uuid(i);
      while (at < this.puts.length && (this.puts[at] as string) < uuid) insert();
      const isPut = this.puts[at] === uuid;
      if (!isPut && this.numbers[i] === GONE) continue;
      this.numbers[i] = next;
      this.origins[next++] = isPut ? -1 - at++ : i;
    }
    while (at < this.puts.length) insert();
  }
}
