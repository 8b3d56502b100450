/** Values of northd's that a port brings back: only where no other port has them by now. */

import { identify } from '../../../src/engine/identify/identify.js';
import { makePlan } from '../../../src/engine/plan/plan.js';
import type { Plan, PlanOptions } from '../../../src/engine/plan/table-plan.js';
import { withFreeValues } from '../../../src/engine/runtime-values/free-values.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Row } from '../../../src/model/row/row.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { EXACT, northboundSchema, OVERWRITE, SKIP } from '../../support/servers/engine.js';

const SCHEMA = northboundSchema();
const u = (name: string): string =>
  `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;

async function planOf(backup: Tables, live: Tables, options: PlanOptions): Promise<Plan> {
  const breath = new Breath();
  const [from, to] = [snapshotOf(SCHEMA, backup), snapshotOf(SCHEMA, live)];
  return withFreeValues(await makePlan(from, to, await identify(from, to, breath), options, breath), breath);
}

/** Rows of the port as the plan inserts them. */
function inserted(plan: Plan, name: string): Row {
  const { backup } = plan.tables.find(({ table }) => table.name === 'Logical_Switch_Port') ?? {};
  const index = backup?.find(u(name));
  expect(plan.backup.tables.get('Logical_Switch_Port')).toBe(backup);
  return (index === undefined ? undefined : backup?.row(index)) ?? {};
}

const dynamic = (name: string, addresses?: string): Row => ({
  name,
  addresses: ['dynamic'],
  ...(addresses === undefined ? {} : { dynamic_addresses: addresses }),
});
const network = (ports: Readonly<Record<string, Row>>, more: Tables = {}): Tables => ({
  ...more,
  Logical_Switch: { [u('s')]: { name: 'net', ports: Object.keys(ports).map(u).sort() } },
  Logical_Switch_Port: Object.fromEntries(Object.entries(ports).map(([name, row]) => [u(name), row])),
});

const ADDRESS = '0a:00:00:00:00:01 10.0.0.2';

describe('dynamic addresses', () => {
  it.each<[string, Readonly<Record<string, Row>>]>([
    ['the same addresses', { new: dynamic('new', ADDRESS) }],
    ['the same MAC', { new: dynamic('new', '0a:00:00:00:00:01 10.0.0.9') }],
    ['the same IP', { new: dynamic('new', '0a:00:00:00:00:09 10.0.0.2') }],
    ['one of them by configuration', { new: { name: 'new', addresses: ['0A:00:00:00:00:09 10.0.0.2'] } }],
  ])('are left out where a live port of the switch has %s', async (_what, others) => {
    const plan = await planOf(network({ old: dynamic('old', ADDRESS) }), network(others), SKIP);
    expect(inserted(plan, 'old')).toEqual({ name: 'old', addresses: ['dynamic'] });
    expect(plan.warnings).toEqual([
      'port "old" comes back without its dynamic addresses: port "new" has one of them by now. northd chooses anew',
    ]);
  });

  it('are left out where the router port of the switch has one of them', async () => {
    const router = (address: string): Tables => ({
      Logical_Router: { [u('r')]: { name: 'r', ports: [u('lrp')] } },
      Logical_Router_Port: { [u('lrp')]: { name: 'lrp', mac: '00:00:00:00:00:05', networks: [`${address}/24`] } },
    });
    const gate: Row = { name: 'gate', type: 'router', addresses: ['router'], options: { 'router-port': 'lrp' } };
    const backup = network({ gate, old: dynamic('old', ADDRESS) }, router('10.0.0.1'));
    const taken = await planOf(backup, network({ gate }, router('10.0.0.2')), SKIP);
    expect(inserted(taken, 'old')['dynamic_addresses']).toBeUndefined();
    const free = await planOf(backup, network({ gate }, router('10.0.0.1')), SKIP);
    expect(inserted(free, 'old')['dynamic_addresses']).toBe(ADDRESS);
  });

  it.each<[string, Tables, PlanOptions]>([
    ['nobody has them', network({ new: dynamic('new', '0a:00:00:00:00:09 10.0.0.9') }), SKIP],
    ['who has them is deleted', network({ new: dynamic('new', ADDRESS) }), EXACT],
    [
      'a port of another switch has them',
      {
        Logical_Switch: { [u('s')]: { name: 'net' }, [u('t')]: { name: 'other', ports: [u('new')] } },
        Logical_Switch_Port: { [u('new')]: dynamic('new', ADDRESS) },
      },
      OVERWRITE,
    ],
  ])('come back where %s', async (_what, live, options) => {
    const plan = await planOf(network({ old: dynamic('old', ADDRESS) }), live, options);
    expect(inserted(plan, 'old')['dynamic_addresses']).toBe(ADDRESS);
    expect(plan.warnings).toEqual([]);
  });

  it('come back to one of two rows of a backup that have the same', async () => {
    const both = network({ a: dynamic('a', ADDRESS), b: dynamic('b', ADDRESS) });
    const plan = await planOf(both, {}, SKIP);
    const values = ['a', 'b'].map((name) => inserted(plan, name)['dynamic_addresses']);
    expect([values.filter((value) => value === ADDRESS).length, plan.warnings.length]).toEqual([1, 1]);
  });

  it('are held against what the plan makes of live ports', async () => {
    const backup = network({
      old: dynamic('old', ADDRESS),
      new: { name: 'new', addresses: ['0a:00:00:00:00:09 10.0.0.2'] },
    });
    const live = network({ new: { name: 'new', addresses: ['0a:00:00:00:00:09 10.0.0.7'] } });
    expect(inserted(await planOf(backup, live, OVERWRITE), 'old')['dynamic_addresses']).toBeUndefined();
    expect(inserted(await planOf(backup, live, SKIP), 'old')['dynamic_addresses']).toBe(ADDRESS);
  });

  it('do not clash with what the port itself is configured with', async () => {
    const own: Row = { name: 'old', addresses: ['0a:00:00:00:00:01 dynamic'], dynamic_addresses: ADDRESS };
    const plan = await planOf(network({ old: own }), network({}), SKIP);
    expect(inserted(plan, 'old')).toEqual(own);
  });
});

describe('tags', () => {
  const nested = (name: string, more: Row): Row => ({ name, parent_name: 'vm', ...more });
  const vm: Row = { name: 'vm' };

  it.each<[string, Row]>([
    ['has it', nested('new', { tag_request: 0, tag: 1 })],
    ['has it by configuration', nested('new', { tag: 1 })],
    ['has asked for it', nested('new', { tag_request: 1 })],
  ])('are left out where another port of the parent %s', async (_what, other) => {
    const backup = network({ vm, old: nested('old', { tag_request: 0, tag: 1 }) });
    const plan = await planOf(backup, network({ vm, new: other }), SKIP);
    expect(inserted(plan, 'old')).toEqual({ name: 'old', parent_name: 'vm', tag_request: 0 });
    expect(plan.warnings).toEqual([
      'port "old" comes back without its tag: port "new" has it by now. northd chooses anew',
    ]);
  });

  it.each<[string, Row]>([
    ['the other one is of another parent', { name: 'new', parent_name: 'vm2', tag: 1 }],
    ['the other one has another', nested('new', { tag_request: 0, tag: 2 })],
  ])('come back where %s', async (_what, other) => {
    const backup = network({ vm, old: nested('old', { tag_request: 0, tag: 1 }) });
    expect(inserted(await planOf(backup, network({ vm, new: other }), SKIP), 'old')['tag']).toBe(1);
  });

  it('that are configured come back in any case, and go before chosen ones', async () => {
    const configured = nested('a', { tag: 1 });
    const backup = network({ vm, old: nested('old', { tag_request: 0, tag: 1 }), a: configured });
    const plan = await planOf(backup, network({ vm, new: nested('new', { tag: 2 }) }), SKIP);
    expect(inserted(plan, 'a')).toEqual(configured);
    expect(inserted(plan, 'old')['tag']).toBeUndefined();
    const again = await planOf(backup, network({ vm, new: nested('new', { tag: 1 }) }), SKIP);
    expect(inserted(again, 'a')).toEqual(configured);
  });
});
