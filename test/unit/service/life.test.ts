/** The table of a restore's life: every phase and every event. */
import {
  eventAtStart,
  isFinal,
  isSent,
  type LifeEvent,
  RESTORE_PHASES,
  type RestorePhase,
  TRANSITIONS,
  transition,
} from '../../../src/service/restore/life/life.js';

const EVENTS: readonly LifeEvent[] = [
  'TURN',
  'READ',
  'SEND',
  'STALE',
  'COMMITTED',
  'END_UNSEEN',
  'CONVERGE',
  'AWAIT',
  'CONFIRMED',
  'DONE',
  'FAIL',
  'CANCEL',
  'RETRY',
  'UNDONE',
  'UNDO_IMPOSSIBLE',
];

/** Written out a second time: what can happen in each phase, where it leads, and how that is kept. */
const EXPECTED: Readonly<Record<RestorePhase, readonly string[]>> = {
  QUEUED: ['TURN READING MEMORY', 'FAIL FAILED AFTER', 'CANCEL CANCELLED AFTER', 'RETRY QUEUED MEMORY'],
  READING: ['READ PLANNING MEMORY', 'FAIL FAILED AFTER', 'CANCEL CANCELLED AFTER', 'RETRY QUEUED MEMORY'],
  PLANNING: [
    'READ PLANNING MEMORY',
    'SEND APPLYING FIRST',
    'DONE SUCCEEDED AFTER',
    'FAIL FAILED AFTER',
    'CANCEL CANCELLED AFTER',
    'RETRY QUEUED MEMORY',
  ],
  APPLYING: [
    'STALE PLANNING MEMORY',
    'COMMITTED VERIFYING AFTER',
    'END_UNSEEN RECOVERING AFTER',
    'FAIL FAILED AFTER',
    'RETRY QUEUED MEMORY',
  ],
  RECOVERING: ['COMMITTED VERIFYING AFTER', 'FAIL FAILED AFTER', 'RETRY QUEUED MEMORY'],
  VERIFYING: ['CONVERGE CONVERGING MEMORY', 'AWAIT AWAITING_CONFIRMATION AFTER', 'DONE SUCCEEDED AFTER'],
  CONVERGING: ['AWAIT AWAITING_CONFIRMATION AFTER', 'DONE SUCCEEDED AFTER'],
  AWAITING_CONFIRMATION: ['CONFIRMED SUCCEEDED FIRST', 'UNDONE UNDONE AFTER', 'UNDO_IMPOSSIBLE FAILED AFTER'],
  SUCCEEDED: ['UNDONE UNDONE AFTER'],
  FAILED: [],
  CANCELLED: [],
  UNDONE: [],
};

describe('the life of a restore', () => {
  it.each(RESTORE_PHASES)('knows what can happen to one that is %s, and nothing else can', (phase) => {
    const found = EVENTS.flatMap((event) => {
      const next = TRANSITIONS[phase][event];
      return next === undefined ? [] : [`${event} ${next.to} ${next.kept}`];
    });
    expect(found).toEqual(EXPECTED[phase].toSorted((a, b) => rank(a) - rank(b)));
    for (const event of EVENTS)
      if (TRANSITIONS[phase][event] === undefined)
        expect(() => transition(phase, event)).toThrow(`Bug: ${event} cannot happen to a restore that is ${phase}`);
  });

  it('leads from every phase to an end, and from an end only to UNDONE', () => {
    for (const phase of RESTORE_PHASES) {
      const next = Object.values(TRANSITIONS[phase]).map(({ to }) => to);
      if (isFinal(phase)) expect(next.filter((to) => to !== 'UNDONE')).toEqual([]);
      else expect(reachable(phase).some(isFinal)).toBe(true);
    }
  });

  it('leads from what is in the database to FAILED only where it can never be undone', () => {
    for (const phase of ['VERIFYING', 'CONVERGING', 'AWAITING_CONFIRMATION', 'SUCCEEDED'] as const)
      for (const event of EVENTS) if (TRANSITIONS[phase][event]?.to === 'FAILED') expect(event).toBe('UNDO_IMPOSSIBLE');
  });

  it('is sent to the database only when that is written down, and confirmed only then', () => {
    for (const phase of RESTORE_PHASES)
      for (const { to, kept } of Object.values(TRANSITIONS[phase])) {
        if (to === 'APPLYING' || (phase === 'AWAITING_CONFIRMATION' && to === 'SUCCEEDED')) expect(kept).toBe('FIRST');
        else if (isFinal(to) || isSent(to))
          expect([phase, to, kept === 'MEMORY' && to !== 'CONVERGING']).toEqual([phase, to, false]);
      }
  });

  it('begins a start of the server with looking for what was being applied, and gives up what was never sent', () => {
    expect(Object.fromEntries(RESTORE_PHASES.map((phase) => [phase, eventAtStart(phase)]))).toEqual({
      QUEUED: 'FAIL',
      READING: 'FAIL',
      PLANNING: 'FAIL',
      APPLYING: 'END_UNSEEN',
    });
  });
});

function rank(line: string): number {
  return EVENTS.indexOf(line.split(' ')[0] as LifeEvent);
}

function reachable(from: RestorePhase): readonly RestorePhase[] {
  const found = new Set<RestorePhase>([from]);
  for (const phase of found) for (const { to } of Object.values(TRANSITIONS[phase])) found.add(to);
  return [...found];
}
