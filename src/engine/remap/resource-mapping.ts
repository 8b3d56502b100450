/**
 * Resource mapping: a row of the backup is said to be a certain live row, which may have another UUID and another name.
 * Pure.
 *
 * Such a row takes the live row's name, and every reference by name in the backup follows; references by UUID follow
 * because identify.ts is told the pairs.
 */

import type { Breath } from '../../lib/breath.js';
import { defined } from '../../lib/defined.js';
import { AppError, type Problem } from '../../lib/error.js';
import { nearestNames, shownNear } from '../../lib/text/nearest.js';
import { nameOf, nounOf } from '../../model/northbound/noun.js';
import { isUuid } from '../../model/row/row.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf, nameInText } from '../describe/label.js';
import type { RowPair } from '../identify/identify.js';
import { OUTCOME, type Plan } from '../plan/table-plan.js';
import { renameMapped } from './mapped-names.js';

/** A UUID or a name each: of a row of the backup, and of a live one. */
export interface MappingEntry {
  readonly from: string;
  readonly to: string;
}

export interface ResolvedMapping {
  /** The backup with the names of the live rows. */
  readonly snapshot: Snapshot;
  readonly pairs: readonly RowPair[];
}

/**
 * Finds the rows that the entries name. Both snapshots have the same schema.
 * @throws AppError BAD_USER_INPUT with a problem for each entry that names no row, several, or rows that do not go
 * together
 */
export async function resolveMapping(
  backup: Snapshot,
  live: Snapshot,
  entries: readonly MappingEntry[],
  breath: Breath,
): Promise<ResolvedMapping> {
  const ours: Side = {
    snapshot: backup,
    where: 'in the backup',
    found: await find(
      backup,
      entries.map(({ from }) => from),
      breath,
    ),
  };
  const theirs: Side = {
    snapshot: live,
    where: 'in the database',
    found: await find(
      live,
      entries.map(({ to }) => to),
      breath,
    ),
  };
  const pairs: RowPair[] = [];
  const bad: { readonly entry: MappingEntry; readonly fault: Fault }[] = [];
  const taken = new Set<string>();
  for (const entry of entries) {
    const result = pairOf(entry, ours, theirs);
    const fault = 'message' in result ? result : takenTwice(result, ours, theirs, taken);
    if (fault !== undefined) bad.push({ entry, fault });
    else if (!('message' in result)) pairs.push(result);
    if (breath.due()) await breath.rest();
  }
  if (bad.length === 0) {
    const { snapshot, clashes } = await renameMapped(backup, live, pairs, breath);
    if (clashes.length === 0) return { snapshot, pairs };
    const entryOf = new Map(pairs.map((pair, i) => [pair, entries[i] as MappingEntry]));
    for (const { pair, message } of clashes)
      bad.push({ entry: entryOf.get(pair) as MappingEntry, fault: { message, table: pair.table } });
  }
  throw await refusal(bad, breath);
}

/**
 * Rows of the backup that are to be inserted although a live row has their UUID: that one was given to another row of
 * the backup. Empty without a mapping.
 */
export async function findDisplaced({ tables }: Plan, breath: Breath): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const { table, backup, live, outcomes } of tables) {
    for (let i = 0; i < backup.count; i++) {
      if (breath.due()) await breath.rest();
      if (outcomes[i] !== OUTCOME.INSERT || live.find(backup.uuid(i)) === undefined) continue;
      const label = labelOf(table, backup.row(i), backup.uuid(i));
      problems.push({
        code: 'CONFLICT',
        message:
          `${label} of the backup is the live row that the mapping gives to another one: map it to a row of ` +
          'its own, or leave it out with a filter',
        table: table.name,
        label,
      });
    }
  }
  return problems;
}

interface Place {
  readonly table: string;
  readonly index: number;
}

interface Side {
  readonly snapshot: Snapshot;
  readonly where: string;
  /** What was written -> the rows that may be meant. */
  readonly found: ReadonlyMap<string, readonly Place[]>;
}

interface Fault {
  readonly message: string;
  readonly table?: string;
  /** What is not there, where, and the tables that it could be in. */
  readonly missing?: { readonly text: string; readonly snapshot: Snapshot; readonly tables: readonly string[] };
}

async function find(
  snapshot: Snapshot,
  texts: readonly string[],
  breath: Breath,
): Promise<ReadonlyMap<string, readonly Place[]>> {
  const found = new Map<string, Place[]>(texts.map((text) => [text, []]));
  await eachName(
    snapshot,
    (table, index, name) => {
      found.get(name)?.push({ table, index });
    },
    breath,
  );
  for (const text of found.keys()) {
    const uuid = text.toLowerCase();
    if (!isUuid(uuid)) continue;
    // a port may be called by the UUID of something else
    const places = [...snapshot.tables.values()].flatMap((rows) =>
      rows.find(uuid) === undefined ? [] : [{ table: rows.table, index: rows.find(uuid) as number }],
    );
    if (places.length > 0) found.set(text, places);
  }
  return found;
}

/** Every name of the snapshot. */
async function eachName(
  snapshot: Snapshot,
  look: (table: string, index: number, name: string) => void,
  breath: Breath,
): Promise<void> {
  for (const table of snapshot.schema.tables.values()) {
    const rows = snapshot.tables.get(table.name);
    const isNamed = table.columns.has('name');
    for (let i = 0; rows !== undefined && i < rows.count; i++) {
      const name = isNamed ? nameInText(rows.text(i)) : nameOf(rows.row(i));
      if (name !== undefined && name !== '') look(table.name, i, name);
      if (breath.due()) await breath.rest();
    }
  }
}

function pairOf({ from, to }: MappingEntry, ours: Side, theirs: Side): RowPair | Fault {
  const [backupPlaces, livePlaces] = [ours.found.get(from) ?? [], theirs.found.get(to) ?? []];
  for (const [side, text, places, others] of [
    [ours, from, backupPlaces, livePlaces],
    [theirs, to, livePlaces, backupPlaces],
  ] as const) {
    if (places.length === 0)
      return {
        message: `there is no row "${text}" ${side.where}`,
        missing: { text, snapshot: side.snapshot, tables: tablesOf(others) },
      };
  }
  const both = tablesOf(backupPlaces).filter((table) => livePlaces.some((place) => place.table === table));
  const [table] = both;
  if (table === undefined)
    return {
      message:
        `"${from}" ${ours.where} (${nouns(tablesOf(backupPlaces))}) and "${to}" ${theirs.where} ` +
        `(${nouns(tablesOf(livePlaces))}) are of different tables`,
    };
  if (both.length > 1) return { message: `the names fit several tables (${nouns(both)}): give UUIDs` };
  for (const [side, text, places] of [
    [ours, from, backupPlaces],
    [theirs, to, livePlaces],
  ] as const) {
    const fitting = places.filter((place) => place.table === table);
    if (fitting.length > 1)
      return {
        table,
        message:
          `${fitting.length} ${nounOf(table)} rows ${side.where} are called "${text}": give the UUID, ` +
          uuids(side, fitting),
      };
  }
  const indexIn = (places: readonly Place[]): number => places.find((place) => place.table === table)?.index as number;
  return { table, backupIndex: indexIn(backupPlaces), liveIndex: indexIn(livePlaces) };
}

function tablesOf(places: readonly Place[]): readonly string[] {
  return [...new Set(places.map(({ table }) => table))];
}

function nouns(tables: readonly string[]): string {
  return tables.map(nounOf).join(', ');
}

const UUIDS_SHOWN = 5;

function uuids({ snapshot }: Side, places: readonly Place[]): string {
  const shown = places.slice(0, UUIDS_SHOWN).map(({ table, index }) => snapshot.tables.get(table)?.uuid(index) ?? '');
  return `${shown.join(' or ')}${places.length > shown.length ? ' ...' : ''}`;
}

/** Notes both rows of the pair. @returns what is wrong when one of them was noted before */
function takenTwice(
  { table, backupIndex, liveIndex }: RowPair,
  ours: Side,
  theirs: Side,
  taken: Set<string>,
): Fault | undefined {
  for (const [side, index] of [
    [ours, backupIndex],
    [theirs, liveIndex],
  ] as const) {
    const key = `${side.where} ${table} ${index}`;
    if (taken.has(key)) {
      const rows = side.snapshot.tables.get(table) as TableRows;
      return {
        table,
        message:
          `${labelOf(side.snapshot.schema.tables.get(table) as TableSchema, rows.row(index), rows.uuid(index))} ` +
          `${side.where} is in another entry too`,
      };
    }
    taken.add(key);
  }
  return undefined;
}

/** Entries for which nearest names are looked for: each is compared with every name there is. */
const HINTS_MAX = 50;
const SHOWN = 5;

async function refusal(
  bad: readonly { readonly entry: MappingEntry; readonly fault: Fault }[],
  breath: Breath,
): Promise<AppError> {
  const names = new Map<Snapshot, ReadonlyMap<string, readonly string[]>>();
  const problems: Problem[] = [];
  for (const {
    entry: { from, to },
    fault,
  } of bad) {
    let hint = '';
    if (fault.missing !== undefined && problems.length < HINTS_MAX) {
      const { snapshot, text, tables } = fault.missing;
      const known = names.get(snapshot) ?? (await namesByTable(snapshot, breath));
      names.set(snapshot, known);
      const near = nearestNames(
        text,
        (tables.length > 0 ? tables : [...known.keys()]).flatMap((table) => known.get(table) ?? []),
      );
      if (near.length > 0) hint = `; there is ${near.map((name) => shownNear(name, text)).join(', ')}`;
    }
    problems.push({
      code: 'BAD_USER_INPUT',
      message: `"${from}" to "${to}": ${fault.message}${hint}`,
      ...defined({ table: fault.table }),
    });
    if (breath.due()) await breath.rest();
  }
  const more = problems.length > SHOWN ? `. And ${problems.length - SHOWN} more` : '';
  return new AppError(
    'BAD_USER_INPUT',
    `The resource mapping does not fit: ${problems
      .slice(0, SHOWN)
      .map(({ message }) => message)
      .join('. ')}${more}`,
    { problems },
  );
}

async function namesByTable(snapshot: Snapshot, breath: Breath): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = new Map<string, string[]>();
  await eachName(
    snapshot,
    (table, _index, name) => {
      const known = names.get(table);
      if (known === undefined) names.set(table, [name]);
      else known.push(name);
    },
    breath,
  );
  return names;
}
