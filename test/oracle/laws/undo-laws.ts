/**
 * An undo. From the document: "undoRestore puts back exactly what the restore changed. Where others have changed those
 * rows since, it refuses with a list, unless force. By force it puts back what it can."
 */
import {
  byUuid,
  type Content,
  called,
  columnOf,
  type Difference,
  differencesBetween,
  differingColumns,
  isSame,
  membersIn,
  nameOf,
  type Place,
} from '../content.js';
import { isRuntime } from '../northbound.js';
import { referenceColumns, type Schema } from '../schema.js';

/** The database before a restore, after it, after others wrote, and after the undo. */
export interface Undone {
  readonly schema: Schema;
  readonly before: Content;
  readonly restored: Content;
  readonly since: Content;
  readonly after: Content;
  readonly force: boolean;
  readonly warnings: readonly string[];
}

export function* undoLaws(undone: Undone): Generator<string> {
  const { schema, before, restored, since, after, force, warnings } = undone;
  const changed = differencesBetween(schema, before, restored);
  const theirs = new Map(
    differencesBetween(schema, restored, since).map((difference) => [difference.uuid, difference]),
  );
  const now = byUuid(schema, after);
  const touched = new Set(changed.map(({ uuid }) => uuid));
  for (const place of now.values())
    for (const { name, refersTo } of referenceColumns(place.table))
      for (const member of membersIn(place.row, name))
        if (after.get(refersTo.table)?.has(member) !== true) yield `${called(place)} refers in ${name} to nothing`;
  if (!force)
    for (const difference of changed) yield* putBackLaws(undone, difference, theirs.get(difference.uuid), now);
  for (const place of byUuid(schema, since).values()) {
    if (touched.has(place.uuid)) continue;
    const found = now.get(place.uuid);
    // by force, what others put into a row that goes may go with it, and is named
    const isNamed = nameOf(place.row) === '' || warnings.some((warning) => warning.includes(nameOf(place.row)));
    if (found === undefined && force && !place.table.isRoot && warnings.length > 0 && isNamed) continue;
    if (found === undefined) yield `the undo took ${called(place)}, which the restore did not touch`;
    else yield* keptLaws(place, found, differingColumns(place.row, found.row), now);
  }
  for (const place of now.values())
    if (!touched.has(place.uuid) && since.get(place.table.name)?.has(place.uuid) !== true)
      yield `the undo made ${called(place)}, which the restore did not touch`;
}

function* putBackLaws(
  { before, since }: Undone,
  { kind, table, uuid, before: was, after: made, columns }: Difference,
  theirs: Difference | undefined,
  now: ReadonlyMap<string, Place>,
): Generator<string> {
  const found = now.get(uuid);
  const name = called({ table, uuid, row: (was ?? made) as Place['row'] });
  if (kind === 'INSERT') {
    if (found !== undefined) yield `${name} was inserted, and is still there after the undo`;
    return;
  }
  if (found === undefined) {
    yield `${name} did not come back with the undo`;
    return;
  }
  const wanted = before.get(table.name)?.get(uuid) as Place['row'];
  const later = since.get(table.name)?.get(uuid);
  for (const column of table.columns.keys()) {
    if (isRuntime(table.name, column, wanted)) continue;
    const isOurs = kind === 'DELETE' || columns.includes(column);
    const isTheirs = theirs?.columns.includes(column) === true;
    if (isOurs && isTheirs) continue;
    const value = membersIn(isOurs || later === undefined ? wanted : later, column);
    const members = columnOf(table, column).refersTo === undefined ? value : value.filter((member) => now.has(member));
    if (!isSame(members, membersIn(found.row, column)))
      yield `${name}: ${column} is ${membersIn(found.row, column).join(' ')} after the undo, and was ${value.join(' ')}`;
  }
}

/** A row that the restore did not touch stays as it is, but for weak references to rows that go. */
function* keptLaws(
  place: Place,
  found: Place,
  columns: readonly string[],
  now: ReadonlyMap<string, Place>,
): Generator<string> {
  for (const column of columns) {
    const left = membersIn(place.row, column).filter(
      (member) => columnOf(place.table, column).refersTo === undefined || now.has(member),
    );
    if (!isSame(left, membersIn(found.row, column)))
      yield `the undo changed ${column} of ${called(place)}, which the restore did not touch`;
  }
}
