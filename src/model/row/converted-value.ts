/**
 * Values of a column whose type changes, as ovsdb-server converts them when a database gets another schema: it writes a
 * value as JSON by the old type, and reads that by the new one.
 *
 * One value, an optional one and a set are the same as long as the number of values fits; a map is a map and nothing
 * else. Integers become reals; no other atom becomes one of another type. A default is a value like any other: what was
 * 0 is 0 in a column that may be unset, and what was unset does not become 0.
 */
import { type BaseType, type ColumnSchema } from '../../ovsdb/database-schema.js';
import { stringifyJson } from '../../ovsdb/json.js';
import { type Atom, defaultAtom, RowError, type Value } from './row.js';
import { type Pair, plainMap } from './row-change.js';
import { mapEntries } from './wire-notation.js';

const KINDS = { scalar: 'single value', optional: 'value', set: 'set', map: 'map' } as const;

/** True when every value of one column is a value of the other as it stands. */
export function isSameType(a: ColumnSchema, b: ColumnSchema): boolean {
  return typeText(a) === typeText(b);
}

function typeText({ kind, min, max, key, value }: ColumnSchema): string {
  // undefined and Infinity are no JSON
  return stringifyJson([kind, String(min), String(max), { ...key }, value === undefined ? null : { ...value }]);
}

/**
 * A value in the shape of another column's. Whether that column allows its atoms, and so many, is checked when it is
 * encoded.
 * @param value undefined for the default of `from`
 * @returns undefined when it is unset
 * @throws RowError when it has no such shape
 */
export function convertedValue(
  from: ColumnSchema,
  to: ColumnSchema,
  value: Value | undefined,
  place: string,
): Value | undefined {
  if ((from.kind === 'map') !== (to.kind === 'map'))
    throw new RowError(`${place}: a ${KINDS[from.kind]} cannot become a ${KINDS[to.kind]}`);
  if (to.kind === 'map') {
    const pairs = pairsOf(from, value);
    if (pairs.length > 0) {
      checkAtomTypes(from.key, to.key, place);
      checkAtomTypes(from.value as BaseType, to.value as BaseType, place);
    }
    return plainMap(to, pairs, place);
  }
  const atoms = atomsOf(from, value);
  if (atoms.length > 0) checkAtomTypes(from.key, to.key, place);
  if (to.kind === 'set') return atoms;
  if (atoms.length > 1) throw new RowError(`${place}: holds ${atoms.length} values, at most one is allowed`);
  if (atoms.length === 0 && to.kind === 'scalar') throw new RowError(`${place}: is unset, and a value is needed`);
  return atoms[0];
}

function checkAtomTypes(from: BaseType, to: BaseType, place: string): void {
  if (from.type !== to.type && !(from.type === 'integer' && to.type === 'real'))
    throw new RowError(`${place}: ${from.type} values cannot become ${to.type} values`);
}

function atomsOf({ kind, min, key }: ColumnSchema, value: Value | undefined): readonly Atom[] {
  if (value === undefined) return min === 0 ? [] : [defaultAtom(key)];
  return kind === 'set' ? (value as readonly Atom[]) : [value as Atom];
}

function pairsOf({ min, key, value: base }: ColumnSchema, value: Value | undefined): readonly Pair[] {
  if (value !== undefined || min === 0) return mapEntries(value);
  return [[defaultAtom(key), defaultAtom(base as BaseType)]];
}
