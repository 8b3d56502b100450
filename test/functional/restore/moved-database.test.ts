/**
 * A restore into an empty database gives it what the database of the backup says of itself. If that one is configured
 * in its place while the restore awaits its confirmation, the undo waits for the database that the restore went into.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiClient } from '../../support/clients/api-client.js';
import {
  CreateBackupDocument,
  GetRestoreDocument,
  RestoreBackupDocument,
} from '../../support/clients/generated/graphql.js';
import { compareDatabases, dumpDatabase, rowCount } from '../../support/judge/judge.js';
import { serverEnvironment } from '../../support/servers/api-server.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { type ServerProcess, spawnServer } from '../../support/servers/server-process.js';
import { until } from '../../support/until.js';

let production: TestServer;
let empty: TestServer;
let folder: string;
beforeAll(async () => {
  [production, empty] = await Promise.all([startOvsdbServer(), startOvsdbServer()]);
  folder = await mkdtemp(join(tmpdir(), 'ovncp-moved-'));
  await nbctl(production.remote, 'init');
  await nbctl(production.remote, 'ls-add', 'web', '--', 'lsp-add', 'web', 'vm');
});
afterAll(async () => {
  await Promise.all([production.stop(), empty.stop()]);
  await rm(folder, { recursive: true, force: true });
});

async function serving(
  { remote }: TestServer,
  work: (admin: ApiClient, server: ServerProcess) => Promise<void>,
): Promise<void> {
  await using server = await spawnServer(serverEnvironment(remote, folder));
  await work(await server.listening(), server);
}

it('is undone in the database that it went into, and in no other that looks the same', async () => {
  let backupId = '';
  let id = '';
  await serving(production, async (admin) => {
    backupId = (await admin.run(CreateBackupDocument, { input: { name: 'of production' } })).createBackup.id;
  });
  await serving(empty, async (admin) => {
    const input = { backupId, confirmWithinSeconds: 1, exact: true, conflictPolicy: 'OVERWRITE' as const };
    const { restoreBackup } = await admin.run(RestoreBackupDocument, { input });
    expect(restoreBackup.phase).toBe('AWAITING_CONFIRMATION');
    ({ id } = restoreBackup);
  });
  const before = await dumpDatabase(production.remote);
  await serving(production, async (admin) => {
    const told = await until(async () => {
      const { restore } = await admin.run(GetRestoreDocument, { id });
      return restore?.result?.warnings.find((warning) => warning.includes('It may be a copy: nothing is changed'));
    });
    expect(told).toContain('undo the restore by hand');
    expect((await admin.run(GetRestoreDocument, { id })).restore?.phase).toBe('AWAITING_CONFIRMATION');
  });
  expect(compareDatabases(before, await dumpDatabase(production.remote))).toEqual([]);
  await serving(empty, async (admin) => {
    await until(async () => (await admin.run(GetRestoreDocument, { id })).restore?.phase === 'UNDONE');
  });
  expect(rowCount(await dumpDatabase(empty.remote))).toBe(0);
  expect(compareDatabases(before, await dumpDatabase(production.remote))).toEqual([]);
});
