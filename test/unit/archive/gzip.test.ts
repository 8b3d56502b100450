/** The gzip layer: whatever blocks the content comes in, gunzip makes the same of it. */
import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { compress, decompress } from '../../../src/archive/layer/gzip.js';

const MB = 1 << 20;

async function* inBlocks(content: Buffer, blockBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += blockBytes) {
    await Promise.resolve();
    yield content.subarray(at, at + blockBytes);
  }
}

async function compressed(content: Buffer, blockBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of compress(inBlocks(content, blockBytes))) pieces.push(piece);
  return Buffer.concat(pieces);
}

it.each([
  ['nothing', 0, 1],
  ['one byte', 1, 1],
  ['exactly one segment', 4 * MB, 100_000],
  ['exactly two segments, in blocks that end with them', 8 * MB, MB],
  ['more segments than are at work at once, in odd blocks', 21 * MB + 7, 999_983],
  ['one block of several segments', 13 * MB + 1, 20 * MB],
])('%s', async (_, bytes, blockBytes) => {
  // some of it shrinks, some does not
  const content = Buffer.concat([randomBytes(bytes >> 1), Buffer.alloc(bytes - (bytes >> 1), 'ovn ')]);
  const packed = await compressed(content, blockBytes);
  expect(gunzipSync(packed).equals(content)).toBe(true);
});

it.each([
  ['nothing', Buffer.alloc(0), 'gzip stream is empty ('],
  ['its first byte', Buffer.from([0x1f]), 'gzip stream is damaged or cut after 1 byte ('],
  ['other first bytes', Buffer.from('no gzip'), 'gzip stream is damaged at its beginning ('],
  ['its header', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), 'gzip stream is damaged or cut after 10 bytes ('],
])('says what is left of a stream: %s', async (_, content, told) => {
  const read = async (): Promise<void> => {
    for await (const _block of decompress(inBlocks(content, MB)));
  };
  await expect(read()).rejects.toThrow(told);
});
