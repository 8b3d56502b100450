/**
 * Restores: unpack and capture -> identity -> plan -> apply -> verify, one at a time per database.
 *
 * The record is in the store before anything is touched, and says APPLYING before the transaction is
 * sent: after a crash `settle` looks at the database and ends every record that was left open.
 */
import { randomUUID } from 'node:crypto';
import { AppError, messageOf } from '../lib/error.js';
import { instant, type Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { Store } from '../store/store.js';
import type { BackupService } from './backup.js';
import type { Catalog } from './catalog.js';
import { readChangeLog, type ChangePage, type ChangePageRequest } from './change-log.js';
import type { Database, Databases } from './database.js';
import { Feed } from './feed.js';
import { RESTORE_RECORD_PREFIX, changeLogKey, restoreIdOf, restoreRecordKey } from './layout.js';
import { RESTORE_RECORD_BYTES_MAX, isFinal, parseRestoreRecord, restoreRecordBytes, type RestoreRecord, type RestoreResult } from './restore-record.js';
import { RestoreRun, emptyResult, type FinalOutcome, type RestoreProgress, type RestoreRequest } from './restore-run.js';
import { wasApplied } from './settle.js';
import type { Work } from './work.js';

/** A restore, running or ended. */
export interface Restore {
  readonly record: RestoreRecord;
  readonly feed: Feed<RestoreProgress>;
}

/** A step of a restore, for those who follow all of them. */
export interface RestoreStep {
  readonly restore: Restore;
  readonly progress: RestoreProgress;
}

interface OpenRestore extends Restore {
  record: RestoreRecord;
}

interface RunningRestore extends OpenRestore {
  readonly cancel: AbortController;
  readonly done: Promise<void>;
}

export interface RestoreServiceParts {
  readonly backups: BackupService;
  readonly catalog: Catalog;
  readonly store: Store;
  readonly databases: Databases;
  readonly clock: Clock;
  readonly log: Log;
  readonly work: Work;
}

const SETTLE_AGAIN_MS = 2_000;

export class RestoreService {
  /** Oldest first. */
  private readonly restores = new Map<string, Restore>();
  private readonly running = new Map<string, RunningRestore>();
  /** The newest step of whichever restore took one. */
  private readonly activity = new Feed<RestoreStep | undefined>(undefined);
  /** Database id -> the end of its queue. */
  private readonly queues = new Map<string, Promise<void>>();
  /** Database id -> the settling of a restore whose end was not seen. */
  private readonly unsettled = new Map<string, Promise<void>>();

  constructor(private readonly parts: RestoreServiceParts) {}

  /** Reads the records of the store; those left open by a crash are settled in the background, before any new restore of their database. */
  async load(): Promise<void> {
    const { store, log } = this.parts;
    const records: RestoreRecord[] = [];
    for (const key of await store.list(RESTORE_RECORD_PREFIX)) {
      if (restoreIdOf(key) === undefined) continue;
      try {
        records.push(parseRestoreRecord(await store.read(key, RESTORE_RECORD_BYTES_MAX)));
      } catch (error) {
        log.warn({ file: key, problem: messageOf(error) }, 'a restore record is not listed');
      }
    }
    records.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
    for (const record of records) {
      const restore = { record, feed: new Feed(progressOf(record)) };
      this.restores.set(record.id, restore);
      if (isFinal(record.phase)) restore.feed.end(progressOf(record));
      else void this.enqueue(record.database, () => this.settleOrLog(restore));
    }
  }

  /**
   * Begins a restore. It is queued behind others of the same database.
   * @throws AppError NOT_FOUND, BAD_USER_INPUT, SHUTTING_DOWN; STORE_FULL when not even its record can be kept
   */
  async start(request: RestoreRequest): Promise<{ readonly restore: Restore; readonly done: Promise<void> }> {
    const { catalog, databases, clock, store, work } = this.parts;
    const backup = catalog.get(request.backupId);
    const database = databases.get(request.database ?? backup.database);
    if (request.exact && request.conflictPolicy !== 'OVERWRITE') throw new AppError('BAD_USER_INPUT', 'exact deletes live rows and needs conflictPolicy OVERWRITE');
    if (backup.encrypted && request.decryptionKey === undefined) throw new AppError('DECRYPTION_FAILED', `Decryption failed: backup "${backup.name}" is encrypted and no decryptionKey was given`);
    if (!backup.encrypted && request.decryptionKey !== undefined) throw new AppError('BAD_USER_INPUT', `Backup "${backup.name}" is not encrypted: leave decryptionKey out`);
    const { dryRun, conflictPolicy, exact, force } = request;
    const record: RestoreRecord = { format: 'ovncp-restore/1', id: randomUUID(), backupId: backup.id, database: database.id, dryRun, conflictPolicy, exact, force, phase: 'QUEUED', startedBy: request.subject, startedAt: instant(clock.now()) };
    return work.run('restore', async () => {
      await store.put(restoreRecordKey(record.id), restoreRecordBytes(record));
      const restore: Omit<RunningRestore, 'done'> = { record, feed: new Feed(progressOf(record)), cancel: new AbortController() };
      this.restores.set(record.id, restore);
      const done = work.run('restore', () => this.enqueue(database.id, () => work.inTurn(() => this.run(restore, database, request))));
      this.running.set(record.id, Object.assign(restore, { done }));
      const forget = (): void => { this.running.delete(record.id); };
      done.then(forget, forget);
      return { restore, done };
    });
  }

  find(id: string): Restore | undefined {
    return this.restores.get(id);
  }

  /** @throws AppError NOT_FOUND */
  get(id: string): Restore {
    const restore = this.restores.get(id);
    if (restore === undefined) throw new AppError('NOT_FOUND', `Restore not found: ${id}`);
    return restore;
  }

  /** The newest step of any restore, then every further step of every restore. Does not end. */
  followAll(): AsyncIterableIterator<RestoreStep> {
    return this.activity.follow((step) => step);
  }

  /** The state of one restore as it is now, then every step until its end. @throws AppError NOT_FOUND */
  follow(id: string): AsyncIterableIterator<RestoreStep> {
    const restore = this.get(id);
    return restore.feed.follow((progress) => ({ restore, progress }));
  }

  /** Newest first. */
  list(backupId?: string): readonly Restore[] {
    return [...this.restores.values()].reverse().filter(({ record }) => backupId === undefined || record.backupId === backupId);
  }

  /** @throws AppError NOT_FOUND; CONFLICT once it is applying or has ended */
  async cancel(id: string): Promise<Restore> {
    const restore = this.get(id);
    const running = this.running.get(id);
    if (isFinal(restore.record.phase) || running === undefined) throw new AppError('CONFLICT', `The restore has ended already: ${restore.record.phase}`);
    if (restore.record.phase === 'APPLYING' || restore.record.phase === 'VERIFYING') throw new AppError('CONFLICT', `The restore is ${restore.record.phase} and cannot be cancelled any more`);
    if (running.record.phase === 'QUEUED' && running.cancel.signal.aborted) throw new AppError('CONFLICT', 'The restore is being cancelled already');
    running.cancel.abort();
    // one that waits for its turn need not wait to be cancelled
    if (running.record.phase === 'QUEUED') await this.finish(running, { phase: 'CANCELLED', result: cancelledResult(running.record.dryRun) });
    else await running.done.catch(() => undefined);
    return restore;
  }

  /** One page of a restore's changes. */
  async changes(record: RestoreRecord, request: ChangePageRequest): Promise<ChangePage> {
    return readChangeLog(this.parts.store, record.id, record.result?.changes ?? {}, request);
  }

  private enqueue(database: string, work: () => Promise<void>): Promise<void> {
    const before = this.queues.get(database) ?? Promise.resolve();
    const next = before.then(work, work);
    this.queues.set(database, next);
    // what went wrong is the business of whoever waits for it; the queue goes on
    next.catch(() => undefined);
    return next;
  }

  private async run(restore: Omit<RunningRestore, 'done'>, database: Database, request: RestoreRequest): Promise<void> {
    await this.unsettled.get(database.id);
    // cancelled while it was queued: whoever cancelled it ends it
    if (restore.cancel.signal.aborted) return;
    const { backups, catalog, store, clock, log } = this.parts;
    const run = new RestoreRun({
      backups, catalog, store, clock, log, database, request,
      id: restore.record.id,
      signal: restore.cancel.signal,
      enter: async (phase, extra) => {
        restore.record = { ...restore.record, ...extra, phase };
        if (phase === 'APPLYING') await this.keep(restore.record);
      },
      publish: (progress, milestone) => {
        restore.feed.publish(progress, milestone);
        this.activity.publish({ restore, progress }, milestone);
      },
    });
    const outcome = await run.execute();
    if (outcome.phase === 'UNKNOWN') {
      // nobody else's restore may begin before this one is settled
      this.unsettled.set(database.id, this.settleOrLog(restore));
      throw outcome.error;
    }
    await this.finish(restore, outcome);
    if (outcome.error !== undefined) throw outcome.error;
  }

  /** The record's end. That it cannot be kept does not undo what was done: the next start settles it. */
  private async finish(restore: OpenRestore, { phase, result }: FinalOutcome): Promise<void> {
    const { clock, log } = this.parts;
    const { witnesses: _settled, ...rest } = restore.record;
    let record: RestoreRecord = { ...rest, phase, finishedAt: instant(clock.now()), result };
    try {
      await this.keep(record);
    } catch (error) {
      log.error({ err: error, restore: record.id }, 'the record of a restore could not be kept');
      record = { ...record, result: { ...result, warnings: [...result.warnings, `The record of this restore could not be kept: ${messageOf(error)}`] } };
    }
    // record and feed at once: whoever sees the end in one of them sees it in the other
    restore.record = record;
    const last = progressOf(restore.record);
    restore.feed.end(last);
    this.activity.publish({ restore, progress: last }, true);
    const { id, backupId, dryRun, startedBy } = restore.record;
    log.info({ restore: id, backup: backupId, phase, restored: result.restoredCount, deleted: result.deletedCount, errors: result.errorCount, time: result.processingTime, subject: startedBy }, dryRun ? 'dry run ended' : 'restore ended');
  }

  private async keep(record: RestoreRecord): Promise<void> {
    await this.parts.store.put(restoreRecordKey(record.id), restoreRecordBytes(record), { replace: true });
  }

  private async settleOrLog(restore: OpenRestore): Promise<void> {
    try {
      await this.settle(restore);
    } catch (error) {
      this.parts.log.error({ err: error, restore: restore.record.id }, 'a restore could not be settled; the next start tries again');
    }
  }

  /** Ends a record that a crash, or a database that went away, left open, by looking at the database. */
  private async settle(restore: OpenRestore): Promise<void> {
    const { record } = restore;
    const { databases, log, store } = this.parts;
    const witnesses = record.witnesses ?? [];
    let applied = false;
    if (witnesses.length > 0) {
      const database = databases.get(record.database);
      applied = await this.untilAnswered(database, witnesses);
      if (!applied) {
        // a request may have been read, but not carried out, when the server was asked first
        await new Promise((resolve) => setTimeout(resolve, SETTLE_AGAIN_MS));
        applied = await this.untilAnswered(database, witnesses);
      }
    }
    const planned = record.result ?? emptyResult(record.dryRun, 0);
    const hasLog = (await store.stat(changeLogKey(record.id))) !== undefined;
    const text = applied
      ? 'The end of this restore was not seen. The database was looked at since: the transaction had been committed as a whole; its rows were not verified one by one'
      : 'The end of this restore was not seen. The database was looked at since: nothing had been changed';
    const result: RestoreResult = applied
      ? { ...planned, success: true, warnings: [...planned.warnings, text], changes: hasLog ? planned.changes : {} }
      : { ...emptyResult(record.dryRun, 0), errors: [{ code: 'CANCELLED', message: text }], errorCount: 1 };
    log.warn({ restore: record.id, applied }, 'a restore whose end was not seen was settled');
    await this.finish(restore, { phase: applied ? 'SUCCEEDED' : 'FAILED', result });
  }

  private async untilAnswered(database: Database, witnesses: NonNullable<RestoreRecord['witnesses']>): Promise<boolean> {
    for (;;) {
      try {
        return await database.withSession({ leader: true }, (session) => wasApplied(session, witnesses));
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'DATABASE_UNAVAILABLE') throw error;
        this.parts.log.warn({ problem: error.message }, 'a restore cannot be settled yet; trying again');
        await new Promise((resolve) => setTimeout(resolve, SETTLE_AGAIN_MS));
      }
    }
  }
}

function cancelledResult(dryRun: boolean): RestoreResult {
  return { ...emptyResult(dryRun, 0), errors: [{ code: 'CANCELLED', message: 'The restore was cancelled; nothing was changed' }], errorCount: 1 };
}

function progressOf(record: RestoreRecord): RestoreProgress {
  const { id, phase, result } = record;
  const message = { QUEUED: 'Waiting for its turn', SUCCEEDED: 'Done', FAILED: 'Failed: nothing was changed', CANCELLED: 'Cancelled: nothing was changed' }[phase as string] ?? 'Being settled after the server was stopped';
  const total = (result?.restoredCount ?? 0) + (result?.deletedCount ?? 0);
  return {
    restoreId: id, phase, completed: phase === 'SUCCEEDED' ? total : 0, total, fraction: isFinal(phase) ? 1 : 0,
    message: phase === 'SUCCEEDED' && result !== undefined ? summary(result) : phase === 'FAILED' ? (result?.errors[0]?.message ?? message) : message,
    at: record.finishedAt ?? record.startedAt,
    ...(result === undefined ? {} : { result }),
  };
}

function summary({ dryRun, restoredCount, deletedCount, skippedCount }: RestoreResult): string {
  return `${dryRun ? 'Would restore' : 'Restored'} ${String(restoredCount)} rows, ${dryRun ? 'delete' : 'deleted'} ${String(deletedCount)}, ${dryRun ? 'leave' : 'left'} ${String(skippedCount)} as they are`;
}
