/** A store that fails where a test wants it to, and is the real store behind it otherwise. */
import type { Readable } from 'node:stream';
import type { ByteRange, ObjectStat, PutOptions, Store } from '../../../src/store/store.js';

export type StoreMethod = 'put' | 'get' | 'read' | 'stat' | 'list' | 'delete' | 'sweep';
/** An error to throw instead of doing it. */
export type Fault = (method: StoreMethod, key: string) => Error | undefined;

export class FaultyStore implements Store {
  private fault: Fault = () => undefined;
  /** Every call, such as "put a.json", in order. */
  readonly calls: string[] = [];

  /** Waited for before each put. */
  beforePut: (() => Promise<void>) | undefined;

  constructor(private readonly inner: Store) {}

  failWhen(fault: Fault): void {
    this.fault = fault;
  }

  heal(): void {
    this.fault = () => undefined;
    this.beforePut = undefined;
  }

  async put(
    key: string,
    source: AsyncIterable<Uint8Array> | Uint8Array,
    options?: PutOptions,
  ): Promise<{ readonly size: number }> {
    this.enter('put', key);
    if (this.beforePut !== undefined) await this.beforePut();
    return this.inner.put(key, source, options);
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    this.enter('get', key);
    return this.inner.get(key, range);
  }

  async read(key: string, limitBytes: number): Promise<Buffer> {
    this.enter('read', key);
    return this.inner.read(key, limitBytes);
  }

  async stat(key: string): Promise<ObjectStat | undefined> {
    this.enter('stat', key);
    return this.inner.stat(key);
  }

  async list(prefix = ''): Promise<readonly string[]> {
    this.enter('list', prefix);
    return this.inner.list(prefix);
  }

  async delete(key: string): Promise<boolean> {
    this.enter('delete', key);
    return this.inner.delete(key);
  }

  async sweep(): Promise<readonly string[]> {
    this.enter('sweep', '');
    return this.inner.sweep();
  }

  async close(): Promise<void> {
    await this.inner.close();
  }

  private enter(method: StoreMethod, key: string): void {
    this.calls.push(`${method} ${key}`);
    const error = this.fault(method, key);
    if (error !== undefined) throw error;
  }
}
