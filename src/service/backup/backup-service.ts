/** Backups: making them, one job each, reading them back, checking and deleting them. */
import { randomUUID } from 'node:crypto';
import { type Clock, instant } from '../../lib/clock.js';
import { problemOf } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import type { Databases } from '../database/database.js';
import { DatabaseReader } from '../database/database-reader.js';
import { ProgressFeed } from '../job/progress-feed.js';
import type { RunningWork } from '../job/running-work.js';
import type { Asker } from '../job/turns.js';
import type { BackupRecord } from './backup-record.js';
import type { Catalog } from './catalog.js';
import { BackupCreation, type BackupProgress, type CreateBackup } from './create-backup.js';
import { BackupReader, type ReadBackup, type ReadOptions } from './read-backup.js';
import { type ValidationReport, validateBackup } from './validate-backup.js';

export interface BackupJob {
  readonly id: string;
  readonly feed: ProgressFeed<BackupProgress>;
  readonly done: Promise<BackupRecord>;
}

const JOBS_KEPT = 1_000;

export interface BackupServiceParts {
  readonly catalog: Catalog;
  readonly databases: Databases;
  readonly clock: Clock;
  readonly log: Log;
  readonly work: RunningWork;
  /** Rows wait there, in files without a name, while a backup is checked. */
  readonly scratchFolder: string;
  /** Content of a sealed backup; that of others is known. */
  readonly uploadBytesMax: number;
  /** Of deriving keys (archive/layer/encryption.ts); left out: the usual one. */
  readonly keyCost?: number | undefined;
}

export class BackupService {
  private readonly jobs = new Map<string, BackupJob>();
  private readonly listeners = new Set<(isMade: boolean) => void>();
  private readonly reader: BackupReader;

  constructor(private readonly parts: BackupServiceParts) {
    this.reader = new BackupReader(parts);
  }

  /**
   * Starts making a backup. `done` ends when it is stored, or failed.
   * @throws AppError NOT_FOUND; RATE_LIMITED when too many wait: there is no job then
   */
  start(request: CreateBackup): BackupJob {
    const database = this.parts.databases.get(request.database);
    const id = randomUUID();
    const first: BackupProgress = {
      jobId: id,
      phase: 'QUEUED',
      rows: 0,
      bytes: 0,
      fraction: 0,
      message: `Waiting to read ${database.id}`,
      at: this.now(),
    };
    const feed = new ProgressFeed(first, this.parts.clock);
    const done = this.parts.work.run('backup', () => this.create(id, request, feed));
    const tellEnd = (isMade: boolean): void => {
      for (const listener of this.listeners) listener(isMade);
    };
    done.then(
      () => {
        tellEnd(true);
      },
      () => {
        tellEnd(false);
      },
    );
    done.catch((error: unknown) => {
      const problem = problemOf(error);
      feed.end({ ...feed.current, phase: 'FAILED', message: problem.message, at: this.now(), error: problem });
    });
    const job = { id, feed, done };
    this.jobs.set(id, job);
    for (const oldest of this.jobs.keys()) {
      if (this.jobs.size <= JOBS_KEPT) break;
      this.jobs.delete(oldest);
    }
    return job;
  }

  /** Calls back at the end of every backup that is begun: true when it is stored. @returns what ends it */
  onEnd(listener: (isMade: boolean) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  job(id: string): BackupJob | undefined {
    return this.jobs.get(id);
  }

  private create(jobId: string, request: CreateBackup, feed: ProgressFeed<BackupProgress>): Promise<BackupRecord> {
    const { catalog, databases, clock, log, work, keyCost } = this.parts;
    const database = databases.get(request.database);
    const creation = new BackupCreation({ jobId, request, database, feed, catalog, clock, log, keyCost });
    return work.inDatabaseTurn(
      { subject: request.subject },
      (signal) => DatabaseReader.open(database, signal),
      (reader) => creation.run(reader),
    );
  }

  /**
   * Reads a stored backup whole, everything checked.
   * @throws AppError NOT_FOUND, INTEGRITY_FAILED, DECRYPTION_FAILED; BAD_USER_INPUT, TOO_LARGE for what a sealed one
   * may turn out to be
   */
  async read(record: BackupRecord, decryptionKey: string | undefined, options: ReadOptions = {}): Promise<ReadBackup> {
    return this.reader.read(record, decryptionKey, options);
  }

  /**
   * Reads the stored file back and checks all of it.
   * @throws AppError NOT_FOUND, RATE_LIMITED, SHUTTING_DOWN; DECRYPTION_FAILED for a wrong key
   */
  async validate(id: string, decryptionKey: string | undefined, asker: Asker): Promise<ValidationReport> {
    const { catalog, work, scratchFolder } = this.parts;
    return work.run('validation', async () =>
      work.inStoreTurn(asker, () =>
        validateBackup(catalog.get(id), decryptionKey, { catalog, reader: this.reader, scratchFolder }),
      ),
    );
  }

  async delete(id: string, subject: string): Promise<string> {
    await this.parts.work.run('deletion', () => this.parts.catalog.delete(id));
    this.parts.log.info({ backup: id, subject }, 'backup deleted');
    return id;
  }

  private now(): string {
    return instant(this.parts.clock.now());
  }
}
