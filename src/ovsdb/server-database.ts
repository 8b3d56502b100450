/**
 * The _Server database (ovsdb-server(5)): what a server says of itself and of the databases that it
 * serves, above all whether it leads the cluster.
 */
import { type Clock, sleep } from '../lib/clock.js';
import { messageOf } from '../lib/error.js';
import type { Connection } from './connection.js';
import type { Json, JsonObject } from './json.js';
import { selectOperation, whereEquals } from './operation.js';
import { rowsOf } from './reply.js';
import { transact } from './transact.js';

export interface ServerDatabase {
  readonly clustered: boolean;
  /** False on a member that has lost its cluster. Always true for a standalone database. */
  readonly connected: boolean;
  /** Always true for a standalone database. */
  readonly leader: boolean;
  /** UUID of the cluster; undefined for a standalone database. */
  readonly clusterId?: string;
}

const COLUMNS = ['model', 'connected', 'leader', 'cid'] as const;
const LOOK_FIRST_MS = 10;
const LOOK_MAX_MS = 500;
const STANDALONE: ServerDatabase = { clustered: false, connected: true, leader: true };

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
  const databases = await connection.request('list_dbs', [], { timeoutMs });
  if (!Array.isArray(databases) || !databases.includes(database)) return undefined;
  // servers before Open vSwitch 2.9 have no _Server, and no clusters either
  if (!databases.includes('_Server')) return STANDALONE;
  const select = selectOperation('Database', whereEquals('name', JSON.stringify(database)), COLUMNS);
  const [selected] = await transact(connection, '_Server', [select], { timeoutMs });
  const row = rowsOf(selected)[0];
  return row === undefined ? undefined : readRow(row);
}

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
  const select = selectOperation('Database', whereEquals('name', JSON.stringify(database)), ['index']);
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
  if (row['model'] !== 'clustered') return STANDALONE;
  // an optional UUID: ["uuid", "..."], or ["set", []]
  const [kind, clusterId] = (Array.isArray(row['cid']) ? row['cid'] : []) as readonly Json[];
  return {
    clustered: true,
    connected: row['connected'] === true,
    leader: row['leader'] === true,
    ...(kind === 'uuid' && typeof clusterId === 'string' ? { clusterId } : {}),
  };
}

/**
 * Watches a database's row: calls back with the state as it is now, and at every change of it. Once the monitor is
 * there it looks again: what changed between the first look and the monitor is told of by nobody.
 * @throws ConnectionError, OvsdbError
 */
export async function watchServerDatabase(
  connection: Connection,
  database: string,
  timeoutMs: number,
  onChange: (state: ServerDatabase | undefined) => void,
): Promise<void> {
  // one look after the other: what is told last is what was seen last
  let looks: Promise<void> = Promise.resolve();
  const look = (): Promise<void> => {
    looks = looks.then(async () => {
      onChange(await readServerDatabase(connection, database, timeoutMs));
    });
    return looks;
  };
  await look();
  const databases = await connection.request('list_dbs', [], { timeoutMs });
  if (!Array.isArray(databases) || !databases.includes('_Server')) return;
  connection.subscribe(({ params }) => {
    if (params[0] !== 'server-database') return;
    look().catch((error: unknown) => {
      connection.close(`does not say what it serves: ${messageOf(error)}`);
    });
  });
  await connection.request(
    'monitor_cond',
    ['_Server', 'server-database', { Database: [{ columns: ['name', ...COLUMNS], select: { initial: false } }] }],
    { timeoutMs },
  );
  await look();
}
