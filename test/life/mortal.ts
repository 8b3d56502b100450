/** What a process does to the world, which ends when it dies: nothing begins any more, and nothing is answered. */

export class Mortal {
  private isDead = false;
  private readonly underWay = new Set<Promise<void>>();

  /** Pieces of work that have begun and not ended. */
  get busy(): number {
    return this.underWay.size;
  }

  get hasDied(): boolean {
    return this.isDead;
  }

  async do<T>(work: () => Promise<T>): Promise<T> {
    await this.goOn();
    const running = work();
    const settled: Promise<void> = running
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => void this.underWay.delete(settled));
    this.underWay.add(settled);
    try {
      return await running;
    } finally {
      await this.goOn();
    }
  }

  /** Returns while it lives. */
  async goOn(): Promise<void> {
    if (this.isDead) await new Promise(() => undefined);
  }

  /** Returns when what was under way has come to its end in the world. */
  async die(): Promise<void> {
    this.isDead = true;
    await Promise.all(this.underWay);
  }
}
