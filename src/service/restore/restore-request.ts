/** What is asked of the restore service, and what it answers at once. */

import type { MappingEntry } from '../../engine/remap/resource-mapping.js';
import type { ResourceFilter } from '../../engine/scope/scope.js';
import type { SyncTarget } from '../../engine/verify/converge.js';
import type { RestorePolicy } from './planner/backup-planner.js';
import type { Restore } from './record/restore-registry.js';

export interface RestoreRequest {
  readonly backupId: string;
  readonly database?: string | undefined;
  readonly dryRun: boolean;
  readonly conflictPolicy: RestorePolicy;
  readonly exact: boolean;
  readonly force: boolean;
  readonly filter?: ResourceFilter | undefined;
  readonly mapping?: readonly MappingEntry[];
  readonly decryptionKey?: string | undefined;
  readonly sync?: SyncTarget;
  /** Without a confirmation within so many seconds it is undone. */
  readonly confirmWithinSeconds?: number | undefined;
  readonly subject: string;
}

export interface UndoRequest {
  /** Also where others have changed the rows since. */
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly subject: string;
}

/** `done` ends when the restore has ended or awaits confirmation. */
export interface Started {
  readonly restore: Restore;
  readonly done: Promise<void>;
}

/** The end of an undo that nobody asked for, as the restore was not confirmed in time. */
export interface UndoExpired {
  /** The restore that was not confirmed. */
  readonly undoOf: string;
  readonly backupId: string;
  readonly database: string;
  /** The restore that undoes it, where it came to one. */
  readonly restoreId?: string;
  /** Why it was not undone; it is tried again. */
  readonly error?: unknown;
}
