/**
 * Files that have no name: each is unlinked as soon as it is open, so that nothing of it outlives the process, whatever
 * ends that. What is written there may be the content of decrypted backups: nobody else can open it.
 */
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError } from '../lib/disk-error.js';
import { errnoOf } from '../lib/error.js';
import { TEMPORARY_PREFIX, temporaryName } from '../lib/temporary-file.js';

const PURPOSE = 'scratch-';
/** Names begin with it for as long as there is one. */
export const SCRATCH_PREFIX = `${TEMPORARY_PREFIX}${PURPOSE}`;

const FILE_MODE = 0o600;

/** An empty file, for reading and writing. @throws AppError STORE_FULL, STORE_UNAVAILABLE */
export async function openUnnamed(folder: string): Promise<FileHandle> {
  // should the process die between the two, an empty file of this name is left, which the next start removes
  const path = join(folder, temporaryName(PURPOSE));
  let handle: FileHandle;
  try {
    handle = await open(path, 'wx+', FILE_MODE);
  } catch (error) {
    throw diskError('Making scratch space', error);
  }
  try {
    await unlink(path);
  } catch (error) {
    // a sweep at this very moment did it
    if (errnoOf(error) !== 'ENOENT') {
      await handle.close();
      throw diskError('Unlinking scratch space', error);
    }
  }
  return handle;
}
