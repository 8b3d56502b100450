/** Abuse of the REST face on the whole server: ids, names and bodies that mean to do something else. */

import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { RestClient } from '../../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';

let api: TestApi;
let rest: RestClient;
beforeAll(async () => {
  api = await startApiServer();
  rest = RestClient.of(api.admin);
});
afterAll(() => api.stop());

/** What comes back for a request that is written as it is, with an admin's token. */
async function raw(method: string, path: string, body = ''): Promise<string> {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1').on('error', () => undefined);
  let text = '';
  socket.on('data', (data) => (text += data.toString('latin1')));
  socket.write(
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ` +
      `${rest.token ?? ''}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return text;
}

describe('an id', () => {
  it.each([
    '..%2f..%2f..%2fetc%2fpasswd',
    '%2e%2e',
    '..%5c..',
    '%00',
    '%2fetc%2fpasswd',
    '%0d%0aX-Injected:%20yes',
    '%E2%80%AE',
    '__proto__',
    'constructor',
    '.lock',
    'tokens.json',
    '%27%20OR%201=1',
    '*',
  ])('that is none finds nothing, whatever is asked of it: %s', async (id) => {
    const before = await api.files();
    for (const [method, tail] of [
      ['GET', ''],
      ['GET', '/export'],
      ['GET', '/export?raw=true'],
      ['DELETE', ''],
      ['POST', '/restore'],
    ] as const) {
      const text = await raw(method, `/api/v1/backups/${id}${tail}`);
      expect(text).toMatch(/^HTTP\/1.1 40[04] /);
      expect(text).not.toMatch(/^X-Injected|root:x:/m);
      expect(text).toMatch(/x-content-type-options: nosniff/i);
    }
    expect(await api.files()).toEqual(before);
  });

  it.each([
    '/api/v1/backups/../../etc/passwd',
    '/api/v1//backups',
    '/api/v1/backups/x/../../../../etc/passwd',
    '/API/V1/BACKUPS',
    '/api/v1/backups/%2e%2e/metrics',
    '/api/v1/backups;x=y',
  ])('in a path that leads elsewhere leads nowhere: %s', async (path) => {
    expect(await raw('GET', path)).toMatch(/^HTTP\/1.1 40[04] /);
  });
});

describe('a name', () => {
  const names = [
    'a"; filename="evil.sh',
    'a\r\nX-Injected: yes',
    '../../../etc/cron.d/x',
    'a\0b',
    'naïve ☃ \u202E',
    '%2e%2e%2f',
    '-rf',
    '.',
    '..',
    ' ',
  ];
  it.each(names)('of a backup stays a name, in the folder and in headers, or is refused: %j', async (name) => {
    const made = await rest.post('/api/v1/backups', { name });
    if (made.status !== 201) {
      expect([made.status, made.body['code']]).toEqual([400, 'BAD_USER_INPUT']);
      return;
    }
    const { id } = made.body['backup'] as { id: string };
    for (const query of ['', '?raw=true', '?format=yaml']) {
      const text = await raw('GET', `/api/v1/backups/${id}/export${query}`);
      const [head] = text.split('\r\n\r\n', 1) as [string];
      expect(head).toMatch(/^HTTP\/1.1 200 /);
      expect(head).not.toMatch(/^X-Injected/im);
      const disposition = /^content-disposition: (.*)$/im.exec(head)?.[1] ?? '';
      expect(disposition).toMatch(/^attachment; filename="[^"\\/]*"(; filename\*=UTF-8''[\w%.~-]*)?$/);
      expect(disposition).not.toMatch(/[^\x20-\x7e]/);
    }
    for (const file of await api.files()) expect(file).toMatch(/^[\w.-]+(\/[\w.-]+)*$/);
    expect((await rest.send(`/api/v1/backups/${id}`, { method: 'DELETE' })).status).toBe(200);
  });
});

describe('a body', () => {
  const routes = [
    '/api/v1/backups',
    '/api/v1/backups/import',
    '/api/v1/backups/validate',
    `/api/v1/backups/${crypto.randomUUID()}/restore`,
  ];
  it.each(routes)('of hostile JSON is refused by %s, and changes nothing', async (path) => {
    const before = await api.files();
    const depth = 50_000;
    const bodies = [
      '{"name":"x","__proto__":{"isAdmin":true}}',
      '{"name":"x","constructor":{"prototype":{"isAdmin":true}}}',
      '{"name":{"__proto__":{"a":1}}}',
      '{"__proto__":null}',
      '['.repeat(depth) + ']'.repeat(depth),
      `${'{"name":'.repeat(depth)}1${'}'.repeat(depth)}`,
      `{"name":${'['.repeat(depth)}${']'.repeat(depth)}}`,
      `{"format":"json","data":${JSON.stringify('['.repeat(depth) + ']'.repeat(depth))}}`,
      '{"name":1e999}',
      '{"name":"x","name":"y","nme":1}',
      `{"tags":${JSON.stringify(Array.from({ length: 10_000 }, (_, i) => String(i)))}}`,
      `{"name":"${'x'.repeat(1_000_000)}"}`,
      '\ufeff{',
      'null',
      '"',
      '0',
      '',
    ];
    for (const body of bodies) {
      if (body === '' && path.endsWith('/restore')) continue;
      const answer = await rest.send(path, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      if (![400, 404, 413, 422].includes(answer.status))
        throw new Error(`${answer.status} to ${body.slice(0, 40)}: ${JSON.stringify(answer.body).slice(0, 200)}`);
    }
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
    expect(await api.files()).toEqual(before);
  });
});

describe('a form', () => {
  it.each([
    ['headers of parts that are malformed', 'Content\u0000: x\r\n\r\nx\r\n--b\r\nX\u0000Y: q\r\n\r\nx'],
    ['a field without a name', 'Content-Disposition: form-data\r\n\r\nx'],
    ['a file without a name', 'Content-Disposition: form-data; filename="x"\r\n\r\nx'],
    [
      'a field twice and then a file',
      'Content-Disposition: form-data; name="name"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; ' +
        'name="name"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nx',
    ],
    [
      'a malformed part and then a file',
      'Content\u0000: x\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nx',
    ],
    ['a file in another field', 'Content-Disposition: form-data; name="other"; filename="x"\r\n\r\nx'],
  ])('with %s is refused, and the server goes on', async (_name, part) => {
    const body = `--b\r\n${part}\r\n--b--\r\n`;
    expect(
      await rest.send('/api/v1/backups/import', {
        method: 'POST',
        body,
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
      }),
    ).toMatchObject({ status: 400, body: { code: 'BAD_USER_INPUT' } });
    expect(await rest.get('/api/v1/backups')).toMatchObject({ status: 200 });
    expect((await api.files()).filter((name) => name.startsWith('incoming'))).toEqual([]);
  });
});

it('takes twelve encrypted imports at once', async () => {
  const sealed = Buffer.concat([
    Buffer.from('OVNCPENC'),
    Buffer.from([1, 1, 15, 8, 1]),
    Buffer.alloc(16, 1),
    Buffer.from([0, 1, 0, 0]),
    Buffer.alloc(7),
    createHash('sha256').update('x').digest(),
    Buffer.alloc(64),
  ]);
  const answers = await Promise.all(
    Array.from({ length: 12 }, () =>
      rest.send('/api/v1/backups/import', {
        method: 'POST',
        body: new Uint8Array(sealed),
        headers: { 'content-type': 'application/octet-stream', 'x-decryption-key': 'wrong' },
      }),
    ),
  );
  expect(answers.map(({ status, body }) => [status, body['code']])).toEqual(
    answers.map(() => [422, 'DECRYPTION_FAILED']),
  );
});
