/** Steps that are to be taken back while the database takes no writes: that is not tried for ever. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Clock, systemClock } from '../../../src/lib/clock.js';
import { createLog } from '../../../src/lib/log.js';
import { NORTHBOUND } from '../../../src/model/northbound/tables.js';
import { DatabaseClient } from '../../../src/ovsdb/client.js';
import { parseRemotes } from '../../../src/ovsdb/remote.js';
import { Database } from '../../../src/service/database/database.js';
import { LiveDatabase } from '../../../src/service/database/live-database.js';
import { PlanApplier } from '../../../src/service/restore/run/plan-applier.js';
import { undoSteps } from '../../../src/service/restore/run/undo-steps.js';
import { compareDatabases, dumpDatabase } from '../../support/judge/judge.js';
import { NORTHBOUND_DATABASE } from '../../support/servers/northbound-database.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';
import { TESTER, TestServices } from '../../support/servers/services.js';

/** Pauses are a hundredth of what they are. */
const hurried: Clock = { ...systemClock, alarm: (ms, ring) => systemClock.alarm(ms / 100, ring) };

let services: TestServices;
let client: DatabaseClient;
beforeAll(async () => {
  services = await TestServices.start();
  client = new DatabaseClient({
    remotes: parseRemotes(services.ovsdb.remote),
    database: NORTHBOUND,
    clock: systemClock,
  });
  client.start();
});
afterAll(async () => {
  await client.stop();
  await services.stop();
});

/** A standby of ovsdb-server takes no transaction; nothing else is different. */
async function control(...words: readonly string[]): Promise<void> {
  await promisify(execFile)('ovs-appctl', ['-t', join(services.ovsdb.folder, 'server.ctl'), ...words]);
}

it('ends with the reason, and what it was to take back is still there', async () => {
  const { ovsdb, restores, store } = services;
  const { id } = await services.create();
  await nbctl(ovsdb.remote, 'ls-add', 'made-since');
  const { restore, done } = await restores.start({
    ...TESTER,
    backupId: id,
    dryRun: false,
    conflictPolicy: 'OVERWRITE',
    exact: true,
    force: false,
  });
  await done;
  const restored = await dumpDatabase(ovsdb.remote);
  await control('ovsdb-server/set-active-ovsdb-server', 'unix:/nowhere');
  await control('ovsdb-server/connect-active-ovsdb-server');

  const log = createLog('error', { write: () => undefined });
  const live = new LiveDatabase(
    new Database(NORTHBOUND_DATABASE, client, { clock: systemClock, silenceMsMax: 60_000 }),
  );
  const limits = { rowsMax: 2_000, bytesMax: 1 << 20 };
  const applier = new PlanApplier({ live, limits, clock: hurried, log });
  const undone = undoSteps({
    undoable: restore.record,
    store,
    clock: hurried,
    log,
    live,
    applier,
    comment: 'test',
    comeBackMs: 1_000,
  });
  await expect(undone).rejects.toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
    message: expect.stringContaining(`${ovsdb.remote}: takes no writes: it is read-only, as a standby is`),
  });
  live.close();
  expect(compareDatabases(restored, await dumpDatabase(ovsdb.remote))).toEqual([]);
});
