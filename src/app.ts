/**
 * The composition root: makes every part, gives each what it uses, starts them, and ends them in the
 * opposite order. main.ts runs it with the environment, the demo and the tests with their own configuration.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createSchema } from './api/graphql/schema.js';
import { codeOf } from './api/http/error-answer.js';
import { ServerCertificate } from './api/http/guard/tls.js';
import { Metrics } from './api/http/monitoring/metrics.js';
import { serveRoutes } from './api/rest/router.js';
import { restRoutes } from './api/rest/routes.js';
import { type ApiServer, createApiServer } from './api/server.js';
import { createAuthenticator } from './auth/authenticator.js';
import { ensureFirstToken, type FirstToken, ownTokensFile } from './auth/first-token.js';
import type { Config } from './config/config.js';
import type { DatabaseConfig } from './config/database-config.js';
import { DatabaseClients, type TakenUp } from './database-clients.js';
import { type Clock, systemClock, within } from './lib/clock.js';
import { defined } from './lib/defined.js';
import { folderError } from './lib/disk-error.js';
import { type AppError, messageOf } from './lib/error.js';
import type { Log } from './lib/log.js';
import type { DatabaseStatus } from './ovsdb/client.js';
import { AuditTrail } from './service/audit/audit-trail.js';
import { BackupService, storedOutcome } from './service/backup/backup-service.js';
import { Catalog } from './service/backup/catalog/catalog.js';
import { KnownIds } from './service/command/known-ids.js';
import { CompareService } from './service/compare/compare-service.js';
import type { Databases } from './service/database/database.js';
import { DrillService } from './service/drill/drill-service.js';
import { Jobs } from './service/job/jobs.js';
import { RunningWork } from './service/job/running-work.js';
import { isFinal } from './service/restore/life/life.js';
import { RestoreService } from './service/restore/restore-service.js';
import { RetentionService } from './service/retention/retention-service.js';
import { RowService } from './service/rows/row-service.js';
import { ExportService } from './service/transfer/export-service.js';
import { ImportService } from './service/transfer/import-service.js';
import { PreparedExports } from './service/transfer/prepared-exports.js';
import { openStateFolder } from './state/state-folder.js';
import { FileStore } from './store/file/file-store.js';
import { whereabouts } from './whereabouts.js';

export interface App {
  /** Where the server listens: http://127.0.0.1:4000 */
  readonly url: string;
  /** Where nothing says who may come in. */
  readonly firstToken?: FirstToken;
  /** Takes up the databases of another configuration. Nothing else of one can be taken up while the server runs. */
  takeUp(databases: readonly DatabaseConfig[]): TakenUp;
  /** Takes on no new work, lets running work end, then closes everything. */
  stop(): Promise<void>;
}

/** What the environment does not say. */
export interface AppOptions {
  /** Of deriving keys (archive/layer/encryption.ts); left out: the usual one. */
  readonly keyCost?: number | undefined;
  /** Told that another server has taken the backup folder over: end the process, and at once. */
  readonly onFolderLost?: ((error: AppError) => void) | undefined;
  /** The IDE's tabs hold the steps of the demo. */
  readonly isDemo?: boolean;
}

/** No key begins with it: looking for it reads the folder and nothing else. */
const READY_PREFIX = 'ready/';
/** At most: for work that was given up to end, for connections to close, and for the store. */
const ABORT_MS = 2_000;
const ABORTS = 3;
/** Of a JSON body of a REST request, imports apart. */
const REST_BODY_BYTES_MAX = 8 * 1024 * 1024;
const PACKAGE = new URL('../package.json', import.meta.url);
const DOCS_PATH = fileURLToPath(new URL('../docs', import.meta.url));
const IDE_PATH = fileURLToPath(new URL('../dist/ide', import.meta.url));

/**
 * Starts everything.
 * @throws AppError STORE_UNAVAILABLE when the backup folder cannot be used; the system's error when the port is taken
 */
export async function startApp(config: Config, log: Log, options: AppOptions = {}): Promise<App> {
  const { keyCost, onFolderLost, isDemo = false } = options;
  const clock = systemClock;
  const store = await FileStore.open(config.backupPath, { clock, log, onLost: onFolderLost });
  const audit = await openBeside(store, config, { clock, log });
  const { silenceMsMax } = config;
  const work = new RunningWork({ drillsAtOnce: config.drills.atOnce, clock });
  const clients = new DatabaseClients(config.databases, work, { log, clock, silenceMsMax });
  const { databases } = clients;
  const base: Base = { config, log, clock, store, audit, work, databases, keyCost, isDemo, ids: new KnownIds() };
  /** Of a start that fails: what runs by itself from then on. */
  const begun: { restores?: RestoreService; metrics?: Metrics } = {};
  try {
    const catalog = await Catalog.open(store, log, base.ids);
    await store.checkLock();
    await audit.recordOwn('serverStarted');
    const services = makeServices(base, catalog);
    const { restores, jobs, drills } = services;
    let hasFirstToken = false;
    const { server, metrics } = await makeServer(base, services, () => hasFirstToken);
    Object.assign(begun, { restores, metrics });
    databases.start();
    await jobs.load((id) => {
      const backup = catalog.find(id);
      return backup && storedOutcome(backup);
    });
    await restores.load();
    await drills.load();
    const { url } = await server.listen();
    const firstToken = await makeFirstToken(base, server);
    hasFirstToken = true;
    const openIn = (database: string): readonly string[] => restores.openIn(database);
    void releaseAtEnds(clients, restores, openIn);
    log.info({ url, backups: catalog.list({ first: 1 }).totalCount, problems: catalog.problems() }, 'listening');
    return {
      url,
      ...defined({ firstToken }),
      takeUp: (all) => clients.takeUp(all, openIn),
      stop: async () => {
        const allMs = 1_000 * config.drainSecondsMax;
        const abortMs = Math.min(ABORT_MS, allMs / 10);
        const work = endWork(services, server);
        await within(clock, allMs - ABORTS * abortMs, work);
        restores.abort();
        jobs.abort();
        await within(clock, abortMs, work);
        await restores.stop();
        await within(clock, abortMs, server.close());
        services.prepared.stop();
        await metrics.stop();
        await databases.stop();
        await audit.recordOwn('serverStopped');
        await audit.close();
        await within(clock, abortMs, store.close());
      },
    };
  } catch (error) {
    await begun.restores?.drain();
    begun.restores?.abort();
    await begun.restores?.stop();
    await begun.metrics?.stop();
    await databases.stop();
    await audit.recordOwn('serverStopped', { result: codeOf(error) });
    await audit.close();
    await store.close();
    throw error;
  }
}

/** A database that is not configured any more is let go when its last restore has ended. */
async function releaseAtEnds(
  clients: DatabaseClients,
  restores: RestoreService,
  openIn: (database: string) => readonly string[],
): Promise<void> {
  for await (const { progress } of restores.followAll()) if (isFinal(progress.phase)) clients.release(openIn);
}

/** What may only be touched by who has the lock of the store. */
async function openBeside(
  store: FileStore,
  { statePath, backupPath, auditReads }: Config,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<AuditTrail> {
  try {
    if (statePath !== undefined) await openStateFolder(statePath);
    return await AuditTrail.open(backupPath, { clock, log, reads: auditReads, mayWrite: () => store.checkLock() });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Takes on no new work; resolves when what runs has ended and is answered. */
async function endWork({ restores, work }: Services, server: ApiServer): Promise<void> {
  const answered = server.drain();
  await restores.drain();
  await Promise.all([answered, work.drain()]);
}

/** What everything else stands on. */
interface Base {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly store: FileStore;
  readonly audit: AuditTrail;
  readonly work: RunningWork;
  readonly databases: Databases;
  readonly keyCost: number | undefined;
  readonly isDemo: boolean;
  readonly ids: KnownIds;
}

interface Services {
  readonly work: RunningWork;
  readonly jobs: Jobs;
  readonly databases: Databases;
  readonly catalog: Catalog;
  readonly backups: BackupService;
  readonly imports: ImportService;
  readonly exports: ExportService;
  readonly prepared: PreparedExports;
  readonly restores: RestoreService;
  readonly drills: DrillService;
  readonly compare: CompareService;
  readonly rows: RowService;
  readonly retention: RetentionService;
}

function makeServices(base: Base, catalog: Catalog): Services {
  const { config, log, clock, store, audit, work, databases, keyCost, ids } = base;
  const jobs = new Jobs({ store, clock, log, work, ids, databaseIds: () => databases.ids });
  const { uploadBytesMax, statePath: scratchFolder = config.backupPath } = config;
  const heavy = { catalog, databases, clock, log, work, jobs, scratchFolder, uploadBytesMax, keyCost };
  const backups = new BackupService(heavy);
  const limits = {
    step: { rowsMax: config.stepRowsMax, bytesMax: config.stepBytesMax },
    syncMsMax: 1_000 * config.syncSecondsMax,
    keptDays: config.restoresKeptDays,
  };
  const storeFolder = config.backupPath;
  const drilling = { backups, catalog, ids, store, jobs, work, clock, log, storeFolder, scratchFolder };
  const exports = new ExportService({ backups, catalog, store, clock, log, work, scratchFolder });
  const restores = new RestoreService({ ...heavy, backups, ids, store, audit, limits });
  return {
    work,
    jobs,
    databases,
    catalog,
    backups,
    imports: new ImportService({ ...heavy, backups, ids, store }),
    exports,
    prepared: new PreparedExports(exports, clock),
    restores,
    drills: new DrillService({ ...drilling, limits: config.drills, searchPath: config.drills.searchPath }),
    compare: new CompareService({ backups, catalog, databases, work }),
    rows: new RowService({ backups, catalog, databases, clock, work }),
    retention: new RetentionService({ backups, catalog, jobs, restores, audit, clock, log }),
  };
}

async function makeServer(
  { config, log, clock, store, audit, isDemo, ids }: Base,
  services: Services,
  hasFirstToken: () => boolean,
): Promise<{ readonly server: ApiServer; readonly metrics: Metrics }> {
  const { uploadBytesMax } = config;
  const schema = createSchema({ ...services, audit, uploadBytesMax });
  const authenticator = await createAuthenticator({ ...authentication(config), log, clock });
  const version = await readVersion();
  const routes = restRoutes({ ...services, audit, version });
  const metrics = new Metrics({ ...services, log, folder: config.backupPath, version });
  const tls = config.tls === undefined ? undefined : await ServerCertificate.open(config.tls, { log, clock });
  const bodyBytesMax = Math.min(config.bodyBytesMax, REST_BODY_BYTES_MAX);
  const server = await createApiServer({
    config,
    schema,
    log,
    clock,
    authenticator,
    metrics,
    tls,
    audit,
    where: whereabouts({ ...services, ids }),
    routes: (fastify) => serveRoutes(fastify, { routes, authenticator, bodyBytesMax }),
    idePath: IDE_PATH,
    idePage: isDemo ? 'demo.html' : 'index.html',
    docsPath: DOCS_PATH,
    version,
    ready: async () => ({
      databases: new Map(services.databases.list().map(({ id, status }) => [id, answerOf(status)])),
      store: audit.fault()?.message ?? (hasFirstToken() ? await healthOf(store) : 'its first token is being made'),
    }),
  });
  return { server, metrics };
}

const answerOf = ({ connected, error }: DatabaseStatus): string => (connected ? 'ok' : (error ?? 'not connected'));

async function healthOf(store: FileStore): Promise<string> {
  try {
    await store.checkLock();
    await store.list(READY_PREFIX);
    return 'ok';
  } catch (error) {
    return messageOf(error);
  }
}

async function readVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(PACKAGE, 'utf8')) as { version: string };
  return version;
}

function authentication({ auth, backupPath }: Config): Config['auth'] & { readonly tokensFileMayCome?: boolean } {
  return hasAuthentication(auth) ? auth : { tokensFile: ownTokensFile(backupPath), tokensFileMayCome: true };
}

function hasAuthentication({ jwtSecret, jwksUrl, tokensFile }: Config['auth']): boolean {
  return jwtSecret !== undefined || jwksUrl !== undefined || tokensFile !== undefined;
}

/** Only once the server listens: a start that fails makes none that nobody is told of. */
async function makeFirstToken({ config, audit }: Base, server: ApiServer): Promise<FirstToken | undefined> {
  if (hasAuthentication(config.auth)) return undefined;
  try {
    const first = await ensureFirstToken(config.backupPath);
    if (first.token !== undefined) await audit.recordOwn('firstTokenMade');
    return first;
  } catch (error) {
    await server.close();
    throw folderError('Making the first token', 'BACKUP_PATH', error);
  }
}
