/** Preparing exports in GraphQL; the files themselves come by REST. */
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { prepareExport } from '../../../service/transfer/export-command.js';
import type { PreparedExports } from '../../../service/transfer/prepared-exports.js';
import { downloadAddress } from '../../http/download-address.js';
import type { ApiContext } from '../../http/request-context.js';
import { ask } from '../common/ask.js';
import { BackupFormat } from './backup.type.js';
import { ExportAddress } from './export.type.js';

@Resolver(() => ExportAddress)
export class ExportResolver {
  constructor(private readonly prepared: PreparedExports) {}

  @Mutation(() => ExportAddress)
  async prepareExport(
    @Ctx() context: ApiContext,
    @Arg('backupId', () => ID) backupId: string,
    @Arg('format', () => BackupFormat, { nullable: true, defaultValue: BackupFormat.JSON }) format: BackupFormat | null,
    @Arg('raw', () => Boolean, { nullable: true, defaultValue: false }) raw: boolean | null,
    @Arg('decryptionKey', () => String, { nullable: true }) decryptionKey: string | null,
  ): Promise<ExportAddress> {
    const asked = { backupId, format, raw, decryptionKey };
    const { id, expiresAt } = await ask(context, prepareExport, this.prepared, asked);
    return { url: downloadAddress(id), expiresAt: new Date(expiresAt) };
  }
}
