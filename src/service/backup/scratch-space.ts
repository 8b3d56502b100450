/**
 * Rows on the disk instead of in memory, for work that only passes over them: as much memory for a backup of gigabytes
 * as for a small one.
 */
import type { Scratch } from '../../lib/scratch.js';
import { openScratch } from '../../state/scratch-file.js';
import type { BackupRecord } from './backup-record.js';

/** Less content is held in memory: that is faster, and works on a full disk too. */
const SCRATCH_FROM_BYTES = 16 << 20;

/**
 * @param folder with room for the content
 * @param record what is about to be read; undefined for a file of which nothing is known
 * @param fromBytes less content is held in memory
 * @throws AppError STORE_FULL, STORE_UNAVAILABLE, and what the work throws
 */
export async function withScratch<T>(
  folder: string,
  record: Pick<BackupRecord, 'contentSize' | 'sealed'> | undefined,
  work: (scratch: Scratch | undefined) => Promise<T>,
  fromBytes = SCRATCH_FROM_BYTES,
): Promise<T> {
  if (record !== undefined && record.sealed !== true && record.contentSize < fromBytes) return work(undefined);
  const scratch = await openScratch(folder);
  try {
    return await work(scratch);
  } finally {
    await scratch.close();
  }
}
