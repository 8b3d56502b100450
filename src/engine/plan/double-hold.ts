/**
 * Ownership: a port that a restore puts into a switch must not stay in another one. That can only come
 * about when the port was moved since the backup, into a switch that the restore leaves as it is. Neither taking it
 * out there nor leaving it out here is for a program to decide, so such a plan is not carried out. Where the row that
 * held it comes only as the holder of such ports (a carrier), the port stays where it is, and that is said. Pure.
 */

import type { Breath } from '../../lib/breath.js';
import type { Problem } from '../../lib/error.js';
import { type Holder, holderOf } from '../../model/northbound/holder.js';
import { holderColumns, type ReferenceColumn, referencesIn } from '../../model/reference/reference.js';
import type { Row, Value } from '../../model/row/row.js';
import type { DatabaseSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import { howToMoveBack, type MovedPort } from '../describe/port-move.js';
import { NO_MATCH, rowsOfBackup } from '../identify/identify.js';
import { MARK } from '../scope/mark.js';
import { NOWHERE, type PortPlaces } from '../scope/port-places.js';
import type { PlannedRow } from './plan-draft.js';
import {
  OUTCOME,
  type PlanBasis,
  rowAfter,
  type TablePlan,
  translateRow,
  updateOf,
  valuesAfter,
} from './table-plan.js';

/** A live row that the plan puts into a holder. */
interface Taken {
  readonly child: { readonly table: string; readonly uuid: string };
  readonly holder: {
    readonly table: string;
    readonly index: number;
    readonly uuid: string;
    readonly label: string;
    readonly isLive: boolean;
  };
}

/** Rows of the backup that would hold what a live row holds and goes on holding. */
export async function findDoubleHolds(
  tables: readonly TablePlan[],
  basis: PlanBasis,
  breath: Breath,
): Promise<readonly (PlannedRow & { readonly problem: Problem })[]> {
  const taken = new Map<string, Taken>();
  for (const draft of tables) await collectTaken(draft, basis, taken, breath);
  if (taken.size === 0) return [];
  const found: (PlannedRow & { readonly problem: Problem })[] = [];
  for (const draft of tables) {
    for await (const { uuid, at } of remainingHolds(draft, basis, taken, breath)) {
      const { child, holder: wanted } = taken.get(uuid) as Taken;
      const holder = holderOf(child.table);
      const wayOut = holder === undefined ? '' : `. ${wayBack({ holder, uuid, at, wanted }, basis)}`;
      const message =
        `${liveLabel(basis, child.table, uuid)} cannot be in ${wanted.label}: it is in ${at.label} now, which the ` +
        `restore leaves as it is${wayOut}`;
      found.push({
        table: wanted.table,
        index: wanted.index,
        problem: { code: 'CONFLICT', message, table: wanted.table, label: wanted.label },
      });
    }
  }
  return found;
}

/** Table of ports -> where its live rows are. */
export type LivePlaces = ReadonlyMap<string, PortPlaces>;

/** Where ports are that live carriers held and hold no more, each in a sentence. */
export async function findElsewhere(
  tables: readonly TablePlan[],
  basis: PlanBasis,
  places: LivePlaces,
  breath: Breath,
): Promise<readonly (() => string)[]> {
  const { live, identity, options } = basis;
  const found: (() => string)[] = [];
  for (const draft of tables) {
    const { table, backup } = draft;
    const columns = exclusiveColumns(live.schema, table);
    for (let i = 0; columns.length > 0 && i < backup.count; i++) {
      if (breath.due()) await breath.rest();
      const match = identity.matches.get(table.name)?.[i] ?? NO_MATCH;
      if (match === NO_MATCH || options.scopeRules?.markOf(table.name, i) !== MARK.CARRIER) continue;
      const update = draft.updates.get(match);
      const after = update === undefined ? draft.live.row(match) : rowAfter(draft.live.row(match), update);
      const wanted = translateRow(table, backup.row(i), identity, options);
      for (const column of columns) {
        const held = new Set(referencesIn(column, after[column.column.name]).map(({ uuid }) => uuid));
        for (const { table: to, uuid } of referencesIn(column, wanted[column.column.name])) {
          const place = held.has(uuid) ? undefined : placeOf(basis, places, to, uuid);
          if (place !== undefined) found.push(() => elsewhere(place, draft, match, basis));
        }
      }
    }
  }
  return found;
}

interface Place {
  readonly ports: string;
  readonly uuid: string;
  readonly holder: Holder;
  /** Number of the live row that holds the port. */
  readonly at: number;
}

function placeOf({ live }: PlanBasis, places: LivePlaces, ports: string, uuid: string): Place | undefined {
  const [known, port] = [places.get(ports), live.tables.get(ports)?.find(uuid)];
  const at = known === undefined || port === undefined ? NOWHERE : (known.places[port] ?? NOWHERE);
  return known === undefined || at === NOWHERE ? undefined : { ports, uuid, holder: known.holder, at };
}

function elsewhere({ ports, uuid, holder, at }: Place, draft: TablePlan, match: number, basis: PlanBasis): string {
  const { table, live } = draft;
  const wanted = { uuid: live.uuid(match), isLive: true };
  const now = { uuid: live.uuid(at), label: labelOf(table, live.row(at), live.uuid(at)) };
  const isInBackup = basis.identity.matched.get(table.name)?.[at] === 1;
  const label = labelOf(table, live.row(match), wanted.uuid);
  return (
    `${liveLabel(basis, ports, uuid)}, which the restore needs, is in ${now.label} now and stays there, as the ` +
    `filter does not pick ${label}, which has it in the backup. ` +
    wayBack({ holder, uuid, at: { ...now, isInBackup }, wanted }, basis)
  );
}

function wayBack(moved: MovedPort, { options: { scopeRules, policy } }: PlanBasis): string {
  return howToMoveBack(moved, { isPart: scopeRules !== undefined, isOverwritten: policy === 'OVERWRITE' });
}

function liveLabel({ live: { schema, tables } }: PlanBasis, name: string, uuid: string): string {
  const [table, rows] = [schema.tables.get(name), tables.get(name)];
  const index = rows?.find(uuid);
  return table === undefined ? uuid : labelOf(table, index === undefined ? {} : (rows?.row(index) ?? {}), uuid);
}

/** Live rows of exclusive tables that an insert holds, or that an update puts where they were not. */
async function collectTaken(
  draft: TablePlan,
  { live, identity, options }: PlanBasis,
  taken: Map<string, Taken>,
  breath: Breath,
): Promise<void> {
  const { table, backup, outcomes } = draft;
  const columns = exclusiveColumns(live.schema, table);
  if (columns.length === 0) return;
  const take = (
    row: { readonly [column: string]: Value | undefined },
    before: Row,
    index: number,
    { uuid, isLive }: { readonly uuid: string; readonly isLive: boolean },
  ): void => {
    let holder: Taken['holder'] | undefined;
    for (const column of columns) {
      const held = new Set(referencesIn(column, before[column.column.name]).map((reference) => reference.uuid));
      for (const { table: to, uuid: child } of referencesIn(column, row[column.column.name])) {
        if (held.has(child) || live.tables.get(to)?.find(child) === undefined) continue;
        // made once: a row can hold very many
        holder ??= { table: table.name, index, uuid, isLive, label: labelOf(table, backup.row(index), uuid) };
        taken.set(child, { child: { table: to, uuid: child }, holder });
      }
    }
  };
  for (let i = 0; i < backup.count; i++) {
    const update = updateOf(draft, identity, i);
    if (outcomes[i] === OUTCOME.INSERT) {
      take(translateRow(table, backup.row(i), identity, options), {}, i, { uuid: backup.uuid(i), isLive: false });
    } else if (outcomes[i] === OUTCOME.UPDATE && update !== undefined) {
      const uuid = draft.live.uuid(update.liveIndex);
      take(valuesAfter(update), draft.live.row(update.liveIndex), i, { uuid, isLive: true });
    }
    if (breath.due()) await breath.rest();
  }
}

/** The table's columns whose rows are in no other holder. */
export function exclusiveColumns(schema: DatabaseSchema, table: TableSchema): readonly ReferenceColumn[] {
  return holderColumns(schema, table).filter(({ key }) => holderOf(key?.table ?? '')?.table === table.name);
}

/**
 * What live rows of this table still hold, of what was taken, when the plan has been carried out, and do not hold in
 * the backup.
 */
async function* remainingHolds(
  draft: TablePlan,
  { live: snapshot, identity, options }: PlanBasis,
  taken: ReadonlyMap<string, Taken>,
  breath: Breath,
): AsyncGenerator<{ readonly uuid: string; readonly at: MovedPort['at'] }> {
  const { table, live, updates } = draft;
  const columns = exclusiveColumns(snapshot.schema, table);
  if (columns.length === 0) return;
  const deleted = new Set(draft.deletes);
  const matches = rowsOfBackup(identity.matches.get(table.name), live.count);
  for (let i = 0; i < live.count; i++) {
    if (deleted.has(i)) continue;
    const update = updates.get(i);
    const before = live.row(i);
    const row = update === undefined ? before : { ...before, ...valuesAfter(update) };
    for (const column of columns) {
      const held = referencesIn(column, row[column.column.name]).filter(
        ({ uuid }) => taken.has(uuid) && taken.get(uuid)?.holder.uuid !== live.uuid(i),
      );
      const index = matches[i] ?? NO_MATCH;
      if (held.length === 0) continue;
      // a backup of a database in which a port was in two has it in two
      const known = new Set(
        index === NO_MATCH
          ? []
          : referencesIn(
              column,
              translateRow(table, draft.backup.row(index), identity, options)[column.column.name],
            ).map(({ uuid }) => uuid),
      );
      const at = { uuid: live.uuid(i), label: labelOf(table, before, live.uuid(i)), isInBackup: index !== NO_MATCH };
      for (const { uuid } of held) if (!known.has(uuid)) yield { uuid, at };
    }
    if (breath.due()) await breath.rest();
  }
}
