/**
 * Scope: a part of a configuration, picked by a filter and closed over what it needs, so that it can stand by itself.
 *
 * Picked rows and what they own are OWNED; what these cannot stand without is NEEDED; the router that holds a needed
 * router port is its CARRIER; all else is OUT (mark.ts). A selective backup keeps what is in scope (cutSnapshot); a
 * selective restore plans with the marks of both sides (plan.ts), so that nothing out of scope is touched.
 */

import type { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import type { IncludeFlags, ResourceFilter } from '../../model/northbound/filter.js';
import { nounOf } from '../../model/northbound/noun.js';
import { referenceColumns, rewriteReferences } from '../../model/reference/reference.js';
import { encodeRow, type Row } from '../../model/row/row.js';
import { type Snapshot } from '../../model/snapshot/snapshot.js';
import { StoredRows } from '../../model/snapshot/stored-rows.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { type Identity, NO_MATCH, type RowPair } from '../identify/identify.js';
import { closeScope, type Seeds } from './closure.js';
import { LeftOutReferences } from './left-out-references.js';
import { MARK, type Mark, type PulledIn, type ScopeMarks } from './mark.js';
import {
  checkFilter,
  hasLists,
  type NamePick,
  type PickedRows,
  pickByName,
  refuseUnknown,
  rowsOf,
  sharedNames,
  withoutMapped,
} from './pick.js';

export type { ResourceFilter } from '../../model/northbound/filter.js';
export type { PulledIn, ScopeMarks } from './mark.js';

export interface Scope {
  readonly marks: ScopeMarks;
  /** Rows that nobody named and that come along: roots and router ports. */
  readonly pulledIn: readonly PulledIn[];
  /** Table -> UUIDs of the rows that were named; empty where everything is picked. */
  readonly roots: ReadonlyMap<string, ReadonlySet<string>>;
  readonly warnings: readonly string[];
}

export interface SelectOptions {
  /** Where the names are looked for, in both where there are two snapshots: as messages say it. */
  readonly where?: string | undefined;
  /**
   * A name that this snapshot has is none to complain of either: with exact, live rows that the backup lacks are
   * deleted.
   */
  readonly alsoIn?: Snapshot | undefined;
  /** What a mapping says of rows, whatever they are called. */
  readonly pairs?: readonly RowPair[] | undefined;
}

/** Of a name that only the database has, of a row that a mapping says something else of. */
const MAPPED_ELSEWHERE = 'in the backup, and the mapping takes that of the database for another row';

/**
 * The part of a snapshot that the filter picks.
 * @throws AppError BAD_USER_INPUT for a filter that can pick nothing, and for names that pick nothing, each of them
 * listed
 */
export async function selectScope(
  snapshot: Snapshot,
  filter: ResourceFilter,
  breath: Breath,
  { where = 'in the backup', alsoIn, pairs = [] }: SelectOptions = {},
): Promise<Scope> {
  checkFilter(filter);
  if (!hasLists(filter)) return scopeOf(snapshot, undefined, { filter, warnings: [] }, breath);
  const picked = await pickByName(snapshot, filter, breath);
  const unknown = picked.filter(({ rows }) => rows.length === 0);
  const pickElsewhere = async (part: ResourceFilter): Promise<readonly NamePick[]> =>
    alsoIn === undefined ? [] : withoutMapped(await pickByName(alsoIn, part, breath), snapshot, pairs);
  const elsewhere = unknown.length === 0 ? [] : await pickElsewhere(filter);
  const isIn = (picks: readonly NamePick[], { table, name }: NamePick): boolean =>
    picks.some((other) => other.table === table && other.name === name && other.rows.length > 0);
  const missing = unknown.filter((pick) => !isIn(elsewhere, pick));
  const mapped = missing.length === 0 || alsoIn === undefined ? [] : await pickByName(alsoIn, filter, breath);
  await refuseUnknown(
    missing.map((pick) => ({ ...pick, where: isIn(mapped, pick) ? MAPPED_ELSEWHERE : where })),
    alsoIn === undefined ? [snapshot] : [snapshot, alsoIn],
    breath,
  );
  for (const within of limitsOf(filter))
    await checkWithin(snapshot, picked, { within, named: await pickElsewhere(within) }, breath);
  return scopeOf(snapshot, rowsOf(picked), { filter, warnings: sharedNames(picked) }, breath);
}

/** The filters that this one was intersected with, as far as they limit anything. */
function limitsOf({ within }: ResourceFilter): readonly ResourceFilter[] {
  return within === undefined ? [] : [within, ...limitsOf(within)].filter(hasLists);
}

/** A backup that is itself a part knows nothing of what it left out, and of a carrier not even what that holds. */
async function checkWithin(
  snapshot: Snapshot,
  picked: readonly NamePick[],
  { within, named }: { within: ResourceFilter; named: readonly NamePick[] },
  breath: Breath,
): Promise<void> {
  const whole = rowsOf(await pickByName(snapshot, within, breath));
  const { marks } = await closeScope(snapshot, whole, { flags: within }, breath);
  const isNamed = ({ table, name, rows }: NamePick): boolean =>
    rows.length === 0 && named.some((other) => other.table === table && other.name === name);
  const outside = picked.filter(
    (pick) =>
      !isNamed(pick) &&
      (pick.rows.length === 0 || pick.rows.some((row) => (marks.get(pick.table)?.[row] ?? MARK.OUT) < MARK.NEEDED)),
  );
  if (outside.length === 0) return;
  const problems = outside.map(({ table, name }) => ({
    code: 'BAD_USER_INPUT' as const,
    message: `${nounOf(table)} "${name}" was not among what the backup was limited to`,
    table,
    label: `${nounOf(table)} "${name}"`,
  }));
  throw new AppError(
    'BAD_USER_INPUT',
    `The backup is of a part of a database: ${problems.map(({ message }) => message).join('. ')}`,
    { problems },
  );
}

/** What the live side's scope is made from. */
export interface LiveScopeContext {
  readonly backup: Snapshot;
  readonly identity: Identity;
  /** True with exact: rows that the filter names are picked also where the backup lacks them. */
  readonly byName: boolean;
  /** What a mapping says of rows. Then also the backup with the names that it was made with. */
  readonly mapped?: { readonly named: Snapshot; readonly pairs: readonly RowPair[] };
}

/**
 * The same part of the live database: what is matched with the rows of the backup's part, wherever it is now, and what
 * that owns and needs. Names that are not live are no error.
 */
export async function selectLiveScope(
  live: Snapshot,
  filter: ResourceFilter,
  backupScope: Scope,
  context: LiveScopeContext,
  breath: Breath,
): Promise<Scope> {
  if (!hasLists(filter)) return scopeOf(live, undefined, { filter, warnings: [] }, breath);
  const roots = new Map<string, Set<number>>();
  for (const [table, uuids] of backupScope.roots) {
    const indexes = new Set<number>();
    for (const uuid of uuids) {
      const match =
        context.identity.matches.get(table)?.[context.backup.tables.get(table)?.find(uuid) ?? -1] ?? NO_MATCH;
      if (match !== NO_MATCH) indexes.add(match);
    }
    roots.set(table, indexes);
  }
  if (context.byName) {
    const { named, pairs } = context.mapped ?? { named: context.backup, pairs: [] };
    const pick = async (part: ResourceFilter): Promise<PickedRows> =>
      rowsOf(withoutMapped(await pickByName(live, part, breath), named, pairs));
    const allowed: PickedRows[] = [];
    for (const within of limitsOf(filter)) allowed.push(await pick(within));
    for (const [table, indexes] of await pick(filter)) {
      const set = roots.get(table) ?? new Set();
      roots.set(table, set);
      for (const index of indexes) if (allowed.every((limit) => limit.get(table)?.has(index) === true)) set.add(index);
    }
  }
  const seeds = await matchedMarks(backupScope.marks, context.identity, breath);
  return scopeOf(live, roots, { filter, warnings: [], seeds }, breath);
}

/** The marks of live rows that rows of the backup's part are matched with. */
async function matchedMarks(marks: ScopeMarks, { matches }: Identity, breath: Breath): Promise<Seeds> {
  const seeds = new Map<string, ReadonlyMap<number, Mark>>();
  for (const [table, ofTable] of marks) {
    const found = new Map<number, Mark>();
    for (let i = 0; i < ofTable.length; i++) {
      const match = matches.get(table)?.[i] ?? NO_MATCH;
      const mark = ofTable[i];
      if (match !== NO_MATCH && (mark === MARK.OWNED || mark === MARK.NEEDED)) found.set(match, mark);
      if (breath.due()) await breath.rest();
    }
    seeds.set(table, found);
  }
  return seeds;
}

async function scopeOf(
  snapshot: Snapshot,
  picks: PickedRows | undefined,
  { filter, warnings, seeds }: { filter: ResourceFilter; warnings: readonly string[]; seeds?: Seeds },
  breath: Breath,
): Promise<Scope> {
  const { includePorts, includeAcls, includeLoadBalancers, includeNat, includeDhcpOptions, includeQos } = filter;
  const flags: IncludeFlags = {
    includePorts,
    includeAcls,
    includeLoadBalancers,
    includeNat,
    includeDhcpOptions,
    includeQos,
  };
  const closed = await closeScope(snapshot, picks, { flags, seeds }, breath);
  const roots = new Map<string, ReadonlySet<string>>();
  for (const [table, indexes] of picks ?? [])
    roots.set(table, new Set([...indexes].map((index) => (snapshot.tables.get(table) as StoredRows).uuid(index))));
  return { ...closed, roots, warnings };
}

/**
 * The rows in scope as a snapshot of their own. References to rows out of scope are dropped; the warnings count those
 * that are missed. No strong reference is left without its row.
 */
export async function cutSnapshot(
  snapshot: Snapshot,
  scope: Pick<Scope, 'marks'>,
  breath: Breath,
): Promise<{ readonly snapshot: Snapshot; readonly warnings: readonly string[] }> {
  const { marks } = scope;
  const leftOut = new LeftOutReferences(snapshot);
  const stays = (table: string, uuid: string): boolean =>
    (marks.get(table)?.[snapshot.tables.get(table)?.find(uuid) ?? -1] ?? MARK.OUT) !== MARK.OUT;
  const tables = new Map<string, StoredRows>();
  for (const rows of snapshot.tables.values()) {
    const table = snapshot.schema.tables.get(rows.table) as TableSchema;
    const cut = new StoredRows(rows.table);
    for (let i = 0; i < rows.count; i++) {
      const mark = marks.get(rows.table)?.[i] ?? MARK.OUT;
      if (mark !== MARK.OUT) {
        const row = referenceColumns(table).length === 0 ? undefined : rows.row(i);
        const kept = row === undefined ? undefined : withoutReferences(table, row, stays);
        // a carrier is bare in a backup; where a restore brings it back, the plan says so
        if (row !== undefined && kept !== row && mark !== MARK.CARRIER) leftOut.count(table, row, mark, stays);
        cut.add(rows.uuid(i), kept === undefined || kept === row ? rows.text(i) : encodeRow(table, kept, rows.uuid(i)));
      }
      if (breath.due()) await breath.rest();
    }
    cut.seal();
    tables.set(rows.table, cut);
  }
  return { snapshot: { schema: snapshot.schema, tables }, warnings: leftOut.warnings() };
}

/** The row without the references that do not stay; the same object when all do. */
function withoutReferences(table: TableSchema, row: Row, stays: (table: string, uuid: string) => boolean): Row {
  let result = row;
  for (const column of referenceColumns(table)) {
    const { name } = column.column;
    const value = row[name];
    if (value === undefined) continue;
    let dropped = false;
    const kept = rewriteReferences(column, value, (uuid, to) => {
      if (stays(to, uuid)) return uuid;
      dropped = true;
      return undefined;
    });
    if (!dropped) continue;
    const { [name]: _dropped, ...others } = result;
    result = kept === undefined ? others : { ...others, [name]: kept };
  }
  return result;
}

/**
 * The filter of a restore from a backup that was itself limited: flags of both, lists of `b`, or of `a` where `b` has
 * none, and nothing that `a` did not take in.
 */
export function intersectFilters(a: ResourceFilter, b: ResourceFilter): ResourceFilter {
  const { switches, routers, portGroups, addressSets, loadBalancers } = hasLists(b) ? b : a;
  return {
    switches,
    routers,
    portGroups,
    addressSets,
    loadBalancers,
    includePorts: a.includePorts && b.includePorts,
    includeAcls: a.includeAcls && b.includeAcls,
    includeLoadBalancers: a.includeLoadBalancers && b.includeLoadBalancers,
    includeNat: a.includeNat && b.includeNat,
    includeDhcpOptions: a.includeDhcpOptions && b.includeDhcpOptions,
    includeQos: a.includeQos && b.includeQos,
    within: b.within === undefined ? a : { ...a, within: b.within },
  };
}
