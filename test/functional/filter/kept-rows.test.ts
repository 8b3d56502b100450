/**
 * What a filter leaves out: rows that the backup holds are never deleted by it, and references to what comes back come
 * back in them too.
 */
import { applyTransaction } from '../../../src/engine/apply/apply.js';
import { cutIntoTransactions } from '../../../src/engine/apply/transactions.js';
import type { Plan, PlanOptions } from '../../../src/engine/plan/table-plan.js';
import type { ResourceFilter } from '../../../src/engine/scope/scope.js';
import { undoTarget } from '../../../src/engine/undo/undo.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { changesBetween, changesOf } from '../../support/databases/changes.js';
import { compareDatabases, type DatabaseContent, dumpDatabase, emptyDatabase } from '../../support/judge/judge.js';
import { Engine, EXACT, keptChanges, OVERWRITE, planTo, REFUSE, SKIP } from '../../support/servers/engine.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';

let server: TestServer;
let engine: Engine;
beforeAll(async () => {
  server = await startOvsdbServer();
  engine = new Engine(server.remote);
});
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  await emptyDatabase(server.remote);
});

/** Commands of ovn-nbctl, separated by "--". */
const nb = (commands: string): Promise<string> => nbctl(server.remote, ...commands.trim().split(/\s+/));
const dump = (): Promise<DatabaseContent> => dumpDatabase(server.remote);
const get = async (table: string, row: string, column: string): Promise<string> =>
  (await nb(`get ${table} ${row} ${column}`)).trim();

/** Restores a part. The list of changes is what happened, and an undo takes all of it back. */
async function restorePart(backup: Snapshot, options: PlanOptions, part: Partial<ResourceFilter>): Promise<Plan> {
  const before = await engine.capture();
  const plan = await engine.planPart(backup, options, part);
  expect(plan.problems).toEqual([]);
  if (plan.changeCount > 0) await engine.apply(plan);
  expect((await engine.verify(plan)).problems).toEqual([]);
  expect((await engine.readBack(plan)).problems).toEqual([]);
  const after = await engine.capture();
  const changes = await keptChanges(plan);
  expect(changesOf(changes)).toEqual(changesBetween(before, after));
  // what was deleted cannot be named again
  if (plan.tables.every(({ deletes }) => deletes.length === 0))
    expect((await engine.planPart(backup, options, part)).changeCount).toBe(0);
  const restored = await dump();
  const { target, conflicts } = await undoTarget(after, changes, 'STRICT', new Breath());
  expect(conflicts).toEqual([]);
  for (const state of [target, after]) {
    const way = await planTo(state, await engine.capture());
    if (way.changeCount > 0) await engine.apply(way);
    if (state === target) expect(changesBetween(before, await engine.capture())).toEqual([]);
  }
  expect(compareDatabases(restored, await dump())).toEqual([]);
  return plan;
}

const messages = ({ problems }: Plan): readonly string[] => problems.map(({ message }) => message);

describe('exact with a filter', () => {
  const MOVE = 'ls-add swX -- set Logical_Switch swX ports=$p1 -- remove Logical_Switch sw1 ports $p1';
  const uuidOf = async (table: string, name: string): Promise<string> => get(table, name, '_uuid');

  /** Port p1 of switch sw1, which is in a port group, is in the backup; then it is moved into a switch of its own. */
  async function movedPort(): Promise<{ backup: Snapshot; expected: DatabaseContent }> {
    await nb('ls-add sw1 -- lsp-add sw1 p1 -- pg-add pg p1');
    const [backup, expected] = [await engine.capture(), await dump()];
    await nb(MOVE.replaceAll('$p1', await uuidOf('Logical_Switch_Port', 'p1')));
    return { backup, expected };
  }

  it.each<[string, Partial<ResourceFilter>]>([
    ['that leaves ports out', { includePorts: false }],
    ['that names the switch which goes', { switches: ['swX'] }],
    ['that names the switch which goes, without ports', { switches: ['swX'], includePorts: false }],
  ])('%s gives a port back to its switch when the one that it is in goes', async (_, part) => {
    const { backup, expected } = await movedPort();
    await restorePart(backup, EXACT, part);
    expect(compareDatabases(expected, await dump())).toEqual([]);
  });

  it('refuses, and names the row, where what held it is not there to take it back', async () => {
    const { backup } = await movedPort();
    await nb('ls-del sw1');
    for (const part of [{ switches: ['swX'] }, { includePorts: false }])
      expect(messages(await engine.planPart(backup, EXACT, part))).toEqual([
        'port "p1" is in the backup and would be lost: what holds it now gives it up, and what holds it in the backup ' +
          'is not there to take it back. Restore with a filter that takes that in',
      ]);
    await restorePart(backup, EXACT, { switches: ['swX', 'sw1'] });
    expect(await get('Logical_Switch', 'sw1', 'ports')).toBe(`[${await uuidOf('Logical_Switch_Port', 'p1')}]`);
  });

  it('gives rows back with what they hold, and says which rows of the database go along', async () => {
    await nb('lr-add r1 -- lrp-add r1 rp1 00:00:00:00:00:01 10.0.0.1/24 -- lrp-set-gateway-chassis rp1 c1 10');
    await nb('ls-add sw1 -- acl-add sw1 to-lport 1 ip4 drop -- acl-add sw1 to-lport 2 ip4 drop');
    const backup = await engine.capture();
    const acls = (await get('Logical_Switch', 'sw1', 'acls')).replace(/[[\] ]/g, '');
    const port = await uuidOf('Logical_Router_Port', 'rp1');
    await nb(`lr-add rX -- set Logical_Router rX ports=${port} -- remove Logical_Router r1 ports ${port}`);
    await nb(`pg-add pgX -- set Port_Group pgX acls=${acls} -- clear Logical_Switch sw1 acls`);
    await nb('lrp-add rX rp2 00:00:00:00:00:02 10.0.1.1/24 -- lrp-set-gateway-chassis rp1 c2 20');
    const plan = await restorePart(backup, EXACT, { includePorts: false, includeAcls: false });
    expect(plan.warnings).toEqual([
      '1 router port row of the database that nobody picked is deleted too, since nothing holds it any more',
    ]);
    const held = await Promise.all([
      get('Logical_Router', 'r1', 'ports'),
      get('Logical_Switch', 'sw1', 'acls'),
      nb('lrp-get-gateway-chassis rp1'),
    ]);
    expect(held.map((text) => text.trim().split(/[,\n]/).length)).toEqual([1, 2, 2]);
    expect((await nb('lr-list')).trim().split('\n')).toHaveLength(1);
  });

  it('does the same in steps', async () => {
    const { backup, expected } = await movedPort();
    const plan = await engine.planPart(backup, EXACT, { includePorts: false });
    const limits = { rowsMax: 1, bytesMax: 1 << 20 };
    const steps = await cutIntoTransactions(plan, limits, new Breath());
    if (steps === 'ONE') throw new Error('the plan is not cut');
    await engine.session(async (session) => {
      for (const step of steps) await applyTransaction(session, step, { comment: 'a step' });
    });
    expect(compareDatabases(expected, await dump())).toEqual([]);
  });
});

describe('a row that comes back within a filter', () => {
  const BASE =
    'ls-add sw1 -- lsp-add sw1 p1 -- ls-add sw2 -- lsp-add sw2 p2 -- lr-add r1 -- lr-add r2 -- ' +
    'lrp-add r2 rp2 00:00:00:00:00:02 10.0.2.1/24';
  /** Table and column -> what it refers to. */
  const REFERENCES = [
    ['Logical_Switch', 'load_balancer', 'Load_Balancer', 'name=lb vips:30.0.0.1=10.0.0.1'],
    ['Logical_Switch', 'load_balancer_group', 'Load_Balancer_Group', 'name=lbg'],
    ['Logical_Switch', 'dns_records', 'DNS', 'records:a=10.0.0.1'],
    ['Logical_Switch', 'copp', 'Copp', 'name=copp'],
    ['Logical_Router', 'load_balancer', 'Load_Balancer', 'name=lb2 vips:30.0.0.2=10.0.0.1'],
    ['Logical_Router', 'copp', 'Copp', 'name=copp2'],
    ['Logical_Switch_Port', 'dhcpv4_options', 'DHCP_Options', 'cidr=10.0.0.0/24'],
    ['Logical_Switch_Port', 'mirror_rules', 'Mirror', 'name=m type=gre sink=10.0.0.9 filter=from-lport index=1'],
    ['Logical_Switch_Port', 'ha_chassis_group', 'HA_Chassis_Group', 'name=hag'],
    ['Logical_Router_Static_Route', 'bfd', 'BFD', 'logical_port=rp2 dst_ip=10.0.0.9'],
    ['NAT', 'allowed_ext_ips', 'Address_Set', 'name=as'],
  ] as const;

  it('comes back in every column of rows that nobody picked, whatever the policy', async () => {
    await nb(
      `${BASE} -- lr-route-add r1 10.8.0.0/16 10.0.0.8 -- lr-route-add r2 10.9.0.0/16 10.0.0.9 -- ` +
        'lr-nat-add r1 snat 1.1.1.1 10.0.0.0/24 -- lr-nat-add r2 snat 1.1.1.1 10.0.0.0/24',
    );
    const made: string[] = [];
    const cleared: string[] = [];
    for (const [table, column, to, values] of REFERENCES) {
      const users = (await nb(`--bare --columns=_uuid list ${table}`)).trim().split(/\s+/);
      const taken = users.map((user) => `set ${table} ${user} ${column}=@x`).join(' -- ');
      made.push(`destroy ${to} ${(await nb(`--id=@x create ${to} ${values} -- ${taken}`)).trim()}`);
      cleared.push(...users.map((user) => `clear ${table} ${user} ${column}`));
    }
    const [backup, expected] = [await engine.capture(), await dump()];
    await nb([...cleared, ...made].join(' -- '));
    const part = { switches: ['sw1'], routers: ['r1'] };
    for (const options of [SKIP, OVERWRITE, EXACT, REFUSE]) {
      const plan = await engine.planPart(backup, options, part);
      expect([plan.problems, plan.warnings]).toEqual([[], []]);
    }
    await restorePart(backup, SKIP, part);
    expect(compareDatabases(expected, await dump())).toEqual([]);
  });

  it('takes nothing out of sets, and leaves single values that others chose, which is said', async () => {
    await nb(BASE);
    const options = (await nb('create DHCP_Options cidr=10.0.0.0/24')).trim();
    await nb(`lb-add lb1 30.0.0.1:80 10.0.0.1:80 -- ls-lb-add sw1 lb1 -- ls-lb-add sw2 lb1`);
    for (const port of ['p1', 'p2']) await nb(`lsp-set-dhcpv4-options ${port} ${options}`);
    const backup = await engine.capture();
    await nb(`lb-del lb1 -- clear Logical_Switch_Port p1 dhcpv4_options -- destroy DHCP_Options ${options}`);
    await nb('lb-add lb2 30.0.0.2:80 10.0.0.1:80 -- ls-lb-add sw2 lb2 -- set Logical_Switch sw2 other_config:a=b');
    const other = (await nb('create DHCP_Options cidr=10.0.1.0/24')).trim();
    await nb(`lsp-set-dhcpv4-options p2 ${other}`);
    const plan = await restorePart(backup, OVERWRITE, { switches: ['sw1'] });
    expect(plan.warnings).toEqual([
      'port "p2" keeps what it has in dhcpv4_options: in the backup it refers there to a row that comes back',
    ]);
    expect((await nb('ls-lb-list sw2')).match(/lb[12]/g)).toEqual(['lb1', 'lb2']);
    expect([
      await get('Logical_Switch_Port', 'p2', 'dhcpv4_options'),
      await get('Logical_Switch_Port', 'p1', 'dhcpv4_options'),
      await get('Logical_Switch', 'sw2', 'other_config'),
    ]).toEqual([other, options, '{a=b}']);
  });
});
