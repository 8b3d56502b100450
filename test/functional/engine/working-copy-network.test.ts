/**
 * A working copy of a whole network beside the original, on a real server with northd: nothing live changes, nothing in
 * the copy points at the original, and northd makes of it what it made of the original, without a warning.
 */
import { randomUUID } from 'node:crypto';
import { copyForRename, type WorkingCopy } from '../../../src/engine/copy/working-copy.js';
import { identify } from '../../../src/engine/identify/identify.js';
import { makePlan } from '../../../src/engine/plan/plan.js';
import { verifyPlan } from '../../../src/engine/verify/verify.js';
import { Breath } from '../../../src/lib/breath.js';
import { countRows, type Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { compareDatabases, type DatabaseContent, dumpDatabase, rowCount } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { Engine, SKIP } from '../../support/servers/engine.js';
import { startNorthd, type TestNorthd } from '../../support/servers/northd.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';

const SUFFIX = '_restored_20260115103000';
/** Rows that a copy shares with the original. */
const SHARED = ['NB_Global', 'Connection', 'SSL', 'Chassis_Template_Var'];
/** Runtime state of the question "are you done?" itself. */
const ASKING = ['nb_cfg', 'sb_cfg', 'hv_cfg'].flatMap((column) => [
  `NB_Global.${column}`,
  `NB_Global.${column}_timestamp`,
]);

/** Restores a backup as a working copy. */
async function rename(
  engine: Engine,
  backup: Snapshot,
  suffix = SUFFIX,
): Promise<WorkingCopy & { readonly inserted: number }> {
  const live = await engine.capture();
  const breath = new Breath();
  const copy = await copyForRename(
    backup,
    live,
    await identify(backup, live, breath),
    { suffix, newUuid: randomUUID },
    breath,
  );
  const plan = await makePlan(copy.snapshot, live, copy.identity, SKIP, breath);
  expect(plan.problems).toEqual([]);
  await engine.apply(plan);
  expect((await verifyPlan(plan, await engine.capture(), breath)).problems).toEqual([]);
  return { ...copy, inserted: plan.changeCount };
}

/** The rows that are in `after` only, by table. */
function added(before: DatabaseContent, after: DatabaseContent): DatabaseContent {
  return new Map(
    [...after].map(([table, rows]) => [
      table,
      new Map([...rows].filter(([uuid]) => before.get(table)?.has(uuid) !== true)),
    ]),
  );
}

function originals(before: DatabaseContent, after: DatabaseContent): DatabaseContent {
  return new Map(
    [...after].map(([table, rows]) => [
      table,
      new Map([...rows].filter(([uuid]) => before.get(table)?.has(uuid) === true)),
    ]),
  );
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** References by UUID from rows of the copy to rows that are none. */
function outgoing(copies: DatabaseContent, before: DatabaseContent): string[] {
  const shared = new Set(SHARED.flatMap((table) => [...(before.get(table)?.keys() ?? [])]));
  const old = new Set([...before.values()].flatMap((rows) => [...rows.keys()]));
  return [...copies].flatMap(([table, rows]) =>
    [...rows.values()].flatMap((text) =>
      [...text.matchAll(UUID)]
        .map(([uuid]) => uuid)
        .filter((uuid) => old.has(uuid) && !shared.has(uuid))
        .map((uuid) => `${table} to ${uuid}: ${text}`),
    ),
  );
}

/** Names of originals in rows of the copy, as words of their own. */
function namesLeft(copies: DatabaseContent, names: readonly string[]): string[] {
  const word = new RegExp(
    `(?<![\\w.-])(?:${names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})(?:_ip[46])?(?![\\w.-])`,
  );
  return [...copies].flatMap(([table, rows]) =>
    [...rows.values()].flatMap((text) =>
      text
        .split('\n')
        .filter((line) => word.test(line))
        .map((line) => `${table}: ${line}`),
    ),
  );
}

describe('a working copy of a network', () => {
  let server: TestServer;
  let northd: TestNorthd;
  let engine: Engine;
  beforeEach(async () => {
    server = await startOvsdbServer();
    northd = await startNorthd(server);
    engine = new Engine(server.remote);
    for (const chassis of ['hv1', 'hv2']) await northd.addChassis(chassis);
  });
  afterEach(async () => {
    await northd.stop();
    await server.stop();
  });

  const nb = (...words: readonly string[]): Promise<string> => nbctl(server.remote, ...words);
  const get = async (...words: readonly string[]): Promise<string> => (await nb('get', ...words)).trim();
  /** The copy of a port with a dynamic MAC address gets another one. */
  const withoutMac = (text: string): string => text.replaceAll(/\b0a:00:01:[0-9a-f:]{8}\b/g, 'MAC');
  const dump = (): Promise<DatabaseContent> => dumpDatabase(server.remote, { leaveOut: ASKING });

  /** Two switches joined by a router, a gateway behind them, and all that OVN finds by name. */
  async function build(): Promise<void> {
    await nb(
      'ls-add',
      'web',
      '--',
      'set',
      'Logical_Switch',
      'web',
      'other_config:subnet=10.0.1.0/24',
      'other_config:requested-tnl-key=77',
      '--',
      'ls-add',
      'db',
      '--',
      'ls-add',
      'outer',
      '--',
      'lsp-add',
      'web',
      'web-1',
      '--',
      'lsp-set-addresses',
      'web-1',
      'dynamic',
      '--',
      'lsp-add',
      'web',
      'web-2',
      '--',
      'lsp-set-addresses',
      'web-2',
      '00:00:00:00:01:02 10.0.1.102',
      '--',
      'lsp-add',
      'db',
      'db-1',
      '--',
      'lsp-set-addresses',
      'db-1',
      '00:00:00:00:02:01 10.0.2.11',
      // a container in a virtual machine, and an address that one of two ports has
      '--',
      'lsp-add',
      'web',
      'web-1-box',
      'web-1',
      '5',
      '--',
      'lsp-add',
      'web',
      'web-vip',
      '--',
      'lsp-set-type',
      'web-vip',
      'virtual',
      '--',
      'lsp-set-options',
      'web-vip',
      'virtual-ip=10.0.1.200',
      'virtual-parents=web-1,web-2',
    );
    await nb(
      'lr-add',
      'core',
      '--',
      'lrp-add',
      'core',
      'core-web',
      '00:00:00:00:10:01',
      '10.0.1.1/24',
      '--',
      'lrp-add',
      'core',
      'core-db',
      '00:00:00:00:10:02',
      '10.0.2.1/24',
      '--',
      'lrp-add',
      'core',
      'core-outer',
      '00:00:00:00:10:03',
      '172.16.0.1/24',
      '--',
      'lrp-add',
      'core',
      'core-far',
      '00:00:00:00:10:04',
      '192.168.7.1/30',
      'peer=far-core',
      '--',
      'lr-add',
      'far',
      '--',
      'lrp-add',
      'far',
      'far-core',
      '00:00:00:00:20:01',
      '192.168.7.2/30',
      'peer=core-far',
      '--',
      'lrp-add',
      'far',
      'far-edge',
      '00:00:00:00:20:02',
      '172.17.0.1/24',
    );
    for (const net of ['web', 'db', 'outer'])
      await nb(
        'lsp-add',
        net,
        `${net}-core`,
        '--',
        'lsp-set-type',
        `${net}-core`,
        'router',
        '--',
        'lsp-set-addresses',
        `${net}-core`,
        'router',
        '--',
        'lsp-set-options',
        `${net}-core`,
        `router-port=core-${net}`,
      );
    await nb(
      'lrp-set-gateway-chassis',
      'core-outer',
      'hv1',
      '20',
      '--',
      'ha-chassis-group-add',
      'hag',
      '--',
      'ha-chassis-group-add-chassis',
      'hag',
      'hv2',
      '10',
    );
    await nb(
      'set',
      'Logical_Router_Port',
      'far-edge',
      `ha_chassis_group=${await get('HA_Chassis_Group', 'hag', '_uuid')}`,
    );
    await nb(
      'create',
      'Address_Set',
      'name=clients',
      'addresses="10.9.0.0/16"',
      '--',
      'pg-add',
      'servers',
      'web-1',
      'db-1',
      '--',
      'meter-add',
      'acl-log',
      'drop',
      '10',
      'pktps',
      '--',
      'set',
      'NB_Global',
      '.',
      'options:mac_prefix=0a:00:01',
    );
    await nb(
      '--type=port-group',
      '--log',
      '--meter=acl-log',
      '--name=allow',
      'acl-add',
      'servers',
      'to-lport',
      '1000',
      'outport == @servers && ip4.src == {$clients, $servers_ip4} && tcp.dst == {80, 443}',
      'allow-related',
      '--',
      'acl-add',
      'web',
      'from-lport',
      '900',
      'inport == {"web-1", "web-2"} && ip4.dst != $clients /* but not web-core */',
      'drop',
      '--',
      'qos-add',
      'web',
      'from-lport',
      '10',
      'inport == "web-2"',
      'rate=1000',
    );
    await nb(
      'lr-policy-add',
      'core',
      '10',
      'inport == "core-web" && ip4.src == $servers_ip4 && is_chassis_resident("cr-core-outer")',
      'allow',
      '--',
      'lr-nat-add',
      'core',
      'dnat_and_snat',
      '172.16.0.10',
      '10.0.1.102',
      'web-2',
      '00:00:00:00:01:99',
      '--',
      'lr-nat-add',
      'core',
      'snat',
      '172.16.0.1',
      '10.0.0.0/16',
      '--',
      'lr-route-add',
      'core',
      '10.50.0.0/16',
      '172.16.0.254',
      'core-outer',
    );
    const [nat] = (await nb('--bare', '--columns=_uuid', 'find', 'NAT', 'type=snat')).trim().split('\n');
    await nb(
      'set',
      'NAT',
      nat ?? '',
      `gateway_port=${await get('Logical_Router_Port', 'core-outer', '_uuid')}`,
      `allowed_ext_ips=${await get('Address_Set', 'clients', '_uuid')}`,
    );
    await nb(
      '--id=@b',
      'create',
      'BFD',
      'logical_port=core-outer',
      'dst_ip=172.16.0.254',
      '--',
      'set',
      'Logical_Router_Static_Route',
      (await nb('--bare', '--columns=_uuid', 'list', 'Logical_Router_Static_Route')).trim(),
      'bfd=@b',
    );
    await nb('create', 'Static_MAC_Binding', 'logical_port=core-outer', 'ip=172.16.0.254', 'mac="00:00:00:00:99:99"');
    await nb(
      'lb-add',
      'lb',
      '10.0.3.1:80',
      '10.0.1.102:80,10.0.2.11:80',
      'tcp',
      '--',
      'ls-lb-add',
      'web',
      'lb',
      '--',
      'lr-lb-add',
      'core',
      'lb',
      '--',
      'set',
      'Load_Balancer',
      'lb',
      'ip_port_mappings:10.0.1.102="web-2:10.0.1.254"',
      'ip_port_mappings:10.0.2.11="db-1:10.0.2.254"',
    );
    await nb(
      '--id=@h',
      'create',
      'Load_Balancer_Health_Check',
      'vip="10.0.3.1:80"',
      '--',
      'add',
      'Load_Balancer',
      'lb',
      'health_check',
      '@h',
      '--',
      '--id=@g',
      'create',
      'Load_Balancer_Group',
      'name=lbg',
      `load_balancer=${await get('Load_Balancer', 'lb', '_uuid')}`,
      '--',
      'add',
      'Logical_Router',
      'far',
      'load_balancer_group',
      '@g',
    );
    await nb(
      '--id=@o',
      'create',
      'DHCP_Options',
      'cidr="10.0.1.0/24"',
      'options:server_id=10.0.1.1',
      'options:server_mac="00:00:00:00:10:01"',
      'options:lease_time=3600',
      '--',
      'set',
      'Logical_Switch_Port',
      'web-1',
      'dhcpv4_options=@o',
      '--',
      'create',
      'DHCP_Options',
      'cidr="10.77.0.0/24"',
    );
    await nb(
      '--id=@d',
      'create',
      'DNS',
      'records:vm.example=10.0.1.102',
      'external_ids:ls_name=web',
      '--',
      'add',
      'Logical_Switch',
      'web',
      'dns_records',
      '@d',
      '--',
      'fwd-group-add',
      'fwd',
      'web',
      '10.0.1.210',
      '00:00:00:00:77:77',
      'web-1',
      'web-2',
    );
    await nb(
      'copp-add',
      'guard',
      'arp',
      'acl-log',
      '--',
      'lr-copp-add',
      'guard',
      'core',
      '--',
      'mirror-add',
      'mir',
      'gre',
      '7',
      'to-lport',
      '10.8.0.1',
      '--',
      'lsp-attach-mirror',
      'web-2',
      'mir',
    );
  }

  const NAMES = [
    'web',
    'db',
    'outer',
    'core',
    'far',
    'web-1',
    'web-2',
    'db-1',
    'web-1-box',
    'web-vip',
    'web-core',
    'db-core',
    'outer-core',
    'core-web',
    'core-db',
    'core-outer',
    'core-far',
    'far-core',
    'far-edge',
    'servers',
    'clients',
    'acl-log',
    'lb',
    'lbg',
    'hag',
    'guard',
    'mir',
    'core-outer-hv1',
    'cr-core-outer',
  ];

  it('leaves the original as it is, is closed, and northd builds it without a warning', async () => {
    await build();
    await northd.synced();
    const complaints = (await northd.warnings()).map(withoutMac);
    await northd.mark();
    const backup = await engine.capture();
    const before = await dump();
    const { copied, inserted, warnings } = await rename(engine, backup);
    await northd.synced();
    const after = await dump();
    expect(compareDatabases(before, originals(before, after))).toEqual([]);

    // everything but what is there once, and the DHCP options that nothing refers to
    const copies = added(before, after);
    const alone = SHARED.reduce((sum, table) => sum + (before.get(table)?.size ?? 0), 1);
    expect([rowCount(copies), inserted, copied.size]).toEqual([
      rowCount(before) - alone,
      rowCount(before) - alone,
      rowCount(before) - alone,
    ]);
    expect(outgoing(copies, before)).toEqual([]);
    // what stands in a comment is no name
    expect(namesLeft(copies, NAMES)).toEqual([
      expect.stringMatching(
        /^ACL: .*"web-2_restored_20260115103000.*&& ip4.dst != \$clients_restored_20260115103000 \/\* but not web-core \*\/"\}$/,
      ),
    ]);
    expect(warnings).toEqual(['The copy of switch "web" comes without requested-tnl-key, which only one row can have']);

    // northd says of the copy what it said of the original, if anything
    expect(
      (await northd.warnings()).filter((line) => !complaints.includes(withoutMac(line).replaceAll(SUFFIX, ''))),
    ).toEqual([]);
    expect(await northd.unreadableFlows()).toEqual([]);
    const bindings = await northd.portBindings();
    const ports = [...bindings.keys()].filter((name) => !name.includes(SUFFIX));
    for (const port of ports) expect(bindings.has(`${port}${SUFFIX}`)).toBe(true);
    expect(bindings.size).toBe(2 * ports.length);
    expect((await northd.datapaths()).size).toBe(10);
  });

  it('does what the original does: northd makes the same flows of both', async () => {
    await build();
    await northd.synced();
    const flows = async (): Promise<string[]> => [...(await northd.logicalFlows()).values()].map(withoutMac);
    const before = new Set(await flows());
    await rename(engine, await engine.capture());
    await northd.synced();
    const copies = (await flows()).filter((flow) => flow.includes(SUFFIX)).map((flow) => flow.replaceAll(SUFFIX, ''));
    expect(copies.filter((flow) => !before.has(flow))).toEqual([]);
    const named = new RegExp(`["@$](?:cr-)?(?:${NAMES.join('|')})(?:"|_ip4\\b|(?![\\w-]))`);
    expect([...before].filter((flow) => named.test(flow) && !copies.includes(flow))).toEqual([]);
    for (const name of [
      '"web-1"',
      '"core-outer"',
      'is_chassis_resident("cr-core-outer")',
      '@servers',
      '$clients',
      '$servers_ip4',
    ])
      expect(copies.some((flow) => flow.includes(name))).toBe(true);
  });

  it('can be made twice, and of a copy', async () => {
    await build();
    const backup = await engine.capture();
    await rename(engine, backup);
    await northd.synced();
    const before = await dump();
    const { copied } = await rename(engine, backup);
    const after = await dump();
    expect(compareDatabases(before, originals(before, after))).toEqual([]);
    expect(
      (await nb('--bare', '--columns=name', 'list', 'Port_Group'))
        .split('\n')
        .filter((name) => name !== '')
        .sort(),
    ).toEqual(['servers', `servers${SUFFIX}`, `servers${SUFFIX}_2`]);
    expect(outgoing(added(before, after), before)).toEqual([]);
    const third = await rename(engine, await engine.capture(), '_again');
    expect(third.copied.size).toBe(3 * copied.size);
    await northd.synced();
    expect(await northd.unreadableFlows()).toEqual([]);
  });

  it('brings what is gone with the copy of what owned it, and what is gone as a whole as itself', async () => {
    await build();
    const backup = await engine.capture();
    await nb(
      'lsp-del',
      'web-1',
      '--',
      'lsp-del',
      'web-1-box',
      '--',
      'ls-del',
      'db',
      '--',
      'lrp-del',
      'core-db',
      '--',
      'pg-del',
      'servers',
      '--',
      'acl-del',
      'web',
    );
    await northd.synced();
    const before = await dump();
    await rename(engine, backup);
    await northd.synced();
    const after = await dump();
    expect(compareDatabases(before, originals(before, after))).toEqual([]);
    const names = async (table: string): Promise<string[]> =>
      (await nb('--bare', '--columns=name', 'list', table))
        .split('\n')
        .filter((name) => name !== '')
        .sort();
    expect(await names('Logical_Switch')).toEqual(['db', 'outer', `outer${SUFFIX}`, 'web', `web${SUFFIX}`]);
    expect((await names('Logical_Switch_Port')).filter((name) => /^(?:db|web-1)/.test(name))).toEqual(
      ['db-1', 'db-core', `web-1${SUFFIX}`, `web-1-box${SUFFIX}`].sort(),
    );
    // the router port that db was behind is in the copy only, and so is the port that it was in a group with: what came
    // back as itself has neither
    expect(await get('Logical_Switch_Port', 'db-core', 'options:router-port')).toBe('core-db');
    expect(await get('Port_Group', 'servers', 'ports')).toBe(`[${await get('Logical_Switch_Port', 'db-1', '_uuid')}]`);
    expect(await northd.unreadableFlows()).toEqual([]);
  });
});

describe('a working copy of a large network', () => {
  it.each(['openstack', 'k8s'] as const)('of profile %s is whole and closed', async (profile) => {
    await using server = await startOvsdbServer({ database: databaseFile({ profile, rows: 2_000 }) });
    const engine = new Engine(server.remote);
    const before = await dumpDatabase(server.remote);
    const backup = await engine.capture();
    const { copied, snapshot, inserted } = await rename(engine, backup);
    const after = await dumpDatabase(server.remote);
    expect(compareDatabases(before, originals(before, after))).toEqual([]);
    expect(outgoing(added(before, after), before)).toEqual([]);
    expect(inserted).toBe(copied.size);
    expect(countRows(snapshot)).toBe(rowCount(after));
    expect(copied.size).toBeGreaterThan(1_900);
  });
});
