/**
 * The drills that are known: those that wait or run, and of each backup the newest that have ended. Their records are
 * in the store from their beginning on, and go with their backup.
 */
import { type Clock, instant } from '../../lib/clock.js';
import { AppError, messageOf } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import type { Store } from '../../store/store.js';
import type { BackupRecord } from '../backup/backup-record.js';
import type { Catalog } from '../backup/catalog/catalog.js';
import type { KnownIds } from '../command/known-ids.js';
import { ProgressFeed } from '../job/progress-feed.js';
import {
  DRILL_PREFIX,
  DRILL_RECORD_BYTES_MAX,
  type DrillRecord,
  drillIdOf,
  drillKey,
  drillRecordBytes,
  hasEnded,
  parseDrillRecord,
} from './drill-record.js';

/** A drill as it is now. */
export interface Drill {
  readonly record: DrillRecord;
  readonly backup: BackupRecord;
}

export interface OpenDrill extends Drill {
  record: DrillRecord;
  readonly feed: ProgressFeed<Drill>;
  /** Its records are written one after the other. */
  kept: Promise<void>;
}

export interface RegistryParts {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly ids: KnownIds;
  readonly clock: Clock;
  readonly log: Log;
}

/** Of a backup, that have ended. */
const KEPT_MAX = 10;
const SETTLED = Promise.resolve();
const INTERRUPTED = 'The server was stopped while it ran: begin it again';

export class DrillRegistry {
  /** Oldest first. */
  private readonly drills = new Map<string, OpenDrill>();
  /** Id of a backup -> its drills, newest first. */
  private readonly ofBackups = new Map<string, OpenDrill[]>();

  constructor(private readonly parts: RegistryParts) {
    const { ids, catalog } = parts;
    ids.tell('drill', {
      databasesOf: (id) => {
        const drill = this.drills.get(id);
        return drill && [drill.record.database];
      },
      ids: () => this.drills.keys(),
    });
    catalog.afterDelete((id) => {
      for (const { record } of this.all(id)) if (hasEnded(record)) void this.forget(record);
    });
  }

  /** Reads the records of the store: what had not ended has FAILED, and one whose backup is gone goes. */
  async load(): Promise<void> {
    const { catalog, clock } = this.parts;
    const records = await this.records();
    records.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
    for (const record of records) {
      const backup = catalog.find(record.backupId);
      if (backup === undefined) {
        await this.remove(record.id);
        continue;
      }
      const drill = this.list(record, backup);
      if (hasEnded(record)) drill.feed.end(drill);
      else
        await this.end(drill, {
          ...record,
          phase: 'FAILED',
          finishedAt: instant(clock.now()),
          message: INTERRUPTED,
          error: { code: 'CANCELLED', message: INTERRUPTED },
        });
    }
  }

  /** A new one, and its record in the store. */
  add(record: DrillRecord, backup: BackupRecord): OpenDrill {
    const drill = this.list(record, backup);
    void this.keep(drill);
    return drill;
  }

  find(id: string): OpenDrill | undefined {
    return this.drills.get(id);
  }

  /** @throws AppError NOT_FOUND */
  get(id: string): OpenDrill {
    const drill = this.find(id);
    if (drill === undefined) throw this.parts.ids.notFound('drill', id);
    return drill;
  }

  /** Newest first. */
  all(backupId?: string): readonly OpenDrill[] {
    return backupId === undefined ? [...this.drills.values()].reverse() : [...(this.ofBackups.get(backupId) ?? [])];
  }

  /** A further step. */
  step(drill: OpenDrill, changes: Partial<DrillRecord>): void {
    if (hasEnded(drill.record)) return;
    const isMilestone = changes.phase !== undefined && changes.phase !== drill.record.phase;
    drill.record = { ...drill.record, ...changes };
    drill.feed.publish({ record: drill.record, backup: drill.backup }, isMilestone);
  }

  /** Its end, which is in the store when this resolves, or could not be kept. */
  async end(drill: OpenDrill, record: DrillRecord): Promise<void> {
    const { catalog } = this.parts;
    await this.keep(drill, record);
    drill.record = record;
    drill.feed.end({ record, backup: drill.backup });
    drill.kept = SETTLED;
    if (catalog.find(record.backupId) === undefined) await this.forget(record);
    const ended = this.all(record.backupId).filter((one) => hasEnded(one.record));
    for (const one of ended.slice(KEPT_MAX)) await this.forget(one.record);
  }

  private list(record: DrillRecord, backup: BackupRecord): OpenDrill {
    const feed = new ProgressFeed<Drill>({ record, backup }, this.parts.clock);
    const drill: OpenDrill = { record, backup, feed, kept: SETTLED };
    this.drills.set(record.id, drill);
    this.ofBackups.set(backup.id, [drill, ...(this.ofBackups.get(backup.id) ?? [])]);
    return drill;
  }

  private keep(drill: OpenDrill, record = drill.record): Promise<void> {
    const { store, log } = this.parts;
    drill.kept = drill.kept
      .then(async () => {
        await store.put(drillKey(record.id), drillRecordBytes(record), { replace: true });
      })
      .catch((error: unknown) => {
        log.warn({ err: error, drill: record.id }, 'the record of a drill could not be kept');
      });
    return drill.kept;
  }

  private async forget({ id, backupId }: DrillRecord): Promise<void> {
    this.drills.delete(id);
    const left = this.all(backupId).filter(({ record }) => record.id !== id);
    if (left.length > 0) this.ofBackups.set(backupId, left);
    else this.ofBackups.delete(backupId);
    await this.remove(id);
  }

  private async remove(id: string): Promise<void> {
    const { store, log } = this.parts;
    await store.delete(drillKey(id)).catch((error: unknown) => {
      log.warn({ err: error, drill: id }, 'the record of a drill could not be removed');
    });
  }

  private async records(): Promise<DrillRecord[]> {
    const { store, log } = this.parts;
    const records: DrillRecord[] = [];
    for (const key of await store.list(DRILL_PREFIX)) {
      const id = drillIdOf(key);
      if (id === undefined) continue;
      try {
        const record = parseDrillRecord(await store.read(key, DRILL_RECORD_BYTES_MAX));
        if (record.id !== id) throw new AppError('INTEGRITY_FAILED', `it is the record of drill ${record.id}`);
        records.push(record);
      } catch (error) {
        log.warn({ file: key, problem: messageOf(error) }, 'the record of a drill is not listed');
      }
    }
    return records;
  }
}
