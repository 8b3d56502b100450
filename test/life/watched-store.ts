/** The real store of a folder, every write of which is a moment, on a disk that can fail, until the process dies. */
import type { Readable } from 'node:stream';
import type { FileStore } from '../../src/store/file/file-store.js';
import type { ByteRange, ObjectStat, PutOptions, Store } from '../../src/store/store.js';
import type { Disk } from './disk.js';
import type { Moments } from './moments.js';
import type { Mortal } from './mortal.js';
import type { Names } from './names.js';

export interface WatchedStoreParts {
  readonly files: FileStore;
  readonly disk: Disk;
  readonly moments: Moments;
  readonly names: Names;
  readonly mortal: Mortal;
}

export class WatchedStore implements Store {
  /** What a process reads when it dies stays open: nobody reads it to its end. */
  private readonly reading = new Set<Readable>();

  constructor(private readonly parts: WatchedStoreParts) {}

  async put(
    key: string,
    source: AsyncIterable<Uint8Array> | Uint8Array,
    options?: PutOptions,
  ): Promise<{ readonly size: number }> {
    const { files, disk, names } = this.parts;
    const isWhole = source instanceof Uint8Array;
    return this.write(`put ${names.ofObject(key, isWhole ? source : undefined)}`, async () => {
      const error = disk.write(`Writing ${key}`, isWhole ? source.length : undefined);
      if (error !== undefined) throw error;
      return files.put(key, source, options);
    });
  }

  async delete(key: string): Promise<boolean> {
    const { files, disk, names } = this.parts;
    return this.write(`delete ${names.ofObject(key, undefined)}`, async () => {
      const error = disk.remove(`Deleting ${key}`);
      if (error !== undefined) throw error;
      const there = await files.stat(key);
      const isDeleted = await files.delete(key);
      if (isDeleted) disk.freed(there?.size ?? 0);
      return isDeleted;
    });
  }

  get(key: string, range?: ByteRange): Promise<Readable> {
    return this.parts.mortal.do(async () => {
      const stream = await this.parts.files.get(key, range);
      this.reading.add(stream);
      stream.once('close', () => this.reading.delete(stream));
      return stream;
    });
  }

  read(key: string, limitBytes: number): Promise<Buffer> {
    return this.parts.mortal.do(() => this.parts.files.read(key, limitBytes));
  }

  stat(key: string): Promise<ObjectStat | undefined> {
    return this.parts.mortal.do(() => this.parts.files.stat(key));
  }

  list(prefix?: string): Promise<readonly string[]> {
    return this.parts.mortal.do(() => this.parts.files.list(prefix));
  }

  sweep(): Promise<readonly string[]> {
    return this.parts.mortal.do(() => this.parts.files.sweep());
  }

  async close(): Promise<void> {
    for (const stream of this.reading) stream.destroy();
    await this.parts.files.close();
  }

  private async write<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { moments, mortal } = this.parts;
    await mortal.goOn();
    await moments.pass(`before ${what}`);
    const result = await mortal.do(work);
    await moments.pass(`after ${what}`);
    await mortal.goOn();
    return result;
  }
}
