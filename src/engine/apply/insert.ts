/** Inserts: rows of a backup as operations, as they are to be in the database. */
import { type Reference, referenceColumns, rewriteReferences } from '../../model/reference/reference.js';
import type { Row, Value } from '../../model/row/row.js';
import { wireRow } from '../../model/row/wire-notation.js';
import { WireRowWriter } from '../../model/row/wire-row-writer.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { insertOperation } from '../../ovsdb/operation.js';
import { isTranslated, type Plan, type TablePlan, translateRow } from '../plan/table-plan.js';

export class InsertWriter {
  private readonly writer: WireRowWriter;
  private readonly translated: boolean;

  constructor(
    private readonly draft: TablePlan,
    private readonly plan: Plan,
  ) {
    this.writer = new WireRowWriter(draft.table);
    this.translated = isTranslated(draft.table, plan.identity, plan.options);
  }

  /** @param index number of a row of the backup */
  write(index: number): string {
    const { table, backup } = this.draft;
    const row = this.translated ? this.row(index) : undefined;
    return insertOperation(
      table.name,
      backup.uuid(index),
      row === undefined ? this.writer.write(backup.text(index)) : wireRow(table, row),
    );
  }

  /** The row without those of its references that `isReady` does not pick. */
  writePart(index: number, isReady: (reference: Reference) => boolean): string {
    const { table, backup } = this.draft;
    const row: Record<string, Value | undefined> = { ...this.row(index) };
    for (const reference of referenceColumns(table)) {
      const { name } = reference.column;
      const value = row[name];
      const isStrong = (to: string): boolean =>
        (reference.key?.table === to ? reference.key : reference.value)?.strong === true;
      if (value !== undefined)
        row[name] = rewriteReferences(reference, value, (uuid, to) =>
          isReady({ column: name, table: to, uuid, strong: isStrong(to) }) ? uuid : undefined,
        );
    }
    return insertOperation(
      table.name,
      backup.uuid(index),
      wireRow(
        table,
        Object.fromEntries(Object.entries(row).filter((entry): entry is [string, Value] => entry[1] !== undefined)),
      ),
    );
  }

  private row(index: number): Row {
    const { table, backup } = this.draft;
    return withoutEphemeral(table, translateRow(table, backup.row(index), this.plan.identity, this.plan.options));
  }
}

function withoutEphemeral(table: TableSchema, row: Row): Row {
  for (const name in row) {
    if (table.columns.get(name)?.ephemeral === true)
      return Object.fromEntries(
        Object.entries(row).filter(([column]) => table.columns.get(column)?.ephemeral !== true),
      );
  }
  return row;
}
