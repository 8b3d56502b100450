/**
 * Cutting a database file into its records (ovsdb(5)): a line `OVSDB <magic> <length> <sha1>`, then so many bytes.
 *
 * A file that was copied while a server wrote to it, or that a crash left behind, may end inside its last record; after
 * a power failure it may end in zeros instead, in the place of what never reached the disk. ovsdb-server goes on with
 * what stands before that, and so do the readers here, with a warning. It does the same at any other damage, and
 * forgets all that follows: that is refused here. The two can be told apart: no byte of a record but the last is a
 * newline, none is zero, and nothing but zeros follows the first zero.
 */

import { createHash } from 'node:crypto';
import { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import { NEWLINE } from '../../lib/json-bytes.js';
import { plural } from '../../lib/text/plural.js';
import type { ByteReader } from '../stream/byte-reader.js';

export interface RecordHead {
  /** Where it begins in the file. */
  readonly at: number;
  readonly bytes: number;
  readonly sha1: string;
}

/** Where a file stops being one of whole records. */
interface BrokenEnd {
  readonly at: number;
  readonly error: AppError;
  readonly isZeros: boolean;
}

const HEAD_BYTES_MAX = 80;
const PIECE_BYTES = 32 << 10;
const ZEROS = Buffer.alloc(PIECE_BYTES);

export class RecordReader {
  private readonly whole: RegExp;
  private readonly part: RegExp;
  private readonly begin: string;
  private brokenEnd: BrokenEnd | undefined;
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

  /** Why the file is no whole one, undefined when it did not end inside a record or in zeros. */
  get cut(): AppError | undefined {
    return this.brokenEnd?.error;
  }

  /** What to say of a file that is read although its end is broken; nothing for one that is whole. */
  warnings(): readonly string[] {
    if (this.brokenEnd === undefined) return [];
    const { at, isZeros } = this.brokenEnd;
    const found = isZeros
      ? `From byte ${at} on the file has no whole record and ends in zeros, as a power failure leaves it.`
      : `The file ends inside the record that begins at byte ${at}: it was copied while it was written to, or cut.`;
    return [
      `${found} What stands before that byte was read, as ovsdb-server would do; if more is expected, take another ` +
        'copy',
    ];
  }

  /**
   * The next record's head; undefined at the end, and where the file is cut or ends in zeros.
   * @throws AppError INTEGRITY_FAILED
   */
  async next(): Promise<RecordHead | undefined> {
    const { reader } = this;
    const at = reader.offset;
    const ahead = await reader.peek(HEAD_BYTES_MAX);
    if (ahead.length === 0) return undefined;
    const zero = ahead.indexOf(0);
    const head = ahead.toString('latin1', 0, zero < 0 ? ahead.length : zero);
    const match = this.whole.exec(head);
    if (match === null) {
      const error = damaged(
        at,
        zero === 0
          ? 'zeros stand where a record should begin'
          : 'a record is cut or does not begin as a record of a ' +
              `${this.magic === 'JSON' ? 'standalone' : 'clustered'} database does`,
      );
      const isPart = this.begin.startsWith(head) || this.part.test(head);
      if (!isPart || head.length === HEAD_BYTES_MAX) throw error;
      await reader.take(head.length);
      await this.endHere({ at, error, isZeros: zero >= 0 });
      return undefined;
    }
    await reader.take(match[0].length);
    return { at, bytes: Number(match[1]), sha1: match[2] as string };
  }

  /**
   * Reads a record's bytes in pieces, which stay as they are.
   * @returns false when the file is cut inside this record, or ends there in zeros
   * @throws AppError INTEGRITY_FAILED when they are not the ones that were written
   */
  async read(record: RecordHead, take: (piece: Buffer) => Promise<void> | undefined): Promise<boolean> {
    const sha1 = createHash('sha1');
    const zeros = new ZeroTail();
    let goesOn = false;
    let failure: AppError | undefined;
    // a length that was damaged reaches into other records
    const mayEnd = (): boolean => !goesOn && failure === undefined && zeros.isAll;
    for (let left = record.bytes; left > 0; ) {
      const piece = await this.reader.some(Math.min(left, PIECE_BYTES));
      if (piece === undefined) {
        const error = damaged(
          record.at,
          plural(left, `the record there is cut: # of its ${record.bytes} bytes {is|are} missing`),
          failure,
        );
        if (!mayEnd()) throw error;
        await this.endHere({ at: record.at, error, isZeros: zeros.hasBegun });
        return false;
      }
      left -= piece.length;
      sha1.update(piece);
      const text = zeros.textIn(piece);
      goesOn ||= text.includes(NEWLINE);
      if (failure === undefined && text.length > 0) failure = await refusal(() => take(text));
      if (this.breath.due()) await this.breath.rest();
    }
    if (sha1.digest('hex') !== record.sha1) {
      const error = damaged(record.at, 'the record there does not match its SHA-1', failure);
      if (!zeros.hasBegun || !mayEnd()) throw error;
      await this.endHere({ at: record.at, error, isZeros: true });
      return false;
    }
    if (zeros.hasBegun) throw damaged(record.at, 'the record there holds a zero byte, which JSON does not');
    if (failure !== undefined) throw failure;
    return true;
  }

  /** Takes what is left for the end of the file. @throws the error when it is zeros and then something else */
  private async endHere(end: BrokenEnd): Promise<void> {
    for (let piece = await this.reader.some(PIECE_BYTES); piece !== undefined; ) {
      if (!isZeros(piece)) throw end.error;
      if (this.breath.due()) await this.breath.rest();
      piece = await this.reader.some(PIECE_BYTES);
    }
    this.brokenEnd = end;
  }
}

/** Tells a record's text from zeros at its end. */
class ZeroTail {
  hasBegun = false;
  /** False when something else follows the first zero. */
  isAll = true;

  /** What of the next piece stands before the first zero. */
  textIn(piece: Buffer): Buffer {
    const at = this.hasBegun ? 0 : piece.indexOf(0);
    if (at < 0) return piece;
    this.hasBegun = true;
    this.isAll &&= isZeros(piece.subarray(at));
    return piece.subarray(0, at);
  }
}

/** @param bytes of a piece */
function isZeros(bytes: Buffer): boolean {
  return bytes.equals(ZEROS.subarray(0, bytes.length));
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
