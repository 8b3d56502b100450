/**
 * Restores of networks that never stand still: ports come to the same switches, heartbeats tick, controllers write.
 * What a restore does not write is none of its business, before the commit and after it.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { RestoreRecord } from '../../../src/service/restore/record/restore-record.js';
import type { RestoreRequest } from '../../../src/service/restore/restore-request.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import type { ExactJson } from '../../support/judge/exact-json.js';
import { NORTHBOUND } from '../../support/judge/judge.js';
import { lawRuns } from '../../support/law-runs.js';
import { environment, nbctl } from '../../support/servers/ovsdb-server.js';
import { TESTER, TestServices } from '../../support/servers/services.js';
import { until } from '../../support/until.js';

let services: TestServices;
const nb = (...words: readonly string[]): Promise<string> => nbctl(services.ovsdb.remote, ...words);
beforeEach(async () => {
  services = await TestServices.start();
  await nb('init', '--', 'ls-add', 'web', '--', 'lsp-add', 'web', 'vm0', '--', 'lsp-add', 'web', 'vm1');
  await nb('pg-add', 'pg', 'vm0', 'vm1', '--', 'set', 'NB_Global', '.', 'options:owner=ops');
});
afterEach(() => services.stop());

async function restore(request: Partial<RestoreRequest> & { readonly backupId: string }): Promise<RestoreRecord> {
  const all = { dryRun: false, conflictPolicy: 'OVERWRITE', exact: false, force: false, ...request } as const;
  const started = await services.restores.start({ ...TESTER, ...all });
  await started.done;
  return started.restore.record;
}

/** The database refused no transaction: no guard fired. */
const refusals = (): readonly string[] =>
  services.lines.filter((line) => line.includes('the database refused the transaction'));

/** Writes one transaction after the other. */
class Writer implements AsyncDisposable {
  written = 0;
  private isOver = false;
  private readonly writing: Promise<void>;

  private constructor(
    private readonly client: PlainClient,
    operations: (number: number) => readonly ExactJson[],
    everyMs: number,
  ) {
    this.writing = (async () => {
      for (; !this.isOver; this.written++) {
        await client.transact(NORTHBOUND, operations(this.written));
        await delay(everyMs);
      }
    })();
  }

  static async start(everyMs: number, operations: (number: number) => readonly ExactJson[]): Promise<Writer> {
    const writer = new Writer(await PlainClient.open(services.ovsdb.remote), operations, everyMs);
    await until(() => writer.written > 0);
    return writer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isOver = true;
    await this.writing;
    await this.client[Symbol.asyncDispose]();
  }
}

/** A port comes to the switch and to the port group. */
const newPort = (number: number): readonly ExactJson[] => [
  { op: 'insert', table: 'Logical_Switch_Port', 'uuid-name': 'p', row: { name: `new-${number}` } },
  ...[
    ['Logical_Switch', 'web'],
    ['Port_Group', 'pg'],
  ].map(
    ([table = '', name = '']): ExactJson => ({
      op: 'mutate',
      table,
      where: [['name', '==', name]],
      mutations: [['ports', 'insert', ['named-uuid', 'p']]],
    }),
  ),
];

/** A key of a map gets another value. */
const beat =
  (column: string, key: string) =>
  (number: number): readonly ExactJson[] => [
    {
      op: 'mutate',
      table: 'NB_Global',
      where: [],
      mutations: [
        [column, 'delete', ['set', [key]]],
        [column, 'insert', ['map', [[key, String(number)]]]],
      ],
    },
  ];

const ROUNDS = lawRuns(2);

it(`restores a port ${ROUNDS} times of ${ROUNDS} beside 20 new ports a second and heartbeats`, async () => {
  const { id: backupId } = await services.create();
  await using ports = await Writer.start(50, newPort);
  await using beats = await Writer.start(50, beat('external_ids', 'neutron:liveness_check_at'));
  for (let round = 0; round < ROUNDS; round++) {
    await nb('lsp-del', 'vm1');
    const [before, beatsBefore] = [ports.written, beats.written];
    const { phase, result } = await restore({ backupId, conflictPolicy: round % 2 === 0 ? 'OVERWRITE' : 'SKIP' });
    expect([phase, result?.success, result?.errors, result?.warnings]).toEqual(['SUCCEEDED', true, [], []]);
    await until(() => ports.written > before && beats.written > beatsBefore);
  }
  expect(refusals()).toEqual([]);
  await ports[Symbol.asyncDispose]();
  const names = (await nb('--bare', '--columns=name', 'list', 'Logical_Switch_Port')).trim().split(/\s+/);
  expect(names).toHaveLength(ports.written + 2);
  // none was lost, in neither set
  const members = (await nb('get', 'Port_Group', 'pg', 'ports')).split(',');
  expect(members).toHaveLength(ports.written + 2);
});

it('writes NB_Global beside heartbeats in the same columns, and does not wind them back', async () => {
  const { id: backupId } = await services.create();
  await using probe = await Writer.start(15, beat('options', 'e2e_timestamp'));
  await using liveness = await Writer.start(15, beat('external_ids', 'neutron:liveness_check_at'));
  for (let round = 0; round < lawRuns(2); round++) {
    await nb('set', 'NB_Global', '.', 'options:owner=others', `external_ids:late-${round}=1`, 'options:late=1');
    const { phase, result } = await restore({ backupId, exact: round % 2 === 1 });
    expect([phase, result?.success, result?.warnings]).toEqual(['SUCCEEDED', true, []]);
    expect((await nb('get', 'NB_Global', '.', 'options:owner')).trim()).toBe('ops');
    expect(await nb('get', 'NB_Global', '.', 'external_ids')).not.toContain('late');
  }
  expect(refusals()).toEqual([]);
  await Promise.all([probe, liveness].map((writer) => writer[Symbol.asyncDispose]()));
  expect((await nb('get', 'NB_Global', '.', 'options')).trim()).toBe(
    `{e2e_timestamp="${probe.written - 1}", owner=ops}`,
  );
  expect(await nb('get', 'NB_Global', '.', 'external_ids')).toContain(`"${liveness.written - 1}"`);
});

describe('what others write right after the commit', () => {
  /** Its record is written when it is begun, when it is sent, and when it is committed. */
  function afterCommit(...words: readonly string[]): void {
    let written = 0;
    services.store.failWhen((method, key) => {
      if (method === 'put' && /^restores\/[^/]+\.json$/.test(key) && ++written === 3)
        execFileSync('ovn-nbctl', [`--db=${services.ovsdb.remote}`, ...words], { env: environment() });
      return undefined;
    });
  }

  it.each(['ASSERTIONS', 'FULL'] as const)(
    'is no failure, and the restore waits to be confirmed: %s',
    async (verify) => {
      await nb('create', 'Address_Set', 'name=as', 'addresses=10.0.0.1');
      const { id: backupId } = await services.create();
      await nb('lsp-del', 'vm1', '--', 'set', 'Address_Set', 'as', 'addresses=10.0.0.2');
      afterCommit(
        ...['lsp-add', 'web', 'late', '--', 'pg-set-ports', 'pg', 'vm0', 'vm1', 'late'],
        ...['--', 'add', 'Address_Set', 'as', 'addresses', '10.0.0.9'],
      );
      const { id, phase, result } = await restore({ backupId, verify, confirmWithinSeconds: 600 });
      expect([phase, result?.success, result?.errors]).toEqual(['AWAITING_CONFIRMATION', true, []]);
      if (verify === 'ASSERTIONS') expect(result?.warnings).toEqual([]);
      else expect(result?.warnings[0]).toMatch(/Somebody else has written/);
      await services.restores.confirm(id, TESTER.caller.subject);
    },
  );

  it('is a warning that names the row where it was planned otherwise', async () => {
    const { id: backupId } = await services.create();
    await nb('lsp-del', 'vm1', '--', 'set', 'NB_Global', '.', 'options:owner=others');
    afterCommit('lsp-del', 'vm1', '--', 'set', 'NB_Global', '.', 'options:owner=late');
    const { phase, result } = await restore({ backupId });
    expect([phase, result?.success, result?.errors]).toEqual(['SUCCEEDED', true, []]);
    expect(result?.warnings).toEqual([
      expect.stringContaining('somebody has changed them since') as string,
      expect.stringMatching(/^After the commit: .*ports/) as string,
      'After the commit: port "vm1" is not in the database, though it was to be inserted',
      expect.stringMatching(/^After the commit: NB_Global .* is not as planned in options/) as string,
      expect.stringMatching(/^After the commit: port group "pg" is not as planned in ports/) as string,
    ]);
  });
});
