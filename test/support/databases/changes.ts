/** Which rows changed: by a list of changes, and by looking at the database before and after. */
import type { KeptChange } from '../../../src/engine/undo/undo.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';

/** "UPDATE Port_Group <uuid>", one for each row, in order. */
export function changesOf(changes: readonly KeptChange[]): readonly string[] {
  return changes.map(({ kind, table, uuid }) => `${kind} ${table} ${uuid}`).sort();
}

/** The same from two snapshots. */
export function changesBetween(before: Snapshot, after: Snapshot): readonly string[] {
  const found: string[] = [];
  for (const [name, rows] of before.tables) {
    const now = after.tables.get(name);
    for (let i = 0; i < rows.count; i++) {
      const index = now?.find(rows.uuid(i));
      if (now === undefined || index === undefined) found.push(`DELETE ${name} ${rows.uuid(i)}`);
      else if (rows.text(i).toString() !== now.text(index).toString()) found.push(`UPDATE ${name} ${rows.uuid(i)}`);
    }
    for (let i = 0; now !== undefined && i < now.count; i++)
      if (rows.find(now.uuid(i)) === undefined) found.push(`INSERT ${name} ${now.uuid(i)}`);
  }
  return found.sort();
}
