/** The clock of one process of many that live one after the other: once it is dead, none of its alarms rings. */
import type { Clock } from '../../src/lib/clock.js';
import type { TestClock } from '../support/test-clock.js';

export class LifeClock implements Clock {
  private readonly alarms = new Set<() => void>();
  private readonly bornAt: number;
  private isDead = false;

  constructor(private readonly world: TestClock) {
    this.bornAt = world.monotonic();
  }

  now(): number {
    return this.world.now();
  }

  monotonic(): number {
    return this.world.monotonic() - this.bornAt;
  }

  alarm(ms: number, ring: () => void): () => void {
    if (this.isDead) return () => undefined;
    const callOffThere = this.world.alarm(ms, () => {
      this.alarms.delete(callOff);
      ring();
    });
    const callOff = (): void => {
      this.alarms.delete(callOff);
      callOffThere();
    };
    this.alarms.add(callOff);
    return callOff;
  }

  die(): void {
    this.isDead = true;
    for (const callOff of [...this.alarms]) callOff();
  }
}
