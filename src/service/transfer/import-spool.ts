/** The file in the store that holds an import while it arrives, and while it is checked: as it came. */
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { defined } from '../../lib/defined.js';
import type { Log } from '../../lib/log.js';
import type { ByteRange, Store } from '../../store/store.js';
import { incomingKey } from '../backup/layout.js';

export class ImportSpool {
  private readonly key = incomingKey(randomUUID());

  constructor(
    private readonly store: Store,
    private readonly log: Log,
  ) {}

  /**
   * Writes the spool whole.
   * @returns bytes @throws what the source throws, the signal's reason, AppError STORE_FULL, STORE_UNAVAILABLE
   */
  async fill(source: AsyncIterable<Buffer>, signal: AbortSignal | undefined): Promise<number> {
    return (await this.store.put(this.key, source, { durable: false, ...defined({ signal }) })).size;
  }

  /** The bytes from the start, or a part of them. @throws AppError STORE_UNAVAILABLE */
  read(range?: ByteRange): Promise<Readable> {
    return this.store.get(this.key, range);
  }

  /** Removes the file. Never throws: what cannot be removed is logged, and removed by the next start. */
  async remove(): Promise<void> {
    try {
      await this.store.delete(this.key);
    } catch (error) {
      this.log.warn({ file: this.key, err: error }, 'a spool cannot be removed; the next start tries again');
    }
  }
}
