/** The record of a drill: what is kept in the store of a backup that was restored into a scratch database. */
import { z } from 'zod';
import { AppError, ERROR_STATUS, type ErrorCode, messageOf } from '../../lib/error.js';

export const DRILL_FORMAT = 'ovncp-drill/1';
export const DRILL_RECORD_BYTES_MAX = 1024 * 1024;
/** Prefix of the keys of all drills. */
export const DRILL_PREFIX = 'drills/';

/** RESTORING: reading the backup, too. COMPARING: every row is read back. NORTHD: northd works on it. */
export const DRILL_PHASES = ['QUEUED', 'RESTORING', 'COMPARING', 'NORTHD', 'SUCCEEDED', 'FAILED', 'CANCELLED'] as const;
export type DrillPhase = (typeof DRILL_PHASES)[number];

const DRILL_ID = /^[A-Za-z0-9_-]{1,100}$/;
const FINAL: ReadonlySet<DrillPhase> = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);
const instantText = z.iso.datetime({ precision: 3 });
const codes = Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]];
const count = z.int().nonnegative();
const seconds = z.number().nonnegative();

const recordSchema = z
  .object({
    format: z.literal(DRILL_FORMAT),
    /** That of its job too. */
    id: z.string().regex(DRILL_ID),
    backupId: z.string(),
    /** The configured id of the database that the backup is of. */
    database: z.string(),
    phase: z.enum(DRILL_PHASES),
    startedBy: z.string(),
    startedAt: instantText,
    finishedAt: instantText.optional(),
    /** How far it is, or how it ended, in words. */
    message: z.string(),
    rowsCompared: count.optional(),
    /** From reading the backup until all of it was in the database. */
    restoreSeconds: seconds.optional(),
    compareSeconds: seconds.optional(),
    /** From the start of northd until its flows stood. */
    northdSeconds: seconds.optional(),
    logicalFlows: count.optional(),
    northdWarnings: z.array(z.string()).readonly(),
    /** What the database does not hold as the backup does, each in a sentence. */
    differences: z.array(z.string()).readonly(),
    /** What the restore left out, and why northd did not run. */
    notes: z.array(z.string()).readonly(),
    error: z
      .object({ code: z.enum(codes), message: z.string(), table: z.string().optional(), label: z.string().optional() })
      .readonly()
      .optional(),
  })
  .readonly();

export type DrillRecord = z.infer<typeof recordSchema>;

/** What a drill has found, or has found so far. */
export type DrillFindings = Partial<
  Pick<
    DrillRecord,
    | 'rowsCompared'
    | 'restoreSeconds'
    | 'compareSeconds'
    | 'northdSeconds'
    | 'logicalFlows'
    | 'northdWarnings'
    | 'differences'
    | 'notes'
  >
>;

export function hasEnded({ phase }: DrillRecord): boolean {
  return FINAL.has(phase);
}

/** They say of the backup that it cannot be restored. */
const VERDICTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INTEGRITY_FAILED',
  'DATABASE_REFUSED',
  'CONFLICT',
  'SCHEMA_MISMATCH',
  'PLAN_STALE',
]);

/**
 * A drill that ended so is an answer to whoever waits for it: the verdict, or what this machine lacked for one, which
 * says nothing of the backup.
 */
export const ANSWERS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([...VERDICTS, 'TOO_LARGE', 'DATABASE_UNAVAILABLE']);

/**
 * Whether the backup is restorable; undefined as long as that is not known, and where the drill failed for a reason
 * that says nothing of the backup, such as a limit, a full disk or a program that ended.
 */
export function verdictOf({ phase, error }: DrillRecord): boolean | undefined {
  if (phase === 'SUCCEEDED') return true;
  return phase === 'FAILED' && error !== undefined && VERDICTS.has(error.code) ? false : undefined;
}

export function drillKey(id: string): string {
  return `${DRILL_PREFIX}${id}.json`;
}

/** The id in the key of a drill, or undefined for any other key. */
export function drillIdOf(key: string): string | undefined {
  if (!key.startsWith(DRILL_PREFIX) || !key.endsWith('.json')) return undefined;
  const id = key.slice(DRILL_PREFIX.length, -'.json'.length);
  return DRILL_ID.test(id) ? id : undefined;
}

export function drillRecordBytes(record: DrillRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record)}\n`);
}

/** @throws AppError INTEGRITY_FAILED */
export function parseDrillRecord(bytes: Uint8Array): DrillRecord {
  try {
    return recordSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
  } catch (error) {
    throw new AppError('INTEGRITY_FAILED', `it is no record of a drill that this version reads: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
