/** The operations of one transaction, as text: its guards, then inserts, members of sets, updates and deletes. */
import { type Reference, type ReferenceColumn, referencesIn } from '../../model/reference/reference.js';
import { wireAtom } from '../../model/row/wire-notation.js';
import { deleteOperation, mutateOperation, mutation } from '../../ovsdb/operation.js';
import type { RowUpdate } from '../plan/table-plan.js';
import { absenceGuards, deleteGuard, existenceGuard, updateGuard } from './guard.js';
import { InsertWriter } from './insert.js';
import {
  CHANGE,
  changedReferences,
  keepsAlive,
  memberColumns,
  NO_ROW,
  type PlannedRows,
  type Section,
} from './planned-row.js';
import type { Dependencies } from './row-dependency.js';
import { NO_LINK } from './row-links.js';
import { updateTexts } from './update.js';
import type { Referrer, WeakReferrers } from './weak-referrer.js';

/** Which row comes when. */
export interface Placement {
  /** For each row the number of its transaction, from 1 on; 0 for a row that is not changed. */
  readonly transactionOf: Int32Array;
  /** 1 for an inserted row some of whose references come only in later transactions. */
  readonly isPartial: Uint8Array;
}

/** Members that come into a set and go out of it. */
interface MemberEdit {
  readonly reference: ReferenceColumn;
  readonly come: string[];
  readonly go: string[];
}

/** Row -> the sets of it that change in this transaction. */
type Edits = Map<number, Map<string, MemberEdit>>;

export class TransactionWriter {
  private readonly rows: PlannedRows;
  private readonly inserts = new Map<Section, InsertWriter>();
  /** Inserted row -> its guard, where no transaction before it brings the name. */
  private readonly absences: ReadonlyMap<number, string>;

  constructor(
    private readonly dependencies: Dependencies,
    private readonly placement: Placement,
    private readonly referrers: WeakReferrers,
  ) {
    this.rows = dependencies.rows;
    this.absences = this.chooseAbsences();
  }

  *operations(changed: Int32Array, number: number): Generator<string> {
    const edits: Edits = new Map();
    for (const row of changed) this.collectEdits(row, number, edits);
    const guarded = new Set<number>();
    for (const row of changed) {
      const guard = this.guard(row);
      if (guard === undefined) continue;
      guarded.add(row);
      yield guard;
    }
    for (const row of changed) if (this.rows.changeOf(row) === CHANGE.DELETE) yield* this.referrerGuards(row, number);
    // a member of a row that is gone would vanish without a word
    for (const row of edits.keys())
      if (!guarded.has(row)) yield existenceGuard(this.rows.sectionOf(row).draft.table, this.rows.uuid(row));
    for (const row of changed) if (this.rows.isInserted(row)) yield this.insert(row, number);
    for (const [row, columns] of edits)
      yield mutateOperation(
        this.rows.sectionOf(row).draft.table.name,
        this.rows.uuid(row),
        `[${[...columns.values()].flatMap(mutations).join(',')}]`,
      );
    for (const row of changed) if (this.rows.changeOf(row) === CHANGE.UPDATE) yield* this.update(row);
    for (const row of changed)
      if (this.rows.changeOf(row) === CHANGE.DELETE)
        yield deleteOperation(this.rows.sectionOf(row).draft.table.name, this.rows.uuid(row));
  }

  private guard(row: number): string | undefined {
    const {
      draft: { table, live },
      firstLive,
    } = this.rows.sectionOf(row);
    const members = memberColumns(table);
    switch (this.rows.changeOf(row)) {
      case CHANGE.INSERT:
        return this.absences.get(row);
      case CHANGE.DELETE:
        // transactions before this one may have taken members out
        return deleteGuard(table, live, row - firstLive, (column) => members.has(column));
      case CHANGE.UPDATE: {
        const update = this.rows.update(row) as RowUpdate;
        const whole = update.columns.filter(({ column }) => !members.has(column.name));
        if (whole.length > 0) return updateGuard(table, this.rows.uuid(row), whole);
        return update.members.some(({ column }) => !members.has(column.name))
          ? existenceGuard(table, this.rows.uuid(row))
          : undefined;
      }
      default:
        return undefined;
    }
  }

  /** Nobody else refers weakly to a row that is deleted. */
  private *referrerGuards(row: number, number: number): Generator<string> {
    const { table } = this.rows.sectionOf(row).draft;
    yield* this.referrers.guards(table.name, this.rows.uuid(row), (referrer) => this.stillRefers(referrer, number));
  }

  /** Whether a referrer of a row that is deleted refers to it when this transaction begins. */
  private stillRefers({ table, reference, liveIndex }: Referrer, number: number): boolean {
    const row = this.rows.section(table.name).firstLive + liveIndex;
    const since = this.placement.transactionOf[row] as number;
    if (since === 0 || since >= number) return true;
    if (this.rows.changeOf(row) === CHANGE.DELETE) return false;
    const { columns = [], members = [] } = this.rows.update(row) ?? {};
    const isWritten = [...columns, ...members].some(({ column }) => column === reference.column);
    // out of a set of which nothing else changes the server takes it when the row goes
    return !isWritten && memberColumns(table).has(reference.column.name);
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

  /** Members that come and go with this row: it itself in the sets of others, and others in its sets. */
  private collectEdits(row: number, number: number, edits: Edits): void {
    const { memberships } = this.dependencies;
    for (let link = memberships.first(row); link !== NO_LINK; link = memberships.next(link)) {
      const holder = memberships.target(link);
      const since = this.placement.transactionOf[holder] as number;
      if (this.rows.isInserted(holder) && since >= number) continue; // it comes with its members
      if (this.rows.changeOf(holder) === CHANGE.DELETE && since <= number) continue; // it goes with them
      const { reference, isGain } = this.dependencies.memberChange(memberships.label(link));
      const edit = editOf(edits, holder, reference);
      (isGain ? edit.come : edit.go).push(this.rows.uuid(row));
    }
    if (this.rows.changeOf(row) !== CHANGE.UPDATE) return;
    const { columns, members } = this.rows.update(row) as RowUpdate;
    // of a row that is deleted in another transaction the server can leave them
    for (const { column, removed } of members) {
      const reference = memberColumns(this.rows.sectionOf(row).draft.table).get(column.name);
      if (reference === undefined) continue;
      for (const { uuid } of referencesIn(reference, removed)) editOf(edits, row, reference).go.push(uuid);
    }
    for (const reference of memberColumns(this.rows.sectionOf(row).draft.table).values()) {
      const diff = columns.find(({ column }) => column.name === reference.column.name);
      if (diff === undefined) continue;
      const { lost, gained } = changedReferences(reference, diff.before, diff.after);
      const go = lost.filter((member) => this.rows.isLostWithHolder(member)).map(({ uuid }) => uuid);
      const come = gained.filter((member) => this.rows.isGainedWithHolder(member)).map(({ uuid }) => uuid);
      if (go.length + come.length === 0) continue;
      const edit = editOf(edits, row, reference);
      for (const uuid of go) edit.go.push(uuid);
      for (const uuid of come) edit.come.push(uuid);
    }
  }

  /**
   * One guard for rows of one name, in the first transaction that inserts one; none where an update may have brought
   * the name before.
   */
  private chooseAbsences(): ReadonlyMap<number, string> {
    const first = new Map<string, number>();
    const renamed = new Map(
      this.rows.all.map(({ draft: { table, updates } }) => [
        table.name,
        new Set(
          [...updates.values()].flatMap(({ columns }) =>
            columns.filter(({ column }) => column.name === 'name').map(({ after }) => after),
          ),
        ),
      ]),
    );
    for (const { table, index, name, text } of absenceGuards(this.rows.plan)) {
      const row = this.rows.section(table.name).first + index;
      if (renamed.get(table.name)?.has(name) === true) continue;
      const other = first.get(text);
      if (
        other === undefined ||
        (this.placement.transactionOf[row] as number) < (this.placement.transactionOf[other] as number)
      )
        first.set(text, row);
    }
    return new Map([...first].map(([text, row]) => [row, text]));
  }
}

function editOf(edits: Edits, row: number, reference: ReferenceColumn): MemberEdit {
  const columns = edits.get(row) ?? new Map<string, MemberEdit>();
  edits.set(row, columns);
  const { name } = reference.column;
  const edit = columns.get(name) ?? { reference, come: [], go: [] };
  columns.set(name, edit);
  return edit;
}

function mutations({ reference: { column }, come, go }: MemberEdit): readonly string[] {
  const set = (uuids: readonly string[]): string =>
    `["set",[${uuids.map((uuid) => wireAtom(column.key, uuid)).join(',')}]]`;
  return [
    ...(go.length > 0 ? [mutation(column.name, 'delete', set(go))] : []),
    ...(come.length > 0 ? [mutation(column.name, 'insert', set(come))] : []),
  ];
}
