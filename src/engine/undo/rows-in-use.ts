/**
 * Which rows live in the database that an undo leads to. Goes from every row of a root table along strong references:
 *
 * - A row that is to be deleted, but that a row which lives refers to, is in use: somebody has come to refer to it
 *   since. It stays, with all that it refers to strongly in turn; a port stays in its switch, too.
 * - A row that is to come back, but that nothing holds, would vanish at once: it is left out.
 * - Any other row that is not reached loses what holds it. It goes with its holder, as the database would have it,
 *   unless the row that held it before the restore is left out: then it stays where it is.
 *
 * So references from rows that are to be deleted, and from rows that go with those, do not count.
 */
import type { Breath } from '../../lib/breath.js';
import { holderOf } from '../../model/northbound/holder.js';
import { isRuntimeColumn } from '../../model/northbound/runtime.js';
import { followStrong, type HoldingRow } from '../../model/reference/holding.js';
import { holderColumns, type Reference, referenceColumns, referencesIn } from '../../model/reference/reference.js';
import type { Row } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import type { UndoDraft } from './undo-draft.js';

/** Name of a non-root table -> UUIDs of live rows that go with the row that holds them. */
export type Orphans = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Takes those edits out of the draft that cannot be, as far as one look at it shows.
 * @param wasMoved whether the restore itself put the port where it is
 */
export async function keepRowsInUse(
  draft: UndoDraft,
  wasMoved: (port: string) => boolean,
  breath: Breath,
): Promise<Orphans> {
  return new Look(draft, wasMoved, breath).run();
}

interface LivingRow extends HoldingRow {
  readonly uuid: string;
  readonly row: Row;
}

class Look {
  /** Name of a non-root table -> UUIDs of its rows that live. */
  private readonly living = new Map<string, Set<string>>();
  /** UUIDs of ports that are in a switch or on a router. */
  private readonly housed = new Set<string>();
  private readonly holders: ReadonlySet<TableSchema>;

  constructor(
    private readonly draft: UndoDraft,
    private readonly wasMoved: (port: string) => boolean,
    private readonly breath: Breath,
  ) {
    for (const table of draft.tables) if (!table.isRoot) this.living.set(table.name, new Set());
    this.holders = new Set([...draft.tables].filter((table) => this.mayHold(table)));
  }

  async run(): Promise<Orphans> {
    for (const table of this.holders) {
      if (!table.isRoot) continue;
      const rows = this.draft.rows(table.name);
      for (const uuid of rows.uuids()) {
        const row = rows.row(uuid);
        if (row === undefined) continue;
        for (const _ of followStrong({ table, uuid, row }, (reference, from) => this.enter(reference, from)))
          if (this.breath.due()) await this.breath.rest();
        if (this.breath.due()) await this.breath.rest();
      }
    }
    await this.keepHouses();
    const orphans = await this.findOrphans();
    await this.keepReleased(orphans);
    return orphans;
  }

  /** Whether strong references of the table lead to rows that need them, or that are to be deleted. */
  private mayHold(table: TableSchema): boolean {
    const { schema } = this.draft.live;
    return (
      holderColumns(schema, table).length > 0 ||
      referenceColumns(table).some(({ key, value }) =>
        [key, value].some((to) => to?.strong === true && this.draft.rows(to.table).deletes().next().done !== true),
      )
    );
  }

  /** A row that lives refers to another: that lives, too. */
  private enter({ table: name, uuid, column }: Reference, from: LivingRow): LivingRow | undefined {
    const { draft } = this;
    const rows = draft.rows(name);
    const isToGo = rows.isDeleted(uuid);
    if (isToGo) {
      // what northd writes is nobody's use of a row
      if (isRuntimeColumn(from.table.name, column, from.row)) return undefined;
      draft.stay(name, uuid, `${draft.label(from.table.name, from.uuid)} refers to it in ${column}`, {
        table: from.table.name,
        uuid: from.uuid,
      });
    }
    if (holderOf(name)?.table === from.table.name) this.housed.add(uuid);
    const living = this.living.get(name);
    if (living === undefined ? !isToGo : living.has(uuid)) return undefined;
    living?.add(uuid);
    const table = draft.table(name);
    const row = this.holders.has(table) ? rows.row(uuid) : undefined;
    return row === undefined ? undefined : { table, uuid, row };
  }

  /** A port that lives by a network function alone is of no use: the switch that it is in stays, too. */
  private async keepHouses(): Promise<void> {
    for (const [name, living] of this.living) {
      const home = holderOf(name);
      if (home === undefined) continue;
      const homeless = new Set<string>();
      for (const uuid of living) if (!this.housed.has(uuid)) homeless.add(uuid);
      await this.holdOn(
        name,
        homeless,
        // a port that was there before the restore, and that the restore put into this switch, leaves it
        (holder, uuid, port) =>
          holder.name === home.table &&
          (this.draft.isStaying(name, port) || (this.draft.rows(home.table).isDeleted(uuid) && !this.wasMoved(port))),
      );
    }
  }

  private async findOrphans(): Promise<ReadonlyMap<string, Set<string>>> {
    const orphans = new Map<string, Set<string>>();
    for (const [name, living] of this.living) {
      const rows = this.draft.rows(name);
      const found = new Set<string>();
      for (const uuid of rows.uuids()) {
        if (!living.has(uuid)) found.add(uuid);
        if (this.breath.due()) await this.breath.rest();
      }
      for (const uuid of found) {
        if (!rows.isPut(uuid) || rows.rowBefore(uuid) !== undefined) continue;
        this.draft.leaveOut(name, uuid, 'the row that held it is not there');
        found.delete(uuid);
      }
      orphans.set(name, found);
    }
    return orphans;
  }

  /** Rows that were held by a row that is left out stay where they are. */
  private async keepReleased(orphans: ReadonlyMap<string, Set<string>>): Promise<void> {
    for (const [name, found] of orphans) {
      const released = new Set([...found].filter((uuid) => this.draft.isReleased(name, uuid)));
      await this.holdOn(name, released, () => true);
    }
  }

  /** Lets live rows go on holding these. */
  private async holdOn(
    name: string,
    uuids: ReadonlySet<string>,
    isHolder: (table: TableSchema, uuid: string, held: string) => boolean,
  ): Promise<void> {
    if (uuids.size === 0) return;
    const { draft } = this;
    for (const table of this.holders) {
      const columns = holderColumns(draft.live.schema, table).filter(
        ({ key, value }) => key?.table === name || value?.table === name,
      );
      const rows = draft.live.tables.get(table.name);
      for (let i = 0; columns.length > 0 && rows !== undefined && i < rows.count; i++) {
        const row = rows.row(i);
        const uuid = rows.uuid(i);
        for (const column of columns) {
          const held = referencesIn(column, row[column.column.name]).filter(
            (reference) =>
              reference.strong &&
              reference.table === name &&
              uuids.has(reference.uuid) &&
              isHolder(table, uuid, reference.uuid),
          );
          draft.holdOn(table.name, uuid, { column, held });
        }
        if (this.breath.due()) await this.breath.rest();
      }
    }
  }
}
