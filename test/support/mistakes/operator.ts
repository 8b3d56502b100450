/** Mistakes of who runs the server: in its environment, in its files, and at its commands. */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../clients/command.js';
import { serverEnvironment } from '../servers/api-server.js';
import { makeCertificates } from '../servers/certificates.js';
import { ensureBuilt, spawnServer } from '../servers/server-process.js';
import type { Mistake } from './mistake.js';

/** Both faces' spellings of what a caller sends. */
export const NOT_OF_OPERATORS = /\bbackup_id\b|\bbackupId\b|\bconflict_?[pP]olicy\b|\bGraphQL\b/;

/** Variables that are wrong, all at once: the server names each in a line of its own. */
export const WRONG_VARIABLES: readonly (Mistake & { readonly set: Readonly<Record<string, string>> })[] = [
  variable('PORT', 'http', { todo: 'whole number from 0 to 65535' }),
  variable('HOST', 'http://localhost', { todo: 'write 127.0.0.1' }),
  variable('OVN_NB_DB', 'tcp://10.0.0.1:6641', { todo: 'did you mean tcp:10.0.0.1:6641?' }),
  variable('OVN_DB_NAME', 'OVN-Northbound', { todo: 'such as OVN_Northbound' }),
  variable('LOG_LEVEL', 'verbose', { todo: 'use one of trace, debug' }),
  variable('OVNCP_UPLOAD_BYTES_MAX', '2G', { todo: 'write digits alone, without a unit' }),
  variable('OVNCP_DRAIN_SECONDS_MAX', '30s', { todo: 'write digits alone, without a unit' }),
  variable('OVNCP_INTROSPECTION', 'yes', { todo: 'true nor false' }),
  variable('OVNCP_CORS_ORIGINS', '*', { todo: 'write https://console.example' }),
  variable('OVNCP_TRUSTED_PROXIES', 'proxy.example', { todo: 'write 10.0.0.1' }),
  variable('OVNCP_RUNTIME_KEYS', 'NB_Global.options', { todo: 'write TABLE.COLUMN:KEY' }),
  variable('OVNCP_JWKS_URL', 'http://keys.example', { todo: 'write https://' }),
  variable('OVNCP_AUDIT_READS', 'some', { todo: 'use one of none, exports, all' }),
  variable('OVNCP_TLS_CERT', '/nowhere/cert.pem', { todo: 'name a file that this process may read' }),
  // its value is nobody's business
  { ...variable('OVNCP_JWT_SECRET', 'short', { todo: 'use at least 32 bytes' }), what: 'is too short' },
  { ...variable('OVNCP_JWT_SECERT', 'x', { todo: 'did you mean OVNCP_JWT_SECRET?' }), what: 'OVNCP_JWT_SECERT' },
];

function variable(
  name: string,
  value: string,
  { todo }: Pick<Mistake, 'todo'>,
): Mistake & { readonly set: Readonly<Record<string, string>> } {
  return { who: `environment: ${name}=${value}`, what: `"${value}"`, where: `${name}: `, todo, set: { [name]: value } };
}

export interface Place {
  /** Empty, and this test's own. */
  readonly folder: string;
  /** A port that somebody has. */
  readonly takenPort: number;
}

export interface OperatorMistake extends Mistake {
  readonly read: (place: Place) => Promise<string>;
}

/** A server that is started with these variables, and does not start. */
function start(
  who: string,
  env: (place: Place) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>,
  told: Omit<Mistake, 'who'>,
): OperatorMistake {
  return {
    who: `start: ${who}`,
    ...told,
    read: async (place) => {
      const all = serverEnvironment('unix:/nonexistent/nb.sock', join(place.folder, 'backups'));
      await using server = await spawnServer({ ...all, LOG_LEVEL: 'info', ...(await env(place)) });
      const { code } = await server.ended;
      if (code === 0) throw new Error('it is no mistake');
      // a stack in the log would be seen too
      return `${server.stderr}${server.stdout.replaceAll(/^\{.*"level":"(?:info|warn)".*\n/gm, '')}`;
    },
  };
}

/** A command of a built clone. */
function command(
  who: string,
  { words, env = () => ({}) }: { words: readonly string[]; env?: (place: Place) => Readonly<Record<string, string>> },
  told: Omit<Mistake, 'who'>,
): OperatorMistake {
  return {
    who: `command: ${who}`,
    ...told,
    read: async (place) => {
      await ensureBuilt();
      const [name = '', ...rest] = words;
      const program = fileURLToPath(new URL(`../../../dist/cli/${name}.js`, import.meta.url));
      const { code, stderr, stdout } = await runCommand(
        [process.execPath, program, ...rest.map((word) => word.replace('FOLDER', place.folder))],
        { folder: place.folder, env: { BACKUP_PATH: join(place.folder, 'backups'), ...env(place) } },
      );
      if (code === 0) throw new Error('it is no mistake');
      return `${stderr}${stdout}`;
    },
  };
}

const inFolder =
  (name: string, text: string, more: Readonly<Record<string, string>> = {}) =>
  async ({ folder }: Place): Promise<Readonly<Record<string, string>>> => {
    await writeFile(join(folder, 'file'), text, { mode: 0o600 });
    return { ...more, [name]: join(folder, 'file') };
  };

const STARTS: readonly OperatorMistake[] = [
  start('BACKUP_PATH is a file', inFolder('BACKUP_PATH', 'text'), {
    what: 'there is a file of that name',
    where: /the backup folder \S+\/file/,
    todo: 'set BACKUP_PATH to a folder',
  }),
  start('BACKUP_PATH is where no folder can be made', () => ({ BACKUP_PATH: '/proc/nope' }), {
    what: 'no folder can be made there',
    where: 'the backup folder /proc/nope',
    todo: 'set BACKUP_PATH to a folder',
  }),
  start(
    'BACKUP_PATH is a circle of links',
    async ({ folder }) => {
      await symlink('circle', join(folder, 'circle'));
      return { BACKUP_PATH: join(folder, 'circle', 'backups') };
    },
    { what: 'lead in a circle', where: /the backup folder \S+\/circle/, todo: 'set BACKUP_PATH to a folder' },
  ),
  start('OVNCP_STATE_PATH is a file', inFolder('OVNCP_STATE_PATH', 'text'), {
    what: 'there is a file of that name',
    where: /the folder \S+\/file/,
    todo: 'set OVNCP_STATE_PATH to a folder',
  }),
  start('the port is taken', ({ takenPort }) => ({ PORT: String(takenPort) }), {
    what: 'is taken by another process',
    where: /Port (\d+) of 127\.0\.0\.1 .*: ss -ltnp "sport = :\1" says by which/,
    todo: /set PORT to another port: PORT=\d+ is free/,
  }),
  start('HOST is another machine', () => ({ HOST: '192.0.2.1' }), {
    what: '192.0.2.1',
    where: 'HOST',
    todo: 'set it to one that is',
  }),
  start('the token file is missing', () => ({ OVNCP_TOKENS_FILE: '/nowhere/tokens.json' }), {
    what: 'is missing',
    where: 'The token file /nowhere/tokens.json',
    todo: 'make it with npm run token, or set OVNCP_TOKENS_FILE',
  }),
  start('the token file is cut off', inFolder('OVNCP_TOKENS_FILE', '{"tokens": [\n{"name": "a",'), {
    what: 'is not JSON',
    where: /The token file \S+\/file/,
    todo: 'make the tokens again with npm run token',
  }),
  start('the token file is empty', inFolder('OVNCP_TOKENS_FILE', ' '), {
    what: 'is empty',
    where: /The token file \S+\/file/,
    todo: 'make the tokens again with npm run token',
  }),
  start('a token without its digest', inFolder('OVNCP_TOKENS_FILE', '{"tokens": [{"name": "a"}]}'), {
    what: /is missing \(string\)/,
    where: /The token file \S+\/file is not valid at tokens\.0\.sha256/,
    todo: 'Correct it',
  }),
  start(
    'a token with a permission that there is not',
    inFolder(
      'OVNCP_TOKENS_FILE',
      `{"tokens": [{"name": "a", "sha256": "${'a'.repeat(64)}", "permissions": ["root"]}]}`,
    ),
    {
      what: 'permissions.0',
      where: /\/file is not valid at tokens\.0\.permissions\.0/,
      todo: 'takes one of backups:read',
    },
  ),
  start(
    'a token file that everybody may write',
    async (place) => {
      const env = await inFolder('OVNCP_TOKENS_FILE', '{"tokens": []}')(place);
      await chmod(join(place.folder, 'file'), 0o666);
      return env;
    },
    { what: 'can be changed by others than its owner', where: /The token file \S+\/file/, todo: 'chmod go-w' },
  ),
  start(
    'key and certificate are swapped',
    async ({ folder }) => {
      await mkdir(join(folder, 'pem'), { recursive: true });
      const { server } = await makeCertificates(join(folder, 'pem'));
      return { OVNCP_TLS_CERT: server.privateKey, OVNCP_TLS_KEY: server.certificate };
    },
    { what: 'holds a key and no certificate', where: 'OVNCP_TLS_CERT', todo: 'are the files swapped?' },
  ),
];

const COMMANDS: readonly OperatorMistake[] = [
  command(
    'a token for no server',
    { words: ['token', 'make', 'ci', '--role', 'viewer'] },
    {
      what: 'There is no folder',
      where: /\/backups, so no server/,
      todo: 'BACKUP_PATH is set to that: set it as it is set for the server',
    },
  ),
  command(
    'a token for nobody',
    { words: ['token', 'make', '', '--role', 'viewer'] },
    { what: 'The name is empty', where: "'name'", todo: 'give one such as nightly' },
  ),
  command(
    'a token whose name ends with a space',
    { words: ['token', 'make', 'ci ', '--role', 'viewer'] },
    { what: 'ends with a space', where: "'name'", todo: 'leave that out' },
  ),
  command(
    'a token whose name has an umlaut',
    { words: ['token', 'make', 'büro', '--role', 'viewer'] },
    { what: 'is not a name', where: "'name'", todo: 'use letters, digits, spaces and . _ - @ (64 at most)' },
  ),
  command(
    'a role that there is not',
    { words: ['token', 'make', 'ci', '--role', 'root'] },
    {
      what: "'root'",
      where: '--role',
      todo: /admin, operator, viewer/,
    },
  ),
  command(
    'a permission with a typing error',
    { words: ['token', 'make', 'ci', '--permissions', 'backup:read'] },
    {
      what: '"backup:read"',
      where: '--permissions',
      todo: 'did you mean backups:read?',
    },
  ),
  command(
    'nothing that it may do',
    { words: ['token', 'make', 'ci'] },
    {
      what: 'What may the token do?',
      where: '--permissions',
      todo: /Give --role \(admin, .*backups:read/,
    },
  ),
  command(
    'an end in words',
    { words: ['token', 'make', 'ci', '--role', 'viewer', '--expires', 'soon'] },
    {
      what: "'soon'",
      where: '--expires',
      todo: 'Write 30d',
    },
  ),
  command(
    'a command with a typing error',
    { words: ['token', 'mkae', 'ci'] },
    {
      what: "'mkae'",
      where: 'command',
      todo: /Did you mean make\?/,
    },
  ),
  command(
    'an option with a typing error',
    { words: ['token', 'make', 'ci', '--rolle', 'viewer'] },
    {
      what: "'--rolle'",
      where: 'option',
      todo: /Did you mean --role\?/,
    },
  ),
  command(
    'revoking nobody',
    { words: ['token', 'revoke', 'nobody', '--file', 'FOLDER/tokens.json'] },
    {
      what: '"nobody"',
      where: /\/tokens\.json/,
      todo: 'it has none',
    },
  ),
  command(
    'the trail of no folder',
    { words: ['audit', '/nowhere'] },
    {
      what: 'There is no folder',
      where: '/nowhere',
      todo: 'Name the backup folder',
    },
  ),
  command(
    'the trail of another folder',
    { words: ['audit', 'FOLDER'] },
    {
      what: 'There is no audit trail',
      where: /in \/\S+: /,
      todo: 'no server has used this folder',
    },
  ),
  command(
    'a hash that is none',
    { words: ['audit', 'FOLDER', '--noted', 'abc'] },
    {
      what: "'abc'",
      where: '--noted',
      todo: 'write sha256: and 64 hexadecimal digits',
    },
  ),
];

export const OPERATORS_MISTAKES: readonly OperatorMistake[] = [...STARTS, ...COMMANDS];

/** Somebody who has a port. */
export async function takePort(): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
}
