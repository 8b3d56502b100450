/** Drills in GraphQL. */
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { pageById } from '../../../lib/page.js';
import { drillBackup, getDrill, listDrills } from '../../../service/drill/drill-command.js';
import type { Drill as ServiceDrill } from '../../../service/drill/drill-registry.js';
import type { DrillService } from '../../../service/drill/drill-service.js';
import type { ApiContext } from '../../http/request-context.js';
import { Backup } from '../backup/backup.type.js';
import { about } from '../common/about.js';
import { ask, follow } from '../common/ask.js';
import { AFTER, FIRST } from '../common/page.type.js';
import { FOLLOW_DRILL } from '../common/subscription-topic.js';
import { unlessNotFound } from '../common/unless-not-found.js';
import { Drill, DrillConnection, drillOf } from './drill.type.js';

const ASKED = drillBackup.input;
const DRILL_ID = { description: 'Id of the drill' };
/** The id of a field is that of its drill. */
const ID_IS_DRILL = { drillId: 'id' };

@Resolver(() => Drill)
export class DrillResolver {
  constructor(private readonly drills: DrillService) {}

  @Query(() => DrillConnection, { name: 'drills', description: 'Lists drills, newest first, running ones too' })
  async list(
    @Ctx() context: ApiContext,
    @Arg('backupId', () => ID, { nullable: true, ...about(listDrills.input, 'backupId') }) backupId: string | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50, ...FIRST }) first: number | null,
    @Arg('after', () => String, { nullable: true, ...AFTER }) after: string | null,
  ): Promise<DrillConnection> {
    const found = await ask(context, listDrills, this.drills, { backupId });
    const page = pageById(found, ({ record }) => record.id, first ?? 50, after ?? undefined);
    const { nodes, totalCount, ...pageInfo } = page;
    return { nodes: nodes.map(drillOf), totalCount, pageInfo };
  }

  @Query(() => Drill, { nullable: true, description: 'One drill; null if there is none with this id' })
  drill(@Ctx() context: ApiContext, @Arg('id', () => ID, DRILL_ID) id: string): Promise<Drill | null> {
    return unlessNotFound(async () => drillOf(await ask(context, getDrill, this.drills, { drillId: id }, ID_IS_DRILL)));
  }

  @Mutation(() => Drill, {
    description:
      'Proves that a backup can be restored: restores it into a scratch database of this machine, compares every ' +
      'row, and lets ovn-northd work on it. No configured database is touched',
  })
  async drillBackup(
    @Ctx() context: ApiContext,
    @Arg('id', () => ID, about(ASKED, 'backupId')) id: string,
    @Arg('decryptionKey', () => String, { nullable: true, ...about(ASKED, 'decryptionKey') })
    decryptionKey: string | null,
    @Arg('northd', () => Boolean, { nullable: true, defaultValue: true, ...about(ASKED, 'northd') })
    northd: boolean | null,
    @Arg('wait', () => Boolean, { nullable: true, defaultValue: true, ...about(ASKED, 'wait') }) wait: boolean | null,
  ): Promise<Drill> {
    const asked = { backupId: id, decryptionKey, northd, wait };
    return drillOf(await ask(context, drillBackup, this.drills, asked, { backupId: 'id' }));
  }

  @Subscription(() => Drill, {
    description: 'Follows one drill: first its state as it is now, then every step. Ends with the drill',
    topics: FOLLOW_DRILL,
    topicId: ({ args, context }: { args: { id?: string }; context: ApiContext }) =>
      follow(context, getDrill, { drillId: args.id }, ID_IS_DRILL).drillId,
  })
  drillProgress(@Root() drill: ServiceDrill, @Arg('id', () => ID, DRILL_ID) _id: string): Drill {
    return drillOf(drill);
  }
}

/** What backups tell of their drills. */
@Resolver(() => Backup)
export class BackupDrillResolver {
  constructor(private readonly drills: DrillService) {}

  @FieldResolver(() => Drill, {
    nullable: true,
    description: 'The newest drill that has told whether the backup can be restored; null if there is none',
  })
  lastDrill(@Root() { id }: Backup): Drill | null {
    const last = this.drills.lastOf(id);
    return last === undefined ? null : drillOf(last);
  }
}
