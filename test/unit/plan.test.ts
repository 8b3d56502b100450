/** Plans between two snapshots, policy by policy, without a database; and what rows are called in them. */
import { describeChanges, withColumns, type RowChange } from '../../src/engine/change.js';
import { labelOf, Labels } from '../../src/engine/label.js';
import type { Plan, PlanOptions } from '../../src/engine/table-plan.js';
import { countOutcomes } from '../../src/engine/table-plan.js';
import { verifyPlan } from '../../src/engine/verify.js';
import { Breath } from '../../src/lib/pause.js';
import { danglingReferences } from '../../src/model/reference.js';
import type { Row } from '../../src/model/row.js';
import type { TableSchema } from '../../src/ovsdb/database-schema.js';
import { failureOf, snapshotOf, type Tables } from '../compat/every-kind.js';
import { countsOf, EXACT, northboundSchema, OVERWRITE, planBetween, REFUSE, SKIP } from '../support/engine.js';

const SCHEMA = northboundSchema();
const u = (name: string): string => `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;

const planOf = (backup: Tables, live: Tables, options: PlanOptions): Promise<Plan> => planBetween(snapshotOf(SCHEMA, backup), snapshotOf(SCHEMA, live), options);

async function changesOf(plan: Plan): Promise<RowChange[]> {
  const labels = await Labels.read([plan.backup, plan.live], new Breath());
  const changes: RowChange[] = [];
  for await (const change of describeChanges(plan, labels, new Breath())) changes.push(withColumns(change));
  return changes;
}

/** "KIND label" of every change, skipped rows left out. */
const told = async (plan: Plan): Promise<string[]> => (await changesOf(plan)).filter(({ kind }) => kind !== 'SKIP').map(({ kind, label, columns }) => `${kind} ${label}${kind === 'UPDATE' ? `: ${columns.map(({ column }) => column).join(', ')}` : ''}`);

const port = (name: string): Row => ({ name, addresses: ['dynamic'] });
/** A switch with two ports in a port group. */
const NETWORK: Tables = {
  Logical_Switch: { [u('s')]: { name: 'web', ports: [u('p'), u('q')] } },
  Logical_Switch_Port: { [u('p')]: port('p'), [u('q')]: port('q') },
  Port_Group: { [u('g')]: { name: 'pg', ports: [u('p'), u('q')] } },
};
const without = (tables: Tables, ...letters: readonly string[]): Tables => {
  const gone = new Set(letters.map(u));
  const row = (content: Row): Row => Object.fromEntries(Object.entries(content).map(([column, value]): [string, Row[string]] => [column, Array.isArray(value) ? (value as readonly string[]).filter((atom) => !gone.has(atom)) : value]));
  return Object.fromEntries(Object.entries(tables).map(([table, rows]) => [table, Object.fromEntries(Object.entries(rows).filter(([uuid]) => !gone.has(uuid)).map(([uuid, content]) => [uuid, row(content)]))]));
};

describe('makePlan', () => {
  it.each([SKIP, OVERWRITE, EXACT, REFUSE])('plans nothing onto an equal database: %j', async (options) => {
    const plan = await planOf(NETWORK, NETWORK, options);
    expect([plan.changeCount, plan.problems, plan.warnings, countsOf(plan)]).toEqual([0, [], [], {}]);
    expect((await changesOf(plan)).map(({ kind, reason }) => `${kind} ${reason ?? ''}`)).toEqual(Array.from({ length: 4 }, () => 'SKIP unchanged'));
  });

  it.each([SKIP, OVERWRITE, EXACT, REFUSE])('brings a deleted port back with every reference to it: %j', async (options) => {
    const plan = await planOf(NETWORK, without(NETWORK, 'p'), options);
    expect(plan.problems).toEqual([]);
    expect(await told(plan)).toEqual(['UPDATE switch "web": ports', 'INSERT port "p"', 'UPDATE port group "pg": ports']);
  });

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

  const renamed: Tables = { ...NETWORK, Logical_Switch: { [u('s')]: { name: 'other', ports: [u('p'), u('q')], other_config: { a: 'b' } } } };

  it('leaves a live row that differs under SKIP, writes it under OVERWRITE, and names it under ERROR', async () => {
    const skip = await planOf(NETWORK, renamed, SKIP);
    expect(skip.changeCount).toBe(0);
    expect((await changesOf(skip))[0]).toMatchObject({ kind: 'SKIP', table: 'Logical_Switch', reason: expect.stringContaining('differs') as string });
    const overwrite = await planOf(NETWORK, renamed, OVERWRITE);
    expect(await changesOf(overwrite)).toContainEqual({ kind: 'UPDATE', table: 'Logical_Switch', uuid: u('s'), label: 'switch "other"', columns: [{ column: 'name', before: 'other', after: 'web' }, { column: 'other_config', before: { a: 'b' }, after: undefined }] });
    const refuse = await planOf(NETWORK, renamed, REFUSE);
    expect(refuse.problems).toEqual([{ code: 'CONFLICT', message: 'switch "web" differs from the backup in name, other_config', table: 'Logical_Switch', label: 'switch "web"' }]);
    expect(countsOf(refuse)['Logical_Switch']).toMatchObject({ total: 1, failed: 1, restored: 0 });
  });

  it('takes neither references to what comes back nor those to what lives only in the database for a conflict under ERROR', async () => {
    expect((await planOf(NETWORK, without(NETWORK, 'q'), REFUSE)).problems).toEqual([]);
    const grown = { ...without(NETWORK, 'q'), Logical_Switch: { [u('s')]: { name: 'web', ports: [u('p'), u('z')] } }, Logical_Switch_Port: { [u('p')]: port('p'), [u('z')]: port('z') } };
    expect((await planOf(NETWORK, grown, REFUSE)).problems).toEqual([]);
    const moved = { ...NETWORK, Port_Group: { [u('g')]: { name: 'pg', ports: [u('p')] } } };
    expect((await planOf(NETWORK, moved, REFUSE)).problems.map(({ message }) => message)).toEqual(['port group "pg" differs from the backup in ports']);
  });

  it('keeps under OVERWRITE what lives only in the database, with its references, and deletes it with exact', async () => {
    const live: Tables = {
      Logical_Switch: { [u('s')]: { name: 'web', ports: [u('q'), u('z')] } },
      Logical_Switch_Port: { [u('q')]: port('q'), [u('z')]: port('z') },
      Port_Group: { [u('g')]: { name: 'pg', ports: [u('z')] } },
    };
    const overwrite = await changesOf(await planOf(NETWORK, live, OVERWRITE));
    const after = (changes: readonly RowChange[], table: string): unknown => changes.find((change) => change.table === table && change.kind === 'UPDATE')?.columns[0]?.after;
    expect([after(overwrite, 'Logical_Switch'), after(overwrite, 'Port_Group')]).toEqual([[u('p'), u('q'), u('z')].sort(), [u('p'), u('q'), u('z')].sort()]);
    const exact = await changesOf(await planOf(NETWORK, live, EXACT));
    expect([after(exact, 'Logical_Switch'), after(exact, 'Port_Group')]).toEqual([[u('p'), u('q')], [u('p'), u('q')]]);
    expect(exact.filter(({ kind }) => kind === 'DELETE')).toEqual([expect.objectContaining({ uuid: u('z'), label: 'port "z"' })]);
    const skip = await changesOf(await planOf(NETWORK, live, SKIP));
    expect([after(skip, 'Logical_Switch'), after(skip, 'Port_Group')]).toEqual([[u('p'), u('q'), u('z')].sort(), [u('p'), u('z')].sort()]);
  });

  it('points references at the live row where a row is matched by name', async () => {
    const live: Tables = { Logical_Switch: { [u('S')]: { name: 'web', ports: [u('P'), u('q')] } }, Logical_Switch_Port: { [u('P')]: port('p'), [u('q')]: port('q') }, Port_Group: {} };
    const plan = await planOf(NETWORK, live, OVERWRITE);
    expect(await changesOf(plan)).toEqual([
      expect.objectContaining({ kind: 'SKIP', table: 'Logical_Switch', uuid: u('S'), reason: 'unchanged' }),
      expect.objectContaining({ kind: 'SKIP', table: 'Logical_Switch_Port', uuid: u('P') }),
      expect.objectContaining({ kind: 'SKIP', table: 'Logical_Switch_Port', uuid: u('q') }),
      expect.objectContaining({ kind: 'INSERT', table: 'Port_Group', columns: [{ column: 'name', after: 'pg' }, { column: 'ports', after: [u('P'), u('q')].sort() }] }),
    ]);
  });

  it('finds rows that would clash with a live row of the same index, and names both', async () => {
    const backup: Tables = { Address_Set: { [u('a')]: { name: 'one' }, [u('b')]: { name: 'two' } } };
    const live: Tables = { Address_Set: { [u('b')]: { name: 'one', addresses: ['10.0.0.1'] } } };
    const plan = await planOf(backup, live, SKIP);
    expect(plan.problems).toEqual([{ code: 'CONFLICT', message: expect.stringMatching(/^address set "one" cannot be restored: address set "one", another row of the database, has the same name\./) as string, table: 'Address_Set', label: 'address set "one"' }]);
    expect(countsOf(plan)).toEqual({ Address_Set: { total: 2, restored: 0, skipped: 1, deleted: 0, failed: 1 } });
    // the row in the way gets its own name back in the same transaction
    const overwrite = await planOf(backup, live, OVERWRITE);
    expect([overwrite.problems, overwrite.changeCount]).toEqual([[], 2]);
  });

  it('lets two rows exchange their index keys', async () => {
    const names = (a: string, b: string): Tables => ({ Address_Set: { [u('a')]: { name: a }, [u('b')]: { name: b } } });
    const plan = await planOf(names('one', 'two'), names('two', 'one'), OVERWRITE);
    expect([plan.problems, plan.changeCount]).toEqual([[], 2]);
  });

  const access = (target: string, c: string): Tables => ({ NB_Global: { [u('n')]: { connections: [u(c)], ssl: u(`ssl${c}`) } }, Connection: { [u(c)]: { target } }, SSL: { [u(`ssl${c}`)]: { private_key: 'k', certificate: 'c', ca_cert: target } } });

  it.each([SKIP, OVERWRITE, EXACT, REFUSE])('leaves Connection and SSL rows of both sides alone without restoreAccess: %j', async (options) => {
    for (const live of [access('ptcp:1', 'd'), {}, { NB_Global: { [u('n')]: {} } }]) {
      const plan = await planOf(access('ptcp:6641', 'c'), live, { ...options, restoreAccess: false });
      expect([plan.problems, (await told(plan)).filter((change) => !change.startsWith('INSERT NB_Global'))]).toEqual([[], []]);
      expect(plan.warnings).toEqual([expect.stringContaining('1 Connection rows are left out'), expect.stringContaining('1 SSL rows are left out')]);
    }
  });

  it('replaces them with restoreAccess, and says so of the SSL row that is dropped', async () => {
    const plan = await planOf(access('ptcp:6641', 'c'), access('ptcp:1', 'd'), OVERWRITE);
    expect(plan.problems).toEqual([]);
    expect(await told(plan)).toEqual(['INSERT connection "ptcp:6641"', expect.stringContaining('UPDATE NB_Global'), expect.stringContaining('UPDATE SSL')]);
  });

  it('restores runtime columns of rows that come back and of no others', async () => {
    const up: Tables = { ...NETWORK, Logical_Switch_Port: { [u('p')]: { ...port('p'), up: true, dynamic_addresses: '0a:00:00:00:00:01 10.0.0.2' }, [u('q')]: { ...port('q'), up: true } } };
    const live: Tables = { ...without(NETWORK, 'p'), Logical_Switch_Port: { [u('q')]: { ...port('changed'), up: false } } };
    const changes = await changesOf(await planOf(up, live, OVERWRITE));
    expect(changes.find(({ kind }) => kind === 'INSERT')?.columns.map(({ column }) => column)).toEqual(['addresses', 'dynamic_addresses', 'name', 'up']);
    expect(changes.find(({ uuid, kind }) => uuid === u('q') && kind === 'UPDATE')?.columns).toEqual([{ column: 'name', before: 'changed', after: 'q' }]);
  });

  it('refuses exact with another policy', async () => {
    expect(await failureOf(planOf(NETWORK, NETWORK, { ...SKIP, exact: true }))).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('verifyPlan', () => {
  const verified = async (plan: Plan, after: Tables): Promise<string[]> => (await verifyPlan(plan, snapshotOf(SCHEMA, after), new Breath())).problems.map(({ message }) => message);

  it('finds nothing where everything is as planned, and counts what was touched', async () => {
    const plan = await planOf(NETWORK, without(NETWORK, 'p'), OVERWRITE);
    expect(await verifyPlan(plan, snapshotOf(SCHEMA, NETWORK), new Breath())).toEqual({ problems: [], warnings: [], asPlanned: 3, touched: 3 });
  });

  it('names rows that are missing, other than planned, or still there', async () => {
    const live = { ...without(NETWORK, 'p'), Address_Set: { [u('x')]: { name: 'live' } } };
    const plan = await planOf(NETWORK, live, EXACT);
    expect(await verified(plan, live)).toEqual([
      'address set "live" is still in the database, though it was to be deleted',
      'port "p" is not in the database, though it was to be inserted',
    ]);
    expect(await verified(plan, { ...NETWORK, Port_Group: { [u('g')]: { name: 'pg', ports: [u('p')] } } })).toEqual(['port group "pg" is not as planned in ports']);
    expect(await verified(plan, { ...NETWORK, Logical_Switch: {}, Logical_Switch_Port: { [u('p')]: { name: 'p' } } })).toEqual([
      'switch "web" is not in the database any more, though it was to be updated',
      'port "p" is not as planned in addresses',
    ]);
  });
});

describe('labels', () => {
  const label = (table: string, row: Row): string => labelOf(SCHEMA.tables.get(table) as TableSchema, row, u('x'));

  it.each<[string, Row, string]>([
    ['Logical_Switch', { name: 'web' }, 'switch "web"'],
    ['Logical_Router_Port', { name: 'lrp' }, 'router port "lrp"'],
    ['Load_Balancer_Health_Check', { vip: '10.0.0.1:80' }, 'load balancer health check 10.0.0.1:80'],
    ['ACL', { direction: 'to-lport', priority: 1_000, match: 'ip4.src == 10.0.0.1' }, 'ACL to-lport 1000 ip4.src == 10.0.0.1'],
    ['ACL', { name: 'allow-web', match: 'ip4' }, 'ACL "allow-web"'],
    ['NAT', { type: 'snat', external_ip: '1.1.1.1', logical_ip: '10.0.0.0/24', gateway_port: u('p') }, 'NAT snat 1.1.1.1 10.0.0.0/24'],
    ['Logical_Router_Static_Route', { ip_prefix: '0.0.0.0/0', nexthop: '10.0.0.1' }, 'router static route 0.0.0.0/0 10.0.0.1'],
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
    const snapshot = snapshotOf(SCHEMA, { Logical_Switch: { [u('s')]: { name: 'web', acls: [u('a')], ports: [u('p')] } }, ACL: { [u('a')]: { direction: 'to-lport', priority: 1, match: 'ip4' } }, Logical_Switch_Port: { [u('p')]: port('p') } });
    const labels = await Labels.read([snapshot], new Breath());
    const of = (table: string, uuid: string): string => labels.ofText(SCHEMA.tables.get(table) as TableSchema, snapshot.tables.get(table)?.text(0) ?? Buffer.from('{}'), uuid);
    expect(of('ACL', u('a'))).toBe('ACL to-lport 1 ip4 of switch "web"');
    expect(of('Logical_Switch_Port', u('p'))).toBe('port "p"');
  });
});

describe('danglingReferences', () => {
  it('finds references to rows that are not there, strong and weak', () => {
    const found = [...danglingReferences(snapshotOf(SCHEMA, without({ ...NETWORK, Logical_Switch: { [u('t')]: { name: 't', ports: [u('missing')] } } }, 's')))].filter((reference) => reference !== undefined);
    expect(found).toEqual([{ column: 'ports', table: 'Logical_Switch_Port', uuid: u('missing'), strong: true, from: { table: 'Logical_Switch', uuid: u('t') } }]);
    expect([...danglingReferences(snapshotOf(SCHEMA, NETWORK))].filter((reference) => reference !== undefined)).toEqual([]);
  });
});
