/** Tables that one transaction fills: what others do to them meanwhile is noticed without reading their rows. */
import { statSync } from 'node:fs';
import { applyPlan } from '../../../src/engine/apply/apply.js';
import type { Plan } from '../../../src/engine/plan/table-plan.js';
import { FilledTables } from '../../../src/engine/verify/filled-tables.js';
import { readPlanned } from '../../../src/engine/verify/read-planned.js';
import type { Verification } from '../../../src/engine/verify/verify.js';
import { Breath } from '../../../src/lib/breath.js';
import { systemClock } from '../../../src/lib/clock.js';
import type { Row } from '../../../src/model/row/row.js';
import { countOperation } from '../../../src/ovsdb/operation.js';
import { transact as transactOn } from '../../../src/ovsdb/transact.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { transact } from '../../support/judge/judge.js';
import { Engine, EXACT, northboundSchema } from '../../support/servers/engine.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';

const SCHEMA = northboundSchema();
const COUNT = 600;
const u = (kind: string, number = 0): string => `${kind.repeat(8)}-0000-4000-8000-${String(number).padStart(12, '0')}`;
const numbers = Array.from({ length: COUNT }, (_, i) => i);

/** Ports of one switch, all in a group, every other one with DHCP options; and sets, to which nothing refers. */
const NETWORK: Tables = {
  Logical_Switch: { [u('a')]: { name: 'web', ports: numbers.map((number) => u('c', number)) } },
  Logical_Switch_Port: Object.fromEntries(
    numbers.map((number): [string, Row] => [
      u('c', number),
      { name: `p${number}`, ...(number % 2 === 0 ? { dhcpv4_options: u('d') } : {}) },
    ]),
  ),
  Port_Group: { [u('b')]: { name: 'pg', ports: numbers.map((number) => u('c', number)) } },
  DHCP_Options: { [u('d')]: { cidr: '10.0.0.0/8' } },
  Address_Set: Object.fromEntries(
    numbers.map((number): [string, Row] => [u('e', number), { name: `set${number}`, addresses: ['10.0.0.1'] }]),
  ),
};

let server: TestServer;
let engine: Engine;
beforeAll(async () => {
  server = await startOvsdbServer();
  engine = new Engine(server.remote);
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  const emptied = await engine.plan(snapshotOf(SCHEMA, {}), EXACT);
  if (emptied.changeCount > 0) await engine.apply(emptied);
});

const nb = (...words: readonly string[]): Promise<string> => nbctl(server.remote, ...words);

interface Outcome {
  /** Names of the tables whose rows were not asked for. */
  readonly counted: readonly string[];
  readonly verification: Verification;
}

/** Restores into the emptied database; others write before it is verified. */
async function restored(network: Tables, others: (plan: Plan) => Promise<unknown>): Promise<Outcome> {
  const plan = await engine.plan(snapshotOf(SCHEMA, network), EXACT);
  return engine.session(async (session) => {
    const options = { clock: systemClock, breath: new Breath() };
    const filled = await FilledTables.watch(plan, session);
    await applyPlan(session, plan, { comment: 'a test' });
    await others(plan);
    const asTheyCame = await filled?.asTheyCame(plan, session, options);
    const verification = await readPlanned(plan, session, { ...options, filled });
    expect(verification).toEqual(await readPlanned(plan, session, options));
    return { counted: [...(asTheyCame ?? [])].map(({ table }) => table.name), verification };
  });
}

const nothing = (): Promise<void> => Promise.resolve();
const messages = ({ verification }: Outcome): readonly string[] => verification.problems.map(({ message }) => message);

it('only counts the tables that nobody else writes to', async () => {
  const { counted, verification } = await restored(NETWORK, nothing);
  expect(counted).toEqual(['Address_Set', 'Logical_Switch_Port']);
  const touched = 2 * COUNT + 3;
  expect(verification).toEqual({ problems: [], warnings: [], asPlanned: touched, touched });
});

it.each([
  ['deletes one', ['destroy', 'Address_Set', u('e', 7)], 'address set "set7" is not in the database'],
  [
    'deletes one and makes another',
    ['destroy', 'Address_Set', u('e', 7), '--', 'create', 'Address_Set', 'name=other'],
    'address set "set7" is not in the database',
  ],
  ['takes a reference away', ['clear', 'Logical_Switch_Port', 'p2', 'dhcpv4_options'], 'port "p2" is not as planned'],
])('names the row of which somebody %s', async (_, words, expected) => {
  const outcome = await restored(NETWORK, () => nb(...words));
  expect(outcome.counted).toHaveLength(1);
  expect(messages(outcome)).toEqual([expect.stringContaining(expected)]);
});

it('asks for the rows of a table to which somebody adds', async () => {
  const outcome = await restored(NETWORK, () => nb('create', 'Address_Set', 'name=other'));
  expect(outcome.counted).toEqual(['Logical_Switch_Port']);
  expect(messages(outcome)).toEqual([]);
});

it('reads references where one leads to a row that does not come', async () => {
  const ports = { ...NETWORK['Logical_Switch_Port'], [u('c', 2)]: { name: 'p2', dhcpv4_options: u('d', 9) } };
  const { counted, verification } = await restored({ ...NETWORK, Logical_Switch_Port: ports }, nothing);
  expect(counted).toEqual(['Address_Set']);
  expect(verification.problems).toEqual([]);
  expect(verification.warnings).toEqual([expect.stringContaining('port "p2": references in dhcpv4_options')]);
});

it('notices a row that a reference leads to, and that is gone', async () => {
  const outcome = await restored(NETWORK, () => nb('destroy', 'DHCP_Options', u('d')));
  expect(outcome.counted).toEqual(['Address_Set']);
  expect(messages(outcome)).toContain('dhcp options 10.0.0.0/8 is not in the database, though it was to be inserted');
});

it('trusts no other session, and nothing once it was released', async () => {
  const plan = await engine.plan(snapshotOf(SCHEMA, NETWORK), EXACT);
  await engine.session(async (session) => {
    const options = { clock: systemClock, breath: new Breath() };
    const filled = await FilledTables.watch(plan, session);
    await applyPlan(session, plan, { comment: 'a test' });
    expect(await engine.session(async (other) => filled?.asTheyCame(plan, other, options))).toEqual(new Set());
    await filled?.release();
    expect(await filled?.asTheyCame(plan, session, options)).toEqual(new Set());
  });
});

it('watches nothing where no table is filled', async () => {
  const few = { Address_Set: { [u('e')]: { name: 'set' } } };
  const plan = await engine.plan(snapshotOf(SCHEMA, few), EXACT);
  expect(await engine.session((session) => FilledTables.watch(plan, session))).toBeUndefined();
});

it('counts rows without a trace in the database', async () => {
  await transact(server.remote, [{ op: 'insert', table: 'Address_Set', row: { name: 'one' } }]);
  const before = statSync(server.databaseFile).size;
  const results = await engine.session(({ connection }) =>
    transactOn(connection, SCHEMA.name, ['Address_Set', 'DNS'].map(countOperation), { timeoutMs: 10_000 }),
  );
  expect(results).toEqual([{ count: 1 }, { count: 0 }]);
  expect(statSync(server.databaseFile).size).toBe(before);
});
