/** Turns of heavy work, and who is refused one. */
import { RunningWork } from '../../../src/service/job/running-work.js';
import { type Asker, Turns } from '../../../src/service/job/turns.js';
import { TestClock } from '../../support/test-clock.js';

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Lets everything go on that can. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const limits = { atOnce: 1, waitingMax: 8, what: 'tests' };
const ann: Asker = { subject: 'ann' };
const bob: Asker = { subject: 'bob' };
const eve: Asker = { subject: 'eve' };

/** One turn, which is held until the gate is opened. */
function held(turns: Turns, asker: Asker = ann): { readonly gate: Gate; readonly ended: Promise<void> } {
  const hold = gate();
  return { gate: hold, ended: turns.take(asker, () => hold.opened) };
}

describe('turns', () => {
  it('are taken in rotation by those who wait, and in the order of asking by each of them', async () => {
    const turns = new Turns({ ...limits, waitingMax: 1_000 });
    const first = held(turns);
    const order: string[] = [];
    const ask = (asker: Asker, number: number): Promise<void> =>
      turns.take(asker, async () => void order.push(`${asker.subject} ${number}`));
    const all = Array.from({ length: 100 }, (_, i) => ask(ann, i));
    all.push(ask(bob, 0), ask(bob, 1), ask(eve, 0));
    expect(turns.waitingCount).toBe(103);
    first.gate.open();
    await Promise.all([first.ended, ...all]);
    expect(order.slice(0, 7)).toEqual(['ann 0', 'bob 0', 'eve 0', 'ann 1', 'bob 1', 'ann 2', 'ann 3']);
    expect(order).toHaveLength(103);
    expect(turns.waitingCount).toBe(0);
  });

  it('are so many at once, and come back from work that fails', async () => {
    const turns = new Turns({ ...limits, atOnce: 2 });
    const [one, two] = [held(turns), held(turns)];
    let isRun = false;
    const third = turns.take(bob, async () => {
      isRun = true;
      throw new Error('it fails');
    });
    await settle();
    expect(isRun).toBe(false);
    one.gate.open();
    await expect(third).rejects.toThrow('it fails');
    await expect(turns.take(eve, () => Promise.resolve('done'))).resolves.toBe('done');
    two.gate.open();
    await two.ended;
  });

  it('are waited for by so many, of whom nobody has more places than he leaves', async () => {
    const turns = new Turns(limits);
    const first = held(turns);
    const taken = (asker: Asker): number => {
      for (let places = 0; ; places++) {
        try {
          void turns.take(asker, () => Promise.resolve());
        } catch (error) {
          expect(error).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 10 });
          return places;
        }
      }
    };
    expect([taken(ann), taken(bob), taken(eve)]).toEqual([4, 2, 1]);
    expect(turns.waitingCount).toBe(7);
    first.gate.open();
    await first.ended;
    await settle();
    expect(turns.waitingCount).toBe(0);
    await expect(turns.take(ann, () => Promise.resolve('again'))).resolves.toBe('again');
  });

  it('are not taken by those who have given up', async () => {
    const turns = new Turns(limits);
    const first = held(turns);
    const gone = new AbortController();
    const given = turns.take({ ...ann, signal: gone.signal }, () => Promise.reject(new Error('it was run')));
    const next = turns.take(ann, () => Promise.resolve('next'));
    gone.abort(new Error('given up'));
    await expect(given).rejects.toThrow('given up');
    await expect(turns.take({ ...ann, signal: gone.signal }, () => Promise.resolve())).rejects.toThrow('given up');
    expect(turns.waitingCount).toBe(1);
    first.gate.open();
    await expect(next).resolves.toBe('next');
  });
});

describe('work of several databases', () => {
  it('goes on while one of them hangs, before its session is open and after', async () => {
    const clock = new TestClock();
    const work = new RunningWork({ clock });
    const never = gate();
    const idle = { close: (): void => undefined };
    const open = (): Promise<typeof idle> => Promise.resolve(idle);
    // more than may open a session, and as many as there are turns in all
    const opening = Array.from({ length: 10 }, () =>
      work.inDatabaseTurn(
        ['away'],
        ann,
        () => never.opened.then(() => idle),
        () => Promise.resolve(),
      ),
    );
    const silent = { bytesAwaited: 7, close: (): void => undefined };
    const hanging = Array.from({ length: 4 }, () =>
      work.inDatabaseTurn(
        ['frozen'],
        ann,
        () => Promise.resolve(silent),
        () => never.opened,
      ),
    );
    await settle();
    let isDone = false;
    const other = work.inDatabaseTurn(['fine'], ann, open, async () => {
      isDone = true;
    });
    await settle();
    expect(isDone).toBe(false);
    // one that is heard of keeps its turn
    for (let i = 0; i < 4; i++) clock.advance(1_000);
    await settle();
    expect(isDone).toBe(false);
    for (let i = 0; i < 3; i++) clock.advance(1_000);
    await other;
    await Promise.all([
      work.inDatabaseTurn(['fine', 'fine'], bob, open, () => Promise.resolve()),
      work.inCountTurn('fine', bob, () => Promise.resolve()),
    ]);
    never.open();
    await Promise.all([...opening, ...hanging]);
    // what was lent is not given back twice
    const hold = gate();
    const held = Array.from({ length: 3 }, () => work.inDatabaseTurn(['fine'], ann, open, () => hold.opened));
    const fourth = work.inDatabaseTurn(['fine too'], bob, open, () => Promise.resolve());
    await settle();
    expect(work.waitingCounts.database).toBe(1);
    hold.open();
    await Promise.all([...held, fourth]);
    expect(clock.waiting).toBe(0);
  });

  it('that needs two takes them in one order', async () => {
    const work = new RunningWork({ clock: new TestClock() });
    const open = (): Promise<{ close(): void }> => Promise.resolve({ close: () => undefined });
    const pairs = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? ['a', 'b'] : ['b', 'a']));
    await Promise.all(pairs.map((pair) => work.inDatabaseTurn(pair, ann, open, () => Promise.resolve())));
    expect(work.waitingCounts.database).toBe(0);
  });
});

describe('work that needs the database', () => {
  const session = { close: (): void => undefined };

  it('holds no turn until its session is open, nor one of work that needs only the store', async () => {
    const work = new RunningWork();
    const never = gate();
    // fewer than may open a session at once, and more than there are turns
    const hanging = Array.from({ length: 7 }, () =>
      work.inDatabaseTurn(
        ['north'],
        ann,
        () => never.opened.then(() => session),
        () => Promise.resolve('hung'),
      ),
    );
    await expect(work.inStoreTurn(ann, () => Promise.resolve('store'))).resolves.toBe('store');
    const open = (): Promise<typeof session> => Promise.resolve(session);
    await expect(work.inDatabaseTurn(['north'], bob, open, () => Promise.resolve('another'))).resolves.toBe('another');
    never.open();
    expect(new Set(await Promise.all(hanging))).toEqual(new Set(['hung']));
  });

  it('closes its session, also when it fails or never has its turn', async () => {
    const work = new RunningWork();
    let sessions = 0;
    const open = async () => {
      sessions++;
      return {
        close: () => {
          sessions--;
        },
      };
    };
    await work.inDatabaseTurn(['north'], ann, open, () => Promise.resolve());
    await expect(work.inDatabaseTurn(['north'], ann, open, () => Promise.reject(new Error('no')))).rejects.toThrow(
      'no',
    );
    const hold = gate();
    const gone = new AbortController();
    const holding = Array.from({ length: 3 }, () => work.inDatabaseTurn(['north'], ann, open, () => hold.opened));
    const given = work.inDatabaseTurn(['north'], { ...ann, signal: gone.signal }, open, () => Promise.resolve());
    await settle();
    expect(sessions).toBe(4);
    gone.abort(new Error('given up'));
    await expect(given).rejects.toThrow('given up');
    hold.open();
    await Promise.all(holding);
    expect(sessions).toBe(0);
  });
});

describe('a server that stops', () => {
  it('refuses what waits for its turn, and lets end what has one', async () => {
    const work = new RunningWork();
    const hold = gate();
    const store = (): Promise<string> =>
      work.run('test', () => work.inStoreTurn(ann, () => hold.opened.then(() => 'done')));
    const running = [store(), store()];
    const waiting = store();
    const drained = work.drain();
    await expect(waiting).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(store()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    hold.open();
    await expect(Promise.all(running)).resolves.toEqual(['done', 'done']);
    await drained;
  });
});
