/**
 * Gathers the rows of an archive into a snapshot, in memory or on scratch space. Every row is checked against the
 * schema, except rows whose bytes are known to be the ones that were packed.
 */

import { Breath } from '../../lib/breath.js';
import { AppError, messageOf } from '../../lib/error.js';
import type { Scratch } from '../../lib/scratch.js';
import { aboutDatabase } from '../../model/northbound/about-database.js';
import { encodeRow, isUuid, parseRow, type Row, RowError } from '../../model/row/row.js';
import { ContentDigest } from '../../model/snapshot/content-digest.js';
import { ScratchRows } from '../../model/snapshot/scratch-rows.js';
import { type Snapshot, type TableRows } from '../../model/snapshot/snapshot.js';
import { StoredRows } from '../../model/snapshot/stored-rows.js';
import {
  type ColumnSchema,
  type DatabaseSchema,
  readDatabaseSchema,
  SchemaError,
  type TableSchema,
} from '../../ovsdb/database-schema.js';
import { isObject, type Json, parseJson } from '../../ovsdb/json.js';

/** More rows are refused: no server holds so many, and each takes memory whatever is in it. */
export const ROWS_MAX = 10_000_000;

/** The same for tables, empty ones included. */
export const TABLES_MAX = 10_000;

/** What manifests and lists repeat of a schema: its version, names of tables. */
const SCHEMA_NAME_CHARACTERS_MAX = 100;

/** Rows as they come: in memory, or on scratch space where there is some. */
export type IncomingRows = StoredRows | ScratchRows;

export function incomingRows(table: string, scratch: Scratch | undefined): IncomingRows {
  return scratch === undefined ? new StoredRows(table) : new ScratchRows(table, scratch);
}

export class SnapshotBuilder {
  private readonly rows = new Map<string, IncomingRows>();

  constructor(
    readonly schema: DatabaseSchema,
    private readonly scratch?: Scratch,
  ) {}

  /** The schema of a table. @throws AppError INTEGRITY_FAILED when there is none */
  table(name: string): TableSchema {
    const table = this.schema.tables.get(name);
    if (table === undefined)
      throw new AppError(
        'INTEGRITY_FAILED',
        `The archive holds rows of a table "${name.slice(0, 100)}" that its own schema does not have. Remove ` +
          'that table, or complete the schema',
        { place: { table: name } },
      );
    return table;
  }

  /**
   * Adds a row in plain notation after checking it.
   * @throws AppError INTEGRITY_FAILED that names table, row and column
   */
  add(table: TableSchema, uuid: string, row: Row): void {
    this.addCanonical(
      table.name,
      uuid,
      canonicalText(table, uuid, () => row),
    );
  }

  /**
   * Adds a row from JSON text in plain notation, of any layout, after checking it.
   * @throws AppError INTEGRITY_FAILED
   */
  addText(table: TableSchema, uuid: string, text: Buffer): void {
    this.addCanonical(
      table.name,
      uuid,
      canonicalText(table, uuid, () => parseRow(text.toString())),
    );
  }

  /** Adds a row whose text is canonical. */
  addCanonical(table: string, uuid: string, text: Buffer | string): void {
    let rows = this.rows.get(table);
    if (rows === undefined) {
      rows = incomingRows(table, this.scratch);
      this.rows.set(table, rows);
    }
    rows.add(uuid, text);
  }

  /** Takes over all rows of a table; their texts are canonical. */
  adopt(rows: IncomingRows): void {
    this.rows.set(rows.table, rows);
  }

  /** Puts everything in order. @throws AppError INTEGRITY_FAILED on a row that occurs twice */
  async finish(): Promise<Snapshot> {
    const tables = new Map<string, TableRows>();
    for (const table of this.schema.tables.keys()) {
      const came = this.rows.get(table) ?? new StoredRows(table);
      const rows = came instanceof StoredRows ? await inOrder(came) : came;
      this.rows.delete(table);
      const twice = await rows.seal();
      if (twice !== undefined)
        throw new AppError(
          'INTEGRITY_FAILED',
          `The archive holds the row ${twice} of table ${table} twice. Remove one of the two`,
          { place: { table, label: twice } },
        );
      tables.set(table, rows);
    }
    return { schema: this.schema, tables };
  }
}

/** Reads a row and gives its canonical text. @throws AppError INTEGRITY_FAILED that names table, row and column */
export function canonicalText(table: TableSchema, uuid: string, read: () => Row): string {
  const place = placeOf(table.name, uuid);
  checkUuid(table.name, uuid);
  try {
    return encodeRow(table, read(), uuid);
  } catch (error) {
    if (error instanceof RowError)
      throw new AppError(
        'INTEGRITY_FAILED',
        `A row of the archive does not fit its schema: ${error.message}. Correct the row or the schema`,
        { cause: error, place },
      );
    // SyntaxError: no JSON; RangeError: nested past what any column can hold
    if (error instanceof SyntaxError || error instanceof RangeError)
      throw new AppError(
        'INTEGRITY_FAILED',
        `The archive's row ${table.name} ${uuid} is malformed: ${messageOf(error)}. Correct it`,
        { cause: error, place },
      );
    throw error;
  }
}

/** @throws AppError INTEGRITY_FAILED for what is no UUID */
export function checkUuid(table: string, uuid: string): void {
  if (isUuid(uuid)) return;
  const place = placeOf(table, uuid);
  throw new AppError(
    'INTEGRITY_FAILED',
    `The archive holds a row of table ${place.table} under "${place.label}", which is not a UUID. Correct it`,
    { place },
  );
}

/** @throws AppError TOO_LARGE when an archive of so many rows is refused */
export function checkRowCount(rows: number): void {
  if (rows > ROWS_MAX)
    throw new AppError(
      'TOO_LARGE',
      `The archive holds more than ${ROWS_MAX} rows, which is more than are read here. Split it, or take a ` +
        'backup of fewer rows',
    );
}

const placeOf = (table: string, uuid: string): { readonly table: string; readonly label: string } => ({
  table: table.slice(0, 100),
  label: uuid.slice(0, 100),
});

/** Reads one JSON value of the document. @throws AppError INTEGRITY_FAILED that names it */
export function readJson(text: string, what: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error;
    throw new AppError(
      'INTEGRITY_FAILED',
      `The archive's ${what} is no valid JSON: ${messageOf(error)}. Take another copy of the backup`,
      { cause: error },
    );
  }
}

/**
 * Reads the schema of an archive.
 * @param only the only database whose archives are read; any when left out
 * @throws AppError INTEGRITY_FAILED; BAD_USER_INPUT for another database
 */
export function readArchivedSchema(json: Json, only?: readonly string[]): DatabaseSchema {
  try {
    const tables = isObject(json) ? json['tables'] : undefined;
    if (isObject(tables) && Object.keys(tables).length > TABLES_MAX)
      throw new SchemaError(`It has more than ${TABLES_MAX} tables`);
    const schema = readDatabaseSchema(json);
    if (schema.version.length > SCHEMA_NAME_CHARACTERS_MAX)
      throw new SchemaError(`Its version has more than ${SCHEMA_NAME_CHARACTERS_MAX} characters`);
    if (only?.includes(schema.name) === false) throw otherDatabase(schema.name, schema.version, only);
    for (const table of schema.tables.values()) {
      if (table.name.length > SCHEMA_NAME_CHARACTERS_MAX)
        throw new SchemaError(`A table's name has more than ${SCHEMA_NAME_CHARACTERS_MAX} characters`);
      for (const column of table.columns.values()) checkLimits(table.name, column);
    }
    return schema;
  } catch (error) {
    // TypeError: a member is of a type that no schema has there. A server's schema is taken on trust, a file's is not
    if (!(error instanceof SchemaError) && !(error instanceof TypeError)) throw error;
    throw new AppError(
      'INTEGRITY_FAILED',
      `The archive's schema is malformed: ${error.message}. Take another copy of the backup`,
      { cause: error },
    );
  }
}

/** The error for a file of another database. */
export function otherDatabase(name: string, version: string | undefined, only: readonly string[]): AppError {
  const shown = name.slice(0, SCHEMA_NAME_CHARACTERS_MAX);
  const about = aboutDatabase(name);
  const [one = '', ...more] = [...new Set(only)];
  const file = more.length === 0 ? aboutDatabase(one)?.file : undefined;
  const names = more.length === 0 ? one : `${[one, ...more].slice(0, -1).join(', ')} and ${more.at(-1) ?? ''}`;
  return new AppError(
    'BAD_USER_INPUT',
    `The file is a backup of the database ${shown}${version === undefined ? '' : ` (version ${version})`}; only ` +
      `${names} ${more.length === 0 ? 'is' : 'are'} backed up and restored here. ` +
      `${about === undefined ? '' : `${about.what}. `}Send a file of ${more.length === 0 ? one : 'one of them'}` +
      (file === undefined ? '' : ` (ovsdb-server keeps it as ${file})`) +
      (about === undefined || about.isMade === true ? '' : `, or this one to a server with OVN_DB_NAME=${name}`),
  );
}

/** Limits that values are compared with have to be comparable. @throws SchemaError */
function checkLimits(table: string, column: ColumnSchema): void {
  for (const base of [column.key, column.value]) {
    if (base === undefined) continue;
    const numbers: readonly unknown[] = [
      base.minInteger,
      base.maxInteger,
      base.minReal,
      base.maxReal,
      base.minLength,
      base.maxLength,
    ];
    const isFit =
      numbers.every((limit) => limit === undefined || typeof limit === 'number' || typeof limit === 'bigint') &&
      (base.enum === undefined || Array.isArray(base.enum));
    if (!isFit)
      throw new SchemaError(`The limits of column ${table}.${column.name} are not numbers, or its enum is no set`);
  }
}

/** Tables that are smaller are sorted at once. */
const SORTED_AT_ONCE = 5_000;

/** The same rows in the order of their UUIDs, sorted in slices: sorting 100,000 at once would hold everybody up. */
async function inOrder(rows: StoredRows): Promise<StoredRows> {
  const breath = new Breath();
  let isInOrder = true;
  for (let i = 1; i < rows.count && isInOrder; i++) {
    isInOrder = rows.uuid(i - 1) <= rows.uuid(i);
    if (breath.due()) await breath.rest();
  }
  if (isInOrder || rows.count <= SORTED_AT_ONCE) return rows;
  const buckets = Array.from({ length: 256 }, (): number[] => []);
  for (let i = 0; i < rows.count; i++) {
    buckets[parseInt(rows.uuid(i).slice(0, 2), 16)]?.push(i);
    if (breath.due()) await breath.rest();
  }
  const sorted = new StoredRows(rows.table);
  for (const bucket of buckets) {
    bucket.sort((a, b) => (rows.uuid(a) < rows.uuid(b) ? -1 : 1));
    for (const i of bucket) {
      sorted.add(rows.uuid(i), rows.text(i));
      if (breath.due()) await breath.rest();
    }
  }
  return sorted;
}

/** The content digest of a snapshot (model/snapshot/content-digest.ts), computed in slices. */
export async function digestOf(snapshot: Snapshot): Promise<string> {
  const digest = new ContentDigest(snapshot.schema.name);
  const breath = new Breath(10, 64);
  for (const rows of snapshot.tables.values()) {
    if (rows.count === 0) continue;
    digest.table(rows.table);
    for (let i = 0; i < rows.count; i++) {
      digest.row(rows.uuid(i), rows.text(i));
      if (breath.due()) await breath.rest();
    }
  }
  return digest.end();
}
