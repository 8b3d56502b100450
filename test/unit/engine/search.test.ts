/** What a person types, and which rows it finds, the best first. */
import { addressOf, placesOf } from '../../../src/engine/search/address.js';
import { findRows } from '../../../src/engine/search/search.js';
import { RANK, Wanted } from '../../../src/engine/search/wanted.js';
import { Breath } from '../../../src/lib/breath.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { northboundSchema } from '../../support/servers/engine.js';

const u = (start: string): string => `${start.padEnd(8, '0')}-0000-4000-8000-000000000000`;
const SWITCH = 'fade1234-0000-4000-8000-00000000000a';

const NETWORK: Tables = {
  Logical_Switch: {
    [SWITCH]: { name: 'web', ports: [u('a1'), u('a2'), u('a3')], other_config: { subnet: '192.168.7.0/24' } },
    [u('c2')]: { name: 'web-dmz', external_ids: { 'neutron:network_name': 'Web' } },
    [u('c3')]: { name: 'Straße "7"' },
    [u('c4')]: { name: 'u\u0308bung', external_ids: { path: 'C:\\web\\über' } },
    [u('c5')]: { name: 'ranges', other_config: { exclude_ips: '10.9.0.1..10.9.0.20 10.9.0.30' } },
    [u('c6')]: { name: '10.5.5.5', external_ids: { is: 'a name that is an address' } },
  },
  Logical_Switch_Port: {
    [u('a1')]: { name: 'p1', addresses: ['0a:00:00:00:00:01 10.0.0.1 fd00::1'], port_security: ['0A:00:00:00:00:01'] },
    [u('a2')]: { name: 'p2', addresses: ['0a:00:00:00:00:02 10.0.0.10 fd00::10'], tag: 1001 },
    [u('a3')]: { name: 'p3', addresses: ['0a:00:00:00:00:03 110.0.0.1 fd00::1:5'], enabled: true },
  },
  Logical_Router_Port: {
    [u('b1')]: { name: 'rp', mac: '0a:00:00:00:00:01', networks: ['10.0.0.1/24', 'FD00:0:0:0::1/64'] },
    [u('b2')]: { name: 'rp2', mac: '0a:00:00:00:00:09', networks: ['fd00::/64'] },
  },
  ACL: {
    [u('d1')]: {
      action: 'drop',
      direction: 'to-lport',
      priority: 1001,
      match: 'ip4.src == {10.0.0.1, 10.0.0.7} && inport == "p1"',
    },
    [u('d2')]: {
      action: 'drop',
      direction: 'to-lport',
      priority: 5,
      match: 'ip6.dst ==\nFD00:0::0:1 && outport == "say \\"web\\""',
    },
    [u('d3')]: { action: 'drop', direction: 'to-lport', priority: 6, match: 'ip4.dst == 10.0.0.0/255.0.0.0' },
  },
  Address_Set: {
    [u('e1')]: { name: 'as4', addresses: ['10.0.0.1', '10.0.0.10', '10.0.0.100'] },
    [u('e2')]: { name: 'as6', addresses: ['fd00:0000::0001', 'fd00::2'] },
  },
  NAT: {
    [u('f1')]: { type: 'snat', external_ip: '172.16.0.1', logical_ip: '10.0.0.0/24' },
    [u('f2')]: {
      type: 'dnat_and_snat',
      external_ip: '172.16.0.10',
      logical_ip: '10.0.0.1',
      external_mac: '0a:00:00:00:00:aa',
    },
  },
  Load_Balancer: {
    [u('91')]: { name: 'lb4', vips: { '10.0.0.1:80': '10.0.0.7:8080,10.0.0.8:8080', '10.0.0.1:8080': '10.0.0.7:80' } },
    [u('92')]: { name: 'lb6', vips: { '[fd00::1]:80': '[fd00::7]:8080' } },
  },
  Static_MAC_Binding: { [u('93')]: { logical_port: 'rp', ip: '::ffff:10.7.7.7', mac: 'aa:bb:cc:dd:ee:ff' } },
};
const SNAPSHOT = snapshotOf(northboundSchema(), NETWORK);

/** What is found, the best first: of each row how its UUID begins; a bar between one rank and the next. */
async function found(text: string): Promise<string> {
  const hits = await findRows(SNAPSHOT, SNAPSHOT.tables.values(), new Wanted(text), { breath: new Breath() });
  const ranks = Object.values(RANK).map((rank) =>
    hits
      .filter((hit) => hit.rank === rank)
      .map(({ rows, index }) =>
        rows
          .uuid(index)
          .replace(/0*-0000-4000-8000-0+$/, '')
          .slice(0, 4),
      )
      .sort()
      .join(' '),
  );
  return ranks.join(' | ').trim();
}

it.each<[what: string, text: string, name: string, value: string, partOfName: string, part: string]>([
  ['a name, in any case', 'WEB', 'fade', 'c2', '', 'c4 d2'],
  ['a part of a name', 'eb-d', '', '', 'c2', ''],
  ['a name with spaces around it', '  web-dmz ', 'c2', '', '', ''],
  ['a name with quotes', 'straße "7"', 'c3', '', '', ''],
  ['a name in other letters', 'STRASSE', '', '', 'c3', ''],
  ['a quote', '"7"', '', '', 'c3', ''],
  ['a name in another form of Unicode', '\u00fcbung', 'c4', '', '', ''],
  ['Unicode in a value, in the other case', 'ÜBER', '', '', '', 'c4'],
  ['a backslash', 'c:\\WEB\\', '', '', '', 'c4'],
  ['a quoted name in a match', '"p1"', '', '', '', 'd1'],
  ['an escaped quote in a match', 'say \\"web', '', '', '', 'd2'],
  ['a line end in a match', '== fd00', '', '', '', ''],
  ['an IPv4 address', '10.0.0.1', '', 'a1 b1 e1 f2', '', '91 d1'],
  ['one that others begin with', '10.0.0.10', '', 'a2 e1', '', ''],
  ['one that is longer than others', '110.0.0.1', '', 'a3', '', ''],
  ['a name that is an address', '10.5.5.5', 'c6', '', '', ''],
  ['the beginning of an address', '172.16.0.', '', '', '', 'f1 f2'],
  ['an address in a list of backends', '10.0.0.8', '', '', '', '91'],
  ['an address with a port', '10.0.0.1:80', '', '91', '', ''],
  ['an address with another port', '10.0.0.1:8080', '', '91', '', ''],
  ['an address with its network', '10.0.0.1/24', '', 'b1', '', ''],
  ['a network', '10.0.0.0/24', '', 'f1', '', ''],
  ['the address of a network', '10.0.0.0', '', 'f1', '', 'd3'],
  ['the first of a range', '10.9.0.1', '', '', '', 'c5'],
  ['the last of a range', '10.9.0.20', '', '', '', 'c5'],
  ['what stands beside a range', '10.9.0.30', '', 'c5', '', ''],
  ['half of one in a range', '10.9.0.2', '', '', '', ''],
  ['an IPv6 address', 'fd00::1', '', 'a1 b1 e2', '', '92 d2'],
  ['an IPv6 address in full', 'FD00:0:0:0:0:0:0:1', '', 'a1 b1 e2', '', '92 d2'],
  ['an IPv6 address with zeros', 'fd00:0000:0000:0000:0000:0000:0000:0001', '', 'a1 b1 e2', '', '92 d2'],
  ['an IPv6 address in half of it', 'fd00:0:0::1', '', 'a1 b1 e2', '', '92 d2'],
  ['an IPv6 address that others begin with', 'fd00::10', '', 'a2', '', ''],
  ['an IPv6 address with more groups', 'fd00:0::1:5', '', 'a3', '', ''],
  ['an IPv6 address in brackets', '[fd00::1]', '', 'a1 b1 e2', '', '92 d2'],
  ['an IPv6 address with a port', '[FD00:0::1]:80', '', '', '', '92'],
  ['an IPv6 address with another port', '[fd00::1]:8', '', '', '', ''],
  ['an IPv6 address with its network', 'fd00:0::1/64', '', 'b1', '', ''],
  ['an address, and how others begin', 'fd00::', '', 'b2', '', '92 a1 a2 a3 e2'],
  ['an IPv4 address in an IPv6 one', '10.7.7.7', '', '', '', '93'],
  ['that IPv6 address otherwise', '::FFFF:a07:707', '', '93', '', ''],
  ['a MAC, in any case', '0A:00:00:00:00:01', '', 'a1 b1', '', ''],
  ['a MAC with hyphens', 'AA-BB-CC-DD-EE-FF', '', '93', '', ''],
  ['a part of a MAC', '00:00:aA', '', '', '', 'f2'],
  ['a UUID: the row, and those that refer to it', u('a1').toUpperCase(), 'a1', 'fade', '', ''],
  ['the beginning of a UUID', 'FADE1234-00', '', '', 'fade', ''],
  ['four characters of one', 'fade', '', '', 'fade', ''],
  ['too few of them', 'fad', '', '', '', ''],
  ['a whole number', '1001', '', 'a2 d1', '', ''],
  ['a part of a number', '100', '', '', '', 'e1'],
  ['a key of a map', 'neutron:network_name', '', 'c2', '', ''],
  ['a truth', 'true', '', '', '', ''],
  ['the name of a column', 'addresses', '', '', '', ''],
  ['what is nowhere', 'no such thing', '', '', '', ''],
])('%s: %s', async (_what, text, ...ranks) => {
  expect(await found(text)).toBe(ranks.join(' | ').trim());
});

it.each([
  ['10.0.0.1', 'v10.0.0.1.', 1],
  ['10.0.0.1', '10.0.0.1.2', 0],
  ['10.0.0.1', '010.0.0.1', 0],
  ['10.0.0.1', '1.10.0.0.1', 0],
  ['10.0.0.1', 'k8s:10.0.0.1,10.0.0.1', 2],
  ['fd00::1', 'dst:fd00::1: it', 1],
  ['fd00::1', 'fd00::1.', 1],
  ['fd00::1', 'xfd00::1', 0],
  ['fd00::1', 'fd00::1x', 0],
  ['fd00::1', 'fd00::1..fd00::0:1', 2],
  ['fd00::1', 'fd00::1-fd00::9', 1],
  ['fd00::1', 'fd00::1%eth0', 1],
  ['fd00::1/64', 'fd00::1/65 fd00::1/64 fd00::1', 1],
  ['::', ':: ::/0 ::1', 2],
])('%s is in "%s" %d times', (address, text, times) => {
  const wanted = addressOf(address);
  if (wanted === undefined) throw new Error('no address');
  expect([...placesOf(wanted, text)]).toHaveLength(times);
});

it.each([
  '',
  '10.0.0',
  '10.0.0.256',
  '10.0.0.01',
  'fd00',
  'fd00:1',
  '0a:00:00:00:00:01',
  'fe80::1%eth0',
  'a/b',
  '[web]:80',
])('"%s" is no address', (text) => {
  expect(addressOf(text)).toBeUndefined();
});

it('ends when nobody waits any more', async () => {
  const signal = AbortSignal.abort(new Error('gone'));
  const breath = { due: () => true, rest: () => Promise.resolve() } as unknown as Breath;
  await expect(findRows(SNAPSHOT, SNAPSHOT.tables.values(), new Wanted('web'), { breath, signal })).rejects.toThrow(
    'gone',
  );
});
