/**
 * What a restore wants the database to become: a backup (backup-planner.ts), or what it was before another restore
 * (undo-planner.ts).
 */
import type { Plan } from '../../../engine/plan/table-plan.js';
import type { PulledIn } from '../../../engine/scope/scope.js';
import type { Breath } from '../../../lib/breath.js';
import type { Snapshot } from '../../../model/snapshot/snapshot.js';

export interface Planned {
  readonly plan: Plan;
  /** What the plan leaves out or changes on the way, each in a sentence. */
  readonly notes: readonly string[];
  readonly pulledIn: readonly PulledIn[];
}

export interface ReadOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (rows: number, total: number) => void;
}

/** The database that is restored into, as it is now. */
export interface LiveState {
  readonly snapshot: Snapshot;
  /** What the database says of itself (database-identity.ts); undefined where it says nothing. */
  readonly identity: string | undefined;
}

export interface RestorePlanner {
  /** For messages: backup "nightly". */
  readonly subject: string;
  /** Reads what is stored, all of it checked. */
  read(options: ReadOptions): Promise<void>;
  /** @throws AppError BAD_USER_INPUT, SCHEMA_MISMATCH, CONFLICT, INTEGRITY_FAILED: before anything changes */
  plan(live: LiveState, breath: Breath): Promise<Planned>;
  /** Rows to compare. */
  readonly rows: number;
}
