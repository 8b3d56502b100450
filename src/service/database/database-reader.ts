/**
 * Reads a database whole, for backups and comparisons (current-session.ts says from which server). The session is
 * opened first, so that reading begins at once when its turn comes; another one is opened when the connection breaks.
 */
import type { CaptureRequest } from '../../engine/capture/capture-mode.js';
import { AppError } from '../../lib/error.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import { ConnectionError } from '../../ovsdb/error.js';
import { type CurrentSession } from './current-session.js';
import { bytesAwaitedOn, type Database, errorOnSession, type HoldOptions } from './database.js';
import { identityOf } from './database-identity.js';

/**
 * A capture during which the connection breaks, or the database is converted to another schema, is begun again, so many
 * times in all.
 */
const CAPTURES_MAX = 4;

export interface CapturedDatabase {
  readonly snapshot: Snapshot;
  /** What the database says of itself, see identityOf. */
  readonly identity: string | undefined;
  /** Where it is looked for, e.g. tcp:10.0.0.1:6641. */
  readonly remotes: readonly string[];
}

export interface ReadDatabase extends CapturedDatabase {
  /** What it may lack. */
  readonly warnings: readonly string[];
}

export class DatabaseReader {
  /** A session is looked for in the place of one that broke. */
  private isOpening = false;

  private constructor(
    private readonly database: Database,
    private opened: CurrentSession | undefined,
  ) {}

  /** See Opened, in database-turns.ts. */
  get bytesAwaited(): number | undefined {
    return this.isOpening ? 0 : bytesAwaitedOn(this.opened?.session);
  }

  /** @throws AppError DATABASE_UNAVAILABLE, also when the signal aborts */
  static async open(database: Database, signal: AbortSignal | undefined): Promise<DatabaseReader> {
    try {
      return new DatabaseReader(database, await database.openCurrentSession(signal));
    } catch (error) {
      throw database.errorOf(error);
    }
  }

  /** The session is closed then. @throws AppError DATABASE_UNAVAILABLE, CANCELLED */
  async capture(requested: CaptureRequest, options: HoldOptions = {}): Promise<ReadDatabase> {
    try {
      for (let captures = 1; ; captures++) {
        const opened = (this.opened ??= await this.reopen(options.signal));
        try {
          return await this.captureOn(opened, requested, options);
        } catch (thrown) {
          const error = await errorOnSession(opened.session, thrown);
          if (options.signal?.aborted === true || !(error instanceof ConnectionError) || captures === CAPTURES_MAX)
            throw error;
        } finally {
          this.close();
        }
      }
    } catch (error) {
      if (options.signal?.aborted === true)
        throw new AppError('CANCELLED', 'The capture was cancelled', { cause: error });
      throw this.database.errorOf(error);
    }
  }

  private async reopen(signal: AbortSignal | undefined): Promise<CurrentSession> {
    this.isOpening = true;
    try {
      return await this.database.openCurrentSession(signal);
    } finally {
      this.isOpening = false;
    }
  }

  private async captureOn(
    { session, warnings }: CurrentSession,
    requested: CaptureRequest,
    options: HoldOptions,
  ): Promise<ReadDatabase> {
    const held = await this.database.hold(session, requested, options);
    // a round trip: what the server has to say of the database by then, such as that it is converted, is here
    const snapshot = await held.sync(options.signal);
    const remotes = this.database.addresses;
    return { snapshot, identity: identityOf(session.server, snapshot), remotes, warnings };
  }

  close(): void {
    this.opened?.session.connection.close();
    this.opened = undefined;
  }
}
