/** What can be asked of drills. */
import { z } from 'zod';
import { command } from '../command/command.js';
import { id, key, optional, orElse } from '../command/input-field.js';
import { hasEnded } from './drill-record.js';
import type { Drill } from './drill-registry.js';
import type { DrillService } from './drill-service.js';

const READ = ['backups:read'] as const;

export const drillBackup = command({
  name: 'drillBackup',
  needs: ['backups:write'],
  touches: ({ backupId }) => [{ kind: 'backup', id: backupId }],
  input: z
    .object({
      backupId: id.max(200, 'takes at most 200 characters').meta({ description: 'Id of the backup' }),
      decryptionKey: optional(key).meta({ description: 'The passphrase of an encrypted backup', format: 'password' }),
      northd: orElse(z.boolean(), true).meta({
        description:
          'true: ovn-northd works on the restored database too, until its flows stand. It is left out where it is ' +
          'older than the backup, and for databases other than the Northbound',
      }),
      wait: orElse(z.boolean(), true).meta({
        description: 'true: answer when the drill has ended. false: answer at once',
      }),
    })
    .meta({ id: 'DrillBackup', description: 'How to prove that a backup can be restored' }),
  audit: {
    asked: { backupId: 'backupId' },
    answered: ({ record: { id: jobId, backupId, database } }: Drill) => ({ jobId, backupId, database }),
    result: ({ record }: Drill) => (hasEnded(record) ? (record.error?.code ?? 'OK') : 'ACCEPTED'),
  },
  run: async (drills: DrillService, { wait, ...asked }, { caller: { subject }, begun }): Promise<Drill> => {
    const { drill, kept, done } = await drills.start({ ...asked, subject });
    await kept;
    if (!wait) return drill;
    begun(drill);
    return done;
  },
});

/** Newest first, running ones too; all of them: pages are the faces' own. */
export const listDrills = command({
  name: 'listDrills',
  needs: READ,
  touches: ({ backupId }) => (backupId === undefined ? [] : [{ kind: 'backup', id: backupId }]),
  input: z.object({ backupId: optional(id).meta({ description: 'Only drills of this backup' }) }),
  run: (drills: DrillService, { backupId }, { reach }): readonly Drill[] =>
    drills.list(backupId).filter(({ record }) => reach.has(record.database)),
});

export const getDrill = command({
  name: 'getDrill',
  needs: READ,
  touches: ({ drillId }) => [{ kind: 'drill', id: drillId }],
  input: z.object({ drillId: id.meta({ description: 'Id of the drill' }) }),
  run: (drills: DrillService, { drillId }): Drill => drills.get(drillId),
});
