/** What the contract says of drills. */
import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { recordOf } from '../../../lib/record-of.js';
import { DRILL_PHASES, verdictOf } from '../../../service/drill/drill-record.js';
import type { Drill as ServiceDrill } from '../../../service/drill/drill-registry.js';
import { Backup, backupOf } from '../backup/backup.type.js';
import { OperationError } from '../common/operation-error.type.js';
import { PAGE_INFO, PageInfo, TOTAL_COUNT } from '../common/page.type.js';
import { BigIntScalar, DateTime } from '../common/scalars.js';

const DrillPhase = recordOf(DRILL_PHASES, (phase) => phase);
type DrillPhase = (typeof DRILL_PHASES)[number];
registerEnumType(DrillPhase, {
  name: 'DrillPhase',
  description: 'What a drill is doing, or how it ended',
  valuesConfig: {
    QUEUED: { description: 'It waits for its turn' },
    RESTORING: { description: 'It reads the backup, and restores it into an empty database' },
    COMPARING: { description: 'It reads every row back, and compares it with the backup' },
    NORTHD: { description: 'ovn-northd works on the database, until its flows stand' },
    SUCCEEDED: { description: 'The backup is proven restorable' },
    FAILED: { description: 'The backup is not proven restorable: see its error' },
    CANCELLED: { description: 'It was cancelled' },
  },
});

@ObjectType({
  description:
    'A backup restored by the means of real restores into a scratch database of this machine, and compared row by row',
})
export class Drill {
  @Field(() => ID, { description: 'Id of the drill, and of its job: cancelJob cancels it' })
  id!: string;

  @Field(() => Backup, { description: 'The backup that is restored' })
  backup!: Backup;

  @Field(() => DrillPhase, { description: 'What it is doing, or how it ended' })
  phase!: DrillPhase;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'true if the backup is proven restorable, false if not; null while that is not known, and where ' +
      'the drill failed for a reason that says nothing of the backup',
  })
  success?: boolean | undefined;

  @Field(() => String, { description: 'Name of the token that asked for it' })
  startedBy!: string;

  @Field(() => DateTime, { description: 'When it was asked for' })
  startedAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it ended; null while it runs' })
  finishedAt?: string | undefined;

  @Field(() => String, {
    description: 'How far it is, or how it ended, in words: Proven restorable on 2026-01-15 in 2.1 s ...',
  })
  message!: string;

  @Field(() => BigIntScalar, { nullable: true, description: 'Rows that were read back and compared' })
  rowsCompared?: number | undefined;

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds from reading the backup until all of it was in the database',
  })
  restoreSeconds?: number | undefined;

  @Field(() => Float, { nullable: true, description: 'Seconds that comparing took' })
  compareSeconds?: number | undefined;

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds from the start of ovn-northd until its flows stood; null if it did not run',
  })
  northdSeconds?: number | undefined;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'How many logical flows ovn-northd made; null if it did not run',
  })
  logicalFlows?: number | undefined;

  @Field(() => [String], {
    description:
      'What ovn-northd found fault with, each once. Of an encrypted backup the texts are only in the answer to ' +
      'drillBackup',
  })
  northdWarnings!: readonly string[];

  @Field(() => [String], { description: 'Rows that are not in the database as the backup has them. The first 100' })
  differences!: readonly string[];

  @Field(() => [String], { description: 'What the restore left out, and why ovn-northd did not run' })
  notes!: readonly string[];

  @Field(() => OperationError, { nullable: true, description: 'Why it failed or was cancelled' })
  error?: OperationError | undefined;
}

@ObjectType({ description: 'A page of drills' })
export class DrillConnection {
  @Field(() => [Drill], { description: 'The drills of the page' })
  nodes!: readonly Drill[];

  @Field(() => PageInfo, PAGE_INFO)
  pageInfo!: PageInfo;

  @Field(() => Int, TOTAL_COUNT)
  totalCount!: number;
}

export function drillOf({ record, backup }: ServiceDrill): Drill {
  const { format: _format, backupId: _backupId, database: _database, ...rest } = record;
  return { ...rest, backup: backupOf(backup), success: verdictOf(record) };
}
