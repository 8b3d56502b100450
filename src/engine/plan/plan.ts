/**
 * Plan: what a restore would do, row by row. Pure: it reads two snapshots and an identity, and changes nothing.
 *
 * A dry run is this plan; a restore is this plan applied (apply.ts). Every row of the backup has
 * one outcome, so that restored + skipped + failed = total in each table. Rows to be inserted are kept as
 * their numbers only and made into operations when they are sent: a plan of 300,000 inserts is small.
 */

import type { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import { holderOf } from '../../model/northbound/holder.js';
import { ACCESS_TABLES } from '../../model/northbound/tables.js';
import { keepReferences, referenceColumns } from '../../model/reference/reference.js';
import type { Row } from '../../model/row/row.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import { type Identity, NO_MATCH } from '../identify/identify.js';
import { LeftOutReferences } from '../scope/left-out-references.js';
import { MARK } from '../scope/mark.js';
import { NOWHERE, type PortPlaces, portPlaces } from '../scope/port-places.js';
import { ScopeRules } from '../scope/scope-rules.js';
import { LeftAccess, lostAccess } from '../untouched/access-rows.js';
import { Untouched } from '../untouched/untouched.js';
import { findDeletes } from './deletion.js';
import { findDoubleHolds, findElsewhere, type LivePlaces } from './double-hold.js';
import { dropReferences } from './dropped-reference.js';
import { findIndexConflicts, findUnheldRows } from './feasibility.js';
import { LeftAlone } from './left-alone.js';
import { attachReferences, keepLiveReferences } from './merged-references.js';
import { PlanDraft, type TableDraft } from './plan-draft.js';
import { type ColumnDiff, diffRows } from './row-diff.js';
import { runtimeReferenceUpdates } from './runtime-reference.js';
import { findSizeConflicts } from './size-limits.js';
import {
  type ConflictPolicy,
  isIncluded,
  OUTCOME,
  type Outcome,
  type Plan,
  type PlanOptions,
  type ScopedOptions,
  SPARED,
  translateRow,
  valuesAfter,
} from './table-plan.js';

/** A row of the backup: its number, that of its live match or NO_MATCH, and whether its table takes part. */
interface RowPlace {
  readonly index: number;
  readonly match: number;
  readonly included: boolean;
}

/** How a row with a live match is dealt with. */
interface Treatment {
  readonly policy: ConflictPolicy;
  /** True for a row that is out of scope: it takes references to inserted rows in, and stays as it is otherwise. */
  readonly isBeside?: boolean;
  /** True for a row that comes only as the holder of what is needed: it takes that in, and stays as it is otherwise. */
  readonly isCarrier?: boolean;
  /** True for a row that is told of elsewhere if it differs: it is not left for the sake of the policy. */
  readonly isTold?: boolean;
}

/** Makes the plan. Both snapshots have the live database's schema. */
export async function makePlan(
  backup: Snapshot,
  live: Snapshot,
  identity: Identity,
  options: PlanOptions,
  breath: Breath,
): Promise<Plan> {
  if (options.exact && options.policy !== 'OVERWRITE')
    throw new AppError('BAD_USER_INPUT', 'exact deletes live rows: the conflict policy must be to overwrite');
  return new Planning(backup, live, identity, options, breath).run();
}

class Planning {
  private readonly draft: PlanDraft;
  private readonly options: ScopedOptions;
  private readonly scopeRules: ScopeRules | undefined;
  private readonly leftOut: LeftOutReferences;
  private readonly leftAlone = new LeftAlone();
  private livePlaces: LivePlaces = new Map();
  /** Table -> what there is to say of its rows, where they take no part. */
  private readonly leftAccess = new Map<string, LeftAccess>();
  private readonly untouched: Untouched;

  constructor(
    private readonly backup: Snapshot,
    private readonly live: Snapshot,
    private readonly identity: Identity,
    options: PlanOptions,
    private readonly breath: Breath,
  ) {
    this.scopeRules =
      options.scope === undefined ? undefined : new ScopeRules({ backup, live, identity, marks: options.scope });
    this.options = this.scopeRules === undefined ? options : { ...options, scopeRules: this.scopeRules };
    this.leftOut = new LeftOutReferences(backup);
    this.untouched = new Untouched(backup, live, options);
    this.draft = new PlanDraft({ backup, live, identity, options: this.options });
  }

  async run(): Promise<Plan> {
    const { draft } = this;
    this.livePlaces = await this.placesForCarriers();
    for (const table of draft.tables) await this.planTable(table);
    if (this.options.exact) await this.planDeletes();
    const unheld = await findUnheldRows(draft.tables, draft.basis, this.breath);
    for (const { table, index, problem } of unheld) {
      const { table: schema, backup, outcomes } = draft.table(table);
      outcomes[index] = OUTCOME.NOT_HELD;
      if (problem === undefined)
        this.leftAlone.noteUnheld(() => labelOf(schema, backup.row(index), backup.uuid(index)));
    }
    if (this.options.policy === 'OVERWRITE') await this.settleDeletes();
    for (const { update, ...row } of await dropReferences(draft.tables, this.identity, this.breath))
      draft.update(row, update);
    const clashes = [
      ...unheld,
      ...(await findIndexConflicts(draft.tables, draft.basis, this.breath)),
      ...(await findSizeConflicts(draft.tables, draft.basis, this.breath)),
      ...(await findDoubleHolds(draft.tables, draft.basis, this.breath)),
    ];
    if (this.livePlaces.size > 0)
      for (const text of await findElsewhere(draft.tables, draft.basis, this.livePlaces, this.breath))
        this.leftAlone.noteElsewhere(text);
    draft.warnings.push(...this.leftOut.warnings(), ...this.leftAlone.warnings());
    for (const { problem, ...row } of clashes) if (problem !== undefined) draft.fail(row, problem);
    this.tellUntouched();
    return draft.seal();
  }

  private tellUntouched(): void {
    const { draft, untouched } = this;
    for (const { table, live, updates, deletes } of draft.tables) {
      untouched.noteForced(
        table.name,
        (index) => updates.has(index),
        (index) => deletes.includes(index),
      );
      draft.warnings.push(...(this.leftAccess.get(table.name)?.told() ?? []));
      if (!ACCESS_TABLES.has(table.name)) continue;
      const written = [...updates].map(([index, update]) => [index, valuesAfter(update)] as const);
      const isTold = (index: number): boolean => untouched.isOwn(table.name, index);
      draft.warnings.push(...lostAccess({ table, live, deletes, updates: written, isTold }));
    }
    draft.warnings.push(...untouched.told());
  }

  /** Where live ports are, if the part has rows that come only as holders of ports. */
  private async placesForCarriers(): Promise<LivePlaces> {
    const places = new Map<string, PortPlaces>();
    const marks = this.options.scope?.backup ?? new Map<string, Uint8Array>();
    for (const name of this.live.tables.keys()) {
      const holder = holderOf(name);
      if (holder === undefined || marks.get(holder.table)?.includes(MARK.CARRIER) !== true) continue;
      const found = await portPlaces(this.live, name, this.breath);
      if (found !== undefined) places.set(name, found);
    }
    return places;
  }

  /** Deletes what the server would drop by itself, and nothing that it would refuse to delete. */
  private async settleDeletes(): Promise<void> {
    const { draft } = this;
    const { deletes, takenBack, problems, warnings } = await findDeletes(draft.tables, draft.basis, this.breath);
    for (const [table, indexes] of deletes) draft.replaceDeletes(table, indexes);
    for (const { update, ...row } of takenBack) draft.update(row, update);
    for (const problem of problems) draft.refuse(problem);
    draft.warnings.push(...warnings);
  }

  private async planTable(draft: TableDraft): Promise<void> {
    const { table, backup } = draft;
    const matches = this.identity.matches.get(table.name) as Int32Array;
    const included = isIncluded(table.name, this.options);
    if (!included) this.leftAccess.set(table.name, new LeftAccess(table));
    for (let i = 0; i < backup.count; i++) {
      const match = matches[i] as number;
      draft.outcomes[i] =
        this.scopeRules === undefined
          ? this.planRow(draft, { index: i, match, included })
          : this.planInScope(draft, { index: i, match, included }, this.scopeRules);
      if (this.breath.due()) await this.breath.rest();
    }
  }

  private planRow(
    draft: TableDraft,
    { index, match, included }: RowPlace,
    treatment: Treatment = this.options,
  ): Outcome {
    const { name } = draft.table;
    if (!included) return this.planAccess(draft, { index, match }, treatment);
    if (this.untouched.isLearned(name, index, match === NO_MATCH ? undefined : match))
      return this.planLearned(draft, { index, match }, treatment);
    if (match === NO_MATCH) return OUTCOME.INSERT;
    if (treatment.policy !== 'OVERWRITE' || !this.untouched.isOwnConnection(name, match))
      return this.planMatched(draft, { index, match }, treatment);
    const outcome = this.planMatched(draft, { index, match }, { ...treatment, policy: 'SKIP', isTold: true });
    if (outcome !== OUTCOME.EXISTS) return outcome;
    this.untouched.noteOwnConnection(name, match);
    return OUTCOME.OWN_CONNECTION;
  }

  /** A row that says how clients reach the database, and takes no part. */
  private planAccess(draft: TableDraft, { index, match }: Omit<RowPlace, 'included'>, treatment: Treatment): Outcome {
    const { table, backup, live } = draft;
    const left = this.leftAccess.get(table.name);
    if (match === NO_MATCH) {
      left?.noteMissing(backup.row(index), backup.uuid(index));
      return OUTCOME.ACCESS;
    }
    const outcome = this.planMatched(draft, { index, match }, { ...treatment, policy: 'SKIP', isTold: true });
    if (outcome !== OUTCOME.EXISTS) return outcome;
    left?.noteDiffering(live.row(match), live.uuid(match));
    return OUTCOME.ACCESS_DIFFERING;
  }

  /** A row that is left to ovn-ic. A live one is a holder like any other: what comes back gets its place in it. */
  private planLearned(draft: TableDraft, { index, match }: Omit<RowPlace, 'included'>, treatment: Treatment): Outcome {
    const outcome =
      match === NO_MATCH
        ? OUTCOME.LEARNED
        : this.planMatched(draft, { index, match }, { ...treatment, policy: 'SKIP', isTold: true });
    if (outcome !== OUTCOME.EXISTS && outcome !== OUTCOME.LEARNED) return outcome;
    if (treatment.isBeside !== true) this.untouched.noteLearned(draft.table.name, index);
    return outcome === OUTCOME.EXISTS ? OUTCOME.LEARNED_DIFFERING : outcome;
  }

  private planInScope(draft: TableDraft, place: RowPlace, scopeRules: ScopeRules): Outcome {
    const { table, backup } = draft;
    const { index, match } = place;
    const mark = scopeRules.markOf(table.name, index);
    if (mark === MARK.OUT) {
      if (match === NO_MATCH || !scopeRules.mayReferToReturning(table)) return OUTCOME.OUT;
      const outcome = this.planRow(draft, place, { policy: 'SKIP', isBeside: true });
      return outcome === OUTCOME.UPDATE ? OUTCOME.UPDATE : OUTCOME.OUT;
    }
    const { policy } = this.options;
    const isCarrier = mark === MARK.CARRIER;
    const treatment = { policy: isCarrier && policy === 'OVERWRITE' ? 'SKIP' : policy, isCarrier } as const;
    const outcome = this.planRow(draft, place, treatment);
    if (outcome === OUTCOME.INSERT && isCarrier)
      this.leftAlone.noteBare(() => labelOf(table, backup.row(index), backup.uuid(index)));
    if (outcome === OUTCOME.INSERT && referenceColumns(table).length > 0)
      this.leftOut.count(table, backup.row(index), mark, (to, uuid) => scopeRules.refersTo(to, uuid));
    return outcome;
  }

  private planMatched(
    draft: TableDraft,
    { index, match: liveIndex }: { readonly index: number; readonly match: number },
    { policy, isBeside = false, isCarrier = false, isTold = false }: Treatment,
  ): Outcome {
    const { table, backup, live } = draft;
    const sameUuids = this.identity.translation.size === 0 || referenceColumns(table).length === 0;
    if (sameUuids && backup.text(index).equals(live.text(liveIndex))) return OUTCOME.UNCHANGED;
    const now = live.row(liveIndex);
    // ovsdb-server can leave a weak reference to a row that it collected; written again it would be dropped, and never
    // come out equal
    const whole = keepReferences(
      table,
      backup.row(index),
      (to, uuid) => this.backup.tables.get(to)?.find(uuid) !== undefined,
    );
    const wanted = translateRow(table, whole, this.identity, this.options);
    const target = keepLiveReferences(
      table,
      wanted,
      now,
      (to, uuid) => !isIncluded(to, this.options) || this.untouched.staysHeld(to, uuid) || this.keepsLive(to, uuid),
    );
    const columns = diffRows(table, now, target);
    if (columns.length === 0) return OUTCOME.UNCHANGED;
    if (policy === 'OVERWRITE') {
      draft.updates.set(liveIndex, { liveIndex, columns, members: [] });
      return OUTCOME.UPDATE;
    }
    const attached = attachReferences(
      table,
      target,
      now,
      (to, uuid) => this.isInserted(to, uuid) || (isCarrier && this.comesBackToCarrier(to, uuid)),
    );
    const left = columns.filter(({ column }) => !attached.complete.has(column.name));
    if (policy === 'ERROR' && left.length > 0) {
      this.conflict(table, backup.row(index), backup.uuid(index), left);
      return OUTCOME.FAILED;
    }
    const label = (): string =>
      `${labelOf(table, now, live.uuid(liveIndex))} (${left.map(({ column }) => column.name).join(', ')})`;
    if (isBeside) this.leftAlone.noteTaken(table, now, live.uuid(liveIndex), attached.taken);
    else if (isCarrier && policy !== this.options.policy && left.length > 0) this.leftAlone.noteCarrier(label);
    if (attached.columns.length + attached.members.length === 0) {
      if (!isBeside && !isTold) this.draft.differing.add(label);
      return OUTCOME.EXISTS;
    }
    if (!isBeside && policy === this.options.policy && left.length > 0) this.leftAlone.notePartly(label);
    draft.updates.set(liveIndex, { liveIndex, columns: attached.columns, members: attached.members });
    return OUTCOME.UPDATE;
  }

  /** Whether a live port that nothing holds any more goes back to the row that held it. */
  private comesBackToCarrier(ports: string, uuid: string): boolean {
    const index = this.live.tables.get(ports)?.find(uuid);
    return (
      this.options.policy === 'OVERWRITE' &&
      index !== undefined &&
      this.livePlaces.get(ports)?.places[index] === NOWHERE
    );
  }

  private conflict(table: TableSchema, row: Row, uuid: string, columns: readonly ColumnDiff[]): void {
    const label = labelOf(table, row, uuid);
    const names = columns.map(({ column }) => column.name).join(', ');
    this.draft.refuse({
      code: 'CONFLICT',
      message: `${label} differs from the backup in ${names}`,
      table: table.name,
      label,
    });
  }

  private keepsLive(to: string, uuid: string): boolean {
    const { exact } = this.options;
    return this.scopeRules === undefined
      ? !exact && this.isLiveOnly(to, uuid)
      : this.scopeRules.keepsLive(to, uuid, exact);
  }

  /** A live row that the backup does not hold. */
  private isLiveOnly(table: string, uuid: string): boolean {
    const index = this.live.tables.get(table)?.find(uuid);
    return index !== undefined && this.identity.matched.get(table)?.[index] === 0;
  }

  /** `uuid` is in the database's words; an inserted row has the same there. */
  private isInserted(table: string, uuid: string): boolean {
    const index = this.backup.tables.get(table)?.find(uuid);
    return (
      index !== undefined &&
      this.identity.matches.get(table)?.[index] === NO_MATCH &&
      (this.scopeRules === undefined || this.scopeRules.markOf(table, index) !== MARK.OUT)
    );
  }

  private async planDeletes(): Promise<void> {
    for (const { table, live, deletes, spared } of this.draft.tables) {
      const matched = this.identity.matched.get(table.name) as Uint8Array;
      const left = this.leftAccess.get(table.name);
      for (let i = 0; i < live.count; i++) {
        if (!(this.scopeRules === undefined ? matched[i] === 0 : this.scopeRules.isSurplus(table.name, i))) continue;
        left?.noteSurplus(live.row(i), live.uuid(i));
        const why = left === undefined ? this.untouched.spares(table.name, i) : 'ACCESS';
        if (why === undefined) deletes.push(i);
        else spared.set(i, SPARED[why]);
      }
    }
    for (const { update, ...row } of await runtimeReferenceUpdates(this.draft.tables, this.identity, this.breath))
      this.draft.update(row, update);
  }
}
