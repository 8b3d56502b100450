/** What is told of restores that wait for others, or cannot be begun because of them. Pure. */
import { AppError, type ErrorReason } from '../../lib/error.js';
import { isFinal, PHASE_WORDS } from './life/life.js';
import { type RestoreRecord, undoOf } from './record/restore-record.js';

/** Of one that was to be confirmed. */
export const NOTHING_TO_CONFIRM = 'Nothing had to be changed, so there is nothing to confirm: the restore has ended';

type Holder = Pick<RestoreRecord, 'id' | 'phase' | 'confirmBefore'>;

/**
 * What a restore waits for that has to wait for its turn.
 * @param holder the one that has the database now
 * @param undo id of the one that undoes the holder, as its time was up
 */
export function waitingFor({ id, phase, confirmBefore }: Holder, undo: string | undefined): string {
  const what =
    phase === 'AWAITING_CONFIRMATION' && undo !== undefined
      ? `was not confirmed by ${confirmBefore ?? 'its time'}, and is being undone by restore ${undo}`
      : phase === 'AWAITING_CONFIRMATION'
        ? `awaits its confirmation until ${confirmBefore ?? 'its undo'}, or is undone`
        : 'goes first';
  return `Waiting for restore ${id}, which ${what}`;
}

/**
 * @param mayQueue whether what is refused could be asked for so that it waits
 * @param undo id of the one that undoes it, as its time was up
 */
export function awaitsConfirmation(
  { id, confirmBefore }: Omit<Holder, 'phase'>,
  mayQueue: boolean,
  undo: string | undefined,
): AppError {
  const details = { reason: 'AWAITS_CONFIRMATION', restoreId: id, confirmBefore } as const;
  if (undo !== undefined)
    return new AppError(
      'CONFLICT',
      `Restore ${id} of this database was not confirmed by ${confirmBefore ?? 'its time'}, and is being undone by ` +
        `restore ${undo}: wait until that has ended, or confirm restore ${id}` +
        (mayQueue ? ', or set queue to true to wait for it' : ''),
      { details },
    );
  return new AppError(
    'CONFLICT',
    `Restore ${id} of this database awaits its confirmation until ${confirmBefore ?? 'its undo'}: confirm it or undo ` +
      `it first${mayQueue ? ', or set queue to true to wait for it' : ''}`,
    { details },
  );
}

/** @param others that may be undoing it @throws AppError CONFLICT when one of them is */
export function checkNotUndoing(id: string, others: readonly ({ readonly record: RestoreRecord } | undefined)[]): void {
  for (const other of others) {
    const { record } = other ?? {};
    if (record !== undefined && undoOf(record) === id && !record.dryRun && !isFinal(record.phase))
      throw new AppError('CONFLICT', `Restore ${id} is being undone already, by restore ${record.id}`, {
        details: { reason: 'BEING_UNDONE', restoreId: record.id },
      });
  }
}

/** Why a restore cannot be confirmed. @param undo the one that has undone it */
export function notConfirmable(
  { id, phase, dryRun, confirmBefore, confirmWithinSeconds, result }: RestoreRecord,
  undo: Pick<RestoreRecord, 'id' | 'source'> | undefined,
): AppError {
  const refused = (message: string, reason: ErrorReason, restoreId?: string): AppError =>
    new AppError('CONFLICT', message, { details: { reason, restoreId } });
  if (phase === 'UNDONE') {
    const isExpired = undo?.source.kind === 'UNDO' && undo.source.cause === 'NOT_CONFIRMED';
    const when = confirmBefore === undefined ? 'in time' : `by ${confirmBefore}`;
    const late = isExpired ? `was not confirmed ${when}, and ` : '';
    const by = undo === undefined ? '' : ` by restore ${undo.id}`;
    return refused(`It is too late to confirm: restore ${id} ${late}was undone${by}`, 'ALREADY_UNDONE', undo?.id);
  }
  const [error] = result?.errors ?? [];
  if (error?.code === 'UNDO_IMPOSSIBLE')
    return refused(`It is too late to confirm restore ${id}. ${error.message}`, 'NOTHING_TO_CONFIRM');
  const ended = result?.steps === 0 && !dryRun ? 'had nothing to change, so it has ended' : 'has ended';
  if (phase === 'SUCCEEDED')
    return confirmWithinSeconds === undefined || result?.steps === 0
      ? refused(`Restore ${id} needs no confirmation: it ${ended}`, 'NOTHING_TO_CONFIRM')
      : refused(`Restore ${id} is confirmed already`, 'ALREADY_CONFIRMED');
  const reason = isFinal(phase) ? 'NOTHING_TO_CONFIRM' : 'STILL_RUNNING';
  return refused(`Restore ${id} cannot be confirmed: it ${PHASE_WORDS[phase]}`, reason);
}

const CANCELLABLE: ReadonlySet<string> = new Set(['QUEUED', 'READING', 'PLANNING']);

/** @param cancelled of the work that runs for it, if any does @throws AppError CONFLICT */
export function checkCancellable({ id, phase, confirmBefore }: Holder, cancelled: AbortSignal | undefined): void {
  if (phase === 'AWAITING_CONFIRMATION')
    throw new AppError('CONFLICT', 'The restore is in the database and awaits confirmation: undo it instead', {
      details: { reason: 'AWAITS_CONFIRMATION', restoreId: id, confirmBefore },
    });
  if (isFinal(phase))
    throw new AppError('CONFLICT', `The restore has ended already: it ${PHASE_WORDS[phase]}`, {
      details: { reason: 'ALREADY_ENDED' },
    });
  if (cancelled === undefined || !CANCELLABLE.has(phase))
    throw new AppError('CONFLICT', `The restore cannot be cancelled any more: it ${PHASE_WORDS[phase]}`, {
      details: { reason: 'TOO_LATE_TO_CANCEL' },
    });
  if (cancelled.aborted)
    throw new AppError('CONFLICT', 'The restore is being cancelled already', {
      details: { reason: 'BEING_CANCELLED' },
    });
}
