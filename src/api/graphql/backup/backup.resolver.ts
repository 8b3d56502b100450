/** Backups in GraphQL. Each resolver asks for one command, and answers. */
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  createBackup,
  deleteBackup,
  getBackup,
  listBackups,
  startBackup,
  validateBackup,
  verifyBackups,
} from '../../../service/backup/backup-command.js';
import type { BackupService } from '../../../service/backup/backup-service.js';
import type { Catalog } from '../../../service/backup/catalog/catalog.js';
import { pageOf } from '../../../service/backup/catalog/catalog-page.js';
import { chainLength, childrenOf } from '../../../service/backup/catalog/chain.js';
import { importBackup } from '../../../service/transfer/import-command.js';
import type { ImportService } from '../../../service/transfer/import-service.js';
import { type ApiContext, reachOf } from '../../http/request-context.js';
import { openUpload } from '../../http/upload/upload.js';
import { about } from '../common/about.js';
import { ask } from '../common/ask.js';
import { AFTER, FIRST } from '../common/page.type.js';
import { unlessNotFound } from '../common/unless-not-found.js';
import {
  Backup,
  BackupConnection,
  BackupFilterInput,
  backupOf,
  CreateBackupInput,
  DeleteCascade,
  ImportBackupInput,
} from './backup.type.js';
import { ValidationReport, VerifyReport } from './check.type.js';
import { BackupJob, jobOf } from './job.type.js';

/** The id of a mutation is that of its backup. */
const ID_IS_BACKUP = { backupId: 'id' };

const BACKUP_ID = { description: 'Id of the backup' };
const WHAT_TO_BACK_UP = { description: 'What to back up, and how to store it' };
const IMPORT_ABOUT =
  'Stores a file as a new backup. It takes documents of this server (JSON, YAML), what ovsdb-client backup ' +
  'writes, and ' +
  'database files of ovsdb-server. Each may be compressed with gzip, or encrypted by this server. It also takes back ' +
  'a chain: the tar file of prepareExport(chain: true). Answers when it is stored; meanwhile jobs(kind: IMPORT) and ' +
  'jobActivity tell how far it is';

@Resolver(() => Backup)
export class BackupResolver {
  constructor(
    private readonly backups: BackupService,
    private readonly catalog: Catalog,
    private readonly imports: ImportService,
    private readonly uploadBytesMax: number,
  ) {}

  @Query(() => BackupConnection, { name: 'backups', description: 'Lists backups, newest first' })
  async list(
    @Ctx() context: ApiContext,
    @Arg('filter', () => BackupFilterInput, { nullable: true, description: 'Which backups. Left out: all' })
    filter: BackupFilterInput | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50, ...FIRST }) first: number | null,
    @Arg('after', () => String, { nullable: true, ...AFTER }) after: string | null,
  ): Promise<BackupConnection> {
    const found = await ask(context, listBackups, this.backups, { filter });
    const page = pageOf(found, { first: first ?? 50, after });
    const nodes = page.nodes.map(backupOf);
    const { cursors, totalCount, hasNextPage, hasPreviousPage } = page;
    return {
      nodes,
      edges: nodes.map((node, i) => ({ node, cursor: cursors[i] as string })),
      totalCount,
      pageInfo: { hasNextPage, hasPreviousPage, startCursor: cursors[0], endCursor: cursors.at(-1) },
    };
  }

  @Query(() => Backup, { nullable: true, description: 'One backup; null if there is none with this id' })
  backup(@Ctx() context: ApiContext, @Arg('id', () => ID, BACKUP_ID) id: string): Promise<Backup | null> {
    return unlessNotFound(async () =>
      backupOf(await ask(context, getBackup, this.catalog, { backupId: id }, ID_IS_BACKUP)),
    );
  }

  @Mutation(() => Backup, { description: 'Makes a backup, and answers when it is stored' })
  async createBackup(
    @Ctx() context: ApiContext,
    @Arg('input', () => CreateBackupInput, WHAT_TO_BACK_UP) input: CreateBackupInput,
  ): Promise<Backup> {
    const { unchanged: _inWarnings, ...record } = await ask(context, createBackup, this.backups, input);
    return backupOf(record);
  }

  @Mutation(() => BackupJob, {
    description: 'Starts a backup, and answers at once. backupProgress and backupJob tell how far it is',
  })
  async startBackup(
    @Ctx() context: ApiContext,
    @Arg('input', () => CreateBackupInput, WHAT_TO_BACK_UP) input: CreateBackupInput,
  ): Promise<BackupJob> {
    return jobOf(await ask(context, startBackup, this.backups, input), this.catalog);
  }

  @Mutation(() => Backup, { description: IMPORT_ABOUT })
  async importBackup(
    @Ctx() context: ApiContext,
    @Arg('input', () => ImportBackupInput, { description: 'The file' }) { file, ...input }: ImportBackupInput,
  ): Promise<Backup> {
    const upload = this.uploadOf(file, context.requestSignal);
    const { nothingNew: _inWarnings, ...record } = await ask(context, importBackup, this.imports, {
      ...input,
      ...upload,
    });
    return backupOf(record);
  }

  @Mutation(() => ID, { description: 'Deletes a backup for good, and answers with its id' })
  deleteBackup(
    @Ctx() context: ApiContext,
    @Arg('id', () => ID, BACKUP_ID) id: string,
    @Arg('cascade', () => DeleteCascade, {
      nullable: true,
      defaultValue: DeleteCascade.REFUSE,
      ...about(deleteBackup.input, 'cascade'),
    })
    cascade: DeleteCascade | null,
  ): Promise<string> {
    return ask(context, deleteBackup, this.backups, { backupId: id, cascade }, ID_IS_BACKUP);
  }

  @FieldResolver(() => Backup, {
    nullable: true,
    description: 'Of an incremental backup: what it builds on; null also where that is lost',
  })
  parent(@Root() { parentId }: Backup, @Ctx() context: ApiContext): Backup | null {
    const parent = parentId === undefined ? undefined : this.catalog.find(parentId);
    return parent === undefined || !reachOf(context).has(parent.database) ? null : backupOf(parent);
  }

  @FieldResolver(() => Int, {
    description: 'How many backups have to be read for it, itself included: 1 for one that stands by itself',
  })
  chainLength(@Root() { id }: Backup): number {
    const record = this.catalog.find(id);
    return record === undefined ? 1 : chainLength(record, this.catalog);
  }

  @FieldResolver(() => [Backup], { description: 'Incremental backups that build on it directly, newest first' })
  children(@Root() { id }: Backup, @Ctx() context: ApiContext): readonly Backup[] {
    const record = this.catalog.find(id);
    const reach = reachOf(context);
    const children = record === undefined ? [] : childrenOf(record, this.catalog);
    return children.filter(({ database }) => reach.has(database)).map(backupOf);
  }

  @Mutation(() => ValidationReport, {
    description:
      'Reads a stored backup and checks all of it: checksum, decryption, format, every row, and references ' +
      'between rows. Answers when it is checked; meanwhile jobs(kind: VERIFY) and jobActivity tell how far it is',
  })
  validateBackup(
    @Ctx() context: ApiContext,
    @Arg('id', () => ID, BACKUP_ID) id: string,
    @Arg('decryptionKey', () => String, { nullable: true, ...about(validateBackup.input, 'decryptionKey') })
    decryptionKey: string | null,
  ): Promise<ValidationReport> {
    return ask(context, validateBackup, this.backups, { backupId: id, decryptionKey }, ID_IS_BACKUP);
  }

  @Mutation(() => VerifyReport, {
    description:
      'Reads stored backups back, one after the other: first those that never were, then those whose turn is longest ' +
      'ago. Answers when all are checked; meanwhile jobs(kind: VERIFY) and jobActivity tell how far it is, and ' +
      'cancelJob ends it',
  })
  async verifyBackups(
    @Ctx() context: ApiContext,
    @Arg('filter', () => BackupFilterInput, { nullable: true, description: 'Which backups. Left out: all' })
    filter: BackupFilterInput | null,
  ): Promise<VerifyReport> {
    const report = await ask(context, verifyBackups, this.backups, { filter });
    return { ...report, damaged: report.damaged.map(backupOf) };
  }

  private uploadOf(
    file: ImportBackupInput['file'],
    signal: AbortSignal,
  ): { file?: AsyncIterable<Buffer>; fileName?: () => string | undefined } {
    if (file === null || file === undefined) return {};
    let name: string | undefined;
    const named = Promise.resolve(file).then((upload) => {
      name = upload.filename;
      return upload;
    });
    // whoever reads it meets its error
    named.catch(() => undefined);
    return { file: openUpload(named, this.uploadBytesMax, signal), fileName: () => name };
  }
}
