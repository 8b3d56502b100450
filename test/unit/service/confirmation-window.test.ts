/** The time for a confirmation, and what meets in it. */
import { ConfirmationWindow, type Verdict } from '../../../src/service/restore/life/confirmation-window.js';
import { TestClock } from '../../support/test-clock.js';

function opened(seconds = 5) {
  const clock = new TestClock();
  const window = new ConfirmationWindow<string>(1_000 * seconds, clock);
  const ticks: number[] = [];
  let verdict: Verdict<string> | undefined;
  const wait = (): void => {
    verdict = undefined;
    void window
      .wait(() => void ticks.push(window.secondsLeft))
      .then((found) => {
        verdict = found;
      });
  };
  wait();
  return {
    clock,
    window,
    ticks,
    wait,
    /** Lets seconds pass, one by one. */
    pass: async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        await turn();
        clock.advance(1_000);
      }
      await turn();
    },
    verdict: async (): Promise<Verdict<string> | undefined> => {
      await turn();
      return verdict;
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the window for a confirmation', () => {
  it('tells how many seconds are left, and is over at its time', async () => {
    const { pass, verdict, ticks } = opened(3);
    await pass(2);
    expect(await verdict()).toBeUndefined();
    await pass(1);
    expect([await verdict(), ticks]).toEqual([{ kind: 'EXPIRED' }, [3, 2, 1]]);
  });

  it('goes by time that has passed, whoever sets the clock', async () => {
    const { clock, pass, verdict } = opened(3);
    clock.set(3_600_000);
    await pass(2);
    expect(await verdict()).toBeUndefined();
    clock.set(-7_200_000);
    await pass(1);
    expect(await verdict()).toEqual({ kind: 'EXPIRED' });
  });

  it('ends with a confirmation, and takes neither an undo nor another confirmation after it', async () => {
    const { window, verdict } = opened();
    expect(window.beginConfirming()).toBe(true);
    expect([window.beginConfirming(), window.beginUndoing(), window.askUndo('too late')]).toEqual([
      false,
      false,
      false,
    ]);
    window.confirmed();
    expect(await verdict()).toEqual({ kind: 'CONFIRMED' });
    expect([window.beginConfirming(), window.beginUndoing(), window.askUndo('too late')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('is not over while a confirmation is being written down, and is when that failed', async () => {
    const { window, pass, verdict } = opened(2);
    window.beginConfirming();
    await pass(4);
    expect(await verdict()).toBeUndefined();
    window.rollBack();
    expect(await verdict()).toEqual({ kind: 'EXPIRED' });
  });

  it('takes a confirmation also after its time, until an undo is sent', async () => {
    const { window, pass, verdict, wait } = opened(1);
    await pass(1);
    expect(await verdict()).toEqual({ kind: 'EXPIRED' });
    expect(window.beginUndoing()).toBe(true);
    expect(window.beginConfirming()).toBe(false);
    window.undoFailed();
    expect(window.beginConfirming()).toBe(true);
    window.confirmed();
    expect(window.beginUndoing()).toBe(false);
    wait();
    expect(await verdict()).toEqual({ kind: 'CONFIRMED' });
  });

  it('hands out an undo that is asked for at once, and takes no second one before that', async () => {
    const { window, verdict } = opened();
    expect([window.askUndo('first'), window.askUndo('second')]).toEqual([true, false]);
    expect(await verdict()).toEqual({ kind: 'UNDO', request: 'first' });
  });

  it('refuses an undo that was asked for and not begun', () => {
    const { window } = opened();
    window.askUndo('first');
    const refused: string[] = [];
    window.refuseAsked((request) => refused.push(request));
    window.refuseAsked((request) => refused.push(request));
    expect(refused).toEqual(['first']);
  });

  it.each([
    ['the server stops', (window: ConfirmationWindow<string>) => window.stop()],
    [
      'it is confirmed',
      (window: ConfirmationWindow<string>) => {
        window.beginConfirming();
        window.confirmed();
      },
    ],
    ['an undo is asked for', (window: ConfirmationWindow<string>) => void window.askUndo('now')],
  ])('pauses between two tries of an undo no longer when %s', async (_when, happen) => {
    for (const isBefore of [true, false]) {
      const { window } = opened();
      let isOver = false;
      if (isBefore) happen(window);
      void window.pause(60_000).then(() => {
        isOver = true;
      });
      if (!isBefore) happen(window);
      await turn();
      expect(isOver).toBe(true);
    }
  });

  it('says that the server stops, unless it is confirmed', async () => {
    const stopped = opened();
    stopped.window.stop();
    expect(await stopped.verdict()).toEqual({ kind: 'STOPPED' });
    const confirmed = opened();
    confirmed.window.beginConfirming();
    confirmed.window.confirmed();
    confirmed.window.stop();
    expect(await confirmed.verdict()).toEqual({ kind: 'CONFIRMED' });
  });
});
