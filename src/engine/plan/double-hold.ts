/**
 * Ownership: a port that a restore puts into a switch must not stay in another one. That can only come
 * about when the port was moved since the backup, into a switch that the restore leaves as it is. Neither taking it
 * out there nor leaving it out here is for a program to decide, so such a plan is not carried out. Pure.
 */

import type { Breath } from '../../lib/breath.js';
import type { Problem } from '../../lib/error.js';
import { holderOf } from '../../model/northbound/holder.js';
import { holderColumns, type ReferenceColumn, referencesIn } from '../../model/reference/reference.js';
import type { Row, Value } from '../../model/row/row.js';
import type { DatabaseSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import { NO_MATCH, rowsOfBackup } from '../identify/identify.js';
import type { PlannedRow } from './plan-draft.js';
import { OUTCOME, type PlanBasis, type TablePlan, translateRow, updateOf, valuesAfter } from './table-plan.js';

/** A live row that the plan puts into a holder. */
interface Taken {
  readonly child: { readonly table: string; readonly uuid: string };
  readonly holder: { readonly table: string; readonly index: number; readonly uuid: string; readonly label: string };
}

/** Rows of the backup that would hold what a live row holds and goes on holding. */
export async function findDoubleHolds(
  tables: readonly TablePlan[],
  basis: PlanBasis,
  breath: Breath,
): Promise<readonly (PlannedRow & { readonly problem: Problem })[]> {
  const taken = new Map<string, Taken>();
  for (const draft of tables) await collectTaken(draft, basis, taken, breath);
  if (taken.size === 0) return [];
  const found: (PlannedRow & { readonly problem: Problem })[] = [];
  for (const draft of tables) {
    for await (const { uuid, holder } of remainingHolds(draft, basis, taken, breath)) {
      const { child, holder: wanted } = taken.get(uuid) as Taken;
      const rows = basis.live.tables.get(child.table);
      const label = labelOf(
        basis.live.schema.tables.get(child.table) ?? draft.table,
        rows?.row(rows.find(uuid) ?? 0) ?? {},
        uuid,
      );
      const message =
        `${label} cannot be in ${wanted.label}: it is in ${holder} now, which the restore leaves as it is. Take it ` +
        'out there first, or restore ' +
        (basis.options.scopeRules === undefined ? 'with OVERWRITE and exact' : 'with a filter that takes both in');
      found.push({
        table: wanted.table,
        index: wanted.index,
        problem: { code: 'CONFLICT', message, table: wanted.table, label: wanted.label },
      });
    }
  }
  return found;
}

/** Live rows of exclusive tables that an insert holds, or that an update puts where they were not. */
async function collectTaken(
  draft: TablePlan,
  { live, identity, options }: PlanBasis,
  taken: Map<string, Taken>,
  breath: Breath,
): Promise<void> {
  const { table, backup, outcomes } = draft;
  const columns = exclusiveColumns(live.schema, table);
  if (columns.length === 0) return;
  const take = (
    row: { readonly [column: string]: Value | undefined },
    before: Row,
    index: number,
    uuid: string,
  ): void => {
    let holder: Taken['holder'] | undefined;
    for (const column of columns) {
      const held = new Set(referencesIn(column, before[column.column.name]).map((reference) => reference.uuid));
      for (const { table: to, uuid: child } of referencesIn(column, row[column.column.name])) {
        if (held.has(child) || live.tables.get(to)?.find(child) === undefined) continue;
        // made once: a row can hold very many
        holder ??= { table: table.name, index, uuid, label: labelOf(table, backup.row(index), uuid) };
        taken.set(child, { child: { table: to, uuid: child }, holder });
      }
    }
  };
  for (let i = 0; i < backup.count; i++) {
    const update = updateOf(draft, identity, i);
    if (outcomes[i] === OUTCOME.INSERT) {
      take(translateRow(table, backup.row(i), identity, options), {}, i, backup.uuid(i));
    } else if (outcomes[i] === OUTCOME.UPDATE && update !== undefined) {
      take(valuesAfter(update), draft.live.row(update.liveIndex), i, draft.live.uuid(update.liveIndex));
    }
    if (breath.due()) await breath.rest();
  }
}

/** The table's columns whose rows are in no other holder. */
export function exclusiveColumns(schema: DatabaseSchema, table: TableSchema): readonly ReferenceColumn[] {
  return holderColumns(schema, table).filter(({ key }) => holderOf(key?.table ?? '')?.table === table.name);
}

/**
 * What live rows of this table still hold, of what was taken, when the plan has been carried out, and do not hold in
 * the backup.
 */
async function* remainingHolds(
  draft: TablePlan,
  { live: snapshot, identity, options }: PlanBasis,
  taken: ReadonlyMap<string, Taken>,
  breath: Breath,
): AsyncGenerator<{ uuid: string; holder: string }> {
  const { table, live, updates } = draft;
  const columns = exclusiveColumns(snapshot.schema, table);
  if (columns.length === 0) return;
  const deleted = new Set(draft.deletes);
  const matches = rowsOfBackup(identity.matches.get(table.name), live.count);
  for (let i = 0; i < live.count; i++) {
    if (deleted.has(i)) continue;
    const update = updates.get(i);
    const before = live.row(i);
    const row = update === undefined ? before : { ...before, ...valuesAfter(update) };
    for (const column of columns) {
      const held = referencesIn(column, row[column.column.name]).filter(
        ({ uuid }) => taken.has(uuid) && taken.get(uuid)?.holder.uuid !== live.uuid(i),
      );
      const index = matches[i] ?? NO_MATCH;
      if (held.length === 0) continue;
      // a backup of a database in which a port was in two has it in two
      const known = new Set(
        index === NO_MATCH
          ? []
          : referencesIn(
              column,
              translateRow(table, draft.backup.row(index), identity, options)[column.column.name],
            ).map(({ uuid }) => uuid),
      );
      for (const { uuid } of held) if (!known.has(uuid)) yield { uuid, holder: labelOf(table, before, live.uuid(i)) };
    }
    if (breath.due()) await breath.rest();
  }
}
