/** The schema, made of the resolvers. It emits schema/schema.graphql, which a test keeps in step. */
import 'reflect-metadata';
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchemaSync, type ContainerType, type PubSub } from 'type-graphql';
import { assert } from '../../lib/assert.js';
import type { AuditTrail } from '../../service/audit/audit-trail.js';
import type { BackupService } from '../../service/backup/backup-service.js';
import type { Catalog } from '../../service/backup/catalog/catalog.js';
import type { CompareService } from '../../service/compare/compare-service.js';
import type { Databases } from '../../service/database/database.js';
import type { DrillService } from '../../service/drill/drill-service.js';
import type { Jobs } from '../../service/job/jobs.js';
import type { RestoreService } from '../../service/restore/restore-service.js';
import type { RetentionService } from '../../service/retention/retention-service.js';
import type { RowService } from '../../service/rows/row-service.js';
import type { ImportService } from '../../service/transfer/import-service.js';
import type { PreparedExports } from '../../service/transfer/prepared-exports.js';
import { AuditResolver } from './audit/audit.resolver.js';
import { BackupResolver } from './backup/backup.resolver.js';
import { ExportResolver } from './backup/export.resolver.js';
import { JobResolver } from './backup/job.resolver.js';
import { followServices } from './common/subscription-topic.js';
import { DatabaseResolver } from './database/database.resolver.js';
import { DiffResolver } from './diff/diff.resolver.js';
import { BackupDrillResolver, DrillResolver } from './drill/drill.resolver.js';
import { RestoreResolver, RestoreResultResolver } from './restore/restore.resolver.js';
import { RetentionResolver } from './retention/retention.resolver.js';
import { ConfigurationRowResolver } from './rows/rows.resolver.js';

export interface SchemaParts {
  readonly backups: BackupService;
  readonly jobs: Jobs;
  readonly catalog: Catalog;
  readonly imports: ImportService;
  readonly prepared: PreparedExports;
  readonly restores: RestoreService;
  readonly drills: DrillService;
  readonly retention: RetentionService;
  readonly compare: CompareService;
  readonly rows: RowService;
  readonly databases: Databases;
  readonly audit: AuditTrail;
  readonly uploadBytesMax: number;
}

const RESOLVERS = [
  BackupResolver,
  JobResolver,
  ExportResolver,
  RestoreResolver,
  RestoreResultResolver,
  DrillResolver,
  BackupDrillResolver,
  RetentionResolver,
  DiffResolver,
  ConfigurationRowResolver,
  DatabaseResolver,
  AuditResolver,
] as const;

/** A schema whose resolvers use these services. */
export function createSchema(parts: SchemaParts): GraphQLSchema {
  const instances = new Map<unknown, unknown>([
    [BackupResolver, new BackupResolver(parts.backups, parts.catalog, parts.imports, parts.uploadBytesMax)],
    [JobResolver, new JobResolver(parts.jobs, parts.catalog)],
    [ExportResolver, new ExportResolver(parts.prepared)],
    [RestoreResolver, new RestoreResolver(parts.restores, parts.catalog)],
    [RestoreResultResolver, new RestoreResultResolver(parts.restores)],
    [DrillResolver, new DrillResolver(parts.drills)],
    [BackupDrillResolver, new BackupDrillResolver(parts.drills)],
    [RetentionResolver, new RetentionResolver(parts.retention, parts.backups)],
    [DiffResolver, new DiffResolver(parts.compare)],
    [ConfigurationRowResolver, new ConfigurationRowResolver(parts.rows)],
    [DatabaseResolver, new DatabaseResolver(parts.databases, parts.catalog, parts.restores)],
    [AuditResolver, new AuditResolver(parts.audit)],
  ]);
  const container: ContainerType = {
    get: (resolver) => {
      const instance = instances.get(resolver);
      assert(instance !== undefined, 'a resolver was not wired');
      return instance;
    },
  };
  return build(container, followServices(parts));
}

/** The schema as text, as it is committed. */
export function schemaText(): string {
  const never = (): never => {
    throw new Error('Bug: the schema for printing was run');
  };
  return `${printSchema(lexicographicSortSchema(build({ get: never }, { publish: never, subscribe: never })))}\n`;
}

function build(container: ContainerType, pubSub: PubSub): GraphQLSchema {
  // inputs are checked by the commands: class-validator would look into the promise of an upload
  return buildSchemaSync({ resolvers: [...RESOLVERS], container, pubSub, validate: false });
}
