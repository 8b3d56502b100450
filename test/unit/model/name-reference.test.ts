/** Names that rows hold of other rows: found, rewritten, and left alone where they are none. */

import { nameColumns } from '../../../src/model/northbound/name-column.js';
import { cutLinks, nameReferences, type Rename, rewriteNames } from '../../../src/model/northbound/name-reference.js';
import type { Row } from '../../../src/model/row/row.js';
import { northboundSchema } from '../../support/servers/engine.js';

/** "column table,table name" of each reference. */
const found = (table: string, row: Row): string[] =>
  nameReferences(table, row).map(({ column, tables, name }) => `${column} ${tables.join()} ${name}`);

/** Names every row but those of `kept`, which stay; knows no row of `unknown`. */
const renaming =
  (kept: readonly string[] = [], unknown: readonly string[] = []): Rename =>
  (tables, name) =>
    unknown.includes(`${tables[0] ?? ''} ${name}`) ? undefined : kept.includes(name) ? name : `${name}_new`;

describe('nameReferences', () => {
  it.each<[string, Row, readonly string[]]>([
    [
      'Logical_Switch_Port',
      {
        options: { 'router-port': 'lrp', 'requested-chassis': 'hv1', network_name: 'phys', 'l2gateway-chassis': 'hv2' },
      },
      ['options Logical_Router_Port lrp'],
    ],
    [
      'Logical_Switch_Port',
      { peer: 'other', parent_name: 'vm' },
      ['peer Logical_Switch_Port other', 'parent_name Logical_Switch_Port vm'],
    ],
    [
      'Logical_Switch_Port',
      { options: { 'virtual-parents': 'a,b, c' } },
      ['a', 'b', 'c'].map((name) => `options Logical_Switch_Port ${name}`),
    ],
    ['Logical_Switch_Port', { options: { 'nf-linked-port': 'nf' } }, ['options Logical_Switch_Port nf']],
    ['Logical_Switch_Port', { options: { 'nat-addresses': 'router' } }, []],
    [
      'Logical_Switch_Port',
      { options: { 'nat-addresses': '80:fa:5b:06:72:b7 158.36.44.22 is_chassis_resident("vm")' } },
      ['options Logical_Switch_Port,Logical_Router_Port vm'],
    ],
    [
      'Logical_Switch',
      { other_config: { dhcp_relay_port: 'p', 'interconn-ts': 'ts1', subnet: '10.0.0.0/24' } },
      ['other_config Logical_Switch_Port p'],
    ],
    [
      'Forwarding_Group',
      { child_port: ['a', 'b'], vip: '10.0.0.9' },
      ['child_port Logical_Switch_Port a', 'child_port Logical_Switch_Port b'],
    ],
    [
      'Load_Balancer',
      {
        ip_port_mappings: { '10.0.0.4': 'a:10.0.0.2', '[fd00::4]': 'b:[fd00::2]' },
        vips: { '1.1.1.1:80': '^backends' },
      },
      ['ip_port_mappings Logical_Switch_Port a', 'ip_port_mappings Logical_Switch_Port b'],
    ],
    [
      'ACL',
      { match: 'inport == "a" && ip4.src == $as', meter: 'm', name: 'allow' },
      ['match Logical_Switch_Port,Logical_Router_Port a', 'match Address_Set as', 'meter Meter m'],
    ],
    [
      'ACL',
      { match: 'outport == @pg && ip4.src == $pg_ip4 && ip6.src == $pg_ip6' },
      ['match Port_Group pg', 'match Address_Set pg_ip4', 'match Address_Set pg_ip6'],
    ],
    ['ACL', { match: 'ip4.src == $_ip4' }, ['match Address_Set _ip4']],
    ['QoS', { match: 'inport == "a"' }, ['match Logical_Switch_Port,Logical_Router_Port a']],
    [
      'Logical_Router_Policy',
      { match: 'inport == "lrp" && is_chassis_resident("cr-lrp")', jump_chain: 'lrp', chain: 'x' },
      ['match Logical_Router_Port,Logical_Switch_Port lrp', 'match Logical_Router_Port,Logical_Switch_Port cr-lrp'],
    ],
    [
      'NAT',
      { logical_port: 'vm', match: 'ip4.dst == $as' },
      ['logical_port Logical_Switch_Port vm', 'match Address_Set as'],
    ],
    [
      'Logical_Router_Port',
      {
        peer: 'other',
        options: {
          route_table: 'rt',
          'redirect-chassis': 'hv1',
          'routing-protocol-redirect': 'bgp',
          'dynamic-routing-port-name': 'p',
        },
      },
      [
        'peer Logical_Router_Port other',
        'options Logical_Switch_Port bgp',
        'options Logical_Switch_Port,Logical_Router_Port p',
      ],
    ],
    ['Logical_Router_Static_Route', { output_port: 'lrp', route_table: 'rt' }, ['output_port Logical_Router_Port lrp']],
    ['BFD', { logical_port: 'lrp', dst_ip: '10.0.0.1' }, ['logical_port Logical_Router_Port lrp']],
    ['Static_MAC_Binding', { logical_port: 'lrp', ip: '10.0.0.1' }, ['logical_port Logical_Router_Port lrp']],
    ['Copp', { meters: { arp: 'm1', bfd: 'm2' } }, ['meters Meter m1', 'meters Meter m2']],
    ['Mirror', { type: 'lport', sink: 'p' }, ['sink Logical_Switch_Port p']],
    ['Mirror', { type: 'gre', sink: '10.0.0.1' }, []],
    ['Mirror_Rule', { match: 'inport == "a"' }, ['match Logical_Switch_Port,Logical_Router_Port a']],
    ['DNS', { external_ids: { ls_name: 'web', other: 'x' } }, ['external_ids Logical_Switch web']],
    ['Gateway_Chassis', { name: 'lrp-hv1', chassis_name: 'hv1' }, []],
    ['HA_Chassis', { chassis_name: 'hv1' }, []],
    ['Logical_Router', { name: 'r', options: { chassis: 'hv1' } }, []],
    ['Unheard_Of', { match: 'inport == "a"' }, []],
    ['ACL', { match: '', meter: '' }, []],
  ])('of %s %j', (table, row, expected) => {
    const both = found(table, row);
    expect(
      both.filter((reference) => !/^match (?:Port_Group pg$|.* lrp$)/.test(reference) || expected.includes(reference)),
    ).toEqual(expected);
  });

  it('gives both readings of an implicit address set, and of a chassis-redirect port', () => {
    expect(found('ACL', { match: 'ip4.src == $pg_ip4' })).toEqual(['match Address_Set pg_ip4', 'match Port_Group pg']);
    expect(found('ACL', { match: 'is_chassis_resident("cr-lrp")' })).toEqual([
      'match Logical_Switch_Port,Logical_Router_Port cr-lrp',
      'match Logical_Router_Port,Logical_Switch_Port lrp',
    ]);
  });

  it('gives a name once, however often the row has it', () => {
    expect(found('ACL', { match: 'inport == "a" || outport == "a"' })).toHaveLength(1);
  });

  it('knows columns of the schema only', () => {
    const { tables } = northboundSchema();
    for (const table of tables.values()) {
      for (const { column, key } of nameColumns(table.name)) {
        const known = table.columns.get(column);
        // columns that came after the installed version
        if (known !== undefined)
          expect([table.name, column, known.kind === 'map']).toEqual([
            table.name,
            column,
            key !== undefined || column === 'ip_port_mappings' || column === 'meters',
          ]);
      }
    }
  });
});

describe('rewriteNames', () => {
  it.each<[string, Row, Row]>([
    [
      'Logical_Switch_Port',
      { name: 'p', options: { 'router-port': 'lrp', 'requested-chassis': 'hv1' } },
      { name: 'p', options: { 'router-port': 'lrp_new', 'requested-chassis': 'hv1' } },
    ],
    [
      'Logical_Switch_Port',
      { options: { 'virtual-parents': 'a,b, c d ,' } },
      { options: { 'virtual-parents': 'a_new,b_new, c d_new ,' } },
    ],
    [
      'Logical_Switch_Port',
      { options: { 'nat-addresses': '80:fa:5b:06:72:b7 158.36.44.22 is_chassis_resident("vm")' } },
      { options: { 'nat-addresses': '80:fa:5b:06:72:b7 158.36.44.22 is_chassis_resident("vm_new")' } },
    ],
    [
      'Load_Balancer',
      { name: 'lb', ip_port_mappings: { '10.0.0.4': 'a:10.0.0.2', '[fd00::4]': 'b:[fd00::2]', x: ':1', y: 'c' } },
      {
        name: 'lb',
        ip_port_mappings: { '10.0.0.4': 'a_new:10.0.0.2', '[fd00::4]': 'b_new:[fd00::2]', x: ':1', y: 'c_new' },
      },
    ],
    ['Forwarding_Group', { child_port: ['a', 'b'] }, { child_port: ['a_new', 'b_new'] }],
    [
      'ACL',
      { match: 'inport == @pg && ip4.src == $as && is_chassis_resident("vm")', meter: 'm', priority: 1 },
      {
        match: 'inport == @pg_new && ip4.src == $as_new && is_chassis_resident("vm_new")',
        meter: 'm_new',
        priority: 1,
      },
    ],
    ['Copp', { meters: { arp: 'm1', bfd: 'm2' } }, { meters: { arp: 'm1_new', bfd: 'm2_new' } }],
    ['Mirror', { type: 'lport', sink: 'p' }, { type: 'lport', sink: 'p_new' }],
  ])('of %s %j', (table, row, expected) => {
    expect(rewriteNames(table, row, renaming())).toEqual(expected);
  });

  it('gives the same row back when nothing changes', () => {
    const row = { match: 'inport == "a"', meter: 'm' };
    expect(rewriteNames('ACL', row, () => undefined)).toBe(row);
    expect(rewriteNames('ACL', row, (_tables, name) => name)).toBe(row);
    const mirror = { type: 'gre', sink: '10.0.0.1' };
    expect(rewriteNames('Mirror', mirror, renaming())).toBe(mirror);
  });

  it('takes $pg_ip4 for the addresses of port group pg, unless there is an address set of that name', () => {
    const row = { match: 'ip4.src == $pg_ip4 || ip6.src == $pg_ip6' };
    const noSets = ['Address_Set pg_ip4', 'Address_Set pg_ip6'];
    expect(rewriteNames('ACL', row, renaming([], noSets))).toEqual({
      match: 'ip4.src == $pg_new_ip4 || ip6.src == $pg_new_ip6',
    });
    expect(rewriteNames('ACL', row, renaming([], noSets.slice(1)))).toEqual({
      match: 'ip4.src == $pg_ip4_new || ip6.src == $pg_new_ip6',
    });
    expect(rewriteNames('ACL', row, renaming(['pg_ip4'], noSets.slice(1)))).toEqual({
      match: 'ip4.src == $pg_ip4 || ip6.src == $pg_new_ip6',
    });
  });

  it('takes cr-lrp for the chassis-redirect port of lrp, unless there is a port of that name', () => {
    const row = { match: 'outport == "cr-lrp"' };
    expect(rewriteNames('Logical_Router_Policy', row, renaming([], ['Logical_Router_Port cr-lrp']))).toEqual({
      match: 'outport == "cr-lrp_new"',
    });
    expect(rewriteNames('Logical_Router_Policy', row, renaming(['cr-lrp']))).toBe(row);
    expect(
      rewriteNames('Logical_Router_Policy', { match: 'outport == "cr-"' }, renaming([], ['Logical_Router_Port cr-'])),
    ).toEqual({ match: 'outport == "cr-"' });
  });

  it('keeps a set a set when two names become one', () => {
    expect(
      rewriteNames('Forwarding_Group', { child_port: ['a', 'b', 'c'] }, (_tables, name) =>
        name === 'a' ? 'z' : name === 'b' ? 'c' : undefined,
      ),
    ).toEqual({ child_port: ['c', 'z'] });
  });
});

describe('cutLinks', () => {
  it('takes away the other end that is not kept, and nothing else', () => {
    const row = { name: 'p', type: 'router', options: { 'router-port': 'lrp', 'nat-addresses': 'router' } };
    expect(cutLinks('Logical_Switch_Port', row, () => false)).toEqual({
      row: { name: 'p', type: 'router', options: { 'nat-addresses': 'router' } },
      cut: [{ column: 'options', tables: ['Logical_Router_Port'], name: 'lrp' }],
    });
    expect(cutLinks('Logical_Switch_Port', row, () => true).row).toBe(row);
    expect(
      cutLinks('Logical_Switch_Port', { parent_name: 'vm', options: { 'router-port': 'lrp' } }, () => false).row,
    ).toEqual({});
    expect(cutLinks('Logical_Router_Port', { name: 'r', peer: 'x' }, () => false).row).toEqual({ name: 'r' });
    expect(cutLinks('ACL', { match: 'inport == "a"' }, () => false).cut).toEqual([]);
  });
});
