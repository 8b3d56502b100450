/** Backups: making them, one job each, reading them back, checking and deleting them. */
import { type Clock, instant } from '../../lib/clock.js';
import type { Log } from '../../lib/log.js';
import { plural } from '../../lib/text/plural.js';
import type { Reach } from '../command/reach.js';
import type { Database, Databases } from '../database/database.js';
import { DatabaseReader } from '../database/database-reader.js';
import { homeOf } from '../database/home.js';
import type { JobHandle, JobOutcome, Jobs, StartedJob } from '../job/jobs.js';
import type { RunningWork } from '../job/running-work.js';
import type { Asker } from '../job/turns.js';
import type { BackupRecord } from './backup-record.js';
import type { Catalog } from './catalog/catalog.js';
import type { BackupFilter } from './catalog/catalog-page.js';
import { called, childrenOf } from './catalog/chain.js';
import { checkKey } from './catalog/key-check.js';
import { type Cascade, checkUnpinned, checkUnused, lastOf, mergeChildren } from './chain/deletion.js';
import { BackupCreation, type CreateBackup } from './create-backup.js';
import { BackupReader, type ReadBackup, type ReadOptions } from './read-backup.js';
import { type ValidationReport, validateBackup } from './validate-backup.js';
import { type VerifyReport, verifyBackups } from './verify-backups.js';

export interface BackupServiceParts {
  readonly catalog: Catalog;
  readonly databases: Databases;
  readonly clock: Clock;
  readonly log: Log;
  readonly work: RunningWork;
  readonly jobs: Jobs;
  /** Rows wait there, in files without a name, while a backup is checked. */
  readonly scratchFolder: string;
  /** Content of a sealed backup; that of others is known. */
  readonly uploadBytesMax: number;
  /** Of deriving keys (archive/layer/encryption.ts); left out: the usual one. */
  readonly keyCost?: number | undefined;
}

export class BackupService {
  readonly reader: BackupReader;

  constructor(private readonly parts: BackupServiceParts) {
    this.reader = new BackupReader(parts);
  }

  /**
   * Starts making a backup.
   * @throws AppError NOT_FOUND, SHUTTING_DOWN; RATE_LIMITED when too many wait: there is no job then
   */
  start(request: CreateBackup): StartedJob<BackupRecord> {
    const { databases, jobs } = this.parts;
    const database = databases.get(request.database);
    const { subject } = request;
    let made: string | undefined;
    return jobs.start(
      { kind: 'BACKUP', database: database.id, subject, message: `Waiting to read ${database.id}` },
      (job) => {
        made = job.id;
        return this.create(job, request, database);
      },
      (record) => ({ ...storedOutcome(record), ...(record.id === made ? {} : { message: unchangedSince(record) }) }),
    );
  }

  /**
   * Newest first; all that pass. A database that was configured once may still have backups.
   * @throws AppError NOT_FOUND for a database that is not configured and has none
   */
  list(filter: BackupFilter): readonly BackupRecord[] {
    const { catalog, databases } = this.parts;
    const found = catalog.all(filter);
    const { database } = filter;
    if (found.length === 0 && typeof database === 'string' && catalog.all({ database }).length === 0)
      databases.get(database);
    return found;
  }

  private create(job: JobHandle, request: CreateBackup, database: Database): Promise<BackupRecord> {
    const creation = new BackupCreation({ ...this.parts, stored: this.reader, job, request, database });
    return this.parts.work.inDatabaseTurn(
      [database.id],
      { subject: request.subject, signal: job.signal },
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
   * Whether the key opens a backup, before that is read.
   * @throws AppError DECRYPTION_FAILED, BAD_USER_INPUT, NOT_FOUND, INTEGRITY_FAILED, RATE_LIMITED
   */
  async checkKey(record: BackupRecord, decryptionKey: string | undefined): Promise<void> {
    await checkKey(record, decryptionKey, this.parts);
  }

  /**
   * Reads the stored file back and checks all of it.
   * @throws AppError NOT_FOUND, RATE_LIMITED, SHUTTING_DOWN, CANCELLED; DECRYPTION_FAILED for a wrong key
   */
  async validate(id: string, decryptionKey: string | undefined, asker: Asker): Promise<ValidationReport> {
    const { catalog, jobs, work } = this.parts;
    const { database } = catalog.get(id);
    const { done } = jobs.start(
      { kind: 'VERIFY', database, message: 'Waiting to read the backup', backupId: id, ...asker },
      (job) =>
        work.inStoreTurn({ subject: asker.subject, signal: job.signal }, () => this.validated(id, decryptionKey, job)),
      toldOf,
    );
    return done;
  }

  /**
   * Reads every stored backup back that the filter picks, those first whose turn is longest ago. Of encrypted ones only
   * the bytes are checked.
   * @param reach of a token that may be limited to databases
   * @throws AppError RATE_LIMITED, SHUTTING_DOWN, CANCELLED
   */
  async verify(filter: BackupFilter, asker: Asker, reach?: Reach): Promise<VerifyReport> {
    const { catalog, clock, jobs, work } = this.parts;
    const picked = catalog.all(filter).filter(({ database }) => reach?.has(database) ?? true);
    const database = filter.database ?? homeOf(this.parts.databases, reach).id;
    const databases = [...new Set(picked.map((record) => record.database))];
    const { done } = jobs.start(
      { kind: 'VERIFY', database, databases, message: 'Waiting to read the backups', ...asker },
      (job) =>
        verifyBackups(picked, {
          catalog,
          clock,
          job,
          validate: (id, quiet) =>
            work.inStoreTurn({ subject: asker.subject, signal: job.signal }, () =>
              this.validated(id, undefined, quiet),
            ),
        }),
      ({ checked, damaged }) => ({
        message: plural(checked, `Checked # {backup|backups}: ${damaged.length} damaged`),
      }),
    );
    return done;
  }

  /** Checks a backup, and writes down what was found. */
  private async validated(
    id: string,
    decryptionKey: string | undefined,
    job: Pick<JobHandle, 'signal' | 'tell'>,
  ): Promise<ValidationReport> {
    const { catalog, clock, log, scratchFolder } = this.parts;
    const parts = { catalog, reader: this.reader, scratchFolder, job };
    const report = await validateBackup(catalog.get(id), decryptionKey, parts);
    const { valid, contentChecked, errors } = report;
    // with good bytes and without the key nothing is known of the content
    if (valid && !contentChecked) return report;
    const found = valid ? { verifiedAt: instant(clock.now()), damage: undefined } : { damage: errors };
    await catalog.note(id, found).catch((error: unknown) => {
      log.warn({ err: error, backup: id }, 'what a validation has found could not be written down');
    });
    return report;
  }

  /** Pins a backup, or unpins it. @throws AppError NOT_FOUND, STORE_FULL, STORE_UNAVAILABLE */
  async pin(id: string, pinned: boolean): Promise<BackupRecord> {
    const { catalog, work } = this.parts;
    const before = catalog.get(id);
    if ((before.pinned === true) === pinned) return before;
    return work.run('change', () => catalog.note(id, { pinned: pinned || undefined }));
  }

  /**
   * Deletes a backup for good.
   * @throws AppError NOT_FOUND, STORE_UNAVAILABLE; CONFLICT where it is pinned, or one that DELETE would take along,
   * and where others build on it and `cascade` is REFUSE;
   * BAD_USER_INPUT, INTEGRITY_FAILED, STORE_FULL of MERGE: nothing is deleted then
   */
  async delete(id: string, asker: Asker, cascade: Cascade = 'REFUSE'): Promise<string> {
    const { catalog, log, work } = this.parts;
    checkUnpinned(catalog.get(id), cascade, catalog);
    if (cascade === 'MERGE') await this.merge(catalog.get(id), asker);
    await work.run('deletion', async () => {
      const record = catalog.get(id);
      if (cascade !== 'DELETE') checkUnused(record, catalog);
      for (let at: BackupRecord | undefined = record; at !== undefined; at = catalog.find(id)) {
        // others may begin to build on it until it is gone
        const next = cascade === 'DELETE' ? lastOf(at, catalog) : at;
        await catalog.delete(next.id);
        log.info({ backup: next.id, subject: asker.subject }, 'backup deleted');
      }
    });
    return id;
  }

  private async merge(record: BackupRecord, asker: Asker): Promise<void> {
    const { catalog, jobs, work, scratchFolder } = this.parts;
    const { id: backupId, database } = record;
    if (childrenOf(record, catalog).length === 0) return;
    const message = 'Waiting to make those whole that build on the backup';
    const { done } = jobs.start(
      { kind: 'MERGE', database, message, backupId, ...asker },
      async (job) => {
        job.tell({ phase: 'CAPTURING', message: 'Making those whole that build on the backup' }, true);
        const { signal } = job;
        await work.inStoreTurn({ subject: asker.subject, signal }, () =>
          mergeChildren(record, { catalog, stored: this.reader, scratchFolder, signal }),
        );
      },
      () => ({ message: 'Those that built on the backup are whole' }),
    );
    return done;
  }
}

/** What is told where a backup was not made, as the database is as this one has it. */
export function unchangedSince(record: BackupRecord): string {
  return `Nothing has changed since backup ${called(record)}, so no new one was made: this is that one`;
}

/** What is told of the job that made a backup. */
export function storedOutcome({ id, database, rowCount, size, sealed = false }: BackupRecord): JobOutcome {
  const made = { backupId: id, database, bytes: size };
  return sealed
    ? { ...made, message: `Stored ${size} bytes, still encrypted: their rows are not known` }
    : { ...made, rows: rowCount, message: plural(rowCount, `Stored # {row|rows} in ${size} bytes`) };
}

function toldOf({ valid, errors, contentChecked, rowCount }: ValidationReport): JobOutcome {
  const [first = ''] = errors;
  if (!valid) return { message: `The backup is damaged: ${first}` };
  if (!contentChecked) return { message: 'The stored bytes are good. The rows were not checked: no key was given' };
  return { rows: rowCount, message: plural(rowCount ?? 0, 'The backup is good: # {row|rows}') };
}
