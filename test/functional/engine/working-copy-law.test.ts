/**
 * The law of a working copy, on random networks, whole or in part: only rows of the copy refer to the copy, by UUID or
 * by name. What was not live comes back as it was, under its own name, and live rows take in references to it and are
 * as they were otherwise.
 */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { copyForRename, type WorkingCopy } from '../../../src/engine/copy/working-copy.js';
import { identify } from '../../../src/engine/identify/identify.js';
import { makePlan } from '../../../src/engine/plan/plan.js';
import { deltaOf } from '../../../src/engine/plan/plan-changes.js';
import { diffRows } from '../../../src/engine/plan/row-diff.js';
import { OUTCOME, type Plan } from '../../../src/engine/plan/table-plan.js';
import { MARK } from '../../../src/engine/scope/mark.js';
import { selectScope } from '../../../src/engine/scope/scope.js';
import { Breath } from '../../../src/lib/breath.js';
import { holderOf } from '../../../src/model/northbound/holder.js';
import { referenceColumns, referencesIn } from '../../../src/model/reference/reference.js';
import type { Row } from '../../../src/model/row/row.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import type { TableSchema } from '../../../src/ovsdb/database-schema.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import { mutations, Vandal } from '../../support/databases/vandal.js';
import { NORTHBOUND } from '../../support/judge/judge.js';
import { lawRuns } from '../../support/law-runs.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { Engine, EXACT, filterOf, SKIP } from '../../support/servers/engine.js';
import { startOvsdbServer } from '../../support/servers/ovsdb-server.js';

const SUFFIX = '_restored_20260115103000';
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Numbers of the rows that go: roots with all that they hold, and ports of switches and routers that stay. */
const losses = fc.record({
  Port_Group: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
  Logical_Switch: fc.array(fc.nat(), { maxLength: 2 }),
  Logical_Router: fc.array(fc.nat(), { maxLength: 1 }),
  Logical_Switch_Port: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
  Logical_Router_Port: fc.array(fc.nat(), { maxLength: 2 }),
});

async function lose(
  client: PlainClient,
  backup: Snapshot,
  lost: Readonly<Record<string, readonly number[]>>,
): Promise<void> {
  for (const [table, numbers] of Object.entries(lost)) {
    const rows = backup.tables.get(table);
    for (const number of rows === undefined || rows.count === 0 ? [] : numbers) {
      const uuid = ['uuid', rows?.uuid(number % rows.count) ?? ''];
      const holder = holderOf(table);
      await client.transact(NORTHBOUND, [
        holder === undefined
          ? { op: 'delete', table, where: [['_uuid', '==', uuid]] }
          : { op: 'mutate', table: holder.table, where: [], mutations: [[holder.column, 'delete', uuid]] },
      ]);
    }
  }
}

interface PlannedCopy extends WorkingCopy {
  readonly plan: Plan;
}

/** @param picked numbers of switches, routers and port groups that are picked; none picks everything */
async function planCopy(backup: Snapshot, live: Snapshot, picked: readonly number[]): Promise<PlannedCopy> {
  const breath = new Breath();
  const named = (table: string): string[] => {
    const rows = backup.tables.get(table);
    return rows === undefined || rows.count === 0 ? [] : picked.map((number) => rows.uuid(number % rows.count));
  };
  const filter = filterOf({
    switches: named('Logical_Switch'),
    routers: named('Logical_Router').slice(0, 1),
    portGroups: named('Port_Group').slice(0, 1),
  });
  const scope = picked.length === 0 ? undefined : await selectScope(backup, filter, breath);
  const isInScope = (table: string, uuid: string): boolean =>
    scope?.marks.get(table)?.[backup.tables.get(table)?.find(uuid) ?? -1] !== MARK.OUT;
  const options = { suffix: SUFFIX, newUuid: randomUUID, ...(scope === undefined ? {} : { isInScope }) };
  const copy = await copyForRename(backup, live, await identify(backup, live, breath), options, breath);
  const part = scope === undefined ? {} : { scope: { backup: copy.marks, live: new Map<string, Uint8Array>() } };
  return { ...copy, plan: await makePlan(copy.snapshot, live, copy.identity, { ...SKIP, ...part }, breath) };
}

function* rowsOf({
  schema,
  tables,
}: Snapshot): Generator<{ table: TableSchema; uuid: string; row: Row; text: string }> {
  for (const rows of tables.values())
    for (let i = 0; i < rows.count; i++)
      yield {
        table: schema.tables.get(rows.table) as TableSchema,
        uuid: rows.uuid(i),
        row: rows.row(i),
        text: rows.text(i).toString(),
      };
}

function rowIn({ tables }: Snapshot, table: TableSchema, uuid: string): Row | undefined {
  const rows = tables.get(table.name);
  const index = rows?.find(uuid);
  return index === undefined ? undefined : rows?.row(index);
}

/** Rows that are no copies and refer to one. */
function referringToCopies(after: Snapshot, copies: ReadonlySet<string>): string[] {
  return [...rowsOf(after)]
    .filter(({ uuid }) => !copies.has(uuid))
    .filter(({ text }) => text.includes(SUFFIX) || [...text.matchAll(UUID)].some(([to]) => copies.has(to)))
    .map(({ table, uuid, text }) => `${table.name} ${uuid}: ${text}`);
}

/** Live rows that are other than before, but for references that came to them. */
function changedLive(live: Snapshot, after: Snapshot): string[] {
  return [...rowsOf(live)].flatMap(({ table, uuid, row }) => {
    const now = rowIn(after, table, uuid);
    if (now === undefined) return [`${table.name} ${uuid} is gone`];
    const references = new Set(referenceColumns(table).map(({ column }) => column));
    return diffRows(table, row, now)
      .filter(
        ({ column, before, after: to }) =>
          !references.has(column) ||
          (column.kind === 'set' ? deltaOf(column, before, to).removed !== undefined : before !== undefined),
      )
      .map(({ column }) => `${table.name} ${uuid} was changed in ${column.name}`);
  });
}

/** Rows that came as themselves and are not what they were in the backup, references that nothing can be said of aside. */
function strayed(backup: Snapshot, live: Snapshot, after: Snapshot): string[] {
  return [...rowsOf(backup)].flatMap(({ table, uuid, row }) => {
    const now = rowIn(live, table, uuid) === undefined ? rowIn(after, table, uuid) : undefined;
    if (now === undefined) return [];
    const references = new Set(referenceColumns(table).map(({ column }) => column));
    return diffRows(table, row, now)
      .filter(({ column }) => !references.has(column))
      .map(({ column }) => `${table.name} ${uuid} differs in ${column.name}`);
  });
}

/** References to rows that came as themselves which live rows hold in the backup, and do not hold now. */
function missing(backup: Snapshot, live: Snapshot, after: Snapshot): string[] {
  const cameBack = (table: string, uuid: string): boolean =>
    live.tables.get(table)?.find(uuid) === undefined && after.tables.get(table)?.find(uuid) !== undefined;
  return [...rowsOf(backup)].flatMap(({ table, uuid, row }) => {
    const now = rowIn(live, table, uuid) === undefined ? undefined : rowIn(after, table, uuid);
    if (now === undefined) return [];
    return referenceColumns(table).flatMap((reference) => {
      const { name, kind } = reference.column;
      const is = referencesIn(reference, now[name]).map((found) => found.uuid);
      if (kind !== 'set' && is.length > 0) return [];
      return referencesIn(reference, row[name])
        .filter((found) => cameBack(found.table, found.uuid) && !is.includes(found.uuid))
        .map((found) => `${table.name} ${uuid} has no ${name} ${found.uuid}`);
    });
  });
}

describe('a working copy of a random network', () => {
  it.each([
    { profile: 'openstack', rows: 300, numRuns: lawRuns(5) },
    { profile: 'k8s', rows: 300, numRuns: lawRuns(5) },
    { profile: 'small', edge: true, numRuns: lawRuns(7) },
  ] as const)('is referred to by its own rows only: $profile', async ({ numRuns, ...base }) => {
    await using server = await startOvsdbServer({ database: databaseFile(base) });
    await using client = await PlainClient.open(server.remote);
    const engine = new Engine(server.remote);
    const backup = await engine.capture();
    const vandal = new Vandal(client, backup);
    let [refused, cameBack, inCopies] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(
        mutations,
        losses,
        fc.oneof(fc.constant([]), fc.array(fc.nat(), { minLength: 1, maxLength: 8 })),
        async (list, lost, picked) => {
          try {
            for (const mutation of list) await vandal.run(mutation);
            await lose(client, backup, lost);
            const live = await engine.capture();
            const { plan, copied, warnings } = await planCopy(backup, live, picked);
            if (plan.problems.length > 0) {
              // a name that moved to another row stands in the way of the row that had it
              expect(plan.problems.every(({ code }) => code === 'CONFLICT')).toBe(true);
              refused++;
              return;
            }
            if (plan.changeCount > 0) await engine.apply(plan);
            expect((await engine.verify(plan)).problems).toEqual([]);
            const after = await engine.capture();
            const copies = new Set(copied.values());
            expect(referringToCopies(after, copies)).toEqual([]);
            expect(changedLive(live, after)).toEqual([]);
            expect(strayed(backup, live, after)).toEqual([]);
            expect(missing(backup, live, after)).toEqual([]);
            const copyOnly = [...copied.keys()].filter(
              (uuid) => ![...after.tables.values()].some((rows) => rows.find(uuid) !== undefined),
            );
            if (copyOnly.length > 0) expect(warnings.join()).toContain('in the copy only');
            inCopies += copyOnly.length;
            for (const { outcomes, backup: rows } of plan.tables)
              outcomes.forEach((outcome, i) => {
                if (outcome === OUTCOME.INSERT && !copies.has(rows.uuid(i))) cameBack++;
              });
          } finally {
            await engine.restore(backup, EXACT);
          }
        },
      ),
      { seed: 20_261_128, numRuns, endOnFailure: true },
    );
    expect(refused).toBeLessThan(numRuns / 2);
    expect(cameBack).toBeGreaterThan(0);
    expect(inCopies).toBeGreaterThan(0);
  });
});
