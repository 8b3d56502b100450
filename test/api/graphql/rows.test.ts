/** Looking into backups of every form and into the live database: rows of a table, one row, and what a text finds. */
import { codeIn } from '../../support/clients/api-client.js';
import {
  type ConfigurationRefInput,
  CreateBackupDocument,
  type CreateBackupInput,
  GetRowDocument,
  type GetRowQuery,
  ListRowsDocument,
  type ListRowsQuery,
  type ListRowsQueryVariables,
  SearchDocument,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

const KEY = 'the key of the rows';
const LIVE = { database: 'northbound' };
const NOBODY = '00000000-0000-4000-8000-000000000000';
const PORTS = 'Logical_Switch_Port';
/** Switches with a port each. */
const SWITCHES = ['web', 'web-2', 'Web-10', 'db "1"', 'über'];

let api: TestApi;
let rest: RestClient;
const refs = new Map<string, ConfigurationRefInput>();

async function backUp(name: string, input: Partial<CreateBackupInput>): Promise<string> {
  const { createBackup } = await api.admin.run(CreateBackupDocument, { input: { name, ...input } });
  refs.set(name, { backupId: createBackup.id, ...(input.encrypt === true ? { decryptionKey: KEY } : {}) });
  return createBackup.id;
}

beforeAll(async () => {
  api = await startApiServer();
  rest = RestClient.of(api.admin);
  const { remote } = api.ovsdb;
  const made = SWITCHES.flatMap((name, i) => [
    ...['--', 'ls-add', name, '--', 'lsp-add', name, `port-${String(i)}`],
    ...[
      '--',
      'lsp-set-addresses',
      `port-${String(i)}`,
      `0a:00:00:00:00:0${String(i)} 10.0.0.${String(i)} fd00::${String(i)}`,
    ],
  ]);
  await nbctl(remote, ...made.slice(1));
  await nbctl(remote, 'acl-add', 'web', 'to-lport', '1000', 'ip6.src == FD00:0:0:0:0:0:0:1', 'drop');
  await nbctl(remote, '--', 'lb-add', 'balancer', '10.0.0.1:80', '10.0.0.2:8080', '--', 'ls-lb-add', 'web', 'balancer');
  await nbctl(remote, 'pg-add', 'group', 'port-0', 'port-1');
  refs.set('live', LIVE);
  const parentId = await backUp('before', { format: 'YAML' });
  await nbctl(remote, 'ls-add', 'last');
  await backUp('json', { format: 'JSON' });
  await backUp('yaml', { format: 'YAML', compress: true });
  await backUp('database file', { format: 'OVSDB' });
  await backUp('encrypted', { encrypt: true, encryptionKey: KEY, compress: true });
  await backUp('incremental', { type: 'INCREMENTAL', parentId });
  await backUp('incremental, encrypted', { type: 'INCREMENTAL', parentId, encrypt: true, encryptionKey: KEY });
});
afterAll(() => api.stop());

function refOf(name: string): ConfigurationRefInput {
  const ref = refs.get(name);
  if (ref === undefined) throw new Error(`no ${name}`);
  return ref;
}

async function list(
  of: ConfigurationRefInput,
  table: string,
  more: Partial<ListRowsQueryVariables> = {},
): Promise<ListRowsQuery['rows']> {
  return (await api.admin.run(ListRowsDocument, { of, table, ...more })).rows;
}

async function labelsOf(...asked: Parameters<typeof list>): Promise<readonly string[]> {
  return (await list(...asked)).nodes.map(({ label }) => label);
}

async function found(of: ConfigurationRefInput, text: string): Promise<readonly string[]> {
  return (await api.admin.run(SearchDocument, { of, text })).search.nodes.map(({ label }) => label);
}

async function look(of: ConfigurationRefInput, table: string, label: string): Promise<NonNullable<GetRowQuery['row']>> {
  const { uuid } = (await list(of, table)).nodes.find((row) => row.label === label) ?? { uuid: NOBODY };
  const { row } = await api.admin.run(GetRowDocument, { of, table, uuid });
  if (row === null || row === undefined) throw new Error(`no ${label}`);
  return row;
}

const FORMS = ['live', 'json', 'yaml', 'database file', 'encrypted', 'incremental', 'incremental, encrypted'];

describe.each(FORMS)('%s', (form) => {
  it('lists the rows of a table by their labels', async () => {
    const { totalCount, nodes } = await list(refOf(form), 'Logical_Switch');
    expect(totalCount).toBe(6);
    expect(nodes.map(({ label }) => label)).toEqual(
      ['Web-10', 'db "1"', 'last', 'web', 'web-2', 'über'].map((name) => `switch "${name}"`),
    );
    expect(nodes[1]).toMatchObject({
      table: 'Logical_Switch',
      columns: { name: 'db "1"', ports: [expect.any(String)] },
    });
    // at the default of its type
    expect(nodes[1]?.columns).not.toHaveProperty('acls');
  });

  it('shows a row, and what refers to it', async () => {
    const port = await look(refOf(form), PORTS, 'port "port-0"');
    expect(port.columns).toMatchObject({ name: 'port-0', addresses: ['0a:00:00:00:00:00 10.0.0.0 fd00::0'] });
    expect(port.refersTo).toEqual([]);
    expect(port.referredToBy.map(({ column, table, label }) => [column, table, label])).toEqual([
      ['ports', 'Logical_Switch', 'switch "web"'],
      ['ports', 'Port_Group', 'port group "group"'],
    ]);
    const web = await look(refOf(form), 'Logical_Switch', 'switch "web"');
    expect(web.refersTo.map(({ column, table, label }) => [column, table, label])).toEqual([
      ['acls', 'ACL', 'ACL to-lport 1000 ip6.src == FD00:0:0:0:0:0:0:1 of switch "web"'],
      ['load_balancer', 'Load_Balancer', 'load balancer "balancer"'],
      ['ports', PORTS, 'port "port-0"'],
    ]);
    expect(web.referredToBy).toEqual([]);
    expect(port.referredToBy[0]?.uuid).toBe(web.uuid);
  });

  it('finds rows by what a person types', async () => {
    const of = refOf(form);
    expect(await found(of, 'WEB')).toEqual(['switch "web"', 'switch "Web-10"', 'switch "web-2"']);
    expect(await found(of, 'fd00:0::1')).toEqual([
      'port "port-1"',
      'ACL to-lport 1000 ip6.src == FD00:0:0:0:0:0:0:1 of switch "web"',
    ]);
    expect(await found(of, '10.0.0.1')).toEqual(['port "port-1"', 'load balancer "balancer"']);
    expect(await found(of, 'ÜBER')).toEqual(['switch "über"']);
    const { uuid } = await look(of, 'Logical_Switch', 'switch "web"');
    expect((await found(of, uuid.slice(0, 13).toUpperCase()))[0]).toBe('switch "web"');
  });
});

describe('pages', () => {
  it('lead through all rows, each once', async () => {
    const of = refOf('json');
    const labels: string[] = [];
    let after: string | null = null;
    for (let pages = 0; pages < 4; pages++) {
      const page: ListRowsQuery['rows'] = await list(of, 'Logical_Switch', { first: 2, after });
      expect([page.totalCount, page.pageInfo.hasPreviousPage, page.pageInfo.hasNextPage]).toEqual([
        6,
        pages > 0,
        pages < 2,
      ]);
      labels.push(...page.nodes.map(({ label }) => label));
      after = page.pageInfo.endCursor ?? after;
    }
    expect(labels).toEqual(await labelsOf(of, 'Logical_Switch'));
  });

  it('of what is found go on where the last one ended, also in another backup', async () => {
    const of = refOf('json');
    const one = (await api.admin.run(SearchDocument, { of, text: 'web', first: 1 })).search;
    expect([one.totalCount, one.pageInfo.hasNextPage]).toEqual([3, true]);
    const after = one.pageInfo.endCursor ?? null;
    for (const next of [of, refOf('yaml')]) {
      const two = (await api.admin.run(SearchDocument, { of: next, text: 'web', first: 5, after })).search;
      expect(two.nodes.map(({ label }) => label)).toEqual(['switch "Web-10"', 'switch "web-2"']);
    }
  });

  it.each([
    ['a cursor of another list', { after: Buffer.from('change:1').toString('base64url') }],
    ['no items', { first: 0 }],
    ['too many', { first: 501 }],
  ])('refuse %s', async (_what, page) => {
    expect(await api.admin.codeOf(ListRowsDocument, { of: LIVE, table: PORTS, ...page })).toBe('BAD_USER_INPUT');
    expect(await api.admin.codeOf(SearchDocument, { of: LIVE, text: 'x', ...page })).toBe('BAD_USER_INPUT');
  });
});

it('narrows a list to what a text finds, and an empty one to nothing', async () => {
  const of = refOf('json');
  expect(await labelsOf(of, 'Logical_Switch', { search: 'WEB-' })).toEqual(['switch "Web-10"', 'switch "web-2"']);
  expect(await labelsOf(of, PORTS, { search: '10.0.0.1' })).toEqual(['port "port-1"']);
  expect(await labelsOf(of, 'Logical_Switch', { search: ' ' })).toHaveLength(6);
  expect(await list(of, 'Meter')).toMatchObject({ nodes: [], totalCount: 0, pageInfo: { hasNextPage: false } });
});

it('shows of a selective backup what it holds', async () => {
  await backUp('selective', { resourceFilter: { switches: ['web'] } });
  const of = refOf('selective');
  expect(await labelsOf(of, 'Logical_Switch')).toEqual(['switch "web"']);
  expect(await found(of, 'port-')).toEqual(['port "port-0"']);
});

it('has no row that is not there, and refuses a table that is none', async () => {
  for (const uuid of [NOBODY, 'none', '']) {
    expect((await api.admin.run(GetRowDocument, { of: LIVE, table: PORTS, uuid })).row).toBeNull();
  }
  const { uuid } = (await list(LIVE, PORTS)).nodes[0] ?? { uuid: '' };
  expect((await api.admin.run(GetRowDocument, { of: LIVE, table: 'Logical_Switch', uuid })).row).toBeNull();
  expect((await api.admin.run(GetRowDocument, { of: LIVE, table: PORTS, uuid: uuid.toUpperCase() })).row?.uuid).toBe(
    uuid,
  );
  for (const answer of [
    await api.admin.send(ListRowsDocument, { of: LIVE, table: 'Logical_switch_Ports' }),
    await api.admin.send(GetRowDocument, { of: LIVE, table: 'Logical_switch_Ports', uuid }),
  ])
    expect(answer.errors[0]?.message).toMatch(
      /^table: the configuration has no table "Logical_switch_Ports"; did you mean "Logical_Switch_Port".*\? There are ACL, .*Logical_Switch, /,
    );
});

it.each<[string, () => ConfigurationRefInput, string]>([
  ['neither backup nor database', () => ({}), 'BAD_USER_INPUT'],
  ['both', () => ({ ...refOf('json'), ...LIVE }), 'BAD_USER_INPUT'],
  ['a key for a database', () => ({ ...LIVE, decryptionKey: KEY }), 'BAD_USER_INPUT'],
  ['a key for a backup that needs none', () => ({ ...refOf('json'), decryptionKey: KEY }), 'BAD_USER_INPUT'],
  ['a backup that there is not', () => ({ backupId: 'none' }), 'NOT_FOUND'],
  ['a database that there is not', () => ({ database: 'none' }), 'NOT_FOUND'],
  ['no key', () => ({ ...refOf('encrypted'), decryptionKey: null }), 'DECRYPTION_FAILED'],
  ['a wrong key', () => ({ ...refOf('encrypted'), decryptionKey: 'something else entirely' }), 'DECRYPTION_FAILED'],
])('refuses %s', async (_what, ref, code) => {
  const of = ref();
  for (const answer of [
    await api.admin.send(ListRowsDocument, { of, table: PORTS }),
    await api.admin.send(GetRowDocument, { of, table: PORTS, uuid: NOBODY }),
    await api.admin.send(SearchDocument, { of, text: 'web' }),
  ]) {
    expect(codeIn(answer)).toBe(code);
    for (const secret of [KEY, 'entirely']) expect(answer.text).not.toContain(secret);
  }
});

it('refuses a text that is empty, too long, or no text', async () => {
  for (const text of ['', '  ', 'x'.repeat(1_001), 'a\u0000'])
    expect(await api.admin.codeOf(SearchDocument, { of: LIVE, text })).toBe('BAD_USER_INPUT');
});

it('answers in REST with the same', async () => {
  const { backupId = '' } = refOf('encrypted');
  const headers = { 'x-decryption-key': KEY };
  const of = `of=backup:${String(backupId)}`;
  const rows = await rest.get(`/api/v1/rows/Logical_Switch?${of}&limit=2&offset=1`, headers);
  const { nodes } = await list(refOf('encrypted'), 'Logical_Switch');
  expect([rows.status, rows.body]).toEqual([200, { rows: nodes.slice(1, 3), total: 6 }]);
  const hits = await rest.get(`/api/v1/search?${of}&text=fd00:0::1`, headers);
  expect(hits.body).toMatchObject({ rows: [{ label: 'port "port-1"' }, { table: 'ACL' }], total: 2 });
  const { uuid, referredToBy, refersTo, ...members } = await look(refOf('encrypted'), PORTS, 'port "port-0"');
  const row = await rest.get(`/api/v1/rows/${PORTS}/${uuid}?${of}`, headers);
  expect(row.body).toEqual({ uuid, ...members, referred_to_by: referredToBy, refers_to: refersTo });
  expect((await rest.get(`/api/v1/rows/${PORTS}/${uuid}?${of}`)).status).toBe(422);
  const needless = await rest.get('/api/v1/search?of=live:northbound&text=x', headers);
  expect([needless.status, needless.body['error']]).toEqual([400, 'of: a database needs no key']);
  const gone = await rest.get(`/api/v1/rows/${PORTS}/${NOBODY}?of=live:northbound`);
  expect([gone.status, gone.body['error']]).toEqual([
    404,
    expect.stringMatching(/^Row not found: Logical_Switch_Port/),
  ]);
});

describe('an operation', () => {
  it('pays for what it looks into, and for each row whose referrers it asks for', async () => {
    const looks = Array.from(
      { length: 16 },
      (_, i) => `a${String(i)}: rows(of: $of, table: "ACL", first: 1) { totalCount }`,
    );
    const query = (fields: readonly string[]): string => `query ($of: ConfigurationRefInput!) { ${fields.join(' ')} }`;
    const of = refOf('json');
    expect((await api.admin.send(query(looks.slice(1)), { of })).errors).toEqual([]);
    expect((await api.admin.send(query(looks), { of })).errors[0]?.message).toMatch(
      /^The operation costs 12016, more than/,
    );
    const referrers = (first: number): string =>
      query([`rows(of: $of, table: "${PORTS}", first: ${String(first)}) { nodes { referredToBy { uuid } } }`]);
    expect((await api.admin.send(referrers(50), { of })).errors).toEqual([]);
    expect(codeIn(await api.admin.send(referrers(60), { of }))).toBe('BAD_USER_INPUT');
  });
});
