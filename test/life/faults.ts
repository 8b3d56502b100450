/** What can go wrong at a moment of a restore's life. */
import type { DiskErrno } from './disk.js';
import { type ForeignWrite, writeForeign } from './foreign.js';
import type { Passage } from './moments.js';
import { type Call, HOUR_MS, type Run } from './run.js';

interface Fault {
  /** Whether it makes sense at a moment. */
  fits(moment: string): boolean;
  spring(run: Run): Promise<Passage>;
}

const always = (): boolean => true;
const isWrite = (moment: string): boolean => /^before (put|delete|line) /.test(moment);
const isMessage = (moment: string): boolean => /^(ask|told) /.test(moment);
const isAnswer = (moment: string): boolean => moment.startsWith('told ');
const isTurn = (moment: string): boolean => isMessage(moment) || moment.startsWith('before put ');

/** Shorter and longer than the time for a confirmation, and than a restore waits for its database. */
const SHORT_MS = 2_000;
const LONG_MS = 300_000;
const WHILE_MS = 60_000;
const SOON_MS = 1_000;
const LATE_MS = 20_000;

const killed = (jumpMs = 0): Fault => ({
  fits: always,
  spring: async (run) => {
    await run.kill();
    run.clock.set(jumpMs);
    return 'DROPPED';
  },
});

const jump = (ms: number): Fault => ({
  fits: always,
  spring: (run) => {
    run.clock.set(ms);
    return passed();
  },
});

const disk = (errno: DiskErrno, how: 'once' | 'while' | 'for good' | 'then killed'): Fault => ({
  fits: isWrite,
  spring: (run) => {
    if (how === 'once') run.disk.fail(errno, 1);
    else run.disk.fail(errno);
    if (how === 'while') run.later(WHILE_MS, () => run.disk.mend());
    if (how === 'for good' || how === 'then killed') run.later(HOUR_MS / 2, () => run.disk.mend());
    if (how === 'then killed') later(run, SOON_MS, () => run.kill());
    return passed();
  },
});

function away(run: Run, ms: number): void {
  run.process.proxy.cut();
  run.isDatabaseAway = true;
  run.later(ms, () => {
    run.isDatabaseAway = false;
  });
}

const lost = (ms: number, then?: (run: Run) => void): Fault => ({
  fits: isMessage,
  spring: (run) => {
    away(run, ms);
    then?.(run);
    return Promise.resolve('DROPPED');
  },
});

const foreign = (write: ForeignWrite): Fault => ({
  fits: isTurn,
  spring: async (run) => {
    if (await writeForeign(run, write)) run.foreign = write;
    return 'PASSED';
  },
});

const second = (ask: (run: Run, first: string | undefined) => Call | undefined): Fault => ({
  fits: isTurn,
  spring: (run) => {
    run.whenListening(() => ask(run, run.restores()[0]?.id));
    return passed();
  },
});

export const FAULTS: Readonly<Record<string, Fault>> = {
  kill: killed(),
  'kill+1h': killed(HOUR_MS),
  'kill-1h': killed(-HOUR_MS),
  'full-once': disk('ENOSPC', 'once'),
  'full-while': disk('ENOSPC', 'while'),
  'full-good': disk('ENOSPC', 'for good'),
  'full-kill': disk('ENOSPC', 'then killed'),
  'broken-once': disk('EIO', 'once'),
  'broken-while': disk('EIO', 'while'),
  'broken-good': disk('EIO', 'for good'),
  'broken-kill': disk('EIO', 'then killed'),
  'away-short': lost(SHORT_MS),
  'away-long': lost(LONG_MS),
  'away-kill': lost(LONG_MS, (run) => later(run, SOON_MS, () => run.kill())),
  'away-drain': lost(LONG_MS, (run) => later(run, SOON_MS, async () => run.drain())),
  late: {
    fits: isAnswer,
    spring: async (run) => {
      await new Promise<void>((resolve) => run.later(LATE_MS, resolve));
      return 'PASSED';
    },
  },
  same: foreign('same'),
  other: foreign('other'),
  refer: foreign('refer'),
  name: foreign('name'),
  'jump+1h': jump(HOUR_MS),
  'jump-1h': jump(-HOUR_MS),
  drain: {
    fits: always,
    spring: (run) => {
      run.drain();
      return passed();
    },
  },
  'drain-kill': {
    fits: always,
    spring: (run) => {
      run.drain();
      later(run, 1, () => run.kill());
      return passed();
    },
  },
  confirm: second((run, id) => (id === undefined ? undefined : run.confirm(id))),
  undo: second((run, id) => (id === undefined ? undefined : run.undo(id))),
  'undo-force': second((run, id) => (id === undefined ? undefined : run.undo(id, { force: true }))),
  restore: second((run) => run.restore()),
  'restore-queued': second((run) => run.restore({ queue: true })),
};

function passed(): Promise<Passage> {
  return Promise.resolve('PASSED');
}

/** To this process, if it is still there then. */
function later(run: Run, ms: number, work: () => Promise<void>): void {
  const { process } = run;
  run.later(ms, () => {
    if (run.process === process && !process.hasDied) void work();
  });
}
