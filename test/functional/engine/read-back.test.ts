/** Verifying by reading every row of the tables touched back: what others have written since is named, and no more. */
import { execFileSync } from 'node:child_process';
import type { Plan } from '../../../src/engine/plan/table-plan.js';
import type { Verification, VerifyMode } from '../../../src/engine/verify/verify.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import type { RestoreRecord } from '../../../src/service/restore/record/restore-record.js';
import { transact } from '../../support/judge/judge.js';
import { Engine, EXACT, OVERWRITE } from '../../support/servers/engine.js';
import { environment, nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { TESTER, TestServices } from '../../support/servers/services.js';

async function build(remote: string): Promise<void> {
  await nbctl(remote, 'init', '--', 'ls-add', 'web', '--', 'lsp-add', 'web', 'web-1', '--', 'lsp-add', 'web', 'web-2');
  await nbctl(
    remote,
    'ls-add',
    'db',
    '--',
    'lsp-add',
    'db',
    'db-1',
    '--',
    'lr-add',
    'gw',
    '--',
    'pg-add',
    'pg',
    'db-1',
  );
}

const messagesOf = ({ problems }: Verification): readonly string[] => problems.map(({ message }) => message).sort();

describe('every row of the tables touched', () => {
  let server: TestServer;
  let engine: Engine;
  let backup: Snapshot;
  const nb = (...words: readonly string[]): Promise<string> => nbctl(server.remote, ...words);
  beforeEach(async () => {
    server = await startOvsdbServer();
    engine = new Engine(server.remote);
    await build(server.remote);
    backup = await engine.capture();
  });
  afterEach(() => server.stop());

  /** A restore that brings a port back, writes its switch and deletes a switch. */
  async function restored(): Promise<Plan> {
    await nb('lsp-del', 'web-1', '--', 'set', 'logical_switch', 'web', 'other_config:a=b', '--', 'ls-add', 'more');
    const plan = await engine.plan(backup, EXACT);
    await engine.apply(plan);
    return plan;
  }

  it('is as planned where nobody wrote', async () => {
    const plan = await restored();
    // two switches and the one that is deleted, and three ports
    expect(await engine.readBack(plan)).toEqual({ problems: [], warnings: [], asPlanned: 6, touched: 6 });
  });

  it('is named when somebody wrote to it since, also where no change was planned', async () => {
    const plan = await restored();
    await nb('set', 'logical_switch', 'db', 'external_ids:by=other', '--', 'lsp-set-type', 'web-1', 'localport');
    await nb('set', 'logical_switch', 'web', 'external_ids:by=other', '--', 'lsp-del', 'web-2', '--', 'ls-add', 'new');
    expect(messagesOf(await engine.readBack(plan))).toEqual([
      'port "web-1" is not as planned in type',
      'port "web-2" is not in the database any more',
      'switch "db" was changed in external_ids',
      'switch "new" was added',
      'switch "web" is not as planned in external_ids, ports',
    ]);
    // what was planned is there, but for these
    expect(messagesOf(await engine.verify(plan))).toEqual(['port "web-1" is not as planned in type']);
  });

  it('is named when it is there again, or is not there', async () => {
    const plan = await restored();
    const uuid = plan.tables.flatMap(({ table: { name }, live, deletes }) =>
      name === 'Logical_Switch' ? deletes.map((index) => live.uuid(index)) : [],
    )[0];
    await nb('lsp-del', 'web-1');
    await transact(server.remote, [{ op: 'insert', table: 'Logical_Switch', uuid: uuid ?? '', row: { name: 'more' } }]);
    expect(messagesOf(await engine.readBack(plan))).toEqual(
      expect.arrayContaining([
        'port "web-1" is not in the database, though it was to be inserted',
        'switch "more" is still in the database, though it was to be deleted',
      ]),
    );
  });

  it('is compared but for what is written at run time, and for tables that nothing was done to', async () => {
    const plan = await restored();
    await nb('set', 'logical_switch_port', 'db-1', 'up=true', '--', 'set', 'logical_router', 'gw', 'options:a=b');
    expect(messagesOf(await engine.readBack(plan))).toEqual([]);
  });

  it('is counted where there are more than can be named', async () => {
    const plan = await restored();
    for (let i = 0; i < 150; i += 50)
      await nb(
        ...Array.from({ length: 50 }, (_, j) => ['--', 'ls-add', `new-${String(i + j)}`])
          .flat()
          .slice(1),
      );
    const { problems, asPlanned, touched } = await engine.readBack(plan);
    expect([problems.length, asPlanned, touched]).toEqual([100, 6, 156]);
  });

  it('is one of the part, where a part is restored', async () => {
    await nb('lsp-del', 'web-1');
    const plan = await engine.planPart(backup, OVERWRITE, { switches: ['web'] });
    await engine.apply(plan);
    expect(messagesOf(await engine.readBack(plan))).toEqual([]);
    await nb('set', 'logical_switch', 'db', 'external_ids:by=other', '--', 'ls-add', 'new');
    await nb('set', 'logical_switch_port', 'web-2', 'external_ids:by=other');
    expect(messagesOf(await engine.readBack(plan))).toEqual(['port "web-2" was changed in external_ids']);
  });
});

describe('a restore after whose commit somebody writes to a row that it left as it is', () => {
  let services: TestServices;
  beforeEach(async () => {
    services = await TestServices.start();
    await build(services.ovsdb.remote);
  });
  afterEach(() => services.stop());

  const SKIPPED = expect.stringMatching(/^1 row differs from the backup .* switch "db" /) as string;

  async function restore(verify: VerifyMode): Promise<RestoreRecord> {
    const { remote } = services.ovsdb;
    const { id: backupId } = await services.create();
    await nbctl(remote, 'lsp-del', 'web-1', '--', 'set', 'logical_switch', 'db', 'other_config:a=b');
    // its record is written when it is begun, when it is sent, and when it is committed
    let written = 0;
    services.store.failWhen((method, key) => {
      if (method === 'put' && /^restores\/[^/]+\.json$/.test(key) && ++written === 3)
        execFileSync('ovn-nbctl', [`--db=${remote}`, 'set', 'logical_switch', 'db', 'external_ids:by=other'], {
          env: environment(),
        });
      return undefined;
    });
    const request = { backupId, dryRun: false, conflictPolicy: 'SKIP', exact: false, force: false, verify } as const;
    const started = await services.restores.start({ ...TESTER, ...request });
    await started.done;
    expect(written).toBe(4);
    return started.restore.record;
  }

  it('succeeds, and names the row when it was to read all rows back', async () => {
    const { phase, result, verify } = await restore('FULL');
    expect([phase, result?.success, verify]).toEqual(['SUCCEEDED', true, 'FULL']);
    expect(result?.warnings).toEqual([
      SKIPPED,
      expect.stringContaining('Somebody else has written to the tables that it changed') as string,
      'After the commit: switch "db" was changed in external_ids',
    ]);
  });

  it('says nothing of it otherwise', async () => {
    const { phase, result, verify } = await restore('ASSERTIONS');
    expect([phase, result?.success, result?.warnings, verify]).toEqual(['SUCCEEDED', true, [SKIPPED], 'ASSERTIONS']);
  });
});
