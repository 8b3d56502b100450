/** What REST answers with of jobs. */
import { z } from 'zod';
import { defined } from '../../../lib/defined.js';
import { JOB_KINDS, JOB_PHASES } from '../../../service/job/job-record.js';
import type { Job } from '../../../service/job/jobs.js';
import { count, instant, lower } from '../common/answer-shape.js';

export const jobShape = z
  .object({
    id: z.string().meta({ description: 'Of a backup or an import also the id of the backup that it makes' }),
    kind: z.enum(JOB_KINDS.map(lower)),
    database: z.string(),
    phase: z.enum(JOB_PHASES.map(lower)),
    started_by: z.string().meta({ description: 'The subject of the token' }),
    started_at: instant,
    finished_at: instant.nullable(),
    rows: count,
    total_rows: count.nullable().meta({ description: 'Where it is known' }),
    bytes: count,
    fraction: z.number().min(0).max(1),
    message: z.string(),
    backup_id: z.string().nullable().meta({ description: 'The backup that it made, or looks at' }),
    error: z
      .object({ code: z.string(), message: z.string(), table: z.string().optional(), label: z.string().optional() })
      .nullable(),
  })
  .meta({ id: 'Job' });

export const jobListShape = z.object({ jobs: z.array(jobShape), total: count }).meta({ id: 'JobList' });

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
