/**
 * Columns that northd writes and that refer to rows (Network_Function_Group.network_function_active): a live row keeps
 * its own value, but not one that refers to a row which is to be deleted, for the server would refuse that. Pure.
 */
import type { Breath } from '../../lib/breath.js';
import { isRuntimeColumn } from '../../model/northbound/runtime.js';
import { referenceColumns, referencesIn, rewriteReferences } from '../../model/reference/reference.js';
import { type Identity, NO_MATCH } from '../identify/identify.js';
import { OUTCOME, type RowUpdate, type TablePlan } from './table-plan.js';

interface Draft extends TablePlan {
  readonly updates: Map<number, RowUpdate>;
}

/** Adds to the updates what takes such references away. */
export async function clearRuntimeReferences(
  tables: readonly Draft[],
  identity: Identity,
  breath: Breath,
): Promise<void> {
  const dying = new Set(tables.flatMap(({ live, deletes }) => deletes.map((index) => live.uuid(index))));
  if (dying.size === 0) return;
  for (const { table, live, outcomes, updates } of tables) {
    const columns = referenceColumns(table).filter(
      ({ column, key }) => key?.strong === true && isRuntimeColumn(table.name, column.name, {}),
    );
    const matches = columns.length === 0 ? [] : (identity.matches.get(table.name) ?? []);
    for (const [index, liveIndex] of matches.entries()) {
      if (breath.due()) await breath.rest();
      if (liveIndex === NO_MATCH || outcomes[index] === OUTCOME.OUT) continue;
      const row = live.row(liveIndex);
      for (const reference of columns) {
        const before = row[reference.column.name];
        if (before === undefined || !referencesIn(reference, before).some(({ uuid }) => dying.has(uuid))) continue;
        const after = rewriteReferences(reference, before, (uuid) => (dying.has(uuid) ? undefined : uuid));
        const update = updates.get(index);
        updates.set(index, {
          liveIndex,
          columns: [...(update?.columns ?? []), { column: reference.column, before, after }],
          attachments: update?.attachments ?? [],
        });
        outcomes[index] = OUTCOME.UPDATE;
      }
    }
  }
}
