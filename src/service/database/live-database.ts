/**
 * The live database as one restore sees it: read whole once, kept up to date by what the server tells of changes since,
 * and read whole again only when the connection broke or another server leads the cluster. So planning again after
 * somebody wrote, and verifying, cost what has changed and not what the database holds.
 */

import type { FollowedDatabase } from '../../engine/capture/followed-database.js';
import { defined } from '../../lib/defined.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { Session } from '../../ovsdb/client.js';
import { ConnectionError } from '../../ovsdb/error.js';
import { bytesAwaitedOn, type Database, errorOnSession } from './database.js';
import { identityOf } from './database-identity.js';
import type { CapturedDatabase } from './database-reader.js';

export interface SnapshotOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to look for a server that leads; the client's default if left out. */
  readonly timeoutMs?: number;
  readonly onProgress?: (rows: number, total?: number) => void;
}

export interface LiveOptions {
  /** A server that takes no writes will do where no other can be reached: nothing is to be written. */
  readonly mayBeReadOnly?: boolean;
}

/**
 * What is read while the connection breaks, or the database is converted to another schema, is begun again, so many
 * times in all.
 */
const TRIES_MAX = 4;

export class LiveDatabase {
  private session: Session | undefined;
  private held: FollowedDatabase | undefined;
  private isOpening = false;

  constructor(
    readonly database: Database,
    private readonly options: LiveOptions = {},
  ) {}

  /** See Opened, in database-turns.ts. */
  get bytesAwaited(): number | undefined {
    return this.isOpening ? 0 : bytesAwaitedOn(this.session);
  }

  /** The database as it is now. @throws AppError DATABASE_UNAVAILABLE, CANCELLED */
  async snapshot(options: SnapshotOptions = {}): Promise<Snapshot> {
    return this.again(options, async () => (this.held ?? (await this.capture(options))).sync());
  }

  /** What somebody reads on the session. @throws AppError DATABASE_UNAVAILABLE, CANCELLED */
  async read<T>(options: SnapshotOptions, work: (session: Session) => Promise<T>): Promise<T> {
    return this.again(options, async () => work(await this.open(options)));
  }

  /** A snapshot, and what its database says of itself. @throws AppError DATABASE_UNAVAILABLE */
  async identified(snapshot: Snapshot): Promise<CapturedDatabase> {
    const { server } = await this.open();
    return { snapshot, identity: identityOf(server, snapshot), remotes: this.database.addresses };
  }

  /**
   * A session with the server that leads: that of the snapshot while it lasts.
   * @throws AppError DATABASE_UNAVAILABLE
   */
  async open(options: SnapshotOptions = {}): Promise<Session> {
    if (this.session !== undefined) return this.session;
    const { signal, timeoutMs } = options;
    this.isOpening = true;
    try {
      const session = await this.database.openSession({
        leader: true,
        ...this.options,
        signal,
        ...defined({ timeoutMs }),
      });
      this.session = session;
      void session.connection.closed.then(() => {
        if (this.session === session) this.forget();
      });
      return session;
    } catch (error) {
      this.close();
      throw this.database.errorOf(error);
    } finally {
      this.isOpening = false;
    }
  }

  /**
   * Lets go of the snapshot before a transaction so large that being told of it would cost more than reading all again.
   */
  async letGo(): Promise<void> {
    const { held } = this;
    this.held = undefined;
    await held?.release();
  }

  close(): void {
    this.session?.connection.close();
    this.forget();
  }

  /** Begins again on another session when the connection breaks. */
  private async again<T>({ signal }: SnapshotOptions, work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (thrown) {
        const error = this.session === undefined ? thrown : await errorOnSession(this.session, thrown);
        this.close();
        signal?.throwIfAborted();
        if (!(error instanceof ConnectionError) || tries === TRIES_MAX) throw this.database.errorOf(error);
      }
    }
  }

  private forget(): void {
    this.session = undefined;
    this.held = undefined;
  }

  private async capture(options: SnapshotOptions): Promise<FollowedDatabase> {
    const session = await this.open(options);
    const { signal, onProgress } = options;
    const held = await this.database.hold(session, 'AUTO', {
      signal,
      ...defined({ onProgress }),
    });
    this.held = held;
    return held;
  }
}
