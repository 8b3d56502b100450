/** Drills through GraphQL: followed, listed, told of their backup and among the jobs, and cancelled. */
import { codeIn } from '../../support/clients/api-client.js';
import {
  CancelJobDocument,
  CreateBackupDocument,
  DrillBackupDocument,
  type DrillFieldsFragment,
  DrillProgressDocument,
  GetBackupJobDocument,
  GetDrillDocument,
  LastDrillDocument,
  ListDrillsDocument,
  ListJobsDocument,
} from '../../support/clients/generated/graphql.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { pidsIn } from '../../support/servers/scratch-programs.js';
import { until } from '../../support/until.js';

let api: TestApi;
let id: string;
beforeAll(async () => {
  api = await startApiServer({ database: databaseFile({ profile: 'small', edge: true }) });
  const { createBackup } = await api.admin.run(CreateBackupDocument, { input: { name: 'drilled' } });
  ({ id } = createBackup);
});
afterAll(() => api.stop());

async function begin(northd = true): Promise<DrillFieldsFragment> {
  return (await api.admin.run(DrillBackupDocument, { id, northd, wait: false })).drillBackup;
}

describe('a drill', () => {
  it('is begun, followed to its end, and told of its backup and among the jobs', async () => {
    const begun = await begin();
    expect(begun).toMatchObject({
      backup: { id, name: 'drilled' },
      success: null,
      finishedAt: null,
      startedBy: 'tester',
    });
    const events = (await api.admin.followed(DrillProgressDocument, { id: begun.id })).map(
      ({ drillProgress }) => drillProgress,
    );
    const phases = [...new Set(events.map(({ phase }) => phase))];
    expect(phases.slice(-4)).toEqual(['RESTORING', 'COMPARING', 'NORTHD', 'SUCCEEDED']);
    const last = events.at(-1);
    expect(last).toMatchObject({ success: true, error: null, differences: [] });
    expect((await api.admin.run(GetDrillDocument, { id: begun.id })).drill).toEqual(last);
    expect((await api.admin.run(LastDrillDocument, { id })).backup?.lastDrill).toEqual(last);
    // who follows late gets the end
    expect(await api.admin.followed(DrillProgressDocument, { id: begun.id })).toHaveLength(1);
    const { jobs } = await api.admin.run(ListJobsDocument, { kind: 'DRILL' });
    expect(jobs.nodes).toEqual([expect.objectContaining({ id: begun.id, kind: 'DRILL' })]);
  });

  it('is listed, newest first, page by page', async () => {
    const newest = (await api.admin.run(DrillBackupDocument, { id, northd: false })).drillBackup;
    const { drills } = await api.admin.run(ListDrillsDocument, { backupId: id, first: 1 });
    expect(drills).toMatchObject({ totalCount: 2, nodes: [{ id: newest.id }], pageInfo: { hasNextPage: true } });
    const after = drills.pageInfo.endCursor;
    const next = (await api.admin.run(ListDrillsDocument, { backupId: id, after: after ?? null })).drills;
    expect(next).toMatchObject({ nodes: [{ phase: 'SUCCEEDED' }], pageInfo: { hasNextPage: false } });
    expect((await api.admin.run(ListDrillsDocument, { backupId: 'another' })).drills.totalCount).toBe(0);
  });

  it('is cancelled as a job, and tells nothing of its backup then', async () => {
    const before = (await api.admin.run(LastDrillDocument, { id })).backup?.lastDrill;
    const first = await begin();
    // it cannot end before it is cancelled
    const [pid] = await until(async () => {
      const pids = await pidsIn(api.folder, 'ovsdb-server');
      return pids.length > 0 && pids;
    });
    process.kill(pid as number, 'SIGSTOP');
    const second = await begin();
    for (const one of [second, first]) {
      const { cancelJob } = await api.admin.run(CancelJobDocument, { id: one.id });
      expect(cancelJob).toMatchObject({ kind: 'DRILL', phase: 'CANCELLED' });
      expect((await api.admin.run(GetDrillDocument, { id: one.id })).drill).toMatchObject({
        phase: 'CANCELLED',
        success: null,
        error: { code: 'CANCELLED' },
      });
      const { backupJob } = await api.admin.run(GetBackupJobDocument, { id: one.id });
      expect(backupJob?.error?.code).toBe('CANCELLED');
    }
    expect((await api.admin.run(LastDrillDocument, { id })).backup?.lastDrill).toEqual(before);
  });

  it('is null where there is none, and not found where it is followed', async () => {
    expect((await api.admin.run(GetDrillDocument, { id })).drill).toBeNull();
    await expect(api.admin.followed(DrillProgressDocument, { id })).rejects.toThrow(
      /Drill not found: .*That is the id of a backup: list its drills/,
    );
    expect(codeIn(await api.admin.send(DrillBackupDocument, { id: 'none' }))).toBe('NOT_FOUND');
  });
});
