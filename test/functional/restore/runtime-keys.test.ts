/** Keys that are written all the time and configure nothing: known ones, and those that the configuration adds. */
import { withAddedKeys } from '../../../src/model/northbound/runtime.js';
import type { Row } from '../../../src/model/row/row.js';
import {
  CreateBackupDocument,
  DiffDocument,
  RestoreBackupDocument,
  type RestoreBackupInput,
  type RestoreFieldsFragment,
} from '../../support/clients/generated/graphql.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { Engine, EXACT, northboundSchema, planBetween } from '../../support/servers/engine.js';
import { nbctl, startOvsdbServer } from '../../support/servers/ovsdb-server.js';
import { become } from '../../support/servers/undo-story.js';

let api: TestApi | undefined;
afterEach(async () => {
  await api?.stop();
});

it('are no difference, for a diff, a plan and the policy ERROR, and are not wound back', async () => {
  const { ovsdb, admin } = (api = await startApiServer({
    env: { OVNCP_RUNTIME_KEYS: 'NB_Global.external_ids:beat, Logical_Switch_Port.external_ids:seen' },
  }));
  const nb = (...words: readonly string[]): Promise<string> => nbctl(ovsdb.remote, ...words);
  const tick = (number: number): Promise<string> =>
    nb(
      ...['set', 'NB_Global', '.', `options:e2e_timestamp=${number}`, `external_ids:beat=${number}`],
      ...['external_ids:neutron\\:liveness_check_at=x', '--', 'set', 'Logical_Switch_Port', 'web-1'],
      `external_ids:seen=${number}`,
    );
  await nb('init', '--', 'ls-add', 'web', '--', 'lsp-add', 'web', 'web-1', '--', 'lsp-add', 'web', 'web-2');
  await tick(1);
  const backupId = (await admin.run(CreateBackupDocument, { input: { name: 'all' } })).createBackup.id;
  const restore = async (input: Partial<RestoreBackupInput>): Promise<RestoreFieldsFragment> =>
    (await admin.run(RestoreBackupDocument, { input: { backupId, ...input } })).restoreBackup;
  await tick(2);
  const { diff } = await admin.run(DiffDocument, { from: { backupId }, to: { database: 'northbound' } });
  expect(diff).toMatchObject({ identical: true, updated: 0 });
  expect((await restore({ conflictPolicy: 'ERROR' })).result).toMatchObject({ success: true, restoredCount: 0 });
  await nb('set', 'NB_Global', '.', 'external_ids:own=1', '--', 'set', 'Logical_Switch_Port', 'web-1', 'type=router');
  expect((await restore({ conflictPolicy: 'OVERWRITE' })).result).toMatchObject({ success: true, restoredCount: 2 });
  expect((await nb('get', 'NB_Global', '.', 'options')).trim()).toBe('{e2e_timestamp="2"}');
  expect(await nb('get', 'NB_Global', '.', 'external_ids')).toMatch(/^\{beat="2", "neutron:liveness_check_at"=x\}/);
  expect((await nb('get', 'Logical_Switch_Port', 'web-1', 'external_ids')).trim()).toBe('{seen="2"}');
});

it('do not keep a row from being deleted, nor one from being found by what it holds', async () => {
  await using server = await startOvsdbServer();
  const engine = new Engine(server.remote);
  const added = [{ table: 'Logical_Switch', column: 'external_ids', key: 'seen' }];
  const schema = withAddedKeys(northboundSchema(), added);
  const u = (number: number): string => `aaaaaaaa-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const network = (...rows: readonly (readonly [number, Row])[]): Tables => ({
    Logical_Switch: Object.fromEntries(rows.map(([number, row]) => [u(number), row])),
  });
  const ids = (own: string, seen: string): Row => ({ external_ids: { own, seen } });
  const backup = snapshotOf(schema, network([1, ids('a', '1')]));
  // without a name it is known by its external_ids
  await become(engine, snapshotOf(schema, network([2, ids('a', '2')], [3, { name: 'goes', ...ids('b', '2') }])));
  const plan = await planBetween(backup, { ...(await engine.capture()), schema }, EXACT);
  expect([plan.problems, plan.changeCount]).toEqual([[], 1]);
  await nbctl(server.remote, 'set', 'Logical_Switch', u(3), 'external_ids:seen=3');
  await engine.apply(plan);
  expect((await nbctl(server.remote, '--bare', '--columns=_uuid', 'list', 'Logical_Switch')).trim()).toBe(u(2));
});
