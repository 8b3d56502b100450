/** Which database is meant where nothing names one. */
import { namedDatabase, type Reach } from '../command/reach.js';
import type { Database, Databases } from './database.js';

/**
 * The default one, or of a token that is limited to others the first of those that is configured.
 * @throws AppError FORBIDDEN where none of them is
 */
export function homeOf(databases: Databases, reach: Reach | undefined): Database {
  const home = databases.get();
  if (reach === undefined || reach.has(home.id)) return home;
  const own = databases.list().find(({ id }) => reach.has(id));
  if (own !== undefined) return own;
  reach.check([{ kind: 'database', id: undefined }]);
  return home;
}

/**
 * The database that a backup from elsewhere belongs to: the one that it names, where that is configured here and has
 * its schema; else the default one, or the first with its schema; of a token that is limited, of its own.
 * @throws AppError FORBIDDEN where it names one that is not among those, or none of them is configured
 */
export function fittingOf(
  databases: Databases,
  { id, schemaName }: { readonly id: string | undefined; readonly schemaName: string },
  reach: Reach | undefined,
): Database {
  const named = id === undefined ? undefined : databases.find(id);
  if (named?.schemaName === schemaName) {
    reach?.check(namedDatabase(named.id));
    return named;
  }
  const home = homeOf(databases, reach);
  const own = databases.list().filter((database) => reach?.has(database.id) ?? true);
  return [home, ...own].find((database) => database.schemaName === schemaName) ?? home;
}
