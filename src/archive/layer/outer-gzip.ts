/**
 * Encrypted archives and chain files that somebody has compressed once more, though it makes them no smaller. What we
 * write is compressed inside, and a store keeps nothing else.
 */
import { constants, gunzipSync } from 'node:zlib';
import { isChainFile, recognise } from '../content/recognise.js';
import { ByteReader } from '../stream/byte-reader.js';
import { bounded, decompress } from './gzip.js';

/** Longer than any gzip header that tools write, with what begins inside. */
const HEAD_BYTES = 4_096;

/**
 * Passes a file on, an encrypted one and a chain file without the gzip around it.
 * @throws AppError INTEGRITY_FAILED (that gzip is cut or damaged), TOO_LARGE (it expands to more bytes than
 * `bytesMax`); what the source throws
 */
export async function* withoutOuterGzip(source: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Buffer> {
  const reader = new ByteReader(source);
  try {
    if (isOuter(await reader.peek(HEAD_BYTES))) yield* bounded(decompress(reader.rest()), bytesMax, () => undefined);
    else yield* reader.rest();
  } finally {
    await reader.close();
  }
}

function isOuter(head: Buffer): boolean {
  if (recognise(head) !== 'GZIP') return false;
  try {
    const inside = gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
    return recognise(inside) === 'ENCRYPTED' || isChainFile(inside);
  } catch {
    // damaged within its first bytes: whoever reads it whole says so
    return false;
  }
}
