/** What a job knows of a backup that is not found. Pure. */
import { isEnded, JOB_END_WORDS, type JobKind, type JobRecord } from './job-record.js';

/** Kinds whose job makes the backup of its id. */
export const MAKES_BACKUP: ReadonlySet<JobKind> = new Set<JobKind>(['BACKUP', 'IMPORT']);

/** @param record of the job that has the id which was given for that of a backup */
export function backupHint(record: JobRecord | undefined): string | undefined {
  if (record === undefined) return undefined;
  const { id, kind, phase, backupId } = record;
  if (!MAKES_BACKUP.has(kind))
    return backupId === undefined
      ? undefined
      : `That is the id of a job that is about backup ${backupId}: give that id`;
  if (!isEnded(phase)) return 'It is still being made: look for the job with the same id';
  if (phase !== 'SUCCEEDED') return `It was not made: the job with the same id ${JOB_END_WORDS[phase] ?? phase}`;
  return backupId === id
    ? 'It was made, and is not there any more: it was deleted, and the audit trail says by whom'
    : `No backup was made, as nothing had changed since backup ${backupId ?? ''}: give that id`;
}
