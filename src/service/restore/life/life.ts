/**
 * The life of a restore: its phases, what can happen in each, where that leads, and what of it is durable. Pure: the
 * registry (record/restore-registry.ts) is the one place that carries a transition out.
 */

export const RESTORE_PHASES = [
  'QUEUED',
  'READING',
  'PLANNING',
  'APPLYING',
  'RECOVERING',
  'VERIFYING',
  'CONVERGING',
  'AWAITING_CONFIRMATION',
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
  'UNDONE',
] as const;
export type RestorePhase = (typeof RESTORE_PHASES)[number];

/** A phase in a sentence, after what the restore is called. */
export const PHASE_WORDS: Readonly<Record<RestorePhase, string>> = {
  QUEUED: 'waits for its turn',
  READING: 'is reading the backup and the database',
  PLANNING: 'is being planned',
  APPLYING: 'is being applied',
  RECOVERING: 'is being looked for in the database, as its end was not seen',
  VERIFYING: 'is being verified',
  CONVERGING: 'waits for northd, or the chassis too',
  AWAITING_CONFIRMATION: 'awaits its confirmation',
  SUCCEEDED: 'has succeeded',
  FAILED: 'has failed',
  CANCELLED: 'was cancelled',
  UNDONE: 'was undone',
};

/**
 * What happens to a restore.
 *
 * - TURN: its turn has come, or it is tried again
 * - READ: the backup and the database have been read
 * - SEND: a plan is about to be sent to the database
 * - STALE: the database refused the plan, as somebody wrote meanwhile: another one is made
 * - COMMITTED: it is in the database, by the reply or by what the database shows
 * - END_UNSEEN: nobody knows whether what was sent is in the database
 * - CONVERGE: northd, or the chassis too, is waited for
 * - AWAIT: it is in the database and needs a confirmation
 * - CONFIRMED: somebody said in time that it is well
 * - DONE: it is in the database, or there was nothing to change
 * - FAIL: it ends, and nothing of it is in the database
 * - CANCEL: it is given up before anything was sent
 * - RETRY: it failed, or made room for an undo, before anything was sent, and is begun again later
 * - UNDONE: another restore has put back what it changed
 * - UNDO_IMPOSSIBLE: it is in the database, unconfirmed, and can never be put back
 */
export type LifeEvent =
  | 'TURN'
  | 'READ'
  | 'SEND'
  | 'STALE'
  | 'COMMITTED'
  | 'END_UNSEEN'
  | 'CONVERGE'
  | 'AWAIT'
  | 'CONFIRMED'
  | 'DONE'
  | 'FAIL'
  | 'CANCEL'
  | 'RETRY'
  | 'UNDONE'
  | 'UNDO_IMPOSSIBLE';

/**
 * How a phase is kept. MEMORY: nothing is written; a crash falls back to what was written before. FIRST: it is entered
 * only once the record is durable. AFTER: it is true already, so that a record that cannot be written holds nothing up:
 * it is written again until it is.
 */
export type Durability = 'MEMORY' | 'FIRST' | 'AFTER';

export interface Transition {
  readonly to: RestorePhase;
  readonly kept: Durability;
}

const inMemory = (to: RestorePhase): Transition => ({ to, kept: 'MEMORY' });
const first = (to: RestorePhase): Transition => ({ to, kept: 'FIRST' });
const after = (to: RestorePhase): Transition => ({ to, kept: 'AFTER' });

/** Before anything was sent a restore can be given up, fail, or be begun again. */
const UNSENT = { FAIL: after('FAILED'), CANCEL: after('CANCELLED') } as const;
/** Once it is in the database there is no way to FAILED but that an undo that was promised can never be. */
const COMMITTED = { AWAIT: after('AWAITING_CONFIRMATION'), DONE: after('SUCCEEDED') } as const;

export const TRANSITIONS: Readonly<Record<RestorePhase, Readonly<Partial<Record<LifeEvent, Transition>>>>> = {
  QUEUED: { ...UNSENT, TURN: inMemory('READING'), RETRY: inMemory('QUEUED') },
  READING: { ...UNSENT, READ: inMemory('PLANNING'), RETRY: inMemory('QUEUED') },
  PLANNING: {
    ...UNSENT,
    READ: inMemory('PLANNING'),
    SEND: first('APPLYING'),
    DONE: after('SUCCEEDED'),
    RETRY: inMemory('QUEUED'),
  },
  APPLYING: {
    STALE: inMemory('PLANNING'),
    COMMITTED: after('VERIFYING'),
    END_UNSEEN: after('RECOVERING'),
    FAIL: after('FAILED'),
    RETRY: inMemory('QUEUED'),
  },
  RECOVERING: { COMMITTED: after('VERIFYING'), FAIL: after('FAILED'), RETRY: inMemory('QUEUED') },
  VERIFYING: { ...COMMITTED, CONVERGE: inMemory('CONVERGING') },
  CONVERGING: COMMITTED,
  AWAITING_CONFIRMATION: {
    CONFIRMED: first('SUCCEEDED'),
    UNDONE: after('UNDONE'),
    UNDO_IMPOSSIBLE: after('FAILED'),
  },
  SUCCEEDED: { UNDONE: after('UNDONE') },
  FAILED: {},
  CANCELLED: {},
  UNDONE: {},
};

/** @throws Error, a bug, for what cannot happen in this phase */
export function transition(from: RestorePhase, event: LifeEvent): Transition {
  const found = TRANSITIONS[from][event];
  if (found === undefined) throw new Error(`Bug: ${event} cannot happen to a restore that is ${from}`);
  return found;
}

const FINAL: ReadonlySet<RestorePhase> = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED', 'UNDONE']);
const SENT: ReadonlySet<RestorePhase> = new Set([
  'APPLYING',
  'RECOVERING',
  'VERIFYING',
  'CONVERGING',
  'AWAITING_CONFIRMATION',
]);

/** Whether a restore ends in this phase. One that SUCCEEDED can still become UNDONE. */
export function isFinal(phase: RestorePhase): boolean {
  return FINAL.has(phase);
}

/** Whether something of an open restore may be, or is, in the database. */
export function isSent(phase: RestorePhase): boolean {
  return SENT.has(phase);
}

/** What a start of the server does first with a restore that a record shows in this phase. */
export function eventAtStart(phase: RestorePhase): 'END_UNSEEN' | 'FAIL' | undefined {
  if (phase === 'APPLYING') return 'END_UNSEEN';
  return phase === 'QUEUED' || phase === 'READING' || phase === 'PLANNING' ? 'FAIL' : undefined;
}
