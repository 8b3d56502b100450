/**
 * The restore record: what is kept of a restore in the store, from its beginning on, so that it can be
 * looked up for ever and recovered after a crash.
 */
import { z } from 'zod';
import { AppError, ERROR_STATUS, type ErrorCode, messageOf } from '../../../lib/error.js';
import { pulledInSchema, resourceFilterSchema } from '../../backup/recorded-filter.js';

export const RESTORE_FORMAT = 'ovncp-restore/1';
export const RESTORE_RECORD_BYTES_MAX = 16 * 1024 * 1024;

export const RESTORE_PHASES = [
  'QUEUED',
  'READING',
  'PLANNING',
  'APPLYING',
  'VERIFYING',
  'CONVERGING',
  'AWAITING_CONFIRMATION',
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
  'UNDONE',
] as const;
export type RestorePhase = (typeof RESTORE_PHASES)[number];

const count = z.int().nonnegative();
const codes = Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]];
const problem = z
  .object({ code: z.enum(codes), message: z.string(), table: z.string().optional(), label: z.string().optional() })
  .readonly();

/**
 * A touched row that tells afterwards whether the transaction was carried out: all of it was, or none. Texts are the
 * canonical values of the columns that an update writes, as SHA-256.
 */
const witness = z
  .object({
    kind: z.enum(['INSERT', 'UPDATE', 'DELETE']),
    table: z.string(),
    uuid: z.string(),
    columns: z.array(z.string()).readonly().optional(),
    after: z.string().optional(),
  })
  .readonly();

const tableCounts = z
  .object({
    resource: z.string(),
    table: z.string(),
    total: count,
    restored: count,
    skipped: count,
    deleted: count,
    failed: count,
  })
  .readonly();

const resultSchema = z
  .object({
    success: z.boolean(),
    dryRun: z.boolean(),
    restoredCount: count,
    skippedCount: count,
    deletedCount: count,
    errorCount: count,
    details: z.array(tableCounts).readonly(),
    warnings: z.array(z.string()).readonly(),
    errors: z.array(problem).readonly(),
    /** "1.234s" */
    processingTime: z.string(),
    /** Table -> kind -> rows in the list of changes. */
    changes: z.record(z.string(), z.record(z.string(), count).readonly()).readonly(),
    /** Transactions that it took; 0 when there was nothing to change. */
    steps: count.default(1),
    /** The first PULLED_IN_LISTED_MAX, and how many there are. */
    pulledIn: z.array(pulledInSchema).readonly().default([]),
    pulledInCount: count.default(0),
    /** From the commit until northd, or the chassis too, had taken it over. */
    convergenceSeconds: z.number().nonnegative().optional(),
  })
  .readonly();

const recordSchema = z
  .object({
    format: z.literal(RESTORE_FORMAT),
    id: z.string().min(1),
    backupId: z.string(),
    database: z.string(),
    dryRun: z.boolean(),
    conflictPolicy: z.enum(['SKIP', 'OVERWRITE', 'RENAME', 'ERROR']),
    exact: z.boolean(),
    force: z.boolean(),
    filter: resourceFilterSchema.optional(),
    mapping: z
      .array(z.object({ from: z.string(), to: z.string() }).readonly())
      .readonly()
      .optional(),
    sync: z.enum(['NONE', 'SB', 'HV']).default('NONE'),
    confirmWithinSeconds: z.int().positive().optional(),
    /** While it awaits confirmation: it is undone at this instant. */
    confirmBefore: z.iso.datetime({ precision: 3 }).optional(),
    /** The restore that this one undoes, and the one that undid it. */
    undoOf: z.string().optional(),
    undoneBy: z.string().optional(),
    phase: z.enum(RESTORE_PHASES),
    startedBy: z.string(),
    startedAt: z.iso.datetime({ precision: 3 }),
    finishedAt: z.iso.datetime({ precision: 3 }).optional(),
    result: resultSchema.optional(),
    /** While the transaction may be under way. */
    witnesses: z.array(witness).readonly().optional(),
    /** While it is applied in steps: a crash in between leaves some of them done, which are then undone. */
    stepped: z.boolean().optional(),
  })
  .readonly();

export type RestoreRecord = z.infer<typeof recordSchema>;
export type RestoreResult = z.infer<typeof resultSchema>;
export type Witness = z.infer<typeof witness>;

const FINAL: ReadonlySet<RestorePhase> = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED', 'UNDONE']);

/** True for a phase that a restore ends in. */
export function isFinal(phase: RestorePhase): boolean {
  return FINAL.has(phase);
}

export function restoreRecordBytes(record: RestoreRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record)}\n`);
}

/** @throws AppError INTEGRITY_FAILED */
export function parseRestoreRecord(bytes: Buffer): RestoreRecord {
  try {
    return recordSchema.parse(JSON.parse(bytes.toString()));
  } catch (error) {
    throw new AppError('INTEGRITY_FAILED', `it is no restore record that this version reads: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
