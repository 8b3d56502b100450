/**
 * The restore record: what is kept of a restore in the store, from its beginning on, so that it can be looked up,
 * undone and recovered after a crash. Version 2 has the source as a union and knows its lists by their digests;
 * records of version 1 are read, and written again as version 2 when they change.
 */
import { z } from 'zod';
import { VERIFY_MODES } from '../../../engine/verify/verify.js';
import { defined } from '../../../lib/defined.js';
import { AppError, ERROR_STATUS, type ErrorCode, messageOf } from '../../../lib/error.js';
import { RESOURCE_ABOUT, resourceOf } from '../../../model/northbound/noun.js';
import { pulledInSchema, resourceFilterSchema } from '../../backup/recorded-filter.js';
import { RESTORE_PHASES } from '../life/life.js';

export { RESOURCE_ABOUT };

export const RESTORE_FORMAT = 'ovncp-restore/2';
export const RESTORE_RECORD_BYTES_MAX = 16 * 1024 * 1024;

const count = z.int().nonnegative();
const codes = Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]];
const problem = z
  .object({ code: z.enum(codes), message: z.string(), table: z.string().optional(), label: z.string().optional() })
  .readonly();

const fingerprints = z.array(z.string()).readonly();

/** A touched row that tells afterwards whether the transaction was carried out: see engine/apply/witness.ts. */
const witness = z
  .object({
    kind: z.enum(['INSERT', 'UPDATE', 'DELETE']),
    table: z.string(),
    uuid: z.string(),
    values: z
      .array(z.object({ column: z.string(), before: z.string(), after: z.string() }).readonly())
      .readonly()
      .optional(),
    parts: z
      .array(z.object({ column: z.string(), come: fingerprints, go: fingerprints }).readonly())
      .readonly()
      .optional(),
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
    /** Of those skipped: rows that differ from the backup. Older records do not say. */
    differing: count.default(0),
    deleted: count,
    failed: count,
  })
  // older records have other names for some
  .transform((counts) => ({ ...counts, resource: resourceOf(counts.table) }))
  .readonly();

const ownerCount = z.object({ owner: z.string(), inserted: count, updated: count, deleted: count }).readonly();

const resultSchema = z
  .object({
    success: z.boolean(),
    dryRun: z.boolean(),
    restoredCount: count,
    skippedCount: count,
    differingCount: count.default(0),
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
    /** Whose rows it changes, by their marks. Older records do not say. */
    owners: z.array(ownerCount).readonly().default([]),
    /** The first PULLED_IN_LISTED_MAX, and how many there are. */
    pulledIn: z.array(pulledInSchema).readonly().default([]),
    pulledInCount: count.default(0),
    /** From the commit until northd, or the chassis too, had taken it over. */
    convergenceSeconds: z.number().nonnegative().optional(),
  })
  .readonly();

const instantText = z.iso.datetime({ precision: 3 });
const policy = z.enum(['SKIP', 'OVERWRITE', 'RENAME', 'ERROR']);
const mapping = z.array(z.object({ from: z.string(), to: z.string() }).readonly()).readonly();

/** What a restore wants the database to become. */
const source = z.discriminatedUnion('kind', [
  z
    .object({
      kind: z.literal('BACKUP'),
      backupId: z.string(),
      /** The configured id of the database that the backup is of, where that is another. Older records do not say. */
      backupDatabase: z.string().optional(),
      conflictPolicy: policy,
      exact: z.boolean(),
      filter: resourceFilterSchema.optional(),
      mapping: mapping.optional(),
    })
    .readonly(),
  /** What it was before another restore. */
  z
    .object({
      kind: z.literal('UNDO'),
      restoreId: z.string(),
      /** Of the restore that is undone. */
      backupId: z.string(),
      backupDatabase: z.string().optional(),
      /** NOT_CONFIRMED: nobody asked for it, the time for the confirmation was up. */
      cause: z.enum(['ASKED', 'NOT_CONFIRMED']),
    })
    .readonly(),
]);

/** An object of the store by which it is known whether it is as it was written. */
const keptObject = z
  .object({
    key: z.string(),
    /** Bytes as stored. */
    size: count,
    /** SHA-256 of the bytes as stored. */
    digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  })
  .readonly();

/** What every version of a record has. */
const common = {
  id: z.string().min(1),
  /** The configured id of the database. */
  database: z.string(),
  dryRun: z.boolean(),
  force: z.boolean(),
  sync: z.enum(['NONE', 'SB', 'HV']).default('NONE'),
  verify: z.enum(VERIFY_MODES).default('ASSERTIONS'),
  confirmWithinSeconds: z.int().positive().optional(),
  /** It was to be confirmed until this instant, or is undone. */
  confirmBefore: instantText.optional(),
  /** The restore that undid it. */
  undoneBy: z.string().optional(),
  phase: z.enum(RESTORE_PHASES),
  startedBy: z.string(),
  startedAt: instantText,
  finishedAt: instantText.optional(),
  result: resultSchema.optional(),
  /** While the transaction may be under way. */
  witnesses: z.array(witness).readonly().optional(),
  /** It is of an encrypted backup: its list of changes for people is sealed with that one's key. */
  sealed: z.boolean().optional(),
  /** While it is applied in steps: a crash in between leaves some of them done, which are then undone. */
  stepped: z.boolean().optional(),
};

const recordSchema = z
  .object({
    format: z.literal(RESTORE_FORMAT),
    ...common,
    source,
    /** What the database says of itself, after this restore: see database-identity.ts. */
    identity: z.string().optional(),
    /** What it said of itself before, null where it said nothing, and where it was. */
    identityBefore: z.string().nullable().optional(),
    remotes: z.array(z.string()).readonly().optional(),
    /** What undoing needs. Records of version 1 have none, and their list no digest. */
    undoList: keptObject.optional(),
    /** The list of changes for people; the one for undoing where there is none. */
    changeList: keptObject.optional(),
  })
  .readonly();

/** Until OVNCP 0.1: source and undo in one. */
const recordSchema1 = z.object({
  format: z.literal('ovncp-restore/1'),
  ...common,
  backupId: z.string(),
  conflictPolicy: policy,
  exact: z.boolean(),
  filter: resourceFilterSchema.optional(),
  mapping: mapping.optional(),
  undoOf: z.string().optional(),
});

export type RestoreRecord = z.infer<typeof recordSchema>;
export type RestoreSource = RestoreRecord['source'];
export type KeptObject = z.infer<typeof keptObject>;
export type RestoreResult = z.infer<typeof resultSchema>;
export type Witness = z.infer<typeof witness>;

/** The restore that this one undoes. */
export function undoOf({ source: from }: RestoreRecord): string | undefined {
  return from.kind === 'UNDO' ? from.restoreId : undefined;
}

/** Configured ids of the databases that it is about: what it changes, and what its backup is of. */
export function databasesOf({ database, source: { backupDatabase = database } }: RestoreRecord): readonly string[] {
  return backupDatabase === database ? [database] : [database, backupDatabase];
}

/** The policy as people know it: an undo overwrites. */
export function policyOf({ source: from }: RestoreRecord): z.infer<typeof policy> {
  return from.kind === 'UNDO' ? 'OVERWRITE' : from.conflictPolicy;
}

function fromVersion1(old: z.infer<typeof recordSchema1>): RestoreRecord {
  const { backupId, conflictPolicy, exact, filter, mapping: mapped, undoOf: restoreId, ...rest } = old;
  return {
    ...rest,
    format: RESTORE_FORMAT,
    source:
      restoreId === undefined
        ? { kind: 'BACKUP', backupId, conflictPolicy, exact, ...defined({ filter, mapping: mapped }) }
        : { kind: 'UNDO', restoreId, backupId, cause: 'ASKED' },
  };
}

export function restoreRecordBytes(record: RestoreRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record)}\n`);
}

/** @throws AppError INTEGRITY_FAILED */
export function parseRestoreRecord(bytes: Buffer): RestoreRecord {
  if (bytes.length === 0) throw new AppError('INTEGRITY_FAILED', 'it is empty');
  try {
    const record = z
      .discriminatedUnion('format', [recordSchema.unwrap(), recordSchema1])
      .parse(JSON.parse(bytes.toString()));
    return record.format === RESTORE_FORMAT ? record : fromVersion1(record);
  } catch (error) {
    throw new AppError('INTEGRITY_FAILED', `it is no restore record that this version reads: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
