/**
 * What the network feels of a restore: northd runs, a switch is lost and restored, and the Southbound is
 * compared before and after. The same is done with `ovsdb-client restore`, for docs/performance.md.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ASKING,
  common,
  keptRows,
  loseAndRestore,
  meanings,
  type Outcome,
  restoreByEngine,
  sizes,
  survivors,
} from '../../support/data-plane/lost-switch.js';
import { compareDatabases, dumpDatabase } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { Engine, EXACT, OVERWRITE, SKIP } from '../../support/servers/engine.js';
import { SOUTHBOUND, type SouthboundRow, startNorthd } from '../../support/servers/northd.js';
import {
  nbctl,
  ovsdbClient,
  ovsdbClientRestore,
  startOvsdbServer,
  type TestServer,
} from '../../support/servers/ovsdb-server.js';

const ROWS = 1_500;

/** Everything that was lost is there again, whatever its UUIDs are. */
function expectWhole({ whole, restored, before, after }: Outcome): void {
  expect(sizes(after)).toEqual(sizes(before));
  expect(meanings(restored.flows)).toEqual(meanings(whole.flows));
}

/** The numbers for docs/performance.md. */
function report(name: string, outcome: Outcome): void {
  const { whole, withoutSwitch, restored, seconds, convergeSeconds } = outcome;
  const share = (before: ReadonlyMap<string, string>): string => {
    const kept = common(before, restored.flows).size;
    return `${kept} of ${before.size} (${((kept / before.size) * 100).toFixed(2)} %)`;
  };
  const rowsKept = (before: ReadonlyMap<string, SouthboundRow>, after: ReadonlyMap<string, SouthboundRow>): string =>
    `${keptRows(before, after)} of ${before.size}`;
  const lines = [
    `${name}: kept ${share(survivors(outcome))} flows that lived through the loss`,
    `${share(withoutSwitch.flows)} of those right before the restore, ${share(whole.flows)} of those before the loss`,
    `port bindings kept ${rowsKept(withoutSwitch.ports, restored.ports)}, datapaths ` +
      rowsKept(withoutSwitch.datapaths, restored.datapaths),
    `${seconds.toFixed(2)} s in all, ${convergeSeconds.toFixed(2)} s after the commit`,
  ];
  process.stdout.write(`${lines.join('; ')}\n`);
}

describe(`a lost switch of a k8s network of ${ROWS} rows`, () => {
  it('comes back without the rest of the data plane noticing', async () => {
    const outcome = await loseAndRestore({ rows: ROWS, prepare: restoreByEngine });
    expectWhole(outcome);
    report('this server', outcome);
    const { whole, withoutSwitch, restored } = outcome;
    const survived = survivors(outcome);
    expect(survived.size).toBeLessThan(whole.flows.size);
    expect(survived.size).toBeGreaterThan(whole.flows.size * 0.8);
    expect(common(survived, restored.flows).size / survived.size).toBeGreaterThan(0.995);
    expect(common(withoutSwitch.flows, restored.flows).size / withoutSwitch.flows.size).toBeGreaterThan(0.98);

    // whoever was there keeps row and tunnel key; who comes back is there again
    for (const [port, row] of withoutSwitch.ports) expect([port, restored.ports.get(port)]).toEqual([port, row]);
    for (const [datapath, row] of withoutSwitch.datapaths)
      expect([datapath, restored.datapaths.get(datapath)]).toEqual([datapath, row]);
    expect([...restored.ports.keys()].sort()).toEqual([...whole.ports.keys()].sort());
    expect([...restored.datapaths.keys()].sort()).toEqual([...whole.datapaths.keys()].sort());
  });

  it('comes back with every flow made anew by ovsdb-client restore', async () => {
    const prepare = async (nb: TestServer): Promise<() => Promise<number>> => {
      const file = join(nb.folder, 'backup.db');
      await writeFile(file, await ovsdbClient(nb.remote, 'backup'));
      return async () => {
        await ovsdbClientRestore(nb.remote, file);
        const committed = performance.now();
        // the file took nb_cfg back, so that the first number northd is asked for is one that it has given already
        for (let i = 0; i < 2; i++) await nbctl(nb.remote, '--wait=sb', 'sync');
        return (performance.now() - committed) / 1000;
      };
    };
    // with these northd 23.03 never gets there: it tries for ever to delete datapaths that its own old rows still refer
    // to
    const outcome = await loseAndRestore({ rows: ROWS, leaveOut: ['Static_MAC_Binding'], prepare });
    expectWhole(outcome);
    report('ovsdb-client restore', outcome);
    const { withoutSwitch, restored } = outcome;
    expect(withoutSwitch.flows.size).toBeGreaterThan(1_000);
    expect(common(withoutSwitch.flows, restored.flows).size).toBe(0);
  });
});

it.each([SKIP, OVERWRITE, EXACT])(
  'a restore of what is there changes nothing in the Southbound: %j',
  async (options) => {
    await using nb = await startOvsdbServer({ database: databaseFile({ profile: 'openstack', rows: 500 }) });
    await using northd = await startNorthd(nb);
    await northd.synced();
    const engine = new Engine(nb.remote);
    const backup = await engine.capture();
    const before = await dumpDatabase(northd.sbRemote, { database: SOUTHBOUND, leaveOut: ASKING });
    const { plan } = await engine.restore(backup, options);
    expect(plan.changeCount).toBe(0);
    await northd.synced();
    expect(
      compareDatabases(before, await dumpDatabase(northd.sbRemote, { database: SOUTHBOUND, leaveOut: ASKING })),
    ).toEqual([]);
  },
);
