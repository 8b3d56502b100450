/**
 * A filter. From the document: "the named roots, what they own according to the include flags, and what those rows need
 * in order to stand". "A row that the backup holds is never deleted by a filter that leaves it out." "exact: live rows
 * within the filter that the backup does not hold are deleted."
 */
import { called, columnOf, membersIn, ownersIn } from '../content.js';
import type { Trial } from '../trial.js';

export function* partLaws(trial: Trial): Generator<string> {
  const { choice, schema, rows, inserted, deleted, part, livePart, identity, differences } = trial;
  if (choice.filter === undefined) return;
  const owners = ownersIn(schema, trial.before);
  for (const uuid of inserted) {
    const held = rows.backup.get(uuid);
    if (held !== undefined && !part.possible.has(uuid))
      yield `${called(held)} was inserted, and the filter does not pick it`;
  }
  for (const { kind, table, uuid, before, after, columns } of differences) {
    if (kind !== 'UPDATE' || before === undefined || after === undefined) continue;
    if (part.possible.has(identity.held.get(uuid) ?? uuid) || livePart.possible.has(uuid)) continue;
    if (identity.unsureLive.has(uuid)) continue;
    for (const name of columns) {
      const [was, now] = [membersIn(before, name), membersIn(after, name)];
      const held = membersIn(rows.backup.get(identity.held.get(uuid) ?? uuid)?.row ?? new Map(), name);
      // what an owner that goes had taken goes back to where the backup holds it
      const comesBack = (member: string): boolean =>
        held.includes(identity.held.get(member) ?? member) &&
        (owners.get(member) ?? []).some(({ owner }) => deleted.has(owner.uuid));
      const { refersTo } = columnOf(table, name);
      const isFollowing =
        refersTo !== undefined &&
        now.every((member) => was.includes(member) || inserted.has(member) || comesBack(member)) &&
        was.every((member) => now.includes(member) || deleted.has(member) || refersTo.isStrong);
      if (!isFollowing)
        yield `${called({ table, uuid, row: before })}: ${name} was changed, and the filter does not pick the row`;
    }
  }
  if (choice.exact) yield* deletionLaws(trial);
}

function* deletionLaws({ schema, before, rows, livePart, part, identity, deleted }: Trial): Generator<string> {
  const owners = ownersIn(schema, before);
  for (const uuid of deleted) {
    const place = rows.before.get(uuid);
    const above = owners.get(uuid) ?? [];
    const isCollected =
      above.length > 0 && above.every(({ owner }) => deleted.has(owner.uuid) || livePart.possible.has(owner.uuid));
    const isOfMatched = above.some(({ owner }) => part.possible.has(identity.held.get(owner.uuid) ?? ''));
    if (place !== undefined && !livePart.possible.has(uuid) && !isCollected && !isOfMatched)
      yield `${called(place)} was deleted, and the filter does not pick it`;
  }
  for (const uuid of livePart.sure) {
    const place = rows.before.get(uuid);
    const isOfPart = (owners.get(uuid) ?? []).some(({ owner }) => part.sure.has(identity.held.get(owner.uuid) ?? ''));
    if (place !== undefined && isOfPart && identity.isLiveOnly(uuid) && rows.after.has(uuid) && !rows.backup.has(uuid))
      yield `${called(place)} is still there after exact`;
  }
}
