/**
 * The real audit trail of a folder, every line of which is a moment, on a disk that can fail: lines that cannot be
 * written wait, and are written first when that works again, as in the trail itself.
 */
import type { AppError } from '../../src/lib/error.js';
import type { AuditEvent, AuditLines } from '../../src/service/audit/audit-line.js';
import type { AuditTrail } from '../../src/service/audit/audit-trail.js';
import type { Disk } from './disk.js';
import type { Moments } from './moments.js';
import type { Mortal } from './mortal.js';
import type { Names } from './names.js';

export interface WatchedTrailParts {
  readonly trail: AuditTrail;
  readonly disk: Disk;
  readonly moments: Moments;
  readonly names: Names;
  readonly mortal: Mortal;
}

export class WatchedTrail implements AuditLines {
  private readonly waiting: AuditEvent[] = [];
  private failure: AppError | undefined;

  constructor(private readonly parts: WatchedTrailParts) {}

  async record(event: AuditEvent): Promise<void> {
    const { moments, mortal, names } = this.parts;
    const what = names.ofLine(event);
    await mortal.goOn();
    this.waiting.push(event);
    await moments.pass(`before ${what}`);
    await this.flush();
    await moments.pass(`after ${what}`);
    await mortal.goOn();
  }

  keepsReading(): boolean {
    return false;
  }

  async admit(): Promise<void> {
    if (this.failure !== undefined) await this.flush();
    if (this.failure !== undefined) throw this.failure;
  }

  /** Writes what waits, if that is possible. */
  async flush(): Promise<void> {
    const { trail, disk, mortal } = this.parts;
    await mortal.goOn();
    while (this.waiting.length > 0) {
      this.failure = disk.write('Writing audit.jsonl', 500);
      if (this.failure !== undefined) return;
      const event = this.waiting.shift() as AuditEvent;
      await mortal.do(() => trail.record(event));
    }
    this.failure = undefined;
  }

  async close(): Promise<void> {
    await this.parts.trail.close();
  }
}
