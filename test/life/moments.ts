/**
 * The moments of a restore's life at which something can go wrong: before and after every durable write, and at every
 * message that goes to the database or comes from it. A moment has a name that is the same in every run of a story,
 * such as "after put restore APPLYING#1".
 */

/** What becomes of what was under way at a moment. DROPPED: it never arrives. */
export type Passage = 'PASSED' | 'DROPPED';

export class Moments {
  /** In their order. */
  readonly seen: string[] = [];
  private readonly counts = new Map<string, number>();
  private readonly traps = new Map<string, () => Promise<Passage>>();

  /** @param onMoment told of each */
  constructor(private readonly onMoment: (moment: string) => void = () => undefined) {}

  /** Springs once, at this moment. */
  setTrap(moment: string, spring: () => Promise<Passage>): void {
    this.traps.set(moment, spring);
  }

  /** @param what for example "before put restore APPLYING" */
  async pass(what: string): Promise<Passage> {
    const count = (this.counts.get(what) ?? 0) + 1;
    this.counts.set(what, count);
    const moment = `${what}#${count}`;
    this.seen.push(moment);
    this.onMoment(moment);
    const spring = this.traps.get(moment);
    this.traps.delete(moment);
    return spring === undefined ? 'PASSED' : spring();
  }

  /** None springs any more. */
  clearTraps(): void {
    this.traps.clear();
  }
}
