/** The clients of the configured databases: part of the composition root. */
import type { DatabaseConfig } from './config/database-config.js';
import type { Clock } from './lib/clock.js';
import type { Log } from './lib/log.js';
import { needlessBackup } from './model/northbound/about-database.js';
import { DatabaseClient } from './ovsdb/client.js';
import { readTlsIdentity } from './ovsdb/tls.js';
import { Database, type DatabaseOptions, Databases } from './service/database/database.js';
import type { RunningWork } from './service/job/running-work.js';

interface ClientParts {
  readonly log: Log;
  readonly clock: Clock;
}

/** A database with a client that is not started yet. */
function makeDatabase(
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

/** Where it is, and how it is reached: with another one of these a database needs another client. */
function placeOf({ remotes, schemaName, ssl }: DatabaseConfig): string {
  return JSON.stringify([remotes.map(({ text }) => text), schemaName, ssl ?? null]);
}

export interface TakenUp {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Their addresses or certificates. */
  readonly moved: readonly string[];
  /** What is said of them, and not where they are. */
  readonly changed: readonly string[];
}

/** The databases as the configuration has them now. */
export class DatabaseClients {
  private configs: readonly DatabaseConfig[];
  readonly databases: Databases;

  constructor(
    configs: readonly DatabaseConfig[],
    work: RunningWork,
    private readonly parts: ClientParts & Pick<DatabaseOptions, 'silenceMsMax'>,
  ) {
    this.configs = configs;
    this.databases = new Databases(
      configs.map((config) => makeDatabase(config, parts)),
      work,
    );
  }

  /**
   * Takes up another configuration. One that is at the same place keeps its client.
   * @param openIn ids of the restores that are open in a database: it is kept until they have ended
   */
  takeUp(configs: readonly DatabaseConfig[], openIn: (database: string) => readonly string[]): TakenUp {
    const before = new Map(this.configs.map((config) => [config.id, config]));
    const result = { added: [] as string[], removed: [] as string[], moved: [] as string[], changed: [] as string[] };
    const all = configs.map((config) => {
      const old = before.get(config.id);
      const database = this.databases.find(config.id);
      if (old === undefined || database === undefined) result.added.push(config.id);
      else if (placeOf(old) !== placeOf(config)) result.moved.push(config.id);
      else {
        if (JSON.stringify(old) !== JSON.stringify(config)) result.changed.push(config.id);
        database.describe(config);
        return database;
      }
      const made = makeDatabase(config, this.parts);
      made.client.start();
      return made;
    });
    const ids = new Set(configs.map(({ id }) => id));
    for (const { id } of this.configs) {
      if (ids.has(id)) continue;
      result.removed.push(id);
      const restores = openIn(id);
      if (restores.length > 0)
        this.parts.log.warn(
          { database: id, restores },
          'a database is not configured any more; its client stays until these restores have ended',
        );
    }
    this.databases.replace(all, (id) => openIn(id).length > 0);
    this.configs = configs;
    return result;
  }

  /** What ended may have been the last of what held a database. */
  release(openIn: (database: string) => readonly string[]): void {
    for (const database of this.databases.release((id) => openIn(id).length > 0))
      this.parts.log.info({ database }, 'the client of a database that is not configured any more was ended');
  }
}
