/**
 * The configured databases, and what the services need of them: sessions whose failures are
 * told in the words of the catalogue of errors.
 */

import { type CaptureRequest, chooseMode } from '../../engine/capture/capture-mode.js';
import { type CaptureOptions, FollowedDatabase } from '../../engine/capture/followed-database.js';
import type { Clock } from '../../lib/clock.js';
import { AppError, messageOf } from '../../lib/error.js';
import { joinSignals } from '../../lib/joined-signal.js';
import { type RuntimeKey, withAddedKeys } from '../../model/northbound/runtime.js';
import type { DatabaseClient, DatabaseStatus, Session, SessionOptions } from '../../ovsdb/client.js';
import { ConnectionError, OvsdbError } from '../../ovsdb/error.js';
import { FrameError } from '../../ovsdb/frame.js';
import type { Json } from '../../ovsdb/json.js';
import { EVERY_ROW, selectOperation } from '../../ovsdb/operation.js';
import { resultOf, rowsOf } from '../../ovsdb/reply.js';
import { transactParams } from '../../ovsdb/transact.js';
import { unknownDatabase } from '../command/unknown-database.js';
import type { RunningWork } from '../job/running-work.js';
import type { Asker } from '../job/turns.js';
import { type CurrentSession, openCurrentSession } from './current-session.js';

const REQUEST_TIMEOUT_MS = 60_000;
const SOON_MS = 10_000;

/** What is said of a database here; it says nothing of it itself. */
export interface DatabaseAbout {
  readonly id: string;
  readonly label: string;
  readonly isDefault: boolean;
  readonly runtimeKeys: readonly RuntimeKey[];
  /** What messages call the settings. */
  readonly settings: { readonly remotes: string };
}

export interface DatabaseOptions {
  readonly clock: Clock;
  /** A database whose last capture kept its server from answering for longer is read in small steps from then on. */
  readonly silenceMsMax: number;
}

/** The database knows the rest. */
export type HoldOptions = Omit<CaptureOptions, 'mode' | 'clock'>;

export class Database {
  private lastSilenceMs: number | undefined;

  constructor(
    private about: DatabaseAbout,
    readonly client: DatabaseClient,
    private readonly options: DatabaseOptions,
  ) {}

  /** What is said of it here has changed; where it is has not. */
  describe(about: DatabaseAbout): void {
    this.about = about;
  }

  /** As configured here. */
  get id(): string {
    return this.about.id;
  }

  /** What people call it. */
  get label(): string {
    return this.about.label;
  }

  /** It is meant where none is named. */
  get isDefault(): boolean {
    return this.about.isDefault;
  }

  /** Keys of maps that are runtime state in this database, besides those that are known. */
  get runtimeKeys(): readonly RuntimeKey[] {
    return this.about.runtimeKeys;
  }

  /** Where it is looked for, e.g. tcp:10.0.0.1:6641. */
  get addresses(): readonly string[] {
    return this.client.addresses;
  }

  get status(): DatabaseStatus {
    return this.client.status;
  }

  /** What the database calls itself. */
  get schemaName(): string {
    return this.client.database;
  }

  /** @throws AppError DATABASE_UNAVAILABLE */
  async withSession<T>(options: SessionOptions, work: (session: Session) => Promise<T>): Promise<T> {
    try {
      return await this.client.withSession(options, (session) => work(this.own(session)));
    } catch (error) {
      throw this.errorOf(error);
    }
  }

  /** @throws ConnectionError, OvsdbError */
  async openSession(options: SessionOptions): Promise<Session> {
    return this.own(await this.client.openSession(options));
  }

  /** @throws ConnectionError, OvsdbError */
  async openCurrentSession(signal: AbortSignal | undefined): Promise<CurrentSession> {
    const opened = await openCurrentSession(this.client, { clock: this.options.clock, signal });
    return { ...opened, session: this.own(opened.session) };
  }

  /** Captures a session's database and keeps up with it. @throws ConnectionError, OvsdbError, AppError CANCELLED */
  async hold(session: Session, requested: CaptureRequest, options: HoldOptions): Promise<FollowedDatabase> {
    const { clock, silenceMsMax } = this.options;
    const mode = chooseMode({
      requested,
      clustered: session.server.model === 'clustered',
      lastSilenceMs: this.lastSilenceMs,
      silenceMaxMs: silenceMsMax,
    });
    const held = await FollowedDatabase.capture(session, { ...options, clock, mode });
    // in small steps it says nothing of what FAST costs
    if (mode === 'FAST') this.lastSilenceMs = held.longestSilenceMs;
    return held;
  }

  /** An error of the protocol in the words of the catalogue; anything else as it is. */
  errorOf(error: unknown): unknown {
    const { id, settings } = this.about;
    if (error instanceof ConnectionError || error instanceof FrameError)
      return new AppError(
        'DATABASE_UNAVAILABLE',
        `The database ${id} is unavailable: ${messageOf(error)}; see that ovsdb-server runs there, and that ` +
          `${settings.remotes} is right`,
        { cause: error },
      );
    if (error instanceof OvsdbError)
      return new AppError('DATABASE_UNAVAILABLE', `The database ${id} did not answer as it should: ${error.message}`, {
        cause: error,
      });
    return error;
  }

  /** What is said of this database here is said of its schema, wherever that goes. */
  private own(session: Session): Session {
    return { ...session, schema: withAddedKeys(session.schema, this.runtimeKeys) };
  }

  /** Waits for the work no longer than some seconds. @throws AppError DATABASE_UNAVAILABLE then */
  async soon<T>({ subject, signal }: Asker, work: (asker: Asker) => Promise<T>): Promise<T> {
    const late = new AbortController();
    const callOff = this.options.clock.alarm(SOON_MS, () =>
      late.abort(this.errorOf(new ConnectionError(`${this.schemaName} has not answered for ${SOON_MS / 1_000} s`))),
    );
    const joined = joinSignals(signal, late.signal);
    const isLate = new Promise<never>((_resolve, reject) => {
      late.signal.addEventListener('abort', () => reject(late.signal.reason as Error), { once: true });
    });
    try {
      return await Promise.race([work({ subject, signal: joined.signal }), isLate]);
    } finally {
      callOff();
      joined.release();
    }
  }

  /** Table -> rows, read from the server now. @throws AppError DATABASE_UNAVAILABLE */
  async countRows(): Promise<Readonly<Record<string, number>>> {
    return this.withSession({ leader: false }, async ({ connection, schema }) => {
      const tables = [...schema.tables.keys()];
      const selects = tables.map((table) => selectOperation(table, EVERY_ROW, ['_uuid']));
      const params = transactParams(schema.name, selects);
      const results = resultOf(await connection.call('transact', [params], { timeoutMs: REQUEST_TIMEOUT_MS }));
      if (!Array.isArray(results)) throw new OvsdbError('not a reply', 'a list of results was expected');
      const counts = tables.map((table, i): [string, number] => [table, rowsOf(results[i] as Json).length]);
      return Object.fromEntries(counts.filter(([, rows]) => rows !== 0));
    });
  }
}

/**
 * What is behind an error that was thrown while a session was used. What its server refuses when its database has just
 * been converted to another schema says little: the end of the session, which is told right behind it, says why.
 */
export async function errorOnSession({ connection }: Session, error: unknown): Promise<unknown> {
  if (!(error instanceof OvsdbError)) return error;
  return connection.request('echo', [], { timeoutMs: REQUEST_TIMEOUT_MS }).then(
    () => error,
    (ended: unknown) => ended,
  );
}

/** Bytes heard so far on a session on which something is awaited; undefined where nothing is. */
export function bytesAwaitedOn(session: Session | undefined): number | undefined {
  return session?.connection.isWaiting === true ? session.connection.bytesHeard : undefined;
}

/** The configured databases by id. */
export class Databases {
  /** Not configured any more, but something of them is open that must not be forgotten. */
  private readonly held = new Map<string, Database>();

  constructor(
    private all: readonly Database[],
    private readonly work: RunningWork,
  ) {}

  /**
   * Takes up others. Whatever runs on one that is not among them any more goes on with it to its end.
   * @param isHeld whether one that is taken out must still be found by those who have begun with it
   */
  replace(all: readonly Database[], isHeld: (id: string) => boolean): void {
    const gone = [...this.all, ...this.held.values()].filter((database) => !all.includes(database));
    this.all = all;
    this.held.clear();
    for (const database of gone)
      if (this.find(database.id) === undefined && isHeld(database.id)) this.held.set(database.id, database);
      else void database.client.stop();
  }

  /** Those that are held are let go where nothing holds them any more. @returns their ids */
  release(isHeld: (id: string) => boolean): readonly string[] {
    const free = [...this.held.values()].filter(({ id }) => !isHeld(id));
    for (const { id, client } of free) {
      this.held.delete(id);
      void client.stop();
    }
    return free.map(({ id }) => id);
  }

  /** Begins to watch them all. */
  start(): void {
    for (const { client } of this.all) client.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.all, ...this.held.values()].map(({ client }) => client.stop()));
  }

  list(): readonly Database[] {
    return this.all;
  }

  find(id: string): Database | undefined {
    return this.all.find((database) => database.id === id);
  }

  /** Also one that is not configured any more, where something that is open holds it. */
  findHeld(id: string): Database | undefined {
    return this.find(id) ?? this.held.get(id);
  }

  /** @throws AppError NOT_FOUND as get does */
  getHeld(id: string): Database {
    return this.findHeld(id) ?? this.get(id);
  }

  /** @param id undefined or null for the default one @throws AppError NOT_FOUND that names the ids there are */
  get(id?: string | null): Database {
    const found = id === undefined || id === null ? this.default : this.find(id);
    if (found === undefined) throw unknownDatabase(String(id), this.ids);
    return found;
  }

  private get default(): Database | undefined {
    return this.all.find(({ isDefault }) => isDefault) ?? this.all[0];
  }

  get ids(): readonly string[] {
    return this.all.map((database) => database.id);
  }

  /** What they call themselves. */
  get schemaNames(): readonly string[] {
    return [...new Set(this.all.map(({ schemaName }) => schemaName))];
  }

  /** Table -> rows, in its turn. @throws AppError NOT_FOUND, DATABASE_UNAVAILABLE, RATE_LIMITED */
  async countRows(id: string, asker: Asker): Promise<Readonly<Record<string, number>>> {
    const database = this.get(id);
    // whoever asks for several does not wait for one that hangs
    return this.all.length === 1
      ? this.work.inCountTurn(id, asker, () => database.countRows())
      : database.soon(asker, (patient) => this.work.inCountTurn(id, patient, () => database.countRows()));
  }
}
