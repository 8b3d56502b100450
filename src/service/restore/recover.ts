/**
 * Recovering: ends the record of a restore whose end nobody saw, since this server or the database went away, by
 * looking at the database. One transaction was carried out whole or not at all, and its witnesses tell which; steps
 * that were done are undone, unless all of them were.
 */

import type { TransactionLimits } from '../../engine/apply/transactions.js';
import { wasCommitted as isWitnessed } from '../../engine/apply/witness.js';
import { Breath } from '../../lib/breath.js';
import { AppError, messageOf } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import type { Store } from '../../store/store.js';
import { changeLogKey } from '../backup/layout.js';
import type { Database } from '../database/database.js';
import { LiveDatabase } from '../database/live-database.js';
import { PlanApplier } from './plan-applier.js';
import { UndoPlanner } from './planner/undo-planner.js';
import type { RestoreRecord, RestoreResult } from './record/restore-record.js';
import { emptyResult } from './restore-result.js';
import { undoSteps } from './undo-steps.js';

export interface RecoveryParts {
  readonly database: Database;
  readonly store: Store;
  readonly log: Log;
  readonly limits: TransactionLimits;
  /** Nobody waits for it any more. */
  readonly signal: AbortSignal;
}

export interface Recovered {
  readonly applied: boolean;
  readonly result: RestoreResult;
}

const AGAIN_MS = 2_000;

/** Waits until the database can be asked. @throws AppError CANCELLED when stopped before */
export async function recover(record: RestoreRecord, parts: RecoveryParts): Promise<Recovered> {
  const applied =
    record.stepped === true
      ? await untilAnswered(parts, () => recoverSteps(record, parts))
      : await wasCommitted(record, parts);
  parts.log.warn({ restore: record.id, applied }, 'a restore whose end was not seen was settled');
  if (!applied) {
    const undone =
      record.stepped === true ? 'the steps that had been carried out were undone' : 'nothing had been changed';
    return {
      applied,
      result: {
        ...emptyResult(record.dryRun, 0),
        errors: [
          {
            code: 'CANCELLED',
            message: `The end of this restore was not seen. The database was looked at since: ${undone}`,
          },
        ],
        errorCount: 1,
      },
    };
  }
  const planned = record.result ?? emptyResult(record.dryRun, 0);
  const hasLog = (await parts.store.stat(changeLogKey(record.id))) !== undefined;
  const warning =
    'The end of this restore was not seen. The database was looked at since: the transaction had been committed as ' +
    'a whole; its rows were not verified one by one';
  return {
    applied,
    result: {
      ...planned,
      success: true,
      warnings: [...planned.warnings, warning],
      changes: hasLog ? planned.changes : {},
    },
  };
}

async function wasCommitted({ witnesses = [] }: RestoreRecord, parts: RecoveryParts): Promise<boolean> {
  if (witnesses.length === 0) return false;
  const ask = (): Promise<boolean> =>
    untilAnswered(parts, () =>
      parts.database.withSession({ leader: true }, (session) => isWitnessed(session, witnesses)),
    );
  if (await ask()) return true;
  // a request may have been read, but not carried out, when the server was asked first
  await pause(parts.signal);
  return ask();
}

/** True when all that the restore was to change is changed; otherwise what is changed is undone. */
async function recoverSteps({ id }: RestoreRecord, { database, store, log, limits }: RecoveryParts): Promise<boolean> {
  const live = new LiveDatabase(database);
  try {
    const { absent, notes } = await new UndoPlanner(store, id, 'PARTIAL').plan(await live.snapshot(), new Breath());
    if (absent === 0 && notes.length === 0) return true;
    await undoSteps({
      id,
      store,
      log,
      live,
      applier: new PlanApplier({ live, limits, log }),
      comment: `ovncp: undoing the steps of restore ${id}, which was interrupted`,
      comeBackMs: AGAIN_MS,
    });
    return false;
  } finally {
    live.close();
  }
}

/** Asks again until the database answers. */
async function untilAnswered<T>({ log, signal }: RecoveryParts, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof AppError) || (error.code !== 'DATABASE_UNAVAILABLE' && error.code !== 'PLAN_STALE'))
        throw error;
      log.warn({ problem: messageOf(error) }, 'a restore cannot be settled yet; trying again');
      await pause(signal);
    }
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  if (signal.aborted) throw new AppError('CANCELLED', 'The server stops; the next start settles the restore');
}
