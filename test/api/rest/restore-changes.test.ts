/** What a restore changed, in REST: pages as GraphQL has them, and rows that a filter took along. */
import {
  CreateBackupDocument,
  RestoreBackupDocument,
  RestoreChangesDocument,
} from '../../support/clients/generated/graphql.js';
import { type RestAnswer, RestClient } from '../../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

const KEY = 'the key of a sealed backup';
const FILTER = { switches: ['sw'] };

let api: TestApi;
let admin: RestClient;
let restoreId: string;
const nb = (commands: string): Promise<string> => nbctl(api.ovsdb.remote, ...commands.trim().split(/\s+/));

async function dryRun(backupId: string, body: object): Promise<RestAnswer['body']> {
  const path = `/api/v1/backups/${backupId}/restore`;
  const request = { dry_run: true, conflict_policy: 'overwrite', ...body };
  const answer = await admin.send(path, { method: 'POST', body: request });
  expect(answer.status).toBe(200);
  return answer.body;
}

async function pageOf(id: unknown, query: string, client = admin, key?: string): Promise<RestAnswer> {
  const headers: Record<string, string> = key === undefined ? {} : { 'x-decryption-key': key };
  return client.send(`/api/v1/restores/${String(id)}/changes${query}`, { headers });
}

beforeAll(async () => {
  api = await startApiServer();
  admin = RestClient.of(api.admin);
  await nb('ls-add sw -- lsp-add sw p1 -- lsp-add sw p2 -- pg-add pg p1 -- set Logical_Switch sw external_ids:a=b');
  const backup = await admin.send('/api/v1/backups', { method: 'POST', body: { name: 'pages' } });
  await nb('lsp-del p1 -- lsp-del p2 -- set Logical_Switch sw external_ids:a=c');
  const { id } = backup.body['backup'] as { readonly id: string };
  const { restore_id: made, ...answer } = await dryRun(id, { restore_filter: FILTER });
  expect(answer).toMatchObject({
    pulled_in: [{ table: 'Port_Group', label: 'port group "pg"', reason: 'holds port "p1"' }],
    pulled_in_count: 1,
  });
  restoreId = String(made);
});
afterAll(() => api.stop());

it('tells of rows that a filter took along, of a backup too; a list has only their number', async () => {
  const made = await admin.send('/api/v1/backups', { method: 'POST', body: { name: 'x', resource_filter: FILTER } });
  expect(made.body['backup']).toMatchObject({ pulled_in: [], pulled_in_count: 0 });
  const one = (await admin.send(`/api/v1/restores/${restoreId}`)).body;
  expect(one).toMatchObject({ pulled_in: [{ label: 'port group "pg"' }], pulled_in_count: 1 });
  const { restores } = (await admin.send('/api/v1/restores')).body as { readonly restores: readonly object[] };
  expect(restores).toEqual([expect.objectContaining({ restore_id: restoreId, pulled_in_count: 1 })]);
  expect(restores[0]).not.toHaveProperty('pulled_in');
});

it('has the pages that GraphQL has, by offset or after a cursor, of a kind or a table', async () => {
  const { restore } = await api.admin.run(RestoreChangesDocument, { id: restoreId });
  const all = restore?.result?.changes.nodes.map(({ kind, label }) => `${kind.toLowerCase()} ${label}`);
  const told = ({ body }: RestAnswer): readonly string[] =>
    (body['changes'] as readonly { readonly kind: string; readonly label: string }[]).map(
      ({ kind, label }) => `${kind} ${label}`,
    );
  const whole = await pageOf(restoreId, '');
  expect([told(whole), whole.body['total'], whole.body['values_hidden']]).toEqual([all, all?.length, false]);
  const first = await pageOf(restoreId, '?limit=1');
  expect(first.body['page_info']).toMatchObject({ has_next_page: true, has_previous_page: false });
  const { end_cursor: after } = first.body['page_info'] as { readonly end_cursor: string };
  for (const query of ['?offset=1', `?after=${after}`]) {
    const rest = await pageOf(restoreId, query);
    expect([...told(first), ...told(rest)]).toEqual(all);
    expect(rest.body['page_info']).toMatchObject({ has_next_page: false, has_previous_page: true });
  }
  const inserts = await pageOf(restoreId, '?kind=insert&table=Logical_Switch_Port&offset=1');
  expect([told(inserts).length, inserts.body['total']]).toEqual([1, 2]);
  expect(told(await pageOf(restoreId, '?offset=100'))).toEqual([]);
  for (const query of ['?kind=insert,update', '?kind=update&kind=insert']) {
    const several = await pageOf(restoreId, query);
    expect(told(several)).toEqual(all?.filter((text) => /^(insert|update) /.test(text)));
    expect(several.body['total']).toBe(told(several).length);
  }
  const asked = { id: restoreId, kinds: ['INSERT', 'UPDATE'] as const, withValues: false };
  const brief = (await api.admin.run(RestoreChangesDocument, { ...asked, kinds: [...asked.kinds] })).restore?.result;
  expect(brief?.changes.nodes.map(({ kind, label }) => `${kind.toLowerCase()} ${label}`)).toEqual(
    told(await pageOf(restoreId, '?kind=insert,update')),
  );
  expect(JSON.stringify(brief)).not.toContain('"before"');
  expect(await pageOf(restoreId, '?kind=insert,none')).toMatchObject({ status: 400 });
});

it('names only the columns where the token may not restore', async () => {
  const reader = RestClient.of(await api.as('backups:read'));
  const { body } = await pageOf(restoreId, '?kind=update&table=Logical_Switch', reader);
  expect(body).toMatchObject({ values_hidden: true, total: 1 });
  const [change] = body['changes'] as readonly { readonly columns: readonly object[] }[];
  expect(change?.columns).toEqual(expect.arrayContaining([{ column: 'external_ids' }]));
  expect(JSON.stringify(body)).not.toContain('"before"');
  const shown = await pageOf(restoreId, '?kind=update&table=Logical_Switch');
  expect(JSON.stringify(shown.body)).toContain('"before":{"a":"c"}');
});

it('takes the key of an encrypted backup in a header', async () => {
  const input = { name: 'sealed', encrypt: true, encryptionKey: KEY };
  const { id } = (await api.admin.run(CreateBackupDocument, { input })).createBackup;
  await nb('ls-add late');
  const { restore_id: sealed } = await dryRun(id, { decryption_key: KEY, exact: true });
  expect(await pageOf(sealed, '')).toMatchObject({ status: 422, body: { code: 'DECRYPTION_FAILED' } });
  const { status, body } = await pageOf(sealed, '?kind=delete', admin, KEY);
  expect([status, body['changes']]).toMatchObject([200, [{ kind: 'delete', label: 'switch "late"' }]]);
});

describe('with changes=true', () => {
  const restore = (id: string, body: object, client = admin, query = '?changes=true'): Promise<RestAnswer> =>
    client.post(`/api/v1/backups/${id}/restore${query}`, { dry_run: true, conflict_policy: 'overwrite', ...body });
  let id: string;

  beforeAll(async () => {
    ({ id } = (await admin.post('/api/v1/backups', { name: 'with changes' })).body['backup'] as {
      readonly id: string;
    });
    await nb('set Logical_Switch sw external_ids:a=secret -- ls-add new');
  });

  it('a restore and its undo say what they change', async () => {
    const { status, body } = await restore(id, { exact: true });
    expect(status).toBe(200);
    expect(body['changes']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'update', label: 'switch "sw"' }),
        expect.objectContaining({ kind: 'delete', label: 'switch "new"' }),
      ]),
    );
    const kinds = (body['changes'] as readonly { readonly kind: string }[]).filter(({ kind }) => kind !== 'skip');
    expect(kinds).toHaveLength(Number(body['restored_count']) + Number(body['deleted_count']));
    expect(Number(body['changes_total'])).toBeGreaterThan(kinds.length);
    expect(body).not.toHaveProperty('debug');
    expect((await restore(id, { exact: true }, admin, '?changes=FALSE')).body).not.toHaveProperty('changes');
    const done = await restore(id, { dry_run: false });
    const undone = await admin.post(`/api/v1/restores/${String(done.body['restore_id'])}/undo?changes=true`);
    const back = (undone.body['changes'] as readonly { readonly kind: string }[]).filter(({ kind }) => kind !== 'skip');
    expect(back).toEqual([expect.objectContaining({ kind: 'update', label: 'switch "sw"' })]);
  });

  it('a dry run needs no more than reading, and does not tell values then', async () => {
    const reader = RestClient.of(await api.as('backups:read'));
    const { status, body } = await restore(id, {}, reader);
    expect([status, body['restored_count'], body['phase']]).toEqual([200, 1, 'succeeded']);
    expect(body['changes']).toEqual(
      expect.arrayContaining([expect.objectContaining({ kind: 'update', columns: [{ column: 'external_ids' }] })]),
    );
    expect(JSON.stringify(body)).not.toContain('secret');
    const debugged = await reader.post(`/api/v1/backups/${id}/restore`, { dry_run: true }, { 'x-debug': 'true' });
    expect(debugged.status).toBe(200);
    expect(JSON.stringify(debugged.body)).not.toContain('secret');
    const real = await restore(id, { dry_run: false }, reader);
    expect(real.status).toBe(403);
    expect(real.body['error']).toMatch(/^Insufficient permissions: token "tester" lacks backups:restore and admin: /);
    expect(real.body['error']).toMatch(/\. A dry run needs backups:read only$/);
    const input = { backupId: id, conflictPolicy: 'OVERWRITE' as const, dryRun: true };
    const byGraphQL = await (await api.as('backups:read')).run(RestoreBackupDocument, { input });
    expect(byGraphQL.restoreBackup).toMatchObject({ dryRun: true, result: { success: true, restoredCount: 1 } });
    const undo = `/api/v1/restores/${String(body['restore_id'])}/undo`;
    expect((await reader.post(undo, { dry_run: true })).status).toBe(409);
    expect((await reader.post(undo, {})).status).toBe(403);
  });

  it('takes values in any case, and a mapping as GraphQL takes it', async () => {
    const { status, body } = await restore(id, {
      conflict_policy: 'OverWrite',
      sync: 'NONE',
      resource_mapping: [{ from: 'sw', to: 'sw' }],
      restore_filter: FILTER,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: true, conflict_policy: 'overwrite', restored_count: 1 });
  });

  it('counts by resources that all have a name in the plural', async () => {
    const { details } = (await restore(id, {})).body as { readonly details: Readonly<Record<string, object>> };
    expect(details).toMatchObject({ switches: { table: 'Logical_Switch' }, nb_global: { table: 'NB_Global' } });
    expect(Object.keys(details).sort()).toEqual(['nb_global', 'port_groups', 'switches']);
  });
});
