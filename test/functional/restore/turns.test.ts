/** Who waits for a turn, and who does not, while all turns are taken. */

import { AppError } from '../../../src/lib/error.js';
import type { RestoreRequest } from '../../../src/service/restore/restore-request.js';
import { compareDatabases, dumpDatabase } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';
import { ASKER, TESTER, TestServices } from '../../support/servers/services.js';

let services: TestServices;
beforeEach(async () => {
  services = await TestServices.start({ database: databaseFile({ profile: 'openstack', rows: 300 }) });
});
afterEach(() => services.stop());

const READER = { subject: 'reader' };
/** More than there are of any kind. */
const MANY = 20;

/** Takes all turns, and makes as many others wait. @returns lets them go */
function takeAllTurns(): () => Promise<void> {
  const { work } = services;
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const open = (): Promise<{ close(): void }> => Promise.resolve({ close: () => undefined });
  const all = Array.from({ length: MANY }, () => [
    work.inStoreTurn(READER, () => held),
    work.inDatabaseTurn(['northbound'], READER, open, () => held),
  ]);
  return async () => {
    letGo();
    await Promise.allSettled(all.flat());
  };
}

const request = (backupId: string): RestoreRequest => ({
  ...TESTER,
  backupId,
  dryRun: false,
  conflictPolicy: 'OVERWRITE',
  exact: true,
  force: false,
});

it('an undo waits for nobody, and everything else does', async () => {
  const { ovsdb, restores } = services;
  const { id } = await services.create();
  await nbctl(ovsdb.remote, 'ls-add', 'made-since');
  const before = await dumpDatabase(ovsdb.remote);
  const restored = await restores.start({ ...request(id), confirmWithinSeconds: 3_600 });
  await restored.done;
  expect(compareDatabases(before, await dumpDatabase(ovsdb.remote))).not.toEqual([]);

  const letGo = takeAllTurns();
  const dryRun = await restores.start({ ...request(id), dryRun: true });
  const backup = services.create();
  const validated = services.backups.validate(id, undefined, ASKER);
  const undone = await restores.undo(restored.restore.record.id, { ...TESTER, force: false, dryRun: false });
  await undone.done;
  expect(undone.restore.record.phase).toBe('SUCCEEDED');
  expect(compareDatabases(before, await dumpDatabase(ovsdb.remote))).toEqual([]);
  expect(dryRun.restore.record.phase).toBe('QUEUED');

  await letGo();
  await dryRun.done;
  expect(dryRun.restore.record).toMatchObject({ dryRun: true, phase: 'SUCCEEDED' });
  expect((await backup).rowCount).toBeGreaterThan(100);
  expect((await validated).valid).toBe(true);
});

it('an undo does not wait behind a restore that waits for its turn', async () => {
  const { ovsdb, restores } = services;
  const { id } = await services.create();
  await nbctl(ovsdb.remote, 'ls-add', 'made-since');
  const before = await dumpDatabase(ovsdb.remote);
  const first = await restores.start(request(id));
  await first.done;

  const letGo = takeAllTurns();
  const waiting = await restores.start(request(id));
  const behind = await restores.start(request(id));
  const undone = await restores.undo(first.restore.record.id, { ...TESTER, force: false, dryRun: false });
  await undone.done;
  expect(undone.restore.record.phase).toBe('SUCCEEDED');
  expect(compareDatabases(before, await dumpDatabase(ovsdb.remote))).toEqual([]);

  await letGo();
  await Promise.all([waiting.done, behind.done]);
  // they kept their order: the first one restored, and there was nothing left for the other
  expect([waiting, behind].map(({ restore }) => [restore.record.phase, restore.record.result?.steps])).toEqual([
    ['SUCCEEDED', 1],
    ['SUCCEEDED', 0],
  ]);
});

it('an undo does not wait for the network that a restore waits for', async () => {
  const { ovsdb, restores } = services;
  const { id } = await services.create();
  await nbctl(ovsdb.remote, 'ls-add', 'made-since');
  const first = await restores.start(request(id));
  await first.done;
  await nbctl(ovsdb.remote, 'ls-add', 'made-later');
  // no northd is there
  const converging = await restores.start({ ...request(id), sync: 'SB' });
  for await (const { progress } of restores.follow(converging.restore.record.id))
    if (progress.phase === 'CONVERGING') break;
  const undone = await restores.undo(first.restore.record.id, { ...TESTER, force: false, dryRun: false });
  await Promise.all([undone.done, converging.done]);
  const { record } = converging.restore;
  expect([undone.restore.record.phase, record.phase]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  expect(record.result?.warnings.at(-1)).toContain('what is more urgent waited for the database');
  expect(await nbctl(ovsdb.remote, 'ls-list')).toContain('made-since');
});

it('a restore that waits for its turn can be cancelled', async () => {
  const { restores } = services;
  const { id } = await services.create();
  const letGo = takeAllTurns();
  const { restore, done } = await restores.start(request(id));
  await restores.cancel(restore.record.id);
  await expect(done).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(restore.record.phase).toBe('CANCELLED');
  await letGo();
});

it('too many of one token are refused, and those of another are not', async () => {
  const { backups, work, restores } = services;
  const { id } = await services.create();
  const letGo = takeAllTurns();
  const input = { name: 'flood', format: 'JSON', compress: false, tags: [], subject: 'flood' } as const;
  const flood: Promise<unknown>[] = [];
  const flooded = (): AppError => {
    for (;;)
      try {
        flood.push(backups.start(input).done.catch((error: unknown) => error));
      } catch (error) {
        return error as AppError;
      }
  };
  const refusal = flooded();
  expect(refusal).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) as number });
  const { restore, done } = await restores.start({ ...request(id), caller: { ...TESTER.caller, subject: 'flood' } });
  await expect(done).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect(restore.record.phase).toBe('FAILED');
  const backup = services.create();
  // none of the flood need be made
  const stopped = work.drain();
  await letGo();
  await stopped;
  for (const end of await Promise.all(flood)) expect(end).toBeInstanceOf(AppError);
  await expect(backup).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
});
