/**
 * The requests of the operators' manual, in its own words: curl with -d and no Content-Type, with unquoted addresses,
 * with quotes in quotes. bash runs them, and what the manual says of each answer is checked.
 *
 * $OVNCP_URL, $TOKEN and $BACKUP_ID stand where the manual has them. Some of its commands send no token: they get it
 * from curl's own configuration, which also has every curl print the status after the body.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { tokenWith } from '../../support/clients/api-client.js';
import { runCommand } from '../../support/clients/command.js';
import { compareDatabases, dumpDatabase, rowCount } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';

type Body = Readonly<Record<string, unknown>>;

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly body: Body;
}

const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const INSTANT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
const SECONDS = expect.stringMatching(/^\d+\.\d{3}s$/);
const COUNT = expect.any(Number);
const KEY = 'your-strong-password';
const NETWORK = ['ls-web-tier', 'ls-app-tier', 'ls1', 'ls2', 'ls-web', 'ls-app', 'old-switch-id', 'old-switch-uuid'];

let api: TestApi;
let folder: string;
/** Of everything, tagged production, taken when the network was whole. */
let backupId: string;
let encryptedId: string;

beforeAll(async () => {
  api = await startApiServer({ database: databaseFile({ profile: 'small' }) });
  folder = await mkdtemp(join(tmpdir(), 'ovncp-document-'));
  const remote = api.ovsdb.remote;
  for (const name of NETWORK)
    await nbctl(
      remote,
      'ls-add',
      name,
      '--',
      'lsp-add',
      name,
      `${name}-p`,
      '--',
      'acl-add',
      name,
      'to-lport',
      '1001',
      'ip4',
      'allow',
    );
  for (const name of ['lr-main', 'old-router-uuid']) await nbctl(remote, 'lr-add', name);
  backupId = idOf(
    await shell(
      `curl -X POST $OVNCP_URL/api/v1/backups -d '{"name": "Production Backup", "compress": true, "tags": ` +
        `["production"]}'`,
    ),
  );
  encryptedId = idOf(
    await shell(
      `curl -X POST $OVNCP_URL/api/v1/backups -d '{"name": "Locked", "encrypt": true, "encryption_key": "${KEY}"}'`,
    ),
  );
});
afterAll(async () => {
  await api.stop();
  await rm(folder, { recursive: true, force: true });
});

interface ShellOptions {
  readonly id?: string;
  /** Default: an admin's. */
  readonly token?: string;
  /** Whether commands that send no token themselves get one. */
  readonly isTokenKept?: boolean;
}

/** Runs the command; what it printed is one answer. */
async function shell(
  command: string,
  { id = backupId, token = api.admin.token ?? '', isTokenKept = true }: ShellOptions = {},
): Promise<Answered> {
  const sendsToken = command.includes('Authorization: Bearer $TOKEN');
  const curlrc = [
    'silent',
    'show-error',
    'write-out = "\\n%{http_code}\\n"',
    ...(sendsToken || !isTokenKept ? [] : [`header = "Authorization: Bearer ${token}"`]),
  ];
  // --norc: with a socket as its standard input bash takes itself for a remote shell's, and would read ~/.bashrc
  const { code, stdout, stderr } = await runCommand(['bash', '--norc', '-c', command], {
    folder,
    curlrc,
    env: { OVNCP_URL: api.url, TOKEN: token, BACKUP_ID: id, LATEST_BACKUP: id },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [, text = '', status] = /^([^]*)\n(\d{3})\n$/.exec(stdout) ?? [];
  return { status: Number(status), text, body: text.startsWith('{') ? (JSON.parse(text) as Body) : {} };
}

const idOf = ({ status, body }: Answered): string => {
  expect({ status, body }).toMatchObject({ status: 201, body: { backup: { id: UUID } } });
  return (body['backup'] as { readonly id: string }).id;
};

/** Loses a switch, and changes another. */
async function lose(): Promise<void> {
  await nbctl(
    api.ovsdb.remote,
    '--if-exists',
    'ls-del',
    'ls-web',
    '--',
    'set',
    'Logical_Switch',
    'ls-app',
    'other_config:changed=yes',
  );
}
const restored = async (): Promise<Answered> =>
  shell(
    `curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore -d '{"conflict_policy": "overwrite", "exact": true}'`,
  );
const switches = async (): Promise<readonly string[]> =>
  (await nbctl(api.ovsdb.remote, '--bare', '--columns=name', 'list', 'Logical_Switch'))
    .split('\n')
    .filter((line) => line !== '');

/** The file of a backup, and what the manual's directory listing shows of its name. */
async function fileLike(pattern: RegExp): Promise<string> {
  const found = (await api.files()).filter((name) => pattern.test(name));
  expect(found).toHaveLength(1);
  expect(await api.files()).toContain(`${found[0] ?? ''}.meta`);
  return found[0] ?? '';
}

describe('making backups', () => {
  it('a full one', async () => {
    const answer = await shell(`curl -X POST $OVNCP_URL/api/v1/backups \\
  -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{
    "name": "Full Backup - Production",
    "description": "Complete backup before maintenance",
    "type": "full",
    "compress": true,
    "tags": ["production", "pre-maintenance"]
  }'`);
    const backup = {
      id: UUID,
      name: 'Full Backup - Production',
      description: 'Complete backup before maintenance',
      type: 'full',
      compressed: true,
      encrypted: false,
      tags: ['production', 'pre-maintenance'],
      row_count: rowCount(await dumpDatabase(api.ovsdb.remote)),
    };
    expect(answer).toMatchObject({ status: 201, body: { backup, message: 'Backup created successfully' } });
    expect(
      await shell(`curl -X DELETE $OVNCP_URL/api/v1/backups/$BACKUP_ID -H "Authorization: Bearer $TOKEN"`, {
        id: idOf(answer),
      }),
    ).toMatchObject({ status: 200, body: { message: 'Backup deleted successfully' } });
  });

  it('a selective one', async () => {
    const answer = await shell(`curl -X POST $OVNCP_URL/api/v1/backups \\
  -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{
    "name": "Web Tier Backup",
    "type": "selective",
    "resource_filter": {
      "switches": ["ls-web-tier", "ls-app-tier"],
      "routers": ["lr-main"],
      "include_acls": true,
      "include_ports": true
    }
  }'`);
    // two switches, each with a port and an ACL, and a router
    expect(answer).toMatchObject({
      status: 201,
      body: {
        backup: {
          name: 'Web Tier Backup',
          type: 'selective',
          row_count: 7,
          resource_filter: {
            switches: ['ls-web-tier', 'ls-app-tier'],
            routers: ['lr-main'],
            include_acls: true,
            include_ports: true,
          },
        },
      },
    });
  });

  it('with every field of the request', async () => {
    const answer = await shell(`curl -X POST $OVNCP_URL/api/v1/backups -H "Authorization: Bearer $TOKEN" -d '{
  "name": "Daily Backup",
  "description": "Automated daily backup",
  "type": "full",
  "format": "json",
  "compress": true,
  "encrypt": true,
  "encryption_key": "your-strong-password",
  "tags": ["daily", "automated"],
  "resource_filter": {
    "switches": ["ls1", "ls2"],
    "include_acls": true
  }
}'`);
    const backup = {
      id: UUID,
      name: 'Daily Backup',
      type: 'full',
      format: 'json',
      created_at: INSTANT,
      size: COUNT,
      checksum: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      tags: ['daily', 'automated'],
    };
    expect(answer).toMatchObject({ status: 201, body: { backup, message: 'Backup created successfully' } });
    const file = await fileLike(/^Daily_Backup-\d{8}-\d{6}\.json\.gz\.enc$/);
    expect((await readFile(join(api.folder, file))).length).toBe((answer.body['backup'] as { size: number }).size);
  });

  it('an encrypted one, its key kept nowhere', async () => {
    const answer = await shell(`curl -X POST $OVNCP_URL/api/v1/backups \\
  -H "Authorization: Bearer $TOKEN" \\
  -d '{
    "name": "Secure Backup",
    "encrypt": true,
    "encryption_key": "my-strong-password-32-chars-long"
  }'`);
    expect(answer).toMatchObject({
      status: 201,
      body: { backup: { name: 'Secure Backup', type: 'full', encrypted: true, compressed: false } },
    });
    await fileLike(/^Secure_Backup-\d{8}-\d{6}\.json\.enc$/);
    for (const name of await api.files())
      expect((await readFile(join(api.folder, name))).includes('my-strong-password-32-chars-long')).toBe(false);
    expect(answer.text + api.lines.join('\n')).not.toContain('my-strong-password-32-chars-long');
  });

  it('one named for what comes after it', async () => {
    const name = {
      name: 'prod-pre-upgrade-v2.5.0',
      description: 'Production backup before upgrading to v2.5.0',
      tags: ['production', 'pre-upgrade', 'v2.5.0'],
    };
    const answer = await shell(`curl -X POST $OVNCP_URL/api/v1/backups -H "Authorization: Bearer $TOKEN" -d '{
  "name": "prod-pre-upgrade-v2.5.0",
  "description": "Production backup before upgrading to v2.5.0",
  "tags": ["production", "pre-upgrade", "v2.5.0"]
}'`);
    expect(answer).toMatchObject({ status: 201, body: { backup: name } });
    await fileLike(/^prod-pre-upgrade-v2\.5\.0-\d{8}-\d{6}\.json$/);
    expect(await shell(`curl -X DELETE $OVNCP_URL/api/v1/backups/$BACKUP_ID`, { id: idOf(answer) })).toMatchObject({
      status: 200,
    });
  });

  it('an incremental one, which builds on the newest', async () => {
    expect(
      await shell(`curl -X POST $OVNCP_URL/api/v1/backups -d '{"name": "hourly", "type": "incremental"}'`),
    ).toMatchObject({ status: 201, body: { backup: { type: 'incremental', chain_length: 2, row_count: 95 } } });
  });
});

describe('listing them', () => {
  it.each([
    'curl $OVNCP_URL/api/v1/backups?tag=production',
    'curl -s $OVNCP_URL/api/v1/backups?tag=production -H "Authorization: Bearer $TOKEN"',
  ])('%s', async (command) => {
    const { status, body } = await shell(command);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        total: 1,
        backups: [{ id: backupId, name: 'Production Backup', created_at: INSTANT, size: COUNT, tags: ['production'] }],
      },
    });
    await fileLike(/^Production_Backup-\d{8}-\d{6}\.json\.gz$/);
  });

  it('jq finds the newest', async () => {
    const { code, stdout } = await runCommand(
      [
        'bash',
        '--norc',
        '-c',
        `curl -s $OVNCP_URL/api/v1/backups?tag=production | \\
  jq -r '.backups[0].id'`,
      ],
      { folder, curlrc: [`header = "Authorization: Bearer ${api.admin.token ?? ''}"`], env: { OVNCP_URL: api.url } },
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${backupId}\n` });
  });
});

describe('validating one', () => {
  it('as the recovery script does', async () => {
    expect(
      await shell(`curl -X POST $OVNCP_URL/api/v1/backups/validate \\
  -d "{\\"backup_id\\": \\"$LATEST_BACKUP\\"}"`),
    ).toMatchObject({ status: 200, body: { valid: true, message: 'Backup is valid' } });
  });
});

describe('exporting and importing', () => {
  it('the same configuration in JSON and in YAML', async () => {
    const yaml = load(
      (await shell(`curl $OVNCP_URL/api/v1/backups/$BACKUP_ID/export?format=yaml -H "Authorization: Bearer $TOKEN"`))
        .text,
    ) as Body;
    const { status, body } = await shell('curl $OVNCP_URL/api/v1/backups/$BACKUP_ID/export?format=json');
    expect(status).toBe(200);
    expect(yaml).toEqual(body);
    expect((await shell('curl $OVNCP_URL/api/v1/backups/$BACKUP_ID/export')).body).toEqual(body);
  });

  it('a file', async () => {
    await writeFile(
      join(folder, 'backup.json'),
      (await shell('curl $OVNCP_URL/api/v1/backups/$BACKUP_ID/export')).text,
    );
    const answer = await shell(`curl -X POST $OVNCP_URL/api/v1/backups/import \\
  -H "Authorization: Bearer $TOKEN" \\
  -F "file=@backup.json"`);
    expect(answer).toMatchObject({
      status: 201,
      body: { backup: { id: UUID, name: 'Production Backup' }, message: 'Backup imported successfully' },
    });
    expect(idOf(answer)).not.toBe(backupId);
  });

  it('a document as a string in JSON', async () => {
    const answer = await shell(`curl -s $OVNCP_URL/api/v1/backups/$BACKUP_ID/export -w '' -o backup.json
DATA=$(jq -Rs . backup.json)
curl -X POST $OVNCP_URL/api/v1/backups/import \\
  -H "Content-Type: application/json" \\
  -d '{
    "format": "json",
    "data": '"$DATA"'
  }'`);
    expect(answer).toMatchObject({ status: 201, body: { backup: { name: 'Production Backup', format: 'json' } } });
  });

  it("the manual's placeholder for a document is none, and the answer says so", async () => {
    const answer = await shell(`curl -X POST $OVNCP_URL/api/v1/backups/import \\
  -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{
    "format": "json",
    "data": "{...backup data...}"
  }'`);
    expect(answer).toMatchObject({ status: 422, body: { code: 'INTEGRITY_FAILED' } });
  });
});

describe('restoring', () => {
  beforeEach(async () => {
    await restored();
    await lose();
  });

  const RESULT = {
    success: true,
    restored_count: COUNT,
    skipped_count: COUNT,
    error_count: 0,
    processing_time: SECONDS,
  };

  it('with every field of the request', async () => {
    await nbctl(api.ovsdb.remote, '--if-exists', 'ls-del', 'old-switch-id', '--', 'ls-add', 'new-switch-id');
    const answer = await shell(
      `curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore -H "Authorization: Bearer $TOKEN" -d '{
  "dry_run": false,
  "conflict_policy": "skip",
  "resource_mapping": {
    "old-switch-id": "new-switch-id"
  },
  "decryption_key": "your-strong-password"
}'`,
      { id: encryptedId },
    );
    // ls-web comes back, and the new switch gets what the old one held
    const details = { switches: { total: 12, restored: 2, skipped: 10, failed: 0 }, acls: { restored: 2, failed: 0 } };
    expect(answer).toMatchObject({ status: 200, body: { ...RESULT, details } });
    expect(await switches()).not.toContain('old-switch-id');
    expect((await nbctl(api.ovsdb.remote, 'lsp-list', 'new-switch-id')).trim()).toMatch(/\(old-switch-id-p\)$/);
  });

  it.each([
    [
      'as a dry run',
      `curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore \\
  -H "Authorization: Bearer $TOKEN" \\
  -d '{
    "dry_run": true,
    "conflict_policy": "overwrite"
  }'`,
    ],
    [
      'as a dry run with nothing but that',
      `curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore \\
  -d '{"dry_run": true}'`,
    ],
  ])('%s, which changes nothing', async (_how, command) => {
    const before = await dumpDatabase(api.ovsdb.remote);
    expect(await shell(command)).toMatchObject({
      status: 200,
      body: { ...RESULT, dry_run: true, details: { switches: { restored: expect.any(Number) } } },
    });
    expect(compareDatabases(before, await dumpDatabase(api.ovsdb.remote))).toEqual([]);
  });

  it.each([
    [
      'with overwrite',
      `curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore \\
     -d '{"conflict_policy": "overwrite"}'`,
    ],
    [
      'as the recovery script does',
      `curl -X POST $OVNCP_URL/api/v1/backups/$LATEST_BACKUP/restore \\
    -d '{"conflict_policy": "overwrite", "force": true}'`,
    ],
  ])('%s, which brings the configuration of the backup', async (_how, command) => {
    await restored();
    const before = await dumpDatabase(api.ovsdb.remote);
    await lose();
    expect(await shell(command)).toMatchObject({ status: 200, body: RESULT });
    expect(compareDatabases(before, await dumpDatabase(api.ovsdb.remote))).toEqual([]);
  });

  it('with skip, the default, which leaves what is there', async () => {
    expect(await shell('curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore')).toMatchObject({
      status: 200,
      body: { ...RESULT, details: { switches: { restored: 1 } } },
    });
    expect(await switches()).toContain('ls-web');
    expect((await nbctl(api.ovsdb.remote, 'get', 'Logical_Switch', 'ls-app', 'other_config')).trim()).toBe(
      '{changed=yes}',
    );
  });

  it('with rename, which brings copies with the time in their names', async () => {
    expect(
      await shell(`curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore -d '{"conflict_policy": "rename"}'`),
    ).toMatchObject({ status: 200, body: RESULT });
    expect((await switches()).filter((name) => name.startsWith('ls-app'))).toEqual(
      expect.arrayContaining(['ls-app', 'ls-app-tier', expect.stringMatching(/^ls-app_restored_\d{8}/)]),
    );
  });

  it('with error, which does nothing where something conflicts', async () => {
    const before = await dumpDatabase(api.ovsdb.remote);
    expect(
      await shell(`curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore -d '{"conflict_policy": "error"}'`),
    ).toMatchObject({ status: 409, body: { error: expect.stringMatching(/^Restore conflicts/), code: 'CONFLICT' } });
    expect(compareDatabases(before, await dumpDatabase(api.ovsdb.remote))).toEqual([]);
  });

  it('with a mapping of a switch and a router', async () => {
    await nbctl(
      api.ovsdb.remote,
      '--if-exists',
      'ls-del',
      'old-switch-uuid',
      '--',
      '--if-exists',
      'lr-del',
      'old-router-uuid',
      '--',
      'ls-add',
      'new-switch-uuid',
      '--',
      'lr-add',
      'new-router-uuid',
    );
    const answer = await shell(`curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore -d '{
  "resource_mapping": {
    "old-switch-uuid": "new-switch-uuid",
    "old-router-uuid": "new-router-uuid"
  }
}'`);
    expect(answer).toMatchObject({ status: 200, body: { ...RESULT, details: { routers: { restored: 0 } } } });
    expect(await switches()).not.toContain('old-switch-uuid');
    expect((await nbctl(api.ovsdb.remote, 'lsp-list', 'new-switch-uuid')).trim()).toMatch(/\(old-switch-uuid-p\)$/);
  });

  it('only some resources', async () => {
    await nbctl(api.ovsdb.remote, '--if-exists', 'ls-del', 'ls-web-tier', '--', '--if-exists', 'ls-del', 'ls-app');
    const answer = await shell(`curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore -d '{
  "restore_filter": {
    "switches": ["ls-web", "ls-app"],
    "include_acls": true,
    "include_ports": false
  }
}'`);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        ...RESULT,
        restored_count: 4,
        details: { switches: { total: 2, restored: 2 }, acls: { total: 2, restored: 2 } },
      },
    });
    expect(answer.body['details']).not.toHaveProperty('ports');
    expect(await switches()).not.toContain('ls-web-tier');
  });

  it('with X-Debug, which tells the phases and the changes and logs the request in detail', async () => {
    const logged = api.lines.length;
    const { status, body } = await shell(`curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore \\
  -H "X-Debug: true" \\
  -d '{"dry_run": true}'`);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        ...RESULT,
        dry_run: true,
        debug: {
          phases: expect.arrayContaining([expect.objectContaining({ phase: 'planning' })]),
          changes: expect.arrayContaining([
            expect.objectContaining({ kind: 'insert', label: expect.stringContaining('ls-web') }),
          ]),
        },
      },
    });
    expect(api.lines.slice(logged).join('\n')).toContain('restore in detail');
  });
});

describe('what goes wrong', () => {
  it('"Backup not found"', async () => {
    const id = 'b1234567-89ab-cdef-0123-456789abcdef';
    for (const command of [
      `curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore -d '{"dry_run": true}'`,
      'curl $OVNCP_URL/api/v1/backups/$BACKUP_ID/export?format=yaml',
      'curl -X DELETE $OVNCP_URL/api/v1/backups/$BACKUP_ID',
      'curl $OVNCP_URL/api/v1/backups/$BACKUP_ID',
    ]) {
      expect(await shell(command, { id })).toMatchObject({
        status: 404,
        body: { error: expect.stringContaining('Backup not found'), code: 'NOT_FOUND', request_id: expect.any(String) },
      });
    }
  });

  it('"Decryption failed"', async () => {
    for (const body of ['{"decryption_key": "another"}', '{}']) {
      expect(
        await shell(`curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore -d '${body}'`, { id: encryptedId }),
      ).toMatchObject({
        status: 422,
        body: { error: expect.stringMatching(/^Decryption failed/), code: 'DECRYPTION_FAILED' },
      });
    }
  });

  it.each([
    ['backups:write', 'curl $OVNCP_URL/api/v1/backups', 'backups:read'],
    ['backups:read', `curl -X POST $OVNCP_URL/api/v1/backups -d '{"name": "n"}'`, 'backups:write'],
    ['backups:write', 'curl -X DELETE $OVNCP_URL/api/v1/backups/$BACKUP_ID', 'backups:delete'],
    ['backups:write', 'curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore', 'backups:restore'],
    ['backups:restore', 'curl -X POST $OVNCP_URL/api/v1/backups/$BACKUP_ID/restore', 'admin'],
  ])('"Insufficient permissions": one with %s runs %s', async (permission, command, missing) => {
    const { status, body } = await shell(command, { token: await tokenWith(permission) });
    expect({ status, body }).toMatchObject({
      status: 403,
      body: { error: expect.stringContaining('Insufficient permissions'), code: 'FORBIDDEN' },
    });
    expect(body['error']).toContain(missing);
  });

  it('no token at all', async () => {
    expect(await shell('curl $OVNCP_URL/api/v1/backups?tag=production', { isTokenKept: false })).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHENTICATED' },
    });
  });
});
