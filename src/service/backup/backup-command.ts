/** What can be asked of backups. */
import { z } from 'zod';
import { command } from '../command/command.js';
import { description, id, key, name, optional, orElse, tags } from '../command/input-field.js';
import { namedDatabase, type Touched } from '../command/reach.js';
import { spelled } from '../command/spelling.js';
import type { Job } from '../job/jobs.js';
import type { BackupRecord } from './backup-record.js';
import { type BackupService, unchangedSince } from './backup-service.js';
import type { Catalog } from './catalog/catalog.js';
import type { BackupFilter } from './catalog/catalog-page.js';
import { CASCADES } from './chain/deletion.js';
import { type CreateBackup, passphraseWarnings } from './create-backup.js';
import { filterInput } from './filter-input.js';
import { ARCHIVE_FORMATS } from './layout.js';
import type { ValidationReport } from './validate-backup.js';
import type { VerifyReport } from './verify-backups.js';

const READ = ['backups:read'] as const;
const ID = { description: 'Id of the backup' };

const backupInput = z
  .object({
    name: name.meta({ description: 'Up to 200 characters. Several backups may have the same name' }),
    description: optional(description).meta({ description: 'Free text, up to 2,000 characters' }),
    type: optional(z.enum(['FULL', 'SELECTIVE', 'INCREMENTAL'])).meta({
      description:
        '`FULL`: the whole database. `SELECTIVE`: the part that `resourceFilter` picks. Left out: `SELECTIVE` with a ' +
        '`resourceFilter`, else `FULL`. `INCREMENTAL`: only what has changed since an earlier backup of the ' +
        'database. Where there is none that it can build on, a whole one is made, and a warning says why',
    }),
    parentId: optional(id).meta({
      description:
        'With `INCREMENTAL`: id of the backup that it builds on. Left out: the newest one that has the same ' +
        '`resourceFilter`, or none where none is given',
    }),
    onlyIfChanged: orElse(z.boolean(), false).meta({
      description:
        'Where the rows are those of the newest backup of the database with the same `resourceFilter`, no backup is ' +
        'made, and the answer is that one. Its `format` must be the same, and its passphrase, if there is one',
    }),
    format: orElse(z.enum(ARCHIVE_FORMATS), 'JSON').meta({
      description:
        'Format of the stored file. `JSON` and `YAML`: a document that people can read. `OVSDB`: a database ' +
        'file that ' +
        'ovsdb-server reads',
    }),
    compress: orElse(z.boolean(), false).meta({ description: 'Compress the stored file with gzip' }),
    encrypt: orElse(z.boolean(), false).meta({
      description: 'Encrypt the stored file with AES-256-GCM. Needs `encryptionKey`',
    }),
    encryptionKey: optional(key).meta({
      description:
        'The passphrase, 1 to 1,024 characters. It is not stored: without it nobody can restore the backup. Needs ' +
        '`encrypt`',
      format: 'password',
    }),
    tags: orElse(tags, []).meta({
      description: 'Labels to find the backup by: up to 50, of up to 100 characters each',
    }),
    resourceFilter: optional(filterInput).meta({
      description:
        'Which part is backed up. Needed with the type `SELECTIVE`. With `FULL` it is not used, and a warning says so',
    }),
    database: optional(z.string()).meta({
      description: 'Id of the configured database to back up. Left out: the default one',
    }),
    capture: orElse(z.enum(['AUTO', 'FAST', 'PACED']), 'AUTO').meta({
      description:
        'How the database is read. `FAST`: in one request; the database answers nobody else meanwhile. `PACED`: in ' +
        'small steps. `AUTO`: the server chooses',
    }),
  })
  .meta({ id: 'CreateBackup', description: 'What to back up, and how to store it' });

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
    at: 'format',
    says: '`OVSDB` holds all rows, and no changes: use `JSON` or `YAML` with `INCREMENTAL`',
    isKept: ({ type, format }: BackupInput) => type !== 'INCREMENTAL' || format !== 'OVSDB',
  },
  {
    at: 'parentId',
    says: 'goes with `type` `INCREMENTAL` only',
    isKept: ({ type, parentId }: BackupInput) => type === 'INCREMENTAL' || parentId === undefined,
  },
  {
    at: 'resourceFilter',
    says: 'is needed with `type` `SELECTIVE`',
    isKept: ({ type, resourceFilter }: BackupInput) => type !== 'SELECTIVE' || resourceFilter !== undefined,
  },
];

const FILTER_UNUSED = 'The resource filter was not used: the backup was asked for as a full one, and holds everything';

/** The type says whether there is a filter, and where it is left out the filter says the type. */
function requestOf(
  { encrypt: _encrypt, type, parentId, resourceFilter, ...rest }: BackupInput,
  subject: string,
): CreateBackup {
  const isUnused = type === 'FULL' && resourceFilter !== undefined;
  return {
    ...rest,
    filter: isUnused ? undefined : resourceFilter,
    ...(type === 'INCREMENTAL' ? { incremental: { parentId } } : {}),
    warnings: isUnused ? [FILTER_UNUSED] : [],
    subject,
  };
}

function withMessages({ record }: Job, messages: readonly string[]): Job {
  const { progress } = record;
  return { record: { ...record, progress: { ...progress, message: [progress.message, ...messages].join('. ') } } };
}

const madeOf = ({ id: backupId, name: made, database }: BackupRecord) => ({ backupId, name: made, database });

/** The database that is backed up, and what the backup builds on. */
const ofNew = ({ database, parentId }: BackupInput): readonly Touched[] => [
  { kind: 'database', id: database },
  ...(parentId === undefined ? [] : ofBackup({ backupId: parentId })),
];

const ofBackup = ({ backupId }: { readonly backupId: string }): readonly Touched[] => [
  { kind: 'backup', id: backupId },
];

interface Filtered {
  readonly filter?: BackupFilter | undefined;
}
const ofFilter = ({ filter }: Filtered): readonly Touched[] => namedDatabase(filter?.database);

export interface MadeBackup extends BackupRecord {
  /** Where none was made, as nothing has changed since this one: that in words. */
  readonly unchanged?: string;
}

export const createBackup = command({
  name: 'createBackup',
  needs: ['backups:write'],
  touches: ofNew,
  input: backupInput,
  rules: BACKUP_RULES,
  audit: { asked: { name: 'name', database: 'database' }, answered: madeOf },
  run: async (backups: BackupService, input, { caller }): Promise<MadeBackup> => {
    const { job, done } = backups.start(requestOf(input, caller.subject));
    const made = await done;
    if (made.id !== job.record.id) {
      const unchanged = unchangedSince(made);
      return { ...made, warnings: [...(made.warnings ?? []), unchanged], unchanged };
    }
    const told = passphraseWarnings(input.encryptionKey);
    return told.length === 0 ? made : { ...made, warnings: [...(made.warnings ?? []), ...told] };
  },
});

export const startBackup = command({
  name: 'startBackup',
  needs: ['backups:write'],
  touches: ofNew,
  input: backupInput,
  rules: BACKUP_RULES,
  audit: { asked: { name: 'name', database: 'database' }, result: () => 'ACCEPTED' },
  run: async (backups: BackupService, input, { caller }): Promise<Job> => {
    const { job, kept, done } = backups.start(requestOf(input, caller.subject));
    done.catch(() => undefined); // the job tells it
    await kept;
    const told = passphraseWarnings(input.encryptionKey);
    return told.length === 0 ? job : withMessages(job, told);
  },
});

export const deleteBackup = command({
  name: 'deleteBackup',
  needs: ['backups:delete'],
  touches: ({ backupId }) => [...ofBackup({ backupId }), { kind: 'dependents', id: backupId }],
  input: z.object({
    backupId: id.meta(ID),
    cascade: orElse(z.enum(CASCADES), 'REFUSE').meta({
      description:
        'What becomes of incremental backups that build on it. `REFUSE`: nothing is deleted. `MERGE`: those that ' +
        'build on it directly are made to hold all their rows first. `DELETE`: they are deleted too',
    }),
  }),
  audit: { asked: { backupId: 'backupId' }, isNeverHeldUp: true },
  run: (backups: BackupService, { backupId, cascade }, { caller: { subject }, signal }): Promise<string> =>
    backups.delete(backupId, { subject, signal }, cascade),
});

export const validateBackup = command({
  name: 'validateBackup',
  needs: READ,
  touches: ofBackup,
  input: z
    .object({
      backupId: id.max(200, 'takes at most 200 characters').meta(ID),
      decryptionKey: optional(key).meta({
        description: 'The passphrase of an encrypted backup. Without it only the stored bytes are checked',
        format: 'password',
      }),
    })
    .meta({ id: 'ValidateBackup', description: 'Which backup to check' }),
  audit: { asked: { backupId: 'backupId' }, isNeverHeldUp: true },
  run: async (backups: BackupService, input, { caller: { subject }, signal, spelling }): Promise<ValidationReport> => {
    const report = await backups.validate(input.backupId, input.decryptionKey, { subject, signal });
    return report.contentChecked
      ? report
      : { ...report, warnings: report.warnings.map((warning) => spelled(warning, spelling)) };
  },
});

export const verifyBackups = command({
  name: 'verifyBackups',
  needs: READ,
  touches: ofFilter,
  input: z.object({ filter: optional(z.custom<BackupFilter>()) }),
  audit: { asked: {}, isNeverHeldUp: true },
  run: (backups: BackupService, { filter }, { caller: { subject }, reach, signal }): Promise<VerifyReport> =>
    backups.verify(filter ?? {}, { subject, signal }, reach),
});

/** Newest first; all that pass: pages are the faces' own. */
export const listBackups = command({
  name: 'listBackups',
  needs: READ,
  touches: ofFilter,
  input: z.object({ filter: optional(z.custom<BackupFilter>()) }),
  run: (backups: BackupService, { filter }, { reach }): readonly BackupRecord[] =>
    backups.list(filter ?? {}).filter(({ database }) => reach.has(database)),
});

export const getBackup = command({
  name: 'getBackup',
  needs: READ,
  touches: ofBackup,
  input: z.object({ backupId: id.meta(ID) }),
  run: (catalog: Catalog, { backupId }): BackupRecord => catalog.get(backupId),
});

/** The newest one of the database that was made here; what is imported may be of another. */
export function lastBackupOf(catalog: Catalog, database: string): BackupRecord | undefined {
  return catalog.all({ database }).find(({ origin }) => origin === 'CAPTURED');
}
