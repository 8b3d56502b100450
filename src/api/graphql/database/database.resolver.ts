/** The configured databases, and who is asking. */
import { Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { requirePermissions } from '../../../auth/permission.js';
import { AppError } from '../../../lib/error.js';
import type { Databases } from '../../../service/database/database.js';
import type { ApiContext } from '../../http/request-context.js';
import { TableCount, tableCounts } from '../common/table-count.type.js';
import { COUNT_COST } from '../server/limits.js';
import { Database, Viewer } from './database.type.js';

@Resolver(() => Database)
export class DatabaseResolver {
  constructor(private readonly all: Databases) {}

  @Query(() => [Database])
  databases(@Ctx() { viewer }: ApiContext): Database[] {
    requirePermissions(viewer, 'backups:read');
    return this.all.list().map(({ id, schemaName, status }) => ({
      id,
      schemaName,
      schemaVersion: status.schemaVersion,
      connected: status.connected,
      clustered: status.clustered,
      leader: status.leader,
      error: status.error,
    }));
  }

  /** Counted when asked for; none while the database is away, whose `error` says why. */
  @FieldResolver(() => [TableCount], { complexity: COUNT_COST })
  async tables(
    @Root() { id, connected }: Database,
    @Ctx() { viewer, requestSignal: signal }: ApiContext,
  ): Promise<readonly TableCount[]> {
    if (!connected) return [];
    try {
      return tableCounts(await this.all.countRows(id, { subject: viewer.subject, signal }));
    } catch (error) {
      if (error instanceof AppError && error.code === 'DATABASE_UNAVAILABLE') return [];
      throw error;
    }
  }

  @Query(() => Viewer)
  viewer(@Ctx() { viewer }: ApiContext): Viewer {
    return { subject: viewer.subject, permissions: [...viewer.permissions].sort() };
  }
}
