/** What an encrypted backup holds is told to nobody without its key: not in lists of changes, not on the disk. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ApiClient } from '../../support/clients/api-client.js';
import {
  CreateBackupDocument,
  DeleteBackupDocument,
  RestoreBackupDocument,
  type RestoreBackupInput,
  RestoreChangesDocument,
  UndoRestoreDocument,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

const KEY = 'the key of a sealed backup';
const SECRET = 'a-pre-shared-secret';

let api: TestApi;
let backupId: string;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await nbctl(api.ovsdb.remote, '--if-exists', 'ls-del', 'hidden', '--', '--if-exists', 'ls-del', 'changed');
  await nbctl(
    api.ovsdb.remote,
    'ls-add',
    'hidden',
    '--',
    'set',
    'Logical_Switch',
    'hidden',
    `external_ids:psk=${SECRET}`,
  );
  await nbctl(
    api.ovsdb.remote,
    'ls-add',
    'changed',
    '--',
    'set',
    'Logical_Switch',
    'changed',
    `external_ids:old=${SECRET}`,
  );
  const input = { name: 'sealed', encrypt: true, encryptionKey: KEY };
  backupId = (await api.admin.run(CreateBackupDocument, { input })).createBackup.id;
  await nbctl(api.ovsdb.remote, 'ls-del', 'hidden', '--', 'set', 'Logical_Switch', 'changed', 'external_ids:old=other');
});

async function restore(more: Partial<RestoreBackupInput> = {}): Promise<string> {
  const input = { backupId, decryptionKey: KEY, conflictPolicy: 'OVERWRITE', ...more } as RestoreBackupInput;
  const { id, result } = (await api.admin.run(RestoreBackupDocument, { input })).restoreBackup;
  expect(result).toMatchObject({ success: true });
  return id;
}

/** Files of restores in which the secret can be read, packed or not. */
async function readable(): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await readdir(join(api.folder, 'restores'))) {
    const bytes = await readFile(join(api.folder, 'restores', name));
    const text = name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
    if (text.includes(SECRET)) found.push(name);
  }
  return found;
}

it.each([{ dryRun: true }, { dryRun: false }])('after a restore of one, %j', async (more) => {
  const id = await restore(more);
  expect(await readable()).toEqual([]);
  const reader = await api.as('backups:read');
  for (const client of [reader, api.admin]) {
    expect(await client.codeOf(RestoreChangesDocument, { id })).toBe('DECRYPTION_FAILED');
    expect(await client.codeOf(RestoreChangesDocument, { id, decryptionKey: 'another' })).toBe('DECRYPTION_FAILED');
  }
  await api.admin.run(DeleteBackupDocument, { id: backupId });
  expect(await reader.codeOf(RestoreChangesDocument, { id })).toBe('DECRYPTION_FAILED');
  expect((await api.admin.send(RestoreChangesDocument, { id, decryptionKey: KEY })).text).toContain(SECRET);
  expect(await readable()).toEqual([]);
});

it('is told in the answer to whoever gave the key for the restore, over both faces', async () => {
  const answer = await api.admin.send(
    'mutation($input: RestoreBackupInput!) { restoreBackup(input: $input) ' +
      '{ result { changes { nodes { columns { after } } } } } }',
    { input: { backupId, decryptionKey: KEY, conflictPolicy: 'OVERWRITE', dryRun: true } },
  );
  expect(answer.text).toContain(SECRET);
  const response = await RestClient.of(api.admin).fetch(`/api/v1/backups/${backupId}/restore`, {
    method: 'POST',
    headers: { 'x-debug': 'true' },
    body: JSON.stringify({ dry_run: true, conflict_policy: 'overwrite', decryption_key: KEY }),
  });
  expect([response.status, await response.text()]).toEqual([200, expect.stringContaining(SECRET)]);
});

it('is undone without the key, and refused where others have written since', async () => {
  const id = await restore();
  await nbctl(api.ovsdb.remote, 'set', 'Logical_Switch', 'hidden', 'external_ids:mine=1');
  const refused = (await api.admin.run(UndoRestoreDocument, { id })).undoRestore;
  expect(refused.result).toMatchObject({ success: false, errors: [{ code: 'CONFLICT' }] });
  await nbctl(api.ovsdb.remote, 'remove', 'Logical_Switch', 'hidden', 'external_ids', 'mine');
  const undone = (await api.admin.run(UndoRestoreDocument, { id })).undoRestore;
  expect(undone.result).toMatchObject({ success: true, deletedCount: 1, restoredCount: 1 });
  expect(await nbctl(api.ovsdb.remote, 'get', 'Logical_Switch', 'changed', 'external_ids:old')).toContain('other');
});

it('of any restore, the values are for those who may restore; others are told once', async () => {
  const plain = (await api.admin.run(CreateBackupDocument, { input: { name: 'plain' } })).createBackup.id;
  await nbctl(api.ovsdb.remote, 'set', 'Logical_Switch', 'changed', `external_ids:old=${SECRET}`);
  const id = await restore({ backupId: plain, decryptionKey: null, dryRun: true });
  const ask = async (client: ApiClient, values: string) =>
    client.send(
      'query($id: ID!) { restore(id: $id) { result { changes(kind: UPDATE) { nodes { kind columns { column ' +
        `${values} } } } } } }`,
      { id },
    );
  const told = (column: object) => ({
    restore: { result: { changes: { nodes: [{ kind: 'UPDATE', columns: [{ column: 'external_ids', ...column }] }] } } },
  });
  const reader = await api.as('backups:read');
  expect(await ask(reader, '')).toMatchObject({ data: told({}), errors: [] });
  const answer = await ask(reader, 'before');
  expect(answer.data).toEqual(told({ before: null }));
  expect(answer.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  expect(answer.text).not.toContain(SECRET);
  const restorer = await api.as('backups:read', 'backups:restore');
  expect(await ask(restorer, 'before')).toMatchObject({ data: told({ before: { old: SECRET } }), errors: [] });
});
