/**
 * Keeps the event loop answering while a long computation runs: `if (breath.due()) await breath.rest()`
 * between rows. due() costs next to nothing until the slice is used up; rest() then lets everybody else go first.
 * They are two calls because an await for every row would cost more than the row. What is pure stays pure with it: no
 * result depends on when it rests.
 */
export class Breath {
  private since = performance.now();
  private countdown = 0;

  /** @param sliceMs longest time to compute without a break */
  constructor(
    private readonly sliceMs = 6,
    private readonly every = 8,
  ) {}

  /** True when the slice is used up. Looks at the clock only once in `every` calls. */
  due(): boolean {
    if (--this.countdown > 0) return false;
    this.countdown = this.every;
    return performance.now() - this.since >= this.sliceMs;
  }

  /** Lets others run; call it when due() is true. */
  async rest(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.since = performance.now();
  }
}
