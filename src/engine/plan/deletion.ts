/**
 * Deletion within a scope: what exact deletes there must not be held by what stays, and must not take with it what was
 * to stay. Without a scope that cannot be: then whatever the backup does not hold goes at once. Pure.
 */

import type { Breath } from '../../lib/breath.js';
import type { Problem } from '../../lib/error.js';
import { followStrong, type HoldingRow } from '../../model/reference/holding.js';
import { type Reference, referenceColumns } from '../../model/reference/reference.js';
import type { TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import type { ScopeRules } from '../scope/scope-rules.js';
import { OUTCOME, type PlanBasis, type TablePlan, translateRow, valuesAfter } from './table-plan.js';

type Basis = PlanBasis & { readonly scopeRules: ScopeRules };

export interface ScopedDeletes {
  /** Table -> numbers of the live rows to delete, in order: as the server can carry it out. */
  readonly deletes: ReadonlyMap<string, readonly number[]>;
  /** What stands in the way. */
  readonly problems: readonly Problem[];
}

/** Looks at the rows that are to be deleted so far: which can be, and which go with them. */
export async function deletesInScope(
  tables: readonly TablePlan[],
  basis: Basis,
  breath: Breath,
): Promise<ScopedDeletes> {
  if (tables.every(({ deletes }) => deletes.length === 0)) return { deletes: new Map(), problems: [] };
  return new Deletion(tables, basis, breath).run();
}

/** A live row that stays, with what it holds then. */
interface Holder extends HoldingRow {
  readonly label: () => string;
}

class Deletion {
  /** Table -> numbers of live rows: to be deleted, and those that would go with them since nothing else holds them. */
  private readonly deleted: ReadonlyMap<string, Set<number>>;
  private readonly orphans: ReadonlyMap<string, Set<number>>;
  private readonly problems: Problem[] = [];

  constructor(
    private readonly tables: readonly TablePlan[],
    private readonly basis: Basis,
    private readonly breath: Breath,
  ) {
    this.deleted = new Map(tables.map(({ table, deletes }) => [table.name, new Set(deletes)]));
    this.orphans = new Map(tables.map(({ table }) => [table.name, new Set<number>()]));
  }

  async run(): Promise<ScopedDeletes> {
    await this.findOrphans();
    for (const draft of this.tables) {
      await this.releaseLive(draft);
      await this.releaseInserted(draft);
    }
    const deletes = new Map<string, readonly number[]>();
    for (const { table, live } of this.tables) {
      const going = this.deleted.get(table.name) ?? new Set<number>();
      for (const index of this.orphans.get(table.name) ?? []) {
        if (this.basis.scopeRules.isMatchedInScope(table.name, index))
          this.refuse(
            labelOf(table, live.row(index), live.uuid(index)),
            'is to stay, but what holds it is to be deleted',
            table,
          );
        else going.add(index);
      }
      deletes.set(
        table.name,
        [...going].sort((a, b) => a - b),
      );
    }
    return { deletes, problems: this.problems };
  }

  private find({ table, uuid }: Reference): { table: TableSchema; rows: TableRows; index: number } | undefined {
    const rows = this.basis.live.tables.get(table);
    const index = rows?.find(uuid);
    const schema = this.basis.live.schema.tables.get(table);
    return rows === undefined || index === undefined || schema === undefined
      ? undefined
      : { table: schema, rows, index };
  }

  private async findOrphans(): Promise<void> {
    for (const { table, live } of this.tables) {
      for (const index of this.deleted.get(table.name) ?? []) {
        for (const _ of followStrong({ table, row: live.row(index) }, (reference) => this.orphan(reference)))
          if (this.breath.due()) await this.breath.rest();
        if (this.breath.due()) await this.breath.rest();
      }
    }
  }

  /** A row to be deleted refers to another: that goes with it unless a row that stays holds it. */
  private orphan(reference: Reference): HoldingRow | undefined {
    const found = this.find(reference);
    const orphans = this.orphans.get(reference.table);
    if (
      found === undefined ||
      orphans === undefined ||
      found.table.isRoot ||
      orphans.has(found.index) ||
      this.deleted.get(reference.table)?.has(found.index) === true
    )
      return undefined;
    orphans.add(found.index);
    return { table: found.table, row: found.rows.row(found.index) };
  }

  /** Lets stay what live rows that stay go on holding. */
  private async releaseLive({ table, live, updates }: TablePlan): Promise<void> {
    if (referenceColumns(table).length === 0) return;
    for (let i = 0; i < live.count; i++) {
      if (this.deleted.get(table.name)?.has(i) !== true && this.orphans.get(table.name)?.has(i) !== true) {
        const row = live.row(i);
        const update = updates.get(i);
        const releases = this.releasesOf({
          table,
          row: update === undefined ? row : { ...row, ...valuesAfter(update) },
          label: () => labelOf(table, row, live.uuid(i)),
        });
        for (const _ of releases) if (this.breath.due()) await this.breath.rest();
      }
      if (this.breath.due()) await this.breath.rest();
    }
  }

  private async releaseInserted({ table, backup, outcomes }: TablePlan): Promise<void> {
    if (referenceColumns(table).length === 0) return;
    for (let i = 0; i < backup.count; i++) {
      if (outcomes[i] === OUTCOME.INSERT) {
        const releases = this.releasesOf({
          table,
          row: translateRow(table, backup.row(i), this.basis.identity, this.basis.options),
          label: () => labelOf(table, backup.row(i), backup.uuid(i)),
        });
        for (const _ of releases) if (this.breath.due()) await this.breath.rest();
      }
      if (this.breath.due()) await this.breath.rest();
    }
  }

  private releasesOf(holder: Holder): Generator<undefined> {
    return followStrong(holder, (reference, from) => this.release(reference, from));
  }

  /** A row that stays refers to another: that stays, too, and so does what it holds in turn. */
  private release(reference: Reference, from: Holder): Holder | undefined {
    const found = this.find(reference);
    if (found === undefined) return undefined;
    const { table, rows, index } = found;
    const label = (): string => labelOf(table, rows.row(index), rows.uuid(index));
    const isKept = this.deleted.get(table.name)?.delete(index) === true;
    if (isKept && table.isRoot)
      this.refuse(label(), `cannot be deleted: ${from.label()}, which stays, refers to it`, table);
    const isReleased = this.orphans.get(table.name)?.delete(index) === true;
    return isKept || isReleased ? { table, row: rows.row(index), label } : undefined;
  }

  private refuse(label: string, what: string, table: TableSchema): void {
    this.problems.push({ code: 'CONFLICT', message: `${label} ${what}`, table: table.name, label });
  }
}
