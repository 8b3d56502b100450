/** Undoing restores, and restores that undo themselves unless they are confirmed in time. */
import { setTimeout as delay } from 'node:timers/promises';
import { codeIn } from '../../support/clients/api-client.js';
import {
  CancelRestoreDocument,
  ConfirmRestoreDocument,
  CreateBackupDocument,
  GetRestoreDocument,
  ListRestoresDocument,
  RestoreBackupDocument,
  type RestoreBackupInput,
  RestoreChangesDocument,
  type RestoreFieldsFragment,
  type RestoreProgressFieldsFragment,
  RestoreStepsDocument,
  UndoRestoreDocument,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { compareDatabases, type DatabaseContent, dumpDatabase, emptyDatabase } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

let api: TestApi;
let backupId: string;
let asBackedUp: DatabaseContent;

beforeAll(async () => {
  api = await startApiServer({ database: databaseFile({ profile: 'openstack', rows: 500 }) });
  await nbctl(
    api.ovsdb.remote,
    'ls-add',
    'web',
    '--',
    'lsp-add',
    'web',
    'web-1',
    '--',
    'lsp-add',
    'web',
    'web-2',
    '--',
    'pg-add',
    'pg_web',
    'web-1',
    'web-2',
    '--',
    'acl-add',
    'web',
    'to-lport',
    '1000',
    'ip4',
    'allow',
  );
  backupId = (await api.admin.run(CreateBackupDocument, { input: { name: 'all' } })).createBackup.id;
  asBackedUp = await dump();
});
afterAll(() => api.stop());
afterEach(async () => {
  await restore();
  expect(compareDatabases(asBackedUp, await dump())).toEqual([]);
});

const dump = (): Promise<DatabaseContent> => dumpDatabase(api.ovsdb.remote);
const nb = (...words: readonly string[]): Promise<string> => nbctl(api.ovsdb.remote, ...words);

async function restore(input: Partial<RestoreBackupInput> = {}): Promise<RestoreFieldsFragment> {
  return (
    await api.admin.run(RestoreBackupDocument, {
      input: { backupId, conflictPolicy: 'OVERWRITE', exact: true, ...input },
    })
  ).restoreBackup;
}

async function undo(id: string, options: { force?: boolean; dryRun?: boolean } = {}): Promise<RestoreFieldsFragment> {
  return (await api.admin.run(UndoRestoreDocument, { id, ...options })).undoRestore;
}

async function look(id: string): Promise<RestoreFieldsFragment> {
  const found = (await api.admin.run(GetRestoreDocument, { id })).restore;
  if (found === null || found === undefined) throw new Error('no such restore');
  return found;
}

/** A switch less, one changed, one more. */
async function change(): Promise<DatabaseContent> {
  await nb(
    'ls-del',
    'web',
    '--',
    'ls-add',
    'extra',
    '--',
    'lsp-add',
    'extra',
    'extra-1',
    '--',
    'pg-set-ports',
    'pg_web',
    'extra-1',
  );
  return dump();
}

describe('undoRestore', () => {
  it('puts back exactly what the restore changed, as a restore of its own', async () => {
    const before = await change();
    const done = await restore();
    const dry = await undo(done.id, { dryRun: true });
    expect(dry).toMatchObject({ dryRun: true, phase: 'SUCCEEDED', undoOf: { id: done.id } });
    expect(compareDatabases(asBackedUp, await dump())).toEqual([]);
    const undone = await undo(done.id);
    expect(compareDatabases(before, await dump())).toEqual([]);
    const { restoredCount, deletedCount, errors } = undone.result ?? {};
    expect([undone.phase, undone.undoOf?.id, errors]).toEqual(['SUCCEEDED', done.id, []]);
    expect([restoredCount, deletedCount]).toEqual([dry.result?.restoredCount, dry.result?.deletedCount]);
    // what was inserted is deleted, what was deleted is inserted
    expect(deletedCount).toBe(
      done.result?.details.reduce(
        (sum, { table }) =>
          sum + (table === 'Logical_Switch' ? 1 : table === 'Logical_Switch_Port' ? 2 : table === 'ACL' ? 1 : 0),
        0,
      ),
    );
    expect(await look(done.id)).toMatchObject({
      phase: 'UNDONE',
      undoneBy: { id: undone.id },
      result: { success: true },
    });
    const changes = (await api.admin.run(RestoreChangesDocument, { id: undone.id, kind: 'INSERT' })).restore?.result
      ?.changes;
    expect(changes?.nodes.map(({ label }) => label).sort()).toEqual(['port "extra-1"', 'switch "extra"']);
  });

  it('is undone in turn, and does not undo twice', async () => {
    const before = await change();
    const done = await restore();
    const undone = await undo(done.id);
    expect(codeIn(await api.admin.send(UndoRestoreDocument, { id: done.id }))).toBe('CONFLICT');
    const again = await undo(undone.id);
    expect(again.phase).toBe('SUCCEEDED');
    expect(compareDatabases(asBackedUp, await dump())).toEqual([]);
    expect(before.size).toBeGreaterThan(0);
  });

  it('refuses, naming the rows, where others have changed them since, unless forced', async () => {
    // one after the other: ovsdb-server 3.1 leaves references to the ports in a row that the same transaction changes
    await nb('ls-del', 'web');
    await nb('set', 'Port_Group', 'pg_web', 'external_ids:kept=before');
    const done = await restore();
    await nb(
      'set',
      'Logical_Switch',
      'web',
      'other_config:subnet=10.0.0.0/24',
      '--',
      'set',
      'Port_Group',
      'pg_web',
      'external_ids:kept=after',
    );
    const changed = await dump();
    const refused = await undo(done.id);
    expect(refused).toMatchObject({ phase: 'FAILED', result: { success: false, restoredCount: 0, deletedCount: 0 } });
    const [first, ...more] = refused.result?.errors ?? [];
    // the first of them says what can be done, and the progress repeats it
    const choice = '. A dry run with force true says what an undo with force would do with it';
    expect(first?.message.endsWith(choice)).toBe(true);
    expect((await look(refused.id)).progress.message).toBe(first?.message);
    const messages = [first?.message.replace(choice, ''), ...more.map(({ message }) => message)];
    expect(messages.sort()).toEqual([
      'port group "pg_web" was changed since in external_ids:kept',
      'switch "web" was changed since in other_config, and would be deleted',
    ]);
    expect(refused.result?.errors.every(({ code }) => code === 'CONFLICT')).toBe(true);
    expect(compareDatabases(changed, await dump())).toEqual([]);
    expect((await look(done.id)).phase).toBe('SUCCEEDED');
    const forced = await undo(done.id, { force: true });
    expect(forced).toMatchObject({ phase: 'SUCCEEDED', result: { success: true } });
    const said = [
      'port group "pg_web" was changed since in external_ids:kept',
      'switch "web" was changed since in other_config, and is deleted all the same',
    ];
    expect([...(forced.result?.warnings ?? [])].sort()).toEqual(said);
    // whoever looks at the restore itself sees what its undo had to say
    expect((await look(done.id)).result?.warnings.sort()).toEqual([
      expect.stringMatching(/^1 row comes back that bears no mark of an owner: switch "web"/),
      `Restore ${forced.id} undid it. The undo has 2 warnings`,
      ...said.map((text) => `The undo: ${text}`),
    ]);
    expect((await nb('--bare', '--columns=name', 'find', 'Logical_Switch', 'name=web')).trim()).toBe('');
    expect((await nb('get', 'Port_Group', 'pg_web', 'external_ids:kept')).trim()).toBe('before');
  });

  it('answers at once without wait, and is told of to those who follow', async () => {
    await change();
    const done = await restore();
    const { undoRestore: begun } = await api.admin.run(UndoRestoreDocument, { id: done.id, wait: false });
    expect(begun).toMatchObject({ finishedAt: null, undoOf: { id: done.id } });
    const steps = await api.admin.followed(RestoreStepsDocument, { restoreId: begun.id });
    const about = { restoreId: begun.id, database: 'northbound', dryRun: false, undoOfId: done.id };
    for (const { restoreProgress } of steps) expect(restoreProgress).toMatchObject(about);
    expect(steps.at(-1)?.restoreProgress).toMatchObject({ phase: 'SUCCEEDED', result: { success: true } });
  });

  it('answers at once in REST with wait=false, also one that awaits its confirmation', async () => {
    await change();
    const done = await restore({ confirmWithinSeconds: 600 });
    const { status, body } = await RestClient.of(api.admin).post(`/api/v1/restores/${done.id}/undo?wait=false`);
    expect(status).toBe(202);
    expect(body).toMatchObject({ success: null, undo_of: done.id });
    const steps = await api.admin.followed(RestoreStepsDocument, { restoreId: String(body['restore_id']) });
    expect(steps.at(-1)?.restoreProgress).toMatchObject({ phase: 'SUCCEEDED', result: { errors: [] } });
    const told = await api.admin.followed(RestoreStepsDocument, { restoreId: done.id });
    expect(told.at(-1)?.restoreProgress.phase).toBe('UNDONE');
  });

  it('leaves in a set what others have put there since', async () => {
    await nb('lsp-del', 'web-1');
    const done = await restore();
    await nb('lsp-add', 'web', 'web-3');
    const undone = await undo(done.id);
    expect(undone.result?.errors).toEqual([]);
    const ports = (await nb('lsp-list', 'web'))
      .replaceAll(/.*\((.*)\)/g, '$1')
      .trim()
      .split('\n')
      .sort();
    expect(ports).toEqual(['web-2', 'web-3']);
  });

  it('refuses what changed nothing, a dry run, and what there is not', async () => {
    const none = await restore();
    expect(none.result).toMatchObject({ restoredCount: 0, steps: 0 });
    expect(await api.admin.codeOf(UndoRestoreDocument, { id: none.id })).toBe('CONFLICT');
    await change();
    const dry = await restore({ dryRun: true });
    expect(await api.admin.codeOf(UndoRestoreDocument, { id: dry.id })).toBe('CONFLICT');
    expect(await api.admin.codeOf(UndoRestoreDocument, { id: 'none' })).toBe('NOT_FOUND');
    const reader = await api.as('backups:read', 'backups:restore');
    expect(await reader.codeOf(UndoRestoreDocument, { id: dry.id })).toBe('FORBIDDEN');
    expect(await reader.codeOf(ConfirmRestoreDocument, { id: dry.id })).toBe('FORBIDDEN');
  });

  it('is told of who follows a restore that was undone after its end, and of one whose undo was undone, too', async () => {
    const steps = async (id: string): Promise<readonly unknown[]> =>
      (await api.admin.followed(RestoreStepsDocument, { restoreId: id })).map(({ restoreProgress }) => restoreProgress);
    const before = await change();
    const { id } = await restore();
    expect(await steps(id)).toMatchObject([{ phase: 'SUCCEEDED' }]);
    const first = await undo(id);
    expect(await steps(id)).toMatchObject([
      { phase: 'UNDONE', message: `Undone by restore ${first.id}`, result: { success: true } },
    ]);
    const second = await undo(first.id);
    expect(compareDatabases(asBackedUp, await dump())).toEqual([]);
    const back = `in the database again. To undo it once more, undo restore ${second.id}`;
    const isBack = expect.stringContaining(back) as string;
    expect(await look(id)).toMatchObject({
      phase: 'UNDONE',
      undoneBy: { id: first.id },
      progress: { message: isBack },
      result: { warnings: expect.arrayContaining([isBack]) as string[] },
    });
    expect(await steps(id)).toMatchObject([{ phase: 'UNDONE', message: isBack }]);
    expect((await api.admin.send(UndoRestoreDocument, { id })).errors[0]?.message).toBe(
      `Restore ${id} is undone already, by restore ${first.id}. Its changes are in the database again by restore ` +
        `${second.id}: undo that one`,
    );
    await undo(second.id);
    expect(compareDatabases(before, await dump())).toEqual([]);
    expect((await look(id)).result?.warnings.join()).not.toContain('in the database again');
    expect((await look(first.id)).result?.warnings.at(-1)).toContain('in the database again');
  });

  it('says that an id is that of a backup', async () => {
    const { errors } = await api.admin.send(UndoRestoreDocument, { id: backupId });
    expect(errors[0]?.message).toBe(
      `Restore not found: ${backupId}. That is the id of a backup: list its restores, and give the id of one of them`,
    );
  });

  it('undoes the restore of a whole database', async () => {
    await emptyDatabase(api.ovsdb.remote);
    const done = await restore();
    expect(compareDatabases(asBackedUp, await dump())).toEqual([]);
    const undone = await undo(done.id);
    expect(undone.result).toMatchObject({ success: true, deletedCount: done.result?.restoredCount });
    expect([...(await dump()).values()].every((rows) => rows.size === 0)).toBe(true);
  });
});

describe('confirmWithinSeconds', () => {
  it('undoes the restore by itself, and says how much time is left', async () => {
    const before = await change();
    const { id } = await restore({ confirmWithinSeconds: 2, wait: false });
    const events: RestoreProgressFieldsFragment[] = (
      await api.admin.followed(RestoreStepsDocument, { restoreId: id })
    ).map(({ restoreProgress }) => restoreProgress);
    const awaiting = events.filter((event) => event.phase === 'AWAITING_CONFIRMATION');
    expect(awaiting.map(({ secondsLeft }) => secondsLeft)).toEqual(expect.arrayContaining([2, 1]));
    expect(awaiting.map(({ message }) => message)).toEqual([...new Set(awaiting.map(({ message }) => message))]);
    expect(awaiting.every(({ confirmBefore, result }) => confirmBefore !== null && result === null)).toBe(true);
    expect(events.at(-1)).toMatchObject({ phase: 'UNDONE', fraction: 1, result: { success: true } });
    expect(compareDatabases(before, await dump())).toEqual([]);
    const ended = await look(id);
    expect(ended).toMatchObject({ phase: 'UNDONE', confirmBefore: null });
    const late = await api.admin.send(ConfirmRestoreDocument, { id });
    expect(late.errors).toMatchObject([
      {
        message:
          `It is too late to confirm: restore ${id} was not confirmed by ${awaiting[0]?.confirmBefore}, and was undone ` +
          `by restore ${ended.undoneBy?.id}`,
        extensions: { code: 'CONFLICT' },
      },
    ]);
    const undone = await look(ended.undoneBy?.id ?? '');
    expect(undone).toMatchObject({ phase: 'SUCCEEDED', undoOf: { id }, startedBy: 'ovncp' });
  });

  it('is answered when it awaits confirmation, and stays once it is confirmed', async () => {
    await change();
    const waiting = await restore({ confirmWithinSeconds: 60 });
    expect(waiting).toMatchObject({ phase: 'AWAITING_CONFIRMATION', finishedAt: null, result: { success: true } });
    expect(Date.parse(waiting.confirmBefore ?? '') - Date.now()).toBeGreaterThan(50_000);
    expect(waiting.progress).toMatchObject({
      phase: 'AWAITING_CONFIRMATION',
      secondsLeft: 60,
      message: expect.stringContaining('it is undone in 60 s unless it is confirmed') as string,
    });
    expect(await api.admin.codeOf(CancelRestoreDocument, { id: waiting.id })).toBe('CONFLICT');
    // another restore is refused, or waits where it asks for that; a dry run does not wait
    const refused = await api.admin.send(RestoreBackupDocument, { input: { backupId } });
    expect(refused.errors[0]?.message).toMatch(new RegExp(`^Restore ${waiting.id} of this database awaits its`));
    const queued = await restore({ wait: false, queue: true });
    expect((await restore({ dryRun: true })).phase).toBe('SUCCEEDED');
    expect(await look(queued.id)).toMatchObject({
      phase: 'QUEUED',
      progress: {
        message: `Waiting for restore ${waiting.id}, which awaits its confirmation until ${waiting.confirmBefore}, or is undone`,
      },
    });
    const { confirmRestore } = await api.admin.run(ConfirmRestoreDocument, { id: waiting.id });
    expect(confirmRestore).toMatchObject({ phase: 'SUCCEEDED', confirmBefore: null });
    const again = await api.admin.send(ConfirmRestoreDocument, { id: waiting.id });
    expect(again.errors[0]?.message).toBe(`Restore ${waiting.id} is confirmed already`);
    await api.admin.followed(RestoreStepsDocument, { restoreId: queued.id });
    expect(compareDatabases(asBackedUp, await dump())).toEqual([]);
    // what is confirmed can still be undone by hand
    expect((await undo(waiting.id)).phase).toBe('SUCCEEDED');
  });

  it('is undone at once when somebody asks for it', async () => {
    const before = await change();
    const waiting = await restore({ confirmWithinSeconds: 60 });
    expect((await undo(waiting.id)).phase).toBe('SUCCEEDED');
    expect(compareDatabases(before, await dump())).toEqual([]);
    const undone = await look(waiting.id);
    expect(undone).toMatchObject({ phase: 'UNDONE', progress: { phase: 'UNDONE' } });
    const late = await api.admin.send(ConfirmRestoreDocument, { id: waiting.id });
    expect(late.errors[0]?.message).toBe(
      `It is too late to confirm: restore ${waiting.id} was undone by restore ${undone.undoneBy?.id}`,
    );
  });

  it('goes on waiting when an undo is refused, and undoes itself all the same when time is up', async () => {
    await nb('ls-del', 'web');
    const waiting = await restore({ confirmWithinSeconds: 3 });
    await nb('set', 'Logical_Switch', 'web', 'other_config:subnet=10.0.0.0/24');
    expect((await undo(waiting.id)).phase).toBe('FAILED');
    expect((await look(waiting.id)).phase).toBe('AWAITING_CONFIRMATION');
    const steps = await api.admin.followed(RestoreStepsDocument, { restoreId: waiting.id });
    expect((await nb('--bare', '--columns=name', 'find', 'Logical_Switch', 'name=web')).trim()).toBe('');
    const ended = await look(waiting.id);
    const warnings = [
      expect.stringMatching(/^1 row comes back that bears no mark of an owner: switch "web"/) as string,
      `It was not confirmed in time, and undid itself: see restore ${ended.undoneBy?.id}. The undo has 1 warning`,
      'The undo: switch "web" was changed since in other_config, and is deleted all the same',
    ];
    expect(ended.result?.warnings).toEqual(warnings);
    expect(steps.at(-1)?.restoreProgress.result?.warnings).toEqual(warnings);
  });

  it('has nothing to wait for where nothing was changed, and in a dry run', async () => {
    const nothing = await restore({ confirmWithinSeconds: 60 });
    expect(nothing).toMatchObject({
      phase: 'SUCCEEDED',
      result: { warnings: ['Nothing had to be changed, so there is nothing to confirm: the restore has ended'] },
    });
    const { errors } = await api.admin.send(ConfirmRestoreDocument, { id: nothing.id });
    expect(errors[0]?.message).toBe(
      `Restore ${nothing.id} needs no confirmation: it had nothing to change, so it has ended`,
    );
    await change();
    const dry = await restore({ confirmWithinSeconds: 60, dryRun: true });
    expect(dry.phase).toBe('SUCCEEDED');
    const listed = async (variables: object): Promise<readonly string[]> =>
      (await api.admin.run(ListRestoresDocument, { ...variables, first: 2 })).restores.nodes.map(({ id }) => id);
    expect((await listed({ dryRun: true }))[0]).toBe(dry.id);
    expect((await listed({ dryRun: false, phase: 'SUCCEEDED' }))[0]).toBe(nothing.id);
    const rest = RestClient.of(api.admin);
    const inRest = async (query: string) => (await rest.get(`/api/v1/restores?limit=1&${query}`)).body['restores'];
    expect(await inRest('dry_run=true')).toMatchObject([{ restore_id: dry.id }]);
    expect(await inRest('dry_run=false&phase=succeeded')).toMatchObject([{ restore_id: nothing.id }]);
    expect(await inRest('phase=converging')).toEqual([]);
    expect(await api.admin.codeOf(RestoreBackupDocument, { input: { backupId, confirmWithinSeconds: 0 } })).toBe(
      'BAD_USER_INPUT',
    );
  });

  it('waits for a database that is away when time is up', async () => {
    const before = await change();
    const { id } = await restore({ confirmWithinSeconds: 1 });
    await api.ovsdb.kill();
    await delay(1_500);
    expect((await look(id)).phase).toBe('AWAITING_CONFIRMATION');
    await api.ovsdb.start();
    await api.admin.followed(RestoreStepsDocument, { restoreId: id });
    expect(compareDatabases(before, await dump())).toEqual([]);
    const undos = (await api.admin.run(ListRestoresDocument, { first: 20 })).restores.nodes.filter(
      ({ undoOf }) => undoOf?.id === id,
    );
    expect(undos[0]).toMatchObject({ phase: 'SUCCEEDED' });
  });
});
