/** A restore that begins: its record, and the planner of what it is to make of the database. */

import { randomUUID } from 'node:crypto';
import { instant } from '../../lib/clock.js';
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import type { Store } from '../../store/store.js';
import type { BackupRecord } from '../backup/backup-record.js';
import type { BackupService } from '../backup/backup-service.js';
import { BackupPlanner, checkTogether } from './planner/backup-planner.js';
import type { RestorePlanner } from './planner/restore-planner.js';
import { UndoPlanner } from './planner/undo-planner.js';
import { RESTORE_FORMAT, type RestoreRecord } from './record/restore-record.js';
import type { RestoreRequest, UndoRequest } from './restore-request.js';

export interface NewRestore {
  readonly record: RestoreRecord;
  readonly planner: RestorePlanner;
}

/** Where and when it begins. */
export interface Beginning {
  /** Id of the database. */
  readonly database: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** @throws AppError BAD_USER_INPUT, DECRYPTION_FAILED */
export function newRestore(
  request: RestoreRequest,
  backup: BackupRecord,
  backups: BackupService,
  { database, now }: Beginning,
): NewRestore {
  const { dryRun, conflictPolicy, exact, force, filter, decryptionKey, confirmWithinSeconds, mapping = [] } = request;
  checkTogether({ policy: conflictPolicy, exact, mapping });
  checkKey(backup, decryptionKey);
  const record: RestoreRecord = {
    ...emptyRecord(request, { database, now }),
    backupId: backup.id,
    conflictPolicy,
    exact,
    force,
    sync: request.sync ?? 'NONE',
    ...defined({ filter }),
    ...(mapping.length === 0 ? {} : { mapping }),
    ...(confirmWithinSeconds === undefined || dryRun ? {} : { confirmWithinSeconds }),
  };
  const planner = new BackupPlanner(backups, backup, {
    policy: conflictPolicy,
    exact,
    force,
    filter,
    mapping,
    decryptionKey,
    restoreAccess: force || (backup.origin === 'CAPTURED' && backup.database === database),
    suffix: `_restored_${record.startedAt.slice(0, 19).replaceAll(/\D/g, '')}`,
    newUuid: randomUUID,
  });
  return { record, planner };
}

/** An undo is a restore of its own. */
export function newUndo(
  { id, backupId }: RestoreRecord,
  request: UndoRequest,
  store: Store,
  beginning: Beginning,
): NewRestore {
  const { force } = request;
  return {
    record: {
      ...emptyRecord(request, beginning),
      backupId,
      conflictPolicy: 'OVERWRITE',
      exact: true,
      force,
      undoOf: id,
    },
    planner: new UndoPlanner(store, id, force ? 'FORCE' : 'STRICT'),
  };
}

function emptyRecord(
  { dryRun, subject }: { readonly dryRun: boolean; readonly subject: string },
  { database, now }: Beginning,
): Pick<RestoreRecord, 'format' | 'id' | 'database' | 'dryRun' | 'phase' | 'startedBy' | 'startedAt' | 'sync'> {
  return {
    format: RESTORE_FORMAT,
    id: randomUUID(),
    database,
    dryRun,
    phase: 'QUEUED',
    startedBy: subject,
    startedAt: instant(now),
    sync: 'NONE',
  };
}

function checkKey({ name, encrypted }: BackupRecord, decryptionKey: string | undefined): void {
  if (encrypted && decryptionKey === undefined)
    throw new AppError('DECRYPTION_FAILED', `Decryption failed: backup "${name}" is encrypted and no key was given`);
  if (!encrypted && decryptionKey !== undefined)
    throw new AppError('BAD_USER_INPUT', `Backup "${name}" is not encrypted: leave the key out`);
}
