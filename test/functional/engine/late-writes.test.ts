/** Plans that somebody has overtaken: between the plan and the commit, and between two steps. */
import { applyTransaction } from '../../../src/engine/apply/apply.js';
import { cutIntoTransactions } from '../../../src/engine/apply/transactions.js';
import type { Plan, PlanOptions } from '../../../src/engine/plan/table-plan.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Row } from '../../../src/model/row/row.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { Engine, EXACT, northboundSchema, OVERWRITE, planBetween, planTo, SKIP } from '../../support/servers/engine.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { become } from '../../support/servers/undo-story.js';

const SCHEMA = northboundSchema();
const u = (kind: string, number = 0): string => `${kind.repeat(8)}-0000-4000-8000-${String(number).padStart(12, '0')}`;
const STALE = { error: 'timed out' };

let server: TestServer;
let engine: Engine;
beforeAll(async () => {
  server = await startOvsdbServer();
  engine = new Engine(server.remote);
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  await become(engine, snapshotOf(SCHEMA, {}));
});

const nb = (...words: readonly string[]): Promise<string> => nbctl(server.remote, ...words);

/** The plan of a restore that makes the database what `backup` is. */
async function planned(backup: Tables, live: Tables, options: PlanOptions): Promise<Plan> {
  await become(engine, snapshotOf(SCHEMA, live));
  const plan = await planBetween(snapshotOf(SCHEMA, backup), await engine.capture(), options);
  expect(plan.problems).toEqual([]);
  return plan;
}

type Way = 'ONE' | 'STEPS';

/** @param between is called before the step of this number */
async function carryOut(plan: Plan, way: Way, between: () => Promise<unknown>, at = 1): Promise<void> {
  const steps =
    way === 'ONE' ? 'ONE' : await cutIntoTransactions(plan, { rowsMax: 1, bytesMax: 1 << 20 }, new Breath());
  if (steps === 'ONE') {
    await between();
    await engine.apply(plan);
    return;
  }
  await engine.session(async (session) => {
    for (const step of steps) {
      if (step.number === at) await between();
      await applyTransaction(session, step, { comment: 'a step' });
    }
  });
}

const web = (row: Tables[string][string] = {}): Tables => ({ Logical_Switch: { [u('a')]: { name: 'web', ...row } } });
const EMPTY_WEB = web();

describe.each(['ONE', 'STEPS'] as const)('a plan that somebody has overtaken: %s', (way) => {
  const other = (subnet: string): Tables => ({
    Logical_Switch: {
      [u('b')]: { name: 'web', other_config: { subnet } },
      [u('b', 1)]: { name: 'db', other_config: { subnet } },
    },
  });
  const own: Tables = {
    Logical_Switch: {
      [u('a')]: { name: 'web', other_config: { subnet: '10.0.0.0/24' } },
      [u('a', 1)]: { name: 'db', other_config: { subnet: '10.0.0.0/24' } },
    },
  };
  const swap = (): Promise<string> => nb('set', 'Logical_Switch', u('b'), 'name=web-old', '--', 'ls-add', 'web');

  it('does not change a row that was found by its name and has another now', async () => {
    const plan = await planned(own, other('10.9.9.0/24'), OVERWRITE);
    await expect(carryOut(plan, way, swap)).rejects.toMatchObject(STALE);
    expect(await nb('get', 'Logical_Switch', 'web-old', 'other_config:subnet')).toContain('10.9.9.0/24');
    // what has the UUID of its row in the backup may be called whatever it likes
    const same = await planned(own, { Logical_Switch: { [u('a')]: { name: 'web' } } }, OVERWRITE);
    await carryOut(same, way, () => nb('set', 'Logical_Switch', u('a'), 'external_ids:late=1'));
  });

  it('does not refer to a row that was found by its name and has another now', async () => {
    const live: Tables = { Load_Balancer: { [u('b')]: { name: 'lb' } } };
    const backup: Tables = {
      Logical_Switch: { [u('a')]: { name: 'web', load_balancer: [u('c')] }, [u('a', 1)]: { name: 'db' } },
      Load_Balancer: { [u('c')]: { name: 'lb' } },
    };
    const rename = (): Promise<string> => nb('set', 'Load_Balancer', u('b'), 'name=lb-old');
    await expect(carryOut(await planned(backup, live, SKIP), way, rename)).rejects.toMatchObject(STALE);
    await become(engine, snapshotOf(SCHEMA, {}));
    await carryOut(await planned(backup, live, SKIP), way, () => Promise.resolve());
    expect((await nb('get', 'Logical_Switch', 'web', 'load_balancer')).trim()).toBe(`[${u('b')}]`);
  });

  it('does not put an ACL into a switch where somebody has put the same', async () => {
    const acl = { action: 'drop', direction: 'to-lport', match: 'ip4', priority: 1000 };
    const backup: Tables = {
      ...web({ acls: [u('d'), u('d', 1)] }),
      ACL: { [u('d')]: acl, [u('d', 1)]: { ...acl, match: 'ip6' } },
    };
    for (const options of [SKIP, OVERWRITE]) {
      const plan = await planned(backup, EMPTY_WEB, options);
      const add = (): Promise<string> => nb('acl-add', 'web', 'to-lport', '1000', 'ip4', 'drop');
      await expect(carryOut(plan, way, add)).rejects.toMatchObject(STALE);
      expect((await nb('acl-list', 'web')).trim().split('\n')).toHaveLength(1);
      await become(engine, snapshotOf(SCHEMA, {}));
      await carryOut(await planned(backup, EMPTY_WEB, options), way, () => Promise.resolve());
    }
  });

  it('puts an ACL into a switch beside others that somebody puts there or elsewhere', async () => {
    if (way === 'STEPS') return;
    const acl = { action: 'drop', direction: 'to-lport', match: 'ip4', priority: 1000 };
    const stays = { ACL: { [u('d', 2)]: { ...acl, match: 'udp' } } };
    const backup: Tables = { ...web({ acls: [u('d'), u('d', 2)] }), ACL: { [u('d')]: acl, ...stays.ACL } };
    for (const options of [SKIP, OVERWRITE, EXACT]) {
      const plan = await planned(backup, { ...web({ acls: [u('d', 2)] }), ...stays }, options);
      await carryOut(plan, way, () => nb('acl-add', 'web', 'to-lport', '1000', 'ip6', 'drop'));
      expect((await nb('acl-list', 'web')).trim().split('\n')).toHaveLength(3);
    }
  });

  it('puts ports into a switch beside those that somebody has put there', async () => {
    const backup: Tables = {
      ...web({ ports: [u('c'), u('c', 1)] }),
      Logical_Switch_Port: { [u('c')]: { name: 'p0' }, [u('c', 1)]: { name: 'p1' } },
    };
    await carryOut(await planned(backup, EMPTY_WEB, SKIP), way, () => nb('lsp-add', 'web', 'late'));
    expect((await nb('lsp-list', 'web')).match(/\(\w+\)/g)?.sort()).toEqual(['(late)', '(p0)', '(p1)']);
  });

  it('does not move a port that somebody has moved on', async () => {
    const ports = { Logical_Switch_Port: { [u('c')]: { name: 'p0' } } };
    const network = (holder: string): Tables => ({
      ...ports,
      Logical_Switch: Object.fromEntries(
        ['x', 'y', 'z'].map((name, i): [string, Row] => [
          u('a', i),
          name === holder ? { name, ports: [u('c')] } : { name },
        ]),
      ),
    });
    const plan = await planned(network('y'), network('x'), EXACT);
    const move = (): Promise<string> =>
      nb('remove', 'Logical_Switch', 'x', 'ports', u('c'), '--', 'add', 'Logical_Switch', 'z', 'ports', u('c'));
    await expect(carryOut(plan, way, move)).rejects.toMatchObject(STALE);
    expect((await nb('--bare', '--columns=name', 'find', 'Logical_Switch', `ports{>=}${u('c')}`)).trim()).toBe('z');
  });

  it.each([3, 250])('does not bring a name that somebody has taken, of %d', async (count) => {
    const names = Array.from({ length: count }, (_, i) => [u('a', i), { name: `s${String(i)}` }] as const);
    const backup: Tables = { Logical_Switch: Object.fromEntries(names) };
    const live: Tables = { Logical_Switch: { [u('b')]: { name: 'other' } } };
    const taken = `s${String(count - 1)}`;
    const apply = async (between: () => Promise<unknown>): Promise<void> => {
      const plan = await planned(backup, live, SKIP);
      if (way === 'ONE') {
        await between();
        await engine.apply(plan);
        return;
      }
      const steps = await cutIntoTransactions(plan, { rowsMax: Math.ceil(count / 3), bytesMax: 1 << 20 }, new Breath());
      if (steps === 'ONE') throw new Error('it was not cut');
      await engine.session(async (session) => {
        for (const step of steps) {
          if (step.number === 2) await between();
          await applyTransaction(session, step, { comment: 'a step' });
        }
      });
    };
    await expect(apply(() => nb('ls-add', taken))).rejects.toMatchObject(STALE);
    expect(await nb('--bare', '--columns=_uuid', 'find', 'Logical_Switch', `name=${taken}`)).toMatch(/^[-0-9a-f]+\s*$/);
    await become(engine, snapshotOf(SCHEMA, {}));
    await apply(() => Promise.resolve());
    expect((await nb('ls-list')).trim().split('\n')).toHaveLength(count + 1);
  });
});

describe('a plan in steps that deletes a row', () => {
  it('does not take along what somebody has put into its sets since', async () => {
    const live: Tables = {
      ...web({ ports: [u('c'), u('c', 1)], load_balancer: [u('e')] }),
      Logical_Switch_Port: { [u('c')]: { name: 'p0' }, [u('c', 1)]: { name: 'p1' } },
      Load_Balancer: { [u('e')]: { name: 'lb' }, [u('e', 1)]: { name: 'stays' } },
      Port_Group: { [u('f')]: { name: 'pg', ports: [u('c'), u('c', 1)] } },
    };
    const target: Tables = { Load_Balancer: { [u('e', 1)]: { name: 'stays' } } };
    const writes: readonly (readonly string[])[] = [
      ['lsp-add', 'web', 'late'],
      ['add', 'Logical_Switch', 'web', 'load_balancer', u('e', 1)],
    ];
    for (const write of writes) {
      await become(engine, snapshotOf(SCHEMA, live));
      const plan = await planTo(snapshotOf(SCHEMA, target), await engine.capture());
      await expect(carryOut(plan, 'STEPS', () => nb(...write), 2)).rejects.toMatchObject(STALE);
      expect((await nb('ls-list')).trim().split('\n')).toHaveLength(1);
      await become(engine, snapshotOf(SCHEMA, {}));
    }
    await become(engine, snapshotOf(SCHEMA, live));
    const plan = await planTo(snapshotOf(SCHEMA, target), await engine.capture());
    await carryOut(plan, 'STEPS', () => Promise.resolve());
    expect((await engine.verify(plan)).problems).toEqual([]);
  });
});

describe('an update of sets and maps', () => {
  const set = (map: Record<string, string>, addresses: readonly string[]): Tables => ({
    Address_Set: { [u('a')]: { name: 'as', addresses, external_ids: map } },
  });
  const BACKUP = set({ comes: '1', changes: '2', stays: '1' }, ['10.0.0.1', '10.0.0.3']);
  const LIVE = set({ goes: '1', changes: '1', stays: '1' }, ['10.0.0.2', '10.0.0.3']);

  it.each([EXACT, OVERWRITE])('leaves what others put there meanwhile: %j', async (options) => {
    const plan = await planned(BACKUP, LIVE, options);
    await nb('set', 'Address_Set', 'as', 'external_ids:late=1', 'external_ids:stays=2');
    await nb(
      'add',
      'Address_Set',
      'as',
      'addresses',
      '10.0.0.9',
      '--',
      'remove',
      'Address_Set',
      'as',
      'addresses',
      '10.0.0.3',
    );
    await engine.apply(plan);
    expect((await nb('get', 'Address_Set', 'as', 'external_ids')).trim()).toBe(
      '{changes="2", comes="1", late="1", stays="2"}',
    );
    expect((await nb('get', 'Address_Set', 'as', 'addresses')).trim()).toBe('["10.0.0.1", "10.0.0.9"]');
    expect((await engine.verify(plan)).problems).toEqual([]);
  });

  it.each<[string, readonly string[]]>([
    ['gave a key that goes another value', ['set', 'Address_Set', 'as', 'external_ids:goes=2']],
    ['took away a key that goes', ['remove', 'Address_Set', 'as', 'external_ids', 'goes']],
    ['gave a key that changes another value', ['set', 'Address_Set', 'as', 'external_ids:changes=3']],
    ['brought a key that comes', ['set', 'Address_Set', 'as', 'external_ids:comes=2']],
    ['took away a member that goes', ['remove', 'Address_Set', 'as', 'addresses', '10.0.0.2']],
    ['brought a member that comes', ['add', 'Address_Set', 'as', 'addresses', '10.0.0.1']],
  ])('is out of date when somebody %s', async (_, write) => {
    const plan = await planned(BACKUP, LIVE, OVERWRITE);
    await nb(...write);
    const before = await nb('list', 'Address_Set');
    await expect(engine.apply(plan)).rejects.toMatchObject(STALE);
    expect(await nb('list', 'Address_Set')).toBe(before);
  });
});

describe('an update that must get through', () => {
  it('leaves in maps and sets what others have put there since', async () => {
    const set = (map: Record<string, string>, addresses: readonly string[]): Tables => ({
      Address_Set: { [u('a')]: { name: 'as', addresses, external_ids: map } },
    });
    const plan = await planned(
      set({ back: '1', changed: '1' }, ['10.0.0.1']),
      set({ changed: '2', goes: '1' }, ['10.0.0.2']),
      OVERWRITE,
    );
    await nb('set', 'Address_Set', 'as', 'external_ids:late=1', 'external_ids:changed=3');
    await nb('add', 'Address_Set', 'as', 'addresses', '10.0.0.9');
    await expect(engine.apply(plan)).rejects.toMatchObject(STALE);
    await engine.apply(plan, 'REFERENCES');
    expect((await nb('get', 'Address_Set', 'as', 'external_ids')).trim()).toBe('{back="1", changed="1", late="1"}');
    expect((await nb('get', 'Address_Set', 'as', 'addresses')).trim()).toBe('["10.0.0.1", "10.0.0.9"]');
  });
});
