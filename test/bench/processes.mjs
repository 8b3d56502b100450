// The processes that are measured: ovsdb-server on a database of its own, this project's server,
// and the tools of Open vSwitch. All are children of the benchmark and end with it.

import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { installedSchema } from '../support/northbound/make.mjs';

export const DATABASE = 'OVN_Northbound';
// for what never comes; a million rows on a busy machine take minutes
const START_TIMEOUT_MS = 900_000;
const STOP_TIMEOUT_MS = 20_000;
const PROBE = fileURLToPath(new URL('./probe.mjs', import.meta.url));
const CAPTURE = fileURLToPath(new URL('./capture.mjs', import.meta.url));

// an ordinary user's PATH lacks the folders of daemons
export const ENVIRONMENT = {
  ...process.env,
  PATH: `${process.env.PATH ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`,
};

/** Runs a command to its end and answers its output. Throws with what it said when it fails. */
export function run(command, words, options = {}) {
  const result = spawnSync(command, words, { env: ENVIRONMENT, maxBuffer: 1 << 30, ...options });
  if (result.error) throw new Error(`${command}: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${command} failed: ${String(result.stderr ?? '').trim()}`);
  return result.stdout;
}

/** Waits for the end of a child without blocking this process. Throws with what it said when it fails. */
export async function ended(child, what) {
  let said = '';
  child.stderr?.on('data', (chunk) => (said += chunk));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve(status ?? signal));
  });
  if (code !== 0) throw new Error(`${what} failed (${code}): ${said.trim()}`);
}

export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
}

/** An ovsdb-server whose socket keeps its path while its database is replaced. */
export class Ovsdb {
  constructor(folder) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.file = join(folder, 'nb.db');
    this.remote = `unix:${join(folder, 'nb.sock')}`;
    this.child = undefined;
  }

  /** Serves a copy of the file, or an empty database. */
  async serve(database) {
    await this.stop();
    rmSync(this.file, { force: true });
    rmSync(`${this.folder}/.nb.db.~lock~`, { force: true });
    if (database === undefined) run('ovsdb-tool', ['create', this.file, installedSchema()]);
    else copyFileSync(database, this.file);
    // --run: the server ends when our end of the pipe does, however this process ends
    const words = [
      '--no-chdir',
      `--unixctl=${join(this.folder, 'server.ctl')}`,
      '-vconsole:err',
      '-vsyslog:off',
      `--remote=p${this.remote}`,
      '--run=cat >/dev/null',
      this.file,
    ];
    this.child = spawn('ovsdb-server', words, {
      env: { ...ENVIRONMENT, OVS_RUNDIR: this.folder },
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    this.child.stdin.on('error', () => undefined);
    for (const until = performance.now() + START_TIMEOUT_MS; ; await sleep(50)) {
      if (this.child.exitCode !== null) throw new Error('ovsdb-server did not start');
      if (spawnSync('ovsdb-client', ['--timeout=600', 'list-dbs', this.remote], { env: ENVIRONMENT }).status === 0)
        return;
      if (performance.now() > until) throw new Error('ovsdb-server did not answer');
    }
  }

  async stop() {
    if (this.child !== undefined) await stop(this.child);
    this.child = undefined;
  }

  /** Rows in all tables, as the server itself counts them. */
  countRows() {
    const tables = Object.keys(JSON.parse(readFileSync(installedSchema(), 'utf8')).tables);
    const selects = tables.map((table) => ({ op: 'select', table, where: [], columns: ['_uuid'] }));
    const reply = JSON.parse(
      run('ovsdb-client', ['--timeout=300', 'query', this.remote, JSON.stringify([DATABASE, ...selects])]).toString(),
    );
    return reply.reduce((sum, { rows }) => sum + rows.length, 0);
  }
}

/** `ovsdb-client backup | gzip -1 > file`, or without gzip. Answers milliseconds. */
export async function ovsdbBackup(remote, file, { gzip }) {
  const began = performance.now();
  const command = `set -e; ovsdb-client --timeout=600 backup "$1" ${DATABASE} ${gzip ? '| gzip -1 ' : ''}> "$2"`;
  await ended(
    spawn('sh', ['-c', command, 'sh', remote, file], { env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] }),
    'ovsdb-client backup',
  );
  return performance.now() - began;
}

/** `ovsdb-client restore < file`. Answers milliseconds. */
export async function ovsdbRestore(remote, file) {
  const began = performance.now();
  const command = `exec ovsdb-client --timeout=600 restore "$1" ${DATABASE} < "$2"`;
  await ended(
    spawn('sh', ['-c', command, 'sh', remote, file], { env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] }),
    'ovsdb-client restore',
  );
  return performance.now() - began;
}

/**
 * One capture by the built code, in a process of its own. Answers { ms, rows, silenceMs }, ms without the start of the
 * process.
 */
export async function captureOnly(remote, build, mode = 'FAST') {
  const child = spawn(process.execPath, [CAPTURE, remote, build, mode], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  await ended(child, 'capture');
  return JSON.parse(text);
}

/** This project's server, in a process and on a store of its own. */
export class BackupServer {
  /** @param options build: the folder of main.js; nodeOptions: such as --cpu-prof; variables: further environment */
  static async start(folder, remote, { build, nodeOptions = [], variables = {} }) {
    const store = join(folder, 'store');
    mkdirSync(store, { recursive: true });
    const environment = {
      PATH: ENVIRONMENT.PATH,
      OVN_NB_DB: remote,
      BACKUP_PATH: store,
      PORT: '0',
      LOG_LEVEL: 'error',
      OVNCP_RATE_PER_TOKEN_PER_MINUTE: '0',
      OVNCP_RATE_PER_ADDRESS_PER_MINUTE: '0',
      // as npm start has it
      MALLOC_MMAP_THRESHOLD_: '131072',
      ...variables,
    };
    const child = spawn(process.execPath, [...nodeOptions, join(build, 'main.js')], {
      env: environment,
      cwd: folder,
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => (said += chunk));
    for (const until = performance.now() + START_TIMEOUT_MS; ; await sleep(20)) {
      const url = /listens on (http:\S+?):? /.exec(said)?.[1];
      const tokenFile = join(store, 'admin-token');
      if (url !== undefined && existsSync(tokenFile))
        return new BackupServer(child, `${url}/graphql`, readFileSync(tokenFile, 'utf8').trim());
      if (child.exitCode !== null || performance.now() > until) throw new Error(`the server did not start: ${said}`);
    }
  }

  constructor(child, url, token) {
    this.child = child;
    this.url = url;
    this.token = token;
  }

  /** One GraphQL request. Throws when the answer has errors. */
  async request(query, variables = {}) {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data;
  }

  /** Runs the work. Answers its time, the server's peak of memory meanwhile, and its value. */
  async measure(work) {
    const status = `/proc/${String(this.child.pid)}`;
    // 5: the peak begins again at what is used now (proc(5))
    writeFileSync(`${status}/clear_refs`, '5');
    const began = performance.now();
    const value = await work();
    const ms = performance.now() - began;
    const peakBytes = 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`${status}/status`, 'utf8'))?.[1]);
    return { ms, peakBytes, value, waits: [] };
  }

  /**
   * The same while another client asks for a list every 20 ms: `waits` has the milliseconds that each of its answers
   * took.
   */
  async measureWaits(work) {
    const probe = spawn(process.execPath, [PROBE, this.url], {
      env: { PATH: ENVIRONMENT.PATH, PROBE_TOKEN: this.token },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let text = '';
    probe.stdout.on('data', (chunk) => (text += chunk));
    const done = ended(probe, 'probe');
    // a failure is thrown below; it must not end the process before
    done.catch(() => undefined);
    while (!text.includes('ready\n') && probe.exitCode === null) await sleep(20);
    const measured = await this.measure(work);
    probe.stdin.end();
    await done;
    return { ...measured, waits: JSON.parse(text.slice(text.indexOf('\n') + 1)) };
  }

  async stop() {
    await stop(this.child);
  }
}
