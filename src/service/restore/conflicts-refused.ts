/** What is told of restores and undos that conflicts kept from changing anything, and what can be done. Pure. */
import type { Problem } from '../../lib/error.js';
import { type Spelling, spelled } from '../command/spelling.js';
import type { RestoreProgress } from './record/restore-progress.js';
import type { RestoreRecord } from './record/restore-record.js';

type Refused = Pick<RestoreRecord, 'source' | 'force'>;

/** @param conflicts what is in the way, the first of it told */
export function conflictsRefused(
  refused: Refused,
  [first, ...more]: readonly [Problem, ...Problem[]],
  spelling: Spelling,
): string {
  const who = refused.source.kind === 'UNDO' ? 'the undo was refused, as ' : '';
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
  return `Restore conflicts: ${who}${first.message}${others}${spelled(choiceOf(refused, first), spelling)}`;
}

/** What is in the way, as a list: its first says what can be done about all of them. */
export function errorsTold(refused: Refused, errors: readonly Problem[], spelling: Spelling): readonly Problem[] {
  const [first, ...more] = errors;
  if (first === undefined) return [];
  return [{ ...first, message: `${first.message}${spelled(choiceOf(refused, first), spelling)}` }, ...more];
}

/** Of a restore that failed, its message says what can be done. */
export function progressTold(refused: Refused, progress: RestoreProgress, spelling: Spelling): RestoreProgress {
  const errors = progress.result?.errors ?? [];
  if (progress.phase !== 'FAILED' || progress.message !== errors[0]?.message) return progress;
  const [{ message } = progress] = errorsTold(refused, errors, spelling);
  return { ...progress, message };
}

/** Names of members and values in backticks: see spelling.ts. */
function choiceOf({ source, force }: Refused, { code, table }: Problem): string {
  // what is about no row at all, such as another database, no choice helps against
  if (code !== 'CONFLICT' || table === undefined) return '';
  if (source.kind === 'UNDO')
    return force ? '' : '. A dry run with `force` true says what an undo with `force` would do with it';
  return source.conflictPolicy === 'ERROR'
    ? '. With `conflictPolicy` `SKIP` what differs stays as it is, with `OVERWRITE` it becomes as in the backup'
    : '';
}
