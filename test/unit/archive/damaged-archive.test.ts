/**
 * Damage: flipped bits, cuts, doubled and reordered files. Nothing damaged ever comes out as rows that
 * differ.
 */
import { randomBytes } from 'node:crypto';
import type { ArchiveFormat } from '../../../src/archive/content/archive-format.js';
import { KEY_COST, type Keys, newHeader, openChunks, sealChunks } from '../../../src/archive/layer/encryption.js';
import { ByteReader } from '../../../src/archive/stream/byte-reader.js';
import {
  chunksOf,
  EVERY_KIND,
  failureOf,
  type Packed,
  pack,
  SMALL,
  snapshotOf,
  textsOf,
  unpack,
} from '../../support/databases/every-kind.js';
import { lawRuns } from '../../support/law-runs.js';

const FORMATS: readonly ArchiveFormat[] = ['JSON', 'YAML', 'OVSDB'];
const PASSPHRASE = 'correct horse';
/** Few rows: with LAW_RUNS=10 every bit is tried. */
const TINY = snapshotOf(EVERY_KIND, {
  null: {
    'd0000000-0000-4000-8000-000000000004': { true: 'x', bound: [1] },
    'e0000000-0000-4000-8000-000000000005': {},
  },
});

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}

/** Every bit of a short file; of a longer one, a sample by a step that has no factor in common with 8. */
function bitsOf(bytes: Buffer, count: number): readonly number[] {
  const bits = bytes.length * 8;
  const step = Math.max(1, Math.floor(bits / count) | 1);
  return Array.from({ length: Math.ceil(bits / step) }, (_, i) => i * step);
}

async function gathered(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const DAMAGE_CODES = ['INTEGRITY_FAILED', 'DECRYPTION_FAILED'];

/** With what is expected damage is always found; without, it is found or does not concern the rows. */
async function expectFound(damaged: Buffer, packed: Packed, passphrase?: string): Promise<void> {
  const failure = await failureOf(unpack(damaged, { expected: packed, passphrase }));
  expect(DAMAGE_CODES).toContain(failure.code);
}

async function expectHarmless(damaged: Buffer): Promise<void> {
  let read;
  try {
    read = await unpack(damaged);
  } catch (error) {
    expect([...DAMAGE_CODES, 'BAD_USER_INPUT']).toContain((error as { code?: string }).code);
    return;
  }
  expect(textsOf(read.snapshot)['null']).toEqual(textsOf(TINY)['null']);
}

for (const format of FORMATS) {
  for (const compress of [false, true]) {
    const name = `${format}${compress ? '.gz' : ''}`;
    it(`finds flipped bits of ${name} by what is expected`, async () => {
      const packed = await pack(TINY, { format, compress });
      for (const bit of bitsOf(packed.bytes, lawRuns(compress ? 250 : 500)))
        await expectFound(flipped(packed.bytes, bit), packed);
    });

    it(`gives out no other rows for a flipped bit of ${name}, with nothing to go by but the file`, async () => {
      const packed = await pack(TINY, { format, compress });
      for (const bit of bitsOf(packed.bytes, lawRuns(format === 'YAML' && !compress ? 25 : 400)))
        await expectHarmless(flipped(packed.bytes, bit));
    });

    it(`finds every cut of ${name}, and a doubled file`, async () => {
      const packed = await pack(TINY, { format, compress });
      const step = format === 'YAML' && !compress ? Math.ceil(400 / lawRuns(1)) : Math.ceil(31 / lawRuns(1));
      for (let length = 0; length < packed.size; length += step) {
        const cut = packed.bytes.subarray(0, length);
        await expectFound(cut, packed);
        // the last newline of a document and the end of a record are the places where nothing shows
        const failure = await failureOf(unpack(cut));
        if (failure.code === 'none')
          expect(format === 'OVSDB' ? packed.bytes.toString('latin1', length, length + 11) : length).toBe(
            format === 'OVSDB' ? 'OVSDB JSON ' : packed.size - 1,
          );
        else expect(failure.code).toBe('INTEGRITY_FAILED');
      }
      const doubled = Buffer.concat([packed.bytes, packed.bytes]);
      await expectFound(doubled, packed);
      expect(DAMAGE_CODES).toContain((await failureOf(unpack(doubled))).code);
    });
  }

  it(`finds flipped bits, cuts and doubling of ${format} encrypted`, async () => {
    const packed = await pack(SMALL, { format, compress: true, passphrase: PASSPHRASE });
    for (const bit of bitsOf(packed.bytes, lawRuns(4))) {
      await expectFound(flipped(packed.bytes, bit), packed, PASSPHRASE);
      expect(DAMAGE_CODES).toContain(
        (await failureOf(unpack(flipped(packed.bytes, bit), { passphrase: PASSPHRASE }))).code,
      );
    }
    for (const length of [1, 8, 40, 71, 72, 73, 88, packed.size - 1])
      expect(await failureOf(unpack(packed.bytes.subarray(0, length), { passphrase: PASSPHRASE }))).toMatchObject({
        code: 'INTEGRITY_FAILED',
      });
    expect(
      await failureOf(unpack(Buffer.concat([packed.bytes, packed.bytes]), { passphrase: PASSPHRASE })),
    ).toMatchObject({ code: 'INTEGRITY_FAILED' });
  });
}

describe('encrypted chunks', () => {
  const keys: Keys = { encryption: randomBytes(32), check: randomBytes(32) };
  const CHUNK = 32;
  const SEALED = CHUNK + 16;
  const header = newHeader(CHUNK);

  const seal = async (plain: Buffer): Promise<Buffer> => gathered(sealChunks(chunksOf(plain, 5), keys, header));
  const open = async (sealed: Buffer, chunkBytes = 7): Promise<Buffer> =>
    gathered(openChunks(new ByteReader(chunksOf(sealed, chunkBytes)), keys, header));

  it('opens what was sealed, of any length', async () => {
    for (const length of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 200]) {
      const plain = randomBytes(length);
      const sealed = await seal(plain);
      expect(sealed.length).toBe(length + 16 * Math.max(1, Math.ceil(length / CHUNK)));
      expect((await open(sealed)).equals(plain)).toBe(true);
    }
  });

  it('finds every flipped bit', async () => {
    const sealed = await seal(randomBytes(70));
    for (let bit = 0; bit < sealed.length * 8; bit++)
      expect(await failureOf(open(flipped(sealed, bit), 1000))).toMatchObject({ code: 'INTEGRITY_FAILED' });
  });

  it('finds every cut, also between chunks', async () => {
    const sealed = await seal(randomBytes(3 * CHUNK));
    for (let length = 0; length < sealed.length; length++)
      expect(await failureOf(open(sealed.subarray(0, length), 1000))).toMatchObject({ code: 'INTEGRITY_FAILED' });
  });

  it('finds chunks that were dropped, repeated, exchanged or added', async () => {
    const sealed = await seal(randomBytes(4 * CHUNK));
    const chunk = (n: number): Buffer => sealed.subarray(n * SEALED, (n + 1) * SEALED);
    for (const order of [[1, 2, 3], [0, 2, 3], [0, 0, 1, 2, 3], [1, 0, 2, 3], [0, 1, 2, 3, 3], [0, 1, 2, 3, 0], [3]]) {
      expect(await failureOf(open(Buffer.concat(order.map(chunk))))).toMatchObject({ code: 'INTEGRITY_FAILED' });
    }
  });

  it('refuses a header that asks for more memory than it may', async () => {
    const packed = await pack(TINY, { format: 'JSON', compress: false, passphrase: PASSPHRASE, keyCost: KEY_COST });
    for (const [at, value] of [
      [8, 2],
      [9, 2],
      [10, 14],
      [10, 21],
      [11, 9],
      [12, 2],
      [29, 0xff],
    ] as const) {
      const changed = Buffer.from(packed.bytes);
      changed[at] = value;
      expect(await failureOf(unpack(changed, { passphrase: PASSPHRASE, keyCost: KEY_COST }))).toMatchObject({
        code: 'INTEGRITY_FAILED',
      });
    }
  });
});
