/**
 * Undo: the database as it would be had a restore not changed what it changed. Pure.
 *
 * The list of changes that every restore keeps has the values before and after. Turned round and laid over the
 * database as it is now it gives a target, and the plan that leads there (plan.ts) is the undo. What others wrote since
 * into rows and columns that the restore did not touch stays as it is; sets of references are undone member by
 * member, so that a port that somebody added to a switch meanwhile stays in it.
 */

import type { Breath } from '../../lib/breath.js';
import { defined } from '../../lib/defined.js';
import type { Problem } from '../../lib/error.js';
import { withoutRuntimeKeys } from '../../model/northbound/runtime.js';
import { heldRows } from '../../model/reference/holding.js';
import { holderColumns, keepReferences, referenceColumns, referencesIn } from '../../model/reference/reference.js';
import { type Atom, encodeRow, parseRow, type Row, RowError, type Value } from '../../model/row/row.js';
import { EditableRows } from '../../model/snapshot/editable-rows.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import { type Identity, NO_MATCH } from '../identify/identify.js';
import type { ColumnChange } from '../plan/plan-changes.js';
import { diffRows, equalValues } from '../plan/row-diff.js';

/** A change as it was kept. SKIP is none. */
export interface KeptChange {
  readonly kind: 'INSERT' | 'UPDATE' | 'DELETE';
  readonly table: string;
  readonly uuid: string;
  readonly label: string;
  readonly columns: readonly ColumnChange[];
  /** Of an inserted row nothing but its UUID was kept: whether others changed it cannot be told. */
  readonly isBrief?: true;
}

/**
 * STRICT: a row that others changed since is a conflict. FORCE: the restore's part of it is undone all the same, what
 * is left of it is warned of. PARTIAL: as FORCE, after a restore that did not come to its end, whose rows may be half
 * written.
 */
export type UndoMode = 'STRICT' | 'FORCE' | 'PARTIAL';

export interface UndoTarget {
  readonly target: Snapshot;
  readonly conflicts: readonly Problem[];
  readonly warnings: readonly string[];
  /** Changes that are to be taken back, and those of which nothing is left in the database. */
  readonly present: number;
  readonly absent: number;
}

const LISTED_MAX = 100;

/** Lays the changes, turned round, over the live database. Both have the live schema. */
export async function undoTarget(
  live: Snapshot,
  changes: AsyncIterable<KeptChange> | Iterable<KeptChange>,
  mode: UndoMode,
  breath: Breath,
): Promise<UndoTarget> {
  return new Undoing(live, mode, breath).run(changes);
}

class Undoing {
  /** Table -> its rows as they are to be; only tables that change. */
  private readonly edited = new Map<string, EditableRows>();
  private readonly conflicts: Problem[] = [];
  private readonly warnings: string[] = [];
  private present = 0;
  private absent = 0;

  constructor(
    private readonly live: Snapshot,
    private readonly mode: UndoMode,
    private readonly breath: Breath,
  ) {}

  async run(changes: AsyncIterable<KeptChange> | Iterable<KeptChange>): Promise<UndoTarget> {
    for await (const change of changes) {
      const table = this.live.schema.tables.get(change.table);
      if (table === undefined) this.clash(change, `the database has no table ${change.table} any more`);
      else this.undo(table, change);
      if (this.breath.due()) await this.breath.rest();
    }
    this.dropDangling();
    const orphans = await this.orphans();
    for (const { table, uuid, label } of orphans) {
      this.edit(table).delete(uuid);
      this.clash({ table, label }, 'would be left without the row that holds it, and so be deleted');
    }
    return {
      target: this.target(),
      conflicts: this.conflicts.slice(0, LISTED_MAX),
      warnings: this.warnings,
      present: this.present,
      absent: this.absent,
    };
  }

  private target(): Snapshot {
    const tables = new Map<string, TableRows>(this.live.tables);
    for (const [table, rows] of this.edited) tables.set(table, rows.seal());
    return { schema: this.live.schema, tables };
  }

  private undo(table: TableSchema, change: KeptChange): void {
    const rows = this.live.tables.get(table.name) as TableRows;
    const index = rows.find(change.uuid);
    const row = index === undefined ? undefined : rows.row(index);
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
    const differing =
      change.isBrief === true ? [] : diffRows(table, row, this.existing(table, sideOf(change, 'after')));
    if (differing.length > 0 && this.mode !== 'PARTIAL')
      this.clash(
        change,
        `was changed since in ${differing.map(({ column }) => column.name).join(', ')}, and would be deleted`,
      );
    this.edit(table.name).delete(change.uuid);
  }

  private undoDelete(table: TableSchema, change: KeptChange, row: Row | undefined): void {
    const before = sideOf(change, 'before');
    if (row === undefined) {
      this.present++;
      this.put(table, change, before);
      return;
    }
    this.absent++;
    if (diffRows(table, row, before).length > 0)
      this.clash(change, 'is in the database again, other than it was; it is left as it is');
  }

  private undoUpdate(table: TableSchema, change: KeptChange, row: Row | undefined): void {
    if (row === undefined) {
      this.clash(change, 'was deleted since; it stays deleted');
      return;
    }
    const next: Record<string, Value> = { ...row };
    let changed = false;
    for (const { column: name, before, after } of change.columns) {
      const column = table.columns.get(name);
      if (column === undefined) {
        this.clash(change, `the database has no column ${name} any more`);
        continue;
      }
      const value = this.columnBefore(table, column, { change, now: row[name], before, after });
      if (equalValues(value, row[name])) continue;
      changed = true;
      if (value === undefined)
        delete next[name]; // eslint-disable-line @typescript-eslint/no-dynamic-delete
      else next[name] = value;
    }
    if (changed) this.present++;
    else this.absent++;
    if (changed) this.put(table, change, next);
  }

  /** The value that the column is to have. */
  private columnBefore(
    table: TableSchema,
    column: ColumnSchema,
    {
      change,
      now,
      before,
      after,
    }: { change: KeptChange; now: Value | undefined; before: Value | undefined; after: Value | undefined },
  ): Value | undefined {
    if (column.kind === 'set' && referenceColumns(table).some((reference) => reference.column === column)) {
      const [was, became, is] = [atoms(before), atoms(after), atoms(now)];
      const left = is.filter((atom) => was.includes(atom) || !became.includes(atom));
      const back = was.filter((atom) => !became.includes(atom) && !is.includes(atom));
      return left.length + back.length === 0 ? undefined : [...left, ...back];
    }
    const same = (a: Value | undefined, b: Value | undefined): boolean =>
      equalValues(withoutRuntimeKeys(table.name, column.name, a), withoutRuntimeKeys(table.name, column.name, b));
    if (same(now, before)) return now;
    if (!same(now, after)) {
      this.clash(change, `was changed since in ${column.name}`);
      // a restore that stopped halfway writes columns whole: another value is somebody else's
      if (this.mode === 'PARTIAL') return now;
    }
    return before;
  }

  /** The row with those of its references whose rows the live database has: the server drops the others by itself. */
  private existing(table: TableSchema, row: Row): Row {
    return keepReferences(table, row, (to, uuid) => this.live.tables.get(to)?.find(uuid) !== undefined);
  }

  private put(table: TableSchema, change: KeptChange, row: Row): void {
    const fitting = Object.fromEntries(Object.entries(row).filter(([name]) => table.columns.has(name)));
    if (Object.keys(fitting).length < Object.keys(row).length)
      this.clash(change, 'has columns that the database lacks now');
    try {
      const text = encodeRow(table, fitting, change.uuid);
      this.edit(table.name).put(change.uuid, text);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      this.clash(change, `does not fit the database's schema any more (${error.message})`);
    }
  }

  private edit(table: string): EditableRows {
    const rows = this.edited.get(table) ?? new EditableRows(this.live.tables.get(table) as TableRows);
    this.edited.set(table, rows);
    return rows;
  }

  private exists(uuid: string, table: string): boolean {
    return this.edited.get(table)?.has(uuid) ?? this.live.tables.get(table)?.find(uuid) !== undefined;
  }

  /**
   * References of rows that are put back, to rows that are not there: taken away by this undo, or deleted by others
   * since.
   */
  private dropDangling(): void {
    for (const [name, rows] of this.edited) {
      const table = this.live.schema.tables.get(name) as TableSchema;
      const columns = referenceColumns(table);
      if (columns.length === 0) continue;
      for (const [uuid, text] of rows.puts()) {
        const row = parseRow(text);
        const kept = keepReferences(table, row, (of, to) => this.exists(to, of));
        const lost = columns.filter(({ column }) => !equalValues(row[column.name], kept[column.name]));
        if (lost.length === 0) continue;
        const label = labelOf(table, row, uuid);
        const gone = lost.filter((column) =>
          referencesIn(column, row[column.column.name]).some(
            (reference) =>
              !this.exists(reference.uuid, reference.table) &&
              this.edited.get(reference.table)?.isDeleted(reference.uuid) !== true,
          ),
        );
        if (gone.length > 0)
          this.clash(
            { table: name, label },
            `referred in ${gone.map(({ column }) => column.name).join(', ')} to rows that were deleted since`,
          );
        this.put(table, { kind: 'UPDATE', table: name, uuid, label, columns: [] }, kept);
      }
    }
  }

  /** Rows of non-root tables that nothing would hold in the target, though something holds them now. */
  private async orphans(): Promise<readonly { table: string; uuid: string; label: string }[]> {
    const { schema } = this.live;
    const released = [...this.edited].some(
      ([name]) => holderColumns(schema, schema.tables.get(name) as TableSchema).length > 0,
    );
    if (!released) return [];
    const held = await heldRows(this.target(), this.breath);
    const orphans: { table: string; uuid: string; label: string }[] = [];
    for (const table of schema.tables.values()) {
      const rows = this.live.tables.get(table.name);
      for (let i = 0; !table.isRoot && rows !== undefined && i < rows.count; i++) {
        const uuid = rows.uuid(i);
        if (held.get(table.name)?.has(uuid) !== true && this.exists(uuid, table.name))
          orphans.push({ table: table.name, uuid, label: labelOf(table, rows.row(i), uuid) });
        if (this.breath.due()) await this.breath.rest();
      }
    }
    return orphans;
  }

  private clash({ table, label }: { readonly table: string; readonly label: string }, what: string): void {
    const message = `${label} ${what}`;
    if (this.mode === 'STRICT') this.conflicts.push({ code: 'CONFLICT', message, table, label });
    else if (this.warnings.length < LISTED_MAX) this.warnings.push(message);
  }
}

function sideOf({ columns }: KeptChange, side: 'before' | 'after'): Row {
  return defined(Object.fromEntries(columns.map((change) => [change.column, change[side]]))) as Row;
}

const atoms = (value: Value | undefined): readonly Atom[] => (value ?? []) as readonly Atom[];

/** Which live row is this row, where both come from the same database: the one of the same UUID, and no other. */
export function identifyByUuid(target: Snapshot, live: Snapshot): Identity {
  const matches = new Map<string, Int32Array>();
  const matched = new Map<string, Uint8Array>();
  for (const [name, rows] of target.tables) {
    const theirs = live.tables.get(name) as TableRows;
    const taken = new Uint8Array(theirs.count);
    const found = Int32Array.from({ length: rows.count }, (_, i) => theirs.find(rows.uuid(i)) ?? NO_MATCH);
    for (const index of found) if (index !== NO_MATCH) taken[index] = 1;
    matches.set(name, found);
    matched.set(name, taken);
  }
  return { matches, matched, translation: new Map(), warnings: [] };
}
