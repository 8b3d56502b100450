/**
 * Servers that have a copy of the database: relays (`ovsdb-server relay:...`), which go on serving what they knew when
 * their source is gone, and standbys (`--sync-from`), which take no writes.
 */
import {
  CreateBackupDocument,
  ListDatabasesDocument,
  RestoreBackupDocument,
  type RestoreResultFieldsFragment,
} from '../../support/clients/generated/graphql.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl, type ServerOptions, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

const SMALL: ServerOptions = { database: databaseFile({ profile: 'small' }) };
const servers: TestServer[] = [];
const apis: TestApi[] = [];
afterEach(async () => {
  for (const api of apis.splice(0)) await api.stop();
  for (const server of servers.splice(0)) await server.stop();
});

async function serve(options: ServerOptions): Promise<TestServer> {
  const server = await startOvsdbServer(options);
  servers.push(server);
  return server;
}

/** Waits until the copy has a switch that is made in the original for that. */
async function untilCopied(from: TestServer, copy: TestServer): Promise<void> {
  await nbctl(from.remote, 'ls-add', 'copied');
  await until(async () => (await nbctl(copy.remote, '--no-leader-only', 'ls-list').catch(() => '')).includes('copied'));
}

/** A relay of a database, and the server that it copies. */
async function relayed(): Promise<{ readonly source: TestServer; readonly relay: TestServer }> {
  const source = await serve(SMALL);
  const relay = await serve({ relayOf: source.remote });
  await untilCopied(source, relay);
  return { source, relay };
}

async function standby(): Promise<{ readonly active: TestServer; readonly copy: TestServer }> {
  const active = await serve(SMALL);
  const copy = await serve({ standbyOf: active.remote });
  await untilCopied(active, copy);
  return { active, copy };
}

async function apiOf(...remotes: readonly TestServer[]): Promise<TestApi> {
  const api = await startApiServer({ env: { OVN_NB_DB: remotes.map(({ remote }) => remote).join(',') } });
  apis.push(api);
  await until(async () => (await statusOf(api)).connected);
  return api;
}

const statusOf = async (api: TestApi) => {
  const [database] = (await api.admin.run(ListDatabasesDocument)).databases;
  if (database === undefined) throw new Error('no database is configured');
  return database;
};
const readiness = async (api: TestApi): Promise<unknown> => (await fetch(`${api.url}/readyz`)).json();
const backUp = async (api: TestApi) =>
  (await api.admin.run(CreateBackupDocument, { input: { name: 'b' } })).createBackup;

async function restore(
  api: TestApi,
  input: { readonly backupId: string; readonly dryRun?: boolean },
): Promise<RestoreResultFieldsFragment> {
  const { restoreBackup } = await api.admin.run(RestoreBackupDocument, {
    input: { conflictPolicy: 'OVERWRITE', ...input },
  });
  if (restoreBackup.result === null) throw new Error('the restore has no result');
  return restoreBackup.result;
}

describe('a relay', () => {
  it('is backed up and restored through, as the database that it is', async () => {
    const { source, relay } = await relayed();
    const api = await apiOf(relay);
    const { id: backupId, warnings } = await backUp(api);
    expect(warnings).toEqual([]);
    await nbctl(source.remote, 'ls-del', 'copied');
    const { success, restoredCount } = await restore(api, { backupId });
    expect([success, restoredCount]).toEqual([true, 1]);
    expect(await nbctl(source.remote, 'ls-list')).toContain('copied');
    expect(await statusOf(api)).toMatchObject({ connected: true, clustered: false, readOnly: false });
  });

  // ovsdb-server gives a relay 30 s to find its source again before it says that it is lost
  it('that has lost its source is away: for readiness, for backups, for restores and for comparisons', async () => {
    const { source, relay } = await relayed();
    const api = await apiOf(relay);
    const { id: backupId } = await backUp(api);
    await nbctl(source.remote, 'ls-del', 'copied');
    await source.kill();
    await until(async () => !(await statusOf(api)).connected);
    const why = `${relay.remote}: is a relay that has lost its source`;
    expect(await readiness(api)).toMatchObject({ database: expect.stringContaining(why) });
    const rest = RestClient.of(api.admin);
    for (const [path, body] of [
      ['/api/v1/backups', { name: 'stale' }],
      [`/api/v1/backups/${backupId}/restore`, {}],
      [`/api/v1/backups/${backupId}/restore`, { dry_run: true }],
      ['/api/v1/diff', { from: { backup_id: backupId }, to: { database: 'northbound' } }],
    ] as const)
      expect(await rest.post(path, body)).toMatchObject({
        status: 503,
        body: { code: 'DATABASE_UNAVAILABLE', error: expect.stringContaining(why) },
      });
    await source.start();
    await until(async () => (await statusOf(api)).connected);
    expect((await restore(api, { backupId })).restoredCount).toBe(1);
  });

  it('that has lost its source is passed over where another remote is good', async () => {
    const { source, relay } = await relayed();
    const other = await serve(SMALL);
    const api = await apiOf(relay, other);
    const { id: backupId } = await backUp(api);
    await source.kill();
    // one more than the relay has
    await nbctl(other.remote, 'ls-add', 'other', '--', 'ls-add', 'one more');
    expect((await backUp(api)).rowCount).toBe(71);
    expect((await restore(api, { backupId })).restoredCount).toBe(1);
    expect(await nbctl(other.remote, 'ls-list')).toContain('copied');
  });
});

describe('a standby', () => {
  it('is backed up with a warning, and tells in the dry run that it takes no writes', async () => {
    const { copy } = await standby();
    const api = await apiOf(copy);
    const { id: backupId, warnings } = await backUp(api);
    expect(warnings).toEqual([expect.stringContaining(`${copy.remote}, which takes no writes, as a standby does`)]);
    expect(await statusOf(api)).toMatchObject({ connected: true, readOnly: true });
    expect(await readiness(api)).toMatchObject({ database: 'ok' });
    const dry = await restore(api, { backupId, dryRun: true });
    expect(dry.warnings).toEqual([expect.stringContaining(`${copy.remote} takes no writes: it is read-only`)]);
    const rest = RestClient.of(api.admin);
    expect(await rest.post(`/api/v1/backups/${backupId}/restore`, {})).toMatchObject({
      status: 503,
      body: {
        code: 'DATABASE_UNAVAILABLE',
        error: expect.stringContaining(`${copy.remote}: takes no writes: it is read-only, as a standby is`),
      },
    });
  });

  it('is passed over for the active server, wherever that stands in the list', async () => {
    const { active, copy } = await standby();
    const api = await apiOf(copy, active);
    expect(await statusOf(api)).toMatchObject({ readOnly: false });
    const { id: backupId, warnings } = await backUp(api);
    expect(warnings).toEqual([]);
    await nbctl(active.remote, 'ls-del', 'copied');
    expect((await restore(api, { backupId, dryRun: true })).warnings).toEqual([]);
    expect((await restore(api, { backupId })).restoredCount).toBe(1);
    expect(await nbctl(active.remote, 'ls-list')).toContain('copied');
  });

  it('takes writes once it is made the active server', async () => {
    const { active, copy } = await standby();
    const api = await apiOf(copy, active);
    const { id: backupId } = await backUp(api);
    await active.kill();
    await using control = await PlainClient.open(`unix:${copy.folder}/server.ctl`);
    await control.request('ovsdb-server/disconnect-active-ovsdb-server', []);
    await nbctl(copy.remote, 'ls-del', 'copied');
    expect((await restore(api, { backupId })).restoredCount).toBe(1);
    expect(await nbctl(copy.remote, 'ls-list')).toContain('copied');
  });
});
