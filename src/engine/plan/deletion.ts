/**
 * Which live rows go when a plan is carried out: those that exact deletes, and rows of non-root tables that nothing
 * holds any more. ovsdb-server collects the latter by itself (RFC 7047, section 3.2, "isRoot"), so that they are made
 * deletes like any other: counted, listed, guarded, and undone. A row that the backup holds does not go that way: it
 * goes back to what holds it there (former-holder.ts), or the plan is refused.
 *
 * Within a scope, what exact deletes must not be held by what stays, either. Without one that cannot be: then whatever
 * the backup does not hold goes at once, and what it holds is held as it says. Pure.
 */

import type { Breath } from '../../lib/breath.js';
import type { Problem } from '../../lib/error.js';
import { plural } from '../../lib/text/plural.js';
import { nounOf } from '../../model/northbound/noun.js';
import { followStrong, type HoldingRow, strongReferences } from '../../model/reference/holding.js';
import {
  type Reference,
  type ReferenceColumn,
  referenceColumns,
  referencesIn,
} from '../../model/reference/reference.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import { keptConnection } from '../untouched/untouched.js';
import { type FormerHolder, findFormerHolders } from './former-holder.js';
import {
  isIncluded,
  OUTCOME,
  type PlanBasis,
  type RowUpdate,
  rowAfter,
  type TablePlan,
  translateRow,
  valuesAfter,
} from './table-plan.js';

export interface PlannedDeletes {
  /** Table -> numbers of all its live rows that go, in order; only tables of which these are others than before. */
  readonly deletes: ReadonlyMap<string, readonly number[]>;
  /** Rows that take back what the backup holds, each with all that is to become of it. */
  readonly takenBack: readonly FormerHolder[];
  /** What stands in the way. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** Looks at the deletes and updates that are planned so far: which deletes can be, and which rows go with them. */
export async function findDeletes(
  tables: readonly TablePlan[],
  basis: PlanBasis,
  breath: Breath,
): Promise<PlannedDeletes> {
  return new Deletion(tables, basis, breath).run();
}

/** A live row that stays, with what it holds then. */
interface Holder extends HoldingRow {
  readonly label: () => string;
}

interface LiveRow {
  readonly draft: TablePlan;
  readonly index: number;
}

class Deletion {
  private readonly byTable: ReadonlyMap<string, TablePlan>;
  /** Table -> numbers of live rows: to be deleted, and those that would go since nothing else holds them. */
  private readonly deleted: ReadonlyMap<string, Set<number>>;
  private readonly orphans: ReadonlyMap<string, Set<number>>;
  /** Non-root tables with rows that may be left without a holder. */
  private readonly loose: ReadonlySet<string>;
  private readonly problems: Problem[] = [];
  private readonly warnings: string[] = [];
  /** Table -> number of the live row -> what takes others back. */
  private readonly holders: ReadonlyMap<string, Map<number, FormerHolder>>;

  constructor(
    private readonly tables: readonly TablePlan[],
    private readonly basis: PlanBasis,
    private readonly breath: Breath,
  ) {
    this.byTable = new Map(tables.map((draft) => [draft.table.name, draft]));
    this.deleted = new Map(tables.map(({ table, deletes }) => [table.name, new Set(deletes)]));
    this.orphans = new Map(tables.map(({ table }) => [table.name, new Set<number>()]));
    this.holders = new Map(tables.map(({ table }) => [table.name, new Map<number, FormerHolder>()]));
    this.loose = new Set(tables.filter((draft) => this.isLoose(draft)).map(({ table }) => table.name));
  }

  async run(): Promise<PlannedDeletes> {
    if (this.keepsConnection()) await this.keepAccess();
    await this.findOrphans();
    const targets = this.targets();
    if (targets.size > 0) {
      for (const draft of this.tables) {
        if (columnsTo(draft.table, targets).length === 0) continue;
        await this.releaseLive(draft);
        await this.releaseInserted(draft);
      }
      while (await this.takeBack()) {
        /* what was taken back may take back others */
      }
    }
    const takenBack = [...this.holders.values()].flatMap((holders) => [...holders.values()]);
    return { deletes: this.result(), takenBack, problems: this.problems, warnings: this.warnings };
  }

  /** Whether rows of the table may be left without a holder. */
  private isLoose({ table, live }: TablePlan): boolean {
    if (table.isRoot || live.count === 0) return false;
    const { options, identity } = this.basis;
    if (options.scopeRules !== undefined || !isIncluded(table.name, options)) return true;
    if (options.learned?.live.has(table.name) === true) return true;
    return !options.exact && identity.matched.get(table.name)?.includes(0) === true;
  }

  /** Whether this row goes when those that hold it now let it go. */
  private mayGo({ draft: { table }, index }: LiveRow): boolean {
    const { options } = this.basis;
    if (!this.loose.has(table.name) || this.deleted.get(table.name)?.has(index) === true) return false;
    return options.scopeRules !== undefined || !isIncluded(table.name, options) || !this.isInBackup(table, index);
  }

  /** Rows of ovn-ic's are in no backup: they go with what holds them. */
  private isInBackup({ name }: TableSchema, index: number): boolean {
    const learned = this.basis.options.learned?.live.get(name);
    if (learned !== undefined && learned.has(this.byTable.get(name)?.live.uuid(index) ?? '')) return false;
    return this.basis.identity.matched.get(name)?.[index] === 1;
  }

  /** Whether rows that say how clients reach the database stay, or some of them. */
  private keepsConnection(): boolean {
    const { restoreAccess, ownConnection } = this.basis.options;
    return !restoreAccess || ownConnection?.isForced === false;
  }

  private isKeptConnection(table: string, uuid?: string): boolean {
    const { options } = this.basis;
    if (!isIncluded(table, options)) return true;
    const own = keptConnection(options, table);
    return own !== undefined && (uuid === undefined || own.has(uuid));
  }

  private find({ table, uuid }: Reference): LiveRow | undefined {
    const draft = this.byTable.get(table);
    const index = draft?.live.find(uuid);
    return draft === undefined || index === undefined ? undefined : { draft, index };
  }

  private label({ draft: { table, live }, index }: LiveRow): string {
    return labelOf(table, live.row(index), live.uuid(index));
  }

  /** What holds rows that say how clients reach the database stays where those are left out. */
  private async keepAccess(): Promise<void> {
    for (const draft of this.tables) {
      const columns = referenceColumns(draft.table).filter(({ key, value }) =>
        [key, value].some((to) => to?.strong === true && this.isKeptConnection(to.table)),
      );
      for (const index of columns.length === 0 ? [] : draft.deletes) {
        if (this.breath.due()) await this.breath.rest();
        const row = draft.live.row(index);
        const held = columns.flatMap((column) => referencesIn(column, row[column.column.name]));
        if (!held.some(({ table, uuid }) => this.isKeptConnection(table, uuid))) continue;
        this.deleted.get(draft.table.name)?.delete(index);
        this.warnings.push(
          `${this.label({ draft, index })} is not deleted: what it holds says how clients reach the database, and is ` +
            'left as it is',
        );
      }
    }
  }

  private async findOrphans(): Promise<void> {
    for (const draft of this.tables) {
      const columns = columnsTo(draft.table, this.loose);
      if (columns.length === 0) continue;
      for (const index of this.deleted.get(draft.table.name) ?? []) {
        await this.orphanAll(strongReferences({ table: draft.table, row: draft.live.row(index) }));
        if (this.breath.due()) await this.breath.rest();
      }
      for (const update of draft.updates.values()) {
        await this.orphanAll(lostReferences(columns, update));
        if (this.breath.due()) await this.breath.rest();
      }
    }
  }

  /** Somebody lets these go: each goes, and what it holds in turn, unless a row that stays holds it. */
  private async orphanAll(references: readonly Reference[]): Promise<void> {
    for (const reference of references) {
      const first = this.orphan(reference);
      if (first === undefined) continue;
      for (const _ of followStrong(first, (next) => this.orphan(next))) if (this.breath.due()) await this.breath.rest();
    }
  }

  private orphan(reference: Reference): HoldingRow | undefined {
    const found = this.find(reference);
    if (found === undefined || !this.mayGo(found)) return undefined;
    const { draft, index } = found;
    const orphans = this.orphans.get(reference.table);
    if (orphans === undefined || orphans.has(index)) return undefined;
    orphans.add(index);
    return { table: draft.table, row: draft.live.row(index) };
  }

  /** Tables of which rows would go, though a row that stays might hold them. */
  private targets(): ReadonlySet<string> {
    // without a scope nothing that stays refers to what is deleted, but for rows that stay against the rule
    const { scopeRules, learned } = this.basis.options;
    const mayBeHeld = scopeRules !== undefined || learned !== undefined || this.warnings.length > 0;
    const found = new Set<string>();
    for (const [table, orphans] of this.orphans) if (orphans.size > 0) found.add(table);
    for (const [table, deleted] of this.deleted) if (mayBeHeld && deleted.size > 0) found.add(table);
    return found;
  }

  /** Lets stay what live rows that stay go on holding. */
  private async releaseLive({ table, live, updates }: TablePlan): Promise<void> {
    for (let i = 0; i < live.count; i++) {
      if (this.deleted.get(table.name)?.has(i) !== true && this.orphans.get(table.name)?.has(i) !== true) {
        const row = live.row(i);
        const update = updates.get(i);
        await this.releaseAll({
          table,
          row: update === undefined ? row : { ...row, ...valuesAfter(update) },
          label: () => labelOf(table, row, live.uuid(i)),
        });
      }
      if (this.breath.due()) await this.breath.rest();
    }
  }

  private async releaseInserted({ table, backup, outcomes }: TablePlan): Promise<void> {
    for (let i = 0; i < backup.count; i++) {
      if (outcomes[i] === OUTCOME.INSERT)
        await this.releaseAll({
          table,
          row: translateRow(table, backup.row(i), this.basis.identity, this.basis.options),
          label: () => labelOf(table, backup.row(i), backup.uuid(i)),
        });
      if (this.breath.due()) await this.breath.rest();
    }
  }

  private async releaseAll(holder: Holder): Promise<void> {
    for (const _ of followStrong(holder, (reference, from) => this.release(reference, from)))
      if (this.breath.due()) await this.breath.rest();
  }

  /** A row that stays refers to another: that stays, too, and so does what it holds in turn. */
  private release(reference: Reference, from: Holder): Holder | undefined {
    const found = this.find(reference);
    if (found === undefined) return undefined;
    const { draft, index } = found;
    const { table, live, updates } = draft;
    const label = (): string => this.label(found);
    const isKept = this.deleted.get(table.name)?.delete(index) === true;
    if (isKept && table.isRoot) this.refuse(found, `cannot be deleted: ${from.label()}, which stays, refers to it`);
    const isReleased = this.orphans.get(table.name)?.delete(index) === true;
    if (!isKept && !isReleased) return undefined;
    const update = updates.get(index);
    return { table, row: update === undefined ? live.row(index) : rowAfter(live.row(index), update), label };
  }

  /** Gives rows that the backup holds back to what holds them there. @returns whether there were any */
  private async takeBack(): Promise<boolean> {
    const waiting = new Map(this.tables.map((draft) => [draft.table.name, this.waiting(draft)]));
    const countWaiting = (): number => this.tables.reduce((sum, draft) => sum + this.waiting(draft).size, 0);
    const before = countWaiting();
    if (before === 0) return false;
    for (const draft of this.tables) {
      const { table, live } = draft;
      const holders = this.holders.get(table.name) as Map<number, FormerHolder>;
      const search = {
        isWaiting: (to: string, uuid: string): boolean => waiting.get(to)?.has(uuid) === true,
        stays: (index: number): boolean =>
          this.deleted.get(table.name)?.has(index) !== true && this.orphans.get(table.name)?.has(index) !== true,
        updateOf: (index: number): RowUpdate | undefined => holders.get(index)?.update ?? draft.updates.get(index),
      };
      for await (const holder of findFormerHolders(draft, this.basis, search, this.breath)) {
        const { liveIndex } = holder.update;
        holders.set(liveIndex, holder);
        const label = (): string => labelOf(table, live.row(liveIndex), live.uuid(liveIndex));
        await this.releaseAll({ table, row: holder.taken, label });
      }
    }
    return countWaiting() < before;
  }

  /** UUIDs of rows that the backup holds and that nothing would hold any more. */
  private waiting({ table, live }: TablePlan): ReadonlySet<string> {
    if (!isIncluded(table.name, this.basis.options)) return new Set();
    const orphans = [...(this.orphans.get(table.name) ?? [])];
    return new Set(orphans.filter((index) => this.isInBackup(table, index)).map((index) => live.uuid(index)));
  }

  private result(): ReadonlyMap<string, readonly number[]> {
    const deletes = new Map<string, readonly number[]>();
    for (const draft of this.tables) {
      const { table } = draft;
      const going = this.deleted.get(table.name) ?? new Set<number>();
      let along = 0;
      for (const index of this.orphans.get(table.name) ?? []) {
        if (this.isInBackup(table, index) || !isIncluded(table.name, this.basis.options))
          this.refuse(
            { draft, index },
            'is in the backup and would be lost: what holds it now gives it up, and what holds it in the backup is ' +
              'not there to take it back. Restore with a filter that takes that in',
          );
        else {
          going.add(index);
          along++;
        }
      }
      if (along > 0 && this.basis.options.scopeRules !== undefined)
        this.warnings.push(
          plural(
            along,
            `# ${nounOf(table.name)} {row|rows} of the database that nobody picked {is|are} deleted too, since ` +
              'nothing holds {it|them} any more',
          ),
        );
      if (going.size !== draft.deletes.length || draft.deletes.some((index) => !going.has(index)))
        deletes.set(
          table.name,
          [...going].sort((a, b) => a - b),
        );
    }
    return deletes;
  }

  private refuse(row: LiveRow, what: string): void {
    const label = this.label(row);
    this.problems.push({ code: 'CONFLICT', message: `${label} ${what}`, table: row.draft.table.name, label });
  }
}

/** The table's columns of strong references to rows of these tables. */
function columnsTo(table: TableSchema, targets: ReadonlySet<string>): readonly ReferenceColumn[] {
  return referenceColumns(table).filter(({ key, value }) =>
    [key, value].some((to) => to?.strong === true && targets.has(to.table)),
  );
}

/** The strong references of these columns that an update takes away. */
function lostReferences(columns: readonly ReferenceColumn[], update: RowUpdate): readonly Reference[] {
  return update.columns.flatMap(({ column, before, after }) => {
    const reference = columns.find((candidate) => candidate.column === column);
    if (reference === undefined) return [];
    const kept = new Set(referencesIn(reference, after).map(({ uuid }) => uuid));
    return referencesIn(reference, before).filter(({ strong, uuid }) => strong && !kept.has(uuid));
  });
}
