/** Scope: what a filter picks, what comes along and why, and what is cut out of a snapshot. */

import { identify } from '../../../src/engine/identify/identify.js';
import { MARK } from '../../../src/engine/scope/mark.js';
import {
  cutSnapshot,
  intersectFilters,
  type ResourceFilter,
  type Scope,
  selectLiveScope,
  selectScope,
} from '../../../src/engine/scope/scope.js';
import { Breath } from '../../../src/lib/breath.js';
import { nearestNames } from '../../../src/lib/text/nearest.js';
import { danglingReferences } from '../../../src/model/reference/reference.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { failureOf, snapshotOf, type Tables, textsOf } from '../../support/databases/every-kind.js';
import { EVERYTHING_INCLUDED } from '../../support/include-flags.js';
import { northboundSchema } from '../../support/servers/engine.js';

const SCHEMA = northboundSchema();
const u = (name: string): string =>
  `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;
const filter = (part: Partial<ResourceFilter>): ResourceFilter => ({ ...EVERYTHING_INCLUDED, ...part });

/**
 * Two switches on a router, a third on another router that the first router is linked with, and all that hangs on them.
 */
const NETWORK: Tables = {
  NB_Global: { [u('nb')]: { name: 'global' } },
  Logical_Switch: {
    [u('web')]: {
      name: 'web',
      ports: [u('w1'), u('w2'), u('wr')],
      acls: [u('a1')],
      qos_rules: [u('q1')],
      load_balancer: [u('lb1')],
      load_balancer_group: [u('lbg')],
      dns_records: [u('dns')],
    },
    [u('db')]: { name: 'db', ports: [u('d1'), u('dr')], load_balancer: [u('lb1'), u('lb3')] },
    [u('far')]: { name: 'far', ports: [u('f1')] },
  },
  Logical_Switch_Port: {
    [u('w1')]: { name: 'web-1', dhcpv4_options: u('dh1'), ha_chassis_group: u('hag') },
    [u('w2')]: { name: 'web-2' },
    [u('wr')]: { name: 'web-gw', type: 'router', options: { 'router-port': 'gw-web' } },
    [u('d1')]: { name: 'db-1', dhcpv4_options: u('dh2') },
    [u('dr')]: { name: 'db-gw', type: 'router', options: { 'router-port': 'gw-db' } },
    [u('f1')]: { name: 'far-1' },
  },
  DHCP_Options: {
    [u('dh1')]: { cidr: '10.0.0.0/24' },
    [u('dh2')]: { cidr: '10.0.1.0/24' },
    [u('dh3')]: { cidr: '10.0.2.0/24' },
  },
  HA_Chassis_Group: { [u('hag')]: { name: 'hag', ha_chassis: [u('ha')] } },
  HA_Chassis: { [u('ha')]: { chassis_name: 'c1', priority: 1 } },
  ACL: {
    [u('a1')]: {
      direction: 'to-lport',
      priority: 1000,
      match: 'ip4.src == $clients && inport == @other',
      action: 'allow',
      log: true,
      meter: 'slow',
    },
    [u('a2')]: { direction: 'to-lport', priority: 900, match: 'ip4.src == {$pg_ip4, $more}', action: 'drop' },
    [u('a3')]: { direction: 'to-lport', priority: 800, match: 'ip4', action: 'drop' },
    [u('a4')]: { direction: 'to-lport', priority: 700, match: 'ip6', action: 'drop' },
  },
  Meter: {
    [u('m1')]: { name: 'slow', unit: 'pktps', bands: [u('mb1')] },
    [u('m2')]: { name: 'copp', unit: 'pktps', bands: [u('mb2')] },
    [u('m3')]: { name: 'unused', unit: 'pktps', bands: [u('mb3')] },
  },
  Meter_Band: {
    [u('mb1')]: { action: 'drop', rate: 1 },
    [u('mb2')]: { action: 'drop', rate: 2 },
    [u('mb3')]: { action: 'drop', rate: 3 },
  },
  QoS: { [u('q1')]: { direction: 'to-lport', priority: 1, match: 'ip4' } },
  Address_Set: {
    [u('s1')]: { name: 'clients' },
    [u('s2')]: { name: 'more' },
    [u('s3')]: { name: 'unused' },
    [u('s4')]: { name: 'allowed' },
  },
  Port_Group: {
    [u('pg')]: { name: 'pg', ports: [u('w1'), u('d1')], acls: [u('a2')] },
    [u('other')]: { name: 'other', ports: [u('f1')], acls: [u('a3')] },
    [u('lone')]: { name: 'lone', ports: [u('f1')], acls: [u('a4')] },
  },
  Load_Balancer: {
    [u('lb1')]: { name: 'lb1', health_check: [u('hc')] },
    [u('lb2')]: { name: 'lb2' },
    [u('lb3')]: { name: 'lb3' },
  },
  Load_Balancer_Health_Check: { [u('hc')]: { vip: '10.0.0.1:80' } },
  Load_Balancer_Group: { [u('lbg')]: { name: 'lbg', load_balancer: [u('lb2')] } },
  DNS: { [u('dns')]: { records: { a: '10.0.0.1' } } },
  Logical_Router: {
    [u('gw')]: {
      name: 'gw',
      ports: [u('gww'), u('gwd'), u('gwx')],
      nat: [u('n1')],
      static_routes: [u('sr')],
      copp: u('cp'),
      load_balancer: [u('lb3')],
    },
    [u('edge')]: { name: 'edge', ports: [u('ex')], nat: [u('n2')] },
  },
  Logical_Router_Port: {
    [u('gww')]: { name: 'gw-web', mac: '00:00:00:00:00:01', networks: ['10.0.0.1/24'], gateway_chassis: [u('gc')] },
    [u('gwd')]: { name: 'gw-db', mac: '00:00:00:00:00:02', networks: ['10.0.1.1/24'] },
    [u('gwx')]: { name: 'gw-edge', mac: '00:00:00:00:00:03', networks: ['10.9.0.1/24'], peer: 'edge-gw' },
    [u('ex')]: { name: 'edge-gw', mac: '00:00:00:00:00:04', networks: ['10.9.0.2/24'], peer: 'gw-edge' },
  },
  Gateway_Chassis: { [u('gc')]: { name: 'gw-web-c1', chassis_name: 'c1', priority: 1 } },
  NAT: {
    [u('n1')]: {
      type: 'snat',
      external_ip: '1.1.1.1',
      logical_ip: '10.0.0.0/24',
      allowed_ext_ips: u('s4'),
      gateway_port: u('gww'),
    },
    [u('n2')]: { type: 'snat', external_ip: '1.1.1.2', logical_ip: '10.0.9.0/24' },
  },
  Logical_Router_Static_Route: { [u('sr')]: { ip_prefix: '0.0.0.0/0', nexthop: '10.9.0.2', bfd: u('bfd') } },
  BFD: {
    [u('bfd')]: { logical_port: 'gw-edge', dst_ip: '10.9.0.2' },
    [u('bfd2')]: { logical_port: 'edge-gw', dst_ip: '10.9.0.1' },
  },
  Static_MAC_Binding: {
    [u('smb')]: { logical_port: 'gw-web', ip: '10.0.0.9', mac: '00:00:00:00:00:09' },
    [u('smb2')]: { logical_port: 'edge-gw', ip: '10.9.0.9', mac: '00:00:00:00:00:08' },
  },
  Copp: { [u('cp')]: { name: 'cp', meters: { arp: 'copp' } } },
};
const SNAPSHOT = snapshotOf(SCHEMA, NETWORK);

const NAMES = new Map(
  Object.values(NETWORK)
    .flatMap((rows) => Object.keys(rows))
    .map((uuid) => [uuid, Buffer.from(uuid.slice(0, 8), 'hex').toString().replace(/-+$/, '')]),
);

/** Short names of all rows with a mark. */
function marked({ marks }: Scope, mark: number, snapshot: Snapshot = SNAPSHOT): string[] {
  return [...snapshot.tables.values()]
    .flatMap((rows) =>
      Array.from({ length: rows.count }, (_, i) =>
        marks.get(rows.table)?.[i] === mark ? (NAMES.get(rows.uuid(i)) ?? rows.uuid(i)) : '',
      ),
    )
    .filter((name) => name !== '')
    .sort();
}
const short = (name: string): string => name.slice(0, 4);
const select = (part: Partial<ResourceFilter>): Promise<Scope> => selectScope(SNAPSHOT, filter(part), new Breath());
const sorted = (...names: readonly string[]): string[] => names.map(short).sort();
const reasons = ({ pulledIn }: Scope): string[] => pulledIn.map(({ label, reason }) => `${label}: ${reason}`).sort();

describe('selectScope', () => {
  it('takes a switch with what it owns and what that needs, and says why', async () => {
    const scope = await select({ switches: ['web'] });
    expect(marked(scope, MARK.OWNED)).toEqual(sorted('web', 'w1', 'w2', 'wr', 'a1', 'q1'));
    expect(marked(scope, MARK.NEEDED)).toEqual(
      sorted(
        'dh1',
        'hag',
        'ha',
        'm1',
        'mb1',
        's1',
        's2',
        'other',
        'a3',
        'pg',
        'a2',
        'lb1',
        'hc',
        'lbg',
        'lb2',
        'dns',
        'gww',
        'gc',
      ),
    );
    expect(marked(scope, MARK.CARRIER)).toEqual(['gw']);
    expect(reasons(scope)).toEqual(
      [
        'DNS {"a":"10.0.0.1"}: DNS records of switch "web"',
        'HA chassis group "hag": HA chassis group of port "web-1"',
        'address set "clients": named in the match of ACL to-lport 1000 ip4.src == $clients && inport == @other of ' +
          'switch "web"',
        'address set "more": named in the match of ACL to-lport 900 ip4.src == {$pg_ip4, $more} of port group "pg"',
        'dhcp options 10.0.0.0/24: DHCP options of port "web-1"',
        'load balancer "lb1": load balancer of switch "web"',
        'load balancer "lb2": load balancer of load balancer group "lbg"',
        'load balancer group "lbg": load balancer group of switch "web"',
        'meter "slow": meter of ACL to-lport 1000 ip4.src == $clients && inport == @other of switch "web"',
        'port group "other": named in the match of ACL to-lport 1000 ip4.src == $clients && inport == @other of ' +
          'switch "web"',
        'port group "pg": holds port "web-1"',
        'router "gw": holds router port "gw-web", the peer of port "web-gw"',
        'router port "gw-web": the peer of port "web-gw"',
      ]
        .map((line) => line.replace(/^HA chassis group "hag"/, 'ha chassis group "hag"'))
        .sort(),
    );
    expect([...scope.roots].map(([table, uuids]) => [table, [...uuids]])).toEqual([['Logical_Switch', [u('web')]]]);
  });

  it('takes a router with its address sets, meters and BFD sessions, and the peer of its port with a bare router', async () => {
    const scope = await select({ routers: ['gw'] });
    expect(marked(scope, MARK.OWNED)).toEqual(sorted('gw', 'gww', 'gwd', 'gwx', 'gc', 'n1', 'sr', 'bfd', 'smb'));
    expect(marked(scope, MARK.NEEDED)).toEqual(sorted('s4', 'cp', 'm2', 'mb2', 'lb3', 'ex'));
    expect(marked(scope, MARK.CARRIER)).toEqual(['edge']);
  });

  it.each<[keyof typeof EVERYTHING_INCLUDED, string, readonly string[]]>([
    ['includePorts', 'web', ['w1', 'w2', 'wr', 'dh1', 'hag', 'ha', 'pg', 'a2', 's2', 'gww', 'gc', 'gw']],
    ['includeAcls', 'web', ['a1', 'm1', 'mb1', 's1', 'other', 'a3', 'a2', 's2']],
    ['includeLoadBalancers', 'web', ['lb1', 'hc', 'lbg', 'lb2']],
    ['includeDhcpOptions', 'web', ['dh1']],
    ['includeQos', 'web', ['q1']],
    ['includeNat', 'gw', ['n1', 's4']],
    ['includePorts', 'gw', ['gww', 'gwd', 'gwx', 'gc', 'smb', 'ex', 'edge']],
  ])('leaves out with %s: false of %s what only it brings', async (flag, name, gone) => {
    const part = name === 'web' ? { switches: [name] } : { routers: [name] };
    const all = await select(part);
    const less = await select({ ...part, [flag]: false });
    const inScope = (scope: Scope): string[] =>
      [MARK.OWNED, MARK.NEEDED, MARK.CARRIER].flatMap((mark) => marked(scope, mark));
    const left = new Set(inScope(less));
    expect(
      inScope(all)
        .filter((row) => !left.has(row))
        .sort(),
    ).toEqual(sorted(...gone));
  });

  it('picks everything without lists, less what a flag leaves out', async () => {
    expect(marked(await select({}), MARK.OWNED)).toHaveLength(NAMES.size);
    const out = async (part: Partial<ResourceFilter>): Promise<string[]> => marked(await select(part), MARK.OUT);
    expect(await out({ includeNat: false })).toEqual(['n1', 'n2']);
    expect(await out({ includeAcls: false })).toEqual(sorted('a1', 'a2', 'a3', 'a4'));
    expect(await out({ includeLoadBalancers: false })).toEqual(sorted('lb1', 'lb2', 'lb3', 'lbg', 'hc'));
    expect(await out({ includeDhcpOptions: false })).toEqual(sorted('dh1', 'dh2', 'dh3'));
    expect(await out({ includePorts: false })).toEqual(
      sorted('w1', 'w2', 'wr', 'd1', 'dr', 'f1', 'gww', 'gwd', 'gwx', 'ex', 'gc', 'smb', 'smb2', 'bfd2'),
    );
  });

  it('takes names and UUIDs, and all rows of a name', async () => {
    const twins = snapshotOf(SCHEMA, {
      Logical_Switch: { [u('a')]: { name: 'x' }, [u('b')]: { name: 'x' }, [u('c')]: { name: 'y' } },
    });
    const byName = await selectScope(twins, filter({ switches: ['x'] }), new Breath());
    expect([[...(byName.roots.get('Logical_Switch') ?? [])].sort(), byName.warnings]).toEqual([
      [u('a'), u('b')],
      ['The name "x" picks 2 rows of Logical_Switch'],
    ]);
    const byUuid = await selectScope(twins, filter({ switches: [u('b').toUpperCase()] }), new Breath());
    expect([...(byUuid.roots.get('Logical_Switch') ?? [])]).toEqual([u('b')]);
  });

  it('names everything that is not there, with what may have been meant', async () => {
    const failure = selectScope(
      SNAPSHOT,
      filter({ switches: ['web', 'wbe', 'nothing-like-it'], portGroups: ['pgg'], addressSets: [u('zz')] }),
      new Breath(),
    );
    expect(await failureOf(failure)).toEqual({
      code: 'BAD_USER_INPUT',
      message:
        'The filter names what is not there: There is no switch "wbe" in the backup; there is "web". There is no ' +
        'switch "nothing-like-it" in the backup. There is no port group "pgg" in the backup; there is "pg". ' +
        `There is no address set "${u('zz')}" in the backup`,
    });
    await expect(failure).rejects.toHaveProperty('problems.length', 4);
    // with exact a row that is only live may be named: it is deleted
    const live = snapshotOf(SCHEMA, { Logical_Switch: { [u('new')]: { name: 'new' } } });
    expect(
      marked(await selectScope(SNAPSHOT, filter({ switches: ['new'] }), new Breath(), { alsoIn: live }), MARK.OUT),
    ).toHaveLength(NAMES.size);
    expect(
      await failureOf(
        selectScope(SNAPSHOT, filter({ switches: ['new', 'wbe', 'neww'] }), new Breath(), {
          alsoIn: live,
          where: 'in the backup or in the database',
        }),
      ),
    ).toMatchObject({
      message:
        'The filter names what is not there: There is no switch "wbe" in the backup or in the database; there is ' +
        '"web". There is no switch "neww" in the backup or in the database; there is "new"',
    });
  });

  it('refuses lists that are all empty, and takes an empty one beside another', async () => {
    expect(await failureOf(select({ switches: [], routers: [] }))).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('picks nothing') as string,
    });
    expect(marked(await select({ switches: [], addressSets: ['unused'] }), MARK.OWNED)).toEqual(['s3']);
  });

  it('takes a load balancer that is named also where the flag leaves those of switches out', async () => {
    const scope = await select({
      switches: ['db'],
      loadBalancers: ['lb3'],
      includeLoadBalancers: false,
      includePorts: false,
    });
    expect([marked(scope, MARK.OWNED), marked(scope, MARK.NEEDED)]).toEqual([sorted('db', 'lb3'), []]);
  });

  it('takes no row twice where rows need each other in a circle', async () => {
    const circle = snapshotOf(SCHEMA, {
      Port_Group: { [u('p')]: { name: 'p', acls: [u('x')] }, [u('q')]: { name: 'q', acls: [u('y')] } },
      ACL: {
        [u('x')]: { match: 'inport == @q', direction: 'to-lport', action: 'drop' },
        [u('y')]: { match: 'inport == @p', direction: 'to-lport', action: 'drop' },
      },
    });
    const scope = await selectScope(circle, filter({ portGroups: ['p'] }), new Breath());
    expect([...(scope.marks.get('Port_Group') ?? [])]).toEqual([MARK.OWNED, MARK.NEEDED]);
    expect(reasons(scope)).toEqual([
      'port group "q": named in the match of ACL to-lport inport == @q of port group "p"',
    ]);
  });
});

describe('selectLiveScope', () => {
  it('starts from what is matched with the picked rows, by name only with exact', async () => {
    const live = snapshotOf(SCHEMA, {
      Logical_Switch: {
        [u('web')]: { name: 'renamed', ports: [u('w1'), u('new')] },
        [u('W')]: { name: 'web', ports: [u('x')] },
      },
      Logical_Switch_Port: { [u('w1')]: { name: 'web-1' }, [u('new')]: { name: 'new' }, [u('x')]: { name: 'x' } },
    });
    const backupScope = await select({ switches: ['web'] });
    const identity = await identify(SNAPSHOT, live, new Breath());
    const owned = async (byName: boolean): Promise<string[]> =>
      marked(
        await selectLiveScope(
          live,
          filter({ switches: ['web'] }),
          backupScope,
          { backup: SNAPSHOT, identity, byName },
          new Breath(),
        ),
        MARK.OWNED,
        live,
      );
    expect((await owned(false)).map((name) => name.slice(0, 4)).sort()).toEqual(
      ['w1', 'web', u('new').slice(0, 4)].sort(),
    );
    expect(await owned(true)).toHaveLength(5);
  });
});

describe('cutSnapshot', () => {
  const cut = async (part: Partial<ResourceFilter>): Promise<{ snapshot: Snapshot; warnings: readonly string[] }> =>
    cutSnapshot(SNAPSHOT, await select(part), new Breath());
  const rowOf = (snapshot: Snapshot, table: string, name: string): unknown =>
    JSON.parse(textsOf(snapshot)[table]?.[u(name)] ?? 'null');

  it.each<Partial<ResourceFilter>>([
    { switches: ['web'] },
    { routers: ['gw'] },
    { portGroups: ['pg'] },
    { loadBalancers: ['lb1'] },
    { addressSets: ['more'] },
    { switches: ['web', 'db', 'far'], routers: ['gw', 'edge'] },
    { includeAcls: false, includePorts: false },
    { includeNat: false, includeDhcpOptions: false, includeLoadBalancers: false, includeQos: false },
  ])('holds everything that its rows refer to, and picks itself whole again: %j', async (part) => {
    const { snapshot } = await cut(part);
    expect([...danglingReferences(snapshot)].filter((found) => found !== undefined)).toEqual([]);
    const again = await selectScope(snapshot, filter(part), new Breath());
    expect(textsOf((await cutSnapshot(snapshot, again, new Breath())).snapshot)).toEqual(textsOf(snapshot));
  });

  it('keeps only the picked members of a shared port group, and a carrier bare', async () => {
    const { snapshot, warnings } = await cut({ switches: ['web'] });
    expect(rowOf(snapshot, 'Port_Group', 'pg')).toEqual({ name: 'pg', ports: [u('w1')], acls: [u('a2')] });
    expect(rowOf(snapshot, 'Port_Group', 'other')).toEqual({ name: 'other', acls: [u('a3')] });
    expect(rowOf(snapshot, 'Logical_Router', 'gw')).toEqual({ name: 'gw', ports: [u('gww')] });
    expect(warnings).toEqual([]);
  });

  it('warns of references that are missed, with counts', async () => {
    expect((await cut({ switches: ['web'], includeLoadBalancers: false })).warnings).toEqual([
      '1 reference from switch rows (load_balancer) to load balancer rows that the filter leaves out is dropped',
      '1 reference from switch rows (load_balancer_group) to load balancer group rows that the filter leaves out is dropped',
    ]);
    expect((await cut({ routers: ['gw'], includePorts: false })).warnings).toEqual([
      '1 reference from NAT rows (gateway_port) to router port rows that the filter leaves out is dropped',
    ]);
    expect((await cut({ portGroups: ['pg'] })).warnings).toEqual([
      '2 references from port group rows (ports) to port rows that the filter leaves out are dropped',
    ]);
  });
});

describe('intersectFilters', () => {
  const within = (a: Partial<ResourceFilter>, b: Partial<ResourceFilter>): ResourceFilter =>
    intersectFilters(filter(a), filter(b));

  it('takes the lists of the second, or else of the first, and the flags of both', () => {
    expect(
      within({ switches: ['web', 'db'], includeAcls: false }, { switches: ['web'], includeQos: false }),
    ).toMatchObject({ switches: ['web'], includeAcls: false, includeQos: false, includeNat: true });
    expect(within({ switches: ['web'] }, {})).toMatchObject({ switches: ['web'] });
    expect(within({}, { routers: ['gw'] })).toMatchObject({ routers: ['gw'] });
  });

  it('refuses what the backup was not limited to: it is not in it, or bare', async () => {
    const part = (await cutSnapshot(SNAPSHOT, await select({ switches: ['web'] }), new Breath())).snapshot;
    const failure = (b: Partial<ResourceFilter>, alsoIn?: Snapshot): Promise<{ code: string; message: string }> =>
      failureOf(selectScope(part, within({ switches: ['web'] }, b), new Breath(), { alsoIn }));
    expect(await failure({ routers: ['gw'] })).toEqual({
      code: 'BAD_USER_INPUT',
      message: 'The backup is of a part of a database: router "gw" was not among what the backup was limited to',
    });
    // it is live, and not in the backup; to delete it for that would be wrong
    expect(await failure({ switches: ['db'] }, SNAPSHOT)).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('switch "db"') as string,
    });
    expect(await failure({ switches: ['web'] })).toMatchObject({ code: 'none' });
    expect(await failure({ portGroups: ['pg'] })).toMatchObject({ code: 'none' });
  });
});

describe('nearestNames', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['wbe', ['web', 'db', 'wbe2', 'router'], ['wbe2', 'web']],
    ['web', ['Web', 'web-server', 'x'], ['Web', 'web-server']],
    ['neutron-web', ['web', 'net'], ['web']],
    ['a', ['b', 'ab'], ['ab']],
    ['', ['b'], []],
    ['nothing', ['web', 'db'], []],
  ])('finds for %j among %j what is near', (name, names, expected) => {
    expect([...nearestNames(name, names)].sort()).toEqual([...expected].sort());
  });
});
