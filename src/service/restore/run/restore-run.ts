/**
 * One run of a restore, from reading what is to be restored to the verdict. It talks to the world through what it is
 * given; the queue, the record and the followers are restore-runner.ts's business.
 */
import type { PlanTransaction } from '../../../engine/apply/transactions.js';
import { planWitnesses, type Witness, wasCommitted } from '../../../engine/apply/witness.js';
import { Breath } from '../../../lib/breath.js';
import { sleep } from '../../../lib/clock.js';
import { AppError, messageOf, problemOf } from '../../../lib/error.js';
import { plural } from '../../../lib/text/plural.js';
import { countRows, type Snapshot } from '../../../model/snapshot/snapshot.js';
import { rememberedOf } from '../../database/database-identity.js';
import { LiveDatabase, type SnapshotOptions } from '../../database/live-database.js';
import type { Opened } from '../../job/database-turns.js';
import type { LifeEvent, RestorePhase } from '../life/life.js';
import type { Planned } from '../planner/restore-planner.js';
import { ChangeLists } from '../record/change-lists.js';
import type { RestoreResult } from '../record/restore-record.js';
import { type SentPlan, verifyCommitted } from './committed-plan.js';
import { type ApplyEnd, PlanApplier } from './plan-applier.js';
import { type Ending, failedResult, planResult } from './restore-result.js';
import type { EndedRun, MadeRoom, RestoreRunParts, UnseenRun } from './run-parts.js';
import { RunProgress } from './run-progress.js';
import { undoSteps } from './undo-steps.js';

const ATTEMPTS_MAX = 6;
/** What must get through overwrites from then on what others write to the same columns all the time. */
const GUARDED_ATTEMPTS = 3;
const ATTEMPT_PAUSE_MS = 50;
/** How long a database that went away during a transaction may take to come back before the restore gives up. */
const COME_BACK_MS = 120_000;
/** So many changes are sent while what must be before is recorded. */
const SENT_AHEAD_MIN = 5_000;
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
  /** Something was sent, and is not answered as it should be. */
  private isApplying = false;
  private readonly lists: ChangeLists;
  /** Ends it as long as nothing was sent. */
  private readonly givenUp: AbortSignal;

  constructor(private readonly parts: RestoreRunParts) {
    this.began = parts.clock.monotonic();
    this.progress = new RunProgress({
      id: parts.id,
      clock: parts.clock,
      publish: (progress, milestone) => parts.life.publish(progress, milestone),
    });
    this.givenUp = AbortSignal.any([parts.signal, parts.room]);
    this.live = new LiveDatabase(parts.database, { mayBeReadOnly: parts.dryRun });
    const { passphrase } = parts.planner;
    const seal = passphrase === undefined ? undefined : { passphrase, keyCost: parts.keyCost };
    this.lists = new ChangeLists({ ...parts, breath: this.breath, seal });
    this.applier = new PlanApplier({ live: this.live, limits: parts.limits.step, clock: parts.clock, log: parts.log });
  }

  async execute(): Promise<EndedRun | UnseenRun | MadeRoom> {
    try {
      return await this.parts.inTurn(
        (signal) => this.open(signal),
        async () => this.carryOut(await this.read()),
      );
    } catch (error) {
      if (error instanceof EndUnseen) return { end: 'UNSEEN', error };
      if (!this.sent && this.parts.room.aborted && !this.parts.signal.aborted) return { end: 'MADE_ROOM' };
      return this.failed(error);
    } finally {
      this.live.close();
    }
  }

  private async open(signal: AbortSignal | undefined): Promise<Opened> {
    await this.enter('TURN', 'READING', `Reading ${this.parts.planner.subject} and ${this.parts.database.id}`);
    await this.live.open({ signal });
    return this.live;
  }

  private failed(thrown: unknown): EndedRun {
    const cancelled = this.parts.signal.aborted && !this.sent;
    const error = cancelled
      ? new AppError('CANCELLED', 'The restore was cancelled; nothing was changed')
      : this.parts.database.errorOf(thrown);
    const known =
      error instanceof AppError
        ? error
        : new AppError('INTERNAL', 'Internal error; the log has the details', { cause: error });
    if (known.code === 'INTERNAL') this.parts.log.error({ err: thrown, restore: this.parts.id }, 'a restore failed');
    const errors = known.problems.length > 0 ? known.problems : [problemOf(known)];
    return {
      // a server that stops begins nothing that waits for its turn
      end: cancelled || known.code === 'SHUTTING_DOWN' ? 'CANCELLED' : 'FAILED',
      result: failedResult(this.parts.dryRun, errors, this.elapsed()),
      error: known,
    };
  }

  /** What is stored, whole and checked, and at the same time the database as it is. */
  private async read(): Promise<Snapshot> {
    const { planner } = this.parts;
    const stop = new AbortController();
    const both = AbortSignal.any([this.givenUp, stop.signal]);
    try {
      const [, live] = await Promise.all([
        planner.read({
          signal: both,
          onProgress: (rows, total) => {
            this.progress.tell(rows, total, plural(total, `Read ${rows} of # {row|rows} of the backup`));
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
  private async carryOut(first: Snapshot): Promise<EndedRun> {
    let live = first;
    /** Plans whose end nobody saw. At most one of them is in the database: its rows stop the others' guards. */
    const unseen: Applied[] = [];
    for (let attempt = 1; ; attempt++) {
      if (!this.sent) this.givenUp.throwIfAborted();
      const planned = await this.plan(live, attempt);
      const { plan } = planned;
      const isRefused = plan.problems.length > 0;
      if (this.parts.dryRun && !isRefused) return this.endDry(planned);
      if (isRefused || plan.changeCount === 0) {
        const late = await this.findCommitted(unseen);
        if (late !== undefined) return this.committed(late);
        this.lists.beginDescribing(plan);
        return this.ended({ planned, errors: plan.problems, warnings: await this.lists.described() });
      }
      const applied = await this.apply(planned, attempt);
      if (applied.end === 'COMMITTED') return this.committed(applied);
      if (applied.end === 'PARTLY') await this.undoSteps();
      if (applied.end === 'UNKNOWN') unseen.push(applied);
      const found = await this.findCommitted(unseen, applied);
      if (found !== undefined) return this.committed(found);
      if (attempt === ATTEMPTS_MAX) throw tooMuchWritten(attempt);
      await sleep(this.parts.clock, ATTEMPT_PAUSE_MS * attempt);
      live = await this.afterSending((options) => this.live.snapshot(options));
    }
  }

  private async endDry(planned: Planned): Promise<EndedRun> {
    const { plan } = planned;
    await this.lists.describe(plan);
    return this.ended({
      planned,
      warnings: await this.readOnlyWarnings(),
      steps: plan.changeCount === 0 ? 0 : ((await this.applier.stepsOf(plan))?.length ?? 1),
    });
  }

  /** What stands in the way of the restore that this is a dry run of. */
  private async readOnlyWarnings(): Promise<readonly string[]> {
    const { connection, isReadOnly } = await this.live.open();
    if (!isReadOnly) return [];
    return [
      `${connection.remote.text} takes no writes: it is read-only, as a standby is, and no other server could be ` +
        'reached. A restore is refused with DATABASE_UNAVAILABLE as long as that is so',
    ];
  }

  /**
   * The plan that is in the database, of those whose end nobody saw. One that was on its way when its connection broke,
   * or its server lost the lead, may still be carried out shortly after, so that it is looked for again.
   * @param last the one that the record has
   */
  private async findCommitted(unseen: readonly Applied[], last?: Applied): Promise<Applied | undefined> {
    const newestFirst = unseen.toReversed();
    for (const pauseMs of last?.end === 'UNKNOWN' ? [0, SECOND_LOOK_MS] : [0]) {
      if (pauseMs > 0) await sleep(this.parts.clock, pauseMs);
      for (const applied of newestFirst) {
        if (!(await this.isIn(applied))) continue;
        if (applied === last) return applied;
        // the record has another plan by now
        if (this.isApplying) await this.enter('STALE', 'PLANNING', 'An earlier plan was carried out after all');
        return { ...applied, ...(await this.record(applied.planned, undefined)) };
      }
    }
    return undefined;
  }

  private isIn({ witnesses }: Applied): Promise<boolean> {
    return this.afterSending((options) => this.live.read(options, (session) => wasCommitted(session, witnesses)));
  }

  /** Looks at the database after something was sent to it. @throws EndUnseen when it does not come back */
  private async afterSending<T>(look: (options: SnapshotOptions) => Promise<T>): Promise<T> {
    try {
      return await look({ timeoutMs: COME_BACK_MS });
    } catch (error) {
      throw new EndUnseen(
        'DATABASE_UNAVAILABLE',
        'The connection broke while the restore was being applied, and the database has not come back: ' +
          `${messageOf(error)}. Whether it was carried out, as a whole or not at all, is found out when the database ` +
          `answers again; follow restore ${this.parts.id}`,
        { cause: error },
      );
    }
  }

  private async plan(live: Snapshot, attempt: number): Promise<Planned> {
    const { planner, database } = this.parts;
    await this.enter(
      this.isApplying ? 'STALE' : 'READ',
      'PLANNING',
      attempt === 1
        ? `${plural(planner.rows, 'Comparing # {row|rows} with ')}${String(countRows(live))} of ${database.id}`
        : `The database changed meanwhile: planning again (${attempt})`,
    );
    this.isApplying = false;
    const planned = await planner.plan(await this.live.identified(live), this.breath);
    this.progress.tell(1, 1, plural(planned.plan.changeCount, '# {change|changes} planned'));
    return planned;
  }

  /**
   * What undoing needs is in the store before the database can change anything: a large transaction is sent meanwhile,
   * but for its end. It is described for people while the server commits it, which is time that is ours.
   */
  private async apply(planned: Planned, attempt: number): Promise<Applied> {
    const { plan } = planned;
    const { comment, clock } = this.parts;
    const steps = await this.applier.stepsOf(plan);
    const recording = this.record(planned, steps);
    recording.catch(() => undefined); // it is thrown below
    if (steps !== undefined || attempt > 1 || plan.changeCount < SENT_AHEAD_MIN) await recording;
    const count = steps?.length ?? 1;
    const onProgress = (sent: number): void => {
      if (!this.isApplying) return;
      this.tellSent(sent, plan.changeCount);
      if (sent === plan.changeCount && steps === undefined) this.lists.beginDescribing(plan);
    };
    let end: ApplyEnd | undefined;
    try {
      const guarded = this.parts.isForced && attempt > GUARDED_ATTEMPTS ? 'REFERENCES' : 'VALUES';
      const request = { comment, attempt, guarded, onProgress, mayEnd: recording, comeBackMs: COME_BACK_MS } as const;
      const carried = await this.carry(plan, steps, request);
      const committedAt = clock.monotonic();
      const recorded = await recording;
      end = carried;
      return { planned, steps: count, ...recorded, end, committedAt };
    } finally {
      // no record is written of a run that has ended
      if (end === undefined) await recording.catch(() => undefined);
      if (end !== 'COMMITTED') await this.lists.forget();
    }
  }

  private async record(planned: Planned, steps: readonly PlanTransaction[] | undefined): Promise<Recorded> {
    const { plan } = planned;
    const { undoList, notes } = await this.lists.keepUndoList(plan, steps !== undefined);
    if (!this.sent) this.givenUp.throwIfAborted();
    const witnesses = steps === undefined ? planWitnesses(plan) : [];
    const { server } = await this.live.open();
    await this.parts.life.send({
      witnesses,
      stepped: steps !== undefined,
      result: this.result({ planned, steps: steps?.length ?? 1 }),
      undoList,
      ...rememberedOf(server, plan, this.parts.database.addresses),
    });
    this.sent = true;
    this.isApplying = true;
    const how = steps === undefined ? 'one transaction' : `${steps.length} steps`;
    this.progress.begin('APPLYING', `${plural(plan.changeCount, 'Applying # {change|changes} in ')}${how}`);
    return { notes, witnesses };
  }

  private tellSent(sent: number, all: number): void {
    const whole = `Sent {the change|all # changes}; ${this.parts.database.id} is committing {it|them}`;
    this.progress.tell(sent, all, plural(all, sent < all ? `Sent ${sent} of # {change|changes}` : whole));
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
    const { id, store, clock, log, comment } = this.parts;
    this.progress.tell(0, 0, 'Undoing the steps that were done');
    try {
      await undoSteps({
        undoable: { id, ...this.lists.undoable },
        store,
        clock,
        log,
        live: this.live,
        applier: this.applier,
        comment: `${comment}: undoing its steps`,
        comeBackMs: COME_BACK_MS,
      });
    } catch (error) {
      throw new EndUnseen(
        'DATABASE_UNAVAILABLE',
        'The restore was interrupted between two steps, and undoing those that were done is not finished: ' +
          `${messageOf(error)}. It goes on when the database answers again; follow restore ${id}`,
        { cause: error },
      );
    }
  }

  /** It is in the database, whatever else fails from here on. */
  private async committed(applied: Applied): Promise<EndedRun> {
    const { database, clock, verify, sync, limits, life, signal, room } = this.parts;
    this.lists.beginDescribing(applied.planned.plan, applied.steps > 1);
    await life.enter('COMMITTED', { witnesses: undefined, stepped: undefined });
    this.progress.begin('VERIFYING', 'Comparing the database with the plan');
    const verified = await verifyCommitted(applied, {
      database,
      live: this.live,
      filled: this.applier.filled,
      clock,
      mode: verify,
      sync,
      syncMsMax: limits.syncMsMax,
      comeBackMs: COME_BACK_MS,
      breath: this.breath,
      signal,
      room,
      converging: (message) => this.enter('CONVERGE', 'CONVERGING', message),
      tell: (completed, total, message) => this.progress.tell(completed, total, message),
    });
    const warnings = [...verified.warnings, ...(await this.lists.described())];
    const result = this.result({ ...verified, planned: applied.planned, steps: applied.steps, warnings });
    return { end: 'COMMITTED', result, changeList: this.lists.changeList };
  }

  private ended(ending: Omit<Ending, 'elapsedMs' | 'dryRun'>): EndedRun {
    const end = (ending.errors ?? []).length === 0 ? 'DONE' : 'FAILED';
    return { end, result: this.result(ending), changeList: this.lists.changeList };
  }

  private result(ending: Omit<Ending, 'elapsedMs' | 'dryRun'>): RestoreResult {
    return planResult({ ...ending, dryRun: this.parts.dryRun, elapsedMs: this.elapsed() });
  }

  private async enter(event: LifeEvent, phase: RestorePhase, message: string): Promise<void> {
    // from the moment that something was sent there is no way back
    if (!this.sent) this.givenUp.throwIfAborted();
    await this.parts.life.enter(event);
    this.progress.begin(phase, message);
  }

  private elapsed(): number {
    return this.parts.clock.monotonic() - this.began;
  }
}

/** What the record has of a plan before it is sent. */
interface Recorded {
  readonly notes: readonly string[];
  readonly witnesses: readonly Witness[];
}

interface Applied extends SentPlan, Recorded {
  readonly end: ApplyEnd;
}

function tooMuchWritten(attempts: number): AppError {
  return new AppError(
    'PLAN_STALE',
    `The database kept changing: ${attempts} plans were out of date when they were applied. Nothing was changed; ` +
      'try again when fewer others write, or name keys that are written all the time in OVNCP_RUNTIME_KEYS',
  );
}

/** Thrown when nobody knows yet whether the plan was carried out. */
class EndUnseen extends AppError {}
