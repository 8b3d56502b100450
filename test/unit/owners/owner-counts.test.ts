/** Whose rows a plan changes, by their marks. */
import { countOwners } from '../../../src/engine/owners/owner-counts.js';
import { Breath } from '../../../src/lib/breath.js';
import { ownerOf } from '../../../src/model/northbound/systems/owner.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { EXACT, northboundSchema, planBetween } from '../../support/servers/engine.js';

const SCHEMA = northboundSchema();
const u = (name: string): string =>
  `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;
const set = (name: string, ids?: Readonly<Record<string, string>>, addresses: readonly string[] = []) => ({
  name,
  ...(addresses.length === 0 ? {} : { addresses }),
  ...(ids === undefined ? {} : { external_ids: ids }),
});

it('counts what comes, changes and goes for each owner of whose rows any does', async () => {
  const neutron = { 'neutron:security_group_id': 'x' };
  const kubernetes = { 'k8s.ovn.org/owner-type': 'Namespace' };
  const backup: Tables = {
    Address_Set: {
      [u('a')]: set('a', neutron),
      [u('b')]: set('b', neutron, ['10.0.0.1']),
      [u('c')]: set('c', { vendor: 'kube-ovn' }),
      [u('d')]: set('d'),
      [u('e')]: set('e', { vendor: 'somebody' }),
    },
  };
  const live: Tables = {
    Address_Set: { [u('b')]: set('b', neutron), [u('x')]: set('x', kubernetes), [u('y')]: set('y', kubernetes) },
  };
  const plan = await planBetween(snapshotOf(SCHEMA, backup), snapshotOf(SCHEMA, live), EXACT);
  expect(await countOwners(plan, new Breath())).toEqual([
    { owner: 'Neutron', inserted: 1, updated: 1, deleted: 0 },
    { owner: 'ovn-kubernetes', inserted: 0, updated: 0, deleted: 2 },
    { owner: 'kube-ovn', inserted: 1, updated: 0, deleted: 0 },
  ]);
});

it.each([
  [{ external_ids: { a: 'b', 'neutron:port_name': 'x' } }, 'Neutron'],
  [{ external_ids: { 'ic-learned-route': 'x' } }, 'ovn-ic'],
  [{ options: { 'interconn-tr': 'tr' } }, 'ovn-ic'],
  [{ external_ids: { 'k8s.ovn.org/name': 'x', vendor: 'kube-ovn' } }, 'ovn-kubernetes'],
  [{ external_ids: { 'k8s.ovn.org/name': 'x', 'neutron:cidrs': 'y' } }, 'Neutron'],
  [{ name: 'neutron-00000000-0000-4000-8000-000000000000' }, 'Neutron'],
  [{ external_ids: { ls_name: 'neutron-00000000-0000-4000-8000-000000000000' } }, 'Neutron'],
  [{ acls: [], name: 'neutron_pg_drop' }, 'Neutron'],
  [{ name: 'neutron-test' }, undefined],
  [{ external_ids: { vendor: 'neutron' } }, undefined],
  [{ match: ',"neutron:x":"y"' }, undefined],
  [{ name: 'neutron:x', addresses: ['neutron:y', 'ic-z'] }, undefined],
])('takes %j for a row of %s', (row, owner) => {
  expect(ownerOf(JSON.stringify(row))).toBe(owner);
});
