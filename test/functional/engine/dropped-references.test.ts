/**
 * Weak references to rows that a restore deletes: ovsdb-server takes them out of the rows that hold them, also out of
 * such that nobody picked. The plan says so, its counts are true, and an undo puts them back.
 */
import { applyTransaction } from '../../../src/engine/apply/apply.js';
import { cutIntoTransactions } from '../../../src/engine/apply/transactions.js';
import { countChanges, countOutcomes, type Plan } from '../../../src/engine/plan/table-plan.js';
import { type KeptChange, undoTarget } from '../../../src/engine/undo/undo.js';
import { Breath } from '../../../src/lib/breath.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { changesBetween, changesOf } from '../../support/databases/changes.js';
import { compareDatabases, type DatabaseContent, dumpDatabase } from '../../support/judge/judge.js';
import { Engine, EXACT, filterOf, keptChanges, OVERWRITE, planTo } from '../../support/servers/engine.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { TESTER, TestServices } from '../../support/servers/services.js';

const FILTER = filterOf({ switches: ['web'], routers: ['r1'], loadBalancers: ['lb1'] });

/** Switches and routers of which one each is picked, and a port group over the switches. */
async function build(remote: string): Promise<void> {
  await nbctl(remote, 'init', '--', 'ls-add', 'web', '--', 'lsp-add', 'web', 'p1', '--', 'ls-add', 'other');
  await nbctl(remote, 'lsp-add', 'other', 'q1', '--', 'pg-add', 'pg1', 'q1');
  await nbctl(remote, 'lr-add', 'r1', '--', 'lr-add', 'r2', '--', 'lr-nat-add', 'r2', 'snat', '1.1.1.1', '10.0.0.0/24');
}

/** What comes about later, and what rows that nobody picks refer to then. */
async function later(remote: string): Promise<void> {
  await nbctl(remote, 'lsp-add', 'web', 'p-new', '--', 'pg-set-ports', 'pg1', 'q1', 'p-new', '--', 'pg-add', 'pg-new');
  await nbctl(remote, 'pg-set-ports', 'pg-new', 'p-new');
  await nbctl(remote, 'lb-add', 'lb1', '10.0.0.1:80', '10.0.0.2:80', '--', 'ls-lb-add', 'other', 'lb1');
  await nbctl(remote, 'lrp-add', 'r1', 'rp-new', '00:00:00:00:00:01', '10.0.0.1/24');
  const port = (await nbctl(remote, 'get', 'Logical_Router_Port', 'rp-new', '_uuid')).trim();
  const nat = (await nbctl(remote, '--bare', '--columns=_uuid', 'list', 'NAT')).trim();
  await nbctl(remote, 'set', 'NAT', nat, `gateway_port=${port}`);
}

const LOSSES = [
  'UPDATE Logical_Switch load_balancer',
  'UPDATE NAT gateway_port',
  'UPDATE Port_Group ports',
  'UPDATE Port_Group ports',
];

const lossesIn = (changes: readonly KeptChange[]): readonly string[] =>
  changes
    .filter(({ kind, label }) => kind === 'UPDATE' && !/"(web|r1)"/.test(label))
    .map(({ kind, table, columns }) => `${kind} ${table} ${columns.map(({ column }) => column).join()}`)
    .sort();

describe('a row that refers weakly to what a selective restore deletes', () => {
  let server: TestServer;
  let engine: Engine;
  let backup: Snapshot;
  let full: DatabaseContent;
  beforeEach(async () => {
    server = await startOvsdbServer();
    engine = new Engine(server.remote);
    await build(server.remote);
    backup = await engine.capture();
    await later(server.remote);
    full = await dumpDatabase(server.remote);
  });
  afterEach(() => server.stop());

  const plan = (): Promise<Plan> => engine.planPart(backup, EXACT, FILTER);

  /** The restore is in the database: its list has every row that changed, and leads back. */
  async function check(carriedOut: Plan): Promise<void> {
    expect((await engine.verify(carriedOut)).problems).toEqual([]);
    const changes = await keptChanges(carriedOut);
    const after = await engine.capture();
    expect(changesOf(changes)).toEqual(changesBetween(carriedOut.live, after));
    expect(lossesIn(changes)).toEqual(LOSSES);
    const { target, conflicts } = await undoTarget(after, changes, 'STRICT', new Breath());
    expect(conflicts).toEqual([]);
    await engine.apply(await planTo(target, after));
    expect(compareDatabases(full, await dumpDatabase(server.remote))).toEqual([]);
  }

  it('is a change of its own, counted, and put back by an undo', async () => {
    const planned = await plan();
    for (const draft of planned.tables) {
      const { total, restored, skipped, failed } = countOutcomes(draft);
      expect(restored + skipped + failed).toBe(total);
      const { INSERT, UPDATE } = countChanges(draft);
      expect(restored).toBe(INSERT + UPDATE);
    }
    expect(planned.changeCount).toBe((await keptChanges(planned)).length);
    await engine.apply(planned);
    await check(planned);
  });

  it('is the same in steps', async () => {
    const planned = await plan();
    const steps = await cutIntoTransactions(planned, { rowsMax: 1, bytesMax: 1 << 20 }, new Breath());
    if (steps === 'ONE') throw new Error('the plan is not cut');
    expect(steps.reduce((sum, { rows }) => sum + rows, 0)).toBe(planned.changeCount);
    await engine.session(async (session) => {
      for (const step of steps) await applyTransaction(session, step, { comment: 'a step' });
    });
    await check(planned);
  });

  it('keeps what others add to the same set meanwhile', async () => {
    const planned = await plan();
    await nbctl(server.remote, 'lsp-add', 'other', 'q2');
    const port = (await nbctl(server.remote, 'get', 'Logical_Switch_Port', 'q2', '_uuid')).trim();
    await nbctl(server.remote, 'add', 'Port_Group', 'pg1', 'ports', port);
    await engine.apply(planned);
    expect(await nbctl(server.remote, 'get', 'Port_Group', 'pg1', 'ports')).toContain(port);
    expect((await engine.verify(planned)).problems).toEqual([]);
  });

  it('loses what an undo deletes, and gets it back when that is undone', async () => {
    const before = await engine.capture();
    await nbctl(server.remote, 'ls-del', 'web');
    const restored = await engine.restore(before, OVERWRITE);
    await nbctl(server.remote, 'pg-add', 'since', 'p1');
    const live = await engine.capture();
    const since = await dumpDatabase(server.remote);
    const { target } = await undoTarget(live, await keptChanges(restored.plan), 'FORCE', new Breath());
    const undo = await planTo(target, live);
    const changes = await keptChanges(undo);
    await engine.apply(undo);
    const after = await engine.capture();
    expect(changesOf(changes)).toEqual(changesBetween(live, after));
    expect(changes.map(({ kind, label }) => `${kind} ${label}`)).toContain('UPDATE port group "since"');
    const again = await undoTarget(after, changes, 'STRICT', new Breath());
    await engine.apply(await planTo(again.target, after));
    expect(compareDatabases(since, await dumpDatabase(server.remote))).toEqual([]);
  });
});

describe('a restore that takes weak references away from rows that nobody picked', () => {
  it('counts them, dry or not, lists them, and its undo puts them back', async () => {
    const services = await TestServices.start();
    try {
      const { remote } = services.ovsdb;
      await build(remote);
      const { id: backupId } = await services.create();
      await later(remote);
      const before = await dumpDatabase(remote);
      const restore = async (dryRun: boolean) => {
        const started = await services.restores.start({
          ...TESTER,
          backupId,
          dryRun,
          conflictPolicy: 'OVERWRITE',
          exact: true,
          force: false,
          filter: FILTER,
        });
        await started.done;
        const { record } = started.restore;
        const { nodes } = await services.restores.changes(record, { first: 100, kind: 'UPDATE' });
        return { id: record.id, result: record.result, updates: lossesIn(nodes as readonly KeptChange[]) };
      };
      const dry = await restore(true);
      expect(compareDatabases(before, await dumpDatabase(remote))).toEqual([]);
      const real = await restore(false);
      expect([dry.updates, real.updates]).toEqual([LOSSES, LOSSES]);
      expect(real.result).toMatchObject({ success: true, restoredCount: 6, deletedCount: 3 });
      const { processingTime: _dry, dryRun: _isDry, ...counts } = dry.result ?? {};
      expect(real.result).toMatchObject(counts);
      const undo = await services.restores.undo(real.id, { ...TESTER, force: false, dryRun: false });
      await undo.done;
      expect(undo.restore.record.result).toMatchObject({ success: true, restoredCount: 9, deletedCount: 0 });
      expect(compareDatabases(before, await dumpDatabase(remote))).toEqual([]);
    } finally {
      await services.stop();
    }
  });
});
