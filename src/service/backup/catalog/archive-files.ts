/**
 * The files of archives in the store, on their way in and out: a key is taken, the archive is written under it, and
 * what does not come to its end goes again. A mark beside an archive says that it is being written or removed.
 */
import { assert } from '../../../lib/assert.js';
import { AppError, messageOf } from '../../../lib/error.js';
import type { Store } from '../../../store/store.js';
import { type ArchiveName, archiveKey, manifestKey, pendingKey } from '../layout.js';

/** What the catalog needs of a logger; pino's fits. */
export interface CatalogLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** A key that is taken for one new archive, until `commit` or `abandon`. */
export interface Reservation {
  readonly key: string;
  /**
   * Stores the archive: once, or again after a failure. Errors as of Store.put.
   * @returns bytes stored
   */
  put(
    source: AsyncIterable<Uint8Array> | Uint8Array,
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ readonly size: number }>;
}

export interface ReservedKey {
  readonly key: string;
  writing?: Promise<{ readonly size: number }>;
  /** Bytes of the archive, once it is stored. */
  size?: number;
}

export class ArchiveFiles {
  private readonly reservations = new Map<Reservation, ReservedKey>();
  private readonly reservedKeys = new Set<string>();
  /** What cannot be removed, each in a sentence. */
  readonly faults: string[] = [];

  constructor(
    private readonly store: Store,
    private readonly log: CatalogLog,
  ) {}

  /** Chooses a key for a new archive that no other archive has or is about to get. */
  async reserve(wanted: ArchiveName): Promise<Reservation> {
    for (let ordinal = 1; ; ordinal++) {
      const key = archiveKey(wanted, ordinal);
      if (this.reservedKeys.has(key)) continue;
      this.reservedKeys.add(key); // before anything is awaited, so that nobody else chooses it meanwhile
      try {
        if (await this.isFree(key)) {
          await this.store.put(pendingKey(key), new Uint8Array(), { replace: true });
          return this.reservationOf({ key });
        }
      } catch (error) {
        this.reservedKeys.delete(key);
        throw error;
      }
      this.reservedKeys.delete(key);
    }
  }

  /** Ends a reservation, whose archive is stored: from here on `abandon` cannot reach it. */
  claim(reservation: Reservation): ReservedKey {
    const reserved = this.reservations.get(reservation);
    assert(reserved !== undefined, `reservation ${reservation.key} is not open`);
    this.reservations.delete(reservation);
    return reserved;
  }

  /** The archive has its manifest. */
  async settle({ key }: ReservedKey): Promise<void> {
    this.reservedKeys.delete(key);
    await this.removeQuietly(pendingKey(key));
  }

  /**
   * Gives a reservation up and removes what was stored under it; waits for a put under way, which the caller has to
   * end. One that was claimed or abandoned before is left as it is. Never throws.
   */
  async abandon(reservation: Reservation): Promise<void> {
    if (this.reservations.has(reservation)) await this.discard(this.claim(reservation));
  }

  async discard(reserved: ReservedKey): Promise<void> {
    if (reserved.writing !== undefined) {
      const [written] = await Promise.allSettled([reserved.writing]);
      // Only what this reservation has stored: what somebody else put there by hand is theirs.
      if (written.status === 'fulfilled' && !(await this.removeQuietly(reserved.key))) return;
    }
    await this.removeQuietly(pendingKey(reserved.key));
    this.reservedKeys.delete(reserved.key);
  }

  /**
   * A full disk must not keep anybody from deleting: then a crash in between would leave an archive behind, which is
   * reported.
   */
  async markForRemoval(archive: string): Promise<void> {
    try {
      await this.store.put(pendingKey(archive), new Uint8Array(), { replace: true });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'STORE_FULL') throw error;
    }
  }

  /** False when it could not be removed, which is a problem and not an error. */
  async removeQuietly(key: string): Promise<boolean> {
    try {
      await this.store.delete(key);
      return true;
    } catch (error) {
      this.faults.push(
        `${key} belongs to no backup and cannot be removed: ${messageOf(error)} The next start tries again.`,
      );
      this.log.warn({ file: key, err: error }, 'a file that belongs to no backup cannot be removed');
      return false;
    }
  }

  private async isFree(key: string): Promise<boolean> {
    return (await this.store.stat(key)) === undefined && (await this.store.stat(manifestKey(key))) === undefined;
  }

  private reservationOf(reserved: ReservedKey): Reservation {
    const reservation: Reservation = {
      key: reserved.key,
      put: async (source, options) => {
        assert(this.reservations.has(reservation), `reservation ${reservation.key} is not open`);
        assert(reserved.writing === undefined, `reservation ${reservation.key} is written twice`);
        reserved.writing = this.store.put(reservation.key, source, options);
        try {
          const { size } = await reserved.writing;
          reserved.size = size;
          return { size };
        } catch (error) {
          delete reserved.writing;
          throw error;
        }
      },
    };
    this.reservations.set(reservation, reserved);
    return reservation;
  }
}
