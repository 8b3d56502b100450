/**
 * Random databases of any schema, for property tests: each holds some rows of one small pool, so that two of them have
 * rows in common, rows held by others, and index keys of other rows. What they hold is valid: nothing dangles, nothing
 * is unheld.
 */
import { referenceColumns, referencesOf, rewriteReferences } from '../../../src/model/reference/reference.js';
import type { Atom, Row, Value } from '../../../src/model/row/row.js';
import type { BaseType, ColumnSchema, DatabaseSchema, TableSchema } from '../../../src/ovsdb/database-schema.js';

export interface RandomOptions {
  /** Rows of each table in the pool. */
  readonly rows: number;
  /** How many of them a database holds, from 0 to 1. */
  readonly share: number;
}

type Rows = Map<string, Map<string, Row>>;

/** Table -> UUID -> row. */
export function randomDatabase(
  schema: DatabaseSchema,
  seed: number,
  { rows, share }: RandomOptions,
): Readonly<Record<string, Readonly<Record<string, Row>>>> {
  const random = numbers(seed);
  const tables = [...schema.tables.values()];
  const present: Rows = new Map(
    tables.map((table, t) => {
      const count = Math.min(rows, table.maxRows, ...keyRanges(table));
      const uuids = Array.from(
        { length: rows },
        (_, i) => `${(t + 1).toString(16).padStart(8, '0')}-0000-4000-8000-${(i + 1).toString(16).padStart(12, '0')}`,
      ).filter(() => random(1_000) < 1_000 * share);
      return [table.name, new Map(uuids.slice(0, count).map((uuid): [string, Row] => [uuid, {}]))];
    }),
  );
  for (const table of tables) {
    const held = present.get(table.name) as Map<string, Row>;
    // keys change hands between databases, and are unique in each
    const keys = shuffled(
      Array.from({ length: Math.min(rows, ...keyRanges(table)) }, (_, i) => i),
      random,
    );
    [...held.keys()].forEach((uuid, i) => held.set(uuid, randomRow(table, keys[i] as number, present, random)));
  }
  while (dropInvalid(schema, present)) {
    /* what is dropped may have held others */
  }
  return Object.fromEntries([...present].map(([table, held]) => [table, Object.fromEntries(held)]));
}

function randomRow(table: TableSchema, key: number, present: Rows, random: (below: number) => number): Row {
  const indexed = new Set(table.indexes.flat());
  const row: Record<string, Value> = {};
  for (const column of table.columns.values()) {
    const value = indexed.has(column.name) ? keyValue(column, key) : randomValue(column, present, random);
    if (value !== undefined && !column.ephemeral) row[column.name] = value;
  }
  return row;
}

/** How many keys an index can have whose columns are enums. */
function keyRanges(table: TableSchema): readonly number[] {
  return table.indexes.flat().map((name) => table.columns.get(name)?.key.enum?.length ?? Infinity);
}

function keyValue({ key: { type, enum: allowed, minInteger } }: ColumnSchema, number: number): Value {
  if (allowed !== undefined) return allowed[number % allowed.length] as Atom;
  return type === 'integer' ? Number(minInteger ?? 0) + 1 + number : `key-${String(number)}`;
}

function randomValue(column: ColumnSchema, present: Rows, random: (below: number) => number): Value | undefined {
  if (column.kind === 'map' && (column.key.refTable ?? column.value?.refTable) !== undefined)
    return randomReferences(column, present, random);
  if (column.kind === 'map')
    return random(2) === 0 ||
      column.key.type !== 'string' ||
      column.value?.type !== 'string' ||
      column.value.enum !== undefined ||
      column.key.enum !== undefined
      ? undefined
      : { key: `value-${String(random(3))}` };
  const { refTable } = column.key;
  if (refTable !== undefined) {
    const candidates = shuffled([...(present.get(refTable)?.keys() ?? [])], random);
    const members = candidates.slice(0, Math.min(column.max, Math.max(column.min, random(candidates.length + 1))));
    return column.kind === 'set' ? (members.length === 0 ? undefined : members.sort()) : members[0];
  }
  if (column.kind === 'set')
    return (column.min === 0 && random(2) === 0) || column.key.enum !== undefined
      ? undefined
      : [randomAtom(column.key, random)];
  return column.min === 0 && random(2) === 0 ? undefined : randomAtom(column.key, random);
}

function randomReferences(
  { key, value }: ColumnSchema,
  present: Rows,
  random: (below: number) => number,
): Value | undefined {
  const atoms = (base: BaseType | undefined): string[] =>
    base?.refTable === undefined
      ? ['one', 'two', 'three']
      : shuffled([...(present.get(base.refTable)?.keys() ?? [])], random);
  const values = atoms(value);
  const pairs =
    values.length === 0
      ? []
      : atoms(key)
          .slice(0, random(4))
          .map((name): [string, string] => [name, values[random(values.length)] as string]);
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}

function randomAtom({ type, enum: allowed, minInteger }: BaseType, random: (below: number) => number): Atom {
  if (allowed !== undefined) return allowed[random(allowed.length)] as Atom;
  if (type === 'integer') return Number(minInteger ?? 0) + random(3);
  return type === 'boolean' ? random(2) === 0 : type === 'real' ? random(3) / 2 : `text-${String(random(3))}`;
}

/** UUIDs of the rows that roots hold, directly or by others. */
function heldRows(schema: DatabaseSchema, present: Rows): ReadonlySet<string> {
  const held = new Set<string>();
  const hold = (table: TableSchema, row: Row): void => {
    for (const { table: to, uuid, strong } of referencesOf(table, row)) {
      const member = present.get(to)?.get(uuid);
      if (!strong || member === undefined || held.has(uuid)) continue;
      held.add(uuid);
      hold(schema.tables.get(to) as TableSchema, member);
    }
  };
  for (const table of schema.tables.values())
    if (table.isRoot) for (const row of present.get(table.name)?.values() ?? []) hold(table, row);
  return held;
}

/** Drops rows that nothing holds or that lack what they must have, and references to rows that are not there. */
function dropInvalid(schema: DatabaseSchema, present: Rows): boolean {
  let dropped = false;
  const held = heldRows(schema, present);
  for (const table of schema.tables.values()) {
    const rows = present.get(table.name) as Map<string, Row>;
    for (const [uuid, row] of rows) {
      const kept: Record<string, Value | undefined> = { ...row };
      for (const reference of referenceColumns(table)) {
        const value = row[reference.column.name];
        if (value !== undefined)
          kept[reference.column.name] = rewriteReferences(reference, value, (member, to) =>
            present.get(to)?.has(member) === true ? member : undefined,
          );
      }
      const lacks = referenceColumns(table).some(({ column }) => column.min > 0 && kept[column.name] === undefined);
      if (lacks || (!table.isRoot && !held.has(uuid))) {
        rows.delete(uuid);
        dropped = true;
      } else {
        rows.set(
          uuid,
          Object.fromEntries(Object.entries(kept).filter((entry): entry is [string, Value] => entry[1] !== undefined)),
        );
      }
    }
  }
  return dropped;
}

/** Numbers from 0 on, below what is asked for (Lehmer's generator). */
function numbers(seed: number): (below: number) => number {
  let state = (seed % 2_147_483_646) + 1;
  for (let i = 0; i < 3; i++) state = (state * 48_271) % 2_147_483_647;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

function shuffled<T>(list: readonly T[], random: (below: number) => number): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
  }
  return copy;
}
