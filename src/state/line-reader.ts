/**
 * The lines of a file, from either end, block by block: no more than a block and one line are in memory. A line ends
 * with a line feed; what follows the last one is no line.
 */

import type { FileHandle } from 'node:fs/promises';
import { NEWLINE } from '../lib/json-bytes.js';

export interface LinesOptions {
  /** Bytes of the file to look at, from its beginning. */
  readonly end: number;
  /** A longer line is cut off here, which no reader can take for a whole one. */
  readonly lineBytesMax: number;
}

const BLOCK_BYTES = 128 * 1024;

/** In the order of the file. */
export async function* linesForward(
  handle: FileHandle,
  { end, lineBytesMax }: LinesOptions,
): AsyncGenerator<string, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for (let position = 0; position < end; ) {
    const block = await readAt(handle, position, Math.min(BLOCK_BYTES, end - position));
    if (block.length === 0) return;
    position += block.length;
    let start = 0;
    for (let feed = block.indexOf(NEWLINE); feed >= 0; feed = block.indexOf(NEWLINE, start)) {
      const piece = block.subarray(start, feed);
      yield (rest.length === 0 ? piece : Buffer.concat([rest, piece])).toString('utf8');
      rest = Buffer.alloc(0);
      start = feed + 1;
    }
    rest = Buffer.concat([rest, block.subarray(start)]).subarray(0, lineBytesMax);
  }
}

/** From the end of the file to its beginning. */
export async function* linesBackward(
  handle: FileHandle,
  { end, lineBytesMax }: LinesOptions,
): AsyncGenerator<string, void, undefined> {
  let tail: Buffer = Buffer.alloc(0);
  let isWhole = false; // nothing before the last line feed is a line yet
  for (let position = end; position > 0; ) {
    const wanted = Math.min(BLOCK_BYTES, position);
    position -= wanted;
    const block = await readAt(handle, position, wanted);
    if (block.length < wanted) return; // somebody cut it while it was read
    let stop = block.length;
    for (
      let feed = block.lastIndexOf(NEWLINE);
      feed >= 0;
      feed = feed === 0 ? -1 : block.lastIndexOf(NEWLINE, feed - 1)
    ) {
      const piece = block.subarray(feed + 1, stop);
      if (isWhole) yield Buffer.concat([piece, tail]).toString('utf8');
      isWhole = true;
      tail = Buffer.alloc(0);
      stop = feed;
    }
    tail = Buffer.concat([block.subarray(0, stop), tail]).subarray(0, lineBytesMax);
  }
  if (isWhole) yield tail.toString('utf8');
}

/** Bytes after the last line feed. */
export async function tornBytes(handle: FileHandle, end: number): Promise<number> {
  for (let position = end; position > 0; ) {
    const wanted = Math.min(BLOCK_BYTES, position);
    position -= wanted;
    const feed = (await readAt(handle, position, wanted)).lastIndexOf(NEWLINE);
    if (feed >= 0) return end - (position + feed + 1);
  }
  return end;
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}
