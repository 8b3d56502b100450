/**
 * Waiting for a confirmation, as network engineers know it from routers: what was restored is undone unless somebody
 * says in time that it is well.
 */
import type { Clock } from '../../lib/clock.js';

export type Verdict<Undo> =
  | { readonly kind: 'CONFIRMED' }
  | { readonly kind: 'EXPIRED' }
  | { readonly kind: 'STOPPED' }
  | { readonly kind: 'UNDO'; readonly request: Undo };

const TICK_MS = 1_000;

export class Confirmation<Undo> {
  private end: ((verdict: Verdict<Undo>) => void) | undefined;
  /** A confirmation has come in time, and is being written down. */
  private begun = false;

  /** @param beforeMs milliseconds since 1970 */
  constructor(
    readonly beforeMs: number,
    private readonly clock: Clock,
  ) {}

  get secondsLeft(): number {
    return Math.max(0, Math.ceil((this.beforeMs - this.clock.now()) / 1_000));
  }

  /** Waits for what comes first. @param onTick called about once a second */
  async wait(onTick: () => void): Promise<Verdict<Undo>> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve) => {
        this.end = resolve;
        // looked at again and again: the clock may be set, and a timer of weeks would overflow
        const look = (): void => {
          const leftMs = this.beforeMs - this.clock.now();
          if (leftMs <= 0 && !this.begun) {
            resolve({ kind: 'EXPIRED' });
            return;
          }
          onTick();
          timer = setTimeout(look, Math.min(Math.max(leftMs, SOON_MS), TICK_MS));
        };
        look();
      });
    } finally {
      clearTimeout(timer);
      this.end = undefined;
    }
  }

  /** From here on it does not expire, until `confirm` or `rollBack`. False when it is too late. */
  begin(): boolean {
    if (this.end === undefined || this.begun || this.clock.now() >= this.beforeMs) return false;
    this.begun = true;
    return true;
  }

  rollBack(): void {
    this.begun = false;
  }

  confirm(): void {
    this.end?.({ kind: 'CONFIRMED' });
  }

  /** False when it is confirmed, or being undone already. */
  undo(request: Undo): boolean {
    if (this.end === undefined || this.begun) return false;
    this.end({ kind: 'UNDO', request });
    return true;
  }

  stop(): void {
    this.end?.({ kind: 'STOPPED' });
  }
}

const SOON_MS = 20;
