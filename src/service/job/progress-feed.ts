/**
 * A feed: the state of something that goes on, for any number of followers. A follower gets the state
 * as it is now first, then later ones, and the end. One who is slow misses states in
 * between, but never a milestone (the beginning of a phase) and never the last.
 */

import type { Clock } from '../../lib/clock.js';

/** Between two states that are no milestones: about ten a second. */
const INTERVAL_MS = 100;

export class ProgressFeed<T> {
  private readonly followers = new Set<Follower<T>>();
  private ended = false;

  /** @param clock by which followers get their states in good time */
  constructor(
    private state: T,
    private readonly clock: Clock,
  ) {}

  get current(): T {
    return this.state;
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

  /**
   * States from now on; ends after the last, or when the reader returns, also in the middle of waiting.
   * @param select what to make of a state; states of which it makes undefined are passed over
   */
  follow<U>(select: (state: T) => U | undefined): AsyncIterableIterator<U> {
    const follower = new Follower<T>(this.clock);
    this.followers.add(follower);
    follower.put(this.state, true);
    if (this.ended) follower.finish();
    const done = (): IteratorResult<U> => {
      follower.close();
      this.followers.delete(follower);
      return { done: true, value: undefined };
    };
    const iterator: AsyncIterableIterator<U> = {
      next: async () => {
        for (;;) {
          const taken = await follower.take();
          if (taken === undefined) return done();
          const value = select(taken.value);
          if (value !== undefined) return { done: false, value };
        }
      },
      return: () => Promise.resolve(done()),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }
}

interface Waiting<T> {
  readonly value: T;
  readonly milestone: boolean;
}

class Follower<T> {
  /** Milestones not yet taken, and at most one other state at the end. */
  private readonly waiting: Waiting<T>[] = [];
  private finished = false;
  private closed = false;
  private takenAt = -Infinity;
  private wake: () => void = () => undefined;

  constructor(private readonly clock: Clock) {}

  put(value: T, milestone: boolean): void {
    if (this.waiting.at(-1)?.milestone === false) this.waiting.pop();
    this.waiting.push({ value, milestone });
    this.wake();
  }

  finish(): void {
    this.finished = true;
    this.wake();
  }

  close(): void {
    this.closed = true;
    this.wake();
  }

  /** The next state, when it is due; undefined after the last and when closed. */
  async take(): Promise<Waiting<T> | undefined> {
    for (;;) {
      const first = this.waiting[0];
      if (this.closed || (first === undefined && this.finished)) return undefined;
      const dueInMs = this.takenAt + INTERVAL_MS - this.clock.monotonic();
      if (first !== undefined && (first.milestone || this.waiting.length > 1 || dueInMs <= 0)) {
        this.takenAt = this.clock.monotonic();
        return this.waiting.shift();
      }
      await this.woken(first === undefined ? undefined : dueInMs);
    }
  }

  private async woken(timeoutMs: number | undefined): Promise<void> {
    let callOff: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      if (timeoutMs !== undefined) callOff = this.clock.alarm(timeoutMs, resolve);
    });
    callOff?.();
  }
}
