/** The passphrase in the header X-Decryption-Key: taken wherever one passphrase is meant, and never passed over. */
import { RestClient } from '../../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';

const BACKUPS = '/api/v1/backups';
const KEY = 'the passphrase of this test';
const IN_HEADER = { 'x-decryption-key': KEY };

let api: TestApi;
let rest: RestClient;
let id: string;
beforeAll(async () => {
  api = await startApiServer();
  rest = RestClient.of(api.admin);
  const { body } = await rest.post(BACKUPS, { name: 'secret', encrypt: true, encryption_key: KEY });
  ({ id } = body['backup'] as { readonly id: string });
});
afterAll(() => api.stop());

const CALLS: readonly (readonly [string, () => string, () => object, object])[] = [
  ['validate', () => `${BACKUPS}/validate`, () => ({ backup_id: id }), { valid: true, content_checked: true }],
  ['restore', () => `${BACKUPS}/${id}/restore`, () => ({ dry_run: true }), { success: true }],
  ['drill', () => `${BACKUPS}/${id}/drill`, () => ({ northd: false }), { success: true }],
  ['a prepared export', () => `${BACKUPS}/${id}/export/prepare`, () => ({}), { url: expect.any(String) }],
];

it.each(CALLS)('is taken by %s', async (_what, path, body, answer) => {
  expect((await rest.post(path(), body(), IN_HEADER)).body).toMatchObject(answer);
  expect((await rest.post(path(), { ...body(), decryption_key: KEY }, IN_HEADER)).body).toMatchObject(answer);
});

it.each(CALLS)('is refused by %s where the body has another one', async (_what, path, body) => {
  const { status, body: answer } = await rest.post(path(), { ...body(), decryption_key: 'another one' }, IN_HEADER);
  expect([status, answer['error']]).toEqual([
    400,
    'The header X-Decryption-Key and decryption_key differ: send one of them',
  ]);
});

it('is refused by an import whose form has another one', async () => {
  const form = new FormData();
  form.set('file', new Blob([await (await rest.fetch(`${BACKUPS}/${id}/export?raw=true`)).arrayBuffer()]));
  form.set('decryption_key', 'another one');
  const { status, body } = await rest.post(`${BACKUPS}/import`, form, IN_HEADER);
  expect([status, body['error']]).toEqual([400, expect.stringContaining('decryption_key differ')]);
});

it.each([
  ['create', () => BACKUPS, () => ({ name: 'x' }), 'encryption_key in the body'],
  [
    'compare',
    () => '/api/v1/diff',
    () => ({ from: { backup_id: id }, to: { database: 'northbound' } }),
    'Give each as decryption_key beside its backup_id',
  ],
  ['verify', () => `${BACKUPS}/verify`, () => undefined, 'Give it to /api/v1/backups/validate'],
])('is refused by %s, which says where it belongs', async (_what, path, body, advice) => {
  const { status, body: answer } = await rest.post(path(), body(), IN_HEADER);
  expect([status, answer['error']]).toEqual([400, expect.stringContaining(advice)]);
});
