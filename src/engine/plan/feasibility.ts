/**
 * What a server would refuse or silently drop at commit, found beforehand: two rows with one index
 * key, and rows of non-root tables that nothing would hold. Pure.
 */

import type { Breath } from '../../lib/breath.js';
import type { Problem } from '../../lib/error.js';
import { followStrong, type HoldingRow } from '../../model/reference/holding.js';
import { holderColumns, type Reference, referencesIn } from '../../model/reference/reference.js';
import type { Row } from '../../model/row/row.js';
import type { TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { type Json, stringifyJson } from '../../ovsdb/json.js';
import { labelOf } from '../describe/label.js';
import { type Identity, NO_MATCH, rowsOfBackup } from '../identify/identify.js';
import type { PlannedRow } from './plan-draft.js';
import { OUTCOME, type PlanBasis, rowAfter, type TablePlan, translateRow, updateOf } from './table-plan.js';

/** Rows that would get the index key of a live row that keeps it. */
export async function findIndexConflicts(
  tables: readonly TablePlan[],
  basis: PlanBasis,
  breath: Breath,
): Promise<readonly (PlannedRow & { readonly problem: Problem })[]> {
  const found: (PlannedRow & { readonly problem: Problem })[] = [];
  for (const draft of tables) {
    const { table, backup, outcomes } = draft;
    const isRekeyed = rekeyedRows(draft);
    if (table.indexes.length === 0 || (!outcomes.includes(OUTCOME.INSERT) && isRekeyed.size === 0)) continue;
    const foreign = await keysOfOthers(draft, isRekeyed, basis, breath);
    for (let i = 0; foreign.size > 0 && i < backup.count; i++) {
      if (breath.due()) await breath.rest();
      const row = rowWithNewKey(draft, isRekeyed, basis, i);
      if (row === undefined) continue;
      const holder = keysOf(table, row)
        .map((key) => foreign.get(key))
        .find((other) => other !== undefined);
      if (holder === undefined) continue;
      const label = labelOf(table, row, backup.uuid(i));
      const way =
        basis.options.scopeRules === undefined ? 'restore with exact' : 'restore with a filter that takes it in';
      const message =
        `${label} cannot be restored: ${holder}, another row of the database, has the same ` +
        `${table.indexes.map((columns) => columns.join(' and ')).join(', or ')}. Delete or rename that row, or ` +
        way;
      found.push({ table: table.name, index: i, problem: { code: 'CONFLICT', message, table: table.name, label } });
    }
  }
  return found;
}

/** Numbers of the live rows that get another index key. */
function rekeyedRows({ table, updates }: TablePlan): ReadonlySet<number> {
  const indexed = new Set(table.indexes.flat());
  const rekeyed = new Set<number>();
  if (indexed.size === 0) return rekeyed;
  for (const [liveIndex, { columns }] of updates)
    if (columns.some(({ column }) => indexed.has(column.name))) rekeyed.add(liveIndex);
  return rekeyed;
}

/** What a row of the backup is to be, if it comes with an index key that it has not had in the database. */
function rowWithNewKey(
  draft: TablePlan,
  isRekeyed: ReadonlySet<number>,
  { identity, options }: PlanBasis,
  index: number,
): Row | undefined {
  const { table, backup, live, outcomes } = draft;
  if (outcomes[index] === OUTCOME.INSERT) return translateRow(table, backup.row(index), identity, options);
  const update = outcomes[index] === OUTCOME.UPDATE ? updateOf(draft, identity, index) : undefined;
  return update === undefined || !isRekeyed.has(update.liveIndex)
    ? undefined
    : rowAfter(live.row(update.liveIndex), update);
}

/**
 * Index keys of live rows that stay and are not what the backup says they are, each with the row's label: only these
 * can clash, since the rows of a backup do not clash among themselves.
 */
async function keysOfOthers(
  draft: TablePlan,
  isRekeyed: ReadonlySet<number>,
  { identity }: PlanBasis,
  breath: Breath,
): Promise<ReadonlyMap<string, string>> {
  const { table, live, outcomes } = draft;
  const keys = new Map<string, string>();
  const matches = rowsOfBackup(identity.matches.get(table.name), live.count);
  const deleted = new Set(draft.deletes);
  for (let i = 0; i < live.count; i++) {
    if (breath.due()) await breath.rest();
    const outcome = outcomes[matches[i] ?? NO_MATCH];
    const keepsItsKey =
      outcome === undefined ||
      outcome === OUTCOME.EXISTS ||
      outcome === OUTCOME.LEARNED_DIFFERING ||
      outcome === OUTCOME.ACCESS_DIFFERING ||
      outcome === OUTCOME.OWN_CONNECTION ||
      outcome === OUTCOME.OUT ||
      (outcome === OUTCOME.UPDATE && !isRekeyed.has(i));
    if (!keepsItsKey || deleted.has(i)) continue;
    const row = live.row(i);
    for (const key of keysOf(table, row)) keys.set(key, labelOf(table, row, live.uuid(i)));
  }
  return keys;
}

/** The row's keys in the indexes of its table, as texts. */
export function keysOf(table: TableSchema, row: Row): readonly string[] {
  return table.indexes.map(
    (columns, number) => `${number}${stringifyJson(columns.map((column): Json => (row[column] ?? null) as Json))}`,
  );
}

/** Outcomes of rows that may not hold what they hold in the backup. */
const LEFT_ALONE = [
  OUTCOME.EXISTS,
  OUTCOME.ACCESS,
  OUTCOME.ACCESS_DIFFERING,
  OUTCOME.LEARNED,
  OUTCOME.LEARNED_DIFFERING,
  OUTCOME.OWN_CONNECTION,
] as const;

/**
 * Rows to be inserted into non-root tables that no row would hold, so that the server would drop them. It is a problem
 * where no row in scope holds one in the backup either: it would vanish without a word.
 */
export async function findUnheldRows(
  tables: readonly TablePlan[],
  basis: PlanBasis,
  breath: Breath,
): Promise<readonly (PlannedRow & { readonly problem?: Problem })[]> {
  // only where a live row was left as it is, or a row is out of scope, can a hold of the backup be missing
  const leftAlone =
    basis.options.scopeRules !== undefined ||
    tables.some(({ outcomes }) => LEFT_ALONE.some((outcome) => outcomes.includes(outcome))) ||
    tables.some(({ updates }) => [...updates.values()].some(({ members }) => members.length > 0));
  if (!leftAlone) return [];
  const waiting = new Map<string, PlannedRow>();
  for (const { table, backup, outcomes } of tables) {
    if (table.isRoot) continue;
    outcomes.forEach((outcome, index) => {
      if (outcome === OUTCOME.INSERT) waiting.set(backup.uuid(index), { table: table.name, index });
    });
  }
  if (waiting.size === 0) return [];
  for (const draft of tables) await releaseHeld(draft, waiting, basis, breath);
  if (waiting.size === 0 || basis.options.scopeRules === undefined) return [...waiting.values()];
  const held = await heldInScope(tables, basis, breath);
  return [...waiting].map(([uuid, row]) => (held.has(uuid) ? row : { ...row, problem: unheld(row, basis) }));
}

/** UUIDs of all rows that rows in scope hold in the backup. */
async function heldInScope(
  tables: readonly TablePlan[],
  { backup }: PlanBasis,
  breath: Breath,
): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  for (const { table, backup: rows, outcomes } of tables) {
    const columns = holderColumns(backup.schema, table);
    for (let i = 0; columns.length > 0 && i < rows.count; i++) {
      if (outcomes[i] === OUTCOME.OUT) continue;
      const row = rows.row(i);
      for (const column of columns)
        for (const { uuid } of referencesIn(column, row[column.column.name])) held.add(uuid);
      if (breath.due()) await breath.rest();
    }
  }
  return held;
}

function unheld({ table: name, index }: PlannedRow, { backup }: PlanBasis): Problem {
  const table = backup.schema.tables.get(name) as TableSchema;
  const rows = backup.tables.get(name) as TableRows;
  const label = labelOf(table, rows.row(index), rows.uuid(index));
  return {
    code: 'CONFLICT',
    message:
      `${label} cannot be restored: the row that holds it takes no part in this restore, and without it the ` +
      `database would drop ${label}`,
    table: name,
    label,
  };
}

/** Takes off the list what rows of this table will hold, and what those hold in turn. */
async function releaseHeld(
  draft: TablePlan,
  waiting: Map<string, PlannedRow>,
  { backup, live, identity }: PlanBasis,
  breath: Breath,
): Promise<void> {
  const release = ({ uuid }: Reference): HoldingRow | undefined => {
    const row = waiting.get(uuid);
    if (row === undefined) return undefined;
    waiting.delete(uuid);
    const table = backup.schema.tables.get(row.table) as TableSchema;
    return { table, row: backup.tables.get(row.table)?.row(row.index) ?? {} };
  };
  const { table } = draft;
  if (holderColumns(live.schema, table).length === 0) return;
  for (let i = 0; i < draft.backup.count && waiting.size > 0; i++) {
    for (const start of changedHolders(draft, identity, i))
      for (const _ of followStrong(start, release)) if (breath.due()) await breath.rest();
    if (breath.due()) await breath.rest();
  }
}

const NONE: readonly HoldingRow[] = [];

/** The row of the backup if it is a root to be inserted, or else the columns that it is to update, one by one. */
function changedHolders(draft: TablePlan, identity: Identity, index: number): readonly HoldingRow[] {
  const { table, backup, outcomes } = draft;
  if (outcomes[index] === OUTCOME.INSERT && table.isRoot) return [{ table, row: backup.row(index) }];
  const update = updateOf(draft, identity, index);
  if (update === undefined) return NONE;
  return [...update.columns, ...update.members].map(({ column, after }) => ({ table, row: { [column.name]: after } }));
}
