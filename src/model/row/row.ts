/**
 * A row in plain notation: what archives hold, what is compared, and what people see.
 *
 * An optional scalar is its value or absent, a set an array, a map an object where its keys are
 * strings (an array of pairs otherwise), a UUID its string. A column at its type's default is left
 * out (RFC 7047, section 5.2.1 defines the default). Sets are sorted as ovsdb-server sorts them, maps by key.
 *
 * The canonical text of a row is its JSON with columns in the order of their names and no white
 * space: two rows are equal exactly when their canonical texts are the same bytes.
 */

import { plural } from '../../lib/text/plural.js';
import type { BaseType, ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { isObject, type Json, parseJson } from '../../ovsdb/json.js';

export type Atom = string | number | bigint | boolean;
export type Value = Atom | readonly Atom[] | readonly (readonly [Atom, Atom])[] | { readonly [key: string]: Atom };
/** Column name -> value, without _uuid; a column at its default is absent. */
export type Row = { readonly [column: string]: Value };

/** A value that its column does not allow. The message names table, row and column. */
export class RowError extends Error {
  override readonly name = 'RowError';
}

export const ZERO_UUID = '00000000-0000-0000-0000-000000000000';
const UUID_FORM = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const UUID = new RegExp(`^${UUID_FORM}$`);
const UUIDS = new RegExp(UUID_FORM, 'g');
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** True for a UUID as OVSDB writes it: 36 characters, lower case. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Every UUID that stands in a text, as often as it does. */
export function uuidsIn(text: string): readonly string[] {
  return text.match(UUIDS) ?? [];
}

/** Reads canonical text (or any JSON object of a row). @throws SyntaxError, RowError when it is no object */
export function parseRow(text: string): Row {
  const json = parseJson(text);
  if (!isObject(json)) throw new RowError('A row is a JSON object');
  return json as Row;
}

/**
 * The canonical text of a row.
 * @param row plain values in any order, defaults allowed
 * @throws RowError when a column is not in the table or a value is not of the column's type or range
 */
export function encodeRow(table: TableSchema, row: Row, uuid: string): string {
  let text = '{';
  for (const name of Object.keys(row).sort()) {
    const column = table.columns.get(name);
    if (column === undefined) throw new RowError(`${table.name} ${uuid}: the schema has no column "${name}"`);
    const value = encodeValue(column, row[name] as Json, `${table.name} ${uuid}, column ${name}`);
    if (value === undefined) continue;
    text += `${text.length > 1 ? ',' : ''}${JSON.stringify(name)}:${value}`;
  }
  return `${text}}`;
}

/** Canonical text of one value, undefined for the column's default. @throws RowError */
export function encodeValue(column: ColumnSchema, value: Json, place: string): string | undefined {
  switch (column.kind) {
    case 'scalar': {
      const atom = checkAtom(column.key, value, place);
      return atom === defaultAtom(column.key) ? undefined : atomText(atom);
    }
    case 'optional':
      return value === null ? undefined : atomText(checkAtom(column.key, value, place));
    case 'set':
      return encodeSet(column, value, place);
    case 'map':
      return encodeMap(column, value, place);
  }
}

function encodeSet(column: ColumnSchema, value: Json, place: string): string | undefined {
  if (!Array.isArray(value)) throw new RowError(`${place}: a set is written as an array`);
  const atoms = value.map((atom: Json) => checkAtom(column.key, atom, place)).sort(compareAtoms);
  for (let i = 1; i < atoms.length; i++) {
    if (compareAtoms(atoms[i - 1] as Atom, atoms[i] as Atom) === 0)
      throw new RowError(`${place}: the set holds ${atomText(atoms[i] as Atom)} twice`);
  }
  checkCount(column, atoms.length, place);
  return atoms.length === 0 ? undefined : `[${atoms.map(atomText).join(',')}]`;
}

function encodeMap(column: ColumnSchema, value: Json, place: string): string | undefined {
  const valueType = column.value as BaseType;
  const stringKeys = column.key.type === 'string' || column.key.type === 'uuid';
  const entries =
    stringKeys && isObject(value)
      ? Object.entries(value)
      : !stringKeys && Array.isArray(value)
        ? (value as readonly Json[])
        : undefined;
  if (entries === undefined)
    throw new RowError(`${place}: a map is written as ${stringKeys ? 'an object' : 'an array of pairs'}`);
  const pairs = entries.map((pair): [Atom, Atom] => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new RowError(`${place}: a pair has a key and a value`);
    return [checkAtom(column.key, pair[0] as Json, place), checkAtom(valueType, pair[1] as Json, place)];
  });
  pairs.sort((a, b) => compareAtoms(a[0], b[0]));
  for (let i = 1; i < pairs.length; i++) {
    if (compareAtoms(pairs[i - 1]?.[0] as Atom, pairs[i]?.[0] as Atom) === 0)
      throw new RowError(`${place}: the map has the key ${atomText(pairs[i]?.[0] as Atom)} twice`);
  }
  checkCount(column, pairs.length, place);
  if (pairs.length === 0) return undefined;
  return stringKeys
    ? `{${pairs.map(([k, v]) => `${atomText(k)}:${atomText(v)}`).join(',')}}`
    : `[${pairs.map(([k, v]) => `[${atomText(k)},${atomText(v)}]`).join(',')}]`;
}

function checkCount(column: ColumnSchema, count: number, place: string): void {
  if (count > column.max) throw new RowError(`${place}: ${held(count)}, at most ${column.max} allowed`);
  // an empty set where the schema asks for more is the default of a row that was never written: OVSDB refuses it
  if (count < column.min) throw new RowError(`${place}: ${held(count)}, at least ${column.min} needed`);
}

function held(count: number): string {
  return plural(count, 'holds # {value|values}');
}

/** Checks type, enum and range of one atom. @throws RowError */
export function checkAtom(base: BaseType, value: Json, place: string): Atom {
  const atom = ofType(base, value, place);
  if (base.enum !== undefined && !base.enum.some((allowed) => allowed === atom)) {
    throw new RowError(`${place}: ${shown(atom)} is not one of ${base.enum.map((e) => JSON.stringify(e)).join(', ')}`);
  }
  if (typeof atom === 'number' || typeof atom === 'bigint') {
    const min = base.minInteger ?? base.minReal;
    const max = base.maxInteger ?? base.maxReal;
    if ((min !== undefined && atom < min) || (max !== undefined && atom > max)) {
      throw new RowError(`${place}: ${atom} is outside ${min ?? '-'} to ${max ?? '-'}`);
    }
  }
  if (
    typeof atom === 'string' &&
    base.type === 'string' &&
    (base.minLength !== undefined || base.maxLength !== undefined)
  ) {
    const length = [...atom].length;
    if (length < (base.minLength ?? 0) || length > (base.maxLength ?? Infinity))
      throw new RowError(
        `${place}: ${length} characters is outside ${base.minLength ?? 0} to ${base.maxLength ?? '-'}`,
      );
  }
  return atom;
}

function ofType(base: BaseType, value: Json, place: string): Atom {
  switch (base.type) {
    case 'string':
      if (typeof value === 'string') {
        // ovsdb-server drops the connection on these (and they are no Unicode text)
        if (value.includes('\u0000') || !value.isWellFormed())
          throw new RowError(`${place}: a string may not hold NUL or half a surrogate pair`);
        return value;
      }
      break;
    case 'uuid':
      if (typeof value === 'string' && isUuid(value)) return value;
      break;
    case 'boolean':
      if (typeof value === 'boolean') return value;
      break;
    case 'integer':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return value === 0 ? 0 : value;
      if (typeof value === 'bigint' && value >= INT64_MIN && value <= INT64_MAX) {
        const number = Number(value);
        return Number.isSafeInteger(number) ? number : value;
      }
      break;
    case 'real':
      if (typeof value === 'number' && Number.isFinite(value)) return value;
      if (typeof value === 'bigint') return Number(value);
      break;
  }
  throw new RowError(
    `${place}: ${shown(value)} is not ${base.type === 'integer' ? 'a 64-bit integer' : `a ${base.type}`}`,
  );
}

function shown(value: Json): string {
  const text =
    typeof value === 'bigint'
      ? value.toString()
      : JSON.stringify(value, (_key, member: unknown) => (typeof member === 'bigint' ? member.toString() : member));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The default of a scalar of this type. */
export function defaultAtom(base: BaseType): Atom {
  switch (base.type) {
    case 'string':
      return '';
    case 'uuid':
      return ZERO_UUID;
    case 'boolean':
      return false;
    case 'integer':
    case 'real':
      return 0;
  }
}

/** JSON text of an atom. */
export function atomText(atom: Atom): string {
  return typeof atom === 'string' ? JSON.stringify(atom) : String(atom);
}

/** How many values a column holds: members of a set, pairs of a map, or one. */
export function sizeOf(value: Value | undefined): number {
  if (value === undefined) return 0;
  return typeof value !== 'object' ? 1 : Array.isArray(value) ? value.length : Object.keys(value).length;
}

const NOT_ASCII = /[^\x00-\x7f]/;

/** The order of ovsdb-server: numbers by value, false before true, strings by their UTF-8 bytes. */
export function compareAtoms(a: Atom, b: Atom): number {
  if (typeof a === 'string' && typeof b === 'string' && (NOT_ASCII.test(a) || NOT_ASCII.test(b)))
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
