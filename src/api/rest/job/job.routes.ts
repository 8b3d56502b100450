/** Jobs in REST: backups, imports, validations and drills as they run, and as they ended. */
import { z } from 'zod';
import { sliceOf } from '../../../lib/page.js';
import { text } from '../../../service/command/input-field.js';
import { cancelJob, getJob, listJobs } from '../../../service/job/job-command.js';
import { JOB_KINDS } from '../../../service/job/job-record.js';
import type { Jobs } from '../../../service/job/jobs.js';
import { lower } from '../common/answer-shape.js';
import { limit, noQuery, nothing, offset, oneOf, upper } from '../common/request-shape.js';
import { type Route, route } from '../common/route.js';
import { jobListShape, jobOf, jobShape } from './job-answer.js';

const tag = 'Jobs';
const JOBS = '/api/v1/jobs';
const answered = { description: 'The job', shape: jobShape };

const listQuery = z
  .strictObject({
    kind: oneOf(JOB_KINDS.map(lower)).transform(upper).optional().describe('Only jobs of this kind'),
    database: text(200).optional().describe('Only jobs of the database with this id'),
    limit,
    offset,
  })
  .transform(({ offset: skipped = 0, ...given }) => ({ ...given, offset: skipped }));

export function jobRoutes(jobs: Jobs): readonly Route[] {
  return [listRoute(jobs), getRoute(jobs), cancelRoute(jobs)];
}

function listRoute(jobs: Jobs): Route {
  return route({
    name: 'listJobs',
    asks: listJobs,
    method: 'GET',
    path: JOBS,
    tag,
    query: listQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'List jobs, newest first, running ones too',
    description:
      'Backups, imports, validations and drills, until a week after their end. Restores have a list of their own.',
    answers: { 200: { description: 'The jobs', shape: jobListShape } },
    errors: ['NOT_FOUND'],
    handle: async ({ ask, query: { kind, database, limit: most, offset: skipped } }) => {
      const found = await ask(listJobs, jobs, { kind, database });
      return { status: 200, body: { jobs: sliceOf(found, skipped, most).map(jobOf), total: found.length } };
    },
  });
}

function getRoute(jobs: Jobs): Route {
  return route({
    name: 'getJob',
    asks: getJob,
    idIs: 'jobId',
    method: 'GET',
    path: `${JOBS}/:id`,
    tag,
    query: noQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'Get one job, running or ended',
    answers: { 200: answered },
    errors: ['NOT_FOUND'],
    handle: async ({ id, ask }) => ({ status: 200, body: jobOf(await ask(getJob, jobs, { jobId: id })) }),
  });
}

function cancelRoute(jobs: Jobs): Route {
  return route({
    name: 'cancelJob',
    asks: cancelJob,
    idIs: 'jobId',
    method: 'POST',
    path: `${JOBS}/:id/cancel`,
    tag,
    query: noQuery,
    body: nothing,
    bodyKind: 'JSON',
    summary: 'Cancel a job',
    description: 'Answers when the job has ended: cancelled, or succeeded if it was done before it could be stopped.',
    answers: { 200: answered },
    errors: ['NOT_FOUND', 'CONFLICT'],
    handle: async ({ id, ask }) => ({ status: 200, body: jobOf(await ask(cancelJob, jobs, { jobId: id })) }),
  });
}
