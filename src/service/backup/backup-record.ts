/**
 * The manifest record: all that is known of a backup without opening its archive. It is the JSON
 * object in the `.meta` file beside the archive, and it is written last: it is the commit point of a backup.
 */
import { z } from 'zod';
import { ARCHIVE_FORMATS } from '../../archive/content/archive-format.js';
import { AppError, messageOf } from '../../lib/error.js';
import {
  cutText,
  DESCRIPTION_CHARACTERS_MAX,
  NAME_CHARACTERS_MAX,
  TAG_CHARACTERS_MAX,
  TAGS_MAX,
} from '../command/input-field.js';
import { pulledInSchema, resourceFilterSchema } from './recorded-filter.js';

export const MANIFEST_FORMAT = 'ovncp-manifest/1';
export const MANIFEST_BYTES_MAX = 1024 * 1024;

const instantText = z.iso.datetime({ precision: 3 }); // UTC only, so that texts sort as times do
const digestText = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const count = z.int().nonnegative();

/** Fields that this version does not know are passed over, so that the manifests of later versions stay readable. */
const recordSchema = z
  .object({
    format: z.literal(MANIFEST_FORMAT),
    id: z.string().min(1).max(200),
    name: z.string(),
    description: z.string().optional(),
    // A later version's backup of another kind must not be taken for a whole one: restoring it exactly would delete the
    // rest.
    type: z.enum(['FULL', 'SELECTIVE', 'INCREMENTAL']),
    /** Of an incremental backup: what it builds on, and how many rows it holds itself. */
    parent: z
      .object({ id: z.string().min(1).max(200), contentDigest: digestText })
      .readonly()
      .optional(),
    changes: z.object({ inserted: count, updated: count, deleted: count }).readonly().optional(),
    /** Of a selective backup, and one that builds on it: what was asked for, and the rows that came along. */
    resourceFilter: resourceFilterSchema.optional(),
    pulledIn: z.array(pulledInSchema).readonly().optional(),
    pulledInCount: count.optional(),
    /** What the backup lacks although rows of it refer to it. */
    warnings: z.array(z.string()).readonly().optional(),
    archiveFormat: z.enum(ARCHIVE_FORMATS),
    /** RFC 3339 in UTC with milliseconds. */
    createdAt: instantText,
    /** Of an imported one: when it was made, as the file says. Files that are not of this program do not say it. */
    capturedAt: instantText.optional(),
    createdBy: z.string(),
    /** Bytes of the archive as stored. */
    size: count,
    /** Bytes before compression and encryption. */
    contentSize: count,
    /** SHA-256 of the archive as stored. */
    checksum: digestText,
    /** SHA-256 of the rows. */
    contentDigest: digestText,
    compressed: z.boolean(),
    encrypted: z.boolean(),
    /**
     * Imported still encrypted, without its key: what only the content tells are placeholders until it was read once.
     */
    sealed: z.boolean().optional(),
    tags: z.array(z.string()).readonly(),
    /** The configured id of the database it was captured from. */
    database: z.string(),
    /** What that database said of itself (database-identity.ts); unknown of older backups, and of imported ones. */
    identity: z.string().optional(),
    /** Where it was captured from, as configured then. */
    remotes: z.array(z.string()).readonly().optional(),
    schemaName: z.string(),
    schemaVersion: z.string(),
    rowCount: count,
    /** Table -> rows. */
    tables: z.record(z.string(), count).readonly(),
    /** Whether it was captured here, or imported from a file that may come from anywhere. */
    origin: z.enum(['CAPTURED', 'IMPORTED']),
    /** When it was last read back whole and found good, and what was found wrong with it when it was read last. */
    verifiedAt: instantText.optional(),
    damage: z.array(z.string()).readonly().optional(),
    /** It is not deleted, and no retention policy takes it away. */
    pinned: z.boolean().optional(),
    /** Key of the archive in the store. */
    file: z.string(),
    /** Key of the archive that this one took the place of, with the same rows and id. It goes when this is there. */
    replaces: z.string().optional(),
  })
  .refine(
    ({ type, resourceFilter }) => type === 'INCREMENTAL' || (type === 'SELECTIVE') === (resourceFilter !== undefined),
    'a selective backup has a resourceFilter, and a full one has none',
  )
  .refine(
    ({ type, parent, changes }) =>
      [parent, changes].every((member) => (type === 'INCREMENTAL') === (member !== undefined)),
    'an incremental backup, and no other, has parent and changes',
  )
  .readonly();

export type BackupRecord = z.infer<typeof recordSchema>;
/** What the maker of a backup knows of it; the catalog adds the rest. */
export type BackupDescription = Omit<BackupRecord, 'format' | 'file'>;

/**
 * Reads the content of a `.meta` file strictly. Throws INTEGRITY_FAILED, saying what is wrong with it.
 * @param file key of the archive beside it: files may have been renamed by hand, and a `file` in the record is not
 * trusted
 */
export function parseBackupRecord(bytes: Uint8Array, file: string): BackupRecord {
  if (bytes.length === 0) throw new AppError('INTEGRITY_FAILED', 'it is empty');
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new AppError('INTEGRITY_FAILED', `it is not JSON: ${messageOf(error)}`, { cause: error });
  }
  const parsed = recordSchema.safeParse(json);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the record'}: ${issue.message}`);
    throw new AppError('INTEGRITY_FAILED', `it is no manifest that this version reads (${faults.join('; ')})`, {
      cause: parsed.error,
    });
  }
  return withinLimits({ ...parsed.data, file });
}

/** The record and its bytes. Throws INTERNAL where the description is none, which is a bug of its maker. */
export function makeBackupRecord(
  description: BackupDescription,
  file: string,
): { readonly record: BackupRecord; readonly bytes: Buffer } {
  const text = JSON.stringify({ format: MANIFEST_FORMAT, ...withinLimits(description), file }, null, 1);
  const bytes = Buffer.from(`${text}\n`);
  if (bytes.length > MANIFEST_BYTES_MAX) {
    throw new AppError(
      'TOO_LARGE',
      `The manifest of the backup has ${bytes.length} bytes; ${MANIFEST_BYTES_MAX} at most can be stored. ` +
        'Its filter may name fewer resources.',
    );
  }
  try {
    return { record: parseBackupRecord(bytes, file), bytes };
  } catch (error) {
    throw new AppError('INTERNAL', `Bug: the manifest of a new backup is wrong: ${messageOf(error)}`, { cause: error });
  }
}

/** What a backup is called, described and tagged with. */
interface Words {
  readonly name: string;
  readonly description?: string | undefined;
  readonly tags: readonly string[];
  readonly warnings?: readonly string[] | undefined;
}

/**
 * The same within the limits of the API. What is asked for there keeps to them, but not what stands inside a file, or
 * in a manifest that somebody wrote: what is longer is cut, and said.
 */
export function withinLimits<T extends Words>(words: T): T {
  const { name, description, tags } = words;
  const warnings: string[] = [];
  const fitting = (text: string, what: string, charactersMax: number): string => {
    const cut = cutText(text, charactersMax);
    if (cut !== text)
      warnings.push(
        `The ${what} that came with the backup was cut: it has ${text.length} characters, and ${charactersMax} at ` +
          'most are kept, without NUL',
      );
    return cut;
  };
  const kept = {
    name: fitting(name, 'name', NAME_CHARACTERS_MAX),
    ...(description === undefined
      ? {}
      : { description: fitting(description, 'description', DESCRIPTION_CHARACTERS_MAX) }),
    tags: tags.slice(0, TAGS_MAX).map((tag) => fitting(tag, 'tag', TAG_CHARACTERS_MAX)),
  };
  if (tags.length > TAGS_MAX) warnings.push(`Of the backup's ${tags.length} tags the first ${TAGS_MAX} are kept`);
  return warnings.length === 0 ? words : { ...words, ...kept, warnings: [...(words.warnings ?? []), ...warnings] };
}
