/** Uploads by GraphQL multipart requests: limits, malformed ones, stalled ones. */
import { connect } from 'node:net';
import { codesOf, TinyClient, tokenOf } from '../../support/clients/tiny-client.js';
import type { TinyServer } from '../../support/servers/tiny-server.js';
import { startTinyServer, UPLOAD_BYTES_MAX } from '../../support/servers/tiny-server.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

let tiny: TinyServer;
let client: TinyClient;
beforeAll(async () => {
  tiny = await startTinyServer();
  client = await TinyClient.of(tiny.url);
});
afterAll(() => tiny.close());

function multipart(bytes: number, options: { read?: boolean; map?: string; operations?: string } = {}): FormData {
  const form = new FormData();
  form.set(
    'operations',
    options.operations ??
      JSON.stringify({
        query: 'mutation ($file: Upload!, $read: Boolean) { upload(file: $file, read: $read) }',
        variables: { file: null, read: options.read ?? true },
      }),
  );
  form.set('map', options.map ?? '{"0":["variables.file"]}');
  form.set('0', new Blob([new Uint8Array(bytes)]), 'b.json');
  return form;
}

describe('an upload', () => {
  it.each([0, 1, 65_536, UPLOAD_BYTES_MAX])('of %i bytes arrives whole', async (bytes) => {
    expect((await client.upload(multipart(bytes))).data).toEqual({ upload: bytes });
  });

  it('of one byte too many is refused', async () => {
    expect(codesOf(await client.upload(multipart(UPLOAD_BYTES_MAX + 1)))).toEqual(['TOO_LARGE']);
  });

  it('that says it is far too large is refused before it is read', async () => {
    const answer = await client.upload(multipart(UPLOAD_BYTES_MAX + 4 * 1024 * 1024));
    expect([answer.status, ...codesOf(answer)]).toEqual([413, 'TOO_LARGE']);
  });

  it('without the header that a foreign form cannot send is refused', async () => {
    const answer = await client.upload(multipart(10), {});
    expect([answer.status, ...codesOf(answer)]).toEqual([400, 'BAD_USER_INPUT']);
  });

  it('of a token that may not import is refused before it is read', async () => {
    const socket = connect(Number(new URL(tiny.url).port), '127.0.0.1');
    const answer = await new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(String(data)));
      void tokenOf({ roles: ['viewer'] }).then((token) =>
        socket.write(
          `POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: ` +
            'multipart/form-data; boundary=x\r\nApollo-Require-Preflight: true\r\nContent-Length: 90000\r\n\r\n--x',
        ),
      );
    });
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1.1 403/);
  });

  it.each([
    ['map of two files', multipart(1, { map: '{"0":["variables.file"],"1":["variables.other"]}' })],
    ['map to nowhere', multipart(1, { map: '{"0":["no.such.place"]}' })],
    ['map that is no JSON', multipart(1, { map: '{' })],
    ['operations that are no JSON', multipart(1, { operations: '{' })],
  ])('with a %s is refused', async (_name, form) => {
    const answer = await client.upload(form);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(['BAD_USER_INPUT', 'TOO_LARGE']).toContain(codesOf(answer)[0]);
  });

  it.each([
    ['no field and no file', '--b--\r\n'],
    [
      'headers of parts that are malformed',
      '--b\r\nContent\u0000: x\r\n\r\nx\r\n--b\r\nX\u0000Y: q\r\n\r\nx\r\n--b--\r\n',
    ],
    ['its end missing', '--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{}'],
    ['no boundary', undefined],
  ])('with %s is refused, and the server goes on', async (_name, body) => {
    const response = await fetch(`${tiny.url}/graphql`, {
      method: 'POST',
      body: body ?? 'x',
      headers: {
        authorization: client.bearer,
        'apollo-require-preflight': 'true',
        'content-type': `multipart/form-data; ${body === undefined ? '' : 'boundary=b'}`,
      },
    });
    const { errors } = (await response.json()) as { errors: readonly { extensions: { code: string } }[] };
    expect([response.status, errors[0]?.extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
    expect((await client.post({ query: '{ hello }' })).status).toBe(200);
  });

  it.each([
    'variables.hasOwnProperty.call',
    'toString.call',
    'variables.__proto__.file',
    'variables.constructor.prototype.file',
    'query',
    'variables',
  ])('with a map to %s, which is no variable, is refused', async (path) => {
    const answer = await client.upload(multipart(1, { map: JSON.stringify({ 0: [path] }) }));
    expect([answer.status, ...codesOf(answer)]).toEqual([400, 'BAD_USER_INPUT']);
    expect(typeof Object.prototype.hasOwnProperty.call).toBe('function');
    expect((await client.post({ query: '{ hello }' })).status).toBe(200);
  });

  it('that nobody reads does not hold the connection', async () => {
    expect((await client.upload(multipart(UPLOAD_BYTES_MAX, { read: false }))).data).toEqual({ upload: 0 });
    expect((await client.post({ query: '{ hello }' })).status).toBe(200);
  });

  it('that stalls ends, and the server goes on', async () => {
    const clock = new TestClock();
    const server = await startTinyServer({ clock });
    const before = clock.waiting;
    const boundary = 'b0undary';
    const part = (name: string, value: string, extra = ''): string =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${extra}\r\n\r\n${value}`;
    const body = `${part('operations', '{"query":"mutation ($file: Upload!) { upload(file: $file) }","variables":{"file":null}}')}\r\n${part('map', '{"0":["variables.file"]}')}\r\n${part('0', 'begin', '; filename="f"')}`;
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    let isClosed = false;
    socket
      .once('close', () => (isClosed = true))
      .on('error', () => undefined)
      .resume();
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${client.bearer}\r\nApollo-Require-Preflight: ` +
        `1\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: 100000\r\n\r\n${body}`,
    );
    await until(() => clock.waiting > before);
    await until(() => {
      if (!isClosed) clock.advance(1_000);
      return isClosed;
    });
    expect(clock.monotonic()).toBeGreaterThanOrEqual(30_000);
    expect((await (await TinyClient.of(server.url)).post({ query: '{ hello }' })).status).toBe(200);
    await server.api.drain();
    expect(server.lines.join('')).toMatch(/no byte of the body/);
    await server.close();
  });
});
