/**
 * The four scripts that operators have: a daily backup, rotation, disaster recovery, migration. They are in scripts/,
 * in bash with curl and jq and in Python with requests, and run here against servers on real databases.
 */
import { randomUUID } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonWithRequests, runCommand } from '../../support/clients/command.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { compareDatabases, dumpDatabase, rowCount } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

const SCRIPTS = fileURLToPath(new URL('./scripts', import.meta.url));
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

let folder: string;
let running: TestApi[];
let python: string;

beforeAll(async () => {
  python = await pythonWithRequests();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-scripts-'));
  running = [];
});
afterEach(async () => {
  for (const api of running) await api.stop();
  await rm(folder, { recursive: true, force: true });
});

const store = (): string => join(folder, 'store');

/** A server; its backups are in `store` when that is given, and outlive it. */
async function start(database?: string, path?: string): Promise<TestApi> {
  const api = await startApiServer({
    ...(database === undefined ? {} : { database }),
    env: { LOG_LEVEL: 'info', ...(path === undefined ? {} : { BACKUP_PATH: path }) },
  });
  running.push(api);
  return api;
}

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly file: string;
  readonly tags: readonly string[];
}

async function list(api: TestApi): Promise<readonly Listed[]> {
  const { status, body } = await RestClient.of(api.admin).get('/api/v1/backups');
  expect(status).toBe(200);
  return body['backups'] as Listed[];
}

async function create(api: TestApi, input: Readonly<Record<string, unknown>>): Promise<Listed> {
  const { status, body } = await RestClient.of(api.admin).post('/api/v1/backups', {
    name: 'made',
    compress: true,
    ...input,
  });
  expect({ status, body }).toMatchObject({ status: 201 });
  return body['backup'] as Listed;
}

async function isValid(api: TestApi, id: string): Promise<unknown> {
  return (await RestClient.of(api.admin).post('/api/v1/backups/validate', { backup_id: id })).body['valid'];
}

/** Puts one backup into `store` for each of these times, as a server would have made it then. @returns their ids */
async function backupsOf(times: readonly number[]): Promise<readonly string[]> {
  const api = await start(undefined, store());
  await nbctl(api.ovsdb.remote, 'ls-add', 'web', '--', 'lsp-add', 'web', 'web-1');
  const { file } = await create(api, { tags: ['daily'] });
  await api.stop();
  running = [];
  const manifest = JSON.parse(await readFile(join(store(), `${file}.meta`), 'utf8')) as Record<string, unknown>;
  const ids: string[] = [];
  for (const time of times) {
    const createdAt = new Date(time).toISOString();
    const copy = `made-${createdAt.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}.json.gz`;
    const id = randomUUID();
    await copyFile(join(store(), file), join(store(), copy));
    await writeFile(join(store(), `${copy}.meta`), JSON.stringify({ ...manifest, id, createdAt, file: copy }));
    ids.push(id);
  }
  await rm(join(store(), file));
  await rm(join(store(), `${file}.meta`));
  return ids;
}

async function archives(): Promise<readonly string[]> {
  return (await readdir(store())).filter((name) => name.includes('.json.gz')).sort();
}

const bash = (script: string, api: TestApi, input = ''): ReturnType<typeof runCommand> =>
  runCommand(['bash', join(SCRIPTS, script)], {
    folder,
    input,
    env: { OVNCP_URL: api.url, TOKEN: api.admin.token ?? '' },
  });

describe('the daily backup', () => {
  it('makes a backup, and deletes those that are older than a week and no others', async () => {
    const now = Date.now();
    const ages = [1, 3, 6, 9, 10, 40, 800];
    const ids = await backupsOf(ages.map((days) => now - days * DAY_MS));
    const api = await start(databaseFile({ profile: 'small' }), store());
    const { code, stdout, stderr } = await bash('daily-backup.sh', api);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [made, ...deletions] = stdout.trim().split('\n');
    const madeId = made?.replace('made ', '');
    expect(deletions).toEqual(
      ids.slice(3).flatMap((id) => [`deleting ${id}`, '{"message":"Backup deleted successfully"}']),
    );
    const left = await list(api);
    expect(left.map(({ id }) => id)).toEqual([madeId, ...ids.slice(0, 3)]);
    expect(left[0]).toMatchObject({
      name: 'Every day at noon',
      description: 'Made by cron',
      type: 'full',
      compressed: true,
      tags: ['daily', 'cron'],
      row_count: rowCount(await dumpDatabase(api.ovsdb.remote)),
    });
    expect(await archives()).toEqual(left.flatMap(({ file }) => [file, `${file}.meta`]).sort());
    for (const { id } of left) expect(await isValid(api, id)).toBe(true);
  });

  it('finds nothing to delete in the first week', async () => {
    const api = await start(undefined, store());
    for (const _day of [1, 2])
      expect(await bash('daily-backup.sh', api)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^made [0-9a-f-]{36}\n$/),
      });
    expect(await list(api)).toHaveLength(2);
  });
});

describe('rotation', () => {
  it('keeps a week of days, a month of Sundays and a year of firsts, out of 400 days', async () => {
    // an hour before the time of day at which a day is over, so that none is over while this runs
    const now = Date.now() - HOUR_MS;
    const isFirst = (time: number): boolean => new Date(time).getUTCDate() === 1;
    // of the older ones the firsts, and some of the others
    const days = Array.from({ length: 400 }, (_, age) => ({ age, time: now - age * DAY_MS })).filter(
      ({ age, time }) => age < 40 || age % 30 === 0 || isFirst(time),
    );
    const ids = await backupsOf(days.map(({ time }) => time));
    const wanted = days.filter(({ age, time }) => {
      const date = new Date(time);
      return age < 7 || (age < 28 && date.getUTCDay() === 0) || (age < 360 && isFirst(time));
    });
    const api = await start(undefined, store());
    expect(await list(api)).toHaveLength(days.length);
    const ran = await runCommand([python, join(SCRIPTS, 'rotation.py'), `${api.url}/api/v1`], {
      folder,
      env: { TOKEN: api.admin.token ?? '' },
    });
    expect(ran).toEqual({
      code: 0,
      stderr: '',
      stdout: `kept ${wanted.length}, deleted ${days.length - wanted.length}\n`,
    });
    const left = await list(api);
    expect(left.map(({ id }) => id)).toEqual(wanted.map((day) => ids[days.indexOf(day)]));
    // 7 days, 3 Sundays, and 11 or 12 firsts, of which some may be among the others
    expect(left.length).toBeGreaterThanOrEqual(7 + 3 + 9);
    expect(left.length).toBeLessThanOrEqual(7 + 3 + 12);
    expect(await archives()).toEqual(left.flatMap(({ file }) => [file, `${file}.meta`]).sort());
    for (const { id } of left) expect(await isValid(api, id)).toBe(true);
  });
});

describe('disaster recovery', () => {
  /** A network, its backup of production, a newer backup of something else, and then a loss. */
  async function disaster(): Promise<{
    readonly api: TestApi;
    readonly id: string;
    readonly before: Awaited<ReturnType<typeof dumpDatabase>>;
  }> {
    const api = await start(databaseFile({ profile: 'openstack', rows: 500 }));
    await create(api, { tags: ['production'], name: 'an older one' });
    const remote = api.ovsdb.remote;
    await nbctl(
      remote,
      'ls-add',
      'web',
      '--',
      'lsp-add',
      'web',
      'web-1',
      '--',
      'lsp-add',
      'web',
      'web-2',
      '--',
      'pg-add',
      'pg_web',
      'web-1',
      'web-2',
      '--',
      'acl-add',
      'pg_web',
      'to-lport',
      '1001',
      'ip4',
      'allow-related',
    );
    const { id } = await create(api, { tags: ['production', 'nightly'], name: 'before the disaster' });
    const before = await dumpDatabase(remote);
    const routers = (await nbctl(remote, '--bare', '--columns=_uuid', 'list', 'Logical_Router')).trim().split(/\s+/);
    await nbctl(
      remote,
      'ls-del',
      'web',
      '--',
      'acl-del',
      'pg_web',
      '--',
      'lr-del',
      routers[0] ?? '',
      '--',
      'lr-nat-del',
      routers[1] ?? '',
    );
    await create(api, { tags: ['staging'], name: 'after the disaster' });
    expect(compareDatabases(before, await dumpDatabase(remote))).not.toEqual([]);
    return { api, id, before };
  }

  it('restores the newest backup of production when the operator says y', async () => {
    const { api, id, before } = await disaster();
    const { code, stdout } = await bash('disaster-recovery.sh', api, 'y');
    expect(code).toBe(0);
    const [newest, validity, would, answer] = stdout.split('\n').filter((line) => line !== '');
    expect([newest, validity]).toEqual([`newest: ${id}`, 'Backup is valid']);
    const counts = JSON.parse(would?.replace('would restore: ', '') ?? '') as Readonly<Record<string, number>>;
    expect(counts).toMatchObject({ switches: 1, ports: 2, acls: 1, routers: expect.any(Number) });
    // ports came back with their switch, and the rows that held them are put right: all that the dry run told, and no
    // more
    const told = Object.values(counts).reduce((sum, count) => sum + count, 0);
    expect(JSON.parse(answer ?? '')).toEqual({ success: true, restored_count: told, error_count: 0 });
    expect(compareDatabases(before, await dumpDatabase(api.ovsdb.remote))).toEqual([]);
  });

  it('changes nothing when the operator says n', async () => {
    const { api } = await disaster();
    const lost = await dumpDatabase(api.ovsdb.remote);
    const { code, stdout } = await bash('disaster-recovery.sh', api, 'n');
    expect(code).toBe(0);
    expect(stdout).toContain('would restore: {');
    expect(stdout).not.toContain('success');
    expect(compareDatabases(lost, await dumpDatabase(api.ovsdb.remote))).toEqual([]);
  });

  it('changes nothing where there is no backup of production', async () => {
    const api = await start(databaseFile({ profile: 'small' }));
    await create(api, { tags: ['staging'] });
    const before = await dumpDatabase(api.ovsdb.remote);
    await bash('disaster-recovery.sh', api, 'y');
    expect(compareDatabases(before, await dumpDatabase(api.ovsdb.remote))).toEqual([]);
  });
});

describe('migration', () => {
  // how clients reach a database stays that database's own affair
  const OWN = ['Connection', 'SSL', 'NB_Global.connections', 'NB_Global.ssl'];

  async function migrate(from: TestApi, to: TestApi): Promise<Readonly<Record<string, unknown>>> {
    const env = { SOURCE_TOKEN: from.admin.token ?? '', DESTINATION_TOKEN: to.admin.token ?? '' };
    const { code, stdout, stderr } = await runCommand([python, join(SCRIPTS, 'migrate.py'), from.url, to.url], {
      folder,
      env,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** Rows, the tables of OWN left out. */
  const migrated = async (api: TestApi): Promise<number> =>
    rowCount(await dumpDatabase(api.ovsdb.remote, { leaveOut: OWN }));

  it.each([
    ['every kind of row and every legal value', databaseFile({ profile: 'small', edge: true })],
    ['3,000 rows', databaseFile({ profile: 'k8s', rows: 3_000 })],
  ])('brings all rows into another database: %s', async (what, database) => {
    const source = await start(database);
    const destination = await start();
    const before = await dumpDatabase(source.ovsdb.remote, { leaveOut: OWN });
    const began = performance.now();
    expect(await migrate(source, destination)).toEqual({
      success: true,
      restored_count: rowCount(before),
      skipped_count: expect.any(Number),
      error_count: 0,
    });
    process.stdout.write(`migration of ${what}: ${((performance.now() - began) / 1_000).toFixed(1)} s\n`);
    expect(compareDatabases(before, await dumpDatabase(destination.ovsdb.remote, { leaveOut: OWN }))).toEqual([]);
    expect((await list(destination)).map(({ name }) => name)).toEqual(['To be moved']);
  });

  it('leaves what the other database holds already, and a second run changes nothing', async () => {
    const source = await start(databaseFile({ profile: 'openstack', rows: 500 }));
    const destination = await start();
    await nbctl(
      source.ovsdb.remote,
      'ls-add',
      'shared',
      '--',
      'set',
      'Logical_Switch',
      'shared',
      'external_ids:owner=source',
    );
    await nbctl(
      destination.ovsdb.remote,
      'ls-add',
      'shared',
      '--',
      'set',
      'Logical_Switch',
      'shared',
      'external_ids:owner=destination',
      '--',
      'ls-add',
      'own',
    );
    const before = await dumpDatabase(source.ovsdb.remote);
    expect(await migrate(source, destination)).toMatchObject({ success: true, error_count: 0 });
    const after = await dumpDatabase(destination.ovsdb.remote);
    expect(compareDatabases(before, await dumpDatabase(source.ovsdb.remote))).toEqual([]);
    expect(await migrated(destination)).toBe((await migrated(source)) + 1);
    expect(
      (await nbctl(destination.ovsdb.remote, 'get', 'Logical_Switch', 'shared', 'external_ids:owner')).trim(),
    ).toBe('destination');
    expect(await migrate(source, destination)).toMatchObject({ success: true, restored_count: 0, error_count: 0 });
    expect(compareDatabases(after, await dumpDatabase(destination.ovsdb.remote))).toEqual([]);
  });
});
