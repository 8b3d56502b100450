/** What REST takes for restores, and what the service is asked for then. */
import { z } from 'zod';
import type { RestoreRequest } from '../../../service/restore/restore-request.js';
import * as field from '../../http/request-field.js';
import { resourceFilter } from '../common/filter-shape.js';
import { type Asked, flag, key, limit, offset, optional, upper } from '../common/request-shape.js';

/** POST /api/v1/backups/:id/restore. */
export const restoreBackup = z
  .strictObject({
    dry_run: flag(false, 'Plan and count everything, change nothing'),
    conflict_policy: optional(z.enum(['skip', 'overwrite', 'rename', 'error'])).meta({
      default: 'skip',
      description:
        'What becomes of a row of the backup that is live too: left as it is; updated in place, its UUID stays; a ' +
        'copy comes in beside it; nothing is done if any differs',
    }),
    resource_mapping: optional(
      z
        .record(z.string(), field.mapped)
        .refine((map) => Object.keys(map).length <= field.MAPPINGS_MAX, 'takes at most 10,000 entries'),
    ).meta({
      description:
        'UUID or name in the backup -> UUID or name in the database: rows that are taken to be these live rows',
    }),
    restore_filter: optional(resourceFilter),
    decryption_key: key('The passphrase of an encrypted backup'),
    force: flag(false, 'Go on where the plan only warns: columns lost to another schema version, say'),
    exact: flag(false, 'With overwrite: also delete, within restore_filter, what the backup does not hold'),
    database: optional(z.string()),
    sync: optional(z.enum(['none', 'sb', 'hv'])).meta({
      default: 'none',
      description: 'What to wait for after applying, as ovn-nbctl --wait',
    }),
    confirm_within_seconds: optional(field.confirmWithinSeconds).meta({
      description: 'The restore undoes itself unless it is confirmed within so many seconds',
    }),
    queue: flag(
      false,
      'While another restore of the database awaits its confirmation: wait for it instead of being refused with 409',
    ),
  })
  .superRefine(({ resource_mapping: map }, context) => {
    for (const from of Object.keys(map ?? {}))
      if (!field.mapped.safeParse(from).success)
        context.addIssue({
          code: 'custom',
          path: ['resource_mapping'],
          message: 'takes names or UUIDs of 1 to 200 characters',
        });
  })
  .transform(
    (given): Asked<Omit<RestoreRequest, 'backupId'>> => ({
      dryRun: given.dry_run,
      conflictPolicy: upper(given.conflict_policy ?? 'skip'),
      mapping: Object.entries(given.resource_mapping ?? {}).map(([from, to]) => ({ from, to })),
      filter: given.restore_filter,
      decryptionKey: given.decryption_key,
      force: given.force,
      exact: given.exact,
      database: given.database,
      sync: upper(given.sync ?? 'none'),
      confirmWithinSeconds: given.confirm_within_seconds,
      queue: given.queue,
    }),
  )
  .meta({ id: 'RestoreBackup' });

export const undoRestore = z
  .strictObject({
    dry_run: flag(false, 'Plan and count everything, change nothing'),
    force: flag(false, 'Also where others have changed the rows since'),
  })
  .transform((given) => ({ dryRun: given.dry_run, force: given.force }))
  .meta({ id: 'UndoRestore' });

/** GET /api/v1/restores. */
export const listRestores = z
  .strictObject({
    backup_id: field.text(200).optional().meta({ description: 'Of this backup only' }),
    limit,
    offset,
  })
  .transform((given) => ({ backupId: given.backup_id, limit: given.limit, offset: given.offset ?? 0 }));
