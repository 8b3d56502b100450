/**
 * A file that only grows, and small files that are replaced whole: both durable when the promise resolves.
 *
 * Appending is write, then fdatasync; what cannot be written whole is taken back, so that the file ends where it ended
 * before. One writer to a file, one append at a time. Mode 0600, and no link is followed.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { diskError } from '../lib/disk-error.js';
import { errnoOf } from '../lib/error.js';
import { syncFolderOf, writeWhole } from '../lib/temporary-file.js';
import { tornBytes } from './line-reader.js';

const FILE_MODE = 0o600;
const APPEND_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;

/**
 * What became of a file since our last append: nothing, it is longer or shorter than we left it, or its name leads
 * elsewhere or nowhere.
 */
export type Condition = 'AS_LEFT' | 'CHANGED' | 'GONE';

export class AppendFile {
  /** A part of a failed append may still be there. */
  private isUnclean = false;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private bytes: number,
  ) {}

  /** Opens the file, or makes an empty one. @throws AppError STORE_FULL, STORE_UNAVAILABLE */
  static async open(path: string): Promise<AppendFile> {
    return attempt(path, async () => {
      const handle = await open(path, APPEND_FLAGS, FILE_MODE);
      try {
        await handle.chmod(FILE_MODE);
        await syncFolderOf(path);
        return new AppendFile(path, handle, (await handle.stat()).size);
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  /** Bytes. */
  get size(): number {
    return this.bytes;
  }

  /** Looks whether anybody else had a hand in it. A file that has another length is taken as it is from now on. */
  async look(): Promise<Condition> {
    return attempt(this.path, async () => {
      if (this.isUnclean) await this.takeBack();
      const [named, ours] = await Promise.all([lstatIfThere(this.path), this.handle.stat()]);
      if (named === undefined || named.ino !== ours.ino || named.dev !== ours.dev) return 'GONE';
      if (ours.size === this.bytes) return 'AS_LEFT';
      this.bytes = ours.size;
      return 'CHANGED';
    });
  }

  /** @throws AppError STORE_FULL, STORE_UNAVAILABLE; nothing of it stays then */
  async append(bytes: Uint8Array): Promise<void> {
    await attempt(this.path, async () => {
      if (this.isUnclean) await this.takeBack();
      this.isUnclean = true;
      try {
        for (let done = 0; done < bytes.length; )
          done += (await this.handle.write(bytes, done, bytes.length - done)).bytesWritten;
        await this.handle.datasync();
      } catch (error) {
        // should that fail too, the next append tries again
        await this.takeBack().catch(() => undefined);
        throw error;
      }
      this.bytes += bytes.length;
      this.isUnclean = false;
    });
  }

  /** Cuts off what stands after the last line feed. @returns bytes. @throws AppError STORE_UNAVAILABLE */
  async dropTornLine(): Promise<number> {
    return attempt(this.path, async () => {
      const torn = await tornBytes(this.handle, this.bytes);
      if (torn === 0) return 0;
      this.bytes -= torn;
      await this.takeBack();
      return torn;
    });
  }

  async close(): Promise<void> {
    await attempt(this.path, () => this.handle.close());
  }

  private async takeBack(): Promise<void> {
    await this.handle.truncate(this.bytes);
    await this.handle.datasync();
    this.isUnclean = false;
  }
}

/**
 * Puts a small file in the place of another one: after a crash there is the old one or the new one.
 * @throws AppError STORE_FULL, STORE_UNAVAILABLE
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  await attempt(path, () => writeWhole(path, text));
}

async function lstatIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function attempt<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw diskError(`Writing ${basename(path)}`, error);
  }
}
