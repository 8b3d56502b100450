/**
 * Reading many stored backups back, one at a time: first those that never were, then the one whose turn is longest ago.
 * After each there is a rest as long as reading it took, so that nobody else feels it.
 */
import { type Clock, sleep } from '../../lib/clock.js';
import { AppError } from '../../lib/error.js';
import { plural } from '../../lib/text/plural.js';
import type { JobHandle } from '../job/jobs.js';
import type { BackupRecord } from './backup-record.js';
import type { Catalog } from './catalog/catalog.js';
import type { ValidationReport } from './validate-backup.js';

export interface VerifyReport {
  readonly checked: number;
  /** Read back whole and found good. */
  readonly good: number;
  readonly damaged: readonly BackupRecord[];
  /** Encrypted: only their stored bytes were checked. */
  readonly bytesOnly: number;
}

export interface VerifyParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly job: JobHandle;
  /** Checks one, and writes down what was found. */
  readonly validate: (id: string, job: Pick<JobHandle, 'signal' | 'tell'>) => Promise<ValidationReport>;
}

/** @param picked newest first @throws the signal's reason; AppError STORE_UNAVAILABLE */
export async function verifyBackups(
  picked: readonly BackupRecord[],
  { catalog, clock, job, validate }: VerifyParts,
): Promise<VerifyReport> {
  const due = [...picked].reverse().sort(byVerified);
  const damaged: BackupRecord[] = [];
  let [checked, good, bytesOnly] = [0, 0, 0];
  // what each says of its rows is not how far all of them are
  const quiet = { signal: job.signal, tell: () => undefined };
  for (const { id } of due) {
    const message = `Checked ${checked} of ${plural(due.length, '# {backup|backups}')}`;
    job.tell({ phase: 'CAPTURING', fraction: checked / due.length, message }, true);
    const began = clock.monotonic();
    const report = await checkOne(id, { catalog, validate, quiet });
    if (report === undefined) continue;
    checked++;
    if (!report.valid) damaged.push(catalog.get(id));
    else if (report.contentChecked) good++;
    else bytesOnly++;
    await sleep(clock, clock.monotonic() - began, job.signal);
  }
  return { checked, good, damaged, bytesOnly };
}

/** Undefined for one that was deleted meanwhile. */
async function checkOne(
  id: string,
  {
    catalog,
    validate,
    quiet,
  }: Pick<VerifyParts, 'catalog' | 'validate'> & { readonly quiet: Pick<JobHandle, 'signal' | 'tell'> },
): Promise<ValidationReport | undefined> {
  if (catalog.find(id) === undefined) return undefined;
  try {
    const report = await validate(id, quiet);
    return catalog.find(id) === undefined ? undefined : report;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'NOT_FOUND' || catalog.find(id) !== undefined) throw error;
    return undefined;
  }
}

/** Those that were never verified first, then by the time of it; equal ones stay as they are. */
function byVerified({ verifiedAt: a = '' }: BackupRecord, { verifiedAt: b = '' }: BackupRecord): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
