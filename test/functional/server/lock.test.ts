/** Two servers that cannot see each other's processes, as in two containers, on one backup folder. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
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
