/**
 * Compatibility: a backup carries its own schema; to be compared with a live database its rows are
 * read in the live schema. What the live schema lacks is lost, and each loss is named.
 */
import { AppError, messageOf, type Problem } from '../lib/error.js';
import type { Breath } from '../lib/pause.js';
import type { ColumnSchema, DatabaseSchema, TableSchema } from '../ovsdb/database-schema.js';
import { stringifyJson, type Json } from '../ovsdb/json.js';
import { encodeRow, encodeValue, type Atom, type Row, type Value } from '../model/row.js';
import { StoredRows, type Snapshot } from '../model/snapshot.js';
import { labelOf } from './label.js';

export interface Adaptation {
  readonly snapshot: Snapshot;
  /** Columns, values and tables that were left out. */
  readonly losses: readonly string[];
}

const LOSSES_MAX = 100;

/** True when rows of one schema are rows of the other as they stand. A cluster drops "ephemeral" from its schema. */
export function isSameSchema(a: DatabaseSchema, b: DatabaseSchema): boolean {
  return a.name === b.name && stringifyJson(plain(a.json['tables'] ?? null)) === stringifyJson(plain(b.json['tables'] ?? null));
}

function plain(json: Json): Json {
  if (Array.isArray(json)) return json.map(plain);
  if (json === null || typeof json !== 'object') return json;
  const members = Object.entries(json).filter(([name]) => name !== 'ephemeral');
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, plain(member)]));
}

/**
 * The backup's rows in the live schema.
 * @throws AppError BAD_USER_INPUT for another kind of database; SCHEMA_MISMATCH, each loss named, unless `force`
 */
export async function adapt(backup: Snapshot, live: DatabaseSchema, force: boolean, breath: Breath): Promise<Adaptation> {
  if (backup.schema.name !== live.name) throw new AppError('BAD_USER_INPUT', `The backup is of a database ${backup.schema.name}; it cannot be restored into ${live.name}`);
  if (isSameSchema(backup.schema, live)) return { snapshot: { schema: live, tables: backup.tables }, losses: [] };
  const losses = new Set<string>();
  const tables = new Map([...live.tables.keys()].map((name) => [name, new StoredRows(name)]));
  for (const rows of backup.tables.values()) {
    const into = tables.get(rows.table);
    const target = live.tables.get(rows.table);
    if (into === undefined || target === undefined) {
      if (rows.count > 0) losses.add(`table ${rows.table} (${String(rows.count)} rows): the database has no such table`);
      continue;
    }
    for (let i = 0; i < rows.count; i++) {
      const text = adaptRow(target, rows.row(i), rows.uuid(i), losses);
      if (text !== undefined) into.add(rows.uuid(i), text);
      if (breath.due()) await breath.rest();
    }
  }
  for (const table of tables.values()) table.seal();
  if (losses.size > 0 && !force) refuse(backup.schema.version, live.version, [...losses]);
  return { snapshot: { schema: live, tables }, losses: [...losses].slice(0, LOSSES_MAX) };
}

function refuse(from: string, to: string, losses: readonly string[]): never {
  const problems = losses.slice(0, LOSSES_MAX).map((message): Problem => ({ code: 'SCHEMA_MISMATCH', message }));
  throw new AppError('SCHEMA_MISMATCH', `The backup has schema version ${from}, the database ${to}, which lacks ${losses[0] ?? ''}${losses.length > 1 ? ` and ${String(losses.length - 1)} more` : ''}. Restore with force to leave them out`, { problems });
}

/** Canonical text in the target table; undefined for a row that it cannot hold at all. */
function adaptRow(target: TableSchema, row: Row, uuid: string, losses: Set<string>): string | undefined {
  const fitting: Record<string, Value> = {};
  for (const [name, value] of Object.entries(row)) {
    const column = target.columns.get(name);
    if (column === undefined) {
      losses.add(`column ${target.name}.${name}`);
      continue;
    }
    try {
      const shaped = reshape(column, value);
      encodeValue(column, shaped, name);
      fitting[name] = shaped;
    } catch (error) {
      losses.add(`the value of ${name} in ${labelOf(target, row, uuid)} (${messageOf(error)})`);
    }
  }
  try {
    return encodeRow(target, fitting, uuid);
  } catch (error) {
    losses.add(`${labelOf(target, row, uuid)} (${messageOf(error)})`);
    return undefined;
  }
}

/** Between releases a column may turn from one value into a set, or back. */
function reshape(column: ColumnSchema, value: Value): Value {
  const isList = Array.isArray(value);
  if (column.kind === 'set' && typeof value !== 'object') return [value];
  if ((column.kind === 'optional' || column.kind === 'scalar') && isList && value.length === 1) return value[0] as Atom;
  return value;
}
