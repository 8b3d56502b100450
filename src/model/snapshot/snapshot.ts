/**
 * A snapshot: a schema, and every row of a database at one instant.
 *
 * Rows are kept as bytes outside the JavaScript heap and read one by one: 300,000 rows as
 * objects would cost gigabytes and the event loop. Equality of rows is equality of bytes (row.ts).
 */
import type { DatabaseSchema } from '../../ovsdb/database-schema.js';
import type { Row } from '../row/row.js';

export interface Snapshot {
  readonly schema: DatabaseSchema;
  /** Every table of the schema in the order of names, also the empty ones. */
  readonly tables: ReadonlyMap<string, TableRows>;
}

/** The rows of one table, numbered in the order of their UUIDs. */
export interface TableRows {
  readonly table: string;
  readonly count: number;
  uuid(index: number): string;
  /** Number of the row with this UUID, undefined when it is not here. */
  find(uuid: string): number | undefined;
  /**
   * Canonical text of a row (UTF-8). Valid until the next call of text() on any table of
   * the snapshot: copy it to keep it.
   */
  text(index: number): Buffer;
  row(index: number): Row;
}

/** Number of rows in all tables. */
export function countRows(snapshot: Snapshot): number {
  let count = 0;
  for (const rows of snapshot.tables.values()) count += rows.count;
  return count;
}

/** Table -> number of rows, tables without rows left out. */
export function countTables(snapshot: Snapshot): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...snapshot.tables.values()].filter((rows) => rows.count > 0).map((rows) => [rows.table, rows.count]),
  );
}
