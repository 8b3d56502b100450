/**
 * A feed: the state of something that goes on, for any number of followers. A follower gets the state
 * as it is now first, then later ones, and the end. One who is slow misses states in
 * between, but never a milestone (the beginning of a phase) and never the last.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const INTERVAL_MS = 100;

export class Feed<T> {
  private readonly followers = new Set<Follower<T>>();
  private ended = false;

  constructor(private state: T) {}

  get current(): T {
    return this.state;
  }

  get hasEnded(): boolean {
    return this.ended;
  }

  /** A new state. @param milestone true when every follower must see it */
  publish(state: T, milestone: boolean): void {
    if (this.ended) return;
    this.state = state;
    for (const follower of this.followers) follower.put(state, milestone);
  }

  /** The last state. */
  end(state: T): void {
    this.publish(state, true);
    this.ended = true;
    for (const follower of this.followers) follower.finish();
  }

  /** States from now on, at most about ten a second, milestones aside. Ends after the last. */
  async *follow(): AsyncGenerator<T, void> {
    const follower = new Follower<T>();
    this.followers.add(follower);
    follower.put(this.state, true);
    if (this.ended) follower.finish();
    try {
      for (;;) {
        const state = await follower.next();
        if (state === undefined) return;
        yield state.value;
        if (!follower.hasMilestone) await sleep(INTERVAL_MS);
      }
    } finally {
      this.followers.delete(follower);
    }
  }
}

class Follower<T> {
  /** Milestones not yet taken, and at most one other state at the end. */
  private readonly waiting: { readonly value: T; readonly milestone: boolean }[] = [];
  private finished = false;
  private wake: (() => void) | undefined;

  get hasMilestone(): boolean {
    return this.finished || this.waiting.some(({ milestone }) => milestone);
  }

  put(value: T, milestone: boolean): void {
    if (this.waiting.at(-1)?.milestone === false) this.waiting.pop();
    this.waiting.push({ value, milestone });
    this.wake?.();
  }

  finish(): void {
    this.finished = true;
    this.wake?.();
  }

  async next(): Promise<{ readonly value: T } | undefined> {
    while (this.waiting.length === 0) {
      if (this.finished) return undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.waiting.shift();
  }
}
