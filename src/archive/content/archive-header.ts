/**
 * The archive header: what an archive says itself of the backup, under "manifest" in a document. It holds nothing
 * that is known only after packing (sizes, checksums): those stand in the manifest, the `.meta` file beside it.
 */
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import type { DifferenceCounts } from '../../model/snapshot/snapshot-difference.js';
import { isObject, type Json, type JsonObject } from '../../ovsdb/json.js';

const PARENT_ID_CHARACTERS_MAX = 200;

/** What an incremental backup builds on. */
export interface ParentLink {
  readonly id: string;
  /** Of the parent's whole state. */
  readonly contentDigest: string;
}

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
  readonly type: 'FULL' | 'SELECTIVE' | 'INCREMENTAL';
  /** Of an incremental backup, and of no other. */
  readonly parent?: ParentLink;
  /** Of an incremental backup: how many rows changed since its parent. */
  readonly changes?: DifferenceCounts;
  /**
   * Of a selective backup, or an incremental one that builds on one: what was asked for. Restoring it exactly deletes
   * nothing outside of it.
   */
  readonly resourceFilter?: JsonObject;
  /** Of a selective backup: rows that nobody named and that came along, each with its reason. */
  readonly pulledIn?: readonly JsonObject[];
  /** Table -> number of rows of the whole state, tables without rows left out. */
  readonly tables: Readonly<Record<string, number>>;
  readonly rowCount: number;
}

/** The header of the same backup with all its rows, which builds on none. */
export function wholeHeader({ parent: _parent, changes: _changes, ...header }: ArchiveHeader): ArchiveHeader {
  return { ...header, type: header.resourceFilter === undefined ? 'FULL' : 'SELECTIVE' };
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
    parent: header.parent === undefined ? undefined : { ...header.parent },
    changes: header.changes === undefined ? undefined : { ...header.changes },
    resourceFilter: header.resourceFilter,
    pulledIn: header.pulledIn,
    tables: header.tables,
    rowCount: header.rowCount,
  });
}

/**
 * Reads the header of a document. Members that are not known are passed over.
 * @throws AppError INTEGRITY_FAILED
 */
export function readHeader(json: Json): ArchiveHeader {
  if (!isObject(json)) throw malformed('it is not an object');
  const { type, tables, description, resourceFilter, pulledIn } = json;
  if (type !== 'FULL' && type !== 'SELECTIVE' && type !== 'INCREMENTAL')
    throw malformed('"type" is none of "FULL", "SELECTIVE" and "INCREMENTAL"; this version reads no other backups');
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
    parent: type === 'INCREMENTAL' ? readParent(json['parent']) : undefined,
    changes: type === 'INCREMENTAL' ? readChangeCounts(json['changes']) : undefined,
    resourceFilter: type !== 'FULL' && isObject(resourceFilter) ? resourceFilter : undefined,
    pulledIn: Array.isArray(pulledIn) ? (pulledIn as readonly Json[]).filter(isObject) : undefined,
    tables: Object.fromEntries(Object.keys(tables).map((table) => [table, count(tables, table)])),
    rowCount: count(json, 'rowCount'),
  });
}

function readParent(json: Json | undefined): ParentLink {
  if (!isObject(json)) throw malformed('"parent" of an incremental backup is not an object');
  const [id, contentDigest] = [text(json, 'id'), text(json, 'contentDigest')];
  if (id === '' || id.length > PARENT_ID_CHARACTERS_MAX) throw malformed('the id in "parent" is none');
  if (!/^sha256:[0-9a-f]{64}$/.test(contentDigest)) throw malformed('"contentDigest" in "parent" is no digest');
  return { id, contentDigest };
}

function readChangeCounts(json: Json | undefined): DifferenceCounts {
  if (!isObject(json)) throw malformed('"changes" of an incremental backup is not an object');
  return { inserted: count(json, 'inserted'), updated: count(json, 'updated'), deleted: count(json, 'deleted') };
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
