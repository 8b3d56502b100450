/**
 * Sets and maps that are changed by their parts: members come and go, keys of a map get other values. Whatever else is
 * in such a column is nobody's business here: it is not written, not guarded, and not verified. Pure.
 */
import { isRuntimeColumn } from '../../model/northbound/runtime.js';
import type { Atom, Value } from '../../model/row/row.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { deltaOf } from './plan-changes.js';
import type { ColumnDiff } from './row-diff.js';
import type { RowUpdate } from './table-plan.js';

/**
 * What comes to a set or a map and what goes from it, in the column's own shape. A weak reference goes from a column of
 * one, too.
 */
export interface PartEdit {
  readonly column: ColumnSchema;
  /** A key that gets another value is in both. */
  readonly come: Value | undefined;
  readonly go: Value | undefined;
}

/** An update, by how its columns are written. */
export interface SortedUpdate {
  readonly whole: readonly ColumnDiff[];
  readonly parts: readonly PartEdit[];
}

/** Whether the column may hold any number of members or keys, none included, and is part of no index. */
export function isByPart(table: TableSchema, { name, kind, min, max }: ColumnSchema): boolean {
  return (
    (kind === 'set' || kind === 'map') &&
    min === 0 &&
    max === Infinity &&
    !table.indexes.some((columns) => columns.includes(name))
  );
}

export function sortUpdate(table: TableSchema, { columns, members }: Omit<RowUpdate, 'liveIndex'>): SortedUpdate {
  return {
    whole: columns.filter(({ column }) => !isByPart(table, column)),
    parts: [
      ...columns
        .filter(({ column }) => isByPart(table, column))
        .map(({ column, before, after }) => {
          const { added: come, removed: go } = deltaOf(column, before, after);
          return { column, come, go };
        }),
      ...members.map(({ column, added: come, removed: go }) => ({ column, come, go })),
    ],
  };
}

/** The members of a set; of a column that holds one at most, that one. */
export function membersIn({ kind }: ColumnSchema, value: Value | undefined): readonly Atom[] {
  if (value === undefined) return [];
  return kind === 'set' ? (value as readonly Atom[]) : [value as Atom];
}

/** Of the columns that are written whole those of configuration: what is written at run time is not looked at. */
export function configured({ name: table }: TableSchema, whole: readonly ColumnDiff[]): readonly ColumnDiff[] {
  return whole.filter(({ column: { name } }) => !isRuntimeColumn(table, name, {}));
}
