/** Rows that are known of and not read yet, table by table. */
interface Waiting {
  readonly uuids: Set<string>;
  /** The same in an order to take them in. One that is not among `uuids` any more is passed over. */
  readonly order: string[];
}

export class UnreadRows {
  private readonly tables = new Map<string, Waiting>();
  private rows = 0;

  get count(): number {
    return this.rows;
  }

  add(table: string, uuid: string): void {
    let waiting = this.tables.get(table);
    if (waiting === undefined) this.tables.set(table, (waiting = { uuids: new Set(), order: [] }));
    if (waiting.uuids.has(uuid)) return;
    waiting.uuids.add(uuid);
    waiting.order.push(uuid);
    this.rows++;
  }

  remove(table: string, uuid: string): void {
    if (this.tables.get(table)?.uuids.delete(uuid) === true) this.rows--;
  }

  /** A table of which rows are left, undefined when there is none. */
  next(): string | undefined {
    for (const [table, { uuids }] of this.tables) if (uuids.size > 0) return table;
    return undefined;
  }

  /** Takes at most `count` rows of the table. */
  take(table: string, count: number): readonly string[] {
    const { uuids, order } = this.tables.get(table) ?? { uuids: new Set<string>(), order: [] };
    const taken: string[] = [];
    for (let uuid = order.pop(); uuid !== undefined; uuid = order.pop()) {
      if (uuids.delete(uuid)) taken.push(uuid);
      if (taken.length === count) break;
    }
    this.rows -= taken.length;
    return taken;
  }
}
