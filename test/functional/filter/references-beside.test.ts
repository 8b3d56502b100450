/**
 * References to a row that comes back, in rows that no filter picks: for every column of references of the oldest
 * schema and the newest (LAW_RUNS=10: of all), whatever the policy does with matched rows. A set takes them in beside
 * what others put there; a column of one value only when it is empty, and otherwise that is said.
 */
import { makePlan } from '../../../src/engine/plan/plan.js';
import type { Plan, PlanOptions } from '../../../src/engine/plan/table-plan.js';
import { MARK, type ScopeMarks } from '../../../src/engine/scope/mark.js';
import { identifyByUuid, undoTarget } from '../../../src/engine/undo/undo.js';
import { Breath } from '../../../src/lib/breath.js';
import { isRuntimeColumn } from '../../../src/model/northbound/runtime.js';
import { heldRows } from '../../../src/model/reference/holding.js';
import {
  keepReferences,
  type ReferenceColumn,
  referenceColumns,
  referencesOf,
} from '../../../src/model/reference/reference.js';
import type { Row } from '../../../src/model/row/row.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import type { DatabaseSchema, TableSchema } from '../../../src/ovsdb/database-schema.js';
import { changesBetween, changesOf } from '../../support/databases/changes.js';
import { snapshotOf, type Tables, textsOf } from '../../support/databases/every-kind.js';
import { EVERY_REFERENCE } from '../../support/databases/every-reference.js';
import { NeededRows } from '../../support/databases/needed-rows.js';
import { everySchema } from '../../support/databases/schema-rows.js';
import { lawSample } from '../../support/law-runs.js';
import { Engine, EXACT, keptChanges, OVERWRITE, REFUSE, SKIP } from '../../support/servers/engine.js';
import { serverOf } from '../../support/servers/schema-server.js';
import { become } from '../../support/servers/undo-story.js';

interface Case {
  readonly schema: DatabaseSchema;
  readonly table: TableSchema;
  readonly reference: ReferenceColumn;
}

function casesOf(schema: DatabaseSchema): readonly Case[] {
  return [...schema.tables.values()].flatMap((table) =>
    referenceColumns(table)
      .filter(({ column, key }) => column.kind !== 'map' && key !== undefined)
      .filter(({ column }) => !isRuntimeColumn(table.name, column.name, {}))
      .map((reference) => ({ schema, table, reference })),
  );
}

/** The tables as they would be without a row: nothing refers to it, and what only it held is gone too. */
async function without(schema: DatabaseSchema, tables: Tables, gone: string): Promise<Tables> {
  let rest = tables;
  for (let left: ReadonlySet<string> = new Set([gone]); left.size > 0; ) {
    const lost = left;
    rest = eachRow(rest, (name, uuid, row) => {
      const table = schema.tables.get(name) as TableSchema;
      const kept = keepReferences(table, row, (_, to) => !lost.has(to));
      return lost.has(uuid) || lacks(table, kept) ? undefined : kept;
    });
    const { tables: sealed } = snapshotOf(schema, rest);
    const held = await heldRows(schema, sealed, new Breath());
    const there = new Set(Object.values(rest).flatMap((rows) => Object.keys(rows)));
    const unheld = [...sealed.values()].flatMap((rows) =>
      Array.from({ length: rows.count }, (_, i) => i)
        .filter((i) => held.get(rows.table)?.[i] === 0)
        .map((i) => rows.uuid(i)),
    );
    const dangling = Object.entries(rest).flatMap(([name, rows]) =>
      Object.values(rows).flatMap((row) => referencesOf(schema.tables.get(name) as TableSchema, row)),
    );
    left = new Set([...unheld, ...dangling.map(({ uuid }) => uuid).filter((uuid) => !there.has(uuid))]);
  }
  return rest;
}

const lacks = (table: TableSchema, row: Row): boolean =>
  referenceColumns(table).some(({ column }) => column.min > 0 && row[column.name] === undefined);

function eachRow(tables: Tables, change: (table: string, uuid: string, row: Row) => Row | undefined): Tables {
  return Object.fromEntries(
    Object.entries(tables).map(([name, rows]) => [
      name,
      Object.fromEntries(
        Object.entries(rows).flatMap(([uuid, row]) => {
          const changed = change(name, uuid, row);
          return changed === undefined ? [] : [[uuid, changed]];
        }),
      ),
    ]),
  );
}

/** What is not live is picked, with all that it needs. */
function marksOf(backup: Snapshot, live: Snapshot): ScopeMarks {
  const marks = new Map([...backup.tables.values()].map((rows) => [rows.table, new Uint8Array(rows.count)]));
  const open: { readonly table: string; readonly uuid: string; readonly mark: number }[] = [];
  for (const rows of backup.tables.values())
    for (let i = 0; i < rows.count; i++)
      if (live.tables.get(rows.table)?.find(rows.uuid(i)) === undefined)
        open.push({ table: rows.table, uuid: rows.uuid(i), mark: MARK.OWNED });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { table, uuid, mark } = next;
    const [rows, own] = [backup.tables.get(table), marks.get(table) as Uint8Array];
    const index = rows?.find(uuid);
    if (rows === undefined || index === undefined || (own[index] as number) >= mark) continue;
    own[index] = mark;
    for (const to of referencesOf(backup.schema.tables.get(table) as TableSchema, rows.row(index)))
      open.push({ ...to, mark: MARK.NEEDED });
  }
  return marks;
}

interface Story {
  readonly backup: Snapshot;
  readonly live: Snapshot;
  /** The row that refers, and what it is called. */
  readonly referrer: string;
}

/** A row refers to another one in the backup; the other one is gone. Undefined where the first cannot be without it. */
async function storyOf({ schema, table, reference }: Case): Promise<Story | undefined> {
  const rows = new NeededRows(schema, 1);
  const to = rows.add(reference.key?.table ?? '');
  // the only row of its table holds it already
  const [holder] = table.maxRows === 1 ? Object.keys(rows.tables[table.name] ?? {}) : [];
  const referrer = holder ?? rows.add(table.name);
  if (holder === undefined) rows.refer(table.name, referrer, reference.column.name, to);
  const live = await without(schema, rows.tables, to);
  if (live[table.name]?.[referrer] === undefined) return undefined;
  return { backup: snapshotOf(schema, rows.tables), live: snapshotOf(schema, live), referrer };
}

async function planOf({ backup, live }: Pick<Story, 'backup' | 'live'>, options: PlanOptions): Promise<Plan> {
  const scope = { backup: marksOf(backup, live), live: new Map<string, Uint8Array>() };
  return makePlan(backup, live, identifyByUuid(backup, live), { ...options, scope }, new Breath());
}

describe('references to a row that comes back, in rows that nobody picked', () => {
  it.each([
    ...lawSample(everySchema(), 2).map(({ release, schema }) => ({ release, schema })),
    { release: 'every kind of reference', schema: EVERY_REFERENCE },
  ])('come back with it, are listed, and go with an undo: $release', async ({ schema }) => {
    await using server = await serverOf(schema);
    const engine = new Engine(server.remote, schema.name);
    let told = 0;
    for (const [number, chosen] of casesOf(schema).entries()) {
      const place = `${chosen.table.name}.${chosen.reference.column.name}`;
      const story = await storyOf(chosen);
      if (story === undefined) continue;
      await become(engine, story.live);
      const live = await engine.capture();
      expect([place, textsOf(live)]).toEqual([place, textsOf(story.live)]);
      const options = [SKIP, OVERWRITE, EXACT, REFUSE][number % 4] as PlanOptions;
      const plan = await planOf({ ...story, live }, options);
      expect([place, plan.problems, plan.warnings]).toEqual([place, [], []]);
      await engine.apply(plan);
      const after = await engine.capture();
      expect([place, textsOf(after)]).toEqual([place, textsOf(story.backup)]);
      const changes = await keptChanges(plan);
      expect([place, changesOf(changes)]).toEqual([place, changesBetween(live, after)]);
      const { target, conflicts } = await undoTarget(after, changes, 'STRICT', new Breath());
      expect([place, conflicts]).toEqual([place, []]);
      await become(engine, target);
      expect([place, textsOf(await engine.capture())]).toEqual([place, textsOf(live)]);
      told++;
    }
    expect(told).toBeGreaterThan(8);
  });

  it.each([
    ...lawSample(everySchema(), 2).map(({ release, schema }) => ({ release, schema })),
    { release: 'every kind of reference', schema: EVERY_REFERENCE },
  ])('stay away where another row took the only place, and that is said: $release', async ({ schema }) => {
    let told = 0;
    const single = casesOf(schema).filter(
      ({ table, reference: { column } }) => column.kind !== 'set' && table.maxRows > 1,
    );
    for (const chosen of single) {
      const { name } = chosen.reference.column;
      const place = `${chosen.table.name}.${name}`;
      const rows = new NeededRows(schema, 1);
      const [to, other] = [rows.add(chosen.reference.key?.table ?? ''), rows.add(chosen.reference.key?.table ?? '')];
      const referrer = rows.add(chosen.table.name, { [name]: to });
      const live = eachRow(rows.tables, (_, uuid, row) => (uuid === referrer ? { ...row, [name]: other } : row));
      const [backup, now] = [snapshotOf(schema, rows.tables), snapshotOf(schema, await without(schema, live, to))];
      for (const options of [SKIP, OVERWRITE, EXACT, REFUSE]) {
        const plan = await planOf({ backup, live: now }, options);
        const updated = plan.tables.some(({ live: table, updates }) =>
          [...updates.keys()].some((index) => table.uuid(index) === referrer),
        );
        expect([place, plan.problems, updated]).toEqual([place, [], false]);
        expect([place, plan.warnings]).toEqual([place, [expect.stringContaining(`keeps what it has in ${name}`)]]);
      }
      told++;
    }
    expect(told).toBeGreaterThan(2);
  });
});
