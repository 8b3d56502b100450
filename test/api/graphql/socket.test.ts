/** The WebSocket shell, and draining over both. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { createAuthenticator } from '../../../src/auth/authenticator.js';
import { createLog } from '../../../src/lib/log.js';
import { closeOf, codesOf, TinyClient, tokenOf } from '../../support/clients/tiny-client.js';
import type { TinyServer } from '../../support/servers/tiny-server.js';
import { NO_LIMITS, startTinyServer } from '../../support/servers/tiny-server.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

let tiny: TinyServer;
let client: TinyClient;
beforeAll(async () => {
  tiny = await startTinyServer();
  client = await TinyClient.of(tiny.url);
});
afterAll(() => tiny.close());

describe('a subscription', () => {
  it.each([
    ['authorization', () => ({ authorization: client.bearer })],
    ['Authorization', () => ({ Authorization: client.bearer })],
    ['headers.Authorization', () => ({ headers: { Authorization: client.bearer } })],
  ])('runs with the token as %s', async (_name, params) => {
    const { results, failure } = await client.overSocket('subscription { count(to: 3) }', params());
    expect(failure).toBeUndefined();
    expect(results).toEqual([1, 2, 3].map((count) => ({ data: { count } })));
  });

  it.each([{}, { Authorization: 'Bearer wrong' }, { headers: { headers: { headers: {} } } }])(
    'is refused with 4401 for the payload %j',
    async (params) => {
      expect((await client.overSocket('subscription { count(to: 1) }', params)).failure).toMatchObject({ code: 4401 });
    },
  );

  it('sent by POST is refused with a hint', async () => {
    const answer = await client.post({ query: 'subscription { count(to: 1) }' });
    expect([answer.status, ...codesOf(answer)]).toEqual([400, 'BAD_USER_INPUT']);
    expect(answer.errors[0]?.message).toMatch(/graphql-transport-ws/);
  });

  it('has its errors masked', async () => {
    const answer = await client.overSocket('subscription { breaks }');
    expect(answer.results).toEqual([{ data: { breaks: 1 } }]);
    expect(answer.failure).toMatchObject([
      { message: expect.stringMatching(/^Internal error/) as unknown, extensions: { code: 'INTERNAL' } },
    ]);
    expect(JSON.stringify((await client.overSocket('{ internal }')).results)).toMatch(/Internal error; request id/);
  });

  it.each([
    [
      '{ node { next { next { next { next { next { next { next { next { next { next { next { next { id } } } } } } ' +
        '} } } } } } } }',
      /depth/i,
    ],
    [`{ ${'hello '.repeat(3000)} }`, /2000 tokens/],
    ['{ node { list(first: 200) { list(first: 200) { id } } } }', /costs/],
    ['mutation { take(input: {name: "n", encryptionKey: 7777777}) }', /input\.encryptionKey: takes a text/],
  ])('has the limits of HTTP: %s', async (query, message) => {
    const text = JSON.stringify((await client.overSocket(query)).failure);
    expect(text).toMatch(message);
    expect(text).not.toMatch(/7777777/);
  });

  it('is refused to a page of another origin', async () => {
    await expect(client.openSocket({ origin: 'http://evil.example' })).rejects.toThrow('403');
    await expect(client.openSocket({ host: 'evil.example' })).rejects.toThrow('403');
    const own = await client.openSocket({ origin: tiny.url });
    own.terminate();
  });

  it('cannot be started before connection_init', async () => {
    const socket = await client.openSocket();
    socket.send('{"id":"1","type":"subscribe","payload":{"query":"{ hello }"}}');
    expect(await closeOf(socket)).toMatchObject({ code: 4401 });
  });

  it('cannot be opened more than fifty times on one socket', async () => {
    const socket = await client.openSocket();
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(String(data)));
    socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: client.bearer } }));
    await until(() => messages.length > 0);
    for (let id = 0; id < 51; id++)
      socket.send(
        JSON.stringify({ id: String(id), type: 'subscribe', payload: { query: 'subscription { forever }' } }),
      );
    await until(() => messages.length >= 52);
    socket.terminate();
    expect(messages.filter((message) => message.includes('TOO_LARGE'))).toHaveLength(1);
  });

  it.each(['connection_ack', 'next'])(
    'with a message that only a server sends, %s, closes the socket as a bad request',
    async (type) => {
      const socket = await client.openSocket();
      socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: client.bearer } }));
      socket.send(JSON.stringify({ type, id: '1', payload: {} }));
      expect(await closeOf(socket)).toMatchObject({ code: 4400 });
      expect(tiny.lines.join('')).not.toMatch(/socket message failed/);
    },
  );

  it('may be left in the middle of its results, which is no error of ours', async () => {
    const ended = (): number => tiny.lines.filter((line) => line.includes('socket operation ended')).length;
    const before = ended();
    for (let round = 0; round < 20; round++) {
      const socket = await client.openSocket();
      socket.on('error', () => undefined);
      const reached = new Promise<void>((resolve) => {
        socket.on('message', (data) => {
          if (String(data).includes('connection_ack'))
            socket.send(
              JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'subscription { count(to: 1000000) }' } }),
            );
          if (String(data).includes('"count":50}')) resolve();
        });
      });
      socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: client.bearer } }));
      await reached;
      socket.terminate();
    }
    await until(() => ended() >= before + 20);
    expect(
      tiny.lines.filter((line) => /"level":"(?:error|fatal)"/.test(line) && /EPIPE|ECONNRESET|ERR_STREAM/.test(line)),
    ).toEqual([]);
  });

  it('with a message over a mebibyte closes the socket', async () => {
    const socket = await client.openSocket();
    socket.on('error', () => undefined);
    socket.send('x'.repeat(1024 * 1024 + 1));
    expect(await closeOf(socket)).toMatchObject({
      code: 1009,
      reason: expect.stringMatching(/larger than 1048576 bytes: send it by HTTP/),
    });
  });
});

describe('a socket', () => {
  /** Opens one that has said its token. */
  async function connected(
    server: TinyServer,
    authorization: string,
    headers: Record<string, string> = {},
  ): Promise<WebSocket> {
    const socket = await (await TinyClient.of(server.url)).openSocket(headers);
    const acknowledged = new Promise<void>((resolve) => socket.once('message', () => resolve()));
    socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: authorization } }));
    await acknowledged;
    return socket;
  }

  /** Answers once the server has dealt with all that was to be said before. */
  async function isOpen(socket: WebSocket): Promise<boolean> {
    const answered = new Promise<boolean>((resolve) => {
      socket.once('message', () => resolve(true)).once('close', () => resolve(false));
    });
    socket.send('{"type":"ping"}');
    return answered;
  }

  /** A client that becomes a WebSocket and then says nothing, whatever it is told. */
  function mute({ url }: TinyServer): { received: () => Buffer; isClosed: () => boolean } {
    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
    let head = '';
    let received = Buffer.alloc(0);
    let isClosed = false;
    socket.on('data', (data) => {
      if (head.includes('\r\n\r\n')) received = Buffer.concat([received, data]);
      else head += data.toString('latin1');
    });
    socket.once('close', () => (isClosed = true));
    socket.write(
      'GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
        'Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
    );
    return { received: () => received, isClosed: () => isClosed };
  }

  /** A server on a clock of its own, and a socket of a token that has an hour left. */
  async function withAnHour(): Promise<{ server: TinyServer; clock: TestClock; socket: WebSocket }> {
    const clock = new TestClock();
    const server = await startTinyServer({ clock });
    const socket = await connected(server, `Bearer ${await tokenOf({ exp: clock.now() / 1_000 + 3_600 })}`);
    return { server, clock, socket };
  }

  /** A server with a token file that changes. */
  async function withTokens(): Promise<{
    server: TinyServer;
    clock: TestClock;
    /** What the authenticator logs. */
    lines: readonly string[];
    write: (tokens: Record<string, readonly string[]>, databases?: readonly string[]) => void;
    close: () => Promise<void>;
  }> {
    const folder = mkdtempSync(join(tmpdir(), 'socket-'));
    const tokensFile = join(folder, 'tokens.json');
    const write = (tokens: Record<string, readonly string[]>, databases?: readonly string[]): void =>
      writeFileSync(
        tokensFile,
        JSON.stringify({
          tokens: Object.entries(tokens).map(([name, permissions]) => ({
            name,
            sha256: createHash('sha256').update(name).digest('hex'),
            permissions,
            databases,
          })),
        }),
      );
    write({ one: ['backups:read'], two: ['backups:read'] });
    const clock = new TestClock();
    const lines: string[] = [];
    const log = createLog('info', { write: (line) => void lines.push(line) });
    const authenticator = await createAuthenticator({ tokensFile, log, clock });
    const server = await startTinyServer({ authenticator, clock });
    const close = async (): Promise<void> => {
      await server.close();
      rmSync(folder, { recursive: true });
    };
    return { server, clock, lines, write, close };
  }

  it('is closed soon after its token was revoked, with nothing sent meanwhile, and others are not', async () => {
    const { server, clock, write, close } = await withTokens();
    const [one, two] = [await connected(server, 'Bearer one'), await connected(server, 'Bearer two')];
    one.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'subscription { forever }' } }));
    clock.advance(20_000);
    expect([await isOpen(one), await isOpen(two)]).toEqual([true, true]);
    const closed = closeOf(one);
    write({ two: ['backups:read'] });
    clock.advance(20_000);
    expect(await closed).toMatchObject({
      code: 4401,
      reason: expect.stringMatching(/^The token is not valid: /) as unknown,
    });
    expect(await isOpen(two)).toBe(true);
    await close();
  });

  it.each([
    ['other permissions', ['backups:write'], undefined],
    ['some databases only', ['backups:read'], ['alpha']],
  ])('is closed when its token allows something else: %s', async (_name, permissions, databases) => {
    const { server, clock, write, close } = await withTokens();
    const socket = await connected(server, 'Bearer one');
    const closed = closeOf(socket);
    write({ one: permissions, two: ['backups:read'] }, databases);
    clock.advance(20_000);
    expect(await closed).toMatchObject({ code: 4401, reason: expect.stringMatching(/something else/) as unknown });
    await close();
  });

  it('stays open while the token file is broken', async () => {
    const { server, clock, lines, write, close } = await withTokens();
    const socket = await connected(server, 'Bearer one');
    write({ 'not a/name': [] });
    clock.advance(20_000);
    await until(() => lines.some((line) => line.includes('"level":"error"')));
    expect(await isOpen(socket)).toBe(true);
    await close();
  });

  it('is closed when its token expires, and not before', async () => {
    const { server, clock, socket } = await withAnHour();
    clock.advance(3_599_999);
    expect(await isOpen(socket)).toBe(true);
    const closed = closeOf(socket);
    clock.advance(1);
    expect(await closed).toEqual({ code: 4401, reason: 'The token has expired' });
    await server.close();
  });

  it('has no longer when the wall clock is set back', async () => {
    const { server, clock, socket } = await withAnHour();
    clock.set(-86_400_000);
    clock.advance(3_599_999);
    expect(await isOpen(socket)).toBe(true);
    const closed = closeOf(socket);
    clock.advance(1);
    expect(await closed).toEqual({ code: 4401, reason: 'The token has expired' });
    await server.close();
  });

  it('is closed at the next look when the wall clock is set to after the end of its token', async () => {
    const { server, clock, socket } = await withAnHour();
    clock.set(3_600_000);
    const closed = closeOf(socket);
    clock.advance(20_000);
    expect(await closed).toEqual({ code: 4401, reason: 'The token has expired' });
    await server.close();
  });

  it('leaves no alarm when it is closed, nor does the server', async () => {
    const { server, clock, socket } = await withAnHour();
    const gone = closeOf(socket);
    socket.close();
    await gone;
    await until(() => clock.waiting === 1);
    await server.close();
    expect(clock.waiting).toBe(0);
  });

  it('with a token of many years stays open', async () => {
    const { clock, server, socket } = await withAnHour();
    const years = await connected(server, `Bearer ${await tokenOf({ exp: clock.now() / 1_000 + 10 * 365 * 86_400 })}`);
    clock.advance(86_400_000);
    expect([await isOpen(years), socket.readyState === WebSocket.OPEN]).toEqual([true, false]);
    await server.close();
  });

  it('is refused with 429 when its address has too many, and taken again when one is closed', async () => {
    const server = await startTinyServer(
      {},
      { traffic: { ...NO_LIMITS, socketsPerAddressMax: 2, trustedProxies: ['loopback'] } },
    );
    const open = async (from: string): Promise<WebSocket> =>
      (await TinyClient.of(server.url)).openSocket({ 'x-forwarded-for': from });
    const [first] = [await open('1.1.1.1'), await open('1.1.1.1')];
    await expect(open('1.1.1.1')).rejects.toThrow('429');
    (await open('2.2.2.2')).terminate();
    const gone = closeOf(first);
    first.close();
    await gone;
    (await open('1.1.1.1')).terminate();
    await server.close();
  });

  it('is told to come later when its token has 250 already', async () => {
    const server = await startTinyServer({}, { traffic: { ...NO_LIMITS, socketsPerAddressMax: 500 } });
    const sockets = await Promise.all(Array.from({ length: 250 }, () => connected(server, client.bearer)));
    const late = await (await TinyClient.of(server.url)).openSocket();
    const closed = closeOf(late);
    late.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: client.bearer } }));
    expect(await closed).toMatchObject({ code: 1013, reason: expect.stringMatching(/250 sockets/) as unknown });
    (await connected(server, `Bearer ${await tokenOf({ sub: 'bob' })}`)).terminate();
    for (const socket of sockets) socket.terminate();
    await server.close();
  });

  it('that says nothing is closed after five seconds', async () => {
    const started = performance.now();
    expect(await closeOf(await client.openSocket())).toMatchObject({ code: 4408 });
    expect(performance.now() - started).toBeGreaterThan(4_000);
  });

  it('that says nothing, and does not even take leave, is hung up on', async () => {
    const clock = new TestClock();
    const server = await startTinyServer({ clock });
    const before = clock.waiting;
    const { received, isClosed } = mute(server);
    // the frame that closes: what is left is to wait for the client's
    await until(() => received().includes(0x88));
    expect([isClosed(), clock.waiting]).toEqual([false, before + 1]);
    clock.advance(1_000);
    await until(isClosed);
    expect(clock.waiting).toBe(before);
    await server.close();
  });

  it('that says nothing gives way to others, where half of all do', async () => {
    const server = await startTinyServer(
      {},
      { traffic: { ...NO_LIMITS, socketsPerAddressMax: 500, trustedProxies: ['loopback'] } },
    );
    const of = await TinyClient.of(server.url);
    const alone = await of.openSocket({ 'x-forwarded-for': '2.2.2.2' });
    const many = await Promise.all(Array.from({ length: 250 }, () => of.openSocket({ 'x-forwarded-for': '1.1.1.1' })));
    await until(() => many.filter(({ readyState }) => readyState === WebSocket.CLOSED).length === 1);
    expect(alone.readyState).toBe(WebSocket.OPEN);
    const acknowledged = new Promise((resolve) => alone.once('message', (data) => resolve(String(data))));
    alone.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: client.bearer } }));
    expect(await acknowledged).toMatch(/connection_ack/);
    for (const socket of [alone, ...many]) socket.terminate();
    await server.close();
  });

  it.each([
    {},
    { upgrade: 'h2c', connection: 'Upgrade, HTTP2-Settings', 'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA' },
  ])('is not what other upgrades get: %j', async (headers) => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      httpRequest(
        `${tiny.url}/graphql`,
        { headers: { connection: 'upgrade', upgrade: 'foo', ...headers } },
        (response) => resolve(response.resume().statusCode),
      )
        .on('error', reject)
        .end();
    });
    expect(status).toBe(400);
  });
});

describe('draining', () => {
  it('refuses new work, lets running work end, and then is done', async () => {
    const server = await startTinyServer();
    const running = (await TinyClient.of(server.url)).post({ query: '{ wait }' });
    const socket = await (await TinyClient.of(server.url)).openSocket();
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(String(data)));
    socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: client.bearer } }));
    await until(() => server.contexts.length > 0 && messages.length > 0);
    let isDone = false;
    const drained = server.api.drain().then(() => {
      isDone = true;
    });
    const refused = await (await TinyClient.of(server.url)).post({ query: '{ hello }' });
    expect([refused.status, ...codesOf(refused)]).toEqual([503, 'SHUTTING_DOWN']);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    await expect((await TinyClient.of(server.url)).openSocket()).rejects.toThrow('503');
    socket.send('{"id":"1","type":"subscribe","payload":{"query":"{ hello }"}}');
    await until(() => messages.length >= 2);
    expect(messages[1]).toMatch(/SHUTTING_DOWN/);
    expect(isDone).toBe(false);
    server.release();
    expect((await running).data).toEqual({ wait: 'done' });
    await drained;
    const closed = closeOf(socket);
    await server.close();
    expect(await closed).toMatchObject({ code: 1001 });
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });

  /** A server on a clock of its own, and what a socket hears that follows something without an end. */
  async function followed(): Promise<{ server: TinyServer; clock: TestClock; socket: WebSocket; heard: string[] }> {
    const clock = new TestClock();
    const server = await startTinyServer({ clock });
    const socket = await (await TinyClient.of(server.url)).openSocket();
    const heard: string[] = [];
    socket.on('message', (data) => heard.push((JSON.parse(String(data)) as { type: string }).type));
    socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: client.bearer } }));
    await until(() => heard.length === 1);
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'subscription { forever }' } }));
    await until(() => heard.length === 2);
    return { server, clock, socket, heard };
  }

  it('lets subscriptions come to their end before it closes, and waits no longer', async () => {
    const { server, clock, socket, heard } = await followed();
    const closed = closeOf(socket);
    const closing = server.api.close();
    server.release();
    expect(await closed).toMatchObject({ code: 1001 });
    expect(heard).toEqual(['connection_ack', 'next', 'complete']);
    await closing;
    expect([clock.monotonic(), clock.waiting]).toEqual([0, 0]);
  });

  it('cuts off subscriptions that go on for half a second more', async () => {
    const { server, clock, socket, heard } = await followed();
    const closed = closeOf(socket);
    const closing = server.api.close();
    clock.advance(499);
    socket.send('{"type":"ping"}');
    await until(() => heard.at(-1) === 'pong');
    clock.advance(1);
    expect(await closed).toMatchObject({ code: 1001 });
    await closing;
    expect(clock.waiting).toBe(0);
    server.release();
  });

  it('tells a resolver when its client is gone', async () => {
    const server = await startTinyServer();
    const leaving = new AbortController();
    const request = fetch(`${server.url}/graphql`, {
      method: 'POST',
      body: '{"query":"{ wait }"}',
      headers: { 'content-type': 'application/json', authorization: client.bearer },
      signal: leaving.signal,
    }).catch(() => undefined);
    await until(() => server.contexts.length > 0);
    const signal = server.contexts[0]?.requestSignal;
    leaving.abort();
    await request;
    await until(() => signal?.aborted);
    await server.close();
  });
});
