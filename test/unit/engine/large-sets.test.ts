/**
 * Sets of thousands of members: nothing may look through all of them for each of them, nor read the row anew. What is
 * counted is rows that are read, and members of lists that are searched; a time would say nothing on a busy machine.
 */
import { cutIntoTransactions } from '../../../src/engine/apply/transactions.js';
import type { Plan } from '../../../src/engine/plan/table-plan.js';
import { type KeptChange, undoTarget } from '../../../src/engine/undo/undo.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Row } from '../../../src/model/row/row.js';
import type { Snapshot, TableRows } from '../../../src/model/snapshot/snapshot.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { northboundSchema, OVERWRITE, planBetween, planTo } from '../../support/servers/engine.js';

const MEMBERS = 3_000;
/** At each member a hundred looks in all: far more than it takes, and far fewer than there are members. */
const LOOKS_MAX = 100 * MEMBERS;
const SCHEMA = northboundSchema();
const u = (kind: string, number = 0): string => `${kind.repeat(8)}-0000-4000-8000-${String(number).padStart(12, '0')}`;
const uuids = (kind: string): readonly string[] => Array.from({ length: MEMBERS }, (_, i) => u(kind, i));
const PORTS: Tables = {
  Logical_Switch_Port: Object.fromEntries(uuids('c').map((uuid, i) => [uuid, { name: `p${String(i)}` }])),
};
const ACLS: Tables = {
  ACL: Object.fromEntries(
    uuids('d').map((uuid, i) => [
      uuid,
      { action: 'drop', direction: 'to-lport', match: `ip.ttl == ${String(i)}`, priority: 1 },
    ]),
  ),
};

/** How many members of lists, and of the sets of rows, were looked at. */
class Looks {
  count = 0;

  /** The snapshot, with all that is read of it counted. */
  counted({ schema, tables }: Snapshot): Snapshot {
    return { schema, tables: new Map([...tables].map(([name, rows]) => [name, this.countedRows(rows)])) };
  }

  private countedRows(rows: TableRows): TableRows {
    return {
      table: rows.table,
      count: rows.count,
      uuid: (index) => rows.uuid(index),
      find: (uuid) => rows.find(uuid),
      text: (index) => rows.text(index),
      row: (index): Row => {
        const row = rows.row(index);
        for (const value of Object.values(row)) this.count += Array.isArray(value) ? value.length : 1;
        return row;
      },
    };
  }

  /** Counts the searches of lists, too, while `work` goes on. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const add = (members: number): void => {
      this.count += members;
    };
    const methods = ['includes', 'indexOf', 'find', 'findIndex', 'some', 'filter', 'map'] as const;
    const before = methods.map((name) => [name, Array.prototype[name]] as const);
    for (const [name, method] of before)
      Object.defineProperty(Array.prototype, name, {
        configurable: true,
        writable: true,
        value(this: unknown[], ...args: unknown[]): unknown {
          add(this.length);
          return Reflect.apply(method, this, args) as unknown;
        },
      });
    try {
      return await work();
    } finally {
      for (const [name, value] of before)
        Object.defineProperty(Array.prototype, name, { configurable: true, writable: true, value });
    }
  }
}

describe(`a set of ${String(MEMBERS)} members`, () => {
  it.each(['STRICT', 'FORCE', 'PARTIAL'] as const)('is undone in one look: %s', async (mode) => {
    const looks = new Looks();
    const ports = uuids('c');
    const live = snapshotOf(SCHEMA, {
      ...PORTS,
      Logical_Switch: { [u('a')]: { name: 'web', ports } },
      Port_Group: { [u('f')]: { name: 'pg', ports } },
    });
    const change: KeptChange = {
      kind: 'UPDATE',
      table: 'Port_Group',
      uuid: u('f'),
      label: 'pg',
      columns: [{ column: 'ports', before: ports.slice(1), after: ports }],
    };
    const undone = await looks.during(() => undoTarget(looks.counted(live), [change], mode, new Breath()));
    expect(undone.present).toBe(1);
    expect(looks.count).toBeLessThan(LOOKS_MAX);
  });

  it('is held on to in one look, where the row that held it before cannot come back', async () => {
    const looks = new Looks();
    const acls = uuids('d');
    // the restore gave the rules of a group to a switch, and somebody made another group of that name
    const live = snapshotOf(SCHEMA, {
      ...ACLS,
      Logical_Switch: { [u('a')]: { name: 'web', acls } },
      Port_Group: { [u('f', 1)]: { name: 'pg' } },
    });
    const changes: readonly KeptChange[] = [
      {
        kind: 'DELETE',
        table: 'Port_Group',
        uuid: u('f'),
        label: 'pg',
        columns: [
          { column: 'name', before: 'pg' },
          { column: 'acls', before: acls },
        ],
      },
      {
        kind: 'UPDATE',
        table: 'Logical_Switch',
        uuid: u('a'),
        label: 'web',
        columns: [{ column: 'acls', before: undefined, after: acls }],
      },
    ];
    const { target } = await looks.during(() => undoTarget(looks.counted(live), changes, 'FORCE', new Breath()));
    expect(target.tables.get('Logical_Switch')?.row(0)['acls']).toEqual(acls);
    expect(looks.count).toBeLessThan(LOOKS_MAX);
  });

  it('is found in another row in one look', async () => {
    const looks = new Looks();
    const network = (holder: string, name: string): Snapshot =>
      looks.counted(snapshotOf(SCHEMA, { ...PORTS, Logical_Switch: { [holder]: { name, ports: uuids('c') } } }));
    const plan = await looks.during(() => planBetween(network(u('a'), 'web'), network(u('b'), 'other'), OVERWRITE));
    expect(plan.problems).toHaveLength(MEMBERS);
    expect(looks.count).toBeLessThan(LOOKS_MAX);
  });

  it.each([
    ['come', 1, 0],
    ['go', 0, 1],
    ['move', 1, 2],
  ] as const)('is cut into steps in one look for each of them: they %s', async (_, after, before) => {
    const looks = new Looks();
    const databases: readonly Tables[] = [{}, 'x', 'y'].map((holder) =>
      typeof holder === 'string'
        ? {
            ...PORTS,
            ...ACLS,
            Logical_Switch: Object.fromEntries(
              ['x', 'y'].map((name, i): [string, Row] => [
                u('a', i),
                name === holder ? { name, ports: uuids('c'), acls: uuids('d') } : { name },
              ]),
            ),
            Port_Group: { [u('f')]: { name: 'pg', ports: uuids('c') } },
          }
        : {},
    );
    const [target, live] = [after, before].map((i) => looks.counted(snapshotOf(SCHEMA, databases[i] ?? {})));
    const made = await looks.during(async (): Promise<{ plan: Plan; steps: number; texts: number }> => {
      const plan = await planTo(target as Snapshot, live as Snapshot);
      const steps = await cutIntoTransactions(plan, { rowsMax: 500, bytesMax: 1 << 20 }, new Breath());
      if (steps === 'ONE') throw new Error('it was not cut');
      let texts = 0;
      for (const step of steps) for (const text of step.operations()) texts += text.length > 0 ? 1 : 0;
      return { plan, steps: steps.length, texts };
    });
    expect(made.plan.problems).toEqual([]);
    // each step may look at the whole set, since its guards tell what is in it
    expect(looks.count).toBeLessThan(made.steps * LOOKS_MAX);
  });
});
