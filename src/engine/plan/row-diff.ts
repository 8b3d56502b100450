/** Diff: in which columns two rows differ, runtime state aside. Pure. */

import { isRuntimeColumn, withoutRuntimeKeys } from '../../model/northbound/runtime.js';
import type { Row, Value } from '../../model/row/row.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { stringifyJson } from '../../ovsdb/json.js';

/** One column of a row, before and after; undefined is the column's default. */
export interface ColumnDiff {
  readonly column: ColumnSchema;
  readonly before: Value | undefined;
  readonly after: Value | undefined;
}

/** Equality of two values in plain notation, both sorted as canonical text is. */
export function equalValues(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return stringifyJson(a) === stringifyJson(b);
}

/** The columns to write so that `before` becomes `after`, in the order of their names. */
export function diffRows(table: TableSchema, before: Row, after: Row): readonly ColumnDiff[] {
  const diffs: ColumnDiff[] = [];
  for (const column of table.columns.values()) {
    const { name } = column;
    if (column.ephemeral || (before[name] === undefined && after[name] === undefined)) continue;
    if (isRuntimeColumn(table.name, name, after)) continue;
    const wanted = withRuntimeKeys(table, name, before[name], after[name]);
    if (!equalValues(before[name], wanted)) diffs.push({ column, before: before[name], after: wanted });
  }
  return diffs;
}

/** The map `after`, but with the runtime keys as they are in `before`. */
function withRuntimeKeys(
  table: TableSchema,
  column: string,
  before: Value | undefined,
  after: Value | undefined,
): Value | undefined {
  const configured = withoutRuntimeKeys(table, column, after);
  const rest = withoutRuntimeKeys(table, column, before);
  if (configured === after && rest === before) return after;
  const kept = Object.entries((before ?? {}) as Record<string, string>).filter(
    ([key]) => (rest as Record<string, string> | undefined)?.[key] === undefined,
  );
  const all = [...Object.entries((configured ?? {}) as Record<string, string>), ...kept].sort(([a], [b]) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  return all.length === 0 ? undefined : Object.fromEntries(all);
}
