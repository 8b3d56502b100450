/**
 * The layout of the backup store: the maker of its keys, but for those of jobs. Pure.
 *
 * A backup is two objects side by side:
 *   `<name>-YYYYMMDD-HHMMSS.json`        its archive (.yaml, .db; then .gz, .enc as it was packed), the time in UTC;
 *                                        only .enc where it came encrypted and nobody has said what is inside
 *   `<name>-YYYYMMDD-HHMMSS.json.meta`   its manifest record
 * and a clash gets a number: `<name>-YYYYMMDD-HHMMSS-2.json`. Restore records are `restores/<id>.json`, beside them
 * `<id>.undo.gz` (what undoing needs), `<id>.changes.gz` (for people; `.changes.gz.enc` where it is sealed) and
 * `<id>.reserved` (space for the end); what is being imported is spooled to `incoming/<id>`; `incoming/<archive>` marks
 * an archive that is being written or removed. Records of jobs are in `jobs/` (job/job-record.ts).
 */

import { type ArchiveFormat, FORMAT_EXTENSIONS } from '../../archive/content/archive-format.js';
import { assert } from '../../lib/assert.js';
import { AppError } from '../../lib/error.js';

export { ARCHIVE_FORMATS, type ArchiveFormat, FORMAT_MEDIA_TYPES } from '../../archive/content/archive-format.js';
export type ArchiveExtension = `${FormatExtension}${'' | '.gz'}${'' | '.enc'}` | '.enc';

type FormatExtension = (typeof FORMAT_EXTENSIONS)[ArchiveFormat];

/** What an archive is called. */
export interface ArchiveName {
  /** As the user gave it, any text. */
  readonly name: string;
  /** Milliseconds since 1970, in the years 0 to 9999. */
  readonly createdAt: number;
  readonly extension: ArchiveExtension;
}

/** Every key, suffixes and `.meta` included, is at most this long; file systems allow 255. */
export const KEY_BYTES_MAX = 200;
const NAME_BYTES_MAX = 150;
const ORDINAL_MAX = 999_999;
const DEFAULT_NAME = 'backup';
const MANIFEST_SUFFIX = '.meta';
const RESTORES = 'restores/';
const CHANGES_SUFFIX = '.changes.gz';
const SEALED_CHANGES_SUFFIX = '.changes.gz.enc';
const UNDO_SUFFIX = '.undo.gz';
const RESERVED_SUFFIX = '.reserved';
const BESIDE_RECORD = [CHANGES_SUFFIX, SEALED_CHANGES_SUFFIX, UNDO_SUFFIX, RESERVED_SUFFIX];
const INCOMING = 'incoming/';

const ARCHIVE_KEY =
  /^[A-Za-z0-9_-][A-Za-z0-9._-]*-\d{8}-\d{6}(?:-\d+)?(?:\.(?:json|yaml|db)(?:\.gz)?(?:\.enc)?|\.enc)$/;
const EXTENSION = /(?:\.(?:json|yaml|db))?(?:\.gz)?(?:\.enc)?$/;
const RESTORE_ID = /^[A-Za-z0-9_-]{1,100}$/;

export function archiveExtension(
  format: ArchiveFormat,
  packed: { readonly compressed: boolean; readonly encrypted: boolean },
): ArchiveExtension {
  return `${FORMAT_EXTENSIONS[format]}${packed.compressed ? '.gz' : ''}${packed.encrypted ? '.enc' : ''}`;
}

/** @param ordinal 1 for the first archive of that name and second, 2 for the next one ... */
export function archiveKey({ name, createdAt, extension }: ArchiveName, ordinal = 1): string {
  assert(Number.isInteger(ordinal) && ordinal >= 1 && ordinal <= ORDINAL_MAX, `archive ordinal ${ordinal}`);
  const clash = ordinal === 1 ? '' : `-${ordinal}`;
  return `${safeName(name)}-${stamp(createdAt)}${clash}${extension}`;
}

export function manifestKey(archive: string): string {
  return `${archive}${MANIFEST_SUFFIX}`;
}

/** Whether it is a key that `archiveKey` could have made. */
export function isArchiveKey(key: string): boolean {
  return ARCHIVE_KEY.test(key) && manifestKey(key).length <= KEY_BYTES_MAX;
}

/** What an export of an archive is called; with its own extension when none is given. */
export function downloadName(archive: string, extension?: ArchiveExtension): string {
  const name = plainStart(archive);
  return extension === undefined ? name : `${name.replace(EXTENSION, '')}${extension}`;
}

/** What the chain file of an archive is called. */
export function chainName(archive: string): string {
  return `${plainStart(archive).replace(EXTENSION, '')}.tar`;
}

/** ".json.gz.enc" of an archive. */
export function extensionOf(archive: string): string {
  return EXTENSION.exec(archive)?.[0] ?? '';
}

/** Whether it names a manifest record at all, of ours or put there by somebody. */
export function isManifestKey(key: string): boolean {
  return key.endsWith(MANIFEST_SUFFIX) && key.length > MANIFEST_SUFFIX.length && !key.includes('/');
}

/** The archive that a manifest record stands beside. */
export function archiveOfManifest(key: string): string {
  assert(isManifestKey(key), `${key} is no manifest key`);
  return key.slice(0, -MANIFEST_SUFFIX.length);
}

/** Prefix of all restore records. */
export const RESTORE_RECORD_PREFIX = RESTORES;

/** Throws BAD_USER_INPUT for what cannot be the id of a restore. */
export function restoreRecordKey(id: string): string {
  if (!RESTORE_ID.test(id))
    throw new AppError(
      'BAD_USER_INPUT',
      'Not the id of a restore: it has letters, digits, dash and underscore only, 100 at most.',
    );
  return `${RESTORES}${id}.json`;
}

/** Key of a restore's change log. @throws AppError BAD_USER_INPUT as restoreRecordKey */
export function changeLogKey(id: string): string {
  return besideRecord(id, CHANGES_SUFFIX);
}

/** Key of a change log that is encrypted. @throws AppError BAD_USER_INPUT as restoreRecordKey */
export function sealedChangeLogKey(id: string): string {
  return besideRecord(id, SEALED_CHANGES_SUFFIX);
}

/** Key of the list of changes that undoing a restore needs. @throws AppError BAD_USER_INPUT as restoreRecordKey */
export function undoListKey(id: string): string {
  return besideRecord(id, UNDO_SUFFIX);
}

/** Key of the space that is set aside for the end of a restore. */
export function reservedSpaceKey(id: string): string {
  return besideRecord(id, RESERVED_SUFFIX);
}

/** Prefix of spools and marks: whatever is there when the server starts was left by a crash. */
export const INCOMING_PREFIX = INCOMING;

/** Key to spool an import to. @param id a UUID */
export function incomingKey(id: string): string {
  return `${INCOMING}${id}`;
}

/**
 * Key of the mark that an archive is being written or removed: without a manifest beside it, an archive that is so
 * marked is a leftover of a crash. One that is not marked was put there by somebody.
 */
export function pendingKey(archive: string): string {
  return `${INCOMING}${archive}`;
}

/** The id in the key of a restore record, or undefined for any other key. */
export function restoreIdOf(key: string): string | undefined {
  if (!key.startsWith(RESTORES) || !key.endsWith('.json')) return undefined;
  const id = key.slice(RESTORES.length, -'.json'.length);
  return RESTORE_ID.test(id) ? id : undefined;
}

/** The id in the key of what stands beside a restore record, or undefined for any other key. */
export function leftoverIdOf(key: string): string | undefined {
  if (!key.startsWith(RESTORES)) return undefined;
  const suffix = BESIDE_RECORD.find((ending) => key.endsWith(ending));
  const id = suffix === undefined ? '' : key.slice(RESTORES.length, -suffix.length);
  return RESTORE_ID.test(id) ? id : undefined;
}

function besideRecord(id: string, suffix: string): string {
  return `${restoreRecordKey(id).slice(0, -'.json'.length)}${suffix}`;
}

/**
 * It begins with a letter or a digit: what begins with a dot is hidden, and what begins with a dash is an option for
 * programs that are given the files of a folder.
 */
function safeName(name: string): string {
  const safe = plainStart(name.replace(/[^A-Za-z0-9._-]/gu, '_')).slice(0, NAME_BYTES_MAX);
  return safe === '' ? DEFAULT_NAME : safe;
}

function plainStart(name: string): string {
  return name.replace(/^[^A-Za-z0-9]+/, '');
}

/** YYYYMMDD-HHMMSS in UTC. */
function stamp(ms: number): string {
  const text = new Date(ms).toISOString();
  assert(/^\d{4}-/.test(text), `${text} does not fit a file name`);
  return `${text.slice(0, 10).replaceAll('-', '')}-${text.slice(11, 19).replaceAll(':', '')}`;
}
