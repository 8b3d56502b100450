/** Database files against the real thing: files of ovsdb-server are read, ours are served and restored. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Unpacked, unpackArchive } from '../../../src/archive/unpack.js';
import { systemClock } from '../../../src/lib/clock.js';
import { stringifyJson } from '../../../src/ovsdb/json.js';
import { EVERY_KIND, failureOf, pack, SMALL, textsOf, unpack } from '../../support/databases/every-kind.js';
import { until } from '../../support/until.js';

const run = promisify(execFile);
const MAX_OUTPUT = { maxBuffer: 1 << 26, encoding: 'buffer' as const };

let folder = '';
let server: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archive-ovsdb-'));
});

afterEach(async () => {
  await stop();
  await rm(folder, { recursive: true, force: true });
});

const path = (name: string): string => join(folder, name);
const remote = (): string => `unix:${path('db.sock')}`;

async function serve(file: string): Promise<void> {
  const child = spawn(
    'ovsdb-server',
    [`--remote=punix:${path('db.sock')}`, `--unixctl=${path('ctl')}`, '--no-chdir', '-vconsole:off', file],
    { stdio: 'ignore' },
  );
  server = child;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`ovsdb-server ended with code ${String(child.exitCode)}`);
    return (await stat(path('db.sock')).catch(() => undefined)) !== undefined;
  });
}

async function stop(): Promise<void> {
  const child = server;
  server = undefined;
  if (child === undefined || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function transact(database: string, ...operations: object[]): Promise<void> {
  const { stdout } = await run('ovsdb-client', ['transact', remote(), JSON.stringify([database, ...operations])]);
  if (stdout.includes('"error"')) throw new Error(stdout);
}

async function backup(database: string): Promise<Buffer> {
  return (await run('ovsdb-client', ['backup', remote(), database], MAX_OUTPUT)).stdout;
}

const read = (file: string): Promise<Unpacked> =>
  unpackArchive(createReadStream(file), { contentBytesMax: 1 << 28, clock: systemClock });

describe('files of ovsdb-server', () => {
  it('replays a log of insertions, differences and deletions to what the server serves', async () => {
    await writeFile(path('every.ovsschema'), stringifyJson(EVERY_KIND.json));
    await run('ovsdb-tool', ['create', path('db'), path('every.ovsschema')]);
    await serve(path('db'));
    const insert = (uuid: string, row: object): object => ({ op: 'insert', table: 'Kinds', uuid, row });
    const where = (uuid: string): object => ({ where: [['_uuid', '==', ['uuid', uuid]]], table: 'Kinds' });
    const [a, b, c] = ['a', 'b', 'c'].map((d) => `${d.repeat(8)}-0000-4000-8000-000000000000`) as [
      string,
      string,
      string,
    ];
    await transact(
      'Every_Kind',
      insert(a, {
        set_string: ['set', ['x', 'y', 'z']],
        map_string_string: [
          'map',
          [
            ['k', 'v'],
            ['__proto__', 'p'],
          ],
        ],
        scalar_string: 'one',
      }),
      insert(b, { set_integer: 7 }),
    );
    await transact('Every_Kind', {
      op: 'update',
      ...where(a),
      row: { set_string: ['set', ['y', 'q']], scalar_string: 'two \u{1f600}', optional_integer: 5, scalar_real: 0.1 },
    });
    await transact('Every_Kind', {
      op: 'mutate',
      ...where(a),
      mutations: [
        [
          'map_string_string',
          'insert',
          [
            'map',
            [
              ['n', 'w'],
              ['10', 'ten'],
            ],
          ],
        ],
        ['set_string', 'delete', 'y'],
      ],
    });
    await transact('Every_Kind', {
      op: 'update',
      ...where(a),
      row: {
        map_string_string: [
          'map',
          [
            ['k', 'changed'],
            ['10', 'ten'],
            ['__proto__', 'p'],
          ],
        ],
        optional_integer: ['set', []],
      },
    });
    await transact(
      'Every_Kind',
      { op: 'delete', ...where(b) },
      insert(c, {
        map_integer: [
          'map',
          [
            [1, 2],
            [-3, 4],
          ],
        ],
        optional_boolean: false,
        set_uuid: [
          'set',
          [
            ['uuid', a],
            ['uuid', c],
          ],
        ],
      }),
    );
    await transact('Every_Kind', {
      op: 'mutate',
      ...where(c),
      mutations: [
        ['set_uuid', 'delete', ['uuid', a]],
        ['map_integer', 'delete', 1],
      ],
    });
    const log = await read(path('db'));
    const now = await unpack(await backup('Every_Kind'));
    expect(textsOf(log.snapshot)['Kinds']).toEqual({
      [a]: '{"map_string_string":{"10":"ten","__proto__":"p","k":"changed"},"scalar_real":0.1,"scalar_string":"two \u{1f600}","set_string":["q"]}',
      [c]: `{"map_integer":[[-3,4]],"optional_boolean":false,"set_uuid":["${c}"]}`,
    });
    expect(textsOf(now.snapshot)).toEqual(textsOf(log.snapshot));
    expect(now.contentDigest).toBe(log.contentDigest);
    expect(log.header).toBeUndefined();
  });

  it('replays a Northbound database that ovn-nbctl worked on', async () => {
    await run('ovsdb-tool', ['create', path('db'), '/usr/share/ovn/ovn-nb.ovsschema']);
    await serve(path('db'));
    const nbctl = (...words: string[]): Promise<unknown> => run('ovn-nbctl', [`--db=${remote()}`, ...words]);
    for (let i = 0; i < 12; i++)
      await nbctl(
        'ls-add',
        `sw${String(i)}`,
        '--',
        'lsp-add',
        `sw${String(i)}`,
        `p${String(i)}`,
        '--',
        'lsp-set-addresses',
        `p${String(i)}`,
        'dynamic',
        `00:00:00:00:00:0${(i % 10).toString()} 10.0.0.${String(i)}`,
      );
    await nbctl(
      'lr-add',
      'r',
      '--',
      'lrp-add',
      'r',
      'rp',
      '00:00:00:00:01:01',
      '10.1.0.1/24',
      '--',
      'lr-nat-add',
      'r',
      'snat',
      '1.2.3.4',
      '10.0.0.0/8',
    );
    await nbctl('acl-add', 'sw1', 'to-lport', '1000', 'ip4', 'allow', '--', 'pg-add', 'pg', 'p1', 'p2', 'p3');
    await nbctl(
      'ls-del',
      'sw2',
      '--',
      'lsp-del',
      'p3',
      '--',
      'set',
      'logical_switch',
      'sw4',
      'other_config:subnet=10.0.0.0/8',
      'external_ids:a=b',
    );
    await nbctl('remove', 'logical_switch', 'sw4', 'external_ids', 'a', '--', 'lsp-set-addresses', 'p4', 'unknown');
    const log = await read(path('db'));
    const now = await unpack(await backup('OVN_Northbound'));
    expect(textsOf(log.snapshot)).toEqual(textsOf(now.snapshot));
    expect(log.snapshot.tables.get('Logical_Switch')?.count).toBe(11);
    const cut = (await backup('OVN_Northbound')).subarray(0, -20);
    expect(await failureOf(unpack(cut))).toMatchObject({
      code: 'INTEGRITY_FAILED',
      message: expect.stringMatching(/at byte \d+/) as string,
    });
  });
});

describe('files of ours', () => {
  it('are served by ovsdb-server with every value as it was', async () => {
    const packed = await pack(SMALL, { format: 'OVSDB', compress: false });
    await writeFile(path('db'), packed.bytes);
    await run('ovsdb-tool', ['db-version', path('db')]);
    await serve(path('db'));
    const served = await unpack(await backup('Every_Kind'));
    expect(textsOf(served.snapshot)).toEqual(textsOf(SMALL));
    expect(served.contentDigest).toBe(packed.contentDigest);
    // and the log goes on after our transaction
    await transact('Every_Kind', { op: 'delete', table: 'null', where: [] });
    const log = await read(path('db'));
    expect(textsOf(log.snapshot)).toEqual({ ...textsOf(SMALL), null: {} });
    expect(log.header).toBeUndefined();
  });

  it('are taken by ovsdb-client restore', async () => {
    const packed = await pack(SMALL, { format: 'OVSDB', compress: false });
    await writeFile(path('every.ovsschema'), stringifyJson(EVERY_KIND.json));
    await run('ovsdb-tool', ['create', path('db'), path('every.ovsschema')]);
    await serve(path('db'));
    await writeFile(path('backup.db'), packed.bytes);
    // it seeks in its standard input: a pipe will not do
    await run('sh', ['-c', 'exec ovsdb-client restore "$0" Every_Kind < "$1"', remote(), path('backup.db')]);
    const restored = await unpack(await backup('Every_Kind'));
    // ovsdb-client gives every row a new UUID: columns without UUIDs can be compared
    const values = (unpacked: Pick<Unpacked, 'snapshot'>): unknown =>
      Object.values(textsOf(unpacked.snapshot)['null'] ?? {});
    expect(values(restored)).toEqual(values({ snapshot: SMALL }));
    expect(restored.snapshot.tables.get('Kinds')?.count).toBe(3);
  });
});
