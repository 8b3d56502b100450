/**
 * Changes of one transaction that wait until all of it was read, in the order in which they came. A transaction can
 * have gigabytes of them: they are kept as bytes, on scratch space where there is some.
 */
import type { Scratch } from '../../lib/scratch.js';
import { GrowingBuffer } from '../stream/growing-buffer.js';

export interface TransactionChange<Table> {
  readonly table: Table;
  readonly uuid: string;
  /** JSON text. */
  readonly text: string;
}

const BATCH_BYTES = 256 << 10;
const UUID_BYTES = 36;
/** Before each text: number of the table, UUID, length of the text. */
const HEAD_BYTES = 4 + UUID_BYTES + 4;

type Batch = Buffer | { readonly at: number; readonly bytes: number };

export class TransactionChanges<Table> {
  private readonly tables: Table[] = [];
  private readonly numbers = new Map<Table, number>();
  private readonly gathered = new GrowingBuffer();
  private batches: Batch[] = [];

  constructor(private readonly scratch: Scratch | undefined) {}

  /** @param uuid 36 characters */
  push(table: Table, uuid: string, text: Buffer): void {
    let number = this.numbers.get(table);
    if (number === undefined) {
      number = this.tables.push(table) - 1;
      this.numbers.set(table, number);
    }
    const head = Buffer.allocUnsafe(HEAD_BYTES);
    head.writeUInt32LE(number, 0);
    head.write(uuid, 4, 'latin1');
    head.writeUInt32LE(text.length, 4 + UUID_BYTES);
    this.gathered.push(head);
    this.gathered.push(text);
    if (this.gathered.length >= BATCH_BYTES) this.turn();
  }

  /** All changes; then none are left. */
  *drain(): Generator<TransactionChange<Table>> {
    if (this.gathered.length > 0) this.turn();
    const { batches } = this;
    this.batches = [];
    for (const batch of batches) yield* this.changesIn(batch);
    this.tables.length = 0;
    this.numbers.clear();
  }

  private turn(): void {
    const bytes = this.gathered.take();
    const isLarge = bytes.length >= BATCH_BYTES;
    this.batches.push(
      this.scratch === undefined || !isLarge ? bytes : { at: this.scratch.append(bytes), bytes: bytes.length },
    );
  }

  private *changesIn(batch: Batch): Generator<TransactionChange<Table>> {
    // a copy: whoever applies the changes reads and writes scratch space meanwhile
    const bytes = Buffer.isBuffer(batch) ? batch : Buffer.from(this.scratch?.read(batch.at, batch.bytes) ?? '');
    for (let at = 0; at < bytes.length; ) {
      const start = at + HEAD_BYTES;
      const end = start + bytes.readUInt32LE(start - 4);
      yield {
        table: this.tables[bytes.readUInt32LE(at)] as Table,
        uuid: bytes.toString('latin1', at + 4, at + 4 + UUID_BYTES),
        text: bytes.toString('utf8', start, end),
      };
      at = end;
    }
  }
}
