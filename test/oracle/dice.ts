/** Chance for the oracle: the same for the same seed. */
import { randomOf } from '../support/random.js';

export class Dice {
  private readonly next: () => number;
  private uuids = 0;

  constructor(private readonly seed: number) {
    this.next = randomOf(seed);
    for (let i = 0; i < 5; i++) this.next();
  }

  /** A whole number from 0 on. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** @throws Error when the list is empty */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new Error('there is nothing to pick from');
    return list[this.below(list.length)] as T;
  }

  /** One of the list, or undefined when it is empty. */
  maybe<T>(list: readonly T[]): T | undefined {
    return list.length === 0 ? undefined : this.pick(list);
  }

  shuffled<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
    }
    return copy;
  }

  /** Some of the list, from `least` to `most` of them. */
  some<T>(list: readonly T[], least: number, most: number): T[] {
    const count = Math.min(list.length, least + this.below(most - least + 1));
    return this.shuffled(list).slice(0, count);
  }

  /** A UUID that no other call gives; its second part is the seed's. */
  uuid(): string {
    const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, '0').slice(-digits);
    const random = hex(this.below(2 ** 32), 8);
    return `${random}-${hex(this.seed, 4)}-4${hex(this.below(4096), 3)}-a${hex(this.below(4096), 3)}-${hex(++this.uuids, 12)}`;
  }
}
