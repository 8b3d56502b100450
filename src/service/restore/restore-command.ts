/** What can be asked of restores. */
import { z } from 'zod';
import { VERIFY_MODES } from '../../engine/verify/verify.js';
import { filterInput } from '../backup/filter-input.js';
import { changePageInput } from '../change/change-input.js';
import type { ChangePage } from '../change/change-page.js';
import { type Call, command } from '../command/command.js';
import { id, key, optional, orElse, secondsUpToADay, text } from '../command/input-field.js';
import { namedDatabase, type Reach, type Touched } from '../command/reach.js';
import { RESTORE_PHASES } from './life/life.js';
import type { Restore } from './record/restore-registry.js';
import type { RestoreSummary } from './record/restore-summary.js';
import type { Started } from './restore-request.js';
import type { RestoreService } from './restore-service.js';

const READ = ['backups:read'] as const;
const CHANGE = ['backups:restore', 'admin'] as const;
/** What was in rows, and what comes into them. */
export const VALUES_NEED = 'backups:restore';
const MAPPINGS_MAX = 10_000;
const DRY_RUN_ABOUT = 'Plan and count everything, but change nothing';

/** A name or a UUID of a mapping. */
export const mapped = text(200).min(1, 'may not be empty');

const restoreInput = z
  .object({
    backupId: id.max(200, 'takes at most 200 characters').meta({ description: 'Id of the backup to restore' }),
    dryRun: orElse(z.boolean(), false).meta({ description: DRY_RUN_ABOUT }),
    conflictPolicy: orElse(z.enum(['SKIP', 'OVERWRITE', 'RENAME', 'ERROR']), 'SKIP').meta({
      description:
        'What happens to a live row that the backup has too. `SKIP`: it is left as it is. `OVERWRITE`: it is changed ' +
        'back, and keeps its UUID. `RENAME`: it stays, and a copy is made beside it. `ERROR`: if any row differs, ' +
        'nothing is done',
    }),
    resourceMapping: orElse(
      z.array(z.object({ from: mapped, to: mapped })).max(MAPPINGS_MAX, 'takes at most 10,000 entries'),
      [],
    ).meta({
      description:
        'Treats a row of the backup as this live row: its children attach there, and references to it point there',
    }),
    restoreFilter: optional(filterInput).meta({
      description: 'Restore only this part. Of a selective backup: only what it has of this part',
    }),
    decryptionKey: optional(key).meta({ description: 'The passphrase of an encrypted backup', format: 'password' }),
    force: orElse(z.boolean(), false).meta({
      description: 'Continue despite warnings, for example when columns would be lost',
    }),
    exact: orElse(z.boolean(), false).meta({
      description:
        'With `OVERWRITE`: also delete the live rows, within `restoreFilter`, that the backup does not have. The ' +
        'database then equals the backup',
    }),
    database: optional(z.string()).meta({
      description: 'Id of the configured database to restore into. Left out: the one that the backup came from',
    }),
    verify: orElse(z.enum(VERIFY_MODES), 'ASSERTIONS').meta({
      description:
        'What is checked after the commit. `ASSERTIONS`: that each planned change is in the database. `FULL`: every ' +
        'row of the changed tables is read back and compared',
    }),
    sync: orElse(z.enum(['NONE', 'SB', 'HV']), 'NONE').meta({
      description:
        'What to wait for after the commit, like ovn-nbctl --wait. `NONE`: nothing. `SB`: ovn-northd. `HV`: ' +
        'ovn-northd ' +
        'and the chassis',
    }),
    confirmWithinSeconds: optional(secondsUpToADay).meta({
      description:
        'The restore undoes itself unless it is confirmed within this many seconds, 1 to 86,400. Until then other ' +
        'restores of the database are refused, or wait with `queue`. A dry run does not use it',
    }),
    queue: orElse(z.boolean(), false).meta({
      description:
        'true: if another restore of the database awaits its confirmation, wait for that. false: be refused with ' +
        'CONFLICT',
    }),
    wait: orElse(z.boolean(), true).meta({
      description: 'true: answer when the restore has ended, or awaits confirmation. false: answer at once',
    }),
  })
  .meta({ id: 'RestoreBackup', description: 'What to restore, and how' });

type RestoreInput = z.output<typeof restoreInput>;

const aboutOf = ({ record: { id: restoreId, source, database } }: Restore) => ({
  restoreId,
  backupId: source.backupId,
  database,
});

const ofRestore = ({ restoreId: of }: { readonly restoreId: string }): readonly Touched[] => [
  { kind: 'restore', id: of },
];

/** How it ended, or that it has only begun. */
function resultOf({ record: { result } }: Restore): string {
  if (result === undefined) return 'ACCEPTED';
  return result.success ? 'OK' : (result.errors[0]?.code ?? 'INTERNAL');
}

async function ended({ restore, done }: Started, { begun }: Call<Restore>): Promise<Restore> {
  begun(restore);
  await done;
  return restore;
}

export const restoreBackup = command({
  name: 'restoreBackup',
  needs: CHANGE,
  dryRunNeeds: READ,
  touches: ({ backupId, database }) => [{ kind: 'backup', id: backupId }, ...namedDatabase(database)],
  input: restoreInput,
  rules: [
    {
      at: 'exact',
      says: 'deletes live rows and needs the `conflictPolicy` `OVERWRITE`',
      isKept: ({ exact, conflictPolicy }: RestoreInput) => !exact || conflictPolicy === 'OVERWRITE',
    },
    {
      at: 'resourceMapping',
      says: 'puts rows into live ones, and `RENAME` makes copies beside them: use one of the two',
      isKept: ({ resourceMapping, conflictPolicy }: RestoreInput) =>
        resourceMapping.length === 0 || conflictPolicy !== 'RENAME',
    },
  ],
  audit: {
    asked: { backupId: 'backupId', database: 'database', dryRun: 'dryRun' },
    answered: aboutOf,
    result: resultOf,
  },
  run: async (restores: RestoreService, { resourceMapping, restoreFilter, ...rest }, call): Promise<Restore> => {
    const started = await restores.start({
      ...rest,
      mapping: resourceMapping,
      filter: restoreFilter,
      caller: call.caller,
    });
    return rest.wait ? ended(started, call) : started.restore;
  },
});

export const undoRestore = command({
  name: 'undoRestore',
  needs: CHANGE,
  dryRunNeeds: READ,
  touches: ofRestore,
  input: z
    .object({
      restoreId: id.meta({ description: 'Id of the restore to undo' }),
      dryRun: orElse(z.boolean(), false).meta({ description: DRY_RUN_ABOUT }),
      force: orElse(z.boolean(), false).meta({
        description: 'Undo it even if others have changed the same rows since',
      }),
      wait: orElse(z.boolean(), true).meta({
        description: 'true: answer when the undo has ended. false: answer at once',
      }),
    })
    .meta({ id: 'UndoRestore', description: 'How to undo a restore' }),
  audit: { asked: { undoOf: 'restoreId', dryRun: 'dryRun' }, answered: aboutOf, result: resultOf },
  run: async (restores: RestoreService, { restoreId, wait, ...rest }, call): Promise<Restore> => {
    const started = await restores.undo(restoreId, { ...rest, caller: call.caller, wait });
    return wait ? ended(started, call) : started.restore;
  },
});

const restoreId = z.object({ restoreId: id.meta({ description: 'Id of the restore' }) });

export const confirmRestore = command({
  name: 'confirmRestore',
  needs: CHANGE,
  touches: ofRestore,
  input: restoreId,
  audit: { asked: { restoreId: 'restoreId' }, answered: aboutOf },
  run: (restores: RestoreService, input, { caller }): Promise<Restore> =>
    restores.confirm(input.restoreId, caller.subject),
});

export const cancelRestore = command({
  name: 'cancelRestore',
  needs: CHANGE,
  touches: ofRestore,
  input: restoreId,
  audit: { asked: { restoreId: 'restoreId' }, answered: aboutOf, isNeverHeldUp: true },
  run: (restores: RestoreService, input): Promise<Restore> => restores.cancel(input.restoreId),
});

/** Newest first, running ones too; all of them: pages are the faces' own, and RestoreService.read reads one. */
export const listRestores = command({
  name: 'listRestores',
  needs: READ,
  touches: ({ backupId }) => (backupId === undefined ? [] : [{ kind: 'backup', id: backupId }]),
  input: z.object({
    backupId: optional(z.string()).meta({ description: 'Only restores of this backup' }),
    dryRun: optional(z.boolean()).meta({
      description: 'True: only dry runs. False: only those that were to change something. Left out: both',
    }),
    phase: optional(z.enum(RESTORE_PHASES)).meta({ description: 'Only restores in this phase' }),
  }),
  run: (restores: RestoreService, { backupId, dryRun, phase }, { reach }): readonly RestoreSummary[] =>
    restores
      .list(backupId)
      .filter(
        (listed) =>
          (dryRun === undefined || listed.dryRun === dryRun) &&
          (phase === undefined || listed.phase === phase) &&
          reach.hasOf('restore', listed.id),
      ),
});

export const getRestore = command({
  name: 'getRestore',
  needs: READ,
  touches: ofRestore,
  input: restoreId,
  run: (restores: RestoreService, input): Promise<Restore> => restores.get(input.restoreId),
});

/** A page of what a restore changes. */
export interface ShownChanges {
  readonly page: ChangePage;
  /** Whoever asks may know which rows are changed, and how, but not what is in them. */
  readonly areValuesHidden: boolean;
}

export const restoreChanges = command({
  name: 'restoreChanges',
  needs: READ,
  touches: ofRestore,
  input: restoreId.extend({
    ...changePageInput.shape,
    offset: optional(z.number()),
    decryptionKey: optional(key).meta({
      description:
        'The passphrase of an encrypted backup: the changes of its restores are encrypted with it. Not needed in the ' +
        'answer to the restore itself',
    }),
  }),
  audit: { asked: { restoreId: 'restoreId' }, reading: 'ROWS', isNeverHeldUp: true },
  run: async (
    restores: RestoreService,
    { restoreId: of, decryptionKey, ...request },
    { may },
  ): Promise<ShownChanges> => {
    const { record } = await restores.get(of);
    return {
      page: await restores.changes(record, request, decryptionKey),
      areValuesHidden: !may(VALUES_NEED),
    };
  },
});

/** The newest one of the database that was no dry run. */
export function lastRestoreOf(restores: RestoreService, database: string, reach: Reach): RestoreSummary | undefined {
  return restores
    .list()
    .find((restore) => restore.database === database && !restore.dryRun && reach.hasAll(restore.databases));
}
