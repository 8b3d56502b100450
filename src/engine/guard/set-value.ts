/**
 * What is in the sets of live rows when one of several transactions begins, if nobody else has written to them: members
 * come and go with their own rows, in different transactions.
 */
import { type Reference, type ReferenceColumn, referencesIn } from '../../model/reference/reference.js';
import { CHANGE, NO_ROW, type PlannedRows } from '../order/planned-row.js';

/** @param transactionOf for each row the number of its transaction, 0 for a row that is not changed */
export class SetValues {
  constructor(
    private readonly rows: PlannedRows,
    private readonly transactionOf: Int32Array,
  ) {}

  /** UUIDs; undefined where the server may have taken something out by itself. */
  atBeginOf(number: number, row: number, column: ReferenceColumn): readonly string[] | undefined {
    const { rows } = this;
    const isDone = (other: number): boolean => {
      const done = this.transactionOf[other] as number;
      return done > 0 && done < number;
    };
    const live = referencesIn(column, rows.content(row)[column.column.name]);
    const { stays, comes } = this.changes(row, column, live);
    const members: string[] = [];
    for (const reference of live) {
      const other = rows.find(reference.table, reference.uuid, true);
      // it may drop a weak reference to a row that it collected long ago, whenever it looks at this one
      if (other === NO_ROW) return undefined;
      const isGone = rows.isLostWithHolder(reference)
        ? (isDone(row) && !stays(reference)) ||
          (!reference.strong && rows.changeOf(other) === CHANGE.DELETE && isDone(other))
        : isDone(other) && !stays(reference);
      if (!isGone) members.push(reference.uuid);
    }
    for (const reference of comes)
      if (isDone(rows.isGainedWithHolder(reference) ? row : rows.find(reference.table, reference.uuid, false)))
        members.push(reference.uuid);
    return members;
  }

  private changes(
    row: number,
    column: ReferenceColumn,
    live: readonly Reference[],
  ): { readonly stays: (reference: Reference) => boolean; readonly comes: readonly Reference[] } {
    const { rows } = this;
    if (rows.changeOf(row) === CHANGE.DELETE) return { stays: () => false, comes: [] };
    const update = rows.update(row);
    const change = [...(update?.columns ?? []), ...(update?.members ?? [])].find(
      (other) => other.column === column.column,
    );
    if (change === undefined) return { stays: () => true, comes: [] };
    const after = referencesIn(column, change.after);
    const [has, had] = [after, live].map((references) => new Set(references.map(({ uuid }) => uuid)));
    return {
      stays: ({ uuid }) => has?.has(uuid) === true,
      comes: after.filter(({ uuid }) => had?.has(uuid) !== true),
    };
  }
}
