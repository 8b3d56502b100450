/**
 * A store as the version before records of format 2 left it when it was killed, and the database of that moment: a
 * restore that had ended, a dry run, and one that awaited its confirmation.
 */
import { fileURLToPath } from 'node:url';
import { dumpDatabase } from '../support/judge/judge.js';
import { TESTER, TestServices } from '../support/servers/services.js';
import { until } from '../support/until.js';

const STORE = fileURLToPath(new URL('store-1', import.meta.url));
const DATABASE = fileURLToPath(new URL('store-1-northbound.db', import.meta.url));
/** Restores are kept for a time: at a later one they would be gone. */
const KILLED_AT = '2026-11-28T02:40:00Z';
const ENDED = '1c8ef4ef-a4f0-44b1-aeab-977acf4ead78';
const DRY_RUN = 'cc7ec031-55d4-4476-98a1-fe44913e7783';
const AWAITING = 'c754f528-5ee8-4f97-b1fe-aa12e2ac5c53';

let services: TestServices;
beforeAll(async () => {
  services = await TestServices.start({ database: DATABASE, store: STORE, startsAt: KILLED_AT });
});
afterAll(() => services.stop());

async function switches(): Promise<readonly string[]> {
  const rows = (await dumpDatabase(services.ovsdb.remote)).get('Logical_Switch');
  return [...(rows?.values() ?? [])].map((row) => /^name = \{"(.*)"\}$/m.exec(row)?.[1] ?? '').sort();
}

it('lists its restores, and undoes the one whose time was up before the upgrade', async () => {
  await until(() => services.restores.list().some(({ id, phase }) => id === AWAITING && phase === 'UNDONE'));
  expect(await switches()).toEqual(['', 'ls-a', 'ls-b']);
  const [undo, ...others] = await services.restores.read(services.restores.list());
  expect(undo?.record.source).toMatchObject({ kind: 'UNDO', restoreId: AWAITING, cause: 'NOT_CONFIRMED' });
  expect(others.map(({ record: { id, dryRun, phase } }) => [id, dryRun, phase])).toEqual([
    [AWAITING, false, 'UNDONE'],
    [DRY_RUN, true, 'SUCCEEDED'],
    [ENDED, false, 'SUCCEEDED'],
  ]);
});

it('tells the changes of an old restore, and undoes it', async () => {
  const { record } = await services.restores.get(ENDED);
  // what it did not know of yet is nothing
  expect(record.result).toMatchObject({ differingCount: 0, owners: [] });
  for (const detail of record.result?.details ?? []) expect(detail.differing).toBe(0);
  const page = await services.restores.changes(record, { first: 100 });
  expect(page.totalCount).toBe(page.nodes.length);
  expect(page.nodes.filter(({ kind }) => kind === 'INSERT').map(({ table }) => table)).toContain('Logical_Switch');
  const { restore, done } = await services.restores.undo(ENDED, { force: false, dryRun: false, ...TESTER });
  await done;
  expect(restore.record).toMatchObject({ phase: 'SUCCEEDED', result: { success: true, errors: [] } });
  expect((await services.restores.get(ENDED)).record).toMatchObject({ phase: 'UNDONE', undoneBy: restore.record.id });
  expect(await switches()).toEqual(['', 'ls-b']);
});
