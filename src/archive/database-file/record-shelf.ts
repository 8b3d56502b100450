/**
 * Keeps the bytes of records until it is known whether they count: in memory while they are few, then on scratch space.
 */
import type { Scratch } from '../../model/snapshot/scratch.js';

const MEMORY_BYTES_MAX = 16 << 20;

type Piece = Buffer | { readonly at: number; readonly bytes: number };

export interface ShelvedRecord {
  /** The byte where the record begins in the file. */
  readonly at: number;
  readonly pieces: Piece[];
  memoryBytes: number;
}

export class RecordShelf {
  private memoryBytes = 0;

  constructor(private readonly scratch: Scratch | undefined) {}

  /** Adds bytes to a record, which must not change while they are here. */
  add(record: ShelvedRecord, piece: Buffer): void {
    if (this.scratch !== undefined && this.memoryBytes + piece.length > MEMORY_BYTES_MAX) {
      record.pieces.push({ at: this.scratch.append(piece), bytes: piece.length });
      return;
    }
    record.pieces.push(piece);
    record.memoryBytes += piece.length;
    this.memoryBytes += piece.length;
  }

  /** Takes a record off the shelf, piece by piece; each is good for as long as it is needed. */
  *take(record: ShelvedRecord): Generator<Buffer> {
    const { pieces } = record;
    this.drop(record);
    for (const piece of pieces)
      yield Buffer.isBuffer(piece) ? piece : Buffer.from(this.scratch?.read(piece.at, piece.bytes) ?? '');
  }

  drop(record: ShelvedRecord): void {
    this.memoryBytes -= record.memoryBytes;
    record.memoryBytes = 0;
  }
}
