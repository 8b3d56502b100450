/**
 * Identity: which live row is this row of the backup?
 *
 * In this order: the pairs that somebody gave (resource mapping); the same UUID in the same table; the
 * schema's index; the only row of a table that holds one; the natural key of natural-key.ts, which for a row of a
 * non-root table is taken within its matched holder. Where a key fits several rows, or a row has none, pairing.ts
 * looks at everything about them. A row that is left over on one side stays without a match.
 */
import type { Breath } from '../../lib/breath.js';
import { naturalKeyOf } from '../../model/northbound/natural-key.js';
import type { Row } from '../../model/row/row.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { type Json, stringifyJson } from '../../ovsdb/json.js';
import { Pairing } from './pairing.js';
import { type MatchSide, NO_MATCH, RowMatches } from './row-matches.js';

export { NO_MATCH } from './row-matches.js';

export interface Identity {
  /** Table -> for each row of the backup the number of its live row, or NO_MATCH. */
  readonly matches: ReadonlyMap<string, Int32Array>;
  /** Table -> for each live row 1 when a row of the backup is matched with it. */
  readonly matched: ReadonlyMap<string, Uint8Array>;
  /** UUID in the backup -> UUID in the database, for matched rows where they differ. */
  readonly translation: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** For each live row of a table the number of its row in the backup, or NO_MATCH. @param matches the table's */
export function rowsOfBackup(matches: Int32Array | undefined, liveRows: number): Int32Array {
  const found = new Int32Array(liveRows).fill(NO_MATCH);
  matches?.forEach((liveIndex, index) => {
    if (liveIndex !== NO_MATCH) found[liveIndex] = index;
  });
  return found;
}

/** A row of the backup that is said to be a certain live row. */
export interface RowPair {
  readonly table: string;
  readonly backupIndex: number;
  readonly liveIndex: number;
}

export interface IdentifyOptions {
  /** Linked before everything else. No row may be in two of them. */
  readonly pairs?: readonly RowPair[];
}

/** Matches every row. Both snapshots must have the same schema (adapt.ts sees to it). */
export async function identify(
  backup: Snapshot,
  live: Snapshot,
  breath: Breath,
  options: IdentifyOptions = {},
): Promise<Identity> {
  const matching = new RowMatches(backup, live);
  const { pairs = [] } = options;
  for (const pair of pairs) linkPair(matching, pair);
  await matching.linkSameUuids(breath);
  let warnings: readonly string[] = [];
  const open = matching.tables.flatMap((table, number) => (matching.isOpen(number) ? [{ table, number }] : []));
  for (const { table, number } of open) await linkByIndex(matching, table, number, breath);
  for (const { table, number } of open) {
    if (table.isRoot && table.indexes.length === 0)
      await linkByKey(matching, number, (row) => naturalKeyOf(table, row), breath);
  }
  if (open.some(({ table, number }) => table.indexes.length === 0 && matching.isOpen(number))) {
    const pairing = await Pairing.prepare(matching, pairs.length === 0, breath);
    await pairing.run();
    ({ warnings } = pairing);
  }
  return { matches: matching.matches(), matched: matching.matched(), translation: matching.translation, warnings };
}

function linkPair(matching: RowMatches, { table, backupIndex, liveIndex }: RowPair): void {
  const number = matching.numberOf(table);
  if (number !== undefined)
    matching.link(matching.backup.range(number)[0] + backupIndex, matching.live.range(number)[0] + liveIndex);
}

async function linkByIndex(matching: RowMatches, table: TableSchema, number: number, breath: Breath): Promise<void> {
  if (table.maxRows === 1) await linkByKey(matching, number, () => '', breath);
  for (const columns of table.indexes)
    await linkByKey(
      matching,
      number,
      (row) => stringifyJson(columns.map((column): Json => row[column] ?? null)),
      breath,
    );
}

/** Links rows without a match whose keys are equal, and on each side the only ones of that key. */
async function linkByKey(
  matching: RowMatches,
  table: number,
  keyOf: (row: Row) => string | undefined,
  breath: Breath,
): Promise<void> {
  if (!matching.isOpen(table)) return;
  const inBackup = await nodesByKey(matching.backup, table, keyOf, breath);
  if (inBackup.size === 0) return;
  const inLive = await nodesByKey(matching.live, table, keyOf, breath);
  for (const [key, node] of inBackup) {
    const candidate = inLive.get(key) ?? SEVERAL;
    if (node !== SEVERAL && candidate !== SEVERAL) matching.link(node, candidate);
  }
}

const SEVERAL = -1;

async function nodesByKey(
  side: MatchSide,
  table: number,
  keyOf: (row: Row) => string | undefined,
  breath: Breath,
): Promise<ReadonlyMap<string, number>> {
  const nodes = new Map<string, number>();
  const [from, to] = side.range(table);
  for (let node = from; node < to; node++) {
    if (!side.isOpen(node)) continue;
    const key = keyOf(side.row(node));
    if (key !== undefined) nodes.set(key, nodes.has(key) ? SEVERAL : node);
    if (breath.due()) await breath.rest();
  }
  return nodes;
}
