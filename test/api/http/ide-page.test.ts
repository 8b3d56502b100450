/** The IDE at /graphql, in a real browser: offline, under its policy, with the token from the header editor. */
import { SignJWT } from 'jose';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import {
  ensureIdeBuilt,
  execute,
  goToTab,
  HEADER_EDITOR,
  launchBrowser,
  pageShows,
  paste,
  QUERY_EDITOR,
  response,
  responseWith,
  tabOf,
  VARIABLE_EDITOR,
} from '../../support/clients/browser.js';
import type { TinyServer } from '../../support/servers/tiny-server.js';
import { JWT_SECRET, startTinyServer } from '../../support/servers/tiny-server.js';

/** None of them changes anything. */
const TABS = ['Backups', 'Compare', 'TryRestore', 'Watch'];

let tiny: TinyServer;
let browser: Browser;
/** Of all pages, so that the files of the IDE are read and compiled once. */
let context: BrowserContext;
let token: string;
beforeAll(async () => {
  ensureIdeBuilt();
  tiny = await startTinyServer();
  token = await new SignJWT({ sub: 'ann', roles: ['admin'] })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(JWT_SECRET));
  browser = await launchBrowser();
  context = await browser.newContext({ viewport: { width: 1400, height: 850 } });
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
  const { url } = tiny;
  const page = await context.newPage();
  const outside: string[] = [];
  const faults: string[] = [];
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'blob:' && origin !== url) outside.push(request.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.setDefaultTimeout(300_000);
  await page.goto(`${url}/graphql`);
  await tabOf(page, 'Backups').waitFor();
  await page.locator(`${HEADER_EDITOR} .view-lines`).first().waitFor();
  return { page, outside, faults };
}

/** Gives the token, and waits until the server has said whose it is. */
async function signIn(page: Page): Promise<void> {
  await paste(page, HEADER_EDITOR, JSON.stringify({ Authorization: `Bearer ${token}` }));
  await pageShows(page, '.ide-accepted', 'you are ann, with');
}

/** Runs an operation once GraphiQL has taken its name over, which it does with a delay. */
async function run(page: Page, name: string, operation: string): Promise<void> {
  await paste(page, QUERY_EDITOR, operation);
  await tabOf(page, name).waitFor();
  await execute(page);
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
    const { status, headers } = await fetch(`${tiny.url}/graphql`, { headers: { accept: 'application/json' } });
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
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
  it('opens with tabs, sends nothing until there is a token, says whose it is and why one is refused', async () => {
    const { page, outside, faults } = await visit();
    const posts: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') posts.push(request.url());
    });
    await expect(page.title()).resolves.toBe('OVN backup & restore');
    expect(await page.locator('.graphiql-tab-button').allInnerTexts()).toEqual(TABS);
    await pageShows(page, '.ide-line', 'Put your token into Headers');
    await goToTab(page, 'Compare');
    await execute(page);
    await responseWith(page, 'No token yet');
    // in a narrow and low window: nothing to scroll, and the documentation has the whole width
    await page.setViewportSize({ width: 390, height: 460 });
    await page.getByRole('button', { name: /documentation explorer/i }).click();
    const hint = page.locator('.graphiql-doc-explorer-error');
    await hint.waitFor();
    expect(
      await page.evaluate<string>(
        `getComputedStyle(document.querySelector('.graphiql-doc-explorer-error'), '::after').content`,
      ),
    ).toContain('token is accepted');
    expect((await page.locator('.graphiql-plugin').boundingBox())?.width).toBeGreaterThan(300);
    await page.getByRole('button', { name: /documentation explorer/i }).click();
    await hint.waitFor({ state: 'hidden' });
    const { scrollHeight, scrollWidth } = await page.evaluate<Record<string, number>>(
      '(({ scrollHeight, scrollWidth }) => ({ scrollHeight, scrollWidth }))(document.documentElement)',
    );
    expect([scrollWidth, scrollHeight]).toEqual([390, 460]);
    await page.setViewportSize({ width: 1400, height: 850 });
    expect(posts).toEqual([]);
    expect({ outside, faults }).toEqual({ outside: [], faults: [] });
    // says why a token is refused
    await paste(page, HEADER_EDITOR, '{"Authorization": "Bearer wrong"}');
    await page.locator('.ide-refused').waitFor();
    // once the reason, in the words of the field
    expect(await page.locator('.ide-refused').innerText()).toBe(
      '✗ The token is not valid: send one that this server knows, as {"Authorization": "Bearer <token>"}',
    );
    // says whose one is, and takes the hint away
    await signIn(page);
    await page.locator('.result-window').filter({ hasNotText: 'No token yet' }).waitFor();
    expect(await response(page)).toBe('');
    await page.close();
  });

  it('forgets the token when the headers have none any more, and says of what is none how to write one', async () => {
    const { page } = await visit();
    const unreadable = [`{"Authorization": "${token}"}`, `{"Authoriztion": "Bearer ${token}"}`, token];
    for (const headers of unreadable) {
      await signIn(page);
      await paste(page, HEADER_EDITOR, headers);
      await pageShows(
        page,
        '.ide-refused',
        'This is no token: write {"Authorization": "Bearer <token>"} into "Headers"',
      );
    }
    // a tab of one operation: where there are several, the run button asks which
    await goToTab(page, 'Compare');
    await paste(page, HEADER_EDITOR, '{"Authoriztion": ""}');
    await execute(page);
    await responseWith(page, 'This is no token: write');
    await signIn(page);
    await paste(page, HEADER_EDITOR, '{}');
    // at once: nobody waits for the line below the editor
    const posts: string[] = [];
    page.on('request', (request) => posts.push(request.method()));
    await execute(page);
    await responseWith(page, 'No token yet');
    await pageShows(page, '.ide-line', 'Put your token into Headers');
    expect(posts.filter((method) => method === 'POST')).toEqual([]);
    // an empty id is not sent either
    await signIn(page);
    await execute(page);
    await responseWith(page, 'backupId is empty: put an id into');
    // nor one without its name: what to write is said, with the id in it
    const id = '7d1f6c2e-0000-4000-8000-000000000001';
    await page.getByRole('button', { name: 'Variables', exact: true }).click();
    for (const [variables, told] of [
      [id, 'has a value without its name'],
      ['{"backupId": }', 'is not valid JSON'],
      [`"${id}"`, 'has a value without its name'],
      ['{}', 'backupId is empty: put an id into'],
    ] as const) {
      await paste(page, VARIABLE_EDITOR, variables);
      await execute(page);
      await responseWith(page, told);
      expect((await response(page)).replaceAll(/\s/g, '')).toContain('\\"backupId\\":');
    }
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    // another tab shows the token that was given last, uses it, and loses it with all others
    await goToTab(page, 'Watch');
    await pageShows(page, HEADER_EDITOR, token.slice(0, 12));
    await run(page, 'Hello', 'query Hello { hello }');
    await responseWith(page, 'hello ann');
    await goToTab(page, 'TryRestore');
    await pageShows(page, HEADER_EDITOR, token.slice(0, 12));
    await paste(page, HEADER_EDITOR, '{"Authorization": "Bearer "}');
    await pageShows(page, '.ide-line', 'Put your token into Headers');
    await goToTab(page, 'Hello');
    await pageShows(page, HEADER_EDITOR, '"Bearer "');
    await page.close();
  });

  it('runs a query and a subscription with the token of the header editor, in every tab', async () => {
    const { page, outside, faults } = await visit();
    await signIn(page);
    await run(page, 'Hello', 'query Hello { hello }');
    await responseWith(page, 'hello ann');
    await goToTab(page, 'Watch');
    await run(page, 'Count', 'subscription Count { count(to: 3) }');
    await responseWith(page, '"count": 3');
    // every event, the newest first
    expect((await response(page)).match(/"count": \d/g)).toEqual(['"count": 3', '"count": 2', '"count": 1']);
    expect({ outside, faults }).toEqual({ outside: [], faults: [] });
    const stored = await page.evaluate<string>('JSON.stringify({ ...window.localStorage, ...window.sessionStorage })');
    expect(stored).toContain('subscription Count');
    expect(stored).not.toContain(token);
    await page.close();
  });

  // the last one: it stops the server
  it('goes on in a tab that is left, shows it there alone, and says to run it again after a restart', async () => {
    const { page } = await visit();
    await signIn(page);
    await goToTab(page, 'Watch');
    await run(page, 'Ticks', 'subscription Ticks { ticks }');
    await responseWith(page, '"ticks": 1');
    await goToTab(page, 'Compare');
    await run(page, 'Wait', 'query Wait { wait }');
    await page.getByRole('button', { name: /stop query/i }).waitFor();
    await goToTab(page, 'TryRestore');
    tiny.release();
    await run(page, 'Hello', 'query Hello { hello }');
    await responseWith(page, 'hello ann');
    await goToTab(page, 'Wait');
    await responseWith(page, '"wait": "done"');
    await goToTab(page, 'Ticks');
    await responseWith(page, '"ticks": 2');
    expect((await response(page)).match(/"ticks": \d/g)).toEqual(['"ticks": 2', '"ticks": 1']);
    // it waits for a third event: stopping ends it
    await page.getByRole('button', { name: /stop query/i }).click();
    await page.getByRole('button', { name: /execute query/i }).waitFor();
    await goToTab(page, 'Hello');
    await goToTab(page, 'Ticks');
    expect(await page.getByRole('button', { name: /stop query/i }).count()).toBe(0);
    // a subscription that ends with its server
    await execute(page);
    await responseWith(page, '"ticks": 2');
    await tiny.api.close();
    await responseWith(page, 'Run it again');
    await page.close();
  });
});
