/** A transaction that is sent while what must be before is still being written: its end is held back. */

import { applyPlan } from '../../../src/engine/apply/apply.js';
import type { Plan } from '../../../src/engine/plan/table-plan.js';
import { countRows } from '../../../src/model/snapshot/snapshot.js';
import { snapshotOf } from '../../support/databases/every-kind.js';
import { Engine, EXACT, northboundSchema } from '../../support/servers/engine.js';
import { startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

const COUNT = 5_000;
const sets = Object.fromEntries(
  Array.from({ length: COUNT }, (_, i) => [
    `aaaaaaaa-0000-4000-8000-${String(i).padStart(12, '0')}`,
    { name: `set${i}`, addresses: ['10.0.0.1', '10.0.0.2'] },
  ]),
);

let server: TestServer;
let engine: Engine;
let plan: Plan;
beforeAll(async () => {
  server = await startOvsdbServer();
  engine = new Engine(server.remote);
  plan = await engine.plan(snapshotOf(northboundSchema(), { Address_Set: sets }), EXACT);
});
afterAll(() => server[Symbol.asyncDispose]());

const rowsNow = async (): Promise<number> => countRows(await engine.capture());

it('changes nothing when what must be before fails, and ends the connection', () =>
  engine.session(async (session) => {
    let sent = 0;
    const onProgress = (changes: number): void => {
      sent = changes;
    };
    let fail: (reason: Error) => void = () => undefined;
    const mayEnd = new Promise<void>((_, reject) => {
      fail = reject;
    });
    const applied = applyPlan(session, plan, { comment: 'a test', mayEnd, onProgress });
    const refused = expect(applied).rejects.toThrow('the disk is full');
    await until(() => sent > 0.9 * COUNT);
    fail(new Error('the disk is full'));
    await refused;
    await session.connection.closed;
    expect(await rowsNow()).toBe(0);
  }));

it('is carried out once what must be before is done, and not earlier', () =>
  engine.session(async (session) => {
    let sent = 0;
    let go: () => void = () => undefined;
    const mayEnd = new Promise<void>((resolve) => {
      go = resolve;
    });
    const onProgress = (changes: number): void => {
      sent = changes;
    };
    const applied = applyPlan(session, plan, { comment: 'a test', mayEnd, onProgress });
    await until(() => sent > 0.9 * COUNT);
    expect(await rowsNow()).toBe(0);
    go();
    await applied;
    expect(await rowsNow()).toBe(COUNT);
  }));
