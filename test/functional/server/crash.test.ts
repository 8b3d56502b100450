/**
 * The server as a process that is killed: at any moment no listed backup is broken, nothing is left over, and the
 * database is wholly before or wholly after a restore, as its record says. And how it ends when it is asked to.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../../support/clients/api-client.js';
import {
  ConfirmRestoreDocument,
  CreateBackupDocument,
  DeleteBackupDocument,
  GetBackupJobDocument,
  ListBackupsDocument,
  ListRestoresDocument,
  RestoreBackupDocument,
  type RestoreFieldsFragment,
  RestoreStepsDocument,
  StartBackupDocument,
  ValidateBackupDocument,
} from '../../support/clients/generated/graphql.js';
import {
  compareDatabases,
  type DatabaseContent,
  dumpDatabase,
  emptyDatabase,
  rowCount,
} from '../../support/judge/judge.js';
import { lawRuns } from '../../support/law-runs.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { randomOf } from '../../support/random.js';
import { filesIn, serverEnvironment } from '../../support/servers/api-server.js';
import { startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { ensureBuilt, type ServerProcess, spawnServer } from '../../support/servers/server-process.js';
import { until } from '../../support/until.js';

const RUNS = lawRuns(3);
const SEED = 20_260;
const KEY = 'the key of the crash tests';
const FORMS = [
  { format: 'JSON', compress: true },
  { format: 'YAML' },
  { format: 'OVSDB', encrypt: true, encryptionKey: KEY },
] as const;

let ovsdb: TestServer;
let folder: string;
let server: ServerProcess;
let admin: ApiClient;
let full: DatabaseContent;

async function start(): Promise<void> {
  server = await spawnServer(serverEnvironment(ovsdb.remote, folder));
  admin = await server.listening();
}

beforeAll(async () => {
  await ensureBuilt();
  ovsdb = await startOvsdbServer({ database: databaseFile({ profile: 'k8s', rows: 1_000 }) });
  folder = await mkdtemp(join(tmpdir(), 'ovncp-crash-'));
  full = await dumpDatabase(ovsdb.remote);
  await start();
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
 * @param which NEW: a backup that was found whole before is not read again; a test ends with ALL, as what a later crash
 * breaks does not mend itself
 */
async function checkStore(which: 'NEW' | 'ALL' = 'ALL'): Promise<void> {
  const { nodes } = (await admin.run(ListBackupsDocument, { first: 50 })).backups;
  const { nodes: restores } = (await admin.run(ListRestoresDocument, { first: 50 })).restores;
  for (const { id, encrypted } of nodes) {
    if (which === 'NEW' && foundWhole.has(id)) continue;
    expect(
      (await admin.run(ValidateBackupDocument, { id, decryptionKey: encrypted ? KEY : null })).validateBackup,
    ).toMatchObject({ valid: true, contentChecked: true, errors: [] });
    foundWhole.add(id);
  }
  const owned = new Set([
    ...nodes.flatMap(({ file }) => [file, `${file}.meta`]),
    ...restores.flatMap(({ id }) => [`restores/${id}.json`, `restores/${id}.changes.gz`, `restores/${id}.undo.gz`]),
  ]);
  expect((await filesIn(folder)).filter((name) => !owned.has(name))).toEqual([]);
}

/** Runs `work` to its end once, and says how long it took. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

describe('kill -9', () => {
  it('while backups are made leaves whole backups and nothing else', async () => {
    const random = randomOf(SEED);
    let listed = 0;
    for (let run = 0; run < RUNS; run++) {
      const input = { name: `killed ${run}`, ...(FORMS[run % FORMS.length] ?? {}) };
      const lastsMs = await timed(() => admin.run(CreateBackupDocument, { input }));
      const answered = admin.run(CreateBackupDocument, { input }).then(
        () => true,
        () => false,
      );
      await delay(random() * lastsMs * 1.1);
      await server.kill('SIGKILL');
      listed += (await answered) ? 2 : 1;
      await start();
      await checkStore(run === RUNS - 1 ? 'ALL' : 'NEW');
      // what was answered is there; what was not may be
      const { totalCount } = (await admin.run(ListBackupsDocument, {})).backups;
      expect(totalCount).toBeGreaterThanOrEqual(listed);
      listed = totalCount;
    }
    expect(compareDatabases(full, await dumpDatabase(ovsdb.remote))).toEqual([]);
    // the tests below have enough to check with their own
    for (const { id } of (await admin.run(ListBackupsDocument, { first: 50 })).backups.nodes)
      await admin.run(DeleteBackupDocument, { id });
  });

  it('while a restore awaits its confirmation keeps the term: it can be confirmed after the restart, and is undone by it when time was up', async () => {
    const { createBackup } = await admin.run(CreateBackupDocument, { input: { name: 'to be confirmed' } });
    const input = { backupId: createBackup.id, confirmWithinSeconds: 30 };
    await emptyDatabase(ovsdb.remote);
    const first = (await admin.run(RestoreBackupDocument, { input })).restoreBackup;
    expect(first.phase).toBe('AWAITING_CONFIRMATION');
    await server.kill('SIGKILL');
    await start();
    const waiting = (await admin.run(ListRestoresDocument, { first: 1 })).restores.nodes[0];
    expect(waiting).toMatchObject({ id: first.id, phase: 'AWAITING_CONFIRMATION', confirmBefore: first.confirmBefore });
    expect((await admin.run(ConfirmRestoreDocument, { id: first.id })).confirmRestore.phase).toBe('SUCCEEDED');
    expect(compareDatabases(full, await dumpDatabase(ovsdb.remote))).toEqual([]);

    await emptyDatabase(ovsdb.remote);
    const second = (await admin.run(RestoreBackupDocument, { input: { ...input, confirmWithinSeconds: 1 } }))
      .restoreBackup;
    expect(second.phase).toBe('AWAITING_CONFIRMATION');
    await server.kill('SIGKILL');
    await delay(1_500);
    expect(rowCount(await dumpDatabase(ovsdb.remote))).toBe(rowCount(full));
    await start();
    await settled(second.id);
    const undone = (await admin.run(ListRestoresDocument, { first: 50 })).restores.nodes.find(
      ({ id }) => id === second.id,
    );
    expect(undone).toMatchObject({ phase: 'UNDONE', undoneBy: { id: expect.any(String) as string } });
    expect(rowCount(await dumpDatabase(ovsdb.remote))).toBe(0);
    await admin.run(RestoreBackupDocument, { input: { backupId: createBackup.id } });
    await checkStore();
  });

  it('while a database is restored leaves it before or after, as the record of the restore says', async () => {
    const random = randomOf(SEED + 1);
    const { createBackup } = await admin.run(CreateBackupDocument, { input: { name: 'whole' } });
    const input = { backupId: createBackup.id };
    await emptyDatabase(ovsdb.remote);
    const lastsMs = await timed(() => admin.run(RestoreBackupDocument, { input }));
    const ends = new Set<string>();
    for (let run = 0; run < RUNS; run++) {
      await emptyDatabase(ovsdb.remote);
      const answered = admin.run(RestoreBackupDocument, { input: { ...input, wait: false } }).then(
        ({ restoreBackup }) => restoreBackup.id,
        () => undefined,
      );
      // spread over the whole of it, so that every phase is hit by some; around the transaction; and one right after it
      if (run === RUNS - 1) await phaseReached(await answered, 'VERIFYING');
      else if (run % 2 === 0) await delay(((run + random()) / RUNS) * lastsMs * 1.1);
      else {
        await phaseReached(await answered, 'APPLYING');
        await delay(random() * lastsMs * 0.4);
      }
      await server.kill('SIGKILL');
      const id = await answered;
      await start();
      const record = await settled(id);
      const after = await dumpDatabase(ovsdb.remote);
      const isAfter = rowCount(after) > 0;
      if (isAfter) expect(compareDatabases(full, after)).toEqual([]);
      expect(record?.phase ?? 'FAILED').toBe(isAfter ? 'SUCCEEDED' : 'FAILED');
      expect(record?.result?.success ?? false).toBe(isAfter);
      if (isAfter) expect(record?.result?.restoredCount).toBe(rowCount(full));
      ends.add(isAfter ? 'after' : 'before');
      await checkStore(run === RUNS - 1 ? 'ALL' : 'NEW');
    }
    expect([...ends].sort()).toEqual(['after', 'before']);
    await emptyDatabase(ovsdb.remote);
    await admin.run(RestoreBackupDocument, { input });
    expect(compareDatabases(full, await dumpDatabase(ovsdb.remote))).toEqual([]);
  });
});

/** Returns as soon as the restore is in that phase, or in a later one: its events may have been quicker than we. */
async function phaseReached(restoreId: string | undefined, phase: 'APPLYING' | 'VERIFYING'): Promise<void> {
  if (restoreId === undefined) throw new Error('the restore was not begun');
  const wanted = phase === 'APPLYING' ? ['APPLYING', 'VERIFYING', 'SUCCEEDED'] : ['VERIFYING', 'SUCCEEDED'];
  for await (const { restoreProgress } of admin.follow(RestoreStepsDocument, { restoreId }))
    if (wanted.includes(restoreProgress.phase)) return;
  throw new Error(`the restore ended without being ${phase}`);
}

/** The record of the newest restore, once it has a final phase; undefined when the crash came before there was one. */
async function settled(id: string | undefined): Promise<RestoreFieldsFragment | undefined> {
  const all = await until(async () => {
    const { nodes } = (await admin.run(ListRestoresDocument, { first: 50 })).restores;
    return nodes.every(({ phase }) => ['SUCCEEDED', 'FAILED', 'CANCELLED', 'UNDONE'].includes(phase)) && nodes;
  });
  const found = all.find((node) => node.id === id);
  if (id !== undefined) expect(found).toBeDefined();
  return found;
}

describe('SIGTERM', () => {
  it('lets a running backup end, refuses new work, and ends with code 0', async () => {
    ovsdb.pause();
    const { startBackup } = await admin.run(StartBackupDocument, { input: { name: 'drained' } });
    await delay(200);
    const ending = server.kill('SIGTERM');
    await delay(200);
    expect(await admin.codeOf(CreateBackupDocument, { input: { name: 'too late' } })).toBe('SHUTTING_DOWN');
    ovsdb.resume();
    expect(await ending).toEqual({ code: 0, signal: null });
    await start();
    const { nodes } = (await admin.run(ListBackupsDocument, { first: 1 })).backups;
    expect(nodes[0]).toMatchObject({ id: startBackup.id, name: 'drained', rowCount: rowCount(full) });
    const { backupJob } = await admin.run(GetBackupJobDocument, { id: startBackup.id });
    expect(backupJob).toMatchObject({ phase: 'SUCCEEDED', backup: { id: startBackup.id } });
    await checkStore();
  });
});

describe('the command', () => {
  it('names every fault of its configuration, one a line, and ends with code 2', async () => {
    const env = {
      ...serverEnvironment('udp:nowhere', folder),
      PORT: '70000',
      LOG_LEVEL: 'loud',
      OVNCP_JWT_SECRET: 'hunter2',
      OVNCP_TOKEN_FILE: '/x',
    };
    await using bad = await spawnServer(env, { isAsShipped: true });
    expect(await bad.ended).toEqual({ code: 2, signal: null });
    const lines = bad.stderr.trim().split('\n');
    for (const name of ['OVN_NB_DB', 'PORT', 'LOG_LEVEL', 'OVNCP_JWT_SECRET', 'OVNCP_TOKEN_FILE'])
      expect(lines.filter((line) => line.startsWith(`${name}: `))).toHaveLength(1);
    expect(lines).toHaveLength(5);
    expect(bad.stderr).not.toContain('hunter2');
  });

  it('refuses a backup folder that another server uses, and says which process it is', async () => {
    await using second = await spawnServer(serverEnvironment(ovsdb.remote, folder), { isAsShipped: true });
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.stderr).toContain(`process ${server.pid}`);
  });
});
