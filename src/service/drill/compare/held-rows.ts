/**
 * Which rows of a backup a database keeps: those of root tables, and what they hold by strong references, directly or
 * through others (RFC 7047, section 3.2, "isRoot"). A server drops the rest as soon as it is written.
 */
import { Breath } from '../../../lib/breath.js';
import type { Value } from '../../../model/row/row.js';
import type { Snapshot } from '../../../model/snapshot/snapshot.js';
import type { BaseType, ColumnSchema } from '../../../ovsdb/database-schema.js';
import { backupAtoms, partsOf } from './wire-value.js';

interface Place {
  readonly table: string;
  readonly uuid: string;
}

export async function heldRows({ schema, tables }: Snapshot): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const breath = new Breath();
  const held = new Map([...tables.keys()].map((name) => [name, new Set<string>()] as const));
  const waiting: Place[] = [];
  const hold = (table: string, uuid: string): void => {
    const set = held.get(table);
    if (set === undefined || set.has(uuid) || tables.get(table)?.find(uuid) === undefined) return;
    set.add(uuid);
    waiting.push({ table, uuid });
  };
  for (const [name, rows] of tables) {
    if (schema.tables.get(name)?.isRoot !== true) continue;
    for (let i = 0; i < rows.count; i++) hold(name, rows.uuid(i));
  }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (breath.due()) await breath.rest();
    const rows = tables.get(next.table);
    const index = rows?.find(next.uuid);
    if (rows === undefined || index === undefined) continue;
    const row = rows.row(index);
    for (const column of schema.tables.get(next.table)?.columns.values() ?? [])
      for (const { table, uuid } of strongIn(column, row[column.name])) hold(table, uuid);
  }
  return held;
}

function strongIn(column: ColumnSchema, value: Value | undefined): readonly Place[] {
  const { key, value: pairValue } = column;
  if (!isStrong(key) && !isStrong(pairValue)) return [];
  return backupAtoms(column, value).flatMap((atom) => {
    const [first, second] = partsOf(atom);
    return [
      ...(isStrong(key) ? [{ table: key.refTable, uuid: first }] : []),
      ...(isStrong(pairValue) && second !== undefined ? [{ table: pairValue.refTable, uuid: second }] : []),
    ];
  });
}

function isStrong(base: BaseType | undefined): base is BaseType & { readonly refTable: string } {
  return base?.refTable !== undefined && base.refType === 'strong';
}
