/** SIGHUP: databases are added, moved, described anew and taken away while the server runs, and no restore is forgotten. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiClient } from '../../support/clients/api-client.js';
import {
  CreateBackupDocument,
  GetRestoreDocument,
  ListDatabasesDocument,
  RestoreBackupDocument,
  UndoRestoreDocument,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { serverEnvironment } from '../../support/servers/api-server.js';
import { TestConfigFile } from '../../support/servers/configured.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { type ServerProcess, spawnServer } from '../../support/servers/server-process.js';
import { until } from '../../support/until.js';

let north: TestServer;
let south: TestServer;
let folder: string;
let file: TestConfigFile;
let server: ServerProcess;
let client: ApiClient;

const northEntry = () => ({ id: 'north', label: 'The north', remotes: north.remote });
const southEntry = () => ({ id: 'south', remotes: south.remote });

beforeAll(async () => {
  [north, south] = await Promise.all([startOvsdbServer(), startOvsdbServer()]);
  for (const { remote } of [north, south]) await nbctl(remote, 'ls-add', 'web');
  folder = await mkdtemp(join(tmpdir(), 'ovncp-reload-'));
  file = await TestConfigFile.make([northEntry(), southEntry()]);
  await start();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await file[Symbol.asyncDispose]();
  await Promise.all([north, south].map((database) => database.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const { OVN_NB_DB: _unset, ...env } = serverEnvironment('', folder);
  server = await spawnServer({ ...env, OVNCP_CONFIG: file.path });
  client = await server.listening();
}

/** Sends the signal, and gives the line of the log with this message. */
async function hangUp(message: RegExp): Promise<Readonly<Record<string, unknown>>> {
  server.takeStdout();
  process.kill(server.pid, 'SIGHUP');
  return logged(message);
}

function logged(message: RegExp): Promise<Readonly<Record<string, unknown>>> {
  return until(() => {
    const lines = server.stdout.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    return lines
      .map((line) => JSON.parse(line) as { readonly msg?: string })
      .find(({ msg }) => message.test(msg ?? ''));
  });
}

const idsNow = async (): Promise<readonly string[]> =>
  (await client.run(ListDatabasesDocument)).databases.map(({ id }) => id);
const connected = (id: string): Promise<boolean> =>
  until(
    async () => (await client.run(ListDatabasesDocument)).databases.find((one) => one.id === id)?.connected === true,
  );
const backUp = async (database: string): Promise<string> =>
  (await client.run(CreateBackupDocument, { input: { name: `of ${database}`, database } })).createBackup.id;

/** A restore into the south that changes it back, and awaits its confirmation. */
async function awaiting(backupId: string, confirmWithinSeconds: number): Promise<string> {
  await nbctl(south.remote, 'ls-add', 'later');
  const input = { backupId, conflictPolicy: 'OVERWRITE', exact: true, confirmWithinSeconds } as const;
  const { restoreBackup } = await client.run(RestoreBackupDocument, { input });
  expect(restoreBackup.phase).toBe('AWAITING_CONFIRMATION');
  expect(await nbctl(south.remote, '--bare', '--columns=name', 'list', 'Logical_Switch')).not.toMatch(/later/);
  return restoreBackup.id;
}

it('takes up a label and another address, and names what has to wait for the next start', async () => {
  await Promise.all(['north', 'south'].map((id) => connected(id)));
  const other = await startOvsdbServer();
  try {
    await file.write(
      [
        { ...northEntry(), label: 'Frankfurt' },
        { ...southEntry(), remotes: other.remote },
      ],
      { port: 1 },
    );
    expect(await hangUp(/was read again/)).toMatchObject({
      added: [],
      removed: [],
      moved: ['south'],
      changed: ['north'],
    });
    // the environment has the port
    expect(server.stdout).not.toMatch(/take effect at the next start/);
    await connected('south');
    const { databases } = await client.run(ListDatabasesDocument);
    expect(databases.map(({ label, remotes }) => [label, remotes])).toEqual([
      ['Frankfurt', [north.remote]],
      ['south', [other.remote]],
    ]);
    await file.write([northEntry(), southEntry()], { stepRowsMax: 7, corsOrigins: ['https://a.example'] });
    await hangUp(/was read again/);
    expect(await logged(/take effect at the next start/)).toMatchObject({ settings: ['corsOrigins', 'stepRowsMax'] });
    await connected('south');
  } finally {
    await other.stop();
  }
});

it('changes nothing for a broken file, and says what is wrong with it', async () => {
  await file.write([northEntry(), { ...southEntry(), id: 'North' }]);
  const { faults } = await hangUp(/is broken/);
  expect(faults).toEqual([expect.stringMatching(/ovncp\.yaml:9:13: databases\[1\]\.id: "North" is not an id/)]);
  expect(await idsNow()).toEqual(['north', 'south']);
});

it('changes nothing for a file that has lost its list of databases, as one that is half written', async () => {
  await writeFile(file.path, 'port: 4000\n');
  const { faults } = await hangUp(/is broken/);
  expect(faults).toEqual([
    `${file.path}: databases: is not there any more; list them again (until now: north, south), or start the server ` +
      'anew to use the one database of the variables',
  ]);
  expect(await idsNow()).toEqual(['north', 'south']);
});

it('takes up a new database, and lets go of one that is gone only when no restore holds it', async () => {
  const backupId = await backUp('south');
  const restoreId = await awaiting(backupId, 600);
  await file.write([northEntry(), { id: 'east', remotes: 'unix:/nowhere/nb.sock' }]);
  const held = await hangUp(/is not configured any more/);
  expect(held).toMatchObject({ database: 'south', restores: [restoreId] });
  expect(await logged(/was read again/)).toMatchObject({ added: ['east'], removed: ['south'] });
  expect(await idsNow()).toEqual(['north', 'east']);
  const refused = await client.send(CreateBackupDocument, { input: { name: 'no', database: 'south' } });
  expect(refused.errors[0]?.message).toBe('Database not found: "south". Configured here: north, east');
  const { undoRestore } = await client.run(UndoRestoreDocument, { id: restoreId });
  expect(undoRestore).toMatchObject({ phase: 'SUCCEEDED', database: 'south' });
  expect(await nbctl(south.remote, '--bare', '--columns=name', 'list', 'Logical_Switch')).toMatch(/later/);
  expect(await logged(/client of a database that is not configured any more was ended/)).toMatchObject({
    database: 'south',
  });
  const again = await client.send(UndoRestoreDocument, { id: undoRestore.id });
  expect(again.errors[0]?.message).toBe('Database not found: "south". Configured here: north, east');
});

it('keeps the backups of a database that is gone, and restores them into another', async () => {
  const rest = RestClient.of(client);
  const { body } = await rest.get('/api/v1/backups?database=south');
  expect(body).toMatchObject({ total: 1 });
  const [{ id }] = body['backups'] as [{ readonly id: string }];
  expect((await rest.fetch(`/api/v1/backups/${id}/export`)).status).toBe(200);
  expect((await rest.post(`/api/v1/backups/${id}/restore`, {})).body).toMatchObject({ code: 'NOT_FOUND' });
  expect((await rest.post(`/api/v1/backups/${id}/restore`, { database: 'north' })).body).toMatchObject({
    success: true,
    warnings: expect.arrayContaining(['The backup is of database south; it is restored into north']),
  });
});

it('undoes what was not confirmed in time once the database is configured again, also after a restart', async () => {
  await file.write([northEntry(), southEntry()]);
  await hangUp(/was read again/);
  await connected('south');
  await nbctl(south.remote, 'ls-del', 'later');
  const restoreId = await awaiting(await backUp('south'), 3);
  await server.kill('SIGKILL');
  await file.write([northEntry()]);
  await start();
  expect(await logged(/a restore waits for its database/)).toMatchObject({ database: 'south' });
  expect((await client.run(GetRestoreDocument, { id: restoreId })).restore?.phase).toBe('AWAITING_CONFIRMATION');
  await file.write([northEntry(), southEntry()]);
  await hangUp(/was read again/);
  // it looks again after half a minute
  await until(async () => (await client.run(GetRestoreDocument, { id: restoreId })).restore?.phase === 'UNDONE');
  expect(await nbctl(south.remote, '--bare', '--columns=name', 'list', 'Logical_Switch')).toMatch(/later/);
});
