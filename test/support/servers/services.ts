/**
 * The services as the server has them, without its API, on a real ovsdb-server and a real folder: for tests of what no
 * client can time or see. The store can be made to fail, and all of it can be started again on the same folder.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../src/lib/clock.js';
import { createLog } from '../../../src/lib/log.js';
import { DatabaseClient } from '../../../src/ovsdb/client.js';
import { parseRemotes } from '../../../src/ovsdb/remote.js';
import type { BackupRecord } from '../../../src/service/backup/backup-record.js';
import { BackupService, storedOutcome } from '../../../src/service/backup/backup-service.js';
import { Catalog } from '../../../src/service/backup/catalog/catalog.js';
import type { CreateBackup } from '../../../src/service/backup/create-backup.js';
import { KnownIds } from '../../../src/service/command/known-ids.js';
import { CompareService } from '../../../src/service/compare/compare-service.js';
import { Database, Databases } from '../../../src/service/database/database.js';
import { DrillService, type DrillServiceParts } from '../../../src/service/drill/drill-service.js';
import { Jobs } from '../../../src/service/job/jobs.js';
import { RunningWork } from '../../../src/service/job/running-work.js';
import { RestoreService } from '../../../src/service/restore/restore-service.js';
import { RowService } from '../../../src/service/rows/row-service.js';
import { ExportService } from '../../../src/service/transfer/export-service.js';
import type { ImportDetails } from '../../../src/service/transfer/import-parts.js';
import { ImportService } from '../../../src/service/transfer/import-service.js';
import { FileStore } from '../../../src/store/file/file-store.js';
import { NORTHBOUND } from '../judge/judge.js';
import { CHEAP_KEYS } from '../key-cost.js';
import { TestClock } from '../test-clock.js';
import { filesIn } from './api-server.js';
import { FaultyStore } from './faulty-store.js';
import { NORTHBOUND_DATABASE } from './northbound-database.js';
import { startOvsdbServer, type TestServer } from './ovsdb-server.js';

export interface ServicesOptions {
  /** A database file; an empty database if left out. */
  readonly database?: string;
  /** Default 64 MiB. */
  readonly uploadBytesMax?: number;
  /** A store to begin with; it is copied. An empty one if left out. */
  readonly store?: string;
  /** The time is that of this instant when it starts; the true one if left out. */
  readonly startsAt?: string;
  /** What drills may take, and where they look. */
  readonly drills?: Partial<Pick<DrillServiceParts, 'limits' | 'searchPath' | 'scratchFolder'>>;
}

const UPLOAD_BYTES_MAX = 64 << 20;
const SUBJECT = 'tester';
/** Who asks for everything else. */
export const ASKER = { subject: SUBJECT } as const;
/** Who asks for restores, and waits for them. */
export const TESTER = { caller: { subject: SUBJECT, via: 'SERVER' }, wait: true } as const;

interface Running {
  readonly files: FileStore;
  readonly store: FaultyStore;
  readonly catalog: Catalog;
  readonly client: DatabaseClient;
  readonly work: RunningWork;
  readonly jobs: Jobs;
  readonly backups: BackupService;
  readonly imports: ImportService;
  readonly exports: ExportService;
  readonly restores: RestoreService;
  readonly drills: DrillService;
  readonly compare: CompareService;
  readonly rows: RowService;
  /** Of what is held of configurations that were looked into. */
  readonly lookClock: TestClock;
}

export class TestServices {
  private constructor(
    readonly ovsdb: TestServer,
    readonly folder: string,
    readonly lines: string[],
    private readonly settings: Pick<Required<ServicesOptions>, 'uploadBytesMax' | 'drills'> & { readonly clock: Clock },
    private running: Running,
  ) {}

  static async start({
    database,
    uploadBytesMax = UPLOAD_BYTES_MAX,
    store,
    startsAt,
    drills = {},
  }: ServicesOptions = {}): Promise<TestServices> {
    const ovsdb = await startOvsdbServer(database === undefined ? {} : { database });
    const folder = await mkdtemp(join(tmpdir(), 'ovncp-services-'));
    if (store !== undefined) await cp(store, folder, { recursive: true });
    const lines: string[] = [];
    const settings = { uploadBytesMax, drills, clock: startsAt === undefined ? systemClock : clockFrom(startsAt) };
    return new TestServices(ovsdb, folder, lines, settings, await open({ ovsdb, folder, lines, ...settings }));
  }

  get store(): FaultyStore {
    return this.running.store;
  }
  get catalog(): Catalog {
    return this.running.catalog;
  }
  get backups(): BackupService {
    return this.running.backups;
  }
  get imports(): ImportService {
    return this.running.imports;
  }
  get exports(): ExportService {
    return this.running.exports;
  }
  get restores(): RestoreService {
    return this.running.restores;
  }
  get drills(): DrillService {
    return this.running.drills;
  }
  get jobs(): Jobs {
    return this.running.jobs;
  }

  get work(): RunningWork {
    return this.running.work;
  }
  get compare(): CompareService {
    return this.running.compare;
  }
  get rows(): RowService {
    return this.running.rows;
  }
  get lookClock(): TestClock {
    return this.running.lookClock;
  }

  create(input: Partial<CreateBackup> = {}): Promise<BackupRecord> {
    return this.backups.start({ name: 'origin', format: 'JSON', compress: false, tags: [], subject: SUBJECT, ...input })
      .done;
  }

  /** Imports bytes that are here. */
  import(
    bytes: Uint8Array | AsyncIterable<Buffer>,
    details: Partial<ImportDetails> = {},
    signal?: AbortSignal,
  ): Promise<BackupRecord> {
    const source = bytes instanceof Uint8Array ? piecesOf(bytes) : bytes;
    return this.imports.import({
      source,
      details: () => ({ tags: [], ...details }),
      subject: SUBJECT,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Every file of the folder but the server's lock. */
  files(): Promise<readonly string[]> {
    return filesIn(this.folder);
  }

  /** Ends all of it and starts it again on the same folder. */
  async restart(): Promise<void> {
    await close(this.running);
    const { ovsdb, folder, lines, settings } = this;
    this.running = await open({ ovsdb, folder, lines, ...settings });
  }

  async stop(): Promise<void> {
    await close(this.running);
    await this.ovsdb.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The true clock, set back or forward. */
function clockFrom(instant: string): Clock {
  const aheadMs = Date.parse(instant) - systemClock.now();
  return { ...systemClock, now: () => systemClock.now() + aheadMs };
}

/** Bytes in pieces of 64 KiB, as they come over a network. */
export async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1 << 16) yield Buffer.from(bytes.subarray(at, at + (1 << 16)));
}

async function open({
  ovsdb,
  folder,
  lines,
  uploadBytesMax,
  drills: drilling,
  clock,
}: {
  ovsdb: TestServer;
  folder: string;
  lines: string[];
  uploadBytesMax: number;
  drills: NonNullable<ServicesOptions['drills']>;
  clock: Clock;
}): Promise<Running> {
  const log = createLog('trace', { write: (line) => void lines.push(line) });
  const files = await FileStore.open(folder, { clock });
  const store = new FaultyStore(files);
  const ids = new KnownIds();
  const catalog = await Catalog.open(store, log, ids);
  const client = new DatabaseClient({ remotes: parseRemotes(ovsdb.remote), database: NORTHBOUND, clock });
  client.start();
  const work = new RunningWork();
  const jobs = new Jobs({ store, clock, log, work, ids, databaseIds: () => ['northbound'] });
  const databases = new Databases([new Database(NORTHBOUND_DATABASE, client, { clock, silenceMsMax: 60_000 })], work);
  const limits = { scratchFolder: folder, uploadBytesMax, keyCost: CHEAP_KEYS };
  const backups = new BackupService({ catalog, databases, clock, log, work, jobs, ...limits });
  const imports = new ImportService({ backups, catalog, ids, store, databases, clock, log, work, jobs, ...limits });
  const exports = new ExportService({ backups, catalog, store, clock, log, work, scratchFolder: folder });
  const restores = new RestoreService({
    backups,
    catalog,
    ids,
    store,
    databases,
    clock,
    log,
    work,
    audit: { record: async () => undefined, admit: async () => undefined, keepsReading: () => false },
    limits: { step: { rowsMax: 2_000, bytesMax: 1 << 20 }, syncMsMax: 600_000, keptDays: 90 },
  });
  const drills = new DrillService({
    ...{
      backups,
      catalog,
      ids,
      store,
      jobs,
      work,
      clock,
      log,
      storeFolder: folder,
      scratchFolder: folder,
      searchPath: [],
    },
    limits: { secondsMax: 600, memoryBytesMax: 2 ** 31 },
    ...drilling,
  });
  const compare = new CompareService({ backups, catalog, databases, work });
  const lookClock = new TestClock();
  const rows = new RowService({ backups, catalog, databases, clock: lookClock, work });
  await jobs.load((id) => {
    const backup = catalog.find(id);
    return backup && storedOutcome(backup);
  });
  await restores.load();
  await drills.load();
  return {
    files,
    store,
    catalog,
    client,
    work,
    jobs,
    backups,
    imports,
    exports,
    restores,
    drills,
    compare,
    rows,
    lookClock,
  };
}

async function close({ files, client, work, restores }: Running): Promise<void> {
  await restores.drain();
  await work.drain();
  await restores.stop();
  await client.stop();
  await files.close();
}
