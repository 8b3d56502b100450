/** Connections that are dead without a word, and servers that only take their time. */
import { endWhenDead } from '../../../src/ovsdb/dead-connection.js';
import { TestClock } from '../../support/test-clock.js';

const LOOK_MS = 5_000;

/** A connection of which the test says what it does. */
function watched(answersOthers: () => boolean) {
  const clock = new TestClock();
  let end: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (end = resolve));
  const reasons: string[] = [];
  let asked = 0;
  const connection = {
    isWaiting: true,
    bytesHeard: 0,
    closed,
    close: (reason: string): void => {
      reasons.push(reason);
      end();
    },
  };
  endWhenDead(connection, clock, () => {
    asked++;
    return Promise.resolve(answersOthers());
  });
  const look = async (times: number, each = (): void => undefined): Promise<void> => {
    for (let i = 0; i < times; i++) {
      clock.advance(LOOK_MS);
      each();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { clock, connection, reasons, look, asked: () => asked };
}

it('ends one that says nothing while its server answers others', async () => {
  const { clock, reasons, look, asked } = watched(() => true);
  await look(13);
  expect([asked(), reasons]).toEqual([2, []]);
  await look(1);
  expect(reasons).toEqual(['has not answered for 70 s, while the server answers others']);
  expect(clock.waiting).toBe(0);
});

it('waits for a server that answers nobody', async () => {
  const { reasons, look, asked } = watched(() => false);
  await look(500);
  expect(asked()).toBeGreaterThan(400);
  expect(reasons).toEqual([]);
});

it('waits for a server that answers others only now and then', async () => {
  let times = 0;
  const { reasons, look } = watched(() => ++times % 3 !== 0);
  await look(500);
  expect(reasons).toEqual([]);
});

it('waits for an answer that is arriving, however slowly', async () => {
  const { connection, reasons, look, asked } = watched(() => true);
  for (let i = 0; i < 20; i++) {
    await look(11);
    connection.bytesHeard += 1;
    await look(1);
  }
  expect([asked(), reasons]).toEqual([0, []]);
});

it('says nothing of one that waits for nothing', async () => {
  const { connection, reasons, look, asked } = watched(() => true);
  connection.isWaiting = false;
  await look(100);
  expect([asked(), reasons]).toEqual([0, []]);
});
