/**
 * The restores that await their confirmation: each holds the queue of its database until it is confirmed or undone, so
 * that nothing else is restored on top of what may have to be undone.
 */
import { type Clock, instant } from '../../lib/clock.js';
import { AppError } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import { Confirmation } from './confirmation.js';
import { awaitingProgress } from './record/restore-progress.js';
import type { OpenRestore, Restore, RestoreRegistry } from './record/restore-registry.js';
import type { Started, UndoExpired, UndoRequest } from './restore-request.js';
import { emptyResult } from './restore-result.js';

/** An undo that is asked for while the restore awaits its confirmation, and whoever waits for it. */
interface AskedUndo extends UndoRequest {
  begun(started: Started): void;
  refused(error: unknown): void;
}

export interface AwaitedConfirmationsParts {
  readonly registry: RestoreRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts when the server stops. */
  readonly stopped: AbortSignal;
  /** Is told when a restore that nobody confirmed in time was undone, or could not be. */
  readonly onUndoExpired?: ((undo: UndoExpired) => void) | undefined;
  /** @param queue runs what it is given in the place of the restore that is undone */
  beginUndo(
    restore: OpenRestore,
    request: UndoRequest,
    queue: (turn: () => Promise<void>) => Promise<void>,
  ): Promise<Started>;
}

const UNDO_AGAIN_MS = 2_000;

export class AwaitedConfirmations {
  private readonly waiting = new Map<string, Confirmation<AskedUndo>>();

  constructor(private readonly parts: AwaitedConfirmationsParts) {}

  /** What awaits confirmation is left to the next start. */
  stop(): void {
    for (const confirmation of this.waiting.values()) confirmation.stop();
  }

  /** @throws AppError CONFLICT when it does not await one, or no more */
  async confirm(restore: OpenRestore, subject: string): Promise<Restore> {
    const { registry, clock, log } = this.parts;
    const { id, phase } = restore.record;
    const confirmation = this.waiting.get(id);
    if (confirmation === undefined)
      throw new AppError('CONFLICT', `The restore does not await confirmation: it is ${phase}`);
    if (!confirmation.begin())
      throw new AppError(
        'CONFLICT',
        'It is too late to confirm: the restore has been confirmed, or is being undone, already',
      );
    try {
      // in the store first: what is confirmed must not be undone by the next start
      await registry.keep(restore, {
        phase: 'SUCCEEDED',
        confirmBefore: undefined,
        finishedAt: instant(clock.now()),
      });
    } catch (error) {
      confirmation.rollBack();
      throw error;
    }
    confirmation.confirm();
    await registry.finish(restore, 'SUCCEEDED', restore.record.result ?? emptyResult(false, 0));
    log.info({ restore: id, subject }, 'restore confirmed');
    return restore;
  }

  /**
   * Undoes a restore in its place in the queue; undefined where it does not await confirmation.
   * @throws AppError CONFLICT when it is confirmed, or being undone already
   */
  undo(id: string, request: UndoRequest): Promise<Started> | undefined {
    const confirmation = this.waiting.get(id);
    if (confirmation === undefined) return undefined;
    return new Promise((begun, refused) => {
      if (!confirmation.undo({ ...request, begun, refused }))
        refused(new AppError('CONFLICT', 'The restore has been confirmed, or is being undone already'));
    });
  }

  /** Holds the queue until the restore is confirmed or undone, or the server stops. */
  async wait(restore: OpenRestore): Promise<void> {
    const { id, confirmBefore = restore.record.startedAt } = restore.record;
    const { registry, clock, stopped } = this.parts;
    const confirmation = new Confirmation<AskedUndo>(Date.parse(confirmBefore), clock);
    this.waiting.set(id, confirmation);
    const tell = (milestone: boolean): void => {
      registry.publish(
        restore,
        awaitingProgress(restore.record, confirmation.secondsLeft, instant(clock.now())),
        milestone,
      );
    };
    tell(true);
    try {
      while (restore.record.phase === 'AWAITING_CONFIRMATION' && !stopped.aborted) {
        const verdict = await confirmation.wait(() => {
          tell(false);
        });
        if (verdict.kind === 'CONFIRMED' || verdict.kind === 'STOPPED') return;
        if (verdict.kind === 'UNDO') await this.undoInPlace(restore, verdict.request);
        else await this.undoExpired(restore);
      }
    } finally {
      this.waiting.delete(id);
    }
  }

  private async undoInPlace(restore: OpenRestore, request: AskedUndo): Promise<void> {
    let turn: Promise<void> | undefined;
    try {
      const started = await this.parts.beginUndo(restore, request, (run) => (turn = run()));
      request.begun(started);
    } catch (error) {
      request.refused(error);
    }
    await turn?.catch(() => undefined);
  }

  /**
   * Nobody confirmed in time. There is nobody to ask either: it is undone also where others wrote since, whose part
   * stays.
   */
  private async undoExpired(restore: OpenRestore): Promise<void> {
    const { log, onUndoExpired } = this.parts;
    const { id, startedBy, backupId, database } = restore.record;
    let end: UndoExpired = { undoOf: id, backupId, database };
    log.warn({ restore: id }, 'a restore was not confirmed in time: it is undone');
    try {
      let turn: Promise<void> | undefined;
      const { restore: undo, done } = await this.parts.beginUndo(
        restore,
        { force: true, dryRun: false, subject: startedBy },
        (run) => (turn = run()),
      );
      end = { ...end, restoreId: undo.record.id };
      await done;
      await turn;
    } catch (error) {
      end = { ...end, error };
      log.error({ err: error, restore: id }, 'a restore that was not confirmed could not be undone; trying again');
    }
    onUndoExpired?.(end);
    if (restore.record.phase === 'AWAITING_CONFIRMATION')
      await new Promise((resolve) => setTimeout(resolve, UNDO_AGAIN_MS).unref());
  }
}
