/**
 * The command `npm run token`: makes, lists and revokes static tokens in the file that the server reads, which
 * takes them up by itself. A token is printed once and stored nowhere; the file has its SHA-256.
 */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { looksOwn, OWN_NAME_FAULT } from '../auth/own-name.js';
import type { Permission } from '../auth/permission.js';
import { isPermission, PERMISSIONS, ROLES } from '../auth/permission.js';
import { addToken, newToken, removeToken } from '../auth/token-edit.js';
import type { TokenEntry } from '../auth/token-file.js';
import { DATABASE_ID, readTokenFile, TOKEN_DATABASES_MAX, TOKEN_NAME } from '../auth/token-file.js';
import { tokensFileOf } from '../config/server-folder.js';
import type { Environment } from '../config/settings.js';
import type { Clock } from '../lib/clock.js';
import { instant } from '../lib/clock.js';
import { defined } from '../lib/defined.js';
import { errnoOf } from '../lib/error.js';
import { reasonOf } from '../lib/system-error.js';
import { nearestNames } from '../lib/text/nearest.js';

export interface TokenCommandOptions {
  readonly env: Environment;
  readonly clock: Clock;
  /** The token, or the list, and nothing else. */
  readonly out: (text: string) => void;
  /** What a person reads. */
  readonly say: (text: string) => void;
}

const SPAN = /^(\d{1,5})([mhdw])$/;
const SPAN_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

interface MakeFlags {
  readonly file: string;
  readonly permissions?: readonly Permission[];
  readonly role?: string;
  readonly expires?: string;
  readonly database?: readonly string[];
}

interface ListFlags {
  readonly file: string;
  readonly json?: boolean;
}

/**
 * The command, to be run with parseAsync. It throws Error and AppError with messages fit to be printed, and
 * CommanderError when it has printed what is wrong, or what was asked for (--help), itself.
 */
export function tokenCommand(options: TokenCommandOptions): Command {
  const { env, clock, out, say } = options;
  const program = new Command('token')
    .description('Static tokens of the backup server')
    .configureOutput({ writeOut: out, writeErr: say })
    .exitOverride();
  const { path: defaultFile } = tokensFileOf(env);
  const fileOption = (): Option => new Option('--file <path>', 'the token file').default(defaultFile);
  program
    .command('make')
    .description('make a token and print it, once')
    .argument('<name>', 'whose it is, as it stands in backups and in the log', nameOf)
    .option('--permissions <list>', `separated by commas: ${PERMISSIONS.join(', ')}`, permissionsOf)
    .addOption(new Option('--role <role>', 'permissions by the name of what one does').choices(Object.keys(ROLES)))
    .option('--expires <when>', '30d, 12h, 2w, or a time such as 2030-12-31T00:00:00Z; never, if left out', (text) =>
      expiryOf(text, clock),
    )
    .option(
      '--database <id>',
      'limit it to this database; give it again for several, all if left out',
      (id, given: readonly string[] | undefined) => withDatabase(given ?? [], id),
    )
    .addOption(fileOption())
    .action(async (name: string, flags: MakeFlags) => make(name, flags, options));
  program
    .command('list')
    .description('show the tokens that there are; the tokens themselves are nowhere')
    .option('--json', 'as JSON')
    .addOption(fileOption())
    .action(async (flags: ListFlags) => list(flags, options));
  program
    .command('revoke')
    .description('take a token back; open connections end within half a minute')
    .argument('<name>', 'as list shows it')
    .addOption(fileOption())
    .action(async (name: string, flags: { readonly file: string }) => {
      await checkFolder(flags.file, env);
      await removeToken(flags.file, name, clock);
      say(`Revoked "${name}" in ${flags.file}.\n`);
      warnIfUnused(flags.file, options);
    });
  return program;
}

async function make(
  name: string,
  { file, permissions: given = [], role, expires, database: databases }: MakeFlags,
  options: TokenCommandOptions,
): Promise<void> {
  const ofRole = role === undefined ? [] : (ROLES[role] ?? []);
  const permissions = PERMISSIONS.filter((permission) => given.includes(permission) || ofRole.includes(permission));
  if (permissions.length === 0)
    throw new Error(
      `What may the token do? Give --role (${Object.keys(ROLES).join(', ')}), or --permissions ` +
        `(${PERMISSIONS.join(', ')})`,
    );
  await checkFolder(file, options.env);
  const { token, sha256 } = newToken();
  const entry = {
    name,
    sha256,
    permissions,
    ...defined({ expiresAt: expires, databases: databases && [...databases] }),
  };
  await addToken(file, entry, options.clock);
  options.out(`${token}\n`);
  options.say(
    `Made "${name}" in ${file} with ${permissions.join(', ')}${limitOf(databases)}, valid ` +
      `${expires === undefined ? 'until it is revoked' : `until ${expires}`}. It is shown only now.\n`,
  );
  warnIfUnused(file, options);
}

function limitOf(databases: readonly string[] | undefined): string {
  if (databases === undefined) return '';
  return ` for the ${databases.length === 1 ? 'database' : 'databases'} ${databases.join(', ')} only`;
}

async function list(flags: ListFlags, options: TokenCommandOptions): Promise<void> {
  await checkFolder(flags.file, options.env);
  const shown = await shownIn(flags.file, options.clock);
  if (flags.json === true) options.out(`${JSON.stringify(shown, null, 2)}\n`);
  else if (shown.length === 0) options.say(`There are no tokens in ${flags.file}.\n`);
  else options.out(tableOf(shown));
}

/** A server makes its folder when it first starts: where there is none, no server would read the file. */
async function checkFolder(file: string, env: Environment): Promise<void> {
  const folder = dirname(file);
  if (await exists(folder)) return;
  const { path, setting, isSet } = tokensFileOf(env);
  throw new Error(
    `There is no folder ${folder}, so no server has its tokens there. ` +
      (path === file
        ? `${setting} is ${isSet ? 'set to that' : 'not set'}: set it as it is set for the server`
        : 'Make it first, or name another file with --file'),
  );
}

async function exists(folder: string): Promise<boolean> {
  try {
    await stat(folder);
    return true;
  } catch (error) {
    // of all else it is told when the file is opened
    return errnoOf(error) !== 'ENOENT';
  }
}

interface ShownToken {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly expiresAt: string | null;
  readonly expired: boolean;
  /** Null: all. */
  readonly databases: readonly string[] | null;
}

async function shownIn(file: string, clock: Clock): Promise<readonly ShownToken[]> {
  return (await entriesOf(file)).map(({ name, permissions, expiresAt, databases }) => ({
    name,
    permissions,
    expiresAt: expiresAt ?? null,
    expired: expiresAt !== undefined && Date.parse(expiresAt) <= clock.now(),
    databases: databases ?? null,
  }));
}

function tableOf(shown: readonly ShownToken[]): string {
  const rows = shown.map(({ name, permissions, expiresAt, expired, databases }) => [
    name,
    permissions.join(','),
    databases?.join(',') ?? 'all',
    expiresAt === null ? 'never' : `${expiresAt}${expired ? ' (expired)' : ''}`,
  ]);
  const table = [['NAME', 'PERMISSIONS', 'DATABASES', 'EXPIRES'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`).join('');
}

async function entriesOf(file: string): Promise<readonly TokenEntry[]> {
  try {
    return await readTokenFile(file);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    if (errnoOf(error) !== undefined)
      throw new Error(
        `The token file ${file} cannot be read (${reasonOf(error)}): run this as the server's user, or name another ` +
          'file with --file',
        { cause: error },
      );
    throw error;
  }
}

function warnIfUnused(file: string, { env, say }: TokenCommandOptions): void {
  const used = tokensFileOf(env);
  if (used.path === file && !used.isUsed)
    say(`Note: with JWTs configured, the server reads this file only if OVNCP_TOKENS_FILE=${file} is set for it.\n`);
}

function nameOf(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('The name is empty: give one such as nightly.');
  if (looksOwn(text)) throw new InvalidArgumentError(`"${text}" ${OWN_NAME_FAULT}.`);
  if (text !== text.trim()) throw new InvalidArgumentError('It begins or ends with a space: leave that out.');
  const parsed = TOKEN_NAME.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError(`It ${parsed.error.issues[0]?.message ?? 'is not a name'}.`);
  return parsed.data;
}

function permissionsOf(text: string): readonly Permission[] {
  return text.split(',').map((item) => {
    const name = item.trim();
    if (isPermission(name)) return name;
    const [near] = nearestNames(name, PERMISSIONS, 1);
    throw new InvalidArgumentError(
      near === undefined
        ? `"${name}" is none of ${PERMISSIONS.join(', ')}.`
        : `"${name}" is not known; did you mean ${near}?`,
    );
  });
}

function withDatabase(given: readonly string[], id: string): readonly string[] {
  const parsed = DATABASE_ID.safeParse(id);
  if (!parsed.success) throw new InvalidArgumentError(`It ${parsed.error.issues[0]?.message ?? 'is not an id'}.`);
  if (given.includes(id)) return given;
  if (given.length === TOKEN_DATABASES_MAX)
    throw new InvalidArgumentError(`A token is limited to ${TOKEN_DATABASES_MAX} databases at most.`);
  return [...given, id];
}

/** @returns RFC 3339, in UTC */
function expiryOf(text: string, clock: Clock): string {
  const [, count, unit] = SPAN.exec(text) ?? [];
  const at =
    count !== undefined && unit !== undefined
      ? clock.now() + Number(count) * (SPAN_MS[unit] ?? NaN)
      : RFC_3339.test(text)
        ? Date.parse(text)
        : NaN;
  if (Number.isNaN(at)) throw new InvalidArgumentError('Write 30d, 12h, 2w, or a time such as 2030-12-31T00:00:00Z.');
  if (at <= clock.now()) throw new InvalidArgumentError('That is over already.');
  return instant(at);
}
