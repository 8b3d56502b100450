/**
 * The archive floor's only door: a snapshot in, the stored bytes out, and back.
 *
 * Layers, from the inside: the content (a document as JSON or YAML, or a database file, standalone
 * or of a cluster's member), gzip, AES-256-GCM, and a SHA-256 over what is stored. Everything streams: blocks of some
 * 256 KiB pass through with back-pressure, and no computation is longer than about 15 ms. An archive is recognised by
 * what it holds, never by its name, and everything about it is checked before a row is handed out.
 *
 * Words: content - the innermost bytes; content digest - SHA-256 over schema name and rows,
 * whatever the format; checksum - SHA-256 over the stored bytes.
 */
import { createHash } from 'node:crypto';
import { assert } from '../lib/assert.js';
import { AppError } from '../lib/error.js';
import type { Scratch } from '../model/snapshot/scratch.js';
import type { Snapshot } from '../model/snapshot/snapshot.js';
import type { ArchiveFormat } from './content/archive-format.js';
import type { ArchiveHeader } from './content/archive-header.js';
import { readClusterFile } from './database-file/raft-reader.js';
import { readOvsdbFile } from './database-file/standalone-reader.js';
import { writeOvsdbFile } from './database-file/standalone-writer.js';
import {
  type Content as ReadContent,
  type Reading,
  readJsonDocument,
  type Writing,
  writeJson,
} from './document/json-document.js';
import { readYamlDocument } from './document/yaml-reader.js';
import { writeYaml } from './document/yaml-writer.js';
import { checkSealed, decrypt, encrypt } from './layer/encryption.js';
import { bounded, compress, decompress } from './layer/gzip.js';
import { checkStored, type ExpectedBytes, StoredBytes } from './layer/stored-bytes.js';
import { type Content, HEAD_BYTES, recognise } from './recognise.js';
import { ByteReader } from './stream/byte-reader.js';

export type { ArchiveHeader } from './content/archive-header.js';
export { withoutOuterGzip } from './layer/outer-gzip.js';
export { recognise } from './recognise.js';

export interface PackOptions {
  readonly format: ArchiveFormat;
  readonly compress: boolean;
  /** Encrypts when given; not empty. */
  readonly passphrase?: string | undefined;
  readonly header: ArchiveHeader;
  readonly signal?: AbortSignal | undefined;
  /** Rows and bytes of content written so far, once a block. */
  readonly onProgress?: ((rows: number, bytes: number) => void) | undefined;
}

export interface PackResult {
  /** Bytes stored. */
  readonly size: number;
  /** Bytes of content, before compression. */
  readonly contentSize: number;
  /** "sha256:..." of the stored bytes. */
  readonly checksum: string;
  /** "sha256:..." of the content; for OVSDB without ephemeral columns, which such a file does not hold. */
  readonly contentDigest: string;
}

export interface PackedArchive {
  /** The stored bytes, made while they are read; read them once. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Settles after the last chunk was read, or when reading ended early. */
  readonly result: Promise<PackResult>;
}

/**
 * Packs a snapshot.
 * @throws (from `bytes` and `result`) the signal's reason when aborted; AppError BAD_USER_INPUT on an empty passphrase
 */
export function packArchive(snapshot: Snapshot, options: PackOptions): PackedArchive {
  let settle: Settle | undefined;
  const result = new Promise<PackResult>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // whoever reads the bytes meets the error there; one who awaits `result` as well meets it again
  result.catch(() => undefined);
  assert(settle !== undefined, 'a promise did not call its executor');
  return { bytes: storedBytesOf(snapshot, options, settle), result };
}

interface Settle {
  readonly resolve: (result: PackResult) => void;
  readonly reject: (error: unknown) => void;
}

async function* storedBytesOf(snapshot: Snapshot, options: PackOptions, settle: Settle): AsyncGenerator<Buffer> {
  const { passphrase, signal } = options;
  const content = { size: 0, digest: '' };
  const sha256 = createHash('sha256');
  let size = 0;
  try {
    let layer = contentOf(snapshot, options, content);
    if (options.compress) layer = compress(layer);
    if (passphrase !== undefined) layer = encrypt(layer, passphrase);
    for await (const chunk of layer) {
      signal?.throwIfAborted();
      sha256.update(chunk);
      size += chunk.length;
      yield chunk;
    }
    settle.resolve({
      size,
      contentSize: content.size,
      checksum: `sha256:${sha256.digest('hex')}`,
      contentDigest: content.digest,
    });
  } catch (error) {
    settle.reject(error);
    throw error;
  } finally {
    // no effect unless the reader left before the end
    settle.reject(new AppError('CANCELLED', 'Packing the backup was ended before its last byte was read'));
  }
}

/** The content, counted and measured on its way out. */
async function* contentOf(
  snapshot: Snapshot,
  options: PackOptions,
  measured: { size: number; digest: string },
): AsyncGenerator<Buffer> {
  const writing: Writing = { snapshot, header: options.header, rows: 0 };
  const blocks = writerOf(options.format)(writing);
  try {
    for (;;) {
      options.signal?.throwIfAborted();
      const next = await blocks.next();
      if (next.done === true) {
        measured.digest = next.value;
        return;
      }
      measured.size += next.value.length;
      options.onProgress?.(writing.rows, measured.size);
      yield next.value;
    }
  } finally {
    await blocks.return('');
  }
}

function writerOf(format: ArchiveFormat): (writing: Writing) => AsyncGenerator<Buffer, string> {
  switch (format) {
    case 'JSON':
      return writeJson;
    case 'YAML':
      return writeYaml;
    case 'OVSDB':
      return writeOvsdbFile;
  }
}

/** What our own manifest says about an archive. */
export interface ExpectedArchive extends ExpectedBytes {
  /** Left out where it is not known yet. */
  readonly contentDigest?: string | undefined;
}

export interface UnpackOptions {
  readonly passphrase?: string | undefined;
  readonly expected?: ExpectedArchive | undefined;
  /** Content of more bytes is refused. */
  readonly contentBytesMax: number;
  /** Only an archive of this database is read. */
  readonly schemaName?: string | undefined;
  /** Rows may wait there instead of in memory; the snapshot is good until it is closed. */
  readonly scratch?: Scratch | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Rows and bytes of content read so far, once a block. */
  readonly onProgress?: ((rows: number, bytes: number) => void) | undefined;
}

export interface Unpacked {
  readonly snapshot: Snapshot;
  /** The manifest inside, undefined when there is none. */
  readonly header: ArchiveHeader | undefined;
  readonly format: ArchiveFormat;
  readonly compressed: boolean;
  readonly encrypted: boolean;
  readonly contentSize: number;
  readonly contentDigest: string;
  readonly checksum: string;
  readonly size: number;
  /** What was left out, because a database file does not have it whole or not as committed. */
  readonly warnings: readonly string[];
}

/**
 * Reads an archive whole and checks everything: layers, layout, every value against the schema inside,
 * digests inside, and what is expected.
 * @throws AppError DECRYPTION_FAILED (key missing or wrong), INTEGRITY_FAILED (damaged, cut, malformed, or not
 *   what is expected: that goes first), TOO_LARGE, BAD_USER_INPUT (another
 *   database's, or a cluster member's without data);
 *   the signal's reason when aborted; what the source throws
 */
export async function unpackArchive(source: AsyncIterable<Buffer>, options: UnpackOptions): Promise<Unpacked> {
  const stored = new StoredBytes(source, options.signal);
  try {
    const read = await readLayers(stored, options);
    await stored.drain();
    if (options.expected !== undefined) checkStored(stored, options.expected);
    return { ...read, checksum: stored.checksum(), size: stored.size };
  } catch (error) {
    if (options.expected === undefined || stored.isBroken) throw error;
    // a damaged file can fail in many ways: that it is damaged is what has to be said
    await stored.drain();
    checkStored(stored, options.expected, error);
    throw error;
  } finally {
    await stored.close();
  }
}

/** Rows are smaller than their content, but a log can change the same ones over and over. */
const SCRATCH_TO_CONTENT_MAX = 4;

function checkScratch({ scratch, contentBytesMax }: UnpackOptions): void {
  if (scratch !== undefined && scratch.length > SCRATCH_TO_CONTENT_MAX * contentBytesMax) {
    throw new AppError(
      'TOO_LARGE',
      `Reading the archive takes more than ${SCRATCH_TO_CONTENT_MAX} times its content's limit of ` +
        `${contentBytesMax} bytes on disk. Compact the database file first, or raise the limit`,
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

/** A stored file of which nothing else is known. */
export interface SealedFile {
  readonly checksum: string;
  readonly size: number;
}

/**
 * Reads an encrypted file whose key is not known: its header and length are checked.
 * @returns undefined for a file that is not encrypted @throws AppError INTEGRITY_FAILED
 */
export async function inspectSealed(
  source: AsyncIterable<Buffer>,
  signal?: AbortSignal,
): Promise<SealedFile | undefined> {
  const stored = new StoredBytes(source, signal);
  try {
    const head = await new ByteReader(stored).peek(HEAD_BYTES);
    if (recognise(head) !== 'ENCRYPTED') return undefined;
    await stored.drain();
    checkSealed(head, stored.size);
    return { checksum: stored.checksum(), size: stored.size };
  } finally {
    await stored.close();
  }
}

async function readLayers(stored: StoredBytes, options: UnpackOptions): Promise<Omit<Unpacked, 'checksum' | 'size'>> {
  let layer = new ByteReader(stored);
  let compressed = false;
  let encrypted = false;
  try {
    let kind = recognise(await layer.peek(HEAD_BYTES));
    if (kind === 'ENCRYPTED') {
      encrypted = true;
      layer = new ByteReader(decrypt(layer.rest(), options.passphrase));
      kind = recognise(await layer.peek(HEAD_BYTES));
    }
    if (kind === 'GZIP') {
      compressed = true;
      layer = new ByteReader(decompress(layer.rest()));
      kind = recognise(await layer.peek(HEAD_BYTES));
    }
    const { format, read } = readerOf(kind, (await layer.peek(1)).length === 0);
    const reading: Reading = {
      contentDigest: options.expected?.contentDigest,
      schemaName: options.schemaName,
      rows: 0,
      signal: options.signal,
      scratch: options.scratch,
    };
    let contentSize = 0;
    const bytes = bounded(layer.rest(), options.contentBytesMax, (count) => {
      options.signal?.throwIfAborted();
      contentSize += count;
      checkScratch(options);
      options.onProgress?.(reading.rows, contentSize);
    });
    const content = await read(bytes, reading);
    options.onProgress?.(reading.rows, contentSize);
    return { warnings: [], ...content, format, compressed, encrypted, contentSize };
  } finally {
    await layer.close();
  }
}

interface Reader {
  readonly format: ArchiveFormat;
  readonly read: (source: AsyncIterable<Buffer>, reading: Reading) => Promise<ReadContent>;
}

function readerOf(kind: Content | undefined, isEmpty: boolean): Reader {
  switch (kind) {
    case 'JSON':
      return { format: 'JSON', read: readJsonDocument };
    case 'YAML':
      return { format: 'YAML', read: readYamlDocument };
    case 'OVSDB':
      return { format: 'OVSDB', read: readOvsdbFile };
    case 'CLUSTER':
      return { format: 'OVSDB', read: readClusterFile };
    case 'GZIP':
    case 'ENCRYPTED':
    case undefined:
  }
  throw new AppError(
    'INTEGRITY_FAILED',
    isEmpty
      ? 'The archive is empty. Take another copy of the backup'
      : 'The file is no archive that is known here: neither a document (JSON, YAML) nor a database file (OVSDB), ' +
          'compressed, encrypted or not',
  );
}
