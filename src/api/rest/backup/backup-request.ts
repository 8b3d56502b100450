/** What REST takes for backups, imports and exports, and what the services are asked for then. */
import { z } from 'zod';
import type { BackupFilter } from '../../../service/backup/catalog-page.js';
import type { CreateBackup } from '../../../service/backup/create-backup.js';
import { ARCHIVE_FORMATS, type ArchiveFormat } from '../../../service/backup/layout.js';
import * as field from '../../http/request-field.js';
import { lower } from '../common/answer-shape.js';
import { resourceFilter } from '../common/filter-shape.js';
import { type Asked, flag, instant, key, limit, offset, optional, several, upper } from '../common/request-shape.js';

const formats = z.enum(ARCHIVE_FORMATS.map(lower));

/** POST /api/v1/backups. A full backup with a filter, as the user's document has it, is a full one. */
export const createBackup = z
  .strictObject({
    name: field.name,
    description: optional(field.description),
    type: optional(z.enum(['full', 'selective', 'incremental'])).meta({
      description:
        'Left out: selective with a resource_filter, else full. A resource_filter does not limit a full backup. ' +
        'incremental is refused: not made yet',
    }),
    format: optional(formats).meta({ default: 'json' }),
    compress: flag(false, 'gzip'),
    encrypt: flag(false, 'AES-256-GCM, with encryption_key'),
    encryption_key: key('A passphrase, needed with encrypt. It is not kept: without it the backup is lost'),
    tags: optional(field.tags),
    resource_filter: optional(resourceFilter),
    database: optional(z.string()),
    capture: optional(z.enum(['auto', 'fast', 'paced'])).meta({
      default: 'auto',
      description: 'fast reads in one request, for which the database answers nobody else; paced reads in small steps',
    }),
  })
  .refine(({ encrypt, encryption_key: given }) => !encrypt || given !== undefined, {
    path: ['encryption_key'],
    message: 'is needed with encrypt',
  })
  .refine(({ encrypt, encryption_key: given }) => encrypt || given === undefined, {
    path: ['encrypt'],
    message: 'must be true where encryption_key is given: the backup would not be encrypted',
  })
  .refine(({ type }) => type !== 'incremental', {
    path: ['type'],
    message: 'incremental backups are not made yet: use full or selective',
  })
  .refine(({ type, resource_filter: filter }) => type !== 'selective' || filter !== undefined, {
    path: ['resource_filter'],
    message: 'is needed with type selective',
  })
  .transform(
    (given): Asked<CreateBackup> => ({
      name: given.name,
      description: given.description,
      format: upper(given.format ?? 'json'),
      compress: given.compress,
      encryptionKey: given.encryption_key,
      tags: given.tags ?? [],
      database: given.database,
      filter: given.type === 'full' ? undefined : given.resource_filter,
      capture: upper(given.capture ?? 'auto'),
    }),
  )
  .meta({ id: 'CreateBackup' });

export const validateBackup = z
  .strictObject({
    backup_id: z.string().max(200, 'takes at most 200 characters'),
    decryption_key: key('The passphrase of an encrypted backup; without it only the stored bytes are checked'),
  })
  .transform((given) => ({ backupId: given.backup_id, decryptionKey: given.decryption_key }))
  .meta({ id: 'ValidateBackup' });

/** The members of an import beside the document itself, in a form, a JSON body or the query. */
export const importDetails = z
  .strictObject({
    format: optional(formats),
    name: optional(field.name),
    description: optional(field.description),
    tags: optional(field.tags),
    decryption_key: key('The passphrase of an encrypted file. Without it the file is stored still encrypted'),
  })
  .transform((given) => ({
    format: given.format === undefined ? undefined : upper(given.format),
    name: given.name,
    description: given.description,
    tags: given.tags ?? [],
    decryptionKey: given.decryption_key,
  }));

/** The JSON form of an import, for the OpenAPI document; such bodies are read as a stream (json-form.ts). */
export const importForm = z
  .strictObject({
    format: optional(formats).meta({ description: 'Read from the content if left out' }),
    data: z.string().meta({ description: 'The document' }),
    name: optional(field.name),
    description: optional(field.description),
    tags: optional(field.tags),
    decryption_key: key('The passphrase of an encrypted file'),
  })
  .meta({ id: 'ImportBackup' });

/** GET /api/v1/backups. */
export const listBackups = z
  .strictObject({
    tag: several(field.tag)
      .optional()
      .meta({ description: 'Backups that carry any of these tags', type: 'array', items: { type: 'string' } }),
    type: z.enum(['full', 'selective']).optional(),
    name: field.text(200).optional().meta({ description: 'Part of the name, in any case' }),
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
export const exportBackup = z
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
