/** A record of a restore for tests: one of a backup, without a result, in whichever phase. */
import type { RestoreRecord } from '../../src/service/restore/record/restore-record.js';

export function restoreRecord(changes: Pick<RestoreRecord, 'id' | 'phase'> & Partial<RestoreRecord>): RestoreRecord {
  return {
    format: 'ovncp-restore/2',
    source: { kind: 'BACKUP', backupId: 'b', conflictPolicy: 'OVERWRITE', exact: false },
    database: 'northbound',
    dryRun: false,
    force: false,
    sync: 'NONE',
    verify: 'ASSERTIONS',
    startedBy: 'tester',
    startedAt: '2026-01-15T10:30:00.000Z',
    ...changes,
  };
}
