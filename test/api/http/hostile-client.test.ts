/**
 * Abuse of the listener: clients that stall or flood, requests that are malformed on purpose, pages that forge
 * requests.
 */
import { connect, type Socket } from 'node:net';
import { AppError } from '../../../src/lib/error.js';
import { codesOf, TinyClient } from '../../support/clients/tiny-client.js';
import type { TinyServer } from '../../support/servers/tiny-server.js';
import { NO_LIMITS, startTinyServer } from '../../support/servers/tiny-server.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

let tiny: TinyServer;
/** The same with a short deadline for headers, which a busy machine may pass without any abuse. */
let impatient: TinyServer;
let client: TinyClient;
beforeAll(async () => {
  const routes = (fastify: TinyServer['api']['fastify']): void => {
    fastify.get('/big', (_request, reply) => reply.type('text/plain').send('x'.repeat(64 * 1024 * 1024)));
    fastify.addContentTypeParser('application/octet-stream', (_request, _payload, done) => done(null, undefined));
    fastify.post('/refuse-halfway', { config: { readsAsItArrives: true } }, async (request) => {
      // one chunk, and the iterator is left as it is
      await (request.raw.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>).next();
      throw new AppError('BAD_USER_INPUT', 'enough');
    });
    fastify.get<{ Params: { id: string } }>('/api/v1/backups/:id', (request) => ({ id: request.params.id }));
  };
  tiny = await startTinyServer({ routes, answerSilenceMs: 1_500 });
  impatient = await startTinyServer({ headersTimeoutMs: 400 });
  client = await TinyClient.of(tiny.url);
});
afterAll(async () => {
  await tiny.close();
  await impatient.close();
});

const sleep = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function open(url = tiny.url): Socket {
  return connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
}

/** All that comes back until the server hangs up, or until nothing came for a while. */
async function answerTo(bytes: string | Buffer, { quietMs = 150, url = tiny.url } = {}): Promise<string> {
  const socket = open(url);
  let text = '';
  return new Promise((resolve) => {
    let quiet: NodeJS.Timeout | undefined;
    const done = (): void => {
      clearTimeout(quiet);
      socket.destroy();
      resolve(text);
    };
    socket.on('data', (data) => {
      text += data.toString('latin1');
      clearTimeout(quiet);
      quiet = setTimeout(done, quietMs);
    });
    socket.once('close', done);
    socket.write(bytes);
  });
}

const statusesOf = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

async function isAlive(): Promise<boolean> {
  return (await client.post({ query: '{ hello }' })).status === 200;
}

describe('a client that stalls', () => {
  /** How long it takes the server to hang up. */
  async function untilClosed(begin: (socket: Socket) => void): Promise<{ ms: number; text: string }> {
    const socket = open(impatient.url);
    const started = performance.now();
    let text = '';
    socket.on('data', (data) => (text += String(data)));
    begin(socket);
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    return { ms: performance.now() - started, text };
  }

  /** How long a server waits for more after this. */
  async function silenceAfter(bytes: string): Promise<number> {
    const clock = new TestClock();
    const server = await startTinyServer({ clock });
    const before = clock.waiting;
    const socket = open(server.url).resume();
    let isClosed = false;
    socket.once('close', () => (isClosed = true));
    socket.write(bytes);
    await until(() => clock.waiting > before);
    await until(() => {
      if (!isClosed) clock.advance(1_000);
      return isClosed;
    });
    expect(server.lines.join('')).toMatch(/no byte of the body/);
    await server.close();
    return clock.monotonic();
  }

  it.each([
    ['sends nothing', (): undefined => undefined],
    ['sends half a line', (socket: Socket): void => void socket.write('GET /heal')],
    [
      'sends headers one by one, for ever',
      (socket: Socket): void => {
        socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n');
        const drip = setInterval(() => socket.write('X-A: b\r\n'), 20);
        socket.once('close', () => clearInterval(drip));
      },
    ],
  ])('and %s is hung up on when its headers have taken too long', async (_name, begin) => {
    const { ms, text } = await untilClosed(begin);
    expect(text).toMatch(/^HTTP\/1.1 408 /);
    expect(ms).toBeGreaterThan(300);
  });

  it('in the middle of a body is hung up on', async () => {
    const silenceMs = await silenceAfter(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${client.bearer}\r\nContent-Type: ` +
        `application/json\r\nContent-Length: 1000\r\n\r\n{"query":`,
    );
    expect(silenceMs).toBeGreaterThanOrEqual(30_000);
  });

  it('in the middle of a chunk is hung up on', async () => {
    const silenceMs = await silenceAfter(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${client.bearer}\r\nContent-Type: ` +
        `application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"query":`,
    );
    expect(silenceMs).toBeGreaterThanOrEqual(30_000);
  });

  it('and does not read its answer is hung up on, and one that reads slowly is not', async () => {
    const [stalled, slow] = [open(), open()];
    const request = 'GET /big HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    stalled.write(request);
    stalled.pause();
    let bytes = 0;
    slow.on('data', (data) => {
      bytes += data.length;
      slow.pause();
      setTimeout(() => slow.resume(), bytes % (8 << 20) < data.length ? 100 : 0);
    });
    const finished = new Promise<void>((resolve) => slow.once('end', () => resolve()));
    slow.write(request);
    await until(() => tiny.lines.some((line) => line.includes('the answer was not read')));
    await finished;
    expect(bytes).toBeGreaterThan(64 * 1024 * 1024);
    stalled.destroy();
  });

  it('and reads a few bytes of its answer now and then is hung up on', async () => {
    const clock = new TestClock();
    const server = await startTinyServer({
      clock,
      routes: (fastify) => {
        fastify.get('/big', (_request, reply) => reply.type('text/plain').send('x'.repeat(64 * 1024 * 1024)));
      },
    });
    const socket = open(server.url);
    let isClosed = false;
    socket.once('close', () => (isClosed = true));
    socket.once('data', () => {
      socket.pause();
      const sip = setInterval(() => socket.read(100), 10);
      socket.once('close', () => clearInterval(sip));
    });
    socket.write('GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => {
      if (!isClosed) clock.advance(60_000);
      return isClosed || server.lines.some((line) => line.includes('the answer was read too slowly'));
    });
    expect(server.lines.join('')).toMatch(/the answer was read too slowly/);
    socket.destroy();
    await server.close();
  });

  it('does not keep the others from being served', async () => {
    const stalled = Array.from({ length: 200 }, () => open());
    for (const socket of stalled) socket.write('POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Le');
    expect(await isAlive()).toBe(true);
    for (const socket of stalled) socket.destroy();
  });
});

it('hangs up on connections over so many, says so now and then, and takes new ones when old ones are gone', async () => {
  const clock = new TestClock();
  const few = await startTinyServer({ clock }, { traffic: { ...NO_LIMITS, connectionsMax: 5 } });
  const sockets = Array.from({ length: 5 }, () => open(few.url));
  for (const socket of sockets)
    expect(await new Promise((resolve) => socket.once('connect', () => resolve(true)))).toBe(true);
  await sleep(50);
  for (let i = 0; i < 20; i++)
    expect(await answerTo('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', { url: few.url })).toBe('');
  const told = (): number => few.lines.filter((line) => line.includes('too many connections')).length;
  expect(told()).toBe(1);
  clock.advance(10_000);
  expect(await answerTo('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', { url: few.url })).toBe('');
  expect(told()).toBe(2);
  for (const socket of sockets) socket.destroy();
  await sleep(50);
  expect(statusesOf(await answerTo('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', { url: few.url }))).toEqual([
    200,
  ]);
  await few.close();
});

describe('a request that two servers could read in two ways', () => {
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const post = (headers: string, body: string): string =>
    `POST /graphql HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n${body}`;
  it.each([
    [
      'Content-Length and Transfer-Encoding',
      post('Content-Length: 5\r\nTransfer-Encoding: chunked', `0\r\n\r\n${smuggled}`),
    ],
    [
      'Transfer-Encoding and Content-Length',
      post('Transfer-Encoding: chunked\r\nContent-Length: 5', `0\r\n\r\n${smuggled}`),
    ],
    ['two lengths', post('Content-Length: 5\r\nContent-Length: 6', `hello${smuggled}`)],
    ['one length twice', post('Content-Length: 5\r\nContent-Length: 5', `hello${smuggled}`)],
    ['a list of lengths', post('Content-Length: 5, 5', `hello${smuggled}`)],
    ['a length with a sign', post('Content-Length: +5', `hello${smuggled}`)],
    ['a negative length', post('Content-Length: -5', `hello${smuggled}`)],
    ['a hexadecimal length', post('Content-Length: 0x5', `hello${smuggled}`)],
    ['an endless length', post(`Content-Length: ${'9'.repeat(40)}`, `hello${smuggled}`)],
    ['an unknown encoding', post('Transfer-Encoding: xchunked', `0\r\n\r\n${smuggled}`)],
    ['an encoding beside chunked', post('Transfer-Encoding: gzip, chunked', `0\r\n\r\n${smuggled}`)],
    ['chunked not as the last', post('Transfer-Encoding: chunked, identity', `0\r\n\r\n${smuggled}`)],
    ['chunked twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', `0\r\n\r\n${smuggled}`)],
    ['chunked on a folded line', post('Transfer-Encoding:\r\n chunked', `0\r\n\r\n${smuggled}`)],
    ['chunked with a vertical tab', post('Transfer-Encoding: \x0bchunked', `0\r\n\r\n${smuggled}`)],
    ['a space before the colon', post('Transfer-Encoding : chunked', `0\r\n\r\n${smuggled}`)],
    [
      'chunks in HTTP/1.0',
      `POST /graphql HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    ['a folded header', post('X-A: b\r\n c', smuggled)],
    ['a zero byte in a header', post('X-A: b\0c', smuggled)],
    ['a bare carriage return in a header', post('X-A: b\rContent-Length: 5', `hello${smuggled}`)],
    ['bare line feeds', `GET /healthz HTTP/1.1\nHost: localhost\n\n${smuggled}`],
    ['two hosts', `GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n`],
    ['no host', `GET /healthz HTTP/1.1\r\n\r\n`],
    ['another host in its address', 'GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['another port in its address', 'GET http://localhost:1/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['spaces in its address', 'GET /healthz HTTP/1.1 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an unknown version', 'GET /healthz HTTP/1.2\r\nHost: localhost\r\n\r\n'],
    ['an unknown method', 'GETT /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ])('(%s) is refused as a whole, and the connection closed', async (_name, bytes) => {
    tiny.lines.length = 0;
    const text = await answerTo(bytes);
    expect(statusesOf(text)).toEqual([400]);
    expect(text).toMatch(/connection: close/i);
    expect(text).toMatch(/x-content-type-options: nosniff/i);
    expect(tiny.lines.join('')).not.toMatch(/smuggled/);
    expect(await isAlive()).toBe(true);
  });

  it.each([
    ['no number', 'zz\r\nhello\r\n0\r\n\r\n'],
    ['a sign', '-1\r\nhello\r\n0\r\n\r\n'],
    ['more digits than fit', 'fffffffffffffffff\r\nhello\r\n0\r\n\r\n'],
    ['no end of line after it', '5\r\nhelloX0\r\n\r\n'],
    ['a bare line feed', '5\nhello\r\n0\r\n\r\n'],
  ])('by a chunk with %s is refused, and the connection closed', async (_name, body) => {
    const text = await answerTo(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${client.bearer}\r\nContent-Type: ` +
        `application/json\r\nTransfer-Encoding: chunked\r\n\r\n${body}${smuggled}`,
    );
    expect(statusesOf(text).every((status) => status === 400)).toBe(true);
    expect(tiny.lines.join('')).not.toMatch(/"path":"\/smuggled"/);
    expect(await isAlive()).toBe(true);
  });

  it('is not what a full address of this very server is', async () => {
    const host = new URL(tiny.url).host;
    expect(statusesOf(await answerTo(`GET ${tiny.url}/healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`))).toEqual([200]);
    const text = await answerTo(`POST ${tiny.url}/graphql HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`);
    expect(statusesOf(text)).toEqual([401]);
    expect(text).toMatch(/"errors"/);
  });
});

describe('too much', () => {
  it.each([
    ['of headers', `X-A: ${'b'.repeat(40_000)}`],
    ['headers', Array.from({ length: 3_000 }, (_, i) => `X-${i}: b`).join('\r\n')],
  ])('%s is 431', async (_name, headers) => {
    expect(statusesOf(await answerTo(`GET /healthz HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n`))).toEqual([431]);
  });

  it('of an address is refused', async () => {
    expect(statusesOf(await answerTo(`GET /${'a'.repeat(40_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`))).toEqual([431]);
    expect((await fetch(`${tiny.url}/api/v1/backups/${'a'.repeat(300)}`)).status).toBeGreaterThanOrEqual(400);
  });

  it('of a body is read away after an early answer, and the next request on the connection is served', async () => {
    const body = 'x'.repeat(400_000);
    const text = await answerTo(
      `POST /refuse-halfway HTTP/1.1\r\nHost: localhost\r\nContent-Type: ` +
        `application/octet-stream\r\nContent-Length: ${body.length}\r\n\r\n${body}GET /healthz HTTP/1.1\r\nHost: ` +
        `localhost\r\nConnection: close\r\n\r\n`,
      { quietMs: 6_000 },
    );
    expect(statusesOf(text)).toEqual([400, 200]);
  });

  it('on one connection, one after the other without waiting, is answered in order', async () => {
    const text = await answerTo('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(200), { quietMs: 500 });
    expect(statusesOf(text)).toEqual(Array.from({ length: 200 }, () => 200));
  });
});

describe('a path that leads out', () => {
  const secrets = /root:x:|"dependencies"|ovncp-backup"/;
  it.each([
    '/ide/../package.json',
    '/ide/../../package.json',
    '/ide/%2e%2e/package.json',
    '/ide/%2e%2e%2f%2e%2e%2fpackage.json',
    '/ide/..%5c..%5cpackage.json',
    '/ide/....//package.json',
    '/ide//etc/passwd',
    '/ide/%2fetc%2fpasswd',
    '/ide/..%00/package.json',
    '/ide/index.html%00.js',
    '/ide/assets/../../../package.json',
    '/ide/%252e%252e/package.json',
    '/ide/%c0%ae%c0%ae/package.json',
    '/ide/.env',
    '//etc/passwd',
    '/../../etc/passwd',
    '/./healthz/../../etc/passwd',
    '\\..\\etc\\passwd',
    '*',
  ])('finds nothing: %s', async (path) => {
    const text = await answerTo(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect([400, 403, 404]).toContain(statusesOf(text)[0]);
    expect(text).not.toMatch(secrets);
  });

  it.each(['..%2f..%2fetc%2fpasswd', '%2e%2e', '%00', '%0d%0aX-Injected:%20yes', '%E2%80%AE', 'a%0ab'])(
    'as an id reaches the route as it is, and no header: %s',
    async (id) => {
      const text = await answerTo(`GET /api/v1/backups/${id} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect(statusesOf(text)).toHaveLength(1);
      expect(text).not.toMatch(/^X-Injected/m);
      expect(text).not.toMatch(secrets);
    },
  );
});

describe('headers', () => {
  it.each(['a\r\nX-Injected: yes', 'a%0d%0aX-Injected: yes', 'a\tb', '"><script>', 'é'])(
    'are not what a request id makes them: %j',
    async (id) => {
      const text = await answerTo(
        `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: ${id}\r\nConnection: close\r\n\r\n`,
      );
      expect(text).not.toMatch(/^X-Injected/im);
      expect(text).not.toMatch(/<script>/);
    },
  );

  it.each([
    ['X-HTTP-Method-Override', 'DELETE'],
    ['X-HTTP-Method', 'DELETE'],
    ['X-Method-Override', 'POST'],
    ['X-Original-URL', '/nowhere'],
    ['X-Rewrite-URL', '/nowhere'],
    ['X-Forwarded-Host', 'evil.example'],
    ['X-Forwarded-Proto', 'https'],
  ])('that would make it another request have no effect: %s', async (name, value) => {
    const response = await fetch(`${tiny.url}/healthz`, { headers: { [name]: value } });
    expect([response.status, await response.json(), response.headers.get('strict-transport-security')]).toEqual([
      200,
      { status: 'ok' },
      null,
    ]);
  });

  it.each(['TRACE', 'PUT', 'PATCH', 'PROPFIND', 'OPTIONS'])(
    'of a %s request are not sent back, and nothing is done',
    async (method) => {
      const text = await answerTo(
        `${method} /healthz HTTP/1.1\r\nHost: localhost\r\nX-Secret: hunter2\r\nConnection: close\r\n\r\n`,
      );
      expect(statusesOf(text)).toEqual([method === 'OPTIONS' ? 404 : 405]);
      expect(text).not.toMatch(/hunter2/);
    },
  );

  it('of a CONNECT request get the connection closed', async () => {
    expect(await answerTo('CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n')).toBe('');
  });

  it('for security are on every answer', async () => {
    const requests: [string, string][] = [
      ['GET', '/healthz'],
      ['GET', '/nowhere'],
      ['GET', '/%zz'],
      ['GET', '/graphql'],
      ['POST', '/graphql'],
      ['DELETE', '/graphql'],
      ['GET', '/ide/nothing'],
      ['OPTIONS', '/graphql'],
      ['GET', `/api/v1/backups/${'a'.repeat(300)}`],
    ];
    for (const [method, path] of requests) {
      const { headers, status } = await fetch(`${tiny.url}${path}`, { method });
      expect([
        method,
        path,
        status,
        headers.get('x-content-type-options'),
        headers.get('x-frame-options'),
        headers.get('referrer-policy'),
        headers.get('cross-origin-opener-policy'),
        headers.get('cache-control'),
      ]).toEqual([method, path, status, 'nosniff', 'DENY', 'no-referrer', 'same-origin', 'no-store']);
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
      expect(headers.get('x-powered-by') ?? headers.get('server')).toBeNull();
    }
  });
});

it('takes HTTP/1.0 with a Host, and without one treats it as a foreign one', async () => {
  expect(statusesOf(await answerTo('GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n'))).toEqual([200]);
  expect(statusesOf(await answerTo('GET /healthz HTTP/1.0\r\n\r\n'))).toEqual([403]);
});

describe('a body', () => {
  const deep = (depth: number, open: string, close: string): string => open.repeat(depth) + close.repeat(depth);
  it.each([
    ['arrays', deep(400_000, '[', ']')],
    ['objects', `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`],
  ])('of hundreds of thousands of %s within each other is refused, and the server goes on', async (_name, value) => {
    const roomy = await startTinyServer({}, { bodyBytesMax: 16 * 1024 * 1024 });
    const roomyClient = await TinyClient.of(roomy.url);
    for (const body of [
      value,
      `{"query":"query ($input: KeyInput!) { hello }","variables":{"input":${value}}}`,
      `{"query":"mutation ($input: KeyInput!) { take(input: $input) }","variables":{"input":{"name":${value}}}}`,
      `{"query":"{ hello }","variables":${value}}`,
      `{"query":"{ hello }","extensions":${value}}`,
    ]) {
      const answer = await roomyClient.post(body);
      expect([200, 400]).toContain(answer.status);
      if (answer.status === 400) expect(codesOf(answer)).not.toContain('INTERNAL');
    }
    expect((await roomyClient.post({ query: '{ hello }' })).status).toBe(200);
    await roomy.close();
  });

  it.each([
    '{"__proto__":{"isAdmin":true},"query":"{ hello }"}',
    '{"constructor":{"prototype":{"isAdmin":true}},"query":"{ hello }"}',
    '{"query":"mutation ($input: KeyInput!) { take(input: $input) ' +
      '}","variables":{"input":{"name":"n","__proto__":{"isAdmin":true}}}}',
    '{"query":"{ hello }","variables":{"__proto__":{"isAdmin":true}}}',
  ])('does not reach the prototype of all objects: %s', async (body) => {
    const answer = await client.post(body);
    expect(answer.status).toBe(400);
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  it.each(['gzip', 'deflate', 'br', 'identity, gzip'])(
    'that says it is encoded (%s) is not unpacked',
    async (coding) => {
      expect((await client.post({ query: '{ hello }' }, { 'content-encoding': coding })).status).toBeLessThan(500);
      expect((await client.post('\x1f\x8b\x08\x00', { 'content-encoding': coding })).status).toBe(400);
    },
  );
});

describe('a page of another origin', () => {
  // what a form, or fetch with mode no-cors, can send without being asked about first; here not even its origin tells
  it.each([
    ['text/plain', '{"query":"mutation { take(input: {name: \\"n\\"}) }"}'],
    ['text/plain; charset=utf-8', '{"query":"{ hello }"}'],
    ['application/x-www-form-urlencoded', 'query=mutation%20%7B%20take(input%3A%20%7Bname%3A%20%22n%22%7D)%20%7D'],
    [
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{"query":"{ hello ' +
        '}"}\r\n--x\r\nContent-Disposition: form-data; name="map"\r\n\r\n{}\r\n--x--\r\n',
    ],
    ['multipart/form-data; boundary=x; application/json', '--x--'],
    ['text/plain;application/json', '{"query":"{ hello }"}'],
    ['', '{"query":"{ hello }"}'],
  ])('cannot send an operation as %j, even with a token', async (type, body) => {
    const answer = await client.post(body, { 'content-type': type });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.data ?? null).toBeNull();
  });

  it('cannot send one by GET', async () => {
    for (const query of ['?query={hello}', '?query=mutation{take(input:{name:"n"})}', '?extensions={}']) {
      const response = await fetch(`${tiny.url}/graphql${query}`, {
        headers: { authorization: client.bearer, accept: 'application/json' },
      });
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
        405,
        'METHOD_NOT_ALLOWED',
      ]);
    }
  });

  it('cannot send a token as a cookie or in the address', async () => {
    const token = client.bearer.slice('Bearer '.length);
    const response = await fetch(`${tiny.url}/graphql?access_token=${token}&token=${token}`, {
      method: 'POST',
      body: '{"query":"{ hello }"}',
      headers: { 'content-type': 'application/json', cookie: `token=${token}; authorization=${client.bearer}` },
    });
    expect(response.status).toBe(401);
    expect(tiny.lines.join('')).not.toContain(token);
  });
});

it('left no trace of itself in the log that breaks a line', () => {
  for (const line of tiny.lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
});
