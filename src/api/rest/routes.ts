/** The REST face: all of its routes over the services that it is given. */

import type { RestoreService } from '../../service/restore/restore-service.js';
import { type BackupRouteParts, backupRoutes } from './backup/backup.routes.js';
import { type ExportRouteParts, exportRoute } from './backup/export.route.js';
import type { Route } from './common/route.js';
import { openApiRoute } from './openapi/openapi-document.js';
import { restoreRoutes } from './restore/restore.routes.js';

export interface RestParts extends BackupRouteParts, ExportRouteParts {
  readonly restores: RestoreService;
  /** Of this program, for the OpenAPI document. */
  readonly version: string;
}

export function restRoutes(parts: RestParts): readonly Route[] {
  const routes = [...backupRoutes(parts), exportRoute(parts), ...restoreRoutes(parts.restores)];
  return [...routes, openApiRoute(routes, parts.version)];
}
