/** Backups through the API: making, listing, following, checking and deleting them, and what is on disk. */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { SCRATCH_PREFIX } from '../../../src/state/unnamed-file.js';
import { codeIn } from '../../support/clients/api-client.js';
import {
  type BackupFieldsFragment,
  type BackupFilterInput,
  CreateBackupDocument,
  type CreateBackupInput,
  DeleteBackupDocument,
  GetBackupDocument,
  GetViewerDocument,
  ListBackupsDocument,
  type ListBackupsQuery,
  ListDatabasesDocument,
  ListRestoresDocument,
  RestoreBackupDocument,
  StartBackupDocument,
  ValidateBackupDocument,
} from '../../support/clients/generated/graphql.js';
import { dumpDatabase, rowCount } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { until } from '../../support/until.js';

const KEY = 'correct horse battery staple';
let api: TestApi;
beforeAll(async () => {
  api = await startApiServer({ database: databaseFile({ profile: 'small', edge: true }) });
});
afterAll(() => api.stop());

async function create(input: Partial<CreateBackupInput> = {}): Promise<BackupFieldsFragment> {
  return (await api.admin.run(CreateBackupDocument, { input: { name: 'test', ...input } })).createBackup;
}

describe('createBackup', () => {
  const FORMATS = ['JSON', 'YAML', 'OVSDB'] as const;
  const forms = FORMATS.flatMap((format) =>
    [false, true].flatMap((compress) => [false, true].map((encrypt) => ({ format, compress, encrypt }))),
  );
  const digests = new Set<string>();

  it.each(forms)('stores %j, and tells the truth about it', async ({ format, compress, encrypt }) => {
    const before = Date.now();
    const backup = await create({
      name: 'nightly run/1',
      format,
      compress,
      encrypt,
      ...(encrypt ? { encryptionKey: KEY } : {}),
      tags: ['a', 'b', 'a'],
      description: 'why',
    });
    const extension = `.${{ JSON: 'json', YAML: 'yaml', OVSDB: 'db' }[format]}${compress ? '.gz' : ''}${encrypt ? '.enc' : ''}`;
    expect(backup).toMatchObject({
      name: 'nightly run/1',
      format,
      compressed: compress,
      encrypted: encrypt,
      tags: ['a', 'b'],
      description: 'why',
      type: 'FULL',
      createdBy: 'tester',
      database: 'northbound',
      schemaName: 'OVN_Northbound',
    });
    expect(Date.parse(backup.createdAt)).toBeGreaterThanOrEqual(before);
    const stamp = backup.createdAt
      .replace(/\.\d+Z$/, '')
      .replaceAll(/[-:]/g, '')
      .replace('T', '-');
    expect(backup.file.replace(/-\d+(?=\.)/, (clash) => (clash.length < 7 ? '' : clash))).toBe(
      `nightly_run_1-${stamp}${extension}`,
    );
    const content = await dumpDatabase(api.ovsdb.remote);
    expect(backup.rowCount).toBe(rowCount(content));
    const tables = [...content]
      .filter(([, rows]) => rows.size > 0)
      .map(([table, rows]) => ({ table, rows: rows.size }));
    expect(backup.tables).toEqual(tables.sort((a, b) => (a.table < b.table ? -1 : 1)));
    const path = join(api.folder, backup.file);
    const { stdout } = await promisify(execFile)('sha256sum', [path]);
    expect(backup.checksum).toBe(`sha256:${stdout.split(' ')[0] ?? ''}`);
    expect((await stat(path)).size).toBe(backup.size);
    for (const name of [path, `${path}.meta`]) expect((await stat(name)).mode & 0o777).toBe(0o600);
    expect((await stat(api.folder)).mode & 0o777).toBe(0o700);
    digests.add(backup.contentDigest);
    expect(digests.size).toBe(1);
    expect(
      (await api.admin.run(ValidateBackupDocument, { id: backup.id, decryptionKey: encrypt ? KEY : null }))
        .validateBackup,
    ).toEqual({ valid: true, contentChecked: true, rowCount: backup.rowCount, errors: [], warnings: [] });
  });

  it('gives backups of one name and one second files of their own', async () => {
    const made = await Promise.all(Array.from({ length: 6 }, () => create({ name: 'same' })));
    expect(new Set(made.map(({ file }) => file)).size).toBe(6);
    expect(new Set(made.map(({ contentDigest }) => contentDigest)).size).toBe(1);
  });

  it.each([
    ['an empty name', { name: ' ' }],
    ['a name that is too long', { name: 'n'.repeat(201) }],
    ['encryption without a key', { encrypt: true }],
    ['a key without encryption', { encryptionKey: KEY }],
    ['an empty key', { encrypt: true, encryptionKey: '' }],
    ['too many tags', { tags: Array.from({ length: 51 }, (_, i) => `t${i}`) }],
    ['an empty tag', { tags: [''] }],
  ])('refuses %s', async (_what, input) => {
    const before = await api.files();
    const answer = await api.admin.send(CreateBackupDocument, { input: { name: 'test', ...input } });
    expect(codeIn(answer)).toBe('BAD_USER_INPUT');
    expect(answer.text).not.toContain(KEY);
    expect(await api.files()).toEqual(before);
  });

  it('warns of a passphrase that can be found by trying, and keeps nothing of the warning', async () => {
    const warning = /^The passphrase has fewer than 12 characters: .* 32 random characters$/;
    const weak = { encrypt: true, encryptionKey: 'elevenchars' } as const;
    const made = await create(weak);
    expect(made.warnings).toEqual([expect.stringMatching(warning)]);
    expect((await create({ ...weak, encryptionKey: 'twelve chars' })).warnings).toEqual([]);
    const input = { name: 'later', ...weak };
    const { startBackup: job } = await api.admin.run(StartBackupDocument, { input });
    expect(job.progress.message).toMatch(/\. The passphrase has fewer than 12 characters: /);
    const { backup } = await api.admin.run(GetBackupDocument, { id: made.id });
    expect(backup?.warnings).toEqual([]);
    const stored = (await api.files()).filter((file) => file.endsWith('.meta'));
    expect(stored.length).toBeGreaterThan(0);
    for (const file of stored) expect(await readFile(join(api.folder, file), 'utf8')).not.toContain('passphrase has');
  });

  it('refuses a database that is not configured, and names the one that is', async () => {
    const answer = await api.admin.send(CreateBackupDocument, { input: { name: 'test', database: 'southbound' } });
    expect(codeIn(answer)).toBe('NOT_FOUND');
    expect(answer.errors[0]?.message).toMatch(/northbound/);
  });
});

describe('backups', () => {
  const made: BackupFieldsFragment[] = [];
  beforeAll(async () => {
    for (let i = 0; i < 5; i++) {
      made.unshift(await create({ name: `List ${i}`, tags: ['listed', i % 2 === 0 ? 'even' : 'odd'] }));
      await delay(3);
    }
  });
  const ids = (nodes: readonly { id: string }[]): string[] => nodes.map(({ id }) => id);

  async function edgesOf(after: string | null): Promise<{ edges: { cursor: string; node: { id: string } }[] }> {
    const query = `query ($after: String) {
      backups(first: 2, after: $after, filter: {tags: ["listed"]}) { edges { cursor node { id } } }
    }`;
    const { data } = await api.admin.send(query, { after });
    return (data as { backups: Awaited<ReturnType<typeof edgesOf>> }).backups;
  }

  it('come newest first, page by page, each once', async () => {
    const seen: string[] = [];
    let after: string | null = null;
    for (let page = 0; page < 3; page++) {
      const { backups }: ListBackupsQuery = await api.admin.run(ListBackupsDocument, {
        first: 2,
        after,
        filter: { tags: ['listed'] },
      });
      expect(backups.totalCount).toBe(5);
      const { edges } = await edgesOf(after);
      expect(ids(edges.map(({ node }) => node))).toEqual(ids(backups.nodes));
      expect([backups.pageInfo.startCursor, backups.pageInfo.endCursor]).toEqual([
        edges[0]?.cursor,
        edges.at(-1)?.cursor,
      ]);
      expect([backups.pageInfo.hasPreviousPage, backups.pageInfo.hasNextPage]).toEqual([page > 0, page < 2]);
      seen.push(...ids(backups.nodes));
      after = backups.pageInfo.endCursor ?? null;
    }
    expect(seen).toEqual(ids(made));
  });

  it.each<[string, BackupFilterInput, readonly number[]]>([
    ['any of the tags', { tags: ['odd', 'nothing'] }, [1, 3]],
    ['part of the name in any case', { nameContains: 'LIST 4' }, [0]],
    ['two conditions at once', { tags: ['even'], nameContains: 'list 2' }, [2]],
    ['the type', { tags: ['listed'], type: 'FULL' }, [0, 1, 2, 3, 4]],
    ['the database', { tags: ['listed'], database: 'northbound' }, [0, 1, 2, 3, 4]],
    ['the database and a tag that none has', { tags: ['nothing'], database: 'northbound' }, []],
  ])('are filtered by %s', async (_what, filter, expected) => {
    const { backups } = await api.admin.run(ListBackupsDocument, { filter });
    expect(ids(backups.nodes)).toEqual(ids(made.filter((_, i) => expected.includes(i))));
    expect(backups.totalCount).toBe(expected.length);
  });

  it('are filtered by their time', async () => {
    const filter = {
      tags: ['listed'],
      createdAfter: made[4]?.createdAt ?? '',
      createdBefore: made[0]?.createdAt ?? '',
    };
    expect(ids((await api.admin.run(ListBackupsDocument, { filter })).backups.nodes)).toEqual(ids(made.slice(1, 4)));
  });

  it.each([
    { first: 0 },
    { first: 501 },
    { first: -1 },
    { after: 'no cursor' },
    { filter: { createdAfter: 'yesterday' } },
  ])('refuses %j', async (variables) => {
    expect(await api.admin.codeOf(ListBackupsDocument, variables)).toBe('BAD_USER_INPUT');
  });

  it('are none of a database that there is not: that is refused', async () => {
    expect(await api.admin.codeOf(ListBackupsDocument, { filter: { database: 'other' } })).toBe('NOT_FOUND');
  });

  it('are looked up by id', async () => {
    expect((await api.admin.run(GetBackupDocument, { id: made[2]?.id ?? '' })).backup).toMatchObject(made[2] ?? {});
    expect((await api.admin.run(GetBackupDocument, { id: 'none' })).backup).toBeNull();
  });
});

describe('validateBackup', () => {
  it('checks only the stored bytes of an encrypted backup without its key', async () => {
    const { id } = await create({ encrypt: true, encryptionKey: KEY });
    expect((await api.admin.run(ValidateBackupDocument, { id })).validateBackup).toMatchObject({
      valid: true,
      contentChecked: false,
      warnings: [expect.stringMatching(/only the stored bytes were checked\. Send its passphrase in decryptionKey to/)],
    });
  });

  it('answers DECRYPTION_FAILED for a wrong key and does not echo it', async () => {
    const { id } = await create({ encrypt: true, encryptionKey: KEY });
    const answer = await api.admin.send(ValidateBackupDocument, { id, decryptionKey: 'an utterly wrong key' });
    expect(codeIn(answer)).toBe('DECRYPTION_FAILED');
    expect(answer.errors[0]?.message).toMatch(/^Decryption failed/);
    expect(answer.text).not.toContain('utterly');
  });

  it('says that a file on disk was changed', async () => {
    const { id, file } = await create();
    const bytes = await readFile(join(api.folder, file));
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(join(api.folder, file), bytes);
    const { validateBackup } = await api.admin.run(ValidateBackupDocument, { id });
    expect(validateBackup.valid).toBe(false);
    expect(validateBackup.errors).not.toEqual([]);
    await api.admin.run(DeleteBackupDocument, { id });
  });

  it('answers NOT_FOUND for an id that there is not', async () => {
    expect(await api.admin.codeOf(ValidateBackupDocument, { id: 'none' })).toBe('NOT_FOUND');
  });
});

it('rows wait in OVNCP_STATE_PATH while a file is checked', async () => {
  const state = await mkdtemp(join(tmpdir(), 'ovncp-state-'));
  await writeFile(join(state, `${SCRATCH_PREFIX}left-by-a-crash`), '');
  await writeFile(join(state, 'of somebody else'), '');
  const apart = await startApiServer({ env: { OVNCP_STATE_PATH: state } });
  try {
    expect(await readdir(state)).toEqual(['of somebody else']);
    const { createBackup } = await apart.admin.run(CreateBackupDocument, { input: { name: 'n' } });
    const bytes = await readFile(join(apart.folder, createBackup.file));
    expect((await apart.admin.importFile({}, { bytes })).rowCount).toBe(createBackup.rowCount);
    await rm(state, { recursive: true });
    expect(codeIn(await apart.admin.sendFile({}, { bytes }))).toBe('STORE_UNAVAILABLE');
  } finally {
    await apart.stop();
    await rm(state, { recursive: true, force: true });
  }
});

describe('deleteBackup', () => {
  it('removes the archive and its manifest, once', async () => {
    const before = await api.files();
    const { id, file } = await create({ name: 'to delete' });
    expect((await api.files()).filter((name) => !before.includes(name))).toEqual([file, `${file}.meta`]);
    expect((await api.admin.run(DeleteBackupDocument, { id })).deleteBackup).toBe(id);
    expect(await api.files()).toEqual(before);
    expect(await api.admin.codeOf(DeleteBackupDocument, { id })).toBe('NOT_FOUND');
    expect((await api.admin.run(GetBackupDocument, { id })).backup).toBeNull();
  });
});

describe('the database', () => {
  it('is told with its tables, and so is who asks', async () => {
    const { databases } = await api.admin.run(ListDatabasesDocument);
    expect(databases).toHaveLength(1);
    expect(databases[0]).toMatchObject({
      id: 'northbound',
      label: 'northbound',
      default: true,
      remotes: [api.ovsdb.remote],
      schemaName: 'OVN_Northbound',
      connected: true,
      clustered: false,
      error: null,
    });
    expect(databases[0]?.rowCount).toBe(rowCount(await dumpDatabase(api.ovsdb.remote)));
    expect(databases[0]?.tables.reduce((sum, { rows }) => sum + rows, 0)).toBe(
      rowCount(await dumpDatabase(api.ovsdb.remote)),
    );
    expect((await api.admin.run(GetViewerDocument)).viewer).toEqual({
      subject: 'tester',
      permissions: ['admin', 'backups:delete', 'backups:read', 'backups:restore', 'backups:write'],
      databases: null,
    });
  });

  it('that is away is DATABASE_UNAVAILABLE, and is used again by itself when it is back', async () => {
    await api.ovsdb.kill();
    expect(await api.admin.codeOf(CreateBackupDocument, { input: { name: 'away' } })).toBe('DATABASE_UNAVAILABLE');
    const { databases } = await api.admin.run(ListDatabasesDocument);
    expect(databases[0]?.connected).toBe(false);
    expect(databases[0]?.error).toBeTruthy();
    await api.ovsdb.start();
    await until(async () => (await api.admin.run(ListDatabasesDocument)).databases[0]?.connected);
    expect((await create({ name: 'back' })).rowCount).toBe(rowCount(await dumpDatabase(api.ovsdb.remote)));
  });
});

describe('secrets', () => {
  it('are in no log line at level trace, in no file of the store and in no answer', async () => {
    const { id, file } = await create({ name: 'secret', encrypt: true, encryptionKey: KEY });
    const texts: string[] = [];
    const bytes = await readFile(join(api.folder, file));
    for (const decryptionKey of [KEY, 'an utterly wrong key']) {
      texts.push(
        (await api.admin.send(RestoreBackupDocument, { input: { backupId: id, dryRun: true, decryptionKey } })).text,
      );
      texts.push((await api.admin.sendFile({ decryptionKey }, { bytes })).text);
    }
    texts.push(JSON.stringify(await api.admin.run(ListRestoresDocument)));
    expect(
      await api.admin.codeOf(
        'mutation { createBackup(input: { name: "n", encrypt: 7, encryptionKey: "correct horse battery staple" }) ' +
          '{ id } }',
      ),
    ).toBe('GRAPHQL_VALIDATION_FAILED');
    texts.push(
      ...api.lines,
      ...(await Promise.all((await api.files()).map((name) => readFile(join(api.folder, name), 'latin1')))),
    );
    expect(api.lines.length).toBeGreaterThan(50);
    const { token = '' } = api.admin;
    const scrypted = createHash('sha256').update(KEY).digest('hex');
    for (const secret of [KEY, scrypted, token, token.split('.')[2] ?? '', 'utterly'])
      expect(texts.filter((text) => text.includes(secret))).toEqual([]);
  });
});
