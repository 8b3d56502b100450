/** What REST answers with of the audit trail. */
import { z } from 'zod';
import { defined } from '../../../lib/defined.js';
import { type AuditEntry, noteOf } from '../../../service/audit/audit-line.js';
import { type AuditPage, cursorOf } from '../../../service/audit/audit-page.js';
import type { AuditCheck } from '../../../service/audit/chain-check.js';
import { CALL_VIAS } from '../../../service/command/call.js';
import { count, instant, lower } from '../common/answer-shape.js';
import { type PageEnds, pageInfoShape } from '../common/page-shape.js';

const targetShape = z.object({
  backup_id: z.string().optional(),
  restore_id: z.string().optional(),
  job_id: z.string().optional(),
  undo_of: z.string().optional().meta({ description: 'The restore that was to be undone' }),
  name: z.string().optional().meta({ description: 'Of the backup' }),
  database: z.string().optional(),
  dry_run: z.boolean().meta({ description: 'True where nothing was to be changed' }),
});
const entryShape = z
  .object({
    seq: count.meta({ description: 'Its number, from 1, without gaps' }),
    at: instant,
    subject: z.string().nullable().meta({ description: 'Who; null where nobody is known' }),
    action: z.string(),
    via: z.enum(CALL_VIAS.map(lower)),
    address: z.string().nullable(),
    target: targetShape.nullable(),
    result: z.string().meta({ description: 'OK, ACCEPTED for what was begun and not waited for, or an error code' }),
    request_id: z.string().nullable(),
    repeated: count.meta({ description: 'How many calls the line stands for' }),
    note: z.string().nullable(),
    hash: z.string(),
  })
  .meta({ id: 'AuditEntry' });

export const auditListShape = z
  .object({ entries: z.array(entryShape), total: count, page_info: pageInfoShape })
  .meta({ id: 'AuditList' });

export const auditCheckShape = z
  .object({
    intact: z.boolean(),
    lines: count.meta({ description: 'That were read' }),
    first_seq: count.nullable(),
    last_seq: count.nullable(),
    last_hash: z.string().nullable(),
    faults: z
      .array(z.object({ seq: count.optional(), file: z.string(), line: count.optional(), message: z.string() }))
      .meta({ description: 'The first 100' }),
    fault_count: count,
  })
  .meta({ id: 'AuditCheck' });

export function entryOf(entry: AuditEntry): z.output<typeof entryShape> {
  const { seq, at, subject, action, via, address, target, result, requestId, repeated = 1, hash } = entry;
  return {
    seq,
    at,
    subject: subject ?? null,
    action,
    via: lower(via),
    address: address ?? null,
    target: target === undefined ? null : targetOf(target),
    result,
    request_id: requestId ?? null,
    repeated,
    note: noteOf(entry) ?? null,
    hash,
  };
}

function targetOf({
  backupId,
  restoreId,
  jobId,
  undoOf,
  name,
  database,
  dryRun = false,
}: NonNullable<AuditEntry['target']>): z.output<typeof targetShape> {
  return {
    ...defined({ backup_id: backupId, restore_id: restoreId, job_id: jobId, undo_of: undoOf, name, database }),
    dry_run: dryRun,
  };
}

export function endsOf({ nodes, hasNextPage, hasPreviousPage }: AuditPage): PageEnds {
  const [first, last] = [nodes[0], nodes.at(-1)];
  return {
    hasNextPage,
    hasPreviousPage,
    ...(first === undefined || last === undefined ? {} : { startCursor: cursorOf(first), endCursor: cursorOf(last) }),
  };
}

export function checkOf({
  intact,
  lines,
  firstSeq,
  lastSeq,
  lastHash,
  faults,
  faultCount,
}: AuditCheck): z.output<typeof auditCheckShape> {
  return {
    intact,
    lines,
    first_seq: firstSeq ?? null,
    last_seq: lastSeq ?? null,
    last_hash: lastHash ?? null,
    faults: faults.map((fault) => ({ ...fault })),
    fault_count: faultCount,
  };
}
