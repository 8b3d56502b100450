/**
 * Addresses and tags that northd gives to another port between planning and committing: the plan is refused, and the
 * next one brings the port back without them. In one transaction and in steps.
 */
import { applyTransaction } from '../../../src/engine/apply/apply.js';
import { cutIntoTransactions } from '../../../src/engine/apply/transactions.js';
import type { Plan } from '../../../src/engine/plan/table-plan.js';
import { withFreeValues } from '../../../src/engine/runtime-values/free-values.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { Engine, OVERWRITE } from '../../support/servers/engine.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';

let server: TestServer;
let engine: Engine;
beforeEach(async () => {
  server = await startOvsdbServer();
  engine = new Engine(server.remote);
});
afterEach(() => server.stop());

const nb = async (...words: readonly string[]): Promise<string> => (await nbctl(server.remote, ...words)).trim();
const ADDRESSES = '0a:00:00:00:00:02 10.0.0.2';

async function planFor(backup: Snapshot): Promise<Plan> {
  return withFreeValues(await engine.plan(backup, OVERWRITE), new Breath());
}

type Apply = (plan: Plan) => Promise<void>;
const whole: Apply = (plan) => engine.apply(plan);
const inSteps: Apply = async (plan) => {
  const steps = await cutIntoTransactions(plan, { rowsMax: 1, bytesMax: 1 << 20 }, new Breath());
  if (steps === 'ONE') throw new Error('one transaction');
  for (const step of steps) await engine.session((session) => applyTransaction(session, step, { comment: 'a test' }));
};

/** A port with an address of northd's, and one within another with a tag of northd's; backed up, then gone. */
async function lost(): Promise<Snapshot> {
  await nb('ls-add', 'net', '--', 'lsp-add', 'net', 'host', '--', 'lsp-add', 'net', 'vm1');
  await nb('lsp-set-addresses', 'vm1', 'dynamic', '--', 'lsp-add', 'net', 'c1', 'host', '0');
  await nb('set', 'Logical_Switch_Port', 'vm1', `dynamic_addresses="${ADDRESSES}"`);
  await nb('set', 'Logical_Switch_Port', 'c1', 'tag=1');
  const backup = await engine.capture();
  await nb('lsp-del', 'vm1', '--', 'lsp-del', 'c1');
  return backup;
}

const addresses = (): Promise<readonly string[]> => taken('dynamic_addresses');
const tags = (): Promise<readonly string[]> => taken('tag');
async function taken(column: string): Promise<readonly string[]> {
  const found = await nb('--bare', `--columns=${column}`, 'find', 'Logical_Switch_Port', `${column}!=[]`);
  return found.split('\n').filter((line) => line !== '');
}

it.each([
  ['in one transaction', whole],
  ['in steps', inSteps],
])('an address that is given away meanwhile does not come twice, %s', async (_how, apply) => {
  const backup = await lost();
  const plan = await planFor(backup);
  await nb('lsp-add', 'net', 'vm2', '--', 'set', 'Logical_Switch_Port', 'vm2', `dynamic_addresses="${ADDRESSES}"`);
  await expect(apply(plan)).rejects.toMatchObject({ error: 'timed out' });
  await apply(await planFor(backup));
  expect(await addresses()).toEqual([ADDRESSES]);
  expect(await nb('lsp-list', 'net')).toMatch(/vm1/);
});

it.each([
  ['in one transaction', whole],
  ['in steps', inSteps],
])('a tag that is given away meanwhile does not come twice, %s', async (_how, apply) => {
  const backup = await lost();
  const plan = await planFor(backup);
  await nb('lsp-add', 'net', 'c2', 'host', '0', '--', 'set', 'Logical_Switch_Port', 'c2', 'tag=1');
  await expect(apply(plan)).rejects.toMatchObject({ error: 'timed out' });
  await apply(await planFor(backup));
  expect(await tags()).toEqual(['1']);
});

it.each([
  ['in one transaction', whole],
  ['in steps', inSteps],
])('values that are free come back, whatever else is given away, %s', async (_how, apply) => {
  const plan = await planFor(await lost());
  await nb('lsp-add', 'net', 'vm3', '--', 'lsp-add', 'net', 'other', '--', 'lsp-add', 'net', 'c3', 'other', '0');
  await nb('set', 'Logical_Switch_Port', 'vm3', 'dynamic_addresses="0a:00:00:00:00:03 10.0.0.3"');
  await nb('set', 'Logical_Switch_Port', 'c3', 'tag=1');
  await apply(plan);
  expect(await addresses()).toContain(ADDRESSES);
  expect(await tags()).toEqual(['1', '1']);
});
