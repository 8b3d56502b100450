/** What is said where somebody names a database that there is not. */
import { AppError } from '../../lib/error.js';

export class UnknownDatabase extends AppError {
  constructor(
    private readonly id: string,
    private readonly configured: readonly string[],
  ) {
    const known =
      configured.length === 0
        ? 'None is configured here that this token may use'
        : `Configured here: ${configured.join(', ')}`;
    super('NOT_FOUND', `Database not found: "${id}". ${known}`);
  }

  /** The same for whoever may not know of all that there are. */
  within(isSeen: (id: string) => boolean): UnknownDatabase {
    return new UnknownDatabase(this.id, this.configured.filter(isSeen));
  }
}

/** @param configured ids of those that there are */
export function unknownDatabase(id: string, configured: readonly string[]): AppError {
  return new UnknownDatabase(id, configured);
}
