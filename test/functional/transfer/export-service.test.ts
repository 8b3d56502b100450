/**
 * The export service: documents in every format from every stored form, which OVSDB's own tools take; downloads that
 * are slow, given up or impossible; and stored files, whole and in part.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type ArchiveFormat } from '../../../src/archive/content/archive-format.js';
import { unpackArchive } from '../../../src/archive/unpack.js';
import { systemClock } from '../../../src/lib/clock.js';
import { AppError } from '../../../src/lib/error.js';
import type { BackupRecord } from '../../../src/service/backup/backup-record.js';
import type { Exported } from '../../../src/service/transfer/export-service.js';
import { compareDatabases, dumpDatabase } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { environment, nbctl, ovsdbClient, startOvsdbServer } from '../../support/servers/ovsdb-server.js';
import { ASKER, piecesOf, TestServices } from '../../support/servers/services.js';

const KEY = 'the key of the export service';
const FORMATS = ['JSON', 'YAML', 'OVSDB'] as const;
const ENDINGS = { JSON: 'json', YAML: 'yaml', OVSDB: 'db' } as const;

let services: TestServices;
let small: TestServices;

beforeAll(async () => {
  small = await TestServices.start({ database: databaseFile({ profile: 'small', edge: true }) });
  services = await TestServices.start({ database: databaseFile({ profile: 'k8s', rows: 2_500 }) });
});
afterAll(async () => {
  await small.stop();
  await services.stop();
});

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const unpack = (bytes: Uint8Array): ReturnType<typeof unpackArchive> =>
  unpackArchive(piecesOf(bytes), { contentBytesMax: 1 << 28, clock: systemClock });
const bytesOf = (of: TestServices, record: BackupRecord): Promise<Buffer> => readFile(join(of.folder, record.file));

async function download(
  of: TestServices,
  id: string,
  format: ArchiveFormat,
  decryptionKey?: string,
): Promise<{ exported: Exported; bytes: Buffer }> {
  const exported = await of.exports.document(id, { ...ASKER, format, decryptionKey });
  const bytes = await buffer(exported.bytes);
  expect(bytes).toHaveLength(exported.size);
  return { exported, bytes };
}

async function closed(stream: Readable): Promise<void> {
  if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
}

describe('a document', () => {
  const stored = FORMATS.flatMap((format) =>
    [false, true].flatMap((compress) => [false, true].map((encrypt) => ({ format, compress, encrypt }))),
  );

  it.each(stored)(
    'of a backup stored as %j is the same rows and the same manifest in every format, and the very document in its own',
    async ({ format, compress, encrypt }) => {
      const record = await small.create({
        name: 'nightly run',
        description: 'every night',
        format,
        compress,
        encryptionKey: encrypt ? KEY : undefined,
      });
      const plain = await bytesOf(
        small,
        await small.create({ name: 'nightly run', description: 'every night', format }),
      );
      for (const wanted of FORMATS) {
        const { exported, bytes } = await download(small, record.id, wanted, encrypt ? KEY : undefined);
        expect(exported).toMatchObject({
          format: wanted,
          fileName: `${record.file.split('.')[0] ?? ''}.${ENDINGS[wanted]}`,
        });
        const { contentDigest, header, format: found, compressed, encrypted } = await unpack(bytes);
        expect({ contentDigest, found, compressed, encrypted }).toEqual({
          contentDigest: record.contentDigest,
          found: wanted,
          compressed: false,
          encrypted: false,
        });
        expect(header).toMatchObject({
          id: record.id,
          name: 'nightly run',
          description: 'every night',
          createdAt: record.createdAt,
          createdBy: 'tester',
          database: 'northbound',
          type: 'FULL',
          tables: record.tables,
          rowCount: record.rowCount,
        });
        if (wanted === format) expect(bytes).toHaveLength(plain.length);
        // an export of YAML has its schema at another place
        if (wanted === format && format !== 'YAML' && !compress && !encrypt)
          expect(bytes).toEqual(await bytesOf(small, record));
      }
      await small.backups.delete(record.id, { subject: 'tester' });
    },
  );

  it('as YAML begins with the rows, and has the thousand lines of the schema after them', async () => {
    const record = await small.create({});
    const text = (await download(small, record.id, 'YAML')).bytes.toString();
    const names = [...text.matchAll(/^(\w+):/gm)].map(([, name]) => name);
    expect(names).toEqual(['format', 'manifest', 'tables', 'schema', 'contentDigest']);
    expect(text.slice(0, text.indexOf('\ntables:')).split('\n').length).toBeLessThan(60);
    const imported = await small.import(Buffer.from(text));
    expect(imported).toMatchObject({ contentDigest: record.contentDigest, rowCount: record.rowCount });
  });

  it('of a file that has no manifest has that of its record', async () => {
    const record = await small.import(await ovsdbClient(small.ovsdb.remote, 'backup'), {
      name: 'taken over',
      description: 'by hand',
      tags: ['t'],
    });
    for (const format of FORMATS) {
      const { header, contentDigest } = await unpack((await download(small, record.id, format)).bytes);
      expect(header).toEqual({
        id: record.id,
        name: 'taken over',
        description: 'by hand',
        createdAt: record.createdAt,
        createdBy: 'tester',
        database: 'northbound',
        schemaName: 'OVN_Northbound',
        schemaVersion: record.schemaVersion,
        type: 'FULL',
        tables: record.tables,
        rowCount: record.rowCount,
      });
      expect(contentDigest).toBe(record.contentDigest);
    }
  });

  it('of a selective backup is imported again as one, with the same filter', async () => {
    await nbctl(small.ovsdb.remote, '--may-exist', 'ls-add', 'edge', '--', '--may-exist', 'lsp-add', 'edge', 'edge-1');
    const filter = {
      switches: ['edge'],
      includePorts: true,
      includeAcls: false,
      includeLoadBalancers: true,
      includeNat: true,
      includeDhcpOptions: true,
      includeQos: true,
    };
    const record = await small.create({ filter });
    for (const format of FORMATS) {
      const again = await small.import((await download(small, record.id, format)).bytes);
      for (const field of ['type', 'resourceFilter', 'pulledIn', 'pulledInCount', 'tables', 'contentDigest'] as const)
        expect([format, field, again[field]]).toEqual([format, field, record[field]]);
    }
  });

  it('as a database file is served by ovsdb-server, every row as it was, and taken by ovsdb-client restore', async () => {
    const before = await dumpDatabase(services.ovsdb.remote);
    const { id } = await services.create({ format: 'YAML', compress: true, encryptionKey: KEY });
    const file = join(services.ovsdb.folder, 'exported.db');
    await writeFile(file, (await download(services, id, 'OVSDB', KEY)).bytes);
    await promisify(execFile)('ovsdb-tool', ['db-version', file], { env: environment() });
    await using served = await startOvsdbServer({ database: file });
    expect(compareDatabases(before, await dumpDatabase(served.remote))).toEqual([]);
    await using restored = await startOvsdbServer();
    // it seeks in its standard input: a pipe will not do
    await promisify(execFile)(
      'sh',
      ['-c', 'exec ovsdb-client restore "$0" OVN_Northbound < "$1"', restored.remote, file],
      { env: environment() },
    );
    const after = await dumpDatabase(restored.remote);
    // ovsdb-client gives every row a new UUID
    const counts = (content: typeof before): unknown =>
      Object.fromEntries([...content].map(([table, rows]) => [table, rows.size]));
    expect(counts(after)).toEqual(counts(before));
    const names = (content: typeof before): readonly (string | undefined)[] =>
      [...(content.get('Logical_Switch_Port')?.values() ?? [])].map((text) => /^name = .*$/m.exec(text)?.[0]).sort();
    expect(names(after)).toEqual(names(before));
  });
});

describe('an export that cannot be leaves nothing:', () => {
  async function refused(of: TestServices, work: () => Promise<unknown>, code: string): Promise<AppError> {
    const files = await of.files();
    const error: unknown = await work().then(
      () => new Error('it was not refused'),
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code });
    expect(await of.files()).toEqual(files);
    return error as AppError;
  }

  it('a backup that is not there, a key that is missing, wrong or too many', async () => {
    const { id } = await small.create({ encryptionKey: KEY });
    const plain = await small.create();
    await refused(small, () => small.exports.document('nowhere', { ...ASKER, format: 'JSON' }), 'NOT_FOUND');
    await refused(small, () => small.exports.raw('nowhere'), 'NOT_FOUND');
    await refused(small, () => small.exports.document(id, { ...ASKER, format: 'JSON' }), 'DECRYPTION_FAILED');
    await refused(
      small,
      () => small.exports.document(id, { ...ASKER, format: 'JSON', decryptionKey: 'not that key' }),
      'DECRYPTION_FAILED',
    );
    await refused(
      small,
      () => small.exports.document(plain.id, { ...ASKER, format: 'JSON', decryptionKey: KEY }),
      'BAD_USER_INPUT',
    );
  });

  it('a damaged file, before a byte of it is handed out', async () => {
    const record = await small.create({ compress: true });
    const bytes = await bytesOf(small, record);
    const path = join(small.folder, record.file);
    for (const at of [3, bytes.length >> 1, bytes.length - 2]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      await writeFile(path, changed);
      await refused(small, () => small.exports.document(record.id, { ...ASKER, format: 'YAML' }), 'INTEGRITY_FAILED');
    }
    await truncate(path, bytes.length - 1);
    await refused(small, () => small.exports.document(record.id, { ...ASKER, format: 'YAML' }), 'INTEGRITY_FAILED');
    expect((await refused(small, () => small.exports.raw(record.id), 'INTEGRITY_FAILED')).message).toMatch(
      /bytes instead of/,
    );
    await writeFile(path, bytes);
    await appendFile(path, 'x');
    await refused(small, () => small.exports.raw(record.id), 'INTEGRITY_FAILED');
    await small.backups.delete(record.id, { subject: 'tester' });
  });

  it('a disk that is full or broken, wherever that shows', async () => {
    const { id } = await small.create();
    for (const code of ['STORE_FULL', 'STORE_UNAVAILABLE'] as const) {
      small.store.failWhen((method, key) =>
        /^get origin/.test(`${method} ${key}`) ? new AppError(code, 'as the test wants it') : undefined,
      );
      await refused(small, () => small.exports.document(id, { ...ASKER, format: 'YAML' }), code);
      small.store.heal();
    }
    await download(small, id, 'YAML');
  });

  it('a client that goes away, at whatever point before the first byte', async () => {
    const { id } = await small.create();
    const began = new AbortController();
    small.store.failWhen((method, key) => {
      if (/^get origin/.test(`${method} ${key}`)) began.abort();
      return undefined;
    });
    await refused(
      small,
      () => small.exports.document(id, { ...ASKER, format: 'YAML', signal: began.signal }),
      'CANCELLED',
    );
    small.store.heal();
    const gone = new AbortController();
    gone.abort();
    await refused(
      small,
      () => small.exports.document(id, { ...ASKER, format: 'YAML', signal: gone.signal }),
      'CANCELLED',
    );
  });

  it('a client that goes away in the middle', async () => {
    const { id } = await services.create();
    const files = await services.files();
    const gone = new AbortController();
    const { bytes, size } = await services.exports.document(id, { ...ASKER, format: 'JSON', signal: gone.signal });
    const first = (await bytes.iterator({ destroyOnReturn: false }).next()) as IteratorResult<Buffer>;
    expect(first.done).toBe(false);
    expect(size).toBeGreaterThan(1 << 20);
    gone.abort();
    await closed(bytes);
    expect(await services.files()).toEqual(files);
  });
});

describe('many documents at once', () => {
  it('wait for their turn, and none is refused', async () => {
    const { id } = await services.create();
    const all = await Promise.all(
      Array.from({ length: 24 }, async () =>
        sha256(await buffer((await services.exports.document(id, { ...ASKER, format: 'JSON' })).bytes)),
      ),
    );
    expect(new Set(all).size).toBe(1);
  });
});

describe('slow downloads', () => {
  it('hold up nobody and leave no file: with 16 of them unread backups are made and checked, a 17th is refused, and there is room again when one has ended', async () => {
    const { id } = await services.create({ compress: true });
    const files = await services.files();
    const open = await Promise.all(
      Array.from({ length: 16 }, () => services.exports.document(id, { ...ASKER, format: 'JSON' })),
    );
    // what is handed out has no name any more: a crash leaves nothing either
    expect(await services.files()).toEqual(files);
    expect(await services.backups.validate(id, undefined, ASKER)).toMatchObject({ valid: true });
    await expect(services.exports.document(id, { ...ASKER, format: 'JSON' })).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterSeconds: expect.any(Number) as number,
    });
    // another token has places of its own
    const theirs = await services.exports.document(id, { subject: 'another', format: 'JSON' });
    expect(await buffer(theirs.bytes)).toHaveLength(theirs.size);
    // the stored file takes no place
    expect(await buffer((await services.exports.raw(id)).bytes)).toHaveLength(services.catalog.get(id).size);
    const [one, two, ...others] = open;
    one?.bytes.destroy();
    const expected = sha256(await buffer(two?.bytes as Readable));
    await delay(20);
    for (let again = 0; again < 2; again++)
      others.push(await services.exports.document(id, { ...ASKER, format: 'JSON' }));
    for (const { bytes } of others) expect(sha256(await buffer(bytes))).toBe(expected);
    expect(await services.files()).toEqual(files);
  });

  it('go on to their end when the backup is deleted meanwhile', async () => {
    const record = await services.create();
    const expected = await bytesOf(services, record);
    const document = await services.exports.document(record.id, { ...ASKER, format: 'JSON' });
    const raw = await services.exports.raw(record.id);
    await services.backups.delete(record.id, { subject: 'tester' });
    expect(sha256(await buffer(raw.bytes))).toBe(sha256(expected));
    expect(sha256(await buffer(document.bytes))).toBe(sha256(expected));
  });
});

describe('a stored file', () => {
  it('is given byte for byte, whole and in part, with what it is of', async () => {
    const record = await small.create({ format: 'OVSDB', compress: true, encryptionKey: KEY });
    const expected = await bytesOf(small, record);
    const { size: total, checksum, file } = record;
    const whole = await small.exports.raw(record.id);
    expect(whole).toMatchObject({ size: total, total, checksum, fileName: file, format: 'OVSDB' });
    expect(sha256(await buffer(whole.bytes))).toBe(checksum);
    for (const [start, end] of [
      [0, 1],
      [10, 20],
      [total - 3, total],
      [total - 3, total + 100],
      [total, total],
      [0, undefined],
      [undefined, 7],
    ] as const) {
      const part = await small.exports.raw(record.id, {
        ...(start === undefined ? {} : { start }),
        ...(end === undefined ? {} : { end }),
      });
      const bytes = await buffer(part.bytes);
      expect(bytes).toEqual(expected.subarray(start, end));
      expect(part).toMatchObject({ size: bytes.length, total, checksum });
    }
  });
});
