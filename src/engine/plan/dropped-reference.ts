/**
 * Weak references to rows that are deleted: ovsdb-server takes them out of whatever row holds them (RFC 7047, section
 * 3.2, "refType"), also out of one that is not in scope, or that the backup does not hold. Such a row changes, so that
 * the plan has to know. Pure.
 */
import type { Breath } from '../../lib/breath.js';
import {
  type ReferenceColumn,
  referenceColumns,
  referencesIn,
  rewriteReferences,
} from '../../model/reference/reference.js';
import type { Row } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { type Identity, NO_MATCH } from '../identify/identify.js';
import { picked } from './merged-references.js';
import type { PlannedRow } from './plan-draft.js';
import { equalValues } from './row-diff.js';
import type { MemberUpdate, RowUpdate, TablePlan } from './table-plan.js';

/** The updates of rows that lose references, each with what it was to do already. */
export async function dropReferences(
  tables: readonly TablePlan[],
  identity: Identity,
  breath: Breath,
): Promise<readonly (PlannedRow & { readonly update: RowUpdate })[]> {
  const found: (PlannedRow & { readonly update: RowUpdate })[] = [];
  const deleted = deletedRows(tables);
  if (deleted.size === 0) return found;
  for (const { table, live, updates, deletes } of tables) {
    const columns = weakColumns(table).filter(({ key, value }) =>
      [key, value].some((to) => deleted.has(to?.table ?? '')),
    );
    if (columns.length === 0) continue;
    const own = new Set(deletes);
    const matches = rowsOfBackup(identity.matches.get(table.name), live.count);
    for (let liveIndex = 0; liveIndex < live.count; liveIndex++) {
      if (breath.due()) await breath.rest();
      if (own.has(liveIndex)) continue;
      const before = updates.get(liveIndex) ?? { liveIndex, columns: [], members: [] };
      const row = live.row(liveIndex);
      const update = columns.reduce((last, column) => withoutDeleted(last, column, row, deleted), before);
      if (update !== before) found.push({ table: table.name, index: matches[liveIndex] ?? NO_MATCH, update });
    }
  }
  return found;
}

/** Table -> UUIDs of the live rows that are deleted. Tables of which none is are not in it. */
export type Deleted = ReadonlyMap<string, ReadonlySet<string>>;

export function deletedRows(tables: readonly TablePlan[]): Deleted {
  return new Map(
    tables
      .filter(({ deletes }) => deletes.length > 0)
      .map(({ table, live, deletes }) => [table.name, new Set(deletes.map((index) => live.uuid(index)))]),
  );
}

/** The table's columns that hold weak references. */
export function weakColumns(table: TableSchema): readonly ReferenceColumn[] {
  return referenceColumns(table).filter(({ key, value }) => key?.strong === false || value?.strong === false);
}

/** For each live row the number of its row in the backup, or NO_MATCH. */
function rowsOfBackup(matches: Int32Array | undefined, liveRows: number): Int32Array {
  const found = new Int32Array(liveRows).fill(NO_MATCH);
  matches?.forEach((liveIndex, index) => {
    if (liveIndex !== NO_MATCH) found[liveIndex] = index;
  });
  return found;
}

/** The update, with the column as it is then; the same object when the column loses nothing. */
function withoutDeleted(update: RowUpdate, reference: ReferenceColumn, live: Row, deleted: Deleted): RowUpdate {
  const { column } = reference;
  const written = update.columns.find((diff) => diff.column === column);
  const known: MemberUpdate | undefined = update.members.find((members) => members.column === column);
  const before = live[column.name];
  const value = written === undefined ? (known ?? { after: before }).after : written.after;
  const isDeleted = (to: string, uuid: string): boolean => deleted.get(to)?.has(uuid) === true;
  if (value === undefined || !referencesIn(reference, value).some(({ table, uuid }) => isDeleted(table, uuid)))
    return update;
  const after = rewriteReferences(reference, value, (uuid, to) => (isDeleted(to, uuid) ? undefined : uuid));
  if (written !== undefined) {
    const columns = update.columns.map((diff) => (diff === written ? { column, before, after } : diff));
    return { ...update, columns: columns.filter((diff) => !equalValues(diff.before, diff.after)) };
  }
  const removed = picked(reference, value, isDeleted);
  const others = update.members.filter((members) => members !== known);
  return { ...update, members: [...others, { column, added: known?.added, removed, before, after }] };
}
