/**
 * A value in one form, whether it comes from a backup or from a server: the texts of its atoms, sorted. This is not how
 * restores read and compare values (model/row), so that a fault there does not hide here. Pure.
 */
import type { ColumnSchema } from '../../../ovsdb/database-schema.js';
import { isObject, type Json, stringifyJson } from '../../../ovsdb/json.js';

/** Atoms, or pairs of a map; one of a scalar. */
export type Atoms = readonly string[];

const PAIR = '\u0000';
const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

/** Notation of RFC 7047, section 5.1. */
export function wireAtoms(value: Json | undefined): Atoms {
  if (value === undefined) return [];
  const [kind, content] = (Array.isArray(value) ? value : []) as readonly Json[];
  if (kind === 'set') return (content as readonly Json[]).map(atomText).sort();
  if (kind !== 'map') return [atomText(value)];
  return (content as readonly (readonly [Json, Json])[]).map(([k, v]) => atomText(k) + PAIR + atomText(v)).sort();
}

/** As a backup has it: a set is a list, a map an object or a list of pairs; a default is left out. */
export function backupAtoms(column: ColumnSchema, value: Json | undefined): Atoms {
  if (value === undefined || value === null) return column.kind === 'scalar' ? [defaultText(column)] : [];
  if (column.kind === 'map') {
    const pairs = isObject(value) ? Object.entries(value) : (value as readonly (readonly [Json, Json])[]);
    return pairs.map(([k, v]) => atomText(k) + PAIR + atomText(v)).sort();
  }
  return column.kind === 'set' ? (value as readonly Json[]).map(atomText).sort() : [atomText(value)];
}

export function isEqual(one: Atoms, other: Atoms): boolean {
  return one.length === other.length && one.every((atom, i) => atom === other[i]);
}

/** The UUIDs that stand as keys or members, and as values of a map. */
export function partsOf(atom: string): readonly [key: string, value: string | undefined] {
  const at = atom.indexOf(PAIR);
  return at === -1 ? [atom, undefined] : [atom.slice(0, at), atom.slice(at + 1)];
}

/** A UUID comes as ["uuid", "..."]. */
function atomText(value: Json): string {
  const [, uuid] = (Array.isArray(value) ? value : []) as readonly Json[];
  const atom = uuid ?? value;
  return typeof atom === 'string' ? atom : stringifyJson(atom);
}

function defaultText({ key: { type } }: ColumnSchema): string {
  if (type === 'string') return '';
  if (type === 'boolean') return 'false';
  return type === 'uuid' ? ZERO_UUID : '0';
}
