/**
 * The draft of a plan: what planning writes to, rule by rule, until it is sealed. Only plan.ts writes; the rules look
 * at it and answer.
 */
import { assert } from '../../lib/assert.js';
import type { Problem } from '../../lib/error.js';
import type { TableRows } from '../../model/snapshot/snapshot.js';
import { NO_MATCH } from '../identify/identify.js';
import { NamedRows } from '../untouched/named-rows.js';
import {
  countOutcomes,
  OUTCOME,
  type Plan,
  type PlanBasis,
  type RowUpdate,
  SPARED,
  type Spared,
  type TablePlan,
} from './table-plan.js';

export interface TableDraft extends TablePlan {
  readonly outcomes: Uint8Array;
  readonly updates: Map<number, RowUpdate>;
  readonly deletes: number[];
  readonly spared: Map<number, Spared>;
}

/** A row of the backup: its table and its number there, NO_MATCH for a live row that the backup does not hold. */
export interface PlannedRow {
  readonly table: string;
  readonly index: number;
}

export class PlanDraft {
  readonly warnings: string[];
  readonly differing = new NamedRows();
  private readonly byTable: ReadonlyMap<string, TableDraft>;
  private readonly problems: Problem[] = [];
  private isSealed = false;

  constructor(readonly basis: PlanBasis) {
    const { backup, live, identity } = basis;
    this.warnings = [...identity.warnings];
    this.byTable = new Map(
      [...backup.schema.tables.values()].map((table): [string, TableDraft] => {
        const rows = backup.tables.get(table.name) as TableRows;
        const outcomes = new Uint8Array(rows.count);
        const liveRows = live.tables.get(table.name) as TableRows;
        const nothing = { updates: new Map(), deletes: [], spared: new Map() };
        return [table.name, { table, backup: rows, live: liveRows, outcomes, ...nothing }];
      }),
    );
  }

  get tables(): readonly TableDraft[] {
    return [...this.byTable.values()];
  }

  table(name: string): TableDraft {
    return this.byTable.get(name) as TableDraft;
  }

  /** Something that stands in the way of the plan. */
  refuse(problem: Problem): void {
    this.problems.push(problem);
  }

  /** A row cannot become what it should. */
  fail({ table, index }: PlannedRow, problem: Problem): void {
    this.refuse(problem);
    if (index === NO_MATCH) return;
    const draft = this.table(table);
    draft.outcomes[index] = OUTCOME.FAILED;
    draft.updates.delete(this.basis.identity.matches.get(table)?.[index] ?? NO_MATCH);
  }

  /** Updates a live row, or leaves it as it is. @param index NO_MATCH for one that the backup does not hold */
  update({ table, index }: PlannedRow, update: RowUpdate): void {
    const { outcomes, updates } = this.table(table);
    const isChanged = update.columns.length + update.members.length > 0;
    if (isChanged) updates.set(update.liveIndex, update);
    else updates.delete(update.liveIndex);
    if (index === NO_MATCH) return;
    const otherwise = this.basis.options.policy === 'OVERWRITE' ? OUTCOME.UNCHANGED : OUTCOME.EXISTS;
    outcomes[index] = isChanged ? OUTCOME.UPDATE : otherwise;
  }

  /** Deletes these rows of the database, and no others of the table. */
  replaceDeletes(table: string, indexes: Iterable<number>): void {
    const { deletes, spared } = this.table(table);
    const deleted = new Set(indexes);
    for (const index of deletes) if (!deleted.has(index)) spared.set(index, SPARED.HELD);
    for (const index of spared.keys()) if (deleted.has(index)) spared.delete(index);
    deletes.length = 0;
    for (const index of deleted) deletes.push(index);
  }

  /** The plan. The draft is not to be used any more. */
  seal(): Plan {
    assert(!this.isSealed, 'the draft of a plan was sealed twice');
    this.isSealed = true;
    const { tables, warnings, differing, problems } = this;
    for (const { spared, updates } of tables)
      for (const index of spared.keys()) if (updates.has(index)) spared.delete(index);
    const changeCount = tables.reduce((sum, table) => sum + countOutcomes(table).restored + table.deletes.length, 0);
    return { ...this.basis, tables, warnings, differing, problems, changeCount };
  }
}
