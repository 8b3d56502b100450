/** Two servers that cannot see each other's processes, as in two containers, on one backup folder. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkTrail } from '../../../src/service/audit/chain-check.js';
import { CreateBackupDocument } from '../../support/clients/generated/graphql.js';
import { serverEnvironment } from '../../support/servers/api-server.js';
import { startOvsdbServer } from '../../support/servers/ovsdb-server.js';
import { spawnServer } from '../../support/servers/server-process.js';

const CONTAINER =
  process.getuid?.() === 0
    ? ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child']
    : ['unshare', '--map-root-user', '--pid', '--fork', '--mount-proc', '--kill-child'];

it('one whose folder was taken while it was paused ends, and leaves everything as the other one has it', async () => {
  await using ovsdb = await startOvsdbServer();
  const folder = await mkdtemp(join(tmpdir(), 'ovncp-taken-'));
  try {
    await using server = await spawnServer(serverEnvironment(ovsdb.remote, folder));
    await server.listening();
    process.kill(server.pid, 'SIGSTOP');
    const theirs = JSON.stringify({ pid: 7, startedAt: 'boot 1', namespace: 'pid:[1]', host: 'other', nonce: 'n' });
    await writeFile(join(folder, '.lock'), theirs);
    const trail = await readFile(join(folder, 'audit.jsonl'), 'utf8');
    process.kill(server.pid, 'SIGCONT');
    expect((await server.ended).code).toBe(1);
    expect(server.stderr).toContain('The server ends: Another server (process 7 of other) has taken over the backup');
    expect(await readFile(join(folder, '.lock'), 'utf8')).toBe(theirs);
    expect(await readFile(join(folder, 'audit.jsonl'), 'utf8')).toBe(trail);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it('the second one waits, sees that the first one lives, and ends without a trace', async () => {
  await using ovsdb = await startOvsdbServer();
  const folder = await mkdtemp(join(tmpdir(), 'ovncp-containers-'));
  try {
    const env = serverEnvironment(ovsdb.remote, folder);
    await using first = await spawnServer(env);
    const admin = await first.listening();
    const lock = await readFile(join(folder, '.lock'), 'utf8');
    await using second = await spawnServer(env, { wrapper: CONTAINER });
    expect((await second.ended).code).toBe(1);
    expect(second.stdout).toContain('it cannot be told from here whether it still runs: waiting for 30 s');
    expect(second.stderr).toMatch(
      new RegExp(`The server could not start: Another server \\(process ${first.pid} of .+\\) uses the backup store`),
    );
    await admin.run(CreateBackupDocument, { input: { name: 'after' } });
    expect(await readFile(join(folder, '.lock'), 'utf8')).toBe(lock);
    expect((await checkTrail(folder)).faults).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
