/** Identity: which live row a row of the backup is, in the order of the rules. */
import { Breath } from '../../src/lib/pause.js';
import { identify, NO_MATCH } from '../../src/model/identity.js';
import type { Snapshot } from '../../src/model/snapshot.js';
import { snapshotOf, type Tables } from '../compat/every-kind.js';
import { northboundSchema } from '../support/engine.js';

const SCHEMA = northboundSchema();
/** A UUID for each letter and number. */
const u = (name: string): string => `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;

const nb = (tables: Tables): Snapshot => snapshotOf(SCHEMA, tables);

/** "uuid -> uuid" of every matched row of a table, and the warnings. */
async function matchesOf(backup: Tables, live: Tables, table: string): Promise<{ pairs: Record<string, string | undefined>; warnings: readonly string[]; translation: ReadonlyMap<string, string> }> {
  const [before, now] = [nb(backup), nb(live)];
  const identity = await identify(before, now, new Breath());
  const [ours, theirs] = [before.tables.get(table), now.tables.get(table)];
  const pairs = [...(identity.matches.get(table) ?? [])].map((match, i) => [ours?.uuid(i), match === NO_MATCH ? undefined : theirs?.uuid(match)]);
  const matched = new Set(pairs.map(([, to]) => to).filter((to) => to !== undefined));
  expect([...(identity.matched.get(table) ?? [])].map((taken, i) => (taken === 1 ? theirs?.uuid(i) : undefined)).filter((to) => to !== undefined).sort()).toEqual([...matched].sort());
  return { pairs: Object.fromEntries(pairs) as Record<string, string | undefined>, warnings: identity.warnings, translation: identity.translation };
}

describe('identify', () => {
  it('takes the same UUID first, whatever the row is called now', async () => {
    const { pairs, translation } = await matchesOf(
      { Address_Set: { [u('a')]: { name: 'one' }, [u('b')]: { name: 'two' } } },
      { Address_Set: { [u('a')]: { name: 'two' }, [u('b')]: { name: 'one' } } },
      'Address_Set',
    );
    expect(pairs).toEqual({ [u('a')]: u('a'), [u('b')]: u('b') });
    expect(translation.size).toBe(0);
  });

  it('does not take the same UUID in another table', async () => {
    const { pairs } = await matchesOf({ Address_Set: { [u('a')]: { name: 'one' } } }, { Port_Group: { [u('a')]: { name: 'one' } } }, 'Address_Set');
    expect(pairs).toEqual({ [u('a')]: undefined });
  });

  it('takes the schema\'s index next, of one column or of several, and notes the other UUID', async () => {
    const backup = { Address_Set: { [u('a')]: { name: 'one' } }, Static_MAC_Binding: { [u('m')]: { logical_port: 'lrp', ip: '10.0.0.1' }, [u('n')]: { logical_port: 'lrp', ip: '10.0.0.2' } } };
    const live = { Address_Set: { [u('x')]: { name: 'one' } }, Static_MAC_Binding: { [u('y')]: { logical_port: 'lrp', ip: '10.0.0.2' }, [u('z')]: { logical_port: 'other', ip: '10.0.0.1' } } };
    expect((await matchesOf(backup, live, 'Address_Set')).pairs).toEqual({ [u('a')]: u('x') });
    const { pairs, translation } = await matchesOf(backup, live, 'Static_MAC_Binding');
    expect(pairs).toEqual({ [u('m')]: undefined, [u('n')]: u('y') });
    expect([...translation]).toEqual(expect.arrayContaining([[u('n'), u('y')], [u('a'), u('x')]]));
  });

  it('leaves a live row that another row of the backup is by UUID', async () => {
    const { pairs } = await matchesOf({ Address_Set: { [u('a')]: { name: 'one' }, [u('b')]: { name: 'two' } } }, { Address_Set: { [u('b')]: { name: 'one' } } }, 'Address_Set');
    expect(pairs).toEqual({ [u('a')]: undefined, [u('b')]: u('b') });
  });

  it('takes the only row of a table that holds one', async () => {
    const { pairs } = await matchesOf({ NB_Global: { [u('a')]: { name: 'before' } } }, { NB_Global: { [u('x')]: { name: 'after' } } }, 'NB_Global');
    expect(pairs).toEqual({ [u('a')]: u('x') });
  });

  it('takes the natural key of a root without an index', async () => {
    const { pairs, warnings } = await matchesOf(
      { Logical_Switch: { [u('a')]: { name: 'web' } }, Load_Balancer: { [u('l')]: { name: 'lb', protocol: 'tcp' }, [u('m')]: { name: 'lb', protocol: 'udp' } } },
      { Logical_Switch: { [u('x')]: { name: 'web' } }, Load_Balancer: { [u('y')]: { name: 'lb', protocol: 'udp' } } },
      'Load_Balancer',
    );
    expect(pairs).toEqual({ [u('l')]: undefined, [u('m')]: u('y') });
    expect(warnings).toEqual([]);
  });

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['two in the database', { a: 'web' }, { x: 'web', y: 'web' }],
    ['two in the backup', { a: 'web', b: 'web' }, { x: 'web' }],
    ['two in both', { a: 'web', b: 'web' }, { x: 'web', y: 'web' }],
  ])('matches none where a key fits several rows, and warns: %s', async (_what, before, now) => {
    const rows = (names: Record<string, string>): Record<string, { name: string }> => Object.fromEntries(Object.entries(names).map(([uuid, name]) => [u(uuid), { name }]));
    const { pairs, warnings } = await matchesOf({ Logical_Switch: rows(before) }, { Logical_Switch: rows(now) }, 'Logical_Switch');
    expect(Object.values(pairs)).toEqual(Object.keys(before).map(() => undefined));
    expect(warnings).toEqual([expect.stringMatching(/^switch with name = \["web"\].*matched by UUID only/)]);
  });

  it('matches the one that is left when the others of the key are matched by UUID', async () => {
    const { pairs, warnings } = await matchesOf(
      { Logical_Switch: { [u('a')]: { name: 'web' }, [u('b')]: { name: 'web' } } },
      { Logical_Switch: { [u('a')]: { name: 'web' }, [u('x')]: { name: 'web' } } },
      'Logical_Switch',
    );
    expect(pairs).toEqual({ [u('a')]: u('a'), [u('b')]: u('x') });
    expect(warnings).toEqual([]);
  });

  it('takes no empty name for a key', async () => {
    const { pairs, warnings } = await matchesOf({ Logical_Switch: { [u('a')]: {} } }, { Logical_Switch: { [u('x')]: {} } }, 'Logical_Switch');
    expect(pairs).toEqual({ [u('a')]: undefined });
    expect(warnings).toEqual([]);
  });

  const acl = (match: string, priority = 1_000): Tables[string][string] => ({ direction: 'to-lport', priority, match, action: 'allow' });

  it('takes the natural key of a row of a non-root table within its holder only', async () => {
    const backup = { Logical_Switch: { [u('s')]: { name: 's', acls: [u('a')] }, [u('t')]: { name: 't', acls: [u('b'), u('c')] } }, ACL: { [u('a')]: acl('ip4'), [u('b')]: acl('ip4'), [u('c')]: acl('ip6') } };
    const live = { Logical_Switch: { [u('s')]: { name: 's', acls: [u('x')] }, [u('t')]: { name: 't', acls: [u('y'), u('z')] } }, ACL: { [u('x')]: acl('ip4'), [u('y')]: acl('ip4'), [u('z')]: acl('ip6', 1_001) } };
    const { pairs, warnings } = await matchesOf(backup, live, 'ACL');
    expect(pairs).toEqual({ [u('a')]: u('x'), [u('b')]: u('y'), [u('c')]: undefined });
    expect(warnings).toEqual([]);
  });

  it('matches duplicates within one holder with none, and warns', async () => {
    const { pairs, warnings } = await matchesOf(
      { Logical_Switch: { [u('s')]: { name: 's', acls: [u('a'), u('b')] } }, ACL: { [u('a')]: acl('ip4'), [u('b')]: acl('ip4') } },
      { Logical_Switch: { [u('s')]: { name: 's', acls: [u('x')] } }, ACL: { [u('x')]: acl('ip4') } },
      'ACL',
    );
    expect(pairs).toEqual({ [u('a')]: undefined, [u('b')]: undefined });
    expect(warnings).toHaveLength(1);
  });

  it('matches within holders that were themselves matched by key, several levels down', async () => {
    const tables = (r: string, p: string, g: string, n: string): Tables => ({
      Logical_Router: { [u(r)]: { name: 'gw', ports: [u(p)], nat: [u(n)] } },
      Logical_Router_Port: { [u(p)]: { name: 'lrp', mac: '00:00:00:00:00:01', networks: ['10.0.0.1/24'], gateway_chassis: [u(g)] } },
      Gateway_Chassis: { [u(g)]: { name: 'lrp-c1', chassis_name: 'c1' } },
      NAT: { [u(n)]: { type: 'snat', external_ip: '1.1.1.1', logical_ip: '10.0.0.0/24', gateway_port: u(p) } },
    });
    const [backup, live] = [tables('r', 'p', 'g', 'n'), tables('R', 'P', 'G', 'N')];
    for (const [table, from, to] of [['Logical_Router', 'r', 'R'], ['Logical_Router_Port', 'p', 'P'], ['Gateway_Chassis', 'g', 'G'], ['NAT', 'n', 'N']] as const) {
      expect((await matchesOf(backup, live, table)).pairs).toEqual({ [u(from)]: u(to) });
    }
  });

  it('does not match a row of a non-root table whose holder has no match', async () => {
    const { pairs } = await matchesOf(
      { Logical_Switch: { [u('s')]: { name: 's', acls: [u('a')] } }, ACL: { [u('a')]: acl('ip4') } },
      { Logical_Switch: { [u('t')]: { name: 't', acls: [u('x')] } }, ACL: { [u('x')]: acl('ip4') } },
      'ACL',
    );
    expect(pairs).toEqual({ [u('a')]: undefined });
  });

  it('matches every row with itself when both are the same', async () => {
    const tables = { Logical_Switch: { [u('s')]: { name: 's', acls: [u('a'), u('b')] } }, ACL: { [u('a')]: acl('ip4'), [u('b')]: acl('ip4') } };
    const { pairs, translation, warnings } = await matchesOf(tables, tables, 'ACL');
    expect(pairs).toEqual({ [u('a')]: u('a'), [u('b')]: u('b') });
    expect([translation.size, warnings.length]).toEqual([0, 0]);
  });
});
