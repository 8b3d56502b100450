/** What REST answers with of restores: the shapes, and how they are made from what the service knows. */
import { z } from 'zod';
import { defined } from '../../../lib/defined.js';
import { type RestoreRecord, type RestoreResult, undoOf } from '../../../service/restore/record/restore-record.js';
import { count, instant, lower } from '../common/answer-shape.js';
import { changeShape } from '../common/change-answer.js';
import { pageInfoShape } from '../common/page-shape.js';
import { pulledInMembers, pulledInOf } from '../common/pulled-in.js';

const detailShape = z.object({
  total: count,
  restored: count,
  skipped: count,
  differing: count.meta({ description: 'Of skipped: rows that differ from the backup and were left as they are' }),
  deleted: count,
  failed: count,
});
const ownerShape = z
  .object({ owner: z.string(), inserted: count, updated: count, deleted: count })
  .meta({ id: 'OwnerCount', description: 'Whose rows, by their marks: Neutron, ovn-kubernetes, kube-ovn or ovn-ic' });
export const problemShape = z.object({
  code: z.string(),
  message: z.string(),
  table: z.string().optional(),
  label: z.string().optional(),
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
    success: z.boolean().nullable().meta({ description: 'null while it runs' }),
    dry_run: z.boolean(),
    restored_count: count,
    skipped_count: count,
    differing_count: count.meta({
      description: 'Of skipped_count: rows that differ from the backup and were left as they are',
    }),
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
    started_by: z.string().meta({ description: 'The subject of the token' }),
    started_at: instant,
    finished_at: instant.nullable(),
    conflict_policy: z.string().nullable().meta({ description: 'skip, overwrite, rename or error; null for an undo' }),
    undo_of: z.string().nullable().meta({ description: 'Of an undo: the restore that it undoes' }),
    undone_by: z.string().nullable().meta({ description: 'The restore that undid it' }),
    phase: z
      .string()
      .meta({ description: 'succeeded, failed, cancelled, undone, or awaiting_confirmation; others while it runs' }),
    confirm_before: instant
      .optional()
      .meta({ description: 'While it awaits confirmation: the restore undoes itself at this instant' }),
    convergence_seconds: z.number().optional(),
    steps: count.meta({ description: 'Transactions that it took' }),
    ...pulledInMembers,
    owners: z.array(ownerShape).meta({ description: 'Whose rows it changes; rows without a mark are not counted' }),
    debug: debugShape.optional(),
  })
  .meta({ id: 'RestoreResult' });

export const restoreListShape = z.object({ restores: z.array(restoreShape), total: count }).meta({ id: 'RestoreList' });

export const restoreChangesShape = z
  .object({
    changes: z.array(changeShape),
    total: count.meta({ description: 'Of the kind and the table asked for' }),
    page_info: pageInfoShape,
    values_hidden: z.boolean().meta({
      description: 'True without `backups:restore`: then columns are only named, without before, after, added, removed',
    }),
  })
  .meta({ id: 'RestoreChanges' });

export type Restore = z.output<typeof restoreShape>;
export type Debug = z.output<typeof debugShape>;

export function restoreOf(record: RestoreRecord, result: RestoreResult): Restore {
  const { source } = record;
  const { restoredCount, skippedCount, differingCount, deletedCount, errorCount, convergenceSeconds } = result;
  return {
    success: record.result === undefined ? null : result.success,
    dry_run: result.dryRun,
    restored_count: restoredCount,
    skipped_count: skippedCount,
    differing_count: differingCount,
    deleted_count: deletedCount,
    error_count: errorCount,
    details: Object.fromEntries(
      result.details.map(({ resource, total, restored, skipped, differing, deleted, failed }) => [
        resource,
        { total, restored, skipped, differing, deleted, failed },
      ]),
    ),
    warnings: [...result.warnings],
    errors: result.errors.map((problem) => ({ ...problem })),
    processing_time: result.processingTime,
    restore_id: record.id,
    backup_id: source.backupId,
    database: record.database,
    started_by: record.startedBy,
    started_at: record.startedAt,
    finished_at: record.finishedAt ?? null,
    conflict_policy: source.kind === 'BACKUP' ? lower(source.conflictPolicy) : null,
    undo_of: undoOf(record) ?? null,
    undone_by: record.undoneBy ?? null,
    phase: lower(record.phase),
    ...(record.phase === 'AWAITING_CONFIRMATION' && record.confirmBefore !== undefined
      ? { confirm_before: record.confirmBefore }
      : {}),
    ...defined({ convergence_seconds: convergenceSeconds }),
    steps: result.steps,
    ...pulledInOf(result),
    owners: result.owners.map((owner) => ({ ...owner })),
  };
}
