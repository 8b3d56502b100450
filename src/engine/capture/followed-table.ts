/**
 * The rows of one table as a monitor keeps them: those that were read are bytes, those that changed
 * since are kept beside them and go into the bytes when somebody asks for the table.
 */
import { assert } from '../../lib/assert.js';
import type { Breath } from '../../lib/breath.js';
import { encodeRow, parseRow } from '../../model/row/row.js';
import { ChangedRow } from '../../model/row/row-change.js';
import { WireRowReader } from '../../model/row/wire-row-reader.js';
import { StoredRows } from '../../model/snapshot/stored-rows.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { FrameError } from '../../ovsdb/frame.js';
import type { Json } from '../../ovsdb/json.js';

/** With more changed rows in memory they are turned into bytes. */
const CHANGES_MAX = 20_000;

export class FollowedTable {
  readonly reader: WireRowReader;
  private rows: StoredRows;
  /** Where the rows are that have been read, while not all of them have been. */
  private places: Map<string, number> | undefined;
  /** Canonical text, the row taken apart, or undefined for a row that is gone. */
  private readonly changes = new Map<string, string | ChangedRow | undefined>();

  /** @param rows all of them, sealed; without it, they come by and by until `complete` */
  constructor(
    readonly schema: TableSchema,
    rows?: StoredRows,
  ) {
    this.reader = new WireRowReader(schema);
    this.rows = rows ?? new StoredRows(schema.name);
    this.places = rows === undefined ? new Map() : undefined;
  }

  has(uuid: string): boolean {
    return this.changes.has(uuid) ? this.changes.get(uuid) !== undefined : this.find(uuid) !== undefined;
  }

  /** True when `settle` is due. */
  get isCrowded(): boolean {
    return this.places === undefined && this.changes.size > CHANGES_MAX;
  }

  /** A row as it is now, new or not. @param text canonical, copied */
  put(uuid: string, text: Buffer): void {
    if (this.places === undefined || this.find(uuid) !== undefined) {
      this.changes.set(uuid, text.toString());
      return;
    }
    this.places.set(uuid, this.rows.count);
    this.rows.add(uuid, text);
  }

  remove(uuid: string): void {
    if (this.find(uuid) === undefined) this.changes.delete(uuid);
    else this.changes.set(uuid, undefined);
  }

  /**
   * Applies the "modify" of a row to it.
   * @returns undefined when the row has not been read yet
   * @throws FrameError when it should have been; RowError when the change does not fit the table
   */
  modify(uuid: string, difference: Json): ChangedRow | undefined {
    if (!this.has(uuid)) {
      if (this.places === undefined)
        throw new FrameError(`the server changed row ${uuid} of table ${this.schema.name}, of which it had not told`);
      return undefined;
    }
    const changed = this.changed(uuid);
    changed.change(difference, true);
    return changed;
  }

  /** All rows have been read. */
  complete(): void {
    assert(this.rows.seal() === undefined, 'a row was read twice');
    this.places = undefined;
  }

  /** The rows as they are now, sealed; the same ones as before when nothing has changed. @throws RowError */
  async settle(breath: Breath): Promise<StoredRows> {
    assert(this.places === undefined, 'a table was asked for before all of it was read');
    if (this.changes.size === 0) return this.rows;
    const texts = new Map<string, string | undefined>();
    for (const [uuid, change] of this.changes) {
      texts.set(uuid, change instanceof ChangedRow ? encodeRow(this.schema, change.row(), uuid) : change);
      if (breath.due()) await breath.rest();
    }
    this.rows = this.rows.with(texts);
    this.changes.clear();
    if (this.rows.isScattered) this.rows = await this.rows.gathered(breath);
    return this.rows;
  }

  private find(uuid: string): number | undefined {
    return this.places === undefined ? this.rows.find(uuid) : this.places.get(uuid);
  }

  private changed(uuid: string): ChangedRow {
    const change = this.changes.get(uuid);
    if (change instanceof ChangedRow) return change;
    const text = change ?? this.rows.text(this.find(uuid) as number).toString();
    const opened = new ChangedRow(this.schema, uuid, parseRow(text));
    this.changes.set(uuid, opened);
    return opened;
  }
}
