/**
 * How long restores are kept. One that can be undone is kept for as long as that is promised; what changed nothing, or
 * cannot be undone any more, for a week; a dry run for a day, and only so many of them. The audit trail keeps its lines
 * for ever. Pure.
 */
import { isFinal } from '../life/life.js';
import type { RestoreSummary } from './restore-summary.js';

export interface RetentionLimits {
  /** Of restores that can be undone. */
  readonly undoableMs: number;
  /** Of restores that changed nothing, or that cannot be undone any more. */
  readonly othersMs: number;
  readonly othersMax: number;
  readonly dryRunMs: number;
  readonly dryRunsMax: number;
  /** Bytes of the lists of changes of all dry runs. */
  readonly dryRunBytesMax: number;
}

const DAY_MS = 86_400_000;

/** @param undoableDays how long a restore can be undone */
export function retentionLimits(undoableDays: number): RetentionLimits {
  return {
    undoableMs: undoableDays * DAY_MS,
    othersMs: Math.min(7, undoableDays) * DAY_MS,
    othersMax: 1_000,
    dryRunMs: DAY_MS,
    dryRunsMax: 200,
    dryRunBytesMax: 256 * 1024 * 1024,
  };
}

/**
 * The ids of the restores that are not kept any longer. One that has not ended is kept.
 * @param restores newest first
 * @param now milliseconds since 1970
 */
export function expiredRestores(restores: Iterable<RestoreSummary>, now: number, limits: RetentionLimits): string[] {
  const expired: string[] = [];
  const counts = { dryRuns: 0, dryRunBytes: 0, others: 0 };
  for (const { id, dryRun, phase, at, canBeUndone, changeListBytes } of restores) {
    if (!isFinal(phase)) continue;
    const ageMs = now - Date.parse(at);
    if (dryRun) {
      counts.dryRuns++;
      counts.dryRunBytes += changeListBytes;
      const isTooMany = counts.dryRuns > limits.dryRunsMax || counts.dryRunBytes > limits.dryRunBytesMax;
      if (isTooMany || ageMs > limits.dryRunMs) expired.push(id);
    } else if (canBeUndone) {
      if (ageMs > limits.undoableMs) expired.push(id);
    } else if (++counts.others > limits.othersMax || ageMs > limits.othersMs) expired.push(id);
  }
  return expired;
}
