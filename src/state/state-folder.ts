/**
 * The folder of what only this machine needs, and only while the server runs: files without a name (unnamed-file.ts).
 */
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { folderError, makeFolders } from '../lib/disk-error.js';
import { errnoOf } from '../lib/error.js';
import { SCRATCH_PREFIX } from './unnamed-file.js';

const FOLDER_MODE = 0o700;

/**
 * Makes the folder if it is missing, and removes what a server left there that was killed before it had taken the name
 * from a file. Several servers may share it, and it may be the backup folder of one of them: nothing else is removed,
 * and a scratch file in use loses only the name that it is about to lose.
 * @throws AppError STORE_FULL, STORE_UNAVAILABLE
 */
export async function openStateFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder, FOLDER_MODE);
    for (const name of await readdir(folder))
      if (name.startsWith(SCRATCH_PREFIX))
        await unlink(join(folder, name)).catch((error: unknown) => {
          if (errnoOf(error) !== 'ENOENT') throw error;
        });
  } catch (error) {
    throw folderError(`Using the folder ${folder}`, 'OVNCP_STATE_PATH', error);
  }
}
