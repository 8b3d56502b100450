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
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ModuleMocker } from 'jest-mock';
import ts from 'typescript';
import { systemClock } from '../../../src/lib/clock.js';
import { FileStore } from '../../../src/store/file/file-store.js';

const OPTIONS = { clock: systemClock };
const run = promisify(execFile);
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** For a disk that fails: methods of Node's file handles. */
const faults = new ModuleMocker(globalThis);

let base: string;
let folder: string;
let store: FileStore;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'ovncp-store-'));
  folder = join(base, 'deep', 'backups');
  store = await FileStore.open(folder, OPTIONS);
});

afterEach(async () => {
  faults.restoreAllMocks();
  await store.close();
  await rm(base, { recursive: true, force: true });
});

/** Names in the folder, without the lock. */
async function names(of = folder): Promise<string[]> {
  return (await readdir(of)).filter((name) => name !== '.lock').sort();
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
  it('makes folders 0700 and files 0600 under any umask', async () => {
    for (const umask of [0o000, 0o022, 0o277]) {
      const place = join(base, `umask-${umask}`);
      const before = process.umask(umask);
      const other = await FileStore.open(place, OPTIONS);
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

  it('lists files in the folder and one below it, and nothing else that is there', async () => {
    for (const key of ['a.json', 'restores/1.json']) await store.put(key, Buffer.from('x'));
    await mkdir(join(folder, 'deeper', 'still'), { recursive: true });
    await writeFile(join(folder, 'deeper', 'still', 'a.json'), '');
    await writeFile(join(folder, '.hidden'), '');
    await writeFile(join(folder, 'a b.json'), '');
    await symlink('/etc/passwd', join(folder, 'link.json'));
    expect(await store.list()).toEqual(['a.json', 'restores/1.json']);
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
});

describe('a full or failing disk', () => {
  it('answers STORE_FULL and leaves nothing when a write finds no space', async () => {
    await failWritesWithNoSpace();
    await expect(store.put('a.json', Buffer.alloc(1000))).rejects.toEqual(code('STORE_FULL'));
    expect(await names()).toEqual([]);
    faults.restoreAllMocks();
    await store.put('a.json', Buffer.alloc(1000));
    expect(await names()).toEqual(['a.json']);
  });

  it('answers STORE_UNAVAILABLE and leaves nothing when fsync fails', async () => {
    faults
      .spyOn(await handlePrototype(), 'sync')
      .mockRejectedValue(Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' }));
    await expect(store.put('a.json', Buffer.alloc(1000))).rejects.toEqual(code('STORE_UNAVAILABLE'));
    expect(await names()).toEqual([]);
  });

  it('takes the object back when the folder cannot be made durable', async () => {
    const prototype = await handlePrototype();
    const sync = prototype.sync;
    let calls = 0;
    faults.spyOn(prototype, 'sync').mockImplementation(function (this: FileHandle) {
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
    const small = await FileStore.open(place, OPTIONS);
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
    await expect(FileStore.open(join(base, 'file', 'backups'), OPTIONS)).rejects.toEqual(
      expect.objectContaining({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining(join(base, 'file', 'backups')),
      }),
    );
  });
});

describe('a network file system that answers the second try of a request whose answer was lost', () => {
  /** Has a write go on when its file has its name already. */
  async function named(replace: boolean, name: (temporary: string, target: string) => Promise<void>): Promise<void> {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(500_000, 1);
      const temporary = (await readdir(folder)).find((found) => found.startsWith('.tmp-'));
      await name(join(folder, temporary ?? 'none'), join(folder, 'a.json'));
    }
    await store.put('a.json', source(), { replace });
  }

  it('is believed only about another file: EEXIST of link(2)', async () => {
    await named(false, link);
    expect(await names()).toEqual(['a.json']);
    expect((await store.read('a.json', 1e6)).equals(Buffer.alloc(500_000, 1))).toBe(true);
    await expect(store.put('a.json', Buffer.from('other'))).rejects.toEqual(code('CONFLICT'));
    expect((await store.stat('a.json'))?.size).toBe(500_000);
  });

  it('is believed only about another file: ENOENT of rename(2)', async () => {
    await store.put('a.json', Buffer.from('before'));
    await named(true, rename);
    expect(await names()).toEqual(['a.json']);
    expect((await store.stat('a.json'))?.size).toBe(500_000);
    // the file is gone, and what has the name is the other one
    await expect(named(true, (temporary) => rm(temporary))).rejects.toEqual(code('STORE_UNAVAILABLE'));
    expect((await store.stat('a.json'))?.size).toBe(500_000);
  });
});

describe('after a crash', () => {
  it('sweeps temporary files of an earlier process, and no others', async () => {
    await store.put('a.json', Buffer.from('x'));
    await writeFile(join(folder, '.tmp-0123'), 'half');
    await writeFile(join(folder, '.lock-0123'), 'half');
    await writeFile(join(folder, 'audit.head.0123456789abcdef01234567.tmp'), 'half');
    await writeFile(join(folder, '.hidden'), '');
    let swept: readonly string[] = [];
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(500_000);
      swept = await store.sweep(); // while this write has a temporary file of its own
      yield Buffer.alloc(1);
    }
    await store.put('b.json', source());
    expect([...swept].sort()).toEqual(['.lock-0123', '.tmp-0123', 'audit.head.0123456789abcdef01234567.tmp']);
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
      let output = '';
      child.stdout.on('data', (text: Buffer) => (output += text.toString()));
      // the first is killed when an object is whole, the others at any moment after they have begun to write
      while (!output.includes(round === 0 ? 'whole' : 'ready') && child.exitCode === null)
        await Promise.race([once(child.stdout, 'data'), ended]);
      await new Promise((resolve) => setTimeout(resolve, 10 + 17 * round));
      child.kill('SIGKILL');
      expect(await ended).toEqual([null, 'SIGKILL']);
      const next = await FileStore.open(place, OPTIONS);
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
  faults.spyOn(prototype, 'write').mockImplementation(async function (this: FileHandle, ...args: unknown[]) {
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
    import { systemClock } from './lib/clock.js';
    import { FileStore } from './store/file/file-store.js';
    const store = await FileStore.open(process.argv[2], { clock: systemClock });
    console.log('ready');
    for (let i = 0; ; i++) {
      const body = randomBytes(3_000_000);
      await store.put(process.argv[3] + '-' + i + '.json', (async function* () {
        yield createHash('sha256').update(body).digest();
        for (let at = 0; at < body.length; at += 65536) yield body.subarray(at, at + 65536);
      })());
      console.log('whole');
    }
  `,
  );
  return program;
}
