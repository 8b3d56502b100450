/** Ids that name nothing: the answer says what they are instead, and which one is meant. */
import { RestClient } from '../../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';

const BACKUPS = '/api/v1/backups';

let api: TestApi;
let rest: RestClient;
let backup: { readonly id: string; readonly file: string };
beforeAll(async () => {
  api = await startApiServer();
  rest = RestClient.of(api.admin);
  backup = await made('nightly');
});
afterAll(() => api.stop());

async function made(name: string, more: object = {}): Promise<typeof backup> {
  const { body } = await rest.post(BACKUPS, { name, ...more });
  return body['backup'] as typeof backup;
}

async function notFound(path: string): Promise<unknown> {
  const { status, body } = await rest.get(path);
  expect(status).toBe(404);
  return body['error'];
}

it('says of a deleted backup that it was deleted', async () => {
  const { id } = await made('gone');
  await rest.send(`${BACKUPS}/${id}`, { method: 'DELETE' });
  expect(await notFound(`${BACKUPS}/${id}`)).toBe(
    `Backup not found: ${id}. It was made, and is not there any more: it was deleted, and the audit trail says by whom`,
  );
});

it('says which backup a job is about', async () => {
  await rest.post(`${BACKUPS}/validate`, { backup_id: backup.id });
  const [job] = (await rest.get('/api/v1/jobs?kind=verify')).body['jobs'] as { id: string }[];
  expect(await notFound(`${BACKUPS}/${job?.id ?? ''}`)).toContain(
    `That is the id of a job that is about backup ${backup.id}: give that id`,
  );
});

it('says of a job that made no backup which one has the same rows', async () => {
  const { status, body } = await rest.post(BACKUPS, { name: 'no change', only_if_changed: true });
  const told = expect.stringMatching(
    new RegExp(`^Nothing has changed since backup "nightly" of .* \\(${backup.id}\\), so no new one was made`),
  );
  expect([status, body]).toMatchObject([
    200,
    { message: told, backup: { id: backup.id, warnings: expect.arrayContaining([told]) } },
  ]);
  const [job] = (await rest.get('/api/v1/jobs?kind=backup')).body['jobs'] as { id: string; message: string }[];
  expect(job?.message).toEqual(told);
  expect(await notFound(`${BACKUPS}/${job?.id ?? ''}`)).toContain(
    `No backup was made, as nothing had changed since backup ${backup.id}: give that id`,
  );
});

it.each([
  ['its file', () => backup.file, () => `That is the file of backup ${backup.id}: give that id`],
  ['the path of its file', () => `/var/lib/${backup.file}`, () => `That is the file of backup ${backup.id}`],
  ['its name', () => 'nightly', () => `That is the name of backup ${backup.id}: give that id`],
  ['its first characters', () => backup.id.slice(0, 8), () => `That is the beginning of the id ${backup.id}`],
  ['capitals', () => backup.id.toUpperCase(), () => `There is ${backup.id}, in small letters`],
  ['nothing near', () => 'nowhere', () => 'List the backups to see which there are'],
])('says which backup is meant by %s', async (_what, given, told) => {
  expect(await notFound(`${BACKUPS}/${encodeURIComponent(given())}`)).toContain(
    `Backup not found: ${given()}. ${told()}`,
  );
});

it('says how many backups have the name', async () => {
  await made('twice');
  const { id } = await made('twice');
  expect(await notFound(`${BACKUPS}/twice`)).toContain(`That is the name of 2 backups, the newest of which is ${id}`);
});
