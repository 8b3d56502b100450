/**
 * Restores: read and capture -> identity -> plan -> apply -> verify, one at a time per database; undoing them, and
 * confirming them.
 *
 * The record is in the store before anything is touched, and says APPLYING before the transaction is
 * sent: after a crash every record that was left open is ended by looking at the database (recover.ts). Dry runs
 * change nothing and wait for nobody. A restore that awaits its confirmation holds the queue of its database, so that
 * nothing else is restored on top of what may have to be undone.
 */
import { randomUUID } from 'node:crypto';
import { type Clock, instant } from '../../lib/clock.js';
import { AppError } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import type { Store } from '../../store/store.js';
import type { BackupRecord } from '../backup/backup-record.js';
import type { BackupService } from '../backup/backup-service.js';
import type { Catalog } from '../backup/catalog.js';
import { readChangeLog } from '../change/change-log.js';
import type { ChangePage, ChangePageRequest } from '../change/change-page.js';
import type { Database, Databases } from '../database/database.js';
import type { RunningWork } from '../job/running-work.js';
import { Confirmation } from './confirmation.js';
import { BackupPlanner, checkTogether } from './planner/backup-planner.js';
import type { RestorePlanner } from './planner/restore-planner.js';
import { checkUndoable, UndoPlanner } from './planner/undo-planner.js';
import { awaitingProgress } from './record/restore-progress.js';
import { isFinal, type RestoreRecord, type RestoreResult } from './record/restore-record.js';
import { type OpenRestore, type Restore, RestoreRegistry, type RestoreStep } from './record/restore-registry.js';
import { recover } from './recover.js';
import type { RestoreRequest, Started, UndoExpired, UndoRequest } from './restore-request.js';
import { emptyResult } from './restore-result.js';
import { type RestoreLimits, RestoreRun } from './restore-run.js';

/** An undo that is asked for while the restore awaits its confirmation, and whoever waits for it. */
interface AskedUndo extends UndoRequest {
  begun(started: Started): void;
  refused(error: unknown): void;
}

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

const UNDO_AGAIN_MS = 2_000;

export class RestoreService {
  private readonly registry: RestoreRegistry;
  private readonly running = new Map<string, Running>();
  private readonly confirmations = new Map<string, Confirmation<AskedUndo>>();
  /** Database id -> the end of its queue. */
  private readonly queues = new Map<string, Promise<void>>();
  /** Database id -> the recovery of a restore whose end was not seen. */
  private readonly recovering = new Map<string, Promise<void>>();
  private readonly stopped = new AbortController();

  constructor(private readonly parts: RestoreServiceParts) {
    this.registry = new RestoreRegistry(parts);
  }

  /**
   * Reads the records of the store; those left open by a crash are recovered in the background, before any new restore of
   * their database, and those that await confirmation go on waiting, or are undone when it is too late.
   */
  async load(): Promise<void> {
    for (const restore of await this.registry.load()) {
      const { database, phase } = restore.record;
      void this.enqueue(database, () =>
        phase === 'AWAITING_CONFIRMATION' ? this.awaitConfirmation(restore) : this.recoverOrLog(restore),
      );
    }
  }

  /** What awaits confirmation is left to the next start. Call it when no other work is under way any more. */
  stop(): void {
    this.stopped.abort();
    for (const confirmation of this.confirmations.values()) confirmation.stop();
  }

  /**
   * Begins a restore. It is queued behind others of the same database.
   * @throws AppError NOT_FOUND, BAD_USER_INPUT, SHUTTING_DOWN; STORE_FULL when not even its record can be kept
   */
  async start(request: RestoreRequest): Promise<Started> {
    const { catalog, databases, backups } = this.parts;
    const backup = catalog.get(request.backupId);
    const database = databases.get(request.database ?? backup.database);
    const {
      dryRun,
      conflictPolicy,
      exact,
      force,
      filter,
      decryptionKey,
      confirmWithinSeconds,
      mapping = [],
      sync = 'NONE',
    } = request;
    checkTogether({ policy: conflictPolicy, exact, mapping });
    checkKey(backup, decryptionKey);
    const record: RestoreRecord = {
      ...this.newRecord(database, request),
      backupId: backup.id,
      conflictPolicy,
      exact,
      force,
      sync,
      ...(filter === undefined ? {} : { filter }),
      ...(mapping.length === 0 ? {} : { mapping }),
      ...(confirmWithinSeconds === undefined || dryRun ? {} : { confirmWithinSeconds }),
    };
    const restoreAccess = force || (backup.origin === 'CAPTURED' && backup.database === database.id);
    const suffix = `_restored_${record.startedAt.slice(0, 19).replaceAll(/\D/g, '')}`;
    const planner = new BackupPlanner(backups, backup, {
      policy: conflictPolicy,
      exact,
      force,
      filter,
      mapping,
      decryptionKey,
      restoreAccess,
      suffix,
      newUuid: randomUUID,
    });
    return this.begin(record, planner, (turn) => this.enqueue(database.id, turn));
  }

  /**
   * Puts back what a restore changed, as a restore of its own.
   * @throws AppError NOT_FOUND, SHUTTING_DOWN; CONFLICT when there is nothing that could be undone
   */
  async undo(id: string, request: UndoRequest): Promise<Started> {
    const restore = this.registry.get(id);
    await checkUndoable(restore.record, this.parts.store);
    const confirmation = this.confirmations.get(id);
    if (confirmation === undefined || request.dryRun)
      return this.beginUndo(restore, request, (turn) => this.enqueue(restore.record.database, turn));
    // the restore holds the queue: its undo runs in its place
    return new Promise((begun, refused) => {
      if (!confirmation.undo({ ...request, begun, refused }))
        refused(new AppError('CONFLICT', 'The restore has been confirmed, or is being undone already'));
    });
  }

  /**
   * Ends the waiting for a confirmation.
   * @throws AppError NOT_FOUND; CONFLICT when it does not await one, or no more
   */
  async confirm(id: string, subject: string): Promise<Restore> {
    const restore = this.registry.get(id);
    const confirmation = this.confirmations.get(id);
    if (confirmation === undefined)
      throw new AppError('CONFLICT', `The restore does not await confirmation: it is ${restore.record.phase}`);
    if (!confirmation.begin())
      throw new AppError(
        'CONFLICT',
        'It is too late to confirm: the restore has been confirmed, or is being undone, already',
      );
    try {
      // in the store first: what is confirmed must not be undone by the next start
      await this.registry.keep(restore, {
        phase: 'SUCCEEDED',
        confirmBefore: undefined,
        finishedAt: instant(this.parts.clock.now()),
      });
    } catch (error) {
      confirmation.rollBack();
      throw error;
    }
    confirmation.confirm();
    await this.registry.finish(restore, 'SUCCEEDED', restore.record.result ?? emptyResult(false, 0));
    this.parts.log.info({ restore: id, subject }, 'restore confirmed');
    return restore;
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

  private newRecord(
    database: Database,
    { dryRun, subject }: { readonly dryRun: boolean; readonly subject: string },
  ): Pick<RestoreRecord, 'format' | 'id' | 'database' | 'dryRun' | 'phase' | 'startedBy' | 'startedAt' | 'sync'> {
    return {
      format: 'ovncp-restore/1',
      id: randomUUID(),
      database: database.id,
      dryRun,
      phase: 'QUEUED',
      startedBy: subject,
      startedAt: instant(this.parts.clock.now()),
      sync: 'NONE',
    };
  }

  private enqueue(database: string, work: () => Promise<void>): Promise<void> {
    const before = this.queues.get(database) ?? Promise.resolve();
    const next = before.then(work, work);
    this.queues.set(database, next);
    // what went wrong is the business of whoever waits for it; the queue goes on
    next.catch(() => undefined);
    return next;
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
              if (restore.record.phase === 'AWAITING_CONFIRMATION') await this.awaitConfirmation(restore);
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

  /** Holds the queue until the restore is confirmed or undone, or the server stops. */
  private async awaitConfirmation(restore: OpenRestore): Promise<void> {
    const { id, confirmBefore = restore.record.startedAt } = restore.record;
    const { clock } = this.parts;
    const confirmation = new Confirmation<AskedUndo>(Date.parse(confirmBefore), clock);
    this.confirmations.set(id, confirmation);
    const tell = (milestone: boolean): void => {
      this.registry.publish(
        restore,
        awaitingProgress(restore.record, confirmation.secondsLeft, instant(clock.now())),
        milestone,
      );
    };
    tell(true);
    try {
      while (restore.record.phase === 'AWAITING_CONFIRMATION' && !this.stopped.signal.aborted) {
        const verdict = await confirmation.wait(() => {
          tell(false);
        });
        if (verdict.kind === 'CONFIRMED' || verdict.kind === 'STOPPED') return;
        if (verdict.kind === 'UNDO') await this.undoInPlace(restore, verdict.request);
        else await this.undoExpired(restore);
      }
    } finally {
      this.confirmations.delete(id);
    }
  }

  private async undoInPlace(restore: OpenRestore, request: AskedUndo): Promise<void> {
    let turn: Promise<void> | undefined;
    try {
      const started = await this.beginUndo(restore, request, (run) => (turn = run()));
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
    const { id, startedBy, backupId, database } = restore.record;
    let end: UndoExpired = { undoOf: id, backupId, database };
    this.parts.log.warn({ restore: id }, 'a restore was not confirmed in time: it is undone');
    try {
      let turn: Promise<void> | undefined;
      const { restore: undo, done } = await this.beginUndo(
        restore,
        { force: true, dryRun: false, subject: startedBy },
        (run) => (turn = run()),
      );
      end = { ...end, restoreId: undo.record.id };
      await done;
      await turn;
    } catch (error) {
      end = { ...end, error };
      this.parts.log.error(
        { err: error, restore: id },
        'a restore that was not confirmed could not be undone; trying again',
      );
    }
    this.parts.onUndoExpired?.(end);
    if (restore.record.phase === 'AWAITING_CONFIRMATION')
      await new Promise((resolve) => setTimeout(resolve, UNDO_AGAIN_MS).unref());
  }

  private async beginUndo(
    restore: OpenRestore,
    { force, dryRun, subject }: UndoRequest,
    queue: (turn: () => Promise<void>) => Promise<void>,
  ): Promise<Started> {
    const { id, backupId, database } = restore.record;
    const record: RestoreRecord = {
      ...this.newRecord(this.parts.databases.get(database), { dryRun, subject }),
      backupId,
      conflictPolicy: 'OVERWRITE',
      exact: true,
      force,
      undoOf: id,
    };
    const planner = new UndoPlanner(this.parts.store, id, force ? 'FORCE' : 'STRICT');
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
    if (restore.record.phase === 'AWAITING_CONFIRMATION') await this.awaitConfirmation(restore);
  }
}

function checkKey({ name, encrypted }: BackupRecord, decryptionKey: string | undefined): void {
  if (encrypted && decryptionKey === undefined)
    throw new AppError('DECRYPTION_FAILED', `Decryption failed: backup "${name}" is encrypted and no key was given`);
  if (!encrypted && decryptionKey !== undefined)
    throw new AppError('BAD_USER_INPUT', `Backup "${name}" is not encrypted: leave the key out`);
}
