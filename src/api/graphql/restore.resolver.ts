/** Restores in GraphQL. */
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { Catalog } from '../../service/catalog.js';
import { pageById } from '../../service/page.js';
import type { RestoreService, RestoreStep } from '../../service/restore.js';
import type { ApiContext } from '../context.js';
import { requirePermissions } from '../permission.js';
import { unlessNotFound } from './backup.resolver.js';
import { Backup, backupOf } from './backup.type.js';
import { FOLLOW_RESTORE, FOLLOW_RESTORES } from './follow.js';
import { checkKey } from './input.js';
import { ChangeKind, ConflictPolicy, Restore, RestoreBackupInput, RestoreConnection, RestoreProgress, RestoreResult, RowChangeConnection, changesOf, restoreOf, restoreProgressOf } from './restore.type.js';

@Resolver(() => Restore)
export class RestoreResolver {
  constructor(
    private readonly restores: RestoreService,
    private readonly catalog: Catalog,
  ) {}

  @Query(() => Restore, { nullable: true })
  restore(@Ctx() { viewer }: ApiContext, @Arg('id', () => ID) id: string): Restore | null {
    requirePermissions(viewer, 'backups:read');
    const restore = this.restores.find(id);
    return restore === undefined ? null : restoreOf(restore);
  }

  @Query(() => RestoreConnection, { name: 'restores', description: 'Newest first' })
  list(@Ctx() { viewer }: ApiContext, @Arg('backupId', () => ID, { nullable: true }) backupId: string | null, @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null, @Arg('after', () => String, { nullable: true }) after: string | null): RestoreConnection {
    requirePermissions(viewer, 'backups:read');
    const { nodes, totalCount, ...pageInfo } = pageById(this.restores.list(backupId ?? undefined), ({ record }) => record.id, first ?? 50, after ?? undefined);
    return { nodes: nodes.map(restoreOf), totalCount, pageInfo };
  }

  @Mutation(() => Restore)
  async restoreBackup(@Ctx() { viewer }: ApiContext, @Arg('input', () => RestoreBackupInput) input: RestoreBackupInput): Promise<Restore> {
    requirePermissions(viewer, 'backups:restore', 'admin');
    const { restore, done } = await this.restores.start({
      backupId: input.backupId,
      database: input.database ?? undefined,
      dryRun: input.dryRun ?? false,
      conflictPolicy: input.conflictPolicy ?? ConflictPolicy.SKIP,
      exact: input.exact ?? false,
      force: input.force ?? false,
      decryptionKey: checkKey('decryptionKey', input.decryptionKey),
      subject: viewer.subject,
    });
    if (input.wait ?? true) await done;
    return restoreOf(restore);
  }

  @Mutation(() => Restore, { description: 'Takes effect until APPLYING begins' })
  async cancelRestore(@Ctx() { viewer }: ApiContext, @Arg('id', () => ID) id: string): Promise<Restore> {
    requirePermissions(viewer, 'backups:restore', 'admin');
    return restoreOf(await this.restores.cancel(id));
  }

  @FieldResolver(() => Backup, { nullable: true })
  backup(@Root() restore: Restore): Backup | null {
    return unlessNotFound(() => backupOf(this.catalog.get(restore.backupId)));
  }

  @Subscription(() => RestoreProgress, {
    description: 'The state as it is now first, then every step; ends after the last event. It can be opened before, during or after the restore.',
    topics: FOLLOW_RESTORE,
    topicId: ({ args, context }: { args: { restoreId?: string }; context: ApiContext }) => {
      requirePermissions(context.viewer, 'backups:read');
      return args.restoreId;
    },
  })
  restoreProgress(@Root() { restore, progress }: RestoreStep, @Arg('restoreId', () => ID) _restoreId: string): RestoreProgress {
    return restoreProgressOf(restore, progress);
  }

  @Subscription(() => RestoreProgress, {
    description: 'Every step of every restore from now on, the newest step that there is first. It does not end by itself.',
    topics: FOLLOW_RESTORES,
    topicId: ({ context }: { context: ApiContext }) => {
      requirePermissions(context.viewer, 'backups:read');
    },
  })
  restoreActivity(@Root() { restore, progress }: RestoreStep): RestoreProgress {
    return restoreProgressOf(restore, progress);
  }
}

@Resolver(() => RestoreResult)
export class RestoreResultResolver {
  constructor(private readonly restores: RestoreService) {}

  @FieldResolver(() => RowChangeConnection, { description: 'What was, or in a dry run would be, changed row by row' })
  async changes(
    @Root() { record }: RestoreResult,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Arg('kind', () => ChangeKind, { nullable: true }) kind: ChangeKind | null,
    @Arg('table', () => String, { nullable: true }) table: string | null,
  ): Promise<RowChangeConnection> {
    return changesOf(await this.restores.changes(record, { first: first ?? 100, after: after ?? undefined, kind: kind ?? undefined, table: table ?? undefined }));
  }
}
