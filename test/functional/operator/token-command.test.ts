/** `npm run token`: making, listing and revoking static tokens, alone and beside a running server. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CommanderError } from 'commander';
import { createAuthenticator } from '../../../src/auth/authenticator.js';
import { tokenCommand } from '../../../src/cli/token-command.js';
import type { Environment } from '../../../src/config/settings.js';
import { type Clock, systemClock } from '../../../src/lib/clock.js';
import { messageOf } from '../../../src/lib/error.js';
import { createLog } from '../../../src/lib/log.js';
import { ensureBuilt } from '../../support/servers/server-process.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const NOW = Date.parse('2026-01-15T10:30:00Z');
const clock: Clock = { ...systemClock, now: () => NOW };

interface Outcome {
  readonly out: string;
  readonly said: string;
  readonly failure?: string;
}

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'token-'));
  file = join(folder, 'tokens.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function token(
  words: readonly string[],
  env: Environment = { BACKUP_PATH: folder },
  by: Clock = clock,
): Promise<Outcome> {
  let out = '';
  let said = '';
  const command = tokenCommand({
    env,
    clock: by,
    out: (text) => void (out += text),
    say: (text) => void (said += text),
  });
  try {
    await command.parseAsync([...words], { from: 'user' });
    return { out, said };
  } catch (error) {
    return { out, said, failure: error instanceof CommanderError ? said : messageOf(error) };
  }
}

const entries = (): readonly Record<string, unknown>[] =>
  (JSON.parse(readFileSync(file, 'utf8')) as { tokens: Record<string, unknown>[] }).tokens;

describe('make', () => {
  it('prints the token and nothing else on stdout, and stores its digest only', async () => {
    const { out, said } = await token([
      'make',
      'ci',
      '--permissions',
      'backups:write, backups:read',
      '--expires',
      '30d',
    ]);
    expect(out).toMatch(/^ovncp_[\w-]{43}\n$/);
    expect(said).toMatch(/Made "ci".*backups:read, backups:write.*2026-02-14T10:30:00.000Z/);
    expect(said).not.toContain(out.trim());
    expect(entries()).toEqual([
      {
        name: 'ci',
        sha256: createHash('sha256').update(out.trim()).digest('hex'),
        permissions: ['backups:read', 'backups:write'],
        expiresAt: '2026-02-14T10:30:00.000Z',
      },
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['tokens.json']);
  });

  it('limits a token to databases', async () => {
    const words = ['make', 'ci', '--role', 'viewer', '--database', 'eu', '--database', 'us', '--database', 'eu'];
    const { said } = await token(words);
    expect(said).toMatch(/Made "ci".* with backups:read for the databases eu, us only, valid until it is revoked/);
    expect(entries()).toMatchObject([{ name: 'ci', databases: ['eu', 'us'] }]);
  });

  it.each([
    ['admin', ['admin']],
    ['operator', ['backups:read', 'backups:write']],
    ['viewer', ['backups:read']],
  ])('gives what the role %s may', async (role, permissions) => {
    await token(['make', 'x', '--role', role]);
    expect(entries()[0]).toMatchObject({ permissions });
  });

  it.each([
    ['which BACKUP_PATH names', { BACKUP_PATH: 'FOLDER/a' }, [], /BACKUP_PATH is set to that: set it as it is set for/],
    ['which OVNCP_TOKENS_FILE names', { OVNCP_TOKENS_FILE: 'FOLDER/a/t.json' }, [], /OVNCP_TOKENS_FILE is set to that/],
    ['which is named', { BACKUP_PATH: 'FOLDER' }, ['--file', 'FOLDER/a/t.json'], /Make it first, or name another file/],
  ])('refuses a folder that is not there, %s: no server has it', async (_name, env, words, message) => {
    const inFolder = (text: string): string => text.replace('FOLDER', folder);
    const variables = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, inFolder(value)]));
    for (const what of [['make', 'x', '--role', 'viewer'], ['list'], ['revoke', 'x']]) {
      const { out, failure } = await token([...what, ...words.map(inFolder)], variables);
      expect(failure).toMatch(message);
      expect(failure).toContain(`There is no folder ${join(folder, 'a')}, so no server has its tokens there.`);
      expect(out).toBe('');
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says that BACKUP_PATH is not set where the usual folder is not there', async () => {
    if (existsSync('/var/lib/ovncp/backups')) return; // a server of this machine has it
    expect((await token(['make', 'x', '--role', 'viewer'], {})).failure).toBe(
      'There is no folder /var/lib/ovncp/backups, so no server has its tokens there. BACKUP_PATH is not set: set it ' +
        'as it is set for the server',
    );
    expect(existsSync('/var/lib/ovncp/backups')).toBe(false);
  });

  it('takes the file that the server would take', async () => {
    await token(['make', 'x', '--role', 'viewer'], {
      OVNCP_TOKENS_FILE: join(folder, 'other.json'),
      BACKUP_PATH: '/nowhere',
    });
    expect(existsSync(join(folder, 'other.json'))).toBe(true);
  });

  it('says so where the server would not read it', async () => {
    const env = { BACKUP_PATH: folder, OVNCP_JWT_SECRET: 'x'.repeat(32) };
    expect((await token(['make', 'x', '--role', 'viewer'], env)).said).toMatch(/only if OVNCP_TOKENS_FILE=/);
    expect((await token(['make', 'y', '--role', 'viewer'])).said).not.toMatch(/only if/);
  });

  it('keeps a wider mode, and follows a link', async () => {
    const real = join(folder, 'real.json');
    writeFileSync(real, '{"tokens":[]}');
    chmodSync(real, 0o640);
    symlinkSync(real, file);
    await token(['make', 'x', '--role', 'viewer']);
    expect(statSync(real).mode & 0o777).toBe(0o640);
    expect(readFileSync(real, 'utf8')).toContain('"x"');
  });

  it('takes the right to write from all but the owner: the server trusts no other file', async () => {
    writeFileSync(file, '{"tokens":[]}');
    chmodSync(file, 0o666);
    await token(['make', 'x', '--role', 'viewer']);
    expect(statSync(file).mode & 0o777).toBe(0o644);
  });

  it('writes to nothing that somebody has put into the folder', async () => {
    const secret = join(folder, 'of-root');
    writeFileSync(secret, 'of root only');
    writeFileSync(file, '{"tokens":[]}');
    symlinkSync(secret, join(folder, '.tokens.json.tmp'));
    symlinkSync(secret, join(folder, 'tokens.json.tmp'));
    expect((await token(['make', 'x', '--role', 'viewer'])).failure).toBeUndefined();
    expect(readFileSync(secret, 'utf8')).toBe('of root only');
    expect(lstatSync(file).isFile()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['.tokens.json.tmp', 'of-root', 'tokens.json', 'tokens.json.tmp']);
  });

  it('follows no link that another user made, when root runs it', async () => {
    if (process.getuid?.() !== 0) return; // only root can make a link of somebody else's
    const real = join(folder, 'real.json');
    writeFileSync(real, '{"tokens":[]}');
    symlinkSync(real, file);
    lchownSync(file, 65534, 65534);
    expect((await token(['make', 'x', '--role', 'viewer'])).failure).toMatch(/is a link that another user/);
    expect(readFileSync(real, 'utf8')).toBe('{"tokens":[]}');
  });

  it.each([
    [
      'a name that is there',
      ['make', 'old', '--role', 'viewer'],
      /There is a token named "old" in .*tokens.json: choose another name/,
    ],
    ['the name of the server itself', ['make', 'ovncp', '--role', 'viewer'], /what the server calls itself/],
    ['what looks like that name', ['make', 'OVNCP ', '--role', 'viewer'], /what the server calls itself/],
    ['a name with a line break', ['make', 'a\nb', '--role', 'viewer'], /is not a name/],
    [
      'an unknown permission',
      ['make', 'x', '--permissions', 'backups:read,backup:write'],
      /"backup:write" is not known; did you mean backups:write\?/,
    ],
    ['a permission far from all', ['make', 'x', '--permissions', 'zzzzzzzzzzz'], /none of backups:read/],
    ['an unknown role', ['make', 'x', '--role', 'root'], /admin, operator, viewer, backup/],
    ['nothing to be allowed', ['make', 'x'], /Give --role \(admin, .*\), or --permissions \(backups:read/],
    ['an end in the past', ['make', 'x', '--role', 'viewer', '--expires', '2020-01-01T00:00:00Z'], /over already/],
    ['an end that is none', ['make', 'x', '--role', 'viewer', '--expires', 'soon'], /Write 30d/],
    ['a time without its zone', ['make', 'x', '--role', 'viewer', '--expires', '2030-01-01T00:00:00'], /Write 30d/],
    [
      'what is no id of a database',
      ['make', 'x', '--role', 'viewer', '--database', 'a b'],
      /is not the id of a database/,
    ],
    ['an unknown option', ['make', 'x', '--rolle', 'viewer'], /unknown option.*--role/s],
    ['no name', ['make'], /name/],
    ['no command', ['mkae', 'x'], /make/],
  ])('refuses %s, and leaves the file alone', async (_name, words, message) => {
    writeFileSync(file, JSON.stringify({ tokens: [{ name: 'old', sha256: 'a'.repeat(64), permissions: ['admin'] }] }));
    const before = readFileSync(file, 'utf8');
    const { out, failure } = await token(words);
    expect(failure).toMatch(message);
    expect(out).toBe('');
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(readdirSync(folder)).toEqual(['tokens.json']);
  });

  it('refuses to touch a file that is not valid', async () => {
    writeFileSync(file, '{"tokens": [{"name": "a"}]}');
    expect((await token(['make', 'x', '--role', 'viewer'])).failure).toMatch(/tokens.json is not valid at tokens.0/);
    expect(readFileSync(file, 'utf8')).toBe('{"tokens": [{"name": "a"}]}');
  });

  it('says what it cannot write', async () => {
    mkdirSync(join(folder, 'file'));
    writeFileSync(join(folder, 'file', 'plain'), '');
    expect(
      (await token(['make', 'x', '--role', 'viewer', '--file', join(folder, 'file', 'plain', 'tokens.json')])).failure,
    ).toMatch(/cannot be changed \(.*run this as the server's user/);
  });

  it('names the process that is changing the file, and waits for it', async () => {
    const still = new TestClock(NOW);
    const make = (name: string): Promise<Outcome> => token(['make', name, '--role', 'viewer'], undefined, still);
    writeFileSync(`${file}.lock`, '4711');
    const waiting = make('x');
    await until(() => still.waiting > 0);
    still.advance(4_000);
    await until(() => still.waiting > 0);
    expect(existsSync(file)).toBe(false);
    rmSync(`${file}.lock`);
    still.advance(50);
    expect((await waiting).failure).toBeUndefined();
    writeFileSync(`${file}.lock`, '4711');
    const tooLong = make('y');
    await until(() => still.waiting > 0);
    still.advance(5_001);
    expect((await tooLong).failure).toMatch(/process 4711.*remove .*tokens.json.lock/);
    rmSync(`${file}.lock`);
    // what somebody else has put there is told to nobody
    writeFileSync(join(folder, 'of-root'), '4711 of root');
    symlinkSync(join(folder, 'of-root'), `${file}.lock`);
    const linked = make('z');
    await until(() => still.waiting > 0);
    still.advance(5_001);
    expect((await linked).failure).toMatch(/process unknown/);
    rmSync(`${file}.lock`);
  });

  it('loses none of twenty that are made at once', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, (_, i) => token(['make', `t${i}`, '--role', 'viewer'])));
    expect(made.filter(({ failure }) => failure !== undefined)).toEqual([]);
    expect(
      entries()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(Array.from({ length: 20 }, (_, i) => `t${i}`).sort());
  });
});

describe('list', () => {
  beforeEach(() => {
    const sha256 = 'a'.repeat(64);
    writeFileSync(
      file,
      JSON.stringify({
        tokens: [
          { name: 'old', sha256, permissions: ['backups:read'], expiresAt: '2026-01-15T10:29:59Z' },
          { name: 'new one', sha256, permissions: ['admin'], expiresAt: '2026-01-15T10:30:01Z' },
          { name: 'always', sha256, permissions: ['backups:read', 'backups:write'], databases: ['eu', 'us'] },
        ],
      }),
    );
  });

  it('shows names, permissions and ends, and no digest', async () => {
    const { out } = await token(['list']);
    expect(out.split('\n').map((line) => line.trimEnd())).toEqual([
      'NAME     PERMISSIONS                 DATABASES  EXPIRES',
      'old      backups:read                all        2026-01-15T10:29:59Z (expired)',
      'new one  admin                       all        2026-01-15T10:30:01Z',
      'always   backups:read,backups:write  eu,us      never',
      '',
    ]);
  });

  it('is JSON for programs', async () => {
    expect(JSON.parse((await token(['list', '--json'])).out)).toEqual([
      { name: 'old', permissions: ['backups:read'], expiresAt: '2026-01-15T10:29:59Z', expired: true, databases: null },
      { name: 'new one', permissions: ['admin'], expiresAt: '2026-01-15T10:30:01Z', expired: false, databases: null },
      {
        name: 'always',
        permissions: ['backups:read', 'backups:write'],
        expiresAt: null,
        expired: false,
        databases: ['eu', 'us'],
      },
    ]);
  });

  it('of no file says that there are none', async () => {
    rmSync(file);
    expect(await token(['list'])).toEqual({ out: '', said: `There are no tokens in ${file}.\n` });
    expect((await token(['list', '--json'])).out).toBe('[]\n');
  });
});

describe('revoke', () => {
  it('takes one back and leaves the others', async () => {
    for (const name of ['a', 'b']) await token(['make', name, '--role', 'viewer']);
    expect(await token(['revoke', 'a'])).toMatchObject({ out: '', said: expect.stringMatching(/Revoked "a"/) });
    expect(entries().map(({ name }) => name)).toEqual(['b']);
  });

  it('names those that there are', async () => {
    expect((await token(['revoke', 'a'])).failure).toMatch(/no token named "a".*it has none/);
    await token(['make', 'b', '--role', 'viewer']);
    expect((await token(['revoke', 'a'])).failure).toMatch(/it has b/);
  });
});

it('is taken up and dropped by a server that runs', async () => {
  await token(['make', 'first', '--role', 'admin']);
  const authenticator = await createAuthenticator({ tokensFile: file, log: createLog('silent'), clock: systemClock });
  const { out } = await token(['make', 'ci', '--role', 'operator']);
  await expect(authenticator.authenticate(`Bearer ${out.trim()}`)).resolves.toMatchObject({ subject: 'ci' });
  await token(['revoke', 'ci']);
  await expect(authenticator.authenticate(`Bearer ${out.trim()}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

it('runs as npm run token from a built clone', async () => {
  await ensureBuilt();
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const run = async (...words: string[]): Promise<{ stdout: string; stderr: string }> =>
    promisify(execFile)('npm', ['run', '--silent', 'token', '--', ...words], {
      cwd: root,
      env: { PATH: process.env['PATH'], HOME: folder, BACKUP_PATH: folder },
    });
  const { stdout, stderr } = await run('make', 'ci bot', '--role', 'viewer');
  expect(stdout).toMatch(/^ovncp_[\w-]{43}\n$/);
  expect(stderr).toMatch(/Made "ci bot"/);
  expect((await run('list')).stdout).toMatch(/ci bot/);
  await expect(run('revoke', 'nobody')).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/no token named "nobody"/),
  });
  await expect(run('--help')).resolves.toMatchObject({ stdout: expect.stringMatching(/make.*list.*revoke/s) });
});
