/** Resource mapping: which rows the entries mean, what is refused, and how names and references follow. */

import { identify } from '../../../src/engine/identify/identify.js';
import { makePlan } from '../../../src/engine/plan/plan.js';
import { type MappingEntry, type ResolvedMapping, resolveMapping } from '../../../src/engine/remap/resource-mapping.js';
import { Breath } from '../../../src/lib/breath.js';
import { AppError } from '../../../src/lib/error.js';
import { snapshotOf, type Tables, textsOf } from '../../support/databases/every-kind.js';
import { northboundSchema, OVERWRITE } from '../../support/servers/engine.js';

const SCHEMA = northboundSchema();
const u = (name: string): string =>
  `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;

const resolve = (
  backup: Tables,
  live: Tables,
  ...entries: readonly (readonly [string, string])[]
): Promise<ResolvedMapping> =>
  resolveMapping(
    snapshotOf(SCHEMA, backup),
    snapshotOf(SCHEMA, live),
    entries.map(([from, to]): MappingEntry => ({ from, to })),
    new Breath(),
  );

/** Table -> the rows of the rewritten backup, by the first characters of their UUIDs. */
const rowsOf = ({ snapshot }: ResolvedMapping, table: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(textsOf(snapshot)[table] ?? {}).map(([uuid, text]) => [uuid, JSON.parse(text)]));

async function refused(promise: Promise<unknown>): Promise<readonly string[]> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw new Error('it was not refused');
  expect(error.code).toBe('BAD_USER_INPUT');
  expect(error.message).toMatch(/^The resource mapping does not fit: /);
  return error.problems.map(({ message }) => message);
}

const BACKUP: Tables = {
  Logical_Switch: { [u('s')]: { name: 'web', ports: [u('p'), u('q')], acls: [u('a')] }, [u('t')]: { name: 'db' } },
  Logical_Switch_Port: {
    [u('p')]: { name: 'vm' },
    [u('q')]: { name: 'web-r', type: 'router', options: { 'router-port': 'r-web' } },
  },
  Logical_Router: { [u('r')]: { name: 'gw', ports: [u('P')] } },
  Logical_Router_Port: { [u('P')]: { name: 'r-web', mac: '00:00:00:00:00:01', networks: ['10.0.0.1/24'] } },
  Port_Group: { [u('g')]: { name: 'pg', ports: [u('p')] } },
  Address_Set: { [u('x')]: { name: 'as' } },
  ACL: {
    [u('a')]: {
      direction: 'to-lport',
      priority: 1,
      match: 'outport == @pg && ip4.src == {$as, $pg_ip4} && inport == "vm"',
      action: 'drop',
    },
  },
  Static_MAC_Binding: { [u('S')]: { logical_port: 'r-web', ip: '10.0.0.50', mac: '00:00:00:00:00:50' } },
};
/** Another environment: other UUIDs, other names. */
const LIVE: Tables = {
  Logical_Switch: { [u('A')]: { name: 'prod-web', ports: [u('B')] }, [u('C')]: { name: 'prod-db' } },
  Logical_Switch_Port: { [u('B')]: { name: 'prod-vm' } },
  Logical_Router: { [u('D')]: { name: 'prod-gw', ports: [u('E')] } },
  Logical_Router_Port: { [u('E')]: { name: 'prod-r-web', mac: '00:00:00:00:00:01', networks: ['10.0.0.1/24'] } },
  Port_Group: { [u('F')]: { name: 'prod_pg' } },
  Address_Set: { [u('G')]: { name: 'prod_as' } },
};

describe('resolveMapping', () => {
  it('finds rows by name and by UUID, in any table', async () => {
    const { pairs, snapshot } = await resolve(
      BACKUP,
      LIVE,
      ['web', u('A')],
      [u('r'), 'prod-gw'],
      ['vm', 'prod-vm'],
      [u('x').toUpperCase(), u('G')],
    );
    expect(
      pairs.map(({ table, backupIndex, liveIndex }) => [
        table,
        snapshot.tables.get(table)?.uuid(backupIndex),
        snapshotOf(SCHEMA, LIVE).tables.get(table)?.uuid(liveIndex),
      ]),
    ).toEqual([
      ['Logical_Switch', u('s'), u('A')],
      ['Logical_Router', u('r'), u('D')],
      ['Logical_Switch_Port', u('p'), u('B')],
      ['Address_Set', u('x'), u('G')],
    ]);
  });

  it('gives mapped rows the live names, and rewrites every reference to the old ones', async () => {
    const resolved = await resolve(
      BACKUP,
      LIVE,
      ['web', 'prod-web'],
      ['vm', 'prod-vm'],
      ['r-web', 'prod-r-web'],
      ['pg', 'prod_pg'],
      ['as', 'prod_as'],
    );
    expect(rowsOf(resolved, 'Logical_Switch')).toEqual({
      [u('s')]: { name: 'prod-web', ports: [u('p'), u('q')], acls: [u('a')] },
      [u('t')]: { name: 'db' },
    });
    expect(rowsOf(resolved, 'Logical_Switch_Port')).toEqual({
      [u('p')]: { name: 'prod-vm' },
      [u('q')]: { name: 'web-r', type: 'router', options: { 'router-port': 'prod-r-web' } },
    });
    expect(rowsOf(resolved, 'ACL')).toMatchObject({
      [u('a')]: { match: 'outport == @prod_pg && ip4.src == {$prod_as, $prod_pg_ip4} && inport == "prod-vm"' },
    });
    expect(rowsOf(resolved, 'Static_MAC_Binding')).toMatchObject({ [u('S')]: { logical_port: 'prod-r-web' } });
    expect(rowsOf(resolved, 'Port_Group')).toEqual({ [u('g')]: { name: 'prod_pg', ports: [u('p')] } });
    expect(rowsOf(resolved, 'Logical_Router')).toEqual({ [u('r')]: { name: 'gw', ports: [u('P')] } });
  });

  it('attaches children there, and points references there', async () => {
    const [backup, live] = [snapshotOf(SCHEMA, BACKUP), snapshotOf(SCHEMA, LIVE)];
    const breath = new Breath();
    const { snapshot, pairs } = await resolveMapping(
      backup,
      live,
      [
        { from: 'web', to: 'prod-web' },
        { from: 'pg', to: 'prod_pg' },
        { from: 'vm', to: 'prod-vm' },
      ],
      breath,
    );
    const plan = await makePlan(snapshot, live, await identify(snapshot, live, breath, { pairs }), OVERWRITE, breath);
    expect(plan.problems).toEqual([]);
    const updates = plan.tables.flatMap(({ table, live: rows, updates: changed }) =>
      [...changed.values()].map(({ liveIndex, columns }) => [
        table.name,
        rows.uuid(liveIndex),
        Object.fromEntries(columns.map(({ column, after }) => [column.name, after])),
      ]),
    );
    expect(updates).toEqual([
      ['Logical_Switch', u('A'), { acls: [u('a')], ports: [u('B'), u('q')].sort() }],
      ['Port_Group', u('F'), { ports: [u('B')] }],
    ]);
  });

  it('exchanges two names', async () => {
    const tables: Tables = {
      ...BACKUP,
      Address_Set: { [u('x')]: { name: 'one' }, [u('y')]: { name: 'two' } },
      ACL: { [u('a')]: { match: 'ip4.src == $one && ip4.dst == $two' } },
    };
    const resolved = await resolve(tables, tables, ['one', 'two'], ['two', 'one']);
    expect(rowsOf(resolved, 'Address_Set')).toEqual({ [u('x')]: { name: 'two' }, [u('y')]: { name: 'one' } });
    expect(rowsOf(resolved, 'ACL')).toEqual({ [u('a')]: { match: 'ip4.src == $two && ip4.dst == $one' } });
  });

  it("takes the live row's other keys too", async () => {
    const live: Tables = {
      ...LIVE,
      Static_MAC_Binding: { [u('T')]: { logical_port: 'prod-r-web', ip: '10.9.0.50', mac: '00:00:00:00:09:50' } },
    };
    const resolved = await resolve(BACKUP, live, [u('S'), u('T')], ['r-web', 'prod-r-web']);
    expect(rowsOf(resolved, 'Static_MAC_Binding')).toEqual({
      [u('S')]: { logical_port: 'prod-r-web', ip: '10.9.0.50', mac: '00:00:00:00:00:50' },
    });
  });

  it('leaves the backup as it is where the names are the same', async () => {
    const live: Tables = { Logical_Switch: { [u('A')]: { name: 'web' } } };
    const backup = snapshotOf(SCHEMA, BACKUP);
    const { snapshot, pairs } = await resolveMapping(
      backup,
      snapshotOf(SCHEMA, live),
      [{ from: u('s'), to: 'web' }],
      new Breath(),
    );
    expect([textsOf(snapshot), pairs.length]).toEqual([textsOf(backup), 1]);
  });

  it('does not take an address set of that name for the addresses of a mapped port group', async () => {
    const tables: Tables = {
      ...BACKUP,
      Address_Set: { [u('x')]: { name: 'pg_ip4' } },
      ACL: { [u('a')]: { match: 'ip4.src == $pg_ip4 && ip6.src == $pg_ip6' } },
    };
    expect(rowsOf(await resolve(tables, LIVE, ['pg', 'prod_pg']), 'ACL')).toEqual({
      [u('a')]: { match: 'ip4.src == $pg_ip4 && ip6.src == $prod_pg_ip6' },
    });
  });

  it('lets the table decide that both names fit', async () => {
    const backup: Tables = { ...BACKUP, Logical_Router: { [u('r')]: { name: 'web' } } };
    expect((await resolve(backup, LIVE, ['web', 'prod-web'])).pairs.map(({ table }) => table)).toEqual([
      'Logical_Switch',
    ]);
    expect((await resolve(backup, LIVE, ['web', 'prod-gw'])).pairs.map(({ table }) => table)).toEqual([
      'Logical_Router',
    ]);
  });

  it("takes a UUID for a row's own before it takes it for a name", async () => {
    const backup: Tables = {
      ...BACKUP,
      Logical_Switch_Port: { ...BACKUP['Logical_Switch_Port'], [u('z')]: { name: u('p') }, [u('w')]: { name: u('W') } },
      Logical_Switch: { [u('s')]: { name: 'web', ports: [u('p'), u('q'), u('z'), u('w')] } },
    };
    const [first, second] = (await resolve(backup, LIVE, [u('p'), 'prod-vm'])).pairs.concat(
      (await resolve(backup, LIVE, [u('W'), 'prod-vm'])).pairs,
    );
    const rows = snapshotOf(SCHEMA, backup).tables.get('Logical_Switch_Port');
    expect([rows?.uuid(first?.backupIndex ?? -1), rows?.uuid(second?.backupIndex ?? -1)]).toEqual([u('p'), u('w')]);
  });
});

describe('a mapping that does not fit', () => {
  it('is refused whole, with every bad entry and the nearest names', async () => {
    expect(
      await refused(
        resolve(
          BACKUP,
          LIVE,
          ['webb', 'prod-web'],
          ['web', 'prod-wbe'],
          ['web', 'prod-web'],
          ['nothing-like-it', 'prod-gw'],
          [u('0'), 'prod-gw'],
        ),
      ),
    ).toEqual([
      '"webb" to "prod-web": there is no row "webb" in the backup; there is "web"',
      '"web" to "prod-wbe": there is no row "prod-wbe" in the database; there is "prod-web", "prod-db"',
      '"nothing-like-it" to "prod-gw": there is no row "nothing-like-it" in the backup',
      `"${u('0')}" to "prod-gw": there is no row "${u('0')}" in the backup`,
    ]);
  });

  it.each<[string, Tables, Tables, readonly (readonly [string, string])[], readonly string[]]>([
    [
      'of different tables',
      BACKUP,
      LIVE,
      [['web', 'prod-gw']],
      [
        '"web" to "prod-gw": "web" in the backup (switch) and "prod-gw" in the database (router) are of different ' +
          'tables',
      ],
    ],
    [
      'whose name several rows of the backup have',
      { Logical_Switch: { [u('s')]: { name: 'web' }, [u('t')]: { name: 'web' } } },
      LIVE,
      [['web', 'prod-web']],
      [`"web" to "prod-web": 2 switch rows in the backup are called "web": give the UUID, ${u('s')} or ${u('t')}`],
    ],
    [
      'whose name several live rows have',
      BACKUP,
      { Logical_Switch: { [u('A')]: { name: 'x' }, [u('C')]: { name: 'x' } } },
      [['web', 'x']],
      [`"web" to "x": 2 switch rows in the database are called "x": give the UUID, ${u('A')} or ${u('C')}`],
    ],
    [
      'of two tables',
      { ...BACKUP, Logical_Router: { [u('r')]: { name: 'web' } } },
      { Logical_Switch: { [u('A')]: { name: 'x' } }, Logical_Router: { [u('D')]: { name: 'x' } } },
      [['web', 'x']],
      ['"web" to "x": the names fit several tables (router, switch): give UUIDs'],
    ],
    [
      'of the same row twice',
      BACKUP,
      LIVE,
      [
        ['web', 'prod-web'],
        [u('s'), 'prod-db'],
      ],
      [`"${u('s')}" to "prod-db": switch "web" in the backup is in another entry too`],
    ],
    [
      'to the same live row twice',
      BACKUP,
      LIVE,
      [
        ['web', 'prod-web'],
        ['db', u('A')],
      ],
      [`"db" to "${u('A')}": switch "prod-web" in the database is in another entry too`],
    ],
    [
      'to a unique name that the backup has already',
      { ...BACKUP, Address_Set: { [u('x')]: { name: 'as' }, [u('y')]: { name: 'prod_as' } } },
      LIVE,
      [['as', 'prod_as']],
      ['"as" to "prod_as": another address set of the backup is called "prod_as" already: map that one too'],
    ],
  ])('is refused: %s', async (_what, backup, live, entries, expected) => {
    expect(await refused(resolve(backup, live, ...entries))).toEqual(expected);
  });

  it('shows the first few of many in its message', async () => {
    const error: unknown = await resolve(
      BACKUP,
      LIVE,
      ...Array.from({ length: 60 }, (_, i) => [`no-${String(i)}`, 'prod-web'] as const),
    ).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: expect.stringMatching(/And 55 more$/), problems: { length: 60 } });
  });
});
