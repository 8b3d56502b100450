/** What a run of a restore is given, and what it ends with. */
import type { TransactionLimits } from '../../../engine/apply/transactions.js';
import type { SyncTarget } from '../../../engine/verify/converge.js';
import type { VerifyMode } from '../../../engine/verify/verify.js';
import type { Clock } from '../../../lib/clock.js';
import type { AppError } from '../../../lib/error.js';
import type { Log } from '../../../lib/log.js';
import type { Store } from '../../../store/store.js';
import type { KeptLog } from '../../change/change-log.js';
import type { Database } from '../../database/database.js';
import type { Opened } from '../../job/database-turns.js';
import type { LifeEvent } from '../life/life.js';
import type { RestorePlanner } from '../planner/restore-planner.js';
import type { RestoreProgress } from '../record/restore-progress.js';
import type { RestoreRecord, RestoreResult } from '../record/restore-record.js';

export interface RestoreRunParts {
  readonly id: string;
  readonly planner: RestorePlanner;
  readonly dryRun: boolean;
  readonly verify: VerifyMode;
  readonly sync: SyncTarget;
  /** Goes into the database's log. */
  readonly comment: string;
  readonly database: Database;
  readonly limits: RestoreLimits;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Gives it up, as long as nothing was sent; afterwards it ends no more than the reading back. */
  readonly signal: AbortSignal;
  /** Aborts when something more urgent waits for the database: what is not sent yet makes room. */
  readonly room: AbortSignal;
  /** It goes on also where the list of what it changes cannot be kept, and where others write all the time. */
  readonly isForced: boolean;
  /** Of deriving keys (archive/layer/encryption.ts); left out: the usual one. */
  readonly keyCost?: number | undefined;
  /** Waits until a session is open, and then for a turn. */
  readonly inTurn: (
    open: (signal: AbortSignal | undefined) => Promise<Opened>,
    work: () => Promise<EndedRun>,
  ) => Promise<EndedRun>;
  readonly life: RunLife;
}

/** What becomes of the restore meanwhile. */
export interface RunLife {
  /** Something has happened to it. */
  enter(event: LifeEvent, changes?: Partial<RestoreRecord>): Promise<void>;
  /** It is about to be sent: returns when all is durable that must be before. @throws AppError when it must not be */
  send(changes: Partial<RestoreRecord>): Promise<void>;
  publish(progress: RestoreProgress, milestone: boolean): void;
}

export interface RestoreLimits {
  /** A plan of a cluster that is larger goes in steps of at most so much. */
  readonly step: TransactionLimits;
  /** How long northd and the chassis may take to take a change over. */
  readonly syncMsMax: number;
  /** How long a restore is kept, and so can be undone. */
  readonly keptDays: number;
}

/** COMMITTED: it is in the database. DONE: there was nothing to change, or it is a dry run. */
export interface EndedRun {
  readonly end: 'COMMITTED' | 'DONE' | 'FAILED' | 'CANCELLED';
  readonly result: RestoreResult;
  readonly changeList?: KeptLog | undefined;
  /** What stopped it before anything was changed: thrown to whoever waits. */
  readonly error?: AppError;
}

/** It has made room: nothing of it was sent. */
export interface MadeRoom {
  readonly end: 'MADE_ROOM';
}

/** What was sent was not answered, and the database has not come back. */
export interface UnseenRun {
  readonly end: 'UNSEEN';
  readonly error: AppError;
}
