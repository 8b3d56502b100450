/**
 * What a restore wants the database to become: a backup (backup-planner.ts), or what it was before another restore
 * (undo-planner.ts).
 */
import type { OwnerCount } from '../../../engine/owners/owner-counts.js';
import type { Plan } from '../../../engine/plan/table-plan.js';
import type { PulledIn } from '../../../engine/scope/scope.js';
import type { Breath } from '../../../lib/breath.js';
import type { CapturedDatabase } from '../../database/database-reader.js';

export interface Planned {
  readonly plan: Plan;
  /** What the plan leaves out or changes on the way, each in a sentence. */
  readonly notes: readonly string[];
  readonly pulledIn: readonly PulledIn[];
  /** Whose rows it changes. */
  readonly owners: readonly OwnerCount[];
}

export interface ReadOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (rows: number, total: number) => void;
}

export interface RestorePlanner {
  /** For messages: backup "nightly". */
  readonly subject: string;
  /** Reads what is stored, all of it checked. */
  read(options: ReadOptions): Promise<void>;
  /** @throws AppError BAD_USER_INPUT, SCHEMA_MISMATCH, CONFLICT, INTEGRITY_FAILED: before anything changes */
  plan(live: CapturedDatabase, breath: Breath): Promise<Planned>;
  /** Rows to compare. */
  readonly rows: number;
  /** Of an encrypted backup: what is kept of its content is sealed with it. */
  readonly passphrase?: string | undefined;
}
