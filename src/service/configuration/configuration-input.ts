/** Which configuration is meant: a stored backup, or a database as it is now. */
import { z } from 'zod';
import { id, key, optional } from '../command/input-field.js';
import { namedDatabase, type Touched } from '../command/reach.js';

export const configurationInput = z.object({
  backupId: optional(id).meta({ description: 'Id of a backup' }),
  database: optional(z.string()).meta({ description: 'Id of a configured database, as it is now' }),
  decryptionKey: optional(key).meta({ description: 'The passphrase of an encrypted backup', format: 'password' }),
});

/** What is said of a member that is one. */
export const CONFIGURATION_ABOUT = 'Exactly one of `backupId` and `database`';

type Configured = z.output<typeof configurationInput>;

/** What goes with what in a member that is one. */
export function configurationRules<At extends string>(at: At) {
  return [
    {
      at,
      says: 'exactly one of `backupId` and `database` is needed',
      isKept: ({ [at]: { backupId, database } }: { readonly [name in At]: Configured }) =>
        (backupId === undefined) !== (database === undefined),
    },
    {
      at,
      says: 'a database needs no key',
      isKept: ({ [at]: { database, decryptionKey, backupId } }: { readonly [name in At]: Configured }) =>
        database === undefined || backupId !== undefined || decryptionKey === undefined,
    },
  ];
}

/** For tokens that are limited to databases. */
export function ofConfiguration({ backupId, database }: Configured): readonly Touched[] {
  return backupId === undefined ? namedDatabase(database) : [{ kind: 'backup', id: backupId }];
}
