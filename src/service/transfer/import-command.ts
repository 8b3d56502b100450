/** Asking for an import. */
import { z } from 'zod';
import type { BackupRecord } from '../backup/backup-record.js';
import { ARCHIVE_FORMATS } from '../backup/layout.js';
import { command } from '../command/command.js';
import { checkInput } from '../command/input-check.js';
import { description, key, name, optional, orElse, tags } from '../command/input-field.js';
import type { ImportedBackup } from './import-parts.js';
import type { ImportService } from './import-service.js';

export { foreignFile } from '../../archive/content/foreign-file.js';

const importInput = z
  .object({
    format: optional(z.enum(ARCHIVE_FORMATS)).meta({
      description: 'Format of the file. Left out: detected from its content',
    }),
    name: optional(name).meta({
      description:
        'Name of the new backup. Left out: the one inside the file, or the name of the file. Refused for a chain, ' +
        'whose backups keep their names',
    }),
    description: optional(description).meta({
      description: 'Description of the new backup. Left out: the one inside the file',
    }),
    tags: orElse(tags, []).meta({
      description:
        'Tags of the new backup. Tags inside the file are not taken over. Refused for a chain, whose backups keep ' +
        'theirs',
    }),
    decryptionKey: optional(key).meta({
      description: 'The passphrase of an encrypted file. Without it the file is stored as it is: see `sealed`',
      format: 'password',
    }),
    file: optional(z.custom<AsyncIterable<Buffer>>()).meta({
      description: 'The file, as a part of a multipart request. Exactly one of `file` and `data`',
    }),
    /** Of the file, once it has begun to arrive. */
    fileName: optional(z.custom<() => string | undefined>()),
    data: optional(z.string()).meta({ description: 'The document as text. Exactly one of `file` and `data`' }),
    /** Members that come after the file, once it was read to its end. */
    late: optional(z.custom<() => object>()),
  })
  .meta({ id: 'ImportBackup', description: 'A file to store as a backup' });

type ImportInput = z.output<typeof importInput>;

const shape = {
  input: importInput,
  rules: [
    {
      at: 'file',
      says: 'exactly one of `file` and `data` is needed',
      isKept: ({ file, data }: ImportInput) => (file === undefined) !== (data === undefined),
    },
  ],
};

export const importBackup = command({
  name: 'importBackup',
  needs: ['backups:write'],
  // the file says which database it is of
  touches: 'IN_RUN',
  ...shape,
  audit: {
    asked: { name: 'name' },
    answered: ({ id: backupId, name: made, database }: BackupRecord) => ({ backupId, name: made, database }),
  },
  run: (imports: ImportService, input, { caller, reach, signal, spelling }): Promise<ImportedBackup> =>
    imports.import({
      source: input.file ?? piecesOf(input.data ?? ''),
      details: () => {
        const { late, fileName } = input;
        const details = late === undefined ? input : checkInput(shape, { ...input, ...late() }, spelling);
        const { format, name: given, description: told, tags: tagged, decryptionKey } = details;
        return {
          format,
          name: given,
          description: told,
          tags: tagged,
          decryptionKey,
          fileName: fileName?.(),
        };
      },
      subject: caller.subject,
      reach,
      signal,
    }),
});

/** A string of a request is in memory anyway; its bytes need not be, all at once. */
async function* piecesOf(text: string): AsyncGenerator<Buffer> {
  for (let at = 0; at < text.length; at += 1 << 20) yield Buffer.from(text.slice(at, at + (1 << 20)));
}
