/** Jobs through the API: backups, imports and validations as they run, as they ended, and cancelled. */
import { codeIn } from '../../support/clients/api-client.js';
import {
  type BackupProgressFieldsFragment,
  BackupStepsDocument,
  CancelJobDocument,
  CreateBackupDocument,
  DeleteBackupDocument,
  GetBackupJobDocument,
  JobActivityDocument,
  type JobFieldsFragment,
  ListJobsDocument,
  type ListJobsQueryVariables,
  StartBackupDocument,
  ValidateBackupDocument,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { until } from '../../support/until.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApiServer({ database: databaseFile({ profile: 'small', edge: true }) });
});
afterAll(() => api.stop());

async function jobs(filter: ListJobsQueryVariables = {}): Promise<readonly JobFieldsFragment[]> {
  return (await api.admin.run(ListJobsDocument, filter)).jobs.nodes;
}

async function start(name: string): Promise<JobFieldsFragment> {
  return (await api.admin.run(StartBackupDocument, { input: { name } })).startBackup;
}

async function followed(jobId: string): Promise<readonly BackupProgressFieldsFragment[]> {
  const events = await api.admin.followed(BackupStepsDocument, { jobId });
  return events.map(({ backupProgress }) => backupProgress);
}

describe('startBackup', () => {
  it('answers while the database does not, is followed to its end, and can be looked up', async () => {
    api.ovsdb.pause();
    const job = await start('started');
    const steps = api.admin.follow(BackupStepsDocument, { jobId: job.id });
    const events = [(await steps.next()).value?.backupProgress];
    api.ovsdb.resume();
    for await (const { backupProgress } of steps) events.push(backupProgress);
    expect(job).toMatchObject({
      kind: 'BACKUP',
      phase: 'QUEUED',
      database: 'northbound',
      startedBy: 'tester',
      finishedAt: null,
      backup: null,
      error: null,
    });
    const phases = new Set(events.map((event) => event?.phase));
    expect([...phases]).toEqual(['QUEUED', 'CAPTURING', 'STORING', 'SUCCEEDED']);
    const last = events.at(-1);
    expect(last).toMatchObject({ phase: 'SUCCEEDED', fraction: 1, error: null, rows: last?.backup?.rowCount });
    const { backupJob } = await api.admin.run(GetBackupJobDocument, { id: job.id });
    expect(backupJob).toMatchObject({
      id: job.id,
      phase: 'SUCCEEDED',
      finishedAt: last?.at,
      error: null,
      backup: { id: job.id, name: 'started', size: last?.bytes },
    });
    expect(await followed(job.id)).toHaveLength(1);
  });

  it('ends in FAILED with the reason when the database is away', async () => {
    const away = await startApiServer();
    try {
      await away.ovsdb.kill();
      const { startBackup: job } = await away.admin.run(StartBackupDocument, { input: { name: 'n' } });
      const events = await away.admin.followed(BackupStepsDocument, { jobId: job.id });
      expect(events.at(-1)?.backupProgress).toMatchObject({
        phase: 'FAILED',
        backup: null,
        error: { code: 'DATABASE_UNAVAILABLE' },
      });
      expect(await away.files()).toEqual([]);
    } finally {
      await away.stop();
    }
  });

  it('is not known by any other id', async () => {
    expect((await api.admin.run(GetBackupJobDocument, { id: 'none' })).backupJob).toBeNull();
    await expect(api.admin.followed(BackupStepsDocument, { jobId: 'none' })).rejects.toThrow('NOT_FOUND');
  });
});

describe('every kind of long work', () => {
  let backupId = '';
  beforeAll(async () => {
    backupId = (await api.admin.run(CreateBackupDocument, { input: { name: 'made' } })).createBackup.id;
  });

  it('a backup that was waited for', async () => {
    const [job] = await jobs({ kind: 'BACKUP', first: 1 });
    expect(job).toMatchObject({ id: backupId, phase: 'SUCCEEDED', backup: { name: 'made' } });
    expect(job?.progress).toMatchObject({ rows: job?.backup?.rowCount, bytes: job?.backup?.size, fraction: 1 });
  });

  it('a validation', async () => {
    await api.admin.run(ValidateBackupDocument, { id: backupId });
    const [job] = await jobs({ kind: 'VERIFY', first: 1 });
    expect(job).toMatchObject({ kind: 'VERIFY', phase: 'SUCCEEDED', backup: { id: backupId } });
    expect(job?.progress.message).toBe(`The backup is good: ${job?.backup?.rowCount} rows`);
  });

  it('an import', async () => {
    const rest = RestClient.of(api.admin);
    const document = await (await rest.fetch(`/api/v1/backups/${backupId}/export`)).text();
    const { body } = await rest.post('/api/v1/backups/import', document);
    const [job] = await jobs({ kind: 'IMPORT', first: 1 });
    expect(job).toMatchObject({ phase: 'SUCCEEDED', backup: { id: (body['backup'] as { id: string }).id } });
    expect(job?.progress.rows).toBe(job?.backup?.rowCount);
  });

  it('an import that failed, with its reason', async () => {
    const { status } = await RestClient.of(api.admin).post('/api/v1/backups/import', 'no backup');
    expect(status).toBe(422);
    expect((await jobs({ kind: 'IMPORT', first: 1 }))[0]).toMatchObject({
      phase: 'FAILED',
      backup: null,
      error: { code: 'INTEGRITY_FAILED' },
    });
  });

  it('what waits for its turn and is refused, or finds nothing, is none', async () => {
    const { totalCount } = (await api.admin.run(ListJobsDocument, {})).jobs;
    expect(codeIn(await api.admin.send(ValidateBackupDocument, { id: 'none' }))).toBe('NOT_FOUND');
    const other = { name: 'n', database: 'other' };
    expect(codeIn(await api.admin.send(StartBackupDocument, { input: other }))).toBe('NOT_FOUND');
    expect((await api.admin.run(ListJobsDocument, {})).jobs.totalCount).toBe(totalCount);
  });

  it('is listed newest first, page by page, each once; of a database that there is not it is refused', async () => {
    const all = await jobs();
    const seen: string[] = [];
    for (let after: string | null | undefined; after !== null; ) {
      const { nodes, pageInfo } = (await api.admin.run(ListJobsDocument, { first: 2, after: after ?? null })).jobs;
      seen.push(...nodes.map(({ id }) => id));
      after = pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null;
    }
    expect(seen).toEqual(all.map(({ id }) => id));
    expect([...seen].sort()).toEqual([...new Set(seen)].sort());
    const began = all.map(({ startedAt }) => startedAt);
    expect(began).toEqual([...began].sort().reverse());
    expect(codeIn(await api.admin.send(ListJobsDocument, { database: 'other' }))).toBe('NOT_FOUND');
    expect(codeIn(await api.admin.send(ListJobsDocument, { first: 0 }))).toBe('BAD_USER_INPUT');
  });

  it('outlives its backup', async () => {
    await api.admin.run(DeleteBackupDocument, { id: backupId });
    const { backupJob } = await api.admin.run(GetBackupJobDocument, { id: backupId });
    expect(backupJob).toMatchObject({ phase: 'SUCCEEDED', backup: null });
  });
});

describe('cancelJob', () => {
  it.each(['GraphQL', 'REST'])('ends a backup of a database that hangs, and leaves nothing (%s)', async (face) => {
    const files = await api.files();
    api.ovsdb.pause();
    try {
      const { id } = await start('hangs');
      if (face === 'GraphQL') {
        const { cancelJob } = await api.admin.run(CancelJobDocument, { id });
        expect(cancelJob).toMatchObject({ id, phase: 'CANCELLED', backup: null, error: { code: 'CANCELLED' } });
      } else {
        const { status, body } = await RestClient.of(api.admin).post(`/api/v1/jobs/${id}/cancel`);
        expect({ status, body }).toMatchObject({ status: 200, body: { id, phase: 'cancelled' } });
      }
      expect((await followed(id)).map(({ phase }) => phase)).toEqual(['CANCELLED']);
      expect(codeIn(await api.admin.send(CancelJobDocument, { id }))).toBe('CONFLICT');
    } finally {
      api.ovsdb.resume();
    }
    expect(await api.files()).toEqual(files);
  });

  it('ends an import that is still arriving, and who sends it is told', async () => {
    const files = await api.files();
    let more: (piece: Uint8Array | undefined) => void = () => undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        more = (piece) => (piece === undefined ? controller.close() : controller.enqueue(piece));
      },
    });
    more(Buffer.from('{"format": "ovncp-backup/1", '));
    const sent = RestClient.of(api.admin).send('/api/v1/backups/import', {
      method: 'POST',
      body,
      duplex: 'half',
    } as never);
    const job = await until(async () => {
      const [newest] = await jobs({ kind: 'IMPORT', first: 1 });
      return newest?.phase === 'CAPTURING' && newest.progress.bytes > 0 && newest;
    });
    await api.admin.run(CancelJobDocument, { id: job.id });
    expect(await sent).toMatchObject({ status: 409, body: { code: 'CANCELLED', error: 'The job was cancelled' } });
    more(undefined);
    expect(await api.files()).toEqual(files);
  });

  it('has a line in the audit trail', async () => {
    const { body } = await RestClient.of(api.admin).get('/api/v1/audit?action=cancelJob&limit=1');
    const [entry] = (body['entries'] ?? []) as readonly { target: { job_id?: string }; result: string }[];
    expect(entry?.result).toBe('OK');
    expect(entry?.target.job_id).toEqual(expect.any(String));
  });

  it('is NOT_FOUND for an id that there is not', async () => {
    expect(codeIn(await api.admin.send(CancelJobDocument, { id: 'none' }))).toBe('NOT_FOUND');
  });
});

it('jobActivity tells every step of every job from now on', async () => {
  const before = await start('before');
  const activity = api.admin.follow(JobActivityDocument, {});
  const first = activity.next();
  // the subscription is open when something of it arrives: jobs are begun until then
  let isOpen = false;
  void first.then(() => (isOpen = true));
  const begun = [before.id];
  while (!isOpen) begun.push((await start('activity')).id);
  let step = (await first).value?.jobActivity;
  while (step?.phase !== 'SUCCEEDED') step = (await activity.next()).value?.jobActivity;
  expect(begun).toContain(step.jobId);
  expect(step.backup?.id).toBe(step.jobId);
  await activity.return();
});
