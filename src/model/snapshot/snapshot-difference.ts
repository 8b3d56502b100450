/** What differs between two snapshots of one database, row by row, each row known by its UUID. */
import { Breath } from '../../lib/breath.js';
import { stringifyJson } from '../../ovsdb/json.js';
import type { Row, Value } from '../row/row.js';
import type { Snapshot, TableRows } from './snapshot.js';

export interface TableDifference {
  readonly before: TableRows;
  readonly after: TableRows;
  /** Numbers among `after`. */
  readonly inserted: readonly number[];
  /** Numbers among `before` and among `after`. */
  readonly updated: readonly (readonly [before: number, after: number])[];
  /** Numbers among `before`. */
  readonly deleted: readonly number[];
}

export interface SnapshotDifference {
  /** Tables that differ, in the order of their names. */
  readonly tables: readonly TableDifference[];
  readonly counts: DifferenceCounts;
}

/** Rows. */
export interface DifferenceCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/** Compares two snapshots of the same schema. */
export async function snapshotDifference(before: Snapshot, after: Snapshot): Promise<SnapshotDifference> {
  const breath = new Breath();
  const tables: TableDifference[] = [];
  for (const [name, rows] of after.tables) {
    const rowsBefore = before.tables.get(name);
    if (rowsBefore === undefined || rowsBefore === rows) continue;
    const difference = await tableDifference(rowsBefore, rows, breath);
    if (difference !== undefined) tables.push(difference);
  }
  const count = (rows: (table: TableDifference) => readonly unknown[]): number =>
    tables.reduce((sum, table) => sum + rows(table).length, 0);
  return {
    tables,
    counts: {
      inserted: count(({ inserted }) => inserted),
      updated: count(({ updated }) => updated),
      deleted: count(({ deleted }) => deleted),
    },
  };
}

/** Both sides are in the order of their UUIDs, so that one pass finds everything. Undefined where nothing differs. */
async function tableDifference(
  before: TableRows,
  after: TableRows,
  breath: Breath,
): Promise<TableDifference | undefined> {
  const inserted: number[] = [];
  const updated: (readonly [number, number])[] = [];
  const deleted: number[] = [];
  let i = 0;
  let k = 0;
  while (i < before.count || k < after.count) {
    const ours = i < before.count ? before.uuid(i) : undefined;
    const theirs = k < after.count ? after.uuid(k) : undefined;
    if (theirs === undefined || (ours !== undefined && ours < theirs)) {
      deleted.push(i++);
    } else if (ours === undefined || theirs < ours) {
      inserted.push(k++);
    } else {
      if (!before.text(i).equals(after.text(k))) updated.push([i, k]);
      i++;
      k++;
    }
    if (breath.due()) await breath.rest();
  }
  if (inserted.length + updated.length + deleted.length === 0) return undefined;
  return { before, after, inserted, updated, deleted };
}

/** A column of a row before and after. What is left out is the default of the column. */
export type ColumnChange = { readonly before?: Value; readonly after?: Value };

/** The columns in which two rows differ. Pure. */
export function columnChanges(before: Row, after: Row): { readonly [column: string]: ColumnChange } {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changes: Record<string, ColumnChange> = {};
  for (const name of [...names].sort()) {
    const [was, is] = [before[name], after[name]];
    if (was !== undefined && is !== undefined && stringifyJson(was) === stringifyJson(is)) continue;
    changes[name] = { ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) };
  }
  return changes;
}
