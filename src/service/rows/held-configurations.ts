/**
 * Configurations that were looked into last, so that the next page of the same one costs no reading: few, and only for
 * a short time. A backup is served from here only while its files are the ones that were read, and, where it is
 * encrypted, only to who sends the key that opened it.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/error.js';
import type { BackupRecord } from '../backup/backup-record.js';
import type { Catalog } from '../backup/catalog/catalog.js';
import { chainOf } from '../backup/catalog/chain.js';
import type { ConfigurationRef } from '../configuration/source.js';
import type { Databases } from '../database/database.js';
import type { LookedInto } from './looked-into.js';

const HELD_MAX = 2;
/** Of both together. A larger one is read again for each page. */
const BYTES_MAX = 256 << 20;
/** Since a backup was last looked into. */
const BACKUP_IDLE_MS = 60_000;
/** Since a database was read. */
export const LIVE_SECONDS = 10;

interface Held {
  readonly looked: LookedInto;
  /** What it was read from: is that another one now, this one is no longer good. */
  readonly origin: unknown;
  /** Of the key that opened it. */
  readonly keyMark: Buffer | undefined;
}

export interface HeldParts {
  readonly catalog: Catalog;
  readonly databases: Databases;
  readonly clock: Clock;
}

export class HeldConfigurations {
  private readonly held: LRUCache<string, Held>;
  /** Of this process: marks of keys mean nothing elsewhere. */
  private readonly secret = randomBytes(32);
  private isWatched = false;

  constructor(private readonly parts: HeldParts) {
    this.held = new LRUCache({
      max: HELD_MAX,
      maxSize: BYTES_MAX,
      // 0 would be taken for no time at all
      perf: { now: () => 1 + parts.clock.monotonic() },
      ttlResolution: 0,
    });
  }

  /** What the configuration is read from as it is now; undefined where nothing may be held of it. */
  async originOf({ backupId, database }: ConfigurationRef): Promise<unknown> {
    const { catalog, databases } = this.parts;
    if (backupId === undefined) return databases.get(database);
    const files = this.filesOf(backupId)?.map(async (record) => {
      const stat = await catalog.statArchive(record.id);
      // what validating has found wrong is to be found here too
      if (stat === undefined || record.damage !== undefined) throw new Unfit();
      return [record.id, record.file, record.checksum, stat.size, stat.modifiedAt].join(' ');
    });
    if (files === undefined) return undefined;
    return Promise.all(files).then(
      (lines) => lines.join('\n'),
      (error: unknown) => {
        // deleted, gone or damaged: whoever reads it says what is wrong
        if (error instanceof Unfit || error instanceof AppError) return undefined;
        throw error;
      },
    );
  }

  private filesOf(backupId: string): readonly BackupRecord[] | undefined {
    const { catalog } = this.parts;
    const record = catalog.get(backupId);
    try {
      return chainOf(record, catalog);
    } catch (error) {
      if (error instanceof AppError) return undefined;
      throw error;
    }
  }

  /** @param origin of now */
  find(ref: ConfigurationRef, origin: unknown): LookedInto | undefined {
    const name = nameOf(ref);
    const isBackup = ref.backupId !== undefined;
    const held = this.held.get(name, { updateAgeOnGet: isBackup });
    if (held === undefined) return undefined;
    if (held.origin !== origin) {
      this.held.delete(name);
      return undefined;
    }
    return isSame(held.keyMark, this.markOf(ref)) ? held.looked : undefined;
  }

  /** @param origin before it was read, and still afterwards */
  keep(ref: ConfigurationRef, origin: unknown, looked: LookedInto): void {
    if (origin === undefined || looked.bytes > BYTES_MAX) return;
    this.held.set(
      nameOf(ref),
      { looked, origin, keyMark: this.markOf(ref) },
      { size: looked.bytes, ttl: ref.backupId === undefined ? 1_000 * LIVE_SECONDS : BACKUP_IDLE_MS },
    );
    this.watch();
  }

  /** Lets go of what nobody asks for any more. */
  private watch(): void {
    if (this.isWatched) return;
    this.isWatched = true;
    this.parts.clock.alarm(
      1_000 * LIVE_SECONDS,
      () => {
        this.isWatched = false;
        this.held.purgeStale();
        if (this.held.size > 0) this.watch();
      },
      { keepsAlive: false },
    );
  }

  private markOf({ decryptionKey }: ConfigurationRef): Buffer | undefined {
    return decryptionKey === undefined ? undefined : createHmac('sha256', this.secret).update(decryptionKey).digest();
  }
}

/** Nothing may be held of a backup whose file is gone or damaged. */
class Unfit extends Error {}

function nameOf({ backupId, database }: ConfigurationRef): string {
  return backupId === undefined ? `live:${database ?? ''}` : `backup:${backupId}`;
}

function isSame(one: Buffer | undefined, other: Buffer | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return timingSafeEqual(one, other);
}
