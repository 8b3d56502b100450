/**
 * Working copies: what is copied, what it is called, where its references point, and that nothing live would change.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CopyOptions, copyForRename, type WorkingCopy } from '../../../src/engine/copy/working-copy.js';
import { identify } from '../../../src/engine/identify/identify.js';
import { makePlan } from '../../../src/engine/plan/plan.js';
import type { Plan } from '../../../src/engine/plan/table-plan.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Row } from '../../../src/model/row/row.js';
import { countRows, type Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { StoredRows } from '../../../src/model/snapshot/stored-rows.js';
import { type DatabaseSchema, readDatabaseSchema } from '../../../src/ovsdb/database-schema.js';
import { parseJson } from '../../../src/ovsdb/json.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { northboundSchema, SKIP } from '../../support/servers/engine.js';

const SCHEMA = northboundSchema();
/** A schema that has samples and network functions. */
const NEW_SCHEMA = readDatabaseSchema(
  parseJson(
    readFileSync(fileURLToPath(new URL('../../compat/schemas/ovn-nb.26.03.ovsschema', import.meta.url)), 'utf8'),
  ),
);
const SUFFIX = '_restored_20260115103000';
const u = (name: string): string =>
  `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;
const copyOf = (uuid: string): string => uuid.replace(/0{12}$/, 'c0c0c0c0c0c0');

interface Copied extends WorkingCopy {
  readonly plan: Plan;
  /** A row of the result. */
  row(table: string, uuid: string): Row | undefined;
  copy(table: string, name: string): Row | undefined;
}

async function copied(
  before: Tables,
  now: Tables,
  options: Partial<CopyOptions> & { schema?: DatabaseSchema } = {},
): Promise<Copied> {
  const { schema = SCHEMA, ...rest } = options;
  const [backup, live] = [snapshotOf(schema, before), snapshotOf(schema, now)];
  const breath = new Breath();
  let number = 0;
  const newUuid = (): string => `${(number++).toString(16).padStart(8, '0')}-0000-4000-8000-c0c0c0c0c0c0`;
  const result = await copyForRename(
    backup,
    live,
    await identify(backup, live, breath),
    { suffix: SUFFIX, newUuid, ...rest },
    breath,
  );
  // every copy's UUID shows of what it is a copy
  const toNames = new Map([...result.copied].map(([from, to]) => [to, copyOf(from)]));
  const snapshot = renumbered(result.snapshot, toNames);
  const row = (table: string, uuid: string): Row | undefined => rowOf(snapshot, table, uuid);
  const plan = await makePlan(result.snapshot, live, result.identity, SKIP, breath);
  return { ...result, snapshot, plan, row, copy: (table, name) => row(table, copyOf(u(name))) };
}

function renumbered(snapshot: Snapshot, uuids: ReadonlyMap<string, string>): Snapshot {
  const tables = [...snapshot.tables.values()].map((rows) => {
    const result = new StoredRows(rows.table);
    for (let i = 0; i < rows.count; i++)
      result.add(
        uuids.get(rows.uuid(i)) ?? rows.uuid(i),
        rows
          .text(i)
          .toString()
          .replace(/[0-9a-f-]{36}/g, (uuid) => uuids.get(uuid) ?? uuid),
      );
    result.seal();
    return [rows.table, result] as const;
  });
  return { ...snapshot, tables: new Map(tables) };
}

function rowOf(snapshot: Snapshot, table: string, uuid: string): Row | undefined {
  const rows = snapshot.tables.get(table);
  const index = rows?.find(uuid);
  return index === undefined ? undefined : rows?.row(index);
}

const without = (tables: Tables, ...letters: readonly string[]): Tables => {
  const gone = new Set(letters.map(u));
  const keep = (row: Row): Row =>
    Object.fromEntries(
      Object.entries(row).map(([column, value]): [string, Row[string]] => [
        column,
        Array.isArray(value) ? (value as readonly string[]).filter((atom) => !gone.has(atom)) : value,
      ]),
    );
  return Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [
      table,
      Object.fromEntries(
        Object.entries(rows)
          .filter(([uuid]) => !gone.has(uuid))
          .map(([uuid, row]) => [uuid, keep(row)]),
      ),
    ]),
  );
};

/** What the plan would do to live rows. */
const changesToLive = (plan: Plan): string[] =>
  plan.tables.flatMap(({ table, live, updates, deletes }) => [
    ...[...updates.values()].map(({ liveIndex }) => `${table.name} ${live.uuid(liveIndex)}`),
    ...deletes.map((index) => `-${table.name} ${live.uuid(index)}`),
  ]);

/** A switch and a router that are linked, with everything that hangs on them. */
const NETWORK: Tables = {
  Logical_Switch: {
    [u('s')]: {
      name: 'web',
      ports: [u('p'), u('q')],
      acls: [u('a')],
      load_balancer: [u('l')],
      dns_records: [u('d')],
      forwarding_groups: [u('f')],
      other_config: { subnet: '10.0.0.0/24', 'requested-tnl-key': '7' },
    },
  },
  Logical_Switch_Port: {
    [u('p')]: {
      name: 'vm',
      addresses: ['dynamic'],
      dynamic_addresses: '00:00:00:00:00:02 10.0.0.2',
      up: true,
      dhcpv4_options: u('o'),
      tag: 5,
      tag_request: 0,
      parent_name: 'trunk',
    },
    [u('q')]: { name: 'web-r', type: 'router', addresses: ['router'], options: { 'router-port': 'r-web' } },
  },
  ACL: {
    [u('a')]: {
      direction: 'to-lport',
      priority: 1,
      match: 'outport == @pg && ip4.src == {$as, $pg_ip4} && inport == "vm"',
      action: 'allow',
      meter: 'm',
      log: true,
      name: 'allow',
    },
  },
  Load_Balancer: {
    [u('l')]: {
      name: 'lb',
      vips: { '1.1.1.1:80': '10.0.0.2:80' },
      ip_port_mappings: { '10.0.0.2': 'vm:10.0.0.254' },
      health_check: [u('h')],
    },
  },
  Load_Balancer_Health_Check: { [u('h')]: { vip: '1.1.1.1:80' } },
  Load_Balancer_Group: { [u('G')]: { name: 'lbg', load_balancer: [u('l')] } },
  DNS: { [u('d')]: { records: { 'vm.example': '10.0.0.2' }, external_ids: { ls_name: 'web' } } },
  DHCP_Options: {
    [u('o')]: { cidr: '10.0.0.0/24', options: { lease_time: '3600' } },
    [u('O')]: { cidr: '10.9.0.0/24' },
  },
  Forwarding_Group: { [u('f')]: { name: 'fwd', vip: '10.0.0.9', vmac: '00:00:00:00:00:09', child_port: ['vm'] } },
  Port_Group: { [u('g')]: { name: 'pg', ports: [u('p')], acls: [u('b')] } },
  Address_Set: { [u('x')]: { name: 'as', addresses: ['10.0.0.7'] } },
  Meter: { [u('m')]: { name: 'm', unit: 'pktps', bands: [u('n')] } },
  Meter_Band: { [u('n')]: { action: 'drop', rate: 10 } },
  Logical_Router: {
    [u('r')]: {
      name: 'gw',
      ports: [u('t')],
      nat: [u('N')],
      static_routes: [u('R')],
      policies: [u('P')],
      load_balancer_group: [u('G')],
      copp: u('c'),
      options: { chassis: 'hv1', 'requested-tnl-key': '9' },
    },
  },
  Logical_Router_Port: {
    [u('t')]: {
      name: 'r-web',
      mac: '00:00:00:00:00:01',
      networks: ['10.0.0.1/24'],
      gateway_chassis: [u('C')],
      ha_chassis_group: u('H'),
      ipv6_prefix: ['fd00::/64'],
    },
  },
  NAT: {
    [u('N')]: {
      type: 'dnat_and_snat',
      external_ip: '1.1.1.2',
      logical_ip: '10.0.0.2',
      logical_port: 'vm',
      external_mac: '00:00:00:00:00:03',
      gateway_port: u('t'),
      allowed_ext_ips: u('x'),
    },
  },
  Logical_Router_Static_Route: {
    [u('R')]: { ip_prefix: '0.0.0.0/0', nexthop: '10.0.0.254', output_port: 'r-web', bfd: u('B') },
  },
  Logical_Router_Policy: {
    [u('P')]: { priority: 1, match: 'inport == "r-web" && is_chassis_resident("cr-r-web")', action: 'allow' },
  },
  BFD: { [u('B')]: { logical_port: 'r-web', dst_ip: '10.0.0.254', status: 'up' } },
  Static_MAC_Binding: { [u('S')]: { logical_port: 'r-web', ip: '10.0.0.50', mac: '00:00:00:00:00:50' } },
  Gateway_Chassis: { [u('C')]: { name: 'r-web-hv1', chassis_name: 'hv1', priority: 10 } },
  HA_Chassis_Group: { [u('H')]: { name: 'hag', ha_chassis: [u('I')] } },
  HA_Chassis: { [u('I')]: { chassis_name: 'hv1', priority: 1 } },
  Copp: { [u('c')]: { name: 'copp', meters: { arp: 'm' } } },
  NB_Global: { [u('z')]: { nb_cfg: 3, connections: [u('k')] } },
  Connection: { [u('k')]: { target: 'ptcp:6641' } },
  Chassis_Template_Var: { [u('v')]: { chassis: 'hv1', variables: { a: 'b' } } },
};
ACL(NETWORK, 'b', { direction: 'to-lport', priority: 2, match: 'outport == @pg', action: 'drop' });

function ACL(tables: Tables, name: string, row: Row): void {
  (tables['ACL'] as Record<string, Row>)[u(name)] = row;
}

describe('copyForRename', () => {
  it('copies everything that has a name with what it owns, and points every reference of the copy at the copy', async () => {
    const { copy, row, plan, warnings, copied: uuids } = await copied(NETWORK, NETWORK);
    const c = (name: string): string => copyOf(u(name));
    expect(copy('Logical_Switch', 's')).toEqual({
      name: `web${SUFFIX}`,
      ports: [c('p'), c('q')],
      acls: [c('a')],
      load_balancer: [c('l')],
      dns_records: [c('d')],
      forwarding_groups: [c('f')],
      other_config: { subnet: '10.0.0.0/24' },
    });
    expect(copy('Logical_Switch_Port', 'q')).toEqual({
      name: `web-r${SUFFIX}`,
      type: 'router',
      addresses: ['router'],
      options: { 'router-port': `r-web${SUFFIX}` },
    });
    expect(copy('ACL', 'a')).toEqual({
      direction: 'to-lport',
      priority: 1,
      match: `outport == @pg${SUFFIX} && ip4.src == {$as${SUFFIX}, $pg${SUFFIX}_ip4} && inport == "vm${SUFFIX}"`,
      action: 'allow',
      meter: `m${SUFFIX}`,
      log: true,
      name: 'allow',
    });
    expect(copy('Load_Balancer', 'l')).toEqual({
      name: `lb${SUFFIX}`,
      vips: { '1.1.1.1:80': '10.0.0.2:80' },
      ip_port_mappings: { '10.0.0.2': `vm${SUFFIX}:10.0.0.254` },
      health_check: [c('h')],
    });
    expect(copy('Load_Balancer_Health_Check', 'h')).toEqual({ vip: '1.1.1.1:80' });
    expect(copy('Load_Balancer_Group', 'G')).toEqual({ name: `lbg${SUFFIX}`, load_balancer: [c('l')] });
    expect(copy('DNS', 'd')).toEqual({
      records: { 'vm.example': '10.0.0.2' },
      external_ids: { ls_name: `web${SUFFIX}` },
    });
    expect(copy('Forwarding_Group', 'f')).toMatchObject({ name: 'fwd', child_port: [`vm${SUFFIX}`] });
    expect(copy('Port_Group', 'g')).toEqual({ name: `pg${SUFFIX}`, ports: [c('p')], acls: [c('b')] });
    expect(copy('ACL', 'b')).toMatchObject({ match: `outport == @pg${SUFFIX}` });
    expect(copy('Address_Set', 'x')).toEqual({ name: `as${SUFFIX}`, addresses: ['10.0.0.7'] });
    expect(copy('Meter', 'm')).toEqual({ name: `m${SUFFIX}`, unit: 'pktps', bands: [c('n')] });
    expect(copy('Logical_Router', 'r')).toEqual({
      name: `gw${SUFFIX}`,
      ports: [c('t')],
      nat: [c('N')],
      static_routes: [c('R')],
      policies: [c('P')],
      load_balancer_group: [c('G')],
      copp: c('c'),
      options: { chassis: 'hv1' },
    });
    expect(copy('Logical_Router_Port', 't')).toEqual({
      name: `r-web${SUFFIX}`,
      mac: '00:00:00:00:00:01',
      networks: ['10.0.0.1/24'],
      gateway_chassis: [c('C')],
      ha_chassis_group: c('H'),
    });
    expect(copy('NAT', 'N')).toMatchObject({
      logical_port: `vm${SUFFIX}`,
      gateway_port: c('t'),
      allowed_ext_ips: c('x'),
    });
    expect(copy('Logical_Router_Static_Route', 'R')).toMatchObject({ output_port: `r-web${SUFFIX}`, bfd: c('B') });
    expect(copy('Logical_Router_Policy', 'P')).toMatchObject({
      match: `inport == "r-web${SUFFIX}" && is_chassis_resident("cr-r-web${SUFFIX}")`,
    });
    expect(copy('BFD', 'B')).toEqual({ logical_port: `r-web${SUFFIX}`, dst_ip: '10.0.0.254' });
    expect(copy('Static_MAC_Binding', 'S')).toMatchObject({ logical_port: `r-web${SUFFIX}`, ip: '10.0.0.50' });
    expect(copy('Gateway_Chassis', 'C')).toMatchObject({ name: `r-web-hv1${SUFFIX}`, chassis_name: 'hv1' });
    expect(copy('HA_Chassis_Group', 'H')).toEqual({ name: `hag${SUFFIX}`, ha_chassis: [c('I')] });
    expect(copy('HA_Chassis', 'I')).toMatchObject({ chassis_name: 'hv1' });
    expect(copy('Copp', 'c')).toEqual({ name: `copp${SUFFIX}`, meters: { arp: `m${SUFFIX}` } });
    // what is there once, and DHCP options that no copy uses
    for (const [table, name] of [
      ['NB_Global', 'z'],
      ['Connection', 'k'],
      ['Chassis_Template_Var', 'v'],
      ['DHCP_Options', 'O'],
    ] as const) {
      expect([copy(table, name), row(table, u(name)) === undefined]).toEqual([undefined, false]);
    }
    expect(changesToLive(plan)).toEqual([]);
    expect(plan.problems).toEqual([]);
    expect(plan.changeCount).toBe(uuids.size);
    expect(warnings).toEqual(
      expect.arrayContaining([
        'The copy of switch "web" comes without requested-tnl-key, which only one row can have',
        'The copy of router "gw" comes without requested-tnl-key, which only one row can have',
        'The copy of port "vm" is not linked to "trunk", which has no copy',
      ]),
    );
    expect(warnings).toHaveLength(3);
  });

  it('leaves runtime state out of copies', async () => {
    const { copy } = await copied(NETWORK, NETWORK);
    expect(copy('Logical_Switch_Port', 'p')).toEqual({
      name: `vm${SUFFIX}`,
      addresses: ['dynamic'],
      dhcpv4_options: copyOf(u('o')),
      tag_request: 0,
    });
  });

  it('keeps originals as they are, with their UUIDs, and matches them even where none is the same', async () => {
    const other = JSON.parse(JSON.stringify(NETWORK).replaceAll('-0000-4000-', '-0000-4111-')) as Tables;
    const { row, plan, copied: uuids, identity } = await copied(NETWORK, other);
    for (const [table, rows] of Object.entries(NETWORK))
      for (const [uuid, content] of Object.entries(rows)) expect(row(table, uuid)).toEqual(content);
    expect([changesToLive(plan), plan.problems, plan.changeCount]).toEqual([[], [], uuids.size]);
    expect([...identity.matched.values()].every((rows) => rows.every((taken) => taken === 1))).toBe(true);
  });

  it('inserts what is not live as itself, and attaches it to live sets', async () => {
    const backup: Tables = {
      ...NETWORK,
      Logical_Switch: { ...NETWORK['Logical_Switch'], [u('2')]: { name: 'db', ports: [u('3')], acls: [u('4')] } },
      Logical_Switch_Port: {
        ...NETWORK['Logical_Switch_Port'],
        [u('3')]: { name: 'db-1', addresses: ['dynamic'], dynamic_addresses: '00:00:00:00:00:05 10.0.0.5' },
      },
      ACL: {
        ...NETWORK['ACL'],
        [u('4')]: { direction: 'to-lport', priority: 1, match: 'inport == "vm" && outport == @pg', action: 'drop' },
      },
      Port_Group: { [u('g')]: { name: 'pg', ports: [u('3'), u('p')], acls: [u('b')] } },
    };
    const { row, copy, plan } = await copied(backup, NETWORK);
    expect(row('Logical_Switch', u('2'))).toEqual({ name: 'db', ports: [u('3')], acls: [u('4')] });
    expect(row('Logical_Switch_Port', u('3'))).toEqual({
      name: 'db-1',
      addresses: ['dynamic'],
      dynamic_addresses: '00:00:00:00:00:05 10.0.0.5',
    });
    expect(row('ACL', u('4'))).toMatchObject({ match: 'inport == "vm" && outport == @pg' });
    expect(row('Port_Group', u('g'))).toMatchObject({ ports: [u('3'), u('p')] });
    // the copied port group has the copies only
    expect(copy('Port_Group', 'g')).toMatchObject({ ports: [copyOf(u('p'))] });
    expect(changesToLive(plan)).toEqual([`Port_Group ${u('g')}`]);
  });

  it('copies rows that are gone with the row that owned them, and brings them nowhere else', async () => {
    const { row, copy, plan } = await copied(NETWORK, without(NETWORK, 'p', 'a', 't', 'b'));
    expect([row('Logical_Switch_Port', u('p')), row('ACL', u('a')), row('Logical_Router_Port', u('t'))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(copy('Logical_Switch', 's')).toMatchObject({
      ports: [copyOf(u('p')), copyOf(u('q'))],
      acls: [copyOf(u('a'))],
    });
    expect(copy('Logical_Switch_Port', 'q')).toMatchObject({ options: { 'router-port': `r-web${SUFFIX}` } });
    expect(row('Logical_Switch', u('s'))).toMatchObject({ ports: [u('q')] });
    expect([changesToLive(plan), plan.problems]).toEqual([[], []]);
  });

  it('links what comes as itself with nothing of the copy, and says what it misses', async () => {
    const live = without(NETWORK, 's', 'p', 'q', 'a', 'f', 't');
    const { row, plan, copy, warnings } = await copied(NETWORK, live);
    expect(row('Logical_Switch', u('s'))).toMatchObject({
      name: 'web',
      ports: [u('p'), u('q')],
      load_balancer: [u('l')],
    });
    expect(row('Logical_Switch_Port', u('q'))).toMatchObject({
      name: 'web-r',
      options: { 'router-port': 'r-web' },
    });
    expect(warnings).toEqual(
      expect.arrayContaining([
        '1 router port row comes in the copy only: what it belongs to is in the database, and is left as it is',
        'port "web-r" names "r-web", which comes in the copy only, under another name',
      ]),
    );
    // a copy never applies to ports that are no copies
    expect(copy('Port_Group', 'g')).toEqual({ name: `pg${SUFFIX}`, acls: [copyOf(u('b'))] });
    expect(plan.problems).toEqual([]);
    expect(changesToLive(plan)).toEqual([`Port_Group ${u('g')}`]);
  });

  it('cuts links to what has no copy: a port has one other end', async () => {
    const { row, copy, warnings, plan } = await copied(NETWORK, without(NETWORK, 'r', 't', 'N', 'R', 'P', 'C'));
    expect(row('Logical_Router_Port', u('t'))).toMatchObject({ name: 'r-web' });
    expect(row('Logical_Switch_Port', u('q'))).toMatchObject({ options: { 'router-port': 'r-web' } });
    expect(copy('Logical_Switch_Port', 'q')).toEqual({ name: `web-r${SUFFIX}`, type: 'router', addresses: ['router'] });
    expect(warnings).toContain('The copy of port "web-r" is not linked to "r-web", which has no copy');
    expect(plan.problems).toEqual([]);
  });

  it('leaves a port where it is now, and brings its switch back without it, which is said', async () => {
    const live = {
      ...without(NETWORK, 's', 'a', 'f'),
      Logical_Switch: { [u('y')]: { name: 'other', ports: [u('p'), u('q')] } },
    };
    const { row, copy, plan, warnings } = await copied(NETWORK, live);
    expect(row('Logical_Switch', u('s'))).toMatchObject({ name: 'web', acls: [u('a')] });
    expect(row('Logical_Switch', u('s'))).not.toHaveProperty('ports');
    expect(copy('Logical_Switch_Port', 'p')).toBeUndefined();
    expect(warnings).toContain('switch "web" comes back without port "vm", which is in another place now');
    expect([changesToLive(plan), plan.problems]).toEqual([[], []]);
  });

  it('counts on where a name is taken', async () => {
    const live = {
      ...NETWORK,
      Address_Set: {
        ...NETWORK['Address_Set'],
        [u('1')]: { name: `as${SUFFIX}` },
        [u('2')]: { name: `as${SUFFIX}_2` },
      },
      Logical_Router_Port: {
        ...NETWORK['Logical_Router_Port'],
        [u('3')]: { name: `vm${SUFFIX}`, mac: '00:00:00:00:00:01', networks: ['10.0.0.1/24'] },
      },
    };
    const { copy } = await copied(NETWORK, live);
    expect(copy('Address_Set', 'x')).toMatchObject({ name: `as${SUFFIX}_3` });
    expect(copy('ACL', 'a')).toMatchObject({ match: expect.stringContaining(`$as${SUFFIX}_3,`) });
    // switch ports and router ports are bound by name alike
    expect(copy('Logical_Switch_Port', 'p')).toMatchObject({ name: `vm${SUFFIX}_2` });
  });

  it('gives the copies of rows that share a name one name, and none to those without', async () => {
    const twins: Tables = { Logical_Switch: { [u('a')]: { name: 'twin' }, [u('b')]: { name: 'twin' }, [u('c')]: {} } };
    const { copy, warnings } = await copied(twins, twins);
    expect([copy('Logical_Switch', 'a'), copy('Logical_Switch', 'b'), copy('Logical_Switch', 'c')]).toEqual([
      { name: `twin${SUFFIX}` },
      { name: `twin${SUFFIX}` },
      {},
    ]);
    expect(warnings).toEqual([`switch ${u('c')} has no name, and neither has its copy`]);
  });

  it('takes $x_ip4 for an address set of that name where there is one, copied or not', async () => {
    const tables: Tables = {
      Port_Group: { [u('g')]: { name: 'x', acls: [u('a')] } },
      Address_Set: { [u('s')]: { name: 'x_ip4' } },
      ACL: {
        [u('a')]: {
          direction: 'to-lport',
          priority: 1,
          match: 'ip4.src == $x_ip4 || ip6.src == $x_ip6',
          action: 'drop',
        },
      },
    };
    expect((await copied(tables, tables)).copy('ACL', 'a')).toMatchObject({
      match: `ip4.src == $x_ip4${SUFFIX} || ip6.src == $x${SUFFIX}_ip6`,
    });
    expect((await copied(tables, without(tables, 's'))).copy('ACL', 'a')).toMatchObject({
      match: `ip4.src == $x_ip4 || ip6.src == $x${SUFFIX}_ip6`,
    });
  });

  it('leaves out what is out of scope, and points nothing at it', async () => {
    const inScope = new Set(['s', 'p', 'q', 'a'].map(u));
    const {
      copy,
      snapshot,
      plan,
      copied: uuids,
    } = await copied(NETWORK, NETWORK, { isInScope: (_table, uuid) => inScope.has(uuid) });
    expect([...uuids.keys()].sort()).toEqual([...inScope].sort());
    expect(countRows(snapshot)).toBe(8);
    expect(copy('Logical_Switch', 's')).toEqual({
      name: `web${SUFFIX}`,
      ports: [copyOf(u('p')), copyOf(u('q'))],
      acls: [copyOf(u('a'))],
      other_config: { subnet: '10.0.0.0/24' },
    });
    expect(copy('Logical_Switch_Port', 'p')).toEqual({ name: `vm${SUFFIX}`, addresses: ['dynamic'], tag_request: 0 });
    expect(copy('ACL', 'a')).toMatchObject({
      match: `outport == @pg && ip4.src == {$as, $pg_ip4} && inport == "vm${SUFFIX}"`,
      meter: 'm',
    });
    expect([changesToLive(plan), plan.problems, plan.changeCount]).toEqual([[], [], 4]);
  });

  it('disables a port that leads out of the logical network, where the copy would meet the original, and warns of it and of transit switches', async () => {
    const tables: Tables = {
      Logical_Switch: { [u('s')]: { name: 'ts', ports: [u('p')], other_config: { 'interconn-ts': 'ts' } } },
      Logical_Switch_Port: { [u('p')]: { name: 'ln', type: 'localnet', options: { network_name: 'phys' } } },
    };
    const { warnings, copy } = await copied(tables, tables);
    expect(warnings).toEqual([
      expect.stringContaining('comes without interconn-ts'),
      expect.stringContaining('port "ln" (localnet) is disabled: it leads to the same place outside'),
    ]);
    expect(copy('Logical_Switch', 's')).toEqual({ name: `ts${SUFFIX}`, ports: [copyOf(u('p'))] });
    expect(copy('Logical_Switch_Port', 'p')).toMatchObject({ enabled: false, options: { network_name: 'phys' } });
  });

  it('says what is left out because its live holder has no copy', async () => {
    const { warnings, plan } = await copied(NETWORK, without(NETWORK, 'k'));
    expect(warnings).toContain(
      '1 connection row is left out: what would hold it is in the database, has no copy, and is left as it is',
    );
    expect(changesToLive(plan)).toEqual([]);
  });

  it("does not hold a router port's sessions and bindings for its own where the port has no copy", async () => {
    const { row, copy } = await copied(NETWORK, without(NETWORK, 'r', 't', 'N', 'R', 'P', 'C', 'B', 'S'));
    expect([copy('BFD', 'B'), copy('Static_MAC_Binding', 'S')]).toEqual([undefined, undefined]);
    expect(row('BFD', u('B'))).toMatchObject({ logical_port: 'r-web', status: 'up' });
  });

  it('keeps warnings within bounds', async () => {
    const rows = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`${String(i).padStart(8, '0')}-0000-4000-8000-000000000000`, {}]),
    );
    const { warnings } = await copied({ Logical_Switch: rows }, { Logical_Switch: rows });
    expect([warnings.length, warnings.at(-1)]).toEqual([51, 'and 150 more of the kind']);
  });

  describe('of newer schemas', () => {
    const FUNCTIONS: Tables = {
      Logical_Switch: { [u('s')]: { name: 'web', ports: [u('p'), u('q')], acls: [u('a')] } },
      Logical_Switch_Port: {
        [u('p')]: { name: 'nf-in', options: { 'nf-linked-port': 'nf-out', 'is-nf': 'true' } },
        [u('q')]: { name: 'nf-out', peer: 'nf-in' },
      },
      ACL: {
        [u('a')]: {
          direction: 'to-lport',
          priority: 1,
          match: 'ip4',
          action: 'allow',
          sample_new: u('t'),
          sample_est: u('t'),
          network_function_group: u('G'),
        },
      },
      Sample: { [u('t')]: { metadata: 7, collectors: [u('c')] } },
      Sample_Collector: { [u('c')]: { id: 1, name: 'coll', probability: 1, set_id: 1 } },
      Network_Function: { [u('n')]: { name: 'nf', id: 3, inport: u('p'), outport: u('q'), health_check: u('h') } },
      Network_Function_Health_Check: { [u('h')]: { name: 'nfhc' } },
      Network_Function_Group: {
        [u('G')]: { name: 'nfg', id: 255, mode: 'inline', network_function: [u('n')], network_function_active: u('n') },
      },
    };

    it('takes the next free number where an index asks for one', async () => {
      const live = { ...FUNCTIONS, Sample: { ...FUNCTIONS['Sample'], [u('u')]: { metadata: 8 } } };
      const { copy, plan } = await copied(FUNCTIONS, live, { schema: NEW_SCHEMA });
      expect(copy('Sample', 't')).toEqual({ metadata: 9, collectors: [u('c')] });
      expect(copy('Network_Function', 'n')).toEqual({
        name: `nf${SUFFIX}`,
        id: 4,
        inport: copyOf(u('p')),
        outport: copyOf(u('q')),
        health_check: copyOf(u('h')),
      });
      expect(copy('Network_Function_Health_Check', 'h')).toMatchObject({ name: `nfhc${SUFFIX}` });
      // past the last number the first free one
      expect(copy('Network_Function_Group', 'G')).toEqual({
        name: `nfg${SUFFIX}`,
        id: 1,
        mode: 'inline',
        network_function: [copyOf(u('n'))],
      });
      expect(copy('ACL', 'a')).toMatchObject({
        sample_new: copyOf(u('t')),
        sample_est: copyOf(u('t')),
        network_function_group: copyOf(u('G')),
      });
      expect(copy('Logical_Switch_Port', 'p')).toMatchObject({
        options: { 'nf-linked-port': `nf-out${SUFFIX}`, 'is-nf': 'true' },
      });
      expect(copy('Logical_Switch_Port', 'q')).toMatchObject({ peer: `nf-in${SUFFIX}` });
      expect([changesToLive(plan), plan.problems]).toEqual([[], []]);
    });

    it('does not take a network function for the holder of its ports', async () => {
      const { copied: uuids, copy } = await copied(FUNCTIONS, FUNCTIONS, {
        schema: NEW_SCHEMA,
        isInScope: (table) => !table.startsWith('Logical_Switch') || table === 'Logical_Switch_Port',
      });
      expect([uuids.has(u('n')), uuids.has(u('p'))]).toEqual([true, false]);
      expect(copy('Network_Function', 'n')).toMatchObject({ inport: u('p'), outport: u('q') });
    });

    it('refuses when no number is left', async () => {
      const all = Object.fromEntries(
        Array.from({ length: 255 }, (_, i) => [
          `${String(i).padStart(8, '0')}-0000-4000-8000-000000000000`,
          { name: `nf${String(i)}`, id: i + 1, inport: u('p') },
        ]),
      );
      const tables = { ...FUNCTIONS, Network_Function: all, Network_Function_Group: {}, ACL: {} };
      await expect(copied(tables, tables, { schema: NEW_SCHEMA })).rejects.toMatchObject({
        code: 'CONFLICT',
        message: 'No copy can be made: Network_Function.id has no number left between 1 and 255',
      });
    });
  });
});
