/**
 * Values that are kept without saying what they are: each atom as a digest. Whoever has an atom in hand can tell that
 * it is the same one; nobody can read it. UUIDs stay as they are: they are made by chance, and say nothing. Pure.
 */
import { createHash } from 'node:crypto';
import type { BaseType, ColumnSchema } from '../../ovsdb/database-schema.js';
import { type Atom, atomText, compareAtoms, type Value } from './row.js';
import { mapEntries } from './wire-notation.js';

const MARK = 'sealed:';
/** 128 bits. */
const DIGEST_CHARACTERS = 22;

/** @param salt one for each list, so that the same atom has another digest in each */
export function sealValue(column: ColumnSchema, value: Value, salt: string): Value {
  return mapAtoms(value, (atom, side) => (isKept(column, side) ? atom : `${MARK}${digestOf(atom, salt)}`));
}

/** The value with those of its atoms in the clear that are among the known ones, in canonical order. */
export function openValue(value: Value, salt: string, known: Iterable<Atom>): Value {
  const atoms = new Map<string, Atom>();
  for (const atom of known) atoms.set(`${MARK}${digestOf(atom, salt)}`, atom);
  return mapAtoms(value, (atom) => (typeof atom === 'string' ? (atoms.get(atom) ?? atom) : atom));
}

/** Every atom of a value, keys and values of a map alike. */
export function atomsOf(value: Value | undefined): readonly Atom[] {
  if (value === undefined) return [];
  if (typeof value !== 'object') return [value];
  if (!Array.isArray(value)) return mapEntries(value).flat();
  return (value as readonly (Atom | readonly Atom[])[]).flat();
}

type Side = 'key' | 'value';

function isKept({ key, value }: ColumnSchema, side: Side): boolean {
  const base: BaseType | undefined = side === 'key' ? key : value;
  return base?.type === 'uuid';
}

function mapAtoms(value: Value, change: (atom: Atom, side: Side) => Atom): Value {
  if (typeof value !== 'object') return change(value, 'key');
  if (!Array.isArray(value)) return Object.fromEntries(mapPairs(mapEntries(value), change)) as Record<string, Atom>;
  const [first] = value as readonly unknown[];
  if (Array.isArray(first)) return mapPairs(value as readonly (readonly [Atom, Atom])[], change);
  return (value as readonly Atom[]).map((atom) => change(atom, 'key')).sort(compareAny);
}

function mapPairs(
  pairs: readonly (readonly [Atom, Atom])[],
  change: (atom: Atom, side: Side) => Atom,
): readonly (readonly [Atom, Atom])[] {
  return pairs
    .map(([key, value]): readonly [Atom, Atom] => [change(key, 'key'), change(value, 'value')])
    .sort(([a], [b]) => compareAny(a, b));
}

/** What is still sealed is a text, whatever it stands for. */
function compareAny(a: Atom, b: Atom): number {
  if ((typeof a === 'string') === (typeof b === 'string')) return compareAtoms(a, b);
  return typeof a === 'string' ? 1 : -1;
}

function digestOf(atom: Atom, salt: string): string {
  return createHash('sha256')
    .update(`${salt} ${atomText(atom)}`)
    .digest('base64url')
    .slice(0, DIGEST_CHARACTERS);
}
