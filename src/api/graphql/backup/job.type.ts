/**
 * What the contract says of jobs: whatever takes long, restores apart. Some names are from when only backups were jobs.
 */
import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { recordOf } from '../../../lib/record-of.js';
import type { Catalog } from '../../../service/backup/catalog.js';
import { isEnded, JOB_KINDS, JOB_PHASES, type JobRecord } from '../../../service/job/job-record.js';
import type { Job } from '../../../service/job/jobs.js';
import { OperationError } from '../common/operation-error.type.js';
import { PageInfo } from '../common/page.type.js';
import { BigIntScalar, DateTime } from '../common/scalars.js';
import { Backup, backupOf } from './backup.type.js';

export const JobKind = recordOf(JOB_KINDS, (kind) => kind);
export type JobKind = (typeof JOB_KINDS)[number];
registerEnumType(JobKind, {
  name: 'JobKind',
  valuesConfig: {
    BACKUP: { description: 'A backup is made' },
    IMPORT: { description: 'A file is taken over as a backup' },
    VERIFY: { description: 'A stored backup is read back and checked' },
  },
});

const BackupPhase = recordOf(JOB_PHASES, (phase) => phase);
type BackupPhase = (typeof JOB_PHASES)[number];
registerEnumType(BackupPhase, {
  name: 'BackupPhase',
  valuesConfig: {
    QUEUED: { description: 'It waits for its turn' },
    CAPTURING: { description: 'What it works on is read: the database, the file, the backup' },
    STORING: { description: 'What it makes is written' },
    FAILED: { description: 'Also one that a crash or a stop of the server interrupted' },
  },
});

@ObjectType()
export class BackupProgress {
  @Field(() => ID)
  jobId!: string;

  @Field(() => BackupPhase)
  phase!: BackupPhase;

  @Field(() => BigIntScalar)
  rows!: number;

  @Field(() => BigIntScalar, { nullable: true })
  totalRows?: number | undefined;

  @Field(() => BigIntScalar)
  bytes!: number;

  @Field(() => Float)
  fraction!: number;

  @Field(() => String)
  message!: string;

  @Field(() => DateTime)
  at!: string;

  @Field(() => Backup, { nullable: true, description: 'Set in the last event: one of the two' })
  backup?: Backup | undefined;

  @Field(() => OperationError, { nullable: true })
  error?: OperationError | undefined;
}

@ObjectType({ description: 'A backup, an import or a validation, running or ended' })
export class BackupJob {
  @Field(() => ID, { description: 'Of a backup or an import also the id of the backup that it makes' })
  id!: string;

  @Field(() => JobKind)
  kind!: JobKind;

  @Field(() => ID)
  database!: string;

  @Field(() => String, { description: 'The subject of the token' })
  startedBy!: string;

  @Field(() => DateTime)
  startedAt!: string;

  @Field(() => DateTime, { nullable: true })
  finishedAt?: string | undefined;

  @Field(() => BackupPhase)
  phase!: BackupPhase;

  @Field(() => BackupProgress)
  progress!: BackupProgress;

  @Field(() => Backup, {
    nullable: true,
    description: 'That it made, or looked at; null while it runs, and when the backup was deleted',
  })
  backup?: Backup | undefined;

  @Field(() => OperationError, { nullable: true })
  error?: OperationError | undefined;
}

@ObjectType()
export class BackupJobConnection {
  @Field(() => [BackupJob])
  nodes!: readonly BackupJob[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  @Field(() => Int)
  totalCount!: number;
}

export function jobOf({ record }: Job, catalog: Catalog): BackupJob {
  const { id, kind, database, startedBy, startedAt, finishedAt, phase } = record;
  const progress = jobProgressOf(record, catalog);
  const { backup, error } = progress;
  return { id, kind, database, startedBy, startedAt, finishedAt, phase, progress, backup, error };
}

export function jobProgressOf({ id, phase, progress, backupId, error }: JobRecord, catalog: Catalog): BackupProgress {
  const backup = isEnded(phase) && backupId !== undefined ? catalog.find(backupId) : undefined;
  return { ...progress, jobId: id, phase, backup: backup && backupOf(backup), error };
}
