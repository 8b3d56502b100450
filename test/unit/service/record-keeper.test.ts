/** Records of restores that are written again until they are kept. */
import { AppError } from '../../../src/lib/error.js';
import { createLog } from '../../../src/lib/log.js';
import { restoreRecordKey } from '../../../src/service/backup/layout.js';
import type { RestorePhase } from '../../../src/service/restore/life/life.js';
import { RecordKeeper } from '../../../src/service/restore/record/record-keeper.js';
import { parseRestoreRecord, type RestoreRecord } from '../../../src/service/restore/record/restore-record.js';
import { restoreRecord } from '../../support/restore-record.js';
import { FaultyStore } from '../../support/servers/faulty-store.js';
import { MemoryStore } from '../../support/stores/memory-store.js';
import { TestClock } from '../../support/test-clock.js';

const FULL = new AppError('STORE_FULL', 'the disk is full');
const BROKEN = new AppError('STORE_UNAVAILABLE', 'the disk is broken');
const BYTES_MAX = 1 << 20;

const recordIn = (phase: RestorePhase): RestoreRecord => restoreRecord({ id: 'one', phase });

function opened() {
  const clock = new TestClock();
  const store = new FaultyStore(new MemoryStore());
  const lines: string[] = [];
  const keeper = new RecordKeeper({ store, clock, log: createLog('info', { write: (line) => void lines.push(line) }) });
  return {
    clock,
    store,
    keeper,
    lines,
    kept: async () => parseRestoreRecord(await store.read(restoreRecordKey('one'), BYTES_MAX)).phase,
    /** Lets time pass in small steps. */
    pass: async (ms: number): Promise<void> => {
      for (let past = 0; past < ms; past += 500) {
        await turn();
        clock.advance(500);
      }
      await turn();
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the keeper of records', () => {
  it('throws where a record must be kept first and cannot be', async () => {
    const { keeper, store } = opened();
    store.failWhen(() => BROKEN);
    await expect(keeper.keep(recordIn('APPLYING'))).rejects.toBe(BROKEN);
  });

  it('writes a record of what has happened again until it is kept, with growing pauses', async () => {
    const { keeper, store, kept, pass } = opened();
    store.failWhen((method) => (method === 'put' ? BROKEN : undefined));
    await keeper.keepSurely(recordIn('VERIFYING'));
    await pass(120_000);
    const tries = store.calls.filter((call) => call.startsWith('put ')).length;
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(15);
    store.heal();
    await pass(30_000);
    expect(await kept()).toBe('VERIFYING');
    const after = store.calls.length;
    await pass(120_000);
    expect(store.calls.length).toBe(after);
  });

  it('writes the newest of those that could not be kept, and never an older one over it', async () => {
    const { keeper, store, kept, pass } = opened();
    store.failWhen(() => BROKEN);
    await keeper.keepSurely(recordIn('VERIFYING'));
    await keeper.keepSurely(recordIn('AWAITING_CONFIRMATION'));
    store.heal();
    await keeper.keepSurely(recordIn('SUCCEEDED'));
    expect(await kept()).toBe('SUCCEEDED');
    await pass(120_000);
    expect(await kept()).toBe('SUCCEEDED');
  });

  it('writes those of one restore in the order in which they came', async () => {
    const { keeper, kept } = opened();
    await Promise.all((['APPLYING', 'VERIFYING', 'SUCCEEDED'] as const).map((phase) => keeper.keep(recordIn(phase))));
    expect(await kept()).toBe('SUCCEEDED');
  });

  it('uses the space that was set aside when the disk is full', async () => {
    const { keeper, store, kept } = opened();
    await keeper.keep(recordIn('APPLYING'));
    await keeper.reserve(recordIn('APPLYING'));
    let isFull = true;
    store.failWhen((method, key) => {
      if (method === 'delete' && key.endsWith('.reserved')) isFull = false;
      return method === 'put' && isFull ? FULL : undefined;
    });
    await keeper.keep(recordIn('VERIFYING'));
    expect(await kept()).toBe('VERIFYING');
  });

  it('writes what is not kept yet once more when the server stops, and says so where that fails', async () => {
    const first = opened();
    first.store.failWhen(() => BROKEN);
    await first.keeper.keepSurely(recordIn('SUCCEEDED'));
    first.store.heal();
    await first.keeper.stop();
    expect(await first.kept()).toBe('SUCCEEDED');
    expect(first.clock.waiting).toBe(0);
    const second = opened();
    second.store.failWhen(() => BROKEN);
    await second.keeper.keepSurely(recordIn('SUCCEEDED'));
    await second.keeper.stop();
    expect(second.lines.at(-1)).toContain('the next start looks at the database again');
  });
});
