/** Encrypted archives whose key is not known: what can be said of them from outside. */
import { HEAD_BYTES, recognise } from '../content/recognise.js';
import { ByteReader } from '../stream/byte-reader.js';
import { checkSealed } from './encryption.js';
import { StoredBytes } from './stored-bytes.js';

/** All that is known of one. */
export interface SealedArchive {
  readonly checksum: string;
  readonly size: number;
}

/**
 * Reads an encrypted file whose key is not known: its header and length are checked.
 * @param keyCost of what is encrypted here (encryption.ts)
 * @returns undefined for a file that is not encrypted @throws AppError INTEGRITY_FAILED
 */
export async function inspectSealed(
  source: AsyncIterable<Buffer>,
  { signal, keyCost }: { readonly signal?: AbortSignal | undefined; readonly keyCost?: number | undefined } = {},
): Promise<SealedArchive | undefined> {
  const stored = new StoredBytes(source, signal);
  try {
    const head = await new ByteReader(stored).peek(HEAD_BYTES);
    if (recognise(head) !== 'ENCRYPTED') return undefined;
    await stored.drain();
    checkSealed(head, stored.size, keyCost);
    return { checksum: stored.checksum(), size: stored.size };
  } finally {
    await stored.close();
  }
}
