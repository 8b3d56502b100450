/** What can be asked of the audit trail. */
import { z } from 'zod';
import { ERROR_STATUS } from '../../lib/error.js';
import { nearestNames } from '../../lib/text/nearest.js';
import { andNot } from '../../lib/text/wrong-value.js';
import { command } from '../command/command.js';
import { optional, orElse } from '../command/input-field.js';
import type { Reach } from '../command/reach.js';
import { isAction, refuseAction } from './audit-action.js';
import type { AuditEntry } from './audit-line.js';
import type { AuditFilter, AuditPage } from './audit-page.js';
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

interface FilteredPage {
  readonly page: AuditPage;
  readonly filter: AuditFilter;
}

/**
 * Of a token that is limited to databases: lines that are about them, and what it asked for itself. A line that is
 * about other databases too is left out.
 */
function maySee({ subject, target = {}, result }: AuditEntry, own: string, reach: Reach): boolean {
  const { database, backupId, restoreId, undoOf, jobId } = target;
  const parts = [
    ['backup', backupId],
    ['restore', restoreId],
    ['restore', undoOf],
    ['job', jobId],
  ] as const;
  const isBeyond =
    (database !== undefined && !reach.has(database)) ||
    parts.some(([kind, id]) => id !== undefined && reach.isBeyond(kind, id));
  // what was refused says only what was sent
  if (subject === own) return !isBeyond || result === 'FORBIDDEN';
  return !isBeyond && (database !== undefined || parts.some(([kind, id]) => id !== undefined && reach.hasOf(kind, id)));
}

/** A page, newest first, and the filter that it passed. */
export const auditLog = command({
  name: 'auditLog',
  needs: ADMIN,
  touches: 'IN_RUN',
  input: logInput,
  run: async (
    trail: AuditTrail,
    { first, after, offset, since, until, ...words },
    { reach, caller: { subject } },
  ): Promise<FilteredPage> => {
    const isSeen = reach.isLimited ? (entry: AuditEntry) => maySee(entry, subject, reach) : undefined;
    const filter: AuditFilter = { ...words, sinceMs: since?.getTime(), untilMs: until?.getTime(), isSeen };
    const page = await trail.page({ ...filter, first, after, offset });
    const { action } = words;
    if (page.nodes.length === 0 && action !== undefined && !isAction(action)) {
      const ever = await trail.page({ action, first: 1, isSeen });
      if (ever.nodes.length === 0) refuseAction(action);
    }
    return { page, filter };
  },
});

export const auditCheck = command({
  name: 'auditCheck',
  needs: ADMIN,
  // a chain of hashes can only be checked as a whole
  touches: 'ALL',
  input: z.object({}),
  run: (trail: AuditTrail) => trail.check(),
});
