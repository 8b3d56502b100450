/**
 * The page of the REST API at /api/v1/docs, in a real browser: offline, under its policy, trying routes with a token
 * that it forgets.
 */
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../../support/clients/browser.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

const DOCS = '/api/v1/docs';

let api: TestApi;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.stop());

interface ExampleDocument {
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly post?: {
          readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
        };
      }
    >
  >;
}

/** A backup, and a restore of it that has changed something. */
async function something(): Promise<{ readonly backup: string; readonly restore: string }> {
  const rest = RestClient.of(api.admin);
  await nbctl(api.ovsdb.remote, 'ls-add', 'web');
  const backup = ((await rest.post('/api/v1/backups', { name: 'kept' })).body['backup'] as { id: string }).id;
  await nbctl(api.ovsdb.remote, 'ls-del', 'web');
  const { body } = await rest.post(`/api/v1/backups/${backup}/restore`, {});
  return { backup, restore: String(body['restore_id']) };
}

describe('the page', () => {
  it('needs no token, and comes with a policy that lets nothing in from outside', async () => {
    for (const path of [DOCS, `${DOCS}/`]) {
      const response = await fetch(`${api.url}${path}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(response.headers.get('content-security-policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      const page = await response.text();
      expect(page).toContain('<title>OVN backup &amp; restore: REST API</title>');
      expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\/|<script>|<script [^>]*>[^<]|style=|\son\w+=/);
    }
  });

  it('has its files, asked for again by their tags, and nothing else of their package', async () => {
    for (const [file, type] of [
      ['swagger-ui.css', /^text\/css/],
      ['swagger-ui-bundle.js', /^(text|application)\/javascript/],
      ['start.js', /^text\/javascript/],
      ['page.css', /^text\/css/],
      ['icon.svg', /^image\/svg\+xml/],
    ] as const) {
      const response = await fetch(`${api.url}${DOCS}/${file}`);
      expect({ file, status: response.status }).toEqual({ file, status: 200 });
      expect(response.headers.get('content-type')).toMatch(type);
      expect(response.headers.get('cache-control')).toBe('no-cache');
    }
    const bundle = `${api.url}${DOCS}/swagger-ui-bundle.js`;
    const tag = (await fetch(bundle, { method: 'HEAD' })).headers.get('etag') ?? '';
    // undici caches nothing by itself, and says no-cache for whoever sends a tag of his own
    expect((await fetch(bundle, { headers: { 'if-none-match': tag, 'cache-control': 'max-age=0' } })).status).toBe(304);
    for (const file of [
      'package.json',
      'index.html',
      'swagger-initializer.js',
      'oauth2-redirect.html',
      'swagger-ui.js',
      'swagger-ui-bundle.js.map',
      '..%2fpackage.json',
      '%2e%2e/ajv/package.json',
      '..%2f..%2fpackage.json',
    ]) {
      expect({ file, status: (await fetch(`${api.url}${DOCS}/${file}`)).status }).toEqual({ file, status: 404 });
    }
  });
});

describe('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  async function signIn(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    await page.locator('.modal-ux input').fill(api.admin.token ?? '');
    await page.locator('.modal-ux').getByRole('button', { name: 'Apply credentials' }).click();
    await page.locator('.modal-ux').getByRole('button', { name: 'Close' }).click();
  }

  interface Visit extends AsyncDisposable {
    readonly page: Page;
    /** What our own server was asked for. */
    readonly asked: string[];
  }

  /** Opens the page; when the visit ends, nothing may have gone outside or wrong. */
  async function visit(query = ''): Promise<Visit> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const [asked, outside, faults]: [string[], string[], string[]] = [[], [], []];
    page.on('request', (request) => {
      const { protocol, origin, pathname } = new URL(request.url());
      if (origin === api.url) asked.push(`${request.method()} ${pathname}`);
      else if (protocol !== 'data:') outside.push(request.url());
    });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    page.setDefaultTimeout(300_000);
    await page.goto(`${api.url}${DOCS}${query}`);
    await page.locator('.opblock').first().waitFor();
    return {
      page,
      asked,
      [Symbol.asyncDispose]: async () => {
        await page.close();
        expect({ outside, faults }).toEqual({ outside: [], faults: [] });
      },
    };
  }

  it('shows every route of the document, and asks nobody outside for anything, whatever its address says', async () => {
    await using visited = await visit(
      '?url=https://evil.example/openapi.json&configUrl=https://evil.example/config.json&validatorUrl=https://evil.example',
    );
    const { page, asked } = visited;
    expect(await page.title()).toBe('OVN backup & restore: REST API');
    const document = (await (await fetch(`${api.url}/api/v1/openapi.json`)).json()) as {
      info: { title: string };
      paths: Record<string, Record<string, unknown>>;
    };
    const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const [methods, paths] = await Promise.all(
      ['method', 'path'].map((part) => page.locator(`.opblock-summary .opblock-summary-${part}`).allInnerTexts()),
    );
    const shown = methods?.map((method, i) => `${method} ${paths?.[i]?.replaceAll('\u200b', '') ?? ''}`) ?? [];
    expect(shown.sort()).toEqual(routes.sort());
    expect(await page.locator('.info .title').innerText()).toContain(document.info.title);
    expect(await page.locator('body').innerText()).not.toContain('not supported');
    expect(new Set(asked)).toEqual(
      new Set(
        [
          DOCS,
          '/api/v1/openapi.json',
          ...['swagger-ui.css', 'page.css', 'swagger-ui-bundle.js', 'start.js', 'icon.svg'].map(
            (file) => `${DOCS}/${file}`,
          ),
        ].map((path) => `GET ${path}`),
      ),
    );
  });

  it('has for every body an example that works as it is, but for an id', async () => {
    const { restore, backup } = await something();
    const { paths } = (await (await fetch(`${api.url}/api/v1/openapi.json`)).json()) as ExampleDocument;
    const answers: Record<string, number> = {};
    for (const [path, { post }] of Object.entries(paths)) {
      const example = post?.requestBody?.content['application/json']?.example;
      if (example === undefined || path.endsWith('/import')) continue;
      const at = path.replace('{id}', path.includes('/restores/') ? restore : backup);
      const body = JSON.parse(JSON.stringify(example).replaceAll('BACKUP_ID', backup)) as object;
      answers[path] = (await RestClient.of(api.admin).post(at, body)).status;
    }
    expect(answers).toEqual({
      '/api/v1/backups': 201,
      '/api/v1/backups/validate': 200,
      '/api/v1/backups/{id}/drill': 200,
      '/api/v1/backups/{id}/export/prepare': 201,
      '/api/v1/backups/{id}/pin': 200,
      '/api/v1/backups/{id}/restore': 200,
      '/api/v1/diff': 200,
      '/api/v1/restores/{id}/undo': 200,
      '/api/v1/retention/expire': 200,
      '/api/v1/retention/simulate': 200,
    });
  });

  it('fills in an example that makes a backup untouched', async () => {
    await using visited = await visit();
    const { page } = visited;
    await signIn(page);
    const create = page
      .locator('.opblock')
      .filter({ has: page.locator('[data-path="/api/v1/backups"]') })
      .filter({ hasText: /^POST/ });
    await create.locator('.opblock-summary').click();
    await create.getByRole('button', { name: 'Try it out' }).click();
    expect(JSON.parse(await create.locator('textarea').inputValue())).toEqual({ name: 'nightly' });
    await create.getByRole('button', { name: 'Execute' }).click();
    await create.locator('.live-responses-table .response-col_status').filter({ hasText: '201' }).waitFor();
    const form = page.locator('.opblock').filter({ has: page.locator('[data-path="/api/v1/backups/import"]') });
    await form.locator('.opblock-summary').click();
    await form.getByRole('button', { name: 'Try it out' }).click();
    await form.locator('input[type=file]').waitFor();
    const fields = form.locator('input:not([type=checkbox], [type=file])');
    expect(await fields.count()).toBeGreaterThan(2);
    for (const field of await fields.all()) expect(await field.inputValue()).toBe('');
  });

  it('tries a route with the token that is typed in, and keeps it nowhere', async () => {
    const token = api.admin.token ?? '';
    await using visited = await visit();
    const { page } = visited;
    await signIn(page);
    const list = page
      .locator('.opblock')
      .filter({ has: page.locator('[data-path="/api/v1/backups"]') })
      .filter({ hasText: /^GET/ });
    await list.locator('.opblock-summary').click();
    await list.getByRole('button', { name: 'Try it out' }).click();
    await list.getByRole('button', { name: 'Execute' }).click();
    await list.locator('.live-responses-table .response-col_status').filter({ hasText: '200' }).waitFor();
    expect(await list.locator('.live-responses-table').innerText()).toContain('"backups"');
    const stored = await page.evaluate<string>(
      'JSON.stringify({ ...window.localStorage, ...window.sessionStorage, cookie: document.cookie, url: ' +
        'location.href })',
    );
    expect(stored).not.toContain(token);
    await page.reload();
    await page.locator('.opblock').first().waitFor();
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    expect(await page.locator('.modal-ux input').inputValue()).toBe('');
  });
});
