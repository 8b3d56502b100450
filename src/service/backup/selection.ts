/** What is kept of a backup besides its rows: what was asked for, what came along, and what was left out. */

import type { ArchiveHeader } from '../../archive/content/archive-header.js';
import { cutSnapshot, type ResourceFilter, selectScope } from '../../engine/scope/scope.js';
import { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import { cutText } from '../command/input-field.js';
import type { BackupRecord } from './backup-record.js';
import { isWithinLimits, PULLED_IN_LISTED_MAX, pulledInSchema, resourceFilterSchema } from './recorded-filter.js';

/** Of what a file says of each row that was pulled in. */
const PULLED_IN_CHARACTERS_MAX = 500;

/** What a manifest says of a selective backup besides its type; and warnings of any backup. */
export type Selection = Pick<BackupRecord, 'resourceFilter' | 'pulledIn' | 'pulledInCount' | 'warnings'>;

/** The rows that a filter picks, with what they need. @throws AppError BAD_USER_INPUT for names that pick nothing */
export async function select(
  captured: Snapshot,
  filter: ResourceFilter | undefined,
): Promise<{ snapshot: Snapshot; selection: Selection }> {
  if (filter === undefined) return { snapshot: captured, selection: {} };
  const breath = new Breath();
  const scope = await selectScope(captured, filter, breath, { where: 'in the database' });
  const { snapshot, warnings } = await cutSnapshot(captured, scope, breath);
  return {
    snapshot,
    selection: {
      resourceFilter: filter,
      pulledIn: scope.pulledIn.slice(0, PULLED_IN_LISTED_MAX),
      pulledInCount: scope.pulledIn.length,
      warnings: [...scope.warnings, ...warnings],
    },
  };
}

/** The same, with what is to be said of how the database was read. */
export function withWarnings(selection: Selection, more: readonly string[]): Selection {
  return more.length === 0 ? selection : { ...selection, warnings: [...(selection.warnings ?? []), ...more] };
}

export function headerSelection({
  resourceFilter,
  pulledIn,
}: Selection): Pick<ArchiveHeader, 'resourceFilter' | 'pulledIn'> {
  if (resourceFilter === undefined) return {};
  // what was left out is not written down
  const given = Object.fromEntries(Object.entries(resourceFilter).filter(([, value]) => value !== undefined));
  return { resourceFilter: given, pulledIn: (pulledIn ?? []).map((row) => ({ ...row })) };
}

/**
 * An imported part of a configuration stays one: taken for a whole one, an exact restore would delete the rest.
 * @throws AppError INTEGRITY_FAILED
 */
export function importedSelection(header: ArchiveHeader | undefined): Selection {
  if (header?.resourceFilter === undefined) return {};
  const filter = resourceFilterSchema.safeParse(header.resourceFilter);
  if (!filter.success || !isWithinLimits(filter.data))
    throw new AppError(
      'INTEGRITY_FAILED',
      'The archive\'s manifest is malformed: "resourceFilter" is none that this version reads. Take another copy ' +
        'of the backup',
    );
  const pulledIn = (header.pulledIn ?? []).flatMap((row) => pulledInSchema.safeParse(row).data ?? []);
  const cut = (text: string): string => cutText(text, PULLED_IN_CHARACTERS_MAX);
  return {
    resourceFilter: filter.data,
    pulledIn: pulledIn.slice(0, PULLED_IN_LISTED_MAX).map(({ table, uuid, label, reason }) => ({
      table: cut(table),
      uuid: cut(uuid),
      label: cut(label),
      reason: cut(reason),
    })),
    pulledInCount: pulledIn.length,
  };
}
