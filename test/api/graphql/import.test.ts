/**
 * Imports: by upload and as text, every form that the server writes and that OVSDB's tools write; what is refused
 * leaves nothing.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { codeIn } from '../../support/clients/api-client.js';
import {
  type BackupFieldsFragment,
  CreateBackupDocument,
  type CreateBackupInput,
  DeleteBackupDocument,
  GetBackupDocument,
  ImportBackupDocument,
  RestoreBackupDocument,
  ValidateBackupDocument,
} from '../../support/clients/generated/graphql.js';
import { compareDatabases, type DatabaseContent, dumpDatabase, emptyDatabase } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { environment, ovsdbClient } from '../../support/servers/ovsdb-server.js';

const KEY = 'the key of the import tests';
const UPLOAD_BYTES_MAX = 2_000_000;
let api: TestApi;
let before: DatabaseContent;
beforeAll(async () => {
  api = await startApiServer({
    database: databaseFile({ profile: 'small', edge: true }),
    env: { OVNCP_UPLOAD_BYTES_MAX: String(UPLOAD_BYTES_MAX) },
  });
  before = await dumpDatabase(api.ovsdb.remote);
});
afterAll(() => api.stop());

interface Stored {
  readonly backup: BackupFieldsFragment;
  readonly bytes: Buffer;
}

async function stored(input: Partial<CreateBackupInput> = {}): Promise<Stored> {
  const { createBackup: backup } = await api.admin.run(CreateBackupDocument, { input: { name: 'origin', ...input } });
  return { backup, bytes: await readFile(join(api.folder, backup.file)) };
}

/** Empties the database, restores, and lets the judge compare. */
async function restoresEqual(backupId: string, decryptionKey?: string): Promise<void> {
  await emptyDatabase(api.ovsdb.remote);
  // the exact equal database includes the rows that say who may connect: those are for another server to decide, unless
  // forced
  await api.admin.run(RestoreBackupDocument, {
    input: { backupId, force: true, decryptionKey: decryptionKey ?? null },
  });
  expect(compareDatabases(before, await dumpDatabase(api.ovsdb.remote))).toEqual([]);
}

describe('importBackup takes', () => {
  const forms = (['JSON', 'YAML', 'OVSDB'] as const).flatMap((format) =>
    [false, true].flatMap((compress) => [false, true].map((encrypt) => ({ format, compress, encrypt }))),
  );

  it.each(forms)('an upload of %j as the server wrote it', async ({ format, compress, encrypt }) => {
    const { backup, bytes } = await stored({ format, compress, encrypt, ...(encrypt ? { encryptionKey: KEY } : {}) });
    const imported = await api.admin.importFile(
      { name: 'taken over', tags: ['imported'], ...(encrypt ? { decryptionKey: KEY } : {}) },
      { bytes, name: 'whatever.bin' },
    );
    expect(imported).toMatchObject({
      name: 'taken over',
      format,
      compressed: compress,
      encrypted: encrypt,
      tags: ['imported'],
      createdBy: 'tester',
    });
    for (const field of [
      'checksum',
      'contentDigest',
      'size',
      'contentSize',
      'rowCount',
      'tables',
      'schemaVersion',
    ] as const)
      expect(imported[field]).toEqual(backup[field]);
    expect(imported.id).not.toBe(backup.id);
    expect(await readFile(join(api.folder, imported.file))).toEqual(bytes);
    await restoresEqual(imported.id, encrypt ? KEY : undefined);
  });

  it.each(['JSON', 'YAML', 'OVSDB'] as const)('%s as text', async (format) => {
    const { backup, bytes } = await stored({ format });
    const { importBackup } = await api.admin.run(ImportBackupDocument, {
      input: { data: bytes.toString('utf8'), format },
    });
    expect(importBackup).toMatchObject({ format, contentDigest: backup.contentDigest, checksum: backup.checksum });
    expect((await api.admin.run(ValidateBackupDocument, { id: importBackup.id })).validateBackup).toMatchObject({
      valid: true,
      contentChecked: true,
    });
  });

  it('what ovsdb-client backup writes, compressed or not', async () => {
    const { backup } = await stored();
    const bytes = await ovsdbClient(api.ovsdb.remote, 'backup');
    const plain = await api.admin.importFile({}, { bytes, name: 'nightly.db' });
    expect(plain).toMatchObject({
      name: 'nightly',
      format: 'OVSDB',
      compressed: false,
      contentDigest: backup.contentDigest,
      rowCount: backup.rowCount,
    });
    const zipped = await api.admin.importFile({}, { bytes: gzipSync(bytes), name: 'nightly.db.gz' });
    expect(zipped).toMatchObject({
      name: 'nightly',
      format: 'OVSDB',
      compressed: true,
      contentDigest: backup.contentDigest,
    });
    await restoresEqual(zipped.id);
  });

  it('the file of a running database', async () => {
    const { backup } = await stored();
    const imported = await api.admin.importFile(
      { name: 'live file' },
      { bytes: await readFile(api.ovsdb.databaseFile) },
    );
    expect(imported).toMatchObject({ format: 'OVSDB', contentDigest: backup.contentDigest });
  });
});

describe('importBackup without the key of an encrypted file', () => {
  it('keeps it still encrypted and says so; validateBackup with the key finds out what it is; then it restores equal', async () => {
    const { backup, bytes } = await stored({ format: 'YAML', compress: true, encrypt: true, encryptionKey: KEY });
    const sealed = await api.admin.importFile({ format: 'YAML' }, { bytes, name: 'nightly.yaml.gz.enc' });
    expect(sealed).toMatchObject({
      name: 'nightly',
      sealed: true,
      encrypted: true,
      compressed: false,
      format: 'YAML',
      rowCount: 0,
      contentSize: 0,
      tables: [],
      schemaVersion: '',
      warnings: [expect.stringMatching(/without its key .+ not known. Validate it with its key$/)],
      checksum: backup.checksum,
      size: backup.size,
    });
    expect(sealed.file).toMatch(/^nightly-\d{8}-\d{6}(-\d+)?\.enc$/);
    const { id } = sealed;
    expect(await api.admin.codeOf(RestoreBackupDocument, { input: { backupId: id } })).toBe('DECRYPTION_FAILED');
    expect(await api.admin.codeOf(ValidateBackupDocument, { id, decryptionKey: 'not the right key' })).toBe(
      'DECRYPTION_FAILED',
    );
    expect((await api.admin.run(ValidateBackupDocument, { id })).validateBackup).toMatchObject({
      valid: true,
      contentChecked: false,
    });
    expect((await api.admin.run(ValidateBackupDocument, { id, decryptionKey: KEY })).validateBackup).toMatchObject({
      valid: true,
      contentChecked: true,
      rowCount: backup.rowCount,
    });
    const opened = (await api.admin.run(GetBackupDocument, { id })).backup;
    expect(opened).toMatchObject({ sealed: false, compressed: true, format: 'YAML', warnings: [] });
    for (const field of ['contentDigest', 'contentSize', 'rowCount', 'tables', 'schemaVersion', 'type'] as const)
      expect(opened?.[field]).toEqual(backup[field]);
    await restoresEqual(id, KEY);
  });

  it('restores it at once where the restore has the key', async () => {
    const { bytes } = await stored({ format: 'OVSDB', encrypt: true, encryptionKey: KEY });
    const { id } = await api.admin.importFile({}, { bytes });
    await restoresEqual(id, KEY);
    expect((await api.admin.run(GetBackupDocument, { id })).backup).toMatchObject({ sealed: false, format: 'OVSDB' });
  });
});

describe('importBackup refuses, and leaves nothing behind:', () => {
  async function refused(
    send: () => Promise<Awaited<ReturnType<typeof api.admin.sendFile>>>,
    code: string,
  ): Promise<string> {
    const files = await api.files();
    const answer = await send();
    expect(codeIn(answer)).toBe(code);
    expect(await api.files()).toEqual(files);
    return answer.errors[0]?.message ?? '';
  }

  it('the file of another database, and says which one it is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ovncp-other-'));
    try {
      const schema = join(folder, 'other.ovsschema');
      await writeFile(
        schema,
        JSON.stringify({
          name: 'Open_vSwitch',
          version: '1.0.0',
          tables: { Bridge: { columns: { name: { type: 'string' } }, isRoot: true } },
        }),
      );
      await promisify(execFile)('ovsdb-tool', ['create', join(folder, 'other.db'), schema], { env: environment() });
      const bytes = await readFile(join(folder, 'other.db'));
      const message = await refused(() => api.admin.sendFile({}, { bytes, name: 'conf.db' }), 'BAD_USER_INPUT');
      expect(message).toMatch(/Open_vSwitch/);
      expect(message).toMatch(/OVN_Northbound/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('a file over the limit, whether it says so or not', async () => {
    await refused(() => api.admin.sendFile({}, { bytes: Buffer.alloc(UPLOAD_BYTES_MAX + 1, ' ') }), 'TOO_LARGE');
    await refused(
      () => api.admin.sendFile({}, { bytes: Buffer.alloc(UPLOAD_BYTES_MAX + (4 << 20), ' ') }),
      'TOO_LARGE',
    );
  });

  it('what is no archive', async () => {
    for (const bytes of [
      Buffer.from('garbage'),
      Buffer.alloc(0),
      Buffer.from('{"format":"ovncp-backup/1"'),
      Buffer.from('{}'),
      gzipSync('garbage'),
      Buffer.from('a: b\n'),
      Buffer.from('OVSDB JSON 2 0000\n{}'),
      Buffer.alloc(3_000, 0xff),
    ]) {
      await refused(() => api.admin.sendFile({}, { bytes }), 'INTEGRITY_FAILED');
    }
  });

  it('a document that is cut, doubled, or changed', async () => {
    for (const format of ['JSON', 'YAML', 'OVSDB'] as const) {
      const { bytes } = await stored({ format });
      // an OVSDB file that is cut between two records is a whole file of an earlier time: cut within the last one
      for (const wrong of [bytes.subarray(0, bytes.length - 40), Buffer.concat([bytes, bytes])])
        await refused(() => api.admin.sendFile({}, { bytes: wrong }), 'INTEGRITY_FAILED');
    }
    const { bytes } = await stored();
    const at = bytes.indexOf('"name":"', bytes.indexOf('"Logical_Switch":{')) + 9;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await refused(() => api.admin.sendFile({}, { bytes }), 'INTEGRITY_FAILED');
  });

  it('an encrypted file with a wrong key', async () => {
    const { bytes } = await stored({ encrypt: true, encryptionKey: KEY });
    const message = await refused(
      () => api.admin.sendFile({ decryptionKey: 'not the right key' }, { bytes }),
      'DECRYPTION_FAILED',
    );
    expect(message).not.toContain('not the right');
  });

  it('a format that the content contradicts', async () => {
    const { bytes } = await stored({ format: 'YAML' });
    expect(await refused(() => api.admin.sendFile({ format: 'JSON' }, { bytes }), 'BAD_USER_INPUT')).toMatch(/YAML/);
  });

  it('neither file nor text, and both', async () => {
    expect(
      await refused(() => api.admin.send(ImportBackupDocument, { input: { name: 'n' } }), 'BAD_USER_INPUT'),
    ).toMatch(/exactly one/);
    expect(
      await refused(() => api.admin.sendFile({ data: '{}' }, { bytes: Buffer.from('{}') }), 'BAD_USER_INPUT'),
    ).toMatch(/exactly one/);
  });

  it('a document whose strong references lead nowhere', async () => {
    const { bytes, backup } = await stored({ compress: true });
    const document = JSON.parse(gunzipSync(bytes).toString()) as {
      manifest: Record<string, unknown>;
      contentDigest?: unknown;
      tables: Record<string, Record<string, unknown>>;
    };
    expect(backup.tables.some(({ table }) => table === 'Logical_Switch_Port')).toBe(true);
    delete document.tables['Logical_Switch_Port'];
    await refused(() => api.admin.sendFile({}, { bytes: Buffer.from(JSON.stringify(document)) }), 'INTEGRITY_FAILED');
  });

  it('and goes on: a good one is taken afterwards', async () => {
    const { bytes } = await stored();
    const { id } = await api.admin.importFile({}, { bytes });
    await api.admin.run(DeleteBackupDocument, { id });
  });
});
