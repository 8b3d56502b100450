/**
 * Guards against weak references that nobody planned for. ovsdb-server takes a weak reference to a deleted row out of
 * whatever row holds it, and asks nobody. The plan knows of those that were there when it was made
 * (dropped-reference.ts); one that somebody writes after that would be lost without a word. So a transaction that
 * deletes rows says who refers to them weakly, and is aborted when anybody else does.
 *
 * For each such column ovsdb-server looks at every row of its table, once for each deleted row. Where that is too much,
 * the whole column is to be as it was: that costs one look at each row, but also a change that does no harm aborts.
 */
import type { Breath } from '../../lib/breath.js';
import type { ReferenceColumn } from '../../model/reference/reference.js';
import { referencesIn } from '../../model/reference/reference.js';
import { wireValue } from '../../model/row/wire-notation.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { EVERY_ROW, waitOperation } from '../../ovsdb/operation.js';
import { type Deleted, deletedRows, weakColumns } from '../plan/dropped-reference.js';
import type { Plan, TablePlan } from '../plan/table-plan.js';

/** How many rows ovsdb-server may look at for the guards of one column: some tenths of a second. */
const LOOKS_MAX = 5_000_000;
/** To read a guard costs ovsdb-server as much as to look at so many rows. */
const LOOKS_OF_A_GUARD = 300;

/** A column of weak references, through which rows of tables can be referred to of which rows are deleted. */
interface WeakColumn {
  readonly draft: TablePlan;
  readonly reference: ReferenceColumn;
  readonly deleted: Deleted;
}

/** A live row of a table, by its number, that refers to another in a column. */
export interface Referrer {
  readonly table: TableSchema;
  readonly reference: ReferenceColumn;
  readonly liveIndex: number;
}

/** The guards of a plan that is one transaction. */
export async function referrerGuards(plan: Plan, breath: Breath): Promise<readonly string[]> {
  const columns = columnsOf(plan);
  const isDear = (column: WeakColumn): boolean => !isAskable(column) || looks(column) * deletes(column) > LOOKS_MAX;
  const guards: string[] = [];
  for (const column of columns) if (isDear(column)) guards.push(await columnGuard(column, breath));
  const referrers = await WeakReferrers.read(
    columns.filter((column) => !isDear(column)),
    breath,
  );
  for (const { table, live, deletes: indexes } of plan.tables) {
    for (const index of indexes) {
      guards.push(...referrers.guards(table.name, live.uuid(index)));
      if (breath.due()) await breath.rest();
    }
  }
  return guards;
}

/** Who refers weakly to the rows that a plan deletes, row by row. */
export class WeakReferrers {
  private readonly columns = new Map<string, (WeakColumn & { readonly rows: ReadonlyMap<string, number[]> })[]>();

  /** Of a plan that is cut. A map that has weak references in it is left out: who has a key cannot be asked. */
  static ofPlan(plan: Plan, breath: Breath): Promise<WeakReferrers> {
    return WeakReferrers.read(columnsOf(plan).filter(isAskable), breath);
  }

  static async read(columns: readonly WeakColumn[], breath: Breath): Promise<WeakReferrers> {
    const referrers = new WeakReferrers();
    for (const column of columns) {
      const rows = await referrersIn(column, breath);
      for (const name of column.deleted.keys())
        referrers.columns.set(name, [...(referrers.columns.get(name) ?? []), { ...column, rows }]);
    }
    return referrers;
  }

  /** How many rows ovsdb-server looks at for a deleted row of this table. */
  looks(table: string): number {
    return (this.columns.get(table) ?? []).reduce((sum, column) => sum + looks(column), 0);
  }

  /** The guards of a deleted row. @param isThere which of its referrers refer to it by then */
  *guards(table: string, uuid: string, isThere: (referrer: Referrer) => boolean = () => true): Generator<string> {
    for (const { draft, reference, rows } of this.columns.get(table) ?? []) {
      const { name } = reference.column;
      const listed = (rows.get(uuid) ?? [])
        .filter((liveIndex) => isThere({ table: draft.table, reference, liveIndex }))
        .map((liveIndex) => `{"_uuid":["uuid","${draft.live.uuid(liveIndex)}"]}`);
      const where = `[[${JSON.stringify(name)},"includes",["uuid","${uuid}"]]]`;
      yield waitOperation(draft.table.name, where, ['_uuid'], `[${listed.join(',')}]`);
    }
  }
}

function columnsOf({ tables }: Plan): readonly WeakColumn[] {
  const deleted = deletedRows(tables);
  if (deleted.size === 0) return [];
  return tables.flatMap((draft) =>
    weakColumns(draft.table)
      // what is ephemeral is not captured
      .filter(({ column }) => !column.ephemeral)
      .map((reference) => ({ draft, reference, deleted: weakTargets(reference, deleted) }))
      .filter((column) => column.deleted.size > 0),
  );
}

/** Those of the deleted rows to which the column can refer weakly. */
function weakTargets({ key, value }: ReferenceColumn, deleted: Deleted): Deleted {
  const isTarget = (table: string): boolean => [key, value].some((to) => to?.strong === false && to.table === table);
  return new Map([...deleted].filter(([table]) => isTarget(table)));
}

/** Whether a condition can pick the rows that refer to a given one: for a map it would need the whole pair. */
function isAskable({ reference }: WeakColumn): boolean {
  return reference.column.kind !== 'map';
}

const looks = ({ draft }: WeakColumn): number => draft.live.count + LOOKS_OF_A_GUARD;

const deletes = ({ deleted }: WeakColumn): number => [...deleted.values()].reduce((sum, { size }) => sum + size, 0);

/** UUID of a deleted row -> numbers of the live rows that refer to it. */
async function referrersIn({ draft, reference, deleted }: WeakColumn, breath: Breath): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  const { live } = draft;
  for (let liveIndex = 0; liveIndex < live.count; liveIndex++) {
    for (const { table, uuid } of referencesIn(reference, live.row(liveIndex)[reference.column.name])) {
      if (deleted.get(table)?.has(uuid) !== true) continue;
      const rows = found.get(uuid) ?? [];
      rows.push(liveIndex);
      found.set(uuid, rows);
    }
    if (breath.due()) await breath.rest();
  }
  return found;
}

/** The column must be as it was, in every row that has something in it. */
async function columnGuard({ draft: { table, live }, reference }: WeakColumn, breath: Breath): Promise<string> {
  const { column } = reference;
  const name = JSON.stringify(column.name);
  const rows: string[] = [];
  for (let index = 0; index < live.count; index++) {
    const value = live.row(index)[column.name];
    if (value !== undefined || column.min > 0)
      rows.push(`{"_uuid":["uuid","${live.uuid(index)}"],${name}:${wireValue(column, value)}}`);
    if (breath.due()) await breath.rest();
  }
  const where = column.min > 0 ? EVERY_ROW : `[[${name},"!=",${wireValue(column, undefined)}]]`;
  return waitOperation(table.name, where, ['_uuid', column.name], `[${rows.join(',')}]`);
}
