/**
 * How plans are cut into steps, case by case, without a database. What they do to one is in
 * functional/engine/steps-law.test.ts.
 */
import {
  cutIntoTransactions,
  type PlanTransaction,
  type TransactionLimits,
} from '../../../src/engine/apply/transactions.js';
import type { PlanOptions } from '../../../src/engine/plan/table-plan.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Row } from '../../../src/model/row/row.js';
import { parseJson } from '../../../src/ovsdb/json.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { EXACT, northboundSchema, planBetween, SKIP } from '../../support/servers/engine.js';

const SCHEMA = northboundSchema();
const u = (name: string): string =>
  `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;
const NOTHING: Tables = {};
const SINGLE: TransactionLimits = { rowsMax: 1, bytesMax: 1 << 20 };

interface Operation {
  readonly op: string;
  readonly table: string;
  readonly uuid?: string;
  readonly where?: readonly (readonly [string, string, unknown])[];
  readonly row?: Readonly<Record<string, unknown>>;
  readonly columns?: readonly string[];
  readonly rows?: readonly Readonly<Record<string, unknown>>[];
  readonly mutations?: readonly (readonly [string, string, unknown])[];
}

async function stepsOf(
  backup: Tables,
  live: Tables,
  limits: TransactionLimits,
  options: PlanOptions = EXACT,
): Promise<readonly PlanTransaction[] | 'ONE'> {
  const plan = await planBetween(snapshotOf(SCHEMA, backup), snapshotOf(SCHEMA, live), options);
  expect(plan.problems).toEqual([]);
  return cutIntoTransactions(plan, limits, new Breath());
}

/** The operations of each step. */
async function operationsOf(...args: Parameters<typeof stepsOf>): Promise<Operation[][]> {
  const steps = await stepsOf(...args);
  if (steps === 'ONE') throw new Error('it was not cut');
  return steps.map((step) => [...step.operations()].map((text) => parseJson(text) as unknown as Operation));
}

/** "op name" of every operation but guards; names are those of u(). */
const told = (operations: readonly Operation[]): string[] =>
  operations
    .filter(({ op }) => op !== 'wait')
    .map(
      (operation) =>
        `${operation.op} ${nameOf(operation)}${(operation.mutations ?? []).map(([column, mutator, value]) => ` ${column} ${mutator} ${namesIn(value)}`).join(';')}`,
    );
const guards = (operations: readonly Operation[]): Operation[] => operations.filter(({ op }) => op === 'wait');
const nameOf = ({ uuid, where }: Operation): string => namesIn(uuid ?? where);
const namesIn = (value: unknown): string =>
  [...JSON.stringify(value).matchAll(/"([0-9a-f]{8})-0000-4000-8000-0{12}"/g)]
    .map(([, hex = '']) => Buffer.from(hex, 'hex').toString().replace(/-+$/, ''))
    .sort()
    .join(' ');

const port = (name: string): Row => ({ name });
const NAMES = ['p1', 'p2', 'p3', 'p4', 'p5'];
const PORTS: Tables[string] = Object.fromEntries(NAMES.map((name) => [u(name), port(name)]));
const NETWORK: Tables = {
  Logical_Switch: { [u('s')]: { name: 'web', ports: NAMES.map(u) } },
  Logical_Switch_Port: PORTS,
  Port_Group: { [u('g')]: { name: 'pg', ports: NAMES.map(u), acls: [u('a')] } },
  ACL: { [u('a')]: { action: 'drop', direction: 'to-lport', match: 'ip', priority: 1 } },
};

describe('cutIntoTransactions', () => {
  it('leaves a plan that fits as one transaction', async () => {
    expect(await stepsOf(NETWORK, NOTHING, { rowsMax: 8, bytesMax: 1 << 20 })).toBe('ONE');
    expect(await stepsOf(NETWORK, NETWORK, SINGLE)).toBe('ONE');
    expect(await stepsOf(NETWORK, NOTHING, { rowsMax: 7, bytesMax: 1 << 20 })).toHaveLength(2);
    expect(await stepsOf(NETWORK, NOTHING, { rowsMax: 100, bytesMax: 1_500 })).not.toBe('ONE');
  });

  it('spreads the ports of a switch over steps, each with every reference to it', async () => {
    const steps = await operationsOf(NETWORK, NOTHING, { rowsMax: 3, bytesMax: 1 << 20 });
    expect(told(steps[0] ?? [])).toEqual(['insert g', 'insert a', 'insert s']);
    for (const operations of steps.slice(1)) {
      const brought = operations
        .filter(({ op }) => op === 'insert')
        .map(nameOf)
        .sort()
        .join(' ');
      expect(told(operations).filter((text) => !text.startsWith('insert'))).toEqual([
        `mutate s ports insert ${brought}`,
        `mutate g ports insert ${brought}`,
      ]);
    }
    expect(steps.map((operations) => operations.filter(({ op }) => op === 'insert').length)).toEqual([3, 3, 2]);
    // the rows that get the ports must still be there
    expect(guards(steps[2] ?? []).map((guard) => [nameOf(guard), guard.columns])).toEqual([
      ['s', ['_uuid']],
      ['g', ['_uuid']],
    ]);
  });

  it('writes a row whole when all that it refers to is there', async () => {
    const steps = await operationsOf(
      {
        ...NETWORK,
        Load_Balancer: { [u('l')]: { name: 'lb' } },
        Logical_Switch: { [u('s')]: { name: 'web', load_balancer: [u('l')] } },
        Logical_Switch_Port: {},
        Port_Group: {},
        ACL: {},
      },
      NOTHING,
      SINGLE,
    );
    expect(steps.map(told)).toEqual([['insert l'], ['insert s']]);
    expect(steps[1]?.at(-1)?.row).toEqual({ name: 'web', load_balancer: ['uuid', u('l')] });
  });

  it('keeps a meter and its bands together, however many', async () => {
    const bands = ['b1', 'b2', 'b3'];
    const meters: Tables = {
      Meter: {
        [u('m')]: { name: 'm', unit: 'kbps', bands: bands.map(u) },
        [u('n')]: { name: 'n', unit: 'kbps', bands: [u('b4')] },
      },
      Meter_Band: Object.fromEntries([...bands, 'b4'].map((name, i) => [u(name), { action: 'drop', rate: i + 1 }])),
    };
    for (const [backup, live] of [
      [meters, NOTHING],
      [NOTHING, meters],
    ] as const) {
      const steps = await stepsOf(backup, live, SINGLE);
      expect(steps === 'ONE' ? [] : steps.map(({ rows }) => rows).sort()).toEqual([2, 4]);
    }
  });

  it('deletes what refers before what is referred to, and what is held before what holds', async () => {
    const live: Tables = {
      Logical_Router: { [u('r')]: { name: 'r', nat: [u('n')] } },
      NAT: { [u('n')]: { type: 'snat', external_ip: '1.1.1.1', logical_ip: '10.0.0.0/8', allowed_ext_ips: u('x') } },
      Address_Set: { [u('x')]: { name: 'x' } },
    };
    const steps = await operationsOf(NOTHING, live, SINGLE);
    expect(steps.map(told)).toEqual([['mutate r nat delete n', 'delete n'], ['delete r'], ['delete x']]);
    // earlier steps took members out of the sets of the router, and nobody may have put others there
    const [guard] = guards(steps[1] ?? []);
    expect(guard?.columns).toEqual(expect.arrayContaining(['name', 'options', 'copp', 'nat', 'ports', 'policies']));
    expect(guard?.rows).toEqual([expect.objectContaining({ name: 'r', nat: ['set', []] })]);
    // what is taken out of a set must be in it
    expect(guards(steps[0] ?? []).map(({ table, where, columns }) => [table, where?.length, columns])).toEqual([
      ['NAT', 1, expect.arrayContaining(['external_ip', 'allowed_ext_ips'])],
      ['Logical_Router', 2, ['_uuid']],
    ]);
    expect(guards(steps[0] ?? [])[1]?.where?.[1]).toEqual(['nat', 'includes', ['uuid', u('n')]]);
    // and nothing is taken out of what goes in the same step
    expect((await operationsOf(NOTHING, live, { rowsMax: 2, bytesMax: 1 << 20 })).map(told)).toEqual([
      ['delete n', 'delete r'],
      ['delete x'],
    ]);
  });

  it('moves a port out of one switch and into another in one step', async () => {
    const before: Tables = {
      Logical_Switch: { [u('old')]: { name: 'old', ports: [u('p1')] } },
      Logical_Switch_Port: { [u('p1')]: port('p1') },
    };
    const after: Tables = { ...before, Logical_Switch: { [u('new')]: { name: 'new', ports: [u('p1')] } } };
    const steps = await operationsOf(after, before, SINGLE);
    expect(steps.map(told)).toEqual([['insert new', 'mutate old ports delete p1'], ['delete old']]);
    expect(steps[0]?.find(({ op }) => op === 'insert')?.row).toEqual({ name: 'new', ports: ['uuid', u('p1')] });
  });

  it('frees an index key before another row takes it, and together when rows change theirs with each other', async () => {
    const of = (rows: Readonly<Record<string, string>>): Tables => ({
      Address_Set: Object.fromEntries(Object.entries(rows).map(([name, key]) => [u(name), { name: key }])),
    });
    // x gives "one" to y, which gives "two" to z; the identity of rows is by UUID
    expect(
      (
        await operationsOf(
          of({ x: 'three', y: 'one', z: 'two', w: 'w' }),
          of({ x: 'one', y: 'two', z: 'z', w: 'v' }),
          SINGLE,
        )
      )
        .map(told)
        .map((texts) => texts.join())
        .filter((text) => text !== 'update w'),
    ).toEqual(['update x', 'update y', 'update z']);
    const swapped = await operationsOf(of({ x: 'two', y: 'one', w: 'w' }), of({ x: 'one', y: 'two', w: 'v' }), SINGLE);
    expect(swapped.map((operations) => told(operations).sort())).toEqual(
      expect.arrayContaining([['update x', 'update y'], ['update w']]),
    );
  });

  it('brings rows back into sets of live rows without touching what others put there', async () => {
    const live: Tables = {
      ...NETWORK,
      Logical_Switch: { [u('s')]: { name: 'web', ports: [u('q')] } },
      Logical_Switch_Port: { [u('q')]: port('q') },
      Port_Group: { [u('g')]: { name: 'pg', acls: [u('a')] } },
    };
    for (const options of [SKIP, { ...EXACT, exact: false }]) {
      const steps = await operationsOf(NETWORK, live, { rowsMax: 2, bytesMax: 1 << 20 }, options);
      const texts = steps.flat().map((operation) => JSON.stringify(operation));
      expect(steps.flatMap(told).filter((text) => text.startsWith('update') || text.includes('delete'))).toEqual([]);
      for (const operations of steps) {
        const inserted = operations
          .filter(({ op }) => op === 'insert')
          .map(nameOf)
          .sort()
          .join(' ');
        if (inserted !== '')
          expect(
            told(operations)
              .filter((text) => text.startsWith('mutate'))
              .sort(),
          ).toEqual([`mutate g ports insert ${inserted}`, `mutate s ports insert ${inserted}`]);
      }
      expect(texts.filter((text) => text.includes(u('q')))).toEqual([]);
    }
  });

  it('asks in each step that brings a name who has it, and knows who has come to have it by then', async () => {
    const switches: Tables = {
      Logical_Switch: {
        [u('s1')]: { name: 'twin' },
        [u('s2')]: { name: 'twin' },
        [u('s3')]: { name: 'taken' },
        [u('s4')]: { name: 'new' },
      },
    };
    const live: Tables = { Logical_Switch: { [u('s4')]: { name: 'taken' } } };
    const asked = (steps: Operation[][]): string[] =>
      steps.flatMap((operations, step) =>
        guards(operations)
          .filter(({ where }) => where?.[0]?.[0] === 'name')
          .map(({ where, rows }) => `${step + 1} ${String(where?.[0]?.[2])} ${namesIn(rows)}`.trim()),
      );
    const steps = await operationsOf(switches, live, SINGLE);
    expect(steps.map(told)).toEqual([['insert s1'], ['insert s2'], ['insert s3'], ['update s4']]);
    expect(asked(steps)).toEqual(['1 twin', '2 twin s1', '3 taken s4', '4 new']);
    // a row that is renamed in an earlier step is no stranger
    const twins = { Logical_Switch: { [u('s1')]: { name: 'twin' }, [u('s4')]: { name: 'twin' } } };
    expect(asked(await operationsOf(twins, live, SINGLE))).toEqual(['1 twin', '2 twin s1']);
  });

  it('asks for all names of a table at once where many are brought', async () => {
    const named = (from: number, count: number): Record<string, Row> =>
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `${String(from + i).padStart(8, '0')}-0000-4000-8000-000000000000`,
          { name: `s${String(from + i)}` },
        ]),
      );
    const steps = await operationsOf(
      { Logical_Switch: { ...named(0, 2), ...named(10, 300) } },
      { Logical_Switch: named(0, 3) },
      { rowsMax: 150, bytesMax: 1 << 20 },
      SKIP,
    );
    const waits = steps.map((operations) => guards(operations).filter(({ columns }) => columns?.[0] === 'name'));
    expect(waits.map((list) => list.map(({ where, rows }) => [where, rows?.length]))).toEqual([[[[], 3]], [[[], 153]]]);
  });

  it('tells rows of every step by which it can be seen whether it was done, and writes the same text again', async () => {
    const after: Tables = {
      ...NETWORK,
      Port_Group: { [u('g')]: { name: 'pg', external_ids: { a: 'b' } } },
      ACL: {},
      Logical_Switch: {},
      Logical_Switch_Port: {},
    };
    const steps = await stepsOf(after, NETWORK, SINGLE);
    if (steps === 'ONE') throw new Error('it was not cut');
    expect(steps.reduce((sum, { rows }) => sum + rows, 0)).toBe(8);
    expect(steps.map(({ number }) => number)).toEqual(steps.map((_, i) => i + 1));
    const witnesses = steps.flatMap((step) => step.witnesses);
    expect(witnesses.map(({ kind }) => kind).sort()).toEqual([...Array.from({ length: 7 }, () => 'DELETE'), 'UPDATE']);
    expect(witnesses.find(({ kind }) => kind === 'UPDATE')).toMatchObject({
      table: 'Port_Group',
      uuid: u('g'),
      values: [],
      parts: [{ column: 'external_ids' }],
    });
    for (const step of steps) expect([...step.operations()]).toEqual([...step.operations()]);
  });
});
