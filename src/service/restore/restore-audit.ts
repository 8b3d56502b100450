/**
 * The audit trail's view of restores: a line before anything is sent to the database, so that no change is in it
 * without one, and a line at the end where nobody waits who would write it.
 */

import { OWN_NAME } from '../../auth/own-name.js';
import type { AuditLines } from '../audit/audit-line.js';
import { type RestoreRecord, undoOf } from './record/restore-record.js';
import type { Caller } from './restore-request.js';

/** What the server does by itself. */
export const OWN_CALLER: Caller = { subject: OWN_NAME, via: 'SERVER' };

/** The line of a restore that goes on. @throws AppError STORE_FULL, STORE_UNAVAILABLE when it is not durable */
export async function recordAccepted(audit: AuditLines, record: RestoreRecord, caller: Caller): Promise<void> {
  await recordRestore(audit, record, caller, 'ACCEPTED');
  await audit.admit();
}

/** The line of a restore that has ended, or awaits its confirmation. */
export async function recordEnd(audit: AuditLines, record: RestoreRecord, caller: Caller): Promise<void> {
  const { result } = record;
  const code = result?.errors[0]?.code;
  await recordRestore(audit, record, caller, result?.success === true ? 'OK' : (code ?? 'INTERNAL'));
}

export async function recordRestore(
  audit: AuditLines,
  record: RestoreRecord,
  caller: Caller,
  result: string,
): Promise<void> {
  const { id, source, database, dryRun } = record;
  await audit.record({
    ...caller,
    action: source.kind === 'UNDO' ? 'undoRestore' : 'restoreBackup',
    target: { backupId: source.backupId, restoreId: id, undoOf: undoOf(record), database, dryRun },
    result,
  });
}
