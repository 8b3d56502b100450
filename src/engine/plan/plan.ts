/**
 * Plan: what a restore would do, row by row. Pure: it reads two snapshots and an identity, and changes nothing.
 *
 * A dry run is this plan; a restore is this plan applied (apply.ts). Every row of the backup has
 * one outcome, so that restored + skipped + failed = total in each table. Rows to be inserted are kept as
 * their numbers only and made into operations when they are sent: a plan of 300,000 inserts is small.
 */

import type { Breath } from '../../lib/breath.js';
import { AppError, type Problem } from '../../lib/error.js';
import { keepReferences, referenceColumns } from '../../model/reference/reference.js';
import type { Row } from '../../model/row/row.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import { type Identity, NO_MATCH } from '../identify/identify.js';
import { LeftOut } from '../scope/left-out-references.js';
import { MARK } from '../scope/mark.js';
import { Reach } from '../scope/reach.js';
import { settleDeletes } from './deletion.js';
import { findDoubleHolds } from './double-hold.js';
import { findIndexConflicts, findUnheldRows } from './feasibility.js';
import { attachReferences, keepLiveReferences, replacedHolds } from './merged-references.js';
import { type ColumnDiff, diffRows } from './row-diff.js';
import { clearRuntimeReferences } from './runtime-reference.js';
import {
  type ConflictPolicy,
  countOutcomes,
  isIncluded,
  OUTCOME,
  type Outcome,
  type Plan,
  type PlanOptions,
  type ReachingOptions,
  type RowUpdate,
  type TablePlan,
  translateRow,
} from './table-plan.js';

interface DraftTable extends TablePlan {
  readonly updates: Map<number, RowUpdate>;
  readonly deletes: number[];
}

/** A row of the backup: its number, that of its live match or NO_MATCH, and whether its table takes part. */
interface RowPlace {
  readonly index: number;
  readonly match: number;
  readonly included: boolean;
}

/** How a row with a live match is dealt with, and from which mark on the inserted rows must be that it takes in. */
interface Treatment {
  readonly policy: ConflictPolicy;
  readonly attach?: number;
}

/** Makes the plan. Both snapshots have the live database's schema. */
export async function makePlan(
  backup: Snapshot,
  live: Snapshot,
  identity: Identity,
  options: PlanOptions,
  breath: Breath,
): Promise<Plan> {
  if (options.exact && options.policy !== 'OVERWRITE')
    throw new AppError('BAD_USER_INPUT', 'exact deletes live rows and needs the conflict policy OVERWRITE');
  return new Planning(backup, live, identity, options, breath).run();
}

class Planning {
  private readonly tables = new Map<string, DraftTable>();
  private readonly warnings: string[];
  private readonly problems: Problem[] = [];
  private readonly options: ReachingOptions;
  private readonly reach: Reach | undefined;
  private readonly leftOut: LeftOut;

  constructor(
    private readonly backup: Snapshot,
    private readonly live: Snapshot,
    private readonly identity: Identity,
    options: PlanOptions,
    private readonly breath: Breath,
  ) {
    this.warnings = [...identity.warnings];
    this.reach = options.scope === undefined ? undefined : new Reach({ backup, live, identity, marks: options.scope });
    this.options = this.reach === undefined ? options : { ...options, reach: this.reach };
    this.leftOut = new LeftOut(backup);
  }

  async run(): Promise<Plan> {
    for (const table of this.backup.schema.tables.values()) await this.planTable(table);
    await this.planDeletes();
    this.warnings.push(...this.leftOut.warnings());
    const plan = { backup: this.backup, live: this.live, identity: this.identity, options: this.options };
    const tables = [...this.tables.values()];
    if (this.options.exact) await clearRuntimeReferences(tables, this.identity, this.breath);
    if (this.reach !== undefined && this.options.exact)
      this.problems.push(...(await settleDeletes(tables, { ...plan, reach: this.reach }, this.breath)));
    const unheld = await findUnheldRows(tables, plan, this.breath);
    for (const { table, index } of unheld) (this.tables.get(table) as DraftTable).outcomes[index] = OUTCOME.NOT_HELD;
    const clashes = [
      ...unheld,
      ...(await findIndexConflicts(tables, plan, this.breath)),
      ...(await findDoubleHolds(tables, plan, this.breath)),
    ];
    for (const { table, index, problem } of clashes) {
      if (problem === undefined) continue;
      (this.tables.get(table) as DraftTable).outcomes[index] = OUTCOME.FAILED;
      this.problems.push(problem);
    }
    const changeCount = tables.reduce((sum, table) => sum + countOutcomes(table).restored + table.deletes.length, 0);
    return { ...plan, tables, warnings: this.warnings, problems: this.problems, changeCount };
  }

  private async planTable(table: TableSchema): Promise<void> {
    const backup = this.backup.tables.get(table.name) as TableRows;
    const live = this.live.tables.get(table.name) as TableRows;
    const draft: DraftTable = {
      table,
      backup,
      live,
      outcomes: new Uint8Array(backup.count),
      updates: new Map(),
      deletes: [],
    };
    this.tables.set(table.name, draft);
    const matches = this.identity.matches.get(table.name) as Int32Array;
    const included = isIncluded(table.name, this.options);
    const count =
      this.reach === undefined
        ? backup.count
        : (this.options.scope?.backup.get(table.name)?.filter((mark) => mark !== MARK.OUT).length ?? 0);
    if (!included && count > 0)
      this.warnings.push(
        `${count} ${table.name} rows are left out: they say how clients reach the database, and are restored ` +
          'only into the database they came from, or with force',
      );
    for (let i = 0; i < backup.count; i++) {
      const match = matches[i] as number;
      draft.outcomes[i] =
        this.reach === undefined
          ? this.planRow(draft, { index: i, match, included })
          : this.planInScope(draft, { index: i, match, included }, this.reach);
      if (this.breath.due()) await this.breath.rest();
    }
  }

  private planRow(
    draft: DraftTable,
    { index, match, included }: RowPlace,
    treatment: Treatment = this.options,
  ): Outcome {
    if (!included) return OUTCOME.ACCESS;
    return match === NO_MATCH ? OUTCOME.INSERT : this.planMatched(draft, { index, match }, treatment);
  }

  private planInScope(draft: DraftTable, place: RowPlace, reach: Reach): Outcome {
    const { table, backup } = draft;
    const { index, match } = place;
    const mark = reach.markOf(table.name, index);
    if (mark === MARK.OUT) {
      if (match === NO_MATCH || !reach.takesBack(table.name, index)) return OUTCOME.OUT;
      return this.planRow(draft, place, { policy: 'SKIP', attach: MARK.OWNED }) === OUTCOME.UPDATE
        ? OUTCOME.UPDATE
        : OUTCOME.OUT;
    }
    const outcome = this.planRow(draft, place, { policy: mark === MARK.CARRIER ? 'SKIP' : this.options.policy });
    if (outcome === OUTCOME.INSERT && referenceColumns(table).length > 0)
      this.leftOut.count(table, backup.row(index), mark, (to, uuid) => reach.refersTo(to, uuid));
    return outcome;
  }

  private planMatched(
    draft: DraftTable,
    { index, match: liveIndex }: { readonly index: number; readonly match: number },
    { policy, attach }: Treatment,
  ): Outcome {
    const { table, backup, live } = draft;
    const sameUuids = this.identity.translation.size === 0 || referenceColumns(table).length === 0;
    if (sameUuids && backup.text(index).equals(live.text(liveIndex))) return OUTCOME.UNCHANGED;
    const now = live.row(liveIndex);
    // ovsdb-server can leave a weak reference to a row that it collected; written again it would be dropped, and never
    // come out equal
    const whole = keepReferences(
      table,
      backup.row(index),
      (to, uuid) => this.backup.tables.get(to)?.find(uuid) !== undefined,
    );
    const wanted = translateRow(table, whole, this.identity, this.options);
    const target = keepLiveReferences(
      table,
      wanted,
      now,
      (to, uuid) => !isIncluded(to, this.options) || this.keepsLive(to, uuid),
    );
    const columns = diffRows(table, now, target);
    if (columns.length === 0) return OUTCOME.UNCHANGED;
    if (policy === 'OVERWRITE') {
      draft.updates.set(index, { liveIndex, columns, attachments: [] });
      return OUTCOME.UPDATE;
    }
    const attachments = attachReferences(table, target, now, (to, uuid) => this.isInserted(to, uuid, attach));
    const explained = new Set(attachments.filter(({ complete }) => complete).map(({ column }) => column.name));
    if (policy === 'ERROR') {
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
    this.problems.push({
      code: 'CONFLICT',
      message: `${label} differs from the backup in ${names}`,
      table: table.name,
      label,
    });
  }

  private keepsLive(to: string, uuid: string): boolean {
    const { exact } = this.options;
    return this.reach === undefined ? !exact && this.isLiveOnly(to, uuid) : this.reach.keepsLive(to, uuid, exact);
  }

  /** A live row that the backup does not hold. */
  private isLiveOnly(table: string, uuid: string): boolean {
    const index = this.live.tables.get(table)?.find(uuid);
    return index !== undefined && this.identity.matched.get(table)?.[index] === 0;
  }

  /** `uuid` is in the database's words; an inserted row has the same there. */
  private isInserted(table: string, uuid: string, least: number = MARK.CARRIER): boolean {
    const index = this.backup.tables.get(table)?.find(uuid);
    return (
      index !== undefined &&
      this.identity.matches.get(table)?.[index] === NO_MATCH &&
      (this.reach === undefined || this.reach.markOf(table, index) >= least)
    );
  }

  private async planDeletes(): Promise<void> {
    for (const draft of this.tables.values()) {
      const { table, live } = draft;
      if (!this.options.exact || !isIncluded(table.name, this.options)) continue;
      const matched = this.identity.matched.get(table.name) as Uint8Array;
      for (let i = 0; i < live.count; i++)
        if (this.reach === undefined ? matched[i] === 0 : this.reach.isSurplus(table.name, i)) draft.deletes.push(i);
    }
    if (this.options.exact || this.options.policy !== 'OVERWRITE') return;
    // a row held by a single-valued column that now holds another is dropped by the server: say so
    for (const { table, uuid } of await replacedHolds([...this.tables.values()], this.live, this.breath)) {
      const index = this.live.tables.get(table)?.find(uuid);
      if (index !== undefined && this.isLiveOnly(table, uuid)) this.tables.get(table)?.deletes.push(index);
    }
  }
}
