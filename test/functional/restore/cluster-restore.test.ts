/**
 * Restores into a cluster of three with the default election timer, through the API: in steps, while members are killed
 * and frozen, and while this server is killed. The end is always wholly before or wholly after, and what is reported is
 * what is there.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../../support/clients/api-client.js';
import {
  CreateBackupDocument,
  GetRestoreDocument,
  RestoreBackupDocument,
  type RestoreFieldsFragment,
  RestoreStepsDocument,
  UndoRestoreDocument,
} from '../../support/clients/generated/graphql.js';
import {
  compareDatabases,
  type DatabaseContent,
  dumpDatabase,
  emptyDatabase,
  rowCount,
  transact,
} from '../../support/judge/judge.js';
import { lawRuns } from '../../support/law-runs.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { Rng } from '../../support/northbound/lib/rng.mjs';
import { serverEnvironment } from '../../support/servers/api-server.js';
import { startOvsdbCluster, type TestCluster } from '../../support/servers/ovsdb-cluster.js';
import { ensureBuilt, type ServerProcess, spawnServer } from '../../support/servers/server-process.js';
import { until } from '../../support/until.js';

/** Of each of the three faults as often. */
const ROUNDS = 3 * lawRuns(1);
const SEED = 20_261_124;
const FINAL = ['SUCCEEDED', 'FAILED', 'CANCELLED', 'UNDONE'];
const ENDED_MS = 500_000;

let cluster: TestCluster;
let folder: string;
let server: ServerProcess;
let admin: ApiClient;
let full: DatabaseContent;
let backupId: string;
/** The same, encrypted: what is kept of a restore of it says nothing of its content. */
let sealedId: string;
const KEY = 'the key of the sealed one';

async function start(): Promise<void> {
  server = await spawnServer({
    ...serverEnvironment(cluster.remotes, folder),
    LOG_LEVEL: 'info',
    OVNCP_STEP_ROWS_MAX: '125',
  });
  admin = await server.listening();
}

beforeAll(async () => {
  await ensureBuilt();
  cluster = await startOvsdbCluster({ database: databaseFile({ profile: 'k8s', rows: 1_500 }) });
  folder = await mkdtemp(join(tmpdir(), 'ovncp-cluster-'));
  await start();
  full = await content();
  backupId = (await admin.run(CreateBackupDocument, { input: { name: 'whole' } })).createBackup.id;
  const sealed = { name: 'sealed', encrypt: true, encryptionKey: KEY };
  sealedId = (await admin.run(CreateBackupDocument, { input: sealed })).createBackup.id;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

/** As the leader has it. Status columns of a cluster's Connection rows change by themselves; there are none here. */
const content = async (): Promise<DatabaseContent> => dumpDatabase(cluster.remote(await cluster.settled()));
async function empty(): Promise<void> {
  await emptyDatabase(cluster.remote(await cluster.settled()));
}

async function begin(isSealed = false): Promise<string> {
  const of = isSealed ? { backupId: sealedId, decryptionKey: KEY } : { backupId };
  return (await admin.run(RestoreBackupDocument, { input: { ...of, wait: false } })).restoreBackup.id;
}

async function ended(id: string): Promise<RestoreFieldsFragment> {
  let last: RestoreFieldsFragment | null | undefined;
  return until(async () => {
    last = (await admin.run(GetRestoreDocument, { id })).restore;
    return last !== null && last !== undefined && FINAL.includes(last.phase) && last;
  }, ENDED_MS).catch((error: unknown) => {
    const log = server.stdout.split('\n').slice(-30).join('\n');
    throw new Error(`the restore is still ${String(last?.phase)}: ${String(last?.progress.message)}\n${log}`, {
      cause: error,
    });
  });
}

/** Waits until the restore is in that phase and, with steps, some of them are sent. */
async function reached(id: string, phase: string, completed = 0): Promise<void> {
  for await (const { restoreProgress } of admin.follow(RestoreStepsDocument, { restoreId: id }))
    if (restoreProgress.phase === phase && restoreProgress.completed >= completed) return;
}

/** Wholly before or wholly after, and as it says. */
async function expectAsReported(restore: RestoreFieldsFragment): Promise<'before' | 'after'> {
  const now = await content();
  const isAfter = rowCount(now) > 0;
  expect(isAfter ? compareDatabases(full, now) : []).toEqual([]);
  expect([restore.phase, restore.result?.success]).toEqual(isAfter ? ['SUCCEEDED', true] : ['FAILED', false]);
  expect(restore.result?.restoredCount).toBe(isAfter ? rowCount(full) : 0);
  return isAfter ? 'after' : 'before';
}

/** Makes a switch with a port whose name the backup has and the database has not yet. */
async function takePortName(remote: string): Promise<string> {
  const nameIn = (text: string): string => /^name = \{"(.*)"\}$/m.exec(text)?.[1] ?? '';
  for (const name of [...(full.get('Logical_Switch_Port')?.values() ?? [])].map(nameIn)) {
    try {
      await transact(remote, [
        { op: 'insert', table: 'Logical_Switch_Port', 'uuid-name': 'p', row: { name } },
        { op: 'insert', table: 'Logical_Switch', row: { name: 'thief', ports: ['named-uuid', 'p'] } },
      ]);
      return name;
    } catch {
      // this one has come meanwhile
    }
  }
  throw new Error('every port is there already');
}

describe('a restore into a cluster', () => {
  it('goes in steps that cost the leader nothing, and is undone in steps', async () => {
    await empty();
    const [leader, term] = [await cluster.leader(), await cluster.term()];
    const { restoreBackup } = await admin.run(RestoreBackupDocument, { input: { backupId, verify: 'FULL' } });
    expect(restoreBackup.result).toMatchObject({ success: true, restoredCount: rowCount(full), warnings: [] });
    expect(restoreBackup.result?.steps).toBeGreaterThanOrEqual(12);
    expect(compareDatabases(full, await content())).toEqual([]);
    const { undoRestore } = await admin.run(UndoRestoreDocument, { id: restoreBackup.id });
    expect(undoRestore.result).toMatchObject({ success: true, deletedCount: rowCount(full) });
    expect(undoRestore.result?.steps).toBeGreaterThan(1);
    expect(rowCount(await content())).toBe(0);
    expect([await cluster.leader(), await cluster.term()]).toEqual([leader, term]);
  });

  it.each([
    ['a backup', false],
    ['an encrypted backup', true],
  ])(
    'of %s takes back the steps that were done when somebody takes a name that a later one needs',
    async (_, isSealed) => {
      await empty();
      const id = await begin(isSealed);
      const remote = cluster.remote(await cluster.leader());
      await reached(id, 'APPLYING', 125);
      const name = await takePortName(remote);
      const restore = await ended(id);
      expect(server.stdout).toContain('undoing the steps of a restore');
      // the port cannot be in two switches: that is for a person to decide
      expect(restore.result).toMatchObject({
        success: false,
        restoredCount: 0,
        errors: [
          { code: 'CONFLICT', message: expect.stringContaining(`port "${name}" cannot be in switch`) as string },
        ],
      });
      const now = await content();
      expect([rowCount(now), now.get('Logical_Switch')?.size, now.get('Logical_Switch_Port')?.size]).toEqual([2, 1, 1]);
    },
  );

  it('is wholly before or wholly after, whatever happens to the members meanwhile', async () => {
    const random = new Rng(SEED);
    const ends = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      await empty();
      const id = await begin();
      await reached(id, 'APPLYING', random.range(0, 1_250));
      const leader = await cluster.leader();
      const followers = [0, 1, 2].filter((member) => member !== leader);
      const what = round % 3;
      if (what === 0) await cluster.kill(leader);
      else if (what === 1)
        followers.forEach((member) => {
          cluster.pause(member);
        });
      else cluster.pause(leader);
      await delay(random.range(500, 6_000));
      if (what === 0) await cluster.start(leader);
      else
        [0, 1, 2]
          .filter((member) => (what === 1 ? member !== leader : member === leader))
          .forEach((member) => {
            cluster.resume(member);
          });
      ends.add(await expectAsReported(await ended(id)));
    }
    expect(ends.size).toBeGreaterThan(0);
  });

  it('is settled by the next start when this server is killed between two steps', async () => {
    await empty();
    const id = await begin(true);
    await reached(id, 'APPLYING', 500);
    await server.kill('SIGKILL');
    const halfway = rowCount(await content());
    expect(halfway).toBeGreaterThan(0);
    expect(halfway).toBeLessThan(rowCount(full));
    await start();
    const restore = await ended(id);
    expect(await expectAsReported(restore)).toBe('before');
    expect(restore.result?.errors[0]?.message).toContain('the steps that had been carried out were undone');
    const again = (await admin.run(RestoreBackupDocument, { input: { backupId } })).restoreBackup;
    expect(await expectAsReported(again)).toBe('after');
  });
});
