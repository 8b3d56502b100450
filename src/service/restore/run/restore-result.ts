/** The result of a restore: counts of what was planned, and verified since. */

import {
  countChanges,
  countOutcomes,
  type Plan,
  type TableCounts,
  type TablePlan,
} from '../../../engine/plan/table-plan.js';
import { defined } from '../../../lib/defined.js';
import type { Problem } from '../../../lib/error.js';
import { resourceOf } from '../../../model/northbound/noun.js';
import { PULLED_IN_LISTED_MAX } from '../../backup/recorded-filter.js';
import type { ChangeCounts } from '../../change/change-page.js';
import type { Planned } from '../planner/restore-planner.js';
import type { RestoreResult } from '../record/restore-record.js';

export interface Ending {
  readonly planned: Planned;
  readonly dryRun: boolean;
  readonly elapsedMs: number;
  /** Transactions that it took, or would take. */
  readonly steps?: number;
  readonly errors?: readonly Problem[];
  readonly warnings?: readonly string[];
  readonly convergenceSeconds?: number;
}

export function planResult({
  planned,
  dryRun,
  elapsedMs,
  steps = 0,
  errors = [],
  warnings = [],
  convergenceSeconds,
}: Ending): RestoreResult {
  const { plan, notes, pulledIn, owners } = planned;
  // a plan with a problem is not carried out, not even in part
  const isPossible = plan.problems.length === 0;
  const details = plan.tables
    .map((draft) => ({
      resource: resourceOf(draft.table.name),
      table: draft.table.name,
      ...(isPossible ? countOutcomes(draft) : refused(draft)),
    }))
    .filter(({ total, deleted }) => total > 0 || deleted > 0);
  const sum = (pick: (detail: (typeof details)[number]) => number): number =>
    details.reduce((count, detail) => count + pick(detail), 0);
  return {
    success: errors.length === 0,
    dryRun,
    restoredCount: sum(({ restored }) => restored),
    skippedCount: sum(({ skipped }) => skipped),
    differingCount: sum(({ differing }) => differing),
    deletedCount: sum(({ deleted }) => deleted),
    errorCount: errors.length,
    details,
    warnings: [...notes, ...plan.warnings, ...warnings],
    errors: [...errors],
    processingTime: seconds(elapsedMs),
    changes: isPossible
      ? changeCounts(plan)
      : Object.fromEntries(details.map(({ table, skipped }) => [table, { SKIP: skipped }])),
    steps,
    owners: isPossible ? owners : [],
    pulledIn: pulledIn.slice(0, PULLED_IN_LISTED_MAX),
    pulledInCount: pulledIn.length,
    ...defined({ convergenceSeconds }),
  };
}

/** The counts of a table of which nothing is changed after all. */
function refused(draft: TablePlan): TableCounts {
  const counts = countOutcomes(draft);
  const { restored, skipped, differing } = counts;
  return {
    ...counts,
    restored: 0,
    skipped: skipped + restored,
    differing: differing + countChanges(draft).UPDATE,
    deleted: 0,
  };
}

function changeCounts(plan: Plan): ChangeCounts {
  return Object.fromEntries(plan.tables.map((draft) => [draft.table.name, countChanges(draft)]));
}

/** A result of nothing. @param elapsedMs time that it took */
export function emptyResult(dryRun: boolean, elapsedMs: number): RestoreResult {
  return {
    success: false,
    dryRun,
    restoredCount: 0,
    skippedCount: 0,
    differingCount: 0,
    deletedCount: 0,
    errorCount: 0,
    details: [],
    warnings: [],
    errors: [],
    processingTime: seconds(elapsedMs),
    changes: {},
    steps: 0,
    owners: [],
    pulledIn: [],
    pulledInCount: 0,
  };
}

/** A result of nothing, for these reasons. @param elapsedMs time that it took */
export function failedResult(dryRun: boolean, errors: readonly Problem[], elapsedMs = 0): RestoreResult {
  return { ...emptyResult(dryRun, elapsedMs), errors: [...errors], errorCount: errors.length };
}

/** 1234 ms are "1.234s". */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)}s`;
}
