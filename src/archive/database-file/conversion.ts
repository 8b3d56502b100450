/**
 * Converting replayed rows to another schema, as ovsdb-server does (ovsdb-server(7), "Schema Conversion"). Since OVS
 * 3.2 a cluster writes only the new schema into its log, and each member converts the rows that it has.
 *
 * Tables and columns that the new schema lacks are dropped; new columns are at their default. The other values are read
 * by the new types (converted-value.ts), and one that does not fit is an error. Then it is as after any transaction:
 * rows of non-root tables that nothing holds go, and weak references to rows that are not there.
 */
import { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import { heldRows } from '../../model/reference/holding.js';
import {
  type ReferenceColumn,
  referenceColumns,
  referencesIn,
  rewriteReferences,
} from '../../model/reference/reference.js';
import { convertedValue, isSameType } from '../../model/row/converted-value.js';
import { encodeRow, type Row, RowError, type Value } from '../../model/row/row.js';
import type { ColumnSchema, DatabaseSchema, TableSchema } from '../../ovsdb/database-schema.js';
import type { ReplayedTable } from './replayed-table.js';

type ReplayedTables = ReadonlyMap<string, ReplayedTable>;

/**
 * Converts the rows of all tables.
 * @param goOn called between rows; may throw
 * @returns the tables that the schema has
 * @throws AppError INTEGRITY_FAILED that names table, row and column when a row does not fit
 */
export async function convertTables(
  tables: ReplayedTables,
  schema: DatabaseSchema,
  goOn: () => void,
): Promise<Map<string, ReplayedTable>> {
  const converted = new Map<string, ReplayedTable>();
  for (const table of tables.values()) {
    const target = schema.tables.get(table.name);
    if (target === undefined) continue;
    await table.compact();
    const conversion = new RowConversion(table.schema, target);
    await table.rewrite(target, (row, uuid) => {
      goOn();
      return fitting(schema, target, uuid, () => conversion.row(row, uuid));
    });
    converted.set(table.name, table);
  }
  await dropUnheld(converted, schema, goOn);
  for (const table of converted.values()) await dropWeakReferences(table, converted, schema, goOn);
  return converted;
}

/** Rows of one table in another schema of the table. */
class RowConversion {
  private readonly gone: readonly string[];
  private readonly retyped: readonly (readonly [from: ColumnSchema, to: ColumnSchema])[];

  constructor(
    from: TableSchema,
    private readonly to: TableSchema,
  ) {
    const columns = [...from.columns.values()];
    this.gone = columns.filter(({ name }) => !to.columns.has(name)).map(({ name }) => name);
    this.retyped = columns.flatMap((column): (readonly [ColumnSchema, ColumnSchema])[] => {
      const target = to.columns.get(column.name);
      return target === undefined || isSameType(column, target) ? [] : [[column, target]];
    });
  }

  /** Undefined for a row that stays as it is. @throws RowError */
  row(row: Row, uuid: string): Row | undefined {
    if (this.retyped.length === 0 && !this.gone.some((name) => Object.hasOwn(row, name))) return undefined;
    const result = new Map(Object.entries(row));
    for (const name of this.gone) result.delete(name);
    for (const [from, to] of this.retyped) {
      const value = convertedValue(from, to, row[from.name], placeOf(this.to, uuid, to));
      if (value === undefined) result.delete(to.name);
      else result.set(to.name, value);
    }
    return Object.fromEntries(result);
  }
}

const placeOf = (table: TableSchema, uuid: string, { name }: ColumnSchema): string =>
  `${table.name} ${uuid}, column ${name}`;

/** The canonical text of what `read` answers, undefined where that is undefined. @throws AppError INTEGRITY_FAILED */
function fitting(
  { version }: DatabaseSchema,
  table: TableSchema,
  uuid: string,
  read: () => Row | undefined,
): string | undefined {
  try {
    const row = read();
    return row === undefined ? undefined : encodeRow(table, row, uuid);
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    throw new AppError(
      'INTEGRITY_FAILED',
      `The database file converts its rows to schema version ${version.slice(0, 100)}, which a row does not fit: ` +
        `${error.message}. Take another copy of the file, or the file of another member`,
      { cause: error, place: { table: table.name, label: uuid } },
    );
  }
}

async function dropUnheld(tables: ReplayedTables, schema: DatabaseSchema, goOn: () => void): Promise<void> {
  const breath = new Breath();
  for (const [name, held] of await heldRows(schema, tables, breath)) {
    const table = tables.get(name);
    for (let i = 0; table !== undefined && i < held.length; i++) {
      const uuid = held[i] === 1 ? undefined : table.uuid(i);
      if (uuid !== undefined) table.remove(uuid);
      goOn();
      if (breath.due()) await breath.rest();
    }
  }
}

async function dropWeakReferences(
  table: ReplayedTable,
  tables: ReplayedTables,
  schema: DatabaseSchema,
  goOn: () => void,
): Promise<void> {
  const columns = referenceColumns(table.schema).filter(
    ({ key, value }) => key?.strong === false || value?.strong === false,
  );
  if (columns.length === 0) return;
  const isThere = (to: string, uuid: string): boolean => tables.get(to)?.has(uuid) === true;
  await table.rewrite(table.schema, (row, uuid) => {
    goOn();
    return fitting(schema, table.schema, uuid, () =>
      withoutDangling(columns, row, isThere, (column) => placeOf(table.schema, uuid, column)),
    );
  });
}

/** The row without its weak references to rows that are not there; undefined when it has none. @throws RowError */
function withoutDangling(
  columns: readonly ReferenceColumn[],
  row: Row,
  isThere: (table: string, uuid: string) => boolean,
  place: (column: ColumnSchema) => string,
): Row | undefined {
  const changed: Record<string, Value | undefined> = {};
  for (const reference of columns) {
    const { column } = reference;
    const value = row[column.name];
    if (
      value === undefined ||
      referencesIn(reference, value).every(({ strong, table, uuid }) => strong || isThere(table, uuid))
    )
      continue;
    const kept = rewriteReferences(reference, value, (uuid, table) => (isThere(table, uuid) ? uuid : undefined));
    if (kept === undefined && column.min > 0)
      throw new RowError(`${place(column)}: refers to no row that is there, and a reference is needed`);
    changed[column.name] = kept;
  }
  if (Object.keys(changed).length === 0) return undefined;
  return Object.fromEntries(
    Object.entries({ ...row, ...changed }).filter((entry): entry is [string, Value] => entry[1] !== undefined),
  );
}
