/**
 * Names that an undo gives back and that other rows have by now, in tables whose names need not be unique: switches,
 * routers, load balancers. The row is put back all the same, since the others may have had the name before, too; but
 * commands that name one of the two will not know which.
 */
import type { Breath } from '../../lib/breath.js';
import { naturalKey, naturalKeyOf } from '../../model/northbound/natural-key.js';
import type { Row } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import type { Findings } from './findings.js';
import type { Orphans } from './rows-in-use.js';
import type { UndoDraft } from './undo-draft.js';

/** @param orphans rows that go, though the draft does not say so yet */
export async function tellSameNames(
  draft: UndoDraft,
  orphans: Orphans,
  findings: Findings,
  breath: Breath,
): Promise<void> {
  for (const table of draft.tables) {
    if (!table.isRoot || table.indexes.length > 0 || naturalKey(table.name)?.[0] !== 'name') continue;
    const rows = draft.rows(table.name);
    const wanted = new Map<string, string>();
    for (const [uuid, row] of rows.puts()) {
      const before = rows.rowBefore(uuid);
      const key = keyOf(table, row);
      if (key !== undefined && (before === undefined || keyOf(table, before) !== key)) wanted.set(key, uuid);
      if (breath.due()) await breath.rest();
    }
    if (wanted.size === 0) continue;
    const going = orphans.get(table.name);
    for (const uuid of rows.uuids()) {
      if (breath.due()) await breath.rest();
      const row = going?.has(uuid) === true || rows.isPut(uuid) ? undefined : rows.row(uuid);
      const back = row === undefined ? undefined : wanted.get(keyOf(table, row) ?? '');
      if (back === undefined) continue;
      const label = draft.label(table.name, back);
      findings.note({ table: table.name, label }, `(${back}) is put back, and ${uuid} has the same name now`);
    }
  }
}

/** Undefined for a row without a name. */
function keyOf(table: TableSchema, row: Row): string | undefined {
  return row['name'] === undefined || row['name'] === '' ? undefined : naturalKeyOf(table, row);
}
