/** Reading a stored backup back whole, everything checked. What a sealed one turns out to be is written down. */
import type { ParentLink } from '../../archive/content/archive-header.js';
import { type Unpacked, type UnpackOptions, unpackArchive } from '../../archive/unpack.js';
import type { Clock } from '../../lib/clock.js';
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { Databases } from '../database/database.js';
import { checkWhole, unsealedRecord } from './backup-content.js';
import type { BackupRecord } from './backup-record.js';
import type { Catalog } from './catalog/catalog.js';
import { called, chainOf, insteadOf, linkedParent, needsKey, standingIn } from './catalog/chain.js';

export type ReadOptions = Pick<UnpackOptions, 'signal' | 'onProgress' | 'scratch'>;

export interface ReadBackup extends Unpacked {
  /** As it is now: of a sealed one it was completed. */
  readonly record: BackupRecord;
}

/** Of a file that is not stored here yet. */
export interface FoundLink {
  readonly link: ParentLink;
  /** What it leads to; undefined where that is not here. */
  readonly parent: BackupRecord | undefined;
}

export interface BackupReaderParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Log;
  /** A sealed backup may turn out to be of any of them. */
  readonly databases: Pick<Databases, 'schemaNames'>;
  /** Content of a sealed backup; that of others is known. */
  readonly uploadBytesMax: number;
  /** Of deriving keys (archive/layer/encryption.ts); left out: the usual one. */
  readonly keyCost?: number | undefined;
}

/** Of reading the files of a chain. */
interface ChainOptions extends Omit<ReadOptions, 'onProgress'> {
  readonly decryptionKey: string | undefined;
  readonly progress: ChainProgress | undefined;
}

/** How far reading is in all files of a chain together. */
class ChainProgress {
  private readonly files = new Map<string, { readonly rows: number; readonly bytes: number }>();

  constructor(private readonly tell: NonNullable<ReadOptions['onProgress']>) {}

  of(id: string): NonNullable<ReadOptions['onProgress']> {
    return (rows, bytes) => {
      this.files.set(id, { rows, bytes });
      const files = [...this.files.values()];
      this.tell(
        files.reduce((sum, file) => sum + file.rows, 0),
        files.reduce((sum, file) => sum + file.bytes, 0),
      );
    };
  }
}

/** What is wrong with one backup is said of those that build on it. */
class LinkError extends AppError {}
const LINK_CODES: ReadonlySet<string> = new Set(['INTEGRITY_FAILED', 'DECRYPTION_FAILED', 'NOT_FOUND']);

export class BackupReader {
  constructor(private readonly parts: BackupReaderParts) {}

  /**
   * @throws AppError NOT_FOUND, INTEGRITY_FAILED, DECRYPTION_FAILED; BAD_USER_INPUT, TOO_LARGE for what a sealed one
   * may turn out to be
   */
  async read(record: BackupRecord, decryptionKey: string | undefined, options: ReadOptions): Promise<ReadBackup> {
    const chain = chainOf(record, this.parts.catalog);
    if (!chain.some(({ encrypted }) => encrypted) && decryptionKey !== undefined)
      throw new AppError('BAD_USER_INPUT', `Backup "${record.name}" is not encrypted: leave the key out`);
    const { contentDigest, sealed = false } = record;
    const { onProgress, ...rest } = options;
    const progress = onProgress && new ChainProgress(onProgress);
    const unpacked = await this.unpack(record, { ...rest, decryptionKey, progress }, false);
    if (sealed) return { ...unpacked, record: await this.unseal(record, unpacked) };
    if (unpacked.contentDigest !== contentDigest)
      throw new AppError(
        'INTEGRITY_FAILED',
        "The digest of the backup's content is not the one in its manifest: the manifest was changed. Import the " +
          'file again',
      );
    return { ...unpacked, record };
  }

  /** Reads one file, and before its changes are applied what it builds on. */
  private async unpack(record: BackupRecord, options: ChainOptions, isLink: boolean): Promise<Unpacked> {
    const { catalog, clock, databases, keyCost, uploadBytesMax } = this.parts;
    const { checksum, size, contentDigest, sealed = false, encrypted, contentSize } = record;
    const { decryptionKey, progress, ...rest } = options;
    // rows that others wrote may be written in other ways than ours: they are read as they were when they were imported
    const isOurs = record.origin === 'CAPTURED';
    return unpackArchive(await catalog.openArchive(record.id), {
      ...rest,
      isLink,
      onProgress: progress?.of(record.id),
      ...defined({ passphrase: encrypted ? decryptionKey : undefined, keyCost }),
      ...(sealed ? { schemaNames: [record.schemaName, ...databases.schemaNames] } : {}),
      expected: { checksum, size, ...(isOurs ? { contentDigest } : {}) },
      clock,
      contentBytesMax: sealed ? uploadBytesMax : contentSize,
      parentOf: (link) => this.parentState(this.parentOf(record, link), record, options),
    }).catch((error: unknown) => {
      if (sealed || !(error instanceof AppError) || error.code !== 'TOO_LARGE') throw error;
      throw new AppError(
        'INTEGRITY_FAILED',
        `The backup's content is larger than the ${contentSize} bytes that its manifest says: that was ` +
          'changed. Import the file again',
        { cause: error },
      );
    });
  }

  /**
   * What a file says that it builds on has to be what its manifest says: files that were swapped could lead round in a
   * circle. What a sealed one builds on is known only from its file.
   */
  private parentOf(record: BackupRecord, link: ParentLink): BackupRecord {
    const { parent, sealed = false } = record;
    if (!sealed && (parent?.id !== link.id || parent.contentDigest !== link.contentDigest))
      throw new AppError(
        'INTEGRITY_FAILED',
        `The file of backup ${called(record)} builds on another backup than its manifest says: one of the two was ` +
          'changed. Use another backup',
      );
    const { catalog } = this.parts;
    // of what others have with the same rows it is not told either
    const found = linkedParent(record, link, sealed ? standingIn(catalog, (id) => id === record.database) : catalog);
    // whoever has imported it may not be allowed to see that: with the key an import checks it
    if (sealed && found.database !== record.database)
      throw new AppError(
        'BAD_USER_INPUT',
        `Backup ${called(record)} is kept as one of ${record.database}, and builds on a backup of another database: ` +
          'import its file again, with the key',
      );
    return found;
  }

  /**
   * The rows that a link leads to, for a file that is not stored here yet.
   * @throws AppError INTEGRITY_FAILED when there is no such backup; as read
   */
  async linkedState(
    { link, parent }: FoundLink,
    decryptionKey: string | undefined,
    options: ReadOptions,
  ): Promise<Snapshot> {
    const { catalog } = this.parts;
    if (parent === undefined)
      throw new AppError(
        'INTEGRITY_FAILED',
        `The file is incremental: it holds only what changed since backup ${link.id}, which is not here. Import that ` +
          'one first, or export a whole one where this one comes from',
      );
    const isEncrypted = needsKey(parent, catalog);
    if (isEncrypted && decryptionKey === undefined)
      throw new AppError(
        'BAD_USER_INPUT',
        `The file is incremental and not encrypted, but backup ${called(parent)}, which it builds on, is: it would ` +
          'show rows of that one. Export a whole one where it comes from',
      );
    return (await this.read(parent, isEncrypted ? decryptionKey : undefined, options)).snapshot;
  }

  /**
   * The rows that another backup builds on. Their digest is not computed: that of what is made of them shows both.
   * @throws AppError as read, of the first that cannot be read
   */
  private async parentState(parent: BackupRecord, child: BackupRecord, options: ChainOptions): Promise<Snapshot> {
    try {
      return (await this.unpack(parent, options, true)).snapshot;
    } catch (error) {
      // what is wrong further down is said already
      if (!(error instanceof AppError) || error instanceof LinkError || !LINK_CODES.has(error.code)) throw error;
      throw new LinkError(
        // what is lost is the other one, and not what was asked for
        error.code === 'NOT_FOUND' ? 'INTEGRITY_FAILED' : error.code,
        `Backup ${called(child)} builds on ${called(parent)}, which cannot be read: ` +
          `${error.message.replace(/\.$/, '')}. ` +
          insteadOf(child, parent.id, this.parts.catalog),
        { cause: error },
      );
    }
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
}
