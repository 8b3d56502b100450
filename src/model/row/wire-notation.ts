/**
 * From the plain notation of row.ts to wire notation (RFC 7047, section 5.1: ["set",[...]], ["map",[[k,v]...]],
 * ["uuid","..."]). wire-row-reader.ts goes the other way.
 */

import type { BaseType, ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { type Atom, atomText, compareAtoms, type Row, type Value } from './row.js';

/** Wire text of a row's columns: {"name":"web","ports":["set",[...]]}. */
export function wireRow(table: TableSchema, row: Row): string {
  let text = '{';
  for (const name in row) {
    const column = table.columns.get(name);
    if (column === undefined) continue;
    text += `${text.length > 1 ? ',' : ''}${JSON.stringify(name)}:${wireValue(column, row[name])}`;
  }
  return `${text}}`;
}

/** Wire text of one value; undefined stands for the column's default. */
export function wireValue(column: ColumnSchema, value: Value | undefined): string {
  switch (column.kind) {
    case 'scalar':
      return value === undefined ? wireDefault(column.key) : wireAtom(column.key, value as Atom);
    case 'optional':
      return value === undefined ? '["set",[]]' : wireAtom(column.key, value as Atom);
    case 'set': {
      // a set of one is written as ovsdb-server writes it, so that texts can be compared
      const atoms = ((value ?? []) as readonly Atom[]).map((atom) => wireAtom(column.key, atom));
      return atoms.length === 1 ? (atoms[0] as string) : `["set",[${atoms.join(',')}]]`;
    }
    case 'map': {
      const type = column.value as BaseType;
      const pairs = mapEntries(value).map(([k, v]) => `[${wireAtom(column.key, k)},${wireAtom(type, v)}]`);
      return `["map",[${pairs.join(',')}]]`;
    }
  }
}

export function wireAtom(base: BaseType, atom: Atom): string {
  return base.type === 'uuid' ? `["uuid","${atom}"]` : atomText(atom);
}

function wireDefault(base: BaseType): string {
  switch (base.type) {
    case 'string':
      return '""';
    case 'uuid':
      return '["uuid","00000000-0000-0000-0000-000000000000"]';
    case 'boolean':
      return 'false';
    case 'integer':
    case 'real':
      return '0';
  }
}

/** As wireValue, with the pairs of a map in the order in which ovsdb-server writes them. */
export function serverValue(column: ColumnSchema, value: Value | undefined): string {
  if (column.kind !== 'map') return wireValue(column, value);
  // an object of JavaScript has members such as "9" and "10" first, by their numbers
  const pairs = [...mapEntries(value)].sort(([a], [b]) => compareAtoms(a, b));
  return wireValue(column, pairs);
}

/** The pairs of a map in plain notation, whichever of its two forms it has, in no order that means anything. */
export function mapEntries(value: Value | undefined): readonly (readonly [Atom, Atom])[] {
  if (value === undefined) return [];
  return Array.isArray(value)
    ? (value as readonly (readonly [Atom, Atom])[])
    : Object.entries(value as { readonly [key: string]: Atom });
}
