/** Selective backups and restores against a real server: what was picked is back whole, and nothing else has moved. */
import fc from 'fast-check';
import { deltaOf } from '../../../src/engine/plan/plan-changes.js';
import { diffRows } from '../../../src/engine/plan/row-diff.js';
import { OUTCOME, type Plan, type PlanOptions } from '../../../src/engine/plan/table-plan.js';
import { MARK } from '../../../src/engine/scope/mark.js';
import { cutSnapshot, type ResourceFilter, selectScope } from '../../../src/engine/scope/scope.js';
import { undoTarget } from '../../../src/engine/undo/undo.js';
import type { Verification } from '../../../src/engine/verify/verify.js';
import { Breath } from '../../../src/lib/breath.js';
import { type IncludeFlags, PICKED_TABLES } from '../../../src/model/northbound/filter.js';
import { danglingReferences, referenceColumns, referencesIn } from '../../../src/model/reference/reference.js';
import { countRows, type Snapshot } from '../../../src/model/snapshot/snapshot.js';
import type { TableSchema } from '../../../src/ovsdb/database-schema.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import { changesBetween, changesOf } from '../../support/databases/changes.js';
import { textsOf } from '../../support/databases/every-kind.js';
import { mutations, Vandal } from '../../support/databases/vandal.js';
import { compareDatabases, type DatabaseContent, dumpDatabase, emptyDatabase } from '../../support/judge/judge.js';
import { lawRuns } from '../../support/law-runs.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { Engine, EXACT, filterOf, keptChanges, OVERWRITE, planTo, REFUSE, SKIP } from '../../support/servers/engine.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';

/** True three times of four. */
const often = (): fc.Arbitrary<boolean> => fc.nat(3).map((number) => number > 0);

/** Restores a part and checks that a second time would change nothing. */
async function restorePart(
  engine: Engine,
  backup: Snapshot,
  options: PlanOptions,
  filter: ResourceFilter,
): Promise<{ plan: Plan; verification: Verification }> {
  const plan = await engine.planPart(backup, options, filter);
  expect(plan.problems).toEqual([]);
  if (plan.changeCount > 0) await engine.apply(plan);
  const verification = await engine.verify(plan);
  expect(verification.problems).toEqual([]);
  expect((await engine.readBack(plan)).problems).toEqual([]);
  expect((await engine.planPart(backup, options, filter)).changeCount).toBe(0);
  return { plan, verification };
}

const cutOf = async (
  snapshot: Snapshot,
  filter: ResourceFilter,
): Promise<{ snapshot: Snapshot; warnings: readonly string[] }> =>
  cutSnapshot(snapshot, await selectScope(snapshot, filter, new Breath()), new Breath());

describe('a selective restore', () => {
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
  const dump = (): Promise<DatabaseContent> => dumpDatabase(server.remote);
  const get = async (table: string, row: string, column: string): Promise<string> =>
    (await nb('get', table, row, column)).trim();
  const names = async (table: string): Promise<string[]> =>
    (await nb('--bare', '--columns=name', 'list', table))
      .split('\n')
      .filter((line) => line !== '')
      .sort();

  /**
   * Three switches with a port group, a load balancer and DHCP options between them, on a router that leads to another
   * one.
   */
  async function build(): Promise<void> {
    for (const [name, net] of [
      ['web', '10.0.0'],
      ['db', '10.0.1'],
      ['app', '10.0.2'],
    ] as const) {
      await nb(
        'ls-add',
        name,
        '--',
        'lsp-add',
        name,
        `${name}-1`,
        '--',
        'lsp-add',
        name,
        `${name}-2`,
        '--',
        'lsp-add',
        name,
        `${name}-gw`,
        '--',
        'lsp-set-type',
        `${name}-gw`,
        'router',
        '--',
        'lsp-set-options',
        `${name}-gw`,
        `router-port=gw-${name}`,
        '--',
        'qos-add',
        name,
        'to-lport',
        '10',
        'ip4',
        'rate=100',
      );
      await nb(
        '--id=@d',
        'create',
        'DHCP_Options',
        `cidr=${net}.0/24`,
        `options:router=${net}.1`,
        '--',
        'set',
        'logical_switch_port',
        `${name}-1`,
        'dhcpv4_options=@d',
      );
    }
    await nb(
      'meter-add',
      'slow',
      'drop',
      '10',
      'pktps',
      '--',
      'create',
      'Address_Set',
      'name=clients',
      'addresses=10.9.0.1',
      '--',
      'create',
      'Address_Set',
      'name=apart',
    );
    await nb(
      'lb-add',
      'lb',
      '10.0.0.80:80',
      '10.0.0.2:80,10.0.1.2:80',
      '--',
      'ls-lb-add',
      'web',
      'lb',
      '--',
      'ls-lb-add',
      'db',
      'lb',
      '--',
      '--id=@h',
      'create',
      'Load_Balancer_Health_Check',
      'vip="10.0.0.80:80"',
      '--',
      'set',
      'load_balancer',
      'lb',
      'health_check=@h',
    );
    await nb(
      'pg-add',
      'pg',
      'web-1',
      'db-1',
      'app-1',
      '--',
      '--log',
      '--meter=slow',
      'acl-add',
      'pg',
      'to-lport',
      '1000',
      'ip4.src == $clients',
      'allow',
      '--',
      'acl-add',
      'web',
      'from-lport',
      '900',
      'inport == @pg',
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
      'lrp-add',
      'gw',
      'gw-db',
      '00:00:00:00:00:02',
      '10.0.1.1/24',
      '--',
      'lrp-add',
      'gw',
      'gw-app',
      '00:00:00:00:00:03',
      '10.0.2.1/24',
      '--',
      'lr-nat-add',
      'gw',
      'snat',
      '1.1.1.1',
      '10.0.0.0/24',
      '--',
      'lrp-set-gateway-chassis',
      'gw-web',
      'c1',
    );
  }

  /** What happens meanwhile to what nobody picks. */
  async function meanwhile(): Promise<void> {
    await nb(
      'lsp-add',
      'db',
      'db-3',
      '--',
      'lsp-del',
      'app-2',
      '--',
      'set',
      'logical_switch',
      'app',
      'other_config:a=b',
      '--',
      'add',
      'port_group',
      'pg',
      'ports',
      await get('logical_switch_port', 'db-2', '_uuid'),
    );
    await nb(
      'set',
      'address_set',
      'apart',
      'addresses=10.9.9.9',
      '--',
      'lr-nat-add',
      'gw',
      'snat',
      '1.1.1.2',
      '10.0.1.0/24',
      '--',
      'ls-add',
      'new',
    );
  }

  it.each([SKIP, OVERWRITE, EXACT, REFUSE])(
    'brings a deleted switch back whole, and leaves what others changed since: %j',
    async (options) => {
      await build();
      const backup = await engine.capture();
      await meanwhile();
      const expected = await dump();
      await nb('ls-del', 'web');
      const { plan, verification } = await restorePart(engine, backup, options, filterOf({ switches: ['web'] }));
      expect(compareDatabases(expected, await dump())).toEqual([]);
      expect([plan.changeCount, plan.warnings, verification.warnings]).toEqual([7, [], []]);
    },
  );

  it('brings back with the switch what it needs and what else was deleted', async () => {
    await build();
    const [backup, expected] = [await engine.capture(), await dump()];
    await nb(
      'ls-del',
      'web',
      '--',
      'pg-del',
      'pg',
      '--',
      'lb-del',
      'lb',
      '--',
      'meter-del',
      'slow',
      '--',
      'destroy',
      'address_set',
      'clients',
      '--',
      'lrp-del',
      'gw-web',
      '--',
      '--all',
      'destroy',
      'dhcp_options',
    );
    await restorePart(engine, backup, SKIP, filterOf({ switches: ['web'] }));
    // those of the other switches stay away, but the load balancer comes back to the other one that used it
    const options = (await nb('--bare', '--columns=cidr', 'list', 'dhcp_options')).trim();
    expect([options, await get('port_group', 'pg', 'ports')]).toEqual([
      '10.0.0.0/24',
      `[${await get('logical_switch_port', 'web-1', '_uuid')}]`,
    ]);
    expect(await get('logical_switch', 'db', 'load_balancer')).toBe(`[${await get('load_balancer', 'lb', '_uuid')}]`);
    expect((await nb('lrp-get-gateway-chassis', 'gw-web')).trim()).toMatch(/c1/);
    await restorePart(engine, backup, OVERWRITE, filterOf({ switches: ['db', 'app'] }));
    expect(compareDatabases(expected, await dump())).toEqual([]);
  });

  it.each<[keyof IncludeFlags, Partial<ResourceFilter>, string, string]>([
    ['includePorts', { switches: ['web'] }, 'Logical_Switch', 'ports'],
    ['includeAcls', { switches: ['web'] }, 'Logical_Switch', 'acls'],
    ['includeQos', { switches: ['web'] }, 'Logical_Switch', 'qos_rules'],
    ['includeLoadBalancers', { switches: ['web'] }, 'Logical_Switch', 'load_balancer'],
    ['includeNat', { routers: ['gw'] }, 'Logical_Router', 'nat'],
    ['includeDhcpOptions', { switches: ['web'] }, 'Logical_Switch_Port', 'dhcpv4_options'],
  ])('leaves out with %s: false: %j', async (flag, part, table, column) => {
    await build();
    const backup = await engine.capture();
    const filter = filterOf({ ...part, [flag]: false });
    // what is live stays, also with exact
    await nb(
      'lsp-add',
      'web',
      'web-3',
      '--',
      'acl-add',
      'web',
      'to-lport',
      '1',
      'ip6',
      'drop',
      '--',
      'qos-add',
      'web',
      'to-lport',
      '11',
      'ip6',
      'rate=1',
      '--',
      'lb-add',
      'lb2',
      '10.0.0.81:80',
      '10.0.0.2:80',
      '--',
      'ls-lb-add',
      'web',
      'lb2',
      '--',
      'lr-nat-add',
      'gw',
      'snat',
      '1.1.1.9',
      '10.0.9.0/24',
    );
    const row = table === 'Logical_Router' ? 'gw' : table === 'Logical_Switch' ? 'web' : 'web-1';
    const live = await get(table, row, column);
    await restorePart(engine, backup, EXACT, filter);
    expect(await get(table, row, column)).toBe(live);
    await nb('ls-del', 'web', '--', 'lr-del', 'gw');
    await restorePart(engine, backup, OVERWRITE, filter);
    expect(await get(table, row, column)).toBe('[]');
    await restorePart(engine, backup, OVERWRITE, filterOf(part));
    expect(await get(table, row, column)).not.toBe('[]');
  });

  it('deletes with exact only what the picked switch has more, and a switch that is only live when it is named', async () => {
    await build();
    const backup = await engine.capture();
    await meanwhile();
    const expected = await dump();
    await nb(
      'lsp-add',
      'web',
      'web-3',
      '--',
      'acl-add',
      'web',
      'to-lport',
      '1',
      'ip6',
      'drop',
      '--',
      'set',
      'logical_switch',
      'web',
      'other_config:x=y',
      '--',
      'lsp-set-type',
      'web-2',
      'localport',
      '--',
      'lsp-del',
      'web-1',
    );
    await restorePart(engine, backup, EXACT, filterOf({ switches: ['web'] }));
    expect(compareDatabases(expected, await dump())).toEqual([]);
    await nb('lsp-add', 'new', 'new-1');
    await engine.apply(await engine.planPart(backup, EXACT, filterOf({ switches: ['new'] })));
    expect([await names('logical_switch'), (await names('logical_switch_port')).includes('new-1')]).toEqual([
      ['app', 'db', 'web'],
      false,
    ]);
  });

  it('brings a picked router back with what names its ports, into a database of other UUIDs too', async () => {
    await build();
    await nb(
      'create',
      'Static_MAC_Binding',
      'logical_port=gw-web',
      'ip=10.0.0.9',
      'mac="00:00:00:00:00:09"',
      '--',
      'create',
      'BFD',
      'logical_port=gw-db',
      'dst_ip=10.0.1.9',
    );
    const [backup, expected] = [await engine.capture(), await dump()];
    await nb('lr-del', 'gw', '--', '--all', 'destroy', 'Static_MAC_Binding', '--', '--all', 'destroy', 'BFD');
    await restorePart(engine, backup, REFUSE, filterOf({ routers: ['gw'] }));
    expect(compareDatabases(expected, await dump())).toEqual([]);
    await nb('lr-del', 'gw');
    await nb('lr-add', 'gw', '--', 'lrp-add', 'gw', 'gw-web', '00:00:00:00:00:01', '10.0.0.1/24');
    const { plan } = await restorePart(engine, backup, EXACT, filterOf({ routers: ['gw'] }));
    expect([plan.warnings, (await nb('lrp-list', 'gw')).trim().split('\n').length]).toEqual([[], 3]);
  });

  it('makes at once what the part needs what it was, also where the part holds it no more', async () => {
    await build();
    const [backup, expected] = [await engine.capture(), await dump()];
    const group = (await nb('create', 'HA_Chassis_Group', 'name=other')).trim();
    await nb('lsp-del', 'web-gw', '--', 'set', 'logical_router_port', 'gw-web', `ha_chassis_group=${group}`);
    await restorePart(engine, backup, EXACT, filterOf({ switches: ['web'] }));
    await nb('ha-chassis-group-del', 'other');
    expect(compareDatabases(expected, await dump())).toEqual([]);
  });

  it('brings a picked load balancer or port group back where it was', async () => {
    await build();
    const [backup, expected] = [await engine.capture(), await dump()];
    await nb('lb-del', 'lb', '--', 'pg-del', 'pg');
    await restorePart(engine, backup, SKIP, filterOf({ loadBalancers: ['lb'], portGroups: ['pg'] }));
    expect(compareDatabases(expected, await dump())).toEqual([]);
  });

  it('attaches a needed router port to its router, which is left as it is, or comes bare', async () => {
    await build();
    const backup = await engine.capture();
    await nb('ls-del', 'web', '--', 'lrp-del', 'gw-web', '--', 'set', 'logical_router', 'gw', 'options:chassis=c9');
    const before = await get('logical_router', 'gw', 'nat');
    await restorePart(engine, backup, EXACT, filterOf({ switches: ['web'] }));
    expect([await get('logical_router', 'gw', 'options'), await get('logical_router', 'gw', 'nat')]).toEqual([
      '{chassis=c9}',
      before,
    ]);
    expect((await nb('lrp-list', 'gw')).trim().split('\n')).toHaveLength(3);
    await emptyDatabase(server.remote);
    const { plan } = await restorePart(engine, backup, SKIP, filterOf({ switches: ['web'] }));
    expect(plan.warnings).toEqual([expect.stringMatching(/^1 row is made bare, .*: router "gw"$/)]);
    expect([await get('logical_router', 'gw', 'nat'), (await nb('lrp-list', 'gw')).trim().split('\n').length]).toEqual([
      '[]',
      1,
    ]);
  });
});

describe('a selective restore of a mutated database', () => {
  const picks = fc.record({
    options: fc.constantFrom(EXACT, EXACT, OVERWRITE, SKIP),
    numbers: fc.array(
      fc.tuple(fc.constantFrom('switches', 'routers', 'portGroups', 'addressSets', 'loadBalancers'), fc.nat()),
      { minLength: 1, maxLength: 40, size: 'max' },
    ),
    flags: fc.record({
      includePorts: often(),
      includeAcls: often(),
      includeLoadBalancers: often(),
      includeNat: often(),
      includeDhcpOptions: often(),
      includeQos: often(),
    }),
  });

  /** Picks rows of the backup by their numbers, each by UUID. */
  function filterFrom(
    backup: Snapshot,
    { numbers, flags }: { numbers: readonly (readonly [string, number])[]; flags: Omit<ResourceFilter, 'within'> },
  ): ResourceFilter {
    const lists: Record<string, string[]> = {};
    for (const [list, number] of numbers) {
      const rows = backup.tables.get(PICKED_TABLES[list as keyof typeof PICKED_TABLES]);
      if (rows !== undefined && rows.count > 0) (lists[list] ??= []).push(rows.uuid(number % rows.count));
    }
    return { ...flags, ...lists };
  }

  it.each([
    { profile: 'openstack', rows: 300, numRuns: lawRuns(4) },
    { profile: 'small', edge: true, numRuns: lawRuns(7) },
  ] as const)('makes the part what it was, and leaves the rest alone: $profile', async ({ numRuns, ...base }) => {
    await using server = await startOvsdbServer({ database: databaseFile(base) });
    await using client = await PlainClient.open(server.remote);
    const engine = new Engine(server.remote);
    const backup = await engine.capture();
    const vandal = new Vandal(client, backup);
    let changed = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(mutations, mutations, picks, async (first, second, chosen) => {
        try {
          for (const mutation of [...first, ...second]) await vandal.run(mutation);
          const filter = filterFrom(backup, chosen);
          const before = await engine.capture();
          const { options } = chosen;
          const plan = await engine.planPart(backup, options, filter);
          if (plan.problems.length > 0) {
            // a port that is in a switch out of scope now, or a name that another row has there
            expect(plan.problems.every(({ code }) => code === 'CONFLICT')).toBe(true);
            refused++;
            return;
          }
          const { verification } = await restorePart(engine, backup, options, filter);
          changed += plan.changeCount;
          const after = await engine.capture();
          if (options !== SKIP) expect(strayed(plan, backup, after)).toEqual([]);
          expect(touched(plan, before, after)).toEqual([]);
          expect(lost(plan, after)).toEqual([]);
          expect(verification.asPlanned).toBe(plan.changeCount);
          const changes = await keptChanges(plan);
          expect(changesOf(changes)).toEqual(changesBetween(before, after));
          const { target, conflicts } = await undoTarget(after, changes, 'STRICT', new Breath());
          expect(conflicts).toEqual([]);
          const undo = await planTo(target, after);
          if (undo.changeCount > 0) await engine.apply(undo);
          expect(textsOf(await engine.capture())).toEqual(textsOf(before));
        } finally {
          await engine.restore(backup, EXACT);
        }
      }),
      { seed: 20_261_125, numRuns },
    );
    expect(refused).toBeLessThan(numRuns / 2);
    expect(changed).toBeGreaterThan(numRuns);
  });

  /** Rows in scope that are not what the backup says, references aside. */
  function strayed({ identity, options, live }: Plan, backup: Snapshot, after: Snapshot): string[] {
    return [...backup.tables.values()]
      .flatMap((rows) =>
        Array.from({ length: rows.count }, (_, i) => {
          const table = backup.schema.tables.get(rows.table) as TableSchema;
          if ((options.scope?.backup.get(rows.table)?.[i] ?? MARK.OUT) < MARK.NEEDED) return '';
          const match = identity.matches.get(rows.table)?.[i] ?? -1;
          const now = after.tables.get(rows.table);
          const found = now?.find(match < 0 ? rows.uuid(i) : (live.tables.get(rows.table)?.uuid(match) ?? ''));
          if (found === undefined || now === undefined) return `${rows.table} ${rows.uuid(i)} is missing`;
          const columns = diffRows(table, now.row(found), rows.row(i)).filter(
            ({ column }) => !referenceColumns(table).some((reference) => reference.column === column),
          );
          return columns.length === 0
            ? ''
            : `${rows.table} ${rows.uuid(i)} differs in ${columns.map(({ column }) => column.name).join()}`;
        }),
      )
      .filter((line) => line !== '');
  }

  /** Rows that the backup holds and that were deleted, and references to what came back that did not. */
  function lost({ tables, identity, live }: Plan, after: Snapshot): string[] {
    const isInserted = (name: string, uuid: string): boolean => {
      const table = tables.find((draft) => draft.table.name === name);
      return table?.outcomes[table.backup.find(uuid) ?? -1] === OUTCOME.INSERT;
    };
    const deleted = tables.flatMap(({ table, deletes }) =>
      deletes
        .filter((index) => identity.matched.get(table.name)?.[index] === 1)
        .map((index) => `${table.name} ${index}`),
    );
    const missing = tables.flatMap(({ table, backup: rows }) =>
      Array.from({ length: rows.count }, (_, i) => i).flatMap((i) => {
        const match = identity.matches.get(table.name)?.[i] ?? -1;
        const now = after.tables.get(table.name);
        const found = match < 0 ? undefined : now?.find(live.tables.get(table.name)?.uuid(match) ?? '');
        if (found === undefined || now === undefined) return [];
        return referenceColumns(table).flatMap((reference) => {
          const { name, kind } = reference.column;
          const is = referencesIn(reference, now.row(found)[name]).map(({ uuid }) => uuid);
          if (kind !== 'set' && is.length > 0) return [];
          return referencesIn(reference, rows.row(i)[name])
            .filter(({ table: to, uuid }) => isInserted(to, uuid) && !is.includes(uuid))
            .map(({ table: to, uuid }) => `${table.name} ${rows.uuid(i)} has no ${name} ${to} ${uuid}`);
        });
      }),
    );
    return [...deleted, ...missing];
  }

  /** Live rows out of scope that are other than before, but for references that come back and those to what goes. */
  function touched({ options, tables }: Plan, before: Snapshot, after: Snapshot): string[] {
    // a switch that is deleted takes its ports along, also where ports are left out
    const deleted = new Map(tables.map(({ table, deletes }) => [table.name, new Set(deletes)]));
    return [...before.tables.values()]
      .flatMap((rows) =>
        Array.from({ length: rows.count }, (_, i) => {
          const table = before.schema.tables.get(rows.table) as TableSchema;
          const isAside =
            options.scopeRules?.isMatchedInScope(rows.table, i) === false &&
            (options.scope?.live.get(rows.table)?.[i] ?? MARK.OUT) === MARK.OUT;
          if (!isAside || deleted.get(rows.table)?.has(i) === true) return '';
          const now = after.tables.get(rows.table);
          const found = now?.find(rows.uuid(i));
          if (found === undefined || now === undefined) return `${rows.table} ${rows.uuid(i)} is gone`;
          const update = tables.find((draft) => draft.table.name === table.name)?.updates.get(i);
          const weak = new Set(
            referenceColumns(table)
              .filter(({ key }) => key?.strong === false)
              .map(({ column }) => column.name),
          );
          const comesBack = new Set(
            [...(update?.columns ?? []), ...(update?.members ?? [])]
              .filter(({ column, before, after: to }) =>
                column.kind === 'set' ? deltaOf(column, before, to).removed === undefined : before === undefined,
              )
              .map(({ column }) => column.name),
          );
          const columns = diffRows(table, rows.row(i), now.row(found)).filter(
            ({ column }) => !weak.has(column.name) && !comesBack.has(column.name),
          );
          return columns.length === 0
            ? ''
            : `${rows.table} ${rows.uuid(i)} was changed in ${columns.map(({ column }) => column.name).join()}`;
        }),
      )
      .filter((line) => line !== '');
  }
});

describe('a selective backup', () => {
  const PROFILES = [
    { profile: 'k8s', rows: 800 },
    { profile: 'openstack', rows: 800 },
  ] as const;

  it.each(PROFILES)(
    'of random picks stands by itself: into an empty database, back into its own, and picked again: $profile',
    async (options) => {
      await using server = await startOvsdbServer({ database: databaseFile(options) });
      await using empty = await startOvsdbServer();
      const [source, target] = [new Engine(server.remote), new Engine(empty.remote)];
      const whole = await source.capture();
      const namesOf = (table: string): string[] => {
        const rows = whole.tables.get(table);
        return Array.from({ length: rows?.count ?? 0 }, (_, i) => String(rows?.row(i)['name'] ?? rows?.uuid(i)));
      };
      const listOf = (table: string): fc.Arbitrary<string[] | undefined> =>
        fc.option(fc.subarray(namesOf(table), { maxLength: Math.min(3, namesOf(table).length) }), { nil: undefined });
      const picks = fc
        .record({
          switches: listOf('Logical_Switch'),
          routers: listOf('Logical_Router'),
          portGroups: listOf('Port_Group'),
          addressSets: listOf('Address_Set'),
          loadBalancers: listOf('Load_Balancer'),
          includePorts: fc.boolean(),
          includeAcls: fc.boolean(),
          includeLoadBalancers: fc.boolean(),
          includeNat: fc.boolean(),
          includeDhcpOptions: fc.boolean(),
          includeQos: fc.boolean(),
        })
        .filter(({ switches, routers, portGroups, addressSets, loadBalancers }) =>
          [switches, routers, portGroups, addressSets, loadBalancers].some((list) => (list?.length ?? 0) > 0),
        );
      let rows = 0;
      await fc.assert(
        fc.asyncProperty(picks, async (filter) => {
          const { snapshot: cut } = await cutOf(whole, filter);
          rows += countRows(cut);
          expect([...danglingReferences(cut)].filter((found) => found !== undefined)).toEqual([]);
          expect(textsOf((await cutOf(cut, filter)).snapshot)).toEqual(textsOf(cut));
          // nothing is missing, and nothing is dropped by the server
          await emptyDatabase(empty.remote);
          const { verification } = await target.restore(cut, SKIP);
          expect([verification.problems, verification.warnings]).toEqual([[], []]);
          expect(textsOf(await target.capture())).toEqual(textsOf(cut));
          // where it came from nothing is to be done, whether the whole backup is restored in part or the part as a
          // whole
          for (const backup of [cut, whole]) expect((await source.planPart(backup, EXACT, filter)).changeCount).toBe(0);
          // and the whole backup in part gives the same as the part
          await emptyDatabase(empty.remote);
          await restorePart(target, whole, EXACT, filter);
          expect(textsOf(await target.capture())).toEqual(textsOf(cut));
        }),
        { seed: 20_261_124, numRuns: lawRuns(3) },
      );
      expect(rows).toBeGreaterThan(lawRuns(37));
    },
  );
});
