/**
 * Keeps the bytes of records until it is known whether they count: in memory while they are few, then on scratch space.
 */
import type { Scratch } from '../../lib/scratch.js';

const MEMORY_BYTES_MAX = 16 << 20;

type Piece = Buffer | { readonly at: number; readonly bytes: number };

export interface UncommittedRecord {
  /** The byte where the record begins in the file. */
  readonly at: number;
  readonly pieces: Piece[];
  memoryBytes: number;
}

export class UncommittedRecords {
  private memoryBytes = 0;

  constructor(private readonly scratch: Scratch | undefined) {}

  /** Adds bytes to a record, which must not change while they are here. */
  add(record: UncommittedRecord, piece: Buffer): void {
    if (this.scratch !== undefined && this.memoryBytes + piece.length > MEMORY_BYTES_MAX) {
      record.pieces.push({ at: this.scratch.append(piece), bytes: piece.length });
      return;
    }
    record.pieces.push(piece);
    record.memoryBytes += piece.length;
    this.memoryBytes += piece.length;
  }

  /** Hands a record out, piece by piece, and keeps it no longer; each is good for as long as it is needed. */
  *take(record: UncommittedRecord): Generator<Buffer> {
    const { pieces } = record;
    this.drop(record);
    for (const piece of pieces)
      yield Buffer.isBuffer(piece) ? piece : Buffer.from(this.scratch?.read(piece.at, piece.bytes) ?? '');
  }

  drop(record: UncommittedRecord): void {
    this.memoryBytes -= record.memoryBytes;
    record.memoryBytes = 0;
  }
}
