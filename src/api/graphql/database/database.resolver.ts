/** The configured databases, and who is asking. */
import { Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { Databases } from '../../../service/database/database.js';
import { listDatabases, rowsOf } from '../../../service/database/database-command.js';
import type { ApiContext } from '../../http/request-context.js';
import { ask } from '../common/ask.js';
import { TableCount, tableCounts } from '../common/table-count.type.js';
import { COUNT_COST } from '../server/limits.js';
import { Database, Viewer } from './database.type.js';

@Resolver(() => Database)
export class DatabaseResolver {
  constructor(private readonly all: Databases) {}

  @Query(() => [Database], { description: 'Lists the databases that this server backs up' })
  async databases(@Ctx() context: ApiContext): Promise<readonly Database[]> {
    return ask(context, listDatabases, this.all, {});
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
    return tableCounts(await rowsOf(this.all, id, { subject: viewer.subject, signal }));
  }

  @Query(() => Viewer, { description: 'Tells whose token this request was sent with' })
  viewer(@Ctx() { viewer }: ApiContext): Viewer {
    return { subject: viewer.subject, permissions: [...viewer.permissions].sort() };
  }
}
