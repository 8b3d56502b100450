/** Errors tell programs why, in one word, with the ids that they need to go on; the same in REST. */
import {
  CancelJobDocument,
  ConfirmRestoreDocument,
  CreateBackupDocument,
  DeleteBackupDocument,
  DrillBackupDocument,
  RestoreBackupDocument,
  UndoRestoreDocument,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

const KEY = 'the passphrase of the reasons';
let api: TestApi;
let rest: RestClient;
beforeAll(async () => {
  api = await startApiServer();
  rest = RestClient.of(api.admin);
});
afterAll(() => api.stop());

async function backup(input: object = {}): Promise<string> {
  return (await api.admin.run(CreateBackupDocument, { input: { name: 'b', ...input } })).createBackup.id;
}

/** What GraphQL and REST say beside the code. */
async function reasons<T, V extends object>(
  document: Parameters<typeof api.admin.send<T, V>>[0],
  variables: V,
  address: string,
  method: 'POST' | 'DELETE' = 'POST',
): Promise<unknown[]> {
  const { errors } = await api.admin.send(document, variables);
  const body = 'input' in variables ? (variables.input as object) : {};
  const { decryptionKey } = { ...variables, ...body } as { decryptionKey?: string };
  const sent = decryptionKey === undefined ? {} : { decryption_key: decryptionKey };
  const answer =
    method === 'DELETE' ? await rest.send(address, { method }) : await rest.post(`/api/v1/${address}`, sent);
  const { code, requestId: _id, ...extensions } = (errors[0]?.extensions ?? {}) as Record<string, unknown>;
  const { body: told } = answer as { body: Record<string, unknown> };
  expect(told['code']).toBe(code);
  const { restore_id: restoreId, backup_ids: backupIds, confirm_before: confirmBefore, reason } = told;
  expect({ reason, restoreId, backupIds, confirmBefore }).toEqual({
    reason: undefined,
    restoreId: undefined,
    backupIds: undefined,
    confirmBefore: undefined,
    ...extensions,
  });
  return [code, extensions];
}

it('tells a missing key from a wrong one', async () => {
  const id = await backup({ encrypt: true, encryptionKey: KEY });
  const drill = `backups/${id}/drill`;
  const failed = (reason: string): unknown[] => ['DECRYPTION_FAILED', { reason }];
  expect(await reasons(DrillBackupDocument, { id }, drill)).toEqual(failed('KEY_MISSING'));
  expect(await reasons(DrillBackupDocument, { id, decryptionKey: 'x' }, drill)).toEqual(failed('KEY_WRONG'));
  const restore = `backups/${id}/restore`;
  expect(await reasons(RestoreBackupDocument, { input: { backupId: id } }, restore)).toEqual(failed('KEY_MISSING'));
  const wrong = { input: { backupId: id, decryptionKey: 'x' } };
  expect(await reasons(RestoreBackupDocument, wrong, restore)).toEqual(failed('KEY_WRONG'));
});

it('names the restore that awaits its confirmation, and until when', async () => {
  await nbctl(api.ovsdb.remote, 'ls-add', 'confirmed');
  const id = await backup();
  await nbctl(api.ovsdb.remote, 'ls-del', 'confirmed');
  const input = { backupId: id, confirmWithinSeconds: 600 };
  const { restoreBackup } = await api.admin.run(RestoreBackupDocument, { input });
  const { id: restoreId, confirmBefore } = restoreBackup;
  expect(await reasons(RestoreBackupDocument, { input: { backupId: id } }, `backups/${id}/restore`)).toEqual([
    'CONFLICT',
    { reason: 'AWAITS_CONFIRMATION', restoreId, confirmBefore },
  ]);
  await api.admin.run(ConfirmRestoreDocument, { id: restoreId });
  expect(await reasons(ConfirmRestoreDocument, { id: restoreId }, `restores/${restoreId}/confirm`)).toEqual([
    'CONFLICT',
    { reason: 'ALREADY_CONFIRMED' },
  ]);
  const { undoRestore } = await api.admin.run(UndoRestoreDocument, { id: restoreId });
  expect(await reasons(UndoRestoreDocument, { id: restoreId }, `restores/${restoreId}/undo`)).toEqual([
    'CONFLICT',
    { reason: 'ALREADY_UNDONE', restoreId: undoRestore.id },
  ]);
  const dry = (await api.admin.run(RestoreBackupDocument, { input: { backupId: id, dryRun: true } })).restoreBackup.id;
  expect(await reasons(UndoRestoreDocument, { id: dry }, `restores/${dry}/undo`)).toEqual([
    'CONFLICT',
    { reason: 'NOTHING_CHANGED' },
  ]);
});

it('names the backups that build on one', async () => {
  const parentId = await backup();
  const child = await backup({ type: 'INCREMENTAL', parentId });
  const told = ['CONFLICT', { reason: 'BUILT_UPON', backupIds: [child] }];
  expect(await reasons(DeleteBackupDocument, { id: parentId }, `/api/v1/backups/${parentId}`, 'DELETE')).toEqual(told);
});

it('says that a job has ended', async () => {
  const id = await backup();
  expect(await reasons(CancelJobDocument, { id }, `jobs/${id}/cancel`)).toEqual([
    'CONFLICT',
    { reason: 'ALREADY_ENDED' },
  ]);
});
