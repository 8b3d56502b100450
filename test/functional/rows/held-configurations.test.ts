/**
 * What was looked into is held for the next page: for a short time, only while it is what it was read from, and of an
 * encrypted backup only for who has its key.
 */
import { appendFile, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../src/lib/error.js';
import type { BackupRecord } from '../../../src/service/backup/backup-record.js';
import type { ConfigurationRef } from '../../../src/service/configuration/source.js';
import type { RowPage } from '../../../src/service/rows/looked-into.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';
import { ASKER, TestServices } from '../../support/servers/services.js';
import { until } from '../../support/until.js';

const KEY = 'the key of who may look';
const LIVE = { database: 'northbound' };
let services: TestServices;

beforeAll(async () => {
  services = await TestServices.start({ database: databaseFile({ profile: 'small' }) });
});
afterAll(() => services.stop());

function look(of: ConfigurationRef, signal = new AbortController().signal): Promise<RowPage> {
  return services.rows.rows({ ...ASKER, of, table: 'Logical_Switch', first: 1, signal });
}

async function codeOf(looked: Promise<unknown>): Promise<string> {
  return looked.then(
    () => 'OK',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
}

/** How often the file of a backup was read meanwhile. */
async function readings({ file }: BackupRecord, work: () => Promise<unknown>): Promise<number> {
  const { calls } = services.store;
  const before = calls.length;
  await work();
  return calls.slice(before).filter((call) => call === `get ${file}`).length;
}

it('reads a backup once, for all who look at the same time and afterwards', async () => {
  const backup = await services.create();
  const of = { backupId: backup.id };
  expect(await readings(backup, () => Promise.all([look(of), look(of), look(of)]))).toBe(1);
  expect(await readings(backup, () => look(of))).toBe(0);
});

it('lets go of a backup that nobody looks into any more', async () => {
  const backup = await services.create();
  const of = { backupId: backup.id };
  await look(of);
  for (let i = 0; i < 3; i++) {
    services.lookClock.advance(50_000);
    expect(await readings(backup, () => look(of))).toBe(0);
  }
  services.lookClock.advance(61_000);
  expect(await readings(backup, () => look(of))).toBe(1);
  services.lookClock.advance(120_000);
  expect(services.lookClock.waiting).toBe(0);
});

it('shows a configuration without a row', async () => {
  const empty = await TestServices.start();
  try {
    const { id: backupId } = await empty.create();
    for (const of of [{ backupId }, { backupId }, LIVE]) {
      const asked = { ...ASKER, of, first: 1, signal: new AbortController().signal };
      expect((await empty.rows.rows({ ...asked, table: 'Logical_Switch' })).totalCount).toBe(0);
      expect((await empty.rows.search({ ...asked, text: 'x' })).totalCount).toBe(0);
    }
  } finally {
    await empty.stop();
  }
});

it('holds two', async () => {
  const backups = [await services.create(), await services.create(), await services.create()];
  for (const { id } of backups) await look({ backupId: id });
  const [first, second, third] = backups as [BackupRecord, BackupRecord, BackupRecord];
  expect(await readings(third, () => look({ backupId: third.id }))).toBe(0);
  expect(await readings(second, () => look({ backupId: second.id }))).toBe(0);
  expect(await readings(first, () => look({ backupId: first.id }))).toBe(1);
});

it('shows what is held of an encrypted backup only to who has its key', async () => {
  const backup = await services.create({ encryptionKey: KEY });
  const { id: backupId } = backup;
  expect((await look({ backupId, decryptionKey: KEY })).totalCount).toBeGreaterThan(0);
  expect(await readings(backup, () => look({ backupId, decryptionKey: KEY }))).toBe(0);
  for (let i = 0; i < 2; i++) {
    expect(await codeOf(look({ backupId }))).toBe('DECRYPTION_FAILED');
    expect(await codeOf(look({ backupId, decryptionKey: `${KEY}!` }))).toBe('DECRYPTION_FAILED');
  }
  // who was refused takes nothing from who was not
  expect(await readings(backup, () => look({ backupId, decryptionKey: KEY }))).toBe(0);
});

it('refuses a key for a backup that needs none, whether it is held or not', async () => {
  const { id: backupId } = await services.create();
  for (let i = 0; i < 2; i++) {
    expect(await codeOf(look({ backupId, decryptionKey: KEY }))).toBe('BAD_USER_INPUT');
    expect(await codeOf(look({ backupId }))).toBe('OK');
  }
});

it('shows nothing of a backup that was deleted, damaged or lost meanwhile', async () => {
  const [deleted, damaged, lost] = [await services.create(), await services.create(), await services.create()];
  for (const [{ id }, end, code] of [
    [deleted, () => services.backups.delete(deleted.id, ASKER), 'NOT_FOUND'],
    [damaged, () => appendFile(join(services.folder, damaged.file), ' '), 'INTEGRITY_FAILED'],
    [lost, () => services.store.delete(lost.file), 'NOT_FOUND'],
  ] as const) {
    expect(await codeOf(look({ backupId: id }))).toBe('OK');
    await end();
    expect([id, await codeOf(look({ backupId: id }))]).toEqual([id, code]);
  }
});

it('shows nothing of a backup that validating has found damaged, whatever the time of its file', async () => {
  const { id: backupId, file } = await services.create();
  const path = join(services.folder, file);
  const time = new Date('2026-01-01T00:00:00Z');
  await utimes(path, time, time);
  expect(await codeOf(look({ backupId }))).toBe('OK');
  const bytes = await readFile(path);
  await writeFile(
    path,
    bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte)),
  );
  await utimes(path, time, time);
  expect((await services.backups.validate(backupId, undefined, ASKER)).valid).toBe(false);
  expect(await codeOf(look({ backupId }))).toBe('INTEGRITY_FAILED');
});

it('reads an incremental backup once, and again when the one that it builds on is another', async () => {
  const base = await services.create();
  await nbctl(services.ovsdb.remote, 'ls-add', 'later');
  const link = await services.create({ incremental: { parentId: base.id } });
  const of = { backupId: link.id };
  expect((await look(of)).totalCount).toBe((await look({ backupId: base.id })).totalCount + 1);
  expect(await readings(base, () => look(of))).toBe(0);
  await appendFile(join(services.folder, base.file), ' ');
  expect(await codeOf(look(of))).toBe('INTEGRITY_FAILED');
});

it('shows a database as it was for some seconds, and then as it is', async () => {
  services.lookClock.advance(10_000);
  const { totalCount } = await look(LIVE);
  await nbctl(services.ovsdb.remote, 'ls-add', 'new');
  services.lookClock.advance(9_000);
  expect((await look(LIVE)).totalCount).toBe(totalCount);
  services.lookClock.advance(1_001);
  expect((await look(LIVE)).totalCount).toBe(totalCount + 1);
});

it('ends when nobody waits any more, and leaves the others their answer', async () => {
  const { id: backupId } = await services.create();
  const gone = new AbortController();
  const left = look({ backupId }, gone.signal);
  const others = [look({ backupId }), look({ backupId })];
  gone.abort(new Error('went away'));
  await expect(left).rejects.toThrow('went away');
  expect((await Promise.all(others)).map(({ nodes }) => nodes.length)).toEqual([1, 1]);
  await until(() => services.work.count === 0);
});
