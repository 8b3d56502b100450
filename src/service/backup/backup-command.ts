/** What can be asked of backups. */
import { z } from 'zod';
import { command } from '../command/command.js';
import { description, id, key, name, optional, orElse, tags, text } from '../command/input-field.js';
import type { Job } from '../job/jobs.js';
import type { BackupRecord } from './backup-record.js';
import type { BackupService } from './backup-service.js';
import type { Catalog } from './catalog.js';
import type { BackupFilter } from './catalog-page.js';
import type { CreateBackup } from './create-backup.js';
import { filterInput } from './filter-input.js';
import { ARCHIVE_FORMATS } from './layout.js';
import type { ValidationReport } from './validate-backup.js';

const READ = ['backups:read'] as const;

const backupInput = z
  .object({
    name,
    description: optional(description),
    type: orElse(z.enum(['FULL', 'SELECTIVE', 'INCREMENTAL']), 'FULL'),
    format: orElse(z.enum(ARCHIVE_FORMATS), 'JSON'),
    compress: orElse(z.boolean(), false).meta({ description: 'gzip' }),
    encrypt: orElse(z.boolean(), false).meta({ description: 'AES-256-GCM, with `encryptionKey`' }),
    encryptionKey: optional(key).meta({
      description: 'A passphrase, needed with `encrypt`. It is not kept: without it the backup is lost',
      format: 'password',
    }),
    tags: orElse(tags, []),
    resourceFilter: optional(filterInput),
    database: optional(z.string()),
    capture: orElse(z.enum(['AUTO', 'FAST', 'PACED']), 'AUTO').meta({
      description:
        '`FAST` reads in one request, for which the database answers nobody else; `PACED` reads in small steps',
    }),
  })
  .meta({ id: 'CreateBackup' });

type BackupInput = z.output<typeof backupInput>;

const BACKUP_RULES = [
  {
    at: 'encryptionKey',
    says: 'is needed with `encrypt`',
    isKept: ({ encrypt, encryptionKey }: BackupInput) => !encrypt || encryptionKey !== undefined,
  },
  {
    at: 'encrypt',
    says: 'must be true where `encryptionKey` is given: the backup would not be encrypted',
    isKept: ({ encrypt, encryptionKey }: BackupInput) => encrypt || encryptionKey === undefined,
  },
  {
    at: 'type',
    says: '`INCREMENTAL` backups are not made yet: use `FULL` or `SELECTIVE`',
    isKept: ({ type }: BackupInput) => type !== 'INCREMENTAL',
  },
  {
    at: 'resourceFilter',
    says: 'is needed with `type` `SELECTIVE`',
    isKept: ({ type, resourceFilter }: BackupInput) => type !== 'SELECTIVE' || resourceFilter !== undefined,
  },
  {
    at: 'type',
    says: 'must be `SELECTIVE` where `resourceFilter` is given: a full backup holds everything',
    isKept: ({ type, resourceFilter }: BackupInput) => type === 'SELECTIVE' || resourceFilter === undefined,
  },
];

function requestOf(
  { encrypt: _encrypt, type: _type, resourceFilter, ...rest }: BackupInput,
  subject: string,
): CreateBackup {
  return { ...rest, filter: resourceFilter, subject };
}

const madeOf = ({ id: backupId, name: made, database }: BackupRecord) => ({ backupId, name: made, database });

export const createBackup = command({
  name: 'createBackup',
  needs: ['backups:write'],
  input: backupInput,
  rules: BACKUP_RULES,
  audit: { asked: { name: 'name', database: 'database' }, answered: madeOf },
  run: (backups: BackupService, input, { caller }): Promise<BackupRecord> =>
    backups.start(requestOf(input, caller.subject)).done,
});

export const startBackup = command({
  name: 'startBackup',
  needs: ['backups:write'],
  input: backupInput,
  rules: BACKUP_RULES,
  audit: { asked: { name: 'name', database: 'database' }, result: () => 'ACCEPTED' },
  run: async (backups: BackupService, input, { caller }): Promise<Job> => {
    const { job, kept, done } = backups.start(requestOf(input, caller.subject));
    done.catch(() => undefined); // the job tells it
    await kept;
    return job;
  },
});

export const deleteBackup = command({
  name: 'deleteBackup',
  needs: ['backups:delete'],
  input: z.object({ backupId: id }),
  audit: { asked: { backupId: 'backupId' }, isNeverHeldUp: true },
  run: (backups: BackupService, { backupId }, { caller }): Promise<string> => backups.delete(backupId, caller.subject),
});

export const validateBackup = command({
  name: 'validateBackup',
  needs: READ,
  input: z
    .object({
      backupId: text(200),
      decryptionKey: optional(key).meta({
        description: 'The passphrase of an encrypted backup; without it only the stored bytes are checked',
        format: 'password',
      }),
    })
    .meta({ id: 'ValidateBackup' }),
  audit: { asked: { backupId: 'backupId' }, isNeverHeldUp: true },
  run: (backups: BackupService, input, { caller: { subject }, signal }): Promise<ValidationReport> =>
    backups.validate(input.backupId, input.decryptionKey, { subject, signal }),
});

/** Newest first; all that pass: pages are the faces' own. */
export const listBackups = command({
  name: 'listBackups',
  needs: READ,
  input: z.object({ filter: optional(z.custom<BackupFilter>()) }),
  run: (catalog: Catalog, { filter }): readonly BackupRecord[] => catalog.all(filter ?? {}),
});

export const getBackup = command({
  name: 'getBackup',
  needs: READ,
  input: z.object({ backupId: id }),
  run: (catalog: Catalog, { backupId }): BackupRecord => catalog.get(backupId),
});
