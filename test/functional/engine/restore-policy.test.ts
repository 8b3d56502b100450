/** Restores against a real server: whole databases, and the meaning of each policy case by case. */
import { readFile } from 'node:fs/promises';
import type { Plan } from '../../../src/engine/plan/table-plan.js';
import { ConnectionError, OvsdbError } from '../../../src/ovsdb/error.js';
import {
  compareDatabases,
  type DatabaseContent,
  dumpDatabase,
  emptyDatabase,
  rowCount,
  transact,
} from '../../support/judge/judge.js';
import { type DatabaseFileOptions, databaseFile } from '../../support/northbound/database-file.js';
import { countsOf, Engine, EXACT, OVERWRITE, REFUSE, SKIP } from '../../support/servers/engine.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';

/** How many transactions the server has written to its file. */
async function transactions(server: TestServer): Promise<number> {
  return (await readFile(server.databaseFile, 'latin1')).match(/^OVSDB JSON /gm)?.length ?? 0;
}

/**
 * `small` fills every column that the others fill, with rare values, too. The others are networks as they are built:
 * more rows of them would have no other kinds of rows or references.
 */
const PROFILES: readonly DatabaseFileOptions[] = [
  { profile: 'small', edge: true },
  { profile: 'openstack', rows: 1_000 },
  { profile: 'k8s', rows: 2_000 },
];

describe('a restore of a whole database', () => {
  it.each(PROFILES)(
    'into an emptied one brings back every row, UUID and value, and again changes nothing: $profile',
    async (options) => {
      await using server = await startOvsdbServer({ database: databaseFile(options) });
      const engine = new Engine(server.remote);
      const before = await dumpDatabase(server.remote);
      const backup = await engine.capture();
      await emptyDatabase(server.remote);
      expect(rowCount(await dumpDatabase(server.remote))).toBe(0);
      const { plan, verification } = await engine.restore(backup, SKIP);
      expect(compareDatabases(before, await dumpDatabase(server.remote))).toEqual([]);
      expect(plan.changeCount).toBe(rowCount(before));
      expect(verification).toEqual({
        problems: [],
        warnings: [],
        asPlanned: plan.changeCount,
        touched: plan.changeCount,
      });

      const written = await transactions(server);
      for (const policy of [SKIP, OVERWRITE, EXACT, REFUSE]) {
        const again = await engine.restore(backup, policy);
        expect([again.plan.changeCount, countsOf(again.plan), again.plan.warnings]).toEqual([0, {}, []]);
      }
      expect(await transactions(server)).toBe(written);
    },
  );

  it('of nothing deletes everything with exact, and nothing otherwise', async () => {
    await using server = await startOvsdbServer({ database: databaseFile({ profile: 'openstack', rows: 500 }) });
    await using empty = await startOvsdbServer();
    const backup = await new Engine(empty.remote).capture();
    const engine = new Engine(server.remote);
    expect((await engine.restore(backup, OVERWRITE)).plan.changeCount).toBe(0);
    const { plan, verification } = await engine.restore(backup, EXACT);
    expect(plan.changeCount).toBe(500);
    expect(verification.problems).toEqual([]);
    expect(rowCount(await dumpDatabase(server.remote))).toBe(0);
  });
});

describe('policies', () => {
  let server: TestServer;
  let engine: Engine;
  beforeEach(async () => {
    server = await startOvsdbServer();
    engine = new Engine(server.remote);
  });
  afterEach(async () => {
    await server.stop();
  });

  const nb = (...words: readonly string[]): Promise<string> => nbctl(server.remote, ...words);
  const get = async (table: string, row: string, column: string): Promise<string> =>
    (await nb('get', table, row, column)).trim();
  const uuidOf = (table: string, row: string): Promise<string> => get(table, row, '_uuid');
  const dump = (...leaveOut: readonly string[]): Promise<DatabaseContent> => dumpDatabase(server.remote, { leaveOut });
  const names = async (table: string): Promise<string[]> =>
    (await nb('--bare', '--columns=name', 'list', table))
      .split('\n')
      .filter((line) => line !== '')
      .sort();

  /** Two switches with ports, a port group with an ACL, a router with a NAT. */
  async function build(): Promise<void> {
    await nb(
      'ls-add',
      'web',
      '--',
      'lsp-add',
      'web',
      'web-1',
      '--',
      'lsp-add',
      'web',
      'web-2',
      '--',
      'lsp-set-addresses',
      'web-1',
      'dynamic',
      '--',
      'ls-add',
      'db',
      '--',
      'lsp-add',
      'db',
      'db-1',
    );
    await nb(
      'pg-add',
      'pg',
      'web-1',
      'db-1',
      '--',
      'acl-add',
      'pg',
      'to-lport',
      '1000',
      'ip4',
      'allow',
      '--',
      'acl-add',
      'web',
      'from-lport',
      '900',
      'ip6',
      'drop',
    );
    await nb(
      'lr-add',
      'gw',
      '--',
      'lrp-add',
      'gw',
      'gw-web',
      '00:00:00:00:00:01',
      '10.0.0.1/24',
      '--',
      'lr-nat-add',
      'gw',
      'snat',
      '1.1.1.1',
      '10.0.0.0/24',
    );
  }

  it.each([SKIP, OVERWRITE, EXACT, REFUSE])(
    'bring a deleted port back into its switch and its port groups, with its UUID: %j',
    async (options) => {
      await build();
      const [before, backup] = [await dump(), await engine.capture()];
      await nb('lsp-del', 'web-1');
      const { plan, verification } = await engine.restore(backup, options);
      expect(compareDatabases(before, await dump())).toEqual([]);
      expect(countsOf(plan)).toMatchObject({
        Logical_Switch: { restored: 1 },
        Logical_Switch_Port: { restored: 1 },
        Port_Group: { restored: 1 },
      });
      expect([plan.changeCount, verification.asPlanned]).toEqual([3, 3]);
    },
  );

  it.each([SKIP, OVERWRITE, EXACT, REFUSE])('bring a deleted switch back whole: %j', async (options) => {
    await build();
    const [before, backup] = [await dump(), await engine.capture()];
    await nb('ls-del', 'web');
    await engine.restore(backup, options);
    expect(compareDatabases(before, await dump())).toEqual([]);
  });

  it('leave live rows as they are under SKIP, but for references to what comes back', async () => {
    await build();
    const backup = await engine.capture();
    await nb(
      'lsp-del',
      'web-1',
      '--',
      'lsp-add',
      'web',
      'new',
      '--',
      'set',
      'logical_switch',
      'web',
      'other_config:subnet=10.0.0.0/24',
      '--',
      'pg-set-ports',
      'pg',
      'new',
      '--',
      'lsp-set-type',
      'web-2',
      'router',
    );
    const [webOne, dbOne, fresh] = [
      backup.tables.get('Logical_Switch_Port'),
      await uuidOf('logical_switch_port', 'db-1'),
      await uuidOf('logical_switch_port', 'new'),
    ];
    const returned = Array.from({ length: webOne?.count ?? 0 }, (_, i) => [
      webOne?.row(i)['name'],
      webOne?.uuid(i),
    ]).find(([name]) => name === 'web-1')?.[1] as string;
    const { verification } = await engine.restore(backup, SKIP);
    expect(verification.problems).toEqual([]);
    expect(await names('logical_switch_port')).toEqual(['db-1', 'new', 'web-1', 'web-2']);
    expect(await get('logical_switch', 'web', 'other_config')).toBe('{subnet="10.0.0.0/24"}');
    expect(await get('logical_switch_port', 'web-2', 'type')).toBe('router');
    const members = await get('port_group', 'pg', 'ports');
    expect([members.includes(fresh), members.includes(returned), members.includes(dbOne)]).toEqual([true, true, false]);
  });

  it('write only what differs under OVERWRITE, and keep what lives only in the database with its memberships', async () => {
    await build();
    const [before, backup] = [await dump(), await engine.capture()];
    await nb(
      'lsp-add',
      'web',
      'new',
      '--',
      'set',
      'logical_switch',
      'web',
      'other_config:subnet=10.0.0.0/24',
      '--',
      'pg-set-ports',
      'pg',
      'new',
      '--',
      'ls-add',
      'extra',
      '--',
      'acl-del',
      'pg',
      '--',
      'lrp-set-gateway-chassis',
      'gw-web',
      'c1',
    );
    const fresh = await uuidOf('logical_switch_port', 'new');
    const { plan, verification } = await engine.restore(backup, OVERWRITE);
    expect(verification.problems).toEqual([]);
    expect(countsOf(plan)).toEqual({
      ACL: expect.objectContaining({ restored: 1 }) as object,
      Logical_Switch: expect.objectContaining({ restored: 1 }) as object,
      Port_Group: expect.objectContaining({ restored: 1 }) as object,
    });
    expect(await names('logical_switch')).toEqual(['db', 'extra', 'web']);
    expect(await get('logical_switch', 'web', 'other_config')).toBe('{}');
    expect(await get('port_group', 'pg', 'ports')).toContain(fresh);
    expect(await get('logical_switch', 'web', 'ports')).toContain(fresh);
    expect((await nb('lrp-get-gateway-chassis', 'gw-web')).trim()).toMatch(/c1/);
    await engine.restore(backup, EXACT);
    expect(compareDatabases(before, await dump())).toEqual([]);
  });

  it('name each conflict under ERROR and change nothing; equal rows are no conflict', async () => {
    await build();
    const backup = await engine.capture();
    await nb('lsp-del', 'web-1');
    expect((await engine.plan(backup, REFUSE)).problems).toEqual([]);
    await nb('set', 'logical_switch', 'db', 'other_config:a=b');
    await transact(server.remote, [
      { op: 'update', table: 'ACL', where: [['match', '==', 'ip4']], row: { action: 'drop' } },
    ]);
    const changed = await dump();
    const plan = await engine.plan(backup, REFUSE);
    expect(plan.problems).toEqual([
      expect.objectContaining({
        code: 'CONFLICT',
        table: 'ACL',
        message: expect.stringMatching(/^ACL to-lport 1000 ip4 differs from the backup in action$/) as string,
      }),
      expect.objectContaining({ code: 'CONFLICT', table: 'Logical_Switch', label: 'switch "db"' }),
    ]);
    await expect(engine.apply(plan)).rejects.toThrow('cannot or need not be applied');
    expect(compareDatabases(changed, await dump())).toEqual([]);
  });

  it('leave runtime columns of live rows alone, and give them back to rows that come back', async () => {
    await build();
    await nb('init');
    const runtime = (cfg: number, up: boolean, address: string): Promise<unknown> =>
      transact(server.remote, [
        {
          op: 'update',
          table: 'NB_Global',
          where: [],
          row: {
            nb_cfg: cfg,
            sb_cfg: cfg,
            hv_cfg: cfg,
            options: [
              'map',
              [
                ['mac_prefix', address],
                ['use_logical_dp_groups', 'true'],
              ],
            ],
          },
        },
        { op: 'update', table: 'Logical_Switch_Port', where: [], row: { up, dynamic_addresses: address } },
      ]);
    await runtime(5, true, '0a:00:00');
    const [backup, before] = [await engine.capture(), await dump()];
    await runtime(9, false, '0b:00:00');
    expect((await engine.plan(backup, EXACT)).changeCount).toBe(0);
    await nb(
      'remove',
      'nb_global',
      '.',
      'options',
      'use_logical_dp_groups',
      '--',
      'set',
      'logical_switch_port',
      'web-2',
      'type=router',
      '--',
      'lsp-del',
      'web-1',
    );
    await engine.restore(backup, EXACT);
    expect(await get('nb_global', '.', 'nb_cfg')).toBe('9');
    expect(await get('nb_global', '.', 'options')).toBe('{mac_prefix="0b:00:00", use_logical_dp_groups="true"}');
    expect([
      await get('logical_switch_port', 'web-2', 'up'),
      await get('logical_switch_port', 'web-2', 'type'),
      await get('logical_switch_port', 'web-2', 'dynamic_addresses'),
    ]).toEqual(['false', '""', '"0b:00:00"']);
    expect([
      await get('logical_switch_port', 'web-1', 'up'),
      await get('logical_switch_port', 'web-1', 'dynamic_addresses'),
    ]).toEqual(['true', '"0a:00:00"']);
    const others = new Map([...before].filter(([table]) => table !== 'NB_Global' && table !== 'Logical_Switch_Port'));
    expect(compareDatabases(others, await dump('NB_Global', 'Logical_Switch_Port'))).toEqual([]);
  });

  it('leave Connection and SSL rows out without restoreAccess, on both sides', async () => {
    await nb('init', '--', 'set-connection', 'ptcp:16641:127.0.0.1');
    const backup = await engine.capture();
    await nb('set-connection', 'ptcp:16642:127.0.0.1');
    const live = await dump();
    for (const options of [SKIP, OVERWRITE, EXACT, REFUSE]) {
      const { plan } = await engine.restore(backup, { ...options, restoreAccess: false });
      expect(plan.changeCount).toBe(0);
      expect(plan.warnings).toEqual([
        expect.stringContaining('1 Connection row is left out'),
        ...(options === EXACT ? [expect.stringContaining('1 Connection row that only the database has is left')] : []),
      ]);
    }
    expect(compareDatabases(live, await dump())).toEqual([]);
    await emptyDatabase(server.remote);
    await engine.restore(backup, { ...OVERWRITE, restoreAccess: false });
    expect(await nb('get-connection')).toBe('');
    expect(await get('nb_global', '.', 'connections')).toBe('[]');
    await engine.restore(backup, OVERWRITE);
    expect(await nb('get-connection')).toContain('ptcp:16641');
  });

  it('match rows that were made anew by name and key, update them in place, and point references at them', async () => {
    await build();
    const backup = await engine.capture();
    const shape = async (): Promise<string> =>
      (await nb('show'))
        .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'uuid')
        .split('\n')
        .sort()
        .join('\n');
    const before = await shape();
    await nb('ls-del', 'web', '--', 'lr-del', 'gw');
    await nb(
      'ls-add',
      'web',
      '--',
      'lsp-add',
      'web',
      'web-1',
      '--',
      'lsp-set-type',
      'web-1',
      'router',
      '--',
      'acl-add',
      'web',
      'from-lport',
      '900',
      'ip6',
      'allow',
    );
    await nb(
      'lr-add',
      'gw',
      '--',
      'lrp-add',
      'gw',
      'gw-web',
      '00:00:00:00:00:02',
      '10.0.0.1/24',
      '--',
      'lr-nat-add',
      'gw',
      'snat',
      '1.1.1.1',
      '10.0.0.0/24',
    );
    const anew = await Promise.all(
      [
        ['logical_switch', 'web'],
        ['logical_switch_port', 'web-1'],
        ['logical_router', 'gw'],
        ['logical_router_port', 'gw-web'],
      ].map(([table, name]) => uuidOf(table ?? '', name ?? '')),
    );
    const { plan, verification } = await engine.restore(backup, EXACT);
    expect(verification.problems).toEqual([]);
    expect(plan.tables.flatMap(({ table, deletes }) => deletes.map(() => table.name))).toEqual([]);
    expect(
      await Promise.all(
        [
          ['logical_switch', 'web'],
          ['logical_switch_port', 'web-1'],
          ['logical_router', 'gw'],
          ['logical_router_port', 'gw-web'],
        ].map(([table, name]) => uuidOf(table ?? '', name ?? '')),
      ),
    ).toEqual(anew);
    expect(await shape()).toBe(before);
    expect(await get('logical_switch_port', 'web-1', 'type')).toBe('""');
    expect(await get('logical_router_port', 'gw-web', 'mac')).toBe('"00:00:00:00:00:01"');
    expect((await nb('acl-list', 'web')).trim()).toBe('from-lport   900 (ip6) drop');
    expect(await get('port_group', 'pg', 'ports')).toContain(anew[1] ?? 'none');
    expect(await get('logical_switch', 'web', 'ports')).toContain(anew[1] ?? 'none');
    expect((await engine.plan(backup, EXACT)).changeCount).toBe(0);
  });

  it('report a clash of index keys as a failed row, naming both, and change nothing', async () => {
    await build();
    const backup = await engine.capture();
    await nb('lsp-del', 'web-1', '--', 'set', 'logical_switch_port', 'web-2', 'name=web-1');
    const live = await dump();
    const plan = await engine.plan(backup, SKIP);
    expect(plan.problems).toEqual([
      expect.objectContaining({
        code: 'CONFLICT',
        table: 'Logical_Switch_Port',
        label: 'port "web-1"',
        message: expect.stringContaining(
          'port "web-1" cannot be restored: port "web-1", another row of the database, has the same name',
        ) as string,
      }),
    ]);
    expect(countsOf(plan)['Logical_Switch_Port']).toMatchObject({ failed: 1 });
    expect(compareDatabases(live, await dump())).toEqual([]);
    await engine.restore(backup, OVERWRITE);
    expect(await names('logical_switch_port')).toEqual(['db-1', 'web-1', 'web-2']);
  });

  it('come out equal also where the server left a weak reference to a row that it had collected', async () => {
    await build();
    // a row that is changed in the transaction in which a row it refers to is collected keeps the reference
    await nb('ls-del', 'web', '--', 'set', 'Port_Group', 'pg', 'external_ids:a=b');
    const backup = await engine.capture();
    await nb('set', 'Port_Group', 'pg', 'external_ids:a=c');
    await engine.restore(backup, EXACT);
    expect(await get('Port_Group', 'pg', 'external_ids')).toBe('{a=b}');
    expect((await engine.plan(backup, EXACT)).changeCount).toBe(0);
    await emptyDatabase(server.remote);
    await engine.restore(backup, EXACT);
    expect((await engine.plan(backup, EXACT)).changeCount).toBe(0);
  });

  it('move a port that was moved back, whatever else is in both switches', async () => {
    await build();
    const [before, backup] = [await dump(), await engine.capture()];
    const moved = await uuidOf('logical_switch_port', 'web-1');
    await nb('remove', 'logical_switch', 'web', 'ports', moved, '--', 'add', 'logical_switch', 'db', 'ports', moved);
    await engine.restore(backup, OVERWRITE);
    expect(compareDatabases(before, await dump())).toEqual([]);
  });

  it.each([
    [
      'OVERWRITE, into a switch that the backup does not know',
      OVERWRITE,
      ['ls-add', 'lab', '--', 'lsp-del', 'web-1', '--', 'lsp-add', 'lab', 'web-1'],
    ],
    [
      'SKIP, and its own switch is gone',
      SKIP,
      ['ls-add', 'lab', '--', 'lsp-del', 'web-1', '--', 'lsp-add', 'lab', 'web-1', '--', 'ls-del', 'web'],
    ],
  ] as const)('never leave a port in two switches: it was moved since (%s)', async (_case, options, change) => {
    await build();
    const backup = await engine.capture();
    await nb(...change);
    const before = await dump();
    const plan = await engine.plan(backup, options);
    expect(plan.problems).toEqual([
      {
        code: 'CONFLICT',
        table: 'Logical_Switch',
        label: 'switch "web"',
        message: expect.stringMatching(/port "web-1".*switch "web".*switch "lab"/) as string,
      },
    ]);
    expect(compareDatabases(before, await dump())).toEqual([]);
    expect((await engine.restore(backup, EXACT)).verification.problems).toEqual([]);
    expect(await names('Logical_Switch')).toEqual(['db', 'web']);
  });

  it('delete with exact what is held by strong references in any order: NAT with Address_Set, HA chassis with their group', async () => {
    await build();
    const [before, backup] = [await dump(), await engine.capture()];
    await transact(server.remote, [
      { op: 'insert', table: 'Address_Set', 'uuid-name': 'a', row: { name: 'allowed', addresses: '10.0.0.9' } },
      {
        op: 'insert',
        table: 'NAT',
        'uuid-name': 'n',
        row: { type: 'snat', external_ip: '2.2.2.2', logical_ip: '10.9.0.0/24', allowed_ext_ips: ['named-uuid', 'a'] },
      },
      { op: 'insert', table: 'HA_Chassis', 'uuid-name': 'h', row: { chassis_name: 'c1', priority: 1 } },
      {
        op: 'insert',
        table: 'HA_Chassis_Group',
        'uuid-name': 'g',
        row: { name: 'ha', ha_chassis: ['named-uuid', 'h'] },
      },
      { op: 'insert', table: 'Logical_Router', row: { name: 'doomed', nat: ['named-uuid', 'n'] } },
      {
        op: 'mutate',
        table: 'Logical_Router',
        where: [['name', '==', 'gw']],
        mutations: [['nat', 'insert', ['named-uuid', 'n']]],
      },
      {
        op: 'update',
        table: 'Logical_Switch_Port',
        where: [['name', '==', 'web-1']],
        row: { ha_chassis_group: ['named-uuid', 'g'] },
      },
    ]);
    const { plan } = await engine.restore(backup, EXACT);
    expect(compareDatabases(before, await dump())).toEqual([]);
    expect(plan.tables.flatMap(({ table, deletes }) => deletes.map(() => table.name))).toEqual([
      'Address_Set',
      'HA_Chassis',
      'HA_Chassis_Group',
      'Logical_Router',
      'NAT',
    ]);
  });

  describe('guards', () => {
    /** Plans, lets somebody else write, and applies: refused, and only what the other wrote is there. */
    async function expectStale(plan: Plan, write: () => Promise<unknown>): Promise<void> {
      await write();
      const written = await dump();
      await expect(engine.apply(plan)).rejects.toThrow(OvsdbError);
      expect(compareDatabases(written, await dump())).toEqual([]);
    }

    it.each<[string, readonly string[], readonly string[]]>([
      [
        'a column that the plan writes was written',
        ['set', 'logical_switch', 'web', 'other_config:a=b'],
        ['set', 'logical_switch', 'web', 'other_config:a=c'],
      ],
      ['a row that the plan updates is gone', ['set', 'logical_switch', 'web', 'other_config:a=b'], ['ls-del', 'web']],
      ['a row that the plan adds references to is gone', ['lsp-del', 'db-1'], ['ls-del', 'db']],
      [
        'a row that the plan deletes was written',
        ['ls-add', 'extra'],
        ['set', 'logical_switch', 'extra', 'other_config:a=b'],
      ],
      ['a row that the plan deletes is gone', ['ls-add', 'extra'], ['ls-del', 'extra']],
      ['a row of a name that the plan inserts was made', ['ls-del', 'web'], ['ls-add', 'web']],
      ['a row of an index key that the plan inserts was made', ['pg-del', 'pg'], ['pg-add', 'pg']],
    ])('refuse the whole restore when %s', async (_what, change, write) => {
      await build();
      const backup = await engine.capture();
      await nb(...change);
      const plan = await engine.plan(backup, EXACT);
      expect(plan.changeCount).toBeGreaterThan(0);
      await expectStale(plan, () => nb(...write));
    });

    it('let pass what others write elsewhere, and what they add to a set that only grows', async () => {
      await build();
      const backup = await engine.capture();
      await nb('lsp-del', 'web-1');
      const plan = await engine.plan(backup, SKIP);
      await nb('lsp-add', 'web', 'meanwhile', '--', 'ls-add', 'elsewhere');
      await engine.apply(plan);
      expect(await names('logical_switch_port')).toEqual(['db-1', 'meanwhile', 'web-1', 'web-2']);
      expect((await engine.verify(plan)).problems).toEqual([]);
    });

    it('of references only let pass what others write to the same columns, and lose no row of theirs', async () => {
      await build();
      const backup = await engine.capture();
      await nb('set', 'logical_switch', 'web', 'other_config:a=b', '--', 'ls-add', 'extra');
      const plan = await engine.plan(backup, EXACT);
      await nb(
        'set',
        'logical_switch',
        'web',
        'other_config:a=c',
        '--',
        'set',
        'logical_switch',
        'extra',
        'other_config:a=c',
      );
      await expect(engine.apply(plan)).rejects.toThrow(OvsdbError);
      await engine.apply(plan, 'REFERENCES');
      expect((await engine.verify(plan)).problems).toEqual([]);

      await nb('ls-add', 'extra');
      const deletes = await engine.plan(backup, EXACT);
      await nb('lsp-add', 'extra', 'of somebody else');
      await expect(engine.apply(deletes, 'REFERENCES')).rejects.toThrow(OvsdbError);
      expect(await names('logical_switch_port')).toContain('of somebody else');
    });

    it('make a plan fail the second time it is applied, and change nothing', async () => {
      await build();
      const [before, backup] = [await dump(), await engine.capture()];
      await nb('ls-del', 'web');
      const plan = await engine.plan(backup, SKIP);
      await engine.apply(plan);
      await expect(engine.apply(plan)).rejects.toThrow(OvsdbError);
      expect(compareDatabases(before, await dump())).toEqual([]);
    });
  });

  it('are verified by looking: a row that was changed or deleted since is found and named', async () => {
    await build();
    const backup = await engine.capture();
    await nb('ls-del', 'web');
    const plan = await engine.plan(backup, SKIP);
    await engine.apply(plan);
    expect((await engine.verify(plan)).problems).toEqual([]);
    await nb('set', 'logical_switch', 'web', 'other_config:a=b', '--', 'lsp-del', 'web-2');
    const { problems, asPlanned, touched } = await engine.verify(plan);
    expect(problems.map(({ message }) => message)).toEqual([
      // a key that somebody added is no difference
      'switch "web" is not as planned in ports',
      'port "web-2" is not in the database, though it was to be inserted',
    ]);
    expect([asPlanned, touched]).toEqual([plan.changeCount - 2, plan.changeCount]);
  });

  it('leave the database before or after when the server dies under the transaction', async () => {
    // so many that the server is still at it when it is killed
    await using big = await startOvsdbServer({ database: databaseFile({ profile: 'k8s', rows: 4_000 }) });
    const other = new Engine(big.remote);
    const [before, backup] = [await dumpDatabase(big.remote), await other.capture()];
    await emptyDatabase(big.remote);
    const plan = await other.plan(backup, SKIP);
    const applying = other.apply(plan).then(
      () => undefined,
      (error: unknown) => error,
    );
    setTimeout(() => {
      void big.kill();
    }, 150);
    const error = await applying;
    await big.kill();
    await big.start();
    const after = await dumpDatabase(big.remote);
    if (error !== undefined) expect(error).toBeInstanceOf(ConnectionError);
    expect([0, rowCount(before)]).toContain(rowCount(after));
    if (rowCount(after) > 0) expect(compareDatabases(before, after)).toEqual([]);
  });
});
