/** Rows of any schema, one by one, each with what it needs in order to stand and no more. */
import { createHash } from 'node:crypto';
import { referenceColumns } from '../../../src/model/reference/reference.js';
import type { Atom, Row, Value } from '../../../src/model/row/row.js';
import type { BaseType, ColumnSchema, DatabaseSchema, TableSchema } from '../../../src/ovsdb/database-schema.js';
import type { Tables } from './every-kind.js';
import { holdersOf } from './schema-rows.js';

export class NeededRows {
  private readonly rows = new Map<string, Map<string, Row>>();

  /** @param first number of the first row of each table: rows of other numbers have other UUIDs and other keys */
  constructor(
    private readonly schema: DatabaseSchema,
    private readonly first: number,
  ) {}

  get tables(): Tables {
    return Object.fromEntries([...this.rows].map(([table, rows]) => [table, Object.fromEntries(rows)]));
  }

  /** Adds a row, the rows that it must refer to, and one that holds it. @returns its UUID */
  add(name: string, given: Row = {}): string {
    const table = this.table(name);
    const uuid = this.addUnheld(name, given);
    if (!table.isRoot) this.hold(table, uuid);
    return uuid;
  }

  /** The same without one that holds it. */
  addUnheld(name: string, given: Row = {}): string {
    const table = this.table(name);
    const rows = this.rows.get(name) ?? new Map<string, Row>();
    const number = this.first + rows.size;
    const hex = createHash('sha256')
      .update(`${name} ${String(number)}`)
      .digest('hex');
    const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    // counted before the rows that it needs are
    this.rows.set(name, rows.set(uuid, given));
    const row: Record<string, Value> = { ...given };
    for (const column of table.columns.values()) {
      if (row[column.name] !== undefined) continue;
      const value = this.needed(table, column, number);
      if (value !== undefined) row[column.name] = value;
    }
    rows.set(uuid, row);
    return uuid;
  }

  /** Adds to a reference column of a row. */
  refer(name: string, uuid: string, column: string, to: string): void {
    const row = this.row(name, uuid);
    const isSet = this.table(name).columns.get(column)?.kind === 'set';
    const value = isSet ? [...((row[column] ?? []) as readonly Atom[]), to] : to;
    this.rows.get(name)?.set(uuid, { ...row, [column]: value });
  }

  row(name: string, uuid: string): Row {
    const row = this.rows.get(name)?.get(uuid);
    if (row === undefined) throw new Error(`no row ${uuid} in ${name}`);
    return row;
  }

  private table(name: string): TableSchema {
    const table = this.schema.tables.get(name);
    if (table === undefined) throw new Error(`no table ${name}`);
    return table;
  }

  private hold(table: TableSchema, uuid: string): void {
    const holders = holdersOf(this.schema, table);
    const holder = holders.find((candidate) => candidate.table !== table) ?? holders[0];
    if (holder === undefined) throw new Error(`nothing can hold a row of ${table.name}`);
    const isSet = holder.column.kind === 'set';
    this.add(holder.table.name, { [holder.column.name]: isSet ? [uuid] : uuid });
  }

  private needed(table: TableSchema, column: ColumnSchema, number: number): Value | undefined {
    if (column.min === 0 || column.ephemeral || column.kind === 'map') return undefined;
    const isKey = table.indexes.some((index) => index.includes(column.name));
    const to = referenceColumns(table).find((reference) => reference.column === column)?.key?.table;
    const atom = to === undefined ? atomOf(column.key, isKey ? number : 0) : this.child(table, to);
    return column.kind === 'set' ? [atom] : atom;
  }

  private child(holder: TableSchema, name: string): string {
    const table = this.table(name);
    const isHeld = table.isRoot || holdersOf(this.schema, table)[0]?.table === holder;
    return isHeld ? this.addUnheld(name) : this.add(name);
  }
}

function atomOf(base: BaseType, number: number): Atom {
  if (base.enum !== undefined) return base.enum[number % base.enum.length] as Atom;
  if (base.type === 'string') return `name ${String(number)}`;
  if (base.type !== 'integer') return base.type === 'boolean' ? true : 0;
  return Number(base.minInteger ?? 0) + number;
}
