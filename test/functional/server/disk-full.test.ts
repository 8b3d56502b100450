/**
 * A full disk. The server runs in a mount namespace of its own, where its backup folder is a small tmpfs; nobody has to
 * be root for that where user namespaces are allowed.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiClient, codeIn } from '../../support/clients/api-client.js';
import {
  CreateBackupDocument,
  DeleteBackupDocument,
  GetBackupJobDocument,
  ListBackupsDocument,
  RestoreBackupDocument,
  StartBackupDocument,
  ValidateBackupDocument,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { compareDatabases, dumpDatabase } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { filesIn, serverEnvironment } from '../../support/servers/api-server.js';
import { startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { type ServerProcess, spawnServer } from '../../support/servers/server-process.js';

const DISK = '1m';
const MOUNT = 'mount -t tmpfs -o "size=$1,mode=700" tmpfs "$2" && shift 2 && exec "$@"';

let ovsdb: TestServer;
let folder: string;
let server: ServerProcess;
let admin: ApiClient;
/** The small disk, seen from outside of the server's namespace. */
let disk: string;

beforeAll(async () => {
  ovsdb = await startOvsdbServer({ database: databaseFile({ profile: 'k8s', rows: 5_000 }) });
  folder = await mkdtemp(join(tmpdir(), 'ovncp-full-'));
  const namespaces = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
  server = await spawnServer(serverEnvironment(ovsdb.remote, folder), {
    wrapper: ['unshare', ...namespaces, 'sh', '-c', MOUNT, 'sh', DISK, folder],
  });
  admin = await server.listening();
  disk = `/proc/${server.pid}/root${folder}`;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await ovsdb.stop();
  await rm(folder, { recursive: true, force: true });
});

const listed = async (): Promise<number> => (await admin.run(ListBackupsDocument, {})).backups.totalCount;

it.each(['JSON', 'YAML', 'OVSDB'] as const)(
  'a %s backup that does not fit is STORE_FULL, is not listed, and leaves nothing',
  async (format) => {
    const answer = await admin.send(CreateBackupDocument, { input: { name: 'too large', format } });
    expect(codeIn(answer)).toBe('STORE_FULL');
    expect(answer.errors[0]?.message).toMatch(/full/);
    expect(await listed()).toBe(0);
    expect(await filesIn(disk)).toEqual([]);
  },
);

it('a job that does not fit ends in FAILED with STORE_FULL', async () => {
  const { startBackup } = await admin.run(StartBackupDocument, { input: { name: 'too large' } });
  for (;;) {
    const { backupJob } = await admin.run(GetBackupJobDocument, { id: startBackup.id });
    if (backupJob?.phase === 'FAILED') {
      expect(backupJob.error).toMatchObject({ code: 'STORE_FULL' });
      break;
    }
    expect(['QUEUED', 'CAPTURING', 'STORING']).toContain(backupJob?.phase);
  }
  expect(await filesIn(disk)).toEqual([]);
});

it('an import that does not fit is STORE_FULL and leaves nothing', async () => {
  expect(codeIn(await admin.sendFile({}, { bytes: Buffer.alloc(3 << 20, ' ') }))).toBe('STORE_FULL');
  expect(await filesIn(disk)).toEqual([]);
});

it('an export that does not fit is STORE_FULL, before a byte of it is sent, and leaves nothing', async () => {
  const { createBackup } = await admin.run(CreateBackupDocument, { input: { name: 'small', compress: true } });
  const rest = RestClient.of(admin);
  const files = await filesIn(disk);
  for (const format of ['json', 'yaml', 'ovsdb']) {
    const { status, body } = await rest.get(`/api/v1/backups/${createBackup.id}/export?format=${format}`);
    expect([status, body['code']]).toEqual([507, 'STORE_FULL']);
    expect(await filesIn(disk)).toEqual(files);
  }
  const raw = await rest.fetch(`/api/v1/backups/${createBackup.id}/export?raw=true`);
  expect(await raw.arrayBuffer()).toHaveProperty('byteLength', createBackup.size);
  await admin.run(DeleteBackupDocument, { id: createBackup.id });
});

it('the server goes on: what fits is stored, and on a disk that has become full it can be read, restored and deleted', async () => {
  const { createBackup } = await admin.run(CreateBackupDocument, { input: { name: 'fits', compress: true } });
  const before = await dumpDatabase(ovsdb.remote);
  await writeFile(join(disk, 'filler'), Buffer.alloc(1 << 20)).catch((error: unknown) => {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  });
  expect(await admin.codeOf(CreateBackupDocument, { input: { name: 'no more', compress: true } })).toBe('STORE_FULL');
  expect(await listed()).toBe(1);
  expect((await admin.run(ValidateBackupDocument, { id: createBackup.id })).validateBackup).toMatchObject({
    valid: true,
    contentChecked: true,
  });
  // without its record no restore begins: it could not be settled after a crash
  expect(await admin.codeOf(RestoreBackupDocument, { input: { backupId: createBackup.id } })).toBe('STORE_FULL');
  expect(compareDatabases(before, await dumpDatabase(ovsdb.remote))).toEqual([]);
  await admin.run(DeleteBackupDocument, { id: createBackup.id });
  await rm(join(disk, 'filler'));
  expect(await filesIn(disk)).toEqual([]);
  await admin.run(CreateBackupDocument, { input: { name: 'fits again', compress: true } });
  expect(await listed()).toBe(1);
});

it('a log that cannot be written holds nobody up, and the lost lines are counted', async () => {
  const other = await mkdtemp(join(tmpdir(), 'ovncp-full-log-'));
  await using logless = await spawnServer(
    { ...serverEnvironment(ovsdb.remote, other), LOG_LEVEL: 'debug' },
    { wrapper: ['sh', '-c', 'exec "$@" > /dev/full', 'sh'] },
  );
  const client = await logless.listening();
  await client.run(CreateBackupDocument, { input: { name: 'without a log' } });
  expect((await client.run(ListBackupsDocument, {})).backups.totalCount).toBe(1);
  const metrics = await (await fetch(`${client.url}/metrics`)).text();
  expect(Number(/^ovncp_log_lines_lost_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(2);
  expect(await logless.kill('SIGTERM')).toMatchObject({ code: 0 });
  await rm(other, { recursive: true, force: true });
});
