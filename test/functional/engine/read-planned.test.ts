/** Verifying a large restore: which rows are there, and their weak references, and no more is read of them. */
import type { Plan } from '../../../src/engine/plan/table-plan.js';
import { readPlanned } from '../../../src/engine/verify/read-planned.js';
import { Breath } from '../../../src/lib/breath.js';
import { systemClock } from '../../../src/lib/clock.js';
import type { Row } from '../../../src/model/row/row.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { transact } from '../../support/judge/judge.js';
import { Engine, EXACT, northboundSchema } from '../../support/servers/engine.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';

const SCHEMA = northboundSchema();
const PORTS = 1_100;
const u = (kind: string, number = 0): string => `${kind.repeat(8)}-0000-4000-8000-${String(number).padStart(12, '0')}`;
const numbers = Array.from({ length: PORTS }, (_, i) => i);
const all = numbers.map((number) => u('c', number));

/** Ports of one switch, every other one of which has DHCP options. */
const NETWORK: Tables = {
  Logical_Switch: { [u('a')]: { name: 'web', ports: all } },
  Logical_Switch_Port: Object.fromEntries(
    numbers.map((number): [string, Row] => [
      u('c', number),
      { name: `p${number}`, ...(number % 2 === 0 ? { dhcpv4_options: u('d') } : {}) },
    ]),
  ),
  Port_Group: { [u('b')]: { name: 'pg', ports: all } },
  DHCP_Options: { [u('d')]: { cidr: '10.0.0.0/8' }, [u('d', 1)]: { cidr: '10.1.0.0/16' } },
};

let server: TestServer;
let engine: Engine;
beforeAll(async () => {
  server = await startOvsdbServer();
  engine = new Engine(server.remote);
});
afterAll(() => server[Symbol.asyncDispose]());

const nb = (...words: readonly string[]): Promise<string> => nbctl(server.remote, ...words);

async function restored(backup: Snapshot): Promise<Plan> {
  const plan = await engine.plan(backup, EXACT);
  await engine.apply(plan);
  return plan;
}

const read = (plan: Plan): ReturnType<typeof readPlanned> =>
  engine.session((session) => readPlanned(plan, session, { clock: systemClock, breath: new Breath() }));

it('names the rows that are not as planned, of many that came and of many that went', async () => {
  const plan = await restored(snapshotOf(SCHEMA, NETWORK));
  expect(await read(plan)).toEqual({ problems: [], warnings: [], asPlanned: PORTS + 4, touched: PORTS + 4 });
  const port = (number: number, ...words: readonly string[]): readonly string[] => [
    '--',
    ...words.slice(0, 1),
    'Logical_Switch_Port',
    u('c', number),
    ...words.slice(1),
  ];
  await nb('lsp-del', 'p1', ...port(2, 'clear', 'dhcpv4_options'), ...port(3, 'set', `dhcpv4_options=${u('d')}`));
  await nb(
    'lsp-add',
    'web',
    'late',
    ...port(4, 'set', `dhcpv4_options=${u('d', 1)}`),
    ...port(6, 'set', 'type=router'),
  );
  const { problems, asPlanned, touched } = await read(plan);
  expect(problems.map(({ message }) => message)).toEqual([
    'switch "web" is not as planned in ports',
    'port "p1" is not in the database, though it was to be inserted',
    'port "p2" is not as planned in dhcpv4_options',
    'port "p3" is not as planned in dhcpv4_options',
    'port "p4" is not as planned in dhcpv4_options',
    'port group "pg" is not as planned in ports',
  ]);
  expect([asPlanned, touched]).toEqual([PORTS - 2, PORTS + 4]);

  await nb('lsp-del', 'late');
  const emptied = await restored(snapshotOf(SCHEMA, {}));
  expect(await engine.verify(emptied)).toMatchObject({ problems: [], warnings: [] });
  await transact(server.remote, [
    { op: 'insert', table: 'Logical_Switch_Port', uuid: u('c', 7), row: { name: 'again' } },
    { op: 'insert', table: 'Logical_Switch', row: { name: 'other', ports: ['uuid', u('c', 7)] } },
  ]);
  expect((await read(emptied)).problems.map(({ message }) => message)).toEqual([
    'port "p7" is still in the database, though it was to be deleted',
  ]);
});
