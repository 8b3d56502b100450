/** Jobs: one life for whatever takes long, with a durable record. */

import { AppError } from '../../../src/lib/error.js';
import { createLog } from '../../../src/lib/log.js';
import { KnownIds } from '../../../src/service/command/known-ids.js';
import { type JobRecord, parseJobRecord } from '../../../src/service/job/job-record.js';
import { type JobHandle, type JobOutcome, Jobs } from '../../../src/service/job/jobs.js';
import { RunningWork } from '../../../src/service/job/running-work.js';
import { MemoryStore } from '../../support/stores/memory-store.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const DAY_MS = 86_400_000;
const REQUEST = { kind: 'BACKUP', database: 'northbound', subject: 'ops', message: 'Waiting' } as const;

/** A job whose work ends when the test says so. */
interface Held {
  readonly id: string;
  readonly handle: JobHandle;
  readonly kept: Promise<void>;
  readonly done: Promise<JobOutcome>;
  succeed(outcome?: JobOutcome): void;
  fail(error: unknown): void;
}

class World {
  readonly clock = new TestClock();
  readonly lines: string[] = [];
  readonly work = new RunningWork();
  readonly jobs: Jobs;

  constructor(readonly store: MemoryStore = new MemoryStore()) {
    const log = createLog('trace', { write: (line) => void this.lines.push(line) });
    this.jobs = new Jobs({
      store,
      clock: this.clock,
      log,
      work: this.work,
      ids: new KnownIds(),
      databaseIds: () => ['northbound'],
    });
  }

  begin(request: Partial<Parameters<Jobs['start']>[0]> = {}): Held {
    let handle: JobHandle | undefined;
    let succeed: (outcome: JobOutcome) => void = () => undefined;
    let fail: (error: unknown) => void = () => undefined;
    const { job, kept, done } = this.jobs.start<JobOutcome>(
      { ...REQUEST, ...request },
      (given) => {
        handle = given;
        return new Promise((resolve, reject) => {
          [succeed, fail] = [resolve, reject];
          given.signal.addEventListener('abort', () => reject(given.signal.reason as Error));
        });
      },
      (outcome) => outcome,
    );
    done.catch(() => undefined);
    return {
      id: job.record.id,
      handle: handle as JobHandle,
      kept,
      done,
      succeed: (outcome = { message: 'Done' }) => succeed(outcome),
      fail,
    };
  }

  async stored(id: string): Promise<JobRecord> {
    return parseJobRecord(await this.store.read(`jobs/${id}.json`, 1 << 20));
  }

  /** The next start of the server, on the same store. */
  async restarted(backups: readonly string[] = []): Promise<World> {
    const next = new World(this.store);
    await next.jobs.load((id) =>
      backups.includes(id) ? { message: 'Stored 7 rows', rows: 7, bytes: 99, backupId: id } : undefined,
    );
    return next;
  }
}

async function seen(steps: AsyncIterable<JobRecord>): Promise<string[]> {
  const phases: string[] = [];
  for await (const { phase } of steps) phases.push(phase);
  return phases;
}

it('is durable from its beginning, and ends with what came of it', async () => {
  const world = new World();
  const job = world.begin();
  await job.kept;
  expect(await world.stored(job.id)).toMatchObject({ phase: 'QUEUED', startedBy: 'ops', progress: { rows: 0 } });
  job.handle.tell({ phase: 'CAPTURING', rows: 3, totalRows: 10, fraction: 0.3, message: 'Read 3 rows' }, true);
  job.succeed({ message: 'Stored 10 rows', rows: 10, bytes: 99, backupId: job.id });
  await job.done;
  const { record } = world.jobs.get(job.id);
  expect(record).toMatchObject({
    phase: 'SUCCEEDED',
    finishedAt: record.progress.at,
    backupId: job.id,
    progress: { rows: 10, totalRows: 10, bytes: 99, fraction: 1, message: 'Stored 10 rows' },
  });
  expect(await world.stored(job.id)).toEqual(record);
});

it('that fails keeps how far it was, and why', async () => {
  const world = new World();
  const job = world.begin();
  job.handle.tell({ phase: 'CAPTURING', rows: 3, fraction: 0.3 }, true);
  job.fail(new AppError('STORE_FULL', 'The disk is full'));
  await expect(job.done).rejects.toThrow('The disk is full');
  expect(await world.stored(job.id)).toMatchObject({
    phase: 'FAILED',
    progress: { rows: 3, fraction: 0.3, message: 'The disk is full' },
    error: { code: 'STORE_FULL', message: 'The disk is full' },
  });
});

it('tells nothing of an error that is a bug', async () => {
  const world = new World();
  const job = world.begin();
  job.fail(new Error('the secret is hunter2'));
  await expect(job.done).rejects.toThrow('hunter2');
  expect(JSON.stringify(await world.stored(job.id))).not.toContain('hunter2');
});

it.each([
  ['what its work refuses at once', () => new AppError('RATE_LIMITED', 'Too many wait')],
  ['a server that stops', () => undefined],
])('there is none for %s', async (_what, refusal) => {
  const world = new World();
  const error = refusal();
  if (error === undefined) await world.work.drain();
  const start = (): unknown =>
    world.jobs.start(
      REQUEST,
      () => {
        throw error as Error;
      },
      () => ({ message: '' }),
    );
  expect(start).toThrow(error?.message ?? 'The server is shutting down and takes on no new backup');
  expect(world.jobs.all()).toEqual([]);
  expect(await world.store.list()).toEqual([]);
});

describe('followers', () => {
  it('who come late get its present state first, and the end', async () => {
    const world = new World();
    const job = world.begin();
    job.handle.tell({ phase: 'CAPTURING' }, true);
    const steps = seen(world.jobs.follow(job.id));
    job.handle.tell({ phase: 'STORING' }, true);
    job.succeed();
    expect(await steps).toEqual(['CAPTURING', 'STORING', 'SUCCEEDED']);
    expect(await seen(world.jobs.follow(job.id))).toEqual(['SUCCEEDED']);
  });

  it('of all jobs get what comes from now on', async () => {
    const world = new World();
    const before = world.begin();
    before.succeed();
    await before.done;
    const steps = world.jobs.followAll();
    const job = world.begin();
    expect(await steps.next()).toMatchObject({ value: { id: job.id, phase: 'QUEUED' } });
    await steps.return?.();
  });

  it('never see it fall back', () => {
    const world = new World();
    const { id, handle } = world.begin();
    handle.tell({ fraction: 0.5 }, false);
    handle.tell({ fraction: 0.2 }, false);
    expect(world.jobs.get(id).record.progress.fraction).toBe(0.5);
  });
});

describe('cancelling', () => {
  it('ends it, and answers when it has ended', async () => {
    const world = new World();
    const job = world.begin();
    const { record } = await world.jobs.cancel(job.id);
    expect(record).toMatchObject({ phase: 'CANCELLED', error: { code: 'CANCELLED' } });
    expect(await world.stored(job.id)).toEqual(record);
    await expect(job.done).rejects.toThrow('The job was cancelled');
  });

  it('is too late for one that is done, or is being cancelled', async () => {
    const world = new World();
    const job = world.begin();
    const cancelled = world.jobs.cancel(job.id);
    await expect(world.jobs.cancel(job.id)).rejects.toThrow('is being cancelled already');
    await cancelled;
    await expect(world.jobs.cancel(job.id)).rejects.toThrow('has ended already: it was cancelled');
    await expect(world.jobs.cancel('nobody')).rejects.toThrow('Job not found: nobody');
  });

  it('of one that does not look at its signal any more tells the truth: it succeeded', async () => {
    const world = new World();
    let finish: () => void = () => undefined;
    const { job } = world.jobs.start(
      REQUEST,
      () => new Promise<void>((resolve) => (finish = resolve)),
      () => ({ message: 'Done' }),
    );
    const cancelled = world.jobs.cancel(job.record.id);
    finish();
    expect((await cancelled).record.phase).toBe('SUCCEEDED');
  });

  it('is what it is when nobody waits for it any more', async () => {
    const world = new World();
    const gone = new AbortController();
    const job = world.begin({ signal: gone.signal });
    gone.abort(new AppError('CANCELLED', 'The client went away'));
    await expect(job.done).rejects.toThrow('went away');
    expect(world.jobs.get(job.id).record.phase).toBe('CANCELLED');
  });

  it('is not what it is when the server gives it up', async () => {
    const world = new World();
    const job = world.begin();
    world.jobs.abort();
    await expect(job.done).rejects.toThrow('could not wait for it any longer');
    expect(world.jobs.get(job.id).record).toMatchObject({ phase: 'FAILED', error: { code: 'SHUTTING_DOWN' } });
  });
});

describe('after a crash', () => {
  it('what was running has FAILED, and says so', async () => {
    const world = new World();
    const { id, kept } = world.begin();
    await kept;
    const { jobs } = await world.restarted();
    expect(jobs.get(id).record).toMatchObject({
      phase: 'FAILED',
      error: { message: 'The server was stopped while it ran: begin it again' },
    });
    expect(await seen(jobs.follow(id))).toEqual(['FAILED']);
    expect((await world.stored(id)).phase).toBe('FAILED');
  });

  it('what had made its backup has SUCCEEDED', async () => {
    const world = new World();
    const { id, kept } = world.begin();
    await kept;
    const { jobs } = await world.restarted([id]);
    expect(jobs.get(id).record).toMatchObject({
      phase: 'SUCCEEDED',
      backupId: id,
      progress: { rows: 7, bytes: 99, fraction: 1, message: 'Stored 7 rows' },
    });
  });

  it('a validation has not succeeded because its backup is there', async () => {
    const world = new World();
    const { id, kept } = world.begin({ kind: 'VERIFY', backupId: 'b' });
    await kept;
    const { jobs } = await world.restarted([id, 'b']);
    expect(jobs.get(id).record.phase).toBe('FAILED');
  });

  it('records that are none are logged and not listed, and others are', async () => {
    const world = new World();
    const job = world.begin();
    job.succeed();
    await job.done;
    await world.store.put('jobs/broken.json', Buffer.from('{'));
    await world.store.put('jobs/of-another.json', await world.store.read(`jobs/${job.id}.json`, 1 << 20));
    await world.store.put('jobs/notes.txt', Buffer.from('mine'));
    const { jobs, lines } = await world.restarted();
    expect(jobs.all().map(({ record }) => record.id)).toEqual([job.id]);
    const logged = lines.filter((line) => line.includes('is not listed')).sort();
    expect(logged.map((line) => (JSON.parse(line) as { file: string }).file)).toEqual([
      'jobs/broken.json',
      'jobs/of-another.json',
    ]);
    expect(await world.store.list('jobs/')).toContain('jobs/notes.txt');
  });
});

describe('what is kept', () => {
  it('is a week of them after their end', async () => {
    const world = new World();
    const old = world.begin();
    old.succeed();
    await old.done;
    const running = world.begin();
    world.clock.advance(7 * DAY_MS + 1);
    const recent = world.begin();
    recent.succeed();
    await recent.done;
    expect(world.jobs.all().map(({ record }) => record.id)).toEqual([recent.id, running.id]);
    expect(await world.store.list('jobs/')).toEqual([`jobs/${recent.id}.json`, `jobs/${running.id}.json`].sort());
  });

  it('is 2,000 of each kind', async () => {
    const world = new World();
    let first = '';
    const other = world.begin({ kind: 'VERIFY' });
    other.succeed();
    await other.done;
    for (let i = 0; i <= 2_000; i++) {
      const job = world.begin();
      if (i === 0) first = job.id;
      job.succeed();
      await job.done;
    }
    expect(world.jobs.all({ kind: 'BACKUP' })).toHaveLength(2_000);
    expect(world.jobs.all({ kind: 'VERIFY' })).toHaveLength(1);
    expect(world.jobs.find(first)).toBeUndefined();
    expect(await world.store.list('jobs/')).toHaveLength(2_001);
  });

  it('is listed newest first, by kind and by database', () => {
    const world = new World();
    const kinds = ['BACKUP', 'IMPORT', 'VERIFY'] as const;
    const ids = kinds.map((kind) => world.begin({ kind, database: kind === 'VERIFY' ? 'other' : 'northbound' }).id);
    const listed = (filter?: Parameters<Jobs['all']>[0]): string[] =>
      world.jobs.all(filter).map(({ record }) => record.id);
    expect(listed()).toEqual([...ids].reverse());
    expect(listed({ kind: 'IMPORT' })).toEqual([ids[1]]);
    expect(listed({ database: 'other' })).toEqual([ids[2]]);
    expect(listed({ database: 'other', kind: 'IMPORT' })).toEqual([]);
    expect(() => listed({ database: 'no-such' })).toThrow('Database not found: "no-such". Configured here: northbound');
  });

  it('is empty where a configured database has none yet', () => {
    expect(new World().jobs.all({ database: 'northbound' })).toEqual([]);
  });

  it('is written when there is room again', async () => {
    const store = new (class extends MemoryStore {
      isFull = false;
      override put(...of: Parameters<MemoryStore['put']>): ReturnType<MemoryStore['put']> {
        return this.isFull ? Promise.reject(new AppError('STORE_FULL', 'full')) : super.put(...of);
      }
    })();
    const world = new World(store);
    const jobs = [world.begin(), world.begin()];
    await Promise.all(jobs.map(({ kept }) => kept));
    store.isFull = true;
    for (const job of jobs) {
      job.succeed();
      await job.done;
      expect((await world.stored(job.id)).phase).toBe('QUEUED');
    }
    store.isFull = false;
    await world.begin().kept;
    await until(async () =>
      (await Promise.all(jobs.map(({ id }) => world.stored(id)))).every(({ phase }) => phase === 'SUCCEEDED'),
    );
  });

  it('stops no job when its record cannot be', async () => {
    const world = new World();
    await world.store.close();
    const job = world.begin();
    await job.kept;
    job.succeed();
    await job.done;
    expect(world.jobs.get(job.id).record.phase).toBe('SUCCEEDED');
    expect(world.lines.filter((line) => line.includes('could not be kept')).length).toBeGreaterThan(0);
  });
});
