/**
 * The law of a restore, on random pairs: whatever was done to a database, an exact restore makes it equal
 * to the backup, with just as many changes as there are differences, and undoing that makes it what it was.
 */
import fc from 'fast-check';
import type { Plan } from '../../../src/engine/plan/table-plan.js';
import { undoTarget } from '../../../src/engine/undo/undo.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import { changesBetween, changesOf } from '../../support/databases/changes.js';
import { mutations, Vandal } from '../../support/databases/vandal.js';
import { compareDatabases, type DatabaseContent, dumpDatabase } from '../../support/judge/judge.js';
import { lawRuns } from '../../support/law-runs.js';
import { type DatabaseFileOptions, databaseFile } from '../../support/northbound/database-file.js';
import { countsOf, Engine, EXACT, keptChanges, OVERWRITE, planTo, SKIP } from '../../support/servers/engine.js';
import { startOvsdbServer } from '../../support/servers/ovsdb-server.js';

/** Rows that are not the same in both. */
function differingRows(a: DatabaseContent, b: DatabaseContent): number {
  let count = 0;
  for (const [table, rows] of a) {
    const others = b.get(table);
    for (const uuid of new Set([...rows.keys(), ...(others?.keys() ?? [])]))
      if (rows.get(uuid) !== others?.get(uuid)) count++;
  }
  return count;
}

const BASES: readonly (DatabaseFileOptions & { readonly seed: number; readonly numRuns: number })[] = [
  { profile: 'k8s', rows: 300, seed: 1, numRuns: lawRuns(8) },
  { profile: 'openstack', rows: 300, seed: 1, numRuns: lawRuns(8) },
  { profile: 'small', edge: true, seed: 1, numRuns: lawRuns(15) },
];

describe('an exact restore', () => {
  it.each(BASES)('makes a mutated database equal to the backup: $profile', async ({ numRuns, ...base }) => {
    await using server = await startOvsdbServer({ database: databaseFile(base) });
    const engine = new Engine(server.remote);
    const backup = await engine.capture();
    const before = await dumpDatabase(server.remote);
    await using client = await PlainClient.open(server.remote);
    const vandal = new Vandal(client, backup);
    let changed = 0;
    await fc.assert(
      fc.asyncProperty(
        mutations,
        fc.constantFrom('exact at once', 'SKIP first', 'OVERWRITE first'),
        async (list, way) => {
          for (const mutation of list) await vandal.run(mutation);
          if (way !== 'exact at once') await expectMerge(engine, backup, way === 'SKIP first' ? SKIP : OVERWRITE);
          const mutated = await dumpDatabase(server.remote);
          const dryRun = await engine.plan(backup, EXACT);
          const { plan, verification } = await engine.restore(backup, EXACT);
          const after = await dumpDatabase(server.remote);
          expect(compareDatabases(before, after)).toEqual([]);
          expect(countsOf(dryRun)).toEqual(countsOf(plan));
          expect(plan.changeCount).toBe(differingRows(mutated, before));
          expect(verification).toEqual({
            problems: [],
            warnings: [],
            asPlanned: plan.changeCount,
            touched: plan.changeCount,
          });
          changed += plan.changeCount;
          await undo(engine, plan);
          expect(compareDatabases(mutated, await dumpDatabase(server.remote))).toEqual([]);
          await engine.restore(backup, EXACT);
        },
      ),
      // runs build on one another: a smaller one would be another one
      { seed: 20_260_115, numRuns, endOnFailure: true },
    );
    // a vandal that breaks nothing would prove nothing
    expect(changed).toBeGreaterThan(3 * numRuns);
  });
});

/** Takes back what the plan did, from the list of its changes. */
async function undo(engine: Engine, done: Plan): Promise<void> {
  const live = await engine.capture();
  const { target, conflicts, warnings } = await undoTarget(live, await keptChanges(done), 'STRICT', new Breath());
  expect([conflicts, warnings]).toEqual([[], []]);
  const plan = await planTo(target, live);
  expect(plan.problems).toEqual([]);
  if (plan.changeCount > 0) await engine.apply(plan);
  expect((await engine.verify(plan)).problems).toEqual([]);
}

/**
 * Without exact: nothing that is live goes away, every row of the backup is there, and a second run changes nothing.
 */
async function expectMerge(engine: Engine, backup: Snapshot, options: typeof SKIP): Promise<void> {
  const live = await engine.capture();
  const plan = await engine.plan(backup, options);
  // a name that moved to another row stands in the way of the row that had it
  if (plan.problems.length > 0) {
    expect(plan.problems.every(({ code }) => code === 'CONFLICT')).toBe(true);
    return;
  }
  const { plan: carriedOut, verification } = await engine.restore(backup, options);
  expect(verification.problems).toEqual([]);
  const after = await engine.capture();
  expect(changesOf(await keptChanges(carriedOut))).toEqual(changesBetween(live, after));
  const deleted = new Set(plan.tables.flatMap(({ live: rows, deletes }) => deletes.map((i) => rows.uuid(i))));
  const missing = (snapshot: Snapshot): string[] =>
    [...snapshot.tables.values()].flatMap((rows) =>
      Array.from({ length: rows.count }, (_, i) => rows.uuid(i))
        .filter((uuid) => after.tables.get(rows.table)?.find(uuid) === undefined && !deleted.has(uuid))
        .map((uuid) => `${rows.table} ${uuid}`),
    );
  expect(missing(live)).toEqual([]);
  const left = plan.tables.flatMap(({ table, backup: rows, outcomes }) =>
    [...outcomes].flatMap((outcome, i) => (outcome === 5 ? [`${table.name} ${rows.uuid(i)}`] : [])),
  );
  expect(missing(backup)).toEqual(left);
  expect((await engine.plan(backup, options)).changeCount).toBe(0);
}
