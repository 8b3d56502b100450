/**
 * What GraphQL's types do not say of inputs: lengths, and what goes with what. Messages name the field and never
 * hold its value.
 */
import { z } from 'zod';
import type { ArchiveFormat } from '../../../service/backup/layout.js';
import type { ResourceFilter } from '../../../service/backup/recorded-filter.js';
import * as field from '../../http/field.js';
import { checked, name, text } from '../../http/field.js';
import type { CreateBackupInput, ImportBackupInput } from '../backup/backup.type.js';
import type { RestoreBackupInput } from '../restore/restore-input.type.js';
import type { ResourceFilterInput } from './filter.type.js';

const given = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined);
const description = given(field.description);
const tags = given(field.tags).transform((list) => list ?? []);
const key = given(field.key);
const format = given(z.enum(['JSON', 'YAML', 'OVSDB']));

const picked = given(field.picked);
const flag = given(z.boolean()).transform((value) => value ?? true);
const filter = given(
  z
    .object({
      switches: picked,
      routers: picked,
      portGroups: picked,
      addressSets: picked,
      loadBalancers: picked,
      includePorts: flag,
      includeAcls: flag,
      includeLoadBalancers: flag,
      includeNat: flag,
      includeDhcpOptions: flag,
      includeQos: flag,
    })
    .transform((value) => value as ResourceFilter),
);

const createBackup = z
  .object({
    type: given(z.enum(['FULL', 'SELECTIVE', 'INCREMENTAL'])).transform((value) => value ?? 'FULL'),
    resourceFilter: filter,
    capture: given(z.enum(['AUTO', 'FAST', 'PACED'])).transform((value) => value ?? 'AUTO'),
    name,
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

const restore = z
  .object({
    backupId: text(200),
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
  })
  .transform(({ resourceMapping, restoreFilter, ...rest }) => ({
    ...rest,
    mapping: resourceMapping ?? [],
    filter: restoreFilter,
  }));

/** A part of a configuration. */
export function checkFilter(input: ResourceFilterInput | null | undefined): ResourceFilter | undefined {
  return checked(z.object({ filter }), { filter: input }).filter;
}

const importBackup = z
  .object({
    name: given(name),
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

export function checkRestore(input: RestoreBackupInput): z.output<typeof restore> {
  return checked(restore, input);
}

export function checkImportBackup(input: ImportBackupInput): z.output<typeof importBackup> {
  return checked(importBackup, input);
}

/** A key that stands by itself. */
export function checkKey(field: string, value: string | null | undefined): string | undefined {
  return checked(z.object({ [field]: key }), { [field]: value })[field];
}
