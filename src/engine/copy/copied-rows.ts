/**
 * Which rows of a backup a working copy takes (working-copy.ts), and which of them come, or are there, as themselves.
 * Pure.
 *
 * A copy is made of every row that is live and can have a copy, with all that it owns: what of that is not live is in
 * the copy only. A row of a root table that is not live comes as itself, with what it owns and what is not live either.
 */
import type { Breath } from '../../lib/breath.js';
import { plural } from '../../lib/text/plural.js';
import { SHARED_TABLES } from '../../model/northbound/copy-rules.js';
import { owns, PORT_BOUND } from '../../model/northbound/holder.js';
import { nounOf } from '../../model/northbound/noun.js';
import {
  type Reference,
  type ReferenceColumn,
  referenceColumns,
  referencesIn,
  referencesOf,
} from '../../model/reference/reference.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { type Identity, NO_MATCH } from '../identify/identify.js';

export interface CopyBasis {
  readonly backup: Snapshot;
  readonly live: Snapshot;
  readonly identity: Identity;
  readonly newUuid: () => string;
  /** What is out of scope takes no part, and nothing points at it. */
  readonly isInScope: (table: string, uuid: string) => boolean;
}

const COPIED = 1;
const KEPT = 2;

/** Whether a strong reference of this table to that one holds the row. */
export function holds(
  basis: Pick<CopyBasis, 'backup'>,
  holder: string,
  { table, strong }: Pick<Reference, 'table' | 'strong'>,
): boolean {
  return strong && basis.backup.schema.tables.get(table)?.isRoot === false && owns(holder, table);
}

export class CopiedRows {
  /** Table -> UUID in the backup -> UUID of the copy */
  private readonly copies = new Map<string, Map<string, string>>();
  readonly warnings: string[] = [];
  private readonly marks = new Map<string, Uint8Array>();
  /** Rows of which it is to be seen what they own. */
  private readonly open: { readonly table: TableSchema; readonly index: number; readonly copied: boolean }[] = [];

  private constructor(private readonly basis: CopyBasis) {
    for (const { table, count } of basis.backup.tables.values()) {
      this.marks.set(table, new Uint8Array(count));
      this.copies.set(table, new Map());
    }
  }

  static async choose(basis: CopyBasis, breath: Breath): Promise<CopiedRows> {
    const chosen = new CopiedRows(basis);
    const tables = [...basis.backup.schema.tables.values()].filter(({ name }) => PORT_BOUND[name] === undefined);
    const needy = (table: TableSchema): boolean => neededColumns(basis, table).length > 0;
    for (const table of [...tables.filter((table) => !needy(table)), ...tables.filter(needy)])
      await chosen.begin(table, breath);
    for (const [name, bound] of Object.entries(PORT_BOUND)) await chosen.followPorts(name, bound, breath);
    chosen.countLost();
    return chosen;
  }

  isCopied(table: string, index: number): boolean {
    return ((this.marks.get(table)?.[index] ?? 0) & COPIED) !== 0;
  }

  /** UUID of the row's copy, if it has one. */
  copyOf(table: string, uuid: string): string | undefined {
    return this.copies.get(table)?.get(uuid);
  }

  /** UUID in the backup -> UUID of the copy, of all tables. */
  allCopies(): ReadonlyMap<string, string> {
    return new Map([...this.copies.values()].flatMap((copies) => [...copies]));
  }

  /** True for a row that is there as itself: live, or inserted. */
  isKept(table: string, index: number): boolean {
    return ((this.marks.get(table)?.[index] ?? 0) & KEPT) !== 0;
  }

  isLive(table: string, index: number): boolean {
    return (this.basis.identity.matches.get(table)?.[index] ?? NO_MATCH) !== NO_MATCH;
  }

  /** True when every row of the table is there as itself. */
  keepsAll(table: string): boolean {
    return this.marks.get(table)?.every((mark) => (mark & KEPT) !== 0) ?? true;
  }

  private rows(table: string): TableRows {
    return this.basis.backup.tables.get(table) as TableRows;
  }

  private async begin(table: TableSchema, breath: Breath): Promise<void> {
    const rows = this.rows(table.name);
    const hasCopies = table.isRoot && isNamed(table) && !SHARED_TABLES.has(table.name);
    for (let i = 0; i < rows.count; i++) {
      if (this.isLive(table.name, i)) {
        this.keep(table, i, false);
        if (hasCopies) this.copy(table, i);
      } else if (table.isRoot) {
        const missing = this.missingNeeds(table, i);
        if (missing.length === 0) this.keep(table, i, true);
        else if (missing.every(({ table: to, uuid }) => this.copyOf(to, uuid) !== undefined)) this.copy(table, i);
      }
      await this.finish(breath);
      if (breath.due()) await breath.rest();
    }
  }

  /** References without which the row cannot stand, to rows that do not come as themselves. */
  private missingNeeds(table: TableSchema, index: number): readonly Reference[] {
    const columns = neededColumns(this.basis, table);
    if (columns.length === 0) return [];
    const row = this.rows(table.name).row(index);
    return columns
      .flatMap((column) => referencesIn(column, row[column.column.name]))
      .filter(({ table: to, uuid }) => !this.isKept(to, this.rows(to).find(uuid) ?? NO_MATCH));
  }

  private copy(table: TableSchema, index: number): void {
    const uuid = this.rows(table.name).uuid(index);
    const marks = this.marks.get(table.name) as Uint8Array;
    if (((marks[index] as number) & COPIED) !== 0 || !this.basis.isInScope(table.name, uuid)) return;
    marks[index] = (marks[index] as number) | COPIED;
    this.copies.get(table.name)?.set(uuid, this.basis.newUuid());
    if (referenceColumns(table).length > 0) this.open.push({ table, index, copied: true });
  }

  private keep(table: TableSchema, index: number, isInserted: boolean): void {
    const marks = this.marks.get(table.name) as Uint8Array;
    if (((marks[index] as number) & KEPT) !== 0 || !this.basis.isInScope(table.name, this.rows(table.name).uuid(index)))
      return;
    marks[index] = (marks[index] as number) | KEPT;
    if (isInserted && referenceColumns(table).length > 0) this.open.push({ table, index, copied: false });
  }

  /** Takes along what the open rows own, and what those own in turn. */
  private async finish(breath: Breath): Promise<void> {
    for (let row = this.open.pop(); row !== undefined; row = this.open.pop()) {
      const { table, index, copied } = row;
      const rows = this.rows(table.name);
      // most ports refer to nothing, and need not be read
      const text = rows.text(index);
      if (referenceColumns(table).some(({ column }) => text.includes(`"${column.name}":`))) {
        for (const reference of referencesOf(table, rows.row(index))) this.follow(table, reference, copied);
      }
      if (breath.due()) await breath.rest();
    }
  }

  private follow(from: TableSchema, reference: Reference, isCopied: boolean): void {
    const table = this.basis.backup.schema.tables.get(reference.table);
    if (table === undefined) return;
    const isHeld = holds(this.basis, from.name, reference);
    // nobody would look for a copy of a row without a name, but a copy has its own
    const comesAlong =
      isCopied &&
      table.isRoot &&
      !isNamed(table) &&
      !SHARED_TABLES.has(table.name) &&
      PORT_BOUND[table.name] === undefined;
    const index = isHeld || comesAlong ? this.rows(table.name).find(reference.uuid) : undefined;
    if (index === undefined) return;
    const isLive = this.isLive(table.name, index);
    if (isCopied && (isLive || isHeld)) this.copy(table, index);
    else if (!isCopied && !isLive) this.keep(table, index, true);
  }

  /** Copies the rows that name a copied port, and leaves the others. */
  private async followPorts(
    name: string,
    { column, to }: { readonly column: string; readonly to: string },
    breath: Breath,
  ): Promise<void> {
    const table = this.basis.backup.schema.tables.get(name);
    const ports = this.basis.backup.tables.get(to);
    if (table === undefined || ports === undefined || this.rows(name).count === 0) return;
    const names = new Set<unknown>();
    for (let i = 0; i < ports.count; i++) {
      if (this.isCopied(to, i)) names.add(ports.row(i)['name']);
      if (breath.due()) await breath.rest();
    }
    const rows = this.rows(name);
    for (let i = 0; i < rows.count; i++) {
      const isCopied = names.has(rows.row(i)[column]);
      if (isCopied) this.copy(table, i);
      if (!isCopied || this.isLive(name, i)) this.keep(table, i, true);
      if (breath.due()) await breath.rest();
    }
    await this.finish(breath);
  }

  /** A row that is not live comes with the row that holds it; where that is live, in its copy or not at all. */
  private countLost(): void {
    for (const [table, marks] of this.marks) {
      const rows = this.rows(table);
      let lost = 0;
      let inCopies = 0;
      marks.forEach((mark, i) => {
        if (mark === 0 && this.basis.isInScope(table, rows.uuid(i))) lost++;
        else if (mark === COPIED) inCopies++;
      });
      if (inCopies > 0)
        this.warnings.push(
          plural(
            inCopies,
            `# ${nounOf(table)} {row comes|rows come} in the copy only: what {it belongs|they belong} to is in the ` +
              'database, and is left as it is',
          ),
        );
      if (lost > 0)
        this.warnings.push(
          plural(
            lost,
            `# ${nounOf(table)} {row is|rows are} left out: what would hold {it|them} is in the database, has no ` +
              'copy, and is left as it is',
          ),
        );
    }
  }
}

/** Columns of strong references, to rows held by others, without which a row of the table cannot stand. */
function neededColumns(basis: Pick<CopyBasis, 'backup'>, table: TableSchema): readonly ReferenceColumn[] {
  return referenceColumns(table).filter(
    ({ column: { min }, key, value }) =>
      min > 0 && [key, value].some((to) => to?.strong === true && !holds(basis, table.name, to)),
  );
}

/** Whether rows of the table have names, so that copies of them can be told from the originals. */
function isNamed(table: TableSchema): boolean {
  return table.columns.get('name')?.key.type === 'string';
}
