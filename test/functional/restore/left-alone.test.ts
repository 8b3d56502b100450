/**
 * What a restore leaves as it is, and how that is said in both faces: the row through which this server is connected,
 * rows of ovn-ic's, and with SKIP rows that differ. And whose rows it changes.
 */
import {
  CreateBackupDocument,
  RestoreBackupDocument,
  type RestoreBackupInput,
  type RestoreResultFieldsFragment,
  UndoRestoreDocument,
} from '../../support/clients/generated/graphql.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { freePorts } from '../../support/servers/ovsdb-cluster.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

async function backUp(api: TestApi): Promise<string> {
  return (await api.admin.run(CreateBackupDocument, { input: { name: 'left alone' } })).createBackup.id;
}

async function restore(
  api: TestApi,
  input: RestoreBackupInput,
): Promise<RestoreResultFieldsFragment & { readonly id: string }> {
  const { id, result } = (await api.admin.run(RestoreBackupDocument, { input })).restoreBackup;
  if (result === null || result === undefined) throw new Error('a restore without a result');
  return { ...result, id };
}

describe('the row through which this server is connected', () => {
  let nb: TestServer;
  let api: TestApi;
  let ports: readonly number[];
  const ctl = (...words: readonly string[]): Promise<string> => nbctl(nb.remote, ...words);
  const target = (i: number): string => `ptcp:${ports[i]}:127.0.0.1`;
  const targets = async (): Promise<readonly string[]> => (await ctl('get-connection')).trim().split('\n').sort();
  /** Waits until the server has another way in. */
  const connect = async (i: number): Promise<void> => {
    await ctl('set-connection', target(i));
    await until(async () => {
      const { database } = (await (await fetch(`${api.url}/readyz`)).json()) as { database: string };
      return database === 'connected' || database === 'ok';
    });
  };

  beforeAll(async () => {
    nb = await startOvsdbServer();
    ports = await freePorts(2);
    await using control = await PlainClient.open(`unix:${nb.folder}/server.ctl`);
    await control.request('ovsdb-server/add-remote', ['db:OVN_Northbound,NB_Global,connections']);
    await ctl('init', '--', 'set-connection', target(0));
    api = await startApiServer({ env: { OVN_NB_DB: ports.map((port) => `tcp:127.0.0.1:${port}`).join(',') } });
  });
  afterAll(async () => {
    await api.stop();
    await nb.stop();
  });

  it.each([{ exact: true }, { exact: false }])('is left, and that is said in the dry run: %j', async ({ exact }) => {
    await connect(0);
    const backupId = await backUp(api);
    await connect(1);
    const input = { backupId, conflictPolicy: 'OVERWRITE', exact } as const;
    const said = expect.stringMatching(
      /^connection "ptcp:\d+:127\.0\.0\.1" is left as it is, though .* deleted: this server/,
    );
    const dry = await restore(api, { ...input, dryRun: true });
    expect(dry.warnings.filter((text) => text.startsWith('connection'))).toEqual(exact ? [said] : []);
    const real = await restore(api, input);
    expect([real.success, real.warnings]).toEqual([true, dry.warnings]);
    expect(await targets()).toEqual([target(0), target(1)].sort());
    // the row that came is a way in by now, too
    const { undoRestore: undone } = await api.admin.run(UndoRestoreDocument, { id: real.id });
    expect(undone.result?.warnings).toContainEqual(expect.stringMatching(/^connection .* is left as it is/));
    expect(await targets()).toEqual([target(0), target(1)].sort());
  });

  it('is deleted by force, with a warning', async () => {
    await connect(0);
    const backupId = await backUp(api);
    await connect(1);
    const { success, warnings } = await restore(api, {
      backupId,
      conflictPolicy: 'OVERWRITE',
      exact: true,
      force: true,
    });
    expect(success).toBe(true);
    expect(warnings).toContainEqual(
      expect.stringMatching(/^connection .* is deleted, since force was given: this server/),
    );
    expect(await targets()).toEqual([target(0)]);
  });
});

describe('a restore', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApiServer();
  });
  afterAll(() => api.stop());
  const ctl = (...words: readonly string[]): Promise<string> => nbctl(api.ovsdb.remote, ...words);
  const overRest = async (backupId: string, body: object): Promise<Readonly<Record<string, unknown>>> =>
    (await RestClient.of(api.admin).post(`/api/v1/backups/${backupId}/restore`, body)).body;

  it('with SKIP tells rows that differ from rows that are equal', async () => {
    await ctl('ls-add', 'a', '--', 'ls-add', 'b', '--', 'ls-add', 'c');
    const backupId = await backUp(api);
    await ctl('set', 'Logical_Switch', 'a', 'other_config:x=y', '--', 'set', 'Logical_Switch', 'b', 'other_config:x=y');
    const warning = expect.stringMatching(
      /^2 rows differ from the backup and are left as .* conflict policy is to skip: switch "[ab]" \(other_config\), sw/,
    );
    const counts = { skippedCount: 4, differingCount: 2, restoredCount: 0, warnings: [warning] };
    for (const dryRun of [true, false]) {
      const result = await restore(api, { backupId, dryRun });
      expect(result).toMatchObject(counts);
      expect(result.details).toMatchObject([
        { table: 'Logical_Switch', total: 3, skipped: 3, differing: 2 },
        { table: 'NB_Global', total: 1, skipped: 1, differing: 0 },
      ]);
      expect(await overRest(backupId, { dry_run: dryRun })).toMatchObject({
        skipped_count: 4,
        differing_count: 2,
        warnings: [warning],
        details: { switches: { total: 3, skipped: 3, differing: 2 } },
      });
    }
    const overwritten = await restore(api, { backupId, conflictPolicy: 'OVERWRITE' });
    expect(overwritten).toMatchObject({ restoredCount: 2, skippedCount: 2, differingCount: 0, warnings: [] });
  });

  it("says whose rows it changes, and leaves ovn-ic's to it", async () => {
    await ctl('lr-add', 'lr', '--', 'lr-route-add', 'lr', '10.1.0.0/16', '169.254.0.1');
    await ctl('set', 'Logical_Router_Static_Route', '.', 'external_ids:ic-learned-route=f00d');
    await ctl('ls-add', 'n', '--', 'set', 'Logical_Switch', 'n', 'external_ids:"neutron:network_name"=n');
    await ctl('ls-add', 'k', '--', 'set', 'Logical_Switch', 'k', 'external_ids:vendor=kube-ovn');
    const backupId = await backUp(api);
    await ctl('lr-route-del', 'lr', '--', 'ls-del', 'n', '--', 'set', 'Logical_Switch', 'k', 'other_config:x=y');
    const owners = [
      { owner: 'Neutron', inserted: 1, updated: 0, deleted: 0 },
      { owner: 'kube-ovn', inserted: 0, updated: 1, deleted: 0 },
    ];
    const learned = [
      expect.stringMatching(/^1 row of Neutron comes back: switch "n"/),
      expect.stringMatching(/^1 row of ovn-ic's, .* is left out/),
    ];
    const dry = await overRest(backupId, { dry_run: true, conflict_policy: 'overwrite' });
    expect(dry).toMatchObject({ owners, warnings: learned });
    const real = await restore(api, { backupId, conflictPolicy: 'OVERWRITE' });
    expect(real).toMatchObject({ success: true, owners, warnings: learned });
    expect((await RestClient.of(api.admin).get(`/api/v1/restores/${real.id}`)).body).toMatchObject({ owners });
    expect((await ctl('lr-route-list', 'lr')).trim()).toBe('');
    // nothing learns here any more
    await restore(api, { backupId, conflictPolicy: 'OVERWRITE', force: true });
    expect(await ctl('lr-route-list', 'lr')).toContain('10.1.0.0/16');
    const { undoRestore: undone } = await api.admin.run(UndoRestoreDocument, { id: real.id });
    expect(undone.result).toMatchObject({
      owners: [
        { owner: 'Neutron', deleted: 1 },
        { owner: 'kube-ovn', updated: 1 },
      ],
    });
  });
});
