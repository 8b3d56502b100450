/**
 * The lists of what a restore changes: one that undoing needs, in the store before a transaction is sent whole, and one
 * for people, written while the database commits. Of several steps there is one list for both, since steps that are
 * interrupted are taken back from it.
 *
 * What comes from an encrypted backup is not kept as it is: the list for people is sealed with the backup's key, and
 * the one for undoing has digests of what is written. There are two lists then in every case.
 */
import { Labels } from '../../../engine/describe/label.js';
import { briefChanges, describeChanges, describeRefusal, sealedChanges } from '../../../engine/plan/plan-changes.js';
import type { Plan } from '../../../engine/plan/table-plan.js';
import type { Breath } from '../../../lib/breath.js';
import { AppError, messageOf } from '../../../lib/error.js';
import type { Log } from '../../../lib/log.js';
import type { Store } from '../../../store/store.js';
import { changeLogKey, sealedChangeLogKey, undoListKey } from '../../backup/layout.js';
import { type KeptLog, type Seal, writeChangeLog } from '../../change/change-log.js';

export interface ChangeListsParts {
  /** Of the restore. */
  readonly id: string;
  readonly store: Store;
  readonly log: Log;
  readonly breath: Breath;
  /** It goes on also where the list that undoing needs cannot be kept. */
  readonly isForced: boolean;
  /** Of what comes from an encrypted backup. */
  readonly seal: Seal | undefined;
}

export class ChangeLists {
  private kept: KeptLog | undefined;
  private keptForUndo: KeptLog | undefined;
  private describing: Promise<readonly string[]> | undefined;

  constructor(private readonly parts: ChangeListsParts) {}

  /** The list for people, as far as it is written. */
  get changeList(): KeptLog | undefined {
    return this.kept;
  }

  /** What steps that are interrupted are taken back from. */
  get undoable(): { readonly changeList: KeptLog | undefined; readonly undoList: KeptLog | undefined } {
    return { changeList: this.parts.seal === undefined ? this.kept : undefined, undoList: this.keptForUndo };
  }

  /** Writes the list for people. @throws AppError STORE_FULL, STORE_UNAVAILABLE */
  async describe(plan: Plan): Promise<KeptLog> {
    const { store, id, breath, seal } = this.parts;
    const labels = await Labels.read([plan.backup, plan.live], breath);
    const describe = plan.problems.length === 0 ? describeChanges : describeRefusal;
    const key = seal === undefined ? changeLogKey(id) : sealedChangeLogKey(id);
    this.kept = await writeChangeLog(store, key, describe(plan, labels, breath), seal);
    return this.kept;
  }

  /** Begins to write the list for people. It is of use to whoever wants to know, and holds nothing up. */
  beginDescribing(plan: Plan, isStepped = false): void {
    // it was written before the first step
    if (isStepped && this.parts.seal === undefined) return;
    this.describing ??= this.describe(plan).then(
      () => [],
      (error: unknown) => [`The list of changes could not be kept: ${messageOf(error)}`],
    );
  }

  /** What there is to say of the list for people, once it is written. */
  async described(): Promise<readonly string[]> {
    return (await this.describing) ?? [];
  }

  /** The plan was not carried out: another one is described. */
  async forget(): Promise<void> {
    await this.describing;
    this.describing = undefined;
  }

  /**
   * Writes what undoing needs.
   * @returns undefined, with what there is to say of it, where that failed and the restore goes on all the same
   * @throws AppError STORE_FULL, STORE_UNAVAILABLE
   */
  async keepUndoList(
    plan: Plan,
    isStepped: boolean,
  ): Promise<{ readonly undoList: KeptLog | undefined; readonly notes: readonly string[] }> {
    const { store, id, breath, isForced, log, seal } = this.parts;
    try {
      if (isStepped && seal === undefined) return { undoList: await this.describe(plan), notes: [] };
      const changes = seal === undefined ? briefChanges(plan, breath) : sealedChanges(plan, id, breath);
      this.keptForUndo = await writeChangeLog(store, undoListKey(id), changes);
      return { undoList: this.keptForUndo, notes: [] };
    } catch (error) {
      if (!isForced || isStepped || !(error instanceof AppError)) throw error;
      log.error({ err: error, restore: id }, 'a restore goes on without a list to undo it by');
      return { undoList: undefined, notes: [`It cannot be undone: its list could not be kept (${error.message})`] };
    }
  }
}
