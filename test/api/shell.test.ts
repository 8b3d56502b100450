/** The HTTP and WebSocket shell: limits, masking, authentication, uploads, draining. */
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { getIntrospectionQuery } from 'graphql';
import { createClient } from 'graphql-ws';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { JWT_SECRET, UPLOAD_BYTES_MAX, startTinyServer } from './tiny-server.js';
import type { TinyServer } from './tiny-server.js';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly { message: string; extensions: Record<string, unknown> }[];
}

async function tokenOf(claims: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT({ sub: 'ann', roles: ['admin'], ...claims }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(JWT_SECRET));
}

let tiny: TinyServer;
let bearer: string;
beforeAll(async () => {
  bearer = `Bearer ${await tokenOf()}`;
  tiny = await startTinyServer();
});
afterAll(() => tiny.close());
beforeEach(() => {
  tiny.lines.length = 0;
});

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const body = JSON.parse(text === '' ? '{}' : text) as Pick<Answer, 'data' | 'errors'>;
  return { status: response.status, headers: response.headers, text, data: body.data, errors: body.errors ?? [] };
}

async function post(body: unknown, headers: Record<string, string> = {}, url = tiny.url): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return answerOf(await fetch(`${url}/graphql`, { method: 'POST', body: text, headers: { 'content-type': 'application/json', authorization: bearer, ...headers } }));
}

const codesOf = (answer: Answer): unknown[] => answer.errors.map((error) => error.extensions['code']);

describe('a GraphQL request', () => {
  it('runs for a valid token, with the viewer in its context', async () => {
    const answer = await post({ query: '{ hello }' });
    expect(answer).toMatchObject({ status: 200, data: { hello: 'hello ann' } });
    expect(tiny.contexts.at(-1)?.requestSignal).toBeInstanceOf(AbortSignal);
  });

  it.each([{ authorization: '' }, { authorization: 'Bearer wrong' }])('is refused with 401 for %j', async (headers) => {
    const answer = await post({ query: '{ hello }' }, headers);
    expect(answer.status).toBe(401);
    expect(codesOf(answer)).toEqual(['UNAUTHENTICATED']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('is refused before its body is read when the token is missing', async () => {
    const socket = connect(Number(new URL(tiny.url).port), '127.0.0.1');
    const answer = await new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(String(data)));
      socket.write('POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 90000\r\n\r\n{');
    });
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1.1 401/);
  });

  it.each([
    ['text/plain (a foreign page could send that)', { 'content-type': 'text/plain' }, '{"query":"{hello}"}'],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'query={hello}'],
    ['a batch', {}, '[{"query":"{hello}"}]'],
    ['no operation', {}, '{}'],
    ['no JSON', {}, '{"query": "{hello}"'],
  ])('is refused as %s', async (_name, headers, body) => {
    const answer = await post(body, headers as Record<string, string>);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
  });

  it('is refused when its body is too large', async () => {
    const answer = await post({ query: '{ hello }', variables: { a: 'x'.repeat(150_000) } });
    expect([answer.status, ...codesOf(answer)]).toEqual([413, 'TOO_LARGE']);
  });

  it('leaves one line in the log, without query string, token or body', async () => {
    await fetch(`${tiny.url}/graphql?token=hunter2`, {
      method: 'POST',
      body: JSON.stringify({ query: 'query Named { hello }', variables: { encryptionKey: 'hunter2' } }),
      headers: { 'content-type': 'application/json', authorization: bearer, 'x-request-id': 'req-1' },
    });
    const [line] = tiny.lines.map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(tiny.lines).toHaveLength(1);
    expect(line).toMatchObject({ method: 'POST', path: '/graphql', status: 200, reqId: 'req-1', subject: 'ann', operation: 'Named' });
    expect(tiny.lines.join('')).not.toMatch(/hunter2|Bearer|eyJ/);
  });
});

describe('limits', () => {
  const nest = (depth: number): string => `{ node ${'{ next '.repeat(depth)}{ id } ${'}'.repeat(depth)} }`;

  it('let the standard introspection query through', async () => {
    expect((await post({ query: getIntrospectionQuery() })).errors).toEqual([]);
  });

  it.each([
    ['depth', nest(20), /depth/i],
    ['depth hidden in fragments', `{ node { ...a } } fragment a on Node { next { next { next { next { next { ...b } } } } } } fragment b on Node { next { next { next { next { next { next { next { id } } } } } } } }`, /depth/i],
    ['aliases', `{ ${Array.from({ length: 40 }, (_, i) => `a${i}: hello`).join(' ')} }`, /alias/i],
    ['directives', `{ hello ${'@include(if: true) '.repeat(60)} }`, /directive/i],
    ['tokens', `{ ${'hello '.repeat(3000)} }`, /2000 tokens/],
    ['cost', '{ node { list(first: 200) { list(first: 200) { id } } } }', /costs \d+, more than 10000/],
    ['cost of a single enormous page', '{ node { list(first: 2000000000) { id } } }', /costs/],
  ])('refuse too much %s', async (_name, query, message) => {
    const answer = await post({ query });
    expect(answer.status).toBe(400);
    expect(answer.errors.length).toBeGreaterThan(0);
    expect(answer.errors[0]?.message).toMatch(message);
    expect(answer.data ?? null).toBeNull();
  });

  it('count the cost with the variables', async () => {
    const query = 'query ($n: Int) { node { list(first: $n) { id next { id } } } }';
    expect((await post({ query, variables: { n: 10 } })).errors).toEqual([]);
    expect((await post({ query, variables: { n: 100_000 } })).errors[0]?.message).toMatch(/costs/);
  });

  it('refuse introspection when it is off, over HTTP and over the socket', async () => {
    const closed = await startTinyServer({}, { introspection: false });
    try {
      for (const query of ['{ __schema { queryType { name } } }', '{ __type(name: "Node") { name } }']) {
        expect((await post({ query }, {}, closed.url)).errors[0]?.message).toMatch(/introspection/i);
        expect(JSON.stringify(await overSocket(closed.url, query))).toMatch(/introspection/i);
      }
      const suggestion = await post({ query: '{ helo }' }, {}, closed.url);
      expect(suggestion.errors[0]?.message).not.toMatch(/hello/);
    } finally {
      await closed.close();
    }
  });
});

describe('errors', () => {
  it.each(['internal', 'odd'])('that are not meant for clients are masked and logged whole (%s)', async (field) => {
    const answer = await post({ query: `{ ${field} }` }, { 'x-request-id': 'req-2' });
    expect(answer.errors).toMatchObject([{ message: 'Internal error; request id req-2', extensions: { code: 'INTERNAL', requestId: 'req-2' } }]);
    expect(answer.text).not.toMatch(/secret stuff|stack|\.ts/);
    expect(tiny.lines.join('')).toMatch(/secret stuff/);
  });

  it('of the catalogue keep code, place and problems', async () => {
    const answer = await post({ query: '{ conflict }' });
    expect(answer.errors[0]).toMatchObject({
      message: 'Restore conflicts',
      extensions: { code: 'CONFLICT', table: 'ACL', label: 'a', problems: [{ code: 'CONFLICT', message: 'differs', table: 'ACL', label: 'a' }] },
    });
  });

  it('of class-validator show field and constraint only', async () => {
    const answer = await post({ query: '{ invalid }' });
    expect(answer.errors[0]).toMatchObject({ message: 'The input is not valid: encryptionKey (minLength)', extensions: { code: 'BAD_USER_INPUT' } });
    expect(answer.text).not.toMatch(/hunter2/);
  });

  it.each([
    ['a number as key', { name: 'n', encryptionKey: 7777777 }, 'Variable "$input.encryptionKey": expected a value of type "String"'],
    ['a list as key', { name: 'n', encryptionKey: ['7777777'] }, 'Variable "$input.encryptionKey": expected a value of type "String"'],
    ['a bad enum value', { name: 'n', policy: '7777777' }, 'Variable "$input.policy": expected one of SKIP, OVERWRITE'],
    ['an unknown field', { name: 'n', encryptionKeys: '7777777' }, 'Variable "$input": Field "encryptionKeys" is not defined by type "KeyInput"'],
    ['a missing field', { encryptionKey: '7777777' }, 'Variable "$input": Field "name" of required type "String!" was not provided'],
    ['a string for an object', '7777777', 'Variable "$input": expected a value of type "KeyInput!"'],
    ['no variable', undefined, 'Variable "$input" of type "KeyInput!" is missing'],
  ])('about variables never quote their values: %s', async (_name, input, message) => {
    const answer = await post({ query: 'mutation ($input: KeyInput!) { take(input: $input) }', variables: { input } });
    expect(answer.errors).toMatchObject([{ message, extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(answer.text).not.toMatch(/7777777/);
  });

  it.each([
    ['a number', 'mutation { take(input: {name: "n", encryptionKey: 7777777}) }'],
    ['an unquoted word', 'mutation { take(input: {name: "n", encryptionKey: S7777777}) }'],
    ['a bad enum', 'mutation { take(input: {name: "n", policy: S7777777}) }'],
    ['a list', 'mutation { take(input: {name: "n", encryptionKey: ["7777777"]}) }'],
    ['a missing colon', 'mutation { take(input: {name: "n", encryptionKey "7777777"}) }'],
    ['a block string', 'mutation { take(input: {name: "n", encryptionKey """7777777"""}) }'],
    ['a stray word', 'mutation { take(input: {name: "n", encryptionKey: "a" S7777777}) }'],
    ['a bad escape', 'mutation { take(input: {name: "n", encryptionKey: "\\7777777"}) }'],
    ['an open string', 'mutation { take(input: {name: "n", encryptionKey: "7777777}) }'],
  ])('about literals never quote them: %s', async (_name, query) => {
    const answer = await post({ query });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toMatch(/7777777/);
    expect(tiny.lines.join('')).not.toMatch(/7777777/);
  });

  it('outside of GraphQL have the shape of the REST contract', async () => {
    const response = await fetch(`${tiny.url}/nowhere`, { headers: { 'x-request-id': 'req-3' } });
    expect([response.status, await response.json()]).toEqual([404, { error: 'There is nothing at this address', code: 'NOT_FOUND', request_id: 'req-3' }]);
  });
});

describe('every answer', () => {
  it.each(['/healthz', '/graphql', '/nowhere', '/%zz'])('of %s carries a request id and the security headers', async (path) => {
    const { headers } = await fetch(`${tiny.url}${path}`);
    expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'/);
  });

  it.each([
    ['sane-id_1.2', true],
    ['x'.repeat(65), false],
    ['a b', false],
    ['<script>', false],
  ])('takes the request id %j over: %s', async (id, taken) => {
    const { headers } = await fetch(`${tiny.url}/healthz`, { headers: { 'x-request-id': id } });
    expect(headers.get('x-request-id') === id).toBe(taken);
  });

  it.each([
    ['localhost', 200],
    ['127.0.0.1:4000', 200],
    ['[::1]:4000', 200],
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
  ])('for the Host %s on loopback is %i', async (host, status) => {
    const seen = await new Promise<number | undefined>((resolve, reject) => {
      httpRequest(`${tiny.url}/healthz`, { headers: { host } }, (response) => resolve(response.resume().statusCode)).on('error', reject).end();
    });
    expect(seen).toBe(status);
  });

  it('to bytes that are no HTTP is a plain 400', async () => {
    const socket = connect(Number(new URL(tiny.url).port), '127.0.0.1');
    const answer = await new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(String(data)));
      socket.write('rubbish\r\n\r\n');
    });
    expect(answer).toMatch(/^HTTP\/1.1 400[^]*X-Request-ID/);
  });
});

describe('health', () => {
  it('is reported without a token', async () => {
    expect(await (await fetch(`${tiny.url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${tiny.url}/readyz`)).json()).toEqual({ status: 'ok', database: 'ok', store: 'ok' });
  });

  it('says why the server is not ready', async () => {
    const away = await startTinyServer({ ready: () => ({ database: 'connection refused', store: 'ok' }) });
    const response = await fetch(`${away.url}/readyz`);
    expect([response.status, await response.json()]).toEqual([503, { status: 'not ready', database: 'connection refused', store: 'ok' }]);
    await away.close();
  });
});

function multipart(bytes: number, options: { read?: boolean; map?: string; operations?: string } = {}): FormData {
  const form = new FormData();
  form.set('operations', options.operations ?? JSON.stringify({ query: 'mutation ($file: Upload!, $read: Boolean) { upload(file: $file, read: $read) }', variables: { file: null, read: options.read ?? true } }));
  form.set('map', options.map ?? '{"0":["variables.file"]}');
  form.set('0', new Blob([new Uint8Array(bytes)]), 'b.json');
  return form;
}

async function upload(form: FormData, headers: Record<string, string> = { 'apollo-require-preflight': 'true' }): Promise<Answer> {
  return answerOf(await fetch(`${tiny.url}/graphql`, { method: 'POST', body: form, headers: { authorization: bearer, ...headers } }));
}

describe('an upload', () => {
  it.each([0, 1, 65_536, UPLOAD_BYTES_MAX])('of %i bytes arrives whole', async (bytes) => {
    expect((await upload(multipart(bytes))).data).toEqual({ upload: bytes });
  });

  it('of one byte too many is refused', async () => {
    expect(codesOf(await upload(multipart(UPLOAD_BYTES_MAX + 1)))).toEqual(['TOO_LARGE']);
  });

  it('that says it is far too large is refused before it is read', async () => {
    const answer = await upload(multipart(UPLOAD_BYTES_MAX + 4 * 1024 * 1024));
    expect([answer.status, ...codesOf(answer)]).toEqual([413, 'TOO_LARGE']);
  });

  it('without the header that a foreign form cannot send is refused', async () => {
    const answer = await upload(multipart(10), {});
    expect([answer.status, ...codesOf(answer)]).toEqual([400, 'BAD_USER_INPUT']);
  });

  it.each([
    ['map of two files', multipart(1, { map: '{"0":["variables.file"],"1":["variables.other"]}' })],
    ['map to nowhere', multipart(1, { map: '{"0":["no.such.place"]}' })],
    ['map that is no JSON', multipart(1, { map: '{' })],
    ['operations that are no JSON', multipart(1, { operations: '{' })],
  ])('with a %s is refused', async (_name, form) => {
    const answer = await upload(form);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(['BAD_USER_INPUT', 'TOO_LARGE']).toContain(codesOf(answer)[0]);
  });

  it('that nobody reads does not hold the connection', async () => {
    const started = performance.now();
    expect((await upload(multipart(UPLOAD_BYTES_MAX, { read: false }))).data).toEqual({ upload: 0 });
    expect((await post({ query: '{ hello }' })).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('that stalls ends, and the server goes on', async () => {
    const impatient = await startTinyServer({ bodySilenceMs: 300 });
    const boundary = 'b0undary';
    const part = (name: string, value: string, extra = ''): string => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${extra}\r\n\r\n${value}`;
    const body = `${part('operations', '{"query":"mutation ($file: Upload!) { upload(file: $file) }","variables":{"file":null}}')}\r\n${part('map', '{"0":["variables.file"]}')}\r\n${part('0', 'begin', '; filename="f"')}`;
    const socket = connect(Number(new URL(impatient.url).port), '127.0.0.1');
    const started = performance.now();
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()).on('error', () => undefined).resume());
    socket.write(`POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${bearer}\r\nApollo-Require-Preflight: 1\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: 100000\r\n\r\n${body}`);
    await closed;
    expect(performance.now() - started).toBeGreaterThan(250);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect((await post({ query: '{ hello }' }, {}, impatient.url)).status).toBe(200);
    await impatient.api.drain();
    expect(impatient.lines.join('')).toMatch(/no byte of the body/);
    await impatient.close();
  });
});

interface SocketAnswer {
  readonly results: unknown[];
  readonly failure?: unknown;
}

async function overSocket(url: string, query: string, params: Record<string, unknown> = { Authorization: bearer }): Promise<SocketAnswer> {
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: params });
  const results: unknown[] = [];
  try {
    for await (const result of client.iterate({ query })) results.push(result);
    return { results };
  } catch (failure) {
    return { results, failure: failure instanceof Error ? failure.message : failure };
  } finally {
    await client.dispose();
  }
}

async function closeOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })));
}

async function openSocket(url: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
  await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return socket;
}

describe('a subscription', () => {
  it.each([
    ['authorization', () => ({ authorization: bearer })],
    ['Authorization', () => ({ Authorization: bearer })],
    ['headers.Authorization', () => ({ headers: { Authorization: bearer } })],
  ])('runs with the token as %s', async (_name, params) => {
    const { results, failure } = await overSocket(tiny.url, 'subscription { count(to: 3) }', params());
    expect(failure).toBeUndefined();
    expect(results).toEqual([1, 2, 3].map((count) => ({ data: { count } })));
  });

  it.each([{}, { Authorization: 'Bearer wrong' }, { headers: { headers: { headers: {} } } }])('is refused with 4401 for the payload %j', async (params) => {
    expect((await overSocket(tiny.url, 'subscription { count(to: 1) }', params)).failure).toMatchObject({ code: 4401 });
  });

  it('sent by POST is refused with a hint', async () => {
    const answer = await post({ query: 'subscription { count(to: 1) }' });
    expect([answer.status, ...codesOf(answer)]).toEqual([400, 'BAD_USER_INPUT']);
    expect(answer.errors[0]?.message).toMatch(/graphql-transport-ws/);
  });

  it('has its errors masked', async () => {
    const answer = await overSocket(tiny.url, 'subscription { breaks }');
    expect(answer.results).toEqual([{ data: { breaks: 1 } }]);
    expect(answer.failure).toMatchObject([{ message: expect.stringMatching(/^Internal error/) as unknown, extensions: { code: 'INTERNAL' } }]);
    expect(JSON.stringify((await overSocket(tiny.url, '{ internal }')).results)).toMatch(/Internal error; request id/);
  });

  it.each([
    ['{ node { next { next { next { next { next { next { next { next { next { next { next { next { id } } } } } } } } } } } } } }', /depth/i],
    [`{ ${'hello '.repeat(3000)} }`, /2000 tokens/],
    ['{ node { list(first: 200) { list(first: 200) { id } } } }', /costs/],
    ['mutation { take(input: {name: "n", encryptionKey: 7777777}) }', /KeyInput|String/],
  ])('has the limits of HTTP: %s', async (query, message) => {
    const text = JSON.stringify((await overSocket(tiny.url, query)).failure);
    expect(text).toMatch(message);
    expect(text).not.toMatch(/7777777/);
  });

  it('ends when its token expires', async () => {
    const soon = `Bearer ${await tokenOf({ exp: Math.floor(Date.now() / 1000) + 1 })}`;
    const { results, failure } = await overSocket(tiny.url, 'subscription { forever }', { Authorization: soon });
    expect(results).toHaveLength(1);
    expect(failure).toMatchObject({ code: 4401, reason: 'The token has expired' });
  });

  it('is refused to a page of another origin', async () => {
    await expect(openSocket(tiny.url, { origin: 'http://evil.example' })).rejects.toThrow('403');
    await expect(openSocket(tiny.url, { host: 'evil.example' })).rejects.toThrow('403');
    const own = await openSocket(tiny.url, { origin: tiny.url });
    own.terminate();
  });

  it('cannot be started before connection_init', async () => {
    const socket = await openSocket(tiny.url);
    socket.send('{"id":"1","type":"subscribe","payload":{"query":"{ hello }"}}');
    expect(await closeOf(socket)).toMatchObject({ code: 4401 });
  });

  it('cannot be opened more than fifty times on one socket', async () => {
    const socket = await openSocket(tiny.url);
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(String(data)));
    socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: bearer } }));
    while (messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    for (let id = 0; id < 51; id++) socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload: { query: 'subscription { forever }' } }));
    while (messages.length < 52) await new Promise((resolve) => setTimeout(resolve, 10));
    socket.terminate();
    expect(messages.filter((message) => message.includes('TOO_LARGE'))).toHaveLength(1);
  });

  it('with a message over a mebibyte closes the socket', async () => {
    const socket = await openSocket(tiny.url);
    socket.on('error', () => undefined);
    socket.send('x'.repeat(1024 * 1024 + 1));
    expect(await closeOf(socket)).toMatchObject({ code: 1009 });
  });
});

describe('draining', () => {
  it('refuses new work, lets running work end, and then is done', async () => {
    const server = await startTinyServer();
    const running = post({ query: '{ wait }' }, {}, server.url);
    const socket = await openSocket(server.url);
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(String(data)));
    socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: bearer } }));
    while (server.contexts.length === 0 || messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    let isDone = false;
    const drained = server.api.drain().then(() => {
      isDone = true;
    });
    const refused = await post({ query: '{ hello }' }, {}, server.url);
    expect([refused.status, ...codesOf(refused)]).toEqual([503, 'SHUTTING_DOWN']);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    await expect(openSocket(server.url)).rejects.toThrow('503');
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
    const request = fetch(`${server.url}/graphql`, { method: 'POST', body: '{"query":"{ wait }"}', headers: { 'content-type': 'application/json', authorization: bearer }, signal: leaving.signal }).catch(() => undefined);
    while (server.contexts.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const signal = server.contexts[0]?.requestSignal;
    leaving.abort();
    await request;
    while (signal?.aborted !== true) await new Promise((resolve) => setTimeout(resolve, 10));
    await server.close();
  });
});
