// node test/bench/load.mjs [--clients 200 --seconds 60 --rows 1000 --think-ms 5000 --profile k8s --build DIR --json
//   --node-option=--cpu-prof]
//
// Many clients at once: each lists, reads, makes, deletes, exports, validates and tries out (load-client.mjs has the
// mix), with a pause of --think-ms between two requests, on one connection that is kept alive and one socket; a fifth
// of them watches every restore. The server is a process of its own on a real ovsdb-server. Another process asks for a
// list every 20 ms meanwhile (probe.mjs). Everything that comes back is checked, and the store afterwards: every backup
// is valid, the audit trail intact, no file left over. The exit code is 1 when anything is not as it must be. Needs a
// build (npm run build).

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Rng } from '../support/northbound/lib/rng.mjs';
import { makeNorthbound } from '../support/northbound/make.mjs';
import { Connection, LoadClient, MIX, must } from './load-client.mjs';
import { BackupServer, Ovsdb } from './processes.mjs';
import { percentile } from './report.mjs';

const SEEDS = 10;
const WATCHES_EACH = 5;
const CHECKED_AT_ONCE = 4;
const FAULTS_TOLD = 20;
const BACKUPS = '/api/v1/backups';
/** What a server keeps in its folder besides backups and restore records. */
const OWN_FILES = new Set(['.lock', 'tokens.json', 'admin-token', 'audit.jsonl', 'audit.head']);

const { values: options } = parseArgs({
  options: {
    clients: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    rows: { type: 'string', default: '1000' },
    'think-ms': { type: 'string', default: '5000' },
    'idle-seconds': { type: 'string', default: '20' },
    profile: { type: 'string', default: 'k8s' },
    build: { type: 'string', default: fileURLToPath(new URL('../../dist', import.meta.url)) },
    json: { type: 'boolean', default: false },
    'node-option': { type: 'string', multiple: true, default: [] },
  },
});
const [clients, seconds, rows, thinkMs, idleSeconds] = [
  options.clients,
  options.seconds,
  options.rows,
  options['think-ms'],
  options['idle-seconds'],
].map(Number);
const build = resolve(options.build);
if (
  ![clients, seconds, rows].every((value) => Number.isInteger(value) && value > 0) ||
  !(thinkMs >= 0) ||
  !(idleSeconds >= 0)
) {
  console.error('load: --clients, --seconds and --rows take whole numbers, --think-ms and --idle-seconds numbers');
  process.exit(2);
}
const say = (line) => options.json || console.log(line);

/** In MB, and the seconds of CPU that a process has used. */
function usage(pid) {
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]) / 1024;
  const [user, system] = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .split(') ')[1]
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return { rssMb: rss, cpuSeconds: (user + system) / 100 };
}

/** MB that the server's objects take, garbage included. */
async function heapMb(connection) {
  const { bytes } = await connection.send('GET', '/metrics');
  return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(bytes.toString())?.[1]) / 2 ** 20;
}

/** Everything that was not as it must be. */
class Faults {
  count = 0;
  told = [];

  add(where, error) {
    this.count++;
    if (this.told.length < FAULTS_TOLD)
      this.told.push(`${where}: ${error instanceof Error ? error.message : JSON.stringify(error)}`);
  }
}

/** Chooses what to do next, each as often as the mix says. */
function chooser(random) {
  const total = Object.values(MIX).reduce((sum, weight) => sum + weight, 0);
  return () => {
    let at = random() * total;
    for (const [name, weight] of Object.entries(MIX)) {
      at -= weight;
      if (at < 0) return name;
    }
    return 'ready';
  };
}

/** One client until the time is over. `times`: operation -> milliseconds of each. */
async function live(client, { until, times, faults, random }) {
  const choose = chooser(random);
  await sleep(random() * thinkMs);
  while (performance.now() < until) {
    const name = choose();
    const began = performance.now();
    try {
      await client[name]();
      times[name].push(performance.now() - began);
    } catch (error) {
      faults.add(name, error);
    }
    await sleep(2 * random() * thinkMs);
  }
}

/** The backups that everybody reads and nobody deletes. */
async function makeSeeds(connection, count) {
  const seeds = [];
  for (let i = 0; i < SEEDS; i++) {
    const { backup } = await connection.rest('POST', BACKUPS, {
      status: 201,
      body: { name: `seed ${String(i)}`, compress: true, tags: ['seed'] },
    });
    must(backup.row_count === count, `a backup has ${String(backup.row_count)} rows`);
    seeds.push({
      id: backup.id,
      checksum: backup.checksum,
      contentDigest: backup.content_digest,
      contentSize: backup.content_size,
    });
  }
  return seeds;
}

/** Checks every backup that is left. Answers how many there are. */
async function validateAll(connections, faults) {
  const { backups } = await connections[0].rest('GET', BACKUPS);
  const waiting = [...backups];
  await Promise.all(
    connections.map(async (connection) => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const answer = await connection.rest('POST', `${BACKUPS}/validate`, { body: { backup_id: next.id } });
        if (!answer.valid || !answer.content_checked || answer.row_count !== next.row_count)
          faults.add(`validating ${next.file} afterwards`, answer);
      }
    }),
  );
  return backups;
}

/**
 * Compares the store of a server that has ended with what it listed: nothing is missing, nothing belongs to nothing.
 */
function checkFiles(store, { backups, restores, jobs }, faults) {
  const files = readdirSync(store, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name).slice(store.length + 1));
  const needed = [
    ...backups.flatMap(({ file }) => [file, `${file}.meta`]),
    ...restores.map(({ restore_id: id }) => `restores/${id}.json`),
    ...jobs.map(({ id }) => `jobs/${id}.json`),
  ];
  const allowed = new Set([
    ...needed,
    ...restores.map(({ restore_id: id }) => `restores/${id}.changes.gz`),
    ...OWN_FILES,
  ]);
  for (const name of needed.filter((name) => !files.includes(name)))
    faults.add('the store afterwards', `${name} is missing`);
  for (const name of files.filter((name) => !allowed.has(name)))
    faults.add('the store afterwards', `${name} belongs to nothing`);
}

/** What `npm run audit` says. Answers how many lines there are. */
function checkTrail(store, faults) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(build, 'cli/audit.js'), store, '--json'], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  must(status === 0 || status === 1, `npm run audit: ${stderr}`);
  const { intact, lines, faults: found } = JSON.parse(stdout);
  if (!intact) faults.add('the audit trail', found);
  return lines;
}

async function load(server, count, faults) {
  const first = new Connection(server.url.replace('/graphql', ''), server.token);
  const seeds = await makeSeeds(first, count);
  // the same mix in every run
  const rng = new Rng(1);
  const random = () => rng.u32() / 2 ** 32;
  const shared = {
    url: server.url.replace('/graphql', ''),
    token: server.token,
    rows: count,
    random,
    dryRuns: new Set(),
    seeds: seeds.map(({ id }) => id),
    seed: () => seeds[Math.floor(random() * seeds.length)],
  };
  const crowd = Array.from({ length: clients }, (_, number) => new LoadClient(number, shared));
  const watchers = crowd.filter((_, i) => i % WATCHES_EACH === 0);
  const times = Object.fromEntries(Object.keys(MIX).map((name) => [name, []]));
  const before = { ...usage(server.child.pid), heapMb: await heapMb(first) };
  const {
    value: elapsed,
    waits,
    peakBytes,
  } = await server.measureWaits(async () => {
    await Promise.all(crowd.map((client) => client.open({ watches: watchers.includes(client) })));
    const began = performance.now();
    await Promise.all(crowd.map((client) => live(client, { until: began + 1000 * seconds, times, faults, random })));
    return (performance.now() - began) / 1000;
  });
  const during = usage(server.child.pid);
  // the last events are on their way
  for (
    const until = performance.now() + 10_000;
    performance.now() < until && watchers.some(({ ended }) => ended.size < shared.dryRuns.size);
  )
    await sleep(50);
  for (const { ended, number } of watchers)
    if ([...shared.dryRuns].some((id) => !ended.has(id)))
      faults.add(
        'watching',
        `client ${String(number)} saw the end of ${String(ended.size)} restores of ${String(shared.dryRuns.size)}`,
      );
  for (const client of crowd) await client.close().catch((error) => faults.add('closing', error));
  await sleep(1000 * idleSeconds);
  const after = { ...usage(server.child.pid), heapMb: await heapMb(first) };
  const connections = Array.from({ length: CHECKED_AT_ONCE }, () => new Connection(shared.url, shared.token));
  const backups = await validateAll(connections, faults);
  const { restores } = await first.rest('GET', '/api/v1/restores');
  const { jobs } = await first.rest('GET', '/api/v1/jobs');
  for (const connection of [first, ...connections]) connection.close();
  return {
    elapsed,
    times,
    waits,
    listed: { backups, restores, jobs },
    watchers: watchers.length,
    restores: shared.dryRuns.size,
    events: watchers.reduce((sum, { events }) => sum + events, 0),
    memoryMb: {
      before: before.rssMb,
      peak: peakBytes / 2 ** 20,
      after: after.rssMb,
      heapBefore: before.heapMb,
      heapAfter: after.heapMb,
    },
    cpuShare: (during.cpuSeconds - before.cpuSeconds) / elapsed,
  };
}

const COLUMNS = ['operation', 'count', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'];

function table(times) {
  const line = (name, list) => [
    name,
    String(list.length),
    ...[0.5, 0.95, 0.99, 1].map((share) => percentile(list, share).toFixed(0)),
  ];
  const lines = [COLUMNS, ...Object.entries(times).map(([name, list]) => line(name, list))];
  const widths = COLUMNS.map((_, i) => Math.max(...lines.map((cells) => cells[i].length)));
  return lines
    .map((cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
    .join('\n');
}

const folder = mkdtempSync(join(tmpdir(), 'ovncp-load-'));
const ovsdb = new Ovsdb(join(folder, 'nb'));
const faults = new Faults();
let server;
try {
  const file = join(folder, 'source.db');
  makeNorthbound({ profile: options.profile, rows, out: file });
  await ovsdb.serve(file);
  const variables = {
    OVNCP_SOCKETS_PER_ADDRESS_MAX: String(Math.min(500, clients + 10)),
    OVNCP_CONNECTIONS_MAX: String(3 * clients + 100),
  };
  server = await BackupServer.start(folder, ovsdb.remote, { build, variables, nodeOptions: options['node-option'] });
  say(
    `${String(clients)} clients for ${String(seconds)} s, ${String(thinkMs)} ms between two requests of one, ` +
      `${String(rows)} rows, ${String(cpus().length)} cores`,
  );
  const { listed, ...found } = await load(server, ovsdb.countRows(), faults);
  await server.stop();
  if (server.child.exitCode !== 0) faults.add('the end of the server', `exit code ${String(server.child.exitCode)}`);
  const store = join(folder, 'store');
  checkFiles(store, listed, faults);
  const afterwards = { backupsLeft: listed.backups.length, auditLines: checkTrail(store, faults) };
  const requests = Object.values(found.times).reduce((sum, list) => sum + list.length, 0);
  if (options.json) {
    const counts = Object.fromEntries(Object.entries(found.times).map(([name, list]) => [name, list.length]));
    console.log(
      JSON.stringify({
        ...found,
        ...afterwards,
        times: undefined,
        waits: undefined,
        counts,
        faultCount: faults.count,
        faults: faults.told,
      }),
    );
  } else {
    say(table({ ...found.times, 'list, another process': found.waits }));
    say(
      `${String(requests)} operations, ${(requests / found.elapsed).toFixed(0)} a second; the server used ` +
        `${(100 * found.cpuShare).toFixed(0)} % of a core`,
    );
    const { before, peak, after, heapBefore, heapAfter } = found.memoryMb;
    say(
      `server's memory: ${before.toFixed(0)} MB before, ${peak.toFixed(0)} MB at most, ${after.toFixed(0)} MB ` +
        `${String(idleSeconds)} s after; its heap: ${heapBefore.toFixed(0)} MB before, ${heapAfter.toFixed(0)} MB ` +
        'after',
    );
    say(
      `${String(found.watchers)} clients saw the ends of all ${String(found.restores)} restores, ` +
        `${String(found.events)} events`,
    );
    say(
      `afterwards: ${String(afterwards.backupsLeft)} backups read back, an audit trail of ` +
        `${String(afterwards.auditLines)} lines checked, and every file of the store accounted for`,
    );
    say(faults.count === 0 ? 'met     no fault' : `MISSED  ${String(faults.count)} faults:\n${faults.told.join('\n')}`);
  }
  if (faults.count > 0) process.exitCode = 1;
} finally {
  await server?.stop();
  await ovsdb.stop();
  rmSync(folder, { recursive: true, force: true });
}
