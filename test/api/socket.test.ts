/** The WebSocket shell, and draining over both. */
import { TinyClient, closeOf, codesOf, tokenOf } from './tiny-client.js';
import { startTinyServer } from './tiny-server.js';
import type { TinyServer } from './tiny-server.js';

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

  it.each([{}, { Authorization: 'Bearer wrong' }, { headers: { headers: { headers: {} } } }])('is refused with 4401 for the payload %j', async (params) => {
    expect((await client.overSocket('subscription { count(to: 1) }', params)).failure).toMatchObject({ code: 4401 });
  });

  it('sent by POST is refused with a hint', async () => {
    const answer = await client.post({ query: 'subscription { count(to: 1) }' });
    expect([answer.status, ...codesOf(answer)]).toEqual([400, 'BAD_USER_INPUT']);
    expect(answer.errors[0]?.message).toMatch(/graphql-transport-ws/);
  });

  it('has its errors masked', async () => {
    const answer = await client.overSocket('subscription { breaks }');
    expect(answer.results).toEqual([{ data: { breaks: 1 } }]);
    expect(answer.failure).toMatchObject([{ message: expect.stringMatching(/^Internal error/) as unknown, extensions: { code: 'INTERNAL' } }]);
    expect(JSON.stringify((await client.overSocket('{ internal }')).results)).toMatch(/Internal error; request id/);
  });

  it.each([
    ['{ node { next { next { next { next { next { next { next { next { next { next { next { next { id } } } } } } } } } } } } } }', /depth/i],
    [`{ ${'hello '.repeat(3000)} }`, /2000 tokens/],
    ['{ node { list(first: 200) { list(first: 200) { id } } } }', /costs/],
    ['mutation { take(input: {name: "n", encryptionKey: 7777777}) }', /KeyInput|String/],
  ])('has the limits of HTTP: %s', async (query, message) => {
    const text = JSON.stringify((await client.overSocket(query)).failure);
    expect(text).toMatch(message);
    expect(text).not.toMatch(/7777777/);
  });

  it('ends when its token expires', async () => {
    const soon = `Bearer ${await tokenOf({ exp: Math.floor(Date.now() / 1000) + 1 })}`;
    const { results, failure } = await client.overSocket('subscription { forever }', { Authorization: soon });
    expect(results).toHaveLength(1);
    expect(failure).toMatchObject({ code: 4401, reason: 'The token has expired' });
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
    while (messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    for (let id = 0; id < 51; id++) socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload: { query: 'subscription { forever }' } }));
    while (messages.length < 52) await new Promise((resolve) => setTimeout(resolve, 10));
    socket.terminate();
    expect(messages.filter((message) => message.includes('TOO_LARGE'))).toHaveLength(1);
  });

  it('with a message over a mebibyte closes the socket', async () => {
    const socket = await client.openSocket();
    socket.on('error', () => undefined);
    socket.send('x'.repeat(1024 * 1024 + 1));
    expect(await closeOf(socket)).toMatchObject({ code: 1009 });
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
    while (server.contexts.length === 0 || messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
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
    while (messages.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
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

  it('tells a resolver when its client is gone', async () => {
    const server = await startTinyServer();
    const leaving = new AbortController();
    const request = fetch(`${server.url}/graphql`, { method: 'POST', body: '{"query":"{ wait }"}', headers: { 'content-type': 'application/json', authorization: client.bearer }, signal: leaving.signal }).catch(() => undefined);
    while (server.contexts.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const signal = server.contexts[0]?.requestSignal;
    leaving.abort();
    await request;
    while (signal?.aborted !== true) await new Promise((resolve) => setTimeout(resolve, 10));
    await server.close();
  });
});
