/** What REST takes for backups, imports and exports. */
import { z } from 'zod';
import { createBackup, validateBackup } from '../../../service/backup/backup-command.js';
import type { BackupFilter } from '../../../service/backup/catalog/catalog-page.js';
import { CASCADES } from '../../../service/backup/chain/deletion.js';
import { ARCHIVE_FORMATS, type ArchiveFormat } from '../../../service/backup/layout.js';
import * as field from '../../../service/command/input-field.js';
import { importBackup } from '../../../service/transfer/import-command.js';
import { lower } from '../common/answer-shape.js';
import { instant, limit, offset, oneOf, several, upper } from '../common/request-shape.js';
import { restForm } from '../common/rest-form.js';

const formats = oneOf(ARCHIVE_FORMATS.map(lower));

/** POST /api/v1/backups. */
export const createForm = restForm(createBackup.input);

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
  instead: { data: z.string().describe('The document as text') },
});

/** DELETE /api/v1/backups/ID. */
export const deleteQuery = z
  .strictObject({
    cascade: oneOf(CASCADES.map((cascade) => lower(cascade)))
      .optional()
      .meta({
        description:
          'What becomes of incremental backups that build on it. `refuse`: nothing is deleted. `merge`: those that ' +
          'build on it directly are made to hold all their rows first. `delete`: they are deleted too',
        default: 'refuse',
      }),
  })
  .transform(({ cascade = 'refuse' }) => ({ cascade: upper(cascade) }));

/** Which backups are meant. */
const filterMembers = {
  tag: several(field.tag)
    .optional()
    .meta({
      description: 'Backups that have this tag. Given several times: any of them',
      type: 'array',
      items: { type: 'string' },
    }),
  type: oneOf(['full', 'selective', 'incremental'])
    .optional()
    .describe('Backups of this type. The type of a sealed one is not known'),
  name: field
    .text(200)
    .optional()
    .describe(
      'Backups with this text in their name. Upper and lower case, and the Unicode form (NFC, NFD), do not matter',
    ),
  database: field.text(200).optional().describe('Backups of the database with this id'),
  created_after: instant.optional().describe('Backups made after this instant'),
  created_before: instant.optional().describe('Backups made before this instant'),
};

function filterIn(given: z.output<z.ZodObject<typeof filterMembers>>): BackupFilter {
  return {
    tags: given.tag ?? null,
    type: given.type === undefined ? null : upper(given.type),
    nameContains: given.name ?? null,
    database: given.database ?? null,
    createdAfter: given.created_after ?? null,
    createdBefore: given.created_before ?? null,
  };
}

/** In a JSON body. */
export const backupFilterForm = z
  .strictObject({
    ...filterMembers,
    tag: z.array(field.tag).optional().describe('Backups that have any of these tags'),
  })
  .transform(filterIn)
  .meta({ id: 'BackupFilter', description: 'Which backups are meant' });

/** GET /api/v1/backups. */
export const listBackupsQuery = z
  .strictObject({ ...filterMembers, limit, offset })
  .transform((given) => ({ limit: given.limit, offset: given.offset ?? 0, filter: filterIn(given) }));

/** POST /api/v1/backups/verify. */
export const verifyQuery = z.strictObject(filterMembers).transform((given) => ({ filter: filterIn(given) }));

/** GET /api/v1/backups/:id/export. */
export const exportQuery = z
  .strictObject({
    format: formats.optional().meta({ default: 'json', description: 'Format of the download' }),
    raw: oneOf(['true', 'false'])
      .optional()
      .describe('true: the stored file as it is, byte for byte. `format` is ignored, and the header Range works'),
    chain: oneOf(['true', 'false'])
      .optional()
      .describe(
        'true: the stored files of the backup and of all that it builds on, in one tar file, which an import takes ' +
          'back as a whole. `format` and `raw` are ignored, and no key is needed',
      ),
  })
  .transform(({ format, raw, chain }): { readonly format: ArchiveFormat; readonly raw: boolean; chain: boolean } => ({
    format: upper(format ?? 'json'),
    raw: raw === 'true' && chain !== 'true',
    chain: chain === 'true',
  }));

/** The query of an import whose body is the file itself. */
export const importQuery = z
  .strictObject({
    name: field.name
      .optional()
      .describe('Name of the new backup. Left out: the one inside the file, or the name of the file'),
    description: field.description
      .optional()
      .describe('Description of the new backup. Left out: the one inside the file'),
    tag: several(field.tag)
      .optional()
      .meta({
        description: 'A tag of the new backup. May be given several times',
        type: 'array',
        items: { type: 'string' },
      }),
    format: formats.optional().describe('Format of the file. Left out: detected from its content'),
  })
  .meta({ description: 'With the file itself as body' });
