/** Turns of heavy work: a few at once, and whoever waits longest is the next. */

/** Each piece of heavy work holds a whole configuration, or two, in memory. */
const TURNS_AT_ONCE = 4;

export class Turns {
  private taken = 0;
  private readonly waiting: (() => void)[] = [];

  /** Waits for a turn, and gives it back when the work has ended. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    // a turn that is given up goes straight to the one who waits longest
    if (this.taken >= TURNS_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.taken++;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.taken--;
      else next();
    }
  }
}
