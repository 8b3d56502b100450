/**
 * Rows of which no index keeps the same from coming twice: the ACLs of a switch, the routes of a router. What tells
 * them apart, their natural key, is looked for within the row that holds them. So a plan that puts one there is right
 * only as long as nobody else puts the same there.
 *
 * ovsdb-server cannot be asked what the rows of a set hold. It is asked which rows of the whole table have that natural
 * key, for which it looks at each of them. Where that is too much, or a row has no such key, the set is to be as it
 * was: then anything else that comes to it aborts as well.
 */
import type { Breath } from '../../lib/breath.js';
import { naturalKeyColumns, naturalKeyOf } from '../../model/northbound/natural-key.js';
import { type ReferenceColumn, referenceColumns, referencesIn } from '../../model/reference/reference.js';
import type { Row } from '../../model/row/row.js';
import { wireValue } from '../../model/row/wire-notation.js';
import type { ColumnSchema, DatabaseSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { condition, waitOperation } from '../../ovsdb/operation.js';
import { CHANGE, keepsAlive, NO_ROW, PlannedRows } from '../order/planned-row.js';
import { sortUpdate } from '../plan/part-edit.js';
import { type Plan, rowAfter, type TablePlan } from '../plan/table-plan.js';

/** So many rows of a table are asked for one by one, if ovsdb-server has to look at no more rows than this for all. */
const ROWS_MAX = 200;
const LOOKS_MAX = 5_000_000;

/** Whether the column holds such rows. */
export function holdsUnindexed(schema: DatabaseSchema, { key }: ReferenceColumn): boolean {
  return keepsAlive(schema, key) && schema.tables.get(key?.table ?? '')?.indexes.length === 0;
}

/** The guards of such rows that come to live ones, of a plan that is one transaction. */
export interface UnindexedGuards {
  readonly texts: readonly string[];
  /** Tables whose rows are asked for, so that the sets that hold them may change. */
  readonly tables: ReadonlySet<string>;
}

export async function unindexedGuards(plan: Plan, breath: Breath): Promise<UnindexedGuards> {
  const coming = await comingRows(plan, breath);
  const texts: string[] = [];
  const tables = new Set<string>();
  for (const draft of plan.tables) {
    const rows = coming.get(draft.table.name);
    if (rows === undefined || rows.length > ROWS_MAX || rows.length * draft.live.count > LOOKS_MAX) continue;
    const guards = await guardsOf(draft, rows, breath);
    if (guards === undefined) continue;
    tables.add(draft.table.name);
    texts.push(...guards);
  }
  return { texts, tables };
}

/** Table -> rows of it that come to sets of live rows; only the first few of too many. */
async function comingRows(plan: Plan, breath: Breath): Promise<ReadonlyMap<string, Row[]>> {
  const { schema } = plan.live;
  const coming = new Map<string, Row[]>();
  let known: PlannedRows | undefined;
  for (const { table, updates } of plan.tables) {
    const columns = new Map(
      referenceColumns(table)
        .filter((reference) => holdsUnindexed(schema, reference))
        .map((reference) => [reference.column, reference]),
    );
    for (const update of columns.size === 0 ? [] : updates.values()) {
      if (breath.due()) await breath.rest();
      for (const { column, come } of sortUpdate(table, update).parts) {
        const reference = columns.get(column);
        if (reference === undefined || come === undefined) continue;
        known ??= new PlannedRows(plan);
        for (const { table: to, uuid } of referencesIn(reference, come)) {
          const rows = coming.get(to) ?? [];
          coming.set(to, rows);
          const row = known.find(to, uuid, false);
          if (row !== NO_ROW && rows.length <= ROWS_MAX) rows.push(contentAfter(known, row));
        }
      }
    }
  }
  return coming;
}

function contentAfter(rows: PlannedRows, row: number): Row {
  const update = rows.changeOf(row) === CHANGE.UPDATE ? rows.update(row) : undefined;
  return update === undefined ? rows.content(row) : rowAfter(rows.content(row), update);
}

/** Undefined where one of the rows has no natural key that can be asked for. */
async function guardsOf(
  { table, live }: TablePlan,
  rows: readonly Row[],
  breath: Breath,
): Promise<readonly string[] | undefined> {
  const guards = new Map<string, { readonly where: string; readonly uuids: string[] }>();
  for (const row of rows) {
    const key = naturalKeyOf(table, row);
    const where = key === undefined ? undefined : whereKey(table, row);
    if (key === undefined || where === undefined) return undefined;
    guards.set(key, { where, uuids: [] });
  }
  for (let index = 0; index < live.count; index++) {
    const key = naturalKeyOf(table, live.row(index));
    if (key !== undefined) guards.get(key)?.uuids.push(live.uuid(index));
    if (breath.due()) await breath.rest();
  }
  return [...guards.values()].map(({ where, uuids }) => {
    const known = uuids.map((uuid) => `{"_uuid":["uuid","${uuid}"]}`);
    return waitOperation(table.name, where, ['_uuid'], `[${known.join(',')}]`);
  });
}

/** Picks the rows that have the natural key of this one. */
function whereKey(table: TableSchema, row: Row): string | undefined {
  const columns = (naturalKeyColumns(table, row) ?? []).flatMap(({ column, keys }): (ColumnSchema | undefined)[] => {
    const found = table.columns.get(column);
    // a column that this version of the schema lacks is in no row
    if (found === undefined) return [];
    return [keys === undefined && (found.kind === 'scalar' || found.kind === 'optional') ? found : undefined];
  });
  if (columns.length === 0 || columns.includes(undefined)) return undefined;
  const conditions = columns
    .filter((column) => column !== undefined)
    .map((column) => condition(column.name, '==', wireValue(column, row[column.name])));
  return `[${conditions.join(',')}]`;
}
