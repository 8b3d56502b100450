/** A server that is killed in the middle of a drill: neither its programs nor its folder are there after the next start. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiClient } from '../../support/clients/api-client.js';
import {
  CreateBackupDocument,
  DrillBackupDocument,
  GetBackupJobDocument,
  GetDrillDocument,
} from '../../support/clients/generated/graphql.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { serverEnvironment } from '../../support/servers/api-server.js';
import { startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { drillFolders, programsIn } from '../../support/servers/scratch-programs.js';
import { type ServerProcess, spawnServer } from '../../support/servers/server-process.js';
import { until } from '../../support/until.js';

let ovsdb: TestServer;
let folder: string;
let server: ServerProcess;
let admin: ApiClient;
/** Programs that do not notice that the server is gone. */
const deaf: ChildProcess[] = [];

async function start(): Promise<void> {
  server = await spawnServer(serverEnvironment(ovsdb.remote, folder));
  admin = await server.listening();
}

beforeAll(async () => {
  ovsdb = await startOvsdbServer({ database: databaseFile({ profile: 'openstack', rows: 5_000 }) });
  folder = await mkdtemp(join(tmpdir(), 'ovncp-killed-'));
  await start();
});
afterAll(async () => {
  for (const program of deaf) program.kill('SIGKILL');
  await server[Symbol.asyncDispose]();
  await ovsdb.stop();
  await rm(folder, { recursive: true, force: true });
});

it('ends the programs at once, and removes the folder, and programs that are left, at the next start', async () => {
  const { createBackup } = await admin.run(CreateBackupDocument, { input: { name: 'drilled' } });
  const { drillBackup } = await admin.run(DrillBackupDocument, { id: createBackup.id, wait: false });
  await until(async () => (await programsIn(folder)).some((line) => line.includes('ovn-northd')));
  const [scratch = ''] = await drillFolders(folder);
  await server.kill('SIGKILL');
  await until(async () => (await programsIn(folder)).length === 0);
  expect(await drillFolders(folder)).toEqual([scratch]);

  const left = spawn('sleep', ['1000'], { argv0: `--pidfile=${scratch}/ovsdb-server.pid` });
  const others = spawn('tail', ['-f', join(scratch, 'backup.ovsschema')]);
  deaf.push(left, others);
  await until(async () => (await programsIn(folder)).length === 2);
  await start();
  await until(() => left.signalCode === 'SIGKILL');
  // what only looks at a file there is somebody else's
  expect(others.signalCode).toBeNull();
  others.kill();
  expect(await drillFolders(folder)).toEqual([]);
  const { drill } = await admin.run(GetDrillDocument, { id: drillBackup.id });
  expect(drill).toMatchObject({
    phase: 'FAILED',
    error: { code: 'CANCELLED' },
    finishedAt: expect.any(String) as string,
  });
  const { backupJob } = await admin.run(GetBackupJobDocument, { id: drillBackup.id });
  expect(backupJob).toMatchObject({ kind: 'DRILL', phase: 'FAILED' });
});

it('ends a drill that runs when the server is told to stop', async () => {
  const { createBackup } = await admin.run(CreateBackupDocument, { input: { name: 'drilled' } });
  await server.kill('SIGTERM');
  server = await spawnServer({ ...serverEnvironment(ovsdb.remote, folder), OVNCP_DRAIN_SECONDS_MAX: '1' });
  admin = await server.listening();
  const { drillBackup } = await admin.run(DrillBackupDocument, { id: createBackup.id, wait: false });
  await until(async () => (await programsIn(folder)).some((line) => line.includes('ovn-northd')));
  await server.kill('SIGTERM');
  expect(await programsIn(folder)).toEqual([]);
  expect(await drillFolders(folder)).toEqual([]);
  await start();
  const { drill } = await admin.run(GetDrillDocument, { id: drillBackup.id });
  expect(drill).toMatchObject({ phase: 'FAILED', error: { code: 'SHUTTING_DOWN' } });
});
