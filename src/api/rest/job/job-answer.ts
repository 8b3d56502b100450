/** What REST answers with of jobs. */
import { z } from 'zod';
import { defined } from '../../../lib/defined.js';
import { JOB_KINDS, JOB_PHASES } from '../../../service/job/job-record.js';
import type { Job } from '../../../service/job/jobs.js';
import { count, instant, lower } from '../common/answer-shape.js';
import { problemShape } from '../common/problem-shape.js';

export const jobShape = z
  .object({
    id: z.string().describe('Id of the job. Of a backup or an import it is also the id of the backup that it makes'),
    kind: z
      .enum(JOB_KINDS.map(lower))
      .describe(
        'What it does. verify: it reads a stored backup and checks it. drill: it restores one into a scratch database',
      ),
    database: z.string().describe('Id of the database'),
    phase: z
      .enum(JOB_PHASES.map(lower))
      .describe(
        'What it is doing, or how it ended. queued: it waits for its turn. capturing: it reads the database, the ' +
          'file or the backup. storing: it writes the backup',
      ),
    started_by: z.string().describe('Name of the token that asked for it'),
    started_at: instant.describe('When it was asked for'),
    finished_at: instant.nullable().describe('When it ended; null while it runs'),
    rows: count.describe('Rows that are done'),
    total_rows: count.nullable().describe('Rows in all; null until that is known'),
    bytes: count.describe('Bytes that were written so far'),
    fraction: z.number().min(0).max(1).describe('How much of the job is done; it never falls'),
    message: z.string().describe('How far it is, in words'),
    backup_id: z.string().nullable().describe('The backup that it made or checks'),
    error: problemShape.nullable().describe('Why it failed or was cancelled'),
  })
  .meta({ id: 'Job', description: 'A backup, an import, a validation or a drill, running or ended' });

export const jobListShape = z
  .object({
    jobs: z.array(jobShape).describe('The jobs, newest first'),
    total: count.describe('How many there are without limit and offset'),
  })
  .meta({ id: 'JobList', description: 'A list of jobs' });

export function jobOf({ record }: Job): z.output<typeof jobShape> {
  const { id, kind, database, phase, startedBy, startedAt, finishedAt, progress, backupId, error } = record;
  const { rows, totalRows, bytes, fraction, message } = progress;
  return {
    id,
    kind: lower(kind),
    database,
    phase: lower(phase),
    started_by: startedBy,
    started_at: startedAt,
    finished_at: finishedAt ?? null,
    rows,
    total_rows: totalRows ?? null,
    bytes,
    fraction,
    message,
    backup_id: backupId ?? null,
    error: error === undefined ? null : defined(error),
  };
}
