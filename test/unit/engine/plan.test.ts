/** Plans between two snapshots, policy by policy, without a database; and what rows are called in them. */
import { readFileSync } from 'node:fs';
import { Labels, labelOf } from '../../../src/engine/describe/label.js';
import { identify } from '../../../src/engine/identify/identify.js';
import {
  type ColumnChange,
  deltaOf,
  describeChanges,
  type RowChange,
  withColumns,
} from '../../../src/engine/plan/plan-changes.js';
import type { Plan, PlanOptions } from '../../../src/engine/plan/table-plan.js';
import { countOutcomes } from '../../../src/engine/plan/table-plan.js';
import { MARK, type ScopeMarks } from '../../../src/engine/scope/mark.js';
import { type ResourceFilter, selectLiveScope, selectScope } from '../../../src/engine/scope/scope.js';
import { verifyPlan } from '../../../src/engine/verify/verify.js';
import { Breath } from '../../../src/lib/breath.js';
import { danglingReferences } from '../../../src/model/reference/reference.js';
import type { Row, Value } from '../../../src/model/row/row.js';
import {
  type ColumnSchema,
  type DatabaseSchema,
  readDatabaseSchema,
  type TableSchema,
} from '../../../src/ovsdb/database-schema.js';
import { parseJson } from '../../../src/ovsdb/json.js';
import { failureOf, snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { EVERYTHING_INCLUDED } from '../../support/include-flags.js';
import {
  countsOf,
  EXACT,
  northboundSchema,
  OVERWRITE,
  planBetween,
  REFUSE,
  SKIP,
} from '../../support/servers/engine.js';

const SCHEMA = northboundSchema();
const schemaOf = (release: string): DatabaseSchema =>
  readDatabaseSchema(
    parseJson(readFileSync(new URL(`../../compat/schemas/ovn-nb.${release}.ovsschema`, import.meta.url), 'utf8')),
  );
const u = (name: string): string =>
  `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;

const planOf = (backup: Tables, live: Tables, options: PlanOptions): Promise<Plan> =>
  planBetween(snapshotOf(SCHEMA, backup), snapshotOf(SCHEMA, live), options);

async function changesOf(plan: Plan): Promise<RowChange[]> {
  const labels = await Labels.read([plan.backup, plan.live], new Breath());
  const changes: RowChange[] = [];
  for await (const change of describeChanges(plan, labels, new Breath())) changes.push(withColumns(change));
  return changes;
}

/** "KIND label" of every change, skipped rows left out. */
const told = async (plan: Plan): Promise<string[]> =>
  (await changesOf(plan))
    .filter(({ kind }) => kind !== 'SKIP')
    .map(
      ({ kind, label, columns }) =>
        `${kind} ${label}${kind === 'UPDATE' ? `: ${columns.map(({ column }) => column).join(', ')}` : ''}`,
    );

const port = (name: string): Row => ({ name, addresses: ['dynamic'] });
/** A switch with two ports in a port group. */
const NETWORK: Tables = {
  Logical_Switch: { [u('s')]: { name: 'web', ports: [u('p'), u('q')] } },
  Logical_Switch_Port: { [u('p')]: port('p'), [u('q')]: port('q') },
  Port_Group: { [u('g')]: { name: 'pg', ports: [u('p'), u('q')] } },
};
const without = (tables: Tables, ...letters: readonly string[]): Tables => {
  const gone = new Set(letters.map(u));
  const row = (content: Row): Row =>
    Object.fromEntries(
      Object.entries(content).map(([column, value]): [string, Row[string]] => [
        column,
        Array.isArray(value) ? (value as readonly string[]).filter((atom) => !gone.has(atom)) : value,
      ]),
    );
  return Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [
      table,
      Object.fromEntries(
        Object.entries(rows)
          .filter(([uuid]) => !gone.has(uuid))
          .map(([uuid, content]) => [uuid, row(content)]),
      ),
    ]),
  );
};

describe('makePlan', () => {
  it.each([SKIP, OVERWRITE, EXACT, REFUSE])('plans nothing onto an equal database: %j', async (options) => {
    const plan = await planOf(NETWORK, NETWORK, options);
    expect([plan.changeCount, plan.problems, plan.warnings, countsOf(plan)]).toEqual([0, [], [], {}]);
    expect((await changesOf(plan)).map(({ kind, reason }) => `${kind} ${reason ?? ''}`)).toEqual(
      Array.from({ length: 4 }, () => 'SKIP unchanged'),
    );
  });

  it.each([SKIP, OVERWRITE, EXACT, REFUSE])(
    'brings a deleted port back with every reference to it: %j',
    async (options) => {
      const plan = await planOf(NETWORK, without(NETWORK, 'p'), options);
      expect(plan.problems).toEqual([]);
      expect(await told(plan)).toEqual([
        'UPDATE switch "web": ports',
        'INSERT port "p"',
        'UPDATE port group "pg": ports',
      ]);
    },
  );

  it('counts every row of the backup in one way', async () => {
    const live = { ...without(NETWORK, 'p'), Address_Set: { [u('x')]: { name: 'live' } } };
    for (const options of [SKIP, OVERWRITE, EXACT]) {
      const plan = await planOf(NETWORK, live, options);
      for (const draft of plan.tables) {
        const { total, restored, skipped, failed } = countOutcomes(draft);
        expect(restored + skipped + failed).toBe(total);
        expect(total).toBe(draft.backup.count);
      }
      expect(plan.changeCount).toBe(options.exact ? 4 : 3);
    }
  });

  const renamed: Tables = {
    ...NETWORK,
    Logical_Switch: { [u('s')]: { name: 'other', ports: [u('p'), u('q')], other_config: { a: 'b' } } },
  };

  it('leaves a live row that differs under SKIP, writes it under OVERWRITE, and names it under ERROR', async () => {
    const skip = await planOf(NETWORK, renamed, SKIP);
    expect(skip.changeCount).toBe(0);
    expect((await changesOf(skip))[0]).toMatchObject({
      kind: 'SKIP',
      table: 'Logical_Switch',
      reason: expect.stringContaining('differs') as string,
    });
    const overwrite = await planOf(NETWORK, renamed, OVERWRITE);
    expect(await changesOf(overwrite)).toContainEqual({
      kind: 'UPDATE',
      table: 'Logical_Switch',
      uuid: u('s'),
      label: 'switch "other"',
      columns: [
        { column: 'name', before: 'other', after: 'web' },
        { column: 'other_config', before: { a: 'b' }, after: undefined, removed: { a: 'b' } },
      ],
    });
    const refuse = await planOf(NETWORK, renamed, REFUSE);
    expect(refuse.problems).toEqual([
      {
        code: 'CONFLICT',
        message: 'switch "web" differs from the backup in name, other_config',
        table: 'Logical_Switch',
        label: 'switch "web"',
      },
    ]);
    expect(countsOf(refuse)['Logical_Switch']).toMatchObject({ total: 1, failed: 1, restored: 0 });
  });

  it('takes neither references to what comes back nor those to what lives only in the database for a conflict under ERROR', async () => {
    expect((await planOf(NETWORK, without(NETWORK, 'q'), REFUSE)).problems).toEqual([]);
    const grown = {
      ...without(NETWORK, 'q'),
      Logical_Switch: { [u('s')]: { name: 'web', ports: [u('p'), u('z')] } },
      Logical_Switch_Port: { [u('p')]: port('p'), [u('z')]: port('z') },
    };
    expect((await planOf(NETWORK, grown, REFUSE)).problems).toEqual([]);
    const moved = { ...NETWORK, Port_Group: { [u('g')]: { name: 'pg', ports: [u('p')] } } };
    expect((await planOf(NETWORK, moved, REFUSE)).problems.map(({ message }) => message)).toEqual([
      'port group "pg" differs from the backup in ports',
    ]);
  });

  it('keeps under OVERWRITE what lives only in the database, with its references, and deletes it with exact', async () => {
    const live: Tables = {
      Logical_Switch: { [u('s')]: { name: 'web', ports: [u('q'), u('z')] } },
      Logical_Switch_Port: { [u('q')]: port('q'), [u('z')]: port('z') },
      Port_Group: { [u('g')]: { name: 'pg', ports: [u('z')] } },
    };
    const overwrite = await changesOf(await planOf(NETWORK, live, OVERWRITE));
    const after = (changes: readonly RowChange[], table: string): unknown =>
      changes.find((change) => change.table === table && change.kind === 'UPDATE')?.columns[0]?.after;
    expect([after(overwrite, 'Logical_Switch'), after(overwrite, 'Port_Group')]).toEqual([
      [u('p'), u('q'), u('z')].sort(),
      [u('p'), u('q'), u('z')].sort(),
    ]);
    const exact = await changesOf(await planOf(NETWORK, live, EXACT));
    expect([after(exact, 'Logical_Switch'), after(exact, 'Port_Group')]).toEqual([
      [u('p'), u('q')],
      [u('p'), u('q')],
    ]);
    expect(exact.filter(({ kind }) => kind === 'DELETE')).toEqual([
      expect.objectContaining({ uuid: u('z'), label: 'port "z"' }),
    ]);
    const skip = await changesOf(await planOf(NETWORK, live, SKIP));
    expect([after(skip, 'Logical_Switch'), after(skip, 'Port_Group')]).toEqual([
      [u('p'), u('q'), u('z')].sort(),
      [u('p'), u('z')].sort(),
    ]);
  });

  it('points references at the live row where a row is matched by name', async () => {
    const live: Tables = {
      Logical_Switch: { [u('S')]: { name: 'web', ports: [u('P'), u('q')] } },
      Logical_Switch_Port: { [u('P')]: port('p'), [u('q')]: port('q') },
      Port_Group: {},
    };
    const plan = await planOf(NETWORK, live, OVERWRITE);
    expect(await changesOf(plan)).toEqual([
      expect.objectContaining({ kind: 'SKIP', table: 'Logical_Switch', uuid: u('S'), reason: 'unchanged' }),
      expect.objectContaining({ kind: 'SKIP', table: 'Logical_Switch_Port', uuid: u('P') }),
      expect.objectContaining({ kind: 'SKIP', table: 'Logical_Switch_Port', uuid: u('q') }),
      expect.objectContaining({
        kind: 'INSERT',
        table: 'Port_Group',
        columns: [
          { column: 'name', after: 'pg' },
          { column: 'ports', after: [u('P'), u('q')].sort() },
        ],
      }),
    ]);
  });

  it('finds rows that would clash with a live row of the same index, and names both', async () => {
    const backup: Tables = { Address_Set: { [u('a')]: { name: 'one' }, [u('b')]: { name: 'two' } } };
    const live: Tables = { Address_Set: { [u('b')]: { name: 'one', addresses: ['10.0.0.1'] } } };
    const plan = await planOf(backup, live, SKIP);
    expect(plan.problems).toEqual([
      {
        code: 'CONFLICT',
        message: expect.stringMatching(
          /^address set "one" cannot be restored: address set "one", another row of the database, has the same name\./,
        ) as string,
        table: 'Address_Set',
        label: 'address set "one"',
      },
    ]);
    expect(countsOf(plan)).toEqual({
      Address_Set: { total: 2, restored: 0, skipped: 1, differing: 1, deleted: 0, failed: 1 },
    });
    // the row in the way gets its own name back in the same transaction
    const overwrite = await planOf(backup, live, OVERWRITE);
    expect([overwrite.problems, overwrite.changeCount]).toEqual([[], 2]);
  });

  it('lets two rows exchange their index keys', async () => {
    const names = (a: string, b: string): Tables => ({ Address_Set: { [u('a')]: { name: a }, [u('b')]: { name: b } } });
    const plan = await planOf(names('one', 'two'), names('two', 'one'), OVERWRITE);
    expect([plan.problems, plan.changeCount]).toEqual([[], 2]);
  });

  const access = (target: string, c: string): Tables => ({
    NB_Global: { [u('n')]: { connections: [u(c)], ssl: u(`ssl${c}`) } },
    Connection: { [u(c)]: { target } },
    SSL: { [u(`ssl${c}`)]: { private_key: 'k', certificate: 'c', ca_cert: target } },
  });

  it.each([SKIP, OVERWRITE, EXACT, REFUSE])(
    'leaves Connection and SSL rows of both sides alone without restoreAccess: %j',
    async (options) => {
      for (const live of [access('ptcp:1', 'd'), {}, { NB_Global: { [u('n')]: {} } }]) {
        const plan = await planOf(access('ptcp:6641', 'c'), live, { ...options, restoreAccess: false });
        const hasOwn = 'SSL' in live;
        expect([plan.problems, (await told(plan)).filter((change) => !change.startsWith('INSERT NB_Global'))]).toEqual([
          [],
          [],
        ]);
        expect(plan.warnings).toEqual([
          expect.stringContaining('1 Connection row is left out'),
          ...(options.exact && hasOwn
            ? [expect.stringContaining('1 Connection row that only the database has is')]
            : []),
          expect.stringContaining(hasOwn ? '1 SSL row differs from the backup and is left' : '1 SSL row is left out'),
        ]);
      }
    },
  );

  it('replaces them with restoreAccess, and says so of the SSL row that is dropped', async () => {
    const plan = await planOf(access('ptcp:6641', 'c'), access('ptcp:1', 'd'), OVERWRITE);
    expect(plan.problems).toEqual([]);
    expect(await told(plan)).toEqual([
      'INSERT connection "ptcp:6641"',
      expect.stringContaining('UPDATE NB_Global'),
      expect.stringContaining('UPDATE SSL'),
    ]);
  });

  it('restores runtime columns of rows that come back and of no others', async () => {
    const up: Tables = {
      ...NETWORK,
      Logical_Switch_Port: {
        [u('p')]: { ...port('p'), up: true, dynamic_addresses: '0a:00:00:00:00:01 10.0.0.2' },
        [u('q')]: { ...port('q'), up: true },
      },
    };
    const live: Tables = {
      ...without(NETWORK, 'p'),
      Logical_Switch_Port: { [u('q')]: { ...port('changed'), up: false } },
    };
    const changes = await changesOf(await planOf(up, live, OVERWRITE));
    expect(changes.find(({ kind }) => kind === 'INSERT')?.columns.map(({ column }) => column)).toEqual([
      'addresses',
      'dynamic_addresses',
      'name',
      'up',
    ]);
    expect(changes.find(({ uuid, kind }) => uuid === u('q') && kind === 'UPDATE')?.columns).toEqual([
      { column: 'name', before: 'changed', after: 'q' },
    ]);
  });

  it('takes from a runtime column what is deleted, and leaves it alone otherwise', async () => {
    const schema = schemaOf('26.03');
    const group = (active: string): Row => ({
      name: 'nfg',
      id: 1,
      network_function: [u('a')],
      network_function_active: u(active),
    });
    const before = snapshotOf(schema, {
      Network_Function: { [u('a')]: { name: 'a', id: 1 } },
      Network_Function_Group: { [u('g')]: group('a') },
    });
    const now = snapshotOf(schema, {
      Network_Function: { [u('a')]: { name: 'a', id: 1 }, [u('b')]: { name: 'b', id: 2 } },
      Network_Function_Group: { [u('g')]: group('b') },
    });
    expect(await told(await planBetween(before, now, EXACT))).toEqual([
      'DELETE network function "b"',
      'UPDATE network function group "nfg": network_function_active',
    ]);
    expect(await told(await planBetween(before, now, OVERWRITE))).toEqual([]);
  });

  it('refuses exact with another policy', async () => {
    expect(await failureOf(planOf(NETWORK, NETWORK, { ...SKIP, exact: true }))).toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });
});

describe('makePlan within a scope', () => {
  async function scoped(
    backup: Tables,
    live: Tables,
    options: PlanOptions,
    part: Partial<ResourceFilter>,
  ): Promise<Plan> {
    const [ours, theirs, breath, filter] = [
      snapshotOf(SCHEMA, backup),
      snapshotOf(SCHEMA, live),
      new Breath(),
      { ...EVERYTHING_INCLUDED, ...part },
    ];
    const identity = await identify(ours, theirs, breath);
    const scope = await selectScope(ours, filter, breath, options.exact ? { alsoIn: theirs } : {});
    const liveScope = await selectLiveScope(
      theirs,
      filter,
      scope,
      { backup: ours, identity, byName: options.exact },
      breath,
    );
    return planBetween(ours, theirs, { ...options, scope: { backup: scope.marks, live: liveScope.marks } });
  }
  const columnOf = async (plan: Plan, table: string, column: string): Promise<unknown> =>
    (await changesOf(plan))
      .find((change) => change.table === table && change.kind !== 'SKIP')
      ?.columns.find((cell) => cell.column === column)?.after;

  /** Two switches that share a port group, a load balancer and an address set; a third. */
  const SHARED: Tables = {
    Logical_Switch: {
      [u('s')]: { name: 'web', ports: [u('p'), u('q')], load_balancer: [u('l')], acls: [u('a')] },
      [u('t')]: { name: 'db', ports: [u('r')], load_balancer: [u('l')] },
      [u('v')]: { name: 'far' },
    },
    Logical_Switch_Port: { [u('p')]: port('p'), [u('q')]: port('q'), [u('r')]: port('r') },
    Port_Group: { [u('g')]: { name: 'pg', ports: [u('p'), u('r')], acls: [u('b')] } },
    ACL: {
      [u('a')]: { direction: 'to-lport', priority: 1, match: 'ip4', action: 'drop' },
      [u('b')]: { direction: 'to-lport', priority: 2, match: 'ip4.src == $set', action: 'drop' },
    },
    Address_Set: { [u('x')]: { name: 'set', addresses: ['10.0.0.1'] }, [u('y')]: { name: 'apart' } },
    Load_Balancer: { [u('l')]: { name: 'lb' } },
  };
  const edited = (tables: Tables, edits: Readonly<Record<string, Readonly<Record<string, Row>>>>): Tables => {
    const merged: Record<string, Record<string, Row>> = {};
    for (const [table, rows] of [...Object.entries(tables), ...Object.entries(edits)])
      merged[table] = { ...merged[table], ...rows };
    return merged;
  };

  it.each([SKIP, OVERWRITE, EXACT, REFUSE])('counts and tells rows in scope only: %j', async (options) => {
    const plan = await scoped(SHARED, SHARED, options, { switches: ['web'] });
    expect([plan.changeCount, plan.problems, plan.warnings]).toEqual([0, [], []]);
    expect((await changesOf(plan)).map(({ label }) => label).sort()).toEqual([
      'ACL to-lport 1 ip4 of switch "web"',
      'ACL to-lport 2 ip4.src == $set of port group "pg"',
      'address set "set"',
      'load balancer "lb"',
      'port "p"',
      'port "q"',
      'port group "pg"',
      'switch "web"',
    ]);
    const counts = plan.tables.map(countOutcomes);
    expect(counts.reduce((sum, { total }) => sum + total, 0)).toBe(8);
    expect(counts.every(({ total, restored, skipped, failed }) => total === restored + skipped + failed)).toBe(true);
  });

  it.each([SKIP, OVERWRITE, EXACT, REFUSE])(
    'brings a deleted switch back, and lets unselected members of what is shared be: %j',
    async (options) => {
      // meanwhile the other port left the group, and another one came
      const live = edited(without(SHARED, 's', 'p', 'q', 'a'), {
        Logical_Switch: { [u('t')]: { name: 'db2', ports: [u('r'), u('z')] } },
        Logical_Switch_Port: { [u('z')]: port('z') },
        Port_Group: { [u('g')]: { name: 'pg', ports: [u('z')], acls: [u('b')] } },
        Address_Set: { [u('y')]: { name: 'apart', addresses: ['10.0.0.9'] } },
      });
      const plan = await scoped(SHARED, live, options, { switches: ['web'] });
      expect([plan.problems, plan.warnings]).toEqual([[], []]);
      expect(await told(plan)).toEqual([
        'INSERT ACL to-lport 1 ip4 of switch "web"',
        'INSERT switch "web"',
        'INSERT port "p"',
        'INSERT port "q"',
        'UPDATE port group "pg": ports',
      ]);
      expect(await columnOf(plan, 'Port_Group', 'ports')).toEqual([u('p'), u('z')].sort());
      expect(await columnOf(plan, 'Logical_Switch', 'load_balancer')).toEqual([u('l')]);
    },
  );

  it('inserts a pulled in port group with the picked members only', async () => {
    const plan = await scoped(SHARED, without(SHARED, 's', 'p', 'q', 'a', 'g', 'b'), SKIP, { switches: ['web'] });
    expect([await columnOf(plan, 'Port_Group', 'ports'), plan.warnings]).toEqual([[u('p')], []]);
  });

  it('inserts a port group that was picked itself with those of its members that are live', async () => {
    const live = without(SHARED, 'g', 'b', 'p');
    const plan = await scoped(SHARED, live, SKIP, { portGroups: ['pg'] });
    expect(await told(plan)).toEqual([
      'INSERT ACL to-lport 2 ip4.src == $set of port group "pg"',
      'INSERT port group "pg"',
    ]);
    expect(await columnOf(plan, 'Port_Group', 'ports')).toEqual([u('r')]);
    expect(plan.warnings).toEqual([
      '1 reference from port group rows (ports) to port rows that the filter leaves out is dropped',
    ]);
  });

  it('gives a picked load balancer that comes back to the switches that used it, and touches nothing else of them', async () => {
    const live = edited(without(SHARED, 'l'), { Logical_Switch: { [u('t')]: { name: 'renamed', ports: [u('r')] } } });
    for (const options of [SKIP, OVERWRITE, EXACT, REFUSE]) {
      const plan = await scoped(SHARED, live, options, { loadBalancers: ['lb'] });
      expect([plan.problems, await told(plan)]).toEqual([
        [],
        ['INSERT load balancer "lb"', 'UPDATE switch "web": load_balancer', 'UPDATE switch "renamed": load_balancer'],
      ]);
    }
    expect(await told(await scoped(SHARED, {}, SKIP, { loadBalancers: ['lb'] }))).toEqual([
      'INSERT load balancer "lb"',
    ]);
  });

  it.each<[keyof typeof EVERYTHING_INCLUDED, string, readonly string[]]>([
    ['includePorts', 'ports', [u('p'), u('q'), u('z')]],
    ['includeAcls', 'acls', [u('a')]],
    ['includeLoadBalancers', 'load_balancer', [u('l')]],
  ])('leaves with %s: false what is live in %s as it is', async (flag, column, value) => {
    const live = edited(SHARED, {
      Logical_Switch: { [u('s')]: { ...SHARED['Logical_Switch']?.[u('s')], name: 'other', [column]: value } },
      Logical_Switch_Port: { [u('z')]: port('z'), [u('q')]: port('moved') },
    });
    for (const options of [OVERWRITE, EXACT]) {
      const plan = await scoped(SHARED, flag === 'includePorts' ? live : without(live, 'z'), options, {
        switches: [u('s')],
        [flag]: false,
      });
      expect((await told(plan)).filter((change) => change.includes('switch'))).toEqual(['UPDATE switch "other": name']);
      expect((await told(plan)).some((change) => change.includes('port "'))).toBe(flag !== 'includePorts');
    }
  });

  it('deletes with exact only what the picked rows own, and names that are only live', async () => {
    const live = edited(SHARED, {
      Logical_Switch: {
        [u('s')]: {
          name: 'web',
          ports: [u('p'), u('q'), u('z')],
          load_balancer: [u('l'), u('m')],
          acls: [u('a'), u('c')],
        },
        [u('t')]: { name: 'db', ports: [u('r'), u('w')] },
        [u('n')]: { name: 'new', ports: [u('k')] },
      },
      Logical_Switch_Port: { [u('z')]: port('z'), [u('w')]: port('w'), [u('k')]: port('k') },
      Port_Group: { [u('g')]: { name: 'pg', ports: [u('p'), u('r'), u('w'), u('z')], acls: [u('b'), u('d')] } },
      ACL: {
        [u('c')]: { direction: 'to-lport', priority: 3, match: 'ip6', action: 'drop' },
        [u('d')]: { direction: 'to-lport', priority: 4, match: 'ip6', action: 'drop' },
      },
      Load_Balancer: { [u('m')]: { name: 'lb2' } },
    });
    const exact = await scoped(SHARED, live, EXACT, { switches: ['web'] });
    expect([exact.problems, (await told(exact)).sort()]).toEqual([
      [],
      [
        'DELETE ACL to-lport 3 ip6 of switch "web"',
        'DELETE port "z"',
        'UPDATE port group "pg": ports',
        'UPDATE switch "web": acls, load_balancer, ports',
      ],
    ]);
    expect(await columnOf(exact, 'Port_Group', 'ports')).toEqual([u('p'), u('r'), u('w')].sort());
    expect((await told(await scoped(SHARED, live, EXACT, { switches: ['new'] }))).sort()).toEqual([
      'DELETE port "k"',
      'DELETE switch "new"',
    ]);
    expect(await told(await scoped(SHARED, live, OVERWRITE, { switches: ['web'] }))).toEqual([]);
  });

  it('does not delete with exact what an unselected row holds or needs', async () => {
    // the ACL is in the switch and in a port group that is nobody's business here
    const held = edited(SHARED, {
      Logical_Switch: { [u('s')]: { ...SHARED['Logical_Switch']?.[u('s')], acls: [u('a'), u('c')] } },
      ACL: { [u('c')]: { direction: 'to-lport', priority: 3, match: 'ip6', action: 'drop' } },
      Port_Group: { [u('h')]: { name: 'held', acls: [u('c')] } },
    });
    expect(await told(await scoped(SHARED, held, EXACT, { switches: ['web'] }))).toEqual(['UPDATE switch "web": acls']);
    const used = edited(SHARED, {
      Address_Set: { [u('new')]: { name: 'new' } },
      NAT: { [u('nat')]: { type: 'snat', external_ip: '1.1.1.1', logical_ip: '10.0.0.1', allowed_ext_ips: u('new') } },
      Logical_Router: { [u('gw')]: { name: 'gw', nat: [u('nat')] } },
    });
    expect(
      (await scoped(SHARED, used, EXACT, { addressSets: ['new'] })).problems.map(({ message }) => message),
    ).toEqual(['address set "new" cannot be deleted: NAT snat 1.1.1.1 10.0.0.1, which stays, refers to it']);
  });

  it('does not touch a port that is in a picked switch and in another one in the backup; the other way round it is refused', async () => {
    const moved = edited(SHARED, {
      Logical_Switch: {
        [u('s')]: { ...SHARED['Logical_Switch']?.[u('s')], ports: [u('p'), u('q'), u('r')] },
        [u('t')]: { name: 'db', load_balancer: [u('l')] },
      },
    });
    for (const options of [SKIP, OVERWRITE, EXACT])
      expect(await told(await scoped(SHARED, moved, options, { switches: ['web'] }))).toEqual([]);
    const plan = await scoped(SHARED, moved, EXACT, { switches: ['db'] });
    expect(plan.problems.map(({ message }) => message)).toEqual([
      'port "r" cannot be in switch "db": it is in switch "web" now, which the restore leaves as it is. Move it back ' +
        `first (ovn-nbctl remove Logical_Switch ${u('s')} ports ${u('r')} -- add Logical_Switch ${u('t')} ports ` +
        `${u('r')}), or restore with overwriting and a filter that takes both in`,
    ]);
    // what was moved into a switch that is deleted goes back
    const intoNew = edited(SHARED, {
      Logical_Switch: { [u('n')]: { name: 'new', ports: [u('r')] }, [u('t')]: { name: 'db', load_balancer: [u('l')] } },
    });
    expect((await told(await scoped(SHARED, intoNew, EXACT, { switches: ['new'] }))).sort()).toEqual([
      'DELETE switch "new"',
      'UPDATE switch "db": ports',
    ]);
  });

  /** A switch whose port leads to a router; the router has more than that port. */
  const LINKED: Tables = {
    Logical_Switch: { [u('s')]: { name: 'web', ports: [u('p')] } },
    Logical_Switch_Port: { [u('p')]: { name: 'p', type: 'router', options: { 'router-port': 'lrp' } } },
    Logical_Router: { [u('r')]: { name: 'gw', ports: [u('rp'), u('rq')], nat: [u('n')], options: { chassis: 'c1' } } },
    Logical_Router_Port: {
      [u('rp')]: { name: 'lrp', mac: '00:00:00:00:00:01', networks: ['10.0.0.1/24'] },
      [u('rq')]: { name: 'lrq', mac: '00:00:00:00:00:02', networks: ['10.0.1.1/24'] },
    },
    NAT: { [u('n')]: { type: 'snat', external_ip: '1.1.1.1', logical_ip: '10.0.0.0/24' } },
  };

  it('inserts a carrier bare where it is not live, and only attaches to it where it is', async () => {
    const bare = await changesOf(await scoped(LINKED, {}, SKIP, { switches: ['web'] }));
    expect(bare.filter(({ kind }) => kind === 'INSERT').map(({ label }) => label)).toEqual([
      'router "gw"',
      'router port "lrp"',
      'switch "web"',
      'port "p"',
    ]);
    expect(bare[0]?.columns).toEqual([
      { column: 'name', after: 'gw' },
      { column: 'options', after: { chassis: 'c1' } },
      { column: 'ports', after: [u('rp')] },
    ]);
    const live = edited(without(LINKED, 'rp', 'rq'), {
      Logical_Router: { [u('r')]: { name: 'renamed', options: { chassis: 'c2' } } },
    });
    const differs = 'router "renamed" (name, options)';
    const left = new Map([
      [SKIP, `1 row gets references to what comes back, and is left as the database has it otherwise, though it`],
      [OVERWRITE, '1 row differs from the backup and is left as the database has it, since the filter does not pick'],
      [EXACT, '1 row differs from the backup and is left as the database has it, since the filter does not pick it'],
    ]);
    for (const [options, warning] of left) {
      const plan = await scoped(LINKED, live, options, { switches: ['web'] });
      expect([plan.problems, await told(plan), plan.warnings]).toEqual([
        [],
        ['UPDATE router "renamed": ports', 'INSERT router port "lrp"'],
        [expect.stringMatching(new RegExp(`^${warning}.*: ${differs.replaceAll(/[()]/g, '.')}$`))],
      ]);
    }
    const refused = await scoped(LINKED, live, REFUSE, { switches: ['web'] });
    expect(refused.problems.map(({ message }) => message)).toEqual([
      'router "gw" differs from the backup in name, options',
    ]);
    const same = without(LINKED, 'rp', 'rq');
    const whole = edited(same, { Logical_Router: { [u('r')]: { ...same['Logical_Router']?.[u('r')], ports: [] } } });
    for (const options of [SKIP, OVERWRITE, EXACT, REFUSE]) {
      const plan = await scoped(LINKED, whole, options, { switches: ['web'] });
      expect([plan.problems, plan.warnings]).toEqual([[], []]);
    }
  });

  it('fails clearly where the holder of a row takes no part', async () => {
    const [backup, live] = [snapshotOf(SCHEMA, LINKED), snapshotOf(SCHEMA, {})];
    const marks: ScopeMarks = new Map(
      [...backup.tables.values()].map((rows) => [
        rows.table,
        new Uint8Array(rows.count).fill(rows.table === 'Logical_Router_Port' ? MARK.NEEDED : MARK.OUT),
      ]),
    );
    const plan = await planBetween(backup, live, { ...SKIP, scope: { backup: marks, live: new Map() } });
    expect(plan.problems.map(({ message }) => message)).toEqual(
      ['lrp', 'lrq'].map(
        (name) =>
          `router port "${name}" cannot be restored: the row that holds it takes no part in this restore, and ` +
          `without it the database would drop router port "${name}"`,
      ),
    );
    expect(countsOf(plan)).toEqual({
      Logical_Router_Port: { total: 2, restored: 0, skipped: 0, differing: 0, deleted: 0, failed: 2 },
    });
  });

  it('finds a clash with a row out of scope, and says what to do', async () => {
    const live = edited(without(SHARED, 's', 'p', 'q', 'a'), {
      Address_Set: { [u('x')]: { name: 'gone' }, [u('k')]: { name: 'set' } },
    });
    expect(
      (await scoped(SHARED, live, OVERWRITE, { addressSets: [u('x')] })).problems.map(({ message }) => message),
    ).toEqual([
      'address set "set" cannot be restored: address set "set", another row of the database, has the same name. ' +
        'Delete or rename that row, or restore with a filter that takes it in',
    ]);
  });

  it('verifies what is in scope and nothing else', async () => {
    const live = without(SHARED, 's', 'p', 'q', 'a');
    const plan = await scoped(SHARED, live, OVERWRITE, { switches: ['web'] });
    const after = edited(SHARED, { Address_Set: { [u('y')]: { name: 'apart', addresses: ['10.0.0.9'] } } });
    expect(await verifyPlan(plan, snapshotOf(SCHEMA, after), new Breath())).toEqual({
      problems: [],
      warnings: [],
      asPlanned: 5,
      touched: 5,
    });
  });
});

describe('deltaOf', () => {
  const delta = (
    table: string,
    column: string,
    before: Value | undefined,
    after: Value | undefined,
  ): Pick<ColumnChange, 'added' | 'removed'> =>
    deltaOf(SCHEMA.tables.get(table)?.columns.get(column) as ColumnSchema, before, after);

  it('tells the members that come to a set and go from it, and the pairs of a map', () => {
    expect(delta('Address_Set', 'addresses', ['a', 'b'], ['b', 'c'])).toEqual({ added: ['c'], removed: ['a'] });
    expect(delta('Address_Set', 'addresses', undefined, ['b'])).toEqual({ added: ['b'] });
    expect(delta('Address_Set', 'addresses', ['b'], undefined)).toEqual({ removed: ['b'] });
    expect(delta('Logical_Switch', 'other_config', { a: '1', b: '2', c: '3' }, { a: '1', b: '4', d: '5' })).toEqual({
      added: { b: '4', d: '5' },
      removed: { b: '2', c: '3' },
    });
    expect(delta('Logical_Switch', 'other_config', { a: '1' }, { a: '1' })).toEqual({});
  });

  it('says nothing of columns of one value', () => {
    expect(delta('Logical_Switch', 'name', 'a', 'b')).toEqual({});
    expect(delta('Logical_Switch_Port', 'dhcpv4_options', undefined, u('d'))).toEqual({});
  });

  it('takes pairs whose keys are no strings as pairs, and exact integers', () => {
    const column = {
      ...(SCHEMA.tables.get('Logical_Switch')?.columns.get('other_config') as ColumnSchema),
      key: { type: 'integer' } as const,
    };
    expect(
      deltaOf(
        column,
        [
          [1, 'a'],
          [2, 'b'],
        ],
        [
          [1, 'a'],
          [2, 'c'],
        ],
      ),
    ).toEqual({ added: [[2, 'c']], removed: [[2, 'b']] });
    const set = { ...(SCHEMA.tables.get('Address_Set')?.columns.get('addresses') as ColumnSchema) };
    expect(deltaOf(set, [2n ** 53n], [2n ** 53n, 2n ** 53n + 1n])).toEqual({ added: [2n ** 53n + 1n] });
  });
});

describe('verifyPlan', () => {
  const verified = async (plan: Plan, after: Tables): Promise<string[]> =>
    (await verifyPlan(plan, snapshotOf(SCHEMA, after), new Breath())).problems.map(({ message }) => message);

  it('finds nothing where everything is as planned, and counts what was touched', async () => {
    const plan = await planOf(NETWORK, without(NETWORK, 'p'), OVERWRITE);
    expect(await verifyPlan(plan, snapshotOf(SCHEMA, NETWORK), new Breath())).toEqual({
      problems: [],
      warnings: [],
      asPlanned: 3,
      touched: 3,
    });
  });

  it('names rows that are missing, other than planned, or still there', async () => {
    const live = { ...without(NETWORK, 'p'), Address_Set: { [u('x')]: { name: 'live' } } };
    const plan = await planOf(NETWORK, live, EXACT);
    expect(await verified(plan, live)).toEqual([
      'address set "live" is still in the database, though it was to be deleted',
      'switch "web" is not as planned in ports',
      'port "p" is not in the database, though it was to be inserted',
      'port group "pg" is not as planned in ports',
    ]);
    expect(await verified(plan, { ...NETWORK, Port_Group: { [u('g')]: { name: 'pg', ports: [u('q')] } } })).toEqual([
      'port group "pg" is not as planned in ports',
    ]);
    // what came is in it; who took another out of it has nothing to do with the plan
    expect(await verified(plan, { ...NETWORK, Port_Group: { [u('g')]: { name: 'pg', ports: [u('p')] } } })).toEqual([]);
    expect(
      await verified(plan, { ...NETWORK, Logical_Switch: {}, Logical_Switch_Port: { [u('p')]: { name: 'p' } } }),
    ).toEqual([
      'switch "web" is not in the database any more, though it was to be updated',
      'port "p" is not as planned in addresses',
    ]);
  });
});

describe('an assertion on a map or a set', () => {
  const set = (external_ids: Readonly<Record<string, string>>, addresses: readonly string[]): Tables => ({
    Address_Set: { [u('x')]: { name: 'as', external_ids, addresses } },
  });
  const BEFORE = set({ goes: '1', changes: '1', stays: '1' }, ['10.0.0.1', '10.0.0.2']);
  const BACKUP = set({ changes: '2', comes: '1', stays: '1' }, ['10.0.0.2', '10.0.0.3']);

  it.each<[string, Tables, boolean]>([
    ['as planned', BACKUP, true],
    ['with more in it', set({ changes: '2', comes: '1', late: '1' }, ['10.0.0.3', '10.0.0.9']), true],
    ['without a key that came', set({ changes: '2', stays: '1' }, ['10.0.0.2', '10.0.0.3']), false],
    ['with another value', set({ changes: '3', comes: '1' }, ['10.0.0.2', '10.0.0.3']), false],
    ['with a key that went', set({ changes: '2', comes: '1', goes: '9' }, ['10.0.0.2', '10.0.0.3']), false],
    ['without a member that came', set({ changes: '2', comes: '1' }, ['10.0.0.2']), false],
    ['with a member that went', set({ changes: '2', comes: '1' }, ['10.0.0.1', '10.0.0.3']), false],
  ])('%s', async (_, after, isRight) => {
    const plan = await planOf(BACKUP, BEFORE, OVERWRITE);
    const { problems } = await verifyPlan(plan, snapshotOf(SCHEMA, after), new Breath());
    expect(problems.length === 0).toBe(isRight);
    for (const { message } of problems) expect(message).toMatch(/^address set "as" is not as planned in /);
  });
});

describe('labels', () => {
  const label = (table: string, row: Row): string => labelOf(SCHEMA.tables.get(table) as TableSchema, row, u('x'));

  it.each<[string, Row, string]>([
    ['Logical_Switch', { name: 'web' }, 'switch "web"'],
    ['Logical_Router_Port', { name: 'lrp' }, 'router port "lrp"'],
    ['Load_Balancer_Health_Check', { vip: '10.0.0.1:80' }, 'load balancer health check 10.0.0.1:80'],
    [
      'ACL',
      { direction: 'to-lport', priority: 1_000, match: 'ip4.src == 10.0.0.1' },
      'ACL to-lport 1000 ip4.src == 10.0.0.1',
    ],
    ['ACL', { name: 'allow-web', match: 'ip4' }, 'ACL "allow-web"'],
    [
      'NAT',
      { type: 'snat', external_ip: '1.1.1.1', logical_ip: '10.0.0.0/24', gateway_port: u('p') },
      'NAT snat 1.1.1.1 10.0.0.0/24',
    ],
    [
      'Logical_Router_Static_Route',
      { ip_prefix: '0.0.0.0/0', nexthop: '10.0.0.1' },
      'router static route 0.0.0.0/0 10.0.0.1',
    ],
    ['BFD', { logical_port: 'lrp', dst_ip: '10.0.0.1' }, 'BFD lrp 10.0.0.1'],
    ['Chassis_Template_Var', { chassis: 'c1' }, 'chassis template var "c1"'],
    ['Connection', { target: 'ptcp:6641' }, 'connection "ptcp:6641"'],
    ['NB_Global', {}, `NB_Global ${u('x')}`],
    ['Logical_Switch', { name: '' }, `switch ${u('x')}`],
    ['DNS', { records: { 'a.example': '10.0.0.1' } }, 'DNS {"a.example":"10.0.0.1"}'],
  ])('call a row of %s by its name or key: %j', (table, row, expected) => {
    expect(label(table, row)).toBe(expected);
  });

  it('cut long keys', () => {
    expect(label('ACL', { match: 'x'.repeat(500) })).toBe(`ACL ${'x'.repeat(120)}...`);
  });

  it('say what holds a row that has no name', async () => {
    const snapshot = snapshotOf(SCHEMA, {
      Logical_Switch: { [u('s')]: { name: 'web', acls: [u('a')], ports: [u('p')] } },
      ACL: { [u('a')]: { direction: 'to-lport', priority: 1, match: 'ip4' } },
      Logical_Switch_Port: { [u('p')]: port('p') },
    });
    const labels = await Labels.read([snapshot], new Breath());
    const of = (table: string, uuid: string): string =>
      labels.ofText(
        SCHEMA.tables.get(table) as TableSchema,
        snapshot.tables.get(table)?.text(0) ?? Buffer.from('{}'),
        uuid,
      );
    expect(of('ACL', u('a'))).toBe('ACL to-lport 1 ip4 of switch "web"');
    expect(of('Logical_Switch_Port', u('p'))).toBe('port "p"');
  });
});

describe('danglingReferences', () => {
  it('finds references to rows that are not there, strong and weak', () => {
    const found = [
      ...danglingReferences(
        snapshotOf(
          SCHEMA,
          without({ ...NETWORK, Logical_Switch: { [u('t')]: { name: 't', ports: [u('missing')] } } }, 's'),
        ),
      ),
    ].filter((reference) => reference !== undefined);
    expect(found).toEqual([
      {
        column: 'ports',
        table: 'Logical_Switch_Port',
        uuid: u('missing'),
        strong: true,
        from: { table: 'Logical_Switch', uuid: u('t') },
      },
    ]);
    expect([...danglingReferences(snapshotOf(SCHEMA, NETWORK))].filter((reference) => reference !== undefined)).toEqual(
      [],
    );
  });
});
