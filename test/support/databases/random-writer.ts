/**
 * A client that writes random transactions, each of which leaves true what was true of its rows, so that a snapshot
 * that is not of one instant gives itself away: switches whose ports are counted and weighed in an address set and
 * listed in a port group. It also changes and deletes rows that it found, of which nothing is checked. Writers do not
 * touch each other's rows.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Row } from '../../../src/model/row/row.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { PlainClient } from '../clients/plain-client.js';
import { type ExactJson, isList, isObject } from '../judge/exact-json.js';
import { NORTHBOUND } from '../judge/judge.js';
import { Rng } from '../northbound/lib/rng.mjs';

interface Port {
  readonly uuid: string;
  weight: number;
}

interface Switch {
  readonly uuid: string;
  readonly ports: Port[];
}

const SWITCHES_MAX = 40;
const FOUND_MAX = 300;

export interface WriterOptions {
  /** Between two transactions. Default 1. */
  readonly pauseMs?: number;
}

export class RandomWriter {
  /** Transactions so far. */
  committed = 0;
  private readonly random: Rng;
  private readonly name: string;
  private readonly switches: Switch[] = [];
  private readonly found: [string, string][] = [];
  private numbers = 0;
  private isStopped = false;
  private readonly steps: readonly (() => ExactJson[])[] = [
    () => this.newSwitch(),
    () => this.newPorts(),
    () => this.newPorts(),
    () => this.move(),
    () => this.weigh(),
    () => this.weigh(),
    () => this.deletePort(),
    () => this.deleteSwitch(),
    () => this.touch(),
    () => this.deleteFound(),
  ];

  constructor(
    private readonly remote: string,
    private readonly seed: number,
    private readonly options: WriterOptions = {},
  ) {
    this.random = new Rng(seed);
    this.name = `writer-${String(seed)}`;
  }

  /** Writes until stop(). @throws Error when a transaction fails */
  async run(): Promise<void> {
    await using client = await PlainClient.open(this.remote);
    await this.begin(client);
    while (!this.isStopped) {
      const operations = this.random.pick(this.steps)?.() ?? [];
      if (operations.length === 0) continue;
      await client.transact(NORTHBOUND, [...operations, this.tally()]);
      this.committed++;
      await delay(this.options.pauseMs ?? 1);
    }
  }

  stop(): void {
    this.isStopped = true;
  }

  /** What is not true in a snapshot that should always be. */
  broken(snapshot: Snapshot): readonly string[] {
    const mine = (table: string): [string, Row][] => this.rows(snapshot, table);
    const [total] = mine('Address_Set').map(([, row]) => row['external_ids'] as Readonly<Record<string, string>>);
    if (total === undefined) return [];
    const switches = mine('Logical_Switch').map(([, row]) => (row['ports'] ?? []) as readonly string[]);
    const ports = new Map(mine('Logical_Switch_Port'));
    const problems: string[] = [];
    const expectSame = (what: string, found: unknown, expected: unknown): void => {
      if (String(found) !== String(expected))
        problems.push(`${this.name}: ${what}: ${String(found)}, not ${String(expected)}`);
    };
    expectSame('switches', switches.length, total['switches']);
    expectSame('ports', ports.size, total['ports']);
    expectSame('ports of switches', switches.flat().sort().join(' '), [...ports.keys()].sort().join(' '));
    expectSame(
      'weights',
      [...ports.values()].reduce((sum, row) => sum + Number((row['options'] as Record<string, string>)['weight']), 0),
      total['weight'],
    );
    expectSame(
      'ports of the group',
      [...((mine('Port_Group')[0]?.[1]['ports'] ?? []) as readonly string[])].sort().join(' '),
      [...ports.keys()].sort().join(' '),
    );
    return problems;
  }

  private rows(snapshot: Snapshot, table: string): [string, Row][] {
    const rows = snapshot.tables.get(table);
    return Array.from({ length: rows?.count ?? 0 }, (_, i) => i)
      .filter((i) => rows?.text(i).includes(`"${this.name}-`) === true)
      .map((i) => [rows?.uuid(i) ?? '', rows?.row(i) ?? {}]);
  }

  private async begin(client: PlainClient): Promise<void> {
    const tables = ['Logical_Switch', 'Logical_Switch_Port', 'Load_Balancer', 'Address_Set', 'Port_Group'];
    const results = await client.transact(
      NORTHBOUND,
      tables.map((table) => ({ op: 'select', table, where: [], columns: ['_uuid', 'name'] })),
    );
    results.forEach((result, i) => {
      const rows = isObject(result) && isList(result['rows']) ? result['rows'] : [];
      const uuids = rows.flatMap((row) =>
        isObject(row) && isList(row['_uuid']) && !String(row['name']).startsWith('writer-')
          ? [String(row['_uuid'][1])]
          : [],
      );
      // each writer has its own share of what nobody of them made
      this.found.push(
        ...this.random
          .sample(
            uuids.filter((uuid) => parseInt(uuid.slice(0, 4), 16) % 7 === this.seed % 7),
            FOUND_MAX,
          )
          .map((uuid): [string, string] => [tables[i] ?? '', uuid]),
      );
    });
    await client.transact(NORTHBOUND, [
      { op: 'insert', table: 'Address_Set', row: { name: `${this.name}-total`, external_ids: counts(this.switches) } },
      { op: 'insert', table: 'Port_Group', row: { name: `${this.name}-group` } },
    ]);
  }

  /** The last operation of each transaction. */
  private tally(): ExactJson {
    return {
      op: 'update',
      table: 'Address_Set',
      where: [['name', '==', `${this.name}-total`]],
      row: { external_ids: counts(this.switches) },
    };
  }

  private newSwitch(): ExactJson[] {
    if (this.switches.length >= SWITCHES_MAX) return this.deleteSwitch();
    const made: Switch = { uuid: this.uuid(), ports: [] };
    this.switches.push(made);
    const inserts = this.insertPorts(made, this.random.int(6));
    return [
      ...inserts,
      { op: 'insert', table: 'Logical_Switch', uuid: made.uuid, row: { name: this.newName(), ports: set(made.ports) } },
    ];
  }

  private newPorts(): ExactJson[] {
    const chosen = this.random.pick(this.switches);
    if (chosen === undefined) return [];
    const before = chosen.ports.length;
    const inserts = this.insertPorts(chosen, this.random.range(1, 4));
    return [...inserts, mutate('Logical_Switch', chosen.uuid, ['ports', 'insert', set(chosen.ports.slice(before))])];
  }

  private move(): ExactJson[] {
    const [from, to] = [this.random.pick(this.switches), this.random.pick(this.switches)];
    const port = from?.ports[0];
    if (from === undefined || to === undefined || from === to || port === undefined) return [];
    from.ports.shift();
    to.ports.push(port);
    return [
      mutate('Logical_Switch', from.uuid, ['ports', 'delete', set([port])]),
      mutate('Logical_Switch', to.uuid, ['ports', 'insert', set([port])]),
    ];
  }

  private weigh(): ExactJson[] {
    const port = this.random.pick(this.random.pick(this.switches)?.ports ?? []);
    if (port === undefined) return [];
    port.weight = this.random.int(1_000);
    return [
      {
        op: 'update',
        table: 'Logical_Switch_Port',
        where: where(port.uuid),
        row: { options: ['map', [['weight', String(port.weight)]]], addresses: `10.0.0.${String(port.weight % 250)}` },
      },
    ];
  }

  private deletePort(): ExactJson[] {
    const from = this.random.pick(this.switches);
    const port = from?.ports.pop();
    return from === undefined || port === undefined
      ? []
      : [mutate('Logical_Switch', from.uuid, ['ports', 'delete', set([port])])];
  }

  private deleteSwitch(): ExactJson[] {
    const gone = this.switches.shift();
    return gone === undefined ? [] : [{ op: 'delete', table: 'Logical_Switch', where: where(gone.uuid) }];
  }

  private touch(): ExactJson[] {
    const [table, uuid] = this.random.pick(this.found) ?? [];
    return table === undefined || uuid === undefined
      ? []
      : [
          mutate(table, uuid, [
            'external_ids',
            'insert',
            ['map', [[`touched-${String(this.random.int(5))}`, String(++this.numbers)]]],
          ]),
        ];
  }

  private deleteFound(): ExactJson[] {
    const [table, uuid] = this.found.find(([name]) => name === 'Logical_Switch' || name === 'Address_Set') ?? [];
    if (table === undefined || uuid === undefined || !this.random.chance(0.2)) return [];
    this.found.splice(
      this.found.findIndex(([, other]) => other === uuid),
      1,
    );
    return [{ op: 'delete', table, where: where(uuid) }];
  }

  private insertPorts(into: Switch, count: number): ExactJson[] {
    const ports = Array.from({ length: count }, (): Port => ({ uuid: this.uuid(), weight: this.random.int(1_000) }));
    into.ports.push(...ports);
    const inserts = ports.map(({ uuid, weight }) => ({
      op: 'insert',
      table: 'Logical_Switch_Port',
      uuid,
      row: { name: this.newName(), options: ['map', [['weight', String(weight)]]] },
    }));
    return count === 0
      ? []
      : [
          ...inserts,
          {
            op: 'mutate',
            table: 'Port_Group',
            where: [['name', '==', `${this.name}-group`]],
            mutations: [['ports', 'insert', set(ports)]],
          },
        ];
  }

  private newName(): string {
    return `${this.name}-${String(++this.numbers)}`;
  }

  private uuid(): string {
    const hex = (digits: number): string =>
      Array.from({ length: digits }, () => this.random.int(16).toString(16)).join('');
    return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  }
}

function counts(switches: readonly Switch[]): ExactJson {
  const ports = switches.flatMap((one) => one.ports);
  return [
    'map',
    [
      ['switches', String(switches.length)],
      ['ports', String(ports.length)],
      ['weight', String(ports.reduce((sum, { weight }) => sum + weight, 0))],
    ],
  ];
}

const set = (ports: readonly Port[]): ExactJson => ['set', ports.map(({ uuid }) => ['uuid', uuid])];
const where = (uuid: string): ExactJson => [['_uuid', '==', ['uuid', uuid]]];
const mutate = (table: string, uuid: string, mutation: ExactJson): ExactJson => ({
  op: 'mutate',
  table,
  where: where(uuid),
  mutations: [mutation],
});
