/**
 * Exports that somebody has asked for and will fetch in a moment, each under an id that nobody can guess: it is good
 * for one download, and for a minute. So a browser can download without a token in an address. They are in memory
 * only, the passphrases too: a restart forgets them.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/error.js';
import type { ArchiveFormat } from '../backup/layout.js';
import type { ExportService } from './export-service.js';

export interface WantedExport {
  readonly backupId: string;
  readonly format: ArchiveFormat;
  /** The stored file as it is, whatever the format. */
  readonly raw: boolean;
  /** The stored files of it and of all that it builds on. */
  readonly chain: boolean;
  readonly decryptionKey?: string | undefined;
}

export interface PreparedExport {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

interface Waiting {
  readonly wanted: WantedExport;
  readonly subject: string;
  /** By the monotonic clock. */
  readonly endsAtMs: number;
  readonly callOff: () => void;
}

const VALID_MS = 60_000;
const ID_BYTES = 32;
/** That wait to be fetched, of one subject and of all. */
const PER_SUBJECT_MAX = 20;
const IN_ALL_MAX = 1_000;

export class PreparedExports {
  /** Oldest first. */
  private readonly waiting = new Map<string, Waiting>();

  constructor(
    private readonly exports: ExportService,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError NOT_FOUND, DECRYPTION_FAILED, BAD_USER_INPUT; RATE_LIMITED when too many wait */
  async prepare(wanted: WantedExport, subject: string): Promise<PreparedExport> {
    this.checkRoom(subject);
    await this.exports.check(wanted);
    this.checkRoom(subject); // others may have come meanwhile
    const id = randomBytes(ID_BYTES).toString('base64url');
    const { raw, chain, decryptionKey } = wanted;
    this.waiting.set(id, {
      // stored files need no key: none is kept
      wanted: { ...wanted, decryptionKey: raw || chain ? undefined : decryptionKey },
      subject,
      endsAtMs: this.clock.monotonic() + VALID_MS,
      callOff: this.clock.alarm(VALID_MS, () => this.waiting.delete(id)),
    });
    return { id, expiresAt: this.clock.now() + VALID_MS };
  }

  /** What was prepared, and for whom: once. @throws AppError NOT_FOUND */
  take(id: string): Waiting {
    const found = this.look(id);
    this.waiting.delete(id);
    found.callOff();
    return found;
  }

  /** The same, which can be taken still. @throws AppError NOT_FOUND */
  look(id: string): Waiting {
    const found = this.waiting.get(id);
    // an alarm may ring late
    if (found === undefined || found.endsAtMs <= this.clock.monotonic())
      throw new AppError(
        'NOT_FOUND',
        `Download not found: an address is good for one download within ${VALID_MS / 1_000} s. This one was used, is ` +
          'too old, or never was: prepare the export again',
      );
    return found;
  }

  /** Forgets all of them. */
  stop(): void {
    for (const { callOff } of this.waiting.values()) callOff();
    this.waiting.clear();
  }

  private checkRoom(subject: string): void {
    const all = [...this.waiting.values()];
    const own = all.filter((waiting) => waiting.subject === subject);
    const [full, whose] = own.length >= PER_SUBJECT_MAX ? [own, 'of yours'] : [all, 'in all'];
    const [oldest] = full;
    if (oldest === undefined || (full === all && all.length < IN_ALL_MAX)) return;
    throw new AppError(
      'RATE_LIMITED',
      `${full.length} prepared exports ${whose} wait to be fetched: fetch one, or wait until the oldest is forgotten`,
      { retryAfterSeconds: Math.max(1, Math.ceil((oldest.endsAtMs - this.clock.monotonic()) / 1_000)) },
    );
  }
}
