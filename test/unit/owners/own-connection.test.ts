/** The rows through which this server is connected: how they are known, and what a plan does with them. */
import { identify } from '../../../src/engine/identify/identify.js';
import { makePlan } from '../../../src/engine/plan/plan.js';
import type { Plan, PlanOptions } from '../../../src/engine/plan/table-plan.js';
import { findOwnConnection } from '../../../src/engine/untouched/own-connection.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Row } from '../../../src/model/row/row.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { EXACT, keptChanges, northboundSchema, OVERWRITE } from '../../support/servers/engine.js';

const SCHEMA = northboundSchema();
const u = (name: string): string =>
  `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;

/** A database with these connections, named by their targets unless a name is given, and perhaps an SSL row. */
function database(connections: Readonly<Record<string, Row>>, ssl?: Row): Tables {
  const global = {
    connections: Object.keys(connections).map(u).sort(),
    ...(ssl === undefined ? {} : { ssl: u('ssl') }),
  };
  return {
    NB_Global: { [u('nb')]: global },
    Connection: Object.fromEntries(Object.entries(connections).map(([name, row]) => [u(name), row])),
    ...(ssl === undefined ? {} : { SSL: { [u('ssl')]: ssl } }),
  };
}

const SSL: Row = { ca_cert: '/ca', certificate: '/cert', private_key: '/key' };

describe('a row through which this server is connected', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['tcp:127.0.0.1:6641', ['ptcp:6641:0.0.0.0'], ['ptcp:6641', 'ptcp:6642', 'pssl:6641']],
    ['tcp:[::1]:6641', ['ptcp:6641:[::]'], ['ptcp:6642']],
    ['tcp:db.example:6641', ['ptcp:6641:10.0.0.1'], ['ptcp:6642:10.0.0.1']],
    ['tcp:10.0.0.1:6640', ['ptcp:'], ['ptcp:6641']],
    ['ssl:10.0.0.1:6641', ['pssl:6641'], ['ptcp:6641', 'pssl:6642']],
    ['unix:/run/nb.sock', ['punix:/run/nb.sock'], ['punix:/run/sb.sock', 'ptcp:6641']],
  ])('of %s is %j', (remote, [own = ''], others) => {
    const all = [own, ...others.filter((target) => target !== 'ptcp:6641' || !own.startsWith('ptcp:6641'))];
    const rows = Object.fromEntries(all.map((target, i) => [`c${i}`, { target }]));
    const found = findOwnConnection(snapshotOf(SCHEMA, database(rows)), [remote]);
    expect([...(found.get('Connection') ?? [])]).toEqual([[u('c0'), remote]]);
  });

  it('is by its port alone where no address fits', () => {
    const rows = { a: { target: 'ptcp:6641:192.168.0.1' }, b: { target: 'ptcp:6642:10.0.0.9' } };
    const found = findOwnConnection(snapshotOf(SCHEMA, database(rows)), ['tcp:10.0.0.9:6641']);
    expect([...(found.get('Connection')?.keys() ?? [])]).toEqual([u('a')]);
  });

  it('is one for each remote of a cluster, and the one of SSL where a remote is of ssl', () => {
    const rows = { a: { target: 'ptcp:6641' }, b: { target: 'pssl:6643' }, c: { target: 'ptcp:6645' } };
    const snapshot = snapshotOf(SCHEMA, database(rows, SSL));
    const found = findOwnConnection(snapshot, ['tcp:10.0.0.1:6641,tcp:10.0.0.2:6641', 'ssl:10.0.0.3:6643']);
    expect([...(found.get('Connection')?.keys() ?? [])].sort()).toEqual([u('a'), u('b')].sort());
    expect([...(found.get('SSL')?.keys() ?? [])]).toEqual([u('ssl')]);
    expect(findOwnConnection(snapshot, ['tcp:10.0.0.1:6641']).has('SSL')).toBe(false);
  });
});

describe('a plan', () => {
  async function planOf(backup: Tables, live: Tables, options: PlanOptions, isForced = false): Promise<Plan> {
    const breath = new Breath();
    const [from, to] = [snapshotOf(SCHEMA, backup), snapshotOf(SCHEMA, live)];
    const ownConnection = { rows: findOwnConnection(to, ['tcp:127.0.0.1:4786', 'ssl:127.0.0.1:4787']), isForced };
    return makePlan(from, to, await identify(from, to, breath), { ...options, ownConnection }, breath);
  }
  const changes = async (plan: Plan): Promise<readonly string[]> =>
    (await keptChanges(plan)).map(({ kind, table }) => `${kind} ${table}`);

  const OLD = database({ old: { target: 'ptcp:4785' } });
  const NOW = database({ new: { target: 'ptcp:4786' } });

  it.each([OVERWRITE, EXACT])('leaves it, and what refers to it, and brings the others: %j', async (options) => {
    const plan = await planOf(OLD, NOW, options);
    const [insert, update] = await keptChanges(plan);
    expect(insert).toMatchObject({ kind: 'INSERT', table: 'Connection' });
    expect(update).toMatchObject({
      kind: 'UPDATE',
      columns: [{ column: 'connections', after: [u('new'), u('old')].sort() }],
    });
    const isWarned = plan.warnings.some((text) => text.startsWith('connection "ptcp:4786" is left as it is, though'));
    expect([plan.problems, isWarned]).toEqual([[], options.exact]);
  });

  it('leaves one that is only to be changed', async () => {
    const plan = await planOf(
      database({ new: { target: 'ptcp:4785' } }, { ...SSL, ca_cert: '/other' }),
      database({ new: { target: 'ptcp:4786' } }, SSL),
      OVERWRITE,
    );
    expect(await changes(plan)).toEqual([]);
    expect(plan.warnings).toEqual([
      'connection "ptcp:4786" is left as it is, though the backup would have it changed: this server is connected ' +
        'through it (tcp:127.0.0.1:4786). With force it is changed, and this server may not reach the database any ' +
        'more',
      expect.stringMatching(/^SSL .* is left as it is, though the backup would have it changed: .*\(ssl:/),
    ]);
  });

  it('leaves what holds it, too', async () => {
    const plan = await planOf({}, NOW, EXACT);
    expect([await changes(plan), plan.problems]).toEqual([[], []]);
    expect(plan.warnings).toHaveLength(2);
  });

  it('changes it by force, and says so', async () => {
    const plan = await planOf(OLD, NOW, EXACT, true);
    expect(await changes(plan)).toEqual(['INSERT Connection', 'DELETE Connection', 'UPDATE NB_Global']);
    expect(plan.warnings).toEqual([
      'connection "ptcp:4786" is deleted, since force was given: this server is connected through it ' +
        '(tcp:127.0.0.1:4786), and may not reach the database any more',
    ]);
  });
});
