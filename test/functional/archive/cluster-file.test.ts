/**
 * Database files of a real cluster's members: what is read from them is what the cluster serves, whatever happened to
 * it.
 */
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../../src/archive/content/snapshot-builder.js';
import { type Unpacked, unpackArchive } from '../../../src/archive/unpack.js';
import { systemClock } from '../../../src/lib/clock.js';
import { countRows } from '../../../src/model/snapshot/snapshot.js';
import { openScratch } from '../../../src/state/scratch-file.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import { failureOf, textsOf, unpack } from '../../support/databases/every-kind.js';
import { RandomWriter } from '../../support/databases/random-writer.js';
import { compareDatabases, dumpDatabase, NORTHBOUND, transact } from '../../support/judge/judge.js';
import { contentOf } from '../../support/judge/snapshot-content.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { Engine } from '../../support/servers/engine.js';
import { startOvsdbCluster, type TestCluster } from '../../support/servers/ovsdb-cluster.js';
import { environment } from '../../support/servers/ovsdb-server.js';
import { ASKER, TestServices } from '../../support/servers/services.js';
import { until } from '../../support/until.js';

const run = promisify(execFile);
const MEMBERS = [0, 1, 2];
const LEFT_OUT = /^\d+ of the log's entries \(from entry \d+ at byte \d+\) were left out/;

let folder = '';
let number = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cluster-file-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const fileOf = (cluster: TestCluster, member: number): string => cluster.servers[member]?.databaseFile ?? '';
const read = (file: string): Promise<Unpacked> =>
  unpackArchive(createReadStream(file), { contentBytesMax: 1 << 28, clock: systemClock, schemaNames: [NORTHBOUND] });

/** What `ovsdb-tool cluster-to-standalone` makes of a file. */
async function standalone(file: string): Promise<Unpacked> {
  const made = join(folder, `standalone-${String(number++)}.db`);
  await run('ovsdb-tool', ['cluster-to-standalone', made, file], { env: environment() });
  return read(made);
}

async function compact(cluster: TestCluster, member: number): Promise<void> {
  await using control = await PlainClient.open(`unix:${join(cluster.servers[member]?.folder ?? '', 'server.ctl')}`);
  await control.request('ovsdb-server/compact', []);
}

/** Waits until every member's file has all that was committed. */
async function writtenDown(cluster: TestCluster): Promise<void> {
  const name = `mark-${String(number++)}`;
  await transact(cluster.remote(await cluster.leader()), [{ op: 'insert', table: 'Address_Set', row: { name } }]);
  for (const member of MEMBERS)
    await until(async () => textsIn(await read(fileOf(cluster, member))).includes(`"${name}"`));
}

const textsIn = ({ snapshot }: Unpacked): string =>
  JSON.stringify(Object.values(textsOf(snapshot)['Address_Set'] ?? {})).replaceAll('\\"', '"');

/** Every member's file is what the cluster serves. */
async function expectSame(cluster: TestCluster): Promise<Unpacked> {
  await writtenDown(cluster);
  const engine = new Engine(cluster.remotes);
  const captured = await engine.capture();
  const digest = await digestOf(captured);
  const judged = await dumpDatabase(cluster.remote(0));
  let last: Unpacked | undefined;
  for (const member of MEMBERS) {
    const file = fileOf(cluster, member);
    last = await read(file);
    expect(last).toMatchObject({
      format: 'OVSDB',
      contentDigest: digest,
      warnings: [],
      compressed: false,
      encrypted: false,
      header: undefined,
    });
    expect(compareDatabases(judged, contentOf(last.snapshot))).toEqual([]);
    expect(last.snapshot.schema.version).toBe(captured.schema.version);
    const bytes = await readFile(file);
    const zipped = await unpack(gzipSync(bytes), { expected: undefined }, 1_000);
    expect(zipped).toMatchObject({ contentDigest: digest, compressed: true, contentSize: bytes.length });
    const scratch = await openScratch(folder);
    try {
      expect((await unpack(bytes, { scratch, expected: last })).contentDigest).toBe(digest);
    } finally {
      await scratch.close();
    }
  }
  if (last === undefined) throw new Error('no member was read');
  return last;
}

it("every member's file is what the cluster serves: while it is written, afterwards, compacted, and converted", async () => {
  await using cluster = await startOvsdbCluster({
    database: databaseFile({ profile: 'k8s', rows: 800 }),
    electionTimerMs: 5_000,
  });
  const writer = new RandomWriter(cluster.remote(await cluster.leader()), 1);
  // files that are copied while they are written to are of one instant each
  const history = async (commits: number): Promise<void> => {
    const wanted = writer.committed + commits;
    let i = 0;
    await until(async () => {
      expect(writer.broken((await read(fileOf(cluster, i++ % 3))).snapshot)).toEqual([]);
      return i >= 3 && writer.committed >= wanted;
    });
  };
  const writing = writer.run();
  await history(100);
  await compact(cluster, 1);
  await history(50);
  writer.stop();
  await writing;
  const before = await expectSame(cluster);
  for (const member of MEMBERS)
    expect((await standalone(fileOf(cluster, member))).contentDigest).toBe(before.contentDigest);

  for (const member of MEMBERS) await compact(cluster, member);
  const compacted = await read(fileOf(cluster, 0));
  expect(compacted.contentDigest).toBe(before.contentDigest);
  expect(compacted.size).toBeLessThan(before.size);
  await expectSame(cluster);

  // a schema as the cluster has it: without ephemeral columns
  const schema = JSON.parse(
    (
      await run('ovsdb-client', ['get-schema', cluster.remote(await cluster.leader()), NORTHBOUND], {
        env: environment(),
        maxBuffer: 1 << 26,
      })
    ).stdout,
  ) as { version: string; tables: Record<string, { columns: Record<string, unknown> }> };
  schema.version = '99.0.0';
  (schema.tables['Logical_Switch'] as { columns: Record<string, unknown> }).columns['novelty'] = {
    type: { key: 'string', min: 0, max: 'unlimited' },
  };
  await writeFile(join(folder, 'next.ovsschema'), JSON.stringify(schema));
  await run('ovsdb-client', ['convert', cluster.remote(await cluster.leader()), join(folder, 'next.ovsschema')], {
    env: environment(),
    timeout: 60_000,
  });
  await cluster.settled();
  await transact(cluster.remote(await cluster.leader()), [
    { op: 'insert', table: 'Logical_Switch', row: { name: 'after', novelty: ['set', ['x', 'y']] } },
  ]);
  const converted = await expectSame(cluster);
  expect(converted.snapshot.schema.version).toBe('99.0.0');
});

it('leaves out what a leader without a majority wrote, until the others agree, and what they put in its place', async () => {
  await using cluster = await startOvsdbCluster();
  await writtenDown(cluster);
  const old = await cluster.leader();
  const others = MEMBERS.filter((member) => member !== old);
  const file = fileOf(cluster, old);
  const before = await read(file);
  const { size } = await stat(file);
  for (const member of others) await cluster.kill(member);
  await using client = await PlainClient.open(cluster.remote(old));
  const lost = client
    .transact(NORTHBOUND, [
      { op: 'insert', table: 'Address_Set', uuid: '11111111-0000-4000-8000-000000000000', row: { name: 'lost' } },
    ])
    .catch((error: unknown) => error);
  await until(async () => (await readFile(file)).subarray(size).includes('"lost"'));
  const alone = await read(file);
  expect(alone.contentDigest).toBe(before.contentDigest);
  expect(alone.warnings).toEqual([expect.stringMatching(LEFT_OUT)]);
  await cluster.kill(old);
  await lost;
  for (const member of others) await cluster.start(member);
  await cluster.settled();
  await transact(cluster.remote(await cluster.leader()), [
    { op: 'insert', table: 'Address_Set', row: { name: 'kept' } },
  ]);
  await cluster.start(old);
  await cluster.settled();
  const after = await expectSame(cluster);
  expect(textsIn(after)).toContain('"kept"');
  expect(textsIn(after)).not.toContain('"lost"');
  const log = (await readFile(file)).toString();
  expect(log).toContain('"lost"');
  // what the tool makes of the same file has both
  expect(textsIn(await standalone(file))).toContain('"lost"');
});

it('reads what ovsdb-tool makes: an empty database, standalone and clustered, and says that a new member knows nothing', async () => {
  const [plain, first, joining] = ['plain.db', 'first.db', 'joining.db'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const tool = (...words: readonly string[]): Promise<unknown> =>
    run('ovsdb-tool', ['-vconsole:err', ...words], { env: environment() });
  await tool('create', plain, '/usr/share/ovn/ovn-nb.ovsschema');
  await tool('create-cluster', first, '/usr/share/ovn/ovn-nb.ovsschema', 'tcp:127.0.0.1:19999');
  await tool('join-cluster', joining, NORTHBOUND, 'tcp:127.0.0.1:19998', 'tcp:127.0.0.1:19999');
  for (const file of [plain, first]) {
    const { snapshot, warnings } = await read(file);
    expect([countRows(snapshot), snapshot.schema.name, warnings]).toEqual([0, NORTHBOUND, []]);
  }
  expect(await failureOf(read(joining))).toEqual({
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining(
      `has not joined its cluster yet: it holds nothing of the database ${NORTHBOUND}`,
    ) as string,
  });
});

it('is imported, validated and compared like any backup, and what is not whole in it is written down with it', async () => {
  await using cluster = await startOvsdbCluster({ database: databaseFile({ profile: 'small' }), members: 1 });
  await transact(cluster.remotes, [{ op: 'insert', table: 'Address_Set', row: { name: 'last' } }]);
  const bytes = await readFile(fileOf(cluster, 0));
  const services = await TestServices.start({ database: databaseFile({ profile: 'small' }) });
  try {
    const whole = await services.import(gzipSync(bytes), { name: 'whole' });
    expect(whole).toMatchObject({ archiveFormat: 'OVSDB', compressed: true, origin: 'IMPORTED', type: 'FULL' });
    expect(whole.warnings).toBeUndefined();
    expect(await services.backups.validate(whole.id, undefined, ASKER)).toMatchObject({
      valid: true,
      contentChecked: true,
      rowCount: whole.rowCount,
      errors: [],
      warnings: [],
    });
    const cut = await services.import(bytes.subarray(0, -1), { name: 'cut' });
    const warnings = [expect.stringMatching(/^The file ends inside the record that begins at byte \d+/) as string];
    // a cluster of one has committed what it wrote
    expect(cut).toMatchObject({ contentDigest: whole.contentDigest, warnings });
    expect(await services.backups.validate(cut.id, undefined, ASKER)).toMatchObject({
      valid: true,
      errors: [],
      warnings,
    });
  } finally {
    await services.stop();
  }
});

it('refuses the files of the Southbound database and of Open vSwitch, saying what they are', async () => {
  const vswitch = join(folder, 'vswitch.ovsschema');
  await writeFile(
    vswitch,
    JSON.stringify({
      name: 'Open_vSwitch',
      version: '8.3.1',
      tables: { Bridge: { columns: { name: { type: 'string' } } } },
    }),
  );
  const schemas = { OVN_Southbound: '/usr/share/ovn/ovn-sb.ovsschema', Open_vSwitch: vswitch };
  for (const [name, schema] of Object.entries(schemas)) {
    const [plain, clustered] = [join(folder, `${name}.db`), join(folder, `${name}-member.db`)];
    await run('ovsdb-tool', ['create', plain, schema], { env: environment() });
    await run('ovsdb-tool', ['-vconsole:off', 'create-cluster', clustered, schema, 'tcp:127.0.0.1:19999'], {
      env: environment(),
    });
    for (const file of [plain, clustered]) {
      expect(await failureOf(read(file))).toEqual({
        code: 'BAD_USER_INPUT',
        message: expect.stringMatching(
          new RegExp(
            `^The file is a backup of the database ${name} \\(version \\d+\\.\\d+\\.\\d+\\); only OVN_Northbound ` +
              'is backed up',
          ),
        ) as string,
      });
    }
  }
});
