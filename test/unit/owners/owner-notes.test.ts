/** What a restore says of rows whose owner may not expect it. */
import { countOwners } from '../../../src/engine/owners/owner-counts.js';
import { ownerNotes } from '../../../src/engine/owners/owner-notes.js';
import { Breath } from '../../../src/lib/breath.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { EXACT, northboundSchema, planBetween } from '../../support/servers/engine.js';

const SCHEMA = northboundSchema();
const u = (name: string): string =>
  `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;
const named = (name: string, ids: Readonly<Record<string, string>> = {}) => ({
  name,
  ...(Object.keys(ids).length === 0 ? {} : { external_ids: ids }),
});
const revision = (number: string) => ({ 'neutron:revision_number': number });

async function notesOf(backup: Tables, live: Tables): Promise<readonly string[]> {
  const plan = await planBetween(snapshotOf(SCHEMA, backup), snapshotOf(SCHEMA, live), EXACT);
  return ownerNotes(plan, await countOwners(plan, new Breath()), new Breath());
}

it('names rows whose revision goes back, and says what Neutron does about it', async () => {
  const [note, ...others] = await notesOf(
    { Logical_Switch: { [u('a')]: named('a', revision('7')), [u('b')]: named('b', revision('12')) } },
    { Logical_Switch: { [u('a')]: named('a', revision('10')), [u('b')]: named('b', revision('9')) } },
  );
  expect(note).toMatch(
    /^1 row goes back to an older neutron:revision_number: switch "a" \(from 10 to 7\)\. Neutron does not notice, /,
  );
  expect(note).toContain('neutron-ovn-db-sync-util with --ovn-neutron_sync_mode log');
  expect(others).toEqual([]);
});

it.each(['', 'x', '1e3', '9'.repeat(16)])('does not compare a revision that is no number: %j', async (number) => {
  const backup: Tables = { Logical_Switch: { [u('a')]: named('a', revision('7')) } };
  expect(await notesOf(backup, { Logical_Switch: { [u('a')]: named('a', revision(number)) } })).toEqual([]);
});

it('says that Neutron does not know what it has deleted', async () => {
  const gone = named('neutron-00000000-0000-4000-8000-000000000001', { 'neutron:network_name': 'web' });
  const notes = await notesOf({ Logical_Switch: { [u('a')]: gone } }, {});
  expect(notes).toEqual([
    expect.stringMatching(/^1 row of Neutron comes back: switch "neutron-0.*Neutron does not know those that/),
  ]);
});

it('names rows that come back without a mark, where the database has rows of an owner', async () => {
  const port = { name: 'p' };
  const backup: Tables = {
    Logical_Switch: { [u('a')]: { name: 'plain', ports: [u('p')] } },
    Logical_Switch_Port: { [u('p')]: port },
    Load_Balancer: { [u('l')]: named('marked', { 'k8s.ovn.org/kind': 'Service' }) },
  };
  const live: Tables = { Address_Set: { [u('x')]: named('x', { vendor: 'kube-ovn' }) } };
  expect(await notesOf(backup, { Address_Set: { [u('x')]: named('x') } })).toEqual([]);
  expect(await notesOf(backup, live)).toEqual([
    '1 row comes back that bears no mark of an owner: switch "plain". The database has rows of kube-ovn: see whether ' +
      'this one is of the same owner, or of nobody',
  ]);
});
