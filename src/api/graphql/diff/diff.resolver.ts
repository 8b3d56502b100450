/** Comparing configurations in GraphQL. */
import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import { changePageInput } from '../../../service/change/change-input.js';
import { diff } from '../../../service/compare/compare-command.js';
import type { CompareService } from '../../../service/compare/compare-service.js';
import type { ApiContext } from '../../http/request-context.js';
import { about } from '../common/about.js';
import { ask } from '../common/ask.js';
import { ConfigurationRefInput } from '../common/configuration.type.js';
import { ResourceFilterInput } from '../common/filter.type.js';
import { ChangeKind, changesOf, RowChangeConnection } from '../common/row-change.type.js';
import { COMPARISON_COST, COUNT_COST } from '../server/limits.js';
import { ConfigurationDiff } from './diff.type.js';

const PAGE = changePageInput;

@Resolver(() => ConfigurationDiff)
export class DiffResolver {
  constructor(private readonly compare: CompareService) {}

  @Query(() => ConfigurationDiff, {
    description: 'Compares two configurations: two backups, or a backup and the live database',
    complexity: COMPARISON_COST,
  })
  async diff(
    @Ctx() context: ApiContext,
    @Arg('from', () => ConfigurationRefInput, about(diff.input, 'from')) from: ConfigurationRefInput,
    @Arg('to', () => ConfigurationRefInput, about(diff.input, 'to')) to: ConfigurationRefInput,
    @Arg('filter', () => ResourceFilterInput, { nullable: true, ...about(diff.input, 'filter') })
    filter: ResourceFilterInput | null,
  ): Promise<ConfigurationDiff> {
    const comparison = await ask(context, diff, this.compare, { from, to, filter });
    const { identical, inserted, updated, deleted } = comparison;
    return { comparison, identical, inserted, updated, deleted };
  }

  @FieldResolver(() => RowChangeConnection, { description: 'The changes, row by row', complexity: COUNT_COST })
  async changes(
    @Root() { comparison }: ConfigurationDiff,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100, ...about(PAGE, 'first') }) first: number | null,
    @Arg('after', () => String, { nullable: true, ...about(PAGE, 'after') }) after: string | null,
    @Arg('kind', () => ChangeKind, { nullable: true, ...about(PAGE, 'kind') }) kind: ChangeKind | null,
    @Arg('kinds', () => [ChangeKind], { nullable: true, ...about(PAGE, 'kinds') }) kinds: ChangeKind[] | null,
    @Arg('table', () => String, { nullable: true, ...about(PAGE, 'table') }) table: string | null,
  ): Promise<RowChangeConnection> {
    return changesOf(
      await comparison.changes({
        first: first ?? 100,
        after: after ?? undefined,
        kind: kind ?? undefined,
        kinds: kinds ?? undefined,
        table: table ?? undefined,
      }),
    );
  }
}
