/**
 * Whether a database holds what a backup says, told without the product: both as sets of rows that are named by what
 * they hold and by what refers to them, as UUIDs may differ. Left out is what a restore leaves alone: runtime state,
 * and how clients reach the database.
 */
import { createHash } from 'node:crypto';
import { PlainClient } from '../clients/plain-client.js';
import { type ExactJson, isList, isObject, parseExact, printExact } from '../judge/exact-json.js';
import { NORTHBOUND } from '../judge/judge.js';

type Schema = Readonly<Record<string, ExactJson>>;
type Rows = Readonly<Record<string, Readonly<Record<string, ExactJson>>>>;

export interface Holdings {
  /** get_schema's "tables". */
  readonly schema: Schema;
  /** Table -> UUID -> column -> value in wire notation; columns at their default may be left out. */
  readonly tables: Readonly<Record<string, Rows>>;
}

const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  NB_Global: [
    'nb_cfg',
    'nb_cfg_timestamp',
    'sb_cfg',
    'sb_cfg_timestamp',
    'hv_cfg',
    'hv_cfg_timestamp',
    'options',
    'connections',
    'ssl',
  ],
  Logical_Switch_Port: ['up', 'dynamic_addresses', 'tag'],
  Logical_Router_Port: ['ipv6_prefix', 'status'],
  BFD: ['status'],
};
const NOT_COMPARED = new Set(['Connection', 'SSL']);
const ROUNDS = 6;
const RECORD = /^OVSDB JSON (\d+) [0-9a-f]{40}\n/;

/** What a database file of one transaction holds. */
export function holdingsOf(file: Buffer): Holdings {
  const records: ExactJson[] = [];
  for (let at = 0; at < file.length; ) {
    const match = RECORD.exec(file.toString('latin1', at, at + 100));
    if (match === null) throw new Error(`the exported database file is damaged at byte ${String(at)}`);
    at += match[0].length + Number(match[1]);
    records.push(parseExact(file.toString('utf8', at - Number(match[1]), at)));
  }
  const [schema, transaction = {}] = records;
  const tables = Object.entries(isObject(transaction) ? transaction : {}).filter(([name]) => !name.startsWith('_'));
  return {
    schema: member(schema, 'tables') as Schema,
    tables: Object.fromEntries(tables) as unknown as Holdings['tables'],
  };
}

export async function liveHoldings(remote: string): Promise<Holdings> {
  await using client = await PlainClient.open(remote);
  const schema = member(await client.request('get_schema', [NORTHBOUND]), 'tables') as Schema;
  const names = Object.keys(schema);
  const results = await client.transact(
    NORTHBOUND,
    names.map((table) => ({ op: 'select', table, where: [] })),
  );
  const tables = names.map((name, i) => [
    name,
    Object.fromEntries(
      (member(results[i], 'rows') as readonly Record<string, ExactJson>[]).map((row) => [
        (row['_uuid'] as readonly string[])[1],
        row,
      ]),
    ),
  ]);
  return { schema, tables: Object.fromEntries(tables) as Holdings['tables'] };
}

/**
 * Rows that only one of them holds, in a line each; tables that the backup does not know are not looked at. None where
 * the schemas of the others differ, or where a UUID is in two tables.
 */
export function unlikeness(backup: Holdings, live: Holdings): readonly string[] {
  const shared = Object.keys(backup.schema).filter((table) => table in live.schema);
  if (shared.some((table) => printExact(sorted(backup.schema[table])) !== printExact(sorted(live.schema[table]))))
    return [];
  const uuids = Object.values(backup.tables).flatMap((rows) => Object.keys(rows));
  if (new Set(uuids).size < uuids.length) return [];
  const [ours, theirs] = [likeness(backup, backup.schema), likeness(live, backup.schema)];
  const count = (list: readonly string[]): Map<string, number> =>
    list.reduce((counts, line) => counts.set(line, (counts.get(line) ?? 0) + 1), new Map<string, number>());
  const [a, b] = [count(ours), count(theirs)];
  const only = (x: Map<string, number>, y: Map<string, number>, where: string): string[] =>
    [...x].filter(([line, n]) => (y.get(line) ?? 0) < n).map(([line]) => `only in the ${where}: ${line}`);
  return [...only(a, b, 'backup'), ...only(b, a, 'database')];
}

interface Row {
  readonly table: string;
  readonly values: readonly (readonly [column: string, members: readonly (readonly ExactJson[])[]])[];
}

function likeness({ schema, tables }: Holdings, seen: Schema): readonly string[] {
  const rows = new Map<string, Row>();
  for (const [table, held] of Object.entries(tables)) {
    if (NOT_COMPARED.has(table) || !(table in seen)) continue;
    for (const [uuid, row] of Object.entries(held))
      rows.set(uuid, { table, values: valuesOf(row, table, schema, seen) });
  }
  const held = heldRows(rows, schema);
  for (const uuid of [...rows.keys()]) if (!held.has(uuid)) rows.delete(uuid);
  const referrers = new Map<string, string[]>();
  for (const [uuid, { table, values }] of rows)
    for (const [column, members] of values)
      for (const to of members.flatMap(uuidsIn))
        if (rows.has(to)) referrers.set(to, [...(referrers.get(to) ?? []), `${uuid} ${table}.${column}`]);
  let names = new Map([...rows].map(([uuid, { table }]) => [uuid, table]));
  let texts = new Map<string, string>();
  for (let round = 0; round < ROUNDS; round++) {
    const now = names;
    texts = new Map(
      [...rows].map(([uuid, { table, values }]) => [
        uuid,
        `${table} ${values
          .map(([column, members]) => [column, textOf(members, now)])
          .filter(([, text]) => text !== '')
          .map((pair) => pair.join('='))
          .join(' ')}`,
      ]),
    );
    names = new Map(
      [...texts].map(([uuid, text]) => {
        const by = (referrers.get(uuid) ?? [])
          .map((referrer) => `${now.get(referrer.slice(0, 36)) ?? ''}${referrer.slice(36)}`)
          .sort();
        return [uuid, createHash('sha1').update(`${text} ${by.join()}`).digest('hex').slice(0, 12)];
      }),
    );
  }
  return [...texts].map(([uuid, text]) => `${names.get(uuid) ?? ''} ${text.slice(0, 400)}`);
}

/** Columns that are not at their default, each as its members: atoms of a set, pairs of a map. */
function valuesOf(
  row: Readonly<Record<string, ExactJson>>,
  table: string,
  schema: Schema,
  seen: Schema,
): Row['values'] {
  const columns = member(schema[table], 'columns');
  const known = member(seen[table], 'columns');
  return Object.entries(isObject(columns) ? columns : {})
    .filter(([column]) => column in (known as object) && !(LEFT_OUT[table] ?? []).includes(column))
    .flatMap(([column, description]): [string, (readonly ExactJson[])[]][] => {
      const value = row[column];
      if (value === undefined || member(description, 'ephemeral') === true) return [];
      const members =
        isList(value) && value[0] === 'set'
          ? (value[1] as readonly ExactJson[]).map((atom) => [atom])
          : isList(value) && value[0] === 'map'
            ? (value[1] as readonly (readonly ExactJson[])[])
            : [[value]];
      const type = member(description, 'type');
      const isScalar =
        !isObject(type) || ((type['min'] ?? 1) === 1 && (type['max'] ?? 1) === 1 && type['value'] === undefined);
      const isDefault =
        members.length === 0 ||
        (isScalar &&
          ['""', '0', 'false', '["uuid","00000000-0000-0000-0000-000000000000"]'].includes(printExact(value)));
      return isDefault ? [] : [[column, [...members]]];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function uuidsIn(pair: readonly ExactJson[]): readonly string[] {
  return pair.flatMap((atom) => (isList(atom) && atom[0] === 'uuid' ? [String(atom[1])] : []));
}

/** A reference to nothing is none: a server drops it. */
function textOf(members: readonly (readonly ExactJson[])[], names: ReadonlyMap<string, string>): string {
  const whole = members.filter((pair) => uuidsIn(pair).every((uuid) => names.has(uuid)));
  return whole
    .map((pair) => pair.map((atom) => (isList(atom) ? (names.get(String(atom[1])) ?? '') : printExact(atom))).join(':'))
    .sort()
    .join(',');
}

/** Rows of root tables, and what they hold by strong references: others a server removes. */
function heldRows(rows: ReadonlyMap<string, Row>, schema: Schema): ReadonlySet<string> {
  const hasRoots = Object.values(schema).some((table) => member(table, 'isRoot') === true);
  const held = new Set<string>();
  const hold = (uuid: string): void => {
    const row = rows.get(uuid);
    if (row === undefined || held.has(uuid)) return;
    held.add(uuid);
    const columns = member(schema[row.table], 'columns');
    for (const [column, members] of row.values) {
      const type = member(member(columns, column), 'type');
      const isStrong = (base: ExactJson | undefined): boolean =>
        member(base, 'refTable') !== undefined && member(base, 'refType') !== 'weak';
      for (const pair of members)
        pair.forEach((atom, i) => {
          if (isStrong(member(type, i === 0 ? 'key' : 'value'))) uuidsIn([atom]).forEach(hold);
        });
    }
  };
  for (const [uuid, { table }] of rows) if (!hasRoots || member(schema[table], 'isRoot') === true) hold(uuid);
  return held;
}

function sorted(value: ExactJson | undefined): ExactJson {
  if (isList(value)) return value.map(sorted);
  return isObject(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, one]) => [name, sorted(one)]),
      )
    : (value ?? null);
}

function member(value: ExactJson | undefined, name: string): ExactJson | undefined {
  return isObject(value) ? value[name] : undefined;
}
