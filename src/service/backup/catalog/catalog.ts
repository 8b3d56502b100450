/**
 * The catalog: which backups there are. It keeps the manifest records of a store in memory, newest
 * first, and is the only one that adds and removes backups there.
 *
 * Adding is reserve -> reservation.put(archive) -> commit: the manifest record is written last, so a
 * backup is there whole or not at all. Removing goes the other way round. What a crash leaves between
 * the two, an archive without a manifest, is removed by the next `open`, and so is a half import.
 *
 * Files that somebody adds to or takes from the folder by hand are noticed when the server starts the
 * next time; until then a backup whose archive was taken away is listed, and openArchive says so. A manifest makes a
 * backup only of a file that is named as backups are: beside its own files, such as tokens, a server has no backups.
 */
import type { Readable } from 'node:stream';
import { assert } from '../../../lib/assert.js';
import { AppError, messageOf } from '../../../lib/error.js';
import type { ByteRange, ObjectStat, Store } from '../../../store/store.js';
import { KnownIds } from '../../command/known-ids.js';
import {
  type BackupDescription,
  type BackupRecord,
  MANIFEST_BYTES_MAX,
  makeBackupRecord,
  parseBackupRecord,
} from '../backup-record.js';
import {
  type ArchiveName,
  archiveOfManifest,
  INCOMING_PREFIX,
  isArchiveKey,
  isManifestKey,
  manifestKey,
  pendingKey,
} from '../layout.js';
import { ArchiveFiles, type CatalogLog, type Reservation, type ReservedKey } from './archive-files.js';
import {
  type BackupFilter,
  type BackupPage,
  comparePlaces,
  indexOfPlace,
  matching,
  type PageRequest,
  pageOf,
} from './catalog-page.js';
import { databasesOfChain, resolve } from './chain.js';
import { hintAt } from './id-hint.js';

export type { CatalogLog, Reservation } from './archive-files.js';

const LOADING_AT_ONCE = 32;

export class Catalog {
  /** Newest first, see comparePlaces. */
  private readonly sorted: BackupRecord[] = [];
  private readonly byId = new Map<string, BackupRecord>();
  private readonly files: ArchiveFiles;
  private readonly completing = new Map<string, Promise<unknown>>();
  private readonly faults: string[] = [];
  private readonly onDeleted: ((id: string) => void)[] = [];

  private constructor(
    private readonly store: Store,
    private readonly log: CatalogLog,
    private readonly ids: KnownIds,
  ) {
    ids.tell('backup', {
      databasesOf: (id) => {
        const record = this.byId.get(id);
        return record && databasesOfChain(record, this);
      },
      ids: () => this.byId.keys(),
      hint: (wanted, given) => (wanted === 'backup' ? hintAt(given, this.sorted) : undefined),
    });
    this.files = new ArchiveFiles(store, log);
  }

  /**
   * Removes what a crash left behind, then reads every manifest record. One that cannot be read or whose archive is
   * missing is logged and told by `problems`, and is not listed; its files are left alone. Throws STORE_UNAVAILABLE.
   */
  static async open(store: Store, log: CatalogLog, ids: KnownIds = new KnownIds()): Promise<Catalog> {
    const catalog = new Catalog(store, log, ids);
    const swept = await store.sweep();
    if (swept.length > 0)
      log.info({ files: swept }, 'removed unfinished writes of an earlier run from the backup store');
    await catalog.load();
    return catalog;
  }

  /** Chooses a key for a new archive that no other archive has or is about to get. */
  reserve(wanted: ArchiveName): Promise<Reservation> {
    return this.files.reserve(wanted);
  }

  /**
   * Writes the manifest record of an archive that reservation.put has stored, and lists the backup. When that fails
   * the archive is removed again, and nothing is listed or left behind. Either way the reservation is used up.
   */
  async commit(reservation: Reservation, description: BackupDescription): Promise<BackupRecord> {
    return this.committed(reservation, description, async (reserved) => {
      assert(!this.byId.has(description.id), `backup ${description.id} exists already`);
      const record = await this.write(reserved, description);
      // what it builds on may have been deleted while it was made
      if (record.parent !== undefined && resolve(record.parent, this, record.database) === undefined) {
        await this.files.removeQuietly(manifestKey(reserved.key));
        throw new AppError(
          'CONFLICT',
          `Backup ${record.parent.id}, which the new one builds on, was deleted meanwhile: make the backup again`,
          { details: { reason: 'PARENT_DELETED', backupIds: [record.parent.id] } },
        );
      }
      this.insert(record);
      return record;
    });
  }

  /**
   * Gives a listed backup another archive with the same rows: its id, time and place in the list stay. The old archive
   * goes when the new one is durable; what a crash leaves of it the next start removes. Errors and leftovers as of
   * commit.
   * @throws AppError NOT_FOUND when it was deleted meanwhile
   */
  async replace(reservation: Reservation, description: BackupDescription): Promise<BackupRecord> {
    let old: BackupRecord | undefined;
    const record = await this.committed(reservation, description, async (reserved) => {
      old = this.get(description.id);
      const written = await this.write(reserved, { ...description, replaces: old.file });
      if (this.find(written.id) !== old) {
        await this.files.removeQuietly(manifestKey(reserved.key));
        throw new AppError('NOT_FOUND', `Backup ${written.id} was deleted meanwhile`);
      }
      this.set(written);
      return written;
    });
    if (old !== undefined) await this.removeFiles(old.file);
    return record;
  }

  private async write({ key }: ReservedKey, description: BackupDescription): Promise<BackupRecord> {
    const { record, bytes } = makeBackupRecord(description, key);
    await this.store.put(manifestKey(key), bytes);
    return record;
  }

  private async committed(
    reservation: Reservation,
    description: BackupDescription,
    list: (reserved: ReservedKey) => Promise<BackupRecord>,
  ): Promise<BackupRecord> {
    const reserved = this.files.claim(reservation);
    try {
      assert(reserved.size !== undefined, `reservation ${reservation.key} committed before its archive was stored`);
      assert(
        reserved.size === description.size,
        `${reservation.key} has ${reserved.size} bytes, its manifest says ${description.size}`,
      );
      const record = await list(reserved);
      await this.files.settle(reserved);
      return record;
    } catch (error) {
      await this.files.discard(reserved);
      throw error;
    }
  }

  /**
   * Gives a reservation up and removes what was stored under it; waits for a put under way, which the caller has to
   * end. One that was committed or abandoned before is left as it is, so this may stand in a `finally`. Never throws:
   * what cannot be removed is logged, and removed by the next start.
   */
  abandon(reservation: Reservation): Promise<void> {
    return this.files.abandon(reservation);
  }

  find(id: string): BackupRecord | undefined {
    return this.byId.get(id);
  }

  /** Throws NOT_FOUND. */
  get(id: string): BackupRecord {
    const record = this.find(id);
    if (record === undefined) throw this.ids.notFound('backup', id);
    return record;
  }

  /** One page, newest first; the order of backups of the same instant is by id. Throws BAD_USER_INPUT, see pageOf. */
  list(request: PageRequest): BackupPage {
    return pageOf(this.sorted, request);
  }

  /** All that pass the filter, newest first. */
  all(filter: BackupFilter): readonly BackupRecord[] {
    return matching(this.sorted, filter);
  }

  /** The stored bytes of a backup. Throws NOT_FOUND, also where somebody took the file away. */
  async openArchive(id: string, range?: ByteRange): Promise<Readable> {
    const { file } = this.get(id);
    try {
      return await this.store.get(file, range);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'NOT_FOUND') throw error;
      throw new AppError(
        'NOT_FOUND',
        `The file ${file} of backup ${id} is no longer in the backup store. Put it back, or delete the backup.`,
        { cause: error },
      );
    }
  }

  /** What the store says of the file of a backup: undefined where it is gone. @throws AppError NOT_FOUND */
  statArchive(id: string): Promise<ObjectStat | undefined> {
    return this.store.stat(this.get(id).file);
  }

  /**
   * Writes down what a sealed backup turned out to be; its id, time and archive stay. A crash leaves the old record or
   * the new one.
   * @returns the record, somebody else's where they were faster @throws AppError NOT_FOUND, STORE_FULL,
   * STORE_UNAVAILABLE
   */
  complete(description: BackupDescription): Promise<BackupRecord> {
    return this.rewrite(description.id, (before) => (before.sealed === true ? description : undefined));
  }

  /** Writes down what reading a backup back has found, or whether it is pinned. @throws AppError as complete */
  note(id: string, found: Pick<BackupRecord, 'verifiedAt' | 'damage' | 'pinned'>): Promise<BackupRecord> {
    return this.rewrite(id, ({ format: _format, file: _file, ...before }) => ({ ...before, ...found }));
  }

  /** One change of a record after the other. @param change answers undefined where there is nothing to change */
  private async rewrite(
    id: string,
    change: (before: BackupRecord) => BackupDescription | undefined,
  ): Promise<BackupRecord> {
    for (let other = this.completing.get(id); other !== undefined; other = this.completing.get(id))
      await Promise.allSettled([other]);
    const before = this.get(id);
    const description = change(before);
    if (description === undefined) return before;
    const { record, bytes } = makeBackupRecord(description, before.file);
    assert(comparePlaces(before, record) === 0, `backup ${id} would move in the list`);
    const writing = this.store.put(manifestKey(before.file), bytes, { replace: true });
    this.completing.set(id, writing);
    try {
      await writing;
    } finally {
      this.completing.delete(id);
    }
    this.get(id); // somebody may have deleted it meanwhile
    this.set(record);
    return record;
  }

  /**
   * Removes the manifest record, from where on the backup is gone for good, then the archive. Files that are gone
   * already do not matter; an archive that cannot be removed is a problem, not an error. Throws NOT_FOUND,
   * STORE_UNAVAILABLE.
   */
  async delete(id: string): Promise<void> {
    const record = this.get(id);
    this.remove(record); // first, so that a second request finds nothing instead of running along
    await Promise.allSettled([this.completing.get(id)]); // or its record would come back
    try {
      await this.files.markForRemoval(record.file);
      await this.store.delete(manifestKey(record.file));
    } catch (error) {
      this.insert(record);
      throw error;
    }
    for (const tell of this.onDeleted) tell(id);
    if (await this.files.removeQuietly(record.file)) await this.files.removeQuietly(pendingKey(record.file));
  }

  /** Tells of every backup that is gone for good. */
  afterDelete(tell: (id: string) => void): void {
    this.onDeleted.push(tell);
  }

  /** Removes the files of a backup that another archive has taken the place of. */
  private async removeFiles(file: string): Promise<void> {
    await this.files.markForRemoval(file);
    await this.files.removeQuietly(manifestKey(file));
    if (await this.files.removeQuietly(file)) await this.files.removeQuietly(pendingKey(file));
  }

  /** What is wrong in the store, each in a sentence or two. */
  problems(): readonly string[] {
    return [...this.faults, ...this.files.faults];
  }

  private async load(): Promise<void> {
    const keys = await this.store.list();
    const present = new Set(keys);
    for (const key of keys) {
      if (!isArchiveKey(key) || present.has(manifestKey(key))) continue;
      if (present.has(pendingKey(key))) await this.removeLeftover(key);
      else this.report(key, 'it has no manifest beside it. Put that back, or import the archive; it is left alone');
    }
    for (const key of keys) if (key.startsWith(INCOMING_PREFIX)) await this.removeLeftover(key);
    const manifests = keys.filter(isManifestKey);
    const loaded = await mapBounded(manifests, (key) => this.loadRecord(key, present));
    for (const record of loaded) {
      if (record === undefined) continue;
      const twin = this.byId.get(record.id);
      if (twin === undefined) this.byId.set(record.id, record);
      else if (
        (record.replaces === twin.file || twin.replaces === record.file) &&
        record.contentDigest === twin.contentDigest
      ) {
        // a crash came between the new archive of a backup and the end of the old one
        const [kept, old] = record.replaces === twin.file ? [record, twin] : [twin, record];
        this.byId.set(kept.id, kept);
        await this.removeFiles(old.file);
      } else this.report(manifestKey(record.file), `it has the id ${record.id} of ${manifestKey(twin.file)}`);
    }
    for (const record of [...this.byId.values()].sort(comparePlaces)) this.sorted.push(record);
  }

  private async loadRecord(key: string, present: ReadonlySet<string>): Promise<BackupRecord | undefined> {
    const archive = archiveOfManifest(key);
    if (!isArchiveKey(archive)) {
      this.report(
        key,
        `${archive} is not named as backups are: NAME-YYYYMMDD-HHMMSS and .json, .yaml or .db, then .gz and .enc. ` +
          'Rename both files, or import the archive; they are left alone',
      );
      return undefined;
    }
    if (!present.has(archive)) {
      this.report(key, `its archive ${archive} is missing`);
      return undefined;
    }
    try {
      return parseBackupRecord(await this.store.read(key, MANIFEST_BYTES_MAX), archive);
    } catch (error) {
      this.report(key, messageOf(error));
      return undefined;
    }
  }

  private report(file: string, what: string): void {
    this.faults.push(`The backup of ${file} is not listed: ${what}.`);
    this.log.warn({ file, problem: what }, 'a backup is not listed');
  }

  private async removeLeftover(key: string): Promise<void> {
    if (isArchiveKey(key))
      this.log.warn(
        { file: key },
        'removing an archive that a backup or a deletion that did not come to its end left behind',
      );
    await this.files.removeQuietly(key);
  }

  /** Puts another record of a listed backup in its place. */
  private set(record: BackupRecord): void {
    this.byId.set(record.id, record);
    this.sorted[indexOfPlace(this.sorted, record)] = record;
  }

  private insert(record: BackupRecord): void {
    this.byId.set(record.id, record);
    this.sorted.splice(indexOfPlace(this.sorted, record), 0, record);
  }

  private remove(record: BackupRecord): void {
    this.byId.delete(record.id);
    const index = indexOfPlace(this.sorted, record);
    assert(this.sorted[index] === record, `backup ${record.id} is not where it belongs`);
    this.sorted.splice(index, 1);
  }
}

/** Results in the order of the items, with LOADING_AT_ONCE of them under way at most. */
async function mapBounded<A, B>(items: readonly A[], work: (item: A) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: LOADING_AT_ONCE }, worker));
  return results;
}
