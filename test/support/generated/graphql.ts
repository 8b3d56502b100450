/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type BackupFilterInput = {
  createdAfter?: string | null | undefined;
  createdBefore?: string | null | undefined;
  database?: string | null | undefined;
  /** Case-insensitive substring of the name */
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
  | 'CAPTURING'
  | 'FAILED'
  | 'QUEUED'
  | 'STORING'
  | 'SUCCEEDED';

export type BackupType =
  | 'FULL';

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
  /** It is left as it is */
  | 'SKIP';

export type CreateBackupInput = {
  compress?: boolean | null | undefined;
  /** Which configured database; the default one if left out */
  database?: string | null | undefined;
  description?: string | null | undefined;
  encrypt?: boolean | null | undefined;
  encryptionKey?: string | null | undefined;
  format?: BackupFormat | null | undefined;
  name: string;
  tags?: Array<string> | null | undefined;
  type?: BackupType | null | undefined;
};

export type ImportBackupInput = {
  data?: string | null | undefined;
  decryptionKey?: string | null | undefined;
  description?: string | null | undefined;
  /** Exactly one of file and data */
  file?: unknown;
  /** Read from the content if left out: JSON, YAML or an OVSDB standalone file, each also gzip-compressed, or this project's encrypted form */
  format?: BackupFormat | null | undefined;
  name?: string | null | undefined;
  tags?: Array<string> | null | undefined;
};

export type RestoreBackupInput = {
  backupId: string;
  conflictPolicy?: ConflictPolicy | null | undefined;
  /** Which configured database to restore into; the backup's own if left out */
  database?: string | null | undefined;
  decryptionKey?: string | null | undefined;
  dryRun?: boolean | null | undefined;
  /** With OVERWRITE: also delete the live rows that the backup does not hold, so that the database ends equal to the backup */
  exact?: boolean | null | undefined;
  /** Go on where the plan only warns: a schema version that differs with columns lost, say */
  force?: boolean | null | undefined;
  /** True: answer when the restore has ended. False: answer at once; follow it with restoreProgress */
  wait?: boolean | null | undefined;
};

export type RestorePhase =
  | 'APPLYING'
  | 'CANCELLED'
  | 'FAILED'
  | 'PLANNING'
  | 'QUEUED'
  | 'READING'
  | 'SUCCEEDED'
  | 'VERIFYING';

export type BackupFieldsFragment = { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, rowCount: number, tags: Array<string>, tables: Array<{ table: string, rows: number }> };

export type BackupProgressFieldsFragment = { jobId: string, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null };

export type GetBackupQueryVariables = Exact<{
  id: string;
}>;


export type GetBackupQuery = { backup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, rowCount: number, tags: Array<string>, tables: Array<{ table: string, rows: number }> } | null };

export type ListBackupsQueryVariables = Exact<{
  filter?: BackupFilterInput | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListBackupsQuery = { backups: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, edges: Array<{ cursor: string, node: { id: string } }>, nodes: Array<{ id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, rowCount: number, tags: Array<string>, tables: Array<{ table: string, rows: number }> }> } };

export type GetBackupJobQueryVariables = Exact<{
  id: string;
}>;


export type GetBackupJobQuery = { backupJob: { id: string, phase: BackupPhase, progress: { jobId: string, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null }, backup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, rowCount: number, tags: Array<string>, tables: Array<{ table: string, rows: number }> } | null, error: { code: string, message: string, table: string | null, label: string | null } | null } | null };

export type CreateBackupMutationVariables = Exact<{
  input: CreateBackupInput;
}>;


export type CreateBackupMutation = { createBackup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, rowCount: number, tags: Array<string>, tables: Array<{ table: string, rows: number }> } };

export type StartBackupMutationVariables = Exact<{
  input: CreateBackupInput;
}>;


export type StartBackupMutation = { startBackup: { id: string, phase: BackupPhase, progress: { jobId: string, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null } } };

export type ImportBackupMutationVariables = Exact<{
  input: ImportBackupInput;
}>;


export type ImportBackupMutation = { importBackup: { id: string, name: string, description: string | null, type: BackupType, format: BackupFormat, createdAt: string, createdBy: string, database: string, schemaName: string, schemaVersion: string, file: string, size: number, contentSize: number, checksum: string, contentDigest: string, compressed: boolean, encrypted: boolean, rowCount: number, tags: Array<string>, tables: Array<{ table: string, rows: number }> } };

export type DeleteBackupMutationVariables = Exact<{
  id: string;
}>;


export type DeleteBackupMutation = { deleteBackup: string };

export type ValidateBackupMutationVariables = Exact<{
  id: string;
  decryptionKey?: string | null | undefined;
}>;


export type ValidateBackupMutation = { validateBackup: { valid: boolean, contentChecked: boolean, rowCount: number | null, errors: Array<string>, warnings: Array<string> } };

export type BackupStepsSubscriptionVariables = Exact<{
  jobId: string;
}>;


export type BackupStepsSubscription = { backupProgress: { jobId: string, phase: BackupPhase, rows: number, totalRows: number | null, bytes: number, fraction: number, message: string, at: string, backup: { id: string, rowCount: number, size: number } | null, error: { code: string, message: string, table: string | null, label: string | null } | null } };

export type PageInfoFieldsFragment = { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null };

export type OperationErrorFieldsFragment = { code: string, message: string, table: string | null, label: string | null };

export type ListDatabasesQueryVariables = Exact<{ [key: string]: never; }>;


export type ListDatabasesQuery = { databases: Array<{ id: string, schemaName: string | null, schemaVersion: string | null, connected: boolean, clustered: boolean | null, leader: boolean | null, error: string | null, tables: Array<{ table: string, rows: number }> }> };

export type GetViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type GetViewerQuery = { viewer: { subject: string, permissions: Array<string> } };

export type DiffQueryVariables = Exact<{
  from: ConfigurationRefInput;
  to: ConfigurationRefInput;
  first?: number | null | undefined;
  after?: string | null | undefined;
  kind?: ChangeKind | null | undefined;
  table?: string | null | undefined;
}>;


export type DiffQuery = { diff: { identical: boolean, inserted: number, updated: number, deleted: number, changes: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ kind: ChangeKind, table: string, uuid: string, label: string, reason: string | null, columns: Array<{ column: string, before: unknown, after: unknown }> }> } } };

export type RowChangePageFragment = { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ kind: ChangeKind, table: string, uuid: string, label: string, reason: string | null, columns: Array<{ column: string, before: unknown, after: unknown }> }> };

export type RestoreResultFieldsFragment = { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, deletedCount: number, errorCount: number, processingTime: string, warnings: Array<string>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, deleted: number, failed: number }> };

export type RestoreProgressFieldsFragment = { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, deletedCount: number, errorCount: number, processingTime: string, warnings: Array<string>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, deleted: number, failed: number }> } | null };

export type RestoreFieldsFragment = { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, backup: { id: string, name: string } | null, progress: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, deletedCount: number, errorCount: number, processingTime: string, warnings: Array<string>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, deletedCount: number, errorCount: number, processingTime: string, warnings: Array<string>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, deleted: number, failed: number }> } | null };

export type GetRestoreQueryVariables = Exact<{
  id: string;
}>;


export type GetRestoreQuery = { restore: { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, backup: { id: string, name: string } | null, progress: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, deletedCount: number, errorCount: number, processingTime: string, warnings: Array<string>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, deletedCount: number, errorCount: number, processingTime: string, warnings: Array<string>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, deleted: number, failed: number }> } | null } | null };

export type ListRestoresQueryVariables = Exact<{
  backupId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ListRestoresQuery = { restores: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, backup: { id: string, name: string } | null, progress: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, deletedCount: number, errorCount: number, processingTime: string, warnings: Array<string>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, deletedCount: number, errorCount: number, processingTime: string, warnings: Array<string>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, deleted: number, failed: number }> } | null }> } };

export type RestoreChangesQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  kind?: ChangeKind | null | undefined;
  table?: string | null | undefined;
}>;


export type RestoreChangesQuery = { restore: { id: string, result: { changes: { totalCount: number, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null }, nodes: Array<{ kind: ChangeKind, table: string, uuid: string, label: string, reason: string | null, columns: Array<{ column: string, before: unknown, after: unknown }> }> } } | null } | null };

export type RestoreBackupMutationVariables = Exact<{
  input: RestoreBackupInput;
}>;


export type RestoreBackupMutation = { restoreBackup: { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, backup: { id: string, name: string } | null, progress: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, deletedCount: number, errorCount: number, processingTime: string, warnings: Array<string>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, deletedCount: number, errorCount: number, processingTime: string, warnings: Array<string>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, deleted: number, failed: number }> } | null } };

export type CancelRestoreMutationVariables = Exact<{
  id: string;
}>;


export type CancelRestoreMutation = { cancelRestore: { id: string, database: string, conflictPolicy: ConflictPolicy, dryRun: boolean, phase: RestorePhase, startedAt: string, startedBy: string, finishedAt: string | null, backup: { id: string, name: string } | null, progress: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, deletedCount: number, errorCount: number, processingTime: string, warnings: Array<string>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, deleted: number, failed: number }> } | null }, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, deletedCount: number, errorCount: number, processingTime: string, warnings: Array<string>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, deleted: number, failed: number }> } | null } };

export type RestoreStepsSubscriptionVariables = Exact<{
  restoreId: string;
}>;


export type RestoreStepsSubscription = { restoreProgress: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, deletedCount: number, errorCount: number, processingTime: string, warnings: Array<string>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, deleted: number, failed: number }> } | null } };

export type RestoreActivitySubscriptionVariables = Exact<{ [key: string]: never; }>;


export type RestoreActivitySubscription = { restoreActivity: { restoreId: string, phase: RestorePhase, completed: number, total: number, fraction: number, message: string, at: string, result: { success: boolean, dryRun: boolean, restoredCount: number, skippedCount: number, deletedCount: number, errorCount: number, processingTime: string, warnings: Array<string>, errors: Array<{ code: string, message: string, table: string | null, label: string | null }>, details: Array<{ resource: string, table: string, total: number, restored: number, skipped: number, deleted: number, failed: number }> } | null } };

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
  rowCount
  tags
  tables {
    table
    rows
  }
}
    `, {"fragmentName":"BackupFields"}) as unknown as TypedDocumentString<BackupFieldsFragment, unknown>;
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
  deletedCount
  errorCount
  processingTime
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
    deleted
    failed
  }
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
  result {
    ...RestoreResultFields
  }
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
  deletedCount
  errorCount
  processingTime
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
  deletedCount
  errorCount
  processingTime
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
  result {
    ...RestoreResultFields
  }
}`, {"fragmentName":"RestoreFields"}) as unknown as TypedDocumentString<RestoreFieldsFragment, unknown>;
export const GetBackupDocument = new TypedDocumentString(`
    query GetBackup($id: ID!) {
  backup(id: $id) {
    ...BackupFields
  }
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
  rowCount
  tags
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
  rowCount
  tags
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
export const GetBackupJobDocument = new TypedDocumentString(`
    query GetBackupJob($id: ID!) {
  backupJob(id: $id) {
    id
    phase
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
  rowCount
  tags
  tables {
    table
    rows
  }
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
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}`) as unknown as TypedDocumentString<GetBackupJobQuery, GetBackupJobQueryVariables>;
export const CreateBackupDocument = new TypedDocumentString(`
    mutation CreateBackup($input: CreateBackupInput!) {
  createBackup(input: $input) {
    ...BackupFields
  }
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
  rowCount
  tags
  tables {
    table
    rows
  }
}`) as unknown as TypedDocumentString<CreateBackupMutation, CreateBackupMutationVariables>;
export const StartBackupDocument = new TypedDocumentString(`
    mutation StartBackup($input: CreateBackupInput!) {
  startBackup(input: $input) {
    id
    phase
    progress {
      ...BackupProgressFields
    }
  }
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
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}`) as unknown as TypedDocumentString<StartBackupMutation, StartBackupMutationVariables>;
export const ImportBackupDocument = new TypedDocumentString(`
    mutation ImportBackup($input: ImportBackupInput!) {
  importBackup(input: $input) {
    ...BackupFields
  }
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
  rowCount
  tags
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
export const BackupStepsDocument = new TypedDocumentString(`
    subscription BackupSteps($jobId: ID!) {
  backupProgress(jobId: $jobId) {
    ...BackupProgressFields
  }
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
fragment OperationErrorFields on OperationError {
  code
  message
  table
  label
}`) as unknown as TypedDocumentString<BackupStepsSubscription, BackupStepsSubscriptionVariables>;
export const ListDatabasesDocument = new TypedDocumentString(`
    query ListDatabases {
  databases {
    id
    schemaName
    schemaVersion
    connected
    clustered
    leader
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
    query Diff($from: ConfigurationRefInput!, $to: ConfigurationRefInput!, $first: Int, $after: String, $kind: ChangeKind, $table: String) {
  diff(from: $from, to: $to) {
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
    }
  }
}`) as unknown as TypedDocumentString<DiffQuery, DiffQueryVariables>;
export const GetRestoreDocument = new TypedDocumentString(`
    query GetRestore($id: ID!) {
  restore(id: $id) {
    ...RestoreFields
  }
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
  deletedCount
  errorCount
  processingTime
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
  deletedCount
  errorCount
  processingTime
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
    query RestoreChanges($id: ID!, $first: Int, $after: String, $kind: ChangeKind, $table: String) {
  restore(id: $id) {
    id
    result {
      changes(first: $first, after: $after, kind: $kind, table: $table) {
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
    }
  }
}`) as unknown as TypedDocumentString<RestoreChangesQuery, RestoreChangesQueryVariables>;
export const RestoreBackupDocument = new TypedDocumentString(`
    mutation RestoreBackup($input: RestoreBackupInput!) {
  restoreBackup(input: $input) {
    ...RestoreFields
  }
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
  deletedCount
  errorCount
  processingTime
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
  deletedCount
  errorCount
  processingTime
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
export const RestoreStepsDocument = new TypedDocumentString(`
    subscription RestoreSteps($restoreId: ID!) {
  restoreProgress(restoreId: $restoreId) {
    ...RestoreProgressFields
  }
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
  deletedCount
  errorCount
  processingTime
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
  deletedCount
  errorCount
  processingTime
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
  result {
    ...RestoreResultFields
  }
}`) as unknown as TypedDocumentString<RestoreActivitySubscription, RestoreActivitySubscriptionVariables>;