/** Retention in GraphQL. */
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { BackupService } from '../../../service/backup/backup-service.js';
import { expireBackups, pinBackup } from '../../../service/retention/retention-command.js';
import type { RetentionService } from '../../../service/retention/retention-service.js';
import type { ApiContext } from '../../http/request-context.js';
import { Backup, BackupFilterInput, backupOf } from '../backup/backup.type.js';
import { about } from '../common/about.js';
import { ask } from '../common/ask.js';
import { RetentionPolicyInput, RetentionReport, reportOf } from './retention.type.js';

const ASKED = expireBackups.input;

@Resolver(() => RetentionReport)
export class RetentionResolver {
  constructor(
    private readonly retention: RetentionService,
    private readonly backups: BackupService,
  ) {}

  @Mutation(() => RetentionReport, {
    description:
      'Says which backups a policy keeps, each with the reasons why, and which it does not. With dryRun false it ' +
      'deletes those. Deleting needs backups:delete, a dry run backups:read only',
  })
  async expireBackups(
    @Ctx() context: ApiContext,
    @Arg('policy', () => RetentionPolicyInput, about(ASKED, 'policy')) policy: RetentionPolicyInput,
    @Arg('filter', () => BackupFilterInput, { nullable: true, ...about(ASKED, 'filter') })
    filter: BackupFilterInput | null,
    @Arg('timeZone', () => String, { nullable: true, defaultValue: 'UTC', ...about(ASKED, 'timeZone') })
    timeZone: string | null,
    @Arg('dryRun', () => Boolean, { nullable: true, defaultValue: true, ...about(ASKED, 'dryRun') })
    dryRun: boolean | null,
  ): Promise<RetentionReport> {
    return reportOf(await ask(context, expireBackups, this.retention, { policy, filter, timeZone, dryRun }));
  }

  @Mutation(() => Backup, {
    description: 'Pins a backup, or unpins it: a pinned one is not deleted, and no retention policy takes it away',
  })
  async pinBackup(
    @Ctx() context: ApiContext,
    @Arg('id', () => ID, about(pinBackup.input, 'backupId')) id: string,
    @Arg('pinned', () => Boolean, about(pinBackup.input, 'pinned')) pinned: boolean,
  ): Promise<Backup> {
    return backupOf(await ask(context, pinBackup, this.backups, { backupId: id, pinned }, { backupId: 'id' }));
  }
}
