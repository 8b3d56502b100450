/**
 * Gathers the rows of an archive into a snapshot. Every row is checked against the schema, except
 * rows whose bytes are known to be the ones that were packed.
 */
import { AppError, messageOf } from '../lib/error.js';
import { Breath } from '../lib/pause.js';
import { encodeRow, isUuid, parseRow, RowError, type Row } from '../model/row.js';
import { ContentDigest, StoredRows, type Snapshot, type TableRows } from '../model/snapshot.js';
import { readDatabaseSchema, SchemaError, type ColumnSchema, type DatabaseSchema, type TableSchema } from '../ovsdb/database-schema.js';
import { type Json, parseJson } from '../ovsdb/json.js';

export class SnapshotBuilder {
  private readonly rows = new Map<string, StoredRows>();

  constructor(readonly schema: DatabaseSchema) {}

  /** The schema of a table. @throws AppError INTEGRITY_FAILED when there is none */
  table(name: string): TableSchema {
    const table = this.schema.tables.get(name);
    if (table === undefined) throw new AppError('INTEGRITY_FAILED', `The archive holds rows of a table "${name.slice(0, 100)}" that its own schema does not have. Remove that table, or complete the schema`, { place: { table: name } });
    return table;
  }

  /** Adds a row in plain notation after checking it. @throws AppError INTEGRITY_FAILED that names table, row and column */
  add(table: TableSchema, uuid: string, row: Row): void {
    this.addCanonical(table.name, uuid, canonicalText(table, uuid, () => row));
  }

  /** Adds a row from JSON text in plain notation, of any layout, after checking it. @throws AppError INTEGRITY_FAILED */
  addText(table: TableSchema, uuid: string, text: Buffer): void {
    this.addCanonical(table.name, uuid, canonicalText(table, uuid, () => parseRow(text.toString())));
  }

  /** Adds a row whose text is canonical. */
  addCanonical(table: string, uuid: string, text: Buffer | string): void {
    let rows = this.rows.get(table);
    if (rows === undefined) {
      rows = new StoredRows(table);
      this.rows.set(table, rows);
    }
    rows.add(uuid, text);
  }

  /** Takes over all rows of a table; their texts are canonical. */
  adopt(rows: StoredRows): void {
    this.rows.set(rows.table, rows);
  }

  /** Puts everything in order. @throws AppError INTEGRITY_FAILED on a row that occurs twice */
  async finish(): Promise<Snapshot> {
    const tables = new Map<string, TableRows>();
    for (const table of this.schema.tables.keys()) {
      const rows = await inOrder(this.rows.get(table) ?? new StoredRows(table));
      this.rows.delete(table);
      const twice = rows.seal();
      if (twice !== undefined) throw new AppError('INTEGRITY_FAILED', `The archive holds the row ${twice} of table ${table} twice. Remove one of the two`, { place: { table, label: twice } });
      tables.set(table, rows);
    }
    return { schema: this.schema, tables };
  }
}

/** Reads a row and gives its canonical text. @throws AppError INTEGRITY_FAILED that names table, row and column */
export function canonicalText(table: TableSchema, uuid: string, read: () => Row): string {
  const place = { table: table.name, label: uuid.slice(0, 100) };
  if (!isUuid(uuid)) throw new AppError('INTEGRITY_FAILED', `The archive holds a row of table ${table.name} under "${place.label}", which is not a UUID. Correct it`, { place });
  try {
    return encodeRow(table, read(), uuid);
  } catch (error) {
    if (error instanceof RowError) throw new AppError('INTEGRITY_FAILED', `A row of the archive does not fit its schema: ${error.message}. Correct the row or the schema`, { cause: error, place });
    // SyntaxError: no JSON; RangeError: nested past what any column can hold
    if (error instanceof SyntaxError || error instanceof RangeError) throw new AppError('INTEGRITY_FAILED', `The archive's row ${table.name} ${uuid} is malformed: ${messageOf(error)}. Correct it`, { cause: error, place });
    throw error;
  }
}

/** Reads one JSON value of the document. @throws AppError INTEGRITY_FAILED that names it */
export function readJson(text: string, what: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error;
    throw new AppError('INTEGRITY_FAILED', `The archive's ${what} is no valid JSON: ${messageOf(error)}. Take another copy of the backup`, { cause: error });
  }
}

/** Reads the schema of the document. @throws AppError INTEGRITY_FAILED */
export function readArchivedSchema(json: Json): DatabaseSchema {
  try {
    const schema = readDatabaseSchema(json);
    for (const table of schema.tables.values()) for (const column of table.columns.values()) checkLimits(table.name, column);
    return schema;
  } catch (error) {
    // TypeError: a member is of a type that no schema has there. A server's schema is taken on trust, a file's is not
    if (!(error instanceof SchemaError) && !(error instanceof TypeError)) throw error;
    throw new AppError('INTEGRITY_FAILED', `The archive's schema is malformed: ${error.message}. Take another copy of the backup`, { cause: error });
  }
}

/** Limits that values are compared with have to be comparable. @throws SchemaError */
function checkLimits(table: string, column: ColumnSchema): void {
  for (const base of [column.key, column.value]) {
    if (base === undefined) continue;
    const numbers: readonly unknown[] = [base.minInteger, base.maxInteger, base.minReal, base.maxReal, base.minLength, base.maxLength];
    const isFit = numbers.every((limit) => limit === undefined || typeof limit === 'number' || typeof limit === 'bigint') && (base.enum === undefined || Array.isArray(base.enum));
    if (!isFit) throw new SchemaError(`The limits of column ${table}.${column.name} are not numbers, or its enum is no set`);
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

/** The content digest of a snapshot (model/snapshot.ts), computed in slices. */
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
