// node test/bench/databases.mjs [--seconds 60] [--rows 1000] [--build DIR]
//
// One server with ten databases on ten ovsdb-servers: eight Northbounds, an interconnection Northbound, and one more
// Northbound whose server stops answering; the address of an eleventh answers nobody. For a minute each of those that
// answer is backed up, changed and restored again and again, all at once. Prints what was done, how long it took, and
// every error: there may be none but those of the two.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeNorthbound } from '../support/northbound/make.mjs';
import { BackupServer } from './processes.mjs';
import { percentile } from './report.mjs';

const BUILD = fileURLToPath(new URL('../../dist', import.meta.url));
const IC_SCHEMA = fileURLToPath(new URL('../compat/other-schemas/ovn-ic-nb.23.03.ovsschema', import.meta.url));
const NORTHBOUNDS = 8;
const CREATE = 'mutation ($input: CreateBackupInput!) { createBackup(input: $input) { id rowCount } }';
const RESTORE =
  'mutation ($input: RestoreBackupInput!) { restoreBackup(input: $input) { phase result { success restoredCount ' +
  'errors { message } } } }';
const DATABASES = '{ databases { id connected } }';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rows: { type: 'string', default: '1000' },
    build: { type: 'string', default: BUILD },
  },
});
const seconds = Number(options.seconds);

function run(program, words) {
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
}

/** A database of its own, and the server that serves it. */
class Served {
  constructor(id, folder, schema) {
    this.id = id;
    this.schema = schema;
    this.folder = join(folder, id);
    mkdirSync(this.folder);
    this.file = join(this.folder, 'db');
    this.remote = `unix:${join(this.folder, 'sock')}`;
  }

  async serve() {
    const words = ['--no-chdir', `--unixctl=${join(this.folder, 'ctl')}`, '-vconsole:off', '-vsyslog:off'];
    this.child = spawn('ovsdb-server', [...words, `--remote=p${this.remote}`, '--run=cat >/dev/null', this.file], {
      env: { PATH: process.env.PATH, OVS_RUNDIR: this.folder },
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    this.child.stdin.on('error', () => undefined);
    for (let i = 0; i < 200; i++, await sleep(50))
      if (spawnSync('ovsdb-client', ['--timeout=5', 'list-dbs', this.remote]).status === 0) return;
    throw new Error(`${this.id} does not answer`);
  }

  /** One row more, which a restore takes away again. */
  change(number) {
    const table = this.schema === 'OVN_Northbound' ? 'Address_Set' : 'Transit_Switch';
    const row = { name: `bench${number}` };
    const words = JSON.stringify([this.schema, { op: 'insert', table, row }]);
    run('ovsdb-client', ['--timeout=30', 'transact', this.remote, words]);
  }

  stop() {
    this.child?.kill('SIGCONT');
    this.child?.kill('SIGKILL');
  }
}

const took = { backup: [], restore: [], list: [] };
const errors = new Map();
const note = (database, error) => {
  const text = `${database}: ${error instanceof Error ? error.message : String(error)}`.slice(0, 300);
  errors.set(text, (errors.get(text) ?? 0) + 1);
};

async function timed(operation, work) {
  const began = performance.now();
  const value = await work();
  took[operation].push(performance.now() - began);
  return value;
}

async function work(server, database, until) {
  for (let number = 0; performance.now() < until; number++) {
    try {
      const input = { name: database.id, database: database.id, compress: true };
      const { createBackup } = await timed('backup', () => server.request(CREATE, { input }));
      database.change(number);
      const asked = { backupId: createBackup.id, conflictPolicy: 'OVERWRITE', exact: true };
      const { restoreBackup } = await timed('restore', () => server.request(RESTORE, { input: asked }));
      if (restoreBackup.result?.success !== true) throw new Error(`a restore ended ${JSON.stringify(restoreBackup)}`);
    } catch (error) {
      note(database.id, error);
      await sleep(200);
    }
  }
}

async function look(server, until) {
  while (performance.now() < until) {
    await timed('list', () => server.request(DATABASES)).catch((error) => note('list', error));
    await sleep(100);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'ovncp-bench-databases-'));
const served = [];
let server;
try {
  for (let i = 0; i < NORTHBOUNDS; i++) served.push(new Served(`north${i}`, folder, 'OVN_Northbound'));
  const interconnection = new Served('interconnection', folder, 'OVN_IC_Northbound');
  const frozen = new Served('frozen', folder, 'OVN_Northbound');
  served.push(interconnection, frozen);
  for (const database of served) {
    if (database === interconnection) run('ovsdb-tool', ['create', database.file, IC_SCHEMA]);
    else makeNorthbound({ profile: 'openstack', rows: Number(options.rows), out: database.file });
    await database.serve();
  }
  interconnection.change('global');
  const list = served.map(({ id, schema, remote }) => `  - {id: ${id}, remotes: "${remote}", schema: ${schema}}`);
  const config = join(folder, 'ovncp.yaml');
  const away = `  - {id: away, remotes: "unix:${join(folder, 'nobody')}"}`;
  writeFileSync(config, `databases:\n${[...list, away].join('\n')}\n`, { mode: 0o600 });
  server = await BackupServer.start(folder, '', {
    build: resolve(options.build),
    variables: { OVNCP_CONFIG: config, OVN_NB_DB: '' },
  });
  for (let i = 0; i < 100; i++, await sleep(100)) {
    const { databases } = await server.request(DATABASES);
    if (databases.filter(({ connected }) => connected).length === served.length) break;
  }
  process.kill(frozen.child.pid, 'SIGSTOP');
  const until = performance.now() + 1_000 * seconds;
  const live = served.filter((database) => database !== frozen);
  const others = [frozen, { id: 'away' }].map(async ({ id }) => {
    while (performance.now() < until) {
      await server.request(CREATE, { input: { name: id, database: id } }).catch((error) => note(id, error));
      await sleep(500);
    }
  });
  await Promise.all([...live.map((database) => work(server, database, until)), look(server, until)]);
  for (const [operation, times] of Object.entries(took)) {
    const at = (share) => `${percentile(times, share).toFixed(0)} ms`;
    console.log(`${operation}: ${times.length}, p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`);
  }
  frozen.stop();
  await Promise.race([Promise.all(others), sleep(10_000)]);
  for (const [text, count] of errors) console.log(`${count} x ${text}`);
  const wrong = [...errors.keys()].filter((text) => !/^(?:frozen|away): /.test(text));
  console.log(wrong.length === 0 ? '\nNo error but those of "frozen" and "away"' : '\nERRORS of databases that answer');
  process.exitCode = wrong.length === 0 ? 0 : 1;
} catch (error) {
  console.error(`databases: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await server?.stop();
  for (const database of served) database.stop();
  rmSync(folder, { recursive: true, force: true });
}
