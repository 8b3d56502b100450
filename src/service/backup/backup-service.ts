/**
 * Backups: making, checking, deleting, and reading them back.
 *
 * Making one is capture -> pack -> store -> catalog; the catalog's commit is the moment from which it is there. Keys
 * for encryption pass through and are never kept.
 */
import { randomUUID } from 'node:crypto';
import { type ArchiveFormat } from '../../archive/content/archive-format.js';
import { verifyStored } from '../../archive/layer/stored-bytes.js';
import { packArchive } from '../../archive/pack.js';
import { type Unpacked, type UnpackOptions, unpackArchive } from '../../archive/unpack.js';
import type { CaptureRequest } from '../../engine/capture/capture-mode.js';
import type { ResourceFilter } from '../../engine/scope/scope.js';
import { type Clock, instant } from '../../lib/clock.js';
import { AppError, type Problem, problemOf } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import { countRows } from '../../model/snapshot/snapshot.js';
import type { Databases } from '../database/database.js';
import { ProgressFeed } from '../job/progress-feed.js';
import type { RunningWork } from '../job/running-work.js';
import { checkReferences, checkWhole, manifestFaults, summaryOf, unsealedRecord } from './backup-content.js';
import type { BackupRecord } from './backup-record.js';
import type { Catalog } from './catalog.js';
import { archiveExtension } from './layout.js';
import { withScratch } from './scratch-space.js';
import { headerSelection, select } from './selection.js';

export interface CreateBackup {
  readonly name: string;
  readonly description?: string | undefined;
  readonly format: ArchiveFormat;
  readonly compress: boolean;
  /** Set for an encrypted backup. */
  readonly encryptionKey?: string | undefined;
  readonly tags: readonly string[];
  readonly database?: string | undefined;
  /** Set for a selective backup. */
  readonly filter?: ResourceFilter | undefined;
  readonly capture?: CaptureRequest;
  readonly subject: string;
}

export type BackupPhase = 'QUEUED' | 'CAPTURING' | 'STORING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

export interface BackupProgress {
  readonly jobId: string;
  readonly phase: BackupPhase;
  readonly rows: number;
  readonly totalRows?: number;
  readonly bytes: number;
  readonly fraction: number;
  readonly message: string;
  readonly at: string;
  readonly backup?: BackupRecord;
  readonly error?: Problem;
}

export interface BackupJob {
  readonly id: string;
  readonly feed: ProgressFeed<BackupProgress>;
  readonly done: Promise<BackupRecord>;
}

export interface ValidationReport {
  readonly valid: boolean;
  readonly contentChecked: boolean;
  readonly rowCount?: number;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

export type ReadOptions = Pick<UnpackOptions, 'signal' | 'onProgress' | 'scratch'>;

export interface ReadBackup extends Unpacked {
  /** As it is now: of a sealed one it was completed. */
  readonly record: BackupRecord;
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
}

export class BackupService {
  private readonly jobs = new Map<string, BackupJob>();
  private readonly listeners = new Set<(isMade: boolean) => void>();

  constructor(private readonly parts: BackupServiceParts) {}

  /** Starts making a backup. `done` settles when it is stored, or failed. @throws AppError SHUTTING_DOWN */
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
    const feed = new ProgressFeed(first);
    const done = this.parts.work.runHeavy('backup', () => this.make(id, request, feed));
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

  private async make(jobId: string, request: CreateBackup, feed: ProgressFeed<BackupProgress>): Promise<BackupRecord> {
    const { catalog, databases, log } = this.parts;
    const database = databases.get(request.database);
    const began = this.parts.clock.monotonic();
    const tell = (progress: Partial<BackupProgress>, milestone: boolean): void => {
      feed.publish({ ...feed.current, ...progress, at: this.now() }, milestone);
    };
    tell({ phase: 'CAPTURING', message: `Reading ${database.id}` }, true);
    const createdAt = this.parts.clock.now();
    const captured = await database.capture(request.capture ?? 'AUTO', {
      onProgress: (rows, total) => {
        tell(
          {
            rows,
            ...(total === undefined ? {} : { totalRows: total }),
            fraction: total === undefined ? 0.1 : (0.5 * rows) / Math.max(1, total),
            message: `Read ${rows} rows`,
          },
          false,
        );
      },
    });
    const { snapshot, selection } = await select(captured, request.filter);
    const totalRows = countRows(snapshot);
    tell({ phase: 'STORING', rows: 0, totalRows, fraction: 0.5, message: `Storing ${totalRows} rows` }, true);
    const reservation = await catalog.reserve({
      name: request.name,
      createdAt,
      extension: archiveExtension(request.format, {
        compressed: request.compress,
        encrypted: request.encryptionKey !== undefined,
      }),
    });
    try {
      const header = {
        ...summaryOf(snapshot),
        id: jobId,
        name: request.name,
        ...(request.description === undefined ? {} : { description: request.description }),
        createdAt: instant(createdAt),
        createdBy: request.subject,
        database: database.id,
        type: request.filter === undefined ? ('FULL' as const) : ('SELECTIVE' as const),
      };
      const packing = packArchive(snapshot, {
        format: request.format,
        compress: request.compress,
        ...(request.encryptionKey === undefined ? {} : { passphrase: request.encryptionKey }),
        header: { ...header, ...headerSelection(selection) },
        onProgress: (rows, bytes) => {
          tell(
            {
              rows,
              bytes,
              fraction: 0.5 + 0.45 * (totalRows === 0 ? 1 : rows / totalRows),
              message: `Stored ${rows} of ${totalRows} rows`,
            },
            false,
          );
        },
      });
      // one after the other: when storing fails, its error is the reason, and not that packing was cut short by it
      await reservation.put(packing.bytes);
      const packed = await packing.result;
      const record = await catalog.commit(reservation, {
        ...header,
        ...selection,
        ...packed,
        archiveFormat: request.format,
        compressed: request.compress,
        encrypted: request.encryptionKey !== undefined,
        tags: [...request.tags],
        origin: 'CAPTURED',
      });
      log.info(
        {
          backup: record.id,
          rows: record.rowCount,
          bytes: record.size,
          ms: Math.round(this.parts.clock.monotonic() - began),
          subject: request.subject,
        },
        'backup created',
      );
      feed.end({
        ...feed.current,
        phase: 'SUCCEEDED',
        rows: totalRows,
        bytes: record.size,
        fraction: 1,
        message: `Stored ${totalRows} rows in ${record.size} bytes`,
        at: this.now(),
        backup: record,
      });
      return record;
    } finally {
      await catalog.abandon(reservation);
    }
  }

  /**
   * Reads a stored backup whole, everything checked. What a sealed one turns out to be is written down.
   * @throws AppError NOT_FOUND, INTEGRITY_FAILED, DECRYPTION_FAILED; BAD_USER_INPUT, TOO_LARGE for what a sealed one
   * may turn out to be
   */
  async read(record: BackupRecord, decryptionKey: string | undefined, options: ReadOptions = {}): Promise<ReadBackup> {
    if (!record.encrypted && decryptionKey !== undefined)
      throw new AppError('BAD_USER_INPUT', `Backup "${record.name}" is not encrypted: leave the key out`);
    const { checksum, size, contentDigest, sealed = false } = record;
    // rows that others wrote may be written in other ways than ours: they are read as they were when they were imported
    const isOurs = record.origin === 'CAPTURED';
    const unpacked = await unpackArchive(await this.parts.catalog.openArchive(record.id), {
      ...options,
      ...(decryptionKey === undefined ? {} : { passphrase: decryptionKey }),
      ...(sealed ? { schemaName: record.schemaName } : {}),
      expected: { checksum, size, ...(isOurs ? { contentDigest } : {}) },
      contentBytesMax: sealed ? this.parts.uploadBytesMax : record.contentSize,
    }).catch((error: unknown) => {
      if (sealed || !(error instanceof AppError) || error.code !== 'TOO_LARGE') throw error;
      throw new AppError(
        'INTEGRITY_FAILED',
        `The backup's content is larger than the ${record.contentSize} bytes that its manifest says: that was ` +
          'changed. Import the file again',
        { cause: error },
      );
    });
    if (sealed) return { ...unpacked, record: await this.unseal(record, unpacked) };
    if (unpacked.contentDigest !== contentDigest)
      throw new AppError(
        'INTEGRITY_FAILED',
        "The digest of the backup's content is not the one in its manifest: the manifest was changed. Import the " +
          'file again',
      );
    return { ...unpacked, record };
  }

  /** What could not be checked when it was imported is checked now. */
  private async unseal(record: BackupRecord, unpacked: Unpacked): Promise<BackupRecord> {
    const { catalog, log } = this.parts;
    await checkWhole(unpacked.snapshot);
    const description = unsealedRecord(record, unpacked);
    try {
      return await catalog.complete(description);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // what was read is right all the same; the next reading tries again
      log.warn({ err: error, backup: record.id }, 'what a sealed backup turned out to be could not be written down');
      return { ...record, ...description, sealed: undefined };
    }
  }

  /** Reads the stored file back and checks all of it. @throws AppError NOT_FOUND, DECRYPTION_FAILED for a wrong key */
  async validate(id: string, decryptionKey: string | undefined): Promise<ValidationReport> {
    return this.parts.work.runHeavy('validation', async () => {
      const record = this.parts.catalog.get(id);
      try {
        if (record.encrypted && decryptionKey === undefined) {
          await verifyStored(await this.parts.catalog.openArchive(id), {
            checksum: record.checksum,
            size: record.size,
          });
          return {
            valid: true,
            contentChecked: false,
            errors: [],
            warnings: ['The backup is encrypted and no key was given: only the stored bytes were checked'],
          };
        }
        return await this.checkContent(record, decryptionKey);
      } catch (error) {
        const faults =
          record.sealed === true ? ['INTEGRITY_FAILED', 'BAD_USER_INPUT', 'TOO_LARGE'] : ['INTEGRITY_FAILED'];
        if (!(error instanceof AppError) || !faults.includes(error.code)) throw error;
        return { valid: false, contentChecked: false, errors: [error.message], warnings: [] };
      }
    });
  }

  private async checkContent(record: BackupRecord, decryptionKey: string | undefined): Promise<ValidationReport> {
    return withScratch(this.parts.scratchFolder, record, async (scratch) => {
      const read = await this.read(record, decryptionKey, { scratch });
      const { snapshot, warnings: leftOut } = read;
      const { errors: dangling, warnings } = await checkReferences(snapshot);
      const errors = [...manifestFaults(read.record, read), ...dangling];
      return {
        valid: errors.length === 0,
        contentChecked: true,
        rowCount: countRows(snapshot),
        errors,
        warnings: [...leftOut, ...warnings],
      };
    });
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
