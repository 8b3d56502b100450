/** What becomes of a restore that the database refuses, in both faces, and what is said of it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBackupDocument, RestoreBackupDocument } from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { compareDatabases, dumpDatabase, transact } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { installedSchema } from '../../support/northbound/make.mjs';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { Door, type DoorOptions } from '../../support/servers/door.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';

/** The priorities that ACLs may have, as the schema says them, and more of them. */
const RANGE = /"maxInteger":\s*32767\b/g;
const WIDER = '"maxInteger":65535';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-refusal-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Tells of a wider schema than a server has. */
const widening: DoorOptions = { onAnswered: (text, way) => way.answer(text.replace(RANGE, WIDER)) };

async function backUp(api: TestApi): Promise<string> {
  return (await api.admin.run(CreateBackupDocument, { input: { name: 'b' } })).createBackup.id;
}

/** Both faces, asked for the same restore. */
async function refusals(api: TestApi, backupId: string): Promise<unknown> {
  const { errors } = await api.admin.send(RestoreBackupDocument, { input: { backupId } });
  const { status, body } = await RestClient.of(api.admin).post(`/api/v1/backups/${backupId}/restore`, {});
  return { graphql: errors[0], rest: { status, code: body['code'], error: body['error'] } };
}

it('a rule that its schema does not say is DATABASE_REFUSED, names the row, and changes nothing', async () => {
  const wide = join(folder, 'wide.ovsschema');
  await writeFile(wide, (await readFile(installedSchema(), 'utf8')).replace(RANGE, WIDER));
  await using tolerant = await startOvsdbServer({ database: wide });
  await using strict = await startOvsdbServer();
  await using door = await Door.open(join(folder, 'door.sock'), tolerant.unixRemote, widening);
  await nbctl(tolerant.remote, 'ls-add', 'web', '--', 'acl-add', 'web', 'to-lport', '1000', 'ip4', 'allow');
  const [acl = ''] = (await nbctl(tolerant.remote, '--bare', '--columns=_uuid', 'find', 'ACL')).split('\n');
  // ovn-nbctl knows the rule
  const where = [['_uuid', '==', ['uuid', acl]]];
  await transact(tolerant.remote, [{ op: 'update', table: 'ACL', where, row: { priority: 40_000 } }]);
  const api = await startApiServer({ env: { OVN_NB_DB: door.remote } });
  try {
    const id = await backUp(api);
    door.leadTo(strict.unixRemote);
    const before = await dumpDatabase(strict.remote);
    const message = expect.stringMatching(
      /^The database refused it, and nothing was changed: ovsdb-server answered "constraint violation": .*40000.*It is about ACL to-lport 40000 ip4$/,
    );
    expect(await refusals(api, id)).toEqual({
      graphql: expect.objectContaining({
        message,
        extensions: expect.objectContaining({
          code: 'DATABASE_REFUSED',
          table: 'ACL',
          label: 'ACL to-lport 40000 ip4',
        }),
      }),
      rest: { status: 409, code: 'DATABASE_REFUSED', error: message },
    });
    expect(compareDatabases(before, await dumpDatabase(strict.remote))).toEqual([]);
  } finally {
    await api.stop();
  }
});

it('a disk that is full is DATABASE_UNAVAILABLE, and changes nothing', async () => {
  // no file of it grows beyond 64 KiB
  const wrapper = ['sh', '-c', 'ulimit -f 128 && trap "" XFSZ && exec "$@"', 'sh'];
  await using full = await startOvsdbServer({ database: databaseFile({ profile: 'small' }), wrapper });
  const api = await startApiServer({ env: { OVN_NB_DB: full.remote } });
  try {
    const id = await backUp(api);
    await nbctl(full.remote, '--', '--all', 'destroy', 'Logical_Switch', '--', '--all', 'destroy', 'Logical_Router');
    for (const bytes of [8_000, 1_000, 100]) await fill(full, bytes);
    const before = await dumpDatabase(full.remote);
    const message = expect.stringMatching(
      /^The database cannot write, and nothing was changed: ovsdb-server answered "I\/O error": .* \(File too large\)$/,
    );
    expect(await refusals(api, id)).toEqual({
      graphql: expect.objectContaining({
        message,
        extensions: expect.objectContaining({ code: 'DATABASE_UNAVAILABLE' }),
      }),
      rest: { status: 503, code: 'DATABASE_UNAVAILABLE', error: message },
    });
    expect(compareDatabases(before, await dumpDatabase(full.remote))).toEqual([]);
  } finally {
    await api.stop();
  }
});

/** Writes so many bytes again and again, until that fails. */
async function fill({ remote }: TestServer, bytes: number): Promise<void> {
  const write = (i: number): Promise<unknown> =>
    nbctl(remote, 'set', 'NB_Global', '.', `external_ids:filler=${String(i)}${'x'.repeat(bytes)}`);
  for (let i = 0, isFull = false; !isFull; i++)
    isFull = await write(i).then(
      () => false,
      () => true,
    );
}
