/**
 * Restores: asked for, followed, cancelled, confirmed and undone. Restores of one database come one after the other
 * (life/database-queue.ts); restore-runner.ts carries them out; those that were left open by a crash go on at the
 * start.
 */
import { KeyMissing } from '../../archive/layer/encryption.js';
import { instant, sleep } from '../../lib/clock.js';
import { AppError, problemOf } from '../../lib/error.js';
import { sharedController } from '../../lib/joined-signal.js';
import type { BackupService } from '../backup/backup-service.js';
import type { Catalog } from '../backup/catalog/catalog.js';
import { sealedChangeLogKey } from '../backup/layout.js';
import { readChangeLog } from '../change/change-log.js';
import type { ChangePage, ChangePageRequest } from '../change/change-page.js';
import type { KnownIds } from '../command/known-ids.js';
import { AwaitedConfirmations } from './awaited-confirmations.js';
import { DatabaseQueues, type Urgency } from './life/database-queue.js';
import { eventAtStart, isSent } from './life/life.js';
import { newRestore, newUndo, undoPlanner } from './new-restore.js';
import type { RestorePlanner } from './planner/restore-planner.js';
import { checkUndoable, listsOf } from './planner/undo-planner.js';
import { messageProgress } from './record/restore-progress.js';
import { type RestoreRecord, undoOf } from './record/restore-record.js';
import { type OpenRestore, type Restore, RestoreRegistry, type RestoreStep } from './record/restore-registry.js';
import { retentionLimits } from './record/restore-retention.js';
import type { RestoreSummary } from './record/restore-summary.js';
import { recordEnd } from './restore-audit.js';
import type { Caller, RestoreRequest, Started, UndoRequest } from './restore-request.js';
import { RestoreRunner, type RunnerParts, withWarning } from './restore-runner.js';
import { failedResult } from './run/restore-result.js';
import { type RunningRestore, runningRestore } from './running-restore.js';
import { awaitsConfirmation, checkCancellable, checkNotUndoing, waitingFor } from './waiting.js';

export interface RestoreServiceParts extends Omit<RunnerParts, 'registry' | 'stopped'> {
  readonly backups: BackupService;
  readonly catalog: Catalog;
  readonly ids: KnownIds;
}

/** A restore of another database than the configured one is looked at again after so long. */
const ELSEWHERE_AGAIN_MS = 30_000;
const RETAIN_EVERY_MS = 3_600_000;
const INTERRUPTED =
  'The server was stopped before the rows were verified one by one; the transaction had been committed as a whole';
const UNSENT = 'The server was stopped before anything was sent to the database: nothing was changed';

export class RestoreService {
  private readonly registry: RestoreRegistry;
  private readonly runner: RestoreRunner;
  private readonly confirmations: AwaitedConfirmations;
  private readonly queues = new DatabaseQueues();
  /** Those that wait for their turn or run, by id. */
  private readonly running = new Map<string, RunningRestore>();
  private readonly stopped = sharedController();
  /** What is asked for before comes after what a crash left open. */
  private loaded: Promise<void> = Promise.resolve();

  constructor(private readonly parts: RestoreServiceParts) {
    this.registry = new RestoreRegistry({ ...parts, limits: retentionLimits(parts.limits.keptDays) });
    this.runner = new RestoreRunner({ ...parts, registry: this.registry, stopped: this.stopped.signal });
    this.confirmations = new AwaitedConfirmations({
      ...parts,
      registry: this.registry,
      runner: this.runner,
      whileRunning: (running, work) => this.whileRunning(running, work),
      tellWaiting: (database) => this.tellWaiting(database),
    });
  }

  /**
   * Reads the records of the store. Those left open by a crash go on in the background: first all of a database that
   * have to be recovered, then the one that awaits its confirmation, or is undone as it is too late; what was asked for
   * comes after them.
   */
  load(): Promise<void> {
    this.loaded = this.goOnWithOpen();
    return this.loaded;
  }

  private async goOnWithOpen(): Promise<void> {
    const open = await this.registry.load();
    for (const restore of open) {
      const { record } = restore;
      const event = eventAtStart(record.phase);
      if (event === 'END_UNSEEN') await this.registry.enter(restore, event);
      else if (event === 'FAIL' && !this.isTriedAgain(record))
        await this.registry.enter(restore, event, {
          result: failedResult(record.dryRun, [problemOf(new AppError('CANCELLED', UNSENT))]),
        });
    }
    const isWaiting = ({ record }: OpenRestore): boolean => record.phase === 'AWAITING_CONFIRMATION';
    for (const restore of open) if (isSent(restore.record.phase) && !isWaiting(restore)) this.goOn(restore);
    for (const restore of open) if (isWaiting(restore)) this.goOn(restore);
    void this.retainRegularly();
  }

  /** An undo that nobody asked for, of a restore that still awaits its confirmation: it is tried again with that. */
  private isTriedAgain({ source }: RestoreRecord): boolean {
    if (source.kind !== 'UNDO' || source.cause !== 'NOT_CONFIRMED') return false;
    return this.registry.findOpen(source.restoreId)?.record.phase === 'AWAITING_CONFIRMATION';
  }

  /** Refuses what waits for its turn, and lets go of what awaits its confirmation: that is left to the next start. */
  async drain(): Promise<void> {
    for (const { restore, answer } of [...this.running.values()]) {
      const { database, id, phase } = restore.record;
      if (phase !== 'QUEUED' || !this.queues.of(database).remove(id)) continue;
      await this.cancelUnsent(restore);
      answer.give(new AppError('SHUTTING_DOWN', 'The server is shutting down: the restore was not begun'));
    }
    this.stopped.abort();
    this.confirmations.stop();
  }

  /** Gives up what is read or planned. What was sent is found out about by the next start. */
  abort(): void {
    for (const { cancel } of this.running.values()) cancel.abort();
  }

  /** What is not kept yet is written once more. Call it when no other work is under way any more. */
  async stop(): Promise<void> {
    await this.registry.stop();
  }

  /**
   * Begins a restore. It waits for others of the same database.
   * @throws AppError NOT_FOUND, BAD_USER_INPUT, SHUTTING_DOWN; CONFLICT while another awaits its confirmation;
   * STORE_FULL when not even its record can be kept
   */
  async start(request: RestoreRequest): Promise<Started> {
    const { catalog, databases, backups, clock } = this.parts;
    const backup = catalog.get(request.backupId);
    const database = databases.get(request.database ?? backup.database);
    const { record, planner } = newRestore(request, backup, backups, { database, now: clock.now() });
    if (!record.dryRun && request.queue !== true) this.checkFree(database.id, true);
    return this.begin(record, planner, request);
  }

  /**
   * Puts back what a restore changed, as a restore of its own.
   * @throws AppError NOT_FOUND, SHUTTING_DOWN; CONFLICT when there is nothing that could be undone
   */
  async undo(id: string, request: UndoRequest): Promise<Started> {
    const restore = await this.get(id);
    checkUndoable(restore.record, restore.backBy());
    if (!request.dryRun) {
      this.checkNotUndoing(id);
      // where the restore holds the queue, its undo runs in its place
      const inPlace = this.confirmations.undo(restore, request);
      if (inPlace !== undefined) return inPlace;
      this.checkFree(restore.record.database, false);
    }
    const database = this.parts.databases.getHeld(restore.record.database).id;
    const record = newUndo(restore.record, request, { database, now: this.parts.clock.now() });
    const planner = undoPlanner(record, restore.record, this.parts.store);
    return this.begin(record, planner, { ...request, wait: request.wait ?? true });
  }

  /**
   * Ends the waiting for a confirmation.
   * @throws AppError NOT_FOUND; CONFLICT when it does not await one, or no more
   */
  async confirm(id: string, subject: string): Promise<Restore> {
    return this.confirmations.confirm(await this.get(id), subject);
  }

  /** @throws AppError STORE_UNAVAILABLE */
  find(id: string): Promise<Restore | undefined> {
    return this.registry.find(id);
  }

  /** @throws AppError NOT_FOUND, STORE_UNAVAILABLE */
  get(id: string): Promise<OpenRestore> {
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
  list(backupId?: string): readonly RestoreSummary[] {
    return this.registry.all(backupId);
  }

  /** Those of a page of the list; without one that is gone meanwhile. @throws AppError STORE_UNAVAILABLE */
  async read(page: readonly RestoreSummary[]): Promise<readonly Restore[]> {
    const restores: Restore[] = [];
    for (const { id } of page) {
      const restore = await this.registry.find(id);
      if (restore !== undefined) restores.push(restore);
    }
    return restores;
  }

  /** @throws AppError NOT_FOUND; CONFLICT once it is applying or has ended */
  async cancel(id: string): Promise<Restore> {
    const restore = await this.get(id);
    const { phase, database } = restore.record;
    const running = this.running.get(id);
    checkCancellable(restore.record, running?.cancel.signal);
    running?.cancel.abort();
    // one that waits for its turn need not wait to be cancelled
    if (phase === 'QUEUED' && this.queues.of(database).remove(id)) {
      await this.cancelUnsent(restore);
      running?.answer.give();
    } else await running?.answer.given.catch(() => undefined);
    return restore;
  }

  /**
   * One page of a restore's changes.
   * @param decryptionKey of the backup, where that is encrypted
   * @throws AppError NOT_FOUND, INTEGRITY_FAILED, DECRYPTION_FAILED
   */
  async changes(record: RestoreRecord, request: ChangePageRequest, decryptionKey?: string): Promise<ChangePage> {
    const { store, keyCost } = this.parts;
    const { id, sealed, changeList, result } = record;
    const counts = result?.changes ?? {};
    if (sealed !== true) return readChangeLog(store, listsOf(record)[0], counts, request);
    if (decryptionKey === undefined)
      throw new KeyMissing(`the changes of restore ${id} hold what an encrypted backup held`);
    const list = changeList ?? { key: sealedChangeLogKey(id) };
    return readChangeLog(store, list, counts, request, { passphrase: decryptionKey, keyCost });
  }

  private async begin(
    record: RestoreRecord,
    planner: RestorePlanner,
    { caller, wait, queue = false }: { readonly caller: Caller; readonly wait: boolean; readonly queue?: boolean },
  ): Promise<Started> {
    const { work } = this.parts;
    return work.run('restore', async () => {
      await this.loaded;
      const restore = await this.registry.add(record);
      if (this.stopped.signal.aborted) {
        await this.cancelUnsent(restore);
        throw new AppError('SHUTTING_DOWN', 'The server is shutting down: the restore was not begun');
      }
      const running = runningRestore({ restore, planner, caller, wait, queue });
      const ended = this.whileRunning(running, () => this.inTurn(running));
      void work.run('restore', () => Promise.race([ended, running.answer.given.catch(() => undefined)]));
      return { restore, done: running.answer.given };
    });
  }

  /** Waits for its turn, and carries it out. Dry runs change nothing: they wait for nobody. */
  private inTurn(running: RunningRestore): Promise<void> {
    const { id, dryRun, database } = running.restore.record;
    if (dryRun) return this.runner.run(running).then(() => undefined);
    const urgency: Urgency = undoOf(running.restore.record) === undefined ? 'RESTORE' : 'UNDO';
    return new Promise((resolve) => {
      const turn = async (room: AbortSignal): Promise<void> => {
        this.tellWaiting(database);
        if (await this.run(running, room)) {
          resolve();
          await this.hold(running.restore);
        } else this.queues.of(database).addAgain(entry);
      };
      const entry = { id, urgency, turn };
      this.queues.of(database).add(entry);
      this.tellWaiting(database);
    });
  }

  /** Tells those that wait for their turn what they wait for. */
  private tellWaiting(database: string): void {
    const { holder, waitingIds } = this.queues.of(database);
    const record = holder === undefined ? undefined : this.registry.findOpen(holder)?.record;
    if (record === undefined) return;
    const at = instant(this.parts.clock.now());
    const message = waitingFor(record, this.registry.undoIdOf(record.id));
    for (const id of waitingIds) {
      const restore = this.running.get(id)?.restore;
      if (restore !== undefined) this.registry.publish(restore, messageProgress(restore.record, message, at), true);
    }
  }

  /**
   * What may have changed since it was asked for is looked at again.
   * @returns false when it has made room for something more urgent
   */
  private async run(running: RunningRestore, room: AbortSignal): Promise<boolean> {
    const undone = undoOf(running.restore.record);
    try {
      const restore = undone === undefined ? undefined : await this.registry.get(undone);
      if (restore !== undefined) checkUndoable(restore.record, restore.backBy());
    } catch (error) {
      await this.registry.enter(running.restore, 'FAIL', {
        result: failedResult(running.restore.record.dryRun, [problemOf(error)]),
      });
      running.answer.give(error);
      return true;
    }
    return (await this.runner.run(running, { room })).kind !== 'MADE_ROOM';
  }

  /** Holds the queue of the database while the restore awaits its confirmation. */
  private async hold(restore: OpenRestore): Promise<void> {
    const { record } = restore;
    if (record.phase !== 'AWAITING_CONFIRMATION') return;
    await this.refuseWaiting(record.database, awaitsConfirmation(record, true, this.registry.undoIdOf(record.id)));
    this.tellWaiting(record.database);
    if ((await this.confirmations.wait(restore)) === 'ELSEWHERE') this.goOnLater(restore);
  }

  /** What a start of the server finds open, in its turn. */
  private goOn(restore: OpenRestore): void {
    const { id, database } = restore.record;
    const turn = async (): Promise<void> => {
      if (this.stopped.signal.aborted) return; // the next start goes on
      const { phase } = restore.record;
      if (phase === 'RECOVERING') {
        const { kind } = await this.runner.recover(restore);
        if (kind === 'ELSEWHERE') this.goOnLater(restore);
      } else if (phase === 'VERIFYING' || phase === 'CONVERGING') {
        await this.runner.endCommitted(restore, withWarning(restore, INTERRUPTED));
        await recordEnd(this.parts.audit, restore.record, { subject: restore.record.startedBy, via: 'SERVER' });
      } else return this.hold(restore);
      // all of the database that have to be recovered come before one that waits
      if (restore.record.phase === 'AWAITING_CONFIRMATION') this.goOn(restore);
    };
    this.queues.of(database).add({ id, urgency: 'RECOVERY', turn });
  }

  /** Another database is configured now: this one's queue is not its business. */
  private goOnLater(restore: OpenRestore): void {
    sleep(this.parts.clock, ELSEWHERE_AGAIN_MS, this.stopped.signal).then(
      () => this.goOn(restore),
      () => undefined, // the server stops
    );
  }

  private async retainRegularly(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      await sleep(this.parts.clock, RETAIN_EVERY_MS, this.stopped.signal).catch(() => undefined);
      await this.registry.retain();
    }
  }

  private async whileRunning<T>(running: RunningRestore, work: () => Promise<T>): Promise<T> {
    const { id } = running.restore.record;
    this.running.set(id, running);
    try {
      return await work();
    } finally {
      this.running.delete(id);
    }
  }

  /** @throws AppError CONFLICT while a restore of the database awaits its confirmation */
  private checkFree(database: string, mayQueue: boolean): void {
    const holder = this.queues.of(database).holder;
    const record = holder === undefined ? undefined : this.registry.findOpen(holder)?.record;
    if (record?.phase === 'AWAITING_CONFIRMATION')
      throw awaitsConfirmation(record, mayQueue, this.registry.undoIdOf(record.id));
  }

  private checkNotUndoing(id: string): void {
    const running = [...this.running.values()].map(({ restore }) => restore);
    // also one that a start of the server found, and of which nobody knows yet whether it is in the database
    checkNotUndoing(id, [...running, this.registry.findSentUndo(id)]);
  }

  /** Ids of those that have not ended, of one database. */
  openIn(database: string): readonly string[] {
    return this.registry.openIn(database);
  }

  /** Those that did not ask to wait behind a restore that awaits its confirmation. */
  private async refuseWaiting(database: string, error: AppError): Promise<void> {
    const queue = this.queues.of(database);
    for (const id of queue.waitingIds) {
      const running = this.running.get(id);
      if (running === undefined || running.queue || !queue.remove(id)) continue;
      await this.registry.enter(running.restore, 'FAIL', {
        result: failedResult(running.restore.record.dryRun, [problemOf(error)]),
      });
      if (!running.wait) await recordEnd(this.parts.audit, running.restore.record, running.caller);
      running.answer.give(error);
    }
  }

  private async cancelUnsent(restore: OpenRestore): Promise<void> {
    const error = new AppError('CANCELLED', 'The restore was cancelled; nothing was changed');
    await this.registry.enter(restore, 'CANCEL', { result: failedResult(restore.record.dryRun, [problemOf(error)]) });
  }
}
