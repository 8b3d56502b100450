/** What can be asked of retention. */
import { z } from 'zod';
import type { BackupRecord } from '../backup/backup-record.js';
import type { BackupService } from '../backup/backup-service.js';
import type { BackupFilter } from '../backup/catalog/catalog-page.js';
import { command } from '../command/command.js';
import { id, optional, orElse } from '../command/input-field.js';
import { namedDatabase, type Touched } from '../command/reach.js';
import { hasRule, policyInput, type RetentionPolicy, timeZone } from './retention-policy.js';
import type { RetentionReport, RetentionService } from './retention-service.js';

const ofFilter = ({ filter }: { readonly filter?: BackupFilter | null | undefined }): readonly Touched[] =>
  namedDatabase(filter?.database);

const RULES = [
  {
    at: 'policy',
    says: 'needs a rule, such as `keepDaily`: without any it would keep nothing',
    isKept: ({ policy }: { readonly policy: RetentionPolicy }) => hasRule(policy),
  },
];

const expiryInput = z
  .object({
    policy: policyInput.meta({ description: 'What is kept' }),
    filter: optional(z.custom<BackupFilter>()).meta({
      description: 'The backups that the policy is for: the others stay. Left out: all',
    }),
    timeZone: orElse(timeZone, 'UTC').meta({
      description: 'Whose days, weeks, months and years count: an IANA name, such as `Europe/Berlin`',
    }),
    dryRun: orElse(z.boolean(), true).meta({
      description: 'true: nothing is deleted, and the answer says what would be',
    }),
  })
  .meta({ id: 'ExpireBackups', description: 'Which backups are kept, and which go' });

export const expireBackups = command({
  name: 'expireBackups',
  needs: ['backups:delete'],
  dryRunNeeds: ['backups:read'],
  touches: ofFilter,
  input: expiryInput,
  rules: RULES,
  audit: { asked: { dryRun: 'dryRun' }, isNeverHeldUp: true },
  run: async (
    retention: RetentionService,
    { policy, filter, timeZone: zone, dryRun },
    { caller, reach, signal },
  ): Promise<RetentionReport> => {
    const asked = { policy, filter: filter ?? {}, timeZone: zone, reach };
    return dryRun ? retention.plan(asked) : retention.expire(asked, caller, signal);
  },
});

/** The dry run by itself. */
export const simulateRetention = command({
  name: 'simulateRetention',
  needs: ['backups:read'],
  touches: ofFilter,
  input: expiryInput.omit({ dryRun: true }).meta({
    id: 'SimulateRetention',
    description: 'Which backups would be kept, and which would go',
  }),
  rules: RULES,
  run: (retention: RetentionService, { policy, filter, timeZone: zone }, { reach }): RetentionReport =>
    retention.plan({ policy, filter: filter ?? {}, timeZone: zone, reach }),
});

export const pinBackup = command({
  name: 'pinBackup',
  needs: ['backups:write'],
  touches: ({ backupId }) => [{ kind: 'backup', id: backupId }],
  input: z
    .object({
      backupId: id.meta({ description: 'Id of the backup' }),
      pinned: z.boolean().meta({
        description:
          'true: no retention policy takes it away, and it is not deleted until it is unpinned. false: unpin',
      }),
    })
    .meta({ id: 'PinBackup', description: 'Whether a backup is pinned' }),
  audit: { asked: { backupId: 'backupId' } },
  run: (backups: BackupService, { backupId, pinned }): Promise<BackupRecord> => backups.pin(backupId, pinned),
});
