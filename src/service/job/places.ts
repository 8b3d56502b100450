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

  /** @returns what gives the place back; undefined when there is none for this subject */
  take(subject: string): (() => void) | undefined {
    const held = this.held.get(subject) ?? 0;
    if (held >= this.placesMax - this.taken) return undefined;
    this.taken++;
    this.held.set(subject, held + 1);
    let isHeld = true;
    return () => {
      if (isHeld) this.giveBack(subject);
      isHeld = false;
    };
  }

  private giveBack(subject: string): void {
    this.taken--;
    const left = (this.held.get(subject) ?? 0) - 1;
    if (left > 0) this.held.set(subject, left);
    else this.held.delete(subject);
  }
}
