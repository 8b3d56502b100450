// node test/bench/chain.mjs [--rows 100000] [--runs 3] [--links 24] [--profile k8s] [--build DIR]
//
// Makes a Northbound database and a chain of backups: a full one, then incremental ones, each after a change of 0.1 %
// of the rows. Measures in turn on the same data:
//   incremental  createBackup INCREMENTAL   against  our own capture of that database, alone
//   its file                                against  that of the full one
//   restore      the last link, into an     against  a full backup of the same rows, into an
//                empty database                      empty database

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeNorthbound } from '../support/northbound/make.mjs';
import { BackupServer, captureOnly, Ovsdb } from './processes.mjs';
import { median } from './report.mjs';

const BUILD = fileURLToPath(new URL('../../dist', import.meta.url));
const DATABASE = 'OVN_Northbound';
const CREATE =
  'mutation ($input: CreateBackupInput!) { createBackup(input: $input) { id type size chainLength warnings } }';
const RESTORE =
  'mutation ($input: RestoreBackupInput!) { restoreBackup(input: $input) { phase result { success restoredCount } } }';
/** Of rows that change between two backups. */
const SHARE = 0.001;
/** More are not asked for in one transaction of ovsdb-client: an argument has at most 128 KiB. */
const CHANGES_MAX = 500;
const TARGETS = { capture: 1.2, size: 0.01, restore: 1.3 };

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    runs: { type: 'string', default: '3' },
    links: { type: 'string', default: '24' },
    profile: { type: 'string', default: 'k8s' },
    build: { type: 'string', default: BUILD },
  },
});
const [size, runs, links] = [options.rows, options.runs, options.links].map(Number);
if (![size, runs, links].every((value) => Number.isInteger(value) && value > 0) || links < 2 || links > 24) {
  console.error('chain: --rows and --runs take whole numbers, --links one from 2 to 24');
  process.exit(2);
}
const build = resolve(options.build);
const s = (ms) => `${(ms / 1000).toFixed(2)} s`;

function check(condition, message) {
  if (!condition) throw new Error(message);
}

function query(remote, ...operations) {
  const words = ['--timeout=300', 'transact', remote, JSON.stringify([DATABASE, ...operations])];
  const results = JSON.parse(execFileSync('ovsdb-client', words, { maxBuffer: 1 << 30 }).toString());
  check(!results.some(({ error }) => error), JSON.stringify(results).slice(0, 500));
  return results;
}

/** UUIDs of the table that has the most rows, and `external_ids`. */
function manyRows(remote) {
  const { tables } = JSON.parse(execFileSync('ovsdb-client', ['get-schema', remote, DATABASE]).toString());
  const names = Object.keys(tables).filter((name) => tables[name].columns.external_ids !== undefined);
  const counts = query(remote, ...names.map((table) => ({ op: 'select', table, where: [], columns: ['_uuid'] })));
  const found = names.map((table, i) => ({ table, uuids: counts[i].rows.map(({ _uuid: [, uuid] }) => uuid) }));
  return found.reduce((most, each) => (each.uuids.length > most.uuids.length ? each : most));
}

function change(remote, { table, uuids }, round) {
  const count = Math.round(size * SHARE);
  const operations = Array.from({ length: count }, (_, i) => ({
    op: 'mutate',
    table,
    where: [['_uuid', '==', ['uuid', uuids[(round * count + i) % uuids.length]]]],
    mutations: [['external_ids', 'insert', ['map', [[`round${round}`, 'changed']]]]],
  }));
  for (let at = 0; at < count; at += CHANGES_MAX) query(remote, ...operations.slice(at, at + CHANGES_MAX));
}

async function createBackup(server, input) {
  const measured = await server.measure(() =>
    server.request(CREATE, { input: { name: 'link', compress: true, ...input } }),
  );
  return { ms: measured.ms, ...measured.value.createBackup };
}

async function restore(server, ovsdb, backupId, rows) {
  await ovsdb.serve();
  const input = { backupId, conflictPolicy: 'OVERWRITE', exact: true };
  const { ms, value } = await server.measure(() => server.request(RESTORE, { input }));
  const { phase, result } = value.restoreBackup;
  check(phase === 'SUCCEEDED' && result.success, `the restore ended ${phase}: ${JSON.stringify(result)}`);
  check(ovsdb.countRows() === rows, `the database has ${ovsdb.countRows()} rows after the restore, not ${rows}`);
  return ms;
}

async function measure(folder) {
  const { rows } = makeNorthbound({ profile: options.profile, rows: size, out: join(folder, 'made.db') });
  console.log(`${cpus().length} processors (${cpus()[0]?.model}), ${rows} rows, profile ${options.profile}`);
  const ovsdb = new Ovsdb(join(folder, 'ovsdb'));
  let server;
  try {
    await ovsdb.serve(join(folder, 'made.db'));
    server = await BackupServer.start(folder, ovsdb.remote, { build });
    const many = manyRows(ovsdb.remote);
    const full = await createBackup(server, {});
    const made = [];
    const captures = [];
    for (let round = 1; round < links; round++) {
      change(ovsdb.remote, many, round);
      const link = await createBackup(server, { type: 'INCREMENTAL' });
      check(link.chainLength === round + 1, `not a link: ${link.warnings.join('. ')}`);
      made.push(link);
      captures.push((await captureOnly(ovsdb.remote, build)).ms);
      console.log(`  link ${round + 1}: ${s(link.ms)}, a capture alone ${s(captures.at(-1))}, ${link.size} bytes`);
    }
    const last = made.at(-1);
    const whole = await createBackup(server, {});
    const restored = { last: [], whole: [] };
    for (let run = 1; run <= runs; run++) {
      restored.last.push(await restore(server, ovsdb, last.id, rows));
      restored.whole.push(await restore(server, ovsdb, whole.id, rows));
      console.log(`  restore ${run}: link ${links} ${s(restored.last.at(-1))}, full ${s(restored.whole.at(-1))}`);
    }
    return {
      capture: median(made.map(({ ms }, i) => ms / captures[i])),
      size: median(made.map((link) => Number(link.size))) / Number(full.size),
      restore: median(restored.last.map((ms, i) => ms / restored.whole[i])),
    };
  } finally {
    await server?.stop();
    await ovsdb.stop();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'ovncp-bench-chain-'));
try {
  const found = await measure(folder);
  const said = (name, what) =>
    `${what}: ${found[name].toFixed(3)} (${found[name] <= TARGETS[name] ? 'within' : 'OVER'} ${TARGETS[name]})`;
  console.log(`\n${said('capture', 'an incremental backup, against a capture alone, median of pairs')}`);
  console.log(said('size', 'its file, against that of the full one, median'));
  console.log(said('restore', `restoring link ${links}, against a full backup of the same rows, median of pairs`));
} catch (error) {
  console.error(`chain: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
