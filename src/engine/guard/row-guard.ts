/** Guards: operations that abort a transaction when the database is no longer what the plan was made from. */

import { isRuntimeColumn, runtimeKeys, withoutRuntimeKeys } from '../../model/northbound/runtime.js';
import type { Row, Value } from '../../model/row/row.js';
import { wireRow, wireValue } from '../../model/row/wire-notation.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { condition, mutateOperation, mutation, waitOperation, whereRow } from '../../ovsdb/operation.js';

/** A column, and what must be in it. */
export interface GuardedColumn {
  readonly column: ColumnSchema;
  readonly before: Value | undefined;
}

/** Members of a set or pairs of a map, in the column's own shape. */
export interface GuardedPart {
  readonly column: ColumnSchema;
  readonly part: Value;
}

/** What a row must hold. */
export interface RowState {
  readonly columns?: readonly GuardedColumn[];
  /** What must be in a column, whatever else is. */
  readonly includes?: readonly GuardedPart[];
  /** What must not be in a column. */
  readonly excludes?: readonly GuardedPart[];
}

/** A row must hold what both say. A column that both name is as the latter says. */
export function bothStates(one: RowState, other: RowState): RowState {
  const columns = [...(one.columns ?? []), ...(other.columns ?? [])];
  return {
    columns: [...new Map(columns.map((guarded) => [guarded.column, guarded])).values()],
    includes: [...(one.includes ?? []), ...(other.includes ?? [])],
    excludes: [...(one.excludes ?? []), ...(other.excludes ?? [])],
  };
}

/** The row must still be there, and hold this. */
export function rowGuard(
  table: TableSchema,
  uuid: string,
  { columns = [], includes = [], excludes = [] }: RowState = {},
): string {
  const where = whereRow(uuid, [
    ...includes.map(({ column, part }) => condition(column.name, 'includes', wireValue(column, part))),
    ...excludes.map(({ column, part }) => condition(column.name, 'excludes', wireValue(column, part))),
  ]);
  if (columns.length === 0) return waitOperation(table.name, where, ['_uuid'], `[{"_uuid":["uuid","${uuid}"]}]`);
  const values = columns.map(({ column, before }) => `${JSON.stringify(column.name)}:${wireValue(column, before)}`);
  const names = columns.map(({ column }) => column.name);
  return waitOperation(table.name, where, names, `[{${values.join(',')}}]`);
}

/**
 * A row that is to be deleted must be as it was. Keys that are written at run time are taken out of it first: it is
 * deleted anyway, and what is left can be compared.
 * @param isLoose names columns that may have changed
 */
export function deleteGuards(
  table: TableSchema,
  { uuid, row }: { readonly uuid: string; readonly row: Row },
  isLoose: (column: string) => boolean = () => false,
): readonly string[] {
  const columns = [...table.columns.values()].filter(
    ({ name, ephemeral }) => !ephemeral && !isRuntimeColumn(table.name, name, row) && !isLoose(name),
  );
  const written = columns.flatMap(({ name, kind }) => {
    const keys = kind === 'map' ? [...runtimeKeys(table, name)] : [];
    return keys.length === 0 ? [] : [mutation(name, 'delete', JSON.stringify(['set', keys]))];
  });
  const expected = Object.fromEntries(
    columns.flatMap(({ name }) => {
      const value = withoutRuntimeKeys(table, name, row[name]);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const names = columns.map(({ name }) => name);
  const guard = waitOperation(table.name, whereRow(uuid), names, `[${wireRow(table, expected)}]`);
  return written.length === 0 ? [guard] : [mutateOperation(table.name, uuid, `[${written.join(',')}]`), guard];
}
