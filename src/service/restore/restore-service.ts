/**
 * Restores: read and capture -> identity -> plan -> apply -> verify, one at a time per database; undoing them, and
 * confirming them.
 *
 * The record is in the store before anything is touched, and says APPLYING before the transaction is
 * sent: after a crash every record that was left open is ended by looking at the database (recover.ts). Dry runs
 * change nothing and wait for nobody. A restore that awaits its confirmation holds the queue of its database, so that
 * nothing else is restored on top of what may have to be undone.
 */
import { type Clock, instant } from '../../lib/clock.js';
import { AppError } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import type { Store } from '../../store/store.js';
import type { BackupService } from '../backup/backup-service.js';
import type { Catalog } from '../backup/catalog.js';
import { readChangeLog } from '../change/change-log.js';
import type { ChangePage, ChangePageRequest } from '../change/change-page.js';
import type { Databases } from '../database/database.js';
import type { RunningWork } from '../job/running-work.js';
import { AwaitedConfirmations } from './awaited-confirmations.js';
import { DatabaseQueues } from './database-queue.js';
import { newRestore, newUndo } from './new-restore.js';
import type { RestorePlanner } from './planner/restore-planner.js';
import { checkUndoable } from './planner/undo-planner.js';
import { awaitingProgress } from './record/restore-progress.js';
import { isFinal, type RestoreRecord, type RestoreResult } from './record/restore-record.js';
import { type OpenRestore, type Restore, RestoreRegistry, type RestoreStep } from './record/restore-registry.js';
import { recover } from './recover.js';
import type { RestoreRequest, Started, UndoExpired, UndoRequest } from './restore-request.js';
import { emptyResult } from './restore-result.js';
import { type RestoreLimits, RestoreRun } from './restore-run.js';

export interface RestoreServiceParts {
  readonly backups: BackupService;
  readonly catalog: Catalog;
  readonly store: Store;
  readonly databases: Databases;
  readonly clock: Clock;
  readonly log: Log;
  readonly work: RunningWork;
  readonly limits: RestoreLimits;
  /** Is told when a restore that nobody confirmed in time was undone, or could not be. */
  readonly onUndoExpired?: (undo: UndoExpired) => void;
}

interface Running {
  readonly cancel: AbortController;
  readonly done: Promise<void>;
  /** From here on there is no way back. */
  sent: boolean;
}

export class RestoreService {
  private readonly registry: RestoreRegistry;
  private readonly running = new Map<string, Running>();
  private readonly confirmations: AwaitedConfirmations;
  private readonly queues = new DatabaseQueues();
  /** Database id -> the recovery of a restore whose end was not seen. */
  private readonly recovering = new Map<string, Promise<void>>();
  private readonly stopped = new AbortController();

  constructor(private readonly parts: RestoreServiceParts) {
    this.registry = new RestoreRegistry(parts);
    const { clock, log, onUndoExpired } = parts;
    this.confirmations = new AwaitedConfirmations({
      registry: this.registry,
      clock,
      log,
      stopped: this.stopped.signal,
      onUndoExpired,
      beginUndo: (restore, request, queue) => this.beginUndo(restore, request, queue),
    });
  }

  /**
   * Reads the records of the store; those left open by a crash are recovered in the background, before any new restore
   * of their database, and those that await confirmation go on waiting, or are undone when it is too late.
   */
  async load(): Promise<void> {
    for (const restore of await this.registry.load()) {
      const { database, phase } = restore.record;
      void this.queues.add(database, () =>
        phase === 'AWAITING_CONFIRMATION' ? this.confirmations.wait(restore) : this.recoverOrLog(restore),
      );
    }
  }

  /** What awaits confirmation is left to the next start. Call it when no other work is under way any more. */
  stop(): void {
    this.stopped.abort();
    this.confirmations.stop();
  }

  /**
   * Begins a restore. It is queued behind others of the same database.
   * @throws AppError NOT_FOUND, BAD_USER_INPUT, SHUTTING_DOWN; STORE_FULL when not even its record can be kept
   */
  async start(request: RestoreRequest): Promise<Started> {
    const { catalog, databases, backups, clock } = this.parts;
    const backup = catalog.get(request.backupId);
    const { id: database } = databases.get(request.database ?? backup.database);
    const { record, planner } = newRestore(request, backup, backups, { database, now: clock.now() });
    return this.begin(record, planner, (turn) => this.queues.add(database, turn));
  }

  /**
   * Puts back what a restore changed, as a restore of its own.
   * @throws AppError NOT_FOUND, SHUTTING_DOWN; CONFLICT when there is nothing that could be undone
   */
  async undo(id: string, request: UndoRequest): Promise<Started> {
    const restore = this.registry.get(id);
    await checkUndoable(restore.record, this.parts.store);
    // where the restore holds the queue, its undo runs in its place
    const inPlace = request.dryRun ? undefined : this.confirmations.undo(id, request);
    return inPlace ?? this.beginUndo(restore, request, (turn) => this.queues.add(restore.record.database, turn));
  }

  /**
   * Ends the waiting for a confirmation.
   * @throws AppError NOT_FOUND; CONFLICT when it does not await one, or no more
   */
  async confirm(id: string, subject: string): Promise<Restore> {
    return this.confirmations.confirm(this.registry.get(id), subject);
  }

  find(id: string): Restore | undefined {
    return this.registry.find(id);
  }

  /** @throws AppError NOT_FOUND */
  get(id: string): Restore {
    return this.registry.get(id);
  }

  followAll(): AsyncIterableIterator<RestoreStep> {
    return this.registry.followAll();
  }

  /** @throws AppError NOT_FOUND */
  follow(id: string): AsyncIterableIterator<RestoreStep> {
    return this.registry.follow(id);
  }

  /** Newest first. */
  list(backupId?: string): readonly Restore[] {
    return this.registry.all(backupId);
  }

  /** @throws AppError NOT_FOUND; CONFLICT once it is applying or has ended */
  async cancel(id: string): Promise<Restore> {
    const restore = this.registry.get(id);
    const { phase } = restore.record;
    const running = this.running.get(id);
    if (phase === 'AWAITING_CONFIRMATION')
      throw new AppError(
        'CONFLICT',
        'The restore is in the database and awaits confirmation: undo it with undoRestore',
      );
    if (isFinal(phase) || running === undefined)
      throw new AppError('CONFLICT', `The restore has ended already: ${phase}`);
    if (running.sent) throw new AppError('CONFLICT', `The restore is ${phase} and cannot be cancelled any more`);
    if (phase === 'QUEUED' && running.cancel.signal.aborted)
      throw new AppError('CONFLICT', 'The restore is being cancelled already');
    running.cancel.abort();
    // one that waits for its turn need not wait to be cancelled
    if (phase === 'QUEUED')
      await this.registry.finish(restore, 'CANCELLED', {
        ...emptyResult(restore.record.dryRun, 0),
        errors: [{ code: 'CANCELLED', message: 'The restore was cancelled; nothing was changed' }],
        errorCount: 1,
      });
    else await running.done.catch(() => undefined);
    return restore;
  }

  /** One page of a restore's changes. */
  async changes(record: RestoreRecord, request: ChangePageRequest): Promise<ChangePage> {
    return readChangeLog(this.parts.store, record.id, record.result?.changes ?? {}, request);
  }

  /** @param queue runs what it is given when its turn has come */
  private async begin(
    record: RestoreRecord,
    planner: RestorePlanner,
    queue: (turn: () => Promise<void>) => Promise<void>,
  ): Promise<Started> {
    const { work } = this.parts;
    return work.run('restore', async () => {
      const restore = await this.registry.add(record);
      const running = { cancel: new AbortController(), sent: false };
      const done = work.run(
        'restore',
        () =>
          new Promise<void>((resolve, reject) => {
            const turn = async (): Promise<void> => {
              await work.inTurn(() => this.run(restore, planner, running)).then(resolve, reject);
              if (restore.record.phase === 'AWAITING_CONFIRMATION') await this.confirmations.wait(restore);
            };
            // dry runs change nothing: they wait for nobody
            (record.dryRun ? turn() : queue(turn)).catch(reject);
          }),
      );
      this.running.set(record.id, Object.assign(running, { done }));
      const forget = (): void => {
        this.running.delete(record.id);
      };
      done.then(forget, forget);
      return { restore, done };
    });
  }

  private async run(restore: OpenRestore, planner: RestorePlanner, running: Omit<Running, 'done'>): Promise<void> {
    const { database: databaseId, id, dryRun, sync, startedBy, backupId, undoOf } = restore.record;
    const { store, clock, log, databases, limits } = this.parts;
    if (!dryRun) await this.recovering.get(databaseId);
    // cancelled while it was queued: whoever cancelled it ends it
    if (running.cancel.signal.aborted) return;
    const database = databases.get(databaseId);
    const comment =
      undoOf === undefined
        ? `ovncp: restore ${id} of backup ${backupId} by ${startedBy}`
        : `ovncp: restore ${id} undoes restore ${undoOf} by ${startedBy}`;
    const outcome = await new RestoreRun({
      planner,
      store,
      clock,
      log,
      database,
      id,
      dryRun,
      sync,
      comment,
      limits,
      signal: running.cancel.signal,
      enter: async (phase, extra) => {
        if (phase === 'APPLYING') await this.registry.keep(restore, { ...extra, phase });
        else restore.record = { ...restore.record, ...extra, phase };
        running.sent ||= phase === 'APPLYING';
      },
      publish: (progress, milestone) => {
        this.registry.publish(restore, progress, milestone);
      },
    }).execute();
    if (outcome.phase === 'UNKNOWN') {
      // nobody else's restore may begin before this one is recovered
      this.recovering.set(database.id, this.recoverOrLog(restore));
      throw outcome.error;
    }
    await this.conclude(restore, outcome.phase, outcome.result);
    if (outcome.error !== undefined) throw outcome.error;
  }

  /** Ends the restore, or lets it await its confirmation. */
  private async conclude(
    restore: OpenRestore,
    phase: 'SUCCEEDED' | 'FAILED' | 'CANCELLED',
    result: RestoreResult,
  ): Promise<void> {
    const { confirmWithinSeconds, undoOf, dryRun, id } = restore.record;
    if (phase === 'SUCCEEDED' && confirmWithinSeconds !== undefined && result.steps > 0) {
      const confirmBefore = instant(this.parts.clock.now() + 1_000 * confirmWithinSeconds);
      await this.registry.keep(restore, {
        phase: 'AWAITING_CONFIRMATION',
        result,
        confirmBefore,
        witnesses: undefined,
        stepped: undefined,
      });
      // before whoever waits for the restore is answered
      this.registry.publish(
        restore,
        awaitingProgress(restore.record, confirmWithinSeconds, instant(this.parts.clock.now())),
        true,
      );
      return;
    }
    await this.registry.finish(restore, phase, result);
    const undone = undoOf === undefined || dryRun || phase !== 'SUCCEEDED' ? undefined : this.registry.find(undoOf);
    if (undone === undefined) return;
    if (isFinal(undone.record.phase)) await this.registry.keep(undone, { phase: 'UNDONE', undoneBy: id });
    else {
      undone.record = { ...undone.record, undoneBy: id };
      await this.registry.finish(undone, 'UNDONE', undone.record.result ?? emptyResult(false, 0));
    }
  }

  private async beginUndo(
    restore: OpenRestore,
    request: UndoRequest,
    queue: (turn: () => Promise<void>) => Promise<void>,
  ): Promise<Started> {
    const { databases, store, clock } = this.parts;
    const { id: database } = databases.get(restore.record.database);
    const { record, planner } = newUndo(restore.record, request, store, { database, now: clock.now() });
    return this.begin(record, planner, queue);
  }

  private async recoverOrLog(restore: OpenRestore): Promise<void> {
    const { databases, store, log, limits } = this.parts;
    try {
      const { applied, result } = await recover(restore.record, {
        database: databases.get(restore.record.database),
        store,
        log,
        limits: limits.step,
        signal: this.stopped.signal,
      });
      await this.conclude(restore, applied ? 'SUCCEEDED' : 'FAILED', result);
    } catch (error) {
      log.error(
        { err: error, restore: restore.record.id },
        'a restore could not be settled; the next start tries again',
      );
      return;
    }
    if (restore.record.phase === 'AWAITING_CONFIRMATION') await this.confirmations.wait(restore);
  }
}
