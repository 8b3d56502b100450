/** What can be asked of the audit trail. */
import { z } from 'zod';
import { ERROR_STATUS } from '../../lib/error.js';
import { nearestNames } from '../../lib/text/nearest.js';
import { andNot } from '../../lib/text/wrong-value.js';
import { command } from '../command/command.js';
import { optional, orElse } from '../command/input-field.js';
import { isAction, refuseAction } from './audit-action.js';
import type { AuditFilter } from './audit-page.js';
import type { AuditTrail } from './audit-trail.js';

const ADMIN = ['admin'] as const;
const LINES_DEFAULT = 50;

const RESULTS = ['OK', 'ACCEPTED', ...Object.keys(ERROR_STATUS)];

/** GraphQL has codes of its own for operations that it does not understand, and HTTP for requests. */
function isResult(word: string): boolean {
  return RESULTS.includes(word) || /^(?:GRAPHQL|HTTP)_/.test(word);
}

function resultFault(word: string): string {
  const near = nearestNames(word.slice(0, 100), RESULTS);
  const meant = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`;
  const known = `takes one of ${RESULTS.join(', ')}, or one that begins with GRAPHQL_ or HTTP_`;
  return `${known}${andNot(word)}${meant}`;
}

const logInput = z.object({
  first: orElse(z.number(), LINES_DEFAULT).meta({ description: 'How many lines a page has, 1 to 500' }),
  after: optional(z.string()).meta({ description: '`endCursor` of the page before' }),
  /** Lines that are left out first. */
  offset: orElse(z.number(), 0),
  subject: optional(z.string()).meta({ description: 'Only lines of this subject: the name of a token' }),
  action: optional(z.string()).meta({ description: 'Only lines of this action, such as createBackup, in any case' }),
  result: optional(
    z
      .string()
      .transform((word) => word.toUpperCase())
      .refine(isResult, { error: ({ input }) => resultFault(String(input)) }),
  ).meta({ description: 'Only lines with this result, in any case: OK, ACCEPTED or an error code' }),
  since: optional(z.date()).meta({ description: 'Only lines of this instant or later' }),
  until: optional(z.date()).meta({ description: 'Only lines of this instant or earlier' }),
});

/** A page, newest first, and the filter that it passed. */
export const auditLog = command({
  name: 'auditLog',
  needs: ADMIN,
  input: logInput,
  run: async (trail: AuditTrail, { first, after, offset, since, until, ...words }) => {
    const filter: AuditFilter = { ...words, sinceMs: since?.getTime(), untilMs: until?.getTime() };
    const page = await trail.page({ ...filter, first, after, offset });
    const { action } = words;
    if (page.nodes.length === 0 && action !== undefined && !isAction(action)) {
      const ever = await trail.page({ action, first: 1 });
      if (ever.nodes.length === 0) refuseAction(action);
    }
    return { page, filter };
  },
});

export const auditCheck = command({
  name: 'auditCheck',
  needs: ADMIN,
  input: z.object({}),
  run: (trail: AuditTrail) => trail.check(),
});
