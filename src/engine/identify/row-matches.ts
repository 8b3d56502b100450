/**
 * Which row of the backup is which live row, while it is being found (identify.ts).
 *
 * The rows of all tables of one side are numbered through, so that what is known of a row fits
 * into plain arrays: such a number is a node.
 */
import type { Breath } from '../../lib/breath.js';
import type { Row } from '../../model/row/row.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';

export const NO_MATCH = -1;

/** The rows of the backup, or of the live database. */
export class MatchSide {
  /** Node -> node of the other side, or NO_MATCH. */
  private readonly partners: Int32Array;
  readonly nodes: number;
  private readonly rows: readonly TableRows[];
  /** Number of a table -> node of its first row; one more at the end. */
  private readonly first: Int32Array;
  private readonly tableOf: Uint16Array;
  private readonly left: Int32Array;

  constructor(
    snapshot: Snapshot,
    readonly tables: readonly TableSchema[],
  ) {
    this.rows = tables.map(({ name }) => snapshot.tables.get(name) as TableRows);
    this.first = new Int32Array(tables.length + 1);
    let nodes = 0;
    this.rows.forEach(({ count }, table) => {
      nodes += count;
      this.first[table + 1] = nodes;
    });
    this.nodes = nodes;
    this.partners = new Int32Array(nodes).fill(NO_MATCH);
    this.tableOf = new Uint16Array(nodes);
    this.rows.forEach((_rows, table) => this.tableOf.fill(table, ...this.range(table)));
    this.left = Int32Array.from(this.rows, ({ count }) => count);
  }

  tableNumber(node: number): number {
    return this.tableOf[node] as number;
  }

  /** First node of a table, and the one after its last. */
  range(table: number): readonly [from: number, to: number] {
    return [this.firstOf(table), this.firstOf(table + 1)];
  }

  private firstOf(table: number): number {
    return this.first[table] as number;
  }

  private rowsOf(node: number): TableRows {
    return this.rows[this.tableNumber(node)] as TableRows;
  }

  uuid(node: number): string {
    return this.rowsOf(node).uuid(this.indexOf(node));
  }

  text(node: number): Buffer {
    return this.rowsOf(node).text(this.indexOf(node));
  }

  row(node: number): Row {
    return this.rowsOf(node).row(this.indexOf(node));
  }

  /** @returns undefined when the table has no row of this UUID */
  find(table: number, uuid: string): number | undefined {
    const index = this.rows[table]?.find(uuid);
    return index === undefined ? undefined : this.firstOf(table) + index;
  }

  indexOf(node: number): number {
    return node - this.firstOf(this.tableNumber(node));
  }

  /** Node of the other side, or NO_MATCH. */
  partner(node: number): number {
    return this.partners[node] as number;
  }

  /** For each row of a table, in order. */
  partnersIn(table: number): Int32Array {
    return this.partners.subarray(...this.range(table));
  }

  /** True for a row without a match. */
  isOpen(node: number): boolean {
    return this.partners[node] === NO_MATCH;
  }

  /** Rows of a table without a match. */
  unmatched(table: number): number {
    return this.left[table] as number;
  }

  link(node: number, partner: number): void {
    this.partners[node] = partner;
    const table = this.tableNumber(node);
    this.left[table] = this.unmatched(table) - 1;
  }
}

export class RowMatches {
  readonly tables: readonly TableSchema[];
  readonly backup: MatchSide;
  readonly live: MatchSide;
  /** UUID in the backup -> UUID in the database, where they differ. */
  readonly translation = new Map<string, string>();
  private readonly numbers: ReadonlyMap<string, number>;

  /** Both snapshots have the same schema. */
  constructor(backup: Snapshot, live: Snapshot) {
    this.tables = [...backup.schema.tables.values()];
    this.numbers = new Map(this.tables.map(({ name }, number) => [name, number]));
    this.backup = new MatchSide(backup, this.tables);
    this.live = new MatchSide(live, this.tables);
  }

  numberOf(table: string): number | undefined {
    return this.numbers.get(table);
  }

  /** True when rows of the table are left without a match on both sides. */
  isOpen(table: number): boolean {
    return this.backup.unmatched(table) > 0 && this.live.unmatched(table) > 0;
  }

  /** Takes the two for one row. @returns false when one of them has a match already */
  link(backup: number, live: number): boolean {
    if (!this.backup.isOpen(backup) || !this.live.isOpen(live)) return false;
    this.backup.link(backup, live);
    this.live.link(live, backup);
    const [from, to] = [this.backup.uuid(backup), this.live.uuid(live)];
    if (from !== to) this.translation.set(from, to);
    return true;
  }

  async linkSameUuids(breath: Breath): Promise<void> {
    for (let table = 0; table < this.tables.length; table++) {
      if (!this.isOpen(table)) continue;
      const [from, to] = this.backup.range(table);
      for (let node = from; node < to; node++) {
        const found = this.live.find(table, this.backup.uuid(node));
        if (found !== undefined) this.link(node, found);
        if (breath.due()) await breath.rest();
      }
    }
  }

  /** Table -> for each row of the backup the number of its live row, or NO_MATCH. */
  matches(): ReadonlyMap<string, Int32Array> {
    return new Map(
      this.tables.map(({ name }, table) => {
        const [liveFrom] = this.live.range(table);
        return [name, this.backup.partnersIn(table).map((live) => (live === NO_MATCH ? NO_MATCH : live - liveFrom))];
      }),
    );
  }

  /** Table -> for each live row 1 when a row of the backup is matched with it. */
  matched(): ReadonlyMap<string, Uint8Array> {
    return new Map(
      this.tables.map(({ name }, table) => [
        name,
        Uint8Array.from(this.live.partnersIn(table), (backup) => (backup === NO_MATCH ? 0 : 1)),
      ]),
    );
  }
}
