/**
 * Damage to stored backups, wrong keys and hostile imports: the right code, nothing changed, nothing left, and the
 * server goes on.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { codeIn } from '../../support/clients/api-client.js';
import {
  type BackupFieldsFragment,
  CreateBackupDocument,
  type CreateBackupInput,
  RestoreBackupDocument,
  ValidateBackupDocument,
} from '../../support/clients/generated/graphql.js';
import { compareDatabases, type DatabaseContent, dumpDatabase } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

const KEY = 'the key of the damage tests';
const FORMS: readonly Omit<CreateBackupInput, 'name'>[] = [
  { format: 'JSON' },
  { format: 'JSON', compress: true },
  { format: 'YAML', encrypt: true, encryptionKey: KEY },
  { format: 'OVSDB' },
  { format: 'OVSDB', compress: true, encrypt: true, encryptionKey: KEY },
];
const FLIPS = 4;
/** Of what an upload may unpack to. */
const UNPACKED_BYTES_MAX = 96 << 20;

let api: TestApi;
let live: DatabaseContent;
beforeAll(async () => {
  api = await startApiServer({
    database: databaseFile({ profile: 'openstack', rows: 300 }),
    env: { OVNCP_UPLOAD_BYTES_MAX: String(UNPACKED_BYTES_MAX) },
  });
});
afterAll(() => api.stop());
// in every test there is something that a restore would change, were it carried out
beforeEach(async () => {
  live = await dumpDatabase(api.ovsdb.remote);
});
afterEach(async () => {
  expect(compareDatabases(live, await dumpDatabase(api.ovsdb.remote))).toEqual([]);
});

interface Stored {
  readonly backup: BackupFieldsFragment;
  readonly path: string;
  readonly bytes: Buffer;
}

async function stored(form: Omit<CreateBackupInput, 'name'>): Promise<Stored> {
  const { createBackup: backup } = await api.admin.run(CreateBackupDocument, { input: { name: 'damaged', ...form } });
  const path = join(api.folder, backup.file);
  return { backup, path, bytes: await readFile(path) };
}

async function restoreCode(backupId: string, decryptionKey?: string | null): Promise<unknown> {
  const answer = await api.admin.send(RestoreBackupDocument, {
    input: { backupId, conflictPolicy: 'OVERWRITE', exact: true, decryptionKey: decryptionKey ?? null },
  });
  if (decryptionKey !== undefined && decryptionKey !== null) expect(answer.text).not.toContain(decryptionKey);
  return codeIn(answer);
}

describe.each(
  FORMS.map(
    (form) =>
      [
        `${form.format ?? ''}${form.compress === true ? ' gzip' : ''}${form.encrypt === true ? ' encrypted' : ''}`,
        form,
      ] as const,
  ),
)('a backup of form %s', (_name, form) => {
  let one: Stored;
  beforeAll(async () => {
    one = await stored(form);
    await nbctl(api.ovsdb.remote, 'ls-add', `since-${one.backup.id}`);
  });
  afterEach(() => writeFile(one.path, one.bytes));
  const key = form.encryptionKey;

  async function isRefused(damaged: Buffer): Promise<void> {
    await writeFile(one.path, damaged);
    expect(await restoreCode(one.backup.id, key)).toBe('INTEGRITY_FAILED');
    expect(
      (await api.admin.run(ValidateBackupDocument, { id: one.backup.id, decryptionKey: key ?? null })).validateBackup,
    ).toMatchObject({ valid: false });
  }

  it('is refused with any one bit flipped', async () => {
    for (let flip = 0; flip < FLIPS; flip++) {
      const damaged = Buffer.from(one.bytes);
      const at = Math.floor(((flip + 0.5) / FLIPS) * damaged.length);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (flip % 8));
      await isRefused(damaged);
    }
  });

  it('is refused when it is cut, empty, doubled or another file', async () => {
    for (const damaged of [
      one.bytes.subarray(0, one.bytes.length - 1),
      one.bytes.subarray(0, one.bytes.length >> 1),
      Buffer.alloc(0),
      Buffer.concat([one.bytes, one.bytes]),
      Buffer.from('garbage'),
    ])
      await isRefused(damaged);
  });

  it.each([
    [0, 'is empty'],
    [1, 'has 1 byte instead of'],
  ])('says what is left of its file: %d bytes', async (left, told) => {
    await writeFile(one.path, one.bytes.subarray(0, left));
    const { validateBackup } = await api.admin.run(ValidateBackupDocument, {
      id: one.backup.id,
      decryptionKey: key ?? null,
    });
    expect(validateBackup.errors).toEqual([expect.stringContaining(`The stored archive ${told}`)]);
    expect(validateBackup.errors[0]).not.toMatch(/\b0 bytes|\b1 bytes|after 0|ends after/);
  });

  it('is good again when its file is', async () => {
    expect(
      (await api.admin.run(ValidateBackupDocument, { id: one.backup.id, decryptionKey: key ?? null })).validateBackup,
    ).toMatchObject({ valid: true, contentChecked: true });
  });
});

describe('an encrypted backup', () => {
  it('is refused with a wrong key and with none', async () => {
    const { backup } = await stored({ encrypt: true, encryptionKey: KEY });
    await nbctl(api.ovsdb.remote, 'ls-add', 'since-the-encrypted');
    live = await dumpDatabase(api.ovsdb.remote);
    for (const key of [`${KEY} `, KEY.toUpperCase(), 'another key', null])
      expect(await restoreCode(backup.id, key)).toBe('DECRYPTION_FAILED');
  });
});

describe('a gzip bomb', () => {
  it('is refused while it is read, and nothing of it is left', async () => {
    const files = await api.files();
    // 64 MiB to a member, one after the other
    const member = gzipSync(Buffer.alloc(64 << 20, ' '), { level: 9 });
    const bytes = Buffer.concat([gzipSync('{'), ...Array.from({ length: 2 }, () => member)]);
    expect(bytes.length).toBeLessThan(2 << 20);
    const answer = await api.admin.sendFile({}, { bytes, name: 'bomb.json.gz' });
    expect(['TOO_LARGE', 'INTEGRITY_FAILED']).toContain(codeIn(answer));
    expect(await api.files()).toEqual(files);
  });

  it('that would be a row of endless text is refused, too', async () => {
    const files = await api.files();
    const { bytes } = await stored({ compress: false });
    const text = bytes.toString('utf8');
    const at = text.indexOf('"name":"', text.indexOf('"Logical_Switch":{')) + '"name":"'.length;
    const member = gzipSync(Buffer.alloc(64 << 20, 'x'), { level: 9 });
    const bomb = Buffer.concat([
      gzipSync(text.slice(0, at)),
      ...Array.from({ length: 2 }, () => member),
      gzipSync(text.slice(at)),
    ]);
    const answer = await api.admin.sendFile({}, { bytes: bomb, name: 'bomb.json.gz' });
    expect(['TOO_LARGE', 'INTEGRITY_FAILED']).toContain(codeIn(answer));
    expect((await api.files()).filter((name) => name.startsWith('incoming'))).toEqual([]);
    expect((await api.files()).length).toBe(files.length + 2);
  });
});

it('after all that the server still makes a backup and restores it', async () => {
  const { backup } = await stored({});
  const { result } = (
    await api.admin.run(RestoreBackupDocument, {
      input: { backupId: backup.id, conflictPolicy: 'OVERWRITE', exact: true },
    })
  ).restoreBackup;
  expect(result).toMatchObject({ success: true, restoredCount: 0, deletedCount: 0 });
});
