/**
 * Rows of which no index keeps the same from coming twice: the ACLs of a switch, the routes of a router. What tells
 * them apart is looked for within the row that holds them. So a plan that puts one there is right only as long as that
 * row holds what it held.
 */
import { type ReferenceColumn, referenceColumns } from '../../model/reference/reference.js';
import type { DatabaseSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { keepsAlive } from '../order/planned-row.js';
import type { ColumnDiff } from '../plan/row-diff.js';
import type { MemberUpdate, RowUpdate } from '../plan/table-plan.js';

/** Whether the column holds such rows. */
export function holdsUnindexed(schema: DatabaseSchema, { key }: ReferenceColumn): boolean {
  return keepsAlive(schema, key) && schema.tables.get(key?.table ?? '')?.indexes.length === 0;
}

/** Of an update the columns that must be as they were. Where members only come and go, others may come and go, too. */
export function guardedColumns(
  schema: DatabaseSchema,
  table: TableSchema,
  { columns, members }: Pick<RowUpdate, 'columns' | 'members'>,
): readonly (ColumnDiff | MemberUpdate)[] {
  const unindexed = new Set(
    referenceColumns(table)
      .filter((reference) => holdsUnindexed(schema, reference))
      .map(({ column }) => column),
  );
  return [...columns, ...members.filter(({ column, added }) => added !== undefined && unindexed.has(column))];
}
