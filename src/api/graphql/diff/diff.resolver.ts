/** Comparing configurations in GraphQL. */
import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import { requirePermissions } from '../../../auth/permission.js';
import type { CompareService } from '../../../service/compare/compare-service.js';
import type { ApiContext } from '../../http/request-context.js';
import { ResourceFilterInput } from '../common/filter.type.js';
import { checkFilter, checkKey } from '../common/input-check.js';
import { ChangeKind, changesOf, RowChangeConnection } from '../restore/restore.type.js';
import { ConfigurationDiff, ConfigurationRefInput } from './diff.type.js';

@Resolver(() => ConfigurationDiff)
export class DiffResolver {
  constructor(private readonly compare: CompareService) {}

  @Query(() => ConfigurationDiff)
  async diff(
    @Ctx() { viewer }: ApiContext,
    @Arg('from', () => ConfigurationRefInput) from: ConfigurationRefInput,
    @Arg('to', () => ConfigurationRefInput) to: ConfigurationRefInput,
    @Arg('filter', () => ResourceFilterInput, { nullable: true }) filter: ResourceFilterInput | null,
  ): Promise<ConfigurationDiff> {
    requirePermissions(viewer, 'backups:read');
    const comparison = await this.compare.compare(refOf(from), refOf(to), checkFilter(filter));
    const { identical, inserted, updated, deleted } = comparison;
    return { comparison, identical, inserted, updated, deleted };
  }

  @FieldResolver(() => RowChangeConnection)
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
