/** Asking what differs. */
import { z } from 'zod';
import { filterInput } from '../backup/filter-input.js';
import { command } from '../command/command.js';
import { id, key, optional } from '../command/input-field.js';
import type { CompareService, Comparison } from './compare-service.js';

const side = z.object({
  backupId: optional(id).meta({ description: 'Id of a backup' }),
  database: optional(z.string()).meta({ description: 'Id of a configured database, as it is now' }),
  decryptionKey: optional(key).meta({ description: 'The passphrase of an encrypted backup', format: 'password' }),
});
const SIDE_ABOUT = 'Exactly one of `backupId` and `database`';
const compareInput = z.object({
  from: side.meta({ description: `What to start from. ${SIDE_ABOUT}` }),
  to: side.meta({ description: `What to compare it with. ${SIDE_ABOUT}` }),
  filter: optional(filterInput).meta({ description: 'Compare only this part' }),
});

type Side = z.output<typeof side>;
type CompareInput = z.output<typeof compareInput>;

const rulesOf = (at: 'from' | 'to') => [
  {
    at,
    says: 'exactly one of `backupId` and `database` is needed',
    isKept: (input: CompareInput) => hasOne(input[at]),
  },
  {
    at,
    says: 'a database needs no key',
    isKept: ({ [at]: { database, decryptionKey, backupId } }: CompareInput) =>
      database === undefined || backupId !== undefined || decryptionKey === undefined,
  },
];

const hasOne = ({ backupId, database }: Side): boolean => (backupId === undefined) !== (database === undefined);

/** The changes that lead from one configuration to the other. */
export const diff = command({
  name: 'diff',
  needs: ['backups:read'],
  input: compareInput,
  rules: [...rulesOf('from'), ...rulesOf('to')],
  audit: { asked: {}, reading: 'ROWS', isNeverHeldUp: true },
  run: (compare: CompareService, asked, { caller: { subject }, signal }): Promise<Comparison> =>
    compare.compare({ ...asked, subject, signal }),
});
