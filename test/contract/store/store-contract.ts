/** What every store has to keep of the contract in src/store/store.ts: one suite, run against each. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { isKey, KeyTaken, type Store } from '../../../src/store/store.js';

/** @param open a new, empty store; the suite closes it */
export function keepsTheContractOfStores(open: () => Promise<Store>): void {
  const code = (expected: string): unknown => expect.objectContaining({ code: expected });
  let store: Store;

  beforeEach(async () => {
    store = await open();
  });

  afterEach(async () => {
    await store.close();
  });

  /** These objects are there, and no part of any other. */
  async function expectOnly(...keys: string[]): Promise<void> {
    expect(await store.list()).toEqual(keys);
    expect(await store.sweep()).toEqual([]);
  }

  describe('writing', () => {
    it('stores bytes under the key and gives them back', async () => {
      const big = randomBytes(1_000_003);
      const pieces = [big.subarray(0, 10), new Uint8Array(0), big.subarray(10, 600_000), big.subarray(600_000)];
      expect(await store.put('a.json', chunks(...pieces))).toEqual({ size: big.length });
      expect(await store.put('b.json', Buffer.from('small'))).toEqual({ size: 5 });
      expect(await store.put('empty.json', chunks())).toEqual({ size: 0 });
      expect((await bytesOf(await store.get('a.json'))).equals(big)).toBe(true);
      expect((await store.read('b.json', 5)).toString()).toBe('small');
      expect(await store.stat('b.json')).toEqual({ size: 5, modifiedAt: expect.any(Number) });
      expect((await bytesOf(await store.get('empty.json'))).length).toBe(0);
      await expectOnly('a.json', 'b.json', 'empty.json');
    });

    it('refuses a key that is taken, and leaves what is there', async () => {
      await store.put('a.json', Buffer.from('first'));
      await expect(store.put('a.json', Buffer.from('second'))).rejects.toThrow(KeyTaken);
      expect((await store.read('a.json', 100)).toString()).toBe('first');
      await expectOnly('a.json');
    });

    it('lets one of many writers of the same key win, whole', async () => {
      const bodies = Array.from({ length: 20 }, (_, i) => Buffer.alloc(300_000, i));
      const results = await Promise.allSettled(bodies.map((body) => store.put('a.json', chunks(body))));
      const winners = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
      const losers = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
      expect(winners).toHaveLength(1);
      expect(losers.every((reason) => reason instanceof KeyTaken && reason.key === 'a.json')).toBe(true);
      expect((await store.read('a.json', 1e6)).equals(bodies[winners[0] ?? -1] ?? Buffer.alloc(0))).toBe(true);
      await expectOnly('a.json');
    });

    it('replaces an object only when told to', async () => {
      await store.put('restores/r.json', Buffer.from('APPLYING'));
      await store.put('restores/r.json', Buffer.from('SUCCEEDED'), { replace: true });
      expect((await store.read('restores/r.json', 100)).toString()).toBe('SUCCEEDED');
      await expectOnly('restores/r.json');
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
      await expectOnly();
    });

    it('leaves the old object when its replacement fails midway', async () => {
      await store.put('a.json', Buffer.from('old'));
      const replacing = store.put('a.json', chunks(Buffer.alloc(900_000), new Error('no')), { replace: true });
      await expect(replacing).rejects.toThrow('no');
      expect((await store.read('a.json', 100)).toString()).toBe('old');
      await expectOnly('a.json');
    });

    it('gives up at once when aborted, even while the source is silent', async () => {
      const abort = new AbortController();
      const reason = new Error('cancelled by the user');
      async function* silent(): AsyncGenerator<Uint8Array> {
        yield Buffer.alloc(500_000);
        setImmediate(() => abort.abort(reason));
        await new Promise(() => undefined);
      }
      await expect(store.put('a.json', silent(), { signal: abort.signal })).rejects.toBe(reason);
      await expect(store.put('b.json', Buffer.from('x'), { signal: abort.signal })).rejects.toBe(reason);
      await expectOnly();
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
      const tail = await bytesOf(await store.get('a.json', { start: 699_990 }));
      expect(tail.equals(bytes.subarray(699_990))).toBe(true);
    });

    it('goes on reading an object that is deleted or replaced meanwhile', async () => {
      const bytes = randomBytes(2_000_000);
      for (const key of ['a.json', 'b.json']) await store.put(key, bytes);
      const streams = [await store.get('a.json'), await store.get('b.json')];
      await store.delete('a.json');
      await store.put('b.json', Buffer.from('new'), { replace: true });
      for (const stream of streams) expect((await bytesOf(stream)).equals(bytes)).toBe(true);
    });

    it('lets a reader leave before the end', async () => {
      await store.put('a.json', randomBytes(2_000_000));
      const stream = await store.get('a.json');
      await once(stream, 'readable');
      stream.destroy();
      await once(stream, 'close');
      expect(await store.delete('a.json')).toBe(true);
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
      await expectOnly();
    });

    it('lists keys by prefix, sorted', async () => {
      for (const key of ['b.json', 'a.json', 'a.json.meta', 'restores/2.json', 'restores/1.json'])
        await store.put(key, Buffer.from('x'));
      expect(await store.list()).toEqual(['a.json', 'a.json.meta', 'b.json', 'restores/1.json', 'restores/2.json']);
      expect(await store.list('a')).toEqual(['a.json', 'a.json.meta']);
      expect(await store.list('restores/')).toEqual(['restores/1.json', 'restores/2.json']);
      expect(await store.list('restores/2')).toEqual(['restores/2.json']);
    });

    it('refuses what is no key, in every method', async () => {
      for (const key of NO_KEYS) {
        expect([key, isKey(key)]).toEqual([key, false]);
        await expect(store.put(key, Buffer.from('x'))).rejects.toEqual(code('BAD_USER_INPUT'));
        await expect(store.get(key)).rejects.toEqual(code('BAD_USER_INPUT'));
        await expect(store.read(key, 1)).rejects.toEqual(code('BAD_USER_INPUT'));
        await expect(store.stat(key)).rejects.toEqual(code('BAD_USER_INPUT'));
        await expect(store.delete(key)).rejects.toEqual(code('BAD_USER_INPUT'));
      }
      expect(await store.list('../')).toEqual([]);
      await expectOnly();
    });
  });

  it('leaves writes under way alone when it sweeps', async () => {
    let swept: unknown = 'not swept';
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(500_000);
      swept = await store.sweep();
      yield Buffer.alloc(1);
    }
    await store.put('a.json', source());
    expect(swept).toEqual([]);
    await expectOnly('a.json');
  });

  it('waits for the writes under way when it closes, and takes no more', async () => {
    let finish = (): void => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a');
      await gate;
      yield Buffer.from('b');
    }
    let isClosed = false;
    const put = store.put('a.json', slow());
    const closing = store.close().then(() => (isClosed = true));
    await expect(store.put('b.json', Buffer.from('x'))).rejects.toEqual(code('SHUTTING_DOWN'));
    await expect(store.delete('a.json')).rejects.toEqual(code('SHUTTING_DOWN'));
    expect(isClosed).toBe(false);
    finish();
    expect(await put).toEqual({ size: 2 });
    await closing;
  });
}

const NO_KEYS = [
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
