/**
 * Weak references that others have come to hold, to rows that an undo deletes. They keep no row alive: the database
 * drops them with the row. A row that the undo puts back has lost before what the restore gave it: what else it loses
 * is of others. Rows that stay or are left out are told of elsewhere.
 */
import type { Breath } from '../../lib/breath.js';
import { isRuntimeColumn } from '../../model/northbound/runtime.js';
import { type Reference, referencesIn } from '../../model/reference/reference.js';
import type { Row } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { weakColumns } from '../plan/dropped-reference.js';
import type { Findings } from './findings.js';
import type { Orphans } from './rows-in-use.js';
import type { LosingRow, UndoDraft } from './undo-draft.js';

/** Tells of each row that would lose weak references, in a draft that the database would take. */
export async function tellReferredSince(
  draft: UndoDraft,
  orphans: Orphans,
  findings: Findings,
  breath: Breath,
): Promise<void> {
  const isGone = ({ table, uuid }: Reference): boolean =>
    draft.rows(table).isDeleted(uuid) || orphans.get(table)?.has(uuid) === true;
  const isAnyGone = (table: string): boolean =>
    draft.rows(table).deletes().next().done !== true || (orphans.get(table)?.size ?? 0) > 0;
  for (const table of draft.tables) {
    const columns = weakColumns(table).filter(({ key, value }) =>
      [key, value].some((to) => to?.strong === false && isAnyGone(to.table)),
    );
    const live = draft.live.tables.get(table.name);
    for (let index = 0; columns.length > 0 && live !== undefined && index < live.count; index++) {
      if (breath.due()) await breath.rest();
      const uuid = live.uuid(index);
      if (!isOfOthers(draft, table, uuid) || orphans.get(table.name)?.has(uuid) === true) continue;
      const row = live.row(index);
      const references = columns
        .flatMap((column) => referencesIn(column, row[column.column.name]))
        .filter((reference) => !reference.strong && isGone(reference));
      tell(draft, { table: table.name, uuid, references }, row, findings);
    }
  }
  for (const losing of draft.losingRows()) {
    const { table, uuid } = losing;
    const row = draft.rows(table).isPut(uuid) ? draft.rows(table).row(uuid) : undefined;
    if (row === undefined || orphans.get(table)?.has(uuid) === true) continue;
    tell(draft, { ...losing, references: losing.references.filter(isGone) }, row, findings);
  }
}

function tell(draft: UndoDraft, { table, uuid, references }: LosingRow, row: Row, findings: Findings): void {
  const lost = references.filter(({ column }) => !isRuntimeColumn(table, column, row));
  const [first] = lost;
  if (first === undefined) return;
  const names = [...new Set(lost.map(({ column }) => column))].join(', ');
  const more = lost.length === 1 ? '' : ` and ${lost.length - 1} more`;
  const what = `${draft.label(first.table, first.uuid)}${more}`;
  findings.add(
    { table, label: draft.label(table, uuid) },
    `refers in ${names} to what would be deleted, and would lose that: ${what}`,
    `refers in ${names} to what is deleted, and loses that: ${what}`,
  );
}

/** Whether the undo has no part in the row. */
function isOfOthers(draft: UndoDraft, { name }: TableSchema, uuid: string): boolean {
  const rows = draft.rows(name);
  return !rows.isDeleted(uuid) && !rows.isPut(uuid) && !draft.isStaying(name, uuid) && !draft.isLeftOut(name, uuid);
}
