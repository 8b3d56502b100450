/**
 * The lists of what a restore changes: one that undoing needs, in the store before anything is sent, and one for
 * people, written while the database commits. Of several steps there is one list for both, since steps that are
 * interrupted are taken back from it.
 */
import { Labels } from '../../../engine/describe/label.js';
import { briefChanges, describeChanges, describeRefusal } from '../../../engine/plan/plan-changes.js';
import type { Plan } from '../../../engine/plan/table-plan.js';
import type { Breath } from '../../../lib/breath.js';
import { AppError, messageOf } from '../../../lib/error.js';
import type { Log } from '../../../lib/log.js';
import type { Store } from '../../../store/store.js';
import { changeLogKey, undoListKey } from '../../backup/layout.js';
import { type KeptLog, writeChangeLog } from '../../change/change-log.js';

export interface ChangeListsParts {
  /** Of the restore. */
  readonly id: string;
  readonly store: Store;
  readonly log: Log;
  readonly breath: Breath;
  /** It goes on also where the list that undoing needs cannot be kept. */
  readonly isForced: boolean;
}

export class ChangeLists {
  private kept: KeptLog | undefined;
  private describing: Promise<readonly string[]> | undefined;

  constructor(private readonly parts: ChangeListsParts) {}

  /** The list for people, as far as it is written. */
  get changeList(): KeptLog | undefined {
    return this.kept;
  }

  /** Writes the list for people. @throws AppError STORE_FULL, STORE_UNAVAILABLE */
  async describe(plan: Plan): Promise<KeptLog> {
    const { store, id, breath } = this.parts;
    const labels = await Labels.read([plan.backup, plan.live], breath);
    const describe = plan.problems.length === 0 ? describeChanges : describeRefusal;
    this.kept = await writeChangeLog(store, changeLogKey(id), describe(plan, labels, breath));
    return this.kept;
  }

  /** Begins to write the list for people. It is of use to whoever wants to know, and holds nothing up. */
  beginDescribing(plan: Plan): void {
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
    const { store, id, breath, isForced, log } = this.parts;
    try {
      const undoList = isStepped
        ? await this.describe(plan)
        : await writeChangeLog(store, undoListKey(id), briefChanges(plan, breath));
      return { undoList, notes: [] };
    } catch (error) {
      if (!isForced || isStepped || !(error instanceof AppError)) throw error;
      log.error({ err: error, restore: id }, 'a restore goes on without a list to undo it by');
      return { undoList: undefined, notes: [`It cannot be undone: its list could not be kept (${error.message})`] };
    }
  }
}
