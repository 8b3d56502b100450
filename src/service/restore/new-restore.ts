/** A restore that begins: its record, and the planner of what it is to make of the database. */

import { randomUUID } from 'node:crypto';
import { KeyMissing } from '../../archive/layer/encryption.js';
import { OWN_NAME } from '../../auth/own-name.js';
import { instant } from '../../lib/clock.js';
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import type { Store } from '../../store/store.js';
import type { BackupRecord } from '../backup/backup-record.js';
import type { BackupService } from '../backup/backup-service.js';
import type { Database } from '../database/database.js';
import { BackupPlanner } from './planner/backup-planner.js';
import type { RestorePlanner } from './planner/restore-planner.js';
import { UndoPlanner } from './planner/undo-planner.js';
import { RESTORE_FORMAT, type RestoreRecord, type RestoreSource } from './record/restore-record.js';
import type { RestoreRequest, UndoRequest } from './restore-request.js';

export interface NewRestore {
  readonly record: RestoreRecord;
  readonly planner: RestorePlanner;
}

/** Where and when it begins. */
export interface Beginning {
  /** Configured id of the database. */
  readonly database: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** @throws AppError BAD_USER_INPUT, DECRYPTION_FAILED */
export function newRestore(
  request: RestoreRequest,
  backup: BackupRecord,
  backups: BackupService,
  { database, now }: { readonly database: Database; readonly now: number },
): NewRestore {
  const { dryRun, conflictPolicy, exact, force, filter, decryptionKey, confirmWithinSeconds, mapping = [] } = request;
  checkKey(backup, decryptionKey);
  const record: RestoreRecord = {
    ...emptyRecord({ dryRun, force, subject: request.caller.subject }, { database: database.id, now }),
    source: {
      kind: 'BACKUP',
      backupId: backup.id,
      ...(backup.database === database.id ? {} : { backupDatabase: backup.database }),
      conflictPolicy,
      exact,
      ...defined({ filter }),
      ...(mapping.length === 0 ? {} : { mapping }),
    },
    ...(backup.encrypted ? { sealed: true } : {}),
    sync: request.sync ?? 'NONE',
    verify: request.verify ?? 'ASSERTIONS',
    ...(confirmWithinSeconds === undefined || dryRun ? {} : { confirmWithinSeconds }),
  };
  const planner = new BackupPlanner(backups, backup, {
    policy: conflictPolicy,
    exact,
    force,
    filter,
    mapping,
    decryptionKey,
    database: database.id,
    remotes: database.addresses,
    suffix: `_restored_${record.startedAt.slice(0, 19).replaceAll(/\D/g, '')}`,
    newUuid: randomUUID,
  });
  return { record, planner };
}

/** The record of an undo that somebody asks for. */
export function newUndo(
  { id, source }: RestoreRecord,
  { force, dryRun, caller }: UndoRequest,
  beginning: Beginning,
): RestoreRecord {
  return {
    ...emptyRecord({ dryRun, force, subject: caller.subject }, beginning),
    source: undoing(id, source, 'ASKED'),
  };
}

/**
 * The record of the undo of a restore that nobody confirmed in time. There is nobody to ask either: it is undone also
 * where others wrote since, whose part stays.
 */
export function newUndoOfUnconfirmed({ id, source }: RestoreRecord, beginning: Beginning): RestoreRecord {
  return {
    ...emptyRecord({ dryRun: false, force: true, subject: OWN_NAME }, beginning),
    source: undoing(id, source, 'NOT_CONFIRMED'),
  };
}

function undoing(
  restoreId: string,
  { backupId, backupDatabase }: RestoreSource,
  cause: 'ASKED' | 'NOT_CONFIRMED',
): RestoreSource {
  return { kind: 'UNDO', restoreId, backupId, ...defined({ backupDatabase }), cause };
}

/** @param undone the restore that `undo` undoes */
export function undoPlanner(undo: RestoreRecord, undone: RestoreRecord, store: Store): UndoPlanner {
  const { force, source } = undo;
  // where nobody confirmed there is nobody to say that this server may be cut off
  const isAsked = source.kind === 'UNDO' && source.cause === 'ASKED';
  return new UndoPlanner(store, undone, force ? 'FORCE' : 'STRICT', force && isAsked, isAsked);
}

function emptyRecord(
  { dryRun, force, subject }: { readonly dryRun: boolean; readonly force: boolean; readonly subject: string },
  { database, now }: Beginning,
): Omit<RestoreRecord, 'source'> {
  return {
    format: RESTORE_FORMAT,
    id: randomUUID(),
    database,
    dryRun,
    force,
    phase: 'QUEUED',
    startedBy: subject,
    startedAt: instant(now),
    sync: 'NONE',
    verify: 'ASSERTIONS',
  };
}

function checkKey({ name, encrypted }: BackupRecord, decryptionKey: string | undefined): void {
  if (encrypted && decryptionKey === undefined) throw new KeyMissing(`backup "${name}" is encrypted`);
  if (!encrypted && decryptionKey !== undefined)
    throw new AppError('BAD_USER_INPUT', `Backup "${name}" is not encrypted: leave the key out`);
}
