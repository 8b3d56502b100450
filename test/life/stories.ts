/** The stories of a restore that are told with every fault at every moment. */
import { CONFIRM_WITHIN_S, type Run } from './run.js';

export type Story = (run: Run) => Promise<void>;

const CONFIRMED_LATER = { confirmWithinSeconds: CONFIRM_WITHIN_S };

async function restored(run: Run, options: Parameters<Run['restore']>[0] = {}): Promise<string> {
  const call = run.restore(options);
  await run.answered(call);
  return call.id ?? '';
}

/** Until it neither awaits a confirmation nor is found out about. */
async function over(run: Run): Promise<void> {
  await run.reach(() => run.isAllOver, 'the end of every restore');
}

/** The process is killed at a moment of the story itself, and started again. */
async function killedAt(run: Run, moment: string, work: () => Promise<void>): Promise<void> {
  let isKilled = false;
  run.moments.setTrap(moment, async () => {
    isKilled = true;
    await run.kill();
    return 'DROPPED';
  });
  try {
    await work();
  } catch (error) {
    if (!isKilled) throw error;
    await run.restart();
  }
}

const ALONE: Readonly<Record<string, Story>> = {
  restore: async (run) => {
    await restored(run);
  },

  /** Nobody waits for its answer. */
  background: async (run) => {
    await restored(run, { wait: false });
  },

  /** All rows are read back before it is confirmed. */
  confirm: async (run) => {
    const id = await restored(run, { ...CONFIRMED_LATER, verify: 'FULL' });
    await run.answered(run.confirm(id));
    await over(run);
  },

  /** An undo is asked for while the restore awaits its confirmation. */
  'asked-undo': async (run) => {
    const id = await restored(run, CONFIRMED_LATER);
    await run.answered(run.undo(id));
    await over(run);
  },

  'later-undo': async (run) => {
    const id = await restored(run);
    await run.answered(run.undo(id));
  },

  expiry: async (run) => {
    await restored(run, CONFIRMED_LATER);
    await over(run);
  },

  /** A restore whose end was not seen, found after a start, and not confirmed. */
  recovery: async (run) => {
    await killedAt(run, 'told restoring#1', async () => {
      await restored(run, CONFIRMED_LATER);
    });
    await over(run);
  },

  /** An undo that came by itself, whose end was not seen. */
  'undo-recovery': async (run) => {
    await killedAt(run, 'told undoing#1', async () => {
      await restored(run, CONFIRMED_LATER);
      await over(run);
    });
    await over(run);
  },

  /** A restore that never reached the database. */
  'lost-request': async (run) => {
    await killedAt(run, 'ask restoring#1', async () => {
      await restored(run, CONFIRMED_LATER);
    });
    await over(run);
  },
};

/** The same on a cluster, where a restore takes several steps. */
const STEPPED = ['restore', 'expiry', 'asked-undo', 'recovery', 'undo-recovery'];

export const STORIES: Readonly<Record<string, Story>> = {
  ...ALONE,
  ...Object.fromEntries(STEPPED.map((story) => [`steps-${story}`, ALONE[story] as Story])),
};
