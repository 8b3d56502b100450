/**
 * Database files whose end is broken, as a power failure, a copy or a fault of a server leaves them: what is read from
 * them is what ovsdb-server itself serves of them, or, where it does not start on them, what was committed.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Json } from '../../../src/ovsdb/json.js';
import { failureOf, unpack } from '../../support/databases/every-kind.js';
import { record } from '../../support/databases/member-file.js';
import { compareDatabases, type DatabaseContent, dumpDatabase, rowCount, transact } from '../../support/judge/judge.js';
import { contentOf } from '../../support/judge/snapshot-content.js';
import { run } from '../../support/programs/programs.js';
import { startOvsdbCluster } from '../../support/servers/ovsdb-cluster.js';
import { environment, nbctl, startOvsdbServer } from '../../support/servers/ovsdb-server.js';

const ZEROS = 'ends in zeros, as a power failure leaves it';

let folder: string;
/** The file of a standalone server and of a cluster's only member, each with some transactions. */
let standalone: Buffer;
let member: Buffer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broken-end-'));
  await using server = await startOvsdbServer();
  await nbctl(server.remote, 'ls-add', 'one', '--', 'lsp-add', 'one', 'port');
  await nbctl(server.remote, 'ls-add', 'two', '--', 'set', 'logical_switch', 'one', 'external_ids:a=b');
  await nbctl(
    server.remote,
    'ls-add',
    'last',
    '--',
    'set',
    'logical_switch',
    'last',
    `external_ids:x=${'x'.repeat(200)}`,
  );
  await server.kill();
  standalone = await readFile(server.databaseFile);
  await using cluster = await startOvsdbCluster({ database: server.databaseFile, members: 1 });
  await transact(cluster.remotes, [{ op: 'insert', table: 'Address_Set', row: { name: 'first' } }]);
  await transact(cluster.remotes, [{ op: 'insert', table: 'Address_Set', row: { name: 'x'.repeat(200) } }]);
  await cluster.kill(0);
  member = await readFile(cluster.servers[0]?.databaseFile ?? '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function saved(bytes: Buffer): Promise<string> {
  const file = join(folder, 'broken.db');
  await writeFile(file, bytes);
  return file;
}

/** What ovsdb-server serves of a file. */
async function served(bytes: Buffer): Promise<DatabaseContent> {
  await using server = await startOvsdbServer({ database: await saved(bytes) });
  return await dumpDatabase(server.remote);
}

const lastRecord = (bytes: Buffer): number => bytes.lastIndexOf('OVSDB ');
const zeroed = (bytes: Buffer, from: number, more = 0): Buffer =>
  Buffer.concat([bytes.subarray(0, from), Buffer.alloc(bytes.length - from + more)]);

/** What becomes of a file, and whether its last record counts still. */
const DAMAGE: Record<string, { readonly damage: (bytes: Buffer) => Buffer; readonly losesLast: boolean }> = {
  'a page of zeros after its last record': { damage: (bytes) => zeroed(bytes, bytes.length, 4_096), losesLast: false },
  'a last record of the right length whose end is zeros': {
    damage: (bytes) => zeroed(bytes, bytes.length - 50),
    losesLast: true,
  },
  'a last record of which only the line before it was written, and pages of zeros': {
    damage: (bytes) => zeroed(bytes, bytes.indexOf('\n', lastRecord(bytes)) + 1, 70_000),
    losesLast: true,
  },
  'zeros in the place of the end of the line before its last record': {
    damage: (bytes) => zeroed(bytes, lastRecord(bytes) + 17, 10),
    losesLast: true,
  },
  'a last record whose end and some zeros were cut off': {
    damage: (bytes) => zeroed(bytes, bytes.length - 60).subarray(0, -20),
    losesLast: true,
  },
};

describe.each([
  ['a standalone server', () => standalone],
  ["a cluster's member", () => member],
] as const)('the file of %s', (_, whole) => {
  it.each(Object.keys(DAMAGE))('with %s is read as ovsdb-server serves it', async (name) => {
    const { damage, losesLast } = DAMAGE[name] ?? { damage: (bytes) => bytes, losesLast: false };
    const bytes = damage(whole());
    const expected = await served(bytes);
    const { snapshot, warnings } = await unpack(bytes);
    expect(compareDatabases(expected, contentOf(snapshot))).toEqual([]);
    const at = losesLast ? lastRecord(whole()) : whole().length;
    expect(warnings).toEqual([expect.stringContaining(`From byte ${at} on the file has no whole record and ${ZEROS}`)]);
    const { contentDigest } = await unpack(gzipSync(bytes), {}, 1_000);
    expect(contentDigest).toBe((await unpack(bytes, {}, 7)).contentDigest);
    expect(rowCount(expected)).toBeGreaterThan(3);
    // ovsdb-server would forget what follows; nothing is forgotten here without a word
    for (const after of [Buffer.from('x'), whole().subarray(lastRecord(whole()))])
      expect(await failureOf(unpack(Buffer.concat([bytes, after])))).toMatchObject({ code: 'INTEGRITY_FAILED' });
  });
});

describe("a member's file on which ovsdb-server does not start", () => {
  const LAST: Record<string, Json> = {
    'a commit index past its last entry': { commit_index: 99 },
    'a commit index that goes back': { commit_index: 1 },
    'an entry that leaves out others': { term: 9, index: 99 },
    'an entry in the place of one that was committed': { term: 9, index: 1 },
  };

  it.each(Object.keys(LAST))('since it ends with %s is read up to there, with a warning', async (name) => {
    const bytes = Buffer.concat([member, record(LAST[name] ?? null)]);
    await expect(startOvsdbServer({ database: await saved(bytes) })).rejects.toThrow(/error reading record/);
    const { snapshot, warnings } = await unpack(bytes);
    expect(warnings).toEqual([
      expect.stringMatching(
        new RegExp(`^The file's last record, at byte ${member.length}, cannot follow those before`),
      ),
    ]);
    expect(compareDatabases(await served(member), contentOf(snapshot))).toEqual([]);
    // what the message names where more follows
    const more = Buffer.concat([bytes, record({ commit_index: 2 })]);
    expect(await failureOf(unpack(more))).toEqual({
      code: 'INTEGRITY_FAILED',
      message: expect.stringContaining('"ovsdb-tool cluster-to-standalone NEW-FILE FILE"') as string,
    });
    const made = join(folder, `made-${Object.keys(LAST).indexOf(name)}.db`);
    await run('ovsdb-tool', ['cluster-to-standalone', made, await saved(more)], { env: environment() });
    const rescued = await unpack(await readFile(made));
    expect(compareDatabases(contentOf(rescued.snapshot), contentOf(snapshot))).toEqual([]);
  });
});
