/** YAML in another layout, which a thread of its own reads. */
import { yamlAsJson } from '../../../src/archive/document/yaml-thread.js';
import { failureOf } from '../../support/databases/every-kind.js';
import { TestClock } from '../../support/test-clock.js';

describe('a YAML document', () => {
  it('is read within its limit, and leaves no alarm', async () => {
    const clock = new TestClock();
    expect(String(await yamlAsJson(Buffer.from('a: [1, 12345678901234567890, "x"]\n'), clock, undefined))).toBe(
      '{"a":[1,12345678901234567890,"x"]}',
    );
    expect(clock.waiting).toBe(0);
  });

  it('that takes too long is given up', async () => {
    const clock = new TestClock();
    const reading = failureOf(yamlAsJson(Buffer.from('- a: b\n'.repeat(100_000)), clock, undefined));
    clock.advance(120_000);
    expect(await reading).toEqual({
      code: 'INTEGRITY_FAILED',
      message:
        'The YAML document cannot be read: it takes more than 120000 ms to parse. Correct it, or convert it to JSON',
    });
    expect(clock.waiting).toBe(0);
  });

  it('is given up when nobody waits for it any more', async () => {
    const clock = new TestClock();
    const stop = new AbortController();
    const reading = failureOf(yamlAsJson(Buffer.from('- a: b\n'.repeat(100_000)), clock, stop.signal));
    stop.abort(new Error('enough'));
    expect(await reading).toMatchObject({ message: 'enough' });
    expect(clock.waiting).toBe(0);
  });
});
