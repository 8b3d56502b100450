/**
 * Drills: whether a backup can be restored is proven by restoring it, into a scratch database of this machine that
 * nobody else reaches. A drill is a job of its own kind, with the same id; few run at once.
 */
import { randomBytes } from 'node:crypto';
import { type Clock, instant } from '../../lib/clock.js';
import { defined } from '../../lib/defined.js';
import { AppError, problemOf } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import { plural } from '../../lib/text/plural.js';
import type { Store } from '../../store/store.js';
import type { BackupRecord } from '../backup/backup-record.js';
import type { BackupService } from '../backup/backup-service.js';
import type { Catalog } from '../backup/catalog/catalog.js';
import { needsKey } from '../backup/catalog/chain.js';
import type { KnownIds } from '../command/known-ids.js';
import type { JobHandle, JobOutcome, Jobs } from '../job/jobs.js';
import type { RunningWork } from '../job/running-work.js';
import { ANSWERS, DRILL_FORMAT, DRILL_PREFIX, type DrillRecord, verdictOf } from './drill-record.js';
import { type Drill, DrillRegistry, type OpenDrill } from './drill-registry.js';
import { type DrillLimits, DrillRun } from './drill-run.js';
import { removeLeftovers } from './scratch/leftover.js';
import { type DrillPrograms, findPrograms } from './scratch/program.js';
import { scratchPrefix } from './scratch/scratch-name.js';

export interface DrillServiceParts {
  readonly backups: BackupService;
  readonly catalog: Catalog;
  readonly ids: KnownIds;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly work: RunningWork;
  readonly clock: Clock;
  readonly log: Log;
  /** The backup folder. */
  readonly storeFolder: string;
  /** Where scratch databases are made. */
  readonly scratchFolder: string;
  /** Folders of PATH. */
  readonly searchPath: readonly string[];
  readonly limits: DrillLimits;
}

export interface DrillRequest {
  readonly backupId: string;
  readonly decryptionKey?: string | undefined;
  readonly northd: boolean;
  readonly subject: string;
}

export interface StartedDrill {
  readonly drill: Drill;
  /** Resolves when the record of its beginning is durable, or could not be kept. */
  readonly kept: Promise<void>;
  /** The end, with all that was found. @throws AppError of another code than ANSWERS has */
  readonly done: Promise<Drill>;
}

/** Holds what tells the names of this store's folders apart: several servers may share the folder where they are. */
const SCRATCH_NAME_KEY = `${DRILL_PREFIX}scratch-name`;
const SCRATCH_NAME_BYTES_MAX = 100;
const SCRATCH_NAME = /^[0-9a-f]{16}$/;
const OF_THE_FILES: ReadonlySet<string> = new Set(['INTEGRITY_FAILED', 'NOT_FOUND']);
const NOT_KEPT = 'what northd says of an encrypted backup is only in the answer to the drill itself';

export class DrillService {
  private readonly registry: DrillRegistry;
  private scratchName: Promise<string> | undefined;

  constructor(private readonly parts: DrillServiceParts) {
    this.registry = new DrillRegistry(parts);
  }

  /** Reads the records of the store, and removes what drills left behind that a crash interrupted. */
  async load(): Promise<void> {
    await this.registry.load();
    const { store, log, scratchFolder, clock } = this.parts;
    try {
      if ((await store.stat(SCRATCH_NAME_KEY)) === undefined) return;
      const removed = await removeLeftovers(scratchFolder, await this.prefix(), clock);
      if (removed.length > 0) log.warn({ folders: removed }, 'removed what drills of an earlier run left behind');
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.error({ err: error }, 'what drills of an earlier run left behind is still there');
    }
  }

  /**
   * Begins a drill.
   * @throws AppError NOT_FOUND, SHUTTING_DOWN, DECRYPTION_FAILED, BAD_USER_INPUT; RATE_LIMITED when too many wait;
   * DATABASE_UNAVAILABLE where a program is not installed: there is no drill then
   */
  async start({ backupId, decryptionKey, northd, subject }: DrillRequest): Promise<StartedDrill> {
    const { catalog, clock, jobs, work, scratchFolder: parent } = this.parts;
    await this.checkKey(catalog.get(backupId), decryptionKey);
    const programs = await findPrograms(this.parts.searchPath, northd);
    const folder = { parent, prefix: await this.prefix() };
    const backup = catalog.get(backupId);
    const { database } = backup;
    const message = 'Waiting for its turn';
    let opened: OpenDrill | undefined;
    const { kept, done } = jobs.start(
      { kind: 'DRILL', database, subject, message, backupId },
      (job) => {
        const turn = work.inDrillTurn({ subject, signal: job.signal }, async () => {
          await Promise.resolve(); // a turn that is free is taken before the drill is listed
          return this.carryOut(opened as OpenDrill, job, { programs, folder, decryptionKey });
        });
        opened = this.registry.add(
          {
            format: DRILL_FORMAT,
            id: job.id,
            backupId,
            database,
            phase: 'QUEUED',
            startedBy: subject,
            startedAt: instant(clock.now()),
            message,
            northdWarnings: [],
            differences: [],
            notes: [],
          },
          backup,
        );
        return turn.catch((error: unknown) => this.failed(opened as OpenDrill, error, job));
      },
      outcomeOf,
    );
    const drill = opened as unknown as OpenDrill;
    const answered = done.catch((error: unknown): Drill => {
      if (error instanceof AppError && ANSWERS.has(error.code)) return drill;
      throw error;
    });
    answered.catch(() => undefined); // its record tells it too
    return { drill, kept: Promise.all([kept, drill.kept]).then(() => undefined), done: answered };
  }

  /** @throws AppError NOT_FOUND */
  get(id: string): Drill {
    return this.registry.get(id);
  }

  /** Newest first. */
  list(backupId?: string): readonly Drill[] {
    return this.registry.all(backupId);
  }

  /** The newest of a backup that has told whether it can be restored. */
  lastOf(backupId: string): Drill | undefined {
    return this.registry.all(backupId).find(({ record }) => verdictOf(record) !== undefined);
  }

  /** When the newest drill ended that proved a backup of this database restorable; milliseconds since 1970. */
  lastSuccessOf(database: string): number | undefined {
    const times = this.registry
      .all()
      .filter(({ record }) => record.database === database && record.phase === 'SUCCEEDED')
      .map(({ record }) => Date.parse(record.finishedAt ?? record.startedAt));
    return times.length === 0 ? undefined : Math.max(...times);
  }

  /** The state of one drill as it is now, then every step until its end. @throws AppError NOT_FOUND */
  follow(id: string): AsyncIterableIterator<Drill> {
    return this.registry.get(id).feed.follow((drill) => drill);
  }

  /** A wrong key says nothing of the backup, so there is no drill; what else is wrong with a file the drill tells. */
  private async checkKey(backup: BackupRecord, decryptionKey: string | undefined): Promise<void> {
    try {
      await this.parts.backups.checkKey(backup, decryptionKey);
    } catch (error) {
      if (!(error instanceof AppError) || !OF_THE_FILES.has(error.code)) throw error;
    }
  }

  private async carryOut(
    drill: OpenDrill,
    job: JobHandle,
    given: {
      readonly programs: DrillPrograms;
      readonly folder: { readonly parent: string; readonly prefix: string };
      readonly decryptionKey: string | undefined;
    },
  ): Promise<Drill> {
    const { backups, clock, log, limits } = this.parts;
    const { signal } = job;
    const run = new DrillRun({
      ...given,
      id: job.id,
      backup: drill.backup,
      backups,
      limits,
      clock,
      log,
      signal,
      tell: (phase, message, found) => {
        job.tell({ phase: 'CAPTURING', message }, drill.record.phase !== phase);
        this.registry.step(drill, { phase, message, ...found });
      },
    });
    try {
      await run.run();
    } finally {
      // what was found until then is told of one that failed too
      this.registry.step(drill, run.found);
    }
    return this.succeeded(drill);
  }

  private async succeeded(drill: OpenDrill): Promise<Drill> {
    const ended = { ...drill.record, phase: 'SUCCEEDED', finishedAt: instant(this.parts.clock.now()) } as const;
    const full = { ...ended, message: provenBy(ended) };
    await this.registry.end(drill, this.kept(full, drill.backup));
    this.log(drill);
    return { record: full, backup: drill.backup };
  }

  /** @throws what was thrown, or why it was ended */
  private async failed(drill: OpenDrill, thrown: unknown, job: JobHandle): Promise<never> {
    const reason: unknown = job.signal.aborted ? job.signal.reason : thrown;
    const error = problemOf(reason);
    if (error.code === 'INTERNAL') this.parts.log.error({ err: thrown, drill: job.id }, 'a drill failed');
    const record: DrillRecord = {
      ...drill.record,
      phase: error.code === 'CANCELLED' ? 'CANCELLED' : 'FAILED',
      finishedAt: instant(this.parts.clock.now()),
      message: error.message,
      error,
    };
    await this.registry.end(drill, this.kept(record, drill.backup));
    this.log(drill);
    throw reason;
  }

  /** What stays of it: what northd says quotes values, which of an encrypted backup are nobody's to read. */
  private kept(record: DrillRecord, backup: BackupRecord): DrillRecord {
    const { northdWarnings: all } = record;
    if (all.length === 0 || !needsKey(backup, this.parts.catalog)) return record;
    return { ...record, northdWarnings: [plural(all.length, `# {warning|warnings}: ${NOT_KEPT}`)] };
  }

  private log({ record, backup }: OpenDrill): void {
    const { id, phase, startedBy, restoreSeconds, northdSeconds, rowsCompared, error } = record;
    this.parts.log.info(
      {
        drill: id,
        backup: backup.id,
        phase,
        ...defined({ restoreSeconds, northdSeconds, rowsCompared, problem: error?.message }),
        subject: startedBy,
      },
      'drill ended',
    );
  }

  /** How the names of this store's folders begin. */
  private async prefix(): Promise<string> {
    this.scratchName ??= this.readScratchName();
    try {
      return await scratchPrefix(await this.scratchName, this.parts.storeFolder);
    } catch (error) {
      this.scratchName = undefined;
      throw error;
    }
  }

  private async readScratchName(): Promise<string> {
    const { store } = this.parts;
    if ((await store.stat(SCRATCH_NAME_KEY)) !== undefined) {
      const name = (await store.read(SCRATCH_NAME_KEY, SCRATCH_NAME_BYTES_MAX)).toString().trim();
      if (SCRATCH_NAME.test(name)) return name;
    }
    const name = randomBytes(8).toString('hex');
    await store.put(SCRATCH_NAME_KEY, Buffer.from(`${name}\n`), { replace: true });
    return name;
  }
}

function provenBy({
  finishedAt,
  restoreSeconds = 0,
  rowsCompared = 0,
  northdSeconds,
  logicalFlows,
}: DrillRecord): string {
  const flows =
    northdSeconds === undefined
      ? ''
      : `; with northd ${plural(logicalFlows ?? 0, '# logical {flow|flows}')} in ${northdSeconds.toFixed(1)} s`;
  return (
    `Proven restorable on ${String(finishedAt).slice(0, 10)} in ${restoreSeconds.toFixed(1)} s: ` +
    `${plural(rowsCompared, '# {row|rows} compared')}${flows}`
  );
}

function outcomeOf({ record: { message, rowsCompared: rows } }: Drill): JobOutcome {
  return { message, ...defined({ rows }) };
}
