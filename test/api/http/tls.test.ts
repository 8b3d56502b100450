/** TLS of our own listener: with the whole app, then its certificate's life: faults, renewals, expiry. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { ServerCertificate } from '../../../src/api/http/guard/tls.js';
import type { TlsConfig } from '../../../src/config/config.js';
import { type Clock, systemClock } from '../../../src/lib/clock.js';
import { createLog } from '../../../src/lib/log.js';
import { tokenWith } from '../../support/clients/api-client.js';
import { tokenOf } from '../../support/clients/tiny-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { makeCertificate, makeCertificates, type TestCertificates } from '../../support/servers/certificates.js';
import { environment, type ServerTls } from '../../support/servers/ovsdb-server.js';
import { startTinyServer, type TinyServer } from '../../support/servers/tiny-server.js';
import { TestClock } from '../../support/test-clock.js';

const DAY_MS = 86_400_000;

let folder: string;
let certificates: TestCertificates;
let ca: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-tls-'));
  certificates = await makeCertificates(folder);
  ca = await readFile(certificates.caCertificate, 'utf8');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** Node's fetch takes no CA of a test's own. */
function ask(
  url: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers, body } = options;
    const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(
      url,
      { ca, servername: 'localhost', agent: false, timeout: 5_000, method, headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    request.on('error', reject).on('timeout', () => request.destroy(new Error('no answer')));
    request.end(body);
  });
}

const portOf = (url: string): number => Number(new URL(url).port);

/** What a handshake comes to. */
function shake(
  url: string,
  options: ConnectionOptions = {},
): Promise<{ readonly protocol: string | null; readonly fingerprint: string }> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port: portOf(url), ca, ...options }, () => {
      resolve({ protocol: socket.getProtocol(), fingerprint: socket.getPeerCertificate().fingerprint256 });
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

describe('a server with a certificate', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApiServer({
      env: { OVNCP_TLS_CERT: certificates.server.certificate, OVNCP_TLS_KEY: certificates.server.privateKey },
    });
  });
  afterAll(() => api.stop());

  it('says https in its address and in the log, and tells browsers to stay with it', async () => {
    expect(api.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(api.lines.some((line) => line.includes(`"url":"${api.url}"`))).toBe(true);
    const answer = await ask(`${api.url}/healthz`);
    expect(answer).toMatchObject({ status: 200, text: '{"status":"ok"}' });
    expect(answer.headers['strict-transport-security']).toMatch(/^max-age=\d{8}/);
    // which counts for every port of the name
    expect((await ask(`${api.url.replace('127.0.0.1', 'localhost')}/healthz`)).headers).not.toHaveProperty(
      'strict-transport-security',
    );
  });

  it('takes operations and bodies as it does without TLS', async () => {
    const authorization = `Bearer ${await tokenWith()}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const body = JSON.stringify({ query: 'mutation { createBackup(input: {name: "over TLS"}) { name rowCount } }' });
    expect(JSON.parse((await ask(`${api.url}/graphql`, { method: 'POST', headers, body })).text)).toMatchObject({
      data: { createBackup: { name: 'over TLS' } },
    });
    expect(
      (await ask(`${api.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body }))
        .status,
    ).toBe(401);
    expect(await ask(`${api.url}/healthz`, { headers: { host: 'evil.example' } })).toMatchObject({ status: 403 });
  });

  it('takes sockets: wss carries subscriptions', async () => {
    class Socket extends WebSocket {
      constructor(url: string, protocols: string) {
        super(url, protocols, { ca });
      }
    }
    const certificate = await ServerCertificate.open(
      { privateKeyFile: certificates.server.privateKey, certificateFile: certificates.server.certificate },
      { log: createLog('silent'), clock: systemClock },
    );
    const tiny = await startTinyServer({ tls: certificate });
    const client = createClient({
      url: `${tiny.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: Socket,
      retryAttempts: 0,
      connectionParams: { authorization: `Bearer ${await tokenOf()}` },
    });
    const results: unknown[] = [];
    for await (const result of client.iterate({ query: 'subscription { count(to: 3) }' })) results.push(result);
    await client.dispose();
    await tiny.close();
    expect(results).toEqual([1, 2, 3].map((count) => ({ data: { count } })));
  });

  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    expect((await shake(api.url)).protocol).toBe('TLSv1.3');
    expect((await shake(api.url, { maxVersion: 'TLSv1.2' })).protocol).toBe('TLSv1.2');
    await expect(
      shake(api.url, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ).rejects.toThrow(/alert protocol version/);
  });

  it('tells a client that speaks plain HTTP to write https, and hangs up on rubbish', async () => {
    const plain = api.url.replace('https', 'http');
    expect(await ask(`${plain}/healthz`)).toMatchObject({
      status: 400,
      text: '{"error":"This port speaks TLS: write https://","code":"BAD_USER_INPUT"}',
    });
    // with a body that nobody reads
    expect(await ask(`${plain}/graphql`, { method: 'POST', body: 'x'.repeat(1_000_000) })).toMatchObject({
      status: 400,
    });
    const received = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connectTcp({ host: '127.0.0.1', port: portOf(api.url) }, () => socket.write('\0\0rubbish'));
      socket
        .on('data', (piece) => (text += String(piece)))
        .on('close', () => resolve(text))
        .on('error', reject);
    });
    expect(received).toBe('');
    // a handshake that goes wrong in the middle
    await new Promise((resolve) => {
      const socket = connectTcp({ host: '127.0.0.1', port: portOf(api.url) }, () =>
        socket.write(Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5])),
      );
      socket
        .on('data', () => undefined)
        .on('error', () => undefined)
        .on('close', resolve);
    });
    expect((await ask(`${api.url}/healthz`)).status).toBe(200);
  });

  it('takes a handshake that arrives in pieces', async () => {
    const pieces = createServer((client) => {
      const upstream = connectTcp({ host: '127.0.0.1', port: portOf(api.url) });
      upstream.setNoDelay(true).pipe(client);
      client.once('data', (hello: Buffer) => {
        upstream.write(hello.subarray(0, 1));
        setTimeout(() => {
          upstream.write(hello.subarray(1));
          client.pipe(upstream);
        }, 50);
      });
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const)
        socket.on('error', () => undefined).on('close', () => other.destroy());
    });
    await new Promise<void>((resolve) => pieces.listen(0, '127.0.0.1', resolve));
    const { port } = pieces.address() as AddressInfo;
    expect((await ask(`https://127.0.0.1:${port}/healthz`)).status).toBe(200);
    await new Promise((resolve) => pieces.close(resolve));
  });

  it('ends at once though clients have not begun their handshakes, or not ended them', async () => {
    const own = await startApiServer({
      env: { OVNCP_TLS_CERT: certificates.server.certificate, OVNCP_TLS_KEY: certificates.server.privateKey },
    });
    const connect = (first?: Buffer): Promise<{ readonly closed: Promise<void> }> =>
      new Promise((resolve, reject) => {
        const socket = connectTcp({ host: '127.0.0.1', port: portOf(own.url) });
        const closed = new Promise<void>((hungUp) => socket.once('close', () => hungUp()));
        socket.once('connect', () => {
          if (first !== undefined) socket.write(first);
          resolve({ closed });
        });
        socket.on('error', reject).resume();
      });
    const hangUps = [await connect(), await connect(Buffer.from([0x16, 3, 1, 2, 0]))];
    await own.stop();
    await Promise.all(hangUps.map(({ closed }) => closed));
  });
});

describe('the certificate', () => {
  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  beforeEach(() => lines.splice(0));

  const filesOf = ({ privateKey, certificate }: Pick<ServerTls, 'privateKey' | 'certificate'>): TlsConfig => ({
    privateKeyFile: privateKey,
    certificateFile: certificate,
  });

  /** A copy that may be replaced. */
  async function installed(pair: ServerTls): Promise<TlsConfig> {
    const into = await mkdtemp(join(folder, 'installed-'));
    const files = { privateKeyFile: join(into, 'key.pem'), certificateFile: join(into, 'cert.pem') };
    await replace(files, pair);
    return files;
  }

  async function replace(
    files: TlsConfig,
    { privateKey, certificate }: Pick<ServerTls, 'privateKey' | 'certificate'>,
  ): Promise<void> {
    for (const [from, to] of [
      [privateKey, files.privateKeyFile],
      [certificate, files.certificateFile],
    ] as const) {
      await copyFile(from, `${to}.new`);
      await rename(`${to}.new`, to);
    }
  }

  describe('that is faulty keeps the server from starting', () => {
    const faultOf = async (files: TlsConfig): Promise<string> => {
      const error: unknown = await ServerCertificate.open(files, { log, clock: systemClock }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      return error instanceof Error ? error.message : 'it opened';
    };

    it.each([
      [
        'a key of another certificate',
        (c: TestCertificates) => ({ privateKey: c.client.privateKey, certificate: c.server.certificate }),
        /The key in ".*client-key.pem" does not belong to the certificate in ".*server.pem"/,
      ],
      [
        'swapped files',
        (c: TestCertificates) => ({ privateKey: c.server.certificate, certificate: c.server.privateKey }),
        /"[^"]*server-key.pem" holds a key and no certificate: are the files swapped\?/,
      ],
      [
        'a certificate in place of the key',
        (c: TestCertificates) => ({ privateKey: c.server.certificate, certificate: c.server.certificate }),
        /"[^"]*server.pem" holds a certificate and no key/,
      ],
      [
        'a certificate that is missing',
        (c: TestCertificates) => ({ privateKey: c.server.privateKey, certificate: '/nowhere/cert.pem' }),
        /"\/nowhere\/cert.pem" cannot be read \(ENOENT: it is not there\)/,
      ],
    ])('%s', async (_what, pick, fault) => {
      const message = await faultOf(filesOf(pick(certificates)));
      expect(message).toMatch(/^OVNCP_TLS_CERT, OVNCP_TLS_KEY: /);
      expect(message).toMatch(fault);
    });

    it('a key under a passphrase, in its old form and its new one', async () => {
      const run = promisify(execFile);
      for (const words of [
        ['pkey', '-aes256'],
        ['ec', '-aes256'],
      ]) {
        const privateKey = join(folder, 'protected.pem');
        await run(
          'openssl',
          [...words, '-in', certificates.server.privateKey, '-passout', 'pass:hunter22', '-out', privateKey],
          { env: environment() },
        );
        expect(await faultOf(filesOf({ privateKey, certificate: certificates.server.certificate }))).toMatch(
          /The key in ".*protected.pem" is protected by a passphrase/,
        );
      }
    });

    it('rubbish, of which the message quotes nothing', async () => {
      const rubbish = join(folder, 'rubbish.pem');
      const { privateKey, certificate } = certificates.server;
      for (const [text, fault] of [
        ['hunter22', /no private key in PEM form/],
        ['-----BEGIN PRIVATE KEY-----\naHVudGVyMjI=\n-----END PRIVATE KEY-----\n', /a private key that cannot be read/],
      ] as const) {
        await writeFile(rubbish, text);
        const message = await faultOf(filesOf({ privateKey: rubbish, certificate }));
        expect(message).toMatch(fault);
        expect(message).not.toMatch(/hunter22|aHVudGVy/);
      }
      await writeFile(rubbish, '-----BEGIN CERTIFICATE-----\naHVudGVyMjI=\n-----END CERTIFICATE-----\n');
      expect(await faultOf(filesOf({ privateKey, certificate: rubbish }))).toMatch(/a certificate that cannot be read/);
    });

    it('also in the whole app, which then leaves nothing open', async () => {
      const env = { OVNCP_TLS_CERT: certificates.server.certificate, OVNCP_TLS_KEY: certificates.client.privateKey };
      await expect(startApiServer({ env })).rejects.toThrow(/does not belong to the certificate/);
    });
  });

  describe('that is renewed', () => {
    let tiny: TinyServer;
    let certificate: ServerCertificate;
    let files: TlsConfig;
    let clock: TestClock;
    beforeEach(async () => {
      files = await installed(certificates.server);
      clock = new TestClock(Date.now());
      certificate = await ServerCertificate.open(files, { log, clock });
      tiny = await startTinyServer({ tls: certificate });
    });
    afterEach(() => tiny.close());

    const errors = (): string[] => lines.filter((line) => line.includes('the old one stays in force'));
    /** The server looks at the files. */
    const look = async (): Promise<void> => {
      clock.advance(60_000);
      // the look that goes on
      await certificate.renew();
    };

    it('is taken up without a restart, and connections that are open go on', async () => {
      const before = (await shake(tiny.url)).fingerprint;
      const old = connectTls({ host: '127.0.0.1', port: portOf(tiny.url), ca });
      await new Promise((resolve) => old.once('secureConnect', resolve));
      await replace(files, await makeCertificate(folder, { name: 'renewed', days: 90 }));
      expect((await shake(tiny.url)).fingerprint).toBe(before);
      await look();
      expect((await shake(tiny.url)).fingerprint).not.toBe(before);
      expect(lines.some((line) => line.includes('was renewed') && line.includes('CN=test renewed'))).toBe(true);
      old.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
      const received = await new Promise<string>((resolve) => {
        let text = '';
        old.on('data', (piece) => (text += String(piece))).on('close', () => resolve(text));
      });
      expect(received).toMatch(/^HTTP\/1\.1 200 OK/);
      await expect(
        shake(tiny.url, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
      ).rejects.toThrow(/alert protocol version/);
    });

    it('and broken is told in the log, once, while the old one stays; the next good one is taken', async () => {
      const before = (await shake(tiny.url)).fingerprint;
      await writeFile(`${files.privateKeyFile}.new`, 'half a fi');
      await rename(`${files.privateKeyFile}.new`, files.privateKeyFile);
      await look();
      expect(errors()[0]).toMatch(/"level":"error".*no private key in PEM form/);
      await look();
      expect(errors()).toHaveLength(1);
      await rm(files.certificateFile);
      await look();
      expect(errors()).toHaveLength(2);
      expect((await shake(tiny.url)).fingerprint).toBe(before);
      await replace(files, await makeCertificate(folder, { name: 'good', days: 90 }));
      await look();
      expect((await shake(tiny.url)).fingerprint).not.toBe(before);
    });

    it('by one that has expired is told in the log, and the old one stays', async () => {
      const before = (await shake(tiny.url)).fingerprint;
      await replace(files, await makeCertificate(folder, { name: 'stale', days: -1 }));
      await look();
      expect(errors()).toEqual([expect.stringContaining('expired on')]);
      expect((await shake(tiny.url)).fingerprint).toBe(before);
    });
  });

  describe('is warned of', () => {
    const warnings = (): string[] => lines.filter((line) => line.includes('"level":"warn"'));
    const at = (days: number): Clock => ({ ...systemClock, now: () => Date.now() + days * DAY_MS });

    it('once a day while it expires soon, has expired or is not valid yet, and not before', async () => {
      const files = filesOf(await makeCertificate(folder, { name: 'quarter', days: 90 }));
      let clock = at(0);
      const certificate = await ServerCertificate.open(files, {
        log,
        clock: { ...systemClock, now: () => clock.now() },
      });
      await certificate.renew();
      expect(warnings()).toEqual([]);
      const seen: string[] = [];
      for (const days of [77, 77.5, 78.1, 91]) {
        clock = at(days);
        await certificate.renew();
        seen.push(warnings().length > 0 ? (JSON.parse(warnings()[0] ?? '') as { msg: string }).msg : 'nothing');
        lines.splice(0);
      }
      expect(seen).toEqual([
        'the TLS certificate expires soon',
        'nothing',
        'the TLS certificate expires soon',
        'the TLS certificate has expired: clients will refuse it',
      ]);
      await ServerCertificate.open(files, { log, clock: at(-2) });
      expect(warnings()).toEqual([expect.stringContaining('is not valid yet')]);
    });

    it('when it is missing and the server listens beyond loopback, once, at the start', async () => {
      const told = (server: TinyServer): number =>
        server.lines.filter((line) => line.includes('beyond loopback without TLS')).length;
      // another way to write the loopback's address, that the server does not know
      const open = await startTinyServer({}, { host: '127.1' });
      expect(told(open)).toBe(1);
      await open.close();
      const closed = await startTinyServer();
      expect(told(closed)).toBe(0);
      await closed.close();
    });
  });
});
