/**
 * A store in a folder: one file for each object, its name the key.
 *
 * Writing: a temporary name in the same folder, fsync, then link(2) to the real name, which
 * fails where one exists (rename(2) would replace it), and fsync of the folder. Files are 0600,
 * the folders it makes 0700, under any umask. Temporary names begin with `.tmp-`, which no key
 * does. One process to a folder: see folder-lock.ts.
 */
import { constants, type Dirent, type Stats } from 'node:fs';
import { chmod, type FileHandle, lstat, open, readdir, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { diskError, folderError, makeFolders } from '../../lib/disk-error.js';
import { AppError, errnoOf } from '../../lib/error.js';
import { isTemporaryName, temporaryName } from '../../lib/temporary-file.js';
import { plural } from '../../lib/text/plural.js';
import { chunksOf } from '../byte-source.js';
import {
  type ByteRange,
  checkKey,
  isKey,
  KeyTaken,
  noSuchKey,
  type ObjectStat,
  type PutOptions,
  type Store,
  storeClosed,
} from '../store.js';
import { CLAIM_PREFIX, FOLDER_VARIABLE, FolderLock, type LockOptions } from './folder-lock.js';
import { identityOf, linkNew, renameOver, unlinkIfThere, type Written } from './name.js';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const BLOCK_BYTES = 256 * 1024;
// No link is followed out of the folder, and a pipe that somebody put there does not block the open.
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export class FileStore implements Store {
  /** Writes under way by their temporary names. */
  private readonly writing = new Map<string, Promise<unknown>>();
  private closed = false;

  private constructor(
    private readonly folder: string,
    private readonly lock: FolderLock,
  ) {}

  /**
   * Makes the folder, with its parents, where it is missing, and locks it. The mode of a folder that exists is left
   * alone. Waits when it cannot be told at once whether the last holder still lives. Throws STORE_UNAVAILABLE when that
   * cannot be done or another process has the folder.
   */
  static async open(folder: string, options: LockOptions): Promise<FileStore> {
    const path = resolve(folder);
    try {
      await makeFolder(path);
    } catch (error) {
      throw folderError(`Making the backup folder ${path}`, FOLDER_VARIABLE, error);
    }
    return new FileStore(path, await FolderLock.acquire(path, options));
  }

  /**
   * Passes while no other server has taken the folder over. What writes in the folder beside the store asks before.
   * @throws AppError STORE_UNAVAILABLE
   */
  async checkLock(): Promise<void> {
    await this.lock.check();
  }

  async put(
    key: string,
    source: AsyncIterable<Uint8Array> | Uint8Array,
    options: PutOptions = {},
  ): Promise<{ readonly size: number }> {
    const target = this.pathOf(key);
    this.refuseWhenClosed();
    options.signal?.throwIfAborted();
    const name = temporaryName();
    const work = this.putWhole(join(this.folder, name), { key, target, source, options });
    this.writing.set(name, work);
    try {
      return await work;
    } finally {
      this.writing.delete(name);
    }
  }

  async get(key: string, range: ByteRange = {}): Promise<Readable> {
    const handle = await this.openObject(key);
    return fileStream(handle, key, range);
  }

  async read(key: string, limitBytes: number): Promise<Buffer> {
    const handle = await this.openObject(key);
    try {
      const { size } = await handle.stat();
      if (size > limitBytes)
        throw new AppError(
          'TOO_LARGE',
          `${key} in the backup store has ${plural(size, '# {byte|bytes}')}; ${limitBytes} at most are read.`,
        );
      return await handle.readFile();
    } catch (error) {
      throw diskError(`Reading ${key}`, error);
    } finally {
      await handle.close();
    }
  }

  async stat(key: string): Promise<ObjectStat | undefined> {
    const path = this.pathOf(key);
    let stats: Stats;
    try {
      stats = await lstat(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw diskError(`Looking for ${key}`, error);
    }
    return stats.isFile() ? { size: stats.size, modifiedAt: stats.mtimeMs } : undefined;
  }

  async list(prefix = ''): Promise<readonly string[]> {
    const slash = prefix.indexOf('/');
    const keys = slash < 0 ? await this.listAll() : await this.listFolder(prefix.slice(0, slash));
    return keys.filter((key) => key.startsWith(prefix)).sort();
  }

  async delete(key: string): Promise<boolean> {
    const path = this.pathOf(key);
    this.refuseWhenClosed();
    await this.lock.check();
    try {
      await unlink(path);
      await syncFolder(dirname(path));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw diskError(`Deleting ${key}`, error);
    }
  }

  async sweep(): Promise<readonly string[]> {
    this.refuseWhenClosed();
    await this.lock.check();
    const swept: string[] = [];
    for (const entry of await this.entries()) {
      const leftover = isTemporaryName(entry.name) || entry.name.startsWith(CLAIM_PREFIX);
      if (!leftover || !entry.isFile() || this.writing.has(entry.name)) continue;
      try {
        await unlinkIfThere(join(this.folder, entry.name));
      } catch (error) {
        throw diskError(`Removing the leftover ${entry.name}`, error);
      }
      swept.push(entry.name);
    }
    return swept;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await Promise.allSettled(this.writing.values());
    try {
      await this.lock.release();
    } catch (error) {
      throw diskError(`Unlocking the folder ${this.folder}`, error);
    }
  }

  private async putWhole(temporary: string, write: Write): Promise<{ readonly size: number }> {
    try {
      const filled = await fill(temporary, write);
      write.options.signal?.throwIfAborted();
      await this.publish(filled, write);
      return { size: filled.size };
    } catch (error) {
      // Should the disk refuse that too, it stays invisible under its temporary name, for `sweep` to remove.
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  }

  private async publish(filled: Filled, { key, target, options }: Write): Promise<void> {
    const folder = dirname(target);
    await this.lock.check();
    let linked = false;
    try {
      if (folder !== this.folder) await makeFolder(folder);
      if (options.replace === true) {
        await renameOver(filled, target);
      } else {
        if (!(await linkNew(filled, target))) throw new KeyTaken(key);
        linked = true;
        await unlinkIfThere(filled.path);
      }
      await syncFolder(folder);
    } catch (error) {
      if (linked) await unlink(target).catch(() => undefined); // the error below says that the disk fails
      throw diskError(`Writing ${key}`, error);
    }
  }

  private async openObject(key: string): Promise<FileHandle> {
    const path = this.pathOf(key);
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, READ_FLAGS);
      if ((await handle.stat()).isFile()) return handle;
    } catch (error) {
      await handle?.close();
      if (isMissing(error) || errnoOf(error) === 'ELOOP') throw noSuchKey(key, error);
      throw diskError(`Opening ${key}`, error);
    }
    await handle.close();
    throw noSuchKey(key);
  }

  private async listAll(): Promise<string[]> {
    const keys: string[] = [];
    for (const entry of await this.entries()) {
      if (!isKey(entry.name)) continue;
      if (entry.isFile()) keys.push(entry.name);
      else if (entry.isDirectory()) keys.push(...(await this.listFolder(entry.name)));
    }
    return keys;
  }

  private async listFolder(name: string): Promise<string[]> {
    if (!isKey(name)) return [];
    const entries = await this.entries(name);
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => `${name}/${entry.name}`)
      .filter(isKey);
  }

  private async entries(subfolder?: string): Promise<Dirent[]> {
    const path = subfolder === undefined ? this.folder : join(this.folder, subfolder);
    try {
      return await readdir(path, { withFileTypes: true });
    } catch (error) {
      if (subfolder !== undefined && isMissing(error)) return [];
      throw diskError(`Listing ${subfolder ?? 'the backup folder'}`, error);
    }
  }

  private pathOf(key: string): string {
    checkKey(key);
    return join(this.folder, key);
  }

  private refuseWhenClosed(): void {
    if (this.closed) throw storeClosed();
  }
}

interface Write {
  readonly key: string;
  readonly target: string;
  readonly source: AsyncIterable<Uint8Array> | Uint8Array;
  readonly options: PutOptions;
}

/** A temporary file with all that it shall have. */
interface Filled extends Written {
  readonly size: number;
}

/** Writes and fsyncs the temporary file. What the source throws goes through as it is. */
async function fill(temporary: string, { key, source, options }: Write): Promise<Filled> {
  const handle = await attempt(key, () => open(temporary, 'wx', FILE_MODE));
  try {
    await attempt(key, () => handle.chmod(FILE_MODE));
    let size = 0;
    let block: Uint8Array[] = [];
    let blockBytes = 0;
    const flush = async (): Promise<void> => {
      const bytes = block.length === 1 && block[0] !== undefined ? block[0] : Buffer.concat(block, blockBytes);
      block = [];
      blockBytes = 0;
      await attempt(key, () => writeAll(handle, bytes));
      size += bytes.length;
    };
    for await (const chunk of chunksOf(source, options.signal)) {
      block.push(chunk);
      blockBytes += chunk.length;
      if (blockBytes >= BLOCK_BYTES) await flush();
    }
    await flush();
    options.signal?.throwIfAborted(); // before the fsync, which may take seconds
    if (options.durable !== false) await attempt(key, () => handle.sync());
    return { size, path: temporary, identity: await attempt(key, () => identityOf(handle)) };
  } finally {
    // Network file systems tell only here that there was no space.
    await attempt(key, () => handle.close());
  }
}

async function attempt<T>(key: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw diskError(`Writing ${key}`, error);
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
  }
}

/** Reads the range and closes the handle, at the end or when destroyed. */
function fileStream(
  handle: FileHandle,
  key: string,
  { start = 0, end = Number.MAX_SAFE_INTEGER }: ByteRange,
): Readable {
  let position = start;
  return new Readable({
    highWaterMark: 2 * BLOCK_BYTES,
    read(): void {
      const wanted = Math.min(BLOCK_BYTES, end - position);
      if (wanted <= 0) {
        this.push(null);
        return;
      }
      handle.read(Buffer.allocUnsafe(wanted), 0, wanted, position).then(
        ({ bytesRead, buffer }) => {
          position += bytesRead;
          this.push(bytesRead === 0 ? null : buffer.subarray(0, bytesRead));
        },
        (error: unknown) => this.destroy(diskError(`Reading ${key}`, error)),
      );
    },
    destroy(error, callback): void {
      handle.close().then(
        () => callback(error),
        (closing: unknown) => callback(error ?? diskError(`Closing ${key}`, closing)),
      );
    },
  });
}

async function makeFolder(path: string): Promise<void> {
  const first = await makeFolders(path, FOLDER_MODE);
  if (first === undefined) return;
  await chmod(path, FOLDER_MODE); // the umask may have taken bits away
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}
