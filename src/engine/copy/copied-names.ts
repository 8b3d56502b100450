/**
 * What the copies of a working copy (working-copy.ts) are called: a suffix behind every name that must be unique, and
 * the next free number where an index asks for one. Pure.
 */

import type { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import { nameSupply } from '../../model/northbound/holder.js';
import type { Rename } from '../../model/northbound/name-reference.js';
import type { Atom, Row } from '../../model/row/row.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import type { CopiedRows } from './copied-rows.js';

interface Names {
  readonly backup: Snapshot;
  readonly live: Snapshot;
  readonly rows: CopiedRows;
  readonly suffix: string;
}

export class CopiedNames {
  /** "table.column" -> name in the backup -> name of the copy, or the same name where there is no copy */
  private readonly names = new Map<string, Map<string, string>>();
  /** "table.column" -> names that only rows have which come in the copy only */
  private readonly inCopyOnly = new Map<string, Set<string>>();
  /** Names with the suffix in them, by supply. */
  private readonly taken = new Map<string, Set<string>>();
  private readonly numbers = new Map<string, FreeNumbers>();
  private readonly nameColumns: ReadonlyMap<string, readonly string[]>;
  private readonly numberColumns: ReadonlyMap<string, readonly ColumnSchema[]>;

  private constructor(private readonly basis: Names) {
    const tables = [...basis.backup.schema.tables.values()];
    this.nameColumns = new Map(tables.map((table) => [table.name, nameColumnsOf(table)]));
    this.numberColumns = new Map(tables.map((table) => [table.name, numberColumnsOf(table)]));
  }

  static async choose(basis: Names, breath: Breath): Promise<CopiedNames> {
    const names = new CopiedNames(basis);
    const tables = [...basis.backup.schema.tables.values()];
    for (const table of tables) await names.collectTaken(table, breath);
    for (const table of tables) {
      await names.collectNames(table, breath);
      for (const column of names.numberColumns.get(table.name) ?? []) await names.collectNumbers(table, column, breath);
    }
    return names;
  }

  /** What a copy's columns become: every call takes new numbers. */
  newValues(table: TableSchema, row: Row): Row {
    const changed: Record<string, Atom> = {};
    for (const name of this.nameColumns.get(table.name) ?? []) {
      const value = row[name];
      if (typeof value === 'string' && value !== '')
        changed[name] = this.names.get(`${table.name}.${name}`)?.get(value) ?? value;
    }
    for (const { name } of this.numberColumns.get(table.name) ?? []) {
      const free = this.numbers.get(`${table.name}.${name}`);
      if (free !== undefined) changed[name] = free.take();
    }
    return changed;
  }

  /** For names within the copy. */
  readonly inCopies: Rename = (tables, name) => {
    for (const table of tables) {
      const found = this.names.get(`${table}.name`)?.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  /** Whether a row of one of these tables has the name, and comes in the copy only. */
  isInCopyOnly(tables: readonly string[], name: string): boolean {
    return tables.some((table) => this.inCopyOnly.get(`${table}.name`)?.has(name) === true);
  }

  /** Whether a row of one of these tables has the name and a copy. */
  readonly hasCopy = (tables: readonly string[], name: string): boolean =>
    tables.some((table) => (this.names.get(`${table}.name`)?.get(name) ?? name) !== name);

  private async collectTaken(table: TableSchema, breath: Breath): Promise<void> {
    const columns = this.nameColumns.get(table.name) ?? [];
    if (columns.length === 0) return;
    const taken = this.taken.get(nameSupply(table.name)) ?? new Set<string>();
    this.taken.set(nameSupply(table.name), taken);
    for (const { tables } of [this.basis.backup, this.basis.live]) {
      const rows = tables.get(table.name);
      for (let i = 0; rows !== undefined && i < rows.count; i++) {
        if (rows.text(i).includes(this.basis.suffix)) {
          const row = rows.row(i);
          for (const name of columns) if (typeof row[name] === 'string') taken.add(row[name]);
        }
        if (breath.due()) await breath.rest();
      }
    }
  }

  private async collectNames(table: TableSchema, breath: Breath): Promise<void> {
    const columns = this.nameColumns.get(table.name) ?? [];
    const rows = this.basis.backup.tables.get(table.name);
    for (let i = 0; columns.length > 0 && rows !== undefined && i < rows.count; i++) {
      const row = rows.row(i);
      const isCopied = this.basis.rows.isCopied(table.name, i);
      for (const column of columns) {
        const name = row[column];
        if (typeof name !== 'string' || name === '') continue;
        const key = `${table.name}.${column}`;
        const names = mapAt(this.names, key);
        if (!isCopied) {
          if (!names.has(name)) names.set(name, name);
          continue;
        }
        // rows that share a name, as switches may, share that of their copies
        if ((names.get(name) ?? name) === name) names.set(name, this.freeName(table.name, name));
        if (!this.basis.rows.isKept(table.name, i)) setAt(this.inCopyOnly, key).add(name);
      }
      if (breath.due()) await breath.rest();
    }
    await this.leaveOutKept(table, breath);
  }

  /** A name that a row has too which comes as itself is not in the copy only. */
  private async leaveOutKept(table: TableSchema, breath: Breath): Promise<void> {
    const rows = this.basis.backup.tables.get(table.name);
    for (const column of this.nameColumns.get(table.name) ?? []) {
      const names = this.inCopyOnly.get(`${table.name}.${column}`);
      for (let i = 0; names !== undefined && rows !== undefined && i < rows.count; i++) {
        const name = this.basis.rows.isKept(table.name, i) ? rows.row(i)[column] : undefined;
        if (typeof name === 'string') names.delete(name);
        if (breath.due()) await breath.rest();
      }
    }
  }

  private freeName(table: string, name: string): string {
    const taken = setAt(this.taken, nameSupply(table));
    const wanted = `${name}${this.basis.suffix}`;
    let free = wanted;
    for (let number = 2; taken.has(free); number++) free = `${wanted}_${number}`;
    taken.add(free);
    return free;
  }

  private async collectNumbers(table: TableSchema, column: ColumnSchema, breath: Breath): Promise<void> {
    const used = new Set<bigint>();
    for (const { tables } of [this.basis.backup, this.basis.live]) {
      const rows = tables.get(table.name);
      for (let i = 0; rows !== undefined && i < rows.count; i++) {
        const value = rows.row(i)[column.name] ?? 0;
        if (typeof value === 'number' || typeof value === 'bigint') used.add(BigInt(value));
        if (breath.due()) await breath.rest();
      }
    }
    this.numbers.set(`${table.name}.${column.name}`, new FreeNumbers(`${table.name}.${column.name}`, column, used));
  }
}

/** Columns whose names get the suffix: a root's name also where the schema lets two rows have one. */
function nameColumnsOf(table: TableSchema): readonly string[] {
  return [...table.columns.values()]
    .filter(
      (column) =>
        column.key.type === 'string' &&
        isSingle(column) &&
        ((table.isRoot && column.name === 'name') || isIndexed(table, column)),
    )
    .map(({ name }) => name);
}

function numberColumnsOf(table: TableSchema): readonly ColumnSchema[] {
  return [...table.columns.values()].filter(
    (column) => column.key.type === 'integer' && isSingle(column) && isIndexed(table, column),
  );
}

function isSingle({ kind }: ColumnSchema): boolean {
  return kind === 'scalar' || kind === 'optional';
}

function isIndexed(table: TableSchema, { name }: ColumnSchema): boolean {
  return table.indexes.some((index) => index.length === 1 && index[0] === name);
}

/** Integers of a column's range that no row has: those above the highest first. */
class FreeNumbers {
  private next: bigint;
  private readonly least: bigint;
  private readonly most: bigint;

  constructor(
    private readonly column: string,
    { key }: ColumnSchema,
    private readonly used: Set<bigint>,
  ) {
    this.least = BigInt(key.minInteger ?? 0);
    this.most = BigInt(key.maxInteger ?? Number.MAX_SAFE_INTEGER);
    let highest = this.least - 1n;
    for (const number of used) if (number > highest && number <= this.most) highest = number;
    this.next = highest + 1n;
  }

  /** @throws AppError CONFLICT when none is left */
  take(): number | bigint {
    if (this.next > this.most) {
      for (this.next = this.least; this.used.has(this.next); ) this.next++;
      if (this.next > this.most)
        throw new AppError(
          'CONFLICT',
          `No copy can be made: ${this.column} has no number left between ${this.least} and ${this.most}`,
        );
    }
    const number = this.next++;
    this.used.add(number);
    while (this.used.has(this.next)) this.next++;
    return Number.isSafeInteger(Number(number)) ? Number(number) : number;
  }
}

function mapAt(maps: Map<string, Map<string, string>>, key: string): Map<string, string> {
  const found = maps.get(key) ?? new Map<string, string>();
  maps.set(key, found);
  return found;
}

function setAt(sets: Map<string, Set<string>>, key: string): Set<string> {
  const found = sets.get(key) ?? new Set<string>();
  sets.set(key, found);
  return found;
}
