/** What is under way now: whoever ends the server waits until nothing is. */
export class UnderWay<T> {
  private readonly items = new Set<T>();
  private readonly waiting: (() => void)[] = [];

  begin(item: T): void {
    this.items.add(item);
  }

  /** Does nothing when it has ended before. */
  end(item: T): void {
    this.items.delete(item);
    if (this.items.size > 0) return;
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Resolves when nothing is under way. */
  async none(): Promise<void> {
    if (this.items.size > 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}
