/**
 * The _Server database (ovsdb-server(5)): what a server says of itself and of the databases that it
 * serves, above all whether it leads the cluster.
 */
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
 * Watches a database's row: calls back with the state as it is now, and at every change of it.
 * @throws ConnectionError, OvsdbError
 */
export async function watchServerDatabase(
  connection: Connection,
  database: string,
  timeoutMs: number,
  onChange: (state: ServerDatabase | undefined) => void,
): Promise<void> {
  const look = async (): Promise<void> => {
    onChange(await readServerDatabase(connection, database, timeoutMs));
  };
  await look();
  const databases = await connection.request('list_dbs', [], { timeoutMs });
  if (!Array.isArray(databases) || !databases.includes('_Server')) return;
  connection.subscribe(({ params }) => {
    if (params[0] !== 'server-database') return;
    look().catch(() => {
      connection.close();
    });
  });
  await connection.request(
    'monitor_cond',
    ['_Server', 'server-database', { Database: [{ columns: ['name', ...COLUMNS], select: { initial: false } }] }],
    { timeoutMs },
  );
}
