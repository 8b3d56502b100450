/** What followers of a feed get, and when. */
import { ProgressFeed } from '../../../src/service/job/progress-feed.js';
import { TestClock } from '../../support/test-clock.js';

/** Everything that a follower has got so far, without waiting for more. */
class Reader {
  readonly got: string[] = [];
  isAtEnd = false;

  constructor(readonly states: AsyncIterableIterator<string>) {
    void this.read();
  }

  private async read(): Promise<void> {
    for await (const state of this.states) this.got.push(state);
    this.isAtEnd = true;
  }
}

function follow(): { clock: TestClock; feed: ProgressFeed<string>; reader: Reader } {
  const clock = new TestClock();
  const feed = new ProgressFeed('first', clock);
  return { clock, feed, reader: new Reader(feed.follow((state) => state)) };
}

/** Everything that does not wait for the clock has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('a feed', () => {
  it('gives the state as it is now, then a later one when its time has come', async () => {
    const { clock, feed, reader } = follow();
    await settled();
    expect(reader.got).toEqual(['first']);
    feed.publish('second', false);
    await settled();
    expect(reader.got).toEqual(['first']);
    clock.advance(99);
    await settled();
    expect(reader.got).toEqual(['first']);
    clock.advance(1);
    await settled();
    expect(reader.got).toEqual(['first', 'second']);
  });

  it('leaves out what is overtaken before its time', async () => {
    const { clock, feed, reader } = follow();
    await settled();
    for (const state of ['second', 'third', 'fourth']) {
      feed.publish(state, false);
      await settled();
    }
    clock.advance(100);
    await settled();
    expect(reader.got).toEqual(['first', 'fourth']);
  });

  it('gives every milestone at once, and what was waiting before it is overtaken', async () => {
    const { feed, reader } = follow();
    await settled();
    feed.publish('second', false);
    feed.publish('begins', true);
    feed.publish('goes on', true);
    await settled();
    expect(reader.got).toEqual(['first', 'begins', 'goes on']);
  });

  it('does not make a state wait that comes long after the one before', async () => {
    const { clock, feed, reader } = follow();
    await settled();
    clock.advance(5_000);
    feed.publish('second', false);
    await settled();
    expect(reader.got).toEqual(['first', 'second']);
  });

  it('is not disturbed by a wall clock that is set', async () => {
    const { clock, feed, reader } = follow();
    await settled();
    clock.set(-3_600_000);
    feed.publish('second', false);
    clock.advance(100);
    await settled();
    expect(reader.got).toEqual(['first', 'second']);
  });

  it('gives the last state at once, ends, and leaves no alarm', async () => {
    const { clock, feed, reader } = follow();
    await settled();
    feed.publish('second', false);
    await settled();
    expect(clock.waiting).toBe(1);
    feed.end('last');
    await settled();
    expect(reader.got).toEqual(['first', 'last']);
    expect(reader.isAtEnd).toBe(true);
    expect(clock.waiting).toBe(0);
    feed.publish('after', true);
    const late = new Reader(feed.follow((state) => state));
    await settled();
    expect(late).toMatchObject({ got: ['last'], isAtEnd: true });
  });

  it('ends for a reader who returns in the middle of waiting, and leaves no alarm', async () => {
    const { clock, feed, reader } = follow();
    await settled();
    feed.publish('second', false);
    await settled();
    await reader.states.return?.();
    await settled();
    expect(reader.got).toEqual(['first']);
    expect(reader.isAtEnd).toBe(true);
    expect(clock.waiting).toBe(0);
  });

  it('passes over states of which a follower makes nothing', async () => {
    const clock = new TestClock();
    const feed = new ProgressFeed(1, clock);
    const reader = new Reader(feed.follow((state) => (state % 2 === 0 ? `${state}` : undefined)));
    feed.publish(2, true);
    feed.publish(3, true);
    feed.end(4);
    await settled();
    expect(reader).toMatchObject({ got: ['2', '4'], isAtEnd: true });
  });
});
