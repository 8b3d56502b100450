/** What is looked up by its id: null where there is none. */
import { AppError } from '../../../lib/error.js';

export async function unlessNotFound<T>(find: () => T | Promise<T>): Promise<T | null> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}
