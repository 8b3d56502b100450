/** What became of backups and restores, counted from the start of the process on. */
import { Counter, Histogram, type Registry } from 'prom-client';
import { type Problem, REFUSED_CODES } from '../../../lib/error.js';
import type { Jobs } from '../../../service/job/jobs.js';
import type { RestoreStep } from '../../../service/restore/record/restore-registry.js';
import type { RestoreService } from '../../../service/restore/restore-service.js';
import type { ErrorCounts } from '../request-context.js';
import { renamedHistogram } from './renamed.js';

export type RestoreSteps = ReturnType<RestoreService['followAll']>;

const SECONDS = [0.05, 0.2, 1, 5, 20, 60, 300, 1_200];
/** A restore is labelled with its policy; an undo has none of its own. */
const POLICIES = ['skip', 'overwrite', 'rename', 'error', 'undo'] as const;
/** Of what is refused before there is a restore: the policy that was asked for may be none. */
const UNKNOWN_POLICY = 'unknown';
const RESULTS = ['succeeded', 'failed', 'cancelled', 'undone'] as const;

/** What is told of what failed: a mistake of whoever asked is no failure, and nobody is to be woken for it. */
function failure(error: Pick<Problem, 'code'> | undefined): 'refused' | 'failed' {
  return error !== undefined && REFUSED_CODES.has(error.code) ? 'refused' : 'failed';
}

/** Whether a call that ends with this code is refused, be it by GraphQL itself. */
function isRefused(code: string): boolean {
  return (REFUSED_CODES as ReadonlySet<string>).has(code) || code.startsWith('GRAPHQL_');
}

/** Counts from what is told of it. */
export interface WorkCount {
  /** A call is refused before there is any record of what it asks for. */
  readonly notBegun: ErrorCounts['notBegun'];
  readonly stop: () => void;
}

export function countBackups(registry: Registry, jobs: Jobs): WorkCount {
  const registers = [registry];
  const created = new Counter({ registers, name: 'ovncp_backups_created_total', help: 'Backups that were made' });
  const failed = new Counter({
    registers,
    name: 'ovncp_backups_failed_total',
    help: 'Backups that could not be made; those that were refused or cancelled do not count',
  });
  const seconds = new Histogram({
    registers,
    name: 'ovncp_backup_duration_seconds',
    help: 'Time from asking for a backup to its end',
    labelNames: ['result'],
    buckets: SECONDS,
  });
  const notBegun = (action: string, code: string): void => {
    if ((action === 'createBackup' || action === 'startBackup') && isRefused(code))
      seconds.observe({ result: 'refused' }, 0);
  };
  const stop = jobs.onEnd(({ kind, phase, error, startedAt, finishedAt = startedAt }) => {
    if (kind !== 'BACKUP') return;
    const result = phase === 'FAILED' ? failure(error) : phase.toLowerCase();
    if (result === 'succeeded') created.inc();
    if (result === 'failed') failed.inc();
    // the clock may have been set meanwhile
    const took = Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt));
    seconds.observe({ result }, took / 1_000);
  });
  return { notBegun, stop };
}

/** @returns what ends the counting */
export function countDrills(registry: Registry, jobs: Jobs): () => void {
  const total = new Counter({
    registers: [registry],
    name: 'ovncp_drills_total',
    help: 'Drills that have ended; "refused" for a mistake, such as a wrong key',
    labelNames: ['result'],
  });
  // a rate is seen only of what has been there before
  for (const result of ['succeeded', 'failed', 'refused', 'cancelled']) total.inc({ result }, 0);
  return jobs.onEnd(({ kind, phase, error }) => {
    if (kind !== 'DRILL') return;
    // what takes too long, or too much memory, was accepted
    const isFailed = phase === 'FAILED' && (error?.code === 'TOO_LARGE' || failure(error) === 'failed');
    total.inc({ result: isFailed ? 'failed' : phase === 'FAILED' ? 'refused' : phase.toLowerCase() });
  });
}

/** @param onBroken is told why following has ended too early */
export function countRestores(
  registry: Registry,
  steps: RestoreSteps,
  onBroken: (error: unknown) => void,
): Pick<WorkCount, 'notBegun'> {
  const registers = [registry];
  const total = new Counter({
    registers,
    name: 'ovncp_restores_total',
    help: 'Restores that have ended; "undone" while they awaited their confirmation, "refused" for a mistake',
    labelNames: ['result', 'policy', 'dry_run'],
  });
  const took = renamedHistogram(registry, {
    name: 'ovncp_restore_duration_seconds',
    oldName: 'ovncp_restore_seconds',
    help: 'Time that a restore took, without waiting for others',
    labelNames: ['dry_run'],
    buckets: SECONDS,
  });
  // a rate is seen only of what has been there before
  for (const result of ['succeeded', 'failed', 'refused'])
    for (const policy of POLICIES)
      for (const isDry of ['true', 'false']) total.inc({ result, policy, dry_run: isDry }, 0);
  for (const isDry of ['true', 'false']) total.inc({ result: 'refused', policy: UNKNOWN_POLICY, dry_run: isDry }, 0);
  const follow = async (): Promise<void> => {
    for await (const step of steps) {
      const ended = endOf(step);
      if (ended === undefined) continue;
      total.inc({ result: ended.result, policy: ended.policy, dry_run: ended.isDry });
      if (ended.seconds !== undefined) took({ dry_run: ended.isDry }, ended.seconds);
    }
  };
  follow().catch(onBroken);
  const notBegun = (action: string, code: string, isDryRun: boolean): void => {
    if ((action !== 'restoreBackup' && action !== 'undoRestore') || !isRefused(code)) return;
    const policy = action === 'undoRestore' ? 'undo' : UNKNOWN_POLICY;
    total.inc({ result: 'refused', policy, dry_run: String(isDryRun) });
  };
  return { notBegun };
}

interface Ended {
  readonly result: string;
  readonly policy: string;
  readonly isDry: string;
  /** Undefined when it was never begun. */
  readonly seconds: number | undefined;
}

/** The record may be further on than the step. */
function endOf({ restore: { record }, progress }: RestoreStep): Ended | undefined {
  const end = RESULTS.find((name) => name === progress.phase.toLowerCase());
  if (end === undefined) return undefined;
  const result = end === 'failed' ? failure(record.result?.errors[0]) : end;
  const took = record.result?.processingTime;
  return {
    result,
    policy: record.source.kind === 'BACKUP' ? record.source.conflictPolicy.toLowerCase() : 'undo',
    isDry: String(record.dryRun),
    // as the record has it: "1.234s"
    seconds: took === undefined || result === 'cancelled' ? undefined : Number.parseFloat(took),
  };
}
