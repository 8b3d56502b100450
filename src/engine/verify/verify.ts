/**
 * Verify: the database after applying, captured again, against what the plan said of every row that it touched.
 * The capture is the judge, not the server's reply: rows that nothing holds vanish after a reply that says "fine".
 */

import type { Breath } from '../../lib/breath.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import { OUTCOME, type Plan, type TablePlan } from '../plan/table-plan.js';
import {
  type Difference,
  Differences,
  deletedDifference,
  type Exists,
  insertedDifference,
  updatedDifference,
  type Verification,
} from './difference.js';

export type { Verification } from './difference.js';

/**
 * ASSERTIONS: whether each planned change is in the database (verifyPlan). FULL: every row of the tables touched is
 * read back and compared (read-back.ts).
 */
export const VERIFY_MODES = ['ASSERTIONS', 'FULL'] as const;
export type VerifyMode = (typeof VERIFY_MODES)[number];

/** Compares every touched row. @param onProgress told how many rows have been compared */
export async function verifyPlan(
  plan: Plan,
  after: Snapshot,
  breath: Breath,
  onProgress?: (compared: number) => void,
): Promise<Verification> {
  const found = new Differences();
  for (const draft of plan.tables) {
    for (const difference of differences(draft, plan, after)) {
      found.add(draft.table.name, difference);
      if (breath.due()) {
        onProgress?.(found.count);
        await breath.rest();
      }
    }
  }
  onProgress?.(found.count);
  return found.verification;
}

/** For every touched row: how it differs, undefined when it does not. */
function* differences(draft: TablePlan, plan: Plan, after: Snapshot): Generator<Difference | undefined> {
  const { table, backup, live, outcomes, updates, deletes } = draft;
  const rows = after.tables.get(table.name) as TableRows;
  const textOf = (uuid: string): Buffer | undefined => {
    const index = rows.find(uuid);
    return index === undefined ? undefined : rows.text(index);
  };
  const exists: Exists = (to, uuid) => after.tables.get(to)?.find(uuid) !== undefined;
  for (let i = 0; i < backup.count; i++)
    if (outcomes[i] === OUTCOME.INSERT)
      yield insertedDifference(draft, plan, i, { text: textOf(backup.uuid(i)), exists });
  for (const update of updates.values())
    yield updatedDifference(draft, update, { text: textOf(live.uuid(update.liveIndex)), exists });
  for (const index of deletes) yield deletedDifference(draft, index, textOf(live.uuid(index)));
}
