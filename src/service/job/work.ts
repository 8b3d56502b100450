/** The work under way, so that a server that is told to stop can let it end and take on no more. */
import { AppError } from '../../lib/error.js';

/** Each piece of heavy work holds a whole configuration, or two, in memory. */
const HEAVY_AT_ONCE = 4;

export class Work {
  private readonly running = new Set<Promise<unknown>>();
  private draining = false;
  private heavy = 0;
  private readonly waiting: (() => void)[] = [];

  /** Pieces of work under way, those that wait for their turn included. */
  get runningCount(): number {
    return this.running.size;
  }

  /** Runs a piece of work. @throws AppError SHUTTING_DOWN once draining has begun */
  run<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.draining)
      return Promise.reject(new AppError('SHUTTING_DOWN', `The server is shutting down and takes on no new ${what}`));
    const promise = work();
    this.running.add(promise);
    const done = (): void => {
      this.running.delete(promise);
    };
    promise.then(done, done);
    return promise;
  }

  /** Runs work that takes much memory: a few at once, the others wait for their turn. */
  async runHeavy<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.run(what, () => this.inTurn(work));
  }

  /** Waits for a turn without being work of its own. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    // a turn that is given up goes straight to the one who waits longest
    if (this.heavy >= HEAVY_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.heavy++;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.heavy--;
      else next();
    }
  }

  /** Refuses new work and waits for what is running. */
  async drain(): Promise<void> {
    this.draining = true;
    while (this.running.size > 0) await Promise.allSettled(this.running);
  }
}
