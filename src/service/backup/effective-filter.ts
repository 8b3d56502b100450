/**
 * What a restore or a comparison is limited to: a selective backup stands for the part of a configuration that it was
 * made of, and a filter picks a part of that.
 */
import type { Identity, RowPair } from '../../engine/identify/identify.js';
import type { PlanOptions } from '../../engine/plan/table-plan.js';
import {
  intersectFilters,
  type PulledIn,
  type ResourceFilter,
  selectLiveScope,
  selectScope,
} from '../../engine/scope/scope.js';
import type { Breath } from '../../lib/breath.js';
import { defined } from '../../lib/defined.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { BackupRecord } from './backup-record.js';

/**
 * What a restore of this backup is limited to: the filter that is asked for, within the one that the backup was made
 * with.
 */
export function effectiveFilter(
  { type, resourceFilter }: BackupRecord,
  asked: ResourceFilter | undefined,
): ResourceFilter | undefined {
  if (type === 'FULL' || resourceFilter === undefined) return asked;
  return asked === undefined ? resourceFilter : intersectFilters(resourceFilter, asked);
}

export interface ScopedPair {
  /**
   * What a mapping says of rows, and the backup with the names that it was made with, which are the ones that a filter
   * means; a mapping changes some.
   */
  readonly mapped?: { readonly named: Snapshot; readonly pairs: readonly RowPair[] };
  readonly backup: Snapshot;
  readonly live: Snapshot;
  readonly identity: Identity;
  /** Whether the filter's names also pick live rows that the backup lacks: those that exact deletes. */
  readonly byName: boolean;
  /** Where the filter's names are looked for, as messages say it. */
  readonly where: string;
}

/** The scope of a filter on both sides. @throws AppError BAD_USER_INPUT for names that pick nothing */
export async function scopeOf(
  { mapped, backup, live, identity, byName, where }: ScopedPair,
  filter: ResourceFilter,
  breath: Breath,
): Promise<{ marks: NonNullable<PlanOptions['scope']>; pulledIn: readonly PulledIn[]; warnings: readonly string[] }> {
  const ours = await selectScope(mapped?.named ?? backup, filter, breath, {
    where,
    alsoIn: byName ? live : undefined,
    pairs: mapped?.pairs,
  });
  const context = { backup, identity, byName, ...defined({ mapped }) };
  const theirs = await selectLiveScope(live, filter, ours, context, breath);
  return { marks: { backup: ours.marks, live: theirs.marks }, pulledIn: ours.pulledIn, warnings: ours.warnings };
}
