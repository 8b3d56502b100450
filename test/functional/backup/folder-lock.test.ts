/**
 * One server to a folder: who gets the lock of the file store, who waits for it, and who finds that it was taken. The
 * clock stands still where time matters: a holder whose clock stands is one that was paused.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { link, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../../../src/lib/clock.js';
import type { AppError } from '../../../src/lib/error.js';
import { FileStore } from '../../../src/store/file/file-store.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
/** What a server waits before it takes over a lock of which nobody can tell whether its holder lives. */
const WAIT_MS = 30_000;

interface Lock {
  readonly pid: number;
  readonly startedAt: string | null;
  readonly namespace?: string | null;
  readonly host?: string;
  readonly nonce: string;
}

let folder: string;
let lockFile: string;
/** Of this process, as a store of ours writes it. */
let own: Lock;
const opened: FileStore[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-lock-'));
  lockFile = join(folder, '.lock');
  const store = await open();
  own = JSON.parse(await readFile(lockFile, 'utf8')) as Lock;
  await store.close();
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(options: Partial<Parameters<typeof FileStore.open>[1]> = {}): Promise<FileStore> {
  const store = await FileStore.open(folder, { clock: systemClock, ...options });
  opened.push(store);
  return store;
}

async function locked(lock: Partial<Lock>): Promise<string> {
  const text = JSON.stringify({ ...own, nonce: 'n', ...lock });
  await writeFile(lockFile, text);
  return text;
}

const names = async (): Promise<readonly string[]> => (await readdir(folder)).sort();
const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'it succeeded',
    (error: unknown) => (error as AppError).message,
  );

/** Lets the clock run, a second at a time, until the promise is settled. Answers how long it ran. */
async function running(
  clock: TestClock,
  work: Promise<unknown>,
  each?: (ms: number) => Promise<void>,
): Promise<number> {
  const began = clock.monotonic();
  let isSettled = false;
  const settled = (): void => void (isSettled = true);
  work.then(settled, settled);
  while (!isSettled) {
    await until(() => isSettled || clock.waiting > 0);
    if (isSettled) break;
    await each?.(clock.monotonic() - began);
    clock.advance(1_000);
    // with a lock that is held an alarm is always set: the disk, too, has to get its turn
    await turn();
  }
  return clock.monotonic() - began;
}

describe('a lock of this machine and these processes', () => {
  it('keeps a second store out, names the process, and goes when the store is closed', async () => {
    const store = await open();
    expect(await messageOf(open())).toBe(
      `Another server (process ${process.pid}) uses the backup store ${folder}. Stop it, or set BACKUP_PATH to ` +
        'another folder for this one.',
    );
    await store.close();
    expect(await names()).toEqual([]);
    await open();
  });

  it('keeps others out while its process lives, and is taken over at once when that is gone', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
    const [boot] = (own.startedAt ?? '').split(' ');
    await locked({
      pid: child.pid ?? -1,
      startedAt: `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`,
    });
    const clock = new TestClock();
    expect(await messageOf(open({ clock }))).toContain(`process ${child.pid})`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await open({ clock });
    expect(clock.monotonic()).toBe(0);
  });

  it('is not kept by another process with the same id, or with one of an earlier container', async () => {
    const [boot] = (own.startedAt ?? '').split(' ');
    await locked({ startedAt: `${boot} 1` });
    const store = await open({ clock: new TestClock() });
    expect(JSON.parse(await readFile(lockFile, 'utf8'))).toEqual({ ...own, nonce: expect.any(String) });
    await store.close();
  });

  it('is taken over when it is no lock', async () => {
    for (const garbage of ['', 'garbage', '{"pid":-1}', 'null']) {
      await writeFile(lockFile, garbage);
      await (await open({ clock: new TestClock() })).close();
    }
  });

  it('of an earlier version keeps others out while its process lives', async () => {
    const { pid, startedAt } = own;
    await writeFile(lockFile, JSON.stringify({ pid, startedAt, nonce: 'n' }));
    expect(await messageOf(open({ clock: new TestClock() }))).toContain(`process ${pid})`);
  });

  it('that is stale is taken over by one of many, also past a stale claim on it', async () => {
    const [boot] = (own.startedAt ?? '').split(' ');
    for (const claimed of [false, true]) {
      const text = await locked({ startedAt: `${boot} 1` });
      if (claimed) {
        const digest = createHash('sha256').update('.lock').update(text).digest('hex');
        await link(lockFile, join(folder, `.lock-${digest.slice(0, 16)}`));
      }
      const results = await Promise.allSettled(Array.from({ length: 20 }, () => open()));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toEqual(code('STORE_UNAVAILABLE'));
      expect(await names()).toEqual(['.lock']);
      for (const store of opened.splice(0)) await store.close();
    }
  });
});

describe('a lock of another container or machine', () => {
  const elsewhere: readonly (readonly [string, () => Partial<Lock>])[] = [
    ['another PID namespace', () => ({ namespace: 'pid:[1]' })],
    ['another boot, or another machine', () => ({ startedAt: 'another-boot 1' })],
    ['a system that does not tell', () => ({ startedAt: null, namespace: null })],
  ];

  it.each(elsewhere)(
    'is taken over when nobody renews it for 30 s, which the log explains: %s',
    async (_what, lock) => {
      await locked({ pid: 7, host: 'backup-2', ...lock() });
      const clock = new TestClock();
      const told: string[] = [];
      const opening = open({ clock, log: { warn: (_fields, message) => void told.push(message) } });
      expect(await running(clock, opening)).toBe(WAIT_MS);
      const store = await opening;
      await store.put('a.json', Buffer.from('x'));
      expect(told).toEqual([
        'another server (process 7 of backup-2) had the backup folder, and it cannot be told from here whether it still ' +
          'runs: waiting for 30 s, and taking the folder over if the lock is not renewed',
      ]);
      expect(await names()).toEqual(['.lock', 'a.json']);
    },
  );

  it.each(elsewhere)('keeps others out while it is renewed: %s', async (_what, lock) => {
    await locked({ pid: 7, host: 'backup-2', ...lock() });
    const clock = new TestClock();
    const opening = messageOf(open({ clock }));
    await running(clock, opening, async (ms) => {
      if (ms === WAIT_MS - 1_000) await utimes(lockFile, 1, 1);
    });
    expect(await opening).toContain('Another server (process 7 of backup-2) uses the backup store');
    expect(JSON.parse(await readFile(lockFile, 'utf8'))).toMatchObject({ pid: 7 });
  });

  it('is waited for no longer when it is given back', async () => {
    await locked({ namespace: 'pid:[1]' });
    const clock = new TestClock();
    const opening = open({ clock });
    const tookMs = await running(clock, opening, async (ms) => {
      if (ms === 3_000) await rm(lockFile);
    });
    await opening;
    expect(tookMs).toBe(4_000);
  });

  it('is taken over by one of several that wait', async () => {
    await locked({ namespace: 'pid:[1]' });
    const clock = new TestClock();
    const opening = Promise.allSettled(Array.from({ length: 5 }, () => open({ clock })));
    await running(clock, opening);
    expect((await opening).map(({ status }) => status).sort()).toEqual(['fulfilled', ...Array(4).fill('rejected')]);
  });
});

describe('the holder', () => {
  it('renews its lock every 5 s', async () => {
    const clock = new TestClock();
    await open({ clock });
    for (let beats = 0; beats < 3; beats++) {
      const before = (await stat(lockFile, { bigint: true })).mtimeNs;
      clock.advance(5_000);
      await until(async () => (await stat(lockFile, { bigint: true })).mtimeNs !== before);
    }
  });

  it('writes nothing after another server has taken the folder, and says so once', async () => {
    const lost: AppError[] = [];
    const store = await open({ clock: new TestClock(), onLost: (error) => void lost.push(error) });
    await store.put('a.json', Buffer.from('before'));
    const theirs = await locked({ pid: 7, namespace: 'pid:[1]', host: 'backup-2' });
    await writeFile(join(folder, '.tmp-theirs'), 'under way');
    for (const write of [
      () => store.put('b.json', Buffer.from('x')),
      () => store.put('a.json', Buffer.from('x'), { replace: true }),
      () => store.delete('a.json'),
      () => store.sweep(),
      () => store.checkLock(),
    ])
      await expect(write()).rejects.toEqual(code('STORE_UNAVAILABLE'));
    expect(lost).toHaveLength(1);
    expect(lost[0]?.message).toMatch(/^Another server \(process 7 of backup-2\) has taken over the backup store/);
    await store.close();
    expect(await names()).toEqual(['.lock', '.tmp-theirs', 'a.json']);
    expect([await readFile(lockFile, 'utf8'), await readFile(join(folder, 'a.json'), 'utf8')]).toEqual([
      theirs,
      'before',
    ]);
  });

  it('finds out by itself, and then leaves the lock of the other one alone', async () => {
    const clock = new TestClock();
    const lost: AppError[] = [];
    await open({ clock, onLost: (error) => void lost.push(error) });
    await locked({ namespace: 'pid:[1]' });
    const before = (await stat(lockFile)).mtimeMs;
    clock.advance(5_000);
    await until(() => lost.length === 1);
    expect([(await stat(lockFile)).mtimeMs, clock.waiting]).toEqual([before, 0]);
  });

  it('puts a lock back that somebody has removed, unless another server was faster', async () => {
    const store = await open();
    await rm(lockFile);
    await store.put('a.json', Buffer.from('x'));
    expect(await names()).toEqual(['.lock', 'a.json']);
    await expect(open()).rejects.toEqual(code('STORE_UNAVAILABLE'));
    await rm(lockFile);
    const second = await open();
    await expect(store.put('b.json', Buffer.from('x'))).rejects.toEqual(code('STORE_UNAVAILABLE'));
    await store.close();
    await second.put('b.json', Buffer.from('x'));
    expect(await names()).toEqual(['.lock', 'a.json', 'b.json']);
  });

  it('tells once that it cannot renew its lock, and goes on when it can', async () => {
    const clock = new TestClock();
    const told: string[] = [];
    const store = await open({ clock, log: { warn: (_fields, message) => void told.push(message) } });
    await rm(lockFile);
    await mkdir(lockFile); // what cannot be read
    for (let beats = 0; beats < 3; beats++) {
      clock.advance(5_000);
      await until(() => told.length === 1);
    }
    await rm(lockFile, { recursive: true });
    await store.put('a.json', Buffer.from('x'));
    expect(told).toEqual([expect.stringContaining('the lock of the backup folder cannot be renewed')]);
  });

  it('keeps it until the writes under way have ended', async () => {
    const store = await open();
    let finish = (): void => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a');
      await gate;
      yield Buffer.from('b');
    }
    const put = store.put('a.json', slow());
    const closing = store.close();
    expect(await names()).toContain('.lock');
    finish();
    await Promise.all([put, closing]);
    expect(await names()).toEqual(['a.json']);
  });
});
