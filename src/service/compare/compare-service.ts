/** Comparing: what would make one configuration, a backup or a live database, equal to another. */

import { adapt } from '../../engine/adapt/adapt.js';
import { Labels } from '../../engine/describe/label.js';
import { identify } from '../../engine/identify/identify.js';
import { makePlan } from '../../engine/plan/plan.js';
import { describeChanges, type RowChange, withColumns } from '../../engine/plan/plan-changes.js';
import { countChanges, type Plan } from '../../engine/plan/table-plan.js';
import type { ResourceFilter } from '../../engine/scope/scope.js';
import { Breath } from '../../lib/breath.js';
import { withAddedKeys } from '../../model/northbound/runtime.js';
import { effectiveFilter, scopeOf } from '../backup/effective-filter.js';
import {
  type ChangeCounts,
  type ChangePage,
  type ChangePageRequest,
  isWanted,
  pageChanges,
} from '../change/change-page.js';
import { type ConfigurationRef, openAll, type Source, type SourceParts, sourceOf } from '../configuration/source.js';
import type { RunningWork } from '../job/running-work.js';
import type { Asker } from '../job/turns.js';

export interface CompareRequest extends Asker {
  readonly from: ConfigurationRef;
  readonly to: ConfigurationRef;
  readonly filter?: ResourceFilter | undefined;
}

export class Comparison {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  private readonly counts: ChangeCounts;

  constructor(
    private readonly plan: Plan,
    private readonly labels: Labels,
    /** Of both configurations: one may have tables that the other lacks. */
    tables: Iterable<string>,
  ) {
    const none = { INSERT: 0, UPDATE: 0, DELETE: 0, SKIP: 0 };
    this.counts = Object.fromEntries([
      ...Array.from(tables, (name) => [name, none] as const),
      ...plan.tables.map((draft) => [draft.table.name, { ...countChanges(draft), SKIP: 0 }] as const),
    ]);
    const sum = (kind: string): number =>
      Object.values(this.counts).reduce((total, kinds) => total + (kinds[kind] ?? 0), 0);
    this.inserted = sum('INSERT');
    this.updated = sum('UPDATE');
    this.deleted = sum('DELETE');
  }

  get identical(): boolean {
    return this.plan.changeCount === 0;
  }

  /** One page of the differences; equal rows are none. */
  changes(request: ChangePageRequest): Promise<ChangePage> {
    return pageChanges(this.differences(request), this.counts, request);
  }

  private async *differences(request: ChangePageRequest): AsyncGenerator<() => RowChange> {
    const { table } = request;
    for await (const change of describeChanges(this.plan, this.labels, new Breath())) {
      if (change.kind === 'SKIP' || !isWanted(change.kind, request)) continue;
      if (table === undefined || change.table === table) yield () => withColumns(change);
    }
  }
}

export interface CompareServiceParts extends SourceParts {
  readonly work: RunningWork;
}

export class CompareService {
  constructor(private readonly parts: CompareServiceParts) {}

  /**
   * The changes that lead from one configuration to the other, runtime state aside; of the part that a filter picks,
   * and that both sides were made to hold, where one of them is a selective backup.
   * @throws AppError NOT_FOUND, DECRYPTION_FAILED, INTEGRITY_FAILED, DATABASE_UNAVAILABLE, RATE_LIMITED,
   * SHUTTING_DOWN; BAD_USER_INPUT for names of the filter that pick nothing
   */
  async compare(request: CompareRequest): Promise<Comparison> {
    const { work } = this.parts;
    const sides = [sourceOf(request.from, this.parts, 'from'), sourceOf(request.to, this.parts, 'to')] as const;
    const compare = (): Promise<Comparison> => this.difference(request, sides);
    return work.run('comparison', async () =>
      sides.some(({ isLive }) => isLive)
        ? work.inDatabaseTurn(
            sides.flatMap(({ databases }) => databases),
            request,
            (signal) => openAll(sides, signal),
            compare,
          )
        : work.inStoreTurn(request, compare),
    );
  }

  private async difference(
    { filter: asked, signal }: CompareRequest,
    [from, to]: readonly [Source, Source],
  ): Promise<Comparison> {
    const breath = new Breath();
    const { snapshot: first, record: firstRecord } = await from.read(signal);
    const { snapshot: after, record: secondRecord } = await to.read(signal);
    // what is runtime state in either of them is no difference
    const schema = withAddedKeys(first.schema, [...from.runtimeKeys, ...to.runtimeKeys]);
    const before = { ...first, schema };
    // what the older schema lacks is no difference that could be shown in its words
    const { snapshot } = await adapt(after, schema, true, breath);
    const identity = await identify(snapshot, before, breath);
    const filter = [firstRecord, secondRecord].reduce(
      (limit, record) => (record === undefined ? limit : effectiveFilter(record, limit)),
      asked,
    );
    const scope =
      filter === undefined
        ? {}
        : {
            scope: (
              await scopeOf(
                { backup: snapshot, live: before, identity, byName: true, where: inEither(from, to) },
                filter,
                breath,
              )
            ).marks,
          };
    const plan = await makePlan(
      snapshot,
      before,
      identity,
      { policy: 'OVERWRITE', exact: true, restoreAccess: true, ...scope },
      breath,
    );
    return new Comparison(plan, await Labels.read([before, snapshot], breath), after.schema.tables.keys());
  }
}

/** Where the names of a filter are looked for. */
function inEither(from: Source, to: Source): string {
  if (from.isLive !== to.isLive) return 'in the backup or in the database';
  return from.isLive ? 'in either database' : 'in either backup';
}
