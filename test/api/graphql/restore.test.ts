/**
 * Restores through the API: what each policy does, what is counted, listed and refused. A judge of our own reads the
 * database.
 */
import { readFile } from 'node:fs/promises';
import { codeIn } from '../../support/clients/api-client.js';
import {
  type ChangeKind,
  CreateBackupDocument,
  DeleteBackupDocument,
  GetRestoreDocument,
  ListRestoresDocument,
  RestoreBackupDocument,
  type RestoreBackupInput,
  RestoreChangesDocument,
  type RestoreFieldsFragment,
  type RestoreResultFieldsFragment,
  type RowChangePageFragment,
} from '../../support/clients/generated/graphql.js';
import {
  compareDatabases,
  type DatabaseContent,
  dumpDatabase,
  emptyDatabase,
  rowCount,
  transact,
} from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

const KEY = 'the key of the restore tests';
let api: TestApi;
let backupId: string;
/** The database as the backup has it. */
let before: DatabaseContent;

beforeAll(async () => {
  api = await startApiServer({ database: databaseFile({ profile: 'openstack', rows: 600 }) });
  before = await dumpDatabase(api.ovsdb.remote);
  backupId = (await api.admin.run(CreateBackupDocument, { input: { name: 'all', compress: true } })).createBackup.id;
});
afterAll(() => api.stop());

async function restore(input: Partial<RestoreBackupInput> = {}): Promise<RestoreFieldsFragment> {
  return (await api.admin.run(RestoreBackupDocument, { input: { backupId, ...input } })).restoreBackup;
}

function resultOf({ result }: RestoreFieldsFragment): RestoreResultFieldsFragment {
  if (result === null || result === undefined) throw new Error('the restore has no result');
  return result;
}

function countsOf({
  restoredCount,
  skippedCount,
  deletedCount,
  errorCount,
  details,
}: RestoreResultFieldsFragment): unknown {
  return { restoredCount, skippedCount, deletedCount, errorCount, details };
}

const live = (): Promise<DatabaseContent> => dumpDatabase(api.ovsdb.remote);

/** Deletes a switch with its ports, changes another one, and makes a third that the backup lacks. */
async function change(): Promise<{ deleted: string; changed: string; made: string }> {
  const names = (await nbctl(api.ovsdb.remote, '--bare', '--columns=_uuid', 'list', 'Logical_Switch'))
    .trim()
    .split(/\s+/)
    .sort();
  const [deleted, changed] = names;
  if (deleted === undefined || changed === undefined) throw new Error('too few switches');
  await nbctl(
    api.ovsdb.remote,
    'ls-del',
    deleted,
    '--',
    'set',
    'Logical_Switch',
    changed,
    'other_config:test=changed',
    '--',
    'ls-add',
    'made-since',
    '--',
    'lsp-add',
    'made-since',
    'port-made-since',
  );
  const made = (
    await nbctl(api.ovsdb.remote, '--bare', '--columns=_uuid', 'find', 'Logical_Switch', 'name=made-since')
  ).trim();
  return { deleted, changed, made };
}

async function reset(): Promise<void> {
  await restore({ conflictPolicy: 'OVERWRITE', exact: true });
}

describe('a restore', () => {
  afterEach(reset);

  it.each([
    { conflictPolicy: 'SKIP' as const },
    { conflictPolicy: 'OVERWRITE' as const },
    { conflictPolicy: 'OVERWRITE' as const, exact: true },
  ])('counts the same in a dry run of %j, which changes nothing', async (input) => {
    await change();
    const changed = await live();
    const dry = await restore({ ...input, dryRun: true });
    expect(compareDatabases(changed, await live())).toEqual([]);
    const real = await restore(input);
    expect(countsOf(resultOf(dry))).toEqual(countsOf(resultOf(real)));
    expect([dry.dryRun, dry.phase, resultOf(dry).success, resultOf(dry).dryRun]).toEqual([
      true,
      'SUCCEEDED',
      true,
      true,
    ]);
    expect([real.dryRun, real.phase, resultOf(real).success, resultOf(real).dryRun]).toEqual([
      false,
      'SUCCEEDED',
      true,
      false,
    ]);
    const changes = async (id: string): Promise<unknown> =>
      (await api.admin.run(RestoreChangesDocument, { id, first: 100 })).restore?.result?.changes.nodes;
    expect(await changes(dry.id)).toEqual(await changes(real.id));
  });

  it('with SKIP brings back what is missing and leaves the rest alone', async () => {
    const { deleted, changed, made } = await change();
    const result = resultOf(await restore());
    const after = await live();
    const switches = after.get('Logical_Switch');
    expect(switches?.get(deleted)).toBe(before.get('Logical_Switch')?.get(deleted));
    expect(switches?.get(changed)).toContain('"changed"');
    expect(switches?.has(made)).toBe(true);
    expect(result.deletedCount).toBe(0);
    expect(result.restoredCount).toBeGreaterThan(0);
    expect(result.restoredCount + result.skippedCount).toBe(rowCount(before));
  });

  it('with OVERWRITE also takes back what was changed, and leaves what is new', async () => {
    const { deleted, changed, made } = await change();
    await restore({ conflictPolicy: 'OVERWRITE' });
    const switches = (await live()).get('Logical_Switch');
    for (const uuid of [deleted, changed]) expect(switches?.get(uuid)).toBe(before.get('Logical_Switch')?.get(uuid));
    expect(switches?.has(made)).toBe(true);
  });

  it('that is exact makes the database equal to the backup, and a second one changes nothing', async () => {
    await change();
    const first = resultOf(await restore({ conflictPolicy: 'OVERWRITE', exact: true, verify: 'FULL' }));
    expect(first.warnings).toEqual([
      expect.stringMatching(/^1 row that holds ports is deleted, .*"made-since" \(1 port\)$/),
      expect.stringMatching(/^1 row of Neutron comes back: switch /),
    ]);
    expect(compareDatabases(before, await live())).toEqual([]);
    expect(first.deletedCount).toBe(2);
    for (const { restored, skipped, failed, total } of first.details) expect(restored + skipped + failed).toBe(total);
    expect(first.processingTime).toMatch(/^\d+\.\d{3}s$/);
    expect(resultOf(await restore({ conflictPolicy: 'OVERWRITE', exact: true }))).toMatchObject({
      success: true,
      restoredCount: 0,
      deletedCount: 0,
      skippedCount: rowCount(before),
    });
  });

  it('with ERROR does nothing when a row differs, and names it', async () => {
    const { changed } = await change();
    const until = await live();
    const answer = await restore({ conflictPolicy: 'ERROR' });
    const { success, errors, restoredCount } = resultOf(answer);
    expect([answer.phase, success, restoredCount]).toEqual(['FAILED', false, 0]);
    expect(errors).toMatchObject([{ code: 'CONFLICT', table: 'Logical_Switch' }]);
    expect(errors[0]?.label).toBeTruthy();
    const choice = /differs .*\. With conflictPolicy SKIP what differs stays as it is, with OVERWRITE it becomes as in/;
    expect(errors[0]?.message).toMatch(choice);
    expect(answer.progress.message).toBe(errors[0]?.message);
    const { changes } = (await api.admin.run(RestoreChangesDocument, { id: answer.id })).restore?.result ?? {};
    const { skippedCount, details } = resultOf(answer);
    expect(changes?.totalCount).toBe(skippedCount);
    expect(details.reduce((sum, { skipped }) => sum + skipped, 0)).toBe(skippedCount);
    expect(new Set(changes?.nodes.map(({ kind }) => kind))).toEqual(new Set(['SKIP']));
    expect(compareDatabases(until, await live())).toEqual([]);
    await nbctl(api.ovsdb.remote, 'remove', 'Logical_Switch', changed, 'other_config', 'test');
    expect(resultOf(await restore({ conflictPolicy: 'ERROR' }))).toMatchObject({ success: true, errorCount: 0 });
  });

  it('into an emptied database keeps every UUID', async () => {
    await emptyDatabase(api.ovsdb.remote);
    const result = resultOf(await restore());
    expect(result.restoredCount).toBe(rowCount(before));
    expect(compareDatabases(before, await live())).toEqual([]);
  });

  it('leaves a trace in the database log: who restored what', async () => {
    await change();
    const { id } = await restore({ conflictPolicy: 'OVERWRITE', exact: true });
    expect(await readFile(api.ovsdb.databaseFile, 'utf8')).toContain(
      `ovncp: restore ${id} of backup ${backupId} by tester`,
    );
  });
});

describe('the changes of a restore', () => {
  let id: string;
  let rows: { deleted: string; changed: string; made: string };
  beforeAll(async () => {
    rows = await change();
    id = (await restore({ conflictPolicy: 'OVERWRITE', exact: true })).id;
  });
  const page = async (variables: {
    first?: number;
    after?: string | null;
    kind?: ChangeKind;
    table?: string;
  }): Promise<RowChangePageFragment> => {
    const changes = (await api.admin.run(RestoreChangesDocument, { id, ...variables })).restore?.result?.changes;
    if (changes === undefined) throw new Error('no changes');
    return changes;
  };

  it('say column by column what was changed', async () => {
    const [update, ...more] = (await page({ kind: 'UPDATE', table: 'Logical_Switch' })).nodes;
    expect(more).toEqual([]);
    // the ports of the deleted switch had left their port groups, too
    expect(new Set((await page({ kind: 'UPDATE' })).nodes.map(({ table }) => table))).toEqual(
      new Set(['Logical_Switch', 'Port_Group']),
    );
    expect(update).toMatchObject({ kind: 'UPDATE', table: 'Logical_Switch', uuid: rows.changed });
    const [column] = update?.columns ?? [];
    expect(column).toMatchObject({ column: 'other_config', before: { test: 'changed' } });
    expect(column?.after).not.toHaveProperty('test');
    const inserted = (await page({ kind: 'INSERT', table: 'Logical_Switch' })).nodes;
    expect(inserted.map(({ uuid }) => uuid)).toEqual([rows.deleted]);
    expect(inserted[0]?.columns.map((cell) => cell.column)).toContain('name');
    const deleted = (await page({ kind: 'DELETE' })).nodes;
    expect(deleted.map(({ table, label }) => [table, label]).sort()).toEqual([
      ['Logical_Switch', 'switch "made-since"'],
      ['Logical_Switch_Port', 'port "port-made-since"'],
    ]);
    expect((await page({ kind: 'SKIP', first: 1 })).nodes[0]).toMatchObject({
      kind: 'SKIP',
      columns: [],
      reason: 'unchanged',
    });
  });

  it('come page by page, each once, and are counted', async () => {
    const { restoredCount, deletedCount, skippedCount } = (await api.admin.run(GetRestoreDocument, { id })).restore
      ?.result ?? { restoredCount: 0, deletedCount: 0, skippedCount: 0 };
    const seen = new Set<string>();
    let after: string | null = null;
    for (;;) {
      const { nodes, totalCount, pageInfo }: RowChangePageFragment = await page({ first: 150, after });
      expect(totalCount).toBe(restoredCount + deletedCount + skippedCount);
      for (const { kind, uuid } of nodes) seen.add(`${kind} ${uuid}`);
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor ?? null;
    }
    expect(seen.size).toBe(restoredCount + deletedCount + skippedCount);
    expect((await page({ kind: 'INSERT' })).totalCount + (await page({ kind: 'UPDATE' })).totalCount).toBe(
      restoredCount,
    );
  });

  it.each([{ first: 0 }, { first: 1_001 }, { after: 'nonsense' }, { table: 'No_Such_Table' }])(
    'refuses %j',
    async (variables) => {
      const answer = await api.admin.send(RestoreChangesDocument, { id, ...variables });
      expect(codeIn(answer)).toBe('BAD_USER_INPUT');
    },
  );
});

describe('restoreBackup refuses', () => {
  it.each<[string, Partial<RestoreBackupInput>, string]>([
    ['a backup that there is not', { backupId: 'none' }, 'NOT_FOUND'],
    ['a database that there is not', { database: 'other' }, 'NOT_FOUND'],
    ['exact without OVERWRITE', { exact: true }, 'BAD_USER_INPUT'],
    ['a key for what is not encrypted', { decryptionKey: 'a key that is not needed' }, 'BAD_USER_INPUT'],
  ])('%s', async (_what, input, code) => {
    const records = (await api.admin.run(ListRestoresDocument)).restores.totalCount;
    const answer = await api.admin.send(RestoreBackupDocument, { input: { backupId, ...input } });
    expect(codeIn(answer)).toBe(code);
    expect(answer.text).not.toContain('not needed');
    expect((await api.admin.run(ListRestoresDocument)).restores.totalCount).toBe(records);
  });

  it('an encrypted backup without its key or with a wrong one, and restores with the right one', async () => {
    const { createBackup } = await api.admin.run(CreateBackupDocument, {
      input: { name: 'encrypted', encrypt: true, encryptionKey: KEY },
    });
    await emptyDatabase(api.ovsdb.remote);
    const input = { backupId: createBackup.id };
    expect(await api.admin.codeOf(RestoreBackupDocument, { input })).toBe('DECRYPTION_FAILED');
    const answer = await api.admin.send(RestoreBackupDocument, {
      input: { ...input, decryptionKey: 'quite the wrong one' },
    });
    expect(codeIn(answer)).toBe('DECRYPTION_FAILED');
    expect(answer.text).not.toContain('quite');
    expect(rowCount(await live())).toBe(0);
    const [failed] = (await api.admin.run(ListRestoresDocument, { first: 1 })).restores.nodes;
    expect(failed).toMatchObject({
      phase: 'FAILED',
      result: { success: false, restoredCount: 0, errors: [{ code: 'DECRYPTION_FAILED' }] },
    });
    await api.admin.run(RestoreBackupDocument, { input: { ...input, decryptionKey: KEY } });
    expect(compareDatabases(before, await live())).toEqual([]);
  });

  it('a database that is away, and changes nothing', async () => {
    await api.ovsdb.kill();
    expect(await api.admin.codeOf(RestoreBackupDocument, { input: { backupId } })).toBe('DATABASE_UNAVAILABLE');
    await api.ovsdb.start();
    expect(compareDatabases(before, await live())).toEqual([]);
  });
});

describe('restores', () => {
  it('are kept, newest first, page by page, also of one backup only', async () => {
    const { createBackup: other } = await api.admin.run(CreateBackupDocument, { input: { name: 'other' } });
    const made: string[] = [];
    for (let i = 0; i < 3; i++) made.unshift((await restore({ backupId: other.id, dryRun: true })).id);
    const { restores } = await api.admin.run(ListRestoresDocument, { backupId: other.id, first: 2 });
    expect(restores.nodes.map(({ id }) => id)).toEqual(made.slice(0, 2));
    expect(restores).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    const next = await api.admin.run(ListRestoresDocument, {
      backupId: other.id,
      first: 2,
      after: restores.pageInfo.endCursor ?? null,
    });
    expect(next.restores.nodes.map(({ id }) => id)).toEqual(made.slice(2));
    expect((await api.admin.run(GetRestoreDocument, { id: made[0] ?? '' })).restore).toEqual(restores.nodes[0]);
    await api.admin.run(DeleteBackupDocument, { id: other.id });
    expect((await api.admin.run(GetRestoreDocument, { id: made[0] ?? '' })).restore).toMatchObject({
      backup: null,
      startedBy: 'tester',
      database: 'northbound',
    });
    expect((await api.admin.run(GetRestoreDocument, { id: 'none' })).restore).toBeNull();
  });

  it('never hold a column that only the running server writes', async () => {
    await transact(api.ovsdb.remote, [{ op: 'update', table: 'NB_Global', where: [], row: { nb_cfg: 7 } }]);
    const result = resultOf(await restore({ conflictPolicy: 'OVERWRITE', exact: true }));
    expect(result).toMatchObject({ restoredCount: 0, deletedCount: 0 });
  });
});
