/**
 * What the contract says of jobs: whatever takes long, restores apart. Some names are from when only backups were jobs.
 */
import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { recordOf } from '../../../lib/record-of.js';
import type { Catalog } from '../../../service/backup/catalog/catalog.js';
import { isEnded, JOB_KINDS, JOB_PHASES, type JobRecord } from '../../../service/job/job-record.js';
import type { Job } from '../../../service/job/jobs.js';
import { OperationError } from '../common/operation-error.type.js';
import { PAGE_INFO, PageInfo, TOTAL_COUNT } from '../common/page.type.js';
import { BigIntScalar, DateTime } from '../common/scalars.js';
import { Backup, backupOf } from './backup.type.js';

export const JobKind = recordOf(JOB_KINDS, (kind) => kind);
export type JobKind = (typeof JOB_KINDS)[number];
registerEnumType(JobKind, {
  name: 'JobKind',
  description: 'What a job does',
  valuesConfig: {
    BACKUP: { description: 'It makes a backup' },
    IMPORT: { description: 'It stores a file as a backup' },
    VERIFY: { description: 'It reads a stored backup and checks it' },
    DRILL: { description: 'It restores a stored backup into a scratch database, and compares every row' },
    EXPIRE: { description: 'It takes backups away that a retention policy does not keep' },
    MERGE: { description: 'It makes backups whole that build on one that is to be deleted' },
  },
});

const BackupPhase = recordOf(JOB_PHASES, (phase) => phase);
type BackupPhase = (typeof JOB_PHASES)[number];
registerEnumType(BackupPhase, {
  name: 'BackupPhase',
  description: 'What a job is doing, or how it ended',
  valuesConfig: {
    QUEUED: { description: 'It waits for its turn' },
    CAPTURING: { description: 'It reads the database, the file or the backup' },
    STORING: { description: 'It writes the backup' },
    SUCCEEDED: { description: 'It has done its work' },
    FAILED: { description: 'It did not succeed: see its error. Also if the server crashed or was stopped meanwhile' },
    CANCELLED: { description: 'It was cancelled, and nothing of it was stored' },
  },
});

@ObjectType({ description: 'How far a job is' })
export class BackupProgress {
  @Field(() => ID, { description: 'Id of the job' })
  jobId!: string;

  @Field(() => JobKind, { description: 'What the job does' })
  kind!: JobKind;

  @Field(() => ID, { description: 'Id of the database' })
  database!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'Id of the backup that it made, or looks at; null while that is not known',
  })
  backupId?: string | undefined;

  @Field(() => BackupPhase, { description: 'What it is doing' })
  phase!: BackupPhase;

  @Field(() => BigIntScalar, { description: 'Rows that are done' })
  rows!: number;

  @Field(() => BigIntScalar, { nullable: true, description: 'Rows in all; null until that is known' })
  totalRows?: number | undefined;

  @Field(() => BigIntScalar, { description: 'Bytes that were written so far' })
  bytes!: number;

  @Field(() => Float, { description: 'How much of the job is done, from 0 to 1; it never falls' })
  fraction!: number;

  @Field(() => String, { description: 'The same in words, for a person' })
  message!: string;

  @Field(() => DateTime, { description: 'When this was so' })
  at!: string;

  @Field(() => Backup, { nullable: true, description: 'In the last event of a job that succeeded: the backup' })
  backup?: Backup | undefined;

  @Field(() => OperationError, {
    nullable: true,
    description: 'In the last event of a job that failed or was cancelled: why',
  })
  error?: OperationError | undefined;
}

@ObjectType({ description: 'A backup, an import, a validation or a drill, running or ended' })
export class BackupJob {
  @Field(() => ID, {
    description: 'Id of the job. Of a backup or an import it is also the id of the backup that it makes',
  })
  id!: string;

  @Field(() => JobKind, { description: 'What the job does' })
  kind!: JobKind;

  @Field(() => ID, { description: 'Id of the database' })
  database!: string;

  @Field(() => String, { description: 'Name of the token that asked for it' })
  startedBy!: string;

  @Field(() => DateTime, { description: 'When it was asked for' })
  startedAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it ended; null while it runs' })
  finishedAt?: string | undefined;

  @Field(() => BackupPhase, { description: 'What it is doing, or how it ended' })
  phase!: BackupPhase;

  @Field(() => BackupProgress, { description: 'How far it is, or was at its end' })
  progress!: BackupProgress;

  @Field(() => Backup, {
    nullable: true,
    description: 'The backup that it made or checked; null while it runs, and after the backup was deleted',
  })
  backup?: Backup | undefined;

  @Field(() => ID, {
    nullable: true,
    description: 'Id of the backup that it made, or looks at; also if that was deleted',
  })
  backupId?: string | undefined;

  @Field(() => OperationError, { nullable: true, description: 'Why it failed or was cancelled' })
  error?: OperationError | undefined;
}

@ObjectType({ description: 'A page of jobs' })
export class BackupJobConnection {
  @Field(() => [BackupJob], { description: 'The jobs of the page' })
  nodes!: readonly BackupJob[];

  @Field(() => PageInfo, PAGE_INFO)
  pageInfo!: PageInfo;

  @Field(() => Int, TOTAL_COUNT)
  totalCount!: number;
}

export function jobOf({ record }: Job, catalog: Catalog): BackupJob {
  const { id, kind, database, startedBy, startedAt, finishedAt, phase, backupId } = record;
  const progress = jobProgressOf(record, catalog);
  const { backup, error } = progress;
  return { id, kind, database, startedBy, startedAt, finishedAt, phase, progress, backup, backupId, error };
}

export function jobProgressOf(
  { id, kind, database, phase, progress, backupId, error }: JobRecord,
  catalog: Catalog,
): BackupProgress {
  const backup = isEnded(phase) && backupId !== undefined ? catalog.find(backupId) : undefined;
  return { ...progress, jobId: id, kind, database, backupId, phase, backup: backup && backupOf(backup), error };
}
