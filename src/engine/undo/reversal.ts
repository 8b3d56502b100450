/** Turns the changes of a restore round, one by one: what it inserted goes, what it deleted comes back. */
import { runtimeKeys } from '../../model/northbound/runtime.js';
import { isCollection } from '../../model/reference/collection.js';
import { keepReferences, referenceColumns } from '../../model/reference/reference.js';
import type { Row, Value } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { diffRows, equalValues } from '../plan/row-diff.js';
import type { Findings, NamedRow } from './findings.js';
import { type KeptChange, opened, rowOf, type UndoMode } from './kept-change.js';
import type { UndoDraft } from './undo-draft.js';
import { membersBefore, valueBefore } from './value-before.js';

/** A row that the restore inserted, that others changed since, and that is to be deleted. */
export interface ChangedRow extends NamedRow {
  readonly uuid: string;
  readonly columns: string;
}

export class Reversal {
  /** Changes that are to be taken back, and those of which nothing is left in the database. */
  present = 0;
  absent = 0;
  readonly changedSince: ChangedRow[] = [];

  constructor(
    private readonly draft: UndoDraft,
    private readonly findings: Findings,
    private readonly mode: UndoMode,
  ) {}

  undo(kept: KeptChange): void {
    const table = this.draft.live.schema.tables.get(kept.table);
    if (table === undefined) {
      this.findings.add(kept, `the database has no table ${kept.table} any more`);
      return;
    }
    const row = this.draft.rows(table.name).rowBefore(kept.uuid);
    const change = opened(kept, table, row);
    if (change.kind === 'INSERT') this.undoInsert(table, change, row);
    else if (change.kind === 'DELETE') this.undoDelete(table, change, row);
    else this.undoUpdate(table, change, row);
  }

  private undoInsert(table: TableSchema, change: KeptChange, row: Row | undefined): void {
    if (row === undefined) {
      this.absent++;
      return;
    }
    this.present++;
    this.draft.rows(table.name).delete(change.uuid);
    // a row of a restore that stopped halfway may be half written
    if (change.isBrief === true || this.mode === 'PARTIAL') return;
    const { uuid, label } = change;
    const columns = diffRows(table, row, this.existing(table, rowOf(change, 'after')));
    if (columns.length > 0)
      this.changedSince.push({
        table: table.name,
        uuid,
        label,
        columns: columns.map(({ column }) => column.name).join(', '),
      });
  }

  private undoDelete(table: TableSchema, change: KeptChange, row: Row | undefined): void {
    const before = rowOf(change, 'before');
    if (row === undefined) {
      this.present++;
      this.put(table, change, before);
      return;
    }
    this.absent++;
    const next = this.mode === 'PARTIAL' ? withMembers(table, row, before) : row;
    if (next !== row) this.put(table, change, next);
    if (diffRows(table, next, before).length > 0)
      this.findings.add(change, 'is in the database again, other than it was; it is left as it is');
  }

  private undoUpdate(table: TableSchema, change: KeptChange, row: Row | undefined): void {
    if (row === undefined) {
      this.findings.add(change, 'was deleted since; it stays deleted');
      return;
    }
    const next: Record<string, Value | undefined> = { ...row };
    let changed = false;
    for (const { column: name, before, after } of change.columns) {
      const column = table.columns.get(name);
      if (column === undefined) {
        this.findings.add(change, `the database has no column ${name} any more`);
        continue;
      }
      const { value, changedSince } = valueBefore(
        column,
        { now: row[name], before, after },
        // what a restore that stopped halfway did not write is somebody else's
        {
          changedSince: this.mode === 'PARTIAL' ? 'LEAVE' : 'UNDO',
          isCollection: isCollection(table, column),
          runtimeKeys: [...runtimeKeys(table, name)],
        },
      );
      if (changedSince !== undefined) this.findings.add(change, `was changed since in ${changedSince}`);
      next[name] = value;
      if (!equalValues(value, row[name])) changed = true;
    }
    if (!changed) {
      this.absent++;
      return;
    }
    this.present++;
    this.put(table, change, next);
  }

  /** The row with those of its references whose rows the live database has: the server drops the others by itself. */
  private existing(table: TableSchema, row: Row): Row {
    return keepReferences(table, row, (to, uuid) => this.draft.live.tables.get(to)?.find(uuid) !== undefined);
  }

  private put(table: TableSchema, change: KeptChange, row: Readonly<Record<string, Value | undefined>>): void {
    const entries = Object.entries(row).filter((entry): entry is [string, Value] => entry[1] !== undefined);
    const fitting = entries.filter(([name]) => table.columns.has(name));
    if (fitting.length < entries.length) this.findings.add(change, 'has columns that the database lacks now');
    this.draft.put(table.name, change.uuid, Object.fromEntries(fitting));
  }
}

/**
 * A row with what it held before: a restore that stopped halfway may have taken members out of it in one step, and was
 * to delete it in a later one.
 */
function withMembers(table: TableSchema, row: Row, before: Row): Row {
  const next: Record<string, Value> = { ...row };
  let isSame = true;
  for (const { column } of referenceColumns(table)) {
    if (column.kind !== 'set') continue;
    const value = membersBefore({ now: row[column.name], before: before[column.name], after: undefined });
    if (value === undefined || equalValues(value, row[column.name])) continue;
    next[column.name] = value;
    isSame = false;
  }
  return isSame ? row : next;
}
