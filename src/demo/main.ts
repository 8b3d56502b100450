/** `npm run demo`: a small network in a real ovsdb-server, the server on top of it, and what to do with them. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { freePortAfter, isFree } from '../api/http/listen.js';
import { type App, startApp } from '../app.js';
import { type Config, loadConfig } from '../config/config.js';
import { ConfigError } from '../config/config-error.js';
import { messageOf } from '../lib/error.js';
import { createLog } from '../lib/log.js';
import { type DemoDatabase, startDemoDatabase } from './ovsdb-server.js';

const run = promisify(execFile);
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const bold = (text: string): string => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text);

/** The environment's own settings stand, but for what the demo brings; of the port only one that somebody has set. */
async function configuration(remote: string, folder: string): Promise<Config> {
  const config = settings(remote, folder);
  const { host, port } = config;
  if ((process.env['PORT'] ?? '') !== '' || (await isFree(host, port))) return config;
  const free = await freePortAfter({ host, port });
  if (free === undefined) return config;
  say(`Port ${port} is taken by another process: the demo takes ${free}.`);
  return { ...config, port: free };
}

function settings(remote: string, folder: string): Config {
  return loadConfig({
    LOG_LEVEL: 'warn',
    ...process.env,
    OVN_NB_DB: remote,
    BACKUP_PATH: folder,
    OVNCP_TOKENS_FILE: undefined,
    OVNCP_JWT_SECRET: undefined,
    OVNCP_JWKS_URL: undefined,
    OVNCP_JWT_ISSUER: undefined,
    OVNCP_JWT_AUDIENCE: undefined,
  });
}

async function nbctl(remote: string, ...words: readonly string[]): Promise<string> {
  return (await run('ovn-nbctl', [`--db=${remote}`, '--timeout=10', ...words])).stdout;
}

async function switches(remote: string): Promise<readonly string[]> {
  const words = ['--format=csv', '--no-headings', '--bare', '--columns=name', 'list', 'Logical_Switch'];
  return (await nbctl(remote, ...words)).split('\n').filter((line) => line !== '');
}

/** Deletes the switch "web", if there is a backup to get it back from. */
async function breakNetwork(remote: string, backups: string): Promise<void> {
  if (!(await readdir(backups)).some((name) => name.endsWith('.meta'))) {
    say('Nothing was broken: there is no backup yet to bring it back. Run the tab BackUp, then press Enter again.');
    return;
  }
  if (!(await switches(remote)).includes('web')) {
    say('The switch "web" is gone already. The third tab brings it back.');
    return;
  }
  await nbctl(remote, 'ls-del', 'web');
  const left = [...(await switches(remote))].sort().join(' and ');
  say(`Broken: the switch "web" is gone, with its seven ports; ${left} are left. The third tab brings it back.`);
}

function introduce({ url, firstToken }: App, { remote }: DemoDatabase): void {
  const token = firstToken?.token ?? '';
  say(`
${bold('A small OVN network runs in an ovsdb-server of its own, and the backup server on top of it.')}

  Open     ${bold(`${url}/graphql`)}
  Token    put this line into Headers, at the bottom of the page:
           ${bold(`{"Authorization": "Bearer ${token}"}`)}

  1 Back up    Run the tab BackUp, and copy the id of the answer.
  2 Watch      Run the tab Watch, and leave it running.
  3 Break      Press ${bold('Enter')} here: it deletes the switch "web".
  4 Restore    In the third tab put the id between the quotes of "backupId", in Variables.
               Run TryRestore, which changes nothing, then Restore. The tab Watch
               lists every step.

  See for yourself, at any time:
           ovn-nbctl --db=${remote} show

  Ctrl-C ends it all and leaves nothing behind.
`);
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ovncp-demo-backups-'));
  const database = await startDemoDatabase();
  let app: App | undefined;
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> =>
    (ending ??= (async () => {
      await app?.stop();
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    })());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end().then(() => process.exit(0)));
  try {
    const config = await configuration(database.remote, folder);
    app = await startApp(config, createLog(config.logLevel), { isDemo: true });
    introduce(app, database);
    const lines = createInterface({ input: process.stdin });
    lines.on('line', () => {
      breakNetwork(database.remote, folder).catch((error: unknown) => {
        say(`The network could not be broken: ${messageOf(error)}`);
      });
    });
  } catch (error) {
    await end();
    throw error;
  }
}

/** What is wrong; where that is a variable, also how one is set. */
function saysWhy(error: unknown): string {
  const what = error instanceof ConfigError ? error.faults.join('\n') : messageOf(error);
  const example = /\bPORT=\d+/.exec(what)?.[0] ?? 'PORT=4001';
  return /\b[A-Z]{4,}=/.test(what) ? `${what}\nA variable stands before the command: ${example} npm run demo` : what;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`The demo could not start: ${saysWhy(error)}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
}
