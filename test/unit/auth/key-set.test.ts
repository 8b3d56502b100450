/** JWTs by key set (JWKS), against a key server that rotates, fails, stalls and floods. */
import {
  createHash,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import { type Authenticator, createAuthenticator } from '../../../src/auth/authenticator.js';
import type { KeySetDeadlines } from '../../../src/auth/key-set.js';
import { systemClock } from '../../../src/lib/clock.js';
import { createLog } from '../../../src/lib/log.js';

interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly jwk: JWK;
}

async function newKey(alg = 'ES256', extra: Partial<JWK> = {}): Promise<SigningKey> {
  const pair =
    alg === 'EdDSA'
      ? generateKeyPairSync('ed25519')
      : alg.startsWith('ES')
        ? generateKeyPairSync('ec', { namedCurve: { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[alg] ?? '' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = randomUUID();
  return { kid, alg, privateKey: pair.privateKey, jwk: { ...(await exportJWK(pair.publicKey)), kid, ...extra } };
}

const now = (): number => Math.floor(Date.now() / 1000);

async function tokenBy(
  key: SigningKey,
  claims: JWTPayload = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const payload = { sub: 'svc', roles: ['viewer'], exp: now() + 300, ...claims };
  return `Bearer ${await new SignJWT(payload).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey)}`;
}

/** Serves keys, and counts how often it is asked. */
class KeyServer {
  keys: readonly JWK[] = [];
  asked = 0;
  /** Answers in place of the keys, where set. */
  instead: RequestListener | undefined;
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(...keys: readonly SigningKey[]): Promise<KeyServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const started = new KeyServer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`);
    started.keys = keys.map(({ jwk }) => jwk);
    server.on('request', (request, response) => {
      started.asked++;
      if (started.instead !== undefined) started.instead(request, response);
      else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: started.keys }));
    });
    return started;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

let server: KeyServer;
afterEach(() => server.stop());

const log = createLog('silent');
const authenticatorWith = async (keySet: KeySetDeadlines = {}, more: object = {}): Promise<Authenticator> =>
  createAuthenticator({ jwksUrl: server.url, keySet, log, clock: systemClock, ...more });
const codeOf = async (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    () => 'taken',
    (error: unknown) => (error as { code?: unknown }).code,
  );

describe('signatures', () => {
  it.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'])(
    'by %s are taken',
    async (alg) => {
      const key = await newKey(alg);
      server = await KeyServer.start(await newKey(), key);
      await expect((await authenticatorWith()).authenticate(await tokenBy(key))).resolves.toMatchObject({
        subject: 'svc',
      });
    },
  );

  it.each(['HS256', 'HS384', 'HS512'])('by %s are refused, whatever of the public key is the secret', async (alg) => {
    const key = await newKey('RS256');
    server = await KeyServer.start(key);
    const authenticator = await authenticatorWith();
    const pem = createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' }) as string;
    for (const secret of [pem, pem.trim(), JSON.stringify(key.jwk), key.jwk.n ?? '']) {
      const token = await new SignJWT({ sub: 'evil', roles: ['admin'] })
        .setProtectedHeader({ alg, kid: key.kid })
        .sign(createSecretKey(Buffer.from(secret)));
      expect(await codeOf(authenticator.authenticate(`Bearer ${token}`))).toBe('UNAUTHENTICATED');
    }
  });

  it('by a symmetric key in the set are refused', async () => {
    const secret = Buffer.from(createHash('sha256').update('x').digest());
    server = await KeyServer.start();
    server.keys = [{ kty: 'oct', k: secret.toString('base64url'), kid: 'sym', alg: 'HS256' }];
    const token = await new SignJWT({ sub: 'evil' }).setProtectedHeader({ alg: 'HS256', kid: 'sym' }).sign(secret);
    expect(await codeOf((await authenticatorWith()).authenticate(`Bearer ${token}`))).toBe('UNAUTHENTICATED');
  });

  it('by a key that is for encryption, or for another algorithm, are refused', async () => {
    const encryption = await newKey('ES256', { use: 'enc' });
    const other = await newKey('RS256', { alg: 'PS256' });
    server = await KeyServer.start(encryption, other);
    const authenticator = await authenticatorWith();
    for (const key of [encryption, other])
      expect(await codeOf(authenticator.authenticate(await tokenBy(key)))).toBe('UNAUTHENTICATED');
  });

  it('by a key that the token brings along are refused', async () => {
    const [known, own] = await Promise.all([newKey(), newKey()]);
    server = await KeyServer.start(known);
    const authenticator = await authenticatorWith();
    for (const header of [{ jwk: own.jwk }, { jku: 'http://127.0.0.1:1/jwks' }, { jwk: own.jwk, kid: known.kid }]) {
      expect(await codeOf(authenticator.authenticate(await tokenBy(own, {}, header)))).toBe('UNAUTHENTICATED');
    }
  });

  it("with odd headers are refused as the sender's fault", async () => {
    const key = await newKey();
    server = await KeyServer.start(key);
    const authenticator = await authenticatorWith();
    const [, payload, signature] = (await tokenBy(key)).split('.') as [string, string, string];
    for (const header of [
      { alg: 'ES256', kid: 7 },
      { alg: 'ES256', crit: ['b64'], b64: false },
      { alg: 'none' },
      { alg: 'ES512', kid: key.kid },
      { alg: 'RS256', kid: key.kid },
      { alg: ['ES256'] },
      { kid: key.kid },
      [],
      'x',
      null,
    ]) {
      const head = Buffer.from(JSON.stringify(header)).toString('base64url');
      for (const end of [signature, '', 'AAAA'])
        expect(await codeOf(authenticator.authenticate(`Bearer ${head}.${payload}.${end}`))).toBe('UNAUTHENTICATED');
    }
    expect(await codeOf(authenticator.authenticate(await tokenBy(key)))).toBe('taken');
  });
});

describe('claims', () => {
  // a clock that stands still: a busy machine does not make a token older
  const at = Math.floor(Date.now() / 1000);
  const clock = { ...systemClock, now: () => at * 1000 };
  const rules = { jwtIssuer: 'https://id.example', jwtAudience: 'ovncp' };
  it.each<[string, JWTPayload, string]>([
    ['are taken with issuer and audience', {}, 'taken'],
    ['are taken with the audience among others', { aud: ['a', 'ovncp'] }, 'taken'],
    ['are refused with another issuer', { iss: 'https://id.example/' }, 'UNAUTHENTICATED'],
    ['are refused with another audience', { aud: 'ovncp2' }, 'UNAUTHENTICATED'],
    ['are taken 20 s after their end, as clocks differ', { exp: at - 20 }, 'taken'],
    ['are refused 40 s after their end', { exp: at - 40 }, 'UNAUTHENTICATED'],
    ['are taken 20 s before their begin', { nbf: at + 20 }, 'taken'],
    ['are refused a minute before their begin', { nbf: at + 60 }, 'UNAUTHENTICATED'],
    ['are refused with an end that is no number', { exp: 'never' as unknown as number }, 'UNAUTHENTICATED'],
    ['are taken without an end', { exp: undefined }, 'taken'],
  ])('%s', async (_name, claims, outcome) => {
    const key = await newKey();
    server = await KeyServer.start(key);
    const authenticator = await authenticatorWith({}, { ...rules, clock });
    expect(
      await codeOf(
        authenticator.authenticate(await tokenBy(key, { iss: 'https://id.example', aud: 'ovncp', ...claims })),
      ),
    ).toBe(outcome);
  });
});

describe('rotation', () => {
  it('needs no restart: the new key is taken, the old one is not any more', async () => {
    const [old, next] = await Promise.all([newKey(), newKey()]);
    server = await KeyServer.start(old);
    const authenticator = await authenticatorWith({ cooldownMs: 50 });
    expect(await codeOf(authenticator.authenticate(await tokenBy(old)))).toBe('taken');
    server.keys = [next.jwk];
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await codeOf(authenticator.authenticate(await tokenBy(next)))).toBe('taken');
    expect(await codeOf(authenticator.authenticate(await tokenBy(old)))).toBe('UNAUTHENTICATED');
    expect(server.asked).toBeGreaterThan(1);
  });

  it('is seen after the keys were kept for their time, even when nobody uses the new one', async () => {
    const [old, next] = await Promise.all([newKey(), newKey()]);
    server = await KeyServer.start(old);
    const authenticator = await authenticatorWith({ keptMs: 50, cooldownMs: 10 });
    expect(await codeOf(authenticator.authenticate(await tokenBy(old)))).toBe('taken');
    server.keys = [next.jwk];
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await codeOf(authenticator.authenticate(await tokenBy(old)))).toBe('UNAUTHENTICATED');
  });

  it('is not what made-up keys cause: two hundred of them are one look at the key server', async () => {
    const known = await newKey();
    server = await KeyServer.start(known);
    const authenticator = await authenticatorWith();
    const invented = await Promise.all(Array.from({ length: 200 }, () => tokenBy({ ...known, kid: randomUUID() })));
    expect(new Set(await Promise.all(invented.map((token) => codeOf(authenticator.authenticate(token)))))).toEqual(
      new Set(['UNAUTHENTICATED']),
    );
    for (const token of invented) await codeOf(authenticator.authenticate(token));
    expect(server.asked).toBe(1);
    expect(await codeOf(authenticator.authenticate(await tokenBy(known)))).toBe('taken');
  });
});

describe('a key server in trouble', () => {
  it.each<[string, RequestListener]>([
    ['answers 500', (_request, response) => response.writeHead(500).end()],
    ['answers 404', (_request, response) => response.writeHead(404).end('{"keys":[]}')],
    ['redirects', (_request, response) => response.writeHead(302, { location: '/other' }).end()],
    ['answers no JSON', (_request, response) => response.end('<html>')],
    ['answers no key set', (_request, response) => response.end('{"keys":7}')],
    ['hangs up', (request) => request.socket.destroy()],
    ['never answers', () => undefined],
    ['never ends', (_request, response) => response.write('{"keys":[')],
    [
      'sends without end',
      (_request, response) => {
        const timer = setInterval(() => response.write('x'.repeat(100_000)), 1);
        response.once('close', () => clearInterval(timer));
      },
    ],
  ])('that %s is said to be out of reach, in time, and not asked by every token', async (_name, listener) => {
    const key = await newKey();
    server = await KeyServer.start(key);
    server.instead = listener;
    const authenticator = await authenticatorWith({ timeoutMs: 300, pauseMs: 2_000 });
    const token = await tokenBy(key);
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      message: expect.stringMatching(/out of reach/),
    });
    for (let i = 0; i < 50; i++) expect(await codeOf(authenticator.authenticate(token))).toBe('IDENTITY_UNAVAILABLE');
    expect(server.asked).toBe(1);
  });

  it('is asked again when it has had its pause', async () => {
    const key = await newKey();
    server = await KeyServer.start(key);
    server.instead = (_request, response) => response.writeHead(500).end();
    const authenticator = await authenticatorWith({ pauseMs: 50 });
    expect(await codeOf(authenticator.authenticate(await tokenBy(key)))).toBe('IDENTITY_UNAVAILABLE');
    server.instead = undefined;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await codeOf(authenticator.authenticate(await tokenBy(key)))).toBe('taken');
  });

  it('does not matter to keys that are here, nor to static tokens', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'jwks-'));
    const tokensFile = join(folder, 'tokens.json');
    writeFileSync(
      tokensFile,
      JSON.stringify({
        tokens: [{ name: 'static', sha256: createHash('sha256').update('tok').digest('hex'), permissions: ['admin'] }],
      }),
    );
    const [key, unknown] = await Promise.all([newKey(), newKey()]);
    server = await KeyServer.start(key);
    const authenticator = await authenticatorWith({ cooldownMs: 10 }, { tokensFile });
    expect(await codeOf(authenticator.authenticate(await tokenBy(key)))).toBe('taken');
    server.instead = (request) => request.socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await codeOf(authenticator.authenticate(await tokenBy(unknown)))).toBe('IDENTITY_UNAVAILABLE');
    expect(await codeOf(authenticator.authenticate(await tokenBy(key)))).toBe('taken');
    expect(await codeOf(authenticator.authenticate('Bearer tok'))).toBe('taken');
    rmSync(folder, { recursive: true });
  });
});
