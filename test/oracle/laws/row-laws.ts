/** What every restore owes to rows, whatever its policy, and what each policy but RENAME does with a live match. */
import { called, columnOf, isSame, membersIn, nameOf, type Place } from '../content.js';
import { ownedTables } from '../network.js';
import { configured, isRuntime, NAMING_COLUMNS } from '../northbound.js';
import { isFlaggedOut } from '../part.js';
import { referenceColumns } from '../schema.js';
import type { Trial } from '../trial.js';

/** Nothing dangles, nothing has two owners, nothing goes that has to stay. */
export function* soundLaws(trial: Trial): Generator<string> {
  const { after, before, backup, rows, identity, choice } = trial;
  for (const place of rows.after.values())
    for (const { name, refersTo } of referenceColumns(place.table))
      for (const member of membersIn(place.row, name))
        if (after.get(refersTo.table)?.has(member) !== true) yield `${called(place)} refers in ${name} to nothing`;
  if (trial.ownedTwice(before).length + trial.ownedTwice(backup).length === 0)
    for (const uuid of trial.ownedTwice(after)) yield `${describe(trial, uuid)} has two owners`;
  // "A row that the backup holds is never deleted by a filter that leaves it out", nor by anything else
  for (const uuid of trial.deleted) {
    if (identity.isHeld(uuid)) yield `${describe(trial, uuid)} is deleted, and the backup holds it`;
    if (!choice.exact && !wasReplaced(trial, uuid)) yield `${describe(trial, uuid)} is deleted without exact`;
  }
  // a tag may have been northd's, and be configuration again
  for (const { kind, table, uuid, before: was, after: now, columns } of trial.differences)
    for (const column of kind === 'UPDATE' ? columns : [])
      if (was && now && isRuntime(table.name, column, was) && isRuntime(table.name, column, now))
        yield `${table.name} ${uuid}: ${column}, which is written at run time, was changed`;
}

function describe({ rows }: Trial, uuid: string): string {
  const place = rows.before.get(uuid) ?? rows.backup.get(uuid) ?? rows.after.get(uuid);
  return place === undefined ? uuid : called(place);
}

/** A row that only a single reference held, which became the backup's: nothing holds it any more. */
function wasReplaced({ schema, rows }: Trial, uuid: string): boolean {
  const place = rows.before.get(uuid);
  if (place === undefined || place.table.isRoot) return false;
  const parents = [...rows.before.values()].filter(({ table, row }) =>
    ownedTables(schema, table.name).some(
      ({ child, column }) => child.name === place.table.name && membersIn(row, column.name).includes(uuid),
    ),
  );
  return parents.every(
    (parent) =>
      wasReplaced({ schema, rows } as Trial, parent.uuid) ||
      ownedTables(schema, parent.table.name).some(
        ({ child, column }) => child.name === place.table.name && column.max === 1,
      ),
  );
}

/**
 * "A resource of the backup that has no live match is inserted, with its own UUID, under every policy." And: "Every
 * reference that the backup holds to an inserted row comes back with it, also where the row that holds it exists live
 * and is otherwise left alone", beside the filter too.
 */
export function* insertLaws(trial: Trial): Generator<string> {
  const { rows, part, inserted, choice } = trial;
  for (const held of trial.missing()) {
    const row = rows.after.get(held.uuid);
    if (row === undefined) {
      if (part.sure.has(held.uuid) && hasOwnerAfter(trial, held))
        yield `${called(held)} is missing, and was not inserted`;
    } else if (inserted.has(held.uuid)) yield* contentLaws(trial, held, row, 'was inserted with');
  }
  for (const held of rows.backup.values()) {
    const holder = rows.after.get(trial.identity.translate(held.uuid));
    if (holder === undefined || trial.identity.unsure.has(held.uuid)) continue;
    for (const column of referenceColumns(held.table)) {
      if (isRuntime(held.table.name, column.name, held.row)) continue;
      const was = rows.before.get(holder.uuid);
      const isFull = column.max === 1 && was !== undefined && membersIn(was.row, column.name).length > 0;
      if (isFull && choice.policy !== 'OVERWRITE') continue;
      for (const member of trial.wanted(held, column.name))
        if (
          inserted.has(member) &&
          !membersIn(holder.row, column.name).includes(member) &&
          !(isFull && !part.sure.has(held.uuid))
        )
          yield `${called(holder)} does not refer in ${column.name} to ${describe(trial, member)}, which came back`;
    }
  }
}

/** A row that is no root comes back only with an owner: one that is unsure may be no owner. */
function hasOwnerAfter({ schema, rows, identity }: Trial, held: Place): boolean {
  if (held.table.isRoot) return true;
  return [...rows.backup.values()].some(
    ({ table, uuid, row }) =>
      !identity.unsure.has(uuid) &&
      rows.after.has(identity.translate(uuid)) &&
      ownedTables(schema, table.name).some(({ column }) => membersIn(row, column.name).includes(held.uuid)),
  );
}

/** A row has the backup's values, but for what is written at run time, and references to what is not there. */
function* contentLaws(trial: Trial, held: Place, row: Place, verb: string): Generator<string> {
  const { identity, hasMapping } = trial;
  for (const column of held.table.columns.values()) {
    const { name, refersTo } = column;
    const place = `${held.table.name}.${name}`;
    if (refersTo !== undefined) {
      if (isRuntime(held.table.name, name, held.row)) continue;
      yield* membersLaws(trial, held, row, name, verb);
      continue;
    }
    const isRenamed = hasMapping && (NAMING_COLUMNS.has(place) || identity.live.get(held.uuid) !== held.uuid);
    if (column.isEphemeral || isRenamed) continue;
    const [wanted, found] = [configured(held.table.name, name, held.row), configured(held.table.name, name, row.row)];
    if (!isSame(wanted, found))
      yield `${called(row)} ${verb} ${name} = ${found.join(' ')}, and the backup has ${wanted.join(' ')}`;
  }
}

function* membersLaws(trial: Trial, held: Place, row: Place, name: string, verb: string): Generator<string> {
  const { identity, rows, inserted, part } = trial;
  const members = membersIn(row.row, name);
  const wanted = new Set(trial.wanted(held, name));
  for (const member of wanted)
    if (
      rows.after.has(member) &&
      !members.includes(member) &&
      (isPicked(trial, member) || !isDropped(trial, row, name))
    )
      yield `${called(row)} ${verb} no reference in ${name} to ${describe(trial, member)}, which the backup has`;
  for (const member of members) {
    const isForeign = inserted.has(row.uuid)
      ? identity.isLiveOnly(member) || identity.isHeld(member)
      : identity.isHeld(member);
    const isOutside = trial.choice.filter !== undefined && !part.sure.has(identity.held.get(member) ?? member);
    const isUnsure = identity.unsure.has(member) || identity.unsureLive.has(member);
    if (!wanted.has(member) && (isForeign || inserted.has(member)) && !isOutside && !isUnsure)
      yield `${called(row)} ${verb} a reference in ${name} to ${describe(trial, member)}, which the backup has not`;
  }
}

/**
 * "A weak reference that is left out by the filter is dropped and warned of." A row that stays keeps what it has, and a
 * row that comes back does not own what the filter leaves out.
 */
function isDropped({ schema, choice, inserted, outcome, part }: Trial, row: Place, name: string): boolean {
  if (choice.filter === undefined) return false;
  const isOwning = ownedTables(schema, row.table.name).some(({ column }) => column.name === name);
  if (isOwning || !inserted.has(row.uuid)) return true;
  const refersTo = columnOf(row.table, name).refersTo;
  // an owner that nobody named comes for the sake of what it owns, and bare
  const isBare = ownedTables(schema, row.table.name).length > 0 && !part.sure.has(row.uuid);
  const isLeftOut = isBare || refersTo?.isStrong === false || isFlaggedOut(choice, refersTo?.table ?? '');
  return isLeftOut && outcome.warnings.some((warning) => warning.includes(name));
}

function isPicked({ identity, part }: Trial, live: string): boolean {
  return part.sure.has(identity.held.get(live) ?? live);
}

/** SKIP and ERROR: "it is left as it is". Only references to rows that come back are added, as the backup holds them. */
export function* untouchedLaws(trial: Trial): Generator<string> {
  const { identity, inserted, rows } = trial;
  for (const { kind, table, uuid, before, after, columns } of trial.differences) {
    if (kind !== 'UPDATE' || before === undefined || after === undefined) continue;
    const held = rows.backup.get(identity.held.get(uuid) ?? '');
    for (const name of columns) {
      const was = membersIn(before, name);
      const added = membersIn(after, name).filter((member) => !was.includes(member));
      const isAttachment =
        columnOf(table, name).refersTo !== undefined &&
        added.length + was.length === membersIn(after, name).length &&
        added.every((member) => inserted.has(member)) &&
        (identity.unsureLive.has(uuid) ||
          (held !== undefined && added.every((member) => membersIn(held.row, name).includes(member))));
      if (!isAttachment)
        yield `${called({ table, uuid, row: before })}: ${name} was changed, and ${trial.choice.policy} leaves it`;
    }
  }
}

/** OVERWRITE: "the live row is updated in place; its UUID stays. References it holds become the backup's." */
export function* overwriteLaws(trial: Trial): Generator<string> {
  const { rows, identity, choice } = trial;
  for (const { held, live } of trial.matched()) {
    const row = rows.after.get(live.uuid);
    if (row === undefined) continue; // soundLaws
    yield* contentLaws(trial, held, row, 'was overwritten with');
    yield* stayingLaws(trial, live, row);
  }
  for (const [uuid, live] of rows.before) {
    const row = rows.after.get(uuid);
    if (!identity.isLiveOnly(uuid) || row === undefined) continue;
    yield* liveOnlyLaws(trial, live, row);
  }
  if (choice.exact && choice.filter === undefined) yield* exactLaws(trial);
}

/** What the backup does not hold stays in its place, unless exact. */
function* stayingLaws(trial: Trial, live: Place, row: Place): Generator<string> {
  const { schema, identity, choice, rows } = trial;
  const staying = ownedTables(schema, live.table.name).map(({ column }) => column);
  if (live.table.name === 'Port_Group') staying.push(columnOf(live.table, 'ports'));
  for (const { name, max } of staying)
    for (const member of membersIn(live.row, name))
      if (max > 1 && !choice.exact && identity.isLiveOnly(member) && !membersIn(row.row, name).includes(member))
        yield `${called(row)} lost ${describe(trial, member)} in ${name}, which came after the backup`;
      else if (
        rows.after.has(member) &&
        choice.filter !== undefined &&
        !isPossible(trial, member) &&
        !membersIn(row.row, name).includes(member) &&
        live.table.name === 'Port_Group' &&
        !trial.part.named.has(identity.held.get(live.uuid) ?? '')
      )
        yield `${called(row)} lost ${describe(trial, member)} in ${name}, which the filter does not pick`;
}

function isPossible({ identity, part, livePart }: Trial, live: string): boolean {
  return part.possible.has(identity.held.get(live) ?? live) || livePart.possible.has(live);
}

/** A row that the backup does not hold keeps what it has, but for rows that go, or go back to their owner. */
function* liveOnlyLaws(trial: Trial, live: Place, row: Place): Generator<string> {
  const { deleted, identity } = trial;
  for (const column of live.table.columns.values()) {
    const [was, now] = [membersIn(live.row, column.name), membersIn(row.row, column.name)];
    if (column.refersTo === undefined) {
      if (!isSame(was, now)) yield `${called(row)}: ${column.name} was changed, and the backup does not hold the row`;
      continue;
    }
    for (const member of was)
      if (!now.includes(member) && !deleted.has(member) && !(column.refersTo.isStrong && identity.isHeld(member)))
        yield `${called(row)} lost ${describe(trial, member)} in ${column.name}, and the backup does not hold the row`;
    for (const member of now)
      if (!was.includes(member)) yield `${called(row)} got ${describe(trial, member)} in ${column.name}`;
  }
}

/** exact: "live rows that the backup does not hold are deleted, so that the database ends equal to the backup". */
function* exactLaws(trial: Trial): Generator<string> {
  const { rows, identity, backup, after } = trial;
  for (const [uuid, place] of rows.after)
    if (identity.isLiveOnly(uuid) && !rows.backup.has(uuid)) yield `${called(place)} is still there after exact`;
  for (const [table, held] of backup)
    if (held.size !== after.get(table)?.size)
      yield `${table} has ${after.get(table)?.size ?? 0} rows after exact, the backup ${held.size}`;
}

/** "If any live match differs from the backup, nothing is done and every conflict is named." */
export function* conflictLaws(trial: Trial): Generator<string> {
  const said = trial.outcome.problems.map(({ message, label }) => `${message} ${label ?? ''}`).join('\n');
  for (const { held, live } of trial.matched()) {
    const differing = [...held.table.columns.values()].find(
      ({ name, refersTo }) =>
        refersTo === undefined &&
        !NAMING_COLUMNS.has(`${held.table.name}.${name}`) &&
        !isSame(configured(held.table.name, name, held.row), configured(held.table.name, name, live.row)),
    );
    if (differing === undefined || (trial.hasMapping && live.uuid !== held.uuid)) continue;
    if (trial.outcome.success) yield `${called(live)} differs in ${differing.name}, and ERROR went on`;
    const names = [nameOf(held.row), nameOf(live.row)].filter((name) => name !== '');
    if (!trial.outcome.success && names.length > 0 && !names.some((name) => said.includes(name)))
      yield `${called(live)} differs in ${differing.name}, and the conflict is not named`;
  }
}
