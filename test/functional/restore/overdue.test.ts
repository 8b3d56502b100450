/** A restore that nobody confirmed, while the database is away: what is told of it and of its undo. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Restore } from '../../../src/api/rest/restore/restore-answer.js';
import { CreateBackupDocument, GetRestoreDocument } from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { Door } from '../../support/servers/door.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

let folder: string;
let database: TestServer;
let door: Door;
let api: TestApi;
let rest: RestClient;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-door-'));
  database = await startOvsdbServer();
  await nbctl(database.remote, 'ls-add', 'web');
  door = await Door.open(join(folder, 'door.sock'), database.unixRemote);
  api = await startApiServer({ env: { OVN_NB_DB: door.remote } });
  rest = new RestClient(api.url, api.admin.token);
});
afterEach(async () => {
  await api.stop();
  await door[Symbol.asyncDispose]();
  await database.stop();
  await rm(folder, { recursive: true, force: true });
});

const get = async (id: string) => (await rest.get(`/api/v1/restores/${id}`)).body as Restore;
const post = async (path: string, body: unknown) => (await rest.post(path, body)).body as Restore;

it('says that the time is up, what keeps it from being undone, and who undoes it', async () => {
  const { createBackup } = await api.admin.run(CreateBackupDocument, { input: { name: 'b' } });
  await nbctl(database.remote, 'ls-add', 'made-since');
  const asked = { conflict_policy: 'overwrite', exact: true, confirm_within_seconds: 2 };
  const path = `/api/v1/backups/${createBackup.id}/restore`;
  const { restore_id: id } = await post(path, asked);
  door.leadTo('unix:/nowhere');
  const queued = await post(`${path}?wait=false`, { ...asked, queue: true });

  const overdue = await until(async () => {
    const restore = await get(id);
    return /could not be undone yet/.test(restore.progress.message) && restore;
  });
  const { restores } = (await rest.get('/api/v1/restores')).body as { readonly restores: readonly Restore[] };
  const undo = restores.find((restore) => restore.undo_of === id) as Restore;
  const told =
    /^It was not confirmed by [\d:TZ.-]+, and could not be undone yet: .+\. Restore [\da-f-]+ tries again until/;
  expect(overdue).toMatchObject({
    phase: 'awaiting_confirmation',
    success: true,
    progress: { seconds_left: 0, message: expect.stringMatching(told) },
    warnings: [expect.stringMatching(told)],
  });
  expect(overdue.warnings[0]).toContain(undo.restore_id);
  const { restore } = await api.admin.run(GetRestoreDocument, { id });
  expect(restore?.result?.warnings).toEqual(overdue.warnings);

  // nothing is known of how it ends; whoever starts it is the server
  expect(await get(undo.restore_id)).toMatchObject({
    undo_of: id,
    success: null,
    error_count: 0,
    errors: [],
    started_by: 'ovncp',
    finished_at: null,
  });
  expect((await get(queued.restore_id)).progress.message).toMatch(`and is being undone by restore ${undo.restore_id}`);
  const refused = (await rest.post(path, asked)).body;
  expect(refused).toMatchObject({ code: 'CONFLICT' });
  expect(refused['error']).toMatch(
    new RegExp(`was not confirmed by .+, and is being undone by restore ${undo.restore_id}: wait until`),
  );

  door.leadTo(database.unixRemote);
  const undone = await until(async () => {
    const ended = await get(id);
    return ended.phase === 'undone' && ended;
  });
  expect(undone.warnings.join()).not.toMatch(/could not be undone yet/);
  expect(
    await until(async () => ((await get(undo.restore_id)).success === null ? undefined : get(undo.restore_id))),
  ).toMatchObject({
    success: true,
    phase: 'succeeded',
    warnings: expect.not.arrayContaining([expect.stringMatching(/last try/)]),
  });
  const entries = await until(async () => {
    const { body: trail } = await rest.get('/api/v1/audit?action=undoRestore&result=OK');
    const found = trail['entries'] as readonly unknown[];
    return found.length === 0 ? undefined : found;
  });
  expect(entries).toMatchObject([{ subject: 'ovncp', target: { undo_of: id } }]);
});

it('says in a dry run that the restore itself would be refused, while another awaits its confirmation', async () => {
  const { createBackup } = await api.admin.run(CreateBackupDocument, { input: { name: 'b' } });
  const path = `/api/v1/backups/${createBackup.id}/restore`;
  await nbctl(database.remote, 'ls-add', 'made-before');
  const first = await post(path, { conflict_policy: 'overwrite', exact: true });
  await nbctl(database.remote, 'ls-add', 'made-since');
  const asked = { conflict_policy: 'overwrite', exact: true };
  const { restore_id: id } = await post(path, { ...asked, confirm_within_seconds: 3_600 });
  const warning = expect.stringMatching(
    `^Without a dry run this would be refused now. Restore ${id} of this database awaits its confirmation until`,
  );
  expect(await post(path, { dry_run: true })).toMatchObject({ success: true, warnings: [warning] });
  const undoFirst = await post(`/api/v1/restores/${first.restore_id}/undo`, { dry_run: true });
  expect(undoFirst.warnings).toEqual([warning]);
  // it would wait, or is the undo of the very one
  expect((await post(path, { dry_run: true, queue: true })).warnings).toEqual([]);
  expect((await post(`/api/v1/restores/${id}/undo`, { dry_run: true })).warnings).toEqual([]);
});
