/**
 * Cutting a database file into its records (ovsdb(5)): a line `OVSDB <magic> <length> <sha1>`, then so many bytes.
 *
 * A file that was copied while a server wrote to it, or that a crash left behind, may end inside its last record.
 * ovsdb-server goes on with what stands before that, and so do the readers here, with a warning. It does the same at
 * any other damage, and forgets all that follows: that is refused here. The two can be told apart: no bytes of a record
 * but the last hold a newline.
 */

import { createHash } from 'node:crypto';
import { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import { NEWLINE } from '../../lib/json-bytes.js';
import type { ByteReader } from '../stream/byte-reader.js';

export interface RecordHead {
  /** Where it begins in the file. */
  readonly at: number;
  readonly bytes: number;
  readonly sha1: string;
}

const HEAD_BYTES_MAX = 80;
const PIECE_BYTES = 32 << 10;

export class RecordReader {
  private readonly whole: RegExp;
  private readonly part: RegExp;
  private readonly begin: string;
  private cutError: AppError | undefined;
  private cutAt = 0;
  /** One for all records: there may be millions of small ones. */
  private readonly breath = new Breath(8, 4);

  constructor(
    private readonly reader: ByteReader,
    private readonly magic: 'JSON' | 'CLUSTER',
  ) {
    this.begin = `OVSDB ${magic} `;
    this.whole = new RegExp(`^${this.begin}(\\d{1,15}) ([0-9a-f]{40})\\n`);
    this.part = new RegExp(`^${this.begin}\\d{1,15}(?: [0-9a-f]{0,40})?$`);
  }

  /** Why the file is no whole one, undefined when it did not end inside a record. */
  get cut(): AppError | undefined {
    return this.cutError;
  }

  /** What to say of a file that is read although it is cut; nothing for one that is not. */
  warnings(): readonly string[] {
    if (this.cutError === undefined) return [];
    return [
      `The file ends inside the record that begins at byte ${this.cutAt}: it was copied while it was written to, ` +
        'or cut. What stands before that byte was read, as ovsdb-server would do; if more is expected, take ' +
        'another copy',
    ];
  }

  /** The next record's head; undefined at the end, and where the file is cut. @throws AppError INTEGRITY_FAILED */
  async next(): Promise<RecordHead | undefined> {
    const at = this.reader.offset;
    const head = (await this.reader.peek(HEAD_BYTES_MAX)).toString('latin1');
    if (head === '') return undefined;
    const match = this.whole.exec(head);
    if (match === null) {
      const error = damaged(
        at,
        'a record is cut or does not begin as a record of a ' +
          `${this.magic === 'JSON' ? 'standalone' : 'clustered'} database does`,
      );
      if (head.length === HEAD_BYTES_MAX || !(this.begin.startsWith(head) || this.part.test(head))) throw error;
      this.cutHere(at, error);
      return undefined;
    }
    await this.reader.take(match[0].length);
    return { at, bytes: Number(match[1]), sha1: match[2] as string };
  }

  /**
   * Reads a record's bytes in pieces, which stay as they are.
   * @returns false when the file is cut inside this record
   * @throws AppError INTEGRITY_FAILED when they are not the ones that were written
   */
  async read(record: RecordHead, take: (piece: Buffer) => Promise<void> | undefined): Promise<boolean> {
    const sha1 = createHash('sha1');
    let goesOn = false;
    let failure: AppError | undefined;
    for (let left = record.bytes; left > 0; ) {
      const piece = await this.reader.some(Math.min(left, PIECE_BYTES));
      if (piece === undefined) {
        const error = damaged(
          record.at,
          `the record there is cut: ${left} of its ${record.bytes} bytes are missing`,
          failure,
        );
        // a length that was damaged reaches into other records
        if (goesOn || failure !== undefined) throw error;
        this.cutHere(record.at, error);
        return false;
      }
      left -= piece.length;
      goesOn ||= piece.includes(NEWLINE);
      sha1.update(piece);
      if (failure === undefined) failure = await refusal(() => take(piece));
      if (this.breath.due()) await this.breath.rest();
    }
    if (sha1.digest('hex') !== record.sha1)
      throw damaged(record.at, 'the record there does not match its SHA-1', failure);
    if (failure !== undefined) throw failure;
    return true;
  }

  private cutHere(at: number, error: AppError): void {
    this.cutAt = at;
    this.cutError = error;
  }
}

/** What is wrong with the bytes: where they are damaged, that has to be said first. Other errors are thrown. */
async function refusal(take: () => Promise<void> | undefined): Promise<AppError | undefined> {
  try {
    const taken = take();
    if (taken !== undefined) await taken;
    return undefined;
  } catch (error) {
    if (error instanceof AppError && error.code === 'INTEGRITY_FAILED') return error;
    throw error;
  }
}

/** The error for a database file. @param at the byte where the record begins */
export function damaged(at: number, what: string, cause?: AppError): AppError {
  return new AppError(
    'INTEGRITY_FAILED',
    `The database file is damaged at byte ${at}: ${what}. Take another copy of it`,
    { cause },
  );
}
