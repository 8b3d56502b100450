/** What it means when the disk of the backups refuses something. */
import { AppError, errnoOf } from './error.js';

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
  return new AppError(
    'STORE_UNAVAILABLE',
    `${doing} failed (${errno ?? 'unknown error'}). Check the folder, its permissions and the disk of the backup ` +
      'store.',
    { cause: error },
  );
}
