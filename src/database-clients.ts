/** The clients of the configured databases: part of the composition root. */
import type { DatabaseConfig } from './config/database-config.js';
import type { Clock } from './lib/clock.js';
import type { Log } from './lib/log.js';
import { needlessBackup } from './model/northbound/about-database.js';
import { DatabaseClient } from './ovsdb/client.js';
import { readTlsIdentity } from './ovsdb/tls.js';
import { Database, type DatabaseOptions } from './service/database/database.js';

export interface ClientParts {
  readonly log: Log;
  readonly clock: Clock;
}

/** A database with a client that is not started yet. */
export function makeDatabase(
  config: DatabaseConfig,
  { silenceMsMax, ...parts }: ClientParts & Pick<DatabaseOptions, 'silenceMsMax'>,
): Database {
  const problem = needlessBackup(config.schemaName);
  if (problem !== undefined) parts.log.warn({ database: config.id, problem }, 'a database that need not be backed up');
  return new Database(config, makeClient(config, parts), { clock: parts.clock, silenceMsMax });
}

function makeClient({ id, remotes, schemaName, ssl, settings }: DatabaseConfig, { log, clock }: ClientParts) {
  return new DatabaseClient({
    remotes,
    database: schemaName,
    clock,
    tls: ssl === undefined ? undefined : () => readTlsIdentity(ssl, settings),
    onStatus: (status) => {
      const line = { database: id, ...status };
      log[status.connected ? 'info' : 'warn'](line, status.connected ? 'database connected' : 'database away');
    },
  });
}
