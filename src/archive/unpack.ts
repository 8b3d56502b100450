/** Reading an archive, layer by layer (pack.ts says which), into a snapshot of which everything was checked. */

import type { Clock } from '../lib/clock.js';
import { AppError } from '../lib/error.js';
import type { Scratch } from '../lib/scratch.js';
import { textAfterMark, withoutByteOrderMark } from '../lib/text/byte-order-mark.js';
import type { Snapshot } from '../model/snapshot/snapshot.js';
import type { ArchiveFormat } from './content/archive-format.js';
import type { ArchiveHeader, ParentLink } from './content/archive-header.js';
import type { Content, Reading } from './content/content.js';
import { foreignFile } from './content/foreign-file.js';
import { type FileKind, HEAD_BYTES, recognise } from './content/recognise.js';
import { readClusterFile } from './database-file/raft-reader.js';
import { readStandaloneFile } from './database-file/standalone-reader.js';
import { readJsonDocument } from './document/json-reader.js';
import { readYamlDocument } from './document/yaml-reader.js';
import { decrypt } from './layer/encryption.js';
import { bounded, decompress } from './layer/gzip.js';
import { checkStored, type ExpectedBytes, StoredBytes } from './layer/stored-bytes.js';
import { ByteReader } from './stream/byte-reader.js';

/** What our own manifest says about an archive. */
export interface ExpectedArchive extends ExpectedBytes {
  /** Left out where it is not known yet. */
  readonly contentDigest?: string | undefined;
}

export interface UnpackOptions {
  readonly passphrase?: string | undefined;
  /** Of deriving keys, for what is encrypted here (encryption.ts); left out: the usual one. */
  readonly keyCost?: number | undefined;
  readonly expected?: ExpectedArchive | undefined;
  /** Content of more bytes is refused. */
  readonly contentBytesMax: number;
  /** Only an archive of this database is read. */
  readonly schemaNames?: readonly string[] | undefined;
  /**
   * What an incremental archive builds on. Left out where none is known: such an archive is refused then.
   * @throws AppError INTEGRITY_FAILED
   */
  readonly parentOf?: ((parent: ParentLink) => Promise<Snapshot>) | undefined;
  /**
   * The content digest is not computed (`contentDigest` is what the archive says): the archive is one that another
   * builds on, whose digest shows both.
   */
  readonly isLink?: boolean;
  /** Rows may wait there instead of in memory; the snapshot is good until it is closed. */
  readonly scratch?: Scratch | undefined;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Rows and bytes of content read so far, once a block. */
  readonly onProgress?: ((rows: number, bytes: number) => void) | undefined;
}

export interface Unpacked {
  readonly snapshot: Snapshot;
  /** Undefined when there is none inside. */
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

async function readLayers(stored: StoredBytes, options: UnpackOptions): Promise<Omit<Unpacked, 'checksum' | 'size'>> {
  let layer = new ByteReader(stored);
  let compressed = false;
  let encrypted = false;
  try {
    let head = await layer.peek(HEAD_BYTES);
    if (recognise(head) === 'ENCRYPTED') {
      encrypted = true;
      layer = new ByteReader(decrypt(layer.rest(), options.passphrase, options.keyCost));
      head = await layer.peek(HEAD_BYTES);
    }
    if (recognise(head) === 'GZIP') {
      compressed = true;
      layer = new ByteReader(decompress(layer.rest()));
      head = await layer.peek(HEAD_BYTES);
    }
    const where = compressed ? 'What is compressed in the file' : 'The file';
    const { format, read } = readerOf(head, where);
    const goOn = (): void => {
      options.signal?.throwIfAborted();
      checkScratch(options);
    };
    const reading: Reading = {
      contentDigest: options.expected?.contentDigest,
      schemaNames: options.schemaNames,
      rows: 0,
      clock: options.clock,
      signal: options.signal,
      scratch: options.scratch,
      parentOf: options.parentOf ?? noParent,
      isLink: options.isLink,
      goOn,
    };
    let contentSize = 0;
    const bytes = bounded(layer.rest(), options.contentBytesMax, (count) => {
      contentSize += count;
      goOn();
      options.onProgress?.(reading.rows, contentSize);
    });
    const content = await read(withoutByteOrderMark(bytes), reading).catch((error: unknown) => {
      const isUnreadable = error instanceof AppError && error.code === 'INTEGRITY_FAILED';
      throw (isUnreadable ? foreign(head, where, error) : undefined) ?? error;
    });
    options.onProgress?.(reading.rows, contentSize);
    return { warnings: [], ...content, format, compressed, encrypted, contentSize };
  } finally {
    await layer.close();
  }
}

async function noParent({ id }: ParentLink): Promise<never> {
  throw new AppError(
    'INTEGRITY_FAILED',
    `The archive is incremental: it holds only what changed since backup ${id}, which is not known here. Send that ` +
      'one first, or a whole one',
  );
}

interface Reader {
  readonly format: ArchiveFormat;
  readonly read: (source: AsyncIterable<Buffer>, reading: Reading) => Promise<Content>;
}

/** @param where the bytes are, for messages */
function readerOf(head: Buffer, where: string): Reader {
  const kind: FileKind | undefined = recognise(head);
  switch (kind) {
    case 'JSON':
      return { format: 'JSON', read: readJsonDocument };
    case 'YAML':
      return { format: 'YAML', read: readYamlDocument };
    case 'OVSDB':
      return { format: 'OVSDB', read: readStandaloneFile };
    case 'CLUSTER':
      return { format: 'OVSDB', read: readClusterFile };
    case 'GZIP':
    case 'ENCRYPTED':
    case undefined:
  }
  if (textAfterMark(head).length === 0)
    throw new AppError(
      'INTEGRITY_FAILED',
      `${where} is empty: nothing was written to it. See why (the disk may have been full), and take the backup again`,
    );
  throw (
    foreign(head, where) ??
    new AppError(
      'INTEGRITY_FAILED',
      `${where} is no archive that is known here: it begins neither like a document (JSON, YAML) nor like a database ` +
        'file (OVSDB), compressed, encrypted or not. Send what this server or "ovsdb-client backup" wrote, or the ' +
        'file that ovsdb-server keeps',
    )
  );
}

/** The error for a file that looks like something else, where that is known. */
function foreign(head: Buffer, where: string, cause?: AppError): AppError | undefined {
  const found = foreignFile(head);
  return found === undefined
    ? undefined
    : new AppError('INTEGRITY_FAILED', `${where} is no backup. It looks like ${found}`, { cause });
}
