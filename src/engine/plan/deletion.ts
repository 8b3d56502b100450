/**
 * Deletion within a scope: what exact deletes there must not be held by what stays, and must not take with it what was
 * to stay. Without a scope there is nothing to settle: then whatever the backup does not hold goes at once. Pure.
 */

import type { Breath } from '../../lib/breath.js';
import type { Problem } from '../../lib/error.js';
import { type Reference, referenceColumns, referencesIn } from '../../model/reference/reference.js';
import type { Row, Value } from '../../model/row/row.js';
import type { TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import type { Reach } from '../scope/reach.js';
import { OUTCOME, type Plan, type TablePlan, translateRow } from './table-plan.js';

type Basis = Pick<Plan, 'backup' | 'live' | 'identity' | 'options'> & { readonly reach: Reach };

interface MutableDeletes extends TablePlan {
  readonly deletes: number[];
}

/** Brings the lists of rows to delete into a state that the server can carry out. @returns what stands in the way */
export async function settleDeletes(
  tables: readonly MutableDeletes[],
  basis: Basis,
  breath: Breath,
): Promise<readonly Problem[]> {
  if (tables.every(({ deletes }) => deletes.length === 0)) return [];
  return new Settlement(tables, basis, breath).run();
}

class Settlement {
  /** Table -> numbers of live rows: to be deleted, and those that would go with them since nothing else holds them. */
  private readonly deleted: ReadonlyMap<string, Set<number>>;
  private readonly orphans: ReadonlyMap<string, Set<number>>;
  private readonly problems: Problem[] = [];

  constructor(
    private readonly tables: readonly MutableDeletes[],
    private readonly basis: Basis,
    private readonly breath: Breath,
  ) {
    this.deleted = new Map(tables.map(({ table, deletes }) => [table.name, new Set(deletes)]));
    this.orphans = new Map(tables.map(({ table }) => [table.name, new Set<number>()]));
  }

  async run(): Promise<readonly Problem[]> {
    await this.findOrphans();
    for (const draft of this.tables) {
      await this.releaseLive(draft);
      await this.releaseInserted(draft);
    }
    for (const { table, live, deletes } of this.tables) {
      deletes.length = 0;
      const going = this.deleted.get(table.name) ?? new Set<number>();
      for (const index of this.orphans.get(table.name) ?? []) {
        if (this.basis.reach.isClaimed(table.name, index))
          this.refuse(
            labelOf(table, live.row(index), live.uuid(index)),
            'is to stay, but what holds it is to be deleted',
            table,
          );
        else going.add(index);
      }
      deletes.push(...[...going].sort((a, b) => a - b));
    }
    return this.problems;
  }

  /** The strong references of a live row, as the plan leaves it. */
  private holds(table: TableSchema, row: { readonly [column: string]: Value | undefined }): readonly Reference[] {
    return referenceColumns(table).flatMap((column) =>
      referencesIn(column, row[column.column.name]).filter(({ strong }) => strong),
    );
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
        this.orphan(table, live.row(index));
        if (this.breath.due()) await this.breath.rest();
      }
    }
  }

  private orphan(table: TableSchema, row: Row): void {
    for (const reference of this.holds(table, row)) {
      const found = this.find(reference);
      const orphans = this.orphans.get(reference.table);
      if (
        found === undefined ||
        orphans === undefined ||
        found.table.isRoot ||
        orphans.has(found.index) ||
        this.deleted.get(reference.table)?.has(found.index) === true
      )
        continue;
      orphans.add(found.index);
      this.orphan(found.table, found.rows.row(found.index));
    }
  }

  /** Lets stay what live rows that stay go on holding. */
  private async releaseLive({ table, live, updates }: MutableDeletes): Promise<void> {
    if (referenceColumns(table).length === 0) return;
    const updated = new Map([...updates.values()].map((update) => [update.liveIndex, update]));
    for (let i = 0; i < live.count; i++) {
      if (this.deleted.get(table.name)?.has(i) !== true && this.orphans.get(table.name)?.has(i) !== true) {
        const row = live.row(i);
        const update = updated.get(i);
        const after =
          update === undefined
            ? []
            : [...update.columns, ...update.attachments].map(
                ({ column, after: value }) => [column.name, value] as const,
              );
        this.release(table, { ...row, ...Object.fromEntries(after) }, () => labelOf(table, row, live.uuid(i)));
      }
      if (this.breath.due()) await this.breath.rest();
    }
  }

  private async releaseInserted({ table, backup, outcomes }: MutableDeletes): Promise<void> {
    if (referenceColumns(table).length === 0) return;
    for (let i = 0; i < backup.count; i++) {
      if (outcomes[i] === OUTCOME.INSERT)
        this.release(table, translateRow(table, backup.row(i), this.basis.identity, this.basis.options), () =>
          labelOf(table, backup.row(i), backup.uuid(i)),
        );
      if (this.breath.due()) await this.breath.rest();
    }
  }

  private release(
    table: TableSchema,
    row: { readonly [column: string]: Value | undefined },
    label: () => string,
  ): void {
    for (const reference of this.holds(table, row)) {
      const found = this.find(reference);
      if (found === undefined) continue;
      const { table: to, rows, index } = found;
      const stays = this.deleted.get(to.name)?.delete(index) === true;
      if (stays && to.isRoot)
        this.refuse(
          labelOf(to, rows.row(index), rows.uuid(index)),
          `cannot be deleted: ${label()}, which stays, refers to it`,
          to,
        );
      // and so stays what it holds in turn
      if (this.orphans.get(to.name)?.delete(index) === true || stays)
        this.release(to, rows.row(index), () => labelOf(to, rows.row(index), rows.uuid(index)));
    }
  }

  private refuse(label: string, what: string, table: TableSchema): void {
    this.problems.push({ code: 'CONFLICT', message: `${label} ${what}`, table: table.name, label });
  }
}
