/** Whether a key opens a backup and what it builds on. */
import { checkPassphrase, KeyMissing } from '../../../archive/layer/encryption.js';
import { checkStored, StoredBytes } from '../../../archive/layer/stored-bytes.js';
import { AppError } from '../../../lib/error.js';
import type { BackupRecord } from '../backup-record.js';
import type { Catalog } from './catalog.js';
import { chainOf, needsKey } from './chain.js';

/** Whether a key is given where one is needed, and nowhere else. @throws AppError DECRYPTION_FAILED, BAD_USER_INPUT */
export function checkKeyGiven(record: BackupRecord, decryptionKey: string | undefined, catalog: Catalog): void {
  const isNeeded = needsKey(record, catalog);
  if (isNeeded && decryptionKey === undefined) throw new KeyMissing(`backup "${record.name}" is encrypted`);
  if (!isNeeded && decryptionKey !== undefined)
    throw new AppError('BAD_USER_INPUT', `Backup "${record.name}" is not encrypted: leave the key out`);
}

/**
 * Whether the key is the right one, known from the head of each file. A file is read whole only where the key does not
 * fit: it may be damaged there.
 * @throws AppError DECRYPTION_FAILED, BAD_USER_INPUT, NOT_FOUND, INTEGRITY_FAILED, RATE_LIMITED
 */
export async function checkKey(
  record: BackupRecord,
  decryptionKey: string | undefined,
  { catalog, keyCost }: { readonly catalog: Catalog; readonly keyCost?: number | undefined },
): Promise<void> {
  checkKeyGiven(record, decryptionKey, catalog);
  if (decryptionKey === undefined) return;
  for (const link of chainOf(record, catalog))
    if (link.encrypted) await checkFile(link, decryptionKey, { catalog, keyCost });
}

async function checkFile(
  { id, checksum, size }: BackupRecord,
  key: string,
  { catalog, keyCost }: { readonly catalog: Catalog; readonly keyCost: number | undefined },
): Promise<void> {
  const stored = new StoredBytes(await catalog.openArchive(id), undefined);
  try {
    await checkPassphrase(stored, key, keyCost);
  } catch (error) {
    if (stored.isBroken || !(error instanceof AppError) || error.code !== 'DECRYPTION_FAILED') throw error;
    await stored.drain();
    checkStored(stored, { checksum, size }, error);
    throw error;
  } finally {
    await stored.close();
  }
}
