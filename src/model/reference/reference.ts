/**
 * References between rows: which columns hold them, strong or weak, and their rewriting from
 * one set of UUIDs to another.
 */
import { defined } from '../../lib/defined.js';
import type { BaseType, ColumnSchema, DatabaseSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { type Atom, compareAtoms, type Row, type Value } from '../row/row.js';
import { mapEntries } from '../row/wire-notation.js';
import type { Snapshot } from '../snapshot/snapshot.js';

/** A column that refers to rows, by its atoms or, in a map, by its keys or its values. */
export interface ReferenceColumn {
  readonly column: ColumnSchema;
  readonly key?: { readonly table: string; readonly strong: boolean };
  readonly value?: { readonly table: string; readonly strong: boolean };
}

/** A reference as found in a row. */
export interface Reference {
  readonly column: string;
  readonly table: string;
  readonly uuid: string;
  readonly strong: boolean;
}

const known = new WeakMap<TableSchema, readonly ReferenceColumn[]>();

/** The table's columns that hold references. */
export function referenceColumns(table: TableSchema): readonly ReferenceColumn[] {
  const before = known.get(table);
  if (before !== undefined) return before;
  const columns = [...table.columns.values()].flatMap((column): ReferenceColumn[] => {
    const key = target(column.key);
    const value = target(column.value);
    return key === undefined && value === undefined ? [] : [{ column, ...defined({ key, value }) }];
  });
  known.set(table, columns);
  return columns;
}

function target(base: BaseType | undefined): { table: string; strong: boolean } | undefined {
  return base?.refTable === undefined ? undefined : { table: base.refTable, strong: base.refType !== 'weak' };
}

/** Every reference of one column's value. */
export function referencesIn(
  { column, key, value }: ReferenceColumn,
  content: Value | undefined,
): readonly Reference[] {
  if (content === undefined) return [];
  const name = column.name;
  if (column.kind === 'map') {
    return mapEntries(content).flatMap(([k, v]) => [
      ...(key === undefined ? [] : [{ column: name, table: key.table, uuid: String(k), strong: key.strong }]),
      ...(value === undefined ? [] : [{ column: name, table: value.table, uuid: String(v), strong: value.strong }]),
    ]);
  }
  if (key === undefined) return [];
  const atoms = column.kind === 'set' ? (content as readonly Atom[]) : [content as Atom];
  return atoms.map((atom) => ({ column: name, table: key.table, uuid: String(atom), strong: key.strong }));
}

/** Every reference that a row holds. */
export function referencesOf(table: TableSchema, row: Row): readonly Reference[] {
  return referenceColumns(table).flatMap((column) => referencesIn(column, row[column.column.name]));
}

/**
 * A column's value with its references rewritten, or dropped where `rewrite` answers undefined.
 * @returns undefined when nothing is left
 */
export function rewriteReferences(
  { column, key, value }: ReferenceColumn,
  content: Value,
  rewrite: (uuid: string, table: string) => string | undefined,
): Value | undefined {
  if (column.kind === 'map') {
    const pairs = mapEntries(content).flatMap(([k, v]): [Atom, Atom][] => {
      const newKey = key === undefined ? k : rewrite(String(k), key.table);
      const newValue = value === undefined ? v : rewrite(String(v), value.table);
      return newKey === undefined || newValue === undefined ? [] : [[newKey, newValue]];
    });
    if (pairs.length === 0) return undefined;
    pairs.sort((a, b) => compareAtoms(a[0], b[0]));
    return Array.isArray(content) ? pairs : (Object.fromEntries(pairs) as Record<string, Atom>);
  }
  if (key === undefined) return content;
  if (column.kind !== 'set') {
    const atom = content as Atom;
    return rewrite(String(atom), key.table);
  }
  const atoms = (content as readonly Atom[]).flatMap((atom) => rewrite(String(atom), key.table) ?? []);
  return atoms.length === 0 ? undefined : [...new Set(atoms)].sort(compareAtoms);
}

/** The row with the references that `keep` picks, and no others. The same object when that is all of them. */
export function keepReferences(table: TableSchema, row: Row, keep: (table: string, uuid: string) => boolean): Row {
  const changed: Record<string, Value> = {};
  for (const reference of referenceColumns(table)) {
    const { name } = reference.column;
    const content = row[name];
    if (content === undefined || referencesIn(reference, content).every(({ table: to, uuid }) => keep(to, uuid)))
      continue;
    const kept = rewriteReferences(reference, content, (uuid, to) => (keep(to, uuid) ? uuid : undefined));
    if (kept !== undefined) changed[name] = kept;
    else changed[name] = [];
  }
  if (Object.keys(changed).length === 0) return row;
  return Object.fromEntries(
    Object.entries({ ...row, ...changed }).filter(([, value]) => !Array.isArray(value) || value.length > 0),
  );
}

/** A table that holds rows of non-root tables by strong references, with the columns that do. */
export function holderColumns(schema: DatabaseSchema, table: TableSchema): readonly ReferenceColumn[] {
  const holds = (to: { table: string; strong: boolean } | undefined): boolean =>
    to?.strong === true && schema.tables.get(to.table)?.isRoot === false;
  return referenceColumns(table).filter(({ key, value }) => holds(key) || holds(value));
}

/** A reference to a row that is not there. */
export interface DanglingReference extends Reference {
  readonly from: { readonly table: string; readonly uuid: string };
}

/**
 * Looks for references to rows that the snapshot does not hold. A real database has none: a strong one cannot be
 * restored, a weak one would be dropped.
 */
export function* danglingReferences(snapshot: Snapshot): Generator<DanglingReference | undefined> {
  for (const rows of snapshot.tables.values()) {
    const table = snapshot.schema.tables.get(rows.table);
    if (table === undefined || referenceColumns(table).length === 0) continue;
    for (let i = 0; i < rows.count; i++) {
      for (const reference of referencesOf(table, rows.row(i))) {
        if (snapshot.tables.get(reference.table)?.find(reference.uuid) !== undefined) continue;
        yield { ...reference, from: { table: rows.table, uuid: rows.uuid(i) } };
      }
      // lets the caller take a breath between rows
      yield undefined;
    }
  }
}
