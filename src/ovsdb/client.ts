/**
 * The client of one database on a list of remotes.
 *
 * A session is a connection that is known to serve the database, and to lead its cluster where
 * that was asked for. Every piece of work opens a session of its own, so that a long reply never stands in
 * front of a short one. Beside them the client keeps one watching connection, reconnected with
 * back-off, that knows at any time whether the database can be reached, and why not.
 */
import { type Clock, sleep, within } from '../lib/clock.js';
import { messageOf } from '../lib/error.js';
import { joinSignals, lastingController } from '../lib/joined-signal.js';
import { Connection } from './connection.js';
import { type DatabaseSchema, readDatabaseSchema } from './database-schema.js';
import { endWhenDead } from './dead-connection.js';
import { ConnectionError } from './error.js';
import type { Remote } from './remote.js';
import { readServerDatabase, type ServerDatabase, watchServerDatabase } from './server-database.js';
import { type TlsIdentity } from './tls.js';

export interface ClientOptions {
  readonly remotes: readonly Remote[];
  readonly database: string;
  /**
   * For ssl: remotes; a function is asked before every attempt, so that renewed certificates are taken up. What it
   * throws is told as the reason.
   */
  readonly tls?: TlsIdentity | (() => Promise<TlsIdentity>) | undefined;
  /** Longest time for a connection to be made. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /**
   * Longest time for each small request: a server that makes a large reply for somebody answers nobody else meanwhile.
   * Default 60,000.
   */
  readonly requestTimeoutMs?: number;
  /** Longest time to look for a server that can do the work, over all remotes. Default 5,000. */
  readonly sessionTimeoutMs?: number;
  /** Silence after which the watching connection asks whether the server is there. Default 5,000. */
  readonly probeIntervalMs?: number;
  /** Told when the database becomes reachable or unreachable. */
  readonly onStatus?: (status: DatabaseStatus) => void;
  /** By which a server is looked for. */
  readonly clock: Clock;
}

export interface DatabaseStatus {
  readonly connected: boolean;
  readonly clustered?: boolean;
  readonly leader?: boolean;
  readonly schemaVersion?: string;
  /** The remote in use, or undefined. */
  readonly remote?: string;
  /** Why the database cannot be reached. */
  readonly error?: string;
}

/** One connection that serves the database. Close it when done. */
export interface Session {
  readonly connection: Connection;
  readonly schema: DatabaseSchema;
  readonly server: ServerDatabase;
}

export interface SessionOptions {
  /** Only a server that leads the cluster will do: for writing, and for what a plan is made from. */
  readonly leader: boolean;
  /** Of a cluster, rather a server that does not lead; the leader only when no other can be reached. */
  readonly avoidLeader?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Instead of sessionTimeoutMs; 0 tries every remote once. */
  readonly timeoutMs?: number;
}

const BACK_OFF_FIRST_MS = 250;
const BACK_OFF_MAX_MS = 8_000;
/** A remote that has not answered for so long is waited for, but the next one is asked too. */
const NEXT_REMOTE_MS = 1_000;
/** Less than a server needs that works on a large request. */
const ASK_MS = 4_000;

export class DatabaseClient {
  readonly database: string;
  private readonly requestTimeoutMs: number;
  private readonly sessionTimeoutMs: number;
  private readonly clock: Clock;
  private readonly stopped = lastingController();
  private current: DatabaseStatus = { connected: false, error: 'not connected yet' };
  /** The remote that served last is tried first. */
  private preferred = 0;
  private watching: Promise<void> | undefined;

  constructor(private readonly options: ClientOptions) {
    this.database = options.database;
    this.requestTimeoutMs = options.requestTimeoutMs ?? 60_000;
    this.sessionTimeoutMs = options.sessionTimeoutMs ?? 5_000;
    this.clock = options.clock;
  }

  /** Where it is looked for, e.g. tcp:10.0.0.1:6641. */
  get addresses(): readonly string[] {
    return this.options.remotes.map(({ text }) => text);
  }

  get status(): DatabaseStatus {
    return this.current;
  }

  /** Starts watching. */
  start(): void {
    this.watching ??= this.watch();
  }

  /** Ends the watching connection. Sessions are their owners' to close. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.watching;
  }

  /**
   * Opens a session. Tries the remotes in turn, with a short pause between rounds, until one serves
   * the database (and leads it, with `leader`).
   * @throws ConnectionError after sessionTimeoutMs, with what each remote said
   */
  async openSession(options: SessionOptions): Promise<Session> {
    const deadline = this.clock.monotonic() + (options.timeoutMs ?? this.sessionTimeoutMs);
    for (let pauseMs = BACK_OFF_FIRST_MS; ; pauseMs = Math.min(2 * pauseMs, BACK_OFF_MAX_MS)) {
      const reasons: string[] = [];
      const session = await this.tryAll(options, reasons);
      if (session !== undefined) {
        const { connection } = session;
        endWhenDead(connection, this.clock, () => this.answers(connection.remote));
        return session;
      }
      const failure = new ConnectionError(`${this.database} cannot be reached: ${reasons.join('; ')}`);
      const leftMs = deadline - this.clock.monotonic();
      if (options.signal?.aborted === true || leftMs <= 0) throw failure;
      // the last round is at the end of the time, whatever the pause would be
      await sleep(this.clock, Math.min(pauseMs, leftMs), options.signal).catch(() => {
        throw failure; // given up
      });
    }
  }

  /** Opens a session for `work` and closes it afterwards, however the work ended. */
  async withSession<T>(options: SessionOptions, work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.openSession(options);
    try {
      return await work(session);
    } finally {
      session.connection.close();
    }
  }

  /**
   * One round over the remotes: the next one is tried when the one before has failed, or has not answered for a while;
   * the first that can do the work wins. A member of a cluster that hangs keeps nobody from finding the others.
   */
  private async tryAll(options: SessionOptions, reasons: string[]): Promise<Session | undefined> {
    const decided = new AbortController();
    const { signal, release } = joinSignals(options.signal, decided.signal);
    let leading: Session | undefined;
    let winner: Session | undefined;
    const attempts: Promise<void>[] = [];
    const attempt = async (index: number, remote: Remote): Promise<void> => {
      try {
        const session = await this.tryRemote(remote, { ...options, signal });
        const isAvoided = options.avoidLeader === true && session.server.clustered && session.server.leader;
        // one is enough; and what comes after the decision is nobody's
        if (signal.aborted || (isAvoided && leading !== undefined)) session.connection.close();
        else if (isAvoided) leading = session;
        else {
          winner = session;
          if (options.avoidLeader !== true) this.preferred = index;
          decided.abort();
        }
      } catch (error) {
        if (!decided.signal.aborted) reasons.push(messageOf(error));
      }
    };
    for (const [index, remote] of this.inOrder()) {
      if (signal.aborted) break;
      const running = attempt(index, remote);
      attempts.push(running);
      await within(this.clock, NEXT_REMOTE_MS, running);
    }
    // the leader that was to be avoided does when nobody else has answered by now
    if (leading === undefined) await Promise.all(attempts);
    decided.abort();
    release();
    const chosen = options.signal?.aborted === true ? undefined : (winner ?? leading);
    for (const session of [winner, leading] as readonly (Session | undefined)[])
      if (session !== chosen) session?.connection.close();
    return chosen;
  }

  private inOrder(): readonly (readonly [number, Remote])[] {
    const all = this.options.remotes.map((remote, index) => [index, remote] as const);
    return [...all.slice(this.preferred), ...all.slice(0, this.preferred)];
  }

  private async tryRemote(remote: Remote, { leader, signal }: SessionOptions): Promise<Session> {
    const timeoutMs = this.requestTimeoutMs;
    const tls = remote.kind === 'ssl' ? await this.identityFor(remote) : undefined;
    const connection = await Connection.open(remote, {
      tls,
      timeoutMs: this.options.connectTimeoutMs ?? 10_000,
      signal,
    });
    // a server that has stopped answering must not keep whoever gives up
    const onAbort = (): void => {
      connection.close();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) connection.close();
    try {
      const server = await readServerDatabase(connection, this.database, timeoutMs);
      if (server === undefined) throw new ConnectionError(`${remote.text}: does not serve ${this.database}`);
      if (!server.connected) throw new ConnectionError(`${remote.text}: has lost its cluster`);
      if (leader && !server.leader) throw new ConnectionError(`${remote.text}: does not lead the cluster`);
      const schema = readDatabaseSchema(await connection.request('get_schema', [this.database], { timeoutMs }));
      return { connection, schema, server };
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Whether a server answers on a connection of its own. */
  private async answers(remote: Remote): Promise<boolean> {
    try {
      const tls = remote.kind === 'ssl' ? await this.identityFor(remote) : undefined;
      const connection = await Connection.open(remote, { tls, timeoutMs: ASK_MS });
      try {
        await connection.request('echo', ['are you there'], { timeoutMs: ASK_MS });
        return true;
      } finally {
        connection.close();
      }
    } catch {
      return false; // that it does not is the answer
    }
  }

  private async identityFor(remote: Remote): Promise<TlsIdentity | undefined> {
    const { tls } = this.options;
    if (typeof tls !== 'function') return tls;
    try {
      return await tls();
    } catch (error) {
      throw new ConnectionError(`${remote.text}: ${messageOf(error)}`, { cause: error });
    }
  }

  private async watch(): Promise<void> {
    const { signal } = this.stopped;
    let pauseMs = BACK_OFF_FIRST_MS;
    while (!signal.aborted) {
      try {
        const session = await this.openSession({ leader: false, signal, timeoutMs: 0 });
        pauseMs = BACK_OFF_FIRST_MS;
        await this.watchSession(session);
      } catch (error) {
        if (!signal.aborted) this.report({ connected: false, error: messageOf(error) });
      }
      // a random part keeps many clients of one server from coming back all at once
      if (!signal.aborted) await sleep(this.clock, pauseMs * (0.75 + Math.random() / 2), signal).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, BACK_OFF_MAX_MS);
    }
  }

  /** Reports while the connection lasts. */
  private async watchSession({ connection, schema }: Session): Promise<void> {
    const onStop = (): void => {
      connection.close();
    };
    this.stopped.signal.addEventListener('abort', onStop, { once: true });
    const endProbes = connection.probe(this.options.probeIntervalMs ?? 5_000, this.requestTimeoutMs);
    try {
      await watchServerDatabase(connection, this.database, this.requestTimeoutMs, (server) => {
        if (server === undefined) connection.close(`does not serve ${this.database} any more`);
        else if (!server.connected) connection.close('has lost its cluster');
        else
          this.report({
            connected: true,
            clustered: server.clustered,
            leader: server.leader,
            schemaVersion: schema.version,
            remote: connection.remote.text,
          });
      });
      const reason = await connection.closed;
      if (!this.stopped.signal.aborted) this.report({ connected: false, error: reason.message });
    } finally {
      endProbes();
      this.stopped.signal.removeEventListener('abort', onStop);
      connection.close();
    }
  }

  private report(status: DatabaseStatus): void {
    const before = this.current;
    this.current = status;
    if (before.connected !== status.connected || before.error !== status.error || before.leader !== status.leader)
      this.options.onStatus?.(status);
  }
}
