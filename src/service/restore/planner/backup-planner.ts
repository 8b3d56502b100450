/** A restore of a backup: what it wants the database to become. */

import { adapt } from '../../../engine/adapt/adapt.js';
import { withoutUnheld } from '../../../engine/adapt/lost-rows.js';
import { copyForRename } from '../../../engine/copy/working-copy.js';
import { type Identity, identify } from '../../../engine/identify/identify.js';
import { countOwners } from '../../../engine/owners/owner-counts.js';
import { ownerNotes } from '../../../engine/owners/owner-notes.js';
import { makePlan } from '../../../engine/plan/plan.js';
import type { ConflictPolicy, Plan, PlanOptions } from '../../../engine/plan/table-plan.js';
import { findDisplaced, type MappingEntry, resolveMapping } from '../../../engine/remap/resource-mapping.js';
import { withFreeValues } from '../../../engine/runtime-values/free-values.js';
import type { ResourceFilter } from '../../../engine/scope/scope.js';
import { findLearnedRows } from '../../../engine/untouched/learned-rows.js';
import { findOwnConnection } from '../../../engine/untouched/own-connection.js';
import type { UntouchedRows } from '../../../engine/untouched/untouched.js';
import { Breath } from '../../../lib/breath.js';
import { defined } from '../../../lib/defined.js';
import { countRows, type Snapshot } from '../../../model/snapshot/snapshot.js';
import { checkWhole, emptiness } from '../../backup/backup-content.js';
import type { BackupRecord } from '../../backup/backup-record.js';
import type { BackupService } from '../../backup/backup-service.js';
import { effectiveFilter, scopeOf } from '../../backup/effective-filter.js';
import { rowIdentity } from '../../database/database-identity.js';
import type { CapturedDatabase } from '../../database/database-reader.js';
import { deletionNotes, pulledInNotes, renameNotes, skippedNotes } from './plan-notes.js';
import type { Planned, ReadOptions, RestorePlanner } from './restore-planner.js';

export type RestorePolicy = ConflictPolicy | 'RENAME';

export interface BackupPlanOptions {
  readonly policy: RestorePolicy;
  readonly exact: boolean;
  readonly force: boolean;
  readonly filter?: ResourceFilter | undefined;
  readonly mapping: readonly MappingEntry[];
  readonly decryptionKey?: string | undefined;
  /** Configured id of the database that is restored into. */
  readonly database: string;
  /** Where that database is looked for. */
  readonly remotes: readonly string[];
  /** For names of copies: _restored_20260115103000 */
  readonly suffix: string;
  readonly newUuid: () => string;
}

export class BackupPlanner implements RestorePlanner {
  private snapshot: Snapshot | undefined;
  private notes: readonly string[] = [];

  constructor(
    private readonly backups: Pick<BackupService, 'read'>,
    private record: BackupRecord,
    private readonly options: BackupPlanOptions,
  ) {}

  get subject(): string {
    return `backup "${this.record.name}"`;
  }

  get rows(): number {
    return this.snapshot === undefined ? this.record.rowCount : countRows(this.snapshot);
  }

  get passphrase(): string | undefined {
    return this.options.decryptionKey;
  }

  async read({ signal, onProgress }: ReadOptions): Promise<void> {
    const { rowCount, sealed } = this.record;
    const { snapshot, record } = await this.backups.read(this.record, this.options.decryptionKey, {
      signal,
      ...(sealed === true
        ? {}
        : {
            onProgress: (rows) => {
              // a chain of backups holds some rows more than once
              onProgress(Math.min(rows, rowCount), rowCount);
            },
          }),
    });
    // what was captured holds itself together; what somebody wrote may not, and older versions imported it all the same
    if (record.origin === 'IMPORTED') await checkWhole(snapshot);
    // rows that nothing holds are left out; of a selective backup its filter sees to that
    const whole =
      record.origin === 'IMPORTED' && record.resourceFilter === undefined
        ? await withoutUnheld(snapshot, new Breath())
        : { snapshot, notes: [] };
    this.snapshot = whole.snapshot;
    this.notes = whole.notes;
    // of a sealed one it is known only now whether it is a selective one, and of what
    this.record = record;
  }

  async plan(state: CapturedDatabase, breath: Breath): Promise<Planned> {
    const { snapshot: stored, options } = this;
    const { snapshot: live } = state;
    if (stored === undefined) throw new Error('Bug: a backup was planned before it was read');
    const { snapshot: adapted, losses } = await adapt(stored, live.schema, options.force, breath);
    const { snapshot: backup, pairs } =
      options.mapping.length === 0
        ? { snapshot: adapted, pairs: [] }
        : await resolveMapping(adapted, live, options.mapping, breath);
    const identity = await identify(backup, live, breath, { pairs });
    const filter = effectiveFilter(this.record, options.filter);
    const notes = [
      ...elsewhere(this.record.database, options.database),
      ...this.notes,
      ...emptiness(stored),
      ...losses.map((loss) => `Left out: ${loss}`),
    ];
    const scope =
      filter === undefined
        ? undefined
        : await scopeOf(
            { mapped: { named: adapted, pairs }, backup, live, identity, ...namesIn(options.exact) },
            filter,
            breath,
          );
    notes.push(...(scope?.warnings ?? []));
    const pulledIn = scope?.pulledIn ?? [];
    const { exact, policy } = options;
    const restoreAccess = this.restoresAccess(stored, state);
    if (policy !== 'RENAME') {
      const untouched = await this.untouched(backup, live, breath);
      const plan = await makePlan(
        backup,
        live,
        identity,
        { policy, exact, restoreAccess, ...untouched, ...defined({ scope: scope?.marks }) },
        breath,
      );
      const displaced = pairs.length === 0 ? [] : await findDisplaced(plan, breath);
      const problems = [...plan.problems, ...displaced];
      return planned(
        { ...plan, problems },
        {
          notes: [
            ...notes,
            ...skippedNotes(plan, policy),
            ...pulledInNotes(plan, pulledIn),
            ...(await deletionNotes(plan, breath)),
          ],
          pulledIn,
        },
        breath,
      );
    }
    const {
      snapshot: copy,
      identity: ofCopy,
      marks,
      warnings,
    } = await this.copies({ backup, live, identity }, scope?.marks, breath);
    const inCopy = scope === undefined ? {} : { scope: { backup: marks, live: new Map<string, Uint8Array>() } };
    const plan = await makePlan(
      copy,
      live,
      ofCopy,
      { policy: 'SKIP', exact: false, restoreAccess, ...(await this.untouched(copy, live, breath)), ...inCopy },
      breath,
    );
    return planned(plan, { notes: [...notes, ...warnings, ...renameNotes(plan)], pulledIn }, breath);
  }

  /** What a restore leaves as it is, whatever the backup says of it. */
  private async untouched(backup: Snapshot, live: Snapshot, breath: Breath): Promise<UntouchedRows> {
    const { force: isForced, remotes } = this.options;
    return {
      learned: await findLearnedRows(backup, live, isForced, breath),
      ownConnection: { rows: findOwnConnection(live, remotes), isForced },
    };
  }

  /**
   * Whether Connection and SSL rows go back: only into the database that they come from, unless forced. An empty
   * database says nothing of itself: it is the one at the same address.
   */
  private restoresAccess(stored: Snapshot, live: CapturedDatabase): boolean {
    const { force, database, remotes } = this.options;
    const { origin, identity = rowIdentity(stored), remotes: capturedFrom = remotes } = this.record;
    if (force) return true;
    if (origin !== 'CAPTURED' || this.record.database !== database) return false;
    if (identity !== undefined && live.identity !== undefined) return identity === live.identity;
    return capturedFrom.some((address) => remotes.includes(address));
  }

  private copies(
    { backup, live, identity }: { backup: Snapshot; live: Snapshot; identity: Identity },
    scope: PlanOptions['scope'],
    breath: Breath,
  ): ReturnType<typeof copyForRename> {
    const { suffix, newUuid } = this.options;
    const isInScope = (table: string, uuid: string): boolean => {
      const index = backup.tables.get(table)?.find(uuid);
      return index !== undefined && scope?.backup.get(table)?.[index] !== 0;
    };
    return copyForRename(
      backup,
      live,
      identity,
      { suffix, newUuid, ...(scope === undefined ? {} : { isInScope }) },
      breath,
    );
  }
}

function elsewhere(from: string, into: string): readonly string[] {
  return from === into ? [] : [`The backup is of database ${from}; it is restored into ${into}`];
}

/** What is done to every plan of a backup in the end. */
async function planned(plan: Plan, rest: Pick<Planned, 'notes' | 'pulledIn'>, breath: Breath): Promise<Planned> {
  const settled = await withFreeValues(plan, breath);
  const owners = await countOwners(settled, breath);
  return { ...rest, notes: [...rest.notes, ...(await ownerNotes(settled, owners, breath))], plan: settled, owners };
}

/** Whether, and where, the names of a filter pick rows that only the database has. */
function namesIn(exact: boolean): { readonly byName: boolean; readonly where: string } {
  return { byName: exact, where: exact ? 'in the backup or in the database' : 'in the backup' };
}
