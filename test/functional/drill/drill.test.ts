/** Drills: a stored backup is restored into a scratch server of this machine, compared row by row, and given northd. */
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packArchive } from '../../../src/archive/pack.js';
import { encodeRow } from '../../../src/model/row/row.js';
import { EditableRows } from '../../../src/model/snapshot/editable-rows.js';
import type { BackupRecord } from '../../../src/service/backup/backup-record.js';
import { type DrillRecord, drillRecordBytes } from '../../../src/service/drill/drill-record.js';
import type { DrillRequest } from '../../../src/service/drill/drill-service.js';
import { scratchPrefix } from '../../../src/service/drill/scratch/scratch-name.js';
import { EVERYTHING_INCLUDED } from '../../support/include-flags.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { installedSchema } from '../../support/northbound/make.mjs';
import { nbctl } from '../../support/servers/ovsdb-server.js';
import { drillFolders, pidsIn, programsIn } from '../../support/servers/scratch-programs.js';
import { ASKER, TestServices } from '../../support/servers/services.js';
import { until } from '../../support/until.js';

const KEY = 'the key of the drills';
const SCRATCH_NAME = 'drills/scratch-name';
const PROGRAMS = { 'ovsdb-server': '/usr/sbin/ovsdb-server', 'ovsdb-tool': '/usr/bin/ovsdb-tool' };

let services: TestServices;
beforeAll(async () => {
  services = await TestServices.start({ database: databaseFile({ profile: 'small', edge: true }) });
});
afterAll(() => services.stop());
afterEach(async () => {
  expect(await drillFolders(services.folder)).toEqual([]);
  expect(await programsIn(services.folder)).toEqual([]);
});

async function drill(
  backup: BackupRecord,
  options: Partial<DrillRequest> = {},
  of: TestServices = services,
): Promise<DrillRecord> {
  const started = await of.drills.start({ ...ASKER, northd: false, backupId: backup.id, ...options });
  return (await started.done).record;
}

/** A backup that was captured here, as far as its manifest says, with other rows: a row less, or one that is changed. */
async function forged(of: BackupRecord, edit: (table: (name: string) => EditableRows) => void): Promise<BackupRecord> {
  const { catalog, backups } = services;
  const { snapshot } = await backups.read(of, undefined);
  const edited = new Map<string, EditableRows>();
  edit((name) => {
    const rows = edited.get(name) ?? new EditableRows(snapshot.tables.get(name) as never);
    edited.set(name, rows);
    return rows;
  });
  const tables = new Map([...snapshot.tables].map(([name, rows]) => [name, edited.get(name)?.seal() ?? rows] as const));
  const counts = Object.fromEntries([...tables].map(([name, { count }]) => [name, count]).filter(([, n]) => n !== 0));
  const rowCount = Object.values(counts).reduce((sum: number, count) => sum + Number(count), 0);
  const { format: _format, file: _file, ...rest } = of;
  const description = { ...rest, id: randomUUID(), name: 'forged', tables: counts as Record<string, number>, rowCount };
  const reservation = await catalog.reserve({ name: 'forged', createdAt: Date.now(), extension: '.json' });
  const packing = packArchive({ ...snapshot, tables }, {
    format: 'JSON',
    compress: false,
    header: { ...description, type: 'FULL' },
  } as never);
  await reservation.put(packing.bytes);
  return catalog.commit(reservation, { ...description, ...(await packing.result) });
}

/** A port of a switch, by strong references. */
async function heldPort(of: BackupRecord): Promise<string> {
  const { snapshot } = await services.backups.read(of, undefined);
  const switches = snapshot.tables.get('Logical_Switch');
  for (let i = 0; i < (switches?.count ?? 0); i++) {
    const [port] = (switches?.row(i)['ports'] ?? []) as readonly string[];
    if (port !== undefined) return port;
  }
  throw new Error('no switch has a port');
}

describe('a drill', () => {
  it('restores, compares every row, and lets northd make its flows', async () => {
    const backup = await services.create();
    const record = await drill(backup, { northd: true });
    expect(record).toMatchObject({
      phase: 'SUCCEEDED',
      backupId: backup.id,
      rowsCompared: backup.rowCount,
      differences: [],
      message: expect.stringMatching(
        /^Proven restorable on \d{4}-\d\d-\d\d in [\d.]+ s: \d+ rows compared; with northd \d+ logical flows in [\d.]+ s$/,
      ) as string,
    });
    expect(record.restoreSeconds).toBeGreaterThan(0);
    expect(record.northdSeconds).toBeGreaterThan(0);
    expect(record.logicalFlows).toBeGreaterThan(100);
    expect(services.drills.lastOf(backup.id)?.record).toEqual(record);
  });

  it.each([
    ['YAML', { format: 'YAML', compress: true }],
    ['OVSDB', { format: 'OVSDB' }],
    ['encrypted', { encryptionKey: KEY }],
    ['selective', { filter: { ...EVERYTHING_INCLUDED, switches: ['web'] } }],
  ] as const)('proves a backup that is %s', async (_name, form) => {
    const isSelective = 'filter' in form;
    if (isSelective) await nbctl(services.ovsdb.remote, '--may-exist', 'ls-add', 'web');
    const backup = await services.create(form);
    const decryptionKey = 'encryptionKey' in form ? form.encryptionKey : undefined;
    expect(await drill(backup, { decryptionKey, northd: isSelective })).toMatchObject({
      phase: 'SUCCEEDED',
      rowsCompared: backup.rowCount,
      differences: [],
    });
  });

  it('proves any backup of a chain', async () => {
    await services.create();
    for (const name of ['one', 'two']) {
      await nbctl(services.ovsdb.remote, 'ls-add', `chain-${name}`);
      const link = await services.create({ incremental: {} });
      expect(link.type).toBe('INCREMENTAL');
      expect(await drill(link)).toMatchObject({ phase: 'SUCCEEDED', rowsCompared: link.rowCount });
    }
  });

  it('keeps of an encrypted backup only how many warnings northd has', async () => {
    const lsp = 'bad-address';
    await nbctl(services.ovsdb.remote, 'ls-add', 'told', '--', 'lsp-add', 'told', lsp);
    await nbctl(services.ovsdb.remote, 'set', 'Logical_Switch_Port', lsp, 'addresses="no address at all"');
    const backup = await services.create({ encryptionKey: KEY });
    const record = await drill(backup, { decryptionKey: KEY, northd: true });
    expect(record.northdWarnings.join()).toContain('no address at all');
    const kept = services.drills.get(record.id).record;
    expect(kept.northdWarnings).toEqual([expect.stringMatching(/^\d+ warnings?: what northd says of an encrypted/)]);
    expect((await services.store.read(`drills/${record.id}.json`, 1 << 20)).toString()).not.toContain('address at all');
    await nbctl(services.ovsdb.remote, 'ls-del', 'told');
  });

  it('has no file with a name that holds what is restored', async () => {
    const secret = 'nowhere-to-be-read';
    const big = await TestServices.start({ database: databaseFile({ profile: 'openstack', rows: 2_000 }) });
    try {
      await nbctl(big.ovsdb.remote, 'ls-add', secret, '--', 'lsp-add', secret, 'port');
      await nbctl(big.ovsdb.remote, 'set', 'Logical_Switch_Port', 'port', `addresses="${secret}"`);
      const backup = await big.create({ encryptionKey: KEY });
      const asked = { ...ASKER, northd: true, backupId: backup.id, decryptionKey: KEY };
      const { drill: begun, done } = await big.drills.start(asked);
      const [folder = ''] = await until(async () => {
        const folders = await drillFolders(big.folder);
        return big.drills.get(begun.record.id).record.phase === 'NORTHD' && folders;
      });
      const isNamed = async (): Promise<boolean> => (await readdir(folder)).includes('northd.log');
      await until(async () => (await pidsIn(big.folder, 'ovn-northd')).length > 0 && !(await isNamed()));
      // it is at work, and stands still while its folder is looked at
      const [pid = 0] = await pidsIn(big.folder, 'ovn-northd');
      process.kill(pid, 'SIGSTOP');
      const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile());
      expect(files.map(({ name }) => name).filter((name) => /northd\.log|\.db$/.test(name))).toEqual([]);
      for (const { name } of files) expect(await readFile(join(folder, name), 'utf8')).not.toContain(secret);
      process.kill(pid, 'SIGCONT');
      const { record } = await done;
      expect(record).toMatchObject({ phase: 'SUCCEEDED' });
      expect(record.northdWarnings.join()).toContain(secret);
    } finally {
      await big.stop();
    }
  });

  it('asks for the key as other commands do', async () => {
    const backup = await services.create({ encryptionKey: KEY });
    await expect(drill(backup)).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
    await expect(drill(backup, { decryptionKey: 'another' })).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
    expect(services.drills.list(backup.id)).toEqual([]);
    await expect(drill(await services.create(), { decryptionKey: KEY })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });
});

describe('what cannot be restored', () => {
  it('is a backup with a strong reference to nothing, which validating finds too', async () => {
    const whole = await services.create();
    const port = await heldPort(whole);
    const backup = await forged(whole, (table) => table('Logical_Switch_Port').delete(port));
    expect(await drill(backup)).toMatchObject({
      phase: 'FAILED',
      error: {
        code: 'DATABASE_REFUSED',
        message: expect.stringContaining('referential integrity violation') as string,
      },
    });
    expect(await services.backups.validate(backup.id, undefined, ASKER)).toMatchObject({
      valid: false,
      errors: [expect.stringContaining(port)],
    });
    expect(services.drills.lastOf(backup.id)?.record.phase).toBe('FAILED');
  });

  it('is a backup with two rows of one key', async () => {
    const whole = await services.create();
    const { snapshot } = await services.backups.read(whole, undefined);
    const table = snapshot.schema.tables.get('Address_Set') as never;
    const backup = await forged(whole, (edited) => {
      for (const uuid of [randomUUID(), randomUUID()])
        edited('Address_Set').put(uuid, encodeRow(table, { name: 'twice' }, uuid));
    });
    expect(await drill(backup)).toMatchObject({ phase: 'FAILED', error: { code: 'DATABASE_REFUSED' } });
  });

  it('is a damaged file', async () => {
    const backup = await services.create();
    const path = join(services.folder, backup.file);
    await chmod(path, 0o600);
    await writeFile(path, 'not what it was');
    expect(await drill(backup)).toMatchObject({ phase: 'FAILED', error: { code: 'INTEGRITY_FAILED' } });
    await services.backups.delete(backup.id, ASKER);
  });

  it('is a damaged file also where the key seems to be wrong', async () => {
    const backup = await services.create({ encryptionKey: KEY });
    const path = join(services.folder, backup.file);
    const bytes = await readFile(path);
    bytes[20] = (bytes[20] ?? 0) ^ 1; // of the salt
    await chmod(path, 0o600);
    await writeFile(path, bytes);
    expect(await drill(backup, { decryptionKey: KEY })).toMatchObject({ error: { code: 'INTEGRITY_FAILED' } });
    await services.backups.delete(backup.id, ASKER);
  });
});

describe('the limits of drills', () => {
  let limited: TestServices;
  const start = async (
    drills: NonNullable<Parameters<typeof TestServices.start>[0]>['drills'],
  ): Promise<BackupRecord> => {
    limited = await TestServices.start({ database: databaseFile({ profile: 'openstack', rows: 2_000 }), drills });
    return limited.create();
  };
  afterEach(async () => {
    expect(await drillFolders(limited.folder)).toEqual([]);
    expect(await programsIn(limited.folder)).toEqual([]);
    await limited.stop();
  });

  it('end one that takes too long', async () => {
    const backup = await start({ limits: { secondsMax: 0.3, memoryBytesMax: 2 ** 31 } });
    expect(await drill(backup, { northd: true }, limited)).toMatchObject({
      phase: 'FAILED',
      error: { code: 'TOO_LARGE', message: expect.stringContaining('OVNCP_DRILL_SECONDS_MAX') as string },
    });
    expect(limited.drills.lastOf(backup.id)).toBeUndefined();
  });

  it('end one whose programs take too much memory', async () => {
    const backup = await start({ limits: { secondsMax: 600, memoryBytesMax: 1 << 20 } });
    expect(await drill(backup, { northd: true }, limited)).toMatchObject({
      phase: 'FAILED',
      error: { code: 'TOO_LARGE', message: expect.stringContaining('OVNCP_DRILL_MEMORY_BYTES_MAX') as string },
    });
    expect(limited.drills.lastOf(backup.id)).toBeUndefined();
  });

  it('let others wait for their turn, and cancel them, and one that runs', async () => {
    const backup = await start({});
    const asked = { ...ASKER, northd: true, backupId: backup.id };
    const first = await limited.drills.start(asked);
    const second = await limited.drills.start(asked);
    await Promise.all([first.kept, second.kept]);
    expect(limited.drills.get(second.drill.record.id).record.phase).toBe('QUEUED');
    for (const { drill: one, done } of [second, first]) {
      await limited.jobs.cancel(one.record.id);
      await expect(done).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(limited.drills.get(one.record.id).record).toMatchObject({
        phase: 'CANCELLED',
        error: { code: 'CANCELLED' },
      });
    }
    expect(limited.drills.lastOf(backup.id)).toBeUndefined();
  });
});

describe('the machine', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ovncp-drill-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ['ovsdb-tool', ['ovsdb-server'], 'openvswitch-common'],
    ['ovn-northd', ['ovsdb-server', 'ovsdb-tool'], 'ovn-central'],
  ])('lacks %s: the package that brings it is named', async (name, there, debianPackage) => {
    for (const program of there)
      await symlink(
        program === 'ovsdb-server' ? '/usr/sbin/ovsdb-server' : `/usr/bin/${program}`,
        join(folder, program),
      );
    const lacking = await TestServices.start({ drills: { searchPath: [folder] } });
    try {
      const backup = await lacking.create();
      await expect(drill(backup, { northd: true }, lacking)).rejects.toMatchObject({
        code: 'DATABASE_UNAVAILABLE',
        message: expect.stringMatching(new RegExp(`${name}.*${debianPackage}`)) as string,
      });
      expect(lacking.drills.list()).toEqual([]);
    } finally {
      await lacking.stop();
    }
  });

  it('has a northd that does not run', async () => {
    const [bin, share] = [join(folder, 'bin'), join(folder, 'share/ovn')];
    for (const place of [bin, share]) await mkdir(place, { recursive: true });
    await symlink('/usr/bin/ovsdb-tool', join(bin, 'ovsdb-tool'));
    for (const schema of ['ovn-nb.ovsschema', 'ovn-sb.ovsschema'])
      await symlink(join(dirname(installedSchema()), schema), join(share, schema));
    await writeFile(join(bin, 'ovn-northd'), '#!/bin/sh\necho "it lacks a library" >&2\nexit 127\n', { mode: 0o755 });
    const broken = await TestServices.start({ drills: { searchPath: [bin] } });
    try {
      expect(await drill(await broken.create(), { northd: true }, broken)).toMatchObject({
        phase: 'FAILED',
        error: { code: 'DATABASE_UNAVAILABLE', message: 'ovn-northd ended with exit code 127: it lacks a library' },
      });
    } finally {
      await broken.stop();
    }
  });

  it('ends the database server, as when memory runs out', async () => {
    const big = await TestServices.start({ database: databaseFile({ profile: 'openstack', rows: 2_000 }) });
    try {
      const backup = await big.create();
      const { done } = await big.drills.start({ ...ASKER, northd: true, backupId: backup.id });
      const [pid] = await until(async () => {
        const pids = await pidsIn(big.folder, 'ovsdb-server');
        return pids.length > 0 && pids;
      });
      process.kill(pid as number, 'SIGKILL');
      expect((await done).record).toMatchObject({
        phase: 'FAILED',
        error: {
          code: 'DATABASE_UNAVAILABLE',
          message: expect.stringMatching(/^The drill's ovsdb-server ended by signal 9/) as string,
        },
      });
      expect(big.drills.lastOf(backup.id)).toBeUndefined();
      expect(await drillFolders(big.folder)).toEqual([]);
    } finally {
      await big.stop();
    }
  });

  it.each([
    ['ovsdb-tool', 0],
    ['ovsdb-server', 0],
    ['ovsdb-server', 256],
  ])('has a full disk, as %s finds after %d blocks', async (name, blocks) => {
    for (const [program, path] of Object.entries(PROGRAMS)) {
      // as on a full disk, its files do not grow, and it says so
      const limit = `ulimit -f ${blocks} && trap "" XFSZ && `;
      const script = `#!/bin/sh\n${program === name ? limit : ''}exec ${path} "$@"\n`;
      await writeFile(join(folder, program), script, { mode: 0o755 });
    }
    const full = await TestServices.start({
      database: databaseFile({ profile: 'openstack', rows: 2_000 }),
      drills: { searchPath: [folder] },
    });
    try {
      const backup = await full.create();
      await expect(drill(backup, {}, full)).rejects.toMatchObject({
        code: 'STORE_FULL',
        message: expect.stringMatching(
          /^The disk of .* is full, where the scratch database .*OVNCP_STATE_PATH/,
        ) as string,
      });
      expect(full.drills.list(backup.id)[0]?.record).toMatchObject({ phase: 'FAILED', error: { code: 'STORE_FULL' } });
      expect(full.drills.lastOf(backup.id)).toBeUndefined();
    } finally {
      await full.stop();
    }
  });

  it('has a folder whose name is too long for a socket', async () => {
    const scratchFolder = join(folder, 'long'.repeat(40));
    await mkdir(scratchFolder);
    const long = await TestServices.start({ database: databaseFile({ profile: 'small' }), drills: { scratchFolder } });
    try {
      expect(await drill(await long.create(), { northd: true }, long)).toMatchObject({ phase: 'SUCCEEDED' });
      expect(await drillFolders(scratchFolder)).toEqual([]);
    } finally {
      await long.stop();
    }
  });
});

it('removes at a start its own leftovers only, also where servers share a folder, and one has a copy of its backups', async () => {
  await drill(await services.create());
  const name = (await services.store.read(SCRATCH_NAME, 100)).toString().trim();
  const copy = await TestServices.start({ drills: { scratchFolder: services.folder } });
  try {
    await copy.store.put(SCRATCH_NAME, Buffer.from(name), {});
    await drill(await copy.create(), {}, copy);
    const own = await leftover(name, services.folder);
    const others = [await leftover(name, copy.folder), await leftover('0123456789abcdef', services.folder)];
    await writeFile(join(own, 'backup.db'), 'left');
    await services.restart();
    expect((await drillFolders(services.folder)).toSorted()).toEqual(others.toSorted());
    await copy.restart();
    expect(await drillFolders(services.folder)).toEqual(others.slice(1));
    await rm(others[1] as string, { recursive: true });
  } finally {
    await copy.stop();
  }
});

/** A folder that a drill of the server with these backups has left. */
async function leftover(name: string, storeFolder: string): Promise<string> {
  const folder = join(services.folder, `${await scratchPrefix(name, storeFolder)}0123`);
  await mkdir(folder);
  return folder;
}

describe('the records of drills', () => {
  it('say nothing of a backup where the drill failed for another reason', async () => {
    const backup = await services.create();
    const record = await drill(backup);
    const failed = { ...record, phase: 'FAILED', startedAt: '2999-01-01T00:00:00.000Z' } as const;
    for (const [id, code] of [
      ['key', 'DECRYPTION_FAILED'],
      ['stopped', 'CANCELLED'],
    ] as const)
      await services.store.put(
        `drills/${id}.json`,
        drillRecordBytes({ ...failed, id, error: { code, message: 'it failed' } }),
      );
    await services.restart();
    expect(services.drills.list(backup.id)).toHaveLength(3);
    expect(services.drills.lastOf(backup.id)?.record).toEqual(record);
  });

  it('are there after a restart, the newest ten of a backup, and go with it', async () => {
    const backup = await services.create();
    const ids: string[] = [];
    for (let i = 0; i < 11; i++) ids.unshift((await drill(backup)).id);
    await services.restart();
    expect(services.drills.list(backup.id).map(({ record }) => record.id)).toEqual(ids.slice(0, 10));
    await services.backups.delete(backup.id, ASKER);
    expect(services.drills.list(backup.id)).toEqual([]);
    const kept = await services.store.list('drills/');
    expect(kept.filter((key) => ids.some((id) => key.includes(id)))).toEqual([]);
  });
});
