/**
 * What a database holds, as the oracle sees it: each value a sorted list of texts. A reference is the UUID of its row,
 * any other atom its JSON, an entry of a map the JSON of [key, value].
 */
import type { PlainClient } from '../support/clients/plain-client.js';
import { type ExactJson, isList, isObject, parseExact, printExact } from '../support/judge/exact-json.js';
import { NORTHBOUND } from '../support/judge/judge.js';
import { type Column, referenceColumns, type Schema, type Table, tableOf } from './schema.js';

export type Members = readonly string[];
export type Row = ReadonlyMap<string, Members>;
/** Table -> UUID -> row. Every table of the schema is there, and every column but ephemeral ones. */
export type Content = ReadonlyMap<string, ReadonlyMap<string, Row>>;

/** A row and where it is. */
export interface Place {
  readonly table: Table;
  readonly uuid: string;
  readonly row: Row;
}

/** All of a database at one instant. */
export async function readContent(client: PlainClient, schema: Schema): Promise<Content> {
  const tables = [...schema.tables.values()];
  const results = await client.transact(
    NORTHBOUND,
    tables.map((table) => ({ op: 'select', table: table.name, where: [] })),
  );
  return new Map(
    tables.map((table, i) => {
      const result = results[i];
      const rows = isObject(result) ? (result['rows'] as readonly Readonly<Record<string, ExactJson>>[]) : [];
      const read = rows.map((row): [string, Row] => [String((row['_uuid'] as ExactJson[])[1]), rowOf(table, row)]);
      return [table.name, new Map(inOrder(table, read))];
    }),
  );
}

/** The server gives rows in no order, and copies have UUIDs of their own: an order that is the same for the same seed. */
function inOrder(table: Table, rows: readonly [string, Row][]): readonly [string, Row][] {
  const key = ([uuid, row]: [string, Row]): string => {
    const values = [...row].filter(([name]) => columnOf(table, name).refersTo === undefined);
    return `${JSON.stringify(values).replaceAll(/_restored_\d{14}/g, '_restored_')} ${uuid}`;
  };
  return rows
    .map((row) => ({ row, key: key(row) }))
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ row }) => row);
}

function rowOf(table: Table, row: Readonly<Record<string, ExactJson>>): Row {
  const columns = [...table.columns.values()].filter(({ isEphemeral }) => !isEphemeral);
  return new Map(columns.map((column) => [column.name, membersOf(column, row[column.name])]));
}

function membersOf({ refersTo }: Column, value: ExactJson | undefined): Members {
  if (value === undefined) throw new Error('a column did not come');
  const many = isList(value) && isList(value[1]) ? value[1] : [value];
  return many.map((atom) => (refersTo === undefined ? printExact(atom) : String((atom as ExactJson[])[1]))).sort();
}

export function wireOf({ refersTo, value }: Column, members: Members): ExactJson {
  if (value !== undefined) return ['map', members.map(parseExact)];
  return ['set', members.map((text) => (refersTo === undefined ? parseExact(text) : ['uuid', text]))];
}

export function wireRow(table: Table, row: Row): ExactJson {
  return Object.fromEntries([...row].map(([name, members]) => [name, wireOf(columnOf(table, name), members)] as const));
}

export function columnOf(table: Table, name: string): Column {
  const column = table.columns.get(name);
  if (column === undefined) throw new Error(`${table.name} has no column ${name}`);
  return column;
}

/** The operation that inserts a row under its UUID. */
export function insertion({ table, uuid, row }: Place): ExactJson {
  return { op: 'insert', table: table.name, uuid, row: wireRow(table, row) };
}

export function* placesOf(schema: Schema, content: Content): Generator<Place> {
  for (const [name, rows] of content) for (const [uuid, row] of rows) yield { table: tableOf(schema, name), uuid, row };
}

/** Every row by its UUID: in what the oracle makes, no two tables share one. */
export function byUuid(schema: Schema, content: Content): ReadonlyMap<string, Place> {
  return new Map([...placesOf(schema, content)].map((place) => [place.uuid, place]));
}

export function membersIn(row: Row, column: string): Members {
  return row.get(column) ?? [];
}

export function isSame(one: Members, other: Members): boolean {
  return one.length === other.length && one.every((member, i) => member === other[i]);
}

/** Columns in which two rows differ. */
export function differingColumns(one: Row, other: Row): readonly string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter(
    (column) => !isSame(membersIn(one, column), membersIn(other, column)),
  );
}

/** A text in a column, without its quotes; undefined where it is not set, or not one. */
export function textIn(row: Row, column: string): string | undefined {
  const [member, ...more] = membersIn(row, column);
  return member === undefined || more.length > 0 || !member.startsWith('"')
    ? undefined
    : (JSON.parse(member) as string);
}

/** What people call a row; empty where it has no name. */
export function nameOf(row: Row): string {
  return textIn(row, 'name') ?? '';
}

/** For messages: "Logical_Switch_Port p3 (uuid)". */
export function called({ table, uuid, row }: Place): string {
  const name = nameOf(row);
  return `${table.name} ${name === '' ? uuid : `${name} (${uuid})`}`;
}

/** A change of a database, as two readings of it show it. */
export interface Difference {
  readonly kind: 'INSERT' | 'UPDATE' | 'DELETE';
  readonly table: Table;
  readonly uuid: string;
  readonly before?: Row;
  readonly after?: Row;
  /** Of an update. */
  readonly columns: readonly string[];
}

export function differencesBetween(schema: Schema, before: Content, after: Content): readonly Difference[] {
  const found: Difference[] = [];
  for (const { table, uuid, row } of placesOf(schema, before)) {
    const now = after.get(table.name)?.get(uuid);
    if (now === undefined) {
      found.push({ kind: 'DELETE', table, uuid, before: row, columns: [] });
      continue;
    }
    const columns = differingColumns(row, now);
    if (columns.length > 0) found.push({ kind: 'UPDATE', table, uuid, before: row, after: now, columns });
  }
  for (const { table, uuid, row } of placesOf(schema, after))
    if (before.get(table.name)?.get(uuid) === undefined)
      found.push({ kind: 'INSERT', table, uuid, after: row, columns: [] });
  return found;
}

/** For each row the rows that own it, with the column. */
export function ownersIn(
  schema: Schema,
  content: Content,
): ReadonlyMap<string, readonly { readonly owner: Place; readonly column: string }[]> {
  const owners = new Map<string, { readonly owner: Place; readonly column: string }[]>();
  for (const [child, by] of schema.owners)
    for (const { table, column } of by)
      for (const [uuid, row] of content.get(table.name) ?? [])
        for (const member of membersIn(row, column.name)) {
          if (content.get(child)?.has(member) !== true) continue;
          const list = owners.get(member) ?? [];
          owners.set(member, list);
          list.push({ owner: { table, uuid, row }, column: column.name });
        }
  return owners;
}

/** Who refers to each row: UUID -> the referring rows with their columns. */
export function referrersIn(
  schema: Schema,
  content: Content,
): ReadonlyMap<string, readonly { readonly from: Place; readonly column: string }[]> {
  const referrers = new Map<string, { readonly from: Place; readonly column: string }[]>();
  for (const from of placesOf(schema, content))
    for (const { name } of referenceColumns(from.table))
      for (const member of membersIn(from.row, name)) {
        const list = referrers.get(member) ?? [];
        referrers.set(member, list);
        list.push({ from, column: name });
      }
  return referrers;
}
