/** What REST answers with of drills. */
import { z } from 'zod';
import { defined } from '../../../lib/defined.js';
import { DRILL_PHASES, verdictOf } from '../../../service/drill/drill-record.js';
import type { Drill } from '../../../service/drill/drill-registry.js';
import { count, instant, lower } from '../common/answer-shape.js';
import { problemShape } from '../common/problem-shape.js';

const seconds = z.number().nonnegative().nullable();

export const drillShape = z
  .object({
    id: z.string().describe('Id of the drill, and of its job, by which it can be cancelled'),
    backup_id: z.string().describe('The backup that is restored'),
    phase: z
      .enum(DRILL_PHASES.map(lower))
      .describe(
        'What it is doing, or how it ended. queued: it waits for its turn. restoring: it reads the backup, and ' +
          'restores it into an empty database. comparing: it compares every row. northd: ovn-northd works on the ' +
          'database',
      ),
    success: z
      .boolean()
      .nullable()
      .describe(
        'true if the backup is proven restorable, false if not; null while that is not known, and where the ' +
          'drill failed for a reason that says nothing of the backup',
      ),
    started_by: z.string().describe('Name of the token that asked for it'),
    started_at: instant.describe('When it was asked for'),
    finished_at: instant.nullable().describe('When it ended; null while it runs'),
    message: z.string().describe('How far it is, or how it ended, in words'),
    rows_compared: count.nullable().describe('Rows that were read back and compared'),
    restore_seconds: seconds.describe('From reading the backup until all of it was in the database'),
    compare_seconds: seconds.describe('How long comparing took'),
    northd_seconds: seconds.describe('From the start of ovn-northd until its flows stood; null if it did not run'),
    logical_flows: count.nullable().describe('How many logical flows ovn-northd made; null if it did not run'),
    northd_warnings: z
      .array(z.string())
      .describe(
        'What ovn-northd found fault with, each once. Of an encrypted backup the texts are only in the answer to the ' +
          'drill itself',
      ),
    differences: z
      .array(z.string())
      .describe('Rows that are not in the database as the backup has them. The first 100'),
    notes: z.array(z.string()).describe('What the restore left out, and why ovn-northd did not run'),
    error: problemShape.nullable().describe('Why it failed or was cancelled'),
  })
  .meta({
    id: 'Drill',
    description: 'A backup restored into a scratch database of this machine, and compared row by row',
  });

export const drillListShape = z
  .object({
    drills: z.array(drillShape).describe('The drills, newest first'),
    total: count.describe('How many there are without limit and offset'),
  })
  .meta({ id: 'DrillList', description: 'A list of drills' });

export function drillOf({ record }: Drill): z.output<typeof drillShape> {
  const { error } = record;
  return {
    id: record.id,
    backup_id: record.backupId,
    phase: lower(record.phase),
    success: verdictOf(record) ?? null,
    started_by: record.startedBy,
    started_at: record.startedAt,
    finished_at: record.finishedAt ?? null,
    message: record.message,
    rows_compared: record.rowsCompared ?? null,
    restore_seconds: record.restoreSeconds ?? null,
    compare_seconds: record.compareSeconds ?? null,
    northd_seconds: record.northdSeconds ?? null,
    logical_flows: record.logicalFlows ?? null,
    northd_warnings: [...record.northdWarnings],
    differences: [...record.differences],
    notes: [...record.notes],
    error: error === undefined ? null : defined(error),
  };
}
