/** Looking into configurations in GraphQL. */
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { row, rows, search } from '../../../service/rows/row-command.js';
import type { RowService } from '../../../service/rows/row-service.js';
import type { ApiContext } from '../../http/request-context.js';
import { about } from '../common/about.js';
import { ask } from '../common/ask.js';
import { ConfigurationRefInput } from '../common/configuration.type.js';
import { LOOK_COST, REFERRERS_COST } from '../server/limits.js';
import { ConfigurationRow, RowConnection, RowReference, rowOf, rowsOf } from './rows.type.js';

@Resolver(() => ConfigurationRow)
export class ConfigurationRowResolver {
  constructor(private readonly service: RowService) {}

  @Query(() => RowConnection, {
    description:
      'Finds rows of a backup, or of a database as it is now, the best first: those of the name that was ' +
      'typed, then those that have it as a value, then those that have it in a longer name or value',
    complexity: LOOK_COST,
  })
  async search(
    @Ctx() context: ApiContext,
    @Arg('of', () => ConfigurationRefInput, about(search.input, 'of')) of: ConfigurationRefInput,
    @Arg('text', () => String, about(search.input, 'text')) text: string,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, ...about(search.input, 'first') })
    first: number | null,
    @Arg('after', () => String, { nullable: true, ...about(search.input, 'after') }) after: string | null,
  ): Promise<RowConnection> {
    return rowsOf(await ask(context, search, this.service, { of, text, first, after }));
  }

  @Query(() => RowConnection, {
    description: 'Lists the rows of one table of a backup, or of a database as it is now, by their labels',
    complexity: LOOK_COST,
  })
  async rows(
    @Ctx() context: ApiContext,
    @Arg('of', () => ConfigurationRefInput, about(rows.input, 'of')) of: ConfigurationRefInput,
    @Arg('table', () => String, about(rows.input, 'table')) table: string,
    @Arg('search', () => String, { nullable: true, ...about(rows.input, 'search') }) words: string | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50, ...about(rows.input, 'first') })
    first: number | null,
    @Arg('after', () => String, { nullable: true, ...about(rows.input, 'after') }) after: string | null,
  ): Promise<RowConnection> {
    return rowsOf(await ask(context, rows, this.service, { of, table, search: words, first, after }));
  }

  @Query(() => ConfigurationRow, {
    nullable: true,
    description: 'One row of a backup, or of a database as it is now; null if it is not there',
    complexity: LOOK_COST,
  })
  async row(
    @Ctx() context: ApiContext,
    @Arg('of', () => ConfigurationRefInput, about(row.input, 'of')) of: ConfigurationRefInput,
    @Arg('table', () => String, about(row.input, 'table')) table: string,
    @Arg('uuid', () => ID, about(row.input, 'uuid')) uuid: string,
  ): Promise<ConfigurationRow | null> {
    const found = await ask(context, row, this.service, { of, table, uuid });
    return found === undefined ? null : rowOf(found);
  }

  @FieldResolver(() => [RowReference], {
    description: 'The rows that refer to it, by strong and weak references: table by table, the first 1,000',
    complexity: REFERRERS_COST,
  })
  async referredToBy(
    @Root() { looked }: ConfigurationRow,
    @Ctx() { requestSignal }: ApiContext,
  ): Promise<readonly RowReference[]> {
    return looked.referredToBy(requestSignal);
  }

  @FieldResolver(() => [RowReference], {
    description:
      'The rows that it refers to, by strong and weak references: column by column, the first 1,000. A selective ' +
      'backup may not have all of them',
  })
  refersTo(@Root() { looked }: ConfigurationRow): readonly RowReference[] {
    return looked.refersTo();
  }
}
