/**
 * RENAME. From the document: "roots with a name come in as a copy beside it: new UUIDs, every name that must be unique
 * suffixed, and every reference inside the copy (UUIDs and names in options, peers, ACL matches) pointed at the copy.
 * Nothing live changes." "A row whose root is not live at all comes back under its own name, and refers to live rows by
 * theirs; only rows of the copy refer to the copy. A child that is not live under a live parent is in the copy only,
 * with a warning."
 */
import { called, columnOf, isSame, membersIn, nameOf, ownersIn, type Place } from '../content.js';
import { isRuntime, NAMING_COLUMNS } from '../northbound.js';
import type { Trial } from '../trial.js';

const SUFFIX = /_restored_\d{14}/;
/** Ports that lead out of the network are disabled in a copy. */
const LEADING_OUT: ReadonlySet<string> = new Set(['"localnet"', '"l2gateway"', '"vtep"']);

export function* copyLaws(trial: Trial): Generator<string> {
  const copies = [...trial.inserted].flatMap((uuid) => {
    const place = trial.rows.after.get(uuid);
    return place === undefined || trial.rows.backup.has(uuid) ? [] : [place];
  });
  yield* liveLaws(trial);
  yield* outsideLaws(trial, new Set(copies.map(({ uuid }) => uuid)));
  yield* insideLaws(trial, copies);
  yield* presenceLaws(trial, copies);
}

function originalName(copy: Place): string {
  return nameOf(copy.row).replace(SUFFIX, '');
}

/** Nothing live changes, but for references to rows that come back under their own names. */
function* liveLaws({ differences, rows, inserted }: Trial): Generator<string> {
  for (const { kind, table, uuid, before, after, columns } of differences) {
    if (kind === 'INSERT' || before === undefined) continue;
    const place = called({ table, uuid, row: before });
    if (after === undefined) yield `${place} is gone after RENAME`;
    else
      for (const name of columns) {
        const was = membersIn(before, name);
        const now = membersIn(after, name);
        const added = now.filter((member) => !was.includes(member));
        const isAttachment =
          columnOf(table, name).refersTo !== undefined &&
          now.length === was.length + added.length &&
          added.every((member) => inserted.has(member) && rows.backup.has(member));
        if (!isAttachment) yield `${place}: ${name} was changed by RENAME`;
      }
  }
}

/** Only rows of the copy refer to the copy. */
function* outsideLaws({ rows }: Trial, copies: ReadonlySet<string>): Generator<string> {
  for (const place of rows.after.values()) {
    if (copies.has(place.uuid)) continue;
    for (const [name, members] of place.row)
      for (const member of members)
        if (copies.has(member) || SUFFIX.test(member))
          yield `${called(place)} is not of the copy, and refers to it in ${name}: ${member}`;
  }
}

/** Rows of the copy refer to the copy wherever there is one. */
function* insideLaws({ rows, identity }: Trial, copies: readonly Place[]): Generator<string> {
  const byName = new Map<string, Place>();
  for (const copy of copies)
    if (SUFFIX.test(nameOf(copy.row))) byName.set(`${copy.table.name} ${originalName(copy)}`, copy);
  const names = new Set([...byName.values()].map(originalName));
  const isCopied = (uuid: string): boolean => {
    const held = rows.backup.get(identity.held.get(uuid) ?? uuid);
    return held !== undefined && byName.has(`${held.table.name} ${nameOf(held.row)}`);
  };
  for (const copy of copies)
    for (const [name, members] of copy.row) {
      if (columnOf(copy.table, name).refersTo !== undefined) {
        for (const member of members)
          if (rows.before.has(member) && isCopied(member))
            yield `${called(copy)} is of the copy, and refers in ${name} to an original: ${called(rows.before.get(member) as Place)}`;
        continue;
      }
      if (!NAMING_COLUMNS.has(`${copy.table.name}.${name}`)) continue;
      for (const word of members.join(' ').match(/[\w.]+/g) ?? [])
        if (names.has(word.replace(/_ip[46]$/, '')))
          yield `${called(copy)} is of the copy, and names an original in ${name}: ${word}`;
    }
}

function* presenceLaws(trial: Trial, copies: readonly Place[]): Generator<string> {
  const { rows, part, identity, inserted, schema, backup, hasMapping } = trial;
  for (const { held } of trial.matched()) {
    const isNamedRoot = held.table.isRoot && held.table.columns.has('name') && nameOf(held.row) !== '';
    const isUnique = (place: Place): boolean =>
      [...rows.backup.values()].every(
        (other) => other === place || other.table !== place.table || nameOf(other.row) !== nameOf(place.row),
      );
    // a number that must be unique cannot be suffixed
    const hasNumber = held.table.indexes.flat().some((column) => columnOf(held.table, column).key.type !== 'string');
    if (!isNamedRoot || hasMapping || held.table.name === 'NB_Global' || hasNumber || !isUnique(held)) continue;
    const copy = copies.find(
      ({ table, row }) =>
        table === held.table && SUFFIX.test(nameOf(row)) && nameOf(row).replace(SUFFIX, '') === nameOf(held.row),
    );
    if (copy === undefined) yield `${called(held)} has no copy`;
    else yield* sameLaws(trial, held, copy);
  }
  const owners = ownersIn(schema, backup);
  const rootOf = (uuid: string): Place | undefined => {
    const above = owners.get(uuid) ?? [];
    if (above.length === 0) return rows.backup.get(uuid);
    return above.length > 1 ? undefined : rootOf((above[0] as { readonly owner: Place }).owner.uuid);
  };
  for (const held of trial.missing()) {
    const root = rootOf(held.uuid);
    // what is told apart by the port that it names belongs to that port
    const isOfPort = root?.table.indexes.flat().includes('logical_port') === true;
    if (root === undefined || root.table.name === 'NB_Global' || isOfPort) continue;
    if (identity.isMissing(root.uuid)) {
      if (part.sure.has(held.uuid) && !rows.after.has(held.uuid))
        yield `${called(held)} is not live, nor is its root, and it did not come back under its own name`;
    } else if (identity.live.has(root.uuid) && !held.table.isRoot) {
      if (inserted.has(held.uuid)) yield `${called(held)} came back under its own name, and its root is live`;
      else if (part.sure.has(held.uuid) && trial.outcome.warnings.length === 0)
        yield `${called(held)} is in the copy only, and nothing warns of it`;
    }
  }
}

function* sameLaws({ hasMapping }: Trial, held: Place, copy: Place): Generator<string> {
  const indexed = new Set(held.table.indexes.flat());
  const leadsOut = LEADING_OUT.has(membersIn(held.row, 'type').join());
  for (const { name, refersTo, isEphemeral } of held.table.columns.values()) {
    const isFree =
      refersTo !== undefined ||
      isEphemeral ||
      name === 'name' ||
      indexed.has(name) ||
      isRuntime(held.table.name, name, held.row) ||
      NAMING_COLUMNS.has(`${held.table.name}.${name}`) ||
      (name === 'enabled' && leadsOut);
    if (!isFree && !hasMapping && !isSame(membersIn(held.row, name), membersIn(copy.row, name)))
      yield `${called(copy)}: ${name} is ${membersIn(copy.row, name).join(' ')}, and the backup has ${membersIn(held.row, name).join(' ')}`;
  }
}
