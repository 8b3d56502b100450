/** What is checked of the input of a restore. */
import { z } from 'zod';
import * as field from '../../http/request-field.js';
import { checked } from '../../http/request-field.js';
import { filter, given, key } from '../common/input-check.js';
import type { RestoreBackupInput } from './restore-input.type.js';

const restore = z
  .object({
    backupId: field.text(200),
    database: given(z.string()),
    dryRun: given(z.boolean()).transform((value) => value ?? false),
    conflictPolicy: given(z.enum(['SKIP', 'OVERWRITE', 'RENAME', 'ERROR'])).transform((value) => value ?? 'SKIP'),
    exact: given(z.boolean()).transform((value) => value ?? false),
    force: given(z.boolean()).transform((value) => value ?? false),
    resourceMapping: given(
      z
        .array(z.object({ from: field.mapped, to: field.mapped }))
        .max(field.MAPPINGS_MAX, 'takes at most 10,000 entries'),
    ),
    restoreFilter: filter,
    decryptionKey: key,
    sync: given(z.enum(['NONE', 'SB', 'HV'])).transform((value) => value ?? 'NONE'),
    confirmWithinSeconds: given(field.confirmWithinSeconds),
    queue: given(z.boolean()).transform((value) => value ?? false),
  })
  .transform(({ resourceMapping, restoreFilter, ...rest }) => ({
    ...rest,
    mapping: resourceMapping ?? [],
    filter: restoreFilter,
  }));

export function checkRestore(input: RestoreBackupInput): z.output<typeof restore> {
  return checked(restore, input);
}
