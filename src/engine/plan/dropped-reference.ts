/**
 * Weak references to rows that will not be there: ovsdb-server takes those to deleted rows out of whatever row holds
 * them (RFC 7047, section 3.2, "refType"), also out of one that is not in scope, or that the backup does not hold. Such
 * a row changes, so that the plan has to know. It never takes in those to rows that are not inserted after all. Pure.
 */
import type { Breath } from '../../lib/breath.js';
import {
  type ReferenceColumn,
  referenceColumns,
  referencesIn,
  rewriteReferences,
} from '../../model/reference/reference.js';
import type { Row, Value } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { type Identity, NO_MATCH, rowsOfBackup } from '../identify/identify.js';
import { picked } from './merged-references.js';
import type { PlannedRow } from './plan-draft.js';
import { equalValues } from './row-diff.js';
import { type MemberUpdate, OUTCOME, type RowUpdate, type TablePlan } from './table-plan.js';

/** The updates of rows that lose references, each with what it was to do already. */
export async function dropReferences(
  tables: readonly TablePlan[],
  identity: Identity,
  breath: Breath,
): Promise<readonly (PlannedRow & { readonly update: RowUpdate })[]> {
  const found: (PlannedRow & { readonly update: RowUpdate })[] = [];
  const missing = missingRows(tables);
  if (missing.size === 0) return found;
  for (const { table, live, updates, deletes } of tables) {
    const columns = weakColumns(table).filter(({ key, value }) =>
      [key, value].some((to) => missing.has(to?.table ?? '')),
    );
    if (columns.length === 0) continue;
    const own = new Set(deletes);
    const matches = rowsOfBackup(identity.matches.get(table.name), live.count);
    for (let liveIndex = 0; liveIndex < live.count; liveIndex++) {
      if (breath.due()) await breath.rest();
      if (own.has(liveIndex)) continue;
      const before = updates.get(liveIndex) ?? { liveIndex, columns: [], members: [] };
      const row = live.row(liveIndex);
      const update = columns.reduce((last, column) => withoutMissing(last, column, row, missing), before);
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

/** The same, with rows of the backup that are not inserted, as nothing would hold them. */
function missingRows(tables: readonly TablePlan[]): Deleted {
  const missing = new Map<string, Set<string>>(
    [...deletedRows(tables)].map(([table, uuids]) => [table, new Set(uuids)]),
  );
  for (const { table, backup, outcomes } of tables) {
    if (!outcomes.includes(OUTCOME.NOT_HELD)) continue;
    const uuids = missing.get(table.name) ?? new Set();
    missing.set(table.name, uuids);
    outcomes.forEach((outcome, index) => {
      if (outcome === OUTCOME.NOT_HELD) uuids.add(backup.uuid(index));
    });
  }
  return missing;
}

/** The table's columns that hold weak references. */
export function weakColumns(table: TableSchema): readonly ReferenceColumn[] {
  return referenceColumns(table).filter(({ key, value }) => key?.strong === false || value?.strong === false);
}

/** The update, with the column as it is then; the same object when the column loses nothing. */
function withoutMissing(update: RowUpdate, reference: ReferenceColumn, live: Row, missing: Deleted): RowUpdate {
  const { column } = reference;
  const written = update.columns.find((diff) => diff.column === column);
  const known: MemberUpdate | undefined = update.members.find((members) => members.column === column);
  const before = live[column.name];
  const value = written === undefined ? (known ?? { after: before }).after : written.after;
  const isMissing = (to: string, uuid: string): boolean => missing.get(to)?.has(uuid) === true;
  if (value === undefined || !referencesIn(reference, value).some(({ table, uuid }) => isMissing(table, uuid)))
    return update;
  const there = (content: Value): Value | undefined =>
    rewriteReferences(reference, content, (uuid, to) => (isMissing(to, uuid) ? undefined : uuid));
  const after = there(value);
  if (written !== undefined) {
    const columns = update.columns.map((diff) => (diff === written ? { column, before, after } : diff));
    return { ...update, columns: columns.filter((diff) => !equalValues(diff.before, diff.after)) };
  }
  const added = known?.added === undefined ? undefined : there(known.added);
  const removed = before === undefined ? undefined : picked(reference, before, isMissing);
  const others = update.members.filter((members) => members !== known);
  if (added === undefined && removed === undefined) return { ...update, members: others };
  return { ...update, members: [...others, { column, added, removed, before, after }] };
}
