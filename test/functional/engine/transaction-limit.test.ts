/** A standalone server that stops answering while a transaction is under way: nobody waits for it without end. */
import { applyPlan } from '../../../src/engine/apply/apply.js';
import { ConnectionError } from '../../../src/ovsdb/error.js';
import { compareDatabases, dumpDatabase, emptyDatabase } from '../../support/judge/judge.js';
import { Engine, EXACT } from '../../support/servers/engine.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

const LIMIT_MS = 300;

let server: TestServer;
let engine: Engine;
beforeAll(async () => {
  server = await startOvsdbServer();
  engine = new Engine(server.remote);
});
afterAll(() => server.stop());

it('is given up at the limit; the database is before or after the transaction, and can be restored into again', async () => {
  await nbctl(server.remote, 'ls-add', 'sw', '--', 'lsp-add', 'sw', 'p1');
  const [backup, after] = [await engine.capture(), await dumpDatabase(server.remote)];
  await emptyDatabase(server.remote);
  const before = await dumpDatabase(server.remote);
  const plan = await engine.plan(backup, EXACT);
  const failure = await engine.session(async (session) => {
    process.kill(server.pid, 'SIGSTOP');
    try {
      return await applyPlan(session, plan, { comment: 'a test', timeoutMs: LIMIT_MS }).catch(
        (error: unknown) => error,
      );
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
  });
  expect(failure).toBeInstanceOf(ConnectionError);
  expect((failure as Error).message).toContain(`no answer to "transact" within ${LIMIT_MS} ms`);
  await until(async () => {
    const now = await dumpDatabase(server.remote);
    return [before, after].some((whole) => compareDatabases(whole, now).length === 0);
  });
  await engine.restore(backup, EXACT);
  expect(compareDatabases(after, await dumpDatabase(server.remote))).toEqual([]);
});
