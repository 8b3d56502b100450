/**
 * The encryption layer: AES-256-GCM in numbered chunks (the STREAM construction of Hoang,
 * Reyhanitabar, Rogaway and Vizar), so that tampering, reordering and truncation are all caught
 * while streaming, before a chunk is handed on.
 *
 *   header  72 bytes: magic "OVNCPENC", version 1, KDF 1 (scrypt), log2 N, r, p, salt (16), chunk
 *           size (4, big endian), nonce prefix (7), key check (32)
 *   chunks  each of `chunk size` bytes (the last one shorter) and its tag (16)
 *
 * A chunk's nonce is prefix, number (4, big endian), and 1 for the last chunk or 0. The whole header is its
 * additional data. scrypt gives 64 bytes: 32 are the key, 32 make the key check (HMAC-SHA256
 * over the header before it), which tells a wrong passphrase from a tampered file.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import { ENCRYPTED_MAGIC } from '../content/recognise.js';
import { ByteReader } from '../stream/byte-reader.js';

const VERSION = 1;
const KDF_SCRYPT = 1;
/** log2 of scrypt's N for what is encrypted here, unless the caller names another cost. */
export const KEY_COST = 16;
/** Less is no protection; what is encrypted here at a lower cost is read all the same. */
const LOG2_N_MIN = 15;
/** 128 MiB for one derivation: what a foreign file says must not cost more. */
const LOG2_N_MAX = 17;
const R = 8;
const P = 1;
const SALT_BYTES = 16;
const PREFIX_BYTES = 7;
const CHECK_BYTES = 32;
const TAG_BYTES = 16;
const CHUNK_BYTES = 64 << 10;
const CHUNK_BYTES_MAX = 1 << 20;
const SALT_AT = ENCRYPTED_MAGIC.length + 5;
const CHUNK_SIZE_AT = SALT_AT + SALT_BYTES;
const PREFIX_AT = CHUNK_SIZE_AT + 4;
const CHECK_AT = PREFIX_AT + PREFIX_BYTES;
const HEADER_BYTES = CHECK_AT + CHECK_BYTES;
/** scrypt takes 128 * r * N bytes: files must not be able to take all memory by coming together. */
const DERIVATIONS_MAX = 2;
/** Each holds its request open; at a tenth of a second for a derivation the last one waits for some seconds. */
const WAITING_MAX = 32;
const RETRY_AFTER_SECONDS = 5;

export interface Keys {
  readonly encryption: Buffer;
  readonly check: Buffer;
}

/**
 * Encrypts a stream.
 * @param keyCost log2 of scrypt's N @throws AppError BAD_USER_INPUT on an empty passphrase, RATE_LIMITED as deriveKeys
 */
export async function* encrypt(
  source: AsyncIterable<Buffer>,
  passphrase: string,
  keyCost = KEY_COST,
): AsyncGenerator<Buffer> {
  const header = newHeader(CHUNK_BYTES, keyCost);
  const keys = await deriveKeys(passphrase, header);
  keyCheck(keys, header).copy(header, CHECK_AT);
  yield header;
  yield* sealChunks(source, keys, header);
}

/** Where the passphrase goes is known only to whoever was asked. */
export class KeyMissing extends AppError {
  /**
   * @param what is encrypted, such as: backup "x" is encrypted
   * @param side of a request that has several, such as "from". @param member where the passphrase goes
   */
  constructor(
    private readonly what: string,
    private readonly side?: string,
    member?: string,
  ) {
    super(
      'DECRYPTION_FAILED',
      `Decryption failed: ${what}: send its passphrase ${member === undefined ? 'as the key' : `in ${member}`}`,
      { details: { reason: 'KEY_MISSING' } },
    );
  }

  sentIn(member: string): KeyMissing {
    return new KeyMissing(this.what, this.side, this.side === undefined ? member : `${this.side}.${member}`);
  }
}

/**
 * Decrypts a stream. Every byte handed on has been authenticated.
 * @param keyCost of what is encrypted here
 * @throws AppError DECRYPTION_FAILED when the passphrase is missing or wrong, INTEGRITY_FAILED when the file is
 * damaged, RATE_LIMITED as deriveKeys
 */
export async function* decrypt(
  source: AsyncIterable<Buffer>,
  passphrase: string | undefined,
  keyCost = KEY_COST,
): AsyncGenerator<Buffer> {
  if (passphrase === undefined || passphrase === '') throw new KeyMissing('the backup is encrypted');
  const reader = new ByteReader(source);
  try {
    const header = await reader.take(HEADER_BYTES);
    yield* openChunks(reader, await keysOf(header, passphrase, keyCost), header);
  } finally {
    await reader.close();
  }
}

/**
 * Whether a passphrase opens a file, of which only the head is read.
 * @throws AppError as decrypt
 */
export async function checkPassphrase(
  source: AsyncIterable<Buffer>,
  passphrase: string,
  keyCost = KEY_COST,
): Promise<void> {
  const reader = new ByteReader(source);
  try {
    await keysOf(await reader.take(HEADER_BYTES), passphrase, keyCost);
  } finally {
    await reader.close();
  }
}

/** @throws AppError DECRYPTION_FAILED, INTEGRITY_FAILED, RATE_LIMITED */
async function keysOf(header: Buffer, passphrase: string, keyCost: number): Promise<Keys> {
  checkHeader(header, keyCost);
  const keys = await deriveKeys(passphrase, header);
  if (timingSafeEqual(keyCheck(keys, header), header.subarray(CHECK_AT))) return keys;
  throw new AppError(
    'DECRYPTION_FAILED',
    'Decryption failed: the key is not the one that the backup was encrypted with',
    { details: { reason: 'KEY_WRONG' } },
  );
}

/** A header with fresh salt and nonces, the key check still to be filled in. */
export function newHeader(chunkBytes: number, keyCost = KEY_COST): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  ENCRYPTED_MAGIC.copy(header);
  header.set([VERSION, KDF_SCRYPT, keyCost, R, P], ENCRYPTED_MAGIC.length);
  randomBytes(SALT_BYTES).copy(header, SALT_AT);
  header.writeUInt32BE(chunkBytes, CHUNK_SIZE_AT);
  randomBytes(PREFIX_BYTES).copy(header, PREFIX_AT);
  return header;
}

/** @throws AppError INTEGRITY_FAILED on a header that this version did not write, before it can cost memory */
function checkHeader(header: Buffer, keyCost: number): void {
  if (header.length < HEADER_BYTES) throw damaged(header.length === 0 ? 'it is empty' : 'it ends inside its header');
  const [version, kdf, log2N, r, p] = header.subarray(ENCRYPTED_MAGIC.length);
  if (version !== VERSION) throw damaged(`its version is ${version}, this program reads version ${VERSION}`);
  const isCostGood = log2N !== undefined && log2N >= Math.min(LOG2_N_MIN, keyCost) && log2N <= LOG2_N_MAX;
  if (kdf !== KDF_SCRYPT || !isCostGood || r !== R || p !== P)
    throw damaged('its key derivation is not one that is accepted here');
  const chunkBytes = header.readUInt32BE(CHUNK_SIZE_AT);
  if (chunkBytes < 1 || chunkBytes > CHUNK_BYTES_MAX)
    throw damaged(`its chunk size ${chunkBytes} is outside 1 to ${CHUNK_BYTES_MAX}`);
}

/**
 * What can be told of an encrypted file without its key: whether its header is one, and whether so many bytes can be
 * chunks.
 * @param head its first 72 bytes or more @param size bytes of the whole file @param keyCost of what is encrypted here
 * @throws AppError INTEGRITY_FAILED
 */
export function checkSealed(head: Buffer, size: number, keyCost = KEY_COST): void {
  const header = head.subarray(0, HEADER_BYTES);
  checkHeader(header, keyCost);
  const sealedBytes = header.readUInt32BE(CHUNK_SIZE_AT) + TAG_BYTES;
  const rest = (size - HEADER_BYTES) % sealedBytes;
  // even empty content has a chunk, and every chunk its tag
  if (size < HEADER_BYTES + TAG_BYTES || (rest > 0 && rest < TAG_BYTES)) throw damaged(`it is cut at byte ${size}`);
}

function keyCheck(keys: Keys, header: Buffer): Buffer {
  return createHmac('sha256', keys.check).update(header.subarray(0, CHECK_AT)).digest();
}

/** Seals content in chunks. The last one is marked; empty content has one empty chunk. */
export async function* sealChunks(source: AsyncIterable<Buffer>, keys: Keys, header: Buffer): AsyncGenerator<Buffer> {
  const chunkBytes = header.readUInt32BE(CHUNK_SIZE_AT);
  const reader = new ByteReader(source);
  const breath = new Breath(10, 4);
  try {
    for (let number = 0; ; number++) {
      // one byte more, to know whether this chunk is the last
      const ahead = await reader.peek(chunkBytes + 1);
      const last = ahead.length <= chunkBytes;
      const plain = await reader.take(chunkBytes);
      const cipher = createCipheriv('aes-256-gcm', keys.encryption, nonce(header, number, last)).setAAD(header);
      yield Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      if (last) return;
      if (breath.due()) await breath.rest();
    }
  } finally {
    await reader.close();
  }
}

/** Opens chunks. @throws AppError INTEGRITY_FAILED at the first that is not as it was sealed, in its place */
export async function* openChunks(reader: ByteReader, keys: Keys, header: Buffer): AsyncGenerator<Buffer> {
  const sealedBytes = header.readUInt32BE(CHUNK_SIZE_AT) + TAG_BYTES;
  const breath = new Breath(10, 4);
  for (let number = 0; ; number++) {
    const ahead = await reader.peek(sealedBytes + 1);
    const last = ahead.length <= sealedBytes;
    const at = reader.offset;
    const sealed = await reader.take(sealedBytes);
    if (sealed.length < TAG_BYTES) throw damaged(`it is cut at byte ${at}`);
    const decipher = createDecipheriv('aes-256-gcm', keys.encryption, nonce(header, number, last), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(header)
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    const plain = decipher.update(sealed.subarray(0, -TAG_BYTES));
    try {
      decipher.final();
    } catch (error) {
      throw damaged(`chunk ${number} (at byte ${at}) was changed, moved or cut`, error);
    }
    if (plain.length > 0) yield plain;
    if (last) return;
    if (breath.due()) await breath.rest();
  }
}

function nonce(header: Buffer, number: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(PREFIX_BYTES + 5);
  header.copy(bytes, 0, PREFIX_AT, CHECK_AT);
  // throws past 2^32 - 1, 256 TiB, rather than use a nonce twice
  bytes.writeUInt32BE(number, PREFIX_BYTES);
  bytes[PREFIX_BYTES + 4] = last ? 1 : 0;
  return bytes;
}

let derivations = 0;
const waiting: (() => void)[] = [];

/**
 * Derives both keys with the header's parameters, at most two derivations at a time.
 * @throws AppError BAD_USER_INPUT on an empty passphrase, RATE_LIMITED when too many wait already
 */
export async function deriveKeys(passphrase: string, header: Buffer): Promise<Keys> {
  if (passphrase === '')
    throw new AppError(
      'BAD_USER_INPUT',
      'The encryption key is empty. Give a key of at least one character, or do not encrypt',
    );
  if (derivations >= DERIVATIONS_MAX && waiting.length >= WAITING_MAX) {
    throw new AppError('RATE_LIMITED', 'Too many operations with keys at once: try again in a few seconds', {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }
  if (derivations >= DERIVATIONS_MAX) await new Promise<void>((resolve) => waiting.push(resolve));
  else derivations++;
  try {
    const cost = 2 ** (header[ENCRYPTED_MAGIC.length + 2] as number);
    // keyboards differ in how they compose accents: NFC makes them one
    const bytes = await derive(passphrase.normalize('NFC'), header.subarray(SALT_AT, CHUNK_SIZE_AT), cost);
    return { encryption: bytes.subarray(0, 32), check: bytes.subarray(32) };
  } finally {
    // the slot goes to who waits longest, or is free again
    const next = waiting.shift();
    if (next === undefined) derivations--;
    else next();
  }
}

function derive(passphrase: string, salt: Buffer, cost: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(
      passphrase,
      salt,
      64,
      { N: cost, r: R, p: P, maxmem: 128 * R * (cost + P + 2) + (1 << 20) },
      (error, key) => {
        if (error === null) resolve(key);
        else reject(error);
      },
    );
  });
}

function damaged(what: string, cause?: unknown): AppError {
  return new AppError(
    'INTEGRITY_FAILED',
    `The encrypted archive is damaged: ${what}. Take another copy of the backup`,
    { cause },
  );
}
