/**
 * The programs of docs/javascript-client.md, as they are printed: the one for the browser in a browser, in a page of
 * another origin, and the configuration of codegen with a program that uses what it makes. readme.test.ts runs the one for
 * Node.js.
 */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page as BrowserPage } from 'playwright-core';
import { rolldown } from 'rolldown';
import { Page, ROOT, textOf } from '../../docs/page.js';
import { launchBrowser } from '../../support/clients/browser.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { run } from '../../support/programs/programs.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

const guide = new Page('docs/javascript-client.md');
/** The one block of this language that has this in it. */
function block(language: string, text: string): string {
  const found = guide.fences.filter((fence) => fence.language === language && fence.text.includes(text));
  expect(found).toHaveLength(1);
  return found[0]?.text ?? '';
}
const WATCH = block('js', 'watchRestore');
const ANSWER = block('js', 'class OvncpError');
const RUN = block('js', 'function run');
const IMPORT = block('js', 'function importBackup');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-javascript-'));
  // in the place of npm install
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('tells to install packages that this project has, too', () => {
  const { devDependencies, dependencies } = JSON.parse(textOf('package.json')) as Record<string, object>;
  const names = [...guide.prose.matchAll(/^ {4}npm install (?:--save-dev )?(.*)$/gm)].flatMap(([, list = '']) =>
    list.split(' '),
  );
  expect(names).toHaveLength(5);
  expect(names.filter((name) => !Object.hasOwn({ ...devDependencies, ...dependencies }, name))).toEqual([]);
});

describe('in the browser', () => {
  let api: TestApi;
  let site: Server;
  let browser: Browser;
  let page: BrowserPage;
  let script = '';

  beforeAll(async () => {
    await writeFile(join(folder, 'watch-restore.mjs'), WATCH);
    await writeFile(join(folder, 'run.mjs'), [ANSWER, RUN, IMPORT].join('\n'));
    await writeFile(
      join(folder, 'page.mjs'),
      `import { watchRestore } from './watch-restore.mjs';\nimport { run, importBackup } from './run.mjs';\n` +
        'Object.assign(window, { watchRestore, run, importBackup });\n',
    );
    await using build = await rolldown({ input: join(folder, 'page.mjs'), platform: 'browser', logLevel: 'silent' });
    const { output } = await build.generate({ format: 'iife' });
    script = output[0].code;
    site = createServer((request, answer) => {
      const isScript = request.url === '/page.js';
      answer.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      answer.end(isScript ? script : '<!doctype html><title>A front end</title><script src="/page.js"></script>');
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    api = await startApiServer({ env: { OVNCP_CORS_ORIGINS: origin } });
    await nbctl(api.ovsdb.remote, 'ls-add', 'web');
    browser = await launchBrowser();
    page = await browser.newPage();
    await page.goto(origin);
  });
  afterAll(async () => {
    await browser.close();
    await api.stop();
    site.close();
  });

  const evaluate = <Value>(code: string): Promise<Value> => page.evaluate<Value>(`(async () => { ${code} })()`);
  const call = (query: string): string => `run(${JSON.stringify(query)}, {}, TOKEN, URL)`;
  const constants = (): string =>
    `const TOKEN = ${JSON.stringify(api.admin.token)}; const URL = '${api.url}/graphql'; const { run, watchRestore, importBackup } = window;`;

  async function backUp(name: string): Promise<string> {
    const { body } = await RestClient.of(api.admin).post('/api/v1/backups', { name });
    return (body['backup'] as { readonly id: string }).id;
  }

  it('runs an operation, and throws all that the server says of one that is refused', async () => {
    expect(await evaluate(`${constants()} return ${call('{ databases { id connected } }')}`)).toEqual({
      databases: [{ id: 'northbound', connected: true }],
    });
    const caught = `.then(() => 'answered', (error) => ({ ...error, name: error.constructor.name, message: error.message }))`;
    const refused = (query: string): Promise<unknown> => evaluate(`${constants()} return ${call(query)}${caught}`);
    expect(await refused('{ backup(id: "x") { nothing } }')).toEqual({
      name: 'OvncpError',
      message: expect.stringContaining('nothing'),
      code: 'GRAPHQL_VALIDATION_FAILED',
      problems: [{ code: 'GRAPHQL_VALIDATION_FAILED', message: expect.stringContaining('nothing') }],
      requestId: expect.any(String),
      data: null,
    });
    // all that is wrong, one by one
    const twice = await refused('{ backup(id: "x") { nothing nowhere } }');
    expect(twice).toMatchObject({ problems: { length: 2 } });
    const input = 'mutation { createBackup(input: {name: "", tags: [""]}) { id } }';
    expect(await refused(input)).toMatchObject({
      problems: [{ message: expect.stringContaining('name') }, { message: expect.stringContaining('tags') }],
    });
    // an address that answers in another shape is no success
    const elsewhere = call('{ databases { id } }').replace('URL)', 'URL + "/nothing")');
    expect(await evaluate(`${constants()} return ${elsewhere}${caught}`)).toMatchObject({
      name: 'OvncpError',
      code: 'NOT_FOUND',
      message: expect.stringContaining('There is nothing at this address'),
      requestId: expect.any(String),
    });
  });

  it('keeps what is answered in spite of the errors', async () => {
    const id = await backUp('the switch as it is');
    await nbctl(api.ovsdb.remote, 'set', 'Logical_Switch', 'web', 'external_ids:owner=ann');
    // a reader may ask for a dry run, but not see its values
    const { token } = await api.as('backups:read');
    const query = `mutation { restoreBackup(input: {backupId: "${id}", conflictPolicy: OVERWRITE, dryRun: true}) {
      result { restoredCount changes(table: "Logical_Switch") { nodes { label columns { before } } } } } }`;
    const told = await evaluate(
      `${constants()} return run(${JSON.stringify(query)}, {}, ${JSON.stringify(token)}, URL).catch(
        ({ code, data }) => ({ code, data }));`,
    );
    const nodes = [{ label: 'switch "web"', columns: [{ before: null }] }];
    expect(told).toEqual({
      code: 'FORBIDDEN',
      data: { restoreBackup: { result: { restoredCount: 1, changes: { nodes } } } },
    });
  });

  it('imports a file', async () => {
    const id = await backUp('to be imported');
    const bytes = await RestClient.of(api.admin).get(`/api/v1/backups/${id}/export`);
    const imported = await evaluate<{ readonly importBackup: object }>(
      `${constants()} return importBackup(new File([${JSON.stringify(JSON.stringify(bytes.body))}], 'backup.json'), TOKEN, URL);`,
    );
    expect(imported.importBackup).toMatchObject({ id: expect.any(String), rowCount: expect.any(Number) });
    // a file that is no backup
    expect(
      await evaluate(
        `${constants()} return importBackup(new File(['x'], 'x.json'), TOKEN, URL).catch((error) => error.code);`,
      ),
    ).toBe('INTEGRITY_FAILED');
  });

  it('says of an origin that is not named what the page tells of it', async () => {
    const other = await browser.newPage();
    await other.clock.install();
    // the same page at its other name
    await other.goto(page.url().replace('127.0.0.1', 'localhost'));
    const thrown = await other.evaluate<string>(`${constants()} ${call('{ databases { id } }')}.catch(String)`);
    expect(guide.prose).toContain(`\`${thrown.replace('TypeError: ', '')}\` in Chrome`);
    await other.evaluate(`${constants()} watchRestore(URL.replace('http', 'ws'), TOKEN, 'x', {
      onError: (text) => { document.title = text; },
    });`);
    // its attempts take minutes, which pass here at once
    await until(async () => {
      await other.clock.runFor(60_000);
      return (await other.title()).startsWith('No connection to ws://');
    });
    expect(await other.title()).toContain(`Is ${new URL(other.url()).origin} in OVNCP_CORS_ORIGINS?`);
    await other.close();
  });

  it('is told in words why a restore cannot be watched, and of no end after that', async () => {
    const id = await backUp('to look at');
    // when a second subscription has ended, the end of the first would have come
    const told = (token: string): Promise<readonly unknown[]> =>
      evaluate(
        `${constants()} const told = [];
      const url = URL.replace('http', 'ws');
      await new Promise((resolve) => {
        watchRestore(url, ${token}, 'no-such-restore', {
          onStep: (step) => told.push(step),
          onEnd: () => told.push('end'),
          onError: (text, code) => { told.push([text, code ?? null]); resolve(); },
        });
      });
      const { restoreBackup } = await ${call('mutation { restoreBackup(input: {backupId: "BACKUP", dryRun: true}) { id } }')};
      await new Promise((resolve) => watchRestore(url, TOKEN, restoreBackup.id, { onStep() {}, onEnd: resolve }));
      return told;`.replace('BACKUP', id),
      );
    expect(await told('TOKEN')).toEqual([[expect.stringContaining('no-such-restore'), 'NOT_FOUND']]);
    expect(await told('"wrong"')).toEqual([[expect.stringContaining('The token is not valid'), null]]);
  });

  it('is told the code of a restore that is begun without waiting, and fails', async () => {
    const id = await backUp('of no such switch');
    const input = `{backupId: "${id}", restoreFilter: {switches: ["wep"]}, wait: false}`;
    const last = await evaluate(`${constants()}
      const { restoreBackup } = await ${call(`mutation { restoreBackup(input: ${input}) { id } }`)};
      let last;
      await new Promise((resolve) => {
        watchRestore(URL.replace('http', 'ws'), TOKEN, restoreBackup.id, {
          onStep: (step) => { last = step; },
          onEnd: resolve,
          onError: (text) => { last = text; resolve(); },
        });
      });
      return last;`);
    const message = expect.stringContaining('wep') as string;
    const errors = [{ code: 'BAD_USER_INPUT', message, label: 'switch "wep"' }];
    expect(last).toMatchObject({ phase: 'FAILED', message, result: { success: false, errors } });
  });

  it('watches a restore to its end', async () => {
    const id = await backUp('before');
    await nbctl(api.ovsdb.remote, 'ls-del', 'web');
    const steps = await evaluate<readonly ({ readonly phase: string } | null)[]>(`${constants()}
      const { restoreBackup } = await ${call(`mutation { restoreBackup(input: {backupId: "${id}", wait: false}) { id } }`)};
      const steps = [];
      await new Promise((resolve) => {
        watchRestore(URL.replace('http', 'ws'), TOKEN, restoreBackup.id, {
          onStep: (step) => steps.push(step),
          onEnd: () => { steps.push(null); resolve(); },
          onError: (text) => { steps.push(text); resolve(); },
        });
      });
      return steps;`);
    expect(steps.at(-1)).toBeNull();
    expect(steps.at(-2)).toMatchObject({ phase: 'SUCCEEDED', fraction: 1, result: { success: true } });
  });
});

describe('codegen', () => {
  it('makes a client whose types know every scalar, with which `run` knows what it answers', async () => {
    await mkdir(join(folder, 'src'));
    await cp(join(ROOT, 'schema/schema.graphql'), join(folder, 'schema/schema.graphql'), { recursive: true });
    await writeFile(join(folder, 'codegen.yml'), block('yaml', 'preset: client'));
    await writeFile(
      join(folder, 'src/list.graphql'),
      'query FirstBackups($first: Int) { backups(first: $first) { nodes { id size createdAt } } }\n',
    );
    await cp(join(ROOT, 'schema/operations'), join(folder, 'src/operations'), { recursive: true });
    await run(process.execPath, [join(ROOT, 'node_modules/@graphql-codegen/cli/esm/bin.js')], {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const made = await readFile(join(folder, 'src/generated/graphql.ts'), 'utf8');
    expect(made).not.toMatch(/: any\b/);
    await writeFile(join(folder, 'src/watch.ts'), block('ts', 'RestoreStepsDocument'));
    const [, ...body] = RUN.split('\n');
    await writeFile(
      join(folder, 'src/run.ts'),
      [
        block('ts', 'TypedDocumentString') + body.join('\n'),
        block('ts', 'class OvncpError'),
        IMPORT.replace('(file, token, url = ', '(file: File, token: string, url = '),
      ].join('\n'),
    );
    await writeFile(
      join(folder, 'src/use.ts'),
      `import { FirstBackupsDocument } from './generated/graphql';
import { OvncpError, run } from './run';

export const codeOf = (error: unknown): string | undefined => (error instanceof OvncpError ? error.code : undefined);
const { backups } = await run(FirstBackupsDocument, { first: 5 }, 'a token');
export const first: { id: string; size: number; createdAt: string } | undefined = backups.nodes[0];
// @ts-expect-error a variable of another type
await run(FirstBackupsDocument, { first: 'five' }, 'a token');
`,
    );
    const words = [
      '--strict',
      '--erasableSyntaxOnly',
      '--noEmit',
      '--skipLibCheck',
      '--module',
      'esnext',
      '--moduleResolution',
      'bundler',
      '--target',
      'es2022',
    ];
    await run(
      process.execPath,
      [join(ROOT, 'node_modules/typescript/bin/tsc'), ...words, 'src/use.ts', 'src/watch.ts'],
      {
        cwd: folder,
      },
    ).catch((error: unknown) => {
      throw new Error(String((error as { stdout?: unknown }).stdout), { cause: error });
    });
  });
});
