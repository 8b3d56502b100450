/** Turns the changes of a restore round, one by one: what it inserted goes, what it deleted comes back. */
import { withoutRuntimeKeys } from '../../model/northbound/runtime.js';
import { keepReferences, referenceColumns } from '../../model/reference/reference.js';
import type { Atom, Row, Value } from '../../model/row/row.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { diffRows, equalValues } from '../plan/row-diff.js';
import type { Findings, NamedRow } from './findings.js';
import { type KeptChange, rowOf, type UndoMode } from './kept-change.js';
import type { UndoDraft } from './undo-draft.js';

/** A row that the restore inserted, that others changed since, and that is to be deleted. */
export interface ChangedRow extends NamedRow {
  readonly uuid: string;
  readonly columns: string;
}

interface ColumnValues {
  readonly now: Value | undefined;
  readonly before: Value | undefined;
  readonly after: Value | undefined;
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

  undo(change: KeptChange): void {
    const table = this.draft.live.schema.tables.get(change.table);
    if (table === undefined) {
      this.findings.add(change, `the database has no table ${change.table} any more`);
      return;
    }
    const row = this.draft.rows(table.name).rowBefore(change.uuid);
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
      next[name] = this.columnBefore(table, column, change, { now: row[name], before, after });
      if (!equalValues(next[name], row[name])) changed = true;
    }
    if (!changed) {
      this.absent++;
      return;
    }
    this.present++;
    this.put(table, change, next);
  }

  /** The value that the column is to have. */
  private columnBefore(
    table: TableSchema,
    column: ColumnSchema,
    change: KeptChange,
    { now, before, after }: ColumnValues,
  ): Value | undefined {
    if (column.kind === 'set' && referenceColumns(table).some((reference) => reference.column === column))
      return membersBefore({ now, before, after });
    const same = (a: Value | undefined, b: Value | undefined): boolean =>
      equalValues(withoutRuntimeKeys(table.name, column.name, a), withoutRuntimeKeys(table.name, column.name, b));
    if (same(now, before)) return now;
    if (!same(now, after)) {
      this.findings.add(change, `was changed since in ${column.name}`);
      // a restore that stopped halfway writes columns whole: another value is somebody else's
      if (this.mode === 'PARTIAL') return now;
    }
    return before;
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

/** A set of references without the members that the restore added, and with those that it took away. */
function membersBefore({ now, before, after }: ColumnValues): Value | undefined {
  const [was, became, is] = [before, after, now].map((value) => (value ?? []) as readonly Atom[]) as [
    readonly Atom[],
    readonly Atom[],
    readonly Atom[],
  ];
  const [inWas, inBecame, inIs] = [new Set(was), new Set(became), new Set(is)];
  const left = is.filter((atom) => inWas.has(atom) || !inBecame.has(atom));
  const back = was.filter((atom) => !inBecame.has(atom) && !inIs.has(atom));
  return left.length + back.length === 0 ? undefined : [...left, ...back];
}
