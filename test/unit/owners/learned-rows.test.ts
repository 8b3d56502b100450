/** Rows of ovn-ic's: what a restore does with them, policy by policy, and where they are taken for what they are. */
import { identify } from '../../../src/engine/identify/identify.js';
import { makePlan } from '../../../src/engine/plan/plan.js';
import { countOutcomes, type Plan, type PlanOptions } from '../../../src/engine/plan/table-plan.js';
import { findLearnedRows } from '../../../src/engine/untouched/learned-rows.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Row } from '../../../src/model/row/row.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { EXACT, keptChanges, northboundSchema, OVERWRITE, REFUSE, SKIP } from '../../support/servers/engine.js';

const SCHEMA = northboundSchema();
const u = (name: string): string =>
  `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;

async function planOf(backup: Tables, live: Tables, options: PlanOptions, isForced = false): Promise<Plan> {
  const breath = new Breath();
  const [from, to] = [snapshotOf(SCHEMA, backup), snapshotOf(SCHEMA, live)];
  const learned = await findLearnedRows(from, to, isForced, breath);
  return makePlan(from, to, await identify(from, to, breath), { ...options, learned }, breath);
}

/** "KIND UUID: columns" of every change. */
const changes = async (plan: Plan): Promise<readonly string[]> =>
  (await keptChanges(plan)).map(
    ({ kind, uuid, columns }) =>
      `${kind} ${uuid.slice(0, 8)}${kind === 'UPDATE' ? ` ${columns.map(({ column }) => column).join(',')}` : ''}`,
  );
const short = (name: string): string => u(name).slice(0, 8);

const route = (prefix: string, isLearned: boolean, nexthop = '169.254.0.2'): Row => ({
  ip_prefix: prefix,
  nexthop,
  ...(isLearned ? { external_ids: { 'ic-learned-route': 'f00d' } } : {}),
});
const router = (routes: Readonly<Record<string, Row>>): Tables => ({
  Logical_Router: { [u('lr')]: { name: 'lr', static_routes: Object.keys(routes).map(u).sort() } },
  Logical_Router_Static_Route: Object.fromEntries(Object.entries(routes).map(([name, row]) => [u(name), row])),
});
const transit = (ports: readonly string[], config: Readonly<Record<string, string>> = {}): Tables => ({
  Logical_Switch: {
    [u('ts')]: { name: 'ts', other_config: { 'interconn-ts': 'ts', ...config }, ports: ports.map(u).sort() },
  },
  Logical_Switch_Port: Object.fromEntries(ports.map((name) => [u(name), { name }])),
});

const BACKUP = router({ own: route('10.1.0.0/16', false), was: route('10.2.0.0/16', true) });

describe('a route that ovn-ic had learned', () => {
  it.each([SKIP, OVERWRITE, EXACT, REFUSE])('and that was withdrawn does not come back: %j', async (options) => {
    const plan = await planOf(BACKUP, router({ own: route('10.1.0.0/16', false) }), options);
    expect([await changes(plan), plan.problems]).toEqual([[], []]);
    expect(plan.warnings).toEqual([
      "1 row of ovn-ic's, which makes and removes such rows by itself, is left out, or left as the database has it " +
        'unless what holds it is deleted: ' +
        'router static route 10.2.0.0/16 169.254.0.2. Where ovn-ic is gone, and its rows with it, force restores them',
    ]);
  });

  it('does not come back with a router that does', async () => {
    const plan = await planOf(BACKUP, {}, SKIP);
    expect(await changes(plan)).toEqual([`INSERT ${short('lr')}`, `INSERT ${short('own')}`]);
    const [inserted] = await keptChanges(plan);
    expect(inserted?.columns).toContainEqual({ column: 'static_routes', after: [u('own')] });
  });

  it.each([SKIP, OVERWRITE, EXACT, REFUSE])('and that differs now is left as it is: %j', async (options) => {
    const live = router({ own: route('10.1.0.0/16', false), was: route('10.2.0.0/16', true, '169.254.0.9') });
    const plan = await planOf(BACKUP, live, options);
    expect([await changes(plan), plan.problems, plan.warnings.length]).toEqual([[], [], 1]);
    const routes = plan.tables.find(({ table }) => table.name === 'Logical_Router_Static_Route');
    expect(routes && countOutcomes(routes)).toMatchObject({ total: 2, skipped: 2, differing: 1 });
  });

  it('since the backup stays with exact, and in its router', async () => {
    const live = router({
      own: route('10.1.0.0/16', false),
      new: route('10.3.0.0/16', true),
      mine: route('10.4.0.0/16', false),
    });
    const plan = await planOf(BACKUP, live, EXACT);
    expect(await changes(plan)).toEqual([`UPDATE ${short('lr')} static_routes`, `DELETE ${short('mine')}`]);
    const [update] = await keptChanges(plan);
    expect(update?.columns).toMatchObject([{ column: 'static_routes', after: [u('new'), u('own')].sort() }]);
  });

  it.each([
    ['a route of the same prefix and nexthop', 'hand'],
    ['the route itself, without the mark', 'was'],
  ])('and that somebody has made anew stays, as %s, and in its router', async (_what, name) => {
    const live = router({ own: route('10.1.0.0/16', false), [name]: route('10.2.0.0/16', false) });
    for (const options of [SKIP, OVERWRITE, EXACT, REFUSE]) {
      const plan = await planOf(BACKUP, live, options);
      expect([await changes(plan), plan.problems]).toEqual([[], []]);
    }
  });

  it('goes with a router that exact deletes, and is listed', async () => {
    const live: Tables = router({ was: route('10.2.0.0/16', true) });
    const plan = await planOf({}, live, EXACT);
    expect([[...(await changes(plan))].sort(), plan.problems]).toEqual([
      [`DELETE ${short('lr')}`, `DELETE ${short('was')}`].sort(),
      [],
    ]);
  });

  it.each<[string, Tables, boolean]>([
    ['is restored by force where nothing learns', {}, true],
    [
      'is not restored by force where ovn-ic has rows',
      router({ own: route('10.1.0.0/16', false), x: route('10.9.0.0/16', true) }),
      false,
    ],
    [
      'is not restored by force where ovn-ic is told to learn',
      { NB_Global: { [u('g')]: { options: { 'ic-route-learn': 'true' } } } },
      false,
    ],
  ])('%s', async (_what, live, isRestored) => {
    const plan = await planOf(BACKUP, live, OVERWRITE, true);
    expect((await changes(plan)).includes(`INSERT ${short('was')}`)).toBe(isRestored);
    expect(plan.warnings.filter((text) => text.includes('Force restores them only where'))).toHaveLength(
      isRestored ? 0 : 1,
    );
  });
});

describe('a transit switch', () => {
  it('that stays, and holds what exact would delete, is a conflict of the plan', async () => {
    const held: Tables = { Load_Balancer_Group: { [u('lbg')]: { name: 'lbg' } } };
    const { Logical_Switch: switches, Logical_Switch_Port: ports } = transit([]);
    const holding = { [u('ts')]: { ...switches?.[u('ts')], load_balancer_group: [u('lbg')] } };
    const live = { ...held, Logical_Switch: holding, Logical_Switch_Port: ports ?? {} } as Tables;
    const plan = await planOf({}, live, EXACT);
    expect(plan.problems).toMatchObject([{ code: 'CONFLICT', message: expect.stringContaining('lbg') as string }]);
    expect(plan.problems[0]?.message).toContain('ts');
  });

  it("of ovn-ic's is left out, with what it holds", async () => {
    const plan = await planOf(transit(['p']), {}, SKIP);
    expect([await changes(plan), plan.problems]).toEqual([[], []]);
  });

  it("of ovn-ic's that is live is left as it is, and gets a port of its back", async () => {
    const plan = await planOf(transit(['p', 'q']), transit(['p'], { 'requested-tnl-key': '7' }), OVERWRITE);
    expect(await changes(plan)).toEqual([`UPDATE ${short('ts')} ports`, `INSERT ${short('q')}`]);
  });

  it.each<[string, Tables]>([
    ['that has what ovn-ic does not write', transit(['p'], { mcast_snoop: 'true' })],
    [
      "of a database of ovn-kubernetes'",
      {
        ...transit(['p']),
        Logical_Router: { [u('lr')]: { name: 'lr', external_ids: { 'k8s-cluster-router': 'yes' } } },
      },
    ],
  ])('%s comes back', async (_what, backup) => {
    const plan = await planOf(backup, {}, SKIP);
    expect(await changes(plan)).toContain(`INSERT ${short('ts')}`);
    expect(plan.warnings).toEqual([]);
  });
});
