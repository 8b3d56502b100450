/**
 * Databases that are no Northbound: OVN's interconnection Northbound, and the Open_vSwitch database of a host. Each is
 * backed up, emptied, restored and equal, with its UUIDs.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { RestClient } from '../../support/clients/rest-client.js';
import type { ExactJson } from '../../support/judge/exact-json.js';
import { compareDatabases, dumpDatabase, emptyDatabase, rowCount, transact } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { installedSchema } from '../../support/northbound/make.mjs';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';

const BACKUPS = '/api/v1/backups';

const named = (table: string, name: string, row: ExactJson): ExactJson => ({
  op: 'insert',
  table,
  'uuid-name': name,
  row,
});
const ref = (name: string): ExactJson => ['named-uuid', name];
const set = (...values: readonly ExactJson[]): ExactJson => ['set', values];
const map = (...pairs: readonly (readonly [ExactJson, ExactJson])[]): ExactJson => ['map', pairs];

const INTERCONNECTION: readonly ExactJson[] = [
  named('Connection', 'listener', { target: 'ptcp:6645:127.0.0.9', inactivity_probe: 60_000 }),
  named('SSL', 'keys', { private_key: '/etc/key', certificate: '/etc/cert', ca_cert: '/etc/ca' }),
  {
    op: 'insert',
    table: 'IC_NB_Global',
    row: { connections: ref('listener'), ssl: ref('keys'), options: map(['a', 'b']), external_ids: map(['c', 'd']) },
  },
  ...['ts1', 'ts2'].map((name) => ({
    op: 'insert',
    table: 'Transit_Switch',
    row: { name, other_config: map(['subnet', '169.254.0.0/24']), external_ids: map(['of', name]) },
  })),
];

const interfaceOf = (name: string, type: string, more: Record<string, ExactJson> = {}): ExactJson =>
  named('Interface', `if_${name}`, { name, type, ofport: 7, external_ids: map(['iface-id', name]), ...more });
const portOf = (name: string, ...interfaces: readonly string[]): ExactJson =>
  named('Port', `port_${name}`, { name, interfaces: set(...interfaces.map((one) => ref(`if_${one}`))) });

const SWITCHES: readonly ExactJson[] = [
  interfaceOf('brint', 'internal'),
  interfaceOf('vm1', '', { options: map(['n', 'rxq']), mtu_request: 9_000, bfd: map(['enable', 'true']) }),
  interfaceOf('geneve', 'geneve', { options: map(['remote_ip', '192.0.2.1'], ['key', 'flow']), error: 'none yet' }),
  interfaceOf('eth0', 'system'),
  interfaceOf('eth1', 'system'),
  portOf('brint', 'brint'),
  portOf('vm1', 'vm1'),
  portOf('geneve', 'geneve'),
  named('Port', 'port_bond', {
    name: 'bond',
    interfaces: set(ref('if_eth0'), ref('if_eth1')),
    bond_mode: 'balance-slb',
    trunks: set(1, 2, 4_095),
    qos: ref('shaping'),
    bond_active_slave: 'aa:bb:cc:dd:ee:ff',
  }),
  named('Queue', 'slow', { dscp: 12, other_config: map(['max-rate', '1000']) }),
  named('Queue', 'fast', { other_config: map(['min-rate', '1000000']) }),
  named('QoS', 'shaping', { type: 'linux-htb', queues: map([0, ref('slow')], [4_294_967_295, ref('fast')]) }),
  named('Mirror', 'tap', { name: 'tap', select_src_port: ref('port_vm1'), output_port: ref('port_bond') }),
  named('Controller', 'openflow', { target: 'tcp:127.0.0.1:6653', connection_mode: 'out-of-band' }),
  named('Flow_Table', 'first', { name: 'first', flow_limit: 1_000, groups: set('a', 'b') }),
  named('NetFlow', 'netflow', { targets: '192.0.2.2:2055', engine_id: 5 }),
  named('sFlow', 'sflow', { targets: '192.0.2.2:6343', sampling: 64 }),
  named('IPFIX', 'ipfix', { targets: '192.0.2.2:4739', obs_domain_id: 123 }),
  named('IPFIX', 'sampled', { targets: '192.0.2.3:4739' }),
  named('AutoAttach', 'spb', { system_name: 'host', mappings: map([100, 200]) }),
  named('Bridge', 'br_int', {
    name: 'br-int',
    ports: set(...['brint', 'vm1', 'geneve', 'bond'].map((name) => ref(`port_${name}`))),
    mirrors: ref('tap'),
    controller: ref('openflow'),
    netflow: ref('netflow'),
    sflow: ref('sflow'),
    ipfix: ref('ipfix'),
    auto_attach: ref('spb'),
    flow_tables: map([0, ref('first')], [254, ref('first')]),
    fail_mode: 'secure',
    flood_vlans: set(1, 2),
    datapath_version: 'x',
  }),
  { op: 'insert', table: 'Flow_Sample_Collector_Set', row: { id: 9, bridge: ref('br_int'), ipfix: ref('sampled') } },
  named('CT_Timeout_Policy', 'timeouts', { timeouts: map(['tcp_syn_sent', 30]) }),
  named('CT_Zone', 'zone', { timeout_policy: ref('timeouts') }),
  named('Datapath', 'system', {
    datapath_version: '1',
    ct_zones: map([7, ref('zone')]),
    capabilities: map(['ufid', 'true']),
  }),
  named('Manager', 'manager', { target: 'ptcp:6640:127.0.0.9' }),
  named('SSL', 'keys', { private_key: '/etc/key', certificate: '/etc/cert', ca_cert: '/etc/ca' }),
  {
    op: 'insert',
    table: 'Open_vSwitch',
    row: {
      bridges: ref('br_int'),
      datapaths: map(['system', ref('system')]),
      manager_options: ref('manager'),
      ssl: ref('keys'),
      external_ids: map(['system-id', 'host'], ['ovn-remote', 'tcp:192.0.2.9:6642']),
      other_config: map(['vlan-limit', '0']),
      next_cfg: 5,
      cur_cfg: 5,
      ovs_version: '3.1.0',
      iface_types: set('geneve', 'internal'),
    },
  },
];

const schemaOf = (name: string): string =>
  fileURLToPath(new URL(`../../compat/other-schemas/${name}.ovsschema`, import.meta.url));

interface Other {
  readonly schema: string;
  readonly id: string;
  readonly rows: readonly ExactJson[];
  /** Somebody writes runtime state: that is no difference, and is left alone. */
  readonly runtime: readonly ExactJson[];
  /** A part is lost. */
  readonly loss: readonly ExactJson[];
}

const OTHERS: Record<string, Other> = {
  OVN_IC_Northbound: {
    schema: schemaOf('ovn-ic-nb.23.03'),
    id: 'ovn_ic_northbound',
    rows: INTERCONNECTION,
    runtime: [],
    loss: [{ op: 'delete', table: 'Transit_Switch', where: [['name', '==', 'ts1']] }],
  },
  Open_vSwitch: {
    schema: schemaOf('vswitch.3.1'),
    id: 'open_vswitch',
    rows: SWITCHES,
    runtime: [
      { op: 'update', table: 'Open_vSwitch', where: [], row: { cur_cfg: 6, next_cfg: 6 } },
      { op: 'update', table: 'Interface', where: [['name', '==', 'eth1']], row: { ofport: 9, error: 'gone' } },
      { op: 'update', table: 'Port', where: [['name', '==', 'bond']], row: { bond_active_slave: '00:00:00:00:00:01' } },
    ],
    loss: [
      { op: 'update', table: 'Open_vSwitch', where: [], row: { bridges: set() } },
      { op: 'delete', table: 'Flow_Sample_Collector_Set', where: [] },
    ],
  },
};

describe.each(Object.keys(OTHERS))('%s', (database) => {
  const { schema, id, rows, runtime, loss } = OTHERS[database] as Other;
  let api: TestApi;
  let rest: RestClient;

  beforeAll(async () => {
    api = await startApiServer({ database: schema, env: { OVN_DB_NAME: database } });
    rest = RestClient.of(api.admin);
    await transact(api.ovsdb.remote, rows, database);
  });
  afterAll(() => api.stop());

  const dump = () => dumpDatabase(api.ovsdb.remote, { database });
  async function backUp(format: string): Promise<string> {
    const { status, body } = await rest.post(BACKUPS, { name: 'other', format });
    expect([status, body['error']]).toEqual([201, undefined]);
    expect(body['backup']).toMatchObject({ schema_name: database, database: id });
    return (body['backup'] as { readonly id: string }).id;
  }
  async function restore(backupId: string, input: object): Promise<Record<string, unknown>> {
    const { status, body } = await rest.post(`${BACKUPS}/${backupId}/restore`, input);
    expect([status, body['error']]).toEqual([200, undefined]);
    return body;
  }

  it.each(['json', 'yaml', 'ovsdb'])(
    'is backed up as %s, emptied, and restored: equal, with its UUIDs',
    async (format) => {
      const before = await dump();
      expect(rowCount(before)).toBe(rows.length);
      const backupId = await backUp(format);
      expect((await rest.post(`${BACKUPS}/validate`, { backup_id: backupId })).body).toMatchObject({
        valid: true,
        warnings: [],
      });
      await emptyDatabase(api.ovsdb.remote, database);
      expect(rowCount(await dump())).toBe(0);
      const input = { conflict_policy: 'overwrite', exact: true, force: true };
      expect(await restore(backupId, { ...input, dry_run: true })).toMatchObject({ restored_count: rows.length });
      expect(await restore(backupId, input)).toMatchObject({ restored_count: rows.length, errors: [] });
      expect(compareDatabases(before, await dump())).toEqual([]);
      expect(await restore(backupId, input)).toMatchObject({ restored_count: 0, deleted_count: 0 });
    },
  );

  it('gets back a part that was lost, and keeps what its daemons wrote since', async () => {
    const backupId = await backUp('json');
    const before = await dump();
    await transact(api.ovsdb.remote, [...loss], database);
    expect(rowCount(await dump())).toBeLessThan(rowCount(before));
    await restore(backupId, { conflict_policy: 'overwrite' });
    expect(compareDatabases(before, await dump())).toEqual([]);
    if (runtime.length > 0) await transact(api.ovsdb.remote, [...runtime], database);
    const written = await dump();
    const { body } = await rest.post('/api/v1/diff', { from: { backup_id: backupId }, to: { database: id } });
    expect(body).toMatchObject({ identical: true });
    expect(await restore(backupId, { conflict_policy: 'overwrite', exact: true })).toMatchObject({ restored_count: 0 });
    expect(compareDatabases(written, await dump())).toEqual([]);
  });

  it('refuses the file of a Northbound, says that it has nothing to wait for, and what its filters do not find', async () => {
    const file = new Uint8Array(await readFile(databaseFile({ profile: 'small' })));
    expect(await rest.post(`${BACKUPS}/import`, file)).toMatchObject({
      status: 400,
      body: {
        error: expect.stringMatching(
          new RegExp(`OVN_Northbound .*only ${database} is.*to a server with OVN_DB_NAME=OVN_Northbound`),
        ) as string,
      },
    });
    const backupId = await backUp('json');
    await transact(api.ovsdb.remote, [...loss], database);
    const { warnings } = await restore(backupId, { conflict_policy: 'overwrite', sync: 'sb' });
    expect(warnings).toEqual([expect.stringContaining(`${database} has no NB_Global.sb_cfg to wait for`)]);
    const part = await rest.post(BACKUPS, { name: 'part', resource_filter: { switches: ['br-int'] } });
    expect(part).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('no switch "br-int" in the database') as string },
    });
  });
});

describe('OVN_Southbound', () => {
  it('is told to need no backup, in the log at the start and in the warnings of what is made all the same', async () => {
    const database = 'OVN_Southbound';
    const api = await startApiServer({
      database: installedSchema().replace('ovn-nb', 'ovn-sb'),
      env: { OVN_DB_NAME: database },
    });
    try {
      const told =
        'The Southbound need not be backed up: ovn-northd and the chassis make it anew from the Northbound. Back up ' +
        'OVN_Northbound instead';
      expect(api.lines.map((line) => JSON.parse(line) as object)).toContainEqual(
        expect.objectContaining({ level: 'warn', database: 'ovn_southbound', problem: told }),
      );
      const { status, body } = await RestClient.of(api.admin).post(BACKUPS, { name: 'x' });
      expect([status, body]).toMatchObject([201, { backup: { warnings: expect.arrayContaining([told]) as string[] } }]);
    } finally {
      await api.stop();
    }
  });

  it('is the only one of which that is said', async () => {
    const api = await startApiServer();
    expect(api.lines.filter((line) => line.includes('need not be backed up'))).toEqual([]);
    await api.stop();
  });
});
