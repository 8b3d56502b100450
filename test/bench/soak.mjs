// node test/bench/soak.mjs [--rounds 5000 --every 500 --rows 300 --profile k8s --build DIR --json]
//
// A server that works for long must not grow. Each round makes a backup, plans a restore, compares, exports and deletes
// the backup, by REST and by GraphQL in turn. The server is a process of its own on a real ovsdb-server. It prints every
// --every rounds what the server takes: memory, its JavaScript heap, open files, and files in its folder. Memory goes up
// and down with what is collected, so the lowest of many looks counts. A line is fitted through the second half: the
// exit code is 1 when it rises by more than its bound from the middle to the end. Needs a build (npm run build).

import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeNorthbound } from '../support/northbound/make.mjs';
import { Connection, must } from './load-client.mjs';
import { BackupServer, Ovsdb, run } from './processes.mjs';

const LOOKS = 25;
const WINDOWS_MIN = 4;
const BACKUPS = '/api/v1/backups';
/** What may be more at the end than in the middle. */
const BOUNDS = {
  memoryMb: { title: 'memory MB', bound: 24 },
  heapMb: { title: 'heap MB', bound: 8 },
  openFiles: { title: 'open files', bound: 4 },
  files: { title: 'files', bound: 8 },
};

/** Folders in which records are kept up to a number: 2,000 jobs, and 200 dry runs each with a list of its changes. */
const RECORDS = {
  jobs: { title: 'of jobs', most: 2_000 },
  restores: { title: 'of dry runs', most: 2 * 200 },
};

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5000' },
    every: { type: 'string', default: '500' },
    rows: { type: 'string', default: '300' },
    profile: { type: 'string', default: 'k8s' },
    build: { type: 'string', default: fileURLToPath(new URL('../../dist', import.meta.url)) },
    json: { type: 'boolean', default: false },
  },
});
const [rounds, every, rows] = [options.rounds, options.every, options.rows].map(Number);
if (![rounds, every, rows].every((value) => Number.isInteger(value) && value > 0) || rounds / every < WINDOWS_MIN) {
  console.error(
    `soak: --rounds, --every and --rows take whole numbers, and --rounds at least ${WINDOWS_MIN} x --every`,
  );
  process.exit(2);
}

const CREATE = 'mutation($input: CreateBackupInput!) { createBackup(input: $input) { id checksum contentSize } }';
const DRY_RUN =
  'mutation($input: RestoreBackupInput!) { restoreBackup(input: $input) { result { success restoredCount deletedCount ' +
  'changes(first: 20) { totalCount nodes { kind label } } errors { message } } } }';
const DIFF =
  'query($from: ConfigurationRefInput!, $to: ConfigurationRefInput!) { diff(from: $from, to: $to) { identical inserted deleted ' +
  'changes(first: 20) { totalCount } } }';
const DELETE = 'mutation($id: ID!) { deleteBackup(id: $id) }';

/** One client. What comes back is checked. */
class Soak {
  /** @param seed a backup of what the database was before it was changed */
  constructor(connection, seed, database) {
    Object.assign(this, { connection, seed, database });
  }

  async round(number) {
    const byGraphql = number % 2 === 0;
    const made = await (byGraphql ? this.createGraphql(number) : this.createRest(number));
    await (byGraphql ? this.planGraphql() : this.planRest());
    await this.compare(made);
    await this.export(made, byGraphql);
    await this.delete(made, byGraphql);
  }

  async createRest(number) {
    const body = { name: `round ${number}`, compress: true };
    const { backup } = await this.connection.rest('POST', BACKUPS, { status: 201, body });
    return { id: backup.id, checksum: backup.checksum, contentSize: Number(backup.content_size) };
  }

  async createGraphql(number) {
    const { createBackup } = await this.connection.graphql(CREATE, { input: { name: `round ${number}` } });
    return { ...createBackup, contentSize: Number(createBackup.contentSize) };
  }

  async planRest() {
    const body = { dry_run: true, conflict_policy: 'overwrite', exact: true };
    const found = await this.connection.rest('POST', `${BACKUPS}/${this.seed}/restore`, { body });
    must(found.success && found.restored_count > 0 && found.deleted_count > 0, `a dry run: ${JSON.stringify(found)}`);
  }

  async planGraphql() {
    const input = { backupId: this.seed, dryRun: true, conflictPolicy: 'OVERWRITE', exact: true };
    const { result } = (await this.connection.graphql(DRY_RUN, { input })).restoreBackup;
    must(result.success && result.restoredCount > 0 && result.deletedCount > 0, `a dry run: ${JSON.stringify(result)}`);
  }

  async compare({ id }) {
    const compare = async (from, to) => (await this.connection.graphql(DIFF, { from, to })).diff;
    const same = await compare({ database: this.database }, { backupId: id });
    must(same.identical, `a fresh backup differs from the database: ${JSON.stringify(same)}`);
    const other = await compare({ backupId: id }, { backupId: this.seed });
    must(!other.identical && other.inserted > 0 && other.deleted > 0, `a comparison: ${JSON.stringify(other)}`);
  }

  async export({ id, checksum, contentSize }, isRaw) {
    const { status, bytes } = await this.connection.send('GET', `${BACKUPS}/${id}/export${isRaw ? '?raw=true' : ''}`);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    must(status === 200 && (isRaw ? digest === checksum : bytes.length === contentSize), `an export: ${status}`);
  }

  async delete({ id }, byGraphql) {
    if (byGraphql) must((await this.connection.graphql(DELETE, { id })).deleteBackup, 'a backup was not deleted');
    else await this.connection.rest('DELETE', `${BACKUPS}/${id}`);
  }
}

/** Memory and open files at this moment. */
async function look(pid, connection) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const { bytes } = await connection.send('GET', '/metrics');
  return {
    memoryMb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
    heapMb: Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(bytes.toString())?.[1]) / 2 ** 20,
    openFiles: readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** Files of the server's folder: records, by their folders, and all others. */
function countFiles(store) {
  const found = readdirSync(store, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const counts = { files: 0, ...Object.fromEntries(Object.keys(RECORDS).map((name) => [name, 0])) };
  for (const { parentPath } of found)
    counts[Object.keys(RECORDS).find((name) => parentPath === join(store, name)) ?? 'files']++;
  return counts;
}

/** How much the line that fits the points best rises over them. */
function riseOf(points) {
  const mean = (pick) => points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const [x, y] = [mean(([at]) => at), mean(([, value]) => value)];
  const slope =
    points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) /
    points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return slope * (points.at(-1)[0] - points[0][0]);
}

const TITLES = ['rounds', ...Object.values({ ...BOUNDS, ...RECORDS }).map(({ title }) => title), 'ms a round'];
const lineOf = (cells) => cells.map((cell, i) => String(cell).padStart(TITLES[i].length + 2)).join('');
const say = (line) => options.json || console.log(line);

async function soak(client, server, store) {
  const windows = [];
  say(lineOf(TITLES));
  for (let number = 1; number <= rounds; ) {
    const began = performance.now();
    const lowest = { memoryMb: Infinity, heapMb: Infinity, openFiles: Infinity };
    const end = Math.min(rounds, number + every - 1);
    const first = number;
    for (; number <= end; number++) {
      await client.round(number);
      if (number % Math.max(1, Math.floor(every / LOOKS)) !== 0 && number !== end) continue;
      const found = await look(server.child.pid, client.connection);
      for (const name of Object.keys(lowest)) lowest[name] = Math.min(lowest[name], found[name]);
    }
    const ms = (performance.now() - began) / (end - first + 1);
    const { files, ...records } = countFiles(store);
    windows.push({ round: end, ...lowest, files, ...records, ms });
    const { memoryMb, heapMb, openFiles } = lowest;
    say(
      lineOf([end, memoryMb.toFixed(1), heapMb.toFixed(1), openFiles, files, ...Object.values(records), ms.toFixed(0)]),
    );
  }
  return windows;
}

/** One line for each bound. */
function verdicts(windows) {
  const second = windows.filter(({ round }) => round >= rounds / 2);
  const lines = Object.entries(BOUNDS).map(([name, { title, bound }]) => {
    const rise = riseOf(second.map((window) => [window.round, window[name]]));
    return {
      isKept: rise <= bound,
      text: `${title}: ${rise.toFixed(1)} more at the end than in the middle, at most ${bound}`,
    };
  });
  const records = Object.entries(RECORDS).map(([name, { title, most }]) => {
    const count = windows.at(-1)[name];
    return { isKept: count <= most, text: `files ${title}: ${count}, at most ${most}` };
  });
  return [...lines, ...records];
}

const folder = mkdtempSync(join(tmpdir(), 'ovncp-soak-'));
const ovsdb = new Ovsdb(join(folder, 'nb'));
let server;
try {
  const file = join(folder, 'source.db');
  makeNorthbound({ profile: options.profile, rows, out: file });
  await ovsdb.serve(file);
  server = await BackupServer.start(folder, ovsdb.remote, { build: resolve(options.build) });
  const connection = new Connection(server.url.replace('/graphql', ''), server.token);
  const { backup: seed } = await connection.rest('POST', BACKUPS, { status: 201, body: { name: 'seed' } });
  const [gone] = run('ovn-nbctl', [`--db=${ovsdb.remote}`, '--bare', '--columns=name', 'list', 'Logical_Switch'])
    .toString()
    .split('\n');
  run('ovn-nbctl', [`--db=${ovsdb.remote}`, 'ls-del', gone, '--', 'ls-add', 'soak', '--', 'lsp-add', 'soak', 'soak-1']);
  const windows = await soak(new Soak(connection, seed.id, seed.database), server, join(folder, 'store'));
  const { total } = await connection.rest('GET', BACKUPS);
  must(total === 1, `${total} backups are left`);
  connection.close();
  await server.stop();
  must(server.child.exitCode === 0, `the server ended with exit code ${server.child.exitCode}`);
  const found = verdicts(windows);
  if (options.json) console.log(JSON.stringify({ windows, verdicts: found }));
  for (const { isKept, text } of found) say(`${isKept ? 'met   ' : 'MISSED'}  ${text}`);
  if (found.some(({ isKept }) => !isKept)) process.exitCode = 1;
} finally {
  await server?.stop();
  await ovsdb.stop();
  rmSync(folder, { recursive: true, force: true });
}
