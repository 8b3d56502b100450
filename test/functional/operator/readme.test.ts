/**
 * The recipes of README.md, run as they are printed: bash runs each block, against real servers on real databases. They
 * differ from what a reader runs in nothing but OVNCP_URL, BACKUP_PATH and OVN_NB_DB, which the README has its readers set.
 */
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoNetwork } from '../../../src/demo/network.js';
import { Page, ROOT } from '../../docs/page.js';
import { type Ran, runCommand } from '../../support/clients/command.js';
import { compareDatabases, dumpDatabase } from '../../support/judge/judge.js';
import { startProgram } from '../../support/programs/programs.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { environment, nbctl } from '../../support/servers/ovsdb-server.js';
import { ensureBuilt } from '../../support/servers/server-process.js';
import { until } from '../../support/until.js';

const readme = new Page('README.md');
const BLOCKS = readme.fences.filter(({ language }) => language === 'bash').map(({ text }) => text);
const used = new Set<string>();

/** The one block that has this in it. */
function block(text: string): string {
  const found = BLOCKS.filter((each) => each.includes(text));
  expect(found).toHaveLength(1);
  used.add(found[0] ?? '');
  return found[0] ?? '';
}

let folder: string;
let here: TestApi;
let there: TestApi;

/** A server that makes its own token, as that of a reader does. */
const start = (): Promise<TestApi> => startApiServer({ env: { OVNCP_JWT_SECRET: undefined } });

const ready = ({ url }: TestApi): Promise<unknown> => until(async () => (await fetch(`${url}/readyz`)).ok);

beforeAll(async () => {
  await ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), 'ovncp-readme-'));
  [here, there] = await Promise.all([start(), start()]);
  await Promise.all([ready(here), ready(there)]);
  await nbctl(here.ovsdb.remote, ...demoNetwork().flatMap((words) => ['--', ...words]));
  await shell(block('admin-token"'));
});
afterAll(async () => {
  await here.stop();
  await there.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What the README has its readers set. */
const addresses = (api: TestApi): Record<string, string> => ({
  OVNCP_URL: api.url,
  BACKUP_PATH: api.folder,
  OVN_NB_DB: api.ovsdb.remote,
});

interface ShellOptions {
  readonly api?: TestApi;
  readonly cwd?: string;
  /** What it says on stderr. */
  readonly says?: RegExp;
}

/** One terminal for each server: what a block sets is there for the next one. */
async function shell(text: string, { api = here, cwd = folder, says = /^$/ }: ShellOptions = {}): Promise<string> {
  const state = join(folder, `${api === here ? 'here' : 'there'}.env`);
  await appendFile(state, '');
  const script = `. "$0"; cd "$1"; set -ea\n${text}\nset +ea; export -p >"$0"`;
  const { code, stdout, stderr } = await runCommand(['bash', '--norc', '-c', script, state, cwd], {
    folder,
    env: { ...addresses(api), NODE_OPTIONS: '' },
  });
  expect({ code, stdout, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(says) });
  return stdout;
}

/** JSON texts, one after the other. */
async function answers(text: string, options: ShellOptions = {}): Promise<readonly Record<string, unknown>[]> {
  const lines = (await shell(text, options)).split(/(?<=^\})\n/m).filter((line) => line.trim() !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const database = (): ReturnType<typeof dumpDatabase> => dumpDatabase(here.ovsdb.remote);

describe('back up every night, and keep the newest 14', () => {
  let job: string;
  let cron: readonly string[];

  beforeAll(async () => {
    await shell(block('npm run --silent token'), { cwd: ROOT, says: /^Made "nightly"/ });
    const [, path = '', mode = ''] = /`(\/usr\/local\/bin\/[\w-]+)` \(mode (\d+)\)/.exec(readme.prose) ?? [];
    cron = (readme.fences.find(({ language, text }) => language === '' && text.includes(path))?.text ?? '')
      .trim()
      .split('\n');
    job = join(folder, 'job');
    await writeFile(job, block('#!/bin/bash'));
    await chmod(job, parseInt(mode, 8));
  });

  /** With what cron gives it, and no more. */
  function runJob(backupPath = here.folder): Promise<Ran> {
    return runCommand(['env', '-i', 'PATH=/usr/bin:/bin', ...variables(backupPath), job], { folder });
  }

  function variables(backupPath: string): readonly string[] {
    const all: Record<string, string> = { ...addresses(here), BACKUP_PATH: backupPath };
    const names = cron.slice(0, -1).map((line) => line.split('=')[0] ?? '');
    expect(names).toEqual(['OVNCP_URL', 'BACKUP_PATH']);
    expect(cron.at(-1)).toMatch(/^\d+ \d+ \* \* \* root \/usr\/local\/bin\//);
    return names.map((name) => `${name}=${all[name] ?? ''}`);
  }

  const tags = async (): Promise<readonly string[]> => {
    const list = `curl -sS "$OVNCP_URL/api/v1/backups" -H "Authorization: Bearer $TOKEN" | jq -c '.backups[].tags'`;
    return (await shell(list)).trim().split('\n');
  };

  it('prints nothing, prunes its own and nothing else', async () => {
    await shell(`for i in $(seq 15); do curl -sS --fail-with-body "$OVNCP_URL/api/v1/backups" \\
      -H "Authorization: Bearer $TOKEN" -d '{"name": "nightly", "tags": ["nightly"]}' >/dev/null; done
      curl -sS --fail-with-body "$OVNCP_URL/api/v1/backups" -H "Authorization: Bearer $TOKEN" \\
      -d '{"name": "kept", "tags": ["kept"]}' >/dev/null`);
    for (const _night of [1, 2]) {
      expect(await runJob()).toEqual({ code: 0, stdout: '', stderr: '' });
      expect((await tags()).filter((each) => each === '["nightly"]')).toHaveLength(14);
    }
    expect(await tags()).toContain('["kept"]');
    const header = await readFile(join(here.folder, 'nightly-header'), 'utf8');
    expect(header).toMatch(/^Authorization: Bearer ovncp_[\w-]+\n$/);
  });

  it('keeps its token where it is made a second time', async () => {
    const token = await readFile(join(here.folder, 'nightly-header'), 'utf8');
    const again = ['bash', '--norc', '-c', block('npm run --silent token')] as const;
    const { code, stderr } = await runCommand([...again], { folder, cwd: ROOT, env: { ...addresses(here) } });
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('nightly') });
    expect(await readFile(join(here.folder, 'nightly-header'), 'utf8')).toBe(token);
  });

  it('says that its token is missing, or may not prune', async () => {
    expect(await runJob(folder)).toEqual({
      code: 1,
      stdout: '',
      stderr: `The token of this script cannot be read: ${folder}/nightly-header\n`,
    });
    await shell(
      `OTHER=$(npm run --silent token -- make other --role operator)
      echo "Authorization: Bearer $OTHER" > "${folder}/nightly-header"`,
      { cwd: ROOT, says: /^Made "other"/ },
    );
    const { code, stdout, stderr } = await runJob(folder);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^curl: \(22\) .* 403\n\{"error":".*lacks backups:delete/);
  });

  it('is not content with the stored bytes, where somebody encrypts and forgets to validate with the key', async () => {
    const script = await readFile(job, 'utf8');
    const key = '"encrypt": true, "encryption_key": "a passphrase of the night"';
    await writeFile(job, script.replace('"compress": true', `"compress": true, ${key}`));
    try {
      const { code, stderr } = await runJob();
      expect({ code, answer: JSON.parse(stderr) as unknown }).toMatchObject({
        code: 1,
        answer: {
          message: 'Only the stored bytes were checked, and they are good. To check the rows too, send decryption_key',
          warnings: [expect.stringContaining('Send its passphrase in decryption_key')],
        },
      });
    } finally {
      await writeFile(job, script);
    }
  });

  it('says why it failed', async () => {
    await here.ovsdb.kill('SIGTERM');
    try {
      const { code, stdout, stderr } = await runJob();
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(
        /^curl: \(22\) The requested URL returned error: 503\n\{"error":"The database northbound is unavailable/,
      );
    } finally {
      await here.ovsdb.start();
      await ready(here);
    }
  });
});

describe('by hand', () => {
  beforeAll(() => shell(block('"name": "by hand", "compress"')));

  it('restores one router after an accident', async () => {
    const before = await database();
    await nbctl(here.ovsdb.remote, 'lr-del', 'edge');
    const accident = await database();
    const [dryRun, restore, ...others] = await answers(block('"routers": ["edge"]'));
    expect(dryRun).toMatchObject({
      success: true,
      details: { routers: { total: 1, restored: 1, failed: 0 } },
      errors: [],
    });
    expect(restore).toMatchObject({ success: true, error_count: 0, dry_run: false });
    expect(others).toEqual([]);
    expect(compareDatabases(before, accident)).not.toEqual([]);
    expect(compareDatabases(before, await database())).toEqual([]);
  });

  it('moves to another server', async () => {
    await nbctl(there.ovsdb.remote, 'ls-add', 'in-the-way');
    await shell(block('-o moved.backup'));
    await shell(block('admin-token"'), { api: there });
    const [dryRun] = await answers(block('-F file=@moved.backup'), { api: there });
    expect(dryRun).toMatchObject({ success: true, deleted_count: 1, errors: [] });
    const [restore] = await answers(block(`-d '{"conflict_policy": "overwrite", "exact": true}'`), { api: there });
    expect(restore).toMatchObject({ success: true, deleted_count: 1, error_count: 0 });
    // the one row of its table keeps the UUID that it has there
    const moved = await Promise.all(
      [here, there].map(({ ovsdb }) => dumpDatabase(ovsdb.remote, { leaveOut: ['NB_Global'] })),
    );
    expect(compareDatabases(moved[0] ?? new Map(), moved[1] ?? new Map())).toEqual([]);
  });

  it('tries a restore safely, and watches it from a program', async () => {
    await mkdir(join(folder, 'node_modules'));
    // in the place of npm install
    for (const name of ['graphql-ws', 'ws', 'graphql'])
      await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
    const [program] = new Page('docs/javascript-client.md').fences.filter(({ language }) => language === 'js');
    await writeFile(join(folder, 'watch.mjs'), program?.text ?? '');
    const TOKEN = (await readFile(join(here.folder, 'admin-token'), 'utf8')).trim();
    for (const [set, missing] of [
      [{ TOKEN }, 'OVNCP_URL'],
      [{ OVNCP_URL: here.url }, 'TOKEN'],
    ] as const) {
      const { code, stderr } = await runCommand(['env', '-u', missing, process.execPath, 'watch.mjs'], {
        folder,
        env: { ...set },
      });
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(`^${missing} is not set`) });
    }
    const { code, stderr } = await runCommand([process.execPath, 'watch.mjs'], {
      folder,
      env: { OVNCP_URL: here.url.replace('http://', ''), TOKEN },
    });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^OVNCP_URL has no http.*\n$/) });
    // a wrong address may be a server that is away: it is told, and tried again
    const lost = await startProgram(process.execPath, ['watch.mjs'], {
      cwd: folder,
      env: environment({ OVNCP_URL: `${here.url}/elsewhere`, TOKEN }),
    });
    await until(() => (lost.stderr.match(/^No connection: .*404\. It is tried again for a while$/gm) ?? []).length > 1);
    lost.kill('SIGTERM');
    await lost.ended;
    const watching = await startProgram('bash', ['--norc', '-c', `exec ${block('node watch.mjs')}`], {
      cwd: folder,
      // a slash too many does no harm
      env: environment({ ...addresses(here), OVNCP_URL: `${here.url}/`, TOKEN }),
    });
    try {
      await until(async () => /^ovncp_sockets [1-9]/m.test(await (await fetch(`${here.url}/metrics`)).text()));
      const before = await database();
      await nbctl(here.ovsdb.remote, 'ls-del', 'web');
      await shell(block('"confirm_within_seconds": 300'));
      expect(await shell(block('/confirm"'))).toBe('"succeeded"\n');
      expect(compareDatabases(before, await database())).toEqual([]);
      await until(() => watching.stdout.includes("phase: 'SUCCEEDED'"));
      for (const phase of ['APPLYING', 'VERIFYING', 'AWAITING_CONFIRMATION'])
        expect(watching.stdout).toContain(`phase: '${phase}'`);
      expect(watching.stderr).toBe('');
    } finally {
      watching.kill('SIGTERM');
      await watching.ended;
    }
  });

  it('lists, validates and exports in REST', async () => {
    const [list, valid] = await answers(block('validate" -H "Authorization: Bearer $TOKEN" -d "{'));
    expect(list).toMatchObject({ total: 1, backups: [{ name: 'by hand', tags: ['by-hand'] }] });
    expect(valid).toMatchObject({ valid: true });
    expect(await readFile(join(folder, 'by-hand.yaml'), 'utf8')).toContain('\ntables:\n  ACL:\n');
  });
});

it('every block of the README was run', () => {
  expect(BLOCKS.filter((text) => !used.has(text))).toEqual([]);
});
