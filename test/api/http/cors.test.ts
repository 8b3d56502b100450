/** Web pages of other origins: shut out unless their origin is configured. */

import { authenticateRequest } from '../../../src/api/http/authenticated-request.js';
import { TinyClient } from '../../support/clients/tiny-client.js';
import type { TinyServer } from '../../support/servers/tiny-server.js';
import { NO_LIMITS, startTinyServer } from '../../support/servers/tiny-server.js';
import { TestClock } from '../../support/test-clock.js';

const CONSOLE = 'https://console.example';
const EVIL = 'https://evil.example';

let open: TinyServer;
let closed: TinyServer;
let client: TinyClient;
beforeAll(async () => {
  const routes = (fastify: TinyServer['api']['fastify']): void => {
    fastify.addHook('onRequest', async (request) =>
      authenticateRequest(request, { authenticate: async () => ({ subject: 'rest', permissions: new Set() }) }),
    );
    fastify.get('/api/v1/thing', async (_request, reply) =>
      reply.header('content-disposition', 'attachment; filename="a"').send({}),
    );
  };
  open = await startTinyServer(
    { routes },
    { traffic: { ...NO_LIMITS, perTokenPerMinute: 1_000, corsOrigins: [CONSOLE, 'http://localhost:3000'] } },
  );
  closed = await startTinyServer({ routes });
  client = await TinyClient.of(open.url);
});
afterAll(async () => {
  await open.close();
  await closed.close();
});

const preflight = async (url: string, origin: string): Promise<Response> =>
  fetch(url, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });

const grants = (headers: Headers): string[] => [...headers.keys()].filter((name) => name.startsWith('access-control-'));

describe.each(['/graphql', '/api/v1/thing', '/api/v1/backups/x/restore'])('a preflight request for %s', (path) => {
  it('is granted to a configured origin, without credentials', async () => {
    const { status, headers } = await preflight(`${open.url}${path}`, CONSOLE);
    expect(status).toBeLessThan(300);
    expect(headers.get('access-control-allow-origin')).toBe(CONSOLE);
    expect(headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, DELETE');
    expect(headers.get('access-control-allow-headers')).toMatch(
      /Authorization.*X-Decryption-Key.*Apollo-Require-Preflight/,
    );
    expect(headers.get('access-control-max-age')).toBe('600');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('vary')).toMatch(/origin/i);
  });

  it.each([
    EVIL,
    `${CONSOLE}.evil.example`,
    'https://console.example:8443',
    'http://console.example',
    'null',
    'https://CONSOLE.example',
  ])('is granted to no other: %s', async (origin) => {
    const answer = await preflight(`${open.url}${path}`, origin);
    expect([answer.status, grants(answer.headers)]).toEqual([403, []]);
    expect(await answer.text()).toContain(`Web pages of the origin \\"${origin}\\" may not use this server. `);
  });

  it('is granted to nobody where nothing is configured', async () => {
    const answer = await preflight(`${closed.url}${path}`, CONSOLE);
    expect([answer.status, grants(answer.headers)]).toEqual([403, []]);
  });
});

describe('an answer', () => {
  it.each([
    ['of GraphQL', '/graphql', 'POST', 200],
    ['of another route', '/api/v1/thing', 'GET', 200],
    ['that nothing is there', '/nowhere', 'GET', 404],
  ])('%s may be read by a configured origin', async (_name, path, method, status) => {
    const answer = await fetch(`${open.url}${path}`, {
      method,
      headers: { origin: CONSOLE, authorization: client.bearer, 'content-type': 'application/json' },
      ...(method === 'POST' ? { body: '{"query":"{ hello }"}' } : {}),
    });
    expect([
      answer.status,
      answer.headers.get('access-control-allow-origin'),
      answer.headers.get('cross-origin-resource-policy'),
    ]).toEqual([status, CONSOLE, 'cross-origin']);
    expect(answer.headers.get('access-control-expose-headers')).toMatch(
      /X-Request-ID.*X-RateLimit-Remaining.*Retry-After.*Content-Disposition/,
    );
  });

  it('that refuses a token may be read as well', async () => {
    const answer = await fetch(`${open.url}/graphql`, {
      method: 'POST',
      headers: { origin: CONSOLE, authorization: 'Bearer wrong' },
    });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([401, CONSOLE]);
  });

  it.each([[EVIL], [undefined]])('gives nothing away to the origin %s', async (origin) => {
    const answer = await fetch(`${open.url}/healthz`, { headers: origin === undefined ? {} : { origin } });
    expect([
      grants(answer.headers),
      answer.headers.get('cross-origin-resource-policy'),
      answer.headers.get('vary'),
    ]).toEqual([[], 'same-origin', 'Origin']);
    const shut = await fetch(`${closed.url}/healthz`, { headers: { origin: CONSOLE } });
    expect([grants(shut.headers), shut.headers.get('cross-origin-resource-policy')]).toEqual([[], 'same-origin']);
  });
});

describe('what a page of another origin sends without being asked about first', () => {
  const send = (path: string, headers: Record<string, string>, method = 'POST'): Promise<Response> =>
    fetch(`${closed.url}${path}`, {
      method,
      headers: { authorization: client.bearer, 'content-type': 'application/json', ...headers },
      ...(method === 'GET' ? {} : { body: '{"query":"mutation { take(input: {name: \\"n\\"}) }"}' }),
    });
  let done = 0;
  let server: TinyServer;
  beforeAll(async () => {
    server = await startTinyServer({
      routes: (fastify) => {
        for (const method of ['POST', 'DELETE'] as const)
          fastify.route({ method, url: '/api/v1/thing', handler: async () => ({ done: ++done }) });
      },
    });
  });
  afterAll(() => server.close());

  it.each(['POST', 'DELETE'])('is refused before it is carried out: a %s', async (method) => {
    for (const origin of [EVIL, 'null', server.url.replace('127.0.0.1', 'localhost')]) {
      const answer = await fetch(`${server.url}/api/v1/thing`, { method, headers: { origin } });
      expect([answer.status, grants(answer.headers), done]).toEqual([403, [], 0]);
      expect(await answer.json()).toMatchObject({ code: 'FORBIDDEN' });
    }
  });

  it('is refused as an operation of GraphQL too, in its form', async () => {
    const refused = await send('/graphql', { origin: EVIL });
    expect([refused.status, await refused.json()]).toMatchObject([
      403,
      { errors: [{ extensions: { code: 'FORBIDDEN' } }] },
    ]);
  });

  it('is answered to our own page, also where a proxy in front names another host', async () => {
    expect((await send('/graphql', { origin: closed.url })).status).toBe(200);
    expect((await send('/graphql', { origin: 'https://ours.example', 'sec-fetch-site': 'same-origin' })).status).toBe(
      200,
    );
    expect((await send('/graphql', { origin: EVIL, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await send('/graphql', {})).status).toBe(200);
  });
});

describe('the log', () => {
  const told = (server: TinyServer): readonly Record<string, unknown>[] =>
    server.lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => /OVNCP_CORS_ORIGINS/.test(String(msg)));

  it('names each origin that was refused, once, and the variable; a page of ours it does not', async () => {
    const clock = new TestClock(0);
    const server = await startTinyServer({ clock });
    try {
      for (let n = 0; n < 3; n++) {
        await preflight(`${server.url}/graphql`, EVIL);
        await fetch(`${server.url}/healthz`, { headers: { origin: CONSOLE } });
        await fetch(`${server.url}/healthz`, { headers: { origin: server.url } });
        await fetch(`${server.url}/healthz`);
      }
      await expect((await TinyClient.of(server.url)).openSocket({ origin: 'http://third.example' })).rejects.toThrow(
        '403',
      );
      const origins = [EVIL, CONSOLE, 'http://third.example'];
      expect(told(server).map(({ origin, level }) => [origin, level])).toEqual(
        origins.map((origin) => [origin, 'warn']),
      );
      expect(told(server)[0]?.['msg']).toBe(
        `Web pages of the origin "${EVIL}" may not use this server. To allow them, add this origin to ` +
          'OVNCP_CORS_ORIGINS',
      );
      clock.advance(3_600_001);
      await preflight(`${server.url}/graphql`, EVIL);
      expect(told(server)).toHaveLength(4);
    } finally {
      await server.close();
    }
  });
});

describe('a socket', () => {
  it('is open to our own pages and to configured origins, and to no others', async () => {
    for (const origin of [open.url, CONSOLE]) (await client.openSocket({ origin })).terminate();
    for (const origin of [EVIL, 'null', `${CONSOLE}/`])
      await expect(client.openSocket({ origin })).rejects.toThrow('403');
    await expect((await TinyClient.of(closed.url)).openSocket({ origin: CONSOLE })).rejects.toThrow('403');
  });
});
