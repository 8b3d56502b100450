/** The IDE at /graphql, in a real browser: offline, under its policy, with the token from the header editor. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import type { TinyServer } from '../../support/servers/tiny-server.js';
import { JWT_SECRET, startTinyServer } from '../../support/servers/tiny-server.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path)) ?? 'chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const HEADER_EDITOR = '.graphiql-editor-tool .graphiql-editor:not(.hidden)';

let tiny: TinyServer;
let browser: Browser;
let token: string;
beforeAll(async () => {
  if (!existsSync(`${ROOT}dist/ide/index.html`)) {
    const build = spawnSync(
      process.execPath,
      ['node_modules/vite/bin/vite.js', 'build', '--config', 'src/web/ide/vite.config.ts'],
      { cwd: ROOT, encoding: 'utf8' },
    );
    if (build.status !== 0) throw new Error(build.stderr);
  }
  tiny = await startTinyServer();
  token = await new SignJWT({ sub: 'ann', roles: ['admin'] })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(JWT_SECRET));
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
});
afterAll(async () => {
  await browser.close();
  await tiny.close();
});

interface Visit {
  readonly page: Page;
  /** Requests that went anywhere but to our own server. */
  readonly outside: string[];
  /** Console errors, page errors and violations of the policy. */
  readonly faults: string[];
}

async function visit(): Promise<Visit> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 850 } });
  const outside: string[] = [];
  const faults: string[] = [];
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'blob:' && origin !== tiny.url) outside.push(request.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.setDefaultTimeout(300_000);
  await page.goto(`${tiny.url}/graphql`);
  await page.getByRole('tab', { name: 'BackUp' }).waitFor();
  await page.locator(`${HEADER_EDITOR} .view-lines`).first().waitFor();
  return { page, outside, faults };
}

/** Replaces an editor's text by pasting: typing would have the editor close brackets and quotes. */
async function paste(page: Page, editor: string, text: string): Promise<void> {
  await page.locator(`${editor} .view-lines`).first().click();
  await page.keyboard.press('Control+A');
  // Code for the page is text: the types of a browser are not those of this project.
  await page.evaluate(`{
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', ${JSON.stringify(text)});
    document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }`);
}

/** Runs an operation once GraphiQL has taken its name over, which it does with a delay. */
async function run(page: Page, name: string, operation: string): Promise<void> {
  await paste(page, '.graphiql-query-editor', operation);
  await page.getByRole('tab', { name }).waitFor();
  await page.getByRole('button', { name: /execute/i }).click();
}

async function pageShows(page: Page, selector: string, text: string): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor();
}

async function responseWith(page: Page, text: string): Promise<void> {
  await pageShows(page, '.result-window', text);
}

describe('the page', () => {
  it('is served to browsers only, with a policy that lets nothing in from outside', async () => {
    const response = await fetch(`${tiny.url}/graphql`, { headers: { accept: 'text/html,*/*' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/default-src 'none'.*script-src 'self';/);
    expect(policy).not.toMatch(/unsafe-eval|https:|\*|script-src[^;]*unsafe-inline/);
    const page = await response.text();
    expect(page).toContain('<title>OVN backup &amp; restore</title>');
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect((await fetch(`${tiny.url}/graphql`, { headers: { accept: 'application/json' } })).status).toBe(400);
  });

  it('has its files cached for ever, and nothing besides them', async () => {
    const page = await (await fetch(`${tiny.url}/graphql`, { headers: { accept: 'text/html' } })).text();
    const script = /src="(\/ide\/assets\/[^"]+\.js)"/.exec(page)?.[1] ?? '';
    const response = await fetch(`${tiny.url}${script}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toMatch(/immutable/);
    for (const path of ['/ide/../main.js', '/ide/%2e%2e/main.js', '/ide/..%2fmain.js', '/ide/', '/ide/nothing.js']) {
      expect((await fetch(`${tiny.url}${path}`)).status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('in a browser', () => {
  it('shows where the token belongs and sends nothing until it is there', async () => {
    const { page, outside, faults } = await visit();
    const posts: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') posts.push(request.url());
    });
    await expect(page.title()).resolves.toBe('OVN backup & restore');
    await expect(page.getByRole('tab').allInnerTexts()).resolves.toEqual(
      expect.arrayContaining([expect.stringContaining('BackUp'), expect.stringContaining('Watch')]) as unknown,
    );
    await page.getByRole('button', { name: /execute/i }).click();
    await responseWith(page, 'No token yet');
    expect(posts).toEqual([]);
    expect({ outside, faults }).toEqual({ outside: [], faults: [] });
    await page.close();
  });

  it('runs a query and a subscription with the token of the header editor, in every tab', async () => {
    const { page, outside, faults } = await visit();
    const schemaLoaded = page.waitForResponse(
      (response) => response.url().endsWith('/graphql') && response.request().method() === 'POST',
    );
    await paste(page, HEADER_EDITOR, JSON.stringify({ Authorization: `Bearer ${token}` }));
    await schemaLoaded;
    await run(page, 'Hello', 'query Hello { hello }');
    await responseWith(page, 'hello ann');
    await page.getByRole('tab', { name: 'Watch' }).click();
    await pageShows(page, '.graphiql-query-editor .view-lines', 'Watch');
    await run(page, 'Count', 'subscription Count { count(to: 3) }');
    await responseWith(page, '"count": 3');
    expect({ outside, faults }).toEqual({ outside: [], faults: [] });
    const stored = await page.evaluate<string>('JSON.stringify({ ...window.localStorage, ...window.sessionStorage })');
    expect(stored).toContain('subscription Count');
    expect(stored).not.toContain(token);
    await page.close();
  });
});
