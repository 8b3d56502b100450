/**
 * The client of one database on a list of remotes.
 *
 * A session is a connection that is known to serve the database, and to lead its cluster and to take writes where
 * that was asked for. It is watched, and ends with the reason when that is so no more: a server that loses its cluster
 * or its source goes on answering, from what it knew last. Every piece of work opens a session of its own, so that a
 * long reply never stands in front of a short one. Beside them the client keeps one watching connection, reconnected
 * with back-off, that knows at any time whether the database can be reached, and why not.
 */
import { type Clock, sleep, within } from '../lib/clock.js';
import { messageOf } from '../lib/error.js';
import { joinSignals, sharedController } from '../lib/joined-signal.js';
import { Connection } from './connection.js';
import { type DatabaseSchema, readDatabaseSchema } from './database-schema.js';
import { endWhenDead } from './dead-connection.js';
import { ConnectionError } from './error.js';
import type { Remote } from './remote.js';
import { isReadOnly, type ServerDatabase, watchServerDatabase } from './server-database.js';
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
  /** The only server that can be reached takes no writes: see Session. */
  readonly readOnly?: boolean;
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
  /** The server takes no writes, as a standby does; no other one can be reached. What it has may be old. */
  readonly isReadOnly: boolean;
}

export interface SessionOptions {
  /** Only a server that takes writes, and leads the cluster, will do: for writing, and for what a plan is made from. */
  readonly leader: boolean;
  /** With `leader`: one that takes no writes will do where no other can be reached, as nothing is to be written. */
  readonly mayBeReadOnly?: boolean;
  /** Of a cluster, rather a server that does not lead; the leader only when no other can be reached. */
  readonly avoidLeader?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Instead of sessionTimeoutMs; 0 tries every remote once. */
  readonly timeoutMs?: number;
  /** Told what the server says of itself whenever that changes, as long as it is fit for the session. */
  readonly onServer?: (server: ServerDatabase) => void;
}

const BACK_OFF_FIRST_MS = 250;
const BACK_OFF_MAX_MS = 8_000;
/** A remote that has not answered for so long is waited for, but the next one is asked too. */
const NEXT_REMOTE_MS = 1_000;
/** Less than a server needs that works on a large request. */
const ASK_MS = 4_000;
/** After so long on a server that takes no writes the watching connection looks whether there is one that does. */
const LOOK_AGAIN_MS = 30_000;

export class DatabaseClient {
  readonly database: string;
  private readonly requestTimeoutMs: number;
  private readonly sessionTimeoutMs: number;
  private readonly clock: Clock;
  private readonly stopped = sharedController();
  private current: DatabaseStatus = { connected: false, error: 'not connected yet' };
  /** The remote that served last is tried first. */
  private preferred = 0;
  /** They were ended so that another one is opened: nothing is wrong with the database. */
  private readonly outdated = new WeakSet<Connection>();
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
      const why = reasons.length === 0 ? 'it was given up before a server was asked' : reasons.join('; ');
      const failure = new ConnectionError(`${this.database} cannot be reached: ${why}`);
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
    /** It does when nobody better answers. */
    let spare: Session | undefined;
    let winner: Session | undefined;
    const attempts: Promise<void>[] = [];
    const attempt = async (index: number, remote: Remote): Promise<void> => {
      try {
        const session = await this.tryRemote(remote, { ...options, signal });
        const isSpare = isSecondChoice(session, options);
        // one is enough; and what comes after the decision is nobody's
        if (signal.aborted || (isSpare && spare !== undefined)) session.connection.close();
        else if (isSpare) spare = session;
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
    const all = Promise.all(attempts).then(() => undefined);
    // what is read from a server that takes no writes may be old: one that takes some time may be better
    if (spare?.isReadOnly === true) await within(this.clock, this.sessionTimeoutMs, all);
    else if (spare === undefined) await all;
    decided.abort();
    release();
    const chosen = options.signal?.aborted === true ? undefined : (winner ?? spare);
    for (const session of [winner, spare] as readonly (Session | undefined)[])
      if (session !== chosen) session?.connection.close();
    return chosen;
  }

  private inOrder(): readonly (readonly [number, Remote])[] {
    const all = this.options.remotes.map((remote, index) => [index, remote] as const);
    return [...all.slice(this.preferred), ...all.slice(0, this.preferred)];
  }

  private async tryRemote(remote: Remote, options: SessionOptions): Promise<Session> {
    const { signal } = options;
    const tls = remote.kind === 'ssl' ? await this.identityFor(remote) : undefined;
    const connection = await Connection.open(remote, {
      tls,
      timeoutMs: this.options.connectTimeoutMs ?? 10_000,
      clock: this.clock,
      signal,
    });
    // a server that has stopped answering must not keep whoever gives up
    const onAbort = (): void => {
      connection.close();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) connection.close();
    try {
      return await this.beginSession(connection, options);
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private async beginSession(connection: Connection, options: SessionOptions): Promise<Session> {
    const { database, requestTimeoutMs: timeoutMs } = this;
    const { leader, mayBeReadOnly = !leader, onServer } = options;
    const refuse = (problem: string): ConnectionError => new ConnectionError(`${connection.remote.text}: ${problem}`);
    const server = await watchServerDatabase(connection, database, {
      timeoutMs,
      onChange: (state) => {
        const problem = state === undefined ? `does not serve ${database} any more` : unfit(state, leader);
        if (problem !== undefined) connection.close(problem);
        else if (state !== undefined) onServer?.(state);
      },
      onConverted: () => {
        this.outdated.add(connection);
        connection.close(`${database} was converted to another schema, or is not served any more`);
      },
    });
    if (server === undefined) throw refuse(`does not serve ${database}`);
    const problem = unfit(server, leader);
    if (problem !== undefined) throw refuse(problem);
    const schema = readDatabaseSchema(await connection.request('get_schema', [database], { timeoutMs }));
    const [table] = schema.tables.keys();
    // a cluster has no standbys, and its members hand on to the leader what they are asked to write
    const readOnly =
      server.model !== 'clustered' && table !== undefined && (await isReadOnly(connection, database, table, timeoutMs));
    if (readOnly && !mayBeReadOnly) throw refuse('takes no writes: it is read-only, as a standby is');
    return { connection, schema, server, isReadOnly: readOnly };
  }

  /** Whether a server answers on a connection of its own. */
  private async answers(remote: Remote): Promise<boolean> {
    try {
      const tls = remote.kind === 'ssl' ? await this.identityFor(remote) : undefined;
      const connection = await Connection.open(remote, { tls, timeoutMs: ASK_MS, clock: this.clock });
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
        if ((await this.watchOnce()) === 'OUTDATED') continue;
        pauseMs = BACK_OFF_FIRST_MS;
      } catch (error) {
        if (!signal.aborted) this.report({ connected: false, error: messageOf(error) });
      }
      // a random part keeps many clients of one server from coming back all at once
      if (!signal.aborted) await sleep(this.clock, pauseMs * (0.75 + Math.random() / 2), signal).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, BACK_OFF_MAX_MS);
    }
  }

  /** Reports while a session lasts. @throws ConnectionError when none can be opened */
  private async watchOnce(): Promise<'OUTDATED' | 'LOST'> {
    const { signal } = this.stopped;
    let tell: (server: ServerDatabase) => void = () => undefined;
    const session = await this.openSession({
      leader: false,
      signal,
      timeoutMs: 0,
      onServer: (server) => tell(server),
    });
    const { connection, server: first, isReadOnly: readOnly } = session;
    tell = (server) => this.report(statusOf(session, server));
    tell(first);
    const onStop = (): void => {
      connection.close();
    };
    signal.addEventListener('abort', onStop, { once: true });
    const endProbes = connection.probe(this.options.probeIntervalMs ?? 5_000, this.requestTimeoutMs);
    const lookAgain = (): void => {
      this.outdated.add(connection);
      connection.close('looking for a server that takes writes');
    };
    const callOff = readOnly ? this.clock.alarm(LOOK_AGAIN_MS, lookAgain, { keepsAlive: false }) : undefined;
    const reason = await connection.closed;
    callOff?.();
    endProbes();
    signal.removeEventListener('abort', onStop);
    if (this.outdated.has(connection)) return 'OUTDATED';
    if (!signal.aborted) this.report({ connected: false, error: reason.message });
    return 'LOST';
  }

  private report(status: DatabaseStatus): void {
    const before = this.current;
    this.current = status;
    const told = ['connected', 'error', 'leader', 'readOnly'] as const;
    if (told.some((member) => before[member] !== status[member])) this.options.onStatus?.(status);
  }
}

function statusOf({ connection, schema, isReadOnly: readOnly }: Session, server: ServerDatabase): DatabaseStatus {
  return {
    connected: true,
    clustered: server.model === 'clustered',
    leader: server.leader,
    readOnly,
    schemaVersion: schema.version,
    remote: connection.remote.text,
  };
}

/** Why a server cannot do the work, if it cannot. */
function unfit({ model, connected, leader }: ServerDatabase, mustLead: boolean): string | undefined {
  if (!connected) return model === 'relay' ? 'is a relay that has lost its source' : 'has lost its cluster';
  return mustLead && !leader ? 'does not lead the cluster' : undefined;
}

/** Whether a session is taken only where nobody better can be reached. */
function isSecondChoice({ server, isReadOnly: readOnly }: Session, { leader, avoidLeader }: SessionOptions): boolean {
  if (readOnly) return true;
  // what a relay is asked to write goes to its source, and comes back from there: rather the source itself
  if (leader) return server.model === 'relay';
  return avoidLeader === true && server.model === 'clustered' && server.leader;
}
