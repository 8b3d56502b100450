/**
 * The content of an archive, its innermost bytes: a document or a database file. Here is what every writer of content
 * is given, what every reader is given and answers, and what is checked of it whatever the format.
 */
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/error.js';
import type { Scratch } from '../../lib/scratch.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { SnapshotDifference } from '../../model/snapshot/snapshot-difference.js';
import type { ArchiveHeader, ParentLink } from './archive-header.js';
import { digestOf } from './snapshot-builder.js';

/** What a document says of itself, and the comment in a database file. */
export const DOCUMENT_FORMAT = 'ovncp-backup/1';
/** What a document says of itself that holds only what changed since another backup. */
export const CHANGES_FORMAT = 'ovncp-backup/2';
/** In the place of the digest in a document that somebody edited. */
const UNCHECKED = 'none';

/** What a writer of content works on. */
export interface Writing {
  readonly snapshot: Snapshot;
  readonly header: ArchiveHeader;
  /** Written instead of all rows; a document only. */
  readonly difference?: SnapshotDifference | undefined;
  /** What takes long to scroll past comes last, where the format allows it. */
  readonly isForPeople: boolean;
  /** Rows written so far, kept up to date by the writer. */
  rows: number;
}

/** What a reader of content is given to go by, and keeps up to date. */
export interface Reading {
  /** The content digest, when it is known from outside the archive. */
  readonly contentDigest: string | undefined;
  /** The only databases whose archives are read; any when left out. */
  readonly schemaNames?: readonly string[] | undefined;
  /** Rows read so far. */
  rows: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Of a document of changes: what it builds on. @throws AppError INTEGRITY_FAILED where that is not known */
  readonly parentOf: (parent: ParentLink) => Promise<Snapshot>;
  /** The digest is not computed: whoever reads knows that of what is made of the rows. */
  readonly isLink?: boolean | undefined;
  /** Takes the rows; in memory when there is none. */
  readonly scratch?: Scratch | undefined;
  /**
   * Call it now and then where rows are gone through without reading on.
   * @throws the signal's reason; AppError TOO_LARGE when scratch space has grown too much
   */
  readonly goOn: () => void;
}

/** What a reader of content found, all of it checked. */
export interface Content {
  readonly snapshot: Snapshot;
  readonly header: ArchiveHeader | undefined;
  readonly contentDigest: string;
  /** What was left out because the file does not have it whole; none when left out. */
  readonly warnings?: readonly string[];
}

/** Content that holds all rows. @throws AppError INTEGRITY_FAILED, as digestedContent */
export async function checkedContent(
  snapshot: Snapshot,
  header: ArchiveHeader | undefined,
  trailer: string | undefined,
  reading: Reading,
): Promise<Content> {
  if (header?.parent !== undefined)
    throw new AppError(
      'INTEGRITY_FAILED',
      `The archive's manifest is that of an incremental backup, but the file is not of the format ${CHANGES_FORMAT}. ` +
        'Take another copy of the backup',
    );
  return digestedContent(snapshot, header, trailer, reading);
}

/** Computes the digest and compares it with what is known. @throws AppError INTEGRITY_FAILED when it differs */
export async function digestedContent(
  snapshot: Snapshot,
  header: ArchiveHeader | undefined,
  trailer: string | undefined,
  reading: Reading,
): Promise<Content> {
  if (header !== undefined && header.schemaName !== snapshot.schema.name) {
    throw new AppError(
      'INTEGRITY_FAILED',
      `The archive's manifest is for a database ${header.schemaName}, but its schema is that of ` +
        `${snapshot.schema.name}. Take another copy of the backup`,
    );
  }
  if (reading.isLink === true) return { snapshot, header, contentDigest: trailer ?? UNCHECKED };
  const contentDigest = await digestOf(snapshot);
  if (trailer !== undefined && trailer !== UNCHECKED && trailer !== contentDigest) {
    throw new AppError(
      'INTEGRITY_FAILED',
      'The archive\'s rows are not the ones that it was made of: their digest is not the "contentDigest" inside. ' +
        'Take another copy; if the rows were edited on purpose, set "contentDigest" to "none"',
    );
  }
  if (reading.contentDigest !== undefined && reading.contentDigest !== contentDigest) {
    throw new AppError(
      'INTEGRITY_FAILED',
      "The archive's content digest is not the one in the backup's manifest: the file holds something else than " +
        'was backed up. Use another backup',
    );
  }
  return { snapshot, header, contentDigest };
}
