/** Changes: a plan told row by row, for people and for the record of the restore. */

import type { Breath } from '../../lib/breath.js';
import { defined } from '../../lib/defined.js';
import { type Atom, atomText, parseRow, type Row, type Value } from '../../model/row/row.js';
import { sealValue } from '../../model/row/sealed-value.js';
import { mapEntries } from '../../model/row/wire-notation.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { type Labels, labelOf } from '../describe/label.js';
import {
  isTranslated,
  OUTCOME,
  type Plan,
  type RowUpdate,
  SKIP_REASONS,
  type TablePlan,
  translateRow,
  updateOf,
} from './table-plan.js';

export type ChangeKind = 'INSERT' | 'UPDATE' | 'DELETE' | 'SKIP';

export interface ColumnChange {
  readonly column: string;
  readonly before?: Value | undefined;
  readonly after?: Value | undefined;
  /**
   * Of a set or a map that is updated: what comes to it and what goes from it, in the column's own shape. A key with
   * another value is in both.
   */
  readonly added?: Value;
  readonly removed?: Value;
}

export interface RowChange {
  readonly kind: ChangeKind;
  readonly table: string;
  readonly uuid: string;
  readonly label: string;
  /**
   * Empty for SKIP; every column set by an INSERT; the columns that differ for an UPDATE; every column of a row to
   * DELETE.
   */
  readonly columns: readonly ColumnChange[];
  readonly reason?: string;
  /** Of an inserted row nothing but its UUID is told. */
  readonly isBrief?: true;
  /** The salt of its values `after`, which are sealed: see sealed-value.ts. */
  readonly salt?: string;
}

/**
 * A row that comes or goes whole, as its canonical text: of 100,000 rows nobody makes values who only writes them down.
 */
export interface WholeRowChange {
  readonly kind: 'INSERT' | 'DELETE';
  readonly table: string;
  readonly uuid: string;
  readonly label: string;
  /** Valid until the next change is asked for. */
  readonly row: Buffer;
}

/** A change with its columns. */
export function withColumns(change: RowChange | WholeRowChange): RowChange {
  if (!('row' in change)) return change;
  const { row, ...rest } = change;
  return { ...rest, columns: wholeRow(parseRow(row.toString()), change.kind) };
}

/** Every change, table by table in the order of names, skipped rows included. */
export async function* describeChanges(
  plan: Plan,
  labels: Labels,
  breath: Breath,
): AsyncGenerator<RowChange | WholeRowChange> {
  for (const draft of plan.tables) {
    const { backup, live, updates, deletes, spared, table } = draft;
    for (let i = 0; i < backup.count; i++) {
      const change = describeRow(draft, plan, labels, i);
      if (change !== undefined) yield change;
      if (breath.due()) await breath.rest();
    }
    const matched = plan.identity.matched.get(table.name);
    for (const update of updates.values()) {
      if (matched?.[update.liveIndex] !== 1) yield describeUpdate(draft, update, labels);
      if (breath.due()) await breath.rest();
    }
    for (const index of deletes) {
      const uuid = live.uuid(index);
      const row = live.text(index);
      yield { kind: 'DELETE', table: table.name, uuid, label: labels.ofText(table, row, uuid), row };
      if (breath.due()) await breath.rest();
    }
    for (const [index, reason] of spared) {
      yield skipOfLive(draft, index, labels, reason);
      if (breath.due()) await breath.rest();
    }
  }
}

/** Why a row is left as it is in a restore that is refused. */
const REFUSED = 'the restore is refused: nothing is changed';

/** What a plan that cannot be carried out changes, which is nothing: every row that it would change is skipped. */
export async function* describeRefusal(plan: Plan, labels: Labels, breath: Breath): AsyncGenerator<RowChange> {
  for (const draft of plan.tables) {
    const { table, backup, outcomes, updates, spared } = draft;
    for (let i = 0; i < backup.count; i++) {
      if (breath.due()) await breath.rest();
      const outcome = outcomes[i];
      if (outcome === OUTCOME.FAILED || outcome === OUTCOME.OUT) continue;
      const isChanged = outcome === OUTCOME.INSERT || outcome === OUTCOME.UPDATE;
      const uuid = liveUuid(draft, plan, table, i);
      const label = labels.ofText(table, backup.text(i), uuid);
      yield skipOf(table, uuid, label, isChanged ? REFUSED : SKIP_REASONS[outcome ?? 0]);
    }
    const matched = plan.identity.matched.get(table.name);
    for (const { liveIndex } of updates.values()) {
      if (breath.due()) await breath.rest();
      if (matched?.[liveIndex] !== 1) yield skipOfLive(draft, liveIndex, labels, REFUSED);
    }
    for (const [index, reason] of spared) {
      if (breath.due()) await breath.rest();
      yield skipOfLive(draft, index, labels, reason);
    }
  }
}

function skipOfLive({ table, live }: TablePlan, index: number, labels: Labels, reason: string): RowChange {
  const uuid = live.uuid(index);
  return skipOf(table, uuid, labels.ofText(table, live.text(index), uuid), reason);
}

function skipOf({ name }: TableSchema, uuid: string, label: string, reason = ''): RowChange {
  return { kind: 'SKIP', table: name, uuid, label, columns: [], reason };
}

/**
 * What is needed to undo the plan and no more: inserted rows by their UUIDs only. 100,000 of them are told in a moment,
 * where describing them takes a second that a restore would have to wait.
 */
export async function* briefChanges(plan: Plan, breath: Breath): AsyncGenerator<RowChange | WholeRowChange> {
  for (const { table, backup, live, outcomes, updates, deletes } of plan.tables) {
    for (let i = 0; i < backup.count; i++) {
      if (outcomes[i] === OUTCOME.INSERT)
        yield {
          kind: 'INSERT',
          table: table.name,
          uuid: backup.uuid(i),
          label: backup.uuid(i),
          columns: [],
          isBrief: true,
        };
      if (breath.due()) await breath.rest();
    }
    for (const update of updates.values()) {
      const uuid = live.uuid(update.liveIndex);
      yield {
        kind: 'UPDATE',
        table: table.name,
        uuid,
        label: labelOf(table, live.row(update.liveIndex), uuid),
        columns: updatedColumns(update),
      };
      if (breath.due()) await breath.rest();
    }
    for (const index of deletes) {
      yield {
        kind: 'DELETE',
        table: table.name,
        uuid: live.uuid(index),
        label: labelOf(table, live.row(index), live.uuid(index)),
        row: live.text(index),
      };
      if (breath.due()) await breath.rest();
    }
  }
}

/** Undefined for a row that failed, which is among the errors, and for one that is out of scope. */
function describeRow(
  draft: TablePlan,
  plan: Plan,
  labels: Labels,
  index: number,
): RowChange | WholeRowChange | undefined {
  const { table, backup, outcomes } = draft;
  const outcome = outcomes[index];
  if (outcome === OUTCOME.FAILED || outcome === OUTCOME.OUT) return undefined;
  const text = backup.text(index);
  if (outcome === OUTCOME.INSERT) {
    const uuid = backup.uuid(index);
    const change = { kind: 'INSERT', table: table.name, uuid, label: labels.ofText(table, text, uuid) } as const;
    if (!isTranslated(table, plan.identity, plan.options)) return { ...change, row: text };
    return {
      ...change,
      columns: wholeRow(translateRow(table, backup.row(index), plan.identity, plan.options), 'INSERT'),
    };
  }
  const update = updateOf(draft, plan.identity, index);
  if (outcome === OUTCOME.UPDATE && update !== undefined) return describeUpdate(draft, update, labels);
  const uuid = liveUuid(draft, plan, table, index);
  return skipOf(table, uuid, labels.ofText(table, text, uuid), SKIP_REASONS[outcome ?? 0]);
}

/**
 * What is needed to undo the plan, without a word of what it writes: that is the content of an encrypted backup. What
 * was before is the database's own.
 */
export async function* sealedChanges(
  plan: Plan,
  salt: string,
  breath: Breath,
): AsyncGenerator<RowChange | WholeRowChange> {
  const drafts = new Map(plan.tables.map((draft) => [draft.table.name, draft]));
  for await (const change of briefChanges(plan, breath)) {
    if (change.kind === 'DELETE' || 'row' in change) {
      yield change;
      continue;
    }
    const draft = drafts.get(change.table) as TablePlan;
    const columns = change.kind === 'INSERT' ? insertedColumns(draft, plan, change.uuid) : change.columns;
    const { kind, table, uuid, label } = change;
    yield { kind, table, uuid, label, columns: columns.map((cell) => sealedColumn(draft.table, cell, salt)), salt };
  }
}

function insertedColumns({ table, backup }: TablePlan, { identity, options }: Plan, uuid: string) {
  const row = backup.row(backup.find(uuid) as number);
  return wholeRow(isTranslated(table, identity, options) ? translateRow(table, row, identity, options) : row, 'INSERT');
}

function sealedColumn({ columns }: TableSchema, { column, before, after }: ColumnChange, salt: string): ColumnChange {
  const schema = columns.get(column) as ColumnSchema;
  return { column, before, after: after === undefined ? undefined : sealValue(schema, after, salt) };
}

function describeUpdate({ table, live }: TablePlan, update: RowUpdate, labels: Labels): RowChange {
  const uuid = live.uuid(update.liveIndex);
  const label = labels.ofText(table, live.text(update.liveIndex), uuid);
  return { kind: 'UPDATE', table: table.name, uuid, label, columns: updatedColumns(update) };
}

function updatedColumns({ columns, members }: RowUpdate): readonly ColumnChange[] {
  return [...columns, ...members].map(({ column, before, after }) => ({
    column: column.name,
    before,
    after,
    ...deltaOf(column, before, after),
  }));
}

function liveUuid({ backup, live }: TablePlan, plan: Plan, table: TableSchema, index: number): string {
  const match = plan.identity.matches.get(table.name)?.[index] ?? -1;
  return match < 0 ? backup.uuid(index) : live.uuid(match);
}

/** Every column of a row that comes, or of one that goes. */
export function wholeRow(row: Row, kind: 'INSERT' | 'DELETE'): readonly ColumnChange[] {
  return Object.entries(row).map(([column, value]) => ({ column, [kind === 'INSERT' ? 'after' : 'before']: value }));
}

/** What an update adds to a set or a map and what it takes away; nothing for columns of one value. Pure. */
export function deltaOf(
  column: ColumnSchema,
  before: Value | undefined,
  after: Value | undefined,
): Pick<ColumnChange, 'added' | 'removed'> {
  if (column.kind !== 'set' && column.kind !== 'map') return {};
  const minus = column.kind === 'set' ? membersWithout : pairsWithout;
  const added = minus(after, before);
  const removed = minus(before, after);
  return defined({ added, removed });
}

function membersWithout(set: Value | undefined, other: Value | undefined): Value | undefined {
  const known = new Set(((other ?? []) as readonly Atom[]).map(atomText));
  const rest = ((set ?? []) as readonly Atom[]).filter((atom) => !known.has(atomText(atom)));
  return rest.length === 0 ? undefined : rest;
}

function pairsWithout(map: Value | undefined, other: Value | undefined): Value | undefined {
  if (map === undefined) return undefined;
  const known = new Set(other === undefined ? [] : mapEntries(other).map(pairText));
  const rest = mapEntries(map).filter((pair) => !known.has(pairText(pair)));
  if (rest.length === 0) return undefined;
  return Array.isArray(map) ? rest : (Object.fromEntries(rest) as Record<string, Atom>);
}

function pairText([key, value]: readonly [Atom, Atom]): string {
  return `${atomText(key)}:${atomText(value)}`;
}
