/** What can be asked of the configured databases. */
import { z } from 'zod';
import { AppError } from '../../lib/error.js';
import type { DatabaseStatus } from '../../ovsdb/client.js';
import { command } from '../command/command.js';
import type { Asker } from '../job/turns.js';
import type { Databases } from './database.js';

export interface DatabaseState extends DatabaseStatus {
  readonly id: string;
  /** What it calls itself. */
  readonly schemaName: string;
}

export const listDatabases = command({
  name: 'listDatabases',
  needs: ['backups:read'],
  input: z.object({}),
  run: (databases: Databases): readonly DatabaseState[] =>
    databases.list().map(({ id, schemaName, status }) => ({ id, schemaName, ...status })),
});

/** Table -> rows, counted now, in its turn; none while the database is away, whose `error` says why. */
export async function rowsOf(
  databases: Databases,
  id: string,
  asker: Asker,
): Promise<Readonly<Record<string, number>>> {
  if (!databases.get(id).status.connected) return {};
  try {
    return await databases.countRows(id, asker);
  } catch (error) {
    if (error instanceof AppError && error.code === 'DATABASE_UNAVAILABLE') return {};
    throw error;
  }
}
