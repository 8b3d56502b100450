/** What is checked of the inputs of backups and imports. */
import { z } from 'zod';
import { ARCHIVE_FORMATS, type ArchiveFormat } from '../../../service/backup/layout.js';
import * as field from '../../http/request-field.js';
import { checked } from '../../http/request-field.js';
import { filter, given, key } from '../common/input-check.js';
import type { CreateBackupInput, ImportBackupInput } from './backup.type.js';

const description = given(field.description);
const tags = given(field.tags).transform((list) => list ?? []);
const format = given(z.enum(ARCHIVE_FORMATS));

const createBackup = z
  .object({
    type: given(z.enum(['FULL', 'SELECTIVE', 'INCREMENTAL'])).transform((value) => value ?? 'FULL'),
    resourceFilter: filter,
    capture: given(z.enum(['AUTO', 'FAST', 'PACED'])).transform((value) => value ?? 'AUTO'),
    name: field.name,
    description,
    format: format.transform((value): ArchiveFormat => value ?? 'JSON'),
    compress: given(z.boolean()),
    encrypt: given(z.boolean()),
    encryptionKey: key,
    tags,
    database: given(z.string()),
  })
  .refine(({ encrypt, encryptionKey }) => encrypt !== true || encryptionKey !== undefined, {
    path: ['encryptionKey'],
    message: 'is needed with encrypt',
  })
  .refine(({ encrypt, encryptionKey }) => encrypt === true || encryptionKey === undefined, {
    path: ['encrypt'],
    message: 'must be true where encryptionKey is given: the backup would not be encrypted',
  })
  .refine(({ type }) => type !== 'INCREMENTAL', {
    path: ['type'],
    message: 'INCREMENTAL backups are not made yet: use FULL or SELECTIVE',
  })
  .refine(({ type, resourceFilter }) => type !== 'SELECTIVE' || resourceFilter !== undefined, {
    path: ['resourceFilter'],
    message: 'is needed with type SELECTIVE',
  })
  .refine(({ type, resourceFilter }) => type === 'SELECTIVE' || resourceFilter === undefined, {
    path: ['type'],
    message: 'must be SELECTIVE where resourceFilter is given: a full backup holds everything',
  })
  .transform(({ encrypt: _encrypt, type: _type, compress, resourceFilter, ...rest }) => ({
    ...rest,
    compress: compress ?? false,
    filter: resourceFilter,
  }));

const importBackup = z
  .object({
    name: given(field.name),
    description,
    format,
    tags,
    decryptionKey: key,
    file: z.unknown().optional(),
    data: given(z.string()),
  })
  .refine(({ file, data }) => (file !== null && file !== undefined) !== (data !== undefined), {
    path: ['file'],
    message: 'exactly one of file and data is needed',
  });

export function checkCreateBackup(input: CreateBackupInput): z.output<typeof createBackup> {
  return checked(createBackup, input);
}

export function checkImportBackup(input: ImportBackupInput): z.output<typeof importBackup> {
  return checked(importBackup, input);
}
