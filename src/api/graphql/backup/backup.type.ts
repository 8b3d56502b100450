/** What the contract says of backups. */

import type { FileUpload } from 'graphql-upload-minimal';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { recordOf } from '../../../lib/record-of.js';
import { createBackup } from '../../../service/backup/backup-command.js';
import { captureTime, warningsOf } from '../../../service/backup/backup-content.js';
import type { BackupRecord } from '../../../service/backup/backup-record.js';
import { CASCADES, type Cascade } from '../../../service/backup/chain/deletion.js';
import { ARCHIVE_FORMATS, type ArchiveFormat } from '../../../service/backup/layout.js';
import { importBackup } from '../../../service/transfer/import-command.js';
import { about } from '../common/about.js';
import { PulledIn, ResourceFilter, ResourceFilterInput } from '../common/filter.type.js';
import { PAGE_INFO, PageInfo, TOTAL_COUNT } from '../common/page.type.js';
import { BigIntScalar, DateTime, Upload } from '../common/scalars.js';
import { TableCount, tableCounts } from '../common/table-count.type.js';

export enum BackupType {
  FULL = 'FULL',
  SELECTIVE = 'SELECTIVE',
  INCREMENTAL = 'INCREMENTAL',
}
registerEnumType(BackupType, {
  name: 'BackupType',
  description: 'How much of the database a backup has',
  valuesConfig: {
    FULL: { description: 'The whole database' },
    SELECTIVE: { description: 'The part that a resource filter picks' },
    INCREMENTAL: { description: 'Only what has changed since another backup, its parent, which is needed to read it' },
  },
});

export enum CaptureMode {
  AUTO = 'AUTO',
  FAST = 'FAST',
  PACED = 'PACED',
}
registerEnumType(CaptureMode, {
  name: 'CaptureMode',
  description: 'How a backup reads the database',
  valuesConfig: {
    AUTO: {
      description: 'PACED on a cluster, and where FAST took a standalone server too long the last time. Otherwise FAST',
    },
    FAST: { description: 'In one request. The database server answers nobody else meanwhile' },
    PACED: { description: 'In small steps, so that other clients of the database are answered in between' },
  },
});

export const BackupFormat = recordOf(ARCHIVE_FORMATS, (format) => format);
export type BackupFormat = ArchiveFormat;
registerEnumType(BackupFormat, {
  name: 'BackupFormat',
  description: 'Format of a backup file',
  valuesConfig: {
    JSON: { description: 'A JSON document of this server, with one row a line' },
    YAML: { description: 'The same document in YAML' },
    OVSDB: { description: 'A standalone database file, as ovsdb-server and ovsdb-client restore read it' },
  },
});

export const DeleteCascade = recordOf(CASCADES, (cascade) => cascade);
export type DeleteCascade = Cascade;
registerEnumType(DeleteCascade, {
  name: 'DeleteCascade',
  description: 'What becomes of incremental backups that build on one that is deleted',
  valuesConfig: {
    REFUSE: { description: 'Nothing is deleted where others build on it' },
    MERGE: { description: 'The ones that build on it directly are made to hold all their rows first' },
    DELETE: { description: 'They are deleted too' },
  },
});

@ObjectType({ description: 'How many rows changed' })
export class ChangeCounts {
  @Field(() => Int, { description: 'Rows that are new' })
  inserted!: number;

  @Field(() => Int, { description: 'Rows of which a column changed' })
  updated!: number;

  @Field(() => Int, { description: 'Rows that are gone' })
  deleted!: number;
}

@ObjectType({ description: 'A stored backup' })
export class Backup {
  @Field(() => ID, { description: 'Id of the backup' })
  id!: string;

  @Field(() => String, { description: 'Its name. Several backups may have the same one' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'Free text, given when it was created' })
  description?: string | undefined;

  @Field(() => BackupType, { description: 'Whether it has the whole database, or a part of it' })
  type!: BackupType;

  @Field(() => BackupFormat, { description: 'Format of the stored file' })
  format!: BackupFormat;

  @Field(() => DateTime, { description: 'When it was made or imported' })
  createdAt!: string;

  @Field(() => String, { description: 'Name of the token that created it' })
  createdBy!: string;

  @Field(() => BigIntScalar, { description: 'Bytes of the stored file' })
  size!: number;

  @Field(() => BigIntScalar, { description: 'Bytes of the document, before compression and encryption' })
  contentSize!: number;

  @Field(() => String, {
    description:
      "SHA-256 of the stored file: 'sha256:' and 64 hexadecimal digits. sha256sum of the file prints the same " +
      'digits; no key is needed',
  })
  checksum!: string;

  @Field(() => String, {
    description:
      'SHA-256 of the rows. Equal configurations have equal digests, whatever the format, compression or ' +
      'encryption',
  })
  contentDigest!: string;

  @Field(() => Boolean, { description: 'True if the stored file is compressed with gzip' })
  compressed!: boolean;

  @Field(() => Boolean, {
    description: 'True if the stored file is encrypted: its rows can be read only with its passphrase',
  })
  encrypted!: boolean;

  @Field(() => Boolean, {
    description:
      'True if it is encrypted and was imported without its key. Then type, format, compressed, contentSize, ' +
      'contentDigest, rowCount, tables and schemaVersion are placeholders, until validateBackup reads it with the key',
  })
  sealed!: boolean;

  @Field(() => [String], { description: 'Its tags' })
  tags!: readonly string[];

  @Field(() => String, { description: 'Id of the database that it belongs to' })
  database!: string;

  @Field(() => String, { description: 'Name of the schema, such as OVN_Northbound' })
  schemaName!: string;

  @Field(() => String, { description: 'Version of the schema, such as 7.3.0' })
  schemaVersion!: string;

  @Field(() => BigIntScalar, { description: 'How many rows it has' })
  rowCount!: number;

  @Field(() => [TableCount], { description: 'How many rows each table has' })
  tables!: readonly TableCount[];

  @Field(() => ChangeCounts, {
    nullable: true,
    description: 'Of an incremental backup: how many rows changed since its parent, which is what it holds itself',
  })
  changes?: ChangeCounts | undefined;

  @Field(() => Boolean, { description: 'True if it was imported from a file, and false if this server made it' })
  imported!: boolean;

  @Field(() => DateTime, {
    description:
      'The moment whose state it is. Of an imported backup, the time in the file; if it has none, that of the import',
  })
  capturedAt!: string;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it was last read back whole and found good; null if it never was',
  })
  verifiedAt?: string | undefined;

  @Field(() => [String], { description: 'What was found wrong with it when it was last read back' })
  damage!: readonly string[];

  @Field(() => Boolean, {
    description: 'Whether it is pinned: it is not deleted, and no retention policy takes it away',
  })
  pinned!: boolean;

  /** Resolved where it is asked for, as `parent`. */
  parentId?: string | undefined;

  @Field(() => ResourceFilter, { nullable: true, description: 'Of a selective backup: the part that was asked for' })
  resourceFilter?: ResourceFilter | undefined;

  @Field(() => [PulledIn], {
    description:
      'Of a selective backup: rows that nobody named, and that came along because others need them. The first 500',
  })
  pulledIn!: readonly PulledIn[];

  @Field(() => Int, { description: 'How many rows came along in all' })
  pulledInCount!: number;

  @Field(() => [String], { description: 'What the backup may lack, such as rows that other rows refer to' })
  warnings!: readonly string[];

  @Field(() => String, { description: 'Name of the stored file in the backup folder' })
  file!: string;
}

export function backupOf(record: BackupRecord): Backup {
  const {
    archiveFormat,
    tables,
    type,
    sealed = false,
    pulledIn = [],
    pulledInCount = 0,
    parent,
    damage = [],
    pinned = false,
    ...rest
  } = record;
  return {
    ...rest,
    imported: record.origin === 'IMPORTED',
    capturedAt: captureTime(record),
    damage,
    pinned,
    parentId: parent?.id,
    type: BackupType[type],
    format: archiveFormat,
    tables: tableCounts(tables),
    sealed,
    pulledIn,
    pulledInCount,
    warnings: warningsOf(record),
  };
}

@ObjectType({ description: 'A backup, and its place in the list' })
export class BackupEdge {
  @Field(() => String, { description: 'Give it as after to get the backups that follow' })
  cursor!: string;

  @Field(() => Backup, { description: 'The backup' })
  node!: Backup;
}

@ObjectType({ description: 'A page of backups' })
export class BackupConnection {
  @Field(() => [Backup], { description: 'The backups of the page' })
  nodes!: readonly Backup[];

  @Field(() => [BackupEdge], { description: 'The same backups, each with its cursor' })
  edges!: readonly BackupEdge[];

  @Field(() => PageInfo, PAGE_INFO)
  pageInfo!: PageInfo;

  @Field(() => Int, TOTAL_COUNT)
  totalCount!: number;
}

@InputType({ description: 'Which backups are listed: those that meet every condition' })
export class BackupFilterInput {
  @Field(() => [String], { nullable: true, description: 'Backups that have any of these tags' })
  tags?: string[] | null;

  @Field(() => BackupType, {
    nullable: true,
    description: 'Backups of this type. The type of a sealed one is not known',
  })
  type?: BackupType | null;

  @Field(() => ID, { nullable: true, description: 'Backups of the database with this id' })
  database?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Backups with this text in their name. Upper and lower case, and the Unicode form (NFC, NFD), do not matter',
  })
  nameContains?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Backups made after this instant' })
  createdAfter?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Backups made before this instant' })
  createdBefore?: Date | null;
}

@InputType({ description: 'What to back up, and how to store it' })
export class CreateBackupInput {
  @Field(() => String, about(createBackup.input, 'name'))
  name!: string;

  @Field(() => String, { nullable: true, ...about(createBackup.input, 'description') })
  description?: string | null;

  @Field(() => BackupType, { nullable: true, ...about(createBackup.input, 'type') })
  type?: BackupType | null;

  @Field(() => BackupFormat, {
    nullable: true,
    defaultValue: BackupFormat.JSON,
    ...about(createBackup.input, 'format'),
  })
  format?: BackupFormat | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, ...about(createBackup.input, 'compress') })
  compress?: boolean | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, ...about(createBackup.input, 'encrypt') })
  encrypt?: boolean | null;

  @Field(() => String, { nullable: true, ...about(createBackup.input, 'encryptionKey') })
  encryptionKey?: string | null;

  @Field(() => [String], { nullable: true, ...about(createBackup.input, 'tags') })
  tags?: string[] | null;

  @Field(() => ResourceFilterInput, { nullable: true, ...about(createBackup.input, 'resourceFilter') })
  resourceFilter?: ResourceFilterInput | null;

  @Field(() => ID, { nullable: true, ...about(createBackup.input, 'database') })
  database?: string | null;

  @Field(() => CaptureMode, { nullable: true, defaultValue: CaptureMode.AUTO, ...about(createBackup.input, 'capture') })
  capture?: CaptureMode | null;

  @Field(() => ID, { nullable: true, ...about(createBackup.input, 'parentId') })
  parentId?: string | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, ...about(createBackup.input, 'onlyIfChanged') })
  onlyIfChanged?: boolean | null;
}

@InputType({ description: 'A file to store as a backup' })
export class ImportBackupInput {
  @Field(() => Upload, { nullable: true, ...about(importBackup.input, 'file') })
  file?: Promise<FileUpload> | null;

  @Field(() => String, { nullable: true, ...about(importBackup.input, 'data') })
  data?: string | null;

  @Field(() => BackupFormat, { nullable: true, ...about(importBackup.input, 'format') })
  format?: BackupFormat | null;

  @Field(() => String, { nullable: true, ...about(importBackup.input, 'name') })
  name?: string | null;

  @Field(() => String, { nullable: true, ...about(importBackup.input, 'description') })
  description?: string | null;

  @Field(() => [String], { nullable: true, ...about(importBackup.input, 'tags') })
  tags?: string[] | null;

  @Field(() => String, { nullable: true, ...about(importBackup.input, 'decryptionKey') })
  decryptionKey?: string | null;
}
