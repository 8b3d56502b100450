/** The file that holds an export: nobody finds it by a name, and nothing is left of it. */
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { spoolExport } from '../../../src/service/transfer/export-spool.js';
import { until } from '../../support/until.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-'));
});
afterEach(() => rm(folder, { recursive: true }));

const PLAIN = Buffer.from('what an encrypted backup held\n'.repeat(50_000));

/** Files of the folder that this process has open, whether they have a name or not. */
async function open(): Promise<readonly string[]> {
  const descriptors = await readdir('/proc/self/fd');
  const files = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return files.filter((file) => file.startsWith(folder));
}

it('has no name while it is written, nor while it is read, and is gone when it was read', async () => {
  const names: string[] = [];
  async function* source(): AsyncGenerator<Buffer> {
    for (let at = 0; at < PLAIN.length; at += 100_000) {
      yield PLAIN.subarray(at, at + 100_000);
      names.push(...(await readdir(folder)));
    }
  }
  const { bytes, size } = await spoolExport(folder, source());
  expect(size).toBe(PLAIN.length);
  expect(names).toEqual([]);
  expect(await open()).toEqual([expect.stringMatching(/ \(deleted\)$/)]);
  expect((await buffer(bytes)).equals(PLAIN)).toBe(true);
  await until(async () => (await open()).length === 0);
});

it('is gone when it is given up, before its end or after', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield PLAIN;
    throw new Error('as the test wants it');
  }
  await expect(spoolExport(folder, broken())).rejects.toThrow('as the test wants it');
  expect(await open()).toEqual([]);
  const { bytes } = await spoolExport(folder, piecesOf(PLAIN));
  bytes.destroy();
  await until(async () => (await open()).length === 0);
});

it('says what the disk refuses', async () => {
  await expect(spoolExport(join(folder, 'none'), piecesOf(PLAIN))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

async function* piecesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
