/** Waiting until nothing is under way. */
import { UnderWay } from '../../../src/api/http/under-way.js';

/** Everything that does not wait has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('what is under way', () => {
  it('is waited for to its last, by everybody who waits', async () => {
    const underWay = new UnderWay<string>();
    const ended: number[] = [];
    underWay.begin('a');
    underWay.begin('b');
    for (const waiter of [1, 2]) void underWay.none().then(() => ended.push(waiter));
    underWay.end('a');
    underWay.end('a');
    underWay.begin('c');
    underWay.end('b');
    await settled();
    expect(ended).toEqual([]);
    underWay.end('c');
    await settled();
    expect(ended).toEqual([1, 2]);
  });

  it('is waited for no longer than until nothing is, although something begins then', async () => {
    const underWay = new UnderWay<string>();
    await underWay.none();
    underWay.begin('a');
    const waiting = underWay.none();
    underWay.end('a');
    underWay.begin('b');
    await waiting;
  });
});
