/**
 * The judge of what the product did to a database: reads every row and every persistent
 * column with the tests' own client, and says in words where two databases differ.
 */

import { PlainClient } from '../clients/plain-client.js';
import { type ExactJson, isList, isObject, printExact } from './exact-json.js';

export const NORTHBOUND = 'OVN_Northbound';

/** Table -> uuid -> canonical text of all persistent columns, one "column = value" a line. */
export type DatabaseContent = ReadonlyMap<string, ReadonlyMap<string, string>>;

export interface DumpOptions {
  /** Default OVN_Northbound. */
  readonly database?: string;
  /** What not to look at: "Table" or "Table.column". */
  readonly leaveOut?: readonly string[];
}

/** Runs operations in one transaction; an error in any of them is thrown. */
export async function transact(
  remote: string,
  operations: readonly ExactJson[],
  database = NORTHBOUND,
): Promise<readonly ExactJson[]> {
  await using client = await PlainClient.open(remote);
  return await client.transact(database, operations);
}

/** Deletes every row of every table, in one transaction. */
export async function emptyDatabase(remote: string, database = NORTHBOUND): Promise<void> {
  await using client = await PlainClient.open(remote);
  const tables = await persistentColumns(client, database);
  await client.transact(
    database,
    [...tables.keys()].map((table) => ({ op: 'delete', table, where: [] })),
  );
}

/**
 * Everything that a database holds. Tables are read one after the other, so nobody should
 * write meanwhile.
 */
export async function dumpDatabase(remote: string, options: DumpOptions = {}): Promise<DatabaseContent> {
  const database = options.database ?? NORTHBOUND;
  const leaveOut = new Set(options.leaveOut);
  await using client = await PlainClient.open(remote);
  const content = new Map<string, ReadonlyMap<string, string>>();
  for (const [table, all] of await persistentColumns(client, database)) {
    if (leaveOut.has(table)) continue;
    const columns = all.filter((column) => !leaveOut.has(`${table}.${column}`)).sort();
    const [result] = await client.transact(database, [
      { op: 'select', table, where: [], columns: ['_uuid', ...columns] },
    ]);
    const rows = isObject(result) ? result['rows'] : undefined;
    if (!isList(rows)) throw new Error(`select of ${table} answered ${printExact(result ?? null)}`);
    const texts = new Map<string, string>();
    for (const row of rows) {
      const uuid = isObject(row) && isList(row['_uuid']) ? row['_uuid'][1] : undefined;
      if (!isObject(row) || typeof uuid !== 'string') throw new Error(`a row of ${table} came without _uuid`);
      texts.set(uuid, columns.map((column) => `${column} = ${canonical(row[column])}`).join('\n'));
    }
    content.set(table, texts);
  }
  return content;
}

/** Rows in all tables together. */
export function rowCount(content: DatabaseContent): number {
  let count = 0;
  for (const rows of content.values()) count += rows.size;
  return count;
}

/** Where two databases differ, each difference in words; none when they hold the same. */
export function compareDatabases(first: DatabaseContent, second: DatabaseContent, limit = 20): readonly string[] {
  const differences: string[] = [];
  for (const table of [...new Set([...first.keys(), ...second.keys()])].sort()) {
    for (const difference of compareTables(table, first.get(table), second.get(table))) {
      if (differences.length === limit) return differences;
      differences.push(difference);
    }
  }
  return differences;
}

type Rows = ReadonlyMap<string, string>;

function* compareTables(table: string, first: Rows | undefined, second: Rows | undefined): Generator<string> {
  if (first === undefined || second === undefined) {
    yield `table ${table} is only in the ${first === undefined ? 'second' : 'first'}`;
    return;
  }
  for (const [uuid, text] of first) {
    const other = second.get(uuid);
    if (other === undefined) yield `${table} ${uuid} is missing in the second`;
    else if (other !== text) yield* compareRows(`${table} ${uuid}`, text, other);
  }
  for (const uuid of second.keys()) {
    if (!first.has(uuid)) yield `${table} ${uuid} is only in the second`;
  }
}

function* compareRows(label: string, first: string, second: string): Generator<string> {
  const values = (text: string): Map<string, string> =>
    new Map(text.split('\n').map((line) => [line.slice(0, line.indexOf(' = ')), line.slice(line.indexOf(' = ') + 3)]));
  const a = values(first);
  const b = values(second);
  for (const column of new Set([...a.keys(), ...b.keys()])) {
    const [before, after] = [a.get(column), b.get(column)];
    if (before !== after)
      yield `${label}: ${column} is ${excerpt(before)} in the first and ${excerpt(after)} in the second`;
  }
}

function excerpt(text: string | undefined): string {
  if (text === undefined) return 'absent';
  return text.length <= 200 ? text : `${text.slice(0, 200)}... (${text.length} characters)`;
}

/** Table -> columns that are stored; ephemeral ones belong to the running server. */
async function persistentColumns(
  client: PlainClient,
  database: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const schema = await client.request('get_schema', [database]);
  const tables = isObject(schema) ? schema['tables'] : undefined;
  if (!isObject(tables)) throw new Error(`get_schema of ${database} answered without tables`);
  const found = new Map<string, readonly string[]>();
  for (const [table, description] of Object.entries(tables)) {
    const columns = isObject(description) ? description['columns'] : undefined;
    if (!isObject(columns)) throw new Error(`table ${table} of ${database} came without columns`);
    found.set(
      table,
      Object.entries(columns)
        .filter(([, column]) => !(isObject(column) && column['ephemeral'] === true))
        .map(([name]) => name),
    );
  }
  return found;
}

/** A set of one atom may be sent bare, and sets and maps come in no order: one text for one value. */
function canonical(value: ExactJson | undefined): string {
  if (value === undefined) throw new Error('a column that was asked for did not come');
  if (isList(value) && isList(value[1])) {
    if (value[0] === 'set') return `{${value[1].map(printExact).sort().join(', ')}}`;
    if (value[0] === 'map') return `{${value[1].map(printExact).sort().join(', ')}} map`;
  }
  return `{${printExact(value)}}`;
}
