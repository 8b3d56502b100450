/**
 * The draft of an undo: the live database with the edits that take a restore back. Some of them the database would
 * refuse, since others have written meanwhile. Such an edit is taken out again, and the row is then as it is live: it
 * "stays", where it was to be deleted, or is "left out", where it was to be put back. The live database is valid, so
 * that there is always an end to this.
 */
import { assert } from '../../lib/assert.js';
import { strongReferences } from '../../model/reference/holding.js';
import {
  type Reference,
  type ReferenceColumn,
  referenceColumns,
  referencesIn,
} from '../../model/reference/reference.js';
import { type Atom, encodeRow, type Row, RowError } from '../../model/row/row.js';
import { EditableRows } from '../../model/snapshot/editable-rows.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import type { NamedRow } from './findings.js';

/** A row that was to be deleted, and stays. */
export interface StayingRow extends NamedRow {
  readonly why: string;
  /** How many rows stay because this one needs them. */
  needs: number;
}

/** A row that is put back without references that others gave it, to rows that go. */
export interface LosingRow {
  readonly table: string;
  readonly uuid: string;
  readonly references: readonly Reference[];
}

/** A row that was to be put back, and is not. */
export interface LeftOutRow extends NamedRow {
  readonly why: string;
  /** False for one that is not in the database. */
  readonly isLive: boolean;
}

interface HeldRow {
  readonly table: string;
  readonly uuid: string;
}

export class UndoDraft {
  /** Goes up with every edit that is taken out. */
  revision = 0;
  private readonly edited: ReadonlyMap<string, EditableRows>;
  private readonly staying = new Map<string, StayingRow>();
  private readonly leftOut = new Map<string, LeftOutRow>();
  private readonly losing = new Map<string, LosingRow>();
  /** Live rows that must not go for want of a holder: one that is left out would have held them. */
  private readonly released = new Set<string>();

  constructor(readonly live: Snapshot) {
    this.edited = new Map([...live.tables].map(([name, rows]) => [name, new EditableRows(rows)]));
  }

  get tables(): Iterable<TableSchema> {
    return this.live.schema.tables.values();
  }

  table(name: string): TableSchema {
    const table = this.live.schema.tables.get(name);
    assert(table !== undefined, `the schema has no table ${name}`);
    return table;
  }

  rows(table: string): EditableRows {
    const rows = this.edited.get(table);
    assert(rows !== undefined, `the snapshot has no table ${table}`);
    return rows;
  }

  label(table: string, uuid: string): string {
    return labelOf(this.table(table), this.rows(table).row(uuid) ?? this.rows(table).rowBefore(uuid) ?? {}, uuid);
  }

  seal(): Snapshot {
    const tables = new Map<string, TableRows>([...this.edited].map(([name, rows]) => [name, rows.seal()]));
    return { schema: this.live.schema, tables };
  }

  /** Puts the row back as it is given, or leaves it out where the schema does not allow that. */
  put(name: string, uuid: string, row: Row): void {
    const table = this.table(name);
    try {
      checkNeeds(table, row, uuid);
      this.rows(name).put(uuid, encodeRow(table, row, uuid));
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      this.leave(name, uuid, { row, why: `the database does not allow it (${error.message})` });
    }
  }

  /** Leaves out a row that was put. */
  leaveOut(table: string, uuid: string, why: string): void {
    const row = this.rows(table).row(uuid);
    assert(row !== undefined, `${table} ${uuid} was not put`);
    this.leave(table, uuid, { row, why });
  }

  isLeftOut(table: string, uuid: string): boolean {
    return this.leftOut.has(keyOf(table, uuid));
  }

  /** Whether this row must not go for want of a holder. */
  isReleased(table: string, uuid: string): boolean {
    return this.released.has(keyOf(table, uuid));
  }

  /** A row that was to be deleted stays. @param neededBy the row that is the reason, if that is one that stays, too */
  stay(table: string, uuid: string, why: string, neededBy?: { readonly table: string; readonly uuid: string }): void {
    this.revision++;
    this.rows(table).leave(uuid);
    const first = neededBy === undefined ? undefined : this.staying.get(keyOf(neededBy.table, neededBy.uuid));
    if (first !== undefined) first.needs++;
    this.staying.set(keyOf(table, uuid), first ?? { table, label: this.label(table, uuid), why, needs: 0 });
  }

  isStaying(table: string, uuid: string): boolean {
    return this.staying.has(keyOf(table, uuid));
  }

  /** A live row goes on holding what it holds now in this column: these rows of a set, or else all that is in it. */
  holdOn(
    table: string,
    uuid: string,
    { column, held }: { readonly column: ReferenceColumn; readonly held: readonly HeldRow[] },
  ): void {
    const rows = this.rows(table);
    const [first] = held;
    if (first === undefined) return;
    // it must live itself, to hold
    if (!this.table(table).isRoot) this.release(table, uuid);
    if (rows.isDeleted(uuid)) {
      this.stay(table, uuid, `it holds ${this.label(first.table, first.uuid)}`);
      return;
    }
    const row = rows.row(uuid);
    const now = rows.rowBefore(uuid)?.[column.column.name];
    if (!rows.isPut(uuid) || row === undefined || now === undefined) return;
    const { name, kind } = column.column;
    const before = row[name];
    const known = new Set(referencesIn(column, before).map((reference) => reference.uuid));
    const more = held.filter((other) => !known.has(other.uuid)).map((other) => other.uuid);
    if (more.length === 0) return;
    this.revision++;
    this.put(table, uuid, { ...row, [name]: kind === 'set' ? [...((before ?? []) as readonly Atom[]), ...more] : now });
  }

  /** A row is put back without these references. */
  lose(table: string, uuid: string, references: readonly Reference[]): void {
    const before = this.losing.get(keyOf(table, uuid))?.references ?? [];
    this.losing.set(keyOf(table, uuid), { table, uuid, references: [...before, ...references] });
  }

  losingRows(): Iterable<LosingRow> {
    return this.losing.values();
  }

  /** Rows that stay, each told once with what it needs; and rows that are left out. */
  *stayingRows(): Generator<StayingRow> {
    yield* new Set(this.staying.values());
  }

  *leftOutRows(): Generator<LeftOutRow> {
    yield* this.leftOut.values();
  }

  private release(table: string, uuid: string): void {
    const key = keyOf(table, uuid);
    if (this.released.has(key)) return;
    this.revision++;
    this.released.add(key);
  }

  private leave(table: string, uuid: string, { row, why }: { row: Row; why: string }): void {
    this.revision++;
    const schema = this.table(table);
    for (const { table: to, uuid: held } of strongReferences({ table: schema, row }))
      if (!this.table(to).isRoot) this.release(to, held);
    this.rows(table).leave(uuid);
    const isLive = this.rows(table).rowBefore(uuid) !== undefined;
    this.leftOut.set(keyOf(table, uuid), { table, label: labelOf(schema, row, uuid), why, isLive });
  }
}

const keyOf = (table: string, uuid: string): string => `${table} ${uuid}`;

/** @throws RowError for a row that lacks what OVSDB has no default for: a reference, or a member of a set */
function checkNeeds(table: TableSchema, row: Row, uuid: string): void {
  const references = new Set(referenceColumns(table).map(({ column }) => column));
  for (const column of table.columns.values())
    if (
      column.min > 0 &&
      row[column.name] === undefined &&
      (references.has(column) || column.kind === 'set' || column.kind === 'map')
    )
      throw new RowError(`${table.name} ${uuid}, column ${column.name}: needs at least ${column.min}`);
}
