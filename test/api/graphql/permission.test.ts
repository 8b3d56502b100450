/** Every operation asks for its permission, over HTTP and over the socket, before it looks at anything else. */
import { ApiClient } from '../../support/clients/api-client.js';
import * as operations from '../../support/clients/generated/graphql.js';
import { type TypedDocumentString } from '../../support/clients/generated/graphql.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';

type Document = TypedDocumentString<unknown, Record<string, unknown>>;

interface Case {
  readonly needs: readonly string[];
  readonly variables: Record<string, unknown>;
}

const ref = { database: 'northbound' };
/** Operation -> what it needs, and variables that pass every check before the resolver. */
const CASES: Readonly<Record<string, Case>> = {
  GetBackup: { needs: ['backups:read'], variables: { id: 'x' } },
  ListBackups: { needs: ['backups:read'], variables: {} },
  GetBackupJob: { needs: ['backups:read'], variables: { id: 'x' } },
  ListJobs: { needs: ['backups:read'], variables: {} },
  CancelJob: { needs: ['backups:write'], variables: { id: 'x' } },
  CreateBackup: { needs: ['backups:write'], variables: { input: { name: 'n' } } },
  StartBackup: { needs: ['backups:write'], variables: { input: { name: 'n' } } },
  ImportBackup: { needs: ['backups:write'], variables: { input: { data: '{}' } } },
  DeleteBackup: { needs: ['backups:delete'], variables: { id: 'x' } },
  PrepareExport: { needs: ['backups:read'], variables: { backupId: 'x' } },
  ValidateBackup: { needs: ['backups:read'], variables: { id: 'x' } },
  VerifyBackups: { needs: ['backups:read'], variables: { filter: { nameContains: 'x' } } },
  DrillBackup: { needs: ['backups:write'], variables: { id: 'x' } },
  GetDrill: { needs: ['backups:read'], variables: { id: 'x' } },
  ListDrills: { needs: ['backups:read'], variables: {} },
  LastDrill: { needs: ['backups:read'], variables: { id: 'x' } },
  DrillProgress: { needs: ['backups:read'], variables: { id: 'x' } },
  BackupSteps: { needs: ['backups:read'], variables: { jobId: 'x' } },
  JobActivity: { needs: ['backups:read'], variables: {} },
  ListDatabases: { needs: ['backups:read'], variables: {} },
  GetViewer: { needs: [], variables: {} },
  Diff: { needs: ['backups:read'], variables: { from: ref, to: ref } },
  Search: { needs: ['backups:read'], variables: { of: ref, text: 'x' } },
  ListRows: { needs: ['backups:read'], variables: { of: ref, table: 'ACL' } },
  GetRow: { needs: ['backups:read'], variables: { of: ref, table: 'ACL', uuid: 'x' } },
  ExpireBackups: { needs: ['backups:delete'], variables: { policy: { keepLast: 100 }, dryRun: false } },
  PinBackup: { needs: ['backups:write'], variables: { id: 'x', pinned: true } },
  GetRestore: { needs: ['backups:read'], variables: { id: 'x' } },
  ListRestores: { needs: ['backups:read'], variables: {} },
  RestoreChanges: { needs: ['backups:read'], variables: { id: 'x' } },
  RestoreBackup: { needs: ['backups:restore', 'admin'], variables: { input: { backupId: 'x' } } },
  ConfirmRestore: { needs: ['backups:restore', 'admin'], variables: { id: 'x' } },
  UndoRestore: { needs: ['backups:restore', 'admin'], variables: { id: 'x' } },
  CancelRestore: { needs: ['backups:restore', 'admin'], variables: { id: 'x' } },
  RestoreSteps: { needs: ['backups:read'], variables: { restoreId: 'x' } },
  RestoreActivity: { needs: ['backups:read'], variables: {} },
  // no line of its answer may say FORBIDDEN
  AuditLog: { needs: ['admin'], variables: { action: 'nothing' } },
  AuditCheck: { needs: ['admin'], variables: {} },
};
const ALL = ['backups:read', 'backups:write', 'backups:delete', 'backups:restore'];

let api: TestApi;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.stop());

function documentOf(name: string): Document {
  return (operations as unknown as Record<string, Document>)[`${name}Document`] as Document;
}

const isSubscription = (name: string): boolean => String(documentOf(name)).trimStart().startsWith('subscription');

/** The text of what a client gets: an answer, an error, or the first event, however long that takes. */
async function refusal(client: ApiClient, name: string, variables: Record<string, unknown>): Promise<string> {
  if (!isSubscription(name)) return (await client.send(documentOf(name), variables)).text;
  return client
    .follow(documentOf(name), variables)
    .next()
    .then(
      ({ value }) => JSON.stringify(value ?? null),
      (error: unknown) => String(error),
    );
}

/** The same, of what need not be refused: a subscription to which nothing happens is silent. */
async function ask(client: ApiClient, name: string, variables: Record<string, unknown>): Promise<string> {
  const silence = new Promise<string>((resolve) => setTimeout(() => resolve('no event, and no error'), 300));
  const first = refusal(client, name, variables);
  return isSubscription(name) ? Promise.race([first, silence]) : first;
}

const names = Object.keys(CASES);

it('these are all the operations that there are', () => {
  const generated = Object.keys(operations)
    .filter((name) => name.endsWith('Document') && !name.endsWith('FragmentDoc'))
    .map((name) => name.slice(0, -'Document'.length));
  expect(generated.sort()).toEqual([...names].sort());
});

describe.each(names)('%s', (name) => {
  const { needs, variables } = CASES[name] as Case;

  it('is refused without a token', async () => {
    const text = await refusal(new ApiClient(api.url, undefined), name, variables);
    expect(text).toMatch(isSubscription(name) ? /4401/ : /UNAUTHENTICATED/);
  });

  it('is refused with a token that is not ours', async () => {
    const text = await refusal(
      new ApiClient(api.url, 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJldmUiLCJwZXJtaXNzaW9ucyI6WyJhZG1pbiJdfQ.'),
      name,
      variables,
    );
    expect(text).toMatch(isSubscription(name) ? /4401/ : /UNAUTHENTICATED/);
  });

  it.each(needs.length === 0 ? ['none'] : needs)('needs %s', async (needed) => {
    if (needed === 'none') {
      expect(await ask(await api.as('backups:read'), name, variables)).not.toMatch(/FORBIDDEN/);
      return;
    }
    const others = ALL.filter((permission) => permission !== needed);
    const text = await refusal(await api.as(...others), name, variables);
    expect(text).toMatch(/FORBIDDEN/);
    expect(text).toContain(needed);
  });

  it('is not refused to one who has just what it needs', async () => {
    const text = await ask(await api.as(...needs), name, variables);
    expect(text).not.toMatch(/FORBIDDEN|UNAUTHENTICATED/);
  });

  it('says what is wrong with malformed variables, and does not echo them', async () => {
    const malformed: Record<string, unknown> = Object.fromEntries(
      Object.keys(variables).map((key) => [key, { surprise: 'hunter2-hunter2' }]),
    );
    if (Object.keys(malformed).length === 0) malformed['first'] = 'hunter2-hunter2';
    const hasVariables = String(documentOf(name)).includes('$');
    const text = await (hasVariables ? refusal : ask)(api.admin, name, malformed);
    if (hasVariables) expect(text).toMatch(/BAD_USER_INPUT|invalid|value/i);
    expect(text).not.toContain('hunter2');
  });
});
