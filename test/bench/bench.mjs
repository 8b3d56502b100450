// npm run bench [-- --rows 10000,100000,300000 --runs 3 --profile k8s --json FILE --build DIR --cpu-prof DIR]
//
// Makes Northbound databases and measures, in turn on the same data:
//   backup   createBackup with compress      against  ovsdb-client backup | gzip -1
//   restore  OVERWRITE, exact, into an       against  ovsdb-client restore into an empty database
//            empty database
//   no-op    the same restore again, onto    against  our own capture of that database, alone
//            the equal database
// Once more each of ours, not in the times, while another client asks for a list every 20 ms. After every
// restore ovsdb-server counts the rows; after ours, the restore that follows must find nothing to do. One
// long-lived server of ours serves all runs of one size: the first run is a cold one, and counts.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeNorthbound } from '../support/northbound/make.mjs';
import { BackupServer, captureOnly, Ovsdb, ovsdbBackup, ovsdbRestore } from './processes.mjs';
import { summarise, table, verdicts } from './report.mjs';

const BUILD = fileURLToPath(new URL('../../dist', import.meta.url));
const CREATE = 'mutation ($input: CreateBackupInput!) { createBackup(input: $input) { id rowCount size } }';
const RESTORE =
  'mutation ($input: RestoreBackupInput!) { restoreBackup(input: $input) { phase result { success restoredCount ' +
  'deletedCount errors { message } } } }';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000,100000,300000' },
    runs: { type: 'string', default: '3' },
    profile: { type: 'string', default: 'k8s' },
    json: { type: 'string' },
    build: { type: 'string', default: BUILD },
    'cpu-prof': { type: 'string' },
  },
});
const sizes = options.rows.split(',').map(Number);
const runs = Number(options.runs);
if (!sizes.every((rows) => Number.isInteger(rows) && rows > 0) || !Number.isInteger(runs) || runs < 1) {
  console.error('bench: --rows takes whole numbers separated by commas, --runs a whole number');
  process.exit(2);
}
const build = resolve(options.build);
const nodeOptions =
  options['cpu-prof'] === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(options['cpu-prof'])}`];

const say = (line) => console.log(line);
const s = (ms) => `${(ms / 1000).toFixed(2)} s`;

function check(condition, message) {
  if (!condition) throw new Error(message);
}

/** Restores and checks the result and, by the database's own count, the rows. */
async function restore(measure, { server, ovsdb, backupId, rows, changes }) {
  const measured = await server[measure](() =>
    server.request(RESTORE, { input: { backupId, conflictPolicy: 'OVERWRITE', exact: true } }),
  );
  const { phase, result } = measured.value.restoreBackup;
  check(phase === 'SUCCEEDED' && result.success, `the restore ended ${phase}: ${JSON.stringify(result)}`);
  check(
    result.restoredCount === changes && result.deletedCount === 0,
    `the restore changed ${result.restoredCount} rows and deleted ${result.deletedCount}, ${changes} and 0 were ` +
      'expected',
  );
  const found = ovsdb.countRows();
  check(found === rows, `the database has ${found} rows after the restore, not ${rows}`);
  return measured;
}

async function createBackup(measure, { server, rows }) {
  const measured = await server[measure](() =>
    server.request(CREATE, { input: { name: 'bench', compress: true, capture: 'FAST' } }),
  );
  const { rowCount } = measured.value.createBackup;
  check(Number(rowCount) === rows, `the backup has ${rowCount} rows, not ${rows}`);
  return measured;
}

async function measureBackups({ server, ovsdb, folder, rows }) {
  const pairs = { ours: [], theirs: [] };
  for (let run = 1; run <= runs; run++) {
    pairs.ours.push(await createBackup('measure', { server, rows }));
    pairs.theirs.push(await ovsdbBackup(ovsdb.remote, join(folder, 'theirs.db.gz'), { gzip: true }));
    say(`  backup ${run}: ours ${s(pairs.ours.at(-1).ms)}, theirs ${s(pairs.theirs.at(-1))}`);
  }
  const watched = await createBackup('measureWaits', { server, rows });
  return { backupId: watched.value.createBackup.id, backup: { ...pairs, watched } };
}

/** Into an emptied database, and again onto the equal one. */
async function measureRestores({ server, ovsdb, folder, rows, backupId }) {
  const into = { ours: [], theirs: [] };
  const onto = { ours: [], theirs: [] };
  const plain = join(folder, 'theirs.db');
  await ovsdbBackup(ovsdb.remote, plain, { gzip: false });
  for (let run = 1; run <= runs; run++) {
    await ovsdb.serve();
    into.ours.push(await restore('measure', { server, ovsdb, backupId, rows, changes: rows }));
    onto.ours.push(await restore('measure', { server, ovsdb, backupId, rows, changes: 0 }));
    onto.theirs.push((await captureOnly(ovsdb.remote, build)).ms);
    await ovsdb.serve();
    into.theirs.push(await ovsdbRestore(ovsdb.remote, plain));
    const found = ovsdb.countRows();
    check(found === rows, `the database has ${found} rows after ovsdb-client restore, not ${rows}`);
    say(
      `  restore ${run}: ours ${s(into.ours.at(-1).ms)}, theirs ${s(into.theirs.at(-1))}; no-op ` +
        `${s(onto.ours.at(-1).ms)}, a capture alone ${s(onto.theirs.at(-1))}`,
    );
  }
  await ovsdb.serve();
  return {
    restore: { ...into, watched: await restore('measureWaits', { server, ovsdb, backupId, rows, changes: rows }) },
    'no-op': { ...onto, watched: await restore('measureWaits', { server, ovsdb, backupId, rows, changes: 0 }) },
  };
}

async function measureSize(folder, size) {
  const { rows, bytes, profile } = makeNorthbound({
    profile: options.profile,
    rows: size,
    out: join(folder, 'made.db'),
  });
  say(`\n${rows} rows, profile ${profile}: a database file of ${(bytes / 1e6).toFixed(0)} MB`);
  const ovsdb = new Ovsdb(join(folder, 'ovsdb'));
  let server;
  try {
    await ovsdb.serve(join(folder, 'made.db'));
    server = await BackupServer.start(folder, ovsdb.remote, { build, nodeOptions });
    const { backupId, backup } = await measureBackups({ server, ovsdb, folder, rows });
    const restores = await measureRestores({ server, ovsdb, folder, rows, backupId });
    return Object.entries({ backup, ...restores }).map(([operation, pairs]) =>
      summarise({ rows: size, operation, ...pairs }),
    );
  } finally {
    await server?.stop();
    await ovsdb.stop();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'ovncp-bench-'));
try {
  say(
    `${cpus().length} processors (${cpus()[0]?.model}), ${(totalmem() / 2 ** 30).toFixed(0)} GB, Node ` +
      `${process.versions.node}`,
  );
  const summaries = [];
  for (const rows of sizes) {
    const own = join(folder, String(rows));
    mkdirSync(own);
    summaries.push(...(await measureSize(own, rows)));
    rmSync(own, { recursive: true });
  }
  say(`\n${table(summaries)}`);
  say(
    '\nours and theirs: median (least-most) of the runs; "of pairs": median of ours/theirs run by run; no-op: ' +
      'theirs is our capture alone.',
  );
  say(
    'peak: the largest VmHWM of the server during the operation; p99 and max: how long another client waited for a ' +
      'list meanwhile.',
  );
  const lines = verdicts(summaries);
  if (lines.length > 0) say(`\n${lines.join('\n')}`);
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify({ profile: options.profile, runs, summaries }, null, 1)}\n`);
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
