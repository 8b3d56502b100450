/**
 * A server that cannot start says why in one line, which names what is to be mended, and prints no stack. More of this is
 * in test/functional/messages.
 */
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverEnvironment } from '../../support/servers/api-server.js';
import { type SpawnOptions, spawnServer } from '../../support/servers/server-process.js';
import { until } from '../../support/until.js';

const FULL = 'mount -t tmpfs -o nr_inodes=1,mode=700 tmpfs "$1" && shift && exec "$@"';
const READ_ONLY = 'mount -t tmpfs -o ro,mode=700 tmpfs "$1" && shift && exec "$@"';
const NAMESPACES = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-start-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What it prints to stderr, and its exit code. */
async function failedStart(
  env: Readonly<Record<string, string>>,
  options: SpawnOptions = {},
): Promise<{ readonly stderr: string; readonly code: number | null }> {
  const all = { ...serverEnvironment('unix:/nonexistent/nb.sock', folder), LOG_LEVEL: 'info', ...env };
  await using server = await spawnServer(all, options);
  const { code } = await server.ended;
  expect(`${server.stdout}${server.stderr}`).not.toMatch(/"stack"|^ +at /m);
  return { stderr: server.stderr, code };
}

it('as its store is read-only', async () => {
  const store = await mkdtemp(join(folder, 'store-'));
  const wrapper = ['unshare', ...NAMESPACES, 'sh', '-c', READ_ONLY, 'sh', store];
  expect(await failedStart({ BACKUP_PATH: store }, { wrapper })).toEqual({
    stderr:
      `The server could not start: Locking the folder ${store} failed (EROFS: the file system is mounted read-only). ` +
      'Mend that, or set BACKUP_PATH to a folder that this process may make and write in.\n',
    code: 1,
  });
  const below = join(store, 'below');
  expect((await failedStart({ BACKUP_PATH: below }, { wrapper })).stderr).toContain(
    `could not start: Making the backup folder ${below} failed (EROFS: the file system is mounted read-only)`,
  );
});

it('as its store is full', async () => {
  const store = await mkdtemp(join(folder, 'store-'));
  const wrapper = ['unshare', ...NAMESPACES, 'sh', '-c', FULL, 'sh', store];
  expect((await failedStart({ BACKUP_PATH: store }, { wrapper })).stderr).toMatch(
    /^The server could not start: The backup store is full \(ENOSPC\): Locking the folder .* Free some space .*\n$/,
  );
});

it('as its store may not be written', async () => {
  const store = await mkdtemp(join(folder, 'store-'));
  await chmod(store, 0o500);
  // root may write everywhere, unless that is taken from it
  const wrapper = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override'] : [];
  expect((await failedStart({ BACKUP_PATH: store }, { wrapper })).stderr).toMatch(
    /^The server could not start: Locking the folder .* failed \(EACCES: this process may not do that there\)\. .*\n$/,
  );
});

it.each([
  [
    'a file stands where its store is to be',
    { BACKUP_PATH: 'FOLDER/file' },
    'Making the backup folder FOLDER/file failed (EEXIST: there is a file of that name)',
  ],
  [
    'its store is to be below a file',
    { BACKUP_PATH: 'FOLDER/file/store' },
    'Making the backup folder FOLDER/file/store failed (ENOTDIR: a part of the path is a file and no folder)',
  ],
  [
    'the path of its store is too long',
    { BACKUP_PATH: `FOLDER/${'a'.repeat(300)}` },
    `Making the backup folder FOLDER/${'a'.repeat(300)} failed (ENAMETOOLONG: the path is too long)`,
  ],
  [
    'its certificate is none',
    { OVNCP_TLS_CERT: 'FOLDER/file', OVNCP_TLS_KEY: 'FOLDER/file' },
    'OVNCP_TLS_CERT, OVNCP_TLS_KEY: "FOLDER/file" holds no certificate in PEM form',
  ],
])('as %s', async (_, env, says) => {
  await writeFile(join(folder, 'file'), 'text');
  const inFolder = (text: string): string => text.replaceAll('FOLDER', folder);
  const variables = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, inFolder(value)]));
  const { stderr, code } = await failedStart(variables);
  expect([stderr.split('\n').length, code]).toEqual([2, 1]);
  expect(stderr).toContain(`The server could not start: ${inFolder(says)}`);
});

it.each(['PORT', 'OVNCP_METRICS_PORT'])('as its port is taken: %s', async (variable) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  try {
    const { code, stderr } = await failedStart({ [variable]: port });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `^The server could not start: Port ${port} of 127\\.0\\.0\\.1 is taken by another process: ` +
          `ss -ltnp "sport = :${port}" says by which\\. Stop that one, or set ${variable} to another port: ` +
          `${variable}=\\d+ is free\n$`,
      ),
    );
  } finally {
    other.close();
  }
});

it('makes no token where it cannot start; the first start that can prints it, and each later one names its file', async () => {
  const store = await mkdtemp(join(folder, 'store-'));
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const env = { ...serverEnvironment('unix:/nonexistent/nb.sock', store), OVNCP_JWT_SECRET: '' };
  const port = typeof address === 'object' ? String(address?.port) : '';
  try {
    expect((await failedStart({ ...env, PORT: port })).stderr).toMatch(
      /^The server could not start: Port \d+ of .*\n$/,
    );
    expect(await readdir(store)).toEqual(expect.not.arrayContaining(['admin-token', 'tokens.json']));
  } finally {
    other.close();
  }
  const file = join(store, 'admin-token');
  for (const isFirst of [true, false]) {
    await using server = await spawnServer(env);
    await server.listening();
    const says = isFirst
      ? `This first start made an admin token, kept in ${file} and shown only now:\n`
      : `The admin token of the first start is in ${file}\n`;
    await until(() => server.stderr.includes(says));
    const token = (await readFile(file, 'utf8')).trim();
    await until(() => server.stderr.includes(token) === isFirst);
    expect((await server.kill('SIGTERM')).code).toBe(0);
    expect(server.stdout).toContain('all of the audit trail is written, up to this line');
    expect(server.stdout).not.toContain(token);
  }
});

it('as its remote is written as an address of the web', async () => {
  expect(await failedStart({ OVN_NB_DB: 'tcp://10.0.0.1:6641' })).toEqual({
    stderr:
      'OVN_NB_DB: "tcp://10.0.0.1:6641" is not a remote: did you mean tcp:10.0.0.1:6641? write unix:PATH, ' +
      'tcp:HOST:PORT or ssl:HOST:PORT (an IPv6 host in brackets), several separated by commas\n',
    code: 2,
  });
});
