/** What the contract says of restores. */
import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { defined } from '../../../lib/defined.js';
import { OWN_SPELLING } from '../../../service/command/spelling.js';
import { errorsTold, progressTold } from '../../../service/restore/conflicts-refused.js';
import {
  hasOutcome,
  progressNow,
  type RestoreProgress as ServiceProgress,
  warningsNow,
} from '../../../service/restore/record/restore-progress.js';
import {
  policyOf,
  RESOURCE_ABOUT,
  type RestoreRecord,
  undoOf,
} from '../../../service/restore/record/restore-record.js';
import type { Restore as ServiceRestore } from '../../../service/restore/record/restore-registry.js';
import { PulledIn } from '../common/filter.type.js';
import { OperationError } from '../common/operation-error.type.js';
import { PAGE_INFO, PageInfo, TOTAL_COUNT } from '../common/page.type.js';
import { BigIntScalar, DateTime } from '../common/scalars.js';

export enum ConflictPolicy {
  SKIP = 'SKIP',
  OVERWRITE = 'OVERWRITE',
  RENAME = 'RENAME',
  ERROR = 'ERROR',
}
registerEnumType(ConflictPolicy, {
  name: 'ConflictPolicy',
  description:
    'What happens to a row of the backup that the database has too. A row that the database does not have is ' +
    'inserted under every policy, with the references to it that the backup has',
  valuesConfig: {
    SKIP: { description: 'The row of the database is left as it is, even if it differs' },
    OVERWRITE: { description: 'The row of the database is changed back. Its UUID stays, and so do equal columns' },
    RENAME: {
      description:
        'The row of the database stays. A copy is made beside it: names get the suffix _restored_<time>, and ' +
        'references inside the copy point to the copy',
    },
    ERROR: { description: 'If any row differs, nothing is done, and every difference is named' },
  },
});

export enum RestorePhase {
  QUEUED = 'QUEUED',
  READING = 'READING',
  PLANNING = 'PLANNING',
  APPLYING = 'APPLYING',
  RECOVERING = 'RECOVERING',
  VERIFYING = 'VERIFYING',
  CONVERGING = 'CONVERGING',
  AWAITING_CONFIRMATION = 'AWAITING_CONFIRMATION',
  SUCCEEDED = 'SUCCEEDED',
  FAILED = 'FAILED',
  CANCELLED = 'CANCELLED',
  UNDONE = 'UNDONE',
}
registerEnumType(RestorePhase, {
  name: 'RestorePhase',
  description: 'What a restore is doing, or how it ended',
  valuesConfig: {
    QUEUED: { description: 'It waits for its turn, or for another restore of the database' },
    READING: { description: 'It reads the backup and the database' },
    PLANNING: { description: 'It compares them and plans the changes' },
    APPLYING: { description: 'It sends the changes to the database. From here on it cannot be cancelled' },
    RECOVERING: {
      description:
        'The answer of the database was lost, or the server crashed. It finds out what the database has done',
    },
    VERIFYING: { description: 'It checks that the changes are in the database' },
    CONVERGING: { description: 'It waits until northd, or the chassis too, have applied the change' },
    AWAITING_CONFIRMATION: {
      description: 'The changes are in the database. It undoes itself unless confirmRestore comes in time',
    },
    SUCCEEDED: { description: 'The changes are in the database, or there was nothing to change' },
    FAILED: { description: 'It did not succeed. The database is as it was, unless the error is UNDO_IMPOSSIBLE' },
    CANCELLED: { description: 'It was cancelled before it changed anything' },
    UNDONE: { description: 'Another restore has undone it: see undoneBy. If that was undone too, the warnings say so' },
  },
});

@ObjectType({ description: 'What a restore does in one table' })
export class ResourceRestoreDetail {
  @Field(() => String, { description: `Kind of the rows: ${RESOURCE_ABOUT}` })
  resource!: string;

  @Field(() => String, { description: 'Name of the table, such as Logical_Switch' })
  table!: string;

  @Field(() => Int, { description: 'Rows of this table that were looked at: restored, skipped and failed' })
  total!: number;

  @Field(() => Int, { description: 'Rows that are inserted or updated' })
  restored!: number;

  @Field(() => Int, { description: 'Rows that are left as they are' })
  skipped!: number;

  @Field(() => Int, { description: 'Of skipped: rows that differ from the backup, or that only one side has' })
  differing!: number;

  @Field(() => Int, { description: 'Rows that are deleted' })
  deleted!: number;

  @Field(() => Int, { description: 'Rows that could not be planned' })
  failed!: number;
}

@ObjectType({
  description:
    'How many rows of one owner a restore changes. The owner is known by the marks that it leaves on its rows',
})
export class OwnerCount {
  @Field(() => String, { description: 'Neutron, ovn-kubernetes, kube-ovn or ovn-ic' })
  owner!: string;

  @Field(() => Int, { description: 'Rows that are inserted' })
  inserted!: number;

  @Field(() => Int, { description: 'Rows that are updated' })
  updated!: number;

  @Field(() => Int, { description: 'Rows that are deleted' })
  deleted!: number;
}

@ObjectType({ description: 'What a restore did, or what a dry run would do' })
export class RestoreResult {
  /** For the pages of changes; not in the schema. */
  readonly restoreId!: string;
  readonly decryptionKey?: string | undefined;

  @Field(() => Boolean, {
    description: 'True if every planned change is in the database. Of a dry run: true if the plan can be applied',
  })
  success!: boolean;

  @Field(() => Boolean, { description: 'True if nothing was changed, as it was only a dry run' })
  dryRun!: boolean;

  @Field(() => Int, {
    description:
      'Rows that were inserted or updated, or in a dry run would be. Changes of kind INSERT and UPDATE together',
  })
  restoredCount!: number;

  @Field(() => Int, { description: 'Rows that were left as they are, equal or not' })
  skippedCount!: number;

  @Field(() => Int, {
    description: 'Of skippedCount: rows that differ from the backup, or that only one side has',
  })
  differingCount!: number;

  @Field(() => Int, { description: 'Rows that were deleted, or in a dry run would be' })
  deletedCount!: number;

  @Field(() => Int, { description: 'How many errors there are' })
  errorCount!: number;

  @Field(() => [ResourceRestoreDetail], { description: 'The same counts for each table' })
  details!: readonly ResourceRestoreDetail[];

  @Field(() => [String], { description: 'What to know although it is no error' })
  warnings!: readonly string[];

  @Field(() => [OperationError], { description: 'Why it did not succeed' })
  errors!: readonly OperationError[];

  @Field(() => String, { description: "How long it took, such as '1.234s'" })
  processingTime!: string;

  @Field(() => Float, {
    nullable: true,
    description:
      'With sync: how long northd, or the chassis too, took to apply the change. null if they did not in time',
  })
  convergenceSeconds?: number | undefined;

  @Field(() => Int, {
    description:
      'How many transactions it took: one, or on a cluster several for a large plan. 0 if there was nothing to ' +
      'change',
  })
  steps!: number;

  @Field(() => [OwnerCount], { description: 'Whose rows it changes. Rows without a mark of an owner are not counted' })
  owners!: readonly OwnerCount[];

  @Field(() => [PulledIn], {
    description: 'With a filter: rows that nobody named, and that come along because others need them. The first 500',
  })
  pulledIn!: readonly PulledIn[];

  @Field(() => Int, { description: 'How many rows come along in all' })
  pulledInCount!: number;
}

function resultOf(record: RestoreRecord, progress: ServiceProgress, decryptionKey?: string): RestoreResult | undefined {
  const { id: restoreId, result } = record;
  if (result === undefined || !hasOutcome(record.phase)) return undefined;
  const { changes: _counts, ...rest } = result;
  const errors = errorsTold(record, result.errors, OWN_SPELLING);
  return { restoreId, decryptionKey, ...rest, errors, warnings: warningsNow(record, progress) };
}

@ObjectType({ description: 'How far a restore is' })
export class RestoreProgress {
  @Field(() => ID, { description: 'Id of the restore' })
  restoreId!: string;

  @Field(() => String, { description: 'Id of the database' })
  database!: string;

  @Field(() => ID, {
    description: 'Id of the backup, also if that was deleted. Of an undo: that of the restore that it undoes',
  })
  backupId!: string;

  @Field(() => Boolean, { description: 'True if it changes nothing' })
  dryRun!: boolean;

  @Field(() => ID, { nullable: true, description: 'Of an undo: id of the restore that it undoes' })
  undoOfId?: string | undefined;

  @Field(() => RestorePhase, { description: 'What it is doing' })
  phase!: RestorePhase;

  @Field(() => BigIntScalar, {
    description: 'Rows that are done in this phase. Not every phase counts rows: for a bar, use fraction',
  })
  completed!: number;

  @Field(() => BigIntScalar, { description: 'Rows in this phase; 0 while they are not known' })
  total!: number;

  @Field(() => Float, {
    description: 'How much of the restore is done, from 0 to 1, for a progress bar; it never falls',
  })
  fraction!: number;

  @Field(() => String, { description: 'The same in words, for a person' })
  message!: string;

  @Field(() => DateTime, { description: 'When this was so' })
  at!: string;

  @Field(() => DateTime, { nullable: true, description: 'While it awaits confirmation: when it will undo itself' })
  confirmBefore?: string | undefined;

  @Field(() => Int, { nullable: true, description: 'While it awaits confirmation: seconds until it undoes itself' })
  secondsLeft?: number | undefined;

  @Field(() => RestoreResult, {
    nullable: true,
    description: 'Set in the last event only. While it awaits confirmation, Restore.result has it',
  })
  result?: RestoreResult | undefined;
}

export function restoreProgressOf({ record }: ServiceRestore, progress: ServiceProgress): RestoreProgress {
  const { result, phase, note: _warned, ...rest } = progressTold(record, progress, OWN_SPELLING);
  const { database, dryRun, source } = record;
  return {
    ...rest,
    database,
    backupId: source.backupId,
    dryRun,
    undoOfId: undoOf(record),
    phase: RestorePhase[phase],
    ...defined({ result: result && resultOf(record, progress) }),
  };
}

@ObjectType({ description: 'A restore, running or ended. An undo is a restore too' })
export class Restore {
  readonly undoOfId?: string | undefined;
  readonly undoneById?: string | undefined;

  @Field(() => ID, { description: 'Id of the restore' })
  id!: string;

  @Field(() => ID, {
    description: 'Id of the backup, also if that was deleted. Of an undo: that of the restore that it undoes',
  })
  backupId!: string;

  @Field(() => String, { description: 'Id of the database' })
  database!: string;

  @Field(() => Boolean, { description: 'True if it changes nothing' })
  dryRun!: boolean;

  @Field(() => ConflictPolicy, { description: 'What happens to rows that the database has too' })
  conflictPolicy!: ConflictPolicy;

  @Field(() => RestorePhase, { description: 'What it is doing, or how it ended' })
  phase!: RestorePhase;

  @Field(() => RestoreProgress, { description: 'How far it is' })
  progress!: RestoreProgress;

  @Field(() => String, { description: 'Name of the token that asked for it; ovncp: the server itself' })
  startedBy!: string;

  @Field(() => DateTime, { description: 'When it was asked for' })
  startedAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it ended; null while it runs or awaits confirmation' })
  finishedAt?: string | undefined;

  @Field(() => RestoreResult, { nullable: true, description: 'Set when it has ended, or awaits confirmation' })
  result?: RestoreResult | undefined;

  @Field(() => DateTime, { nullable: true, description: 'While it awaits confirmation: when it will undo itself' })
  confirmBefore?: string | undefined;
}

/** @param decryptionKey that whoever asks has given: what is sealed with it is shown in the same answer */
export function restoreOf(restore: ServiceRestore, decryptionKey?: string): Restore {
  const progress = progressNow(restore);
  const {
    id,
    source,
    database,
    dryRun,
    phase,
    startedBy,
    startedAt,
    finishedAt,
    confirmBefore,
    undoneBy: undoneById,
  } = restore.record;
  return {
    id,
    backupId: source.backupId,
    undoOfId: undoOf(restore.record),
    undoneById,
    confirmBefore: phase === 'AWAITING_CONFIRMATION' ? confirmBefore : undefined,
    database,
    dryRun,
    conflictPolicy: ConflictPolicy[policyOf(restore.record)],
    phase: RestorePhase[phase],
    progress: restoreProgressOf(restore, progress),
    startedBy,
    startedAt,
    finishedAt,
    result: resultOf(restore.record, progress, decryptionKey),
  };
}

@ObjectType({ description: 'A page of restores' })
export class RestoreConnection {
  @Field(() => [Restore], { description: 'The restores of the page' })
  nodes!: readonly Restore[];

  @Field(() => PageInfo, PAGE_INFO)
  pageInfo!: PageInfo;

  @Field(() => Int, TOTAL_COUNT)
  totalCount!: number;
}
