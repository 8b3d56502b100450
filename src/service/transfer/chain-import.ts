/**
 * Imports of chain files (archive/chain-file.ts): backups that build on each other come back as they were, with their
 * ids, names and times. One after the other is checked and kept, the one that stands by itself first. If one of them
 * cannot be taken, none is, but for those that somebody has pinned or built on until then.
 */
import { type ReadLink, readChainFile } from '../../archive/chain-file.js';
import { type Unpacked, unpackArchive } from '../../archive/unpack.js';
import { instant } from '../../lib/clock.js';
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import { plural } from '../../lib/text/plural.js';
import { checkWhole, contentOf, manifestFaults } from '../backup/backup-content.js';
import {
  type BackupDescription,
  type BackupRecord,
  MANIFEST_BYTES_MAX,
  parseBackupRecord,
} from '../backup/backup-record.js';
import { called, childrenOf } from '../backup/catalog/chain.js';
import { withScratch } from '../backup/scratch-space.js';
import type { Reach } from '../command/reach.js';
import { fittingOf } from '../database/home.js';
import { isEnded, type JobRecord } from '../job/job-record.js';
import type { JobHandle } from '../job/jobs.js';

import { findLink, type ImportDetails, type ImportedBackup, type ImportServiceParts } from './import-parts.js';

import { ImportSpool } from './import-spool.js';
import { storeSpool } from './store-spool.js';

/** Kinds of jobs that make a backup of their own id. */
const MAKERS: ReadonlySet<JobRecord['kind']> = new Set(['BACKUP', 'IMPORT']);
const NO_ID = 'its `id` is none: it takes 1 to 100 letters, digits, "_" and "-"';
const BACKUP_ID = /^[A-Za-z0-9_-]{1,100}$/;

/** Of an import of a chain file. */
export interface ChainRequest {
  readonly spool: ImportSpool;
  readonly details: ImportDetails;
  readonly job: JobHandle;
  readonly subject: string;
  /** Of a token that may be limited to databases. */
  readonly reach: Reach | undefined;
}

export class ChainImport {
  /** Ids of backups that are being taken over. */
  private readonly coming = new Set<string>();

  constructor(private readonly parts: ImportServiceParts) {}

  /**
   * @returns the last backup of the chain, with a warning that says how many came and how many were here
   * @throws AppError as ImportService.import; CONFLICT where a backup here has the same id, and other rows
   */
  async keep({ spool, details, job, subject, reach }: ChainRequest): Promise<ImportedBackup> {
    checkDetails(details);
    const made: BackupRecord[] = [];
    let last: BackupRecord | undefined;
    let count = 0;
    const key = details.decryptionKey;
    try {
      let isEncrypted = false;
      for await (const link of readChainFile(await spool.read(), MANIFEST_BYTES_MAX)) {
        last = await this.taken(link, { key, job, subject, reach }, made);
        count = link.number;
        isEncrypted ||= last.encrypted;
      }
      if (key !== undefined && !isEncrypted)
        throw new AppError('BAD_USER_INPUT', 'The file is not encrypted: leave the decryption key out');
    } catch (error) {
      await this.takeBack(made);
      throw error;
    }
    if (last === undefined) throw new Error('a chain file without a backup');
    const { warnings = [] } = last;
    const nothingNew = made.length === 0 ? allHere(count) : undefined;
    const told = nothingNew ?? `${came(made.length)}${wereHere(count - made.length)}`;
    return { ...last, warnings: [...warnings, told], ...defined({ nothingNew }) };
  }

  /** @returns the backup that is here in the end, and which is added to `made` if it was not here before */
  private async taken(link: ReadLink, asked: LinkRequest, made: BackupRecord[]): Promise<BackupRecord> {
    const { catalog, store, log } = this.parts;
    const told = manifestIn(link);
    const { id, contentDigest } = told;
    const spool = new ImportSpool(store, log);
    asked.reach?.check([{ kind: 'backup', id }]);
    if (this.coming.has(id))
      throw new AppError('CONFLICT', `Backup ${called(told)} is being imported already`, {
        details: { reason: 'BEING_IMPORTED', backupIds: [id] },
      });
    this.coming.add(id);
    try {
      await spool.fill(link.archive, asked.job.signal);
      const here = catalog.find(id);
      if (here !== undefined && here.contentDigest !== contentDigest)
        throw new AppError(
          'CONFLICT',
          `Backup ${called(here)} is here already, and has other rows than ${called(told)} in the file. Delete the ` +
            'one that is here, or import the other one alone',
          { details: { reason: 'ALREADY_HERE', backupIds: [id] } },
        );
      if (here !== undefined) return here;
      this.checkFree(told);
      const record = await this.stored(spool, told, asked, `${link.number} of ${link.count}`);
      made.push(record);
      return record;
    } finally {
      this.coming.delete(id);
      await spool.remove();
    }
  }

  /** @throws AppError CONFLICT where something else has its id: one would be taken for the other */
  private checkFree(told: BackupRecord): void {
    const { ids, jobs } = this.parts;
    const { id } = told;
    const job = jobs.find(id);
    // a backup has the id of the job that made it, which outlasts it where it is deleted
    const hasMadeIt = job !== undefined && MAKERS.has(job.record.kind) && isEnded(job.record.phase);
    const kinds = (['restore', 'drill', 'job'] as const).filter((kind) => kind !== 'job' || !hasMadeIt);
    const other = kinds.find((kind) => ids.databasesOf(kind, id) !== undefined);
    if (other === undefined) return;
    throw new AppError(
      'CONFLICT',
      `Backup ${called(told)} in the file has the id of a ${other} that is here. Import that backup alone: it gets ` +
        'another id then',
    );
  }

  private async stored(
    spool: ImportSpool,
    told: BackupRecord,
    asked: LinkRequest,
    place: string,
  ): Promise<BackupRecord> {
    const { catalog, clock, databases, log } = this.parts;
    const { job, subject } = asked;
    job.tell({ message: `Checking backup ${place}` }, true);
    const { content, size, checksum, encrypted } = await this.checked(spool, told, asked);
    const database = fittingOf(databases, { id: told.database, schemaName: content.schemaName }, asked.reach);
    job.tell({ phase: 'STORING', message: `Storing backup ${place}` }, true);
    const { id, name, description, tags } = told;
    // what comes from the future would be the newest for good
    const createdAt = Math.min(Date.parse(told.createdAt), clock.now());
    const kept: BackupDescription = {
      ...content,
      ...defined({ description }),
      id,
      name,
      createdAt: instant(createdAt),
      createdBy: subject,
      tags,
      database: database.id,
      origin: 'IMPORTED',
      size,
      checksum,
      encrypted,
    };
    const record = await storeSpool(spool, catalog, kept, job.signal);
    log.info({ backup: id, rows: record.rowCount, bytes: size, subject }, 'backup of a chain imported');
    return record;
  }

  /** Reads it whole. What it builds on is here by now. */
  private async checked(
    spool: ImportSpool,
    told: BackupRecord,
    { key, job: { signal, tell }, reach }: LinkRequest,
  ): Promise<Checked> {
    const { backups, databases, clock, keyCost, scratchFolder, uploadBytesMax } = this.parts;
    const { checksum, size, encrypted, contentDigest, sealed = false } = told;
    return withScratch(scratchFolder, undefined, async (scratch) => {
      const unpacked = await unpackArchive(await spool.read(), {
        expected: { checksum, size, ...(sealed ? {} : { contentDigest }) },
        contentBytesMax: uploadBytesMax,
        schemaNames: databases.schemaNames,
        parentOf: (link) =>
          backups.reader.linkedState(findLink(link, this.parts.catalog, reach), key, { scratch, signal }),
        scratch,
        clock,
        signal,
        onProgress: (rows) => tell({ rows }, false),
        ...defined({ passphrase: encrypted ? key : undefined, keyCost }),
      });
      const [fault] = sealed ? [] : manifestFaults(told, unpacked);
      if (fault !== undefined) throw new AppError('INTEGRITY_FAILED', `Backup ${called(told)} in the file: ${fault}`);
      await checkWhole(unpacked.snapshot);
      return { ...unpacked, content: contentOf(unpacked) };
    });
  }

  /** Newest first: each builds on the one before it. What somebody has pinned or built on meanwhile stays. */
  private async takeBack(made: readonly BackupRecord[]): Promise<void> {
    const { catalog, log } = this.parts;
    for (const { id } of [...made].reverse()) {
      const record = catalog.find(id);
      if (record === undefined) continue;
      const isBuiltOn = childrenOf(record, catalog).length > 0;
      if (record.pinned === true || isBuiltOn) {
        log.warn(
          { backup: id, pinned: record.pinned === true, isBuiltOn },
          'a backup of a chain that was refused stays',
        );
        continue;
      }
      await catalog.delete(id).catch((error: unknown) => {
        log.warn({ backup: id, err: error }, 'a backup of a chain that was refused could not be taken back: delete it');
      });
    }
  }
}

interface LinkRequest {
  readonly key: string | undefined;
  readonly job: JobHandle;
  readonly subject: string;
  readonly reach: Reach | undefined;
}

interface Checked extends Pick<Unpacked, 'size' | 'checksum' | 'encrypted'> {
  readonly content: ReturnType<typeof contentOf>;
}

/** @throws AppError BAD_USER_INPUT for what can be said of one backup only */
function checkDetails({ name, description, format, tags }: ImportDetails): void {
  const given = Object.entries({ name, description, format, tags: tags.length === 0 ? undefined : tags });
  const [member] = given.find(([, value]) => value !== undefined) ?? [];
  if (member !== undefined)
    throw new AppError(
      'BAD_USER_INPUT',
      `The file is a chain file, whose backups keep what they are called and tagged with: leave the ${member} out`,
    );
}

/** @throws AppError INTEGRITY_FAILED */
function manifestIn({ manifest, number }: ReadLink): BackupRecord {
  try {
    // under which name it is kept here is not for the file to say
    const record = parseBackupRecord(manifest, '');
    if (!BACKUP_ID.test(record.id)) throw new Error(NO_ID);
    return record;
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new AppError('INTEGRITY_FAILED', `The manifest of backup ${number} in the chain file: ${what}`, {
      cause: error,
    });
  }
}

function came(count: number): string {
  return plural(count, 'The file is a chain file: # {backup was|backups were} imported');
}

function allHere(count: number): string {
  return plural(count, 'Nothing was imported: the # {backup|backups} of the chain file {is|are} here already');
}

function wereHere(count: number): string {
  return count === 0 ? '' : plural(count, ', and # {was|were} here already');
}
