/**
 * One run of a story: the world in which it happens (folder, database, clock, disk), the process that lives in it, and
 * what was asked of it. Time passes only while everything is at rest.
 */
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { VerifyMode } from '../../src/engine/verify/verify.js';
import { AppError } from '../../src/lib/error.js';
import { isFinal } from '../../src/service/restore/life/life.js';
import type { RestoreRecord } from '../../src/service/restore/record/restore-record.js';
import type { RestoreSummary } from '../../src/service/restore/record/restore-summary.js';
import type { Started } from '../../src/service/restore/restore-request.js';
import { TestClock } from '../support/test-clock.js';
import { CommittedTransactions } from './committed.js';
import { BEFORE, type Content } from './content.js';
import { Disk } from './disk.js';
import type { ForeignWrite } from './foreign.js';
import { LifeProcess, type World } from './life-process.js';
import { Moments } from './moments.js';
import { Names } from './names.js';
import type { Stage } from './stage.js';

export const HOUR_MS = 3_600_000;
export const CONFIRM_WITHIN_S = 5;
/** Turns of the event loop in which nothing happened. */
const QUIET_TURNS = 8;
const BUSY_TURNS = 4;
const FAR_MS = 60_000;
const LOOKS_MAX = 400;
const LOOK_AGAIN_MS = 5;
/** Between a death and the next start. */
const DOWN_MS = 1_000;

/** Something that was asked for, and what became of it. */
export interface Call {
  readonly what: 'restore' | 'undo' | 'confirm';
  /** Who was asked. */
  readonly by: LifeProcess;
  /** Of the restore or the undo that it began. */
  id?: string;
  /** OK, or the code of the error; undefined while it is not answered. */
  answer?: string;
}

export interface RestoreOptions {
  readonly confirmWithinSeconds?: number;
  readonly wait?: boolean;
  readonly queue?: boolean;
  readonly verify?: VerifyMode;
}

/** The process was killed or told to end: what was asked of it is not answered any more. */
export class Interrupted extends Error {}

export class Run implements World {
  readonly clock = new TestClock();
  readonly disk = new Disk();
  readonly moments: Moments;
  readonly names = new Names();
  readonly log: readonly string[];
  readonly tell: (line: string) => void;
  readonly calls: Call[] = [];
  /** What was found wrong on the way. */
  readonly problems: string[] = [];
  /** What another client has written. */
  foreign: ForeignWrite | undefined;
  private current: LifeProcess | undefined;
  /** A process was killed while the disk took nothing: what it did against the disk's will is nowhere but in the database. */
  diedUnkept = false;
  /** How many moments the story had, without what comes after it. */
  momentsTold = 0;
  private isAway = false;
  private isListening = false;
  private readonly asking: (() => void)[] = [];
  private ending: { readonly since: number; isOver: boolean } | undefined;

  private constructor(
    readonly stage: Stage,
    readonly folder: string,
    readonly committed: CommittedTransactions,
    onLog: (line: string) => void,
  ) {
    const log: string[] = [];
    this.log = log;
    const tell = (line: string): void => {
      log.push(line);
      onLog(`${this.clock.monotonic()} ms ${line.trim()}`);
    };
    this.tell = tell;
    this.moments = new Moments(tell);
  }

  static async begin(stage: Stage, onLog: (line: string) => void = () => undefined): Promise<Run> {
    const folder = join(stage.folder, 'run');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await cp(stage.template, join(folder, 'store'), { recursive: true });
    await stage.content.set(BEFORE);
    const run = new Run(stage, folder, await CommittedTransactions.since(stage.ovsdb.databaseFile), onLog);
    await run.restart();
    return run;
  }

  get databaseSocket(): string {
    return this.stage.socket;
  }

  get stepRowsMax(): number {
    return this.stage.stepRowsMax;
  }

  get content(): Content {
    return this.stage.content;
  }

  /** Whether neither the disk nor the database has anything. */
  get isMended(): boolean {
    return !this.disk.isFailing && !this.isAway;
  }

  /** Nobody can reach the database. */
  set isDatabaseAway(isAway: boolean) {
    this.isAway = isAway;
    this.process.proxy.isRefusing = isAway;
  }

  get process(): LifeProcess {
    if (this.current === undefined) throw new Error('no process lives');
    return this.current;
  }

  get isInterrupted(): boolean {
    return this.process.hasDied || this.ending !== undefined;
  }

  /** A new process on the same folder. One that dies while it starts is followed by another one. */
  async restart(): Promise<void> {
    do {
      await this.current?.die();
      this.ending = undefined;
      this.current = await LifeProcess.open(this);
      this.current.proxy.isRefusing = this.isAway;
      const { restores } = this.current;
      let isLoaded = false;
      this.isListening = false;
      restores.load().then(
        () => (isLoaded = true),
        (error: unknown) => {
          this.problems.push(`the start failed: ${String(error)}`);
          isLoaded = true;
        },
      );
      if (!(await this.until(() => isLoaded || this.isInterrupted, HOUR_MS))) this.problems.push('the start hangs');
      if (this.ending !== undefined) await this.ended();
      this.isListening = true;
      for (const ask of this.asking.splice(0)) if (!this.isInterrupted) ask();
    } while (this.process.hasDied);
  }

  /** Asks now, or, as nobody can ask a server that has not read its records yet, when that is done. */
  whenListening(ask: () => void): void {
    if (this.isListening) ask();
    else this.asking.push(ask);
  }

  async kill(): Promise<void> {
    this.diedUnkept ||= this.disk.isFailing;
    await this.process.die();
    this.clock.advance(DOWN_MS);
  }

  /** SIGTERM. */
  drain(): void {
    if (this.isInterrupted) return;
    const ending = { since: this.clock.monotonic(), isOver: false };
    this.ending = ending;
    void this.process.end().then(
      () => (ending.isOver = true),
      (error: unknown) => {
        this.problems.push(`6: the end failed: ${String(error)}`);
        ending.isOver = true;
      },
    );
  }

  /** Waits for the end after SIGTERM. @returns false when it took too long */
  async ended(): Promise<void> {
    const { ending } = this;
    if (ending === undefined) return;
    const isOver = await this.until(() => ending.isOver || this.process.hasDied, 2 * HOUR_MS);
    const tookMs = this.clock.monotonic() - ending.since;
    if (!isOver) this.problems.push('6: the server does not end');
    else if (tookMs > 33_000) this.problems.push(`6: the server took ${tookMs} ms to end`);
    await this.process.die();
  }

  /** Later, by the clock, unless it was to be done to a process that is not there any more. */
  later(ms: number, work: () => void): void {
    this.clock.alarm(ms, work);
  }

  restore({ confirmWithinSeconds, wait = true, queue = false, verify = 'ASSERTIONS' }: RestoreOptions = {}): Call {
    const { process } = this;
    const caller = { subject: 'tester', via: 'REST' } as const;
    return this.ask('restore', async () => {
      const started = await process.restores.start({
        backupId: this.stage.backupId,
        dryRun: false,
        conflictPolicy: 'OVERWRITE',
        exact: true,
        force: false,
        wait,
        queue,
        verify,
        caller,
        ...(confirmWithinSeconds === undefined ? {} : { confirmWithinSeconds }),
      });
      if (!wait) {
        const target = { restoreId: started.restore.record.id };
        await process.audit.record({ ...caller, action: 'restoreBackup', target, result: 'ACCEPTED' });
      }
      return started;
    });
  }

  undo(id: string, { force = false, dryRun = false } = {}): Call {
    const { restores } = this.process;
    const caller = { subject: 'tester', via: 'REST' } as const;
    return this.ask('undo', () => restores.undo(id, { force, dryRun, caller }));
  }

  confirm(id: string): Call {
    const { restores } = this.process;
    return this.ask('confirm', async () => {
      await restores.confirm(id, 'tester');
      return undefined;
    });
  }

  /** Waits for the answer. @throws Interrupted */
  async answered(call: Call): Promise<void> {
    await this.reach(() => call.answer !== undefined, `an answer to ${call.what}`);
  }

  /** @throws Interrupted */
  async reach(condition: () => boolean, what: string): Promise<void> {
    const isReached = await this.until(() => this.isInterrupted || condition(), HOUR_MS);
    if (this.isInterrupted) throw new Interrupted();
    if (!isReached) this.problems.push(`4: ${what} did not come`);
  }

  /** Those that are in the records of the process now, oldest first. */
  restores(): readonly RestoreSummary[] {
    return [...this.process.restores.list()].reverse();
  }

  /** Their records, oldest first. */
  async records(): Promise<readonly RestoreRecord[]> {
    return (await this.process.restores.read(this.restores())).map(({ record }) => record);
  }

  phaseOf(id: string | undefined): string | undefined {
    return this.restores().find((restore) => restore.id === id)?.phase;
  }

  /** Those of the process that lives. */
  get areCallsAnswered(): boolean {
    return this.calls.every(({ by, answer }) => by !== this.current || answer !== undefined);
  }

  get isAllOver(): boolean {
    return this.restores().every(({ phase }) => isFinal(phase));
  }

  /** Lets time pass until the condition holds. @returns false when it does not hold after so much time */
  async until(condition: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.clock.monotonic() + limitMs;
    let looks = 0;
    let seen = 0;
    for (;;) {
      await this.rest();
      if (condition()) return true;
      const leftMs = end - this.clock.monotonic();
      if (leftMs <= 0) return false;
      const nextMs = this.clock.nextInMs ?? Infinity;
      // nothing waits for the clock for long: it may be something that cannot be seen from here
      if (seen !== this.moments.seen.length) looks = 0;
      seen = this.moments.seen.length;
      if (nextMs > FAR_MS && looks++ < LOOKS_MAX) {
        await delay(LOOK_AGAIN_MS);
        continue;
      }
      looks = 0;
      this.clock.advance(Math.min(nextMs, leftMs));
    }
  }

  async pass(ms: number): Promise<void> {
    let isPast = false;
    this.clock.alarm(ms, () => {
      isPast = true;
    });
    await this.until(() => isPast, ms);
  }

  async end(): Promise<void> {
    await this.process.die();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Waits until nothing is under way that does not wait for the clock. */
  private async rest(): Promise<void> {
    let quiet = 0;
    let busy = 0;
    while (quiet < QUIET_TURNS) {
      await new Promise((resolve) => setImmediate(resolve));
      const isBusy =
        (this.current?.busy ?? 0) > 0 ||
        process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq') || name.endsWith('ConnectWrap'));
      quiet = isBusy ? 0 : quiet + 1;
      busy = isBusy ? busy + 1 : 0;
      // it waits for another process or for the disk, which want the core more than a loop does
      if (busy > BUSY_TURNS) await delay(1);
      if (quiet === QUIET_TURNS / 2) await delay(1); // for what no counter shows, such as gzip
    }
  }

  private ask(what: Call['what'], begin: () => Promise<Started | undefined>): Call {
    const call: Call = { what, by: this.process };
    this.calls.push(call);
    void begin()
      .then(async (started) => {
        if (started !== undefined) call.id = started.restore.record.id;
        await started?.done;
        call.answer = 'OK';
      })
      .catch((error: unknown) => {
        call.answer = error instanceof AppError ? error.code : `unknown error: ${String(error)}`;
        if (!(error instanceof AppError)) this.problems.push(`an error without a code: ${String(error)}`);
      });
    return call;
  }
}
