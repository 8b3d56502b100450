/**
 * The restores that there are and were: their records, their feeds, and those who follow them. Here, and nowhere else,
 * a restore goes from one phase to the next (life/life.ts says where to, and what of it is durable).
 */
import { instant } from '../../../lib/clock.js';
import { defined } from '../../../lib/defined.js';
import { AppError, messageOf } from '../../../lib/error.js';
import {
  changeLogKey,
  leftoverIdOf,
  RESTORE_RECORD_PREFIX,
  reservedSpaceKey,
  restoreIdOf,
  restoreRecordKey,
  undoListKey,
} from '../../backup/layout.js';
import { ProgressFeed } from '../../job/progress-feed.js';
import { isFinal, isSent, type LifeEvent, transition } from '../life/life.js';
import { type KeeperParts, RecordKeeper } from './record-keeper.js';
import { progressOf, type RestoreProgress } from './restore-progress.js';
import { parseRestoreRecord, RESTORE_RECORD_BYTES_MAX, type RestoreRecord, undoOf } from './restore-record.js';
import { expiredRestores, type RetentionLimits } from './restore-retention.js';

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

export interface RegistryParts extends KeeperParts {
  readonly limits: RetentionLimits;
}

export class RestoreRegistry {
  /** Oldest first. */
  private readonly restores = new Map<string, OpenRestore>();
  /** The newest step of whichever restore took one. */
  private readonly activity: ProgressFeed<RestoreStep | undefined>;
  private readonly keeper: RecordKeeper;

  constructor(private readonly parts: RegistryParts) {
    this.activity = new ProgressFeed<RestoreStep | undefined>(undefined, parts.clock);
    this.keeper = new RecordKeeper(parts);
  }

  /** Reads the records of the store. @returns those that are not ended */
  async load(): Promise<readonly OpenRestore[]> {
    const { store, log } = this.parts;
    const records: RestoreRecord[] = [];
    const keys = await store.list(RESTORE_RECORD_PREFIX);
    for (const key of keys) {
      if (restoreIdOf(key) === undefined) continue;
      try {
        records.push(parseRestoreRecord(await store.read(key, RESTORE_RECORD_BYTES_MAX)));
      } catch (error) {
        log.warn({ file: key, problem: messageOf(error) }, 'a restore record is not listed');
      }
    }
    records.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
    const all = records.map((record) => this.list(record));
    for (const restore of all) await this.noteUndone(restore);
    for (const { record, feed } of all) if (isFinal(record.phase)) feed.end(progressOf(record));
    await this.dropLeftovers(keys);
    await this.retain();
    return all.filter(({ record }) => !isFinal(record.phase));
  }

  /** Lets go of the restores that are not kept any longer, here and in the store. */
  async retain(): Promise<void> {
    const { clock, log, limits, store } = this.parts;
    const records = [...this.restores.values()].map(({ record }) => record).reverse();
    for (const id of expiredRestores(records, clock.now(), limits)) {
      this.restores.delete(id);
      try {
        // the record first: lists without one are removed by the next start
        await store.delete(restoreRecordKey(id));
        for (const key of listKeys(id)) await store.delete(key);
      } catch (error) {
        log.warn({ err: error, restore: id }, 'a restore that is not kept any longer could not be removed');
      }
    }
  }

  /** Keeps the record of a new restore. @throws AppError STORE_FULL, STORE_UNAVAILABLE */
  async add(record: RestoreRecord): Promise<OpenRestore> {
    await this.keeper.keep(record);
    return this.list(record);
  }

  /** As `add`, for one that must go on whatever the disk says. */
  async addSurely(record: RestoreRecord): Promise<OpenRestore> {
    await this.keeper.keepSurely(record);
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

  /** The undo of a restore that nobody asked for, from its first try until its end. */
  findOpenUndo(id: string): OpenRestore | undefined {
    for (const restore of this.restores.values()) {
      const { source, phase } = restore.record;
      if (source.kind === 'UNDO' && source.restoreId === id && source.cause === 'NOT_CONFIRMED' && !isFinal(phase))
        return restore;
    }
    return undefined;
  }

  /** An undo of a restore that may be in the database, as its end is not seen yet. */
  findSentUndo(id: string): OpenRestore | undefined {
    for (const restore of this.restores.values())
      if (undoOf(restore.record) === id && !restore.record.dryRun && isSent(restore.record.phase)) return restore;
    return undefined;
  }

  /** Newest first. */
  all(backupId?: string): readonly Restore[] {
    return [...this.restores.values()]
      .reverse()
      .filter(({ record }) => backupId === undefined || record.source.backupId === backupId);
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

  /** Sets space aside for the end of a restore. @throws AppError STORE_FULL, STORE_UNAVAILABLE */
  async reserve({ record }: OpenRestore): Promise<void> {
    await this.keeper.reserve(record);
  }

  /**
   * Something has happened to a restore.
   * @param isForced where the record must come first and cannot be kept: go on all the same
   * @throws AppError STORE_FULL, STORE_UNAVAILABLE where the record must come first; it stays where it was then
   */
  async enter(
    restore: OpenRestore,
    event: LifeEvent,
    changes: Partial<RestoreRecord> = {},
    isForced = false,
  ): Promise<void> {
    const hadEnded = isFinal(restore.record.phase);
    const { to, kept } = transition(restore.record.phase, event);
    const record: RestoreRecord = { ...restore.record, ...changes, phase: to };
    const ended = isFinal(to) ? this.endedNow(record) : record;
    if (kept === 'FIRST' && !isForced) await this.keeper.keep(ended);
    else if (kept !== 'MEMORY') await this.keeper.keepSurely(ended);
    // record and feed at once: whoever sees the end in one of them sees it in the other
    restore.record = ended;
    // one that is undone after its end has told of it already
    if (isFinal(to) && !hadEnded) await this.end(restore);
  }

  /** What is not kept yet is written once more, and then no more. */
  async stop(): Promise<void> {
    await this.keeper.stop();
  }

  private endedNow({ witnesses: _seen, stepped: _undone, confirmBefore: _over, ...record }: RestoreRecord) {
    return { ...record, finishedAt: record.finishedAt ?? instant(this.parts.clock.now()) };
  }

  private async end(restore: OpenRestore): Promise<void> {
    const { record } = restore;
    const last = progressOf(record);
    restore.feed.end(last);
    this.activity.publish({ restore, progress: last }, true);
    await this.keeper.release(record.id);
    const { id, source, phase, dryRun, startedBy, result } = record;
    this.parts.log.info(
      {
        restore: id,
        backup: source.backupId,
        ...defined({ undoOf: undoOf(record) }),
        phase,
        restored: result?.restoredCount,
        deleted: result?.deletedCount,
        errors: result?.errorCount,
        time: result?.processingTime,
        subject: startedBy,
      },
      dryRun ? 'dry run ended' : 'restore ended',
    );
    await this.noteUndone(restore);
    await this.retain();
  }

  /** What a crash left of restores that have ended, or of which the record is gone. */
  private async dropLeftovers(keys: readonly string[]): Promise<void> {
    const { store, log } = this.parts;
    const recorded = new Set(keys.map(restoreIdOf));
    for (const key of keys) {
      const id = leftoverIdOf(key);
      if (id === undefined) continue;
      const record = this.find(id)?.record;
      const isNeeded = key === reservedSpaceKey(id) ? record !== undefined && !isFinal(record.phase) : recorded.has(id);
      if (isNeeded) continue;
      await store.delete(key).catch((error: unknown) => {
        log.warn({ err: error, file: key }, 'a leftover of a restore could not be removed');
      });
    }
  }

  /** An undo that is in the database: what it undid is UNDONE. A crash may have come between the two. */
  private async noteUndone({ record }: OpenRestore): Promise<void> {
    const undone = undoOf(record);
    const restore = undone === undefined || record.dryRun ? undefined : this.find(undone);
    if (restore === undefined || record.phase !== 'SUCCEEDED') return;
    const { phase } = restore.record;
    if (phase === 'SUCCEEDED' || phase === 'AWAITING_CONFIRMATION')
      await this.enter(restore, 'UNDONE', { undoneBy: record.id });
  }

  private list(record: RestoreRecord): OpenRestore {
    const restore: OpenRestore = { record, feed: new ProgressFeed(progressOf(record), this.parts.clock) };
    this.restores.set(record.id, restore);
    return restore;
  }
}

function listKeys(id: string): readonly string[] {
  return [changeLogKey(id), undoListKey(id), reservedSpaceKey(id)];
}
