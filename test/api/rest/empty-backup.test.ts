/** A backup without any row: whoever makes, imports, validates or restores it is told, in both faces. */
import { CreateBackupDocument } from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

const BACKUPS = '/api/v1/backups';
const EMPTY = [expect.stringMatching(/^The backup has no rows at all: it brings nothing back/)];

let api: TestApi;
let rest: RestClient;
beforeAll(async () => {
  api = await startApiServer();
  rest = RestClient.of(api.admin);
});
afterAll(() => api.stop());

it('says so, and one with a row says nothing', async () => {
  const { createBackup } = await api.admin.run(CreateBackupDocument, { input: { name: 'empty', compress: true } });
  expect(createBackup).toMatchObject({ rowCount: 0, warnings: EMPTY });
  const { id } = createBackup;
  expect((await rest.send(`${BACKUPS}/${id}`)).body['warnings']).toEqual(EMPTY);
  expect((await rest.post(`${BACKUPS}/validate`, { backup_id: id })).body).toMatchObject({
    valid: true,
    warnings: EMPTY,
  });
  // ovn-nbctl makes the global row, too
  await nbctl(api.ovsdb.remote, 'ls-add', 'sw');
  const exact = { dry_run: true, conflict_policy: 'overwrite', exact: true };
  const { body } = await rest.post(`${BACKUPS}/${id}/restore`, exact);
  expect(body).toMatchObject({ success: true, deleted_count: 2, warnings: EMPTY });
  for (const format of ['json', 'yaml', 'ovsdb']) {
    const file = new Uint8Array(await (await rest.fetch(`${BACKUPS}/${id}/export?format=${format}`)).arrayBuffer());
    const imported = await rest.post(`${BACKUPS}/import`, file);
    expect([imported.status, imported.body['backup']]).toMatchObject([201, { row_count: 0, warnings: EMPTY }]);
  }
  const full = await rest.post(BACKUPS, { name: 'full' });
  expect(full.body['backup']).toMatchObject({ row_count: 2, warnings: [] });
});
