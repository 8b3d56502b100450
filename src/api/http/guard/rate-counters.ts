/**
 * Where @fastify/rate-limit counts: in windows of monotonic time, so that a wall clock that is set makes no window
 * longer or shorter (the library's own store reads the wall clock). Of too many counters the ones unused for longest
 * are forgotten first.
 */
import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit';
import type { Clock } from '../../../lib/clock.js';

interface Window {
  count: number;
  readonly endsAt: number;
}

type Tell = Parameters<FastifyRateLimitStore['incr']>[1];

/** A store as the library makes it: one for each limit. */
export function rateCounters(clock: Clock, countersMax: number): FastifyRateLimitStoreCtor {
  return class RateCounters implements FastifyRateLimitStore {
    private readonly windows = new Map<string, Window>();

    incr(key: string, tell: Tell, windowMs: number): void {
      const now = clock.monotonic();
      const known = this.windows.get(key);
      const window = known !== undefined && now < known.endsAt ? known : { count: 0, endsAt: now + windowMs };
      window.count++;
      // the last one is the one that was used last
      this.windows.delete(key);
      this.windows.set(key, window);
      const [oldest] = this.windows.keys();
      if (this.windows.size > countersMax && oldest !== undefined) this.windows.delete(oldest);
      tell(null, { current: window.count, ttl: window.endsAt - now });
    }

    read(key: string, tell: Tell): void {
      const now = clock.monotonic();
      const window = this.windows.get(key);
      if (window === undefined || now >= window.endsAt) tell(null, { current: 0, ttl: 0 });
      else tell(null, { current: window.count, ttl: window.endsAt - now });
    }

    child(): RateCounters {
      return new RateCounters();
    }
  };
}
