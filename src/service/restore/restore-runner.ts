/**
 * Carries restores out, each in its turn of the database's queue: the run itself, finding out what became of one whose
 * end was not seen, and the waiting for a confirmation with the undo that comes without one.
 */

import { type Clock, instant } from '../../lib/clock.js';
import { defined } from '../../lib/defined.js';
import { AppError, messageOf, problemOf } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import type { Store } from '../../store/store.js';
import type { AuditLines } from '../audit/audit-line.js';
import type { Database, Databases } from '../database/database.js';
import type { RunningWork } from '../job/running-work.js';
import type { ConfirmationWindow } from './life/confirmation-window.js';
import { isFinal } from './life/life.js';
import { OtherDatabase } from './planner/undo-planner.js';
import { awaitingProgress, messageProgress } from './record/restore-progress.js';
import { type KeptObject, type RestoreRecord, type RestoreResult, undoOf } from './record/restore-record.js';
import type { OpenRestore, RestoreRegistry } from './record/restore-registry.js';
import { OWN_CALLER, recordAccepted, recordEnd } from './restore-audit.js';
import { recover } from './run/recover.js';
import { emptyResult, failedResult } from './run/restore-result.js';
import { RestoreRun } from './run/restore-run.js';
import type { EndedRun, MadeRoom, RestoreLimits, RunLife, UnseenRun } from './run/run-parts.js';
import type { RunningRestore } from './running-restore.js';
import { awaitsConfirmation, NOTHING_TO_CONFIRM } from './waiting.js';

export interface RunnerParts {
  readonly registry: RestoreRegistry;
  readonly store: Store;
  readonly databases: Databases;
  readonly clock: Clock;
  readonly log: Log;
  readonly work: RunningWork;
  readonly audit: AuditLines;
  readonly limits: RestoreLimits;
  /** Of deriving keys (archive/layer/encryption.ts); left out: the usual one. */
  readonly keyCost?: number | undefined;
  /** Aborts when the server stops: what is not seen yet is left to the next start. */
  readonly stopped: AbortSignal;
}

/** How an undo that nobody asked for is run. */
export interface UndoRun {
  /** Of the restore that is undone: no confirmation is taken once the undo is sent. */
  readonly window: ConfirmationWindow<unknown>;
  /** It goes on whatever the disk says, and is tried again where nothing of it is in the database. */
  readonly isForced: boolean;
}

export interface RunOptions {
  readonly undo?: UndoRun | undefined;
  /** Aborts when something more urgent waits for the database. */
  readonly room?: AbortSignal;
}

/** RETRY: nothing of it is in the database, and it is to be tried again. */
export type RunEnd =
  | { readonly kind: 'ENDED' }
  | { readonly kind: 'RETRY'; readonly error: AppError }
  | { readonly kind: 'STOPPED' }
  /** Something more urgent waits for the database: nothing of it was sent, and it comes back. */
  | { readonly kind: 'MADE_ROOM' }
  /** Another database is configured now: it cannot be looked for. */
  | { readonly kind: 'ELSEWHERE'; readonly error: AppError };

export class RestoreRunner {
  constructor(private readonly parts: RunnerParts) {}

  /** From its turn until it has ended, or awaits its confirmation. Does not throw: who waits is answered. */
  async run(running: RunningRestore, { undo, room = new AbortController().signal }: RunOptions = {}): Promise<RunEnd> {
    const { restore, cancel, answer } = running;
    // cancelled while it was queued: whoever cancelled it has ended it
    if (cancel.signal.aborted) return { kind: 'ENDED' };
    try {
      const outcome = await this.execute(running, room, undo);
      if (outcome.end === 'MADE_ROOM') {
        await this.parts.registry.enter(restore, 'RETRY');
        this.tell(restore, 'Waiting: an undo goes first');
        return { kind: 'MADE_ROOM' };
      }
      if (outcome.end !== 'UNSEEN') return await this.conclude(running, outcome, undo);
      await this.parts.registry.enter(restore, 'END_UNSEEN');
      this.tell(restore, 'Its end was not seen: the database is asked as soon as it answers');
      answer.give(outcome.error);
      return await this.recover(restore, undo);
    } catch (error) {
      this.parts.log.error({ err: error, restore: restore.record.id }, 'a restore was interrupted by a fault of ours');
      answer.give(error);
      return await this.afterFault(restore, undo);
    }
  }

  /** A fault of this program is no reason to leave a restore where it was. */
  private async afterFault(restore: OpenRestore, undo: UndoRun | undefined): Promise<RunEnd> {
    const { registry, stopped } = this.parts;
    const error = new AppError('INTERNAL', 'Internal error; the log has the details');
    if (stopped.aborted) return { kind: 'STOPPED' };
    const { phase } = restore.record;
    if (phase === 'APPLYING') {
      await registry.enter(restore, 'END_UNSEEN');
      return this.recover(restore, undo);
    }
    if (phase === 'VERIFYING' || phase === 'CONVERGING')
      await this.endCommitted(restore, withWarning(restore, 'It was not verified, for a fault of this program'));
    else if (undo?.isForced === true && !isFinal(phase)) {
      await registry.enter(restore, 'RETRY');
      return { kind: 'RETRY', error };
    } else if (!isFinal(phase)) await this.fail(restore, error);
    return { kind: 'ENDED' };
  }

  /** Looks for a restore whose end was not seen. */
  async recover(restore: OpenRestore, undo?: UndoRun): Promise<RunEnd> {
    const { store, clock, log, limits, stopped, registry } = this.parts;
    const { record } = restore;
    try {
      const isCommitted = await recover(record, {
        database: this.databaseOf(record),
        store,
        clock,
        log,
        limits: limits.step,
        signal: stopped,
      });
      if (isCommitted) {
        await registry.enter(restore, 'COMMITTED', { witnesses: undefined, stepped: undefined });
        await this.endCommitted(restore, withWarning(restore, RECOVERED));
      } else if (undo?.isForced === true) {
        await registry.enter(restore, 'RETRY');
        return { kind: 'RETRY', error: new AppError('DATABASE_UNAVAILABLE', 'the database went away meanwhile') };
      } else {
        const what =
          record.stepped === true ? 'the steps that had been carried out were undone' : 'nothing had changed';
        await this.fail(
          restore,
          new AppError('CANCELLED', `Its end was not seen. The database was looked at: ${what}`),
        );
      }
    } catch (error) {
      if (stopped.aborted) return { kind: 'STOPPED' };
      if (error instanceof OtherDatabase) return { kind: 'ELSEWHERE', error };
      log.error({ err: error, restore: record.id }, 'what became of a restore can never be found out');
      await this.fail(restore, neverFoundOut(error));
    }
    await recordEnd(this.parts.audit, restore.record, OWN_CALLER);
    return { kind: 'ENDED' };
  }

  /** It is in the database: it ends, or awaits its confirmation. */
  async endCommitted(restore: OpenRestore, result: RestoreResult, changeList?: KeptObject): Promise<void> {
    const { registry, clock } = this.parts;
    const { confirmWithinSeconds, source } = restore.record;
    const list = defined({ changeList });
    if (confirmWithinSeconds === undefined || source.kind === 'UNDO' || result.steps === 0)
      return registry.enter(restore, 'DONE', { result, ...list });
    const confirmBefore = instant(clock.now() + 1_000 * confirmWithinSeconds);
    await registry.enter(restore, 'AWAIT', { result, confirmBefore, ...list });
    // before whoever waits for the restore is answered
    registry.publish(restore, awaitingProgress(restore.record, confirmWithinSeconds, instant(clock.now())), true);
  }

  private async execute(
    running: RunningRestore,
    room: AbortSignal,
    undo: UndoRun | undefined,
  ): Promise<EndedRun | UnseenRun | MadeRoom> {
    const { restore, planner, cancel, caller } = running;
    const { store, clock, log, limits, work, keyCost } = this.parts;
    const { id, dryRun, verify, sync } = restore.record;
    let database: Database;
    try {
      database = this.databaseOf(restore.record);
    } catch (error) {
      if (!(error instanceof OtherDatabase)) throw error;
      return { end: 'FAILED', result: failedResult(dryRun, [problemOf(error)]), error };
    }
    const asker = { subject: caller.subject, signal: AbortSignal.any([cancel.signal, room]) };
    const run = new RestoreRun({
      planner,
      store,
      clock,
      log,
      database,
      id,
      dryRun,
      verify,
      sync,
      comment: commentOf(restore),
      limits,
      signal: cancel.signal,
      room,
      // undoing waits for nobody
      inTurn:
        undoOf(restore.record) === undefined || dryRun
          ? (open, carryOut) => work.inDatabaseTurn([restore.record.database], asker, open, carryOut)
          : (open, carryOut) => open(cancel.signal).then(carryOut),
      isForced: undo?.isForced ?? false,
      keyCost,
      life: this.lifeOf(running, undo),
    });
    return run.execute();
  }

  /** Also one that was taken out of the configuration while the restore was open. @throws OtherDatabase */
  private databaseOf({ id, database }: RestoreRecord): Database {
    const { databases, log } = this.parts;
    const found = databases.findHeld(database);
    if (found !== undefined) return found;
    const error = new OtherDatabase(
      `The database ${database} of restore ${id} is not configured here any more: nothing is changed. Configure it ` +
        'again',
    );
    log.warn({ restore: id, database, problem: error.message }, 'a restore waits for its database');
    throw error;
  }

  private lifeOf({ restore, caller }: RunningRestore, undo: UndoRun | undefined): RunLife {
    const { registry } = this.parts;
    const isForced = undo?.isForced ?? false;
    // a plan that was out of date is followed by another one
    let isBegun = false;
    return {
      enter: (event, changes) => registry.enter(restore, event, changes),
      publish: (progress, milestone) => registry.publish(restore, progress, milestone),
      send: async (changes) => {
        if (!isBegun) await this.begin({ restore, caller }, undo);
        isBegun = true;
        try {
          await registry.enter(restore, 'SEND', changes, isForced);
        } catch (error) {
          undo?.window.undoFailed();
          throw error;
        }
      },
    };
  }

  /** What must be before anything is sent: a line in the trail, space for the end, and no confirmation any more. */
  private async begin(
    { restore, caller }: Pick<RunningRestore, 'restore' | 'caller'>,
    undo: UndoRun | undefined,
  ): Promise<void> {
    const { registry, audit, log } = this.parts;
    try {
      // also where the caller has written that it was asked for: that line may still be waiting for the disk
      await recordAccepted(audit, restore.record, caller);
      await registry.reserve(restore);
    } catch (error) {
      if (undo?.isForced !== true) throw error;
      log.error({ err: error, restore: restore.record.id }, 'an undo goes on although the disk is full or away');
    }
    if (undo !== undefined && !undo.window.beginUndoing())
      throw new AppError('CANCELLED', 'The restore was confirmed meanwhile: it is not undone');
  }

  private async conclude(running: RunningRestore, outcome: EndedRun, undo: UndoRun | undefined): Promise<RunEnd> {
    const { restore, answer } = running;
    const { registry } = this.parts;
    const { end, changeList, error } = outcome;
    const result = this.withHolder(running, outcome.result);
    const failure = error ?? firstError(result);
    if (end === 'FAILED' && undo?.isForced === true && failure.code !== 'UNDO_IMPOSSIBLE') {
      await registry.enter(restore, 'RETRY', { result });
      if (failure instanceof OtherDatabase) return { kind: 'ELSEWHERE', error: failure };
      return { kind: 'RETRY', error: failure };
    }
    const list = defined({ changeList });
    if (end === 'COMMITTED') await this.endCommitted(restore, result, changeList);
    else if (end === 'DONE')
      await registry.enter(restore, 'DONE', { result: withNothingToConfirm(restore, result), ...list });
    else await registry.enter(restore, end === 'FAILED' ? 'FAIL' : 'CANCEL', { result, ...list });
    await this.tellEnd(running);
    answer.give(error);
    return { kind: 'ENDED' };
  }

  /** What was tried can be done only after a restore that awaits its confirmation: that is no fault of its plan. */
  private withHolder({ restore: { record }, queue }: RunningRestore, result: RestoreResult): RestoreResult {
    const { registry } = this.parts;
    const holder = record.dryRun ? registry.findAwaiting(record.database) : undefined;
    if (holder === undefined || queue || holder.id === undoOf(record)) return result;
    const refused = awaitsConfirmation(holder, undoOf(record) === undefined, registry.undoIdOf(holder.id));
    const warning = `Without a dry run this would be refused now. ${refused.message}`;
    return { ...result, warnings: [...result.warnings, warning] };
  }

  private async tellEnd({ restore, caller, wait }: RunningRestore): Promise<void> {
    if (!wait) await recordEnd(this.parts.audit, restore.record, caller);
  }

  /** Nothing of it is in the database. */
  private async fail(restore: OpenRestore, error: AppError): Promise<void> {
    const result = failedResult(restore.record.dryRun, [problemOf(error)]);
    await this.parts.registry.enter(restore, 'FAIL', { result });
  }

  private tell(restore: OpenRestore, message: string): void {
    const { registry, clock } = this.parts;
    registry.publish(restore, messageProgress(restore.record, message, instant(clock.now())), true);
  }
}

const RECOVERED =
  'The end of this restore was not seen. The database was looked at since: the transaction had been committed as a ' +
  'whole; its rows were not verified one by one';

/** The result that was planned, of a restore that turned out to be in the database. */
export function withWarning({ record }: OpenRestore, warning: string): RestoreResult {
  const planned = record.result ?? emptyResult(record.dryRun, 0);
  return { ...planned, success: true, warnings: [...planned.warnings, warning] };
}

function firstError({ errors }: RestoreResult): AppError {
  const [first] = errors;
  return new AppError(first?.code ?? 'INTERNAL', first?.message ?? 'Internal error; the log has the details');
}

function neverFoundOut(error: unknown): AppError {
  return new AppError(
    'UNDO_IMPOSSIBLE',
    'The restore was interrupted, and steps of it may be in the database: they can never be taken back, for ' +
      messageOf(error),
    { cause: error },
  );
}

function commentOf({ record }: OpenRestore): string {
  const { id, source, startedBy } = record;
  return source.kind === 'UNDO'
    ? `ovncp: restore ${id} undoes restore ${source.restoreId} by ${startedBy}`
    : `ovncp: restore ${id} of backup ${source.backupId} by ${startedBy}`;
}

/** Of one that was to be confirmed, and changed nothing. */
function withNothingToConfirm({ record }: OpenRestore, result: RestoreResult): RestoreResult {
  if (record.confirmWithinSeconds === undefined) return result;
  return { ...result, warnings: [...result.warnings, NOTHING_TO_CONFIRM] };
}
