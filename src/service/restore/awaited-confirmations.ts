/**
 * The restores that await their confirmation: each holds the queue of its database until it is confirmed or undone, so
 * that nothing else is restored on top of what may have to be undone.
 */
import { instant } from '../../lib/clock.js';
import { AppError, type ErrorDetails, problemOf } from '../../lib/error.js';
import { ConfirmationWindow } from './life/confirmation-window.js';
import { PHASE_WORDS } from './life/life.js';
import { newUndo, newUndoOfUnconfirmed, undoPlanner } from './new-restore.js';
import { awaitingProgress, messageProgress, overdueProgress } from './record/restore-progress.js';
import type { RestoreRecord } from './record/restore-record.js';
import type { OpenRestore, Restore } from './record/restore-registry.js';
import { OWN_CALLER, recordRestore } from './restore-audit.js';
import type { Started, UndoRequest } from './restore-request.js';
import type { RestoreRunner, RunEnd, RunnerParts } from './restore-runner.js';
import { emptyResult } from './run/restore-result.js';
import { type RunningRestore, runningRestore } from './running-restore.js';
import { notConfirmable } from './waiting.js';

/** An undo that is asked for while the restore awaits its confirmation, and whoever waits for it. */
interface AskedUndo extends UndoRequest {
  begun(started: Started): void;
  refused(error: unknown): void;
}

type Window = ConfirmationWindow<AskedUndo>;

export interface AwaitedConfirmationsParts extends Pick<RunnerParts, 'registry' | 'store' | 'clock' | 'log' | 'audit'> {
  readonly runner: RestoreRunner;
  /** Keeps what runs, so that it can be cancelled, until the function has ended. */
  whileRunning<T>(running: RunningRestore, work: () => Promise<T>): Promise<T>;
  /** Those that wait for the database are told again what they wait for. */
  readonly tellWaiting: (database: string) => void;
}

const AGAIN_FIRST_MS = 1_000;
const AGAIN_MAX_MS = 15_000;
/** Refused so often by the database or the plan, and not because anything was away: it can never be undone. */
const REFUSALS_MAX = 5;
/** Codes of what passes by itself. */
const PASSING: ReadonlySet<string> = new Set([
  'DATABASE_UNAVAILABLE',
  'PLAN_STALE',
  'STORE_FULL',
  'STORE_UNAVAILABLE',
  'CANCELLED',
]);

/** How the waiting ended: ELSEWHERE when another database is configured now, which is left alone. */
export type WaitEnd = 'OVER' | 'STOPPED' | 'ELSEWHERE';

export class AwaitedConfirmations {
  private readonly windows = new Map<string, Window>();
  /** Restore id -> the undo of it that runs. */
  private readonly undoing = new Map<string, RunningRestore>();
  /** Those whose waiting has begun and not ended. */
  private readonly waiting = new Set<string>();
  private isStopped = false;

  constructor(private readonly parts: AwaitedConfirmationsParts) {}

  /** What awaits confirmation is left to the next start. */
  stop(): void {
    this.isStopped = true;
    for (const window of this.windows.values()) window.stop();
  }

  /** @throws AppError CONFLICT when it does not await one, or no more; STORE_FULL, STORE_UNAVAILABLE */
  async confirm(restore: OpenRestore, subject: string): Promise<Restore> {
    const { registry, log } = this.parts;
    const { id, undoneBy } = restore.record;
    const window = this.windowOf(restore);
    if (window === undefined) {
      const undoing = undoneBy === undefined ? undefined : await registry.find(undoneBy);
      throw notConfirmable(restore.record, undoing?.record);
    }
    // one that a start of the server found: it is in no window's hands
    const undo = registry.findSentUndo(id)?.record;
    if (undo !== undefined)
      throw new AppError('CONFLICT', `It is too late to confirm: restore ${undo.id} is undoing it`, {
        details: { reason: 'BEING_UNDONE', restoreId: undo.id },
      });
    if (!window.beginConfirming())
      throw new AppError(
        'CONFLICT',
        'It is too late to confirm: the restore has been confirmed, or is being undone, already',
        { details: this.overBy(id) },
      );
    try {
      // in the store first: what is confirmed must not be undone by the next start
      await registry.enter(restore, 'CONFIRMED');
    } catch (error) {
      window.rollBack();
      throw error;
    }
    window.confirmed();
    // otherwise it is the last thing that its waiting does
    if (!this.waiting.has(id)) await this.dropOpenUndo(id);
    this.undoing.get(id)?.cancel.abort();
    log.info({ restore: id, subject }, 'restore confirmed');
    return restore;
  }

  /**
   * Undoes a restore in its place in the queue; undefined where it does not await confirmation.
   * @throws AppError CONFLICT when it is confirmed, or being undone already
   */
  undo(restore: OpenRestore, request: UndoRequest): Promise<Started> | undefined {
    const window = this.windowOf(restore);
    if (window === undefined) return undefined;
    return new Promise((begun, refused) => {
      if (!window.askUndo({ ...request, begun, refused }))
        refused(
          new AppError('CONFLICT', 'The restore has been confirmed, or is being undone already', {
            details: this.overBy(restore.record.id),
          }),
        );
    });
  }

  /** What has decided of a restore that awaited its confirmation until a moment ago. */
  private overBy(id: string): ErrorDetails {
    const undo = this.undoing.get(id);
    if (undo === undefined) return { reason: 'ALREADY_CONFIRMED' };
    return { reason: 'BEING_UNDONE', restoreId: undo.restore.record.id };
  }

  /** Holds the queue until the restore is confirmed or undone, or the server stops. */
  async wait(restore: OpenRestore): Promise<WaitEnd> {
    const { id } = restore.record;
    const window = this.windowOf(restore);
    if (window === undefined) return 'OVER';
    this.tell(restore, window, true);
    this.waiting.add(id);
    try {
      const end = await this.untilOver(restore, window);
      if (end === 'OVER') await this.dropOpenUndo(id);
      return end;
    } finally {
      this.waiting.delete(id);
      this.windows.delete(id);
      window.refuseAsked((asked) =>
        asked.refused(
          new AppError('CONFLICT', `Restore ${id} ${PHASE_WORDS[restore.record.phase]} already`, {
            details: { reason: restore.record.phase === 'UNDONE' ? 'ALREADY_UNDONE' : 'ALREADY_CONFIRMED' },
          }),
        ),
      );
    }
  }

  /** From the moment that it awaits its confirmation, also before its waiting has begun. */
  private windowOf({ record }: OpenRestore): Window | undefined {
    if (record.phase !== 'AWAITING_CONFIRMATION') return undefined;
    const window = this.windows.get(record.id) ?? new ConfirmationWindow(this.leftMs(record), this.parts.clock);
    this.windows.set(record.id, window);
    if (this.isStopped) window.stop();
    return window;
  }

  private async untilOver(restore: OpenRestore, window: Window): Promise<WaitEnd> {
    let pauseMs = AGAIN_FIRST_MS;
    let refusals = 0;
    while (restore.record.phase === 'AWAITING_CONFIRMATION') {
      const verdict = await window.wait(() => this.tell(restore, window, false));
      if (verdict.kind === 'CONFIRMED') return 'OVER';
      if (verdict.kind === 'STOPPED') return 'STOPPED';
      if (verdict.kind === 'UNDO') {
        await this.undoAsked(restore, window, verdict.request);
        continue;
      }
      const end = await this.undoUnconfirmed(restore, window);
      if (end.kind === 'STOPPED' || end.kind === 'ELSEWHERE') return end.kind;
      if (end.kind === 'RETRY') {
        if (!PASSING.has(end.error.code) && ++refusals >= REFUSALS_MAX) {
          await this.giveUp(restore, end.error);
          return 'OVER';
        }
        await window.pause(pauseMs);
        pauseMs = Math.min(2 * pauseMs, AGAIN_MAX_MS);
      }
    }
    return 'OVER';
  }

  /** One that was tried in vain before the restore was confirmed, or undone by somebody. */
  private async dropOpenUndo(id: string): Promise<void> {
    const undo = this.parts.registry.findOpenUndo(id);
    if (undo === undefined) return;
    const error = new AppError('CANCELLED', 'It is not needed any more: the restore was confirmed or undone otherwise');
    await this.parts.registry.enter(undo, 'CANCEL', { result: failed(undo.record, error) });
  }

  /** Milliseconds that are left. The wall clock may have been set meanwhile: never more than was asked for. */
  private leftMs({ confirmBefore, confirmWithinSeconds = 0 }: RestoreRecord): number {
    const left = confirmBefore === undefined ? 0 : Date.parse(confirmBefore) - this.parts.clock.now();
    return Math.min(Math.max(0, left), 1_000 * confirmWithinSeconds);
  }

  private tell(restore: OpenRestore, window: Window, isMilestone: boolean): void {
    const { registry, clock } = this.parts;
    const { note, secondsLeft } = restore.feed.current;
    // what keeps it from being undone stays true until it is undone or confirmed; the same is not told twice
    if (note !== undefined || secondsLeft === window.secondsLeft) return;
    const progress = awaitingProgress(restore.record, window.secondsLeft, instant(clock.now()));
    registry.publish(restore, progress, isMilestone);
  }

  /** Its time is up: no seconds are left. @param reason why the last try of the undo failed */
  private tellOverdue(restore: OpenRestore, undo: OpenRestore, reason?: string): void {
    const { registry, clock, tellWaiting } = this.parts;
    const at = instant(clock.now());
    registry.publish(restore, overdueProgress(restore.record, { id: undo.record.id, reason }, at), true);
    if (reason !== undefined)
      registry.publish(undo, messageProgress(undo.record, `Not undone yet: ${reason}. It is tried again`, at), true);
    tellWaiting(restore.record.database);
  }

  private async undoAsked(restore: OpenRestore, window: Window, request: AskedUndo): Promise<void> {
    const { registry, clock } = this.parts;
    const { database } = restore.record;
    let undo: OpenRestore;
    try {
      undo = await registry.add(newUndo(restore.record, request, { database, now: clock.now() }));
    } catch (error) {
      request.refused(error);
      return;
    }
    const running = this.runningUndo(undo, restore, request);
    request.begun({ restore: undo, done: running.answer.given });
    // no time is told meanwhile
    const message = `Restore ${undo.record.id} undoes it, as it was asked to`;
    registry.publish(restore, messageProgress(restore.record, message, instant(clock.now())), true);
    await this.runUndo(running, restore, window, false);
  }

  private async undoUnconfirmed(restore: OpenRestore, window: Window): Promise<RunEnd> {
    const { registry, runner, clock, log, audit } = this.parts;
    const { id, database } = restore.record;
    // one record for all tries
    let undo = registry.findOpenUndo(id);
    if (undo === undefined) {
      log.warn({ restore: id }, 'a restore was not confirmed in time: it is undone');
      undo = await registry.addSurely(newUndoOfUnconfirmed(restore.record, { database, now: clock.now() }));
    }
    if (restore.feed.current.note === undefined) this.tellOverdue(restore, undo);
    const end =
      undo.record.phase === 'RECOVERING'
        ? await runner.recover(undo, { window, isForced: true })
        : await this.runUndo(this.runningUndo(undo, restore, { caller: OWN_CALLER }), restore, window, true);
    if (end.kind === 'RETRY' || end.kind === 'ELSEWHERE') {
      this.tellOverdue(restore, undo, end.error.message);
      log.error(
        { err: end.error, restore: id, undo: undo.record.id },
        'a restore that was not confirmed could not be undone; it is tried again',
      );
    }
    const { phase, result } = undo.record;
    if (phase === 'FAILED') await this.giveUp(restore, result?.errors[0]);
    else if (phase === 'SUCCEEDED') await recordRestore(audit, undo.record, OWN_CALLER, 'OK');
    return end;
  }

  private async runUndo(
    running: RunningRestore,
    restore: OpenRestore,
    window: Window,
    isForced: boolean,
  ): Promise<RunEnd> {
    const { id } = restore.record;
    this.undoing.set(id, running);
    try {
      return await this.parts.whileRunning(running, () =>
        this.parts.runner.run(running, { undo: { window, isForced } }),
      );
    } finally {
      this.undoing.delete(id);
      window.undoFailed();
    }
  }

  /** It is in the database, unconfirmed, and can never be undone. */
  private async giveUp(restore: OpenRestore, reason: { readonly message: string } | undefined): Promise<void> {
    const { registry, log, audit } = this.parts;
    const { id } = restore.record;
    const error = new AppError(
      'UNDO_IMPOSSIBLE',
      'The restore is in the database. It was not confirmed in time, and cannot be undone: ' +
        (reason?.message ?? 'no reason is known'),
    );
    log.error({ restore: id, problem: error.message }, 'a restore that was not confirmed can never be undone');
    const undo = registry.findOpenUndo(id);
    if (undo !== undefined) await registry.enter(undo, 'FAIL', { result: failed(undo.record, error) });
    await registry.enter(restore, 'UNDO_IMPOSSIBLE', { result: failed(restore.record, error) });
    await recordRestore(audit, restore.record, OWN_CALLER, error.code);
  }

  private runningUndo(
    undo: OpenRestore,
    restore: OpenRestore,
    { caller, wait = true }: Pick<UndoRequest, 'caller' | 'wait'>,
  ): RunningRestore {
    const planner = undoPlanner(undo.record, restore.record, this.parts.store);
    return runningRestore({ restore: undo, planner, caller, wait, queue: false });
  }
}

/** What it was until it failed. */
function failed({ dryRun, result }: RestoreRecord, error: AppError) {
  return {
    ...(result ?? emptyResult(dryRun, 0)),
    success: false,
    errors: [problemOf(error)],
    errorCount: 1,
  };
}
