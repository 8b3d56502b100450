import { getEventListeners } from 'node:events';
import { joinSignals } from '../../../src/lib/joined-signal.js';

describe('a joined signal', () => {
  it('aborts when one of the others does, for its reason', () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const { signal } = joinSignals(first.signal, undefined, second.signal);
    expect(signal.aborted).toBe(false);
    second.abort('the second');
    first.abort('the first');
    expect([signal.aborted, signal.reason]).toEqual([true, 'the second']);
  });

  it('is aborted from the beginning where one of the others is', () => {
    const { signal } = joinSignals(new AbortController().signal, AbortSignal.abort('before'));
    expect([signal.aborted, signal.reason]).toEqual([true, 'before']);
  });

  it('leaves nothing behind in the others once it is released', () => {
    const other = new AbortController();
    const joined = joinSignals(other.signal);
    expect(getEventListeners(other.signal, 'abort')).toHaveLength(1);
    joined.release();
    expect(getEventListeners(other.signal, 'abort')).toEqual([]);
    other.abort();
    expect(joined.signal.aborted).toBe(false);
  });
});
