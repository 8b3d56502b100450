/** Where a configuration is read from: a stored backup, or a live database. */

import { KeyMissing } from '../../archive/layer/encryption.js';
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import type { RuntimeKey } from '../../model/northbound/runtime.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { BackupRecord } from '../backup/backup-record.js';
import type { BackupService } from '../backup/backup-service.js';
import type { Catalog } from '../backup/catalog/catalog.js';
import { needsKey } from '../backup/catalog/chain.js';
import type { Database, Databases } from '../database/database.js';
import { DatabaseReader } from '../database/database-reader.js';
import type { Opened } from '../job/database-turns.js';

/** Exactly one of backupId and database: see configuration-input.ts. */
export interface ConfigurationRef {
  readonly backupId?: string | undefined;
  readonly decryptionKey?: string | undefined;
  readonly database?: string | undefined;
}

export interface Configuration {
  readonly snapshot: Snapshot;
  /** Of a backup. */
  readonly record?: BackupRecord;
}

export interface Source extends Opened {
  readonly isLive: boolean;
  /** Ids of the databases that it needs. */
  readonly databases: readonly string[];
  /** What is said to be runtime state in the database that it is of. */
  readonly runtimeKeys: readonly RuntimeKey[];
  /** What must be before it can be read. Ends when the signal aborts. @throws AppError DATABASE_UNAVAILABLE */
  open(signal: AbortSignal | undefined): Promise<void>;
  read(signal: AbortSignal | undefined): Promise<Configuration>;
}

export interface SourceParts {
  readonly backups: BackupService;
  readonly catalog: Catalog;
  readonly databases: Databases;
}

/**
 * @param at where it stands among several that are asked for, as messages name it
 * @throws AppError NOT_FOUND; DECRYPTION_FAILED where the key of an encrypted backup is not given
 */
export function sourceOf(
  { backupId, database, decryptionKey }: ConfigurationRef,
  { backups, catalog, databases }: SourceParts,
  at?: string,
): Source {
  if (backupId === undefined) return new LiveSource(databases.get(database));
  const known = catalog.get(backupId);
  if (decryptionKey === undefined && needsKey(known, catalog))
    throw new KeyMissing(`backup "${known.name}" is encrypted`, at);
  return {
    isLive: false,
    databases: [],
    runtimeKeys: databases.find(known.database)?.runtimeKeys ?? [],
    open: () => Promise.resolve(),
    // looked up again: what is known of it may have changed while it waited
    read: async (signal) =>
      backups.read(catalog.get(backupId), decryptionKey, defined({ signal })).catch((error: unknown) => {
        if (at === undefined || !(error instanceof AppError) || !OF_ONE_BACKUP.has(error.code)) throw error;
        throw new AppError(error.code, `${at}: backup "${known.name}": ${error.message}`, { cause: error });
      }),
    close: () => undefined,
  };
}

/** What is wrong with one of several backups does not say by itself which it is. */
const OF_ONE_BACKUP: ReadonlySet<string> = new Set(['DECRYPTION_FAILED', 'INTEGRITY_FAILED']);

/** Opens all of them, or none. */
export async function openAll(sources: readonly Source[], signal: AbortSignal | undefined): Promise<Opened> {
  const close = (): void => {
    for (const source of sources) source.close();
  };
  try {
    for (const source of sources) await source.open(signal);
    return {
      get bytesAwaited() {
        const awaited = sources.flatMap(({ bytesAwaited: bytes }) => (bytes === undefined ? [] : [bytes]));
        return awaited.length === 0 ? undefined : awaited.reduce((sum, bytes) => sum + bytes, 0);
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

class LiveSource implements Source {
  readonly isLive = true;
  private reader: DatabaseReader | undefined;

  constructor(private readonly database: Database) {}

  get databases(): readonly string[] {
    return [this.database.id];
  }

  get bytesAwaited(): number | undefined {
    return this.reader?.bytesAwaited;
  }

  get runtimeKeys(): readonly RuntimeKey[] {
    return this.database.runtimeKeys;
  }

  async open(signal: AbortSignal | undefined): Promise<void> {
    this.reader = await DatabaseReader.open(this.database, signal);
  }

  async read(signal: AbortSignal | undefined): Promise<Configuration> {
    if (this.reader === undefined) throw new Error('Bug: a database was read before its session was open');
    const { snapshot } = await this.reader.capture('AUTO', { signal });
    return { snapshot };
  }

  close(): void {
    this.reader?.close();
  }
}
