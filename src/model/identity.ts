/**
 * Identity: which live row is this row of the backup?
 *
 * In this order: the same UUID in the same table; the schema's index; the only row of a table that
 * holds one; the natural key of model/northbound.ts, which for a row of a non-root table is taken
 * within its matched holder. A key that fits several rows fits none, and is warned of.
 */
import type { Breath } from '../lib/pause.js';
import type { TableSchema } from '../ovsdb/database-schema.js';
import { stringifyJson, type Json } from '../ovsdb/json.js';
import { nameOf, naturalKey, nounOf } from './northbound.js';
import { holderColumns, referenceColumns, referencesIn, rewriteReferences } from './reference.js';
import type { Row } from './row.js';
import type { Snapshot, TableRows } from './snapshot.js';

export const NO_MATCH = -1;

export interface Identity {
  /** Table -> for each row of the backup the number of its live row, or NO_MATCH. */
  readonly matches: ReadonlyMap<string, Int32Array>;
  /** Table -> for each live row 1 when a row of the backup is matched with it. */
  readonly matched: ReadonlyMap<string, Uint8Array>;
  /** UUID in the backup -> UUID in the database, for matched rows where they differ. */
  readonly translation: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

const WARNINGS_MAX = 50;

/** Matches every row. Both snapshots must have the same schema (engine/compatibility.ts sees to it). */
export async function identify(backup: Snapshot, live: Snapshot, breath: Breath): Promise<Identity> {
  return new Identification(backup, live, breath).run();
}

class Identification {
  private readonly matches = new Map<string, Int32Array>();
  private readonly matched = new Map<string, Uint8Array>();
  private readonly translation = new Map<string, string>();
  private readonly warnings: string[] = [];

  constructor(
    private readonly backup: Snapshot,
    private readonly live: Snapshot,
    private readonly breath: Breath,
  ) {}

  async run(): Promise<Identity> {
    for (const table of this.backup.schema.tables.values()) await this.byUuid(table);
    const open = [...this.backup.schema.tables.values()].filter((table) => this.isOpen(table));
    for (const table of open) await this.byIndex(table);
    for (const table of open) if (table.isRoot) await this.byNaturalKey(table);
    // a holder matched in one round lets its rows be matched in the next
    for (let before = -1; before !== this.translation.size; ) {
      before = this.translation.size;
      await this.withinHolders();
    }
    return { matches: this.matches, matched: this.matched, translation: this.translation, warnings: this.warnings };
  }

  private rows(table: string): { backup: TableRows; live: TableRows; matches: Int32Array; matched: Uint8Array } {
    return {
      backup: this.backup.tables.get(table) as TableRows,
      live: this.live.tables.get(table) as TableRows,
      matches: this.matches.get(table) as Int32Array,
      matched: this.matched.get(table) as Uint8Array,
    };
  }

  private async byUuid({ name }: TableSchema): Promise<void> {
    const backup = this.backup.tables.get(name) as TableRows;
    const live = this.live.tables.get(name) as TableRows;
    const matches = new Int32Array(backup.count).fill(NO_MATCH);
    const matched = new Uint8Array(live.count);
    for (let i = 0; i < backup.count && live.count > 0; i++) {
      const found = live.find(backup.uuid(i));
      if (found !== undefined) {
        matches[i] = found;
        matched[found] = 1;
      }
      if (this.breath.due()) await this.breath.rest();
    }
    this.matches.set(name, matches);
    this.matched.set(name, matched);
  }

  /** True when rows of the table are left without a match on both sides. */
  private isOpen({ name }: TableSchema): boolean {
    const { matches, matched } = this.rows(name);
    return matches.includes(NO_MATCH) && matched.includes(0);
  }

  private link(table: string, backupIndex: number, liveIndex: number): void {
    const { backup, live, matches, matched } = this.rows(table);
    matches[backupIndex] = liveIndex;
    matched[liveIndex] = 1;
    this.translation.set(backup.uuid(backupIndex), live.uuid(liveIndex));
  }

  private async byIndex(table: TableSchema): Promise<void> {
    const { matches, matched } = this.rows(table.name);
    if (table.maxRows === 1) this.link(table.name, matches.indexOf(NO_MATCH), matched.indexOf(0));
    for (const columns of table.indexes) await this.byKey(table, columns);
  }

  private async byNaturalKey(table: TableSchema): Promise<void> {
    const columns = naturalKey(table.name);
    if (columns === undefined || !this.isOpen(table)) return;
    await this.byKey(table, columns);
  }

  private async byKey(table: TableSchema, columns: readonly string[]): Promise<void> {
    const { backup, live, matches, matched } = this.rows(table.name);
    const open: number[] = [];
    matches.forEach((match, i) => { if (match === NO_MATCH) open.push(i); });
    const candidates: number[] = [];
    matched.forEach((taken, i) => { if (taken === 0) candidates.push(i); });
    await this.pair(table, columns, open.map((i) => [i, backup] as const), candidates.map((i) => [i, live] as const));
  }

  /** Matches rows of two lists whose keys are equal, and in each list the only ones of that key. */
  private async pair(table: TableSchema, columns: readonly string[], open: readonly (readonly [number, TableRows])[], candidates: readonly (readonly [number, TableRows])[]): Promise<void> {
    const inBackup = await this.byText(table, columns, open, true);
    if (inBackup.size === 0) return;
    const inLive = await this.byText(table, columns, candidates, false);
    for (const [key, backupRows] of inBackup) {
      const liveRows = inLive.get(key);
      if (liveRows === undefined) continue;
      const [backupIndex] = backupRows;
      const [liveIndex] = liveRows;
      if (backupRows.length === 1 && liveRows.length === 1) this.link(table.name, backupIndex as number, liveIndex as number);
      else this.warn(`${nounOf(table.name)} with ${columns.join(', ')} = ${key}: ${String(backupRows.length)} rows in the backup and ${String(liveRows.length)} in the database have this key, so they are matched by UUID only`);
    }
  }

  private async byText(table: TableSchema, columns: readonly string[], rows: readonly (readonly [number, TableRows])[], translate: boolean): Promise<ReadonlyMap<string, readonly number[]>> {
    const keys = new Map<string, number[]>();
    for (const [index, from] of rows) {
      const key = this.key(table, columns, from.row(index), translate);
      if (key !== undefined) {
        const same = keys.get(key);
        if (same === undefined) keys.set(key, [index]);
        else same.push(index);
      }
      if (this.breath.due()) await this.breath.rest();
    }
    return keys;
  }

  /** The key as text, with references in it pointed at the live rows. A root without a name has none. */
  private key(table: TableSchema, columns: readonly string[], row: Row, translate: boolean): string | undefined {
    if (columns[0] === 'name' && nameOf(row) === undefined) return undefined;
    const references = referenceColumns(table);
    const values = columns.filter((name) => table.columns.has(name)).map((name): Json => {
      const value = row[name];
      if (value === undefined) return null;
      const reference = translate ? references.find(({ column }) => column.name === name) : undefined;
      return (reference === undefined ? value : (rewriteReferences(reference, value, (uuid) => this.translation.get(uuid) ?? uuid) ?? null));
    });
    return values.every((value) => value === null) ? undefined : stringifyJson(values);
  }

  private async withinHolders(): Promise<void> {
    const { schema } = this.backup;
    const open = new Set([...schema.tables.values()].filter((table) => !table.isRoot && naturalKey(table.name) !== undefined && this.isOpen(table)).map((table) => table.name));
    if (open.size === 0) return;
    for (const holder of schema.tables.values()) {
      const columns = holderColumns(schema, holder).filter(({ key, value }) => open.has(key?.table ?? '') || open.has(value?.table ?? ''));
      if (columns.length === 0) continue;
      const { backup, live, matches } = this.rows(holder.name);
      for (let i = 0; i < backup.count; i++) {
        const match = matches[i] as number;
        if (match === NO_MATCH || (backup.uuid(i) === live.uuid(match) && backup.text(i).equals(live.text(match)))) continue;
        const before = backup.row(i);
        const now = live.row(match);
        for (const column of columns) {
          const child = schema.tables.get((column.key ?? column.value)?.table ?? '');
          if (child === undefined) continue;
          const { backup: ours, live: theirs, matches: childMatches, matched } = this.rows(child.name);
          const unmatched = referencesIn(column, before[column.column.name]).flatMap(({ uuid }) => ours.find(uuid) ?? []).filter((index) => childMatches[index] === NO_MATCH);
          const candidates = referencesIn(column, now[column.column.name]).flatMap(({ uuid }) => theirs.find(uuid) ?? []).filter((index) => matched[index] === 0);
          if (unmatched.length > 0 && candidates.length > 0) {
            await this.pair(child, naturalKey(child.name) ?? [], unmatched.map((index) => [index, ours] as const), candidates.map((index) => [index, theirs] as const));
          }
        }
        if (this.breath.due()) await this.breath.rest();
      }
    }
  }

  private warn(warning: string): void {
    if (this.warnings.length < WARNINGS_MAX && !this.warnings.includes(warning)) this.warnings.push(warning);
  }
}
