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
  /**
   * Holds the database until it returns. It must not throw.
   * @param room aborts when something more urgent waits: what is not sent yet makes room, and comes back
   */
  readonly turn: (room: AbortSignal) => Promise<void>;
}

export class DatabaseQueue {
  private readonly waiting: Entry[] = [];
  private current: { readonly entry: Entry; readonly room: AbortController } | undefined;

  /** The one that has the database now. */
  get holder(): string | undefined {
    return this.current?.entry.id;
  }

  /** Those that wait, in the order of their turns. */
  get waitingIds(): readonly string[] {
    return this.waiting.map(({ id }) => id);
  }

  add(entry: Entry): void {
    const rank = rankOf(entry);
    const before = this.waiting.findIndex((waiting) => rankOf(waiting) > rank);
    this.waiting.splice(before < 0 ? this.waiting.length : before, 0, entry);
    if (this.current !== undefined && rank < rankOf(this.current.entry)) this.current.room.abort();
    this.next();
  }

  /** One that has made room waits again, before all that are not more urgent. */
  addAgain(entry: Entry): void {
    const rank = rankOf(entry);
    const before = this.waiting.findIndex((waiting) => rankOf(waiting) >= rank);
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
    const room = new AbortController();
    this.current = { entry, room };
    void entry.turn(room.signal).finally(() => {
      this.current = undefined;
      this.next();
    });
  }
}

function rankOf({ urgency }: Entry): number {
  return ORDER.indexOf(urgency);
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
