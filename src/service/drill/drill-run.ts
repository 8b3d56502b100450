/**
 * One drill: the backup is read and restored by the planner and the applier of real restores into a scratch database,
 * every row is read back by other code, and northd works on it. Whatever happens, no program and no file stays.
 */
import { randomUUID } from 'node:crypto';
import { Breath } from '../../lib/breath.js';
import { type Clock, within } from '../../lib/clock.js';
import { defined } from '../../lib/defined.js';
import { AppError } from '../../lib/error.js';
import { joinSignals } from '../../lib/joined-signal.js';
import type { Log } from '../../lib/log.js';
import { plural } from '../../lib/text/plural.js';
import { NORTHBOUND } from '../../model/northbound/tables.js';
import { countRows } from '../../model/snapshot/snapshot.js';
import type { DatabaseClient } from '../../ovsdb/client.js';
import { makePrivateFolder, removePrivateFolder } from '../../state/private-folder.js';
import { emptiness, manifestFaults } from '../backup/backup-content.js';
import type { BackupRecord } from '../backup/backup-record.js';
import type { BackupService } from '../backup/backup-service.js';
import type { ReadBackup } from '../backup/read-backup.js';
import { Database } from '../database/database.js';
import { LiveDatabase } from '../database/live-database.js';
import { BackupPlanner } from '../restore/planner/backup-planner.js';
import { PlanApplier } from '../restore/run/plan-applier.js';
import { compareRows } from './compare/compare-rows.js';
import type { DrillFindings, DrillPhase } from './drill-record.js';
import type { Daemon } from './scratch/daemon.js';
import { watchMemory } from './scratch/memory-watch.js';
import { runNorthd } from './scratch/northd.js';
import { type DrillPrograms, isOlder, type NorthdProgram } from './scratch/program.js';
import { ScratchDatabase } from './scratch/scratch-database.js';
import { scratchError, serverEnded } from './scratch/scratch-error.js';

/** What one drill may take of this machine. */
export interface DrillLimits {
  readonly secondsMax: number;
  /** Of its programs together. */
  readonly memoryBytesMax: number;
}

export interface DrillRunParts {
  readonly id: string;
  readonly backup: BackupRecord;
  readonly decryptionKey: string | undefined;
  readonly backups: Pick<BackupService, 'read'>;
  readonly programs: DrillPrograms;
  /** Where its folder is made, and how the name of that begins. */
  readonly folder: { readonly parent: string; readonly prefix: string };
  readonly limits: DrillLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** @param found more than before */
  readonly tell: (phase: DrillPhase, message: string, found?: DrillFindings) => void;
}

/** A plan of one transaction: the database is no cluster. */
const ONE_TRANSACTION = { rowsMax: Infinity, bytesMax: Infinity };
const SCRATCH = {
  id: 'of the drill',
  label: 'of the drill',
  isDefault: false,
  runtimeKeys: [],
  settings: { remotes: 'its folder' },
};
/** Its capture is of an empty database. */
const SILENCE_MS_MAX = 60_000;
/** A server that has ended is seen to have after its connections. */
const LAST_WORDS_MS = 500;
/** Planning again mends nothing: nobody else writes there. */
const LAST_ATTEMPT = 2;

export class DrillRun {
  private readonly stopped = new AbortController();
  private readonly daemons: Daemon[] = [];
  private findings: DrillFindings = {};

  constructor(private readonly parts: DrillRunParts) {}

  /** What it has found until now. */
  get found(): DrillFindings {
    return this.findings;
  }

  /**
   * @throws AppError INTEGRITY_FAILED where the database does not hold what the backup does; TOO_LARGE at a limit; of
   * reading, planning and applying; DATABASE_UNAVAILABLE of the programs; STORE_FULL; the signal's reason
   */
  async run(): Promise<void> {
    const { clock, limits, signal } = this.parts;
    const joined = joinSignals(signal, this.stopped.signal);
    const callOff = clock.alarm(1_000 * limits.secondsMax, () => this.giveUp(tooLong(limits.secondsMax)));
    const endWatch = watchMemory({
      daemons: () => this.daemons,
      bytesMax: limits.memoryBytesMax,
      clock,
      onExceeded: (bytes) => this.giveUp(tooMuchMemory(bytes, limits.memoryBytesMax)),
    });
    try {
      await this.inFolder(joined.signal);
    } catch (error) {
      // what a program or a connection says that was ended is not why
      joined.signal.throwIfAborted();
      throw scratchError(error, this.parts.folder.parent);
    } finally {
      callOff();
      endWatch();
      joined.release();
    }
  }

  private giveUp(reason: AppError): void {
    this.stopped.abort(reason);
  }

  private async inFolder(signal: AbortSignal): Promise<void> {
    const began = this.parts.clock.monotonic();
    this.parts.tell('RESTORING', `Reading backup "${this.parts.backup.name}"`);
    const read = await this.read(signal);
    const northd = this.northdFor(read);
    const folder = await makePrivateFolder(this.parts.folder.parent, this.parts.folder.prefix);
    let database: ScratchDatabase | undefined;
    const kill = (): void => {
      for (const daemon of this.daemons) void daemon.stop();
    };
    signal.addEventListener('abort', kill, { once: true });
    try {
      const { clock, programs } = this.parts;
      const { schema } = read.snapshot;
      const { southboundSchema } = northd ?? {};
      database = await ScratchDatabase.start({ folder, programs, schema, southboundSchema, clock, signal });
      this.daemons.push(database.daemon);
      if (signal.aborted) kill();
      const client = database.client(schema.name);
      await this.restore(read, client, { began, signal });
      await this.compare(read, client, signal);
      if (northd !== undefined) await this.runNorthd(northd, { folder, database, client, signal });
    } catch (error) {
      signal.throwIfAborted();
      await this.checkServer(database, error);
      throw error;
    } finally {
      signal.removeEventListener('abort', kill);
      await database?.stop();
      await removePrivateFolder(folder);
    }
  }

  /** Where the connection broke as the server has ended, that is what is told. */
  private async checkServer(database: ScratchDatabase | undefined, error: unknown): Promise<void> {
    const known = scratchError(error, this.parts.folder.parent);
    if (database === undefined || !(known instanceof AppError) || known.code !== 'DATABASE_UNAVAILABLE') return;
    let how: string | undefined;
    const ended = database.daemon.ended.then((words) => {
      how = words;
    });
    await within(this.parts.clock, LAST_WORDS_MS, ended);
    if (how !== undefined) throw serverEnded(`${how}${await database.lastWords()}`, this.parts.folder.parent, error);
  }

  private async read(signal: AbortSignal): Promise<ReadBackup> {
    const { backup, backups, decryptionKey, tell } = this.parts;
    const read = await backups.read(backup, decryptionKey, {
      signal,
      onProgress: (rows) => tell('RESTORING', plural(rows, 'Read # {row|rows} of the backup')),
    });
    const [fault] = backup.sealed === true ? [] : manifestFaults(read.record, read);
    if (fault !== undefined) throw new AppError('INTEGRITY_FAILED', fault);
    this.note(read.warnings);
    return read;
  }

  /** Undefined where it is not to run, or cannot. */
  private northdFor({ snapshot: { schema } }: ReadBackup): NorthdProgram | undefined {
    const { northd } = this.parts.programs;
    if (northd === undefined) return undefined;
    if (schema.name !== NORTHBOUND) {
      this.note([`northd was left out: it works on ${NORTHBOUND} only`]);
      return undefined;
    }
    if (!isOlder(northd.schemaVersion, schema.version)) return northd;
    this.note([
      `northd was left out: the one of this machine knows version ${northd.schemaVersion} of the schema, and the ` +
        `backup has ${schema.version}`,
    ]);
    return undefined;
  }

  private async restore(
    read: ReadBackup,
    client: DatabaseClient,
    { began, signal }: { readonly began: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const { backup, clock, decryptionKey, id, log, tell } = this.parts;
    tell('RESTORING', plural(countRows(read.snapshot), 'Restoring # {row|rows} into an empty database'));
    const breath = new Breath();
    const scratch = new Database(SCRATCH, client, { clock, silenceMsMax: SILENCE_MS_MAX });
    const live = new LiveDatabase(scratch);
    const planner = new BackupPlanner({ read: async () => read }, backup, {
      policy: 'SKIP',
      exact: false,
      // rows that say how clients reach the database too: nobody reaches this one
      force: true,
      mapping: [],
      ...defined({ decryptionKey }),
      database: backup.database,
      remotes: client.addresses,
      suffix: '',
      newUuid: randomUUID,
    });
    try {
      await planner.read({ signal, onProgress: () => undefined });
      const empty = await live.snapshot({ signal });
      // its notes are of what a restore changes
      const { plan } = await planner.plan(await live.identified(empty), breath);
      this.note([...emptiness(read.snapshot), ...plan.warnings]);
      signal.throwIfAborted();
      const [problem] = plan.problems;
      if (problem !== undefined) throw refused(plan.problems.map(({ message }) => message));
      const applier = new PlanApplier({ live, limits: ONE_TRANSACTION, clock, log });
      const request = { comment: `drill ${id}`, attempt: LAST_ATTEMPT, onProgress: () => undefined, comeBackMs: 0 };
      const end = plan.changeCount === 0 ? 'COMMITTED' : await applier.apply(plan, undefined, request);
      await applier.filled?.release();
      if (end !== 'COMMITTED')
        throw new AppError('DATABASE_UNAVAILABLE', "The drill's ovsdb-server went away while rows were written to it");
    } finally {
      live.close();
    }
    this.find({ restoreSeconds: (clock.monotonic() - began) / 1_000 });
  }

  private async compare({ snapshot }: ReadBackup, client: DatabaseClient, signal: AbortSignal): Promise<void> {
    const { clock, tell } = this.parts;
    const began = clock.monotonic();
    const all = countRows(snapshot);
    tell('COMPARING', plural(all, 'Comparing # {row|rows}'), this.findings);
    const { rowsCompared, differences, differenceCount, notes } = await client.withSession(
      { leader: true, signal },
      (session) =>
        compareRows(snapshot, session, {
          signal,
          onProgress: (rows) => tell('COMPARING', plural(all, `Compared ${rows} of # {row|rows}`), this.findings),
        }),
    );
    this.find({ rowsCompared, differences, compareSeconds: (clock.monotonic() - began) / 1_000 });
    this.note(notes);
    const [first] = differences;
    if (first !== undefined)
      throw new AppError(
        'INTEGRITY_FAILED',
        plural(
          differenceCount,
          `The restored database is not what the backup holds (# {difference|differences}): ${first}`,
        ),
      );
  }

  private async runNorthd(
    program: NorthdProgram,
    {
      folder,
      database,
      client,
      signal,
    }: {
      readonly folder: string;
      readonly database: ScratchDatabase;
      readonly client: DatabaseClient;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { clock, limits, programs, tell } = this.parts;
    tell('NORTHD', 'Waiting for northd to make its flows', this.findings);
    const { seconds, logicalFlows, warnings, notes } = await runNorthd({
      folder,
      searchPath: programs.searchPath,
      program,
      database,
      northbound: client,
      clock,
      signal,
      onStarted: (daemon) => {
        this.daemons.push(daemon);
        if (signal.aborted) void daemon.stop();
      },
      isPrivate: this.parts.decryptionKey !== undefined,
      limitMs: 1_000 * limits.secondsMax,
    });
    this.find({ northdSeconds: seconds, logicalFlows, northdWarnings: warnings });
    this.note(notes);
  }

  private find(found: DrillFindings): void {
    this.findings = { ...this.findings, ...found };
  }

  private note(notes: readonly string[]): void {
    if (notes.length > 0) this.find({ notes: [...(this.findings.notes ?? []), ...notes] });
  }
}

function refused(problems: readonly string[]): AppError {
  const [first = '', ...more] = problems;
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
  return new AppError('DATABASE_REFUSED', `No database can hold all rows of the backup: ${first}${others}`);
}

function tooLong(seconds: number): AppError {
  return new AppError(
    'TOO_LARGE',
    `The drill was ended, as it took longer than ${seconds} s: raise OVNCP_DRILL_SECONDS_MAX`,
  );
}

function tooMuchMemory(bytes: number, bytesMax: number): AppError {
  return new AppError(
    'TOO_LARGE',
    `The drill was ended, as its programs took ${bytes} bytes of memory, and ${bytesMax} are allowed: raise ` +
      'OVNCP_DRILL_MEMORY_BYTES_MAX',
  );
}
