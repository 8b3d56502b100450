/**
 * How the references of a backup's row and of its live match come together. Pure.
 *
 * Without `exact` nothing that lives only in the database is taken away: a port that was created since
 * the backup stays in its switch and, with its ACLs, in its port groups.
 */
import { type ReferenceColumn, referenceColumns, referencesIn } from '../../model/reference/reference.js';
import { type Atom, compareAtoms, type Row, sizeOf, type Value } from '../../model/row/row.js';
import { mapEntries } from '../../model/row/wire-notation.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import type { ColumnDiff } from './row-diff.js';
import type { MemberUpdate, RowUpdate } from './table-plan.js';

type Picks = (table: string, uuid: string) => boolean;

/** The row `wanted`, with those of the live row's references that `keep` picks put back into sets and maps. */
export function keepLiveReferences(table: TableSchema, wanted: Row, live: Row, keep: Picks): Row {
  const kept: Record<string, Value> = {};
  for (const reference of referenceColumns(table)) {
    const { column } = reference;
    const now = live[column.name];
    if (now === undefined) continue;
    const target = wanted[column.name];
    if (column.kind === 'optional' || column.kind === 'scalar') {
      // a reference to a table left out is nobody's business here
      if (target === undefined && referencesIn(reference, now).some(({ table: to, uuid }) => keep(to, uuid)))
        kept[column.name] = now;
      continue;
    }
    const merged = union(column, target, picked(reference, now, keep));
    if (merged !== undefined) kept[column.name] = merged;
  }
  return Object.keys(kept).length === 0 ? wanted : { ...wanted, ...kept };
}

/** The references to inserted rows that a live row takes in. */
export interface Attachments extends Pick<RowUpdate, 'columns' | 'members'> {
  /** Names of the columns that nothing but these references told from the backup's. */
  readonly complete: ReadonlySet<string>;
  /** Names of the columns in which others are in the place of such references: they stay as they are. */
  readonly taken: readonly string[];
}

/** The references to inserted rows that the backup's row holds and the live row lacks. */
export function attachReferences(table: TableSchema, wanted: Row, live: Row, isInserted: Picks): Attachments {
  const columns: ColumnDiff[] = [];
  const members: MemberUpdate[] = [];
  const complete = new Set<string>();
  const taken: string[] = [];
  for (const reference of referenceColumns(table)) {
    const { column } = reference;
    const target = wanted[column.name];
    const added = target === undefined ? undefined : picked(reference, target, isInserted);
    if (added === undefined) continue;
    const before = live[column.name];
    const after = union(column, before, added);
    if (column.kind !== 'set' && sizeOf(after) < sizeOf(before) + sizeOf(added)) taken.push(column.name);
    if (sizeOf(after) === sizeOf(before)) continue;
    if (isOpenSet(column)) members.push({ column, added, before, after });
    else columns.push({ column, before, after });
    if (sizeOf(after) === sizeOf(target)) complete.add(column.name);
  }
  return { columns, members, complete, taken };
}

/** Whether members can come to the column and go from it, whatever else is in it. */
export function isOpenSet({ kind, max }: ColumnSchema): boolean {
  return kind === 'set' && max === Infinity;
}

/** The part of a column's value that refers to rows that are picked, in the column's own shape. */
export function picked({ column, key, value }: ReferenceColumn, content: Value, picks: Picks): Value | undefined {
  const picksAtom = (to: { table: string } | undefined, atom: Atom): boolean =>
    to !== undefined && picks(to.table, String(atom));
  if (column.kind === 'map') {
    const pairs = mapEntries(content).filter(([k, v]) => picksAtom(key, k) || picksAtom(value, v));
    if (pairs.length === 0) return undefined;
    return Array.isArray(content) ? pairs : (Object.fromEntries(pairs) as Record<string, Atom>);
  }
  if (column.kind !== 'set') return picksAtom(key, content as Atom) ? content : undefined;
  const atoms = (content as readonly Atom[]).filter((atom) => picksAtom(key, atom));
  return atoms.length === 0 ? undefined : atoms;
}

/** What is in either of two values of a column. In one place, a single one or a key of a map, that of `a` is taken. */
export function union(column: ColumnSchema, a: Value | undefined, b: Value | undefined): Value | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (column.kind === 'map') {
    const pairs = [...new Map([...mapEntries(b), ...mapEntries(a)])].sort((x, y) => compareAtoms(x[0], y[0]));
    return Array.isArray(a) ? pairs : (Object.fromEntries(pairs) as Record<string, Atom>);
  }
  if (column.kind !== 'set') return a;
  return [...new Set([...(a as readonly Atom[]), ...(b as readonly Atom[])])].sort(compareAtoms);
}
