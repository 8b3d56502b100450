/** The configured databases in REST. */
import { z } from 'zod';
import type { Databases } from '../../../service/database/database.js';
import { type DatabaseState, listDatabases, rowsOf } from '../../../service/database/database-command.js';
import { count } from '../common/answer-shape.js';
import { noQuery, nothing } from '../common/request-shape.js';
import { type Route, route } from '../common/route.js';

const databaseShape = z
  .object({
    id: z.string().describe('Id of the database, such as northbound'),
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
  })
  .meta({ id: 'Database', description: 'A database that this server backs up' });
const databaseListShape = z
  .object({ databases: z.array(databaseShape).describe('The databases'), total: count.describe('How many there are') })
  .meta({ id: 'DatabaseList', description: 'A list of databases' });

export function databaseRoute(databases: Databases): Route {
  return route({
    name: 'listDatabases',
    asks: listDatabases,
    method: 'GET',
    path: '/api/v1/databases',
    tag: 'Databases',
    query: noQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'List the databases, and count their rows',
    answers: { 200: { description: 'The databases', shape: databaseListShape } },
    errors: [],
    handle: async ({ ask, viewer: { subject }, signal }) => {
      const states = await ask(listDatabases, databases, {});
      const list = await Promise.all(
        states.map(async (state) => databaseOf(state, await rowsOf(databases, state.id, { subject, signal }))),
      );
      return { status: 200, body: { databases: list, total: list.length } };
    },
  });
}

function databaseOf(
  { id, schemaName, schemaVersion, connected, clustered, leader, readOnly, error }: DatabaseState,
  tables: Readonly<Record<string, number>>,
): z.output<typeof databaseShape> {
  return {
    id,
    schema_name: schemaName,
    schema_version: schemaVersion ?? null,
    connected,
    clustered: clustered ?? null,
    leader: leader ?? null,
    read_only: readOnly ?? null,
    error: error ?? null,
    tables,
  };
}
