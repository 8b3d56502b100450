/**
 * Verify: the database after applying against what was planned: this row is there or is not, this column has this
 * value, these members are in and those are out, these keys of a map have these values. What others add meanwhile is
 * nobody's fault. The database is the judge, not the server's reply: a cluster may say "timed out" of what it has
 * committed.
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
import { existsAfter } from './expected-rows.js';

export type { Verification } from './difference.js';

/**
 * ASSERTIONS: whether each planned change is in the database (here, and read-planned.ts). FULL: every row of the tables
 * touched is read back and compared (read-back.ts).
 */
export const VERIFY_MODES = ['ASSERTIONS', 'FULL'] as const;
export type VerifyMode = (typeof VERIFY_MODES)[number];

/** Looks for every planned change in a whole snapshot: what tests and benchmarks hold read-planned.ts against. */
export async function verifyPlan(plan: Plan, after: Snapshot, breath: Breath): Promise<Verification> {
  const found = new Differences();
  const exists = existsAfter(plan);
  for (const draft of plan.tables) {
    for (const difference of differences(draft, plan, { after, exists })) {
      found.add(draft.table.name, difference);
      if (breath.due()) await breath.rest();
    }
  }
  return found.verification;
}

/** For every touched row: how it differs, undefined when it does not. */
function* differences(
  draft: TablePlan,
  plan: Plan,
  { after, exists }: { readonly after: Snapshot; readonly exists: Exists },
): Generator<Difference | undefined> {
  const { table, backup, live, outcomes, updates, deletes } = draft;
  const rows = after.tables.get(table.name) as TableRows;
  const textOf = (uuid: string): Buffer | undefined => {
    const index = rows.find(uuid);
    return index === undefined ? undefined : rows.text(index);
  };
  for (let i = 0; i < backup.count; i++)
    if (outcomes[i] === OUTCOME.INSERT)
      yield insertedDifference(draft, plan, i, { text: textOf(backup.uuid(i)), exists });
  for (const update of updates.values())
    yield updatedDifference(draft, update, { text: textOf(live.uuid(update.liveIndex)), exists });
  for (const index of deletes) yield deletedDifference(draft, index, textOf(live.uuid(index)));
}
