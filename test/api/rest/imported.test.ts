/** What an imported backup says of itself: that it was imported, and of when its rows are. */
import { readFile } from 'node:fs/promises';
import { CreateBackupDocument, GetBackupDocument } from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';

const BACKUPS = '/api/v1/backups';

let api: TestApi;
let rest: RestClient;
let made: { readonly id: string; readonly createdAt: string };
beforeAll(async () => {
  api = await startApiServer();
  rest = RestClient.of(api.admin);
  ({ createBackup: made } = await api.admin.run(CreateBackupDocument, { input: { name: 'nightly' } }));
});
afterAll(() => api.stop());

async function imported(query: string): Promise<Readonly<Record<string, string>>> {
  const file = new Uint8Array(await (await rest.fetch(`${BACKUPS}/${made.id}/export?${query}`)).arrayBuffer());
  const { status, body } = await rest.post(`${BACKUPS}/import`, file);
  expect(status).toBe(201);
  return body['backup'] as Record<string, string>;
}

it('is not imported where this server made it', async () => {
  const { body } = await rest.get(`${BACKUPS}/${made.id}`);
  expect(body).toMatchObject({ imported: false, created_at: made.createdAt, captured_at: made.createdAt });
});

it.each(['raw=true', 'format=yaml', 'format=ovsdb'])('keeps the time of its document (%s)', async (query) => {
  const { id = '', created_at: createdAt = '', ...rest } = await imported(query);
  expect(rest).toMatchObject({ imported: true, captured_at: made.createdAt });
  expect(createdAt > made.createdAt).toBe(true);
  const { backup } = await api.admin.run(GetBackupDocument, { id });
  expect(backup).toMatchObject({ imported: true, createdAt, capturedAt: made.createdAt });
});

it('says no time that its file does not', async () => {
  const file = await readFile(databaseFile({ profile: 'small' }));
  const { body } = await rest.post(`${BACKUPS}/import`, new Uint8Array(file));
  const { captured_at: capturedAt, created_at: createdAt } = body['backup'] as Record<string, string>;
  expect(capturedAt).toBe(createdAt);
});

it('believes no time that is later than its import', async () => {
  const text = await (await rest.fetch(`${BACKUPS}/${made.id}/export?raw=true`)).text();
  const { body } = await rest.post(`${BACKUPS}/import`, text.replace(made.createdAt, '2999-01-01T00:00:00.000Z'));
  const { captured_at: capturedAt, created_at: createdAt } = body['backup'] as Record<string, string>;
  expect(capturedAt).toBe(createdAt);
});
