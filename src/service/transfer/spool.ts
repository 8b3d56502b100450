/**
 * Spools: files in the store that hold an import while it arrives, or an export while it is taken. They are what lets
 * slow clients hold neither memory nor a turn for heavy work. They take disk space instead, so only so many are there
 * at once, shared between the tokens.
 */
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import type { Store } from '../../store/store.js';
import { incomingKey } from '../backup/layout.js';
import { Places } from '../job/places.js';

export interface SpoolsParts {
  readonly store: Store;
  readonly log: Log;
  /** For messages: imports. */
  readonly what: string;
  readonly spoolsMax: number;
}

const RETRY_AFTER_SECONDS = 10;

export class Spools {
  private readonly places: Places;

  constructor(private readonly parts: SpoolsParts) {
    this.places = new Places(parts.spoolsMax);
  }

  /** A place for one more, until it is released. @throws AppError RATE_LIMITED when there is none for this subject */
  take(subject: string): Spool {
    const { store, log, what } = this.parts;
    const giveBack = this.places.take(subject);
    if (giveBack === undefined)
      throw new AppError(
        'RATE_LIMITED',
        `${this.places.count} ${what} are under way already: try again when one of them has ended`,
        { retryAfterSeconds: RETRY_AFTER_SECONDS },
      );
    return new Spool(store, log, giveBack);
  }
}

export class Spool {
  private readonly key = incomingKey(randomUUID());

  /** Made by Spools. */
  constructor(
    private readonly store: Store,
    private readonly log: Log,
    /** Gives the place back; what is done twice counts once. */
    readonly release: () => void,
  ) {}

  /**
   * Writes the spool whole.
   * @returns bytes @throws what the source throws, the signal's reason, AppError STORE_FULL, STORE_UNAVAILABLE
   */
  async fill(source: AsyncIterable<Buffer>, signal: AbortSignal | undefined): Promise<number> {
    return (await this.store.put(this.key, source, { durable: false, ...defined({ signal }) })).size;
  }

  /** The bytes from the start. @throws AppError STORE_UNAVAILABLE */
  read(): Promise<Readable> {
    return this.store.get(this.key);
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
