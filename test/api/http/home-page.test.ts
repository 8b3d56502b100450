/** The page at /: what there is, for browsers and for programs, without a token and without a secret. */
import { readdirSync } from 'node:fs';
import { startTinyServer, type TinyServer } from '../../support/servers/tiny-server.js';

const DOCS = readdirSync(new URL('../../../docs', import.meta.url)).filter((name) => name.endsWith('.md'));
let tiny: TinyServer;
beforeAll(async () => {
  tiny = await startTinyServer();
});
afterAll(() => tiny.close());

const get = (path: string, accept: string): Promise<Response> => fetch(`${tiny.url}${path}`, { headers: { accept } });

describe('the page', () => {
  it('is shown to browsers without a token, under a policy that lets nothing in', async () => {
    const response = await get('/', 'text/html,application/xhtml+xml,*/*;q=0.8');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('vary')).toBe('Accept');
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    const page = await response.text();
    expect(page).toContain('<title>OVN backup &amp; restore</title>');
    expect(page).toContain('1.2.3');
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\/|<script|style=|\son\w+=/);
  });

  it('links to what is there, and to nothing that is not', async () => {
    const page = await (await get('/', 'text/html')).text();
    const paths = [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path = '']) => path);
    expect(paths).toEqual(expect.arrayContaining(['/graphql', '/api/v1/docs', '/healthz', '/readyz', '/home.css']));
    // this server has no metrics and no routes of REST
    expect(paths).not.toContain('/metrics');
    for (const path of new Set(paths.filter((each) => each !== '/api/v1/openapi.json')))
      expect({ path, status: (await get(path, 'text/html')).status }).toEqual({ path, status: 200 });
  });

  it('is JSON with the same links for other clients', async () => {
    for (const accept of ['application/json', '*/*']) {
      const response = await get('/', accept);
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(await response.json()).toEqual({
        name: 'OVN backup & restore',
        version: '1.2.3',
        links: {
          graphql: '/graphql',
          rest: '/api/v1/docs',
          health: '/healthz',
          readiness: '/readyz',
          openapi: '/api/v1/openapi.json',
          docs: DOCS.map((name) => `/docs/${name}`).sort(),
        },
      });
    }
  });
});

describe('the documents', () => {
  it('are text', async () => {
    const response = await get('/docs/configuration.md', 'text/html');
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(await response.text()).toMatch(/^# /);
  });

  it('link to what is there', async () => {
    const seen = new Set<string>();
    for (const name of DOCS) {
      const text = await (await get(`/docs/${name}`, 'text/html')).text();
      for (const [, link = ''] of text.matchAll(/\]\(((?!https?:|#)[^)#\s]+)/g))
        seen.add(new URL(link, `${tiny.url}/docs/${name}`).pathname);
    }
    expect([...seen]).toEqual(expect.arrayContaining(['/schema/schema.graphql', '/schema/operations']));
    for (const path of seen)
      expect({ path, status: (await get(path, 'text/html')).status }).toEqual({ path, status: 200 });
    expect(await (await get('/schema/schema.graphql', '*/*')).text()).toContain('type Query {');
  });

  it.each([
    '/docs',
    '/docs/',
    '/docs/none.md',
    '/docs/../package.json',
    '/docs/%2e%2e%2fpackage.json',
    '/docs/..%5cREADME.md',
  ])('are all that is in their folder: %s', async (path) => {
    expect((await get(path, 'text/html')).status).toBe(404);
  });
});
