/** What imports are told, and what they use. */
import type { ArchiveFormat } from '../../archive/content/archive-format.js';
import type { ParentLink } from '../../archive/content/archive-header.js';
import type { Clock } from '../../lib/clock.js';
import type { Log } from '../../lib/log.js';
import type { Store } from '../../store/store.js';
import type { BackupRecord } from '../backup/backup-record.js';
import type { BackupService } from '../backup/backup-service.js';
import type { Catalog } from '../backup/catalog/catalog.js';
import { resolve, standingIn } from '../backup/catalog/chain.js';
import type { FoundLink } from '../backup/read-backup.js';
import type { KnownIds } from '../command/known-ids.js';
import type { Reach } from '../command/reach.js';
import type { Databases } from '../database/database.js';
import type { Jobs } from '../job/jobs.js';
import type { RunningWork } from '../job/running-work.js';

export interface ImportDetails {
  /** What the caller takes it for; the content decides, and a contradiction is an error. */
  readonly format?: ArchiveFormat | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly tags: readonly string[];
  readonly decryptionKey?: string | undefined;
  /** Name of the uploaded file, where there is one. */
  readonly fileName?: string | undefined;
}

export interface ImportedBackup extends BackupRecord {
  /** Where a chain file brought nothing that was not here: that in words. */
  readonly nothingNew?: string;
}

/**
 * What a file builds on, which shows its rows. By its rows alone only what the token may see is found: whoever sends a
 * digest must not learn whether another database has those rows.
 * @throws AppError FORBIDDEN where it names a backup of a database that the token is not for
 */
export function findLink(link: ParentLink, catalog: Catalog, reach: Reach | undefined): FoundLink {
  reach?.check([{ kind: 'backup', id: link.id }]);
  const seen = reach === undefined ? catalog : standingIn(catalog, (database) => reach.has(database));
  return { link, parent: resolve(link, seen, undefined) };
}

export interface ImportServiceParts {
  readonly backups: BackupService;
  readonly catalog: Catalog;
  readonly store: Store;
  readonly databases: Databases;
  readonly clock: Clock;
  readonly log: Log;
  readonly work: RunningWork;
  readonly jobs: Jobs;
  readonly ids: KnownIds;
  /** Rows wait there, in files without a name, while a file is checked. */
  readonly scratchFolder: string;
  /** Of a file as it is sent, and of what it expands to. */
  readonly uploadBytesMax: number;
  /** Of deriving keys (archive/layer/encryption.ts); left out: the usual one. */
  readonly keyCost?: number | undefined;
}
