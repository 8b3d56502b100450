/**
 * The time in which a restore can be confirmed, as network engineers know it from routers: what was restored is undone
 * unless somebody says in time that it is well.
 *
 * A confirmation is taken until an undo is about to be sent to the database, also after the time was up: what cannot be
 * undone yet, as the database is away, can still be confirmed. Of a confirmation and an undo that meet, the first wins.
 */
import type { Clock } from '../../../lib/clock.js';

export type Verdict<Undo> =
  | { readonly kind: 'CONFIRMED' }
  | { readonly kind: 'EXPIRED' }
  | { readonly kind: 'STOPPED' }
  | { readonly kind: 'UNDO'; readonly request: Undo };

/** How often those who follow are told of the time that is left. */
const TICK_MS = 1_000;

export class ConfirmationWindow<Undo> {
  private state: 'OPEN' | 'CONFIRMING' | 'CONFIRMED' | 'UNDOING' = 'OPEN';
  private stopped = false;
  private asked: Undo | undefined;
  private wake: (() => void) | undefined;
  /** When it ends, on the monotonic clock. */
  private readonly endsAt: number;

  /** @param leftMs the time that is left */
  constructor(
    leftMs: number,
    private readonly clock: Clock,
  ) {
    this.endsAt = clock.monotonic() + leftMs;
  }

  get secondsLeft(): number {
    return Math.max(0, Math.ceil((this.endsAt - this.clock.monotonic()) / 1_000));
  }

  /** Waits for what comes first. @param onTick called about once a second */
  async wait(onTick: () => void): Promise<Verdict<Undo>> {
    for (;;) {
      const verdict = this.verdict();
      if (verdict !== undefined) return verdict;
      onTick();
      const leftMs = this.state === 'OPEN' ? Math.max(0, this.endsAt - this.clock.monotonic()) : TICK_MS;
      await this.pause(Math.min(leftMs, TICK_MS));
    }
  }

  /** Waits, unless something comes before, until an undo that failed is tried again. */
  async pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const callOff = this.clock.alarm(ms, resolve);
      this.wake = () => {
        callOff();
        resolve();
      };
      if (this.stopped || this.state === 'CONFIRMED' || this.asked !== undefined) this.wake();
    });
    this.wake = undefined;
  }

  /** From here on no undo begins, until `confirmed` or `rollBack`. False when it is too late. */
  beginConfirming(): boolean {
    if (this.state !== 'OPEN') return false;
    this.state = 'CONFIRMING';
    return true;
  }

  rollBack(): void {
    this.state = 'OPEN';
    this.wake?.();
  }

  confirmed(): void {
    this.state = 'CONFIRMED';
    this.wake?.();
  }

  /** An undo is about to be sent: no confirmation is taken from here on. False when it is confirmed. */
  beginUndoing(): boolean {
    if (this.state !== 'OPEN') return false;
    this.state = 'UNDOING';
    return true;
  }

  /** Nothing of the undo is in the database. */
  undoFailed(): void {
    if (this.state === 'UNDOING') this.state = 'OPEN';
  }

  /** False when it is confirmed, or another undo was asked for. */
  askUndo(request: Undo): boolean {
    if (this.state !== 'OPEN' || this.asked !== undefined) return false;
    this.asked = request;
    this.wake?.();
    return true;
  }

  /** An undo that was asked for and that nobody will begin any more. */
  refuseAsked(refuse: (request: Undo) => void): void {
    if (this.asked !== undefined) refuse(this.asked);
    this.asked = undefined;
  }

  stop(): void {
    this.stopped = true;
    this.wake?.();
  }

  /** What there is to do now. */
  private verdict(): Verdict<Undo> | undefined {
    if (this.state === 'CONFIRMED') return { kind: 'CONFIRMED' };
    if (this.stopped) return { kind: 'STOPPED' };
    if (this.state !== 'OPEN') return undefined; // it is being written down
    const { asked } = this;
    if (asked !== undefined) {
      this.asked = undefined;
      return { kind: 'UNDO', request: asked };
    }
    return this.clock.monotonic() >= this.endsAt ? { kind: 'EXPIRED' } : undefined;
  }
}
