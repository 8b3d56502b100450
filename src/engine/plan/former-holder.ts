/**
 * Former holders: live rows that the backup holds, and that nothing would hold any more, go back to the rows that hold
 * them in the backup, where those are live. Pure.
 */
import type { Breath } from '../../lib/breath.js';
import {
  holderColumns,
  type ReferenceColumn,
  referencesIn,
  rewriteReferences,
} from '../../model/reference/reference.js';
import { type Row, sizeOf, type Value } from '../../model/row/row.js';
import { NO_MATCH } from '../identify/identify.js';
import { isOpenSet, picked, union } from './merged-references.js';
import type { PlannedRow } from './plan-draft.js';
import { type PlanBasis, type RowUpdate, type TablePlan } from './table-plan.js';

/** A row that takes others back. */
export interface FormerHolder extends PlannedRow {
  /** What is to become of it, with those rows in it. */
  readonly update: RowUpdate;
  /** Column -> the references to those rows alone. */
  readonly taken: Readonly<Record<string, Value>>;
}

export interface Search {
  /** Names live rows that look for a holder, by UUID. */
  readonly isWaiting: (table: string, uuid: string) => boolean;
  /** Names live rows of the table that stay, by number. */
  readonly stays: (liveIndex: number) => boolean;
  /** What is to become of a live row so far. */
  readonly updateOf: (liveIndex: number) => RowUpdate | undefined;
}

/** The rows of one table that take others back. */
export async function* findFormerHolders(
  { table, backup, live }: TablePlan,
  { live: { schema }, identity }: PlanBasis,
  { isWaiting, stays, updateOf }: Search,
  breath: Breath,
): AsyncGenerator<FormerHolder> {
  const columns = holderColumns(schema, table);
  const matches = identity.matches.get(table.name);
  for (let index = 0; columns.length > 0 && index < backup.count; index++) {
    if (breath.due()) await breath.rest();
    const liveIndex = matches?.[index] ?? NO_MATCH;
    if (liveIndex === NO_MATCH || !stays(liveIndex)) continue;
    const row = backup.row(index);
    const taken: Record<string, Value> = {};
    let update = updateOf(liveIndex) ?? { liveIndex, columns: [], members: [] };
    for (const reference of columns) {
      const { name } = reference.column;
      const wanted = row[name];
      if (wanted === undefined) continue;
      const inLive = rewriteReferences(reference, wanted, (uuid) => identity.translation.get(uuid) ?? uuid);
      const now = live.row(liveIndex);
      const held = new Set(referencesIn(reference, valueIn(update, reference, now)).map(({ uuid }) => uuid));
      const isWanted = (to: string, uuid: string): boolean => isWaiting(to, uuid) && !held.has(uuid);
      const added = inLive === undefined ? undefined : picked(reference, inLive, isWanted);
      const wider = added === undefined ? undefined : widened(update, reference, now, added);
      if (wider === undefined) continue;
      taken[name] = added as Value;
      update = wider;
    }
    if (Object.keys(taken).length > 0) yield { table: table.name, index, update, taken };
  }
}

/** What the column is to hold so far. */
function valueIn({ columns, members }: RowUpdate, { column }: ReferenceColumn, live: Row): Value | undefined {
  const written = [...columns, ...members].find((change) => change.column === column);
  return written === undefined ? live[column.name] : written.after;
}

/** The update with these references too; undefined where the column has no place for them. */
function widened(update: RowUpdate, reference: ReferenceColumn, live: Row, added: Value): RowUpdate | undefined {
  const { column } = reference;
  const [before, now] = [live[column.name], valueIn(update, reference, live)];
  const after = union(column, now, added);
  if (sizeOf(after) !== sizeOf(now) + sizeOf(added) || sizeOf(after) > column.max) return undefined;
  const known = update.members.find((members) => members.column === column);
  const isWhole = update.columns.some((diff) => diff.column === column) || (known === undefined && !isOpenSet(column));
  if (isWhole)
    return {
      ...update,
      columns: [...update.columns.filter((diff) => diff.column !== column), { column, before, after }],
    };
  const members = { column, before, after, removed: known?.removed, added: union(column, known?.added, added) };
  return { ...update, members: [...update.members.filter((other) => other !== known), members] };
}
