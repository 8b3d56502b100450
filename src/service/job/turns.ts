/**
 * Turns of heavy work: a few at once. Those who wait have them in rotation, one each, and what one of them asked for
 * comes in the order of asking: a hundred requests of one token delay another token's by one turn. Only so many may
 * wait; further ones are refused.
 */
import { AppError } from '../../lib/error.js';
import { Places } from './places.js';

export interface TurnLimits {
  readonly atOnce: number;
  /** Of all that ask; one alone may have half of it. */
  readonly waitingMax: number;
  /** What waits, in the plural, for messages. */
  readonly what: string;
}

/** Who asks for a turn. */
export interface Asker {
  /** Of the token. */
  readonly subject: string;
  /** Aborts when the turn is not wanted any more. */
  readonly signal?: AbortSignal | undefined;
}

/** One that somebody has. */
export interface Turn {
  /** Gives it back before the work has ended: the next one has its turn, for as long as that takes. */
  lend(): void;
}

const RETRY_AFTER_SECONDS = 10;

export class Turns {
  private taken = 0;
  private readonly places: Places;
  /** By subject; the first one has the next turn, and then stands at the end. */
  private readonly waiting = new Map<string, (() => void)[]>();

  constructor(private readonly limits: TurnLimits) {
    this.places = new Places(limits.waitingMax);
  }

  /** Those that wait. */
  get waitingCount(): number {
    return this.places.count;
  }

  /**
   * Waits for a turn, and gives it back when the work has ended.
   * @throws AppError RATE_LIMITED at once, not by the promise; the signal's reason while it waits
   */
  take<T>(asker: Asker, work: (turn: Turn) => Promise<T>): Promise<T> {
    if (this.taken < this.limits.atOnce) {
      this.taken++;
      return this.hold(work);
    }
    const leave = this.places.take(asker.subject);
    if (leave === undefined)
      throw new AppError(
        'RATE_LIMITED',
        `Too many ${this.limits.what} wait for their turn already: try again when some of them have ended`,
        { retryAfterSeconds: RETRY_AFTER_SECONDS },
      );
    return this.wait(asker)
      .finally(leave)
      .then(() => this.hold(work));
  }

  private async wait({ subject, signal }: Asker): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const line = this.waiting.get(subject) ?? [];
      this.waiting.set(subject, line);
      const begin = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        line.splice(line.indexOf(begin), 1);
        if (line.length === 0) this.waiting.delete(subject);
        reject(signal?.reason as Error);
      };
      line.push(begin);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  private async hold<T>(work: (turn: Turn) => Promise<T>): Promise<T> {
    let isHeld = true;
    const lend = (): void => {
      if (isHeld) this.pass();
      isHeld = false;
    };
    try {
      return await work({ lend });
    } finally {
      lend();
    }
  }

  /** A turn that is given up goes straight to the next one. */
  private pass(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.taken--;
      return;
    }
    const [subject, line] = next;
    const begin = line.shift();
    this.waiting.delete(subject);
    if (line.length > 0) this.waiting.set(subject, line);
    begin?.();
  }
}
