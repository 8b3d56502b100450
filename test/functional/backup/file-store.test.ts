/** The file store on real folders: what is on the disk after writes that end well, badly or not at all. */

import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  type FileHandle,
  link,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import ts from 'typescript';
import { FileStore } from '../../../src/store/file/file-store.js';
import { isKey, KeyTaken } from '../../../src/store/store.js';

const run = promisify(execFile);
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

let base: string;
let folder: string;
let store: FileStore;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'ovncp-store-'));
  folder = join(base, 'deep', 'backups');
  store = await FileStore.open(folder);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await store.close();
  await rm(base, { recursive: true, force: true });
});

/** Names in the folder, without the lock. */
async function names(of = folder): Promise<string[]> {
  return (await readdir(of)).filter((name) => name !== '.lock').sort();
}

async function bytesOf(stream: Readable): Promise<Buffer> {
  return Buffer.concat(await stream.toArray());
}

async function* chunks(...parts: (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    await Promise.resolve();
    yield part;
  }
}

function modeOf(path: string): Promise<string> {
  return stat(path).then((stats) => (stats.mode & 0o7777).toString(8));
}

describe('writing', () => {
  it('stores bytes under the key and gives them back', async () => {
    const big = randomBytes(1_000_003);
    expect(
      await store.put(
        'a.json',
        chunks(big.subarray(0, 10), new Uint8Array(0), big.subarray(10, 600_000), big.subarray(600_000)),
      ),
    ).toEqual({ size: big.length });
    expect(await store.put('b.json', Buffer.from('small'))).toEqual({ size: 5 });
    expect(await store.put('empty.json', chunks())).toEqual({ size: 0 });
    expect((await bytesOf(await store.get('a.json'))).equals(big)).toBe(true);
    expect((await store.read('b.json', 5)).toString()).toBe('small');
    expect(await store.stat('b.json')).toEqual({ size: 5, modifiedAt: expect.any(Number) });
    expect((await bytesOf(await store.get('empty.json'))).length).toBe(0);
    expect(await names()).toEqual(['a.json', 'b.json', 'empty.json']);
  });

  it('makes folders 0700 and files 0600 under any umask', async () => {
    for (const umask of [0o000, 0o022, 0o277]) {
      const place = join(base, `umask-${umask}`);
      const before = process.umask(umask);
      const other = await FileStore.open(place);
      try {
        await other.put('a.json', Buffer.from('x'));
        await other.put('restores/r.json', Buffer.from('x'));
        const modes = await Promise.all(
          ['', '.lock', 'a.json', 'restores', 'restores/r.json'].map((name) => modeOf(join(place, name))),
        );
        expect(modes).toEqual(['700', '600', '600', '700', '600']);
      } finally {
        process.umask(before);
        await other.close();
      }
    }
  });

  it('refuses a key that is taken, and leaves what is there', async () => {
    await store.put('a.json', Buffer.from('first'));
    await expect(store.put('a.json', Buffer.from('second'))).rejects.toThrow(KeyTaken);
    expect((await store.read('a.json', 100)).toString()).toBe('first');
    expect(await names()).toEqual(['a.json']);
  });

  it('lets one of many writers of the same key win, whole', async () => {
    const bodies = Array.from({ length: 20 }, (_, i) => Buffer.alloc(300_000, i));
    const results = await Promise.allSettled(bodies.map((body) => store.put('a.json', chunks(body))));
    const winners = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
    const losers = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(winners).toHaveLength(1);
    expect(losers.every((reason) => reason instanceof KeyTaken && reason.key === 'a.json')).toBe(true);
    expect((await store.read('a.json', 1e6)).equals(bodies[winners[0] ?? -1] ?? Buffer.alloc(0))).toBe(true);
    expect(await names()).toEqual(['a.json']);
  });

  it('replaces an object only when told to', async () => {
    await store.put('restores/r.json', Buffer.from('APPLYING'));
    await store.put('restores/r.json', Buffer.from('SUCCEEDED'), { replace: true });
    expect((await store.read('restores/r.json', 100)).toString()).toBe('SUCCEEDED');
    expect(await names(join(folder, 'restores'))).toEqual(['r.json']);
    expect(await names()).toEqual(['restores']);
  });

  it('shows nothing under the key before the write is whole', async () => {
    let seen: unknown = 'not looked';
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(1_000_000);
      seen = [await store.stat('a.json'), await store.list()];
      yield Buffer.alloc(1);
    }
    await store.put('a.json', source());
    expect(seen).toEqual([undefined, []]);
    expect(await store.list()).toEqual(['a.json']);
  });

  it('leaves nothing of a source that fails midway, and throws its error as it is', async () => {
    const failure = new Error('capture lost its connection');
    await expect(store.put('a.json', chunks(Buffer.alloc(900_000), failure))).rejects.toBe(failure);
    expect(await names()).toEqual([]);
  });

  it('leaves the old object when its replacement fails midway', async () => {
    await store.put('a.json', Buffer.from('old'));
    await expect(
      store.put('a.json', chunks(Buffer.alloc(900_000), new Error('no')), { replace: true }),
    ).rejects.toThrow('no');
    expect((await store.read('a.json', 100)).toString()).toBe('old');
    expect(await names()).toEqual(['a.json']);
  });

  it('gives up at once when aborted, even while the source is silent', async () => {
    const abort = new AbortController();
    const reason = new Error('cancelled by the user');
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(500_000);
      setTimeout(() => abort.abort(reason), 20);
      await new Promise(() => undefined);
    }
    await expect(store.put('a.json', silent(), { signal: abort.signal })).rejects.toBe(reason);
    await expect(store.put('b.json', Buffer.from('x'), { signal: abort.signal })).rejects.toBe(reason);
    expect(await names()).toEqual([]);
  });

  it('closes the source of a write that ends early', async () => {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(300_000);
      } finally {
        await new Promise((resolve) => setTimeout(resolve, 5));
        closed = true;
      }
    }
    await failWritesWithNoSpace();
    await expect(store.put('a.json', source(), { signal: new AbortController().signal })).rejects.toEqual(
      code('STORE_FULL'),
    );
    expect(closed).toBe(true);
  });
});

describe('reading and deleting', () => {
  it('reads any range, the end not included', async () => {
    const bytes = randomBytes(700_000);
    await store.put('a.json', bytes);
    for (const [start, end] of [
      [0, 10],
      [5, 5],
      [10, 5],
      [300_000, 600_001],
      [699_999, 900_000],
      [800_000, 900_000],
    ] as const) {
      const read = await bytesOf(await store.get('a.json', { start, end }));
      expect([start, end, read.equals(bytes.subarray(start, Math.max(start, end)))]).toEqual([start, end, true]);
    }
    expect((await bytesOf(await store.get('a.json', { start: 699_990 }))).equals(bytes.subarray(699_990))).toBe(true);
  });

  it('closes the file of a stream that is destroyed before its end', async () => {
    await store.put('a.json', randomBytes(2_000_000));
    const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd')).length;
    const before = await openFiles();
    for (let i = 0; i < 20; i++) {
      const stream = await store.get('a.json');
      if (i % 2 === 0) await once(stream, 'readable');
      stream.destroy();
      await once(stream, 'close');
    }
    expect(await openFiles()).toBeLessThanOrEqual(before + 2);
  });

  it('answers NOT_FOUND, undefined or false for what is not there', async () => {
    for (const key of ['a.json', 'restores/a.json']) {
      await expect(store.get(key)).rejects.toEqual(code('NOT_FOUND'));
      await expect(store.read(key, 10)).rejects.toEqual(code('NOT_FOUND'));
      expect(await store.stat(key)).toBeUndefined();
      expect(await store.delete(key)).toBe(false);
    }
    expect(await store.list('restores/')).toEqual([]);
  });

  it('reads no more than the limit of a small object', async () => {
    await store.put('a.json', Buffer.alloc(11));
    await expect(store.read('a.json', 10)).rejects.toEqual(code('TOO_LARGE'));
  });

  it('deletes an object, once', async () => {
    await store.put('a.json', Buffer.from('x'));
    expect(await store.delete('a.json')).toBe(true);
    expect(await store.delete('a.json')).toBe(false);
    expect(await names()).toEqual([]);
  });

  it('lists keys by prefix, sorted, and nothing that is no object', async () => {
    for (const key of ['b.json', 'a.json', 'a.json.meta', 'restores/2.json', 'restores/1.json'])
      await store.put(key, Buffer.from('x'));
    await mkdir(join(folder, 'deeper'));
    await writeFile(join(folder, '.hidden'), '');
    await writeFile(join(folder, 'a b.json'), '');
    await symlink('/etc/passwd', join(folder, 'link.json'));
    expect(await store.list()).toEqual(['a.json', 'a.json.meta', 'b.json', 'restores/1.json', 'restores/2.json']);
    expect(await store.list('a')).toEqual(['a.json', 'a.json.meta']);
    expect(await store.list('restores/')).toEqual(['restores/1.json', 'restores/2.json']);
    expect(await store.list('restores/2')).toEqual(['restores/2.json']);
  });

  it('follows no link, and takes neither a folder nor a pipe for an object', async () => {
    await symlink('/etc/passwd', join(folder, 'link.json'));
    await mkdir(join(folder, 'folder.json'));
    await run('mkfifo', [join(folder, 'pipe.json')]);
    for (const key of ['link.json', 'folder.json', 'pipe.json']) {
      await expect(store.get(key)).rejects.toEqual(code('NOT_FOUND'));
      expect(await store.stat(key)).toBeUndefined();
    }
  });

  it('refuses what is no key, in every method', async () => {
    const wrong = [
      '',
      '.',
      '..',
      '../a',
      '/etc/passwd',
      'a/../b',
      'a/b/c',
      'a//b',
      'a/',
      '/a',
      '.lock',
      '.tmp-a',
      'restores/.a',
      'a\0b',
      'a\\b',
      'a b',
      'é',
      'a\n',
      'x'.repeat(256),
    ];
    for (const key of wrong) {
      expect([key, isKey(key)]).toEqual([key, false]);
      await expect(store.put(key, Buffer.from('x'))).rejects.toEqual(code('BAD_USER_INPUT'));
      await expect(store.get(key)).rejects.toEqual(code('BAD_USER_INPUT'));
      await expect(store.read(key, 1)).rejects.toEqual(code('BAD_USER_INPUT'));
      await expect(store.stat(key)).rejects.toEqual(code('BAD_USER_INPUT'));
      await expect(store.delete(key)).rejects.toEqual(code('BAD_USER_INPUT'));
    }
    expect(await store.list('../')).toEqual([]);
    expect(await names()).toEqual([]);
  });
});

describe('a full or failing disk', () => {
  it('answers STORE_FULL and leaves nothing when a write finds no space', async () => {
    await failWritesWithNoSpace();
    await expect(store.put('a.json', Buffer.alloc(1000))).rejects.toEqual(code('STORE_FULL'));
    expect(await names()).toEqual([]);
    jest.restoreAllMocks();
    await store.put('a.json', Buffer.alloc(1000));
    expect(await names()).toEqual(['a.json']);
  });

  it('answers STORE_UNAVAILABLE and leaves nothing when fsync fails', async () => {
    jest
      .spyOn(await handlePrototype(), 'sync')
      .mockRejectedValue(Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' }));
    await expect(store.put('a.json', Buffer.alloc(1000))).rejects.toEqual(code('STORE_UNAVAILABLE'));
    expect(await names()).toEqual([]);
  });

  it('takes the object back when the folder cannot be made durable', async () => {
    const prototype = await handlePrototype();
    const sync = prototype.sync;
    let calls = 0;
    jest.spyOn(prototype, 'sync').mockImplementation(function (this: FileHandle) {
      return ++calls === 1 ? sync.call(this) : Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }));
    });
    await expect(store.put('a.json', Buffer.alloc(1000))).rejects.toEqual(code('STORE_UNAVAILABLE'));
    expect(calls).toBe(2);
    expect(await names()).toEqual([]);
  });

  it('survives a disk that is really full', async () => {
    const place = join(base, 'small');
    await mkdir(place);
    // Only root may mount; for anybody else every write past the first megabyte finds no space.
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place]).then(
      () => true,
      () => false,
    );
    if (!mounted) await failWritesWithNoSpace(1_000_000);
    const small = await FileStore.open(place);
    try {
      await small.put('kept.json', Buffer.alloc(100_000, 7));
      await expect(
        small.put('a.json', chunks(...Array.from({ length: 10 }, () => Buffer.alloc(300_000)))),
      ).rejects.toEqual(code('STORE_FULL'));
      expect(await names(place)).toEqual(['kept.json']);
      await small.put('b.json', Buffer.alloc(100_000));
      expect((await small.read('kept.json', 1e6)).equals(Buffer.alloc(100_000, 7))).toBe(true);
    } finally {
      await small.close();
      if (mounted) await run('umount', [place]);
    }
  });

  it('says which folder it cannot use', async () => {
    await writeFile(join(base, 'file'), '');
    await expect(FileStore.open(join(base, 'file', 'backups'))).rejects.toEqual(
      expect.objectContaining({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining(join(base, 'file', 'backups')),
      }),
    );
  });
});

describe('after a crash', () => {
  it('sweeps temporary files of an earlier process, and no others', async () => {
    await store.put('a.json', Buffer.from('x'));
    await writeFile(join(folder, '.tmp-0123'), 'half');
    await writeFile(join(folder, '.lock-0123'), 'half');
    await writeFile(join(folder, '.hidden'), '');
    let swept: readonly string[] = [];
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(500_000);
      swept = await store.sweep(); // while this write has a temporary file of its own
      yield Buffer.alloc(1);
    }
    await store.put('b.json', source());
    expect([...swept].sort()).toEqual(['.lock-0123', '.tmp-0123']);
    expect(await names()).toEqual(['.hidden', 'a.json', 'b.json']);
    expect(await store.sweep()).toEqual([]);
  });

  it('shows only whole objects after kill -9 at any moment', async () => {
    const program = await compileStore(join(base, 'program'));
    const place = join(base, 'killed');
    let whole = 0;
    for (let round = 0; round < 6; round++) {
      const child = spawn(process.execPath, [program, place, `r${round}`], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'exit');
      await once(child.stdout, 'data'); // it has begun to write
      await new Promise((resolve) => setTimeout(resolve, 10 + 17 * round));
      child.kill('SIGKILL');
      expect(await ended).toEqual([null, 'SIGKILL']);
      const next = await FileStore.open(place);
      try {
        await next.sweep();
        const keys = await next.list();
        expect(await names(place)).toEqual(keys);
        for (const key of keys) {
          const bytes = await next.read(key, 1e7);
          const digest = createHash('sha256').update(bytes.subarray(32)).digest();
          expect([key, bytes.length, digest.equals(bytes.subarray(0, 32))]).toEqual([key, 3_000_032, true]);
        }
        whole = keys.length;
      } finally {
        await next.close();
      }
    }
    expect(whole).toBeGreaterThan(0);
  });
});

describe('the lock', () => {
  const lockOf = (pid: number, startedAt: string | null = null): string =>
    JSON.stringify({ pid, startedAt, nonce: 'n' });

  it('refuses a second store on the folder and names the process', async () => {
    await expect(FileStore.open(folder)).rejects.toEqual(
      expect.objectContaining({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining(`process ${process.pid})`),
      }),
    );
    await store.close();
    expect(await readdir(folder)).toEqual([]);
    store = await FileStore.open(folder);
  });

  it('refuses while the other process lives and takes over when it is gone', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const place = join(base, 'other');
    await mkdir(place);
    await writeFile(join(place, '.lock'), lockOf(child.pid ?? -1));
    await expect(FileStore.open(place)).rejects.toThrow(`process ${child.pid})`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await FileStore.open(place)).close();
    expect(await readdir(place)).toEqual([]);
  });

  it('does not take another process with the same id for the holder', async () => {
    const place = join(base, 'reused');
    await mkdir(place);
    await writeFile(join(place, '.lock'), lockOf(process.pid, 'another-boot 1'));
    const reused = await FileStore.open(place);
    expect(JSON.parse(await readFile(join(place, '.lock'), 'utf8'))).toEqual({
      pid: process.pid,
      startedAt: expect.stringMatching(/ \d+$/),
      nonce: expect.any(String),
    });
    await reused.close();
  });

  it('takes over a lock that is no lock', async () => {
    const place = join(base, 'garbage');
    await mkdir(place);
    for (const garbage of ['', 'garbage', '{"pid":-1}', 'null']) {
      await writeFile(join(place, '.lock'), garbage);
      await (await FileStore.open(place)).close();
    }
  });

  it('lets one of many take over a stale lock, also past a stale claim on it', async () => {
    for (const claimed of [false, true]) {
      const place = join(base, `stale-${claimed}`);
      await mkdir(place);
      await writeFile(join(place, '.lock'), lockOf(process.pid, 'another-boot 1'));
      if (claimed) {
        const digest = createHash('sha256').update('.lock').update(lockOf(process.pid, 'another-boot 1')).digest('hex');
        await link(join(place, '.lock'), join(place, `.lock-${digest.slice(0, 16)}`));
      }
      const results = await Promise.allSettled(Array.from({ length: 20 }, () => FileStore.open(place)));
      const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(opened).toHaveLength(1);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toEqual(code('STORE_UNAVAILABLE'));
      expect(await names(place)).toEqual([]);
      await opened[0]?.close();
    }
  });

  it('leaves the lock of another server alone when it closes', async () => {
    await rm(join(folder, '.lock'));
    const second = await FileStore.open(folder);
    await store.close();
    expect(await readdir(folder)).toEqual(['.lock']);
    await second.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('waits for the writes under way when it closes, and takes no more', async () => {
    let finish = (): void => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a');
      await gate;
      yield Buffer.from('b');
    }
    const put = store.put('a.json', slow());
    const closing = store.close();
    await expect(store.put('b.json', Buffer.from('x'))).rejects.toEqual(code('SHUTTING_DOWN'));
    expect(await readdir(folder)).toContain('.lock');
    finish();
    await Promise.all([put, closing]);
    expect(await readdir(folder)).toEqual(['a.json']);
  });
});

async function handlePrototype(): Promise<FileHandle> {
  const handle = await open('/dev/null');
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
}

/** Lets each file take so many bytes, then fails as the kernel does for /dev/full. */
async function failWritesWithNoSpace(afterBytes = 0): Promise<void> {
  const prototype = await handlePrototype();
  const write = prototype.write as (this: FileHandle, ...args: unknown[]) => Promise<unknown>;
  const written = new Map<FileHandle, number>();
  jest.spyOn(prototype, 'write').mockImplementation(async function (this: FileHandle, ...args: unknown[]) {
    const length = (written.get(this) ?? 0) + (args[2] as number);
    written.set(this, length);
    if (length <= afterBytes) return (await write.apply(this, args)) as never;
    const full = await open('/dev/full', 'w');
    try {
      return (await write.apply(full, args)) as never;
    } finally {
      await full.close();
    }
  });
}

/** A program that puts objects, each its digest and then its bytes, until it is killed. */
async function compileStore(to: string): Promise<string> {
  const root = join(import.meta.dirname, '..', '..', '..');
  await mkdir(to);
  await writeFile(join(to, 'package.json'), '{"type":"module"}');
  await symlink(join(root, 'node_modules'), join(to, 'node_modules'));
  for (const part of ['store', 'lib']) {
    const from = join(root, 'src', part);
    for (const file of (await readdir(from, { recursive: true })).filter((name) => name.endsWith('.ts'))) {
      const { outputText } = ts.transpileModule(await readFile(join(from, file), 'utf8'), {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      });
      const target = join(to, part, file.replace(/\.ts$/, '.js'));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, outputText);
    }
  }
  const program = join(to, 'program.js');
  await writeFile(
    program,
    `
    import { createHash, randomBytes } from 'node:crypto';
    import { FileStore } from './store/file/file-store.js';
    const store = await FileStore.open(process.argv[2]);
    console.log('ready');
    for (let i = 0; ; i++) {
      const body = randomBytes(3_000_000);
      await store.put(process.argv[3] + '-' + i + '.json', (async function* () {
        yield createHash('sha256').update(body).digest();
        for (let at = 0; at < body.length; at += 65536) yield body.subarray(at, at + 65536);
      })());
    }
  `,
  );
  return program;
}
