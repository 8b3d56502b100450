/**
 * The audit trail of a server that is killed, runs out of disk, starts again, does something by itself; and `npm run
 * audit`.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, startApp } from '../../../src/app.js';
import { auditCommand } from '../../../src/cli/audit-command.js';
import { loadConfig } from '../../../src/config/config.js';
import { createLog } from '../../../src/lib/log.js';
import { type AuditEntry, readLine } from '../../../src/service/audit/audit-line.js';
import { checkTrail } from '../../../src/service/audit/chain-check.js';
import { AUDIT_FILE } from '../../../src/service/audit/trail-files.js';
import { ApiClient, codeIn, tokenWith } from '../../support/clients/api-client.js';
import {
  AuditCheckDocument,
  CreateBackupDocument,
  DeleteBackupDocument,
  ListRestoresDocument,
  RestoreBackupDocument,
  ValidateBackupDocument,
} from '../../support/clients/generated/graphql.js';
import { emptyDatabase } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { serverEnvironment } from '../../support/servers/api-server.js';
import { startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { ensureBuilt, spawnServer } from '../../support/servers/server-process.js';
import { until } from '../../support/until.js';

let ovsdb: TestServer;
let folder: string;
const folders: string[] = [];

beforeAll(async () => {
  await ensureBuilt();
  ovsdb = await startOvsdbServer({ database: databaseFile({ profile: 'small', rows: 100 }) });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-trail-'));
  folders.push(folder);
});
afterAll(async () => {
  await ovsdb.stop();
  for (const name of folders) await rm(name, { recursive: true, force: true });
});

async function entriesIn(path: string): Promise<readonly AuditEntry[]> {
  const text = await readFile(join(path, AUDIT_FILE), 'utf8');
  return text
    .split('\n')
    .map((line) => readLine(line)?.entry)
    .filter((entry) => entry !== undefined);
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<{ app: App; admin: ApiClient }> {
  const config = loadConfig({ ...serverEnvironment(ovsdb.remote, folder), ...env });
  const app = await startApp(config, createLog('silent'));
  const admin = new ApiClient(app.url, await tokenWith());
  await waitForReady(app.url);
  return { app, admin };
}

async function waitForReady(url: string): Promise<void> {
  await until(async () => (await fetch(`${url}/readyz`)).status === 200);
}

interface Run {
  readonly text: string;
  readonly intact: boolean | undefined;
}

/** The command, as `npm run audit` runs it. */
async function audit(...words: readonly string[]): Promise<Run> {
  let text = '';
  let intact: boolean | undefined;
  const take = (piece: string): void => void (text += piece);
  await auditCommand(
    { env: { BACKUP_PATH: folder }, out: take, say: take },
    (isIntact) => (intact = isIntact),
  ).parseAsync(['node', 'audit', ...words]);
  return { text, intact };
}

it('the trail of a server that is killed with calls under way is intact, and has every call that was answered', async () => {
  const env = { ...serverEnvironment(ovsdb.remote, folder), LOG_LEVEL: 'error' };
  for (let run = 0; run < 3; run++) {
    const server = await spawnServer(env);
    const admin = await server.listening();
    const answered: string[] = [];
    const calls = Array.from({ length: 20 }, async (_, worker) => {
      for (let n = 0; ; n++) {
        const id = `r${run}-w${worker}-${n}`;
        await admin.codeOf(DeleteBackupDocument, { id });
        answered.push(id);
      }
    });
    await until(() => answered.length >= 100);
    await server.kill('SIGKILL');
    await Promise.allSettled(calls);
    const entries = await entriesIn(folder);
    const told = new Set(entries.map(({ target }) => target?.backupId));
    expect(answered.length).toBeGreaterThanOrEqual(100);
    expect(answered.filter((id) => !told.has(id))).toEqual([]);
    expect((await checkTrail(folder)).faults).toEqual([]);
  }
  const starts = (await entriesIn(folder)).filter(({ action }) => action === 'serverStarted');
  expect(starts).toHaveLength(3);
});

describe('a full disk', () => {
  const MOUNT = 'mount -t tmpfs -o "size=$1,mode=700" tmpfs "$2" && shift 2 && exec "$@"';

  it('holds up what would change something, and nothing is missing from the trail afterwards', async () => {
    const namespaces = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
    await using server = await spawnServer(serverEnvironment(ovsdb.remote, folder), {
      wrapper: ['unshare', ...namespaces, 'sh', '-c', MOUNT, 'sh', '1m', folder],
    });
    const admin = await server.listening();
    await waitForReady(admin.url);
    const disk = `/proc/${server.pid}/root${folder}`;
    const {
      createBackup: { id },
    } = await admin.run(CreateBackupDocument, { input: { name: 'fits' } });
    await writeFile(join(disk, 'filler'), Buffer.alloc(1 << 20)).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    });
    // the last page of the file has room for some more lines
    let calls = 0;
    for (; calls < 50 && (await fetch(`${admin.url}/readyz`)).status === 200; calls++)
      expect(await admin.codeOf(DeleteBackupDocument, { id: `none-${calls}` })).toBe('NOT_FOUND');
    expect(await (await fetch(`${admin.url}/readyz`)).json()).toMatchObject({
      status: 'not ready',
      store: expect.stringContaining('full'),
    });
    const refused = await admin.send(CreateBackupDocument, { input: { name: 'no more' } });
    expect(codeIn(refused)).toBe('STORE_FULL');
    expect(refused.errors[0]?.message).toMatch(
      /^Nothing is changed while the audit trail cannot be written: The backup store is full/,
    );
    expect(await admin.codeOf(RestoreBackupDocument, { input: { backupId: id } })).toBe('STORE_FULL');
    // what changes nothing works, and what makes room
    expect((await admin.run(ValidateBackupDocument, { id })).validateBackup.valid).toBe(true);
    await admin.run(DeleteBackupDocument, { id });
    await rm(join(disk, 'filler'));
    await admin.run(CreateBackupDocument, { input: { name: 'fits again' } });
    expect((await fetch(`${admin.url}/readyz`)).status).toBe(200);
    const lines = (await entriesIn(disk)).slice(2).map(({ action, result }) => `${action} ${result}`);
    expect(lines.filter((line) => line !== 'deleteBackup NOT_FOUND')).toEqual([
      'createBackup STORE_FULL',
      'restoreBackup STORE_FULL',
      'validateBackup OK',
      'deleteBackup OK',
      'createBackup OK',
    ]);
    expect(lines.length - 5).toBe(calls);
    expect((await admin.run(AuditCheckDocument, {})).auditCheck.faults).toEqual([]);
    expect(server.stdout).toMatch(/the audit trail cannot be written/);
    expect(server.stdout).toMatch(/the audit trail can be written again/);
    await server.kill('SIGTERM');
  });
});

it('starting, making the first token and stopping are lines, and a restart goes on with the chain', async () => {
  for (let run = 0; run < 2; run++) {
    const { app } = await start({ OVNCP_JWT_SECRET: '' });
    await app.stop();
  }
  expect(
    (await entriesIn(folder)).map(({ seq, action, subject, via, result }) => [seq, action, subject, via, result]),
  ).toEqual([
    [1, 'serverStarted', 'ovncp', 'SERVER', 'OK'],
    [2, 'firstTokenMade', 'ovncp', 'SERVER', 'OK'],
    [3, 'serverStopped', 'ovncp', 'SERVER', 'OK'],
    [4, 'serverStarted', 'ovncp', 'SERVER', 'OK'],
    [5, 'serverStopped', 'ovncp', 'SERVER', 'OK'],
  ]);
  expect((await checkTrail(folder)).intact).toBe(true);
  expect(await readFile(join(folder, AUDIT_FILE), 'utf8')).not.toContain(
    (await readFile(join(folder, 'admin-token'), 'utf8')).trim(),
  );
});

it('a start that fails is told of', async () => {
  const { app } = await start();
  const port = new URL(app.url).port;
  const other = await mkdtemp(join(tmpdir(), 'ovncp-trail-'));
  folders.push(other);
  await expect(
    startApp(loadConfig({ ...serverEnvironment(ovsdb.remote, other), PORT: port }), createLog('silent')),
  ).rejects.toThrow(/is taken by another process/);
  expect((await entriesIn(other)).map(({ action, result }) => [action, result])).toEqual([
    ['serverStarted', 'OK'],
    ['serverStopped', 'INTERNAL'],
  ]);
  await app.stop();
});

it('the undo of a restore that nobody confirmed is a line of the server', async () => {
  const { app, admin } = await start();
  const {
    createBackup: { id: backupId },
  } = await admin.run(CreateBackupDocument, { input: { name: 'before' } });
  await emptyDatabase(ovsdb.remote);
  const { restoreBackup } = await admin.run(RestoreBackupDocument, { input: { backupId, confirmWithinSeconds: 1 } });
  const undone = await until(async () =>
    (await entriesIn(folder)).find(({ action, result }) => action === 'undoRestore' && result !== 'ACCEPTED'),
  );
  const { restores } = await admin.run(ListRestoresDocument, {});
  const undo = restores.nodes.find(({ undoOf }) => undoOf?.id === restoreBackup.id);
  expect(undone).toMatchObject({
    subject: 'ovncp',
    via: 'SERVER',
    result: 'OK',
    target: { undoOf: restoreBackup.id, restoreId: undo?.id, backupId, database: 'northbound' },
  });
  await admin.run(RestoreBackupDocument, { input: { backupId } });
  await app.stop();
});

describe('npm run audit', () => {
  it('says that a trail is intact, also beside a running server, and what its last hash is', async () => {
    const { app, admin } = await start();
    await admin.codeOf(DeleteBackupDocument, { id: 'x' });
    const beside = await audit();
    const last = (await entriesIn(folder)).at(-1)?.hash ?? '';
    expect(beside).toEqual({
      intact: true,
      text: `The audit trail in ${folder} is intact: 2 lines, 1 to 2.\nHash of the last line: ${last}\n`,
    });
    await app.stop();
    expect(await audit(folder, '--noted', last)).toMatchObject({ intact: true });
    expect(JSON.parse((await audit('--json')).text)).toMatchObject({ intact: true, lines: 3, faults: [] });
  });

  it('names the file and the line of every fault, and finds a trail that does not hold a noted hash', async () => {
    const { app, admin } = await start();
    for (const id of ['a', 'b', 'c']) await admin.codeOf(DeleteBackupDocument, { id });
    await app.stop();
    const before = (await stat(join(folder, AUDIT_FILE))).size;
    const noted = `sha256:${'ab'.repeat(32)}`;
    expect(await audit('--noted', noted)).toMatchObject({
      intact: false,
      text: expect.stringContaining(`no line has the hash ${noted}`),
    });
    const text = await readFile(join(folder, AUDIT_FILE), 'utf8');
    await writeFile(join(folder, AUDIT_FILE), text.replace('"backupId":"b"', '"backupId":"z"'));
    const { intact, text: said } = await audit();
    expect(intact).toBe(false);
    expect(said).toContain('NOT intact: 5 lines, 1 to 5.');
    expect(said).toContain('audit.jsonl:3 (line 3): the line was edited: it does not fit its hash');
    // it only reads
    expect((await stat(join(folder, AUDIT_FILE))).size).toBe(before);
  });

  it('says what is wrong with a folder that has no trail, is none, or with a hash that is none', async () => {
    expect(await audit()).toMatchObject({
      intact: false,
      text: expect.stringContaining(`There is no audit trail in ${folder}`),
    });
    await expect(audit(join(folder, 'nowhere'))).rejects.toThrow(/There is no folder .*nowhere.*set BACKUP_PATH/);
    await expect(audit('--noted', 'xyz')).rejects.toThrow(/It is no hash/);
  });
});
