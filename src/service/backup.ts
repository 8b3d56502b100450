/**
 * Backups: making, importing, checking, deleting, and reading them back.
 *
 * Making one is capture -> pack -> store -> catalog; the catalog's commit is the moment from which it is there. Keys
 * for encryption pass through and are never kept.
 */
import { randomUUID } from 'node:crypto';
import { AppError, type Problem } from '../lib/error.js';
import { instant, type Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { Breath } from '../lib/pause.js';
import { packArchive, unpackArchive, verifyStored, type ArchiveFormat, type ArchiveHeader, type Unpacked } from '../archive/archive.js';
import type { CaptureRequest } from '../engine/capture/capture-mode.js';
import { cutSnapshot, selectScope, type ResourceFilter } from '../engine/scope/scope.js';
import { danglingReferences } from '../model/reference.js';
import { countRows, countTables, type Snapshot } from '../model/snapshot.js';
import type { Store } from '../store/store.js';
import type { Catalog } from './catalog.js';
import type { Databases } from './database.js';
import { Feed } from './feed.js';
import { archiveExtension, incomingKey } from './layout.js';
import type { BackupDescription, BackupRecord } from './manifest-record.js';
import { PULLED_IN_LISTED_MAX, pulledInSchema, resourceFilterSchema } from './resource-filter.js';
import type { Work } from './work.js';

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

export interface ImportBackup {
  readonly source: AsyncIterable<Buffer>;
  /** Name of the uploaded file, where there is one. */
  readonly fileName?: string | undefined;
  /** What the caller takes it for; the content decides, and a contradiction is an error. */
  readonly format?: ArchiveFormat | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly tags: readonly string[];
  readonly decryptionKey?: string | undefined;
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
  readonly feed: Feed<BackupProgress>;
  readonly done: Promise<BackupRecord>;
}

export interface ValidationReport {
  readonly valid: boolean;
  readonly contentChecked: boolean;
  readonly rowCount?: number;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Content after decompression; a million rows are 600 MB. */
export const CONTENT_BYTES_MAX = 2 ** 30;
const JOBS_KEPT = 1_000;
const LISTED_MAX = 20;

export interface BackupServiceParts {
  readonly catalog: Catalog;
  readonly store: Store;
  readonly databases: Databases;
  readonly clock: Clock;
  readonly log: Log;
  readonly work: Work;
}

export class BackupService {
  private readonly jobs = new Map<string, BackupJob>();

  constructor(private readonly parts: BackupServiceParts) {}

  /** Starts making a backup. `done` settles when it is stored, or failed. @throws AppError SHUTTING_DOWN */
  start(request: CreateBackup): BackupJob {
    const database = this.parts.databases.get(request.database);
    const id = randomUUID();
    const first: BackupProgress = { jobId: id, phase: 'QUEUED', rows: 0, bytes: 0, fraction: 0, message: `Waiting to read ${database.id}`, at: this.now() };
    const feed = new Feed(first);
    const done = this.parts.work.runHeavy('backup', () => this.make(id, request, feed));
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

  job(id: string): BackupJob | undefined {
    return this.jobs.get(id);
  }

  private async make(jobId: string, request: CreateBackup, feed: Feed<BackupProgress>): Promise<BackupRecord> {
    const { catalog, databases, log } = this.parts;
    const database = databases.get(request.database);
    const began = this.parts.clock.monotonic();
    const tell = (progress: Partial<BackupProgress>, milestone: boolean): void => { feed.publish({ ...feed.current, ...progress, at: this.now() }, milestone); };
    tell({ phase: 'CAPTURING', message: `Reading ${database.id}` }, true);
    const createdAt = this.parts.clock.now();
    const captured = await database.capture(request.capture ?? 'AUTO', {
      onProgress: (rows, total) => { tell({ rows, ...(total === undefined ? {} : { totalRows: total }), fraction: total === undefined ? 0.1 : (0.5 * rows) / Math.max(1, total), message: `Read ${String(rows)} rows` }, false); },
    });
    const { snapshot, selection } = await select(captured, request.filter);
    const totalRows = countRows(snapshot);
    tell({ phase: 'STORING', rows: 0, totalRows, fraction: 0.5, message: `Storing ${String(totalRows)} rows` }, true);
    const slot = await catalog.reserve({ name: request.name, createdAt, extension: archiveExtension(request.format, { compressed: request.compress, encrypted: request.encryptionKey !== undefined }) });
    try {
      const header = { ...describe(snapshot), id: jobId, name: request.name, ...(request.description === undefined ? {} : { description: request.description }), createdAt: instant(createdAt), createdBy: request.subject, database: database.id, type: request.filter === undefined ? 'FULL' as const : 'SELECTIVE' as const };
      const packing = packArchive(snapshot, {
        format: request.format,
        compress: request.compress,
        ...(request.encryptionKey === undefined ? {} : { passphrase: request.encryptionKey }),
        header: { ...header, ...headerSelection(selection) },
        onProgress: (rows, bytes) => { tell({ rows, bytes, fraction: 0.5 + 0.45 * (totalRows === 0 ? 1 : rows / totalRows), message: `Stored ${String(rows)} of ${String(totalRows)} rows` }, false); },
      });
      // one after the other: when storing fails, its error is the reason, and not that packing was cut short by it
      await slot.put(packing.bytes);
      const packed = await packing.result;
      const record = await catalog.commit(slot, { ...header, ...selection, ...packed, archiveFormat: request.format, compressed: request.compress, encrypted: request.encryptionKey !== undefined, tags: [...request.tags], origin: 'CAPTURED' });
      log.info({ backup: record.id, rows: record.rowCount, bytes: record.size, ms: Math.round(this.parts.clock.monotonic() - began), subject: request.subject }, 'backup created');
      feed.end({ ...feed.current, phase: 'SUCCEEDED', rows: totalRows, bytes: record.size, fraction: 1, message: `Stored ${String(totalRows)} rows in ${String(record.size)} bytes`, at: this.now(), backup: record });
      return record;
    } finally {
      await catalog.abandon(slot);
    }
  }

  /**
   * Takes over a file. It is spooled to the store, read through and checked, and then kept as it came.
   * @throws AppError INTEGRITY_FAILED, DECRYPTION_FAILED, TOO_LARGE, BAD_USER_INPUT, STORE_FULL: nothing is left behind
   */
  async import(request: ImportBackup): Promise<BackupRecord> {
    return this.parts.work.runHeavy('import', async () => {
      const { store } = this.parts;
      const spool = incomingKey(randomUUID());
      try {
        await store.put(spool, request.source);
        const unpacked = await unpackArchive(await store.get(spool), {
          contentBytesMax: CONTENT_BYTES_MAX,
          ...(request.decryptionKey === undefined ? {} : { passphrase: request.decryptionKey }),
        });
        await this.checkImport(unpacked, request.format);
        return await this.keepImport(spool, unpacked, request);
      } finally {
        await store.delete(spool);
      }
    });
  }

  private async checkImport({ snapshot, format }: Unpacked, declared: ArchiveFormat | undefined): Promise<void> {
    if (declared !== undefined && declared !== format) throw new AppError('BAD_USER_INPUT', `The file was declared to be ${declared}, but its content is ${format}: leave the format out, or correct it`);
    const expected = this.parts.databases.get().schemaName;
    if (snapshot.schema.name !== expected) throw new AppError('BAD_USER_INPUT', `The file is a backup of a database ${snapshot.schema.name}; only ${expected} is backed up and restored here`);
    const { errors } = await checkReferences(snapshot);
    if (errors.length > 0) throw new AppError('INTEGRITY_FAILED', `The file is not a whole database: ${errors[0] ?? ''}${errors.length > 1 ? ` (and ${String(errors.length - 1)} more)` : ''}`);
  }

  private async keepImport(spool: string, unpacked: Unpacked, request: ImportBackup): Promise<BackupRecord> {
    const { catalog, store, clock, log } = this.parts;
    const { header, format, compressed, encrypted, size, contentSize, checksum, contentDigest, snapshot } = unpacked;
    const createdAt = clock.now();
    const name = request.name ?? header?.name ?? (request.fileName?.replace(/(\.(json|ya?ml|db|gz|enc))+$/i, '') || 'Imported backup');
    const description = request.description ?? header?.description;
    const slot = await catalog.reserve({ name, createdAt, extension: archiveExtension(format, { compressed, encrypted }) });
    try {
      await slot.put(await store.get(spool));
      const record = await catalog.commit(slot, {
        ...describe(snapshot), id: randomUUID(), name, ...(description === undefined ? {} : { description }), type: header?.type ?? 'FULL', ...importedSelection(header), archiveFormat: format,
        createdAt: instant(createdAt), createdBy: request.subject, size, contentSize, checksum, contentDigest, compressed, encrypted,
        tags: [...request.tags], database: this.parts.databases.get().id, origin: 'IMPORTED',
      } satisfies BackupDescription);
      log.info({ backup: record.id, rows: record.rowCount, bytes: size, subject: request.subject }, 'backup imported');
      return record;
    } finally {
      await catalog.abandon(slot);
    }
  }

  /** Reads a stored backup whole, everything checked. @throws AppError NOT_FOUND, INTEGRITY_FAILED, DECRYPTION_FAILED */
  async read(record: BackupRecord, decryptionKey: string | undefined, options: { signal?: AbortSignal; onProgress?: (rows: number) => void } = {}): Promise<Unpacked> {
    if (!record.encrypted && decryptionKey !== undefined) throw new AppError('BAD_USER_INPUT', `Backup "${record.name}" is not encrypted: leave decryptionKey out`);
    const { checksum, contentDigest, size, contentSize } = record;
    return unpackArchive(await this.parts.catalog.openArchive(record.id), {
      ...(decryptionKey === undefined ? {} : { passphrase: decryptionKey }),
      expected: { checksum, contentDigest, size },
      contentBytesMax: contentSize,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    });
  }

  /** Reads the stored file back and checks all of it. @throws AppError NOT_FOUND, DECRYPTION_FAILED for a wrong key */
  async validate(id: string, decryptionKey: string | undefined): Promise<ValidationReport> {
    return this.parts.work.runHeavy('validation', async () => {
      const record = this.parts.catalog.get(id);
      try {
        if (record.encrypted && decryptionKey === undefined) {
          await verifyStored(await this.parts.catalog.openArchive(id), { checksum: record.checksum, size: record.size });
          return { valid: true, contentChecked: false, errors: [], warnings: ['The backup is encrypted and no key was given: only the stored bytes were checked'] };
        }
        const { snapshot } = await this.read(record, decryptionKey);
        const { errors, warnings } = await checkReferences(snapshot);
        return { valid: errors.length === 0, contentChecked: true, rowCount: countRows(snapshot), errors, warnings };
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'INTEGRITY_FAILED') throw error;
        return { valid: false, contentChecked: false, errors: [error.message], warnings: [] };
      }
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

/** What a manifest says of a selective backup besides its type. */
type Selection = Pick<BackupRecord, 'resourceFilter' | 'pulledIn' | 'pulledInCount' | 'warnings'>;

/** The rows that a filter picks, with what they need. @throws AppError BAD_USER_INPUT for names that pick nothing */
async function select(captured: Snapshot, filter: ResourceFilter | undefined): Promise<{ snapshot: Snapshot; selection: Selection }> {
  if (filter === undefined) return { snapshot: captured, selection: {} };
  const breath = new Breath();
  const scope = await selectScope(captured, filter, breath);
  const { snapshot, warnings } = await cutSnapshot(captured, scope, breath);
  return { snapshot, selection: { resourceFilter: filter, pulledIn: scope.pulledIn.slice(0, PULLED_IN_LISTED_MAX), pulledInCount: scope.pulledIn.length, warnings: [...scope.warnings, ...warnings] } };
}

function headerSelection({ resourceFilter, pulledIn }: Selection): Pick<ArchiveHeader, 'resourceFilter' | 'pulledIn'> {
  if (resourceFilter === undefined) return {};
  // what was left out is not written down
  const given = Object.fromEntries(Object.entries(resourceFilter).filter(([, value]) => value !== undefined));
  return { resourceFilter: given, pulledIn: (pulledIn ?? []).map((row) => ({ ...row })) };
}

/** An imported part of a configuration stays one: taken for a whole one, an exact restore would delete the rest. */
function importedSelection(header: ArchiveHeader | undefined): Selection {
  if (header?.type !== 'SELECTIVE') return {};
  const filter = resourceFilterSchema.safeParse(header.resourceFilter);
  if (!filter.success) throw new AppError('INTEGRITY_FAILED', 'The archive\'s manifest is malformed: "resourceFilter" is none that this version reads. Take another copy of the backup');
  const pulledIn = (header.pulledIn ?? []).flatMap((row) => pulledInSchema.safeParse(row).data ?? []);
  return { resourceFilter: filter.data, pulledIn: pulledIn.slice(0, PULLED_IN_LISTED_MAX), pulledInCount: pulledIn.length };
}

function describe(snapshot: Snapshot): { schemaName: string; schemaVersion: string; rowCount: number; tables: Readonly<Record<string, number>> } {
  return { schemaName: snapshot.schema.name, schemaVersion: snapshot.schema.version, rowCount: countRows(snapshot), tables: countTables(snapshot) };
}

/** A strong reference to nothing cannot be restored; a weak one would be dropped by the server. */
async function checkReferences(snapshot: Snapshot): Promise<{ errors: readonly string[]; warnings: readonly string[] }> {
  const breath = new Breath();
  const errors: string[] = [];
  const warnings: string[] = [];
  for (const dangling of danglingReferences(snapshot, LISTED_MAX)) {
    if (dangling !== undefined) {
      const { from, column, table, uuid, strong } = dangling;
      (strong ? errors : warnings).push(`${from.table} ${from.uuid}: ${column} refers to ${table} ${uuid}, which is not in the backup`);
    }
    if (breath.due()) await breath.rest();
  }
  return { errors, warnings };
}

/** What is told of an error to whoever follows the work. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof AppError)) return { code: 'INTERNAL', message: 'Internal error; the log has the details' };
  return { code: error.code, message: error.message, ...error.place };
}

