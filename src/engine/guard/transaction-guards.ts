/**
 * The guards of one of several transactions. Those before it have changed some of what the plan was made from, and only
 * that: each guard has what the plan saw, with what they have made of it.
 */
import type { ReferenceColumn } from '../../model/reference/reference.js';
import type { Value } from '../../model/row/row.js';
import { wireValue } from '../../model/row/wire-notation.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import type { MemberEdit, MemberEdits } from '../order/member-edit.js';
import { CHANGE, keepsAlive, memberColumns, type PlannedRows } from '../order/planned-row.js';
import { type RowUpdate, rowAfter } from '../plan/table-plan.js';
import type { AssignedValueGuards } from './assigned-value-guard.js';
import { type FoundRows, foundTargets } from './found-row.js';
import type { Done, NameGuards } from './name-guard.js';
import {
  bothStates,
  deleteGuards,
  type GuardedColumn,
  type GuardedPart,
  type RowState,
  rowGuard,
} from './row-guard.js';
import { SetValues } from './set-value.js';
import { holdsUnindexed } from './unindexed-row.js';
import { updatedState } from './update-guard.js';
import type { Referrer, WeakReferrers } from './weak-referrer.js';

/** Of a larger set it is not asked what is in it: the answer would have to be sent again in each transaction. */
const SET_MEMBERS_MAX = 20_000;
const MEMBER_BYTES = 48;
const COLUMN_BYTES = 40;
const GUARD_BYTES = 200;

/** What the guards of a plan that is cut are made from. */
export interface GuardParts {
  readonly referrers: WeakReferrers;
  readonly names: NameGuards;
  readonly found: FoundRows;
  readonly values: AssignedValueGuards;
}

/** The rows of a transaction, and what changes in sets of any rows. */
export interface TransactionRows {
  readonly number: number;
  readonly changed: Int32Array;
  readonly edits: MemberEdits;
}

export class TransactionGuards {
  private readonly sets: SetValues;

  constructor(
    private readonly rows: PlannedRows,
    private readonly transactionOf: Int32Array,
    private readonly parts: GuardParts,
  ) {
    this.sets = new SetValues(rows, transactionOf);
  }

  *of({ number, changed, edits }: TransactionRows): Generator<string> {
    const guarded = new Set<number>();
    yield* this.nameGuards(changed, number);
    for (const row of changed) {
      if (this.rows.changeOf(row) !== CHANGE.INSERT) continue;
      const { draft, first } = this.rows.sectionOf(row);
      yield* this.parts.values.of(draft.table.name, row - first);
    }
    for (const row of changed) {
      if (this.rows.changeOf(row) !== CHANGE.DELETE) continue;
      guarded.add(row);
      yield* this.deleted(row, number);
    }
    for (const row of changed) if (guarded.has(row)) yield* this.referrerGuards(row, number);
    for (const row of new Set([...edits.keys(), ...changed])) {
      const guard = guarded.has(row) ? undefined : this.staying(row, number, edits.get(row));
      if (guard === undefined) continue;
      guarded.add(row);
      yield guard;
    }
    for (const row of changed) {
      for (const target of foundTargets(this.rows, this.parts.found, row)) {
        if (guarded.has(target)) continue;
        guarded.add(target);
        yield rowGuard(this.rows.sectionOf(target).draft.table, this.rows.uuid(target), this.foundBy(target, number));
      }
    }
  }

  private isDone(row: number, number: number): boolean {
    const done = this.transactionOf[row] as number;
    return done > 0 && done < number;
  }

  private *nameGuards(changed: Int32Array, number: number): Generator<string> {
    const tables = new Map<string, { readonly inserted: number[]; readonly updated: number[] }>();
    for (const row of changed) {
      const change = this.rows.changeOf(row);
      if (change !== CHANGE.INSERT && change !== CHANGE.UPDATE) continue;
      const { draft, first, firstLive } = this.rows.sectionOf(row);
      const named = tables.get(draft.table.name) ?? { inserted: [], updated: [] };
      tables.set(draft.table.name, named);
      if (change === CHANGE.INSERT) named.inserted.push(row - first);
      else named.updated.push(row - firstLive);
    }
    const done: Done = {
      isInserted: (table, index) => this.isDone(this.rows.section(table).first + index, number),
      isChanged: (table, index) => this.isDone(this.rows.section(table).firstLive + index, number),
    };
    for (const [table, named] of tables) yield* this.parts.names.of({ table, ...named }, done);
  }

  private deleted(row: number, number: number): readonly string[] {
    const { table } = this.rows.sectionOf(row).draft;
    const then: Record<string, Value> = { ...this.rows.content(row) };
    const unknown = new Set<string>();
    for (const [name, column] of memberColumns(table)) {
      const members = this.sets.atBeginOf(number, row, column);
      if (members === undefined) unknown.add(name);
      else then[name] = members;
    }
    return deleteGuards(table, { uuid: this.rows.uuid(row), row: then }, (name) => unknown.has(name));
  }

  /** Nobody else refers weakly to a row that is deleted. */
  private *referrerGuards(row: number, number: number): Generator<string> {
    const { table } = this.rows.sectionOf(row).draft;
    yield* this.parts.referrers.guards(table.name, this.rows.uuid(row), (referrer) =>
      this.stillRefers(referrer, number),
    );
  }

  /** Whether a referrer of a row that is deleted refers to it when this transaction begins. */
  private stillRefers({ table, reference, liveIndex }: Referrer, number: number): boolean {
    const row = this.rows.section(table.name).firstLive + liveIndex;
    if (!this.isDone(row, number)) return true;
    if (this.rows.changeOf(row) === CHANGE.DELETE) return false;
    const { columns = [], members = [] } = this.rows.update(row) ?? {};
    const isWritten = [...columns, ...members].some(({ column }) => column === reference.column);
    // out of a set of which nothing else changes the server takes it when the row goes
    return !isWritten && memberColumns(table).has(reference.column.name);
  }

  /** The guard of a row that is written to, or whose sets are; undefined for any other. */
  private staying(row: number, number: number, edits: ReadonlyMap<string, MemberEdit> | undefined): string | undefined {
    const { table } = this.rows.sectionOf(row).draft;
    const isOwn = this.rows.changeOf(row) === CHANGE.UPDATE && this.transactionOf[row] === number;
    const own = isOwn ? ownUpdate(table, this.rows.update(row) as RowUpdate) : NO_UPDATE;
    if (own.columns.length + own.members.length === 0 && edits === undefined) return undefined;
    const { schema } = this.rows.plan.live;
    const sets: GuardedColumn[] = [];
    const members: GuardedPart[] = [];
    for (const { reference, come, go } of edits?.values() ?? []) {
      const { column } = reference;
      // somebody may have put it elsewhere
      if (go.length > 0 && keepsAlive(schema, reference.key)) members.push({ column, part: go });
      if (come.length > 0 && isListed(this.rows, row, reference)) {
        const before = this.sets.atBeginOf(number, row, reference);
        if (before !== undefined) sets.push({ column, before });
      }
    }
    const written = bothStates(updatedState(schema, table, own), this.foundBy(row, number));
    return rowGuard(table, this.rows.uuid(row), bothStates(written, { columns: sets, includes: members }));
  }

  private foundBy(row: number, number: number): RowState {
    if (this.rows.isInserted(row)) return {};
    const { table } = this.rows.sectionOf(row).draft;
    const uuid = this.rows.uuid(row);
    if (!this.parts.found.has(uuid)) return {};
    const live = this.rows.content(row);
    const update = this.rows.update(row);
    const then = update === undefined || !this.isDone(row, number) ? live : rowAfter(live, update);
    return this.parts.found.state(table, uuid, live, then);
  }
}

const NO_UPDATE = { columns: [], members: [] };

/** What is written with the row itself: its sets of references change member by member, in different transactions. */
function ownUpdate(table: TableSchema, { columns, members }: RowUpdate): Omit<RowUpdate, 'liveIndex'> {
  const sets = memberColumns(table);
  return {
    columns: columns.filter(({ column }) => !sets.has(column.name)),
    members: members.filter(({ column }) => !sets.has(column.name)),
  };
}

/** Whether all that is in a set must be as it was before anything comes into it: what comes could come twice. */
function isListed(rows: PlannedRows, row: number, reference: ReferenceColumn): boolean {
  return (
    !rows.isInserted(row) &&
    holdsUnindexed(rows.plan.live.schema, reference) &&
    listedMembers(rows, row, reference) <= SET_MEMBERS_MAX
  );
}

/** How many members are in the set before or after, at most. */
function listedMembers(rows: PlannedRows, row: number, { column }: ReferenceColumn): number {
  const size = (value: Value | undefined): number => (Array.isArray(value) ? value.length : 0);
  const update = rows.update(row);
  const change = [...(update?.columns ?? []), ...(update?.members ?? [])].find((other) => other.column === column);
  return size(rows.content(row)[column.name]) + size(change?.after);
}

/** Longest text of what `staying` guards of a live row for the sake of its sets and of how it was found. */
export function stayingBytes(rows: PlannedRows, found: FoundRows, row: number): number {
  const { table } = rows.sectionOf(row).draft;
  const update = rows.update(row);
  if (update === undefined || rows.isInserted(row)) return 0;
  const uuid = rows.uuid(row);
  const changed = new Set([...update.columns, ...update.members].map(({ column }) => column.name));
  let bytes = 0;
  for (const reference of memberColumns(table).values())
    if (changed.has(reference.column.name) && isListed(rows, row, reference))
      bytes += COLUMN_BYTES + MEMBER_BYTES * listedMembers(rows, row, reference);
  return bytes + foundBytes(found.state(table, uuid, rows.content(row)));
}

/** Longest text of the guard of a row that another comes to refer to. */
export function targetBytes(rows: PlannedRows, found: FoundRows, target: number): number {
  const { table } = rows.sectionOf(target).draft;
  return GUARD_BYTES + foundBytes(found.state(table, rows.uuid(target), rows.content(target)));
}

function foundBytes({ columns = [], includes = [] }: RowState): number {
  return [...columns, ...includes.map(({ column, part }) => ({ column, before: part }))].reduce(
    (sum, { column, before }) => sum + COLUMN_BYTES + wireValue(column, before).length,
    0,
  );
}
