/** What the owners of rows will make of a plan. Each note is a sentence or two. Pure. */
import type { Breath } from '../../lib/breath.js';
import { plural } from '../../lib/text/plural.js';
import { revisionOf } from '../../model/northbound/systems/neutron.js';
import { OWNERS, type Owner, ownerOf } from '../../model/northbound/systems/owner.js';
import { ACCESS_TABLES, GLOBAL_TABLES } from '../../model/northbound/tables.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import { OUTCOME, type Plan } from '../plan/table-plan.js';
import { NamedRows } from '../untouched/named-rows.js';
import type { OwnerCount } from './owner-counts.js';

/** It compares the database with Neutron, and changes nothing with this option. */
const SYNC = 'neutron-ovn-db-sync-util with --ovn-neutron_sync_mode log';

/** @param counts of the same plan (owner-counts.ts) */
export async function ownerNotes(
  plan: Plan,
  counts: readonly OwnerCount[],
  breath: Breath,
): Promise<readonly string[]> {
  const isNeutrons = counts.some(({ owner, updated }) => owner === 'Neutron' && updated > 0);
  return [...(isNeutrons ? await revisionNotes(plan, breath) : []), ...(await returnNotes(plan, breath))];
}

/** Of rows that are there before and after, those to which Neutron has written something newer than the backup has. */
async function revisionNotes({ tables }: Plan, breath: Breath): Promise<readonly string[]> {
  const rows = new NamedRows();
  for (const { table, live, updates } of tables) {
    for (const [index, { columns }] of updates) {
      if (breath.due()) await breath.rest();
      const ids = columns.find(({ column }) => column.name === 'external_ids');
      const [before, after] = [revisionOf(ids?.before), revisionOf(ids?.after)];
      if (before === undefined || after === undefined || after >= before) continue;
      rows.add(() => `${labelOf(table, live.row(index), live.uuid(index))} (from ${before} to ${after})`);
    }
  }
  if (rows.count === 0) return [];
  return [
    plural(rows.count, '# {row goes|rows go} back to an older neutron:revision_number: ') +
      // Neutron compares its table ovn_revision_numbers with its own resources, and never reads the Northbound for it
      `${rows.named()}. Neutron does not notice, as its periodic check reads its own tables only: ${SYNC} says what ` +
      'differs. What a port itself has, such as its addresses, stays old until Neutron next changes that port',
  ];
}

/** Rows that come back: those of Neutron, which may have deleted them, and those without a mark beside marked ones. */
async function returnNotes(plan: Plan, breath: Breath): Promise<readonly string[]> {
  const neutrons = new NamedRows();
  const unmarked = new NamedRows();
  for (const { table, backup, outcomes } of plan.tables) {
    for (let index = 0; standsAlone(table) && index < backup.count; index++) {
      if (breath.due()) await breath.rest();
      if (outcomes[index] !== OUTCOME.INSERT) continue;
      const owner = ownerAt(backup.text(index));
      if (owner !== undefined && owner !== 'Neutron') continue;
      const rows = owner === undefined ? unmarked : neutrons;
      rows.add(() => labelOf(table, backup.row(index), backup.uuid(index)));
    }
  }
  const owners = unmarked.count === 0 ? [] : await ownersIn(plan, breath);
  const notes: string[] = [];
  if (neutrons.count > 0)
    notes.push(
      plural(neutrons.count, '# {row of Neutron comes|rows of Neutron come} back: ') +
        `${neutrons.named()}. Neutron does not know those that it has deleted since: ${SYNC} names them`,
    );
  if (owners.length > 0)
    notes.push(
      plural(unmarked.count, '# {row comes back that bears|rows come back that bear} no mark of an owner: ') +
        `${unmarked.named()}. The database has rows of ${owners.join(', ')}: see whether ` +
        plural(unmarked.count, '{this one is|these are} of the same owner, or of nobody'),
    );
  return notes;
}

/** Who has rows in the database as it is, in the order of OWNERS. */
async function ownersIn({ tables }: Plan, breath: Breath): Promise<readonly Owner[]> {
  const found = new Set<Owner>();
  for (const { table, live } of tables) {
    for (let index = 0; standsAlone(table) && index < live.count; index++) {
      if (breath.due()) await breath.rest();
      const owner = ownerAt(live.text(index));
      if (owner !== undefined) found.add(owner);
    }
  }
  return OWNERS.filter((owner) => found.has(owner));
}

/** Of rows that others hold, whoever has the holder has them too, marked or not. */
function standsAlone({ name, isRoot }: TableSchema): boolean {
  return isRoot && !ACCESS_TABLES.has(name) && !GLOBAL_TABLES.has(name);
}

function ownerAt(text: Buffer): Owner | undefined {
  return ownerOf(text.toString('latin1'));
}
