/** What can be asked of the configured databases. */
import { z } from 'zod';
import { AppError } from '../../lib/error.js';
import type { DatabaseStatus } from '../../ovsdb/client.js';
import { command } from '../command/command.js';
import { namedDatabase } from '../command/reach.js';
import type { Asker } from '../job/turns.js';
import type { Database, Databases } from './database.js';

export interface DatabaseState extends DatabaseStatus {
  readonly id: string;
  readonly label: string;
  readonly isDefault: boolean;
  readonly remotes: readonly string[];
  /** What it calls itself. */
  readonly schemaName: string;
}

export const listDatabases = command({
  name: 'listDatabases',
  needs: ['backups:read'],
  touches: 'IN_RUN',
  input: z.object({}),
  run: (databases: Databases, _input, { reach }): readonly DatabaseState[] =>
    databases
      .list()
      .filter(({ id }) => reach.has(id))
      .map(stateOf),
});

export const getDatabase = command({
  name: 'getDatabase',
  needs: ['backups:read'],
  touches: ({ database }) => namedDatabase(database),
  input: z.object({ database: z.string().meta({ description: 'Id of the database' }) }),
  run: (databases: Databases, input): DatabaseState => stateOf(databases.get(input.database)),
});

function stateOf({ id, label, isDefault, addresses: remotes, schemaName, status }: Database): DatabaseState {
  return { id, label, isDefault, remotes, schemaName, ...status };
}

/** Table -> rows, counted now, in its turn; undefined while the database is away, whose `error` says why. */
export async function rowsOf(
  databases: Databases,
  id: string,
  asker: Asker,
): Promise<Readonly<Record<string, number>> | undefined> {
  // it may have been taken out of the configuration since it was listed
  if (databases.find(id)?.status.connected !== true) return undefined;
  try {
    return await databases.countRows(id, asker);
  } catch (error) {
    if (error instanceof AppError && error.code === 'DATABASE_UNAVAILABLE') return undefined;
    throw error;
  }
}

export function rowCountOf(tables: Readonly<Record<string, number>>): number {
  return Object.values(tables).reduce((sum, rows) => sum + rows, 0);
}
