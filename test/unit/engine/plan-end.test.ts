/**
 * Plans whose end the schema would not allow: refused in the dry run as in the restore, and both rows are named. What
 * is counted, and what is listed, of a restore that is refused is the same.
 */
import { Labels } from '../../../src/engine/describe/label.js';
import { describeRefusal } from '../../../src/engine/plan/plan-changes.js';
import type { Plan, PlanOptions } from '../../../src/engine/plan/table-plan.js';
import { Breath } from '../../../src/lib/breath.js';
import type { DatabaseSchema } from '../../../src/ovsdb/database-schema.js';
import { planResult } from '../../../src/service/restore/run/restore-result.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { EVERY_REFERENCE } from '../../support/databases/every-reference.js';
import { everySchema } from '../../support/databases/schema-rows.js';
import { EXACT, OVERWRITE, planBetween, REFUSE, SKIP } from '../../support/servers/engine.js';

const u = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const NORTHBOUND = everySchema().at(-1)?.schema as DatabaseSchema;

const planOf = (schema: DatabaseSchema, backup: Tables, live: Tables, options: PlanOptions): Promise<Plan> =>
  planBetween(snapshotOf(schema, backup), snapshotOf(schema, live), options);
const messagesOf = ({ problems }: Plan): readonly string[] => problems.map(({ message }) => message);

describe('a table with no more room', () => {
  const few = (...names: readonly string[]): Tables => ({
    Few: Object.fromEntries(names.map((name) => [u(name.charCodeAt(0)), { name }])),
  });

  it.each([SKIP, OVERWRITE, REFUSE])('refuses rows beside those that stay: %j', async (options) => {
    const plan = await planOf(EVERY_REFERENCE, few('a', 'b'), few('c', 'b'), options);
    expect(messagesOf(plan)).toEqual([
      'few "a" cannot be restored: the table Few holds 2 at most, and few "c" is in its place. Delete that row, or ' +
        'restore with exact',
    ]);
  });

  it('takes them where the others go', async () => {
    const plan = await planOf(EVERY_REFERENCE, few('a', 'b'), few('c', 'd'), EXACT);
    expect([messagesOf(plan), plan.changeCount > 0]).toEqual([[], true]);
  });
});

it('refuses more references in a column than it can hold', async () => {
  const held = (...numbers: readonly number[]): Tables[string] =>
    Object.fromEntries(numbers.map((n) => [u(n), { name: `held ${n}` }]));
  const both = { C: { [u(3)]: { name: 'c', map: { one: u(11), two: u(12) } } } };
  const backup = { ...both, B: { [u(1)]: { name: 'b', few: [u(11), u(12)] } }, Held: held(11, 12) };
  const live = { ...both, B: { [u(1)]: { name: 'b', few: [u(21), u(22)] } }, Held: held(11, 12, 21, 22) };
  expect(messagesOf(await planOf(EVERY_REFERENCE, backup, live, OVERWRITE))).toEqual([
    'B "b" cannot be restored: it would refer to 4 rows in few, and 3 is the most',
  ]);
  expect(messagesOf(await planOf(EVERY_REFERENCE, backup, live, EXACT))).toEqual([]);
});

describe('a name', () => {
  const groups = (names: Readonly<Record<number, string>>, ports: Tables[string][string] = {}): Tables => ({
    Port_Group: Object.fromEntries(Object.entries(names).map(([n, name]) => [u(Number(n)), { name, ...ports }])),
  });

  it('that a row keeps is no conflict with a row that has its name in the backup', async () => {
    const port: Tables = {
      Logical_Switch: { [u(1)]: { name: 'web', ports: [u(11)] } },
      Logical_Switch_Port: { [u(11)]: { name: 'p1' } },
    };
    const backup = { ...port, ...groups({ 21: 'pg' }, { ports: [u(11)] }) };
    const live = { Logical_Switch: { [u(1)]: { name: 'web' } }, ...groups({ 21: 'renamed', 22: 'pg' }) };
    const plan = await planOf(NORTHBOUND, backup, live, SKIP);
    expect(messagesOf(plan)).toEqual([]);
    expect(plan.tables.flatMap(({ table, updates }) => (updates.size > 0 ? [table.name] : []))).toEqual([
      'Logical_Switch',
      'Port_Group',
    ]);
    expect(messagesOf(await planOf(NORTHBOUND, backup, live, OVERWRITE))).toEqual([
      'port group "pg" cannot be restored: port group "pg", another row of the database, has the same name. Delete or ' +
        'rename that row, or restore with exact',
    ]);
  });
});

describe('a refused restore', () => {
  const backup: Tables = {
    Address_Set: { [u(1)]: { name: 'one' }, [u(2)]: { name: 'two' }, [u(3)]: { name: 'three' }, [u(4)]: { name: 'x' } },
  };
  const live: Tables = {
    Address_Set: {
      [u(1)]: { name: 'one', addresses: ['10.0.0.1'] },
      [u(3)]: { name: 'three' },
      [u(4)]: { name: 'two' },
      [u(9)]: { name: 'x' },
    },
  };

  it('lists as many rows as it counts, all of them skipped', async () => {
    const plan = await planOf(NORTHBOUND, backup, live, OVERWRITE);
    expect(plan.problems.length).toBeGreaterThan(0);
    const result = planResult({
      planned: { plan, notes: [], pulledIn: [], owners: [] },
      dryRun: true,
      elapsedMs: 1,
      errors: plan.problems,
    });
    const labels = await Labels.read([plan.backup, plan.live], new Breath());
    const listed: string[] = [];
    for await (const { kind, table, reason } of describeRefusal(plan, labels, new Breath())) {
      listed.push(`${kind} ${table}`);
      expect(reason).toMatch(/./);
    }
    expect(listed.every((text) => text === 'SKIP Address_Set')).toBe(true);
    expect(result.changes).toEqual({ Address_Set: { SKIP: listed.length } });
    expect(result).toMatchObject({ restoredCount: 0, deletedCount: 0, skippedCount: listed.length });
    for (const { total, restored, skipped, failed } of result.details) expect(restored + skipped + failed).toBe(total);
  });
});
