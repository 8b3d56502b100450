/** Picking: the rows that a filter names. Pure. */

import type { Breath } from '../../lib/breath.js';
import { AppError, type Problem } from '../../lib/error.js';
import { nearestNames, shownNear } from '../../lib/text/nearest.js';
import { PICKED_TABLES, type ResourceFilter } from '../../model/northbound/filter.js';
import { nounOf } from '../../model/northbound/noun.js';
import { isUuid } from '../../model/row/row.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import { nameInText } from '../describe/label.js';
import type { RowPair } from '../identify/identify.js';

/** Table -> numbers of the picked rows. */
export type PickedRows = ReadonlyMap<string, ReadonlySet<number>>;

/** A name of the filter, and what it picks. */
export interface NamePick {
  readonly table: string;
  readonly name: string;
  readonly rows: readonly number[];
}

const LISTS = Object.entries(PICKED_TABLES) as readonly (readonly [keyof typeof PICKED_TABLES, string])[];

/** True when the filter picks by name; false when it picks everything. */
export function hasLists(filter: ResourceFilter): boolean {
  return LISTS.some(([list]) => filter[list] !== undefined);
}

/** @throws AppError BAD_USER_INPUT for a filter that can pick nothing */
export function checkFilter(filter: ResourceFilter): void {
  if (hasLists(filter) && LISTS.every(([list]) => (filter[list]?.length ?? 0) === 0))
    throw new AppError(
      'BAD_USER_INPUT',
      'The filter picks nothing: all of its lists are empty. Name something, or leave the lists out to pick everything',
    );
}

/** What each name or UUID of the filter picks; a name picks all rows of that name. */
export async function pickByName(
  snapshot: Snapshot,
  filter: ResourceFilter,
  breath: Breath,
): Promise<readonly NamePick[]> {
  const picks: NamePick[] = [];
  for (const [list, table] of LISTS) {
    const names = new Set(filter[list] ?? []);
    const rows = snapshot.tables.get(table);
    if (names.size === 0) continue;
    const found = new Map<string, number[]>([...names].map((name) => [name, []]));
    for (let i = 0; rows !== undefined && i < rows.count; i++) {
      const name = nameInText(rows.text(i));
      if (name !== undefined && name !== '') found.get(name)?.push(i);
      if (breath.due()) await breath.rest();
    }
    for (const [name, indexes] of found) {
      const byUuid = isUuid(name.toLowerCase()) ? rows?.find(name.toLowerCase()) : undefined;
      picks.push({
        table,
        name,
        rows: byUuid === undefined || indexes.includes(byUuid) ? indexes : [...indexes, byUuid],
      });
    }
  }
  return picks;
}

/**
 * What names pick in the database, without what a mapping says something else of: rows that it gives to others of the
 * backup, and names of the backup's rows that it takes to be rows of other names.
 * @param backup with the names that it was made with
 */
export function withoutMapped(
  picks: readonly NamePick[],
  backup: Snapshot,
  pairs: readonly RowPair[],
): readonly NamePick[] {
  const names = new Set<string>();
  const taken = new Set<string>();
  for (const { table, backupIndex, liveIndex } of pairs) {
    const rows = backup.tables.get(table);
    const name = rows === undefined ? undefined : nameInText(rows.text(backupIndex));
    if (rows !== undefined) names.add(`${table} ${rows.uuid(backupIndex)}`);
    if (name !== undefined) names.add(`${table} ${name}`);
    taken.add(`${table} ${String(liveIndex)}`);
  }
  return picks.map(({ table, name, rows }) => ({
    table,
    name,
    rows:
      names.has(`${table} ${name}`) || names.has(`${table} ${name.toLowerCase()}`)
        ? []
        : rows.filter((row) => !taken.has(`${table} ${String(row)}`)),
  }));
}

export function rowsOf(picks: readonly NamePick[]): PickedRows {
  const rows = new Map<string, Set<number>>();
  for (const { table, rows: indexes } of picks) {
    const set = rows.get(table) ?? new Set();
    rows.set(table, set);
    for (const index of indexes) set.add(index);
  }
  return rows;
}

/** Names that pick several rows: that is allowed, and said. */
export function sharedNames(picks: readonly NamePick[]): readonly string[] {
  return picks
    .filter(({ rows }) => rows.length > 1)
    .map(({ table, name, rows }) => `The name "${name}" picks ${rows.length} rows of ${table}`);
}

/** A name that picks nothing. */
export interface UnknownName extends Pick<NamePick, 'table' | 'name'> {
  /** Where it was looked for, such as "in the backup". */
  readonly where: string;
}

/**
 * @param snapshots where the names were looked for
 * @throws AppError BAD_USER_INPUT that lists every one of the names, with those that were perhaps meant
 */
export async function refuseUnknown(
  unknown: readonly UnknownName[],
  snapshots: readonly Snapshot[],
  breath: Breath,
): Promise<void> {
  if (unknown.length === 0) return;
  const names = new Map<string, readonly string[]>();
  for (const { table } of unknown) {
    if (names.has(table)) continue;
    const found: string[] = [];
    for (const snapshot of snapshots) found.push(...(await namesIn(snapshot, table, breath)));
    names.set(table, found);
  }
  const problems = unknown.map(({ table, name, where }): Problem => {
    const near = nearestNames(
      name,
      (names.get(table) ?? []).filter((known) => known !== name),
    );
    const hint =
      near.length === 0 ? '' : `; there is ${near.map((candidate) => shownNear(candidate, name)).join(', ')}`;
    return {
      code: 'BAD_USER_INPUT',
      message: `There is no ${nounOf(table)} "${name}" ${where}${hint}`,
      table,
      label: `${nounOf(table)} "${name}"`,
    };
  });
  throw new AppError(
    'BAD_USER_INPUT',
    `The filter names what is not there: ${problems
      .slice(0, 5)
      .map(({ message }) => message)
      .join('. ')}${problems.length > 5 ? `. And ${problems.length - 5} more` : ''}`,
    { problems },
  );
}

async function namesIn(snapshot: Snapshot, table: string, breath: Breath): Promise<readonly string[]> {
  const rows = snapshot.tables.get(table);
  const names: string[] = [];
  for (let i = 0; rows !== undefined && i < rows.count; i++) {
    const name = nameInText(rows.text(i));
    if (name !== undefined) names.push(name);
    if (breath.due()) await breath.rest();
  }
  return names;
}
