/**
 * What the commands of the pages say when the server refuses them. Every block of bash runs as it is printed, with a
 * token that is not valid, and those that wait or look up also with ids that name nothing: whoever copies it must see the error, and no loop may wait
 * for ever.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Page } from '../../docs/page.js';
import { type Ran, runCommand } from '../../support/clients/command.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';

const PAGES = ['README.md', 'docs/rest.md', 'docs/operating.md', 'docs/graphql.md'];
const bash = PAGES.flatMap((name) =>
  new Page(name).fences.filter(({ language }) => language === 'bash').map(({ text }) => ({ name, text })),
);
/** What `gql` is: the manual defines it once. */
const GQL = bash.find(({ text }) => text.startsWith('gql()'))?.text ?? '';
const BLOCKS = bash.filter(({ text }) => /\b(curl|gql) /.test(text) && text !== GQL && !text.includes('npm run'));
const IDS = ['ID', 'RESTORE', 'JOB', 'DRY', 'MEMBER', 'BACKUP'];
/** Files that earlier blocks have left. */
const FILES = ['nightly-1.json.gz', 'nightly.yaml', 'moved.backup', 'member.db', 'backup.json', 'admin-token'];
/** Beyond any command here, and far below a loop without an end. */
const SECONDS_MAX = 30;
const LOOPED = 124;

let api: TestApi;
let folder: string;

beforeAll(async () => {
  api = await startApiServer({ env: { OVNCP_FAILED_LOGINS_PER_MINUTE: '0' } });
  folder = await mkdtemp(join(tmpdir(), 'ovncp-refused-'));
});
afterAll(async () => {
  await api.stop();
  await rm(folder, { recursive: true, force: true });
});

let runs = 0;

async function runBlock(text: string, token: string): Promise<Ran> {
  const cwd = join(folder, String((runs += 1)));
  await mkdir(cwd);
  for (const file of FILES) await writeFile(join(cwd, file), token);
  await writeFile(join(cwd, 'nightly-header'), `Authorization: Bearer ${token}\n`);
  const script = `auth="Authorization: Bearer $TOKEN"\n${GQL}\n${text.replaceAll('/var/lib/ovncp/backups', '.')}`;
  return runCommand(['timeout', String(SECONDS_MAX), 'bash', '--norc', '-c', script], {
    folder,
    cwd,
    env: {
      ...Object.fromEntries(IDS.map((name) => [name, 'no-such-id'])),
      OVNCP_URL: api.url,
      TOKEN: token,
      BACKUP_PATH: cwd,
      OVN_NB_DB: api.ovsdb.remote,
    },
  });
}

/** Commands that call the server with a token and print the answer; one that goes into a file is in that file. */
function callsIn(text: string): readonly string[] {
  return text
    .replaceAll(/(\\|\||&&)\n\s*/g, '$1 ')
    .split('\n')
    .filter((line) => /\b(curl -sS|gql ')/.test(line) && !/ -o |\/readyz/.test(line));
}

const named = BLOCKS.map(({ name, text }) => ({ name, text, first: text.split('\n')[0]?.slice(0, 60) ?? '' }));

it('looks at the commands of every page', () => {
  expect(PAGES.filter((name) => !BLOCKS.some((block) => block.name === name))).toEqual([]);
  expect(GQL).not.toBe('');
});

it.each(named)('$name says that the token is not valid: $first', async ({ text }) => {
  const { code, stdout, stderr } = await runBlock(text, 'ovncp_wrong');
  expect(code).not.toBe(LOOPED);
  // where the first call did not answer with an id, the second one has an address without it
  const said = `${stdout}\n${stderr}`.match(/The token is not valid|There is nothing at this address/g) ?? [];
  if (callsIn(text).length > 0) expect(said).toContain('The token is not valid');
  expect({ said: said.length >= callsIn(text).length, stdout, stderr }).toMatchObject({ said: true });
});

/** What waits, and what looks up a restore: the rest was seen above. */
const withIds = named.filter(({ text }) => /\bwhile |gql '.*\$(RESTORE|ID)/.test(text));

it.each(withIds)('$name shows no empty answer, and ends, where an id names nothing: $first', async ({ text }) => {
  const { code, stdout } = await runBlock(text, api.admin.token ?? '');
  expect(code).not.toBe(LOOPED);
  expect(stdout).not.toMatch(/^(null|true|false)$|null missing|"(success|phase)": ?null/m);
});
