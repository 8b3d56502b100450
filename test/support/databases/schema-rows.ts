/** The Northbound schemas of every release, and a database for each that uses everything its schema has. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { holderColumns, referenceColumns } from '../../../src/model/reference/reference.js';
import { type Atom, defaultAtom, type Row, type Value } from '../../../src/model/row/row.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import {
  type BaseType,
  type ColumnSchema,
  type DatabaseSchema,
  readDatabaseSchema,
  type TableSchema,
} from '../../../src/ovsdb/database-schema.js';
import { parseJson, stringifyJson } from '../../../src/ovsdb/json.js';
import { snapshotOf } from './every-kind.js';

const FOLDER = fileURLToPath(new URL('../../compat/schemas/', import.meta.url));

export interface KnownSchema {
  /** "20.03" to "26.03", and "main". */
  readonly release: string;
  readonly file: string;
  readonly schema: DatabaseSchema;
}

/** Oldest first. */
export function everySchema(): readonly KnownSchema[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.ovsschema'))
    .sort()
    .map((name) => ({
      release: name.slice('ovn-nb.'.length, -'.ovsschema'.length),
      file: `${FOLDER}${name}`,
      schema: readDatabaseSchema(parseJson(readFileSync(`${FOLDER}${name}`, 'utf8'))),
    }));
}

/**
 * The schema alone, without what the product knows about its tables: northd writes no column of this one, and its ports
 * may be in two switches or in none, as they are in random databases.
 */
export function withoutOwnRules({ json }: DatabaseSchema): DatabaseSchema {
  return readDatabaseSchema(
    parseJson(
      stringifyJson(json)
        .replaceAll('Logical_Switch_Port', 'Switch_Port')
        .replaceAll('Logical_Router_Port', 'Router_Port')
        .replaceAll('"tag_request"', '"tag_wanted"')
        .replaceAll('"network_function_active"', '"network_function_now"'),
    ),
  );
}

/**
 * Rows of every table, with every value of every enum, values at the ends of their ranges, every
 * kind of reference, and in the last row of each table as little as the schema allows.
 */
export function rowsOfSchema(schema: DatabaseSchema, seed = 1): Snapshot {
  const counts = new Map<string, number>();
  const uuid = (table: string, i: number): string => {
    const hex = createHash('sha256')
      .update(`${String(seed)} ${table} ${String(i)}`)
      .digest('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  };
  const countOf = (table: TableSchema): number => {
    const before = counts.get(table.name);
    if (before !== undefined) return before;
    counts.set(table.name, 1); // what a table that refers to itself sees
    const holder = table.isRoot ? undefined : holdersOf(schema, table)[0];
    const held =
      holder === undefined || holder.column.kind === 'set' ? Infinity : Math.max(1, countOf(holder.table) - 1);
    const unique = Math.min(
      ...table.indexes.map((index) =>
        Math.max(...index.map((name) => rangeOf(table.columns.get(name) as ColumnSchema))),
      ),
    );
    const count = Math.min(
      held,
      unique,
      table.maxRows,
      Math.max(3, ...[...table.columns.values()].map(({ key }) => key.enum?.length ?? 0)),
    );
    counts.set(table.name, count);
    return count;
  };
  const rowOf = (table: TableSchema, i: number): Row => {
    const count = countOf(table);
    const least = i === count - 1 && count > 1;
    const row: Record<string, Value> = {};
    for (const column of table.columns.values()) {
      if (column.ephemeral || (least && column.min === 0)) continue;
      const target = referenceColumns(table).find((reference) => reference.column === column)?.key;
      row[column.name] = target === undefined ? plainValue(table, column, i) : references(table, column, i);
    }
    return row;
  };
  const references = (table: TableSchema, column: ColumnSchema, i: number): Value => {
    const target = schema.tables.get(column.key.refTable ?? '') as TableSchema;
    const total = countOf(target);
    if (column.kind !== 'set') return uuid(target.name, i % total);
    // the rows of a non-root table are shared out, so that each has a holder
    const holders = column.min > 0 ? countOf(table) : Math.max(1, countOf(table) - 1);
    const isHolder = !target.isRoot && holdersOf(schema, target)[0]?.column === column;
    const all = Array.from({ length: total }, (_, n) => n).filter((n) =>
      isHolder ? n % holders === i : n !== i || total === 1,
    );
    return all.map((n) => uuid(target.name, n));
  };
  return snapshotOf(
    schema,
    Object.fromEntries(
      [...schema.tables.values()].map((table) => [
        table.name,
        Object.fromEntries(Array.from({ length: countOf(table) }, (_, i) => [uuid(table.name, i), rowOf(table, i)])),
      ]),
    ),
  );
}

/** Columns that keep rows of a non-root table alive, those that hold many first. */
export function holdersOf(
  schema: DatabaseSchema,
  child: TableSchema,
): readonly { readonly table: TableSchema; readonly column: ColumnSchema }[] {
  const all = [...schema.tables.values()].flatMap((table) =>
    holderColumns(schema, table)
      .filter(({ key }) => key?.table === child.name)
      .map(({ column }) => ({ table, column })),
  );
  return all.sort((a, b) => b.column.max - a.column.max || 0);
}

/** How many different values a column has. */
function rangeOf({ key }: ColumnSchema): number {
  return key.enum?.length ?? (key.type === 'boolean' ? 2 : Infinity);
}

function plainValue(table: TableSchema, column: ColumnSchema, i: number): Value {
  const isKey = table.indexes.some((index) => index.includes(column.name));
  const atom = (base: BaseType, n: number): Atom => atomOf(base, n, isKey ? '' : `${column.name} `);
  switch (column.kind) {
    case 'scalar':
    case 'optional':
      return atom(column.key, i);
    case 'set':
      return Array.from({ length: Math.min(column.max, column.key.enum?.length ?? 2) }, (_, n) =>
        atom(column.key, n + i),
      ).filter((value, n, all) => all.indexOf(value) === n);
    case 'map':
      return Object.fromEntries(
        Array.from({ length: Math.min(column.max, column.key.enum?.length ?? 2) }, (_, n) => [
          String(atom(column.key, n)),
          atom(column.value as BaseType, n + i),
        ]),
      );
  }
}

function atomOf(base: BaseType, n: number, prefix: string): Atom {
  if (base.enum !== undefined) return base.enum[n % base.enum.length] as Atom;
  switch (base.type) {
    case 'string':
      return `${prefix}${String(n)}`.slice(0, base.maxLength ?? Infinity);
    case 'boolean':
      return n % 2 === 0;
    case 'integer':
      // the ends of the range in turn, the upper one first
      if (base.maxInteger === undefined) return 1_000_000 + n;
      return n % 2 === 0 ? Number(base.maxInteger) - n / 2 : Number(base.minInteger ?? 0) + (n + 1) / 2;
    default:
      return defaultAtom(base);
  }
}
