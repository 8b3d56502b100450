/** `npm run demo`: what it prints, and its story in a browser from the first step to the last. */
import { type FileHandle, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import {
  ensureIdeBuilt,
  execute,
  goToTab,
  HEADER_EDITOR,
  launchBrowser,
  pageShows,
  paste,
  response,
  responseWith,
  VARIABLE_EDITOR,
} from '../../support/clients/browser.js';
import { type Program, run, startProgram } from '../../support/programs/programs.js';
import { environment } from '../../support/servers/ovsdb-server.js';
import { ensureBuilt } from '../../support/servers/server-process.js';
import { until } from '../../support/until.js';

const DEMO = fileURLToPath(new URL('../../../dist/demo/main.js', import.meta.url));

let folder: string;
let temporary: string;
/** What is written here is typed where the demo runs. */
let keys: FileHandle;
let browser: Browser;

beforeAll(async () => {
  await ensureBuilt();
  ensureIdeBuilt();
  folder = await mkdtemp(join(tmpdir(), 'ovncp-demo-test-'));
  temporary = await mkdtemp(join(folder, 'tmp-'));
  await run('mkfifo', [join(folder, 'keys')]);
  // for reading as well, so that neither side waits for the other
  keys = await open(join(folder, 'keys'), 'r+');
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await keys.close();
  await rm(folder, { recursive: true, force: true });
});

const start = (env: Readonly<Record<string, string>>): Promise<Program> =>
  startProgram('bash', ['--norc', '-c', `exec "$0" ${JSON.stringify(DEMO)} <keys`, process.execPath], {
    cwd: folder,
    env: environment({ TMPDIR: temporary, HOST: '127.0.0.1', ...env }),
  });

/** Presses Enter, and waits for the line that answers. */
async function enter(demo: Program): Promise<string> {
  demo.stdout = '';
  await keys.write('\n');
  await until(() => demo.stdout.endsWith('\n'));
  return demo.stdout.trim();
}

async function signedIn(url: string, headers: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(url);
  await paste(page, HEADER_EDITOR, headers);
  await pageShows(page, '.ide-accepted', 'you are admin');
  return page;
}

it('tells its story on one screen, and the browser shows every step of it', async () => {
  const demo = await start({ PORT: '0' });
  await until(() => demo.stdout.includes('leaves nothing behind'));
  const lines = demo.stdout.split('\n');
  expect(lines.length).toBeLessThan(25);
  expect(lines.filter((line) => line.length > 100)).toEqual([]);
  const url = /Open +(\S+)/.exec(demo.stdout)?.[1] ?? '';
  const headers = /\{"Authorization": "Bearer ovncp_[^"]+"\}/.exec(demo.stdout)?.[0] ?? '';

  expect(await enter(demo)).toMatch(/^Nothing was broken: there is no backup yet/);
  const page = await signedIn(url, headers);
  expect(await page.locator('.graphiql-tab-button').allInnerTexts()).toEqual(['BackUp', 'Watch', 'TryRestore']);
  await execute(page);
  await responseWith(page, '"rowCount": 44');
  const id = /"id": "([0-9a-f-]{36})"/.exec(await response(page))?.[1] ?? '';
  await goToTab(page, 'Watch');
  await execute(page);
  await responseWith(page, '"events": []');

  expect(await enter(demo)).toBe(
    'Broken: the switch "web" is gone, with its seven ports; db and external are left. The third tab brings it back.',
  );
  expect(await enter(demo)).toMatch(/^The switch "web" is gone already/);
  await goToTab(page, 'TryRestore');
  await page.getByRole('button', { name: 'Variables', exact: true }).click();
  await paste(page, VARIABLE_EDITOR, JSON.stringify({ backupId: id }));
  await execute(page, 'TryRestore');
  await responseWith(page, '"restoredCount": 9');
  await execute(page, 'Restore');
  await responseWith(page, '"startedAt"');
  await goToTab(page, 'Watch');
  await responseWith(page, 'Restored 9 rows');
  const shown = await response(page);
  const phases = [...shown.matchAll(/"phase": "(\w+)"/g)].map(([, phase]) => phase);
  // the newest first; a busy machine shows fewer of the steps before it
  expect(phases[0]).toBe('SUCCEEDED');
  expect(new Set(phases).size).toBeGreaterThan(1);
  await page.close();

  demo.kill('SIGINT');
  expect(await demo.ended).toEqual({ code: 0, signal: null });
  expect(demo.stderr).toBe('');
  expect(await readdir(temporary)).toEqual([]);
});

it('says which variable to set where its port is taken, how, and leaves nothing behind', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const demo = await start({ PORT: String(port) });
  expect(await demo.ended).toEqual({ code: 1, signal: null });
  const [, free = ''] = /PORT=(\d+) is free/.exec(demo.stderr) ?? [];
  expect(demo.stderr).toBe(
    `The demo could not start: Port ${port} of 127.0.0.1 is taken by another process: ss -ltnp "sport = :${port}" says ` +
      `by which. Stop that one, or set PORT to another port: PORT=${free} is free\n` +
      `A variable stands before the command: PORT=${free} npm run demo\n`,
  );
  expect(Number(free)).toBeGreaterThan(port);
  // and so it is
  await new Promise<void>((resolve, reject) => {
    const proof = createServer().once('error', reject);
    proof.listen(Number(free), '127.0.0.1', () => proof.close(() => resolve()));
  });
  expect(await readdir(temporary)).toEqual([]);
  other.close();
});

it('takes the next port that is free where nobody has set one', async () => {
  const other = createServer();
  // taken by us, or by somebody else
  await new Promise<void>((resolve) => other.once('error', () => resolve()).listen(4_000, '127.0.0.1', resolve));
  const demo = await start({});
  await until(() => demo.stdout.includes('leaves nothing behind'));
  const [, port = ''] = /^Port 4000 is taken by another process: the demo takes (\d+)\.$/m.exec(demo.stdout) ?? [];
  expect(demo.stdout).toMatch(new RegExp(`Open +http://\\S+:${port}/graphql`));
  demo.kill('SIGINT');
  expect(await demo.ended).toEqual({ code: 0, signal: null });
  other.close();
});
