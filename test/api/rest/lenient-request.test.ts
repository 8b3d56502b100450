/**
 * The REST face: its leniencies, the forms of an import, exports and their parts, what failed restores answer, and
 * X-Debug.
 */

import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { AuditLogDocument } from '../../support/clients/generated/graphql.js';
import { type RestAnswer, RestClient } from '../../support/clients/rest-client.js';
import { compareDatabases, type DatabaseContent, dumpDatabase } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

const BACKUPS = '/api/v1/backups';
const KEY = 'the key of the REST tests';
let api: TestApi;
let rest: RestClient;
let before: DatabaseContent;

interface Backup {
  readonly id: string;
  readonly [member: string]: unknown;
}

beforeAll(async () => {
  api = await startApiServer({ database: databaseFile({ profile: 'openstack', rows: 600 }) });
  rest = RestClient.of(api.admin);
  before = await dumpDatabase(api.ovsdb.remote);
});
afterAll(() => api.stop());

const made = ({ status, body }: RestAnswer): Backup => {
  expect({ status, body }).toMatchObject({ status: 201 });
  return body['backup'] as Backup;
};
const create = async (input: Record<string, unknown> = {}): Promise<Backup> =>
  made(await rest.post(BACKUPS, { name: 'rest', ...input }));
const exported = async (id: string, query = '', headers = {}): Promise<Buffer> => {
  const response = await rest.fetch(`${BACKUPS}/${id}/export${query}`, { headers });
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
};
/** Deletes a switch and changes another. @returns the name of the changed one */
async function damage(): Promise<string> {
  const [deleted = '', changed = ''] = (
    await nbctl(api.ovsdb.remote, '--bare', '--columns=_uuid', 'list', 'Logical_Switch')
  )
    .trim()
    .split(/\s+/)
    .sort();
  await nbctl(api.ovsdb.remote, 'ls-del', deleted, '--', 'set', 'Logical_Switch', changed, 'other_config:test=changed');
  return changed;
}

describe('bodies', () => {
  it.each([
    ['application/x-www-form-urlencoded'],
    ['text/plain'],
    ['application/json; charset=utf-8'],
    ['nonsense'],
    [undefined],
  ])('are JSON whatever the Content-Type says: %s', async (type) => {
    const { status, body } = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const request = httpRequest(
        `${api.url}${BACKUPS}`,
        {
          method: 'POST',
          headers: {
            authorization: `Bearer ${rest.token ?? ''}`,
            ...(type === undefined ? {} : { 'content-type': type }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response
            .on('data', (chunk: Buffer) => chunks.push(chunk))
            .on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString() }));
        },
      );
      request.on('error', reject).end('\ufeff{"name": "typed"}');
    });
    expect({ status, body }).toMatchObject({
      status: 201,
      body: expect.stringContaining('Backup created successfully'),
    });
  });

  it("take a full backup with a filter, as the user's document has it, for a full one", async () => {
    const full = await create({
      type: 'full',
      format: 'json',
      compress: true,
      encrypt: true,
      encryption_key: KEY,
      tags: ['daily'],
      resource_filter: { switches: ['ls1', 'ls2'], include_acls: true },
    });
    expect(full).toMatchObject({ type: 'full', encrypted: true, compressed: true });
    expect(full).not.toHaveProperty('resource_filter');
    const [name] = (await nbctl(api.ovsdb.remote, '--bare', '--columns=name', 'list', 'Logical_Switch'))
      .trim()
      .split('\n')
      .filter((line) => line !== '');
    expect(await create({ resource_filter: { switches: [name], include_acls: false } })).toMatchObject({
      type: 'selective',
      resource_filter: { switches: [name], routers: null, include_acls: false, include_ports: true },
    });
  });

  it('of too many bytes are refused before they are read to their end', async () => {
    expect(await rest.post(BACKUPS, `{"name": "${'x'.repeat(9 * 1024 * 1024)}"}`)).toMatchObject({
      status: 413,
      body: { code: 'TOO_LARGE' },
    });
  });
});

describe('the list', () => {
  it('is newest first, has any of the tags, and pages', async () => {
    const ids: string[] = [];
    for (const tag of ['list-a', 'list-b', 'list-a']) ids.unshift((await create({ tags: [tag] })).id);
    const idsOf = async (query: string): Promise<unknown> =>
      ((await rest.get(`${BACKUPS}?${query}`)).body['backups'] as Backup[]).map(({ id }) => id);
    expect(await idsOf('tag=list-a&tag=list-b')).toEqual(ids);
    expect(await idsOf('tag=list-b')).toEqual([ids[1]]);
    expect(await idsOf('tag=list-a&tag=list-b&limit=1&offset=1')).toEqual([ids[1]]);
    expect((await rest.get(`${BACKUPS}?tag=list-a&limit=1`)).body).toMatchObject({ total: 2 });
  });
});

describe('an export', () => {
  it('is a document that is told how long it is and what it is called', async () => {
    const { id, content_size: size } = await create({ name: 'tricky "name"\r\nX: y/..', compress: true });
    const response = await rest.fetch(`${BACKUPS}/${id}/export`);
    const text = await response.text();
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('content-disposition')).toMatch(
      /^attachment; filename="tricky__name___X__y_..-\d{8}-\d{6}\.json"$/,
    );
    expect(Number(response.headers.get('content-length'))).toBe(Buffer.byteLength(text));
    expect(size).toBe(Buffer.byteLength(text));
    expect(JSON.parse(text)).toMatchObject({ format: 'ovncp-backup/1' });
  });

  it('is decrypted with the key, and refused without it or with another', async () => {
    const { id } = await create({ compress: true, encrypt: true, encryption_key: KEY });
    expect(JSON.parse((await exported(id, '', { 'x-decryption-key': KEY })).toString())).toMatchObject({
      format: 'ovncp-backup/1',
    });
    for (const headers of [undefined, { 'x-decryption-key': 'another' }]) {
      expect(await rest.get(`${BACKUPS}/${id}/export?format=yaml`, headers)).toMatchObject({
        status: 422,
        body: { code: 'DECRYPTION_FAILED', error: expect.stringMatching(/^Decryption failed/) },
      });
    }
    expect((await exported(id, '?raw=true')).subarray(0, 8).toString()).toBe('OVNCPENC');
  });

  it('raw is the stored file, whole or in the part that is asked for', async () => {
    const { id, checksum, size } = await create({ compress: true });
    const whole = await exported(id, '?raw=true');
    expect(`sha256:${createHash('sha256').update(whole).digest('hex')}`).toBe(checksum);
    expect(JSON.parse(gunzipSync(whole).toString())).toMatchObject({ format: 'ovncp-backup/1' });
    const part = async (range: string, more = {}): Promise<{ status: number; range: string | null; bytes: Buffer }> => {
      const response = await rest.fetch(`${BACKUPS}/${id}/export?raw=true`, { headers: { range, ...more } });
      return {
        status: response.status,
        range: response.headers.get('content-range'),
        bytes: Buffer.from(await response.arrayBuffer()),
      };
    };
    const total = String(size);
    expect(await part('bytes=0-9')).toEqual({ status: 206, range: `bytes 0-9/${total}`, bytes: whole.subarray(0, 10) });
    expect(await part('bytes=10-')).toEqual({
      status: 206,
      range: `bytes 10-${String(Number(size) - 1)}/${total}`,
      bytes: whole.subarray(10),
    });
    expect(await part('bytes=-5')).toMatchObject({ status: 206, bytes: whole.subarray(-5) });
    expect(await part(`bytes=${total}-`)).toMatchObject({ status: 416, range: `bytes */${total}` });
    expect(await part('bytes=0-9', { 'if-range': `"${String(checksum)}"` })).toMatchObject({ status: 206 });
    for (const ignored of ['bytes=0-1,4-5', 'lines=1-2', 'bytes=9-1', 'bytes=-'])
      expect(await part(ignored)).toMatchObject({ status: 200, bytes: whole });
    expect(await part('bytes=0-9', { 'if-range': '"sha256:other"' })).toMatchObject({ status: 200 });
  });
});

describe('an import', () => {
  let document: Buffer;
  let digest: unknown;

  beforeAll(async () => {
    const backup = await create();
    document = await exported(backup.id);
    digest = backup['content_digest'];
  });

  it.each<[string, () => Promise<RestAnswer>]>([
    [
      'as a file',
      () => {
        const form = new FormData();
        form.set('file', new Blob([new Uint8Array(gzipSync(document))]), 'was called this.json.gz');
        form.set('tags', 'one');
        form.append('tags', 'two, three');
        return rest.post(`${BACKUPS}/import`, form);
      },
    ],
    [
      'as a file, beside fields that were left empty',
      () => {
        const form = new FormData();
        for (const name of ['name', 'description', 'format', 'decryption_key']) form.set(name, '');
        form.set('file', new Blob([new Uint8Array(document)]), 'some.json');
        for (const tag of ['one', '', 'two, three']) form.append('tags', tag);
        return rest.post(`${BACKUPS}/import`, form);
      },
    ],
    [
      'in JSON, and its text as a string',
      () => rest.post(`${BACKUPS}/import`, { format: 'json', data: document.toString(), tags: ['one', 'two, three'] }),
    ],
    [
      "in JSON, with a form's Content-Type",
      () =>
        rest.post(
          `${BACKUPS}/import`,
          { data: document.toString(), tags: ['one', 'two, three'] },
          { 'content-type': 'application/x-www-form-urlencoded' },
        ),
    ],
    ['as the body', () => rest.post(`${BACKUPS}/import?tag=one&tag=two,%20three`, new Uint8Array(document))],
    [
      'as the body, whose type says JSON',
      () =>
        rest.post(`${BACKUPS}/import?tag=one&tag=two,%20three`, new Uint8Array(document), {
          'content-type': 'application/json',
        }),
    ],
    [
      'as the body, gzipped',
      () =>
        rest.post(`${BACKUPS}/import?tag=one&tag=two,%20three`, new Uint8Array(gzipSync(document)), {
          'content-type': 'application/octet-stream',
        }),
    ],
  ])('comes %s', async (_how, send) => {
    const backup = made(await send());
    expect(backup).toMatchObject({ content_digest: digest, tags: ['one', 'two, three'], type: 'full', name: 'rest' });
  });

  it('is taken still encrypted without a key, and says what it cannot know', async () => {
    const { id } = await create({ encrypt: true, encryption_key: KEY, compress: true, name: 'locked' });
    const file = new Uint8Array(await exported(id, '?raw=true'));
    const sealed = made(await rest.post(`${BACKUPS}/import?name=sealed`, file));
    expect(sealed).toMatchObject({
      name: 'sealed',
      sealed: true,
      encrypted: true,
      row_count: null,
      content_digest: null,
      content_size: null,
      schema_version: null,
      type: null,
      format: null,
      compressed: null,
      warnings: [expect.stringMatching(/without its key .+ not known. Validate it with its key$/)],
    });
    const fullOnes = async () => JSON.stringify((await rest.get(`${BACKUPS}?type=full`)).body);
    expect(await fullOnes()).not.toContain(sealed.id);
    expect(await rest.post(`${BACKUPS}/${sealed.id}/restore`, {})).toMatchObject({
      status: 422,
      body: { code: 'DECRYPTION_FAILED' },
    });
    expect(await rest.post(`${BACKUPS}/${sealed.id}/restore`, { dry_run: true, decryption_key: KEY })).toMatchObject({
      status: 200,
      body: { success: true, restored_count: 0 },
    });
    expect((await rest.get(`${BACKUPS}/${sealed.id}`)).body).toMatchObject({
      sealed: false,
      content_digest: digest,
      type: 'full',
      format: 'json',
      compressed: true,
      warnings: [],
    });
    expect(await fullOnes()).toContain(sealed.id);
    const form = new FormData();
    form.set('file', new Blob([file]));
    form.set('decryption_key', KEY);
    expect(made(await rest.post(`${BACKUPS}/import`, form))).toMatchObject({
      name: 'locked',
      sealed: false,
      content_digest: digest,
    });
    expect(made(await rest.post(`${BACKUPS}/import`, file, { 'x-decryption-key': KEY }))).toMatchObject({
      sealed: false,
    });
    expect(await rest.post(`${BACKUPS}/import`, file, { 'x-decryption-key': 'another' })).toMatchObject({
      status: 422,
      body: { code: 'DECRYPTION_FAILED' },
    });
  });
});

describe('a restore', () => {
  let id: string;
  let changed: string;

  beforeAll(async () => ({ id } = await create()));
  beforeEach(async () => {
    changed = await damage();
  });
  afterEach(async () => {
    await rest.post(`${BACKUPS}/${id}/restore`, { conflict_policy: 'overwrite', exact: true });
    expect(compareDatabases(before, await dumpDatabase(api.ovsdb.remote))).toEqual([]);
  });

  it('counts what it did, by resource', async () => {
    const dry = await rest.post(`${BACKUPS}/${id}/restore`, { dry_run: true, conflict_policy: 'overwrite' });
    const { status, body } = await rest.post(`${BACKUPS}/${id}/restore`, { conflict_policy: 'overwrite', force: true });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        success: true,
        dry_run: false,
        deleted_count: 0,
        error_count: 0,
        warnings: [expect.stringMatching(/^1 row of Neutron comes back: switch /)],
        errors: [],
        details: { switches: { restored: 2, failed: 0, deleted: 0 } },
        steps: 1,
      },
    });
    const details = Object.values(body['details'] as Record<string, Record<string, number>>);
    expect(details.reduce((sum, { restored = NaN }) => sum + restored, 0)).toBe(body['restored_count']);
    for (const { total, restored = NaN, skipped = NaN, failed = NaN } of details)
      expect(restored + skipped + failed).toBe(total);
    for (const same of ['restored_count', 'skipped_count', 'details']) expect(dry.body[same]).toEqual(body[same]);
    expect(body).not.toHaveProperty('debug');
  });

  it('with the policy error answers 409, in the words of the document, and its result beside it; a dry run answers 200', async () => {
    const damaged = await dumpDatabase(api.ovsdb.remote);
    expect(await rest.post(`${BACKUPS}/${id}/restore`, { conflict_policy: 'error' })).toMatchObject({
      status: 409,
      body: {
        code: 'CONFLICT',
        error: expect.stringMatching(/^Restore conflicts/),
        problems: [{ code: 'CONFLICT', table: 'Logical_Switch', label: expect.any(String) }],
        result: { success: false, restored_count: 0, error_count: 1 },
      },
    });
    expect(compareDatabases(damaged, await dumpDatabase(api.ovsdb.remote))).toEqual([]);
    expect(await rest.post(`${BACKUPS}/${id}/restore`, { conflict_policy: 'error', dry_run: true })).toMatchObject({
      status: 200,
      body: {
        success: false,
        error_count: 1,
        errors: [{ code: 'CONFLICT', message: expect.stringContaining('. With conflict_policy skip what differs') }],
        progress: { message: expect.stringContaining('. With conflict_policy skip what differs') },
      },
    });
  });

  it('maps, filters and keeps the rest', async () => {
    const name = (await nbctl(api.ovsdb.remote, '--bare', 'get', 'Logical_Switch', changed, 'name'))
      .trim()
      .replaceAll('"', '');
    const { body } = await rest.post(`${BACKUPS}/${id}/restore`, {
      conflict_policy: 'overwrite',
      resource_mapping: { [name]: changed },
      restore_filter: { switches: [name] },
    });
    expect(body).toMatchObject({ success: true, details: { switches: { restored: 1 } } });
  });

  it('with X-Debug tells its phases and changes, and logs them', async () => {
    const { body } = await rest.post(
      `${BACKUPS}/${id}/restore`,
      { dry_run: false, conflict_policy: 'overwrite' },
      { 'x-debug': 'true' },
    );
    const {
      phases,
      changes,
      changes_total: total,
    } = body['debug'] as {
      phases: { phase: string; at: string; seconds: number }[];
      changes: { kind: string; label: string }[];
      changes_total: number;
    };
    expect(phases.map(({ phase }) => phase).filter((phase) => phase !== 'queued')).toEqual([
      'reading',
      'planning',
      'applying',
      'verifying',
      'succeeded',
    ]);
    for (const { seconds } of phases) expect(seconds).toBeGreaterThanOrEqual(0);
    expect(changes.filter(({ kind }) => kind !== 'skip').length).toBe(body['restored_count']);
    expect(total).toBeGreaterThan(changes.filter(({ kind }) => kind !== 'skip').length);
    expect(api.lines.find((line) => line.includes('restore in detail'))).toContain(String(body['restore_id']));
  });

  it('ends whole when its client goes away, and can be looked up', async () => {
    const gone = new AbortController();
    const answer = fetch(`${api.url}${BACKUPS}/${id}/restore`, {
      method: 'POST',
      body: '{"conflict_policy": "overwrite"}',
      headers: { authorization: `Bearer ${rest.token ?? ''}` },
      signal: gone.signal,
    });
    const newest = async (): Promise<Record<string, unknown>> =>
      ((await rest.get(`/api/v1/restores?backup_id=${id}&limit=1`)).body['restores'] as Record<string, unknown>[])[0] ??
      {};
    const last = (await newest())['restore_id'];
    await until(async () => (await newest())['restore_id'] !== last);
    gone.abort();
    await expect(answer).rejects.toThrow();
    for (;;) {
      const found = await newest();
      if (found['phase'] === 'succeeded') break;
      expect(['queued', 'reading', 'planning', 'applying', 'verifying']).toContain(found['phase']);
    }
    // the line of its end comes a moment after the end
    const ofItsEnd = await until(async () => {
      const { nodes } = (await api.admin.run(AuditLogDocument, { action: 'restoreBackup', first: 1 })).auditLog;
      return nodes[0]?.result === 'ACCEPTED' ? undefined : nodes;
    });
    expect(ofItsEnd).toMatchObject([
      { result: 'OK', subject: 'tester', via: 'REST', target: { restoreId: (await newest())['restore_id'] } },
    ]);
    expect(compareDatabases(before, await dumpDatabase(api.ovsdb.remote))).toEqual([]);
  });
});

it('never writes a key or a token into the log', () => {
  expect(api.lines.length).toBeGreaterThan(50);
  expect(api.lines.filter((line) => line.includes(KEY) || line.includes(rest.token ?? 'no token'))).toEqual([]);
});
