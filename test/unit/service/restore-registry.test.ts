/** Which restores are in memory, and what is read from the store when somebody looks. */

import { AppError } from '../../../src/lib/error.js';
import { createLog } from '../../../src/lib/log.js';
import { restoreRecordKey } from '../../../src/service/backup/layout.js';
import { KnownIds } from '../../../src/service/command/known-ids.js';
import { type RestoreRecord, restoreRecordBytes } from '../../../src/service/restore/record/restore-record.js';
import { RestoreRegistry } from '../../../src/service/restore/record/restore-registry.js';
import { retentionLimits } from '../../../src/service/restore/record/restore-retention.js';
import { emptyResult } from '../../../src/service/restore/run/restore-result.js';
import { restoreRecord } from '../../support/restore-record.js';
import { FaultyStore } from '../../support/servers/faulty-store.js';
import { MemoryStore } from '../../support/stores/memory-store.js';
import { TestClock } from '../../support/test-clock.js';

const COUNT = 300;
const BROKEN = new AppError('STORE_UNAVAILABLE', 'the disk is broken');

const clock = new TestClock();
const idOf = (number: number): string => `r${String(number).padStart(3, '0')}`;
const FIRST = idOf(0);

const recordOf = (id: string, number: number): RestoreRecord =>
  restoreRecord({
    id,
    phase: 'SUCCEEDED',
    startedAt: new Date(clock.now() + number).toISOString(),
    source: { kind: 'BACKUP', backupId: number % 2 === 0 ? 'even' : 'odd', conflictPolicy: 'OVERWRITE', exact: false },
    result: { ...emptyResult(false, 0), success: true, steps: 1, warnings: [`of ${id}`] },
  });

const undoOfFirst = (): RestoreRecord => ({
  ...recordOf('undo', COUNT),
  phase: 'PLANNING',
  source: { kind: 'UNDO', restoreId: FIRST, backupId: 'even', cause: 'ASKED' },
});

let store: FaultyStore;
let registry: RestoreRegistry;
let lines: string[];
beforeEach(async () => {
  store = new FaultyStore(new MemoryStore());
  lines = [];
  const log = createLog('info', { write: (line) => void lines.push(line) });
  registry = new RestoreRegistry({ ids: new KnownIds(), store, clock, log, limits: retentionLimits(90) });
  for (let i = 0; i < COUNT; i++) await store.put(restoreRecordKey(idOf(i)), restoreRecordBytes(recordOf(idOf(i), i)));
  await registry.load();
  store.calls.length = 0;
});

const reads = (): number => store.calls.filter((call) => call.startsWith('read ')).length;

it('lists all of them, newest first, without reading a record', () => {
  expect(registry.all().map(({ id }) => id)).toEqual(Array.from({ length: COUNT }, (_, i) => idOf(COUNT - 1 - i)));
  expect(registry.all('odd')).toHaveLength(COUNT / 2);
  expect(reads()).toBe(0);
});

it('reads a record when somebody looks, and has only so many of them in memory', async () => {
  const found = await registry.get(FIRST);
  expect([found.record.result?.warnings, found.feed.current.phase, reads()]).toEqual([[`of ${FIRST}`], 'SUCCEEDED', 1]);
  expect(await registry.get(FIRST)).toBe(found);
  expect(reads()).toBe(1);
  for (let i = 1; i < COUNT; i++) await registry.get(idOf(i));
  await registry.get(FIRST);
  expect(reads()).toBe(COUNT + 1);
});

it('gives one object to all who look at the same time', async () => {
  const [one, other] = await Promise.all([registry.get(FIRST), registry.get(FIRST)]);
  expect(one).toBe(other);
});

it('tells those who follow an ended one how it ended', async () => {
  const steps: string[] = [];
  for await (const { progress } of registry.follow(FIRST)) steps.push(progress.phase);
  expect(steps).toEqual(['SUCCEEDED']);
  expect(() => registry.follow('none')).toThrow(/Restore not found: none/);
});

it('lists no more, with a line in the log, one whose record is gone or damaged; one that cannot be read stays', async () => {
  await store.delete(restoreRecordKey(FIRST));
  await store.put(restoreRecordKey(idOf(1)), Buffer.from('{'), { replace: true });
  expect([await registry.find(FIRST), await registry.find(idOf(1))]).toEqual([undefined, undefined]);
  await expect(registry.get(FIRST)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(registry.all()).toHaveLength(COUNT - 2);
  expect(lines.filter((line) => line.includes('is not listed'))).toHaveLength(2);
  store.failWhen((method) => (method === 'read' ? BROKEN : undefined));
  await expect(registry.get(idOf(2))).rejects.toBe(BROKEN);
  store.heal();
  expect((await registry.get(idOf(2))).record.phase).toBe('SUCCEEDED');
});

it('notes that an old one is undone also where the store cannot be read at that time', async () => {
  const undo = await registry.add(undoOfFirst());
  for (let i = 1; i < COUNT; i++) await registry.get(idOf(i));
  store.failWhen((method) => (method === 'read' ? BROKEN : undefined));
  await registry.enter(undo, 'DONE');
  expect(registry.all().find(({ id }) => id === FIRST)).toMatchObject({ phase: 'UNDONE', canBeUndone: false });
  expect((await registry.get(FIRST)).record).toMatchObject({ phase: 'UNDONE', undoneBy: 'undo' });
  store.heal();
  const next = new RestoreRegistry({
    ids: new KnownIds(),
    store,
    clock,
    log: createLog('fatal'),
    limits: retentionLimits(90),
  });
  await next.load();
  expect((await next.get(FIRST)).record).toMatchObject({ phase: 'UNDONE', undoneBy: 'undo' });
});
