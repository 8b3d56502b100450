/** What is told of restores and undos that conflicts kept from changing anything, and what can be done. Pure. */
import type { Problem } from '../../lib/error.js';
import { type Spelling, spelled } from '../command/spelling.js';
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
  // what is about no row at all, such as another database, no choice helps against
  const choice = first.table === undefined ? '' : spelled(choiceOf(refused), spelling);
  return `Restore conflicts: ${who}${first.message}${others}${choice}`;
}

/** Names of members and values in backticks: see spelling.ts. */
function choiceOf({ source, force }: Refused): string {
  if (source.kind === 'UNDO')
    return force ? '' : '. A dry run with `force` true says what an undo with `force` would do with it';
  return source.conflictPolicy === 'ERROR'
    ? '. With `conflictPolicy` `SKIP` what differs stays as it is, with `OVERWRITE` it becomes as in the backup'
    : '';
}
