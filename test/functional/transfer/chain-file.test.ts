/** A chain of backups as one file: taken from one server, brought to another, and every backup of it restored there. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { defined } from '../../../src/lib/defined.js';
import { AppError } from '../../../src/lib/error.js';
import type { BackupRecord } from '../../../src/service/backup/backup-record.js';
import { isEnded } from '../../../src/service/job/job-record.js';
import { compareDatabases, type DatabaseContent, dumpDatabase, emptyDatabase } from '../../support/judge/judge.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';
import { ASKER, piecesOf, TESTER, TestServices } from '../../support/servers/services.js';
import { until } from '../../support/until.js';

const KEY = 'the key of the chain';

let here: TestServices;
let there: TestServices;
const made: { readonly record: BackupRecord; readonly state: DatabaseContent }[] = [];
let file: Buffer;

beforeAll(async () => {
  [here, there] = await Promise.all([TestServices.start(), TestServices.start()]);
  const kinds = [
    { compress: true },
    { format: 'YAML' },
    { encrypt: true, encryptionKey: KEY, tags: ['kept'] },
  ] as const;
  for (const [i, kind] of kinds.entries()) {
    for (const name of ['a', 'b', 'c']) await nbctl(here.ovsdb.remote, 'ls-add', `${name}${i}`);
    const incremental = i === 0 ? {} : { incremental: { parentId: undefined } };
    const record = await here.create({ name: `link ${i}`, description: 'one of three', ...kind, ...incremental });
    made.push({ record, state: await dumpDatabase(here.ovsdb.remote) });
  }
  file = await chainFile(last().record.id);
}, 60_000);
afterAll(() => Promise.all([here.stop(), there.stop()]));
beforeEach(async () => {
  for (const { id } of there.catalog.all({}))
    if (there.catalog.find(id)) await there.backups.delete(id, ASKER, 'DELETE');
});

const last = () => made.at(-1) as (typeof made)[number];

async function chainFile(id: string): Promise<Buffer> {
  const { bytes, size, fileName } = await here.exports.chain(id);
  const all = await buffer(bytes);
  expect(all.length).toBe(size);
  expect(fileName).toMatch(/^link_\d-\d{8}-\d{6}\.tar$/);
  return all;
}

/** @param edit what becomes of each file of the archive; undefined leaves it out */
async function edited(edit: (name: string, bytes: Buffer) => Buffer | undefined): Promise<Buffer> {
  const out = pack();
  for await (const entry of Readable.from([file]).pipe(extract())) {
    const bytes = edit(entry.header.name, await buffer(entry));
    if (bytes !== undefined) out.entry({ name: entry.header.name }, bytes);
  }
  out.finalize();
  return buffer(Readable.from(out, { objectMode: false }));
}

/** The files of the store, and what is listed, are as before. */
async function refusedThere(bytes: Buffer, code: string, says: RegExp, details: object) {
  const before = [await there.files(), there.catalog.all({}).map(({ id }) => id)];
  const error: unknown = await there.import(bytes, details).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(AppError);
  expect([(error as AppError).code, (error as AppError).message]).toEqual([code, expect.stringMatching(says)]);
  expect([await there.files(), there.catalog.all({}).map(({ id }) => id)]).toEqual(before);
}

it('brings every backup of a chain to another server, where each can be restored', async () => {
  const { warnings, ...brought } = await there.import(file, { decryptionKey: KEY });
  expect(warnings).toEqual(['The file is a chain file: 3 backups were imported']);
  expect(brought).toMatchObject({ id: last().record.id, name: 'link 2', description: 'one of three', tags: ['kept'] });
  for (const { record, state } of made) {
    const { id, parent, contentDigest, type, createdAt, changes, archiveFormat, encrypted } = record;
    const same = { contentDigest, type, createdAt, archiveFormat, encrypted, ...defined({ parent, changes }) };
    expect(there.catalog.get(id)).toMatchObject({ ...same, origin: 'IMPORTED' });
    await emptyDatabase(there.ovsdb.remote);
    const started = await there.restores.start({
      ...TESTER,
      backupId: id,
      ...(encrypted ? { decryptionKey: KEY } : {}),
      conflictPolicy: 'OVERWRITE',
      exact: true,
      dryRun: false,
      force: false,
    });
    await started.done;
    expect(started.restore.record).toMatchObject({ phase: 'SUCCEEDED' });
    expect(compareDatabases(state, await dumpDatabase(there.ovsdb.remote))).toEqual([]);
  }
  await there.restart();
  expect(there.catalog.problems()).toEqual([]);
});

it('takes only what is not there yet, also from a file that was compressed', async () => {
  const first = await chainFile((made[0] as (typeof made)[number]).record.id);
  expect((await there.import(first)).warnings).toEqual(['The file is a chain file: 1 backup was imported']);
  const { warnings } = await there.import(gzipSync(file), { decryptionKey: KEY });
  expect(warnings).toEqual(['The file is a chain file: 2 backups were imported, and 1 was here already']);
  const again = await there.import(file, { decryptionKey: KEY });
  expect(again).toMatchObject({ id: last().record.id });
  expect(again.warnings?.at(-1)).toBe('Nothing was imported: the 3 backups of the chain file are here already');
});

it.each<[what: string, make: () => Promise<Buffer>, code: string, says: RegExp, details?: object]>([
  ['without its key', () => Promise.resolve(file), 'DECRYPTION_FAILED', /is encrypted: send its passphrase/, {}],
  [
    'with a wrong key',
    () => Promise.resolve(file),
    'DECRYPTION_FAILED',
    /the key is not the one/,
    { decryptionKey: 'another' },
  ],
  [
    'with a name for all of them',
    () => Promise.resolve(file),
    'BAD_USER_INPUT',
    /keep what they are called and tagged with: leave the name out/,
    { decryptionKey: KEY, name: 'mine' },
  ],
  [
    'with a key that nothing needs',
    () => chainFile((made[0] as (typeof made)[number]).record.id),
    'BAD_USER_INPUT',
    /not encrypted: leave the decryption key out/,
  ],
  ['cut', () => Promise.resolve(file.subarray(0, file.length - 2_000)), 'INTEGRITY_FAILED', /it is cut or damaged/],
  [
    'of which an archive was changed',
    () => edited((name, bytes) => (name === '02.yaml' ? Buffer.from(bytes.toString().replace('b1', 'b9')) : bytes)),
    'INTEGRITY_FAILED',
    /checksum|digest/,
  ],
  [
    'of which a manifest says other rows',
    () =>
      edited((name, bytes) =>
        name === '02.yaml.meta' ? Buffer.from(bytes.toString().replace(/"rowCount": \d+/, '"rowCount": 1')) : bytes,
      ),
    'INTEGRITY_FAILED',
    /Backup "link 1" .* in the file: The manifest says rowCount 1/,
  ],
  [
    'of which a manifest is none',
    () => edited((name, bytes) => (name === '01.json.gz.meta' ? Buffer.from('{}') : bytes)),
    'INTEGRITY_FAILED',
    /The manifest of backup 1 in the chain file: it is no manifest/,
  ],
  [
    'that lacks the one that stands by itself',
    () =>
      edited((name, bytes) => {
        if (name === 'chain.json') return Buffer.from('{"format":"ovncp-chain/1","backups":2}');
        return name.startsWith('01') ? undefined : bytes;
      }),
    'INTEGRITY_FAILED',
    /which is not here\. Import that one first/,
  ],
])('is refused %s, and leaves nothing', async (_what, make, code, says, details = { decryptionKey: KEY }) => {
  await refusedThere(await make(), code, says, details);
});

it('is refused where a backup there has the same id and other rows', async () => {
  const other = (made[0] as (typeof made)[number]).record;
  await there.import(file, { decryptionKey: KEY });
  const changed = await edited((name, bytes) =>
    name === '03.json.enc.meta'
      ? Buffer.from(bytes.toString().replace(last().record.contentDigest, other.contentDigest))
      : bytes,
  );
  await refusedThere(changed, 'CONFLICT', /^Backup "link 2" .* is here already, and has other rows than/, {
    decryptionKey: KEY,
  });
});

it('gives back nothing that was pinned meanwhile, nor what that builds on', async () => {
  const [first, second] = made.map(({ record }) => record.id) as [string, string];
  there.store.beforePut = async () => {
    if (there.catalog.find(second) === undefined) return;
    there.store.heal();
    await there.backups.pin(second, true);
  };
  // the third is encrypted, and is refused without the key
  await expect(there.import(file)).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
  expect(there.catalog.all({}).map(({ id }) => id)).toEqual([second, first]);
  await there.backups.read(there.catalog.get(second), undefined);
  await there.backups.pin(second, false);
});

/** The chain file, of whose first backup the manifest says another id. */
const withId = (id: string): Promise<Buffer> =>
  edited((name, bytes) =>
    name === '01.json.gz.meta' ? Buffer.from(JSON.stringify({ ...JSON.parse(bytes.toString()), id })) : bytes,
  );

it('is refused where a backup of it has the id of something else that is here, or one that is none', async () => {
  const own = await there.create({ name: 'own' });
  await there.backups.validate(own.id, undefined, ASKER);
  const started = await there.restores.start({
    ...TESTER,
    ...{ backupId: own.id, conflictPolicy: 'OVERWRITE', exact: false, dryRun: true, force: false },
  });
  await started.done;
  const [check] = there.jobs.all({ kind: 'VERIFY' });
  const key = { decryptionKey: KEY };
  const says = (what: string) => new RegExp(`^Backup "link 0" .* in the file has the id of a ${what} that is here`);
  await refusedThere(await withId(started.restore.record.id), 'CONFLICT', says('restore'), key);
  await refusedThere(await withId(check?.record.id ?? ''), 'CONFLICT', says('job'), key);
  for (const none of ['a/b', '../x', 'a b', 'x'.repeat(101)])
    await refusedThere(
      await withId(none),
      'INTEGRITY_FAILED',
      /The manifest of backup 1 in the chain file: its `id` is/,
      key,
    );
  // whoever sends it can see the job of the import while the file is on its way
  const late = (async function* () {
    const running = await until(() => there.jobs.all({ kind: 'IMPORT' }).find(({ record }) => !isEnded(record.phase)));
    yield* piecesOf(await withId(running.record.id));
  })();
  await expect(there.import(late, key)).rejects.toMatchObject({ code: 'CONFLICT', message: says('job') });
});

it('is taken again where its backup was deleted, whose job is known still', async () => {
  const own = await there.create({ name: 'own' });
  const { bytes } = await there.exports.chain(own.id);
  const one = await buffer(bytes);
  await there.backups.delete(own.id, ASKER);
  expect(there.jobs.find(own.id)).toBeDefined();
  expect((await there.import(one)).warnings).toEqual(['The file is a chain file: 1 backup was imported']);
});

it('is taken once where it comes twice at the same time', async () => {
  const both = await Promise.allSettled([
    there.import(file, { decryptionKey: KEY }),
    there.import(file, { decryptionKey: KEY }),
  ]);
  const ids = there.catalog.all({}).map(({ id }) => id);
  expect([...ids].sort()).toEqual(made.map(({ record }) => record.id).sort());
  expect(both.some(({ status }) => status === 'fulfilled')).toBe(true);
  await there.restart();
  expect(there.catalog.problems()).toEqual([]);
});

it('is not exported where a part of it is lost or cut', async () => {
  const { record } = made[1] as (typeof made)[number];
  const path = join(here.folder, record.file);
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, 10));
  await expect(here.exports.chain(last().record.id)).rejects.toThrow(/has 10 bytes instead of \d+: it was cut/);
  await writeFile(path, bytes);
});
