/** What RENAME does to live rows, and what it says of that; and what becomes of rows that a filter pulls in. */
import {
  CreateBackupDocument,
  RestoreBackupDocument,
  type RestoreBackupInput,
  type RestoreResultFieldsFragment,
} from '../../support/clients/generated/graphql.js';
import { emptyDatabase } from '../../support/judge/judge.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(async () => {
  await api.stop();
});
beforeEach(async () => {
  await emptyDatabase(api.ovsdb.remote);
});

const nb = async (commands: string): Promise<string> =>
  (await nbctl(api.ovsdb.remote, ...commands.trim().split(/\s+/))).trim();
/** Names of a table's rows, those of copies without their time. */
const names = async (table: string): Promise<readonly string[]> =>
  (await nb(`--bare --no-headings --columns=name list ${table}`))
    .split(/\s+/)
    .filter((name) => name !== '')
    .map((name) => name.replace(/_restored_\d+$/, '+'))
    .sort();

async function rename(input: Omit<RestoreBackupInput, 'conflictPolicy'>): Promise<RestoreResultFieldsFragment> {
  const { result } = (await api.admin.run(RestoreBackupDocument, { input: { ...input, conflictPolicy: 'RENAME' } }))
    .restoreBackup;
  if (result === null || result === undefined) throw new Error('a restore without a result');
  return result;
}

async function backUp(): Promise<string> {
  return (await api.admin.run(CreateBackupDocument, { input: { name: 'copies' } })).createBackup.id;
}

describe('RENAME', () => {
  it('puts a port that comes back with its switch into its live port group, and names the group', async () => {
    await nb('ls-add sw1 -- lsp-add sw1 p1 -- ls-add sw2 -- lsp-add sw2 p2 -- pg-add pg p1 p2');
    const backupId = await backUp();
    await nb('ls-del sw1');
    const { warnings } = await rename({ backupId, restoreFilter: { switches: ['sw1'] } });
    expect(warnings.filter((text) => text.includes('live row'))).toEqual([
      '1 live row gets references to what comes back under its own name, and is left alone otherwise: port group "pg"',
    ]);
    expect(await nb('get Port_Group pg ports')).toContain(await nb('get Logical_Switch_Port p1 _uuid'));
  });

  it('touches no live row where nothing comes back under its own name', async () => {
    await nb('ls-add sw1 -- lsp-add sw1 p1 -- lsp-add sw1 p2 -- pg-add pg p1 p2');
    const backupId = await backUp();
    const p2 = await nb('get Logical_Switch_Port p2 _uuid');
    await nb('pg-set-ports pg p2');
    const { warnings, success } = await rename({ backupId });
    expect([success, warnings.filter((text) => text.includes('live row'))]).toEqual([true, []]);
    expect(await nb('get Port_Group pg ports')).toBe(`[${p2}]`);
    expect(await names('Port_Group')).toEqual(['pg', 'pg+']);
  });

  it('copies what a filter pulls in, so that the copy leads to nothing live', async () => {
    await nb(
      'lr-add r1 -- lrp-add r1 rp1 00:00:00:00:00:01 10.0.0.1/24 -- lrp-add r1 rp2 00:00:00:00:00:02 10.0.1.1/24 -- ' +
        'ls-add sw1 -- lsp-add sw1 p1 -- lsp-set-type p1 router -- lsp-set-options p1 router-port=rp1 -- ' +
        'lsp-add sw1 vm1 -- pg-add pg vm1 -- lb-add lb1 30.0.0.1:80 10.0.0.9:80 -- ls-lb-add sw1 lb1',
    );
    const backupId = await backUp();
    const { success } = await rename({ backupId, restoreFilter: { switches: ['sw1'] } });
    expect(success).toBe(true);
    expect(await names('Logical_Switch')).toEqual(['sw1', 'sw1+']);
    expect(await names('Logical_Router')).toEqual(['r1', 'r1+']);
    expect(await names('Logical_Router_Port')).toEqual(['rp1', 'rp1+', 'rp2']);
    expect(await names('Port_Group')).toEqual(['pg', 'pg+']);
    expect(await names('Load_Balancer')).toEqual(['lb1', 'lb1+']);
  });
});

describe('rows that a filter pulls in', () => {
  beforeEach(() =>
    nb(
      'lr-add edge -- lr-add other -- lb-add shared 30.0.0.1:80 10.0.0.9:80 -- lr-lb-add edge shared -- ' +
        'lr-lb-add other shared',
    ),
  );
  const restore = async (conflictPolicy: 'SKIP' | 'OVERWRITE', dryRun: boolean): Promise<readonly string[]> => {
    const backupId = await backUp();
    await nb('lr-del edge -- set Load_Balancer shared vips:"30.0.0.1:80"="10.0.0.99:80"');
    const input = { backupId, conflictPolicy, dryRun, restoreFilter: { routers: ['edge'] } };
    const { result } = (await api.admin.run(RestoreBackupDocument, { input })).restoreBackup;
    expect(result).toMatchObject({ success: true, pulledIn: [{ label: 'load balancer "shared"' }] });
    return result?.warnings ?? [];
  };

  it.each([true, false])('names those that are changed back (dry run: %s)', async (dryRun) => {
    expect(await restore('OVERWRITE', dryRun)).toEqual([
      '1 row that nobody named is changed back too, and others may use it: load balancer "shared" (vips)',
    ]);
  });

  it('leaves them as they are with SKIP, and says so', async () => {
    expect(await restore('SKIP', false)).toEqual([expect.stringContaining('load balancer "shared"')]);
    expect(await nb('get Load_Balancer shared vips')).toContain('10.0.0.99:80');
  });
});
