/** What is told of a restore at its beginning, at its end, and where only its record is left. */

import { plural } from '../../../lib/text/plural.js';
import { isFinal, type RestorePhase } from '../life/life.js';
import type { RestoreRecord, RestoreResult } from './restore-record.js';

export interface RestoreProgress {
  readonly restoreId: string;
  readonly phase: RestorePhase;
  readonly completed: number;
  readonly total: number;
  readonly fraction: number;
  readonly message: string;
  readonly at: string;
  /** While it awaits confirmation. */
  readonly confirmBefore?: string | undefined;
  readonly secondsLeft?: number | undefined;
  /** It was not confirmed in time and is not undone yet, or it was undone and its changes are back: a warning. */
  readonly note?: string | undefined;
  readonly result?: RestoreResult;
}

interface ToldRestore {
  readonly record: RestoreRecord;
  readonly feed: { readonly current: RestoreProgress };
  readonly backBy: () => string | undefined;
}

const MESSAGES: Readonly<Partial<Record<RestorePhase, string>>> = {
  QUEUED: 'Waiting for its turn',
  RECOVERING: 'Its end was not seen: the database is asked what became of it',
  SUCCEEDED: 'Done',
  FAILED: 'Failed: nothing was changed',
  CANCELLED: 'Cancelled: nothing was changed',
  UNDONE: 'Undone',
};

export function progressOf(record: RestoreRecord): RestoreProgress {
  const { id, phase, result, confirmBefore, undoneBy } = record;
  const total = (result?.restoredCount ?? 0) + (result?.deletedCount ?? 0);
  return {
    restoreId: id,
    phase,
    completed: phase === 'SUCCEEDED' ? total : 0,
    total,
    fraction: isFinal(phase) ? 1 : phase === 'AWAITING_CONFIRMATION' ? 0.99 : 0,
    message: messageFor(phase, result, undoneBy),
    at: record.finishedAt ?? record.startedAt,
    ...(confirmBefore === undefined || isFinal(phase) ? {} : { confirmBefore }),
    ...(result === undefined || !isFinal(phase) ? {} : { result }),
  };
}

/** What there is to tell of a restore now. One that was undone after its end has told of that end last. */
export function progressNow({ record, feed, backBy }: ToldRestore): RestoreProgress {
  if (!isFinal(record.phase)) return feed.current;
  const progress = progressOf(record);
  const by = backBy();
  if (by === undefined) return progress;
  const note =
    `Restore ${by} has undone its undo: what this restore changed is in the database again. To undo it once more, ` +
    `undo restore ${by}`;
  return { ...progress, message: `${progress.message}. ${note}`, note };
}

/** A restore of which there is something to say, between two phases. */
export function messageProgress(record: RestoreRecord, message: string, at: string): RestoreProgress {
  return { ...progressOf(record), at, message };
}

/** A restore that is in the database and awaits its confirmation. */
export function awaitingProgress(record: RestoreRecord, secondsLeft: number, at: string): RestoreProgress {
  const summary = record.result === undefined ? '' : `${summaryOf(record.result)}. `;
  return {
    ...progressOf(record),
    at,
    secondsLeft,
    message: `${summary}Awaiting confirmation: it is undone in ${secondsLeft} s unless it is confirmed`,
  };
}

/** One whose time is up, and that is not undone yet. @param undo the undo of it, and why its last try failed */
export function overdueProgress(
  record: RestoreRecord,
  undo: { readonly id: string; readonly reason?: string | undefined },
  at: string,
): RestoreProgress {
  const late = `It was not confirmed by ${record.confirmBefore ?? 'the time that was set'}`;
  const note =
    undo.reason === undefined
      ? `${late}: restore ${undo.id} undoes it`
      : `${late}, and could not be undone yet: ${undo.reason.replace(/\.$/, '')}. Restore ${undo.id} tries again ` +
        'until it is undone. Until then it can still be confirmed';
  return { ...progressOf(record), at, secondsLeft: 0, message: note, note };
}

/** What to know of a restore: what its result says, and what there is to know just now. */
export function warningsNow({ phase, result }: RestoreRecord, progress: RestoreProgress): readonly string[] {
  const warnings = result?.warnings ?? [];
  // the record may be further on than the progress
  if (progress.note !== undefined && progress.phase === phase) return [...warnings, progress.note];
  // an undo that is tried again has the result of its last try
  const tries = hasOutcome(phase) ? [] : (result?.errors ?? []);
  return [...warnings, ...tries.map(({ message }) => `The last try failed, and it is tried again: ${message}`)];
}

/** Whether it can be said of it now that it succeeded, or did not. */
export function hasOutcome(phase: RestorePhase): boolean {
  return isFinal(phase) || phase === 'AWAITING_CONFIRMATION';
}

function messageFor(phase: RestorePhase, result: RestoreResult | undefined, undoneBy: string | undefined): string {
  if (phase === 'SUCCEEDED' && result !== undefined) return summaryOf(result);
  if (phase === 'FAILED') return result?.errors[0]?.message ?? MESSAGES.FAILED ?? '';
  if (phase === 'UNDONE' && undoneBy !== undefined) return `Undone by restore ${undoneBy}`;
  return MESSAGES[phase] ?? 'Going on after the server was stopped';
}

function summaryOf({ dryRun, restoredCount, deletedCount, skippedCount, differingCount }: RestoreResult): string {
  const [restored, deleted, left] = dryRun ? ['Would restore', 'delete', 'leave'] : ['Restored', 'deleted', 'left'];
  return (
    `${restored} ${plural(restoredCount, '# {row|rows}')}, ${deleted} ${deletedCount}, ${left} ` +
    plural(skippedCount, '# as {it is|they are}') +
    (differingCount === 0 ? '' : plural(differingCount, ' (# of them {differs|differ})'))
  );
}
