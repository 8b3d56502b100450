/** Rows that are known of and not read yet, table by table. */
export class Unread {
  private readonly waiting = new Map<string, Set<string>>();
  /** The order in which rows are read. A row that is not in `waiting` any more is passed over. */
  private readonly order = new Map<string, string[]>();
  private rows = 0;

  get count(): number {
    return this.rows;
  }

  add(table: string, uuid: string): void {
    let waiting = this.waiting.get(table);
    if (waiting === undefined) this.waiting.set(table, (waiting = new Set()));
    if (waiting.has(uuid)) return;
    waiting.add(uuid);
    this.rows++;
    const order = this.order.get(table);
    if (order === undefined) this.order.set(table, [uuid]);
    else order.push(uuid);
  }

  remove(table: string, uuid: string): void {
    if (this.waiting.get(table)?.delete(uuid) === true) this.rows--;
  }

  /** A table of which rows are left, undefined when there is none. */
  next(): string | undefined {
    for (const [table, waiting] of this.waiting) if (waiting.size > 0) return table;
    return undefined;
  }

  /** Takes at most `count` rows of the table. */
  take(table: string, count: number): readonly string[] {
    const waiting = this.waiting.get(table);
    const order = this.order.get(table);
    const uuids: string[] = [];
    while (waiting !== undefined && order !== undefined && uuids.length < count && waiting.size > 0) {
      const uuid = order.pop() as string;
      if (waiting.delete(uuid)) uuids.push(uuid);
    }
    if (waiting?.size === 0) this.order.delete(table);
    this.rows -= uuids.length;
    return uuids;
  }
}
