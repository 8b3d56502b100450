/**
 * The names of mapped rows (resource-mapping.ts): they become those of the live rows, and every name that refers to
 * them with them. Pure.
 */
import type { Breath } from '../../lib/breath.js';
import { isLikeMadeName, LIKE_MADE_NAMES } from '../../model/northbound/derived-name.js';
import { NAMED_IN_MATCHES, nameColumns } from '../../model/northbound/name-column.js';
import { type Rename, rewriteNames } from '../../model/northbound/name-reference.js';
import { nounOf } from '../../model/northbound/noun.js';
import { encodeRow, type Row, type Value } from '../../model/row/row.js';
import { type Snapshot, type TableRows } from '../../model/snapshot/snapshot.js';
import { StoredRows } from '../../model/snapshot/stored-rows.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { nameInText } from '../describe/label.js';
import type { RowPair } from '../identify/identify.js';

export interface RenamedBackup {
  readonly snapshot: Snapshot;
  /** Pairs whose new name another row of the backup has, where only one row may have it. */
  readonly clashes: readonly { readonly pair: RowPair; readonly message: string }[];
}

export async function renameMapped(
  backup: Snapshot,
  live: Snapshot,
  pairs: readonly RowPair[],
  breath: Breath,
): Promise<RenamedBackup> {
  /** Table -> UUID in the backup -> the live row */
  const mapped = new Map<string, Map<string, Row>>();
  const names = new Map<string, Map<string, string>>();
  for (const { table: name, backupIndex, liveIndex } of pairs) {
    const ours = backup.tables.get(name) as TableRows;
    const now = (live.tables.get(name) as TableRows).row(liveIndex);
    const [from, to] = [ours.row(backupIndex)['name'], now['name']];
    if (typeof from === 'string' && from !== '' && typeof to === 'string' && to !== '' && from !== to)
      at(names, name).set(from, to);
    at(mapped, name).set(ours.uuid(backupIndex), now);
    if (breath.due()) await breath.rest();
  }
  const clashes = await findClashes(backup, pairs, mapped, breath);
  if (clashes.length > 0) return { snapshot: backup, clashes };
  const rename = await renaming(backup, names, breath);
  const tables = new Map<string, TableRows>();
  for (const table of backup.schema.tables.values()) {
    const rows = backup.tables.get(table.name) as TableRows;
    const liveRows = mapped.get(table.name);
    tables.set(
      table.name,
      liveRows === undefined && !mayName(table.name, names)
        ? rows
        : await rewritten(table, rows, { liveRows, rename }, breath),
    );
  }
  return { snapshot: { schema: backup.schema, tables }, clashes };
}

/** The row with the live row's name, and with whatever else must be unique. */
function withKeysOf(table: TableSchema, row: Row, live: Row): Row {
  const result: Record<string, Value> = { ...row };
  for (const column of table.columns.values()) {
    if (column.name !== 'name' && !isKey(table, column)) continue;
    const value = live[column.name];
    if (value === undefined) Reflect.deleteProperty(result, column.name);
    else result[column.name] = value;
  }
  return result;
}

function isKey(table: TableSchema, { name, key }: ColumnSchema): boolean {
  return key.refTable === undefined && table.indexes.some((index) => index.includes(name));
}

async function findClashes(
  backup: Snapshot,
  pairs: readonly RowPair[],
  mapped: ReadonlyMap<string, ReadonlyMap<string, Row>>,
  breath: Breath,
): Promise<RenamedBackup['clashes']> {
  const clashes: { readonly pair: RowPair; readonly message: string }[] = [];
  for (const [name, liveRows] of mapped) {
    const table = backup.schema.tables.get(name) as TableSchema;
    const rows = backup.tables.get(name) as TableRows;
    if (!table.indexes.some((index) => index.length === 1 && index[0] === 'name')) continue;
    const wanted = new Map(
      pairs
        .filter((pair) => pair.table === name)
        .map((pair) => [liveRows.get(rows.uuid(pair.backupIndex))?.['name'], pair]),
    );
    for (let i = 0; i < rows.count; i++) {
      const own = liveRows.has(rows.uuid(i)) ? undefined : nameInText(rows.text(i));
      const pair = own === undefined ? undefined : wanted.get(own);
      if (pair !== undefined)
        clashes.push({
          pair,
          message: `another ${nounOf(name)} of the backup is called "${own ?? ''}" already: map that one too`,
        });
      if (breath.due()) await breath.rest();
    }
  }
  return clashes;
}

/** Whether rows of the table may hold one of the names. */
function mayName(table: string, names: ReadonlyMap<string, unknown>): boolean {
  return nameColumns(table).some(({ form, tables }) =>
    [...tables, ...(form === 'match' ? NAMED_IN_MATCHES : [])].some((to) => names.has(to)),
  );
}

/**
 * Answers the same name for rows that keep theirs, so that "$web_ip4" is not taken for port group "web" where it is a
 * set of its own.
 */
async function renaming(
  backup: Snapshot,
  names: ReadonlyMap<string, ReadonlyMap<string, string>>,
  breath: Breath,
): Promise<Rename> {
  const kept = new Map<string, Set<string>>();
  for (const table of names.size === 0 ? [] : LIKE_MADE_NAMES) {
    const rows = backup.tables.get(table);
    const found = new Set<string>();
    for (let i = 0; rows !== undefined && i < rows.count; i++) {
      const name = nameInText(rows.text(i));
      if (name !== undefined && isLikeMadeName(table, name)) found.add(name);
      if (breath.due()) await breath.rest();
    }
    kept.set(table, found);
  }
  return (tables, name) => {
    for (const table of tables) {
      const found = names.get(table)?.get(name) ?? (kept.get(table)?.has(name) === true ? name : undefined);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

interface Rewriting {
  readonly liveRows: ReadonlyMap<string, Row> | undefined;
  readonly rename: Rename;
}

async function rewritten(
  table: TableSchema,
  rows: TableRows,
  { liveRows, rename }: Rewriting,
  breath: Breath,
): Promise<TableRows> {
  const result = new StoredRows(table.name);
  const hasNames = nameColumns(table.name).length > 0;
  for (let i = 0; i < rows.count; i++) {
    const uuid = rows.uuid(i);
    const liveRow = liveRows?.get(uuid);
    const row = liveRow !== undefined || hasNames ? rows.row(i) : undefined;
    const renamed = row === undefined ? undefined : rewriteNames(table.name, row, rename);
    if (renamed === undefined || (liveRow === undefined && renamed === row)) result.add(uuid, rows.text(i));
    else
      result.add(uuid, encodeRow(table, liveRow === undefined ? renamed : withKeysOf(table, renamed, liveRow), uuid));
    if (breath.due()) await breath.rest();
  }
  result.seal();
  return result;
}

function at<T>(maps: Map<string, Map<string, T>>, key: string): Map<string, T> {
  const found = maps.get(key) ?? new Map<string, T>();
  maps.set(key, found);
  return found;
}
