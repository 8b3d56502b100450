/** Jobs in GraphQL: backups, imports, validations and drills as they run, and as they ended. */
import { Arg, Ctx, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { pageById } from '../../../lib/page.js';
import type { Catalog } from '../../../service/backup/catalog/catalog.js';
import { cancelJob, getJob, listJobs } from '../../../service/job/job-command.js';
import { databasesOf, type JobRecord } from '../../../service/job/job-record.js';
import type { Jobs } from '../../../service/job/jobs.js';
import { type ApiContext, reachOf } from '../../http/request-context.js';
import { about } from '../common/about.js';
import { ask, follow } from '../common/ask.js';
import { AFTER, FIRST } from '../common/page.type.js';
import { FOLLOW_JOB, FOLLOW_JOBS } from '../common/subscription-topic.js';
import { unlessNotFound } from '../common/unless-not-found.js';
import { BackupJob, BackupJobConnection, BackupProgress, JobKind, jobOf, jobProgressOf } from './job.type.js';

const JOB_ID = { description: 'Id of the job' };

/** What an import turns out to be of is known only at its end. */
function isSeen({ payload, context }: { payload: JobRecord; context: ApiContext }): boolean {
  return reachOf(context).hasAll(databasesOf(payload));
}

@Resolver(() => BackupJob)
export class JobResolver {
  constructor(
    private readonly jobs: Jobs,
    private readonly catalog: Catalog,
  ) {}

  @Query(() => BackupJobConnection, {
    name: 'jobs',
    description:
      'Lists backups, imports, validations and drills, newest first: running ones, and those that ended in the last ' +
      'week',
  })
  async list(
    @Ctx() context: ApiContext,
    @Arg('kind', () => JobKind, { nullable: true, ...about(listJobs.input, 'kind') }) kind: JobKind | null,
    @Arg('database', () => ID, { nullable: true, ...about(listJobs.input, 'database') }) database: string | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50, ...FIRST }) first: number | null,
    @Arg('after', () => String, { nullable: true, ...AFTER }) after: string | null,
  ): Promise<BackupJobConnection> {
    const found = await ask(context, listJobs, this.jobs, { kind, database });
    const idOf = ({ record }: (typeof found)[number]): string => record.id;
    const { nodes, totalCount, ...pageInfo } = pageById(found, idOf, first ?? 50, after ?? undefined);
    return { nodes: nodes.map((job) => jobOf(job, this.catalog)), totalCount, pageInfo };
  }

  @Query(() => BackupJob, { nullable: true, description: 'One job; null if there is none with this id' })
  backupJob(@Ctx() context: ApiContext, @Arg('id', () => ID, JOB_ID) id: string): Promise<BackupJob | null> {
    return unlessNotFound(async () =>
      jobOf(await ask(context, getJob, this.jobs, { jobId: id }, { jobId: 'id' }), this.catalog),
    );
  }

  @Mutation(() => BackupJob, {
    description:
      'Stops a job, and answers when it has ended: CANCELLED, or SUCCEEDED if it was done before it could be stopped',
  })
  async cancelJob(@Ctx() context: ApiContext, @Arg('id', () => ID, JOB_ID) id: string): Promise<BackupJob> {
    return jobOf(await ask(context, cancelJob, this.jobs, { jobId: id }, { jobId: 'id' }), this.catalog);
  }

  @Subscription(() => BackupProgress, {
    description: 'Follows one job: first its state as it is now, then every step. Ends with the job',
    topics: FOLLOW_JOB,
    topicId: ({ args, context }: { args: { jobId?: string }; context: ApiContext }) =>
      follow(context, getJob, args).jobId,
    filter: isSeen,
  })
  backupProgress(@Root() record: JobRecord, @Arg('jobId', () => ID, JOB_ID) _jobId: string): BackupProgress {
    return jobProgressOf(record, this.catalog);
  }

  @Subscription(() => BackupProgress, {
    description: 'Follows all jobs from now on. It does not end',
    topics: FOLLOW_JOBS,
    topicId: ({ context }: { context: ApiContext }) => {
      follow(context, listJobs, {});
      return undefined;
    },
    filter: isSeen,
  })
  jobActivity(@Root() record: JobRecord): BackupProgress {
    return jobProgressOf(record, this.catalog);
  }
}
