/** What it means when a disk refuses something. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, errnoOf } from './error.js';
import { reasonOf } from './system-error.js';

/** These are of the process or the machine: there is nothing to look for on the disk. */
const NOT_OF_THE_DISK = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

interface Words {
  /** What to do. */
  readonly advice: string;
  /** What ENOENT means. */
  readonly absent?: string;
}

const OF_THE_STORE: Words = { advice: 'Check the folder, its permissions and the disk of the backup store.' };

/**
 * What a failed system call means.
 * @param doing completes "... failed", e.g. "Writing a.json"
 */
export function diskError(doing: string, error: unknown, { advice, absent }: Words = OF_THE_STORE): AppError {
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
  const isAbsent = errno === 'ENOENT' && absent !== undefined;
  const why = errno === undefined ? 'unknown error' : isAbsent ? `${errno}: ${absent}` : reasonOf(error);
  return new AppError(
    'STORE_UNAVAILABLE',
    `${doing} failed (${why}).${NOT_OF_THE_DISK.has(errno ?? '') ? '' : ` ${advice}`}`,
    { cause: error },
  );
}

/**
 * Why a folder that a variable names cannot be made or used.
 * @param doing as of `diskError`, e.g. "Making the backup folder /srv/a"
 */
export function folderError(doing: string, variable: string, error: unknown): AppError {
  return diskError(doing, error, {
    advice: `Mend that, or set ${variable} to a folder that this process may make and write in.`,
    absent: 'no folder can be made there',
  });
}

/**
 * As mkdir with `recursive`, which says ENOENT where the disk is mounted read-only, and never ends where the system
 * makes no folders at all, as in /proc.
 * @returns the first folder that was made
 * @throws the system's error
 */
export async function makeFolders(path: string, mode: number): Promise<string | undefined> {
  try {
    return (await makeFolder(path, mode)) ? path : undefined;
  } catch (error) {
    const parent = dirname(path);
    if (errnoOf(error) !== 'ENOENT' || parent === path) throw error;
    const first = await makeFolders(parent, mode);
    const isMade = await makeFolder(path, mode);
    return first ?? (isMade ? path : undefined);
  }
}

/** @returns false where it is there */
async function makeFolder(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
    return true;
  } catch (error) {
    if (await isFolder(path)) return false;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false; // what mkdir said is told
  }
}
