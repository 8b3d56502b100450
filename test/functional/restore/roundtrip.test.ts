/**
 * What the whole server is for: everything comes back, from every form of backup, and nothing is touched that need not
 * be.
 */
import { stat } from 'node:fs/promises';
import {
  CreateBackupDocument,
  type CreateBackupInput,
  RestoreBackupDocument,
  type RestoreBackupInput,
  type RestoreResultFieldsFragment,
} from '../../support/clients/generated/graphql.js';
import {
  compareDatabases,
  type DatabaseContent,
  dumpDatabase,
  emptyDatabase,
  rowCount,
} from '../../support/judge/judge.js';
import { lawSample } from '../../support/law-runs.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';

const KEY = 'the key of the round trips';
/**
 * `small` fills every column that the others fill, with rare values, too. The others are networks as they are built:
 * more rows of them would have no other kinds of rows or references. Their archives have several blocks and several
 * encrypted chunks.
 */
const PROFILES = [
  ['small', { profile: 'small', edge: true }],
  ['openstack', { profile: 'openstack', rows: 1_000 }],
  ['k8s', { profile: 'k8s', rows: 1_500 }],
] as const;
const FORMATS = ['JSON', 'YAML', 'OVSDB'] as const;
const FORMS = FORMATS.flatMap((format) =>
  [false, true].flatMap((compress) => [false, true].map((encrypt) => ({ format, compress, encrypt }))),
);

describe.each(PROFILES)('a database of profile %s', (name, options) => {
  // a form is written and read in the same way whatever the rows are: the networks have to do with a part of them
  const forms = name === 'small' ? FORMS : lawSample(FORMS, 6);
  let api: TestApi;
  let before: DatabaseContent;
  beforeAll(async () => {
    api = await startApiServer({ database: databaseFile(options) });
    before = await dumpDatabase(api.ovsdb.remote);
  });
  afterAll(() => api.stop());

  async function restore(input: RestoreBackupInput): Promise<RestoreResultFieldsFragment> {
    const { result } = (
      await api.admin.run(RestoreBackupDocument, { input: { conflictPolicy: 'OVERWRITE', exact: true, ...input } })
    ).restoreBackup;
    if (result === null || result === undefined) throw new Error('a restore without a result');
    return result;
  }

  async function backUp(form: Omit<CreateBackupInput, 'name'>): Promise<string> {
    return (
      await api.admin.run(CreateBackupDocument, {
        input: { name: 'round trip', ...form, ...(form.encrypt === true ? { encryptionKey: KEY } : {}) },
      })
    ).createBackup.id;
  }

  it.each(forms)('comes back row by row from %j', async (form) => {
    const backupId = await backUp(form);
    await emptyDatabase(api.ovsdb.remote);
    const result = await restore({ backupId, verify: 'FULL', ...(form.encrypt ? { decryptionKey: KEY } : {}) });
    expect(compareDatabases(before, await dumpDatabase(api.ovsdb.remote))).toEqual([]);
    expect(result).toMatchObject({
      success: true,
      restoredCount: rowCount(before),
      skippedCount: 0,
      deletedCount: 0,
      errorCount: 0,
      warnings: name === 'openstack' ? [expect.stringMatching(/^\d+ rows of Neutron come back: /)] : [],
    });
  });

  it.each(name === 'small' ? FORMATS : lawSample(FORMATS, 1))(
    'is counted the same by a dry run from %s, and an equal one gets no transaction',
    async (format) => {
      const backupId = await backUp({ format });
      await emptyDatabase(api.ovsdb.remote);
      const dry = await restore({ backupId, dryRun: true });
      expect(rowCount(await dumpDatabase(api.ovsdb.remote))).toBe(0);
      const real = await restore({ backupId });
      expect(dry).toEqual({ ...real, dryRun: true, processingTime: dry.processingTime });
      const logBytes = (await stat(api.ovsdb.databaseFile)).size;
      expect(await restore({ backupId })).toMatchObject({
        success: true,
        restoredCount: 0,
        skippedCount: rowCount(before),
        deletedCount: 0,
      });
      expect((await stat(api.ovsdb.databaseFile)).size).toBe(logBytes);
      expect(compareDatabases(before, await dumpDatabase(api.ovsdb.remote))).toEqual([]);
    },
  );
});
