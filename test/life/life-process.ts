/**
 * The services of one server process, in this process: on the real store and audit trail of a folder, and on a real
 * ovsdb-server behind a proxy. It can be told to end, and it can die: from then on nothing that it does reaches the
 * store, the trail or the database any more.
 */
import { join } from 'node:path';
import { systemClock, within } from '../../src/lib/clock.js';
import { createLog } from '../../src/lib/log.js';
import { DatabaseClient } from '../../src/ovsdb/client.js';
import { parseRemotes } from '../../src/ovsdb/remote.js';
import { AuditTrail } from '../../src/service/audit/audit-trail.js';
import { BackupService } from '../../src/service/backup/backup-service.js';
import { Catalog } from '../../src/service/backup/catalog/catalog.js';
import { KnownIds } from '../../src/service/command/known-ids.js';
import { Database, Databases } from '../../src/service/database/database.js';
import { Jobs } from '../../src/service/job/jobs.js';
import { RunningWork } from '../../src/service/job/running-work.js';
import { RestoreService } from '../../src/service/restore/restore-service.js';
import { FileStore } from '../../src/store/file/file-store.js';
import { NORTHBOUND } from '../support/judge/judge.js';
import { NORTHBOUND_DATABASE } from '../support/servers/northbound-database.js';
import type { TestClock } from '../support/test-clock.js';
import type { Disk } from './disk.js';
import { LifeClock } from './life-clock.js';
import type { Moments } from './moments.js';
import { Mortal } from './mortal.js';
import type { Names } from './names.js';
import { LifeProxy } from './proxy.js';
import { WatchedStore } from './watched-store.js';
import { WatchedTrail } from './watched-trail.js';

/** As the server's own: the drain, and then what was given up. */
const DRAIN_MS = 30_000;
const ABORT_MS = 2_000;

export interface World {
  readonly folder: string;
  /** Socket of ovsdb-server. */
  readonly databaseSocket: string;
  readonly stepRowsMax: number;
  readonly clock: TestClock;
  readonly disk: Disk;
  readonly moments: Moments;
  readonly names: Names;
  tell(line: string): void;
}

interface Parts {
  readonly store: WatchedStore;
  readonly trail: WatchedTrail;
  readonly clock: LifeClock;
  readonly mortal: Mortal;
  readonly work: RunningWork;
  readonly client: DatabaseClient;
}

let lastSocket = 0;

export class LifeProcess {
  private dying: Promise<void> | undefined;

  private constructor(
    readonly proxy: LifeProxy,
    readonly backups: BackupService,
    readonly restores: RestoreService,
    private readonly parts: Parts,
  ) {}

  /** Opens all of it on the folder; `load` is still to come, as it may die in it. */
  static async open({ folder, databaseSocket, stepRowsMax, clock: worldClock, ...world }: World) {
    const { disk, moments, names, tell } = world;
    const clock = new LifeClock(worldClock);
    const mortal = new Mortal();
    const log = createLog('info', { write: tell });
    const files = await FileStore.open(join(folder, 'store'), { clock: systemClock });
    const store = new WatchedStore({ files, disk, moments, names, mortal });
    const audit = await AuditTrail.open(join(folder, 'store'), { clock, log });
    const trail = new WatchedTrail({ trail: audit, disk, moments, names, mortal });
    const proxy = await LifeProxy.open(join(folder, `${++lastSocket}.sock`), databaseSocket, moments);
    const client = new DatabaseClient({ remotes: parseRemotes(proxy.remote), database: NORTHBOUND, clock });
    const work = new RunningWork();
    // backups are no part of what is broken
    const ids = new KnownIds();
    const jobs = new Jobs({ store: files, clock, log, work, ids, databaseIds: () => ['northbound'] });
    const databases = new Databases([new Database(NORTHBOUND_DATABASE, client, { clock, silenceMsMax: 60_000 })], work);
    const catalog = await Catalog.open(store, log, ids);
    const scratch = { scratchFolder: folder, uploadBytesMax: 1 << 20 };
    const backups = new BackupService({ catalog, databases, clock, log, work, jobs, ...scratch });
    const limits = { step: { rowsMax: stepRowsMax, bytesMax: 1 << 20 }, syncMsMax: 1_000, keptDays: 90 };
    const parts = { backups, catalog, ids, store, databases, clock, log, work, audit: trail, limits };
    const restores = new RestoreService(parts);
    return new LifeProcess(proxy, backups, restores, { store, trail, clock, mortal, work, client });
  }

  get audit(): WatchedTrail {
    return this.parts.trail;
  }

  get hasDied(): boolean {
    return this.parts.mortal.hasDied;
  }

  /** Pieces of work in the store, the trail and the database that have begun and not ended. */
  get busy(): number {
    return this.parts.mortal.busy + this.proxy.busy;
  }

  /** As at kill -9. Returns when nothing of it is under way any more. */
  async die(): Promise<void> {
    this.dying ??= this.dieOnce();
    await this.dying;
  }

  /** As at SIGTERM, in the order of src/app.ts. */
  async end(): Promise<void> {
    const { clock, work, client, trail } = this.parts;
    const { restores } = this;
    const ended = restores.drain().then(() => work.drain());
    await within(clock, DRAIN_MS, ended);
    restores.abort();
    await within(clock, ABORT_MS, ended);
    await restores.stop();
    await client.stop();
    await trail.flush();
    await this.die();
  }

  private async dieOnce(): Promise<void> {
    this.parts.clock.die();
    await this.parts.mortal.die();
    await this.proxy.close();
    await this.parts.store.close();
    await this.parts.trail.close();
  }
}
