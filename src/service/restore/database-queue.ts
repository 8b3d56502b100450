/** One queue for each database: restores of the same database come one after the other. */

export class DatabaseQueues {
  /** Database id -> the end of its queue. */
  private readonly ends = new Map<string, Promise<void>>();

  /** Runs it when all that was queued before has ended, well or not. */
  add(database: string, work: () => Promise<void>): Promise<void> {
    const before = this.ends.get(database) ?? Promise.resolve();
    const next = before.then(work, work);
    this.ends.set(database, next);
    // what went wrong is the business of whoever waits for it; the queue goes on
    next.catch(() => undefined);
    return next;
  }
}
