/**
 * A small Northbound database as it is backed up (AFTER a restore) and as it is when the restore begins (BEFORE), and
 * the judge's reading of what became of it: cells such as "Logical_Switch/web.other_config", with names instead of
 * UUIDs.
 */
import { PlainClient } from '../support/clients/plain-client.js';
import { type ExactJson, isList, isObject, printExact } from '../support/judge/exact-json.js';
import { NORTHBOUND } from '../support/judge/judge.js';

const uuidOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const reference = (number: number): ExactJson => ['uuid', uuidOf(number)];
const references = (...numbers: readonly number[]): ExactJson => ['set', numbers.map(reference)];
const map = (entries: Readonly<Record<string, string>>): ExactJson => ['map', Object.entries(entries)];

const insert = (table: string, number: number, row: Readonly<Record<string, ExactJson>>): ExactJson => ({
  op: 'insert',
  table,
  uuid: uuidOf(number),
  row,
});

/** Rows that are the same before and after. */
const SAME: readonly ExactJson[] = [
  insert('NB_Global', 1, { name: 'life' }),
  insert('Logical_Router', 2, { name: 'edge', nat: references(3) }),
  insert('NAT', 3, { type: 'snat', external_ip: '192.0.2.1', logical_ip: '10.0.0.0/24' }),
  insert('Address_Set', 4, { name: 'kept', addresses: '10.0.0.4' }),
  insert('Logical_Switch_Port', 5, { name: 'web-1' }),
];

const CHANGED = 6;

export const AFTER: readonly ExactJson[] = [
  ...SAME,
  insert('Logical_Switch', CHANGED, { name: 'web', ports: references(5), other_config: map({ mcast_snoop: 'true' }) }),
  insert('Logical_Switch', 7, { name: 'lost', ports: references(8), acls: references(9) }),
  insert('Logical_Switch_Port', 8, { name: 'lost-1' }),
  insert('ACL', 9, { name: 'lost-acl', priority: 1000, direction: 'from-lport', match: 'ip4', action: 'allow' }),
  insert('Address_Set', 10, { name: 'lost', addresses: ['set', ['10.0.0.10', '10.0.0.11']] }),
];

export const BEFORE: readonly ExactJson[] = [
  ...SAME,
  insert('Logical_Switch', CHANGED, { name: 'web', ports: references(5) }),
  insert('Logical_Switch', 11, { name: 'new', ports: references(12) }),
  insert('Logical_Switch_Port', 12, { name: 'new-1' }),
];

/** Cell -> its value in canonical text. */
export type Cells = ReadonlyMap<string, string>;

/** The judge's own connection to one ovsdb-server. */
export class Content {
  private constructor(
    private readonly client: PlainClient,
    private readonly tables: readonly string[],
  ) {}

  static async open(remote: string): Promise<Content> {
    const client = await PlainClient.open(remote);
    const schema = await client.request('get_schema', [NORTHBOUND]);
    const tables = isObject(schema) && isObject(schema['tables']) ? Object.keys(schema['tables']) : [];
    return new Content(client, tables);
  }

  /** Makes the database anew. */
  async set(rows: readonly ExactJson[]): Promise<void> {
    await this.transact(this.tables.map((table) => ({ op: 'delete', table, where: [] })));
    await this.transact(rows);
  }

  async transact(operations: readonly ExactJson[]): Promise<readonly ExactJson[]> {
    return this.client.transact(NORTHBOUND, operations);
  }

  async read(): Promise<Cells> {
    const results = await this.transact(this.tables.map((table) => ({ op: 'select', table, where: [] })));
    const rows = results.flatMap((result, i) =>
      rowsOf(result).map((row) => ({ table: this.tables[i] as string, row })),
    );
    const names = new Map<string, string>();
    for (const { table, row } of rows) {
      const name = `${table}/${nameOf(row)}`;
      const isTaken = [...names.values()].includes(name);
      names.set(uuidIn(row), isTaken ? `${name} (another one)` : name);
    }
    const cells = new Map<string, string>();
    for (const { row } of rows)
      for (const [column, value] of Object.entries(row))
        if (column !== '_uuid' && column !== '_version')
          cells.set(`${names.get(uuidIn(row)) ?? ''}.${column}`, textOf(value, names));
    return cells;
  }

  close(): void {
    this.client.close();
  }
}

function rowsOf(result: ExactJson): readonly { readonly [column: string]: ExactJson }[] {
  const rows = isObject(result) ? result['rows'] : undefined;
  return isList(rows) ? rows.filter(isObject) : [];
}

function uuidIn(row: { readonly [column: string]: ExactJson }): string {
  const uuid = row['_uuid'];
  return isList(uuid) ? String(uuid[1]) : '';
}

function nameOf({ name, logical_ip: ip, _uuid: uuid }: { readonly [column: string]: ExactJson }): string {
  if (typeof name === 'string' && name !== '') return name;
  return typeof ip === 'string' ? ip : printExact(uuid ?? null);
}

/** Sets and maps come in no order, and a set of one atom may come bare: one text for one value. */
function textOf(value: ExactJson, names: ReadonlyMap<string, string>): string {
  if (isList(value) && value[0] === 'uuid') return names.get(String(value[1])) ?? `nothing (${String(value[1])})`;
  if (!isList(value) || !isList(value[1])) return printExact(value);
  const texts = value[1].map((member) =>
    value[0] === 'map' && isList(member) ? member.map((part) => textOf(part, names)).join('=') : textOf(member, names),
  );
  return texts.length === 1 && value[0] === 'set' ? (texts[0] as string) : `{${texts.sort().join(', ')}}`;
}

/** Cells in which two databases differ. */
export function differingCells(one: Cells, other: Cells): readonly string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter((cell) => one.get(cell) !== other.get(cell)).sort();
}
