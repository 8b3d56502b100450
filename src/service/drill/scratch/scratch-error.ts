/** What it means that something of a scratch database fails: it is no fault of a configured database. */
import { AppError, errnoOf, messageOf } from '../../../lib/error.js';
import { ConnectionError, OvsdbError } from '../../../ovsdb/error.js';
import { FrameError } from '../../../ovsdb/frame.js';

const FULL: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
/** As the system says the same in what programs write. */
const FULL_WORDS = /No space left on device|Disk quota exceeded|File too large/;
const CAUSES_MAX = 10;

/** @param folder where the scratch databases are */
export function scratchError(error: unknown, folder: string): unknown {
  if (isFull(error)) return fullDisk(folder, messageOf(error), error);
  const isProtocol = error instanceof ConnectionError || error instanceof FrameError || error instanceof OvsdbError;
  if (!isProtocol) return error;
  return new AppError(
    'DATABASE_UNAVAILABLE',
    `The drill's ovsdb-server does not answer as it should: ${error.message}`,
    { cause: error },
  );
}

/** Whether a program says so in what it writes. */
export function saysFull(text: string): boolean {
  return FULL_WORDS.test(text);
}

/** @param words how it ended, and what it logged last */
export function serverEnded(words: string, folder: string, cause?: unknown): AppError {
  if (saysFull(words)) return fullDisk(folder, `the ${words}`, cause);
  return new AppError('DATABASE_UNAVAILABLE', `The drill's ${words}`, { cause });
}

/** @param why what the program or the system says */
export function fullDisk(folder: string, why: string, cause: unknown): AppError {
  return new AppError(
    'STORE_FULL',
    `The disk of ${folder} is full, where the scratch database of the drill is: ${why}. Free some space there, or ` +
      'set OVNCP_STATE_PATH to a folder on a larger disk',
    { cause },
  );
}

/** The system's own word, or that of the server which could not write. */
function isFull(error: unknown): boolean {
  let at: unknown = error;
  for (let i = 0; i < CAUSES_MAX && at instanceof Error && !isTold(at); i++, at = at.cause) {
    if (FULL.has(errnoOf(at))) return true;
    if (at instanceof OvsdbError) return saysFull(at.message);
  }
  return false;
}

/** It is in words for people already. */
function isTold(error: unknown): boolean {
  return error instanceof AppError && error.code === 'STORE_FULL';
}
