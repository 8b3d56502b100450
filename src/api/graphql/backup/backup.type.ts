/** What the contract says of backups. */

import type { FileUpload } from 'graphql-upload-minimal';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { recordOf } from '../../../lib/record-of.js';
import type { BackupRecord } from '../../../service/backup/backup-record.js';
import { ARCHIVE_FORMATS, type ArchiveFormat } from '../../../service/backup/layout.js';
import { PulledIn, ResourceFilter, ResourceFilterInput } from '../common/filter.type.js';
import { PageInfo } from '../common/page.type.js';
import { BigIntScalar, DateTime, Upload } from '../common/scalars.js';
import { TableCount, tableCounts } from '../common/table-count.type.js';

export enum BackupType {
  FULL = 'FULL',
  SELECTIVE = 'SELECTIVE',
  INCREMENTAL = 'INCREMENTAL',
}
registerEnumType(BackupType, {
  name: 'BackupType',
  valuesConfig: {
    FULL: { description: 'The whole configuration' },
    SELECTIVE: { description: 'The part that a ResourceFilter picks' },
    INCREMENTAL: { description: 'Only what has changed since another backup: not made yet, and refused' },
  },
});

export enum CaptureMode {
  AUTO = 'AUTO',
  FAST = 'FAST',
  PACED = 'PACED',
}
registerEnumType(CaptureMode, {
  name: 'CaptureMode',
  description:
    'FAST reads in one request, for which the server answers nobody else; PACED reads in small steps; AUTO chooses ' +
    'by size and kind of server',
});

export const BackupFormat = recordOf(ARCHIVE_FORMATS, (format) => format);
export type BackupFormat = ArchiveFormat;
registerEnumType(BackupFormat, {
  name: 'BackupFormat',
  description:
    "JSON and YAML are this project's own document; OVSDB is the standalone database file that ovsdb-server and " +
    'ovsdb-client restore read',
});

@ObjectType()
export class Backup {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  description?: string | undefined;

  @Field(() => BackupType)
  type!: BackupType;

  @Field(() => BackupFormat)
  format!: BackupFormat;

  @Field(() => DateTime)
  createdAt!: string;

  @Field(() => String, { description: "Who created it: the subject of the token, or the schedule's name" })
  createdBy!: string;

  @Field(() => BigIntScalar, { description: 'Bytes of the stored file' })
  size!: number;

  @Field(() => BigIntScalar, { description: 'Bytes before compression and encryption' })
  contentSize!: number;

  @Field(() => String, {
    description:
      "SHA-256 of the stored file, as 'sha256:' and 64 hexadecimal digits: what sha256sum prints of the file, no " +
      'key needed',
  })
  checksum!: string;

  @Field(() => String, {
    description:
      'SHA-256 of the rows themselves: equal for equal configurations, whatever the format, compression or encryption',
  })
  contentDigest!: string;

  @Field(() => Boolean)
  compressed!: boolean;

  @Field(() => Boolean)
  encrypted!: boolean;

  @Field(() => Boolean, {
    description:
      'Imported still encrypted, without its key: type, format, contentSize, contentDigest, rowCount, tables and ' +
      'schemaVersion are placeholders until validateBackup has read it once with the key',
  })
  sealed!: boolean;

  @Field(() => [String])
  tags!: readonly string[];

  @Field(() => String, {
    description: 'The database it was captured from, as configured here, and what that database called itself',
  })
  database!: string;

  @Field(() => String)
  schemaName!: string;

  @Field(() => String)
  schemaVersion!: string;

  @Field(() => BigIntScalar)
  rowCount!: number;

  @Field(() => [TableCount])
  tables!: readonly TableCount[];

  @Field(() => ResourceFilter, { nullable: true, description: 'Of a selective backup: what was asked for' })
  resourceFilter?: ResourceFilter | undefined;

  @Field(() => [PulledIn], {
    description: 'Of a selective backup: rows that nobody named and that came along, the first 500',
  })
  pulledIn!: readonly PulledIn[];

  @Field(() => Int, { description: 'How many rows came along' })
  pulledInCount!: number;

  @Field(() => [String], { description: 'Of a selective backup: what was left out although rows of it refer to it' })
  warnings!: readonly string[];

  @Field(() => String, { description: 'Name of the stored file, relative to the backup store' })
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
    warnings = [],
    ...rest
  } = record;
  return {
    ...rest,
    type: BackupType[type],
    format: archiveFormat,
    tables: tableCounts(tables),
    sealed,
    pulledIn,
    pulledInCount,
    warnings,
  };
}

@ObjectType()
export class BackupEdge {
  @Field(() => String)
  cursor!: string;

  @Field(() => Backup)
  node!: Backup;
}

@ObjectType()
export class BackupConnection {
  @Field(() => [Backup])
  nodes!: readonly Backup[];

  @Field(() => [BackupEdge])
  edges!: readonly BackupEdge[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  @Field(() => Int)
  totalCount!: number;
}

@InputType()
export class BackupFilterInput {
  @Field(() => [String], { nullable: true, description: 'Backups that carry any of these tags' })
  tags?: string[] | null;

  @Field(() => BackupType, { nullable: true })
  type?: BackupType | null;

  @Field(() => ID, { nullable: true })
  database?: string | null;

  @Field(() => String, { nullable: true, description: 'Part of the name; case and Unicode form do not matter' })
  nameContains?: string | null;

  @Field(() => DateTime, { nullable: true })
  createdAfter?: Date | null;

  @Field(() => DateTime, { nullable: true })
  createdBefore?: Date | null;
}

@InputType()
export class CreateBackupInput {
  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => BackupType, { nullable: true, defaultValue: BackupType.FULL })
  type?: BackupType | null;

  @Field(() => BackupFormat, { nullable: true, defaultValue: BackupFormat.JSON })
  format?: BackupFormat | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false })
  compress?: boolean | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false })
  encrypt?: boolean | null;

  @Field(() => String, { nullable: true })
  encryptionKey?: string | null;

  @Field(() => [String], { nullable: true })
  tags?: string[] | null;

  @Field(() => ResourceFilterInput, { nullable: true, description: 'Required for SELECTIVE, and for it only' })
  resourceFilter?: ResourceFilterInput | null;

  @Field(() => ID, { nullable: true, description: 'Which configured database; the default one if left out' })
  database?: string | null;

  @Field(() => CaptureMode, { nullable: true, defaultValue: CaptureMode.AUTO })
  capture?: CaptureMode | null;
}

@InputType()
export class ImportBackupInput {
  @Field(() => Upload, { nullable: true, description: 'Exactly one of file and data' })
  file?: Promise<FileUpload> | null;

  @Field(() => String, { nullable: true })
  data?: string | null;

  @Field(() => BackupFormat, {
    nullable: true,
    description:
      "Read from the content if left out: JSON, YAML or an OVSDB database file (standalone or of a cluster's " +
      "member), each also gzip-compressed, or this project's encrypted form",
  })
  format?: BackupFormat | null;

  @Field(() => String, { nullable: true })
  name?: string | null;

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => [String], { nullable: true })
  tags?: string[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Of an encrypted file. Without it the file is stored still encrypted: see sealed',
  })
  decryptionKey?: string | null;
}

@ObjectType()
export class ValidationReport {
  @Field(() => Boolean)
  valid!: boolean;

  @Field(() => Boolean, {
    description: 'False where the backup is encrypted and no key was given: then only the stored bytes were checked',
  })
  contentChecked!: boolean;

  @Field(() => BigIntScalar, { nullable: true })
  rowCount?: number | undefined;

  @Field(() => [String])
  errors!: readonly string[];

  @Field(() => [String])
  warnings!: readonly string[];
}
