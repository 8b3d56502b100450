/** Reading a stored backup back whole, everything checked. What a sealed one turns out to be is written down. */
import { type Unpacked, type UnpackOptions, unpackArchive } from '../../archive/unpack.js';
import type { Clock } from '../../lib/clock.js';
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import { checkWhole, unsealedRecord } from './backup-content.js';
import type { BackupRecord } from './backup-record.js';
import type { Catalog } from './catalog.js';

export type ReadOptions = Pick<UnpackOptions, 'signal' | 'onProgress' | 'scratch'>;

export interface ReadBackup extends Unpacked {
  /** As it is now: of a sealed one it was completed. */
  readonly record: BackupRecord;
}

export interface BackupReaderParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Log;
  /** Content of a sealed backup; that of others is known. */
  readonly uploadBytesMax: number;
  /** Of deriving keys (archive/layer/encryption.ts); left out: the usual one. */
  readonly keyCost?: number | undefined;
}

export class BackupReader {
  constructor(private readonly parts: BackupReaderParts) {}

  /**
   * @throws AppError NOT_FOUND, INTEGRITY_FAILED, DECRYPTION_FAILED; BAD_USER_INPUT, TOO_LARGE for what a sealed one
   * may turn out to be
   */
  async read(record: BackupRecord, decryptionKey: string | undefined, options: ReadOptions): Promise<ReadBackup> {
    if (!record.encrypted && decryptionKey !== undefined)
      throw new AppError('BAD_USER_INPUT', `Backup "${record.name}" is not encrypted: leave the key out`);
    const { checksum, size, contentDigest, sealed = false } = record;
    // rows that others wrote may be written in other ways than ours: they are read as they were when they were imported
    const isOurs = record.origin === 'CAPTURED';
    const unpacked = await unpackArchive(await this.parts.catalog.openArchive(record.id), {
      ...options,
      ...defined({ passphrase: decryptionKey, keyCost: this.parts.keyCost }),
      ...(sealed ? { schemaName: record.schemaName } : {}),
      expected: { checksum, size, ...(isOurs ? { contentDigest } : {}) },
      clock: this.parts.clock,
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
}
