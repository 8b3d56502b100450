/**
 * Exports: a backup as a document in the format asked for, or its stored file as it is.
 *
 * A document is read and checked whole, and written to a spool, before its first byte is handed out: damage is an error
 * and not a download that breaks, its size is known, and whoever takes it slowly holds neither memory nor a turn of
 * heavy work. The spool is a file without a name (export-spool.ts).
 */

import type { Readable } from 'node:stream';
import { writeChainFile } from '../../archive/chain-file.js';
import { type ArchiveFormat } from '../../archive/content/archive-format.js';
import { type ArchiveHeader, wholeHeader } from '../../archive/content/archive-header.js';
import { checkSize } from '../../archive/layer/stored-bytes.js';
import { packArchive } from '../../archive/pack.js';
import { assert } from '../../lib/assert.js';
import type { Clock } from '../../lib/clock.js';
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import type { ByteRange, Store } from '../../store/store.js';
import { type BackupRecord, makeBackupRecord } from '../backup/backup-record.js';
import type { BackupService } from '../backup/backup-service.js';
import type { Catalog } from '../backup/catalog/catalog.js';
import { called, chainContentSize, chainOf } from '../backup/catalog/chain.js';
import { checkKeyGiven } from '../backup/catalog/key-check.js';
import { headerFrom } from '../backup/header.js';
import { archiveExtension, chainName, downloadName, extensionOf } from '../backup/layout.js';
import type { ReadBackup } from '../backup/read-backup.js';
import { withScratch } from '../backup/scratch-space.js';
import type { RunningWork } from '../job/running-work.js';
import { spoolExport } from './export-spool.js';
import { SpoolPlaces } from './spool-places.js';

export interface ExportDocument {
  readonly subject: string;
  readonly format: ArchiveFormat;
  readonly decryptionKey?: string | undefined;
  /** Aborts when nobody waits for the document any more; ends the stream too. */
  readonly signal?: AbortSignal;
}

/** An export of which is asked whether it could begin. */
export interface Checkable {
  readonly backupId: string;
  readonly raw: boolean;
  readonly chain: boolean;
  readonly decryptionKey?: string | undefined;
}

export interface Exported {
  /** Read it to its end, or destroy it. */
  readonly bytes: Readable;
  /** Bytes to come. */
  readonly size: number;
  /** E.g. "nightly-20260115-103000.yaml": letters, digits, dot, dash and underscore. */
  readonly fileName: string;
  readonly format: ArchiveFormat;
}

export interface ExportedFile extends Exported {
  /** "sha256:..." of the whole file. */
  readonly checksum: string;
  /** Bytes of the whole file. */
  readonly total: number;
}

export interface ExportServiceParts {
  readonly backups: BackupService;
  readonly catalog: Catalog;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly work: RunningWork;
  /** Rows wait there between reading and writing, and documents until they are taken: in files without a name. */
  readonly scratchFolder: string;
}

/** Documents that are written or taken; one token may have half of them. */
const SPOOLS_MAX = 32;

export class ExportService {
  private readonly places = new SpoolPlaces('exports', SPOOLS_MAX);

  constructor(private readonly parts: ExportServiceParts) {}

  /**
   * Whether an export could begin: what is known before the backup is read.
   * @throws AppError NOT_FOUND, DECRYPTION_FAILED, BAD_USER_INPUT, INTEGRITY_FAILED where a part of a chain is lost,
   * RATE_LIMITED where too many keys are checked
   */
  async check({ backupId, raw, chain, decryptionKey }: Checkable): Promise<void> {
    const { backups, catalog } = this.parts;
    const record = catalog.get(backupId);
    if (chain) chainOf(record, catalog);
    else if (!raw) await backups.checkKey(record, decryptionKey);
  }

  /** What a download of it would be called. @throws AppError NOT_FOUND */
  nameOf({ backupId, raw, chain, format }: Omit<Checkable, 'decryptionKey'> & { format: ArchiveFormat }): string {
    const { file } = this.parts.catalog.get(backupId);
    if (chain) return chainName(file);
    return raw ? downloadName(file) : documentName(file, format);
  }

  /**
   * A backup as a document: decompressed and decrypted.
   * @throws AppError NOT_FOUND, INTEGRITY_FAILED, DECRYPTION_FAILED, BAD_USER_INPUT, STORE_FULL, RATE_LIMITED,
   * SHUTTING_DOWN, CANCELLED
   *   when the signal aborts: nothing is left behind
   */
  async document(id: string, request: ExportDocument): Promise<Exported> {
    const { catalog, work } = this.parts;
    return work.run('export', async () => {
      const record = catalog.get(id);
      checkKeyGiven(record, request.decryptionKey, catalog);
      const { bytes, size } = await work.inStoreTurn(request, () => this.spooled(record, request));
      return {
        bytes,
        size,
        fileName: documentName(record.file, request.format),
        format: request.format,
      };
    });
  }

  /**
   * The stored file, byte for byte.
   * @param range a part of it
   * @throws AppError NOT_FOUND; INTEGRITY_FAILED when the file has not the size that it had; SHUTTING_DOWN
   */
  async raw(id: string, range: ByteRange = {}): Promise<ExportedFile> {
    const { catalog, work } = this.parts;
    return work.run('export', async () => {
      const record = catalog.get(id);
      const { file, size: total, checksum, archiveFormat } = record;
      await this.checkSize(record);
      const end = Math.min(range.end ?? total, total);
      const start = Math.min(range.start ?? 0, end);
      return {
        bytes: await catalog.openArchive(id, { start, end }),
        size: end - start,
        total,
        checksum,
        fileName: downloadName(file),
        format: archiveFormat,
      };
    });
  }

  /**
   * The stored files of a backup and of all that it builds on, in one (archive/chain-file.ts).
   * @throws AppError NOT_FOUND; INTEGRITY_FAILED when one of them is lost, or has not the size that it had;
   * SHUTTING_DOWN
   */
  async chain(id: string): Promise<Exported> {
    const { catalog, work } = this.parts;
    return work.run('export', async () => {
      const record = catalog.get(id);
      const chain = chainOf(record, catalog);
      for (const link of chain)
        await this.checkSize(link).catch((error: unknown) => {
          throw about(link, error);
        });
      const links = chain.map((link) => ({
        manifest: manifestOf(link),
        extension: extensionOf(link.file),
        size: link.size,
        createdAt: Date.parse(link.createdAt),
        open: () => catalog.openArchive(link.id),
      }));
      return { ...writeChainFile(links), fileName: chainName(record.file), format: record.archiveFormat };
    });
  }

  /** @throws AppError INTEGRITY_FAILED */
  private async checkSize({ file, size }: BackupRecord): Promise<void> {
    const stat = await this.parts.store.stat(file);
    // what is not there is said by whoever opens it
    if (stat !== undefined) checkSize(stat.size, size);
  }

  /**
   * A place is taken with the turn: an export that waits for its turn holds no disk space, and keeps nobody else from
   * it.
   */
  private async spooled(
    record: BackupRecord,
    request: ExportDocument,
  ): Promise<{ readonly bytes: Readable; readonly size: number }> {
    const release = this.places.take(request.subject);
    try {
      const { bytes, size } = await this.write(record, request);
      bytes.once('close', release);
      handOut(bytes, request.signal);
      return { bytes, size };
    } catch (error) {
      release();
      if (request.signal?.aborted !== true || error instanceof AppError) throw error;
      throw new AppError('CANCELLED', 'The export was given up: whoever asked for it went away', { cause: error });
    }
  }

  private async write(
    record: BackupRecord,
    { format, decryptionKey, signal }: ExportDocument,
  ): Promise<{ readonly bytes: Readable; readonly size: number }> {
    signal?.throwIfAborted();
    const { backups, catalog, clock, log, scratchFolder } = this.parts;
    const began = clock.monotonic();
    const contentSize = chainContentSize(record, catalog);
    return withScratch(scratchFolder, { ...record, contentSize }, async (scratch) => {
      const read = await backups.read(record, decryptionKey, { scratch, ...defined({ signal }) });
      const options = { format, compress: false, header: headerOf(read), isForPeople: true, signal };
      const packed = packArchive(read.snapshot, options);
      const { bytes, size } = await spoolExport(scratchFolder, packed.bytes);
      const { contentDigest } = await packed.result;
      // a database file has no ephemeral columns
      const isWhole = format === 'OVSDB' || contentDigest === read.contentDigest;
      if (!isWhole) bytes.destroy();
      assert(isWhole, `the export of backup ${record.id} has other rows than the backup`);
      log.info(
        { backup: record.id, format, bytes: size, ms: Math.round(clock.monotonic() - began) },
        'backup exported',
      );
      return { bytes, size };
    });
  }
}

/** Ends the stream when nobody waits for it any more. @throws the signal's reason */
function handOut(bytes: Readable, signal: AbortSignal | undefined): void {
  const stop = (): void => void bytes.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  bytes.once('close', () => signal?.removeEventListener('abort', stop));
  if (signal?.aborted !== true) return;
  stop();
  signal.throwIfAborted();
}

function documentName(file: string, format: ArchiveFormat): string {
  return downloadName(file, archiveExtension(format, { compressed: false, encrypted: false }));
}

/** The manifest inside: the archive's own, or what is known of an archive that has none. */
function headerOf({ header, record, snapshot }: ReadBackup): ArchiveHeader {
  return wholeHeader(header ?? headerFrom(record, snapshot));
}

function manifestOf({ format: _format, file, ...description }: BackupRecord): Buffer {
  return makeBackupRecord(description, file).bytes;
}

/** Which of the files of a chain it is. */
function about(record: BackupRecord, error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  return new AppError(error.code, `Backup ${called(record)}: ${error.message}`, { cause: error });
}
