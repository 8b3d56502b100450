/**
 * References of rows that are put back, to rows that will not be there: deleted by others since, left out of the undo,
 * or taken away by it. They are dropped; a row that cannot be without them is left out.
 */
import type { Breath } from '../../lib/breath.js';
import { keepReferences, referenceColumns, referencesOf } from '../../model/reference/reference.js';
import type { Row } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import type { Findings } from './findings.js';
import type { UndoDraft } from './undo-draft.js';

/** Drops references to rows of which `isGone` is true, and tells of those that others deleted. */
export async function dropLostReferences(
  draft: UndoDraft,
  isGone: (table: string, uuid: string) => boolean,
  findings: Findings,
  breath: Breath,
): Promise<void> {
  for (const table of draft.tables) {
    if (referenceColumns(table).length === 0) continue;
    for (const [uuid, row] of draft.rows(table.name).puts()) {
      if (breath.due()) await breath.rest();
      const kept = keepReferences(table, row, (to, other) => !isGone(to, other));
      if (kept === row) continue;
      const columns = columnsToTell(draft, table, uuid, row);
      if (columns !== '')
        findings.add(
          { table: table.name, label: draft.label(table.name, uuid) },
          `referred in ${columns} to rows that were deleted since`,
        );
      // what is not missing goes with this undo
      const going = referencesOf(table, row).filter(
        ({ table: to, uuid: other }) =>
          isGone(to, other) && (draft.rows(to).has(other) || draft.rows(to).isDeleted(other)),
      );
      if (going.length > 0) draft.lose(table.name, uuid, going);
      draft.put(table.name, uuid, kept);
    }
  }
}

/** The columns that are put back without references to rows that others deleted. */
function columnsToTell(draft: UndoDraft, table: TableSchema, uuid: string, row: Row): string {
  // ovsdb-server can leave a weak reference to a row that it collected: that one nobody loses
  const now = draft.rows(table.name).rowBefore(uuid) ?? {};
  const dangling = new Set(referencesOf(table, now).map((reference) => `${reference.column} ${reference.uuid}`));
  const lost = referencesOf(table, row).filter(({ table: to, uuid: other, column }) => {
    const rows = draft.rows(to);
    return (
      !rows.has(other) && !rows.isDeleted(other) && !draft.isLeftOut(to, other) && !dangling.has(`${column} ${other}`)
    );
  });
  return [...new Set(lost.map(({ column }) => column))].join(', ');
}
