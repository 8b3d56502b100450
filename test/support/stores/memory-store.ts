/** A store in memory: gone with the process, and otherwise a store as any other. */
import { Readable } from 'node:stream';
import { AppError } from '../../../src/lib/error.js';
import { chunksOf } from '../../../src/store/byte-source.js';
import {
  type ByteRange,
  checkKey,
  KeyTaken,
  noSuchKey,
  type ObjectStat,
  type PutOptions,
  type Store,
  storeClosed,
} from '../../../src/store/store.js';

interface StoredObject {
  readonly bytes: Buffer;
  readonly modifiedAt: number;
}

export class MemoryStore implements Store {
  private readonly objects = new Map<string, StoredObject>();
  private readonly writing = new Set<Promise<unknown>>();
  private closed = false;

  async put(
    key: string,
    source: AsyncIterable<Uint8Array> | Uint8Array,
    options: PutOptions = {},
  ): Promise<{ readonly size: number }> {
    checkKey(key);
    this.refuseWhenClosed();
    options.signal?.throwIfAborted();
    const work = this.putWhole(key, source, options);
    this.writing.add(work);
    try {
      return await work;
    } finally {
      this.writing.delete(work);
    }
  }

  async get(key: string, { start = 0, end }: ByteRange = {}): Promise<Readable> {
    const { bytes } = this.object(key);
    return Readable.from([bytes.subarray(start, end === undefined ? undefined : Math.max(start, end))]);
  }

  async read(key: string, limitBytes: number): Promise<Buffer> {
    const { bytes } = this.object(key);
    if (bytes.length > limitBytes) throw new AppError('TOO_LARGE', `${key} has more than ${limitBytes} bytes.`);
    return Buffer.from(bytes);
  }

  async stat(key: string): Promise<ObjectStat | undefined> {
    checkKey(key);
    const object = this.objects.get(key);
    return object && { size: object.bytes.length, modifiedAt: object.modifiedAt };
  }

  async list(prefix = ''): Promise<readonly string[]> {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  async delete(key: string): Promise<boolean> {
    checkKey(key);
    this.refuseWhenClosed();
    return this.objects.delete(key);
  }

  async sweep(): Promise<readonly string[]> {
    this.refuseWhenClosed();
    return [];
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.writing);
  }

  private async putWhole(
    key: string,
    source: AsyncIterable<Uint8Array> | Uint8Array,
    { replace = false, signal }: PutOptions,
  ): Promise<{ readonly size: number }> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of chunksOf(source, signal)) chunks.push(chunk);
    signal?.throwIfAborted();
    if (!replace && this.objects.has(key)) throw new KeyTaken(key);
    const bytes = Buffer.concat(chunks);
    this.objects.set(key, { bytes, modifiedAt: Date.now() });
    return { size: bytes.length };
  }

  private object(key: string): StoredObject {
    checkKey(key);
    const object = this.objects.get(key);
    if (object === undefined) throw noSuchKey(key);
    return object;
  }

  private refuseWhenClosed(): void {
    if (this.closed) throw storeClosed();
  }
}
