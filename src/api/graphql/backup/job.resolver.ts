/** Jobs in GraphQL: backups, imports and validations as they run, and as they ended. */
import { Arg, Ctx, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { pageById } from '../../../lib/page.js';
import type { Catalog } from '../../../service/backup/catalog.js';
import { permit } from '../../../service/command/command.js';
import { cancelJob, getJob, listJobs } from '../../../service/job/job-command.js';
import type { JobRecord } from '../../../service/job/job-record.js';
import type { Jobs } from '../../../service/job/jobs.js';
import type { ApiContext } from '../../http/request-context.js';
import { ask } from '../common/ask.js';
import { FOLLOW_JOB, FOLLOW_JOBS } from '../common/subscription-topic.js';
import { unlessNotFound } from '../common/unless-not-found.js';
import { BackupJob, BackupJobConnection, BackupProgress, JobKind, jobOf, jobProgressOf } from './job.type.js';

@Resolver(() => BackupJob)
export class JobResolver {
  constructor(
    private readonly jobs: Jobs,
    private readonly catalog: Catalog,
  ) {}

  @Query(() => BackupJobConnection, {
    name: 'jobs',
    description: 'Newest first; those of the last days too. Restores are listed by themselves',
  })
  async list(
    @Ctx() context: ApiContext,
    @Arg('kind', () => JobKind, { nullable: true }) kind: JobKind | null,
    @Arg('database', () => ID, { nullable: true }) database: string | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
  ): Promise<BackupJobConnection> {
    const found = await ask(context, listJobs, this.jobs, { kind, database });
    const idOf = ({ record }: (typeof found)[number]): string => record.id;
    const { nodes, totalCount, ...pageInfo } = pageById(found, idOf, first ?? 50, after ?? undefined);
    return { nodes: nodes.map((job) => jobOf(job, this.catalog)), totalCount, pageInfo };
  }

  @Query(() => BackupJob, { nullable: true })
  backupJob(@Ctx() context: ApiContext, @Arg('id', () => ID) id: string): Promise<BackupJob | null> {
    return unlessNotFound(async () => jobOf(await ask(context, getJob, this.jobs, { jobId: id }), this.catalog));
  }

  @Mutation(() => BackupJob, {
    description:
      'Answers when the job has ended: CANCELLED, or SUCCEEDED where it was done before it could be cancelled',
  })
  async cancelJob(@Ctx() context: ApiContext, @Arg('id', () => ID) id: string): Promise<BackupJob> {
    return jobOf(await ask(context, cancelJob, this.jobs, { jobId: id }, { jobId: 'id' }), this.catalog);
  }

  @Subscription(() => BackupProgress, {
    description: 'Of any job: the state as it is now first, then every step; ends after the last event',
    topics: FOLLOW_JOB,
    topicId: ({ args, context }: { args: { jobId?: string }; context: ApiContext }) => {
      permit(getJob, context.viewer);
      return args.jobId;
    },
  })
  backupProgress(@Root() record: JobRecord, @Arg('jobId', () => ID) _jobId: string): BackupProgress {
    return jobProgressOf(record, this.catalog);
  }

  @Subscription(() => BackupProgress, {
    description: 'Every step of every job from now on',
    topics: FOLLOW_JOBS,
    topicId: ({ context }: { context: ApiContext }) => {
      permit(listJobs, context.viewer);
      return undefined;
    },
  })
  jobActivity(@Root() record: JobRecord): BackupProgress {
    return jobProgressOf(record, this.catalog);
  }
}
