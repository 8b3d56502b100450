/** The audit trail in REST, for admins. */
import { z } from 'zod';
import { auditCheck, auditLog } from '../../../service/audit/audit-command.js';
import type { AuditTrail } from '../../../service/audit/audit-trail.js';
import { pageInfoOf } from '../common/page-shape.js';
import { instant, noQuery, nothing, number, offset } from '../common/request-shape.js';
import { type Route, route } from '../common/route.js';
import { auditCheckShape, auditListShape, checkOf, endsOf, entryOf } from './audit-answer.js';

const tag = 'Audit';
const AUDIT = '/api/v1/audit';

const logQuery = z.strictObject({
  limit: number(1, 500)
    .optional()
    .meta({ description: 'Lines of the page; 50 if left out', type: 'integer', minimum: 1, maximum: 500 }),
  offset,
  after: z
    .string()
    .optional()
    .meta({ description: 'The end_cursor of an earlier page: new lines do not move what follows it' }),
  subject: z.string().optional(),
  action: z.string().optional(),
  result: z.string().optional().meta({ description: 'OK, ACCEPTED, or the code of an error' }),
  since: instant.optional(),
  until: instant.optional(),
});

export function auditRoutes(trail: AuditTrail): readonly Route[] {
  return [logRoute(trail), checkRoute(trail)];
}

function logRoute(trail: AuditTrail): Route {
  return route({
    name: 'auditLog',
    asks: auditLog,
    method: 'GET',
    path: AUDIT,
    tag,
    query: logQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'Read the audit trail, newest first',
    description: 'Every call that changed something, or was refused. For `total` the whole trail is read.',
    answers: { 200: { description: 'A page, and how many lines fit in all', shape: auditListShape } },
    errors: ['STORE_UNAVAILABLE'],
    handle: async ({ ask, query: { limit, ...query } }) => {
      const { page, filter } = await ask(auditLog, trail, { ...query, first: limit });
      const entries = page.nodes.map(entryOf);
      return {
        status: 200,
        body: { entries, total: await trail.count(filter), page_info: pageInfoOf(endsOf(page)) },
      };
    },
  });
}

function checkRoute(trail: AuditTrail): Route {
  return route({
    name: 'auditCheck',
    asks: auditCheck,
    method: 'GET',
    path: `${AUDIT}/check`,
    tag,
    query: noQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'Check that the audit trail is as it was written',
    description:
      'Reads all of it: finds lines that were edited, removed, inserted, moved or cut off. Note `last_hash` ' +
      'somewhere else now and then: whoever rewrites the whole trail cannot make that hash again.',
    answers: { 200: { description: 'What was found', shape: auditCheckShape } },
    errors: ['STORE_UNAVAILABLE'],
    handle: async ({ ask }) => ({ status: 200, body: checkOf(await ask(auditCheck, trail, {})) }),
  });
}
