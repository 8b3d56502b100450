/** What REST answers with of backups: the shapes, and how they are made from what the services know. */

import { z } from 'zod';
import { defined } from '../../../lib/defined.js';
import { captureTime, warningsOf } from '../../../service/backup/backup-content.js';
import type { BackupRecord } from '../../../service/backup/backup-record.js';
import { type Backups, chainLength, childrenOf } from '../../../service/backup/catalog/chain.js';
import { ARCHIVE_FORMATS } from '../../../service/backup/layout.js';
import type { ValidationReport } from '../../../service/backup/validate-backup.js';
import type { Reach } from '../../../service/command/reach.js';
import type { DrillService } from '../../../service/drill/drill-service.js';
import { count, instant, lower } from '../common/answer-shape.js';
import { filterOf, filterShape } from '../common/filter-shape.js';
import { pulledInMembers, pulledInOf, withoutPulledIn } from '../common/pulled-in.js';
import { drillOf, drillShape } from '../drill/drill-answer.js';

export const backupShape = z
  .object({
    id: z.string().describe('Id of the backup'),
    name: z.string().describe('Its name. Several backups may have the same one'),
    description: z.string().nullable().describe('Free text, given when it was created'),
    type: z
      .enum(['full', 'selective', 'incremental'])
      .nullable()
      .describe('Whether it has the whole database, a part of it, or what changed since another backup'),
    format: z.enum(ARCHIVE_FORMATS.map(lower)).nullable().describe('Format of the stored file'),
    created_at: instant.describe('When it was made or imported'),
    created_by: z.string().describe('Name of the token that created it'),
    size: count.describe('Bytes of the stored file'),
    content_size: count.nullable().describe('Bytes of the document, before compression and encryption'),
    checksum: z.string().describe('SHA-256 of the stored file: "sha256:" and 64 hexadecimal digits'),
    content_digest: z
      .string()
      .nullable()
      .describe(
        'SHA-256 of the rows. Equal configurations have equal digests, whatever the format, compression or encryption',
      ),
    compressed: z.boolean().nullable().describe('True if the stored file is compressed with gzip'),
    encrypted: z.boolean().describe('True if the stored file is encrypted: its rows need its passphrase'),
    sealed: z
      .boolean()
      .describe(
        'True if it is encrypted and was imported without its key. What its content tells is null then, until ' +
          'validate reads it with the key',
      ),
    tags: z.array(z.string()).describe('Its tags'),
    database: z.string().describe('Id of the database that it belongs to'),
    schema_name: z.string().describe('Name of the schema, such as OVN_Northbound'),
    schema_version: z.string().nullable().describe('Version of the schema, such as 7.3.0'),
    row_count: count.nullable().describe('How many rows it has'),
    tables: z.record(z.string(), count).nullable().optional().describe('Rows of each table. Not in lists'),
    file: z.string().describe('Name of the stored file in the backup folder'),
    warnings: z.array(z.string()).describe('What the backup may lack, such as rows that other rows refer to'),
    resource_filter: filterShape.optional().describe('Of a selective backup: the part that was asked for'),
    imported: z.boolean().describe('True if it was imported from a file, and false if this server made it'),
    captured_at: instant.describe(
      'The moment whose state it is. Of an imported backup, the time in the file; if it has none, that of the import',
    ),
    chain_length: count.describe('How many backups have to be read for it, itself included'),
    children: z.array(z.string()).describe('Ids of the incremental backups that build on it directly, newest first'),
    verified_at: instant.nullable().describe('When it was last read back whole and found good; null if it never was'),
    damage: z.array(z.string()).describe('What was found wrong with it when it was last read back'),
    pinned: z.boolean().describe('Whether it is pinned: it is not deleted, and no retention policy takes it away'),
    last_drill: drillShape
      .nullable()
      .describe('The newest drill that has told whether it can be restored; null if there is none'),
    parent_id: z.string().optional().describe('Of an incremental backup: id of the one that it builds on'),
    changes: z
      .object({
        inserted: count.describe('Rows that are new'),
        updated: count.describe('Rows of which a column changed'),
        deleted: count.describe('Rows that are gone'),
      })
      .optional()
      .describe('Of an incremental backup: how many rows changed since its parent, which is what it holds itself'),
    ...pulledInMembers,
  })
  .meta({ id: 'Backup', description: 'A stored backup' });

export const validationShape = z
  .object({
    valid: z.boolean().describe('True if nothing wrong was found in what was checked: see content_checked'),
    message: z.string().describe('The same in words'),
    errors: z.array(z.string()).optional().describe('If it is not valid: what is wrong'),
    warnings: z.array(z.string()).describe('What may be wrong, or is missing'),
    content_checked: z
      .boolean()
      .describe('False if the backup is encrypted and no key was given: only the stored bytes were checked'),
    row_count: count.nullable().describe('How many rows were checked; null if the content could not be read'),
  })
  .meta({ id: 'Validation', description: 'Whether a backup is whole and can be restored' });

export const verifyShape = z
  .object({
    checked: count.describe('Backups that were checked'),
    good: count.describe('Backups that were read back whole and are good'),
    damaged: z
      .array(backupShape)
      .describe('Backups that are damaged, or that build on one that is. Their damage says how'),
    bytes_only: count.describe('Encrypted backups: only their stored bytes were checked, and are good'),
  })
  .meta({ id: 'VerifyReport', description: 'What reading stored backups back has found' });

export const backupCreatedShape = z
  .object({ backup: backupShape, message: z.string().describe('What was done') })
  .meta({ id: 'BackupCreated', description: 'The new backup' });
export const backupListShape = z
  .object({
    backups: z.array(backupShape).describe('The backups, newest first'),
    total: count.describe('How many there are without limit and offset'),
  })
  .meta({ id: 'BackupList', description: 'A list of backups' });

export type Backup = z.output<typeof backupShape>;

/** What is told of a backup besides its record. */
export interface BackupContext {
  readonly catalog: Backups;
  readonly drills: Pick<DrillService, 'lastOf'>;
}

/** @param reach of whoever is to see it */
export function backupOf(record: BackupRecord, { catalog: backups, drills }: BackupContext, reach: Reach): Backup {
  const { sealed = false, parent } = record;
  const isParentHidden = parent !== undefined && reach.isBeyond('backup', parent.id);
  const lastDrill = drills.lastOf(record.id);
  return {
    id: record.id,
    name: record.name,
    description: record.description ?? null,
    type: sealed ? null : lower(record.type),
    format: sealed ? null : lower(record.archiveFormat),
    created_at: record.createdAt,
    created_by: record.createdBy,
    size: record.size,
    content_size: sealed ? null : record.contentSize,
    checksum: record.checksum,
    content_digest: sealed ? null : record.contentDigest,
    compressed: sealed ? null : record.compressed,
    encrypted: record.encrypted,
    sealed,
    tags: [...record.tags],
    database: record.database,
    schema_name: record.schemaName,
    schema_version: sealed ? null : record.schemaVersion,
    row_count: sealed ? null : record.rowCount,
    tables: sealed ? null : { ...record.tables },
    file: record.file,
    warnings: [...warningsOf(record)],
    ...pulledInOf(record),
    imported: record.origin === 'IMPORTED',
    captured_at: captureTime(record),
    verified_at: record.verifiedAt ?? null,
    damage: [...(record.damage ?? [])],
    pinned: record.pinned === true,
    last_drill: lastDrill === undefined ? null : drillOf(lastDrill),
    ...defined({
      parent_id: isParentHidden ? undefined : parent?.id,
      changes: record.changes && { ...record.changes },
    }),
    chain_length: chainLength(record, backups),
    children: childrenOf(record, backups).flatMap(({ id, database }) => (reach.has(database) ? [id] : [])),
    ...defined({ resource_filter: record.resourceFilter && filterOf(record.resourceFilter) }),
  };
}

/** As one of a list: without what may be long. */
export function listedBackupOf(
  record: BackupRecord,
  context: BackupContext,
  reach: Reach,
): Omit<Backup, 'tables' | 'pulled_in'> {
  const { tables: _tables, ...rest } = withoutPulledIn(backupOf(record, context, reach));
  return rest;
}

const BYTES_ONLY = 'Only the stored bytes were checked, and they are good. To check the rows too, send decryption_key';

export function validationOf({
  valid,
  contentChecked,
  rowCount,
  errors,
  warnings,
}: ValidationReport): z.output<typeof validationShape> {
  return {
    valid,
    message: !valid ? 'Backup is not valid' : contentChecked ? 'Backup is valid' : BYTES_ONLY,
    ...(valid ? {} : { errors: [...errors] }),
    warnings: [...warnings],
    content_checked: contentChecked,
    row_count: rowCount ?? null,
  };
}
