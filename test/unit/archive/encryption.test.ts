/** Deriving keys takes much memory and time on purpose: files and crowds must not use that to exhaust the server. */
import { checkSealed, decrypt, deriveKeys, encrypt, newHeader } from '../../../src/archive/layer/encryption.js';
import { AppError } from '../../../src/lib/error.js';
import { CHEAP_KEYS } from '../../support/key-cost.js';

const LOG2_N_AT = 10;
const R_AT = 11;
const P_AT = 12;

async function* of(...chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

async function gathered(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const codeOf = (error: unknown): unknown => (error instanceof AppError ? error.code : error);

let sealed: Buffer;
beforeAll(async () => {
  sealed = await gathered(encrypt(of(Buffer.from('content')), 'a passphrase'));
});

it.each([
  ['N of 2^18, 256 MiB', LOG2_N_AT, 18],
  ['N of 2^31', LOG2_N_AT, 31],
  ['N of 2^255', LOG2_N_AT, 255],
  ['N of 2, which is no protection', LOG2_N_AT, 1],
  ['r of 255', R_AT, 255],
  ['r of 0', R_AT, 0],
  ['p of 255', P_AT, 255],
])('refuses a file that asks for %s before it costs anything', async (_name, at, value) => {
  const changed = Buffer.from(sealed);
  changed[at] = value;
  await expect(gathered(decrypt(of(changed), 'a passphrase'))).rejects.toMatchObject({
    code: 'INTEGRITY_FAILED',
    message: expect.stringMatching(/key derivation/),
  });
});

it('encrypts at 64 MiB for a derivation, unless told otherwise, and reads the cheap files of others only if told', async () => {
  const content = Buffer.from('content');
  expect(sealed[LOG2_N_AT]).toBe(16);
  await expect(gathered(decrypt(of(sealed), 'a passphrase'))).resolves.toEqual(content);
  const cheap = await gathered(encrypt(of(content), 'a passphrase', CHEAP_KEYS));
  expect(cheap[LOG2_N_AT]).toBe(CHEAP_KEYS);
  await expect(gathered(decrypt(of(cheap), 'a passphrase', CHEAP_KEYS))).resolves.toEqual(content);
  checkSealed(cheap, cheap.length, CHEAP_KEYS);
  for (const cost of [undefined, CHEAP_KEYS + 1, 16]) {
    expect(() => checkSealed(cheap, cheap.length, cost)).toThrow(/key derivation/);
    await expect(gathered(decrypt(of(cheap), 'a passphrase', cost))).rejects.toMatchObject({
      code: 'INTEGRITY_FAILED',
      message: expect.stringMatching(/key derivation/),
    });
  }
});

it('takes files of others from 32 to 128 MiB for a derivation', () => {
  const askingFor = (log2N: number): Buffer => {
    const changed = Buffer.from(sealed);
    changed[LOG2_N_AT] = log2N;
    return changed;
  };
  for (const log2N of [15, 16, 17]) checkSealed(askingFor(log2N), sealed.length);
  for (const log2N of [14, 18])
    expect(() => {
      checkSealed(askingFor(log2N), sealed.length);
    }).toThrow(/key derivation/);
});

it('lets 34 operations with keys in and tells the others to come back, then serves everybody again', async () => {
  const header = newHeader(1024, CHEAP_KEYS);
  const settled = await Promise.allSettled(Array.from({ length: 60 }, (_, i) => deriveKeys(`passphrase ${i}`, header)));
  const refused = settled.filter((one) => one.status === 'rejected');
  expect(settled.length - refused.length).toBe(34);
  expect(new Set(refused.map((one) => codeOf(one.reason)))).toEqual(new Set(['RATE_LIMITED']));
  expect(refused[0]?.reason).toMatchObject({ retryAfterSeconds: 5, message: expect.stringMatching(/try again/) });
  await expect(deriveKeys('one more', header)).resolves.toBeDefined();
});
