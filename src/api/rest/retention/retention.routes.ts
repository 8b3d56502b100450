/** Retention in REST. */
import { z } from 'zod';
import type { BackupService } from '../../../service/backup/backup-service.js';
import type { Catalog } from '../../../service/backup/catalog/catalog.js';
import { optional } from '../../../service/command/input-field.js';
import type { Reach } from '../../../service/command/reach.js';
import { expireBackups, pinBackup, simulateRetention } from '../../../service/retention/retention-command.js';
import type { RetentionReport, RetentionService } from '../../../service/retention/retention-service.js';
import { type BackupContext, backupOf, backupShape, listedBackupOf } from '../backup/backup-answer.js';
import { backupFilterForm } from '../backup/backup-request.js';
import { count } from '../common/answer-shape.js';
import { noQuery } from '../common/request-shape.js';
import { restForm } from '../common/rest-form.js';
import { type Route, route } from '../common/route.js';

export interface RetentionRouteParts extends BackupContext {
  readonly catalog: Catalog;
  readonly retention: RetentionService;
  readonly backups: BackupService;
}

const tag = 'Retention';

/** POST /api/v1/retention/simulate and /expire. */
const retentionForm = restForm(expireBackups.input, {
  without: ['dryRun'],
  instead: {
    filter: optional(backupFilterForm).meta({
      description: 'The backups that the policy is for: the others stay. Left out: all',
    }),
  },
});
const pinForm = restForm(pinBackup.input, { without: ['backupId'] });

const reportShape = z
  .object({
    dry_run: z.boolean().describe('true: nothing was deleted'),
    kept: z
      .array(
        z.object({
          backup: backupShape,
          reasons: z.array(z.string()).describe('Why it is kept, such as "daily 3 of 7", "pinned" or "newest"'),
        }),
      )
      .describe('Backups that are kept, newest first'),
    expired: z
      .array(backupShape)
      .describe('Backups that were deleted, or would be. Each stands before what it builds on'),
    bytes_freed: count.describe('Bytes of their stored files'),
  })
  .meta({ id: 'RetentionReport', description: 'What a retention policy keeps, and what it takes away' });

export function retentionRoutes(parts: RetentionRouteParts): readonly Route[] {
  return [simulateRoute(parts), expireRoute(parts), pinRoute(parts)];
}

const BODY = '{"policy": {"keep_daily": 7, "keep_weekly": 4}, "time_zone": "Europe/Berlin"}';

function simulateRoute(parts: RetentionRouteParts): Route {
  return route({
    name: 'simulateRetention',
    asks: simulateRetention,
    method: 'POST',
    path: '/api/v1/retention/simulate',
    tag,
    query: noQuery,
    body: retentionForm,
    bodyKind: 'JSON',
    bodyExample: BODY,
    summary: 'Say which backups a policy would keep, and why',
    description: 'Nothing is deleted.',
    answers: { 200: { description: 'What would be kept, and what would go', shape: reportShape } },
    errors: ['NOT_FOUND'],
    handle: async ({ body, ask, reach }) => {
      const report = await ask(simulateRetention, parts.retention, body);
      return { status: 200, body: reportOf(report, parts, reach) };
    },
  });
}

function expireRoute(parts: RetentionRouteParts): Route {
  return route({
    name: 'expireBackups',
    asks: expireBackups,
    method: 'POST',
    path: '/api/v1/retention/expire',
    tag,
    query: noQuery,
    body: retentionForm,
    bodyKind: 'JSON',
    bodyExample: BODY,
    summary: 'Delete the backups that a policy does not keep',
    description: 'Simulate it first: the same body to /api/v1/retention/simulate says what would go.',
    answers: { 200: { description: 'What was kept, and what went', shape: reportShape } },
    errors: ['NOT_FOUND', 'CANCELLED', 'STORE_UNAVAILABLE'],
    handle: async ({ body, ask, reach }) => {
      const report = await ask(expireBackups, parts.retention, { ...body, dryRun: false });
      return { status: 200, body: reportOf(report, parts, reach) };
    },
  });
}

function pinRoute(parts: RetentionRouteParts): Route {
  return route({
    name: 'pinBackup',
    asks: pinBackup,
    idIs: 'backupId',
    method: 'POST',
    path: '/api/v1/backups/:id/pin',
    tag,
    query: noQuery,
    body: pinForm,
    bodyKind: 'JSON',
    bodyExample: '{"pinned": true}',
    summary: 'Pin a backup, or unpin it',
    description: 'A pinned backup is not deleted, and no retention policy takes it away.',
    answers: { 200: { description: 'The backup', shape: backupShape } },
    errors: ['NOT_FOUND', 'STORE_FULL', 'STORE_UNAVAILABLE'],
    handle: async ({ id, body, ask, reach }) => ({
      status: 200,
      body: backupOf(await ask(pinBackup, parts.backups, { ...body, backupId: id }), parts, reach),
    }),
  });
}

function reportOf(
  { dryRun, kept, expired, bytesFreed }: RetentionReport,
  parts: BackupContext,
  reach: Reach,
): z.output<typeof reportShape> {
  return {
    dry_run: dryRun,
    kept: kept.map(({ backup, reasons }) => ({ backup: listedBackupOf(backup, parts, reach), reasons: [...reasons] })),
    expired: expired.map((backup) => listedBackupOf(backup, parts, reach)),
    bytes_freed: bytesFreed,
  };
}
