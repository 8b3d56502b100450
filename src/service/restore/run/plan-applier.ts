/**
 * Carries a plan out: in one transaction, or, where it is too large for one transaction of a cluster, in guarded steps.
 *
 * A reply is not believed when it cannot be: a cluster may say "timed out" or "duplicate uuid" of a transaction that it
 * has committed, and a connection that breaks says nothing at all. What became of it is then seen by looking at the
 * database again.
 */
import { applyPlan, applyTransaction, type Guarded, operationTexts } from '../../../engine/apply/apply.js';
import {
  cutIntoTransactions,
  type PlanTransaction,
  type TransactionLimits,
} from '../../../engine/apply/transactions.js';
import { wasCommitted } from '../../../engine/apply/witness.js';
import type { Plan } from '../../../engine/plan/table-plan.js';
import { FilledTables } from '../../../engine/verify/filled-tables.js';
import { Breath } from '../../../lib/breath.js';
import { type Clock, sleep } from '../../../lib/clock.js';
import { messageOf } from '../../../lib/error.js';
import type { Log } from '../../../lib/log.js';
import type { Session } from '../../../ovsdb/client.js';
import { ConnectionError, OvsdbError } from '../../../ovsdb/error.js';
import { NOT_ALLOWED } from '../../../ovsdb/server-database.js';
import type { LiveDatabase } from '../../database/live-database.js';
import { isBroken, refusal } from './refusal.js';

/**
 * What became of a plan. REFUSED: nothing of it is in the database. UNKNOWN: it is in the database as a whole or not at
 * all. PARTLY: some of its steps are done, and the next one was refused.
 */
export type ApplyEnd = 'COMMITTED' | 'REFUSED' | 'UNKNOWN' | 'PARTLY';

export interface ApplyRequest {
  readonly comment: string;
  /** A refusal that planning again cannot mend is thrown from the second attempt on. */
  readonly attempt: number;
  readonly onProgress: (sent: number) => void;
  /** VALUES if left out. */
  readonly guarded?: Guarded;
  /** How long a database that went away between two steps may take to come back. */
  readonly comeBackMs: number;
  /** Of one transaction: its end is sent when this has settled (ApplyOptions). */
  readonly mayEnd?: Promise<unknown>;
}

export interface ApplierParts {
  readonly live: LiveDatabase;
  readonly limits: TransactionLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Refusals that mean that somebody wrote meanwhile, or that the server leads no more or is a standby now; a cluster may
 * say them of a transaction that it has committed.
 */
const UNRELIABLE: ReadonlySet<string> = new Set([
  'timed out',
  'duplicate uuid',
  'not leader',
  'cluster error',
  'canceled',
  NOT_ALLOWED,
]);
/** A cluster that has lost its majority answers nothing: it is looked at again before long. */
const CLUSTER_TIMEOUT_MS = 30_000;
/** With more changes the database is read again rather than followed. */
const FOLLOWED_MAX = 20_000;
const STEP_TRIES_MAX = 8;
const STEP_PAUSE_MS = 250;
/** Part of the time that a step took, as a rest before the next one. */
const STEP_REST = 0.25;

export class PlanApplier {
  /** The empty tables that the last plan fills, where it was sent in one transaction. */
  filled: FilledTables | undefined;

  constructor(private readonly parts: ApplierParts) {}

  /** The steps that a plan takes on this database; undefined for one transaction. */
  async stepsOf(plan: Plan): Promise<readonly PlanTransaction[] | undefined> {
    if (!mayBeCluster(await this.parts.live.open())) return undefined;
    const steps = await cutIntoTransactions(plan, this.parts.limits, new Breath());
    return steps === 'ONE' || steps.length < 2 ? undefined : steps;
  }

  /**
   * @throws AppError DATABASE_REFUSED when the database will not take it; DATABASE_UNAVAILABLE when it cannot write, or
   * when it went away: before, or (with steps) in between; what `mayEnd` rejects with, nothing having been changed
   */
  async apply(plan: Plan, steps: readonly PlanTransaction[] | undefined, request: ApplyRequest): Promise<ApplyEnd> {
    return steps === undefined ? this.applyWhole(plan, request) : this.applySteps(plan, steps, request);
  }

  private async applyWhole(plan: Plan, request: ApplyRequest): Promise<ApplyEnd> {
    const { comment, guarded, onProgress, mayEnd } = request;
    const session = await this.parts.live.open();
    const isCluster = mayBeCluster(session);
    if (plan.changeCount > FOLLOWED_MAX) await this.parts.live.letGo();
    let sentAll = false;
    await this.filled?.release();
    try {
      this.filled = await FilledTables.watch(plan, session);
      await applyPlan(session, plan, {
        comment,
        guarded,
        mayEnd,
        ...(isCluster ? { timeoutMs: CLUSTER_TIMEOUT_MS } : {}),
        onProgress: (sent) => {
          sentAll = sent === plan.changeCount;
          onProgress(sent);
        },
      });
      return 'COMMITTED';
    } catch (error) {
      if (error instanceof OvsdbError) {
        // another server may take it, or the next look says why none does
        if (error.error === NOT_ALLOWED) this.parts.live.close();
        if (!this.isFinal(error, request)) return isCluster && UNRELIABLE.has(error.error) ? 'UNKNOWN' : 'REFUSED';
        throw await refusal(error, plan, operationTexts(plan, guarded));
      }
      if (!(error instanceof ConnectionError)) throw error;
      // half a request is never carried out
      this.parts.live.close();
      return sentAll ? 'UNKNOWN' : 'REFUSED';
    }
  }

  /** Whether planning again mends nothing. */
  private isFinal(error: OvsdbError, { attempt }: ApplyRequest): boolean {
    this.parts.log.info(
      { attempt, refusal: error.error, details: error.details },
      'the database refused the transaction',
    );
    return isBroken(error) || (!UNRELIABLE.has(error.error) && attempt > 1);
  }

  private async applySteps(plan: Plan, steps: readonly PlanTransaction[], request: ApplyRequest): Promise<ApplyEnd> {
    const { clock } = this.parts;
    let sent = 0;
    for (const step of steps) {
      const began = clock.monotonic();
      const comment = `${request.comment}, step ${step.number} of ${steps.length}`;
      const done = await this.applyStep(step, plan, { ...request, comment });
      if (!done) return step.number === 1 ? 'REFUSED' : 'PARTLY';
      sent += step.rows;
      request.onProgress(sent);
      // time for the cluster's own messages, and for its other clients
      if (step.number < steps.length) await sleep(clock, STEP_REST * (clock.monotonic() - began));
    }
    return 'COMMITTED';
  }

  /**
   * False when a guard fired. What a step does may be done twice without harm, so that it is sent again until it is
   * known to be done.
   */
  private async applyStep(
    step: PlanTransaction,
    plan: Plan,
    { comment, attempt, comeBackMs }: ApplyRequest,
  ): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        const session = await this.parts.live.open(tries === 1 ? {} : { timeoutMs: comeBackMs });
        if (tries > 1 && (await this.isDone(session, step))) return true;
        await applyTransaction(session, step, { comment, timeoutMs: CLUSTER_TIMEOUT_MS });
        return true;
      } catch (error) {
        this.parts.log.info(
          { step: step.number, tries, problem: messageOf(error) },
          'a step was not answered as it should be',
        );
        if (error instanceof OvsdbError && (error.error === 'timed out' || error.error === 'duplicate uuid')) {
          // said of a guard that fired, and also of a step that was carried out
          if (tries > 1 || step.witnesses.length > 0)
            return this.isDone(await this.parts.live.open({ timeoutMs: comeBackMs }), step);
          continue;
        }
        if (error instanceof OvsdbError && !UNRELIABLE.has(error.error)) {
          // whoever sends the steps takes those back that are done
          if (attempt > 1 || isBroken(error)) throw await refusal(error, plan, step.operations());
          return false;
        }
        if (!(error instanceof OvsdbError) && !(error instanceof ConnectionError)) throw error;
        if (tries === STEP_TRIES_MAX) throw this.parts.live.database.errorOf(error);
        // the server that refused may have lost the lead without knowing it yet
        this.parts.live.close();
        await sleep(this.parts.clock, STEP_PAUSE_MS * tries);
      }
    }
  }

  private async isDone(session: Session, { witnesses }: PlanTransaction): Promise<boolean> {
    return witnesses.length > 0 && wasCommitted(session, witnesses);
  }
}

/** What a relay serves may be a cluster's. */
function mayBeCluster({ server }: Session): boolean {
  return server.model !== 'standalone';
}
