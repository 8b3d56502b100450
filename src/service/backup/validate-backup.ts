/** Validating a stored backup: it is read back whole and checked, or only its bytes, where its key is not given. */
import { verifyStored } from '../../archive/layer/stored-bytes.js';
import { AppError } from '../../lib/error.js';
import { plural } from '../../lib/text/plural.js';
import { countRows } from '../../model/snapshot/snapshot.js';
import type { JobHandle } from '../job/jobs.js';
import { contentFaults, emptiness, manifestFaults } from './backup-content.js';
import type { BackupRecord } from './backup-record.js';
import type { Catalog } from './catalog/catalog.js';
import { chainContentSize, chainOf, needsKey } from './catalog/chain.js';
import type { BackupReader } from './read-backup.js';
import { withScratch } from './scratch-space.js';

export interface ValidationReport {
  readonly valid: boolean;
  readonly contentChecked: boolean;
  readonly rowCount?: number;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

export interface ValidateParts {
  readonly catalog: Catalog;
  readonly reader: BackupReader;
  /** Rows wait there, in files without a name, while a backup is checked. */
  readonly scratchFolder: string;
  readonly job: Pick<JobHandle, 'signal' | 'tell'>;
}

/** Names of members in backticks: see spelling.ts. */
const BYTES_ONLY =
  'The backup is encrypted and no key was given: only the stored bytes were checked. Send its passphrase in ' +
  '`decryptionKey` to check its rows too';

/** @throws AppError NOT_FOUND, DECRYPTION_FAILED for a wrong key; the signal's reason */
export async function validateBackup(
  record: BackupRecord,
  decryptionKey: string | undefined,
  parts: ValidateParts,
): Promise<ValidationReport> {
  parts.job.tell({ phase: 'CAPTURING', message: `Reading backup "${record.name}"` }, true);
  try {
    return decryptionKey === undefined && needsKey(record, parts.catalog)
      ? await checkBytes(record, parts)
      : await checkContent(record, decryptionKey, parts);
  } catch (error) {
    const faults = record.sealed === true ? ['INTEGRITY_FAILED', 'BAD_USER_INPUT', 'TOO_LARGE'] : ['INTEGRITY_FAILED'];
    // its file was taken away, and it is listed still
    const isLost = error instanceof AppError && error.code === 'NOT_FOUND' && parts.catalog.find(record.id) === record;
    if (!isLost && !(error instanceof AppError && faults.includes(error.code))) throw error;
    return { valid: false, contentChecked: false, errors: [error.message], warnings: [] };
  }
}

async function checkBytes(record: BackupRecord, { catalog, job }: ValidateParts): Promise<ValidationReport> {
  for (const { id, checksum, size } of chainOf(record, catalog))
    await verifyStored(await catalog.openArchive(id), { checksum, size }, job.signal);
  return {
    valid: true,
    contentChecked: false,
    errors: [],
    warnings: [BYTES_ONLY],
  };
}

async function checkContent(
  record: BackupRecord,
  decryptionKey: string | undefined,
  { catalog, reader, scratchFolder, job }: ValidateParts,
): Promise<ValidationReport> {
  const contentSize = chainContentSize(record, catalog);
  return withScratch(scratchFolder, { ...record, contentSize }, async (scratch) => {
    const read = await reader.read(record, decryptionKey, {
      scratch,
      signal: job.signal,
      onProgress: (rows, bytes) =>
        job.tell(
          {
            rows,
            bytes,
            fraction: Math.min(1, bytes / Math.max(1, contentSize)),
            message: plural(rows, 'Read # {row|rows}'),
          },
          false,
        ),
    });
    const { snapshot, warnings: leftOut } = read;
    const { errors: faults, warnings } = await contentFaults(snapshot);
    const errors = [...manifestFaults(read.record, read), ...faults];
    return {
      valid: errors.length === 0,
      contentChecked: true,
      rowCount: countRows(snapshot),
      errors,
      warnings: [...leftOut, ...warnings, ...emptiness(snapshot)],
    };
  });
}
