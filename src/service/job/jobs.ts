/**
 * Jobs: whatever takes long, one life for all of it. A job has a durable record, progress that a late follower gets
 * from its present state on, a result or an error, and can be cancelled. One that a crash interrupted has FAILED after
 * the restart, unless what it makes is there. Jobs are kept for a week after their end, and only so many of them.
 */

import { randomUUID } from 'node:crypto';
import { type Clock, instant } from '../../lib/clock.js';
import { defined } from '../../lib/defined.js';
import { AppError, messageOf, problemOf } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import type { Store } from '../../store/store.js';
import { noteRecord } from '../command/call.js';
import type { KnownIds } from '../command/known-ids.js';
import { unknownDatabase } from '../command/unknown-database.js';
import { backupHint, MAKES_BACKUP } from './backup-hint.js';
import {
  databasesOf,
  isEnded,
  JOB_END_WORDS,
  JOB_FORMAT,
  JOB_RECORD_BYTES_MAX,
  JOB_RECORD_PREFIX,
  type JobKind,
  type JobProgress,
  type JobRecord,
  jobIdOf,
  jobRecordBytes,
  jobRecordKey,
  parseJobRecord,
} from './job-record.js';
import { ProgressFeed } from './progress-feed.js';
import type { RunningWork } from './running-work.js';

export interface Job {
  /** As it is now. */
  readonly record: JobRecord;
}

/** What a piece of work is given of its job. */
export interface JobHandle {
  readonly id: string;
  /** Aborts when the job is cancelled, when nobody waits for it any more, and when the server stops for good. */
  readonly signal: AbortSignal;
  /** @param isMilestone every follower gets to see it */
  readonly tell: (step: JobStep, isMilestone: boolean) => void;
}

export type JobStep = Partial<Omit<JobProgress, 'at'>> & { readonly phase?: 'CAPTURING' | 'STORING' };

/** What is told of a job that has succeeded. */
export type JobOutcome = Partial<Pick<JobProgress, 'rows' | 'bytes'>> & {
  readonly message: string;
  readonly backupId?: string;
  /** Of what could be of one of several databases until it was read. */
  readonly database?: string;
};

export interface StartedJob<T> {
  readonly job: Job;
  /** Resolves when the record of its beginning is durable, or could not be kept. */
  readonly kept: Promise<void>;
  /** What its work ends with. */
  readonly done: Promise<T>;
}

export interface JobRequest {
  readonly kind: JobKind;
  readonly database: string;
  /** Those of all that it looks at, where that is known. */
  readonly databases?: readonly string[];
  readonly subject: string;
  /** The first message, e.g. "Waiting to read northbound". */
  readonly message: string;
  /** The backup that it is about, where there is one already. */
  readonly backupId?: string;
  /** Aborts when nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined;
}

export interface JobsParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly work: RunningWork;
  readonly ids: KnownIds;
  /** Of the configured databases. */
  readonly databaseIds: () => readonly string[];
}

export interface JobFilter {
  readonly kind?: JobKind | undefined;
  readonly database?: string | undefined;
}

interface OpenJob extends Job {
  record: JobRecord;
  readonly feed: ProgressFeed<JobRecord>;
  readonly cancel: AbortController;
  /** Its records are written one after the other. */
  kept: Promise<void>;
  ended: Promise<unknown>;
}

/** In words, for what is refused while the server stops. */
const WHAT: Readonly<Record<JobKind, string>> = {
  BACKUP: 'backup',
  IMPORT: 'import',
  VERIFY: 'validation',
  DRILL: 'drill',
  MERGE: 'merge',
  EXPIRE: 'expiry',
};
const KEPT_MS = 7 * 86_400_000;
/** Of each kind: validations that a reader asks for push out no backups. */
const KEPT_MAX = 2_000;
/** A promise holds the request in which it was made: a job that has ended, and is kept for long, has only this one. */
const SETTLED = Promise.resolve();
const INTERRUPTED = 'The server was stopped while it ran: begin it again';
const STOPPED = 'The server was shutting down and could not wait for it any longer: begin it again';

export class Jobs {
  /** Oldest first. */
  private readonly jobs = new Map<string, OpenJob>();
  private readonly activity: ProgressFeed<JobRecord | undefined>;
  /** Those whose record is not as they are. */
  private readonly unkept = new Set<OpenJob>();
  private readonly endListeners = new Set<(record: JobRecord) => void>();

  constructor(private readonly parts: JobsParts) {
    parts.ids.tell('job', {
      databasesOf: (id) => {
        const job = this.jobs.get(id);
        return job && databasesOf(job.record);
      },
      ids: () => this.jobs.keys(),
      hint: (wanted, id) => (wanted === 'backup' ? backupHint(this.jobs.get(id)?.record) : undefined),
    });
    this.activity = new ProgressFeed<JobRecord | undefined>(undefined, parts.clock);
  }

  /**
   * Reads the records of the store. What had not ended has FAILED, or has made its backup.
   * @param made what is told of the backup of that id; undefined where there is none
   */
  async load(made: (id: string) => JobOutcome | undefined): Promise<void> {
    const records = await this.records();
    records.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
    for (const record of records) {
      const job = this.open(record);
      this.jobs.set(record.id, job);
      if (isEnded(record.phase)) {
        job.feed.end(record);
        continue;
      }
      const outcome = MAKES_BACKUP.has(record.kind) ? made(record.id) : undefined;
      if (outcome !== undefined) await this.succeed(job, outcome);
      else await this.end(job, 'FAILED', { error: { code: 'CANCELLED', message: INTERRUPTED } });
    }
    await this.retain();
  }

  /**
   * Begins a job.
   * @param work begins at once; what it throws before its first await is thrown here, and there is no job then
   * @param outcomeOf what is told of what the work ends with
   * @throws AppError SHUTTING_DOWN
   */
  start<T>(
    { kind, database, databases, subject, message, backupId, signal }: JobRequest,
    work: (handle: JobHandle) => Promise<T>,
    outcomeOf: (result: T) => JobOutcome,
  ): StartedJob<T> {
    const now = instant(this.parts.clock.now());
    const job = this.open({
      format: JOB_FORMAT,
      id: randomUUID(),
      kind,
      database,
      phase: 'QUEUED',
      startedBy: subject,
      startedAt: now,
      progress: { rows: 0, bytes: 0, fraction: 0, message, at: now },
      ...defined({ backupId, databases }),
    });
    const handle: JobHandle = {
      id: job.record.id,
      signal: signal === undefined ? job.cancel.signal : AbortSignal.any([signal, job.cancel.signal]),
      tell: (step, isMilestone) => this.tell(job, step, isMilestone),
    };
    this.parts.work.checkOpen(WHAT[kind]);
    const result = work(handle);
    this.jobs.set(handle.id, job);
    this.activity.publish(job.record, true);
    const kept = this.keep(job);
    const done = this.parts.work.run(WHAT[kind], () => this.carryOut(job, result, outcomeOf));
    job.ended = done.catch(() => undefined);
    return { job, kept, done };
  }

  /** @throws AppError NOT_FOUND */
  get(id: string): Job {
    return this.found(id);
  }

  find(id: string): Job | undefined {
    return this.jobs.get(id);
  }

  /** Ids of backups that a job is about that has not ended. */
  backupsInUse(): ReadonlySet<string> {
    const running = [...this.jobs.values()].filter(({ record: { phase } }) => !isEnded(phase));
    return new Set(running.flatMap(({ record: { backupId } }) => backupId ?? []));
  }

  /**
   * Newest first.
   * @throws AppError NOT_FOUND for a database that is not configured, and was not while there were the jobs
   */
  all({ kind, database }: JobFilter = {}): readonly Job[] {
    const all = [...this.jobs.values()].reverse();
    const found = all.filter(({ record }) => database === undefined || record.database === database);
    const databaseIds = this.parts.databaseIds();
    if (database !== undefined && found.length === 0 && !databaseIds.includes(database))
      throw unknownDatabase(database, databaseIds);
    return kind === undefined ? found : found.filter(({ record }) => record.kind === kind);
  }

  /** The state of one job as it is now, then every step until its end. @throws AppError NOT_FOUND */
  follow(id: string): AsyncIterableIterator<JobRecord> {
    return this.found(id).feed.follow((record) => record);
  }

  /** Every step of every job from now on. Does not end. */
  followAll(): AsyncIterableIterator<JobRecord> {
    const present = this.activity.current;
    return this.activity.follow((record) => (record === present ? undefined : record));
  }

  /** Calls back at the end of every job that begins from now on. @returns what ends it */
  onEnd(listener: (record: JobRecord) => void): () => void {
    this.endListeners.add(listener);
    return () => this.endListeners.delete(listener);
  }

  /**
   * Cancels a job, and waits for its end. One that was done already is SUCCEEDED all the same.
   * @throws AppError NOT_FOUND; CONFLICT when it has ended, or is being cancelled already
   */
  async cancel(id: string): Promise<Job> {
    const job = this.found(id);
    const { phase } = job.record;
    if (isEnded(phase))
      throw new AppError('CONFLICT', `The job has ended already: it ${JOB_END_WORDS[phase] ?? ''}`, {
        details: { reason: 'ALREADY_ENDED' },
      });
    if (job.cancel.signal.aborted)
      throw new AppError('CONFLICT', 'The job is being cancelled already', { details: { reason: 'BEING_CANCELLED' } });
    job.cancel.abort(new AppError('CANCELLED', 'The job was cancelled'));
    await job.ended;
    return job;
  }

  /** Gives up what runs. */
  abort(): void {
    for (const job of this.jobs.values())
      if (!isEnded(job.record.phase)) job.cancel.abort(new AppError('SHUTTING_DOWN', STOPPED));
  }

  private found(id: string): OpenJob {
    const job = this.jobs.get(id);
    if (job === undefined) throw this.parts.ids.notFound('job', id);
    return job;
  }

  private open(record: JobRecord): OpenJob {
    return {
      record,
      feed: new ProgressFeed(record, this.parts.clock),
      cancel: new AbortController(),
      kept: SETTLED,
      ended: SETTLED,
    };
  }

  private async carryOut<T>(job: OpenJob, work: Promise<T>, outcomeOf: (result: T) => JobOutcome): Promise<T> {
    const { signal } = job.cancel;
    try {
      const result = await work;
      await this.succeed(job, outcomeOf(result));
      return result;
    } catch (thrown) {
      const reason: unknown = signal.aborted ? signal.reason : thrown;
      const error = problemOf(reason);
      await this.end(job, error.code === 'CANCELLED' ? 'CANCELLED' : 'FAILED', { error });
      noteRecord(reason);
      throw reason;
    }
  }

  private tell(job: OpenJob, { phase, ...step }: JobStep, isMilestone: boolean): void {
    if (isEnded(job.record.phase)) return;
    const { progress } = job.record;
    const fraction = Math.max(progress.fraction, step.fraction ?? 0);
    job.record = {
      ...job.record,
      ...defined({ phase }),
      progress: { ...progress, ...step, fraction, at: instant(this.parts.clock.now()) },
    };
    job.feed.publish(job.record, isMilestone);
    this.activity.publish(job.record, isMilestone);
  }

  private succeed(job: OpenJob, { backupId, database, ...progress }: JobOutcome): Promise<void> {
    const isFound = database !== undefined && job.record.databases !== undefined;
    const found = isFound ? { database, databases: [database] } : {};
    return this.end(job, 'SUCCEEDED', { ...defined({ backupId }), ...found }, { ...progress, fraction: 1 });
  }

  private async end(
    job: OpenJob,
    phase: 'SUCCEEDED' | 'FAILED' | 'CANCELLED',
    result: Partial<Pick<JobRecord, 'backupId' | 'database' | 'databases' | 'error'>>,
    progress: Partial<JobProgress> = {},
  ): Promise<void> {
    const at = instant(this.parts.clock.now());
    const message = result.error?.message;
    const record: JobRecord = {
      ...job.record,
      ...result,
      phase,
      finishedAt: at,
      progress: { ...job.record.progress, ...progress, ...defined({ message }), at },
    };
    await this.keep(job, record);
    job.record = record;
    job.kept = job.ended = SETTLED;
    job.feed.end(job.record);
    this.activity.publish(job.record, true);
    for (const listener of this.endListeners) listener(job.record);
    await this.retain();
  }

  /** A record that cannot be kept stops no job. It is written again when another one could be kept. */
  private keep(job: OpenJob, record = job.record): Promise<void> {
    const { store, log } = this.parts;
    job.kept = job.kept
      .then(() => store.put(jobRecordKey(record.id), jobRecordBytes(record), { replace: true }))
      .then(
        () => {
          this.unkept.delete(job);
          const [next] = this.unkept;
          if (next !== undefined) void this.keep(next);
        },
        (error: unknown) => {
          this.unkept.add(job);
          log.warn({ err: error, job: record.id }, 'the record of a job could not be kept');
        },
      );
    return job.kept;
  }

  private async records(): Promise<JobRecord[]> {
    const { store, log } = this.parts;
    const records: JobRecord[] = [];
    for (const key of await store.list(JOB_RECORD_PREFIX)) {
      const id = jobIdOf(key);
      if (id === undefined) continue;
      try {
        const record = parseJobRecord(await store.read(key, JOB_RECORD_BYTES_MAX));
        if (record.id !== id) throw new AppError('INTEGRITY_FAILED', `it is the record of job ${record.id}`);
        records.push(record);
      } catch (error) {
        log.warn({ file: key, problem: messageOf(error) }, 'the record of a job is not listed');
      }
    }
    return records;
  }

  private async retain(): Promise<void> {
    const { clock, store, log } = this.parts;
    const newest = [...this.jobs.values()].reverse();
    const counts = new Map<JobKind, number>();
    for (const job of newest) {
      const { record } = job;
      if (!isEnded(record.phase)) continue;
      const { kind } = record;
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      const ageMs = clock.now() - Date.parse(record.finishedAt ?? record.startedAt);
      if (count <= KEPT_MAX && ageMs <= KEPT_MS) continue;
      this.jobs.delete(record.id);
      this.unkept.delete(job);
      await store.delete(jobRecordKey(record.id)).catch((error: unknown) => {
        log.warn({ err: error, job: record.id }, 'a job that is not kept any longer could not be removed');
      });
    }
  }
}
