/** What can be asked of the audit trail. */
import { z } from 'zod';
import { ERROR_STATUS } from '../../lib/error.js';
import { command } from '../command/command.js';
import { optional, orElse } from '../command/input-field.js';
import type { AuditFilter } from './audit-page.js';
import type { AuditTrail } from './audit-trail.js';

const ADMIN = ['admin'] as const;
const LINES_DEFAULT = 50;

/** As members of REST are written, and no action is. */
const SNAKE_CASE = /^[a-z]+(?:_[a-z]+)+$/;
const RESULTS = ['OK', 'ACCEPTED', ...Object.keys(ERROR_STATUS)];

/** GraphQL has codes of its own for operations that it does not understand, and HTTP for requests. */
function isResult(word: string): boolean {
  return RESULTS.includes(word) || /^(?:GRAPHQL|HTTP)_/.test(word);
}

const logInput = z.object({
  first: orElse(z.number(), LINES_DEFAULT).meta({ description: 'How many lines a page has, 1 to 500' }),
  after: optional(z.string()).meta({ description: '`endCursor` of the page before' }),
  /** Lines that are left out first. */
  offset: orElse(z.number(), 0),
  subject: optional(z.string()).meta({ description: 'Only lines of this subject: the name of a token' }),
  action: optional(z.string().refine((word) => !SNAKE_CASE.test(word), 'takes a name such as createBackup')).meta({
    description: 'Only lines of this action, such as createBackup',
  }),
  result: optional(z.string().refine(isResult, `takes ${RESULTS.join(', ')}`)).meta({
    description: 'Only lines with this result: OK, ACCEPTED or an error code',
  }),
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
    return { page: await trail.page({ ...filter, first, after, offset }), filter };
  },
});

export const auditCheck = command({
  name: 'auditCheck',
  needs: ADMIN,
  input: z.object({}),
  run: (trail: AuditTrail) => trail.check(),
});
