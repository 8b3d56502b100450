/** Authentication: static tokens, JWTs by secret and by key set, permissions, the first token. */
import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { JWTPayload } from 'jose';
import { exportJWK, SignJWT } from 'jose';
import type { AuthenticatorOptions } from '../../../src/auth/authenticator.js';
import { createAuthenticator } from '../../../src/auth/authenticator.js';
import { ensureFirstToken, ownTokensFile } from '../../../src/auth/first-token.js';
import { mayDoTheSame, requirePermissions, viewerOf } from '../../../src/auth/permission.js';
import { type Clock, systemClock } from '../../../src/lib/clock.js';
import { AppError } from '../../../src/lib/error.js';
import { createLog } from '../../../src/lib/log.js';

const SECRET = 'a shared secret of more than 32 bytes';
const NOW = Date.parse('2026-01-15T10:30:00Z');
const lines: string[] = [];
const log = createLog('debug', { write: (line) => void lines.push(line) });
const clock: Clock = { ...systemClock, now: () => NOW };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'auth-'));
  lines.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

async function refusalOf(options: Partial<AuthenticatorOptions>, authorization: string | undefined): Promise<AppError> {
  const authenticator = await createAuthenticator({ log, clock, ...options });
  const error: unknown = await authenticator.authenticate(authorization).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AppError);
  expect((error as AppError).code).toBe('UNAUTHENTICATED');
  return error as AppError;
}

async function jwt(claims: JWTPayload, alg = 'HS256', secret = SECRET): Promise<string> {
  return `Bearer ${await new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret))}`;
}

function unsigned(header: object, claims: object, signature = ''): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `Bearer ${part(header)}.${part(claims)}.${signature}`;
}

function tokensFile(entries: readonly object[]): string {
  const path = join(folder, 'tokens.json');
  writeFileSync(path, JSON.stringify({ tokens: entries }));
  return path;
}

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');

describe('the Authorization header', () => {
  it.each([undefined, '', 'Basic YTpi', 'Bearer', 'Bearer a b', `Bearer ${'x'.repeat(20_000)}`])(
    'refuses %j',
    async (header) => {
      await refusalOf({ jwtSecret: SECRET }, header);
    },
  );
});

describe('a JWT signed with the shared secret', () => {
  it.each(['HS256', 'HS384', 'HS512'])('is taken with %s', async (alg) => {
    const authenticator = await createAuthenticator({ jwtSecret: SECRET, log, clock });
    const viewer = await authenticator.authenticate(
      await jwt({ sub: 'ann', permissions: ['backups:read'], exp: NOW / 1000 + 60 }, alg),
    );
    expect(viewer).toEqual({ subject: 'ann', permissions: new Set(['backups:read']), expiresAtMs: NOW + 60_000 });
  });

  it.each([
    [
      'a permissions array',
      { permissions: ['backups:read', 'backups:delete', 'fly'] },
      ['backups:read', 'backups:delete'],
    ],
    ['a space-separated scope', { scope: 'openid backups:write' }, ['backups:write']],
    ['the role operator', { roles: ['operator'] }, ['backups:read', 'backups:write']],
    ['the role viewer', { roles: ['viewer'] }, ['backups:read']],
    [
      'the role admin',
      { roles: ['admin'] },
      ['backups:read', 'backups:write', 'backups:delete', 'backups:restore', 'admin'],
    ],
    ['a role that is a property of every object', { roles: ['constructor', '__proto__'] }, []],
    ['nothing', {}, []],
    ['claims of the wrong type', { permissions: 7, scope: { a: 1 }, roles: null }, []],
  ])('grants by %s', async (_name, claims, permissions) => {
    const authenticator = await createAuthenticator({ jwtSecret: SECRET, log, clock });
    const viewer = await authenticator.authenticate(await jwt({ sub: 'ann', ...claims }));
    expect([...viewer.permissions].sort()).toEqual([...permissions].sort());
  });

  it.each([
    ['a list', ['alpha', 'bravo'], ['alpha', 'bravo']],
    ['words', 'alpha  bravo', ['alpha', 'bravo']],
    ['an empty list', [], []],
    ['no word', ' ', []],
    ['a number', 7, []],
    ['null', null, []],
    ['an object', { alpha: true }, []],
    ['a list of something else', [1, ['alpha'], 'alpha'], ['alpha']],
  ])('is limited to databases by %s', async (_name, databases, limits) => {
    const authenticator = await createAuthenticator({ jwtSecret: SECRET, log, clock });
    const viewer = await authenticator.authenticate(await jwt({ sub: 'ann', roles: ['admin'], databases }));
    expect(viewer.databases).toEqual(new Set(limits));
  });

  it('is not limited to databases without that claim', async () => {
    const authenticator = await createAuthenticator({ jwtSecret: SECRET, log, clock });
    expect((await authenticator.authenticate(await jwt({ sub: 'ann' }))).databases).toBeUndefined();
  });

  it('is refused after its end, and taken within half a minute of it', async () => {
    const authenticator = await createAuthenticator({ jwtSecret: SECRET, log, clock });
    await expect(authenticator.authenticate(await jwt({ sub: 'ann', exp: NOW / 1000 - 20 }))).resolves.toBeDefined();
    expect((await refusalOf({ jwtSecret: SECRET }, await jwt({ sub: 'ann', exp: NOW / 1000 - 40 }))).message).toMatch(
      /expired/,
    );
  });

  it('is refused before its begin', async () => {
    await refusalOf({ jwtSecret: SECRET }, await jwt({ sub: 'ann', nbf: NOW / 1000 + 60 }));
  });

  it('is refused with another secret', async () => {
    await refusalOf({ jwtSecret: SECRET }, await jwt({ sub: 'ann' }, 'HS256', 'another secret of more than 32 bytes!'));
  });

  it.each([
    ['no subject', {}],
    ['a subject with a line break', { sub: 'ann\nlevel=admin' }],
    ['an empty subject', { sub: '' }],
    ['a subject that is a number', { sub: 5 as unknown as string }],
    ['a very long subject', { sub: 'x'.repeat(300) }],
  ])('is refused with %s', async (_name, claims) => {
    await refusalOf({ jwtSecret: SECRET }, await jwt({ roles: ['admin'], ...claims }));
  });

  it.each(['ovncp', ' OVNCP '])('is refused with the name of the server itself: "%s"', async (sub) => {
    expect((await refusalOf({ jwtSecret: SECRET }, await jwt({ sub, roles: ['admin'] }))).message).toBe(
      `The token is not valid here: its "sub" ("${sub}") is what the server calls itself in the audit trail: choose another name`,
    );
  });

  it('is refused without a signature (alg none)', async () => {
    for (const alg of ['none', 'None', 'NONE'])
      await refusalOf({ jwtSecret: SECRET }, unsigned({ alg }, { sub: 'ann', roles: ['admin'] }));
  });

  it('is refused with the issuer or audience of somebody else, or none', async () => {
    const rules = { jwtSecret: SECRET, jwtIssuer: 'https://id', jwtAudience: 'ovncp' };
    const authenticator = await createAuthenticator({ log, clock, ...rules });
    await expect(
      authenticator.authenticate(await jwt({ sub: 'ann', iss: 'https://id', aud: ['x', 'ovncp'] })),
    ).resolves.toBeDefined();
    expect((await refusalOf(rules, await jwt({ sub: 'ann', iss: 'https://evil', aud: 'ovncp' }))).message).toMatch(
      /"iss"/,
    );
    expect((await refusalOf(rules, await jwt({ sub: 'ann', iss: 'https://id', aud: 'else' }))).message).toMatch(
      /"aud"/,
    );
    expect((await refusalOf(rules, await jwt({ sub: 'ann', iss: 'https://id' }))).message).toMatch(/"aud"/);
  });
});

describe('a JWT signed with a key of the key set', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }) as string;
  let server: Server;
  let jwksUrl: string;
  beforeAll(async () => {
    const body = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1' }] });
    server = createServer((_request, response) => response.end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const sign = async (key: typeof pair.privateKey, alg = 'RS256'): Promise<string> =>
    `Bearer ${await new SignJWT({ sub: 'svc', roles: ['viewer'] }).setProtectedHeader({ alg, kid: 'k1' }).sign(key)}`;

  it.each(['RS256', 'PS512'])('is taken with %s', async (alg) => {
    const authenticator = await createAuthenticator({ jwksUrl, log, clock });
    await expect(authenticator.authenticate(await sign(pair.privateKey, alg))).resolves.toMatchObject({
      subject: 'svc',
    });
  });

  it('is refused when a stranger signed it', async () => {
    await refusalOf({ jwksUrl }, await sign(stranger.privateKey));
  });

  it('is refused when the public key was used as an HMAC secret (algorithm confusion)', async () => {
    const bare = unsigned({ alg: 'HS256', kid: 'k1' }, { sub: 'evil', roles: ['admin'] });
    const signed = bare.slice('Bearer '.length, -1);
    const signature = createHmac('sha256', publicPem).update(signed).digest('base64url');
    await refusalOf({ jwksUrl }, `Bearer ${signed}.${signature}`);
    await refusalOf({ jwksUrl }, await jwt({ sub: 'evil' }, 'HS256', publicPem));
  });

  it('can be neither taken nor refused, and the trouble is logged, when the key set is out of reach', async () => {
    const authenticator = await createAuthenticator({ jwksUrl: 'http://127.0.0.1:1/jwks', log, clock });
    await expect(authenticator.authenticate(await sign(pair.privateKey))).rejects.toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      message: expect.stringMatching(/key set is out of reach/),
      retryAfterSeconds: 10,
    });
    expect(lines.join('')).toMatch(/key set/);
  });
});

describe('a static token', () => {
  it('is found among others by its digest', async () => {
    const file = tokensFile([
      { name: 'a', sha256: sha256('tok-a'), permissions: ['backups:read'] },
      { name: 'b', sha256: sha256('tok-b').toUpperCase(), permissions: ['admin'], expiresAt: '2027-01-01T00:00:00Z' },
    ]);
    const authenticator = await createAuthenticator({ tokensFile: file, log, clock });
    await expect(authenticator.authenticate('Bearer tok-a')).resolves.toEqual({
      subject: 'a',
      permissions: new Set(['backups:read']),
    });
    const b = await authenticator.authenticate('bearer tok-b');
    expect(b.expiresAtMs).toBe(Date.parse('2027-01-01T00:00:00Z'));
    expect(b.permissions.has('backups:restore')).toBe(true);
    await refusalOf({ tokensFile: file }, 'Bearer tok-c');
    await refusalOf({ tokensFile: file }, `Bearer ${sha256('tok-a')}`);
  });

  it('is limited to the databases of its entry', async () => {
    const file = tokensFile([{ name: 'a', sha256: sha256('t'), permissions: ['admin'], databases: ['alpha'] }]);
    const authenticator = await createAuthenticator({ tokensFile: file, log, clock });
    expect((await authenticator.authenticate('Bearer t')).databases).toEqual(new Set(['alpha']));
  });

  it('is refused once it has expired', async () => {
    const file = tokensFile([
      { name: 'a', sha256: sha256('t'), permissions: ['admin'], expiresAt: '2026-01-15T11:29:59+01:00' },
    ]);
    expect((await refusalOf({ tokensFile: file }, 'Bearer t')).message).toMatch(/expired/);
  });

  it('are read from a file that an editor put a byte-order mark before', async () => {
    const file = tokensFile([{ name: 'a', sha256: sha256('tok'), permissions: ['admin'] }]);
    writeFileSync(file, `\ufeff${readFileSync(file, 'utf8')}`);
    const authenticator = await createAuthenticator({ tokensFile: file, log, clock });
    expect((await authenticator.authenticate('Bearer tok')).subject).toBe('a');
  });

  it('is taken with the name of the server itself, as an older version let it be made, and told of', async () => {
    const file = tokensFile([{ name: 'ovncp', sha256: sha256('tok'), permissions: ['admin'] }]);
    const warned: string[] = [];
    const told = createLog('warn', { write: (line) => void warned.push(line) });
    const authenticator = await createAuthenticator({ tokensFile: file, log: told, clock });
    expect(warned.join()).toMatch(
      /name of token .{1,2}ovncp.{1,2} is what the server calls itself in the audit trail: choose another name/,
    );
    expect((await authenticator.authenticate('Bearer tok')).subject).toBe('ovncp');
  });

  it('is taken beside JWTs', async () => {
    const file = tokensFile([{ name: 'a', sha256: sha256('x.y.z'), permissions: ['admin'] }]);
    const authenticator = await createAuthenticator({ tokensFile: file, jwtSecret: SECRET, log, clock });
    await expect(authenticator.authenticate('Bearer x.y.z')).resolves.toMatchObject({ subject: 'a' });
    await expect(authenticator.authenticate(await jwt({ sub: 'ann' }))).resolves.toMatchObject({ subject: 'ann' });
  });

  it('takes effect, and loses it, when the file changes', async () => {
    const file = tokensFile([{ name: 'a', sha256: sha256('old'), permissions: ['admin'] }]);
    const authenticator = await createAuthenticator({ tokensFile: file, log, clock });
    tokensFile([{ name: 'bb', sha256: sha256('new'), permissions: ['admin'] }]);
    await expect(authenticator.authenticate('Bearer new')).resolves.toMatchObject({ subject: 'bb' });
    await expect(authenticator.authenticate('Bearer old')).rejects.toThrow(AppError);
  });

  it('stays valid while a broken version lies in its place, which is logged without its text', async () => {
    const file = tokensFile([{ name: 'a', sha256: sha256('tok'), permissions: ['admin'] }]);
    const authenticator = await createAuthenticator({ tokensFile: file, log, clock });
    writeFileSync(file, 'ovncp_plain-token-by-mistake');
    utimesSync(file, 1, 1);
    await expect(authenticator.authenticate('Bearer tok')).resolves.toMatchObject({ subject: 'a' });
    expect(lines.join('')).toMatch(/broken/);
    expect(lines.join('')).not.toMatch(/by-mistake/);
  });

  describe('closes the door', () => {
    const OUT: readonly (readonly [string, (file: string) => void, (file: string) => void, RegExp])[] = [
      ['is gone', (file) => renameSync(file, `${file}.away`), (file) => renameSync(`${file}.away`, file), /is missing/],
      ['can be changed by everybody', (file) => chmodSync(file, 0o666), (file) => chmodSync(file, 0o600), /mode 0666/],
      ['can be changed by its group', (file) => chmodSync(file, 0o620), (file) => chmodSync(file, 0o600), /chmod go-w/],
      [
        'can be replaced by everybody',
        (file) => chmodSync(dirname(file), 0o777),
        (file) => chmodSync(dirname(file), 0o700),
        /chmod o-w/,
      ],
    ];

    it.each(OUT)('while its file %s, and says so once', async (_what, out, back, said) => {
      const file = tokensFile([{ name: 'a', sha256: sha256('tok'), permissions: ['admin'] }]);
      const authenticator = await createAuthenticator({ tokensFile: file, jwtSecret: SECRET, log, clock });
      out(file);
      for (let i = 0; i < 3; i++)
        await expect(authenticator.authenticate('Bearer tok')).rejects.toMatchObject({
          code: 'UNAUTHENTICATED',
          message: expect.stringMatching(/not taken now/),
        });
      expect(lines.filter((line) => said.test(line))).toHaveLength(1);
      await expect(authenticator.authenticate(await jwt({ sub: 'x' }))).resolves.toMatchObject({ subject: 'x' });
      back(file);
      await expect(authenticator.authenticate('Bearer tok')).resolves.toMatchObject({ subject: 'a' });
    });

    it.each(OUT.slice(1))('to a server that starts with a file that %s', async (_what, out, back, said) => {
      const file = tokensFile([]);
      out(file);
      await expect(createAuthenticator({ tokensFile: file, log, clock })).rejects.toThrow(said);
      back(file);
    });

    it('but not where only its owner may replace a file of the folder', async () => {
      const file = tokensFile([{ name: 'a', sha256: sha256('tok'), permissions: ['admin'] }]);
      chmodSync(folder, 0o1777);
      const authenticator = await createAuthenticator({ tokensFile: file, log, clock });
      await expect(authenticator.authenticate('Bearer tok')).resolves.toMatchObject({ subject: 'a' });
    });

    it('until a file that came back is whole', async () => {
      const file = tokensFile([{ name: 'a', sha256: sha256('tok'), permissions: ['admin'] }]);
      const authenticator = await createAuthenticator({ tokensFile: file, log, clock });
      rmSync(file);
      await expect(authenticator.authenticate('Bearer tok')).rejects.toThrow(/not taken now/);
      writeFileSync(file, 'half');
      await expect(authenticator.authenticate('Bearer tok')).rejects.toThrow(/not taken now/);
      tokensFile([{ name: 'a', sha256: sha256('tok'), permissions: ['admin'] }]);
      await expect(authenticator.authenticate('Bearer tok')).resolves.toMatchObject({ subject: 'a' });
    });
  });

  it.each([
    ['no JSON', 'x'],
    ['no list', '{}'],
    ['a plain token', '{"tokens":[{"name":"a","token":"t","permissions":["admin"]}]}'],
    ['a short digest', '{"tokens":[{"name":"a","sha256":"ab","permissions":["admin"]}]}'],
    ['an unknown permission', `{"tokens":[{"name":"a","sha256":"${'a'.repeat(64)}","permissions":["root"]}]}`],
    ['no permission', `{"tokens":[{"name":"a","sha256":"${'a'.repeat(64)}","permissions":[]}]}`],
    ...[[], ['a b'], 'alpha', Array.from({ length: 101 }, (_, i) => `d${i}`)].map((databases): [string, string] => [
      `the databases ${JSON.stringify(databases).slice(0, 20)}`,
      JSON.stringify({ tokens: [{ name: 'a', sha256: 'a'.repeat(64), permissions: ['admin'], databases }] }),
    ]),
  ])('does not let a server start with a file that has %s', async (_name, text) => {
    const path = join(folder, 'broken.json');
    writeFileSync(path, text);
    await expect(createAuthenticator({ tokensFile: path, log, clock })).rejects.toThrow(path);
  });

  it('does not let a server start without its file', async () => {
    await expect(createAuthenticator({ tokensFile: '/nowhere/tokens.json', log, clock })).rejects.toThrow(
      '/nowhere/tokens.json',
    );
  });
});

describe('the first token', () => {
  it('is made once, works, and only its digest is in tokens.json', async () => {
    const store = join(folder, 'deep', 'store');
    const first = await ensureFirstToken(store);
    expect(first.token).toMatch(/^ovncp_[\w-]{43}$/);
    const [tokenFile, tokensFile] = [join(store, 'admin-token'), ownTokensFile(store)];
    expect(first.tokenFile).toBe(tokenFile);
    expect(readFileSync(tokenFile, 'utf8')).toBe(`${first.token}\n`);
    expect(readFileSync(tokensFile, 'utf8')).not.toContain(first.token);
    expect([tokenFile, tokensFile].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(statSync(store).mode & 0o777).toBe(0o700);
    const authenticator = await createAuthenticator({ tokensFile, log, clock });
    await expect(authenticator.authenticate(`Bearer ${first.token}`)).resolves.toMatchObject({ subject: 'admin' });
    expect(await ensureFirstToken(store)).toEqual({ tokenFile });
    rmSync(tokenFile);
    expect(await ensureFirstToken(store)).toEqual({});
  });

  it('is taken as soon as it is made, by who has opened its file before', async () => {
    const tokensFile = ownTokensFile(folder);
    const authenticator = await createAuthenticator({ tokensFile, tokensFileMayCome: true, log, clock });
    await expect(authenticator.authenticate('Bearer x')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const { token } = await ensureFirstToken(folder);
    await expect(authenticator.authenticate(`Bearer ${token}`)).resolves.toMatchObject({ subject: 'admin' });
  });

  it('is made anew when a crash left only the half of it', async () => {
    writeFileSync(join(folder, 'admin-token'), 'left over');
    chmodSync(join(folder, 'admin-token'), 0o644);
    const { token } = await ensureFirstToken(folder);
    expect(readFileSync(join(folder, 'admin-token'), 'utf8').trim()).toBe(token);
    expect(statSync(join(folder, 'admin-token')).mode & 0o777).toBe(0o600);
  });
});

describe('requirePermissions', () => {
  it('names what is missing, and what is needed where that is more', () => {
    expect(() => requirePermissions(viewerOf('x', []), 'backups:write')).toThrow(
      new AppError('FORBIDDEN', 'Insufficient permissions: token "x" lacks backups:write: use a token that has it'),
    );
    expect(() => requirePermissions(viewerOf('x', ['backups:restore']), 'backups:restore', 'admin')).toThrow(
      new AppError(
        'FORBIDDEN',
        'Insufficient permissions: needs backups:restore and admin; token "x" lacks admin: use a token that has it',
      ),
    );
  });

  it('tells apart who may do the same, and who may not', () => {
    const databases = new Set(['alpha']);
    const viewer = viewerOf('x', ['admin'], { databases });
    expect(mayDoTheSame(viewer, viewerOf('x', ['admin'], { databases: new Set(['alpha']), expiresAtMs: 1 }))).toBe(
      true,
    );
    for (const other of [
      viewerOf('y', ['admin'], { databases }),
      viewerOf('x', ['backups:read'], { databases }),
      viewerOf('x', ['admin']),
      viewerOf('x', ['admin'], { databases: new Set() }),
      viewerOf('x', ['admin'], { databases: new Set(['bravo']) }),
      viewerOf('x', ['admin'], { databases: new Set(['alpha', 'bravo']) }),
    ])
      expect([mayDoTheSame(viewer, other), mayDoTheSame(other, viewer)]).toEqual([false, false]);
  });

  it('lets admin do everything', () => {
    expect(() =>
      requirePermissions(viewerOf('x', ['admin']), 'backups:restore', 'admin', 'backups:delete'),
    ).not.toThrow();
  });
});
