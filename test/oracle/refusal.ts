/**
 * Whether a restore may be refused. From the document: policy ERROR meets a difference; an index would have a key twice,
 * as a row that stays has the name of one that comes; a port would be in two switches. Anything else is a restore that
 * has to succeed. Where rows have equal keys or a mapping bends what they are, the oracle does not know. Pure.
 */
import { differingColumns, membersIn, nameOf, ownersIn, type Place } from './content.js';
import { referenceColumns } from './schema.js';
import { OWNED_ONCE, type Trial } from './trial.js';

export function mayBeRefused(trial: Trial): boolean {
  const { choice, identity } = trial;
  if (choice.exact && choice.filter === undefined && choice.mapping === undefined) return false;
  if (identity.unsure.size > 0) return true;
  if (trial.hasMapping) return isTorn(trial) || trial.outcome.problems.every(({ code }) => code === 'CONFLICT');
  if (choice.exact && choice.filter !== undefined && isNeededElsewhere(trial)) return true;
  if (choice.policy === 'ERROR' && hasDifference(trial)) return true;
  return hasClash(trial) || hasTwoOwners(trial);
}

/** A row of the backup is mapped to a live row that has the name of another one of the backup. */
function isTorn({ choice, rows }: Trial): boolean {
  return [...choice.mapped].some(([from, to]) => {
    const live = rows.before.get(to);
    return [...rows.backup.values()].some(
      ({ table, uuid, row }) => table === live?.table && uuid !== from && nameOf(row) === nameOf(live.row),
    );
  });
}

/** A row that would go owns one that the backup holds, or is referred to by one that may stay. */
function isNeededElsewhere({ schema, rows, livePart, identity }: Trial): boolean {
  const goes = (uuid: string): boolean =>
    rows.before.has(uuid) && !identity.isHeld(uuid) && livePart.possible.has(uuid);
  return [...rows.before.values()].some((place) =>
    referenceColumns(place.table).some(({ name, refersTo }) => {
      if (!refersTo.isStrong) return false;
      const members = membersIn(place.row, name);
      const isOwner = (schema.owners.get(refersTo.table) ?? []).some(
        ({ table, column }) => table === place.table && column.name === name,
      );
      return isOwner && goes(place.uuid)
        ? members.some((member) => identity.isHeld(member))
        : members.some(goes) && !isOwner;
    }),
  );
}

function hasDifference({ rows, identity }: Trial): boolean {
  return [...rows.backup.values()].some(({ uuid, row }) => {
    const live = rows.before.get(identity.live.get(uuid) ?? '');
    return live !== undefined && (live.uuid !== uuid || differingColumns(row, live.row).length > 0);
  });
}

/** A row of the backup has a key that another live row has. */
function hasClash({ rows, identity, choice }: Trial): boolean {
  const key = ({ table, row }: Place, index: readonly string[]): string =>
    `${table.name} ${JSON.stringify(index.map((column) => [column, membersIn(row, column)]))}`;
  const live = new Map<string, string>();
  for (const place of rows.before.values())
    for (const index of place.table.indexes) live.set(key(place, index), place.uuid);
  return [...rows.backup.values()].some((place) =>
    place.table.indexes.some((index) => {
      const other = live.get(key(place, index));
      if (other === undefined || other === identity.translate(place.uuid)) return false;
      const isResolved = choice.policy === 'OVERWRITE' && choice.filter === undefined && identity.isHeld(other);
      return !isResolved;
    }),
  );
}

/** A port of the backup is live in another place than where the backup has it, and the restore leaves that as it is. */
function hasTwoOwners({ schema, backup, before, rows, identity, choice }: Trial): boolean {
  const [held, live] = [ownersIn(schema, backup), ownersIn(schema, before)];
  const isUpdated = (owner: string): boolean =>
    choice.policy === 'OVERWRITE' && choice.filter === undefined && identity.isHeld(owner);
  return [...rows.backup.values()]
    .filter(({ table }) => OWNED_ONCE.has(table.name))
    .some(({ uuid }) => {
      const wanted = (held.get(uuid) ?? []).map(({ owner }) => identity.translate(owner.uuid));
      const found = (live.get(identity.translate(uuid)) ?? []).map(({ owner }) => owner.uuid);
      return found.some((owner) => !wanted.includes(owner) && !isUpdated(owner));
    });
}
