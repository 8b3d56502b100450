/** The operations of one transaction, as text: its guards, then inserts, members of sets, updates and deletes. */
import type { Reference } from '../../model/reference/reference.js';
import { deleteOperation } from '../../ovsdb/operation.js';
import { type GuardParts, TransactionGuards } from '../guard/transaction-guards.js';
import { collectEdits, editTexts } from '../order/member-edit.js';
import { CHANGE, keepsAlive, memberColumns, NO_ROW, type PlannedRows, type Section } from '../order/planned-row.js';
import type { Dependencies } from '../order/row-dependency.js';
import type { RowUpdate } from '../plan/table-plan.js';
import { InsertWriter } from './insert.js';
import { updateTexts } from './update.js';

/** Which row comes when. */
export interface Placement {
  /** For each row the number of its transaction, from 1 on; 0 for a row that is not changed. */
  readonly transactionOf: Int32Array;
  /** 1 for an inserted row some of whose references come only in later transactions. */
  readonly isPartial: Uint8Array;
}

export class TransactionWriter {
  private readonly rows: PlannedRows;
  private readonly inserts = new Map<Section, InsertWriter>();
  private readonly guards: TransactionGuards;

  constructor(
    private readonly dependencies: Dependencies,
    private readonly placement: Placement,
    parts: GuardParts,
  ) {
    this.rows = dependencies.rows;
    this.guards = new TransactionGuards(this.rows, placement.transactionOf, parts);
  }

  *operations(changed: Int32Array, number: number): Generator<string> {
    const edits = collectEdits(this.dependencies, this.placement.transactionOf, { changed, number });
    yield* this.guards.of({ number, changed, edits });
    for (const row of changed) if (this.rows.isInserted(row)) yield this.insert(row, number);
    yield* editTexts(this.rows, edits);
    for (const row of changed) if (this.rows.changeOf(row) === CHANGE.UPDATE) yield* this.update(row);
    for (const row of changed)
      if (this.rows.changeOf(row) === CHANGE.DELETE)
        yield deleteOperation(this.rows.sectionOf(row).draft.table.name, this.rows.uuid(row));
  }

  private insert(row: number, number: number): string {
    const section = this.rows.sectionOf(row);
    const writer = this.inserts.get(section) ?? new InsertWriter(section.draft, this.rows.plan);
    this.inserts.set(section, writer);
    const index = row - section.first;
    if (this.placement.isPartial[row] === 0) return writer.write(index);
    const members = memberColumns(section.draft.table);
    return writer.writePart(index, (reference) => !members.has(reference.column) || this.isThere(reference, number));
  }

  /**
   * Whether a member of an inserted row's set is there in this transaction: those inserted or moved come with their
   * own.
   */
  private isThere(reference: Reference, number: number): boolean {
    const row = this.rows.find(reference.table, reference.uuid, false);
    if (row === NO_ROW || (!this.rows.isInserted(row) && !keepsAlive(this.rows.plan.backup.schema, reference)))
      return true;
    return (this.placement.transactionOf[row] as number) <= number;
  }

  private *update(row: number): Generator<string> {
    const {
      draft: { table },
    } = this.rows.sectionOf(row);
    const { columns, members } = this.rows.update(row) as RowUpdate;
    const isWhole = ({ column: { name } }: { readonly column: { readonly name: string } }): boolean =>
      !memberColumns(table).has(name);
    yield* updateTexts(table, this.rows.uuid(row), {
      columns: columns.filter(isWhole),
      members: members.filter(isWhole),
    });
  }
}
