/**
 * The bytes of an archive as they are stored: counted and hashed on their way into the layers, and still
 * readable to the end when a layer gives up, so that a checksum can always be compared.
 */
import { createHash } from 'node:crypto';
import { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import { plural } from '../../lib/text/plural.js';

export interface ExpectedBytes {
  /** "sha256:..." */
  readonly checksum: string;
  /** Bytes. */
  readonly size: number;
}

type Step = IteratorResult<Buffer, unknown>;

const HASHED_BYTES = 1 << 20;

export class StoredBytes implements AsyncIterable<Buffer> {
  size = 0;
  /** True after the source failed or reading was aborted: there is nothing to compare. */
  isBroken = false;
  private readonly source: AsyncIterator<Buffer>;
  private readonly sha256 = createHash('sha256');
  private readonly breath = new Breath(10, 1);
  private hash: string | undefined;
  private last: Promise<Step> | undefined;
  private ended = false;

  constructor(
    source: AsyncIterable<Buffer>,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.source = source[Symbol.asyncIterator]();
  }

  /** For the layers: leaving early does not close the source. */
  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return { next: () => this.next(), return: () => Promise.resolve({ done: true, value: undefined }) };
  }

  /** Reads what no layer read. @throws what the source throws, the signal's reason */
  async drain(): Promise<void> {
    // a layer that gave up may have asked for a chunk that has not come yet
    await this.last;
    while ((await this.next()).done !== true);
  }

  /** "sha256:..." of everything, after `drain`. */
  checksum(): string {
    this.hash ??= this.sha256.digest('hex');
    return `sha256:${this.hash}`;
  }

  /** Releases the source. */
  async close(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    const closing = this.source.return?.();
    // a source that hangs cannot be waited for; one that is aborted was told by the same signal
    if (this.signal?.aborted === true) closing?.catch(() => undefined);
    else await closing;
  }

  private next(): Promise<Step> {
    this.last = this.read();
    return this.last;
  }

  private async read(): Promise<Step> {
    if (this.ended) return { done: true, value: undefined };
    try {
      const step = await this.orAborted(this.source.next());
      if (step.done === true) {
        this.ended = true;
        return step;
      }
      this.size += step.value.length;
      for (let at = 0; at < step.value.length; at += HASHED_BYTES) {
        this.sha256.update(step.value.subarray(at, at + HASHED_BYTES));
        if (this.breath.due()) await this.breath.rest();
      }
      return step;
    } catch (error) {
      this.isBroken = true;
      throw error;
    }
  }

  private async orAborted(step: Promise<Step>): Promise<Step> {
    const { signal } = this;
    if (signal === undefined) return step;
    signal.throwIfAborted();
    let onAbort: (() => void) | undefined;
    try {
      return await Promise.race([
        step,
        new Promise<never>((_resolve, reject) => {
          onAbort = () => reject(signal.reason as Error);
          signal.addEventListener('abort', onAbort, { once: true });
        }),
      ]);
    } finally {
      if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
    }
  }
}

/** @throws AppError INTEGRITY_FAILED with the cause given */
export function checkSize(size: number, expected: number, cause?: unknown): void {
  if (size === expected) return;
  const has = plural(size, 'has # {byte|bytes}');
  throw new AppError(
    'INTEGRITY_FAILED',
    size === 0
      ? `The stored archive is empty: its ${plural(expected, '# {byte is|bytes are}')} lost. Use another backup, or ` +
          'put another copy of this file there'
      : `The stored archive ${has} instead of ${expected}: it was cut or changed. Use another backup or another copy ` +
          'of this one',
    { cause },
  );
}

/** Compares bytes that were read to their end. @throws AppError INTEGRITY_FAILED with the cause given */
export function checkStored(stored: StoredBytes, expected: ExpectedBytes, cause?: unknown): void {
  checkSize(stored.size, expected.size, cause);
  if (stored.checksum() !== expected.checksum) {
    throw new AppError(
      'INTEGRITY_FAILED',
      'The checksum of the stored archive differs from the one in its manifest: the file was changed or damaged. ' +
        'Use another backup or another copy of this one',
      { cause },
    );
  }
}

/** Compares a stored file with its checksum and size, without looking inside. @throws AppError INTEGRITY_FAILED */
export async function verifyStored(
  source: AsyncIterable<Buffer>,
  expected: ExpectedBytes,
  signal?: AbortSignal,
): Promise<void> {
  const stored = new StoredBytes(source, signal);
  try {
    await stored.drain();
    checkStored(stored, expected);
  } finally {
    await stored.close();
  }
}
