/**
 * What only the content of a backup tells: its numbers, what kind it is, and whether it is whole. Of a backup that was
 * imported still encrypted, without its key, none of it is known until it was read once (`sealed` in its record).
 */

import { isDeepStrictEqual } from 'node:util';
import type { ArchiveFormat } from '../../archive/content/archive-format.js';
import type { Unpacked } from '../../archive/unpack.js';
import { Breath } from '../../lib/breath.js';
import { instant } from '../../lib/clock.js';
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import { needlessBackup } from '../../model/northbound/about-database.js';
import { danglingReferences } from '../../model/reference/reference.js';
import { repeatedRows } from '../../model/snapshot/repeated-rows.js';
import { countRows, countTables, type Snapshot } from '../../model/snapshot/snapshot.js';
import type { BackupDescription, BackupRecord } from './backup-record.js';
import { importedSelection } from './selection.js';

/** What a manifest says of the content. */
export type BackupContent = Omit<
  BackupDescription,
  | 'id'
  | 'name'
  | 'description'
  | 'createdAt'
  | 'createdBy'
  | 'size'
  | 'checksum'
  | 'encrypted'
  | 'tags'
  | 'database'
  | 'origin'
  | 'sealed'
>;

const LISTED_MAX = 20;
const STILL_SEALED =
  'It was imported without its key and is still encrypted: its type, format, compression, schema version and rows ' +
  'are not known. Validate it with its key';
const NO_DIGEST = `sha256:${'0'.repeat(64)}`;

/** Placeholders for what a sealed backup does not tell. @param format what it was declared to be */
export function unknownContent(schemaName: string, format: ArchiveFormat | undefined): BackupContent {
  return {
    type: 'FULL',
    archiveFormat: format ?? 'JSON',
    schemaName,
    schemaVersion: '',
    rowCount: 0,
    tables: {},
    contentSize: 0,
    contentDigest: NO_DIGEST,
    compressed: false,
  };
}

/** @throws AppError INTEGRITY_FAILED for a selection that cannot be read */
export function contentOf({
  snapshot,
  header,
  format,
  compressed,
  contentSize,
  contentDigest,
  warnings: leftOut,
}: Unpacked): BackupContent {
  const warnings = [...leftOut, ...emptiness(snapshot), ...needlessness(snapshot)];
  return {
    ...summaryOf(snapshot),
    type: header?.type ?? 'FULL',
    ...defined({ parent: header?.parent, changes: header?.changes, capturedAt: toldTime(header?.createdAt) }),
    ...importedSelection(header),
    ...(warnings.length === 0 ? {} : { warnings }),
    archiveFormat: format,
    compressed,
    contentSize,
    contentDigest,
  };
}

/** A time in a file, as a record has it; none that no record can have. */
function toldTime(text: string | undefined): string | undefined {
  const told = text === undefined ? undefined : instant(Date.parse(text));
  return told !== undefined && /^\d{4}-/.test(told) ? told : undefined;
}

/** The moment whose state a backup is. A file that says it is of later than its import is not believed. */
export function captureTime({ capturedAt, createdAt }: BackupRecord): string {
  return capturedAt !== undefined && capturedAt < createdAt ? capturedAt : createdAt;
}

/** What a sealed backup turned out to be. @throws AppError INTEGRITY_FAILED */
export function unsealedRecord(
  { format: _format, file: _file, sealed: _sealed, ...known }: BackupRecord,
  unpacked: Unpacked,
): BackupDescription {
  const description = known.description ?? unpacked.header?.description;
  return { ...known, ...contentOf(unpacked), ...defined({ description }) };
}

/** What the backup may lack, and that nothing of its content is known yet. */
export function warningsOf({ sealed = false, warnings = [] }: BackupRecord): readonly string[] {
  return sealed ? [...warnings, STILL_SEALED] : warnings;
}

/** What a manifest and an archive's header say of the rows. */
export function summaryOf(
  snapshot: Snapshot,
): Pick<BackupContent, 'schemaName' | 'schemaVersion' | 'rowCount' | 'tables'> {
  return {
    schemaName: snapshot.schema.name,
    schemaVersion: snapshot.schema.version,
    rowCount: countRows(snapshot),
    tables: countTables(snapshot),
  };
}

/** Of a backup of a database that is made anew. */
export function needlessness({ schema: { name } }: Snapshot): readonly string[] {
  const told = needlessBackup(name);
  return told === undefined ? [] : [told];
}

/** What is to be said of a backup that holds nothing, so that nobody relies on it. */
export function emptiness(snapshot: Snapshot): readonly string[] {
  return countRows(snapshot) > 0
    ? []
    : ['The backup has no rows at all: it brings nothing back, and with exact a restore of it deletes everything'];
}

const CHECKED = [
  'archiveFormat',
  'schemaName',
  'schemaVersion',
  'rowCount',
  'tables',
  'parent',
  'changes',
  'contentSize',
  'compressed',
  'encrypted',
] as const;

/** What a manifest says of its archive and is not so, each in a sentence. */
export function manifestFaults(
  record: BackupRecord,
  { snapshot, header, format: archiveFormat, contentSize, compressed, encrypted }: Unpacked,
): readonly string[] {
  const { parent, changes } = header ?? {};
  const found = { ...summaryOf(snapshot), archiveFormat, contentSize, compressed, encrypted, parent, changes };
  const isSame = (member: (typeof CHECKED)[number]): boolean => isDeepStrictEqual(record[member], found[member]);
  return CHECKED.filter((member) => !isSame(member)).map(
    (member) =>
      `The manifest says ${member} ${JSON.stringify(record[member])} where the file has ` +
      `${JSON.stringify(found[member])}: it was changed. Import the file again`,
  );
}

/** What is wrong with the rows of a backup, each in a sentence. */
export interface ContentFaults {
  /** With any of these it cannot be restored. */
  readonly errors: readonly string[];
  /** What a server would leave out. */
  readonly warnings: readonly string[];
}

/**
 * Looks for what no database holds: references to rows that are not there, and rows that cannot be there side by side.
 * A weak reference to nothing would be dropped by the server.
 */
export async function contentFaults(snapshot: Snapshot): Promise<ContentFaults> {
  const breath = new Breath();
  const errors = new Faults();
  const warnings = new Faults();
  for (const dangling of danglingReferences(snapshot)) {
    if (dangling !== undefined) {
      const { from, column, table, uuid, strong } = dangling;
      (strong ? errors : warnings).add(
        `${from.table} ${from.uuid}: ${column} refers to ${table} ${uuid}, which is not in the backup`,
      );
    }
    if (breath.due()) await breath.rest();
  }
  for await (const fault of repeatedRows(snapshot, breath)) errors.add(fault);
  return { errors: errors.list(), warnings: warnings.list() };
}

/** However many there are, the first of them, and how many more. */
class Faults {
  private readonly listed: string[] = [];
  private more = 0;

  add(fault: string): void {
    if (this.listed.length < LISTED_MAX) this.listed.push(fault);
    else this.more++;
  }

  list(): readonly string[] {
    return this.more === 0 ? this.listed : [...this.listed, `and ${this.more} more like these`];
  }
}

/** @throws AppError INTEGRITY_FAILED for what cannot be restored */
export async function checkWhole(snapshot: Snapshot): Promise<void> {
  const { errors } = await contentFaults(snapshot);
  if (errors.length > 0)
    throw new AppError(
      'INTEGRITY_FAILED',
      `The backup is not a whole database: ${errors[0] ?? ''}${errors.length > 1 ? ' (the first of several)' : ''}`,
    );
}
