/**
 * What each row of a table is to be once a plan is in the database, also those that the plan leaves as they are; in a
 * scope only of those that are in it, or that the plan changes. Pure.
 */
import { parseRow } from '../../model/row/row.js';
import { labelOf } from '../describe/label.js';
import { countChanges, OUTCOME, type Plan, rowAfter, type TablePlan } from '../plan/table-plan.js';
import { MARK } from '../scope/mark.js';
import {
  type ActualText,
  type Difference,
  deletedDifference,
  differingColumns,
  type Exists,
  insertedDifference,
  told,
} from './difference.js';

export interface ExpectedRow {
  readonly uuid: string;
  difference(text: ActualText): Difference | undefined;
}

export class ExpectedRows {
  private readonly deleted: ReadonlySet<number>;

  constructor(
    private readonly plan: Plan,
    private readonly draft: TablePlan,
    private readonly exists: Exists,
  ) {
    this.deleted = new Set(draft.deletes);
  }

  get count(): number {
    const { live } = this.draft;
    let count = countChanges(this.draft).INSERT;
    for (let i = 0; i < live.count; i++) if (this.isLookedAt(i)) count++;
    return count;
  }

  /** Whether a row of the database is one that the plan knew or brought. */
  isKnown(uuid: string): boolean {
    return this.draft.live.find(uuid) !== undefined || isInserted(this.draft, uuid);
  }

  *[Symbol.iterator](): Generator<ExpectedRow> {
    const { plan, draft, exists } = this;
    const { backup, live, outcomes } = draft;
    for (let i = 0; i < backup.count; i++)
      if (outcomes[i] === OUTCOME.INSERT)
        yield {
          uuid: backup.uuid(i),
          difference: (text) => insertedDifference(draft, plan, i, { text, exists, isExact: true }),
        };
    for (let i = 0; i < live.count; i++)
      if (this.isLookedAt(i)) yield { uuid: live.uuid(i), difference: (text) => this.liveDifference(i, text) };
  }

  private isLookedAt(index: number): boolean {
    const { scope, scopeRules } = this.plan.options;
    if (scope === undefined) return true;
    const { table, updates } = this.draft;
    return (
      (scope.live.get(table.name)?.[index] ?? MARK.OUT) !== MARK.OUT ||
      scopeRules?.isMatchedInScope(table.name, index) === true ||
      updates.has(index) ||
      this.deleted.has(index)
    );
  }

  private liveDifference(index: number, text: ActualText): Difference | undefined {
    const { table, live, updates } = this.draft;
    if (this.deleted.has(index)) return deletedDifference(this.draft, index, text);
    const update = updates.get(index);
    if (update === undefined && text !== undefined && live.text(index).equals(text)) return undefined;
    const before = live.row(index);
    const label = labelOf(table, before, live.uuid(index));
    if (text === undefined) return told(label, 'is not in the database any more');
    const expected = update === undefined ? before : rowAfter(before, update);
    // ovsdb-server can leave a weak reference to a row that it collected, and drop it later: that is no difference
    const wrong = differingColumns(table, { expected, actual: parseRow(text.toString()), exists: this.exists });
    if (wrong.length === 0) return undefined;
    return told(label, `${update === undefined ? 'was changed' : 'is not as planned'} in ${wrong.join(', ')}`);
  }
}

/** Whether there is to be such a row once the plan is in the database. */
export function existsAfter(plan: Plan): Exists {
  const drafts = new Map(
    plan.tables.map((draft) => [draft.table.name, { draft, deleted: new Set(draft.deletes) }] as const),
  );
  return (table, uuid) => {
    const found = drafts.get(table);
    if (found === undefined) return false;
    const index = found.draft.live.find(uuid);
    return (index !== undefined && !found.deleted.has(index)) || isInserted(found.draft, uuid);
  };
}

function isInserted({ backup, outcomes }: TablePlan, uuid: string): boolean {
  const index = backup.find(uuid);
  return index !== undefined && outcomes[index] === OUTCOME.INSERT;
}
