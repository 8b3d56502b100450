/**
 * Tokens that are limited to databases, in both APIs and over the socket: of the others nothing is seen, counted or
 * changed, and what is said to be refused says why.
 */
import { type ApiClient } from '../support/clients/api-client.js';
import * as operations from '../support/clients/generated/graphql.js';
import { type TypedDocumentString } from '../support/clients/generated/graphql.js';
import { RestClient, type RestRequest } from '../support/clients/rest-client.js';
import { compareDatabases, dumpDatabase } from '../support/judge/judge.js';
import { MARK, TwoDatabases } from '../support/servers/two-databases.js';

type Document = TypedDocumentString<unknown, Record<string, unknown>>;
type Variables = Readonly<Record<string, unknown>>;

/** What there is of a database. */
interface Things {
  readonly database: string;
  readonly backup: string;
  readonly restore: string;
  /** That made the backup. */
  readonly job: string;
  readonly drill: string;
  /** UUID of its switch. */
  readonly row: string;
}

const NOBODY = '00000000-0000-4000-8000-000000000000';
const LIMITED = /is limited to the database \\?"(alpha|bravo)\\?"/;

let two: TwoDatabases;
let all: ApiClient;
let onlyAlpha: ApiClient;
let onlyBravo: ApiClient;
let alpha: Things;
let bravo: Things;
/** Of a backup of bravo into alpha, and of one of alpha into bravo. */
let across: readonly [string, string];
/** Ids and names of bravo: none of them is in an answer to a token of alpha, and the other way round. */
let secrets: Readonly<Record<'alpha' | 'bravo', readonly string[]>>;

async function restored(backupId: string, database: string): Promise<string> {
  const input = { backupId, database, dryRun: true };
  return (await all.run(operations.RestoreBackupDocument, { input })).restoreBackup.id;
}

async function thingsOf(database: string, name: string): Promise<Things> {
  const input = { name, database, tags: [name] };
  const backup = (await all.run(operations.CreateBackupDocument, { input })).createBackup.id;
  const { rows } = await all.run(operations.ListRowsDocument, { of: { database }, table: 'Logical_Switch' });
  const row = rows.nodes[0]?.uuid ?? '';
  const { drillBackup } = await all.run(operations.DrillBackupDocument, { id: backup, northd: false });
  return { database, backup, restore: await restored(backup, database), job: backup, drill: drillBackup.id, row };
}

beforeAll(async () => {
  two = await TwoDatabases.start();
  all = await two.as();
  [onlyAlpha, onlyBravo] = [await two.as(['alpha']), await two.as(['bravo'])];
  alpha = await thingsOf('alpha', 'ours');
  bravo = await thingsOf('bravo', `${MARK}-backup`);
  across = [await restored(bravo.backup, 'alpha'), await restored(alpha.backup, 'bravo')];
  secrets = {
    alpha: [alpha.backup, alpha.restore, alpha.drill, alpha.row, ...across],
    bravo: [MARK, bravo.backup, bravo.restore, bravo.drill, bravo.row, ...across],
  };
});
afterAll(() => two.stop());

/** Those of `things` that stand in the text, but for what was sent. */
function leaked(of: 'alpha' | 'bravo', text: string, sent: unknown): readonly string[] {
  const asked = JSON.stringify(sent);
  const names = LIMITED.test(text) || asked.includes(`"${of}"`) ? [] : [`"${of}"`, ` ${of}`];
  return [...secrets[of], ...names].filter((secret) => text.includes(secret) && !asked.includes(secret));
}

interface Case {
  /** What names something of a database; `undefined` where it names nothing. */
  readonly of: (things: Things) => Variables;
  /** Names nothing, or something that there is not. */
  readonly free?: Variables;
  /** Refused to every limited token. */
  readonly isForAll?: true;
  /** It is asked of what is another's alone. */
  readonly destroys?: true;
}
const id = { id: NOBODY };
const CASES: Readonly<Record<string, Case>> = {
  GetBackup: { of: ({ backup }) => ({ id: backup }), free: id },
  ListBackups: { of: ({ database }) => ({ filter: { database } }), free: {} },
  GetBackupJob: { of: ({ job }) => ({ id: job }), free: id },
  ListJobs: { of: ({ database }) => ({ database }), free: {} },
  CancelJob: { of: ({ job }) => ({ id: job }), free: id },
  CreateBackup: { of: ({ database }) => ({ input: { name: 'one more', database, onlyIfChanged: true } }) },
  StartBackup: { of: ({ database }) => ({ input: { name: 'one more', database, onlyIfChanged: true } }) },
  ImportBackup: { of: () => ({ input: { data: '{}' } }), free: { input: { data: '{}' } } },
  DeleteBackup: { of: ({ backup }) => ({ id: backup }), free: id, destroys: true },
  PrepareExport: { of: ({ backup }) => ({ backupId: backup }), free: { backupId: NOBODY } },
  ValidateBackup: { of: ({ backup }) => ({ id: backup }), free: id },
  VerifyBackups: { of: ({ database }) => ({ filter: { database } }), free: {} },
  ExpireBackups: {
    of: ({ database }) => ({ policy: { keepLast: 1 }, filter: { database } }),
    free: { policy: { keepLast: 1 } },
  },
  PinBackup: { of: ({ backup }) => ({ id: backup, pinned: false }), free: { ...id, pinned: false } },
  DrillBackup: { of: ({ backup }) => ({ id: backup, northd: false }), free: id },
  GetDrill: { of: ({ drill }) => ({ id: drill }), free: id },
  ListDrills: { of: ({ backup }) => ({ backupId: backup }), free: {} },
  DrillProgress: { of: ({ drill }) => ({ id: drill }), free: id },
  LastDrill: { of: ({ backup }) => ({ id: backup }), free: id },
  BackupSteps: { of: ({ job }) => ({ jobId: job }), free: { jobId: NOBODY } },
  JobActivity: { of: () => ({}) },
  ListDatabases: { of: () => ({}), free: {} },
  GetViewer: { of: () => ({}), free: {} },
  Diff: { of: ({ backup, database }) => ({ from: { backupId: backup }, to: { database } }) },
  Search: { of: ({ database }) => ({ of: { database }, text: 'switch' }) },
  ListRows: { of: ({ backup }) => ({ of: { backupId: backup }, table: 'Logical_Switch' }) },
  GetRow: { of: ({ database, row }) => ({ of: { database }, table: 'Logical_Switch', uuid: row }) },
  GetRestore: { of: ({ restore }) => ({ id: restore }), free: id },
  ListRestores: { of: ({ backup }) => ({ backupId: backup }), free: {} },
  RestoreChanges: { of: ({ restore }) => ({ id: restore }), free: id },
  RestoreBackup: {
    of: ({ backup }) => ({ input: { backupId: backup, dryRun: true } }),
    free: { input: { backupId: NOBODY } },
  },
  ConfirmRestore: { of: ({ restore }) => ({ id: restore }), free: id },
  UndoRestore: { of: ({ restore }) => ({ id: restore }), free: id },
  CancelRestore: { of: ({ restore }) => ({ id: restore }), free: id },
  RestoreSteps: { of: ({ restore }) => ({ restoreId: restore }), free: { restoreId: NOBODY } },
  RestoreActivity: { of: () => ({}) },
  AuditLog: { of: () => ({}), free: {} },
  AuditCheck: { of: () => ({}), isForAll: true },
};
/** What names nothing that could be refused: lists, what follows all, and imports, which are looked into below. */
const NAMELESS = new Set(['JobActivity', 'RestoreActivity', 'ListDatabases', 'GetViewer', 'AuditLog', 'ImportBackup']);

const documentOf = (name: string): Document =>
  (operations as unknown as Record<string, Document>)[`${name}Document`] as Document;
const isEndless = (name: string): boolean => /Activity$/.test(name);
const isSubscription = (name: string): boolean => String(documentOf(name)).trimStart().startsWith('subscription');

/** All that a client gets. */
async function told(client: ApiClient, name: string, variables: Variables): Promise<string> {
  if (!isSubscription(name)) return (await client.send(documentOf(name), variables)).text;
  return client.followed(documentOf(name), variables).then(
    (events) => JSON.stringify(events),
    (error: unknown) => String(error),
  );
}

const names = Object.keys(CASES);

it('these are all the operations that there are', () => {
  const generated = Object.keys(operations)
    .filter((name) => name.endsWith('Document') && !name.endsWith('FragmentDoc'))
    .map((name) => name.slice(0, -'Document'.length));
  expect(generated.sort()).toEqual([...names].sort());
});

describe.each(names.filter((name) => !isEndless(name) && name !== 'AuditLog'))('%s', (name) => {
  const { of, free, isForAll, destroys } = CASES[name] as Case;

  it('shows and counts nothing of another database', async () => {
    for (const [client, other] of [
      [onlyAlpha, 'bravo'],
      [onlyBravo, 'alpha'],
    ] as const) {
      const own = other === 'bravo' ? alpha : bravo;
      for (const variables of [...(destroys ? [] : [of(own)]), ...(free === undefined ? [] : [free])])
        expect(leaked(other, await told(client, name, variables), variables)).toEqual([]);
    }
  });

  it('is refused where it names something of another, and changes nothing there', async () => {
    const before = [await dumpDatabase(two.bravo.remote), await all.run(operations.ListBackupsDocument, {})] as const;
    const variables = of(bravo);
    const text = await told(onlyAlpha, name, variables);
    if (!NAMELESS.has(name)) {
      expect(text).toMatch(/FORBIDDEN/);
      expect(text).toMatch(/token \\?"only alpha\\?" is limited to the database \\?"alpha\\?"; /);
    }
    expect(leaked('bravo', text, variables)).toEqual([]);
    expect(compareDatabases(before[0], await dumpDatabase(two.bravo.remote))).toEqual([]);
    expect(await all.run(operations.ListBackupsDocument, {})).toEqual(before[1]);
  });

  it('is not refused to those whose it is, nor where there is nothing of that id', async () => {
    const asked = [
      [onlyAlpha, alpha],
      [onlyBravo, bravo],
      [all, bravo],
      [all, alpha],
    ] as const;
    for (const [client, things] of destroys ? [] : asked)
      if (isForAll !== true || client === all) expect(await told(client, name, of(things))).not.toMatch(/FORBIDDEN/);
    if (free !== undefined) expect(await told(onlyAlpha, name, free)).not.toMatch(/FORBIDDEN/);
  });
});

describe('what names no database', () => {
  it('lists what the token is limited to, and counts no more', async () => {
    const [{ backups }, { restores }, { jobs }, { databases }] = [
      await onlyAlpha.run(operations.ListBackupsDocument, { first: 1 }),
      await onlyAlpha.run(operations.ListRestoresDocument, {}),
      await onlyAlpha.run(operations.ListJobsDocument, {}),
      await onlyAlpha.run(operations.ListDatabasesDocument),
    ];
    const seen = await all.run(operations.ListBackupsDocument, { filter: { database: 'alpha' } });
    expect(backups.totalCount).toBe(seen.backups.totalCount);
    expect(restores.totalCount).toBe(restores.nodes.length);
    expect(new Set([...restores.nodes, ...jobs.nodes].map(({ database }) => database))).toEqual(new Set(['alpha']));
    expect(databases.map(({ id: each }) => each)).toEqual(['alpha']);
  });

  it('is refused where the default one is meant, with the advice to name one', async () => {
    const { errors } = await onlyAlpha.send(operations.CreateBackupDocument, { input: { name: 'n' } });
    expect(errors.map(({ message }) => message)).toEqual([
      'Insufficient permissions: token "only alpha" is limited to the database "alpha"; no database is named, and ' +
        '"bravo" is meant then: name one of its own',
    ]);
  });

  it('follows what happens to the database of the token', async () => {
    const jobs = onlyAlpha.follow(operations.JobActivityDocument, {});
    const restores = onlyAlpha.follow(operations.RestoreActivityDocument, {});
    const first = [jobs.next(), restores.next()] as const;
    let made: readonly string[] = [];
    let isDone = false;
    const done = Promise.all(first).then((events) => {
      isDone = true;
      return events;
    });
    while (!isDone) {
      await thingsOf('bravo', `${MARK}-again`);
      const { backup, restore } = await thingsOf('alpha', 'again');
      made = [...made, backup, restore];
    }
    const [job, restore] = await done;
    expect(made).toContain(job.value?.jobActivity.jobId);
    const followed = restore.value?.restoreActivity.restoreId ?? '';
    expect((await onlyAlpha.run(operations.GetRestoreDocument, { id: followed })).restore?.database).toBe('alpha');
    await Promise.all([jobs.return(), restores.return()]);
  });

  it('is an import of the database of the token', async () => {
    const file = await RestClient.of(onlyAlpha).fetch(`/api/v1/backups/${alpha.backup}/export`);
    const made = await onlyAlpha.importFile({ name: 'taken back' }, { bytes: Buffer.from(await file.arrayBuffer()) });
    expect(made.database).toBe('alpha');
    const { jobs } = await onlyAlpha.run(operations.ListJobsDocument, { kind: 'IMPORT' });
    expect(jobs.nodes.map(({ database }) => database)).toContain('alpha');
  });

  it('shows an import of somebody else to those alone of whose database it turned out to be', async () => {
    const file = await RestClient.of(all).fetch(`/api/v1/backups/${alpha.backup}/export`);
    const made = await all.importFile({ name: 'by all' }, { bytes: Buffer.from(await file.arrayBuffer()) });
    expect(made.database).toBe('alpha');
    expect((await all.sendFile({}, { bytes: Buffer.from('{}') })).errors).toHaveLength(1);
    const [ours, theirs, every] = await Promise.all(
      [onlyAlpha, onlyBravo, all].map(
        async (client) => (await client.run(operations.ListJobsDocument, { kind: 'IMPORT' })).jobs,
      ),
    );
    const failed = every?.nodes[0]?.id ?? '';
    expect(ours?.nodes.map(({ id: each }) => each)).toContain(made.id);
    expect(theirs?.nodes.map(({ id: each }) => each)).not.toContain(made.id);
    for (const client of [onlyAlpha, onlyBravo])
      expect(await client.codeOf(operations.GetBackupJobDocument, { id: failed })).toBe('FORBIDDEN');
  });

  it('checks the backups of the token only, in a job that others do not see', async () => {
    const { backups } = await all.run(operations.ListBackupsDocument, { filter: { database: 'alpha' } });
    const { verifyBackups } = await onlyAlpha.run(operations.VerifyBackupsDocument, {});
    expect(verifyBackups.checked).toBe(backups.totalCount);
    await all.run(operations.VerifyBackupsDocument, {});
    const { jobs } = await onlyBravo.run(operations.ListJobsDocument, { kind: 'VERIFY' });
    const { jobs: every } = await all.run(operations.ListJobsDocument, { kind: 'VERIFY' });
    // the last one was about both
    const [both, own] = every.nodes;
    expect(jobs.nodes.map(({ id: each }) => each)).not.toContain(both?.id);
    expect(jobs.nodes.map(({ id: each }) => each)).not.toContain(own?.id);
    expect(await onlyBravo.codeOf(operations.CancelJobDocument, { id: both?.id ?? '' })).toBe('FORBIDDEN');
  });
});

describe('a restore from one database into another', () => {
  it.each(['alpha', 'bravo'] as const)('is refused to a token of %s alone', async (database) => {
    const client = database === 'alpha' ? onlyAlpha : onlyBravo;
    for (const [from, into] of [
      [alpha, 'bravo'],
      [bravo, 'alpha'],
    ] as const) {
      const input = { backupId: from.backup, database: into, dryRun: true };
      expect(await client.codeOf(operations.RestoreBackupDocument, { input })).toBe('FORBIDDEN');
    }
    for (const restoreId of across)
      expect(await client.codeOf(operations.GetRestoreDocument, { id: restoreId })).toBe('FORBIDDEN');
  });

  it('is taken of a token of both', async () => {
    const both = await two.as(['alpha', 'bravo']);
    const input = { backupId: alpha.backup, database: 'bravo', dryRun: true };
    const made = (await both.run(operations.RestoreBackupDocument, { input })).restoreBackup;
    expect(made.database).toBe('bravo');
    expect((await both.run(operations.GetRestoreDocument, { id: across[0] })).restore?.id).toBe(across[0]);
  });

  it('stays unseen when its backup is gone', async () => {
    const input = { name: `${MARK}-gone`, database: 'bravo' };
    const { id: gone } = (await all.run(operations.CreateBackupDocument, { input })).createBackup;
    const restoreId = await restored(gone, 'alpha');
    await all.run(operations.DeleteBackupDocument, { id: gone });
    const { restores } = await onlyAlpha.run(operations.ListRestoresDocument, {});
    expect(restores.nodes.map(({ id: each }) => each)).not.toContain(restoreId);
    expect(await onlyAlpha.codeOf(operations.GetRestoreDocument, { id: restoreId })).toBe('FORBIDDEN');
  });
});

it('says which database something is of, and what the token is limited to', async () => {
  const { errors } = await onlyAlpha.send(operations.GetBackupDocument, { id: bravo.backup });
  expect(errors[0]?.message).toBe(
    `Insufficient permissions: token "only alpha" is limited to the database "alpha"; backup ${bravo.backup} is of "bravo"`,
  );
});

it('names only its own databases where one is not found', async () => {
  const client = await two.as(['alpha', 'gone']);
  const { errors } = await client.send(operations.CreateBackupDocument, { input: { name: 'n', database: 'gone' } });
  expect(errors[0]?.message).toBe('Database not found: "gone". Configured here: alpha');
});

it('tells what it is limited to', async () => {
  const answers = await Promise.all([onlyAlpha, all].map((client) => client.run(operations.GetViewerDocument)));
  expect(answers.map(({ viewer }) => viewer.databases)).toEqual([['alpha'], null]);
});

it.each([[''], [[]], [17], [null], [{ alpha: true }], ['charlie']])(
  'shows nothing where the claim is %p',
  async (databases) => {
    const client = await two.as([], { databases });
    const { backups } = await client.run(operations.ListBackupsDocument, {});
    expect([backups.totalCount, backups.nodes]).toEqual([0, []]);
    expect((await client.run(operations.ListDatabasesDocument)).databases).toEqual([]);
    expect(await client.codeOf(operations.GetBackupDocument, { id: alpha.backup })).toBe('FORBIDDEN');
  },
);

describe('the audit trail', () => {
  it('shows lines of the database, and what the token asked for itself', async () => {
    const other = await two.as(['alpha'], { sub: 'another of alpha' });
    await other.run(operations.GetBackupDocument, { id: NOBODY });
    const page = await other.run(operations.AuditLogDocument, { first: 400 });
    const { nodes, totalCount } = page.auditLog;
    expect(nodes.length).toBeGreaterThan(0);
    expect(totalCount).toBe(nodes.length);
    expect(new Set(nodes.map(({ target }) => target?.database))).toEqual(new Set(['alpha']));
    expect(secrets.bravo.filter((secret) => JSON.stringify(page).includes(secret))).toEqual([]);
    const rest = await RestClient.of(other).get('/api/v1/audit?limit=400');
    expect(rest.body['total']).toBe(totalCount);
  });

  it('shows a refusal to whoever was refused', async () => {
    const other = await two.as(['alpha'], { sub: 'refused of alpha' });
    await other.send(operations.DeleteBackupDocument, { id: bravo.backup });
    const { auditLog } = await other.run(operations.AuditLogDocument, { subject: 'refused of alpha' });
    expect(auditLog.nodes.map(({ action, result }) => [action, result])).toEqual([['deleteBackup', 'FORBIDDEN']]);
  });
});

describe('REST', () => {
  interface Call {
    readonly path: string;
    readonly request?: RestRequest;
  }
  const post = (path: string, body: unknown = {}): Call => ({ path, request: { method: 'POST', body } });
  /** Method and path -> what names something of a database. */
  const ROUTES: Readonly<Record<string, (things: Things) => Call>> = {
    'get /api/v1/backups': ({ database }) => ({ path: `/backups?database=${database}` }),
    'post /api/v1/backups': ({ database }) => post('/backups', { name: 'n', database, only_if_changed: true }),
    'get /api/v1/backups/{id}': ({ backup }) => ({ path: `/backups/${backup}` }),
    'delete /api/v1/backups/{id}': ({ backup }) => ({ path: `/backups/${backup}`, request: { method: 'DELETE' } }),
    'post /api/v1/backups/validate': ({ backup }) => post('/backups/validate', { backup_id: backup }),
    'post /api/v1/backups/verify': ({ database }) => post(`/backups/verify?database=${database}`),
    'get /api/v1/backups/{id}/export': ({ backup }) => ({
      path: `/backups/${backup}/export?raw=true`,
      request: { headers: { Range: 'bytes=999999999-' } },
    }),
    'post /api/v1/backups/{id}/export/prepare': ({ backup }) => post(`/backups/${backup}/export/prepare`),
    'post /api/v1/backups/{id}/restore': ({ backup }) => post(`/backups/${backup}/restore`, { dry_run: true }),
    'post /api/v1/diff': ({ backup, database }) => post('/diff', { from: { backup_id: backup }, to: { database } }),
    'get /api/v1/rows/{table}': ({ database }) => ({ path: `/rows/Logical_Switch?of=live:${database}` }),
    'get /api/v1/rows/{table}/{uuid}': ({ backup, row }) => ({
      path: `/rows/Logical_Switch/${row}?of=backup:${backup}`,
    }),
    'get /api/v1/search': ({ database }) => ({ path: `/search?of=live:${database}&text=switch` }),
    'get /api/v1/restores': ({ backup }) => ({ path: `/restores?backup_id=${backup}` }),
    'get /api/v1/restores/{id}': ({ restore }) => ({ path: `/restores/${restore}` }),
    'get /api/v1/restores/{id}/changes': ({ restore }) => ({ path: `/restores/${restore}/changes` }),
    'post /api/v1/restores/{id}/confirm': ({ restore }) => post(`/restores/${restore}/confirm`),
    'post /api/v1/restores/{id}/cancel': ({ restore }) => post(`/restores/${restore}/cancel`),
    'post /api/v1/restores/{id}/undo': ({ restore }) => post(`/restores/${restore}/undo`),
    'get /api/v1/jobs': ({ database }) => ({ path: `/jobs?database=${database}` }),
    'get /api/v1/jobs/{id}': ({ job }) => ({ path: `/jobs/${job}` }),
    'post /api/v1/jobs/{id}/cancel': ({ job }) => post(`/jobs/${job}/cancel`),
    'post /api/v1/backups/{id}/drill': ({ backup }) => post(`/backups/${backup}/drill`, { northd: false }),
    'post /api/v1/backups/{id}/pin': ({ backup }) => post(`/backups/${backup}/pin`, { pinned: false }),
    'post /api/v1/retention/simulate': ({ database }) =>
      post('/retention/simulate', { policy: { keep_last: 1 }, filter: { database } }),
    'post /api/v1/retention/expire': ({ database }) =>
      post('/retention/expire', { policy: { keep_last: 99 }, filter: { database } }),
    'get /api/v1/drills': ({ backup }) => ({ path: `/drills?backup_id=${backup}` }),
    'get /api/v1/drills/{id}': ({ drill }) => ({ path: `/drills/${drill}` }),
    'get /api/v1/databases/{id}': ({ database }) => ({ path: `/databases/${database}` }),
    'get /api/v1/audit/check': () => ({ path: '/audit/check' }),
  };
  /** They name nothing that could be refused. */
  const OTHERS = [
    'get /api/v1/audit',
    'get /api/v1/databases',
    'get /api/v1/downloads/{id}',
    'get /api/v1/openapi.json',
    'post /api/v1/backups/import',
  ];

  it('these are all the routes that there are', async () => {
    const { body } = await RestClient.of(all).get('/api/v1/openapi.json');
    const paths = Object.entries(body['paths'] as Readonly<Record<string, object>>);
    const found = paths.flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
    expect(found.filter((route) => route.includes('/api/v1/')).sort()).toEqual(
      [...Object.keys(ROUTES), ...OTHERS].sort(),
    );
  });

  it.each(Object.keys(ROUTES))('%s is refused where it names something of another database', async (name) => {
    const call = ROUTES[name]?.(bravo);
    const answer = await RestClient.of(onlyAlpha).fetch(`/api/v1${call?.path}`, call?.request);
    const text = await answer.text();
    expect([answer.status, text]).toEqual([403, expect.stringMatching(/only alpha.*is limited to the database/)]);
    expect([answer.headers.get('etag'), answer.headers.get('content-range')]).toEqual([null, null]);
    expect(leaked('bravo', text, call)).toEqual([]);
  });

  it.each(['/backups', '/restores', '/jobs', '/drills', '/databases', '/backups?limit=1', '/restores?limit=1'])(
    '%s shows and counts nothing of another database',
    async (path) => {
      const [own, every] = await Promise.all(
        [onlyAlpha, all].map((client) => RestClient.of(client).get(`/api/v1${path}`)),
      );
      expect(leaked('bravo', JSON.stringify(own?.body), '')).toEqual([]);
      expect(Number(own?.body['total'])).toBeGreaterThan(0);
      expect(Number(own?.body['total'])).toBeLessThan(Number(every?.body['total']));
    },
  );

  it('hands out what was prepared to whoever has the address', async () => {
    const { body } = await RestClient.of(onlyAlpha).post(`/api/v1/backups/${alpha.backup}/export/prepare`, {});
    const answer = await new RestClient(two.api.url, undefined).fetch(String(body['url']));
    expect([answer.status, (await answer.text()).includes('ours')]).toEqual([200, true]);
  });
});

describe('a file that builds on a backup of another database', () => {
  it('is not taken', async () => {
    const whole = await all.run(operations.CreateBackupDocument, {
      input: { name: `${MARK}-first`, database: 'bravo' },
    });
    const input = {
      name: `${MARK}-link`,
      database: 'bravo',
      type: 'INCREMENTAL' as const,
      parentId: whole.createBackup.id,
    };
    const link = (await all.run(operations.CreateBackupDocument, { input })).createBackup.id;
    const raw = await RestClient.of(all).fetch(`/api/v1/backups/${link}/export?raw=true`);
    const bytes = Buffer.from(await raw.arrayBuffer());
    const alone = await onlyAlpha.sendFile({ name: 'mine now' }, { bytes });
    expect(alone.errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(`; backup ${whole.createBackup.id} is of "bravo"$`),
    ]);
    // whatever it says of itself
    const forged = Buffer.from(String(bytes).replace(/"database": ?"bravo"/, '"database":"alpha"'));
    expect(forged.equals(bytes)).toBe(false);
    const taken = await onlyAlpha.sendFile({ name: 'mine now' }, { bytes: forged });
    expect(taken.errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    // nor does it tell whether another database has the rows that a digest is of
    const unknown = String(bytes).replaceAll(whole.createBackup.id, NOBODY);
    const answers: unknown[] = [];
    for (const text of [unknown, unknown.replace(/("contentDigest": ?"[^"]*)[0-9a-f]{8}"/, '$100000000"')]) {
      const { errors } = await onlyAlpha.sendFile({ name: 'mine now' }, { bytes: Buffer.from(text) });
      answers.push(errors.map(({ message, extensions: { code } }) => [code, message]));
    }
    expect(answers[0]).toEqual([['INTEGRITY_FAILED', expect.stringContaining(`backup ${NOBODY}, which is not here`)]]);
    expect(answers[1]).toEqual(answers[0]);
    const chain = await RestClient.of(all).fetch(`/api/v1/backups/${link}/export?chain=true`);
    const file = { bytes: Buffer.from(await chain.arrayBuffer()) };
    expect((await onlyAlpha.sendFile({}, file)).errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    await all.run(operations.DeleteBackupDocument, {
      id: whole.createBackup.id,
      cascade: 'DELETE',
    });
    expect((await onlyAlpha.sendFile({}, file)).errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect((await all.sendFile({}, file)).errors).toEqual([]);
  });

  it('is not read where it was taken still encrypted', async () => {
    const encryptionKey = 'the key of bravo';
    const common = { database: 'bravo', encrypt: true, encryptionKey };
    const whole = await all.run(operations.CreateBackupDocument, { input: { name: `${MARK}-shut`, ...common } });
    const parentId = whole.createBackup.id;
    const input = { name: `${MARK}-shut-link`, type: 'INCREMENTAL' as const, parentId, ...common };
    const link = (await all.run(operations.CreateBackupDocument, { input })).createBackup.id;
    const raw = await RestClient.of(all).fetch(`/api/v1/backups/${link}/export?raw=true`);
    const made = await onlyAlpha.importFile({ name: 'shut' }, { bytes: Buffer.from(await raw.arrayBuffer()) });
    expect([made.sealed, made.database]).toEqual([true, 'alpha']);
    const headers = { 'X-Decryption-Key': encryptionKey };
    const answer = await RestClient.of(onlyAlpha).fetch(`/api/v1/backups/${made.id}/export`, { headers });
    const text = await answer.text();
    expect([answer.status, text]).toEqual([400, expect.stringContaining('builds on a backup of another database')]);
    expect(text).not.toContain(MARK);
  });
});
