/** Guards: operations that abort a transaction when the database is no longer what the plan was made from. */

import { isRuntimeColumn } from '../../model/northbound/runtime.js';
import type { Row, Value } from '../../model/row/row.js';
import { wireAtom, wireRow, wireValue } from '../../model/row/wire-notation.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { waitOperation } from '../../ovsdb/operation.js';

/** A column, and what must be in it. */
export interface GuardedColumn {
  readonly column: ColumnSchema;
  readonly before: Value | undefined;
}

/** A set, and members that must be in it, whatever else is. */
export interface GuardedMembers {
  readonly column: ColumnSchema;
  readonly uuids: readonly string[];
}

/** The row must still be there, and hold this. */
export function rowGuard(
  table: TableSchema,
  uuid: string,
  columns: readonly GuardedColumn[] = [],
  members: readonly GuardedMembers[] = [],
): string {
  const values = columns.map(({ column, before }) => `${JSON.stringify(column.name)}:${wireValue(column, before)}`);
  const names = columns.map(({ column }) => column.name);
  return waitOperation(
    table.name,
    `[${[`["_uuid","==",["uuid","${uuid}"]]`, ...members.map(includes)].join(',')}]`,
    names.length === 0 ? ['_uuid'] : names,
    names.length === 0 ? `[{"_uuid":["uuid","${uuid}"]}]` : `[{${values.join(',')}}]`,
  );
}

function includes({ column, uuids }: GuardedMembers): string {
  const atoms = uuids.map((uuid) => wireAtom(column.key, uuid)).join(',');
  return `[${JSON.stringify(column.name)},"includes",["set",[${atoms}]]]`;
}

/** A row that is to be deleted must be as it was. @param isLoose names columns that may have changed */
export function deleteGuard(
  table: TableSchema,
  { uuid, row }: { readonly uuid: string; readonly row: Row },
  isLoose: (column: string) => boolean = () => false,
): string {
  const columns = [...table.columns.values()]
    .filter(({ name, ephemeral }) => !ephemeral && !isRuntimeColumn(table.name, name, row) && !isLoose(name))
    .map(({ name }) => name);
  const where = `[["_uuid","==",["uuid","${uuid}"]]]`;
  return waitOperation(table.name, where, columns, `[${wireRow(table, pick(row, columns))}]`);
}

function pick(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(columns.flatMap((column) => (row[column] === undefined ? [] : [[column, row[column]]])));
}
