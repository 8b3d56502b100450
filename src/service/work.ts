/** The work under way, so that a server that is told to stop can let it end and take on no more. */
import { AppError } from '../lib/error.js';

export class Work {
  private readonly running = new Set<Promise<unknown>>();
  private draining = false;

  /** Runs a piece of work. @throws AppError SHUTTING_DOWN once draining has begun */
  run<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.draining) return Promise.reject(new AppError('SHUTTING_DOWN', `The server is shutting down and takes on no new ${what}`));
    const promise = work();
    this.running.add(promise);
    const done = (): void => { this.running.delete(promise); };
    promise.then(done, done);
    return promise;
  }

  get count(): number {
    return this.running.size;
  }

  /** Refuses new work and waits for what is running. */
  async drain(): Promise<void> {
    this.draining = true;
    while (this.running.size > 0) await Promise.allSettled(this.running);
  }
}
