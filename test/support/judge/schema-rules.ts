/**
 * What ovsdb-server would refuse of a database, or silently make of it, said without a server: strong references to
 * rows that are not there, rows that nothing holds, index keys that two rows have, columns and tables that hold too
 * many or too few.
 */
import { referenceColumns, referencesOf } from '../../../src/model/reference/reference.js';
import type { Row } from '../../../src/model/row/row.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import type { TableSchema } from '../../../src/ovsdb/database-schema.js';

export function brokenRules({ schema, tables }: Snapshot): string[] {
  const broken: string[] = [];
  const waiting: { table: TableSchema; row: Row }[] = [];
  for (const table of schema.tables.values()) {
    const rows = tables.get(table.name);
    if (rows === undefined) throw new Error(`no table ${table.name}`);
    if (rows.count > table.maxRows) broken.push(`${table.name} has ${rows.count} rows`);
    const keys = new Set<string>();
    for (let i = 0; i < rows.count; i++) {
      const row = rows.row(i);
      const place = `${table.name} ${rows.uuid(i)}`;
      if (table.isRoot) waiting.push({ table, row });
      for (const columns of table.indexes) {
        const key = JSON.stringify([columns, columns.map((column) => row[column] ?? null)]);
        if (keys.has(key)) broken.push(`${place} has the key ${key} of another`);
        keys.add(key);
      }
      for (const { table: to, uuid, strong, column } of referencesOf(table, row))
        if (strong && tables.get(to)?.find(uuid) === undefined) broken.push(`${place} refers in ${column} to nothing`);
      for (const { column } of referenceColumns(table))
        if (column.min > 0 && row[column.name] === undefined) broken.push(`${place} has no ${column.name}`);
    }
  }
  const held = new Set<string>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const { table: to, uuid, strong } of referencesOf(next.table, next.row)) {
      const [table, rows] = [schema.tables.get(to), tables.get(to)];
      const index = rows?.find(uuid);
      if (!strong || table === undefined || rows === undefined || index === undefined || held.has(`${to} ${uuid}`))
        continue;
      held.add(`${to} ${uuid}`);
      waiting.push({ table, row: rows.row(index) });
    }
  }
  for (const table of schema.tables.values()) {
    const rows = tables.get(table.name);
    for (let i = 0; !table.isRoot && rows !== undefined && i < rows.count; i++)
      if (!held.has(`${table.name} ${rows.uuid(i)}`)) broken.push(`${table.name} ${rows.uuid(i)} is held by nothing`);
  }
  return broken;
}
