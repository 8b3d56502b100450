/** What the contract says of retention. */
import { Field, InputType, Int, ObjectType } from 'type-graphql';
import { policyInput } from '../../../service/retention/retention-policy.js';
import type { RetentionReport as ServiceReport } from '../../../service/retention/retention-service.js';
import { Backup, backupOf } from '../backup/backup.type.js';
import { about } from '../common/about.js';
import { BigIntScalar } from '../common/scalars.js';

const COUNT = { nullable: true } as const;

@InputType({
  description:
    'Which backups are kept: those that any of the rules keeps. At least one rule is needed. Rules count in each ' +
    'database and resource filter by itself, and imported backups are counted apart. Always kept are: pinned ones, ' +
    'those in use, the newest good one and the newest verified one, those from the future, and what a ' +
    'kept one builds on. One that cannot be read counts for no rule',
})
export class RetentionPolicyInput {
  @Field(() => Int, { ...COUNT, ...about(policyInput, 'keepLast') })
  keepLast?: number | null;

  @Field(() => Int, { ...COUNT, ...about(policyInput, 'keepHourly') })
  keepHourly?: number | null;

  @Field(() => Int, { ...COUNT, ...about(policyInput, 'keepDaily') })
  keepDaily?: number | null;

  @Field(() => Int, { ...COUNT, ...about(policyInput, 'keepWeekly') })
  keepWeekly?: number | null;

  @Field(() => Int, { ...COUNT, ...about(policyInput, 'keepMonthly') })
  keepMonthly?: number | null;

  @Field(() => Int, { ...COUNT, ...about(policyInput, 'keepYearly') })
  keepYearly?: number | null;

  @Field(() => String, { ...COUNT, ...about(policyInput, 'keepWithin') })
  keepWithin?: string | null;

  @Field(() => [String], { ...COUNT, ...about(policyInput, 'keepTags') })
  keepTags?: string[] | null;
}

@ObjectType({ description: 'A backup that a retention policy keeps, and why' })
export class KeptBackup {
  @Field(() => Backup, { description: 'The backup' })
  backup!: Backup;

  @Field(() => [String], { description: 'Why it is kept, such as "daily 3 of 7", "pinned" or "newest". At least one' })
  reasons!: readonly string[];
}

@ObjectType({ description: 'What a retention policy keeps, and what it takes away' })
export class RetentionReport {
  @Field(() => Boolean, { description: 'true: nothing was deleted' })
  dryRun!: boolean;

  @Field(() => [KeptBackup], { description: 'Backups that are kept, newest first' })
  kept!: readonly KeptBackup[];

  @Field(() => [Backup], {
    description: 'Backups that were deleted, or would be. Each stands before what it builds on',
  })
  expired!: readonly Backup[];

  @Field(() => BigIntScalar, { description: 'Bytes of their stored files' })
  bytesFreed!: number;
}

export function reportOf({ dryRun, kept, expired, bytesFreed }: ServiceReport): RetentionReport {
  return {
    dryRun,
    kept: kept.map(({ backup, reasons }) => ({ backup: backupOf(backup), reasons })),
    expired: expired.map(backupOf),
    bytesFreed,
  };
}
