/**
 * Imports and exports over the wire, in a process of its own: clients that hang up in the middle, a server that is
 * killed in the middle, and what a start finds afterwards. No listed backup is broken, and there is no file that
 * belongs to nothing.
 */
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { ApiClient } from '../../support/clients/api-client.js';
import {
  CreateBackupDocument,
  DeleteBackupDocument,
  ListBackupsDocument,
  ValidateBackupDocument,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { filesIn, serverEnvironment } from '../../support/servers/api-server.js';
import { startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { ensureBuilt, type ServerProcess, spawnServer } from '../../support/servers/server-process.js';
import { until } from '../../support/until.js';

const IMPORT = '/api/v1/backups/import';
/** Of the time that an import and an export take: where the server is killed. */
const SHARES = [0.2, 0.55, 0.9] as const;

let ovsdb: TestServer;
let folder: string;
let server: ServerProcess;
let admin: ApiClient;
let rest: RestClient;
/** The document of a backup of some megabytes. */
let document: Buffer;
let backupId: string;

async function start(): Promise<void> {
  server = await spawnServer(serverEnvironment(ovsdb.remote, folder));
  admin = await server.listening();
  rest = RestClient.of(admin);
}

beforeAll(async () => {
  await ensureBuilt();
  ovsdb = await startOvsdbServer({ database: databaseFile({ profile: 'k8s', rows: 10_000 }) });
  folder = await mkdtemp(join(tmpdir(), 'ovncp-transfer-'));
  await start();
  const { createBackup } = await admin.run(CreateBackupDocument, { input: { name: 'origin' } });
  backupId = createBackup.id;
  document = await readFile(join(folder, createBackup.file));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await ovsdb.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Ids of backups that were found whole since they were made. */
const foundWhole = new Set<string>();

/**
 * No listed backup is broken, and there is no file that belongs to nothing.
 * @param which NEW: a backup that was found whole before is not read again; a test ends with ALL, as what is broken does
 * not mend itself
 * @returns how many backups there are
 */
async function checkStore(which: 'NEW' | 'ALL' = 'ALL'): Promise<number> {
  const { nodes } = (await admin.run(ListBackupsDocument, { first: 50 })).backups;
  for (const { id } of nodes) {
    if (which === 'NEW' && foundWhole.has(id)) continue;
    expect((await admin.run(ValidateBackupDocument, { id })).validateBackup).toMatchObject({
      valid: true,
      contentChecked: true,
    });
    foundWhole.add(id);
  }
  const owned = new Set(nodes.flatMap(({ file }) => [file, `${file}.meta`]));
  expect((await filesIn(folder)).filter((name) => !owned.has(name) && !name.startsWith('audit'))).toEqual([]);
  return nodes.length;
}

/** Files of the folder that the server has open although they have no name any more. */
async function nameless(): Promise<number> {
  const descriptors = await readdir(`/proc/${server.pid}/fd`);
  const targets = await Promise.all(
    descriptors.map((descriptor) => readlink(`/proc/${server.pid}/fd/${descriptor}`).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith(folder) && target.endsWith('(deleted)')).length;
}

const spooling = async (): Promise<boolean> => (await readdir(folder)).some((name) => name.startsWith('.tmp-'));

/** Sends half a file and then nothing. @returns hangs up */
function halfUpload(): () => void {
  const upload = request(`${rest.url}${IMPORT}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rest.token ?? ''}`, 'content-length': document.length },
  });
  upload.on('error', () => undefined);
  upload.write(document.subarray(0, document.length >> 1));
  return () => void upload.destroy();
}

/** Begins to take a document and then takes no more. */
async function halfDownload(format: string): Promise<() => Promise<void>> {
  const response = await rest.fetch(`/api/v1/backups/${backupId}/export?format=${format}`);
  expect(response.status).toBe(200);
  const reader = response.body?.getReader();
  expect((await reader?.read())?.done).toBe(false);
  return async () => reader?.cancel();
}

it('a client that hangs up in the middle of its upload leaves nothing', async () => {
  const count = await checkStore('NEW');
  const hangUp = halfUpload();
  await until(spooling);
  hangUp();
  await until(async () => !(await spooling()));
  expect(await checkStore()).toBe(count);
});

it('a client that hangs up in the middle of its download leaves nothing, open files neither', async () => {
  const open = await nameless();
  for (const format of ['json', 'yaml', 'ovsdb']) {
    const hangUp = await halfDownload(format);
    expect(await nameless()).toBe(open + 1);
    await hangUp();
    await until(async () => (await nameless()) === open);
  }
  await checkStore();
});

it('a download that is taken to its end leaves no open file', async () => {
  const open = await nameless();
  const response = await rest.fetch(`/api/v1/backups/${backupId}/export`);
  expect(Number(response.headers.get('content-length'))).toBe(document.length);
  expect(Buffer.from(await response.arrayBuffer()).equals(document)).toBe(true);
  await until(async () => (await nameless()) === open);
});

describe('kill -9', () => {
  it('in the middle of an upload and of a download leaves nothing', async () => {
    const count = await checkStore('NEW');
    const hangUp = halfUpload();
    await until(spooling);
    const cancel = await halfDownload('yaml');
    await server.kill('SIGKILL');
    expect(await spooling()).toBe(true);
    hangUp();
    await cancel().catch(() => undefined);
    await start();
    expect(await checkStore()).toBe(count);
  });

  it('at any moment of an import and of an export leaves whole backups and nothing else', async () => {
    const packed = gzipSync(document);
    for (const share of SHARES) {
      const began = performance.now();
      const whole = await rest.fetch(IMPORT, { method: 'POST', body: packed });
      expect(whole.status).toBe(201);
      const { backup } = (await whole.json()) as { backup: { id: string } };
      await (await rest.fetch(`/api/v1/backups/${backupId}/export?format=ovsdb`)).arrayBuffer();
      const lastsMs = performance.now() - began;
      await admin.run(DeleteBackupDocument, { id: backup.id });
      const count = await checkStore('NEW');
      const answered = Promise.all([
        rest.fetch(IMPORT, { method: 'POST', body: packed }).then(
          ({ status }) => status === 201,
          () => false,
        ),
        rest
          .fetch(`/api/v1/backups/${backupId}/export?format=ovsdb`)
          .then((response) => response.arrayBuffer())
          .catch(() => undefined),
      ]);
      await delay(share * lastsMs);
      await server.kill('SIGKILL');
      const [imported] = await answered;
      await start();
      const after = await checkStore(share === SHARES.at(-1) ? 'ALL' : 'NEW');
      expect(after - count).toBeGreaterThanOrEqual(imported ? 1 : 0);
      expect(after - count).toBeLessThanOrEqual(1);
    }
  });
});
