/** The catalog on a real folder: adding, listing, deleting backups, and what a crash or a hand left behind. */
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/lib/clock.js';
import { AppError } from '../../../src/lib/error.js';
import type { BackupDescription, BackupRecord } from '../../../src/service/backup/backup-record.js';
import { Catalog, type CatalogLog } from '../../../src/service/backup/catalog/catalog.js';
import type { BackupFilter } from '../../../src/service/backup/catalog/catalog-page.js';
import { incomingKey, pendingKey } from '../../../src/service/backup/layout.js';
import { FileStore } from '../../../src/store/file/file-store.js';
import { FaultyStore } from '../../support/servers/faulty-store.js';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const at = Date.UTC(2026, 0, 15, 10, 30, 0, 123);
const body = Buffer.from('the archive');

let folder: string;
let files: FileStore;
let store: FaultyStore;
let logged: string[];
let log: CatalogLog;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-catalog-'));
  files = await FileStore.open(folder, { clock: systemClock });
  store = new FaultyStore(files);
  logged = [];
  log = {
    info: (fields, message) => logged.push(`${message} ${JSON.stringify(fields)}`),
    warn: (fields, message) => logged.push(`${message} ${JSON.stringify(fields)}`),
  };
});

afterEach(async () => {
  await files.close();
  await rm(folder, { recursive: true, force: true });
});

async function names(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name !== '.lock' && name !== 'incoming').sort();
}

function describeBackup(change: Partial<BackupDescription> = {}): BackupDescription {
  return {
    id: 'b1',
    name: 'nightly',
    type: 'FULL',
    archiveFormat: 'JSON',
    origin: 'CAPTURED',
    createdAt: new Date(at).toISOString(),
    createdBy: 'alice',
    size: body.length,
    contentSize: 100,
    checksum: `sha256:${'0'.repeat(64)}`,
    contentDigest: `sha256:${'a'.repeat(64)}`,
    compressed: false,
    encrypted: false,
    tags: ['prod'],
    database: 'default',
    schemaName: 'OVN_Northbound',
    schemaVersion: '7.3.0',
    rowCount: 3,
    tables: { ACL: 1, Logical_Switch: 2 },
    ...change,
  };
}

async function addBackup(catalog: Catalog, change: Partial<BackupDescription> = {}): Promise<BackupRecord> {
  const description = describeBackup(change);
  const reservation = await catalog.reserve({
    name: description.name,
    createdAt: Date.parse(description.createdAt),
    extension: '.json',
  });
  await reservation.put(body);
  return catalog.commit(reservation, description);
}

/** Puts the two files of a backup into the folder as an earlier server would have. */
async function plant(record: Partial<BackupRecord>, file: string): Promise<void> {
  await writeFile(join(folder, file), body);
  await writeFile(
    join(folder, `${file}.meta`),
    JSON.stringify({ format: 'ovncp-manifest/1', ...describeBackup(), file, ...record }),
  );
}

function idsOf(catalog: Catalog, filter?: BackupFilter): string[] {
  return catalog.list({ first: 500, ...(filter && { filter }) }).nodes.map((node) => node.id);
}

describe('adding', () => {
  it('stores the archive, then the manifest beside it, and lists the backup', async () => {
    const catalog = await Catalog.open(store, log);
    const record = await addBackup(catalog, { description: 'before the upgrade' });
    expect(record).toEqual({
      ...describeBackup({ description: 'before the upgrade' }),
      format: 'ovncp-manifest/1',
      file: 'nightly-20260115-103000.json',
    });
    expect(await names()).toEqual(['nightly-20260115-103000.json', 'nightly-20260115-103000.json.meta']);
    expect(store.calls.filter((call) => call.startsWith('put'))).toEqual([
      'put incoming/nightly-20260115-103000.json',
      'put nightly-20260115-103000.json',
      'put nightly-20260115-103000.json.meta',
    ]);
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
    expect(JSON.parse(await readFile(join(folder, 'nightly-20260115-103000.json.meta'), 'utf8'))).toEqual(record);
    expect(catalog.get('b1')).toEqual(record);
    expect(catalog.list({ first: 10 }).nodes).toEqual([record]);
  });

  it('reads back after a restart what it wrote', async () => {
    const record = await addBackup(await Catalog.open(store, log));
    const reopened = await Catalog.open(store, log);
    expect(reopened.get('b1')).toEqual(record);
    expect(Buffer.concat(await (await reopened.openArchive('b1')).toArray()).equals(body)).toBe(true);
    expect(reopened.problems()).toEqual([]);
  });

  it('gives every one of many concurrent creators a key of its own', async () => {
    const catalog = await Catalog.open(store, log);
    const records = await Promise.all(Array.from({ length: 25 }, (_, i) => addBackup(catalog, { id: `b${i}` })));
    const keys = records.map((record) => record.file).sort();
    expect(new Set(keys).size).toBe(25);
    expect(keys).toContain('nightly-20260115-103000.json');
    expect(keys).toContain('nightly-20260115-103000-25.json');
    expect(await names()).toHaveLength(50);
  });

  it('chooses no key that a file has already, be it only a manifest', async () => {
    const catalog = await Catalog.open(store, log);
    await writeFile(join(folder, 'nightly-20260115-103000.json'), 'by hand');
    await writeFile(join(folder, 'nightly-20260115-103000-2.json.meta'), 'by hand');
    expect((await addBackup(catalog)).file).toBe('nightly-20260115-103000-3.json');
  });

  it('removes the archive again when the manifest cannot be written', async () => {
    const catalog = await Catalog.open(store, log);
    store.failWhen((method, key) =>
      method === 'put' && key.endsWith('.meta') ? new AppError('STORE_FULL', 'full') : undefined,
    );
    await expect(addBackup(catalog)).rejects.toEqual(code('STORE_FULL'));
    expect(await names()).toEqual([]);
    expect(idsOf(catalog)).toEqual([]);
    expect(() => catalog.get('b1')).toThrow('Backup not found: b1');
    store.heal();
    expect((await addBackup(catalog)).file).toBe('nightly-20260115-103000.json');
  });

  it('throws the first error when not even the archive can be removed, and removes it on the next start', async () => {
    const catalog = await Catalog.open(store, log);
    store.failWhen((method, key) =>
      key.endsWith('.meta') && method === 'put'
        ? new AppError('STORE_FULL', 'full')
        : method === 'delete'
          ? new AppError('STORE_UNAVAILABLE', 'gone')
          : undefined,
    );
    await expect(addBackup(catalog)).rejects.toEqual(code('STORE_FULL'));
    expect(catalog.problems()).toEqual([expect.stringContaining('nightly-20260115-103000.json belongs to no backup')]);
    store.heal();
    await Catalog.open(store, log);
    expect(await names()).toEqual([]);
  });

  it('removes what was stored of an abandoned backup, however far it came', async () => {
    const catalog = await Catalog.open(store, log);
    const wanted = { name: 'nightly', createdAt: at, extension: '.json' } as const;
    const unused = await catalog.reserve(wanted);
    await catalog.abandon(unused);
    const stored = await catalog.reserve(wanted);
    expect(stored.key).toBe(unused.key);
    await stored.put(body);
    await catalog.abandon(stored);
    const failed = await catalog.reserve(wanted);
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield body;
      throw new Error('capture failed');
    }
    await expect(failed.put(failing())).rejects.toThrow('capture failed');
    await catalog.abandon(failed);
    const running = await catalog.reserve(wanted);
    const abort = new AbortController();
    const put = running.put(
      (async function* () {
        yield body;
        await new Promise(() => undefined);
      })(),
      { signal: abort.signal },
    );
    setTimeout(() => abort.abort(new Error('cancelled')), 10);
    await Promise.all([catalog.abandon(running), expect(put).rejects.toThrow('cancelled')]);
    expect(await names()).toEqual([]);
  });

  it('never removes a committed backup or the file of somebody else when a reservation is abandoned', async () => {
    const catalog = await Catalog.open(store, log);
    const reservation = await catalog.reserve({ name: 'nightly', createdAt: at, extension: '.json' });
    await reservation.put(body);
    const committing = catalog.commit(reservation, describeBackup());
    await catalog.abandon(reservation);
    await committing;
    await catalog.abandon(reservation);
    expect(await names()).toHaveLength(2);
    const other = await catalog.reserve({ name: 'other', createdAt: at, extension: '.json' });
    await writeFile(join(folder, other.key), 'by hand');
    await expect(other.put(body)).rejects.toEqual(code('CONFLICT'));
    await catalog.abandon(other);
    expect(await readFile(join(folder, other.key), 'utf8')).toBe('by hand');
  });

  it('refuses to be misused, and keeps nothing of it', async () => {
    const catalog = await Catalog.open(store, log);
    const reserve = (): ReturnType<Catalog['reserve']> =>
      catalog.reserve({ name: 'nightly', createdAt: at, extension: '.json' });
    await expect(catalog.commit(await reserve(), describeBackup())).rejects.toThrow(/^Bug: .* before its archive/);
    const wrongSize = await reserve();
    await wrongSize.put(body);
    await expect(wrongSize.put(body)).rejects.toThrow(/^Bug: .* twice/);
    await expect(catalog.commit(wrongSize, describeBackup({ size: 1 }))).rejects.toThrow(/^Bug: .* bytes/);
    await expect(wrongSize.put(body)).rejects.toThrow(/^Bug: .* not open/);
    const wrongRecord = await reserve();
    await wrongRecord.put(body);
    await expect(catalog.commit(wrongRecord, describeBackup({ checksum: 'md5:1' }))).rejects.toThrow(/checksum/);
    expect(await names()).toEqual([]);
    await addBackup(catalog);
    await expect(addBackup(catalog)).rejects.toThrow(/^Bug: .* exists already/);
    expect(await names()).toHaveLength(2);
  });

  it('refuses a manifest that is too large to be read again', async () => {
    const catalog = await Catalog.open(store, log);
    await expect(addBackup(catalog, { warnings: ['x'.repeat(2_000_000)] })).rejects.toEqual(code('TOO_LARGE'));
    expect(await names()).toEqual([]);
  });
});

describe('deleting', () => {
  it('removes the manifest first, then the archive', async () => {
    const catalog = await Catalog.open(store, log);
    await addBackup(catalog);
    await addBackup(catalog, { id: 'b2' });
    store.calls.length = 0;
    await catalog.delete('b1');
    const files = [
      'nightly-20260115-103000.json.meta',
      'nightly-20260115-103000.json',
      'incoming/nightly-20260115-103000.json',
    ];
    expect(store.calls.filter((call) => !call.startsWith('stat'))).toEqual([
      'put incoming/nightly-20260115-103000.json',
      ...files.map((file) => `delete ${file}`),
    ]);
    expect(await names()).toEqual(['nightly-20260115-103000-2.json', 'nightly-20260115-103000-2.json.meta']);
    expect(idsOf(catalog)).toEqual(['b2']);
    await expect(catalog.delete('b1')).rejects.toEqual(code('NOT_FOUND'));
  });

  it('lets one of two deletes of the same backup win', async () => {
    const catalog = await Catalog.open(store, log);
    await addBackup(catalog);
    const results = await Promise.allSettled([catalog.delete('b1'), catalog.delete('b1')]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
    expect(await names()).toEqual([]);
  });

  it('keeps the backup when its manifest cannot be removed', async () => {
    const catalog = await Catalog.open(store, log);
    await addBackup(catalog);
    store.failWhen((method) =>
      method === 'delete' ? new AppError('STORE_UNAVAILABLE', 'read-only file system') : undefined,
    );
    await expect(catalog.delete('b1')).rejects.toEqual(code('STORE_UNAVAILABLE'));
    expect(idsOf(catalog)).toEqual(['b1']);
    store.heal();
    await catalog.delete('b1');
    expect(await names()).toEqual([]);
  });

  it('is done once the manifest is gone, and leaves the archive to the next start if need be', async () => {
    const catalog = await Catalog.open(store, log);
    await addBackup(catalog);
    store.failWhen((method, key) =>
      method === 'delete' && key.endsWith('.json') ? new AppError('STORE_UNAVAILABLE', 'no') : undefined,
    );
    await catalog.delete('b1');
    expect(idsOf(catalog)).toEqual([]);
    expect(catalog.problems()).toHaveLength(1);
    store.heal();
    const reopened = await Catalog.open(store, log);
    expect([idsOf(reopened), reopened.problems(), await names()]).toEqual([[], [], []]);
  });

  it('copes with files that somebody took away', async () => {
    const catalog = await Catalog.open(store, log);
    await addBackup(catalog);
    await addBackup(catalog, { id: 'b2' });
    for (const name of await names()) await rm(join(folder, name));
    await expect(catalog.openArchive('b1')).rejects.toEqual(
      expect.objectContaining({
        code: 'NOT_FOUND',
        message: expect.stringContaining('nightly-20260115-103000.json of backup b1'),
      }),
    );
    await expect(catalog.openArchive('b3')).rejects.toThrow('Backup not found: b3');
    await catalog.delete('b1');
    await catalog.delete('b2');
    expect(idsOf(catalog)).toEqual([]);
  });
});

describe('opening', () => {
  it('reports a manifest whose archive is missing, and does not list it', async () => {
    await plant({ id: 'whole' }, 'a-20260101-000000.json');
    await plant({ id: 'lost' }, 'b-20260101-000000.json');
    await rm(join(folder, 'b-20260101-000000.json'));
    const catalog = await Catalog.open(store, log);
    expect(idsOf(catalog)).toEqual(['whole']);
    expect(() => catalog.get('lost')).toThrow('Backup not found: lost');
    expect(catalog.problems()).toEqual([
      'The backup of b-20260101-000000.json.meta is not listed: its archive b-20260101-000000.json is missing.',
    ]);
    expect(logged).toEqual([expect.stringContaining('b-20260101-000000.json.meta')]);
    expect(await names()).toContain('b-20260101-000000.json.meta');
  });

  it.each([
    ['is cut', '{"format":"ovncp-manifest/1","id":"x"', /not JSON/],
    ['is empty', '', /it is empty/],
    ['is not UTF-8', Buffer.from([0x22, 0xff, 0x22]), /not JSON/],
    ['is no object', '[]', /no manifest/],
    [
      'lacks a field',
      JSON.stringify({ format: 'ovncp-manifest/1', ...describeBackup(), file: 'f', checksum: undefined }),
      /checksum/,
    ],
    ['has a later format', JSON.stringify({ format: 'ovncp-manifest/2', ...describeBackup(), file: 'f' }), /format/],
    [
      'is of a kind that this version does not know',
      JSON.stringify({ format: 'ovncp-manifest/1', ...describeBackup(), type: 'DIFFERENTIAL', file: 'f' }),
      /type/,
    ],
    [
      'is incremental and does not say since when',
      JSON.stringify({ format: 'ovncp-manifest/1', ...describeBackup(), type: 'INCREMENTAL', file: 'f' }),
      /parent and changes/,
    ],
    [
      'holds a part and does not say which',
      JSON.stringify({ format: 'ovncp-manifest/1', ...describeBackup(), type: 'SELECTIVE', file: 'f' }),
      /resourceFilter/,
    ],
    [
      'has a time without a zone',
      JSON.stringify({
        format: 'ovncp-manifest/1',
        ...describeBackup(),
        createdAt: '2026-01-15T10:30:00.000',
        file: 'f',
      }),
      /createdAt/,
    ],
    ['is too large', 'x'.repeat(1_100_000), /bytes/],
  ])('reports a manifest that %s, and leaves both files alone', async (_, content, message) => {
    await writeFile(join(folder, 'a-20260101-000000.json'), body);
    await writeFile(join(folder, 'a-20260101-000000.json.meta'), content);
    const catalog = await Catalog.open(store, log);
    expect(idsOf(catalog)).toEqual([]);
    expect(catalog.problems()).toEqual([expect.stringMatching(message)]);
    expect(await names()).toEqual(['a-20260101-000000.json', 'a-20260101-000000.json.meta']);
  });

  it('reads a manifest with fields of a later version', async () => {
    await plant({ id: 'later', ...({ colour: 'blue' } as object) }, 'a-20260101-000000.json');
    expect((await Catalog.open(store, log)).get('later').name).toBe('nightly');
  });

  it('takes the file from where the manifest stands, not from what it says', async () => {
    await plant({ id: 'renamed', file: '../../etc/passwd' }, 'a-20260101-000000.json');
    await rename(join(folder, 'a-20260101-000000.json'), join(folder, 'moved-20260101-000000.json'));
    await rename(join(folder, 'a-20260101-000000.json.meta'), join(folder, 'moved-20260101-000000.json.meta'));
    const catalog = await Catalog.open(store, log);
    expect(catalog.get('renamed').file).toBe('moved-20260101-000000.json');
    await catalog.delete('renamed');
    expect(await names()).toEqual([]);
  });

  it.each(['admin-token', 'audit.jsonl', 'tokens.json', 'moved.json', 'a-20260101-000000.json.bak'])(
    'makes no backup of %s by a manifest that somebody puts beside it',
    async (file) => {
      await writeFile(join(folder, file), 'a secret\n');
      await writeFile(
        join(folder, `${file}.meta`),
        JSON.stringify({ format: 'ovncp-manifest/1', ...describeBackup(), id: 'planted', file, size: 9 }),
      );
      const catalog = await Catalog.open(store, log);
      expect(idsOf(catalog)).toEqual([]);
      expect(catalog.problems()).toEqual([expect.stringMatching(/is not named as backups are/)]);
      await expect(catalog.delete('planted')).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect(await names()).toEqual([file, `${file}.meta`]);
    },
  );

  it('lists one of two backups with the same id and reports the other', async () => {
    await plant({ id: 'twin' }, 'a-20260101-000000.json');
    await plant({ id: 'twin' }, 'b-20260101-000000.json');
    const catalog = await Catalog.open(store, log);
    expect(catalog.get('twin').file).toBe('a-20260101-000000.json');
    expect(idsOf(catalog)).toEqual(['twin']);
    expect(catalog.problems()).toEqual([expect.stringContaining('b-20260101-000000.json.meta')]);
  });

  it('removes unfinished archives, half imports and temporary files, and nothing else', async () => {
    await plant({ id: 'whole' }, 'a-20260101-000000.json');
    await files.put(pendingKey('a-20260101-000000.json'), Buffer.from('')); // a crash after the manifest was written
    await files.put(pendingKey('crash-20260101-000000-2.json.gz.enc'), Buffer.from(''));
    await writeFile(join(folder, 'copied-20260101-000000.json'), 'put here by hand');
    await writeFile(join(folder, 'crash-20260101-000000-2.json.gz.enc'), 'half a backup');
    await writeFile(join(folder, '.tmp-01'), 'half a file');
    await writeFile(join(folder, 'README.txt'), 'mine');
    await writeFile(join(folder, 'notes.json'), 'mine');
    await files.put('restores/r-20260101-000000.json', Buffer.from('a restore record'));
    await files.put(incomingKey('0b5e'), Buffer.from('an import'));
    const catalog = await Catalog.open(store, log);
    expect(await names()).toEqual([
      'README.txt',
      'a-20260101-000000.json',
      'a-20260101-000000.json.meta',
      'copied-20260101-000000.json',
      'notes.json',
      'restores',
    ]);
    expect(catalog.problems()).toEqual([expect.stringContaining('copied-20260101-000000.json')]);
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
    expect(await readdir(join(folder, 'restores'))).toHaveLength(1);
    expect(idsOf(catalog)).toEqual(['whole']);
    expect(logged).toHaveLength(3);
  });

  it('fails when the store cannot be listed', async () => {
    store.failWhen((method) => (method === 'list' ? new AppError('STORE_UNAVAILABLE', 'no') : undefined));
    await expect(Catalog.open(store, log)).rejects.toEqual(code('STORE_UNAVAILABLE'));
  });
});

describe('listing', () => {
  it('is newest first, and of the same instant by id', async () => {
    const catalog = await Catalog.open(store, log);
    for (const [id, ms] of [
      ['b', 5],
      ['a', 5],
      ['z', 1],
      ['c', 5],
      ['y', 9],
    ] as const)
      await addBackup(catalog, { id, createdAt: new Date(at + ms).toISOString() });
    expect(idsOf(catalog)).toEqual(['y', 'c', 'b', 'a', 'z']);
    expect(idsOf(await Catalog.open(store, log))).toEqual(['y', 'c', 'b', 'a', 'z']);
  });

  it('refuses a page size out of bounds and a cursor that is none', async () => {
    const catalog = await Catalog.open(store, log);
    await addBackup(catalog);
    for (const first of [0, -1, 501, 1.5, Number.NaN])
      expect(() => catalog.list({ first })).toThrow(code('BAD_USER_INPUT') as never);
    const [cursor = ''] = catalog.list({ first: 1 }).cursors;
    for (const after of ['', 'x', 'bm90IGEgY3Vyc29y', `${cursor}=`, ` ${cursor}`, cursor.slice(1)])
      expect(() => catalog.list({ first: 1, after })).toThrow(code('BAD_USER_INPUT') as never);
    expect(() => catalog.list({ first: 1, filter: { createdAfter: new Date('x') } })).toThrow(
      code('BAD_USER_INPUT') as never,
    );
    expect(catalog.list({ first: 500, after: cursor })).toEqual({
      nodes: [],
      cursors: [],
      totalCount: 1,
      hasNextPage: false,
      hasPreviousPage: true,
    });
  });

  it('goes on where it was when backups come and go between pages', async () => {
    const catalog = await Catalog.open(store, log);
    for (let i = 0; i < 6; i++) await addBackup(catalog, { id: `b${i}`, createdAt: new Date(at + i).toISOString() });
    const page = catalog.list({ first: 2 });
    expect(page.nodes.map((node) => node.id)).toEqual(['b5', 'b4']);
    await addBackup(catalog, { id: 'new', createdAt: new Date(at + 9).toISOString() });
    await catalog.delete('b4'); // the one that the cursor stands on
    await catalog.delete('b3');
    expect(catalog.list({ first: 2, after: page.cursors[1] ?? '' }).nodes.map((node) => node.id)).toEqual(['b2', 'b1']);
  });

  it('opens, filters and pages through 2,000 backups without duplicates', async () => {
    const day = 86_400_000;
    const all = Array.from({ length: 2_000 }, (_, i) => ({
      id: `id-${(i * 7919) % 2_000}`,
      name: i % 100 === 0 ? `Weekly ${i}` : `nightly ${i}`,
      tags: i % 3 === 0 ? ['prod', 'auto'] : i % 3 === 1 ? ['lab'] : [],
      database: i % 2 === 0 ? 'east' : 'west',
      createdAt: new Date(at + Math.floor(i / 4) * 1000).toISOString(),
    }));
    for (let i = 0; i < all.length; i += 100) {
      await Promise.all(all.slice(i, i + 100).map((record, j) => plant(record, `n${i + j}-20260101-000000.json`)));
    }
    const catalog = await Catalog.open(store, log);
    expect(catalog.problems()).toEqual([]);

    const seen: BackupRecord[] = [];
    let after: string | null = null;
    for (;;) {
      const page = catalog.list({ first: 300, after });
      expect([page.totalCount, page.hasPreviousPage]).toEqual([2_000, after !== null]);
      seen.push(...page.nodes);
      if (!page.hasNextPage) break;
      after = page.cursors.at(-1) ?? null;
    }
    const byPlace = [...all].sort((a, b) =>
      a.createdAt === b.createdAt ? (a.id > b.id ? -1 : 1) : a.createdAt > b.createdAt ? -1 : 1,
    );
    expect(seen.map((record) => record.id)).toEqual(byPlace.map((record) => record.id));

    const total = (filter: BackupFilter): number => catalog.list({ first: 1, filter }).totalCount;
    expect(total({ tags: ['prod', 'lab'] })).toBe(all.filter((record) => record.tags.length > 0).length);
    expect(total({ tags: ['auto'], database: 'west' })).toBe(
      all.filter((record) => record.tags.includes('auto') && record.database === 'west').length,
    );
    expect(total({ nameContains: 'wEEkly' })).toBe(20);
    expect(total({ type: 'FULL', tags: null, nameContains: null })).toBe(2_000);
    expect(total({ type: 'SELECTIVE' })).toBe(0);
    expect(total({ tags: [] })).toBe(2_000);
    expect(total({ createdAfter: new Date(at), createdBefore: new Date(at + 10_000) })).toBe(9 * 4);
    expect(total({ createdAfter: new Date(at + day) })).toBe(0);
    const filtered = catalog.list({
      first: 50,
      filter: { database: 'east' },
      after: catalog.list({ first: 50, filter: { database: 'east' } }).cursors[49] ?? '',
    });
    expect(filtered.nodes.map((node) => node.id)).toEqual(
      byPlace
        .filter((record) => record.database === 'east')
        .slice(50, 100)
        .map((record) => record.id),
    );
  });
});

it('keeps to the limits of the API what a manifest says that somebody wrote', async () => {
  let catalog = await Catalog.open(store, log);
  const { file } = await addBackup(catalog, { description: 'as it was' });
  const path = join(folder, `${file}.meta`);
  const manifest = JSON.parse(await readFile(path, 'utf8')) as object;
  const tags = Array.from({ length: 80 }, (_, i) => `${String(i)} ${'t'.repeat(200)}`);
  await writeFile(path, JSON.stringify({ ...manifest, name: `\u0000${'x'.repeat(900_000)}`, tags }));
  catalog = await Catalog.open(store, log);
  const [record] = catalog.all({});
  expect(record).toMatchObject({ name: 'x'.repeat(200), description: 'as it was' });
  expect(record?.tags).toEqual(tags.slice(0, 50).map((tag) => tag.slice(0, 100)));
  expect(record?.warnings).toHaveLength(52);
  // what is within the limits stays as it is, and is said once
  expect(catalog.problems()).toEqual([]);
});
