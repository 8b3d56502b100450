/**
 * Guards of values that northd gave to ports which come back with them (runtime-values/free-values.ts): the addresses
 * and tags were free when the plan was made, and northd may have given them to others since.
 *
 * To ask for one value ovsdb-server looks at every port. Where that is too much there are no such guards: then a value
 * that is given away between planning and committing comes back all the same.
 */
import type { Breath } from '../../lib/breath.js';
import { ASSIGNED_ADDRESSES, ASSIGNED_TAG, hasAssignedTag } from '../../model/northbound/assigned-value.js';
import { SWITCH_PORT } from '../../model/northbound/tables.js';
import type { Row } from '../../model/row/row.js';
import { wireValue } from '../../model/row/wire-notation.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { condition, waitOperation } from '../../ovsdb/operation.js';
import { OUTCOME, type Plan, type TablePlan } from '../plan/table-plan.js';

/** So many values are asked for one by one, if ovsdb-server has to look at no more rows than this for all. */
const VALUES_MAX = 200;
const LOOKS_MAX = 5_000_000;

/** Columns that hold a value, alone or together. */
const VALUES: readonly { readonly columns: readonly string[]; readonly isIn: (row: Row) => boolean }[] = [
  { columns: [ASSIGNED_ADDRESSES], isIn: (row) => row[ASSIGNED_ADDRESSES] !== undefined },
  { columns: ['parent_name', ASSIGNED_TAG], isIn: hasAssignedTag },
];
const MARKS = [ASSIGNED_ADDRESSES, ASSIGNED_TAG].map((name) => Buffer.from(`"${name}":`));

export class AssignedValueGuards {
  /** Number of an inserted port in the backup -> its guards. */
  private readonly guards: ReadonlyMap<number, readonly string[]>;
  /** Rows that ovsdb-server looks at for one guard, at most. */
  private readonly looks: number;

  private constructor(ports: TablePlan | undefined, guards: ReadonlyMap<number, readonly string[]>) {
    this.guards = guards;
    this.looks = ports === undefined ? 0 : ports.live.count + ports.backup.count;
  }

  static async read({ tables }: Pick<Plan, 'tables'>, breath: Breath): Promise<AssignedValueGuards> {
    const ports = tables.find(({ table }) => table.name === SWITCH_PORT);
    const wheres = ports && (await comingValues(ports, breath));
    if (ports === undefined || wheres === undefined) return new AssignedValueGuards(undefined, new Map());
    const taken = await liveValues(ports, new Set([...wheres.values()].flat()), breath);
    const guards = new Map<number, readonly string[]>();
    for (const [index, own] of wheres) {
      const free = own.filter((where) => !taken.has(where));
      if (free.length > 0) guards.set(index, free.map(freeGuard));
    }
    return new AssignedValueGuards(ports, guards);
  }

  /** Of a plan that is one transaction. */
  all(): readonly string[] {
    return [...this.guards.values()].flat();
  }

  /** Of a port that is inserted, by its number in the backup. */
  of(table: string, index: number): readonly string[] {
    return table === SWITCH_PORT ? (this.guards.get(index) ?? []) : [];
  }

  /** What they cost in a transaction, at most. */
  cost(table: string, index: number): { readonly bytes: number; readonly looks: number } {
    const own = this.of(table, index);
    return { bytes: own.reduce((sum, { length }) => sum + length, 0), looks: own.length * this.looks };
  }
}

/** Number of a port that comes -> what picks rows with each of its values; undefined where they are too many. */
async function comingValues(
  { table, backup, live, outcomes }: TablePlan,
  breath: Breath,
): Promise<ReadonlyMap<number, readonly string[]> | undefined> {
  const found = new Map<number, readonly string[]>();
  let count = 0;
  for (let i = 0; i < backup.count; i++) {
    if (breath.due()) await breath.rest();
    const text = backup.text(i);
    if (outcomes[i] !== OUTCOME.INSERT || !MARKS.some((mark) => text.includes(mark))) continue;
    const wheres = valuesOf(table, backup.row(i));
    if (wheres.length === 0) continue;
    found.set(i, wheres);
    count += wheres.length;
    if (count > VALUES_MAX || count * live.count > LOOKS_MAX) return undefined;
  }
  return count === 0 ? undefined : found;
}

/** Those of the values that live ports have. */
async function liveValues(
  { table, live }: TablePlan,
  sought: ReadonlySet<string>,
  breath: Breath,
): Promise<ReadonlySet<string>> {
  const taken = new Set<string>();
  for (let i = 0; i < live.count; i++) {
    if (breath.due()) await breath.rest();
    const text = live.text(i);
    if (!MARKS.some((mark) => text.includes(mark))) continue;
    const row = live.row(i);
    for (const { columns } of VALUES) {
      const where = columns.every((name) => row[name] !== undefined) ? whereHas(table, columns, row) : undefined;
      if (where !== undefined && sought.has(where)) taken.add(where);
    }
  }
  return taken;
}

function valuesOf(table: TableSchema, row: Row): readonly string[] {
  return VALUES.filter(({ isIn }) => isIn(row)).flatMap(({ columns }) => whereHas(table, columns, row) ?? []);
}

function whereHas(table: TableSchema, names: readonly string[], row: Row): string | undefined {
  const columns = names.map((name) => table.columns.get(name));
  if (columns.includes(undefined)) return undefined;
  const conditions = (columns as readonly ColumnSchema[]).map((column) =>
    condition(column.name, '==', wireValue(column, row[column.name])),
  );
  return `[${conditions.join(',')}]`;
}

function freeGuard(where: string): string {
  return waitOperation(SWITCH_PORT, where, ['_uuid'], '[]');
}
