/** What is said where somebody names a database that there is not. */
import { AppError } from '../../lib/error.js';

/** @param configured ids of those that there are */
export function unknownDatabase(id: string, configured: readonly string[]): AppError {
  return new AppError('NOT_FOUND', `Database not found: "${id}". Configured here: ${configured.join(', ')}`);
}
