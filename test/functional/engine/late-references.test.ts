/**
 * Weak references that somebody else writes after a plan was made, to rows that the plan deletes: the server would drop
 * them without a word, so the plan is refused. For every weak reference of the oldest schema and the newest (LAW_RUNS=10: of all), in one transaction and in steps.
 */
import { applyTransaction } from '../../../src/engine/apply/apply.js';
import { cutIntoTransactions } from '../../../src/engine/apply/transactions.js';
import type { Plan } from '../../../src/engine/plan/table-plan.js';
import { Breath } from '../../../src/lib/breath.js';
import { type ReferenceColumn, referenceColumns, referencesOf } from '../../../src/model/reference/reference.js';
import type { Value } from '../../../src/model/row/row.js';
import type { DatabaseSchema, TableSchema } from '../../../src/ovsdb/database-schema.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { EVERY_REFERENCE } from '../../support/databases/every-reference.js';
import { NeededRows } from '../../support/databases/needed-rows.js';
import { everySchema } from '../../support/databases/schema-rows.js';
import { compareDatabases, type DatabaseContent, dumpDatabase } from '../../support/judge/judge.js';
import { lawSample } from '../../support/law-runs.js';
import { Engine, northboundSchema, planTo } from '../../support/servers/engine.js';
import { startOvsdbServer } from '../../support/servers/ovsdb-server.js';
import { serverOf } from '../../support/servers/schema-server.js';
import { become } from '../../support/servers/undo-story.js';

interface WeakColumn {
  readonly table: TableSchema;
  readonly reference: ReferenceColumn;
  /** The table that is referred to. */
  readonly to: string;
}

function weakColumnsOf(schema: DatabaseSchema): readonly WeakColumn[] {
  return [...schema.tables.values()].flatMap((table) =>
    referenceColumns(table).flatMap((reference): WeakColumn[] =>
      reference.key?.strong === false ? [{ table, reference, to: reference.key.table }] : [],
    ),
  );
}

const both = (a: Tables, b: Tables): Tables =>
  Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((t) => [t, { ...a[t], ...b[t] }]));

/** Rows that stay, of which one refers to a row that goes, and another comes to refer to a second that goes. */
class Late {
  private readonly staying: NeededRows;
  private readonly going: NeededRows;
  private readonly known: string;
  private readonly late: string;
  /** What the pair of a map refers to strongly. */
  private readonly paired: string;
  readonly first: string;
  readonly second: string;

  constructor(
    schema: DatabaseSchema,
    private readonly weak: WeakColumn,
  ) {
    this.staying = new NeededRows(schema, 0);
    this.going = new NeededRows(schema, 100);
    const { table, to, reference } = weak;
    this.paired = reference.value === undefined ? '' : this.staying.add(reference.value.table);
    [this.known, this.late] = [this.staying.add(table.name), this.staying.add(table.name)];
    [this.first, this.second] = [this.going.add(to), this.going.add(to)];
  }

  get after(): Tables {
    return this.staying.tables;
  }

  get before(): Tables {
    const { table, reference } = this.weak;
    const { name, kind } = reference.column;
    const all = both(this.staying.tables, this.going.tables);
    const row = { ...this.staying.row(table.name, this.known), [name]: this.valueOf(kind, this.first) };
    return both(all, { [table.name]: { ...all[table.name], [this.known]: row } });
  }

  /** Somebody refers to the second row. */
  async write(client: PlainClient, schema: DatabaseSchema): Promise<void> {
    const { table, reference } = this.weak;
    const { name, kind } = reference.column;
    const atom = ['uuid', this.second];
    const value = kind === 'map' ? ['map', [[atom, ['uuid', this.paired]]]] : atom;
    await client.transact(schema.name, [
      { op: 'update', table: table.name, where: [['_uuid', '==', ['uuid', this.late]]], row: { [name]: value } },
    ]);
  }

  private valueOf(kind: string, uuid: string): Value {
    if (kind === 'map') return { [uuid]: this.paired };
    return kind === 'set' ? [uuid] : uuid;
  }
}

/** Carries the plan out in steps, as small as can be where nothing else is said. */
async function applyInSteps(engine: Engine, plan: Plan, limits = { rowsMax: 1, bytesMax: 1 << 20 }): Promise<void> {
  const steps = await cutIntoTransactions(plan, limits, new Breath());
  if (steps === 'ONE') throw new Error('the plan is not cut');
  await engine.session(async (session) => {
    for (const step of steps) await applyTransaction(session, step, { comment: 'a step' });
  });
}

describe('a plan that deletes rows to which others have come to refer weakly', () => {
  it.each([
    ...lawSample(everySchema(), 2).map(({ release, schema }) => ({ release, schema })),
    { release: 'every kind of reference', schema: EVERY_REFERENCE },
  ])('is refused, and planned again it is carried out: $release', async ({ schema }) => {
    await using server = await serverOf(schema);
    await using client = await PlainClient.open(server.remote);
    const engine = new Engine(server.remote, schema.name);
    const dump = (): Promise<DatabaseContent> => dumpDatabase(server.remote, { database: schema.name });
    const weakColumns = weakColumnsOf(schema);
    expect(weakColumns.length).toBeGreaterThan(3);
    for (const weak of weakColumns) {
      const place = `${weak.table.name}.${weak.reference.column.name}`;
      for (const way of ['ONE', 'STEPS'] as const) {
        if (way === 'STEPS' && weak.reference.column.kind === 'map') continue;
        const story = new Late(schema, weak);
        const apply = (plan: Plan): Promise<void> => (way === 'ONE' ? engine.apply(plan) : applyInSteps(engine, plan));
        const { before } = story;
        await become(engine, snapshotOf(schema, before));
        const live = await engine.capture();
        const target = snapshotOf(schema, story.after);
        const plan = await planTo(target, live);
        expect([place, plan.problems]).toEqual([place, []]);
        await story.write(client, schema);
        const written = await dump();
        expect([place, await apply(plan).catch((error: unknown) => error)]).toEqual([
          place,
          expect.objectContaining({ error: 'timed out' }),
        ]);
        const left = await engine.capture();
        if (way === 'ONE') expect(compareDatabases(written, await dump())).toEqual([]);
        const references = [...left.tables.values()].flatMap((rows) =>
          rows.table === weak.table.name
            ? Array.from({ length: rows.count }, (_, i) => referencesOf(weak.table, rows.row(i))).flat()
            : [],
        );
        expect([place, left.tables.get(weak.to)?.find(story.second) !== undefined]).toEqual([place, true]);
        expect(references.map(({ uuid }) => uuid)).toContain(story.second);
        const again = await planTo(target, left);
        await engine.apply(again);
        expect((await engine.verify(again)).problems).toEqual([]);
      }
    }
  });

  it('is refused also where there are too many to ask for each: ports of which thousands go, in thousands of groups', async () => {
    const schema = northboundSchema();
    await using server = await startOvsdbServer();
    await using client = await PlainClient.open(server.remote);
    const engine = new Engine(server.remote);
    const uuids = (kind: string, count: number): readonly string[] =>
      Array.from({ length: count }, (_, i) => `${kind}-0000-4000-8000-${String(i).padStart(12, '0')}`);
    const ports = uuids('aaaaaaaa', 3_000);
    const groups = uuids('bbbbbbbb', 2_000);
    const switches: Tables[string] = { 'cccccccc-0000-4000-8000-000000000000': { name: 'web' } };
    const network = (members: readonly string[]): Tables => ({
      Logical_Switch: Object.fromEntries(
        Object.entries(switches).map(([uuid, row]) => [uuid, members.length === 0 ? row : { ...row, ports: members }]),
      ),
      Logical_Switch_Port: Object.fromEntries(members.map((uuid, i) => [uuid, { name: `p${String(i)}` }])),
      // one of them has no port, so that it can come to have one
      Port_Group: Object.fromEntries(
        groups.map((uuid, i) => [
          uuid,
          { name: `g${String(i)}`, ...(i === 0 || members.length === 0 ? {} : { ports: [ports[i] as string] }) },
        ]),
      ),
    });
    await become(engine, snapshotOf(schema, network(ports)));
    const target = snapshotOf(schema, network([]));
    const live = await engine.capture();
    const plan = await planTo(target, live);
    const group = { table: 'Port_Group', where: [['_uuid', '==', ['uuid', groups[0] as string]]] };
    // a port that another group has, too
    await client.transact(schema.name, [{ op: 'update', ...group, row: { ports: ['uuid', ports[1] as string] } }]);
    await expect(engine.apply(plan)).rejects.toMatchObject({ error: 'timed out' });
    const again = await planTo(target, await engine.capture());
    await engine.apply(again);
    expect((await engine.verify(again)).problems).toEqual([]);
    await engine.apply(await planTo(live, await engine.capture()));
    const back = await planTo(target, await engine.capture());
    // what is too much for the server at once is cut
    const limits = { rowsMax: 1_000_000, bytesMax: 1 << 30 };
    expect((await cutIntoTransactions(back, limits, new Breath())).length).toBeGreaterThan(5);
    await applyInSteps(engine, back, limits);
    expect((await engine.verify(back)).problems).toEqual([]);
  });
});
