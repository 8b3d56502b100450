/**
 * The archive header: what an archive says itself of the backup, under "manifest" in a document. It holds nothing
 * that is known only after packing (sizes, checksums): those stand in the manifest, the `.meta` file beside it.
 */
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import { isObject, type Json, type JsonObject } from '../../ovsdb/json.js';

export interface ArchiveHeader {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  /** The subject that made the backup. */
  readonly createdBy: string;
  /** The configured id of the database it was taken from. */
  readonly database: string;
  readonly schemaName: string;
  readonly schemaVersion: string;
  readonly type: 'FULL' | 'SELECTIVE';
  /** Of a selective backup: what was asked for. Restoring it exactly deletes nothing outside of it. */
  readonly resourceFilter?: JsonObject;
  /** Of a selective backup: rows that nobody named and that came along, each with its reason. */
  readonly pulledIn?: readonly JsonObject[];
  /** Table -> number of rows, tables without rows left out. */
  readonly tables: Readonly<Record<string, number>>;
  readonly rowCount: number;
}

/** The header as it stands in a document, members in this order. */
export function headerJson(header: ArchiveHeader): JsonObject {
  return defined({
    id: header.id,
    name: header.name,
    description: header.description,
    createdAt: header.createdAt,
    createdBy: header.createdBy,
    database: header.database,
    schemaName: header.schemaName,
    schemaVersion: header.schemaVersion,
    type: header.type,
    resourceFilter: header.resourceFilter,
    pulledIn: header.pulledIn,
    tables: header.tables,
    rowCount: header.rowCount,
  });
}

/**
 * Reads the header of a document. Members that version 1 does not know are passed over.
 * @throws AppError INTEGRITY_FAILED
 */
export function readHeader(json: Json): ArchiveHeader {
  if (!isObject(json)) throw malformed('it is not an object');
  const { type, tables, description, resourceFilter, pulledIn } = json;
  if (type !== 'FULL' && type !== 'SELECTIVE')
    throw malformed('"type" is neither "FULL" nor "SELECTIVE"; this version reads no other backups');
  if (type === 'SELECTIVE' && !isObject(resourceFilter))
    throw malformed('"resourceFilter" of a selective backup is not an object');
  if (!isObject(tables)) throw malformed('"tables" is not an object of row counts');
  const backupType: ArchiveHeader['type'] = type;
  return defined({
    id: text(json, 'id'),
    name: text(json, 'name'),
    description: description === undefined ? undefined : text(json, 'description'),
    createdAt: instantText(json, 'createdAt'),
    createdBy: text(json, 'createdBy'),
    database: text(json, 'database'),
    schemaName: text(json, 'schemaName'),
    schemaVersion: text(json, 'schemaVersion'),
    type: backupType,
    resourceFilter: type === 'SELECTIVE' && isObject(resourceFilter) ? resourceFilter : undefined,
    pulledIn: Array.isArray(pulledIn) ? (pulledIn as readonly Json[]).filter(isObject) : undefined,
    tables: Object.fromEntries(Object.keys(tables).map((table) => [table, count(tables, table)])),
    rowCount: count(json, 'rowCount'),
  });
}

function text(json: JsonObject, member: string): string {
  const value = json[member];
  if (typeof value !== 'string') throw malformed(`"${member}" is not a string`);
  return value;
}

function instantText(json: JsonObject, member: string): string {
  const value = text(json, member);
  if (Number.isNaN(Date.parse(value))) throw malformed(`"${member}" is not a time`);
  return value;
}

function count(json: JsonObject, member: string): number {
  const value = json[member];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw malformed(`"${member}" is not a count`);
  return value;
}

function malformed(what: string): AppError {
  return new AppError(
    'INTEGRITY_FAILED',
    `The archive's manifest is malformed: ${what}. Take another copy of the backup, or remove the manifest to ` +
      'import the rows alone',
  );
}
