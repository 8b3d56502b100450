/** Asking for an export. */
import { z } from 'zod';
import type { ByteRange } from '../../store/store.js';
import { ARCHIVE_FORMATS } from '../backup/layout.js';
import { command } from '../command/command.js';
import { id, key, optional, orElse } from '../command/input-field.js';
import type { Exported, ExportService } from './export-service.js';

/** As a document in the format asked for, or, raw, the stored file as it is. */
export const exportBackup = command({
  name: 'exportBackup',
  needs: ['backups:read'],
  input: z.object({
    backupId: id,
    format: orElse(z.enum(ARCHIVE_FORMATS), 'JSON'),
    raw: orElse(z.boolean(), false),
    decryptionKey: optional(key),
    /** Of the stored file. */
    range: optional(z.custom<ByteRange>()),
  }),
  run: (
    exports: ExportService,
    { backupId, format, raw, decryptionKey, range },
    { caller: { subject }, signal },
  ): Promise<Exported> =>
    raw ? exports.raw(backupId, range ?? {}) : exports.document(backupId, { format, decryptionKey, subject, signal }),
});
