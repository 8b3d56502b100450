/** The configured databases in REST. */
import { z } from 'zod';
import type { Databases } from '../../../service/database/database.js';
import { type DatabaseState, listDatabases, rowsOf } from '../../../service/database/database-command.js';
import { count } from '../common/answer-shape.js';
import { noQuery, nothing } from '../common/request-shape.js';
import { type Route, route } from '../common/route.js';

const databaseShape = z
  .object({
    id: z.string(),
    schema_name: z.string().meta({ description: 'Such as OVN_Northbound' }),
    schema_version: z.string().nullable(),
    connected: z.boolean(),
    clustered: z.boolean().nullable(),
    leader: z.boolean().nullable(),
    read_only: z.boolean().nullable().meta({
      description:
        'The only server that can be reached takes no writes, as a standby does: it can be backed up, and not restored',
    }),
    error: z.string().nullable().meta({ description: 'Why it cannot be reached' }),
    tables: z.record(z.string(), count).meta({ description: 'Rows of each table that has any; none while it is away' }),
  })
  .meta({ id: 'Database' });
const databaseListShape = z.object({ databases: z.array(databaseShape), total: count }).meta({ id: 'DatabaseList' });

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
    summary: 'List the configured databases, and count their rows',
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
