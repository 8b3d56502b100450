/**
 * The value that a column is to have when a restore is undone: what the restore changed of it is as it was before, and
 * what others made of it since stays. A set is undone member by member, a map key by key. But a set that others wrote
 * anew, as the addresses of a port are written, is one value: both values in one set would be what nobody ever set.
 * Pure.
 */
import { type Atom, atomText, compareAtoms, type Value } from '../../model/row/row.js';
import { atomsOf } from '../../model/row/sealed-value.js';
import { mapEntries } from '../../model/row/wire-notation.js';
import type { ColumnSchema } from '../../ovsdb/database-schema.js';
import { equalValues } from '../plan/row-diff.js';

/** What a column held before the restore and after it, and what it holds now. */
export interface ColumnValues {
  readonly now: Value | undefined;
  readonly before: Value | undefined;
  readonly after: Value | undefined;
}

/** What becomes of a value, or of a key of a map, that others changed since the restore changed it. */
export type ChangedSince = 'UNDO' | 'LEAVE';

export interface ValueBefore {
  readonly value: Value | undefined;
  /** What others changed since of what the restore changed: the column, or keys of it. Undefined: nothing. */
  readonly changedSince?: string;
}

export interface UndoRules {
  readonly changedSince: ChangedSince;
  /** Whether a set is always undone member by member, as others put members in and take them out one by one. */
  readonly isCollection: boolean;
  /** Keys of the column, a map, that are nobody's configuration: they stay as they are. */
  readonly runtimeKeys: readonly string[];
}

export function valueBefore(column: ColumnSchema, values: ColumnValues, rules: UndoRules): ValueBefore {
  if (column.kind === 'set') {
    const value = membersBefore(values);
    const isMerged = rules.isCollection || !isReplaced(values);
    if (isMerged && isAllowed(column, value === undefined ? 0 : (value as readonly Atom[]).length)) return { value };
  } else if (column.kind === 'map') {
    const undone = keysBefore(column, values, rules);
    if (isAllowed(column, mapEntries(undone.value).length)) return undone;
  }
  const { now, before, after } = values;
  if (equalValues(now, before)) return { value: now };
  if (equalValues(now, after)) return { value: before };
  return { value: rules.changedSince === 'LEAVE' ? now : before, changedSince: column.name };
}

/** With what others put into it or took out of it, a set may hold more than it can, or less. */
function isAllowed({ min, max }: ColumnSchema, count: number): boolean {
  return count >= min && count <= max;
}

/** Whether others have put something else in the place of what the restore put into a set. */
function isReplaced({ now, before, after }: ColumnValues): boolean {
  const [was, became, is] = [new Set(atomsOf(before)), new Set(atomsOf(after)), new Set(atomsOf(now))];
  const isGone = [...became].some((atom) => !was.has(atom) && !is.has(atom));
  return isGone && [...is].some((atom) => !was.has(atom) && !became.has(atom));
}

/** A set without the members that the restore added, and with those that it took away. */
export function membersBefore({ now, before, after }: ColumnValues): Value | undefined {
  const [was, became, is] = [atomsOf(before), atomsOf(after), atomsOf(now)];
  const [inWas, inBecame, inIs] = [new Set(was), new Set(became), new Set(is)];
  const left = is.filter((atom) => inWas.has(atom) || !inBecame.has(atom));
  const back = was.filter((atom) => !inBecame.has(atom) && !inIs.has(atom));
  return left.length + back.length === 0 ? undefined : [...left, ...back];
}

function keysBefore(
  column: ColumnSchema,
  { now, before, after }: ColumnValues,
  { changedSince, runtimeKeys }: UndoRules,
): ValueBefore {
  const [was, became, is] = [before, after, now].map((value) => new Map(mapEntries(value))) as [
    Map<Atom, Atom>,
    Map<Atom, Atom>,
    Map<Atom, Atom>,
  ];
  const runtime = new Set<Atom>(runtimeKeys);
  const since: Atom[] = [];
  let isSame = true;
  for (const key of new Set([...was.keys(), ...became.keys()])) {
    const [old, current] = [was.get(key), is.get(key)];
    if (runtime.has(key) || old === became.get(key) || current === old) continue;
    if (current !== became.get(key)) {
      since.push(key);
      if (changedSince === 'LEAVE') continue;
    }
    isSame = false;
    if (old === undefined) is.delete(key);
    else is.set(key, old);
  }
  const told = since.length === 0 ? {} : { changedSince: keysOf(column, since) };
  return { value: isSame ? now : mapOf(is, Array.isArray(now ?? before ?? after)), ...told };
}

function mapOf(map: ReadonlyMap<Atom, Atom>, isPairs: boolean): Value | undefined {
  if (map.size === 0) return undefined;
  const pairs = [...map].sort(([a], [b]) => compareAtoms(a, b));
  return isPairs ? pairs : (Object.fromEntries(pairs) as Record<string, Atom>);
}

const KEYS_NAMED_MAX = 3;

/** Keys as ovn-nbctl writes them: "external_ids:a, external_ids:b and 5 more". */
function keysOf({ name }: ColumnSchema, keys: readonly Atom[]): string {
  const named = keys
    .slice(0, KEYS_NAMED_MAX)
    .map((key) => `${name}:${typeof key === 'string' ? key : atomText(key)}`)
    .join(', ');
  return keys.length <= KEYS_NAMED_MAX ? named : `${named} and ${keys.length - KEYS_NAMED_MAX} more`;
}
