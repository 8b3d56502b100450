/** Whose rows a plan changes: how many of each owner's come, change and go. Pure. */
import type { Breath } from '../../lib/breath.js';
import { OWNERS, type Owner, ownerOf } from '../../model/northbound/systems/owner.js';
import { OUTCOME, type Plan } from '../plan/table-plan.js';

export interface OwnerCount {
  readonly owner: Owner;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/** Only owners of whose rows any changes. Rows without a mark are nobody's. */
export async function countOwners(plan: Plan, breath: Breath): Promise<readonly OwnerCount[]> {
  const counts = new Map(OWNERS.map((owner) => [owner, { owner, inserted: 0, updated: 0, deleted: 0 }]));
  const count = (text: Buffer, kind: 'inserted' | 'updated' | 'deleted'): void => {
    const owner = ownerOf(text.toString('latin1'));
    const known = owner === undefined ? undefined : counts.get(owner);
    if (known !== undefined) known[kind]++;
  };
  for (const { backup, live, outcomes, updates, deletes } of plan.tables) {
    for (let i = 0; i < backup.count; i++) {
      if (outcomes[i] === OUTCOME.INSERT) count(backup.text(i), 'inserted');
      if (breath.due()) await breath.rest();
    }
    for (const liveIndex of updates.keys()) {
      count(live.text(liveIndex), 'updated');
      if (breath.due()) await breath.rest();
    }
    for (const liveIndex of deletes) {
      count(live.text(liveIndex), 'deleted');
      if (breath.due()) await breath.rest();
    }
  }
  return [...counts.values()].filter(({ inserted, updated, deleted }) => inserted + updated + deleted > 0);
}
