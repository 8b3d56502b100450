/**
 * Scratch space in a file that has no name (unnamed-file.ts).
 *
 * Writing goes on in the background, a block at a time; reading is synchronous, from the page cache as a rule, with one
 * window that reads ahead while it is asked for bytes in the order of their places.
 */
import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { assert } from '../lib/assert.js';
import { diskError } from '../lib/disk-error.js';
import { type AppError, errnoOf } from '../lib/error.js';
import type { Scratch } from '../lib/scratch.js';
import { openUnnamed } from './unnamed-file.js';

const BLOCK_BYTES = 256 << 10;
/** So many may wait to be written before `drained` waits. */
const UNWRITTEN_BLOCKS_MAX = 8;
/** A multiple of this is where bytes are placed. */
const PLACE_BYTES = 8;
/** What is read when the order of places is not followed: a page, as the disk has it. */
const JUMP_BYTES = 4 << 10;
const NOTHING = Buffer.alloc(0);

/**
 * Opens scratch space in a folder, which should be on a disk with room for the content of an archive.
 * @throws AppError STORE_FULL, STORE_UNAVAILABLE
 */
export async function openScratch(folder: string): Promise<Scratch> {
  return new ScratchFile(await openUnnamed(folder));
}

interface Block {
  /** Its place in the file. */
  readonly at: number;
  readonly bytes: Buffer;
}

export class ScratchFile implements Scratch {
  /** The block that is being filled. */
  private block: Block = { at: 0, bytes: Buffer.alloc(BLOCK_BYTES) };
  /** Where the next byte goes. */
  private end = 0;
  /** Full blocks, those before `written` not among them. */
  private readonly unwritten: Block[] = [];
  private written = 0;
  private writing: Promise<void> | undefined;
  private failure: AppError | undefined;
  private readonly spare: Buffer[] = [];
  private closed = false;
  private readonly room = Buffer.alloc(BLOCK_BYTES);
  /** What was read last, and the place of it. */
  private window: Block = { at: 0, bytes: NOTHING };

  /** @param handle an empty file, open for reading and writing */
  constructor(private readonly handle: FileHandle) {}

  get length(): number {
    return this.end;
  }

  append(bytes: Buffer | string): number {
    this.check();
    this.end = Math.ceil(this.end / PLACE_BYTES) * PLACE_BYTES;
    if (this.end === this.block.at + BLOCK_BYTES) this.turn();
    const place = this.end;
    if (typeof bytes === 'string') {
      const length = Buffer.byteLength(bytes);
      if (length <= this.block.at + BLOCK_BYTES - place) {
        this.block.bytes.write(bytes, place - this.block.at);
        this.end += length;
        return place;
      }
      bytes = Buffer.from(bytes);
    }
    for (let from = 0; from < bytes.length; ) {
      if (this.end === this.block.at + BLOCK_BYTES) this.turn();
      const taken = bytes.copy(this.block.bytes, this.end - this.block.at, from);
      from += taken;
      this.end += taken;
    }
    return place;
  }

  async drained(): Promise<void> {
    while (this.failure === undefined && this.unwritten.length > UNWRITTEN_BLOCKS_MAX) await this.writing;
    this.check();
  }

  read(offset: number, length: number): Buffer {
    const { window } = this;
    if (offset < window.at || offset + length > window.at + window.bytes.length) this.move(offset, length);
    const start = offset - this.window.at;
    return this.window.bytes.subarray(start, start + length);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.unwritten.length = 0;
    await this.writing;
    try {
      await this.handle.close();
    } catch (error) {
      throw scratchError('Closing scratch space', error);
    }
  }

  private check(): void {
    assert(!this.closed, 'scratch space was used after it was closed');
    if (this.failure !== undefined) throw this.failure;
  }

  /** Goes on with a new block. */
  private turn(): void {
    this.unwritten.push(this.block);
    this.block = { at: this.end, bytes: this.spare.pop() ?? Buffer.alloc(BLOCK_BYTES) };
    this.writing ??= this.writeAll();
  }

  private async writeAll(): Promise<void> {
    try {
      for (;;) {
        const [block] = this.unwritten;
        if (block === undefined) break;
        for (let done = 0; done < BLOCK_BYTES; ) {
          done += (await this.handle.write(block.bytes, done, BLOCK_BYTES - done, block.at + done)).bytesWritten;
        }
        this.written = block.at + BLOCK_BYTES;
        this.unwritten.shift();
        if (this.spare.length < UNWRITTEN_BLOCKS_MAX) this.spare.push(block.bytes);
      }
    } catch (error) {
      this.failure = scratchError('Writing scratch space', error);
    } finally {
      this.writing = undefined;
    }
  }

  /** Moves the window to where these bytes are all in it. */
  private move(offset: number, length: number): void {
    this.check();
    assert(offset >= 0 && offset + length <= this.end, 'scratch space was read past its end');
    const before = this.window.at + this.window.bytes.length;
    const isNext = offset >= this.window.at && offset <= before + JUMP_BYTES;
    const wanted = Math.min(Math.max(length, isNext ? BLOCK_BYTES : JUMP_BYTES), this.end - offset);
    // memory for one that is longer is not kept
    const bytes = wanted > BLOCK_BYTES ? Buffer.allocUnsafeSlow(wanted) : this.room.subarray(0, wanted);
    this.window = { at: 0, bytes: NOTHING };
    for (let done = 0; done < wanted; ) done += this.piece(offset + done, bytes.subarray(done));
    this.window = { at: offset, bytes };
  }

  /** Reads from the file, or from a block that is not written yet. Answers how much it was. */
  private piece(at: number, into: Buffer): number {
    if (at >= this.written) {
      const block = this.unwritten[Math.floor((at - this.written) / BLOCK_BYTES)] ?? this.block;
      return block.bytes.copy(into, 0, at - block.at);
    }
    try {
      const count = readSync(this.handle.fd, into, 0, Math.min(into.length, this.written - at), at);
      assert(count > 0, 'scratch space is shorter than what was written');
      return count;
    } catch (error) {
      throw scratchError('Reading scratch space', error);
    }
  }
}

function scratchError(doing: string, error: unknown): AppError {
  if (errnoOf(error) === undefined && error instanceof Error) throw error;
  return diskError(doing, error);
}
