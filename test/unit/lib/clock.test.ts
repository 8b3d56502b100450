/** The clock of the system, and what waits by a clock. */
import { every, sleep, systemClock, within } from '../../../src/lib/clock.js';
import { TestClock } from '../../support/test-clock.js';

describe("the system's clock", () => {
  it('does not ring too soon for what is further off than a timer can count', async () => {
    const rung: string[] = [];
    const callOff = systemClock.alarm(2 ** 31 + 5, () => rung.push('far'));
    await new Promise<void>((resolve) => {
      systemClock.alarm(20, () => {
        rung.push('near');
        resolve();
      });
    });
    callOff();
    expect(rung).toEqual(['near']);
  });

  it('keeps the process alive for its alarms, but for those that are not worth it', () => {
    const alive = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = alive();
    const callOffs = [
      systemClock.alarm(60_000, () => undefined, { keepsAlive: false }),
      every(systemClock, 60_000, () => undefined),
    ];
    expect(alive()).toBe(before);
    callOffs.push(systemClock.alarm(60_000, () => undefined));
    expect(alive()).toBe(before + 1);
    for (const callOff of callOffs) callOff();
    expect(alive()).toBe(before);
  });
});

describe('sleep', () => {
  it('lasts so long, and leaves nothing behind', async () => {
    const clock = new TestClock();
    let isOver = false;
    const sleeping = sleep(clock, 100).then(() => (isOver = true));
    clock.advance(99);
    await Promise.resolve();
    expect(isOver).toBe(false);
    clock.advance(1);
    await sleeping;
    expect(clock.waiting).toBe(0);
  });

  it('ends with the reason of a signal that aborts, before or meanwhile', async () => {
    const clock = new TestClock();
    const stop = new AbortController();
    const sleeping = sleep(clock, 100, stop.signal);
    stop.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(sleep(clock, 100, stop.signal)).rejects.toThrow('enough');
    expect(clock.waiting).toBe(0);
  });
});

describe('within', () => {
  it('returns when the work has ended, or when the time has passed', async () => {
    const clock = new TestClock();
    await within(clock, 100, Promise.resolve());
    expect(clock.waiting).toBe(0);
    const waiting = within(clock, 100, new Promise(() => undefined));
    clock.advance(100);
    await waiting;
    expect(clock.waiting).toBe(0);
  });

  it('throws what the work throws, and leaves no alarm', async () => {
    const clock = new TestClock();
    await expect(within(clock, 100, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(clock.waiting).toBe(0);
  });
});

describe('every', () => {
  it('rings again and again until it is called off, also from within', () => {
    const clock = new TestClock();
    const times: number[] = [];
    const callOff = every(clock, 1_000, () => {
      times.push(clock.monotonic());
      if (times.length === 3) callOff();
    });
    clock.advance(999);
    expect(times).toEqual([]);
    clock.set(3_600_000);
    clock.advance(10_000);
    expect(times).toEqual([1_000, 2_000, 3_000]);
    expect(clock.waiting).toBe(0);
  });
});
