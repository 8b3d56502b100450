/** The restores that there are and were: their records in the store, their feeds, and those who follow them. */

import { type Clock, instant } from '../../../lib/clock.js';
import { defined } from '../../../lib/defined.js';
import { AppError, messageOf } from '../../../lib/error.js';
import type { Log } from '../../../lib/log.js';
import type { Store } from '../../../store/store.js';
import { RESTORE_RECORD_PREFIX, restoreIdOf, restoreRecordKey } from '../../backup/layout.js';
import { ProgressFeed } from '../../job/progress-feed.js';
import { progressOf, type RestoreProgress } from './restore-progress.js';
import {
  isFinal,
  parseRestoreRecord,
  RESTORE_RECORD_BYTES_MAX,
  type RestorePhase,
  type RestoreRecord,
  type RestoreResult,
  restoreRecordBytes,
} from './restore-record.js';

/** A restore, running or ended. */
export interface Restore {
  readonly record: RestoreRecord;
  readonly feed: ProgressFeed<RestoreProgress>;
}

/** A step of a restore, for those who follow all of them. */
export interface RestoreStep {
  readonly restore: Restore;
  readonly progress: RestoreProgress;
}

export interface OpenRestore extends Restore {
  record: RestoreRecord;
}

export interface RegistryParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

export class RestoreRegistry {
  /** Oldest first. */
  private readonly restores = new Map<string, OpenRestore>();
  /** The newest step of whichever restore took one. */
  private readonly activity = new ProgressFeed<RestoreStep | undefined>(undefined);

  constructor(private readonly parts: RegistryParts) {}

  /** Reads the records of the store. @returns those that are not ended */
  async load(): Promise<readonly OpenRestore[]> {
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
    const all = records.map((record) => this.list(record));
    // a crash may have come between the end of an undo and the note of it
    for (const { id, undoOf, dryRun, phase } of records) {
      const undone = undoOf === undefined || dryRun || phase !== 'SUCCEEDED' ? undefined : this.find(undoOf);
      if (undone !== undefined && isFinal(undone.record.phase))
        undone.record = { ...undone.record, phase: 'UNDONE', undoneBy: id };
    }
    for (const { record, feed } of all) if (isFinal(record.phase)) feed.end(progressOf(record));
    return all.filter(({ record }) => !isFinal(record.phase));
  }

  /** Keeps the record of a new restore. @throws AppError STORE_FULL, STORE_UNAVAILABLE */
  async add(record: RestoreRecord): Promise<OpenRestore> {
    await this.parts.store.put(restoreRecordKey(record.id), restoreRecordBytes(record));
    return this.list(record);
  }

  find(id: string): OpenRestore | undefined {
    return this.restores.get(id);
  }

  /** @throws AppError NOT_FOUND */
  get(id: string): OpenRestore {
    const restore = this.restores.get(id);
    if (restore === undefined) throw new AppError('NOT_FOUND', `Restore not found: ${id}`);
    return restore;
  }

  /** Newest first. */
  all(backupId?: string): readonly Restore[] {
    return [...this.restores.values()]
      .reverse()
      .filter(({ record }) => backupId === undefined || record.backupId === backupId);
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

  publish(restore: OpenRestore, progress: RestoreProgress, milestone: boolean): void {
    restore.feed.publish(progress, milestone);
    this.activity.publish({ restore, progress }, milestone);
  }

  /** @throws AppError STORE_FULL, STORE_UNAVAILABLE */
  async keep(restore: OpenRestore, changes: Partial<RestoreRecord>): Promise<void> {
    const record = { ...restore.record, ...changes };
    await this.parts.store.put(restoreRecordKey(record.id), restoreRecordBytes(record), { replace: true });
    restore.record = record;
  }

  /** The record's end. That it cannot be kept does not undo what was done: the next start recovers it. */
  async finish(restore: OpenRestore, phase: RestorePhase, result: RestoreResult): Promise<void> {
    const { clock, log } = this.parts;
    const { witnesses: _seen, stepped: _undone, confirmBefore: _over, ...rest } = restore.record;
    let record: RestoreRecord = { ...rest, phase, finishedAt: instant(clock.now()), result };
    try {
      await this.parts.store.put(restoreRecordKey(record.id), restoreRecordBytes(record), { replace: true });
    } catch (error) {
      log.error({ err: error, restore: record.id }, 'the record of a restore could not be kept');
      record = {
        ...record,
        result: {
          ...result,
          warnings: [...result.warnings, `The record of this restore could not be kept: ${messageOf(error)}`],
        },
      };
    }
    // record and feed at once: whoever sees the end in one of them sees it in the other
    restore.record = record;
    const last = progressOf(record);
    restore.feed.end(last);
    this.activity.publish({ restore, progress: last }, true);
    const { id, backupId, dryRun, startedBy, undoOf } = record;
    log.info(
      {
        restore: id,
        backup: backupId,
        ...defined({ undoOf }),
        phase,
        restored: result.restoredCount,
        deleted: result.deletedCount,
        errors: result.errorCount,
        time: result.processingTime,
        subject: startedBy,
      },
      dryRun ? 'dry run ended' : 'restore ended',
    );
  }

  private list(record: RestoreRecord): OpenRestore {
    const restore: OpenRestore = { record, feed: new ProgressFeed(progressOf(record)) };
    this.restores.set(record.id, restore);
    return restore;
  }
}
