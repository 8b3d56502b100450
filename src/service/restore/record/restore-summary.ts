/**
 * What is always in memory of a restore. Its record can be long, with its warnings and errors: that of a restore that
 * has ended is read from the store when somebody looks.
 */
import type { RestorePhase } from '../life/life.js';
import { databasesOf, type RestoreRecord, undoOf } from './restore-record.js';

export interface RestoreSummary {
  readonly id: string;
  readonly backupId: string;
  readonly database: string;
  /** See databasesOf. */
  readonly databases: readonly string[];
  readonly undoOf?: string;
  readonly dryRun: boolean;
  readonly phase: RestorePhase;
  /** Its end, or its start while it has none: an instant as text. */
  readonly at: string;
  /** It is in the database, it changed something, and no other restore has taken it back. */
  readonly canBeUndone: boolean;
  readonly undoneBy?: string;
  /** Bytes as stored. */
  readonly changeListBytes: number;
}

export function summaryOf(record: RestoreRecord): RestoreSummary {
  const { id, source, database, dryRun, phase, startedAt, finishedAt, result, undoneBy, changeList } = record;
  const undone = undoOf(record);
  return {
    id,
    backupId: source.backupId,
    database,
    databases: databasesOf(record),
    ...(undone === undefined ? {} : { undoOf: undone }),
    dryRun,
    phase,
    at: finishedAt ?? startedAt,
    canBeUndone: !dryRun && phase === 'SUCCEEDED' && undoneBy === undefined && (result?.steps ?? 0) > 0,
    ...(undoneBy === undefined ? {} : { undoneBy }),
    changeListBytes: changeList?.size ?? 0,
  };
}
