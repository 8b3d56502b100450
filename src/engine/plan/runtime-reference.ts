/**
 * Columns that northd writes and that refer to rows (Network_Function_Group.network_function_active): a live row keeps
 * its own value, but not one that refers to a row which is to be deleted, for the server would refuse that. Pure.
 */
import type { Breath } from '../../lib/breath.js';
import { isRuntimeColumn } from '../../model/northbound/runtime.js';
import { referenceColumns, referencesIn, rewriteReferences } from '../../model/reference/reference.js';
import { type Identity, NO_MATCH } from '../identify/identify.js';
import type { PlannedRow } from './plan-draft.js';
import { OUTCOME, type RowUpdate, type TablePlan } from './table-plan.js';

/** The updates of rows that hold such references, each with what it was to do and with what takes those away. */
export async function runtimeReferenceUpdates(
  tables: readonly TablePlan[],
  identity: Identity,
  breath: Breath,
): Promise<readonly (PlannedRow & { readonly update: RowUpdate })[]> {
  const found: (PlannedRow & { readonly update: RowUpdate })[] = [];
  const dying = new Set(tables.flatMap(({ live, deletes }) => deletes.map((index) => live.uuid(index))));
  if (dying.size === 0) return found;
  for (const { table, live, outcomes, updates } of tables) {
    const columns = referenceColumns(table).filter(
      ({ column, key }) => key?.strong === true && isRuntimeColumn(table.name, column.name, {}),
    );
    const matches = columns.length === 0 ? [] : (identity.matches.get(table.name) ?? []);
    for (const [index, liveIndex] of matches.entries()) {
      if (breath.due()) await breath.rest();
      if (liveIndex === NO_MATCH || outcomes[index] === OUTCOME.OUT) continue;
      const row = live.row(liveIndex);
      let update = updates.get(liveIndex);
      let isCleared = false;
      for (const reference of columns) {
        const before = row[reference.column.name];
        if (before === undefined || !referencesIn(reference, before).some(({ uuid }) => dying.has(uuid))) continue;
        const after = rewriteReferences(reference, before, (uuid) => (dying.has(uuid) ? undefined : uuid));
        isCleared = true;
        update = {
          liveIndex,
          columns: [...(update?.columns ?? []), { column: reference.column, before, after }],
          members: update?.members ?? [],
        };
      }
      if (isCleared && update !== undefined) found.push({ table: table.name, index, update });
    }
  }
  return found;
}
