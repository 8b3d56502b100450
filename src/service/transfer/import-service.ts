/**
 * Imports: a file is spooled to the store as it arrives, then read through and checked, and then kept as it came. Only
 * checking takes a turn of heavy work: a slow upload holds up nobody. An encrypted file whose key is not given is kept
 * still encrypted (sealed).
 */

import { HEAD_BYTES, isChainFile } from '../../archive/content/recognise.js';
import { withoutOuterGzip } from '../../archive/layer/outer-gzip.js';
import { inspectSealed } from '../../archive/layer/sealed-archive.js';
import { type Unpacked, unpackArchive } from '../../archive/unpack.js';
import { instant } from '../../lib/clock.js';
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import { plural } from '../../lib/text/plural.js';
import { checkWhole, contentOf, unknownContent } from '../backup/backup-content.js';
import type { BackupDescription, BackupRecord } from '../backup/backup-record.js';
import { storedOutcome } from '../backup/backup-service.js';
import { withScratch } from '../backup/scratch-space.js';
import { cutText, NAME_CHARACTERS_MAX } from '../command/input-field.js';
import type { Reach } from '../command/reach.js';
import type { Database } from '../database/database.js';
import { fittingOf, homeOf } from '../database/home.js';
import type { JobHandle } from '../job/jobs.js';
import { ChainImport } from './chain-import.js';

import { findLink, type ImportDetails, type ImportedBackup, type ImportServiceParts } from './import-parts.js';

import { ImportSpool } from './import-spool.js';
import { SpoolPlaces } from './spool-places.js';
import { storeSpool } from './store-spool.js';

export interface ImportBackup {
  /** The file; read once. */
  readonly source: AsyncIterable<Buffer>;
  /** Asked for after the source was read to its end: in a form, fields may follow the file. */
  readonly details: () => ImportDetails;
  readonly subject: string;
  /** Of a token that may be limited to databases. */
  readonly reach?: Reach;
  /** Aborts when nobody waits for the import any more. */
  readonly signal?: AbortSignal;
}

/** Files that arrive or wait to be checked; one token may have half of them. */
const SPOOLS_MAX = 32;
const DEFAULT_NAME = 'Imported backup';

interface Importing {
  readonly job: JobHandle;
  readonly subject: string;
  readonly reach: Reach | undefined;
}

interface Checked {
  /** What the content says of itself; a sealed one says nothing. */
  readonly header: Unpacked['header'];
  /** That it is kept as a backup of. */
  readonly database: Database;
  readonly description: Omit<
    BackupDescription,
    'id' | 'name' | 'description' | 'createdAt' | 'createdBy' | 'tags' | 'database' | 'origin'
  >;
}

export class ImportService {
  private readonly places = new SpoolPlaces('imports', SPOOLS_MAX);
  private readonly chains: ChainImport;

  constructor(private readonly parts: ImportServiceParts) {
    this.chains = new ChainImport(parts);
  }

  /**
   * Takes over a file.
   * @throws AppError INTEGRITY_FAILED, DECRYPTION_FAILED, TOO_LARGE, BAD_USER_INPUT, STORE_FULL, RATE_LIMITED,
   * SHUTTING_DOWN, CANCELLED
   *   when the signal aborts: nothing is left behind
   */
  async import(request: ImportBackup): Promise<ImportedBackup> {
    const { jobs, databases } = this.parts;
    const { subject, signal, reach } = request;
    const mayBeOf = databases.ids.filter((id) => reach?.has(id) ?? true);
    const { done } = jobs.start(
      {
        kind: 'IMPORT',
        database: homeOf(databases, reach).id,
        databases: mayBeOf,
        subject,
        signal,
        message: 'Waiting for the file',
      },
      (job) => this.takeOver(job, this.places.take(subject), request),
      storedOutcome,
    );
    return done;
  }

  private async takeOver(job: JobHandle, release: () => void, request: ImportBackup): Promise<ImportedBackup> {
    const { work, uploadBytesMax, store, log } = this.parts;
    const spool = new ImportSpool(store, log);
    const { subject, reach } = request;
    const { signal } = job;
    try {
      const file = told(limited(request.source, uploadBytesMax), job);
      await spool.fill(withoutOuterGzip(file, uploadBytesMax), signal);
      const details = request.details();
      const isChain = isChainFile(await headOf(spool));
      return await work.inStoreTurn({ subject, signal }, () =>
        isChain
          ? this.chains.keep({ spool, details, job, subject, reach })
          : this.keep(spool, details, { job, subject, reach }),
      );
    } catch (error) {
      if (!signal.aborted || error instanceof AppError) throw error;
      throw new AppError('CANCELLED', 'The import was given up: whoever sent the file went away', { cause: error });
    } finally {
      await spool.remove();
      release();
    }
  }

  private async keep(
    spool: ImportSpool,
    details: ImportDetails,
    { job, subject, reach }: Importing,
  ): Promise<BackupRecord> {
    const { catalog, clock, log } = this.parts;
    const { signal } = job;
    job.tell({ message: 'Checking the file' }, true);
    const { header, database, description: told } = await this.check(spool, details, { job, reach });
    signal.throwIfAborted();
    job.tell({ phase: 'STORING', fraction: 0.9, message: 'Storing the file' }, true);
    const createdAt = clock.now();
    const name = details.name ?? nameIn(header) ?? nameOf(details.fileName);
    const words = details.description ?? header?.description;
    const description: BackupDescription = {
      ...told,
      id: job.id,
      name,
      ...defined({ description: words }),
      createdAt: instant(createdAt),
      createdBy: subject,
      tags: [...details.tags],
      database: database.id,
      origin: 'IMPORTED',
    };
    const record = await storeSpool(spool, catalog, description, signal);
    log.info(
      {
        backup: record.id,
        ...defined({ rows: record.sealed === true ? undefined : record.rowCount }),
        bytes: record.size,
        sealed: record.sealed === true,
        subject,
      },
      'backup imported',
    );
    return record;
  }

  /** Reads the spool whole. */
  private async check(
    spool: ImportSpool,
    details: ImportDetails,
    { job: { signal, tell }, reach }: Pick<Importing, 'job' | 'reach'>,
  ): Promise<Checked> {
    signal.throwIfAborted();
    const { decryptionKey } = details;
    const { backups, databases, clock, keyCost } = this.parts;
    if (decryptionKey === undefined) {
      const sealed = await inspectSealed(await spool.read(), { signal, keyCost });
      const home = homeOf(databases, reach);
      if (sealed !== undefined)
        return {
          header: undefined,
          database: home,
          description: {
            ...unknownContent(home.schemaName, details.format),
            ...sealed,
            encrypted: true,
            sealed: true,
          },
        };
    }
    return withScratch(this.parts.scratchFolder, undefined, async (scratch) => {
      const unpacked = await unpackArchive(await spool.read(), {
        contentBytesMax: this.parts.uploadBytesMax,
        schemaNames: databases.schemaNames,
        parentOf: (link) =>
          backups.reader.linkedState(findLink(link, this.parts.catalog, reach), decryptionKey, { scratch, signal }),
        scratch,
        clock,
        signal,
        onProgress: (rows) => tell({ rows, message: plural(rows, 'Checked # {row|rows}') }, false),
        ...defined({ passphrase: decryptionKey, keyCost }),
      });
      checkDeclared(unpacked, details);
      await checkWhole(unpacked.snapshot);
      const { size, checksum, encrypted, header } = unpacked;
      const told = { id: header?.database, schemaName: unpacked.snapshot.schema.name };
      const database = fittingOf(databases, told, reach);
      return { header, database, description: { ...contentOf(unpacked), size, checksum, encrypted } };
    });
  }
}

function checkDeclared({ format, encrypted }: Unpacked, declared: ImportDetails): void {
  if (declared.format !== undefined && declared.format !== format)
    throw new AppError(
      'BAD_USER_INPUT',
      `The file was declared to be ${declared.format}, but its content is ${format}: leave the format out, or ` +
        'correct it',
    );
  if (!encrypted && declared.decryptionKey !== undefined)
    throw new AppError('BAD_USER_INPUT', 'The file is not encrypted: leave the decryption key out');
}

/** Passes a file on and stops it at a limit. @throws AppError TOO_LARGE; BAD_USER_INPUT when it ends early */
async function* limited(source: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > bytesMax)
        throw new AppError(
          'TOO_LARGE',
          `The upload is larger than ${bytesMax} bytes: raise OVNCP_UPLOAD_BYTES_MAX or send a smaller file`,
        );
      yield chunk;
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      'BAD_USER_INPUT',
      `The upload ended early, ${bytes === 0 ? 'before its first byte' : plural(bytes, 'after # {byte|bytes}')}: ` +
        'send the file again',
      { cause: error },
    );
  }
}

/** Passes a file on, and tells how much of it has come. */
async function* told(source: AsyncIterable<Buffer>, { tell }: JobHandle): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    const isFirst = bytes === chunk.length;
    tell({ phase: 'CAPTURING', bytes, fraction: 0.1, message: plural(bytes, 'Received # {byte|bytes}') }, isFirst);
    yield chunk;
  }
}

async function headOf(spool: ImportSpool): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of await spool.read({ start: 0, end: HEAD_BYTES })) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** The name inside a file, unless it is none that anybody could ask for. */
function nameIn(header: Unpacked['header']): string | undefined {
  const name = cutText(header?.name ?? '', NAME_CHARACTERS_MAX);
  return name.trim() === '' ? undefined : header?.name;
}

/** A backup's name from that of its file; nothing else of the file's name is believed. */
function nameOf(fileName = ''): string {
  const name = cutText(fileName, NAME_CHARACTERS_MAX)
    .replaceAll(/\p{Cc}/gu, '')
    .replace(/(\.(json|ya?ml|db|gz|enc))+$/i, '');
  return name.trim() === '' ? DEFAULT_NAME : name;
}
