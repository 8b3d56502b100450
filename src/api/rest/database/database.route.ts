/** The configured databases in REST. */
import { z } from 'zod';
import { lastBackupOf } from '../../../service/backup/backup-command.js';
import type { Catalog } from '../../../service/backup/catalog/catalog.js';
import type { Reach } from '../../../service/command/reach.js';
import type { Databases } from '../../../service/database/database.js';
import {
  type DatabaseState,
  getDatabase,
  listDatabases,
  rowCountOf,
  rowsOf,
} from '../../../service/database/database-command.js';
import type { Asker } from '../../../service/job/turns.js';
import { lastRestoreOf } from '../../../service/restore/restore-command.js';
import type { RestoreService } from '../../../service/restore/restore-service.js';
import { count } from '../common/answer-shape.js';
import { noQuery, nothing } from '../common/request-shape.js';
import { type Route, route } from '../common/route.js';

const databaseShape = z
  .object({
    id: z.string().describe('Id of the database, such as northbound'),
    label: z.string().describe('What people call it'),
    default: z.boolean().describe('True for the one that is meant where no database is named'),
    remotes: z.array(z.string()).describe('Where it listens, as configured, such as ssl:10.0.0.1:6641'),
    schema_name: z.string().describe('Name of its schema, such as OVN_Northbound'),
    schema_version: z.string().nullable().describe('Version of its schema; null while it cannot be reached'),
    connected: z.boolean().describe('True if it can be reached'),
    clustered: z.boolean().nullable().describe('True if it is a cluster; null while it cannot be reached'),
    leader: z.boolean().nullable().describe('True if the server in use leads its cluster; also true without a cluster'),
    read_only: z
      .boolean()
      .nullable()
      .describe(
        'True if the only server that can be reached takes no writes, as a standby does. Backups are made then; ' +
          'restores are refused',
      ),
    error: z.string().nullable().describe('Why it cannot be reached; null while it can'),
    tables: z
      .record(z.string(), count)
      .describe('How many rows each table has. Empty tables are left out, and all if it cannot be reached'),
    row_count: count.nullable().describe('How many rows it has, counted now; null while it cannot be reached'),
    last_backup_id: z
      .string()
      .nullable()
      .describe('Id of the newest backup of it that was made here; null if there is none'),
    last_restore_id: z
      .string()
      .nullable()
      .describe('Id of the newest restore into it, dry runs apart; null if there is none'),
  })
  .meta({ id: 'Database', description: 'A database that this server backs up' });
const databaseListShape = z
  .object({ databases: z.array(databaseShape).describe('The databases'), total: count.describe('How many there are') })
  .meta({ id: 'DatabaseList', description: 'A list of databases' });

const tag = 'Databases';
const DATABASES = '/api/v1/databases';

export interface DatabaseRouteParts {
  readonly databases: Databases;
  readonly catalog: Catalog;
  readonly restores: RestoreService;
}

export function databaseRoutes(parts: DatabaseRouteParts): readonly Route[] {
  return [listRoute(parts), getRoute(parts)];
}

function listRoute(parts: DatabaseRouteParts): Route {
  return route({
    name: 'listDatabases',
    asks: listDatabases,
    method: 'GET',
    path: DATABASES,
    tag,
    query: noQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'List the databases, and count their rows',
    answers: { 200: { description: 'The databases', shape: databaseListShape } },
    errors: [],
    handle: async ({ ask, viewer: { subject }, reach, signal }) => {
      const states = await ask(listDatabases, parts.databases, {});
      const list = await Promise.all(states.map((state) => databaseOf(state, parts, { subject, signal, reach })));
      return { status: 200, body: { databases: list, total: list.length } };
    },
  });
}

function getRoute(parts: DatabaseRouteParts): Route {
  return route({
    name: 'getDatabase',
    asks: getDatabase,
    idIs: 'database',
    method: 'GET',
    path: `${DATABASES}/:id`,
    tag,
    query: noQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'Get one database, and count its rows',
    answers: { 200: { description: 'The database', shape: databaseShape } },
    errors: ['NOT_FOUND'],
    handle: async ({ id, ask, viewer: { subject }, reach, signal }) => {
      const state = await ask(getDatabase, parts.databases, { database: id });
      return { status: 200, body: await databaseOf(state, parts, { subject, signal, reach }) };
    },
  });
}

async function databaseOf(
  { id, label, isDefault, remotes, schemaName, ...state }: DatabaseState,
  { databases, catalog, restores }: DatabaseRouteParts,
  { reach, ...asker }: Asker & { readonly reach: Reach },
): Promise<z.output<typeof databaseShape>> {
  const tables = await rowsOf(databases, id, asker);
  const { schemaVersion, connected, clustered, leader, readOnly, error } = state;
  return {
    id,
    label,
    default: isDefault,
    remotes: [...remotes],
    schema_name: schemaName,
    schema_version: schemaVersion ?? null,
    connected,
    clustered: clustered ?? null,
    leader: leader ?? null,
    read_only: readOnly ?? null,
    error: error ?? null,
    tables: tables ?? {},
    row_count: tables === undefined ? null : rowCountOf(tables),
    last_backup_id: lastBackupOf(catalog, id)?.id ?? null,
    last_restore_id: lastRestoreOf(restores, id, reach)?.id ?? null,
  };
}
