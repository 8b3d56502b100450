/** Changes: a plan told row by row, for people and for the record of the restore. */
import type { Breath } from '../lib/pause.js';
import type { TableSchema } from '../ovsdb/database-schema.js';
import type { Row, Value } from '../model/row.js';
import type { Labels } from './label.js';
import { OUTCOME, SKIP_REASONS, translateRow, type Plan, type TablePlan } from './table-plan.js';

export type ChangeKind = 'INSERT' | 'UPDATE' | 'DELETE' | 'SKIP';

export interface ColumnChange {
  readonly column: string;
  readonly before?: Value | undefined;
  readonly after?: Value | undefined;
}

export interface RowChange {
  readonly kind: ChangeKind;
  readonly table: string;
  readonly uuid: string;
  readonly label: string;
  /** Empty for SKIP; every column set by an INSERT; the columns that differ for an UPDATE; every column of a row to DELETE. */
  readonly columns: readonly ColumnChange[];
  readonly reason?: string;
}

/** Every change, table by table in the order of names, skipped rows included. */
export async function* describeChanges(plan: Plan, labels: Labels, breath: Breath): AsyncGenerator<RowChange> {
  for (const draft of plan.tables) {
    const { backup, live, deletes, table } = draft;
    for (let i = 0; i < backup.count; i++) {
      const change = describeRow(draft, plan, labels, i);
      if (change !== undefined) yield change;
      if (breath.due()) await breath.rest();
    }
    for (const index of deletes) {
      const row = live.row(index);
      const uuid = live.uuid(index);
      yield { kind: 'DELETE', table: table.name, uuid, label: labels.of(table, row, uuid), columns: wholeRow(row, 'before') };
      if (breath.due()) await breath.rest();
    }
  }
}

/** Undefined for a row that failed: it is among the errors. */
function describeRow(draft: TablePlan, plan: Plan, labels: Labels, index: number): RowChange | undefined {
  const { table, backup, live, outcomes, updates } = draft;
  const outcome = outcomes[index];
  if (outcome === OUTCOME.FAILED) return undefined;
  const row = backup.row(index);
  if (outcome === OUTCOME.INSERT) {
    const uuid = backup.uuid(index);
    return { kind: 'INSERT', table: table.name, uuid, label: labels.of(table, row, uuid), columns: wholeRow(translateRow(table, row, plan.identity, plan.options), 'after') };
  }
  const update = updates.get(index);
  if (outcome === OUTCOME.UPDATE && update !== undefined) {
    const uuid = live.uuid(update.liveIndex);
    const columns = [...update.columns, ...update.attachments].map(({ column, before, after }) => ({ column: column.name, before, after }));
    return { kind: 'UPDATE', table: table.name, uuid, label: labels.of(table, live.row(update.liveIndex), uuid), columns };
  }
  const uuid = liveUuid(draft, plan, table, index);
  return { kind: 'SKIP', table: table.name, uuid, label: labels.of(table, row, uuid), columns: [], reason: SKIP_REASONS[outcome ?? 0] ?? '' };
}

function liveUuid({ backup, live }: TablePlan, plan: Plan, table: TableSchema, index: number): string {
  const match = plan.identity.matches.get(table.name)?.[index] ?? -1;
  return match < 0 ? backup.uuid(index) : live.uuid(match);
}

function wholeRow(row: Row, side: 'before' | 'after'): readonly ColumnChange[] {
  return Object.entries(row).map(([column, value]) => ({ column, [side]: value }));
}
