/** The plan that takes a restore back: its list of changes, turned round, against the database as it is now. */

import { makePlan } from '../../../engine/plan/plan.js';
import { identifyByUuid, type UndoMode, undoTarget } from '../../../engine/undo/undo.js';
import type { Breath } from '../../../lib/breath.js';
import { AppError } from '../../../lib/error.js';
import { countRows, type Snapshot } from '../../../model/snapshot/snapshot.js';
import type { Store } from '../../../store/store.js';
import { changeLogKey } from '../../backup/layout.js';
import { readKeptChanges } from '../../change/change-log.js';
import { isFinal, type RestoreRecord } from '../record/restore-record.js';
import type { Planned, RestorePlanner } from './restore-planner.js';

export interface UndoPlanned extends Planned {
  /** Changes that are in the database, to be taken back, and those of which nothing is there. */
  readonly present: number;
  readonly absent: number;
}

export class UndoPlanner implements RestorePlanner {
  rows = 0;

  constructor(
    private readonly store: Store,
    /** Id of the restore to be undone. */
    private readonly restoreId: string,
    private readonly mode: UndoMode,
  ) {}

  get subject(): string {
    return `what restore ${this.restoreId} changed`;
  }

  /** The list is read while it is planned with: it may be long. */
  read(): Promise<void> {
    return Promise.resolve();
  }

  async plan(live: Snapshot, breath: Breath): Promise<UndoPlanned> {
    const { target, conflicts, warnings, present, absent } = await undoTarget(
      live,
      readKeptChanges(this.store, this.restoreId),
      this.mode,
      breath,
    );
    this.rows = countRows(target);
    const plan = await makePlan(
      target,
      live,
      identifyByUuid(target, live),
      { policy: 'OVERWRITE', exact: true, restoreAccess: true },
      breath,
    );
    return {
      plan: conflicts.length === 0 ? plan : { ...plan, problems: [...conflicts, ...plan.problems] },
      notes: warnings,
      pulledIn: [],
      present,
      absent,
    };
  }
}

/** @throws AppError CONFLICT for a restore that has not ended, changed nothing, or is undone already */
export async function checkUndoable(
  { id, dryRun, phase, result, undoneBy }: RestoreRecord,
  store: Store,
): Promise<void> {
  if (dryRun) throw new AppError('CONFLICT', `Restore ${id} was a dry run: it changed nothing that could be undone`);
  if (undoneBy !== undefined) throw new AppError('CONFLICT', `Restore ${id} is undone already, by restore ${undoneBy}`);
  if (!isFinal(phase) && phase !== 'AWAITING_CONFIRMATION')
    throw new AppError('CONFLICT', `Restore ${id} is ${phase}: wait for its end`);
  if (result === undefined || result.steps === 0)
    throw new AppError('CONFLICT', `Restore ${id} changed nothing that could be undone`);
  if ((await store.stat(changeLogKey(id))) === undefined)
    throw new AppError(
      'CONFLICT',
      `The list of what restore ${id} changed is not in the store any more: it cannot be undone`,
    );
}
