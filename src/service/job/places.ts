/**
 * A bounded number of places, shared between those who ask: nobody gets one more than are left for the others. So one
 * who is alone gets half of them, and however many he asks for, there is room for the next one who comes.
 */

export class Places {
  private taken = 0;
  private readonly held = new Map<string, number>();

  constructor(private readonly placesMax: number) {}

  /** Places that are taken. */
  get count(): number {
    return this.taken;
  }

  /**
   * @param wanted how many
   * @returns what gives them back; undefined when there are not so many for this subject
   */
  take(subject: string, wanted = 1): (() => void) | undefined {
    const held = this.held.get(subject) ?? 0;
    if (held + wanted > this.placesMax - this.taken) return undefined;
    this.taken += wanted;
    this.held.set(subject, held + wanted);
    let isHeld = true;
    return () => {
      if (isHeld) this.giveBack(subject, wanted);
      isHeld = false;
    };
  }

  private giveBack(subject: string, count: number): void {
    this.taken -= count;
    const left = (this.held.get(subject) ?? 0) - count;
    if (left > 0) this.held.set(subject, left);
    else this.held.delete(subject);
  }
}
