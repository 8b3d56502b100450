/**
 * The gzip layer (RFC 1952). zlib works in its own thread; only whole blocks pass through here.
 */
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { AppError, errnoOf, messageOf } from '../lib/error.js';

const BLOCK_BYTES = 256 << 10;
/** Level 1 is as fast as level 3 and twice as fast as 6; documents still shrink to a quarter. */
const LEVEL = 1;

/** Compresses a stream. */
export async function* compress(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gzip = createGzip({ level: LEVEL, chunkSize: BLOCK_BYTES, memLevel: 9 });
  yield* through(source, gzip);
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
    throw new AppError('INTEGRITY_FAILED', `The archive's gzip stream is damaged or cut after ${String(gunzip.bytesWritten)} bytes (${messageOf(error)}). Take another copy of the backup`, { cause: error });
  }
  // zlib passes silently over what follows the last member
  if (gunzip.bytesWritten !== given) {
    throw new AppError('INTEGRITY_FAILED', `The archive's gzip stream ends after ${String(gunzip.bytesWritten)} bytes, but the file goes on. Take another copy of the backup`);
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
export async function* bounded(source: AsyncIterable<Buffer>, contentBytesMax: number, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const chunk of source) {
    total += chunk.length;
    if (total > contentBytesMax) {
      throw new AppError('TOO_LARGE', `The archive's content is larger than the limit of ${String(contentBytesMax)} bytes. If it is meant to be so large, raise the limit`);
    }
    count(chunk.length);
    yield chunk;
  }
}
