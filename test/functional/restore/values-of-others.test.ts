/**
 * With a real northd: a port that was lost, and whose addresses and tag northd has given to another one since, comes
 * back without them; nobody loses anything. And where they are free it comes back as it was.
 */
import {
  CreateBackupDocument,
  RestoreBackupDocument,
  type RestoreResultFieldsFragment,
  UndoRestoreDocument,
} from '../../support/clients/generated/graphql.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { startNorthd, type TestNorthd } from '../../support/servers/northd.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

let api: TestApi;
let northd: TestNorthd;
let backupId: string;

const nb = (...words: readonly string[]): Promise<string> => nbctl(api.ovsdb.remote, ...words);
const get = async (port: string, column: string): Promise<string> =>
  (await nb('get', 'Logical_Switch_Port', port, column)).trim();
const addPort = (name: string): readonly string[] => [
  'lsp-add',
  'net',
  name,
  '--',
  'lsp-set-addresses',
  name,
  'dynamic',
];

beforeAll(async () => {
  api = await startApiServer();
  northd = await startNorthd(api.ovsdb);
  await nb('ls-add', 'net', '--', 'set', 'Logical_Switch', 'net', 'other_config:subnet=10.0.0.0/24');
  await nb(...addPort('vm1'), '--', 'lsp-add', 'net', 'host', '--', 'lsp-add', 'net', 'c1', 'host', '0');
  await northd.synced();
  backupId = (await api.admin.run(CreateBackupDocument, { input: { name: 'with values' } })).createBackup.id;
});
afterAll(async () => {
  await northd.stop();
  await api.stop();
});

async function restore(dryRun: boolean): Promise<RestoreResultFieldsFragment & { readonly id: string }> {
  const { id, result } = (await api.admin.run(RestoreBackupDocument, { input: { backupId, dryRun } })).restoreBackup;
  if (result === null || result === undefined) throw new Error('a restore without a result');
  return { ...result, id };
}

it('brings back the addresses and the tag of a port where they are free', async () => {
  const before = [await get('vm1', 'dynamic_addresses'), await get('c1', 'tag')];
  expect(before).toEqual([expect.stringMatching(/10\.0\.0\.2/), '1']);
  await nb('lsp-del', 'vm1', '--', 'lsp-del', 'c1');
  await northd.synced();
  expect(await restore(false)).toMatchObject({ success: true, restoredCount: 3, warnings: [] });
  await northd.synced();
  expect([await get('vm1', 'dynamic_addresses'), await get('c1', 'tag')]).toEqual(before);
});

it('leaves them out where another port has them by now, says so, and takes nothing from anybody', async () => {
  await nb('lsp-del', 'vm1', '--', 'lsp-del', 'c1');
  await northd.synced();
  await nb(...addPort('vm2'), '--', 'lsp-add', 'net', 'c2', 'host', '0');
  await northd.synced();
  const theirs = [await get('vm2', 'dynamic_addresses'), await get('c2', 'tag')];
  expect(theirs).toEqual([expect.stringMatching(/10\.0\.0\.2/), '1']);

  const warnings = [
    expect.stringMatching(/^port "vm1" comes back without its dynamic addresses: port "vm2" has one of them by now/),
    expect.stringMatching(/^port "c1" comes back without its tag: port "c2" has it by now/),
  ];
  expect((await restore(true)).warnings).toEqual(expect.arrayContaining(warnings));
  const { id, ...result } = await restore(false);
  expect(result).toMatchObject({ success: true, restoredCount: 3 });
  expect(result.warnings).toEqual(expect.arrayContaining(warnings));
  await northd.synced();
  expect([await get('vm2', 'dynamic_addresses'), await get('c2', 'tag')]).toEqual(theirs);
  expect(await get('vm1', 'dynamic_addresses')).toMatch(/10\.0\.0\.(?!2")\d+/);
  expect(await get('c1', 'tag')).toMatch(/^[2-9]$/);
  expect((await api.admin.run(UndoRestoreDocument, { id })).undoRestore.result?.success).toBe(true);
});

it('leaves them out also where an undo brings the port back', async () => {
  await nb('lsp-del', 'vm2', '--', 'lsp-del', 'c2', '--', ...addPort('vm3'));
  await northd.synced();
  const theirs = await get('vm3', 'dynamic_addresses');
  const empty = (
    await api.admin.run(RestoreBackupDocument, { input: { backupId, conflictPolicy: 'OVERWRITE', exact: true } })
  ).restoreBackup;
  await nb(...addPort('vm4'));
  await northd.synced();
  await nb('lsp-del', 'vm4', '--', 'lsp-set-addresses', 'vm1', theirs.replaceAll('"', ''));
  const undone = (await api.admin.run(UndoRestoreDocument, { id: empty.id, force: true })).undoRestore;
  expect(undone.result?.success).toBe(true);
  await northd.synced();
  const all = (await nb('--bare', '--columns=dynamic_addresses', 'list', 'Logical_Switch_Port')).match(
    /10\.0\.0\.\d+/g,
  );
  expect(new Set(all).size).toBe(all?.length);
});
