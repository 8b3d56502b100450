/**
 * One table while a database file is replayed. Rows that were only inserted are kept as bytes,
 * those that were changed since as what they were changed to.
 */

import { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import type { Scratch } from '../../lib/scratch.js';
import { parseRow, RowError } from '../../model/row/row.js';
import { ChangedRow, plainRow } from '../../model/row/row-change.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import type { Json } from '../../ovsdb/json.js';
import { canonicalText, type IncomingRows } from '../content/snapshot-builder.js';
import { ROW_BYTES_MAX } from '../stream/member-scanner.js';
import { type ReplayedRows, replayedRows } from './replayed-rows.js';

export class ReplayedTable {
  /** Every row; what is in `changed` counts before its text here. */
  private readonly rows: ReplayedRows;
  private readonly changed = new Map<string, ChangedRow>();

  constructor(
    private readonly schema: TableSchema,
    scratch?: Scratch,
  ) {
    this.rows = replayedRows(schema.name, scratch);
  }

  get name(): string {
    return this.schema.name;
  }

  has(uuid: string): boolean {
    return this.rows.has(uuid);
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
