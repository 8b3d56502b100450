/** Finding rows: every row of some tables is looked at, in slices, and most of them without making values of them. */
import type { Breath } from '../../lib/breath.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import type { Rank, Wanted } from './wanted.js';

/** A row that was found, by its number in its table. */
export interface Hit {
  readonly rows: TableRows;
  readonly index: number;
  readonly rank: Rank;
}

/** @throws the reason of the signal when it aborts before the end */
export async function findRows(
  { schema }: Snapshot,
  tables: Iterable<TableRows>,
  wanted: Wanted,
  { breath, signal }: { readonly breath: Breath; readonly signal?: AbortSignal | undefined },
): Promise<readonly Hit[]> {
  const hits: Hit[] = [];
  for (const rows of tables) {
    const table = schema.tables.get(rows.table);
    if (table === undefined) continue;
    for (let index = 0; index < rows.count; index++) {
      const rank = wanted.rankOf(table, rows.uuid(index), rows.text(index).toString());
      if (rank !== undefined) hits.push({ rows, index, rank });
      if (breath.due()) {
        await breath.rest();
        signal?.throwIfAborted();
      }
    }
  }
  return hits;
}
