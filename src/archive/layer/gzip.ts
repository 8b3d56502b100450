/**
 * The gzip layer (RFC 1952). zlib works in its own thread; only whole blocks pass through here.
 */
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, gzip, type ZlibOptions } from 'node:zlib';
import { AppError, errnoOf, messageOf } from '../../lib/error.js';
import { plural } from '../../lib/text/plural.js';

const BLOCK_BYTES = 256 << 10;
/** Level 1 is as fast as level 3 and twice as fast as 6; documents still shrink to a quarter. */
const LEVEL = 1;

/** Each segment is a gzip member of its own, so that more than one core can be at work. */
const SEGMENT_BYTES = 1 << 20;
const SEGMENTS_AT_ONCE = 3;
const OPTIONS: ZlibOptions = { level: LEVEL, chunkSize: BLOCK_BYTES, memLevel: 9 };
const NOTHING = Buffer.alloc(0);
const compressSegment = promisify<Buffer, ZlibOptions, Buffer>(gzip);

/** Compresses a stream, into gzip members one after the other: any gunzip reads them as one. */
export async function* compress(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const underWay: Promise<Buffer>[] = [];
  const spare: Buffer[] = [];
  let room: Buffer | undefined;
  let used = 0;
  const begin = (): void => {
    const segment = room ?? NOTHING;
    const compressed = compressSegment(segment.subarray(0, used), OPTIONS).finally(() => spare.push(segment));
    // nobody waits for it when the reader leaves early; otherwise it is awaited below
    compressed.catch(() => undefined);
    underWay.push(compressed);
    room = undefined;
    used = 0;
  };
  for await (const block of source) {
    for (let taken = 0; taken < block.length; ) {
      room ??= spare.pop() ?? Buffer.allocUnsafeSlow(SEGMENT_BYTES);
      const copied = block.copy(room, used, taken);
      taken += copied;
      used += copied;
      if (used < SEGMENT_BYTES) break;
      begin();
      if (underWay.length === SEGMENTS_AT_ONCE) yield (await underWay.shift()) as Buffer;
    }
  }
  if (used > 0 || underWay.length === 0) begin();
  for (const segment of underWay) yield await segment;
}

/**
 * Expands a stream of one or more gzip members.
 * @throws AppError INTEGRITY_FAILED when it is cut, damaged, or followed by anything else
 */
export async function* decompress(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let given = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      given += chunk.length;
      yield chunk;
    }
  }
  const gunzip = createGunzip({ chunkSize: BLOCK_BYTES });
  try {
    yield* through(counted(), gunzip);
  } catch (error) {
    if (errnoOf(error)?.startsWith('Z_') !== true) throw error;
    throw new AppError(
      'INTEGRITY_FAILED',
      `The archive's gzip stream ${brokenWhere(gunzip.bytesWritten, given)} (${messageOf(error)}). ` +
        'Take another copy of the backup',
      { cause: error },
    );
  }
  // zlib passes silently over what follows the last member
  if (gunzip.bytesWritten !== given) {
    throw new AppError(
      'INTEGRITY_FAILED',
      plural(gunzip.bytesWritten, "The archive's gzip stream ends after # {byte|bytes}, but the file goes on. ") +
        'Take another copy of the backup',
    );
  }
}

/** Pumps `source` through a stream and releases both, however it ends. */
async function* through(source: AsyncIterable<Buffer>, stream: Transform): AsyncGenerator<Buffer> {
  let failure: unknown;
  // pipeline hands a failure of the source to the stream, whose reader below then throws it
  const pumping = pipeline(source, stream).catch((error: unknown) => {
    failure = error;
  });
  try {
    for await (const chunk of stream) yield chunk as Buffer;
    await pumping;
  } finally {
    stream.destroy();
  }
  if (failure instanceof Error) throw failure;
}

/**
 * Passes content on, counts it and stops it at a limit: a small file can expand to terabytes.
 * @throws AppError TOO_LARGE
 */
export async function* bounded(
  source: AsyncIterable<Buffer>,
  contentBytesMax: number,
  count: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const chunk of source) {
    total += chunk.length;
    if (total > contentBytesMax) {
      throw new AppError(
        'TOO_LARGE',
        `The archive's content is larger than the limit of ${contentBytesMax} bytes. If it is meant to be so ` +
          'large, raise the limit',
      );
    }
    count(chunk.length);
    yield chunk;
  }
}

/** @param read bytes that were expanded; none where the first ones are no good @param given bytes that there were */
function brokenWhere(read: number, given: number): string {
  if (given === 0) return 'is empty';
  return read === 0 ? 'is damaged at its beginning' : `is damaged or cut after ${plural(read, '# {byte|bytes}')}`;
}
