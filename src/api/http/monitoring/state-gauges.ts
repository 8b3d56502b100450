/** What there is now: backups, bytes, connections, space. Looked up when it is asked for. */
import { statfs } from 'node:fs/promises';
import { Gauge, type Registry } from 'prom-client';
import type { BackupRecord } from '../../../service/backup/backup-record.js';
import type { Catalog } from '../../../service/backup/catalog/catalog.js';
import type { Databases } from '../../../service/database/database.js';
import type { DrillService } from '../../../service/drill/drill-service.js';
import type { RunningWork } from '../../../service/job/running-work.js';
import { helpOfOldName } from './renamed.js';

export interface StateSources {
  readonly catalog: Catalog;
  readonly databases: Databases;
  readonly work: RunningWork;
  readonly drills: DrillService;
  /** Of the backups. */
  readonly folder: string;
  /** Of this program. */
  readonly version: string;
}

const BACKUP_TYPES = ['FULL', 'SELECTIVE', 'INCREMENTAL'] as const;

export function gauge(registry: Registry, name: string, help: string, value: () => number | Promise<number>): void {
  new Gauge({
    registers: [registry],
    name,
    help,
    async collect() {
      this.set(await value());
    },
  });
}

export function addStateGauges(registry: Registry, sources: StateSources): void {
  const { catalog, work, version } = sources;
  const registers = [registry];
  new Gauge({
    registers,
    name: 'ovncp_build_info',
    help: 'Always 1; the label has the version of this program',
    labelNames: ['version'],
  }).set({ version }, 1);
  gauge(registry, 'ovncp_backups', 'Backups that are listed', () => catalog.all({}).length);
  gauge(registry, 'ovncp_backup_bytes', 'Bytes of the stored backups', () =>
    catalog.all({}).reduce((sum, { size }) => sum + size, 0),
  );
  gauge(
    registry,
    'ovncp_work_running',
    'Backups, restores, imports, validations and deletions under way',
    () => work.count,
  );
  new Gauge({
    registers,
    name: 'ovncp_work_waiting',
    help: 'Heavy work that waits for its turn',
    labelNames: ['needs'],
    collect() {
      const { database, store, drills } = work.waitingCounts;
      this.set({ needs: 'database' }, database);
      this.set({ needs: 'store' }, store);
      this.set({ needs: 'drill' }, drills);
    },
  });
  addSpaceGauges(registry, sources.folder);
  addNewestGauges(registry, sources);
  addDatabaseGauge(registry, sources.databases);
  new Gauge({
    registers,
    name: 'ovncp_newest_drill_timestamp_seconds',
    help: 'When the newest drill ended that proved a backup of this database restorable; 0 while there is none',
    labelNames: ['database'],
    collect() {
      for (const { id } of sources.databases.list())
        this.set({ database: id }, (sources.drills.lastSuccessOf(id) ?? 0) / 1_000);
    },
  });
}

function addSpaceGauges(registry: Registry, folder: string): void {
  gauge(
    registry,
    'ovncp_store_available_bytes',
    'Free space of the disk of the backups, as far as this process may use it; NaN while the disk does not answer',
    async () => (await spaceOf(folder)).available,
  );
  gauge(
    registry,
    'ovncp_store_size_bytes',
    'Size of the disk of the backups; NaN while the disk does not answer',
    async () => (await spaceOf(folder)).size,
  );
}

async function spaceOf(folder: string): Promise<{ readonly available: number; readonly size: number }> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { available: bavail * bsize, size: blocks * bsize };
  } catch {
    // why it does not answer is told by /readyz, and by whatever writes there
    return { available: NaN, size: NaN };
  }
}

function addNewestGauges(registry: Registry, { catalog, databases }: StateSources): void {
  const registers = [registry];
  const newestOf = (database: string, isMeant: (backup: BackupRecord) => boolean): number => {
    const newest = catalog.all({ database }).find((backup) => backup.origin === 'CAPTURED' && isMeant(backup));
    return newest === undefined ? 0 : Date.parse(newest.createdAt) / 1_000;
  };
  const name = 'ovncp_newest_backup_timestamp_seconds';
  new Gauge({
    registers,
    name,
    help: 'When the newest backup of this type that was made here began; 0 while there is none',
    labelNames: ['database', 'type'],
    collect() {
      this.reset(); // one that is not configured any more has none
      for (const { id } of databases.list())
        for (const type of BACKUP_TYPES)
          this.set(
            { database: id, type: type.toLowerCase() },
            newestOf(id, (backup) => backup.type === type),
          );
    },
  });
  new Gauge({
    registers,
    name: 'ovncp_last_backup_timestamp_seconds',
    help: `${helpOfOldName(name)}; of either type`,
    labelNames: ['database'],
    collect() {
      this.reset(); // one that is not configured any more has none
      for (const { id } of databases.list())
        this.set(
          { database: id },
          newestOf(id, () => true),
        );
    },
  });
}

function addDatabaseGauge(registry: Registry, databases: Databases): void {
  new Gauge({
    registers: [registry],
    name: 'ovncp_database_connected',
    help: '1 while the database can be reached',
    labelNames: ['database'],
    collect() {
      this.reset();
      for (const { id, status } of databases.list()) this.set({ database: id }, status.connected ? 1 : 0);
    },
  });
}
