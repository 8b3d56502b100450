/**
 * Restores while somebody else writes to the same rows. The law: whatever was committed since the plan was made is in
 * the database at the end, or a guard has stopped the restore before it was lost, so that it is planned again. In one
 * transaction and in steps, on a server and on a cluster, and when what was done is taken back after a crash.
 */
import { applyTransaction } from '../../../src/engine/apply/apply.js';
import { cutIntoTransactions, type PlanTransaction } from '../../../src/engine/apply/transactions.js';
import type { Plan } from '../../../src/engine/plan/table-plan.js';
import { type KeptChange, undoTarget } from '../../../src/engine/undo/undo.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Atom } from '../../../src/model/row/row.js';
import { OvsdbError } from '../../../src/ovsdb/error.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import { snapshotOf } from '../../support/databases/every-kind.js';
import { type Commit, LateWriter } from '../../support/databases/late-writer.js';
import { smallNetwork } from '../../support/databases/small-network.js';
import { lawRuns } from '../../support/law-runs.js';
import { Rng } from '../../support/northbound/lib/rng.mjs';
import {
  Engine,
  EXACT,
  keptChanges,
  northboundSchema,
  OVERWRITE,
  planBetween,
  planTo,
  SKIP,
} from '../../support/servers/engine.js';
import { startOvsdbCluster } from '../../support/servers/ovsdb-cluster.js';
import { startOvsdbServer } from '../../support/servers/ovsdb-server.js';
import { become } from '../../support/servers/undo-story.js';

type Way = 'ONE' | 'STEPS' | 'CRASH';

const SEEDS = lawRuns(30);
/** A commit takes a cluster longer. */
const CLUSTER_SEEDS = lawRuns(5);

/** How a restore went. */
interface Outcome {
  readonly isStopped: boolean;
  readonly steps: number;
}

class Story {
  private readonly random: Rng;
  private readonly schema = northboundSchema();
  plan: Plan | undefined;
  writer: LateWriter | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly client: PlainClient,
    readonly seed: number,
  ) {
    this.random = new Rng(seed);
  }

  /** A restore of one network into another. @returns undefined where there is nothing to do, or it cannot be done */
  async begin(): Promise<LateWriter | undefined> {
    await become(this.engine, snapshotOf(this.schema, smallNetwork(2 * this.seed)));
    const live = await this.engine.capture();
    const backup = snapshotOf(this.schema, smallNetwork(2 * this.seed + 1));
    const plan = await planBetween(backup, live, this.random.pick([EXACT, EXACT, OVERWRITE, SKIP]) ?? EXACT);
    if (plan.problems.length > 0 || plan.changeCount === 0) return undefined;
    this.plan = plan;
    this.writer = new LateWriter(this.client, this.random, live);
    return this.writer;
  }

  async carryOut(way: Way): Promise<Outcome> {
    const plan = this.plan as Plan;
    const limits = { rowsMax: this.random.range(1, 3), bytesMax: 1 << 20 };
    const cut = way === 'ONE' ? 'ONE' : await cutIntoTransactions(plan, limits, new Breath());
    const steps: readonly (PlanTransaction | 'ONE')[] = cut === 'ONE' ? ['ONE'] : cut;
    const writesAt = new Set(Array.from({ length: this.random.range(1, 3) }, () => this.random.int(steps.length)));
    const end = way === 'CRASH' ? this.random.int(steps.length) + 1 : steps.length;
    for (const [number, step] of steps.slice(0, end).entries()) {
      if (writesAt.has(number)) await this.writer?.write(await this.engine.capture());
      try {
        if (step === 'ONE') await this.engine.apply(plan);
        else await this.engine.session((session) => applyTransaction(session, step, { comment: 'a step' }));
      } catch (error) {
        if (!(error instanceof OvsdbError)) throw error;
        return { isStopped: true, steps: number };
      }
    }
    return { isStopped: false, steps: end };
  }

  async takeBack(): Promise<readonly KeptChange[]> {
    const changes = await keptChanges(this.plan as Plan);
    const live = await this.engine.capture();
    const { target } = await undoTarget(live, changes, 'PARTIAL', new Breath());
    const plan = await planTo(target, live);
    expect([this.seed, plan.problems]).toEqual([this.seed, []]);
    if (plan.changeCount > 0) await this.engine.apply(plan);
    return changes;
  }
}

/** Tells the stories of so many seeds; answers how many were stopped. */
async function tell(engine: Engine, client: PlainClient, way: Way, seeds: number): Promise<number> {
  let stopped = 0;
  let written = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const story = new Story(engine, client, seed);
    const writer = await story.begin();
    if (writer === undefined) continue;
    const { isStopped } = await story.carryOut(way);
    if (isStopped) stopped++;
    written += writer.commits.length;
    expect([seed, told(writer.lost(await engine.capture()))]).toEqual([seed, []]);
    if (way !== 'CRASH' && !(isStopped && way === 'STEPS')) continue;
    const changes = await story.takeBack();
    const lost = writer.lost(await engine.capture()).filter((commit) => !isRestores(commit, changes));
    expect([seed, 'taken back', told(lost)]).toEqual([seed, 'taken back', []]);
  }
  expect(written).toBeGreaterThan(seeds / 2);
  return stopped;
}

const told = (commits: readonly Commit[]): readonly string[] =>
  commits.map(({ what, table, uuid, column = '', member = '' }) => `${what} ${table} ${uuid} ${column} ${member}`);

/** Whether the restore was to do the same as the commit: then nobody can tell whose doing it was. */
function isRestores({ what, table, uuid, column, member }: Commit, changes: readonly KeptChange[]): boolean {
  // two of a name, where no index forbids it: the row that goes back does not ask for it
  if (what === 'new switch' || what === 'new ACL' || what === 'move') return true;
  const change = changes.find((other) => other.table === table && other.uuid === uuid);
  if (what === 'delete' || change?.kind === 'INSERT') return change !== undefined;
  const diff = change?.columns.find((other) => other.column === column);
  const has = (value: unknown): boolean => ((value ?? []) as readonly Atom[]).includes(member ?? '');
  return diff !== undefined && has(diff.before) !== has(diff.after);
}

describe('what others commit while a restore is carried out is never lost', () => {
  it.each(['ONE', 'STEPS', 'CRASH'] as const)('on a server: %s', async (way) => {
    await using server = await startOvsdbServer();
    await using client = await PlainClient.open(server.remote);
    const stopped = await tell(new Engine(server.remote), client, way, SEEDS);
    // a guard asks only of what is written: most of what others do stops nothing
    expect(stopped).toBeGreaterThan(SEEDS / 20);
  });

  it.each(['STEPS', 'CRASH'] as const)('on a cluster of three: %s', async (way) => {
    await using cluster = await startOvsdbCluster();
    await cluster.settled();
    await using client = await PlainClient.open(cluster.remote(await cluster.settled()));
    await tell(new Engine(cluster.remotes), client, way, CLUSTER_SEEDS);
  });
});
