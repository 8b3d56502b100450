/** Chain files: what is written is read, and what is cut or put together otherwise is refused. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { type ChainLink, readChainFile, writeChainFile } from '../../../src/archive/chain-file.js';
import { isChainFile } from '../../../src/archive/content/recognise.js';
import { randomOf } from '../../support/random.js';

const random = randomOf(17);
const link = (size: number, number: number): ChainLink & { readonly archive: Buffer } => {
  const archive = Buffer.from(Array.from({ length: size }, () => Math.floor(256 * random())));
  return {
    manifest: Buffer.from(`{"number":${number}}`),
    extension: '.json.gz',
    size,
    createdAt: 1_700_000_000_000 + number,
    open: () => Promise.resolve(Readable.from([archive.subarray(0, size >> 1), archive.subarray(size >> 1)])),
    archive,
  };
};
const LINKS = [0, 1, 511, 512, 513, 100_000].map(link);

async function written(links: readonly ChainLink[] = LINKS): Promise<Buffer> {
  const { bytes, size } = writeChainFile(links);
  const file = await buffer(bytes);
  expect(file.length).toBe(size);
  return file;
}

async function read(file: Buffer, manifestBytesMax = 1_000): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for await (const { number, count, manifest, archive } of readChainFile(Readable.from([file]), manifestBytesMax)) {
    const pieces: Buffer[] = [];
    for await (const piece of archive) pieces.push(piece);
    found.push({ number, count, manifest, archive: Buffer.concat(pieces) });
  }
  return found;
}

it('gives back what was put in, in its order', async () => {
  const file = await written();
  expect(isChainFile(file.subarray(0, 1_024))).toBe(true);
  expect(await read(file)).toEqual(
    LINKS.map(({ manifest, archive }, i) => ({ number: i + 1, count: LINKS.length, manifest, archive })),
  );
});

it('can be unpacked by tar', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chain-file-'));
  try {
    writeFileSync(join(folder, 'x.tar'), await written(LINKS.slice(0, 2)));
    expect(spawnSync('tar', ['xf', 'x.tar'], { cwd: folder, encoding: 'utf8' })).toMatchObject({ status: 0 });
    const names = ['01.json.gz', '01.json.gz.meta', '02.json.gz', '02.json.gz.meta', 'chain.json', 'x.tar'];
    expect(readdirSync(folder).sort()).toEqual(names);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('is refused wherever it is cut', async () => {
  const file = await written(LINKS.slice(0, 3));
  // without its last blocks, which are empty, nothing is missing
  for (let end = 0; end < file.length - 1_024; end += 256)
    await expect(read(file.subarray(0, end))).rejects.toThrow(/^The chain file cannot be read: /);
});

it('is refused where a byte of a header is another one', async () => {
  const file = await written(LINKS.slice(0, 1));
  file[0] = (file[0] ?? 0) ^ 1;
  await expect(read(file)).rejects.toThrow('The chain file cannot be read: it is cut or damaged. Take another copy');
});

interface Other {
  readonly name: string;
  readonly text?: string;
  readonly type?: 'symlink' | 'directory';
}

const INDEX: Other = { name: 'chain.json', text: '{"format":"ovncp-chain/1","backups":1}' };
const RECORD: Other = { name: '01.json.meta', text: '{}' };
const ARCHIVE: Other = { name: '01.json', text: 'x' };

it.each<[string, readonly Other[], RegExp]>([
  ['an archive of others', [ARCHIVE], /"01\.json" stands where chain\.json should/],
  ['a newer format', [{ ...INDEX, text: '{"format":"ovncp-chain/2"}' }], /chain\.json is not of the format/],
  ['an index that is no JSON', [{ ...INDEX, text: 'x' }], /chain\.json is not of the format/],
  ['no backup', [{ ...INDEX, text: '{"format":"ovncp-chain/1","backups":0}' }], /chain\.json is not of the format/],
  ['a file without its manifest', [INDEX, ARCHIVE], /"01\.json" stands where a manifest should/],
  ['a manifest without its file', [INDEX, RECORD], /it ends before all of its backups have come/],
  ['a manifest of another file', [INDEX, RECORD, { ...ARCHIVE, name: '02.json' }], /"02\.json" stands where 01\.json/],
  ['a link out of the folder', [INDEX, RECORD, { name: '01.json', type: 'symlink' }], /"01\.json" stands where/],
  ['a path', [INDEX, { ...RECORD, name: '../01.json.meta' }], /"\.\.\/01\.json\.meta" stands where a manifest should/],
  ['a folder', [INDEX, { name: '01.json.meta', type: 'directory' }], /stands where a manifest should/],
  ['more than it says', [INDEX, RECORD, ARCHIVE, { ...ARCHIVE, name: '02' }], /it goes on behind its 1 backups/],
  ['a manifest without end', [INDEX, { ...RECORD, text: 'x'.repeat(1_001) }, ARCHIVE], /more than the 1000 bytes/],
])('is refused with %s', async (_what, entries, fault) => {
  const tar = pack();
  for (const { name, text = '', type = 'file' } of entries) tar.entry({ name, type, linkname: '/etc/passwd' }, text);
  tar.finalize();
  await expect(read(await buffer(Readable.from(tar, { objectMode: false })))).rejects.toThrow(fault);
});

it('ends with the error of whoever reads or writes its files', async () => {
  const lost = (): Promise<Readable> => Promise.reject(new Error('it is gone'));
  await expect(buffer(writeChainFile([{ ...link(9, 1), open: lost }]).bytes)).rejects.toThrow('it is gone');
  const cut = (): Promise<Readable> => Promise.resolve(Readable.from([Buffer.from('x')]));
  await expect(buffer(writeChainFile([{ ...link(9, 1), open: cut }]).bytes)).rejects.toThrow('Size mismatch');
  const file = await written();
  const source = new Readable({ read: () => undefined });
  source.push(file.subarray(0, file.length - 50_000));
  const archives: number[] = [];
  const all = async (): Promise<void> => {
    for await (const { number, archive } of readChainFile(source, 1_000)) {
      archives.push(number);
      if (number === LINKS.length) source.destroy(new Error('the disk is gone'));
      for await (const piece of archive) expect(piece.length).toBeGreaterThan(0);
    }
  };
  await expect(all()).rejects.toThrow('the disk is gone');
  expect(archives).toEqual([1, 2, 3, 4, 5, 6]);
});
