/**
 * What keeps refused calls from filling the disk: an address has so many lines a minute, and what it does beyond that
 * is counted and told in one line for each kind of call when the minute is over.
 */
import type { Clock } from '../../lib/clock.js';
import type { AuditEvent } from './audit-line.js';

export interface FloodLimits {
  readonly windowMs: number;
  /** Lines of one address in a window. */
  readonly perAddress: number;
  /** Lines of all addresses together. */
  readonly inAll: number;
  /** Kinds of calls that are counted apart in a window; what comes beyond them is counted together. */
  readonly kinds: number;
}

export const FLOOD_LIMITS: FloodLimits = { windowMs: 60_000, perAddress: 60, inAll: 600, kinds: 100 };

interface Counted {
  readonly event: AuditEvent;
  calls: number;
}

export class RefusalFlood {
  /** Address -> lines. */
  private readonly lines = new Map<string, number>();
  private readonly counted = new Map<string, Counted>();
  private taken = 0;
  /** Set while a window is open. */
  private callOff: (() => void) | undefined;

  /** @param tell takes the lines that stand for several calls */
  constructor(
    private readonly tell: (event: AuditEvent) => void,
    private readonly clock: Clock,
    private readonly limits: FloodLimits = FLOOD_LIMITS,
  ) {}

  /** True when the event has a line of its own; else it is counted. */
  admits(event: AuditEvent): boolean {
    this.callOff ??= this.clock.alarm(this.limits.windowMs, () => this.end(), { keepsAlive: false });
    const address = event.address ?? '';
    const lines = this.lines.get(address) ?? 0;
    // one more address is only remembered with a line of its own, so that these are bounded too
    if (lines < this.limits.perAddress && this.taken < this.limits.inAll) {
      this.lines.set(address, lines + 1);
      this.taken++;
      return true;
    }
    this.count(event);
    return false;
  }

  /** Ends the window: tells what was counted. */
  end(): void {
    this.callOff?.();
    this.callOff = undefined;
    const counted = [...this.counted.values()];
    this.lines.clear();
    this.counted.clear();
    this.taken = 0;
    for (const { event, calls } of counted) this.tell({ ...event, repeated: calls });
  }

  private count({ subject, action, address, via, result }: AuditEvent): void {
    const known = { subject, action, address, via, result };
    const key = JSON.stringify(known);
    const event: AuditEvent =
      this.counted.has(key) || this.counted.size < this.limits.kinds ? known : { action: 'many', via, result };
    const own = event === known ? key : JSON.stringify(event);
    const there = this.counted.get(own);
    if (there === undefined) this.counted.set(own, { event, calls: 1 });
    else there.calls++;
  }
}
