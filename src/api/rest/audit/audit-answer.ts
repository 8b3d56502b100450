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
  backup_id: z.string().optional().describe('Id of the backup'),
  restore_id: z.string().optional().describe('Id of the restore'),
  job_id: z.string().optional().describe('Id of the job'),
  undo_of: z.string().optional().describe('Id of the restore that was to be undone'),
  name: z.string().optional().describe('Name of the backup'),
  database: z.string().optional().describe('Id of the database'),
  dry_run: z.boolean().describe('True if it was a dry run: nothing was to be changed'),
});
const entryShape = z
  .object({
    seq: count.describe('Number of the line, from 1, without gaps'),
    at: instant.describe('When the line was written'),
    subject: z.string().nullable().describe('Name of the token that called; null if it is not known'),
    action: z
      .string()
      .describe(
        'What was called, such as createBackup. If the call was refused before that was known: the field, the REST ' +
          'route, or "connect" for a WebSocket',
      ),
    via: z
      .enum(CALL_VIAS.map(lower))
      .describe('How the call came in. socket: a WebSocket. server: nobody called, the server did it by itself'),
    address: z.string().nullable().describe('IP address that the call came from'),
    target: targetShape.nullable().describe('What the call was about, as far as it is known'),
    result: z.string().describe('OK; ACCEPTED if the work was begun and nobody waited for its end; or an error code'),
    request_id: z.string().nullable().describe('Id of the request: the X-Request-ID of its answer'),
    repeated: count.describe('How many calls the line stands for. More than 1 if many were refused in a short time'),
    note: z.string().nullable().describe('What the server says about a line that it wrote by itself'),
    hash: z.string().describe('SHA-256 over this line and the hash of the line before it'),
  })
  .meta({ id: 'AuditEntry', description: 'One line of the audit trail' });

export const auditListShape = z
  .object({
    entries: z.array(entryShape).describe('The lines of the page, newest first'),
    total: count.describe('How many lines there are on all pages together'),
    page_info: pageInfoShape,
  })
  .meta({ id: 'AuditList', description: 'A page of the audit trail' });

const faultShape = z.object({
  seq: count.optional().describe('Number of the line that is wrong or missing, if it is known'),
  file: z.string().describe('Name of the file'),
  line: count.optional().describe('Line in the file, from 1'),
  message: z.string().describe('What is wrong'),
});

export const auditCheckShape = z
  .object({
    intact: z.boolean().describe('True if nothing is wrong'),
    lines: count.describe('How many lines were read'),
    first_seq: count.nullable().describe('Number of the first line'),
    last_seq: count.nullable().describe('Number of the last line'),
    last_hash: z.string().nullable().describe('Hash of the last line'),
    faults: z.array(faultShape).describe('The first 100 faults'),
    fault_count: count.describe('How many faults there are'),
  })
  .meta({ id: 'AuditCheck', description: 'Whether the audit trail is as it was written' });

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
