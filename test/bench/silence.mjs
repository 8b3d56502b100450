// node test/bench/silence.mjs [--rows 100000 --profile k8s --runs 1 --writes 0 --cluster --build DIR]
//
// How long does an ovsdb-server answer nobody else while its database is copied? On one server with one database:
//   paced    our capture in small pieces
//   fast     our capture in one request
//   backup   ovsdb-client backup
// Meanwhile another client sends an echo every 10 ms; with --writes, one more commits as many transactions a second.
// With --cluster, on a cluster of three with the default election timer: paced from the leader, paced and fast from a
// follower, fast from the leader, with leader and term before and after. Needs a build (npm run build).

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeNorthbound } from '../support/northbound/make.mjs';
import { Cluster } from './cluster.mjs';
import { captureOnly, ended, Ovsdb, ovsdbBackup } from './processes.mjs';
import { percentile } from './report.mjs';

const OBSERVER = fileURLToPath(new URL('./observer.mjs', import.meta.url));
const WRITER = fileURLToPath(new URL('./writer.mjs', import.meta.url));
/** The longest silence allowed in a paced capture of 100,000 rows. */
const SILENCE_MAX_MS = 500;

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    runs: { type: 'string', default: '1' },
    profile: { type: 'string', default: 'k8s' },
    writes: { type: 'string', default: '0' },
    cluster: { type: 'boolean', default: false },
    build: { type: 'string', default: fileURLToPath(new URL('../../dist', import.meta.url)) },
  },
});
const [rows, runs, writes] = [options.rows, options.runs, options.writes].map(Number);
const build = resolve(options.build);
if (![rows, runs].every((value) => Number.isInteger(value) && value > 0) || !(writes >= 0)) {
  console.error('silence: --rows and --runs take whole numbers, --writes a number');
  process.exit(2);
}

/** A child that works until its standard input ends; answers what ends it and answers its output. */
async function companion(script, ...words) {
  const child = spawn(process.execPath, [script, ...words], { stdio: ['pipe', 'pipe', 'pipe'] });
  let text = '';
  const done = ended(child, script);
  done.catch(() => undefined);
  await new Promise((ready, fail) => {
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) ready();
    });
    done.catch(fail);
  });
  return async () => {
    child.stdin.end();
    await done;
    return JSON.parse(text.slice(text.indexOf('\n') + 1));
  };
}

/** Runs the work while others are served by the same server. `remote` is a unix socket; `leader` takes the writes. */
async function watched(method, { remote, leader = remote }, work) {
  const observer = await companion(OBSERVER, remote.slice('unix:'.length));
  const writer = writes > 0 ? await companion(WRITER, leader.slice('unix:'.length), String(writes)) : undefined;
  const began = performance.now();
  const result = await work();
  const ms = performance.now() - began;
  const waits = await observer();
  const written = await writer?.();
  return {
    method,
    ms,
    own: result?.silenceMs,
    max: Math.max(...waits),
    p99: percentile(waits, 0.99),
    written: written?.committed,
  };
}

const seconds = (ms) => (ms / 1000).toFixed(1);
const whole = (ms) => (ms === undefined ? '-' : ms.toFixed(0));

function print(columns, lines) {
  const cells = [columns, ...lines];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => String(line[i]).length)));
  for (const line of cells)
    console.log(
      line.map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join('  '),
    );
}

function line({ method, ms, max, p99, own, written }) {
  return [method, seconds(ms), whole(max), whole(p99), whole(own), ...(writes > 0 ? [written] : [])];
}

const COLUMNS = [
  '',
  's',
  'longest silence ms',
  'p99 ms',
  'as we saw it ms',
  ...(writes > 0 ? ['transactions of others'] : []),
];

/** Checks that the capture is whole; a writer may have added rows to it. */
async function capture(remote, mode) {
  const captured = await captureOnly(remote, build, mode);
  if (captured.rows < rows) throw new Error(`the capture has ${captured.rows} rows, not ${rows}`);
  return captured;
}

async function standalone(folder, file) {
  const ovsdb = new Ovsdb(join(folder, 'one'));
  await ovsdb.serve(file);
  const found = [];
  for (let run = 0; run < runs; run++) {
    found.push(await watched('paced', ovsdb, () => capture(ovsdb.remote, 'PACED')));
    found.push(await watched('fast', ovsdb, () => capture(ovsdb.remote, 'FAST')));
    found.push(
      await watched('ovsdb-client backup', ovsdb, () =>
        ovsdbBackup(ovsdb.remote, join(folder, 'copy.db'), { gzip: false }),
      ),
    );
  }
  await ovsdb.stop();
  print(COLUMNS, found.map(line));
  const longest = Math.max(...found.filter(({ method }) => method === 'paced').map(({ max }) => max));
  if (rows === 100_000)
    console.log(
      `${longest < SILENCE_MAX_MS ? 'met   ' : 'MISSED'}  longest silence in a paced capture, ms: ` +
        `${whole(longest)}, less than ${SILENCE_MAX_MS}`,
    );
}

async function clustered(folder, file) {
  const cluster = await Cluster.start(join(folder, 'three'), file);
  const found = [];
  const say = ({ leader, term }) => `${leader} in ${term}`;
  try {
    for (let run = 0; run < runs; run++) {
      for (const [method, mode, fromLeader] of [
        ['paced, leader', 'PACED', true],
        ['paced, follower', 'PACED', false],
        ['fast, follower', 'FAST', false],
        ['fast, leader', 'FAST', true],
      ]) {
        const before = await cluster.settled();
        const member = fromLeader ? before.leader : (before.leader + 1) % 3;
        const result = await watched(
          method,
          { remote: cluster.remote(member), leader: cluster.remote(before.leader) },
          () => capture(cluster.remote(member), mode),
        );
        const after = await cluster.settled();
        found.push([...line(result), say(before), say(after), before.term === after.term ? 'as it was' : 'CHANGED']);
      }
    }
  } finally {
    await cluster.stop();
  }
  print([...COLUMNS, 'leader before', 'and after', ''], found);
}

const folder = mkdtempSync(join(tmpdir(), 'ovncp-silence-'));
try {
  const file = join(folder, 'nb.db');
  makeNorthbound({ profile: options.profile, rows, out: file });
  console.log(
    `${rows} rows (${options.profile}), ${options.cluster ? 'three members' : 'one server'}, ${writes} ` +
      `transactions a second by others, ${cpus().length} cores`,
  );
  await (options.cluster ? clustered : standalone)(folder, file);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
