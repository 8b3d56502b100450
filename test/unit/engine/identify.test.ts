/** Identity: which live row a row of the backup is, in the order of the rules. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { identify, NO_MATCH } from '../../../src/engine/identify/identify.js';
import { Breath } from '../../../src/lib/breath.js';
import { naturalKeyOf } from '../../../src/model/northbound/natural-key.js';
import type { Row } from '../../../src/model/row/row.js';
import { countRows, type Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { everySchema, rowsOfSchema } from '../../support/databases/schema-rows.js';
import { EXACT, northboundSchema, planBetween } from '../../support/servers/engine.js';

const SCHEMA = northboundSchema();
/** A UUID for each letter and number. */
const u = (name: string): string =>
  `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;

const nb = (tables: Tables): Snapshot => snapshotOf(SCHEMA, tables);

/** "uuid -> uuid" of every matched row of a table, and the warnings. */
async function matchesOf(
  backup: Tables,
  live: Tables,
  table: string,
): Promise<{
  pairs: Record<string, string | undefined>;
  warnings: readonly string[];
  translation: ReadonlyMap<string, string>;
}> {
  const [before, now] = [nb(backup), nb(live)];
  const identity = await identify(before, now, new Breath());
  const [ours, theirs] = [before.tables.get(table), now.tables.get(table)];
  const pairs = [...(identity.matches.get(table) ?? [])].map((match, i) => [
    ours?.uuid(i),
    match === NO_MATCH ? undefined : theirs?.uuid(match),
  ]);
  const matched = new Set(pairs.map(([, to]) => to).filter((to) => to !== undefined));
  expect(
    [...(identity.matched.get(table) ?? [])]
      .map((taken, i) => (taken === 1 ? theirs?.uuid(i) : undefined))
      .filter((to) => to !== undefined)
      .sort(),
  ).toEqual([...matched].sort());
  return {
    pairs: Object.fromEntries(pairs) as Record<string, string | undefined>,
    warnings: identity.warnings,
    translation: identity.translation,
  };
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
    const { pairs } = await matchesOf(
      { Address_Set: { [u('a')]: { name: 'one' } } },
      { Port_Group: { [u('a')]: { name: 'one' } } },
      'Address_Set',
    );
    expect(pairs).toEqual({ [u('a')]: undefined });
  });

  it("takes the schema's index next, of one column or of several, and notes the other UUID", async () => {
    const backup = {
      Address_Set: { [u('a')]: { name: 'one' } },
      Static_MAC_Binding: {
        [u('m')]: { logical_port: 'lrp', ip: '10.0.0.1' },
        [u('n')]: { logical_port: 'lrp', ip: '10.0.0.2' },
      },
    };
    const live = {
      Address_Set: { [u('x')]: { name: 'one' } },
      Static_MAC_Binding: {
        [u('y')]: { logical_port: 'lrp', ip: '10.0.0.2' },
        [u('z')]: { logical_port: 'other', ip: '10.0.0.1' },
      },
    };
    expect((await matchesOf(backup, live, 'Address_Set')).pairs).toEqual({ [u('a')]: u('x') });
    const { pairs, translation } = await matchesOf(backup, live, 'Static_MAC_Binding');
    expect(pairs).toEqual({ [u('m')]: undefined, [u('n')]: u('y') });
    expect([...translation]).toEqual(
      expect.arrayContaining([
        [u('n'), u('y')],
        [u('a'), u('x')],
      ]),
    );
  });

  it('leaves a live row that another row of the backup is by UUID', async () => {
    const { pairs } = await matchesOf(
      { Address_Set: { [u('a')]: { name: 'one' }, [u('b')]: { name: 'two' } } },
      { Address_Set: { [u('b')]: { name: 'one' } } },
      'Address_Set',
    );
    expect(pairs).toEqual({ [u('a')]: undefined, [u('b')]: u('b') });
  });

  it('takes the only row of a table that holds one', async () => {
    const { pairs } = await matchesOf(
      { NB_Global: { [u('a')]: { name: 'before' } } },
      { NB_Global: { [u('x')]: { name: 'after' } } },
      'NB_Global',
    );
    expect(pairs).toEqual({ [u('a')]: u('x') });
  });

  it('takes the natural key of a root without an index', async () => {
    const { pairs, warnings } = await matchesOf(
      {
        Logical_Switch: { [u('a')]: { name: 'web' } },
        Load_Balancer: { [u('l')]: { name: 'lb', protocol: 'tcp' }, [u('m')]: { name: 'lb', protocol: 'udp' } },
      },
      { Logical_Switch: { [u('x')]: { name: 'web' } }, Load_Balancer: { [u('y')]: { name: 'lb', protocol: 'udp' } } },
      'Load_Balancer',
    );
    expect(pairs).toEqual({ [u('l')]: undefined, [u('m')]: u('y') });
    expect(warnings).toEqual([]);
  });

  it.each<[string, Record<string, string>, Record<string, string>, Record<string, string | undefined>]>([
    ['two in the database', { a: 'web' }, { x: 'web', y: 'web' }, { a: 'x' }],
    ['two in the backup', { a: 'web', b: 'web' }, { x: 'web' }, { a: 'x', b: undefined }],
    ['two in both', { a: 'web', b: 'web' }, { x: 'web', y: 'web' }, { a: 'x', b: 'y' }],
  ])(
    'pairs equal rows of one key in the order of their UUIDs, and leaves the surplus: %s',
    async (_what, before, now, expected) => {
      const rows = (names: Record<string, string>): Record<string, { name: string }> =>
        Object.fromEntries(Object.entries(names).map(([uuid, name]) => [u(uuid), { name }]));
      const { pairs, warnings } = await matchesOf(
        { Logical_Switch: rows(before) },
        { Logical_Switch: rows(now) },
        'Logical_Switch',
      );
      expect(pairs).toEqual(
        Object.fromEntries(
          Object.entries(expected).map(([from, to]) => [u(from), to === undefined ? undefined : u(to)]),
        ),
      );
      expect(warnings).toEqual([]);
    },
  );

  it('matches the one that is left when the others of the key are matched by UUID', async () => {
    const { pairs, warnings } = await matchesOf(
      { Logical_Switch: { [u('a')]: { name: 'web' }, [u('b')]: { name: 'web' } } },
      { Logical_Switch: { [u('a')]: { name: 'web' }, [u('x')]: { name: 'web' } } },
      'Logical_Switch',
    );
    expect(pairs).toEqual({ [u('a')]: u('a'), [u('b')]: u('x') });
    expect(warnings).toEqual([]);
  });

  it('takes no empty name for a key, but a row for what equals it in everything', async () => {
    const one = { Logical_Switch: { [u('a')]: { other_config: { a: 'b' } } } };
    expect(
      (await matchesOf(one, { Logical_Switch: { [u('x')]: { other_config: { a: 'c' } } } }, 'Logical_Switch')).pairs,
    ).toEqual({ [u('a')]: undefined });
    expect(
      (await matchesOf(one, { Logical_Switch: { [u('x')]: { other_config: { a: 'b' } } } }, 'Logical_Switch')).pairs,
    ).toEqual({ [u('a')]: u('x') });
    const { pairs, warnings } = await matchesOf(
      { Logical_Switch: { [u('a')]: {} } },
      { Logical_Switch: { [u('x')]: {} } },
      'Logical_Switch',
    );
    expect(pairs).toEqual({ [u('a')]: u('x') });
    expect(warnings).toEqual([]);
  });

  it('does not take two nameless, empty switches for one when they hold different things', async () => {
    const { pairs } = await matchesOf(
      { Logical_Switch: { [u('s')]: { acls: [u('a')] } }, ACL: { [u('a')]: acl('ip4') } },
      { Logical_Switch: { [u('t')]: { acls: [u('x')] } }, ACL: { [u('x')]: acl('ip6') } },
      'Logical_Switch',
    );
    expect(pairs).toEqual({ [u('s')]: undefined });
  });

  const acl = (match: string, priority = 1_000): Tables[string][string] => ({
    direction: 'to-lport',
    priority,
    match,
    action: 'allow',
  });

  it('takes the natural key of a row of a non-root table within its holder only', async () => {
    const backup = {
      Logical_Switch: { [u('s')]: { name: 's', acls: [u('a')] }, [u('t')]: { name: 't', acls: [u('b'), u('c')] } },
      ACL: { [u('a')]: acl('ip4'), [u('b')]: acl('ip4'), [u('c')]: acl('ip6') },
    };
    const live = {
      Logical_Switch: { [u('s')]: { name: 's', acls: [u('x')] }, [u('t')]: { name: 't', acls: [u('y'), u('z')] } },
      ACL: { [u('x')]: acl('ip4'), [u('y')]: acl('ip4'), [u('z')]: acl('ip6', 1_001) },
    };
    const { pairs, warnings } = await matchesOf(backup, live, 'ACL');
    expect(pairs).toEqual({ [u('a')]: u('x'), [u('b')]: u('y'), [u('c')]: undefined });
    expect(warnings).toEqual([]);
  });

  it('pairs duplicates within one holder and leaves the surplus', async () => {
    const { pairs, warnings } = await matchesOf(
      {
        Logical_Switch: { [u('s')]: { name: 's', acls: [u('a'), u('b')] } },
        ACL: { [u('a')]: acl('ip4'), [u('b')]: acl('ip4') },
      },
      { Logical_Switch: { [u('s')]: { name: 's', acls: [u('x')] } }, ACL: { [u('x')]: acl('ip4') } },
      'ACL',
    );
    expect(pairs).toEqual({ [u('a')]: u('x'), [u('b')]: undefined });
    expect(warnings).toEqual([]);
  });

  it('pairs rows of one key with those of equal content first, and the last two that are left without a warning', async () => {
    const { pairs, warnings } = await matchesOf(
      {
        Logical_Switch: { [u('s')]: { name: 's', acls: [u('a'), u('b'), u('c')] } },
        ACL: {
          [u('a')]: { ...acl('ip4'), log: true },
          [u('b')]: acl('ip4'),
          [u('c')]: { ...acl('ip4'), action: 'drop' },
        },
      },
      {
        Logical_Switch: { [u('s')]: { name: 's', acls: [u('x'), u('y'), u('z')] } },
        ACL: {
          [u('x')]: { ...acl('ip4'), action: 'drop' },
          [u('y')]: { ...acl('ip4'), action: 'reject' },
          [u('z')]: { ...acl('ip4'), log: true },
        },
      },
      'ACL',
    );
    expect(pairs).toEqual({ [u('a')]: u('z'), [u('b')]: u('y'), [u('c')]: u('x') });
    expect(warnings).toEqual([]);
  });

  it('pairs rows of one key that all differ in the order of their contents, and warns', async () => {
    const backup = {
      Logical_Router: { [u('a')]: { name: 'gw', options: { v: '2' } }, [u('b')]: { name: 'gw', options: { v: '1' } } },
    };
    const live = {
      Logical_Router: {
        [u('x')]: { name: 'gw', options: { v: '3' } },
        [u('y')]: { name: 'gw', options: { v: '4' } },
        [u('z')]: { name: 'gw', options: { v: '5' } },
      },
    };
    const { pairs, warnings } = await matchesOf(backup, live, 'Logical_Router');
    expect(pairs).toEqual({ [u('a')]: u('y'), [u('b')]: u('x') });
    expect(warnings).toEqual([
      'router with name = ["gw"]: 2 rows in the backup and 3 in the database have this key and differ in other ' +
        'columns; they are matched in the order of their contents',
    ]);
  });

  it('tells two switches of one name apart by their ports, though ports have come and gone', async () => {
    const tables = (s: string, t: string, ports: readonly [string, string[]][]): Tables => ({
      Logical_Switch: {
        [u(s)]: { name: 'web', ports: ports[0]?.[1].map(u) ?? [], other_config: { [ports[0]?.[0] ?? '']: '' } },
        [u(t)]: { name: 'web', ports: ports[1]?.[1].map(u) ?? [], other_config: { [ports[1]?.[0] ?? '']: '' } },
      },
      Logical_Switch_Port: Object.fromEntries(
        ports.flatMap(([, names]) => names).map((letter) => [u(letter), { name: letter.toLowerCase() }]),
      ),
    });
    const backup = tables('s', 't', [
      ['same', ['a', 'b', 'c']],
      ['same', ['d', 'e', 'f', 'g']],
    ]);
    // s and t are now Y and X; each lost a port and got another one, and one has the other's content
    const live = tables('X', 'Y', [
      ['same', ['D', 'E', 'H']],
      ['same', ['A', 'B', 'F']],
    ]);
    const { pairs, warnings } = await matchesOf(backup, live, 'Logical_Switch');
    expect(pairs).toEqual({ [u('s')]: u('Y'), [u('t')]: u('X') });
    expect(warnings).toEqual([]);
  });

  it('tells nameless load balancers and DNS rows of one content apart by the switches that refer to them', async () => {
    const tables = (one: string, two: string, dns: string, other: string): Tables => ({
      Logical_Switch: {
        [u('s')]: { name: 's', load_balancer: [u(one)], dns_records: [u(dns)] },
        [u('t')]: { name: 't', load_balancer: [u(two)], dns_records: [u(other)] },
      },
      Load_Balancer: { [u(one)]: { vips: { '1.1.1.1': '2.2.2.2' } }, [u(two)]: { vips: { '1.1.1.1': '2.2.2.2' } } },
      DNS: { [u(dns)]: {}, [u(other)]: {} },
    });
    const [backup, live] = [tables('a', 'b', 'c', 'd'), tables('Z', 'Y', 'X', 'W')];
    expect((await matchesOf(backup, live, 'Load_Balancer')).pairs).toEqual({ [u('a')]: u('Z'), [u('b')]: u('Y') });
    expect((await matchesOf(backup, live, 'DNS')).pairs).toEqual({ [u('c')]: u('X'), [u('d')]: u('W') });
  });

  it('matches what hangs together together where nothing tells two networks apart', async () => {
    const network = (s: string, a: string, b: string, lb: string, hc: string): Tables => ({
      Logical_Switch: { [u(s)]: { name: 'twin', acls: [u(a), u(b)], load_balancer: [u(lb)] } },
      ACL: { [u(a)]: acl('ip4'), [u(b)]: acl('ip4') },
      Load_Balancer: { [u(lb)]: { name: 'lb', health_check: [u(hc)] } },
      Load_Balancer_Health_Check: { [u(hc)]: { vip: '1.1.1.1:80' } },
    });
    const both = (one: Tables, two: Tables): Tables =>
      Object.fromEntries(Object.keys(one).map((table) => [table, { ...one[table], ...two[table] }]));
    const backup = both(network('s', 'a', 'b', 'l', 'h'), network('t', 'c', 'd', 'm', 'i'));
    const live = both(network('S', 'C', 'A', 'M', 'I'), network('T', 'B', 'D', 'L', 'H'));
    const pairs = Object.assign(
      {},
      ...((await Promise.all(
        Object.keys(backup).map(async (table) => (await matchesOf(backup, live, table)).pairs),
      )) as Record<string, string>[]),
    ) as Record<string, string>;
    expect(Object.values(pairs)).not.toContain(undefined);
    const translated = (row: Row): Row =>
      Object.fromEntries(
        Object.entries(row).map(([column, value]): [string, Row[string]] => [
          column,
          Array.isArray(value) ? (value as string[]).map((atom) => pairs[atom] ?? atom).sort() : value,
        ]),
      );
    for (const table of Object.keys(backup)) {
      const moved = Object.fromEntries(
        Object.entries(backup[table] ?? {}).map(([uuid, row]) => [pairs[uuid], translated(row)]),
      );
      expect(moved).toEqual(
        Object.fromEntries(Object.entries(live[table] ?? {}).map(([uuid, row]) => [uuid, translated(row)])),
      );
    }
  });

  it('takes other columns of a row without a name for its key', async () => {
    const backup: Tables = {
      Logical_Switch: {
        [u('s')]: { other_config: { 'interconn-ts': 'ts', a: '1' } },
        [u('t')]: { external_ids: { id: '7' } },
      },
      DHCP_Options: {
        [u('a')]: { cidr: '10.0.0.0/24', external_ids: { subnet_id: 's1', revision: '1' } },
        [u('b')]: { cidr: '10.0.0.0/24', external_ids: { subnet_id: 's1', port_id: 'p' } },
      },
      DNS: { [u('n')]: { external_ids: { ls_name: 'x' }, records: { a: '1' } } },
    };
    const live: Tables = {
      Logical_Switch: {
        [u('X')]: { other_config: { 'interconn-ts': 'ts', a: '2' } },
        [u('Y')]: { external_ids: { id: '7' }, other_config: { b: 'c' } },
      },
      DHCP_Options: {
        [u('B')]: { cidr: '10.0.0.0/24', external_ids: { subnet_id: 's1', port_id: 'p' }, options: { a: 'b' } },
        [u('A')]: { cidr: '10.0.0.0/24', external_ids: { subnet_id: 's1', revision: '2' } },
      },
      DNS: { [u('N')]: { external_ids: { ls_name: 'x' }, records: { a: '2' } } },
    };
    expect((await matchesOf(backup, live, 'Logical_Switch')).pairs).toEqual({ [u('s')]: u('X'), [u('t')]: u('Y') });
    expect((await matchesOf(backup, live, 'DHCP_Options')).pairs).toEqual({ [u('a')]: u('A'), [u('b')]: u('B') });
    expect((await matchesOf(backup, live, 'DNS')).pairs).toEqual({ [u('n')]: u('N') });
  });

  it('links the pairs that it is given before everything else', async () => {
    const backup: Tables = {
      Logical_Switch: { [u('s')]: { name: 's', acls: [u('a')] }, [u('t')]: { name: 't' } },
      ACL: { [u('a')]: acl('ip4') },
    };
    const live: Tables = {
      Logical_Switch: { [u('s')]: { name: 's' }, [u('t')]: { name: 't' }, [u('x')]: { name: 'x', acls: [u('y')] } },
      ACL: { [u('y')]: acl('ip4') },
    };
    const [before, now] = [nb(backup), nb(live)];
    const index = (snapshot: Snapshot, letter: string): number =>
      snapshot.tables.get('Logical_Switch')?.find(u(letter)) ?? -1;
    const identity = await identify(before, now, new Breath(), {
      pairs: [{ table: 'Logical_Switch', backupIndex: index(before, 's'), liveIndex: index(now, 'x') }],
    });
    expect(identity.translation).toEqual(
      new Map([
        [u('s'), u('x')],
        [u('a'), u('y')],
      ]),
    );
    expect(identity.matches.get('Logical_Switch')?.[index(before, 't')]).toBe(index(now, 't'));
    expect(identity.matched.get('Logical_Switch')?.[index(now, 's')]).toBe(0);
  });

  it('matches within holders that were themselves matched by key, several levels down', async () => {
    const tables = (r: string, p: string, g: string, n: string): Tables => ({
      Logical_Router: { [u(r)]: { name: 'gw', ports: [u(p)], nat: [u(n)] } },
      Logical_Router_Port: {
        [u(p)]: { name: 'lrp', mac: '00:00:00:00:00:01', networks: ['10.0.0.1/24'], gateway_chassis: [u(g)] },
      },
      Gateway_Chassis: { [u(g)]: { name: 'lrp-c1', chassis_name: 'c1' } },
      NAT: { [u(n)]: { type: 'snat', external_ip: '1.1.1.1', logical_ip: '10.0.0.0/24', gateway_port: u(p) } },
    });
    const [backup, live] = [tables('r', 'p', 'g', 'n'), tables('R', 'P', 'G', 'N')];
    for (const [table, from, to] of [
      ['Logical_Router', 'r', 'R'],
      ['Logical_Router_Port', 'p', 'P'],
      ['Gateway_Chassis', 'g', 'G'],
      ['NAT', 'n', 'N'],
    ] as const) {
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
    const tables = {
      Logical_Switch: { [u('s')]: { name: 's', acls: [u('a'), u('b')] } },
      ACL: { [u('a')]: acl('ip4'), [u('b')]: acl('ip4') },
    };
    const { pairs, translation, warnings } = await matchesOf(tables, tables, 'ACL');
    expect(pairs).toEqual({ [u('a')]: u('a'), [u('b')]: u('b') });
    expect([translation.size, warnings.length]).toEqual([0, 0]);
  });
});

/** Networks with few names, so that nearly everything is there several times. */
const twins: fc.Arbitrary<Tables> = fc
  .array(
    fc.record({
      name: fc.constantFrom('', 'a', 'b'),
      acls: fc.array(fc.tuple(fc.constantFrom('ip4', 'ip6'), fc.boolean()), { maxLength: 3 }),
      balancers: fc.uniqueArray(fc.nat(2), { maxLength: 2 }),
      dns: fc.option(fc.nat(1), { nil: undefined }),
      ports: fc.nat(1),
    }),
    { maxLength: 5 },
  )
  .map((switches) => {
    const rows: Record<string, Record<string, Row>> = {
      Logical_Switch: {},
      ACL: {},
      Load_Balancer: {},
      DNS: {},
      Logical_Switch_Port: {},
    };
    const add = (table: string, number: string, row: Row): string => {
      const uuid = `${number.padEnd(8, '0')}-0000-4000-8000-000000000000`;
      (rows[table] as Record<string, Row>)[uuid] = row;
      return uuid;
    };
    const balancers = [0, 1, 2].map((i) =>
      add('Load_Balancer', `b${String(i)}`, { name: i === 2 ? 'lb' : '', vips: { v: '1' } }),
    );
    const names = [0, 1].map((i) => add('DNS', `d${String(i)}`, {}));
    switches.forEach(({ name, acls, balancers: refers, dns, ports }, s) => {
      const held = acls.map(([match, log], i) =>
        add('ACL', `a${String(s)}${String(i)}`, { direction: 'to-lport', priority: 1, match, action: 'allow', log }),
      );
      const own = Array.from({ length: ports }, (_, i) =>
        add('Logical_Switch_Port', `f${String(s)}${String(i)}`, { name: `p${String(s)}${String(i)}` }),
      );
      add('Logical_Switch', `e${String(s)}`, {
        name,
        acls: held,
        load_balancer: refers.map((i) => balancers[i] as string),
        ports: own,
        ...(dns === undefined ? {} : { dns_records: [names[dns] as string] }),
      });
    });
    return rows;
  });

/** The same rows under other UUIDs, in another order. */
function underOtherUuids(tables: Tables, seed: number): Tables {
  const uuids = Object.values(tables).flatMap((rows) => Object.keys(rows));
  const others = new Map(
    uuids.map((uuid) => {
      const hex = createHash('sha256')
        .update(`${String(seed)}${uuid}`)
        .digest('hex');
      return [uuid, `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4000-8000-${hex.slice(12, 24)}`];
    }),
  );
  const text = JSON.stringify(tables).replace(
    /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g,
    (uuid) => others.get(uuid) ?? uuid,
  );
  return JSON.parse(text) as Tables;
}

describe('identify, law', () => {
  it('knows every row again under another UUID, so that a restore changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(twins, fc.nat(), async (tables, seed) => {
        const plan = await planBetween(nb(tables), nb(underOtherUuids(tables, seed)), EXACT);
        expect([plan.changeCount, plan.warnings]).toEqual([0, []]);
      }),
      { numRuns: 300, seed: 20261124 },
    );
  });

  it('pairs no row twice and only rows of one table, whatever the two sides are', async () => {
    await fc.assert(
      fc.asyncProperty(twins, twins, fc.nat(), async (tables, others, seed) => {
        const live = underOtherUuids(others, seed);
        const { matches, matched } = await identify(nb(tables), nb(live), new Breath());
        for (const [table, rows] of matches) {
          const found = [...rows].filter((match) => match !== NO_MATCH);
          expect(new Set(found).size).toBe(found.length);
          expect([...(matched.get(table) ?? [])].filter((taken) => taken === 1)).toHaveLength(found.length);
        }
      }),
      { numRuns: 200, seed: 20261124 },
    );
  });
});

describe('identify, with thousands of rows of one key or one holder', () => {
  const MANY = 3_000;
  const id = (kind: string, i: number, side: string): string =>
    `${kind.padEnd(4, '0')}${side}${i.toString(16).padStart(3, '0')}-0000-4000-8000-000000000000`;
  const all = (row: (i: number) => Row, kind: string, side: string): Record<string, Row> =>
    Object.fromEntries(Array.from({ length: MANY }, (_, i) => [id(kind, i, side), row(i)]));
  const ids = (kind: string, side: string): string[] => Array.from({ length: MANY }, (_, i) => id(kind, i, side));
  const policy = { action: 'allow', match: 'ip4', priority: 1 };
  const sides: Record<string, (side: string) => Tables> = {
    'all of different keys': (side) => ({
      Logical_Router: { [u(side)]: { name: 'r', policies: ids('c0', side) } },
      Logical_Router_Policy: all((i) => ({ ...policy, priority: i }), 'c0', side),
    }),
    'all equal': (side) => ({
      Logical_Router: { [u(side)]: { name: 'r', policies: ids('c0', side) } },
      Logical_Router_Policy: all(() => policy, 'c0', side),
    }),
    'of one key, but each with other ids': (side) => ({
      Logical_Router: { [u(side)]: { name: 'r', policies: ids('c0', side) } },
      Logical_Router_Policy: all((i) => ({ ...policy, external_ids: { i: String(i) } }), 'c0', side),
    }),
    'of one key, all changed': (side) => ({
      Logical_Router: { [u(side)]: { name: 'r', policies: ids('c0', side) } },
      Logical_Router_Policy: all((i) => ({ ...policy, external_ids: { i: `${side}${String(i)}` } }), 'c0', side),
    }),
    'nameless, and told apart by what refers to them': (side) => ({
      Logical_Switch: all((i) => ({ name: `s${String(i)}`, load_balancer: [id('b0', i, side)] }), 'a0', side),
      Load_Balancer: all(() => ({ vips: { '1.1.1.1': '' } }), 'b0', side),
    }),
    'nameless, as what refers to them is': (side) => ({
      Logical_Switch: all((i) => ({ load_balancer: [id('b0', i, side)] }), 'a0', side),
      Load_Balancer: all(() => ({ vips: { '1.1.1.1': '' } }), 'b0', side),
    }),
    'in one group that all of one name refer to': (side) => ({
      Logical_Switch: all(
        (i) => ({ name: 's', load_balancer_group: [u(side)], other_config: { [side]: String(i) } }),
        'a0',
        side,
      ),
      Load_Balancer_Group: { [u(side)]: { name: 'g', load_balancer: ids('b0', side) } },
      Load_Balancer: all((i) => ({ name: 'lb', vips: { [`${side}${String(i)}`]: '' } }), 'b0', side),
    }),
  };

  it.each(Object.keys(sides))('matches them all: %s', async (name) => {
    const [backup, live] = [nb(sides[name]?.('d') ?? {}), nb(sides[name]?.('e') ?? {})];
    const { matches } = await identify(backup, live, new Breath());
    expect([...matches.values()].every((rows) => !rows.includes(NO_MATCH))).toBe(true);
  });
});

describe('every Northbound schema', () => {
  it.each(everySchema())('has an index or a natural key for each table: $release', ({ schema }) => {
    const backup = rowsOfSchema(schema);
    const without = [...schema.tables.values()].filter(
      (table) =>
        table.indexes.length === 0 &&
        table.maxRows !== 1 &&
        naturalKeyOf(table, backup.tables.get(table.name)?.row(0) ?? {}) === undefined,
    );
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  it.each(everySchema())('has its rows known again when all their UUIDs are others: $release', async ({ schema }) => {
    const [backup, live] = [rowsOfSchema(schema, 1), rowsOfSchema(schema, 2)];
    const { matches, translation, warnings } = await identify(backup, live, new Breath());
    expect([...matches].filter(([, rows]) => rows.includes(NO_MATCH)).map(([table]) => table)).toEqual([]);
    expect([translation.size, warnings]).toEqual([countRows(backup), []]);
    expect((await planBetween(backup, live, EXACT)).changeCount).toBe(0);
  });
});
