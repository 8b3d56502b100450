/**
 * Plans in steps. The law: whatever the plan and however small the steps, they end where the one transaction ends, and
 * after each of them the server has dropped nothing by itself.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { applyTransaction } from '../../../src/engine/apply/apply.js';
import { cutIntoTransactions, type TransactionLimits } from '../../../src/engine/apply/transactions.js';
import type { Plan } from '../../../src/engine/plan/table-plan.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import type { DatabaseSchema } from '../../../src/ovsdb/database-schema.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { EVERY_REFERENCE, SINGLE_HOLDS } from '../../support/databases/every-reference.js';
import { randomDatabase } from '../../support/databases/random-database.js';
import { everySchema, withoutOwnRules } from '../../support/databases/schema-rows.js';
import { mutations, Vandal } from '../../support/databases/vandal.js';
import { compareDatabases, dumpDatabase } from '../../support/judge/judge.js';
import { StepJudge } from '../../support/judge/step-judge.js';
import { lawRuns } from '../../support/law-runs.js';
import { type DatabaseFileOptions, databaseFile } from '../../support/northbound/database-file.js';
import { installedSchema } from '../../support/northbound/make.mjs';
import { capture } from '../../support/servers/capture.js';
import { Engine, EXACT, OVERWRITE, planBetween, SKIP } from '../../support/servers/engine.js';
import { startOvsdbCluster } from '../../support/servers/ovsdb-cluster.js';
import { startOvsdbServer } from '../../support/servers/ovsdb-server.js';
import { serverOf } from '../../support/servers/schema-server.js';

interface Applied {
  readonly steps: number;
  /** Of the steps that hold more than one row. */
  readonly rowsMost: number;
  readonly bytesMost: number;
}

/** Applies a plan in steps, looking at the database after each. */
async function applyInSteps(
  engine: Engine,
  client: PlainClient,
  plan: Plan,
  limits: TransactionLimits,
): Promise<Applied> {
  const planned = await cutIntoTransactions(plan, limits, new Breath());
  if (planned === 'ONE') {
    if (plan.changeCount > 0) await engine.apply(plan);
    return { steps: 1, rowsMost: 0, bytesMost: 0 };
  }
  expect(planned.map(({ number }) => number)).toEqual(planned.map((_, i) => i + 1));
  expect(planned.reduce((sum, { rows }) => sum + rows, 0)).toBe(plan.changeCount);
  const judge = await StepJudge.open(client, plan.live.schema.name);
  const sizes: { rows: number; bytes: number }[] = [];
  await engine.session(async (session) => {
    for (const step of planned) {
      const texts = [...step.operations()];
      judge.take(texts);
      await applyTransaction(session, step, { comment: `step ${String(step.number)}` });
      expect(await judge.differences()).toEqual([]);
      sizes.push({ rows: step.rows, bytes: texts.reduce((sum, text) => sum + text.length, 0) });
    }
  });
  const several = sizes.filter(({ rows }) => rows > 1);
  return {
    steps: planned.length,
    rowsMost: Math.max(0, ...several.map(({ rows }) => rows)),
    bytesMost: Math.max(0, ...several.map(({ bytes }) => bytes)),
  };
}

const limitsOf = fc.record({
  rowsMax: fc.integer({ min: 3, max: 50 }),
  bytesMax: fc.constantFrom(2_000, 20_000, 1 << 20),
});

const BASES: readonly (DatabaseFileOptions & { readonly seed: number; readonly numRuns: number })[] = [
  { profile: 'k8s', rows: 300, seed: 1, numRuns: lawRuns(5) },
  { profile: 'openstack', rows: 300, seed: 1, numRuns: lawRuns(5) },
  { profile: 'small', edge: true, seed: 1, numRuns: lawRuns(6) },
];

describe('a plan in steps', () => {
  it.each(BASES)('ends where the one transaction ends, and goes back again: $profile', async ({ numRuns, ...base }) => {
    await using server = await startOvsdbServer({ database: databaseFile(base) });
    const engine = new Engine(server.remote);
    const backup = await engine.capture();
    await using client = await PlainClient.open(server.remote);
    const vandal = new Vandal(client, backup);
    let several = 0;
    // a failure is not made smaller: the database is not what it was before it
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutations, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(EXACT, OVERWRITE, SKIP),
        limitsOf,
        limitsOf,
        async (lists, options, limits, other) => {
          for (const mutation of lists.flat()) await vandal.run(mutation);
          const before = await dumpDatabase(server.remote);
          const live = await engine.capture();
          const plan = await planBetween(backup, live, options);
          if (plan.problems.length === 0) {
            const { steps } = await applyInSteps(engine, client, plan, limits);
            if (steps > 1) several++;
            const after = await dumpDatabase(server.remote);
            await applyInSteps(engine, client, await engine.plan(live, EXACT), other);
            expect(compareDatabases(before, await dumpDatabase(server.remote))).toEqual([]);
            if (plan.changeCount > 0) await engine.apply(plan);
            expect(compareDatabases(after, await dumpDatabase(server.remote))).toEqual([]);
          }
          await engine.restore(backup, EXACT);
        },
      ),
      { seed: 20_260_115, numRuns, endOnFailure: true },
    );
    expect(several).toBeGreaterThan(numRuns / 3);
  });

  it('changes one database into another, and keeps to its limits', async () => {
    const files: readonly DatabaseFileOptions[] = [
      { profile: 'k8s', rows: 300 },
      { profile: 'openstack', rows: 300 },
      { profile: 'small', edge: true },
      { profile: 'k8s', rows: 300, seed: 2 },
    ];
    const limits: readonly TransactionLimits[] = [
      { rowsMax: 7, bytesMax: 8_000 },
      { rowsMax: 25, bytesMax: 1 << 20 },
      { rowsMax: 50, bytesMax: 6_000 },
    ];
    await using server = await startOvsdbServer();
    await using client = await PlainClient.open(server.remote);
    const engine = new Engine(server.remote);
    for (const [i, file] of [...files, files[0] as DatabaseFileOptions].entries()) {
      const snapshot = await captureOf(file);
      const plan = await engine.plan(snapshot, EXACT);
      const { rowsMax, bytesMax } = limits[i % limits.length] as TransactionLimits;
      const { steps, rowsMost, bytesMost } = await applyInSteps(engine, client, plan, { rowsMax, bytesMax });
      expect(plan.problems).toEqual([]);
      expect(rowsMost).toBeLessThanOrEqual(rowsMax);
      expect(bytesMost).toBeLessThanOrEqual(bytesMax);
      // and makes no more steps than it must
      expect(steps).toBeLessThan(2 + (bytesMax === 1 << 20 ? plan.changeCount / (rowsMax - 1) : plan.changeCount / 3));
      expect((await engine.plan(snapshot, EXACT)).changeCount).toBe(0);
    }
  });

  it.each([
    ['the newest Northbound schema', withoutOwnRules(everySchema().at(-1)?.schema as DatabaseSchema)],
    ['a schema with all kinds of references', EVERY_REFERENCE],
  ] as const)('orders what any two databases have between them: %s', async (_, schema) => {
    await using server = await serverOf(schema);
    await using client = await PlainClient.open(server.remote);
    const engine = new Engine(server.remote, schema.name);
    let steps = 0;
    // a failure is not made smaller: the database is not what it was before it
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.integer({ min: 2, max: 5 }),
        fc.constantFrom(0, 0.3, 0.6, 0.9),
        fc.constantFrom(1, 1, 4, 20),
        async (seed, rows, share, rowsMax) => {
          const wanted = snapshotOf(schema, randomDatabase(schema, seed, { rows, share }));
          const plan = await engine.plan(wanted, EXACT);
          expect(plan.problems).toEqual([]);
          steps += (await applyInSteps(engine, client, plan, { rowsMax, bytesMax: 1 << 20 })).steps;
          expect((await engine.plan(wanted, EXACT)).changeCount).toBe(0);
        },
      ),
      { seed: 20_260_115, numRuns: lawRuns(6), endOnFailure: true },
    );
    expect(steps).toBeGreaterThan(lawRuns(18));
  });

  it('deletes rows that nothing holds any more in the step that takes their last holder', async () => {
    await using server = await serverOf(SINGLE_HOLDS);
    await using client = await PlainClient.open(server.remote);
    const engine = new Engine(server.remote, SINGLE_HOLDS.name);
    let dropped = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.constantFrom(1, 2, 4), async (first, second, rowsMax) => {
        const [before, wanted] = [first, second].map((seed) =>
          snapshotOf(SINGLE_HOLDS, randomDatabase(SINGLE_HOLDS, seed, { rows: 5, share: 0.6 })),
        ) as [Snapshot, Snapshot];
        await engine.restore(before, EXACT);
        const plan = await engine.plan(wanted, OVERWRITE);
        expect(plan.problems).toEqual([]);
        dropped += plan.tables.reduce((sum, { deletes }) => sum + deletes.length, 0);
        await applyInSteps(engine, client, plan, { rowsMax, bytesMax: 1 << 20 });
        expect((await engine.verify(plan)).problems).toEqual([]);
        expect((await engine.plan(wanted, OVERWRITE)).changeCount).toBe(0);
      }),
      { seed: 1, numRuns: lawRuns(8), endOnFailure: true },
    );
    expect(dropped).toBeGreaterThan(0);
  });

  it('keeps a row alive that goes from one single-valued column to another, and no more rows than a table may have', async () => {
    const u = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
    const before: Tables = {
      A: { [u(1)]: { name: 'first', one: u(11) }, [u(2)]: { name: 'second', one: u(12) } },
      B: { [u(3)]: { name: 'b', few: [u(13)] } },
      Held: Object.fromEntries([11, 12, 13, 14].map((number) => [u(number), { name: `held ${String(number)}` }])),
      Few: { [u(5)]: { name: 'some' }, [u(6)]: { name: 'more', held: [u(14)] } },
    };
    const after: Tables = {
      A: { [u(1)]: { name: 'first', one: u(15) }, [u(2)]: { name: 'second', one: u(11) } },
      B: { [u(3)]: { name: 'b', few: [u(14), u(16)] } },
      Held: Object.fromEntries([11, 14, 15, 16].map((number) => [u(number), { name: `held ${String(number)}` }])),
      Few: { [u(7)]: { name: 'other' }, [u(8)]: { name: 'another' } },
    };
    await using server = await serverOf(EVERY_REFERENCE);
    await using client = await PlainClient.open(server.remote);
    const engine = new Engine(server.remote, EVERY_REFERENCE.name);
    for (const tables of [before, after, before, {}, after]) {
      const wanted = snapshotOf(EVERY_REFERENCE, tables);
      const { steps } = await applyInSteps(engine, client, await engine.plan(wanted, EXACT), {
        rowsMax: 1,
        bytesMax: 1 << 20,
      });
      expect(steps).toBeGreaterThan(3);
      expect((await engine.plan(wanted, EXACT)).changeCount).toBe(0);
    }
  });
});

/** Processor time so far, in clock ticks of 10 ms. */
function ticksOf(pid: number): number {
  const [user, system] =
    readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ')
      .slice(11, 13) ?? [];
  return Number(user) + Number(system);
}

describe('a plan in steps on a cluster', () => {
  // with an election timer that no busy machine exceeds: test/bench/steps.mjs measures with the default one
  it.each([
    ['10,000 rows into an empty database', undefined, 10_000],
    ['all of 6,000 rows out of a full one', 6_000, undefined],
  ] as const)('leaves the leader where it is, and never busy for long: %s', async (_, first, last) => {
    const fileOf = (rows: number | undefined): string =>
      rows === undefined ? installedSchema() : databaseFile({ profile: 'k8s', rows });
    await using source = await startOvsdbServer({ database: fileOf(last) });
    await using cluster = await startOvsdbCluster({ database: fileOf(first), electionTimerMs: 10_000 });
    const wanted = await new Engine(source.remote).capture();
    const leader = await cluster.settled();
    const before = [leader, await cluster.term()];
    // reading all rows at once from the leader would cost it the lead
    const follower = new Engine(cluster.remote((leader + 1) % 3));
    const read = (): Promise<Snapshot> => follower.client.withSession({ leader: false }, (session) => capture(session));
    const limits = { rowsMax: 2_000, bytesMax: 1 << 20 };
    const steps = await cutIntoTransactions(await planBetween(wanted, await read(), EXACT), limits, new Breath());
    if (steps === 'ONE') throw new Error('it was not cut');
    expect(steps.length).toBeGreaterThan(3);
    const busy: number[] = [];
    const ticks = (): number => ticksOf(cluster.servers[leader]?.pid ?? 0);
    await new Engine(cluster.remotes).session(async (session) => {
      for (const step of steps) {
        const began = ticks();
        await applyTransaction(session, step, { comment: 'a step' });
        busy.push(ticks() - began);
      }
    });
    expect(Math.max(...busy)).toBeLessThan(busy.reduce((sum, one) => sum + one, 0) / 2);
    expect([await cluster.settled(), await cluster.term()]).toEqual(before);
    expect((await planBetween(wanted, await read(), EXACT)).changeCount).toBe(0);
  });
});

async function captureOf(file: DatabaseFileOptions): Promise<Snapshot> {
  await using source = await startOvsdbServer({ database: databaseFile(file) });
  return await new Engine(source.remote).capture();
}
