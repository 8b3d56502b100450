/** Exports that are prepared and then fetched without a token: once, and without a trace of the address. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AUDIT_FILE } from '../../../src/service/audit/trail-files.js';
import { CreateBackupDocument, PrepareExportDocument } from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { filesIn, startApiServer, type TestApi } from '../../support/servers/api-server.js';

const KEY = 'the passphrase of the download tests';
let api: TestApi;
let nobody: RestClient;
let plain: string;
let secret: string;

beforeAll(async () => {
  api = await startApiServer();
  nobody = new RestClient(api.url, undefined);
  const make = async (input: object): Promise<string> =>
    (await api.admin.run(CreateBackupDocument, { input: { name: 'd', ...input } })).createBackup.id;
  plain = await make({ compress: true });
  secret = await make({ encrypt: true, encryptionKey: KEY });
});
afterAll(() => api.stop());

async function prepare(variables: { backupId: string; [argument: string]: unknown }): Promise<string> {
  return (await api.admin.run(PrepareExportDocument, variables)).prepareExport.url;
}

it('hands out the document in the format asked for, without a token', async () => {
  const url = await prepare({ backupId: plain, format: 'YAML' });
  const answer = await nobody.fetch(url);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/yaml; charset=utf-8');
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="d-[\d-]+\.yaml"$/);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const exported = await RestClient.of(api.admin).fetch(`/api/v1/backups/${plain}/export?format=yaml`);
  expect(await answer.text()).toBe(await exported.text());
});

it('hands out the stored file as it is', async () => {
  const url = await prepare({ backupId: secret, raw: true });
  const bytes = Buffer.from(await (await nobody.fetch(url)).arrayBuffer());
  const stored = (await filesIn(api.folder)).find((file) => file.endsWith('.enc'));
  expect(bytes.equals(await readFile(join(api.folder, stored ?? '')))).toBe(true);
});

it('hands out a whole chain as one file, which comes back as a whole', async () => {
  const input = { name: 'd', type: 'INCREMENTAL', parentId: plain, compress: true } as const;
  const { id } = (await api.admin.run(CreateBackupDocument, { input })).createBackup;
  const answer = await nobody.fetch(await prepare({ backupId: id, chain: true }));
  expect(answer.headers.get('content-type')).toBe('application/x-tar');
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="d-[\d-]+\.tar"$/);
  const file = Buffer.from(await answer.arrayBuffer());
  const rest = RestClient.of(api.admin);
  const exported = await rest.fetch(`/api/v1/backups/${id}/export?chain=true&raw=true&format=yaml`);
  expect(exported.headers.get('content-type')).toBe('application/x-tar');
  expect(Buffer.from(await exported.arrayBuffer()).equals(file)).toBe(true);
  await rest.fetch(`/api/v1/backups/${id}`, { method: 'DELETE' });
  const { status, body } = await rest.post('/api/v1/backups/import', new Uint8Array(file));
  expect(status).toBe(201);
  expect(body['backup']).toMatchObject({ id, name: 'd', type: 'incremental', parent_id: plain, chain_length: 2 });
  const named = await rest.post('/api/v1/backups/import?name=x', new Uint8Array(file));
  expect(named).toMatchObject({ status: 400, body: { error: expect.stringMatching(/leave the name out$/) } });
});

it('decrypts with the key that came when it was prepared', async () => {
  const url = await prepare({ backupId: secret, decryptionKey: KEY });
  expect((await nobody.get(url)).body).toMatchObject({ format: 'ovncp-backup/1' });
});

it('is good for one download, also of two at once', async () => {
  const url = await prepare({ backupId: plain });
  const answers = await Promise.all([nobody.get(url), nobody.get(url)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
  const again = await nobody.get(url);
  expect(again).toMatchObject({
    status: 404,
    body: { code: 'NOT_FOUND', error: expect.stringMatching(/^Download not found: an address is good for one/) },
  });
});

it('refuses at once what could not be downloaded', async () => {
  expect(await api.admin.codeOf(PrepareExportDocument, { backupId: 'none' })).toBe('NOT_FOUND');
  expect(await api.admin.codeOf(PrepareExportDocument, { backupId: secret })).toBe('DECRYPTION_FAILED');
  expect(await api.admin.codeOf(PrepareExportDocument, { backupId: plain, decryptionKey: KEY })).toBe('BAD_USER_INPUT');
  const wrong = await api.admin.send(PrepareExportDocument, { backupId: secret, decryptionKey: 'another passphrase' });
  expect(wrong.errors).toMatchObject([{ extensions: { code: 'DECRYPTION_FAILED', reason: 'KEY_WRONG' } }]);
  const rest = await RestClient.of(api.admin).post(`/api/v1/backups/${secret}/export/prepare`, { decryption_key: 'x' });
  expect(rest).toMatchObject({ status: 422, body: { code: 'DECRYPTION_FAILED', reason: 'KEY_WRONG' } });
});

it('answers HEAD with what is to come, and is as good as before', async () => {
  const url = await prepare({ backupId: secret, decryptionKey: KEY, format: 'YAML' });
  const headers = [];
  for (const method of ['HEAD', 'HEAD', 'GET']) {
    const answer = await nobody.fetch(url, { method });
    expect(answer.status).toBe(200);
    headers.push(['content-type', 'content-disposition'].map((name) => answer.headers.get(name)));
    if (method === 'HEAD') expect(await answer.text()).toBe('');
  }
  expect(headers[0]).toEqual(headers[2]);
  expect(headers[1]).toEqual(headers[2]);
  expect((await nobody.fetch(url, { method: 'HEAD' })).status).toBe(404);
});

it('is prepared by REST in the same words', async () => {
  const rest = RestClient.of(api.admin);
  const { body } = await rest.post(`/api/v1/backups/${secret}/export/prepare`, { decryption_key: KEY });
  expect((await nobody.get(String(body['url']))).body).toMatchObject({ format: 'ovncp-backup/1' });
  const { body: refused } = await rest.post(`/api/v1/backups/${secret}/export/prepare`);
  const { errors } = await api.admin.send(PrepareExportDocument, { backupId: secret });
  expect(refused['error']).toBe(errors[0]?.message.replace('decryptionKey', 'decryption_key'));
});

it('has lines in the trail that name who prepared it, and no address anywhere', async () => {
  const url = await prepare({ backupId: plain });
  const id = url.split('/').at(-1) ?? '';
  // ways to write an address that lead nowhere
  for (const [path, method] of [
    [`/api/v1/Downloads/${id}`, 'GET'],
    [`/api/v1/downloads/${id}/`, 'GET'],
    [`/api/v1/%64ownloads/${id}/x`, 'GET'],
    [url, 'DELETE'],
  ] as const)
    expect((await nobody.send(path, { method })).status).toBe(method === 'DELETE' ? 405 : 404);
  expect((await nobody.fetch(url)).status).toBe(200);
  const trail = await readFile(join(api.folder, AUDIT_FILE), 'utf8');
  const lines = trail
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.slice(-2)).toMatchObject([
    { subject: 'tester', action: 'prepareExport', target: { backupId: plain }, via: 'GRAPHQL', result: 'OK' },
    { subject: 'tester', action: 'downloadExport', target: { backupId: plain }, via: 'REST', result: 'OK' },
  ]);
  for (const text of [trail, api.lines.join('\n')]) {
    expect(text).not.toContain(id);
    expect(text).not.toContain(KEY);
  }
});
