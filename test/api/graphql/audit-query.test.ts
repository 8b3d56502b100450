/**
 * The audit trail over the real server: every call that changes something, and every refusal, has exactly one line;
 * nothing secret is in it.
 */
import { readFile, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { type AuditEntry, readLine } from '../../../src/service/audit/audit-line.js';
import { AUDIT_FILE } from '../../../src/service/audit/trail-files.js';
import { ApiClient, JWT_SECRET, tokenWith } from '../../support/clients/api-client.js';
import * as documents from '../../support/clients/generated/graphql.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { until } from '../../support/until.js';

const KEY = 'a passphrase that must stay secret';
const IMPORTED = JSON.stringify({ surprise: 'a document' });

let api: TestApi;
let reader: ApiClient;
let nobody: ApiClient;
/** Lines that a test has not asked for yet begin here. */
let seen = 0;
const secrets = new Set<string>([KEY]);

beforeAll(async () => {
  api = await startApiServer({
    database: databaseFile({ profile: 'small', rows: 200 }),
    env: { OVNCP_RATE_PER_ADDRESS_PER_MINUTE: '0', OVNCP_FAILED_LOGINS_PER_MINUTE: '0' },
  });
  reader = await api.as('backups:read');
  nobody = new ApiClient(api.url, undefined);
  for (const { token } of [api.admin, reader]) secrets.add(token ?? '');
  await waitForDatabase();
});
afterAll(() => api.stop());
beforeEach(async () => {
  seen = (await entries()).length;
});

async function waitForDatabase(): Promise<void> {
  await until(async () => (await fetch(`${api.url}/readyz`)).status === 200);
}

async function entries(): Promise<readonly AuditEntry[]> {
  const text = await readFile(join(api.folder, AUDIT_FILE), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => readLine(line)?.entry)
    .filter((entry) => entry !== undefined);
}

/**
 * The lines since the test began, without what differs from run to run. Those of sockets are not waited for by anybody,
 * so we do.
 */
async function lines(count: number): Promise<readonly Partial<AuditEntry>[]> {
  const all = await until(async () => {
    const found = await entries();
    return found.length >= seen + count && found;
  });
  const since = all.slice(seen);
  seen = all.length;
  return since.map(({ seq: _seq, at: _at, prev: _prev, hash: _hash, requestId, ...rest }) => ({
    ...rest,
    ...(requestId === undefined ? {} : { requestId: requestId.length > 30 ? 'given' : requestId }),
  }));
}

const from = (via: string, more: object): object => ({
  address: '127.0.0.1',
  via,
  ...(via === 'SOCKET' ? {} : { requestId: 'given' }),
  ...more,
});
const graphql = (more: object): object => from('GRAPHQL', more);
const ours = (more: object): object => graphql({ subject: 'tester', result: 'OK', ...more });

async function rest(
  method: string,
  path: string,
  {
    body,
    token = api.admin.token,
    headers = {},
  }: { body?: unknown; token?: string | null | undefined; headers?: Record<string, string> } = {},
): Promise<Response> {
  const answer = await fetch(`${api.url}${path}`, {
    method,
    headers: { ...(token === null || token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  await answer.arrayBuffer();
  return answer;
}

describe('mutations', () => {
  it('leave one line each that says what was done to what', async () => {
    const { createBackup } = await api.admin.run(documents.CreateBackupDocument, {
      input: { name: 'nightly\u001b[31m', encrypt: true, encryptionKey: KEY },
    });
    const { id } = createBackup;
    expect(await lines(1)).toEqual([
      ours({ action: 'createBackup', target: { backupId: id, name: 'nightly\u001b[31m', database: 'northbound' } }),
    ]);
    const { startBackup } = await api.admin.run(documents.StartBackupDocument, { input: { name: 'job' } });
    expect(await lines(1)).toEqual([
      ours({ action: 'startBackup', target: { name: 'job', database: 'northbound' }, result: 'ACCEPTED' }),
    ]);
    await api.admin.followed(documents.BackupStepsDocument, { jobId: startBackup.id });
    expect(await api.admin.codeOf(documents.CancelJobDocument, { id: startBackup.id })).toBe('CONFLICT');
    expect(await lines(1)).toEqual([
      ours({ action: 'cancelJob', target: { jobId: startBackup.id, database: 'northbound' }, result: 'CONFLICT' }),
    ]);
    await api.admin.run(documents.ValidateBackupDocument, { id, decryptionKey: KEY });
    expect(await lines(1)).toEqual([
      ours({ action: 'validateBackup', target: { backupId: id, database: 'northbound' } }),
    ]);
    await api.admin.run(documents.VerifyBackupsDocument, { filter: { nameContains: 'none is called so' } });
    expect(await lines(1)).toEqual([ours({ action: 'verifyBackups' })]);
    await api.admin.run(documents.PinBackupDocument, { id, pinned: true });
    expect(await lines(1)).toEqual([ours({ action: 'pinBackup', target: { backupId: id, database: 'northbound' } })]);
    await api.admin.run(documents.ExpireBackupsDocument, { policy: { keepLast: 100 } });
    expect(await lines(1)).toEqual([ours({ action: 'expireBackups', target: { dryRun: true } })]);
    await api.admin.run(documents.PinBackupDocument, { id, pinned: false });
    await lines(1);
    const { drillBackup } = await api.admin.run(documents.DrillBackupDocument, {
      id,
      decryptionKey: KEY,
      northd: false,
    });
    expect(await lines(1)).toEqual([
      ours({ action: 'drillBackup', target: { backupId: id, jobId: drillBackup.id, database: 'northbound' } }),
    ]);
    expect(await api.admin.codeOf(documents.ValidateBackupDocument, { id: 'none' })).toBe('NOT_FOUND');
    expect(await lines(1)).toEqual([
      ours({ action: 'validateBackup', target: { backupId: 'none' }, result: 'NOT_FOUND' }),
    ]);
    expect(await api.admin.codeOf(documents.ImportBackupDocument, { input: { data: IMPORTED, name: 'in' } })).toBe(
      'INTEGRITY_FAILED',
    );
    expect(await lines(1)).toEqual([
      ours({ action: 'importBackup', target: { name: 'in' }, result: 'INTEGRITY_FAILED' }),
    ]);
    const { prepareExport } = await api.admin.run(documents.PrepareExportDocument, {
      backupId: id,
      decryptionKey: KEY,
    });
    secrets.add(prepareExport.url.split('/').at(-1) ?? '');
    expect(await lines(1)).toEqual([
      ours({ action: 'prepareExport', target: { backupId: id, database: 'northbound' } }),
    ]);
    expect((await rest('GET', prepareExport.url, { token: null })).status).toBe(200);
    expect(await lines(1)).toEqual([
      from('REST', { subject: 'tester', action: 'downloadExport', target: { backupId: id }, result: 'OK' }),
    ]);
    const path = `/api/v1/backups/${id}/export`;
    for (const [query, status, result] of [
      ['?raw=true', 200, 'OK'],
      ['', 422, 'DECRYPTION_FAILED'],
    ] as const) {
      expect((await rest('GET', `${path}${query}`)).status).toBe(status);
      expect(await lines(1)).toEqual([
        from('REST', {
          subject: 'tester',
          action: 'exportBackup',
          target: { backupId: id, database: 'northbound' },
          result,
        }),
      ]);
    }
    await api.admin.run(documents.DeleteBackupDocument, { id });
    expect(await lines(1)).toEqual([
      ours({ action: 'deleteBackup', target: { backupId: id, database: 'northbound' } }),
    ]);
  });

  it('of restores say which restore, and how it ended', async () => {
    const {
      createBackup: { id: backupId },
    } = await api.admin.run(documents.CreateBackupDocument, { input: { name: 'r' } });
    await lines(1);
    const { restoreBackup } = await api.admin.run(documents.RestoreBackupDocument, { input: { backupId } });
    expect(await lines(1)).toEqual([
      ours({ action: 'restoreBackup', target: { backupId, restoreId: restoreBackup.id, database: 'northbound' } }),
    ]);
    const dry = await api.admin.run(documents.RestoreBackupDocument, { input: { backupId, dryRun: true } });
    expect(await lines(1)).toEqual([
      ours({
        action: 'restoreBackup',
        target: { backupId, restoreId: dry.restoreBackup.id, database: 'northbound', dryRun: true },
      }),
    ]);
    const later = await api.admin.run(documents.RestoreBackupDocument, { input: { backupId, wait: false } });
    expect(await lines(1)).toEqual([
      ours({
        action: 'restoreBackup',
        target: { backupId, restoreId: later.restoreBackup.id, database: 'northbound' },
        result: 'ACCEPTED',
      }),
    ]);
    // nobody waited for its end: the restore itself writes it
    await api.admin.followed(documents.RestoreStepsDocument, { restoreId: later.restoreBackup.id });
    expect(await lines(1)).toEqual([
      ours({
        action: 'restoreBackup',
        target: { backupId, restoreId: later.restoreBackup.id, database: 'northbound' },
      }),
    ]);
    expect(await api.admin.codeOf(documents.RestoreBackupDocument, { input: { backupId, decryptionKey: KEY } })).toBe(
      'BAD_USER_INPUT',
    );
    expect(await lines(1)).toEqual([
      ours({ action: 'restoreBackup', target: { backupId, database: 'northbound' }, result: 'BAD_USER_INPUT' }),
    ]);
    for (const [action, document] of [
      ['confirmRestore', documents.ConfirmRestoreDocument],
      ['cancelRestore', documents.CancelRestoreDocument],
    ] as const) {
      expect(await api.admin.codeOf(String(document), { id: restoreBackup.id })).toBe('CONFLICT');
      expect(await lines(1)).toEqual([
        ours({ action, target: { restoreId: restoreBackup.id, database: 'northbound' }, result: 'CONFLICT' }),
      ]);
    }
    expect(await api.admin.codeOf(documents.UndoRestoreDocument, { id: restoreBackup.id })).toBe('CONFLICT');
    expect(await lines(1)).toEqual([
      ours({ action: 'undoRestore', target: { undoOf: restoreBackup.id, database: 'northbound' }, result: 'CONFLICT' }),
    ]);
  });

  it('of one request have one line each, as far as they ran', async () => {
    const answer = await api.admin.send('mutation { one: deleteBackup(id: "1") two: deleteBackup(id: "2") }');
    expect(answer.errors).toHaveLength(1);
    expect(await lines(1)).toEqual([ours({ action: 'deleteBackup', target: { backupId: '1' }, result: 'NOT_FOUND' })]);
    await api.admin.send(
      'mutation { one: createBackup(input: {name: "a"}) { id } two: createBackup(input: {name: "b"}) { id } }',
    );
    expect((await lines(2)).map(({ target }) => target?.name)).toEqual(['a', 'b']);
  });

  it.each([
    [
      'a variable of another kind',
      'mutation M($id: ID!) { deleteBackup(id: $id) }',
      { id: { key: KEY } },
      [['deleteBackup', 'BAD_USER_INPUT']],
    ],
    ['a missing argument', 'mutation { deleteBackup }', {}, [['deleteBackup', 'GRAPHQL_VALIDATION_FAILED']]],
    [
      'several that are not valid',
      'mutation { deleteBackup ...F } fragment F on Mutation { validateBackup { ...F } nonsense }',
      {},
      [
        ['deleteBackup', 'GRAPHQL_VALIDATION_FAILED'],
        ['validateBackup', 'GRAPHQL_VALIDATION_FAILED'],
        ['graphql', 'GRAPHQL_VALIDATION_FAILED'],
      ],
    ],
    [
      'an input that is checked later',
      'mutation { createBackup(input: {name: " "}) { id } }',
      {},
      [['createBackup', 'BAD_USER_INPUT']],
    ],
  ])('that fail by %s have a line', async (_, document, variables, expected) => {
    expect((await api.admin.send(document, variables)).errors.length).toBeGreaterThan(0);
    expect((await lines(expected.length)).map(({ subject, action, result }) => [subject, action, result])).toEqual(
      expected.map((line) => ['tester', ...line]),
    );
  });

  it('of those who may not have a line too', async () => {
    expect(await reader.codeOf(documents.DeleteBackupDocument, { id: 'x' })).toBe('FORBIDDEN');
    expect(await lines(1)).toEqual([ours({ action: 'deleteBackup', target: { backupId: 'x' }, result: 'FORBIDDEN' })]);
  });

  it('over a socket have a line', async () => {
    const events = api.admin.follow(
      'mutation M($id: ID!) { deleteBackup(id: $id) }' as unknown as documents.TypedDocumentString<
        unknown,
        { id: string }
      >,
      { id: 'x' },
    );
    await expect(events.next()).rejects.toThrow(/NOT_FOUND/);
    expect(
      (await lines(1)).map(({ via, action, target, result, subject }) => ({ via, action, target, result, subject })),
    ).toEqual([
      { via: 'SOCKET', action: 'deleteBackup', target: { backupId: 'x' }, result: 'NOT_FOUND', subject: 'tester' },
    ]);
    const broken = api.admin.follow(
      'mutation { deleteBackup }' as unknown as documents.TypedDocumentString<unknown, Record<string, never>>,
      {},
    );
    await expect(broken.next()).rejects.toThrow(/VALIDATION/);
    expect((await lines(1)).map(({ via, action, result }) => [via, action, result])).toEqual([
      ['SOCKET', 'deleteBackup', 'GRAPHQL_VALIDATION_FAILED'],
    ]);
  });
});

describe('what leaves no line', () => {
  it('is what changes nothing and is not refused, whether it works or not', async () => {
    await api.admin.run(documents.ListBackupsDocument, {});
    await api.admin.run(documents.GetBackupDocument, { id: 'none' });
    await api.admin.send('{ nonsense }');
    await api.admin.send('{ backups(first: 0) { totalCount } }');
    await api.admin.send('not graphql');
    await rest('GET', '/api/v1/backups');
    await rest('GET', '/api/v1/backups/none');
    await rest('GET', '/nowhere');
    await rest('GET', '/healthz', { token: null });
    await api.admin.run(documents.AuditLogDocument, {});
    await delay(50);
    expect(await lines(0)).toEqual([]);
  });
});

describe('refusals', () => {
  it('have a line without a subject where nobody is known', async () => {
    expect(
      (await nobody.send(documents.CreateBackupDocument, { input: { name: 'n', encrypt: true, encryptionKey: KEY } }))
        .status,
    ).toBe(401);
    expect(await lines(1)).toEqual([graphql({ action: 'graphql', result: 'UNAUTHENTICATED' })]);
    const token = await new SignJWT({ sub: 'eve', permissions: ['admin'] })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('-1h')
      .sign(new TextEncoder().encode(JWT_SECRET));
    secrets.add(token);
    expect((await new ApiClient(api.url, token).send(documents.ListBackupsDocument, {})).status).toBe(401);
    expect(await lines(1)).toEqual([graphql({ action: 'graphql', result: 'UNAUTHENTICATED' })]);
  });

  it('of queries have a line that names the field', async () => {
    const writer = await api.as('backups:write');
    expect(await writer.codeOf('{ other: backups { totalCount } }')).toBe('FORBIDDEN');
    expect(await lines(1)).toEqual([ours({ action: 'backups', result: 'FORBIDDEN' })]);
    expect(await reader.codeOf(documents.AuditLogDocument, {})).toBe('FORBIDDEN');
    expect(await lines(1)).toEqual([ours({ action: 'auditLog', result: 'FORBIDDEN' })]);
    expect(
      (await writer.send('{ a: backups { totalCount } b: restores { totalCount } }')).errors.length,
    ).toBeGreaterThan(0);
    expect((await lines(2)).map(({ action }) => action).sort()).toEqual(['backups', 'restores']);
  });

  it('of subscriptions have a line', async () => {
    const writer = await api.as('backups:write');
    await expect(writer.follow(documents.RestoreActivityDocument, {}).next()).rejects.toThrow(/FORBIDDEN/);
    expect((await lines(1)).map(({ via, action, result, subject }) => [via, action, result, subject])).toEqual([
      ['SOCKET', 'restoreActivity', 'FORBIDDEN', 'tester'],
    ]);
  });

  it('of sockets have a line', async () => {
    await expect(nobody.follow(documents.RestoreActivityDocument, {}).next()).rejects.toThrow(/4401/);
    expect(await lines(1)).toEqual([from('SOCKET', { action: 'connect', result: 'UNAUTHENTICATED' })]);
    const foreign = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      origin: 'http://evil.example',
    });
    await new Promise((resolve) => foreign.once('error', resolve));
    expect(await lines(1)).toEqual([from('SOCKET', { action: 'connect', result: 'FORBIDDEN' })]);
    const hasty = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    hasty.once('open', () =>
      hasty.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: '{ __typename }' } })),
    );
    expect(await new Promise((resolve) => hasty.once('close', resolve))).toBe(4401);
    expect(await lines(1)).toEqual([from('SOCKET', { action: 'connect', result: 'UNAUTHENTICATED' })]);
  });

  it('of a socket whose token has expired have a line that names it', async () => {
    const token = await new SignJWT({ sub: 'brief', permissions: ['backups:read'] })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(new Date(Date.now() + 1_500))
      .sign(new TextEncoder().encode(JWT_SECRET));
    secrets.add(token);
    await expect(new ApiClient(api.url, token).followed(documents.RestoreActivityDocument, {})).rejects.toThrow(/4401/);
    expect(await lines(1)).toEqual([
      from('SOCKET', { subject: 'brief', action: 'connect', result: 'UNAUTHENTICATED' }),
    ]);
  });

  it('by their Host header have a line with the pattern of the route', async () => {
    const status = await new Promise((resolve) => {
      request(
        `${api.url}/api/v1/backups/${KEY.replaceAll(' ', '-')}`,
        { headers: { host: 'evil.example' } },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      ).end();
    });
    expect(status).toBe(403);
    expect(await lines(1)).toEqual([from('REST', { action: 'GET /api/v1/backups/:id', result: 'FORBIDDEN' })]);
  });
});

describe('REST', () => {
  const done = (more: object): object => from('REST', { subject: 'tester', result: 'OK', ...more });

  it('leaves one line for every call that changes something', async () => {
    const created = await fetch(`${api.url}/api/v1/backups`, {
      method: 'POST',
      headers: { authorization: `Bearer ${String(api.admin.token)}` },
      body: JSON.stringify({ name: 'rest', encrypt: true, encryption_key: KEY }),
    });
    expect(created.status).toBe(201);
    const {
      backup: { id },
    } = (await created.json()) as { backup: { id: string } };
    expect(await lines(1)).toEqual([
      done({ action: 'createBackup', target: { backupId: id, name: 'rest', database: 'northbound' } }),
    ]);
    expect(
      (await rest('POST', '/api/v1/backups/validate', { body: { backup_id: id, decryption_key: KEY } })).status,
    ).toBe(200);
    expect(await lines(1)).toEqual([
      done({ action: 'validateBackup', target: { backupId: id, database: 'northbound' } }),
    ]);
    expect((await rest('POST', `/api/v1/backups/${id}/pin`, { body: { pinned: false } })).status).toBe(200);
    expect(await lines(1)).toEqual([done({ action: 'pinBackup', target: { backupId: id, database: 'northbound' } })]);
    expect((await rest('POST', '/api/v1/retention/expire', { body: { policy: { keep_last: 100 } } })).status).toBe(200);
    expect(await lines(1)).toEqual([done({ action: 'expireBackups' })]);
    const drilled = await rest('POST', `/api/v1/backups/${id}/drill`, { body: { decryption_key: KEY, northd: false } });
    expect(drilled.status).toBe(200);
    expect(await lines(1)).toEqual([
      done({
        action: 'drillBackup',
        target: { backupId: id, jobId: expect.any(String) as string, database: 'northbound' },
      }),
    ]);
    expect((await rest('POST', '/api/v1/backups/verify?name=none+is+called+so')).status).toBe(200);
    expect(await lines(1)).toEqual([done({ action: 'verifyBackups' })]);
    const restored = await fetch(`${api.url}/api/v1/backups/${id}/restore`, {
      method: 'POST',
      headers: { authorization: `Bearer ${String(api.admin.token)}` },
      body: JSON.stringify({ dry_run: true, decryption_key: KEY }),
    });
    const { restore_id: restoreId } = (await restored.json()) as { restore_id: string };
    expect(await lines(1)).toEqual([
      done({ action: 'restoreBackup', target: { backupId: id, restoreId, database: 'northbound', dryRun: true } }),
    ]);
    expect((await rest('POST', `/api/v1/restores/${restoreId}/undo`)).status).toBe(409);
    expect(await lines(1)).toEqual([
      done({ action: 'undoRestore', target: { undoOf: restoreId, database: 'northbound' }, result: 'CONFLICT' }),
    ]);
    expect((await rest('POST', `/api/v1/restores/${restoreId}/confirm`)).status).toBe(409);
    expect((await rest('POST', `/api/v1/restores/${restoreId}/cancel`)).status).toBe(409);
    expect(await lines(2)).toEqual(
      ['confirmRestore', 'cancelRestore'].map((action) =>
        done({ action, target: { restoreId, database: 'northbound' }, result: 'CONFLICT' }),
      ),
    );
    expect((await rest('POST', `/api/v1/jobs/${id}/cancel`)).status).toBe(409);
    expect(await lines(1)).toEqual([
      done({ action: 'cancelJob', target: { jobId: id, database: 'northbound' }, result: 'CONFLICT' }),
    ]);
    expect(
      (
        await rest('POST', '/api/v1/backups/import', {
          body: 'no backup of any kind',
          headers: { 'content-type': 'application/octet-stream' },
        })
      ).status,
    ).toBe(422);
    expect(await lines(1)).toEqual([done({ action: 'importBackup', result: 'INTEGRITY_FAILED' })]);
    expect((await rest('POST', `/api/v1/backups/${id}/export/prepare`, { body: { raw: true } })).status).toBe(201);
    expect(await lines(1)).toEqual([
      done({ action: 'prepareExport', target: { backupId: id, database: 'northbound' } }),
    ]);
    expect((await rest('DELETE', `/api/v1/backups/${id}`)).status).toBe(200);
    expect((await rest('DELETE', `/api/v1/backups/${id}`)).status).toBe(404);
    expect(await lines(2)).toEqual([
      done({ action: 'deleteBackup', target: { backupId: id, database: 'northbound' } }),
      done({ action: 'deleteBackup', target: { backupId: id }, result: 'NOT_FOUND' }),
    ]);
  });

  it.each([
    ['a body that is no JSON', `{"name": "${KEY}`, undefined],
    ['a body that is not taken', { name: 'n', encryption_key: KEY, surprise: KEY }, { name: 'n' }],
    ['a body that is no object', [KEY], undefined],
  ])('leaves a line for %s', async (_, body, target) => {
    expect((await rest('POST', '/api/v1/backups', { body })).status).toBe(400);
    expect(await lines(1)).toEqual([
      done({ action: 'createBackup', ...(target === undefined ? {} : { target }), result: 'BAD_USER_INPUT' }),
    ]);
  });

  it('leaves a line for every refusal, of reading too', async () => {
    expect((await rest('POST', '/api/v1/backups', { body: { name: 'n' }, token: null })).status).toBe(401);
    expect((await rest('GET', '/api/v1/backups/abc', { token: 'not-a-token-of-ours' })).status).toBe(401);
    expect((await rest('DELETE', '/api/v1/backups/abc', { token: reader.token })).status).toBe(403);
    expect(
      (
        await rest('GET', '/api/v1/backups', {
          token: await tokenWith('backups:write'),
          headers: { 'x-request-id': 'mine-1' },
        })
      ).status,
    ).toBe(403);
    expect(await lines(4)).toEqual([
      from('REST', { action: 'createBackup', result: 'UNAUTHENTICATED' }),
      from('REST', { action: 'GET /api/v1/backups/:id', result: 'UNAUTHENTICATED' }),
      done({ action: 'deleteBackup', target: { backupId: 'abc' }, result: 'FORBIDDEN' }),
      done({ action: 'GET /api/v1/backups', result: 'FORBIDDEN', requestId: 'mine-1' }),
    ]);
  });
});

describe('auditLog', () => {
  it('shows the newest first, page by page, with filters', async () => {
    for (const name of ['one', 'two', 'three']) await api.admin.codeOf(documents.DeleteBackupDocument, { id: name });
    const all = await entries();
    const { auditLog } = await api.admin.run(documents.AuditLogDocument, { first: 2 });
    expect(auditLog).toMatchObject({
      totalCount: all.length,
      pageInfo: {
        hasNextPage: true,
        hasPreviousPage: false,
        startCursor: String(all.length),
        endCursor: String(all.length - 1),
      },
    });
    expect(auditLog.nodes).toMatchObject([
      {
        seq: all.length,
        subject: 'tester',
        action: 'deleteBackup',
        via: 'GRAPHQL',
        address: '127.0.0.1',
        result: 'NOT_FOUND',
        repeated: 1,
        note: null,
        target: { backupId: 'three', restoreId: null, name: null, dryRun: false },
        hash: all.at(-1)?.hash,
      },
      { target: { backupId: 'two' } },
    ]);
    const next = await api.admin.run(documents.AuditLogDocument, {
      first: 1,
      after: auditLog.pageInfo.endCursor ?? null,
    });
    expect(next.auditLog.nodes).toMatchObject([{ target: { backupId: 'one' } }]);
    expect((await api.admin.run(documents.AuditLogDocument, { action: 'serverStarted' })).auditLog).toMatchObject({
      totalCount: 1,
      nodes: [{ seq: 1, subject: 'ovncp', via: 'SERVER', address: null, target: null }],
    });
    const refused = await api.admin.run(documents.AuditLogDocument, {
      result: 'FORBIDDEN',
      subject: 'tester',
      since: '2000-01-01T00:00:00Z',
      until: '2999-01-01T00:00:00Z',
    });
    expect(refused.auditLog.totalCount).toBe(
      all.filter(({ result, subject }) => result === 'FORBIDDEN' && subject === 'tester').length,
    );
    expect((await api.admin.run(documents.AuditLogDocument, { since: '2999-01-01T00:00:00Z' })).auditLog).toMatchObject(
      { totalCount: 0, nodes: [], pageInfo: { startCursor: null } },
    );
    expect(await api.admin.codeOf(documents.AuditLogDocument, { after: 'nonsense' })).toBe('BAD_USER_INPUT');
    expect(await api.admin.codeOf(documents.AuditLogDocument, { first: 0 })).toBe('BAD_USER_INPUT');
  });
});

it('200 calls at once leave 200 lines in an unbroken chain', async () => {
  await Promise.all(
    Array.from({ length: 200 }, (_, n) => api.admin.codeOf(documents.DeleteBackupDocument, { id: `p${n}` })),
  );
  const since = (await entries()).slice(seen);
  expect(new Set(since.map(({ target }) => target?.backupId)).size).toBe(200);
  expect(since).toHaveLength(200);
  expect((await api.admin.run(documents.AuditCheckDocument, {})).auditCheck).toMatchObject({
    intact: true,
    firstSeq: 1,
    faults: [],
    faultCount: 0,
  });
});

it('these were all the calls that change something, of GraphQL and of REST', async () => {
  const all = await entries();
  const actions = (via: string): string[] => [
    ...new Set(all.filter((entry) => entry.via === via).map(({ action }) => action)),
  ];
  const { data } = JSON.parse((await api.admin.send('{ __schema { mutationType { fields { name } } } }')).text) as {
    data: { __schema: { mutationType: { fields: { name: string }[] } } };
  };
  expect(actions('GRAPHQL')).toEqual(expect.arrayContaining(data.__schema.mutationType.fields.map(({ name }) => name)));
  const { paths } = (await (await fetch(`${api.url}/api/v1/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { operationId?: string }>>;
  };
  const changing = Object.values(paths).flatMap((path) =>
    Object.entries(path)
      .filter(
        ([method, { operationId = '' }]) => method !== 'get' && !['diff', 'simulateRetention'].includes(operationId),
      )
      .map(([, { operationId }]) => operationId),
  );
  expect(changing.length).toBeGreaterThan(5);
  expect(actions('REST')).toEqual(expect.arrayContaining(changing));
});

it('no key, token or document that was sent is in the trail', async () => {
  const text = await readFile(join(api.folder, AUDIT_FILE), 'utf8');
  expect(secrets.size).toBeGreaterThan(4);
  for (const secret of [...secrets, 'not-a-token-of-ours', 'a document', 'must stay secret'])
    expect(text).not.toContain(secret);
  expect((await stat(join(api.folder, AUDIT_FILE))).mode & 0o777).toBe(0o600);
});
