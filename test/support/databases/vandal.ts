/** Mischief for property tests: random changes of a database, of every kind that a restore has to put right. */
import fc from 'fast-check';
import { isRuntimeColumn, runtimeKeys } from '../../../src/model/northbound/runtime.js';
import { holderColumns, referenceColumns, referencesIn } from '../../../src/model/reference/reference.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import type { ColumnSchema, TableSchema } from '../../../src/ovsdb/database-schema.js';
import type { PlainClient } from '../clients/plain-client.js';
import type { ExactJson } from '../judge/exact-json.js';
import { NORTHBOUND } from '../judge/judge.js';

/** What is done to the database: a verb, and numbers that pick its objects. */
export interface Mutation {
  readonly verb: 'delete' | 'change' | 'insert' | 'move' | 'leave';
  readonly picks: readonly [number, number, number];
}

export const mutations = fc.array(
  fc.record({
    verb: fc.constantFrom<Mutation['verb']>('delete', 'delete', 'change', 'change', 'insert', 'move', 'leave'),
    picks: fc.tuple(fc.nat(), fc.nat(), fc.nat()),
  }),
  { minLength: 1, maxLength: 14 },
);

const whereUuid = (uuid: string): ExactJson => [['_uuid', '==', ['uuid', uuid]]];
const refer = (uuids: readonly string[]): ExactJson => ['set', uuids.map((uuid) => ['uuid', uuid])];
const pick = <T>(list: readonly T[], number: number): T | undefined => list[number % Math.max(1, list.length)];

let serial = 0;

/** Does what a Mutation says to the database that `backup` was captured from. */
export class Vandal {
  constructor(
    private readonly client: PlainClient,
    private readonly backup: Snapshot,
  ) {}

  /** A mutation that the server refuses (a strong reference would dangle) is none. */
  async run({ verb, picks }: Mutation): Promise<void> {
    const operations = this[verb](picks);
    if (operations.length > 0) await this.client.transact(NORTHBOUND, operations).catch(() => undefined);
  }

  private tables(): readonly TableSchema[] {
    return [...this.backup.schema.tables.values()].filter(({ name }) => (this.backup.tables.get(name)?.count ?? 0) > 0);
  }

  private row(table: TableSchema, number: number): string {
    const rows = this.backup.tables.get(table.name);
    return rows?.uuid(number % rows.count) ?? '';
  }

  /** A root goes by itself; any other row by being taken from all that hold it. */
  private delete([t, r]: Mutation['picks']): readonly ExactJson[] {
    const table = pick(this.tables(), t);
    if (table === undefined) return [];
    const uuid = this.row(table, r);
    return [...this.release(table, uuid), { op: 'delete', table: table.name, where: whereUuid(uuid) }];
  }

  private release(table: TableSchema, uuid: string): readonly ExactJson[] {
    return this.holds(table).map(([holder, column]) => ({
      op: 'mutate',
      table: holder.name,
      where: [],
      mutations: [[column.name, 'delete', ['uuid', uuid]]],
    }));
  }

  /** Set columns that refer to the table. */
  private holds(to: TableSchema): readonly (readonly [TableSchema, ColumnSchema])[] {
    return this.tables().flatMap((table) =>
      referenceColumns(table)
        .filter(({ key, column }) => key?.table === to.name && column.kind === 'set' && column.min === 0)
        .map(({ column }) => [table, column] as const),
    );
  }

  private change([t, r, c]: Mutation['picks']): readonly ExactJson[] {
    const table = pick(this.tables(), t);
    if (table === undefined) return [];
    const uuid = this.row(table, r);
    const number = r % (this.backup.tables.get(table.name)?.count ?? 1);
    const row = this.backup.tables.get(table.name)?.row(number) ?? {};
    const column = pick(
      [...table.columns.values()].filter(
        ({ name, key, ephemeral }) =>
          key.type !== 'uuid' &&
          !ephemeral &&
          !isRuntimeColumn(table.name, name, row) &&
          name !== 'tag' &&
          name !== 'tag_request' &&
          runtimeKeys(table, name).size === 0,
      ),
      c,
    );
    const value = column === undefined ? undefined : this.value(column, c);
    return column === undefined || value === undefined
      ? []
      : [{ op: 'update', table: table.name, where: whereUuid(uuid), row: { [column.name]: value } }];
  }

  private value({ kind, key, value }: ColumnSchema, number: number): ExactJson | undefined {
    const atom = (base: typeof key): ExactJson => {
      if (base.enum !== undefined) return pick(base.enum, number) as ExactJson;
      if (base.type === 'integer') return Number(base.minInteger ?? 0) + (number % 100);
      return base.type === 'boolean' ? number % 2 === 0 : `changed-${String(++serial)}`;
    };
    if (kind === 'map') return number % 3 === 0 ? ['map', []] : ['map', [[atom(key), atom(value ?? key)]]];
    if (kind === 'set') return number % 3 === 0 ? ['set', []] : ['set', [atom(key)]];
    return kind === 'optional' && number % 3 === 0 ? ['set', []] : atom(key);
  }

  private insert([what, t, r]: Mutation['picks']): readonly ExactJson[] {
    const name = `new-${String(++serial)}`;
    const port = { op: 'insert', table: 'Logical_Switch_Port', 'uuid-name': 'p', row: { name: `${name}-port` } };
    const acl = {
      op: 'insert',
      table: 'ACL',
      'uuid-name': 'a',
      row: { direction: 'to-lport', priority: 7, match: `ip4.src == ${name}`, action: 'drop' },
    };
    const into = (table: string, column: string, value: ExactJson): ExactJson => ({
      op: 'mutate',
      table,
      where: whereUuid(this.row(this.backup.schema.tables.get(table) as TableSchema, t)),
      mutations: [[column, 'insert', value]],
    });
    switch (what % 5) {
      case 0:
        return [
          port,
          acl,
          {
            op: 'insert',
            table: 'Logical_Switch',
            row: { name, ports: ['named-uuid', 'p'], acls: ['named-uuid', 'a'] },
          },
        ];
      case 1:
        return [
          port,
          into('Logical_Switch', 'ports', ['named-uuid', 'p']),
          into('Port_Group', 'ports', ['named-uuid', 'p']),
        ];
      case 2:
        return [acl, into('Port_Group', 'acls', ['named-uuid', 'a'])];
      case 3:
        return [
          {
            op: 'insert',
            table: 'Address_Set',
            'uuid-name': 's',
            row: { name: `as_${String(serial)}`, addresses: '10.0.0.1' },
          },
          {
            op: 'insert',
            table: 'NAT',
            'uuid-name': 'n',
            row: {
              type: 'snat',
              external_ip: '1.1.1.1',
              logical_ip: `10.${String(r % 250)}.0.0/24`,
              allowed_ext_ips: ['named-uuid', 's'],
              external_ids: ['map', [['name', name]]],
            },
          },
          into('Logical_Router', 'nat', ['named-uuid', 'n']),
        ];
      default:
        return [
          { op: 'insert', table: 'HA_Chassis', 'uuid-name': 'h', row: { chassis_name: name, priority: 1 } },
          { op: 'insert', table: 'HA_Chassis_Group', row: { name, ha_chassis: ['named-uuid', 'h'] } },
        ];
    }
  }

  /** A row of a non-root table from one holder to another of the same table. */
  private move([t, r, to]: Mutation['picks']): readonly ExactJson[] {
    const holders = this.tables().flatMap((table) =>
      holderColumns(this.backup.schema, table)
        .filter(({ column, key }) => column.kind === 'set' && column.min === 0 && key?.strong === true)
        .map((column) => [table, column] as const),
    );
    const chosen = pick(holders, t);
    if (chosen === undefined) return [];
    const [table, reference] = chosen;
    const rows = this.backup.tables.get(table.name);
    const from = Array.from({ length: rows?.count ?? 0 }, (_, i) => i).filter(
      (i) => referencesIn(reference, rows?.row(i)[reference.column.name]).length > 0,
    );
    const source = pick(from, r);
    const child =
      source === undefined ? undefined : pick(referencesIn(reference, rows?.row(source)[reference.column.name]), r);
    if (child === undefined || source === undefined) return [];
    const edit = (uuid: string, mutator: string): ExactJson => ({
      op: 'mutate',
      table: table.name,
      where: whereUuid(uuid),
      mutations: [[reference.column.name, mutator, ['uuid', child.uuid]]],
    });
    return [edit(rows?.uuid(source) ?? '', 'delete'), edit(this.row(table, to), 'insert')];
  }

  /** Takes members out of a set of references, or all. */
  private leave([t, r, all]: Mutation['picks']): readonly ExactJson[] {
    const table = pick(
      this.tables().filter((candidate) => referenceColumns(candidate).some(({ column }) => column.kind === 'set')),
      t,
    );
    if (table === undefined) return [];
    const reference = pick(
      referenceColumns(table).filter(({ column }) => column.kind === 'set' && column.min === 0),
      all,
    );
    if (reference === undefined) return [];
    const rows = this.backup.tables.get(table.name);
    const members = referencesIn(reference, rows?.row(r % rows.count)[reference.column.name]).map(({ uuid }) => uuid);
    const leaving = all % 4 === 0 ? members : members.slice(0, 1);
    return [
      {
        op: 'mutate',
        table: table.name,
        where: whereUuid(this.row(table, r)),
        mutations: [[reference.column.name, 'delete', refer(leaving)]],
      },
    ];
  }
}
