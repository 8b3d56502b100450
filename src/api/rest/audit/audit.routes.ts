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
    .meta({ description: 'How many lines a page has. Left out: 50', type: 'integer', minimum: 1, maximum: 500 }),
  offset,
  after: z.string().optional().describe('end_cursor of the page before. Unlike an offset, new lines do not move it'),
  subject: z.string().optional().describe('Only lines of this subject: the name of a token'),
  action: z.string().optional().describe('Only lines of this action, such as createBackup, in any case'),
  result: z.string().optional().describe('Only lines with this result, in any case: OK, ACCEPTED or an error code'),
  since: instant.optional().describe('Only lines of this instant or later'),
  until: instant.optional().describe('Only lines of this instant or earlier'),
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
    description: 'The calls that changed something or were refused. For `total` the whole trail is read.',
    answers: { 200: { description: 'A page of the trail', shape: auditListShape } },
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
      'Reads all of it, and finds lines that were edited, removed, inserted, moved or cut off. Store `last_hash` ' +
      'somewhere else now and then: nobody who rewrites the whole trail can produce that hash again.',
    answers: { 200: { description: 'What was found', shape: auditCheckShape } },
    errors: ['STORE_UNAVAILABLE'],
    handle: async ({ ask }) => ({ status: 200, body: checkOf(await ask(auditCheck, trail, {})) }),
  });
}
