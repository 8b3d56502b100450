/** How far a run of a restore is, for its followers: its phase, and a fraction of the whole that never goes back. */
import { type Clock, instant } from '../../../lib/clock.js';
import type { RestorePhase } from '../life/life.js';
import type { RestoreProgress } from '../record/restore-progress.js';

/** Where each phase begins and ends in the whole. */
const FRACTIONS: Readonly<Partial<Record<RestorePhase, readonly [number, number]>>> = {
  READING: [0, 0.25],
  PLANNING: [0.25, 0.35],
  APPLYING: [0.35, 0.75],
  VERIFYING: [0.75, 0.95],
  CONVERGING: [0.95, 0.99],
};

export interface RunProgressParts {
  /** Of the restore. */
  readonly id: string;
  readonly clock: Clock;
  publish(progress: RestoreProgress, milestone: boolean): void;
}

export class RunProgress {
  private phase: RestorePhase = 'QUEUED';
  private fraction = 0;

  constructor(private readonly parts: RunProgressParts) {}

  begin(phase: RestorePhase, message: string): void {
    this.phase = phase;
    this.publish(0, 0, message, true);
  }

  tell(completed: number, total: number, message: string): void {
    this.publish(completed, total, message, false);
  }

  private publish(completed: number, total: number, message: string, milestone: boolean): void {
    const { id, clock } = this.parts;
    const [from, to] = FRACTIONS[this.phase] ?? [0, 0];
    this.fraction = Math.max(this.fraction, from + (to - from) * (total === 0 ? 0 : Math.min(1, completed / total)));
    this.parts.publish(
      {
        restoreId: id,
        phase: this.phase,
        completed,
        total,
        fraction: this.fraction,
        message,
        at: instant(clock.now()),
      },
      milestone,
    );
  }
}
