/**
 * Every rule of every command is refused by both faces, in the same words but for the spelling of members and values.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { REST_SPELLING } from '../../src/api/rest/common/rest-form.js';
import { snakeCase } from '../../src/api/rest/common/snake-case.js';
import type { CommandHead } from '../../src/service/command/command.js';
import { OWN_SPELLING, spelled } from '../../src/service/command/spelling.js';
import * as documents from '../support/clients/generated/graphql.js';
import { RestClient } from '../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../support/servers/api-server.js';
import { nbctl } from '../support/servers/ovsdb-server.js';

interface DeclaredCommand extends CommandHead {
  readonly rules?: readonly { readonly at: string; readonly says: string }[];
}

/** What GraphQL and REST are asked, to break the same rule. */
interface Breach {
  readonly command: string;
  /** At which member, and the beginning of what is said. */
  readonly rule: readonly [at: string, says: string];
  readonly graphql: readonly [document: unknown, variables: Record<string, unknown>];
  /** Undefined where REST has no way to break it, for the reason that is given. */
  readonly rest: readonly [path: string, body: unknown] | string;
}

const SERVICES = join(import.meta.dirname, '../../src/service');
const BACKUPS = '/api/v1/backups';
const RESTORE = `${BACKUPS}/x/restore`;
const KEY = 'a passphrase that no message may hold';
const LONG = 'x'.repeat(201);

/** A breach by an input that is the same in both faces, but for its spelling. */
function breach(
  command: string,
  rule: Breach['rule'],
  [document, path]: readonly [document: unknown, path: string],
  input: Record<string, unknown>,
): Breach {
  const { backupId: _inPath, ...body } = input;
  return { command, rule, graphql: [document, { input }], rest: [path, inSnakeCase(body)] };
}

function inSnakeCase(value: unknown): unknown {
  if (typeof value === 'string') return /^[A-Z]+$/.test(value) ? value.toLowerCase() : value;
  if (Array.isArray(value)) return value.map(inSnakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [snakeCase(name), inSnakeCase(member)]));
}

const CREATE = [documents.CreateBackupDocument, BACKUPS] as const;
const START = [documents.StartBackupDocument, BACKUPS] as const;
const create = (rule: Breach['rule'], input: Record<string, unknown>): readonly Breach[] => [
  breach('createBackup', rule, CREATE, { name: 'n', ...input }),
  breach('startBackup', rule, START, { name: 'n', ...input }),
];
const restore = (rule: Breach['rule'], input: Record<string, unknown>): Breach =>
  breach('restoreBackup', rule, [documents.RestoreBackupDocument, RESTORE], { backupId: 'x', ...input });
const diff = (rule: Breach['rule'], input: Record<string, unknown>): Breach => ({
  command: 'diff',
  rule,
  graphql: [documents.DiffDocument, input],
  rest: ['/api/v1/diff', inSnakeCase(input)],
});
const looks = (rule: Breach['rule'], of: Record<string, unknown>, rest: string): readonly Breach[] => [
  { command: 'rows', rule, graphql: [documents.ListRowsDocument, { of, table: 'ACL' }], rest },
  { command: 'row', rule, graphql: [documents.GetRowDocument, { of, table: 'ACL', uuid: 'x' }], rest },
  { command: 'search', rule, graphql: [documents.SearchDocument, { of, text: 'x' }], rest },
];
const LIVE = { database: 'northbound' };

const RULES: readonly Breach[] = [
  ...create(['encryptionKey', 'is needed with'], { encrypt: true }),
  ...create(['encrypt', 'must be true'], { encryptionKey: KEY }),
  ...create(['format', '`OVSDB` holds all rows'], { type: 'INCREMENTAL', format: 'OVSDB' }),
  ...create(['parentId', 'goes with'], { parentId: 'x' }),
  ...create(['resourceFilter', 'is needed with'], { type: 'SELECTIVE' }),
  {
    command: 'importBackup',
    rule: ['file', 'exactly one of'],
    graphql: [documents.ImportBackupDocument, { input: { name: 'n' } }],
    rest: 'the body of an import is its file',
  },
  restore(['exact', 'deletes live rows'], { exact: true }),
  {
    command: 'restoreBackup',
    rule: ['resourceMapping', 'puts rows into live ones'],
    graphql: [
      documents.RestoreBackupDocument,
      { input: { backupId: 'x', conflictPolicy: 'RENAME', resourceMapping: [{ from: 'a', to: 'b' }] } },
    ],
    rest: [RESTORE, { conflict_policy: 'rename', resource_mapping: { a: 'b' } }],
  },
  diff(['from', 'exactly one of'], { from: {}, to: LIVE }),
  diff(['to', 'exactly one of'], { from: LIVE, to: { ...LIVE, backupId: 'x' } }),
  diff(['from', 'a database needs no key'], { from: { ...LIVE, decryptionKey: KEY }, to: LIVE }),
  diff(['to', 'a database needs no key'], { from: LIVE, to: { ...LIVE, decryptionKey: KEY } }),
  {
    command: 'expireBackups',
    rule: ['policy', 'needs a rule'],
    graphql: [documents.ExpireBackupsDocument, { policy: {} }],
    rest: ['/api/v1/retention/expire', { policy: {} }],
  },
  {
    command: 'simulateRetention',
    rule: ['policy', 'needs a rule'],
    graphql: [documents.ExpireBackupsDocument, { policy: {}, dryRun: true }],
    rest: ['/api/v1/retention/simulate', { policy: {} }],
  },
  ...looks(['of', 'exactly one of'], {}, 'what is looked into is one word of the address'),
  ...looks(
    ['of', 'a database needs no key'],
    { ...LIVE, decryptionKey: KEY },
    'the key is a header of a GET: test/api/graphql/rows.test.ts',
  ),
];

/** Members by themselves: the whole message, in the spelling of commands. */
const MEMBERS: readonly (readonly [says: string, Breach['graphql'], readonly [path: string, body: unknown]])[] = (
  [
    ['`name`: takes at most 200 characters', { name: LONG }],
    ['`name`: may not be empty', { name: ' ' }],
    ['`description`: may not hold NUL', { name: 'n', description: '\u0000' }],
    ['`tags`: takes at most 50 tags', { name: 'n', tags: Array.from({ length: 51 }, String) }],
    ['`tags`.0: a tag may not be empty', { name: 'n', tags: [''] }],
    ['`encryptionKey`: may not be empty', { name: 'n', encrypt: true, encryptionKey: '' }],
    [
      '`resourceFilter`.`portGroups`.0: a name or a UUID may not be empty',
      { name: 'n', type: 'SELECTIVE', resourceFilter: { portGroups: [''] } },
    ],
  ] as const
).map(([says, input]) => [says, [documents.CreateBackupDocument, { input }], [BACKUPS, inSnakeCase(input)]]);

let api: TestApi;
let rest: RestClient;
let commands: readonly DeclaredCommand[];

beforeAll(async () => {
  api = await startApiServer();
  rest = RestClient.of(api.admin);
  commands = await declaredCommands();
});
afterAll(() => api.stop());

/** Those of every folder of src/service. */
async function declaredCommands(): Promise<readonly DeclaredCommand[]> {
  const files = readdirSync(SERVICES, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('-command.ts'),
  );
  const modules = await Promise.all(files.map((file) => import(join(SERVICES, file)) as Promise<object>));
  return modules
    .flatMap((module) => Object.values(module) as unknown[])
    .filter(
      (value): value is DeclaredCommand =>
        typeof value === 'object' && value !== null && 'run' in value && 'needs' in value,
    );
}

async function said(graphql: Breach['graphql']): Promise<string> {
  const [document, variables] = graphql;
  const { errors } = await api.admin.send(document as string, variables);
  expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  return errors[0]?.message ?? '';
}

async function saidByRest([path, body]: readonly [path: string, body: unknown]): Promise<string> {
  const answer = await rest.post(path, body);
  expect(answer).toMatchObject({ status: 400, body: { code: 'BAD_USER_INPUT' } });
  return String(answer.body['error']);
}

it('every rule of every command is tried', () => {
  const declared = commands.flatMap(({ name, rules = [] }) => rules.map(({ at, says }) => ({ name, at, says })));
  const tried = declared.filter(({ name, at, says }) =>
    RULES.some(({ command, rule }) => command === name && rule[0] === at && says.startsWith(rule[1])),
  );
  expect(declared.length).toBeGreaterThan(10);
  expect(tried).toEqual(declared);
  expect(RULES).toHaveLength(declared.length);
});

it.each(RULES.map((each) => [each.command, each.rule.join(': '), each] as const))(
  '%s: %s',
  async (name, _title, { rule: [at, begins], graphql, rest: byRest }) => {
    const rules = commands.find((command) => command.name === name)?.rules ?? [];
    const says = rules.find((rule) => rule.at === at && rule.says.startsWith(begins))?.says ?? 'no such rule';
    const text = `\`${at}\`: ${says}`;
    const told = await said(graphql);
    expect(told.split('; ')).toContain(spelled(text, OWN_SPELLING));
    expect(told).not.toContain(KEY);
    if (typeof byRest === 'string') return;
    const toldByRest = await saidByRest(byRest);
    expect(toldByRest.split('; ')).toContain(spelled(text, REST_SPELLING));
    expect(toldByRest).not.toContain(KEY);
  },
);

it.each(MEMBERS)('%s', async (says, graphql, byRest) => {
  expect(await said(graphql)).toBe(spelled(says, OWN_SPELLING));
  expect(await saidByRest(byRest)).toBe(spelled(says, REST_SPELLING));
});

it('a permission that is missing is named in the same words', async () => {
  const writer = await api.as('backups:write');
  const { errors } = await writer.send(documents.DeleteBackupDocument, { id: 'x' });
  const { status, body } = await RestClient.of(writer).send(`${BACKUPS}/x`, { method: 'DELETE' });
  expect(status).toBe(403);
  expect(body['error']).toBe(errors[0]?.message);
});

it('a filter beside the type FULL does not limit the backup, which says so; without a type it makes a selective one', async () => {
  const filter = { switches: ['same-words'] };
  await nbctl(api.ovsdb.remote, 'ls-add', 'same-words');
  const told = ['The resource filter was not used: the backup was asked for as a full one, and holds everything'];
  const byGraphQL = async (type?: 'FULL'): Promise<unknown> => {
    const input = { name: 'n', resourceFilter: filter, ...(type === undefined ? {} : { type }) };
    const { type: made, warnings } = (await api.admin.run(documents.CreateBackupDocument, { input })).createBackup;
    return [made, warnings];
  };
  const byRest = async (type?: string): Promise<unknown> => {
    const { body } = await rest.post(BACKUPS, {
      name: 'n',
      resource_filter: filter,
      ...(type === undefined ? {} : { type }),
    });
    const { type: made, warnings } = body['backup'] as { readonly type: string; readonly warnings: unknown };
    return [made.toUpperCase(), warnings];
  };
  expect([await byGraphQL('FULL'), await byRest('full')]).toEqual([
    ['FULL', told],
    ['FULL', told],
  ]);
  expect([await byGraphQL(), await byRest()]).toEqual([
    ['SELECTIVE', []],
    ['SELECTIVE', []],
  ]);
});
