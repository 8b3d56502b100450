/** Rows that a document has before its schema: kept as they were written, and read when the schema is known. */
import { Breath } from '../../lib/breath.js';
import type { Scratch } from '../../lib/scratch.js';
import { parseRow } from '../../model/row/row.js';
import { StoredRows } from '../../model/snapshot/stored-rows.js';
import { canonicalText, checkUuid, type IncomingRows, incomingRows, type SnapshotBuilder } from './snapshot-builder.js';

export class EarlyRows {
  private readonly tables = new Map<string, IncomingRows>();

  constructor(private readonly scratch: Scratch | undefined) {}

  /**
   * Keeps a row in plain notation, as JSON of any layout.
   * @throws AppError INTEGRITY_FAILED where its key is no UUID
   */
  add(table: string, uuid: string, text: Buffer | string): void {
    checkUuid(table, uuid);
    const rows = this.tables.get(table) ?? incomingRows(table, this.scratch);
    this.tables.set(table, rows);
    rows.add(uuid, text);
  }

  /** Gives all of them to the builder, which knows the schema. @throws AppError INTEGRITY_FAILED */
  async giveTo(builder: SnapshotBuilder): Promise<void> {
    const breath = new Breath();
    for (const [name, rows] of this.tables) {
      const table = builder.table(name);
      for (let i = 0; i < rows.count; i++) {
        const uuid = rows.uuid(i);
        const text = rows.text(i);
        if (rows instanceof StoredRows) builder.addText(table, uuid, text);
        else
          rows.replace(
            i,
            canonicalText(table, uuid, () => parseRow(text.toString())),
          );
        await this.scratch?.drained();
        if (breath.due()) await breath.rest();
      }
      if (!(rows instanceof StoredRows)) builder.adopt(rows);
      this.tables.delete(name);
    }
  }
}
