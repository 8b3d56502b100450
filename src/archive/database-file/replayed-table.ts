/**
 * One table while a database file is replayed. Rows that were only inserted are kept as bytes,
 * those that were changed since as what they were changed to.
 */

import { assert } from '../../lib/assert.js';
import { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import type { Scratch } from '../../lib/scratch.js';
import type { NumberedRows } from '../../model/reference/holding.js';
import { parseRow, type Row, RowError } from '../../model/row/row.js';
import { ChangedRow, plainRow } from '../../model/row/row-change.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import type { Json } from '../../ovsdb/json.js';
import { canonicalText, type IncomingRows } from '../content/snapshot-builder.js';
import { ROW_BYTES_MAX } from '../stream/member-scanner.js';
import { type ReplayedRows, replayedRows } from './replayed-rows.js';

/** Its numbers of rows are good while no row is changed. */
export class ReplayedTable implements NumberedRows {
  /** Every row; what is in `changed` counts before its text here. */
  private readonly rows: ReplayedRows;
  private readonly changed = new Map<string, ChangedRow>();

  constructor(
    private tableSchema: TableSchema,
    scratch?: Scratch,
  ) {
    this.rows = replayedRows(tableSchema.name, scratch);
  }

  get schema(): TableSchema {
    return this.tableSchema;
  }

  get name(): string {
    return this.schema.name;
  }

  get count(): number {
    return this.rows.end;
  }

  has(uuid: string): boolean {
    return this.rows.has(uuid);
  }

  uuid(index: number): string | undefined {
    return this.rows.uuid(index);
  }

  find(uuid: string): number | undefined {
    return this.rows.find(uuid);
  }

  row(index: number): Row {
    const uuid = this.rows.uuid(index);
    const text = uuid === undefined ? undefined : this.rows.text(uuid);
    assert(text !== undefined && this.changed.size === 0, `${this.name} has no row number ${index}`);
    return parseRow(text.toString());
  }

  /** @returns bytes of its text @throws AppError INTEGRITY_FAILED when the row does not fit the schema */
  insert(uuid: string, json: Json): number {
    const text = canonicalText(this.schema, uuid, () => plainRow(this.schema, json, uuid));
    this.rows.add(uuid, text);
    return Buffer.byteLength(text);
  }

  /** @returns bytes of its text @throws AppError INTEGRITY_FAILED when there is no such row */
  remove(uuid: string): number {
    const bytes = this.rows.text(uuid)?.length ?? 0;
    this.changed.delete(uuid);
    if (!this.rows.remove(uuid))
      throw new AppError(
        'INTEGRITY_FAILED',
        `The database file deletes the row ${this.name} ${uuid.slice(0, 100)}, which was never inserted. Take ` +
          'another copy of the file',
        { place: { table: this.name } },
      );
    return bytes;
  }

  /**
   * Changes the columns in `json` of a row that is here. Whether the values are allowed is checked at the end.
   * @returns bytes of the row as it was, when it is held in memory from now on
   * @throws AppError INTEGRITY_FAILED
   */
  change(uuid: string, json: Json, isDiff: boolean): number {
    const text = this.changed.has(uuid) ? undefined : this.rows.text(uuid);
    const row =
      this.changed.get(uuid) ?? new ChangedRow(this.schema, uuid, text === undefined ? {} : parseRow(text.toString()));
    this.changed.set(uuid, row);
    try {
      row.change(json, isDiff);
      return text?.length ?? 0;
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      throw new AppError(
        'INTEGRITY_FAILED',
        `A row of the database file does not fit its schema: ${error.message}. Correct the row or the schema`,
        { cause: error, place: { table: this.name, label: uuid } },
      );
    }
  }

  /** Turns everything into bytes again and drops what was deleted. @throws AppError INTEGRITY_FAILED */
  async compact(): Promise<IncomingRows> {
    const { schema } = this;
    const rows = await this.rows.compact(texts(schema, this.changed), new Breath());
    this.changed.clear();
    return rows;
  }

  /**
   * Gives the table another schema, and its rows the texts that `rewrite` answers. Call `compact` before.
   * @param rewrite answers undefined for a row that stays as it is
   */
  async rewrite(schema: TableSchema, rewrite: (row: Row, uuid: string) => string | undefined): Promise<void> {
    assert(this.changed.size === 0, 'rows were rewritten that are being changed');
    this.tableSchema = schema;
    await this.rows.compact(this.rewritten(rewrite), new Breath());
  }

  private *rewritten(
    rewrite: (row: Row, uuid: string) => string | undefined,
  ): Generator<readonly [string, () => string | undefined]> {
    for (let i = 0; i < this.count; i++) {
      const uuid = this.uuid(i);
      if (uuid !== undefined) yield [uuid, () => rewrite(this.row(i), uuid)];
    }
  }
}

function* texts(
  schema: TableSchema,
  changed: ReadonlyMap<string, ChangedRow>,
): Generator<readonly [string, () => string]> {
  for (const [uuid, row] of changed) yield [uuid, () => textOf(schema, uuid, row)];
}

function textOf(schema: TableSchema, uuid: string, row: ChangedRow): string {
  const text = canonicalText(schema, uuid, () => row.row());
  if (text.length <= ROW_BYTES_MAX) return text;
  throw new AppError(
    'INTEGRITY_FAILED',
    `The database file's row ${schema.name} ${uuid} grows to more than ${ROW_BYTES_MAX} bytes: it is no backup`,
    { place: { table: schema.name, label: uuid } },
  );
}
