/** The work under way, so that a server that is told to stop can let it end and take on no more. */
import { AppError } from '../../lib/error.js';
import { Turns } from './turns.js';

export class RunningWork {
  private readonly running = new Set<Promise<unknown>>();
  private readonly turns = new Turns();
  private draining = false;

  /** Pieces of work under way, those that wait for their turn included. */
  get count(): number {
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
    return this.turns.take(work);
  }

  /** Refuses new work and waits for what is running. */
  async drain(): Promise<void> {
    this.draining = true;
    while (this.running.size > 0) await Promise.allSettled(this.running);
  }
}
