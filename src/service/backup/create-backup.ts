/**
 * Making a backup: capture -> select -> pack -> store -> catalog. The catalog's commit is the moment from which it is
 * there. Keys for encryption pass through and are never kept.
 */

import type { ArchiveFormat } from '../../archive/content/archive-format.js';
import { digestOf } from '../../archive/content/snapshot-builder.js';
import { packArchive } from '../../archive/pack.js';
import type { CaptureRequest } from '../../engine/capture/capture-mode.js';
import type { ResourceFilter } from '../../engine/scope/scope.js';
import { type Clock, instant } from '../../lib/clock.js';
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import type { Scratch } from '../../lib/scratch.js';
import { plural } from '../../lib/text/plural.js';
import { countRows, type Snapshot } from '../../model/snapshot/snapshot.js';
import type { Database } from '../database/database.js';
import type { DatabaseReader } from '../database/database-reader.js';
import type { JobHandle } from '../job/jobs.js';
import { emptiness, needlessness, summaryOf } from './backup-content.js';
import type { BackupRecord } from './backup-record.js';
import type { Catalog, Reservation } from './catalog/catalog.js';
import { chainContentSize } from './catalog/chain.js';
import { type Basis, basisOf, hasSameSchema, type ReadParent, readParent } from './chain/basis.js';
import { chooseParent, newestAlike, type ParentChoice } from './chain/parent-choice.js';
import { archiveExtension } from './layout.js';
import type { BackupReader } from './read-backup.js';
import { withScratch } from './scratch-space.js';
import { headerSelection, type Selection, select, withWarnings } from './selection.js';

export interface CreateBackup {
  readonly name: string;
  readonly description?: string | undefined;
  readonly format: ArchiveFormat;
  readonly compress: boolean;
  /** Set for an encrypted backup. */
  readonly encryptionKey?: string | undefined;
  readonly tags: readonly string[];
  readonly database?: string | undefined;
  /** Set for a selective backup. */
  readonly filter?: ResourceFilter | undefined;
  /** Set for an incremental backup. */
  readonly incremental?: { readonly parentId?: string | undefined } | undefined;
  /** Where the rows are those of the newest backup with the same filter, that one is answered, and none is made. */
  readonly onlyIfChanged?: boolean;
  readonly capture?: CaptureRequest;
  /** What is to be said of the request itself. */
  readonly warnings?: readonly string[];
  readonly subject: string;
}

export interface BackupCreationParts {
  readonly job: JobHandle;
  readonly request: CreateBackup;
  readonly database: Database;
  readonly catalog: Catalog;
  readonly stored: BackupReader;
  readonly clock: Clock;
  readonly log: Log;
  readonly scratchFolder: string;
  /** Of deriving keys (archive/layer/encryption.ts); left out: the usual one. */
  readonly keyCost?: number | undefined;
}

/** One that is shorter is found by trying. */
const PASSPHRASE_CHARACTERS_MIN = 12;

/** What whoever asks for a backup is told, and nobody else: a manifest that has it would say which file to attack. */
export function passphraseWarnings(encryptionKey: string | undefined): readonly string[] {
  return encryptionKey === undefined || encryptionKey.length >= PASSPHRASE_CHARACTERS_MIN
    ? []
    : [
        `The passphrase has fewer than ${PASSPHRASE_CHARACTERS_MIN} characters: whoever has the file can find it by ` +
          'trying. Make the backup again with 32 random characters',
      ];
}

/** Less content of what an incremental backup builds on is held in memory: that is faster. */
const PARENT_SCRATCH_FROM_BYTES = 256 << 20;

/** What an incremental backup is to build on, and where its rows wait. */
interface PlannedParent {
  readonly choice: ParentChoice;
  readonly scratch: Scratch | undefined;
}

/** What was captured, as far as it is asked for. */
interface Captured {
  /** Milliseconds since 1970, of the capture. */
  readonly createdAt: number;
  readonly snapshot: Snapshot;
  readonly identity: string | undefined;
  readonly selection: Selection;
  readonly totalRows: number;
}

/** The type of the backup, and what an incremental one builds on. */
function kindOf(
  basis: Basis | undefined,
  { resourceFilter }: Selection,
): Pick<BackupRecord, 'type' | 'parent' | 'changes'> {
  if (basis?.parent === undefined) return { type: resourceFilter === undefined ? 'FULL' : 'SELECTIVE' };
  const { parent, difference } = basis;
  return {
    type: 'INCREMENTAL',
    parent: { id: parent.id, contentDigest: parent.contentDigest },
    changes: difference.counts,
  };
}

/** The same, with why an incremental backup became a whole one. */
function withReason(captured: Captured, why: string | undefined): Captured {
  if (why === undefined) return captured;
  const told = `The backup holds all rows, and is no incremental one: ${why}`;
  return { ...captured, selection: withWarnings(captured.selection, [told]) };
}

export class BackupCreation {
  constructor(private readonly parts: BackupCreationParts) {}

  async run(reader: DatabaseReader): Promise<BackupRecord> {
    const { request, database, catalog, scratchFolder } = this.parts;
    const { incremental, encryptionKey } = request;
    if (incremental === undefined) return this.make(reader);
    const { filter } = this;
    const isEncrypted = encryptionKey !== undefined;
    const choice = chooseParent({ ...incremental, database: database.id, filter, isEncrypted }, catalog);
    const contentSize = choice.parent === undefined ? 0 : chainContentSize(choice.parent, catalog);
    return withScratch(
      scratchFolder,
      { contentSize },
      (scratch) => this.make(reader, { choice, scratch }),
      PARENT_SCRATCH_FROM_BYTES,
    );
  }

  private async make(reader: DatabaseReader, planned?: PlannedParent): Promise<BackupRecord> {
    const { request, catalog, clock, log, job } = this.parts;
    const began = clock.monotonic();
    const [read, captured] = await this.readBoth(reader, planned);
    const same = request.onlyIfChanged === true ? await this.unchanged(captured, read) : undefined;
    if (same !== undefined) return same;
    const basis = read && (await basisOf(read, captured));
    const { totalRows } = captured;
    const message = plural(totalRows, 'Storing # {row|rows}');
    job.tell({ phase: 'STORING', rows: 0, totalRows, fraction: 0.5, message }, true);
    const reservation = await catalog.reserve({
      name: request.name,
      createdAt: captured.createdAt,
      extension: archiveExtension(request.format, {
        compressed: request.compress,
        encrypted: request.encryptionKey !== undefined,
      }),
    });
    try {
      const record = await this.store(reservation, withReason(captured, basis?.why), basis);
      log.info(
        {
          backup: record.id,
          rows: record.rowCount,
          bytes: record.size,
          ms: Math.round(clock.monotonic() - began),
          subject: request.subject,
        },
        'backup created',
      );
      return record;
    } finally {
      await catalog.abandon(reservation);
    }
  }

  /** What the backup builds on, where it is to be an incremental one, and the database; both at the same time. */
  private async readBoth(
    reader: DatabaseReader,
    planned: PlannedParent | undefined,
  ): Promise<[ReadParent | undefined, Captured]> {
    const { request, catalog: backups, stored, job } = this.parts;
    if (planned === undefined) return [undefined, await this.capture(reader, job.signal)];
    // when one of the two fails, the other is given up
    const failed = new AbortController();
    const signal = AbortSignal.any([job.signal, failed.signal]);
    const { choice, scratch } = planned;
    const isAsked = request.incremental?.parentId !== undefined;
    const passphrase = request.encryptionKey;
    const parent = readParent(choice, { backups, stored, passphrase, isAsked, scratch, signal });
    const captured = this.capture(reader, signal);
    try {
      return await Promise.all([parent, captured]);
    } catch (error) {
      failed.abort(error);
      await Promise.allSettled([parent, captured]);
      throw error;
    }
  }

  /** What is asked for; where only a parent is named, that one's. */
  private get filter(): ResourceFilter | undefined {
    const { request, catalog } = this.parts;
    const parentId = request.incremental?.parentId;
    return request.filter ?? (parentId === undefined ? undefined : catalog.find(parentId)?.resourceFilter);
  }

  /** The newest backup with the same filter, where it has the same rows, is stored alike and can be read back. */
  private async unchanged({ snapshot }: Captured, parent: ReadParent | undefined): Promise<BackupRecord | undefined> {
    const { request, database, catalog, log } = this.parts;
    const { format, encryptionKey } = request;
    const newest = newestAlike({ database: database.id, filter: this.filter }, catalog);
    if (newest === undefined || newest.archiveFormat !== format) return undefined;
    if (newest.encrypted !== (encryptionKey !== undefined)) return undefined;
    if (newest.contentDigest !== (await digestOf(snapshot))) return undefined;
    // an incremental one has most likely just read it back, as its parent
    const state = parent?.parent === newest ? parent.state : await this.readable(newest);
    if (state === undefined || !hasSameSchema(state, snapshot)) return undefined;
    log.info({ backup: newest.id, subject: request.subject }, 'nothing has changed since the newest backup');
    return newest;
  }

  /** The rows of a stored backup, undefined where it cannot be read with the passphrase of the new one. */
  private async readable(record: BackupRecord): Promise<Snapshot | undefined> {
    const { request, stored, job, log } = this.parts;
    try {
      return (await stored.read(record, request.encryptionKey, { signal: job.signal })).snapshot;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn({ err: error, backup: record.id }, 'nothing has changed since a backup that cannot be read');
      return undefined;
    }
  }

  private async capture(reader: DatabaseReader, signal: AbortSignal): Promise<Captured> {
    const { request, database, clock, job } = this.parts;
    job.tell({ phase: 'CAPTURING', message: `Reading ${database.id}` }, true);
    const createdAt = clock.now();
    const {
      snapshot: captured,
      identity,
      warnings,
    } = await reader.capture(request.capture ?? 'AUTO', {
      signal,
      onProgress: (rows, total) => {
        job.tell(
          {
            rows,
            ...defined({ totalRows: total }),
            fraction: total === undefined ? 0.1 : (0.5 * rows) / Math.max(1, total),
            message: plural(rows, 'Read # {row|rows}'),
          },
          false,
        );
      },
    });
    const { snapshot, selection: selected } = await select(captured, this.filter);
    const told = [...warnings, ...emptiness(snapshot), ...needlessness(snapshot)];
    const selection = withWarnings(selected, [...(request.warnings ?? []), ...told]);
    return { createdAt, snapshot, identity, selection, totalRows: countRows(snapshot) };
  }

  private async store(
    reservation: Reservation,
    { createdAt, snapshot, identity, selection, totalRows }: Captured,
    basis: Basis | undefined,
  ): Promise<BackupRecord> {
    const { job, request, database, catalog, keyCost } = this.parts;
    const header = {
      ...summaryOf(snapshot),
      id: job.id,
      name: request.name,
      ...defined({ description: request.description }),
      createdAt: instant(createdAt),
      createdBy: request.subject,
      database: database.id,
      ...kindOf(basis, selection),
    };
    const packing = packArchive(snapshot, {
      format: request.format,
      compress: request.compress,
      ...defined({ passphrase: request.encryptionKey, keyCost }),
      header: { ...header, ...headerSelection(selection) },
      difference: basis?.parent === undefined ? undefined : basis.difference,
      onProgress: (rows, bytes) => {
        job.tell(
          {
            rows,
            bytes,
            fraction: 0.5 + 0.45 * (totalRows === 0 ? 1 : rows / totalRows),
            message: plural(totalRows, `Stored ${rows} of # {row|rows}`),
          },
          false,
        );
      },
    });
    // one after the other: when storing fails, its error is the reason, and not that packing was cut short by it
    await reservation.put(packing.bytes, { signal: job.signal });
    const packed = await packing.result;
    job.signal.throwIfAborted();
    return catalog.commit(reservation, {
      ...header,
      ...selection,
      ...packed,
      archiveFormat: request.format,
      compressed: request.compress,
      encrypted: request.encryptionKey !== undefined,
      tags: [...request.tags],
      origin: 'CAPTURED',
      ...defined({ identity }),
      remotes: [...database.addresses],
    });
  }
}
