/** Rows whose texts are on scratch space, the space itself, and UUIDs as words. */

import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Scratch } from '../../../src/lib/scratch.js';
import { ScratchRows } from '../../../src/model/snapshot/scratch-rows.js';
import { StoredRows } from '../../../src/model/snapshot/stored-rows.js';
import { UuidIndex } from '../../../src/model/snapshot/uuid-index.js';
import { readUuid, UUID_WORDS, writeUuid } from '../../../src/model/snapshot/uuid-words.js';
import { openScratch, ScratchFile } from '../../../src/state/scratch-file.js';

const UUID = '0123abcd-4567-89ef-0123-456789abcdef';
const BLOCK_BYTES = 256 << 10;

let folder: string;
let scratch: Scratch;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-scratch-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  scratch = await openScratch(folder);
});
afterEach(() => scratch.close());

/** UUIDs of which many have the same first words. */
const head = fc.constantFrom('00000000', '00000001', '7fffffff', '80000000', 'ffffffff');
const clash = fc
  .tuple(head, fc.nat(0xffff))
  .map(([first, n]) => `${first}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`);
const anyUuid = fc.oneof(clash, clash, fc.uuid());
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => text.isWellFormed()),
  fc.constantFrom('', 'x'.repeat(BLOCK_BYTES - 3), '\u{1f600}'.repeat(80_000)),
);

const contentOf = (rows: ScratchRows | StoredRows): [string, string][] =>
  Array.from({ length: rows.count }, (_, i) => [rows.uuid(i), rows.text(i).toString()]);

describe('UUIDs as words', () => {
  it('come back as they were, in the same order', () => {
    fc.assert(
      fc.property(anyUuid, anyUuid, (a, b) => {
        const words = new Uint32Array(2 * UUID_WORDS);
        expect(readUuid(a, words.subarray(UUID_WORDS))).toBe(true);
        expect(readUuid(b, words)).toBe(true);
        expect(writeUuid(words, UUID_WORDS)).toBe(a);
        expect(writeUuid(words, 0)).toBe(b);
        const first = [0, 1, 2, 3].find((i) => words[i] !== words[i + UUID_WORDS]);
        expect(
          first === undefined ? 0 : Math.sign((words[first + UUID_WORDS] as number) - (words[first] as number)),
        ).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  it.each([
    '',
    UUID.toUpperCase(),
    UUID.replace('-', '0'),
    `${UUID}0`,
    UUID.slice(1),
    UUID.replace('a', 'g'),
    UUID.replace('a', '\u0130'),
    UUID.replace('a', '\u0161'),
    UUID.replace('a', '-'),
  ])('are not read from %j', (text) => {
    expect(readUuid(text, new Uint32Array(UUID_WORDS))).toBe(false);
  });
});

describe('rows on scratch space', () => {
  it('are found and read as those in memory, however they came', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(anyUuid, anyText), { maxLength: 60, selector: ([uuid]) => uuid }),
        fc.boolean(),
        async (list, isSorted) => {
          if (isSorted) list.sort((a, b) => (a[0] < b[0] ? -1 : 1));
          const rows = new ScratchRows('T', scratch);
          const inMemory = new StoredRows('T');
          for (const [i, [uuid, text]] of list.entries()) {
            rows.add(uuid, i % 2 === 0 ? text : Buffer.from(text));
            inMemory.add(uuid, text);
            expect([rows.uuid(i), rows.text(i).toString()]).toEqual([uuid, text]);
            await scratch.drained();
          }
          expect(await rows.seal()).toBeUndefined();
          inMemory.seal();
          expect(contentOf(rows)).toEqual(contentOf(inMemory));
          for (const [uuid] of list) expect(rows.find(uuid)).toBe(inMemory.find(uuid));
          expect(rows.find(UUID)).toBeUndefined();
          expect(rows.find('no UUID')).toBeUndefined();
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    [
      'at random',
      (i: number) => `${(Math.imul(i, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
    ],
    [
      'with equal first words',
      (i: number) => `00000000-0000-4000-8000-${((i * 7_919) % 60_013).toString(16).padStart(12, '0')}`,
    ],
    ['in order', (i: number) => `${i.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`],
    ['backwards', (i: number) => `${(60_000 - i).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`],
  ])('are sorted and found by tens of thousands, %s', async (_, uuidOf) => {
    const rows = new ScratchRows('T', scratch);
    const uuids = Array.from({ length: 40_000 }, (_unused, i) => uuidOf(i));
    for (const uuid of uuids) rows.add(uuid, `{"name":"${uuid}"}`);
    expect(await rows.seal()).toBeUndefined();
    const sorted = [...uuids].sort();
    expect(sorted.every((uuid, i) => rows.uuid(i) === uuid && rows.find(uuid) === i)).toBe(true);
    expect(rows.row(39_999)).toEqual({ name: sorted[39_999] });
  });

  it.each([3, 5_000])('tell a UUID that is there twice among %i', async (count) => {
    const rows = new ScratchRows('T', scratch);
    for (let i = count; i > 0; i--) rows.add(`${i.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`, '{}');
    rows.add('00000002-0000-4000-8000-000000000000', '{"name":"again"}');
    expect(await rows.seal()).toBe('00000002-0000-4000-8000-000000000000');
  });

  it('tell a UUID that is there twice in a row', async () => {
    const rows = new ScratchRows('T', scratch);
    for (let i = 0; i < 3_000; i++) rows.add(UUID, '{}');
    expect(await rows.seal()).toBe(UUID);
  });

  it('come, change and go as in a map', async () => {
    const step = fc.record({
      uuid: fc.oneof(clash, fc.constantFrom(UUID)),
      what: fc.constantFrom('add', 'add', 'remove', 'change'),
      text: fc.string(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 300 }), async (steps) => {
        const rows = new ScratchRows('T', scratch);
        const index = new UuidIndex(rows);
        const known = new Map<string, string>();
        const free: number[] = [];
        const words = new Uint32Array(UUID_WORDS);
        let next = 0;
        for (const { uuid, what, text } of steps) {
          readUuid(uuid, words);
          const found = index.find(words);
          expect(found !== undefined).toBe(known.has(uuid));
          if (what === 'remove') {
            expect(index.remove(words)).toBe(found);
            if (found !== undefined) rows.drop(found);
            if (found !== undefined) free.push(found);
            known.delete(uuid);
          } else if (found !== undefined) {
            rows.replace(found, text);
            known.set(uuid, text);
          } else {
            const reused = free.pop();
            if (reused === undefined) rows.add(uuid, text);
            else rows.reuse(reused, uuid, text);
            index.add(reused ?? next++);
            known.set(uuid, text);
          }
        }
        expect(await rows.seal()).toBeUndefined();
        expect(contentOf(rows)).toEqual([...known].sort(([a], [b]) => (a < b ? -1 : 1)));
      }),
    );
  });

  it('take nothing once they are sealed, and are not searched before', async () => {
    const rows = new ScratchRows('T', scratch);
    rows.add(UUID, '{}');
    expect(() => rows.find(UUID)).toThrow('sealed');
    expect(() => {
      rows.add('no UUID', '{}');
    }).toThrow('no UUID');
    await rows.seal();
    expect(() => {
      rows.add(UUID, '{}');
    }).toThrow('sealed');
    expect(() => rows.uuid(1)).toThrow('no row number 1');
  });
});

describe('scratch space', () => {
  it('gives back what was written, in any order, whether it is on disk yet or not', async () => {
    const bytes = (length: number, seed: number): Buffer =>
      Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 7) & 0xff));
    const sizes = [0, 1, 7, 8, 9, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 5 * BLOCK_BYTES + 3];
    const written: { at: number; bytes: Buffer }[] = [];
    for (let i = 0; i < 120; i++) {
      const piece = bytes(sizes[(i * 5) % sizes.length] as number, i);
      written.push({ at: scratch.append(piece), bytes: piece });
      for (const { at, bytes: expected } of [written[(i * 37) % (i + 1)], written[i]] as typeof written)
        expect(scratch.read(at, expected.length).equals(expected)).toBe(true);
      if (i % 10 === 9) await scratch.drained();
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const { at, bytes: expected } of written)
      expect(scratch.read(at, expected.length).equals(expected)).toBe(true);
    expect(written.every(({ at }) => at % 8 === 0)).toBe(true);
  });

  it('leaves no name in the folder, and nobody else can read it', async () => {
    scratch.append('secret');
    expect(await readdir(folder)).toEqual([]);
    const open = readdirSync('/proc/self/fd')
      .map((fd) => `/proc/self/fd/${fd}`)
      .filter((path) => linkOf(path).startsWith(folder));
    expect(open).toHaveLength(1);
    expect(linkOf(open[0] as string)).toMatch(/\.tmp-scratch-[0-9a-f]{24} \(deleted\)$/);
    expect(statSync(open[0] as string).mode & 0o777).toBe(0o600);
  });

  it('is STORE_FULL on a full disk, whoever asks next', async () => {
    const full = new ScratchFile(await open('/dev/full', 'r+'));
    for (let i = 0; i < 12; i++) full.append(Buffer.alloc(BLOCK_BYTES));
    await expect(full.drained()).rejects.toMatchObject({ code: 'STORE_FULL' });
    expect(() => full.append('more')).toThrow('full (ENOSPC)');
    await full.close();
  });

  it('is STORE_UNAVAILABLE where it cannot be made', async () => {
    await expect(openScratch(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('is closed once, also while it is being written, and not used after that', async () => {
    for (let i = 0; i < 40; i++) scratch.append(Buffer.alloc(BLOCK_BYTES));
    await scratch.close();
    await scratch.close();
    expect(() => scratch.append('more')).toThrow('closed');
    expect(() => scratch.read(0, 1)).toThrow('closed');
  });
});

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // the descriptor that listed the folder is closed by now
    return '';
  }
}
