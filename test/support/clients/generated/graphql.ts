/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** How a call came in */
export type AuditVia =
  /** GraphQL over HTTP */
  | 'GRAPHQL'
  /** REST */
  | 'REST'
  /** Nobody called: the server did it by itself */
  | 'SERVER'
  /** GraphQL over a WebSocket */
  | 'SOCKET';

/** Which backups are listed: those that meet every condition */
export type BackupFilterInput = {
  /** Backups made after this instant */
  createdAfter?: string | null | undefined;
  /** Backups made before this instant */
  createdBefore?: string | null | undefined;
  /** Backups of the database with this id */
  database?: string | null | undefined;
  /** Backups with this text in their name. Upper and lower case, and the Unicode form (NFC, NFD), do not matter */
  nameContains?: string | null | undefined;
  /** Backups that have any of these tags */
  tags?: Array<string> | null | undefined;
  /** Backups of this type. The type of a sealed one is not known */
  type?: BackupType | null | undefined;
};

/** Format of a backup file */
export type BackupFormat =
  /** A JSON document of this server, with one row a line */
  | 'JSON'
  /** A standalone database file, as ovsdb-server and ovsdb-client restore read it */
  | 'OVSDB'
  /** The same document in YAML */
  | 'YAML';

/** What a job is doing, or how it ended */
export type BackupPhase =
  /** It was cancelled, and nothing of it was stored */
  | 'CANCELLED'
  /** It reads the database, the file or the backup */
  | 'CAPTURING'
  /** It did not succeed: see its error. Also if the server crashed or was stopped meanwhile */
  | 'FAILED'
  /** It waits for its turn */
  | 'QUEUED'
  /** It writes the backup */
  | 'STORING'
  /** It has done its work */
  | 'SUCCEEDED';

/** How much of the database a backup has */
export type BackupType =
  /** The whole database */
  | 'FULL'
  /** Only what has changed since another backup, its parent, which is needed to read it */
  | 'INCREMENTAL'
  /** The part that a resource filter picks */
  | 'SELECTIVE';

/** How a backup reads the database */
export type CaptureMode =
  /** PACED on a cluster, and where FAST took a standalone server too long the last time. Otherwise FAST */
  | 'AUTO'
  /** In one request. The database server answers nobody else meanwhile */
  | 'FAST'
  /** In small steps, so that other clients of the database are answered in between */
  | 'PACED';

/** What happens to a row */
export type ChangeKind =
  /** It is deleted */
  | 'DELETE'
  /** It is created */
  | 'INSERT'
  /** It is left as it is */
  | 'SKIP'
  /** Some of its columns change */
  | 'UPDATE';

/** A configuration: a backup, or a database as it is now. Exactly one of backupId and database */
export type ConfigurationRefInput = {
  /** Id of a backup */
  backupId?: string | null | undefined;
  /** Id of a configured database, as it is now */
  database?: string | null | undefined;
  /** The passphrase of an encrypted backup */
  decryptionKey?: string | null | undefined;
};

/** What happens to a row of the backup that the database has too. A row that the database does not have is inserted under every policy, with the references to it that the backup has */
export type ConflictPolicy =
  /** If any row differs, nothing is done, and every difference is named */
  | 'ERROR'
  /** The row of the database is changed back. Its UUID stays, and so do equal columns */
  | 'OVERWRITE'
  /** The row of the database stays. A copy is made beside it: names get the suffix _restored_<time>, and references inside the copy point to the copy */
  | 'RENAME'
  /** The row of the database is left as it is, even if it differs */
  | 'SKIP';

/** What to back up, and how to store it */
export type CreateBackupInput = {
  /** How the database is read. FAST: in one request; the database answers nobody else meanwhile. PACED: in small steps. AUTO: the server chooses */
  capture?: CaptureMode | null | undefined;
  /** Compress the stored file with gzip */
  compress?: boolean | null | undefined;
  /** Id of the configured database to back up. Left out: the default one */
  database?: string | null | undefined;
  /** Free text, up to 2,000 characters */
  description?: string | null | undefined;
  /** Encrypt the stored file with AES-256-GCM. Needs encryptionKey */
  encrypt?: boolean | null | undefined;
  /** The passphrase, 1 to 1,024 characters. It is not stored: without it nobody can restore the backup. Needs encrypt */
  encryptionKey?: string | null | undefined;
  /** Format of the stored file. JSON and YAML: a document that people can read. OVSDB: a database file that ovsdb-server reads */
  format?: BackupFormat | null | undefined;
  /** Up to 200 characters. Several backups may have the same name */
  name: string;
  /** Where the rows are those of the newest backup of the database with the same resourceFilter, no backup is made, and the answer is that one. Its format must be the same, and its passphrase, if there is one */
  onlyIfChanged?: boolean | null | undefined;
  /** With INCREMENTAL: id of the backup that it builds on. Left out: the newest one that has the same resourceFilter, or none where none is given */
  parentId?: string | null | undefined;
  /** Which part is backed up. Needed with the type SELECTIVE. With FULL it is not used, and a warning says so */
  resourceFilter?: ResourceFilterInput | null | undefined;
  /** Labels to find the backup by: up to 50, of up to 100 characters each */
  tags?: Array<string> | null | undefined;
  /** FULL: the whole database. SELECTIVE: the part that resourceFilter picks. Left out: SELECTIVE with a resourceFilter, else FULL. INCREMENTAL: only what has changed since an earlier backup of the database. Where there is none that it can build on, a whole one is made, and a warning says why */
  type?: BackupType | null | undefined;
};

/** What becomes of incremental backups that build on one that is deleted */
export type DeleteCascade =
  /** They are deleted too */
  | 'DELETE'
  /** The ones that build on it directly are made to hold all their rows first */
  | 'MERGE'
  /** Nothing is deleted where others build on it */
  | 'REFUSE';

/** What a drill is doing, or how it ended */
export type DrillPhase =
  /** It was cancelled */
  | 'CANCELLED'
  /** It reads every row back, and compares it with the backup */
  | 'COMPARING'
  /** The backup is not proven restorable: see its error */
  | 'FAILED'
  /** ovn-northd works on the database, until its flows stand */
  | 'NORTHD'
  /** It waits for its turn */
  | 'QUEUED'
  /** It reads the backup, and restores it into an empty database */
  | 'RESTORING'
  /** The backup is proven restorable */
  | 'SUCCEEDED';

/** A file to store as a backup */
export type ImportBackupInput = {
  /** The document as text. Exactly one of file and data */
  data?: string | null | undefined;
  /** The passphrase of an encrypted file. Without it the file is stored as it is: see sealed */
  decryptionKey?: string | null | undefined;
  /** Description of the new backup. Left out: the one inside the file */
  description?: string | null | undefined;
  /** The file, as a part of a multipart request. Exactly one of file and data */
  file?: unknown;
  /** Format of the file. Left out: detected from its content */
  format?: BackupFormat | null | undefined;
  /** Name of the new backup. Left out: the one inside the file, or the name of the file. Refused for a chain, whose backups keep their names */
  name?: string | null | undefined;
  /** Tags of the new backup. Tags inside the file are not taken over. Refused for a chain, whose backups keep theirs */
  tags?: Array<string> | null | undefined;
};

/** What a job does */
export type JobKind =
  /** It makes a backup */
  | 'BACKUP'
  /** It restores a stored backup into a scratch database, and compares every row */
  | 'DRILL'
  /** It takes backups away that a retention policy does not keep */
  | 'EXPIRE'
  /** It stores a file as a backup */
  | 'IMPORT'
  /** It makes backups whole that build on one that is to be deleted */
  | 'MERGE'
  /** It reads a stored backup and checks it */
  | 'VERIFY';

/** Which part of the network. A name or a UUID picks a resource. It comes with its children, unless an include flag is false, and with everything these refer to. Without any list, everything is picked. Single ports, ACLs or NAT rules cannot be picked: name the switch or the router that has them */
export type ResourceFilterInput = {
  /** Names or UUIDs */
  addressSets?: Array<string> | null | undefined;
  /** false: leave out ACLs of switches and of port groups */
  includeAcls?: boolean | null | undefined;
  /** false: leave out DHCP options */
  includeDhcpOptions?: boolean | null | undefined;
  /** false: leave out load balancers */
  includeLoadBalancers?: boolean | null | undefined;
  /** false: leave out NAT rules */
  includeNat?: boolean | null | undefined;
  /** false: leave out the ports of switches and routers */
  includePorts?: boolean | null | undefined;
  /** false: leave out QoS rules */
  includeQos?: boolean | null | undefined;
  /** Names or UUIDs */
  loadBalancers?: Array<string> | null | undefined;
  /** Names or UUIDs */
  portGroups?: Array<string> | null | undefined;
  /** Names or UUIDs */
  routers?: Array<string> | null | undefined;
  /** Names or UUIDs */
  switches?: Array<string> | null | undefined;
};

/** Treats a row of the backup as this row of the database */
export type ResourceMappingInput = {
  /** Name or UUID in the backup */
  from: string;
  /** Name or UUID in the database */
  to: string;
};

/** What to restore, and how */
export type RestoreBackupInput = {
  /** Id of the backup to restore */
  backupId: string;
  /** The restore undoes itself unless it is confirmed within this many seconds, 1 to 86,400. Until then other restores of the database are refused, or wait with queue. A dry run does not use it */
  confirmWithinSeconds?: number | null | undefined;
  /** What happens to a live row that the backup has too. SKIP: it is left as it is. OVERWRITE: it is changed back, and keeps its UUID. RENAME: it stays, and a copy is made beside it. ERROR: if any row differs, nothing is done */
  conflictPolicy?: ConflictPolicy | null | undefined;
  /** Id of the configured database to restore into. Left out: the one that the backup came from */
  database?: string | null | undefined;
  /** The passphrase of an encrypted backup */
  decryptionKey?: string | null | undefined;
  /** Plan and count everything, but change nothing */
  dryRun?: boolean | null | undefined;
  /** With OVERWRITE: also delete the live rows, within restoreFilter, that the backup does not have. The database then equals the backup */
  exact?: boolean | null | undefined;
  /** Continue despite warnings, for example when columns would be lost */
  force?: boolean | null | undefined;
  /** true: if another restore of the database awaits its confirmation, wait for that. false: be refused with CONFLICT */
  queue?: boolean | null | undefined;
  /** Treats a row of the backup as this live row: its children attach there, and references to it point there */
  resourceMapping?: Array<ResourceMappingInput> | null | undefined;
  /** Restore only this part. Of a selective backup: only what it has of this part */
  restoreFilter?: ResourceFilterInput | null | undefined;
  /** What to wait for after the commit, like ovn-nbctl --wait. NONE: nothing. SB: ovn-northd. HV: ovn-northd and the chassis */
  sync?: SyncTarget | null | undefined;
  /** What is checked after the commit. ASSERTIONS: that each planned change is in the database. FULL: every row of the changed tables is read back and compared */
  verify?: VerifyMode | null | undefined;
  /** true: answer when the restore has ended, or awaits confirmation. false: answer at once */
  wait?: boolean | null | undefined;
};

/** What a restore is doing, or how it ended */
export type RestorePhase =
  /** It sends the changes to the database. From here on it cannot be cancelled */
  | 'APPLYING'
  /** The changes are in the database. It undoes itself unless confirmRestore comes in time */
  | 'AWAITING_CONFIRMATION'
  /** It was cancelled before it changed anything */
  | 'CANCELLED'
  /** It waits until northd, or the chassis too, have applied the change */
  | 'CONVERGING'
  /** It did not succeed. The database is as it was, unless the error is UNDO_IMPOSSIBLE */
  | 'FAILED'
  /** It compares them and plans the changes */
  | 'PLANNING'
  /** It waits for its turn, or for another restore of the database */
  | 'QUEUED'
  /** It reads the backup and the database */
  | 'READING'
  /** The answer of the database was lost, or the server crashed. It finds out what the database has done */
  | 'RECOVERING'
  /** The changes are in the database, or there was nothing to change */
  | 'SUCCEEDED'
  /** Another restore has undone it: see undoneBy. If that was undone too, the warnings say so */
  | 'UNDONE'
  /** It checks that the changes are in the database */
  | 'VERIFYING';

/** Which backups are kept: those that any of the rules keeps. At least one rule is needed. Rules count in each database and resource filter by itself, and imported backups are counted apart. Always kept are: pinned ones, those in use, the newest good one and the newest verified one, those from the future, and what a kept one builds on. One that cannot be read counts for no rule */
export type RetentionPolicyInput = {
  /** Of the newest so many days that have a backup, the newest backup of each is kept */
  keepDaily?: number | null | undefined;
  /** Of the newest so many hours that have a backup, the newest backup of each is kept */
  keepHourly?: number | null | undefined;
  /** So many of the newest backups are kept */
  keepLast?: number | null | undefined;
  /** Of the newest so many months that have a backup, the newest backup of each is kept */
  keepMonthly?: number | null | undefined;
  /** Backups that have one of these tags are kept */
  keepTags?: Array<string> | null | undefined;
  /** Of the newest so many ISO weeks, which begin on Monday, that have a backup, the newest backup of each is kept */
  keepWeekly?: number | null | undefined;
  /** Backups that are not older than this are kept: a duration of ISO 8601, such as P14D or P1Y6M */
  keepWithin?: string | null | undefined;
  /** Of the newest so many years that have a backup, the newest backup of each is kept */
  keepYearly?: number | null | undefined;
};

/** What a restore waits for after the commit, like ovn-nbctl --wait */
export type SyncTarget =
  /** Until the chassis have applied the change too */
  | 'HV'
  /** Nothing */
  | 'NONE'
  /** Until ovn-northd has applied the change to the Southbound database */
  | 'SB';

/** What a restore checks after the commit. A row that differs was changed by somebody else since: a warning names it */
export type VerifyMode =
  /** That each planned change is in the database */
  | 'ASSERTIONS'
  /** Every row of the changed tables, within restoreFilter, is read back and compared */
  | 'FULL';

export type AuditLogQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  subject?: string | null | undefined;
  action?: string | null | undefined;
  result?: string | null | undefined;
  since?: string | null | undefined;
  until?: string | null | undefined;
}>;


export type AuditLogQuery = { auditLog: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ seq: number, at: string, subject: string | null, action: string, via: AuditVia, address: string | null, result: string, requestId: string | null, repeated: number, note: string | null, hash: string, target: { backupId: string | null, restoreId: string | null, undoOf: string | null, name: string | null, database: string | null, dryRun: boolean } | null }> } };

export type AuditCheckQueryVariables = Exact<{ [key: string]: never; }>;


export type AuditCheckQuery = { auditCheck: { intact: boolean, lines: number, firstSeq: number | null, lastSeq: number | null, lastHash: string | null, faultCount: number, faults: Array<{ seq: number | null, file: string, line: number | null, message: string }> } };

export type PulledInFieldsFragment = { table: string, uuid: string, label: string, reason: string };

export type BackupFieldsFragment = { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, imported: boolean, capturedAt: string, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> };

export type BackupStateFragment = { capturedAt: string, chainLength: number, verifiedAt: string | null, damage: Array<string>, changes: { inserted: number, updated: number, deleted: number } | null, parent: { id: string, name: string } | null, children: Array<{ id: string, name: string }>, lastDrill: { id: string, phase: DrillPhase, success: boolean | null, finishedAt: string | null, message: string } | null };

export type BackupListFieldsFragment = { id: string, name: string, file: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, capturedAt: string, database: string, size: number, rowCount: number, compressed: boolean, encrypted: boolean, sealed: boolean, tags: Array<string>, chainLength: number, verifiedAt: string | null, damage: Array<string>, parent: { id: string } | null };

export type GetBackupQueryVariables = Exact<{
  id: string;
}>;


export type GetBackupQuery = { backup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, imported: boolean, capturedAt: string, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, chainLength: number, verifiedAt: string | null, damage: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }>, changes: { inserted: number, updated: number, deleted: number } | null, parent: { id: string, name: string } | null, children: Array<{ id: string, name: string }>, lastDrill: { id: string, phase: DrillPhase, success: boolean | null, finishedAt: string | null, message: string } | null } | null };

export type ListBackupsQueryVariables = Exact<{
  filter?: BackupFilterInput | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListBackupsQuery = { backups: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ id: string, name: string, file: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, capturedAt: string, database: string, size: number, rowCount: number, compressed: boolean, encrypted: boolean, sealed: boolean, tags: Array<string>, chainLength: number, verifiedAt: string | null, damage: Array<string>, parent: { id: string } | null }> } };

export type CreateBackupMutationVariables = Exact<{
  input: CreateBackupInput;
}>;


export type CreateBackupMutation = { createBackup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, imported: boolean, capturedAt: string, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } };

export type ImportBackupMutationVariables = Exact<{
  input: ImportBackupInput;
}>;


export type ImportBackupMutation = { importBackup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, imported: boolean, capturedAt: string, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } };

export type DeleteBackupMutationVariables = Exact<{
  id: string;
  cascade?: DeleteCascade | null | undefined;
}>;


export type DeleteBackupMutation = { deleteBackup: string };

export type ValidateBackupMutationVariables = Exact<{
  id: string;
  decryptionKey?: string | null | undefined;
}>;


export type ValidateBackupMutation = { validateBackup: { valid: boolean, contentChecked: boolean, rowCount: number | null, errors: Array<string>, warnings: Array<string> } };

export type VerifyBackupsMutationVariables = Exact<{
  filter?: BackupFilterInput | null | undefined;
}>;


export type VerifyBackupsMutation = { verifyBackups: { checked: number, good: number, bytesOnly: number, damaged: Array<{ id: string, name: string, damage: Array<string> }> } };

export type PrepareExportMutationVariables = Exact<{
  backupId: string;
  format?: BackupFormat | null | undefined;
  raw?: boolean | null | undefined;
  chain?: boolean | null | undefined;
  decryptionKey?: string | null | undefined;
}>;


export type PrepareExportMutation = { prepareExport: { url: string, expiresAt: string } };

export type PageInfoFieldsFragment = { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null };

export type OperationErrorFieldsFragment = { code: string, message: string, table: string | null, label: string | null };

export type ListDatabasesQueryVariables = Exact<{ [key: string]: never; }>;


export type ListDatabasesQuery = { databases: Array<{ id: string, label: string, default: boolean, remotes: Array<string>, schemaName: string | null, schemaVersion: string | null, connected: boolean, clustered: boolean | null, leader: boolean | null, readOnly: boolean | null, error: string | null, rowCount: number | null, tables: Array<{ table: string, rows: number }>, lastBackup: { id: string, name: string, createdAt: string } | null, lastRestore: { id: string, phase: RestorePhase, startedAt: string } | null }> };

export type GetViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type GetViewerQuery = { viewer: { subject: string, permissions: Array<string>, databases: Array<string> | null } };

export type DiffQueryVariables = Exact<{
  from: ConfigurationRefInput;
  to: ConfigurationRefInput;
  filter?: ResourceFilterInput | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  kind?: ChangeKind | null | undefined;
  kinds?: Array<ChangeKind> | ChangeKind | null | undefined;
  table?: string | null | undefined;
}>;


export type DiffQuery = { diff: { identical: boolean, inserted: number, updated: number, deleted: number, changes: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ kind: ChangeKind, table: string, uuid: string, label: string, reason: string | null, columns: Array<{ column: string, before: unknown, after: unknown, added: unknown, removed: unknown }> }> } } };

export type DrillFieldsFragment = { id: string, phase: DrillPhase, success: boolean | null, startedBy: string, startedAt: string, finishedAt: string | null, message: string, rowsCompared: number | null, restoreSeconds: number | null, compareSeconds: number | null, northdSeconds: number | null, logicalFlows: number | null, northdWarnings: Array<string>, differences: Array<string>, notes: Array<string>, backup: { id: string, name: string }, error: { code: string, message: string, table: string | null, label: string | null } | null };

export type DrillBackupMutationVariables = Exact<{
  id: string;
  decryptionKey?: string | null | undefined;
  northd?: boolean | null | undefined;
  wait?: boolean | null | undefined;
}>;


export type DrillBackupMutation = { drillBackup: { id: string, phase: DrillPhase, success: boolean | null, startedBy: string, startedAt: string, finishedAt: string | null, message: string, rowsCompared: number | null, restoreSeconds: number | null, compareSeconds: number | null, northdSeconds: number | null, logicalFlows: number | null, northdWarnings: Array<string>, differences: Array<string>, notes: Array<string>, backup: { id: string, name: string }, error: { code: string, message: string, table: string | null, label: string | null } | null } };

export type GetDrillQueryVariables = Exact<{
  id: string;
}>;


export type GetDrillQuery = { drill: { id: string, phase: DrillPhase, success: boolean | null, startedBy: string, startedAt: string, finishedAt: string | null, message: string, rowsCompared: number | null, restoreSeconds: number | null, compareSeconds: number | null, northdSeconds: number | null, logicalFlows: number | null, northdWarnings: Array<string>, differences: Array<string>, notes: Array<string>, backup: { id: string, name: string }, error: { code: string, message: string, table: string | null, label: string | null } | null } | null };

export type ListDrillsQueryVariables = Exact<{
  backupId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListDrillsQuery = { drills: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ id: string, phase: DrillPhase, success: boolean | null, startedBy: string, startedAt: string, finishedAt: string | null, message: string, rowsCompared: number | null, restoreSeconds: number | null, compareSeconds: number | null, northdSeconds: number | null, logicalFlows: number | null, northdWarnings: Array<string>, differences: Array<string>, notes: Array<string>, backup: { id: string, name: string }, error: { code: string, message: string, table: string | null, label: string | null } | null }> } };

export type LastDrillQueryVariables = Exact<{
  id: string;
}>;


export type LastDrillQuery = { backup: { id: string, lastDrill: { id: string, phase: DrillPhase, success: boolean | null, startedBy: string, startedAt: string, finishedAt: string | null, message: string, rowsCompared: number | null, restoreSeconds: number | null, compareSeconds: number | null, northdSeconds: number | null, logicalFlows: number | null, northdWarnings: Array<string>, differences: Array<string>, notes: Array<string>, backup: { id: string, name: string }, error: { code: string, message: string, table: string | null, label: string | null } | null } | null } | null };

export type DrillProgressSubscriptionVariables = Exact<{
  id: string;
}>;


export type DrillProgressSubscription = { drillProgress: { id: string, phase: DrillPhase, success: boolean | null, startedBy: string, startedAt: string, finishedAt: string | null, message: string, rowsCompared: number | null, restoreSeconds: number | null, compareSeconds: number | null, northdSeconds: number | null, logicalFlows: number | null, northdWarnings: Array<string>, differences: Array<string>, notes: Array<string>, backup: { id: string, name: string }, error: { code: string, message: string, table: string | null, label: string | null } | null } };

export type BackupProgressFieldsFragment = { jobId: string, kind: JobKind, database: string, backupId: string | null, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null };

export type JobFieldsFragment = { id: string, kind: JobKind, database: string, phase: BackupPhase, startedBy: string, startedAt: string, finishedAt: string | null, progress: { jobId: string, kind: JobKind, database: string, backupId: string | null, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null }, backup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, imported: boolean, capturedAt: string, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } | null, error: { code: string, message: string, table: string | null, label: string | null } | null };

export type StartBackupMutationVariables = Exact<{
  input: CreateBackupInput;
}>;


export type StartBackupMutation = { startBackup: { id: string, kind: JobKind, database: string, phase: BackupPhase, startedBy: string, startedAt: string, finishedAt: string | null, progress: { jobId: string, kind: JobKind, database: string, backupId: string | null, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null }, backup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, imported: boolean, capturedAt: string, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } | null, error: { code: string, message: string, table: string | null, label: string | null } | null } };

export type GetBackupJobQueryVariables = Exact<{
  id: string;
}>;


export type GetBackupJobQuery = { backupJob: { id: string, kind: JobKind, database: string, phase: BackupPhase, startedBy: string, startedAt: string, finishedAt: string | null, progress: { jobId: string, kind: JobKind, database: string, backupId: string | null, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null }, backup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, imported: boolean, capturedAt: string, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } | null, error: { code: string, message: string, table: string | null, label: string | null } | null } | null };

export type ListJobsQueryVariables = Exact<{
  kind?: JobKind | null | undefined;
  database?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListJobsQuery = { jobs: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ id: string, kind: JobKind, database: string, phase: BackupPhase, startedBy: string, startedAt: string, finishedAt: string | null, progress: { jobId: string, kind: JobKind, database: string, backupId: string | null, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null }, backup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, imported: boolean, capturedAt: string, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } | null, error: { code: string, message: string, table: string | null, label: string | null } | null }> } };

export type CancelJobMutationVariables = Exact<{
  id: string;
}>;


export type CancelJobMutation = { cancelJob: { id: string, kind: JobKind, database: string, phase: BackupPhase, startedBy: string, startedAt: string, finishedAt: string | null, progress: { jobId: string, kind: JobKind, database: string, backupId: string | null, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null }, backup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, imported: boolean, capturedAt: string, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } | null, error: { code: string, message: string, table: string | null, label: string | null } | null } };

export type BackupStepsSubscriptionVariables = Exact<{
  jobId: string;
}>;


export type BackupStepsSubscription = { backupProgress: { jobId: string, kind: JobKind, database: string, backupId: string | null, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null } };

export type JobActivitySubscriptionVariables = Exact<{ [key: string]: never; }>;


export type JobActivitySubscription = { jobActivity: { jobId: string, kind: JobKind, database: string, backupId: string | null, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null } };

export type RowChangeKeysFragment = { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ kind: ChangeKind, table: string, uuid: string, label: string, reason: string | null, columns: Array<{ column: string }> }> };

export type RowChangePageFragment = { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ kind: ChangeKind, table: string, uuid: string, label: string, reason: string | null, columns: Array<{ column: string, before: unknown, after: unknown, added: unknown, removed: unknown }> }> };

export type RestoreResultFieldsFragment = { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> };

export type RestoreProgressFieldsFragment = { restoreId: string, database: string, backupId: string, dryRun: boolean, undoOfId: string | null, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null };

export type RestoreFieldsFragment = { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, confirmBefore: string | null, undoOf: { id: string } | null, undoneBy: { id: string } | null, backup: { id: string, name: string } | null, progress: { restoreId: string, database: string, backupId: string, dryRun: boolean, undoOfId: string | null, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null };

export type GetRestoreQueryVariables = Exact<{
  id: string;
}>;


export type GetRestoreQuery = { restore: { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, confirmBefore: string | null, undoOf: { id: string } | null, undoneBy: { id: string } | null, backup: { id: string, name: string } | null, progress: { restoreId: string, database: string, backupId: string, dryRun: boolean, undoOfId: string | null, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null } | null };

export type ListRestoresQueryVariables = Exact<{
  backupId?: string | null | undefined;
  dryRun?: boolean | null | undefined;
  phase?: RestorePhase | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListRestoresQuery = { restores: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, confirmBefore: string | null, undoOf: { id: string } | null, undoneBy: { id: string } | null, backup: { id: string, name: string } | null, progress: { restoreId: string, database: string, backupId: string, dryRun: boolean, undoOfId: string | null, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }> } };

export type RestoreChangesQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  kind?: ChangeKind | null | undefined;
  kinds?: Array<ChangeKind> | ChangeKind | null | undefined;
  table?: string | null | undefined;
  decryptionKey?: string | null | undefined;
  withValues?: boolean | null | undefined;
}>;


export type RestoreChangesQuery = { restore: { id: string, result: { changes: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ kind: ChangeKind, table: string, uuid: string, label: string, reason: string | null, columns: Array<{ column: string }> }> } & { totalCount?: number, pageInfo?: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes?: Array<{ kind: ChangeKind, table: string, uuid: string, label: string, reason: string | null, columns: Array<{ column: string, before: unknown, after: unknown, added: unknown, removed: unknown }> }> } } | null } | null };

export type RestoreBackupMutationVariables = Exact<{
  input: RestoreBackupInput;
}>;


export type RestoreBackupMutation = { restoreBackup: { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, confirmBefore: string | null, undoOf: { id: string } | null, undoneBy: { id: string } | null, backup: { id: string, name: string } | null, progress: { restoreId: string, database: string, backupId: string, dryRun: boolean, undoOfId: string | null, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null } };

export type CancelRestoreMutationVariables = Exact<{
  id: string;
}>;


export type CancelRestoreMutation = { cancelRestore: { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, confirmBefore: string | null, undoOf: { id: string } | null, undoneBy: { id: string } | null, backup: { id: string, name: string } | null, progress: { restoreId: string, database: string, backupId: string, dryRun: boolean, undoOfId: string | null, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null } };

export type ConfirmRestoreMutationVariables = Exact<{
  id: string;
}>;


export type ConfirmRestoreMutation = { confirmRestore: { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, confirmBefore: string | null, undoOf: { id: string } | null, undoneBy: { id: string } | null, backup: { id: string, name: string } | null, progress: { restoreId: string, database: string, backupId: string, dryRun: boolean, undoOfId: string | null, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null } };

export type UndoRestoreMutationVariables = Exact<{
  id: string;
  force?: boolean | null | undefined;
  dryRun?: boolean | null | undefined;
  wait?: boolean | null | undefined;
}>;


export type UndoRestoreMutation = { undoRestore: { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, confirmBefore: string | null, undoOf: { id: string } | null, undoneBy: { id: string } | null, backup: { id: string, name: string } | null, progress: { restoreId: string, database: string, backupId: string, dryRun: boolean, undoOfId: string | null, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null } };

export type RestoreStepsSubscriptionVariables = Exact<{
  restoreId: string;
}>;


export type RestoreStepsSubscription = { restoreProgress: { restoreId: string, database: string, backupId: string, dryRun: boolean, undoOfId: string | null, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null } };

export type RestoreActivitySubscriptionVariables = Exact<{ [key: string]: never; }>;


export type RestoreActivitySubscription = { restoreActivity: { restoreId: string, database: string, backupId: string, dryRun: boolean, undoOfId: string | null, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null } };

export type ExpireBackupsMutationVariables = Exact<{
  policy: RetentionPolicyInput;
  filter?: BackupFilterInput | null | undefined;
  timeZone?: string | null | undefined;
  dryRun?: boolean | null | undefined;
}>;


export type ExpireBackupsMutation = { expireBackups: { dryRun: boolean, bytesFreed: number, kept: Array<{ reasons: Array<string>, backup: { id: string, name: string, createdAt: string } }>, expired: Array<{ id: string, name: string, createdAt: string }> } };

export type PinBackupMutationVariables = Exact<{
  id: string;
  pinned: boolean;
}>;


export type PinBackupMutation = { pinBackup: { id: string, pinned: boolean } };

export type SearchQueryVariables = Exact<{
  of: ConfigurationRefInput;
  text: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type SearchQuery = { search: { totalCount: number, nodes: Array<{ table: string, uuid: string, label: string, columns: unknown }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type ListRowsQueryVariables = Exact<{
  of: ConfigurationRefInput;
  table: string;
  search?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListRowsQuery = { rows: { totalCount: number, nodes: Array<{ table: string, uuid: string, label: string, columns: unknown }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type GetRowQueryVariables = Exact<{
  of: ConfigurationRefInput;
  table: string;
  uuid: string;
}>;


export type GetRowQuery = { row: { table: string, uuid: string, label: string, columns: unknown, referredToBy: Array<{ column: string, table: string, uuid: string, label: string }>, refersTo: Array<{ column: string, table: string, uuid: string, label: string }> } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const BackupStateFragmentDoc = new TypedDocumentString(`
    fragment BackupState on Backup {
  capturedAt
  chainLength
  changes {
    inserted
    updated
    deleted
  }
  parent {
    id
    name
  }
  children {
    id
    name
  }
  verifiedAt
  damage
  lastDrill {
    id
    phase
    success
    finishedAt
    message
  }
}
    `, {"fragmentName":"BackupState"}) as unknown as TypedDocumentString<BackupStateFragment, unknown>;
export const BackupListFieldsFragmentDoc = new TypedDocumentString(`
    fragment BackupListFields on Backup {
  id
  name
  file
  description
  type
  format
  createdAt
  createdBy
  capturedAt
  database
  size
  rowCount
  compressed
  encrypted
  sealed
  tags
  chainLength
  parent {
    id
  }
  verifiedAt
  damage
}
    `, {"fragmentName":"BackupListFields"}) as unknown as TypedDocumentString<BackupListFieldsFragment, unknown>;
export const OperationErrorFieldsFragmentDoc = new TypedDocumentString(`
    fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
    `, {"fragmentName":"OperationErrorFields"}) as unknown as TypedDocumentString<OperationErrorFieldsFragment, unknown>;
export const DrillFieldsFragmentDoc = new TypedDocumentString(`
    fragment DrillFields on Drill {
  id
  backup {
    id
    name
  }
  phase
  success
  startedBy
  startedAt
  finishedAt
  message
  rowsCompared
  restoreSeconds
  compareSeconds
  northdSeconds
  logicalFlows
  northdWarnings
  differences
  notes
  error {
    ...OperationErrorFields
  }
}
    fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}`, {"fragmentName":"DrillFields"}) as unknown as TypedDocumentString<DrillFieldsFragment, unknown>;
export const BackupProgressFieldsFragmentDoc = new TypedDocumentString(`
    fragment BackupProgressFields on BackupProgress {
  jobId
  kind
  database
  backupId
  phase
  rows
  totalRows
  bytes
  fraction
  message
  at
  backup {
    id
    rowCount
    size
  }
  error {
    ...OperationErrorFields
  }
}
    fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}`, {"fragmentName":"BackupProgressFields"}) as unknown as TypedDocumentString<BackupProgressFieldsFragment, unknown>;
export const PulledInFieldsFragmentDoc = new TypedDocumentString(`
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
    `, {"fragmentName":"PulledInFields"}) as unknown as TypedDocumentString<PulledInFieldsFragment, unknown>;
export const BackupFieldsFragmentDoc = new TypedDocumentString(`
    fragment BackupFields on Backup {
  id
  name
  description
  type
  format
  createdAt
  createdBy
  database
  schemaName
  schemaVersion
  file
  size
  contentSize
  checksum
  contentDigest
  compressed
  encrypted
  sealed
  imported
  capturedAt
  rowCount
  tags
  resourceFilter {
    switches
    routers
    portGroups
    addressSets
    loadBalancers
    includePorts
    includeAcls
    includeLoadBalancers
    includeNat
    includeDhcpOptions
    includeQos
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  tables {
    table
    rows
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}`, {"fragmentName":"BackupFields"}) as unknown as TypedDocumentString<BackupFieldsFragment, unknown>;
export const JobFieldsFragmentDoc = new TypedDocumentString(`
    fragment JobFields on BackupJob {
  id
  kind
  database
  phase
  startedBy
  startedAt
  finishedAt
  progress {
    ...BackupProgressFields
  }
  backup {
    ...BackupFields
  }
  error {
    ...OperationErrorFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment BackupFields on Backup {
  id
  name
  description
  type
  format
  createdAt
  createdBy
  database
  schemaName
  schemaVersion
  file
  size
  contentSize
  checksum
  contentDigest
  compressed
  encrypted
  sealed
  imported
  capturedAt
  rowCount
  tags
  resourceFilter {
    switches
    routers
    portGroups
    addressSets
    loadBalancers
    includePorts
    includeAcls
    includeLoadBalancers
    includeNat
    includeDhcpOptions
    includeQos
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  tables {
    table
    rows
  }
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment BackupProgressFields on BackupProgress {
  jobId
  kind
  database
  backupId
  phase
  rows
  totalRows
  bytes
  fraction
  message
  at
  backup {
    id
    rowCount
    size
  }
  error {
    ...OperationErrorFields
  }
}`, {"fragmentName":"JobFields"}) as unknown as TypedDocumentString<JobFieldsFragment, unknown>;
export const PageInfoFieldsFragmentDoc = new TypedDocumentString(`
    fragment PageInfoFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}
    `, {"fragmentName":"PageInfoFields"}) as unknown as TypedDocumentString<PageInfoFieldsFragment, unknown>;
export const RowChangeKeysFragmentDoc = new TypedDocumentString(`
    fragment RowChangeKeys on RowChangeConnection {
  totalCount
  pageInfo {
    ...PageInfoFields
  }
  nodes {
    kind
    table
    uuid
    label
    reason
    columns {
      column
    }
  }
}
    fragment PageInfoFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}`, {"fragmentName":"RowChangeKeys"}) as unknown as TypedDocumentString<RowChangeKeysFragment, unknown>;
export const RowChangePageFragmentDoc = new TypedDocumentString(`
    fragment RowChangePage on RowChangeConnection {
  totalCount
  pageInfo {
    ...PageInfoFields
  }
  nodes {
    kind
    table
    uuid
    label
    reason
    columns {
      column
      before
      after
      added
      removed
    }
  }
}
    fragment PageInfoFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}`, {"fragmentName":"RowChangePage"}) as unknown as TypedDocumentString<RowChangePageFragment, unknown>;
export const RestoreResultFieldsFragmentDoc = new TypedDocumentString(`
    fragment RestoreResultFields on RestoreResult {
  success
  dryRun
  restoredCount
  skippedCount
  differingCount
  deletedCount
  errorCount
  processingTime
  convergenceSeconds
  steps
  owners {
    owner
    inserted
    updated
    deleted
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  errors {
    ...OperationErrorFields
  }
  details {
    resource
    table
    total
    restored
    skipped
    differing
    deleted
    failed
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}`, {"fragmentName":"RestoreResultFields"}) as unknown as TypedDocumentString<RestoreResultFieldsFragment, unknown>;
export const RestoreProgressFieldsFragmentDoc = new TypedDocumentString(`
    fragment RestoreProgressFields on RestoreProgress {
  restoreId
  database
  backupId
  dryRun
  undoOfId
  phase
  completed
  total
  fraction
  message
  at
  confirmBefore
  secondsLeft
  result {
    ...RestoreResultFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment RestoreResultFields on RestoreResult {
  success
  dryRun
  restoredCount
  skippedCount
  differingCount
  deletedCount
  errorCount
  processingTime
  convergenceSeconds
  steps
  owners {
    owner
    inserted
    updated
    deleted
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  errors {
    ...OperationErrorFields
  }
  details {
    resource
    table
    total
    restored
    skipped
    differing
    deleted
    failed
  }
}`, {"fragmentName":"RestoreProgressFields"}) as unknown as TypedDocumentString<RestoreProgressFieldsFragment, unknown>;
export const RestoreFieldsFragmentDoc = new TypedDocumentString(`
    fragment RestoreFields on Restore {
  id
  database
  conflictPolicy
  dryRun
  phase
  startedAt
  startedBy
  finishedAt
  confirmBefore
  undoOf {
    id
  }
  undoneBy {
    id
  }
  backup {
    id
    name
  }
  progress {
    ...RestoreProgressFields
  }
  result {
    ...RestoreResultFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment RestoreResultFields on RestoreResult {
  success
  dryRun
  restoredCount
  skippedCount
  differingCount
  deletedCount
  errorCount
  processingTime
  convergenceSeconds
  steps
  owners {
    owner
    inserted
    updated
    deleted
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  errors {
    ...OperationErrorFields
  }
  details {
    resource
    table
    total
    restored
    skipped
    differing
    deleted
    failed
  }
}
fragment RestoreProgressFields on RestoreProgress {
  restoreId
  database
  backupId
  dryRun
  undoOfId
  phase
  completed
  total
  fraction
  message
  at
  confirmBefore
  secondsLeft
  result {
    ...RestoreResultFields
  }
}`, {"fragmentName":"RestoreFields"}) as unknown as TypedDocumentString<RestoreFieldsFragment, unknown>;
export const AuditLogDocument = new TypedDocumentString(`
    query AuditLog($first: Int, $after: String, $subject: String, $action: String, $result: String, $since: DateTime, $until: DateTime) {
  auditLog(
    first: $first
    after: $after
    subject: $subject
    action: $action
    result: $result
    since: $since
    until: $until
  ) {
    totalCount
    pageInfo {
      ...PageInfoFields
    }
    nodes {
      seq
      at
      subject
      action
      via
      address
      target {
        backupId
        restoreId
        undoOf
        name
        database
        dryRun
      }
      result
      requestId
      repeated
      note
      hash
    }
  }
}
    fragment PageInfoFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}`) as unknown as TypedDocumentString<AuditLogQuery, AuditLogQueryVariables>;
export const AuditCheckDocument = new TypedDocumentString(`
    query AuditCheck {
  auditCheck {
    intact
    lines
    firstSeq
    lastSeq
    lastHash
    faultCount
    faults {
      seq
      file
      line
      message
    }
  }
}
    `) as unknown as TypedDocumentString<AuditCheckQuery, AuditCheckQueryVariables>;
export const GetBackupDocument = new TypedDocumentString(`
    query GetBackup($id: ID!) {
  backup(id: $id) {
    ...BackupFields
    ...BackupState
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment BackupFields on Backup {
  id
  name
  description
  type
  format
  createdAt
  createdBy
  database
  schemaName
  schemaVersion
  file
  size
  contentSize
  checksum
  contentDigest
  compressed
  encrypted
  sealed
  imported
  capturedAt
  rowCount
  tags
  resourceFilter {
    switches
    routers
    portGroups
    addressSets
    loadBalancers
    includePorts
    includeAcls
    includeLoadBalancers
    includeNat
    includeDhcpOptions
    includeQos
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  tables {
    table
    rows
  }
}
fragment BackupState on Backup {
  capturedAt
  chainLength
  changes {
    inserted
    updated
    deleted
  }
  parent {
    id
    name
  }
  children {
    id
    name
  }
  verifiedAt
  damage
  lastDrill {
    id
    phase
    success
    finishedAt
    message
  }
}`) as unknown as TypedDocumentString<GetBackupQuery, GetBackupQueryVariables>;
export const ListBackupsDocument = new TypedDocumentString(`
    query ListBackups($filter: BackupFilterInput, $first: Int, $after: String) {
  backups(filter: $filter, first: $first, after: $after) {
    totalCount
    pageInfo {
      ...PageInfoFields
    }
    nodes {
      ...BackupListFields
    }
  }
}
    fragment BackupListFields on Backup {
  id
  name
  file
  description
  type
  format
  createdAt
  createdBy
  capturedAt
  database
  size
  rowCount
  compressed
  encrypted
  sealed
  tags
  chainLength
  parent {
    id
  }
  verifiedAt
  damage
}
fragment PageInfoFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}`) as unknown as TypedDocumentString<ListBackupsQuery, ListBackupsQueryVariables>;
export const CreateBackupDocument = new TypedDocumentString(`
    mutation CreateBackup($input: CreateBackupInput!) {
  createBackup(input: $input) {
    ...BackupFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment BackupFields on Backup {
  id
  name
  description
  type
  format
  createdAt
  createdBy
  database
  schemaName
  schemaVersion
  file
  size
  contentSize
  checksum
  contentDigest
  compressed
  encrypted
  sealed
  imported
  capturedAt
  rowCount
  tags
  resourceFilter {
    switches
    routers
    portGroups
    addressSets
    loadBalancers
    includePorts
    includeAcls
    includeLoadBalancers
    includeNat
    includeDhcpOptions
    includeQos
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  tables {
    table
    rows
  }
}`) as unknown as TypedDocumentString<CreateBackupMutation, CreateBackupMutationVariables>;
export const ImportBackupDocument = new TypedDocumentString(`
    mutation ImportBackup($input: ImportBackupInput!) {
  importBackup(input: $input) {
    ...BackupFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment BackupFields on Backup {
  id
  name
  description
  type
  format
  createdAt
  createdBy
  database
  schemaName
  schemaVersion
  file
  size
  contentSize
  checksum
  contentDigest
  compressed
  encrypted
  sealed
  imported
  capturedAt
  rowCount
  tags
  resourceFilter {
    switches
    routers
    portGroups
    addressSets
    loadBalancers
    includePorts
    includeAcls
    includeLoadBalancers
    includeNat
    includeDhcpOptions
    includeQos
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  tables {
    table
    rows
  }
}`) as unknown as TypedDocumentString<ImportBackupMutation, ImportBackupMutationVariables>;
export const DeleteBackupDocument = new TypedDocumentString(`
    mutation DeleteBackup($id: ID!, $cascade: DeleteCascade = REFUSE) {
  deleteBackup(id: $id, cascade: $cascade)
}
    `) as unknown as TypedDocumentString<DeleteBackupMutation, DeleteBackupMutationVariables>;
export const ValidateBackupDocument = new TypedDocumentString(`
    mutation ValidateBackup($id: ID!, $decryptionKey: String) {
  validateBackup(id: $id, decryptionKey: $decryptionKey) {
    valid
    contentChecked
    rowCount
    errors
    warnings
  }
}
    `) as unknown as TypedDocumentString<ValidateBackupMutation, ValidateBackupMutationVariables>;
export const VerifyBackupsDocument = new TypedDocumentString(`
    mutation VerifyBackups($filter: BackupFilterInput) {
  verifyBackups(filter: $filter) {
    checked
    good
    bytesOnly
    damaged {
      id
      name
      damage
    }
  }
}
    `) as unknown as TypedDocumentString<VerifyBackupsMutation, VerifyBackupsMutationVariables>;
export const PrepareExportDocument = new TypedDocumentString(`
    mutation PrepareExport($backupId: ID!, $format: BackupFormat = JSON, $raw: Boolean = false, $chain: Boolean = false, $decryptionKey: String) {
  prepareExport(
    backupId: $backupId
    format: $format
    raw: $raw
    chain: $chain
    decryptionKey: $decryptionKey
  ) {
    url
    expiresAt
  }
}
    `) as unknown as TypedDocumentString<PrepareExportMutation, PrepareExportMutationVariables>;
export const ListDatabasesDocument = new TypedDocumentString(`
    query ListDatabases {
  databases {
    id
    label
    default
    remotes
    schemaName
    schemaVersion
    connected
    clustered
    leader
    readOnly
    error
    rowCount
    tables {
      table
      rows
    }
    lastBackup {
      id
      name
      createdAt
    }
    lastRestore {
      id
      phase
      startedAt
    }
  }
}
    `) as unknown as TypedDocumentString<ListDatabasesQuery, ListDatabasesQueryVariables>;
export const GetViewerDocument = new TypedDocumentString(`
    query GetViewer {
  viewer {
    subject
    permissions
    databases
  }
}
    `) as unknown as TypedDocumentString<GetViewerQuery, GetViewerQueryVariables>;
export const DiffDocument = new TypedDocumentString(`
    query Diff($from: ConfigurationRefInput!, $to: ConfigurationRefInput!, $filter: ResourceFilterInput, $first: Int, $after: String, $kind: ChangeKind, $kinds: [ChangeKind!], $table: String) {
  diff(from: $from, to: $to, filter: $filter) {
    identical
    inserted
    updated
    deleted
    changes(first: $first, after: $after, kind: $kind, kinds: $kinds, table: $table) {
      ...RowChangePage
    }
  }
}
    fragment PageInfoFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}
fragment RowChangePage on RowChangeConnection {
  totalCount
  pageInfo {
    ...PageInfoFields
  }
  nodes {
    kind
    table
    uuid
    label
    reason
    columns {
      column
      before
      after
      added
      removed
    }
  }
}`) as unknown as TypedDocumentString<DiffQuery, DiffQueryVariables>;
export const DrillBackupDocument = new TypedDocumentString(`
    mutation DrillBackup($id: ID!, $decryptionKey: String, $northd: Boolean = true, $wait: Boolean = true) {
  drillBackup(
    id: $id
    decryptionKey: $decryptionKey
    northd: $northd
    wait: $wait
  ) {
    ...DrillFields
  }
}
    fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment DrillFields on Drill {
  id
  backup {
    id
    name
  }
  phase
  success
  startedBy
  startedAt
  finishedAt
  message
  rowsCompared
  restoreSeconds
  compareSeconds
  northdSeconds
  logicalFlows
  northdWarnings
  differences
  notes
  error {
    ...OperationErrorFields
  }
}`) as unknown as TypedDocumentString<DrillBackupMutation, DrillBackupMutationVariables>;
export const GetDrillDocument = new TypedDocumentString(`
    query GetDrill($id: ID!) {
  drill(id: $id) {
    ...DrillFields
  }
}
    fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment DrillFields on Drill {
  id
  backup {
    id
    name
  }
  phase
  success
  startedBy
  startedAt
  finishedAt
  message
  rowsCompared
  restoreSeconds
  compareSeconds
  northdSeconds
  logicalFlows
  northdWarnings
  differences
  notes
  error {
    ...OperationErrorFields
  }
}`) as unknown as TypedDocumentString<GetDrillQuery, GetDrillQueryVariables>;
export const ListDrillsDocument = new TypedDocumentString(`
    query ListDrills($backupId: ID, $first: Int, $after: String) {
  drills(backupId: $backupId, first: $first, after: $after) {
    totalCount
    pageInfo {
      ...PageInfoFields
    }
    nodes {
      ...DrillFields
    }
  }
}
    fragment PageInfoFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment DrillFields on Drill {
  id
  backup {
    id
    name
  }
  phase
  success
  startedBy
  startedAt
  finishedAt
  message
  rowsCompared
  restoreSeconds
  compareSeconds
  northdSeconds
  logicalFlows
  northdWarnings
  differences
  notes
  error {
    ...OperationErrorFields
  }
}`) as unknown as TypedDocumentString<ListDrillsQuery, ListDrillsQueryVariables>;
export const LastDrillDocument = new TypedDocumentString(`
    query LastDrill($id: ID!) {
  backup(id: $id) {
    id
    lastDrill {
      ...DrillFields
    }
  }
}
    fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment DrillFields on Drill {
  id
  backup {
    id
    name
  }
  phase
  success
  startedBy
  startedAt
  finishedAt
  message
  rowsCompared
  restoreSeconds
  compareSeconds
  northdSeconds
  logicalFlows
  northdWarnings
  differences
  notes
  error {
    ...OperationErrorFields
  }
}`) as unknown as TypedDocumentString<LastDrillQuery, LastDrillQueryVariables>;
export const DrillProgressDocument = new TypedDocumentString(`
    subscription DrillProgress($id: ID!) {
  drillProgress(id: $id) {
    ...DrillFields
  }
}
    fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment DrillFields on Drill {
  id
  backup {
    id
    name
  }
  phase
  success
  startedBy
  startedAt
  finishedAt
  message
  rowsCompared
  restoreSeconds
  compareSeconds
  northdSeconds
  logicalFlows
  northdWarnings
  differences
  notes
  error {
    ...OperationErrorFields
  }
}`) as unknown as TypedDocumentString<DrillProgressSubscription, DrillProgressSubscriptionVariables>;
export const StartBackupDocument = new TypedDocumentString(`
    mutation StartBackup($input: CreateBackupInput!) {
  startBackup(input: $input) {
    ...JobFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment BackupFields on Backup {
  id
  name
  description
  type
  format
  createdAt
  createdBy
  database
  schemaName
  schemaVersion
  file
  size
  contentSize
  checksum
  contentDigest
  compressed
  encrypted
  sealed
  imported
  capturedAt
  rowCount
  tags
  resourceFilter {
    switches
    routers
    portGroups
    addressSets
    loadBalancers
    includePorts
    includeAcls
    includeLoadBalancers
    includeNat
    includeDhcpOptions
    includeQos
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  tables {
    table
    rows
  }
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment BackupProgressFields on BackupProgress {
  jobId
  kind
  database
  backupId
  phase
  rows
  totalRows
  bytes
  fraction
  message
  at
  backup {
    id
    rowCount
    size
  }
  error {
    ...OperationErrorFields
  }
}
fragment JobFields on BackupJob {
  id
  kind
  database
  phase
  startedBy
  startedAt
  finishedAt
  progress {
    ...BackupProgressFields
  }
  backup {
    ...BackupFields
  }
  error {
    ...OperationErrorFields
  }
}`) as unknown as TypedDocumentString<StartBackupMutation, StartBackupMutationVariables>;
export const GetBackupJobDocument = new TypedDocumentString(`
    query GetBackupJob($id: ID!) {
  backupJob(id: $id) {
    ...JobFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment BackupFields on Backup {
  id
  name
  description
  type
  format
  createdAt
  createdBy
  database
  schemaName
  schemaVersion
  file
  size
  contentSize
  checksum
  contentDigest
  compressed
  encrypted
  sealed
  imported
  capturedAt
  rowCount
  tags
  resourceFilter {
    switches
    routers
    portGroups
    addressSets
    loadBalancers
    includePorts
    includeAcls
    includeLoadBalancers
    includeNat
    includeDhcpOptions
    includeQos
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  tables {
    table
    rows
  }
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment BackupProgressFields on BackupProgress {
  jobId
  kind
  database
  backupId
  phase
  rows
  totalRows
  bytes
  fraction
  message
  at
  backup {
    id
    rowCount
    size
  }
  error {
    ...OperationErrorFields
  }
}
fragment JobFields on BackupJob {
  id
  kind
  database
  phase
  startedBy
  startedAt
  finishedAt
  progress {
    ...BackupProgressFields
  }
  backup {
    ...BackupFields
  }
  error {
    ...OperationErrorFields
  }
}`) as unknown as TypedDocumentString<GetBackupJobQuery, GetBackupJobQueryVariables>;
export const ListJobsDocument = new TypedDocumentString(`
    query ListJobs($kind: JobKind, $database: ID, $first: Int, $after: String) {
  jobs(kind: $kind, database: $database, first: $first, after: $after) {
    totalCount
    pageInfo {
      ...PageInfoFields
    }
    nodes {
      ...JobFields
    }
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment BackupFields on Backup {
  id
  name
  description
  type
  format
  createdAt
  createdBy
  database
  schemaName
  schemaVersion
  file
  size
  contentSize
  checksum
  contentDigest
  compressed
  encrypted
  sealed
  imported
  capturedAt
  rowCount
  tags
  resourceFilter {
    switches
    routers
    portGroups
    addressSets
    loadBalancers
    includePorts
    includeAcls
    includeLoadBalancers
    includeNat
    includeDhcpOptions
    includeQos
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  tables {
    table
    rows
  }
}
fragment PageInfoFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment BackupProgressFields on BackupProgress {
  jobId
  kind
  database
  backupId
  phase
  rows
  totalRows
  bytes
  fraction
  message
  at
  backup {
    id
    rowCount
    size
  }
  error {
    ...OperationErrorFields
  }
}
fragment JobFields on BackupJob {
  id
  kind
  database
  phase
  startedBy
  startedAt
  finishedAt
  progress {
    ...BackupProgressFields
  }
  backup {
    ...BackupFields
  }
  error {
    ...OperationErrorFields
  }
}`) as unknown as TypedDocumentString<ListJobsQuery, ListJobsQueryVariables>;
export const CancelJobDocument = new TypedDocumentString(`
    mutation CancelJob($id: ID!) {
  cancelJob(id: $id) {
    ...JobFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment BackupFields on Backup {
  id
  name
  description
  type
  format
  createdAt
  createdBy
  database
  schemaName
  schemaVersion
  file
  size
  contentSize
  checksum
  contentDigest
  compressed
  encrypted
  sealed
  imported
  capturedAt
  rowCount
  tags
  resourceFilter {
    switches
    routers
    portGroups
    addressSets
    loadBalancers
    includePorts
    includeAcls
    includeLoadBalancers
    includeNat
    includeDhcpOptions
    includeQos
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  tables {
    table
    rows
  }
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment BackupProgressFields on BackupProgress {
  jobId
  kind
  database
  backupId
  phase
  rows
  totalRows
  bytes
  fraction
  message
  at
  backup {
    id
    rowCount
    size
  }
  error {
    ...OperationErrorFields
  }
}
fragment JobFields on BackupJob {
  id
  kind
  database
  phase
  startedBy
  startedAt
  finishedAt
  progress {
    ...BackupProgressFields
  }
  backup {
    ...BackupFields
  }
  error {
    ...OperationErrorFields
  }
}`) as unknown as TypedDocumentString<CancelJobMutation, CancelJobMutationVariables>;
export const BackupStepsDocument = new TypedDocumentString(`
    subscription BackupSteps($jobId: ID!) {
  backupProgress(jobId: $jobId) {
    ...BackupProgressFields
  }
}
    fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment BackupProgressFields on BackupProgress {
  jobId
  kind
  database
  backupId
  phase
  rows
  totalRows
  bytes
  fraction
  message
  at
  backup {
    id
    rowCount
    size
  }
  error {
    ...OperationErrorFields
  }
}`) as unknown as TypedDocumentString<BackupStepsSubscription, BackupStepsSubscriptionVariables>;
export const JobActivityDocument = new TypedDocumentString(`
    subscription JobActivity {
  jobActivity {
    ...BackupProgressFields
  }
}
    fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment BackupProgressFields on BackupProgress {
  jobId
  kind
  database
  backupId
  phase
  rows
  totalRows
  bytes
  fraction
  message
  at
  backup {
    id
    rowCount
    size
  }
  error {
    ...OperationErrorFields
  }
}`) as unknown as TypedDocumentString<JobActivitySubscription, JobActivitySubscriptionVariables>;
export const GetRestoreDocument = new TypedDocumentString(`
    query GetRestore($id: ID!) {
  restore(id: $id) {
    ...RestoreFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment RestoreResultFields on RestoreResult {
  success
  dryRun
  restoredCount
  skippedCount
  differingCount
  deletedCount
  errorCount
  processingTime
  convergenceSeconds
  steps
  owners {
    owner
    inserted
    updated
    deleted
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  errors {
    ...OperationErrorFields
  }
  details {
    resource
    table
    total
    restored
    skipped
    differing
    deleted
    failed
  }
}
fragment RestoreProgressFields on RestoreProgress {
  restoreId
  database
  backupId
  dryRun
  undoOfId
  phase
  completed
  total
  fraction
  message
  at
  confirmBefore
  secondsLeft
  result {
    ...RestoreResultFields
  }
}
fragment RestoreFields on Restore {
  id
  database
  conflictPolicy
  dryRun
  phase
  startedAt
  startedBy
  finishedAt
  confirmBefore
  undoOf {
    id
  }
  undoneBy {
    id
  }
  backup {
    id
    name
  }
  progress {
    ...RestoreProgressFields
  }
  result {
    ...RestoreResultFields
  }
}`) as unknown as TypedDocumentString<GetRestoreQuery, GetRestoreQueryVariables>;
export const ListRestoresDocument = new TypedDocumentString(`
    query ListRestores($backupId: ID, $dryRun: Boolean, $phase: RestorePhase, $first: Int, $after: String) {
  restores(
    backupId: $backupId
    dryRun: $dryRun
    phase: $phase
    first: $first
    after: $after
  ) {
    totalCount
    pageInfo {
      ...PageInfoFields
    }
    nodes {
      ...RestoreFields
    }
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment PageInfoFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment RestoreResultFields on RestoreResult {
  success
  dryRun
  restoredCount
  skippedCount
  differingCount
  deletedCount
  errorCount
  processingTime
  convergenceSeconds
  steps
  owners {
    owner
    inserted
    updated
    deleted
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  errors {
    ...OperationErrorFields
  }
  details {
    resource
    table
    total
    restored
    skipped
    differing
    deleted
    failed
  }
}
fragment RestoreProgressFields on RestoreProgress {
  restoreId
  database
  backupId
  dryRun
  undoOfId
  phase
  completed
  total
  fraction
  message
  at
  confirmBefore
  secondsLeft
  result {
    ...RestoreResultFields
  }
}
fragment RestoreFields on Restore {
  id
  database
  conflictPolicy
  dryRun
  phase
  startedAt
  startedBy
  finishedAt
  confirmBefore
  undoOf {
    id
  }
  undoneBy {
    id
  }
  backup {
    id
    name
  }
  progress {
    ...RestoreProgressFields
  }
  result {
    ...RestoreResultFields
  }
}`) as unknown as TypedDocumentString<ListRestoresQuery, ListRestoresQueryVariables>;
export const RestoreChangesDocument = new TypedDocumentString(`
    query RestoreChanges($id: ID!, $first: Int, $after: String, $kind: ChangeKind, $kinds: [ChangeKind!], $table: String, $decryptionKey: String, $withValues: Boolean = true) {
  restore(id: $id) {
    id
    result {
      changes(
        first: $first
        after: $after
        kind: $kind
        kinds: $kinds
        table: $table
        decryptionKey: $decryptionKey
      ) {
        ...RowChangeKeys
        ...RowChangePage @include(if: $withValues)
      }
    }
  }
}
    fragment PageInfoFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}
fragment RowChangeKeys on RowChangeConnection {
  totalCount
  pageInfo {
    ...PageInfoFields
  }
  nodes {
    kind
    table
    uuid
    label
    reason
    columns {
      column
    }
  }
}
fragment RowChangePage on RowChangeConnection {
  totalCount
  pageInfo {
    ...PageInfoFields
  }
  nodes {
    kind
    table
    uuid
    label
    reason
    columns {
      column
      before
      after
      added
      removed
    }
  }
}`) as unknown as TypedDocumentString<RestoreChangesQuery, RestoreChangesQueryVariables>;
export const RestoreBackupDocument = new TypedDocumentString(`
    mutation RestoreBackup($input: RestoreBackupInput!) {
  restoreBackup(input: $input) {
    ...RestoreFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment RestoreResultFields on RestoreResult {
  success
  dryRun
  restoredCount
  skippedCount
  differingCount
  deletedCount
  errorCount
  processingTime
  convergenceSeconds
  steps
  owners {
    owner
    inserted
    updated
    deleted
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  errors {
    ...OperationErrorFields
  }
  details {
    resource
    table
    total
    restored
    skipped
    differing
    deleted
    failed
  }
}
fragment RestoreProgressFields on RestoreProgress {
  restoreId
  database
  backupId
  dryRun
  undoOfId
  phase
  completed
  total
  fraction
  message
  at
  confirmBefore
  secondsLeft
  result {
    ...RestoreResultFields
  }
}
fragment RestoreFields on Restore {
  id
  database
  conflictPolicy
  dryRun
  phase
  startedAt
  startedBy
  finishedAt
  confirmBefore
  undoOf {
    id
  }
  undoneBy {
    id
  }
  backup {
    id
    name
  }
  progress {
    ...RestoreProgressFields
  }
  result {
    ...RestoreResultFields
  }
}`) as unknown as TypedDocumentString<RestoreBackupMutation, RestoreBackupMutationVariables>;
export const CancelRestoreDocument = new TypedDocumentString(`
    mutation CancelRestore($id: ID!) {
  cancelRestore(id: $id) {
    ...RestoreFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment RestoreResultFields on RestoreResult {
  success
  dryRun
  restoredCount
  skippedCount
  differingCount
  deletedCount
  errorCount
  processingTime
  convergenceSeconds
  steps
  owners {
    owner
    inserted
    updated
    deleted
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  errors {
    ...OperationErrorFields
  }
  details {
    resource
    table
    total
    restored
    skipped
    differing
    deleted
    failed
  }
}
fragment RestoreProgressFields on RestoreProgress {
  restoreId
  database
  backupId
  dryRun
  undoOfId
  phase
  completed
  total
  fraction
  message
  at
  confirmBefore
  secondsLeft
  result {
    ...RestoreResultFields
  }
}
fragment RestoreFields on Restore {
  id
  database
  conflictPolicy
  dryRun
  phase
  startedAt
  startedBy
  finishedAt
  confirmBefore
  undoOf {
    id
  }
  undoneBy {
    id
  }
  backup {
    id
    name
  }
  progress {
    ...RestoreProgressFields
  }
  result {
    ...RestoreResultFields
  }
}`) as unknown as TypedDocumentString<CancelRestoreMutation, CancelRestoreMutationVariables>;
export const ConfirmRestoreDocument = new TypedDocumentString(`
    mutation ConfirmRestore($id: ID!) {
  confirmRestore(id: $id) {
    ...RestoreFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment RestoreResultFields on RestoreResult {
  success
  dryRun
  restoredCount
  skippedCount
  differingCount
  deletedCount
  errorCount
  processingTime
  convergenceSeconds
  steps
  owners {
    owner
    inserted
    updated
    deleted
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  errors {
    ...OperationErrorFields
  }
  details {
    resource
    table
    total
    restored
    skipped
    differing
    deleted
    failed
  }
}
fragment RestoreProgressFields on RestoreProgress {
  restoreId
  database
  backupId
  dryRun
  undoOfId
  phase
  completed
  total
  fraction
  message
  at
  confirmBefore
  secondsLeft
  result {
    ...RestoreResultFields
  }
}
fragment RestoreFields on Restore {
  id
  database
  conflictPolicy
  dryRun
  phase
  startedAt
  startedBy
  finishedAt
  confirmBefore
  undoOf {
    id
  }
  undoneBy {
    id
  }
  backup {
    id
    name
  }
  progress {
    ...RestoreProgressFields
  }
  result {
    ...RestoreResultFields
  }
}`) as unknown as TypedDocumentString<ConfirmRestoreMutation, ConfirmRestoreMutationVariables>;
export const UndoRestoreDocument = new TypedDocumentString(`
    mutation UndoRestore($id: ID!, $force: Boolean, $dryRun: Boolean, $wait: Boolean) {
  undoRestore(id: $id, force: $force, dryRun: $dryRun, wait: $wait) {
    ...RestoreFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment RestoreResultFields on RestoreResult {
  success
  dryRun
  restoredCount
  skippedCount
  differingCount
  deletedCount
  errorCount
  processingTime
  convergenceSeconds
  steps
  owners {
    owner
    inserted
    updated
    deleted
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  errors {
    ...OperationErrorFields
  }
  details {
    resource
    table
    total
    restored
    skipped
    differing
    deleted
    failed
  }
}
fragment RestoreProgressFields on RestoreProgress {
  restoreId
  database
  backupId
  dryRun
  undoOfId
  phase
  completed
  total
  fraction
  message
  at
  confirmBefore
  secondsLeft
  result {
    ...RestoreResultFields
  }
}
fragment RestoreFields on Restore {
  id
  database
  conflictPolicy
  dryRun
  phase
  startedAt
  startedBy
  finishedAt
  confirmBefore
  undoOf {
    id
  }
  undoneBy {
    id
  }
  backup {
    id
    name
  }
  progress {
    ...RestoreProgressFields
  }
  result {
    ...RestoreResultFields
  }
}`) as unknown as TypedDocumentString<UndoRestoreMutation, UndoRestoreMutationVariables>;
export const RestoreStepsDocument = new TypedDocumentString(`
    subscription RestoreSteps($restoreId: ID!) {
  restoreProgress(restoreId: $restoreId) {
    ...RestoreProgressFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment RestoreResultFields on RestoreResult {
  success
  dryRun
  restoredCount
  skippedCount
  differingCount
  deletedCount
  errorCount
  processingTime
  convergenceSeconds
  steps
  owners {
    owner
    inserted
    updated
    deleted
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  errors {
    ...OperationErrorFields
  }
  details {
    resource
    table
    total
    restored
    skipped
    differing
    deleted
    failed
  }
}
fragment RestoreProgressFields on RestoreProgress {
  restoreId
  database
  backupId
  dryRun
  undoOfId
  phase
  completed
  total
  fraction
  message
  at
  confirmBefore
  secondsLeft
  result {
    ...RestoreResultFields
  }
}`) as unknown as TypedDocumentString<RestoreStepsSubscription, RestoreStepsSubscriptionVariables>;
export const RestoreActivityDocument = new TypedDocumentString(`
    subscription RestoreActivity {
  restoreActivity {
    ...RestoreProgressFields
  }
}
    fragment PulledInFields on PulledIn {
  table
  uuid
  label
  reason
}
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
fragment RestoreResultFields on RestoreResult {
  success
  dryRun
  restoredCount
  skippedCount
  differingCount
  deletedCount
  errorCount
  processingTime
  convergenceSeconds
  steps
  owners {
    owner
    inserted
    updated
    deleted
  }
  pulledInCount
  pulledIn {
    ...PulledInFields
  }
  warnings
  errors {
    ...OperationErrorFields
  }
  details {
    resource
    table
    total
    restored
    skipped
    differing
    deleted
    failed
  }
}
fragment RestoreProgressFields on RestoreProgress {
  restoreId
  database
  backupId
  dryRun
  undoOfId
  phase
  completed
  total
  fraction
  message
  at
  confirmBefore
  secondsLeft
  result {
    ...RestoreResultFields
  }
}`) as unknown as TypedDocumentString<RestoreActivitySubscription, RestoreActivitySubscriptionVariables>;
export const ExpireBackupsDocument = new TypedDocumentString(`
    mutation ExpireBackups($policy: RetentionPolicyInput!, $filter: BackupFilterInput, $timeZone: String = "UTC", $dryRun: Boolean = true) {
  expireBackups(
    policy: $policy
    filter: $filter
    timeZone: $timeZone
    dryRun: $dryRun
  ) {
    dryRun
    kept {
      backup {
        id
        name
        createdAt
      }
      reasons
    }
    expired {
      id
      name
      createdAt
    }
    bytesFreed
  }
}
    `) as unknown as TypedDocumentString<ExpireBackupsMutation, ExpireBackupsMutationVariables>;
export const PinBackupDocument = new TypedDocumentString(`
    mutation PinBackup($id: ID!, $pinned: Boolean!) {
  pinBackup(id: $id, pinned: $pinned) {
    id
    pinned
  }
}
    `) as unknown as TypedDocumentString<PinBackupMutation, PinBackupMutationVariables>;
export const SearchDocument = new TypedDocumentString(`
    query Search($of: ConfigurationRefInput!, $text: String!, $first: Int, $after: String) {
  search(of: $of, text: $text, first: $first, after: $after) {
    nodes {
      table
      uuid
      label
      columns
    }
    pageInfo {
      ...PageInfoFields
    }
    totalCount
  }
}
    fragment PageInfoFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}`) as unknown as TypedDocumentString<SearchQuery, SearchQueryVariables>;
export const ListRowsDocument = new TypedDocumentString(`
    query ListRows($of: ConfigurationRefInput!, $table: String!, $search: String, $first: Int, $after: String) {
  rows(of: $of, table: $table, search: $search, first: $first, after: $after) {
    nodes {
      table
      uuid
      label
      columns
    }
    pageInfo {
      ...PageInfoFields
    }
    totalCount
  }
}
    fragment PageInfoFields on PageInfo {
  hasNextPage
  hasPreviousPage
  startCursor
  endCursor
}`) as unknown as TypedDocumentString<ListRowsQuery, ListRowsQueryVariables>;
export const GetRowDocument = new TypedDocumentString(`
    query GetRow($of: ConfigurationRefInput!, $table: String!, $uuid: ID!) {
  row(of: $of, table: $table, uuid: $uuid) {
    table
    uuid
    label
    columns
    referredToBy {
      column
      table
      uuid
      label
    }
    refersTo {
      column
      table
      uuid
      label
    }
  }
}
    `) as unknown as TypedDocumentString<GetRowQuery, GetRowQueryVariables>;