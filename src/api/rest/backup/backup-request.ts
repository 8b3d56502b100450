/** What REST takes for backups, imports and exports. */
import { z } from 'zod';
import { createBackup, validateBackup } from '../../../service/backup/backup-command.js';
import type { BackupFilter } from '../../../service/backup/catalog-page.js';
import { ARCHIVE_FORMATS, type ArchiveFormat } from '../../../service/backup/layout.js';
import * as field from '../../../service/command/input-field.js';
import { importBackup } from '../../../service/transfer/import-command.js';
import { lower } from '../common/answer-shape.js';
import { instant, limit, offset, several, upper } from '../common/request-shape.js';
import { restForm } from '../common/rest-form.js';

const formats = z.enum(ARCHIVE_FORMATS.map(lower));

const type = field.optional(z.enum(['full', 'selective', 'incremental']).transform(upper)).meta({
  description:
    'Left out: selective with a resource_filter, else full. A resource_filter does not limit a full backup. ' +
    'incremental is refused: not made yet',
});

/**
 * POST /api/v1/backups. The user's document puts a filter beside "full" and means a full backup, and leaves the type
 * out where a filter says enough: that is put right here, before the command looks at it.
 */
export const createForm = restForm(createBackup.input, { instead: { type } });

export function lenient<T extends Pick<z.input<typeof createBackup.input>, 'type' | 'resourceFilter'>>(given: T): T {
  const wanted = given.type ?? ((given.resourceFilter ?? undefined) === undefined ? 'FULL' : 'SELECTIVE');
  return { ...given, type: wanted, resourceFilter: wanted === 'FULL' ? undefined : given.resourceFilter };
}

/** POST /api/v1/backups/validate. */
export const validateForm = restForm(validateBackup.input);

/** The members of an import beside the document itself, in a form, a JSON body or the query. */
export const importDetails = restForm(importBackup.input, {
  without: ['file', 'fileName', 'data', 'late'],
  id: 'ImportDetails',
});

/** The JSON form of an import, for the OpenAPI document; such bodies are read as a stream (json-form.ts). */
export const importForm = restForm(importBackup.input, {
  without: ['file', 'fileName', 'late'],
  instead: { data: z.string().meta({ description: 'The document' }) },
});

/** GET /api/v1/backups. */
export const listBackupsQuery = z
  .strictObject({
    tag: several(field.tag)
      .optional()
      .meta({ description: 'Backups that carry any of these tags', type: 'array', items: { type: 'string' } }),
    type: z.enum(['full', 'selective']).optional(),
    name: field.text(200).optional().meta({ description: 'Part of the name; case and Unicode form do not matter' }),
    database: field.text(200).optional(),
    created_after: instant.optional(),
    created_before: instant.optional(),
    limit,
    offset,
  })
  .transform((given) => ({
    limit: given.limit,
    offset: given.offset ?? 0,
    filter: {
      tags: given.tag ?? null,
      type: given.type === undefined ? null : upper(given.type),
      nameContains: given.name ?? null,
      database: given.database ?? null,
      createdAfter: given.created_after ?? null,
      createdBefore: given.created_before ?? null,
    } satisfies BackupFilter,
  }));

/** GET /api/v1/backups/:id/export. */
export const exportQuery = z
  .strictObject({
    format: formats.optional().meta({ default: 'json' }),
    raw: z.enum(['true', 'false']).optional().meta({
      description:
        'true: the stored file byte for byte, compressed and encrypted as it is, whatever the format; takes Range',
    }),
  })
  .transform(({ format, raw }): { readonly format: ArchiveFormat; readonly raw: boolean } => ({
    format: upper(format ?? 'json'),
    raw: raw === 'true',
  }));

/** The query of an import whose body is the file itself. */
export const importQuery = z
  .strictObject({
    name: field.name.optional(),
    description: field.description.optional(),
    tag: several(field.tag)
      .optional()
      .meta({ type: 'array', items: { type: 'string' } }),
    format: formats.optional(),
  })
  .meta({ description: 'With the file itself as body' });
