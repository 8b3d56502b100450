/**
 * The restores that there are and were: their records, their feeds, and those who follow them. Here, and nowhere else,
 * a restore goes from one phase to the next (life/life.ts says where to, and what of it is durable). In memory is what
 * has not ended, and of the rest a summary and the records that were looked at lately.
 */
import { LRUCache } from 'lru-cache';
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
  sealedChangeLogKey,
  undoListKey,
} from '../../backup/layout.js';
import type { KnownIds } from '../../command/known-ids.js';
import { ProgressFeed } from '../../job/progress-feed.js';
import { isFinal, isSent, type LifeEvent, transition } from '../life/life.js';
import { type KeeperParts, RecordKeeper } from './record-keeper.js';
import { progressNow, progressOf, type RestoreProgress } from './restore-progress.js';
import {
  databasesOf,
  parseRestoreRecord,
  RESTORE_RECORD_BYTES_MAX,
  type RestoreRecord,
  undoOf,
} from './restore-record.js';
import { expiredRestores, type RetentionLimits } from './restore-retention.js';
import { type RestoreSummary, summaryOf } from './restore-summary.js';
import { undoneResult } from './undone-result.js';

/** A restore, running or ended. */
export interface Restore {
  readonly record: RestoreRecord;
  readonly feed: ProgressFeed<RestoreProgress>;
  /** Of one that was undone: the restore that has undone its undo, so that its changes are in the database again. */
  readonly backBy: () => string | undefined;
}

/** A step of a restore, for those who follow all of them. */
export interface RestoreStep {
  readonly restore: Restore;
  readonly progress: RestoreProgress;
}

export interface OpenRestore extends Restore {
  record: RestoreRecord;
  /** What an undo undoes: in memory, so that its end can be noted also when the store cannot be read then. */
  readonly undoes?: OpenRestore | undefined;
}

export interface RegistryParts extends KeeperParts {
  readonly limits: RetentionLimits;
  readonly ids: KnownIds;
}

/** Records of ended restores that stay in memory. */
const ENDED_MAX = 200;

export class RestoreRegistry {
  /** Of all, oldest first. */
  private readonly summaries = new Map<string, RestoreSummary>();
  private readonly open = new Map<string, OpenRestore>();
  private readonly ended = new LRUCache<string, OpenRestore>({ max: ENDED_MAX });
  /** The newest step of whichever restore took one. */
  private readonly activity: ProgressFeed<RestoreStep | undefined>;
  private readonly keeper: RecordKeeper;

  constructor(private readonly parts: RegistryParts) {
    parts.ids.tell('restore', { databasesOf: (id) => this.databasesOf(id), ids: () => this.summaries.keys() });
    this.activity = new ProgressFeed<RestoreStep | undefined>(undefined, parts.clock);
    this.keeper = new RecordKeeper(parts);
  }

  /** Reads the records of the store. @returns those that are not ended */
  async load(): Promise<readonly OpenRestore[]> {
    const { store, log } = this.parts;
    const restores: { readonly startedAt: string; readonly summary: RestoreSummary }[] = [];
    const keys = await store.list(RESTORE_RECORD_PREFIX);
    for (const key of keys) {
      if (restoreIdOf(key) === undefined) continue;
      try {
        const record = parseRestoreRecord(await store.read(key, RESTORE_RECORD_BYTES_MAX));
        if (!isFinal(record.phase)) this.open.set(record.id, this.restoreOf(record));
        restores.push({ startedAt: record.startedAt, summary: summaryOf(record) });
      } catch (error) {
        log.warn({ file: key, problem: messageOf(error) }, NOT_LISTED);
      }
    }
    restores.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
    for (const { summary } of restores) this.summaries.set(summary.id, summary);
    for (const { summary } of restores) await this.noteUndone(summary);
    await this.dropLeftovers(keys);
    await this.retain();
    return restores.flatMap(({ summary }) => this.open.get(summary.id) ?? []);
  }

  /** Lets go of the restores that are not kept any longer, here and in the store. */
  async retain(): Promise<void> {
    const { clock, log, limits, store } = this.parts;
    for (const id of expiredRestores(this.all(), clock.now(), limits)) {
      this.forget(id);
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
    const undoes = await this.findUndone(record);
    await this.keeper.keep(record);
    return this.list(record, undoes);
  }

  /** As `add`, for one that must go on whatever the disk says. */
  async addSurely(record: RestoreRecord): Promise<OpenRestore> {
    const undoes = await this.findUndone(record);
    await this.keeper.keepSurely(record);
    return this.list(record, undoes);
  }

  /** One that has not ended. */
  findOpen(id: string): OpenRestore | undefined {
    return this.open.get(id);
  }

  /** @throws AppError STORE_UNAVAILABLE */
  async find(id: string): Promise<OpenRestore | undefined> {
    const restore = this.open.get(id) ?? this.ended.get(id);
    return restore === undefined && this.summaries.has(id) ? this.read(id) : restore;
  }

  /** @throws AppError NOT_FOUND, STORE_UNAVAILABLE */
  async get(id: string): Promise<OpenRestore> {
    const restore = await this.find(id);
    if (restore === undefined) throw this.parts.ids.notFound('restore', id);
    return restore;
  }

  /** The undo of a restore that nobody asked for, from its first try until its end. */
  findOpenUndo(id: string): OpenRestore | undefined {
    for (const restore of this.open.values()) {
      const { source } = restore.record;
      if (source.kind === 'UNDO' && source.restoreId === id && source.cause === 'NOT_CONFIRMED') return restore;
    }
    return undefined;
  }

  /** @returns the id of that */
  undoIdOf(id: string): string | undefined {
    return this.findOpenUndo(id)?.record.id;
  }

  /** The restore of a database that awaits its confirmation. */
  findAwaiting(database: string): RestoreRecord | undefined {
    for (const { record } of this.open.values())
      if (record.database === database && record.phase === 'AWAITING_CONFIRMATION') return record;
    return undefined;
  }

  /** Ids of those of a database that have not ended. */
  openIn(database: string): readonly string[] {
    return [...this.open.values()].flatMap(({ record }) => (record.database === database ? [record.id] : []));
  }

  /** An undo of a restore that may be in the database, as its end is not seen yet. */
  findSentUndo(id: string): OpenRestore | undefined {
    for (const restore of this.open.values())
      if (undoOf(restore.record) === id && !restore.record.dryRun && isSent(restore.record.phase)) return restore;
    return undefined;
  }

  /** Newest first. */
  all(backupId?: string): readonly RestoreSummary[] {
    const all = [...this.summaries.values()].reverse();
    return backupId === undefined ? all : all.filter((summary) => summary.backupId === backupId);
  }

  /** The newest step of any restore, then every further step of every restore. Does not end. */
  followAll(): AsyncIterableIterator<RestoreStep> {
    return this.activity.follow((step) => step);
  }

  /** The state of one restore as it is now, then every step until its end. @throws AppError NOT_FOUND */
  follow(id: string): AsyncIterableIterator<RestoreStep> {
    const restore = this.open.get(id);
    if (restore !== undefined) return restore.feed.follow((progress) => ({ restore, progress }));
    if (!this.summaries.has(id)) throw this.parts.ids.notFound('restore', id);
    return this.lastStep(id);
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
    this.put(restore, ended);
    // one that is undone after its end has told of it already
    if (isFinal(to) && !hadEnded) await this.end(restore);
  }

  /** What is not kept yet is written once more, and then no more. */
  async stop(): Promise<void> {
    await this.keeper.stop();
  }

  private endedNow({ witnesses: _seen, stepped: _undone, ...record }: RestoreRecord): RestoreRecord {
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
    await this.noteUndone(summaryOf(record), restore.undoes);
    await this.retain();
  }

  /** What a crash left of restores that have ended, or of which the record is gone. */
  private async dropLeftovers(keys: readonly string[]): Promise<void> {
    const { store, log } = this.parts;
    const recorded = new Set(keys.map(restoreIdOf));
    for (const key of keys) {
      const id = leftoverIdOf(key);
      if (id === undefined) continue;
      const isNeeded = key === reservedSpaceKey(id) ? this.open.has(id) : recorded.has(id);
      if (isNeeded) continue;
      await store.delete(key).catch((error: unknown) => {
        log.warn({ err: error, file: key }, 'a leftover of a restore could not be removed');
      });
    }
  }

  /** An undo that is in the database: what it undid is UNDONE. A crash may have come between the two. */
  private async noteUndone(undo: RestoreSummary, held?: OpenRestore): Promise<void> {
    const { id, undoOf: undone, dryRun, phase } = undo;
    if (undone === undefined || dryRun || phase !== 'SUCCEEDED') return;
    const before = this.summaries.get(undone)?.phase;
    if (before !== 'SUCCEEDED' && before !== 'AWAITING_CONFIRMATION') return;
    try {
      const restore = held ?? (await this.find(undone));
      const by = await this.find(id);
      if (restore === undefined) return;
      const { result } = restore.record;
      const told = by === undefined ? result : undoneResult(result, by.record);
      await this.enter(restore, 'UNDONE', { undoneBy: id, ...defined({ result: told }) });
    } catch (error) {
      this.parts.log.error({ err: error, restore: undone, undo: id }, 'it is undone, which the next start will note');
    }
  }

  private async findUndone(record: RestoreRecord): Promise<OpenRestore | undefined> {
    const undone = record.dryRun ? undefined : undoOf(record);
    return undone === undefined ? undefined : this.find(undone);
  }

  private list(record: RestoreRecord, undoes: OpenRestore | undefined): OpenRestore {
    const restore: OpenRestore = { ...this.restoreOf(record), undoes };
    this.put(restore, record);
    return restore;
  }

  private databasesOf(id: string): readonly string[] | undefined {
    const record = this.open.get(id)?.record;
    return record === undefined ? this.summaries.get(id)?.databases : databasesOf(record);
  }

  private restoreOf(record: RestoreRecord): OpenRestore {
    const feed = new ProgressFeed(progressOf(record), this.parts.clock);
    return { record, feed, backBy: () => this.backBy(record.id) };
  }

  private backBy(id: string): string | undefined {
    // an undo that was undone again, and so on: every other one brings the changes back
    let back: string | undefined;
    let isBack = true;
    for (let by = this.summaries.get(id)?.undoneBy; by !== undefined; by = this.summaries.get(by)?.undoneBy) {
      isBack = !isBack;
      back = isBack ? by : undefined;
    }
    return back;
  }

  private put(restore: OpenRestore, record: RestoreRecord): void {
    const { id, phase } = record;
    restore.record = record;
    this.summaries.set(id, summaryOf(record));
    if (!isFinal(phase)) this.open.set(id, restore);
    else {
      this.open.delete(id);
      this.ended.set(id, restore);
    }
  }

  private forget(id: string): void {
    this.summaries.delete(id);
    this.ended.delete(id);
  }

  /** An ended restore; undefined, and not listed any more, where its record is gone or damaged. */
  private async read(id: string): Promise<OpenRestore | undefined> {
    const { store, log } = this.parts;
    const key = restoreRecordKey(id);
    try {
      const record = this.keeper.newest(id) ?? parseRestoreRecord(await store.read(key, RESTORE_RECORD_BYTES_MAX));
      // one object for all who look, also for those who looked at the same time
      const other = this.ended.get(id);
      if (other !== undefined || !this.summaries.has(id)) return other;
      const restore = this.restoreOf(record);
      restore.feed.end(progressOf(record));
      this.ended.set(id, restore);
      return restore;
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'STORE_UNAVAILABLE') throw error;
      log.warn({ file: key, problem: messageOf(error) }, NOT_LISTED);
      this.forget(id);
      return undefined;
    }
  }

  private async *lastStep(id: string): AsyncIterableIterator<RestoreStep> {
    const restore = await this.get(id);
    yield { restore, progress: progressNow(restore) };
  }
}

const NOT_LISTED = 'a restore record is not listed';

function listKeys(id: string): readonly string[] {
  return [changeLogKey(id), sealedChangeLogKey(id), undoListKey(id), reservedSpaceKey(id)];
}
