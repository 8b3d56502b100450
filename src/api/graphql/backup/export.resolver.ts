/** Preparing exports in GraphQL; the files themselves come by REST. */
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { prepareExport } from '../../../service/transfer/export-command.js';
import type { PreparedExports } from '../../../service/transfer/prepared-exports.js';
import { downloadAddress } from '../../http/download-address.js';
import type { ApiContext } from '../../http/request-context.js';
import { about } from '../common/about.js';
import { ask } from '../common/ask.js';
import { BackupFormat } from './backup.type.js';
import { ExportAddress } from './export.type.js';

const ASKED = prepareExport.input;

@Resolver(() => ExportAddress)
export class ExportResolver {
  constructor(private readonly prepared: PreparedExports) {}

  @Mutation(() => ExportAddress, {
    description:
      'Prepares a download that a browser can fetch without a token. A wrong key is refused here; HEAD on the ' +
      'address does not use it up',
  })
  async prepareExport(
    @Ctx() context: ApiContext,
    @Arg('backupId', () => ID, about(ASKED, 'backupId')) backupId: string,
    @Arg('format', () => BackupFormat, { nullable: true, defaultValue: BackupFormat.JSON, ...about(ASKED, 'format') })
    format: BackupFormat | null,
    @Arg('raw', () => Boolean, { nullable: true, defaultValue: false, ...about(ASKED, 'raw') }) raw: boolean | null,
    @Arg('chain', () => Boolean, { nullable: true, defaultValue: false, ...about(ASKED, 'chain') })
    chain: boolean | null,
    @Arg('decryptionKey', () => String, { nullable: true, ...about(ASKED, 'decryptionKey') })
    decryptionKey: string | null,
  ): Promise<ExportAddress> {
    const asked = { backupId, format, raw, chain, decryptionKey };
    const { id, expiresAt } = await ask(context, prepareExport, this.prepared, asked);
    return { url: downloadAddress(id), expiresAt: new Date(expiresAt) };
  }
}
