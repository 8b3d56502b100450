// node test/bench/limits.mjs [--only NAME --build DIR]
//
// Figures with a bound, each measured in a process of its own: what must not take long or much memory whatever a file
// or a crowd of clients asks for. What comes out is proved by the tests; here only time and memory are. Prints one line
// a figure, and ends with code 1 when one is over its bound.

import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    here: { type: 'string' },
    build: { type: 'string', default: fileURLToPath(new URL('../../dist', import.meta.url)) },
  },
});
const load = (path) => import(pathToFileURL(join(options.build, path)).href);
const SCHEMA_FILE = fileURLToPath(new URL('../compat/schemas/ovn-nb.26.03.ovsschema', import.meta.url));
const MEMORY = fileURLToPath(new URL('./memory.mjs', import.meta.url));
const MIB = 1 << 20;

/** The highest that `measure` gives, looked at every few milliseconds while the work goes on. */
async function peakOf(measure, work) {
  const before = measure();
  let peak = before;
  const sampling = setInterval(() => (peak = Math.max(peak, measure())), 5);
  await work();
  clearInterval(sampling);
  return Math.max(peak, measure()) - before;
}
const residentPeak = async (work) => (await peakOf(() => process.memoryUsage().rss, work)) / MIB;
const bufferPeak = async (work) => (await peakOf(() => process.memoryUsage().arrayBuffers, work)) / MIB;

/** In milliseconds of processor time: other programs do not count. */
async function timeOf(work) {
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000;
}

async function* of(...pieces) {
  yield* pieces;
}

async function gathered(source) {
  const pieces = [];
  for await (const piece of source) pieces.push(piece);
  return pieces;
}

async function keyHeader(log2N) {
  const { newHeader } = await load('archive/layer/encryption.js');
  const header = newHeader(1_024);
  header[10] = log2N;
  return header;
}

async function deriveMany(count, log2N) {
  const { deriveKeys } = await load('archive/layer/encryption.js');
  const header = await keyHeader(log2N);
  return residentPeak(() =>
    Promise.allSettled(Array.from({ length: count }, (_, i) => deriveKeys(`key ${i}`, header))),
  );
}

/** Two databases of thousands of rows that hardly differ, and are not the same rows by their ids. */
async function matchCrowd(valuesOf) {
  const { identify } = await load('engine/identify/identify.js');
  const { Breath } = await load('lib/breath.js');
  const { readDatabaseSchema } = await load('ovsdb/database-schema.js');
  const { StoredRows } = await load('model/snapshot/stored-rows.js');
  const { canonicalText } = await load('archive/content/snapshot-builder.js');
  const schema = readDatabaseSchema(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')));
  const id = (kind, i, side) => `${kind}000${side}${i.toString(16).padStart(3, '0')}-0000-4000-8000-000000000000`;
  const snapshot = (side) => {
    const ids = Array.from({ length: 3_000 }, (_, i) => id('c', i, side));
    const tables = {
      Logical_Router: { [id('a', 0, side)]: { name: 'r', policies: ids } },
      Logical_Router_Policy: Object.fromEntries(
        ids.map((uuid, i) => [uuid, { action: 'allow', match: 'ip4', priority: 1, ...valuesOf(i, side) }]),
      ),
    };
    const filled = [...schema.tables.values()].map((table) => {
      const rows = new StoredRows(table.name);
      for (const [uuid, row] of Object.entries(tables[table.name] ?? {}))
        rows.add(
          uuid,
          canonicalText(table, uuid, () => row),
        );
      rows.seal();
      return [table.name, rows];
    });
    return { schema, tables: new Map(filled) };
  };
  const [backup, live] = [snapshot('d'), snapshot('e')];
  return timeOf(() => identify(backup, live, new Breath()));
}

async function withFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'ovncp-limits-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A catalog of 10,000 backups. @returns how long it takes to open it, and the slowest of its pages */
function catalogTimes() {
  return withFolder(async (folder) => {
    const { Catalog } = await load('service/backup/catalog/catalog.js');
    const { FileStore } = await load('store/file/file-store.js');
    const { systemClock } = await load('lib/clock.js');
    for (let i = 0; i < 10_000; i++) {
      const file = `n${i}-20260101-000000.json`;
      const digest = `sha256:${'0'.repeat(64)}`;
      const manifest = {
        format: 'ovncp-manifest/1',
        id: `id-${(i * 7_919) % 10_000}`,
        name: `nightly ${i}`,
        type: 'FULL',
        archiveFormat: 'JSON',
        origin: 'CAPTURED',
        createdAt: new Date(Date.UTC(2026, 0, 15) + Math.floor(i / 4) * 1_000).toISOString(),
        createdBy: 'alice',
        size: 11,
        contentSize: 100,
        checksum: digest,
        contentDigest: digest,
        compressed: false,
        encrypted: false,
        tags: ['prod'],
        database: 'default',
        schemaName: 'OVN_Northbound',
        schemaVersion: '7.3.0',
        rowCount: 3,
        tables: { ACL: 1, Logical_Switch: 2 },
        file,
      };
      writeFileSync(join(folder, file), 'the archive');
      writeFileSync(join(folder, `${file}.meta`), JSON.stringify(manifest));
    }
    const store = await FileStore.open(folder, { clock: systemClock });
    let catalog;
    const openMs = await timeOf(async () => {
      catalog = await Catalog.open(store, { info: () => undefined, warn: () => undefined });
    });
    if (catalog.list({ first: 1 }).totalCount !== 10_000) throw new Error('the catalog does not hold 10,000 backups');
    let slowestMs = 0;
    for (let after = null, more = true; more; ) {
      slowestMs = Math.max(
        slowestMs,
        await timeOf(() => {
          const page = catalog.list({ first: 300, after });
          [after, more] = [page.cursors.at(-1) ?? null, page.hasNextPage];
        }),
      );
    }
    await store.close();
    return { openMs, slowestMs };
  });
}

function raftRecord(json) {
  const body = `${JSON.stringify(json)}\n`;
  const digest = createHash('sha1').update(body).digest('hex');
  return Buffer.from(`OVSDB CLUSTER ${Buffer.byteLength(body)} ${digest}\n${body}`);
}

/** A member's file in which large rows come and go. */
async function* raftHistory() {
  const schema = {
    name: 'Tiny',
    version: '1.0.0',
    tables: { T: { columns: { name: { type: 'string' } }, isRoot: true } },
  };
  const uuid = (number) => `${String(number).padStart(8, '0')}-0000-4000-8000-000000000000`;
  yield raftRecord({
    prev_eid: randomUUID(),
    cluster_id: randomUUID(),
    name: 'Tiny',
    prev_term: 3,
    prev_data: [schema, { T: {}, _is_diff: true }],
    prev_servers: { [randomUUID()]: 'tcp:10.0.0.1:6643' },
    server_id: randomUUID(),
    prev_index: 10,
    local_address: 'tcp:10.0.0.1:6643',
  });
  for (let i = 1; i <= 80; i++) {
    const rows = { [uuid(i)]: { name: String(i).repeat(500_000) }, ...(i > 4 ? { [uuid(i - 4)]: null } : {}) };
    const entry = { eid: randomUUID(), data: [null, { T: rows }], term: 3, index: 10 + i };
    yield Buffer.concat([raftRecord(entry), raftRecord({ commit_index: 10 + i })]);
  }
}

async function raftBuffers() {
  const { unpackArchive } = await load('archive/unpack.js');
  const { systemClock: clock } = await load('lib/clock.js');
  let looked = 0;
  let most = 0;
  const before = process.memoryUsage().arrayBuffers;
  await unpackArchive(raftHistory(), {
    contentBytesMax: 1 << 28,
    clock,
    onProgress: (rows) => {
      if (rows < looked) return;
      looked = rows + 40;
      globalThis.gc();
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    },
  });
  return most / MIB;
}

/** A gzip file that is a string of a gigabyte: read from the gzip on, as an import is. */
async function bombPeak() {
  const { unpackArchive } = await load('archive/unpack.js');
  const { systemClock: clock } = await load('lib/clock.js');
  const member = gzipSync(Buffer.alloc(64 * MIB, 'x'), { level: 9 });
  const pieces = [gzipSync('{"name":"'), ...Array.from({ length: 18 }, () => member), gzipSync('"}')];
  return residentPeak(() =>
    unpackArchive(of(...pieces), { contentBytesMax: 1 << 30, clock }).then(
      () => {
        throw new Error('the bomb was taken');
      },
      () => undefined,
    ),
  );
}

/** How much more memory a process needs to read, and write again, twenty times as much. */
async function growth(kind) {
  const words = ['--json', '--kinds', kind, '--mb', '3,60', '--to', 'JSON', '--build', options.build];
  // the young generation of the heap grows by tens of megabytes when it is let
  const env = { ...process.env, NODE_OPTIONS: '--max-semi-space-size=2' };
  const lines = withFolder((folder) =>
    execFileSync(process.execPath, [MEMORY, ...words, '--folder', folder], { env, encoding: 'utf8' }),
  );
  const [small, large] = (await lines)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return large.rssMb - small.rssMb;
}

/** A list of 100,000 ports, a search that finds half of them, and what refers to one of them. */
async function lookTime() {
  const { readDatabaseSchema } = await load('ovsdb/database-schema.js');
  const { StoredRows } = await load('model/snapshot/stored-rows.js');
  const { LookedInto } = await load('service/rows/looked-into.js');
  const schema = readDatabaseSchema(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')));
  const tables = new Map([...schema.tables.keys()].map((name) => [name, new StoredRows(name)]));
  const uuids = Array.from({ length: 100_000 }, () => randomUUID());
  for (const [i, uuid] of uuids.entries()) {
    const [high, low] = [i >> 8, i & 255];
    const addresses = [`0a:00:00:00:00:01 10.${i % 2}.${high & 255}.${low} fd00::${i.toString(16)}`];
    const text = { addresses, name: `port-${i}` };
    tables.get('Logical_Switch_Port').add(uuid, JSON.stringify(text));
  }
  tables.get('Logical_Switch').add(randomUUID(), JSON.stringify({ name: 'web', ports: [...uuids].sort() }));
  for (const rows of tables.values()) rows.seal();
  const { signal } = new AbortController();
  return timeOf(async () => {
    const looked = await LookedInto.of({ schema, tables });
    await looked.rows('Logical_Switch_Port', undefined, { first: 500 }, signal);
    await looked.search('10.1.', { first: 500 }, signal);
    await looked.search('fd00:0::1', { first: 500 }, signal);
    await looked.row('Logical_Switch_Port', uuids[0]).referredToBy(signal);
  });
}

const CASES = {
  'a key that costs too much is refused': {
    unit: 'ms',
    bound: 300,
    measure: async () => {
      const { encrypt, decrypt } = await load('archive/layer/encryption.js');
      const sealed = Buffer.concat(await gathered(encrypt(of(Buffer.from('content')), 'a passphrase')));
      sealed[10] = 31;
      return timeOf(() =>
        decrypt(of(sealed), 'a passphrase')
          .next()
          .catch(() => undefined),
      );
    },
  },
  'sixty derivations of 32 MiB at once': { unit: 'MiB', bound: 256, measure: () => deriveMany(60, 15) },
  'twelve derivations of 128 MiB at once': { unit: 'MiB', bound: 600, measure: () => deriveMany(12, 17) },
  'a match expression of 400 kB': {
    unit: 'ms',
    bound: 500,
    measure: async () => {
      const { rewriteMatch } = await load('model/northbound/match-expression.js');
      const addresses = Array.from({ length: 20_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join(', ');
      const comment = `${'/* '.repeat(3_000)}*/`;
      const match = `inport == "a" && ip4.src == {${addresses}, $as} ${comment} && ${'a'.repeat(50_000)} == "${'\\\\'.repeat(50_000)}"`;
      return timeOf(() => rewriteMatch(match, () => undefined));
    },
  },
  'an address in texts of a megabyte without one': {
    unit: 'ms',
    bound: 1_000,
    measure: async () => {
      const { addressOf, placesOf } = await load('engine/search/address.js');
      const wanted = addressOf('fd00::1');
      const texts = ['a'.repeat(MIB), ':'.repeat(MIB), 'a:'.repeat(MIB / 2), '1.'.repeat(MIB / 2)];
      return timeOf(() => {
        for (const text of texts) for (const place of placesOf(wanted, text)) throw new Error(place.ip);
      });
    },
  },
  'looking into 100,000 rows': { unit: 'ms', bound: 10_000, measure: lookTime },
  'sorting 100,000 rows whose ids begin alike': {
    unit: 'ms',
    bound: 3_000,
    measure: async () => {
      const { StoredRows } = await load('model/snapshot/stored-rows.js');
      const rows = new StoredRows('T');
      for (let i = 0; i < 100_000; i++)
        rows.add(`00000000-0000-4000-8000-${((i * 7_919) % 100_003).toString(16).padStart(12, '0')}`, '{}');
      return timeOf(() => rows.seal());
    },
  },
  'a document of 3 MB in pieces of 100 bytes': {
    unit: 'ms',
    bound: 5_000,
    measure: async () => {
      const { Framer } = await load('ovsdb/frame.js');
      const bytes = Buffer.from(`{"a":"${'\u00fc{[\\"\\\\'.repeat(400_000)}"}`);
      const framer = new Framer(() => undefined, 1 << 26);
      return timeOf(() => {
        for (let at = 0; at < bytes.length; at += 100) framer.push(bytes.subarray(at, at + 100));
      });
    },
  },
  'matching 3,000 equal rows of one holder': { unit: 'ms', bound: 3_000, measure: () => matchCrowd(() => ({})) },
  'matching 3,000 changed rows of one key': {
    unit: 'ms',
    bound: 3_000,
    measure: () => matchCrowd((i, side) => ({ external_ids: { i: `${side}${i}` } })),
  },
  'opening a catalog of 10,000 backups': {
    unit: 'ms',
    bound: 8_000,
    measure: async () => (await catalogTimes()).openMs,
  },
  'a page of a catalog of 10,000 backups': {
    unit: 'ms',
    bound: 100,
    measure: async () => (await catalogTimes()).slowestMs,
  },
  'checking an audit trail with a line of 100 MiB': {
    unit: 'MiB',
    bound: 64,
    measure: () =>
      withFolder(async (folder) => {
        const { checkTrail } = await load('service/audit/chain-check.js');
        appendFileSync(join(folder, 'audit.jsonl'), Buffer.alloc(100 * MIB, 'x'));
        appendFileSync(join(folder, 'audit.jsonl'), '\n');
        globalThis.gc();
        return bufferPeak(() => checkTrail(folder));
      }),
  },
  "a cluster member's file in which 80 MB come and go": { unit: 'MiB', bound: 53, measure: raftBuffers },
  // rows in memory would take a hundred
  'twenty times as much JSON read and written': { unit: 'MB', bound: 60, measure: () => growth('json') },
  'twenty times as much YAML read and written': { unit: 'MB', bound: 60, measure: () => growth('yaml') },
  'twenty times as much of a database file read and written': { unit: 'MB', bound: 60, measure: () => growth('ovsdb') },
  'a gzip bomb of a gigabyte': { unit: 'MiB', bound: 400, measure: bombPeak },
};

if (options.here !== undefined) {
  console.log(JSON.stringify(await CASES[options.here].measure()));
} else {
  let isOver = false;
  for (const [name, { unit, bound }] of Object.entries(CASES)) {
    if (options.only !== undefined && !name.includes(options.only)) continue;
    const words = ['--expose-gc', fileURLToPath(import.meta.url), '--here', name, '--build', options.build];
    const found = Number(
      execFileSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
    );
    if (!(found <= bound)) isOver = true;
    console.log(`${name}: ${found.toFixed(1)} ${unit}, at most ${bound}${found <= bound ? '' : '  OVER'}`);
  }
  process.exitCode = isOver ? 1 : 0;
}
