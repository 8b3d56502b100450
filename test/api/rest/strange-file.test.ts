/**
 * Files as they come from other systems and other hands: with a byte-order mark, of another kind than a backup, with
 * words inside that are too long, and names in one Unicode form that are looked for in the other.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ImportBackupDocument, ListBackupsDocument } from '../../support/clients/generated/graphql.js';
import { type RestAnswer, RestClient } from '../../support/clients/rest-client.js';
import { NORTHBOUND } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { installedSchema } from '../../support/northbound/make.mjs';
import { run, runForBytes } from '../../support/programs/programs.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { environment, nbctl } from '../../support/servers/ovsdb-server.js';

const BACKUPS = '/api/v1/backups';
const IMPORT = `${BACKUPS}/import`;
const MARK = '\ufeff';

let api: TestApi;
let rest: RestClient;
let document: string;
let yaml: string;
let digest: unknown;

beforeAll(async () => {
  api = await startApiServer({ database: databaseFile({ profile: 'small' }) });
  rest = RestClient.of(api.admin);
  const { body } = await rest.post(BACKUPS, { name: 'origin' });
  const { id, content_digest } = body['backup'] as { readonly id: string; readonly content_digest: string };
  digest = content_digest;
  document = await (await rest.fetch(`${BACKUPS}/${id}/export`)).text();
  yaml = await (await rest.fetch(`${BACKUPS}/${id}/export?format=yaml`)).text();
});
afterAll(() => api.stop());

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));
const upload = (content: Uint8Array<ArrayBuffer>, name = 'file'): Promise<RestAnswer> => {
  const form = new FormData();
  form.set('file', new Blob([content]), name);
  return rest.post(IMPORT, form);
};

describe('a byte-order mark', () => {
  it.each<[string, () => Promise<RestAnswer>]>([
    ['a file in a form', () => upload(bytesOf(MARK + document))],
    ['a file of YAML', () => upload(bytesOf(MARK + yaml))],
    ['a compressed file', () => upload(new Uint8Array(gzipSync(MARK + document)))],
    ['the file as the body, with a format', () => rest.post(`${IMPORT}?format=yaml`, bytesOf(MARK + yaml))],
    ['the file as the body, without one', () => rest.post(IMPORT, bytesOf(MARK + document))],
    ['the text in data', () => rest.post(IMPORT, { format: 'json', data: MARK + document })],
    ['the text of YAML in data', () => rest.post(IMPORT, { format: 'yaml', data: MARK + yaml })],
    ['the body that has data', () => rest.post(IMPORT, bytesOf(MARK + JSON.stringify({ data: MARK + document })))],
    ['the body of a backup', () => rest.post(BACKUPS, bytesOf(`${MARK}{"name": "marked"}`))],
  ])('is passed over before %s', async (_, send) => {
    const { status, body } = await send();
    expect([status, body['error']]).toEqual([201, undefined]);
    expect(body['backup']).toMatchObject({ content_digest: digest });
  });

  it('is passed over in a multipart request of GraphQL, before its file and before its fields', async () => {
    const query = 'mutation ($file: Upload!) { importBackup(input: {file: $file}) { contentDigest } }';
    const form = new FormData();
    form.set('operations', MARK + JSON.stringify({ query, variables: { file: null } }));
    form.set('map', `${MARK}{"0": ["variables.file"]}`);
    form.set('0', new Blob([bytesOf(MARK + yaml)]), 'marked.yaml');
    const { body } = await rest.post('/graphql', form, { 'apollo-require-preflight': 'true' });
    expect(body).toEqual({ data: { importBackup: { contentDigest: digest } } });
  });

  it('is passed over in GraphQL: in data, and before the request itself', async () => {
    const input = { data: MARK + yaml, format: 'YAML' } as const;
    const { importBackup } = await api.admin.run(ImportBackupDocument, { input });
    expect(importBackup.contentDigest).toBe(digest);
    const answer = await rest.send('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: bytesOf(`${MARK}{"query": "${MARK}{ backups(first: 1) { totalCount } }"}`),
    });
    expect(answer).toMatchObject({
      status: 200,
      body: { data: { backups: { totalCount: expect.any(Number) as number } } },
    });
  });
});

describe('what is no backup', () => {
  const tool = async (program: string, ...words: readonly string[]): Promise<Buffer> =>
    (await runForBytes(program, words, { env: environment() })).stdout;
  const client = (...words: readonly string[]): Promise<Buffer> => tool('ovsdb-client', ...words);

  const FILES: Record<string, readonly [make: () => Promise<Buffer>, looksLike: RegExp]> = {
    'ovsdb-client dump': [() => client('dump', api.ovsdb.remote, NORTHBOUND), /"ovsdb-client dump" prints/],
    'ovsdb-client dump -f list': [() => client('-f', 'list', 'dump', api.ovsdb.remote, NORTHBOUND), /dump" prints/],
    'ovsdb-client dump -f csv': [() => client('-f', 'csv', 'dump', api.ovsdb.remote, NORTHBOUND), /dump" prints/],
    'ovsdb-client dump -f html': [() => client('-f', 'html', 'dump', api.ovsdb.remote, NORTHBOUND), /dump" prints/],
    'ovsdb-client dump -f json': [() => client('-f', 'json', 'dump', api.ovsdb.remote, NORTHBOUND), /dump" prints/],
    'ovsdb-client get-schema': [() => client('get-schema', api.ovsdb.remote, NORTHBOUND), /a schema \(\.ovsschema\)/],
    'ovn-nb.ovsschema': [() => readFile(installedSchema()), /a schema \(\.ovsschema\)/],
    'ovn-nbctl show': [async () => Buffer.from(await nbctl(api.ovsdb.remote, 'show')), /"ovn-nbctl show"/],
    'ovn-nbctl list': [async () => Buffer.from(await nbctl(api.ovsdb.remote, 'list', 'Logical_Switch')), /"list"/],
    'ovsdb-tool show-log': [() => tool('ovsdb-tool', 'show-log', api.ovsdb.databaseFile), /show-log/],
    'a manifest of ours': [
      async () => readFile(join(api.folder, `${await anArchive()}.meta`)),
      /the manifest \(\.meta\)/,
    ],
    'a tar archive': [
      () => tool('tar', '-cf', '-', '-C', join(installedSchema(), '..'), 'ovn-nb.ovsschema'),
      /a tar archive: unpack it/,
    ],
    'an error of ours': [
      async () => Buffer.from(JSON.stringify((await rest.get(`${BACKUPS}/nope`)).body)),
      /an answer/,
    ],
  };
  async function anArchive(): Promise<string> {
    const { body } = await rest.get(BACKUPS);
    return (body['backups'] as readonly { readonly file: string }[])[0]?.file ?? '';
  }

  it.each(Object.keys(FILES))('says what it looks like, however it comes: %s', async (name) => {
    const [make, looksLike] = FILES[name] ?? [() => Promise.resolve(Buffer.alloc(0)), /^$/];
    const bytes = new Uint8Array(await make());
    const answers = [
      await upload(bytes),
      await rest.post(IMPORT, bytes),
      await upload(new Uint8Array(gzipSync(bytes))),
      ...(name === 'a tar archive' ? [] : [await rest.post(IMPORT, { data: Buffer.from(bytes).toString() })]),
    ];
    for (const { status, body } of answers) {
      expect([status, body['code']]).toEqual([422, 'INTEGRITY_FAILED']);
      expect(body['error']).toMatch(looksLike);
    }
  });

  it('says what a Southbound is for, and which file is wanted', async () => {
    const file = join(api.ovsdb.folder, 'sb.db');
    await run('ovsdb-tool', ['create', file, join(installedSchema(), '..', 'ovn-sb.ovsschema')], {
      env: environment(),
    });
    expect(await upload(new Uint8Array(await readFile(file)))).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/OVN_Southbound .*ovn-northd.*ovnnb_db\.db/) as string },
    });
  });
});

describe('words inside a file', () => {
  const NAME = `${'n'.repeat(199)}\u{1f600}${'n'.repeat(950_000)}`;

  it('that are too long are cut with a warning, and a list stays a list', async () => {
    const { manifest, ...rest_ } = JSON.parse(document) as { readonly manifest: object };
    const long = JSON.stringify({
      ...rest_,
      manifest: { ...manifest, name: NAME, description: 'd\u0000'.repeat(5_000) },
    });
    const { status, body } = await upload(bytesOf(long));
    expect(status).toBe(201);
    const backup = body['backup'] as {
      readonly id: string;
      readonly name: string;
      readonly warnings: readonly string[];
    };
    expect(backup).toMatchObject({ name: 'n'.repeat(199), description: 'd'.repeat(2_000) });
    expect(backup.warnings).toEqual([
      expect.stringMatching(/^The name that came with the backup was cut: it has 950201 characters, and 200 at most/),
      expect.stringMatching(/^The description that came with the backup was cut/),
    ]);
    // what the API was told is taken instead
    const told = await rest.post(`${IMPORT}?name=told&description=told`, bytesOf(long));
    expect(told.body['backup']).toMatchObject({ name: 'told', description: 'told', warnings: [] });
    expect(JSON.stringify((await rest.get(`${BACKUPS}?limit=500`)).body).length).toBeLessThan(100_000);
  });

  it('that are none leave the name to the file', async () => {
    const blank = document.replace(/"name":"origin"/, '"name":" \\u0000 "');
    const { body } = await upload(bytesOf(blank), '../../-rf nightly.json');
    expect(body['backup']).toMatchObject({ name: '-rf nightly' });
    expect((body['backup'] as { readonly file: string }).file).toMatch(/^rf_nightly-\d{8}-\d{6}\.json$/);
  });
});

describe('names in another Unicode form', () => {
  it('are found in either, in any case, by both faces', async () => {
    for (const name of ['Übernacht Ökostrom'.normalize('NFC'), 'übernacht ökostrom 2'.normalize('NFD'), 'Straße ΟΔΟΣ'])
      await rest.post(BACKUPS, { name, tags: ['größe'.normalize('NFD')] });
    const found = async (name: string): Promise<number> =>
      ((await rest.get(`${BACKUPS}?name=${encodeURIComponent(name)}`)).body['total'] as number) +
      (await api.admin.run(ListBackupsDocument, { filter: { nameContains: name } })).backups.totalCount;
    for (const form of ['NFC', 'NFD'] as const) {
      expect(await found('ÜBERNACHT Ö'.normalize(form))).toBe(4);
      expect(await found('ökoSTROM 2'.normalize(form))).toBe(2);
    }
    expect(await found('STRASSE οδος')).toBe(2);
    expect(await found('ubernacht')).toBe(0);
    const tagged = await rest.get(`${BACKUPS}?tag=${encodeURIComponent('größe'.normalize('NFC'))}`);
    expect(tagged.body['total']).toBe(3);
  });

  it('are told apart where a filter has to name them', async () => {
    await nbctl(api.ovsdb.remote, 'ls-add', 'büro'.normalize('NFC'));
    const { status, body } = await rest.post(BACKUPS, {
      name: 'part',
      resource_filter: { switches: ['büro'.normalize('NFD')] },
    });
    expect([status, body['error']]).toEqual([400, expect.stringContaining('the same letters in another Unicode form')]);
  });
});

describe('curl -d @FILE, which takes line breaks and zeros out of a file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ovncp-curl-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function send(option: string, content: string | Buffer): Promise<{ status: number; error: string }> {
    const file = join(folder, 'file');
    await writeFile(file, content);
    const headers = ['-H', `authorization: Bearer ${api.admin.token}`, '-w', '\n%{http_code}'];
    const { stdout } = await run('curl', ['-sS', api.url + IMPORT, ...headers, option, `@${file}`]);
    const lines = stdout.trim().split('\n');
    const { error = '' } = JSON.parse(lines.slice(0, -1).join('\n')) as { error?: string };
    return { status: Number(lines.at(-1)), error };
  }

  const exported = async (query: string): Promise<Buffer> => {
    const { body } = await rest.post(BACKUPS, { name: 'small', compress: true, encrypt: true, encryption_key: 'key' });
    const { id } = body['backup'] as { readonly id: string };
    const headers = { 'x-decryption-key': 'key' };
    return Buffer.from(await (await rest.fetch(`${BACKUPS}/${id}/export?${query}`, { headers })).arrayBuffer());
  };

  it.each<[string, () => Promise<Buffer> | Buffer]>([
    ['of YAML', () => Buffer.from(yaml)],
    ['of a database', () => exported('format=ovsdb')],
    ['compressed', () => gzipSync(yaml)],
    ['encrypted', () => exported('raw=true')],
  ])('is named with what to do, for a file %s', async (_, content) => {
    const file = await content();
    const { status, error } = await send('-d', file);
    expect([status, error]).toEqual([422, expect.stringContaining('With curl, send it with --data-binary @FILE')]);
    expect(await send('--data-binary', file)).toEqual({ status: 201, error: '' });
  });

  it('does no harm to JSON, and nothing is said of it where a file is damaged otherwise', async () => {
    expect(await send('-d', document)).toEqual({ status: 201, error: '' });
    const cut = await send('--data-binary', yaml.slice(0, yaml.length / 2));
    expect([cut.status, cut.error.includes('--data-binary')]).toEqual([422, false]);
  });
});
