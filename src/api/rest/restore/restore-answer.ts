/** What REST answers with of restores: the shapes, and how they are made from what the service knows. */
import { z } from 'zod';
import { defined } from '../../../lib/defined.js';
import { errorsTold, progressTold } from '../../../service/restore/conflicts-refused.js';
import { hasOutcome, type RestoreProgress, warningsNow } from '../../../service/restore/record/restore-progress.js';
import {
  RESOURCE_ABOUT,
  type RestoreRecord,
  type RestoreResult,
  undoOf,
} from '../../../service/restore/record/restore-record.js';
import { count, instant, lower } from '../common/answer-shape.js';
import { changeShape } from '../common/change-answer.js';
import { pageInfoShape } from '../common/page-shape.js';
import { problemShape } from '../common/problem-shape.js';
import { pulledInMembers, pulledInOf } from '../common/pulled-in.js';
import { REST_SPELLING } from '../common/rest-form.js';

const detailShape = z.object({
  table: z.string().describe('Name of the table, such as Logical_Switch'),
  total: count.describe('Rows of this table that were looked at: restored, skipped and failed'),
  restored: count.describe('Rows that are inserted or updated'),
  skipped: count.describe('Rows that are left as they are'),
  differing: count.describe('Of skipped: rows that differ from the backup, or that only one side has'),
  deleted: count.describe('Rows that are deleted'),
  failed: count.describe('Rows that could not be planned'),
});
const ownerShape = z
  .object({
    owner: z.string().describe('Neutron, ovn-kubernetes, kube-ovn or ovn-ic'),
    inserted: count.describe('Rows that are inserted'),
    updated: count.describe('Rows that are updated'),
    deleted: count.describe('Rows that are deleted'),
  })
  .meta({
    id: 'OwnerCount',
    description:
      'How many rows of one owner a restore changes. The owner is known by the marks that it leaves on its rows',
  });
const phaseShape = z.object({
  phase: z.string().describe('Name of the phase'),
  at: instant.describe('When it began'),
  seconds: z.number().describe('How long it took'),
  message: z.string().describe('What it did, in words'),
});
const progressShape = z
  .object({
    phase: z.string().describe('Phase of the restore'),
    completed: count.describe('Rows done in this phase. Not every phase counts rows: for a bar, use fraction'),
    total: count.describe('All rows of this phase; 0 while they are not known'),
    fraction: z.number().min(0).max(1).describe('0 to 1 over the whole restore, for a progress bar; it never falls'),
    message: z.string().describe('What it does, or which restore it waits for, or how it ended, in words'),
    at: instant.describe('When that was'),
    confirm_before: instant.nullable().describe('While it awaits confirmation: when it will undo itself'),
    seconds_left: count.nullable().describe('While it awaits confirmation: the time left'),
  })
  .meta({ id: 'RestoreProgress', description: 'How far a restore is' });
const debugShape = z
  .object({
    phases: z.array(phaseShape).describe('The phases, with their times'),
    changes_total: count.describe('How many changes there are'),
    changes: z.array(changeShape).describe('The first 1,000 changes'),
  })
  .meta({ id: 'RestoreDebug', description: 'With the header X-Debug: true' });

export const restoreShape = z
  .object({
    success: z
      .boolean()
      .nullable()
      .describe(
        'True if every planned change is in the database. Of a dry run: true if the plan can be applied. null while ' +
          'it runs',
      ),
    dry_run: z.boolean().describe('True if nothing was changed, as it was only a dry run'),
    restored_count: count.describe(
      'Rows that were inserted or updated, or in a dry run would be. Changes of kind insert and update together',
    ),
    skipped_count: count.describe('Rows that were left as they are, equal or not'),
    differing_count: count.describe('Of skipped_count: rows that differ from the backup, or that only one side has'),
    deleted_count: count.describe('Rows that were deleted, or in a dry run would be'),
    error_count: count.describe('How many errors there are'),
    details: z
      .record(z.string(), detailShape)
      .describe(`The same counts for each kind of row that occurs. ${RESOURCE_ABOUT}`),
    warnings: z.array(z.string()).describe('What to know although it is no error'),
    errors: z.array(problemShape).describe('Why it did not succeed'),
    processing_time: z.string().describe('How long it took, such as "1.234s"'),
    restore_id: z.string().describe('Id of the restore'),
    backup_id: z.string().describe('Id of the backup'),
    database: z.string().describe('Id of the database'),
    started_by: z.string().describe('Name of the token that asked for it; ovncp: the server itself'),
    started_at: instant.describe('When it was asked for'),
    finished_at: instant.nullable().describe('When it ended; null while it runs or awaits confirmation'),
    conflict_policy: z.string().nullable().describe('skip, overwrite, rename or error; null for an undo'),
    undo_of: z.string().nullable().describe('Of an undo: id of the restore that it undoes'),
    undone_by: z.string().nullable().describe('Id of the undo that undid this restore'),
    phase: z
      .string()
      .describe(
        'queued, reading, planning, applying, recovering, verifying or converging while it runs; ' +
          'awaiting_confirmation; at its end succeeded, failed, cancelled or undone',
      ),
    progress: progressShape.describe('How far it is'),
    confirm_before: instant.optional().describe('While it awaits confirmation: when it will undo itself'),
    convergence_seconds: z
      .number()
      .optional()
      .describe('With sync: how long northd, or the chassis too, took to apply the change'),
    steps: count.describe(
      'How many transactions it took: one, or on a cluster several for a large plan. 0 if there was nothing to change',
    ),
    ...pulledInMembers,
    owners: z.array(ownerShape).describe('Whose rows it changes. Rows without a mark of an owner are not counted'),
    changes: z.array(changeShape).optional().describe('With `changes=true`: the first 1,000 changes'),
    changes_total: count.optional().describe('With `changes=true`: how many there are, skipped rows too'),
    debug: debugShape.optional(),
  })
  .meta({ id: 'RestoreResult', description: 'A restore, running or ended: what it did, or what a dry run would do' });

export const restoreListShape = z
  .object({
    restores: z.array(restoreShape).describe('The restores, newest first'),
    total: count.describe('How many there are without limit and offset'),
  })
  .meta({ id: 'RestoreList', description: 'A list of restores' });

export const restoreChangesShape = z
  .object({
    changes: z.array(changeShape).describe('The changes of the page'),
    total: count.describe('How many changes of this kind and table there are'),
    page_info: pageInfoShape,
    values_hidden: z
      .boolean()
      .describe('True if the token lacks `backups:restore`. Then before, after, added and removed are left out'),
  })
  .meta({ id: 'RestoreChanges', description: 'A page of the changes of a restore' });

export type Restore = z.output<typeof restoreShape>;
export type Debug = z.output<typeof debugShape>;

function progressOf({
  phase,
  completed,
  total,
  fraction,
  message,
  at,
  confirmBefore,
  secondsLeft,
}: RestoreProgress): z.output<typeof progressShape> {
  return {
    phase: lower(phase),
    completed,
    total,
    fraction,
    message,
    at,
    confirm_before: confirmBefore ?? null,
    seconds_left: secondsLeft ?? null,
  };
}

/** @param progress how far it is */
export function restoreOf(record: RestoreRecord, result: RestoreResult, progress: RestoreProgress): Restore {
  const { source } = record;
  const { restoredCount, skippedCount, differingCount, deletedCount, convergenceSeconds } = result;
  const errors = hasOutcome(record.phase) ? errorsTold(record, result.errors, REST_SPELLING) : [];
  return {
    success: record.result !== undefined && hasOutcome(record.phase) ? result.success : null,
    dry_run: result.dryRun,
    restored_count: restoredCount,
    skipped_count: skippedCount,
    differing_count: differingCount,
    deleted_count: deletedCount,
    error_count: hasOutcome(record.phase) ? result.errorCount : 0,
    details: Object.fromEntries(
      result.details.map(({ resource, table, total, restored, skipped, differing, deleted, failed }) => [
        resource,
        { table, total, restored, skipped, differing, deleted, failed },
      ]),
    ),
    warnings: [...warningsNow(record, progress)],
    errors: errors.map((problem) => ({ ...problem })),
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
    progress: progressOf(progressTold(record, progress, REST_SPELLING)),
    ...(record.phase === 'AWAITING_CONFIRMATION' && record.confirmBefore !== undefined
      ? { confirm_before: record.confirmBefore }
      : {}),
    ...defined({ convergence_seconds: convergenceSeconds }),
    steps: result.steps,
    ...pulledInOf(result),
    owners: result.owners.map((owner) => ({ ...owner })),
  };
}
