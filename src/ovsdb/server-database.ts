/**
 * The _Server database (ovsdb-server(5)): what a server says of itself and of the databases that it
 * serves, above all whether it leads the cluster, and whether what it serves is still kept current.
 */
import { type Clock, sleep } from '../lib/clock.js';
import { messageOf } from '../lib/error.js';
import type { Connection } from './connection.js';
import { OvsdbError } from './error.js';
import type { Json, JsonObject } from './json.js';
import { deleteOperation, selectOperation, whereEquals } from './operation.js';
import { rowsOf } from './reply.js';
import { transact } from './transact.js';

/** relay: a copy of what another server serves, the source, to which it hands on what is written. */
export type DatabaseModel = 'standalone' | 'clustered' | 'relay';

export interface ServerDatabase {
  readonly model: DatabaseModel;
  /**
   * False on a member that has lost its cluster, and on a relay that has lost its source. Always true for a standalone
   * database.
   */
  readonly connected: boolean;
  /** Always true for a standalone database and for a relay. */
  readonly leader: boolean;
  /** UUID of the cluster; undefined for a standalone database, and unknown to a relay. */
  readonly clusterId?: string;
}

const COLUMNS = ['model', 'connected', 'leader', 'cid'] as const;
const LOOK_FIRST_MS = 10;
const LOOK_MAX_MS = 500;
const STANDALONE: ServerDatabase = { model: 'standalone', connected: true, leader: true };
/** Monitors: of the server's row, and of the database itself. */
const STATE_WATCH = 'server-database';
const SCHEMA_WATCH = 'schema';
/** Nobody's UUID. */
const NO_ROW = '00000000-0000-0000-0000-000000000000';

/**
 * Asks a server about a database.
 * @returns undefined when the server does not serve it
 * @throws ConnectionError, OvsdbError
 */
export async function readServerDatabase(
  connection: Connection,
  database: string,
  timeoutMs: number,
): Promise<ServerDatabase | undefined> {
  const served = await databasesOf(connection, timeoutMs);
  if (!served.includes(database)) return undefined;
  return served.includes('_Server') ? readState(connection, database, timeoutMs) : STANDALONE;
}

/** What a server that has _Server says of a database; undefined when it does not serve it. */
async function readState(
  connection: Connection,
  database: string,
  timeoutMs: number,
): Promise<ServerDatabase | undefined> {
  const select = selectOperation('Database', whereName(database), COLUMNS);
  const [selected] = await transact(connection, '_Server', [select], { timeoutMs });
  const row = rowsOf(selected)[0];
  return row === undefined ? undefined : readRow(row);
}

/** Servers before Open vSwitch 2.9 have no _Server, and no clusters and no relays either. */
async function databasesOf(connection: Connection, timeoutMs: number): Promise<readonly Json[]> {
  const databases = await connection.request('list_dbs', [], { timeoutMs });
  return Array.isArray(databases) ? (databases as readonly Json[]) : [];
}

function whereName(database: string): string {
  return whereEquals('name', JSON.stringify(database));
}

/**
 * Whether a server refuses all writes, as a standby does that copies another server (`--sync-from`), and a relay of
 * one. It is asked to delete a row that nobody has. A relay asks its source.
 * @throws ConnectionError, OvsdbError
 */
export async function isReadOnly(
  connection: Connection,
  database: string,
  table: string,
  timeoutMs: number,
): Promise<boolean> {
  try {
    await transact(connection, database, [deleteOperation(table, NO_ROW)], { timeoutMs });
    return false;
  } catch (error) {
    if (error instanceof OvsdbError && error.error === NOT_ALLOWED) return true;
    throw error;
  }
}

/** What a server answers to a write that takes none. */
export const NOT_ALLOWED = 'not allowed';

/**
 * The index of the last entry of a cluster's log that the server's clients can see: what one member answered, another
 * one has from that index on.
 * @returns undefined when there is none, as for a standalone database
 * @throws ConnectionError, OvsdbError
 */
export async function readLogIndex(
  connection: Connection,
  database: string,
  timeoutMs: number,
): Promise<number | undefined> {
  const select = selectOperation('Database', whereName(database), ['index']);
  const [selected] = await transact(connection, '_Server', [select], { timeoutMs });
  const index = rowsOf(selected)[0]?.['index'];
  return typeof index === 'number' ? index : undefined;
}

export interface LogWait {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Longest time for each request. */
  readonly timeoutMs: number;
  /** Longest time in all. */
  readonly waitMs: number;
}

/**
 * Waits until a server's clients can see the log up to this index.
 * @returns false when that takes too long
 * @throws ConnectionError, OvsdbError; the reason of the signal when it aborts
 */
export async function waitForLogIndex(
  connection: Connection,
  database: string,
  index: number,
  { clock, signal, timeoutMs, waitMs }: LogWait,
): Promise<boolean> {
  const end = clock.monotonic() + waitMs;
  for (let pauseMs = LOOK_FIRST_MS; ; pauseMs = Math.min(2 * pauseMs, LOOK_MAX_MS)) {
    const found = await readLogIndex(connection, database, timeoutMs);
    if (found === undefined || found >= index) return true;
    if (clock.monotonic() >= end) return false;
    await sleep(clock, pauseMs, signal);
  }
}

function readRow(row: JsonObject): ServerDatabase {
  const said = row['model'];
  const model = said === 'clustered' || said === 'relay' ? said : 'standalone';
  // an optional UUID: ["uuid", "..."], or ["set", []]
  const [kind, clusterId] = (Array.isArray(row['cid']) ? row['cid'] : []) as readonly Json[];
  return {
    model,
    connected: row['connected'] === true,
    // a relay says false, and takes writes all the same
    leader: model !== 'clustered' || row['leader'] === true,
    ...(kind === 'uuid' && typeof clusterId === 'string' ? { clusterId } : {}),
  };
}

export interface ServerWatch {
  readonly timeoutMs: number;
  /** The state as it is at every change of it since; undefined when the server does not serve the database any more. */
  readonly onChange: (state: ServerDatabase | undefined) => void;
  /** The database has another schema now (`ovsdb-client convert`), or is served no more. */
  readonly onConverted: () => void;
}

/**
 * Asks a server about a database, and watches it from before it answers: nothing that changes later is missed. The
 * server then leaves the connection open when it takes up another database or converts one.
 * @returns undefined when the server does not serve it
 * @throws ConnectionError, OvsdbError
 */
export async function watchServerDatabase(
  connection: Connection,
  database: string,
  { timeoutMs, onChange, onConverted }: ServerWatch,
): Promise<ServerDatabase | undefined> {
  const served = await databasesOf(connection, timeoutMs);
  if (!served.includes(database)) return undefined;
  if (!served.includes('_Server')) return STANDALONE;
  // one look after the other: what is told last is what was seen last
  let looks: Promise<unknown> = Promise.resolve();
  connection.subscribe(({ method, params }) => {
    if (method === 'monitor_canceled' && params[0] === SCHEMA_WATCH) onConverted();
    if (params[0] !== STATE_WATCH) return;
    looks = looks
      .then(async () => onChange(await readState(connection, database, timeoutMs)))
      .catch((error: unknown) => connection.close(`does not say what it serves: ${messageOf(error)}`));
  });
  await connection.request('set_db_change_aware', [true], { timeoutMs });
  // of no table: nothing is told but that it is cancelled, as it is when the schema changes; _Server may say nothing
  await connection.request('monitor_cond', [database, SCHEMA_WATCH, {}], { timeoutMs });
  const rows = { columns: ['name', ...COLUMNS], where: [['name', '==', database]], select: { initial: false } };
  await connection.request('monitor_cond', ['_Server', STATE_WATCH, { Database: [rows] }], { timeoutMs });
  return readState(connection, database, timeoutMs);
}
