/**
 * The only source of time, so that a test can hold it still or let it jump. Durations are measured and waited for by
 * the monotonic clock, which nobody can set; the wall clock is for what people read, and for what must outlast a
 * restart.
 */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Milliseconds on a clock that never goes back; only differences mean something. */
  monotonic(): number;
  /**
   * Calls back once, when so many milliseconds of monotonic time have passed.
   * @returns calls it off
   */
  alarm(ms: number, ring: () => void, options?: AlarmOptions): () => void;
}

export interface AlarmOptions {
  /** False for an alarm that a process with nothing else to do does not stay for. Default true. */
  readonly keepsAlive?: boolean;
}

/** A timer of Node.js holds 31 bits: what is further off is waited for in pieces. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  alarm: (ms, ring, { keepsAlive = true } = {}) => {
    let timer: NodeJS.Timeout | undefined;
    const wait = (leftMs: number): void => {
      timer = setTimeout(
        () => (leftMs > TIMER_MS_MAX ? wait(leftMs - TIMER_MS_MAX) : ring()),
        Math.min(Math.max(0, leftMs), TIMER_MS_MAX),
      );
      if (!keepsAlive) timer.unref();
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

/** Waits for so many milliseconds of monotonic time. @throws the reason of the signal when it aborts before */
export async function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      callOff();
      reject(signal?.reason as Error);
    };
    const callOff = clock.alarm(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Waits for work, but no longer than so many milliseconds of monotonic time. @throws what the work throws */
export async function within(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  let callOff = (): void => undefined;
  const late = new Promise<void>((resolve) => {
    callOff = clock.alarm(ms, resolve);
  });
  await Promise.race([work, late]).finally(() => callOff());
}

/**
 * Calls back again and again, each time after so many milliseconds of monotonic time, and keeps no process alive.
 * @returns calls it off
 */
export function every(clock: Clock, ms: number, ring: () => void): () => void {
  let callOff = (): void => undefined;
  const wait = (): void => {
    callOff = clock.alarm(
      ms,
      () => {
        wait();
        ring();
      },
      { keepsAlive: false },
    );
  };
  wait();
  return () => callOff();
}

/** RFC 3339 in UTC with milliseconds, e.g. 2026-01-15T10:30:00.000Z. */
export function instant(ms: number): string {
  return new Date(ms).toISOString();
}
