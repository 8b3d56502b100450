/** A database that is converted to another schema while it is read, planned with, or followed. */
import { readFile } from 'node:fs/promises';
import { type Clock, systemClock } from '../../../src/lib/clock.js';
import { countRows } from '../../../src/model/snapshot/snapshot.js';
import { DatabaseClient } from '../../../src/ovsdb/client.js';
import { parseRemotes } from '../../../src/ovsdb/remote.js';
import { Database } from '../../../src/service/database/database.js';
import { DatabaseReader } from '../../../src/service/database/database-reader.js';
import { LiveDatabase } from '../../../src/service/database/live-database.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import { parseExact } from '../../support/judge/exact-json.js';
import { compareDatabases, dumpDatabase, NORTHBOUND, transact } from '../../support/judge/judge.js';
import { contentOf } from '../../support/judge/snapshot-content.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { installedSchema } from '../../support/northbound/make.mjs';
import { Engine, OVERWRITE } from '../../support/servers/engine.js';
import { NORTHBOUND_DATABASE } from '../../support/servers/northbound-database.js';
import { startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';

let server: TestServer;
beforeEach(async () => {
  server = await startOvsdbServer({ database: databaseFile({ profile: 'small' }) });
});
afterEach(() => server.stop());

/** As `ovsdb-client convert`: the same schema with another version, and a column more. */
async function convert(version: string): Promise<void> {
  await using client = await PlainClient.open(server.remote);
  const schema = JSON.parse(await readFile(installedSchema(), 'utf8')) as {
    readonly tables: Readonly<Record<string, { readonly columns: object }>>;
  };
  const { Logical_Switch: table = { columns: {} }, ...others } = schema.tables;
  const columns = { ...table.columns, [`since_${version.replaceAll('.', '_')}`]: { type: 'integer' } };
  const converted = { ...schema, version, tables: { ...others, Logical_Switch: { ...table, columns } } };
  await client.request('convert', [NORTHBOUND, parseExact(JSON.stringify(converted))]);
}

/** The paced capture rests between its requests until the database is converted. */
class HeldClock implements Clock {
  readonly now = systemClock.now;
  readonly monotonic = systemClock.monotonic;
  gate: Promise<void> | undefined;

  alarm(ms: number, ring: () => void): () => void {
    let callOff = (): void => undefined;
    let isOff = false;
    void Promise.resolve(this.gate).then(() => {
      if (!isOff) callOff = systemClock.alarm(ms, ring);
    });
    return () => {
      isOff = true;
      callOff();
    };
  }
}

function database(clock: Clock = systemClock): Database {
  const client = new DatabaseClient({ remotes: parseRemotes(server.remote), database: NORTHBOUND, clock: systemClock });
  return new Database(NORTHBOUND_DATABASE, client, { clock, silenceMsMax: 60_000 });
}

/** A paced capture, during which the database is converted so many times. */
async function capturedDuring(conversions: number): Promise<ReturnType<DatabaseReader['capture']>> {
  const clock = new HeldClock();
  const reader = await DatabaseReader.open(database(clock), undefined);
  let before = -1;
  let made = 0;
  return reader.capture('PACED', {
    onProgress: (rows) => {
      // a capture that begins again begins to count again
      if (rows <= before) clock.gate = undefined;
      before = rows;
      if (clock.gate === undefined && made < conversions) clock.gate = convert(`99.0.${String(++made)}`);
    },
  });
}

it('is backed up with its new schema, when it is converted up to three times meanwhile', async () => {
  const { snapshot } = await capturedDuring(3);
  expect(snapshot.schema.version).toBe('99.0.3');
  expect(compareDatabases(contentOf(snapshot), await dumpDatabase(server.remote))).toEqual([]);
});

it.each(['FAST', 'PACED'] as const)(
  'is backed up with the schema that it has when its turn comes: %s',
  async (mode) => {
    const reader = await DatabaseReader.open(database(), undefined);
    await convert('99.0.0');
    const { snapshot } = await reader.capture(mode);
    expect(snapshot.schema.version).toBe('99.0.0');
    expect(compareDatabases(contentOf(snapshot), await dumpDatabase(server.remote))).toEqual([]);
  },
);

it('is not read for ever when it is converted again and again', async () => {
  await expect(capturedDuring(4)).rejects.toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
    message: expect.stringMatching(/was converted to another schema|cancelled the monitor/),
  });
});

it('is read again by a restore that follows it, and a plan that was carried out before is found in it', async () => {
  const engine = new Engine(server.remote);
  const backup = await engine.capture();
  await transact(server.remote, [{ op: 'delete', table: 'Logical_Switch', where: [] }]);
  const live = new LiveDatabase(database());
  try {
    expect((await live.snapshot()).schema.version).toBe(backup.schema.version);
    const plan = await engine.plan(backup, OVERWRITE);
    await engine.apply(plan);
    await convert('99.0.0');
    const after = await live.snapshot();
    expect([after.schema.version, countRows(after)]).toEqual(['99.0.0', countRows(backup)]);
    expect((await engine.verify(plan)).problems).toEqual([]);
    expect((await engine.readBack(plan)).problems).toEqual([]);
  } finally {
    live.close();
  }
});
