/** What the contract says of restores. */
import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { defined } from '../../../lib/defined.js';
import { isFinal } from '../../../service/restore/life/life.js';
import type { RestoreProgress as ServiceProgress } from '../../../service/restore/record/restore-progress.js';
import { policyOf, type RestoreRecord, undoOf } from '../../../service/restore/record/restore-record.js';
import type { Restore as ServiceRestore } from '../../../service/restore/record/restore-registry.js';
import { PulledIn } from '../common/filter.type.js';
import { OperationError } from '../common/operation-error.type.js';
import { PageInfo } from '../common/page.type.js';
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
    'What becomes of a row of the backup that is live too. A row that is not is inserted under every policy, with ' +
    'every reference that the backup holds to it',
  valuesConfig: {
    SKIP: { description: 'It is left as it is' },
    OVERWRITE: { description: 'It is updated in place, only the columns that differ; its UUID stays' },
    RENAME: {
      description:
        'Switches, routers, port groups and whatever else has a name come in as a copy beside it, suffixed ' +
        '_restored_<time>, with every reference inside the copy moved along',
    },
    ERROR: { description: 'If any differs from the backup nothing is done, and every conflict is named' },
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
  valuesConfig: {
    RECOVERING: {
      description: 'Its end was not seen, for a crash or a lost answer: the database is being asked',
    },
    CONVERGING: { description: 'Waiting for northd, or the chassis too, to take the change over' },
    AWAITING_CONFIRMATION: { description: 'In the database; undone by itself unless confirmRestore comes in time' },
    UNDONE: { description: 'What it changed was put back' },
  },
});

@ObjectType()
export class ResourceRestoreDetail {
  @Field(() => String, {
    description:
      'switches, routers, ports, router_ports, acls, load_balancers, nats, dhcp_options, qos_rules, port_groups, ' +
      'address_sets; any other table by its own name in lower case',
  })
  resource!: string;

  @Field(() => String)
  table!: string;

  @Field(() => Int)
  total!: number;

  @Field(() => Int)
  restored!: number;

  @Field(() => Int)
  skipped!: number;

  @Field(() => Int, { description: 'Of skipped: rows that differ from the backup and were left as they are' })
  differing!: number;

  @Field(() => Int)
  deleted!: number;

  @Field(() => Int)
  failed!: number;
}

@ObjectType()
export class OwnerCount {
  @Field(() => String, { description: 'Neutron, ovn-kubernetes, kube-ovn or ovn-ic' })
  owner!: string;

  @Field(() => Int)
  inserted!: number;

  @Field(() => Int)
  updated!: number;

  @Field(() => Int)
  deleted!: number;
}

@ObjectType()
export class RestoreResult {
  /** For the pages of changes; not in the schema. */
  readonly restoreId!: string;
  readonly decryptionKey?: string | undefined;

  @Field(() => Boolean)
  success!: boolean;

  @Field(() => Boolean)
  dryRun!: boolean;

  @Field(() => Int)
  restoredCount!: number;

  @Field(() => Int)
  skippedCount!: number;

  @Field(() => Int, { description: 'Of skippedCount: rows that differ from the backup and were left as they are' })
  differingCount!: number;

  @Field(() => Int)
  deletedCount!: number;

  @Field(() => Int)
  errorCount!: number;

  @Field(() => [ResourceRestoreDetail])
  details!: readonly ResourceRestoreDetail[];

  @Field(() => [String])
  warnings!: readonly string[];

  @Field(() => [OperationError])
  errors!: readonly OperationError[];

  @Field(() => String, { description: 'Seconds with three decimals and an s, e.g. 1.234s' })
  processingTime!: string;

  @Field(() => Float, {
    nullable: true,
    description:
      'How long northd, or northd and the chassis, took to take the change over; null without sync, and where they ' +
      'did not within the limit',
  })
  convergenceSeconds?: number | undefined;

  @Field(() => Int, {
    description:
      'Transactions that it took: one, or on a cluster several for a large plan; 0 when nothing was to be changed',
  })
  steps!: number;

  @Field(() => [OwnerCount], {
    description: 'Whose rows it changes, by their marks. Rows without a mark are not counted',
  })
  owners!: readonly OwnerCount[];

  @Field(() => [PulledIn], { description: 'With a filter: rows that nobody named and that come along, the first 500' })
  pulledIn!: readonly PulledIn[];

  @Field(() => Int, { description: 'How many rows come along' })
  pulledInCount!: number;
}

function resultOf(record: RestoreRecord, decryptionKey?: string): RestoreResult | undefined {
  const { id: restoreId, result } = record;
  if (result === undefined || (!isFinal(record.phase) && record.phase !== 'AWAITING_CONFIRMATION')) return undefined;
  const { changes: _counts, ...rest } = result;
  return { restoreId, decryptionKey, ...rest };
}

@ObjectType()
export class RestoreProgress {
  @Field(() => ID)
  restoreId!: string;

  @Field(() => RestorePhase)
  phase!: RestorePhase;

  @Field(() => BigIntScalar, { description: 'Rows done and rows in all, in this phase' })
  completed!: number;

  @Field(() => BigIntScalar)
  total!: number;

  @Field(() => Float, { description: '0 to 1 over the whole restore, never falling' })
  fraction!: number;

  @Field(() => String)
  message!: string;

  @Field(() => DateTime)
  at!: string;

  @Field(() => DateTime, {
    nullable: true,
    description: 'While it awaits confirmation: the restore undoes itself at this instant',
  })
  confirmBefore?: string | undefined;

  @Field(() => Int, { nullable: true, description: 'While it awaits confirmation: the time left' })
  secondsLeft?: number | undefined;

  @Field(() => RestoreResult, { nullable: true, description: 'Set in the last event' })
  result?: RestoreResult | undefined;
}

export function restoreProgressOf(
  { record }: ServiceRestore,
  { result, phase, ...rest }: ServiceProgress,
): RestoreProgress {
  return { ...rest, phase: RestorePhase[phase], ...defined({ result: result && resultOf(record) }) };
}

@ObjectType()
export class Restore {
  readonly backupId!: string;
  readonly undoOfId?: string | undefined;
  readonly undoneById?: string | undefined;

  @Field(() => ID)
  id!: string;

  @Field(() => String)
  database!: string;

  @Field(() => Boolean)
  dryRun!: boolean;

  @Field(() => ConflictPolicy)
  conflictPolicy!: ConflictPolicy;

  @Field(() => RestorePhase)
  phase!: RestorePhase;

  @Field(() => RestoreProgress)
  progress!: RestoreProgress;

  @Field(() => String)
  startedBy!: string;

  @Field(() => DateTime)
  startedAt!: string;

  @Field(() => DateTime, { nullable: true })
  finishedAt?: string | undefined;

  @Field(() => RestoreResult, { nullable: true, description: 'Set once the restore has ended, or awaits confirmation' })
  result?: RestoreResult | undefined;

  @Field(() => DateTime, {
    nullable: true,
    description: 'While it awaits confirmation: it undoes itself at this instant',
  })
  confirmBefore?: string | undefined;
}

/** @param decryptionKey that whoever asks has given: what is sealed with it is shown in the same answer */
export function restoreOf(restore: ServiceRestore, decryptionKey?: string): Restore {
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
    progress: restoreProgressOf(restore, restore.feed.current),
    startedBy,
    startedAt,
    finishedAt,
    result: resultOf(restore.record, decryptionKey),
  };
}

@ObjectType()
export class RestoreConnection {
  @Field(() => [Restore])
  nodes!: readonly Restore[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  @Field(() => Int)
  totalCount!: number;
}
