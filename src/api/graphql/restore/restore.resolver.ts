/** Restores in GraphQL. */
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { AppError } from '../../../lib/error.js';
import { pageById } from '../../../lib/page.js';
import type { Catalog } from '../../../service/backup/catalog.js';
import { permit } from '../../../service/command/command.js';
import type { RestoreStep } from '../../../service/restore/record/restore-registry.js';
import {
  cancelRestore,
  confirmRestore,
  getRestore,
  listRestores,
  restoreBackup,
  restoreChanges,
  undoRestore,
  VALUES_NEED,
} from '../../../service/restore/restore-command.js';
import type { RestoreService } from '../../../service/restore/restore-service.js';
import type { ApiContext } from '../../http/request-context.js';
import { Backup, backupOf } from '../backup/backup.type.js';
import { ask } from '../common/ask.js';
import { ChangeKind, changesOf, changesWithoutValues, RowChangeConnection } from '../common/row-change.type.js';
import { FOLLOW_RESTORE, FOLLOW_RESTORES } from '../common/subscription-topic.js';
import { unlessNotFound } from '../common/unless-not-found.js';
import {
  Restore,
  RestoreConnection,
  RestoreProgress,
  RestoreResult,
  restoreOf,
  restoreProgressOf,
} from './restore.type.js';
import { RestoreBackupInput } from './restore-input.type.js';

const KEY_ABOUT =
  'Of an encrypted backup: what a restore of it changes is kept sealed with its key. Not needed in the answer to the ' +
  'restore itself';
/** The id of a mutation is that of its restore. */
const ID_IS_RESTORE = { restoreId: 'id' };

@Resolver(() => Restore)
export class RestoreResolver {
  constructor(
    private readonly restores: RestoreService,
    private readonly catalog: Catalog,
  ) {}

  @Query(() => Restore, { nullable: true })
  restore(@Ctx() context: ApiContext, @Arg('id', () => ID) id: string): Promise<Restore | null> {
    return unlessNotFound(async () => restoreOf(await ask(context, getRestore, this.restores, { restoreId: id })));
  }

  @Query(() => RestoreConnection, { name: 'restores', description: 'Newest first' })
  async list(
    @Ctx() context: ApiContext,
    @Arg('backupId', () => ID, { nullable: true }) backupId: string | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
  ): Promise<RestoreConnection> {
    const found = await ask(context, listRestores, this.restores, { backupId });
    const { nodes, totalCount, ...pageInfo } = pageById(found, ({ id }) => id, first ?? 50, after ?? undefined);
    return { nodes: (await this.restores.read(nodes)).map((restore) => restoreOf(restore)), totalCount, pageInfo };
  }

  @Mutation(() => Restore)
  async restoreBackup(
    @Ctx() context: ApiContext,
    @Arg('input', () => RestoreBackupInput) input: RestoreBackupInput,
  ): Promise<Restore> {
    return restoreOf(await ask(context, restoreBackup, this.restores, input), input.decryptionKey ?? undefined);
  }

  @Mutation(() => Restore, { description: 'Takes effect until APPLYING begins' })
  async cancelRestore(@Ctx() context: ApiContext, @Arg('id', () => ID) id: string): Promise<Restore> {
    return restoreOf(await ask(context, cancelRestore, this.restores, { restoreId: id }, ID_IS_RESTORE));
  }

  @Mutation(() => Restore, { description: 'Ends the waiting of a restore that awaits confirmation: it stays' })
  async confirmRestore(@Ctx() context: ApiContext, @Arg('id', () => ID) id: string): Promise<Restore> {
    return restoreOf(await ask(context, confirmRestore, this.restores, { restoreId: id }, ID_IS_RESTORE));
  }

  @Mutation(() => Restore, {
    description:
      'Puts back what the restore changed; refuses, naming the rows, where others have changed them since, unless ' +
      'forced',
  })
  async undoRestore(
    @Ctx() context: ApiContext,
    @Arg('id', () => ID) id: string,
    @Arg('force', () => Boolean, { nullable: true, defaultValue: false }) force: boolean | null,
    @Arg('dryRun', () => Boolean, { nullable: true, defaultValue: false }) dryRun: boolean | null,
  ): Promise<Restore> {
    return restoreOf(await ask(context, undoRestore, this.restores, { restoreId: id, force, dryRun }, ID_IS_RESTORE));
  }

  @FieldResolver(() => Restore, { nullable: true, description: 'An undo is a restore of its own' })
  undoOf(@Root() { undoOfId }: Restore): Promise<Restore | null> {
    return this.other(undoOfId);
  }

  @FieldResolver(() => Restore, { nullable: true })
  undoneBy(@Root() { undoneById }: Restore): Promise<Restore | null> {
    return this.other(undoneById);
  }

  private async other(id: string | undefined): Promise<Restore | null> {
    const restore = id === undefined ? undefined : await this.restores.find(id);
    return restore === undefined ? null : restoreOf(restore);
  }

  @FieldResolver(() => Backup, { nullable: true })
  backup(@Root() restore: Restore): Promise<Backup | null> {
    return unlessNotFound(() => backupOf(this.catalog.get(restore.backupId)));
  }

  @Subscription(() => RestoreProgress, {
    description:
      'The state as it is now first, then every step; ends after the last event. It can be opened before, during ' +
      'or after the restore.',
    topics: FOLLOW_RESTORE,
    topicId: ({ args, context }: { args: { restoreId?: string }; context: ApiContext }) => {
      permit(getRestore, context.viewer);
      return args.restoreId;
    },
  })
  restoreProgress(
    @Root() { restore, progress }: RestoreStep,
    @Arg('restoreId', () => ID) _restoreId: string,
  ): RestoreProgress {
    return restoreProgressOf(restore, progress);
  }

  @Subscription(() => RestoreProgress, {
    description:
      'Every step of every restore from now on, the newest step that there is first. It does not end by itself.',
    topics: FOLLOW_RESTORES,
    topicId: ({ context }: { context: ApiContext }) => {
      permit(listRestores, context.viewer);
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
    @Ctx() context: ApiContext,
    @Root() { restoreId, decryptionKey: known }: RestoreResult,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Arg('kind', () => ChangeKind, { nullable: true }) kind: ChangeKind | null,
    @Arg('table', () => String, { nullable: true }) table: string | null,
    @Arg('decryptionKey', () => String, { nullable: true, description: KEY_ABOUT }) decryptionKey: string | null,
  ): Promise<RowChangeConnection> {
    const asked = { restoreId, first, after, kind, table, decryptionKey: decryptionKey ?? known };
    const { page, areValuesHidden } = await ask(context, restoreChanges, this.restores, asked);
    if (!areValuesHidden) return changesOf(page);
    const { subject } = context.viewer;
    return changesWithoutValues(
      page,
      new AppError(
        'FORBIDDEN',
        `Insufficient permissions: before, after, added and removed need ${VALUES_NEED}; token "${subject}" lacks it`,
      ),
    );
  }
}
