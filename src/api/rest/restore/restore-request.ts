/** What REST takes for restores. */
import { z } from 'zod';
import { optional, text } from '../../../service/command/input-field.js';
import { mapped, restoreBackup, undoRestore } from '../../../service/restore/restore-command.js';
import { limit, number, offset, upper } from '../common/request-shape.js';
import { restForm } from '../common/rest-form.js';

/** An object here, and a list of pairs elsewhere. */
const resourceMapping = optional(z.record(z.string(), mapped))
  .transform((map) => Object.entries(map ?? {}).map(([from, to]) => ({ from, to })))
  .meta({
    description:
      '{"NAME OR UUID IN THE BACKUP": "NAME OR UUID IN THE DATABASE"}: treats a row of the backup as this live ' +
      'row. Its ' +
      'children attach there, and references to it point there',
  });

/** POST /api/v1/backups/:id/restore. It waits for the end. */
export const restoreForm = restForm(restoreBackup.input, {
  without: ['backupId', 'wait'],
  instead: { resourceMapping },
});

/** POST /api/v1/restores/:id/undo. */
export const undoForm = restForm(undoRestore.input, { without: ['restoreId'] });

/** GET /api/v1/restores/:id/changes. */
export const changesQuery = z.strictObject({
  limit: number(1, 1_000)
    .optional()
    .meta({ description: 'How many changes a page has. Left out: 100', type: 'integer', minimum: 1, maximum: 1_000 }),
  offset,
  after: z.string().optional().describe('end_cursor of the page before, instead of offset'),
  kind: z
    .enum(['insert', 'update', 'delete', 'skip'])
    .transform(upper)
    .optional()
    .describe('Only changes of this kind'),
  table: z.string().optional().describe('Only changes in this table, such as Logical_Switch'),
});

/** GET /api/v1/restores. */
export const listRestoresQuery = z
  .strictObject({
    backup_id: text(200).optional().describe('Only restores of this backup'),
    limit,
    offset,
  })
  .transform((given) => ({ backupId: given.backup_id, limit: given.limit, offset: given.offset ?? 0 }));
