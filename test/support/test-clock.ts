/** A clock that stands still until a test moves it. */
import type { Clock } from '../../src/lib/clock.js';

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

export class TestClock implements Clock {
  private wall: number;
  private steady = 0;
  private readonly alarms = new Set<Alarm>();

  /** @param now milliseconds since 1970 */
  constructor(now = Date.parse('2026-01-15T10:30:00Z')) {
    this.wall = now;
  }

  now(): number {
    return this.wall;
  }

  monotonic(): number {
    return this.steady;
  }

  alarm(ms: number, ring: () => void): () => void {
    const alarm = { at: this.steady + Math.max(0, ms), ring };
    this.alarms.add(alarm);
    return () => this.alarms.delete(alarm);
  }

  /** Alarms that are set. */
  get waiting(): number {
    return this.alarms.size;
  }

  /** Milliseconds until the next alarm rings; undefined when none is set. */
  get nextInMs(): number | undefined {
    if (this.alarms.size === 0) return undefined;
    return Math.max(0, Math.min(...[...this.alarms].map(({ at }) => at)) - this.steady);
  }

  /** Lets time pass. Alarms ring in their order, each at its time. */
  advance(ms: number): void {
    const until = this.steady + ms;
    for (;;) {
      const [next] = [...this.alarms].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.alarms.delete(next);
      this.pass(next.at - this.steady);
      next.ring();
    }
    this.pass(until - this.steady);
  }

  /** Somebody sets the wall clock, by so much. */
  set(byMs: number): void {
    this.wall += byMs;
  }

  private pass(ms: number): void {
    this.steady += ms;
    this.wall += ms;
  }
}
