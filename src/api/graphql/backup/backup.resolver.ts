/** Backups in GraphQL. Each resolver asks for its permission, calls one method of a service, and answers. */
import { Arg, Ctx, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { requirePermissions } from '../../../auth/permission.js';
import type { BackupService } from '../../../service/backup/backup-service.js';
import type { Catalog } from '../../../service/backup/catalog.js';
import type { CreateBackup, BackupProgress as ServiceProgress } from '../../../service/backup/create-backup.js';
import type { ImportService } from '../../../service/transfer/import-service.js';
import type { ApiContext } from '../../http/request-context.js';
import { openUpload } from '../../http/upload/upload.js';
import { checkKey } from '../common/input-check.js';
import { FOLLOW_BACKUP } from '../common/subscription-topic.js';
import { unlessNotFound } from '../common/unless-not-found.js';
import {
  Backup,
  BackupConnection,
  BackupFilterInput,
  BackupJob,
  BackupProgress,
  backupOf,
  CreateBackupInput,
  ImportBackupInput,
  jobOf,
  progressOf,
  ValidationReport,
} from './backup.type.js';
import { checkCreateBackup, checkImportBackup } from './backup-input-check.js';

@Resolver(() => Backup)
export class BackupResolver {
  constructor(
    private readonly backups: BackupService,
    private readonly catalog: Catalog,
    private readonly imports: ImportService,
    private readonly uploadBytesMax: number,
  ) {}

  @Query(() => BackupConnection, { name: 'backups', description: 'Newest first' })
  list(
    @Ctx() { viewer }: ApiContext,
    @Arg('filter', () => BackupFilterInput, { nullable: true }) filter: BackupFilterInput | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
  ): BackupConnection {
    requirePermissions(viewer, 'backups:read');
    const page = this.catalog.list({ filter, first: first ?? 50, after });
    const nodes = page.nodes.map(backupOf);
    const { cursors, totalCount, hasNextPage, hasPreviousPage } = page;
    return {
      nodes,
      edges: nodes.map((node, i) => ({ node, cursor: cursors[i] as string })),
      totalCount,
      pageInfo: { hasNextPage, hasPreviousPage, startCursor: cursors[0], endCursor: cursors.at(-1) },
    };
  }

  @Query(() => Backup, { nullable: true })
  backup(@Ctx() { viewer }: ApiContext, @Arg('id', () => ID) id: string): Backup | null {
    requirePermissions(viewer, 'backups:read');
    return unlessNotFound(() => backupOf(this.catalog.get(id)));
  }

  @Query(() => BackupJob, { nullable: true })
  backupJob(@Ctx() { viewer }: ApiContext, @Arg('id', () => ID) id: string): BackupJob | null {
    requirePermissions(viewer, 'backups:read');
    const job = this.backups.job(id);
    return job === undefined ? null : jobOf(job);
  }

  @Mutation(() => Backup, { description: 'Answers when the backup is stored' })
  async createBackup(
    @Ctx() { viewer }: ApiContext,
    @Arg('input', () => CreateBackupInput) input: CreateBackupInput,
  ): Promise<Backup> {
    requirePermissions(viewer, 'backups:write');
    return backupOf(await this.backups.start(this.request(input, viewer.subject)).done);
  }

  @Mutation(() => BackupJob, { description: 'Answers at once; follow it with backupProgress' })
  startBackup(
    @Ctx() { viewer }: ApiContext,
    @Arg('input', () => CreateBackupInput) input: CreateBackupInput,
  ): BackupJob {
    requirePermissions(viewer, 'backups:write');
    return jobOf(this.backups.start(this.request(input, viewer.subject)));
  }

  @Mutation(() => Backup)
  async importBackup(
    @Ctx() { viewer, requestSignal }: ApiContext,
    @Arg('input', () => ImportBackupInput) input: ImportBackupInput,
  ): Promise<Backup> {
    requirePermissions(viewer, 'backups:write');
    const { name, description, tags, format, decryptionKey } = checkImportBackup(input);
    const upload = await input.file;
    const source =
      upload === null || upload === undefined
        ? once(input.data ?? '')
        : openUpload(upload, this.uploadBytesMax, requestSignal);
    return backupOf(
      await this.imports.import({
        source,
        details: () => ({ fileName: upload?.filename, format, name, description, tags, decryptionKey }),
        subject: viewer.subject,
        signal: requestSignal,
      }),
    );
  }

  @Mutation(() => ID, { description: 'Answers with the id' })
  async deleteBackup(@Ctx() { viewer }: ApiContext, @Arg('id', () => ID) id: string): Promise<string> {
    requirePermissions(viewer, 'backups:delete');
    return this.backups.delete(id, viewer.subject);
  }

  @Mutation(() => ValidationReport, {
    description: 'Reads the stored file back and checks it: checksum, decryption, format, schema, references',
  })
  async validateBackup(
    @Ctx() { viewer, requestSignal: signal }: ApiContext,
    @Arg('id', () => ID) id: string,
    @Arg('decryptionKey', () => String, { nullable: true }) decryptionKey: string | null,
  ): Promise<ValidationReport> {
    requirePermissions(viewer, 'backups:read');
    return this.backups.validate(id, checkKey('decryptionKey', decryptionKey), { subject: viewer.subject, signal });
  }

  @Subscription(() => BackupProgress, {
    topics: FOLLOW_BACKUP,
    topicId: ({ args, context }: { args: { jobId?: string }; context: ApiContext }) => {
      requirePermissions(context.viewer, 'backups:read');
      return args.jobId;
    },
  })
  backupProgress(@Root() progress: ServiceProgress, @Arg('jobId', () => ID) _jobId: string): BackupProgress {
    return progressOf(progress);
  }

  private request(input: CreateBackupInput, subject: string): CreateBackup {
    return { ...checkCreateBackup(input), subject };
  }
}

async function* once(text: string): AsyncGenerator<Buffer> {
  // a string of a request is in memory anyway; its bytes need not be, all at once
  for (let at = 0; at < text.length; at += 1 << 20) yield Buffer.from(text.slice(at, at + (1 << 20)));
}
