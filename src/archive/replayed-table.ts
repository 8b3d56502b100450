/**
 * One table while a database file is replayed. Rows that were only inserted are kept as bytes,
 * those that were changed since as what they were changed to.
 */
import { AppError } from '../lib/error.js';
import { Breath } from '../lib/pause.js';
import { parseRow, RowError } from '../model/row.js';
import { ChangedRow, plainRow } from '../model/row-change.js';
import { StoredRows } from '../model/snapshot.js';
import type { TableSchema } from '../ovsdb/database-schema.js';
import type { Json } from '../ovsdb/json.js';
import { canonicalText } from './snapshot-builder.js';

/** With more changed rows in memory they are turned back into bytes. */
const CHANGED_ROWS_MAX = 20_000;

export class ReplayedTable {
  private rows: StoredRows;
  /** Every row, and where its bytes are; what is in `changed` counts before them. */
  private places = new Map<string, number>();
  private readonly changed = new Map<string, ChangedRow>();

  constructor(private readonly schema: TableSchema) {
    this.rows = new StoredRows(schema.name);
  }

  get name(): string {
    return this.schema.name;
  }

  /** True when `settle` is due. */
  get isCrowded(): boolean {
    return this.changed.size > CHANGED_ROWS_MAX;
  }

  has(uuid: string): boolean {
    return this.places.has(uuid);
  }

  /** @throws AppError INTEGRITY_FAILED when the row does not fit the schema */
  insert(uuid: string, json: Json): void {
    const text = canonicalText(this.schema, uuid, () => plainRow(this.schema, json, uuid));
    this.places.set(uuid, this.rows.count);
    this.rows.add(uuid, text);
  }

  /** @throws AppError INTEGRITY_FAILED when there is no such row */
  remove(uuid: string): void {
    this.changed.delete(uuid);
    if (!this.places.delete(uuid)) throw new AppError('INTEGRITY_FAILED', `The database file deletes the row ${this.name} ${uuid.slice(0, 100)}, which was never inserted. Take another copy of the file`, { place: { table: this.name } });
  }

  /** Changes the columns in `json`. Whether the values are allowed is checked at the end. @throws AppError INTEGRITY_FAILED */
  change(uuid: string, json: Json, isDiff: boolean): void {
    if (!this.has(uuid)) {
      // deleted and inserted again by one record
      this.insert(uuid, json);
      return;
    }
    const row = this.changed.get(uuid) ?? this.opened(uuid);
    try {
      row.change(json, isDiff);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      throw new AppError('INTEGRITY_FAILED', `A row of the database file does not fit its schema: ${error.message}. Correct the row or the schema`, { cause: error, place: { table: this.name, label: uuid } });
    }
  }

  /** Turns everything into bytes again and drops what was deleted. @throws AppError INTEGRITY_FAILED */
  async settle(): Promise<StoredRows> {
    if (this.changed.size === 0 && this.places.size === this.rows.count) return this.rows;
    const breath = new Breath();
    const rows = new StoredRows(this.name);
    const places = new Map<string, number>();
    for (const [uuid, place] of this.places) {
      const changed = this.changed.get(uuid);
      places.set(uuid, rows.count);
      rows.add(uuid, changed === undefined ? this.rows.text(place) : canonicalText(this.schema, uuid, () => changed.row()));
      if (breath.due()) await breath.rest();
    }
    this.rows = rows;
    this.places = places;
    this.changed.clear();
    return rows;
  }

  private opened(uuid: string): ChangedRow {
    const place = this.places.get(uuid);
    const row = place === undefined ? {} : parseRow(this.rows.text(place).toString());
    const opened = new ChangedRow(this.schema, uuid, row);
    this.changed.set(uuid, opened);
    return opened;
  }
}
