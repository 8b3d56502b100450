/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** How a call came in */
export type AuditVia =
  | 'GRAPHQL'
  | 'REST'
  /** No call: the server did it by itself */
  | 'SERVER'
  /** WebSocket */
  | 'SOCKET';

export type BackupFilterInput = {
  createdAfter?: string | null | undefined;
  createdBefore?: string | null | undefined;
  database?: string | null | undefined;
  /** Part of the name; case and Unicode form do not matter */
  nameContains?: string | null | undefined;
  /** Backups that carry any of these tags */
  tags?: Array<string> | null | undefined;
  type?: BackupType | null | undefined;
};

/** JSON and YAML are this project's own document; OVSDB is the standalone database file that ovsdb-server and ovsdb-client restore read */
export type BackupFormat =
  | 'JSON'
  | 'OVSDB'
  | 'YAML';

export type BackupPhase =
  | 'CANCELLED'
  /** What it works on is read: the database, the file, the backup */
  | 'CAPTURING'
  /** Also one that a crash or a stop of the server interrupted */
  | 'FAILED'
  /** It waits for its turn */
  | 'QUEUED'
  /** What it makes is written */
  | 'STORING'
  | 'SUCCEEDED';

export type BackupType =
  /** The whole configuration */
  | 'FULL'
  /** Only what has changed since another backup: not made yet, and refused */
  | 'INCREMENTAL'
  /** The part that a ResourceFilter picks */
  | 'SELECTIVE';

/** FAST reads in one request, for which the server answers nobody else; PACED reads in small steps; AUTO chooses by size and kind of server */
export type CaptureMode =
  | 'AUTO'
  | 'FAST'
  | 'PACED';

export type ChangeKind =
  | 'DELETE'
  | 'INSERT'
  | 'SKIP'
  | 'UPDATE';

/** Exactly one of backupId and database */
export type ConfigurationRefInput = {
  backupId?: string | null | undefined;
  database?: string | null | undefined;
  decryptionKey?: string | null | undefined;
};

/** What becomes of a row of the backup that is live too. A row that is not is inserted under every policy, with every reference that the backup holds to it */
export type ConflictPolicy =
  /** If any differs from the backup nothing is done, and every conflict is named */
  | 'ERROR'
  /** It is updated in place, only the columns that differ; its UUID stays */
  | 'OVERWRITE'
  /** Switches, routers, port groups and whatever else has a name come in as a copy beside it, suffixed _restored_<time>, with every reference inside the copy moved along */
  | 'RENAME'
  /** It is left as it is */
  | 'SKIP';

export type CreateBackupInput = {
  capture?: CaptureMode | null | undefined;
  compress?: boolean | null | undefined;
  /** Which configured database; the default one if left out */
  database?: string | null | undefined;
  description?: string | null | undefined;
  encrypt?: boolean | null | undefined;
  encryptionKey?: string | null | undefined;
  format?: BackupFormat | null | undefined;
  name: string;
  /** Required for SELECTIVE, and for it only */
  resourceFilter?: ResourceFilterInput | null | undefined;
  tags?: Array<string> | null | undefined;
  type?: BackupType | null | undefined;
};

export type ImportBackupInput = {
  data?: string | null | undefined;
  /** Of an encrypted file. Without it the file is stored still encrypted: see sealed */
  decryptionKey?: string | null | undefined;
  description?: string | null | undefined;
  /** Exactly one of file and data */
  file?: unknown;
  /** Read from the content if left out: JSON, YAML or an OVSDB database file (standalone or of a cluster's member), each also gzip-compressed, or this project's encrypted form */
  format?: BackupFormat | null | undefined;
  name?: string | null | undefined;
  tags?: Array<string> | null | undefined;
};

export type JobKind =
  /** A backup is made */
  | 'BACKUP'
  /** A file is taken over as a backup */
  | 'IMPORT'
  /** A stored backup is read back and checked */
  | 'VERIFY';

export type ResourceFilterInput = {
  /** Names or UUIDs */
  addressSets?: Array<string> | null | undefined;
  /** ACLs of switches and of port groups */
  includeAcls?: boolean | null | undefined;
  includeDhcpOptions?: boolean | null | undefined;
  includeLoadBalancers?: boolean | null | undefined;
  includeNat?: boolean | null | undefined;
  includePorts?: boolean | null | undefined;
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

export type ResourceMappingInput = {
  /** UUID or name in the backup */
  from: string;
  /** UUID or name in the target database */
  to: string;
};

export type RestoreBackupInput = {
  backupId: string;
  /** Undo the restore by itself unless confirmRestore comes within so many seconds, 1 to 86,400. Other restores of the same database are refused with CONFLICT until then, or wait with queue: true */
  confirmWithinSeconds?: number | null | undefined;
  conflictPolicy?: ConflictPolicy | null | undefined;
  /** Which configured database to restore into; the backup's own if left out */
  database?: string | null | undefined;
  decryptionKey?: string | null | undefined;
  dryRun?: boolean | null | undefined;
  /** With OVERWRITE: also delete the live rows, within restoreFilter, that the backup does not hold, so that the database ends equal to the backup */
  exact?: boolean | null | undefined;
  /** Go on where the plan only warns: a schema version that differs with columns lost, say */
  force?: boolean | null | undefined;
  /** While another restore of the database awaits its confirmation: wait for it instead of being refused with CONFLICT */
  queue?: boolean | null | undefined;
  /** Rows of the backup that are taken to be these live rows: their children attach there, and references to them point there */
  resourceMapping?: Array<ResourceMappingInput> | null | undefined;
  /** Restore this part only; of a selective backup, within the part that it holds */
  restoreFilter?: ResourceFilterInput | null | undefined;
  sync?: SyncTarget | null | undefined;
  verify?: VerifyMode | null | undefined;
  /** True: answer when the restore has ended, or awaits confirmation. False: answer at once; follow it with restoreProgress */
  wait?: boolean | null | undefined;
};

export type RestorePhase =
  | 'APPLYING'
  /** In the database; undone by itself unless confirmRestore comes in time */
  | 'AWAITING_CONFIRMATION'
  | 'CANCELLED'
  /** Waiting for northd, or the chassis too, to take the change over */
  | 'CONVERGING'
  | 'FAILED'
  | 'PLANNING'
  | 'QUEUED'
  | 'READING'
  /** Its end was not seen, for a crash or a lost answer: the database is being asked */
  | 'RECOVERING'
  | 'SUCCEEDED'
  /** What it changed was put back */
  | 'UNDONE'
  | 'VERIFYING';

/** What to wait for after applying, as ovn-nbctl --wait: nothing, northd (SB), or the chassis too (HV) */
export type SyncTarget =
  | 'HV'
  | 'NONE'
  | 'SB';

/** How a restore is verified after the commit. What differs was written by somebody else since, and is a warning that names the row */
export type VerifyMode =
  /** Whether each planned change is in the database */
  | 'ASSERTIONS'
  /** Every row of the tables touched, within restoreFilter, is read back and compared */
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

export type BackupFieldsFragment = { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> };

export type GetBackupQueryVariables = Exact<{
  id: string;
}>;


export type GetBackupQuery = { backup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } | null };

export type ListBackupsQueryVariables = Exact<{
  filter?: BackupFilterInput | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListBackupsQuery = { backups: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, edges: Array<{ cursor: string, node: { id: string } }>, nodes: Array<{ id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> }> } };

export type CreateBackupMutationVariables = Exact<{
  input: CreateBackupInput;
}>;


export type CreateBackupMutation = { createBackup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } };

export type ImportBackupMutationVariables = Exact<{
  input: ImportBackupInput;
}>;


export type ImportBackupMutation = { importBackup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } };

export type DeleteBackupMutationVariables = Exact<{
  id: string;
}>;


export type DeleteBackupMutation = { deleteBackup: string };

export type ValidateBackupMutationVariables = Exact<{
  id: string;
  decryptionKey?: string | null | undefined;
}>;


export type ValidateBackupMutation = { validateBackup: { valid: boolean, contentChecked: boolean, rowCount: number | null, errors: Array<string>, warnings: Array<string> } };

export type PrepareExportMutationVariables = Exact<{
  backupId: string;
  format?: BackupFormat | null | undefined;
  raw?: boolean | null | undefined;
  decryptionKey?: string | null | undefined;
}>;


export type PrepareExportMutation = { prepareExport: { url: string, expiresAt: string } };

export type PageInfoFieldsFragment = { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null };

export type OperationErrorFieldsFragment = { code: string, message: string, table: string | null, label: string | null };

export type ListDatabasesQueryVariables = Exact<{ [key: string]: never; }>;


export type ListDatabasesQuery = { databases: Array<{ id: string, schemaName: string | null, schemaVersion: string | null, connected: boolean, clustered: boolean | null, leader: boolean | null, readOnly: boolean | null, error: string | null, tables: Array<{ table: string, rows: number }> }> };

export type GetViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type GetViewerQuery = { viewer: { subject: string, permissions: Array<string> } };

export type DiffQueryVariables = Exact<{
  from: ConfigurationRefInput;
  to: ConfigurationRefInput;
  filter?: ResourceFilterInput | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  kind?: ChangeKind | null | undefined;
  table?: string | null | undefined;
}>;


export type DiffQuery = { diff: { identical: boolean, inserted: number, updated: number, deleted: number, changes: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ kind: ChangeKind, table: string, uuid: string, label: string, reason: string | null, columns: Array<{ column: string, before: unknown, after: unknown, added: unknown, removed: unknown }> }> } } };

export type BackupProgressFieldsFragment = { jobId: string, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null };

export type JobFieldsFragment = { id: string, kind: JobKind, database: string, phase: BackupPhase, startedBy: string, startedAt: string, finishedAt: string | null, progress: { jobId: string, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null }, backup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } | null, error: { code: string, message: string, table: string | null, label: string | null } | null };

export type StartBackupMutationVariables = Exact<{
  input: CreateBackupInput;
}>;


export type StartBackupMutation = { startBackup: { id: string, kind: JobKind, database: string, phase: BackupPhase, startedBy: string, startedAt: string, finishedAt: string | null, progress: { jobId: string, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null }, backup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } | null, error: { code: string, message: string, table: string | null, label: string | null } | null } };

export type GetBackupJobQueryVariables = Exact<{
  id: string;
}>;


export type GetBackupJobQuery = { backupJob: { id: string, kind: JobKind, database: string, phase: BackupPhase, startedBy: string, startedAt: string, finishedAt: string | null, progress: { jobId: string, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null }, backup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } | null, error: { code: string, message: string, table: string | null, label: string | null } | null } | null };

export type ListJobsQueryVariables = Exact<{
  kind?: JobKind | null | undefined;
  database?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListJobsQuery = { jobs: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ id: string, kind: JobKind, database: string, phase: BackupPhase, startedBy: string, startedAt: string, finishedAt: string | null, progress: { jobId: string, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null }, backup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } | null, error: { code: string, message: string, table: string | null, label: string | null } | null }> } };

export type CancelJobMutationVariables = Exact<{
  id: string;
}>;


export type CancelJobMutation = { cancelJob: { id: string, kind: JobKind, database: string, phase: BackupPhase, startedBy: string, startedAt: string, finishedAt: string | null, progress: { jobId: string, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null }, backup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, sealed: boolean, rowCount: number, tags: Array<string>, pulledInCount: number, warnings: Array<string>, resourceFilter: { switches: Array<string> | null, routers: Array<string> | null, portGroups: Array<string> | null, addressSets: Array<string> | null, loadBalancers: Array<string> | null, includePorts: boolean, includeAcls: boolean, includeLoadBalancers: boolean, includeNat: boolean, includeDhcpOptions: boolean, includeQos: boolean } | null, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, tables: Array<{ table: string, rows: number }> } | null, error: { code: string, message: string, table: string | null, label: string | null } | null } };

export type BackupStepsSubscriptionVariables = Exact<{
  jobId: string;
}>;


export type BackupStepsSubscription = { backupProgress: { jobId: string, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null } };

export type JobActivitySubscriptionVariables = Exact<{ [key: string]: never; }>;


export type JobActivitySubscription = { jobActivity: { jobId: string, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null } };

export type RowChangePageFragment = { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ kind: ChangeKind, table: string, uuid: string, label: string, reason: string | null, columns: Array<{ column: string, before: unknown, after: unknown, added: unknown, removed: unknown }> }> };

export type RestoreResultFieldsFragment = { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> };

export type RestoreProgressFieldsFragment = { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null };

export type RestoreFieldsFragment = { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, confirmBefore: string | null, undoOf: { id: string } | null, undoneBy: { id: string } | null, backup: { id: string, name: string } | null, progress: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null };

export type GetRestoreQueryVariables = Exact<{
  id: string;
}>;


export type GetRestoreQuery = { restore: { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, confirmBefore: string | null, undoOf: { id: string } | null, undoneBy: { id: string } | null, backup: { id: string, name: string } | null, progress: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null } | null };

export type ListRestoresQueryVariables = Exact<{
  backupId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListRestoresQuery = { restores: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, confirmBefore: string | null, undoOf: { id: string } | null, undoneBy: { id: string } | null, backup: { id: string, name: string } | null, progress: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }> } };

export type RestoreChangesQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  kind?: ChangeKind | null | undefined;
  table?: string | null | undefined;
  decryptionKey?: string | null | undefined;
}>;


export type RestoreChangesQuery = { restore: { id: string, result: { changes: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ kind: ChangeKind, table: string, uuid: string, label: string, reason: string | null, columns: Array<{ column: string, before: unknown, after: unknown, added: unknown, removed: unknown }> }> } } | null } | null };

export type RestoreBackupMutationVariables = Exact<{
  input: RestoreBackupInput;
}>;


export type RestoreBackupMutation = { restoreBackup: { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, confirmBefore: string | null, undoOf: { id: string } | null, undoneBy: { id: string } | null, backup: { id: string, name: string } | null, progress: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null } };

export type CancelRestoreMutationVariables = Exact<{
  id: string;
}>;


export type CancelRestoreMutation = { cancelRestore: { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, confirmBefore: string | null, undoOf: { id: string } | null, undoneBy: { id: string } | null, backup: { id: string, name: string } | null, progress: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null } };

export type ConfirmRestoreMutationVariables = Exact<{
  id: string;
}>;


export type ConfirmRestoreMutation = { confirmRestore: { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, confirmBefore: string | null, undoOf: { id: string } | null, undoneBy: { id: string } | null, backup: { id: string, name: string } | null, progress: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null } };

export type UndoRestoreMutationVariables = Exact<{
  id: string;
  force?: boolean | null | undefined;
  dryRun?: boolean | null | undefined;
}>;


export type UndoRestoreMutation = { undoRestore: { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, confirmBefore: string | null, undoOf: { id: string } | null, undoneBy: { id: string } | null, backup: { id: string, name: string } | null, progress: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null } };

export type RestoreStepsSubscriptionVariables = Exact<{
  restoreId: string;
}>;


export type RestoreStepsSubscription = { restoreProgress: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null } };

export type RestoreActivitySubscriptionVariables = Exact<{ [key: string]: never; }>;


export type RestoreActivitySubscription = { restoreActivity: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, confirmBefore: string | null, secondsLeft: number | null, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, differingCount: number, deletedCount: number, errorCount: number, processingTime: string, convergenceSeconds: number | null, steps: number, pulledInCount: number, warnings: Array<string>, owners: Array<{ owner: string, inserted: number, updated: number, deleted: number }>, pulledIn: Array<{ table: string, uuid: string, label: string, reason: string }>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, differing: number, deleted: number, failed: number }> } | null } };

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
export const OperationErrorFieldsFragmentDoc = new TypedDocumentString(`
    fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}
    `, {"fragmentName":"OperationErrorFields"}) as unknown as TypedDocumentString<OperationErrorFieldsFragment, unknown>;
export const BackupProgressFieldsFragmentDoc = new TypedDocumentString(`
    fragment BackupProgressFields on BackupProgress {
  jobId
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
}`) as unknown as TypedDocumentString<GetBackupQuery, GetBackupQueryVariables>;
export const ListBackupsDocument = new TypedDocumentString(`
    query ListBackups($filter: BackupFilterInput, $first: Int, $after: String) {
  backups(filter: $filter, first: $first, after: $after) {
    totalCount
    pageInfo {
      ...PageInfoFields
    }
    edges {
      cursor
      node {
        id
      }
    }
    nodes {
      ...BackupFields
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
    mutation DeleteBackup($id: ID!) {
  deleteBackup(id: $id)
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
export const PrepareExportDocument = new TypedDocumentString(`
    mutation PrepareExport($backupId: ID!, $format: BackupFormat = JSON, $raw: Boolean = false, $decryptionKey: String) {
  prepareExport(
    backupId: $backupId
    format: $format
    raw: $raw
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
    schemaName
    schemaVersion
    connected
    clustered
    leader
    readOnly
    error
    tables {
      table
      rows
    }
  }
}
    `) as unknown as TypedDocumentString<ListDatabasesQuery, ListDatabasesQueryVariables>;
export const GetViewerDocument = new TypedDocumentString(`
    query GetViewer {
  viewer {
    subject
    permissions
  }
}
    `) as unknown as TypedDocumentString<GetViewerQuery, GetViewerQueryVariables>;
export const DiffDocument = new TypedDocumentString(`
    query Diff($from: ConfigurationRefInput!, $to: ConfigurationRefInput!, $filter: ResourceFilterInput, $first: Int, $after: String, $kind: ChangeKind, $table: String) {
  diff(from: $from, to: $to, filter: $filter) {
    identical
    inserted
    updated
    deleted
    changes(first: $first, after: $after, kind: $kind, table: $table) {
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
    query ListRestores($backupId: ID, $first: Int, $after: String) {
  restores(backupId: $backupId, first: $first, after: $after) {
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
    query RestoreChanges($id: ID!, $first: Int, $after: String, $kind: ChangeKind, $table: String, $decryptionKey: String) {
  restore(id: $id) {
    id
    result {
      changes(
        first: $first
        after: $after
        kind: $kind
        table: $table
        decryptionKey: $decryptionKey
      ) {
        ...RowChangePage
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
    mutation UndoRestore($id: ID!, $force: Boolean, $dryRun: Boolean) {
  undoRestore(id: $id, force: $force, dryRun: $dryRun) {
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