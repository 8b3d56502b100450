/**
 * Incremental backups: random walks of a database with backups of every kind, merges, deletions and damage. At the end
 * every backup that is whole is the state that it was made of, and every other is refused by name.
 */
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { AppError } from '../../../src/lib/error.js';
import type { BackupRecord } from '../../../src/service/backup/backup-record.js';
import { chainLength, chainOf, childrenOf } from '../../../src/service/backup/catalog/chain.js';
import { CASCADES } from '../../../src/service/backup/chain/deletion.js';
import { EVERYTHING_INCLUDED } from '../../support/include-flags.js';
import {
  compareDatabases,
  type DatabaseContent,
  dumpDatabase,
  emptyDatabase,
  transact,
} from '../../support/judge/judge.js';
import { lawRuns } from '../../support/law-runs.js';
import { randomOf } from '../../support/random.js';
import { ASKER, TESTER, TestServices } from '../../support/servers/services.js';

const STATES = 30;
const KEY = 'the key of the random walks';

let services: TestServices;
beforeEach(async () => {
  services = await TestServices.start();
});
afterEach(() => services.stop());

interface Made {
  readonly record: BackupRecord;
  readonly state: DatabaseContent;
}

class Walk {
  readonly made = new Map<string, Made>();
  readonly damaged = new Set<string>();
  private readonly random: () => number;
  private count = 0;

  constructor(seed: number) {
    this.random = randomOf(seed);
  }

  async step(): Promise<void> {
    await transact(services.ovsdb.remote, this.operations());
    await this.backUp();
    if (this.random() < 0.1) await this.damage();
    if (this.random() < 0.15) await this.delete();
  }

  /** One to four changes of rows of several tables. */
  private operations(): Parameters<typeof transact>[1] {
    return Array.from({ length: 1 + Math.floor(this.random() * 4) }, () => this.operation()).flat();
  }

  private operation(): Parameters<typeof transact>[1] {
    const number = this.count++;
    const some = `s${Math.floor(this.random() * number)}`;
    const named = [['name', '==', some]];
    switch (Math.floor(this.random() * 6)) {
      case 0:
        return [{ op: 'insert', table: 'Address_Set', row: { name: `s${number}`, addresses: '192.0.2.1' } }];
      case 1: {
        const addresses = Array.from({ length: Math.floor(this.random() * 5) }, (_, i) => `192.0.2.${i + 2}`);
        return [{ op: 'update', table: 'Address_Set', where: named, row: { addresses: ['set', addresses] } }];
      }
      case 2:
        return [{ op: 'delete', table: 'Address_Set', where: named }];
      case 3: {
        const ids = ['map', [['round', `äöü "${number}"`]]];
        return [
          { op: 'insert', table: 'Logical_Switch_Port', 'uuid-name': `p${number}`, row: { name: `port${number}` } },
          {
            op: 'insert',
            table: 'Logical_Switch',
            row: { name: `s${number}`, ports: ['named-uuid', `p${number}`], external_ids: ids },
          },
        ];
      }
      case 4:
        return [{ op: 'delete', table: 'Logical_Switch', where: named }];
      default:
        return [{ op: 'update', table: 'NB_Global', where: [], row: { nb_cfg: number } }];
    }
  }

  private async backUp(): Promise<void> {
    const { random } = this;
    const isIncremental = random() < 0.85;
    const isEncrypted = random() < 0.3;
    const record = await services.create({
      name: `walk ${this.made.size}`,
      format: random() < 0.5 ? 'JSON' : 'YAML',
      compress: random() < 0.5,
      ...(isIncremental ? { incremental: {} } : {}),
      ...(isEncrypted ? { encryptionKey: KEY } : {}),
    });
    this.made.set(record.id, { record, state: await dumpDatabase(services.ovsdb.remote) });
  }

  private async damage(): Promise<void> {
    const record = this.some();
    const path = join(services.folder, record.file);
    const bytes = await readFile(path);
    const at = Math.floor(this.random() * bytes.length);
    bytes[at] = (bytes[at] as number) ^ 1;
    await writeFile(path, bytes);
    this.damaged.add(record.id);
  }

  private async delete(): Promise<void> {
    const record = this.some();
    const cascade = CASCADES[Math.floor(this.random() * CASCADES.length)];
    try {
      await services.backups.delete(record.id, ASKER, cascade);
    } catch (error) {
      // what cannot be merged, or is not to be, stays
      if (!(error instanceof AppError)) throw error;
      expect(childrenOf(record, services.catalog).length).toBeGreaterThan(0);
      expect(cascade).not.toBe('DELETE');
    }
  }

  private some(): BackupRecord {
    const records = services.catalog.all({});
    return records[Math.floor(this.random() * records.length)] as BackupRecord;
  }

  /** Whether nothing that a backup needs is damaged or gone. */
  isWhole(record: BackupRecord): boolean {
    return chainOf(record, services.catalog).every(({ id }) => !this.damaged.has(id));
  }

  async check(): Promise<void> {
    await services.restart();
    let restored = 0;
    for (const record of services.catalog.all({})) {
      const { state, record: made } = this.made.get(record.id) as Made;
      expect(record).toMatchObject({ contentDigest: made.contentDigest, createdAt: made.createdAt, name: made.name });
      const key = chainOf(record, services.catalog).some(({ encrypted }) => encrypted) ? KEY : undefined;
      if (!this.isWhole(record)) {
        const report = await services.backups.validate(record.id, key, ASKER);
        expect(report).toMatchObject({ valid: false });
        const rotten = chainOf(record, services.catalog).filter(({ id }) => this.damaged.has(id));
        if (!this.damaged.has(record.id))
          expect(rotten.some(({ name }) => report.errors.join().includes(`"${name}"`))).toBe(true);
        continue;
      }
      const report = await services.backups.validate(record.id, key, ASKER);
      expect(report).toMatchObject({ valid: true, errors: [], rowCount: made.rowCount });
      if (this.random() > 0.1) continue;
      await emptyDatabase(services.ovsdb.remote);
      const started = await services.restores.start({
        ...TESTER,
        backupId: record.id,
        decryptionKey: key,
        conflictPolicy: 'OVERWRITE',
        exact: true,
        dryRun: false,
        force: false,
      });
      await started.done;
      expect(started.restore.record).toMatchObject({ phase: 'SUCCEEDED' });
      expect(compareDatabases(state, await dumpDatabase(services.ovsdb.remote))).toEqual([]);
      restored++;
    }
    expect(restored).toBeLessThanOrEqual(STATES);
    for (const record of [...services.catalog.all({})])
      await services.backups.delete(record.id, ASKER, 'DELETE').catch(() => undefined);
    expect(await services.files()).toEqual(expect.not.arrayContaining([expect.stringMatching(/walk/)]));
  }
}

test.each(Array.from({ length: lawRuns(4) }, (_, i) => i + 1))('walk %i', async (seed) => {
  const walk = new Walk(seed);
  for (let i = 0; i < STATES; i++) await walk.step();
  const kinds = services.catalog.all({}).map((record) => chainLength(record, services.catalog));
  expect(Math.max(...kinds)).toBeGreaterThan(1);
  await walk.check();
});

const LARGE = 'x'.repeat(300);
const insert = (name: string) => ({
  op: 'insert',
  table: 'Address_Set',
  row: { name, external_ids: ['map', [['large', LARGE]]] },
});

/** A full backup of 50 rows, and one of a row more. */
async function pair(input: Parameters<TestServices['create']>[0] = {}): Promise<readonly [BackupRecord, BackupRecord]> {
  await transact(services.ovsdb.remote, [
    ...Array.from({ length: 49 }, (_, i) => insert(`a${i}`)),
    { op: 'insert', table: 'NB_Global', row: {} },
  ]);
  const full = await services.create({ name: 'full', ...input });
  await transact(services.ovsdb.remote, [insert('more')]);
  return [full, await services.create({ name: 'more', ...input, incremental: {} })];
}

test('an incremental backup holds what changed, and is exported whole in every format', async () => {
  const [full, more] = await pair();
  expect(more).toMatchObject({
    type: 'INCREMENTAL',
    parent: { id: full.id, contentDigest: full.contentDigest },
    changes: { inserted: 1, updated: 0, deleted: 0 },
    rowCount: 51,
  });
  const stored = await readFile(join(services.folder, more.file), 'utf8');
  expect(JSON.parse(stored)).toMatchObject({
    format: 'ovncp-backup/2',
    manifest: { type: 'INCREMENTAL', parent: { id: full.id }, changes: more.changes, rowCount: 51 },
    tables: { Address_Set: { inserted: expect.any(Object) } },
    contentDigest: more.contentDigest,
  });
  for (const format of ['JSON', 'YAML', 'OVSDB'] as const) {
    const exported = await services.exports.document(more.id, { ...ASKER, format });
    const again = await services.import(await buffer(exported.bytes));
    expect(again).toMatchObject({ type: 'FULL', contentDigest: more.contentDigest, rowCount: 51 });
  }
});

test('an equal database takes a few hundred bytes, or nothing at all', async () => {
  const [, more] = await pair({ compress: true });
  const equal = await services.create({ name: 'equal', compress: true, incremental: {} });
  expect(equal).toMatchObject({ type: 'INCREMENTAL', changes: { inserted: 0, updated: 0, deleted: 0 } });
  expect(equal.size).toBeLessThan(800);
  expect(equal.contentDigest).toBe(more.contentDigest);
  expect(await services.create({ name: 'none', compress: true, onlyIfChanged: true })).toEqual(equal);
  await transact(services.ovsdb.remote, [insert('again')]);
  const changed = await services.create({ name: 'changed', onlyIfChanged: true });
  expect(changed).toMatchObject({ name: 'changed', type: 'FULL' });
});

test('a lost parent names what can be restored, and its own file takes its place', async () => {
  const [full, more] = await pair();
  const file = await readFile(join(services.folder, full.file));
  const incremental = await readFile(join(services.folder, more.file));
  const before = await services.create({ name: 'other' });
  await rm(join(services.folder, full.file));
  await rm(join(services.folder, `${full.file}.meta`));
  await services.restart();
  await expect(services.backups.read(services.catalog.get(more.id), undefined)).rejects.toMatchObject({
    code: 'INTEGRITY_FAILED',
    message: expect.stringMatching(new RegExp(`builds on backup ${full.id}, which is not here any more`)),
  });
  await services.backups.delete(before.id, ASKER);
  await services.backups.delete(more.id, ASKER);
  await expect(services.import(incremental)).rejects.toMatchObject({
    code: 'INTEGRITY_FAILED',
    message: expect.stringContaining(`since backup ${full.id}, which is not here. Import that one first`),
  });
  await services.import(file);
  const again = await services.import(incremental);
  expect(again).toMatchObject({ type: 'INCREMENTAL', contentDigest: more.contentDigest, rowCount: 51 });
  expect(await services.backups.validate(again.id, undefined, ASKER)).toMatchObject({ valid: true, rowCount: 51 });
});

test('a parent that cannot be one is refused in words, and a whole backup says why it is one', async () => {
  const [full, more] = await pair({ encryptionKey: KEY });
  const plain = { name: 'next', incremental: { parentId: full.id } };
  await expect(services.create(plain)).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: `No backup can build on "full" of ${full.createdAt} (${full.id}): it is encrypted: encrypt this one too, with the same passphrase`,
  });
  await expect(services.create({ ...plain, encryptionKey: 'another passphrase' })).rejects.toMatchObject({
    code: 'DECRYPTION_FAILED',
    message: expect.stringContaining('was encrypted with another passphrase'),
  });
  await expect(services.create({ ...plain, incremental: { parentId: 'none' } })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  const whole = await services.create({ name: 'next', incremental: {} });
  expect(whole).toMatchObject({ type: 'FULL' });
  expect(whole.warnings).toEqual([
    'The backup holds all rows, and is no incremental one: there is no earlier one with the same filter that it could build on',
  ]);
  await expect(services.backups.delete(full.id, ASKER)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining(`1 backup builds on it ("more" of ${more.createdAt} (${more.id}))`),
  });
  await expect(services.backups.delete(full.id, ASKER, 'MERGE')).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining('is encrypted: its rows cannot be read to make it whole'),
  });
});

test('a selective backup has incremental ones of the same filter', async () => {
  await pair();
  const filter = {
    addressSets: ['more', 'a0', 'a1'],
    ...EVERYTHING_INCLUDED,
  };
  const part = await services.create({ name: 'part', filter });
  await transact(services.ovsdb.remote, [
    { op: 'update', table: 'Address_Set', where: [['name', '==', 'more']], row: { addresses: '192.0.2.1' } },
    insert('beside'),
  ]);
  const next = await services.create({ name: 'next', filter, incremental: {} });
  expect(next).toMatchObject({
    type: 'INCREMENTAL',
    parent: { id: part.id },
    changes: { inserted: 0, updated: 1, deleted: 0 },
    resourceFilter: filter,
    rowCount: 3,
  });
});

test('a crash while a backup is made whole leaves it once, with all its rows', async () => {
  const [full, more] = await pair();
  const old = await readFile(join(services.folder, more.file));
  const oldManifest = await readFile(join(services.folder, `${more.file}.meta`));
  await services.backups.delete(full.id, ASKER, 'MERGE');
  const whole = services.catalog.get(more.id);
  expect(whole).toMatchObject({ type: 'FULL', contentDigest: more.contentDigest, createdAt: more.createdAt });
  // as if the server had been killed before the old archive went
  await writeFile(join(services.folder, more.file), old);
  await writeFile(join(services.folder, `${more.file}.meta`), oldManifest);
  await services.restart();
  expect(services.catalog.all({})).toEqual([whole]);
  expect(services.catalog.problems()).toEqual([]);
  expect((await services.files()).filter((file) => file.startsWith('more'))).toEqual([
    whole.file,
    `${whole.file}.meta`,
  ]);
  expect(await services.backups.validate(more.id, undefined, ASKER)).toMatchObject({ valid: true, rowCount: 51 });
});

test('all backups are read back, those first whose turn is longest ago', async () => {
  const [full, more] = await pair();
  const sealed = await services.create({ name: 'sealed', encryptionKey: KEY });
  const lost = await services.create({ name: 'lost' });
  await rm(join(services.folder, lost.file));
  await services.backups.validate(full.id, undefined, ASKER);
  const report = await services.backups.verify({}, ASKER);
  expect(report).toMatchObject({ checked: 4, good: 2, bytesOnly: 1, damaged: [{ id: lost.id }] });
  expect(report.damaged[0]?.damage?.join()).toContain(`The file ${lost.file} of backup ${lost.id} is no longer`);
  const at = (id: string): string => services.catalog.get(id).verifiedAt ?? '';
  expect(at(more.id) < at(full.id)).toBe(true);
  expect([at(sealed.id), at(lost.id)]).toEqual(['', '']);
  expect(await services.backups.verify({ nameContains: 'more' }, ASKER)).toMatchObject({ checked: 1, good: 1 });
});

test('what a validation finds is remembered, and a damaged backup is no parent', async () => {
  const [full, more] = await pair();
  const path = join(services.folder, more.file);
  const file = await readFile(path);
  expect(await services.backups.validate(more.id, undefined, ASKER)).toMatchObject({ valid: true });
  const { verifiedAt } = services.catalog.get(more.id);
  expect(verifiedAt).toMatch(/^\d{4}-/);
  await writeFile(path, Buffer.concat([file.subarray(0, -10), Buffer.from('x'.repeat(10))]));
  const { errors } = await services.backups.validate(more.id, undefined, ASKER);
  await services.restart();
  expect(services.catalog.get(more.id)).toMatchObject({ verifiedAt, damage: errors });
  const next = await services.create({ name: 'next', incremental: {} });
  expect(next.parent).toEqual({ id: full.id, contentDigest: full.contentDigest });
  await writeFile(path, file);
  expect(await services.backups.validate(more.id, undefined, ASKER)).toMatchObject({ valid: true });
  expect(services.catalog.get(more.id).damage).toBeUndefined();
});

test('files that were swapped are damage, and lead nobody round in a circle', async () => {
  const [, first] = await pair();
  await transact(services.ovsdb.remote, [insert('third')]);
  const second = await services.create({ name: 'second', incremental: {} });
  await copyFile(join(services.folder, second.file), join(services.folder, first.file));
  const report = await services.backups.validate(second.id, undefined, ASKER);
  expect(report).toMatchObject({ valid: false });
  expect(report.errors.join()).toMatch(
    /which cannot be read: The (stored archive has|checksum of the stored archive differs)/,
  );
});

test('manifests that lead round in a circle can be deleted, and one that says other numbers is wrong', async () => {
  const [full, more] = await pair();
  const path = join(services.folder, `${more.file}.meta`);
  const manifest = JSON.parse(await readFile(path, 'utf8')) as BackupRecord;
  await writeFile(path, JSON.stringify({ ...manifest, changes: { inserted: 7, updated: 0, deleted: 0 } }));
  await services.restart();
  expect((await services.backups.validate(more.id, undefined, ASKER)).errors.join()).toContain(
    'The manifest says changes {"inserted":7,"updated":0,"deleted":0} where the file has',
  );
  const parent = { id: more.id, contentDigest: more.contentDigest };
  await writeFile(path, JSON.stringify({ ...manifest, parent }));
  await services.restart();
  expect(await services.backups.validate(more.id, undefined, ASKER)).toMatchObject({ valid: false });
  await services.backups.delete(more.id, ASKER, 'DELETE');
  expect(services.catalog.all({}).map(({ id }) => id)).toEqual([full.id]);
});

test('an unchanged database is answered with a backup only where that can be read', async () => {
  const [, more] = await pair();
  const path = join(services.folder, more.file);
  const file = await readFile(path);
  await writeFile(path, file.subarray(0, -1));
  const next = await services.create({ name: 'next', onlyIfChanged: true });
  expect(next).toMatchObject({ name: 'next', contentDigest: more.contentDigest });
  expect(await services.create({ name: 'again', onlyIfChanged: true })).toEqual(next);
  expect(await services.create({ name: 'sealed', onlyIfChanged: true, encryptionKey: KEY })).toMatchObject({
    name: 'sealed',
  });
  const other = await services.create({ name: 'other', onlyIfChanged: true, encryptionKey: 'another passphrase' });
  expect(other.name).toBe('other');
});

test('all that build on a backup go with it, also those that are being made', async () => {
  const [full] = await pair();
  const made = Array.from({ length: 6 }, () =>
    services.create({ name: 'child', incremental: { parentId: full.id } }).then(
      () => 'made',
      (error: unknown) => (error as AppError).code,
    ),
  );
  await made[0];
  await services.backups.delete(full.id, ASKER, 'DELETE');
  for (const end of await Promise.all(made))
    expect(['made', 'CONFLICT', 'NOT_FOUND', 'INTEGRITY_FAILED']).toContain(end);
  expect(services.catalog.all({})).toEqual([]);
});
