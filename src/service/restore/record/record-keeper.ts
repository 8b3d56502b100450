/**
 * Keeps records in the store. What is true already is written again until it is kept, however long the disk is full or
 * away; and room for the end of a restore is set aside before anything is sent to the database.
 */
import { randomBytes } from 'node:crypto';
import { type Clock, sleep } from '../../../lib/clock.js';
import { AppError } from '../../../lib/error.js';
import { sharedController } from '../../../lib/joined-signal.js';
import type { Log } from '../../../lib/log.js';
import type { Store } from '../../../store/store.js';
import { reservedSpaceKey, restoreRecordKey } from '../../backup/layout.js';
import { type RestoreRecord, restoreRecordBytes } from './restore-record.js';

const AGAIN_FIRST_MS = 500;
const AGAIN_MAX_MS = 30_000;
/** More than a record grows by until its end. */
const GROWTH_BYTES = 32 * 1024;

export interface KeeperParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

export class RecordKeeper {
  /** Restore id -> the newest record, where the store has an older one. */
  private readonly unkept = new Map<string, RestoreRecord>();
  /** Restore id -> the last of its writes. */
  private readonly writes = new Map<string, Promise<void>>();
  private readonly stopped = sharedController();

  constructor(private readonly parts: KeeperParts) {}

  /** Writes a record, after those of the same restore before it. @throws AppError STORE_FULL, STORE_UNAVAILABLE */
  async keep(record: RestoreRecord): Promise<void> {
    const { id } = record;
    const write = (this.writes.get(id) ?? Promise.resolve()).then(() => this.put(record));
    const settled = write.catch(() => undefined); // it is the business of whoever wrote
    this.writes.set(id, settled);
    try {
      await write;
      this.unkept.delete(id);
    } finally {
      if (this.writes.get(id) === settled) this.writes.delete(id);
    }
  }

  /** Writes a record of what has happened; where that fails, again and again. Returns after the first time. */
  async keepSurely(record: RestoreRecord): Promise<void> {
    try {
      await this.keep(record);
    } catch (error) {
      this.parts.log.error(
        { err: error, restore: record.id, phase: record.phase },
        'the record of a restore could not be kept; it is written again until it is',
      );
      const isTried = this.unkept.has(record.id);
      this.unkept.set(record.id, record);
      if (!isTried) void this.keepTrying(record.id);
    }
  }

  /** The newest record of a restore, where the store has an older one. */
  newest(id: string): RestoreRecord | undefined {
    return this.unkept.get(id);
  }

  /** Sets space aside for what is written until the end. @throws AppError STORE_FULL, STORE_UNAVAILABLE */
  async reserve(record: RestoreRecord): Promise<void> {
    const bytes = 2 * restoreRecordBytes(record).length + GROWTH_BYTES;
    // random, as some file systems do not store zeros
    await this.parts.store.put(reservedSpaceKey(record.id), randomBytes(bytes), { replace: true });
  }

  /** Gives back what was set aside. It is no matter if that fails: the next start tries again. */
  async release(id: string): Promise<void> {
    try {
      await this.parts.store.delete(reservedSpaceKey(id));
    } catch (error) {
      this.parts.log.warn({ err: error, restore: id }, 'space set aside for a restore could not be given back');
    }
  }

  /** Writes once more what is not kept yet, and then no more. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await Promise.all(this.writes.values());
    for (const record of [...this.unkept.values()])
      await this.keep(record).catch((error: unknown) => {
        this.parts.log.error(
          { err: error, restore: record.id, phase: record.phase },
          'the record of a restore is not kept: the next start looks at the database again',
        );
      });
  }

  private async put(record: RestoreRecord): Promise<void> {
    const { store } = this.parts;
    const bytes = restoreRecordBytes(record);
    try {
      await store.put(restoreRecordKey(record.id), bytes, { replace: true });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'STORE_FULL') throw error;
      // that is what it was set aside for
      if (!(await store.delete(reservedSpaceKey(record.id)))) throw error;
      await store.put(restoreRecordKey(record.id), bytes, { replace: true });
    }
  }

  private async keepTrying(id: string): Promise<void> {
    const { clock, log } = this.parts;
    const { signal } = this.stopped;
    for (let pauseMs = AGAIN_FIRST_MS; this.unkept.has(id); pauseMs = Math.min(2 * pauseMs, AGAIN_MAX_MS)) {
      try {
        await sleep(clock, pauseMs, signal);
      } catch {
        return; // the server stops: `stop` writes it once more
      }
      const record = this.unkept.get(id);
      if (record === undefined) return;
      await this.keep(record).then(
        () => log.info({ restore: id, phase: record.phase }, 'the record of a restore is kept now'),
        () => undefined, // told of already
      );
    }
  }
}
