/**
 * Making a backup: capture -> select -> pack -> store -> catalog. The catalog's commit is the moment from which it is
 * there. Keys for encryption pass through and are never kept.
 */

import type { ArchiveFormat } from '../../archive/content/archive-format.js';
import { packArchive } from '../../archive/pack.js';
import type { CaptureRequest } from '../../engine/capture/capture-mode.js';
import type { ResourceFilter } from '../../engine/scope/scope.js';
import { type Clock, instant } from '../../lib/clock.js';
import { defined } from '../../lib/defined.js';
import type { Log } from '../../lib/log.js';
import { plural } from '../../lib/text/plural.js';
import { countRows, type Snapshot } from '../../model/snapshot/snapshot.js';
import type { Database } from '../database/database.js';
import type { DatabaseReader } from '../database/database-reader.js';
import type { JobHandle } from '../job/jobs.js';
import { emptiness, summaryOf } from './backup-content.js';
import type { BackupRecord } from './backup-record.js';
import type { Catalog, Reservation } from './catalog.js';
import { archiveExtension } from './layout.js';
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
  readonly clock: Clock;
  readonly log: Log;
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

/** What was captured, as far as it is asked for. */
interface Captured {
  /** Milliseconds since 1970, of the capture. */
  readonly createdAt: number;
  readonly snapshot: Snapshot;
  readonly identity: string | undefined;
  readonly selection: Selection;
  readonly totalRows: number;
}

export class BackupCreation {
  constructor(private readonly parts: BackupCreationParts) {}

  async run(reader: DatabaseReader): Promise<BackupRecord> {
    const { request, catalog, clock, log, job } = this.parts;
    const began = clock.monotonic();
    const captured = await this.capture(reader);
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
      const record = await this.store(reservation, captured);
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

  private async capture(reader: DatabaseReader): Promise<Captured> {
    const { request, database, clock, job } = this.parts;
    job.tell({ phase: 'CAPTURING', message: `Reading ${database.id}` }, true);
    const createdAt = clock.now();
    const {
      snapshot: captured,
      identity,
      warnings,
    } = await reader.capture(request.capture ?? 'AUTO', {
      signal: job.signal,
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
    const { snapshot, selection: selected } = await select(captured, request.filter);
    const selection = withWarnings(selected, [...(request.warnings ?? []), ...warnings, ...emptiness(snapshot)]);
    return { createdAt, snapshot, identity, selection, totalRows: countRows(snapshot) };
  }

  private async store(
    reservation: Reservation,
    { createdAt, snapshot, identity, selection, totalRows }: Captured,
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
      type: request.filter === undefined ? ('FULL' as const) : ('SELECTIVE' as const),
    };
    const packing = packArchive(snapshot, {
      format: request.format,
      compress: request.compress,
      ...defined({ passphrase: request.encryptionKey, keyCost }),
      header: { ...header, ...headerSelection(selection) },
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
      remotes: [...database.client.addresses],
    });
  }
}
