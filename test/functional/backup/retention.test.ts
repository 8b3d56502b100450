/** Retention at work: what a policy keeps and takes away of stored backups, pins, and the lines in the audit trail. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateBackupDocument,
  ExpireBackupsDocument,
  PinBackupDocument,
  ValidateBackupDocument,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { filesIn, startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

let api: TestApi;
let rest: RestClient;
beforeAll(async () => {
  api = await startApiServer();
  rest = RestClient.of(api.admin);
});
afterAll(() => api.stop());
beforeEach(async () => {
  const { body } = await rest.get('/api/v1/backups');
  for (const { id, pinned } of body['backups'] as readonly { readonly id: string; readonly pinned: boolean }[]) {
    if (pinned) await pin(id, false);
    await rest.fetch(`/api/v1/backups/${id}?cascade=delete`, { method: 'DELETE' });
  }
});

let count = 0;
async function make(input: object = {}): Promise<string> {
  await nbctl(api.ovsdb.remote, 'ls-add', `s${count++}`);
  return (await api.admin.run(CreateBackupDocument, { input: { name: `b${count}`, ...input } })).createBackup.id;
}
const pin = (id: string, pinned: boolean) => api.admin.run(PinBackupDocument, { id, pinned });
const validity = async (id: string) =>
  (await api.admin.run(ValidateBackupDocument, { id, decryptionKey: null })).validateBackup.valid;
const expire = async (variables: object) =>
  (await api.admin.run(ExpireBackupsDocument, { policy: { keepLast: 1 }, ...variables })).expireBackups;
const listed = async (): Promise<readonly string[]> =>
  ((await rest.get('/api/v1/backups')).body['backups'] as readonly { readonly id: string }[]).map(({ id }) => id);

it('says in a dry run what goes and what stays and why, and then does that, with a line for each', async () => {
  const [first, second, third, fourth] = [await make(), await make(), await make({ tags: ['keep'] }), await make()];
  await pin(second, true);
  const policy = { keepLast: 1, keepTags: ['keep'] };
  const dry = await expire({ policy });
  expect(dry).toMatchObject({ dryRun: true, expired: [{ id: first }] });
  expect(dry.kept.map(({ backup, reasons }) => [backup.id, reasons])).toEqual([
    [fourth, ['newest', 'last 1 of 1']],
    [third, ['tag "keep"']],
    [second, ['pinned']],
  ]);
  expect(await listed()).toHaveLength(4);
  const { bytesFreed, ...real } = await expire({ policy, dryRun: false });
  expect(real).toMatchObject({ dryRun: false, expired: [{ id: first }] });
  expect(bytesFreed).toBe(dry.bytesFreed);
  expect(await listed()).toEqual([fourth, third, second]);
  expect((await filesIn(api.folder)).filter((file) => file.endsWith('.meta') && /-\d{6}/.test(file))).toHaveLength(3);
  const { body } = await rest.get('/api/v1/audit?action=deleteBackup&limit=1');
  expect(body['entries']).toMatchObject([{ result: 'OK', target: { backup_id: first, name: 'b1' } }]);
  const { body: jobs } = await rest.get('/api/v1/jobs?kind=expire');
  expect(jobs['jobs']).toMatchObject([{ phase: 'succeeded', message: expect.stringMatching(/^1 backup is gone/) }]);
  // what is equal already begins no job
  expect(await expire({ policy, dryRun: false })).toMatchObject({ expired: [], bytesFreed: 0 });
});

it('takes away a chain from its end, and never what a kept one builds on', async () => {
  const full = await make();
  const links = [await make({ type: 'INCREMENTAL' }), await make({ type: 'INCREMENTAL' })];
  const kept = await expire({ dryRun: false });
  expect(kept.expired).toEqual([]);
  expect(kept.kept.map(({ reasons }) => reasons.at(-1))).toEqual([
    'last 1 of 1',
    expect.stringMatching(/^parent of "b/),
    expect.stringMatching(/^parent of "b/),
  ]);
  const next = await make();
  expect((await expire({ dryRun: false })).expired.map(({ id }) => id)).toEqual([...links].reverse().concat(full));
  expect(await listed()).toEqual([next]);
});

it('counts none that builds on a damaged one, however good it is itself', async () => {
  const good = await make();
  const full = await make();
  const [middle, link] = [await make({ type: 'INCREMENTAL' }), await make({ type: 'INCREMENTAL' })];
  expect(await validity(link)).toBe(true);
  const path = join(api.folder, (await rest.get(`/api/v1/backups/${full}`)).body['file'] as string);
  const bytes = await readFile(path);
  await writeFile(
    path,
    bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte)),
  );
  expect(await validity(full)).toBe(false);
  const { kept, expired } = await expire({ dryRun: false });
  expect(kept.map(({ backup, reasons }) => [backup.id, reasons])).toEqual([[good, ['newest', 'last 1 of 1']]]);
  expect(expired.map(({ id }) => id)).toEqual([link, middle, full]);
  expect(await listed()).toEqual([good]);
});

it('keeps the newest backup of the network, whatever is imported', async () => {
  const here = await make();
  const file = new Uint8Array(await (await rest.fetch(`/api/v1/backups/${here}/export`)).arrayBuffer());
  const brought: string[] = [];
  for (const name of ['x1', 'x2']) brought.push((await api.admin.importFile({ name }, { bytes: file })).id);
  const { kept, expired } = await expire({ dryRun: false });
  expect(kept.map(({ backup, reasons }) => [backup.id, reasons])).toEqual([
    [brought[1], ['newest', 'last 1 of 1']],
    [here, ['newest', 'last 1 of 1']],
  ]);
  expect(expired.map(({ id }) => id)).toEqual([brought[0]]);
});

it('leaves alone what the filter does not pick, and counts parts of a network by themselves', async () => {
  const [whole, part] = [await make(), await make({ resourceFilter: { switches: ['s0'] } })];
  const other = await make({ name: 'by hand' });
  const last = await make();
  const report = await expire({ filter: { nameContains: 'b' }, dryRun: false });
  expect(report.expired.map(({ id }) => id)).toEqual([other, whole]);
  expect(await listed()).toEqual([last, part]);
});

it('refuses to delete what is pinned, alone or with what it builds on, until it is unpinned', async () => {
  const full = await make();
  const link = await make({ type: 'INCREMENTAL' });
  const { status, body } = await rest.post(`/api/v1/backups/${link}/pin`, { pinned: true });
  expect([status, body]).toEqual([200, expect.objectContaining({ id: link, pinned: true })]);
  for (const path of [link, `${full}?cascade=delete`]) {
    const answer = await rest.send(`/api/v1/backups/${path}`, { method: 'DELETE' });
    expect(answer).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    expect(answer.body['error']).toMatch(/^Nothing is deleted: backup "b\d+" .* is pinned\. Unpin it first/);
  }
  expect(await listed()).toEqual([link, full]);
  await pin(link, false);
  expect((await rest.send(`/api/v1/backups/${link}`, { method: 'DELETE' })).status).toBe(200);
});
