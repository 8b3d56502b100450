/**
 * The law of a plan's end, on random databases and a real server: what a plan says is what comes about, and nothing
 * beside it. A plan without problems is one that the server takes. The rows that change are those in its list, also
 * those that the server would drop as nothing holds them any more, and those from which it would take weak references
 * away. Undoing it makes the database what it was; where others have come to refer to rows that go, only by force.
 */
import fc from 'fast-check';
import { weakColumns } from '../../../src/engine/plan/dropped-reference.js';
import type { PlanOptions } from '../../../src/engine/plan/table-plan.js';
import { type KeptChange, undoTarget } from '../../../src/engine/undo/undo.js';
import { Breath } from '../../../src/lib/breath.js';
import { type Atom, encodeRow, type Row } from '../../../src/model/row/row.js';
import { EditableRows } from '../../../src/model/snapshot/editable-rows.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import type { DatabaseSchema } from '../../../src/ovsdb/database-schema.js';
import { changesBetween, changesOf } from '../../support/databases/changes.js';
import { snapshotOf, textsOf } from '../../support/databases/every-kind.js';
import { EVERY_REFERENCE, REFERENCES_ALONE, SINGLE_HOLDS } from '../../support/databases/every-reference.js';
import { randomDatabase } from '../../support/databases/random-database.js';
import { everySchema, withoutOwnRules } from '../../support/databases/schema-rows.js';
import { lawRuns } from '../../support/law-runs.js';
import { Engine, EXACT, keptChanges, OVERWRITE, planBetween, REFUSE, SKIP } from '../../support/servers/engine.js';
import { serverOf } from '../../support/servers/schema-server.js';
import { become } from '../../support/servers/undo-story.js';

const newest = everySchema().at(-1)?.schema as DatabaseSchema;
const SCHEMAS: readonly (readonly [string, DatabaseSchema, number])[] = [
  ['rows with one holder', SINGLE_HOLDS, lawRuns(36)],
  ['every kind of reference, without indexes', REFERENCES_ALONE, lawRuns(8)],
  ['every kind of reference', EVERY_REFERENCE, lawRuns(8)],
  ['the newest release', withoutOwnRules(newest), lawRuns(8)],
];
const story = fc.record({
  seeds: fc.tuple(fc.nat(), fc.nat()),
  rows: fc.integer({ min: 1, max: 5 }),
  share: fc.constantFrom(0.3, 0.6, 0.9),
  options: fc.constantFrom<PlanOptions>(OVERWRITE, OVERWRITE, OVERWRITE, EXACT, SKIP, REFUSE),
  /** How many of the references that others could make they do make, of ten. */
  references: fc.constantFrom(0, 1, 5),
});

it.each(SCHEMAS)('a plan ends as it says, and an undo leads back: %s', async (_, schema, numRuns) => {
  await using server = await serverOf(schema);
  const engine = new Engine(server.remote, schema.name);
  let dropped = 0;
  let referred = 0;
  await fc.assert(
    fc.asyncProperty(story, async ({ seeds, options, references, ...size }) => {
      const [backup, first] = seeds.map((seed) => snapshotOf(schema, randomDatabase(schema, seed, size))) as [
        Snapshot,
        Snapshot,
      ];
      await become(engine, first);
      const before = await engine.capture();
      const plan = await planBetween(backup, before, options);
      if (plan.problems.length > 0) return;
      const changes = await keptChanges(plan);
      if (plan.changeCount > 0) await engine.apply(plan);
      const restored = await engine.capture();
      expect(changesOf(changes)).toEqual(changesBetween(before, restored));
      const deleted = changes.filter(({ kind }) => kind === 'DELETE').length;
      if (options.policy !== 'OVERWRITE') expect(deleted).toBe(0);
      if (!options.exact) dropped += deleted;

      const strict = await undoTarget(restored, changes, 'STRICT', new Breath());
      // two may have had one name before, where that is allowed
      const warnings = strict.warnings.filter(
        (warning) => !/ is put back, and .+ has the same name now$/.test(warning),
      );
      expect([strict.conflicts, warnings, textsOf(strict.target)]).toEqual([[], [], textsOf(before)]);
      const { since, count } = referTo(restored, changes, references);
      await become(engine, since);
      referred += count;
      const live = await engine.capture();
      expect((await undoTarget(live, changes, 'STRICT', new Breath())).conflicts.length > 0).toBe(count > 0);
      const { target } = await undoTarget(live, changes, 'FORCE', new Breath());
      await become(engine, target);
      expect(textsOf(await engine.capture())).toEqual(textsOf(before));
    }),
    { seed: 1, numRuns },
  );
  // rows that need not come about would prove nothing
  if (schema === SINGLE_HOLDS) expect(Math.min(dropped, referred)).toBeGreaterThan(numRuns / 12);
});

/** The database after others made rows that the restore did not insert refer weakly to rows that it did. */
function referTo(
  restored: Snapshot,
  changes: readonly KeptChange[],
  ofTen: number,
): { readonly since: Snapshot; readonly count: number } {
  const inserted = (table: string): readonly string[] =>
    changes.filter((change) => change.kind === 'INSERT' && change.table === table).map(({ uuid }) => uuid);
  let count = 0;
  let possible = 0;
  const tables = new Map(
    [...restored.tables].map(([name, rows]) => {
      const table = restored.schema.tables.get(name);
      const edited = new EditableRows(rows);
      const own = new Set(inserted(name));
      for (let i = 0; table !== undefined && i < rows.count; i++) {
        if (own.has(rows.uuid(i))) continue;
        const row: Record<string, Row[string]> = { ...rows.row(i) };
        const first = count;
        for (const { column, key } of weakColumns(table)) {
          if (column.kind !== 'set' && (column.kind !== 'optional' || row[column.name] !== undefined)) continue;
          const held = (row[column.name] ?? []) as readonly Atom[];
          const target = inserted(key?.table ?? '').find((uuid) => !held.includes(uuid));
          if (target === undefined || possible++ % 10 >= ofTen) continue;
          row[column.name] = column.kind === 'set' ? [...held, target] : target;
          count++;
        }
        if (count > first) edited.put(rows.uuid(i), encodeRow(table, row, rows.uuid(i)));
      }
      return [name, edited.seal()];
    }),
  );
  return { since: { schema: restored.schema, tables }, count };
}
