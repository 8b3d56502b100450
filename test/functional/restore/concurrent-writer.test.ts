/**
 * Restores while something else writes: to other rows it does not matter, to the same rows one of the two wins cleanly.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateBackupDocument,
  GetRestoreDocument,
  RestoreBackupDocument,
  type RestoreBackupInput,
  type RestoreFieldsFragment,
} from '../../support/clients/generated/graphql.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import type { ExactJson } from '../../support/judge/exact-json.js';
import { compareDatabases, type DatabaseContent, dumpDatabase, NORTHBOUND } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

const PER_SECOND = 50;
let api: TestApi;
let backupId: string;
let full: DatabaseContent;

beforeEach(async () => {
  api = await startApiServer({ database: databaseFile({ profile: 'k8s', rows: 2_000 }) });
  await nbctl(
    api.ovsdb.remote,
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
    'pg-add',
    'pg_web',
    'web-1',
    'web-2',
    '--',
    'ls-add',
    'busy',
  );
  full = await dumpDatabase(api.ovsdb.remote);
  backupId = (await api.admin.run(CreateBackupDocument, { input: { name: 'all' } })).createBackup.id;
});
afterEach(() => api.stop());

const restore = async (input: Partial<RestoreBackupInput> = {}): Promise<RestoreFieldsFragment> =>
  (await api.admin.run(RestoreBackupDocument, { input: { backupId, ...input } })).restoreBackup;

/** Writes until `work` has ended; answers how many transactions were committed meanwhile. */
async function whileWriting<T>(
  operations: (number: number) => readonly ExactJson[],
  work: () => Promise<T>,
  pauseMs = 1_000 / PER_SECOND,
): Promise<{ readonly value: T; readonly written: number }> {
  await using client = await PlainClient.open(api.ovsdb.remote);
  let written = 0;
  let isOver = false;
  const writing = (async () => {
    for (; !isOver; written++) {
      await client.transact(NORTHBOUND, operations(written));
      await delay(pauseMs);
    }
  })();
  try {
    await until(() => written > 0);
    const value = await work();
    return { value, written };
  } finally {
    isOver = true;
    await writing;
  }
}

const named = (name: string): ExactJson => [['name', '==', name]];

describe('a restore under fire', () => {
  it('succeeds while 50 transactions a second go to other rows, and takes none of them back', async () => {
    await nbctl(api.ovsdb.remote, 'ls-del', 'web');
    let last = -1;
    const { value, written } = await whileWriting(
      (number): ExactJson[] => {
        last = number;
        return [
          { op: 'insert', table: 'Logical_Switch_Port', 'uuid-name': 'p', row: { name: `busy-${String(number)}` } },
          {
            op: 'mutate',
            table: 'Logical_Switch',
            where: named('busy'),
            mutations: [['ports', 'insert', ['named-uuid', 'p']]],
          },
        ];
      },
      async () => {
        const results: RestoreFieldsFragment[] = [];
        for (let i = 0; i < 4; i++) {
          await nbctl(api.ovsdb.remote, '--if-exists', 'ls-del', 'web');
          results.push(await restore({ conflictPolicy: i % 2 === 0 ? 'SKIP' : 'OVERWRITE' }));
        }
        await until(() => last > 10);
        return results;
      },
    );
    for (const { phase, result } of value)
      expect([phase, result?.success, result?.errors]).toEqual(['SUCCEEDED', true, []]);
    expect(written).toBeGreaterThan(10);
    const now = await dumpDatabase(api.ovsdb.remote);
    const differences = compareDatabases(full, now).filter(
      (difference) => !/^Logical_Switch_Port \S+ is only in the second$/.test(difference),
    );
    expect(differences).toEqual([expect.stringMatching(/^Logical_Switch \S+: ports is/) as string]);
    expect([...(now.get('Logical_Switch_Port')?.values() ?? [])].filter((text) => text.includes('busy-'))).toHaveLength(
      last + 1,
    );
  });

  it('keeps the members that others add to the same sets meanwhile', async () => {
    await nbctl(api.ovsdb.remote, 'lsp-del', 'web-1');
    const { value, written } = await whileWriting(
      (number): ExactJson[] => [
        { op: 'insert', table: 'Logical_Switch_Port', 'uuid-name': 'p', row: { name: `new-${String(number)}` } },
        {
          op: 'mutate',
          table: 'Logical_Switch',
          where: named('web'),
          mutations: [['ports', 'insert', ['named-uuid', 'p']]],
        },
        {
          op: 'mutate',
          table: 'Port_Group',
          where: named('pg_web'),
          mutations: [['ports', 'insert', ['named-uuid', 'p']]],
        },
      ],
      () => restore(),
    );
    expect([value.phase, value.result?.success]).toEqual(['SUCCEEDED', true]);
    const ports = (await nbctl(api.ovsdb.remote, 'lsp-list', 'web')).trim().split('\n');
    expect(ports.length).toBeGreaterThanOrEqual(written + 2);
    expect(ports.filter((line) => /\((web-1|web-2)\)/.test(line))).toHaveLength(2);
    const members = (await nbctl(api.ovsdb.remote, 'get', 'Port_Group', 'pg_web', 'ports')).split(',');
    expect(members).toHaveLength(ports.length);
  });

  it('wins cleanly or ends PLAN_STALE with nothing changed where others write the same rows', async () => {
    await nbctl(api.ovsdb.remote, 'ls-del', 'web', '--', 'set', 'Logical_Switch', 'busy', 'external_ids:n=0');
    const { value, written } = await whileWriting(
      (number) => [
        {
          op: 'update',
          table: 'Logical_Switch',
          where: named('busy'),
          row: { external_ids: ['map', [['n', String(number)]]] },
        },
      ],
      async () => {
        const { data, errors } = await api.admin.send(RestoreBackupDocument, {
          input: { backupId, conflictPolicy: 'OVERWRITE' },
        });
        return { restored: data?.restoreBackup, codes: errors.map(({ extensions }) => extensions.code) };
      },
    );
    expect(written).toBeGreaterThan(0);
    const isThere =
      (await nbctl(api.ovsdb.remote, '--bare', '--columns=name', 'find', 'Logical_Switch', 'name=web')).trim() ===
      'web';
    if (value.restored === undefined) {
      expect([value.codes, isThere]).toEqual([['PLAN_STALE'], false]);
    } else {
      // it was restored; that somebody wrote over it afterwards is told
      expect(isThere).toBe(true);
      if (value.restored.result?.success !== true)
        expect(value.restored.result?.errors.map(({ label }) => label)).toContain('switch "busy"');
    }
  });

  it('that nobody confirms is undone while others write the same column all the time', async () => {
    await nbctl(api.ovsdb.remote, 'set', 'Logical_Switch', 'busy', 'external_ids:n=0');
    const { id } = await restore({ conflictPolicy: 'OVERWRITE', exact: true, confirmWithinSeconds: 1 });
    await whileWriting(
      (number) => [
        {
          op: 'update',
          table: 'Logical_Switch',
          where: named('busy'),
          row: { external_ids: ['map', [['n', String(number)]]] },
        },
      ],
      () => until(async () => (await api.admin.run(GetRestoreDocument, { id })).restore?.phase === 'UNDONE'),
      0,
    );
  });
});
