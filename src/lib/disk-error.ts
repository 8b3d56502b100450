/** What it means when the disk of the backups refuses something. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, errnoOf } from './error.js';

/** What the system's codes mean; of others the code alone is told. */
const MEANINGS: Readonly<Record<string, string>> = {
  EROFS: 'the file system is mounted read-only',
  EACCES: 'this process may not do that there',
  EPERM: 'this process may not do that there',
  ENOTDIR: 'a part of the path is a file and no folder',
  EEXIST: 'there is a file of that name',
  ENOENT: 'it is not there',
  EIO: 'the disk is broken',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'its links lead in a circle',
};

/**
 * What a failed system call means.
 * @param doing completes "... failed", e.g. "Writing a.json"
 */
export function diskError(doing: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new AppError(
      'STORE_FULL',
      `The backup store is full (${errno}): ${doing} failed, and nothing of it was kept. Free some space or ` +
        'delete backups, then try again.',
      { cause: error },
    );
  }
  const meaning = MEANINGS[errno ?? ''];
  const why = errno === undefined ? 'unknown error' : meaning === undefined ? errno : `${errno}: ${meaning}`;
  return new AppError(
    'STORE_UNAVAILABLE',
    `${doing} failed (${why}). Check the folder, its permissions and the disk of the backup store.`,
    { cause: error },
  );
}

/**
 * As mkdir with `recursive`, which says ENOENT where the disk is mounted read-only: the first folder that is missing is
 * then made alone, and says why it cannot be.
 * @returns the first folder that was made
 * @throws the system's error
 */
export async function makeFolders(path: string, mode: number): Promise<string | undefined> {
  try {
    return await mkdir(path, { recursive: true, mode });
  } catch (error) {
    const parent = dirname(path);
    if (errnoOf(error) !== 'ENOENT' || parent === path) throw error;
    const first = await makeFolders(parent, mode);
    await mkdir(path, { mode });
    return first ?? path;
  }
}
