/**
 * One run of a restore, from reading what is to be restored to the verdict. It talks to the world through what it is
 * given; the queue, the record and the followers are restore-service.ts's business.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlanTransaction, TransactionLimits } from '../../engine/apply/transactions.js';
import { planWitnesses } from '../../engine/apply/witness.js';
import { Labels } from '../../engine/describe/label.js';
import { briefChanges, describeChanges } from '../../engine/plan/plan-changes.js';
import type { SyncTarget } from '../../engine/verify/converge.js';
import { verifyPlan } from '../../engine/verify/verify.js';
import { Breath } from '../../lib/breath.js';
import type { Clock } from '../../lib/clock.js';
import { AppError, messageOf, problemOf } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import { countRows, type Snapshot } from '../../model/snapshot/snapshot.js';
import type { Store } from '../../store/store.js';
import { writeChangeLog } from '../change/change-log.js';
import { type Database, databaseError } from '../database/database.js';
import { LiveDatabase } from '../database/live-database.js';
import { type SentPlan, type Verified, verifyCommitted } from './committed-plan.js';
import { type ApplyEnd, PlanApplier } from './plan-applier.js';
import type { Planned, RestorePlanner } from './planner/restore-planner.js';
import type { RestoreProgress } from './record/restore-progress.js';
import type { RestorePhase, RestoreRecord, RestoreResult } from './record/restore-record.js';
import { emptyResult, planResult } from './restore-result.js';
import { RunProgress } from './run-progress.js';
import { undoSteps } from './undo-steps.js';

export interface RestoreRunParts {
  readonly id: string;
  readonly planner: RestorePlanner;
  readonly dryRun: boolean;
  readonly sync: SyncTarget;
  /** Goes into the database's log. */
  readonly comment: string;
  readonly database: Database;
  readonly limits: RestoreLimits;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** A phase begins. For APPLYING it returns when the record is durable. */
  enter(phase: RestorePhase, extra?: Partial<RestoreRecord>): Promise<void>;
  publish(progress: RestoreProgress, milestone: boolean): void;
}

export interface RestoreLimits {
  /** A plan of a cluster that is larger goes in steps of at most so much. */
  readonly step: TransactionLimits;
  /** How long northd and the chassis may take to take a change over. */
  readonly syncMsMax: number;
}

export interface FinalOutcome {
  readonly phase: 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  readonly result: RestoreResult;
  /** What stopped it before anything was changed: thrown to whoever waits. */
  readonly error?: AppError;
}

/** What was sent was not answered, and the database has not come back. */
export interface UnknownOutcome {
  readonly phase: 'UNKNOWN';
  readonly error: AppError;
}

const ATTEMPTS_MAX = 6;
const ATTEMPT_PAUSE_MS = 50;
/** How long a database that went away during a transaction may take to come back before the restore gives up. */
const COME_BACK_MS = 120_000;
/** A transaction on its way when its server lost the lead may still be carried out, shortly after. */
const SECOND_LOOK_MS = 2_000;

export class RestoreRun {
  private readonly began: number;
  private readonly breath = new Breath();
  private readonly live: LiveDatabase;
  private readonly applier: PlanApplier;
  private readonly progress: RunProgress;
  /** Set from the moment that something was sent to the database. */
  private sent = false;

  constructor(private readonly parts: RestoreRunParts) {
    this.began = parts.clock.monotonic();
    this.progress = new RunProgress(parts);
    this.live = new LiveDatabase(parts.database);
    this.applier = new PlanApplier({ live: this.live, limits: parts.limits.step, log: parts.log });
  }

  async execute(): Promise<FinalOutcome | UnknownOutcome> {
    try {
      return await this.carryOut(await this.read());
    } catch (error) {
      return error instanceof OutcomeUnknown ? { phase: 'UNKNOWN', error } : this.failed(error);
    } finally {
      this.live.close();
    }
  }

  private failed(thrown: unknown): FinalOutcome {
    const cancelled = this.parts.signal.aborted && !this.sent;
    const error = cancelled
      ? new AppError('CANCELLED', 'The restore was cancelled; nothing was changed')
      : databaseError(thrown);
    const known =
      error instanceof AppError
        ? error
        : new AppError('INTERNAL', 'Internal error; the log has the details', { cause: error });
    if (known.code === 'INTERNAL') this.parts.log.error({ err: thrown, restore: this.parts.id }, 'a restore failed');
    const errors = known.problems.length > 0 ? known.problems : [problemOf(known)];
    return {
      phase: cancelled ? 'CANCELLED' : 'FAILED',
      result: { ...emptyResult(this.parts.dryRun, this.elapsed()), errors: [...errors], errorCount: errors.length },
      error: known,
    };
  }

  /** What is stored, whole and checked, and at the same time the database as it is. */
  private async read(): Promise<Snapshot> {
    const { planner, database, signal } = this.parts;
    await this.enter('READING', `Reading ${planner.subject} and ${database.id}`);
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    try {
      const [, live] = await Promise.all([
        planner.read({
          signal: both,
          onProgress: (rows, total) => {
            this.progress.tell(rows, total, `Read ${rows} of ${total} rows of the backup`);
          },
        }),
        this.live.snapshot({ signal: both }),
      ]);
      return live;
    } catch (error) {
      // the other half need not go on
      stop.abort();
      throw error;
    }
  }

  /** Plans, and applies until the database holds still, a few times. */
  private async carryOut(first: Snapshot): Promise<FinalOutcome> {
    let live = first;
    /** A plan of which nobody knows yet whether it was carried out. */
    let unknown: Applied | undefined;
    for (let attempt = 1; ; attempt++) {
      if (unknown !== undefined && (await this.isIn(unknown, live))) return this.verify(unknown, live);
      if (!this.sent) this.parts.signal.throwIfAborted();
      const planned = await this.plan(live, attempt);
      const { plan } = planned;
      if (plan.problems.length > 0) return this.ended({ planned, errors: plan.problems });
      if (this.parts.dryRun || plan.changeCount === 0) {
        await this.describe(planned);
        return this.ended({
          planned,
          steps: plan.changeCount === 0 ? 0 : ((await this.applier.stepsOf(plan))?.length ?? 1),
        });
      }
      const applied = await this.apply(planned, attempt);
      if (applied.end === 'COMMITTED') return this.verify(applied, undefined);
      if (applied.end === 'PARTLY') await this.undoSteps();
      else unknown = applied.end === 'UNKNOWN' ? applied : undefined;
      if (attempt === ATTEMPTS_MAX) return this.giveUp(unknown, attempt);
      await sleep(ATTEMPT_PAUSE_MS * attempt);
      live = await this.look();
    }
  }

  /** @throws AppError PLAN_STALE, nothing having been changed */
  private async giveUp(unknown: Applied | undefined, attempts: number): Promise<FinalOutcome> {
    if (unknown !== undefined) {
      await sleep(SECOND_LOOK_MS);
      const live = await this.look();
      if (await this.isIn(unknown, live)) return this.verify(unknown, live);
    }
    throw new AppError(
      'PLAN_STALE',
      `The database kept changing: ${attempts} plans were out of date when they were applied. Nothing was ` +
        'changed; try again when fewer others write',
    );
  }

  /** The database after something was sent to it. @throws OutcomeUnknown when it does not come back */
  private async look(): Promise<Snapshot> {
    const { id, signal } = this.parts;
    try {
      return await this.live.snapshot(this.sent ? { timeoutMs: COME_BACK_MS } : { signal });
    } catch (error) {
      if (!this.sent) throw error;
      throw new OutcomeUnknown(
        'DATABASE_UNAVAILABLE',
        'The connection broke while the restore was being applied, and the database has not come back: ' +
          `${messageOf(error)}. Whether it was carried out, as a whole or not at all, is settled when the database ` +
          `answers again; follow restore ${id}`,
        { cause: error },
      );
    }
  }

  /** Whether the transaction was carried out: all of it was, or none; others may have changed a row of it since. */
  private async isIn({ planned }: Applied, live: Snapshot): Promise<boolean> {
    const { asPlanned, touched } = await verifyPlan(planned.plan, live, this.breath);
    return asPlanned > touched / 2;
  }

  private async plan(live: Snapshot, attempt: number): Promise<Planned> {
    const { planner, database } = this.parts;
    await this.enter(
      'PLANNING',
      attempt === 1
        ? `Comparing ${planner.rows} rows with ${String(countRows(live))} of ${database.id}`
        : `The database changed meanwhile: planning again (${attempt})`,
    );
    const planned = await planner.plan(live, this.breath);
    this.progress.tell(1, 1, `${planned.plan.changeCount} changes planned`);
    return planned;
  }

  /** Keeps the list of changes: for people, and for undoing. */
  private async describe({ plan }: Planned): Promise<void> {
    const labels = await Labels.read([plan.backup, plan.live], this.breath);
    await writeChangeLog(this.parts.store, this.parts.id, describeChanges(plan, labels, this.breath));
  }

  /**
   * What undoing needs is in the store before anything is sent, whatever happens then. One transaction is described for
   * people while the server commits it, which is time that is ours.
   */
  private async apply(planned: Planned, attempt: number): Promise<Applied> {
    const { plan } = planned;
    const { comment, database, store, id } = this.parts;
    const steps = await this.applier.stepsOf(plan);
    const count = steps?.length ?? 1;
    if (steps === undefined) await writeChangeLog(store, id, briefChanges(plan, this.breath));
    else await this.describe(planned);
    const result = this.result({ planned, steps: count });
    await this.enter(
      'APPLYING',
      `Applying ${plan.changeCount} changes in ${count === 1 ? 'one transaction' : `${count} steps`}`,
      steps === undefined
        ? { witnesses: planWitnesses(plan), stepped: false, result }
        : { witnesses: [], stepped: true, result },
    );
    this.sent = true;
    let describing: Promise<readonly string[]> | undefined;
    // the list is of use to whoever wants to know; that it cannot be kept does not make a restore undone
    const describe = (): Promise<readonly string[]> =>
      this.describe(planned).then(
        () => [],
        (error: unknown) => [`The list of changes could not be kept: ${messageOf(error)}`],
      );
    const onProgress = (sent: number): void => {
      this.progress.tell(
        sent,
        plan.changeCount,
        sent < plan.changeCount
          ? `Sent ${sent} of ${plan.changeCount} changes`
          : `Sent all ${sent} changes; ${database.id} is committing them`,
      );
      if (sent === plan.changeCount && steps === undefined) describing ??= describe();
    };
    try {
      const end = await this.carry(plan, steps, { comment, attempt, onProgress, comeBackMs: COME_BACK_MS });
      const committedAt = performance.now();
      if (end === 'COMMITTED' && steps === undefined) describing ??= describe();
      return { planned, end, steps: count, committedAt, notes: (await describing) ?? [] };
    } finally {
      await describing;
    }
  }

  private async carry(
    plan: Planned['plan'],
    steps: readonly PlanTransaction[] | undefined,
    request: Parameters<PlanApplier['apply']>[2],
  ): Promise<ApplyEnd> {
    try {
      return await this.applier.apply(plan, steps, request);
    } catch (error) {
      // with steps, some of them may be done
      if (steps === undefined || !(error instanceof AppError)) throw error;
      this.parts.log.warn(
        { restore: this.parts.id, problem: error.message },
        'a restore was interrupted between two steps: what was done is undone',
      );
      await this.undoSteps();
      throw error;
    }
  }

  private async undoSteps(): Promise<void> {
    const { id, store, log, comment } = this.parts;
    this.progress.tell(0, 0, 'Undoing the steps that were done');
    try {
      await undoSteps({
        id,
        store,
        log,
        live: this.live,
        applier: this.applier,
        comment: `${comment}: undoing its steps`,
        comeBackMs: COME_BACK_MS,
      });
    } catch (error) {
      throw new OutcomeUnknown(
        'DATABASE_UNAVAILABLE',
        'The restore was interrupted between two steps, and undoing those that were done is not finished: ' +
          `${messageOf(error)}. It goes on when the database answers again; follow restore ${id}`,
        { cause: error },
      );
    }
  }

  private async verify(sent: SentPlan, known: Snapshot | undefined): Promise<FinalOutcome> {
    const { database, sync, limits } = this.parts;
    const ending = await verifyCommitted(sent, known, {
      database,
      live: this.live,
      sync,
      syncMsMax: limits.syncMsMax,
      comeBackMs: COME_BACK_MS,
      breath: this.breath,
      enter: (phase, message) => this.enter(phase, message),
      tell: (completed, total, message) => this.progress.tell(completed, total, message),
    });
    return this.ended(ending);
  }

  private ended(ending: Verified): FinalOutcome {
    return { phase: (ending.errors ?? []).length === 0 ? 'SUCCEEDED' : 'FAILED', result: this.result(ending) };
  }

  private result(ending: Verified): RestoreResult {
    return planResult({ ...ending, dryRun: this.parts.dryRun, elapsedMs: this.elapsed() });
  }

  private async enter(phase: RestorePhase, message: string, extra?: Partial<RestoreRecord>): Promise<void> {
    // from the moment that the record says APPLYING there is no way back
    if (!this.sent) this.parts.signal.throwIfAborted();
    await this.parts.enter(phase, extra);
    this.progress.begin(phase, message);
  }

  private elapsed(): number {
    return this.parts.clock.monotonic() - this.began;
  }
}

interface Applied extends SentPlan {
  readonly end: ApplyEnd;
}

/** Thrown when nobody knows yet whether the plan was carried out. */
class OutcomeUnknown extends AppError {}
