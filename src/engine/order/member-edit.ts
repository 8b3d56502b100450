/** Members that come into sets of references in one of several transactions, and go out of them. */
import { type ReferenceColumn, referencesIn } from '../../model/reference/reference.js';
import { wireAtom } from '../../model/row/wire-notation.js';
import { mutateOperation, mutation } from '../../ovsdb/operation.js';
import type { RowUpdate } from '../plan/table-plan.js';
import { CHANGE, changedReferences, memberColumns, type PlannedRows } from './planned-row.js';
import type { Dependencies } from './row-dependency.js';
import { NO_LINK } from './row-links.js';

export interface MemberEdit {
  readonly reference: ReferenceColumn;
  /** UUIDs. */
  readonly come: string[];
  readonly go: string[];
}

/** Row -> column -> what changes in this set. */
export type MemberEdits = ReadonlyMap<number, ReadonlyMap<string, MemberEdit>>;

/** @param changed the rows of the transaction @param transactionOf for each row the number of its transaction, or 0 */
export function collectEdits(
  dependencies: Dependencies,
  transactionOf: Int32Array,
  { changed, number }: { readonly changed: Int32Array; readonly number: number },
): MemberEdits {
  const { rows, memberships } = dependencies;
  const edits = new Map<number, Map<string, MemberEdit>>();
  for (const row of changed) {
    for (let link = memberships.first(row); link !== NO_LINK; link = memberships.next(link)) {
      const holder = memberships.target(link);
      const since = transactionOf[holder] as number;
      if (rows.isInserted(holder) && since >= number) continue; // it comes with its members
      if (rows.changeOf(holder) === CHANGE.DELETE && since <= number) continue; // it goes with them
      const { reference, isGain } = dependencies.memberChange(memberships.label(link));
      const edit = editOf(edits, holder, reference);
      (isGain ? edit.come : edit.go).push(rows.uuid(row));
    }
    if (rows.changeOf(row) === CHANGE.UPDATE) collectOwn(rows, row, edits);
  }
  return edits;
}

/** Members that come and go with the row whose sets they are in. */
function collectOwn(rows: PlannedRows, row: number, edits: Map<number, Map<string, MemberEdit>>): void {
  const { columns, members } = rows.update(row) as RowUpdate;
  const sets = memberColumns(rows.sectionOf(row).draft.table);
  // of a row that is deleted in another transaction the server can leave them
  for (const { column, removed } of members) {
    const reference = sets.get(column.name);
    if (reference === undefined) continue;
    for (const { uuid } of referencesIn(reference, removed)) editOf(edits, row, reference).go.push(uuid);
  }
  for (const reference of sets.values()) {
    const diff = columns.find(({ column }) => column.name === reference.column.name);
    if (diff === undefined) continue;
    const { lost, gained } = changedReferences(reference, diff.before, diff.after);
    const go = lost.filter((member) => rows.isLostWithHolder(member)).map(({ uuid }) => uuid);
    const come = gained.filter((member) => rows.isGainedWithHolder(member)).map(({ uuid }) => uuid);
    if (go.length + come.length === 0) continue;
    const edit = editOf(edits, row, reference);
    for (const uuid of go) edit.go.push(uuid);
    for (const uuid of come) edit.come.push(uuid);
  }
}

function editOf(edits: Map<number, Map<string, MemberEdit>>, row: number, reference: ReferenceColumn): MemberEdit {
  const columns = edits.get(row) ?? new Map<string, MemberEdit>();
  edits.set(row, columns);
  const { name } = reference.column;
  const edit = columns.get(name) ?? { reference, come: [], go: [] };
  columns.set(name, edit);
  return edit;
}

/** One operation for each row. */
export function* editTexts(rows: PlannedRows, edits: MemberEdits): Generator<string> {
  for (const [row, columns] of edits)
    yield mutateOperation(
      rows.sectionOf(row).draft.table.name,
      rows.uuid(row),
      `[${[...columns.values()].flatMap(mutations).join(',')}]`,
    );
}

function mutations({ reference: { column }, come, go }: MemberEdit): readonly string[] {
  const set = (uuids: readonly string[]): string =>
    `["set",[${uuids.map((uuid) => wireAtom(column.key, uuid)).join(',')}]]`;
  return [
    ...(go.length > 0 ? [mutation(column.name, 'delete', set(go))] : []),
    ...(come.length > 0 ? [mutation(column.name, 'insert', set(come))] : []),
  ];
}
