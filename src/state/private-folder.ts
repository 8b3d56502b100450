/**
 * Folders that only this process's user may enter, for files that other programs open by their names. What a server
 * leaves that is killed the next start removes: their names tell whose they are.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError } from '../lib/disk-error.js';
import { errnoOf } from '../lib/error.js';

const FOLDER_MODE = 0o700;

/** Makes one, of a name that nobody can guess. @throws AppError STORE_FULL, STORE_UNAVAILABLE */
export async function makePrivateFolder(parent: string, prefix: string): Promise<string> {
  const path = join(parent, `${prefix}${randomBytes(8).toString('hex')}`);
  try {
    await mkdir(path, { mode: FOLDER_MODE });
    return path;
  } catch (error) {
    throw diskError(`Making the folder ${path}`, error);
  }
}

/** Those whose names begin so. @throws AppError STORE_UNAVAILABLE */
export async function privateFolders(parent: string, prefix: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(parent, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && entry.name.startsWith(prefix))
      .map(({ name }) => join(parent, name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw diskError(`Listing ${parent}`, error);
  }
}

/** With all that is in it. @throws AppError STORE_UNAVAILABLE */
export async function removePrivateFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    throw diskError(`Removing the folder ${path}`, error);
  }
}
