/** Restores in GraphQL. */
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { AppError } from '../../../lib/error.js';
import { pageById } from '../../../lib/page.js';
import type { Catalog } from '../../../service/backup/catalog/catalog.js';
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
import { type ApiContext, reachOf } from '../../http/request-context.js';
import { Backup, backupOf } from '../backup/backup.type.js';
import { about } from '../common/about.js';
import { ask, follow } from '../common/ask.js';
import { AFTER, FIRST } from '../common/page.type.js';
import { ChangeKind, changesOf, changesWithoutValues, RowChangeConnection } from '../common/row-change.type.js';
import { FOLLOW_RESTORE, FOLLOW_RESTORES } from '../common/subscription-topic.js';
import { unlessNotFound } from '../common/unless-not-found.js';
import {
  Restore,
  RestoreConnection,
  RestorePhase,
  RestoreProgress,
  RestoreResult,
  restoreOf,
  restoreProgressOf,
} from './restore.type.js';
import { RestoreBackupInput } from './restore-input.type.js';

const RESTORE_ID = { description: 'Id of the restore' };
const PAGE = restoreChanges.input;
/** The id of a mutation is that of its restore. */
const ID_IS_RESTORE = { restoreId: 'id' };
const UNDO = undoRestore.input;

@Resolver(() => Restore)
export class RestoreResolver {
  constructor(
    private readonly restores: RestoreService,
    private readonly catalog: Catalog,
  ) {}

  @Query(() => Restore, { nullable: true, description: 'One restore; null if there is none with this id' })
  restore(@Ctx() context: ApiContext, @Arg('id', () => ID, RESTORE_ID) id: string): Promise<Restore | null> {
    return unlessNotFound(async () =>
      restoreOf(await ask(context, getRestore, this.restores, { restoreId: id }, ID_IS_RESTORE)),
    );
  }

  @Query(() => RestoreConnection, { name: 'restores', description: 'Lists restores, newest first, running ones too' })
  async list(
    @Ctx() context: ApiContext,
    @Arg('backupId', () => ID, { nullable: true, ...about(listRestores.input, 'backupId') }) backupId: string | null,
    @Arg('dryRun', () => Boolean, { nullable: true, ...about(listRestores.input, 'dryRun') }) dryRun: boolean | null,
    @Arg('phase', () => RestorePhase, { nullable: true, ...about(listRestores.input, 'phase') })
    phase: RestorePhase | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50, ...FIRST }) first: number | null,
    @Arg('after', () => String, { nullable: true, ...AFTER }) after: string | null,
  ): Promise<RestoreConnection> {
    const found = await ask(context, listRestores, this.restores, { backupId, dryRun, phase });
    const { nodes, totalCount, ...pageInfo } = pageById(found, ({ id }) => id, first ?? 50, after ?? undefined);
    return { nodes: (await this.restores.read(nodes)).map((restore) => restoreOf(restore)), totalCount, pageInfo };
  }

  @Mutation(() => Restore, {
    description: 'Restores a backup, or a part of it. With dryRun it only tells what would change',
  })
  async restoreBackup(
    @Ctx() context: ApiContext,
    @Arg('input', () => RestoreBackupInput, { description: 'What to restore, and how' }) input: RestoreBackupInput,
  ): Promise<Restore> {
    return restoreOf(await ask(context, restoreBackup, this.restores, input), input.decryptionKey ?? undefined);
  }

  @Mutation(() => Restore, { description: 'Cancels a restore. Possible only before its phase APPLYING begins' })
  async cancelRestore(@Ctx() context: ApiContext, @Arg('id', () => ID, RESTORE_ID) id: string): Promise<Restore> {
    return restoreOf(await ask(context, cancelRestore, this.restores, { restoreId: id }, ID_IS_RESTORE));
  }

  @Mutation(() => Restore, { description: 'Confirms a restore that awaits it, so that it is not undone' })
  async confirmRestore(@Ctx() context: ApiContext, @Arg('id', () => ID, RESTORE_ID) id: string): Promise<Restore> {
    return restoreOf(await ask(context, confirmRestore, this.restores, { restoreId: id }, ID_IS_RESTORE));
  }

  @Mutation(() => Restore, {
    description:
      'Undoes a restore: puts back what it changed. Refused with CONFLICT if others have changed the same rows ' +
      'since, ' +
      'unless force is true',
  })
  async undoRestore(
    @Ctx() context: ApiContext,
    @Arg('id', () => ID, about(UNDO, 'restoreId')) id: string,
    @Arg('force', () => Boolean, { nullable: true, defaultValue: false, ...about(UNDO, 'force') })
    force: boolean | null,
    @Arg('dryRun', () => Boolean, { nullable: true, defaultValue: false, ...about(UNDO, 'dryRun') })
    dryRun: boolean | null,
    @Arg('wait', () => Boolean, { nullable: true, defaultValue: true, ...about(UNDO, 'wait') }) wait: boolean | null,
  ): Promise<Restore> {
    const asked = { restoreId: id, force, dryRun, wait };
    return restoreOf(await ask(context, undoRestore, this.restores, asked, ID_IS_RESTORE));
  }

  @FieldResolver(() => Restore, { nullable: true, description: 'Of an undo: the restore that it undoes' })
  undoOf(@Root() { undoOfId }: Restore, @Ctx() context: ApiContext): Promise<Restore | null> {
    return this.other(undoOfId, context);
  }

  @FieldResolver(() => Restore, { nullable: true, description: 'The undo that undid this restore' })
  undoneBy(@Root() { undoneById }: Restore, @Ctx() context: ApiContext): Promise<Restore | null> {
    return this.other(undoneById, context);
  }

  private async other(id: string | undefined, context: ApiContext): Promise<Restore | null> {
    const isSeen = id !== undefined && reachOf(context).hasOf('restore', id);
    const restore = isSeen ? await this.restores.find(id) : undefined;
    return restore === undefined ? null : restoreOf(restore);
  }

  @FieldResolver(() => Backup, { nullable: true, description: 'The backup; null after it was deleted' })
  backup(@Root() { backupId }: Restore, @Ctx() context: ApiContext): Backup | null {
    const backup = this.catalog.find(backupId);
    return backup === undefined || !reachOf(context).has(backup.database) ? null : backupOf(backup);
  }

  @Subscription(() => RestoreProgress, {
    description:
      'Follows one restore: first its state as it is now, then every step. Ends with the restore, and can be opened ' +
      'after its end too',
    topics: FOLLOW_RESTORE,
    topicId: ({ args, context }: { args: { restoreId?: string }; context: ApiContext }) =>
      follow(context, getRestore, args).restoreId,
  })
  restoreProgress(
    @Root() { restore, progress }: RestoreStep,
    @Arg('restoreId', () => ID, RESTORE_ID) _restoreId: string,
  ): RestoreProgress {
    return restoreProgressOf(restore, progress);
  }

  @Subscription(() => RestoreProgress, {
    description:
      'Follows all restores: first the newest step that there is, then every step from now on. It does not end. The ' +
      'first one may be the last of a restore that ended long ago: `at` says when it was',
    topics: FOLLOW_RESTORES,
    topicId: ({ context }: { context: ApiContext }) => {
      follow(context, listRestores, {});
    },
    filter: ({ payload, context }: { payload: RestoreStep; context: ApiContext }) =>
      reachOf(context).hasOf('restore', payload.restore.record.id),
  })
  restoreActivity(@Root() { restore, progress }: RestoreStep): RestoreProgress {
    return restoreProgressOf(restore, progress);
  }
}

@Resolver(() => RestoreResult)
export class RestoreResultResolver {
  constructor(private readonly restores: RestoreService) {}

  @FieldResolver(() => RowChangeConnection, { description: 'What was changed, row by row, or in a dry run would be' })
  async changes(
    @Ctx() context: ApiContext,
    @Root() { restoreId, decryptionKey: known }: RestoreResult,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100, ...about(PAGE, 'first') }) first: number | null,
    @Arg('after', () => String, { nullable: true, ...about(PAGE, 'after') }) after: string | null,
    @Arg('kind', () => ChangeKind, { nullable: true, ...about(PAGE, 'kind') }) kind: ChangeKind | null,
    @Arg('kinds', () => [ChangeKind], { nullable: true, ...about(PAGE, 'kinds') }) kinds: ChangeKind[] | null,
    @Arg('table', () => String, { nullable: true, ...about(PAGE, 'table') }) table: string | null,
    @Arg('decryptionKey', () => String, { nullable: true, ...about(PAGE, 'decryptionKey') })
    decryptionKey: string | null,
  ): Promise<RowChangeConnection> {
    const asked = { restoreId, first, after, kind, kinds, table, decryptionKey: decryptionKey ?? known };
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
