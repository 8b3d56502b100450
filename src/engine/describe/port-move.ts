/** What to do about a port that is in another row than in the backup. */
import type { Holder } from '../../model/northbound/holder.js';

export interface MovedPort {
  readonly holder: Holder;
  readonly uuid: string;
  /** The live row that it is in. */
  readonly at: { readonly uuid: string; readonly label: string; readonly isInBackup: boolean };
  /** The row that it is in in the backup. */
  readonly wanted: { readonly uuid: string; readonly isLive: boolean };
}

/** A sentence without its full stop. */
export function howToMoveBack(
  { holder: { table, column }, uuid, at, wanted }: MovedPort,
  { isPart, isOverwritten }: { readonly isPart: boolean; readonly isOverwritten: boolean },
): string {
  const out = `ovn-nbctl remove ${table} ${at.uuid} ${column} ${uuid}`;
  const byHand = wanted.isLive
    ? `Move it back first (${out} -- add ${table} ${wanted.uuid} ${column} ${uuid})`
    : `Delete it there first (${out}), so that the restore brings it back`;
  if (!at.isInBackup)
    return (
      `${byHand}, or restore with overwriting and exact${isPart ? ', and a filter that names both' : ''}: that ` +
      `deletes ${at.label}, which is not in the backup`
    );
  if (isPart) return `${byHand}, or restore with overwriting and a filter that takes both in`;
  return isOverwritten ? byHand : `${byHand}, or restore with overwriting`;
}
