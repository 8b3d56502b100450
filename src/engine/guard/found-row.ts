/**
 * Rows that were found by something else than their UUID: by an index, by a natural key, by their likeness. If somebody
 * renames such a row and gives its name to another, the plan means the wrong one. So whatever changes such a row, or
 * refers to it, is guarded by what the row was found by.
 */
import type { Breath } from '../../lib/breath.js';
import { type KeyColumn, naturalKeyColumns } from '../../model/northbound/natural-key.js';
import { isRuntimeColumn, withoutRuntimeKeys } from '../../model/northbound/runtime.js';
import { referenceColumns, referencesIn } from '../../model/reference/reference.js';
import type { Atom, Row } from '../../model/row/row.js';
import { mapEntries } from '../../model/row/wire-notation.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { CHANGE, NO_ROW, PlannedRows } from '../order/planned-row.js';
import { OUTCOME, type Plan, valuesAfter } from '../plan/table-plan.js';
import { type GuardedColumn, type GuardedPart, type RowState, rowGuard } from './row-guard.js';

export class FoundRows {
  /** Of live rows. */
  private readonly uuids: ReadonlySet<string>;

  constructor({ identity }: Pick<Plan, 'identity'>) {
    this.uuids = new Set(identity.translation.values());
  }

  get isEmpty(): boolean {
    return this.uuids.size === 0;
  }

  has(uuid: string): boolean {
    return this.uuids.has(uuid);
  }

  /**
   * What the row was found by; nothing for one that has the UUID of its row in the backup.
   * @param then the row as it is by the time, if it is another than `row`, which the plan found
   */
  state(table: TableSchema, uuid: string, row: Row, then: Row = row): RowState {
    // the only row of its table is the one, whatever it holds
    if (!this.uuids.has(uuid) || table.maxRows === 1) return {};
    const references = new Set(referenceColumns(table).map(({ column }) => column));
    const columns = new Map<ColumnSchema, GuardedColumn>();
    const includes: GuardedPart[] = [];
    for (const { column: name, keys } of keyColumns(table, row)) {
      const column = table.columns.get(name);
      if (column === undefined || references.has(column)) continue;
      if (column.kind !== 'map') {
        columns.set(column, { column, before: then[name] });
        continue;
      }
      const known = new Set<Atom>(keys ?? mapEntries(withoutRuntimeKeys(table, name, row[name])).map(([key]) => key));
      const part = mapEntries(then[name]).filter(([key]) => known.has(key));
      if (part.length > 0) includes.push({ column, part });
    }
    return { columns: [...columns.values()], includes };
  }
}

function keyColumns(table: TableSchema, row: Row): readonly KeyColumn[] {
  if (table.indexes.length > 0) return table.indexes.flat().map((column) => ({ column }));
  return (
    naturalKeyColumns(table, row) ??
    [...table.columns.values()]
      .filter(({ name, ephemeral }) => !ephemeral && row[name] !== undefined && !isRuntimeColumn(table.name, name, row))
      .map(({ name }) => ({ column: name }))
  );
}

/** The found rows that an inserted or updated row will refer to. */
export function* foundTargets(rows: PlannedRows, found: FoundRows, row: number): Generator<number> {
  const change = rows.changeOf(row);
  if (found.isEmpty || (change !== CHANGE.INSERT && change !== CHANGE.UPDATE)) return;
  const { table } = rows.sectionOf(row).draft;
  const columns = referenceColumns(table);
  if (columns.length === 0) return;
  const update = rows.update(row);
  const values = update === undefined ? rows.content(row) : valuesAfter(update);
  for (const column of columns) {
    for (const { table: to, uuid } of referencesIn(column, values[column.column.name])) {
      if (!found.has(uuid)) continue;
      const target = rows.find(to, uuid, true);
      if (target !== NO_ROW && rows.changeOf(target) !== CHANGE.DELETE) yield target;
    }
  }
}

/** The guards of found rows that a plan, as one transaction, refers to and does not change. */
export async function foundTargetGuards(plan: Plan, found: FoundRows, breath: Breath): Promise<readonly string[]> {
  if (found.isEmpty) return [];
  const rows = new PlannedRows(plan);
  const guards = new Map<number, string>();
  const look = (row: number): void => {
    for (const target of foundTargets(rows, found, row)) {
      if (guards.has(target) || rows.changeOf(target) !== CHANGE.NONE) continue;
      const { table } = rows.sectionOf(target).draft;
      const uuid = rows.uuid(target);
      guards.set(target, rowGuard(table, uuid, found.state(table, uuid, rows.content(target))));
    }
  };
  for (const { draft, first, firstLive } of rows.all) {
    for (let index = 0; index < draft.backup.count; index++) {
      if (draft.outcomes[index] === OUTCOME.INSERT) look(first + index);
      if (breath.due()) await breath.rest();
    }
    for (const index of draft.updates.keys()) {
      look(firstLive + index);
      if (breath.due()) await breath.rest();
    }
  }
  return [...guards.values()];
}
