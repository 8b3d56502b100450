/** The plan that takes a restore back: its list of changes, turned round, against the database as it is now. */

import { countOwners } from '../../../engine/owners/owner-counts.js';
import { ownerNotes } from '../../../engine/owners/owner-notes.js';
import { makePlan } from '../../../engine/plan/plan.js';
import { withFreeValues } from '../../../engine/runtime-values/free-values.js';
import { identifyByUuid, type UndoMode, type UndoTarget, undoTarget } from '../../../engine/undo/undo.js';
import { findOwnConnection } from '../../../engine/untouched/own-connection.js';
import type { Breath } from '../../../lib/breath.js';
import { AppError } from '../../../lib/error.js';
import { countRows, type Snapshot } from '../../../model/snapshot/snapshot.js';
import type { Store } from '../../../store/store.js';
import { changeLogKey, undoListKey } from '../../backup/layout.js';
import { type LogReference, readKeptChanges } from '../../change/change-log.js';
import { isAnother, isAtSamePlace } from '../../database/database-identity.js';
import type { CapturedDatabase } from '../../database/database-reader.js';
import { isFinal, PHASE_WORDS } from '../life/life.js';
import type { RestoreRecord } from '../record/restore-record.js';
import type { Planned, RestorePlanner } from './restore-planner.js';

export interface UndoPlanned extends Planned {
  /** Changes that are in the database, to be taken back, and those of which nothing is there. */
  readonly present: number;
  readonly absent: number;
}

/** The restore that is to be undone, and its list of changes. */
export type Undoable = Pick<
  RestoreRecord,
  'id' | 'undoList' | 'changeList' | 'identity' | 'identityBefore' | 'remotes' | 'sealed'
>;

export class UndoPlanner implements RestorePlanner {
  rows = 0;

  constructor(
    private readonly store: Store,
    private readonly undoable: Undoable,
    private readonly mode: UndoMode,
    /** Whether the rows through which this server is connected go back, too. */
    private readonly isConnectionForced = true,
    /** Somebody asks for it, who knows where the database is by now. */
    private readonly isAsked = false,
  ) {}

  get subject(): string {
    return `what restore ${this.undoable.id} changed`;
  }

  /** The list is read while it is planned with: it may be long. */
  read(): Promise<void> {
    return Promise.resolve();
  }

  async plan({ snapshot: live, identity, remotes }: CapturedDatabase, breath: Breath): Promise<UndoPlanned> {
    this.checkIdentity(identity, remotes);
    const { target, conflicts, warnings, present, absent } = await this.target(live, breath);
    this.rows = countRows(target);
    const ownConnection = { rows: findOwnConnection(live, remotes), isForced: this.isConnectionForced };
    const plan = await withFreeValues(
      await makePlan(
        target,
        live,
        identifyByUuid(target, live),
        { policy: 'OVERWRITE', exact: true, restoreAccess: true, ownConnection },
        breath,
      ),
      breath,
    );
    const owners = await countOwners(plan, breath);
    return {
      plan: conflicts.length === 0 ? plan : { ...plan, problems: [...conflicts, ...plan.problems] },
      notes: [...warnings, ...(await ownerNotes(plan, owners, breath))],
      pulledIn: [],
      owners,
      present,
      absent,
    };
  }

  /** Steps that were interrupted may not have come to the global row yet. @throws OtherDatabase */
  private checkIdentity(live: string | undefined, addresses: readonly string[]): void {
    const { id, identity } = this.undoable;
    const isOther = this.mode === 'PARTIAL' ? isAnother(identity, live) : identity !== undefined && live !== identity;
    if (isOther) throw otherDatabase(id, identity, live);
    if (!this.isAsked && !isAtSamePlace(this.undoable, addresses)) throw movedDatabase(this.undoable, addresses);
  }

  /** From the list for people, which tells more, or from the one for undoing where that one is lost or damaged. */
  private async target(live: Snapshot, breath: Breath): Promise<UndoTarget> {
    const [best, ...others] = listsOf(this.undoable);
    try {
      return await this.targetFrom(best, live, breath);
    } catch (error) {
      const other = others[0];
      if (other === undefined || !isLost(error)) throw lostList(this.undoable.id, error);
      try {
        return await this.targetFrom(other, live, breath);
      } catch (otherError) {
        throw lostList(this.undoable.id, isLost(otherError) ? error : otherError);
      }
    }
  }

  private targetFrom(list: LogReference, live: Snapshot, breath: Breath): Promise<UndoTarget> {
    return undoTarget(live, readKeptChanges(this.store, list), this.mode, breath);
  }
}

/** The lists of changes that can be read without a key, the one that tells more first. */
export function listsOf({ id, undoList, changeList, sealed }: Undoable): readonly [LogReference, ...LogReference[]] {
  if (sealed === true) return [undoList ?? { key: undoListKey(id) }];
  if (changeList !== undefined)
    return undoList === undefined || undoList.key === changeList.key ? [changeList] : [changeList, undoList];
  // records of version 1 say nothing of their list
  return [undoList ?? { key: changeLogKey(id) }];
}

function isLost(error: unknown): error is AppError {
  return error instanceof AppError && (error.code === 'NOT_FOUND' || error.code === 'INTEGRITY_FAILED');
}

/** The error in the words of whoever undoes. */
function lostList(id: string, error: unknown): unknown {
  if (!isLost(error)) return error;
  return new AppError(
    'UNDO_IMPOSSIBLE',
    error.code === 'NOT_FOUND'
      ? `Restore ${id} cannot be undone: the list of what it changed is not in the store any more`
      : `Restore ${id} cannot be undone: the list of what it changed is damaged (${error.message})`,
    { cause: error },
  );
}

/** Thrown where the database that a restore went into is not the one that is configured now, or none is. */
export class OtherDatabase extends AppError {
  constructor(message: string) {
    super('CONFLICT', message, { details: { reason: 'OTHER_DATABASE' } });
  }
}

export function otherDatabase(restoreId: string, identity: string | undefined, live: string | undefined): AppError {
  return new OtherDatabase(
    `Restore ${restoreId} went into another database than the one that is configured here now (into ` +
      `${identity ?? 'one that is not known'}; here is ${live ?? 'one without a global row'}): nothing is changed`,
  );
}

function movedDatabase({ id, remotes = [] }: Undoable, addresses: readonly string[]): AppError {
  return new OtherDatabase(
    `Restore ${id} went into the database at ${remotes.join(',')}, and what is configured here now is at ` +
      `${addresses.join(',')}. It may be a copy: nothing is changed. Configure the old address again, or undo the ` +
      'restore by hand',
  );
}

/**
 * @param by the restore that has undone its undo
 * @throws AppError CONFLICT for a restore that has not ended, changed nothing, or is undone already
 */
export function checkUndoable({ id, dryRun, phase, result, undoneBy }: RestoreRecord, by: string | undefined): void {
  if (dryRun)
    throw new AppError('CONFLICT', `Restore ${id} was a dry run: it changed nothing that could be undone`, {
      details: { reason: 'NOTHING_CHANGED' },
    });
  if (undoneBy !== undefined) {
    const again = by === undefined ? '' : `. Its changes are in the database again by restore ${by}: undo that one`;
    throw new AppError('CONFLICT', `Restore ${id} is undone already, by restore ${undoneBy}${again}`, {
      details: { reason: 'ALREADY_UNDONE', restoreId: undoneBy },
    });
  }
  if (!isFinal(phase) && phase !== 'AWAITING_CONFIRMATION')
    throw new AppError('CONFLICT', `Restore ${id} ${PHASE_WORDS[phase]}: wait for its end`, {
      details: { reason: 'STILL_RUNNING' },
    });
  if (result === undefined || result.steps === 0)
    throw new AppError('CONFLICT', `Restore ${id} changed nothing that could be undone`, {
      details: { reason: 'NOTHING_CHANGED' },
    });
}
