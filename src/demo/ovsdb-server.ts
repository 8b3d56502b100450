/**
 * The demo's database: a private ovsdb-server in a temporary folder, reached over a unix
 * socket, with the network of network.ts in it. It touches nothing of an OVN that may run
 * on the same machine.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AppError, errnoOf, messageOf } from '../lib/error.js';
import { demoNetwork } from './network.js';

const run = promisify(execFile);

const SCHEMAS = ['/usr/share/ovn/ovn-nb.ovsschema', '/usr/local/share/ovn/ovn-nb.ovsschema'];
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_S = 20;

export interface DemoDatabase {
  /** unix:PATH */
  readonly remote: string;
  /** Ends the server and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts the server and builds the network in it.
 * @throws AppError DATABASE_UNAVAILABLE that says what is missing or what the server logged
 */
export async function startDemoDatabase(): Promise<DemoDatabase> {
  const schema = SCHEMAS.find((path) => existsSync(path));
  if (schema === undefined) {
    throw new AppError(
      'DATABASE_UNAVAILABLE',
      `No Northbound schema in ${SCHEMAS.join(' or ')}: install Debian's package ovn-central, or start the demo ` +
        'with "npm run demo", which does it',
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'ovncp-demo-'));
  let server: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (server !== undefined) await end(server);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const file = join(folder, 'nb.db');
    await command('ovsdb-tool', ['create', file, schema]);
    server = serve(folder, file);
    const remote = `unix:${join(folder, 'nb.sock')}`;
    await listening(server, folder);
    // one run of ovn-nbctl is one transaction
    await command('ovn-nbctl', [
      `--db=${remote}`,
      `--timeout=${COMMAND_TIMEOUT_S}`,
      ...demoNetwork().flatMap((words) => ['--', ...words]),
    ]);
    return { remote, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The daemons' folders are not on an ordinary user's PATH. */
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin` };
}

function serve(folder: string, file: string): ChildProcess {
  const words = [
    '--no-chdir',
    `--unixctl=${join(folder, 'server.ctl')}`,
    `--log-file=${join(folder, 'server.log')}`,
    '-vconsole:off',
    '-vsyslog:off',
  ];
  // the server ends with the command of --run: a cat that ends when this process does, however that ends
  words.push(`--remote=punix:${join(folder, 'nb.sock')}`, '--run=cat >/dev/null', file);
  const server = spawn('ovsdb-server', words, {
    env: { ...environment(), OVS_RUNDIR: folder },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // detached: Ctrl-C in the terminal is for the demo, which then stops the server in order
  server.stdin?.on('error', () => undefined); // the pipe breaks when the server ends first, which is no fault
  return server;
}

async function listening(server: ChildProcess, folder: string): Promise<void> {
  let problem: string | undefined;
  server.once('error', (error) => (problem = missing('ovsdb-server', error)));
  server.once('exit', () => (problem ??= 'ovsdb-server ended at once'));
  const until = performance.now() + START_TIMEOUT_MS;
  while (!existsSync(join(folder, 'nb.sock'))) {
    if (performance.now() >= until) problem ??= `ovsdb-server did not listen within ${START_TIMEOUT_MS} ms`;
    if (problem !== undefined)
      throw new AppError('DATABASE_UNAVAILABLE', `The demo's database did not start: ${problem}${await logOf(folder)}`);
    await delay(20);
  }
}

async function logOf(folder: string): Promise<string> {
  try {
    return `\n${await readFile(join(folder, 'server.log'), 'utf8')}`;
  } catch {
    return ''; // it ended before it opened its log
  }
}

async function command(name: string, words: readonly string[]): Promise<void> {
  try {
    await run(name, words, { env: environment(), timeout: (COMMAND_TIMEOUT_S + 5) * 1000 });
  } catch (error) {
    throw new AppError('DATABASE_UNAVAILABLE', `The demo's database could not be built: ${missing(name, error)}`, {
      cause: error,
    });
  }
}

function missing(name: string, error: unknown): string {
  if (errnoOf(error) === 'ENOENT')
    return (
      `${name} is not installed: it is in Debian's package ` +
      (name === 'ovn-nbctl' ? 'ovn-common' : 'openvswitch-common')
    );
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr).trim() : '';
  return stderr === '' ? messageOf(error) : stderr;
}

async function end(server: ChildProcess): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  server.kill('SIGTERM');
  const timer = setTimeout(() => server.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
