/** What is looked up by its id: null where there is none. */
import { AppError } from '../../../lib/error.js';

export function unlessNotFound<T>(find: () => T): T | null {
  try {
    return find();
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}
