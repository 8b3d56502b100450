/**
 * A port that is in another switch or router than in the backup: with a filter that picks its holder, with one that only
 * needs it, and with none. What a restore says of it, and that what it advises helps.
 */
import {
  CreateBackupDocument,
  type ResourceFilterInput,
  RestoreBackupDocument,
  type RestoreBackupInput,
  type RestoreResultFieldsFragment,
} from '../../support/clients/generated/graphql.js';
import { emptyDatabase } from '../../support/judge/judge.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(async () => {
  await api.stop();
});
beforeEach(async () => {
  await emptyDatabase(api.ovsdb.remote);
});

/** Commands of ovn-nbctl, separated by "--", and ";" between transactions. */
async function nb(commands: string): Promise<string> {
  let printed = '';
  for (const command of commands.split(';')) printed = await nbctl(api.ovsdb.remote, ...command.trim().split(/\s+/));
  return printed.trim();
}

const uuidOf = (table: string, name: string): Promise<string> => nb(`get ${table} ${name} _uuid`);
const portsOf = async (table: string, name: string): Promise<string> => nb(`get ${table} ${name} ports`);

async function backUp(): Promise<string> {
  return (await api.admin.run(CreateBackupDocument, { input: { name: 'moved' } })).createBackup.id;
}

async function restore(input: RestoreBackupInput): Promise<RestoreResultFieldsFragment> {
  const { result } = (await api.admin.run(RestoreBackupDocument, { input })).restoreBackup;
  if (result === null || result === undefined) throw new Error('a restore without a result');
  return result;
}

/** The command of ovn-nbctl in a message. */
function adviceIn(message = ''): string {
  const command = /\(ovn-nbctl ([^)]*)\)/.exec(message)?.[1];
  if (command === undefined) throw new Error(`no advice in: ${message}`);
  return command;
}

describe('a router port that a filter needs', () => {
  const NETWORK =
    'lr-add r1 -- set Logical_Router r1 options:a=b -- lrp-add r1 rp1 00:00:00:00:00:01 10.0.0.1/24 -- lr-add r2 -- ' +
    'lrp-add r1 rp2 00:00:00:00:00:02 10.0.1.1/24 -- ls-add sw1 -- lsp-add sw1 p1 -- lsp-set-type p1 router -- ' +
    'lsp-set-options p1 router-port=rp1';
  const PART: ResourceFilterInput = { switches: ['sw1'] };
  /** Moves rp1 into a router that is, or is not, in the backup. */
  const moveTo = async (router: string): Promise<void> => {
    const port = await uuidOf('Logical_Router_Port', 'rp1');
    await nb(`remove Logical_Router r1 ports ${port} -- add Logical_Router ${router} ports ${port}`);
  };

  it.each(['rX', 'r2'])('stays in the router %s, which is said, and refused by ERROR; the advice helps', async (to) => {
    await nb(NETWORK);
    const backupId = await backUp();
    if (to === 'rX') await nb('lr-add rX');
    await moveTo(to);
    const input = { backupId, restoreFilter: PART } as const;
    const refused = await restore({ ...input, conflictPolicy: 'ERROR', dryRun: true });
    expect(refused).toMatchObject({ success: false, errors: [{ message: expect.stringContaining('in ports') }] });
    const real = await restore({ ...input, conflictPolicy: 'OVERWRITE' });
    expect(real).toMatchObject({ success: true, differingCount: 1 });
    const said = real.warnings.find((text) => text.startsWith('router port "rp1", which the restore needs, is in'));
    expect(said).toContain(`is in router "${to}" now and stays there`);
    expect(said).toContain(to === 'rX' ? 'that deletes router "rX"' : 'a filter that takes both in');
    await nb(adviceIn(said));
    expect(await restore({ ...input, conflictPolicy: 'ERROR' })).toMatchObject({ success: true, differingCount: 0 });
    await moveTo(to);
    const wider = { switches: ['sw1'], routers: ['r1', to] };
    const back = await restore({ backupId, restoreFilter: wider, conflictPolicy: 'OVERWRITE', exact: to === 'rX' });
    expect([back.success, back.deletedCount]).toEqual([true, to === 'rX' ? 1 : 0]);
    expect(await portsOf('Logical_Router', 'r1')).toContain(await uuidOf('Logical_Router_Port', 'rp1'));
  });

  it('comes back into its router, and what else of that differs is said, and refused by ERROR', async () => {
    await nb(NETWORK);
    const backupId = await backUp();
    await nb('lrp-del rp1 -- set Logical_Router r1 options:a=c');
    const input = { backupId, restoreFilter: PART } as const;
    expect(await restore({ ...input, conflictPolicy: 'ERROR' })).toMatchObject({
      success: false,
      errors: [{ message: expect.stringContaining('router "r1" differs from the backup in options') }],
    });
    const real = await restore({ ...input, conflictPolicy: 'OVERWRITE' });
    expect(real.warnings).toEqual([
      expect.stringMatching(/^1 row differs .* since the filter does not pick it.*: router "r1" \(options\)$/),
    ]);
    expect(await portsOf('Logical_Router', 'r1')).toContain(await uuidOf('Logical_Router_Port', 'rp1'));
    expect(await nb('get Logical_Router r1 options')).toBe('{a=c}');
  });

  it('comes in a bare router where that is gone, which is said', async () => {
    await nb(NETWORK);
    const backupId = await backUp();
    await nb('lr-del r1');
    const real = await restore({ backupId, restoreFilter: PART, conflictPolicy: 'OVERWRITE' });
    expect(real.warnings).toEqual([expect.stringMatching(/^1 row is made bare, .*: router "r1"$/)]);
    expect(await portsOf('Logical_Router', 'r1')).toBe(`[${await uuidOf('Logical_Router_Port', 'rp1')}]`);
  });
});

describe('a port that was moved into a switch made after the backup', () => {
  /** Ports p1 and p2 of sw1 are in the backup; p1 is in swX by now, with a port that came later and is up. */
  async function movedPort(): Promise<string> {
    await nb('ls-add sw1 -- lsp-add sw1 p1 -- lsp-add sw1 p2');
    const backupId = await backUp();
    const port = await uuidOf('Logical_Switch_Port', 'p1');
    await nb(`ls-add swX -- lsp-add swX late -- set Logical_Switch_Port late up=true`);
    await nb(`remove Logical_Switch sw1 ports ${port} -- add Logical_Switch swX ports ${port}`);
    return backupId;
  }

  it.each<[string, ResourceFilterInput | undefined, ResourceFilterInput | undefined]>([
    ['without a filter', undefined, undefined],
    ['with a filter', { switches: ['sw1'] }, { switches: ['sw1', 'swX'] }],
  ])('is refused %s, and each way out that is named helps', async (_, restoreFilter, both) => {
    const backupId = await movedPort();
    const input = { backupId, restoreFilter, conflictPolicy: 'OVERWRITE' } as const;
    const [problem] = (await restore({ ...input, dryRun: true })).errors;
    expect(problem?.message).toMatch(
      /port "p1" cannot be in switch "sw1": it is in switch "swX" now.*with overwriting and exact.*that deletes switch "swX", which is not in the backup/,
    );
    const exact = { ...input, restoreFilter: both, exact: true };
    const dry = await restore({ ...exact, dryRun: true });
    const said = '1 row that holds ports is deleted, as the backup does not have it: switch "swX" (2 ports, 1 up)';
    expect([dry.success, dry.warnings, dry.deletedCount]).toEqual([true, [said], 2]);
    await nb(adviceIn(problem?.message));
    expect(await restore(input)).toMatchObject({ success: true, warnings: [], deletedCount: 0 });
    expect(await nb('lsp-list swX')).toContain('(late)');
    const port = await uuidOf('Logical_Switch_Port', 'p1');
    await nb(`remove Logical_Switch sw1 ports ${port} -- add Logical_Switch swX ports ${port}`);
    expect(await restore(exact)).toMatchObject({ success: true, warnings: [said], deletedCount: 2 });
    expect(await nb('lsp-list sw1')).toMatch(/\(p1\)\n.*\(p2\)/);
  });

  it('is told how to come back where its switch is gone, too', async () => {
    const backupId = await movedPort();
    await nb('ls-del sw1');
    const input = { backupId, conflictPolicy: 'OVERWRITE' } as const;
    const [problem] = (await restore({ ...input, dryRun: true })).errors;
    await nb(adviceIn(problem?.message));
    expect(await restore(input)).toMatchObject({ success: true, restoredCount: 3 });
    expect(await nb('lsp-list sw1')).toMatch(/\(p1\)\n.*\(p2\)/);
  });

  it('is told how to come back from a switch of the backup, which a policy leaves as it is', async () => {
    await nb('ls-add sw1 -- lsp-add sw1 p1 -- ls-add sw2');
    const backupId = await backUp();
    const port = await uuidOf('Logical_Switch_Port', 'p1');
    await nb(`add Logical_Switch sw2 ports ${port} -- ls-del sw1`);
    const input = { backupId } as const;
    const [problem] = (await restore({ ...input, dryRun: true })).errors;
    expect(problem?.message).toMatch(/, or restore with overwriting$/);
    expect(await restore({ ...input, conflictPolicy: 'OVERWRITE' })).toMatchObject({ success: true });
    expect(await nb('lsp-list sw1')).toContain('(p1)');
  });

  it('of a switch that stays is named when exact deletes it, if it is up', async () => {
    await nb('ls-add sw1 -- lsp-add sw1 p1');
    const backupId = await backUp();
    await nb('lsp-add sw1 up1 -- set Logical_Switch_Port up1 up=true -- lsp-add sw1 down1');
    const dry = await restore({ backupId, conflictPolicy: 'OVERWRITE', exact: true, dryRun: true });
    expect([dry.deletedCount, dry.warnings]).toEqual([
      2,
      ['1 port that is up is deleted, as the backup does not have it: port "up1"'],
    ]);
  });
});
