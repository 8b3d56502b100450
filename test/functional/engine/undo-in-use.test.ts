/**
 * Undoing a restore whose rows others use by now, on real servers: for each strong reference column of each table of
 * some releases (LAW_RUNS=10: of all), a row that the restore inserted and that a row of somebody else's refers to.
 */
import { weakColumns } from '../../../src/engine/plan/dropped-reference.js';
import { holderOf } from '../../../src/model/northbound/holder.js';
import { isRuntimeColumn } from '../../../src/model/northbound/runtime.js';
import { referenceColumns, referencesOf } from '../../../src/model/reference/reference.js';
import type { Row } from '../../../src/model/row/row.js';
import { countRows } from '../../../src/model/snapshot/snapshot.js';
import type { DatabaseSchema, TableSchema } from '../../../src/ovsdb/database-schema.js';
import { snapshotOf, type Tables, textsOf } from '../../support/databases/every-kind.js';
import { NeededRows } from '../../support/databases/needed-rows.js';
import { everySchema, holdersOf } from '../../support/databases/schema-rows.js';
import { lawSample } from '../../support/law-runs.js';
import { startOvsdbServer } from '../../support/servers/ovsdb-server.js';
import { become, UndoStory } from '../../support/servers/undo-story.js';

/** A row of the restore's, and who refers to it: one table and column, or several. */
interface Use {
  readonly table: TableSchema;
  readonly column: string;
  readonly to: TableSchema;
}

/** All weak reference columns to single rows or sets of them. */
function weakUsesOf(schema: DatabaseSchema): readonly Use[] {
  return [...schema.tables.values()].flatMap((table) =>
    weakColumns(table).flatMap(({ column, key }): Use[] => {
      const to = schema.tables.get(key?.table ?? '');
      return to === undefined || table.maxRows === 1 ? [] : [{ table, column: column.name, to }];
    }),
  );
}

/** All strong reference columns that somebody but the restore can have a row of. */
function usesOf(schema: DatabaseSchema): readonly Use[] {
  return [...schema.tables.values()].flatMap((table) =>
    referenceColumns(table).flatMap(({ column, key }): Use[] => {
      const to = schema.tables.get(key?.strong === true ? key.table : '');
      const isWritten = !isRuntimeColumn(table.name, column.name, {});
      return to === undefined || table.maxRows === 1 || !isWritten ? [] : [{ table, column: column.name, to }];
    }),
  );
}

const both = (a: Tables, b: Tables): Tables =>
  Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((t) => [t, { ...a[t], ...b[t] }]));

/** What the rows in use need: what they refer to strongly, and the switches and routers of ports. */
function needed(schema: DatabaseSchema, tables: Tables, used: readonly { use: Use; uuid: string }[]): Tables {
  const found: Record<string, Record<string, Row>> = {};
  const find = (name: string, uuid: string, by?: string): void => {
    const row = tables[name]?.[uuid];
    if (row === undefined || found[name]?.[uuid] !== undefined) return;
    found[name] = { ...found[name], [uuid]: row };
    for (const to of referencesOf(schema.tables.get(name) as TableSchema, row))
      if (to.strong) find(to.table, to.uuid, name);
    const home = holderOf(name);
    if (home === undefined || home.table === by) return;
    for (const [holder, content] of Object.entries(tables[home.table] ?? {}))
      if ((content[home.column] as readonly string[] | undefined)?.includes(uuid) === true) find(home.table, holder);
  };
  for (const { use, uuid } of used) find(use.to.name, uuid, use.table.name);
  return found;
}

const SCHEMAS = lawSample(everySchema(), 3);

describe('an undo leaves what others refer to', () => {
  it.each(SCHEMAS)('by any strong reference of the schema: $release', async ({ file, schema }) => {
    await using server = await startOvsdbServer({ database: file });
    const restored = new NeededRows(schema, 0);
    const others = new NeededRows(schema, 100);
    const used: { readonly use: Use; readonly uuid: string }[] = [];
    for (const use of usesOf(schema)) {
      const uuid = restored.add(use.to.name);
      const isSet = use.table.columns.get(use.column)?.kind === 'set';
      others.add(use.table.name, { [use.column]: isSet ? [uuid] : uuid });
      used.push({ use, uuid });
    }
    expect(used.length).toBeGreaterThan(14);
    const later = both(restored.tables, others.tables);
    for (const mode of ['FORCE', 'PARTIAL'] as const) {
      const story = await UndoStory.tell(server.remote, schema, {}, restored.tables, later);
      const { conflicts } = await story.look('STRICT');
      const { after, warnings } = await story.undo(mode);
      for (const { use, uuid } of used) {
        const place = `${use.table.name}.${use.column}`;
        const named = conflicts.filter(({ table }) => table === use.to.name).map(({ message }) => message);
        expect([place, named.some((message) => message.includes(`refers to it in ${use.column}`))]).toEqual([
          place,
          true,
        ]);
        expect([place, after.tables.get(use.to.name)?.find(uuid) !== undefined]).toEqual([place, true]);
      }
      expect(conflicts.every(({ code }) => code === 'CONFLICT')).toBe(true);
      expect(warnings).toEqual(conflicts.map(({ message }) => message));
      // what others inserted is as it was; of the restore's there is what is used, what that needs, and no more
      const stays = both(others.tables, needed(schema, restored.tables, used));
      expect(textsOf(after)).toEqual(textsOf(snapshotOf(schema, stays)));
    }
  });

  it.each(SCHEMAS)('but not for rows that go with what the restore inserted: $release', async ({ file, schema }) => {
    await using server = await startOvsdbServer({ database: file });
    const restored = new NeededRows(schema, 0);
    const others = new NeededRows(schema, 100);
    const added: (() => void)[] = [];
    for (const { table, column, to } of usesOf(schema)) {
      const home = table.isRoot ? undefined : holdersOf(schema, table)[0];
      if (home?.column.kind !== 'set') continue;
      const used = restored.add(to.name);
      const holder = restored.add(home.table.name);
      const isSet = table.columns.get(column)?.kind === 'set';
      const user = others.addUnheld(table.name, { [column]: isSet ? [used] : used });
      added.push(() => restored.refer(home.table.name, holder, home.column.name, user));
    }
    expect(added.length).toBeGreaterThan(2);
    const first = restored.tables;
    for (const add of added) add();
    const story = await UndoStory.tell(server.remote, schema, {}, first, both(restored.tables, others.tables));
    expect((await story.look('STRICT')).conflicts.map(({ message }) => message)).not.toContainEqual(
      expect.stringContaining('is in use now'),
    );
    expect(countRows((await story.undo('FORCE')).after)).toBe(0);
  });
});

describe('an undo deletes what others refer to weakly', () => {
  it.each(SCHEMAS)('but only by force, and names who loses a reference: $release', async ({ file, schema }) => {
    await using server = await startOvsdbServer({ database: file });
    const restored = new NeededRows(schema, 0);
    const others = new NeededRows(schema, 100);
    const users: { readonly use: Use; readonly user: string }[] = [];
    for (const use of weakUsesOf(schema)) {
      const uuid = restored.add(use.to.name);
      const isSet = use.table.columns.get(use.column)?.kind === 'set';
      users.push({ use, user: others.add(use.table.name, { [use.column]: isSet ? [uuid] : uuid }) });
    }
    expect(users.length).toBeGreaterThan(2);
    const later = both(restored.tables, others.tables);
    const story = await UndoStory.tell(server.remote, schema, {}, restored.tables, later);
    const { conflicts } = await story.look('STRICT');
    for (const { use } of users)
      expect(conflicts.filter(({ table }) => table === use.table.name).map(({ message }) => message)).toContainEqual(
        expect.stringContaining(`refers in ${use.column} to what would be deleted`),
      );
    expect(conflicts).toHaveLength(users.length);
    const { target, warnings } = await story.look('FORCE');
    const done = (message: string): string =>
      message.replace('would be deleted, and would lose', 'is deleted, and loses');
    expect(warnings).toEqual(conflicts.map(({ message }) => done(message)));
    await become(story.engine, target);
    const after = await story.engine.capture();
    for (const { use, user } of users) {
      const rows = after.tables.get(use.table.name);
      expect(rows?.row(rows.find(user) ?? -1)[use.column]).toBeUndefined();
    }
    expect(countRows(after)).toBe(countRows(snapshotOf(schema, others.tables)));
  });

  it('and says nothing of a reference that the restore wrote itself', async () => {
    const { schema, file } = SCHEMAS.at(-1) as (typeof SCHEMAS)[number];
    await using server = await startOvsdbServer({ database: file });
    const first = new NeededRows(schema, 0);
    const group = first.add('Port_Group');
    const all = new NeededRows(schema, 0);
    all.add('Port_Group');
    all.refer('Port_Group', group, 'ports', all.add('Logical_Switch_Port'));
    const story = await UndoStory.tell(server.remote, schema, first.tables, all.tables, all.tables);
    expect((await story.look('STRICT')).conflicts).toEqual([]);
    expect((await story.undo('FORCE')).warnings).toEqual([]);
  });
});
