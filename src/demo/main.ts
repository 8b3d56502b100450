/** `npm run demo`: a small network in a real ovsdb-server, the server on top of it, and what to paste. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type App, startApp } from '../app.js';
import { type Config, ConfigError, loadConfig } from '../config/config.js';
import { messageOf } from '../lib/error.js';
import { createLog } from '../lib/log.js';
import { type DemoDatabase, startDemoDatabase } from './ovsdb-server.js';

const OPERATIONS = ['demo-1-back-up', 'demo-2-break-and-restore', 'demo-3-watch'] as const;
const run = promisify(execFile);
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const bold = (text: string): string => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text);

/** The environment's own settings stand, but for what the demo brings. */
function configuration(remote: string, folder: string): Config {
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

function operation(name: string): string {
  return readFileSync(new URL(`../../schema/operations/${name}.graphql`, import.meta.url), 'utf8').trimEnd();
}

async function nbctl(remote: string, ...words: readonly string[]): Promise<string> {
  return (await run('ovn-nbctl', [`--db=${remote}`, '--timeout=10', ...words])).stdout;
}

async function switches(remote: string): Promise<string> {
  const names = (
    await nbctl(remote, '--format=csv', '--no-headings', '--bare', '--columns=name', 'list', 'Logical_Switch')
  )
    .split('\n')
    .filter((line) => line !== '');
  return names.sort().join(', ') || 'none';
}

async function breakNetwork(remote: string): Promise<void> {
  await nbctl(remote, '--if-exists', 'ls-del', 'web');
  say(
    `Broken: the switch "web" and its ports are gone. Switches now: ${await switches(remote)}. Run tab 2 to get ` +
      'it back.',
  );
}

function introduce(app: App, database: DemoDatabase, token: string): void {
  say('');
  for (const [index, name] of OPERATIONS.entries()) {
    say(bold(`--- tab ${index + 1} ---`));
    say(`${operation(name)}\n`);
  }
  say(bold('A small OVN network runs in an ovsdb-server of its own, and the backup server on top of it.'));
  say(`
  Open    ${bold(`${app.url}/graphql`)}   the three operations above are its first tabs
  Token   ${bold(token)}
          put it into Headers:  {"Authorization": "Bearer ${token}"}

  1. Back up            run tab 1, and copy the id of the answer
  2. Watch              open the same address in a second window, with the token: run tab 3 there, and leave it open
  3. Break              press ${bold('Enter')} here, or:  ovn-nbctl --db=${database.remote} ls-del web
  4. Restore            first window, tab 2: paste the id into Variables, run TryRestore, then Restore;
                        the second window shows every step
     See for yourself   ovn-nbctl --db=${database.remote} show

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
    const config = configuration(database.remote, folder);
    app = await startApp(config, createLog(config.logLevel));
    introduce(app, database, app.firstToken?.token ?? '');
    const lines = createInterface({ input: process.stdin });
    lines.on('line', () => {
      breakNetwork(database.remote).catch((error: unknown) => {
        say(`The network could not be broken: ${messageOf(error)}`);
      });
    });
  } catch (error) {
    await end();
    throw error;
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(
    `The demo could not start: ${error instanceof ConfigError ? error.faults.join('\n') : messageOf(error)}\n`,
  );
  process.exit(error instanceof ConfigError ? 2 : 1);
}
