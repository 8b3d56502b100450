/** The engine against a real server, in the steps that a restore takes, for tests of the engine alone. */
import { readFileSync } from 'node:fs';
import { applyPlan, type Guarded } from '../../../src/engine/apply/apply.js';
import { Labels } from '../../../src/engine/describe/label.js';
import { identify } from '../../../src/engine/identify/identify.js';
import { makePlan } from '../../../src/engine/plan/plan.js';
import { describeChanges, withColumns } from '../../../src/engine/plan/plan-changes.js';
import { countOutcomes, type Plan, type PlanOptions, type TableCounts } from '../../../src/engine/plan/table-plan.js';
import { type ResourceFilter, selectLiveScope, selectScope } from '../../../src/engine/scope/scope.js';
import { identifyByUuid, type KeptChange } from '../../../src/engine/undo/undo.js';
import { readBack } from '../../../src/engine/verify/read-back.js';
import { readPlanned } from '../../../src/engine/verify/read-planned.js';
import { type Verification, verifyPlan } from '../../../src/engine/verify/verify.js';
import { Breath } from '../../../src/lib/breath.js';
import { systemClock } from '../../../src/lib/clock.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { DatabaseClient, type Session } from '../../../src/ovsdb/client.js';
import { type DatabaseSchema, readDatabaseSchema } from '../../../src/ovsdb/database-schema.js';
import { parseJson } from '../../../src/ovsdb/json.js';
import { parseRemotes } from '../../../src/ovsdb/remote.js';
import { NORTHBOUND } from '../judge/judge.js';
import { installedSchema } from '../northbound/make.mjs';
import { capture } from './capture.js';

/** The Northbound schema of the installed OVN. */
export function northboundSchema(): DatabaseSchema {
  return readDatabaseSchema(parseJson(readFileSync(installedSchema(), 'utf8')));
}

export const OVERWRITE: PlanOptions = { policy: 'OVERWRITE', exact: false, restoreAccess: true };
export const EXACT: PlanOptions = { policy: 'OVERWRITE', exact: true, restoreAccess: true };
export const SKIP: PlanOptions = { policy: 'SKIP', exact: false, restoreAccess: true };
export const REFUSE: PlanOptions = { policy: 'ERROR', exact: false, restoreAccess: true };

/** A filter that takes in what its rows own, where it does not say otherwise. */
export function filterOf(part: Partial<ResourceFilter>): ResourceFilter {
  const all = { includePorts: true, includeAcls: true, includeLoadBalancers: true };
  return { ...all, includeNat: true, includeDhcpOptions: true, includeQos: true, ...part };
}

/** One database on one server. Needs no closing: every call opens a connection of its own. */
export class Engine {
  readonly client: DatabaseClient;

  constructor(remote: string, database = NORTHBOUND) {
    this.client = new DatabaseClient({ remotes: parseRemotes(remote), database, clock: systemClock });
  }

  session<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.client.withSession({ leader: true }, work);
  }

  capture(): Promise<Snapshot> {
    return this.session((session) => capture(session));
  }

  /** The plan of a restore of `backup`, from a capture made now. */
  async plan(backup: Snapshot, options: PlanOptions): Promise<Plan> {
    return planBetween(backup, await this.capture(), options);
  }

  /** The plan of a restore of the part of `backup` that the filter picks, from a capture made now. */
  async planPart(backup: Snapshot, options: PlanOptions, part: Partial<ResourceFilter>): Promise<Plan> {
    const breath = new Breath();
    const filter = filterOf(part);
    const live = await this.capture();
    const identity = await identify(backup, live, breath);
    const scope = await selectScope(backup, filter, breath, options.exact ? { alsoIn: live } : {});
    const theirs = await selectLiveScope(live, filter, scope, { backup, identity, byName: options.exact }, breath);
    return makePlan(backup, live, identity, { ...options, scope: { backup: scope.marks, live: theirs.marks } }, breath);
  }

  /** @throws OvsdbError, ConnectionError */
  apply(plan: Plan, guarded?: Guarded): Promise<void> {
    return this.session((session) => applyPlan(session, plan, { comment: 'a test', guarded }));
  }

  /** Whether each planned change is in the database: in a snapshot of it, and asked of the server, which is one. */
  async verify(plan: Plan): Promise<Verification> {
    const inSnapshot = await verifyPlan(plan, await this.capture(), new Breath());
    const asked = await this.session((session) =>
      readPlanned(plan, session, { clock: systemClock, breath: new Breath() }),
    );
    expect(sorted(asked)).toEqual(sorted(inSnapshot));
    return inSnapshot;
  }

  /** Every row of the tables touched. */
  readBack(plan: Plan): Promise<Verification> {
    return this.session((session) => readBack(plan, session, { clock: systemClock, breath: new Breath() }));
  }

  /**
   * Plans, applies where there is something to apply, and verifies.
   * @throws Error when the plan has problems, or when a row of the tables touched is not what it was to be
   */
  async restore(
    backup: Snapshot,
    options: PlanOptions,
  ): Promise<{ readonly plan: Plan; readonly verification: Verification }> {
    const plan = await this.plan(backup, options);
    if (plan.problems.length > 0) throw new Error(plan.problems.map(({ message }) => message).join('\n'));
    if (plan.changeCount > 0) await this.apply(plan);
    const { problems } = await this.readBack(plan);
    if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
    return { plan, verification: await this.verify(plan) };
  }
}

/** Both snapshots have the same schema. */
export async function planBetween(backup: Snapshot, live: Snapshot, options: PlanOptions): Promise<Plan> {
  const breath = new Breath();
  return makePlan(backup, live, await identify(backup, live, breath), options, breath);
}

/** The plan of an undo, or of anything else that makes the database what the target is, each row by its UUID. */
export async function planTo(target: Snapshot, live: Snapshot): Promise<Plan> {
  return makePlan(target, live, identifyByUuid(target, live), EXACT, new Breath());
}

/** The list of changes that a restore keeps of its plan. */
export async function keptChanges(plan: Plan): Promise<readonly KeptChange[]> {
  const breath = new Breath();
  const kept: KeptChange[] = [];
  for await (const change of describeChanges(plan, await Labels.read([plan.backup, plan.live], breath), breath))
    if (change.kind !== 'SKIP') kept.push(withColumns(change) as KeptChange);
  return kept;
}

/** Counts of the tables in which something would change or fail. */
export function countsOf(plan: Plan): Readonly<Record<string, TableCounts>> {
  const all = plan.tables.map((draft) => [draft.table.name, countOutcomes(draft)] as const);
  return Object.fromEntries(all.filter(([, { restored, deleted, failed }]) => restored + deleted + failed > 0));
}

function sorted({ problems, warnings, ...counts }: Verification): unknown {
  return { ...counts, problems: problems.map(({ message }) => message).sort(), warnings: [...warnings].sort() };
}
