/** Differences between two backups, and between a backup and the live database. */
import { codeIn } from '../../support/clients/api-client.js';
import {
  type ConfigurationRefInput,
  CreateBackupDocument,
  DiffDocument,
  type DiffQuery,
  type DiffQueryVariables,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

const KEY = 'the key of the diff tests';
const LIVE = { database: 'northbound' };
let api: TestApi;
let first: ConfigurationRefInput;
let second: ConfigurationRefInput;

beforeAll(async () => {
  api = await startApiServer({ database: databaseFile({ profile: 'openstack', rows: 400 }) });
  first = {
    backupId: (await api.admin.run(CreateBackupDocument, { input: { name: 'first', format: 'YAML' } })).createBackup.id,
  };
  await nbctl(api.ovsdb.remote, 'ls-add', 'new-one', '--', 'set', 'Logical_Switch', 'new-one', 'external_ids:a=b');
  const { createBackup } = await api.admin.run(CreateBackupDocument, {
    input: { name: 'second', encrypt: true, encryptionKey: KEY, format: 'OVSDB' },
  });
  second = { backupId: createBackup.id, decryptionKey: KEY };
  await nbctl(
    api.ovsdb.remote,
    'set',
    'Logical_Switch',
    'new-one',
    'external_ids:a=c',
    '--',
    'lsp-add',
    'new-one',
    'new-port',
  );
});
afterAll(() => api.stop());

async function diff(
  from: ConfigurationRefInput,
  to: ConfigurationRefInput,
  rest: Omit<DiffQueryVariables, 'from' | 'to'> = {},
): Promise<DiffQuery['diff']> {
  return (await api.admin.run(DiffDocument, { from, to, ...rest })).diff;
}

describe('diff', () => {
  it('tells what came between two backups, whatever their form', async () => {
    const { identical, inserted, updated, deleted, changes } = await diff(first, second);
    expect({ identical, inserted, updated, deleted }).toEqual({
      identical: false,
      inserted: 1,
      updated: 0,
      deleted: 0,
    });
    expect(changes.nodes).toMatchObject([{ kind: 'INSERT', table: 'Logical_Switch', label: 'switch "new-one"' }]);
    expect(changes.nodes[0]?.columns).toContainEqual({
      column: 'external_ids',
      before: null,
      after: { a: 'b' },
      added: null,
      removed: null,
    });
  });

  it('is the other way round from the other side', async () => {
    const { inserted, deleted, changes } = await diff(second, first);
    expect({ inserted, deleted }).toEqual({ inserted: 0, deleted: 1 });
    expect(changes.nodes).toMatchObject([{ kind: 'DELETE', label: 'switch "new-one"' }]);
  });

  it('tells what is different now', async () => {
    const { inserted, updated, deleted, changes } = await diff(second, LIVE);
    expect({ inserted, updated, deleted }).toEqual({ inserted: 1, updated: 1, deleted: 0 });
    const update = changes.nodes.find(({ kind }) => kind === 'UPDATE');
    expect(update?.columns).toContainEqual({
      column: 'external_ids',
      before: { a: 'b' },
      after: { a: 'c' },
      added: { a: 'c' },
      removed: { a: 'b' },
    });
  });

  it('of a configuration with itself is none', async () => {
    for (const ref of [first, second, LIVE])
      expect(await diff(ref, ref)).toMatchObject({
        identical: true,
        inserted: 0,
        updated: 0,
        deleted: 0,
        changes: { totalCount: 0, nodes: [] },
      });
  });

  it('is read page by page and by kind and table', async () => {
    const one = (await diff(first, LIVE, { first: 1 })).changes;
    expect(one).toMatchObject({ totalCount: 2, pageInfo: { hasNextPage: true } });
    const two = (await diff(first, LIVE, { first: 1, after: one.pageInfo.endCursor ?? null })).changes;
    expect(two.pageInfo.hasNextPage).toBe(false);
    expect(new Set([...one.nodes, ...two.nodes].map(({ label }) => label)).size).toBe(2);
    expect((await diff(first, LIVE, { table: 'Logical_Switch_Port' })).changes.nodes).toMatchObject([
      { label: 'port "new-port"' },
    ]);
    expect((await diff(first, LIVE, { kind: 'UPDATE' })).changes.totalCount).toBe(0);
  });

  it.each<[string, () => [ConfigurationRefInput, ConfigurationRefInput], string]>([
    ['neither backup nor database', () => [{}, LIVE], 'BAD_USER_INPUT'],
    ['both', () => [LIVE, { ...first, ...LIVE }], 'BAD_USER_INPUT'],
    ['a key for a database', () => [{ ...LIVE, decryptionKey: KEY }, first], 'BAD_USER_INPUT'],
    ['a backup that there is not', () => [{ backupId: 'none' }, LIVE], 'NOT_FOUND'],
    ['a database that there is not', () => [LIVE, { database: 'none' }], 'NOT_FOUND'],
    ['no key', () => [{ backupId: second.backupId ?? '' }, LIVE], 'DECRYPTION_FAILED'],
    ['a wrong key', () => [{ ...second, decryptionKey: 'something else entirely' }, LIVE], 'DECRYPTION_FAILED'],
  ])('refuses %s', async (_what, refs, code) => {
    const [from, to] = refs();
    const answer = await api.admin.send(DiffDocument, { from, to });
    expect(codeIn(answer)).toBe(code);
    for (const secret of [KEY, 'entirely']) expect(answer.text).not.toContain(secret);
  });
});

it('takes a table that only the newer of two schemas has, and refuses one that neither has', async () => {
  const older = await startApiServer({ database: 'test/compat/schemas/ovn-nb.20.03.ovsschema' });
  const { createBackup } = await older.admin.run(CreateBackupDocument, { input: { name: 'older' } });
  const answer = await RestClient.of(older.admin).fetch(`/api/v1/backups/${createBackup.id}/export`);
  const file = new Uint8Array(await answer.arrayBuffer());
  await older.stop();
  const { body } = await RestClient.of(api.admin).post('/api/v1/backups/import', file);
  const { id: backupId } = body['backup'] as { readonly id: string };
  for (const [from, to] of [
    [{ backupId }, LIVE],
    [LIVE, { backupId }],
  ] as const) {
    expect((await diff(from, to, { table: 'BFD' })).changes.totalCount).toBe(0);
    const refused = await api.admin.send(DiffDocument, { from, to, table: 'BFDs' });
    expect(refused.errors[0]?.message).toBe('table: the database has no table "BFDs"; did you mean "BFD"?');
  }
});

describe('an operation', () => {
  const compared = (times: number): string =>
    `query ($id: ID!) { ${Array.from(
      { length: times },
      (_, i) => `a${i}: diff(from: {backupId: $id}, to: {backupId: $id}) { identical }`,
    ).join(' ')} }`;

  it('pays for each comparison that it asks for, whatever it is called', async () => {
    const variables = { id: first.backupId };
    const { data, errors } = await api.admin.send<Record<string, unknown>, typeof variables>(compared(7), variables);
    expect([errors, Object.keys(data ?? {}).length]).toEqual([[], 7]);
    const refused = await api.admin.send(compared(25), variables);
    expect([refused.status, codeIn(refused)]).toEqual([400, 'BAD_USER_INPUT']);
    expect(refused.errors[0]?.message).toMatch(/^The operation costs 37525, more than 12000: .*fewer comparisons/);
  });
});
