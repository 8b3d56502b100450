/** Comparing configurations in GraphQL. */
import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import { requirePermissions } from '../../../auth/permission.js';
import type { CompareService } from '../../../service/compare/compare-service.js';
import type { ApiContext } from '../../http/request-context.js';
import { ResourceFilterInput } from '../common/filter.type.js';
import { checkFilter, checkKey } from '../common/input-check.js';
import { ChangeKind, changesOf, RowChangeConnection } from '../restore/restore.type.js';
import { COMPARISON_COST, COUNT_COST } from '../server/limits.js';
import { ConfigurationDiff, ConfigurationRefInput } from './diff.type.js';

@Resolver(() => ConfigurationDiff)
export class DiffResolver {
  constructor(private readonly compare: CompareService) {}

  @Query(() => ConfigurationDiff, { complexity: COMPARISON_COST })
  async diff(
    @Ctx() { viewer, requestSignal: signal }: ApiContext,
    @Arg('from', () => ConfigurationRefInput) from: ConfigurationRefInput,
    @Arg('to', () => ConfigurationRefInput) to: ConfigurationRefInput,
    @Arg('filter', () => ResourceFilterInput, { nullable: true }) filter: ResourceFilterInput | null,
  ): Promise<ConfigurationDiff> {
    requirePermissions(viewer, 'backups:read');
    const { subject } = viewer;
    const request = { from: refOf(from), to: refOf(to), filter: checkFilter(filter), subject, signal };
    const comparison = await this.compare.compare(request);
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

function refOf({ backupId, database, decryptionKey }: ConfigurationRefInput): {
  backupId: string | undefined;
  database: string | undefined;
  decryptionKey: string | undefined;
} {
  return {
    backupId: backupId ?? undefined,
    database: database ?? undefined,
    decryptionKey: checkKey('decryptionKey', decryptionKey),
  };
}
