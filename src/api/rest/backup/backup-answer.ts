/** What REST answers with of backups: the shapes, and how they are made from what the services know. */
import { z } from 'zod';
import { defined } from '../../../lib/defined.js';
import type { BackupRecord } from '../../../service/backup/backup-record.js';
import { ARCHIVE_FORMATS } from '../../../service/backup/layout.js';
import type { ValidationReport } from '../../../service/backup/validate-backup.js';
import { count, instant, lower } from '../common/answer-shape.js';
import { filterOf, filterShape } from '../common/filter-shape.js';
import { pulledInMembers, pulledInOf } from '../common/pulled-in.js';

export const backupShape = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    type: z.enum(['full', 'selective']),
    format: z.enum(ARCHIVE_FORMATS.map(lower)),
    created_at: instant,
    created_by: z.string().meta({ description: 'The subject of the token' }),
    size: count.meta({ description: 'Bytes of the stored file' }),
    content_size: count.nullable().meta({ description: 'Bytes before compression and encryption' }),
    checksum: z.string().meta({ description: 'SHA-256 of the stored file, "sha256:..."' }),
    content_digest: z.string().nullable().meta({ description: 'SHA-256 of the rows: equal for equal configurations' }),
    compressed: z.boolean(),
    encrypted: z.boolean(),
    sealed: z.boolean().meta({
      description:
        'Imported still encrypted, without its key: what only its content tells is null until it was read once ' +
        'with the key',
    }),
    tags: z.array(z.string()),
    database: z.string(),
    schema_name: z.string(),
    schema_version: z.string().nullable(),
    row_count: count.nullable(),
    file: z.string().meta({ description: 'Name of the stored file' }),
    warnings: z.array(z.string()).meta({
      description:
        'What the backup lacks: rows that others refer to, the end of a file that was copied while it was written',
    }),
    resource_filter: filterShape.optional(),
    ...pulledInMembers,
  })
  .meta({ id: 'Backup' });

export const validationShape = z
  .object({
    valid: z.boolean(),
    message: z.string(),
    errors: z.array(z.string()).optional().meta({ description: 'Where it is not valid' }),
    warnings: z.array(z.string()),
    content_checked: z.boolean().meta({
      description: 'False where the backup is encrypted and no key was given: then only the stored bytes were checked',
    }),
    row_count: count.nullable(),
  })
  .meta({ id: 'Validation' });

export const backupCreatedShape = z.object({ backup: backupShape, message: z.string() }).meta({ id: 'BackupCreated' });
export const backupListShape = z.object({ backups: z.array(backupShape), total: count }).meta({ id: 'BackupList' });

export type Backup = z.output<typeof backupShape>;

export function backupOf(record: BackupRecord): Backup {
  const { sealed = false } = record;
  return {
    id: record.id,
    name: record.name,
    description: record.description ?? null,
    type: lower(record.type),
    format: lower(record.archiveFormat),
    created_at: record.createdAt,
    created_by: record.createdBy,
    size: record.size,
    content_size: sealed ? null : record.contentSize,
    checksum: record.checksum,
    content_digest: sealed ? null : record.contentDigest,
    compressed: record.compressed,
    encrypted: record.encrypted,
    sealed,
    tags: [...record.tags],
    database: record.database,
    schema_name: record.schemaName,
    schema_version: sealed ? null : record.schemaVersion,
    row_count: sealed ? null : record.rowCount,
    file: record.file,
    warnings: [...(record.warnings ?? [])],
    ...pulledInOf(record),
    ...defined({ resource_filter: record.resourceFilter && filterOf(record.resourceFilter) }),
  };
}

export function validationOf({
  valid,
  contentChecked,
  rowCount,
  errors,
  warnings,
}: ValidationReport): z.output<typeof validationShape> {
  return {
    valid,
    message: valid ? 'Backup is valid' : 'Backup is not valid',
    ...(valid ? {} : { errors: [...errors] }),
    warnings: [...warnings],
    content_checked: contentChecked,
    row_count: rowCount ?? null,
  };
}
