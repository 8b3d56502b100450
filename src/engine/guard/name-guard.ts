/**
 * Guards against a name that somebody else has come to use since the plan was made. UUIDs and indexes the server guards
 * by itself; these are for root tables whose names have no index: switches, routers, load balancers.
 *
 * To ask for one name ovsdb-server looks at every row of the table, so that many names would take it a time that grows
 * with the square of them. A few names are asked for one by one. Where there are more, the table must have the names
 * that it had, and no other: that takes one look at each row, but a name that does no harm aborts as well.
 */
import type { Breath } from '../../lib/breath.js';
import { naturalKey } from '../../model/northbound/natural-key.js';
import type { Row } from '../../model/row/row.js';
import { wireValue } from '../../model/row/wire-notation.js';
import type { ColumnSchema } from '../../ovsdb/database-schema.js';
import { EVERY_ROW, waitOperation, whereEquals } from '../../ovsdb/operation.js';
import { OUTCOME, type Plan, type TablePlan } from '../plan/table-plan.js';

/** So many names of a table are asked for one by one, if ovsdb-server has to look at no more rows than this for all. */
const NAMES_MAX = 200;
const LOOKS_MAX = 5_000_000;
/** So many names are listed in a guard after the first one of a table: the text of 50,000 is about a megabyte. */
const LISTED_MAX = 50_000;

/** Rows of a table that get a name: inserted ones by their numbers in the backup, others by those in the database. */
export interface NamedRows {
  readonly table: string;
  readonly inserted: readonly number[];
  readonly updated: readonly number[];
}

/** What was done to a row by transactions before this one. */
export interface Done {
  isInserted(table: string, index: number): boolean;
  /** The live row is updated or deleted. */
  isChanged(table: string, liveIndex: number): boolean;
}

const NOTHING_DONE: Done = { isInserted: () => false, isChanged: () => false };

/** What the guards of an inserted or updated row cost in a transaction, at most. */
export interface NameCost {
  readonly bytes: number;
  /** Rows that ovsdb-server looks at. */
  readonly looks: number;
}

const NO_COST: NameCost = { bytes: 0, looks: 0 };
/** Text of a guard without the name. */
const GUARD_BYTES = 240;

export class NameGuards {
  private readonly tables = new Map<string, NamedTable>();

  static async read({ tables }: Pick<Plan, 'tables'>, breath: Breath): Promise<NameGuards> {
    const guards = new NameGuards();
    for (const draft of tables) {
      const { table } = draft;
      if (!table.isRoot || table.indexes.length > 0 || naturalKey(table.name)?.[0] !== 'name') continue;
      const named = await NamedTable.read(draft, breath);
      if (named.comingCount > 0) guards.tables.set(table.name, named);
    }
    return guards;
  }

  /** The guards of a plan that is one transaction. */
  *all(): Generator<string> {
    for (const named of this.tables.values()) yield* named.guards(named.coming, NOTHING_DONE);
  }

  /** The guards of a transaction that brings these names. */
  *of(rows: NamedRows, done: Done): Generator<string> {
    const named = this.tables.get(rows.table);
    if (named !== undefined) yield* named.guards(rows, done);
  }

  cost(table: string, index: number, isInserted: boolean): NameCost {
    return this.tables.get(table)?.cost(index, isInserted) ?? NO_COST;
  }
}

/** A table whose names have no index. */
class NamedTable {
  /** All rows that get a name. */
  readonly coming: NamedRows;
  /** Of each live row, where the names of the whole table are asked for. */
  private readonly liveNames: string[] = [];
  /** Where names are asked for one by one: each of them -> numbers of the live rows that have it. */
  private readonly liveNamed = new Map<string, number[]>();
  /** Of rows that get another: number of the live row -> name, '' for none. */
  private readonly renamed = new Map<number, string>();
  /** Live rows that lose their names. */
  private readonly leaving: ReadonlySet<number>;
  private readonly insertedNames = new Map<number, string>();

  private constructor(private readonly draft: TablePlan) {
    for (const { liveIndex, columns } of draft.updates.values()) {
      const name = columns.find(({ column }) => column.name === 'name');
      if (name !== undefined) this.renamed.set(liveIndex, (name.after as string | undefined) ?? '');
    }
    this.leaving = new Set([...draft.deletes, ...this.renamed.keys()]);
    const inserted: number[] = [];
    draft.outcomes.forEach((outcome, index) => {
      if (outcome === OUTCOME.INSERT) inserted.push(index);
    });
    this.coming = { table: draft.table.name, inserted, updated: [...this.renamed.keys()] };
  }

  get comingCount(): number {
    return this.coming.inserted.length + this.coming.updated.length;
  }

  static async read(draft: TablePlan, breath: Breath): Promise<NamedTable> {
    const named = new NamedTable(draft);
    const { live } = draft;
    if (named.isOneByOne) for (const name of named.namesOf(named.coming)) named.liveNamed.set(name, []);
    for (let i = 0; named.comingCount > 0 && i < live.count; i++) {
      const name = nameIn(live.row(i));
      if (named.isOneByOne) named.liveNamed.get(name)?.push(i);
      else named.liveNames.push(name);
      if (breath.due()) await breath.rest();
    }
    return named;
  }

  cost(index: number, isInserted: boolean): NameCost {
    if (!this.isOneByOne) return NO_COST;
    const name = isInserted ? this.nameOfInserted(index) : (this.renamed.get(index) ?? '');
    if (name === '') return NO_COST;
    return { bytes: GUARD_BYTES + 2 * name.length, looks: this.draft.live.count + this.comingCount };
  }

  *guards(rows: NamedRows, done: Done): Generator<string> {
    if (this.isOneByOne) {
      for (const name of this.namesOf(rows)) yield this.nameGuard(name, done);
    } else if (rows.inserted.length > 0 || rows.updated.some((index) => this.renamed.has(index))) {
      const names = this.namesThen(done);
      if (names !== undefined) yield this.tableGuard(names);
    }
  }

  private namesOf({ inserted, updated }: NamedRows): ReadonlySet<string> {
    const names = new Set([
      ...inserted.map((index) => this.nameOfInserted(index)),
      ...updated.map((index) => this.renamed.get(index) ?? ''),
    ]);
    names.delete('');
    return names;
  }

  private get isOneByOne(): boolean {
    const { comingCount } = this;
    return comingCount <= NAMES_MAX && comingCount * (this.draft.live.count + comingCount) <= LOOKS_MAX;
  }

  /** Only rows that the plan knows of have the name. */
  private nameGuard(name: string, done: Done): string {
    const { table, live, backup } = this.draft;
    const uuids = [
      ...(this.liveNamed.get(name) ?? []).flatMap((index) => (this.hasLeft(index, done) ? [] : [live.uuid(index)])),
      ...[...this.renamed].flatMap(([index, other]) =>
        other === name && done.isChanged(table.name, index) ? [live.uuid(index)] : [],
      ),
      ...this.coming.inserted.flatMap((index) =>
        done.isInserted(table.name, index) && this.nameOfInserted(index) === name ? [backup.uuid(index)] : [],
      ),
    ];
    const rows = uuids.map((uuid) => `{"_uuid":["uuid","${uuid}"]}`).join(',');
    return waitOperation(table.name, whereEquals('name', JSON.stringify(name)), ['_uuid'], `[${rows}]`);
  }

  private hasLeft(liveIndex: number, done: Done): boolean {
    return this.leaving.has(liveIndex) && done.isChanged(this.draft.table.name, liveIndex);
  }

  /** The names in the table when a transaction begins; undefined where they are too many to be listed again. */
  private namesThen(done: Done): ReadonlySet<string> | undefined {
    const { table } = this.draft;
    const names = new Set<string>();
    let isFirst = true;
    this.liveNames.forEach((name, index) => {
      if (!this.hasLeft(index, done)) names.add(name);
    });
    for (const [index, name] of this.renamed) {
      if (!done.isChanged(table.name, index)) continue;
      names.add(name);
      isFirst = false;
    }
    for (const index of this.coming.inserted) {
      if (!done.isInserted(table.name, index)) continue;
      names.add(this.nameOfInserted(index));
      isFirst = false;
    }
    return isFirst || names.size <= LISTED_MAX ? names : undefined;
  }

  private tableGuard(names: ReadonlySet<string>): string {
    const column = this.draft.table.columns.get('name') as ColumnSchema;
    const rows = [...names].map((name) => `{"name":${wireValue(column, name === '' ? undefined : name)}}`).join(',');
    return waitOperation(this.draft.table.name, EVERY_ROW, ['name'], `[${rows}]`);
  }

  private nameOfInserted(index: number): string {
    const known = this.insertedNames.get(index);
    if (known !== undefined) return known;
    const name = nameIn(this.draft.backup.row(index));
    this.insertedNames.set(index, name);
    return name;
  }
}

function nameIn(row: Row): string {
  return (row['name'] as string | undefined) ?? '';
}
