/** Comparing configurations in GraphQL. */
import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import { diff } from '../../../service/compare/compare-command.js';
import type { CompareService } from '../../../service/compare/compare-service.js';
import type { ApiContext } from '../../http/request-context.js';
import { ask } from '../common/ask.js';
import { ResourceFilterInput } from '../common/filter.type.js';
import { ChangeKind, changesOf, RowChangeConnection } from '../common/row-change.type.js';
import { COMPARISON_COST, COUNT_COST } from '../server/limits.js';
import { ConfigurationDiff, ConfigurationRefInput } from './diff.type.js';

@Resolver(() => ConfigurationDiff)
export class DiffResolver {
  constructor(private readonly compare: CompareService) {}

  @Query(() => ConfigurationDiff, { complexity: COMPARISON_COST })
  async diff(
    @Ctx() context: ApiContext,
    @Arg('from', () => ConfigurationRefInput) from: ConfigurationRefInput,
    @Arg('to', () => ConfigurationRefInput) to: ConfigurationRefInput,
    @Arg('filter', () => ResourceFilterInput, { nullable: true }) filter: ResourceFilterInput | null,
  ): Promise<ConfigurationDiff> {
    const comparison = await ask(context, diff, this.compare, { from, to, filter });
    const { identical, inserted, updated, deleted } = comparison;
    return { comparison, identical, inserted, updated, deleted };
  }

  @FieldResolver(() => RowChangeConnection, { complexity: COUNT_COST })
  async changes(
    @Root() { comparison }: ConfigurationDiff,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Arg('kind', () => ChangeKind, { nullable: true }) kind: ChangeKind | null,
    @Arg('table', () => String, { nullable: true }) table: string | null,
  ): Promise<RowChangeConnection> {
    return changesOf(
      await comparison.changes({
        first: first ?? 100,
        after: after ?? undefined,
        kind: kind ?? undefined,
        table: table ?? undefined,
      }),
    );
  }
}
