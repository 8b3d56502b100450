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
import type { Identity } from '../identify/identify.js';
import type { PlannedRow } from './plan-draft.js';
import { OUTCOME, type PlanBasis, type TablePlan, translateRow, updateOf } from './table-plan.js';

/** Rows that would end with the same index key as a live row that stays. */
export async function findIndexConflicts(
  tables: readonly TablePlan[],
  basis: PlanBasis,
  breath: Breath,
): Promise<readonly (PlannedRow & { readonly problem: Problem })[]> {
  const found: (PlannedRow & { readonly problem: Problem })[] = [];
  for (const draft of tables) {
    const { table, backup, outcomes } = draft;
    if (table.indexes.length === 0) continue;
    const foreign = await keysOfOthers(draft, basis, breath);
    if (foreign.size === 0) continue;
    for (let i = 0; i < backup.count; i++) {
      if (outcomes[i] !== OUTCOME.INSERT && outcomes[i] !== OUTCOME.UPDATE) continue;
      const row = translateRow(table, backup.row(i), basis.identity, basis.options);
      const holder = keysOf(table, row)
        .map((key) => foreign.get(key))
        .find((other) => other !== undefined && other.by !== i);
      if (holder !== undefined) {
        const label = labelOf(table, row, backup.uuid(i));
        const way =
          basis.options.scopeRules === undefined ? 'restore with exact' : 'restore with a filter that takes it in';
        const message =
          `${label} cannot be restored: ${holder.label}, another row of the database, has the same ` +
          `${table.indexes.map((columns) => columns.join(' and ')).join(', or ')}. Delete or rename that row, or ` +
          way;
        found.push({ table: table.name, index: i, problem: { code: 'CONFLICT', message, table: table.name, label } });
      }
      if (breath.due()) await breath.rest();
    }
  }
  return found;
}

/**
 * Index keys of live rows that stay and are not what the backup says they are: only these can clash, since the rows
 * of a backup do not clash among themselves.
 */
async function keysOfOthers(
  draft: TablePlan,
  { identity }: PlanBasis,
  breath: Breath,
): Promise<ReadonlyMap<string, { label: string; by: number | undefined }>> {
  const { table, live, outcomes, updates } = draft;
  const indexed = new Set(table.indexes.flat());
  const keys = new Map<string, { label: string; by: number | undefined }>();
  const matchOf = new Map<number, number>();
  identity.matches.get(table.name)?.forEach((liveIndex, index) => matchOf.set(liveIndex, index));
  const deleted = new Set(draft.deletes);
  for (let i = 0; i < live.count; i++) {
    const by = matchOf.get(i);
    const outcome = by === undefined ? undefined : outcomes[by];
    const keepsItsKey =
      outcome === undefined ||
      outcome === OUTCOME.EXISTS ||
      outcome === OUTCOME.OUT ||
      (outcome === OUTCOME.UPDATE && updates.get(i)?.columns.some(({ column }) => indexed.has(column.name)) !== true);
    if (!keepsItsKey || deleted.has(i)) continue;
    const row = live.row(i);
    for (const key of keysOf(table, row)) keys.set(key, { label: labelOf(table, row, live.uuid(i)), by });
    if (breath.due()) await breath.rest();
  }
  return keys;
}

/** The row's keys in the indexes of its table, as texts. */
export function keysOf(table: TableSchema, row: Row): readonly string[] {
  return table.indexes.map(
    (columns, number) => `${number}${stringifyJson(columns.map((column): Json => (row[column] ?? null) as Json))}`,
  );
}

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
    tables.some(({ outcomes }) => outcomes.includes(OUTCOME.EXISTS) || outcomes.includes(OUTCOME.ACCESS)) ||
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
