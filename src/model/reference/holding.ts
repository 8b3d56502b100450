/**
 * Holding: a row of a non-root table lives as long as a strong reference leads to it, from a row of a root table or
 * from one that lives itself (RFC 7047, section 3.2, "isRoot"). Who holds whom is said here, once.
 */
import type { Breath } from '../../lib/breath.js';
import type { DatabaseSchema, TableSchema } from '../../ovsdb/database-schema.js';
import type { Row, Value } from '../row/row.js';
import { holderColumns, type Reference, referenceColumns, referencesIn } from './reference.js';

/** A row that may hold others, or those of its columns that are looked at. */
export interface HoldingRow {
  readonly table: TableSchema;
  readonly row: Row | { readonly [column: string]: Value | undefined };
}

/** The strong references of a row: to rows that it holds, and to rows of root tables that cannot go before it. */
export function strongReferences({ table, row }: HoldingRow): readonly Reference[] {
  const strong: Reference[] = [];
  for (const column of referenceColumns(table))
    for (const reference of referencesIn(column, row[column.column.name])) if (reference.strong) strong.push(reference);
  return strong;
}

/**
 * Goes along strong references: from a row to each that it refers to, and before the next one to those that that one
 * refers to. However long the way is, it is no recursion.
 * @param enter told of each reference; answers the row that it leads to, or undefined to go no further there
 * @returns stops after each reference, so that the caller can take a breath
 */
export function* followStrong<T extends HoldingRow>(
  start: T,
  enter: (reference: Reference, from: T) => T | undefined,
): Generator<undefined> {
  const path = [{ from: start, references: strongReferences(start), next: 0 }];
  for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
    const reference = last.references[last.next++];
    if (reference === undefined) {
      path.pop();
      continue;
    }
    const found = enter(reference, last.from);
    if (found !== undefined) path.push({ from: found, references: strongReferences(found), next: 0 });
    yield undefined;
  }
}

/** The rows of a table by their numbers. */
export interface NumberedRows {
  /** Numbers are below this. */
  readonly count: number;
  /** Undefined where a row was and is gone. */
  uuid(index: number): string | undefined;
  find(uuid: string): number | undefined;
  row(index: number): Row;
}

/** Name of a non-root table -> for each number of a row, 1 when the row is held. */
export type HeldRows = ReadonlyMap<string, Uint8Array>;

/**
 * The rows of non-root tables that a row of a root table holds, directly or through others.
 * @param isLeftOut names rows that neither hold nor are held
 */
export async function heldRows(
  schema: DatabaseSchema,
  tables: ReadonlyMap<string, NumberedRows>,
  breath: Breath,
  isLeftOut: (table: string, uuid: string) => boolean = () => false,
): Promise<HeldRows> {
  const held = new Map<string, Uint8Array>();
  const holders = new Set<TableSchema>();
  for (const table of schema.tables.values()) {
    if (!table.isRoot) held.set(table.name, new Uint8Array(tables.get(table.name)?.count ?? 0));
    if (holderColumns(schema, table).length > 0) holders.add(table);
  }
  const enter = ({ table: to, uuid }: Reference): HoldingRow | undefined => {
    const known = held.get(to);
    const rows = tables.get(to);
    const index = known === undefined ? undefined : rows?.find(uuid);
    if (known === undefined || rows === undefined || index === undefined) return undefined;
    if (known[index] === 1 || isLeftOut(to, uuid)) return undefined;
    known[index] = 1;
    const table = schema.tables.get(to);
    return table === undefined || !holders.has(table) ? undefined : { table, row: rows.row(index) };
  };
  for (const table of holders) {
    const rows = tables.get(table.name);
    for (let i = 0; table.isRoot && rows !== undefined && i < rows.count; i++) {
      const uuid = rows.uuid(i);
      if (uuid === undefined || isLeftOut(table.name, uuid)) continue;
      for (const _ of followStrong({ table, row: rows.row(i) }, enter)) if (breath.due()) await breath.rest();
      if (breath.due()) await breath.rest();
    }
  }
  return held;
}
