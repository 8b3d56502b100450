/** Prepared exports: once, within a minute of the monotonic clock, so many for each subject. */
import { AppError } from '../../../src/lib/error.js';
import type { ExportService } from '../../../src/service/transfer/export-service.js';
import { PreparedExports, type WantedExport } from '../../../src/service/transfer/prepared-exports.js';
import { TestClock } from '../../support/test-clock.js';

const WANTED: WantedExport = { backupId: 'b', format: 'YAML', raw: false, chain: false, decryptionKey: 'k' };

function prepared(check: () => Promise<void> = async () => undefined): { clock: TestClock; exports: PreparedExports } {
  const clock = new TestClock();
  // what is asked of the service is only whether the backup could be exported
  return { clock, exports: new PreparedExports({ check } as unknown as ExportService, clock) };
}

const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
  return 'OK';
};

it('hands out once what was prepared, and says for whom', async () => {
  const { exports, clock } = prepared();
  const { id, expiresAt } = await exports.prepare(WANTED, 'ann');
  expect(id).toMatch(/^[\w-]{43}$/);
  expect(expiresAt).toBe(clock.now() + 60_000);
  expect(exports.take(id)).toMatchObject({ wanted: WANTED, subject: 'ann' });
  expect(() => exports.take(id)).toThrow(
    /^Download not found: .*within 60 s\. This one was used, is too old, or never/,
  );
  expect(await codeOf(() => exports.take(id))).toBe('NOT_FOUND');
  expect(clock.waiting).toBe(0);
});

it('forgets what is not fetched in a minute, whatever the wall clock says', async () => {
  const { exports, clock } = prepared();
  const { id } = await exports.prepare(WANTED, 'ann');
  clock.set(3_600_000);
  clock.advance(59_999);
  const late = (await exports.prepare(WANTED, 'ann')).id;
  expect(await codeOf(() => exports.take(id))).toBe('OK');
  clock.set(-7_200_000);
  clock.advance(60_000);
  expect(await codeOf(() => exports.take(late))).toBe('NOT_FOUND');
});

it('tells what can be fetched, and leaves it there', async () => {
  const { exports } = prepared();
  const { id } = await exports.prepare(WANTED, 'ann');
  expect(exports.look(id).wanted).toEqual(WANTED);
  expect(await codeOf(() => exports.take(id))).toBe('OK');
  expect(await codeOf(() => exports.look(id))).toBe('NOT_FOUND');
});

it('keeps no key for the stored file, which needs none', async () => {
  const { exports } = prepared();
  const { id } = await exports.prepare({ ...WANTED, raw: true }, 'ann');
  expect(exports.take(id).wanted).toEqual({ ...WANTED, raw: true, decryptionKey: undefined });
});

it('refuses one subject that lets too many wait, and not another', async () => {
  const { exports, clock } = prepared();
  const ids: string[] = [];
  for (let n = 0; n < 20; n++) ids.push((await exports.prepare(WANTED, 'ann')).id);
  await expect(exports.prepare(WANTED, 'ann')).rejects.toThrow(/^20 prepared exports of yours wait to be fetched/);
  expect(await codeOf(() => exports.prepare(WANTED, 'ann'))).toBe('RATE_LIMITED');
  expect(await codeOf(() => exports.prepare(WANTED, 'bob'))).toBe('OK');
  exports.take(ids[0] ?? '');
  expect(await codeOf(() => exports.prepare(WANTED, 'ann'))).toBe('OK');
  clock.advance(60_000);
  expect(await codeOf(() => exports.prepare(WANTED, 'ann'))).toBe('OK');
});

it('refuses everybody when too many wait in all', async () => {
  const { exports } = prepared();
  for (let n = 0; n < 1_000; n++) await exports.prepare(WANTED, `subject ${n}`);
  await expect(exports.prepare(WANTED, 'ann')).rejects.toThrow(/^1000 prepared exports in all wait/);
});

it('prepares nothing that could not begin', async () => {
  const { exports, clock } = prepared(async () => {
    throw new AppError('NOT_FOUND', 'Backup not found: b');
  });
  expect(await codeOf(() => exports.prepare(WANTED, 'ann'))).toBe('NOT_FOUND');
  expect(clock.waiting).toBe(0);
});
