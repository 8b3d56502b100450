/**
 * The import service: every form that an operator may have; uploads that stall, break off or are too large; and files
 * that are kept still encrypted until somebody gives their key. Whatever is refused or given up leaves nothing.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { encrypt } from '../../../src/archive/layer/encryption.js';
import { AppError } from '../../../src/lib/error.js';
import type { BackupRecord } from '../../../src/service/backup/backup-record.js';
import { EVERYTHING_INCLUDED } from '../../support/include-flags.js';
import { type ExactJson, isObject, parseExact, printExact } from '../../support/judge/exact-json.js';
import { compareDatabases, dumpDatabase, emptyDatabase, rowCount } from '../../support/judge/judge.js';
import { CHEAP_KEYS } from '../../support/key-cost.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startOvsdbCluster } from '../../support/servers/ovsdb-cluster.js';
import { nbctl, ovsdbClient } from '../../support/servers/ovsdb-server.js';
import { ASKER, piecesOf, TESTER, TestServices } from '../../support/servers/services.js';

const KEY = 'the key of the import service';
const UPLOAD_BYTES_MAX = 1_000_000;
const PLACEHOLDERS = {
  type: 'FULL',
  archiveFormat: 'JSON',
  rowCount: 0,
  tables: {},
  contentSize: 0,
  schemaVersion: '',
  compressed: false,
  contentDigest: `sha256:${'0'.repeat(64)}`,
};

let services: TestServices;
let origin: BackupRecord;

beforeAll(async () => {
  services = await TestServices.start({
    database: databaseFile({ profile: 'small', edge: true }),
    uploadBytesMax: UPLOAD_BYTES_MAX,
  });
  origin = await services.create();
});
afterAll(() => services.stop());

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const bytesOf = (record: BackupRecord): Promise<Buffer> => readFile(join(services.folder, record.file));

async function sealedBytes(bytes: Uint8Array): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of encrypt(piecesOf(bytes), KEY, CHEAP_KEYS)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** @returns the error, after a look at whether anything was left behind */
async function refused(work: () => Promise<unknown>, code: string): Promise<AppError> {
  const files = await services.files();
  const listed = services.catalog.all({}).length;
  const error: unknown = await work().then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code });
  expect(await services.files()).toEqual(files);
  expect(services.catalog.all({})).toHaveLength(listed);
  return error as AppError;
}

describe('an import takes', () => {
  const contents: Record<string, () => Promise<{ bytes: Buffer; format: string }>> = {
    'a JSON document': async () => ({ bytes: await bytesOf(origin), format: 'JSON' }),
    'a YAML document': async () => ({
      bytes: await bytesOf(await services.create({ format: 'YAML' })),
      format: 'YAML',
    }),
    'a database file of ours': async () => ({
      bytes: await bytesOf(await services.create({ format: 'OVSDB' })),
      format: 'OVSDB',
    }),
    'what ovsdb-client backup writes': async () => ({
      bytes: await ovsdbClient(services.ovsdb.remote, 'backup'),
      format: 'OVSDB',
    }),
    'a database file with history': async () => {
      await nbctl(
        services.ovsdb.remote,
        'ls-add',
        'passing',
        '--',
        'set',
        'logical_switch',
        'passing',
        'external_ids:a=b',
        'other_config:x=y',
      );
      await nbctl(services.ovsdb.remote, 'set', 'logical_switch', 'passing', 'external_ids:a=c');
      await nbctl(services.ovsdb.remote, 'ls-del', 'passing');
      const bytes = await readFile(services.ovsdb.databaseFile);
      expect(bytes.toString('latin1')).toContain('"_is_diff":true');
      return { bytes, format: 'OVSDB' };
    },
    "a cluster member's file": async () => {
      await using cluster = await startOvsdbCluster({
        database: databaseFile({ profile: 'small', edge: true }),
        members: 1,
      });
      return { bytes: await readFile(cluster.servers[0]?.databaseFile ?? ''), format: 'OVSDB' };
    },
  };

  it.each(Object.keys(contents))(
    '%s, compressed, encrypted, both or neither, and gives back the same rows',
    async (content) => {
      const { bytes, format } = (await contents[content]?.()) ?? { bytes: Buffer.alloc(0), format: '' };
      for (const compressed of [false, true]) {
        for (const encrypted of [false, true]) {
          const packed = compressed ? gzipSync(bytes) : bytes;
          const file = encrypted ? await sealedBytes(packed) : packed;
          const record = await services.import(file, {
            fileName: 'told.by.content',
            tags: ['t'],
            ...(encrypted ? { decryptionKey: KEY } : {}),
          });
          expect(record).toMatchObject({
            archiveFormat: format,
            compressed,
            encrypted,
            contentDigest: origin.contentDigest,
            rowCount: origin.rowCount,
            tables: origin.tables,
            size: file.length,
            contentSize: bytes.length,
            checksum: sha256(file),
            origin: 'IMPORTED',
            tags: ['t'],
          });
          expect(record.sealed).toBeUndefined();
          expect(
            record.file.endsWith(
              `.${format === 'OVSDB' ? 'db' : format.toLowerCase()}${compressed ? '.gz' : ''}${encrypted ? '.enc' : ''}`,
            ),
          ).toBe(true);
          expect(await bytesOf(record)).toEqual(file);
          if (compressed === encrypted)
            expect(await services.backups.validate(record.id, encrypted ? KEY : undefined, ASKER)).toMatchObject({
              valid: true,
              contentChecked: true,
              rowCount: origin.rowCount,
            });
          await services.backups.delete(record.id, { subject: 'tester' });
        }
      }
    },
  );

  it('a document whose rows are written in another way than ours, and reads it again the same', async () => {
    const text = (await bytesOf(origin)).toString();
    // every row stays in its line; its members stand in the opposite order, with spaces between them
    const edited = text
      .split('\n')
      .map((line) => {
        const [, head, row, tail] = /^("[0-9a-f-]{36}":)(\{.*\})(,?)$/.exec(line) ?? [];
        if (head === undefined || row === undefined) return line;
        const value = parseExact(row);
        return isObject(value)
          ? `${head}{ ${Object.entries(value)
              .reverse()
              .map(([column, cell]) => `${JSON.stringify(column)} : ${printExact(cell)}`)
              .join(' , ')} }${tail ?? ''}`
          : line;
      })
      .join('\n');
    expect(edited.length).toBeGreaterThan(text.length + 500);
    const record = await services.import(Buffer.from(edited));
    expect(record.contentDigest).toBe(origin.contentDigest);
    expect(await services.backups.validate(record.id, undefined, ASKER)).toMatchObject({
      valid: true,
      contentChecked: true,
      errors: [],
    });
    expect(
      (await services.compare.compare({ ...ASKER, from: { backupId: record.id }, to: { backupId: origin.id } }))
        .identical,
    ).toBe(true);
    const { bytes } = await services.exports.document(record.id, { ...ASKER, format: 'JSON' });
    expect((await buffer(bytes)).toString()).toBe(text);
  });

  it('an encrypted file without the gzip that somebody put around it, with its key or still encrypted', async () => {
    const file = await sealedBytes(gzipSync(await bytesOf(origin)));
    for (const details of [{ decryptionKey: KEY }, {}]) {
      const record = await services.import(gzipSync(file), details);
      expect(record).toMatchObject({ encrypted: true, size: file.length, checksum: sha256(file) });
      expect(record.sealed).toBe('decryptionKey' in details ? undefined : true);
      expect(await bytesOf(record)).toEqual(file);
    }
    const cut = gzipSync(file).subarray(0, -9);
    for (const details of [{ decryptionKey: KEY }, {}])
      await refused(() => services.import(cut, details), 'INTEGRITY_FAILED');
    await refused(() => services.import(gzipSync(Buffer.concat([file, Buffer.alloc(UPLOAD_BYTES_MAX)]))), 'TOO_LARGE');
  });

  it('the name that is given, or of the document, or of the file without its endings, or a plain one', async () => {
    const document = await bytesOf(origin);
    const file = await ovsdbClient(services.ovsdb.remote, 'backup');
    expect((await services.import(document, { name: 'given', fileName: 'f.json' })).name).toBe('given');
    expect((await services.import(document, { fileName: 'f.json' })).name).toBe('origin');
    expect((await services.import(file, { fileName: 'nightly.v2.db' })).name).toBe('nightly.v2');
    expect((await services.import(gzipSync(file), { fileName: 'x\u0000\n.JSON.gz.enc' })).name).toBe('x');
    for (const fileName of [undefined, '', '.db', ' .yaml'])
      expect((await services.import(file, { fileName })).name).toBe('Imported backup');
    expect((await services.import(file, { fileName: `${'n'.repeat(5_000)}.db` })).name).toHaveLength(200);
  });
});

describe('an import refuses, and leaves nothing of:', () => {
  it('a file over the limit, and one that expands to more than the limit', async () => {
    expect(
      (await refused(() => services.import(Buffer.alloc(UPLOAD_BYTES_MAX + 1, ' ')), 'TOO_LARGE')).message,
    ).toMatch(/OVNCP_UPLOAD_BYTES_MAX/);
    const bomb = Buffer.concat([
      Buffer.from('{"format":"ovncp-backup/1","note":"'),
      Buffer.alloc(UPLOAD_BYTES_MAX, 'x'),
    ]);
    await refused(() => services.import(gzipSync(bomb)), 'TOO_LARGE');
    const sealed = await sealedBytes(gzipSync(bomb));
    await refused(() => services.import(sealed, { decryptionKey: KEY }), 'TOO_LARGE');
  });

  it('an encrypted file with a wrong key, and a key for a file that is not encrypted', async () => {
    const file = await sealedBytes(await bytesOf(origin));
    const { message } = await refused(
      () => services.import(file, { decryptionKey: 'not that key' }),
      'DECRYPTION_FAILED',
    );
    expect(message).not.toContain('not that key');
    const document = await bytesOf(origin);
    expect((await refused(() => services.import(document, { decryptionKey: KEY }), 'BAD_USER_INPUT')).message).toMatch(
      /not encrypted/,
    );
  });

  it('an encrypted file whose header or length cannot be right, with no key to look inside', async () => {
    const file = await sealedBytes(Buffer.from('{}'));
    const wrong: Buffer[] = [8, 40, 71, 72, 80].map((length) => file.subarray(0, length));
    for (const [at, value] of [
      [8, 2],
      [9, 2],
      [10, CHEAP_KEYS - 1],
      [10, 40],
      [11, 9],
      [12, 2],
      [29, 0xff],
    ] as const) {
      const changed = Buffer.from(file);
      changed[at] = value;
      wrong.push(changed);
    }
    // the last chunk has not even room for its tag
    wrong.push(Buffer.concat([file.subarray(0, 72), Buffer.alloc((64 << 10) + 16 + 5)]));
    for (const bytes of wrong) await refused(() => services.import(bytes), 'INTEGRITY_FAILED');
  });

  it("another database's file", async () => {
    const document = (await bytesOf(origin))
      .toString()
      .replaceAll('OVN_Northbound', 'OVN_Southbound')
      .replace(/"contentDigest":"[^"]*"/, '"contentDigest":"none"');
    const { message } = await refused(() => services.import(Buffer.from(document)), 'BAD_USER_INPUT');
    expect(message).toMatch(/OVN_Southbound.*only OVN_Northbound/);
  });

  it('a file whose details turn out to be wrong after it was read', async () => {
    const bytes = await bytesOf(origin);
    let read = false;
    async function* source(): AsyncGenerator<Buffer> {
      yield* piecesOf(bytes);
      read = true;
    }
    await refused(
      () =>
        services.imports.import({
          source: source(),
          subject: 'tester',
          details: () => {
            expect(read).toBe(true);
            throw new AppError('BAD_USER_INPUT', 'tags: are wrong');
          },
        }),
      'BAD_USER_INPUT',
    );
  });

  it('an upload that breaks off, of which its reader says why', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"format"');
      throw new Error('ECONNRESET');
    }
    expect((await refused(() => services.import(broken()), 'BAD_USER_INPUT')).message).toMatch(
      /ended early, after 9 bytes/,
    );
  });

  it('an upload that breaks off before it has begun', async () => {
    const broken: AsyncIterable<Buffer> = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('ECONNRESET')) }),
    };
    expect((await refused(() => services.import(broken), 'BAD_USER_INPUT')).message).toBe(
      'The upload ended early, before its first byte: send the file again',
    );
  });

  it('an upload whose client goes away, at whatever point', async () => {
    const bytes = gzipSync(await bytesOf(origin));
    async function* stalled(): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 100);
      await new Promise(() => undefined);
    }
    const gone = new AbortController();
    setTimeout(() => gone.abort(), 50);
    await refused(() => services.import(stalled(), {}, gone.signal), 'CANCELLED');
    // after everything has arrived: at each step of the store that follows
    for (const step of [/^get incoming/, /^put incoming\/Imported|^put incoming\/origin/, /^put origin/]) {
      const left = new AbortController();
      services.store.failWhen((method, key) => {
        if (step.test(`${method} ${key}`)) left.abort();
        return undefined;
      });
      await refused(() => services.import(bytes, {}, left.signal), 'CANCELLED');
      services.store.heal();
    }
  });

  it('a file that a full or a broken disk does not take, wherever that shows', async () => {
    const bytes = await bytesOf(origin);
    for (const step of [
      /^put incoming\/[0-9a-f-]{36}$/,
      /^put incoming\/origin/,
      /^put origin.*json$/,
      /^put origin.*meta$/,
    ]) {
      for (const code of ['STORE_FULL', 'STORE_UNAVAILABLE'] as const) {
        services.store.failWhen((method, key) =>
          step.test(`${method} ${key}`) ? new AppError(code, 'as the test wants it') : undefined,
        );
        await refused(() => services.import(bytes), code);
        services.store.heal();
      }
    }
  });
});

describe('slow uploads', () => {
  it('hold up nobody: with 16 of them stalled backups are made and checked, a 17th upload is refused, and there is room again when one has ended', async () => {
    const files = await services.files();
    const ends: AbortController[] = [];
    const bytes = await bytesOf(origin);
    async function* stalled(): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 10);
      await new Promise(() => undefined);
    }
    const uploads = Array.from({ length: 16 }, () => {
      const end = new AbortController();
      ends.push(end);
      return services.import(stalled(), {}, end.signal).catch((error: unknown) => error);
    });
    await delay(50);
    const { id } = await services.create();
    expect(await services.backups.validate(id, undefined, ASKER)).toMatchObject({ valid: true });
    await services.backups.delete(id, { subject: 'tester' });
    const error = await services.import(bytes).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) as number });
    // another token has places of its own
    const source = piecesOf(bytes);
    const theirs = await services.imports.import({ source, details: () => ({ tags: [] }), subject: 'another' });
    await services.backups.delete(theirs.id, { subject: 'another' });
    ends[0]?.abort();
    expect(await uploads[0]).toMatchObject({ code: 'CANCELLED' });
    const taken = await services.import(bytes);
    await services.backups.delete(taken.id, { subject: 'tester' });
    for (const end of ends) end.abort();
    await Promise.all(uploads);
    expect(await services.files()).toEqual(files);
  });
});

describe('a file that is imported still encrypted', () => {
  /** A backup of one switch, and what it is. */
  async function selective(): Promise<BackupRecord> {
    const filter = {
      switches: ['edge'],
      ...EVERYTHING_INCLUDED,
    };
    await nbctl(services.ovsdb.remote, '--may-exist', 'ls-add', 'edge');
    return services.create({ name: 'part', format: 'YAML', compress: true, encryptionKey: KEY, filter });
  }

  it('is kept as it came, says that it is sealed, and after a restart still does', async () => {
    const bytes = await sealedBytes(gzipSync(await bytesOf(origin)));
    const { id } = await services.import(bytes, { fileName: 'from elsewhere.json.gz.enc', tags: ['a'] });
    const expected = {
      ...PLACEHOLDERS,
      sealed: true,
      encrypted: true,
      name: 'from elsewhere',
      tags: ['a'],
      size: bytes.length,
      checksum: sha256(bytes),
      schemaName: 'OVN_Northbound',
      origin: 'IMPORTED',
    };
    expect(services.catalog.get(id)).toMatchObject(expected);
    await services.restart();
    const record = services.catalog.get(id);
    expect(record).toMatchObject(expected);
    expect(record.file).toMatch(/^from_elsewhere-\d{8}-\d{6}(-\d+)?\.enc$/);
    expect(await bytesOf(record)).toEqual(bytes);
    expect(await services.backups.validate(id, undefined, ASKER)).toMatchObject({ valid: true, contentChecked: false });
    await expect(services.backups.validate(id, 'not that key', ASKER)).rejects.toMatchObject({
      code: 'DECRYPTION_FAILED',
    });
    await expect(
      services.restores.start({
        backupId: id,
        dryRun: true,
        conflictPolicy: 'SKIP',
        exact: false,
        force: false,
        ...TESTER,
      }),
    ).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
    expect(services.catalog.get(id).sealed).toBe(true);
  });

  it('has the format that it was declared to have', async () => {
    expect(await services.import(await sealedBytes(await bytesOf(origin)), { format: 'YAML' })).toMatchObject({
      sealed: true,
      archiveFormat: 'YAML',
    });
  });

  const readings: Record<string, (id: string) => Promise<unknown>> = {
    validated: (id) => services.backups.validate(id, KEY, ASKER),
    exported: async (id) =>
      (await services.exports.document(id, { ...ASKER, format: 'OVSDB', decryptionKey: KEY })).bytes.destroy(),
    compared: (id) =>
      services.compare.compare({
        ...ASKER,
        from: { backupId: id, decryptionKey: KEY },
        to: { database: 'northbound' },
      }),
    'restored, dry': async (id) =>
      (
        await services.restores.start({
          backupId: id,
          dryRun: true,
          conflictPolicy: 'SKIP',
          exact: false,
          force: false,
          decryptionKey: KEY,
          ...TESTER,
        })
      ).done,
  };

  it.each(Object.keys(readings))('tells all of itself once it was %s, and after a restart too', async (reading) => {
    const part = await selective();
    const { id, file, createdAt } = await services.import(await bytesOf(part), { name: 'sealed' });
    await readings[reading]?.(id);
    const record = services.catalog.get(id);
    expect(record.sealed).toBeUndefined();
    for (const field of [
      'type',
      'resourceFilter',
      'pulledIn',
      'pulledInCount',
      'archiveFormat',
      'schemaVersion',
      'rowCount',
      'tables',
      'contentSize',
      'contentDigest',
      'compressed',
      'checksum',
      'size',
    ] as const)
      expect([field, record[field]]).toEqual([field, part[field]]);
    expect(record).toMatchObject({
      type: 'SELECTIVE',
      id,
      file,
      createdAt,
      name: 'sealed',
      origin: 'IMPORTED',
      encrypted: true,
    });
    expect(services.catalog.all({ nameContains: 'sealed' }).find((listed) => listed.id === id)).toEqual(record);
    await services.restart();
    expect(services.catalog.get(id)).toEqual(record);
    expect(services.catalog.problems()).toEqual([]);
    expect(await services.backups.validate(id, KEY, ASKER)).toMatchObject({
      valid: true,
      contentChecked: true,
      rowCount: part.rowCount,
    });
    await services.backups.delete(id, { subject: 'tester' });
  });

  it('is restored as the part that it is: an exact restore deletes nothing outside of it, and leaves who may connect alone', async () => {
    const part = await selective();
    const { id } = await services.import(await bytesOf(part), { name: 'sealed part' });
    const before = await dumpDatabase(services.ovsdb.remote);
    await nbctl(services.ovsdb.remote, 'set', 'logical_switch', 'edge', 'external_ids:changed=yes');
    const { restore, done } = await services.restores.start({
      backupId: id,
      dryRun: false,
      conflictPolicy: 'OVERWRITE',
      exact: true,
      force: false,
      decryptionKey: KEY,
      ...TESTER,
    });
    await done;
    expect(restore.record.result).toMatchObject({ success: true, deletedCount: 0 });
    expect(compareDatabases(before, await dumpDatabase(services.ovsdb.remote))).toEqual([]);
  });

  it('is restored whole where it is whole', async () => {
    const before = await dumpDatabase(services.ovsdb.remote);
    const whole = await services.create({ encryptionKey: KEY, format: 'OVSDB' });
    const { id } = await services.import(await bytesOf(whole));
    await emptyDatabase(services.ovsdb.remote);
    await (
      await services.restores.start({
        backupId: id,
        dryRun: false,
        conflictPolicy: 'OVERWRITE',
        exact: true,
        force: true,
        decryptionKey: KEY,
        ...TESTER,
      })
    ).done;
    expect(rowCount(before)).toBeGreaterThan(50);
    expect(compareDatabases(before, await dumpDatabase(services.ovsdb.remote))).toEqual([]);
  });

  it('that turns out to be no Northbound, no whole database, too large, or damaged, says so whenever it is read, and stays sealed', async () => {
    const text = (await bytesOf(origin)).toString();
    const document = parseExact(text);
    const { Logical_Switch_Port: left, ...tables } =
      isObject(document) && isObject(document['tables']) ? document['tables'] : {};
    expect(isObject(left) && isObject(document)).toBe(true);
    const { manifest: _, ...rest } = document as Record<string, ExactJson>;
    const damaged = await sealedBytes(await bytesOf(origin));
    damaged[1_000] = (damaged[1_000] ?? 0) ^ 1;
    const cases: readonly (readonly [Buffer, RegExp, string])[] = [
      [
        await sealedBytes(
          Buffer.from(
            text
              .replaceAll('OVN_Northbound', 'Open_vSwitch')
              .replace(/"contentDigest":"[^"]*"/, '"contentDigest":"none"'),
          ),
        ),
        /Open_vSwitch/,
        'BAD_USER_INPUT',
      ],
      [
        await sealedBytes(Buffer.from(printExact({ ...rest, tables, contentDigest: 'none' }))),
        /not a whole database/,
        'INTEGRITY_FAILED',
      ],
      [
        await sealedBytes(gzipSync(Buffer.concat([Buffer.from(text), Buffer.alloc(UPLOAD_BYTES_MAX, ' ')]))),
        /larger than the limit/,
        'TOO_LARGE',
      ],
      [damaged, /damaged/, 'INTEGRITY_FAILED'],
    ];
    const before = await dumpDatabase(services.ovsdb.remote);
    for (const [bytes, reason, code] of cases) {
      const { id } = await services.import(bytes, { name: 'surprise' });
      expect(await services.backups.validate(id, KEY, ASKER)).toMatchObject({
        valid: false,
        errors: [expect.stringMatching(reason)] as string[],
      });
      await expect(
        services.exports.document(id, { ...ASKER, format: 'JSON', decryptionKey: KEY }),
      ).rejects.toMatchObject({
        code,
        message: expect.stringMatching(reason) as string,
      });
      const { done } = await services.restores.start({
        backupId: id,
        dryRun: false,
        conflictPolicy: 'OVERWRITE',
        exact: true,
        force: true,
        decryptionKey: KEY,
        ...TESTER,
      });
      await expect(done).rejects.toMatchObject({ code, message: expect.stringMatching(reason) as string });
      expect(services.catalog.get(id).sealed).toBe(true);
      await services.backups.delete(id, { subject: 'tester' });
    }
    expect(compareDatabases(before, await dumpDatabase(services.ovsdb.remote))).toEqual([]);
  });

  it('is read all the same when what it is cannot be written down, and the next reading writes it', async () => {
    const { id } = await services.import(await sealedBytes(await bytesOf(origin)));
    services.store.failWhen((method, key) =>
      method === 'put' && key.endsWith('.meta') ? new AppError('STORE_FULL', 'as the test wants it') : undefined,
    );
    expect(await services.backups.validate(id, KEY, ASKER)).toMatchObject({ valid: true, rowCount: origin.rowCount });
    expect(services.catalog.get(id).sealed).toBe(true);
    services.store.heal();
    await services.restart();
    expect(services.catalog.get(id).sealed).toBe(true);
    await services.backups.validate(id, KEY, ASKER);
    expect(services.catalog.get(id)).toMatchObject({ contentDigest: origin.contentDigest });
    expect(services.catalog.get(id).sealed).toBeUndefined();
  });

  it('may be read by several and deleted by another at once: it is there whole or gone whole', async () => {
    const bytes = await sealedBytes(gzipSync(await bytesOf(origin)));
    for (const afterMs of [0, 60, 120, 200, 300]) {
      const { id } = await services.import(bytes, { name: 'contended' });
      const readers = [1, 2].map(() =>
        services.backups.validate(id, KEY, ASKER).catch((error: unknown) => (error as AppError).code),
      );
      await delay(afterMs);
      await services.backups.delete(id, { subject: 'tester' });
      for (const answer of await Promise.all(readers))
        expect(['NOT_FOUND', true]).toContain(typeof answer === 'string' ? answer : answer.valid);
      expect((await services.files()).filter((name) => name.startsWith('contended'))).toEqual([]);
    }
    await services.restart();
    expect(services.catalog.problems()).toEqual([]);
  });
});

it('an edited manifest that hides that it is sealed fails the checks', async () => {
  const { id, file } = await services.import(await sealedBytes(gunzipSync(gzipSync(await bytesOf(origin)))));
  const path = join(services.folder, `${file}.meta`);
  await writeFile(
    path,
    JSON.stringify({ ...(JSON.parse(await readFile(path, 'utf8')) as object), sealed: false, contentSize: 10_000_000 }),
  );
  await services.restart();
  expect(await services.backups.validate(id, KEY, ASKER)).toMatchObject({ valid: false });
  await services.backups.delete(id, { subject: 'tester' });
});
