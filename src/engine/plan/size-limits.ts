/**
 * How many the schema allows: rows of a table, references of a column. A restore without exact adds to what others have
 * made, and can come to more; with exact a column can lose what it must have. The server would refuse that. Pure.
 */
import type { Breath } from '../../lib/breath.js';
import type { Problem } from '../../lib/error.js';
import { plural } from '../../lib/text/plural.js';
import { referenceColumns } from '../../model/reference/reference.js';
import { sizeOf } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import { NO_MATCH, rowsOfBackup } from '../identify/identify.js';
import type { PlannedRow } from './plan-draft.js';
import { OUTCOME, type PlanBasis, type TablePlan } from './table-plan.js';

type Conflict = PlannedRow & { readonly problem: Problem };

/** Rows that have no place in their table, and rows of which a column would hold too many or too few. */
export async function findSizeConflicts(
  tables: readonly TablePlan[],
  { identity }: PlanBasis,
  breath: Breath,
): Promise<readonly Conflict[]> {
  const found: Conflict[] = [];
  for (const draft of tables) {
    const { table, live, updates } = draft;
    found.push(...rowsTooMany(draft, identity.matched.get(table.name)));
    // any other column is either the backup's or as it is
    const limited = new Set(referenceColumns(table).map(({ column }) => column));
    if (limited.size === 0 || updates.size === 0) continue;
    const matches = rowsOfBackup(identity.matches.get(table.name), live.count);
    for (const { liveIndex, columns, members } of updates.values()) {
      if (breath.due()) await breath.rest();
      for (const { column, after } of [...columns, ...members]) {
        const size = sizeOf(after);
        if (!limited.has(column) || (size >= column.min && size <= column.max)) continue;
        const limit = size > column.max ? `${column.max} is the most` : `${column.min} is the least`;
        const label = labelOf(table, live.row(liveIndex), live.uuid(liveIndex));
        const rows = plural(size, `# {row|rows} in ${column.name}`);
        const message = `${label} cannot be restored: it would refer to ${rows}, and ${limit}`;
        found.push({ ...problemOf(table, label, message), index: matches[liveIndex] ?? NO_MATCH });
      }
    }
  }
  return found;
}

/** Of the rows that would be inserted those for which there is no room beside the live ones. */
function rowsTooMany(
  { table, backup, live, outcomes, deletes }: TablePlan,
  matched: Uint8Array | undefined,
): readonly Conflict[] {
  if (table.maxRows === Infinity) return [];
  const inserts = [...outcomes].flatMap((outcome, index) => (outcome === OUTCOME.INSERT ? [index] : []));
  const staying = live.count - deletes.length;
  const surplus = inserts.slice(Math.max(0, table.maxRows - staying));
  if (surplus.length === 0) return [];
  const deleted = new Set(deletes);
  const others = Array.from({ length: live.count }, (_, index) => index).filter((index) => !deleted.has(index));
  const other = others.find((index) => matched?.[index] === 0) ?? others[0];
  const inItsPlace = other === undefined ? 'others' : labelOf(table, live.row(other), live.uuid(other));
  return surplus.map((index) => {
    const label = labelOf(table, backup.row(index), backup.uuid(index));
    const message =
      `${label} cannot be restored: the table ${table.name} holds ${table.maxRows} at most, and ${inItsPlace} is in ` +
      'its place. Delete that row, or restore with exact';
    return { ...problemOf(table, label, message), index };
  });
}

function problemOf({ name }: TableSchema, label: string, message: string): Omit<Conflict, 'index'> {
  return { table: name, problem: { code: 'CONFLICT', message, table: name, label } };
}
