/**
 * The rows that a plan changes, numbered through all tables: what transactions are cut by. Rows stay numbers here, so
 * that 300,000 of them cost a few megabytes.
 */
import {
  type Reference,
  type ReferenceColumn,
  referenceColumns,
  referencesIn,
} from '../../model/reference/reference.js';
import type { Row, Value } from '../../model/row/row.js';
import type { DatabaseSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { OUTCOME, type Plan, type RowUpdate, type TablePlan, translateRow } from '../plan/table-plan.js';

/** How a row changes. MOVE: a live row that stays as it is, but is held by others afterwards. */
export const CHANGE = { NONE: 0, INSERT: 1, UPDATE: 2, DELETE: 3, MOVE: 4 } as const;

/** No row: neither live nor to be inserted. */
export const NO_ROW = -1;

/** One table's rows: those of the backup are numbered from `first`, those of the database from `firstLive`. */
export interface Section {
  readonly draft: TablePlan;
  readonly first: number;
  readonly firstLive: number;
}

export class PlannedRows {
  readonly count: number;
  private readonly sections = new Map<string, Section>();
  private readonly byNumber: readonly Section[];
  /** Of every row of the backup and of the database; of the backup's only INSERT is told. */
  private readonly changes: Uint8Array;

  constructor(readonly plan: Plan) {
    let next = 0;
    for (const draft of plan.tables) {
      this.sections.set(draft.table.name, { draft, first: next, firstLive: next + draft.backup.count });
      next += draft.backup.count + draft.live.count;
    }
    this.count = next;
    this.byNumber = [...this.sections.values()];
    this.changes = new Uint8Array(next);
    for (const { draft, first, firstLive } of this.byNumber) {
      draft.outcomes.forEach((outcome, index) => {
        if (outcome === OUTCOME.INSERT) this.changes[first + index] = CHANGE.INSERT;
      });
      for (const index of draft.updates.keys()) this.changes[firstLive + index] = CHANGE.UPDATE;
      for (const index of draft.deletes) this.changes[firstLive + index] = CHANGE.DELETE;
    }
  }

  get all(): readonly Section[] {
    return this.byNumber;
  }

  /** The section of a table of the plan. */
  section(table: string): Section {
    return this.sections.get(table) as Section;
  }

  sectionOf(row: number): Section {
    let low = 0;
    let high = this.byNumber.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.byNumber[middle] as Section).first <= row) low = middle;
      else high = middle - 1;
    }
    return this.byNumber[low] as Section;
  }

  /** The row to which a reference of the plan leads. @param isBefore it is a reference of the database as it is now */
  find(table: string, uuid: string, isBefore: boolean): number {
    const section = this.sections.get(table);
    if (section === undefined) return NO_ROW;
    const { draft, first, firstLive } = section;
    const inserted = isBefore ? undefined : draft.backup.find(uuid);
    if (inserted !== undefined && this.changeOf(first + inserted) === CHANGE.INSERT) return first + inserted;
    const live = draft.live.find(uuid);
    return live === undefined ? NO_ROW : firstLive + live;
  }

  /** One of CHANGE. */
  changeOf(row: number): number {
    return this.changes[row] as number;
  }

  /** A row that stays as it is gets another holder. */
  move(row: number): void {
    if (this.changes[row] === CHANGE.NONE) this.changes[row] = CHANGE.MOVE;
  }

  isInserted(row: number): boolean {
    return this.changes[row] === CHANGE.INSERT;
  }

  /**
   * Whether an update's new member of a set is put there with the update; others come when they are inserted or moved.
   */
  isGainedWithHolder(reference: Reference): boolean {
    return (
      !keepsAlive(this.plan.backup.schema, reference) &&
      !this.isInserted(this.find(reference.table, reference.uuid, false))
    );
  }

  /** Whether a member is taken out of a set with the update of the set; others go when they are deleted or moved. */
  isLostWithHolder(reference: Reference): boolean {
    return !keepsAlive(this.plan.backup.schema, reference);
  }

  uuid(row: number): string {
    const { draft, first, firstLive } = this.sectionOf(row);
    return row < firstLive ? draft.backup.uuid(row - first) : draft.live.uuid(row - firstLive);
  }

  update(row: number): RowUpdate | undefined {
    const { firstLive, draft } = this.sectionOf(row);
    return draft.updates.get(row - firstLive);
  }

  /** What an inserted row is to be; what any other row is now. */
  content(row: number): Row {
    const { draft, first, firstLive } = this.sectionOf(row);
    if (row >= firstLive) return draft.live.row(row - firstLive);
    return translateRow(draft.table, draft.backup.row(row - first), this.plan.identity, this.plan.options);
  }
}

/** Whether references of this column to rows of that table keep those rows alive. */
export function keepsAlive(
  schema: Pick<DatabaseSchema, 'tables'>,
  target: { readonly table: string; readonly strong: boolean } | undefined,
): boolean {
  return target?.strong === true && schema.tables.get(target.table)?.isRoot === false;
}

/**
 * The columns of references that are changed member by member, so that members can come and go in different
 * transactions. Any other column of references is written whole: one that must not be empty, or hold more than so many,
 * or that is part of an index.
 */
export function memberColumns(table: TableSchema): ReadonlyMap<string, ReferenceColumn> {
  const before = known.get(table);
  if (before !== undefined) return before;
  const indexed = new Set(table.indexes.flat());
  const columns = referenceColumns(table).filter(
    ({ column }) => column.kind === 'set' && column.min === 0 && column.max === Infinity && !indexed.has(column.name),
  );
  const byName = new Map(columns.map((reference) => [reference.column.name, reference]));
  known.set(table, byName);
  return byName;
}

/** The references of a column that are only in the one value, and only in the other. */
export function changedReferences(
  column: ReferenceColumn,
  before: Value | undefined,
  after: Value | undefined,
): { readonly lost: readonly Reference[]; readonly gained: readonly Reference[] } {
  const was = referencesIn(column, before);
  const becomes = referencesIn(column, after);
  const had = new Set(was.map(({ uuid }) => uuid));
  const has = new Set(becomes.map(({ uuid }) => uuid));
  return { lost: was.filter(({ uuid }) => !has.has(uuid)), gained: becomes.filter(({ uuid }) => !had.has(uuid)) };
}

const known = new WeakMap<TableSchema, ReadonlyMap<string, ReferenceColumn>>();
