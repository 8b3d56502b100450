/** Asking for an export: at once, or for an address to fetch it from in a moment. */
import { z } from 'zod';
import type { ByteRange } from '../../store/store.js';
import { ARCHIVE_FORMATS } from '../backup/layout.js';
import { type Call, command } from '../command/command.js';
import { id, key, optional, orElse } from '../command/input-field.js';
import type { Touched } from '../command/reach.js';
import type { Exported, ExportService } from './export-service.js';
import type { PreparedExport, PreparedExports } from './prepared-exports.js';

const FORMAT = orElse(z.enum(ARCHIVE_FORMATS), 'JSON').meta({
  description: 'Format of the download, whatever the format of the stored file',
});
const RAW = orElse(z.boolean(), false).meta({
  description: 'true: the stored file as it is, byte for byte. `format` is ignored',
});

const CHAIN = orElse(z.boolean(), false).meta({
  description:
    'true: the stored files of the backup and of all that it builds on, in one tar file, which an import takes back ' +
    'as a whole. `format` and `raw` are ignored, and no key is needed',
});

const ID = id.meta({ description: 'Id of the backup' });

const exportInput = z.object({
  backupId: ID,
  format: FORMAT,
  raw: RAW,
  chain: CHAIN,
  decryptionKey: optional(key),
  /** Of the stored file. */
  range: optional(z.custom<ByteRange>()),
});

function exported(
  exports: ExportService,
  { backupId, format, raw, chain, decryptionKey, range }: z.output<typeof exportInput>,
  { caller: { subject }, signal }: Call<Exported>,
): Promise<Exported> {
  if (chain) return exports.chain(backupId);
  return raw
    ? exports.raw(backupId, range ?? {})
    : exports.document(backupId, { format, decryptionKey, subject, signal });
}

const ofBackup = ({ backupId }: { readonly backupId: string }): readonly Touched[] => [
  { kind: 'backup', id: backupId },
];

/** As a document in the format asked for, or, raw, the stored file as it is, or a whole chain. */
export const exportBackup = command({
  name: 'exportBackup',
  needs: ['backups:read'],
  touches: ofBackup,
  input: exportInput,
  audit: { asked: { backupId: 'backupId' }, reading: 'EXPORT', isNeverHeldUp: true },
  run: exported,
});

export const prepareExport = command({
  name: 'prepareExport',
  needs: ['backups:read'],
  touches: ofBackup,
  input: z
    .object({
      backupId: ID,
      format: FORMAT,
      raw: RAW,
      chain: CHAIN,
      decryptionKey: optional(key).meta({
        description:
          'The passphrase of an encrypted backup. Not needed with `raw` and `chain`. It is kept in memory until the ' +
          'download',
        format: 'password',
      }),
    })
    .meta({ id: 'PrepareExport', description: 'What to download' }),
  audit: { asked: { backupId: 'backupId' }, isNeverHeldUp: true },
  run: (prepared: PreparedExports, input, { caller }): Promise<PreparedExport> =>
    prepared.prepare(input, caller.subject),
});

/** What was prepared: whoever has its address may have it. */
export const downloadExport = command({
  name: 'downloadExport',
  needs: [],
  // it was decided when it was prepared
  touches: 'NONE',
  input: exportInput,
  audit: { asked: { backupId: 'backupId' }, isNeverHeldUp: true },
  run: exported,
});
