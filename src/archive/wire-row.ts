/**
 * Reading rows of database files: wire notation (RFC 7047, section 5.1) of any layout and order, as
 * other programs may have written it, value by value. (model/wire.ts reads what a server sends.)
 */
import { RowError, type Atom, type Row, type Value } from '../model/row.js';
import type { BaseType, ColumnSchema, TableSchema } from '../ovsdb/database-schema.js';
import { isObject, type Json } from '../ovsdb/json.js';

export type Pair = readonly [Atom, Atom];

/**
 * The elements of a value in wire notation: none or one for an optional, one for a scalar.
 * Types are not checked here but when the row is encoded.
 * @throws RowError on what is no wire notation of the column's kind
 */
export function wireElements(column: ColumnSchema, json: Json, place: string): readonly Atom[] {
  if (Array.isArray(json) && json[0] === 'set') {
    if (json.length !== 2 || !Array.isArray(json[1])) throw new RowError(`${place}: a set is written as ["set", [...]]`);
    return json[1].map((atom: Json) => plainAtom(column.key, atom, place));
  }
  return [plainAtom(column.key, json, place)];
}

/** The pairs of a map in wire notation. @throws RowError */
export function wirePairs(column: ColumnSchema, json: Json, place: string): readonly Pair[] {
  if (!Array.isArray(json) || json[0] !== 'map' || json.length !== 2 || !Array.isArray(json[1])) throw new RowError(`${place}: a map is written as ["map", [...]]`);
  return json[1].map((pair: Json): Pair => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new RowError(`${place}: a pair has a key and a value`);
    return [plainAtom(column.key, pair[0] as Json, place), plainAtom(column.value as BaseType, pair[1] as Json, place)];
  });
}

function plainAtom(base: BaseType, json: Json, place: string): Atom {
  if (base.type === 'uuid') {
    if (!Array.isArray(json) || json.length !== 2 || json[0] !== 'uuid' || typeof json[1] !== 'string') throw new RowError(`${place}: a UUID is written as ["uuid", "..."]`);
    return json[1];
  }
  if (json === null || typeof json === 'object') throw new RowError(`${place}: ${base.type} values are written as themselves`);
  return json;
}

/** A row in wire notation as a row in plain notation, its values still unchecked. @throws RowError */
export function plainRow(table: TableSchema, json: Json, uuid: string): Row {
  if (!isObject(json)) throw new RowError(`${table.name} ${uuid}: a row is an object`);
  return Object.fromEntries(Object.entries(json).flatMap(([name, value]): [string, Value][] => {
    const column = columnOf(table, name, uuid);
    const plain = plainValue(column, value, `${table.name} ${uuid}, column ${name}`);
    return plain === undefined ? [] : [[name, plain]];
  }));
}

/** @throws RowError when the table has no such column */
export function columnOf(table: TableSchema, name: string, uuid: string): ColumnSchema {
  const column = table.columns.get(name);
  if (column === undefined) throw new RowError(`${table.name} ${uuid}: the schema has no column "${name}"`);
  return column;
}

function plainValue(column: ColumnSchema, json: Json, place: string): Value | undefined {
  if (column.kind === 'map') return plainMap(column, wirePairs(column, json, place), place);
  const atoms = wireElements(column, json, place);
  if (column.kind === 'set') return atoms;
  if (atoms.length > 1 || (atoms.length === 0 && column.kind === 'scalar')) throw new RowError(`${place}: holds ${String(atoms.length)} values, exactly one is needed`);
  return atoms[0];
}

/** A map's value in plain notation. @throws RowError on a key that occurs twice, which an object could not show */
export function plainMap(column: ColumnSchema, pairs: readonly Pair[], place: string): Value {
  if (column.key.type !== 'string' && column.key.type !== 'uuid') return pairs;
  if (new Set(pairs.map(([key]) => key)).size !== pairs.length) throw new RowError(`${place}: the map has a key twice`);
  return Object.fromEntries(pairs.map(([key, value]): [string, Atom] => {
    if (typeof key !== 'string') throw new RowError(`${place}: ${String(key)} is not a string`);
    return [key, value];
  }));
}
