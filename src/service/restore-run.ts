/**
 * One run of a restore, from reading the backup to the verdict. It talks to the world through what it is given; the
 * queue, the record and the followers are restore.ts's business.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, messageOf, type Problem } from '../lib/error.js';
import { instant, type Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { Breath } from '../lib/pause.js';
import { applyPlan } from '../engine/apply.js';
import { capture } from '../engine/capture.js';
import { describeChanges } from '../engine/change.js';
import { adapt } from '../engine/compatibility.js';
import { Labels } from '../engine/label.js';
import { makePlan } from '../engine/plan.js';
import { countChanges, countOutcomes, type ConflictPolicy, type Plan } from '../engine/table-plan.js';
import { verifyPlan } from '../engine/verify.js';
import { identify } from '../model/identity.js';
import { resourceOf } from '../model/northbound.js';
import { countRows, type Snapshot } from '../model/snapshot.js';
import { ConnectionError, OvsdbError } from '../ovsdb/error.js';
import type { Store } from '../store/store.js';
import { problemOf, type BackupService } from './backup.js';
import type { Catalog } from './catalog.js';
import { writeChangeLog, type ChangeCounts } from './change-log.js';
import { databaseError, type Database } from './database.js';
import type { RestorePhase, RestoreRecord, RestoreResult } from './restore-record.js';
import { chooseWitnesses } from './settle.js';

export interface RestoreRequest {
  readonly backupId: string;
  readonly database?: string | undefined;
  readonly dryRun: boolean;
  readonly conflictPolicy: ConflictPolicy;
  readonly exact: boolean;
  readonly force: boolean;
  readonly decryptionKey?: string | undefined;
  readonly subject: string;
}

export interface RestoreProgress {
  readonly restoreId: string;
  readonly phase: RestorePhase;
  readonly completed: number;
  readonly total: number;
  readonly fraction: number;
  readonly message: string;
  readonly at: string;
  readonly result?: RestoreResult;
}

export interface RestoreRunParts {
  readonly id: string;
  readonly request: RestoreRequest;
  readonly database: Database;
  readonly backups: BackupService;
  readonly catalog: Catalog;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** A phase begins. For APPLYING it returns when the record is durable. */
  enter(phase: RestorePhase, extra?: Partial<RestoreRecord>): Promise<void>;
  publish(progress: RestoreProgress, milestone: boolean): void;
}

export interface FinalOutcome {
  readonly phase: 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  readonly result: RestoreResult;
  /** What stopped it before anything was changed: thrown to whoever waits. */
  readonly error?: AppError;
}

/** The transaction was sent, and neither the answer nor the database came back. */
export interface UnknownOutcome {
  readonly phase: 'UNKNOWN';
  readonly error: AppError;
}

/** Where each phase begins and ends in the whole. */
const FRACTIONS: Readonly<Partial<Record<RestorePhase, readonly [number, number]>>> = { READING: [0, 0.25], PLANNING: [0.25, 0.35], APPLYING: [0.35, 0.75], VERIFYING: [0.75, 1] };
const ATTEMPTS_MAX = 6;
const ATTEMPT_PAUSE_MS = 50;
/** How long a database that went away during a transaction may take to come back before the restore gives up. */
const COME_BACK_MS = 120_000;

export class RestoreRun {
  private readonly began: number;
  private readonly breath = new Breath();
  private phase: RestorePhase = 'QUEUED';
  private fraction = 0;

  constructor(private readonly parts: RestoreRunParts) {
    this.began = parts.clock.monotonic();
  }

  async execute(): Promise<FinalOutcome | UnknownOutcome> {
    try {
      const { backup, live } = await this.read();
      return await this.carryOut(backup, live);
    } catch (error) {
      return error instanceof OutcomeUnknown ? { phase: 'UNKNOWN', error } : this.failed(error);
    }
  }

  private failed(thrown: unknown): FinalOutcome {
    const cancelled = this.parts.signal.aborted && this.phase !== 'APPLYING' && this.phase !== 'VERIFYING';
    const error = cancelled ? new AppError('CANCELLED', 'The restore was cancelled; nothing was changed') : databaseError(thrown);
    const known = error instanceof AppError ? error : new AppError('INTERNAL', 'Internal error; the log has the details', { cause: error });
    if (known.code === 'INTERNAL') this.parts.log.error({ err: thrown, restore: this.parts.id }, 'a restore failed');
    const errors = known.problems.length > 0 ? known.problems : [problemOf(known)];
    return { phase: cancelled ? 'CANCELLED' : 'FAILED', result: { ...emptyResult(this.parts.request.dryRun, this.elapsed()), errors: [...errors], errorCount: errors.length }, error: known };
  }

  /** The backup whole and checked, and at the same time the database as it is. */
  private async read(): Promise<{ backup: Snapshot; live: Snapshot }> {
    const { catalog, backups, database, request, signal } = this.parts;
    const record = catalog.get(request.backupId);
    await this.enter('READING', `Reading backup "${record.name}" and ${database.id}`);
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    try {
      const [unpacked, live] = await Promise.all([
        backups.read(record, request.decryptionKey, { signal: both, onProgress: (rows) => { this.tell(rows, record.rowCount, `Read ${String(rows)} of ${String(record.rowCount)} rows of the backup`); } }),
        this.capture(both),
      ]);
      return { backup: unpacked.snapshot, live };
    } finally {
      stop.abort();
    }
  }

  private capture(signal?: AbortSignal, timeoutMs?: number): Promise<Snapshot> {
    return this.parts.database.withSession({ leader: true, signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) }, (session) => capture(session, { signal }));
  }

  /** Plans, and applies until the database holds still, a few times. */
  private async carryOut(backup: Snapshot, first: Snapshot): Promise<FinalOutcome> {
    const { request, signal } = this.parts;
    let live = first;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const { plan, losses } = await this.plan(backup, live, attempt);
      if (plan.problems.length > 0) return this.ended(plan, losses, 'FAILED', plan.problems, []);
      if (request.dryRun || plan.changeCount === 0) {
        await this.describe(plan);
        return this.ended(plan, losses, 'SUCCEEDED', [], []);
      }
      const applied = await this.apply(plan, losses, attempt);
      if (applied !== undefined) return this.verify(plan, losses, applied.warnings);
      if (attempt === ATTEMPTS_MAX) throw new AppError('PLAN_STALE', `The database kept changing: ${String(attempt)} plans were out of date when they were applied. Nothing was changed; try again when fewer others write`);
      await sleep(ATTEMPT_PAUSE_MS * attempt);
      live = await this.capture(signal);
    }
  }

  private async plan(backup: Snapshot, live: Snapshot, attempt: number): Promise<{ plan: Plan; losses: readonly string[] }> {
    const { request, database, catalog } = this.parts;
    const record = catalog.get(request.backupId);
    await this.enter('PLANNING', attempt === 1 ? `Comparing ${String(countRows(backup))} rows of the backup with ${String(countRows(live))} of ${database.id}` : `The database changed meanwhile: planning again (${String(attempt)})`);
    const { snapshot, losses } = await adapt(backup, live.schema, request.force, this.breath);
    const identity = await identify(snapshot, live, this.breath);
    const restoreAccess = request.force || (record.origin === 'CAPTURED' && record.database === database.id);
    const plan = await makePlan(snapshot, live, identity, { policy: request.conflictPolicy, exact: request.exact, restoreAccess }, this.breath);
    this.tell(1, 1, `${String(plan.changeCount)} changes planned`);
    return { plan, losses };
  }

  private async describe(plan: Plan): Promise<void> {
    const labels = await Labels.read([plan.backup, plan.live], this.breath);
    await writeChangeLog(this.parts.store, this.parts.id, describeChanges(plan, labels, this.breath));
  }

  /** Answers once the transaction is committed; undefined when the plan was out of date and nothing was changed. */
  private async apply(plan: Plan, losses: readonly string[], attempt: number): Promise<{ warnings: readonly string[] } | undefined> {
    const { database, id, request } = this.parts;
    await this.enter('APPLYING', `Applying ${String(plan.changeCount)} changes in one transaction`, { witnesses: chooseWitnesses(plan), result: this.result(plan, losses, [], []) });
    const comment = `ovncp: restore ${id} of backup ${request.backupId} by ${request.subject}`;
    let describing: Promise<readonly string[]> | undefined;
    // the list is of use to whoever wants to know; that it cannot be kept does not make a restore undone
    const describe = (): Promise<readonly string[]> => this.describe(plan).then(() => [], (error: unknown) => [`The list of changes could not be kept: ${messageOf(error)}`]);
    try {
      await database.client.withSession({ leader: true }, (session) =>
        applyPlan(session, plan, {
          comment,
          onProgress: (sent) => {
            this.tell(sent, plan.changeCount, sent < plan.changeCount ? `Sent ${String(sent)} of ${String(plan.changeCount)} changes` : `Sent all ${String(sent)} changes; ${database.id} is committing them`);
            // the time that the server takes to commit is ours
            if (sent === plan.changeCount) describing ??= describe();
          },
        }),
      );
    } catch (error) {
      await describing;
      if (error instanceof OvsdbError) { this.refused(error, attempt); return; }
      if (!(error instanceof ConnectionError)) throw error;
      if (describing === undefined) return undefined;
      if (!(await this.wasApplied(plan))) return undefined;
    }
    return { warnings: await (describing ?? describe()) };
  }

  /** A guard that fired, or a clash with what somebody wrote since, means that the plan is out of date. */
  private refused(error: OvsdbError, attempt: number): undefined {
    const guard = error.error === 'timed out' || error.error === 'duplicate uuid' || error.error === 'not leader' || error.error === 'cluster error';
    this.parts.log.info({ restore: this.parts.id, attempt, refusal: error.error, details: error.details }, 'the database refused the transaction');
    if (!guard && attempt > 1) throw new AppError('CONFLICT', `The database refused the restore, and nothing was changed: ${error.message}`, { cause: error });
    return undefined;
  }

  /** The answer never came: the database says what became of the transaction. @throws OutcomeUnknown */
  private async wasApplied(plan: Plan): Promise<boolean> {
    this.tell(plan.changeCount, plan.changeCount, 'The connection broke before the answer came: looking at the database');
    try {
      const after = await this.capture(undefined, COME_BACK_MS);
      const { asPlanned, touched } = await verifyPlan(plan, after, this.breath);
      return asPlanned > touched / 2;
    } catch (error) {
      throw new OutcomeUnknown('DATABASE_UNAVAILABLE', `The connection broke while the transaction was under way, and the database has not come back: ${messageOf(error)}. Whether it was carried out, as a whole or not at all, is settled when the database answers again; follow restore ${this.parts.id}`, { cause: error });
    }
  }

  private async verify(plan: Plan, losses: readonly string[], notes: readonly string[]): Promise<FinalOutcome> {
    await this.enter('VERIFYING', 'Reading the database again');
    try {
      const after = await this.capture(undefined, COME_BACK_MS);
      const { problems, warnings } = await verifyPlan(plan, after, this.breath, (compared) => { this.tell(compared, plan.changeCount, `Compared ${String(compared)} of ${String(plan.changeCount)} changed rows`); });
      if (problems.length === 0) return this.ended(plan, losses, 'SUCCEEDED', [], [...notes, ...warnings]);
      return this.ended(plan, losses, 'FAILED', [{ code: 'INTERNAL', message: 'The transaction was committed, but these rows are not as planned: somebody may have changed them since' }, ...problems], [...notes, ...warnings]);
    } catch (error) {
      const known = databaseError(error);
      if (!(known instanceof AppError)) throw error;
      return this.ended(plan, losses, 'FAILED', [{ code: known.code, message: `The transaction was committed, but the database could not be read again to verify it: ${known.message}` }], notes);
    }
  }

  private ended(plan: Plan, losses: readonly string[], phase: 'SUCCEEDED' | 'FAILED', errors: readonly Problem[], warnings: readonly string[]): FinalOutcome {
    return { phase, result: this.result(plan, losses, errors, warnings) };
  }

  private result(plan: Plan, losses: readonly string[], errors: readonly Problem[], warnings: readonly string[]): RestoreResult {
    const details = plan.tables.map((draft) => ({ resource: resourceOf(draft.table.name), table: draft.table.name, ...countOutcomes(draft) })).filter(({ total, deleted }) => total > 0 || deleted > 0);
    const sum = (pick: (detail: (typeof details)[number]) => number): number => details.reduce((count, detail) => count + pick(detail), 0);
    // a plan with a problem is not carried out, not even in part
    const planned = plan.problems.length === 0;
    return {
      success: errors.length === 0,
      dryRun: this.parts.request.dryRun,
      restoredCount: planned ? sum(({ restored }) => restored) : 0,
      skippedCount: sum(({ skipped }) => skipped) + (planned ? 0 : sum(({ restored }) => restored)),
      deletedCount: planned ? sum(({ deleted }) => deleted) : 0,
      errorCount: errors.length,
      details: planned ? details : details.map((detail) => ({ ...detail, restored: 0, skipped: detail.skipped + detail.restored, deleted: 0 })),
      warnings: [...losses.map((loss) => `Left out: ${loss}`), ...plan.warnings, ...warnings],
      errors: [...errors],
      processingTime: seconds(this.elapsed()),
      changes: planned ? changeCounts(plan) : {},
    };
  }

  private async enter(phase: RestorePhase, message: string, extra?: Partial<RestoreRecord>): Promise<void> {
    // from the moment that the record says APPLYING there is no way back
    this.parts.signal.throwIfAborted();
    this.phase = phase;
    await this.parts.enter(phase, extra);
    this.report(0, 0, message, true);
  }

  private tell(completed: number, total: number, message: string): void {
    this.report(completed, total, message, false);
  }

  private report(completed: number, total: number, message: string, milestone: boolean): void {
    const [from, to] = FRACTIONS[this.phase] ?? [0, 0];
    this.fraction = Math.max(this.fraction, from + (to - from) * (total === 0 ? 0 : Math.min(1, completed / total)));
    this.parts.publish({ restoreId: this.parts.id, phase: this.phase, completed, total, fraction: this.fraction, message, at: instant(this.parts.clock.now()) }, milestone);
  }

  private elapsed(): number {
    return this.parts.clock.monotonic() - this.began;
  }
}

/** Thrown when nobody knows yet whether the transaction was carried out. */
class OutcomeUnknown extends AppError {}

function changeCounts(plan: Plan): ChangeCounts {
  return Object.fromEntries(plan.tables.map((draft) => [draft.table.name, countChanges(draft)]));
}

/** A result of nothing. @param elapsedMs time that it took */
export function emptyResult(dryRun: boolean, elapsedMs: number): RestoreResult {
  return { success: false, dryRun, restoredCount: 0, skippedCount: 0, deletedCount: 0, errorCount: 0, details: [], warnings: [], errors: [], processingTime: seconds(elapsedMs), changes: {} };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)}s`;
}

