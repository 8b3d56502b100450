/** The REST face: all of its routes over the services that it is given. */

import type { AuditTrail } from '../../service/audit/audit-trail.js';
import type { CompareService } from '../../service/compare/compare-service.js';
import type { Databases } from '../../service/database/database.js';
import type { DrillService } from '../../service/drill/drill-service.js';
import type { Jobs } from '../../service/job/jobs.js';
import type { RestoreService } from '../../service/restore/restore-service.js';
import type { RowService } from '../../service/rows/row-service.js';
import { auditRoutes } from './audit/audit.routes.js';
import { type BackupRouteParts, backupRoutes } from './backup/backup.routes.js';
import { type DownloadRouteParts, downloadRoutes } from './backup/download.routes.js';
import { type ExportRouteParts, exportRoute } from './backup/export.route.js';
import type { Route } from './common/route.js';
import { databaseRoutes } from './database/database.route.js';
import { diffRoute } from './diff/diff.route.js';
import { drillRoutes } from './drill/drill.routes.js';
import { jobRoutes } from './job/job.routes.js';
import { openApiRoute } from './openapi/openapi-document.js';
import { restoreRoutes } from './restore/restore.routes.js';
import { type RetentionRouteParts, retentionRoutes } from './retention/retention.routes.js';
import { rowRoutes } from './rows/row.routes.js';

export interface RestParts extends BackupRouteParts, ExportRouteParts, DownloadRouteParts, RetentionRouteParts {
  readonly jobs: Jobs;
  readonly restores: RestoreService;
  readonly drills: DrillService;
  readonly compare: CompareService;
  readonly rows: RowService;
  readonly databases: Databases;
  readonly audit: AuditTrail;
  /** Of this program, for the OpenAPI document. */
  readonly version: string;
}

export function restRoutes(parts: RestParts): readonly Route[] {
  const routes = [
    ...backupRoutes(parts),
    ...jobRoutes(parts.jobs),
    exportRoute(parts),
    ...downloadRoutes(parts),
    diffRoute(parts.compare),
    ...rowRoutes(parts.rows),
    ...restoreRoutes(parts.restores),
    ...drillRoutes(parts.drills),
    ...retentionRoutes(parts),
    ...databaseRoutes(parts),
    ...auditRoutes(parts.audit),
  ];
  return [...routes, openApiRoute(routes, parts.version)];
}
