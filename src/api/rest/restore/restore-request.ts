/** What REST takes for restores. */
import { z } from 'zod';
import { optional, text } from '../../../service/command/input-field.js';
import { RESTORE_PHASES } from '../../../service/restore/life/life.js';
import { mapped, restoreBackup, undoRestore } from '../../../service/restore/restore-command.js';
import { lower } from '../common/answer-shape.js';
import { limit, number, offset, oneOf, several, upper, waitParameter } from '../common/request-shape.js';
import { restForm } from '../common/rest-form.js';

const changesParameter = oneOf(['true', 'false']).optional().meta({
  description: 'true: also what it changes, or in a dry run would change, row by row: the first 1,000',
  default: 'false',
});

const pair = z.strictObject({
  from: mapped.describe('Name or UUID in the backup'),
  to: mapped.describe('Name or UUID in the database'),
});
/** An object, or a list of pairs as GraphQL takes it. */
const resourceMapping = optional(z.union([z.record(z.string(), mapped), z.array(pair)]))
  .transform((given = {}) => (Array.isArray(given) ? given : Object.entries(given).map(([from, to]) => ({ from, to }))))
  .meta({
    description:
      '{"name or UUID in the backup": "name or UUID in the database"}, or as in GraphQL [{"from": ..., "to": ...}]: ' +
      'treats a row of the backup as this live row. Its children attach there, and references to it point there',
  });

/** For a restore and its undo. */
export const restoreQuery = z
  .strictObject({
    wait: waitParameter,
    changes: changesParameter,
  })
  .transform(({ wait, changes }) => ({ wait: wait !== 'false', changes: changes === 'true' }))
  .refine(({ wait, changes }) => wait || !changes, {
    path: ['changes'],
    error: 'is not known yet with wait=false: ask for /api/v1/restores/RESTORE_ID/changes when the restore has ended',
  });

/** POST /api/v1/backups/:id/restore. It waits for the end. */
export const restoreForm = restForm(restoreBackup.input, {
  without: ['backupId', 'wait'],
  instead: { resourceMapping },
});

/** POST /api/v1/restores/:id/undo. */
export const undoForm = restForm(undoRestore.input, { without: ['restoreId', 'wait'] });

const KINDS = ['insert', 'update', 'delete', 'skip'] as const;
const kinds = several(z.string()).transform((given, context) => {
  const words = given.flatMap((text) => text.toLowerCase().split(','));
  const found = KINDS.filter((kind) => words.includes(kind));
  if (words.every((word) => KINDS.some((kind) => kind === word))) return found.map(upper);
  context.addIssue({
    code: 'custom',
    message: `takes one of ${KINDS.join(', ')}, or several with commas between them`,
  });
  return z.NEVER;
});

/** GET /api/v1/restores/:id/changes. */
export const changesQuery = z.strictObject({
  limit: number(1, 1_000)
    .optional()
    .meta({ description: 'How many changes a page has. Left out: 100', type: 'integer', minimum: 1, maximum: 1_000 }),
  offset,
  after: z.string().optional().describe('end_cursor of the page before, instead of offset'),
  kind: kinds
    .optional()
    .describe('Only changes of these kinds: insert, update, delete, skip. Several times, or with commas between them'),
  table: z.string().optional().describe('Only changes in this table, such as Logical_Switch'),
});

/** GET /api/v1/restores. */
export const listRestoresQuery = z
  .strictObject({
    backup_id: text(200).optional().describe('Only restores of this backup'),
    dry_run: oneOf(['true', 'false'])
      .optional()
      .describe('true: only dry runs. false: only those that were to change something. Left out: both'),
    phase: oneOf(RESTORE_PHASES.map(lower)).transform(upper).optional().describe('Only restores in this phase'),
    limit,
    offset,
  })
  .transform(({ backup_id: backupId, dry_run: dryRun, phase, ...given }) => ({
    backupId,
    phase,
    dryRun: dryRun === undefined ? undefined : dryRun === 'true',
    limit: given.limit,
    offset: given.offset ?? 0,
  }));
