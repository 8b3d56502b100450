/**
 * Which changes of a plan must not come before which others, so that the database is valid after each of them.
 *
 * The unit is a row: inserted, updated, deleted, or moved between holders. A member of a set of references comes or
 * goes with the later of its two rows (the earlier, where rows are deleted), so that such sets bind nobody to an order
 * except a row to the one that holds it. Columns that are written whole (planned-row.ts) have to wait for all that they
 * refer to. Rows that need each other come together. A second result is the order in which a person would go about it:
 * roots from the bottom up, each followed by what it holds; then updates; then deletes from the top down.
 */
import type { Breath } from '../../lib/breath.js';
import {
  type Reference,
  type ReferenceColumn,
  referenceColumns,
  referencesIn,
} from '../../model/reference/reference.js';
import type { Row, Value } from '../../model/row/row.js';
import { wireValue } from '../../model/row/wire-notation.js';
import type { DatabaseSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { keysOf } from '../plan/feasibility.js';
import { isByPart } from '../plan/part-edit.js';
import { deltaOf } from '../plan/plan-changes.js';
import type { ColumnDiff } from '../plan/row-diff.js';
import { OUTCOME, type Plan } from '../plan/table-plan.js';
import {
  CHANGE,
  changedReferences,
  keepsAlive,
  memberColumns,
  NO_ROW,
  PlannedRows,
  type Section,
} from './planned-row.js';
import { Links } from './row-links.js';

/** A column of references, with what is looked up again and again. */
interface Holding {
  readonly reference: ReferenceColumn;
  /** Its place among all columns of references of the plan. */
  readonly number: number;
  readonly byMember: boolean;
}

/** A member that comes into a set of another row, or leaves it: the label of a link from the member to that row. */
export interface MemberChange {
  readonly reference: ReferenceColumn;
  readonly isGain: boolean;
}

const NOTATION_BYTES = 8;
/** What ["uuid","..."] has more than "...". */
const UUID_BYTES = 10;
const OPERATION_BYTES = 160;
const GUARD_BYTES = 160;
/** A UUID as a member of a set, and the comma. */
const MEMBER_BYTES = 48;

export class Dependencies {
  readonly rows: PlannedRows;
  /** From each row to those that must not come after it. */
  readonly needs: Links;
  /** From each row to those whose sets it comes into or leaves. */
  readonly memberships: Links;
  /** Every changed row once, in the order of preference. */
  readonly preferred: number[] = [];
  /** Longest text of a row's own operations and guards. */
  readonly bytes: Int32Array;
  private readonly holdings = new Map<TableSchema, readonly Holding[]>();
  private readonly columns: ReferenceColumn[] = [];
  /** The row that holds this one by a column that is written whole, and comes or goes together with it. */
  private readonly companions: Int32Array;
  private readonly placed: Uint8Array;
  private readonly schema: DatabaseSchema;

  private constructor(
    plan: Plan,
    private readonly breath: Breath,
  ) {
    this.schema = plan.backup.schema;
    this.rows = new PlannedRows(plan);
    this.needs = new Links(this.rows.count);
    this.memberships = new Links(this.rows.count);
    this.bytes = new Int32Array(this.rows.count);
    this.companions = new Int32Array(this.rows.count).fill(NO_ROW);
    this.placed = new Uint8Array(this.rows.count);
    for (const {
      draft: { table },
    } of this.rows.all) {
      const members = memberColumns(table);
      this.holdings.set(
        table,
        referenceColumns(table).map((reference) => ({
          reference,
          number: this.columns.push(reference) - 1,
          byMember: members.has(reference.column.name),
        })),
      );
    }
  }

  static async read(plan: Plan, breath: Breath): Promise<Dependencies> {
    const dependencies = new Dependencies(plan, breath);
    await dependencies.readAll();
    return dependencies;
  }

  /** What the label of one of `memberships` means. */
  memberChange(label: number): MemberChange {
    return { reference: this.columns[label >> 1] as ReferenceColumn, isGain: (label & 1) === 1 };
  }

  private async readAll(): Promise<void> {
    const roots = bottomUp(this.schema).map(({ name }) => this.rows.section(name));
    for (const section of roots) await this.readInserts(section);
    for (const section of this.rows.all) {
      for (const index of section.draft.updates.keys()) {
        const held: number[] = [];
        this.readUpdate(section, index, held);
        await this.readInserted(held);
        if (this.breath.due()) await this.breath.rest();
      }
    }
    // what nothing is seen to hold; the server is asked all the same, as in one transaction
    for (const section of this.rows.all) if (!section.draft.table.isRoot) await this.readInserts(section);
    for (const section of [...roots.reverse(), ...this.rows.all.filter(({ draft }) => !draft.table.isRoot)])
      await this.readDeletes(section);
    for (const section of this.rows.all) {
      await this.orderKeys(section);
      this.orderByCount(section);
    }
  }

  private async readInserts({ draft, first }: Section): Promise<void> {
    for (let index = 0; index < draft.backup.count; index++)
      if (draft.outcomes[index] === OUTCOME.INSERT) await this.readInserted([first + index]);
  }

  /** Reads inserted rows, each followed by those that it holds. */
  private async readInserted(waiting: number[]): Promise<void> {
    for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
      if (!this.place(row)) continue;
      const {
        draft: { table, backup },
        first,
      } = this.rows.sectionOf(row);
      const holdings = this.holdings.get(table) ?? [];
      let references = 0;
      const content = holdings.length === 0 ? {} : this.rows.content(row);
      for (const holding of holdings) {
        for (const reference of referencesIn(holding.reference, content[holding.reference.column.name])) {
          references++;
          this.gains(row, holding, reference, waiting);
        }
      }
      this.bytes[row] = OPERATION_BYTES + textBytes(table, backup.text(row - first).length, references);
      if (this.breath.due()) await this.breath.rest();
    }
  }

  private readUpdate({ draft: { table, updates }, firstLive }: Section, index: number, held: number[]): void {
    const row = firstLive + index;
    this.place(row);
    const { columns = [], members = [] } = updates.get(index) ?? {};
    let bytes = 2 * (OPERATION_BYTES + GUARD_BYTES);
    for (const { column, before, after } of [
      ...columns,
      ...members.map(({ column, added, removed }) => ({ column, before: removed, after: added })),
    ]) {
      const holding = this.holdings.get(table)?.find(({ reference }) => reference.column.name === column.name);
      const own = holding === undefined ? 0 : this.readReferences(row, holding, { before, after }, held);
      bytes += 4 * (column.name.length + NOTATION_BYTES);
      bytes += holding?.byMember === true ? own * MEMBER_BYTES : writtenBytes(table, { column, before, after });
    }
    this.bytes[row] = bytes;
  }

  /** Answers how many references come and go with the row itself. */
  private readReferences(
    row: number,
    holding: Holding,
    { before, after }: { before: Value | undefined; after: Value | undefined },
    held: number[],
  ): number {
    const { lost, gained } = changedReferences(holding.reference, before, after);
    let own = 0;
    for (const reference of lost) {
      this.loses(row, holding, reference);
      if (this.rows.isLostWithHolder(reference)) own++;
    }
    for (const reference of gained) {
      this.gains(row, holding, reference, held);
      if (this.rows.isGainedWithHolder(reference)) own++;
    }
    return own;
  }

  private async readDeletes({ draft: { table, live, deletes }, firstLive }: Section): Promise<void> {
    const holdings = this.holdings.get(table) ?? [];
    const names = [...table.columns.keys()].reduce((sum, name) => sum + name.length + 3, 0);
    for (const index of deletes) {
      const row = firstLive + index;
      this.place(row);
      let references = 0;
      const content = holdings.length === 0 ? {} : live.row(index);
      for (const holding of holdings) {
        for (const reference of referencesIn(holding.reference, content[holding.reference.column.name])) {
          references++;
          this.loses(row, holding, reference);
        }
      }
      this.bytes[row] = OPERATION_BYTES + GUARD_BYTES + names + textBytes(table, live.text(index).length, references);
      if (this.breath.due()) await this.breath.rest();
    }
  }

  /** Puts the row next in the order of preference; false when it is there already. */
  private place(row: number): boolean {
    if (this.placed[row] === 1) return false;
    this.placed[row] = 1;
    this.preferred.push(row);
    return true;
  }

  private need(row: number, other: number): void {
    if (row !== other) this.needs.add(row, other);
  }

  /** `row` will refer to another. Rows that it brings to life are appended to `held`. */
  private gains(row: number, { number, byMember }: Holding, reference: Reference, held: number[]): void {
    const other = this.rows.find(reference.table, reference.uuid, false);
    if (other === NO_ROW || this.rows.changeOf(other) === CHANGE.DELETE) return;
    const isNew = this.rows.isInserted(other);
    const isHeld = keepsAlive(this.schema, reference);
    if (!isNew && !isHeld) return; // it is there all the time
    if (isNew && isHeld) held.push(other);
    if (!isNew) this.move(other);
    if (byMember) {
      this.memberships.add(other, row, (number << 1) | 1);
      if (isHeld && this.rows.isInserted(row)) this.need(other, row);
    } else if (!isNew) {
      // from one holder to the next: first in, then out
      this.need(other, row);
    } else {
      this.need(row, other);
      if (!isHeld || this.companions[other] !== NO_ROW) return;
      this.companions[other] = row;
      this.need(other, row);
    }
  }

  /** `row` refers to another and will no more. */
  private loses(row: number, { number, byMember }: Holding, reference: Reference): void {
    const other = this.rows.find(reference.table, reference.uuid, true);
    if (other === NO_ROW) return;
    const isDeleted = this.rows.changeOf(other) === CHANGE.DELETE;
    if (!keepsAlive(this.schema, reference)) {
      if (isDeleted && (reference.strong || !byMember)) this.need(other, row);
      // ovsdb-server does not always take a weak reference out of a row that is written to at the same time
      else if (isDeleted && this.rows.changeOf(row) === CHANGE.DELETE) this.memberships.add(other, row, number << 1);
      return;
    }
    if (!isDeleted) this.move(other);
    if (byMember) {
      this.memberships.add(other, row, number << 1);
      if (this.rows.changeOf(row) === CHANGE.DELETE) this.need(row, other);
    } else if (!isDeleted) {
      this.need(row, other);
    } else if (this.companions[other] === NO_ROW) {
      // it dies with the last row that holds it
      this.companions[other] = row;
      this.need(row, other);
      this.need(other, row);
    } else {
      this.need(this.companions[other] as number, row);
    }
  }

  private move(row: number): void {
    this.rows.move(row);
    this.place(row);
  }

  /** A row that takes an index key comes after the live row that gives it up. */
  private async orderKeys({
    draft: { table, live, backup, outcomes, updates, deletes },
    first,
    firstLive,
  }: Section): Promise<void> {
    const indexed = new Set(table.indexes.flat());
    const rekeyed = [...updates].filter(([, { columns }]) => columns.some(({ column }) => indexed.has(column.name)));
    const inserts = outcomes.includes(OUTCOME.INSERT);
    if (indexed.size === 0 || deletes.length + rekeyed.length === 0 || (!inserts && rekeyed.length === 0)) return;
    const freed = new Map<string, number>();
    for (const index of [...deletes, ...rekeyed.map(([liveIndex]) => liveIndex)]) {
      for (const key of keysOf(table, live.row(index))) freed.set(key, firstLive + index);
      if (this.breath.due()) await this.breath.rest();
    }
    const take = (row: number, content: Row): void => {
      for (const key of keysOf(table, content)) {
        const owner = freed.get(key);
        if (owner !== undefined) this.need(row, owner);
      }
    };
    for (const [index, { columns }] of rekeyed)
      take(firstLive + index, {
        ...live.row(index),
        ...Object.fromEntries(columns.map(({ column, after }) => [column.name, after])),
      } as Row);
    for (let index = 0; inserts && index < backup.count; index++) {
      if (outcomes[index] === OUTCOME.INSERT) take(first + index, this.rows.content(first + index));
      if (this.breath.due()) await this.breath.rest();
    }
  }

  /** Where a table may have only so many rows, one goes before the next comes. */
  private orderByCount({ draft: { table, outcomes, deletes }, first, firstLive }: Section): void {
    if (table.maxRows === Infinity) return;
    let next = 0;
    outcomes.forEach((outcome, index) => {
      if (outcome === OUTCOME.INSERT && next < deletes.length)
        this.need(first + index, firstLive + (deletes[next++] as number));
    });
  }
}

/** What is written of a column, and guarded: of a set or a map its parts, which are then both. */
function writtenBytes(table: TableSchema, { column, before, after }: ColumnDiff): number {
  if (!isByPart(table, column)) return wireValue(column, before).length + wireValue(column, after).length;
  const { added, removed } = deltaOf(column, before, after);
  return 2 * (wireValue(column, added).length + wireValue(column, removed).length);
}

/** The wire text of a row, at most: pairs of a map, the shortest of which has six bytes, grow by two. */
function textBytes(table: TableSchema, canonicalBytes: number, references: number): number {
  return (
    2 * table.name.length +
    Math.ceil((canonicalBytes * 4) / 3) +
    NOTATION_BYTES * table.columns.size +
    UUID_BYTES * references
  );
}

/**
 * Text of one more member, as an operation and as a guard, in a transaction that changes the row's sets anyway, and in
 * one that does not yet.
 */
export const MEMBERSHIP_BYTES = {
  again: 2 * MEMBER_BYTES,
  first: 2 * MEMBER_BYTES + 2 * OPERATION_BYTES + GUARD_BYTES,
} as const;

/**
 * Root tables, each after those that its rows and what they hold refer to. A root whose set points at rows of other
 * roots (a port group at ports) goes before them where it can: then no port is ever without the rules of its groups.
 */
function bottomUp(schema: DatabaseSchema): readonly TableSchema[] {
  const seen = new Set<TableSchema>();
  const ordered: TableSchema[] = [];
  const visit = (table: TableSchema): void => {
    if (seen.has(table)) return;
    seen.add(table);
    for (const target of targets(table)) if (target.isRoot || target.isHeld) visit(target.table);
    if (table.isRoot) ordered.push(table);
  };
  const targets = (table: TableSchema): { table: TableSchema; isRoot: boolean; isHeld: boolean }[] =>
    referenceColumns(table)
      .flatMap(({ key, value }) => [key, value])
      .flatMap((target) => {
        const found = schema.tables.get(target?.table ?? '');
        return found === undefined ? [] : [{ table: found, isRoot: found.isRoot, isHeld: keepsAlive(schema, target) }];
      });
  const rank = (table: TableSchema): number =>
    targets(table).some(({ isRoot, isHeld }) => !isRoot && !isHeld)
      ? 1
      : targets(table).some(({ isRoot }) => isRoot)
        ? 2
        : 0;
  for (const table of [...schema.tables.values()].sort((a, b) => rank(a) - rank(b))) visit(table);
  return ordered;
}
