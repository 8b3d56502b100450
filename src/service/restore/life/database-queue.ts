/**
 * The queue of one database: whatever changes it comes one after the other. What a crash or a lost answer left open is
 * recovered first, what is to be undone comes next, and restores come last, each in the order of their asking.
 */

export type Urgency = 'RECOVERY' | 'UNDO' | 'RESTORE';
const ORDER: readonly Urgency[] = ['RECOVERY', 'UNDO', 'RESTORE'];

export interface Entry {
  /** Of the restore. */
  readonly id: string;
  readonly urgency: Urgency;
  /** Holds the database until it returns. It must not throw. */
  readonly turn: () => Promise<void>;
}

export class DatabaseQueue {
  private readonly waiting: Entry[] = [];
  private current: Entry | undefined;

  /** The one that has the database now. */
  get holder(): string | undefined {
    return this.current?.id;
  }

  /** Those that wait, in the order of their turns. */
  get waitingIds(): readonly string[] {
    return this.waiting.map(({ id }) => id);
  }

  add(entry: Entry): void {
    const rank = ORDER.indexOf(entry.urgency);
    const before = this.waiting.findIndex(({ urgency }) => ORDER.indexOf(urgency) > rank);
    this.waiting.splice(before < 0 ? this.waiting.length : before, 0, entry);
    this.next();
  }

  /** Takes one out that waits. False when it does not wait any more. */
  remove(id: string): boolean {
    const index = this.waiting.findIndex((entry) => entry.id === id);
    if (index < 0) return false;
    this.waiting.splice(index, 1);
    return true;
  }

  private next(): void {
    if (this.current !== undefined) return;
    const entry = this.waiting.shift();
    if (entry === undefined) return;
    this.current = entry;
    void entry.turn().finally(() => {
      this.current = undefined;
      this.next();
    });
  }
}

/** A queue for each database, by its configured id. */
export class DatabaseQueues {
  private readonly queues = new Map<string, DatabaseQueue>();

  of(database: string): DatabaseQueue {
    const queue = this.queues.get(database) ?? new DatabaseQueue();
    this.queues.set(database, queue);
    return queue;
  }
}
