/**
 * What REST takes: the shapes of bodies and queries, in snake_case and with lower-case values, and what the services
 * are asked for then. The OpenAPI document is made from these same shapes.
 */
import { z } from 'zod';
import type { CreateBackup } from '../../../service/backup/backup-service.js';
import type { BackupFilter } from '../../../service/backup/catalog-page.js';
import type { ArchiveFormat } from '../../../service/backup/layout.js';
import type { ResourceFilter } from '../../../service/backup/recorded-filter.js';
import type { RestoreRequest } from '../../../service/restore/restore-request.js';
import * as field from '../../http/field.js';

const optional = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined);
/** A member that is left out or null is `value`. */
const flag = (value: boolean, description: string) =>
  z
    .boolean()
    .nullish()
    .transform((given) => given ?? value)
    .meta({ default: value, description });
const key = (description: string) => optional(field.key).meta({ description, format: 'password' });
const upper = <T extends string>(value: T): Uppercase<T> => value.toUpperCase() as Uppercase<T>;

const formats = z.enum(['json', 'yaml', 'ovsdb']);
const picks = optional(field.picked).meta({ description: 'Names or UUIDs' });
const include = (what: string) => flag(true, `False leaves out ${what}`);

const resourceFilter = z
  .strictObject({
    switches: picks,
    routers: picks,
    port_groups: picks,
    address_sets: picks,
    load_balancers: picks,
    include_ports: include('the ports of switches and routers'),
    include_acls: include('ACLs of switches and of port groups'),
    include_load_balancers: include('load balancers'),
    include_nat: include('NAT rules'),
    include_dhcp_options: include('DHCP options'),
    include_qos: include('QoS rules'),
  })
  .transform(
    (given): ResourceFilter => ({
      switches: given.switches,
      routers: given.routers,
      portGroups: given.port_groups,
      addressSets: given.address_sets,
      loadBalancers: given.load_balancers,
      includePorts: given.include_ports,
      includeAcls: given.include_acls,
      includeLoadBalancers: given.include_load_balancers,
      includeNat: given.include_nat,
      includeDhcpOptions: given.include_dhcp_options,
      includeQos: given.include_qos,
    }),
  )
  .meta({
    id: 'ResourceFilter',
    description:
      'Which part of a configuration. A name or a UUID picks a resource, with what it owns and what that needs in ' +
      'order to stand; without any list everything is picked',
  });

/** What a call asks for, without who asks. */
type Asked<T> = Omit<T, 'subject'>;

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

/** A call that takes no members. */
export const nothing = z.strictObject({});

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

/** The JSON form of an import, for the OpenAPI document; such bodies are read as a stream (import-form.ts). */
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

const number = (least: number, most: number) => {
  const fault = `takes a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, fault)
    .transform(Number)
    .refine((value) => value >= least && value <= most, fault)
    .meta({ type: 'integer', minimum: least, maximum: most });
};
const instant = z.iso
  .datetime({ offset: true, error: 'takes an instant like 2026-01-15T10:30:00Z' })
  .transform((value) => new Date(value));
/** A parameter that may be there several times. */
const several = <T extends z.ZodType<string, string>>(type: T) =>
  z.union([type.transform((value) => [value]), z.array(type).max(50, 'is there more than 50 times')]);

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
    limit: number(1, 100_000)
      .optional()
      .meta({ description: 'At most so many; all if left out', type: 'integer', minimum: 1, maximum: 100_000 }),
    offset: number(0, 100_000_000)
      .optional()
      .meta({ description: 'Leave out the first so many', type: 'integer', minimum: 0 }),
  })
  .transform(
    ({ tag, type, name, database, created_after: createdAfter, created_before: createdBefore, limit, offset }) => ({
      limit,
      offset: offset ?? 0,
      filter: {
        tags: tag ?? null,
        type: type === undefined ? null : upper(type),
        nameContains: name ?? null,
        database: database ?? null,
        createdAfter: createdAfter ?? null,
        createdBefore: createdBefore ?? null,
      } satisfies BackupFilter,
    }),
  );

/** GET /api/v1/restores. */
export const listRestores = z
  .strictObject({
    backup_id: field.text(200).optional().meta({ description: 'Of this backup only' }),
    limit: listBackups.in.shape.limit,
    offset: listBackups.in.shape.offset,
  })
  .transform(({ backup_id: backupId, limit, offset }) => ({ backupId, limit, offset: offset ?? 0 }));

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

export const noQuery = z.strictObject({});
