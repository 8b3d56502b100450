/**
 * The archive floor: a snapshot in, the stored bytes out (here), and back (unpack.ts).
 *
 * Layers, from the inside: the content (a document as JSON or YAML, or a database file, standalone
 * or of a cluster's member), gzip, AES-256-GCM, and a SHA-256 over what is stored. Everything streams: blocks of some
 * 256 KiB pass through with back-pressure, and no computation is longer than about 15 ms. An archive is recognised by
 * what it holds, never by its name, and everything about it is checked before a row is handed out.
 *
 * Words: content - the innermost bytes; archive header - what the content says of the backup, beside its rows;
 * content digest - SHA-256 over schema name and rows, whatever the format; checksum - SHA-256 over the stored bytes.
 */
import { createHash } from 'node:crypto';
import { assert } from '../lib/assert.js';
import { AppError } from '../lib/error.js';
import type { Snapshot } from '../model/snapshot/snapshot.js';
import type { SnapshotDifference } from '../model/snapshot/snapshot-difference.js';
import type { ArchiveFormat } from './content/archive-format.js';
import type { ArchiveHeader } from './content/archive-header.js';
import type { Writing } from './content/content.js';
import { writeDatabaseFile } from './database-file/standalone-writer.js';
import { writeJsonChanges } from './document/json-changes-writer.js';
import { writeJsonDocument } from './document/json-writer.js';
import { writeYamlChanges, writeYamlDocument } from './document/yaml-writer.js';
import { encrypt } from './layer/encryption.js';
import { compress } from './layer/gzip.js';

export interface PackOptions {
  readonly format: ArchiveFormat;
  readonly compress: boolean;
  /** Encrypts when given; not empty. */
  readonly passphrase?: string | undefined;
  /** Of deriving keys (encryption.ts); left out: the usual one. */
  readonly keyCost?: number | undefined;
  readonly header: ArchiveHeader;
  /** Written instead of all rows of the snapshot, which is what there is after it. Not as OVSDB. */
  readonly difference?: SnapshotDifference | undefined;
  /** YAML has its schema after the rows; reading it back takes a little longer. Default: false. */
  readonly isForPeople?: boolean;
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
  /** Resolves when the last chunk was read; rejects when packing fails, or reading ends before that. */
  readonly result: Promise<PackResult>;
}

/**
 * Packs a snapshot.
 * @throws (from `bytes` and `result`) the signal's reason when aborted; AppError BAD_USER_INPUT on an empty passphrase
 */
export function packArchive(snapshot: Snapshot, options: PackOptions): PackedArchive {
  let outcome: Outcome | undefined;
  const result = new Promise<PackResult>((resolve, reject) => {
    outcome = { resolve, reject };
  });
  // whoever reads the bytes meets the error there; one who awaits `result` as well meets it again
  result.catch(() => undefined);
  assert(outcome !== undefined, 'a promise did not call its executor');
  return { bytes: storedBytesOf(snapshot, options, outcome), result };
}

interface Outcome {
  readonly resolve: (result: PackResult) => void;
  readonly reject: (error: unknown) => void;
}

async function* storedBytesOf(snapshot: Snapshot, options: PackOptions, outcome: Outcome): AsyncGenerator<Buffer> {
  const { passphrase, signal } = options;
  const content = { size: 0, digest: '' };
  const sha256 = createHash('sha256');
  let size = 0;
  try {
    let layer = measuredContent(snapshot, options, content);
    layer = options.compress ? compress(layer) : copied(layer);
    if (passphrase !== undefined) layer = encrypt(layer, passphrase, options.keyCost);
    for await (const chunk of layer) {
      signal?.throwIfAborted();
      sha256.update(chunk);
      size += chunk.length;
      yield chunk;
    }
    outcome.resolve({
      size,
      contentSize: content.size,
      checksum: `sha256:${sha256.digest('hex')}`,
      contentDigest: content.digest,
    });
  } catch (error) {
    outcome.reject(error);
    throw error;
  } finally {
    // no effect unless the reader left before the end
    outcome.reject(new AppError('CANCELLED', 'Packing the backup was ended before its last byte was read'));
  }
}

/** Blocks that were lent, as blocks of the reader's own. */
async function* copied(lent: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const block of lent) yield Buffer.from(block);
}

/** The content, counted and measured on its way out. A block is only lent, until the next one is asked for. */
async function* measuredContent(
  snapshot: Snapshot,
  options: PackOptions,
  measured: { size: number; digest: string },
): AsyncGenerator<Buffer> {
  const { header, difference, isForPeople = false } = options;
  const writing: Writing = { snapshot, header, difference, isForPeople, rows: 0 };
  const blocks = writerOf(options)(writing);
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

function writerOf({ format, difference }: PackOptions): (writing: Writing) => AsyncGenerator<Buffer, string> {
  switch (format) {
    case 'JSON':
      return difference === undefined ? writeJsonDocument : writeJsonChanges;
    case 'YAML':
      return difference === undefined ? writeYamlDocument : writeYamlChanges;
    case 'OVSDB':
      assert(difference === undefined, 'a database file holds all rows');
      return writeDatabaseFile;
  }
}
