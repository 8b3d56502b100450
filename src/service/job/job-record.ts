/**
 * The record of a job: what is kept in the store of whatever takes long (a backup, an import, a validation), from its
 * beginning until a week after its end. Restores have a record of their own.
 */
import { z } from 'zod';
import { AppError, ERROR_STATUS, type ErrorCode, messageOf } from '../../lib/error.js';

export const JOB_FORMAT = 'ovncp-job/1';
export const JOB_RECORD_BYTES_MAX = 256 * 1024;

export const JOB_KINDS = ['BACKUP', 'IMPORT', 'VERIFY', 'DRILL', 'EXPIRE', 'MERGE'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** CAPTURING: what the job works on is read. STORING: what it makes is written. */
export const JOB_PHASES = ['QUEUED', 'CAPTURING', 'STORING', 'SUCCEEDED', 'FAILED', 'CANCELLED'] as const;
export type JobPhase = (typeof JOB_PHASES)[number];
/** An end in a sentence, after "the job". */
export const JOB_END_WORDS: Readonly<Partial<Record<JobPhase, string>>> = {
  SUCCEEDED: 'has succeeded',
  FAILED: 'has failed',
  CANCELLED: 'was cancelled',
};

/** Prefix of the keys of all job records. */
export const JOB_RECORD_PREFIX = 'jobs/';

const JOB_ID = /^[A-Za-z0-9_-]{1,100}$/;
const FINAL: ReadonlySet<JobPhase> = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);
const instantText = z.iso.datetime({ precision: 3 });
const codes = Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]];
const count = z.int().nonnegative();

const recordSchema = z
  .object({
    format: z.literal(JOB_FORMAT),
    /** A backup or an import makes the backup of the same id. */
    id: z.string().regex(JOB_ID),
    kind: z.enum(JOB_KINDS),
    /** The configured id of the database that it is about. */
    database: z.string(),
    /** Those of all that it looks at, or that what it makes may turn out to be of. */
    databases: z.array(z.string()).readonly().optional(),
    phase: z.enum(JOB_PHASES),
    startedBy: z.string(),
    startedAt: instantText,
    finishedAt: instantText.optional(),
    /** How far it is, or was at its end. In the store only the first and the last are kept. */
    progress: z
      .object({
        rows: count,
        /** Where it is known. */
        totalRows: count.optional(),
        bytes: count,
        /** 0 to 1, never falling. */
        fraction: z.number().min(0).max(1),
        message: z.string(),
        at: instantText,
      })
      .readonly(),
    /** The backup that it made, or looks at. */
    backupId: z.string().optional(),
    /** Why it FAILED, or was CANCELLED. */
    error: z
      .object({ code: z.enum(codes), message: z.string(), table: z.string().optional(), label: z.string().optional() })
      .readonly()
      .optional(),
  })
  .readonly();

export type JobRecord = z.infer<typeof recordSchema>;
export type JobProgress = JobRecord['progress'];

/** Configured ids of all databases that it is about. */
export function databasesOf({ database, databases }: Pick<JobRecord, 'database' | 'databases'>): readonly string[] {
  return databases === undefined || databases.length === 0 ? [database] : databases;
}

export function isEnded(phase: JobPhase): boolean {
  return FINAL.has(phase);
}

/** @param id a UUID */
export function jobRecordKey(id: string): string {
  return `${JOB_RECORD_PREFIX}${id}.json`;
}

/** The id in the key of a job record, or undefined for any other key. */
export function jobIdOf(key: string): string | undefined {
  if (!key.startsWith(JOB_RECORD_PREFIX) || !key.endsWith('.json')) return undefined;
  const id = key.slice(JOB_RECORD_PREFIX.length, -'.json'.length);
  return JOB_ID.test(id) ? id : undefined;
}

export function jobRecordBytes(record: JobRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record)}\n`);
}

/** @throws AppError INTEGRITY_FAILED */
export function parseJobRecord(bytes: Uint8Array): JobRecord {
  try {
    return recordSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
  } catch (error) {
    throw new AppError('INTEGRITY_FAILED', `it is no job record that this version reads: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
