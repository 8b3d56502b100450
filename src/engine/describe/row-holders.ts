/**
 * Which row holds which: of every row of a non-root table of a snapshot the row that holds it. Four bytes for each row
 * are kept.
 */
import type { Breath } from '../../lib/breath.js';
import { holderColumns, referencesIn } from '../../model/reference/reference.js';
import { columnsIn } from '../../model/row/row-text.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';

export interface Holder {
  readonly table: TableSchema;
  readonly uuid: string;
  /** Canonical text, as of TableRows.text. */
  readonly text: Buffer;
}

/** A table whose rows hold others. Rows are numbered over all of these tables. */
interface HolderTable {
  readonly table: TableSchema;
  readonly rows: TableRows;
  /** Number of its first row, from 1 on. */
  readonly first: number;
}

export class RowHolders {
  /** Table -> for each of its rows the number of its holder; 0 where there is none. */
  private readonly numbers = new Map<string, Uint32Array>();
  private readonly tables: HolderTable[] = [];

  private constructor(private readonly snapshot: Snapshot) {}

  static async read(snapshot: Snapshot, breath: Breath): Promise<RowHolders> {
    const holders = new RowHolders(snapshot);
    let first = 1;
    for (const table of snapshot.schema.tables.values()) {
      const rows = snapshot.tables.get(table.name);
      if (rows === undefined || rows.count === 0 || holderColumns(snapshot.schema, table).length === 0) continue;
      await holders.take({ table, rows, first }, breath);
      first += rows.count;
    }
    return holders;
  }

  holderOf(table: string, uuid: string): Holder | undefined {
    const index = this.snapshot.tables.get(table)?.find(uuid);
    const number = index === undefined ? 0 : (this.numbers.get(table)?.[index] ?? 0);
    const found = this.tables.findLast(({ first }) => first <= number);
    if (found === undefined) return undefined;
    const at = number - found.first;
    return { table: found.table, uuid: found.rows.uuid(at), text: found.rows.text(at) };
  }

  private async take(holder: HolderTable, breath: Breath): Promise<void> {
    const { table, rows, first } = holder;
    this.tables.push(holder);
    const columns = holderColumns(this.snapshot.schema, table);
    const names = columns.map(({ column }) => Buffer.from(column.name));
    for (let i = 0; i < rows.count; i++) {
      const row = columnsIn(rows.text(i), names);
      for (const column of columns)
        for (const { table: to, uuid } of referencesIn(column, row[column.column.name])) this.note(to, uuid, first + i);
      if (breath.due()) await breath.rest();
    }
  }

  private note(table: string, uuid: string, number: number): void {
    const rows = this.snapshot.tables.get(table);
    const index = rows?.find(uuid);
    if (rows === undefined || index === undefined) return;
    let numbers = this.numbers.get(table);
    if (numbers === undefined) {
      numbers = new Uint32Array(rows.count);
      this.numbers.set(table, numbers);
    }
    numbers[index] = number;
  }
}
