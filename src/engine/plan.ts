/**
 * Plan: what a restore would do, row by row. Pure: it reads two snapshots and an identity, and changes nothing.
 *
 * A dry run is this plan; a restore is this plan applied (apply.ts). Every row of the backup has
 * one outcome, so that restored + skipped + failed = total in each table. Rows to be inserted are kept as
 * their numbers only and made into operations when they are sent: a plan of 300,000 inserts is small.
 */
import { AppError, type Problem } from '../lib/error.js';
import type { Breath } from '../lib/pause.js';
import type { TableSchema } from '../ovsdb/database-schema.js';
import { NO_MATCH, type Identity } from '../model/identity.js';
import { referenceColumns } from '../model/reference.js';
import type { Row } from '../model/row.js';
import type { Snapshot, TableRows } from '../model/snapshot.js';
import { diffRows, type ColumnDiff } from './diff.js';
import { findIndexConflicts, findUnheldRows } from './feasibility.js';
import { findDoubleHolds } from './ownership.js';
import { labelOf } from './label.js';
import { attachReferences, keepLiveReferences, replacedHolds } from './merge.js';
import { OUTCOME, countOutcomes, isIncluded, translateRow, type Outcome, type Plan, type PlanOptions, type RowUpdate, type TablePlan } from './table-plan.js';

interface DraftTable extends TablePlan {
  readonly updates: Map<number, RowUpdate>;
  readonly deletes: number[];
}

/** Makes the plan. Both snapshots have the live database's schema. */
export async function makePlan(backup: Snapshot, live: Snapshot, identity: Identity, options: PlanOptions, breath: Breath): Promise<Plan> {
  if (options.exact && options.policy !== 'OVERWRITE') throw new AppError('BAD_USER_INPUT', 'exact deletes live rows and needs conflictPolicy OVERWRITE');
  return new Planning(backup, live, identity, options, breath).run();
}

class Planning {
  private readonly tables = new Map<string, DraftTable>();
  private readonly warnings: string[];
  private readonly problems: Problem[] = [];

  constructor(
    private readonly backup: Snapshot,
    private readonly live: Snapshot,
    private readonly identity: Identity,
    private readonly options: PlanOptions,
    private readonly breath: Breath,
  ) {
    this.warnings = [...identity.warnings];
  }

  async run(): Promise<Plan> {
    for (const table of this.backup.schema.tables.values()) await this.planTable(table);
    await this.planDeletes();
    const plan = { backup: this.backup, live: this.live, identity: this.identity, options: this.options };
    const tables = [...this.tables.values()];
    for (const { table, index } of await findUnheldRows(tables, plan, this.breath)) (this.tables.get(table) as DraftTable).outcomes[index] = OUTCOME.NOT_HELD;
    const clashes = [...(await findIndexConflicts(tables, plan, this.breath)), ...(await findDoubleHolds(tables, plan, this.breath))];
    for (const { table, index, problem } of clashes) {
      (this.tables.get(table) as DraftTable).outcomes[index] = OUTCOME.FAILED;
      this.problems.push(problem);
    }
    const changeCount = tables.reduce((sum, table) => sum + countOutcomes(table).restored + table.deletes.length, 0);
    return { ...plan, tables, warnings: this.warnings, problems: this.problems, changeCount };
  }

  private async planTable(table: TableSchema): Promise<void> {
    const backup = this.backup.tables.get(table.name) as TableRows;
    const live = this.live.tables.get(table.name) as TableRows;
    const draft: DraftTable = { table, backup, live, outcomes: new Uint8Array(backup.count), updates: new Map(), deletes: [] };
    this.tables.set(table.name, draft);
    const matches = this.identity.matches.get(table.name) as Int32Array;
    const included = isIncluded(table.name, this.options);
    if (!included && backup.count > 0) this.warnings.push(`${String(backup.count)} ${table.name} rows are left out: they say how clients reach the database, and are restored only into the database they came from, or with force`);
    for (let i = 0; i < backup.count; i++) {
      const match = matches[i] as number;
      draft.outcomes[i] = !included ? OUTCOME.ACCESS : match === NO_MATCH ? OUTCOME.INSERT : this.planMatched(draft, i, match);
      if (this.breath.due()) await this.breath.rest();
    }
  }

  private planMatched(draft: DraftTable, index: number, liveIndex: number): Outcome {
    const { table, backup, live } = draft;
    const sameUuids = this.identity.translation.size === 0 || referenceColumns(table).length === 0;
    if (sameUuids && backup.text(index).equals(live.text(liveIndex))) return OUTCOME.UNCHANGED;
    const now = live.row(liveIndex);
    const wanted = translateRow(table, backup.row(index), this.identity, this.options);
    const target = keepLiveReferences(table, wanted, now, (to, uuid) => !isIncluded(to, this.options) || (!this.options.exact && this.isLiveOnly(to, uuid)));
    const columns = diffRows(table, now, target);
    if (columns.length === 0) return OUTCOME.UNCHANGED;
    if (this.options.policy === 'OVERWRITE') {
      draft.updates.set(index, { liveIndex, columns, attachments: [] });
      return OUTCOME.UPDATE;
    }
    const attachments = attachReferences(table, target, now, (to, uuid) => this.isInserted(to, uuid));
    const explained = new Set(attachments.filter(({ complete }) => complete).map(({ column }) => column.name));
    if (this.options.policy === 'ERROR') {
      const differing = columns.filter(({ column }) => !explained.has(column.name));
      if (differing.length > 0) {
        this.conflict(table, backup.row(index), backup.uuid(index), differing);
        return OUTCOME.FAILED;
      }
    }
    if (attachments.length === 0) return OUTCOME.EXISTS;
    draft.updates.set(index, { liveIndex, columns: [], attachments });
    return OUTCOME.UPDATE;
  }

  private conflict(table: TableSchema, row: Row, uuid: string, columns: readonly ColumnDiff[]): void {
    const label = labelOf(table, row, uuid);
    const names = columns.map(({ column }) => column.name).join(', ');
    this.problems.push({ code: 'CONFLICT', message: `${label} differs from the backup in ${names}`, table: table.name, label });
  }

  /** A live row that the backup does not hold. */
  private isLiveOnly(table: string, uuid: string): boolean {
    const index = this.live.tables.get(table)?.find(uuid);
    return index !== undefined && this.identity.matched.get(table)?.[index] === 0;
  }

  /** `uuid` is in the database's words; an inserted row has the same there. */
  private isInserted(table: string, uuid: string): boolean {
    const index = this.backup.tables.get(table)?.find(uuid);
    return index !== undefined && this.identity.matches.get(table)?.[index] === NO_MATCH;
  }

  private async planDeletes(): Promise<void> {
    for (const draft of this.tables.values()) {
      const { table, live } = draft;
      if (!this.options.exact || !isIncluded(table.name, this.options)) continue;
      const matched = this.identity.matched.get(table.name) as Uint8Array;
      for (let i = 0; i < live.count; i++) if (matched[i] === 0) draft.deletes.push(i);
    }
    if (this.options.exact || this.options.policy !== 'OVERWRITE') return;
    // a row held by a single-valued column that now holds another is dropped by the server: say so
    for (const { table, uuid } of await replacedHolds([...this.tables.values()], this.live, this.breath)) {
      const index = this.live.tables.get(table)?.find(uuid);
      if (index !== undefined && this.isLiveOnly(table, uuid)) this.tables.get(table)?.deletes.push(index);
    }
  }
}
