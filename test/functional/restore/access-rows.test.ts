/**
 * Rows that say how clients reach a database, in a restore that leaves them or deletes them: what both faces say of
 * them, and that a result with nothing left differing means a database in which a comparison finds nothing either.
 */
import { RestClient } from '../../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

type Answer = Readonly<Record<string, unknown>>;

const [FIRST, SECOND] = ['ptcp:21501:127.0.0.9', 'ptcp:21502:127.0.0.9'];
const EXACT = { conflict_policy: 'overwrite', exact: true } as const;

let api: TestApi;
let rest: RestClient;
beforeAll(async () => {
  api = await startApiServer();
  rest = RestClient.of(api.admin);
});
afterAll(() => api.stop());

const ctl = (...words: readonly string[]): Promise<string> => nbctl(api.ovsdb.remote, ...words);

async function backUp(): Promise<string> {
  return ((await rest.post('/api/v1/backups', { name: 'access' })).body['backup'] as { readonly id: string }).id;
}

/** The same backup, of which nobody knows where it was made. */
async function imported(id: string): Promise<string> {
  const file = await rest.fetch(`/api/v1/backups/${id}/export`);
  const { body } = await rest.post('/api/v1/backups/import', new Uint8Array(await file.arrayBuffer()));
  return (body['backup'] as { readonly id: string }).id;
}

/** A dry run, and the restore that says the same. */
async function restore(id: string, input: object): Promise<Answer> {
  const path = `/api/v1/backups/${id}/restore`;
  const { body: dry } = await rest.post(path, { ...input, dry_run: true });
  const { body } = await rest.post(path, input);
  const same = ['restored_count', 'skipped_count', 'differing_count', 'deleted_count', 'warnings', 'details'] as const;
  for (const name of same) expect({ [name]: body[name] }).toEqual({ [name]: dry[name] });
  return body;
}

async function changesOf({ restore_id: id }: Answer): Promise<readonly string[]> {
  const { body } = await rest.get(`/api/v1/restores/${String(id)}/changes?kind=skip&table=Connection`);
  expect(body).toMatchObject({ changes: expect.anything() as unknown });
  const changes = body['changes'] as readonly { kind: string; label: string; reason?: string }[];
  return changes.map(({ kind, label, reason }) => `${kind} ${label}: ${reason ?? ''}`);
}

async function isEqual(id: string): Promise<unknown> {
  return (await rest.post('/api/v1/diff', { from: { backup_id: id }, to: { database: 'northbound' } })).body[
    'identical'
  ];
}

describe('a Connection row that only the database has', () => {
  beforeEach(() => ctl('init', '--', 'ls-add', 'web', '--', 'del-connection'));
  afterEach(() => ctl('--if-exists', 'ls-del', 'web'));

  it('is left by exact where the backup is not of this database: told, counted, listed', async () => {
    const id = await imported(await backUp());
    await ctl('set-connection', FIRST);
    const left = await restore(id, EXACT);
    expect(left).toMatchObject({
      success: true,
      deleted_count: 0,
      differing_count: 1,
      warnings: [
        `1 Connection row that only the database has is left, though exact was given: connection "${FIRST}". It says ` +
          'how clients reach the database. A restore changes it only with force, or if this server made the backup of ' +
          'this database',
      ],
    });
    expect(await changesOf(left)).toEqual([
      `skip connection "${FIRST}": only the database has it, and it says how clients reach the database: deleted ` +
        'only with force',
    ]);
    expect(await isEqual(id)).toBe(false);
    const forced = await restore(id, { ...EXACT, force: true });
    expect(forced).toMatchObject({
      deleted_count: 1,
      differing_count: 0,
      warnings: [
        `1 Connection row is deleted: connection "${FIRST}". Clients that connect through it lose the database`,
      ],
    });
    expect(await isEqual(id)).toBe(true);
  });

  it('is deleted by exact where the backup is of this database, and by an undo, and that is told', async () => {
    const id = await backUp();
    await ctl('set-connection', FIRST);
    const warnings = [expect.stringContaining(`Connection row is deleted: connection "${FIRST}". Clients`)];
    const deleted = await restore(id, EXACT);
    expect(deleted).toMatchObject({ deleted_count: 1, differing_count: 0, warnings });
    const undo = await rest.post(`/api/v1/restores/${String(deleted['restore_id'])}/undo`, {});
    expect(undo.body).toMatchObject({ success: true, warnings: [] });
    const again = await rest.post(`/api/v1/restores/${String(undo.body['restore_id'])}/undo`, {});
    expect(again.body).toMatchObject({ success: true, warnings });
  });

  it.each([{ conflict_policy: 'error' }, { conflict_policy: 'overwrite' }, {}])(
    'is no matter of a restore without exact, as any other row that was added: %j',
    async (input) => {
      const id = await imported(await backUp());
      await ctl('set-connection', FIRST, '--', 'ls-add', 'mine');
      expect(await restore(id, input)).toMatchObject({ success: true, differing_count: 0, warnings: [] });
      await ctl('ls-del', 'mine');
    },
  );
});

describe('a Connection row of a backup that is not of this database', () => {
  const setUp = async (): Promise<string> => {
    await ctl('init', '--', 'set-connection', FIRST);
    return imported(await backUp());
  };

  it('is not said to be left out where the database has the same', async () => {
    const id = await setUp();
    expect(await restore(id, EXACT)).toMatchObject({ success: true, differing_count: 0, warnings: [] });
    expect(await isEqual(id)).toBe(true);
  });

  it.each(['skip', 'overwrite', 'error'])('is left where it differs, and that is told: %s', async (policy) => {
    const id = await setUp();
    await ctl('set', 'Connection', '.', 'inactivity_probe=9000');
    expect(await restore(id, { conflict_policy: policy })).toMatchObject({
      success: true,
      differing_count: 1,
      warnings: [
        `1 Connection row differs from the backup and is left as the database has it: connection "${FIRST}". It says ` +
          'how clients reach the database. A restore changes it only with force, or if this server made the backup of ' +
          'this database',
      ],
    });
  });

  it('counts as differing where the database lacks it', async () => {
    const id = await setUp();
    await ctl('del-connection');
    expect(await restore(id, EXACT)).toMatchObject({
      success: true,
      differing_count: 1,
      warnings: [expect.stringMatching(/^1 Connection row is left out: it says how clients reach the database/)],
    });
  });
});

describe('a row that says how clients come in', () => {
  it('is told where it gets another target', async () => {
    await ctl('init', '--', 'set-connection', FIRST);
    const id = await backUp();
    await ctl('set', 'Connection', '.', `target="${SECOND}"`);
    expect(await restore(id, EXACT)).toMatchObject({
      restored_count: 1,
      warnings: [
        `1 Connection row gets another target: connection "${SECOND}" (to "${FIRST}"). Clients that connect through ` +
          'its old target lose the database',
      ],
    });
  });

  it('is told where the keys are deleted, or others', async () => {
    await ctl('init', '--', 'set-ssl', '/a/key', '/a/cert', '/a/ca');
    const id = await backUp();
    await ctl('set', 'SSL', '.', 'certificate=/b/cert');
    expect(await restore(id, EXACT)).toMatchObject({
      warnings: [
        expect.stringMatching(/^1 SSL row gets another content: .*\(certificate\)\. Clients .* over ssl: can/),
      ],
    });
    await ctl('del-ssl');
    const without = await backUp();
    await ctl('set-ssl', '/a/key', '/a/cert', '/a/ca');
    expect(await restore(without, EXACT)).toMatchObject({
      deleted_count: 1,
      warnings: [expect.stringMatching(/^1 SSL row is deleted: .*\. Clients that connect over ssl: can lose/)],
    });
  });
});

describe("rows of ovn-ic's", () => {
  it('count as differing where only one side has them, so that 0 means equal', async () => {
    await ctl('init', '--', 'lr-add', 'lr', '--', 'lr-route-add', 'lr', '10.1.0.0/16', '169.254.0.1');
    await ctl('set', 'Logical_Router_Static_Route', '.', 'external_ids:ic-learned-route=f00d');
    const id = await backUp();
    await ctl('lr-route-del', 'lr', '--', 'lr-route-add', 'lr', '10.2.0.0/16', '169.254.0.1');
    await ctl('set', 'Logical_Router_Static_Route', '.', 'external_ids:ic-learned-route=f00d');
    const answer = await restore(id, EXACT);
    expect(answer).toMatchObject({ deleted_count: 0, differing_count: 2 });
    expect(answer['warnings']).toEqual([expect.stringMatching(/^2 rows of ovn-ic's/)]);
    expect(await isEqual(id)).toBe(false);
  });
});
