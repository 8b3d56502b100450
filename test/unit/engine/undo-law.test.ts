/**
 * The laws of an undo, on random databases: before a restore, after it, and after what others did since. Whatever they
 * did, an undo by force leads to a database that ovsdb-server takes, changes no row that the restore did not change,
 * and comes to an end.
 */
import fc from 'fast-check';
import { sealedChanges, withColumns } from '../../../src/engine/plan/plan-changes.js';
import type { Plan } from '../../../src/engine/plan/table-plan.js';
import { type KeptChange, type UndoMode, undoTarget } from '../../../src/engine/undo/undo.js';
import { Breath } from '../../../src/lib/breath.js';
import { isUuid } from '../../../src/model/row/row.js';
import { atomsOf } from '../../../src/model/row/sealed-value.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import type { DatabaseSchema } from '../../../src/ovsdb/database-schema.js';
import { snapshotOf, textsOf } from '../../support/databases/every-kind.js';
import { EVERY_REFERENCE } from '../../support/databases/every-reference.js';
import { randomDatabase } from '../../support/databases/random-database.js';
import { everySchema, withoutOwnRules } from '../../support/databases/schema-rows.js';
import { brokenRules } from '../../support/judge/schema-rules.js';
import { lawRuns } from '../../support/law-runs.js';
import { keptChanges, planTo } from '../../support/servers/engine.js';

const SCHEMAS: readonly (readonly [string, DatabaseSchema])[] = [
  ['every kind of reference', EVERY_REFERENCE],
  ...everySchema()
    .filter(({ release }) => ['20.03', '24.09', '26.03', 'main'].includes(release))
    .map(({ release, schema }) => [release, withoutOwnRules(schema)] as const),
];

const ROUNDS_MAX = 3;
const RUNS = lawRuns(10);
/** Numbers that a random database is made from, which a failure can be told with. */
const numbers = fc.record({
  seed: fc.nat(),
  rows: fc.integer({ min: 1, max: 5 }),
  share: fc.constantFrom(0.3, 0.6, 0.9),
});
interface Numbers {
  readonly seed: number;
  readonly rows: number;
  readonly share: number;
}

describe.each(SCHEMAS)('an undo: %s', (_, schema) => {
  const database = ({ seed, ...size }: Numbers): Snapshot => snapshotOf(schema, randomDatabase(schema, seed, size));
  const undo = (live: Snapshot, changes: readonly KeptChange[], mode: UndoMode): ReturnType<typeof undoTarget> =>
    undoTarget(live, changes, mode, new Breath());

  it('makes the database what it was before, if nobody has written since', async () => {
    await fc.assert(
      fc.asyncProperty(numbers, numbers, async (...all) => {
        const [before, after] = all.map(database) as [Snapshot, Snapshot];
        const changes = await keptChanges(await planTo(after, before));
        for (const mode of ['STRICT', 'FORCE', 'PARTIAL'] as const) {
          const { target, conflicts, warnings, absent } = await undo(after, changes, mode);
          expect([conflicts, warnings.filter((text) => !isOfNames(text)), absent]).toEqual([[], [], 0]);
          expect(await changesBetween(target, before)).toEqual([]);
        }
      }),
      { seed: 1, numRuns: RUNS },
    );
  });

  it('is the same by a list that does not say what was written, whatever others wrote', async () => {
    await fc.assert(
      fc.asyncProperty(numbers, numbers, numbers, fc.boolean(), async (first, second, third, isQuiet) => {
        const [before, after] = [database(first), database(second)];
        const live = isQuiet ? after : database(third);
        const plan = await planTo(after, before);
        const changes = await keptChanges(plan);
        const sealed = await sealedList(plan);
        expect(readableIn(sealed)).toEqual([]);
        for (const mode of ['STRICT', 'FORCE', 'PARTIAL'] as const) {
          const [plain, blind] = [await undo(live, changes, mode), await undo(live, sealed, mode)];
          expect(textsOf(blind.target)).toEqual(textsOf(plain.target));
          expect([blind.present, blind.absent]).toEqual([plain.present, plain.absent]);
          expect([blind.conflicts.length, blind.warnings.length]).toEqual([
            plain.conflicts.length,
            plain.warnings.length,
          ]);
        }
      }),
      { seed: 1, numRuns: RUNS },
    );
  });

  it('leads to a database that the server takes, and comes to an end, whatever others wrote', async () => {
    let clashes = 0;
    await fc.assert(
      fc.asyncProperty(numbers, numbers, numbers, async (...all) => {
        const [before, after, live] = all.map(database) as [Snapshot, Snapshot, Snapshot];
        const changes = await keptChanges(await planTo(after, before));
        const strict = await undo(live, changes, 'STRICT');
        const forced = await undo(live, changes, 'FORCE');
        const partial = await undo(live, changes, 'PARTIAL');
        expect([forced.conflicts, partial.conflicts]).toEqual([[], []]);
        // names that come twice are told of in every mode
        expect(strict.warnings.filter((text) => !isOfNames(text))).toEqual([]);
        const told = forced.warnings.filter((text) => !isOfNames(text)).slice(0, 100);
        expect(strict.conflicts.map(({ message }) => message)).toEqual(told.map(asRefused));
        expect(textsOf(strict.target)).toEqual(textsOf(forced.target));
        for (const { target } of [strict, forced, partial]) {
          expect(brokenRules(target)).toEqual([]);
          expectOthersUntouched(live, target, changes);
        }
        // what the server drops with a row that goes can leave something more to be put back
        let done = partial.target;
        for (let round = 0; round < ROUNDS_MAX; round++) done = (await undo(done, changes, 'PARTIAL')).target;
        expect(await changesBetween((await undo(done, changes, 'PARTIAL')).target, done)).toEqual([]);
        if (forced.warnings.length > 0) clashes++;
      }),
      { seed: 1, numRuns: RUNS },
    );
    expect(clashes).toBeGreaterThan(RUNS / 2);
  });
});

const isOfNames = (warning: string): boolean => warning.endsWith('has the same name now') && !warning.includes('row,');

/** What a restore of an encrypted backup keeps of its plan. */
async function sealedList(plan: Plan): Promise<readonly KeptChange[]> {
  const kept: KeptChange[] = [];
  for await (const change of sealedChanges(plan, 'a salt', new Breath())) kept.push(withColumns(change) as KeptChange);
  return kept;
}

/** Values of the list that were written and can be read: UUIDs say nothing. */
function readableIn(changes: readonly KeptChange[]): readonly unknown[] {
  const written = changes.flatMap(({ columns }) => columns.flatMap(({ after }) => atomsOf(after)));
  return written.filter((atom) => typeof atom !== 'string' || !(atom.startsWith('sealed:') || isUuid(atom)));
}

async function changesBetween(target: Snapshot, live: Snapshot): Promise<readonly string[]> {
  const plan = await planTo(target, live);
  return (await keptChanges(plan)).map((change) => JSON.stringify(change));
}

/** A row that the restore did not change is as it was, or is gone with what held it. */
function expectOthersUntouched(live: Snapshot, target: Snapshot, changes: readonly KeptChange[]): void {
  const changed = new Set(changes.map(({ table, uuid }) => `${table} ${uuid}`));
  const after = textsOf(target);
  for (const [table, rows] of Object.entries(textsOf(live)))
    for (const [uuid, text] of Object.entries(rows)) {
      if (changed.has(`${table} ${uuid}`)) continue;
      const now = after[table]?.[uuid];
      if (now === undefined && live.schema.tables.get(table)?.isRoot === false) continue;
      expect([table, uuid, now]).toEqual([table, uuid, text]);
    }
}

/** What a forced undo says of a row, in the words of one that is refused for it. */
const asRefused = (text: string): string =>
  text
    .replace('is deleted all the same', 'would be deleted')
    .replace(
      'is left without the row that holds it, and so is',
      'would be left without the row that holds it, and so be',
    )
    .replace('to what is deleted, and loses', 'to what would be deleted, and would lose');
