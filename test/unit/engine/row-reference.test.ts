/** What refers to a row, and to what it refers. */
import { Labels } from '../../../src/engine/describe/label.js';
import {
  REFERENCES_MAX,
  type RowReference,
  referredBy,
  referrersOf,
} from '../../../src/engine/describe/row-reference.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { snapshotOf } from '../../support/databases/every-kind.js';
import { northboundSchema } from '../../support/servers/engine.js';

const SCHEMA = northboundSchema();
const u = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const [DHCP, OTHER, GONE] = [u(900_001), u(900_002), u(900_003)];
const COUNT = REFERENCES_MAX + 200;
const PORTS = Array.from({ length: COUNT }, (_, i) => u(i));

const SNAPSHOT = snapshotOf(SCHEMA, {
  DHCP_Options: { [DHCP]: { cidr: '10.0.0.0/24' }, [OTHER]: { cidr: 'fd00::/64', external_ids: { is: DHCP } } },
  Logical_Switch: { [u(910_001)]: { name: 'web', ports: PORTS } },
  Logical_Switch_Port: Object.fromEntries(
    PORTS.map((uuid, i) => [
      uuid,
      {
        name: `port-${String(i)}`,
        ...(i === 1
          ? { dhcpv4_options: OTHER, dhcpv6_options: OTHER, external_ids: { was: DHCP } }
          : { dhcpv4_options: DHCP }),
      },
    ]),
  ),
  Port_Group: { [u(920_001)]: { name: 'group', ports: [u(1), GONE] } },
});

async function referrers(table: string, uuid: string, snapshot: Snapshot = SNAPSHOT): Promise<readonly RowReference[]> {
  const labels = await Labels.read([snapshot], new Breath());
  return referrersOf({ table, uuid }, { snapshot, labels, breath: new Breath() });
}

it('tells strong and weak references, by the columns that hold them', async () => {
  expect((await referrers('Logical_Switch_Port', u(1))).map(({ column, label }) => [column, label])).toEqual([
    ['ports', 'switch "web"'],
    ['ports', 'port group "group"'],
  ]);
  expect((await referrers('DHCP_Options', OTHER)).map(({ column, uuid }) => [column, uuid])).toEqual([
    ['dhcpv4_options', u(1)],
    ['dhcpv6_options', u(1)],
  ]);
});

it('takes no text for a reference, and no UUID of another table', async () => {
  const referring = await referrers('DHCP_Options', DHCP);
  expect(referring.map(({ table }) => table)).not.toContain('DHCP_Options');
  expect(await referrers('ACL', DHCP)).toEqual([]);
});

it('tells the first of many', async () => {
  const referring = await referrers('DHCP_Options', DHCP);
  expect(referring.map(({ uuid }) => uuid)).toEqual(PORTS.filter((_, i) => i !== 1).slice(0, REFERENCES_MAX));
});

it('tells what a row refers to, also what is not there', async () => {
  const labels = await Labels.read([SNAPSHOT], new Breath());
  const told = (table: string): readonly RowReference[] => {
    const [schema, rows] = [SCHEMA.tables.get(table), SNAPSHOT.tables.get(table)];
    if (schema === undefined || rows === undefined) throw new Error(`no ${table}`);
    return referredBy(schema, rows.row(0), { snapshot: SNAPSHOT, labels });
  };
  expect(told('Port_Group')).toEqual([
    { column: 'ports', table: 'Logical_Switch_Port', uuid: u(1), label: 'port "port-1"' },
    { column: 'ports', table: 'Logical_Switch_Port', uuid: GONE, label: `port ${GONE}` },
  ]);
  expect(told('Logical_Switch')).toHaveLength(REFERENCES_MAX);
});

it('ends when nobody waits any more', async () => {
  const labels = await Labels.read([SNAPSHOT], new Breath());
  const breath = { due: () => true, rest: () => Promise.resolve() } as unknown as Breath;
  const signal = AbortSignal.abort(new Error('gone'));
  await expect(
    referrersOf({ table: 'DHCP_Options', uuid: DHCP }, { snapshot: SNAPSHOT, labels, breath, signal }),
  ).rejects.toThrow('gone');
});
