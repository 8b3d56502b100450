/**
 * Recovering: finds out what became of a restore whose end nobody saw, since this server or the database went away, by
 * looking at the database. One transaction was carried out whole or not at all, and its witnesses tell which; steps
 * that were done are undone, unless all of them were.
 */

import type { TransactionLimits } from '../../../engine/apply/transactions.js';
import { wasCommitted as isWitnessed } from '../../../engine/apply/witness.js';
import { Breath } from '../../../lib/breath.js';
import { type Clock, sleep } from '../../../lib/clock.js';
import { AppError, messageOf } from '../../../lib/error.js';
import type { Log } from '../../../lib/log.js';
import type { Store } from '../../../store/store.js';
import type { Database } from '../../database/database.js';
import { isAnother, isAtSamePlace, readIdentity } from '../../database/database-identity.js';
import { LiveDatabase } from '../../database/live-database.js';
import { otherDatabase, UndoPlanner } from '../planner/undo-planner.js';
import type { RestoreRecord } from '../record/restore-record.js';
import { PlanApplier } from './plan-applier.js';
import { undoSteps } from './undo-steps.js';

export interface RecoveryParts {
  readonly database: Database;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: TransactionLimits;
  /** The server stops: the next start goes on. */
  readonly signal: AbortSignal;
}

const AGAIN_FIRST_MS = 1_000;
const AGAIN_MAX_MS = 15_000;
/** A request may have been read, but not carried out, when the server was asked first. */
const SECOND_LOOK_MS = 2_000;

/**
 * Waits until the database can be asked.
 * @returns whether the restore is in the database, as a whole; otherwise nothing of it is
 * @throws the reason of the signal; AppError OtherDatabase, UNDO_IMPOSSIBLE where steps can never be taken back
 */
export async function recover(record: RestoreRecord, parts: RecoveryParts): Promise<boolean> {
  const isCommitted =
    record.stepped === true
      ? await untilAnswered(parts, () => recoverSteps(record, parts))
      : await isInDatabase(record, parts);
  parts.log.warn({ restore: record.id, isCommitted }, 'a restore whose end was not seen was looked for');
  return isCommitted;
}

async function isInDatabase(record: RestoreRecord, parts: RecoveryParts): Promise<boolean> {
  const { id, witnesses = [], identity } = record;
  const ask = (): Promise<boolean> =>
    untilAnswered(parts, () =>
      parts.database.withSession({ leader: true, signal: parts.signal }, async (session) => {
        const live = await readIdentity(session);
        if (isElsewhere(record, live, parts.database.addresses)) throw otherDatabase(id, identity, live);
        return witnesses.length > 0 && isWitnessed(session, witnesses);
      }),
    );
  if (await ask()) return true;
  if (witnesses.length === 0) return false;
  await sleep(parts.clock, SECOND_LOOK_MS, parts.signal);
  return ask();
}

/** It says of itself neither what it said before the restore nor what it was to say after it, or may be a copy. */
function isElsewhere(record: RestoreRecord, live: string | undefined, addresses: readonly string[]): boolean {
  const { identity, identityBefore } = record;
  if (!isAtSamePlace(record, addresses)) return true;
  // records of older versions do not say what it said before
  if (identityBefore === undefined) return isAnother(identity, live);
  return live !== identity && live !== (identityBefore ?? undefined);
}

/** True when all that the restore was to change is changed; otherwise what is changed is undone. */
async function recoverSteps(record: RestoreRecord, parts: RecoveryParts): Promise<boolean> {
  const { database, store, clock, log, limits } = parts;
  const live = new LiveDatabase(database);
  try {
    const snapshot = await live.snapshot({ signal: parts.signal });
    const planner = new UndoPlanner(store, record, 'PARTIAL');
    const { absent } = await planner.plan(await live.identified(snapshot), new Breath());
    // what others did to its rows since does not matter: all of it was done
    if (absent === 0) return true;
    await undoSteps({
      undoable: record,
      store,
      clock,
      log,
      live,
      applier: new PlanApplier({ live, limits, clock, log }),
      comment: `ovncp: undoing the steps of restore ${record.id}, which was interrupted`,
      comeBackMs: AGAIN_FIRST_MS,
    });
    return false;
  } finally {
    live.close();
  }
}

/** Asks again until the database answers. */
async function untilAnswered<T>({ clock, log, signal }: RecoveryParts, ask: () => Promise<T>): Promise<T> {
  for (let pauseMs = AGAIN_FIRST_MS; ; pauseMs = Math.min(2 * pauseMs, AGAIN_MAX_MS)) {
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AppError) || (error.code !== 'DATABASE_UNAVAILABLE' && error.code !== 'PLAN_STALE'))
        throw error;
      log.warn({ problem: messageOf(error) }, 'a restore whose end was not seen cannot be looked for yet');
      await sleep(clock, pauseMs, signal);
    }
  }
}
