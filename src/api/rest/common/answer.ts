/**
 * What REST answers with: the shapes, from which the OpenAPI document is made, and how they are made from what the
 * services know. snake_case names, lower-case values.
 */
import { z } from 'zod';
import type { BackupRecord } from '../../../service/backup/backup-record.js';
import type { ValidationReport } from '../../../service/backup/backup-service.js';
import type { ResourceFilter } from '../../../service/backup/recorded-filter.js';
import type { ChangePage, RowChange } from '../../../service/change/change-page.js';
import type { RestoreRecord, RestoreResult } from '../../../service/restore/record/restore-record.js';
import { exact } from '../../http/exact-value.js';

const instant = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC, e.g. 2026-01-15T10:30:00.000Z' });
const count = z.number().int().nonnegative();
const names = z.array(z.string()).nullable();
const lower = <T extends string>(value: T): Lowercase<T> => value.toLowerCase() as Lowercase<T>;

const filterShape = z
  .object({
    switches: names,
    routers: names,
    port_groups: names,
    address_sets: names,
    load_balancers: names,
    include_ports: z.boolean(),
    include_acls: z.boolean(),
    include_load_balancers: z.boolean(),
    include_nat: z.boolean(),
    include_dhcp_options: z.boolean(),
    include_qos: z.boolean(),
  })
  .meta({ id: 'AnsweredFilter' });

export const backupShape = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    type: z.enum(['full', 'selective']),
    format: z.enum(['json', 'yaml', 'ovsdb']),
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
  })
  .meta({ id: 'Backup' });

const detailShape = z.object({ total: count, restored: count, skipped: count, deleted: count, failed: count });
const problemShape = z.object({
  code: z.string(),
  message: z.string(),
  table: z.string().optional(),
  label: z.string().optional(),
});
const columnShape = z.object({
  column: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  added: z.unknown().optional(),
  removed: z.unknown().optional(),
});
const changeShape = z.object({
  kind: z.enum(['insert', 'update', 'delete', 'skip']),
  table: z.string(),
  uuid: z.string(),
  label: z.string(),
  columns: z.array(columnShape),
  reason: z.string().optional(),
});

const debugShape = z
  .object({
    phases: z.array(z.object({ phase: z.string(), at: instant, seconds: z.number(), message: z.string() })),
    changes_total: count,
    changes: z.array(changeShape).meta({ description: 'The first 1,000' }),
  })
  .meta({ id: 'RestoreDebug', description: 'With the header X-Debug: true' });

export const restoreShape = z
  .object({
    success: z.boolean(),
    dry_run: z.boolean(),
    restored_count: count,
    skipped_count: count,
    deleted_count: count,
    error_count: count,
    details: z.record(z.string(), detailShape).meta({
      description:
        'switches, routers, ports, router_ports, acls, load_balancers, nats, dhcp_options, qos_rules, ' +
        'port_groups, address_sets; any other table by its own name in lower case. Only what occurs',
    }),
    warnings: z.array(z.string()),
    errors: z.array(problemShape),
    processing_time: z.string().meta({ description: 'Seconds with three decimals, e.g. "1.234s"' }),
    restore_id: z.string(),
    backup_id: z.string(),
    database: z.string(),
    phase: z
      .string()
      .meta({ description: 'succeeded, failed, cancelled, undone, or awaiting_confirmation; others while it runs' }),
    confirm_before: instant
      .optional()
      .meta({ description: 'While it awaits confirmation: the restore undoes itself at this instant' }),
    convergence_seconds: z.number().optional(),
    steps: count.meta({ description: 'Transactions that it took' }),
    debug: debugShape.optional(),
  })
  .meta({ id: 'RestoreResult' });

export const errorShape = z
  .object({
    error: z.string(),
    code: z.string(),
    request_id: z.string(),
    problems: z.array(problemShape).optional(),
    result: z.lazy(() => restoreShape).optional(),
  })
  .meta({
    id: 'Error',
    description:
      '"error" says what is wrong and what to do; "request_id" finds it in the log; "result" stands beside it ' +
      'where a restore was planned and not carried out',
  });

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

export const messageShape = z.object({ message: z.string() }).meta({ id: 'Message' });
export const backupCreatedShape = z.object({ backup: backupShape, message: z.string() }).meta({ id: 'BackupCreated' });
export const backupListShape = z.object({ backups: z.array(backupShape), total: count }).meta({ id: 'BackupList' });

export const restoreListShape = z.object({ restores: z.array(restoreShape), total: count }).meta({ id: 'RestoreList' });

export type Backup = z.output<typeof backupShape>;
export type Restore = z.output<typeof restoreShape>;
export type Debug = z.output<typeof debugShape>;

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
    ...(record.resourceFilter === undefined ? {} : { resource_filter: filterOf(record.resourceFilter) }),
  };
}

function filterOf(filter: ResourceFilter): z.output<typeof filterShape> {
  const list = (given: readonly string[] | undefined): string[] | null => (given === undefined ? null : [...given]);
  return {
    switches: list(filter.switches),
    routers: list(filter.routers),
    port_groups: list(filter.portGroups),
    address_sets: list(filter.addressSets),
    load_balancers: list(filter.loadBalancers),
    include_ports: filter.includePorts,
    include_acls: filter.includeAcls,
    include_load_balancers: filter.includeLoadBalancers,
    include_nat: filter.includeNat,
    include_dhcp_options: filter.includeDhcpOptions,
    include_qos: filter.includeQos,
  };
}

export function restoreOf(record: RestoreRecord, result: RestoreResult): Restore {
  const { restoredCount, skippedCount, deletedCount, errorCount, convergenceSeconds } = result;
  return {
    success: result.success,
    dry_run: result.dryRun,
    restored_count: restoredCount,
    skipped_count: skippedCount,
    deleted_count: deletedCount,
    error_count: errorCount,
    details: Object.fromEntries(
      result.details.map(({ resource, total, restored, skipped, deleted, failed }) => [
        resource,
        { total, restored, skipped, deleted, failed },
      ]),
    ),
    warnings: [...result.warnings],
    errors: result.errors.map((problem) => ({ ...problem })),
    processing_time: result.processingTime,
    restore_id: record.id,
    backup_id: record.backupId,
    database: record.database,
    phase: lower(record.phase),
    ...(record.phase === 'AWAITING_CONFIRMATION' && record.confirmBefore !== undefined
      ? { confirm_before: record.confirmBefore }
      : {}),
    ...(convergenceSeconds === undefined ? {} : { convergence_seconds: convergenceSeconds }),
    steps: result.steps,
  };
}

export function changesOf({ nodes, totalCount }: ChangePage): Pick<Debug, 'changes' | 'changes_total'> {
  return { changes_total: totalCount, changes: nodes.map(changeOf) };
}

function changeOf({ kind, table, uuid, label, columns, reason }: RowChange): z.output<typeof changeShape> {
  return {
    kind: lower(kind),
    table,
    uuid,
    label,
    columns: columns.map((column) => exact(column) as z.output<typeof columnShape>),
    ...(reason === undefined ? {} : { reason }),
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
