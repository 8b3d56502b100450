/** A database that hangs: its server is there, takes connections, and answers nothing. */
import {
  CreateBackupDocument,
  DiffDocument,
  StartBackupDocument,
  ValidateBackupDocument,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { until } from '../../support/until.js';

let api: TestApi;
let id: string;
beforeAll(async () => {
  api = await startApiServer({ database: databaseFile({ profile: 'openstack', rows: 300 }) });
  id = (await api.admin.run(CreateBackupDocument, { input: { name: 'stored' } })).createBackup.id;
});
afterAll(() => api.stop());

async function waiting(needs: string): Promise<number> {
  const text = await (await fetch(`${api.url}/metrics`)).text();
  return Number(new RegExp(`^ovncp_work_waiting\\{needs="${needs}"\\} (\\d+)$`, 'm').exec(text)?.[1]);
}

it('holds up nobody who needs only what is stored', async () => {
  const { pid } = api.ovsdb;
  process.kill(pid, 'SIGSTOP');
  try {
    // more than there are turns, and more than sessions are opened at one time
    for (let i = 0; i < 20; i++) await api.admin.run(StartBackupDocument, { input: { name: 'hangs' } });
    await until(async () => (await waiting('database')) > 0);
    const rest = RestClient.of(api.admin);
    const exported = await rest.fetch(`/api/v1/backups/${id}/export`);
    expect([exported.status, (await exported.json()) !== null]).toEqual([200, true]);
    expect((await api.admin.run(ValidateBackupDocument, { id })).validateBackup.valid).toBe(true);
    expect((await api.admin.sendFile({}, { bytes: await bytesOf(rest) })).errors).toEqual([]);
    const stored = { backupId: id };
    expect((await api.admin.run(DiffDocument, { from: stored, to: stored })).diff.identical).toBe(true);
    expect(await waiting('database')).toBeGreaterThan(0);
    expect(await waiting('store')).toBe(0);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  // whatever waited is made, now that it answers
  await until(async () => (await waiting('database')) === 0);
  expect(
    (await api.admin.run(CreateBackupDocument, { input: { name: 'again' } })).createBackup.rowCount,
  ).toBeGreaterThan(100);
});

async function bytesOf(rest: RestClient): Promise<Uint8Array> {
  return new Uint8Array(await (await rest.fetch(`/api/v1/backups/${id}/export`)).arrayBuffer());
}
