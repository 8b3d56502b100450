/** What is asked of the restore service, and what it answers at once. */

import type { MappingEntry } from '../../engine/remap/resource-mapping.js';
import type { ResourceFilter } from '../../engine/scope/scope.js';
import type { SyncTarget } from '../../engine/verify/converge.js';
import type { VerifyMode } from '../../engine/verify/verify.js';
import type { Caller } from '../command/call.js';
import type { RestorePolicy } from './planner/backup-planner.js';
import type { Restore } from './record/restore-registry.js';

export type { Caller } from '../command/call.js';

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
  readonly verify?: VerifyMode;
  readonly sync?: SyncTarget;
  /** Without a confirmation within so many seconds it is undone. */
  readonly confirmWithinSeconds?: number | undefined;
  /** Wait for a restore that awaits its confirmation, instead of being refused. */
  readonly queue?: boolean;
  /** The caller waits for the end, and writes it into the audit trail; otherwise the service does. */
  readonly wait: boolean;
  readonly caller: Caller;
}

export interface UndoRequest {
  /** Also where others have changed the rows since. */
  readonly force: boolean;
  readonly dryRun: boolean;
  /** As of a restore; left out: true. */
  readonly wait?: boolean;
  readonly caller: Caller;
}

/** `done` ends when the restore has ended, awaits confirmation, or its end is not seen. */
export interface Started {
  readonly restore: Restore;
  readonly done: Promise<void>;
}
