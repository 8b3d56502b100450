/**
 * Undoes a restore whose steps were not all carried out. It is planned from the list of changes and from
 * the database as it is, and again until nothing is left to do, so that it does not matter which steps were done, nor
 * how often this is interrupted.
 */
import { Breath } from '../../../lib/breath.js';
import { type Clock, sleep } from '../../../lib/clock.js';
import { AppError } from '../../../lib/error.js';
import type { Log } from '../../../lib/log.js';
import type { Store } from '../../../store/store.js';
import type { LiveDatabase } from '../../database/live-database.js';
import { type Undoable, UndoPlanner } from '../planner/undo-planner.js';
import type { PlanApplier } from './plan-applier.js';

export interface UndoSteps {
  readonly undoable: Undoable;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly live: LiveDatabase;
  readonly applier: PlanApplier;
  readonly comment: string;
  /** How long the database may be away. */
  readonly comeBackMs: number;
}

const ATTEMPTS_MAX = 20;
/** So often the database may refuse a plan that was made for it, as somebody may have written meanwhile. */
const REFUSALS_MAX = 5;
const PAUSE_MS = 250;

/**
 * @throws AppError DATABASE_REFUSED when the database refuses it for good; DATABASE_UNAVAILABLE, PLAN_STALE when it is
 * not done yet: begin again later
 */
export async function undoSteps({
  undoable,
  store,
  clock,
  log,
  live,
  applier,
  comment,
  comeBackMs,
}: UndoSteps): Promise<void> {
  const { id } = undoable;
  const planner = new UndoPlanner(store, undoable, 'PARTIAL');
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const snapshot = await live.snapshot({ timeoutMs: comeBackMs });
    const { plan, notes } = await planner.plan(await live.identified(snapshot), new Breath());
    if (plan.changeCount === 0) {
      for (const note of notes)
        log.warn({ restore: id, note }, 'left as it is while the steps of a restore were undone');
      return;
    }
    const end = await applier.apply(plan, await applier.stepsOf(plan), {
      comment,
      attempt: Math.max(1, attempt - REFUSALS_MAX),
      onProgress: () => undefined,
      comeBackMs,
    });
    log.info({ restore: id, changes: plan.changeCount, end }, 'undoing the steps of a restore');
    if (end !== 'COMMITTED') await sleep(clock, PAUSE_MS * attempt);
  }
  throw new AppError('PLAN_STALE', `The database keeps changing: the steps of restore ${id} cannot be undone`);
}
