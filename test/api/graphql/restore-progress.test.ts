/**
 * Following restores: the state first, every phase, never backwards, the result last; cancelling, and the queue of one
 * database.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../../support/clients/api-client.js';
import {
  CancelRestoreDocument,
  CreateBackupDocument,
  GetRestoreDocument,
  ListDatabasesDocument,
  ListRestoresDocument,
  RestoreActivityDocument,
  RestoreBackupDocument,
  type RestoreBackupInput,
  type RestoreFieldsFragment,
  type RestoreProgressFieldsFragment,
  RestoreStepsDocument,
} from '../../support/clients/generated/graphql.js';
import {
  compareDatabases,
  type DatabaseContent,
  dumpDatabase,
  emptyDatabase,
  rowCount,
} from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { until } from '../../support/until.js';

const PHASES = ['QUEUED', 'READING', 'PLANNING', 'APPLYING', 'VERIFYING', 'SUCCEEDED'];
let api: TestApi;
let backupId: string;
let before: DatabaseContent;

beforeAll(async () => {
  api = await startApiServer({ database: databaseFile({ profile: 'k8s', rows: 5_000 }) });
  before = await dumpDatabase(api.ovsdb.remote);
  backupId = (await api.admin.run(CreateBackupDocument, { input: { name: 'all' } })).createBackup.id;
});
afterAll(() => api.stop());

async function begin(input: Partial<RestoreBackupInput> = {}): Promise<RestoreFieldsFragment> {
  return (await api.admin.run(RestoreBackupDocument, { input: { backupId, wait: false, ...input } })).restoreBackup;
}

interface Seen {
  readonly atMs: number;
  readonly event: RestoreProgressFieldsFragment;
}

/** The events of one restore, with the time of each. */
async function follow(restoreId: string, client: ApiClient = api.admin): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const { restoreProgress } of client.follow(RestoreStepsDocument, { restoreId }))
    seen.push({ atMs: performance.now(), event: restoreProgress });
  return seen;
}

/** Waits for a state of a restore. */
async function reached(id: string, phases: readonly string[]): Promise<RestoreFieldsFragment> {
  return until(async () => {
    const { restore } = await api.admin.run(GetRestoreDocument, { id });
    return restore !== null && restore !== undefined && phases.includes(restore.phase) && restore;
  });
}

const FINAL = ['SUCCEEDED', 'FAILED', 'CANCELLED'];
const phasesOf = (seen: readonly Seen[]): string[] => [...new Set(seen.map(({ event }) => event.phase))];

describe('restoreProgress', () => {
  it('shows every phase in order, never falls, counts real rows, and ends with the result', async () => {
    await emptyDatabase(api.ovsdb.remote);
    const { id, phase, result } = await begin();
    expect(['QUEUED', 'READING']).toContain(phase);
    expect(result).toBeNull();
    const seen = await follow(id);
    const phases = phasesOf(seen);
    expect(phases).toEqual(PHASES.slice(PHASES.indexOf(phases[0] ?? '')));
    expect(phases).toEqual(expect.arrayContaining(PHASES.slice(2)));
    const fractions = seen.map(({ event }) => event.fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    expect(Math.min(...fractions)).toBeGreaterThanOrEqual(0);
    const rows = rowCount(before);
    expect(seen.at(-1)?.event).toMatchObject({
      phase: 'SUCCEEDED',
      restoreId: id,
      completed: rows,
      total: rows,
      result: { success: true, restoredCount: rows },
    });
    for (const { event } of seen.slice(0, -1)) expect(event.result).toBeNull();
    for (const { event } of seen) {
      expect(event.completed).toBeLessThanOrEqual(event.total);
      expect(event.message).not.toBe('');
    }
    expect(compareDatabases(before, await dumpDatabase(api.ovsdb.remote))).toEqual([]);
  });

  it('is not more than about ten events a second, the first of each phase aside', async () => {
    await emptyDatabase(api.ovsdb.remote);
    const seen = await follow((await begin()).id);
    const lasted = (seen.at(-1)?.atMs ?? 0) - (seen[0]?.atMs ?? 0);
    expect(seen.length).toBeLessThanOrEqual(PHASES.length * 2 + lasted / 100);
  });

  it('answers the last event alone when the restore has ended', async () => {
    const { id } = await begin({ dryRun: true });
    await reached(id, FINAL);
    const seen = await follow(id);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.event).toMatchObject({ phase: 'SUCCEEDED', fraction: 1, result: { dryRun: true } });
  });

  it('serves two followers alike, and one who leaves disturbs nobody', async () => {
    await emptyDatabase(api.ovsdb.remote);
    api.ovsdb.pause();
    const { id } = await begin();
    const both = [follow(id), follow(id, await api.as('backups:read'))];
    for await (const { restoreProgress } of api.admin.follow(RestoreStepsDocument, { restoreId: id })) {
      expect(restoreProgress.restoreId).toBe(id);
      break;
    }
    api.ovsdb.resume();
    const [first = [], second = []] = await Promise.all(both);
    expect(phasesOf(first)).toEqual(phasesOf(second));
    expect(first.at(-1)?.event).toEqual(second.at(-1)?.event);
  });

  it('is refused for a restore that there is not', async () => {
    await expect(follow('none')).rejects.toThrow('NOT_FOUND');
  });
});

describe('restoreActivity', () => {
  it('can be followed before there is a restore, and tells of each one', async () => {
    const ended: string[] = [];
    const follower = (async () => {
      for await (const { restoreActivity } of api.admin.follow(RestoreActivityDocument, {})) {
        if (FINAL.includes(restoreActivity.phase) && restoreActivity.result?.dryRun === true)
          ended.push(restoreActivity.restoreId);
        if (ended.length >= 3) return;
      }
    })();
    await delay(100);
    const ids = [await begin({ dryRun: true }), await begin({ dryRun: true }), await begin({ dryRun: true })].map(
      ({ id }) => id,
    );
    await Promise.all(ids.map((id) => reached(id, FINAL)));
    await follower;
    // the newest step that there was may have been a dry run of an earlier test
    expect(ids).toEqual(expect.arrayContaining(ended.slice(1)));
  });
});

describe('two restores of one database', () => {
  it('run one after the other', async () => {
    await emptyDatabase(api.ovsdb.remote);
    api.ovsdb.pause();
    const first = await begin();
    const second = await begin({ conflictPolicy: 'OVERWRITE', exact: true });
    await reached(first.id, ['READING']);
    await delay(100);
    expect((await reached(second.id, ['QUEUED'])).phase).toBe('QUEUED');
    api.ovsdb.resume();
    const [one, two] = [await reached(first.id, FINAL), await reached(second.id, FINAL)];
    expect(one.result).toMatchObject({ success: true, restoredCount: rowCount(before) });
    expect(two.result).toMatchObject({ success: true, restoredCount: 0, deletedCount: 0 });
    expect(Date.parse(two.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(one.finishedAt ?? ''));
  });
});

describe('cancelRestore', () => {
  it('ends one that is reading, and one that waits, and nothing is changed', async () => {
    await emptyDatabase(api.ovsdb.remote);
    api.ovsdb.pause();
    const reading = await begin();
    const waiting = await begin();
    await reached(reading.id, ['READING']);
    const cancelled = (await api.admin.run(CancelRestoreDocument, { id: waiting.id })).cancelRestore;
    expect(cancelled).toMatchObject({
      phase: 'CANCELLED',
      result: { success: false, errors: [{ code: 'CANCELLED' }] },
    });
    expect((await api.admin.run(CancelRestoreDocument, { id: reading.id })).cancelRestore.phase).toBe('CANCELLED');
    const seen = await follow(reading.id);
    expect(seen.at(-1)?.event).toMatchObject({ phase: 'CANCELLED', result: { success: false, restoredCount: 0 } });
    api.ovsdb.resume();
    expect(rowCount(await dumpDatabase(api.ovsdb.remote))).toBe(0);
    expect((await api.admin.run(ListDatabasesDocument)).databases[0]?.id).toBe('northbound');
  });

  it('is refused once the restore has ended, and for one that there is not', async () => {
    const { id } = await begin({ dryRun: true });
    await reached(id, FINAL);
    expect(await api.admin.codeOf(CancelRestoreDocument, { id })).toBe('CONFLICT');
    expect(await api.admin.codeOf(CancelRestoreDocument, { id: 'none' })).toBe('NOT_FOUND');
  });

  it('makes a waiting caller of restoreBackup get CANCELLED', async () => {
    api.ovsdb.pause();
    const newest = async (): Promise<string | undefined> =>
      (await api.admin.run(ListRestoresDocument, { first: 1 })).restores.nodes[0]?.id;
    const last = await newest();
    const waiting = api.admin.codeOf(RestoreBackupDocument, { input: { backupId } });
    const id = await until(async () => {
      const found = await newest();
      return found !== last && found;
    });
    await api.admin.run(CancelRestoreDocument, { id });
    api.ovsdb.resume();
    expect(await waiting).toBe('CANCELLED');
  });
});
