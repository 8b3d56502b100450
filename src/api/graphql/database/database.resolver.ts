/** The configured databases, and who is asking. */
import { Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { lastBackupOf } from '../../../service/backup/backup-command.js';
import type { Catalog } from '../../../service/backup/catalog/catalog.js';
import type { Databases } from '../../../service/database/database.js';
import { listDatabases, rowCountOf, rowsOf } from '../../../service/database/database-command.js';
import { lastRestoreOf } from '../../../service/restore/restore-command.js';
import type { RestoreService } from '../../../service/restore/restore-service.js';
import { type ApiContext, reachOf } from '../../http/request-context.js';
import { Backup, backupOf } from '../backup/backup.type.js';
import { ask } from '../common/ask.js';
import { BigIntScalar } from '../common/scalars.js';
import { TableCount, tableCounts } from '../common/table-count.type.js';
import { Restore, restoreOf } from '../restore/restore.type.js';
import { COUNT_COST } from '../server/limits.js';
import { Database, Viewer } from './database.type.js';

@Resolver(() => Database)
export class DatabaseResolver {
  constructor(
    private readonly all: Databases,
    private readonly catalog: Catalog,
    private readonly restores: RestoreService,
  ) {}

  @Query(() => [Database], { description: 'Lists the databases that this server backs up' })
  async databases(@Ctx() context: ApiContext): Promise<readonly Database[]> {
    const states = await ask(context, listDatabases, this.all, {});
    return states.map(({ isDefault, ...state }) => ({ ...state, default: isDefault }));
  }

  /** Counted when asked for. */
  @FieldResolver(() => [TableCount], {
    description:
      'How many rows each table has, counted now. Empty tables are left out, and all if it cannot be reached',
    complexity: COUNT_COST,
  })
  async tables(
    @Root() { id }: Database,
    @Ctx() { viewer, requestSignal: signal }: ApiContext,
  ): Promise<readonly TableCount[]> {
    return tableCounts((await rowsOf(this.all, id, { subject: viewer.subject, signal })) ?? {});
  }

  @FieldResolver(() => BigIntScalar, {
    nullable: true,
    description: 'How many rows it has, counted now; null while it cannot be reached',
    complexity: COUNT_COST,
  })
  async rowCount(
    @Root() { id }: Database,
    @Ctx() { viewer, requestSignal: signal }: ApiContext,
  ): Promise<number | null> {
    const tables = await rowsOf(this.all, id, { subject: viewer.subject, signal });
    return tables === undefined ? null : rowCountOf(tables);
  }

  @FieldResolver(() => Backup, {
    nullable: true,
    description: 'The newest backup of it that was made here; null if there is none',
  })
  lastBackup(@Root() { id }: Database): Backup | null {
    const record = lastBackupOf(this.catalog, id);
    return record === undefined ? null : backupOf(record);
  }

  @FieldResolver(() => Restore, {
    nullable: true,
    description: 'The newest restore into it, dry runs apart; null if there is none',
  })
  async lastRestore(@Root() { id }: Database, @Ctx() context: ApiContext): Promise<Restore | null> {
    const last = lastRestoreOf(this.restores, id, reachOf(context));
    const [restore] = await this.restores.read(last === undefined ? [] : [last]);
    return restore === undefined ? null : restoreOf(restore);
  }

  @Query(() => Viewer, { description: 'Tells whose token this request was sent with' })
  viewer(@Ctx() { viewer }: ApiContext): Viewer {
    const { subject, permissions, databases } = viewer;
    return { subject, permissions: [...permissions].sort(), databases: databases && [...databases].sort() };
  }
}
