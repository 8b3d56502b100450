/** The HTTP shell: limits, masking, authentication, headers, health, the log. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getIntrospectionQuery } from 'graphql';
import { ServerCertificate } from '../../../src/api/http/guard/tls.js';
import { systemClock } from '../../../src/lib/clock.js';
import { createLog } from '../../../src/lib/log.js';
import { codesOf, TinyClient } from '../../support/clients/tiny-client.js';
import { makeCertificates } from '../../support/servers/certificates.js';
import type { TinyServer } from '../../support/servers/tiny-server.js';
import { startTinyServer } from '../../support/servers/tiny-server.js';

let tiny: TinyServer;
let client: TinyClient;
beforeAll(async () => {
  tiny = await startTinyServer();
  client = await TinyClient.of(tiny.url);
});
afterAll(() => tiny.close());
beforeEach(() => {
  tiny.lines.length = 0;
});

describe('a GraphQL request', () => {
  it('runs for a valid token, with the viewer in its context', async () => {
    const answer = await client.post({ query: '{ hello }' });
    expect(answer).toMatchObject({ status: 200, data: { hello: 'hello ann' } });
    expect(tiny.contexts.at(-1)?.requestSignal).toBeInstanceOf(AbortSignal);
  });

  it.each([{ authorization: '' }, { authorization: 'Bearer wrong' }])('is refused with 401 for %j', async (headers) => {
    const answer = await client.post({ query: '{ hello }' }, headers);
    expect(answer.status).toBe(401);
    expect(codesOf(answer)).toEqual(['UNAUTHENTICATED']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('is refused before its body is read when the token is missing', async () => {
    const socket = connect(Number(new URL(tiny.url).port), '127.0.0.1');
    const answer = await new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(String(data)));
      socket.write(
        'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 90000\r\n\r\n{',
      );
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
    const answer = await client.post(body, headers);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
  });

  it('is refused when its body is too large', async () => {
    const answer = await client.post({ query: '{ hello }', variables: { a: 'x'.repeat(150_000) } });
    expect([answer.status, ...codesOf(answer)]).toEqual([413, 'TOO_LARGE']);
  });

  it('leaves one line in the log, without query string, token or body', async () => {
    await fetch(`${tiny.url}/graphql?token=hunter2`, {
      method: 'POST',
      body: JSON.stringify({ query: 'query Named { hello }', variables: { encryptionKey: 'hunter2' } }),
      headers: { 'content-type': 'application/json', authorization: client.bearer, 'x-request-id': 'req-1' },
    });
    const [line] = tiny.lines.map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(tiny.lines).toHaveLength(1);
    expect(line).toMatchObject({
      method: 'POST',
      path: '/graphql',
      status: 200,
      reqId: 'req-1',
      subject: 'ann',
      operation: 'Named',
    });
    expect(tiny.lines.join('')).not.toMatch(/hunter2|Bearer|eyJ/);
  });
});

describe('limits', () => {
  const nest = (depth: number): string => `{ node ${'{ next '.repeat(depth)}{ id } ${'}'.repeat(depth)} }`;

  it('let the standard introspection query through', async () => {
    expect((await client.post({ query: getIntrospectionQuery() })).errors).toEqual([]);
  });

  it.each([
    ['depth', nest(20), /depth/i],
    [
      'depth hidden in fragments',
      '{ node { ...a } } fragment a on Node { next { next { next { next { next { ...b } } } } } } fragment b on ' +
        'Node { next { next { next { next { next { next { next { id } } } } } } } }',
      /depth/i,
    ],
    ['aliases', `{ ${Array.from({ length: 40 }, (_, i) => `a${i}: hello`).join(' ')} }`, /alias/i],
    ['directives', `{ hello ${'@include(if: true) '.repeat(60)} }`, /directive/i],
    ['tokens', `{ ${'hello '.repeat(3000)} }`, /2000 tokens/],
    ['cost', '{ node { list(first: 200) { list(first: 200) { id } } } }', /costs \d+, more than 12000/],
    ['cost of a single enormous page', '{ node { list(first: 2000000000) { id } } }', /costs/],
  ])('refuse too much %s', async (_name, query, message) => {
    const answer = await client.post({ query });
    expect(answer.status).toBe(400);
    expect(answer.errors.length).toBeGreaterThan(0);
    expect(answer.errors[0]?.message).toMatch(message);
    expect(answer.data ?? null).toBeNull();
  });

  it('count the cost with the variables', async () => {
    const query = 'query ($n: Int) { node { list(first: $n) { id next { id } } } }';
    expect((await client.post({ query, variables: { n: 10 } })).errors).toEqual([]);
    expect((await client.post({ query, variables: { n: 100_000 } })).errors[0]?.message).toMatch(/costs/);
  });

  it('refuse introspection when it is off, over HTTP and over the socket', async () => {
    const closed = await startTinyServer({}, { introspection: false });
    try {
      for (const query of ['{ __schema { queryType { name } } }', '{ __type(name: "Node") { name } }']) {
        expect((await (await TinyClient.of(closed.url)).post({ query })).errors[0]?.message).toMatch(/introspection/i);
        expect(JSON.stringify(await (await TinyClient.of(closed.url)).overSocket(query))).toMatch(/introspection/i);
      }
      const suggestion = await (await TinyClient.of(closed.url)).post({ query: '{ helo }' });
      expect(suggestion.errors[0]?.message).not.toMatch(/hello/);
    } finally {
      await closed.close();
    }
  });
});

describe('errors', () => {
  it.each(['internal', 'odd'])('that are not meant for clients are masked and logged whole (%s)', async (field) => {
    const answer = await client.post({ query: `{ ${field} }` }, { 'x-request-id': 'req-2' });
    expect(answer.errors).toMatchObject([
      { message: 'Internal error; request id req-2', extensions: { code: 'INTERNAL', requestId: 'req-2' } },
    ]);
    expect(answer.text).not.toMatch(/secret stuff|stack|\.ts/);
    expect(tiny.lines.join('')).toMatch(/secret stuff/);
  });

  it('of the catalogue keep code, place and problems', async () => {
    const answer = await client.post({ query: '{ conflict }' });
    expect(answer.errors[0]).toMatchObject({
      message: 'Restore conflicts',
      extensions: {
        code: 'CONFLICT',
        table: 'ACL',
        label: 'a',
        problems: [{ code: 'CONFLICT', message: 'differs', table: 'ACL', label: 'a' }],
      },
    });
  });

  it('of class-validator show field and constraint only', async () => {
    const answer = await client.post({ query: '{ invalid }' });
    expect(answer.errors[0]).toMatchObject({
      message: 'The input is not valid: encryptionKey (minLength)',
      extensions: { code: 'BAD_USER_INPUT' },
    });
    expect(answer.text).not.toMatch(/hunter2/);
  });

  it.each([
    [
      'a number as key',
      { name: 'n', encryptionKey: 7777777 },
      'Variable "$input.encryptionKey": takes a text, in double quotes',
    ],
    [
      'a list as key',
      { name: 'n', encryptionKey: ['7777777'] },
      'Variable "$input.encryptionKey": takes a text, in double quotes',
    ],
    ['a bad enum value', { name: 'n', policy: '7777777' }, 'Variable "$input.policy": takes one of SKIP, OVERWRITE'],
    [
      'an enum value that looks like one',
      { name: 'n', policy: 'merge' },
      'Variable "$input.policy": takes one of SKIP, OVERWRITE, and not merge',
    ],
    [
      'an unknown field',
      { name: 'n', encryptionKeys: '7777777' },
      'Variable "$input": Field "encryptionKeys" is not defined by type "KeyInput". Did you mean "encryptionKey"?',
    ],
    [
      'a missing field',
      { encryptionKey: '7777777' },
      'Variable "$input": needs the field "name", of type "String!": give it a value',
    ],
    ['a string for an object', '7777777', 'Variable "$input": takes an object like {"name": ...}'],
    ['no variable', undefined, 'Variable "$input" of type "KeyInput!" is missing'],
  ])('about variables never quote their values: %s', async (_name, input, message) => {
    const answer = await client.post({
      query: 'mutation ($input: KeyInput!) { take(input: $input) }',
      variables: { input },
    });
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
    const answer = await client.post({ query });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toMatch(/7777777/);
    expect(tiny.lines.join('')).not.toMatch(/7777777/);
  });

  it('about the value of an enum name those that there are', async () => {
    for (const [value, told] of [
      ['merge', ', and not merge'],
      ['"merge"', ', without quotes'],
      ['"SKIP"', ': write SKIP, without quotes'],
      ['skip', ': write SKIP, in upper case'],
      ['"skip"', ': write SKIP, in upper case and without quotes'],
      ['S7777777', ''],
    ] as const) {
      const { errors } = await client.post({ query: `mutation { take(input: {name: "n", policy: ${value}}) }` });
      expect(errors).toMatchObject([
        { message: expect.stringMatching(/^input\.policy: takes one of SKIP, OVERWRITE/) },
      ]);
      expect(errors[0]?.message.endsWith(`OVERWRITE${told}`)).toBe(true);
    }
  });

  it('that tell how long to wait say so, and are the status where there is no data besides', async () => {
    const alone = await client.post({ query: '{ hello busyAll }' });
    expect([alone.status, alone.data ?? null, alone.headers.get('retry-after')]).toEqual([429, null, '7']);
    const beside = await client.post({ query: '{ hello busy }' });
    expect([beside.status, beside.data, beside.headers.get('retry-after')]).toEqual([
      200,
      { hello: 'hello ann', busy: null },
      '7',
    ]);
    for (const { errors } of [alone, beside])
      expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 7 } }]);
    const { results } = await client.overSocket('{ busyAll }');
    expect(results).toMatchObject([{ errors: [{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 7 } }] }]);
  });

  it('outside of GraphQL have the shape of the REST contract', async () => {
    const response = await fetch(`${tiny.url}/nowhere`, { headers: { 'x-request-id': 'req-3' } });
    expect([response.status, await response.json()]).toEqual([
      404,
      {
        error: expect.stringMatching(/^There is nothing at this address, .*: the page at \/ says/),
        code: 'NOT_FOUND',
        request_id: 'req-3',
      },
    ]);
  });
});

describe('every answer', () => {
  it.each(['/healthz', '/graphql', '/nowhere', '/%zz'])(
    'of %s carries a request id and the security headers',
    async (path) => {
      const { headers } = await fetch(`${tiny.url}${path}`);
      expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'/);
    },
  );

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
      httpRequest(`${tiny.url}/healthz`, { headers: { host } }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
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

describe('an answer over TLS', () => {
  it('tells browsers to come by TLS only, but for localhost, whose ports belong to everybody', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shell-'));
    const { server, caCertificate } = await makeCertificates(folder);
    const tls = await ServerCertificate.open(
      { privateKeyFile: server.privateKey, certificateFile: server.certificate },
      { log: createLog('silent'), clock: systemClock },
    );
    const secure = await startTinyServer({ tls });
    const header = async (host: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        httpsRequest(`${secure.url}/nowhere`, { headers: { host }, ca: readFileSync(caCertificate) }, (response) =>
          resolve(response.resume().headers['strict-transport-security']),
        )
          .on('error', reject)
          .end();
      });
    expect(await header('127.0.0.1')).toBe('max-age=31536000');
    expect(await header('localhost:4000')).toBeUndefined();
    expect((await fetch(`${tiny.url}/healthz`)).headers.get('strict-transport-security')).toBeNull();
    await secure.close();
    rmSync(folder, { recursive: true });
  });
});

describe('health', () => {
  it('is reported without a token', async () => {
    expect(await (await fetch(`${tiny.url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${tiny.url}/readyz`)).json()).toEqual({ status: 'ok', database: 'ok', store: 'ok' });
  });

  it('says why the server is not ready', async () => {
    const away = await startTinyServer({
      ready: () => ({ databases: new Map([['north', 'connection refused']]), store: 'ok' }),
    });
    const response = await fetch(`${away.url}/readyz`);
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: 'not ready', database: 'connection refused', store: 'ok' },
    ]);
    await away.close();
  });
});

describe('the log', () => {
  it('never shows what stands under the name of a secret, at any depth', () => {
    const lines: string[] = [];
    const log = createLog('info', { write: (line) => void lines.push(line) });
    const error = Object.assign(new Error('failed', { cause: new Error('why') }), {
      code: 'EFAIL',
      request: { headers: { authorization: 'hunter2' } },
    });
    log.child({ token: 'hunter2' }).info({
      headers: { Authorization: 'hunter2', 'set-cookie': ['hunter2'] },
      input: [{ encryptionKey: 'hunter2', decryption_key: 'hunter2', passphrase: 'hunter2' }],
      config: { jwtSecret: 'hunter2' },
      err: error,
      rows: 5n,
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/hunter2/);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      rows: '5',
      err: { type: 'Error', message: 'failed', code: 'EFAIL', cause: { message: 'why' } },
    });
  });
});
