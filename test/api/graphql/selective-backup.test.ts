/**
 * Parts of a configuration through the API: selective backups, restores of a part, copies, and mapping to other rows.
 */

import {
  CreateBackupDocument,
  type CreateBackupInput,
  type CreateBackupMutation,
  DiffDocument,
  RestoreBackupDocument,
  type RestoreBackupInput,
  RestoreChangesDocument,
  type RestoreFieldsFragment,
} from '../../support/clients/generated/graphql.js';
import {
  compareDatabases,
  type DatabaseContent,
  dumpDatabase,
  emptyDatabase,
  transact,
} from '../../support/judge/judge.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { startNorthd } from '../../support/servers/northd.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

let api: TestApi;
let before: DatabaseContent;

const nb = (...words: readonly string[]): Promise<string> => nbctl(api.ovsdb.remote, ...words);
const dump = (): Promise<DatabaseContent> => dumpDatabase(api.ovsdb.remote);
const names = async (table: string): Promise<string[]> =>
  (await nb('--bare', '--columns=name', 'list', table))
    .split('\n')
    .filter((line) => line !== '')
    .sort();

async function backUp(input: Partial<CreateBackupInput> = {}): Promise<CreateBackupMutation['createBackup']> {
  return (await api.admin.run(CreateBackupDocument, { input: { name: 'part', ...input } })).createBackup;
}
const restore = async (input: RestoreBackupInput): Promise<RestoreFieldsFragment> =>
  (await api.admin.run(RestoreBackupDocument, { input })).restoreBackup;
const faults = async (input: RestoreBackupInput): Promise<readonly string[]> => {
  const { errors } = await api.admin.send(RestoreBackupDocument, { input });
  return errors.flatMap(({ message, extensions }) => [
    ...new Set([message, ...(extensions.problems ?? []).map((problem) => problem.message)]),
  ]);
};

beforeEach(async () => {
  api = await startApiServer();
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
    'ls-add',
    'db',
    '--',
    'lsp-add',
    'db',
    'db-1',
    '--',
    'ls-add',
    'other',
    '--',
    'lsp-add',
    'other',
    'other-1',
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
    'outport == @pg && ip4.src == $friends',
    'allow',
    '--',
    'create',
    'Address_Set',
    'name=friends',
    'addresses=10.0.0.1',
    '--',
    'acl-add',
    'web',
    'from-lport',
    '900',
    'inport == "web-1"',
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
    'lsp-add',
    'web',
    'web-gw',
    '--',
    'lsp-set-type',
    'web-gw',
    'router',
    '--',
    'lsp-set-addresses',
    'web-gw',
    'router',
    '--',
    'lsp-set-options',
    'web-gw',
    'router-port=gw-web',
  );
  before = await dump();
});
afterEach(() => api.stop());

describe('a selective backup', () => {
  it('holds what is named and what that needs, says so, and restores only that', async () => {
    const backup = await backUp({ type: 'SELECTIVE', resourceFilter: { switches: ['web'] } });
    expect(backup).toMatchObject({
      type: 'SELECTIVE',
      resourceFilter: { switches: ['web'], routers: null, includeAcls: true },
    });
    const pulledIn = new Map(backup.pulledIn.map(({ label, reason }) => [label, reason]));
    expect([...pulledIn.keys()].sort()).toEqual([
      'address set "friends"',
      'port group "pg"',
      'router "gw"',
      'router port "gw-web"',
    ]);
    expect(backup.pulledInCount).toBe(4);
    expect(pulledIn.get('address set "friends"')).toContain('match');
    expect(backup.tables.find(({ table }) => table === 'Logical_Switch_Port')?.rows).toBe(3);
    await nb(
      'ls-del',
      'web',
      '--',
      'ls-del',
      'other',
      '--',
      'set',
      'Logical_Switch',
      'db',
      'other_config:changed=true',
    );
    const { result } = await restore({ backupId: backup.id, conflictPolicy: 'OVERWRITE', exact: true });
    expect(result).toMatchObject({
      success: true,
      warnings: [expect.stringMatching(/^1 row that nobody named is changed back too, .*port group "pg" \(ports\)$/)],
      deletedCount: 0,
    });
    expect(await names('Logical_Switch')).toEqual(['db', 'web']);
    expect((await nb('get', 'Logical_Switch', 'db', 'other_config:changed')).trim()).toBe('"true"');
    // the port group has the port of the other switch still, and the one that came back
    expect((await dump()).get('Port_Group')).toEqual(before.get('Port_Group'));
    // another database of the same kind is no difference: only the part is compared
    const { diff } = await api.admin.run(DiffDocument, {
      from: { backupId: backup.id },
      to: { database: 'northbound' },
    });
    expect(diff.identical).toBe(true);
  });

  it('restores into an empty database everything that its rows need', async () => {
    const backup = await backUp({
      type: 'SELECTIVE',
      format: 'OVSDB',
      compress: true,
      resourceFilter: { switches: ['web', 'db'], routers: ['gw'] },
    });
    await emptyDatabase(api.ovsdb.remote);
    const { result } = await restore({ backupId: backup.id });
    expect(result).toMatchObject({ success: true, warnings: [] });
    expect(
      compareDatabases(before, await dump()).filter((difference) => !/other|is missing in the second/.test(difference)),
    ).toEqual([]);
    expect(await names('Logical_Switch')).toEqual(['db', 'web']);
  });

  it.each<[string, Partial<CreateBackupInput>, RegExp]>([
    [
      'a name that picks nothing',
      { type: 'SELECTIVE', resourceFilter: { switches: ['webb'], routers: ['gw'] } },
      /webb.*web/,
    ],
    ['SELECTIVE without a filter', { type: 'SELECTIVE' }, /resourceFilter: is needed with type SELECTIVE/],
    ['INCREMENTAL as OVSDB', { type: 'INCREMENTAL', format: 'OVSDB' }, /use JSON or YAML with INCREMENTAL/],
  ])('refuses %s', async (_what, input, message) => {
    const { errors } = await api.admin.send(CreateBackupDocument, { input: { name: 'x', ...input } });
    expect(errors).toHaveLength(1);
    expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(
      [errors[0]?.message, ...(errors[0]?.extensions.problems ?? []).map((problem) => problem.message)].join('\n'),
    ).toMatch(message);
  });
});

describe('a restore of a part', () => {
  it('touches nothing outside of it, also when it is exact', async () => {
    const { id: backupId } = await backUp();
    await nb(
      'ls-del',
      'web',
      '--',
      'ls-del',
      'other',
      '--',
      'lsp-add',
      'db',
      'db-2',
      '--',
      'ls-add',
      'new',
      '--',
      'lr-del',
      'gw',
    );
    const { result } = await restore({
      backupId,
      conflictPolicy: 'OVERWRITE',
      exact: true,
      restoreFilter: { switches: ['web'], includeAcls: false },
    });
    expect(result?.success).toBe(true);
    expect(await names('Logical_Switch')).toEqual(['db', 'new', 'web']);
    expect(await names('Logical_Router')).toEqual(['gw']);
    expect((await nb('acl-list', 'web')).trim()).toBe('');
    expect(result?.details.find(({ resource }) => resource === 'switches')).toMatchObject({
      total: 1,
      restored: 1,
      deleted: 0,
    });
    await restore({ backupId, conflictPolicy: 'OVERWRITE', exact: true });
    expect(compareDatabases(before, await dump())).toEqual([]);
  });

  it('of a selective backup stays within what that holds', async () => {
    const { id: backupId } = await backUp({
      type: 'SELECTIVE',
      resourceFilter: { switches: ['web', 'db'], includePorts: false },
    });
    const { result } = await restore({
      backupId,
      conflictPolicy: 'OVERWRITE',
      exact: true,
      restoreFilter: { switches: ['web'] },
    });
    expect(result).toMatchObject({ success: true, deletedCount: 0, restoredCount: 0 });
    expect(compareDatabases(before, await dump())).toEqual([]);
    expect(await faults({ backupId, restoreFilter: { switches: ['other'] } })).toEqual(
      expect.arrayContaining([expect.stringContaining('other') as string]),
    );
  });
});

describe('RENAME', () => {
  it('makes a working copy beside the original, and northd has nothing to say against it', async () => {
    const { id: backupId } = await backUp();
    const dry = await restore({ backupId, conflictPolicy: 'RENAME', dryRun: true });
    const { id, result, conflictPolicy } = await restore({ backupId, conflictPolicy: 'RENAME' });
    expect([conflictPolicy, result?.success, result?.warnings]).toEqual(['RENAME', true, []]);
    expect([result?.restoredCount, result?.skippedCount]).toEqual([
      dry.result?.restoredCount,
      dry.result?.skippedCount,
    ]);
    const after = await dump();
    for (const [table, rows] of before) for (const [uuid, text] of rows) expect(after.get(table)?.get(uuid)).toBe(text);
    const copies = (await names('Logical_Switch')).filter((name) => name.includes('_restored_'));
    expect(copies).toHaveLength(3);
    expect(copies[2]).toMatch(/^web_restored_\d{14}$/);
    const suffix = copies[2]?.slice('web'.length) ?? '';
    const acls = (await nb('--bare', '--columns=match', 'list', 'ACL'))
      .split('\n')
      .filter((line) => line !== '')
      .sort();
    expect(acls).toEqual([
      'inport == "web-1"',
      `inport == "web-1${suffix}"`,
      'outport == @pg && ip4.src == $friends',
      `outport == @pg${suffix} && ip4.src == $friends${suffix}`,
    ]);
    expect((await nb('lsp-get-options', `web-gw${suffix}`)).trim()).toBe(`router-port=gw-web${suffix}`);
    const { nodes = [] } =
      (await api.admin.run(RestoreChangesDocument, { id, kind: 'INSERT', table: 'ACL' })).restore?.result?.changes ??
      {};
    expect(nodes.map(({ label }) => label)).toContain(
      `ACL from-lport 900 inport == "web-1${suffix}" of switch "web${suffix}"`,
    );
    await using northd = await startNorthd(api.ovsdb);
    await northd.synced();
    expect(await northd.warnings()).toEqual([]);
  });
});

describe('resourceMapping', () => {
  it('attaches the rows of one switch to another one', async () => {
    const { id: backupId } = await backUp();
    await nb('ls-del', 'web', '--', 'ls-add', 'stage');
    const { result } = await restore({
      backupId,
      restoreFilter: { switches: ['web'] },
      resourceMapping: [{ from: 'web', to: 'stage' }],
    });
    expect(result).toMatchObject({ success: true });
    expect(await names('Logical_Switch')).toEqual(['db', 'other', 'stage']);
    expect(
      (await nb('lsp-list', 'stage'))
        .replaceAll(/.*\((.*)\)/g, '$1')
        .trim()
        .split('\n')
        .sort(),
    ).toEqual(['web-1', 'web-2', 'web-gw']);
  });

  it('rewrites names that refer to what is mapped', async () => {
    const { id: backupId } = await backUp();
    await nb(
      'lr-del',
      'gw',
      '--',
      'ls-del',
      'web',
      '--',
      'lr-add',
      'edge',
      '--',
      'lrp-add',
      'edge',
      'edge-port',
      '00:00:00:00:00:09',
      '10.9.0.1/24',
    );
    await restore({
      backupId,
      conflictPolicy: 'SKIP',
      resourceMapping: [
        { from: 'gw', to: 'edge' },
        { from: 'gw-web', to: 'edge-port' },
      ],
    });
    expect((await nb('lsp-get-options', 'web-gw')).trim()).toBe('router-port=edge-port');
    expect(await names('Logical_Router')).toEqual(['edge']);
  });

  it('deletes nothing that has the name of what is mapped elsewhere, also when it is exact', async () => {
    const { id: backupId } = await backUp();
    await nb(
      'ls-add',
      'stage',
      '--',
      'lsp-del',
      'web-1',
      '--',
      'lsp-del',
      'web-2',
      '--',
      'lsp-del',
      'web-gw',
      '--',
      'acl-del',
      'web',
    );
    const { result } = await restore({
      backupId,
      conflictPolicy: 'OVERWRITE',
      exact: true,
      restoreFilter: { switches: ['web'] },
      resourceMapping: [{ from: 'web', to: 'stage' }],
    });
    expect(result).toMatchObject({ success: true, deletedCount: 0 });
    expect(await names('Logical_Switch')).toEqual(['db', 'other', 'stage', 'web']);
  });

  it('lets exact delete the rows that it says nothing of and that the filter names, and no others', async () => {
    const { id: backupId } = await backUp();
    await nb(
      'ls-add',
      'stage',
      '--',
      'ls-add',
      'late',
      '--',
      'lsp-add',
      'late',
      'late-1',
      '--',
      'lsp-add',
      'stage',
      's-1',
    );
    const exact = { backupId, conflictPolicy: 'OVERWRITE', exact: true } as const;
    // web is stage now: neither the live "web" nor what "stage" has more is meant by a name
    const resourceMapping = [{ from: 'web', to: 'stage' }];
    expect(await faults({ ...exact, restoreFilter: { switches: ['stage'] }, resourceMapping })).toEqual([
      expect.stringContaining('There is no switch "stage" in the backup, and the mapping'),
      'There is no switch "stage" in the backup, and the mapping takes that of the database for another row',
    ]);
    const { result } = await restore({ ...exact, restoreFilter: { switches: ['late'] }, resourceMapping });
    expect(result).toMatchObject({ success: true, deletedCount: 2 });
    expect(await names('Logical_Switch')).toEqual(['db', 'other', 'stage', 'web']);
    expect(await names('Logical_Switch_Port')).toContain('s-1');
  });

  it('by a name that it makes ambiguous is refused the second time, with the UUIDs', async () => {
    const { id: backupId } = await backUp();
    const web = (await nb('get', 'Logical_Switch', 'web', '_uuid')).trim();
    await nb('ls-del', 'web', '--', 'ls-del', 'db', '--', 'ls-add', 'web');
    const live = (await nb('get', 'Logical_Switch', 'web', '_uuid')).trim();
    const filtered = { backupId, restoreFilter: { switches: ['db', 'web'] } };
    const { result } = await restore({ ...filtered, resourceMapping: [{ from: 'db', to: 'web' }] });
    expect(result).toMatchObject({ success: true });
    expect(await names('Logical_Switch')).toEqual(['other', 'web', 'web']);
    const said = await faults({ ...filtered, resourceMapping: [{ from: 'db', to: 'web' }] });
    for (const part of ['2 switch rows in the database are called "web": give the UUID', web, live])
      expect(said[0]).toContain(part);
    const again = await restore({ ...filtered, resourceMapping: [{ from: 'db', to: live }] });
    expect(again.result).toMatchObject({ success: true, restoredCount: 0 });
  });

  it('does not give one live row to two rows of the backup', async () => {
    const { id: backupId } = await backUp();
    const { phase, result } = await restore({ backupId, resourceMapping: [{ from: 'web', to: 'other' }] });
    expect([phase, result?.errors]).toEqual([
      'FAILED',
      [
        expect.objectContaining({
          code: 'CONFLICT',
          message: expect.stringContaining(
            'switch "other" of the backup is the live row that the mapping gives to another one',
          ) as string,
        }),
      ],
    ]);
    expect(compareDatabases(before, await dump())).toEqual([]);
  });

  it('is refused as a whole where an entry leads nowhere, before anything changes', async () => {
    const { id: backupId } = await backUp();
    await transact(api.ovsdb.remote, [{ op: 'insert', table: 'Logical_Switch', row: { name: 'db' } }]);
    const changed = await dump();
    const said = (
      await faults({
        backupId,
        resourceMapping: [
          { from: 'webb', to: 'other' },
          { from: 'web', to: 'nowhere' },
          { from: 'web', to: 'db' },
        ],
      })
    ).join('\n');
    for (const part of ['webb', 'nowhere', 'db']) expect(said).toContain(part);
    expect(
      await faults({ backupId, conflictPolicy: 'RENAME', resourceMapping: [{ from: 'web', to: 'other' }] }),
    ).toEqual(['resourceMapping: puts rows into live ones, and RENAME makes copies beside them: use one of the two']);
    expect(compareDatabases(changed, await dump())).toEqual([]);
  });
});

describe('sync', () => {
  it('waits for northd, and tells how long the network took', async () => {
    await using northd = await startNorthd(api.ovsdb);
    await nb('init');
    await northd.synced();
    const { id: backupId } = await backUp();
    await nb('ls-del', 'web');
    const { result } = await restore({ backupId, sync: 'SB' });
    expect(result).toMatchObject({ success: true, warnings: [] });
    expect(result?.convergenceSeconds).toBeGreaterThan(0);
    expect((await northd.datapaths()).size).toBe(4);
    expect((await restore({ backupId, sync: 'SB' })).result?.convergenceSeconds).toBeNull();
  });

  it('says that nobody took it over, and that the restore is in the database', async () => {
    await nb('init');
    await api.stop();
    api = await startApiServer({ env: { OVNCP_SYNC_SECONDS_MAX: '1' } });
    await nb('init', '--', 'ls-add', 'web');
    const { id: backupId } = await backUp();
    await nb('ls-del', 'web');
    const { result, phase } = await restore({ backupId, sync: 'HV' });
    expect([phase, result?.success, result?.convergenceSeconds]).toEqual(['SUCCEEDED', true, null]);
    expect(result?.warnings).toEqual([expect.stringContaining('The restore is in the database, but') as string]);
  });
});
