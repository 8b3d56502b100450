/** Looking into configurations in REST. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { defined } from '../../../lib/defined.js';
import { AppError } from '../../../lib/error.js';
import { row, rows, search } from '../../../service/rows/row-command.js';
import type { RowService } from '../../../service/rows/row-service.js';
import { type Operand, operand } from '../common/operand.js';
import { nothing, number, offset } from '../common/request-shape.js';
import { type Route, type RouteOf, route } from '../common/route.js';
import { rowListShape, rowOf, rowShape, rowsOf } from './row-answer.js';

const of = operand.meta({
  description:
    'What to look into: `backup:ID`, or `live:DATABASE`, such as `live:northbound`. A database is read anew when 10 ' +
    'seconds have passed; until then the pages of a list fit together',
  type: 'string',
});
const limit = (left: number) =>
  number(1, 500)
    .optional()
    .meta({
      description: `How many rows are listed at most. Left out: ${left}`,
      type: 'integer',
      minimum: 1,
      maximum: 500,
    });

const COMMON = {
  method: 'GET',
  tag: 'Rows',
  body: nothing,
  bodyKind: 'NONE',
  headers: { 'X-Decryption-Key': 'The passphrase of an encrypted backup' },
  errors: ['NOT_FOUND', 'DECRYPTION_FAILED', 'INTEGRITY_FAILED', 'DATABASE_UNAVAILABLE', 'STORE_UNAVAILABLE'],
} as const satisfies Partial<RouteOf<z.ZodType, z.ZodType>>;

export function rowRoutes(service: RowService): readonly Route[] {
  return [rowsRoute(service), rowRoute(service), searchRoute(service)];
}

function rowsRoute(service: RowService): Route {
  return route({
    ...COMMON,
    name: 'rows',
    asks: rows,
    path: '/api/v1/rows/:table',
    query: z.strictObject({
      of,
      search: z.string().optional().describe('Only rows that this text finds, as `/api/v1/search` does'),
      limit: limit(50),
      offset,
    }),
    summary: 'List the rows of a table, by their labels',
    answers: { 200: { description: 'The rows', shape: rowListShape } },
    handle: async ({ ask, query, params: { table = '' }, request }) => {
      const { limit: first, offset: left, search: words } = query;
      const input = { of: keyed(query.of, request), table, search: words, first, offset: left };
      return { status: 200, body: rowsOf(await ask(rows, service, input)) };
    },
  });
}

function rowRoute(service: RowService): Route {
  return route({
    ...COMMON,
    name: 'row',
    asks: row,
    path: '/api/v1/rows/:table/:uuid',
    query: z.strictObject({ of }),
    summary: 'Look at a row, and at what refers to it',
    answers: { 200: { description: 'The row', shape: rowShape } },
    handle: async ({ ask, query, params: { table = '', uuid = '' }, request, signal }) => {
      const found = await ask(row, service, { of: keyed(query.of, request), table, uuid });
      if (found === undefined)
        throw new AppError(
          'NOT_FOUND',
          `Row not found: ${table} has no row ${uuid.slice(0, 100)} there. /api/v1/search finds rows by a name, an ` +
            'address, or the beginning of a UUID',
        );
      return { status: 200, body: await rowOf(found, signal) };
    },
  });
}

function searchRoute(service: RowService): Route {
  return route({
    ...COMMON,
    name: 'search',
    asks: search,
    path: '/api/v1/search',
    query: z.strictObject({
      of,
      text: z
        .string({ error: 'is needed: what is looked for' })
        .describe(search.input.shape.text.meta()?.description ?? ''),
      limit: limit(20),
      offset,
    }),
    summary: 'Find rows by a name, an address, a MAC or a UUID, the best first',
    description:
      'The best are those of the name that was typed; then come those that have it as a value, then those that have ' +
      'it in a longer name or value.',
    answers: { 200: { description: 'The rows', shape: rowListShape } },
    handle: async ({ ask, query, request }) => {
      const { limit: first, offset: left, text } = query;
      const input = { of: keyed(query.of, request), text, first, offset: left };
      return { status: 200, body: rowsOf(await ask(search, service, input)) };
    },
  });
}

/** With the key, which does not belong into an address. */
function keyed(ref: Operand, { headers }: FastifyRequest): Operand & { readonly decryptionKey?: string } {
  const key = headers['x-decryption-key'];
  return { ...ref, ...defined({ decryptionKey: typeof key === 'string' ? key : undefined }) };
}
