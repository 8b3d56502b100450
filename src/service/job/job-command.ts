/** What can be asked of jobs. */
import { z } from 'zod';
import { command } from '../command/command.js';
import { id, optional } from '../command/input-field.js';
import { namedDatabase, type Touched } from '../command/reach.js';
import { databasesOf, JOB_KINDS } from './job-record.js';
import type { Job, Jobs } from './jobs.js';

const READ = ['backups:read'] as const;
const jobId = z.object({ jobId: id.meta({ description: 'Id of the job' }) });

const ofJob = ({ jobId: of }: z.output<typeof jobId>): readonly Touched[] => [{ kind: 'job', id: of }];

/** Newest first, running ones too; all that pass: pages are the faces' own. */
export const listJobs = command({
  name: 'listJobs',
  needs: READ,
  touches: ({ database }) => namedDatabase(database),
  input: z.object({
    kind: optional(z.enum(JOB_KINDS)).meta({ description: 'Only jobs of this kind' }),
    database: optional(z.string()).meta({ description: 'Only jobs of the database with this id' }),
  }),
  run: (jobs: Jobs, filter, { reach }): readonly Job[] =>
    jobs.all(filter).filter(({ record }) => reach.hasAll(databasesOf(record))),
});

export const getJob = command({
  name: 'getJob',
  needs: READ,
  touches: ofJob,
  input: jobId,
  run: (jobs: Jobs, input): Job => jobs.get(input.jobId),
});

export const cancelJob = command({
  name: 'cancelJob',
  needs: ['backups:write'],
  touches: ofJob,
  input: jobId,
  audit: {
    asked: { jobId: 'jobId' },
    answered: ({ record: { id: cancelled, backupId, database } }: Job) => ({ jobId: cancelled, backupId, database }),
    isNeverHeldUp: true,
  },
  run: (jobs: Jobs, input): Promise<Job> => jobs.cancel(input.jobId),
});
