/**
 * Every route of the REST face: a good request, and the same one with something missing, malformed, unauthorised,
 * forbidden, or not there. Every answer has the shape that the OpenAPI document gives for its status.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type RestAnswer, RestClient, type RestRequest } from '../../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

interface Case {
  readonly path: string;
  readonly request?: RestRequest;
  readonly status: number;
  /** Parts of the body. */
  readonly body: Readonly<Record<string, unknown>>;
}

interface RouteCases {
  readonly needs: readonly string[];
  readonly good: (at: Fixture) => Promise<Case> | Case;
  /** What each of these leaves out is a member, a body, or a file. */
  readonly missing?: (at: Fixture) => readonly Case[];
  readonly malformed: (at: Fixture) => readonly Case[];
  readonly notFound?: (at: Fixture) => readonly Case[];
}

interface Fixture {
  /** Of a backup that no good request deletes. */
  readonly backupId: string;
  readonly restoreId: string;
  /** The stored document. */
  readonly document: string;
  /** The address of an export of the backup. */
  prepared(backupId: string): Promise<string>;
  /** Makes a backup that may be deleted. */
  another(): Promise<string>;
  /** A restore that awaits confirmation. */
  awaiting(): Promise<string>;
  /** One that waits for its turn behind that. */
  queued(): Promise<string>;
  /** A drill of the backup, which has ended. */
  drilled(): Promise<string>;
  /** A job of a database that does not answer. */
  hanging(): Promise<string>;
  /** The one row of NB_Global. */
  row(): Promise<string>;
}

const BACKUPS = '/api/v1/backups';
const NOBODY = '00000000-0000-4000-8000-000000000000';
const noBackup = (path: string, request: RestRequest = {}): Case => ({
  path,
  request,
  status: 404,
  body: { error: expect.stringMatching(/^Backup not found/), code: 'NOT_FOUND' },
});
const noRestore = (path: string, request: RestRequest = {}): Case => ({
  path,
  request,
  status: 404,
  body: { error: expect.stringMatching(/^Restore not found/), code: 'NOT_FOUND' },
});
const noJob = (path: string, request: RestRequest = {}): Case => ({
  path,
  request,
  status: 404,
  body: { error: expect.stringMatching(/^Job not found/), code: 'NOT_FOUND' },
});
const noDrill = (path: string): Case => ({
  path,
  request: {},
  status: 404,
  body: { error: expect.stringMatching(/^Drill not found/), code: 'NOT_FOUND' },
});
const noDatabase = (path: string): Case => ({
  path,
  request: {},
  status: 404,
  body: { error: 'Database not found: "other". Configured here: northbound', code: 'NOT_FOUND' },
});
const refused = (path: string, request: RestRequest, text: string | RegExp): Case => ({
  path,
  request,
  status: 400,
  body: { error: expect.stringMatching(text), code: 'BAD_USER_INPUT', request_id: expect.any(String) },
});
const post = (body?: unknown): RestRequest => ({ method: 'POST', body });
const form = (parts: Readonly<Record<string, string | Blob>>): RestRequest => {
  const body = new FormData();
  for (const [name, part] of Object.entries(parts)) {
    if (typeof part === 'string') body.set(name, part);
    else body.set(name, part, 'some.json');
  }
  return { method: 'POST', body };
};
const NO_BODY = 'takes no body; leave it out';
const NO_OBJECT = new RegExp(`takes an object with members such as \\w|${NO_BODY}`);
/** What no route with a JSON body takes. */
const malformedJson = (path: string): readonly Case[] => [
  refused(path, post('{"name": "x", '), /no valid JSON/),
  refused(path, post('[]'), NO_OBJECT),
  refused(path, post('"x"'), NO_OBJECT),
  refused(path, post(new Uint8Array([0x7b, 0xff, 0x7d])), /UTF-8/),
  refused(path, post({ no_such_member: 1 }), new RegExp(`"no_such_member": not known here|${NO_BODY}`)),
  refused(path, post('{"__proto__": {"admin": true}}'), new RegExp(`"__proto__": not known here|${NO_BODY}`)),
  refused(path, form({ name: 'x' }), /takes JSON, and no form/),
  refused(`${path}?no_such=1`, post({}), /"no_such": not known here/),
];

const RESULT = {
  success: true,
  dry_run: false,
  error_count: 0,
  errors: [],
  processing_time: expect.stringMatching(/^\d+\.\d{3}s$/),
  restore_id: expect.any(String),
};

const ROUTES: Readonly<Record<string, RouteCases>> = {
  'GET /api/v1/backups': {
    needs: ['backups:read'],
    good: ({ backupId }) => ({
      path: `${BACKUPS}?tag=none&tag=table&type=full&name=FOR&limit=5&offset=0&database=northbound&created_after=2020-01-01T00:00:00Z`,
      status: 200,
      body: { backups: [expect.objectContaining({ id: backupId })], total: 1 },
    }),
    malformed: () => [
      refused(`${BACKUPS}?type=differential`, {}, /^type: /),
      refused(`${BACKUPS}?limit=-1`, {}, /^limit: takes a whole number/),
      refused(`${BACKUPS}?limit=0`, {}, /^limit: takes a whole number/),
      refused(`${BACKUPS}?limit=1&limit=2`, {}, /^limit: /),
      refused(`${BACKUPS}?offset=x`, {}, /^offset: takes a whole number/),
      refused(`${BACKUPS}?created_after=yesterday`, {}, /^created_after: takes an instant/),
      refused(`${BACKUPS}?tags=a`, {}, /"tags": not known here; did you mean "tag"\?/),
      refused(`${BACKUPS}?tag=`, {}, /^tag: a tag may not be empty$/),
    ],
    notFound: () => [
      { path: `${BACKUPS}?tag=nobody-has-it`, status: 200, body: { backups: [], total: 0 } },
      { path: '/api/v1/backup', status: 404, body: { code: 'NOT_FOUND' } },
    ],
  },
  'GET /api/v1/backups/:id': {
    needs: ['backups:read'],
    good: ({ backupId }) => ({
      path: `${BACKUPS}/${backupId}`,
      status: 200,
      body: {
        id: backupId,
        name: 'for the table',
        description: null,
        type: 'full',
        format: 'json',
        encrypted: false,
        compressed: true,
        tags: ['table'],
        database: 'northbound',
        created_by: 'tester',
        row_count: 3,
      },
    }),
    malformed: ({ backupId }) => [
      refused(`${BACKUPS}/${backupId}?full=true`, {}, /"full": not known here/),
      { path: `${BACKUPS}/%zz`, status: 400, body: { code: 'BAD_USER_INPUT' } },
    ],
    notFound: () => [
      noBackup(`${BACKUPS}/${NOBODY}`),
      noBackup(`${BACKUPS}/..%2f..%2fetc%2fpasswd`),
      noBackup(`${BACKUPS}/%00`),
      noBackup(`${BACKUPS}/__proto__`),
    ],
  },
  'POST /api/v1/backups': {
    needs: ['backups:write'],
    good: () => ({
      path: BACKUPS,
      request: post({ name: 'made', type: 'FULL', compress: true, tags: ['a', 'b', 'a'], description: 'd' }),
      status: 201,
      body: {
        message: 'Backup created successfully',
        backup: expect.objectContaining({
          name: 'made',
          tags: ['a', 'b'],
          description: 'd',
          checksum: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        }),
      },
    }),
    missing: () => [
      refused(BACKUPS, post(), /^name: is needed/),
      refused(BACKUPS, post({}), /^name: is needed/),
      refused(BACKUPS, post({ name: 'x', encrypt: true }), /^encryption_key: is needed/),
      refused(BACKUPS, post({ name: 'x', type: 'selective' }), /^resource_filter: is needed/),
    ],
    malformed: () => [
      ...malformedJson(BACKUPS),
      refused(BACKUPS, post({ name: 7 }), /^name: takes a text, and not a number$/),
      refused(BACKUPS, post({ name: 'x', type: 'whole' }), /^type: takes one of full, selective/),
      refused(BACKUPS, post({ name: 'x', type: 'incremental', format: 'ovsdb' }), /^format: ovsdb holds all rows/),
      refused(
        BACKUPS,
        post({ name: 'x', decryption_key: 'x' }),
        /^"decryption_key": not known here; did you mean "encryption_key"\?$/,
      ),
      refused(BACKUPS, post({ name: 'x', format: 'xml' }), /^format: /),
      refused(BACKUPS, post({ name: ' ' }), /^name: may not be empty/),
      refused(BACKUPS, post({ name: 'x', tags: 'a' }), /^tags: /),
      refused(BACKUPS, post({ name: 'x', encryption_key: 'the secret of this test' }), /^encrypt: must be true/),
      refused(
        BACKUPS,
        post({ name: 'x', resource_filter: { switch: ['a'] } }),
        /"resource_filter.switch": not known here/,
      ),
      refused(BACKUPS, post({ name: 'x', resource_filter: { switches: ['no-such-switch'] } }), /no-such-switch/),
    ],
    notFound: () => [
      {
        path: BACKUPS,
        request: post({ name: 'x', database: 'nowhere' }),
        status: 404,
        body: { code: 'NOT_FOUND', error: expect.stringMatching(/nowhere/) },
      },
    ],
  },
  'POST /api/v1/backups/:id/restore': {
    needs: ['backups:restore', 'admin'],
    good: ({ backupId }) => ({
      path: `${BACKUPS}/${backupId}/restore`,
      request: post(),
      status: 200,
      body: {
        ...RESULT,
        restored_count: 0,
        skipped_count: 3,
        backup_id: backupId,
        progress: expect.objectContaining({ message: 'Restored 0 rows, deleted 0, left 3 as they are' }),
      },
    }),
    malformed: ({ backupId }) => [
      ...malformedJson(`${BACKUPS}/${backupId}/restore`),
      refused(`${BACKUPS}/${backupId}/restore`, post({ conflict_policy: 'merge' }), /^conflict_policy: takes one of/),
      refused(
        `${BACKUPS}/${backupId}/restore`,
        post({ dry_run: 'true' }),
        /^dry_run: takes true or false, without quotes/,
      ),
      refused(
        `${BACKUPS}/${backupId}/restore`,
        post({ resource_mapping: 'a' }),
        /^resource_mapping: takes an object or a list$/,
      ),
      refused(
        `${BACKUPS}/${backupId}/restore`,
        post({ resource_mapping: ['a'] }),
        /^resource_mapping.0: takes an object with members such as from, to/,
      ),
      refused(
        `${BACKUPS}/${backupId}/restore`,
        post({ resource_mapping: [{ from: 'a', too: 'b' }] }),
        /^resource_mapping.0.to: is needed \(a text\); "resource_mapping.0.too": not known here; did you mean "to"\?$/,
      ),
      refused(
        `${BACKUPS}/${backupId}/restore`,
        post({ encryption_key: 'the secret of this test' }),
        /^"encryption_key": not known here; did you mean "decryption_key"\?$/,
      ),
      refused(`${BACKUPS}/${backupId}/restore?wait=false&changes=true`, post(), /^changes: is not known yet/),
      refused(`${BACKUPS}/${backupId}/restore`, post({ decryption_key: 'the secret of this test' }), /not encrypted/),
      refused(`${BACKUPS}/${backupId}/restore`, post({ exact: true }), /exact/),
      refused(
        `${BACKUPS}/${backupId}/restore`,
        post({ confirm_within_seconds: 0 }),
        /^confirm_within_seconds: takes 1 to 86,400/,
      ),
      refused(`${BACKUPS}/${backupId}/restore`, post({ restore_filter: { switches: ['nobody'] } }), /nobody/),
    ],
    notFound: () => [noBackup(`${BACKUPS}/${NOBODY}/restore`, post({}))],
  },
  'DELETE /api/v1/backups/:id': {
    needs: ['backups:delete'],
    good: async ({ another }) => ({
      path: `${BACKUPS}/${await another()}`,
      request: { method: 'DELETE' },
      status: 200,
      body: { message: 'Backup deleted successfully' },
    }),
    malformed: ({ backupId }) => [
      refused(`${BACKUPS}/${backupId}?force=true`, { method: 'DELETE' }, /"force": not known here/),
    ],
    notFound: () => [noBackup(`${BACKUPS}/${NOBODY}`, { method: 'DELETE' })],
  },
  'GET /api/v1/backups/:id/export': {
    needs: ['backups:read'],
    good: ({ backupId }) => ({
      path: `${BACKUPS}/${backupId}/export`,
      status: 200,
      body: { format: 'ovncp-backup/1', tables: expect.any(Object) },
    }),
    malformed: ({ backupId }) => [
      refused(`${BACKUPS}/${backupId}/export?format=xml`, {}, /^format: takes one of/),
      refused(`${BACKUPS}/${backupId}/export?raw=yes`, {}, /^raw: takes one of/),
      refused(
        `${BACKUPS}/${backupId}/export?decryption_key=the%20secret%20of%20this%20test`,
        {},
        /"decryption_key": goes into the header X-Decryption-Key/,
      ),
      refused(
        `${BACKUPS}/${backupId}/export`,
        { headers: { 'x-decryption-key': 'the secret of this test' } },
        /not encrypted/,
      ),
    ],
    notFound: () => [noBackup(`${BACKUPS}/${NOBODY}/export`), noBackup(`${BACKUPS}/${NOBODY}/export?raw=true`)],
  },
  'POST /api/v1/backups/:id/export/prepare': {
    needs: ['backups:read'],
    good: ({ backupId }) => ({
      path: `${BACKUPS}/${backupId}/export/prepare`,
      request: post({ format: 'yaml' }),
      status: 201,
      body: { url: expect.stringMatching(/^\/api\/v1\/downloads\/[\w-]{43}$/), expires_at: expect.any(String) },
    }),
    malformed: ({ backupId }) => [
      ...malformedJson(`${BACKUPS}/${backupId}/export/prepare`),
      refused(
        `${BACKUPS}/${backupId}/export/prepare`,
        post({ format: 'xml' }),
        /^format: takes one of json, yaml, ovsdb/,
      ),
      refused(
        `${BACKUPS}/${backupId}/export/prepare`,
        post({ decryption_key: '' }),
        /^decryption_key: may not be empty/,
      ),
      refused(
        `${BACKUPS}/${backupId}/export/prepare`,
        post({ decryption_key: 'the secret of this test' }),
        /not encrypted/,
      ),
    ],
    notFound: () => [noBackup(`${BACKUPS}/${NOBODY}/export/prepare`, post())],
  },
  'GET /api/v1/downloads/:id': {
    needs: [],
    good: async ({ backupId, prepared }) => ({
      path: await prepared(backupId),
      status: 200,
      body: { format: 'ovncp-backup/1', tables: expect.any(Object) },
    }),
    malformed: () => [refused('/api/v1/downloads/x?format=yaml', {}, /"format": not known here/)],
    notFound: () => [
      {
        path: `/api/v1/downloads/${NOBODY}`,
        status: 404,
        body: { code: 'NOT_FOUND', error: expect.stringMatching(/^Download not found: .* within 60 s/) },
      },
    ],
  },
  'POST /api/v1/diff': {
    needs: ['backups:read'],
    good: ({ backupId }) => ({
      path: '/api/v1/diff',
      request: post({ from: { backup_id: backupId }, to: { backup_id: backupId }, first: 5, kind: 'insert' }),
      status: 200,
      body: {
        identical: true,
        inserted: 0,
        updated: 0,
        deleted: 0,
        changes: [],
        changes_total: 0,
        page_info: { has_next_page: false, has_previous_page: false, start_cursor: null, end_cursor: null },
      },
    }),
    missing: () => [refused('/api/v1/diff', post({ from: { database: 'northbound' } }), /^to: is needed/)],
    malformed: ({ backupId }) => [
      ...malformedJson('/api/v1/diff'),
      refused(
        '/api/v1/diff',
        post({ from: {}, to: { backup_id: backupId, database: 'northbound' } }),
        /^from: exactly one of backup_id and database is needed; to: exactly one of/,
      ),
      refused(
        '/api/v1/diff',
        post({ from: { backup_id: backupId }, to: { backup_id: backupId }, first: 0 }),
        /first takes 1 to 1000/,
      ),
      refused(
        '/api/v1/diff',
        post({ from: { backup_id: backupId, backupId }, to: { backup_id: backupId } }),
        /"from.backupId": not known here/,
      ),
    ],
    notFound: ({ backupId }) => [
      noBackup('/api/v1/diff', post({ from: { backup_id: NOBODY }, to: { backup_id: backupId } })),
    ],
  },
  'GET /api/v1/jobs': {
    needs: ['backups:read'],
    good: ({ backupId }) => ({
      path: '/api/v1/jobs?kind=Backup&database=northbound&limit=1000&offset=0',
      status: 200,
      body: {
        jobs: expect.arrayContaining([expect.objectContaining({ id: backupId, phase: 'succeeded', error: null })]),
        total: expect.any(Number),
      },
    }),
    malformed: () => [
      refused('/api/v1/jobs?kind=restore', {}, /^kind: takes one of/),
      refused('/api/v1/jobs?limit=x', {}, /^limit: takes a whole number/),
      refused('/api/v1/jobs?phase=failed', {}, /"phase": not known here/),
    ],
    notFound: () => [noDatabase('/api/v1/jobs?database=other')],
  },
  'GET /api/v1/jobs/:id': {
    needs: ['backups:read'],
    good: ({ backupId }) => ({
      path: `/api/v1/jobs/${backupId}`,
      status: 200,
      body: { id: backupId, kind: 'backup', phase: 'succeeded', backup_id: backupId, fraction: 1 },
    }),
    malformed: ({ backupId }) => [refused(`/api/v1/jobs/${backupId}?x=1`, {}, /"x": not known here/)],
    notFound: () => [noJob(`/api/v1/jobs/${NOBODY}`), noJob('/api/v1/jobs/..%2f..%2fx')],
  },
  'POST /api/v1/jobs/:id/cancel': {
    needs: ['backups:write'],
    good: async ({ hanging }) => ({
      path: `/api/v1/jobs/${await hanging()}/cancel`,
      request: post(),
      status: 200,
      body: {
        kind: 'backup',
        phase: 'cancelled',
        backup_id: null,
        error: expect.objectContaining({ code: 'CANCELLED' }),
      },
    }),
    malformed: ({ backupId }) => [
      ...malformedJson(`/api/v1/jobs/${backupId}/cancel`),
      {
        path: `/api/v1/jobs/${backupId}/cancel`,
        request: post(),
        status: 409,
        body: { code: 'CONFLICT', error: expect.stringMatching(/ended already/) },
      },
    ],
    notFound: () => [noJob(`/api/v1/jobs/${NOBODY}/cancel`, post())],
  },
  'GET /api/v1/rows/:table': {
    needs: ['backups:read'],
    good: ({ backupId }) => ({
      path: `/api/v1/rows/NB_Global?of=backup:${backupId}&search=&limit=1&offset=0`,
      status: 200,
      body: { rows: [expect.objectContaining({ table: 'NB_Global', label: expect.any(String) })], total: 1 },
    }),
    missing: () => [refused('/api/v1/rows/NB_Global', {}, /^of: is needed: backup:ID, or live:DATABASE/)],
    malformed: ({ backupId }) => [
      refused(`/api/v1/rows/NB_Global?of=${backupId}`, {}, /^of: takes backup:ID, or live:DATABASE/),
      refused('/api/v1/rows/NB_Global?of=backup:', {}, /^of: takes backup:ID/),
      refused('/api/v1/rows/NB_Global?of=live:northbound&limit=501', {}, /^limit: takes a whole number from 1 to 500/),
      refused('/api/v1/rows/NB_Global?of=live:northbound&x=1', {}, /"x": not known here/),
      refused(
        '/api/v1/rows/NB_Global?of=live:northbound&decryption_key=x',
        {},
        /goes into the header X-Decryption-Key/,
      ),
      refused('/api/v1/rows/nb_global?of=live:northbound', {}, /^table: .*did you mean "NB_Global"/),
    ],
    notFound: () => [
      noBackup(`/api/v1/rows/NB_Global?of=backup:${NOBODY}`),
      noDatabase('/api/v1/rows/NB_Global?of=live:other'),
    ],
  },
  'GET /api/v1/rows/:table/:uuid': {
    needs: ['backups:read'],
    good: async ({ row }) => ({
      path: `/api/v1/rows/NB_Global/${await row()}?of=live:northbound`,
      status: 200,
      body: { table: 'NB_Global', columns: expect.any(Object), referred_to_by: [], refers_to: expect.any(Array) },
    }),
    missing: () => [refused(`/api/v1/rows/NB_Global/${NOBODY}`, {}, /^of: is needed/)],
    malformed: () => [
      refused(`/api/v1/rows/none/${NOBODY}?of=live:northbound`, {}, /^table: the configuration has no table "none"/),
      refused(`/api/v1/rows/NB_Global/${NOBODY}?of=live:northbound&limit=1`, {}, /"limit": not known here/),
    ],
    notFound: () => [
      noBackup(`/api/v1/rows/NB_Global/${NOBODY}?of=backup:${NOBODY}`),
      {
        path: `/api/v1/rows/NB_Global/${NOBODY}?of=live:northbound`,
        status: 404,
        body: { error: expect.stringMatching(/^Row not found: NB_Global has no row 0000/), code: 'NOT_FOUND' },
      },
    ],
  },
  'GET /api/v1/search': {
    needs: ['backups:read'],
    good: ({ backupId }) => ({
      path: `/api/v1/search?of=backup:${backupId}&text=no+such+thing&limit=1&offset=0`,
      status: 200,
      body: { rows: [], total: 0 },
    }),
    missing: () => [
      refused('/api/v1/search?text=x', {}, /^of: is needed/),
      refused('/api/v1/search?of=live:northbound', {}, /^text: is needed: what is looked for/),
    ],
    malformed: () => [
      refused('/api/v1/search?of=live:northbound&text=+', {}, /^text: is empty/),
      refused('/api/v1/search?of=live:northbound&text=x&limit=0', {}, /^limit: takes a whole number/),
      refused('/api/v1/search?of=live:northbound&q=x', {}, /"q": not known here/),
    ],
    notFound: () => [
      noBackup(`/api/v1/search?of=backup:${NOBODY}&text=x`),
      noDatabase('/api/v1/search?of=live:other&text=x'),
    ],
  },
  'GET /api/v1/databases': {
    needs: ['backups:read'],
    good: () => ({
      path: '/api/v1/databases',
      status: 200,
      body: {
        databases: [
          expect.objectContaining({
            id: 'northbound',
            schema_name: 'OVN_Northbound',
            connected: true,
            error: null,
            tables: expect.objectContaining({ NB_Global: 1 }),
          }),
        ],
        total: 1,
      },
    }),
    malformed: () => [refused('/api/v1/databases?limit=1', {}, /"limit": not known here/)],
  },
  'GET /api/v1/databases/:id': {
    needs: ['backups:read'],
    good: () => ({
      path: '/api/v1/databases/northbound',
      status: 200,
      body: {
        id: 'northbound',
        label: 'northbound',
        default: true,
        remotes: [expect.stringMatching(/^unix:/)],
        row_count: expect.any(Number),
        last_backup_id: expect.any(String),
        last_restore_id: expect.any(String),
      },
    }),
    malformed: () => [refused('/api/v1/databases/northbound?x=1', {}, /"x": not known here/)],
    notFound: () => [noDatabase('/api/v1/databases/other')],
  },
  'GET /api/v1/audit': {
    needs: ['admin'],
    good: () => ({
      path: '/api/v1/audit?action=serverStarted&limit=1&since=2000-01-01T00:00:00Z',
      status: 200,
      body: {
        entries: [expect.objectContaining({ seq: 1, subject: 'ovncp', via: 'server', target: null })],
        total: 1,
        page_info: { has_next_page: false, has_previous_page: false, start_cursor: '1', end_cursor: '1' },
      },
    }),
    malformed: () => [
      refused('/api/v1/audit?limit=x', {}, /^limit: takes a whole number/),
      refused('/api/v1/audit?limit=0', {}, /^limit: takes a whole number from 1 to 500/),
      refused('/api/v1/audit?offset=-1', {}, /^offset: takes a whole number/),
      refused('/api/v1/audit?after=x', {}, /^after takes the end cursor/),
      refused('/api/v1/audit?until=now', {}, /^until: takes an instant/),
      refused('/api/v1/audit?who=me', {}, /"who": not known here/),
    ],
  },
  'GET /api/v1/audit/check': {
    needs: ['admin'],
    good: () => ({ path: '/api/v1/audit/check', status: 200, body: { intact: true, first_seq: 1, fault_count: 0 } }),
    malformed: () => [refused('/api/v1/audit/check?x=1', {}, /"x": not known here/)],
  },
  'POST /api/v1/backups/import': {
    needs: ['backups:write'],
    good: ({ document }) => ({
      path: `${BACKUPS}/import`,
      request: form({ name: 'imported', tags: 'one', file: new Blob([document]) }),
      status: 201,
      body: {
        message: 'Backup imported successfully',
        backup: expect.objectContaining({ name: 'imported', tags: ['one'], row_count: 3 }),
      },
    }),
    missing: () => [
      refused(`${BACKUPS}/import`, form({ name: 'x' }), /^file: is needed/),
      refused(`${BACKUPS}/import`, post({ format: 'json' }), /^data: is needed/),
      {
        path: `${BACKUPS}/import`,
        request: post(),
        status: 422,
        body: { code: 'INTEGRITY_FAILED', error: expect.stringMatching(/empty/) },
      },
    ],
    malformed: ({ document }) => [
      refused(`${BACKUPS}/import`, form({ name: 'x', upload: new Blob([document]) }), /^upload: not known here/),
      refused(`${BACKUPS}/import`, form({ colour: 'red', file: new Blob([document]) }), /"colour": not known here/),
      refused(`${BACKUPS}/import`, post({ format: 'xml', data: document }), /^format: takes one of/),
      refused(`${BACKUPS}/import`, post({ format: 'yaml', data: document }), /declared to be YAML/),
      refused(`${BACKUPS}/import`, post({ format: 'json', data: 7 }), /^data: takes the document as a string/),
      refused(`${BACKUPS}/import`, post('{"format": "json", "data": "{'), /ends too early/),
      refused(`${BACKUPS}/import`, post({ format: 'json', data: document, more: 1 }), /"more": not known here/),
      {
        path: `${BACKUPS}/import`,
        request: post({ format: 'json', data: '{}' }),
        status: 422,
        body: { code: 'INTEGRITY_FAILED' },
      },
      { path: `${BACKUPS}/import`, request: post('no backup at all'), status: 422, body: { code: 'INTEGRITY_FAILED' } },
    ],
  },
  'POST /api/v1/backups/validate': {
    needs: ['backups:read'],
    good: ({ backupId }) => ({
      path: `${BACKUPS}/validate`,
      request: post({ backup_id: backupId }),
      status: 200,
      body: { valid: true, message: 'Backup is valid', content_checked: true, row_count: 3, warnings: [] },
    }),
    missing: () => [refused(`${BACKUPS}/validate`, post(), /^backup_id: is needed/)],
    malformed: ({ backupId }) => [
      ...malformedJson(`${BACKUPS}/validate`),
      refused(`${BACKUPS}/validate`, post({ backup_id: 7 }), /^backup_id: takes a text/),
      refused(
        `${BACKUPS}/validate`,
        post({ backup_id: backupId, decryption_key: 'the secret of this test' }),
        /not encrypted/,
      ),
    ],
    notFound: () => [noBackup(`${BACKUPS}/validate`, post({ backup_id: NOBODY }))],
  },
  'POST /api/v1/backups/verify': {
    needs: ['backups:read'],
    good: () => ({
      path: `${BACKUPS}/verify`,
      request: { method: 'POST' },
      status: 200,
      body: { damaged: [], bytes_only: 0 },
    }),
    malformed: () => [refused(`${BACKUPS}/verify?type=whole`, { method: 'POST' }, /^type: takes one of full/)],
  },
  'POST /api/v1/backups/:id/drill': {
    needs: ['backups:write'],
    good: ({ backupId }) => ({
      path: `${BACKUPS}/${backupId}/drill`,
      request: post({ northd: false }),
      status: 200,
      body: {
        backup_id: backupId,
        phase: 'succeeded',
        success: true,
        rows_compared: 3,
        differences: [],
        northd_seconds: null,
        error: null,
        message: expect.stringMatching(/^Proven restorable on .* s: 3 rows compared$/),
      },
    }),
    malformed: ({ backupId }) => [
      ...malformedJson(`${BACKUPS}/${backupId}/drill`),
      refused(`${BACKUPS}/${backupId}/drill`, post({ northd: 'no' }), /^northd: takes true or false/),
      refused(`${BACKUPS}/${backupId}/drill?wait=no`, post(), /^wait: takes one of/),
      refused(
        `${BACKUPS}/${backupId}/drill`,
        post({ decryption_key: 'the secret of this test' }),
        /is not encrypted: leave the key out/,
      ),
    ],
    notFound: () => [noBackup(`${BACKUPS}/${NOBODY}/drill`, post())],
  },
  'POST /api/v1/backups/:id/pin': {
    needs: ['backups:write'],
    good: ({ backupId }) => ({
      path: `${BACKUPS}/${backupId}/pin`,
      request: post({ pinned: false }),
      status: 200,
      body: { id: backupId, pinned: false },
    }),
    malformed: ({ backupId }) => [
      ...malformedJson(`${BACKUPS}/${backupId}/pin`),
      refused(`${BACKUPS}/${backupId}/pin`, post({ pinned: 'yes' }), /^pinned: takes true or false/),
    ],
    notFound: () => [noBackup(`${BACKUPS}/${NOBODY}/pin`, post({ pinned: true }))],
  },
  'POST /api/v1/retention/simulate': {
    needs: ['backups:read'],
    good: () => ({
      path: '/api/v1/retention/simulate',
      request: post({ policy: { keep_daily: 10_000 }, time_zone: 'Europe/Berlin' }),
      status: 200,
      body: { dry_run: true, kept: expect.any(Array), expired: expect.any(Array), bytes_freed: expect.any(Number) },
    }),
    malformed: () => [
      ...malformedJson('/api/v1/retention/simulate'),
      refused('/api/v1/retention/simulate', post({}), /^policy: /),
      refused(
        '/api/v1/retention/simulate',
        post({ policy: { keep_last: 0 } }),
        /^policy\.keep_last: takes a whole number from 1 on/,
      ),
      refused(
        '/api/v1/retention/simulate',
        post({ policy: { keep_within: '14 days' } }),
        /^policy\.keep_within: is not a duration of ISO 8601: write it like P14D/,
      ),
      ...['P300000Y', 'P1000Y1D', 'PT9000000H'].map((text) =>
        refused(
          '/api/v1/retention/simulate',
          post({ policy: { keep_within: text } }),
          /^policy\.keep_within: goes back too far: write P1000Y at most/,
        ),
      ),
      refused(
        '/api/v1/retention/simulate',
        post({ policy: { keep_last: 1 }, time_zone: 'Berlin' }),
        /^time_zone: is not a time zone/,
      ),
      refused(
        '/api/v1/retention/simulate',
        post({ policy: { keep_tags: ['nobody has this tag'] } }),
        /keep_?[tT]ags.*: no backup has the tag "nobody has this tag"/,
      ),
    ],
    notFound: () => [],
  },
  'POST /api/v1/retention/expire': {
    needs: ['backups:delete'],
    good: () => ({
      path: '/api/v1/retention/expire',
      request: post({ policy: { keep_last: 100_000 }, filter: { tag: ['nobody has this tag'] } }),
      status: 200,
      body: { dry_run: false, kept: [], expired: [], bytes_freed: 0 },
    }),
    malformed: () => [
      ...malformedJson('/api/v1/retention/expire'),
      refused('/api/v1/retention/expire', post({ policy: {} }), /^policy: needs a rule, such as "?keep_daily/),
      refused(
        '/api/v1/retention/expire',
        post({ policy: { keep_last: 1 }, filter: { tags: ['x'] } }),
        /tags.*not known here/,
      ),
    ],
    notFound: () => [],
  },
  'GET /api/v1/drills': {
    needs: ['backups:read'],
    good: async ({ backupId, drilled }) => ({
      path: `/api/v1/drills?backup_id=${backupId}&limit=1&offset=0`,
      status: 200,
      body: { drills: [expect.objectContaining({ id: await drilled(), success: true })], total: expect.any(Number) },
    }),
    malformed: () => [
      refused('/api/v1/drills?limit=x', {}, /^limit: takes a whole number/),
      refused('/api/v1/drills?backup=x', {}, /"backup": not known here/),
    ],
    notFound: () => [{ path: `/api/v1/drills?backup_id=${NOBODY}`, status: 200, body: { drills: [], total: 0 } }],
  },
  'GET /api/v1/drills/:id': {
    needs: ['backups:read'],
    good: async ({ backupId, drilled }) => {
      const id = await drilled();
      return { path: `/api/v1/drills/${id}`, status: 200, body: { id, backup_id: backupId, phase: 'succeeded' } };
    },
    malformed: () => [refused(`/api/v1/drills/${NOBODY}?x=1`, {}, /"x": not known here/)],
    notFound: ({ backupId }) => [noDrill(`/api/v1/drills/${NOBODY}`), noDrill(`/api/v1/drills/${backupId}`)],
  },
  'GET /api/v1/restores': {
    needs: ['backups:read'],
    good: ({ backupId, restoreId }) => ({
      path: `/api/v1/restores?backup_id=${backupId}&limit=1000&offset=0`,
      status: 200,
      body: {
        restores: expect.arrayContaining([expect.objectContaining({ restore_id: restoreId })]),
        total: expect.any(Number),
      },
    }),
    malformed: () => [
      refused('/api/v1/restores?limit=x', {}, /^limit: takes a whole number/),
      refused('/api/v1/restores?backup=x', {}, /"backup": not known here/),
    ],
    notFound: () => [{ path: `/api/v1/restores?backup_id=${NOBODY}`, status: 200, body: { restores: [], total: 0 } }],
  },
  'GET /api/v1/restores/:id': {
    needs: ['backups:read'],
    good: ({ restoreId }) => ({
      path: `/api/v1/restores/${restoreId}`,
      status: 200,
      body: { restore_id: restoreId, phase: 'succeeded' },
    }),
    malformed: ({ restoreId }) => [refused(`/api/v1/restores/${restoreId}?x=1`, {}, /"x": not known here/)],
    notFound: () => [noRestore(`/api/v1/restores/${NOBODY}`), noRestore('/api/v1/restores/..%2f..%2fx')],
  },
  'GET /api/v1/restores/:id/changes': {
    needs: ['backups:read'],
    good: ({ restoreId }) => ({
      path: `/api/v1/restores/${restoreId}/changes?limit=10&offset=0&kind=skip&table=Logical_Switch`,
      status: 200,
      body: { changes: expect.any(Array), total: expect.any(Number), page_info: expect.any(Object) },
    }),
    malformed: ({ restoreId }) => [
      refused(`/api/v1/restores/${restoreId}/changes?limit=0`, {}, /^limit: takes a whole number from 1 to 1000/),
      refused(`/api/v1/restores/${restoreId}/changes?limit=1001`, {}, /^limit: takes a whole number/),
      refused(`/api/v1/restores/${restoreId}/changes?offset=-1`, {}, /^offset: takes a whole number/),
      refused(`/api/v1/restores/${restoreId}/changes?kind=none`, {}, /^kind: takes one of insert, update/),
      refused(`/api/v1/restores/${restoreId}/changes?after=x`, {}, /after takes the end cursor/),
      refused(`/api/v1/restores/${restoreId}/changes?x=1`, {}, /"x": not known here/),
    ],
    notFound: () => [noRestore(`/api/v1/restores/${NOBODY}/changes`)],
  },
  'POST /api/v1/restores/:id/confirm': {
    needs: ['backups:restore', 'admin'],
    good: async ({ awaiting }) => ({
      path: `/api/v1/restores/${await awaiting()}/confirm`,
      request: post(),
      status: 200,
      body: { phase: 'succeeded' },
    }),
    malformed: ({ restoreId }) => [
      ...malformedJson(`/api/v1/restores/${restoreId}/confirm`),
      { path: `/api/v1/restores/${restoreId}/confirm`, request: post(), status: 409, body: { code: 'CONFLICT' } },
    ],
    notFound: () => [noRestore(`/api/v1/restores/${NOBODY}/confirm`, post())],
  },
  'POST /api/v1/restores/:id/cancel': {
    needs: ['backups:restore', 'admin'],
    good: async ({ queued }) => ({
      path: `/api/v1/restores/${await queued()}/cancel`,
      request: post(),
      status: 200,
      body: { phase: 'cancelled', success: false },
    }),
    malformed: ({ restoreId }) => [
      ...malformedJson(`/api/v1/restores/${restoreId}/cancel`),
      {
        path: `/api/v1/restores/${restoreId}/cancel`,
        request: post(),
        status: 409,
        body: { code: 'CONFLICT', error: expect.stringMatching(/ended already/) },
      },
    ],
    notFound: () => [noRestore(`/api/v1/restores/${NOBODY}/cancel`, post())],
  },
  'POST /api/v1/restores/:id/undo': {
    needs: ['backups:restore', 'admin'],
    good: async ({ awaiting }) => ({
      path: `/api/v1/restores/${await awaiting()}/undo`,
      request: post({ dry_run: false }),
      status: 200,
      body: RESULT,
    }),
    malformed: ({ restoreId }) => [
      ...malformedJson(`/api/v1/restores/${restoreId}/undo`),
      refused(`/api/v1/restores/${restoreId}/undo`, post({ force: 1 }), /^force: takes true or false/),
    ],
    notFound: () => [noRestore(`/api/v1/restores/${NOBODY}/undo`, post())],
  },
  'GET /api/v1/openapi.json': {
    needs: [],
    good: () => ({ path: '/api/v1/openapi.json', status: 200, body: { openapi: '3.1.0' } }),
    malformed: () => [refused('/api/v1/openapi.json?x=1', {}, /"x": not known here/)],
  },
};

let api: TestApi;
let admin: RestClient;
let fixture: Fixture;
let checkAnswer: (name: string, answer: RestAnswer) => void;

beforeAll(async () => {
  api = await startApiServer();
  await nbctl(api.ovsdb.remote, 'ls-add', 'web', '--', 'ls-add', 'db', '--', 'set', 'NB_Global', '.', 'options:x=y');
  admin = RestClient.of(api.admin);
  const make = async (): Promise<string> =>
    (await admin.post(BACKUPS, { name: 'for the table', compress: true, tags: ['table'] })).body['backup'] as string;
  let open: string | undefined;
  let behind: Promise<void> | undefined;
  const idOf = (backup: unknown): string => (backup as { id: string }).id;
  const backupId = idOf(await make());
  const restored = await admin.post(`${BACKUPS}/${backupId}/restore`, {});
  fixture = {
    backupId,
    restoreId: restored.body['restore_id'] as string,
    document: await (await admin.fetch(`${BACKUPS}/${backupId}/export`)).text(),
    prepared: async (id) => (await admin.post(`${BACKUPS}/${id}/export/prepare`)).body['url'] as string,
    another: async () => idOf((await admin.post(BACKUPS, { name: 'to delete' })).body['backup']),
    awaiting: async () => {
      // one that still awaits its confirmation holds the queue
      if (open !== undefined) await admin.post(`/api/v1/restores/${open}/confirm`);
      // what waited behind it takes back what is changed next, when it runs only then
      await behind;
      await nbctl(api.ovsdb.remote, 'set', 'Logical_Switch', 'web', 'other_config:changed=true');
      const { body } = await admin.post(`${BACKUPS}/${backupId}/restore`, {
        conflict_policy: 'overwrite',
        confirm_within_seconds: 600,
      });
      expect(body).toMatchObject({ phase: 'awaiting_confirmation', confirm_before: expect.any(String) });
      open = body['restore_id'] as string;
      return open;
    },
    drilled: async () => {
      const { status, body } = await admin.post(`${BACKUPS}/${backupId}/drill`, { northd: false });
      expect(status).toBe(200);
      return body['id'] as string;
    },
    hanging: async () => {
      api.ovsdb.pause();
      const { status, body } = await admin.post(`${BACKUPS}?wait=false`, { name: 'hangs' });
      expect(status).toBe(202);
      checkAnswer('POST /api/v1/backups', { status, body } as RestAnswer);
      return body['id'] as string;
    },
    row: async () => {
      const { body } = await admin.get('/api/v1/rows/NB_Global?of=live:northbound');
      return (body['rows'] as readonly { readonly uuid: string }[])[0]?.uuid ?? '';
    },
    queued: async () => {
      await fixture.awaiting();
      // only the good request cancels it
      behind = admin
        .post(`${BACKUPS}/${backupId}/restore`, { conflict_policy: 'overwrite', queue: true })
        .then(({ status }) => expect([200, 409]).toContain(status));
      return until(async () => {
        const { body } = await admin.get('/api/v1/restores?limit=1');
        const [newest] = body['restores'] as readonly { restore_id: string; phase: string }[];
        return newest?.phase === 'queued' && newest.restore_id;
      });
    },
  };
  checkAnswer = await answerChecker();
});
afterEach(() => api.ovsdb.resume());
afterAll(() => api.stop());

/** Compares answers with what the OpenAPI document says of their status. */
async function answerChecker(): Promise<(name: string, answer: RestAnswer) => void> {
  const { body: document } = await admin.get('/api/v1/openapi.json');
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'api', ...document });
  return (name, { status, body }) => {
    const [method = '', path = ''] = name.split(' ');
    const at = [
      'paths',
      path.replaceAll(/:(\w+)/g, '{$1}'),
      method.toLowerCase(),
      'responses',
      String(status),
      'content',
      'application/json',
      'schema',
    ];
    let schema: unknown = document;
    for (const key of at.slice(0, -1)) schema = (schema as Record<string, unknown> | undefined)?.[key];
    expect({ name, status, documented: schema !== undefined }).toEqual({ name, status, documented: true });
    if ((schema as { schema?: unknown }).schema === undefined) return;
    const pointer = at
      .map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1'))
      .map(encodeURIComponent)
      .join('/');
    const validate = ajv.compile({ $ref: `api#/${pointer}` });
    expect({ name, valid: validate(body), errors: validate.errors }).toEqual({ name, valid: true, errors: null });
  };
}

async function meets(name: string, client: RestClient, { path, request, status, body }: Case): Promise<void> {
  const answer = await client.send(path, request);
  expect({ path, status: answer.status, body: answer.body }).toEqual({
    path,
    status,
    body: expect.objectContaining(body),
  });
  expect(answer.headers.get('x-request-id')).toMatch(/^[\w.-]{1,64}$/);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(JSON.stringify(answer.body)).not.toContain('the secret of this test');
  if (path.split('?')[0] !== '/api/v1/backup' && !path.includes('%')) checkAnswer(name, answer);
}

it('these are all the routes that there are', async () => {
  const { paths } = (await admin.get('/api/v1/openapi.json')).body as {
    paths: Record<string, Record<string, unknown>>;
  };
  const served = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
  expect(served.sort()).toEqual(Object.keys(ROUTES).sort());
});

describe.each(Object.entries(ROUTES))('%s', (name, { needs, good, missing, malformed, notFound }) => {
  it('answers a good request', async () => {
    await meets(name, admin, await good(fixture));
  });

  it('refuses what lacks something, and what is malformed, and says what', async () => {
    for (const each of [...(missing?.(fixture) ?? []), ...malformed(fixture)]) await meets(name, admin, each);
  });

  it('says that what is not there is not found', async () => {
    for (const each of notFound?.(fixture) ?? []) await meets(name, admin, each);
  });

  it.each([
    ['without a token', undefined],
    ['with a token that is none', 'ovncp_nonsense'],
    ['with a token that nobody signed', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJldmUiLCJwZXJtaXNzaW9ucyI6WyJhZG1pbiJdfQ.'],
  ])('is unauthorised %s', async (_what, token) => {
    const { path, request } = await good(fixture);
    const answer = await new RestClient(api.url, token).send(path, request);
    if (needs.length === 0) {
      expect(answer.status).toBe(200);
      return;
    }
    expect(answer).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHENTICATED', error: expect.any(String), request_id: answer.headers.get('x-request-id') },
    });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    checkAnswer(name, answer);
  });

  if (needs.length > 0)
    it.each(needs.map((permission) => [permission]))(
      'is forbidden without %s, which is named, whatever the body is',
      async (permission) => {
        const others = ['backups:read', 'backups:write', 'backups:delete', 'backups:restore'].filter(
          (one) => one !== permission,
        );
        const { path, request } = await good(fixture);
        const client = RestClient.of(await api.as(...others));
        for (const each of [request, request?.method === 'POST' ? post('{nonsense') : request]) {
          const answer = await client.send(path, each);
          expect(answer).toMatchObject({
            status: 403,
            body: {
              code: 'FORBIDDEN',
              error: expect.stringMatching(new RegExp(`^Insufficient permissions: .*lacks .*${permission}`)),
            },
          });
          checkAnswer(name, answer);
        }
      },
    );
});

it('a restore can be begun without waiting for it', async () => {
  const path = `${BACKUPS}/${fixture.backupId}/restore`;
  const begun = await admin.post(`${path}?wait=false`, { dry_run: true });
  expect(begun).toMatchObject({ status: 202, body: { dry_run: true, restore_id: expect.any(String) } });
  checkAnswer('POST /api/v1/backups/:id/restore', begun);
  await until(async () => {
    const { body } = await admin.get(`/api/v1/restores/${begun.body['restore_id'] as string}`);
    return body['phase'] === 'succeeded';
  });
  await meets('POST /api/v1/backups/:id/restore', admin, refused(`${path}?wait=no`, post(), /^wait: takes one of/));
});

it('a drill can be begun without waiting for it, and is told of the backup', async () => {
  const path = `${BACKUPS}/${fixture.backupId}`;
  const begun = await admin.post(`${path}/drill?wait=false`, { northd: false });
  expect(begun).toMatchObject({ status: 202, body: { backup_id: fixture.backupId, success: null, finished_at: null } });
  checkAnswer('POST /api/v1/backups/:id/drill', begun);
  const drill = await until(async () => {
    const { body } = await admin.get(`/api/v1/drills/${begun.body['id'] as string}`);
    return body['phase'] === 'succeeded' && body;
  });
  expect((await admin.get(path)).body).toMatchObject({ last_drill: drill });
  const job = await until(async () => {
    const { body } = await admin.get(`/api/v1/jobs/${begun.body['id'] as string}`);
    return body['finished_at'] !== null && body;
  });
  expect(job).toMatchObject({ kind: 'drill', phase: 'succeeded', message: drill['message'], rows: 3 });
});

describe('a method that an address does not take', () => {
  /** What is served there, by the document and by the pages. */
  const PAGES: Readonly<Record<string, readonly string[]>> = {
    '/': ['GET', 'HEAD'],
    '/healthz': ['GET', 'HEAD'],
    '/readyz': ['GET', 'HEAD'],
    '/api/v1/docs': ['GET', 'HEAD'],
    '/docs/rest.md': ['GET', 'HEAD'],
    '/graphql': ['GET', 'HEAD', 'POST'],
  };

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('is answered with those that it takes: %s', async (method) => {
    const { paths } = (await admin.get('/api/v1/openapi.json')).body as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
    const addresses = [
      ...Object.entries(paths).map(
        ([path, methods]) =>
          [
            path.replaceAll(/\{\w+\}/g, NOBODY),
            // an address that was prepared can be looked at
            [
              ...Object.keys(methods).map((name) => name.toUpperCase()),
              ...(path.includes('/downloads/') ? ['HEAD'] : []),
            ],
          ] as const,
      ),
      ...Object.entries(PAGES),
    ];
    for (const [address, allowed] of addresses) {
      if (allowed.includes(method)) continue;
      const body = method === 'GET' ? undefined : '{nonsense';
      const answer = await fetch(`${api.url}${address}`, {
        method,
        ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
      });
      const told = [...new Set(allowed)].sort();
      expect([address, answer.status, answer.headers.get('allow')]).toEqual([address, 405, told.join(', ')]);
      const use = told.filter((name) => name !== 'HEAD').join(' or ');
      expect(await answer.json()).toMatchObject({
        code: 'METHOD_NOT_ALLOWED',
        error: `This address does not take ${method}: use ${use}`,
      });
    }
  });
});
