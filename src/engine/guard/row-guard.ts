/** Guards: operations that abort a transaction when the database is no longer what the plan was made from. */

import { naturalKey } from '../../model/northbound/natural-key.js';
import { nameOf } from '../../model/northbound/noun.js';
import { isRuntimeColumn } from '../../model/northbound/runtime.js';
import type { Row } from '../../model/row/row.js';
import { wireRow, wireValue } from '../../model/row/wire-notation.js';
import type { TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { waitOperation } from '../../ovsdb/operation.js';
import type { ColumnDiff } from '../plan/row-diff.js';
import { OUTCOME, type Plan } from '../plan/table-plan.js';

const whereUuid = (uuid: string): string => `[["_uuid","==",["uuid","${uuid}"]]]`;

/** The row must still be there, whatever it holds. */
export function existenceGuard(table: TableSchema, uuid: string): string {
  return waitOperation(table.name, whereUuid(uuid), ['_uuid'], `[{"_uuid":["uuid","${uuid}"]}]`);
}

/** The row's columns must be as they were. */
export function updateGuard(table: TableSchema, uuid: string, columns: readonly ColumnDiff[]): string {
  const before = columns.map(
    ({ column, before: value }) => `${JSON.stringify(column.name)}:${wireValue(column, value)}`,
  );
  return waitOperation(
    table.name,
    whereUuid(uuid),
    columns.map(({ column }) => column.name),
    `[{${before.join(',')}}]`,
  );
}

/** A row that is to be deleted must be as it was. @param isLoose names columns that may have changed */
export function deleteGuard(
  table: TableSchema,
  live: TableRows,
  index: number,
  isLoose: (column: string) => boolean = () => false,
): string {
  const row = live.row(index);
  const columns = [...table.columns.values()]
    .filter(({ name, ephemeral }) => !ephemeral && !isRuntimeColumn(table.name, name, row) && !isLoose(name))
    .map(({ name }) => name);
  return waitOperation(table.name, whereUuid(live.uuid(index)), columns, `[${wireRow(table, pick(row, columns))}]`);
}

function pick(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(columns.flatMap((column) => (row[column] === undefined ? [] : [[column, row[column]]])));
}

/** A wait on a name scans its table: past this many the guard would cost more than the restore. */
const ABSENCE_GUARDS_MAX = 200;

/** What must not be there: the guard of a row of the backup that is to be inserted. */
export interface AbsenceGuard {
  readonly table: TableSchema;
  readonly index: number;
  readonly name: string;
  /** The same for rows of one name. */
  readonly text: string;
}

/**
 * Nobody may have created a row of the same name meanwhile. UUIDs and indexes are guarded by the server
 * itself; this is for root tables whose names have no index (switches, routers, load balancers).
 */
export function* absenceGuards(plan: Plan): Generator<AbsenceGuard> {
  let count = 0;
  for (const { table, backup, live, outcomes } of plan.tables) {
    if (!table.isRoot || table.indexes.length > 0 || naturalKey(table.name)?.[0] !== 'name') continue;
    const inserted: { readonly index: number; readonly name: string }[] = [];
    for (let index = 0; index < backup.count && count < ABSENCE_GUARDS_MAX; index++) {
      if (outcomes[index] !== OUTCOME.INSERT) continue;
      count++;
      const name = nameOf(backup.row(index));
      if (name !== undefined) inserted.push({ index, name });
    }
    if (inserted.length === 0) continue;
    const taken = new Set<string | undefined>();
    for (let i = 0; i < live.count; i++) taken.add(nameOf(live.row(i)));
    for (const { index, name } of inserted)
      if (!taken.has(name))
        yield {
          table,
          index,
          name,
          text: waitOperation(table.name, `[["name","==",${JSON.stringify(name)}]]`, ['name'], '[]'),
        };
  }
}
