/** What the record of a restore says of its undo, for whoever looks at the restore and not at the undo. */

import { plural } from '../../../lib/text/plural.js';
import type { RestoreRecord, RestoreResult } from './restore-record.js';

const REPEATED_MAX = 5;

/** The result of a restore, once `undo` has put back what it changed. */
export function undoneResult(
  result: RestoreResult | undefined,
  { id, source, result: undone }: Pick<RestoreRecord, 'id' | 'source' | 'result'>,
): RestoreResult | undefined {
  const told = undone?.warnings ?? [];
  const isUnasked = source.kind === 'UNDO' && source.cause === 'NOT_CONFIRMED';
  // whoever asked for an undo has its answer, and its id is in the record
  if (result === undefined || (!isUnasked && told.length === 0)) return result;
  const what = isUnasked
    ? `It was not confirmed in time, and undid itself: see restore ${id}`
    : `Restore ${id} undid it`;
  const note = told.length === 0 ? what : `${what}. ${plural(told.length, 'The undo has # {warning|warnings}')}`;
  const more = told.length - REPEATED_MAX;
  return {
    ...result,
    warnings: [
      ...result.warnings,
      note,
      ...told.slice(0, REPEATED_MAX).map((warning) => `The undo: ${warning}`),
      ...(more > 0 ? [`The undo: ${more} more, in its own record`] : []),
    ],
  };
}
