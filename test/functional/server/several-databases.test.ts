/**
 * Several databases on one server: two Northbounds, an interconnection Northbound and an Open vSwitch. Each is backed
 * up, compared and restored by its id, a backup of one is restored into another, and one that is frozen or away
 * disturbs nobody.
 */
import { fileURLToPath } from 'node:url';
import {
  CreateBackupDocument,
  DiffDocument,
  ListDatabasesDocument,
  RestoreBackupDocument,
  StartBackupDocument,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { TestConfigFile } from '../../support/servers/configured.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

const schemaFile = (name: string): string =>
  fileURLToPath(new URL(`../../compat/other-schemas/${name}.ovsschema`, import.meta.url));

let north: TestServer;
let south: TestServer;
let ic: TestServer;
let vswitch: TestServer;
let file: TestConfigFile;
let api: TestApi;
let rest: RestClient;

beforeAll(async () => {
  [north, south, ic, vswitch] = await Promise.all([
    startOvsdbServer({ database: databaseFile({ profile: 'openstack', rows: 300 }) }),
    startOvsdbServer(),
    startOvsdbServer({ database: schemaFile('ovn-ic-nb.23.03') }),
    startOvsdbServer({ database: schemaFile('vswitch.3.1') }),
  ]);
  file = await TestConfigFile.make([
    { id: 'north', label: 'The north', remotes: north.remote, runtimeKeys: ['NB_Global.external_ids:beat'] },
    { id: 'south', remotes: south.remote, default: true },
    { id: 'ic', remotes: ic.remote, schema: 'OVN_IC_Northbound' },
    { id: 'host', remotes: vswitch.remote, schema: 'Open_vSwitch' },
    { id: 'nowhere', remotes: 'unix:/nowhere/nb.sock' },
  ]);
  api = await startApiServer({ env: { OVN_NB_DB: undefined, OVNCP_CONFIG: file.path } });
  rest = RestClient.of(api.admin);
  await nbctl(south.remote, 'init');
  const connected = async (): Promise<number> =>
    (await api.admin.run(ListDatabasesDocument)).databases.filter((database) => database.connected).length;
  await until(async () => (await connected()) === 4);
});
afterAll(async () => {
  await api.stop();
  await file[Symbol.asyncDispose]();
  await Promise.all([north, south, ic, vswitch].map((server) => server.stop()));
});

const backUp = async (database?: string) =>
  (
    await api.admin.run(CreateBackupDocument, {
      input: { name: `of ${database ?? 'the default'}`, database: database ?? null },
    })
  ).createBackup;

it('lists each with its label, and counts the rows of those that are there', async () => {
  const { databases } = await api.admin.run(ListDatabasesDocument);
  expect(databases.map(({ id, label, default: isDefault, schemaName }) => [id, label, isDefault, schemaName])).toEqual([
    ['north', 'The north', false, 'OVN_Northbound'],
    ['south', 'south', true, 'OVN_Northbound'],
    ['ic', 'ic', false, 'OVN_IC_Northbound'],
    ['host', 'host', false, 'Open_vSwitch'],
    ['nowhere', 'nowhere', false, 'OVN_Northbound'],
  ]);
  expect(databases[0]?.rowCount).toBeGreaterThan(100);
  expect(databases[4]).toMatchObject({ connected: false, rowCount: null, tables: [], lastBackup: null });
  const one = await rest.get('/api/v1/databases/nowhere');
  expect(one.body).toMatchObject({ id: 'nowhere', connected: false, row_count: null, tables: {} });
  const missing = await rest.get('/api/v1/databases/none');
  expect(missing.body).toMatchObject({
    code: 'NOT_FOUND',
    error: 'Database not found: "none". Configured here: north, south, ic, host, nowhere',
  });
});

it('is ready while one answers, and says which do', async () => {
  const ready = await fetch(`${api.url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    200,
    {
      status: 'ok',
      database: 'ok',
      databases: {
        north: 'ok',
        south: 'ok',
        ic: 'ok',
        host: 'ok',
        nowhere: expect.stringMatching(/cannot be reached/),
      },
      store: 'ok',
    },
  ]);
});

it('backs each up under its id, the default one where none is named', async () => {
  const made = await Promise.all(['north', 'ic', 'host', undefined].map((id) => backUp(id)));
  expect(made.map(({ database, schemaName }) => [database, schemaName])).toEqual([
    ['north', 'OVN_Northbound'],
    ['ic', 'OVN_IC_Northbound'],
    ['host', 'Open_vSwitch'],
    ['south', 'OVN_Northbound'],
  ]);
  const { databases } = await api.admin.run(ListDatabasesDocument);
  expect(databases.map(({ lastBackup }) => lastBackup?.id)).toEqual([
    made[0]?.id,
    made[3]?.id,
    made[1]?.id,
    made[2]?.id,
    undefined,
  ]);
  const jobs = await rest.get('/api/v1/jobs?database=ic');
  expect(jobs.body).toMatchObject({ jobs: [{ database: 'ic', kind: 'backup' }], total: 1 });
  const backups = await rest.get('/api/v1/backups?database=host');
  expect(backups.body).toMatchObject({ backups: [{ database: 'host' }], total: 1 });
});

it('says of one that is away which it is, and what to look at', async () => {
  const refused = await api.admin.send(CreateBackupDocument, { input: { name: 'no', database: 'nowhere' } });
  expect(refused.errors[0]?.message).toMatch(
    /^The database nowhere is unavailable: .*what stands for remotes of nowhere in .*ovncp.yaml is right$/,
  );
});

it('restores a backup of one into another, by GraphQL and by REST, with a mapping', async () => {
  const { id } = await backUp('north');
  const { restoreBackup } = await api.admin.run(RestoreBackupDocument, {
    input: { backupId: id, database: 'south', conflictPolicy: 'OVERWRITE', exact: true, force: true },
  });
  expect(restoreBackup).toMatchObject({ database: 'south', phase: 'SUCCEEDED', result: { success: true } });
  expect(restoreBackup.result?.warnings).toContainEqual(
    expect.stringMatching(/^The backup is of database north; it is restored into south/),
  );
  const { diff } = await api.admin.run(DiffDocument, { from: { backupId: id }, to: { database: 'south' } });
  expect(diff).toMatchObject({ identical: true });
  const names = (await nbctl(south.remote, '--bare', '--columns=name', 'list', 'Logical_Switch')).split(/\s+/);
  const [first = ''] = names.filter((name) => name !== '').sort();
  await nbctl(south.remote, 'set', 'Logical_Switch', first, 'name=renamed', 'external_ids={}');
  const mapped = await rest.post(`/api/v1/backups/${id}/restore`, {
    database: 'south',
    conflict_policy: 'overwrite',
    resource_mapping: { [first]: 'renamed' },
  });
  expect(mapped.body).toMatchObject({ success: true, database: 'south' });
  expect(await nbctl(south.remote, '--bare', '--columns=name', 'find', 'Logical_Switch', 'name=renamed')).toMatch(
    /renamed/,
  );
  const { databases } = await api.admin.run(ListDatabasesDocument);
  expect(databases.map(({ lastRestore }) => lastRestore?.id)).toEqual([
    undefined,
    mapped.body['restore_id'],
    undefined,
    undefined,
    undefined,
  ]);
  const wrong = await rest.post(`/api/v1/backups/${id}/restore`, { database: 'ic' });
  expect(wrong.body).toMatchObject({
    code: 'BAD_USER_INPUT',
    error: 'The backup is of a database OVN_Northbound; it cannot be restored into OVN_IC_Northbound',
  });
});

it('knows a key as runtime state only in the database that says so', async () => {
  const both = await Promise.all(['north', 'south'].map((id) => backUp(id)));
  for (const server of [north, south]) await nbctl(server.remote, 'set', 'NB_Global', '.', 'external_ids:beat=1');
  const identical = await Promise.all(
    both.map(
      async ({ id, database }) =>
        (await api.admin.run(DiffDocument, { from: { backupId: id }, to: { database } })).diff.identical,
    ),
  );
  expect(identical).toEqual([true, false]);
});

it('imports a file into the database that it is of', async () => {
  const { id } = await backUp('ic');
  const document = await (await rest.fetch(`/api/v1/backups/${id}/export`)).text();
  const imported = await rest.post('/api/v1/backups/import', { format: 'json', data: document });
  expect(imported.body).toMatchObject({ backup: { database: 'ic', schema_name: 'OVN_IC_Northbound' } });
  const of = (name: string) => document.replace('"database":"ic"', `"database":"${name}"`);
  const unknown = await rest.post('/api/v1/backups/import', { format: 'json', data: of('gone') });
  expect(unknown.body).toMatchObject({ backup: { database: 'ic' } });
});

it('has a label for the database in every metric of one', async () => {
  const text = await (await fetch(`${api.url}/metrics`)).text();
  expect(text).toMatch(/^ovncp_database_connected\{database="nowhere"\} 0$/m);
  expect(text).toMatch(/^ovncp_database_connected\{database="host"\} 1$/m);
});

it('lets a frozen database take neither turns nor answers of the others', async () => {
  process.kill(north.pid, 'SIGSTOP');
  try {
    for (let i = 0; i < 12; i++)
      await api.admin.run(StartBackupDocument, { input: { name: 'hangs', database: 'north' } });
    const made = await Promise.all(['south', 'ic', 'host'].map((id) => backUp(id)));
    expect(made.map(({ database }) => database)).toEqual(['south', 'ic', 'host']);
    const { restoreBackup } = await api.admin.run(RestoreBackupDocument, {
      input: { backupId: made[0]?.id ?? '', conflictPolicy: 'OVERWRITE', confirmWithinSeconds: 600 },
    });
    expect(restoreBackup.phase).toBe('SUCCEEDED');
    const { databases } = await api.admin.run(ListDatabasesDocument);
    expect(databases.map(({ rowCount }) => rowCount !== null)).toEqual([false, true, true, true, false]);
  } finally {
    process.kill(north.pid, 'SIGCONT');
  }
});
