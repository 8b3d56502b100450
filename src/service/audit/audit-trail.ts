/**
 * The audit trail: a chained line (audit-line.ts) for every call that changes something and for every one that was
 * refused, in files that only grow (trail-files.ts) in the store's folder.
 *
 * Lines that come while others are being written share the next write and its fsync. A line that cannot be written, as
 * on a full disk, is kept and written first when that works again; meanwhile `admit` refuses whatever would change
 * something. The head is written after the lines: after a crash it may be behind them, and never ahead.
 */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { OWN_NAME } from '../../auth/own-name.js';
import { type Clock, instant } from '../../lib/clock.js';
import { diskError } from '../../lib/disk-error.js';
import { AppError, messageOf } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import { syncFolderOf } from '../../lib/temporary-file.js';
import { plural } from '../../lib/text/plural.js';
import { AppendFile, replaceFile } from '../../state/append-file.js';
import { type AuditedReading, REFUSALS } from '../command/call.js';
import { type AuditEvent, type ChainLink, headText, nextLine } from './audit-line.js';
import { type AuditFilter, type AuditPage, type AuditPageRequest, countOf, pageOf } from './audit-page.js';
import { type AuditCheck, checkTrail } from './chain-check.js';
import { type FloodLimits, RefusalFlood } from './refusal-flood.js';
import { AUDIT_FILE, AUDIT_HEAD, auditFiles, fullFileName } from './trail-files.js';
import { BATCH_LINES_MAX, type Opening, openTrail } from './trail-opening.js';

/** Calls that only read, and have lines all the same. */
export type AuditedReads = 'none' | 'exports' | 'all';

export interface AuditTrailParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Asked before every write: throws when another server has the folder by now. */
  readonly mayWrite?: () => Promise<void>;
  /** Left out: exports. */
  readonly reads?: AuditedReads | undefined;
  /** A file that has grown to it is full. */
  readonly fileBytesMax?: number;
  readonly flood?: FloodLimits;
  /** Lines that are kept while none can be written. */
  readonly waitingMax?: number;
}

interface Waiting {
  readonly at: string;
  readonly event: AuditEvent;
  /** It is in the log that it waits. */
  isTold: boolean;
}

const FILE_BYTES_MAX = 64 * 1024 * 1024;
const WAITING_MAX = 10_000;

export class AuditTrail {
  private readonly flood: RefusalFlood;
  private file: AppendFile | undefined;
  private firstSeq: number | undefined;
  /** The last line that is written. */
  private last: ChainLink;
  /** The one that the head names. */
  private headSeq: number;
  private waiting: Waiting[] = [];
  private dropped = 0;
  private failure: AppError | undefined;
  /** The write that has not begun yet, and the end of the queue of writes. */
  private next: Promise<boolean> | undefined;
  private tail: Promise<void> = Promise.resolve();
  /** Readings of the whole trail, one at a time. */
  private readings: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly folder: string,
    private readonly parts: AuditTrailParts,
    opening: Opening,
  ) {
    this.file = opening.file;
    this.firstSeq = opening.firstSeq;
    this.last = opening.last;
    this.headSeq = opening.isNew ? opening.last.seq : -1;
    this.flood = new RefusalFlood((event) => void this.enqueue(event), parts.clock, parts.flood);
  }

  /**
   * Opens the trail of a folder, or begins one. A folder has one trail and one server: see folder-lock.ts.
   * @throws AppError STORE_UNAVAILABLE, STORE_FULL
   */
  static async open(folder: string, parts: AuditTrailParts): Promise<AuditTrail> {
    const opening = await openTrail(folder);
    const { last, isNew, tornBytes, broken } = opening;
    // the head before any line: a trail without one is never right
    if (isNew) await replaceFile(join(folder, AUDIT_HEAD), headText(last));
    const trail = new AuditTrail(folder, parts, opening);
    if (broken !== undefined) {
      parts.log.error(
        { auditTrail: broken },
        'the audit trail is not as this server left it: npm run audit tells more',
      );
      await trail.recordOwn('auditBroken', { note: broken });
    }
    if (tornBytes > 0)
      await trail.recordOwn('auditRecovered', {
        note: plural(tornBytes, 'a line that a crash had torn was set aside: # {byte|bytes}'),
      });
    // no file of ours is half written when the store removes what a crash left behind
    await trail.tail;
    return trail;
  }

  /**
   * Writes a line. Resolves when it is durable, or when that failed: the line is kept then. Refused calls beyond an
   * address's lines a minute are counted and told of later.
   */
  async record(event: AuditEvent): Promise<void> {
    if ((event.subject === undefined || REFUSALS.has(event.result)) && !this.flood.admits(event)) return;
    await this.enqueue(event);
  }

  keepsReading(reading: AuditedReading): boolean {
    const { reads = 'exports' } = this.parts;
    return reads === 'all' || (reads === 'exports' && reading === 'EXPORT');
  }

  /** A line of what the server itself did. */
  async recordOwn(action: string, more: Partial<Pick<AuditEvent, 'target' | 'note' | 'result'>> = {}): Promise<void> {
    await this.enqueue({ result: 'OK', ...more, subject: OWN_NAME, action, via: 'SERVER' });
  }

  /**
   * Passes when lines can be written; tries, where the last one could not.
   * @throws AppError STORE_FULL, STORE_UNAVAILABLE
   */
  async admit(): Promise<void> {
    if (this.failure === undefined) return;
    void this.flush();
    await this.tail;
    const failure = this.fault();
    if (failure !== undefined)
      throw new AppError(
        failure.code,
        `Nothing is changed while the audit trail cannot be written: ${failure.message}`,
        { cause: failure },
      );
  }

  /** Why lines cannot be written, if they cannot. */
  fault(): AppError | undefined {
    return this.failure;
  }

  /** Newest first. @throws AppError BAD_USER_INPUT, STORE_UNAVAILABLE */
  async page(request: AuditPageRequest): Promise<AuditPage> {
    return this.read(() => pageOf(this.folder, request));
  }

  /** How many lines there are that fit. @throws AppError STORE_UNAVAILABLE */
  async count(filter: AuditFilter): Promise<number> {
    return this.read(() => countOf(this.folder, filter));
  }

  /** @throws AppError STORE_UNAVAILABLE */
  async check(): Promise<AuditCheck> {
    return this.read(() => checkTrail(this.folder, { end: this.last }));
  }

  /** Writes what is left. Call it when nobody records any more. */
  async close(): Promise<void> {
    this.flood.end();
    await this.flush();
    await this.tail;
    await this.readings;
    if (this.waiting.length > 0)
      this.parts.log.error(
        { lines: this.waiting.length + this.dropped, err: this.failure },
        'lines of the audit trail are lost: they could not be written',
      );
    this.parts.log.info({ ...this.last }, 'all of the audit trail is written, up to this line');
    await this.file?.close();
  }

  private async read<T>(step: () => Promise<T>): Promise<T> {
    const result = this.readings.then(async () => {
      await this.tail;
      return step();
    });
    this.readings = result.catch(() => undefined); // it is the business of whoever asked
    return result;
  }

  private enqueue(event: AuditEvent): Promise<void> {
    this.waiting.push({ at: instant(this.parts.clock.now()), event, isTold: false });
    this.trim();
    return this.flush();
  }

  private trim(): void {
    this.dropped += this.waiting.splice(
      0,
      Math.max(0, this.waiting.length - (this.parts.waitingMax ?? WAITING_MAX)),
    ).length;
  }

  /** Resolves when the lines that wait now are written, or could not be. */
  private async flush(): Promise<void> {
    if (this.next === undefined) {
      const lines = this.tail.then(() => {
        this.next = undefined;
        return this.write(this.waiting.length);
      });
      this.next = lines;
      // whoever waits for his line need not wait for the head
      this.tail = lines.then((isWritten) => (isWritten ? this.keepHead() : undefined));
    }
    await this.next;
  }

  /** @param lines how many: those that come meanwhile have their own turn */
  private async write(lines: number): Promise<boolean> {
    try {
      for (let done = 0; done < lines; ) {
        if (this.headSeq < this.last.seq) await this.writeHead();
        done += await this.writeBatch(Math.min(lines - done, BATCH_LINES_MAX));
      }
      return true;
    } catch (error) {
      this.failed(error);
      return false;
    }
  }

  private async writeBatch(lines: number): Promise<number> {
    const batch = this.waiting.splice(0, lines);
    const { dropped } = this;
    try {
      const { file, isChanged } = await this.fileToGrow();
      const { texts, last } = this.chained(batch, dropped);
      // what somebody left there may end without a line feed: our line begins on one of its own
      await file.append(Buffer.from(`${isChanged ? '\n' : ''}${texts.join('\n')}\n`));
      this.firstSeq ??= this.last.seq + 1;
      this.last = last;
      this.dropped -= dropped;
      return lines;
    } catch (error) {
      this.waiting.unshift(...batch);
      this.trim();
      throw error;
    }
  }

  private chained(
    batch: readonly Waiting[],
    dropped: number,
  ): { readonly texts: readonly string[]; readonly last: ChainLink } {
    const [first] = batch;
    const gap = {
      subject: OWN_NAME,
      action: 'auditGap',
      via: 'SERVER',
      result: 'OK',
      lines: dropped,
      note: 'lines that could not be written, and were too many to be kept',
    } as const;
    const texts: string[] = [];
    let last = this.last;
    for (const { at, event } of dropped > 0 && first !== undefined ? [{ at: first.at, event: gap }, ...batch] : batch) {
      const { text, ...written } = nextLine(last, at, event);
      texts.push(text);
      last = written;
    }
    return { texts, last };
  }

  /** The file that grows; a full one gets its own name first. */
  private async fileToGrow(): Promise<{ readonly file: AppendFile; readonly isChanged: boolean }> {
    await this.parts.mayWrite?.();
    const condition = await this.file?.look();
    if (condition === 'CHANGED')
      this.parts.log.error({ file: AUDIT_FILE }, 'somebody has changed the audit trail: npm run audit tells more');
    if (condition === 'GONE') {
      this.parts.log.error({ file: AUDIT_FILE }, 'somebody has taken the audit trail away: npm run audit tells more');
      await this.leave();
    }
    if (
      this.file !== undefined &&
      this.file.size >= (this.parts.fileBytesMax ?? FILE_BYTES_MAX) &&
      (await this.setAside())
    )
      await this.leave();
    this.file ??= await AppendFile.open(join(this.folder, AUDIT_FILE));
    return { file: this.file, isChanged: condition === 'CHANGED' && this.file.size > 0 };
  }

  /** False when the name of the full file is taken: it goes on growing. */
  private async setAside(): Promise<boolean> {
    const name = fullFileName(this.firstSeq ?? this.last.seq);
    if ((await auditFiles(this.folder)).some((file) => file.name === name)) {
      this.parts.log.error({ file: name }, 'the full audit trail cannot be set aside: there is a file of that name');
      return false;
    }
    const path = join(this.folder, AUDIT_FILE);
    try {
      await rename(path, join(this.folder, name));
      await syncFolderOf(path);
    } catch (error) {
      throw diskError(`Setting a full ${AUDIT_FILE} aside`, error);
    }
    this.parts.log.info({ file: name, ...this.last }, 'a file of the audit trail is full');
    return true;
  }

  private async leave(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    this.firstSeq = undefined;
    await file?.close();
  }

  private async keepHead(): Promise<void> {
    try {
      if (this.headSeq < this.last.seq) await this.writeHead();
      if (this.failure !== undefined) this.parts.log.info('the audit trail can be written again');
      this.failure = undefined;
    } catch (error) {
      this.failed(error);
    }
  }

  private async writeHead(): Promise<void> {
    const { last } = this;
    await this.parts.mayWrite?.();
    await replaceFile(join(this.folder, AUDIT_HEAD), headText(last));
    this.headSeq = last.seq;
  }

  private failed(error: unknown): void {
    const failure = diskError('Writing the audit trail', error);
    if (this.failure === undefined)
      this.parts.log.error(
        { err: failure, waiting: this.waiting.length },
        `the audit trail cannot be written: ${messageOf(failure)}`,
      );
    for (const line of this.waiting.filter(({ isTold }) => !isTold)) {
      // a second trace of what may never reach the first
      this.parts.log.warn({ audit: { at: line.at, ...line.event } }, 'a line of the audit trail waits to be written');
      line.isTold = true;
    }
    this.failure = failure;
  }
}
