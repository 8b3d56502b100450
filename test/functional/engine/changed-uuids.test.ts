/**
 * A database whose UUIDs are all others (after `ovsdb-client restore`), against real servers: its rows
 * are known again, so that only what differs is written.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { countRows, type Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { dumpDatabase, rowCount, transact } from '../../support/judge/judge.js';
import { type DatabaseFileOptions, databaseFile } from '../../support/northbound/database-file.js';
import { countsOf, Engine, EXACT, planBetween } from '../../support/servers/engine.js';
import { environment, ovsdbClient, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';

const run = promisify(execFile);

/** What an administrator does without us: every row is deleted and comes back under another UUID. */
async function wipeAndReload(server: TestServer): Promise<void> {
  const file = join(server.folder, 'reload.db');
  await writeFile(file, await ovsdbClient(server.remote, 'backup'));
  // it seeks in its input, so a pipe will not do
  await run('sh', ['-c', 'exec ovsdb-client restore "$0" OVN_Northbound < "$1"', server.remote, file], {
    env: environment(),
  });
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

describe('after ovsdb-client restore', () => {
  it.each(PROFILES)(
    'an exact restore of the old backup plans nothing, and then only what was deleted, changed or doubled: $profile',
    async (options) => {
      await using server = await startOvsdbServer({ database: databaseFile(options) });
      const engine = new Engine(server.remote);
      const backup = await engine.capture();
      await wipeAndReload(server);
      const live = await engine.capture();
      const nothing = await planBetween(backup, live, EXACT);
      expect([countsOf(nothing), nothing.changeCount, nothing.warnings]).toEqual([{}, 0, []]);
      expect(nothing.identity.translation.size).toBe(countRows(backup));
      if (options.profile === 'small') return;

      const [changed, gone, doubled] = ['ACL', 'Logical_Switch_Port', 'Load_Balancer'].map((table) =>
        pick(live, table),
      );
      await transact(server.remote, [
        {
          op: 'update',
          table: 'ACL',
          where: [['_uuid', '==', ['uuid', changed?.uuid ?? '']]],
          row: { log: true, name: 'changed' },
        },
        {
          op: 'mutate',
          table: 'Logical_Switch',
          where: [['ports', 'includes', ['uuid', gone?.uuid ?? '']]],
          mutations: [['ports', 'delete', ['uuid', gone?.uuid ?? '']]],
        },
        {
          op: 'insert',
          table: 'Load_Balancer',
          row: { name: String(doubled?.name ?? ''), vips: ['map', [['203.0.113.1:80', '']]] },
        },
        {
          op: 'insert',
          table: 'Logical_Switch',
          row: { name: String(pick(live, 'Logical_Switch').name), other_config: ['map', [['double', 'yes']]] },
        },
      ]);
      const { plan, verification } = await engine.restore(backup, EXACT);
      expect(verification.problems).toEqual([]);
      expect(countsOf(plan)).toMatchObject({
        ACL: { restored: 1, deleted: 0 },
        Logical_Switch_Port: { restored: 1, deleted: 0 },
        Logical_Switch: { restored: 1, deleted: 1 },
        ...(doubled === undefined ? {} : { Load_Balancer: { restored: 0, deleted: 1 } }),
      });
      // the port comes back under its old UUID and goes back into its port groups
      const others = Object.keys(countsOf(plan)).filter(
        (table) => !['ACL', 'Logical_Switch_Port', 'Logical_Switch', 'Load_Balancer'].includes(table),
      );
      expect(others.filter((table) => table !== 'Port_Group')).toEqual([]);
      expect((await engine.restore(backup, EXACT)).plan.changeCount).toBe(0);
      expect(rowCount(await dumpDatabase(server.remote))).toBe(countRows(backup));
    },
  );

  it('switches and routers of one name keep what is theirs', async () => {
    await using server = await startOvsdbServer();
    const engine = new Engine(server.remote);
    for (const [name, net] of [
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ] as const) {
      await transact(server.remote, [
        { op: 'insert', table: 'Logical_Switch_Port', 'uuid-name': 'p', row: { name } },
        {
          op: 'insert',
          table: 'ACL',
          'uuid-name': 'a',
          row: { direction: 'to-lport', priority: 1, match: 'ip4', action: 'allow' },
        },
        {
          op: 'insert',
          table: 'Logical_Switch',
          row: { name: 'same', ports: ['named-uuid', 'p'], acls: ['named-uuid', 'a'] },
        },
        {
          op: 'insert',
          table: 'Logical_Router_Static_Route',
          'uuid-name': 'o',
          row: { ip_prefix: `10.${net}.0.0/16`, nexthop: '10.0.0.1' },
        },
        { op: 'insert', table: 'Logical_Router', row: { name: 'same', static_routes: ['named-uuid', 'o'] } },
      ]);
    }
    const backup = await engine.capture();
    await wipeAndReload(server);
    expect((await engine.plan(backup, EXACT)).changeCount).toBe(0);
    await transact(server.remote, [
      {
        op: 'mutate',
        table: 'Logical_Switch',
        where: [['name', '==', 'same']],
        mutations: [['other_config', 'insert', ['map', [['seen', 'yes']]]]],
      },
    ]);
    const { plan, verification } = await engine.restore(backup, EXACT);
    expect(verification.problems).toEqual([]);
    expect(countsOf(plan)).toEqual({
      Logical_Switch: { total: 3, restored: 3, skipped: 0, differing: 0, deleted: 0, failed: 0 },
    });
    expect(plan.warnings).toEqual([]);
    expect((await engine.plan(backup, EXACT)).changeCount).toBe(0);
  });
});

/** A row in the middle of a table. */
function pick(snapshot: Snapshot, table: string): { readonly uuid: string; readonly name: unknown } {
  const rows = snapshot.tables.get(table);
  const index = Math.floor((rows?.count ?? 0) / 2);
  return {
    uuid: rows?.count === 0 ? '' : (rows?.uuid(index) ?? ''),
    name: rows?.count === 0 ? '' : (rows?.row(index)['name'] ?? ''),
  };
}
