/** A server that cannot start says why in one line, which names what is to be mended, and prints no stack. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverEnvironment } from '../../support/servers/api-server.js';
import { type SpawnOptions, spawnServer } from '../../support/servers/server-process.js';

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
      'Check the folder, its permissions and the disk of the backup store.\n',
    code: 1,
  });
  const below = join(store, 'below');
  expect((await failedStart({ BACKUP_PATH: below }, { wrapper })).stderr).toContain(
    `could not start: Making the backup folder ${below} failed (EROFS: the file system is mounted read-only)`,
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
  ['its tokens are no JSON', { OVNCP_TOKENS_FILE: 'FOLDER/file' }, 'The token file FOLDER/file '],
  [
    'its certificate is none',
    { OVNCP_TLS_CERT: 'FOLDER/file', OVNCP_TLS_KEY: 'FOLDER/file' },
    'OVNCP_TLS_CERT, OVNCP_TLS_KEY: "FOLDER/file" holds no certificate in PEM form',
  ],
  ['its address is another machine', { HOST: '192.0.2.1' }, 'HOST is 192.0.2.1, which is no address of this machine: '],
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
    expect(await failedStart({ [variable]: port })).toEqual({
      stderr:
        `The server could not start: Port ${port} of 127.0.0.1 is taken by another process. Stop that one, or set ` +
        `${variable} to another port, such as ${variable}=${Number(port) + 1}\n`,
      code: 1,
    });
  } finally {
    other.close();
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
